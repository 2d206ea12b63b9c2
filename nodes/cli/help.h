/*
 * Help, written from the tables of options.h.
 *
 * The text goes to standard output when it was asked for. `width` is in columns; help is never
 * wider than 80. It prints into a buffer and knows no stream.
 */
#ifndef CM_CLI_HELP_H
#define CM_CLI_HELP_H

#include "nodes/cli/options.h"
#include "protocol/base/buf.h"

#define CM_HELP_COLUMNS 80

void cm_help_program(const struct cm_program *program, size_t width, struct cm_buf *out);
void cm_help_group(
    const struct cm_program *program, const char *group, size_t width, struct cm_buf *out);
void cm_help_command(const struct cm_program *program, const struct cm_command *command,
    size_t width, struct cm_buf *out);

/* The help of what a command line named: a command, a group, or the program. */
void cm_help_for(const struct cm_cli *cli, size_t width, struct cm_buf *out);

/* "Try 'comity file --help'.", without a line feed. */
void cm_help_hint(const struct cm_cli *cli, struct cm_buf *out);

/* `help [WORD...]`: the same text as WORD... --help. */
extern const struct cm_command cm_command_help;

#endif
