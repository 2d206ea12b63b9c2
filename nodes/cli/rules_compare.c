#include "nodes/cli/rules_command.h"
#include "nodes/cli/rules_source.h"

/* ---- conflicts ------------------------------------------------------------------------------- */

static const struct cm_column conflict_columns[] = {
    {"duty", "REQUIRES", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"duty_cite", NULL, CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"bar", "FORBIDS", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"bar_cite", NULL, CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"act", "ACT", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"data", "DATA", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"kind", "KIND", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"not_in_conflict", NULL, CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"witness", "SHOWN BY", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void pair_cells(struct cm_table *table, const struct cm_rule_info *duty,
    const struct cm_rule_info *bar, const char *const *data, size_t count)
{
	cm_cell_text(table, duty->id);
	cm_cell_text(table, duty->cite);
	cm_cell_text(table, bar->id);
	cm_cell_text(table, bar->cite);
	cm_cell_text(table, duty->act);
	cm_cell_list(table, data, count);
}

static enum cm_status collisions_print(const struct cm_cli *cli, struct cm_rules *rules,
    struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	struct cm_side sides[2];
	struct cm_collisions found;
	struct cm_day day;
	enum cm_status status = cm_rules_day(cli, &day, err);

	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < 2; i++)
		sides[i] = cm_side_of(rules->law, cli->args[i]);
	status = cm_law_collisions(rules->law, &sides[0], &sides[1], day, &rules->arena, &found);
	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	for (size_t i = 0; i < found.count; i++) {
		const struct cm_collision *item = &found.items[i];

		pair_cells(table, item->duty, item->bar, item->data, item->data_count);
		cm_cell_text(table, "can collide");
		cm_cell_list(table, NULL, 0);
		cm_cell_text(
		    table, cm_rules_line(item->witness, item->witness_count, &rules->arena));
	}
	cm_note(out, "%zu pairs of a duty and a bar: %zu can collide, %zu cannot, %zu not settled%s",
	    found.pairs, found.count, found.refuted, found.given_up,
	    found.exact ? "" : "; some values were left out");
	return CM_OK;
}

static void conflict_cells(
    struct cm_table *table, const struct cm_conflict *item, struct cm_arena *arena)
{
	struct cm_buf text;

	pair_cells(table, item->duty, item->bar, item->data, item->data_count);
	cm_buf_init(&text, 0);
	cm_buf_printf(&text, "%s%s", item->is_possible ? "possible " : "",
	    item->is_internal ? "contradiction of one sovereign: needs human" : "conflict");
	for (size_t i = 0; i < item->needs_count; i++)
		cm_buf_printf(
		    &text, "%s%s", i == 0 ? ", depends on " : ", ", item->needs[i]);
	cm_cell_text(table, cm_arena_text(arena, cm_buf_str(&text)));
	cm_buf_fini(&text);
	cm_cell_list(table, item->rest, item->rest_count);
	cm_cell_none(table);
}

static enum cm_status conflicts_print(const struct cm_cli *cli, struct cm_rules *rules,
    struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	struct cm_decision *decision = cm_decision_new(rules->law);
	struct cm_rules_case open;
	struct cm_conflict *items;
	size_t count = 0;
	enum cm_status status = cm_rules_case_open(cli, rules->law, &open, err);

	if (status == CM_OK && decision != NULL) {
		cm_decide(rules->law, open.facts, open.as_of, decision);
		status = cm_decision_conflicts(rules->law, open.facts, open.as_of, decision,
		    &rules->arena, &items, &count);
	}
	if (status == CM_NO_MEMORY || decision == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < count && status == CM_OK; i++)
		conflict_cells(table, &items[i], &rules->arena);
	if (status == CM_OK)
		cm_note(out, "%zu conflicts in this demand", count);
	cm_rules_case_fini(&open);
	cm_decision_free(decision);
	return status;
}

static enum cm_exit run_conflicts(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_table table;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	cm_table_init(&table, conflict_columns, CM_COUNT_OF(conflict_columns));
	if (status == CM_OK && cli->arg_count != 0 && cli->arg_count != 2)
		status = cm_err_set(&err, CM_BAD_INPUT, "name two sides, or none and a demand");
	if (status == CM_OK)
		status = cli->arg_count == 2 ? collisions_print(cli, &rules, &table, out, &err)
					     : conflicts_print(cli, &rules, &table, out, &err);
	if (status == CM_OK)
		status = cm_table_print(&table, out, &err);
	cm_table_fini(&table);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec conflicts_args[] = {
    {.name = "SIDE",
	.help = "Two states or jurisdictions: US IE. A member state brings the law of the Union. None: "
		"the conflicts in the demand that --demand and --facts give.",
	.times = CM_ARG_ANY},
    {.name = NULL},
};

static const struct cm_opt_spec case_options[] = {
    CM_RULES_LAW_OPTION,
    CM_RULES_DAY_OPTION,
    CM_RULES_FACT_OPTIONS,
    {.name = NULL},
};

static const char *const conflicts_examples[] = {"comity rules conflicts US IE",
    "comity rules conflicts -d deploy/examples/us-warrant-four-accounts.json -f "
    "'hosting_state=IE personal_data=yes'",
    NULL};

const struct cm_command cm_command_rules_conflicts = {.name = "rules conflicts",
    .summary = "Show where one sovereign requires what another forbids.",
    .about = "Between two sides: every pair of rules that some demand makes hold at once, with such "
             "a demand, each fact of which is needed. In a demand: the pairs that collide there.",
    .args = conflicts_args,
    .options = case_options,
    .run = run_conflicts,
    .examples = conflicts_examples};
