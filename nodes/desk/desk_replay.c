/*
 * The desk after a restart: every row of the journal, in its order. Who has a case, and which routers have
 * lost their ledgers, comes back in desk_owner.c and desk_rebuild.c.
 */
#include "nodes/desk/desk_parts.h"

#include "nodes/desk/desk_content.h"
#include "nodes/desk/desk_ops.h"
#include "nodes/desk/desk_owner.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

static enum cm_status replay_demand(struct cm_review *review, struct cm_desk *desk, int64_t at_ms,
    struct cm_bytes body, struct cm_arena *arena)
{
	struct cm_demand demand;
	enum cm_status status = cm_record_decode(CM_KIND_DEMAND, body, arena, &demand, NULL);

	if (status != CM_OK)
		return status;
	cm_desk_note_demand(review, &demand);
	cm_desk_note_successor(desk, &demand.case_id, &demand.supersedes);
	review->owner_since_ms = at_ms;
	(void)cm_review_step(review, CM_REVIEW_REGISTER);
	return cm_reviews_mark_original(&desk->reviews, review);
}

static enum cm_status replay_row(struct cm_desk *desk, struct cm_review *review, uint32_t kind,
    int64_t at_ms, struct cm_bytes body, struct cm_arena *arena)
{
	struct cm_ask ask;
	struct cm_answer answer;
	struct cm_outcome outcome;
	struct cm_event event;
	struct cm_notice notice;
	enum cm_status status = CM_OK;

	review->rows++;

	switch (kind) {
	case CM_KIND_DEMAND:
		return replay_demand(review, desk, at_ms, body, arena);
	case CM_KIND_ASK:
		status = cm_record_decode(kind, body, arena, &ask, NULL);
		if (status == CM_OK && desk->is_central) {
			review->asked_ledger = ask.ledger;
		} else if (status == CM_OK && ask.round <= CM_MAX_ROUNDS) {
			bool is_anew = cm_desk_is_asked_anew(review, &ask);

			(void)cm_review_step(review, CM_REVIEW_ASK);
			cm_desk_note_ask(review, &ask);
			cm_desk_note_asked(desk, review, cm_desk_owner_of(desk, review));
			if (is_anew)
				cm_desk_give_anew(desk, review);
		}
		return status;
	case CM_KIND_ANSWER:
		status = cm_record_decode(kind, body, arena, &answer, NULL);
		if (status == CM_OK && desk->is_central) /* it has no finding: these are what it settled */
			review->asked_epoch = cm_epoch_of(answer.epoch);
		else if (status == CM_OK)
			review->is_amended = review->is_amended || answer.amendments_count > 0;
		return status;
	case CM_KIND_OUTCOME:
		status = cm_record_decode(kind, body, arena, &outcome, NULL);
		if (status == CM_OK) {
			(void)cm_review_step(review, cm_desk_outcome_event(&outcome));
			cm_desk_note_outcome(desk, review, &outcome);
		}
		return status;
	case CM_KIND_EVENT:
		status = cm_record_decode(kind, body, arena, &event, NULL);
		if (status == CM_OK)
			cm_desk_note_event(desk, review, &event);
		return status;
	case CM_ROW_SEALED:
	case CM_ROW_DESTROYED:
		return cm_desk_replay_content(desk, review, kind, body);
	case CM_ROW_ORIGINAL:
		review->content = CM_CONTENT_CLEAR;
		cm_desk_note_original(review, body);
		return CM_OK;
	case CM_KIND_NOTICE:
		status = cm_record_decode(kind, body, arena, &notice, NULL);
		if (status == CM_OK && notice.what == CM_NOTICE_WITHDRAW)
			review->is_withdrawing = true; /* it has not until the router follows it */
		return status;
	case CM_ROW_OWNER:
		return cm_desk_replay_owner(desk, review, at_ms, body, arena);
	default:
		return CM_OK;
	}
}

enum cm_status cm_desk_on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	struct cm_desk *desk = self;
	struct cm_review *review = NULL;
	struct cm_arena arena;
	enum cm_status status;

	(void)seq;
	if (kind != CM_KIND_REBUILD) { /* which is about no case, but about all of a router */
		review = cm_reviews_need(&desk->reviews, case_id);
		if (review == NULL)
			return CM_NO_MEMORY;
	}
	cm_arena_init(&arena, 0);
	status = review != NULL ? replay_row(desk, review, kind, at_ms, body, &arena)
	                        : cm_desk_replay_rebuild(desk, body, &arena);
	cm_arena_fini(&arena);
	return status;
}
