/*
 * comity: everything a desk, an operator or a test does from the command line.
 */
#include "nodes/cli/audit_command.h"
#include "nodes/cli/case_command.h"
#include "nodes/cli/complete.h"
#include "nodes/cli/content_command.h"
#include "nodes/cli/desk_command.h"
#include "nodes/cli/fleet_command.h"
#include "nodes/cli/help.h"
#include "nodes/cli/keys_command.h"
#include "nodes/cli/people_command.h"
#include "nodes/cli/program.h"
#include "nodes/cli/residency_command.h"
#include "nodes/cli/rules_command.h"
#include "nodes/cli/sign_command.h"
#include "protocol/post/confine.h"

static const struct cm_command *const commands[] = {
    &cm_command_file,
    &cm_command_list,
    &cm_command_show,
    &cm_command_why,
    &cm_command_watch,
    &cm_command_status,
    &cm_command_override,
    &cm_command_answer,
    &cm_command_retract,
    &cm_command_recheck,
    &cm_command_settle,
    &cm_command_withdraw,
    &cm_command_supersede,
    &cm_command_signatures,
    &cm_command_sign,
    &cm_command_approve,
    &cm_command_roles,
    &cm_command_token_user,
    &cm_command_token_issue,
    &cm_command_token_list,
    &cm_command_token_revoke,
    &cm_command_audit_access,
    &cm_command_residency_import,
    &cm_command_residency_lookup,
    &cm_command_residency_stats,
    &cm_command_content_show,
    &cm_command_content_destroy,
    &cm_command_content_rotate,
    &cm_command_content_key,
    &cm_command_rules_check,
    &cm_command_rules_fmt,
    &cm_command_rules_show,
    &cm_command_rules_explain,
    &cm_command_rules_ask,
    &cm_command_rules_whatif,
    &cm_command_rules_conflicts,
    &cm_command_rules_diff,
    &cm_command_rules_table,
    &cm_command_rules_coverage,
    &cm_command_rules_mutate,
    &cm_command_rules_sign,
    &cm_command_fleet_up,
    &cm_command_fleet_down,
    &cm_command_fleet_status,
    &cm_command_fleet_kill,
    &cm_command_fleet_start,
    &cm_command_fleet_restart,
    &cm_command_keys_init,
    &cm_command_keys_enrol,
    &cm_command_keys_rotate,
    &cm_command_keys_admit,
    &cm_command_keys_revoke,
    &cm_command_keys_signer,
    &cm_command_keys_show,
    &cm_command_keys_publish,
    &cm_command_audit_export,
    &cm_command_audit_verify,
    &cm_command_complete,
    &cm_command_help,
    NULL,
};

static const struct cm_program program = {
    .name = "comity",
    .version = COMITY_VERSION,
    .summary = "One coordinated answer to a government's demand for data that lies abroad.",
    .options = cm_cli_globals,
    .commands = commands,
};

int main(int argc, char **argv)
{
	cm_confine_memory(); /* it reads demands */
	return (int)cm_program_run(&program, argc, argv);
}
