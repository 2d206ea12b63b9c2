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

/* All rounds were heard when the first outcome was made; later ones count what they ask and hear. */
static void come_to_rest(struct cm_case *c)
{
	c->state = cm_case_is_asking(c) ? CM_CASE_ASKED_AGAIN : CM_CASE_DECIDED;
}

static enum cm_status replay_outcome(struct cm_case *c, int64_t at_ms, struct cm_bytes body)
{
	struct cm_arena arena;
	struct cm_outcome outcome;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_record_decode(CM_KIND_OUTCOME, body, &arena, &outcome, NULL);
	if (status == CM_OK) {
		if (c->revision == 0)
			c->heard = UINT32_MAX >> (CM_MAX_ROUNDS - c->round);
		c->revision = outcome.revision;
		c->parts_count = outcome.parts_count;
		c->decided_ms = at_ms;
		c->is_held_alike = false;
		for (size_t i = 0; i < outcome.parts_count; i++)
			c->is_held_alike = c->is_held_alike || outcome.parts[i].alone[0] != 0;
		status = cm_case_say(c, &outcome);
		cm_case_said_settle(c, status == CM_OK);
		come_to_rest(c);
		if (outcome.ended[0] != 0)
			c->state = strcmp(outcome.ended, "superseded") == 0 ? CM_CASE_SUPERSEDED
			                                                    : CM_CASE_WITHDRAWN;
		cm_case_forget_details(c);
	}
	cm_arena_fini(&arena);
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
	return c->revision == 0 ? keep_raw(c, CM_ROW_ASKED_AGAIN, body) : CM_OK;
}

enum cm_status cm_case_replay(struct cm_case *c, uint32_t kind, int64_t at_ms,
    struct cm_bytes body)
{
	enum cm_status status = CM_OK;

	switch (kind) {
	case CM_KIND_DEMAND:
		if (c->state != CM_CASE_NEW)
			cm_case_restart(c);
		status = cm_case_take_demand(c, body, NULL);
		if (status == CM_OK)
			c->state = CM_CASE_ASKED;
		break;
	case CM_KIND_ANSWER:
		status = c->revision == 0 ? keep_raw(c, kind, body) : replay_later_answer(c, body);
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
		c->state = CM_CASE_MOVED;
		c->is_held_alike = false;
		cm_case_forget_details(c);
		break;
	case CM_ROW_REFUSED:
	case CM_ROW_RELATED: /* an outcome follows */
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
	status = c->revision == 0 ? decode_raw(c, err) : CM_OK;
	if (status != CM_OK)
		return status;
	before = cm_case_mark_of(c); /* with what was read: it stays, whatever comes */
	cm_effect_arm(effects, &c->id, input->now.ms + env->overdue_ms);
	if (c->revision > 0) /* what was asked after the outcome is in the outbox, or was answered */
		return cm_case_settle(c, &before, status, effects, err);
	if (cm_case_count_missing(c, env) == 0)
		status = cm_case_go_on(c, env, input, "every finding is in", effects, err);
	else if (c->state == CM_CASE_ASKED)
		status = cm_case_ask_all(c, env, effects, err);
	/* In ASKED_AGAIN the second ask is one message: it is in the outbox, or was answered. */
	return cm_case_settle(c, &before, status, effects, err);
}
