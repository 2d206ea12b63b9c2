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
 *                        Ended cases last, with the word that ended them: it ends them anew, and so tells
 *                        whom it had not told yet.
 *   this node is killed  who has the case is journalled with the demand that was sent; a hand-over that
 *                        was not stored has not happened, and its reason is still there.
 *   the case is still being stored  it waits for the next look.
 */
#include "nodes/desk/desk_hand.h"

#include <stdio.h>
#include <string.h>

#include "nodes/desk/desk_owner.h"
#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

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

enum cm_status cm_desk_hand_over(struct cm_desk *desk, const struct cm_input *input,
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
	p.demand.ledger = cm_desk_ledger_of(desk, to);
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
	desk->may_wait = true;
	return CM_OK;
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
	return *out != NULL && (*out)->is_intake && !cm_desk_is_settled(*out) &&
	       epoch == cm_epoch_of((*out)->epoch);
}

static void forget_ledger(
    struct cm_desk_router *r, const struct cm_record *record, struct cm_arena *arena)
{
	struct cm_demand demand;

	if (cm_record_decode(CM_KIND_DEMAND, record->body, arena, &demand, NULL) == CM_OK &&
	    demand.ledger == r->ledger)
		r->ledger = 0;
}

void cm_desk_on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	struct cm_desk *desk = self;
	struct cm_desk_router *r = cm_desk_find_router(desk, peer);
	struct cm_review *review;

	/* It has another ledger than is known here, and will say which: it must not refuse the next for that. */
	if (r != NULL && status == CM_CHANGED && record->kind == CM_KIND_DEMAND)
		forget_ledger(r, record, &effects->arena);
	if (!is_owner_astray(desk, record, status, &effects->arena, &review) ||
	    cm_desk_hand_over(desk, input, review, peer, reason[0] != 0 ? reason : "it refused it", effects) ==
	        CM_OK)
		return;
	/* Not now: the ordinary look comes back to it. */
	effects->count = 0;
	review->is_lost = true;
	review->owner = cm_desk_owner_of(desk, review);
	desk->lost_count++;
	cm_desk_arm_look(desk, input->now.ms + CM_DESK_LOOK_LATER_MS, effects);
}
