/*
 * A demand in JSON as facts, for looking at rules only: no identifier is read, nothing is blinded or
 * stored. What `comity file` would refuse is refused there; here only what is no fact.
 */
#include <jansson.h>
#include <string.h>

#include "nodes/cli/rules_source.h"
#include "protocol/wire/limits.h"

#define MAX_FACTS 512

struct cm_rules_demands {
	struct cm_arena arena;
	struct cm_stored *items;
	size_t count;
	size_t next;
};

struct facts {
	struct cm_fact_text *list;
	size_t count;
	struct cm_arena *arena;
	bool failed;
};

static void value_add(struct facts *facts, const char **values, size_t *count, json_t *value)
{
	const char *text = NULL;

	if (json_is_boolean(value))
		text = json_is_true(value) ? "yes" : "no";
	else if (json_is_integer(value))
		text = cm_arena_printf(facts->arena, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		text = cm_arena_text(facts->arena, json_string_value(value));
	if (text == NULL)
		facts->failed = true;
	else
		values[(*count)++] = text;
}

static void fact_add(struct facts *facts, const char *name, json_t *value)
{
	size_t most = json_is_array(value) ? json_array_size(value) : 1;
	const char **values = cm_arena_alloc(facts->arena, most + 1, sizeof *values);
	struct cm_fact_text text = {.values = values, .source = "the demand"};

	text.name = cm_arena_text(facts->arena, name);
	if (values == NULL || text.name == NULL || facts->count == MAX_FACTS) {
		facts->failed = true;
		return;
	}
	if (json_is_null(value))
		text.knowledge = CM_NOT_ASKED;
	else if (json_is_object(value))
		text.knowledge = json_equal(json_object_get(value, "unknown"), json_null())
				     ? CM_NOT_ASKED
				     : CM_CANNOT_TELL;
	else if (json_is_array(value))
		for (size_t i = 0; i < most; i++)
			value_add(facts, values, &text.values_count, json_array_get(value, i));
	else
		value_add(facts, values, &text.values_count, value);
	facts->list[facts->count++] = text;
}

static void object_add(struct facts *facts, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) fact_add(facts, name, value);
}

static bool day_of(json_t *root, struct cm_day *out)
{
	const char *text = json_string_value(json_object_get(root, "as_of"));

	if (text == NULL)
		text = json_string_value(
		    json_object_get(json_object_get(root, "facts"), "served_on"));
	return text != NULL && cm_day_parse(text, strlen(text), out);
}

static enum cm_status target_add(struct cm_rules_demands *demands, const char *path, json_t *root,
    size_t target, struct cm_err *err)
{
	json_t *targets = json_object_get(root, "targets");
	struct cm_stored *item = &demands->items[demands->count];
	struct facts facts = {.arena = &demands->arena};

	facts.list = cm_arena_alloc(&demands->arena, MAX_FACTS, sizeof *facts.list);
	item->name = json_array_size(targets) > 1
			 ? cm_arena_printf(&demands->arena, "%s#%zu", path, target + 1)
			 : cm_arena_text(&demands->arena, path);
	if (facts.list == NULL || item->name == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (!day_of(root, &item->as_of))
		return cm_err_set(
		    err, CM_BAD_INPUT, "%s: neither `as_of` nor a day of service", path);
	if (json_object_get(root, "issuing_state") != NULL)
		fact_add(&facts, "issuing_state", json_object_get(root, "issuing_state"));
	if (json_object_get(root, "categories") != NULL)
		fact_add(&facts, "data", json_object_get(root, "categories"));
	object_add(&facts, json_object_get(root, "facts"));
	object_add(&facts, json_object_get(json_array_get(targets, target), "facts"));
	if (facts.failed)
		return cm_err_set(err, CM_BAD_INPUT, "%s: a value is no text, number or list", path);
	item->facts = facts.list;
	item->facts_count = facts.count;
	demands->count++;
	return CM_OK;
}

static enum cm_status file_add(
    struct cm_rules_demands *demands, const char *path, struct cm_err *err)
{
	json_error_t why;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	size_t targets = json_array_size(json_object_get(root, "targets"));
	struct cm_stored *grown;
	enum cm_status status = CM_OK;

	if (root == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "%s: %s", path, why.text);
	targets = targets == 0 ? 1 : targets;
	grown = cm_realloc(demands->items, demands->count + targets, sizeof *grown);
	if (grown == NULL) {
		status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	} else {
		demands->items = grown;
		memset(grown + demands->count, 0, targets * sizeof *grown);
	}
	for (size_t i = 0; i < targets && status == CM_OK; i++)
		status = target_add(demands, path, root, i, err);
	json_decref(root);
	return status;
}

enum cm_status cm_rules_demands_open(const char *const *paths, size_t count,
    struct cm_rules_demands **out, struct cm_err *err)
{
	struct cm_rules_demands *demands = cm_alloc(1, sizeof *demands);
	enum cm_status status = CM_OK;

	*out = demands;
	if (demands == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	cm_arena_init(&demands->arena, 0);
	for (size_t i = 0; i < count && status == CM_OK; i++)
		status = file_add(demands, paths[i], err);
	return status;
}

void cm_rules_demands_close(struct cm_rules_demands *demands)
{
	if (demands == NULL)
		return;
	cm_arena_fini(&demands->arena);
	cm_free(demands->items);
	cm_free(demands);
}

bool cm_rules_demands_next(void *context, struct cm_stored *out)
{
	struct cm_rules_demands *demands = context;

	if (demands->next == demands->count)
		return false;
	*out = demands->items[demands->next++];
	return true;
}

/* ---- one case from the command line ---- */

static enum cm_status demand_set(const struct cm_cli *cli, const char *path,
    struct cm_rules_case *out, struct cm_err *err)
{
	size_t target = (size_t)cm_cli_count(cli, "target");
	struct cm_rules_demands *demands;
	enum cm_status status = cm_rules_demands_open(&path, 1, &demands, err);

	if (status == CM_OK && target > demands->count)
		status = cm_err_set(err, CM_NOT_FOUND, "%s: it has %zu targets", path, demands->count);
	if (status == CM_OK) {
		const struct cm_stored *item = &demands->items[target - 1];

		if (cm_cli_text(cli, "as-of") == NULL)
			out->as_of = item->as_of;
		for (size_t i = 0; i < item->facts_count && status == CM_OK; i++)
			status = cm_facts_set(out->facts, &item->facts[i], err);
	}
	cm_rules_demands_close(demands);
	return status;
}

static enum cm_status list_set(const char *text, struct cm_facts *facts, struct cm_err *err)
{
	struct cm_arena arena;
	char *copy;
	enum cm_status status = CM_OK;

	cm_arena_init(&arena, 0);
	copy = cm_arena_text(&arena, text);
	if (copy == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	for (char *save = NULL, *word = copy != NULL ? strtok_r(copy, " ", &save) : NULL;
	     word != NULL && status == CM_OK; word = strtok_r(NULL, " ", &save)) {
		struct cm_fact_value value;

		status = cm_rules_value(word, &arena, &value, err);
		if (status == CM_OK)
			status = cm_fact_values_set(facts, &value, 1, "the command line", err);
	}
	cm_arena_fini(&arena);
	return status;
}

enum cm_status cm_rules_case_open(const struct cm_cli *cli, const struct cm_law *law,
    struct cm_rules_case *out, struct cm_err *err)
{
	const char *demand = cm_cli_text(cli, "demand");
	const char *list = cm_cli_text(cli, "facts");
	const char *category = cm_cli_text(cli, "category");
	enum cm_status status = cm_rules_day(cli, &out->as_of, err);

	out->facts = cm_facts_new(law);
	if (status == CM_OK && out->facts == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (status == CM_OK && demand != NULL)
		status = demand_set(cli, demand, out, err);
	if (status == CM_OK && category != NULL)
		status = cm_facts_set_one(out->facts, "data", category, "the command line", err);
	if (status == CM_OK && list != NULL)
		status = list_set(list, out->facts, err);
	return status;
}

void cm_rules_case_fini(struct cm_rules_case *open)
{
	cm_facts_free(open->facts);
}
