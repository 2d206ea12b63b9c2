/*
 * What if: set facts and see which rules shift; every one-fact counterfactual; the smallest changes
 * that turn one rule. Values are tried one for each class that some condition tells apart.
 */
#include <string.h>

#include "jurisdictions/engine/world.h"

#define MAX_WORLDS 200000

struct turner {
	const struct cm_law *law;
	const struct cm_facts *before; /* borrowed */
	struct cm_day as_of;
	struct cm_arena *arena;
	struct cm_facts *facts;     /* owned; the one that is changed */
	struct cm_decision *first;  /* owned; as things are */
	struct cm_decision *second; /* owned; as they would be */
	struct cm_world *world;     /* owned */
	struct cm_scope scope;
	uint32_t *rules; /* owned */
	struct cm_flips *out;
	size_t cap;
	/* of the search for one rule: */
	uint32_t rule;
	enum cm_rule_state state;
	size_t at[CM_MAX_FLIP_FACTS];
};

/* ---- shifts ---- */

static enum cm_status shifts_list(const struct cm_law *law, const struct cm_decision *a,
    const struct cm_decision *b, struct cm_arena *arena, struct cm_shift **out, size_t *count)
{
	size_t total = 0;

	*count = 0;
	*out = NULL;
	for (size_t i = 0; i < law->rules_count; i++)
		total += cm_decision_state(a, i) != cm_decision_state(b, i);
	if (total == 0)
		return CM_OK;
	*out = cm_arena_alloc(arena, total, sizeof **out);
	if (*out == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < law->rules_count; i++)
		if (cm_decision_state(a, i) != cm_decision_state(b, i))
			(*out)[(*count)++] = (struct cm_shift){
			    &law->rules[i].info, cm_decision_state(a, i), cm_decision_state(b, i)};
	return CM_OK;
}

enum cm_status cm_decision_whatif(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_fact_value *answers, size_t answers_count,
    struct cm_arena *arena, struct cm_shift **out, size_t *count, struct cm_err *err)
{
	struct cm_facts *changed = cm_facts_copy(facts);
	struct cm_decision *before = cm_decision_new(law);
	struct cm_decision *after = cm_decision_new(law);
	enum cm_status status;

	*out = NULL;
	*count = 0;
	if (changed == NULL || before == NULL || after == NULL) {
		status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	} else {
		status = cm_fact_values_set(changed, answers, answers_count, "what if", err);
		if (status == CM_OK) {
			cm_decide(law, facts, as_of, before);
			cm_decide(law, changed, as_of, after);
			status = shifts_list(law, before, after, arena, out, count);
			if (status != CM_OK)
				(void)cm_err_set(err, status, "out of memory");
		}
	}
	cm_decision_free(before);
	cm_decision_free(after);
	cm_facts_free(changed);
	return status;
}

/* ---- what both searches share ---- */

static bool turner_init(struct turner *turner, const struct cm_law *law,
    const struct cm_facts *facts, struct cm_day as_of, struct cm_arena *arena, struct cm_flips *out)
{
	*turner = (struct turner){.law = law, .before = facts, .as_of = as_of, .arena = arena};
	*out = (struct cm_flips){.exact = true};
	turner->out = out;
	turner->facts = cm_facts_new(law);
	turner->first = cm_decision_new(law);
	turner->second = cm_decision_new(law);
	turner->world = cm_alloc(1, sizeof *turner->world);
	turner->rules = cm_alloc(law->rules_count + 1, sizeof *turner->rules);
	if (turner->facts == NULL || turner->first == NULL || turner->second == NULL ||
	    turner->world == NULL || turner->rules == NULL || !cm_scope_init(&turner->scope, law))
		return false;
	cm_decide(law, facts, as_of, turner->first);
	return true;
}

static void turner_fini(struct turner *turner)
{
	cm_scope_fini(&turner->scope);
	cm_free(turner->rules);
	if (turner->world != NULL)
		cm_world_fini(turner->world);
	cm_free(turner->world);
	cm_decision_free(turner->second);
	cm_decision_free(turner->first);
	cm_facts_free(turner->facts);
}

/* Values are found as if nothing were known, then the world stands on what is. */
static bool world_lay(struct turner *turner, size_t rules_count)
{
	struct cm_world_rules set = {.law = turner->law,
	    .rules = turner->rules,
	    .count = rules_count,
	    .facts = turner->facts};

	if (!cm_world_init(turner->world, &set, 1, turner->as_of))
		return false;
	cm_world_base(turner->world, turner->before);
	turner->out->exact = turner->world->exact;
	return true;
}

static bool is_playable(const struct turner *turner, size_t at)
{
	const struct cm_world_fact *fact = &turner->world->facts[at];

	return fact->is_named && cm_facts_is_known(turner->before, fact->fact[0]);
}

static bool is_present(const struct cm_world_fact *fact, size_t value)
{
	return memcmp(&fact->values[value].slot[0], &fact->before.slot[0],
		   sizeof fact->before.slot[0]) == 0;
}

/* A flip of the facts of the world that are set now. */
static struct cm_flip *flip_add(struct turner *turner)
{
	struct cm_flips *out = turner->out;
	struct cm_flip *flip;

	if (out->count == turner->cap) {
		size_t more = turner->cap == 0 ? 16 : turner->cap * 2;
		struct cm_flip *grown = cm_arena_alloc(turner->arena, more, sizeof *grown);

		if (grown == NULL)
			return NULL;
		if (out->count != 0)
			memcpy(grown, out->items, out->count * sizeof *grown);
		out->items = grown;
		turner->cap = more;
	}
	flip = &out->items[out->count++];
	*flip = (struct cm_flip){0};
	if (!cm_world_answers(turner->world, turner->arena, &flip->to, &flip->facts_count))
		return NULL;
	flip->from = cm_arena_alloc(turner->arena, flip->facts_count + 1, sizeof *flip->from);
	if (flip->from == NULL)
		return NULL;
	for (size_t i = 0; i < flip->facts_count; i++) {
		int fact = cm_law_find_fact(turner->law, flip->to[i].fact);

		flip->from[i] = (struct cm_fact_value){.fact = flip->to[i].fact,
		    .value = cm_slot_text(turner->law, (size_t)fact, &turner->before->slots[fact],
			turner->arena)};
		if (flip->from[i].value == NULL)
			return NULL;
	}
	return flip;
}

/* ---- every one-fact counterfactual ---- */

static enum cm_status world_judge(struct turner *turner)
{
	struct cm_shift *shifts;
	struct cm_flip *flip;
	size_t count;
	enum cm_status status;

	turner->out->worlds++;
	cm_decide(turner->law, turner->facts, turner->as_of, turner->second);
	status = shifts_list(
	    turner->law, turner->first, turner->second, turner->arena, &shifts, &count);
	if (status != CM_OK || count == 0)
		return status;
	flip = flip_add(turner);
	if (flip == NULL)
		return CM_NO_MEMORY;
	flip->shifts = shifts;
	flip->shifts_count = count;
	return CM_OK;
}

static enum cm_status flips_walk(struct turner *turner)
{
	enum cm_status status = CM_OK;

	for (size_t at = 0; at < turner->world->facts_count; at++) {
		const struct cm_world_fact *fact = &turner->world->facts[at];

		if (!is_playable(turner, at))
			continue;
		for (size_t v = 0; v < fact->count && status == CM_OK; v++) {
			if (is_present(fact, v))
				continue;
			cm_world_put(turner->world, at, &fact->values[v]);
			status = world_judge(turner);
		}
		cm_world_put(turner->world, at, NULL);
	}
	return status;
}

enum cm_status cm_decision_flips(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, struct cm_arena *arena, struct cm_flips *out)
{
	struct turner turner;
	enum cm_status status = CM_NO_MEMORY;

	if (turner_init(&turner, law, facts, as_of, arena, out)) {
		for (size_t i = 0; i < law->rules_count; i++)
			turner.rules[i] = (uint32_t)i;
		if (world_lay(&turner, law->rules_count))
			status = flips_walk(&turner);
	}
	turner_fini(&turner);
	return status;
}

/* ---- one rule ---- */

static enum cm_rule_state state_now(struct turner *turner)
{
	struct cm_moments moments;

	turner->out->worlds++;
	cm_moments_of(turner->law, turner->facts, turner->as_of, &moments);
	(void)cm_scope_decide(&turner->scope, turner->facts, &moments);
	return cm_scope_state(&turner->scope, turner->rule);
}

static enum cm_status turned(struct turner *turner)
{
	enum cm_rule_state state = state_now(turner);
	struct cm_flip *flip;

	if (state == turner->state)
		return CM_OK;
	flip = flip_add(turner);
	if (flip == NULL)
		return CM_NO_MEMORY;
	flip->shifts = cm_arena_alloc(turner->arena, 1, sizeof *flip->shifts);
	if (flip->shifts == NULL)
		return CM_NO_MEMORY;
	flip->shifts[0] = (struct cm_shift){
	    &turner->law->rules[turner->rule].info, turner->state, state};
	flip->shifts_count = 1;
	return CM_OK;
}

/* With these facts forgotten the rule still says the same for certain: no value of them turns it. */
static bool is_idle(struct turner *turner, size_t size)
{
	enum cm_rule_state state;

	if (turner->state == CM_RULE_POSSIBLE)
		return false;
	for (size_t i = 0; i < size; i++) {
		struct cm_world_value blank = {0};
		size_t fact = (size_t)turner->world->facts[turner->at[i]].fact[0];

		cm_slot_clear(turner->law, fact, &blank.slot[0]);
		cm_world_put(turner->world, turner->at[i], &blank);
	}
	state = state_now(turner);
	for (size_t i = 0; i < size; i++)
		cm_world_put(turner->world, turner->at[i], NULL);
	/* "Defeated" says that it applies for certain or only perhaps: then look closer. */
	return state == turner->state && state != CM_RULE_DEFEATED;
}

static enum cm_status values_try(struct turner *turner, size_t size)
{
	size_t next[CM_MAX_FLIP_FACTS] = {0};
	size_t depth = 0;
	enum cm_status status = CM_OK;

	while (status == CM_OK) {
		const struct cm_world_fact *fact = &turner->world->facts[turner->at[depth]];

		if (next[depth] == fact->count) {
			cm_world_put(turner->world, turner->at[depth], NULL);
			if (depth == 0)
				break;
			depth--;
			continue;
		}
		if (turner->out->worlds > MAX_WORLDS) {
			turner->out->exact = false;
			cm_world_reset(turner->world);
			break;
		}
		if (is_present(fact, next[depth])) {
			next[depth]++;
			continue;
		}
		cm_world_put(turner->world, turner->at[depth], &fact->values[next[depth]++]);
		if (depth + 1 == size)
			status = turned(turner);
		else
			next[++depth] = 0;
	}
	return status;
}

/* All choices of `size` playable facts, in order. */
static enum cm_status size_try(struct turner *turner, size_t size)
{
	size_t count = turner->world->facts_count;
	size_t depth = 0;
	enum cm_status status = CM_OK;

	turner->at[0] = 0;
	while (status == CM_OK) {
		if (turner->at[depth] >= count) {
			if (depth == 0)
				break;
			turner->at[--depth]++;
			continue;
		}
		if (!is_playable(turner, turner->at[depth])) {
			turner->at[depth]++;
			continue;
		}
		if (depth + 1 < size) {
			depth++;
			turner->at[depth] = turner->at[depth - 1] + 1;
			continue;
		}
		if (!is_idle(turner, size))
			status = values_try(turner, size);
		turner->at[depth]++;
	}
	return status;
}

static enum cm_status rule_turn(struct turner *turner)
{
	enum cm_status status = CM_OK;

	cm_scope_of(&turner->scope, turner->rule);
	memcpy(turner->rules, turner->scope.rules, turner->scope.count * sizeof *turner->rules);
	if (!world_lay(turner, turner->scope.count))
		return CM_NO_MEMORY;
	turner->state = state_now(turner);
	for (size_t size = 1; size <= CM_MAX_FLIP_FACTS && status == CM_OK; size++) {
		status = size_try(turner, size);
		if (turner->out->count != 0)
			break;
	}
	return status;
}

enum cm_status cm_rule_flips(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const char *rule, struct cm_arena *arena, struct cm_flips *out)
{
	struct turner turner;
	size_t end = 0;
	int first = cm_law_rules_of(law, rule, &end);
	enum cm_status status = CM_NO_MEMORY;

	*out = (struct cm_flips){.exact = true};
	if (first < 0)
		return CM_NOT_FOUND;
	if (turner_init(&turner, law, facts, as_of, arena, out)) {
		/* Of several versions the one that speaks now, else the newest. */
		turner.rule = (uint32_t)end - 1;
		for (size_t i = (size_t)first; i < end; i++)
			if (cm_decision_state(turner.first, i) != CM_RULE_SILENT)
				turner.rule = (uint32_t)i;
		status = rule_turn(&turner);
	}
	turner_fini(&turner);
	return status;
}
