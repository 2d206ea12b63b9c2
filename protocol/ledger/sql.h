/*
 * SQLite as the ledger sees it: connections, statements, and what its result codes mean to us. The
 * only place that turns one of them into a status. Private to protocol/ledger.
 */
#ifndef CM_LEDGER_SQL_H
#define CM_LEDGER_SQL_H

#include <sqlite3.h>

#include "protocol/base/id.h"

/* The status a result code stands for. */
enum cm_status cm_sql_status(int code);

/* A failure after which the file is what it was before: no room, no memory, a lock from outside.
 * All others may have left a sync undone and are not to be tried again. */
bool cm_sql_is_harmless(enum cm_status status);

/* Fill `err` with what the connection last said. Returns the status of `code`. */
enum cm_status cm_sql_err(struct cm_err *err, sqlite3 *db, int code);

/* Open a connection for one thread at a time. `flags`: SQLITE_OPEN_READWRITE ... On failure `*db`
 * is NULL. */
enum cm_status cm_sql_open(
    sqlite3 **db, const char *path, int flags, struct cm_err *err) CM_MUST_USE;

/* Run statements that return nothing of interest. */
enum cm_status cm_sql_exec(sqlite3 *db, const char *sql, struct cm_err *err) CM_MUST_USE;

/* Leave the open transaction, if there is one. A read-only one has nothing to fail at; a failed
 * step of the schema ends in closing the file, which undoes it too. */
void cm_sql_leave(sqlite3 *db);

/* One statement that lives as long as its connection. */
enum cm_status cm_sql_prepare(
    sqlite3 *db, sqlite3_stmt **stmt, const char *sql, struct cm_err *err) CM_MUST_USE;

/* Step a statement that returns no row, and reset it. A SQLite code. */
int cm_sql_run(sqlite3_stmt *stmt);

/* The first column of the first row of `sql`, as a number. */
enum cm_status cm_sql_number(
    sqlite3 *db, const char *sql, int64_t *out, struct cm_err *err) CM_MUST_USE;

/* Bind without copying: what is bound must outlive the step. An empty blob is not NULL. */
void cm_sql_bind_bytes(sqlite3_stmt *stmt, int column, const void *bytes, size_t len);
void cm_sql_bind_text(sqlite3_stmt *stmt, int column, const char *text);
void cm_sql_bind_id(sqlite3_stmt *stmt, int column, const struct cm_id *id);

/* An id column. False if it is not 16 bytes; NULL reads as the zero id. */
bool cm_sql_read_id(sqlite3_stmt *stmt, int column, struct cm_id *out);

#endif
