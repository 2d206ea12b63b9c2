/*
 * What the clocks of a case make of it.
 *
 * A step ends with a look at the clocks (clock_plan.h), and so does a timer that the look before has set
 * for the next mark. Each new stage of a clock (at risk, hold, over) is a row of the journal, a line in
 * the log and an event to central, once, whatever is killed when. A case that waits is told of as such:
 * the event names who has not answered. When a clock cannot wait any longer, the case has an outcome
 * with what is there: an answer in trouble stands in for each first answer that is missing, so that all
 * it might speak of is held; the case goes on waiting, and what comes later revises the outcome.
 *
 * While a case waits, every clock counts that any finding tells, since nobody knows yet which will matter.
 * Terms without a day force nothing, and neither do those that were over before the demand came: they
 * are told when the case is decided and somebody must look at what is held. Once it is decided, these
 * clocks run on: all of a part on hold, of every other part the clock that stands in its outcome, and
 * the day on the face of the demand. A case that was withdrawn or superseded has none.
 */
#include "router/case_internal.h"

#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"
#include "router/plan_internal.h"

#define WAITS "waits "

/* Without zones every term ends where its day ends first. */
static const struct cm_zones no_zones;

static struct cm_clock_plan_input clock_input(const struct cm_case *c,
    const struct cm_case_env *env, const struct cm_answer *const *answers, size_t count,
    int64_t now_ms)
{
	int member = cm_roster_issuing(env->roster, c->issuing_state);

	return (struct cm_clock_plan_input){.demand = c->demand,
	    .answers = answers,
	    .answers_count = count,
	    .issuing_node = member >= 0 ? env->roster->members[member].name : c->demand->intake,
	    .zones = env->zones != NULL ? env->zones : &no_zones,
	    .now = {now_ms}};
}

/* ---- without an answer ----------------------------------------------------------------------- */

bool cm_case_is_early(const struct cm_case *c, const struct cm_case_env *env)
{
	if (c->state == CM_CASE_ASKED)
		return cm_case_count_missing(c, env) > 0;
	return c->state == CM_CASE_ASKED_AGAIN && c->revision == 0 && cm_case_is_asking(c);
}

bool cm_case_is_waits_row(struct cm_bytes row)
{
	return row.len >= sizeof WAITS - 1 && memcmp(row.data, WAITS, sizeof WAITS - 1) == 0;
}

enum cm_status cm_case_note_waits(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	char missing[256];
	const char *row;
	const char *why;

	cm_case_missing(c, env, missing, sizeof missing);
	row = cm_arena_printf(&effects->arena, WAITS "%s", missing);
	why = cm_arena_printf(&effects->arena,
	    "what is open is held without an answer of %s, which will revise it", missing);
	if (row == NULL || why == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	cm_effect_store(effects, CM_ROW_CLOCK, &c->id,
	    (struct cm_bytes){(const uint8_t *)row, strlen(row)});
	return cm_case_tell_central(
	    c, env, input, "clock.forces", why, env->router, NULL, effects, err);
}

/* The later rounds need nobody to stand in: while the issuing side is asked, the plan itself leaves open
 * what it was asked. */
enum cm_status cm_case_stand_ins(const struct cm_case *c, const struct cm_case_env *env,
    const struct cm_plan_input *plan, struct cm_arena *arena, const struct cm_answer ***out,
    size_t *count)
{
	struct cm_clock_plan_input in =
	    clock_input(c, env, plan->answers, plan->answers_count, plan->decided_ms);
	struct cm_clock_plan clocks;
	enum cm_status status;

	*count = 0;
	if (c->state != CM_CASE_ASKED || cm_case_count_missing(c, env) == 0)
		return CM_OK;
	*out = cm_arena_alloc(arena, env->roster->count, sizeof **out);
	status = *out != NULL ? cm_clock_plan(&in, arena, &clocks) : CM_NO_MEMORY;
	for (size_t i = 0; status == CM_OK && i < env->roster->count; i++) {
		const struct cm_member *m = &env->roster->members[i];

		if (!cm_case_is_missing(c, env, i))
			continue;
		(*out)[*count] =
		    cm_clock_stand_in(&in, 1, m->name, m->region, clocks.hold_for, arena);
		if ((*out)[(*count)++] == NULL)
			status = CM_NO_MEMORY;
	}
	return status;
}

/* ---- the clocks of a decided case ------------------------------------------------------------ */

/* What is left to do, as one answer: the findings of the parts on hold, and a finding made of the clocks of
 * the others. */
struct leaving {
	const struct cm_plan_input *plan;
	struct cm_finding *findings;
	size_t findings_count;
	struct cm_ruling *rulings; /* of the last of them */
	size_t rulings_count;
	size_t held_count; /* parts on hold */
};

static void leave_finding(struct leaving *l, const struct cm_finding *finding)
{
	if (finding == NULL)
		return;
	/* One finding speaks of many parts. */
	for (size_t i = 0; i < l->findings_count; i++)
		if (l->findings[i].rulings == finding->rulings)
			return;
	l->findings[l->findings_count++] = *finding;
}

/* The rule whose term stands with a part, or "". */
static const char *rule_of(const struct cm_part_outcome *part)
{
	for (size_t i = 0; i < part->grounds_count; i++) {
		const struct cm_ruling *r = &part->grounds[i];

		if (r->state != CM_RULING_DEFEATED && r->terms_count > 0 &&
		    strcmp(r->terms[0].act, part->terms[0].act) == 0 &&
		    strcmp(r->terms[0].due, part->terms[0].due) == 0 &&
		    strcmp(r->terms[0].zone, part->terms[0].zone) == 0)
			return r->rule;
	}
	return "";
}

static void leave_part(struct leaving *l, const struct cm_part_outcome *part)
{
	struct cm_part of = {
	    .target = part->target, .category = part->category, .region = part->region,
	    .hosting_state = part->hosting_state};
	const struct cm_answer *host = NULL;
	struct cm_plan_part found;

	if (strcmp(part->disposition, "hold_for_counsel") != 0) {
		if (part->terms_count > 0)
			l->rulings[l->rulings_count++] = (struct cm_ruling){.rule = rule_of(part),
			    .state = CM_RULING_HOLDS,
			    .terms = part->terms,
			    .terms_count = 1};
		return;
	}
	l->held_count++;
	for (size_t i = 0; i < l->plan->answers_count && part->region[0] != 0; i++)
		if (strcmp(l->plan->answers[i]->region, part->region) == 0)
			host = l->plan->answers[i];
	cm_plan_part_find(l->plan, &of, host, &found);
	leave_finding(l, found.hosting);
	leave_finding(l, found.issuing);
}

static enum cm_status what_is_left(const struct cm_plan_input *plan,
    const struct cm_outcome *outcome, struct cm_arena *arena, struct leaving *l,
    const struct cm_answer ***answers)
{
	struct cm_answer *answer = cm_arena_alloc(arena, 1, sizeof *answer);
	int member = cm_roster_issuing(plan->roster, plan->demand->issuing_state);

	*l = (struct leaving){.plan = plan,
	    .findings = cm_arena_alloc(arena, 2 * outcome->parts_count + 1, sizeof *l->findings),
	    .rulings = cm_arena_alloc(arena, outcome->parts_count + 1, sizeof *l->rulings)};
	*answers = cm_arena_alloc(arena, 1, sizeof **answers);
	if (answer == NULL || *answers == NULL || l->findings == NULL || l->rulings == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < outcome->parts_count; i++)
		leave_part(l, &outcome->parts[i]);
	l->findings[l->findings_count++] =
	    (struct cm_finding){.rulings = l->rulings, .rulings_count = l->rulings_count};
	*answer = (struct cm_answer){.node = "",
	    .zone = "",
	    .findings = l->findings,
	    .findings_count = l->findings_count};
	for (size_t i = 0; i < plan->answers_count && member >= 0; i++)
		if (strcmp(plan->answers[i]->node, plan->roster->members[member].name) == 0) {
			answer->node = plan->answers[i]->node;
			answer->zone = plan->answers[i]->zone;
		}
	**answers = answer;
	return CM_OK;
}

/* ---- telling --------------------------------------------------------------------------------- */

struct looking {
	struct cm_case *c;
	const struct cm_case_env *env;
	const struct cm_input *input;
	struct cm_effects *effects;
	struct cm_err *err;
	struct cm_clock_plan clocks;
	bool tells_all; /* also those without a day, and those that were over before the demand came */
	char waits_for[256];
	size_t held_count; /* parts on hold, of a decided case */
};

static bool is_to_be_told(const struct looking *l, const struct cm_due_clock *clock)
{
	if (!cm_clock_is_news(clock, l->c->told) || CM_PLANTED(SILENT_CLOCK))
		return false;
	return l->tells_all ||
	       (clock->counted && clock->marks.over.ms > l->c->demand->registered_ms);
}

static enum cm_status tell_clock(const struct looking *l, const struct cm_due_clock *clock)
{
	static const char *const events[] = {"", "clock.at_risk", "clock.hold", "clock.over"};
	struct cm_case *c = l->c;
	char id[CM_ID_TEXT_BYTES];
	struct cm_buf row;
	struct cm_buf why;
	struct cm_bytes body = {0};
	const char *sentence = NULL;
	enum cm_status status = CM_NO_MEMORY;

	cm_buf_init(&row, 0);
	cm_buf_init(&why, 0);
	cm_clock_row_print(clock, &row);
	cm_clock_sentence(clock, &why);
	if (l->waits_for[0] != 0)
		cm_buf_printf(&why, "; waiting for %s", l->waits_for);
	if (l->held_count > 0)
		cm_buf_printf(&why, "; %zu part%s on hold", l->held_count,
		    l->held_count == 1 ? " is" : "s are");
	if (!row.failed && !why.failed) {
		body.data = (const uint8_t *)cm_arena_text_n(
		    &l->effects->arena, cm_buf_str(&row), row.len);
		body.len = row.len;
		sentence = cm_arena_text_n(&l->effects->arena, cm_buf_str(&why), why.len);
	}
	cm_buf_fini(&row);
	cm_buf_fini(&why);
	if (body.data != NULL && sentence != NULL)
		status = cm_clock_row_take(&c->told, body, &c->arena);
	if (status != CM_OK)
		return cm_err_set(l->err, status, "no memory for a clock");
	cm_effect_store(l->effects, CM_ROW_CLOCK, &c->id, body);
	cm_id_print(&c->id, id);
	cm_effect_tell(l->effects, events[clock->stage], &c->id, "case=%s clock=%s waits_for=%s", id,
	    clock->key, l->waits_for);
	return cm_case_tell_central(c, l->env, l->input, events[clock->stage], sentence,
	    l->env->router, NULL, l->effects, l->err);
}

/* ---- the timer ------------------------------------------------------------------------------- */

void cm_case_arm_look(struct cm_case *c, int64_t at_ms, struct cm_effects *effects)
{
	c->look_at_ms = at_ms;
	cm_effect_arm(effects, &c->id, at_ms);
}

bool cm_case_is_clock_due(const struct cm_case *c, const struct cm_input *input)
{
	return c->look_at_ms != 0 && input->now.ms >= c->look_at_ms &&
	       cm_case_next(c->state, CM_CASE_WITHDRAW) >= 0;
}

/* A timer that is set for earlier rings anyway, and is set again then. */
static void arm_next(const struct looking *l)
{
	struct cm_case *c = l->c;
	bool is_set = c->look_at_ms > l->input->now.ms;

	if (!is_set)
		c->look_at_ms = 0;
	if (l->clocks.has_next && !(is_set && c->look_at_ms <= l->clocks.next.ms))
		cm_case_arm_look(c, l->clocks.next.ms, l->effects);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* A decided case: what is left of its outcome. */
static enum cm_status plan_left(struct looking *l, const struct cm_plan_input *plan)
{
	struct cm_arena *arena = &l->effects->arena;
	const struct cm_answer **answers;
	struct cm_clock_plan_input in;
	const struct cm_outcome *outcome = l->c->concluded;
	struct cm_outcome stored;
	struct leaving left;
	enum cm_status status = CM_OK;

	if (outcome == NULL) {
		status = cm_record_decode(CM_KIND_OUTCOME, l->c->outcome, arena, &stored, l->err);
		outcome = &stored;
	}
	if (status == CM_OK)
		status = what_is_left(plan, outcome, arena, &left, &answers);
	if (status != CM_OK)
		return status;
	l->tells_all = left.held_count > 0;
	l->held_count = left.held_count;
	in = clock_input(l->c, l->env, answers, 1, l->input->now.ms);
	return cm_clock_plan(&in, arena, &l->clocks);
}

static enum cm_status plan_clocks(struct looking *l)
{
	struct cm_plan_input plan;
	struct cm_clock_plan_input in;
	enum cm_status status = cm_case_plan_input(l->c, l->env, l->input->now.ms,
	    l->c->revision + 1, &l->effects->arena, &plan);

	if (status == CM_OK && l->c->state == CM_CASE_DECIDED)
		return plan_left(l, &plan);
	if (status != CM_OK)
		return status;
	cm_case_missing(l->c, l->env, l->waits_for, sizeof l->waits_for);
	in = clock_input(l->c, l->env, plan.answers, plan.answers_count, l->input->now.ms);
	return cm_clock_plan(&in, &l->effects->arena, &l->clocks);
}

enum cm_status cm_case_look(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct looking l = {
	    .c = c, .env = env, .input = input, .effects = effects, .err = err};
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_WITHDRAW) < 0)
		return CM_OK;
	status = plan_clocks(&l);
	if (status == CM_NO_MEMORY)
		return cm_err_set(err, status, "no memory for the clocks of a case");
	for (size_t i = 0; status == CM_OK && i < l.clocks.count; i++)
		if (is_to_be_told(&l, &l.clocks.clocks[i]))
			status = tell_clock(&l, &l.clocks.clocks[i]);
	if (status != CM_OK)
		return status;
	arm_next(&l);
	if (!cm_case_is_open(c) || c->revision > 0 || !l.clocks.must_hold ||
	    CM_PLANTED(SILENT_CLOCK))
		return CM_OK;
	status = cm_case_conclude(c, env, input, "a clock cannot wait", effects, err);
	if (status == CM_OK)
		cm_case_move(c, CM_CASE_FORCED, input, effects, "a clock cannot wait");
	return status;
}

enum cm_status cm_case_clock(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_WITHDRAW) < 0)
		return cm_err_set(err, CM_NO_MEANING, "the case has ended: it was %s",
		    cm_case_state_name(c->state));
	status = cm_case_load(c, env, err);
	if (status != CM_OK)
		return status;
	return cm_case_finish(c, env, input, &before, status, effects, err);
}
