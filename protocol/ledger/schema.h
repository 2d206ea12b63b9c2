/*
 * The tables, as a list of numbered steps that only go forward, each in one transaction. Private to
 * protocol/ledger.
 */
#ifndef CM_LEDGER_SCHEMA_H
#define CM_LEDGER_SCHEMA_H

#include "protocol/ledger/sql.h"

#define CM_LEDGER_APPLICATION_ID 0x434d4c47 /* "CMLG", in the file's header */

/* Say whether the file is a ledger this program can read: CM_OK with its version (0: an empty
 * file), CM_VERSION if a newer program made it, CM_BAD_INPUT if it is something else. */
enum cm_status cm_schema_check(sqlite3 *db, int *version, struct cm_err *err) CM_MUST_USE;

/* The version this program writes. */
int cm_schema_newest(void);

/* Bring a checked file up to the newest version. */
enum cm_status cm_schema_migrate(sqlite3 *db, int version, struct cm_err *err) CM_MUST_USE;

#endif
