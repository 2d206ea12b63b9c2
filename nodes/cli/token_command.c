#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/call.h"
#include "nodes/cli/people_command.h"
#include "nodes/cli/table.h"
#include "protocol/link/now.h"
#include "protocol/people/people_file.h"
#include "protocol/post/settings.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define DAY_MS INT64_C(86400000)

/* ---- the file of users ----------------------------------------------------------------------- */

struct users {
	struct cm_arena arena;
	const char *path;
	struct cm_people people;
	int lock; /* -1: only reading */
};

static enum cm_status find_path(const struct cm_cli *cli, struct users *users, struct cm_err *err)
{
	const char *config = NULL;
	struct cm_settings settings;
	enum cm_status status;

	users->path = cm_cli_text(cli, "people");
	if (users->path != NULL)
		return CM_OK;
	status = cm_call_config(cli, &users->arena, &config, err);
	if (status == CM_OK)
		status = cm_settings_read(config, &settings, err);
	if (status != CM_OK)
		return status;
	users->path = cm_arena_text(&users->arena, settings.people);
	cm_settings_fini(&settings);
	return users->path != NULL ? CM_OK : cm_err_set(err, CM_NO_MEMORY, "no memory");
}

/* Needs close_users whatever comes back. No file yet means no users yet. */
static enum cm_status open_users(
    const struct cm_cli *cli, bool to_change, struct users *users, struct cm_err *err)
{
	enum cm_status status;

	*users = (struct users){.lock = -1};
	cm_arena_init(&users->arena, 0);
	cm_people_init(&users->people);
	if (cm_seal_start() != CM_OK)
		return cm_err_set(err, CM_INTERNAL, "no randomness on this machine");
	status = find_path(cli, users, err);
	if (status == CM_OK && to_change)
		status = cm_people_lock(users->path, &users->lock, err);
	if (status != CM_OK)
		return status;
	status = cm_people_load(users->path, &users->people, NULL, err);
	return status == CM_NOT_FOUND ? CM_OK : status;
}

static void close_users(struct users *users)
{
	if (users->lock >= 0)
		(void)close(users->lock);
	cm_people_fini(&users->people);
	cm_arena_fini(&users->arena);
}

/* The roles of a repeated --role. */
static enum cm_status read_roles(const struct cm_cli *cli, unsigned *out, struct cm_err *err)
{
	enum cm_duty duty;

	*out = 0;
	for (unsigned i = 0; i < cm_cli_times(cli, "role"); i++) {
		if (!cm_duty_parse(cm_cli_text_at(cli, "role", i), &duty))
			return cm_err_set(err, CM_BAD_INPUT, "--role: there is no such role");
		*out |= CM_DUTY_BIT(duty);
	}
	return CM_OK;
}

static const char *const role_words[] = {
#define X(name, word, title, purpose) word,
    CM_DUTIES(X)
#undef X
	NULL};

/* clang-format off: one table reads as one table */
#define PEOPLE_OPTION                                                                              \
	{.name = "people", .kind = CM_OPT_TEXT, .argument = "FILE", .completes = CM_COMPLETES_FILE,  \
	    .help = "The process's file of users, if it is not a process of the fleet that --node names."}
/* clang-format on */

/* ---- user ------------------------------------------------------------------------------------ */

static enum cm_exit run_user(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_user user = {.id = cli->args[0], .words = cm_cli_text(cli, "words")};
	struct cm_err err = {.text = ""};
	struct users users;
	enum cm_status status = open_users(cli, true, &users, &err);

	if (status == CM_OK)
		status = read_roles(cli, &user.duties, &err);
	if (status == CM_OK && (user.words == NULL || user.duties == 0))
		status = cm_err_set(&err, CM_BAD_INPUT, "a user has words and a role: --words and --role");
	if (status == CM_OK)
		status = cm_people_put_user(&users.people, &user, &err);
	if (status == CM_OK)
		status = cm_people_save(&users.people, users.path, &err);
	if (status == CM_OK)
		cm_note(out, "%s: %s is written down", users.path, user.id);
	close_users(&users);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec user_args[] = {
    {.name = "USER", .help = "The user's id: small letters, digits, hyphens."},
    {.name = NULL},
};

static const struct cm_opt_spec user_options[] = {
    {.name = "words", .kind = CM_OPT_TEXT, .argument = "TEXT",
        .help = "In which words the user acts, such as \"duty counsel, Dublin\"."},
    {.name = "role", .kind = CM_OPT_CHOICE, .argument = "ROLE", .choices = role_words,
        .help = "A role of the user's; may be given several times."},
    PEOPLE_OPTION,
    {.name = NULL},
};

static const char *const user_examples[] = {
    "comity token user duty-counsel-dublin --words 'duty counsel, Dublin' --role regional_counsel "
    "--people /var/lib/comity/ie.people",
    NULL};

const struct cm_command cm_command_token_user = {.name = "token user",
    .summary = "Write down a user of a process, or change one's words and roles.",
    .about = "A process without users lets nobody in: whoever may write its file of users makes the first one "
             "with this command, and gives it a token with comity token issue. The process sees the change "
             "with the next operation.",
    .args = user_args,
    .options = user_options,
    .run = run_user,
    .examples = user_examples};

/* ---- issue ----------------------------------------------------------------------------------- */

static enum cm_status read_scope(
    const struct cm_cli *cli, struct cm_user_token *spec, struct cm_err *err)
{
	int64_t now_ms = cm_wall_now().ms;

	spec->user = cli->args[0];
	spec->region = cm_cli_text(cli, "region");
	spec->issued_ms = now_ms;
	spec->expires_ms = now_ms + (int64_t)cm_cli_count(cli, "days") * DAY_MS;
	if (cm_cli_times(cli, "operation") > CM_MAX_TOKEN_OPS)
		return cm_err_set(err, CM_TOO_LARGE, "--operation: at most %d times", CM_MAX_TOKEN_OPS);
	for (unsigned i = 0; i < cm_cli_times(cli, "operation"); i++)
		spec->ops[spec->ops_count++] = cm_cli_text_at(cli, "operation", i);
	return read_roles(cli, &spec->duties, err);
}

/* The token's file first: one without a line in the file of users is of no use, the other way round it would be
 * a token that nobody holds. */
static enum cm_status write_both(
    struct users *users, const struct cm_token *token, const char *path, struct cm_err *err)
{
	enum cm_status status = cm_token_save(token, path, err);

	if (status != CM_OK)
		return status;
	status = cm_people_save(&users->people, users->path, err);
	if (status != CM_OK)
		(void)unlink(path);
	return status;
}

static enum cm_exit run_issue(const struct cm_cli *cli, struct cm_output *out)
{
	const char *path = cm_cli_text(cli, "out");
	struct cm_user_token spec = {.user = NULL};
	struct cm_err err = {.text = ""};
	struct cm_token token;
	struct users users;
	enum cm_status status = open_users(cli, true, &users, &err);

	if (status == CM_OK && path == NULL)
		status = cm_err_set(&err, CM_BAD_INPUT, "--out: where the token is to be written to");
	if (status == CM_OK)
		status = read_scope(cli, &spec, &err);
	cm_token_make(&token);
	if (status == CM_OK)
		status = cm_people_put_token(&users.people, &spec, &token, &err);
	if (status == CM_OK)
		status = write_both(&users, &token, path, &err);
	if (status == CM_OK && out->format == CM_FORMAT_TABLE)
		(void)fprintf(out->data, "%s\n", token.id);
	else if (status == CM_OK)
		(void)fprintf(out->data, "{\"token\":\"%s\"}\n", token.id);
	cm_token_wipe(&token);
	close_users(&users);
	return cm_output_finish(out, status, &err);
}

static const struct cm_opt_spec issue_options[] = {
    {.name = "out", .kind = CM_OPT_TEXT, .argument = "FILE", .completes = CM_COMPLETES_FILE,
        .help = "The token's file, which must not be there yet. It goes to the user, and to nobody else."},
    {.name = "days", .kind = CM_OPT_COUNT, .argument = "N", .preset = "30", .least = 1, .most = 366,
        .help = "How long it is good for."},
    {.name = "role", .kind = CM_OPT_CHOICE, .argument = "ROLE", .choices = role_words,
        .help = "Only this role of the user's; may be given several times."},
    {.name = "operation", .kind = CM_OPT_TEXT, .argument = "NAME",
        .help = "Only this operation; may be given several times."},
    {.name = "region", .kind = CM_OPT_TEXT, .argument = "REGION",
        .help = "Only at the nodes of this region."},
    PEOPLE_OPTION,
    {.name = NULL},
};

static const char *const issue_examples[] = {
    "comity token issue duty-counsel-dublin --days 90 --out counsel.token --people "
    "/var/lib/comity/ie.people",
    NULL};

const struct cm_command cm_command_token_issue = {.name = "token issue",
    .summary = "Give a user a token, in a file of its own.",
    .about = "The token's id is printed. Of the token itself the process keeps a digest and a public key; the "
             "file is the only copy.",
    .args = user_args,
    .options = issue_options,
    .run = run_issue,
    .examples = issue_examples};

/* ---- list ------------------------------------------------------------------------------------ */

static const struct cm_column list_columns[] = {
    {"user", "USER", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"words", "ACTS AS", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"roles", "ROLES", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"token", "TOKEN", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"scope", "ONLY FOR", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"expires", "EXPIRES", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"state", "STATE", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static void cell_duties(struct cm_table *table, unsigned duties)
{
	const char *words[CM_DUTIES_COUNT];
	size_t count = 0;

	for (unsigned i = 0; i < CM_DUTIES_COUNT; i++)
		if ((duties & CM_DUTY_BIT(i)) != 0)
			words[count++] = cm_duty_word((enum cm_duty)i);
	cm_cell_list(table, words, count);
}

static void add_token(
    struct cm_table *table, const struct cm_user *user, const struct cm_user_token *token)
{
	const char *scope[CM_MAX_TOKEN_OPS + 1];
	char when[CM_WALL_TEXT_BYTES];
	size_t count = 0;

	cm_cell_text(table, user->id);
	cm_cell_text(table, user->words);
	cell_duties(table, token != NULL && token->duties != 0 ? user->duties & token->duties
	                                                       : user->duties);
	if (token == NULL) {
		for (int i = 0; i < 3; i++)
			cm_cell_none(table);
		cm_cell_text(table, "no token");
		return;
	}
	if (token->region[0] != 0)
		scope[count++] = token->region;
	for (size_t i = 0; i < token->ops_count; i++)
		scope[count++] = token->ops[i];
	cm_wall_print((struct cm_wall){token->expires_ms}, when);
	cm_cell_text(table, token->id);
	cm_cell_list(table, scope, count);
	cm_cell_text(table, when);
	cm_cell_text(table, token->revoked_ms != 0                     ? "revoked"
	                    : token->expires_ms <= cm_wall_now().ms ? "expired"
	                    : user->is_drill                           ? "good, for drills"
	                                                               : "good");
}

static enum cm_exit run_list(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	struct cm_table table;
	struct users users;
	enum cm_status status = open_users(cli, false, &users, &err);

	cm_table_init(&table, list_columns, COUNT(list_columns));
	for (size_t i = 0; status == CM_OK && i < users.people.users_count; i++) {
		const struct cm_user *user = &users.people.users[i];
		size_t count = 0;

		for (size_t j = 0; j < users.people.tokens_count; j++)
			if (strcmp(users.people.tokens[j].user, user->id) == 0) {
				add_token(&table, user, &users.people.tokens[j]);
				count++;
			}
		if (count == 0)
			add_token(&table, user, NULL);
	}
	if (status == CM_OK)
		status = cm_table_print(&table, out, &err);
	cm_table_fini(&table);
	close_users(&users);
	return cm_output_finish(out, status, &err);
}

static const struct cm_opt_spec list_options[] = {PEOPLE_OPTION, {.name = NULL}};

const struct cm_command cm_command_token_list = {.name = "token list",
    .summary = "List the users of a process, their roles and their tokens.",
    .options = list_options,
    .run = run_list};

/* ---- revoke ---------------------------------------------------------------------------------- */

static enum cm_exit run_revoke(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	size_t count = 0;
	struct users users;
	enum cm_status status = open_users(cli, true, &users, &err);

	for (size_t i = 0; status == CM_OK && i < users.people.tokens_count; i++) {
		struct cm_user_token *token = &users.people.tokens[i];

		if (strcmp(token->id, cli->args[0]) != 0 && strcmp(token->user, cli->args[0]) != 0)
			continue;
		count++;
		if (token->revoked_ms == 0) /* the first time counts */
			token->revoked_ms = cm_wall_now().ms;
	}
	if (status == CM_OK && count == 0)
		status = cm_err_set(&err, CM_NOT_FOUND, "%s has no token and no user of tokens \"%.64s\"",
		    users.path, cli->args[0]);
	if (status == CM_OK)
		status = cm_people_save(&users.people, users.path, &err);
	if (status == CM_OK)
		cm_note(out, "%zu revoked", count);
	close_users(&users);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec revoke_args[] = {
    {.name = "TOKEN", .help = "The token's id; or a user's, for all of its tokens."},
    {.name = NULL},
};

const struct cm_command cm_command_token_revoke = {.name = "token revoke",
    .summary = "End a token before its day, from the next operation on.",
    .args = revoke_args,
    .options = list_options,
    .run = run_revoke};
