/*
 * The commands by which a person changes a case: override, answer, retract, recheck, withdraw, supersede,
 * settle. Who and why go with each; a stale revision is refused.
 */
#ifndef CM_CLI_DESK_COMMAND_H
#define CM_CLI_DESK_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_override;
extern const struct cm_command cm_command_answer;
extern const struct cm_command cm_command_retract;
extern const struct cm_command cm_command_recheck;
extern const struct cm_command cm_command_withdraw;
extern const struct cm_command cm_command_supersede;
extern const struct cm_command cm_command_settle;

#endif
