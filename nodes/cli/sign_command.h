/*
 * Names under the parts of an outcome: comity signatures, sign and approve.
 */
#ifndef CM_CLI_SIGN_COMMAND_H
#define CM_CLI_SIGN_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_signatures;
extern const struct cm_command cm_command_sign;
extern const struct cm_command cm_command_approve;

#endif
