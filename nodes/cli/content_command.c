#include "nodes/cli/content_command.h"

#include <string.h>

#include "nodes/cli/call.h"
#include "nodes/cli/table.h"
#include "protocol/post/settings.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/vault_key.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the node's files ------------------------------------------------------------------------ */

struct place {
	struct cm_arena arena;
	struct cm_settings settings;
	bool has_settings;
	struct cm_vault_site site;
};

static void close_place(struct place *place)
{
	if (place->has_settings)
		cm_settings_fini(&place->settings);
	cm_arena_fini(&place->arena);
}

static enum cm_status open_place(const struct cm_cli *cli, struct place *place, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "config");
	enum cm_status status = CM_OK;

	*place = (struct place){0};
	cm_arena_init(&place->arena, 0);
	if (path == NULL)
		status = cm_call_config(cli, &place->arena, &path, err);
	if (status == CM_OK)
		status = cm_settings_read(path, &place->settings, err);
	if (status != CM_OK)
		return status;
	place->has_settings = true;
	if (strcmp(place->settings.role, "region") != 0)
		return cm_err_set(err, CM_BAD_INPUT, "%s is not a region's node and has no content",
		    place->settings.name);
	if (cm_seal_start() != CM_OK)
		return cm_err_set(err, CM_INTERNAL, "no randomness on this machine");
	return cm_vault_site_find(
	    place->settings.content_key, place->settings.ledger, &place->site, err);
}

static const struct cm_opt_spec place_options[] = {
    {.name = "config", .letter = 'c', .kind = CM_OPT_TEXT, .argument = "FILE",
        .completes = CM_COMPLETES_FILE,
        .help = "The node's configuration, instead of --fleet and --node."},
    {.name = NULL},
};

/* A sentence for a person, or the JSON value, whose reference this takes. */
static enum cm_status say(const struct cm_output *out, json_t *json, const char *what, const char *of,
    struct cm_err *err)
{
	enum cm_status status = CM_OK;

	if (json == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (out->format == CM_FORMAT_TABLE)
		(void)fprintf(out->data, "%s: %s\n", what, of);
	else
		status = cm_output_json(out, json, err);
	json_decref(json);
	return status;
}

/* ---- key ------------------------------------------------------------------------------------- */

static enum cm_exit run_key(const struct cm_cli *cli, struct cm_output *out)
{
	struct place place;
	struct cm_err err = {.text = ""};
	bool is_made = false;
	enum cm_status status = open_place(cli, &place, &err);

	if (status == CM_OK)
		status = cm_vault_site_make_key(&place.site, &is_made, &err);
	if (status == CM_OK)
		status = say(out,
		    json_pack("{s:s, s:b}", "key", place.site.key, "new", (int)is_made),
		    is_made ? "made" : "there already", place.site.key, &err);
	close_place(&place);
	return cm_output_finish(out, status, &err);
}

const struct cm_command cm_command_content_key = {.name = "content key",
    .summary = "Make a region's content key where there is none.",
    .about = "The file that the node's settings name, of mode 0600. Who has it can read what the node keeps "
             "of its cases; without it nobody can. It is never overwritten.",
    .options = place_options,
    .run = run_key};

/* ---- rotate ---------------------------------------------------------------------------------- */

static const struct cm_column rotate_columns[] = {
    {"sealed", "SEALED ANEW", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"destroyed", "DESTROYED", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"unreadable", "UNREADABLE", CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

static enum cm_status print_tally(const struct cm_vault_tally *tally, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, rotate_columns, COUNT(rotate_columns));
	cm_cell_number(&table, (int64_t)tally->sealed);
	cm_cell_number(&table, (int64_t)tally->destroyed);
	cm_cell_number(&table, (int64_t)tally->unreadable);
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_exit run_rotate(const struct cm_cli *cli, struct cm_output *out)
{
	struct place place;
	struct cm_vault_tally tally;
	struct cm_err err = {.text = ""};
	enum cm_status status = open_place(cli, &place, &err);

	if (status == CM_OK)
		status = cm_vault_site_rotate(&place.site, &tally, &err);
	if (status == CM_OK)
		status = print_tally(&tally, out, &err);
	if (status == CM_OK && place.site.is_given && out->format == CM_FORMAT_TABLE)
		(void)fprintf(out->data, "Put %s in the place of %s before the next start but one.\n",
		    place.site.next, place.site.key);
	close_place(&place);
	return cm_output_finish(out, status, &err);
}

static const char *const rotate_examples[] = {"comity content rotate --config /etc/comity/ie.conf", NULL};

const struct cm_command cm_command_content_rotate = {.name = "content rotate",
    .summary = "Change a region's content key.",
    .about = "While the node is stopped. Every case's key is sealed with the new content key, which takes the "
             "old one's place; the cases' content is not touched. It may be repeated after an interruption. "
             "Where the service manager gives the key, it gives the next one too, as content_key.next.",
    .options = place_options,
    .run = run_rotate,
    .examples = rotate_examples};

/* ---- show ------------------------------------------------------------------------------------ */

/* An operation about the content of one case: who and why go with it. */
static enum cm_status ask_about(
    const struct cm_cli *cli, const char *name, json_t **json, struct cm_err *err)
{
	struct cm_arg args[3] = {{"case", cli->args[0]}};
	struct cm_op op = {.name = name, .args = args, .args_count = 1};

	if (cm_cli_text(cli, "by") != NULL)
		args[op.args_count++] = (struct cm_arg){"by", cm_cli_text(cli, "by")};
	if (cm_cli_text(cli, "reasons") != NULL)
		args[op.args_count++] = (struct cm_arg){"reasons", cm_cli_text(cli, "reasons")};
	return cm_call_once(cli, CM_FLEET_REGION, &op, json, err);
}

/* As it was served, which is JSON; line feeds in it are of its own, control characters are not. */
static enum cm_exit run_show(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	json_t *demand;
	enum cm_status status = ask_about(cli, "content", &json, &err);

	if (status == CM_OK && out->format == CM_FORMAT_TABLE) {
		demand = json_loads(json_string_value(json_object_get(json, "demand")), 0, NULL);
		status = demand != NULL ? cm_output_json(out, demand, &err)
		                        : cm_err_set(&err, CM_CORRUPT, "what was served is no JSON");
		json_decref(demand);
	} else if (status == CM_OK) {
		status = cm_output_json(out, json, &err);
	}
	json_decref(json);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec about_args[] = {
    {.name = "CASE", .help = "The case's id, as `comity list` shows it."},
    {.name = NULL},
};

static const struct cm_opt_spec about_options[] = {
    {.name = "by", .kind = CM_OPT_TEXT, .argument = "ROLE",
        .help = "Who decides: a role, such as \"release officer, Dublin\"."},
    {.name = "reasons", .kind = CM_OPT_TEXT, .argument = "TEXT", .help = "Why, in a sentence."},
    {.name = NULL},
};

static const char *const show_examples[] = {
    "comity content show --node us 0198c0de-1234-7abc-8def-001122334455 --by 'duty counsel, Seattle' "
    "--reasons 'To write the challenge.'",
    NULL};

const struct cm_command cm_command_content_show = {.name = "content show",
    .summary = "Show the demand of a case as it was served.",
    .about = "Where it was filed, with the targets' names and the order's words. That it was read, by whom and "
             "why is a record of the ledger before anything is shown. With -o json the bytes as they were.",
    .args = about_args,
    .options = about_options,
    .run = run_show,
    .examples = show_examples};

/* ---- destroy --------------------------------------------------------------------------------- */

static enum cm_exit run_destroy(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status = ask_about(cli, "destroy", &json, &err);

	if (status == CM_OK)
		status = say(out, json_incref(json),
		    json_is_true(json_object_get(json, "new")) ? "content destroyed" : "destroyed before",
		    cli->args[0], &err);
	json_decref(json);
	return cm_output_finish(out, status, &err);
}

static const char *const destroy_examples[] = {
    "comity content destroy --node us 0198c0de-1234-7abc-8def-001122334455 --by 'release officer, Seattle' "
    "--reasons 'The term for keeping it is over.'",
    NULL};

const struct cm_command cm_command_content_destroy = {.name = "content destroy",
    .summary = "Make the demand of a case unreadable, for good.",
    .about = "The key of the case is overwritten where it was filed. What was destroyed, when, by whom and why "
             "is a record of the ledger (comity watch), with the digest of the sealed bytes, which stay. The "
             "case's facts, findings and outcome stay too. A case that is open keeps its demand.",
    .args = about_args,
    .options = about_options,
    .run = run_destroy,
    .examples = destroy_examples};
