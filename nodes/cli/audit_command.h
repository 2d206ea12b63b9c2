/*
 * comity audit: a case with all that proves it, in one file; and what of such a file holds, offline.
 */
#ifndef CM_CLI_AUDIT_COMMAND_H
#define CM_CLI_AUDIT_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_audit_export; /* audit_export.c */
extern const struct cm_command cm_command_audit_verify; /* audit_verify.c */

#endif
