/*
 * A case asked about a second time, by a new owner: this node says again what it has said, as its newest
 * edition stands. What persons changed is in it, and the law is asked anew only about what was never asked.
 */
#include "nodes/desk/desk_case.h"

#include <string.h>

#include "protocol/wire/codec.h"

/* Were these asks about the same parts with the same facts? Compared as bytes. */
static enum cm_status compare_parts(const struct cm_ask *a, const struct cm_ask *b,
    struct cm_effects *effects, bool *is_same, struct cm_err *err)
{
	struct cm_ask other = *a;
	struct cm_bytes left = {0};
	struct cm_bytes right = {0};
	enum cm_status status;

	*is_same = false;
	if (a->parts_count != b->parts_count)
		return CM_OK;
	other.parts = b->parts;
	status = cm_effects_encode(effects, CM_KIND_ASK, a, &left, err);
	if (status == CM_OK)
		status = cm_effects_encode(effects, CM_KIND_ASK, &other, &right, err);
	*is_same = status == CM_OK && left.len == right.len &&
	           memcmp(left.data, right.data, left.len) == 0;
	return status;
}

static enum cm_status look_up(const struct cm_ask *asked, struct cm_answer *answer,
    const struct cm_ask *ask, struct cm_effects *effects, struct cm_answer **out, struct cm_err *err)
{
	bool is_same = false;
	enum cm_status status;

	if (asked == NULL || answer == NULL ||
	    cm_epoch_of(asked->demand.epoch) > cm_epoch_of(ask->demand.epoch) ||
	    (cm_epoch_of(asked->demand.epoch) == cm_epoch_of(ask->demand.epoch) &&
	        asked->ledger == ask->ledger))
		return CM_OK;
	status = compare_parts(asked, ask, effects, &is_same, err);
	if (is_same)
		*out = answer;
	return status;
}

static bool is_in(const struct cm_answer *answer, const struct cm_amendment *a)
{
	for (size_t i = 0; i < answer->amendments_count; i++)
		if (answer->amendments[i].at_ms == a->at_ms &&
		    strcmp(answer->amendments[i].by, a->by) == 0 &&
		    strcmp(answer->amendments[i].subject, a->subject) == 0)
			return true;
	return false;
}

/* The first round speaks of every part; a later one, from the issuing side, of those that it asks about. */
static bool is_of(const struct cm_amendment *a, const struct cm_ask *ask)
{
	if (ask->round == 1)
		return true;
	for (size_t i = 0; i < ask->parts_count; i++)
		if (a->side == CM_SIDE_ISSUING && a->target == ask->parts[i].target &&
		    strcmp(a->category, ask->parts[i].category) == 0 &&
		    strcmp(a->region, ask->parts[i].region) == 0)
			return true;
	return false;
}

/* Is all in it that persons have said, also in the answer to another round since? */
static bool has_all(
    const struct cm_answer *answer, const struct cm_desk_case *known, const struct cm_ask *ask)
{
	for (size_t i = 0; i < known->amendments_count; i++)
		if (is_of(&known->amendments[i], ask) && !is_in(answer, &known->amendments[i]))
			return false;
	return true;
}

enum cm_status cm_desk_find_said(struct cm_desk *desk, const struct cm_review *review,
    const struct cm_ask *ask, struct cm_effects *effects, struct cm_answer **out, bool *is_all,
    struct cm_err *err)
{
	uint32_t first = ask->round == 1 ? 1 : 2;
	uint32_t last = ask->round == 1 ? 1 : CM_MAX_ROUNDS;
	struct cm_desk_case *known;
	enum cm_status status;

	*out = NULL;
	*is_all = true;
	if (review == NULL || review->rounds_answered == 0 ||
	    (cm_epoch_of(ask->demand.epoch) < 2 && review->asked_ledger == ask->ledger))
		return CM_OK;
	known = cm_arena_alloc(&effects->arena, 1, sizeof *known);
	if (known == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to answer");
	status = cm_desk_case_load(desk, review, &effects->arena, known, err);
	/* The last time it was asked so comes first: there the newest facts stand. */
	for (uint32_t r = last; status == CM_OK && *out == NULL && r >= first; r--) {
		status = look_up(known->asks[r], known->answers[r], ask, effects, out, err);
		if (status == CM_OK && *out == NULL)
			status = look_up(
			    known->former_asks[r], known->former_answers[r], ask, effects, out, err);
	}
	if (status == CM_OK && *out != NULL)
		*is_all = has_all(*out, known, ask);
	return status;
}
