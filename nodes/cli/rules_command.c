#include "nodes/cli/rules_command.h"

#include <string.h>

#include "jurisdictions/law_files.h"
#include "nodes/cli/table.h"
#include "protocol/base/buf.h"
#include "protocol/link/now.h"
#include "protocol/wire/limits.h"

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

static enum cm_exit finish(const struct cm_output *out, enum cm_status status, struct cm_err *err)
{
	if (status == CM_OK)
		status = cm_output_flush(out, err);
	return status == CM_OK ? CM_EXIT_OK : cm_complain(out, err);
}

static enum cm_exit run_check(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_law_texts texts;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_law_texts_read(
	    (const char *const *)cli->args, cli->arg_count, &texts, &err);

	if (status == CM_OK)
		status = check(&texts, out, &err);
	cm_law_texts_fini(&texts);
	return finish(out, status, &err);
}

static const struct cm_arg_spec law_args[] = {
    {.name = "FILE", .help = "Law files, the vocabulary among them.", .times = CM_ARG_MANY,
        .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const char *const check_examples[] = {
    "comity rules check jurisdictions/law/*.law jurisdictions/law/treaty/*.law", NULL};

const struct cm_command cm_command_rules_check = {.name = "rules check",
    .summary = "Check law files together and run their inline tests.",
    .about = "Every error of every file is printed in one run, with its line and a caret.",
    .args = law_args,
    .run = run_check,
    .examples = check_examples};

/* ---- explain --------------------------------------------------------------------------------- */

/* "name=value[,value]" on the command line. */
static enum cm_status set_fact(struct cm_facts *facts, const char *text, struct cm_arena *arena,
    struct cm_err *err)
{
	const char *values[CM_MAX_FACT_VALUES];
	const char *equals = strchr(text, '=');
	struct cm_fact_text fact = {.source = "the command line", .values = values};
	char *rest;

	if (equals == NULL || equals == text)
		return cm_err_set(
		    err, CM_BAD_INPUT, "--fact %.60s: NAME=VALUE is wanted", text);
	fact.name = cm_arena_text_n(arena, text, (size_t)(equals - text));
	rest = cm_arena_text(arena, equals + 1);
	if (fact.name == NULL || rest == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	for (char *save = NULL, *word = strtok_r(rest, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		if (fact.values_count == CM_MAX_FACT_VALUES)
			return cm_err_set(err, CM_TOO_LARGE, "--fact %s: too many values", fact.name);
		values[fact.values_count++] = word;
	}
	return cm_facts_set(facts, &fact, err) == CM_UNKNOWN_NAME
	           ? cm_err_set(err, CM_UNKNOWN_NAME, "the vocabulary has no fact \"%s\"", fact.name)
	           : err->status;
}

static enum cm_status set_facts(const struct cm_cli *cli, struct cm_facts *facts,
    struct cm_arena *arena, struct cm_err *err)
{
	const char *text = cm_cli_text(cli, "facts");
	char *copy;

	if (text == NULL)
		return CM_OK;
	copy = cm_arena_text(arena, text);
	if (copy == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	for (char *save = NULL, *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		enum cm_status status;

		err->status = CM_OK;
		status = set_fact(facts, word, arena, err);
		if (status != CM_OK)
			return status;
	}
	return CM_OK;
}

static enum cm_status explain(const struct cm_cli *cli, const struct cm_law *law,
    const struct cm_output *out, struct cm_err *err)
{
	const char *as_of = cm_cli_text(cli, "as-of");
	struct cm_facts *facts = cm_facts_new(law);
	struct cm_decision *decision = cm_decision_new(law);
	struct cm_arena arena;
	struct cm_buf text;
	struct cm_day day = cm_wall_utc_day(cm_wall_now());
	enum cm_status status = CM_OK;

	cm_arena_init(&arena, 0);
	cm_buf_init(&text, 0);
	if (as_of != NULL && !cm_day_parse(as_of, strlen(as_of), &day))
		status = cm_err_set(err, CM_BAD_INPUT, "--as-of %.20s: not a day, YYYY-MM-DD", as_of);
	else if (facts == NULL || decision == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (status == CM_OK)
		status = set_facts(cli, facts, &arena, err);
	if (status == CM_OK) {
		cm_decide(law, facts, day, decision);
		status = cm_decision_explain(
		    law, facts, day, decision, cm_cli_text(cli, "rule"), &text);
		if (status == CM_NOT_FOUND)
			(void)cm_err_set(err, status, "no rule of that id in these files");
		else if (status != CM_OK)
			(void)cm_err_set(err, status, "no memory");
	}
	if (status == CM_OK)
		(void)fputs(cm_buf_str(&text), out->data);
	cm_buf_fini(&text);
	cm_arena_fini(&arena);
	cm_decision_free(decision);
	cm_facts_free(facts);
	return status;
}

static enum cm_exit run_explain(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_law *law = NULL;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_law_files_load(
	    (const char *const *)cli->args, cli->arg_count, &law, &err);

	if (status == CM_OK)
		status = explain(cli, law, out, &err);
	cm_law_free(law);
	return finish(out, status, &err);
}

static const struct cm_opt_spec explain_options[] = {
    {.name = "as-of", .kind = CM_OPT_TEXT, .argument = "DAY",
        .help = "The day of the decision, YYYY-MM-DD; today if not given."},
    {.name = "facts", .letter = 'f', .kind = CM_OPT_TEXT, .argument = "LIST",
        .help = "What is known: NAME=VALUE[,VALUE], several with blanks between them."},
    {.name = "rule", .letter = 'r', .kind = CM_OPT_TEXT, .argument = "ID",
        .help = "Only this rule."},
    {.name = NULL},
};

static const char *const explain_examples[] = {
    "comity rules explain -f 'issuing_state=US instrument=warrant data=content' "
    "jurisdictions/law/vocabulary.law jurisdictions/law/calendars.law jurisdictions/law/us.law",
    NULL};

const struct cm_command cm_command_rules_explain = {.name = "rules explain",
    .summary = "Say of each rule whether it holds for the facts given, and why.",
    .args = law_args,
    .options = explain_options,
    .run = run_explain,
    .examples = explain_examples};
