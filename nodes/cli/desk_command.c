#include "nodes/cli/desk_command.h"

#include <string.h>

#include "nodes/cli/call.h"
#include "nodes/cli/case_command.h"
#include "protocol/wire/limits.h"

/* ---- what they share ------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

#define MOST_ARGS 8

struct asking {
	struct cm_arg args[MOST_ARGS];
	struct cm_op op;
};

/* An argument of the operation, where the command line has one. */
static void add(struct asking *a, const char *name, const char *value)
{
	if (value != NULL)
		a->args[a->op.args_count++] = (struct cm_arg){name, value};
	a->op.args = a->args;
}

/* The options are named as the operation's arguments are. */
static void add_options(struct asking *a, const struct cm_cli *cli, const struct cm_opt_spec *options)
{
	for (; options->name != NULL; options++)
		if (options->kind != CM_OPT_FLAG)
			add(a, options->name, cm_cli_text(cli, options->name));
		else if (cm_cli_flag(cli, options->name))
			add(a, options->name, "yes");
}

static enum cm_status print_sent(const json_t *json, const struct cm_output *out,
    struct cm_err *err)
{
	if (out->format != CM_FORMAT_TABLE)
		return cm_output_json(out, json, err);
	if (json_object_get(json, "edition") != NULL)
		(void)fprintf(out->data, "recorded: case %s, edition %lld of this node's answer",
		    text_of(json, "case"), number_of(json, "edition"));
	else
		(void)fprintf(out->data, "recorded: case %s, on its way to %s", text_of(json, "case"),
		    text_of(json, "sent_to"));
	if (json_object_get(json, "subject") != NULL)
		(void)fprintf(out->data, "\npart %lld: %s %s%s%s", number_of(json, "part"),
		    text_of(json, "subject"), text_of(json, "was"),
		    text_of(json, "was")[0] != 0 ? " -> " : "", text_of(json, "says"));
	(void)fputc('\n', out->data);
	return CM_OK;
}

static enum cm_exit send(const struct cm_cli *cli, enum cm_fleet_role role, const char *name,
    const char *fact, struct cm_output *out)
{
	struct asking a = {.op = {.name = name}};
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status;

	add(&a, "case", cli->args[0]);
	add(&a, "fact", fact);
	add_options(&a, cli, cli->command->options);
	status = cm_call_once(cli, role, &a.op, &json, &err);
	if (status == CM_OK)
		status = print_sent(json, out, &err);
	json_decref(json);
	return cm_output_finish(out, status, &err);
}

/* clang-format off: one table reads as one table */
#define PART_OPTION                                                                                \
	{.name = "part", .kind = CM_OPT_COUNT, .argument = "N", .least = 1, .most = CM_MAX_PARTS,  \
	    .help = "The part, by its number in the outcome (comity show)."}
#define WHO_OPTIONS                                                                                \
	{.name = "by", .kind = CM_OPT_TEXT, .argument = "ROLE",                                    \
	    .help = "In whose words, such as \"regional counsel, Dublin\"; by default your own. Others: in drills alone."},                 \
	{.name = "reasons", .kind = CM_OPT_TEXT, .argument = "TEXT", .help = "Why, in a sentence."}, \
	{.name = "revision", .kind = CM_OPT_COUNT, .argument = "R", .most = UINT32_MAX,            \
	    .help = "The revision that was looked at: refused if the case is at another by now."}
/* clang-format on */

static const struct cm_arg_spec case_args[] = {
    {.name = "CASE", .help = "The case's id, as `comity list` shows it."},
    {.name = NULL},
};

/* ---- override -------------------------------------------------------------------------------- */

static enum cm_exit run_override(const struct cm_cli *cli, struct cm_output *out)
{
	return send(cli, CM_FLEET_REGION, "override", NULL, out);
}

static const char *const says[] = {"holds", "silent", NULL};

static const struct cm_opt_spec override_options[] = {
    PART_OPTION,
    {.name = "rule", .kind = CM_OPT_TEXT, .argument = "RULE",
        .help = "The rule's id, as `comity why` names it."},
    {.name = "says", .kind = CM_OPT_CHOICE, .argument = "STATE", .choices = says,
        .help = "What counsel finds of it."},
    WHO_OPTIONS,
    {.name = NULL},
};

static const char *const override_examples[] = {
    "comity override --node ie 0198c0de-1234-7abc-8def-001122334455 --part 2 --rule ie.cja.73 --says holds "
    "--by 'regional counsel, Dublin' --reasons 'The request came by treaty.' --revision 1",
    NULL};

const struct cm_command cm_command_override = {.name = "override",
    .summary = "Say of a rule in a node's own finding that it holds, or is silent.",
    .about = "Counsel of the hosting or of the issuing desk overrules the machine on one rule of one part. A "
             "prohibition may be added by either desk; only that of the hosting region lifts one. The case "
             "is planned anew, and the outcome names who and why.",
    .args = case_args,
    .options = override_options,
    .run = run_override,
    .examples = override_examples};

/* ---- answer ---------------------------------------------------------------------------------- */

static enum cm_exit run_answer(const struct cm_cli *cli, struct cm_output *out)
{
	return send(cli, CM_FLEET_REGION, "answer", cli->args[1], out);
}

static const struct cm_arg_spec answer_args[] = {
    {.name = "CASE", .help = "The case's id, as `comity list` shows it."},
    {.name = "NAME=VALUE", .help = "The fact and its value; several values with commas."},
    {.name = NULL},
};

static const struct cm_opt_spec answer_options[] = {PART_OPTION, WHO_OPTIONS, {.name = NULL}};

static const char *const answer_examples[] = {
    "comity answer --node us 0198c0de-1234-7abc-8def-001122334455 us_person=no --part 1 "
    "--by 'duty counsel, Seattle' --reasons 'Passport on file.'",
    NULL};

const struct cm_command cm_command_answer = {.name = "answer",
    .summary = "Answer a judgment or an open fact of a part.",
    .about = "The node whose desk knows it evaluates its law anew with it. Where it contradicts what is known "
             "from elsewhere the fact is disputed, and both values stay possible.",
    .args = answer_args,
    .options = answer_options,
    .run = run_answer,
    .examples = answer_examples};

/* ---- retract and recheck --------------------------------------------------------------------- */

static enum cm_exit run_retract(const struct cm_cli *cli, struct cm_output *out)
{
	return send(cli, CM_FLEET_REGION, "retract", NULL, out);
}

static const struct cm_opt_spec retract_options[] = {PART_OPTION,
    {.name = "undo", .help = "Stand by the finding again."}, WHO_OPTIONS, {.name = NULL}};

const struct cm_command cm_command_retract = {.name = "retract",
    .summary = "No longer stand by a node's finding on a part: the part is held.",
    .args = case_args,
    .options = retract_options,
    .run = run_retract};

static enum cm_exit run_recheck(const struct cm_cli *cli, struct cm_output *out)
{
	return send(cli, CM_FLEET_REGION, "recheck", NULL, out);
}

static const struct cm_opt_spec recheck_options[] = {WHO_OPTIONS, {.name = NULL}};

const struct cm_command cm_command_recheck = {.name = "recheck",
    .summary = "Have a node look again: an account has moved, or its law has changed.",
    .args = case_args,
    .options = recheck_options,
    .run = run_recheck};

/* ---- withdraw, supersede, settle ------------------------------------------------------------- */

static enum cm_exit run_withdraw(const struct cm_cli *cli, struct cm_output *out)
{
	return send(cli, CM_FLEET_REGION, "withdraw", NULL, out);
}

const struct cm_command cm_command_withdraw = {.name = "withdraw",
    .summary = "End a case where it was filed: the authority has withdrawn the demand.",
    .about = "Everybody who was asked is told, and its clocks end.",
    .args = case_args,
    .options = recheck_options,
    .run = run_withdraw};

static enum cm_exit run_supersede(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_arg arg = {"case", cli->args[0]};
	struct cm_buf body;
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status;

	cm_buf_init(&body, 0);
	status = cm_demand_read(cli->args[1], &body, &err);
	if (status == CM_OK) {
		struct cm_op op = {.name = "supersede",
		    .args = &arg,
		    .args_count = 1,
		    .body = {body.data, body.len}};

		status = cm_call_once(cli, CM_FLEET_REGION, &op, &json, &err);
	}
	if (status == CM_OK && out->format != CM_FORMAT_TABLE)
		status = cm_output_json(out, json, &err);
	else if (status == CM_OK)
		(void)fprintf(out->data, "case %s replaces %s\n", text_of(json, "case"), cli->args[0]);
	json_decref(json);
	cm_buf_fini(&body);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec supersede_args[] = {
    {.name = "CASE", .help = "The case that is replaced."},
    {.name = "FILE", .help = "The corrected demand as JSON; - reads standard input.",
        .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

const struct cm_command cm_command_supersede = {.name = "supersede",
    .summary = "File a corrected demand in place of another.",
    .about = "The old case ends, and both name each other.",
    .args = supersede_args,
    .run = run_supersede};

static enum cm_exit run_settle(const struct cm_cli *cli, struct cm_output *out)
{
	return send(cli, CM_FLEET_CENTRAL, "settle", NULL, out);
}

static const char *const dispositions[] = {"reject", "redirect_customer", "redirect_agreement",
    "redirect_mlat", "challenge", "comply_limited", "unable", "hold_for_counsel", NULL};

static const struct cm_opt_spec settle_options[] = {
    PART_OPTION,
    {.name = "disposition", .kind = CM_OPT_CHOICE, .argument = "WORD", .choices = dispositions,
        .help = "What is to be done with the part."},
    WHO_OPTIONS,
    {.name = NULL},
};

const struct cm_command cm_command_settle = {.name = "settle",
    .summary = "Settle a part between desks that disagree, at the central node.",
    .about = "Never against a standing prohibition of the hosting region: that is refused, with the rule. What "
             "the router did not follow shows in `comity show --node central -o json`.",
    .args = case_args,
    .options = settle_options,
    .run = run_settle};
