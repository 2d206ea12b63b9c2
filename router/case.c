#include "router/case_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

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
    {CM_CASE_ASKED, CM_CASE_FORCED, CM_CASE_ASKED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_ANSWER, CM_CASE_ASKED_AGAIN},
    {CM_CASE_ASKED_AGAIN, CM_CASE_COMPLETE, CM_CASE_DECIDED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_HEARD, CM_CASE_ASKED_AGAIN},
    {CM_CASE_ASKED_AGAIN, CM_CASE_OVERDUE, CM_CASE_ASKED_AGAIN},
    {CM_CASE_ASKED_AGAIN, CM_CASE_FORCED, CM_CASE_ASKED_AGAIN},
    {CM_CASE_DECIDED, CM_CASE_HEARD, CM_CASE_ASKED_AGAIN},
    {CM_CASE_DECIDED, CM_CASE_COMPLETE, CM_CASE_DECIDED},
    {CM_CASE_ASKED, CM_CASE_WITHDRAW, CM_CASE_WITHDRAWN},
    {CM_CASE_ASKED_AGAIN, CM_CASE_WITHDRAW, CM_CASE_WITHDRAWN},
    {CM_CASE_DECIDED, CM_CASE_WITHDRAW, CM_CASE_WITHDRAWN},
    {CM_CASE_ASKED, CM_CASE_SUPERSEDE, CM_CASE_SUPERSEDED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_SUPERSEDE, CM_CASE_SUPERSEDED},
    {CM_CASE_DECIDED, CM_CASE_SUPERSEDE, CM_CASE_SUPERSEDED},
    {CM_CASE_ASKED, CM_CASE_MOVE, CM_CASE_MOVED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_MOVE, CM_CASE_MOVED},
    {CM_CASE_DECIDED, CM_CASE_MOVE, CM_CASE_MOVED},
    {CM_CASE_WITHDRAWN, CM_CASE_MOVE, CM_CASE_MOVED},
    {CM_CASE_SUPERSEDED, CM_CASE_MOVE, CM_CASE_MOVED},
    {CM_CASE_ASKED, CM_CASE_TAKE_OVER, CM_CASE_ASKED},
    {CM_CASE_ASKED_AGAIN, CM_CASE_TAKE_OVER, CM_CASE_ASKED},
    {CM_CASE_DECIDED, CM_CASE_TAKE_OVER, CM_CASE_ASKED},
    {CM_CASE_WITHDRAWN, CM_CASE_TAKE_OVER, CM_CASE_ASKED},
    {CM_CASE_SUPERSEDED, CM_CASE_TAKE_OVER, CM_CASE_ASKED},
    {CM_CASE_MOVED, CM_CASE_TAKE_OVER, CM_CASE_ASKED},
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
	case CM_CASE_WITHDRAWN:
		return "withdrawn";
	case CM_CASE_SUPERSEDED:
		return "superseded";
	case CM_CASE_MOVED:
		return "moved";
	}
	return "?";
}

struct cm_case *cm_case_new(const struct cm_id *id)
{
	struct cm_case *c = cm_alloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->id = *id;
	c->round = 1;
	cm_arena_init(&c->arena, 0);
	return c;
}

void cm_case_free(struct cm_case *c)
{
	if (c == NULL)
		return;
	cm_arena_fini(&c->arena);
	cm_free(c->said);
	cm_free(c->said_next);
	cm_free(c);
}

/* The one place that writes the state; take_back undoes it. */
void cm_case_move(struct cm_case *c, enum cm_case_event event, const struct cm_input *input,
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

struct cm_case_mark cm_case_mark_of(const struct cm_case *c)
{
	return (struct cm_case_mark){.state = c->state,
	    .events = c->events,
	    .round = c->round,
	    .heard = c->heard,
	    .revision = c->revision,
	    .known_revision = c->known_revision,
	    .decided_ms = c->decided_ms,
	    .overdue_at_ms = c->overdue_at_ms,
	    .look_at_ms = c->look_at_ms,
	    .parts_count = c->parts_count,
	    .answers_count = c->answers_count,
	    .asks_count = c->asks_count,
	    .settlements_count = c->settlements_count,
	    .told = c->told,
	    .outcome = c->outcome,
	    .related_row = c->related_row,
	    .related = c->related,
	    .related_count = c->related_count,
	    .is_loaded = c->demand != NULL};
}

/* A step that failed has not happened: its input may come again. */
static void take_back(struct cm_case *c, const struct cm_case_mark *mark)
{
	c->state = mark->state;
	c->events = mark->events;
	c->revision = mark->revision;
	c->known_revision = mark->known_revision;
	c->decided_ms = mark->decided_ms;
	c->overdue_at_ms = mark->overdue_at_ms;
	c->look_at_ms = mark->look_at_ms;
	c->parts_count = mark->parts_count;
	if (mark->is_loaded)
		cm_case_cut_details(c, mark);
	else
		cm_case_forget_details(c);
	c->round = mark->round;
	c->heard = mark->heard;
}

bool cm_case_is_open(const struct cm_case *c)
{
	return c->state == CM_CASE_ASKED || c->state == CM_CASE_ASKED_AGAIN;
}

/* ---- who has answered ------------------------------------------------------------------------ */

bool cm_case_has_answered(const struct cm_case *c, const char *node, uint32_t round)
{
	for (const struct cm_case_answered *a = c->answers; a != NULL; a = a->next)
		if (a->answer.round == round && strcmp(a->node, node) == 0)
			return true;
	return false;
}

/* Round 1 asks every region; a member that only carries the issuing state's law is asked too. Central, of a
 * case that had another owner: what it has settled, nobody else can tell. */
bool cm_case_is_asked_first(const struct cm_case *c, const struct cm_case_env *env, size_t member)
{
	const struct cm_member *m = &env->roster->members[member];

	return m->role == CM_ROLE_REGION || (m->role == CM_ROLE_CENTRAL && c->epoch > 1) ||
	       (int)member == cm_roster_issuing(env->roster, c->issuing_state);
}

bool cm_case_is_asking(const struct cm_case *c)
{
	for (uint32_t round = 2; round <= c->round; round++)
		if ((c->heard >> round & 1) == 0)
			return true;
	return false;
}

bool cm_case_is_missing(const struct cm_case *c, const struct cm_case_env *env, size_t member)
{
	if (c->state == CM_CASE_ASKED_AGAIN)
		return (int)member == cm_roster_issuing(env->roster, c->issuing_state) &&
		       cm_case_is_asking(c);
	return cm_case_is_asked_first(c, env, member) &&
	       !cm_case_has_answered(c, env->roster->members[member].name, 1);
}

size_t cm_case_count_missing(const struct cm_case *c, const struct cm_case_env *env)
{
	size_t missing = 0;

	for (size_t i = 0; i < env->roster->count; i++)
		missing += cm_case_is_missing(c, env, i);
	return missing;
}

void cm_case_missing(const struct cm_case *c, const struct cm_case_env *env, char *out,
    size_t out_bytes)
{
	size_t room = out_bytes > sizeof " and 4096 more" ? out_bytes - sizeof " and 4096 more" : 0;
	size_t used = 0;
	size_t more = 0;

	out[0] = 0;
	if (!cm_case_is_open(c))
		return;
	for (size_t i = 0; i < env->roster->count; i++) {
		const char *name = env->roster->members[i].name;

		if (!cm_case_is_missing(c, env, i))
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

/* ---- inputs ---------------------------------------------------------------------------------- */

/* The end of every step: it has happened as a whole, or not at all. */
enum cm_status cm_case_settle(struct cm_case *c, const struct cm_case_mark *before,
    enum cm_status status, const struct cm_effects *effects, struct cm_err *err)
{
	if (status == CM_OK && effects->failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	cm_case_said_settle(c, status == CM_OK);
	c->concluded = NULL;
	if (status != CM_OK)
		take_back(c, before);
	else if ((c->revision > 0 && c->state != CM_CASE_ASKED) || c->state == CM_CASE_MOVED)
		cm_case_forget_details(c);
	return status;
}

enum cm_status cm_case_finish(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_case_mark *before, enum cm_status status,
    struct cm_effects *effects, struct cm_err *err)
{
	if (status == CM_OK)
		status = cm_case_look(c, env, input, effects, err);
	return cm_case_settle(c, before, status, effects, err);
}

void cm_case_arm_overdue(struct cm_case *c, int64_t at_ms, struct cm_effects *effects)
{
	c->overdue_at_ms = at_ms;
	cm_effect_arm(effects, &c->id, at_ms);
}

enum cm_status cm_case_ask_all(struct cm_case *c, const struct cm_case_env *env,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_ask ask = {
	    .case_id = c->id, .round = 1, .demand = *c->demand, .ledger = env->ledger};
	struct cm_bytes body = {0};
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < env->roster->count; i++)
		if (cm_case_is_asked_first(c, env, i) &&
		    !cm_case_has_answered(c, env->roster->members[i].name, 1))
			status = cm_case_send_ask(c, env, i, &ask, &body, effects, err);
	return status;
}

enum cm_status cm_case_demand(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_bytes body, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_DEMAND) < 0)
		return cm_err_set(err, CM_NO_MEANING, "the case already has its demand");
	status = cm_case_take_demand(c, body, err);
	if (status != CM_OK)
		return cm_case_settle(c, &before, status, effects, err);
	cm_effect_store(effects, CM_KIND_DEMAND, &c->id, body);
	status = cm_case_ask_all(c, env, effects, err);
	if (status == CM_OK)
		status = cm_case_tell_central(c, env, input, "demand.accepted", "the demand is recorded",
		    c->demand->intake, NULL, effects, err);
	if (status == CM_OK) {
		cm_case_arm_overdue(c, input->now.ms + env->overdue_ms, effects);
		cm_case_move(c, CM_CASE_DEMAND, input, effects, "the demand is recorded");
		if (cm_case_count_missing(c, env) == 0) /* a fleet without regions: nobody to wait for */
			status = cm_case_go_on(c, env, input, "nobody is to be asked", effects, err);
	}
	return cm_case_finish(c, env, input, &before, status, effects, err);
}

static bool is_awaited(const struct cm_case *c, const struct cm_case_env *env, const char *node,
    uint32_t round)
{
	int member = cm_roster_find(env->roster, node);

	if (member < 0 || (cm_case_has_answered(c, node, round) && !CM_PLANTED(ANSWER_AGAIN)))
		return false;
	if (round == 1)
		return c->state == CM_CASE_ASKED && cm_case_is_asked_first(c, env, (size_t)member);
	return round > 1 && round <= c->round && c->state == CM_CASE_ASKED_AGAIN &&
	       (c->heard >> round & 1) == 0 &&
	       member == cm_roster_issuing(env->roster, c->issuing_state);
}

/* A node speaks in its own name and for its own region; looked at before anything is kept. */
enum cm_status cm_case_check_voice(const struct cm_case_env *env, const char *sender,
    const struct cm_answer *answer, struct cm_err *err)
{
	const struct cm_member *m = &env->roster->members[cm_roster_find(env->roster, sender)];

	if (strcmp(answer->node, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s sent an answer in the name of %s",
		    sender, answer->node);
	if (m->role == CM_ROLE_REGION && strcmp(answer->region, m->region) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s answered for region %s, which is not its own", sender, answer->region);
	for (size_t i = 0; i < answer->amendments_count && m->role != CM_ROLE_CENTRAL; i++)
		if (answer->amendments[i].amends == CM_AMENDS_DISPOSITION)
			return cm_err_set(
			    err, CM_NOT_ALLOWED, "%s is not central: it settles nothing", sender);
	return CM_OK;
}

enum cm_status cm_case_answer(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, struct cm_case_heard *heard,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	const struct cm_answer *answer = &heard->answer;
	enum cm_status status;

	if (c->state == CM_CASE_WITHDRAWN || c->state == CM_CASE_SUPERSEDED || c->state == CM_CASE_MOVED)
		return cm_case_say_ended(c, err);
	status = cm_case_check_epoch(c, answer, err);
	if (status != CM_OK)
		return status;
	if (cm_case_edition_of(answer) > 1)
		return cm_case_take_edition(c, env, input, sender, heard, effects, err);
	if (!cm_case_is_open(c))
		return cm_err_set(err, CM_NO_MEANING, "the case waits for no answer");
	if (!is_awaited(c, env, sender, answer->round))
		return cm_case_say_known(c, sender, answer, err);
	status = cm_case_check_voice(env, sender, answer, err);
	if (status == CM_OK)
		status = cm_case_load(c, env, err);
	if (status != CM_OK)
		return status;
	status = cm_case_keep_heard(c, heard, err);
	if (status == CM_OK) {
		cm_effect_store(effects, CM_KIND_ANSWER, &c->id, heard->body);
		status = cm_case_tell_central(c, env, input, "finding.arrived",
		    answer->trouble[0] != 0 ? answer->trouble : "the node has answered", sender, NULL,
		    effects, err);
	}
	if (status == CM_OK)
		status = cm_case_go_on(c, env, input, "every finding is in", effects, err);
	return cm_case_finish(c, env, input, &before, status, effects, err);
}

enum cm_status cm_case_overdue(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	char missing[256];
	char id[CM_ID_TEXT_BYTES];
	char why[300];
	const char *row;
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_OVERDUE) < 0)
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
	cm_case_arm_overdue(c, input->now.ms + 10 * env->overdue_ms, effects);
	status = cm_case_tell_central(c, env, input, "case.waits", why, env->router, NULL, effects, NULL);
	return cm_case_settle(c, &before, status, effects, NULL);
}

