#include "nodes/cli/rules_command.h"
#include "nodes/cli/rules_ledger.h"
#include "nodes/cli/rules_source.h"

#include <string.h>

/* ---- of the rules ---- */

static const struct cm_column change_columns[] = {
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"kind", "CHANGE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"also", "ALSO", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"now_applies", "NOW APPLIES TO", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"no_longer", "NO LONGER TO", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"path", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"line", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

static void change_cells(
    struct cm_table *table, const struct cm_change *change, struct cm_arena *arena)
{
	const char *also[5];
	size_t count = 0;

	if (change->effect)
		also[count++] = "effect or force";
	if (change->deadline)
		also[count++] = "deadline";
	if (change->defeats)
		also[count++] = "defeats";
	if (change->strength)
		also[count++] = "strength";
	if (!change->exact)
		also[count++] = "some values not compared";
	cm_cell_text(table, change->rule);
	cm_cell_text(table, cm_change_word(change->kind));
	cm_cell_list(table, also, count);
	cm_cell_text(table,
	    change->has_gain ? cm_rules_line(change->gain, change->gain_count, arena) : NULL);
	cm_cell_text(table,
	    change->has_loss ? cm_rules_line(change->loss, change->loss_count, arena) : NULL);
	cm_cell_text(table, change->path);
	cm_cell_number(table, change->line);
}

static enum cm_status changes_print(struct cm_rules *from, struct cm_rules *to, struct cm_day day,
    const struct cm_output *out, struct cm_err *err)
{
	struct cm_change *changes;
	struct cm_table table;
	size_t count;
	size_t same = 0;
	enum cm_status status =
	    cm_law_diff(from->law, to->law, day, &to->arena, &changes, &count);

	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	cm_table_init(&table, change_columns, CM_COUNT_OF(change_columns));
	for (size_t i = 0; i < count; i++) {
		if (changes[i].kind == CM_CHANGE_SAME)
			same++;
		else
			change_cells(&table, &changes[i], &to->arena);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	cm_note(out, "%zu rules, %zu of them the same", count, same);
	return status;
}

/* ---- of demands ---- */

static const struct cm_column moved_columns[] = {
    {"case", "CASE", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"before", "BEFORE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"after", "AFTER", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static void shift_cells(struct cm_table *table, const struct cm_shift *shift)
{
	cm_cell_text(table, shift->rule->id);
	cm_cell_text(table, cm_rules_state(shift->before));
	cm_cell_text(table, cm_rules_state(shift->after));
}

static enum cm_status demands_print(struct cm_rules *from, struct cm_rules *to,
    struct cm_rules_demands *demands, const struct cm_output *out, struct cm_err *err)
{
	struct cm_replayed found;
	struct cm_table table;
	enum cm_status status = cm_law_replay(
	    from->law, to->law, cm_rules_demands_next, demands, &to->arena, &found);

	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	cm_table_init(&table, moved_columns, CM_COUNT_OF(moved_columns));
	for (size_t i = 0; i < found.count; i++)
		for (size_t j = 0; j < found.items[i].shifts_count; j++) {
			cm_cell_text(&table, found.items[i].name);
			shift_cells(&table, &found.items[i].shifts[j]);
		}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	cm_note(out, "%zu of %zu cases come out otherwise%s", found.count, found.looked_at,
	    found.refused != 0 ? "; some have facts that one of the laws does not know" : "");
	return status;
}

/* ---- of stored cases ---- */

static const struct cm_column stored_columns[] = {
    {"case", "CASE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"stands", "STANDS", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"part", "PART", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"before", "BEFORE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"after", "AFTER", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

enum stand { STANDS_CLOCK, STANDS_OPEN, STANDS_CLOSED, STANDS };

static enum stand stand_of(const struct cm_moved *moved)
{
	return moved->has_clock ? STANDS_CLOCK : moved->is_open ? STANDS_OPEN : STANDS_CLOSED;
}

static enum cm_status stored_print(struct cm_rules *from, struct cm_rules *to,
    struct cm_rules_ledgers *ledgers, const struct cm_output *out, struct cm_err *err)
{
	static const char *const words[STANDS] = {"clock running", "open", "closed"};
	size_t counts[STANDS] = {0};
	struct cm_rules_ledgers_counts all;
	struct cm_replayed found;
	struct cm_table table;
	const char *last = "";
	enum cm_status status = cm_law_replay(
	    from->law, to->law, cm_rules_ledgers_next, ledgers, &to->arena, &found);

	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	status = cm_rules_ledgers_end(ledgers, &all, err);
	if (status != CM_OK)
		return status;
	cm_table_init(&table, stored_columns, CM_COUNT_OF(stored_columns));
	for (size_t i = 0; i < found.count; i++) {
		const struct cm_moved *moved = &found.items[i];

		/* The findings of one case stand together. */
		counts[stand_of(moved)] += strcmp(moved->name, last) != 0;
		last = moved->name;
		for (size_t j = 0; j < moved->shifts_count; j++) {
			cm_cell_text(&table, moved->name);
			cm_cell_text(&table, words[stand_of(moved)]);
			cm_cell_text(&table, moved->part);
			shift_cells(&table, &moved->shifts[j]);
		}
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	cm_note(out,
	    "%zu of %zu stored cases come out otherwise: %zu with a clock running, %zu open, %zu closed",
	    counts[STANDS_CLOCK] + counts[STANDS_OPEN] + counts[STANDS_CLOSED], all.cases,
	    counts[STANDS_CLOCK], counts[STANDS_OPEN], counts[STANDS_CLOSED]);
	cm_note(out, "%zu findings decided again%s", found.looked_at - found.refused,
	    found.refused != 0 ? "; some have facts that one of the laws cannot take" : "");
	if (all.without != 0)
		cm_note(out, "%zu cases have no finding in these ledgers", all.without);
	if (all.other != 0)
		cm_note(out,
		    "%zu cases were decided with another text than the old one given here: BEFORE is "
		    "what the old one says, not what was found then",
		    all.other);
	return status;
}

/* ---- the command ---- */

static enum cm_exit run_diff(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules from = {0};
	struct cm_rules to = {0};
	struct cm_rules_demands *demands = NULL;
	struct cm_rules_ledgers *ledgers = NULL;
	bool is_stored = cm_cli_times(cli, "ledger") != 0;
	struct cm_day day;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_day(cli, &day, &err);

	if (status == CM_OK && is_stored && cli->arg_count > 2)
		status = cm_err_set(&err, CM_BAD_INPUT, "give demands or ledgers, not both");
	if (status == CM_OK)
		status = cm_rules_open_at(cli->args[0], &from, &err);
	if (status == CM_OK)
		status = cm_rules_open_at(cli->args[1], &to, &err);
	if (status == CM_OK && cli->arg_count > 2)
		status = cm_rules_demands_open(
		    (const char *const *)cli->args + 2, cli->arg_count - 2, &demands, &err);
	if (status == CM_OK && is_stored)
		status = cm_rules_ledgers_open(cli, from.law, day, &ledgers, &err);
	if (status == CM_OK)
		status = ledgers != NULL   ? stored_print(&from, &to, ledgers, out, &err)
			 : demands != NULL ? demands_print(&from, &to, demands, out, &err)
					   : changes_print(&from, &to, day, out, &err);
	cm_rules_demands_close(demands);
	cm_rules_ledgers_close(ledgers);
	cm_rules_fini(&from);
	cm_rules_fini(&to);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec diff_args[] = {
    {.name = "OLD", .help = "The law as it was: a folder, or files with commas between them.",
	.completes = CM_COMPLETES_DIR},
    {.name = "NEW", .help = "The law as it would be.", .completes = CM_COMPLETES_DIR},
    {.name = "DEMAND",
	.help = "Demands in JSON: instead of the rules, show which of these come out otherwise.",
	.times = CM_ARG_ANY, .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec diff_options[] = {
    {.name = "ledger", .kind = CM_OPT_TEXT, .argument = "FILE", .completes = CM_COMPLETES_FILE,
	.help = "A node's or the router's ledger: instead of the rules, show which of its stored cases "
		"come out otherwise, running clocks and open cases first. May be repeated."},
    CM_RULES_DAY_OPTION,
    {.name = NULL},
};

static const char *const diff_examples[] = {
    "comity rules diff jurisdictions/law jurisdictions/law",
    "comity rules diff jurisdictions/law jurisdictions/law "
    "deploy/examples/us-warrant-four-accounts.json",
    NULL};

const struct cm_command cm_command_rules_diff = {.name = "rules diff",
    .summary = "Show what a change of law changes, with a demand that shows it.",
    .about = "With --ledger the stored cases are decided again under both laws: each finding on the "
             "facts its node had, on its day, by the laws that node carries. The ledgers are only read, "
             "and a process may go on serving from them.",
    .args = diff_args,
    .options = diff_options,
    .run = run_diff,
    .examples = diff_examples};
