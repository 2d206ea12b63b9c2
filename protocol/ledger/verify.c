#include "protocol/ledger/verify.h"

#include <sodium.h>
#include <string.h>

#include "protocol/ledger/chain.h"
#include "protocol/ledger/ledger.h"
#include "protocol/ledger/row.h"
#include "protocol/ledger/schema.h"

struct walk {
	struct cm_ledger_head at; /* the last row that was found good */
	bool is_anchored;         /* at.hash is known; else the next row's is taken as it stands */
	uint64_t bad;
};

static enum cm_status bad_row(struct walk *walk, uint64_t seq, const char *why, struct cm_err *err)
{
	walk->bad = seq;
	return cm_err_set(err, CM_CORRUPT, "journal row %llu %s", (unsigned long long)seq, why);
}

static enum cm_status check_row(struct walk *walk, sqlite3_stmt *stmt, struct cm_err *err)
{
	uint8_t hash[CM_LEDGER_HASH_BYTES];
	struct cm_journal_row row;
	bool is_well_formed = cm_row_read(stmt, &row);

	if (row.seq != walk->at.seq + 1)
		return bad_row(walk, walk->at.seq + 1, "is missing", err);
	if (!is_well_formed)
		return bad_row(walk, row.seq, "is not what the ledger wrote", err);
	if (walk->is_anchored) {
		cm_chain_hash(walk->at.hash, &row, hash);
		if (memcmp(hash, row.hash, sizeof hash) != 0)
			return bad_row(walk, row.seq, "was changed: its hash does not fit", err);
	}
	walk->at.seq = row.seq;
	memcpy(walk->at.hash, row.hash, sizeof walk->at.hash);
	walk->is_anchored = true;
	return CM_OK;
}

static enum cm_status check_end(
    struct walk *walk, const struct cm_ledger_head *head, struct cm_err *err)
{
	if (walk->at.seq < head->seq)
		return bad_row(
		    walk, walk->at.seq + 1, "is missing: the journal was cut short", err);
	if (walk->at.seq > head->seq)
		return bad_row(
		    walk, head->seq + 1, "lies behind the recorded end of the journal", err);
	if (memcmp(walk->at.hash, head->hash, sizeof head->hash) != 0)
		return bad_row(walk, head->seq,
		    "has not the recorded hash: the rows before it were written anew", err);
	return CM_OK;
}

static enum cm_status walk_rows(sqlite3 *db, struct walk *walk, uint64_t tail, struct cm_err *err)
{
	struct cm_ledger_head head;
	sqlite3_stmt *stmt = NULL;
	enum cm_status status = cm_row_head(db, &head, err);
	int code = SQLITE_ROW;

	if (status != CM_OK)
		return status;
	if (tail != 0 && head.seq > tail && head.seq <= INT64_MAX) {
		walk->at.seq = head.seq - tail - 1; /* the row the tail hangs on */
		walk->is_anchored = false;
	}
	status = cm_sql_prepare(db, &stmt,
	    "SELECT " CM_ROW_COLUMNS " FROM journal WHERE seq > ? OR seq < 1 ORDER BY seq", err);
	if (status != CM_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)walk->at.seq);
	while (status == CM_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		status = check_row(walk, stmt, err);
	if (status == CM_OK && code != SQLITE_DONE)
		status = cm_sql_err(err, db, code);
	(void)sqlite3_finalize(stmt);
	return status == CM_OK ? check_end(walk, &head, err) : status;
}

enum cm_status cm_verify_chain(sqlite3 *db, uint64_t tail, struct cm_ledger_head *head,
    uint64_t *first_bad, struct cm_err *err)
{
	struct walk walk = {.is_anchored = true};
	enum cm_status status;

	if (sodium_init() < 0)
		return cm_err_set(err, CM_INTERNAL, "libsodium does not start");
	status = cm_sql_exec(db, "BEGIN", err);
	if (status != CM_OK)
		return status;
	status = walk_rows(db, &walk, tail, err);
	cm_sql_leave(db);
	*head = walk.at;
	*first_bad = walk.bad;
	return status;
}

enum cm_status cm_ledger_verify(const char *path, uint64_t *first_bad_seq, struct cm_err *err)
{
	struct cm_ledger_head head;
	sqlite3 *db = NULL;
	int version = 0;
	enum cm_status status;

	*first_bad_seq = 0;
	status = cm_sql_open(&db, path, SQLITE_OPEN_READONLY, err);
	if (status == CM_OK)
		status = cm_schema_check(db, &version, err);
	if (status == CM_OK && version == 0)
		status = cm_err_set(err, CM_BAD_INPUT, "the file is empty");
	if (status == CM_OK)
		status = cm_verify_chain(db, 0, &head, first_bad_seq, err);
	(void)sqlite3_close(db);
	if (status != CM_OK)
		(void)cm_err_wrap(err, "check ledger %s", path);
	return status;
}
