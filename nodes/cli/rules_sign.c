/*
 * comity rules sign: who stands for a jurisdiction's rules says so. One file holds all signatures, a line each:
 * it lies beside the law and is copied with it, one setting names it, and two who sign different jurisdictions
 * change different lines.
 */
#include <string.h>
#include <unistd.h>

#include "jurisdictions/law_signed.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/rules_command.h"
#include "nodes/cli/rules_source.h"
#include "protocol/base/id.h"
#include "protocol/link/now.h"

static const struct cm_column columns[] = {
    {"jurisdiction", "JURISDICTION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"digest", "DIGEST", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"key", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"at_ms", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

static void cells(struct cm_table *table, const struct cm_law_signature *made)
{
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];

	cm_cell_text(table, made->jurisdiction);
	cm_hex_print(made->digest, CM_DIGEST_BYTES, hex);
	cm_cell_text(table, hex);
	cm_hex_print(made->key, CM_PUBLIC_KEY_BYTES, hex);
	cm_cell_text(table, hex);
	cm_cell_number(table, made->at_ms);
}

/* What this key signed before of a jurisdiction goes, what others signed stays. */
static enum cm_status sign(const struct cm_law *law, const char *only, const struct cm_identity *signer,
    struct cm_law_signatures *list, struct cm_table *table, struct cm_err *err)
{
	int64_t now_ms = cm_wall_now().ms;
	enum cm_status status = CM_OK;
	size_t count = 0;

	for (size_t i = 0; status == CM_OK && i < cm_law_jurisdiction_count(law); i++) {
		uint8_t digest[CM_DIGEST_BYTES];
		const char *name = cm_law_jurisdiction(law, i, digest);
		struct cm_law_signature made;

		if (only != NULL && strcmp(only, name) != 0)
			continue;
		status = cm_law_signature_make(signer, name, digest, now_ms, &made, err);
		if (status != CM_OK)
			break;
		cm_law_signatures_drop(list, name, signer->public_key);
		status = cm_law_signatures_add(list, &made, err);
		cells(table, &made);
		count++;
	}
	if (status == CM_OK && count == 0)
		status = cm_err_set(
		    err, CM_NOT_FOUND, "no rules of a jurisdiction %.64s", only != NULL ? only : "");
	return status;
}

static enum cm_status write_list(
    const char *path, const struct cm_law_signatures *list, struct cm_err *err)
{
	struct cm_buf text;
	enum cm_status status;

	cm_buf_init(&text, 0);
	cm_law_signatures_print(list, &text);
	status = text.failed ? cm_err_set(err, CM_NO_MEMORY, "out of memory")
			     : cm_file_replace(path, cm_buf_str(&text), text.len, err);
	cm_buf_fini(&text);
	return status;
}

static enum cm_status have_key(const struct cm_cli *cli, struct cm_identity *signer, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "key");

	if (cm_seal_start() != CM_OK)
		return cm_err_set(err, CM_INTERNAL, "no randomness on this machine");
	if (path == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "say by which key: --key FILE");
	return cm_cli_flag(cli, "make-key") ? cm_identity_create(path, signer, err)
					    : cm_identity_load(path, signer, err);
}

static enum cm_status sign_into(const struct cm_cli *cli, const struct cm_law *law,
    const struct cm_output *out, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "signatures");
	struct cm_law_signatures list;
	struct cm_identity signer;
	struct cm_table table;
	enum cm_status status = cm_law_signatures_load(path, &list, err);

	cm_table_init(&table, columns, CM_COUNT_OF(columns));
	if (status == CM_NOT_FOUND && access(path, F_OK) != 0) /* the first signature makes the file */
		status = CM_OK;
	if (status == CM_OK)
		status = have_key(cli, &signer, err);
	if (status == CM_OK) {
		status = sign(law, cm_cli_text(cli, "jurisdiction"), &signer, &list, &table, err);
		cm_identity_wipe(&signer);
	}
	if (status == CM_OK)
		status = write_list(path, &list, err);
	if (status == CM_OK)
		status = cm_table_print(&table, out, err);
	if (status == CM_OK)
		cm_note(out, "%s has %zu signature%s.", path, list.count, list.count == 1 ? "" : "s");
	cm_table_fini(&table);
	cm_law_signatures_fini(&list);
	return status;
}

static enum cm_exit run_sign(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_rules rules;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_rules_open(
	    cli, (const char *const *)cli->args, cli->arg_count, &rules, &err);

	if (status == CM_OK)
		status = sign_into(cli, rules.law, out, &err);
	cm_rules_fini(&rules);
	return cm_rules_finish(out, status, &err);
}

static const struct cm_arg_spec sign_args[] = {
    {.name = "FILE", .help = "Law files, the vocabulary among them, instead of --law.",
        .times = CM_ARG_ANY,
        .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec sign_options[] = {
    CM_RULES_LAW_OPTION,
    {.name = "key", .kind = CM_OPT_TEXT, .argument = "FILE", .completes = CM_COMPLETES_FILE,
        .help = "The file of the signer's secret key."},
    {.name = "make-key", .kind = CM_OPT_FLAG,
        .help = "Make that key first: \"comity keys signer\" lists it in the manifest."},
    {.name = "jurisdiction", .kind = CM_OPT_TEXT, .argument = "NAME",
        .help = "Only this jurisdiction's rules: US, EU, treaty.us_gb ...; else all that are loaded."},
    {.name = "signatures", .kind = CM_OPT_TEXT, .argument = "FILE", .completes = CM_COMPLETES_FILE,
        .preset = "law.signatures",
        .help = "The file of signatures, in which those of others stay."},
    {.name = NULL},
};

static const char *const sign_examples[] = {
    "comity rules sign --key ie-law.key --make-key --jurisdiction IE",
    "comity rules sign --key ie-law.key --jurisdiction IE --law /etc/comity/law --signatures "
    "/etc/comity/law.signatures",
    NULL};

const struct cm_command cm_command_rules_sign = {.name = "rules sign",
    .summary = "Sign a jurisdiction's rules, as a fleet with a manifest wants them.",
    .about = "What is signed is the digest of the rules, without comments, layout, tests and reviews. A process "
             "with a manifest starts only with rules that a listed signer of their jurisdiction has signed: "
             "whoever changes a rule has it signed again.",
    .args = sign_args,
    .options = sign_options,
    .run = run_sign,
    .examples = sign_examples};
