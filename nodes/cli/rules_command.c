#include "nodes/cli/rules_command.h"

#include "nodes/cli/rules_source.h"
#include "protocol/base/buf.h"

/* ---- check ----------------------------------------------------------------------------------- */

static const struct cm_column remark_columns[] = {
    {"path", "FILE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"line", "LINE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"column", "COLUMN", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"kind", "KIND", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"code", "CODE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"text", "WHAT", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static enum cm_status print_rows(const struct cm_remarks *remarks, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, remark_columns, sizeof remark_columns / sizeof remark_columns[0]);
	for (size_t i = 0; i < remarks->count; i++) {
		const struct cm_remark *r = &remarks->items[i];

		cm_cell_text(&table, r->path);
		cm_cell_number(&table, r->line);
		cm_cell_number(&table, r->column);
		cm_cell_text(&table, r->kind == CM_REMARK_ERROR ? "error" : "lint");
		cm_cell_text(&table, r->code);
		cm_cell_text(&table, r->text);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

/* For a person: each remark with its line and a caret, as compilers print them. */
static void print_remarks(const struct cm_remarks *remarks, const struct cm_law_texts *texts,
    const struct cm_output *out)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	for (size_t i = 0; i < remarks->count; i++)
		cm_remark_print(&remarks->items[i], texts->files, texts->count, &text);
	(void)fputs(cm_buf_str(&text), out->data);
	cm_buf_fini(&text);
}

static enum cm_status check(const struct cm_law_texts *texts, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	enum cm_status status;
	enum cm_status printed = CM_OK;

	cm_remarks_init(&remarks);
	status = cm_law_load(texts->files, texts->count, &remarks, &law);
	if (out->format == CM_FORMAT_TABLE)
		print_remarks(&remarks, texts, out);
	else
		printed = print_rows(&remarks, out, err);
	if (status == CM_OK)
		cm_note(out, "%zu rules in %zu files, %zu inline tests passed, %zu lints",
		    cm_law_rule_count(law), texts->count, cm_law_test_count(law), remarks.lints);
	else
		(void)cm_err_set(err, status, "%zu error%s: the rule set cannot be used",
		    remarks.errors, remarks.errors == 1 ? "" : "s");
	cm_law_free(law);
	cm_remarks_fini(&remarks);
	return status != CM_OK ? status : printed;
}

static enum cm_exit run_check(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_read(
	    cli, (const char *const *)cli->args, cli->arg_count, &rules, &err);

	if (status == CM_OK)
		status = check(&rules.texts, out, &err);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec law_args[] = {
    {.name = "FILE", .help = "Law files, the vocabulary among them, instead of --law.",
        .times = CM_ARG_ANY,
        .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec check_options[] = {CM_RULES_LAW_OPTION, {.name = NULL}};

static const char *const check_examples[] = {"comity rules check",
    "comity rules check jurisdictions/law/*.law jurisdictions/law/treaty/*.law", NULL};

const struct cm_command cm_command_rules_check = {.name = "rules check",
    .summary = "Check law files together and run their inline tests.",
    .about = "Every error of every file is printed in one run, with its line and a caret.",
    .args = law_args,
    .options = check_options,
    .run = run_check,
    .examples = check_examples};

/* ---- explain --------------------------------------------------------------------------------- */

static enum cm_status explain(const struct cm_cli *cli, const struct cm_law *law,
    const struct cm_output *out, struct cm_err *err)
{
	struct cm_decision *decision = cm_decision_new(law);
	struct cm_rules_case open;
	struct cm_buf text;
	enum cm_status status = cm_rules_case_open(cli, law, &open, err);

	cm_buf_init(&text, 0);
	if (status == CM_OK && decision == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (status == CM_OK) {
		cm_decide(law, open.facts, open.as_of, decision);
		status = cm_decision_explain(
		    law, open.facts, open.as_of, decision, cm_cli_text(cli, "rule"), &text);
		if (status == CM_NOT_FOUND)
			(void)cm_err_set(err, status, "no rule of that id in this law");
		else if (status != CM_OK)
			(void)cm_err_set(err, status, "no memory");
	}
	if (status == CM_OK)
		(void)fputs(cm_buf_str(&text), out->data);
	cm_buf_fini(&text);
	cm_rules_case_fini(&open);
	cm_decision_free(decision);
	return status;
}

static enum cm_exit run_explain(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(
	    cli, (const char *const *)cli->args, cli->arg_count, &rules, &err);

	if (status == CM_OK)
		status = explain(cli, rules.law, out, &err);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_opt_spec explain_options[] = {
    CM_RULES_LAW_OPTION,
    CM_RULES_DAY_OPTION,
    CM_RULES_FACT_OPTIONS,
    {.name = "rule", .letter = 'r', .kind = CM_OPT_TEXT, .argument = "ID",
        .help = "Only this rule."},
    {.name = NULL},
};

static const char *const explain_examples[] = {
    "comity rules explain -d deploy/examples/us-warrant-four-accounts.json -r us.sca.2702a",
    "comity rules explain -f 'issuing_state=US instrument=warrant data=content'", NULL};

const struct cm_command cm_command_rules_explain = {.name = "rules explain",
    .summary = "Say of each rule whether it holds for the facts given, and why.",
    .args = law_args,
    .options = explain_options,
    .run = run_explain,
    .examples = explain_examples};
