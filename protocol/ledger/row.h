/* How a journal row is selected and read back. Private to protocol/ledger. */
#ifndef CM_LEDGER_ROW_H
#define CM_LEDGER_ROW_H

#include "protocol/ledger/reader.h"
#include "protocol/ledger/sql.h"

#define CM_ROW_COLUMNS "seq, at_ms, kind, case_id, sender, hash, body"

/* The current row of a statement that selects CM_ROW_COLUMNS first. False if it cannot be one that
 * the ledger wrote (lengths, ranges). Pointers live until the next step. */
bool cm_row_read(sqlite3_stmt *stmt, struct cm_journal_row *row);

/* The head that meta keeps. */
enum cm_status cm_row_head(sqlite3 *db, struct cm_ledger_head *out, struct cm_err *err) CM_MUST_USE;

#endif
