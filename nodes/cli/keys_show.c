/* A manifest or a request as people and programs look at it. */
#include <string.h>

#include "nodes/cli/keys_book.h"
#include "nodes/cli/keys_command.h"
#include "nodes/cli/table.h"
#include "protocol/base/id.h"
#include "protocol/link/now.h"

/* ---- as JSON --------------------------------------------------------------------------------- */

static json_t *time_to_json(int64_t ms)
{
	char text[CM_WALL_TEXT_BYTES];

	if (ms == 0)
		return json_null();
	cm_wall_print((struct cm_wall){.ms = ms}, text);
	return json_string(text);
}

static json_t *keys_to_json(
    const struct cm_manifest_key *keys, size_t count, struct cm_wall now)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
		char fingerprint[CM_FINGERPRINT_TEXT_BYTES];

		cm_hex_print(keys[i].public_key.data, CM_PUBLIC_KEY_BYTES, hex);
		cm_fingerprint_print(keys[i].public_key.data, fingerprint);
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "key", hex, "fingerprint", fingerprint,
			"stands", cm_manifest_key_stands(&keys[i], now.ms), "from",
			time_to_json(keys[i].from_ms), "until", time_to_json(keys[i].until_ms),
			"revoked", time_to_json(keys[i].revoked_ms)));
	}
	return list;
}

static json_t *member_to_json(const struct cm_manifest_member *m, struct cm_wall now)
{
	json_t *issuing = json_array();

	for (size_t i = 0; i < m->issuing_count; i++)
		(void)json_array_append_new(issuing, cm_json_text(m->issuing[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "name", m->name, "role",
	    cm_member_role_name(m->role), "region", m->region, "state", m->state, "zone", m->zone,
	    "issuing", issuing, "address", m->address, "keys", keys_to_json(m->keys, m->keys_count, now));
}

json_t *cm_keys_to_json(const struct cm_manifest *m, struct cm_wall now)
{
	json_t *members = json_array();
	json_t *signers = json_array();

	for (size_t i = 0; i < m->members_count; i++)
		(void)json_array_append_new(members, member_to_json(&m->members[i], now));
	for (size_t i = 0; i < m->signers_count; i++)
		(void)json_array_append_new(signers,
		    json_pack("{s:s, s:o}", "jurisdiction", m->signers[i].jurisdiction, "keys",
			keys_to_json(m->signers[i].keys, m->signers[i].keys_count, now)));
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "fleet", m->fleet, "number",
	    (json_int_t)m->number, "issued", time_to_json(m->issued_ms), "until",
	    time_to_json(m->until_ms), "members", members, "signers", signers);
}

/* ---- show ------------------------------------------------------------------------------------ */

static enum cm_status read_root(
    const struct cm_cli *cli, const struct cm_buf *bytes, uint8_t *root, struct cm_err *err)
{
	const char *hex = cm_cli_text(cli, "trust");
	struct cm_signed_manifest outer;
	struct cm_arena arena;
	enum cm_status status;

	if (hex != NULL)
		return cm_hex_parse(hex, strlen(hex), root, CM_PUBLIC_KEY_BYTES)
			   ? CM_OK
			   : cm_err_set(err, CM_BAD_INPUT, "--trust: 64 hex digits are wanted");
	cm_arena_init(&arena, 0);
	status = cm_wire_decode(
	    &cm_signed_manifest_schema, bytes->data, bytes->len, &arena, &outer, err);
	if (status == CM_OK)
		memcpy(root, outer.signer.data, CM_PUBLIC_KEY_BYTES);
	cm_arena_fini(&arena);
	return status;
}

/* A manifest, or a request to be in one. */
static enum cm_status read_either(const struct cm_cli *cli, const struct cm_buf *bytes,
    struct cm_manifest_held *held, json_t **json, struct cm_err *err)
{
	uint8_t root[CM_PUBLIC_KEY_BYTES];
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
	struct cm_err second = {.text = ""};
	enum cm_status status = read_root(cli, bytes, root, err);

	if (status != CM_OK)
		return status;
	status = cm_manifest_read(bytes->data, bytes->len, root, CM_MANIFEST_ANY_TIME, held, err);
	if (status == CM_OK) {
		*json = cm_keys_to_json(&held->manifest, cm_wall_now());
		cm_hex_print(root, CM_PUBLIC_KEY_BYTES, hex);
		(void)json_object_set_new(*json, "signed_by", json_string(hex));
		return CM_OK;
	}
	if (cm_manifest_read_request(bytes->data, bytes->len, held, &second) != CM_OK)
		return status;
	*json = member_to_json(&held->manifest.members[0], cm_wall_now());
	return CM_OK;
}

static enum cm_status say_changes(const struct cm_cli *cli, const struct cm_manifest *is,
    const struct cm_output *out, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "since");
	struct cm_manifest_held was;
	struct cm_buf bytes;
	struct cm_buf changes;
	json_t *json = NULL;
	enum cm_status status;

	if (path == NULL)
		return CM_OK;
	cm_buf_init(&bytes, 0);
	cm_buf_init(&changes, 0);
	status = cm_keys_read_file(path, &bytes, err);
	if (status == CM_OK)
		status = read_either(cli, &bytes, &was, &json, err);
	if (status == CM_OK) {
		cm_manifest_diff(&was.manifest, is, &changes);
		if (changes.len == 0)
			cm_note(out, "Nothing is different.");
		cm_keys_note_lines(out, &changes);
		cm_manifest_fini(&was);
	}
	json_decref(json);
	cm_buf_fini(&bytes);
	cm_buf_fini(&changes);
	return status;
}

/* ---- for people -------------------------------------------------------------------------------- */

static const struct cm_column key_columns[] = {
    {"name", "WHO", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"role", "ROLE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"address", "ADDRESS", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"fingerprint", "KEY", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"stands", "STANDS", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"until", "UNTIL", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"revoked", "REVOKED", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* A row for each key of a member or of a signer of rules. */
static void add_keys(struct cm_table *table, const json_t *holder, const char *name, const char *role)
{
	const json_t *keys = json_object_get(holder, "keys");
	const json_t *key;
	size_t i;

	json_array_foreach(keys, i, key) {
		cm_cell_text(table, name);
		cm_cell_text(table, role);
		cm_cell_text(table, text_at(holder, "address"));
		cm_cell_text(table, text_at(key, "fingerprint"));
		cm_cell_bool(table, json_is_true(json_object_get(key, "stands")));
		cm_cell_text(table, text_at(key, "until"));
		cm_cell_text(table, text_at(key, "revoked"));
	}
}

static enum cm_status print_table(const json_t *json, struct cm_output *out, struct cm_err *err)
{
	const json_t *members = json_object_get(json, "members");
	const json_t *item;
	struct cm_table table;
	enum cm_status status;
	size_t i;

	cm_table_init(&table, key_columns, sizeof key_columns / sizeof key_columns[0]);
	if (members == NULL) { /* a request */
		add_keys(&table, json, text_at(json, "name"), text_at(json, "role"));
	} else {
		(void)fprintf(out->data, "Manifest %lld of %s, to %s, signed by %s\n\n",
		    (long long)json_integer_value(json_object_get(json, "number")),
		    text_at(json, "fleet"), text_at(json, "until"), text_at(json, "signed_by"));
		json_array_foreach(members, i, item)
			add_keys(&table, item, text_at(item, "name"), text_at(item, "role"));
		json_array_foreach(json_object_get(json, "signers"), i, item)
			add_keys(&table, item, text_at(item, "jurisdiction"), "signs its rules");
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_exit run_show(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_manifest_held held;
	struct cm_err err = {.text = ""};
	struct cm_buf bytes;
	json_t *json = NULL;
	enum cm_status status = cm_seal_start();

	cm_buf_init(&bytes, 0);
	if (status == CM_OK)
		status = cm_keys_read_file(cli->args[0], &bytes, &err);
	if (status == CM_OK)
		status = read_either(cli, &bytes, &held, &json, &err);
	if (status == CM_OK) {
		status = say_changes(cli, &held.manifest, out, &err);
		cm_manifest_fini(&held);
	}
	cm_buf_fini(&bytes);
	if (status != CM_OK || out->format != CM_FORMAT_TABLE)
		return cm_keys_finish(out, status, json, &err);
	status = print_table(json, out, &err);
	json_decref(json);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec show_args[] = {
    {.name = "FILE", .completes = CM_COMPLETES_FILE, .help = "A signed manifest, or a request."},
    {.name = NULL},
};
static const struct cm_opt_spec show_options[] = {
    {.name = "trust",
	.kind = CM_OPT_TEXT,
	.argument = "HEX",
	.help = "The root's public key; without it the signature is checked against the key it names."},
    {.name = "since",
	.kind = CM_OPT_TEXT,
	.completes = CM_COMPLETES_FILE,
	.argument = "FILE",
	.help = "Say what is different from this older one."},
    {.name = NULL},
};

const struct cm_command cm_command_keys_show = {
    .name = "keys show",
    .summary = "Show a manifest or a request, with each key's fingerprint and times.",
    .args = show_args,
    .options = show_options,
    .run = run_show,
};
