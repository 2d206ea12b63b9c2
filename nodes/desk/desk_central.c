/*
 * Central's word to a new owner of a case: what it has settled, in one answer, so that no revision is made
 * in which a settlement is silently gone.
 *
 * A settlement stands if the owner told that it was taken, if the newest outcome rests on it, or if it was
 * given on the newest outcome and nobody has refused it yet: then it may be on its way to an owner that is
 * no more. Of one part the last one counts.
 */
#include "nodes/desk/desk_central.h"

#include <string.h>

#include "nodes/desk/desk_owner.h"
#include "protocol/wire/codec.h"

struct settled {
	struct settled *next;
	struct cm_notice notice;
	struct cm_id name;
	bool is_taken;
	bool is_refused;
};

struct reading {
	struct cm_arena *arena;
	const char *central;
	struct settled *first;
	struct settled **end;
	struct cm_outcome newest;
	uint32_t epoch; /* of that */
	uint32_t rows;
	enum cm_status status;
};

static enum cm_status add_notice(struct reading *r, struct cm_bytes body)
{
	struct settled *s = cm_arena_alloc(r->arena, 1, sizeof *s);
	enum cm_status status;

	if (s == NULL)
		return CM_NO_MEMORY;
	status = cm_record_decode(CM_KIND_NOTICE, body, r->arena, &s->notice, NULL);
	if (status != CM_OK || s->notice.what != CM_NOTICE_SETTLE)
		return status;
	s->name = cm_notice_name(&s->notice.case_id, body);
	*r->end = s;
	r->end = &s->next;
	return CM_OK;
}

/* An event that names no notice was told by an older router, which says by its sentence which one it took. */
static enum cm_status note_taken_by_sentence(struct reading *r, const char *why)
{
	for (struct settled *s = r->first; s != NULL; s = s->next) {
		const char *said = cm_arena_printf(r->arena, "%s by %s: %.2000s", s->notice.disposition,
		    s->notice.by, s->notice.reasons);

		if (said == NULL)
			return CM_NO_MEMORY;
		if (s->is_taken || strcmp(said, why) != 0)
			continue;
		s->is_taken = true;
		break;
	}
	return CM_OK;
}

/* The same of a refusal: it does not say of which one, and all that were given before are past. */
static void note_refused_by_order(struct reading *r)
{
	for (struct settled *s = r->first; s != NULL; s = s->next)
		s->is_refused = true;
}

/* What the owner has made of a settlement, by the name of the notice. */
static enum cm_status note_fate(struct reading *r, const struct cm_event *event)
{
	bool is_taken = strcmp(event->what, "part.settled") == 0;
	bool is_refused = strcmp(event->what, "settlement.refused") == 0;

	if (is_taken && cm_id_is_zero(&event->notice))
		return note_taken_by_sentence(r, event->why);
	if (is_refused && cm_id_is_zero(&event->notice))
		note_refused_by_order(r);
	else
		for (struct settled *s = r->first; s != NULL; s = s->next)
			if (cm_id_equal(&s->name, &event->notice)) {
				s->is_taken = s->is_taken || is_taken;
				s->is_refused = s->is_refused || is_refused;
			}
	return CM_OK;
}

static enum cm_status add_event(struct reading *r, struct cm_bytes body)
{
	struct cm_event event;
	enum cm_status status = cm_record_decode(CM_KIND_EVENT, body, r->arena, &event, NULL);
	uint32_t epoch;

	if (status != CM_OK)
		return status;
	epoch = cm_epoch_of(event.epoch);
	if (event.outcomes_count > 0 &&
	    (epoch > r->epoch ||
	        (epoch == r->epoch && event.outcomes[0].revision > r->newest.revision))) {
		r->newest = event.outcomes[0];
		r->epoch = epoch;
	}
	return note_fate(r, &event);
}

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct reading *r = data;

	(void)at_ms;
	r->rows++;
	if (kind == CM_KIND_NOTICE)
		r->status = add_notice(r, body);
	else if (kind == CM_KIND_EVENT)
		r->status = add_event(r, body);
	return r->status == CM_OK;
}

static bool is_of_part(const struct cm_notice *n, uint32_t target, const char *category, const char *region)
{
	return n->target == target && strcmp(n->category, category) == 0 &&
	       strcmp(n->region, region) == 0;
}

/* True if the newest outcome rests on it. */
static bool is_in_outcome(const struct reading *r, const struct cm_notice *n)
{
	for (size_t i = 0; i < r->newest.parts_count; i++) {
		const struct cm_part_outcome *p = &r->newest.parts[i];

		for (size_t j = 0;
		    is_of_part(n, p->target, p->category, p->region) && j < p->amendments_count; j++)
			if (p->amendments[j].amends == CM_AMENDS_DISPOSITION &&
			    p->amendments[j].at_ms == n->at_ms &&
			    strcmp(p->amendments[j].node, r->central) == 0)
				return true;
	}
	return false;
}

/* Not refused, as far as is known here. */
static bool is_valid(const struct reading *r, const struct settled *s)
{
	return s->is_taken || is_in_outcome(r, &s->notice) ||
	       (!s->is_refused && s->notice.revision == r->newest.revision);
}

static bool is_standing(const struct reading *r, const struct settled *s)
{
	if (!is_valid(r, s))
		return false;
	for (const struct settled *later = s->next; later != NULL; later = later->next)
		if (is_of_part(&later->notice, s->notice.target, s->notice.category, s->notice.region) &&
		    is_valid(r, later))
			return false;
	return true;
}

static struct cm_amendment amendment_of(const struct cm_notice *n)
{
	return (struct cm_amendment){.amends = CM_AMENDS_DISPOSITION,
	    .target = n->target,
	    .category = n->category,
	    .region = n->region,
	    .side = CM_SIDE_ISSUING,
	    .subject = n->disposition,
	    .node = n->node,
	    .was = "",
	    .by = n->by,
	    .reasons = n->reasons,
	    .at_ms = n->at_ms,
	    .revision = n->revision};
}

/* All that stand. More than an answer holds is said, and told by the router to whoever reads the case. */
static enum cm_status list_standing(const struct reading *r, struct cm_answer *answer)
{
	struct cm_amendment *list = cm_arena_alloc(r->arena, CM_MAX_AMENDMENTS, sizeof *list);
	size_t count = 0;

	if (list == NULL)
		return CM_NO_MEMORY;
	for (const struct settled *s = r->first; s != NULL; s = s->next) {
		if (!is_standing(r, s))
			continue;
		if (count < CM_MAX_AMENDMENTS)
			list[count++] = amendment_of(&s->notice);
		else
			answer->trouble = "more settlements stand than fit into one answer: settle those of "
			                  "the last parts again";
	}
	answer->amendments = list;
	answer->amendments_count = count;
	return CM_OK;
}

static enum cm_status read_standing(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct cm_answer *answer, struct cm_err *err)
{
	struct reading r = {
	    .arena = arena, .central = desk->settings->name, .epoch = 1, .status = CM_OK};
	enum cm_status status = CM_OK;

	if (review == NULL || review->rows == 0)
		return CM_OK;
	r.end = &r.first;
	status = desk->recall.fn(desk->recall.self, &review->id, on_row, &r);
	if (status == CM_OK)
		status = r.status;
	if (status == CM_OK && r.rows < review->rows)
		return cm_err_set(err, CM_TRY_AGAIN, "the case is still being stored; ask again");
	if (status == CM_OK)
		status = list_standing(&r, answer);
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "the case cannot be read from the ledger");
}

static enum cm_status check_ask(const struct cm_review *review, const char *sender,
    const struct cm_ask *ask, uint32_t epoch, struct cm_err *err)
{
	enum cm_status status = cm_desk_check_epoch(review, sender, epoch, err);

	if (status != CM_OK)
		return status;
	if (epoch < 2 || ask->round != 1)
		return cm_err_set(err, CM_NOT_ALLOWED, "central has no finding of its own");
	if (review != NULL && review->asked_epoch >= epoch && review->asked_ledger == ask->ledger)
		return cm_err_set(err, CM_DUPLICATE, "this was answered before");
	return CM_OK;
}

enum cm_status cm_desk_take_central_ask(struct cm_desk *desk, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_answer answer;
	struct cm_ask ask;
	struct cm_review *review;
	struct cm_bytes body = {0};
	struct cm_id id;
	uint32_t epoch;
	enum cm_status status =
	    cm_record_decode(CM_KIND_ASK, record->body, &effects->arena, &ask, err);

	if (status != CM_OK)
		return status;
	epoch = cm_epoch_of(ask.demand.epoch);
	review = cm_reviews_find(&desk->reviews, &ask.case_id);
	status = check_ask(review, sender, &ask, epoch, err);
	if (status != CM_OK)
		return status;
	answer = (struct cm_answer){.case_id = ask.case_id,
	    .round = 1,
	    .node = desk->settings->name,
	    .region = desk->settings->name,
	    .at_ms = input->now.ms,
	    .signed_off_by = "machine",
	    .trouble = "",
	    .zone = "",
	    .epoch = epoch,
	    .revision = review != NULL ? review->revision : 0};
	status = read_standing(desk, review, &effects->arena, &answer, err);
	if (status == CM_OK)
		status = cm_desk_store_owner(desk, input, &ask.case_id, sender, epoch,
		    "it has asked what was settled", effects, err);
	if (status == CM_OK)
		status = cm_effects_encode(effects, CM_KIND_ANSWER, &answer, &body, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_ASK, &ask.case_id, record->body);
	cm_effect_store(effects, CM_KIND_ANSWER, &ask.case_id, body);
	id = cm_id_derive(&record->id, "answer/1");
	cm_effect_send(effects, sender, CM_KIND_ANSWER, &ask.case_id, &id, body);
	if (effects->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to answer");
	review = cm_reviews_need(&desk->reviews, &ask.case_id);
	if (review == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	cm_desk_see_owner(desk, review, sender, epoch);
	review->asked_epoch = epoch;
	review->asked_ledger = ask.ledger;
	review->rows += 3;
	return CM_OK;
}
