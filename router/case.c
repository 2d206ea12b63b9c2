#include "router/case.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/wire/codec.h"

#define EVENT_FRAME_BYTES 1024 /* more than an event adds to the outcome in it */

static const struct {
	enum cm_case_state from;
	enum cm_case_event event;
	enum cm_case_state to;
} transitions[] = {
    {CM_CASE_NEW, CM_CASE_DEMAND, CM_CASE_ASKED},
    {CM_CASE_ASKED, CM_CASE_ANSWER, CM_CASE_ASKED},
    {CM_CASE_ASKED, CM_CASE_HEARD, CM_CASE_ASKED_AGAIN},
    {CM_CASE_ASKED, CM_CASE_COMPLETE, CM_CASE_DECIDED},
    {CM_CASE_ASKED, CM_CASE_OVERDUE, CM_CASE_ASKED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_ANSWER, CM_CASE_ASKED_AGAIN},
    {CM_CASE_ASKED_AGAIN, CM_CASE_COMPLETE, CM_CASE_DECIDED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_OVERDUE, CM_CASE_ASKED_AGAIN},
};

int cm_case_next(enum cm_case_state from, enum cm_case_event event)
{
	for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
		if (transitions[i].from == from && transitions[i].event == event)
			return (int)transitions[i].to;
	return -1;
}

const char *cm_case_state_name(enum cm_case_state state)
{
	switch (state) {
	case CM_CASE_NEW:
		return "new";
	case CM_CASE_ASKED:
		return "asked";
	case CM_CASE_ASKED_AGAIN:
		return "asked_again";
	case CM_CASE_DECIDED:
		return "decided";
	}
	return "?";
}

struct cm_case *cm_case_new(const struct cm_id *id)
{
	struct cm_case *c = cm_alloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->id = *id;
	cm_arena_init(&c->arena, 0);
	return c;
}

void cm_case_free(struct cm_case *c)
{
	if (c == NULL)
		return;
	cm_arena_fini(&c->arena);
	cm_free(c);
}

/* The one place that writes the state; take_back undoes it. */
static void move(struct cm_case *c, enum cm_case_event event, const struct cm_input *input,
    struct cm_effects *effects, const char *why)
{
	int next = cm_case_next(c->state, event);
	char id[CM_ID_TEXT_BYTES];

	assert(next >= 0);
	if ((enum cm_case_state)next != c->state) {
		cm_id_print(&c->id, id);
		cm_effect_tell(effects, "case.moved", &c->id, "case=%s from=%s to=%s why=%s ms=%lld",
		    id, cm_case_state_name(c->state), cm_case_state_name((enum cm_case_state)next),
		    why, (long long)(input->now.ms - c->opened_ms));
	}
	c->state = (enum cm_case_state)next;
}

/* What a step changes before it can know that memory holds out. */
struct mark {
	enum cm_case_state state;
	uint64_t events;
	uint32_t revision;
	int64_t decided_ms;
	size_t parts_count;
};

static struct mark mark_of(const struct cm_case *c)
{
	return (struct mark){c->state, c->events, c->revision, c->decided_ms, c->parts_count};
}

/* A step that failed has not happened: its input may come again. */
static void take_back(struct cm_case *c, const struct mark *mark)
{
	c->state = mark->state;
	c->events = mark->events;
	c->revision = mark->revision;
	c->decided_ms = mark->decided_ms;
	c->parts_count = mark->parts_count;
}

/* ---- messages out ---------------------------------------------------------------------------- */

/* Tell every central node. */
static enum cm_status tell_central(struct cm_case *c, const struct cm_case_env *env,
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

static enum cm_status send_ask(struct cm_case *c, const struct cm_case_env *env, size_t member,
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

/* ---- who has answered ------------------------------------------------------------------------ */

static bool has_answered(const struct cm_case *c, const char *node, uint32_t round)
{
	for (const struct cm_case_answered *a = c->answers; a != NULL; a = a->next)
		if (a->answer.round == round && strcmp(a->node, node) == 0)
			return true;
	return false;
}

/* Round 1 asks every region; a member that only carries the issuing state's law is asked too. */
static bool is_asked_first(const struct cm_case *c, const struct cm_case_env *env, size_t member)
{
	const struct cm_member *m = &env->roster->members[member];

	return m->role == CM_ROLE_REGION ||
	       (int)member == cm_roster_issuing(env->roster, c->demand->issuing_state);
}

/* True if this member's answer of the round the case is in has not come. */
static bool is_missing(const struct cm_case *c, const struct cm_case_env *env, size_t member)
{
	const char *name = env->roster->members[member].name;

	if (c->state == CM_CASE_ASKED_AGAIN)
		return (int)member == cm_roster_issuing(env->roster, c->demand->issuing_state) &&
		       !has_answered(c, name, 2);
	return is_asked_first(c, env, member) && !has_answered(c, name, 1);
}

static size_t count_missing(const struct cm_case *c, const struct cm_case_env *env)
{
	size_t missing = 0;

	for (size_t i = 0; i < env->roster->count; i++)
		missing += is_missing(c, env, i);
	return missing;
}

void cm_case_missing(const struct cm_case *c, const struct cm_case_env *env, char *out,
    size_t out_bytes)
{
	size_t room = out_bytes > sizeof " and 4096 more" ? out_bytes - sizeof " and 4096 more" : 0;
	size_t used = 0;
	size_t more = 0;

	out[0] = 0;
	if (c->demand == NULL || c->state == CM_CASE_DECIDED)
		return;
	for (size_t i = 0; i < env->roster->count; i++) {
		const char *name = env->roster->members[i].name;

		if (!is_missing(c, env, i))
			continue;
		if (more > 0 || used + strlen(name) + 2 > room)
			more++;
		else
			used += (size_t)snprintf(out + used, out_bytes - used, "%s%s",
			    used == 0 ? "" : ", ", name);
	}
	if (more > 0)
		(void)snprintf(out + used, out_bytes - used, "%s%zu more", used > 0 ? " and " : "",
		    more);
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

static void forget_details(struct cm_case *c)
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
		status = tell_central(c, env, input, "outcome.decided", "every finding is in",
		    env->router, &outcome, effects, err);
	if (status != CM_OK)
		return status;
	c->revision = outcome.revision;
	c->decided_ms = input->now.ms;
	c->parts_count = outcome.parts_count;
	move(c, CM_CASE_COMPLETE, input, effects, "every finding is in");
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

	status = send_ask(c, env, (size_t)member, &ask, &body, effects, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_ROW_ASKED_AGAIN, &c->id, body);
	status = tell_central(c, env, input, "issuing.asked_again",
	    "facts found by hosting nodes bear on the issuing state's law",
	    env->roster->members[member].name, NULL, effects, err);
	if (status == CM_OK)
		move(c, CM_CASE_HEARD, input, effects, "facts bear on the issuing law");
	return status;
}

/* Everybody has answered this round: ask the issuing side again, or decide. */
static enum cm_status go_on(struct cm_case *c, const struct cm_case_env *env,
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

/* ---- inputs ---------------------------------------------------------------------------------- */

/* The end of every step: it has happened as a whole, or not at all. */
static enum cm_status settle(struct cm_case *c, const struct mark *before, enum cm_status status,
    const struct cm_effects *effects, struct cm_err *err)
{
	if (status == CM_OK && effects->failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	if (status != CM_OK)
		take_back(c, before);
	else if (c->state == CM_CASE_DECIDED)
		forget_details(c);
	return status;
}

static enum cm_status take_demand(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
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
	c->opened_ms = demand->registered_ms;
	c->targets_count = demand->targets_count;
	(void)snprintf(c->issuing_state, sizeof c->issuing_state, "%s", demand->issuing_state);
	return CM_OK;
}

static enum cm_status ask_all(struct cm_case *c, const struct cm_case_env *env,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_ask ask = {.case_id = c->id, .round = 1, .demand = *c->demand};
	struct cm_bytes body = {0};
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < env->roster->count; i++)
		if (is_asked_first(c, env, i) &&
		    !has_answered(c, env->roster->members[i].name, 1))
			status = send_ask(c, env, i, &ask, &body, effects, err);
	return status;
}

enum cm_status cm_case_demand(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_bytes body, struct cm_effects *effects,
    struct cm_err *err)
{
	struct mark before = mark_of(c);
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_DEMAND) < 0)
		return cm_err_set(err, CM_NO_MEANING, "the case already has its demand");
	status = take_demand(c, body, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_DEMAND, &c->id, body);
	status = ask_all(c, env, effects, err);
	if (status == CM_OK)
		status = tell_central(c, env, input, "demand.accepted", "the demand is recorded",
		    c->demand->intake, NULL, effects, err);
	if (status == CM_OK) {
		cm_effect_arm(effects, &c->id, input->now.ms + env->overdue_ms);
		move(c, CM_CASE_DEMAND, input, effects, "the demand is recorded");
		if (count_missing(c, env) == 0) /* a fleet without regions: nobody to wait for */
			status = go_on(c, env, input, effects, err);
	}
	status = settle(c, &before, status, effects, err);
	if (status != CM_OK)
		forget_details(c);
	return status;
}

static enum cm_status keep_answer(struct cm_case *c, struct cm_bytes body, struct cm_err *err)
{
	struct cm_case_answered *a = cm_arena_alloc(&c->arena, 1, sizeof *a);
	struct cm_case_answered **end = &c->answers;
	enum cm_status status;

	if (a == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an answer");
	status = cm_record_decode(CM_KIND_ANSWER, body, &c->arena, &a->answer, err);
	if (status != CM_OK)
		return status;
	a->node = a->answer.node;
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	c->answers_count++;
	return CM_OK;
}

static void drop_last_answer(struct cm_case *c)
{
	struct cm_case_answered **end = &c->answers;

	while ((*end)->next != NULL)
		end = &(*end)->next;
	*end = NULL;
	c->answers_count--;
}

static bool is_awaited(const struct cm_case *c, const struct cm_case_env *env, const char *node,
    uint32_t round)
{
	int member = cm_roster_find(env->roster, node);

	if (member < 0 || has_answered(c, node, round))
		return false;
	if (round == 1)
		return c->state == CM_CASE_ASKED && is_asked_first(c, env, (size_t)member);
	return round == 2 && c->state == CM_CASE_ASKED_AGAIN &&
	       member == cm_roster_issuing(env->roster, c->demand->issuing_state);
}

/* A node speaks in its own name and for its own region; looked at before anything is kept. */
static enum cm_status check_voice(const struct cm_case_env *env, const char *sender,
    const struct cm_answer *answer, struct cm_err *err)
{
	const struct cm_member *m = &env->roster->members[cm_roster_find(env->roster, sender)];

	if (strcmp(answer->node, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s sent an answer in the name of %s",
		    sender, answer->node);
	if (m->role == CM_ROLE_REGION && strcmp(answer->region, m->region) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s answered for region %s, which is not its own", sender, answer->region);
	return CM_OK;
}

enum cm_status cm_case_answer(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, const struct cm_answer *answer,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err)
{
	struct mark before = mark_of(c);
	enum cm_status status;

	if (c->state != CM_CASE_ASKED && c->state != CM_CASE_ASKED_AGAIN)
		return cm_err_set(err, CM_NO_MEANING, "the case waits for no answer");
	if (!is_awaited(c, env, sender, answer->round))
		return cm_err_set(err, CM_NO_MEANING, "no answer of %s is awaited in round %u",
		    sender, (unsigned)answer->round);
	status = check_voice(env, sender, answer, err);
	if (status == CM_OK)
		status = keep_answer(c, body, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_ANSWER, &c->id, body);
	status = tell_central(c, env, input, "finding.arrived",
	    answer->trouble[0] != 0 ? answer->trouble : "the node has answered", sender, NULL,
	    effects, err);
	if (status == CM_OK && count_missing(c, env) > 0)
		move(c, CM_CASE_ANSWER, input, effects, "an answer came");
	else if (status == CM_OK)
		status = go_on(c, env, input, effects, err);
	status = settle(c, &before, status, effects, err);
	if (status != CM_OK)
		drop_last_answer(c);
	return status;
}

enum cm_status cm_case_overdue(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects)
{
	struct mark before = mark_of(c);
	char missing[256];
	char id[CM_ID_TEXT_BYTES];
	char why[300];
	const char *row;
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_OVERDUE) < 0 || c->demand == NULL)
		return CM_NO_MEANING;
	cm_case_missing(c, env, missing, sizeof missing);
	(void)snprintf(why, sizeof why, "waiting for %s", missing);
	row = cm_arena_text(&effects->arena, missing);
	if (row == NULL)
		return CM_NO_MEMORY;
	/* In the journal, so that the events of a case are numbered alike after a restart. */
	cm_effect_store(effects, CM_ROW_WAITED, &c->id,
	    (struct cm_bytes){(const uint8_t *)row, strlen(row)});
	cm_id_print(&c->id, id);
	cm_effect_tell(effects, "case.waits", &c->id, "case=%s for=%s ms=%lld", id, missing,
	    (long long)(input->now.ms - c->opened_ms));
	cm_effect_arm(effects, &c->id, input->now.ms + 10 * env->overdue_ms);
	status = tell_central(c, env, input, "case.waits", why, env->router, NULL, effects, NULL);
	return settle(c, &before, status, effects, NULL);
}

/* ---- after a restart ------------------------------------------------------------------------- */

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

static enum cm_status replay_outcome(struct cm_case *c, int64_t at_ms, struct cm_bytes body)
{
	struct cm_arena arena;
	struct cm_outcome outcome;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_record_decode(CM_KIND_OUTCOME, body, &arena, &outcome, NULL);
	if (status == CM_OK) {
		c->revision = outcome.revision;
		c->parts_count = outcome.parts_count;
		c->decided_ms = at_ms;
		c->state = CM_CASE_DECIDED;
		forget_details(c);
	}
	cm_arena_fini(&arena);
	return status;
}

enum cm_status cm_case_replay(struct cm_case *c, uint32_t kind, int64_t at_ms,
    struct cm_bytes body)
{
	enum cm_status status = CM_OK;

	switch (kind) {
	case CM_KIND_DEMAND:
		status = take_demand(c, body, NULL);
		if (status == CM_OK)
			c->state = CM_CASE_ASKED;
		break;
	case CM_KIND_ANSWER:
		status = keep_raw(c, kind, body);
		break;
	case CM_ROW_ASKED_AGAIN:
		c->state = CM_CASE_ASKED_AGAIN;
		break;
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

/* Make answers of what was replayed; all of them or none. */
static enum cm_status decode_raw(struct cm_case *c, struct cm_err *err)
{
	for (const struct cm_case_raw *raw = c->raw; raw != NULL; raw = raw->next) {
		enum cm_status status = keep_answer(c, raw->body, err);

		if (status == CM_OK)
			continue;
		c->answers = NULL;
		c->answers_count = 0;
		return status;
	}
	c->raw = NULL;
	return CM_OK;
}

enum cm_status cm_case_resume(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct mark before = mark_of(c);
	enum cm_status status;

	if (c->state == CM_CASE_DECIDED || c->demand == NULL)
		return CM_OK;
	status = decode_raw(c, err);
	if (status != CM_OK)
		return status;
	cm_effect_arm(effects, &c->id, input->now.ms + env->overdue_ms);
	if (count_missing(c, env) == 0)
		status = go_on(c, env, input, effects, err);
	else if (c->state == CM_CASE_ASKED)
		status = ask_all(c, env, effects, err);
	/* In ASKED_AGAIN the second ask is one message: it is in the outbox, or was answered. */
	return settle(c, &before, status, effects, err);
}
