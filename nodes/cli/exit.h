/*
 * What the command tells the shell.
 *
 * One table of exit codes, and the one place where a status of the program becomes one of them.
 * It knows no command. Called by the commands and by the help, on the only thread there is.
 */
#ifndef CM_CLI_EXIT_H
#define CM_CLI_EXIT_H

#include "protocol/base/err.h"

/* X(name, number, text). Scripts rely on the numbers: they are assigned once. */
#define CM_EXIT_TABLE(X)                                                                           \
	X(CM_EXIT_OK, 0, "done")                                                                   \
	X(CM_EXIT_FAILED, 1, "failed")                                                             \
	X(CM_EXIT_USAGE, 2, "the command line is wrong")                                           \
	X(CM_EXIT_NOT_FOUND, 3, "not found")                                                       \
	X(CM_EXIT_NOT_ALLOWED, 4, "not allowed")                                                   \
	X(CM_EXIT_CHANGED, 5, "changed meanwhile")                                                 \
	X(CM_EXIT_UNREACHABLE, 6, "the node cannot be reached")                                    \
	X(CM_EXIT_TERM_OVER, 7, "the term is already over")

enum cm_exit {
#define X(name, number, text) name = number,
	CM_EXIT_TABLE(X)
#undef X
};

/* The exit code a status ends the command with. */
enum cm_exit cm_exit_from_status(enum cm_status status);

/* The text of an exit code for a reader; NULL for a number that is not in the table, so that
 * counting up from 0 to NULL walks it. */
const char *cm_exit_text(unsigned number);

#endif
