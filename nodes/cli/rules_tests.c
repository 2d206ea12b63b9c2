#include <string.h>

#include "nodes/cli/rules_command.h"
#include "nodes/cli/rules_source.h"

/* ---- coverage -------------------------------------------------------------------------------- */

static const struct cm_column rule_columns[] = {
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"tests", "TESTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"holds", "HOLDS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"silent", "SILENT", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"possible", "POSSIBLE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"defeated", "DEFEATED", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"cases", "CASES", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"conditions", "CONDITIONS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"shown", "MC/DC", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"unique_cause", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"remark", "REMARK", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static const struct cm_column atom_columns[] = {
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"line", "LINE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"condition", "CONDITION", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"true", "TRUE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"false", "FALSE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"open", "OPEN", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"shown", "MC/DC", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static void rule_cells(struct cm_table *table, const struct cm_covered_rule *rule)
{
	size_t shown = 0;
	size_t unique = 0;

	for (size_t i = 0; i < rule->atoms_count; i++) {
		shown += rule->atoms[i].is_shown;
		unique += rule->atoms[i].is_unique;
	}
	cm_cell_text(table, rule->rule->id);
	cm_cell_number(table, (int64_t)rule->tests);
	cm_cell_number(table, (int64_t)rule->holds);
	cm_cell_number(table, (int64_t)rule->silent);
	cm_cell_number(table, (int64_t)rule->possible);
	cm_cell_number(table, (int64_t)rule->defeated);
	cm_cell_number(table, (int64_t)rule->real_cases);
	cm_cell_number(table, (int64_t)rule->atoms_count);
	cm_cell_number(table, (int64_t)shown);
	cm_cell_number(table, (int64_t)unique);
	cm_cell_text(table, cm_covered_remark(rule));
}

static void atoms_cells(struct cm_table *table, const struct cm_covered_rule *rule)
{
	for (size_t i = 0; i < rule->atoms_count; i++) {
		const struct cm_covered_atom *atom = &rule->atoms[i];

		cm_cell_text(table, rule->rule->id);
		cm_cell_number(table, atom->line);
		cm_cell_text(table, atom->text);
		cm_cell_number(table, (int64_t)atom->seen_true);
		cm_cell_number(table, (int64_t)atom->seen_false);
		cm_cell_number(table, (int64_t)atom->seen_open);
		cm_cell_text(table, atom->is_idle     ? "idle"
				    : atom->is_unique ? "unique cause"
				    : atom->is_shown  ? "masking"
						      : "not shown");
	}
}

static void percent(const struct cm_output *out, const char *what, size_t part, size_t whole)
{
	size_t tenths = whole == 0 ? 1000 : part * 1000 / whole;

	cm_note(out, "%s: %zu of %zu (%zu.%zu %%)", what, part, whole, tenths / 10, tenths % 10);
}

static enum cm_status coverage_print(const struct cm_cli *cli, const struct cm_coverage *found,
    const struct cm_output *out, struct cm_err *err)
{
	bool atoms = cm_cli_flag(cli, "conditions");
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, atoms ? atom_columns : rule_columns,
	    atoms ? CM_COUNT_OF(atom_columns) : CM_COUNT_OF(rule_columns));
	for (size_t i = 0; i < found->rules_count; i++) {
		if (atoms)
			atoms_cells(&table, &found->rules[i]);
		else
			rule_cells(&table, &found->rules[i]);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	percent(out, "rules met", found->met, found->rules_count - found->idle_rules);
	percent(out, "conditions seen true and false", found->both, found->atoms);
	percent(out, "MC/DC (masking)", found->shown, found->atoms);
	percent(out, "MC/DC (unique cause)", found->unique, found->atoms);
	if (found->idle != 0)
		cm_note(out,
		    "idle, and not counted: %zu conditions and %zu rules that rest on a set which is "
		    "nobody's",
		    found->idle, found->idle_rules);
	if (found->cases != 0)
		cm_note(out, "%zu demands beside the inline tests, %zu of them not understood",
		    found->cases, found->refused);
	if (!found->exact)
		cm_note(out, "unique cause was sought among the first 512 rows of a rule only");
	return status;
}

static enum cm_exit run_coverage(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_rules_demands *demands = NULL;
	struct cm_coverage found;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	if (status == CM_OK && cli->arg_count != 0)
		status = cm_rules_demands_open(
		    (const char *const *)cli->args, cli->arg_count, &demands, &err);
	if (status == CM_OK) {
		status = cm_law_coverage(rules.law, demands != NULL ? cm_rules_demands_next : NULL,
		    demands, &rules.arena, &found);
		if (status != CM_OK)
			(void)cm_err_set(&err, status, "out of memory");
	}
	if (status == CM_OK)
		status = coverage_print(cli, &found, out, &err);
	cm_rules_demands_close(demands);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec coverage_args[] = {
    {.name = "DEMAND", .help = "Demands in JSON to count beside the inline tests.",
	.times = CM_ARG_ANY, .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec coverage_options[] = {
    CM_RULES_LAW_OPTION,
    {.name = "conditions", .letter = 'c', .help = "One row for each condition."},
    {.name = NULL},
};

static const char *const coverage_examples[] = {"comity rules coverage",
    "comity rules coverage --conditions deploy/examples/us-warrant-four-accounts.json", NULL};

const struct cm_command cm_command_rules_coverage = {.name = "rules coverage",
    .summary = "Show what the inline tests try of each rule and condition.",
    .about = "MC/DC: a condition is shown if one demand in which it is true and one in which it is "
             "false come out differently, and would in each case have come out otherwise had this "
             "condition alone been the other way round (masking). Unique cause asks for a pair in "
             "which all other conditions are as they were. A condition that rests on a set which is "
             "nobody's is idle: no demand can show it.",
    .args = coverage_args,
    .options = coverage_options,
    .run = run_coverage,
    .examples = coverage_examples};

/* ---- mutate ---------------------------------------------------------------------------------- */

static const struct cm_column mutant_columns[] = {
    {"path", "FILE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"line", "LINE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"kind", "KIND", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"mutant", "SURVIVES", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void on_rule(void *context, size_t done, size_t total)
{
	cm_progress_show(context, done, total);
}

/* The modality is seen only by tests that expect a conflict, so it has a score of its own. */
static void score(const struct cm_output *out, const char *path, const struct cm_mutants *found)
{
	size_t made = 0;
	size_t killed = 0;

	for (int kind = 0; kind < CM_MUTATIONS; kind++) {
		size_t judged =
		    found->made[kind] - found->refused[kind] - found->equivalent[kind];

		if (kind != CM_MUTATION_SWAP) {
			made += judged;
			killed += found->killed[kind];
		}
		cm_note_more(out, "%s: %s: %zu of %zu killed, %zu refused at load, %zu equivalent",
		    path, cm_mutation_word((enum cm_mutation)kind), found->killed[kind], judged,
		    found->refused[kind], found->equivalent[kind]);
	}
	percent(out, path, killed, made);
	cm_note(out, "%s: changed modality, beside the score: %zu of %zu killed", path,
	    found->killed[CM_MUTATION_SWAP],
	    found->made[CM_MUTATION_SWAP] - found->refused[CM_MUTATION_SWAP]);
}

static enum cm_status file_mutate(struct cm_rules *rules, size_t file, struct cm_table *table,
    const struct cm_output *out, struct cm_err *err)
{
	const char *path = rules->texts.files[file].path;
	struct cm_progress progress;
	struct cm_mutants found;
	enum cm_status status;

	cm_progress_init(&progress, out, path);
	status = cm_law_mutate(rules->texts.files, rules->texts.count, file, on_rule, &progress,
	    &rules->arena, &found);
	cm_progress_fini(&progress);
	if (status != CM_OK)
		return cm_err_set(err, status, "%s: %s", path, cm_status_text(status));
	for (size_t i = 0; i < found.survivors_count; i++) {
		const struct cm_mutant *mutant = &found.survivors[i];

		cm_cell_text(table, mutant->path);
		cm_cell_number(table, mutant->line);
		cm_cell_text(table, mutant->rule);
		cm_cell_text(table, cm_mutation_word(mutant->kind));
		cm_cell_text(table, mutant->text);
	}
	score(out, path, &found);
	return CM_OK;
}

/* A file of the law, by its whole path or the end of it. */
static bool is_named(const char *path, const char *name)
{
	size_t path_len = strlen(path);
	size_t len = strlen(name);

	return len <= path_len && strcmp(path + path_len - len, name) == 0 &&
	       (len == path_len || path[path_len - len - 1] == '/');
}

static bool is_wanted(const struct cm_cli *cli, const struct cm_law *law, const char *path)
{
	for (size_t i = 0; i < cli->arg_count; i++)
		if (is_named(path, cli->args[i]))
			return true;
	for (size_t i = 0; cli->arg_count == 0 && i < cm_law_rule_count(law); i++)
		if (strcmp(cm_law_rule(law, i)->path, path) == 0)
			return true;
	return false;
}

static enum cm_exit run_mutate(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_table table;
	struct cm_err err = {.text = ""};
	size_t files = 0;
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	cm_table_init(&table, mutant_columns, CM_COUNT_OF(mutant_columns));
	for (size_t i = 0; i < rules.texts.count && status == CM_OK; i++) {
		if (!is_wanted(cli, rules.law, rules.texts.files[i].path))
			continue;
		files++;
		status = file_mutate(&rules, i, &table, out, &err);
	}
	if (status == CM_OK && files == 0)
		status = cm_err_set(&err, CM_NOT_FOUND, "none of these is a file of the law");
	if (status == CM_OK)
		status = cm_table_print(&table, out, &err);
	cm_table_fini(&table);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec mutate_args[] = {
    {.name = "FILE", .help = "Files of the law whose rules are changed; else all that have rules.",
	.times = CM_ARG_ANY, .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec mutate_options[] = {CM_RULES_LAW_OPTION, {.name = NULL}};

static const char *const mutate_examples[] = {
    "comity rules mutate ie.law", "comity rules mutate --verbose ie.law us_gb.law", NULL};

const struct cm_command cm_command_rules_mutate = {.name = "rules mutate",
    .summary = "Change rules one thing at a time and see whether a test notices.",
    .about = "Each condition is negated and dropped, each number and date moved by one each way, "
             "each defeat dropped, the modality changed. What survives is listed: a test is "
             "missing there. Changes proven to alter nothing are left out of list and score.",
    .args = mutate_args,
    .options = mutate_options,
    .run = run_mutate,
    .examples = mutate_examples};
