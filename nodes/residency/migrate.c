#include "nodes/residency/store.h"

#include <stdio.h>

#define APPLICATION_ID 0x636d7264 /* "cmrd" */

/*
 * Forward only, each in one transaction; entry i leads to version i + 1.
 *
 * place: since is a day number (unknown: below all days), until NULL while the account is there,
 * contact NULL (none), 0 (the account itself) or a number of the table contact.
 */
static const char *const migrations[] = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE profile(id INTEGER PRIMARY KEY, customer_kind TEXT NOT NULL,"
    " customer_seat TEXT NOT NULL, nationality TEXT NOT NULL, residence TEXT NOT NULL,"
    " us_person TEXT NOT NULL, target_location TEXT NOT NULL, key_custody TEXT NOT NULL,"
    " service_kind TEXT NOT NULL, personal_data TEXT NOT NULL,"
    " UNIQUE(customer_kind, customer_seat, nationality, residence, us_person, target_location,"
    " key_custody, service_kind, personal_data)) STRICT;"
    "CREATE TABLE contact(id INTEGER PRIMARY KEY, sensitive_address TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE import(id INTEGER PRIMARY KEY, file TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, added INTEGER NOT NULL, changed INTEGER NOT NULL,"
    " unchanged INTEGER NOT NULL, bad INTEGER NOT NULL) STRICT;"
    "CREATE TABLE place(blind BLOB NOT NULL, category INTEGER NOT NULL, since INTEGER NOT NULL,"
    " until INTEGER, profile INTEGER NOT NULL, contact INTEGER, import INTEGER NOT NULL,"
    " line INTEGER NOT NULL, PRIMARY KEY(blind, category, since)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tally(what INTEGER NOT NULL, number INTEGER NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY(what, number)) STRICT, WITHOUT ROWID;",
    /* What stands there is sealed as soon as the key is known: contact.c. */
    "ALTER TABLE contact RENAME COLUMN sensitive_address TO sealed_address;",
};

#define NEWEST_VERSION ((int)(sizeof migrations / sizeof migrations[0]))

static enum cm_status pragma_number(
    struct cm_residency *map, const char *sql, int *out, struct cm_err *err, const char *doing)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(map->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? CM_OK : cm_store_fail(map, rc, err, doing);
}

/* 0: an empty file; CM_CORRUPT if the file is somebody else's. */
static enum cm_status version_of(
    struct cm_residency *map, const char *path, int *version, struct cm_err *err)
{
	int application = 0;
	int tables = 0;
	enum cm_status status =
	    pragma_number(map, "PRAGMA application_id", &application, err, path);

	if (status == CM_OK)
		status = pragma_number(map, "PRAGMA user_version", version, err, path);
	if (status == CM_OK)
		status =
		    pragma_number(map, "SELECT count(*) FROM sqlite_schema", &tables, err, path);
	if (status != CM_OK)
		return status;
	if (application == APPLICATION_ID || (application == 0 && tables == 0 && *version == 0))
		return CM_OK;
	return cm_err_set(err, CM_CORRUPT, "%s: this is a database, but not a residency map", path);
}

enum cm_status cm_store_check_version(
    struct cm_residency *map, const char *path, struct cm_err *err)
{
	int version = 0;
	enum cm_status status = version_of(map, path, &version, err);

	if (status != CM_OK)
		return status;
	if (version > NEWEST_VERSION)
		return cm_err_set(err, CM_VERSION,
		    "%s: made by a newer program (schema %d, this program knows %d)", path, version,
		    NEWEST_VERSION);
	if (version < NEWEST_VERSION && map->mode == CM_RESIDENCY_READ)
		return cm_err_set(err, CM_VERSION,
		    "%s: schema %d is not the one this program reads (%d); open it for writing "
		    "once",
		    path, version, NEWEST_VERSION);
	return CM_OK;
}

static enum cm_status migrate_once(struct cm_residency *map, bool *is_newest, struct cm_err *err)
{
	char pragma[96];
	int version = 0;
	enum cm_status status = cm_store_exec(map, "BEGIN IMMEDIATE", err, "begin a migration");

	if (status != CM_OK)
		return status;
	/* Asked again under the lock: another process may have been quicker. */
	status =
	    pragma_number(map, "PRAGMA user_version", &version, err, "read the schema's version");
	*is_newest = status == CM_OK && version >= NEWEST_VERSION;
	if (status == CM_OK && !*is_newest) {
		(void)snprintf(pragma, sizeof pragma,
		    "PRAGMA user_version = %d; PRAGMA application_id = %d;", version + 1,
		    APPLICATION_ID);
		status = cm_store_exec(map, migrations[version], err, "change the schema");
		if (status == CM_OK)
			status = cm_store_exec(map, pragma, err, "note the schema's version");
	}
	if (status == CM_OK)
		status = cm_store_exec(map, "COMMIT", err, "commit a migration");
	if (status != CM_OK)
		cm_store_rollback(map);
	return status;
}

enum cm_status cm_store_migrate(struct cm_residency *map, struct cm_err *err)
{
	bool is_newest = false;
	enum cm_status status = CM_OK;

	while (status == CM_OK && !is_newest)
		status = migrate_once(map, &is_newest, err);
	return status;
}
