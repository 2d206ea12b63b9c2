#include "nodes/cli/rules_command.h"
#include "nodes/cli/rules_source.h"

/* ---- ask ------------------------------------------------------------------------------------- */

static const struct cm_column ask_columns[] = {
    {"fact", "FACT", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"settles_at_least", "AT LEAST", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"settles_on_average", "AVERAGE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"answers", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"rules", NULL, CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"question", "QUESTION", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static enum cm_status ask_print(
    const struct cm_questions *found, const struct cm_output *out, struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, ask_columns, CM_COUNT_OF(ask_columns));
	for (size_t i = 0; i < found->count; i++) {
		const struct cm_question *question = &found->items[i];
		size_t tenths = question->answers == 0
				    ? 0
				    : question->settles_sum * 10 / question->answers;

		cm_cell_text(&table, question->fact);
		cm_cell_number(&table, (int64_t)question->settles_least);
		cm_cell_printf(&table, "%zu.%zu", tenths / 10, tenths % 10);
		cm_cell_number(&table, (int64_t)question->answers);
		cm_cell_list(&table, question->rules, question->rules_count);
		cm_cell_text(&table, question->asked_as);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	cm_note(out, "%zu of %zu open facts matter to %zu undetermined rules", found->count,
	    found->open_facts, found->open_rules);
	if (found->exact)
		cm_note(out, "%zu answer%s settle%s it with luck, %zu in the worst case",
		    found->best_case, found->best_case == 1 ? "" : "s",
		    found->best_case == 1 ? "s" : "", found->worst_case);
	else
		cm_note(out,
		    "at most %zu answers settle it; the search for the shortest way met its bound",
		    found->worst_case);
	return status;
}

static enum cm_exit run_ask(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_rules_case open = {0};
	struct cm_questions found;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	if (status == CM_OK)
		status = cm_rules_case_open(cli, rules.law, &open, &err);
	if (status == CM_OK) {
		status = cm_decision_ask(rules.law, open.facts, open.as_of,
		    (const char *const *)cli->args, cli->arg_count, &rules.arena, &found);
		if (status != CM_OK)
			(void)cm_err_set(&err, status, "out of memory");
	}
	if (status == CM_OK)
		status = ask_print(&found, out, &err);
	cm_rules_case_fini(&open);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_opt_spec case_options[] = {
    CM_RULES_LAW_OPTION,
    CM_RULES_DAY_OPTION,
    CM_RULES_FACT_OPTIONS,
    {.name = NULL},
};

static const struct cm_arg_spec ask_args[] = {
    {.name = "ACT", .help = "Only rules on these acts: disclose, reach ...", .times = CM_ARG_ANY},
    {.name = NULL},
};

static const char *const ask_examples[] = {
    "comity rules ask -f 'issuing_state=US instrument=warrant data=content "
    "served_on=2026-11-07' disclose",
    "comity rules ask -d deploy/examples/us-warrant-four-accounts.json disclose", NULL};

const struct cm_command cm_command_rules_ask = {.name = "rules ask",
    .summary = "Say which open facts matter, the best question first.",
    .about = "Best is the fact whose least helpful answer settles the most undetermined rules, "
             "then the one that settles more on average.",
    .args = ask_args,
    .options = case_options,
    .run = run_ask,
    .examples = ask_examples};

/* ---- what if --------------------------------------------------------------------------------- */

static const struct cm_column shift_columns[] = {
    {"from", "FROM", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"to", "TO", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"before", "BEFORE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"after", "AFTER", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"cite", "CITE", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void shift_cells(struct cm_table *table, const struct cm_shift *shift)
{
	cm_cell_text(table, shift->rule->id);
	cm_cell_text(table, cm_rules_state(shift->before));
	cm_cell_text(table, cm_rules_state(shift->after));
	cm_cell_text(table, shift->rule->cite);
}

static void flips_cells(
    struct cm_table *table, const struct cm_flips *flips, struct cm_arena *arena)
{
	for (size_t i = 0; i < flips->count; i++) {
		const struct cm_flip *flip = &flips->items[i];

		for (size_t j = 0; j < flip->shifts_count; j++) {
			cm_cell_text(table, cm_rules_line(flip->from, flip->facts_count, arena));
			cm_cell_text(table, cm_rules_line(flip->to, flip->facts_count, arena));
			shift_cells(table, &flip->shifts[j]);
		}
	}
}

static enum cm_status whatif_given(const struct cm_cli *cli, struct cm_rules *rules,
    const struct cm_rules_case *open, struct cm_table *table, struct cm_err *err)
{
	struct cm_fact_value *values =
	    cm_arena_alloc(&rules->arena, cli->arg_count, sizeof *values);
	struct cm_shift *shifts;
	size_t count = 0;
	enum cm_status status =
	    values == NULL ? cm_err_set(err, CM_NO_MEMORY, "out of memory") : CM_OK;

	for (size_t i = 0; i < cli->arg_count && status == CM_OK; i++)
		status = cm_rules_value(cli->args[i], &rules->arena, &values[i], err);
	if (status == CM_OK)
		status = cm_decision_whatif(rules->law, open->facts, open->as_of, values,
		    cli->arg_count, &rules->arena, &shifts, &count, err);
	for (size_t i = 0; i < count && status == CM_OK; i++) {
		cm_cell_none(table);
		cm_cell_text(table, cm_rules_line(values, cli->arg_count, &rules->arena));
		shift_cells(table, &shifts[i]);
	}
	return status;
}

static enum cm_status whatif_searched(const struct cm_cli *cli, struct cm_rules *rules,
    const struct cm_rules_case *open, struct cm_table *table, const struct cm_output *out,
    struct cm_err *err)
{
	const char *rule = cm_cli_text(cli, "rule");
	struct cm_flips flips;
	enum cm_status status =
	    rule != NULL ? cm_rule_flips(rules->law, open->facts, open->as_of, rule, &rules->arena,
			       &flips)
			 : cm_decision_flips(
			       rules->law, open->facts, open->as_of, &rules->arena, &flips);

	if (status == CM_NOT_FOUND)
		return cm_err_set(err, status, "no rule of that id in this law");
	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	flips_cells(table, &flips, &rules->arena);
	cm_note(out, "%zu changes turn something, of %zu worlds tried%s", flips.count,
	    flips.worlds, flips.exact ? "" : "; not all could be tried");
	if (rule != NULL && flips.count == 0)
		cm_note(out, "no change of up to %d known facts turns it", CM_MAX_FLIP_FACTS);
	return CM_OK;
}

static enum cm_exit run_whatif(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_rules_case open = {0};
	struct cm_table table;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	cm_table_init(&table, shift_columns, CM_COUNT_OF(shift_columns));
	if (status == CM_OK)
		status = cm_rules_case_open(cli, rules.law, &open, &err);
	if (status == CM_OK)
		status = cli->arg_count != 0
			     ? whatif_given(cli, &rules, &open, &table, &err)
			     : whatif_searched(cli, &rules, &open, &table, out, &err);
	if (status == CM_OK)
		status = cm_table_print(&table, out, &err);
	cm_table_fini(&table);
	cm_rules_case_fini(&open);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec whatif_args[] = {
    {.name = "NAME=VALUE", .help = "What would be otherwise. None: every change of one known fact.",
	.times = CM_ARG_ANY},
    {.name = NULL},
};

static const struct cm_opt_spec whatif_options[] = {
    CM_RULES_LAW_OPTION,
    CM_RULES_DAY_OPTION,
    CM_RULES_FACT_OPTIONS,
    {.name = "rule", .letter = 'r', .kind = CM_OPT_TEXT, .argument = "ID",
        .help = "With no NAME=VALUE: the smallest changes that turn this rule."},
    {.name = NULL},
};

static const char *const whatif_examples[] = {
    "comity rules whatif -d deploy/examples/gb-opo-us-person.json us_person=no",
    "comity rules whatif -d deploy/examples/gb-opo-us-person.json -r us.sca.2702a", NULL};

const struct cm_command cm_command_rules_whatif = {.name = "rules whatif",
    .summary = "Show which rules say another thing once facts are changed.",
    .args = whatif_args,
    .options = whatif_options,
    .run = run_whatif,
    .examples = whatif_examples};
