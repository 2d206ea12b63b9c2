/*
 * At intake: handing over what a silent or lost router had.
 *
 *   The happy path
 *   A demand goes to the first router of its order, in epoch 1. When that one has been silent for
 *   router_patience_ms, its open cases go to the next one in epoch 2, and `moved` into its outbox. All
 *   nodes refuse what it says in epoch 1 as soon as the next one has asked them.
 *
 *   What can go wrong
 *   it was only slow     it learns of the hand-over from `moved`, or from the first node that refuses it.
 *   none can be reached  the case stays where it is; `status` counts such cases.
 *   the next is stuck    connected, and does not ask: after the same patience the one after it is tried.
 *   thousands at once    CM_MOST_HANDED of them are on their way at a time, emergencies first, open
 *                        cases before decided ones.
 *   it lost its ledger   it says so (`rebuild`), and gets everything again in the next epoch; what it was
 *                        given and has not asked about yet only if it does not ask within the patience:
 *                        most often it is new, and about to ask. Its asks say from which ledger they are.
 *   this node is killed  who has the case is journalled with the demand that was sent; a hand-over that
 *                        was not stored has not happened, and its reason is still there.
 *   the case is still being stored  it waits for the next look.
 */
#include "nodes/desk/desk_owner.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

#define CM_MOST_HANDED 256 /* cases handed over that the new owner has not asked about yet */
#define LOOK_SOON_MS 100   /* when there is more to hand over and it goes on */
#define LOOK_LATER_MS 1000 /* when it does not */
#define LOOK_LEAST_MS 25

/* The desk's own alarm: no case has this id. */
static const struct cm_id own_alarm = {{0}};

static void arm(struct cm_desk *desk, int64_t at_ms, struct cm_effects *effects)
{
	cm_effect_arm(effects, &own_alarm, at_ms);
	desk->look_at_ms = at_ms;
}

void cm_desk_ring_owner(struct cm_desk *desk, const struct cm_input *input, struct cm_effects *effects)
{
	arm(desk, input->now.ms, effects);
}

/* ---- handing over ---------------------------------------------------------------------------- */

/* What of a case's rows goes to a new owner. */
struct parcel {
	struct cm_arena *arena;
	struct cm_demand demand;
	struct cm_notice withdrawal;
	bool has_demand;
	bool has_withdrawal;
	uint32_t rows;
	enum cm_status status;
};

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct parcel *p = data;
	struct cm_notice notice;

	(void)at_ms;
	p->rows++;
	if (kind == CM_KIND_DEMAND) {
		p->status = cm_record_decode(kind, body, p->arena, &p->demand, NULL);
		p->has_demand = true;
	} else if (kind == CM_KIND_NOTICE) {
		p->status = cm_record_decode(kind, body, p->arena, &notice, NULL);
		if (p->status == CM_OK && notice.what == CM_NOTICE_WITHDRAW) {
			p->withdrawal = notice;
			p->has_withdrawal = true;
		}
	}
	return p->status == CM_OK;
}

static enum cm_status read_parcel(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct parcel *p)
{
	enum cm_status status;

	*p = (struct parcel){.arena = arena, .status = CM_OK};
	status = desk->recall.fn != NULL
	             ? desk->recall.fn(desk->recall.self, &review->id, on_row, p)
	             : CM_TRY_AGAIN;
	if (status == CM_OK)
		status = p->status;
	if (status == CM_OK && (p->rows < review->rows || !p->has_demand))
		status = CM_TRY_AGAIN; /* some of it is on its way to the disk */
	return status;
}

/* Its id comes from the case that is handed over: two of them may speak of one case. */
static enum cm_status send_word(const struct cm_notice *notice, const struct cm_id *handed,
    const char *to, const char *label, struct cm_effects *effects)
{
	struct cm_bytes body = {0};
	struct cm_id id = cm_id_derive(handed, label);
	enum cm_status status = cm_effects_encode(effects, CM_KIND_NOTICE, notice, &body, NULL);

	if (status == CM_OK)
		cm_effect_send(effects, to, CM_KIND_NOTICE, &notice->case_id, &id, body);
	return status;
}

static struct cm_notice supersession(const struct cm_desk *desk, const struct cm_input *input,
    const struct cm_review *review, const struct cm_id *successor)
{
	return (struct cm_notice){.case_id = review->id,
	    .node = desk->settings->name,
	    .what = CM_NOTICE_SUPERSEDE,
	    .at_ms = input->now.ms,
	    .revision = review->revision,
	    .by = desk->settings->name,
	    .reasons = "A corrected demand replaces this one.",
	    .successor = *successor};
}

/* The intake's own standing words: the new owner has not heard them. And where this is the corrected
 * demand, the owner of what it replaces may be another, and still has it. */
static enum cm_status send_words(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_review *review, struct parcel *p, const char *to, uint32_t epoch,
    struct cm_effects *effects)
{
	const struct cm_review *old = cm_reviews_find(&desk->reviews, &p->demand.supersedes);
	enum cm_status status = CM_OK;
	struct cm_notice word;
	char label[CM_MAX_NAME_BYTES + 48];

	if (p->has_withdrawal) {
		(void)snprintf(label, sizeof label, "withdraw/%u", (unsigned)epoch);
		status = send_word(&p->withdrawal, &review->id, to, label, effects);
	}
	if (status == CM_OK && !cm_id_is_zero(&review->successor)) {
		word = supersession(desk, input, review, &review->successor);
		(void)snprintf(label, sizeof label, "supersede/%u", (unsigned)epoch);
		status = send_word(&word, &review->id, to, label, effects);
	}
	if (status == CM_OK && old != NULL && !cm_review_has_ended(old) &&
	    strcmp(cm_desk_owner_of(desk, old), to) != 0) {
		word = supersession(desk, input, old, &review->id);
		(void)snprintf(label, sizeof label, "superseded/%s/%u", to, (unsigned)epoch);
		status = send_word(&word, &review->id, cm_desk_owner_of(desk, old), label, effects);
	}
	return status;
}

static enum cm_status tell_former(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_review *review, const char *to, uint32_t epoch, const char *why,
    struct cm_effects *effects)
{
	struct cm_notice moved = {.case_id = review->id,
	    .node = desk->settings->name,
	    .what = CM_NOTICE_MOVED,
	    .at_ms = input->now.ms,
	    .by = desk->settings->name,
	    .reasons = why,
	    .router = to,
	    .epoch = epoch};
	const char *former = cm_desk_owner_of(desk, review);
	char label[32];

	/* One that is not in the settings any more cannot be told, and refuses itself by the nodes. */
	if (former == NULL || (review->is_lost && review->owner == NULL) || strcmp(former, to) == 0)
		return CM_OK;
	(void)snprintf(label, sizeof label, "moved/%u", (unsigned)epoch);
	return send_word(&moved, &review->id, former, label, effects);
}

/* Hand one case to `to`, or, where that is NULL, to the next of its order. CM_NOT_FOUND: there is none that
 * could take it. CM_TRY_AGAIN: not now. */
static enum cm_status hand_over(struct cm_desk *desk, const struct cm_input *input,
    struct cm_review *review, const char *to, const char *why, struct cm_effects *effects)
{
	uint32_t epoch = cm_epoch_of(review->epoch) + !CM_PLANTED(SAME_EPOCH);
	const char *from = cm_desk_owner_of(desk, review);
	struct cm_bytes body = {0};
	struct parcel p;
	struct cm_id record;
	char label[32];
	char id[CM_ID_TEXT_BYTES];
	enum cm_status status = read_parcel(desk, review, &effects->arena, &p);

	if (status != CM_OK)
		return status;
	if (to == NULL)
		to = cm_desk_next_router(desk, review, &p.demand);
	if (to == NULL)
		return CM_NOT_FOUND;
	p.demand.epoch = epoch;
	p.demand.revision = review->revision;
	status = cm_effects_encode(effects, CM_KIND_DEMAND, &p.demand, &body, NULL);
	if (status == CM_OK)
		status = cm_desk_store_owner(desk, input, &review->id, to, epoch, why, effects, NULL);
	if (status != CM_OK)
		return status;
	(void)snprintf(label, sizeof label, "demand/%u", (unsigned)epoch);
	record = cm_id_derive(&review->id, label);
	cm_effect_send(effects, to, CM_KIND_DEMAND, &review->id, &record, body);
	status = send_words(desk, input, review, &p, to, epoch, effects);
	if (status == CM_OK)
		status = tell_former(desk, input, review, to, epoch, why, effects);
	if (status != CM_OK)
		return status;
	cm_id_print(&review->id, id);
	cm_effect_tell(effects, "case.handed_over", &review->id,
	    "case=%s from=%s to=%s epoch=%u why=%s", id, from != NULL ? from : "?", to,
	    (unsigned)epoch, why);
	review->epoch = epoch;
	review->owner = to;
	review->owner_since_ms = input->now.ms;
	review->is_lost = false;
	review->rows++;
	return CM_OK;
}

/* ---- looking who is silent ------------------------------------------------------------------- */

#define CLASSES 4 /* open emergencies, open cases, decided emergencies, decided cases */

/* Its owner has not asked about it yet. */
static bool is_unasked(const struct cm_review *review)
{
	return review->asked_epoch < cm_epoch_of(review->epoch);
}

/* Handed over, and on its way. */
static bool is_on_its_way(const struct cm_review *review)
{
	return review->epoch > 1 && is_unasked(review);
}

/* The class of a case that should have another owner, and why; -1: it is well where it is. */
static int due_of(
    struct cm_desk *desk, const struct cm_review *review, int64_t now_ms, const char **why)
{
	int64_t patience = desk->settings->router_patience_ms;
	bool is_open = review->revision == 0;
	int rank = (is_open ? 0 : 2) + (review->is_emergency ? 0 : 1);
	const struct cm_desk_router *r;

	if (!review->is_intake || cm_review_has_ended(review))
		return -1;
	r = cm_desk_find_router(desk, cm_desk_owner_of(desk, review));
	if (review->is_lost) {
		*why = review->owner != NULL ? "its ledger is new" : "it is not in the settings any more";
		return r != NULL && review->owner != NULL && is_unasked(review) &&
		               now_ms - r->rebuilds_ms <= patience
		           ? -1
		           : rank;
	}
	if (r == NULL || desk->routers_count < 2)
		return -1; /* nobody else could take it */
	*why = "it is silent";
	if (cm_desk_is_silent(r, now_ms, is_open ? patience : desk->settings->router_lost_ms))
		return rank;
	*why = "it has not taken the demand";
	if (is_unasked(review) && now_ms - review->owner_since_ms > patience && now_ms - r->heard_ms > patience)
		return rank;
	return -1;
}

/* True if no case can be due: a look at every case is spared. */
static bool is_all_well(const struct cm_desk *desk, int64_t now_ms)
{
	int64_t patience = desk->settings->router_patience_ms;

	for (size_t i = 0; i < desk->routers_count; i++)
		if (cm_desk_is_silent(&desk->routers[i], now_ms, patience) ||
		    (desk->may_wait && now_ms - desk->routers[i].heard_ms > patience))
			return false;
	return desk->lost_count == 0;
}

struct look {
	size_t due[CLASSES];
	size_t on_the_way;
	size_t handed;
	size_t left;
	size_t stuck;
};

/* What there is to do, and how much is under way. */
static void count_all(struct cm_desk *desk, int64_t now_ms, struct look *look)
{
	desk->lost_count = 0;
	desk->may_wait = false;
	for (size_t i = 0; i < cm_reviews_count(&desk->reviews); i++) {
		const struct cm_review *review = cm_reviews_at(&desk->reviews, i);
		const char *why;
		int rank = due_of(desk, review, now_ms, &why);

		if (!review->is_intake || cm_review_has_ended(review))
			continue;
		look->on_the_way += is_on_its_way(review);
		desk->lost_count += review->is_lost;
		desk->may_wait = desk->may_wait || is_unasked(review);
		if (rank >= 0)
			look->due[rank]++;
	}
}

/* Hand this case over if it is due in that class. False: no memory. */
static bool look_at(struct cm_desk *desk, const struct cm_input *input, struct cm_review *review,
    int rank, struct look *look, struct cm_effects *effects)
{
	const char *why = "";
	size_t count = effects->count;
	bool was_lost = review->is_lost;
	enum cm_status status;

	if (due_of(desk, review, input->now.ms, &why) != rank)
		return true;
	if (look->on_the_way + look->handed >= CM_MOST_HANDED) {
		look->left++;
		return true;
	}
	status = hand_over(desk, input, review, NULL, why, effects);
	if (status == CM_OK) {
		look->handed++;
		desk->lost_count -= was_lost;
		return true;
	}
	effects->count = count;
	look->stuck += status == CM_NOT_FOUND;
	look->left += status != CM_NOT_FOUND;
	return status != CM_NO_MEMORY;
}

static void look_at_all(struct cm_desk *desk, const struct cm_input *input, struct look *look,
    struct cm_effects *effects)
{
	count_all(desk, input->now.ms, look);
	for (int rank = 0; rank < CLASSES; rank++)
		for (size_t i = 0; look->due[rank] > 0 && i < cm_reviews_count(&desk->reviews); i++)
			if (!look_at(desk, input, cm_reviews_at(&desk->reviews, i), rank, look, effects)) {
				effects->failed = true; /* the memory is rebuilt, and looked at again */
				return;
			}
	if (look->handed > 0)
		desk->may_wait = true;
}

void cm_desk_on_timer(void *self, const struct cm_input *input, const struct cm_id *case_id,
    struct cm_effects *effects)
{
	struct cm_desk *desk = self;
	int64_t next = desk->settings->router_patience_ms / 4;
	struct look look = {0};

	/* An alarm of before the one that counts: there is one chain of looks, not several. */
	if (!cm_id_is_zero(case_id) || input->now.ms < desk->look_at_ms)
		return;
	if (!is_all_well(desk, input->now.ms))
		look_at_all(desk, input, &look, effects);
	desk->stuck_count = look.stuck;
	if (look.left > 0 && look.handed > 0)
		next = LOOK_SOON_MS;
	else if (look.left > 0 || desk->lost_count > 0)
		next = LOOK_LATER_MS < next ? LOOK_LATER_MS : next;
	if (desk->routers_count > 1 || look.left > 0 || desk->lost_count > 0)
		arm(desk, input->now.ms + (next > LOOK_LEAST_MS ? next : LOOK_LEAST_MS), effects);
}

enum cm_status cm_desk_resume_owners(struct cm_desk *desk, const struct cm_input *input,
    cm_post_effects_cb each, void *data, struct cm_err *err)
{
	struct cm_effects effects;
	struct look look = {0};
	bool failed;

	for (size_t i = 0; i < desk->routers_count; i++) {
		if (!desk->routers[i].is_up)
			desk->routers[i].since_ms = input->now.ms;
		desk->routers[i].heard_ms = input->now.ms;
		desk->routers[i].rebuilds_ms = input->now.ms;
	}
	count_all(desk, input->now.ms, &look);
	if (desk->routers_count < 2 && desk->lost_count == 0)
		return CM_OK;
	cm_effects_init(&effects);
	arm(desk, input->now.ms, &effects);
	failed = effects.failed;
	if (!failed)
		each(&effects, data);
	cm_effects_fini(&effects);
	return failed ? cm_err_set(err, CM_NO_MEMORY, "no memory to start") : CM_OK;
}

/* ---- a router with a new ledger -------------------------------------------------------------- */

/* True if this router had the case, and has not asked about it from the ledger that it has now. */
static bool is_forgotten(struct cm_desk *desk, const struct cm_review *review,
    const struct cm_rebuild *rebuild)
{
	const char *owner = cm_desk_owner_of(desk, review);

	if (!review->is_intake || cm_review_has_ended(review) || owner == NULL ||
	    strcmp(owner, rebuild->router) != 0)
		return false;
	return is_unasked(review) || review->asked_ledger != rebuild->ledger ||
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
	if (count == 0 || CM_PLANTED(NO_REBUILD))
		return cm_err_set(err, CM_NO_MEANING, "%s had no case of %s", sender,
		    desk->settings->name);
	/* Journalled, since handing over goes on in pieces, and over a restart. */
	cm_effect_store(effects, CM_KIND_REBUILD, &own_alarm, record->body);
	arm(desk, input->now.ms, effects);
	cm_effect_tell(effects, "router.rebuilds", &own_alarm, "router=%s", sender);
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

/* ---- refusals -------------------------------------------------------------------------------- */

/* True if the router refused what this case's owner should have taken: it does not have the case, or knows a
 * higher epoch than this node, whose ledger is an old copy then. */
static bool is_owner_astray(struct cm_desk *desk, const struct cm_record *record, enum cm_status status,
    struct cm_arena *arena, struct cm_review **out)
{
	struct cm_demand demand;
	struct cm_answer answer;
	uint32_t epoch = 0;

	*out = NULL;
	if (record->kind == CM_KIND_DEMAND && status == CM_CHANGED &&
	    cm_record_decode(CM_KIND_DEMAND, record->body, arena, &demand, NULL) == CM_OK) {
		*out = cm_reviews_find(&desk->reviews, &demand.case_id);
		epoch = cm_epoch_of(demand.epoch);
	} else if (record->kind == CM_KIND_ANSWER && status == CM_NOT_FOUND &&
	           cm_record_decode(CM_KIND_ANSWER, record->body, arena, &answer, NULL) == CM_OK) {
		*out = cm_reviews_find(&desk->reviews, &answer.case_id);
		epoch = cm_epoch_of(answer.epoch);
	}
	return *out != NULL && (*out)->is_intake && !cm_review_has_ended(*out) &&
	       epoch == cm_epoch_of((*out)->epoch);
}

void cm_desk_on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	struct cm_desk *desk = self;
	struct cm_review *review;

	if (!is_owner_astray(desk, record, status, &effects->arena, &review) ||
	    hand_over(desk, input, review, peer, reason[0] != 0 ? reason : "it refused it", effects) ==
	        CM_OK)
		return;
	/* Not now: the ordinary look comes back to it. */
	effects->count = 0;
	review->is_lost = true;
	review->owner = cm_desk_owner_of(desk, review);
	desk->lost_count++;
	arm(desk, input->now.ms + LOOK_LATER_MS, effects);
}
