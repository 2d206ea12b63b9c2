#include "nodes/desk/intake_parts.h"

#include <string.h>
#include <strings.h>

#include "protocol/base/text.h"

/* ---- what a sentence may repeat -------------------------------------------------------------- */

static bool names_target(json_t *root, const char *text)
{
	json_t *targets = json_object_get(root, "targets");

	for (size_t i = 0; i < json_array_size(targets); i++) {
		json_t *target = json_array_get(targets, i);
		const char *identifier = json_string_value(json_object_get(target, "identifier"));

		if (identifier == NULL || strlen(identifier) < 3)
			continue;
		if (strcasestr(text, identifier) != NULL)
			return true;
		if (strlen(text) > 3 && strncasecmp(identifier, text, strlen(text)) == 0)
			return true;
	}
	return false;
}

/* Identifiers get into the wrong field; no sentence repeats what may be one. */
static bool may_be_repeated(const struct cm_reading *r, const char *text)
{
	return strchr(text, '@') == NULL && !names_target(r->root, text);
}

/* True for what looks like the name of a field, and like no account or number. */
static bool is_word(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
	           strlen(text) &&
	       ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
}

enum cm_status cm_reading_refuse_value(struct cm_reading *r, enum cm_status status, const char *where,
    const char *const *values, size_t count, const char *sentence)
{
	for (size_t i = 0; i < count; i++)
		if (!may_be_repeated(r, values[i]))
			return cm_err_set(r->err, status,
			    "%s: a value does not fit; it is not repeated here, since it may name a "
			    "target",
			    where);
	return cm_err_set(r->err, status, "%s: %s", where, sentence);
}

enum cm_status cm_reading_refuse_name(struct cm_reading *r, const char *where, const char *what,
    const char *name, const char *near)
{
	if (near != NULL && may_be_repeated(r, name))
		return cm_err_set(r->err, CM_UNKNOWN_NAME, "%s: %s \"%.60s\"; did you mean \"%s\"?",
		    where, what, name, near);
	/* Beside an identifier stands nothing unknown that could not be one itself. */
	if (is_word(name) && may_be_repeated(r, name) && strncmp(where, "targets[", 8) != 0)
		return cm_err_set(r->err, CM_UNKNOWN_NAME, "%s: %s \"%.60s\"", where, what, name);
	return cm_err_set(r->err, CM_UNKNOWN_NAME,
	    "%s: %s of such a name; it is not repeated here, since it may name a target", where,
	    what);
}

enum cm_status cm_reading_check_names(struct cm_reading *r, json_t *object, const char *where,
    const char *const *names, size_t count)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		const char *near;
		size_t i = 0;

		while (i < count && strcmp(names[i], key) != 0)
			i++;
		if (i < count)
			continue;
		near = cm_text_suggest(key, names, count);
		return cm_reading_refuse_name(r, where, "no field", key, near);
	}
	return CM_OK;
}

enum cm_status cm_reading_text(struct cm_reading *r, json_t *value, const char *where, size_t most,
    const char **out)
{
	size_t len;

	if (!json_is_string(value))
		return cm_err_set(r->err, CM_BAD_INPUT, "%s: a text is wanted", where);
	len = json_string_length(value);
	if (len == 0)
		return cm_err_set(r->err, CM_BAD_INPUT, "%s: empty", where);
	if (len > most)
		return cm_err_set(r->err, CM_TOO_LARGE, "%s: longer than %zu bytes", where, most);
	if (!cm_text_is_plain(json_string_value(value), len) ||
	    strlen(json_string_value(value)) != len)
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: has control characters or characters that change how it reads", where);
	*out = cm_arena_text_n(r->arena, json_string_value(value), len);
	return *out != NULL ? CM_OK : cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
}
