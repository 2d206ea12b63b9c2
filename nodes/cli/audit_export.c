/* comity audit export: reads configurations, their ledgers, rules and manifest; writes one file. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/law_files.h"
#include "nodes/cli/audit_command.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/keys_book.h"
#include "nodes/cli/output.h"
#include "protocol/audit/collect.h"
#include "protocol/link/now.h"
#include "protocol/post/settings.h"
#include "protocol/seal/seal.h"

struct exporting {
	struct cm_arena arena;
	struct cm_settings *settings; /* owned, each */
	size_t count;
	struct cm_audit_source *sources;
	struct cm_bundle_law *law;
	size_t law_count;
	struct cm_buf manifest;
};

/* ---- whose ledgers --------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_config(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

/* The configurations in the fleet's folder, by name. */
static enum cm_status list_fleet(struct exporting *x, const char *folder, const char **paths,
    size_t *count, struct cm_err *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	*count = 0;
	if (dir == NULL)
		return cm_err_set(
		    err, CM_NOT_FOUND, "%s: no fleet there; say whose ledgers with --config", folder);
	while ((entry = readdir(dir)) != NULL && *count < CM_BUNDLE_MOST_LEDGERS) {
		if (!is_config(entry->d_name))
			continue;
		paths[*count] = cm_arena_printf(&x->arena, "%s/%s", folder, entry->d_name);
		if (paths[*count] != NULL)
			(*count)++;
	}
	(void)closedir(dir);
	qsort(paths, *count, sizeof *paths, by_text);
	return *count > 0 ? CM_OK
	                  : cm_err_set(err, CM_NOT_FOUND, "%s: no configuration there", folder);
}

static enum cm_status read_settings(
    struct exporting *x, const struct cm_cli *cli, struct cm_err *err)
{
	const char *paths[CM_BUNDLE_MOST_LEDGERS];
	size_t count = cm_cli_times(cli, "config");
	enum cm_status status = CM_OK;

	if (count > CM_BUNDLE_MOST_LEDGERS)
		return cm_err_set(err, CM_TOO_LARGE, "%zu configurations are too many", count);
	for (size_t i = 0; i < count; i++)
		paths[i] = cm_cli_text_at(cli, "config", i);
	if (count == 0)
		status = list_fleet(x, cm_cli_text(cli, "fleet"), paths, &count, err);
	if (status != CM_OK)
		return status;
	x->settings = cm_arena_alloc(&x->arena, count, sizeof *x->settings);
	x->sources = cm_arena_alloc(&x->arena, count, sizeof *x->sources);
	if (x->settings == NULL || x->sources == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	while (status == CM_OK && x->count < count) {
		const struct cm_settings *s = &x->settings[x->count];

		status = cm_settings_read(paths[x->count], &x->settings[x->count], err);
		if (status == CM_OK)
			x->sources[x->count++] = (struct cm_audit_source){s->name, s->ledger};
	}
	return status;
}

/* ---- rules and manifest ---------------------------------------------------------------------- */

static bool has_law(const struct exporting *x, const struct cm_law_file *file)
{
	for (size_t i = 0; i < x->law_count; i++)
		if (strlen(x->law[i].text) == file->len &&
		    memcmp(x->law[i].text, file->text, file->len) == 0)
			return true;
	return false;
}

/* The name of a file is told, not where it lies. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static enum cm_status add_law(
    struct exporting *x, const struct cm_settings *settings, struct cm_err *err)
{
	struct cm_law_texts texts;
	enum cm_status status = cm_law_texts_read(settings->law, settings->law_count, &texts, err);

	for (size_t i = 0; status == CM_OK && i < texts.count; i++) {
		const struct cm_law_file *file = &texts.files[i];
		struct cm_bundle_law *law = &x->law[x->law_count];

		if (has_law(x, file))
			continue;
		if (x->law_count == CM_BUNDLE_MOST_LAW_FILES) {
			status = cm_err_set(err, CM_TOO_LARGE, "more than %d files of law",
			    CM_BUNDLE_MOST_LAW_FILES);
			break;
		}
		law->path = cm_arena_text(&x->arena, name_of(file->path));
		law->text = cm_arena_text_n(&x->arena, file->text, file->len);
		x->law_count++;
		if (law->path == NULL || law->text == NULL)
			status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	}
	cm_law_texts_fini(&texts);
	return status;
}

static enum cm_status read_rest(struct exporting *x, struct cm_err *err)
{
	const char *manifest = "";
	enum cm_status status = CM_OK;

	x->law = cm_arena_alloc(&x->arena, CM_BUNDLE_MOST_LAW_FILES, sizeof *x->law);
	if (x->law == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	for (size_t i = 0; status == CM_OK && i < x->count; i++) {
		status = add_law(x, &x->settings[i], err);
		if (manifest[0] == 0)
			manifest = x->settings[i].manifest;
	}
	if (status == CM_OK && manifest[0] != 0)
		status = cm_keys_read_file(manifest, &x->manifest, err);
	return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum cm_status write_bundle(
    const struct cm_bundle *bundle, const char *path, struct cm_err *err)
{
	struct cm_buf bytes;
	enum cm_status status;

	cm_buf_init(&bytes, 0);
	status = cm_bundle_encode(bundle, &bytes, err);
	if (status == CM_OK)
		status = cm_file_replace(path, (const char *)bytes.data, bytes.len, err);
	cm_buf_fini(&bytes);
	return status;
}

static void say(const struct cm_output *out, const struct cm_bundle *bundle, const char *path)
{
	size_t rows = 0;

	for (size_t i = 0; i < bundle->ledgers_count; i++)
		rows += bundle->ledgers[i].rows_count;
	cm_note(out, "%s: %zu rows from %zu ledgers, %zu files of law%s.", path, rows,
	    bundle->ledgers_count, bundle->law_count,
	    bundle->manifest.len > 0 ? ", and the manifest" : "");
}

static enum cm_status export_case(struct exporting *x, const struct cm_cli *cli,
    const struct cm_output *out, struct cm_err *err)
{
	struct cm_bundle bundle = {.version = CM_BUNDLE_VERSION, .made_ms = cm_wall_now().ms};
	const char *path = cm_cli_text(cli, "to");
	enum cm_status status;

	if (!cm_id_parse(cli->args[0], &bundle.case_id))
		return cm_err_set(err, CM_BAD_INPUT,
		    "CASE: \"%s\" is no case; \"comity list -o json\" prints them whole", cli->args[0]);
	status = read_settings(x, cli, err);
	if (status == CM_OK)
		status = cm_audit_collect(x->sources, x->count, cm_cli_flag(cli, "with-demand"),
		    &x->arena, &bundle, err);
	if (status == CM_OK)
		status = read_rest(x, err);
	if (status != CM_OK)
		return status;
	bundle.law = x->law;
	bundle.law_count = x->law_count;
	bundle.manifest = (struct cm_bytes){x->manifest.data, x->manifest.len};
	status = write_bundle(&bundle, path, err);
	if (status == CM_OK)
		say(out, &bundle, path);
	return status;
}

static enum cm_exit run_export(const struct cm_cli *cli, struct cm_output *out)
{
	struct exporting x = {0};
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_seal_start();

	cm_arena_init(&x.arena, 0);
	cm_buf_init(&x.manifest, 0);
	if (status == CM_OK)
		status = export_case(&x, cli, out, &err);
	for (size_t i = 0; i < x.count; i++)
		cm_settings_fini(&x.settings[i]);
	cm_buf_fini(&x.manifest);
	cm_arena_fini(&x.arena);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec export_args[] = {
    {.name = "CASE", .help = "The case's whole id."},
    {.name = NULL},
};
static const struct cm_opt_spec export_options[] = {
    {.name = "config",
	.kind = CM_OPT_TEXT,
	.argument = "FILE",
	.completes = CM_COMPLETES_FILE,
	.help = "A process's configuration, which names its ledger, rules and manifest; may be "
		"repeated. Without it: all of the fleet's folder."},
    {.name = "to",
	.kind = CM_OPT_TEXT,
	.argument = "FILE",
	.completes = CM_COMPLETES_FILE,
	.preset = "case.audit",
	.help = "The file to write."},
    {.name = "with-demand",
	.help = "Put the demand as it was served into it too, which names accounts; without this it is "
		"proved and withheld."},
    {.name = NULL},
};
static const char *const export_examples[] = {
    "comity audit export 0199c2f0-6a00-7000-8000-000000000001 --to case.audit",
    "comity audit export 0199c2f0-6a00-7000-8000-000000000001 --config router.conf --config ie.conf",
    NULL};

const struct cm_command cm_command_audit_export = {
    .name = "audit export",
    .summary = "Write a case, with all that proves it, into one file.",
    .about = "The ledgers are read as they are, also while their processes run. In the file are the rows of "
	     "the case with their place in each ledger's chain, the signatures of who said and who kept them, "
	     "receipts, what the processes hold of each other's chains, the texts of the rules and the fleet "
	     "manifest. It can be checked anywhere with \"comity audit verify\".",
    .args = export_args,
    .options = export_options,
    .run = run_export,
    .examples = export_examples,
};
