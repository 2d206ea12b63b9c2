#include "jurisdictions/engine/codes.h"
#include "jurisdictions/engine/opposed.h"
#include "jurisdictions/engine/world.h"

#include <assert.h>
#include <string.h>

struct collider {
	const struct cm_law *law;
	struct cm_day as_of;
	struct cm_arena *arena;
	struct cm_facts *facts;       /* owned */
	struct cm_decision *decision; /* owned */
	struct cm_world *world;       /* owned */
	struct cm_scope duty;
	struct cm_scope bar;
	uint32_t *rules; /* owned; of both scopes */
	struct cm_data data;
	struct cm_collisions *out;
	size_t cap;
};

struct cm_side cm_side_of(const struct cm_law *law, const char *state)
{
	struct cm_side side = {.names = {state}, .count = 1};
	uint8_t digest[32];

	for (size_t i = 0; cm_country_is_eu_member(state) && i < cm_law_jurisdiction_count(law); i++)
		if (strcmp(cm_law_jurisdiction(law, i, digest), "EU") == 0)
			side.names[side.count++] = "EU";
	return side;
}

static bool is_of(const struct cm_side *side, const char *jurisdiction)
{
	for (size_t i = 0; i < side->count; i++)
		if (strcmp(side->names[i], jurisdiction) == 0)
			return true;
	return false;
}

/* ---- one pair ---- */

/* Is one of the common categories demanded? */
static enum cm_truth data_asked(const struct collider *collider, int *open)
{
	const union cm_slot *slot;
	uint64_t may = 0;
	uint64_t must = 0;

	if (collider->data.is_all || collider->law->data_fact < 0)
		return CM_CERTAIN;
	slot = &collider->facts->slots[collider->law->data_fact];
	for (int i = 0; i < 4; i++) {
		may |= slot->may[i] & collider->data.bits[i];
		must |= slot->must[i] & collider->data.bits[i];
	}
	if (may != 0 && must == 0)
		*open = collider->law->data_fact;
	return must != 0 ? CM_CERTAIN : may != 0 ? CM_POSSIBLE : CM_NO;
}

static enum cm_truth both_hold(void *context, struct cm_world *world, int *open)
{
	struct collider *collider = context;
	int opens[3] = {-1, -1, -1};
	unsigned answer = cm_world_holds(world, 0, &collider->duty, &opens[0]);

	if (answer != CM_NO)
		answer &= cm_world_holds(world, 0, &collider->bar, &opens[1]);
	if (answer != CM_NO)
		answer &= data_asked(collider, &opens[2]);
	for (int i = 2; i >= 0; i--)
		if (opens[i] >= 0)
			*open = opens[i];
	return (enum cm_truth)answer;
}

static size_t rules_gather(struct collider *collider, size_t duty, size_t bar)
{
	size_t count = 0;

	cm_scope_of(&collider->duty, duty);
	cm_scope_of(&collider->bar, bar);
	for (size_t i = 0; i < collider->duty.count; i++)
		collider->rules[count++] = collider->duty.rules[i];
	for (size_t i = 0; i < collider->bar.count; i++)
		collider->rules[count++] = collider->bar.rules[i];
	return count;
}

/* The world stands on a demand that makes both hold. */
static bool collision_add(struct collider *collider, size_t duty, size_t bar)
{
	struct cm_collisions *out = collider->out;
	struct cm_collision *item;

	if (out->count == collider->cap) {
		size_t more = collider->cap == 0 ? 16 : collider->cap * 2;
		struct cm_collision *grown = cm_arena_alloc(collider->arena, more, sizeof *grown);

		if (grown == NULL)
			return false;
		if (out->count != 0)
			memcpy(grown, out->items, out->count * sizeof *grown);
		out->items = grown;
		collider->cap = more;
	}
	item = &out->items[out->count++];
	*item = (struct cm_collision){
	    .duty = &collider->law->rules[duty].info, .bar = &collider->law->rules[bar].info};
	return (collider->data.is_all || cm_data_names(collider->law, collider->data.bits,
					     collider->arena, &item->data, &item->data_count)) &&
	       cm_world_answers(
		   collider->world, collider->arena, &item->witness, &item->witness_count);
}

/* The whole set, decided as it is for a case, says the same. */
static bool is_proven(struct collider *collider, size_t duty, size_t bar)
{
	cm_decide(collider->law, collider->facts, collider->as_of, collider->decision);
	return cm_decision_state(collider->decision, duty) == CM_RULE_HOLDS &&
	       cm_decision_state(collider->decision, bar) == CM_RULE_HOLDS;
}

static enum cm_status pair_try(struct collider *collider, size_t duty, size_t bar)
{
	struct cm_world_rules set = {.law = collider->law,
	    .rules = collider->rules,
	    .count = rules_gather(collider, duty, bar),
	    .facts = collider->facts};
	struct cm_hunt hunt = {.world = collider->world,
	    .ask = both_hold,
	    .context = collider,
	    .goal = CM_CERTAIN};
	enum cm_status status = CM_NO_MEMORY;

	collider->out->pairs++;
	collider->data = cm_data_meet(cm_rule_data(collider->law->rules[duty].def),
	    cm_rule_data(collider->law->rules[bar].def));
	if (cm_world_init(collider->world, &set, 1, collider->as_of)) {
		status = CM_OK;
		if (!cm_hunt_run(&hunt)) {
			collider->out->given_up += hunt.gave_up;
			collider->out->refuted += !hunt.gave_up;
			collider->out->exact = collider->out->exact && collider->world->exact;
		} else {
			assert(is_proven(collider, duty, bar));
			if (!collision_add(collider, duty, bar))
				status = CM_NO_MEMORY;
			cm_world_reset(collider->world);
		}
	}
	cm_world_fini(collider->world);
	return status;
}

static enum cm_status pairs_try(
    struct collider *collider, const struct cm_side *a, const struct cm_side *b)
{
	const struct cm_law *law = collider->law;
	enum cm_status status = CM_OK;

	for (size_t duty = 0; duty < law->rules_count; duty++) {
		const struct cm_rule_def *x = law->rules[duty].def;
		bool of_a = is_of(a, x->file->jurisdiction);
		bool of_b = is_of(b, x->file->jurisdiction);

		if (x->modality != CM_REQUIRES || of_a == of_b)
			continue;
		for (size_t bar = 0; bar < law->rules_count && status == CM_OK; bar++) {
			const struct cm_rule_def *y = law->rules[bar].def;

			/* What binds both sides (the Union's law for two members) parts neither. */
			if (y->modality != CM_FORBIDS || !cm_rules_meet(x, y) ||
			    !is_of(of_a ? b : a, y->file->jurisdiction) ||
			    is_of(of_a ? a : b, y->file->jurisdiction))
				continue;
			status = pair_try(collider, duty, bar);
		}
	}
	return status;
}

enum cm_status cm_law_collisions(const struct cm_law *law, const struct cm_side *a,
    const struct cm_side *b, struct cm_day as_of, struct cm_arena *arena, struct cm_collisions *out)
{
	struct collider collider = {.law = law, .as_of = as_of, .arena = arena, .out = out};
	enum cm_status status = CM_NO_MEMORY;

	*out = (struct cm_collisions){.exact = true};
	collider.facts = cm_facts_new(law);
	collider.decision = cm_decision_new(law);
	collider.world = cm_alloc(1, sizeof *collider.world);
	collider.rules = cm_alloc(2 * law->rules_count + 1, sizeof *collider.rules);
	if (collider.facts != NULL && collider.decision != NULL && collider.world != NULL &&
	    collider.rules != NULL && cm_scope_init(&collider.duty, law)) {
		if (cm_scope_init(&collider.bar, law)) {
			status = pairs_try(&collider, a, b);
			cm_scope_fini(&collider.bar);
		}
		cm_scope_fini(&collider.duty);
	}
	cm_free(collider.rules);
	cm_free(collider.world);
	cm_decision_free(collider.decision);
	cm_facts_free(collider.facts);
	return status;
}
