/*
 * The commands `rules check|explain`: law files from disk through the engine, no process asked.
 */
#ifndef CM_CLI_RULES_COMMAND_H
#define CM_CLI_RULES_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_rules_check;
extern const struct cm_command cm_command_rules_explain;

#endif
