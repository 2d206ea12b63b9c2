#include "nodes/desk/desk.h"

#include <stdio.h>
#include <string.h>

#include "jurisdictions/law_files.h"
#include "nodes/desk/desk_case.h"
#include "nodes/desk/desk_central.h"
#include "nodes/desk/desk_ops.h"
#include "nodes/desk/desk_owner.h"
#include "nodes/residency/residency.h"
#include "protocol/base/log.h"
#include "protocol/base/plant.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/* ---- the residency map ----------------------------------------------------------------------- */

/* A node may be up before its first import: without a map it hosts nothing it knows of, and says so. */
static struct cm_residency *map_of(struct cm_desk *desk, struct cm_err *err)
{
	enum cm_status status;

	if (desk->map != NULL)
		return desk->map;
	status = cm_residency_open(desk->settings->residency, desk->settings->region,
	    CM_RESIDENCY_READ, &desk->map, err);
	if (status == CM_OK)
		status = cm_residency_check_key(desk->map, &desk->key, err);
	if (status != CM_OK) {
		cm_residency_close(desk->map);
		desk->map = NULL;
	}
	return desk->map;
}

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *arena, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	struct cm_desk *desk = data;
	struct cm_residency *map = map_of(desk, err);
	struct cm_part *part = cm_arena_alloc(arena, 1, sizeof *part);
	struct cm_day day;
	enum cm_status status;

	*count = 0;
	if (map == NULL) {
		/* The file's name is this machine's own business; what travels is what it means. */
		cm_log(CM_LOG_WARN, "map.missing", "why=%s", err->text);
		return cm_err_set(err, err->status, "%s",
		    err->status == CM_NOT_FOUND ? "no residency map has been imported yet"
		                                : "its residency map cannot be read");
	}
	if (part == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a lookup");
	if (!cm_day_parse(as_of, strlen(as_of), &day))
		return cm_err_set(err, CM_BAD_INPUT, "as_of: not a day");
	status = cm_residency_lookup(map, target->blind, category, day, arena, part);
	if (status == CM_NOT_FOUND)
		return CM_OK;
	if (status != CM_OK)
		return cm_err_set(
		    err, status, "look up the residency map: %s", cm_status_text(status));
	*parts = part;
	*count = 1;
	return CM_OK;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	const struct cm_desk *desk = self;

	return cm_ops_recall(desk->post, case_id, each, data);
}

/* ---- life ------------------------------------------------------------------------------------ */

static enum cm_status init_region(struct cm_desk *desk, struct cm_err *err)
{
	const struct cm_settings *s = desk->settings;
	enum cm_status status = cm_law_files_load(s->law, s->law_count, &desk->law, err);

	if (status == CM_OK)
		status = cm_blind_key_load(s->blind_key, &desk->key, err);
	if (status != CM_OK)
		return status;
	if (map_of(desk, err) == NULL && err->status != CM_NOT_FOUND)
		return err->status;
	desk->check = (struct cm_check){.node = s->name,
	    .region = s->region,
	    .state = s->state,
	    .zone = s->zone,
	    .issuing = s->issuing,
	    .issuing_count = s->issuing_count,
	    .law = desk->law,
	    .lookup = look_up,
	    .lookup_data = desk};
	return cm_check_init(&desk->check) == CM_OK
	           ? CM_OK
	           : cm_err_set(err, CM_NO_MEMORY, "no memory for the local check");
}

enum cm_status cm_desk_init(struct cm_desk *desk, const struct cm_settings *settings,
    struct cm_err *err)
{
	enum cm_status status = CM_OK;

	*desk = (struct cm_desk){.settings = settings, .recall = {recall, desk}};
	cm_reviews_init(&desk->reviews);
	desk->is_central = strcmp(settings->role, "central") == 0;
	status = cm_desk_find_routers(desk, err);
	if (status == CM_OK && !desk->is_central)
		status = init_region(desk, err);
	if (status != CM_OK)
		cm_desk_fini(desk);
	return status;
}

void cm_desk_fini(struct cm_desk *desk)
{
	cm_reviews_fini(&desk->reviews);
	cm_check_fini(&desk->check);
	cm_law_free(desk->law);
	cm_residency_close(desk->map);
	cm_blind_key_wipe(&desk->key);
	desk->law = NULL;
	desk->map = NULL;
}

/* ---- records --------------------------------------------------------------------------------- */

static void note_ask(struct cm_review *review, const struct cm_ask *ask)
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

static enum cm_status take_ask(struct cm_desk *desk, const struct cm_input *input,
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
	note_ask(review, &ask);
	cm_desk_note_asked(desk, review, sender);
	if (is_anew)
		cm_desk_give_anew(desk, review);
	review->rows += 2 + (uint32_t)stores_owner;
	return CM_OK;
}

static enum cm_review_event event_of(const struct cm_outcome *outcome)
{
	if (outcome->ended[0] == 0)
		return CM_REVIEW_OUTCOME;
	return strcmp(outcome->ended, "superseded") == 0 ? CM_REVIEW_SUPERSEDE : CM_REVIEW_WITHDRAW;
}

static void note_outcome(
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
	if (cm_review_next(review != NULL ? review->state : CM_REVIEW_NEW, event_of(outcome)) < 0 &&
	    !is_later_end(review, outcome))
		return cm_err_set(err, CM_NO_MEANING, "no case here waits for this outcome");
	if (review != NULL && !CM_PLANTED(LOWER_REVISION) &&
	    !cm_review_is_newer(review, cm_epoch_of(outcome->epoch), outcome->revision))
		return cm_err_set(err, CM_NO_MEANING, "revision %u is superseded",
		    (unsigned)outcome->revision);
	return CM_OK;
}

static enum cm_status take_outcome(struct cm_desk *desk, const char *sender,
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
	(void)cm_review_step(review, event_of(&outcome));
	note_outcome(desk, review, &outcome);
	review->rows++;
	return CM_OK;
}

static void note_event(
    struct cm_desk *desk, struct cm_review *review, const struct cm_event *event)
{
	const struct cm_outcome *outcome = event->outcomes;

	cm_desk_see_owner(desk, review, event->router, cm_epoch_of(event->epoch));
	if (review->opened_ms == 0)
		review->opened_ms = event->at_ms;
	(void)cm_review_step(review, CM_REVIEW_EVENT);
	if (event->outcomes_count > 0 &&
	    cm_review_is_newer(review, cm_epoch_of(outcome->epoch), outcome->revision)) {
		(void)cm_review_step(review, event_of(outcome));
		note_outcome(desk, review, outcome);
	}
}

static enum cm_status take_event(struct cm_desk *desk, const char *sender,
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
	note_event(desk, review, &event);
	review->rows++;
	effects->patience_ms = CM_EFFECTS_LEISURE_MS;
	return CM_OK;
}

static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_desk *desk = self;

	cm_desk_hear(desk, sender, input->now);
	if (desk->is_central && record->kind == CM_KIND_EVENT)
		return take_event(desk, sender, record, effects, err);
	if (desk->is_central && record->kind == CM_KIND_ASK)
		return cm_desk_take_central_ask(desk, input, sender, record, effects, err);
	if (!desk->is_central && record->kind == CM_KIND_REBUILD)
		return cm_desk_take_rebuild(desk, input, sender, record, effects, err);
	if (!desk->is_central && record->kind == CM_KIND_ASK)
		return take_ask(desk, input, sender, record, effects, err);
	if (!desk->is_central && record->kind == CM_KIND_OUTCOME)
		return take_outcome(desk, sender, record, effects, err);
	return cm_err_set(err, CM_UNKNOWN_KIND, "a %s node takes no message of kind %u",
	    desk->settings->role, (unsigned)record->kind);
}

/* ---- replay ---------------------------------------------------------------------------------- */

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
			note_ask(review, &ask);
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
			(void)cm_review_step(review, event_of(&outcome));
			note_outcome(desk, review, &outcome);
		}
		return status;
	case CM_KIND_EVENT:
		status = cm_record_decode(kind, body, arena, &event, NULL);
		if (status == CM_OK)
			note_event(desk, review, &event);
		return status;
	case CM_ROW_ORIGINAL:
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

static enum cm_status on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
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

/* A node's waiting work is all in its outbox; but the cases of a router that is gone must go to another. */
static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	struct cm_desk *desk = self;

	cm_log(CM_LOG_INFO, "desk.resumed", "cases=%zu", cm_reviews_count(&desk->reviews));
	return cm_desk_resume_owners(desk, input, each, data, err);
}

static void on_reset(void *self)
{
	struct cm_desk *desk = self;

	cm_reviews_fini(&desk->reviews);
	cm_reviews_init(&desk->reviews);
	for (size_t i = 0; i < desk->routers_count; i++)
		desk->routers[i] = (struct cm_desk_router){.name = desk->routers[i].name};
}

struct cm_machine cm_desk_machine(struct cm_desk *desk)
{
	static const char *const storing[] = {"file", "override", "answer", "retract", "recheck", "withdraw",
	    "supersede", "settle", NULL};
	static const char *const opening[] = {"file", NULL};

	return (struct cm_machine){.self = desk,
	    .storing_ops = storing,
	    .opening_ops = opening,
	    .record = on_record,
	    .op = cm_desk_op,
	    .timer = cm_desk_on_timer,
	    .peer = cm_desk_on_peer,
	    .undeliverable = cm_desk_on_undeliverable,
	    .replay = on_replay,
	    .resume = on_resume,
	    .reset = on_reset};
}
