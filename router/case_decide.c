/*
 * From the last answer to the outcome: who is told what.
 */
#include "router/case_internal.h"

#include <stdio.h>
#include <string.h>

#include "protocol/wire/codec.h"

#define EVENT_FRAME_BYTES 1024 /* more than an event adds to the outcome in it */

/* ---- messages out ---------------------------------------------------------------------------- */

/* Tell every central node. */
enum cm_status cm_case_tell_central(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *what, const char *why, const char *node,
    const struct cm_outcome *outcome, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_event event = {.case_id = c->id,
	    .seq = ++c->events,
	    .at_ms = input->now.ms,
	    .router = env->router,
	    .what = what,
	    .why = why,
	    .node = node,
	    .outcomes = outcome,
	    .outcomes_count = outcome != NULL};
	struct cm_bytes body = {0};

	for (size_t i = 0; i < env->roster->count; i++) {
		struct cm_id id;

		if (env->roster->members[i].role != CM_ROLE_CENTRAL)
			continue;
		if (body.data == NULL) {
			enum cm_status status = cm_effects_encode(effects, CM_KIND_EVENT, &event, &body, err);

			if (status != CM_OK)
				return status;
		}
		id = cm_effects_id(effects, input);
		cm_effect_send(
		    effects, env->roster->members[i].name, CM_KIND_EVENT, &c->id, &id, body);
	}
	return CM_OK;
}

enum cm_status cm_case_send_ask(struct cm_case *c, const struct cm_case_env *env, size_t member,
    const struct cm_ask *ask, struct cm_bytes *body, struct cm_effects *effects,
    struct cm_err *err)
{
	const char *name = env->roster->members[member].name;
	struct cm_id id;
	char label[CM_MAX_NAME_BYTES + 24];

	if (body->data == NULL) {
		enum cm_status status = cm_effects_encode(effects, CM_KIND_ASK, ask, body, err);

		if (status != CM_OK)
			return status;
	}
	(void)snprintf(label, sizeof label, "ask/%s/%u", name, (unsigned)ask->round);
	id = cm_id_derive(&c->id, label);
	cm_effect_send(effects, name, CM_KIND_ASK, &c->id, &id, *body);
	return CM_OK;
}

/* ---- deciding -------------------------------------------------------------------------------- */

struct answers_view {
	const struct cm_answer **items;
	size_t count;
};

/* The answers as the plan reads them: in order of node name and round, whatever the order in which
 * they came in, so that the outcome does not depend on the race. */
static enum cm_status view_answers(const struct cm_case *c, struct cm_arena *arena,
    struct answers_view *view)
{
	view->items = cm_arena_alloc(arena, c->answers_count + 1, sizeof *view->items);
	view->count = 0;
	if (view->items == NULL)
		return CM_NO_MEMORY;
	for (const struct cm_case_answered *a = c->answers; a != NULL; a = a->next) {
		size_t at = view->count++;

		while (at > 0) {
			const struct cm_answer *before = view->items[at - 1];
			int order = strcmp(before->node, a->answer.node);

			if (order < 0 || (order == 0 && before->round <= a->answer.round))
				break;
			view->items[at] = before;
			at--;
		}
		view->items[at] = &a->answer;
	}
	return CM_OK;
}

static struct cm_plan_input plan_input(const struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct answers_view *view)
{
	return (struct cm_plan_input){.demand = c->demand,
	    .answers = view->items,
	    .answers_count = view->count,
	    .roster = env->roster,
	    .policy = env->policy,
	    .router = env->router,
	    .decided_ms = input->now.ms,
	    .revision = c->revision + 1};
}

/* True if this member holds a part of the outcome. */
static bool holds_a_part(const struct cm_member *m, const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (strcmp(outcome->parts[i].region, m->region) == 0)
			return true;
	return false;
}

/* A hosting node learns of its own parts; the intake node and the issuing side, whose desk challenges,
 * of all. */
static enum cm_status send_outcome(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_outcome *outcome, struct cm_bytes whole, struct cm_effects *effects,
    struct cm_err *err)
{
	for (size_t i = 0; i < env->roster->count; i++) {
		const struct cm_member *m = &env->roster->members[i];
		bool gets_all = strcmp(m->name, c->demand->intake) == 0 ||
		                (int)i == cm_roster_issuing(env->roster, c->demand->issuing_state);
		struct cm_bytes body = whole;
		struct cm_id id;
		char label[CM_MAX_NAME_BYTES + 32];

		if (m->role != CM_ROLE_REGION || !(gets_all || holds_a_part(m, outcome)))
			continue;
		if (!gets_all) {
			struct cm_outcome own = *outcome;
			struct cm_part_outcome *parts =
			    cm_arena_alloc(&effects->arena, outcome->parts_count, sizeof *parts);
			enum cm_status status;

			if (parts == NULL)
				return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
			own.parts = parts;
			own.parts_count = 0;
			for (size_t j = 0; j < outcome->parts_count; j++)
				if (strcmp(outcome->parts[j].region, m->region) == 0)
					parts[own.parts_count++] = outcome->parts[j];
			status = cm_effects_encode(effects, CM_KIND_OUTCOME, &own, &body, err);
			if (status != CM_OK)
				return status;
		}
		(void)snprintf(label, sizeof label, "outcome/%s/%u", m->name,
		    (unsigned)outcome->revision);
		id = cm_id_derive(&c->id, label);
		cm_effect_send(effects, m->name, CM_KIND_OUTCOME, &c->id, &id, body);
	}
	return CM_OK;
}

void cm_case_forget_details(struct cm_case *c)
{
	cm_arena_fini(&c->arena);
	c->demand = NULL;
	c->answers = NULL;
	c->answers_count = 0;
	c->raw = NULL;
}

/* Keep the leading grounds of each part; none at all makes it a hold, since nothing may be done for
 * reasons that cannot be read. The parts are the plan's own, in the effects' arena. */
static void shorten(struct cm_outcome *outcome, struct cm_part_outcome *parts, size_t grounds)
{
	for (size_t i = 0; i < outcome->parts_count; i++) {
		if (parts[i].grounds_count > grounds)
			parts[i].grounds_count = grounds;
		if (grounds > 0)
			continue;
		parts[i].disposition = "hold_for_counsel";
		parts[i].rule = "";
		parts[i].why = "The demand is too large for its reasons to fit into one outcome: file "
		               "it in smaller pieces.";
		parts[i].steps_count = 0;
		parts[i].questions_count = 0;
	}
}

/* Encode an outcome that central's event, which has it inside, can carry too. */
static enum cm_status encode_for_event(const struct cm_outcome *outcome, struct cm_bytes *body,
    struct cm_effects *effects, struct cm_err *err)
{
	enum cm_status status = cm_effects_encode(effects, CM_KIND_OUTCOME, outcome, body, err);

	if (status == CM_OK && body->len > cm_event_schema.most_bytes - EVENT_FRAME_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "an outcome of %zu bytes", body->len);
	return status;
}

/* An outcome that is too large for one message loses the grounds behind the leading ones: each node
 * has them all in its finding. */
static enum cm_status encode_outcome(struct cm_outcome *outcome, struct cm_bytes *body,
    struct cm_effects *effects, struct cm_err *err)
{
	static const size_t most[] = {6, 2, 0};
	struct cm_part_outcome *parts =
	    cm_arena_alloc(&effects->arena, outcome->parts_count + 1, sizeof *parts);
	enum cm_status status = encode_for_event(outcome, body, effects, err);

	if (parts == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	if (outcome->parts_count > 0)
		memcpy(parts, outcome->parts, outcome->parts_count * sizeof *parts);
	for (size_t i = 0; status == CM_TOO_LARGE && i < sizeof most / sizeof most[0]; i++) {
		shorten(outcome, parts, most[i]);
		outcome->parts = parts;
		status = encode_for_event(outcome, body, effects, err);
	}
	return status;
}

static enum cm_status conclude(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct answers_view *view, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_plan_input plan = plan_input(c, env, input, view);
	struct cm_outcome outcome;
	struct cm_bytes body = {0};
	enum cm_status status = cm_plan(&plan, &effects->arena, &outcome, err);

	if (status == CM_OK)
		status = encode_outcome(&outcome, &body, effects, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_OUTCOME, &c->id, body);
	status = send_outcome(c, env, &outcome, body, effects, err);
	if (status == CM_OK)
		status = cm_case_tell_central(c, env, input, "outcome.decided", "every finding is in",
		    env->router, &outcome, effects, err);
	if (status != CM_OK)
		return status;
	c->revision = outcome.revision;
	c->decided_ms = input->now.ms;
	c->parts_count = outcome.parts_count;
	cm_case_move(c, CM_CASE_COMPLETE, input, effects, "every finding is in");
	return CM_OK;
}

static enum cm_status ask_again(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_part *parts, size_t count,
    struct cm_effects *effects, struct cm_err *err)
{
	int member = cm_roster_issuing(env->roster, c->demand->issuing_state);
	struct cm_ask ask = {.case_id = c->id,
	    .round = 2,
	    .demand = *c->demand,
	    .parts = parts,
	    .parts_count = count};
	struct cm_bytes body = {0};
	enum cm_status status;

	status = cm_case_send_ask(c, env, (size_t)member, &ask, &body, effects, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_ROW_ASKED_AGAIN, &c->id, body);
	status = cm_case_tell_central(c, env, input, "issuing.asked_again",
	    "facts found by hosting nodes bear on the issuing state's law",
	    env->roster->members[member].name, NULL, effects, err);
	if (status == CM_OK)
		cm_case_move(c, CM_CASE_HEARD, input, effects, "facts bear on the issuing law");
	return status;
}

/* Everybody has answered this round: ask the issuing side again, or decide. */
enum cm_status cm_case_go_on(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct answers_view view;
	enum cm_status status = view_answers(c, &effects->arena, &view);

	if (status != CM_OK)
		return cm_err_set(err, status, "no memory to plan a case");
	if (c->state == CM_CASE_ASKED) {
		struct cm_plan_input plan = plan_input(c, env, input, &view);
		const struct cm_part *parts = NULL;
		size_t count = 0;

		status = cm_plan_ask_again(&plan, &effects->arena, &parts, &count);
		if (status != CM_OK)
			return cm_err_set(err, status, "list what to ask again: %s",
			    cm_status_text(status));
		if (count > 0)
			status = ask_again(c, env, input, parts, count, effects, err);
		/* Too much to ask in one message: what is open stays open, and is held. */
		if (count > 0 && status != CM_TOO_LARGE)
			return status;
	}
	return conclude(c, env, input, &view, effects, err);
}

