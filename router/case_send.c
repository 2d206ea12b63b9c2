/*
 * Messages of a case: asks, outcomes, events. Who is told what.
 */
#include "router/case_internal.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

#define EVENT_FRAME_BYTES 1024 /* more than an event adds to the outcome in it */

/* ---- messages out ---------------------------------------------------------------------------- */

/* Tell every central node; who reports, of what and when is put in here. */
static enum cm_status tell(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_event event, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_bytes body = {0};

	event.case_id = c->id;
	event.seq = ++c->events;
	event.at_ms = input->now.ms;
	event.router = env->router;
	event.epoch = cm_case_epoch_field(c);
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
		cm_effect_inform(
		    effects, env->roster->members[i].name, CM_KIND_EVENT, &c->id, &id, body);
	}
	return CM_OK;
}

enum cm_status cm_case_tell_central(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *what, const char *why, const char *node,
    const struct cm_outcome *outcome, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_event event = {.what = what,
	    .why = why,
	    .node = node,
	    .outcomes = outcome,
	    .outcomes_count = outcome != NULL};

	return tell(c, env, input, event, effects, err);
}

enum cm_status cm_case_tell_of_notice(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *what, const char *why, const char *node,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_event event = {
	    .what = what, .why = why, .node = node, .notice = cm_notice_name(&c->id, body)};

	return tell(c, env, input, event, effects, err);
}

/* One message, one id, however often it is made; another owner's, or another epoch's, is another. */
static struct cm_id id_of(const struct cm_case *c, const char *what, const char *to, uint32_t number)
{
	char label[2 * CM_MAX_NAME_BYTES + 48];

	if (c->epoch > 1)
		(void)snprintf(label, sizeof label, "%s/%s/%u/%u", what, to, (unsigned)number,
		    (unsigned)c->epoch);
	else
		(void)snprintf(label, sizeof label, "%s/%s/%u", what, to, (unsigned)number);
	return cm_id_derive(&c->id, label);
}

enum cm_status cm_case_send_ask(struct cm_case *c, const struct cm_case_env *env, size_t member,
    const struct cm_ask *ask, struct cm_bytes *body, struct cm_effects *effects,
    struct cm_err *err)
{
	const char *name = env->roster->members[member].name;
	struct cm_id id;
	char label[32];

	if (body->data == NULL) {
		enum cm_status status = cm_effects_encode(effects, CM_KIND_ASK, ask, body, err);

		if (status != CM_OK)
			return status;
	}
	id = id_of(c, "ask", name, ask->round);
	/* A ledger that was lost may have asked the same in the same epoch: the node must hear this one too. */
	if (ask->ledger != 0) {
		(void)snprintf(label, sizeof label, "ledger/%016llx", (unsigned long long)ask->ledger);
		id = cm_id_derive(&id, label);
	}
	cm_effect_send(effects, name, CM_KIND_ASK, &c->id, &id, *body);
	return CM_OK;
}

/* ---- outcomes -------------------------------------------------------------------------------- */

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
enum cm_status cm_case_encode_outcome(struct cm_outcome *outcome, struct cm_bytes *body,
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

static bool is_equal(struct cm_bytes a, struct cm_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

enum cm_status cm_case_is_stored(const struct cm_outcome *outcome, struct cm_bytes body,
    struct cm_bytes stored, bool *is_same, struct cm_err *err)
{
	struct cm_buf buf;
	enum cm_status status;

	*is_same = is_equal(body, stored);
	if (*is_same || body.len >= stored.len) /* written out it is longer */
		return CM_OK;
	cm_buf_init(&buf, CM_MAX_RECORD_BYTES);
	status = cm_wire_encode(&cm_outcome_schema, outcome, &buf, err);
	if (status == CM_OK)
		*is_same = is_equal((struct cm_bytes){buf.data, buf.len}, stored);
	cm_buf_fini(&buf);
	return status == CM_TOO_LARGE ? CM_OK : status;
}

/* True if this member holds a part of the outcome. */
static bool holds_a_part(const struct cm_member *m, const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (strcmp(outcome->parts[i].region, m->region) == 0)
			return true;
	return false;
}

/* A node's own parts of an outcome. */
static enum cm_status encode_own(const struct cm_member *m, const struct cm_outcome *outcome,
    struct cm_bytes *body, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_outcome own = *outcome;
	struct cm_part_outcome *parts =
	    cm_arena_alloc(&effects->arena, outcome->parts_count + 1, sizeof *parts);

	if (parts == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	own.parts = parts;
	own.parts_count = 0;
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (strcmp(outcome->parts[i].region, m->region) == 0)
			parts[own.parts_count++] = outcome->parts[i];
	return cm_effects_encode(effects, CM_KIND_OUTCOME, &own, body, err);
}

/* True if this member said that it has an outcome of a former owner. */
static bool holds_an_outcome(const struct cm_case *c, const struct cm_member *m)
{
	for (const struct cm_case_answered *a = c->answers; a != NULL; a = a->next)
		if (a->answer.revision > 0 && strcmp(a->node, m->name) == 0)
			return true;
	return false;
}

/* A hosting node learns of its own parts; the intake node and the issuing side, whose desk challenges,
 * of all. Who held a part and holds none now learns that the old outcome is no more. */
enum cm_status cm_case_send_outcome(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_outcome *outcome, const struct cm_outcome *before, struct cm_bytes whole,
    struct cm_effects *effects, struct cm_err *err)
{
	for (size_t i = 0; i < env->roster->count; i++) {
		const struct cm_member *m = &env->roster->members[i];
		bool gets_all = strcmp(m->name, c->demand->intake) == 0 ||
		                (int)i == cm_roster_issuing(env->roster, c->issuing_state) ||
		                (outcome->ended[0] != 0 && !CM_PLANTED(QUIET_END));
		struct cm_bytes body = whole;
		struct cm_id id;

		if (m->role != CM_ROLE_REGION ||
		    !(gets_all || holds_a_part(m, outcome) ||
		        (!CM_PLANTED(LEAVE_BEHIND) &&
		            (before != NULL ? holds_a_part(m, before) : holds_an_outcome(c, m)))))
			continue;
		if (!gets_all) {
			enum cm_status status = encode_own(m, outcome, &body, effects, err);

			if (status != CM_OK)
				return status;
		}
		id = id_of(c, "outcome", m->name, outcome->revision);
		cm_effect_send(effects, m->name, CM_KIND_OUTCOME, &c->id, &id, body);
	}
	return CM_OK;
}

/* The docket does it, which knows the accounts; a case of no docket has no kin. */
enum cm_status cm_case_tell_routers(const struct cm_case *c, const struct cm_case_env *env,
    struct cm_effects *effects, struct cm_err *err)
{
	return env->tell_kin != NULL ? env->tell_kin(env->relate_self, c, effects, err) : CM_OK;
}
