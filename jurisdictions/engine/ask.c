/*
 * Which fact to ask for next.
 *
 * A rule is settled if it says the same whatever the facts still open turn out to be: its three-valued
 * answer is no longer "possible", or a hunt finds no two completions on which it differs. For each fact
 * that matters every class of answers is tried. How many answers settle everything is searched by
 * iterative deepening with a memory of what is known of each state; past a bound the result is a
 * bound itself and marked so.
 */
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/world.h"

#define MAX_EVALUATIONS 400000 /* of rules, in each of the two searches */
#define MEMORY_SLOTS (1u << 16)

struct memory {
	uint64_t key; /* 0: empty */
	uint8_t yes;  /* so many answers are enough; 255: not known */
	uint8_t no;   /* so many are not */
};

struct asker {
	const struct cm_law *law;
	const struct cm_facts *before; /* borrowed */
	struct cm_facts *facts;        /* owned copy */
	struct cm_day as_of;
	struct cm_arena *arena;
	struct cm_scope scope;
	struct cm_world *world; /* owned */
	uint32_t *open;         /* owned; rules in question */
	size_t open_count;
	uint32_t *reach; /* owned; they and all that can defeat them */
	size_t reach_count;
	bool *reached;                              /* owned */
	uint8_t (*matters)[CM_MAX_LAW_FACTS];       /* owned; per open rule */
	uint16_t facts_in_play[CM_MAX_LAW_FACTS];   /* that matter, in order */
	size_t in_play;
	uint16_t chosen[CM_MAX_LAW_FACTS]; /* per fact in play: 0 open, else value + 1 */
	struct memory *memory;             /* owned */
	size_t evaluations;
	bool gave_up;
	bool exact;
};

/* ---- settled or not ---- */

static enum cm_truth rule_asked(void *context, struct cm_world *world, int *open)
{
	return cm_world_holds(world, 0, context, open);
}

static bool can_be(struct asker *asker, enum cm_truth goal)
{
	struct cm_hunt hunt = {.world = asker->world,
	    .ask = rule_asked,
	    .context = &asker->scope,
	    .goal = goal,
	    .only_whether = true,
	    .limit = 5000};
	bool found = cm_hunt_run(&hunt);

	asker->evaluations += hunt.asked;
	if (hunt.gave_up)
		asker->exact = false;
	return found || hunt.gave_up;
}

static bool is_settled(struct asker *asker, uint32_t rule)
{
	int open;
	unsigned ways;

	cm_scope_of(&asker->scope, rule);
	asker->evaluations++;
	if (cm_world_holds(asker->world, 0, &asker->scope, &open) != CM_POSSIBLE || open < 0)
		return true;
	ways = can_be(asker, CM_NO);
	ways += can_be(asker, CM_CERTAIN);
	return ways < 2 && ways + can_be(asker, CM_POSSIBLE) < 2;
}

/* The rule that was open last time is asked first. */
static bool all_settled(struct asker *asker)
{
	for (size_t i = 0; i < asker->open_count; i++) {
		uint32_t rule = asker->open[i];

		if (is_settled(asker, rule))
			continue;
		memmove(asker->open + 1, asker->open, i * sizeof *asker->open);
		asker->open[0] = rule;
		return false;
	}
	return true;
}

/* ---- how many answers ---- */

static const struct cm_world_fact *fact_of(const struct asker *asker, size_t at)
{
	return &asker->world->facts[asker->facts_in_play[at]];
}

static void answer_give(struct asker *asker, size_t at, size_t value)
{
	cm_world_put(asker->world, asker->facts_in_play[at], &fact_of(asker, at)->values[value]);
	asker->chosen[at] = (uint16_t)(value + 1);
}

static void answer_take(struct asker *asker, size_t at)
{
	cm_world_put(asker->world, asker->facts_in_play[at], NULL);
	asker->chosen[at] = 0;
}

static bool is_spent(struct asker *asker)
{
	if (asker->evaluations > MAX_EVALUATIONS)
		asker->gave_up = true;
	return asker->gave_up;
}

/* Some `left` answers among the facts from `at` on settle it. */
static bool luck(struct asker *asker, size_t at, size_t left)
{
	bool found = false;

	if (left == 0)
		return all_settled(asker);
	for (; at < asker->in_play && !found; at++) {
		for (size_t v = 0; v < fact_of(asker, at)->count && !found; v++) {
			if (is_spent(asker))
				break;
			answer_give(asker, at, v);
			found = luck(asker, at + 1, left - 1);
		}
		answer_take(asker, at);
	}
	return found;
}

/* States are told apart by the whole choice, so the table holds their number in mixed radix. */
static uint64_t state_key(const struct asker *asker)
{
	uint64_t key = 0;

	for (size_t i = 0; i < asker->in_play; i++)
		key = key * (fact_of(asker, i)->count + 1) + asker->chosen[i];
	return key + 1;
}

static bool fits_key(const struct asker *asker)
{
	uint64_t room = UINT64_MAX / 2;

	for (size_t i = 0; i < asker->in_play; i++)
		room /= fact_of(asker, i)->count + 1;
	return room > 0;
}

static struct memory *recall(struct asker *asker, uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
	struct memory *memory = &asker->memory[hash >> 48 & (MEMORY_SLOTS - 1)];

	if (memory->key != key)
		*memory = (struct memory){.key = key, .yes = 255};
	return memory;
}

static bool plan(struct asker *asker, size_t left);

/* Asking this fact next leaves at most `left` answers after it, whatever it is. */
static bool plan_with(struct asker *asker, size_t at, size_t left)
{
	bool good = fact_of(asker, at)->count != 0;

	for (size_t v = 0; v < fact_of(asker, at)->count && good; v++) {
		answer_give(asker, at, v);
		good = plan(asker, left);
	}
	answer_take(asker, at);
	return good;
}

/* `left` more answers are enough, whatever they are. Depth is bounded by the facts in play. */
static bool plan(struct asker *asker, size_t left)
{
	uint64_t key = state_key(asker);
	struct memory *memory = recall(asker, key);
	bool good;

	if (memory->yes <= left)
		return true;
	if (memory->no > left || is_spent(asker))
		return false;
	good = all_settled(asker);
	if (good)
		left = 0;
	for (size_t at = 0; at < asker->in_play && left > 0 && !good; at++)
		if (asker->chosen[at] == 0)
			good = plan_with(asker, at, left - 1);
	if (asker->gave_up)
		return false;
	memory = recall(asker, key);
	if (good)
		memory->yes = (uint8_t)left;
	else
		memory->no = (uint8_t)(left + 1);
	return good;
}

static void lengths_find(struct asker *asker, struct cm_questions *out)
{
	size_t left = 0;

	asker->evaluations = 0;
	asker->gave_up = false;
	while (left < asker->in_play && !luck(asker, 0, left) && !asker->gave_up)
		left++;
	out->best_case = asker->gave_up ? asker->in_play : left;
	out->exact = !asker->gave_up;
	asker->evaluations = 0;
	asker->gave_up = !fits_key(asker);
	left = out->best_case;
	while (left < asker->in_play && !asker->gave_up && !plan(asker, left))
		left++;
	out->worst_case = asker->gave_up ? asker->in_play : left;
	out->exact = out->exact && !asker->gave_up;
}

/* ---- one question ---- */

static size_t settled_count(struct asker *asker)
{
	size_t count = 0;

	for (size_t i = 0; i < asker->open_count; i++)
		count += is_settled(asker, asker->open[i]);
	return count;
}

static bool question_make(struct asker *asker, size_t at, struct cm_question *out)
{
	const struct cm_world_fact *fact = fact_of(asker, at);
	const struct cm_fact_info *info = &asker->law->facts[fact->fact[0]].info;
	const char **rules = cm_arena_alloc(asker->arena, asker->open_count + 1, sizeof *rules);

	if (rules == NULL)
		return false;
	*out = (struct cm_question){.fact = info->name, .asked_as = info->asked_as, .rules = rules};
	for (size_t i = 0; i < asker->open_count; i++)
		if (asker->matters[i][fact->fact[0]] != 0)
			rules[out->rules_count++] = asker->law->rules[asker->open[i]].info.id;
	for (size_t v = 0; v < fact->count; v++) {
		size_t settled;

		answer_give(asker, at, v);
		settled = settled_count(asker);
		out->settles_sum += settled;
		if (v == 0 || settled < out->settles_least)
			out->settles_least = settled;
	}
	answer_take(asker, at);
	out->answers = fact->count;
	return true;
}

static int compare_questions(const void *a, const void *b)
{
	const struct cm_question *x = a;
	const struct cm_question *y = b;
	uint64_t mean_x = (uint64_t)x->settles_sum * y->answers;
	uint64_t mean_y = (uint64_t)y->settles_sum * x->answers;

	if (x->settles_least != y->settles_least)
		return x->settles_least > y->settles_least ? -1 : 1;
	if (mean_x != mean_y)
		return mean_x > mean_y ? -1 : 1;
	if (x->rules_count != y->rules_count)
		return x->rules_count > y->rules_count ? -1 : 1;
	return strcmp(x->fact, y->fact);
}

/* ---- what is in question ---- */

static bool is_about(const struct asker *asker, size_t rule, const char *const *acts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(asker->law->rules[rule].def->act->text, acts[i]) == 0)
			return true;
	return count == 0;
}

/* Undetermined rules that some fact can settle, and the facts that can. */
static enum cm_status rule_take(struct asker *asker, size_t rule)
{
	struct cm_needs needs;
	enum cm_status status;

	cm_scope_of(&asker->scope, rule);
	status = cm_needs_find(&asker->scope, asker->before, asker->as_of, false, &needs);
	if (status != CM_OK || needs.count == 0)
		return status;
	asker->exact = asker->exact && needs.exact;
	for (size_t i = 0; i < needs.count; i++)
		asker->matters[asker->open_count][needs.facts[i]] = 1;
	asker->open[asker->open_count++] = (uint32_t)rule;
	for (size_t i = 0; i < asker->scope.count; i++) {
		uint32_t other = asker->scope.rules[i];

		if (!asker->reached[other])
			asker->reach[asker->reach_count++] = other;
		asker->reached[other] = true;
	}
	return CM_OK;
}

static enum cm_status rules_take(struct asker *asker, const char *const *acts, size_t acts_count)
{
	struct cm_decision *decision = cm_decision_new(asker->law);
	enum cm_status status = decision == NULL ? CM_NO_MEMORY : CM_OK;

	if (status == CM_OK)
		cm_decide(asker->law, asker->before, asker->as_of, decision);
	for (size_t i = 0; i < asker->law->rules_count && status == CM_OK; i++)
		if (cm_decision_state(decision, i) == CM_RULE_POSSIBLE &&
		    is_about(asker, i, acts, acts_count))
			status = rule_take(asker, i);
	cm_decision_free(decision);
	return status;
}

static void facts_take(struct asker *asker)
{
	for (size_t fact = 0; fact < asker->law->facts_count; fact++) {
		bool matters = false;

		for (size_t i = 0; i < asker->open_count; i++)
			matters = matters || asker->matters[i][fact] != 0;
		if (matters)
			asker->facts_in_play[asker->in_play++] = (uint16_t)fact;
	}
}

static enum cm_status questions_make(struct asker *asker, struct cm_questions *out)
{
	struct cm_world_rules set = {.law = asker->law,
	    .rules = asker->reach,
	    .count = asker->reach_count,
	    .facts = asker->facts};

	out->items = cm_arena_alloc(asker->arena, asker->in_play + 1, sizeof *out->items);
	if (out->items == NULL || !cm_world_init(asker->world, &set, 1, asker->as_of))
		return CM_NO_MEMORY;
	asker->exact = asker->exact && asker->world->exact;
	for (size_t i = 0; i < asker->in_play; i++)
		if (!question_make(asker, i, &out->items[out->count++]))
			return CM_NO_MEMORY;
	lengths_find(asker, out);
	qsort(out->items, out->count, sizeof *out->items, compare_questions);
	out->exact = out->exact && asker->exact;
	return CM_OK;
}

static enum cm_status ask_run(struct asker *asker, const char *const *acts, size_t acts_count,
    struct cm_questions *out)
{
	enum cm_status status = rules_take(asker, acts, acts_count);

	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < asker->law->facts_count; i++)
		out->open_facts += !cm_facts_is_known(asker->before, (int)i);
	out->open_rules = asker->open_count;
	facts_take(asker);
	status = questions_make(asker, out);
	cm_world_fini(asker->world);
	return status;
}

static bool asker_init(struct asker *asker)
{
	size_t count = asker->law->rules_count + 1;

	asker->facts = cm_facts_copy(asker->before);
	asker->world = cm_alloc(1, sizeof *asker->world);
	asker->open = cm_alloc(count, sizeof *asker->open);
	asker->reach = cm_alloc(count, sizeof *asker->reach);
	asker->reached = cm_alloc(count, sizeof *asker->reached);
	asker->matters = cm_alloc(count, sizeof *asker->matters);
	asker->memory = cm_alloc(MEMORY_SLOTS, sizeof *asker->memory);
	return asker->facts != NULL && asker->world != NULL && asker->open != NULL &&
	       asker->reach != NULL && asker->reached != NULL && asker->matters != NULL &&
	       asker->memory != NULL && cm_scope_init(&asker->scope, asker->law);
}

enum cm_status cm_decision_ask(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const char *const *acts, size_t acts_count, struct cm_arena *arena,
    struct cm_questions *out)
{
	struct asker asker = {
	    .law = law, .before = facts, .as_of = as_of, .arena = arena, .exact = true};
	enum cm_status status = CM_NO_MEMORY;

	*out = (struct cm_questions){.exact = true};
	if (asker_init(&asker))
		status = ask_run(&asker, acts, acts_count, out);
	cm_scope_fini(&asker.scope);
	cm_free(asker.memory);
	cm_free(asker.matters);
	cm_free(asker.reached);
	cm_free(asker.reach);
	cm_free(asker.open);
	cm_free(asker.world);
	cm_facts_free(asker.facts);
	return status;
}
