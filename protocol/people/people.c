#include "protocol/people/people.h"

#include <string.h>

#include "protocol/base/text.h"

void cm_people_init(struct cm_people *people)
{
	*people = (struct cm_people){.users_count = 0};
	cm_arena_init(&people->arena, 0);
}

void cm_people_fini(struct cm_people *people)
{
	cm_arena_fini(&people->arena);
	*people = (struct cm_people){.users_count = 0};
}

const struct cm_user *cm_people_user(const struct cm_people *people, const char *id)
{
	for (size_t i = 0; i < people->users_count; i++)
		if (strcmp(people->users[i].id, id) == 0)
			return &people->users[i];
	return NULL;
}

struct cm_user_token *cm_people_token(struct cm_people *people, const char *id)
{
	for (size_t i = 0; i < people->tokens_count; i++)
		if (strcmp(people->tokens[i].id, id) == 0)
			return &people->tokens[i];
	return NULL;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static bool is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= CM_MAX_USER_ID_BYTES &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && text[0] != '-';
}

static enum cm_status check_user(
    const struct cm_people *people, const struct cm_user *user, struct cm_err *err)
{
	size_t len = strlen(user->words);

	if (!is_id(user->id))
		return cm_err_set(err, CM_BAD_INPUT,
		    "a user's id has 1 to %d small letters, digits and hyphens, such as "
		    "duty-counsel-dublin",
		    CM_MAX_USER_ID_BYTES);
	if (len == 0 || len > CM_MAX_USER_WORDS_BYTES || !cm_text_is_plain(user->words, len) ||
	    strpbrk(user->words, "\t\r\n") != NULL)
		return cm_err_set(err, CM_BAD_INPUT,
		    "user %s: the words are the role in which it acts, such as \"duty counsel, Dublin\", "
		    "in at most %d bytes of one line",
		    user->id, CM_MAX_USER_WORDS_BYTES);
	if (user->duties == 0 || (user->duties & ~CM_DUTIES_ALL) != 0)
		return cm_err_set(err, CM_BAD_INPUT, "user %s has no role", user->id);
	for (size_t i = 0; i < people->users_count; i++)
		if (strcmp(people->users[i].words, user->words) == 0 &&
		    strcmp(people->users[i].id, user->id) != 0)
			return cm_err_set(err, CM_DUPLICATE,
			    "user %s acts as \"%s\" already: two persons are told apart by their words",
			    people->users[i].id, user->words);
	return CM_OK;
}

/* Room for one more in an array of the arena, whose old one is left behind; NULL: no memory. */
static void *one_more(
    struct cm_people *people, void *array, size_t count, size_t *cap, size_t size)
{
	size_t larger_cap = *cap * 2 + 8;
	char *larger;

	if (count < *cap)
		return array;
	larger = cm_arena_alloc(&people->arena, larger_cap, size);
	if (larger == NULL)
		return NULL;
	if (count > 0)
		memcpy(larger, array, count * size);
	*cap = larger_cap;
	return larger;
}

enum cm_status cm_people_put_user(
    struct cm_people *people, const struct cm_user *user, struct cm_err *err)
{
	struct cm_user *slot = NULL;
	struct cm_user copy = *user;
	enum cm_status status = check_user(people, user, err);

	if (status != CM_OK)
		return status;
	copy.id = cm_arena_text(&people->arena, user->id);
	copy.words = cm_arena_text(&people->arena, user->words);
	for (size_t i = 0; i < people->users_count; i++)
		if (strcmp(people->users[i].id, user->id) == 0)
			slot = &people->users[i];
	if (slot == NULL && people->users_count == CM_MAX_USERS)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d users", CM_MAX_USERS);
	if (slot == NULL) {
		struct cm_user *users = one_more(
		    people, people->users, people->users_count, &people->users_cap, sizeof *users);

		if (users == NULL)
			return cm_err_set(err, CM_NO_MEMORY, "no memory for a user");
		people->users = users;
		slot = &users[people->users_count];
	}
	if (copy.id == NULL || copy.words == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a user");
	if (slot == &people->users[people->users_count])
		people->users_count++;
	*slot = copy;
	return CM_OK;
}

static enum cm_status check_scope(
    const struct cm_user *user, const struct cm_user_token *spec, struct cm_err *err)
{
	unsigned acting = spec->duties != 0 ? spec->duties : user->duties;
	char roles[256];

	if ((spec->duties & ~user->duties) != 0) {
		cm_duties_print(spec->duties & ~user->duties, "and ", roles, sizeof roles);
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s is not %s: a token gives no more than its user has", user->id, roles);
	}
	if (spec->ops_count > CM_MAX_TOKEN_OPS)
		return cm_err_set(
		    err, CM_TOO_LARGE, "a token is for at most %d operations by name", CM_MAX_TOKEN_OPS);
	for (size_t i = 0; i < spec->ops_count; i++) {
		const struct cm_permission *permission = cm_permission_find(spec->ops[i]);

		if (permission == NULL)
			return cm_err_set(err, CM_UNKNOWN_NAME,
			    "there is no operation \"%.40s\"; `comity roles` has them all", spec->ops[i]);
		if ((permission->duties & acting) == 0)
			return cm_err_set(err, CM_NOT_ALLOWED, "%s may not %s, and so no token of its may",
			    user->id, spec->ops[i]);
	}
	if (spec->expires_ms <= spec->issued_ms)
		return cm_err_set(err, CM_BAD_INPUT, "a token expires after it was issued");
	return CM_OK;
}

/* The texts of the new token, in the arena. */
static bool copy_texts(struct cm_people *people, struct cm_user_token *token)
{
	token->user = cm_arena_text(&people->arena, token->user);
	token->region =
	    cm_arena_text(&people->arena, token->region != NULL ? token->region : "");
	for (size_t i = 0; i < token->ops_count; i++) {
		token->ops[i] = cm_arena_text(&people->arena, token->ops[i]);
		if (token->ops[i] == NULL)
			return false;
	}
	return token->user != NULL && token->region != NULL;
}

enum cm_status cm_people_put_token(struct cm_people *people, const struct cm_user_token *spec,
    const struct cm_token *token, struct cm_err *err)
{
	const struct cm_user *user = cm_people_user(people, spec->user);
	struct cm_user_token fresh = *spec;
	struct cm_user_token *tokens;
	struct cm_identity identity;
	enum cm_status status;

	if (user == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "there is no user %.64s", spec->user);
	status = check_scope(user, spec, err);
	if (status != CM_OK)
		return status;
	if (people->tokens_count == CM_MAX_TOKENS)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d tokens", CM_MAX_TOKENS);
	tokens = one_more(
	    people, people->tokens, people->tokens_count, &people->tokens_cap, sizeof *tokens);
	if (tokens != NULL)
		people->tokens = tokens;
	if (tokens == NULL || !copy_texts(people, &fresh))
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a token");
	memcpy(fresh.id, token->id, sizeof fresh.id);
	cm_token_digest_of(token, fresh.digest);
	cm_token_identity(token, &identity);
	memcpy(fresh.key, identity.public_key, sizeof fresh.key);
	cm_identity_wipe(&identity);
	tokens[people->tokens_count++] = fresh;
	return CM_OK;
}

/* ---- who may --------------------------------------------------------------------------------- */

static void print_day(int64_t ms, char out[CM_WALL_TEXT_BYTES])
{
	cm_wall_print((struct cm_wall){ms}, out);
	out[strcspn(out, ".")] = 0;
}

/* The token that was shown. An unknown id costs the same comparison as a known one, and is answered alike. */
static const struct cm_user_token *find_shown(const struct cm_people *people, const char *pass_text)
{
	static const uint8_t nobody[CM_DIGEST_BYTES];
	const struct cm_user_token *found = NULL;
	char id[CM_TOKEN_ID_TEXT_BYTES];
	uint8_t pass[CM_TOKEN_PASS_BYTES];
	uint8_t digest[CM_DIGEST_BYTES];

	if (!cm_token_pass_parse(pass_text, id, pass))
		return NULL;
	for (size_t i = 0; i < people->tokens_count; i++)
		if (strcmp(people->tokens[i].id, id) == 0)
			found = &people->tokens[i];
	cm_token_digest(pass, digest);
	if (!cm_token_digest_equal(digest, found != NULL ? found->digest : nobody))
		return NULL;
	return found;
}

static enum cm_status check_token(
    const struct cm_request *request, const struct cm_grant *grant, struct cm_err *err)
{
	const struct cm_user_token *token = grant->token;
	char day[CM_WALL_TEXT_BYTES];

	if (token->revoked_ms != 0) {
		print_day(token->revoked_ms, day);
		return cm_err_set(err, CM_NOT_ALLOWED, "the token was revoked at %s", day);
	}
	if (request->now.ms >= token->expires_ms) {
		print_day(token->expires_ms, day);
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the token expired at %s: the operator of %s issues another", day, request->process);
	}
	if (token->region[0] != 0 && strcmp(token->region, request->region) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "the token is for region %s, and %s is not of it",
		    token->region, request->process);
	for (size_t i = 0; i < token->ops_count; i++)
		if (strcmp(token->ops[i], request->op) == 0)
			return CM_OK;
	return token->ops_count == 0 ? CM_OK
	                             : cm_err_set(err, CM_NOT_ALLOWED,
	                                   "the token is not for %s: it was issued for other operations",
	                                   request->op);
}

static enum cm_status check_duties(
    const struct cm_request *request, const struct cm_grant *grant, struct cm_err *err)
{
	char wanted[256];
	char has[256];

	if ((grant->duties & grant->permission->duties) != 0)
		return CM_OK;
	cm_duties_print(grant->permission->duties, "or ", wanted, sizeof wanted);
	cm_duties_print(grant->duties, "and ", has, sizeof has);
	return cm_err_set(err, CM_NOT_ALLOWED, "%s is for %s; \"%s\" is %s", request->op, wanted,
	    grant->user->words, has);
}

enum cm_status cm_people_check(const struct cm_people *people, const struct cm_request *request,
    struct cm_grant *out, struct cm_err *err)
{
	enum cm_status status;

	*out = (struct cm_grant){.permission = cm_permission_find(request->op)};
	if (people->tokens_count == 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s has no users yet: on its machine `comity token user` and `comity token issue` let the first one in",
		    request->process);
	if (request->pass == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s asks who you are: name your token's file with --token-file or COMITY_TOKEN_FILE",
		    request->process);
	out->token = find_shown(people, request->pass);
	if (out->token != NULL)
		out->user = cm_people_user(people, out->token->user);
	if (out->user == NULL) {
		out->token = NULL;
		return cm_err_set(
		    err, CM_NOT_ALLOWED, "the token is not one that %s knows", request->process);
	}
	out->duties = out->user->duties & (out->token->duties != 0 ? out->token->duties : CM_DUTIES_ALL);
	if (out->permission == NULL)
		return cm_err_set(err, CM_UNKNOWN_NAME, "%s knows no operation of that name",
		    request->process);
	status = check_token(request, out, err);
	return status == CM_OK ? check_duties(request, out, err) : status;
}
