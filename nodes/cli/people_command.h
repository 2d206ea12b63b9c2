/*
 * Who may do what, who is who, and who did: comity roles, comity token user, issue, list and revoke, comity audit
 * access.
 *
 * The token commands work on a process's file of users, and so where that process runs: who may write the file is
 * its operator. They ask no process.
 */
#ifndef CM_CLI_PEOPLE_COMMAND_H
#define CM_CLI_PEOPLE_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_roles;
extern const struct cm_command cm_command_token_user;
extern const struct cm_command cm_command_token_issue;
extern const struct cm_command cm_command_token_list;
extern const struct cm_command cm_command_token_revoke;
extern const struct cm_command cm_command_audit_access;

#endif
