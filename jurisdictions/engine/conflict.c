#include "jurisdictions/engine/opposed.h"
#include "jurisdictions/engine/scope.h"

#include <string.h>

struct judge {
	const struct cm_law *law;
	const struct cm_facts *facts;
	struct cm_day as_of;
	const struct cm_decision *decision;
	struct cm_arena *arena;
	struct cm_scope scope;
	struct cm_conflict *items; /* NULL while only counting */
	size_t count;
};

static bool speaks(const struct judge *judge, size_t rule)
{
	enum cm_rule_state state = cm_decision_state(judge->decision, rule);

	return (state == CM_RULE_HOLDS || state == CM_RULE_POSSIBLE) &&
	       !cm_rule_is_policy(judge->law->rules[rule].def);
}

/* Inside one sovereign a permission against a bar is for a person too. */
static bool opposes(const struct judge *judge, size_t duty, size_t bar, bool *internal)
{
	const struct cm_rule_def *a = judge->law->rules[duty].def;
	const struct cm_rule_def *b = judge->law->rules[bar].def;

	if (b->modality != CM_FORBIDS || !cm_rules_meet(a, b))
		return false;
	*internal = cm_rules_share_sovereign(judge->law, a, b);
	return a->modality == CM_REQUIRES || (*internal && a->modality == CM_PERMITS);
}

static bool demanded(const struct judge *judge, uint64_t may[4])
{
	const struct cm_law *law = judge->law;

	if (law->data_fact < 0)
		return false;
	memcpy(may, judge->facts->slots[law->data_fact].may, 4 * sizeof *may);
	return true;
}

/* The categories in conflict, as far as they may be demanded, and those demanded that are not. */
static bool data_write(const struct judge *judge, size_t duty, size_t bar, struct cm_conflict *out)
{
	struct cm_data both = cm_data_meet(cm_rule_data(judge->law->rules[duty].def),
	    cm_rule_data(judge->law->rules[bar].def));
	uint64_t may[4] = {0};
	uint64_t rest[4] = {0};

	if (!demanded(judge, may) || both.is_all)
		return true;
	for (int i = 0; i < 4; i++) {
		rest[i] = may[i] & ~both.bits[i];
		both.bits[i] &= may[i];
	}
	return cm_data_names(judge->law, both.bits, judge->arena, &out->data, &out->data_count) &&
	       cm_data_names(judge->law, rest, judge->arena, &out->rest, &out->rest_count);
}

/* The categories both rules speak of are among those that may be demanded. */
static bool is_demanded(const struct judge *judge, size_t duty, size_t bar)
{
	struct cm_data both = cm_data_meet(cm_rule_data(judge->law->rules[duty].def),
	    cm_rule_data(judge->law->rules[bar].def));
	uint64_t may[4];

	if (both.is_all || !demanded(judge, may))
		return true;
	for (int i = 0; i < 4; i++)
		both.bits[i] &= may[i];
	return !cm_data_is_none(both);
}

/* Whether one of the common categories is demanded for certain. */
static bool is_certain_data(const struct judge *judge, size_t duty, size_t bar)
{
	struct cm_data both = cm_data_meet(cm_rule_data(judge->law->rules[duty].def),
	    cm_rule_data(judge->law->rules[bar].def));
	uint64_t met = 0;

	if (both.is_all || judge->law->data_fact < 0)
		return true;
	for (int i = 0; i < 4; i++)
		met |= both.bits[i] & judge->facts->slots[judge->law->data_fact].must[i];
	return met != 0;
}

static enum cm_status needs_mark(struct judge *judge, size_t rule, bool needed[CM_MAX_LAW_FACTS])
{
	struct cm_needs needs;
	enum cm_status status;

	if (cm_decision_state(judge->decision, rule) != CM_RULE_POSSIBLE)
		return CM_OK;
	cm_scope_of(&judge->scope, rule);
	status = cm_needs_find(&judge->scope, judge->facts, judge->as_of, false, &needs);
	for (size_t i = 0; status == CM_OK && i < needs.count; i++)
		needed[needs.facts[i]] = true;
	return status;
}

static enum cm_status needs_write(
    struct judge *judge, size_t duty, size_t bar, struct cm_conflict *out)
{
	bool needed[CM_MAX_LAW_FACTS] = {false};
	enum cm_status status = needs_mark(judge, duty, needed);
	const char **names;

	if (status == CM_OK)
		status = needs_mark(judge, bar, needed);
	if (status != CM_OK)
		return status;
	if (!is_certain_data(judge, duty, bar))
		needed[judge->law->data_fact] = true;
	names = cm_arena_alloc(judge->arena, judge->law->facts_count + 1, sizeof *names);
	if (names == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < judge->law->facts_count; i++)
		if (needed[i])
			names[out->needs_count++] = judge->law->facts[i].info.name;
	out->needs = names;
	return CM_OK;
}

static enum cm_status pair_write(struct judge *judge, size_t duty, size_t bar, bool internal)
{
	struct cm_conflict *out;

	if (judge->items == NULL) {
		judge->count++;
		return CM_OK;
	}
	out = &judge->items[judge->count++];
	*out = (struct cm_conflict){
	    .duty = &judge->law->rules[duty].info,
	    .bar = &judge->law->rules[bar].info,
	    .is_internal = internal,
	    .is_possible = cm_decision_state(judge->decision, duty) == CM_RULE_POSSIBLE ||
			   cm_decision_state(judge->decision, bar) == CM_RULE_POSSIBLE ||
			   !is_certain_data(judge, duty, bar),
	};
	if (!data_write(judge, duty, bar, out))
		return CM_NO_MEMORY;
	return out->is_possible ? needs_write(judge, duty, bar, out) : CM_OK;
}

static enum cm_status pairs_walk(struct judge *judge)
{
	size_t count = judge->law->rules_count;

	judge->count = 0;
	for (size_t duty = 0; duty < count; duty++) {
		if (!speaks(judge, duty))
			continue;
		for (size_t bar = 0; bar < count; bar++) {
			bool internal;
			enum cm_status status = CM_OK;

			if (speaks(judge, bar) && opposes(judge, duty, bar, &internal) &&
			    is_demanded(judge, duty, bar))
				status = pair_write(judge, duty, bar, internal);
			if (status != CM_OK)
				return status;
		}
	}
	return CM_OK;
}

enum cm_status cm_decision_conflicts(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_decision *decision, struct cm_arena *arena,
    struct cm_conflict **out, size_t *count)
{
	struct judge judge = {
	    .law = law, .facts = facts, .as_of = as_of, .decision = decision, .arena = arena};
	enum cm_status status;

	*out = NULL;
	*count = 0;
	(void)pairs_walk(&judge);
	judge.items = cm_arena_alloc(arena, judge.count + 1, sizeof *judge.items);
	if (judge.items == NULL || !cm_scope_init(&judge.scope, law))
		return CM_NO_MEMORY;
	status = pairs_walk(&judge);
	cm_scope_fini(&judge.scope);
	*out = judge.items;
	*count = judge.count;
	return status;
}
