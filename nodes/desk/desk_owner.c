/*
 * Who has a case: the routers as this node sees them, the highest epoch of each case, and, at intake, who is
 * to have it. Handing over is in desk_hand.c, when to do it in desk_look.c.
 */
#include "nodes/desk/desk_owner.h"

#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

/* ---- routers --------------------------------------------------------------------------------- */

enum cm_status cm_desk_follow_routers(void *self, struct cm_err *err)
{
	struct cm_desk *desk = self;
	const struct cm_settings *s = desk->settings;

	for (size_t i = 0; i < s->peers_count; i++) {
		if (strcmp(s->peers[i].role, "router") != 0 ||
		    cm_desk_find_router(desk, s->peers[i].name) != NULL)
			continue;
		if (desk->routers_count == CM_MAX_ROUTERS)
			return cm_err_set(
			    err, CM_TOO_LARGE, "more than %d routers in one fleet", CM_MAX_ROUTERS);
		desk->routers[desk->routers_count++] =
		    (struct cm_desk_router){.name = s->peers[i].name};
	}
	desk->router = desk->routers_count > 0 ? desk->routers[0].name : NULL;
	return CM_OK;
}

enum cm_status cm_desk_find_routers(struct cm_desk *desk, struct cm_err *err)
{
	desk->routers_count = 0;
	return cm_desk_follow_routers(desk, err);
}

struct cm_desk_router *cm_desk_find_router(struct cm_desk *desk, const char *name)
{
	for (size_t i = 0; i < desk->routers_count; i++)
		if (strcmp(desk->routers[i].name, name) == 0)
			return &desk->routers[i];
	return NULL;
}

uint64_t cm_desk_ledger_of(struct cm_desk *desk, const char *router)
{
	const struct cm_desk_router *r = cm_desk_find_router(desk, router);

	return r != NULL ? r->ledger : 0;
}

const char *cm_desk_owner_of(const struct cm_desk *desk, const struct cm_review *review)
{
	return review->owner != NULL ? review->owner : desk->router;
}

void cm_desk_hear(struct cm_desk *desk, const char *sender, struct cm_wall now)
{
	struct cm_desk_router *r = cm_desk_find_router(desk, sender);

	if (r != NULL)
		r->heard_ms = now.ms;
}

void cm_desk_on_peer(void *self, struct cm_wall now, const char *name, bool is_up)
{
	struct cm_desk_router *r = cm_desk_find_router(self, name);

	if (r == NULL || r->is_up == is_up)
		return;
	r->is_up = is_up;
	r->since_ms = now.ms;
	r->heard_ms = now.ms;
}

bool cm_desk_is_silent(const struct cm_desk_router *r, int64_t now_ms, int64_t longer_than_ms)
{
	return !r->is_up && now_ms - r->since_ms > longer_than_ms;
}

/* ---- what is known of a case ----------------------------------------------------------------- */

enum cm_status cm_desk_check_epoch(const struct cm_review *review, const char *router, uint32_t epoch,
    struct cm_err *err)
{
	uint32_t known = review != NULL ? cm_epoch_of(review->epoch) : 1;
	const char *owner = review != NULL ? review->owner : NULL;

	if (CM_PLANTED(DROP_EPOCH))
		return CM_OK;
	if (epoch < known || (epoch == known && owner != NULL && strcmp(owner, router) != 0))
		return cm_err_set(err, CM_CHANGED, "changed meanwhile: %s has the case, in epoch %u",
		    owner != NULL ? owner : "another router", (unsigned)known);
	return CM_OK;
}

void cm_desk_see_owner(
    struct cm_desk *desk, struct cm_review *review, const char *router, uint32_t epoch)
{
	const struct cm_desk_router *r = cm_desk_find_router(desk, router);

	if (epoch < cm_epoch_of(review->epoch) || (epoch == review->epoch && review->owner != NULL))
		return;
	review->epoch = epoch;
	review->owner = r != NULL ? r->name : NULL;
}

/* What intake said of the end of a case went to the router beside the demand, and may have been lost with its
 * ledger: only handing the case over says it again. */
bool cm_desk_has_said_end(const struct cm_review *review)
{
	return review->is_withdrawing || !cm_id_is_zero(&review->successor);
}

void cm_desk_note_asked(struct cm_desk *desk, struct cm_review *review, const char *router)
{
	struct cm_desk_router *r = router != NULL ? cm_desk_find_router(desk, router) : NULL;

	if (r != NULL && r->ledger == 0) /* what it says of a new one later counts more */
		r->ledger = review->asked_ledger;
	if (r != NULL && (r->ledger == 0 || r->ledger == review->asked_ledger) &&
	    review->owner == r->name && !cm_desk_has_said_end(review))
		review->is_lost = false;
}

bool cm_desk_is_asked_anew(const struct cm_review *review, const struct cm_ask *ask)
{
	return review != NULL && review->is_intake && review->asked_ledger != ask->ledger &&
	       review->asked_epoch == cm_epoch_of(ask->demand.epoch);
}

void cm_desk_give_anew(struct cm_desk *desk, struct cm_review *review)
{
	review->owner = cm_desk_owner_of(desk, review);
	review->is_lost = true;
	desk->lost_count++;
}

bool cm_desk_must_store_owner(
    const struct cm_desk *desk, const struct cm_review *review, uint32_t epoch)
{
	if (desk->routers_count < 2 && epoch < 2)
		return false; /* the one router has every case */
	return review == NULL || review->owner == NULL || epoch > cm_epoch_of(review->epoch);
}

enum cm_status cm_desk_store_owner(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_id *case_id, const char *router, uint32_t epoch, const char *why,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_notice row = {.case_id = *case_id,
	    .node = desk->settings->name,
	    .what = CM_NOTICE_MOVED,
	    .at_ms = input->now.ms,
	    .by = desk->settings->name,
	    .reasons = why,
	    .router = router,
	    .epoch = epoch};
	struct cm_bytes body = {0};
	enum cm_status status = cm_effects_encode(effects, CM_KIND_NOTICE, &row, &body, err);

	if (status == CM_OK)
		cm_effect_store(effects, CM_ROW_OWNER, case_id, body);
	return status;
}

enum cm_status cm_desk_replay_owner(struct cm_desk *desk, struct cm_review *review, int64_t at_ms,
    struct cm_bytes body, struct cm_arena *arena)
{
	struct cm_notice row;
	enum cm_status status = cm_record_decode(CM_KIND_NOTICE, body, arena, &row, NULL);
	const struct cm_desk_router *r;

	if (status != CM_OK)
		return status;
	r = cm_desk_find_router(desk, row.router);
	review->epoch = cm_epoch_of(row.epoch);
	review->owner = r != NULL ? r->name : NULL;
	review->owner_since_ms = at_ms;
	review->is_lost = r == NULL; /* its owner is no longer in the settings */
	return CM_OK;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static size_t order_of(const struct cm_desk *desk, const struct cm_demand *demand, size_t *order)
{
	const char *names[CM_MAX_ROUTERS];

	for (size_t i = 0; i < desk->routers_count; i++)
		names[i] = desk->routers[i].name;
	cm_owner_order(cm_owner_key(demand), names, desk->routers_count, order);
	return desk->routers_count;
}

const char *cm_desk_choose_router(
    const struct cm_desk *desk, const struct cm_demand *demand, struct cm_wall now)
{
	size_t order[CM_MAX_ROUTERS];
	size_t count = order_of(desk, demand, order);

	for (size_t i = 0; i < count; i++)
		if (!cm_desk_is_silent(&desk->routers[order[i]], now.ms, desk->settings->router_patience_ms))
			return desk->routers[order[i]].name;
	return count > 0 ? desk->routers[order[0]].name : desk->router;
}

const char *cm_desk_next_router(
    const struct cm_desk *desk, const struct cm_review *review, const struct cm_demand *demand)
{
	const char *owner = cm_desk_owner_of(desk, review);
	size_t order[CM_MAX_ROUTERS];
	size_t count = order_of(desk, demand, order);
	size_t from = count;

	if (review->is_lost && review->owner != NULL)
		return review->owner;
	for (size_t i = 0; i < count; i++)
		if (!review->is_lost && strcmp(desk->routers[order[i]].name, owner) == 0)
			from = i;
	for (size_t i = 1; i <= count; i++) {
		const struct cm_desk_router *r =
		    &desk->routers[order[(from == count ? i - 1 : from + i) % count]];

		if (r->is_up && (review->is_lost || strcmp(r->name, owner) != 0))
			return r->name;
	}
	return review->is_lost && count > 0 ? desk->routers[order[0]].name : NULL;
}
