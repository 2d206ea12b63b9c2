/* The text of a file of users: JSON, since programs write it and persons only read it. */
#include "protocol/people/people.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FORM 1 /* of the file; a later one is refused */

/* ---- printing -------------------------------------------------------------------------------- */

static json_t *duties_json(unsigned duties)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < CM_DUTIES_COUNT; i++)
		if ((duties & CM_DUTY_BIT(i)) != 0)
			(void)json_array_append_new(array, json_string(cm_duty_word((enum cm_duty)i)));
	return array;
}

static json_t *user_json(const struct cm_user *user)
{
	json_t *json = json_pack("{s:s, s:s, s:o}", "id", user->id, "words", user->words, "roles",
	    duties_json(user->duties));

	if (user->is_drill)
		(void)json_object_set_new(json, "drill", json_true());
	return json;
}

static json_t *token_json(const struct cm_user_token *token)
{
	char digest[2 * CM_DIGEST_BYTES + 1];
	char key[2 * CM_PUBLIC_KEY_BYTES + 1];
	json_t *ops = json_array();

	cm_hex_print(token->digest, sizeof token->digest, digest);
	cm_hex_print(token->key, sizeof token->key, key);
	for (size_t i = 0; i < token->ops_count; i++)
		(void)json_array_append_new(ops, json_string(token->ops[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:I}", "id", token->id, "user",
	    token->user, "digest", digest, "key", key, "roles", duties_json(token->duties), "operations",
	    ops, "region", token->region, "issued_ms", (json_int_t)token->issued_ms, "expires_ms",
	    (json_int_t)token->expires_ms, "revoked_ms", (json_int_t)token->revoked_ms);
}

void cm_people_print(const struct cm_people *people, struct cm_buf *out)
{
	json_t *users = json_array();
	json_t *tokens = json_array();
	json_t *root;
	char *text;

	for (size_t i = 0; i < people->users_count; i++)
		(void)json_array_append_new(users, user_json(&people->users[i]));
	for (size_t i = 0; i < people->tokens_count; i++)
		(void)json_array_append_new(tokens, token_json(&people->tokens[i]));
	if (json_array_size(users) != people->users_count ||
	    json_array_size(tokens) != people->tokens_count)
		out->failed = true; /* none may be lost in silence */
	root = json_pack("{s:i, s:o, s:o}", "comity_people", FORM, "users", users, "tokens", tokens);
	text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
	if (text != NULL)
		cm_buf_printf(out, "%s\n", text);
	else
		out->failed = true;
	free(text); /* jansson's own allocator */
	json_decref(root);
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static bool read_duties(const json_t *array, unsigned *out)
{
	size_t i;
	json_t *item;
	enum cm_duty duty;

	*out = 0;
	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item) || !cm_duty_parse(json_string_value(item), &duty))
			return false;
		*out |= CM_DUTY_BIT(duty);
	}
	return true;
}

static enum cm_status read_user(struct cm_people *out, const json_t *object, struct cm_err *err)
{
	struct cm_user user = {.id = text_of(object, "id"),
	    .words = text_of(object, "words"),
	    .is_drill = json_is_true(json_object_get(object, "drill"))};

	if (!read_duties(json_object_get(object, "roles"), &user.duties))
		return cm_err_set(err, CM_BAD_INPUT, "user %.64s: a role that there is not", user.id);
	if (cm_people_user(out, user.id) != NULL)
		return cm_err_set(err, CM_DUPLICATE, "user %.64s stands there twice", user.id);
	return cm_people_put_user(out, &user, err);
}

static bool read_hex(const json_t *object, const char *name, uint8_t *out, size_t len)
{
	const char *text = text_of(object, name);

	return cm_hex_parse(text, strlen(text), out, len);
}

static bool read_ops(struct cm_people *out, const json_t *array, struct cm_user_token *token)
{
	size_t i;
	json_t *item;

	if (!json_is_array(array) || json_array_size(array) > CM_MAX_TOKEN_OPS)
		return false;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item))
			return false;
		token->ops[i] = cm_arena_text(&out->arena, json_string_value(item));
		if (token->ops[i] == NULL)
			return false;
		token->ops_count = i + 1;
	}
	return true;
}

static bool read_times(const json_t *object, struct cm_user_token *token)
{
	const json_t *issued = json_object_get(object, "issued_ms");
	const json_t *expires = json_object_get(object, "expires_ms");
	const json_t *revoked = json_object_get(object, "revoked_ms");

	token->issued_ms = json_integer_value(issued);
	token->expires_ms = json_integer_value(expires);
	token->revoked_ms = json_integer_value(revoked);
	/* None of them may be left out: a token without an end would be one for ever. */
	return json_is_integer(issued) && json_is_integer(expires) && json_is_integer(revoked);
}

static enum cm_status read_token(
    struct cm_people *out, const json_t *object, struct cm_user_token *slot, struct cm_err *err)
{
	const char *id = text_of(object, "id");
	const struct cm_user *user = cm_people_user(out, text_of(object, "user"));
	uint8_t id_bytes[CM_TOKEN_ID_BYTES];

	*slot = (struct cm_user_token){.region = cm_arena_text(&out->arena, text_of(object, "region"))};
	if (!cm_hex_parse(id, strlen(id), id_bytes, sizeof id_bytes))
		return cm_err_set(err, CM_BAD_INPUT, "a token has an id of %d hex digits",
		    2 * CM_TOKEN_ID_BYTES);
	cm_hex_print(id_bytes, sizeof id_bytes, slot->id);
	if (cm_people_token(out, slot->id) != NULL)
		return cm_err_set(err, CM_DUPLICATE, "token %s stands there twice", slot->id);
	if (user == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "token %s is of no user that is there", slot->id);
	slot->user = user->id;
	if (slot->region == NULL || !json_is_string(json_object_get(object, "region")) ||
	    !read_hex(object, "digest", slot->digest, sizeof slot->digest) ||
	    !read_hex(object, "key", slot->key, sizeof slot->key) ||
	    !read_duties(json_object_get(object, "roles"), &slot->duties) ||
	    !read_ops(out, json_object_get(object, "operations"), slot) || !read_times(object, slot))
		return cm_err_set(err, CM_BAD_INPUT, "token %s is not whole", slot->id);
	return CM_OK;
}

static enum cm_status read_tokens(struct cm_people *out, const json_t *array, struct cm_err *err)
{
	size_t count = json_array_size(array);
	enum cm_status status = CM_OK;

	if (count > CM_MAX_TOKENS)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d tokens", CM_MAX_TOKENS);
	out->tokens_cap = count + 1;
	out->tokens = cm_arena_alloc(&out->arena, out->tokens_cap, sizeof *out->tokens);
	if (out->tokens == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for tokens");
	for (size_t i = 0; status == CM_OK && i < count; i++) {
		status = read_token(out, json_array_get(array, i), &out->tokens[i], err);
		out->tokens_count += status == CM_OK;
	}
	return status;
}

static enum cm_status read_root(struct cm_people *out, const json_t *root, struct cm_err *err)
{
	const json_t *users = json_object_get(root, "users");
	const json_t *tokens = json_object_get(root, "tokens");
	enum cm_status status = CM_OK;

	if (!json_is_integer(json_object_get(root, "comity_people")))
		return cm_err_set(err, CM_BAD_INPUT, "this is no file of users");
	if (json_integer_value(json_object_get(root, "comity_people")) != FORM)
		return cm_err_set(err, CM_VERSION, "a file of users in a form that this program is too old for");
	if (!json_is_array(users) || !json_is_array(tokens))
		return cm_err_set(err, CM_BAD_INPUT, "a file of users has lists of users and of tokens");
	for (size_t i = 0; status == CM_OK && i < json_array_size(users); i++)
		status = read_user(out, json_array_get(users, i), err);
	return status == CM_OK ? read_tokens(out, tokens, err) : status;
}

enum cm_status cm_people_parse(
    const char *text, size_t len, struct cm_people *out, struct cm_err *err)
{
	json_error_t where;
	enum cm_status status;
	json_t *root;

	cm_people_init(out);
	if (len > CM_MAX_PEOPLE_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d bytes", CM_MAX_PEOPLE_BYTES);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	status = root != NULL ? read_root(out, root, err)
	                      : cm_err_set(err, CM_BAD_INPUT, "line %d: it is no JSON", where.line);
	json_decref(root);
	if (status != CM_OK) {
		cm_people_fini(out);
		cm_people_init(out);
	}
	return status;
}
