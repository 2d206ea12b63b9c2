/*
 * Why a case came out as it did; and whether it comes out the same when it is planned anew.
 */
#include "nodes/cli/case_command.h"

#include "nodes/cli/call.h"
#include "nodes/cli/outcome_print.h"
#include "protocol/wire/limits.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

/* ---- replay ---------------------------------------------------------------------------------- */

static enum cm_status print_replay(const json_t *replay, const struct cm_output *out,
    struct cm_err *err)
{
	bool is_same = json_is_true(json_object_get(replay, "same"));
	enum cm_status status = CM_OK;

	if (out->format != CM_FORMAT_TABLE)
		status = cm_output_json(out, replay, err);
	else if (is_same)
		(void)fprintf(out->data, "revisions 1 to %lld planned anew: the same, byte for byte\n",
		    number_of(replay, "revisions"));
	if (status != CM_OK || is_same)
		return status;
	return cm_err_set(err, CM_CONFLICT,
	    "revision %lld comes out differently: stored \"%.100s\", planned anew \"%.100s\"",
	    number_of(replay, "first_different"), text_of(replay, "stored"),
	    text_of(replay, "planned"));
}

/* The case's router has the rows and the policy: it is the one to ask, unless another is named. */
static enum cm_exit run_replay(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_arg arg = {"case", cli->args[0]};
	struct cm_op op = {.name = "replay", .args = &arg, .args_count = 1};
	struct cm_err err = {.text = ""};
	json_t *replay = NULL;
	enum cm_status status = cm_call_case(cli, CM_FLEET_ROUTER, &op, arg.value, &replay, &err);

	if (status == CM_OK)
		status = print_replay(replay, out, &err);
	json_decref(replay);
	return cm_output_finish(out, status, &err);
}

/* ---- why ------------------------------------------------------------------------------------- */

static enum cm_exit run_why(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	json_t *shown = NULL;
	const json_t *outcome;
	struct cm_arg arg = {"case", cli->args[0]};
	struct cm_op op = {.name = "show", .args = &arg, .args_count = 1};
	enum cm_status status;

	if (cm_cli_flag(cli, "replay"))
		return run_replay(cli, out);
	status = cm_call_case(cli, CM_FLEET_REGION, &op, arg.value, &shown, &err);

	outcome = json_object_get(shown, "outcome");
	if (status == CM_OK && outcome == NULL)
		status = cm_err_set(&err, CM_NOT_FOUND, "the case has no outcome yet");
	if (status == CM_OK && out->format != CM_FORMAT_TABLE)
		status = cm_output_json(out, outcome, &err);
	else if (status == CM_OK)
		cm_outcome_print_why(
		    outcome, cm_cli_count(cli, "account"), cm_cli_text(cli, "data"), out);
	json_decref(shown);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec why_args[] = {
    {.name = "CASE", .help = "The case's id, as `comity list` shows it."},
    {.name = NULL},
};

static const struct cm_opt_spec why_options[] = {
    {.name = "account", .kind = CM_OPT_COUNT, .argument = "N", .least = 1, .most = CM_MAX_TARGETS,
        .help = "Only this account, by its number in the demand."},
    {.name = "data", .kind = CM_OPT_TEXT, .argument = "CATEGORY",
        .help = "Only this data category."},
    {.name = "replay",
        .help = "Plan every revision anew from the router's ledger and compare it with what was stored, "
                "byte for byte."},
    {.name = NULL},
};

static const char *const why_examples[] = {
    "comity why --account 4 --data content 0198c0de-1234-7abc-8def-001122334455",
    "comity why --replay 0198c0de-1234-7abc-8def-001122334455", NULL};

const struct cm_command cm_command_why = {.name = "why",
    .summary = "Say why a case came out as it did: every rule, its words, its source.",
    .about = "With --replay the router plans every revision anew, with the policy and fleet in force now, and "
             "the exit status is 0 if all come out the same.",
    .args = why_args,
    .options = why_options,
    .run = run_why,
    .examples = why_examples};

