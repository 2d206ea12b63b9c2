/*
 * The commands about cases: file, list, show; watch and status, and why, in files of their own.
 */
#ifndef CM_CLI_CASE_COMMAND_H
#define CM_CLI_CASE_COMMAND_H

#include "nodes/cli/options.h"
#include "protocol/base/buf.h"

extern const struct cm_command cm_command_file;
extern const struct cm_command cm_command_list;
extern const struct cm_command cm_command_show;
extern const struct cm_command cm_command_why;
extern const struct cm_command cm_command_watch;
extern const struct cm_command cm_command_status;

/* The bytes of a demand's file, or of standard input ("-"). */
enum cm_status cm_demand_read(const char *path, struct cm_buf *out, struct cm_err *err) CM_MUST_USE;

#endif
