/*
 * comity signatures, sign and approve.
 *
 * What is signed are bytes that the node shows. They are read here, printed, and their digest is taken here: a
 * person signs what it was shown, and not what somebody says of it. The key is made from the token, which stays
 * on this machine (protocol/people/token.h).
 */
#include "nodes/cli/sign_command.h"

#include <string.h>

#include "nodes/cli/call.h"
#include "nodes/cli/table.h"
#include "nodes/desk/review_sign.h"
#include "protocol/people/token.h"
#include "protocol/wire/codec.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* ---- signatures ------------------------------------------------------------------------------ */

static const struct cm_column columns[] = {
    {"number", "NO", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"category", "CATEGORY", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"region", "REGION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"disposition", "DISPOSITION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"state", "STATE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"first", "SIGNED BY", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"second", "APPROVED BY", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"waits_for", "WAITS FOR", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void cell_person(struct cm_table *table, const json_t *person)
{
	cm_cell_text(table, json_is_object(person) ? text_of(person, "words") : NULL);
}

static enum cm_status print_parts(const json_t *json, const struct cm_output *out, struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;
	size_t i;
	json_t *part;

	if (out->format != CM_FORMAT_TABLE)
		return cm_output_json(out, json, err);
	(void)fprintf(out->data, "Case %s, revision %lld\n\n", text_of(json, "case"),
	    (long long)json_integer_value(json_object_get(json, "revision")));
	cm_table_init(&table, columns, COUNT(columns));
	json_array_foreach(json_object_get(json, "parts"), i, part)
	{
		const char *waits = json_is_true(json_object_get(part, "held")) ? "its questions"
		                                                                : text_of(part, "waits_for");

		cm_cell_number(&table, json_integer_value(json_object_get(part, "number")));
		cm_cell_text(&table, text_of(part, "category"));
		cm_cell_text(&table, text_of(part, "region"));
		cm_cell_text(&table, text_of(part, "disposition"));
		cm_cell_text(&table, text_of(part, "state"));
		cell_person(&table, json_object_get(part, "first"));
		cell_person(&table, json_object_get(part, "second"));
		if (json_is_true(json_object_get(part, "here")) || waits[0] == 0)
			cm_cell_text(&table, waits);
		else
			cm_cell_printf(&table, "%s, at its own desk", waits);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_status ask_signing(const struct cm_cli *cli, const char *part, json_t **json,
    struct cm_err *err)
{
	struct cm_arg args[] = {{"case", cli->args[0]}, {"part", part}};
	struct cm_op op = {.name = "signing", .args = args, .args_count = part != NULL ? 2 : 1};

	return cm_call_once(cli, CM_FLEET_REGION, &op, json, err);
}

static enum cm_exit run_signatures(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status = ask_signing(cli, NULL, &json, &err);

	if (status == CM_OK)
		status = print_parts(json, out, &err);
	json_decref(json);
	return cm_output_finish(out, status, &err);
}

/* ---- what is signed -------------------------------------------------------------------------- */

struct paper {
	struct cm_arena arena;
	struct cm_id case_id;
	uint32_t part;
	struct cm_sign_text text;
	const struct cm_part_outcome *shown;
	const char *user;  /* whom the node takes the signer for: part of what is signed */
	const char *words;
};

static const json_t *find_part(const json_t *json, const char *number)
{
	size_t i;
	json_t *part;

	json_array_foreach(json_object_get(json, "parts"), i, part)
	{
		char text[24];

		(void)snprintf(text, sizeof text, "%lld",
		    (long long)json_integer_value(json_object_get(part, "number")));
		if (strcmp(text, number) == 0)
			return part;
	}
	return NULL;
}

/* Read the bytes, and see that they are of the part that was asked for. */
static enum cm_status read_bytes(
    const char *hex, const char *number, struct paper *paper, struct cm_err *err)
{
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = cm_arena_alloc(&paper->arena, len + 1, 1);
	struct cm_outcome *outcome = cm_arena_alloc(&paper->arena, 1, sizeof *outcome);
	char text[24];
	enum cm_status status;

	if (bytes == NULL || outcome == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (len == 0 || !cm_hex_parse(hex, strlen(hex), bytes, len))
		return cm_err_set(err, CM_BAD_INPUT, "the node shows no bytes to sign");
	status = cm_record_decode(
	    CM_KIND_OUTCOME, (struct cm_bytes){bytes, len}, &paper->arena, outcome, err);
	if (status != CM_OK)
		return status;
	(void)snprintf(text, sizeof text, "%u",
	    outcome->parts_count == 1 ? (unsigned)outcome->parts[0].number : 0);
	if (outcome->parts_count != 1 || strcmp(text, number) != 0 ||
	    !cm_id_equal(&outcome->case_id, &paper->case_id))
		return cm_err_set(err, CM_CONFLICT, "the node shows other bytes than were asked for");
	paper->shown = outcome->parts;
	paper->part = outcome->parts[0].number;
	paper->text.epoch = cm_epoch_of(outcome->epoch);
	paper->text.revision = outcome->revision;
	cm_digest(bytes, len, paper->text.digest);
	return CM_OK;
}

static enum cm_status fetch(
    const struct cm_cli *cli, const char *number, struct paper *paper, struct cm_err *err)
{
	json_t *json = NULL;
	enum cm_status status = CM_OK;

	if (!cm_id_parse(cli->args[0], &paper->case_id))
		return cm_err_set(
		    err, CM_BAD_INPUT, "case: not a case id (36 characters, as `list` shows it)");
	status = ask_signing(cli, number, &json, err);
	if (status == CM_OK && find_part(json, number) == NULL)
		status = cm_err_set(err, CM_NOT_FOUND, "the case has no part %s there", number);
	paper->user = cm_arena_text(&paper->arena, text_of(json, "user"));
	paper->words = cm_arena_text(&paper->arena, text_of(json, "words"));
	if (status == CM_OK && (paper->user == NULL || paper->words == NULL))
		status = cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (status == CM_OK)
		status = read_bytes(text_of(json, "bytes"), number, paper, err);
	if (status == CM_OK && cm_cli_times(cli, "revision") > 0 &&
	    cm_cli_count(cli, "revision") != paper->text.revision)
		status = cm_err_set(err, CM_CHANGED,
		    "changed meanwhile: the case is at revision %u; look at it again",
		    (unsigned)paper->text.revision);
	json_decref(json);
	return status;
}

/* ---- sign and approve ------------------------------------------------------------------------ */

/* The token of the process that is meant; without one there is no key to sign with. */
static enum cm_status load_token(
    const struct cm_cli *cli, struct cm_token *token, struct cm_err *err)
{
	struct cm_call_meant meant;
	bool has_token = false;
	enum cm_status status = cm_call_meant(cli, CM_FLEET_REGION, &meant, err);

	if (status == CM_OK)
		status = cm_call_token(cli,
		    meant.address != NULL ? meant.address : meant.processes[0]->address, token, &has_token,
		    err);
	cm_call_meant_fini(&meant);
	if (status == CM_OK && !has_token)
		status = cm_err_set(err, CM_NOT_ALLOWED,
		    "there is no token to sign with: name its file with --token-file or COMITY_TOKEN_FILE");
	return status;
}

static enum cm_status send_signature(const struct cm_cli *cli, bool is_second,
    const struct paper *paper, const struct cm_token *token, json_t **json, struct cm_err *err)
{
	char statement[CM_SIGN_STATEMENT_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
	char signature_hex[2 * CM_SIGNATURE_BYTES + 1];
	char digest_hex[2 * CM_SIGN_DIGEST_BYTES + 1];
	char revision[16];
	char epoch[16];
	struct cm_identity identity;
	struct cm_arg args[] = {{"case", cli->args[0]}, {"part", cm_cli_text(cli, "part")},
	    {"revision", revision}, {"epoch", epoch}, {"digest", digest_hex},
	    {"signature", signature_hex}};
	struct cm_op op = {
	    .name = is_second ? "approve" : "sign", .args = args, .args_count = COUNT(args)};

	(void)snprintf(revision, sizeof revision, "%u", (unsigned)paper->text.revision);
	(void)snprintf(epoch, sizeof epoch, "%u", (unsigned)paper->text.epoch);
	cm_sign_statement(is_second, &paper->case_id, paper->part, &paper->text, paper->user, statement);
	cm_token_identity(token, &identity);
	cm_sign(&identity, CM_SIGN_SIGN_OFF, statement, strlen(statement), signature);
	cm_identity_wipe(&identity);
	cm_hex_print(signature, sizeof signature, signature_hex);
	cm_hex_print(paper->text.digest, sizeof paper->text.digest, digest_hex);
	return cm_call_once(cli, CM_FLEET_REGION, &op, json, err);
}

static enum cm_exit run(const struct cm_cli *cli, bool is_second, struct cm_output *out)
{
	const char *number = cm_cli_text(cli, "part");
	struct paper paper = {.part = 0};
	struct cm_token token = {.id = ""};
	struct cm_err err = {.text = ""};
	json_t *json = NULL;
	enum cm_status status = CM_OK;

	cm_arena_init(&paper.arena, 0);
	if (number == NULL)
		status = cm_err_set(&err, CM_BAD_INPUT, "--part: missing; `comity signatures` numbers the parts");
	if (status == CM_OK)
		status = load_token(cli, &token, &err);
	if (status == CM_OK)
		status = fetch(cli, number, &paper, &err);
	if (status == CM_OK) {
		cm_note(out, "Part %u, %s%s%s, revision %u: %s. %s", (unsigned)paper.part,
		    paper.shown->category, paper.shown->region[0] != 0 ? " in " : "", paper.shown->region,
		    (unsigned)paper.text.revision, paper.shown->disposition, paper.shown->why);
		status = send_signature(cli, is_second, &paper, &token, &json, &err);
	}
	if (status == CM_OK && out->format != CM_FORMAT_TABLE)
		status = cm_output_json(out, json, &err);
	else if (status == CM_OK)
		(void)fprintf(out->data, "recorded: part %u is %s by \"%s\"\n", (unsigned)paper.part,
		    is_second ? "approved" : "signed", paper.words);
	cm_token_wipe(&token);
	json_decref(json);
	cm_arena_fini(&paper.arena);
	return cm_output_finish(out, status, &err);
}

static enum cm_exit run_sign(const struct cm_cli *cli, struct cm_output *out)
{
	return run(cli, false, out);
}

static enum cm_exit run_approve(const struct cm_cli *cli, struct cm_output *out)
{
	return run(cli, true, out);
}

/* ---- the tables ------------------------------------------------------------------------------ */

static const struct cm_arg_spec case_args[] = {
    {.name = "CASE", .help = "The case's id, as `comity list` shows it."},
    {.name = NULL},
};

static const struct cm_opt_spec sign_options[] = {
    {.name = "part", .kind = CM_OPT_COUNT, .argument = "N", .least = 1, .most = CM_MAX_PARTS,
        .help = "The part, by its number in the outcome."},
    {.name = "revision", .kind = CM_OPT_COUNT, .argument = "R", .most = UINT32_MAX,
        .help = "The revision that was looked at: refused if the case is at another by now."},
    {.name = NULL},
};

static const char *const sign_examples[] = {
    "comity sign --node ie 0198c0de-1234-7abc-8def-001122334455 --part 2 --revision 1 "
    "--token-file counsel.token",
    NULL};

const struct cm_command cm_command_signatures = {.name = "signatures",
    .summary = "Show whose names are under the parts of a case, and whose are missing.",
    .args = case_args,
    .run = run_signatures};

const struct cm_command cm_command_sign = {.name = "sign",
    .summary = "Put counsel's name under a part of the outcome.",
    .about = "What is signed are the very bytes of the part at this revision, with a key made from your token. "
             "A newer revision, or a change by anybody, makes it void.",
    .args = case_args,
    .options = sign_options,
    .run = run_sign,
    .examples = sign_examples};

const struct cm_command cm_command_approve = {.name = "approve",
    .summary = "Put the second name under a part that counsel has signed.",
    .about = "Where data would leave that is a release officer's; where content is decided on, a release "
             "officer's or another counsel's. It is never that of who has signed first, or has changed "
             "anything in the case.",
    .args = case_args,
    .options = sign_options,
    .run = run_approve};
