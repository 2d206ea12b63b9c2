/*
 * The commands about cases: file, list, show, why, watch, status.
 */
#ifndef CM_CLI_CASE_COMMAND_H
#define CM_CLI_CASE_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_file;
extern const struct cm_command cm_command_list;
extern const struct cm_command cm_command_show;
extern const struct cm_command cm_command_why;
extern const struct cm_command cm_command_watch;
extern const struct cm_command cm_command_status;

#endif
