/*
 * A case after a restart: remember every row, then take up where it slept.
 */
#include "router/case_internal.h"

#include <stdio.h>
#include <string.h>

#include "protocol/wire/codec.h"

static enum cm_status keep_raw(struct cm_case *c, uint32_t kind, struct cm_bytes body)
{
	struct cm_case_raw **end = &c->raw;
	struct cm_case_raw *raw = cm_arena_alloc(&c->arena, 1, sizeof *raw);
	uint8_t *copy = cm_arena_alloc(&c->arena, body.len + 1, 1);

	if (raw == NULL || copy == NULL)
		return CM_NO_MEMORY;
	if (body.len != 0)
		memcpy(copy, body.data, body.len);
	*raw = (struct cm_case_raw){.kind = kind, .body = {copy, body.len}};
	while (*end != NULL)
		end = &(*end)->next;
	*end = raw;
	return CM_OK;
}

/* What is left of the details is what there was before the outcome, or what an outcome that did not wait
 * for all answers has left: then they are still needed. */
static enum cm_status keep_if_needed(struct cm_case *c, uint32_t kind, struct cm_bytes body)
{
	return c->demand != NULL ? keep_raw(c, kind, body) : CM_OK;
}

/* An outcome, or one that stays as it was: the case has decided, unless it still waits. */
static void come_to_rest(struct cm_case *c)
{
	if (!c->waits_next || c->state != CM_CASE_ASKED)
		c->state = cm_case_is_asking(c) ? CM_CASE_ASKED_AGAIN : CM_CASE_DECIDED;
	c->waits_next = false;
}

/* What the answers tell by number, which counts on when they are no longer kept: the rounds that were heard,
 * and the revisions of former owners that nodes had seen. */
static enum cm_status note_answers(struct cm_case *c)
{
	struct cm_arena arena;
	enum cm_status status = CM_OK;

	cm_arena_init(&arena, 0);
	for (const struct cm_case_raw *raw = c->raw; status == CM_OK && raw != NULL; raw = raw->next) {
		struct cm_answer answer;

		if (raw->kind != CM_KIND_ANSWER)
			continue;
		status = cm_record_decode(CM_KIND_ANSWER, raw->body, &arena, &answer, NULL);
		if (status == CM_OK && answer.round > 1 && answer.round <= CM_MAX_ROUNDS)
			c->heard |= 1u << answer.round;
		if (status == CM_OK && answer.revision > c->known_revision)
			c->known_revision = answer.revision;
	}
	cm_arena_fini(&arena);
	return status;
}

/* Which rounds were heard when the first outcome was made: all of them, unless it could not wait. Later
 * ones count what they ask and hear. */
static enum cm_status count_heard(struct cm_case *c)
{
	if (c->waits_next)
		return note_answers(c);
	c->heard = UINT32_MAX >> (CM_MAX_ROUNDS - c->round);
	return CM_OK;
}

/* What lists show of an outcome, and what equal demands compare. */
static enum cm_status take_outcome(
    struct cm_case *c, int64_t at_ms, const struct cm_outcome *outcome)
{
	enum cm_status status = c->revision == 0 ? count_heard(c) : CM_OK;

	c->revision = outcome->revision;
	c->parts_count = outcome->parts_count;
	c->decided_ms = at_ms;
	c->may_have_clocks = c->has_own_day;
	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *p = &outcome->parts[i];

		c->may_have_clocks = c->may_have_clocks || p->terms_count > 0 ||
		                     strcmp(p->disposition, "hold_for_counsel") == 0;
	}
	if (status == CM_OK && !c->waits_next) {
		status = cm_case_say(c, outcome);
		cm_case_said_settle(c, status == CM_OK);
	}
	come_to_rest(c);
	if (outcome->ended[0] != 0)
		c->state = strcmp(outcome->ended, "superseded") == 0 ? CM_CASE_SUPERSEDED
		                                                     : CM_CASE_WITHDRAWN;
	return status;
}

static enum cm_status replay_outcome(struct cm_case *c, int64_t at_ms, struct cm_bytes body)
{
	struct cm_arena arena;
	struct cm_outcome outcome;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_record_decode(CM_KIND_OUTCOME, body, &arena, &outcome, NULL);
	if (status == CM_OK)
		status = take_outcome(c, at_ms, &outcome);
	cm_arena_fini(&arena);
	if (status == CM_OK && c->state == CM_CASE_ASKED)
		return keep_if_needed(c, CM_KIND_OUTCOME, body);
	if (status == CM_OK)
		cm_case_forget_details(c);
	return status;
}

/* Of an answer to a case with an outcome only its round matters; the rest is recalled at need. */
static enum cm_status replay_later_answer(struct cm_case *c, struct cm_bytes body)
{
	enum cm_status status = cm_case_keep_answer(c, body, NULL);

	cm_case_forget_details(c);
	return status;
}

static enum cm_status replay_ask(struct cm_case *c, struct cm_bytes body)
{
	if (c->round == CM_MAX_ROUNDS)
		return CM_CORRUPT;
	c->round++;
	c->state = CM_CASE_ASKED_AGAIN;
	return keep_if_needed(c, CM_ROW_ASKED_AGAIN, body);
}

static enum cm_status replay_clock(struct cm_case *c, struct cm_bytes body)
{
	if (cm_case_is_waits_row(body)) {
		c->waits_next = true;
		return CM_OK;
	}
	return keep_if_needed(c, CM_ROW_CLOCK, body);
}

enum cm_status cm_case_replay(struct cm_case *c, uint32_t kind, int64_t at_ms,
    struct cm_bytes body)
{
	enum cm_status status = CM_OK;

	switch (kind) {
	case CM_KIND_DEMAND:
		status = note_answers(c);
		if (c->state != CM_CASE_NEW)
			cm_case_restart(c);
		if (status == CM_OK)
			status = cm_case_take_demand(c, body, NULL);
		if (status == CM_OK)
			c->state = CM_CASE_ASKED;
		break;
	case CM_KIND_ANSWER:
		status = c->demand != NULL ? keep_raw(c, kind, body) : replay_later_answer(c, body);
		break;
	case CM_ROW_ASKED_AGAIN:
		status = replay_ask(c, body);
		break;
	case CM_ROW_UNCHANGED:
		come_to_rest(c);
		break;
	case CM_KIND_NOTICE:
		/* A settlement that came before the outcome. */
		status = c->revision == 0 ? keep_raw(c, kind, body) : CM_OK;
		break;
	case CM_ROW_MOVED:
		status = note_answers(c);
		c->state = CM_CASE_MOVED;
		cm_case_forget_details(c);
		break;
	case CM_ROW_CLOCK:
		status = replay_clock(c, body);
		break;
	case CM_ROW_RELATED:
		status = keep_if_needed(c, kind, body);
		break;
	case CM_ROW_REFUSED:
	case CM_ROW_WAITED:
		break;
	case CM_KIND_OUTCOME:
		status = replay_outcome(c, at_ms, body);
		break;
	default:
		return CM_UNKNOWN_KIND;
	}
	if (status == CM_OK)
		c->events++;
	return status;
}

/* Make answers and asks of what was replayed; all of them or none. */
static enum cm_status decode_raw(struct cm_case *c, struct cm_err *err)
{
	struct cm_case_mark none = {.is_loaded = true};

	for (const struct cm_case_raw *raw = c->raw; raw != NULL; raw = raw->next) {
		enum cm_status status = cm_case_take_row(c, raw->kind, raw->body, err);

		if (status == CM_OK)
			continue;
		cm_case_cut_details(c, &none);
		return status;
	}
	c->raw = NULL;
	return CM_OK;
}

enum cm_status cm_case_resume(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before;
	enum cm_status status;

	if (!cm_case_is_open(c))
		return CM_OK;
	status = decode_raw(c, err);
	if (status != CM_OK)
		return status;
	before = cm_case_mark_of(c); /* with what was read: it stays, whatever comes */
	cm_case_arm_overdue(c, input->now.ms + env->overdue_ms, effects);
	if (c->revision > 0 && c->state != CM_CASE_ASKED) {
		/* What was asked after the outcome is in the outbox, or was answered. */
		cm_case_arm_look(c, input->now.ms, effects);
		return cm_case_settle(c, &before, status, effects, err);
	}
	if (cm_case_count_missing(c, env) == 0)
		status = cm_case_go_on(c, env, input, "every finding is in", effects, err);
	else if (c->state == CM_CASE_ASKED)
		status = cm_case_ask_all(c, env, effects, err);
	/* In ASKED_AGAIN the second ask is one message: it is in the outbox, or was answered. */
	return cm_case_finish(c, env, input, &before, status, effects, err);
}
