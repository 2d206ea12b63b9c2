/*
 * What is kept of a case while it is worked on: demand, answers, asks, settlements. A case with an
 * outcome keeps none of it in memory; the ledger gives it back.
 */
#include "router/case_internal.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/post/dossier.h"
#include "protocol/wire/codec.h"

static bool has_own_day(const struct cm_demand *demand)
{
	for (size_t i = 0; i < demand->facts_count; i++)
		if (strcmp(demand->facts[i].name, "answer_due_on") == 0 &&
		    demand->facts[i].values_count > 0)
			return true;
	return false;
}

enum cm_status cm_case_take_demand(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	struct cm_demand *demand = cm_arena_alloc(&c->arena, 1, sizeof *demand);
	enum cm_status status;

	if (demand == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a demand");
	status = cm_record_decode(CM_KIND_DEMAND, body, &c->arena, demand, err);
	if (status != CM_OK)
		return status;
	if (!cm_id_equal(&demand->case_id, &c->id))
		return cm_err_set(err, CM_BAD_INPUT, "the demand names another case");
	c->demand = demand;
	c->epoch = cm_epoch_of(demand->epoch);
	if (demand->revision > c->known_revision)
		c->known_revision = demand->revision;
	c->opened_ms = demand->registered_ms;
	c->targets_count = demand->targets_count;
	c->is_emergency = cm_demand_is_emergency(demand);
	c->has_own_day = has_own_day(demand);
	(void)snprintf(c->issuing_state, sizeof c->issuing_state, "%s", demand->issuing_state);
	return CM_OK;
}

static void append_settlement(struct cm_case *c, struct cm_case_settled *s)
{
	struct cm_case_settled **end = &c->settlements;

	while (*end != NULL)
		end = &(*end)->next;
	*end = s;
	c->settlements_count++;
}

/* Central, asked by a new owner, says in its answer what it has settled. */
static enum cm_status keep_settled(
    struct cm_case *c, const struct cm_answer *answer, struct cm_err *err)
{
	for (size_t i = 0; i < answer->amendments_count; i++) {
		const struct cm_amendment *a = &answer->amendments[i];
		struct cm_case_settled *s;

		if (a->amends != CM_AMENDS_DISPOSITION || CM_PLANTED(FORGET_SETTLED))
			continue;
		s = cm_arena_alloc(&c->arena, 1, sizeof *s);
		if (s == NULL)
			return cm_err_set(err, CM_NO_MEMORY, "no memory for a settlement");
		s->notice = (struct cm_notice){.case_id = c->id,
		    .node = a->node,
		    .what = CM_NOTICE_SETTLE,
		    .at_ms = a->at_ms,
		    .revision = a->revision,
		    .by = a->by,
		    .reasons = a->reasons,
		    .target = a->target,
		    .category = a->category,
		    .region = a->region,
		    .disposition = a->subject,
		    .router = ""};
		s->is_told = true;
		append_settlement(c, s);
	}
	return CM_OK;
}

enum cm_status cm_case_hear(
    struct cm_case_heard *heard, struct cm_bytes body, struct cm_err *err)
{
	enum cm_status status;

	heard->body = body;
	cm_arena_init(&heard->arena, 0);
	status = cm_record_decode(CM_KIND_ANSWER, body, &heard->arena, &heard->answer, err);
	if (status != CM_OK)
		cm_case_heard_fini(heard);
	return status;
}

void cm_case_heard_fini(struct cm_case_heard *heard)
{
	cm_arena_fini(&heard->arena);
}

/* What it points to is in the case's arena from now on, also if it is not kept. */
enum cm_status cm_case_keep_heard(
    struct cm_case *c, struct cm_case_heard *heard, struct cm_err *err)
{
	struct cm_case_answered *a = cm_arena_alloc(&c->arena, 1, sizeof *a);
	struct cm_case_answered **end = &c->answers;
	enum cm_status status;

	if (a == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an answer");
	a->answer = heard->answer;
	cm_arena_join(&c->arena, &heard->arena);
	status = keep_settled(c, &a->answer, err);
	if (status != CM_OK)
		return status;
	a->node = a->answer.node;
	if (a->answer.revision > c->known_revision)
		c->known_revision = a->answer.revision;
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	c->answers_count++;
	if (a->answer.round > 1 && a->answer.round <= CM_MAX_ROUNDS)
		c->heard |= 1u << a->answer.round;
	return CM_OK;
}

enum cm_status cm_case_keep_answer(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	struct cm_case_heard heard;
	enum cm_status status = cm_case_hear(&heard, body, err);

	if (status != CM_OK)
		return status;
	status = cm_case_keep_heard(c, &heard, err);
	cm_case_heard_fini(&heard);
	return status;
}

enum cm_status cm_case_keep_ask(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	struct cm_case_asked *a = cm_arena_alloc(&c->arena, 1, sizeof *a);
	struct cm_case_asked **end = &c->asks;
	enum cm_status status;

	if (a == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an ask");
	status = cm_record_decode(CM_KIND_ASK, body, &c->arena, &a->ask, err);
	if (status != CM_OK)
		return status;
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	c->asks_count++;
	return CM_OK;
}

enum cm_status cm_case_keep_settlement(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	struct cm_case_settled *s = cm_arena_alloc(&c->arena, 1, sizeof *s);
	enum cm_status status;

	if (s == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a settlement");
	status = cm_record_decode(CM_KIND_NOTICE, body, &c->arena, &s->notice, err);
	if (status == CM_OK && s->notice.what == CM_NOTICE_SETTLE)
		append_settlement(c, s);
	return status;
}

enum cm_status cm_case_keep_related(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	uint8_t *copy = cm_arena_alloc(&c->arena, body.len + 1, 1);
	struct cm_outcome row;
	enum cm_status status;

	if (copy == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for related cases");
	memcpy(copy, body.data, body.len);
	status = cm_record_decode(CM_KIND_OUTCOME, body, &c->arena, &row, err);
	if (status != CM_OK)
		return status;
	c->related_row = (struct cm_bytes){copy, body.len};
	c->related = row.related;
	c->related_count = row.related_count;
	return CM_OK;
}

/* ---- what it says by itself ------------------------------------------------------------------ */

static const char *word_of(const char *disposition)
{
	const char *word = cm_disposition_word(disposition);

	return word != NULL ? word : "";
}

enum cm_status cm_case_say(struct cm_case *c, const struct cm_outcome *outcome)
{
	struct cm_case_said *said = NULL;

	if (outcome->parts_count > 0) {
		said = cm_alloc(outcome->parts_count, sizeof *said);
		if (said == NULL)
			return CM_NO_MEMORY;
	}
	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *p = &outcome->parts[i];

		said[i] = (struct cm_case_said){.target = p->target,
		    .part = cm_plan_part_digest(p->category, p->region),
		    .disposition = word_of(p->alone[0] != 0 ? p->alone : p->disposition),
		    .is_held = p->alone[0] != 0};
	}
	cm_free(c->said_next);
	c->said_next = said;
	c->said_next_count = outcome->parts_count;
	c->has_said_next = true;
	return CM_OK;
}

bool cm_case_said_same(const struct cm_case_said *a, size_t a_count, const struct cm_case_said *b,
    size_t b_count)
{
	for (size_t i = 0; a_count == b_count && i < a_count; i++)
		if (a[i].target != b[i].target || a[i].part != b[i].part ||
		    strcmp(a[i].disposition, b[i].disposition) != 0)
			return false;
	return a_count == b_count;
}

void cm_case_said_settle(struct cm_case *c, bool has_succeeded)
{
	c->has_new_words = c->has_said_next && has_succeeded &&
	                   !cm_case_said_same(c->said, c->said_count, c->said_next, c->said_next_count);
	if (c->has_said_next && has_succeeded) {
		c->said_epoch = c->epoch;
		cm_free(c->said);
		c->said = c->said_next;
		c->said_count = c->said_next_count;
	} else {
		cm_free(c->said_next);
	}
	c->said_next = NULL;
	c->said_next_count = 0;
	c->has_said_next = false;
}

void cm_case_cut_details(struct cm_case *c, const struct cm_case_mark *to)
{
	struct cm_case_answered **answer = &c->answers;
	struct cm_case_asked **ask = &c->asks;
	struct cm_case_settled **settled = &c->settlements;

	for (size_t i = 0; i < to->answers_count; i++)
		answer = &(*answer)->next;
	for (size_t i = 0; i < to->asks_count; i++)
		ask = &(*ask)->next;
	for (size_t i = 0; i < to->settlements_count; i++)
		settled = &(*settled)->next;
	*answer = NULL;
	*ask = NULL;
	*settled = NULL;
	c->answers_count = to->answers_count;
	c->asks_count = to->asks_count;
	c->settlements_count = to->settlements_count;
	c->told = to->told;
	c->outcome = to->outcome;
	c->related_row = to->related_row;
	c->related = to->related;
	c->related_count = to->related_count;
}

void cm_case_forget_details(struct cm_case *c)
{
	cm_arena_fini(&c->arena);
	c->demand = NULL;
	cm_case_drop_lists(c);
}

void cm_case_drop_lists(struct cm_case *c)
{
	c->answers = NULL;
	c->answers_count = 0;
	c->asks = NULL;
	c->asks_count = 0;
	c->settlements = NULL;
	c->settlements_count = 0;
	c->told = NULL;
	c->outcome = (struct cm_bytes){0};
	c->related_row = (struct cm_bytes){0};
	c->related = NULL;
	c->related_count = 0;
	c->raw = NULL;
}

/* ---- from the ledger ------------------------------------------------------------------------- */

enum cm_status cm_case_keep_outcome(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	uint8_t *copy = cm_arena_alloc(&c->arena, body.len + 1, 1);

	if (copy == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	if (body.len != 0)
		memcpy(copy, body.data, body.len);
	c->outcome = (struct cm_bytes){copy, body.len};
	return CM_OK;
}

static enum cm_status keep_told(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	enum cm_status status = cm_case_is_waits_row(body)
	                            ? CM_OK
	                            : cm_clock_row_take(&c->told, body, &c->arena);

	return status == CM_OK ? CM_OK : cm_err_set(err, status, "a clock's row cannot be kept");
}

enum cm_status cm_case_take_row(
    struct cm_case *c, uint32_t kind, struct cm_bytes body, struct cm_err *err)
{
	switch (kind) {
	case CM_KIND_DEMAND:
		cm_case_drop_lists(c); /* taken over: what was said before was said in another epoch */
		return cm_case_take_demand(c, body, err);
	case CM_KIND_ANSWER:
		return cm_case_keep_answer(c, body, err);
	case CM_ROW_ASKED_AGAIN:
		return cm_case_keep_ask(c, body, err);
	case CM_KIND_NOTICE:
		return CM_PLANTED(LOSE_SETTLEMENT) ? CM_OK : cm_case_keep_settlement(c, body, err);
	case CM_ROW_RELATED:
		return cm_case_keep_related(c, body, err);
	case CM_KIND_OUTCOME:
		return cm_case_keep_outcome(c, body, err);
	case CM_ROW_CLOCK:
		return keep_told(c, body, err);
	default:
		return CM_OK;
	}
}

struct loading {
	struct cm_case *c;
	uint64_t rows;
	enum cm_status status;
	struct cm_err *err;
};

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct loading *l = data;

	(void)at_ms;
	/* What another router told of this case before it came here is no step of ours. */
	if (kind == CM_KIND_KIN)
		return true;
	l->rows++;
	l->status = cm_case_take_row(l->c, kind, body, l->err);
	return l->status == CM_OK;
}

enum cm_status cm_case_load(struct cm_case *c, const struct cm_case_env *env, struct cm_err *err)
{
	struct loading l = {.c = c, .status = CM_OK, .err = err};
	uint32_t heard = c->heard;
	uint32_t epoch = c->epoch;
	enum cm_status status;

	if (c->demand != NULL)
		return CM_OK;
	if (env->recall.fn == NULL)
		return cm_err_set(err, CM_TRY_AGAIN, "the case cannot be read again now");
	status = env->recall.fn(env->recall.self, &c->id, on_row, &l);
	if (status == CM_OK)
		status = l.status;
	else
		(void)cm_err_set(err, status, "the case cannot be read from the ledger");
	/* Every row was told to central once: fewer rows are on their way to the disk. */
	if (status == CM_OK && (l.rows < c->events || c->demand == NULL))
		status = cm_err_set(err, CM_TRY_AGAIN, "the case is still being stored");
	if (status != CM_OK)
		cm_case_forget_details(c);
	/* Known all the time, and of the last epoch; the rows go through all. */
	c->heard = heard;
	c->epoch = epoch;
	return status;
}
