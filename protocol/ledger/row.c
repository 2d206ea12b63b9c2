#include "protocol/ledger/row.h"

#include <string.h>

#include "protocol/ledger/chain.h"

bool cm_row_read(sqlite3_stmt *stmt, struct cm_journal_row *row)
{
	int64_t seq = sqlite3_column_int64(stmt, 0);
	int64_t kind = sqlite3_column_int64(stmt, 2);

	*row = (struct cm_journal_row){
	    .seq = (uint64_t)seq,
	    .at_ms = sqlite3_column_int64(stmt, 1),
	    .kind = (uint32_t)kind,
	    .sender = (const char *)sqlite3_column_text(stmt, 4),
	    .hash = sqlite3_column_blob(stmt, 5),
	    .body = sqlite3_column_blob(stmt, 6),
	    .body_len = (size_t)sqlite3_column_bytes(stmt, 6),
	};
	if (row->body == NULL && row->body_len == 0)
		row->body = (const uint8_t *)"";
	return seq > 0 && kind >= 0 && kind <= UINT32_MAX &&
	       cm_sql_read_id(stmt, 3, &row->case_id) && row->sender != NULL &&
	       strlen(row->sender) == (size_t)sqlite3_column_bytes(stmt, 4) && row->hash != NULL &&
	       sqlite3_column_bytes(stmt, 5) == CM_LEDGER_HASH_BYTES && row->body != NULL;
}

enum cm_status cm_row_head(sqlite3 *db, struct cm_ledger_head *out, struct cm_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum cm_status status =
	    cm_sql_prepare(db, &stmt, "SELECT value FROM meta WHERE name = 'head'", err);
	int code;

	if (status != CM_OK)
		return status;
	code = sqlite3_step(stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		status = cm_sql_err(err, db, code);
	else if (code == SQLITE_DONE || !cm_head_decode(sqlite3_column_blob(stmt, 0),
					    (size_t)sqlite3_column_bytes(stmt, 0), out))
		status = cm_err_set(err, CM_CORRUPT, "the head of the journal is missing");
	(void)sqlite3_finalize(stmt);
	return status;
}
