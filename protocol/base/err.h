/*
 * Statuses and sentences.
 *
 * A status is for the program: one number from one table, the same in memory, on the wire and in a
 * log. A sentence is for the reader: `struct cm_err` carries both on the paths a person will read
 * (configuration, rules, intake, start-up); hot paths return the status alone. Codes of other
 * libraries (libuv, nng, SQLite) never leave the file that received them.
 */
#ifndef CM_BASE_ERR_H
#define CM_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#define CM_MUST_USE __attribute__((warn_unused_result))
#define CM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* X(name, wire number, text). Numbers are assigned once and never reused. */
#define CM_STATUS_TABLE(X)                                                                         \
	X(CM_OK, 0, "ok")                                                                          \
	X(CM_NO_MEMORY, 1, "out of memory")                                                        \
	X(CM_BAD_INPUT, 2, "malformed input")                                                      \
	X(CM_TRUNCATED, 3, "input ends too early")                                                 \
	X(CM_TOO_LARGE, 4, "over a size limit")                                                    \
	X(CM_TOO_DEEP, 5, "nested too deeply")                                                     \
	X(CM_UNKNOWN_KIND, 6, "kind of message not known here")                                    \
	X(CM_UNKNOWN_NAME, 7, "name not known here")                                               \
	X(CM_NOT_FOUND, 8, "not found")                                                            \
	X(CM_DUPLICATE, 9, "already there")                                                        \
	X(CM_NOT_ALLOWED, 10, "not allowed")                                                       \
	X(CM_CHANGED, 11, "changed meanwhile")                                                     \
	X(CM_UNREACHABLE, 12, "peer cannot be reached")                                            \
	X(CM_TERM_OVER, 13, "the term is already over")                                            \
	X(CM_TRY_AGAIN, 14, "busy, try again later")                                               \
	X(CM_DISK_FULL, 15, "disk full")                                                           \
	X(CM_IO, 16, "input or output failed")                                                     \
	X(CM_CORRUPT, 17, "stored data are damaged")                                               \
	X(CM_VERSION, 18, "version not supported")                                                 \
	X(CM_NO_MEANING, 19, "no meaning in this state")                                           \
	X(CM_CONFLICT, 20, "contradicts what is already known")                                    \
	X(CM_TIMED_OUT, 21, "took too long")                                                       \
	X(CM_STOPPED, 22, "stopped")                                                               \
	X(CM_INTERNAL, 23, "internal error")

enum cm_status {
#define X(name, number, text) name = number,
	CM_STATUS_TABLE(X)
#undef X
};

/* The text of a status for a reader; "unknown status" for a number that is not in the table. */
const char *cm_status_text(enum cm_status status);

/* The name of a status ("CM_NOT_FOUND"), for logs and tests. */
const char *cm_status_name(enum cm_status status);

/* Turn a wire number into a status. False if no status has that number. */
bool cm_status_from_wire(unsigned number, enum cm_status *out);

#define CM_ERR_TEXT_BYTES 768

struct cm_err {
	enum cm_status status;
	char text[CM_ERR_TEXT_BYTES]; /* a sentence, cut at the end if it does not fit */
};

/* Fill `err` (may be NULL) and return `status`, so that `return cm_err_set(...)` reads well. */
enum cm_status cm_err_set(struct cm_err *err, enum cm_status status, const char *fmt, ...)
    CM_PRINTF(3, 4);

/* Put context before the sentence: "open store" + "disk full" -> "open store: disk full".
 * Returns the status that `err` carries. */
enum cm_status cm_err_wrap(struct cm_err *err, const char *fmt, ...) CM_PRINTF(2, 3);

#endif
