#include "nodes/desk/intake_parts.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"
#include "protocol/wire/limits.h"

static enum cm_status scalar_text(struct cm_reading *r, json_t *value, const char *where,
    const char **out)
{
	if (json_is_boolean(value)) {
		*out = json_is_true(value) ? "yes" : "no";
		return CM_OK;
	}
	if (json_is_integer(value)) {
		*out = cm_arena_printf(
		    r->arena, "%lld", (long long)json_integer_value(value));
		return *out != NULL ? CM_OK
		                    : cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	}
	if (json_is_string(value))
		return cm_reading_text(r, value, where, CM_MAX_TEXT_BYTES, out);
	return cm_err_set(r->err, CM_BAD_INPUT,
	    "%s: a text, a whole number, true, false, null or a list of texts is wanted", where);
}

static enum cm_status read_unknown(struct cm_reading *r, json_t *value, const char *where,
    struct cm_fact_text *fact)
{
	static const char *const names[] = {"unknown"};
	const char *word = json_string_value(json_object_get(value, "unknown"));
	enum cm_status status = cm_reading_check_names(r, value, where, names, 1);

	if (status != CM_OK)
		return status;
	if (word != NULL && strcmp(word, "not asked") == 0)
		fact->knowledge = CM_NOT_ASKED;
	else if (word != NULL && strcmp(word, "cannot tell") == 0)
		fact->knowledge = CM_CANNOT_TELL;
	else
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: \"unknown\" is \"not asked\" or \"cannot tell\"", where);
	return CM_OK;
}

static enum cm_status read_values(struct cm_reading *r, json_t *value, const char *where,
    struct cm_fact_text *fact)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	const char **values;

	if (count == 0)
		return cm_err_set(r->err, CM_BAD_INPUT, "%s: an empty list", where);
	if (count > CM_MAX_FACT_VALUES)
		return cm_err_set(
		    r->err, CM_TOO_LARGE, "%s: more than %d values", where, CM_MAX_FACT_VALUES);
	values = cm_arena_alloc(r->arena, count, sizeof *values);
	if (values == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
		enum cm_status status;

		if (item != value && !json_is_string(item))
			return cm_err_set(r->err, CM_BAD_INPUT, "%s[%zu]: a text is wanted", where, i);
		status = scalar_text(r, item, where, &values[i]);
		if (status != CM_OK)
			return status;
	}
	fact->values = values;
	fact->values_count = count;
	return CM_OK;
}

/* Facts that come from elsewhere: the demand's frame, the residency map, the findings. */
bool cm_intake_is_reserved(const char *name)
{
	static const char *const names[] = {"issuing_state", "data", "hosting_state", "hosted",
	    "conflict_bar", "conflict_state", "duty", "process_barred", "reach", "bar",
	    "channel_required", "mlat_open", "agreement_applies", "agreement_open", "motion_open",
	    "comity_open", "objection_open", "secrecy_challenge_open", "gagged"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum cm_status unknown_fact(struct cm_reading *r, const char *where, const char *name)
{
	const char *words[256];
	size_t count = cm_law_fact_count(r->env->law);
	const char *near;

	count = count > 256 ? 256 : count;
	for (size_t i = 0; i < count; i++)
		words[i] = cm_law_fact(r->env->law, i)->name;
	near = cm_text_suggest(name, words, count);
	return cm_reading_refuse_name(r, where, "the vocabulary has no fact", name, near);
}

const char *cm_reading_without_name(const struct cm_err *err, const char *name)
{
	size_t len = strlen(name);

	return strncmp(err->text, "fact ", 5) == 0 && strncmp(err->text + 5, name, len) == 0 &&
	               strncmp(err->text + 5 + len, ": ", 2) == 0
	           ? err->text + 5 + len + 2
	           : err->text;
}

/* true and false are for questions of yes and no: elsewhere the engine would complain of a "yes" that
 * nobody wrote. */
static bool takes_booleans(const struct cm_reading *r, const char *name)
{
	size_t index = (size_t)cm_law_find_fact(r->env->law, name);
	enum cm_fact_type type = cm_law_fact(r->env->law, index)->type;

	return type == CM_FACT_YES_NO || type == CM_FACT_JUDGMENT;
}

/* A judgment: the value, who made it, and why. Both travel with it, as the fact's source. */
static enum cm_status read_judgment(struct cm_reading *r, json_t *value, const char *where,
    struct cm_fact_text *fact)
{
	static const char *const names[] = {"value", "by", "reasons"};
	const char *by = NULL;
	const char *reasons = NULL;
	char place[200];
	enum cm_status status = cm_reading_check_names(r, value, where, names, 3);

	if (status != CM_OK)
		return status;
	(void)snprintf(place, sizeof place, "%s.by", where);
	status = cm_reading_text(r, json_object_get(value, "by"), place, 200, &by);
	(void)snprintf(place, sizeof place, "%s.reasons", where);
	if (status == CM_OK)
		status = cm_reading_text(r, json_object_get(value, "reasons"), place, 2000, &reasons);
	(void)snprintf(place, sizeof place, "%s.value", where);
	if (status == CM_OK)
		status = read_values(r, json_object_get(value, "value"), place, fact);
	if (status != CM_OK)
		return status;
	fact->source = cm_arena_printf(r->arena, "%s: %s", by, reasons);
	return fact->source != NULL ? CM_OK
	                            : cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
}

static bool is_judgment(const struct cm_reading *r, const char *name)
{
	int index = cm_law_find_fact(r->env->law, name);

	return index >= 0 &&
	       cm_law_fact(r->env->law, (size_t)index)->type == CM_FACT_JUDGMENT;
}

static enum cm_status read_fact(struct cm_reading *r, const char *name, json_t *value,
    const char *where, struct cm_fact_text *out)
{
	struct cm_err inner;
	enum cm_status status;
	char place[160];

	(void)snprintf(place, sizeof place, "%s.%.64s", where, name);
	if (cm_intake_is_reserved(name))
		return cm_err_set(
		    r->err, CM_NOT_ALLOWED, "%s: comes from elsewhere and is not served", place);
	/* Before the name stands in a sentence it is a word of the vocabulary. */
	if (cm_law_find_fact(r->env->law, name) < 0)
		return unknown_fact(r, where, name);
	if (json_is_boolean(value) && !takes_booleans(r, name))
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: true or false does not answer this question", place);
	*out = (struct cm_fact_text){.source = "the demand"};
	out->name = cm_arena_text(r->arena, name);
	if (out->name == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	if (json_is_null(value)) {
		out->knowledge = CM_NOT_ASKED;
		status = CM_OK;
	} else if (json_is_object(value) && is_judgment(r, name) &&
	           json_object_get(value, "unknown") == NULL) {
		status = read_judgment(r, value, place, out);
	} else if (json_is_object(value)) {
		status = read_unknown(r, value, place, out);
	} else if (is_judgment(r, name)) {
		return cm_err_set(r->err, CM_NOT_ALLOWED,
		    "%s: a judgment is made by a named role, with reasons: { \"value\": true, \"by\": "
		    "\"regional counsel, Dublin\", \"reasons\": \"...\" }",
		    place);
	} else {
		status = read_values(r, value, place, out);
	}
	if (status != CM_OK)
		return status;
	status = cm_facts_set(r->probe, out, &inner);
	if (status != CM_OK)
		return cm_reading_refuse_value(r, status, place, out->values, out->values_count,
		    cm_reading_without_name(&inner, name));
	return CM_OK;
}

enum cm_status cm_reading_facts(struct cm_reading *r, json_t *object, const char *where,
    const struct cm_fact_text **out, size_t *count)
{
	struct cm_fact_text *facts;
	const char *key;
	json_t *value;

	*count = 0;
	if (object == NULL)
		return CM_OK;
	if (!json_is_object(object))
		return cm_err_set(r->err, CM_BAD_INPUT, "%s: an object is wanted", where);
	if (json_object_size(object) > CM_MAX_FACTS)
		return cm_err_set(
		    r->err, CM_TOO_LARGE, "%s: more than %d facts", where, CM_MAX_FACTS);
	facts = cm_arena_alloc(r->arena, json_object_size(object) + 1, sizeof *facts);
	if (facts == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	json_object_foreach(object, key, value) {
		enum cm_status status = read_fact(r, key, value, where, &facts[*count]);

		if (status != CM_OK)
			return status;
		(*count)++;
	}
	*out = facts;
	return CM_OK;
}
