/*
 * A router's ask: the answer of the local law, or what this node has said before; journalled with the ask,
 * and sent.
 */
#include "nodes/desk/desk_parts.h"

#include <stdio.h>

#include "nodes/desk/desk_case.h"
#include "nodes/desk/desk_owner.h"
#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

void cm_desk_note_ask(struct cm_review *review, const struct cm_ask *ask)
{
	uint32_t epoch = cm_epoch_of(ask->demand.epoch);

	if (epoch > review->asked_epoch || ask->ledger != review->asked_ledger) {
		review->rounds_answered = 0; /* a new owner has heard none of them */
		review->asked_epoch = epoch;
	}
	if (epoch > review->epoch)
		review->epoch = epoch;
	review->asked_ledger = ask->ledger;
	review->rounds_answered |= 1u << ask->round;
	review->targets_count = ask->demand.targets_count;
	if (review->opened_ms == 0)
		review->opened_ms = ask->demand.registered_ms;
	(void)snprintf(review->issuing_state, sizeof review->issuing_state, "%s",
	    ask->demand.issuing_state);
}

/* What persons changed before this ask came; NULL where nobody did. */
static enum cm_status load_past(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct cm_check_past *past, struct cm_err *err)
{
	struct cm_desk_case *known;
	enum cm_status status;

	*past = (struct cm_check_past){0};
	if (review == NULL || !review->is_amended)
		return CM_OK;
	known = cm_arena_alloc(arena, 1, sizeof *known);
	if (known == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to answer");
	status = cm_desk_case_load(desk, review, arena, known, err);
	past->amendments = known->amendments;
	past->amendments_count = known->amendments_count;
	return status;
}

static enum cm_status check_ask(const struct cm_review *review, const char *sender,
    const struct cm_ask *ask, struct cm_err *err)
{
	uint32_t epoch = cm_epoch_of(ask->demand.epoch);
	enum cm_status status;

	if (ask->round > CM_MAX_ROUNDS)
		return cm_err_set(err, CM_TOO_LARGE, "round %u: at most %d are answered",
		    (unsigned)ask->round, CM_MAX_ROUNDS);
	status = cm_desk_check_epoch(review, sender, epoch, err);
	if (status != CM_OK)
		return status;
	if (review != NULL && cm_review_has_ended(review))
		return cm_err_set(err, CM_NO_MEANING, "the case has ended");
	if (review != NULL && review->asked_epoch == epoch && review->asked_ledger == ask->ledger &&
	    (review->rounds_answered >> ask->round & 1) != 0 &&
	    !CM_PLANTED(ASK_AGAIN))
		return cm_err_set(err, CM_DUPLICATE, "this round was answered before");
	return CM_OK;
}

static enum cm_status answer_ask(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_review *review, const struct cm_ask *ask, struct cm_effects *effects,
    struct cm_bytes *body, struct cm_err *err)
{
	struct cm_check_past past;
	struct cm_answer *said = NULL;
	bool is_all = true;
	struct cm_answer answer;
	enum cm_status status = cm_desk_find_said(desk, review, ask, effects, &said, &is_all, err);

	if (status == CM_OK && (said == NULL || !is_all))
		status = load_past(desk, review, &effects->arena, &past, err);
	if (status != CM_OK)
		return status;
	if (said != NULL && is_all) {
		answer = *said;
		answer.round = ask->round;
	} else {
		desk->check.past = &past;
		status = cm_check_answer(&desk->check, ask, input->now, &effects->arena, &answer);
		desk->check.past = NULL;
		answer.edition = said != NULL ? said->edition : 0;
	}
	answer.epoch = ask->demand.epoch;
	answer.revision = review != NULL ? review->revision : 0;
	if (status == CM_OK)
		status = cm_desk_encode_answer(desk, &answer, effects, body, err);
	return status == CM_OK ? CM_OK : cm_err_set(err, status, "no memory to answer");
}

/* A router that lost its ledger may be given an old demand once more, of a case that intake has ended since:
 * it must hear of the end, or it would wait for ever. */
static enum cm_status say_ended(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_review *review, const char *sender, struct cm_effects *effects, struct cm_err *err)
{
	bool is_replaced = !cm_id_is_zero(&review->successor);
	struct cm_notice notice = {.case_id = review->id,
	    .node = desk->settings->name,
	    .what = is_replaced ? CM_NOTICE_SUPERSEDE : CM_NOTICE_WITHDRAW,
	    .at_ms = input->now.ms,
	    .revision = review->revision,
	    .by = desk->settings->name,
	    .reasons = is_replaced ? "A corrected demand replaces this one."
	                           : "The demand was withdrawn before.",
	    .successor = review->successor};
	struct cm_bytes body = {0};
	struct cm_id id = cm_effects_id(effects, input);
	enum cm_status status = cm_effects_encode(effects, CM_KIND_NOTICE, &notice, &body, err);

	if (status != CM_OK)
		return status;
	cm_effect_send(effects, sender, CM_KIND_NOTICE, &review->id, &id, body);
	return effects->failed ? cm_err_set(err, CM_NO_MEMORY, "no memory for a notice") : CM_OK;
}

enum cm_status cm_desk_take_ask(struct cm_desk *desk, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_ask ask;
	struct cm_review *review;
	struct cm_bytes body;
	struct cm_id id;
	char label[32];
	uint32_t epoch;
	bool stores_owner;
	bool is_anew;
	enum cm_status status =
	    cm_record_decode(CM_KIND_ASK, record->body, &effects->arena, &ask, err);

	if (status != CM_OK)
		return status;
	epoch = cm_epoch_of(ask.demand.epoch);
	review = cm_reviews_find(&desk->reviews, &ask.case_id);
	status = check_ask(review, sender, &ask, err);
	if (status == CM_NO_MEANING && review->is_intake && review->asked_ledger != ask.ledger)
		return say_ended(desk, input, review, sender, effects, err);
	if (status == CM_OK)
		status = answer_ask(desk, input, review, &ask, effects, &body, err);
	if (status != CM_OK)
		return status;
	stores_owner = cm_desk_must_store_owner(desk, review, epoch);
	if (stores_owner)
		status = cm_desk_store_owner(
		    desk, input, &ask.case_id, sender, epoch, "it has asked", effects, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_ASK, &ask.case_id, record->body);
	cm_effect_store(effects, CM_KIND_ANSWER, &ask.case_id, body);
	(void)snprintf(label, sizeof label, "answer/%u", (unsigned)ask.round);
	id = cm_id_derive(&record->id, label);
	cm_effect_send(effects, sender, CM_KIND_ANSWER, &ask.case_id, &id, body);
	is_anew = cm_desk_is_asked_anew(review, &ask);
	if (is_anew)
		cm_desk_ring_owner(desk, input, effects);
	if (effects->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to answer");
	review = cm_reviews_need(&desk->reviews, &ask.case_id);
	if (review == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	(void)cm_review_step(review, CM_REVIEW_ASK);
	cm_desk_see_owner(desk, review, sender, epoch);
	cm_desk_note_ask(review, &ask);
	cm_desk_note_asked(desk, review, sender);
	if (is_anew)
		cm_desk_give_anew(desk, review);
	review->rows += 2 + (uint32_t)stores_owner;
	return CM_OK;
}
