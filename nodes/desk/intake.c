#include "nodes/desk/intake_parts.h"

#include <stdio.h>
#include <string.h>

#include "nodes/desk/review.h"
#include "protocol/base/text.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/limits.h"

/* ---- categories and targets ------------------------------------------------------------------ */

static enum cm_status read_categories(struct cm_reading *r, json_t *array, struct cm_demand *demand)
{
	const char **names;
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count == 0)
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "categories: a list of at least one data category is wanted");
	if (count > CM_MAX_CATEGORIES)
		return cm_err_set(r->err, CM_TOO_LARGE, "categories: more than %d", CM_MAX_CATEGORIES);
	names = cm_arena_alloc(r->arena, count, sizeof *names);
	if (names == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	for (size_t i = 0; i < count; i++) {
		struct cm_err inner;
		char where[40];
		enum cm_status status;

		(void)snprintf(where, sizeof where, "categories[%zu]", i);
		status = cm_reading_text(
		    r, json_array_get(array, i), where, CM_MAX_NAME_BYTES, &names[i]);
		if (status != CM_OK)
			return status;
		status = cm_facts_set_one(r->probe, "data", names[i], "the demand", &inner);
		if (status != CM_OK)
			return cm_reading_refuse_value(
			    r, status, where, &names[i], 1, cm_reading_without_name(&inner, "data"));
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[j], names[i]) == 0)
				return cm_err_set(r->err, CM_DUPLICATE,
				    "%s: \"%s\" is listed twice", where, names[i]);
	}
	demand->categories = names;
	demand->categories_count = count;
	return CM_OK;
}

static enum cm_status read_target(struct cm_reading *r, json_t *object, size_t index,
    struct cm_target *out)
{
	static const char *const names[] = {"identifier", "facts"};
	uint8_t *blind = cm_arena_alloc(r->arena, CM_BLIND_PAIR_BYTES, 1);
	struct cm_err inner;
	json_t *identifier;
	size_t blind_len = 0;
	char where[40];
	enum cm_status status;

	(void)snprintf(where, sizeof where, "targets[%zu]", index);
	if (!json_is_object(object))
		return cm_err_set(r->err, CM_BAD_INPUT, "%s: an object is wanted", where);
	status = cm_reading_check_names(r, object, where, names, 2);
	if (status != CM_OK)
		return status;
	identifier = json_object_get(object, "identifier");
	if (!json_is_string(identifier))
		return cm_err_set(r->err, CM_BAD_INPUT, "%s.identifier: a text is wanted", where);
	if (blind == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	status = cm_blind_target(r->env->key, json_string_value(identifier),
	    json_string_length(identifier), blind, &blind_len, &inner);
	if (status != CM_OK)
		return cm_err_set(r->err, status, "%s.identifier: %s", where, inner.text);
	*out = (struct cm_target){.index = (uint32_t)index + 1, .blind = {blind, blind_len}};
	(void)snprintf(where, sizeof where, "targets[%zu].facts", index);
	cm_facts_clear(r->probe);
	return cm_reading_facts(r, json_object_get(object, "facts"), where, &out->facts, &out->facts_count);
}

static enum cm_status read_targets(struct cm_reading *r, json_t *array, struct cm_demand *demand)
{
	struct cm_target *targets;
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count == 0)
		return cm_err_set(
		    r->err, CM_BAD_INPUT, "targets: a list of at least one target is wanted");
	if (count > CM_MAX_TARGETS)
		return cm_err_set(r->err, CM_TOO_LARGE, "targets: more than %d", CM_MAX_TARGETS);
	targets = cm_arena_alloc(r->arena, count, sizeof *targets);
	if (targets == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
	for (size_t i = 0; i < count; i++) {
		enum cm_status status =
		    read_target(r, json_array_get(array, i), i, &targets[i]);

		if (status != CM_OK)
			return status;
		for (size_t j = 0; j < i; j++)
			if (memcmp(targets[j].blind.data, targets[i].blind.data,
			        CM_BLIND_BYTES) == 0)
				return cm_err_set(r->err, CM_DUPLICATE,
				    "targets[%zu]: the same target as targets[%zu]", i, j);
	}
	demand->targets = targets;
	demand->targets_count = count;
	return CM_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static enum cm_status read_frame(struct cm_reading *r, json_t *root, struct cm_intake *out)
{
	static const char *const names[] = {
	    "comity", "reference", "issuing_state", "as_of", "facts", "categories", "targets", "order"};
	json_t *version = json_object_get(root, "comity");
	json_t *reference = json_object_get(root, "reference");
	struct cm_err inner;
	enum cm_status status;

	if (!json_is_object(root))
		return cm_err_set(r->err, CM_BAD_INPUT, "a demand is one JSON object");
	status = cm_reading_check_names(r, root, "the demand", names, sizeof names / sizeof names[0]);
	if (status != CM_OK)
		return status;
	if (!json_is_integer(version) || json_integer_value(version) != 1)
		return cm_err_set(
		    r->err, CM_VERSION, "comity: must be 1, the version of this form");
	/* It stays here, sealed with the rest of the bytes: nobody reads it for the desk. */
	if (json_object_get(root, "order") != NULL && !json_is_string(json_object_get(root, "order")))
		return cm_err_set(r->err, CM_BAD_INPUT, "order: a text is wanted");
	out->reference = "";
	if (reference != NULL)
		status = cm_reading_text(r, reference, "reference", CM_REFERENCE_BYTES, &out->reference);
	if (status == CM_OK)
		status = cm_reading_text(r, json_object_get(root, "issuing_state"), "issuing_state",
		    CM_MAX_NAME_BYTES, &out->demand.issuing_state);
	if (status != CM_OK)
		return status;
	status = cm_facts_set_one(
	    r->probe, "issuing_state", out->demand.issuing_state, "the demand", &inner);
	return status == CM_OK ? CM_OK
	                       : cm_reading_refuse_value(r, status, "issuing_state",
	                             &out->demand.issuing_state, 1,
	                             cm_reading_without_name(&inner, "issuing_state"));
}

static const char *served_on(const struct cm_demand *demand)
{
	for (size_t i = 0; i < demand->facts_count; i++)
		if (strcmp(demand->facts[i].name, "served_on") == 0 &&
		    demand->facts[i].values_count == 1)
			return demand->facts[i].values[0];
	return NULL;
}

/* The day whose law is asked for: given, or the day of service, or today. */
static enum cm_status read_as_of(struct cm_reading *r, json_t *root, struct cm_wall now,
    struct cm_demand *demand)
{
	json_t *given = json_object_get(root, "as_of");
	struct cm_day day = cm_wall_utc_day(now);
	char what[64];
	enum cm_status status;

	if (given != NULL) {
		status = cm_reading_text(r, given, "as_of", CM_DAY_TEXT_BYTES, &demand->as_of);
		if (status != CM_OK)
			return status;
		if (cm_day_parse(demand->as_of, strlen(demand->as_of), &day))
			return CM_OK;
		(void)snprintf(what, sizeof what, "\"%s\" is not a day, YYYY-MM-DD", demand->as_of);
		return cm_reading_refuse_value(r, CM_BAD_INPUT, "as_of", &demand->as_of, 1, what);
	}
	demand->as_of = served_on(demand);
	if (demand->as_of == NULL) {
		char text[CM_DAY_TEXT_BYTES];

		cm_day_print(day, text);
		demand->as_of = cm_arena_text(r->arena, text);
	}
	return demand->as_of != NULL ? CM_OK
	                             : cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
}

static enum cm_status read_root(struct cm_reading *r, json_t *root, struct cm_wall now,
    struct cm_intake *out)
{
	struct cm_demand *demand = &out->demand;
	enum cm_status status;

	r->root = root;
	status = read_frame(r, root, out);

	if (status == CM_OK)
		status = read_categories(r, json_object_get(root, "categories"), demand);
	if (status == CM_OK)
		status = cm_reading_facts(r, json_object_get(root, "facts"), "facts", &demand->facts,
		    &demand->facts_count);
	if (status == CM_OK)
		status = read_as_of(r, root, now, demand);
	if (status == CM_OK)
		status = read_targets(r, json_object_get(root, "targets"), demand);
	if (status == CM_OK)
		status = cm_reading_guard(r, json_object_get(root, "targets"), demand);
	if (status == CM_OK &&
	    demand->targets_count * demand->categories_count > CM_MAX_ASKED_PARTS)
		return cm_err_set(r->err, CM_TOO_LARGE,
		    "targets: %zu targets x %zu categories are more than %d parts; file it in several "
		    "pieces",
		    demand->targets_count, demand->categories_count, CM_MAX_ASKED_PARTS);
	return status;
}

static enum cm_status parse(const char *text, size_t len, json_t **root, struct cm_err *err)
{
	json_error_t where;

	if (len > CM_MAX_DEMAND_JSON_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "a demand of %zu bytes; at most %d are taken",
		    len, CM_MAX_DEMAND_JSON_BYTES);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return cm_err_set(err, CM_BAD_INPUT,
		    "not JSON: it begins with a byte order mark; save it without one");
	*root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (*root == NULL) {
		/* The library quotes what it stumbled over, which may be an identifier. */
		char *quote = strstr(where.text, " near ");

		if (quote != NULL)
			*quote = 0;
		if (strstr(where.text, "\\u0000") != NULL)
			(void)snprintf(where.text, sizeof where.text, "a text may not contain \\u0000");
		return cm_err_set(err, CM_BAD_INPUT, "not JSON: line %d, column %d: %s", where.line,
		    where.column, where.text);
	}
	return CM_OK;
}

void cm_intake_fingerprint(const uint8_t print_key[32], const void *text, size_t len, uint8_t out[32])
{
	cm_digest_keyed(print_key, text, len, out);
}

enum cm_status cm_intake_read(const struct cm_intake_env *env, const char *text, size_t len,
    struct cm_wall now, struct cm_arena *arena, struct cm_intake *out, struct cm_err *err)
{
	struct cm_reading r = {.env = env, .arena = arena, .err = err};
	uint8_t *fingerprint = cm_arena_alloc(arena, CM_DIGEST_BYTES, 1);
	json_t *root = NULL;
	enum cm_status status;

	*out = (struct cm_intake){0};
	if (fingerprint == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a demand");
	status = parse(text, len, &root, err);
	if (status != CM_OK)
		return status;
	r.probe = cm_facts_new(env->law);
	status = r.probe != NULL ? read_root(&r, root, now, out)
	                         : cm_err_set(err, CM_NO_MEMORY, "no memory for a demand");
	cm_facts_free(r.probe);
	json_decref(root);
	/* What is repeated was cut to fit, perhaps within a character. */
	if (status != CM_OK && err != NULL)
		cm_text_make_plain(err->text);
	if (status != CM_OK)
		return status;
	cm_intake_fingerprint(env->print_key, text, len, fingerprint);
	out->demand.fingerprint = (struct cm_bytes){fingerprint, CM_DIGEST_BYTES};
	out->demand.intake = env->node;
	out->demand.registered_ms = now.ms;
	return CM_OK;
}
