/*
 * The commands `rules ...`: law files from disk through the engine, no process asked.
 */
#ifndef CM_CLI_RULES_COMMAND_H
#define CM_CLI_RULES_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_rules_check;
extern const struct cm_command cm_command_rules_ask;
extern const struct cm_command cm_command_rules_conflicts;
extern const struct cm_command cm_command_rules_coverage;
extern const struct cm_command cm_command_rules_diff;
extern const struct cm_command cm_command_rules_explain;
extern const struct cm_command cm_command_rules_fmt;
extern const struct cm_command cm_command_rules_mutate;
extern const struct cm_command cm_command_rules_show;
extern const struct cm_command cm_command_rules_sign;
extern const struct cm_command cm_command_rules_table;
extern const struct cm_command cm_command_rules_whatif;

#endif
