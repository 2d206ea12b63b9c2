/* Making keys on a process's machine, and the root's: init, enrol, rotate; and handing a manifest out. */
#include "nodes/cli/keys_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/call.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/keys_book.h"
#include "protocol/base/id.h"
#include "protocol/link/now.h"
#include "protocol/post/settings.h"

enum cm_exit cm_keys_finish(
    const struct cm_output *out, enum cm_status status, json_t *json, struct cm_err *err)
{
	if (status == CM_OK)
		status = json != NULL ? cm_output_json(out, json, err)
				      : cm_err_set(err, CM_NO_MEMORY, "out of memory");
	json_decref(json);
	return cm_output_finish(out, status, err);
}

void cm_keys_note_lines(const struct cm_output *out, const struct cm_buf *lines)
{
	const char *line = cm_buf_str(lines);

	while (*line != 0) {
		size_t len = strcspn(line, "\n");

		cm_note(out, "%.*s", (int)len, line);
		line += len + (line[len] != 0);
	}
}

static json_t *describe_key(const char *what, const char *file, const struct cm_identity *identity)
{
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
	char fingerprint[CM_FINGERPRINT_TEXT_BYTES];

	cm_hex_print(identity->public_key, CM_PUBLIC_KEY_BYTES, hex);
	cm_fingerprint_print(identity->public_key, fingerprint);
	return json_pack("{s:s, s:s, s:s}", what, hex, "fingerprint", fingerprint, "file", file);
}

static enum cm_status start(struct cm_err *err)
{
	return cm_seal_start() == CM_OK
		   ? CM_OK
		   : cm_err_set(err, CM_INTERNAL, "no randomness on this machine");
}

/* ---- init ------------------------------------------------------------------------------------ */

static enum cm_exit run_init(const struct cm_cli *cli, struct cm_output *out)
{
	const char *path = cm_cli_text(cli, "root");
	struct cm_identity root;
	struct cm_err err = {.text = ""};
	enum cm_status status = start(&err);
	json_t *json = NULL;

	if (status == CM_OK)
		status = cm_identity_create(path, &root, &err);
	if (status == CM_OK) {
		json = describe_key("root", path, &root);
		cm_identity_wipe(&root);
		cm_note(out,
		    "The root's key is in %s. Keep it off every network, with a copy elsewhere; its public "
		    "part is the setting \"root\" of every process.",
		    path);
	}
	return cm_keys_finish(out, status, json, &err);
}

#define ROOT_OPTION                                                                                \
	{                                                                                          \
		.name = "root", .kind = CM_OPT_TEXT, .completes = CM_COMPLETES_FILE,               \
		.argument = "FILE", .preset = "root.key", .help = "The file of the root's secret key.", \
	}

static const struct cm_opt_spec init_options[] = {ROOT_OPTION, {.name = NULL}};
static const char *const init_examples[] = {"comity keys init --root /media/safe/root.key", NULL};

const struct cm_command cm_command_keys_init = {
    .name = "keys init",
    .summary = "Make the provider's root key, on a machine without a network.",
    .about = "The root's key signs every manifest of the fleet and nothing else. The file holds the "
	     "secret and is never overwritten.",
    .options = init_options,
    .run = run_init,
    .examples = init_examples,
};

/* ---- enrol and rotate ------------------------------------------------------------------------ */

/* A process asks to be in the manifest, or to have another key there. */
static enum cm_status write_request(const struct cm_settings *s, const char *address,
    const struct cm_identity *identity, const char *path, struct cm_err *err)
{
	struct cm_wall now = cm_wall_now();
	struct cm_manifest_key key = {
	    {identity->public_key, CM_PUBLIC_KEY_BYTES}, now.ms, now.ms + CM_KEY_DAYS * CM_DAY_MS, 0};
	struct cm_manifest_member member = {.name = s->name,
	    .region = s->region,
	    .state = s->state,
	    .zone = s->zone,
	    .issuing = s->issuing,
	    .issuing_count = s->issuing_count,
	    .address = address,
	    .keys = &key,
	    .keys_count = 1};
	struct cm_manifest request = {.fleet = "request",
	    .number = 1,
	    .issued_ms = now.ms,
	    .until_ms = key.until_ms,
	    .members = &member,
	    .members_count = 1};
	struct cm_buf bytes;
	enum cm_status status;

	if (!cm_member_role_parse(s->role, &member.role))
		return cm_err_set(err, CM_BAD_INPUT, "%s: no such role", s->role);
	cm_buf_init(&bytes, 0);
	status = cm_manifest_sign(&request, identity, CM_SIGN_ENROL, &bytes, err);
	if (status == CM_OK)
		status = cm_file_replace(path, cm_buf_str(&bytes), bytes.len, err);
	cm_buf_fini(&bytes);
	return status;
}

static enum cm_status read_settings(
    const struct cm_cli *cli, struct cm_settings *settings, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "config");
	enum cm_status status = start(err);

	if (status == CM_OK && path == NULL)
		status = cm_err_set(err, CM_BAD_INPUT, "say whose key: --config FILE");
	if (status == CM_OK)
		status = cm_settings_read(path, settings, err);
	if (status == CM_OK && settings->identity[0] == 0) {
		cm_settings_fini(settings);
		status = cm_err_set(
		    err, CM_BAD_INPUT, "%s: has no settings identity, manifest and root", path);
	}
	return status;
}

static enum cm_status have_identity(
    const char *path, struct cm_identity *identity, struct cm_err *err)
{
	return access(path, F_OK) == 0 ? cm_identity_load(path, identity, err)
				       : cm_identity_create(path, identity, err);
}

static enum cm_status ask(const struct cm_cli *cli, const struct cm_settings *s, const char *file,
    json_t **json, const struct cm_output *out, struct cm_err *err)
{
	const char *address = cm_cli_text(cli, "address");
	const char *path = cm_cli_text(cli, "out");
	struct cm_identity identity;
	struct cm_arena arena;
	enum cm_status status;

	if (address == NULL)
		address = s->listen_tls[0] != 0 ? s->listen_tls : s->listen;
	cm_arena_init(&arena, 0);
	if (path == NULL)
		path = cm_arena_printf(&arena, "%s.request", s->name);
	status = path != NULL ? have_identity(file, &identity, err)
			      : cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (status == CM_OK) {
		status = write_request(s, address, &identity, path, err);
		*json = describe_key("key", path, &identity);
		cm_identity_wipe(&identity);
	}
	if (status == CM_OK)
		cm_note(out, "Bring %s to the root's holder, and read the fingerprint to them by another way.",
		    path);
	cm_arena_fini(&arena);
	return status;
}

static enum cm_exit run_enrol(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_settings settings;
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status = read_settings(cli, &settings, &err);

	if (status == CM_OK) {
		status = ask(cli, &settings, settings.identity, &json, out, &err);
		cm_settings_fini(&settings);
	}
	return cm_keys_finish(out, status, json, &err);
}

#define CONFIG_OPTION                                                                              \
	{                                                                                          \
		.name = "config", .letter = 'c', .kind = CM_OPT_TEXT,                              \
		.completes = CM_COMPLETES_FILE, .argument = "FILE",                                \
		.help = "The configuration of the process whose key it is.",                       \
	}
#define REQUEST_OPTIONS                                                                            \
	CONFIG_OPTION,                                                                             \
	    {.name = "address",                                                                    \
		.kind = CM_OPT_TEXT,                                                               \
		.argument = "ADDRESS",                                                             \
		.help = "Where the others reach it; by default where it listens."},                \
	{                                                                                          \
		.name = "out", .kind = CM_OPT_TEXT, .completes = CM_COMPLETES_FILE,                \
		.argument = "FILE", .help = "The request's file; by default NAME.request.",        \
	}

static const struct cm_opt_spec enrol_options[] = {REQUEST_OPTIONS, {.name = NULL}};
static const char *const enrol_examples[] = {
    "comity keys enrol --config /etc/comity/ie.conf --address tls+tcp://ie.example:7447", NULL};

const struct cm_command cm_command_keys_enrol = {
    .name = "keys enrol",
    .summary = "Make a process's key on its machine, and a request to be in the manifest.",
    .about = "The key's file is the one that the configuration names; a key that is there is kept. The "
	     "request is signed by it and holds nothing secret.",
    .options = enrol_options,
    .run = run_enrol,
    .examples = enrol_examples,
};

/* The next key becomes the key once the manifest has it: before, nobody would know the process. */
static enum cm_status finish_rotation(
    const struct cm_settings *s, const char *next, json_t **json, struct cm_err *err)
{
	struct cm_manifest_held held;
	uint8_t root[CM_PUBLIC_KEY_BYTES];
	struct cm_identity identity;
	struct cm_buf bytes;
	char old[CM_MAX_TEXT_BYTES + 8];
	enum cm_status status = cm_identity_load(next, &identity, err);

	if (status != CM_OK)
		return status;
	cm_buf_init(&bytes, 0);
	status = cm_keys_read_file(s->manifest, &bytes, err);
	if (status == CM_OK && !cm_hex_parse(s->root, strlen(s->root), root, sizeof root))
		status = cm_err_set(err, CM_BAD_INPUT, "root: 64 hex digits are wanted");
	if (status == CM_OK)
		status =
		    cm_manifest_read(bytes.data, bytes.len, root, cm_wall_now().ms, &held, err);
	cm_buf_fini(&bytes);
	if (status == CM_OK) {
		if (!cm_manifest_key_at(
			&held.manifest, s->name, identity.public_key, cm_wall_now().ms))
			status = cm_err_set(err, CM_NOT_ALLOWED,
			    "manifest %llu does not have the next key of %s: it must be admitted and published first",
			    (unsigned long long)held.manifest.number, s->name);
		cm_manifest_fini(&held);
	}
	(void)snprintf(old, sizeof old, "%s.old", s->identity);
	if (status == CM_OK && (rename(s->identity, old) != 0 || rename(next, s->identity) != 0))
		status = cm_err_set(err, CM_IO, "%s: %s", s->identity, strerror(errno));
	*json = describe_key("key", s->identity, &identity);
	cm_identity_wipe(&identity);
	return status;
}

static enum cm_exit run_rotate(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_settings settings;
	struct cm_err err = {.text = ""};
	char next[CM_MAX_TEXT_BYTES + 8];
	json_t *json = NULL;
	enum cm_status status = read_settings(cli, &settings, &err);

	if (status != CM_OK)
		return cm_keys_finish(out, status, NULL, &err);
	(void)snprintf(next, sizeof next, "%s.next", settings.identity);
	if (!cm_cli_flag(cli, "finish")) {
		status = ask(cli, &settings, next, &json, out, &err);
	} else {
		status = finish_rotation(&settings, next, &json, &err);
		if (status == CM_OK)
			cm_note(out, "Restart %s: it uses the new key from then on. The old one is in %s.old.",
			    settings.name, settings.identity);
	}
	cm_settings_fini(&settings);
	return cm_keys_finish(out, status, json, &err);
}

static const struct cm_opt_spec rotate_options[] = {REQUEST_OPTIONS,
    {.name = "finish",
	.help = "Put the next key in the place of the old one, once the manifest has both."},
    {.name = NULL}};
static const char *const rotate_examples[] = {
    "comity keys rotate --config /etc/comity/ie.conf", "comity keys rotate --config /etc/comity/ie.conf --finish",
    NULL};

const struct cm_command cm_command_keys_rotate = {
    .name = "keys rotate",
    .summary = "Make a process's next key, and a request to have both for a while.",
    .about = "First without --finish: the next key lies beside the old one, which stays in use. The root's "
	     "holder admits the request and the manifest is published; then with --finish, and a restart.",
    .options = rotate_options,
    .run = run_rotate,
    .examples = rotate_examples,
};

/* ---- publish --------------------------------------------------------------------------------- */

static enum cm_exit run_publish(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_op op = {.name = "manifest"};
	struct cm_err err = {.text = ""};
	struct cm_buf bytes;
	json_t *json = NULL;
	enum cm_status status;

	cm_buf_init(&bytes, 0);
	status = cm_keys_read_file(cli->args[0], &bytes, &err);
	if (status == CM_OK) {
		op.body = (struct cm_bytes){bytes.data, bytes.len};
		status = cm_call_once(cli, CM_FLEET_ROUTER, &op, &json, &err);
	}
	if (status == CM_OK)
		cm_note(out, "Manifest %lld is in use there, and goes to the others from there.",
		    (long long)json_integer_value(json_object_get(json, "number")));
	cm_buf_fini(&bytes);
	if (status == CM_OK)
		(void)json_object_del(json, "manifest");
	return cm_keys_finish(out, status, json, &err);
}

static const struct cm_arg_spec publish_args[] = {
    {.name = "FILE", .completes = CM_COMPLETES_FILE, .help = "The signed manifest."},
    {.name = NULL},
};
static const char *const publish_examples[] = {"comity keys publish fleet.manifest --node router", NULL};

const struct cm_command cm_command_keys_publish = {
    .name = "keys publish",
    .summary = "Give a manifest to one process, which checks it, keeps it and passes it on.",
    .about = "One that is older than what the process has is refused. Who cannot be reached gets it when its "
	     "link is up again.",
    .args = publish_args,
    .run = run_publish,
    .examples = publish_examples,
};
