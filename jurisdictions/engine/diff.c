/*
 * What a change of law changes, rule by rule. Two rules written alike, with their terms and sets,
 * apply to the same demands. Otherwise both directions are hunted for: a demand to which the one
 * applies for certain and the other does not.
 */
#include <string.h>

#include "jurisdictions/engine/same.h"
#include "jurisdictions/engine/world.h"

struct differ {
	struct cm_two_laws laws; /* old, new */
	struct cm_day as_of;
	struct cm_arena *arena;
	struct cm_facts *facts[2]; /* owned */
	struct cm_world *world;    /* owned */
	size_t first[2];           /* versions of the rule being looked at */
	size_t end[2];
	int gains; /* the set it must apply in */
};

/* ---- one direction ---- */

static enum cm_truth applies_in(
    struct differ *differ, struct cm_world *world, int side, int *open)
{
	unsigned any = CM_NO;

	*open = -1;
	for (size_t i = differ->first[side]; i < differ->end[side] && any != CM_CERTAIN; i++) {
		int fact;

		any |= cm_world_applies(world, (size_t)side, i, &fact);
		if (*open < 0)
			*open = fact;
	}
	return (enum cm_truth)any;
}

static enum cm_truth only_one(void *context, struct cm_world *world, int *open)
{
	struct differ *differ = context;
	int open_no;
	unsigned yes = applies_in(differ, world, differ->gains, open);
	unsigned no;

	if (yes == CM_NO)
		return CM_NO;
	no = applies_in(differ, world, 1 - differ->gains, &open_no);
	no = no == CM_CERTAIN ? CM_NO : no == CM_NO ? CM_CERTAIN : CM_POSSIBLE;
	if (*open < 0)
		*open = open_no;
	return (enum cm_truth)(yes & no);
}

static enum cm_status direction_try(struct differ *differ, struct cm_world *world, int gains,
    struct cm_change *change)
{
	struct cm_hunt hunt = {
	    .world = world, .ask = only_one, .context = differ, .goal = CM_CERTAIN};
	bool found;

	differ->gains = gains;
	found = cm_hunt_run(&hunt);
	if (hunt.gave_up)
		change->kind = CM_CHANGE_UNKNOWN;
	if (!found)
		return CM_OK;
	if (gains == 1)
		change->has_gain = true;
	else
		change->has_loss = true;
	found = cm_world_answers(world, differ->arena, gains == 1 ? &change->gain : &change->loss,
	    gains == 1 ? &change->gain_count : &change->loss_count);
	cm_world_reset(world);
	return found ? CM_OK : CM_NO_MEMORY;
}

static enum cm_status meaning_compare(struct differ *differ, struct cm_change *change)
{
	struct cm_world_rules sets[2];
	uint32_t *rules[2] = {NULL, NULL};
	enum cm_status status = CM_NO_MEMORY;

	for (int side = 0; side < 2; side++) {
		size_t count = differ->end[side] - differ->first[side];

		rules[side] = cm_alloc(count + 1, sizeof *rules[side]);
		for (size_t i = 0; rules[side] != NULL && i < count; i++)
			rules[side][i] = (uint32_t)(differ->first[side] + i);
		sets[side] = (struct cm_world_rules){
		    .law = side == 0 ? differ->laws.a : differ->laws.b,
		    .rules = rules[side],
		    .count = count,
		    .facts = differ->facts[side]};
	}
	if (rules[0] != NULL && rules[1] != NULL) {
		if (cm_world_init(differ->world, sets, 2, differ->as_of)) {
			change->exact = differ->world->exact;
			status = direction_try(differ, differ->world, 1, change);
			if (status == CM_OK)
				status = direction_try(differ, differ->world, 0, change);
		}
		cm_world_fini(differ->world);
	}
	cm_free(rules[0]);
	cm_free(rules[1]);
	return status;
}

/* ---- one rule ---- */

static const struct cm_rule_def *def_at(const struct differ *differ, int side, size_t version)
{
	const struct cm_law *law = side == 0 ? differ->laws.a : differ->laws.b;

	return law->rules[differ->first[side] + version].def;
}

static size_t versions(const struct differ *differ, int side)
{
	return differ->end[side] - differ->first[side];
}

/* Dates that are no fact cannot be hunted for: the texts speak. */
static bool force_is_fact(const struct differ *differ, const struct cm_span *spans)
{
	for (; spans != NULL; spans = spans->next)
		if (differ->laws.a->when_fact[spans->when] < 0 ||
		    differ->laws.b->when_fact[spans->when] < 0)
			return false;
	return true;
}

/* What differs as written; false if the conditions do. */
static bool texts_compare(struct differ *differ, struct cm_change *change)
{
	bool alike = versions(differ, 0) == versions(differ, 1);

	if (!alike) {
		change->effect = true;
		return false;
	}
	for (size_t i = 0; i < versions(differ, 0); i++) {
		const struct cm_rule_def *a = def_at(differ, 0, i);
		const struct cm_rule_def *b = def_at(differ, 1, i);

		alike = alike && cm_conditions_same(&differ->laws, a, b);
		change->effect = change->effect || !cm_effects_same(a, b);
		change->deadline = change->deadline || !cm_deadlines_same(a, b);
		change->strength = change->strength || a->has_strength != b->has_strength ||
				   (a->has_strength && a->strength != b->strength);
		change->defeats = change->defeats || !cm_edges_same(&differ->laws,
							 differ->first[0] + i, differ->first[1] + i);
		if (!cm_spans_same(a->spans, b->spans) &&
		    !(force_is_fact(differ, a->spans) && force_is_fact(differ, b->spans)))
			change->effect = true;
	}
	return alike;
}

static bool digests_same(const struct differ *differ)
{
	for (size_t i = 0; i < versions(differ, 0) && i < versions(differ, 1); i++)
		if (memcmp(differ->laws.a->rules[differ->first[0] + i].info.digest,
			differ->laws.b->rules[differ->first[1] + i].info.digest, 32) != 0)
			return false;
	return true;
}

static enum cm_status rule_compare(struct differ *differ, struct cm_change *change)
{
	enum cm_status status = CM_OK;

	change->kind = digests_same(differ) ? CM_CHANGE_SAME : CM_CHANGE_TEXT;
	if (!texts_compare(differ, change))
		status = meaning_compare(differ, change);
	if (change->has_gain || change->has_loss || change->effect || change->deadline ||
	    change->defeats || change->strength)
		change->kind = CM_CHANGE_MEANING;
	return status;
}

/* The id that comes next in either list, and its versions in each. */
static const char *next_id(struct differ *differ)
{
	const struct cm_law *laws[2] = {differ->laws.a, differ->laws.b};
	const char *id = NULL;

	for (int side = 0; side < 2; side++) {
		const char *own;

		differ->first[side] = differ->end[side];
		if (differ->first[side] == laws[side]->rules_count)
			continue;
		own = laws[side]->rules[differ->first[side]].def->id;
		if (id == NULL || strcmp(own, id) < 0)
			id = own;
	}
	for (int side = 0; side < 2 && id != NULL; side++)
		while (differ->end[side] < laws[side]->rules_count &&
		       strcmp(laws[side]->rules[differ->end[side]].def->id, id) == 0)
			differ->end[side]++;
	return id;
}

static enum cm_status rules_compare(struct differ *differ, struct cm_change *out, size_t *count)
{
	const char *id;
	enum cm_status status = CM_OK;

	while (status == CM_OK && (id = next_id(differ)) != NULL) {
		struct cm_change *change = &out[(*count)++];
		int side = versions(differ, 1) != 0 ? 1 : 0;
		const struct cm_rule_def *def = def_at(differ, side, 0);

		*change = (struct cm_change){.rule = def->id,
		    .path = def->file->path,
		    .line = def->at.line,
		    .exact = true};
		if (versions(differ, 0) == 0)
			change->kind = CM_CHANGE_ADDED;
		else if (versions(differ, 1) == 0)
			change->kind = CM_CHANGE_REMOVED;
		else
			status = rule_compare(differ, change);
	}
	return status;
}

enum cm_status cm_law_diff(const struct cm_law *old_law, const struct cm_law *new_law,
    struct cm_day as_of, struct cm_arena *arena, struct cm_change **out, size_t *count)
{
	struct differ differ = {.laws = {old_law, new_law}, .as_of = as_of, .arena = arena};
	enum cm_status status = CM_NO_MEMORY;

	*count = 0;
	differ.facts[0] = cm_facts_new(old_law);
	differ.facts[1] = cm_facts_new(new_law);
	differ.world = cm_alloc(1, sizeof *differ.world);
	*out = cm_arena_alloc(
	    arena, old_law->rules_count + new_law->rules_count + 1, sizeof **out);
	if (differ.facts[0] != NULL && differ.facts[1] != NULL && differ.world != NULL &&
	    *out != NULL)
		status = rules_compare(&differ, *out, count);
	cm_free(differ.world);
	cm_facts_free(differ.facts[0]);
	cm_facts_free(differ.facts[1]);
	return status;
}

const char *cm_change_word(enum cm_change_kind kind)
{
	static const char *const words[] = {[CM_CHANGE_ADDED] = "added",
	    [CM_CHANGE_REMOVED] = "removed",
	    [CM_CHANGE_SAME] = "same",
	    [CM_CHANGE_TEXT] = "text only",
	    [CM_CHANGE_MEANING] = "changed",
	    [CM_CHANGE_UNKNOWN] = "not proven"};

	return words[kind];
}
