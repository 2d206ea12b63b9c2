/*
 * At intake: a router says that its ledger is new. What it had and has not asked about from there is lost to
 * it, and is given to it again.
 */
#include "nodes/desk/desk_hand.h"

#include <string.h>

#include "nodes/desk/desk_owner.h"
#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

/* It is about all of a router. */
static const struct cm_id no_case = {{0}};

/* True if this router had the case, and has not asked about it from the ledger that it has now. An ended one too:
 * who was not told of the end yet would never be. */
static bool is_forgotten(struct cm_desk *desk, const struct cm_review *review,
    const struct cm_rebuild *rebuild)
{
	const char *owner = cm_desk_owner_of(desk, review);

	if (!review->is_intake || owner == NULL || strcmp(owner, rebuild->router) != 0)
		return false;
	if (CM_PLANTED(FORGET_ENDED) && cm_review_has_ended(review))
		return false;
	return cm_desk_is_unasked(review) || review->asked_ledger != rebuild->ledger ||
	       cm_desk_has_said_end(review);
}

static size_t count_forgotten(struct cm_desk *desk, const struct cm_rebuild *rebuild)
{
	size_t count = 0;

	for (size_t i = 0; i < cm_reviews_count(&desk->reviews); i++)
		count += is_forgotten(desk, cm_reviews_at(&desk->reviews, i), rebuild);
	return count;
}

static void mark_lost(struct cm_desk *desk, const struct cm_rebuild *rebuild, int64_t now_ms)
{
	struct cm_desk_router *r = cm_desk_find_router(desk, rebuild->router);

	if (r == NULL)
		return; /* it is not in the settings any more */
	r->ledger = rebuild->ledger;
	r->rebuilds_ms = now_ms;
	for (size_t i = 0; i < cm_reviews_count(&desk->reviews); i++) {
		struct cm_review *review = cm_reviews_at(&desk->reviews, i);

		if (!is_forgotten(desk, review, rebuild))
			continue;
		review->owner = r->name;
		review->is_lost = true;
	}
}

/* Also of a router that had nothing here: what it is given from now on is given to this ledger. */
static void note_ledger(struct cm_desk *desk, const struct cm_rebuild *rebuild)
{
	struct cm_desk_router *r = cm_desk_find_router(desk, rebuild->router);

	if (r != NULL)
		r->ledger = rebuild->ledger;
}

enum cm_status cm_desk_take_rebuild(struct cm_desk *desk, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_rebuild rebuild;
	size_t count;
	enum cm_status status =
	    cm_record_decode(CM_KIND_REBUILD, record->body, &effects->arena, &rebuild, err);

	if (status != CM_OK)
		return status;
	if (strcmp(rebuild.router, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s asked to be given again what %s had", sender,
		    rebuild.router);
	count = count_forgotten(desk, &rebuild);
	if (count == 0 || CM_PLANTED(NO_REBUILD)) {
		note_ledger(desk, &rebuild);
		return cm_err_set(err, CM_NO_MEANING, "%s had no case of %s", sender,
		    desk->settings->name);
	}
	/* Journalled, since handing over goes on in pieces, and over a restart. */
	cm_effect_store(effects, CM_KIND_REBUILD, &no_case, record->body);
	cm_desk_arm_look(desk, input->now.ms, effects);
	cm_effect_tell(effects, "router.rebuilds", &no_case, "router=%s", sender);
	if (effects->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to hand cases over");
	mark_lost(desk, &rebuild, input->now.ms);
	desk->lost_count += count;
	return CM_OK;
}

enum cm_status cm_desk_replay_rebuild(
    struct cm_desk *desk, struct cm_bytes body, struct cm_arena *arena)
{
	struct cm_rebuild rebuild;
	enum cm_status status = cm_record_decode(CM_KIND_REBUILD, body, arena, &rebuild, NULL);

	if (status == CM_OK)
		mark_lost(desk, &rebuild, 0);
	return status;
}
