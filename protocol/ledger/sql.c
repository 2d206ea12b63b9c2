#include "protocol/ledger/sql.h"

#include <assert.h>
#include <string.h>

#define BUSY_MS 5000 /* locks from outside: a person's sqlite3 shell, a backup */

enum cm_status cm_sql_status(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return CM_OK;
	case SQLITE_FULL:
		return CM_DISK_FULL;
	case SQLITE_NOMEM:
		return CM_NO_MEMORY;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CM_TRY_AGAIN;
	case SQLITE_CORRUPT:
		return CM_CORRUPT;
	case SQLITE_NOTADB:
		return CM_BAD_INPUT;
	case SQLITE_CONSTRAINT:
		return CM_CONFLICT;
	case SQLITE_TOOBIG:
		return CM_TOO_LARGE;
	case SQLITE_IOERR:
		return code == SQLITE_IOERR_NOMEM ? CM_NO_MEMORY : CM_IO;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return CM_IO;
	default:
		return CM_INTERNAL;
	}
}

bool cm_sql_is_harmless(enum cm_status status)
{
	return status == CM_DISK_FULL || status == CM_NO_MEMORY || status == CM_TRY_AGAIN;
}

enum cm_status cm_sql_err(struct cm_err *err, sqlite3 *db, int code)
{
	int cause = db != NULL ? sqlite3_system_errno(db) : 0;
	const char *text = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(code);

	if (cm_sql_status(code) == CM_IO && cause != 0)
		return cm_err_set(
		    err, CM_IO, "%s (%s, SQLite code %d)", text, strerror(cause), code);
	return cm_err_set(err, cm_sql_status(code), "%s (SQLite code %d)", text, code);
}

enum cm_status cm_sql_open(sqlite3 **db, const char *path, int flags, struct cm_err *err)
{
	int code =
	    sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(*db, BUSY_MS);
	/* What a sort or a statement puts aside would else be a file in /tmp, with cases in it. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(*db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
	if (code != SQLITE_OK) {
		enum cm_status status = cm_sql_err(err, *db, code);

		(void)sqlite3_close(*db);
		*db = NULL;
		return status;
	}
	/* A file made to look like ours must not run code of its own. */
	(void)sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return CM_OK;
}

enum cm_status cm_sql_exec(sqlite3 *db, const char *sql, struct cm_err *err)
{
	int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? CM_OK : cm_sql_err(err, db, code);
}

void cm_sql_leave(sqlite3 *db)
{
	if (sqlite3_get_autocommit(db) == 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

enum cm_status cm_sql_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, struct cm_err *err)
{
	int code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);

	return code == SQLITE_OK ? CM_OK : cm_sql_err(err, db, code);
}

int cm_sql_run(sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	(void)sqlite3_reset(stmt);
	return code;
}

enum cm_status cm_sql_number(sqlite3 *db, const char *sql, int64_t *out, struct cm_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum cm_status status = cm_sql_prepare(db, &stmt, sql, err);
	int code;

	if (status != CM_OK)
		return status;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else if (code == SQLITE_DONE)
		status = cm_err_set(err, CM_CORRUPT, "no answer to \"%s\"", sql);
	else
		status = cm_sql_err(err, db, code);
	(void)sqlite3_finalize(stmt);
	return status;
}

/* Binding fails only for a wrong column or a body above SQLite's limit, which job.h rules out. */
static void must_bind(int code)
{
	assert(code == SQLITE_OK);
}

void cm_sql_bind_bytes(sqlite3_stmt *stmt, int column, const void *bytes, size_t len)
{
	must_bind(sqlite3_bind_blob64(stmt, column, len != 0 ? bytes : "", len, SQLITE_STATIC));
}

void cm_sql_bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
	must_bind(sqlite3_bind_text(stmt, column, text, -1, SQLITE_STATIC));
}

void cm_sql_bind_id(sqlite3_stmt *stmt, int column, const struct cm_id *id)
{
	cm_sql_bind_bytes(stmt, column, id->bytes, sizeof id->bytes);
}

bool cm_sql_read_id(sqlite3_stmt *stmt, int column, struct cm_id *out)
{
	const void *bytes = sqlite3_column_blob(stmt, column);

	*out = (struct cm_id){{0}};
	if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
		return true;
	if (bytes == NULL || sqlite3_column_bytes(stmt, column) != sizeof out->bytes)
		return false;
	memcpy(out->bytes, bytes, sizeof out->bytes);
	return true;
}
