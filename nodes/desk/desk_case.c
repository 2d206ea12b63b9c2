#include "nodes/desk/desk_case.h"

#include <string.h>

#include "protocol/base/text.h"
#include "protocol/post/rows.h"
#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

/* ---- from the ledger ------------------------------------------------------------------------- */

struct loading {
	struct cm_desk_case *out;
	struct cm_arena *arena;
	uint32_t rows;
	struct cm_amendment *acts; /* what persons changed, oldest first */
	size_t acts_count;
	size_t acts_most;
	enum cm_status status;
	struct cm_err *err;
};

static uint32_t edition_of(const struct cm_answer *answer)
{
	return answer->edition > 1 ? answer->edition : 1;
}

/* A new owner asks from the start: what was said to the one before is set aside. */
static void begin_epoch(struct cm_desk_case *out, uint32_t epoch)
{
	out->epoch = epoch;
	for (uint32_t r = 0; r <= CM_MAX_ROUNDS; r++) {
		if (out->asks[r] != NULL)
			out->former_asks[r] = out->asks[r];
		if (out->answers[r] != NULL)
			out->former_answers[r] = out->answers[r];
		out->asks[r] = NULL;
		out->answers[r] = NULL;
	}
}

static enum cm_status take_ask(struct loading *l, struct cm_bytes body)
{
	struct cm_ask *ask = cm_arena_alloc(l->arena, 1, sizeof *ask);
	enum cm_status status = ask != NULL ? cm_record_decode(CM_KIND_ASK, body, l->arena, ask, l->err)
	                                    : cm_err_set(l->err, CM_NO_MEMORY, "no memory");

	if (status != CM_OK || ask->round > CM_MAX_ROUNDS)
		return status;
	/* A router that has lost its ledger begins anew, be it in the same epoch. */
	if (cm_epoch_of(ask->demand.epoch) > l->out->epoch || ask->ledger != l->out->ledger)
		begin_epoch(l->out, cm_epoch_of(ask->demand.epoch));
	l->out->ledger = ask->ledger;
	l->out->asks[ask->round] = ask;
	return CM_OK;
}

/* ---- what persons changed -------------------------------------------------------------------- */

static bool is_same_act(const struct cm_amendment *a, const struct cm_amendment *b)
{
	return a->at_ms == b->at_ms && a->amends == b->amends && a->side == b->side &&
	       a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0 && strcmp(a->subject, b->subject) == 0 &&
	       strcmp(a->by, b->by) == 0;
}

static bool is_known(const struct loading *l, const struct cm_amendment *act)
{
	for (size_t i = 0; i < l->acts_count; i++)
		if (is_same_act(&l->acts[i], act))
			return true;
	return false;
}

/* Those of an answer that no answer before it had, in its order. Each answer ends with the act that made
 * it, so the rows give the order in which persons spoke, which the wall clock does not: it may be set back. */
static enum cm_status take_acts(struct loading *l, const struct cm_answer *answer)
{
	for (size_t i = 0; i < answer->amendments_count; i++) {
		if (is_known(l, &answer->amendments[i]))
			continue;
		if (l->acts_count == l->acts_most) {
			size_t most = l->acts_most * 2 + 16;
			struct cm_amendment *acts = cm_arena_alloc(l->arena, most, sizeof *acts);

			if (acts == NULL)
				return cm_err_set(l->err, CM_NO_MEMORY, "no memory");
			if (l->acts_count > 0)
				memcpy(acts, l->acts, l->acts_count * sizeof *acts);
			l->acts = acts;
			l->acts_most = most;
		}
		l->acts[l->acts_count++] = answer->amendments[i];
	}
	return CM_OK;
}

/* ---- each kind of row ------------------------------------------------------------------------ */

static enum cm_status take_answer(struct loading *l, struct cm_bytes body)
{
	struct cm_answer *answer = cm_arena_alloc(l->arena, 1, sizeof *answer);
	enum cm_status status =
	    answer != NULL ? cm_record_decode(CM_KIND_ANSWER, body, l->arena, answer, l->err)
	                   : cm_err_set(l->err, CM_NO_MEMORY, "no memory");
	struct cm_answer **slot;

	if (status != CM_OK || answer->round > CM_MAX_ROUNDS)
		return status;
	slot = &l->out->answers[answer->round];
	if (*slot == NULL || edition_of(*slot) < edition_of(answer))
		*slot = answer;
	return take_acts(l, answer);
}

static bool is_newer(const struct cm_outcome *known, const struct cm_outcome *outcome)
{
	uint32_t epoch = cm_epoch_of(outcome->epoch);

	if (known == NULL || epoch > cm_epoch_of(known->epoch))
		return true;
	return epoch == cm_epoch_of(known->epoch) && outcome->revision > known->revision;
}

static enum cm_status take_outcome(struct loading *l, struct cm_bytes body)
{
	struct cm_outcome *outcome = cm_arena_alloc(l->arena, 1, sizeof *outcome);
	enum cm_status status =
	    outcome != NULL ? cm_record_decode(CM_KIND_OUTCOME, body, l->arena, outcome, l->err)
	                    : cm_err_set(l->err, CM_NO_MEMORY, "no memory");

	if (status == CM_OK && is_newer(l->out->outcome, outcome))
		l->out->outcome = outcome;
	return status;
}

static enum cm_status take_event(struct loading *l, struct cm_bytes body)
{
	struct cm_event event;
	enum cm_status status = cm_record_decode(CM_KIND_EVENT, body, l->arena, &event, l->err);
	struct cm_outcome *outcome;

	if (status != CM_OK || event.outcomes_count == 0 ||
	    !is_newer(l->out->outcome, &event.outcomes[0]))
		return status;
	outcome = cm_arena_alloc(l->arena, 1, sizeof *outcome);
	if (outcome == NULL)
		return cm_err_set(l->err, CM_NO_MEMORY, "no memory");
	*outcome = event.outcomes[0];
	l->out->outcome = outcome;
	return CM_OK;
}

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct loading *l = data;

	(void)at_ms;
	l->rows++;
	if (kind == CM_KIND_ASK)
		l->status = take_ask(l, body);
	else if (kind == CM_KIND_ANSWER)
		l->status = take_answer(l, body);
	else if (kind == CM_KIND_OUTCOME)
		l->status = take_outcome(l, body);
	else if (kind == CM_KIND_EVENT)
		l->status = take_event(l, body);
	return l->status == CM_OK;
}

enum cm_status cm_desk_case_load(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct cm_desk_case *out, struct cm_err *err)
{
	struct loading l = {.out = out, .arena = arena, .status = CM_OK, .err = err};
	enum cm_status status;

	*out = (struct cm_desk_case){0};
	status = desk->recall.fn(desk->recall.self, &review->id, on_row, &l);
	if (status != CM_OK)
		return cm_err_set(err, status, "the case cannot be read from the ledger");
	if (l.status != CM_OK)
		return l.status;
	if (l.rows < review->rows)
		return cm_err_set(err, CM_TRY_AGAIN, "the case is still being stored; ask again");
	out->amendments = l.acts;
	out->amendments_count = l.acts_count;
	return CM_OK;
}

enum cm_status cm_desk_encode_answer(struct cm_desk *desk, struct cm_answer *answer,
    struct cm_effects *effects, struct cm_bytes *out, struct cm_err *err)
{
	enum cm_status status = cm_effects_encode(effects, CM_KIND_ANSWER, answer, out, err);
	char *why;

	if (status == CM_OK || status == CM_NO_MEMORY)
		return status;
	why = cm_arena_printf(&effects->arena, "the answer of %s cannot be sent: %s",
	    desk->settings->name, err->text);
	if (why == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a message");
	answer->trouble = why;
	answer->findings_count = 0;
	return cm_effects_encode(effects, CM_KIND_ANSWER, answer, out, err);
}

/* ---- a person's word ------------------------------------------------------------------------- */

enum cm_status cm_desk_read_text(const struct cm_op *op, const char *name, size_t most,
    const char **out, struct cm_err *err)
{
	const char *text = cm_op_arg(op, name);

	if (text == NULL || text[0] == 0)
		return cm_err_set(err, CM_BAD_INPUT,
		    strcmp(name, "by") == 0 ? "by: missing; name the role that decides, such as "
		                              "\"regional counsel, Dublin\""
		                            : "reasons: missing; say why in a sentence");
	if (strlen(text) > most)
		return cm_err_set(err, CM_TOO_LARGE, "%s: at most %zu bytes", name, most);
	if (!cm_text_is_plain(text, strlen(text)))
		return cm_err_set(err, CM_BAD_INPUT,
		    "%s: has control characters or characters that change how it reads", name);
	*out = text;
	return CM_OK;
}

static enum cm_status check_revision(const struct cm_op *op, const struct cm_review *review,
    struct cm_err *err)
{
	uint64_t revision = 0;
	enum cm_status status =
	    cm_op_number(op, "revision", review->revision, UINT32_MAX, &revision, err);

	if (status == CM_OK && revision != review->revision && !CM_PLANTED(STALE_WORD))
		return cm_err_set(err, CM_CHANGED,
		    "changed meanwhile: the case is at revision %u; look at it again",
		    (unsigned)review->revision);
	return status;
}

static enum cm_status find_part(struct cm_desk *desk, const struct cm_op *op,
    struct cm_desk_word *out, struct cm_err *err)
{
	uint64_t number = 0;
	enum cm_status status = cm_op_number(op, "part", 0, CM_MAX_PARTS, &number, err);

	if (status != CM_OK)
		return status;
	if (number == 0)
		return cm_err_set(err, CM_BAD_INPUT, "part: missing; `show` numbers them");
	if (out->known->outcome == NULL)
		return cm_err_set(
		    err, CM_NOT_ALLOWED, "the case has no outcome at %s yet", desk->settings->name);
	for (size_t i = 0; i < out->known->outcome->parts_count; i++)
		if (out->known->outcome->parts[i].number == number)
			out->part = &out->known->outcome->parts[i];
	return out->part != NULL ? CM_OK
	                         : cm_err_set(err, CM_NOT_FOUND, "%s has no part %u of this case",
	                               desk->settings->name, (unsigned)number);
}

enum cm_status cm_desk_word_read(struct cm_desk *desk, const struct cm_op *op, bool needs_part,
    struct cm_arena *arena, struct cm_desk_word *out, struct cm_err *err)
{
	struct cm_id id;
	enum cm_status status = cm_op_case(op, &id, err);

	*out = (struct cm_desk_word){.by = "", .reasons = ""};
	if (status != CM_OK)
		return status;
	out->review = cm_reviews_find(&desk->reviews, &id);
	if (out->review == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "no such case at %s", desk->settings->name);
	if (cm_review_has_ended(out->review))
		return cm_err_set(err, CM_NOT_ALLOWED, "the case has ended: it was %s",
		    cm_review_state_name(out->review->state));
	if (desk->router == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s has no router", desk->settings->name);
	status = cm_desk_read_text(op, "by", CM_MAX_BY_BYTES, &out->by, err);
	if (status == CM_OK)
		status = cm_desk_read_text(op, "reasons", CM_MAX_REASONS_BYTES, &out->reasons, err);
	if (status == CM_OK)
		status = cm_desk_guard_text(desk, out->review, "by", out->by, err);
	if (status == CM_OK)
		status = cm_desk_guard_text(desk, out->review, "reasons", out->reasons, err);
	if (status == CM_OK)
		status = check_revision(op, out->review, err);
	if (status != CM_OK)
		return status;
	out->revision = out->review->revision;
	out->known = cm_arena_alloc(arena, 1, sizeof *out->known);
	if (out->known == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	status = cm_desk_case_load(desk, out->review, arena, out->known, err);
	return status == CM_OK && needs_part ? find_part(desk, op, out, err) : status;
}
