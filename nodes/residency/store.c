#include "nodes/residency/store.h"

#include <assert.h>
#include <string.h>

static const char *const sql_texts[CM_STORE_COUNT] = {
#define X(name, sql) sql,
    CM_STORE_TABLE(X)
#undef X
};

enum cm_status cm_store_status(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return CM_OK;
	case SQLITE_NOMEM:
		return CM_NO_MEMORY;
	case SQLITE_FULL:
		return CM_DISK_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CM_TRY_AGAIN;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR: /* our SQL is fixed: a table or column it names is missing */
		return CM_CORRUPT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return CM_NOT_ALLOWED;
	default:
		return CM_IO;
	}
}

enum cm_status cm_store_fail(
    struct cm_residency *map, int rc, struct cm_err *err, const char *doing)
{
	return cm_err_set(err, cm_store_status(rc), "%s: %s", doing,
	    map->db != NULL ? sqlite3_errmsg(map->db) : sqlite3_errstr(rc));
}

void cm_store_rollback(struct cm_residency *map)
{
	if (sqlite3_get_autocommit(map->db) == 0)
		(void)sqlite3_exec(map->db, "ROLLBACK", NULL, NULL, NULL);
	map->must_roll_back = sqlite3_get_autocommit(map->db) == 0;
}

sqlite3_stmt *cm_store_get(
    struct cm_residency *map, enum cm_store_statement which, enum cm_status *status)
{
	sqlite3_stmt **slot = &map->statements[which];
	int rc;

	if (map->must_roll_back)
		cm_store_rollback(map);
	*status = map->must_roll_back ? CM_NO_MEMORY : CM_OK;
	if (map->must_roll_back)
		return NULL;
	if (*slot != NULL)
		return *slot;
	rc = sqlite3_prepare_v3(
	    map->db, sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
	if (rc != SQLITE_OK)
		*status = cm_store_status(rc);
	return *slot;
}

enum cm_status cm_store_run(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	(void)sqlite3_reset(stmt);
	return cm_store_status(rc);
}

enum cm_status cm_store_exec(
    struct cm_residency *map, const char *sql, struct cm_err *err, const char *doing)
{
	int rc = sqlite3_exec(map->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? CM_OK : cm_store_fail(map, rc, err, doing);
}

enum cm_status cm_store_meta_get(
    struct cm_residency *map, const char *name, uint8_t *value, size_t size, size_t *len)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(map, CM_STORE_META_GET, &status);
	int rc;

	if (stmt == NULL)
		return status;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const void *blob = sqlite3_column_blob(stmt, 0);

		*len = (size_t)sqlite3_column_bytes(stmt, 0);
		if (*len > size)
			status = CM_CORRUPT;
		else if (*len > 0)
			memcpy(value, blob, *len);
	} else {
		status = rc == SQLITE_DONE ? CM_NOT_FOUND : cm_store_status(rc);
	}
	(void)sqlite3_reset(stmt);
	return status;
}

enum cm_status cm_store_meta_put(
    struct cm_residency *map, const char *name, const void *value, size_t len)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(map, CM_STORE_META_PUT, &status);

	if (stmt == NULL)
		return status;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 2, value, (int)len, SQLITE_STATIC);
	return cm_store_run(stmt);
}

void cm_store_place(sqlite3_stmt *stmt, struct cm_place *place)
{
	const bool is_open = sqlite3_column_type(stmt, 3) == SQLITE_NULL;
	const bool has_no_contact = sqlite3_column_type(stmt, 5) == SQLITE_NULL;

	*place = (struct cm_place){
	    .is_domain = sqlite3_column_int(stmt, 0) != 0,
	    .category = sqlite3_column_int(stmt, 1),
	    .since = sqlite3_column_int(stmt, 2),
	    .until = is_open ? CM_UNTIL_OPEN : sqlite3_column_int(stmt, 3),
	    .profile = sqlite3_column_int64(stmt, 4),
	    .contact = has_no_contact ? CM_CONTACT_NONE : sqlite3_column_int64(stmt, 5),
	    .import = sqlite3_column_int64(stmt, 6),
	    .line = sqlite3_column_int64(stmt, 7),
	};
}

void cm_store_bind_place(sqlite3_stmt *stmt, const struct cm_place *place)
{
	sqlite3_bind_int(stmt, 2, place->category);
	sqlite3_bind_int(stmt, 3, place->since);
	if (place->until == CM_UNTIL_OPEN)
		sqlite3_bind_null(stmt, 4);
	else
		sqlite3_bind_int(stmt, 4, place->until);
	sqlite3_bind_int64(stmt, 5, place->profile);
	if (place->contact == CM_CONTACT_NONE)
		sqlite3_bind_null(stmt, 6);
	else
		sqlite3_bind_int64(stmt, 6, place->contact);
}
