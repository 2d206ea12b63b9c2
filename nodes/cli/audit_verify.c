/* comity audit verify: one file and public keys in, sentences out. It opens nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/engine.h"
#include "nodes/cli/audit_command.h"
#include "nodes/cli/output.h"
#include "nodes/cli/table.h"
#include "protocol/audit/verify.h"
#include "protocol/base/id.h"
#include "protocol/seal/manifest.h"

#define MOST_KEYS 256

struct given_key {
	char name[CM_MAX_NAME_BYTES + 1];
	uint8_t key[CM_PUBLIC_KEY_BYTES];
};

struct verifying {
	struct cm_arena arena;
	struct cm_bundle bundle;
	struct cm_manifest_held manifest;
	bool has_manifest;
	struct given_key *keys; /* in the arena */
	size_t keys_count;
	struct cm_table table;
	struct cm_audit_sums sums; /* of what this file looks at beside cm_audit_verify */
};

static const struct cm_column columns[] = {
    {"verdict", "", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"what", "WHAT WAS LOOKED AT", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void on_line(void *data, enum cm_audit_verdict verdict, const char *sentence)
{
	struct verifying *v = data;

	cm_cell_text(&v->table, verdict == CM_AUDIT_HOLDS   ? "holds"
	                        : verdict == CM_AUDIT_FAILS ? "FAILS"
	                                                    : "note");
	cm_cell_text(&v->table, sentence);
}

static void say(struct verifying *v, enum cm_audit_verdict verdict, const char *sentence)
{
	v->sums.held += verdict == CM_AUDIT_HOLDS;
	v->sums.failed += verdict == CM_AUDIT_FAILS;
	on_line(v, verdict, sentence);
}

/* ---- the file -------------------------------------------------------------------------------- */

static enum cm_status read_bundle(struct verifying *v, const char *path, struct cm_err *err)
{
	FILE *file = fopen(path, "re");
	enum cm_status status = CM_OK;
	struct cm_buf bytes;
	uint8_t block[65536];
	size_t got;

	if (file == NULL)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO, "%s: %s", path,
		    strerror(errno));
	cm_buf_init(&bytes, CM_BUNDLE_MOST_BYTES);
	while ((got = fread(block, 1, sizeof block, file)) > 0 && !bytes.failed)
		cm_buf_add(&bytes, block, got);
	if (ferror(file))
		status = cm_err_set(err, CM_IO, "%s", strerror(errno));
	else if (bytes.failed)
		status = cm_err_set(err, CM_TOO_LARGE, "too large for a bundle");
	(void)fclose(file);
	if (status == CM_OK)
		status = cm_bundle_decode(bytes.data, bytes.len, &v->arena, &v->bundle, err);
	cm_buf_fini(&bytes);
	return status == CM_OK ? CM_OK : cm_err_wrap(err, "%s", path);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool is_key(void *data, const char *name, const uint8_t key[32], int64_t at_ms)
{
	const struct verifying *v = data;

	if (v->has_manifest && cm_manifest_key_at(&v->manifest.manifest, name, key, at_ms))
		return true;
	for (size_t i = 0; i < v->keys_count; i++)
		if (strcmp(v->keys[i].name, name) == 0 && memcmp(v->keys[i].key, key, 32) == 0)
			return true;
	return false;
}

static enum cm_status read_keys(struct verifying *v, const struct cm_cli *cli, struct cm_err *err)
{
	size_t count = cm_cli_times(cli, "key");

	if (count > MOST_KEYS)
		return cm_err_set(err, CM_BAD_INPUT, "--key: at most %d times", MOST_KEYS);
	v->keys = cm_arena_alloc(&v->arena, count + 1, sizeof *v->keys);
	if (v->keys == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const char *text = cm_cli_text_at(cli, "key", i);
		const char *equals = strchr(text, '=');
		struct given_key *key = &v->keys[v->keys_count++];

		if (equals == NULL || equals == text || (size_t)(equals - text) > CM_MAX_NAME_BYTES ||
		    !cm_hex_parse(equals + 1, strlen(equals + 1), key->key, sizeof key->key))
			return cm_err_set(
			    err, CM_BAD_INPUT, "--key: NAME=HEX with 64 hex digits is wanted");
		memcpy(key->name, text, (size_t)(equals - text));
	}
	return CM_OK;
}

/* The manifest in the bundle is worth what the root's signature makes it. */
static enum cm_status read_manifest(
    struct verifying *v, const struct cm_cli *cli, struct cm_err *err)
{
	const char *hex = cm_cli_text(cli, "root");
	const struct cm_bytes bytes = v->bundle.manifest;
	uint8_t root[CM_PUBLIC_KEY_BYTES];
	struct cm_err why = {.text = ""};
	char line[CM_ERR_TEXT_BYTES + 64];
	enum cm_status status;

	if (hex == NULL && v->keys_count == 0)
		return cm_err_set(err, CM_BAD_INPUT, "say whom to believe: --root HEX or --key NAME=HEX");
	if (hex == NULL)
		return CM_OK;
	if (!cm_hex_parse(hex, strlen(hex), root, sizeof root))
		return cm_err_set(err, CM_BAD_INPUT, "--root: 64 hex digits are wanted");
	if (bytes.len == 0) {
		say(v, CM_AUDIT_FAILS, "there is no manifest in the bundle that the root could have signed");
		return CM_OK;
	}
	status = cm_manifest_read(
	    bytes.data, bytes.len, root, CM_MANIFEST_ANY_TIME, &v->manifest, &why);
	if (status == CM_NO_MEMORY)
		return cm_err_set(err, status, "out of memory");
	v->has_manifest = status == CM_OK;
	(void)snprintf(line, sizeof line,
	    status == CM_OK ? "manifest %llu of the fleet is signed by the root"
	                    : "manifest %llu: %s",
	    v->has_manifest ? (unsigned long long)v->manifest.manifest.number : 0, why.text);
	say(v, status == CM_OK ? CM_AUDIT_HOLDS : CM_AUDIT_FAILS, line);
	return CM_OK;
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* A rule set that some finding or outcome names, seen once. */
struct named_law {
	const char *jurisdiction;
	struct cm_bytes digest;
	const char *by;
};

struct laws {
	struct verifying *v;
	struct named_law *items; /* in the arena */
	size_t count;
	size_t cap;
};

static bool take_law(
    struct laws *laws, const struct cm_law_digest *digests, size_t count, const char *by)
{
	for (size_t i = 0; i < count; i++) {
		bool is_known = false;

		for (size_t k = 0; k < laws->count && !is_known; k++)
			is_known =
			    strcmp(laws->items[k].jurisdiction, digests[i].jurisdiction) == 0 &&
			    memcmp(laws->items[k].digest.data, digests[i].digest.data, 32) == 0;
		if (is_known || laws->count == CM_MAX_DIGESTS)
			continue;
		laws->items[laws->count++] =
		    (struct named_law){digests[i].jurisdiction, digests[i].digest, by};
	}
	return true;
}

static enum cm_status take_row(
    struct laws *laws, const struct cm_bundle_row *row, struct cm_err *err)
{
	struct cm_arena *arena = &laws->v->arena;
	struct cm_answer answer;
	struct cm_outcome outcome;
	enum cm_status status = CM_OK;

	if (row->kind == CM_KIND_ANSWER) {
		status = cm_record_decode(row->kind, row->body, arena, &answer, err);
		if (status == CM_OK)
			(void)take_law(laws, answer.law, answer.law_count, answer.node);
	} else if (row->kind == CM_KIND_OUTCOME) {
		status = cm_record_decode(row->kind, row->body, arena, &outcome, err);
		if (status == CM_OK)
			(void)take_law(laws, outcome.law, outcome.law_count, outcome.router);
	}
	/* What cannot be read was said to fail where the row was looked at. */
	return status == CM_NO_MEMORY ? status : CM_OK;
}

static void look_at_law(struct verifying *v, const struct cm_law *law, const struct named_law *named)
{
	char line[256];
	uint8_t digest[32];

	for (size_t i = 0; i < cm_law_jurisdiction_count(law); i++) {
		bool is_same;

		if (strcmp(cm_law_jurisdiction(law, i, digest), named->jurisdiction) != 0)
			continue;
		is_same = memcmp(digest, named->digest.data, sizeof digest) == 0;
		(void)snprintf(line, sizeof line,
		    is_same ? "the rules of %s by which %s spoke are those in the bundle"
		            : "the rules of %s in the bundle are not those by which %s spoke",
		    named->jurisdiction, named->by);
		say(v, is_same ? CM_AUDIT_HOLDS : CM_AUDIT_FAILS, line);
		return;
	}
	(void)snprintf(line, sizeof line, "the rules of %s by which %s spoke are not in the bundle",
	    named->jurisdiction, named->by);
	say(v, CM_AUDIT_NOTE, line);
}

static enum cm_status load_law(struct verifying *v, struct cm_law **out)
{
	struct cm_law_file *files =
	    cm_arena_alloc(&v->arena, v->bundle.law_count + 1, sizeof *files);
	struct cm_remarks remarks;
	enum cm_status status;

	*out = NULL;
	if (files == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < v->bundle.law_count; i++)
		files[i] = (struct cm_law_file){v->bundle.law[i].path, v->bundle.law[i].text,
		    strlen(v->bundle.law[i].text)};
	cm_remarks_init(&remarks);
	status = cm_law_load(files, v->bundle.law_count, &remarks, out);
	cm_remarks_fini(&remarks);
	return status;
}

static enum cm_status look_at_laws(struct verifying *v, struct cm_err *err)
{
	struct laws laws = {.v = v};
	struct cm_law *law = NULL;
	enum cm_status status = CM_OK;

	laws.items = cm_arena_alloc(&v->arena, CM_MAX_DIGESTS, sizeof *laws.items);
	if (laws.items == NULL)
		status = CM_NO_MEMORY;
	for (size_t i = 0; status == CM_OK && i < v->bundle.ledgers_count; i++)
		for (size_t k = 0; status == CM_OK && k < v->bundle.ledgers[i].rows_count; k++)
			status = take_row(&laws, &v->bundle.ledgers[i].rows[k], err);
	if (status == CM_OK && laws.count > 0 && v->bundle.law_count > 0) {
		status = load_law(v, &law);
		if (status == CM_BAD_INPUT)
			say(v, CM_AUDIT_FAILS, "the rule texts in the bundle are not whole: they do not load");
	}
	for (size_t i = 0; law != NULL && i < laws.count; i++)
		look_at_law(v, law, &laws.items[i]);
	cm_law_free(law);
	return status == CM_NO_MEMORY ? cm_err_set(err, status, "out of memory") : CM_OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum cm_status verify(struct verifying *v, const struct cm_cli *cli, struct cm_err *err)
{
	const struct cm_audit_keys keys = {v, is_key};
	struct cm_audit_sums sums = {0};
	enum cm_status status = read_bundle(v, cli->args[0], err);

	if (status == CM_OK)
		status = read_keys(v, cli, err);
	if (status == CM_OK)
		status = read_manifest(v, cli, err);
	if (status == CM_OK && cm_audit_verify(&v->bundle, &keys, on_line, v, &sums) != CM_OK)
		status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (status == CM_OK)
		status = look_at_laws(v, err);
	v->sums.held += sums.held;
	v->sums.failed += sums.failed;
	return status;
}

static enum cm_exit run_verify(const struct cm_cli *cli, struct cm_output *out)
{
	struct verifying v = {0};
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_seal_start();
	char id[CM_ID_TEXT_BYTES];
	enum cm_exit code;

	cm_arena_init(&v.arena, 0);
	cm_table_init(&v.table, columns, sizeof columns / sizeof columns[0]);
	if (status == CM_OK)
		status = verify(&v, cli, &err);
	if (status == CM_OK)
		status = cm_table_print(&v.table, out, &err);
	if (status == CM_OK) {
		cm_id_print(&v.bundle.case_id, id);
		cm_note(out, "Case %s: %zu hold, %zu fail.", id, v.sums.held, v.sums.failed);
	}
	code = cm_output_finish(out, status, &err);
	if (code == CM_EXIT_OK && (v.sums.failed > 0 || v.sums.held == 0))
		code = CM_EXIT_FAILED;
	if (v.has_manifest)
		cm_manifest_fini(&v.manifest);
	cm_table_fini(&v.table);
	cm_arena_fini(&v.arena);
	return code;
}

static const struct cm_arg_spec verify_args[] = {
    {.name = "FILE", .completes = CM_COMPLETES_FILE, .help = "The file of \"audit export\"."},
    {.name = NULL},
};
static const struct cm_opt_spec verify_options[] = {
    {.name = "root",
	.kind = CM_OPT_TEXT,
	.argument = "HEX",
	.help = "The provider's root key, 64 hex digits: the manifest in the file is believed if this "
		"signed it."},
    {.name = "key",
	.kind = CM_OPT_TEXT,
	.argument = "NAME=HEX",
	.help = "A process's public key, believed for any time; may be repeated."},
    {.name = NULL},
};
static const char *const verify_examples[] = {
    "comity audit verify case.audit --root 03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
    NULL};

const struct cm_command cm_command_audit_verify = {
    .name = "audit verify",
    .summary = "Say what of an audit bundle holds, offline, by public keys alone.",
    .about = "One sentence for each thing that was looked at. Ends with 0 if all of it holds and with 1 if "
	     "anything does not.",
    .args = verify_args,
    .options = verify_options,
    .run = run_verify,
    .examples = verify_examples,
};
