/* What the root's holder does, with the root's key and files alone: admit, revoke, name signers of rules. */
#include <string.h>

#include "nodes/cli/keys_book.h"
#include "nodes/cli/keys_command.h"
#include "protocol/base/id.h"
#include "protocol/link/now.h"

/* ---- the book -------------------------------------------------------------------------------- */

static struct cm_wall days_from(struct cm_wall now, uint64_t days)
{
	return (struct cm_wall){.ms = now.ms + (int64_t)days * CM_DAY_MS};
}

/* What each of them changes. */
typedef enum cm_status (*change_fn)(
    const struct cm_cli *cli, struct cm_keys_book *book, struct cm_wall now, struct cm_err *err);

/* Open, change, sign, and say what is different. */
static enum cm_status issue(const struct cm_cli *cli, const char *fleet, change_fn change,
    struct cm_keys_book *book, const struct cm_output *out, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "manifest");
	struct cm_wall now = cm_wall_now();
	struct cm_buf changes;
	enum cm_status status =
	    cm_keys_book_open(book, cm_cli_text(cli, "root"), path, fleet, err);

	if (status == CM_OK)
		status = change(cli, book, now, err);
	if (status == CM_OK)
		status = cm_keys_book_write(
		    book, path, now, days_from(now, cm_cli_count(cli, "days")), err);
	if (status != CM_OK)
		return status;
	cm_buf_init(&changes, 0);
	cm_manifest_diff(
	    book->before.manifest.number > 0 ? &book->before.manifest : NULL, &book->manifest, &changes);
	cm_keys_note_lines(out, &changes);
	cm_note(out, "Manifest %llu is in %s: \"comity keys publish\" hands it out.",
	    (unsigned long long)book->manifest.number, path);
	cm_buf_fini(&changes);
	return CM_OK;
}

static enum cm_exit run_book(
    const struct cm_cli *cli, struct cm_output *out, const char *fleet, change_fn change)
{
	struct cm_keys_book *book = cm_alloc(1, sizeof *book);
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status = CM_NO_MEMORY;

	if (book == NULL || cm_seal_start() != CM_OK) {
		cm_free(book);
		return cm_keys_finish(out, cm_err_set(&err, status, "out of memory"), NULL, &err);
	}
	status = issue(cli, fleet, change, book, out, &err);
	if (status == CM_OK)
		json = cm_keys_to_json(&book->manifest, cm_wall_now());
	cm_keys_book_close(book);
	cm_free(book);
	return cm_keys_finish(out, status, json, &err);
}

#define BOOK_OPTIONS                                                                               \
	{.name = "root",                                                                           \
	    .kind = CM_OPT_TEXT,                                                                   \
	    .completes = CM_COMPLETES_FILE,                                                        \
	    .argument = "FILE",                                                                    \
	    .preset = "root.key",                                                                  \
	    .help = "The file of the root's secret key."},                                         \
	    {.name = "manifest",                                                                   \
		.kind = CM_OPT_TEXT,                                                               \
		.completes = CM_COMPLETES_FILE,                                                    \
		.argument = "FILE",                                                                \
		.preset = "fleet.manifest",                                                        \
		.help = "The last manifest, in whose place the next one is written."},             \
	{                                                                                          \
		.name = "days", .kind = CM_OPT_COUNT, .argument = "N", .preset = "400",            \
		.least = 1, .most = 3650, .help = "How long the manifest and a new key stand.",    \
	}

/* ---- admit ----------------------------------------------------------------------------------- */

static enum cm_status admit_one(const struct cm_cli *cli, struct cm_keys_book *book,
    const char *path, struct cm_wall now, struct cm_err *err)
{
	struct cm_manifest_held request;
	struct cm_buf bytes;
	enum cm_status status;

	cm_buf_init(&bytes, 0);
	status = cm_keys_read_file(path, &bytes, err);
	if (status == CM_OK)
		status = cm_manifest_read_request(bytes.data, bytes.len, &request, err);
	if (status == CM_OK) {
		status = cm_keys_book_admit(book, &request.manifest.members[0], now,
		    days_from(now, cm_cli_count(cli, "days")),
		    (int64_t)cm_cli_count(cli, "overlap") * CM_DAY_MS, err);
		cm_manifest_fini(&request);
	}
	cm_buf_fini(&bytes);
	return status == CM_OK ? CM_OK : cm_err_wrap(err, "%s", path);
}

static enum cm_status admit(
    const struct cm_cli *cli, struct cm_keys_book *book, struct cm_wall now, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < cli->arg_count; i++)
		status = admit_one(cli, book, cli->args[i], now, err);
	return status;
}

static enum cm_exit run_admit(const struct cm_cli *cli, struct cm_output *out)
{
	return run_book(cli, out, cm_cli_text(cli, "name"), admit);
}

static const struct cm_arg_spec admit_args[] = {
    {.name = "REQUEST",
	.times = CM_ARG_MANY,
	.completes = CM_COMPLETES_FILE,
	.help = "The file of \"keys enrol\" or \"keys rotate\"."},
    {.name = NULL},
};
static const struct cm_opt_spec admit_options[] = {BOOK_OPTIONS,
    {.name = "overlap",
	.kind = CM_OPT_COUNT,
	.argument = "DAYS",
	.preset = "7",
	.most = 3650,
	.help = "How long a member's older keys stand beside its new one."},
    {.name = "name",
	.kind = CM_OPT_TEXT,
	.argument = "FLEET",
	.help = "With the first manifest: what the fleet is called."},
    {.name = NULL}};
static const char *const admit_examples[] = {
    "comity keys admit --name example us.request ie.request router.request",
    "comity keys admit ie.request --overlap 3", NULL};

const struct cm_command cm_command_keys_admit = {
    .name = "keys admit",
    .summary = "Sign the next manifest, with those who ask to be in it.",
    .about = "Compare each request's fingerprint (\"keys show\") with what its operator reads out before you "
	     "sign. A member that is in the manifest already gets its new key beside the old one.",
    .args = admit_args,
    .options = admit_options,
    .run = run_admit,
    .examples = admit_examples,
};

/* ---- revoke and signer ----------------------------------------------------------------------- */

static enum cm_status revoke(
    const struct cm_cli *cli, struct cm_keys_book *book, struct cm_wall now, struct cm_err *err)
{
	size_t count;

	return cm_keys_book_revoke(
	    book, cli->args[0], cm_cli_text(cli, "key"), now, &count, err);
}

static enum cm_exit run_revoke(const struct cm_cli *cli, struct cm_output *out)
{
	return run_book(cli, out, NULL, revoke);
}

static const struct cm_arg_spec revoke_args[] = {
    {.name = "NAME", .help = "The member."},
    {.name = NULL},
};
static const struct cm_opt_spec revoke_options[] = {BOOK_OPTIONS,
    {.name = "key",
	.kind = CM_OPT_TEXT,
	.argument = "HEX",
	.help = "Only the key whose hex begins so; without it all that stand."},
    {.name = NULL}};
static const char *const revoke_examples[] = {"comity keys revoke ie --key 3f29", NULL};

const struct cm_command cm_command_keys_revoke = {
    .name = "keys revoke",
    .summary = "Strike off a member's keys at once, in the next manifest.",
    .about = "The keys stay listed, so that what they signed before can be judged. Links of theirs are closed "
	     "wherever the manifest arrives.",
    .args = revoke_args,
    .options = revoke_options,
    .run = run_revoke,
    .examples = revoke_examples,
};

static enum cm_status add_signer(
    const struct cm_cli *cli, struct cm_keys_book *book, struct cm_wall now, struct cm_err *err)
{
	uint8_t key[CM_PUBLIC_KEY_BYTES];

	if (cm_cli_flag(cli, "revoke"))
		return cm_keys_book_revoke_signer(book, cli->args[0], cli->args[1], now, err);
	if (!cm_hex_parse(cli->args[1], strlen(cli->args[1]), key, sizeof key))
		return cm_err_set(err, CM_BAD_INPUT, "KEY: 64 hex digits are wanted");
	return cm_keys_book_add_signer(book, cli->args[0], key, now,
	    days_from(now, cm_cli_count(cli, "days")), err);
}

static enum cm_exit run_signer(const struct cm_cli *cli, struct cm_output *out)
{
	return run_book(cli, out, NULL, add_signer);
}

static const struct cm_arg_spec signer_args[] = {
    {.name = "JURISDICTION", .help = "Whose rules, as the file of the rules names it."},
    {.name = "KEY", .help = "The signer's public key, 64 hex digits; with --revoke its beginning is enough."},
    {.name = NULL},
};
static const struct cm_opt_spec signer_options[] = {BOOK_OPTIONS,
    {.name = "revoke",
	.kind = CM_OPT_FLAG,
	.help = "Strike that key off instead: what it signed counts no more, whenever that was."},
    {.name = NULL}};
static const char *const signer_examples[] = {
    "comity keys signer IE 3f29a81c0b7d5e64913c02f8d7a6b5e4f30918273645546372819a0bbccddeef",
    "comity keys signer IE 3f29 --revoke", NULL};

const struct cm_command cm_command_keys_signer = {
    .name = "keys signer",
    .summary = "Let a key sign the rules of a jurisdiction, in the next manifest, or strike it off.",
    .args = signer_args,
    .options = signer_options,
    .run = run_signer,
    .examples = signer_examples,
};
