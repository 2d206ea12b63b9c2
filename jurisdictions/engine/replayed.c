#include <string.h>

#include "jurisdictions/engine/analysis.h"

/* Two rule sets, and room to decide one case in each. */
struct replay {
	const struct cm_law *law[2];
	struct cm_facts *facts[2];       /* owned */
	struct cm_decision *decision[2]; /* owned */
	struct cm_arena *arena;
	struct cm_replayed *out;
	size_t cap;
};

static bool facts_give(struct replay *replay, int side, const struct cm_stored *stored)
{
	struct cm_err err;

	cm_facts_clear(replay->facts[side]);
	for (size_t i = 0; i < stored->facts_count; i++) {
		enum cm_status status = cm_facts_set(replay->facts[side], &stored->facts[i], &err);

		if (status != CM_OK &&
		    (status != CM_UNKNOWN_NAME || stored->jurisdictions_count == 0))
			return false;
	}
	return true;
}

static enum cm_rule_state state_in(const struct replay *replay, int side, const char *id, size_t nth)
{
	const struct cm_law *law = replay->law[side];
	int first = cm_law_find_rule(law, id);
	size_t at = (size_t)first + nth;

	if (first < 0 || at >= cm_law_rule_count(law) || strcmp(cm_law_rule(law, at)->id, id) != 0)
		return CM_RULE_SILENT;
	return cm_decision_state(replay->decision[side], at);
}

static bool is_carried(const struct cm_stored *stored, const char *jurisdiction)
{
	for (size_t i = 0; i < stored->jurisdictions_count; i++)
		if (strcmp(stored->jurisdictions[i], jurisdiction) == 0)
			return true;
	return stored->jurisdictions_count == 0;
}

/* The shifts of one case: rules of the new set in order, then those only the old has. NULL out: count.
 */
static size_t shifts_walk(
    const struct replay *replay, const struct cm_stored *stored, struct cm_shift *out)
{
	size_t count = 0;

	for (int side = 1; side >= 0; side--) {
		size_t nth = 0;

		for (size_t i = 0; i < cm_law_rule_count(replay->law[side]); i++) {
			const struct cm_rule_info *rule = cm_law_rule(replay->law[side], i);
			enum cm_rule_state here = cm_decision_state(replay->decision[side], i);
			enum cm_rule_state there;

			nth = i > 0 && strcmp(cm_law_rule(replay->law[side], i - 1)->id,
					   rule->id) == 0
				  ? nth + 1
				  : 0;
			if (side == 0 && cm_law_find_rule(replay->law[1], rule->id) >= 0)
				continue;
			there = state_in(replay, 1 - side, rule->id, nth);
			if (here == there || !is_carried(stored, rule->jurisdiction))
				continue;
			if (out != NULL)
				out[count] = (struct cm_shift){.rule = rule,
				    .before = side == 1 ? there : here,
				    .after = side == 1 ? here : there};
			count++;
		}
	}
	return count;
}

static enum cm_status moved_add(
    struct replay *replay, const struct cm_stored *stored, size_t shifts)
{
	struct cm_replayed *out = replay->out;
	struct cm_moved *moved;

	if (out->count == replay->cap) {
		size_t more = replay->cap == 0 ? 16 : replay->cap * 2;
		struct cm_moved *grown = cm_arena_alloc(replay->arena, more, sizeof *grown);

		if (grown == NULL)
			return CM_NO_MEMORY;
		if (out->count != 0)
			memcpy(grown, out->items, out->count * sizeof *grown);
		out->items = grown;
		replay->cap = more;
	}
	moved = &out->items[out->count++];
	*moved = (struct cm_moved){.name = cm_arena_text(replay->arena, stored->name),
	    .part = stored->part != NULL ? cm_arena_text(replay->arena, stored->part) : NULL,
	    .is_open = stored->is_open,
	    .has_clock = stored->has_clock,
	    .shifts = cm_arena_alloc(replay->arena, shifts, sizeof *moved->shifts)};
	if (moved->name == NULL || moved->shifts == NULL ||
	    (moved->part == NULL && stored->part != NULL))
		return CM_NO_MEMORY;
	moved->shifts_count = shifts_walk(replay, stored, moved->shifts);
	return CM_OK;
}

static enum cm_status case_replay(struct replay *replay, const struct cm_stored *stored)
{
	size_t shifts;

	replay->out->looked_at++;
	for (int side = 0; side < 2; side++) {
		if (!facts_give(replay, side, stored)) {
			replay->out->refused++;
			return CM_OK;
		}
		cm_decide(replay->law[side], replay->facts[side], stored->as_of,
		    replay->decision[side]);
	}
	shifts = shifts_walk(replay, stored, NULL);
	return shifts == 0 ? CM_OK : moved_add(replay, stored, shifts);
}

static int rank(const struct cm_moved *moved)
{
	return moved->has_clock ? 0 : moved->is_open ? 1 : 2;
}

/* Three stable runs: running clocks, open ones, the rest. */
static enum cm_status order(struct replay *replay)
{
	struct cm_replayed *out = replay->out;
	struct cm_moved *sorted = cm_arena_alloc(replay->arena, out->count + 1, sizeof *sorted);
	size_t at = 0;

	if (sorted == NULL)
		return CM_NO_MEMORY;
	for (int wanted = 0; wanted < 3; wanted++)
		for (size_t i = 0; i < out->count; i++)
			if (rank(&out->items[i]) == wanted)
				sorted[at++] = out->items[i];
	out->items = sorted;
	return CM_OK;
}

enum cm_status cm_law_replay(const struct cm_law *old_law, const struct cm_law *new_law,
    cm_stored_cb next, void *context, struct cm_arena *arena, struct cm_replayed *out)
{
	struct replay replay = {.law = {old_law, new_law}, .arena = arena, .out = out};
	struct cm_stored stored;
	enum cm_status status = CM_OK;

	*out = (struct cm_replayed){0};
	for (int side = 0; side < 2; side++) {
		replay.facts[side] = cm_facts_new(replay.law[side]);
		replay.decision[side] = cm_decision_new(replay.law[side]);
		if (replay.facts[side] == NULL || replay.decision[side] == NULL)
			status = CM_NO_MEMORY;
	}
	while (status == CM_OK && next(context, &stored))
		status = case_replay(&replay, &stored);
	if (status == CM_OK)
		status = order(&replay);
	for (int side = 0; side < 2; side++) {
		cm_facts_free(replay.facts[side]);
		cm_decision_free(replay.decision[side]);
	}
	return status;
}
