/*
 * Shell completion, written from the tables of options.h, so that it knows what parsing knows.
 */
#ifndef CM_CLI_COMPLETE_H
#define CM_CLI_COMPLETE_H

#include "nodes/cli/options.h"
#include "protocol/base/buf.h"

/* Append a bash script that completes the program's commands, options, choices and files. */
void cm_complete_bash(const struct cm_program *program, struct cm_buf *out);

/* `complete SHELL`: print the script. */
extern const struct cm_command cm_command_complete;

#endif
