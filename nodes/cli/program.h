/*
 * A whole command line, from argv to the exit code: parse, help, version, run. What main calls.
 */
#ifndef CM_CLI_PROGRAM_H
#define CM_CLI_PROGRAM_H

#include "nodes/cli/options.h"

/* Run the command that `argv` names. Usage errors become one sentence and a hint on standard error
 * and CM_EXIT_USAGE. */
enum cm_exit cm_program_run(const struct cm_program *program, int argc, char *const *argv);

#endif
