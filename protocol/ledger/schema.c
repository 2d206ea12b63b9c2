#include "protocol/ledger/schema.h"

#include <stdio.h>

/*
 * A step never changes once released; a new need is a new step. The journal is appended by rowid
 * and its hash stands before the body, so that a check of hashes alone does not walk overflow
 * pages. Ids are UUIDv7: an index over them grows at its end.
 */
static const char *const steps[] = {
    /* 1 */
    "CREATE TABLE journal("
    " seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind INTEGER NOT NULL, case_id BLOB,"
    " sender TEXT NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE inbox("
    " id BLOB NOT NULL, sender TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL,"
    " PRIMARY KEY(id, sender)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE outbox("
    " number INTEGER PRIMARY KEY, id BLOB NOT NULL, peer TEXT NOT NULL, kind INTEGER NOT NULL,"
    " body BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX outbox_id ON outbox(id, peer);"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('head', zeroblob(40));",
    /* 2: the events of one case without reading all */
    "CREATE INDEX journal_case ON journal(case_id) WHERE case_id IS NOT NULL;",
    /* 3: a record whose bytes stand in the journal too is not written twice: its own body is empty */
    "ALTER TABLE outbox ADD COLUMN journal_seq INTEGER;",
    /* 4: the signatures of commits, and what others' signatures prove. The leaves of a commit are kept as their
     * hashes alone; a row of the outbox names its own. */
    "CREATE TABLE commits("
    " number INTEGER PRIMARY KEY, signed_ms INTEGER NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL,"
    " key BLOB NOT NULL, signature BLOB NOT NULL, leaves BLOB NOT NULL) STRICT;"
    "CREATE INDEX commits_seq ON commits(seq);"
    "ALTER TABLE outbox ADD COLUMN commit_number INTEGER;"
    "ALTER TABLE outbox ADD COLUMN place INTEGER;"
    "ALTER TABLE outbox ADD COLUMN case_id BLOB;"
    "CREATE TABLE proofs("
    " seq INTEGER PRIMARY KEY, sender TEXT NOT NULL, id BLOB NOT NULL, proof BLOB NOT NULL) STRICT;"
    "CREATE TABLE receipts("
    " number INTEGER PRIMARY KEY, case_id BLOB NOT NULL, peer TEXT NOT NULL, id BLOB NOT NULL,"
    " status INTEGER NOT NULL, reason TEXT NOT NULL, proof BLOB NOT NULL) STRICT;"
    "CREATE INDEX receipts_case ON receipts(case_id);"
    "CREATE TABLE checkpoints("
    " peer TEXT NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL, key BLOB NOT NULL,"
    " signed_ms INTEGER NOT NULL, signature BLOB NOT NULL, PRIMARY KEY(peer, seq, head))"
    " STRICT, WITHOUT ROWID;",
};

int cm_schema_newest(void)
{
	return (int)(sizeof steps / sizeof steps[0]);
}

enum cm_status cm_schema_check(sqlite3 *db, int *version, struct cm_err *err)
{
	int64_t app = 0;
	int64_t found = 0;
	int64_t objects = 0;
	enum cm_status status = cm_sql_number(db, "PRAGMA application_id", &app, err);

	if (status == CM_OK)
		status = cm_sql_number(db, "PRAGMA user_version", &found, err);
	if (status == CM_OK)
		status = cm_sql_number(db, "SELECT count(*) FROM sqlite_schema", &objects, err);
	if (status != CM_OK)
		return status;
	*version = (int)found;
	if (app == 0 && found == 0 && objects == 0)
		return CM_OK;
	if (app != CM_LEDGER_APPLICATION_ID || found < 1)
		return cm_err_set(
		    err, CM_BAD_INPUT, "this is a database, but not a ledger of comity");
	if (found > cm_schema_newest())
		return cm_err_set(err, CM_VERSION,
		    "a newer program made this ledger (version %lld, this program knows %d)",
		    (long long)found, cm_schema_newest());
	return CM_OK;
}

static enum cm_status take_step(sqlite3 *db, int number, struct cm_err *err)
{
	enum cm_status status = cm_sql_exec(db, "BEGIN IMMEDIATE", err);
	char mark[96];

	if (status != CM_OK)
		return status;
	(void)snprintf(mark, sizeof mark,
	    "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", CM_LEDGER_APPLICATION_ID,
	    number);
	status = cm_sql_exec(db, steps[number - 1], err);
	if (status == CM_OK)
		status = cm_sql_exec(db, mark, err);
	if (status != CM_OK)
		cm_sql_leave(db);
	return status;
}

enum cm_status cm_schema_migrate(sqlite3 *db, int version, struct cm_err *err)
{
	for (int number = version + 1; number <= cm_schema_newest(); number++) {
		enum cm_status status = take_step(db, number, err);

		if (status != CM_OK) {
			(void)cm_err_wrap(err, "bring the tables to version %d", number);
			return status;
		}
	}
	return CM_OK;
}
