/*
 * One process per ledger: a lock on a small file beside it. SQLite's own locks cannot say this,
 * since they let writers take turns, and a lock on the database file itself would be lost with the
 * first close of any of our connections. Private to protocol/ledger.
 */
#ifndef CM_LEDGER_LOCK_H
#define CM_LEDGER_LOCK_H

#include "protocol/base/err.h"

/* Take `path`.lock, or CM_NOT_ALLOWED with the sentence which process has it. */
enum cm_status cm_lock_take(const char *path, int *fd, struct cm_err *err) CM_MUST_USE;

/* The file stays: removing it would let two processes lock two files of one name. */
void cm_lock_drop(int fd);

#endif
