#include "nodes/desk/intake.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "nodes/desk/review.h"
#include "protocol/base/text.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/limits.h"

struct reading {
	const struct cm_intake_env *env;
	json_t *root; /* borrowed */
	struct cm_arena *arena;
	struct cm_facts *probe; /* every fact is set here once, to see that it fits */
	struct cm_err *err;
};

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
static bool may_be_repeated(const struct reading *r, const char *text)
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

static enum cm_status refuse_value(struct reading *r, enum cm_status status, const char *where,
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

static enum cm_status refuse_name(struct reading *r, const char *where, const char *what,
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

/* A field an object may have. */
static enum cm_status check_names(struct reading *r, json_t *object, const char *where,
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
		return refuse_name(r, where, "no field", key, near);
	}
	return CM_OK;
}

static enum cm_status read_text(struct reading *r, json_t *value, const char *where, size_t most,
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

/* ---- facts ----------------------------------------------------------------------------------- */

static enum cm_status scalar_text(struct reading *r, json_t *value, const char *where,
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
		return read_text(r, value, where, CM_MAX_TEXT_BYTES, out);
	return cm_err_set(r->err, CM_BAD_INPUT,
	    "%s: a text, a whole number, true, false, null or a list of texts is wanted", where);
}

static enum cm_status read_unknown(struct reading *r, json_t *value, const char *where,
    struct cm_fact_text *fact)
{
	static const char *const names[] = {"unknown"};
	const char *word = json_string_value(json_object_get(value, "unknown"));
	enum cm_status status = check_names(r, value, where, names, 1);

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

static enum cm_status read_values(struct reading *r, json_t *value, const char *where,
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
static bool is_reserved(const char *name)
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

static enum cm_status unknown_fact(struct reading *r, const char *where, const char *name)
{
	const char *words[256];
	size_t count = cm_law_fact_count(r->env->law);
	const char *near;

	count = count > 256 ? 256 : count;
	for (size_t i = 0; i < count; i++)
		words[i] = cm_law_fact(r->env->law, i)->name;
	near = cm_text_suggest(name, words, count);
	return refuse_name(r, where, "the vocabulary has no fact", name, near);
}

/* What the engine says of a value, without the name of the fact that stands before it. */
static const char *without_name(const struct cm_err *err, const char *name)
{
	size_t len = strlen(name);

	return strncmp(err->text, "fact ", 5) == 0 && strncmp(err->text + 5, name, len) == 0 &&
	               strncmp(err->text + 5 + len, ": ", 2) == 0
	           ? err->text + 5 + len + 2
	           : err->text;
}

/* true and false are for questions of yes and no: elsewhere the engine would complain of a "yes" that
 * nobody wrote. */
static bool takes_booleans(const struct reading *r, const char *name)
{
	size_t index = (size_t)cm_law_find_fact(r->env->law, name);
	enum cm_fact_type type = cm_law_fact(r->env->law, index)->type;

	return type == CM_FACT_YES_NO || type == CM_FACT_JUDGMENT;
}

/* A judgment: the value, who made it, and why. Both travel with it, as the fact's source. */
static enum cm_status read_judgment(struct reading *r, json_t *value, const char *where,
    struct cm_fact_text *fact)
{
	static const char *const names[] = {"value", "by", "reasons"};
	const char *by = NULL;
	const char *reasons = NULL;
	char place[200];
	enum cm_status status = check_names(r, value, where, names, 3);

	if (status != CM_OK)
		return status;
	(void)snprintf(place, sizeof place, "%s.by", where);
	status = read_text(r, json_object_get(value, "by"), place, 200, &by);
	(void)snprintf(place, sizeof place, "%s.reasons", where);
	if (status == CM_OK)
		status = read_text(r, json_object_get(value, "reasons"), place, 2000, &reasons);
	(void)snprintf(place, sizeof place, "%s.value", where);
	if (status == CM_OK)
		status = read_values(r, json_object_get(value, "value"), place, fact);
	if (status != CM_OK)
		return status;
	fact->source = cm_arena_printf(r->arena, "%s: %s", by, reasons);
	return fact->source != NULL ? CM_OK
	                            : cm_err_set(r->err, CM_NO_MEMORY, "no memory for a demand");
}

static bool is_judgment(const struct reading *r, const char *name)
{
	int index = cm_law_find_fact(r->env->law, name);

	return index >= 0 &&
	       cm_law_fact(r->env->law, (size_t)index)->type == CM_FACT_JUDGMENT;
}

static enum cm_status read_fact(struct reading *r, const char *name, json_t *value,
    const char *where, struct cm_fact_text *out)
{
	struct cm_err inner;
	enum cm_status status;
	char place[160];

	(void)snprintf(place, sizeof place, "%s.%.64s", where, name);
	if (is_reserved(name))
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
		return refuse_value(r, status, place, out->values, out->values_count,
		    without_name(&inner, name));
	return CM_OK;
}

static enum cm_status read_facts(struct reading *r, json_t *object, const char *where,
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

/* ---- categories and targets ------------------------------------------------------------------ */

static enum cm_status read_categories(struct reading *r, json_t *array, struct cm_demand *demand)
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
		status = read_text(
		    r, json_array_get(array, i), where, CM_MAX_NAME_BYTES, &names[i]);
		if (status != CM_OK)
			return status;
		status = cm_facts_set_one(r->probe, "data", names[i], "the demand", &inner);
		if (status != CM_OK)
			return refuse_value(
			    r, status, where, &names[i], 1, without_name(&inner, "data"));
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[j], names[i]) == 0)
				return cm_err_set(r->err, CM_DUPLICATE,
				    "%s: \"%s\" is listed twice", where, names[i]);
	}
	demand->categories = names;
	demand->categories_count = count;
	return CM_OK;
}

static enum cm_status read_target(struct reading *r, json_t *object, size_t index,
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
	status = check_names(r, object, where, names, 2);
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
	return read_facts(r, json_object_get(object, "facts"), where, &out->facts, &out->facts_count);
}

static enum cm_status read_targets(struct reading *r, json_t *array, struct cm_demand *demand)
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

static enum cm_status read_frame(struct reading *r, json_t *root, struct cm_intake *out)
{
	static const char *const names[] = {
	    "comity", "reference", "issuing_state", "as_of", "facts", "categories", "targets"};
	json_t *version = json_object_get(root, "comity");
	json_t *reference = json_object_get(root, "reference");
	struct cm_err inner;
	enum cm_status status;

	if (!json_is_object(root))
		return cm_err_set(r->err, CM_BAD_INPUT, "a demand is one JSON object");
	status = check_names(r, root, "the demand", names, sizeof names / sizeof names[0]);
	if (status != CM_OK)
		return status;
	if (!json_is_integer(version) || json_integer_value(version) != 1)
		return cm_err_set(
		    r->err, CM_VERSION, "comity: must be 1, the version of this form");
	out->reference = "";
	if (reference != NULL)
		status = read_text(r, reference, "reference", CM_REFERENCE_BYTES, &out->reference);
	if (status == CM_OK)
		status = read_text(r, json_object_get(root, "issuing_state"), "issuing_state",
		    CM_MAX_NAME_BYTES, &out->demand.issuing_state);
	if (status != CM_OK)
		return status;
	status = cm_facts_set_one(
	    r->probe, "issuing_state", out->demand.issuing_state, "the demand", &inner);
	return status == CM_OK ? CM_OK
	                       : refuse_value(r, status, "issuing_state",
	                             &out->demand.issuing_state, 1,
	                             without_name(&inner, "issuing_state"));
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
static enum cm_status read_as_of(struct reading *r, json_t *root, struct cm_wall now,
    struct cm_demand *demand)
{
	json_t *given = json_object_get(root, "as_of");
	struct cm_day day = cm_wall_utc_day(now);
	char what[64];
	enum cm_status status;

	if (given != NULL) {
		status = read_text(r, given, "as_of", CM_DAY_TEXT_BYTES, &demand->as_of);
		if (status != CM_OK)
			return status;
		if (cm_day_parse(demand->as_of, strlen(demand->as_of), &day))
			return CM_OK;
		(void)snprintf(what, sizeof what, "\"%s\" is not a day, YYYY-MM-DD", demand->as_of);
		return refuse_value(r, CM_BAD_INPUT, "as_of", &demand->as_of, 1, what);
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

static enum cm_status read_root(struct reading *r, json_t *root, struct cm_wall now,
    struct cm_intake *out)
{
	struct cm_demand *demand = &out->demand;
	enum cm_status status;

	r->root = root;
	status = read_frame(r, root, out);

	if (status == CM_OK)
		status = read_categories(r, json_object_get(root, "categories"), demand);
	if (status == CM_OK)
		status = read_facts(r, json_object_get(root, "facts"), "facts", &demand->facts,
		    &demand->facts_count);
	if (status == CM_OK)
		status = read_as_of(r, root, now, demand);
	if (status == CM_OK)
		status = read_targets(r, json_object_get(root, "targets"), demand);
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

enum cm_status cm_intake_read(const struct cm_intake_env *env, const char *text, size_t len,
    struct cm_wall now, struct cm_arena *arena, struct cm_intake *out, struct cm_err *err)
{
	struct reading r = {.env = env, .arena = arena, .err = err};
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
	cm_digest(text, len, fingerprint);
	out->demand.fingerprint = (struct cm_bytes){fingerprint, CM_DIGEST_BYTES};
	out->demand.intake = env->node;
	out->demand.registered_ms = now.ms;
	return CM_OK;
}
