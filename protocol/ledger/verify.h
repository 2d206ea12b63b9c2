/* Walking the chain of an open file. Private to protocol/ledger. */
#ifndef CM_LEDGER_VERIFY_H
#define CM_LEDGER_VERIFY_H

#include "protocol/ledger/reader.h"
#include "protocol/ledger/sql.h"

/* Check the last `tail` rows (0: all) and that the journal ends where meta says it does, in one
 * snapshot. On success `head` is the end of the chain; on CM_CORRUPT `first_bad` names the row. */
enum cm_status cm_verify_chain(sqlite3 *db, uint64_t tail, struct cm_ledger_head *head,
    uint64_t *first_bad, struct cm_err *err) CM_MUST_USE;

#endif
