#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nodes/cli/rules_command.h"
#include "nodes/cli/rules_source.h"

/* ---- table ----------------------------------------------------------------------------------- */

static const char *modality_word(enum cm_modality modality)
{
	static const char *const words[] = {"", "permits", "requires", "forbids", "needs-human"};

	return words[modality];
}

static const struct cm_column sheet_columns[] = {
    {"rule", "RULE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"modality", "EFFECT", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"act", "ACT", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"data", "DATA", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"source", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"cite", "CITE", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"in_force", "IN FORCE", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"strength", "STRENGTH", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"deadline", "DEADLINE", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"defeats", "DEFEATS", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"defeated_by", "DEFEATED BY", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"tests", "TESTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"review", "REVIEWED BY", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"path", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"line", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"title", NULL, CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"digest", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static void sheet_cells(struct cm_table *table, const struct cm_sheet_row *row)
{
	char digest[65];

	cm_hex_print(row->rule->digest, 32, digest);
	cm_cell_text(table, row->rule->id);
	cm_cell_text(table, modality_word(row->rule->modality));
	cm_cell_text(table, row->rule->act);
	cm_cell_text(table, row->data);
	cm_cell_text(table, row->rule->source);
	cm_cell_text(table, row->rule->cite);
	cm_cell_text(table, row->in_force);
	cm_cell_text(table, row->rule->strength);
	cm_cell_text(table, row->deadline);
	cm_cell_list(table, row->defeats, row->defeats_count);
	cm_cell_list(table, row->defeated_by, row->defeated_by_count);
	cm_cell_number(table, (int64_t)row->tests);
	cm_cell_text(table, row->review);
	cm_cell_text(table, row->rule->path);
	cm_cell_number(table, row->rule->line);
	cm_cell_text(table, row->rule->title);
	cm_cell_text(table, digest);
}

static enum cm_status sheet_print(struct cm_rules *rules, const char *jurisdiction,
    const struct cm_output *out, struct cm_err *err)
{
	struct cm_sheet_row *rows;
	struct cm_table table;
	size_t count;
	enum cm_status status =
	    cm_law_sheet(rules->law, jurisdiction, &rules->arena, &rows, &count);

	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	if (count == 0)
		return cm_err_set(
		    err, CM_NOT_FOUND, "no rules of a jurisdiction %.40s", jurisdiction);
	cm_table_init(&table, sheet_columns, CM_COUNT_OF(sheet_columns));
	for (size_t i = 0; i < count; i++)
		sheet_cells(&table, &rows[i]);
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	cm_note(out, "%zu rules", count);
	return status;
}

static enum cm_exit run_table(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	if (status == CM_OK)
		status = sheet_print(&rules, cli->arg_count != 0 ? cli->args[0] : NULL, out, &err);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec table_args[] = {
    {.name = "JURISDICTION", .help = "US, EU, treaty.us_gb ...; else all.", .times = CM_ARG_MAYBE},
    {.name = NULL},
};

static const struct cm_opt_spec law_options[] = {CM_RULES_LAW_OPTION, {.name = NULL}};

static const char *const table_examples[] = {
    "comity rules table IE", "comity rules table US -o json", NULL};

const struct cm_command cm_command_rules_table = {.name = "rules table",
    .summary = "List the rules of a jurisdiction, one row each.",
    .args = table_args,
    .options = law_options,
    .run = run_table,
    .examples = table_examples};

/* ---- show ------------------------------------------------------------------------------------ */

static void list_print(
    const struct cm_output *out, const char *what, const char *const *ids, size_t count)
{
	(void)fprintf(out->data, "%-12s", what);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out->data, "%s%s", i == 0 ? "" : ", ", ids[i]);
	(void)fprintf(out->data, "%s\n", count == 0 ? "-" : "");
}

static void covered_print(const struct cm_covered_rule *rule, const struct cm_output *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < rule->atoms_count; i++)
		shown += rule->atoms[i].is_shown;
	(void)fprintf(out->data,
	    "tests       %zu: holds %zu, silent %zu, possible %zu, defeated %zu; %zu of %zu "
	    "conditions shown (MC/DC, masking)\n",
	    rule->tests, rule->holds, rule->silent, rule->possible, rule->defeated, shown,
	    rule->atoms_count);
	for (size_t i = 0; i < rule->atoms_count; i++)
		if (!rule->atoms[i].is_shown)
			(void)fprintf(out->data, "            not shown: line %u: %s\n",
			    (unsigned)rule->atoms[i].line, rule->atoms[i].text);
}

static void footer_print(const struct cm_sheet_row *row, const struct cm_covered_rule *covered,
    const struct cm_output *out)
{
	char digest[65];

	cm_hex_print(row->rule->digest, 32, digest);
	(void)fprintf(out->data, "\nat          %s:%u\ndigest      %s\nreviewed by %s\n",
	    row->rule->path, (unsigned)row->rule->line, digest, row->review);
	list_print(out, "defeats", row->defeats, row->defeats_count);
	list_print(out, "defeated by", row->defeated_by, row->defeated_by_count);
	covered_print(covered, out);
}

static enum cm_status show_text(struct cm_rules *rules, const char *id,
    const struct cm_sheet_row *rows, size_t count, const struct cm_output *out, struct cm_err *err)
{
	struct cm_coverage coverage;
	struct cm_buf text;
	enum cm_status status =
	    cm_law_coverage(rules->law, NULL, NULL, &rules->arena, &coverage);

	cm_buf_init(&text, 0);
	if (status == CM_OK)
		status = cm_rule_print(rules->law, id, &text);
	if (status == CM_OK) {
		(void)fputs(cm_buf_str(&text), out->data);
		for (size_t i = 0; i < count; i++)
			if (strcmp(rows[i].rule->id, id) == 0)
				footer_print(&rows[i], &coverage.rules[i], out);
	} else {
		(void)cm_err_set(err, status, "%s", cm_status_text(status));
	}
	cm_buf_fini(&text);
	return status;
}

static enum cm_status show(struct cm_rules *rules, const char *id, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_sheet_row *rows;
	struct cm_table table;
	size_t count;
	enum cm_status status = cm_law_sheet(rules->law, NULL, &rules->arena, &rows, &count);

	if (status != CM_OK)
		return cm_err_set(err, status, "out of memory");
	if (cm_law_find_rule(rules->law, id) < 0)
		return cm_err_set(err, CM_NOT_FOUND, "no rule of that id in this law");
	if (out->format == CM_FORMAT_TABLE)
		return show_text(rules, id, rows, count, out, err);
	cm_table_init(&table, sheet_columns, CM_COUNT_OF(sheet_columns));
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].rule->id, id) == 0)
			sheet_cells(&table, &rows[i]);
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_exit run_show(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(cli, NULL, 0, &rules, &err);

	if (status == CM_OK)
		status = show(&rules, cli->args[0], out, &err);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec show_args[] = {
    {.name = "ID", .help = "The rule: us.sca.2702a."},
    {.name = NULL},
};

static const char *const show_examples[] = {"comity rules show us.sca.2702a", NULL};

const struct cm_command cm_command_rules_show = {.name = "rules show",
    .summary = "Print one rule, what defeats it, its digest and what its tests try.",
    .args = show_args,
    .options = law_options,
    .run = run_show,
    .examples = show_examples};

/* ---- fmt ------------------------------------------------------------------------------------- */

/* Where two texts part, for the reader of --check. */
static void first_difference(
    const struct cm_law_file *file, const struct cm_buf *formatted, const struct cm_output *out)
{
	const char *now = cm_buf_str(formatted);
	size_t at = 0;
	size_t start = 0;
	unsigned line = 1;

	while (at < file->len && at < formatted->len && file->text[at] == now[at]) {
		if (file->text[at++] == '\n') {
			line++;
			start = at;
		}
	}
	(void)fprintf(out->data,
	    "%s:%u: laid out otherwise; `comity rules fmt --write` lays it out\n-%.*s\n+%.*s\n",
	    file->path, line, (int)strcspn(file->text + start, "\n"), file->text + start,
	    (int)strcspn(now + start, "\n"), now + start);
}

/* A new file beside the old one, then in its place: a reader finds one of them whole. */
static enum cm_status file_replace(
    const char *path, const struct cm_buf *text, struct cm_err *err)
{
	char next[4096];
	struct stat old;
	size_t done = 0;
	int fd;

	if (stat(path, &old) != 0 ||
	    (size_t)snprintf(next, sizeof next, "%s.XXXXXX", path) >= sizeof next)
		return cm_err_set(err, CM_IO, "%s: cannot be replaced", path);
	fd = mkostemp(next, O_CLOEXEC);
	if (fd < 0)
		return cm_err_set(err, CM_IO, "%s: %s", next, strerror(errno));
	while (done < text->len) {
		ssize_t wrote = write(fd, text->data + done, text->len - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			break;
		done += (size_t)wrote;
	}
	if (done == text->len && fchmod(fd, old.st_mode & 07777) == 0 && fsync(fd) == 0 &&
	    close(fd) == 0 && rename(next, path) == 0)
		return CM_OK;
	(void)cm_err_set(err, CM_IO, "%s: %s", path, strerror(errno));
	(void)unlink(next);
	return CM_IO;
}

static enum cm_status file_format(const struct cm_cli *cli, const struct cm_law_file *file,
    size_t *changed, const struct cm_output *out, struct cm_err *err)
{
	struct cm_buf text;
	enum cm_status status;
	bool same;

	cm_buf_init(&text, 0);
	status = cm_law_format(file, &text);
	same = status == CM_OK && text.len == file->len &&
	       memcmp(cm_buf_str(&text), file->text, file->len) == 0;
	*changed += status == CM_OK && !same;
	if (status != CM_OK)
		(void)cm_err_set(err, status, "%s: %s (see `comity rules check`)", file->path,
		    cm_status_text(status));
	else if (cm_cli_flag(cli, "check") && !same)
		first_difference(file, &text, out);
	else if (cm_cli_flag(cli, "write") && !same)
		status = file_replace(file->path, &text, err);
	else if (!cm_cli_flag(cli, "check") && !cm_cli_flag(cli, "write"))
		(void)fputs(cm_buf_str(&text), out->data);
	cm_buf_fini(&text);
	return status;
}

static enum cm_exit run_fmt(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_err err = {.text = ""};
	size_t changed = 0;
	enum cm_status status = cm_rules_read(
	    cli, (const char *const *)cli->args, cli->arg_count, &rules, &err);

	for (size_t i = 0; i < rules.texts.count && status == CM_OK; i++)
		status = file_format(cli, &rules.texts.files[i], &changed, out, &err);
	if (status == CM_OK && cm_cli_flag(cli, "check") && changed != 0)
		status = cm_err_set(&err, CM_CONFLICT, "%zu of %zu files are not in canonical layout",
		    changed, rules.texts.count);
	if (status == CM_OK && cm_cli_flag(cli, "write"))
		cm_note(out, "%zu of %zu files rewritten", changed, rules.texts.count);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec fmt_args[] = {
    {.name = "FILE", .help = "Law files; else all of the law.", .times = CM_ARG_ANY,
	.completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec fmt_options[] = {
    CM_RULES_LAW_OPTION,
    {.name = "check", .conflicts = "write",
        .help = "Change nothing; fail if a file is laid out otherwise, and show where first."},
    {.name = "write", .letter = 'w', .conflicts = "check", .help = "Rewrite the files in place."},
    {.name = NULL},
};

static const char *const fmt_examples[] = {
    "comity rules fmt --check tests/golden/analysis/canonical.law",
    "comity rules fmt jurisdictions/law/ie.law", NULL};

const struct cm_command cm_command_rules_fmt = {.name = "rules fmt",
    .summary = "Lay out law files in the one canonical way.",
    .about = "Without --check or --write the text goes to standard output.",
    .args = fmt_args,
    .options = fmt_options,
    .run = run_fmt,
    .examples = fmt_examples};
