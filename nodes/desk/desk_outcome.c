/*
 * What a router has decided or seen: its outcomes, at a region's node, and at central its events, which
 * bring outcomes with them.
 */
#include "nodes/desk/desk_parts.h"

#include <string.h>

#include "nodes/desk/desk_owner.h"
#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

enum cm_review_event cm_desk_outcome_event(const struct cm_outcome *outcome)
{
	if (outcome->ended[0] == 0)
		return CM_REVIEW_OUTCOME;
	return strcmp(outcome->ended, "superseded") == 0 ? CM_REVIEW_SUPERSEDE : CM_REVIEW_WITHDRAW;
}

void cm_desk_note_outcome(
    struct cm_desk *desk, struct cm_review *review, const struct cm_outcome *outcome)
{
	review->outcome_epoch = cm_epoch_of(outcome->epoch);
	cm_desk_see_owner(desk, review, outcome->router, review->outcome_epoch);
	review->revision = outcome->revision;
	review->decided_ms = outcome->decided_ms;
	review->parts_count = outcome->parts_count;
}

/* One that ends an ended case anew, in a later epoch: what ended it stands, and its number is the later. */
static bool is_later_end(const struct cm_review *review, const struct cm_outcome *outcome)
{
	return review != NULL && cm_review_has_ended(review) && outcome->ended[0] != 0 &&
	       cm_epoch_of(outcome->epoch) > review->outcome_epoch;
}

static enum cm_status check_outcome(const struct cm_review *review, const char *sender,
    const struct cm_outcome *outcome, struct cm_err *err)
{
	enum cm_status status =
	    cm_desk_check_epoch(review, sender, cm_epoch_of(outcome->epoch), err);

	if (status != CM_OK)
		return status;
	if (cm_review_next(review != NULL ? review->state : CM_REVIEW_NEW,
	        cm_desk_outcome_event(outcome)) < 0 &&
	    !is_later_end(review, outcome))
		return cm_err_set(err, CM_NO_MEANING, "no case here waits for this outcome");
	if (review != NULL && !CM_PLANTED(LOWER_REVISION) &&
	    !cm_review_is_newer(review, cm_epoch_of(outcome->epoch), outcome->revision))
		return cm_err_set(err, CM_NO_MEANING, "revision %u is superseded",
		    (unsigned)outcome->revision);
	return CM_OK;
}

enum cm_status cm_desk_take_outcome(struct cm_desk *desk, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_outcome outcome;
	struct cm_review *review;
	char id[CM_ID_TEXT_BYTES];
	enum cm_status status =
	    cm_record_decode(CM_KIND_OUTCOME, record->body, &effects->arena, &outcome, err);

	if (status != CM_OK)
		return status;
	review = cm_reviews_find(&desk->reviews, &outcome.case_id);
	status = check_outcome(review, sender, &outcome, err);
	if (status != CM_OK)
		return status;
	cm_id_print(&outcome.case_id, id);
	cm_effect_store(effects, CM_KIND_OUTCOME, &outcome.case_id, record->body);
	cm_effect_tell(effects, "outcome.stored", &outcome.case_id, "case=%s revision=%u parts=%zu",
	    id, (unsigned)outcome.revision, outcome.parts_count);
	if (!effects->failed) /* an end may come before the ask */
		review = cm_reviews_need(&desk->reviews, &outcome.case_id);
	if (effects->failed || review == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	(void)cm_review_step(review, cm_desk_outcome_event(&outcome));
	cm_desk_note_outcome(desk, review, &outcome);
	review->rows++;
	return CM_OK;
}

void cm_desk_note_event(
    struct cm_desk *desk, struct cm_review *review, const struct cm_event *event)
{
	const struct cm_outcome *outcome = event->outcomes;

	cm_desk_see_owner(desk, review, event->router, cm_epoch_of(event->epoch));
	if (review->opened_ms == 0)
		review->opened_ms = event->at_ms;
	(void)cm_review_step(review, CM_REVIEW_EVENT);
	if (event->outcomes_count > 0 &&
	    cm_review_is_newer(review, cm_epoch_of(outcome->epoch), outcome->revision)) {
		(void)cm_review_step(review, cm_desk_outcome_event(outcome));
		cm_desk_note_outcome(desk, review, outcome);
	}
}

enum cm_status cm_desk_take_event(struct cm_desk *desk, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_event event;
	struct cm_review *review;
	enum cm_status status =
	    cm_record_decode(CM_KIND_EVENT, record->body, &effects->arena, &event, err);

	if (status != CM_OK)
		return status;
	status = cm_desk_check_epoch(cm_reviews_find(&desk->reviews, &event.case_id), sender,
	    cm_epoch_of(event.epoch), err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_EVENT, &event.case_id, record->body);
	if (effects->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an event");
	review = cm_reviews_need(&desk->reviews, &event.case_id);
	if (review == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	cm_desk_note_event(desk, review, &event);
	review->rows++;
	effects->patience_ms = CM_EFFECTS_LEISURE_MS;
	return CM_OK;
}
