#include "nodes/cli/residency_command.h"

#include <errno.h>
#include <string.h>

#include "nodes/cli/call.h"
#include "nodes/cli/table.h"
#include "nodes/residency/residency.h"
#include "protocol/link/now.h"
#include "protocol/post/settings.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/vault_key.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The node's settings, key and map, as the commands need them. */
struct site {
	struct cm_arena arena;
	struct cm_settings settings;
	bool has_settings;
	struct cm_blind_key key;
	struct cm_residency *map; /* owned */
};

static void close_site(struct site *site)
{
	cm_residency_close(site->map);
	cm_blind_key_wipe(&site->key);
	if (site->has_settings)
		cm_settings_fini(&site->settings);
	cm_arena_fini(&site->arena);
}

/* Notify addresses are stored sealed with the region's own key. */
static enum cm_status give_contact_key(struct site *site, struct cm_err *err)
{
	struct cm_vault_site *where = cm_arena_alloc(&site->arena, 1, sizeof *where);
	uint8_t key[CM_SEALED_KEY_BYTES];
	enum cm_status status;

	if (where == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	status = cm_vault_site_find(site->settings.content_key, site->settings.ledger, where, err);
	if (status == CM_OK)
		status = cm_vault_site_key(where, CM_VAULT_CONTACTS, key, err);
	if (status == CM_OK)
		status = cm_residency_set_contact_key(site->map, key, err);
	cm_wipe(key, sizeof key);
	return status;
}

static enum cm_status open_site(const struct cm_cli *cli, enum cm_residency_mode mode,
    struct site *site, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "config");
	enum cm_status status = CM_OK;

	*site = (struct site){0};
	cm_arena_init(&site->arena, 0);
	if (path == NULL)
		status = cm_call_config(cli, &site->arena, &path, err);
	if (status == CM_OK)
		status = cm_settings_read(path, &site->settings, err);
	if (status != CM_OK)
		return status;
	site->has_settings = true;
	if (strcmp(site->settings.role, "region") != 0)
		return cm_err_set(err, CM_BAD_INPUT, "%s is not a region's node and has no map",
		    site->settings.name);
	if (cm_seal_start() != CM_OK)
		return cm_err_set(err, CM_INTERNAL, "no randomness on this machine");
	status = cm_blind_key_load(site->settings.blind_key, &site->key, err);
	if (status == CM_OK)
		status = cm_residency_open(
		    site->settings.residency, site->settings.region, mode, &site->map, err);
	return status == CM_OK && mode == CM_RESIDENCY_WRITE ? give_contact_key(site, err) : status;
}

static enum cm_exit finish(const struct cm_output *out, enum cm_status status, struct cm_err *err)
{
	if (status == CM_OK)
		status = cm_output_flush(out, err);
	return status == CM_OK ? CM_EXIT_OK : cm_complain(out, err);
}

/* ---- import ---------------------------------------------------------------------------------- */

static bool on_progress(const struct cm_residency_progress *progress, void *data)
{
	struct cm_progress *line = data;

	cm_progress_show(line, progress->rows, progress->rows_total);
	return true;
}

static void print_complaints(const struct cm_residency_report *report, const char *name)
{
	for (size_t i = 0; i < report->complaints_count; i++) {
		char text[CM_COMPLAINT_TEXT_BYTES];

		cm_residency_complaint_print(name, &report->complaints[i], text);
		(void)fprintf(stderr, "%s\n", text);
	}
	if (report->complaints_total > report->complaints_count)
		(void)fprintf(stderr, "... and %llu more\n",
		    (unsigned long long)(report->complaints_total - report->complaints_count));
}

static const struct cm_column import_columns[] = {
    {"rows", "ROWS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"added", "ADDED", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"changed", "CHANGED", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"unchanged", "UNCHANGED", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"bad_rows", "BAD", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"committed", "STORED", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static enum cm_status print_report(const struct cm_residency_report *report,
    const struct cm_output *out, struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, import_columns, COUNT(import_columns));
	cm_cell_number(&table, (int64_t)report->rows);
	cm_cell_number(&table, (int64_t)report->added);
	cm_cell_number(&table, (int64_t)report->changed);
	cm_cell_number(&table, (int64_t)report->unchanged);
	cm_cell_number(&table, (int64_t)report->bad_rows);
	cm_cell_bool(&table, report->is_committed);
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_status import_file(const struct cm_cli *cli, struct site *site,
    const struct cm_output *out, struct cm_err *err)
{
	const char *path = cli->args[0];
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	struct cm_residency_report *report = cm_alloc(1, sizeof *report);
	struct cm_progress line;
	struct cm_residency_options options = {.keep_good = cm_cli_flag(cli, "keep-good"),
	    .now = cm_wall_now(),
	    .progress = on_progress,
	    .progress_data = &line};
	enum cm_status status;

	if (file == NULL || report == NULL) {
		status = file == NULL ? cm_err_set(err, CM_NOT_FOUND, "%s: %s", path, strerror(errno))
		                      : cm_err_set(err, CM_NO_MEMORY, "no memory");
	} else {
		cm_progress_init(&line, out, "importing");
		status = cm_residency_import(
		    site->map, file, path, &site->key, &options, report, err);
		cm_progress_fini(&line);
		print_complaints(report, path);
		if (status == CM_OK)
			status = print_report(report, out, err);
	}
	if (file != NULL && !is_stdin)
		(void)fclose(file);
	cm_free(report);
	return status;
}

static enum cm_exit run_import(const struct cm_cli *cli, struct cm_output *out)
{
	struct site site;
	struct cm_err err = {.text = ""};
	enum cm_status status = open_site(cli, CM_RESIDENCY_WRITE, &site, &err);

	if (status == CM_OK)
		status = import_file(cli, &site, out, &err);
	close_site(&site);
	return finish(out, status, &err);
}

static const struct cm_arg_spec import_args[] = {
    {.name = "FILE", .help = "Rows as CSV; - reads standard input.",
        .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec import_options[] = {
    {.name = "keep-good", .help = "Store the good rows though others are bad."},
    {.name = "config", .letter = 'c', .kind = CM_OPT_TEXT, .argument = "FILE",
        .completes = CM_COMPLETES_FILE,
        .help = "The node's configuration, instead of --fleet and --node."},
    {.name = NULL},
};

static const char *const import_examples[] = {
    "comity residency import --node ie deploy/examples/residency/ie.csv", NULL};

const struct cm_command cm_command_residency_import = {.name = "residency import",
    .summary = "Import rows into a node's residency map.",
    .about = "All rows or none, unless --keep-good; each bad row is named with its line and column. "
             "The node may go on serving meanwhile.",
    .args = import_args,
    .options = import_options,
    .run = run_import,
    .examples = import_examples};

/* ---- lookup ---------------------------------------------------------------------------------- */

static const struct cm_column stay_columns[] = {
    {"category", "DATA", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"since", "SINCE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"until", "UNTIL", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"by_domain", "BY DOMAIN", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"facts", "FACTS", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"file", "FILE", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"line", "LINE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

static void cell_facts(struct cm_table *table, const struct cm_residency_stay *stay)
{
	struct cm_buf shown;
	json_t *facts = json_object();

	cm_buf_init(&shown, 0);
	for (size_t i = 0; i < stay->facts_count; i++) {
		const struct cm_fact_text *fact = &stay->facts[i];
		json_t *values = json_array();

		cm_buf_printf(&shown, "%s%s=", i == 0 ? "" : " ", fact->name);
		for (size_t j = 0; j < fact->values_count; j++) {
			cm_buf_printf(&shown, "%s%s", j == 0 ? "" : ",", fact->values[j]);
			(void)json_array_append_new(values, json_string(fact->values[j]));
		}
		(void)json_object_set_new(facts, fact->name, values);
	}
	cm_cell_json(table, facts, cm_buf_str(&shown));
	cm_buf_fini(&shown);
}

static enum cm_status print_stays(const struct cm_residency_stay *stays, size_t count,
    const struct cm_output *out, struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, stay_columns, COUNT(stay_columns));
	for (size_t i = 0; i < count; i++) {
		cm_cell_text(&table, stays[i].category);
		cm_cell_text(&table, stays[i].since);
		cm_cell_text(&table, stays[i].until);
		cm_cell_bool(&table, stays[i].is_by_domain);
		cell_facts(&table, &stays[i]);
		cm_cell_text(&table, stays[i].file);
		cm_cell_number(&table, (int64_t)stays[i].line);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

/* The account from the command line, or a line of standard input for "-". Everybody on a machine reads the
 * arguments of its processes, so it is taken out of them as soon as it is read. */
static enum cm_status read_account(char *argument, struct cm_arena *arena, const char **out, struct cm_err *err)
{
	char line[CM_MAX_IDENTIFIER_BYTES + 3] = "";

	if (strcmp(argument, "-") != 0) {
		*out = cm_arena_text(arena, argument);
		memset(argument, '*', strlen(argument));
	} else if (fgets(line, sizeof line, stdin) == NULL) {
		return cm_err_set(err, CM_BAD_INPUT, "ACCOUNT: standard input has no line");
	} else {
		line[strcspn(line, "\n")] = 0;
		*out = cm_arena_text(arena, line);
	}
	return *out != NULL ? CM_OK : cm_err_set(err, CM_NO_MEMORY, "no memory");
}

static enum cm_status look_up(const char *account, struct site *site, const struct cm_output *out,
    struct cm_err *err)
{
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	size_t blind_len = 0;
	struct cm_residency_stay *stays = NULL;
	size_t count = 0;
	enum cm_status status = cm_blind_target(
	    &site->key, account, strlen(account), blind, &blind_len, err);

	if (status == CM_OK) {
		status = cm_residency_history(site->map, (struct cm_bytes){blind, blind_len},
		    &site->arena, &stays, &count);
		if (status != CM_OK)
			(void)cm_err_set(err, status, "look up: %s", cm_status_text(status));
	}
	return status == CM_OK ? print_stays(stays, count, out, err) : status;
}

static enum cm_exit run_lookup(const struct cm_cli *cli, struct cm_output *out)
{
	struct site site;
	struct cm_arena arena;
	struct cm_err err = {.text = ""};
	const char *account = NULL;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = read_account(cli->args[0], &arena, &account, &err);
	if (status == CM_OK) {
		status = open_site(cli, CM_RESIDENCY_READ, &site, &err);
		if (status == CM_OK)
			status = look_up(account, &site, out, &err);
		close_site(&site);
	}
	cm_arena_fini(&arena);
	return finish(out, status, &err);
}

static const struct cm_arg_spec lookup_args[] = {
    {.name = "ACCOUNT", .help = "The identifier, or a domain entry like @example.ie; - reads a line of standard "
					   "input, so that it stands in no list of processes."},
    {.name = NULL},
};

static const struct cm_opt_spec site_options[] = {
    {.name = "config", .letter = 'c', .kind = CM_OPT_TEXT, .argument = "FILE",
        .completes = CM_COMPLETES_FILE,
        .help = "The node's configuration, instead of --fleet and --node."},
    {.name = NULL},
};

static const char *const lookup_examples[] = {
    "comity residency lookup --node ie ops@example.ie", NULL};

const struct cm_command cm_command_residency_lookup = {.name = "residency lookup",
    .summary = "Show where an account is and was, as this region's map has it.",
    .args = lookup_args,
    .options = site_options,
    .run = run_lookup,
    .examples = lookup_examples};

/* ---- stats ----------------------------------------------------------------------------------- */

static const struct cm_column stats_columns[] = {
    {"region", "REGION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"accounts", "ACCOUNTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"domains", "DOMAINS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"rows", "ROWS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"by_kind", "BY CUSTOMER KIND", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"imports", "IMPORTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"imported_at", "NEWEST", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static void cell_kinds(struct cm_table *table, const struct cm_residency_stats *stats)
{
	struct cm_buf shown;
	json_t *kinds = json_object();

	cm_buf_init(&shown, 0);
	for (size_t i = 0; i < CM_RESIDENCY_KINDS; i++) {
		const struct cm_residency_count *kind = &stats->by_kind[i];
		const char *name = kind->name[0] != 0 ? kind->name : "unknown";

		if (kind->rows == 0)
			continue;
		cm_buf_printf(&shown, "%s%s %llu", shown.len == 0 ? "" : ", ", name,
		    (unsigned long long)kind->rows);
		(void)json_object_set_new(kinds, name, json_integer((json_int_t)kind->rows));
	}
	cm_cell_json(table, kinds, cm_buf_str(&shown));
	cm_buf_fini(&shown);
}

static enum cm_status print_stats(const struct site *site, const struct cm_residency_stats *stats,
    const struct cm_output *out, struct cm_err *err)
{
	char when[CM_WALL_TEXT_BYTES];
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, stats_columns, COUNT(stats_columns));
	cm_cell_text(&table, site->settings.region);
	cm_cell_number(&table, (int64_t)stats->accounts);
	cm_cell_number(&table, (int64_t)stats->domains);
	cm_cell_number(&table, (int64_t)stats->rows);
	cell_kinds(&table, stats);
	cm_cell_number(&table, (int64_t)stats->imports);
	cm_wall_print(stats->imported_at, when);
	if (stats->imports > 0)
		cm_cell_text(&table, when);
	else
		cm_cell_none(&table);
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_exit run_stats(const struct cm_cli *cli, struct cm_output *out)
{
	struct site site;
	struct cm_residency_stats stats;
	struct cm_err err = {.text = ""};
	enum cm_status status = open_site(cli, CM_RESIDENCY_READ, &site, &err);

	if (status == CM_OK) {
		status = cm_residency_stats(site.map, &stats);
		if (status != CM_OK)
			(void)cm_err_set(&err, status, "count: %s", cm_status_text(status));
	}
	if (status == CM_OK)
		status = print_stats(&site, &stats, out, &err);
	close_site(&site);
	return finish(out, status, &err);
}

static const char *const stats_examples[] = {"comity residency stats --node ie", NULL};

const struct cm_command cm_command_residency_stats = {.name = "residency stats",
    .summary = "Count what a node's residency map holds.",
    .options = site_options,
    .run = run_stats,
    .examples = stats_examples};
