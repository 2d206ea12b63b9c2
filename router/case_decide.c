/*
 * From the last answer to the outcome, the first and every later one.
 */
#include "router/case_internal.h"

#include <string.h>

#include "protocol/wire/codec.h"

/* ---- what the plan reads --------------------------------------------------------------------- */

/* Put an answer where its node and round stand, or in the place of an earlier edition. */
static void insert_answer(
    const struct cm_answer **items, size_t *count, const struct cm_answer *answer)
{
	size_t at = *count;

	for (size_t i = 0; i < *count; i++) {
		if (items[i]->round != answer->round || strcmp(items[i]->node, answer->node) != 0)
			continue;
		if (cm_case_edition_of(items[i]) < cm_case_edition_of(answer))
			items[i] = answer;
		return;
	}
	for (; at > 0; at--) {
		int order = strcmp(items[at - 1]->node, answer->node);

		if (order < 0 || (order == 0 && items[at - 1]->round <= answer->round))
			break;
		items[at] = items[at - 1];
	}
	items[at] = answer;
	(*count)++;
}

/* Of one part central's last settlement counts. To a new owner it tells those that stand, in its answer; a
 * notice may overtake that, and says by its epoch whether it was given before or after. */
enum said_when {
	BEFORE_THE_ANSWER,
	IN_THE_ANSWER,
	AFTER_THE_ANSWER,
};

static enum said_when said_when(const struct cm_case *c, const struct cm_case_settled *s)
{
	if (s->is_told)
		return IN_THE_ANSWER;
	return cm_epoch_of(s->notice.epoch) < cm_epoch_of(c->epoch) ? BEFORE_THE_ANSWER
	                                                            : AFTER_THE_ANSWER;
}

/* The answers in order of node name and round, whatever the order in which they came in, so that the
 * outcome does not depend on the race. */
enum cm_status cm_case_plan_input(const struct cm_case *c, const struct cm_case_env *env,
    int64_t decided_ms, uint32_t revision, struct cm_arena *arena, struct cm_plan_input *out)
{
	const struct cm_answer **answers = cm_arena_alloc(arena, c->answers_count + 1, sizeof *answers);
	const struct cm_ask **asks = cm_arena_alloc(arena, c->asks_count + 1, sizeof *asks);
	const struct cm_notice **settlements =
	    cm_arena_alloc(arena, c->settlements_count + 1, sizeof *settlements);
	size_t count = 0;
	size_t asked = 0;
	size_t settled = 0;

	if (answers == NULL || asks == NULL || settlements == NULL)
		return CM_NO_MEMORY;
	for (const struct cm_case_answered *a = c->answers; a != NULL; a = a->next)
		if (!cm_roster_is_central(env->roster, a->node)) /* its word is among the settlements */
			insert_answer(answers, &count, &a->answer);
	for (const struct cm_case_asked *a = c->asks; a != NULL; a = a->next)
		asks[asked++] = &a->ask;
	for (enum said_when when = BEFORE_THE_ANSWER; when <= AFTER_THE_ANSWER; when++)
		for (const struct cm_case_settled *s = c->settlements; s != NULL; s = s->next)
			if (said_when(c, s) == when)
				settlements[settled++] = &s->notice;
	*out = (struct cm_plan_input){.demand = c->demand,
	    .answers = answers,
	    .answers_count = count,
	    .asks = asks,
	    .asks_count = asked,
	    .is_asking = cm_case_is_asking(c),
	    .settlements = settlements,
	    .settlements_count = settled,
	    .related = c->related,
	    .related_count = c->related_count,
	    .roster = env->roster,
	    .policy = env->policy,
	    .router = env->router,
	    .decided_ms = decided_ms,
	    .revision = revision};
	return CM_OK;
}

/* The same, with what stands in for the first answers that have not come. */
enum cm_status cm_case_outcome_input(const struct cm_case *c, const struct cm_case_env *env,
    int64_t decided_ms, uint32_t revision, struct cm_arena *arena, struct cm_plan_input *out)
{
	const struct cm_answer **stand_ins = NULL;
	const struct cm_answer **answers;
	size_t count = 0;
	enum cm_status status = cm_case_plan_input(c, env, decided_ms, revision, arena, out);

	if (status == CM_OK)
		status = cm_case_stand_ins(c, env, out, arena, &stand_ins, &count);
	if (status != CM_OK || count == 0)
		return status;
	answers = cm_arena_alloc(arena, out->answers_count + count, sizeof *answers);
	if (answers == NULL)
		return CM_NO_MEMORY;
	if (out->answers_count > 0)
		memcpy(answers, out->answers, out->answers_count * sizeof *answers);
	for (size_t i = 0; i < count; i++)
		insert_answer(answers, &out->answers_count, stand_ins[i]);
	out->answers = answers;
	return CM_OK;
}

/* ---- concluding ------------------------------------------------------------------------------ */

/* The outcome that stands, decoded; `*out` NULL: there is none. */
static enum cm_status standing_outcome(const struct cm_case *c, struct cm_effects *effects,
    struct cm_outcome **out, struct cm_err *err)
{
	*out = NULL;
	if (c->revision == 0)
		return CM_OK;
	*out = cm_arena_alloc(&effects->arena, 1, sizeof **out);
	if (*out == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	return cm_record_decode(CM_KIND_OUTCOME, c->outcome, &effects->arena, *out, err);
}

/* True if the new plan says what the standing outcome says, but for its number and time. */
static enum cm_status compare_with(const struct cm_case *c, const struct cm_outcome *before,
    const struct cm_outcome *outcome, bool *is_same, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_outcome again = *outcome;
	struct cm_bytes body = {0};
	enum cm_status status;

	*is_same = false;
	if (before == NULL)
		return CM_OK;
	again.revision = before->revision;
	again.decided_ms = before->decided_ms;
	status = cm_case_encode_outcome(&again, &body, effects, err);
	if (status == CM_OK)
		status = cm_case_is_stored(&again, body, c->outcome, is_same, err);
	return status;
}

static enum cm_status store_unchanged(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *why, struct cm_effects *effects, struct cm_err *err)
{
	char *text = cm_arena_printf(
	    &effects->arena, "revision %u stands: %s", (unsigned)c->revision, why);

	if (text == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	cm_effect_store(effects, CM_ROW_UNCHANGED, &c->id,
	    (struct cm_bytes){(const uint8_t *)text, strlen(text)});
	return cm_case_tell_central(
	    c, env, input, "outcome.unchanged", text, env->router, NULL, effects, err);
}

/* Note which other cases there are now, if that has changed: the plan reads what is noted. */
static enum cm_status note_related(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_outcome row = {.case_id = c->id, .revision = 1, .router = env->router};
	struct cm_bytes body = {0};
	enum cm_status status;

	if (env->relate == NULL)
		return CM_OK;
	status = env->relate(
	    env->relate_self, c, &effects->arena, &row.related, &row.related_count);
	if (status != CM_OK)
		return cm_err_set(err, status, "no memory for related cases");
	if (row.related_count == 0 && c->related_count == 0)
		return CM_OK;
	status = cm_effects_encode(effects, CM_KIND_OUTCOME, &row, &body, err);
	if (status != CM_OK || (body.len == c->related_row.len &&
	                           memcmp(body.data, c->related_row.data, body.len) == 0))
		return status;
	cm_effect_store(effects, CM_ROW_RELATED, &c->id, body);
	status = cm_case_keep_related(c, body, err);
	return status == CM_OK ? cm_case_tell_central(c, env, input, "case.related",
	                             "other cases are about the same accounts", env->router, NULL,
	                             effects, err)
	                       : status;
}

enum cm_status cm_case_conclude(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *why, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_plan_input plan;
	struct cm_outcome *before;
	struct cm_outcome *outcome = cm_arena_alloc(&effects->arena, 1, sizeof *outcome);
	struct cm_bytes body = {0};
	bool is_early = cm_case_is_early(c, env);
	bool is_same = false;
	enum cm_status status = standing_outcome(c, effects, &before, err);

	if (status == CM_OK && outcome == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	if (status == CM_OK && is_early)
		status = cm_case_note_waits(c, env, input, effects, err);
	if (status == CM_OK)
		status = note_related(c, env, input, effects, err);
	if (status == CM_OK && cm_case_outcome_input(c, env, input->now.ms,
	                           is_early ? cm_case_early_revision(c) : cm_case_next_revision(c),
	                           &effects->arena, &plan) != CM_OK)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory to plan a case");
	if (status == CM_OK)
		status = cm_plan(&plan, &effects->arena, outcome, err);
	if (outcome != NULL)
		outcome->epoch = cm_case_epoch_field(c);
	if (status == CM_OK)
		status = compare_with(c, before, outcome, &is_same, effects, err);
	if (status == CM_OK && is_same)
		return store_unchanged(c, env, input, why, effects, err);
	if (status == CM_OK)
		status = cm_case_encode_outcome(outcome, &body, effects, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_OUTCOME, &c->id, body);
	status = cm_case_send_outcome(c, env, outcome, before, body, effects, err);
	if (status == CM_OK)
		status = cm_case_tell_central(c, env, input,
		    before == NULL ? "outcome.decided" : "outcome.revised", why, env->router, outcome,
		    effects, err);
	if (status == CM_OK)
		status = cm_case_keep_outcome(c, body, err);
	if (status != CM_OK)
		return status;
	/* Equal demands are not compared with what is said for want of an answer. */
	if (!is_early && cm_case_say(c, outcome) != CM_OK)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	c->concluded = outcome;
	c->revision = outcome->revision;
	c->decided_ms = input->now.ms;
	c->parts_count = outcome->parts_count;
	return cm_case_tell_routers(c, env, effects, err);
}

struct cm_outcome cm_case_ended_outcome(const struct cm_case *c, const struct cm_case_env *env,
    const struct cm_notice *word, int64_t decided_ms, uint32_t revision)
{
	return (struct cm_outcome){.case_id = c->id,
	    .revision = revision,
	    .decided_ms = decided_ms,
	    .router = env->router,
	    .ended = word->what == CM_NOTICE_SUPERSEDE ? "superseded" : "withdrawn",
	    .successor = word->successor,
	    .by = word->by,
	    .reasons = word->reasons,
	    .predecessor = c->demand->supersedes,
	    .epoch = cm_case_epoch_field(c)};
}

/* ---- asking again ---------------------------------------------------------------------------- */

static enum cm_status ask_again(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_part *parts, size_t count,
    struct cm_effects *effects, struct cm_err *err)
{
	int member = cm_roster_issuing(env->roster, c->issuing_state);
	struct cm_ask ask = {.case_id = c->id,
	    .round = c->round + 1,
	    .demand = *c->demand,
	    .parts = parts,
	    .parts_count = count,
	    .ledger = env->ledger};
	struct cm_bytes body = {0};
	enum cm_status status;

	status = cm_case_send_ask(c, env, (size_t)member, &ask, &body, effects, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_ROW_ASKED_AGAIN, &c->id, body);
	status = cm_case_keep_ask(c, body, err);
	if (status == CM_OK)
		status = cm_case_tell_central(c, env, input, "issuing.asked_again",
		    "facts found by hosting nodes bear on the issuing state's law",
		    env->roster->members[member].name, NULL, effects, err);
	if (status == CM_OK)
		c->round++;
	return status;
}

/* Ask the issuing side again if something it was not asked with bears on its law. */
static enum cm_status ask_if_needed(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, bool *is_asked, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_plan_input plan;
	const struct cm_part *parts = NULL;
	size_t count = 0;
	enum cm_status status;

	*is_asked = false;
	if (cm_case_plan_input(
	        c, env, input->now.ms, cm_case_next_revision(c), &effects->arena, &plan) != CM_OK)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to plan a case");
	status = cm_plan_ask_again(&plan, &effects->arena, &parts, &count);
	if (status != CM_OK)
		return cm_err_set(err, status, "list what to ask again: %s", cm_status_text(status));
	if (count == 0 || c->round == CM_MAX_ROUNDS)
		return CM_OK;
	status = ask_again(c, env, input, parts, count, effects, err);
	*is_asked = status == CM_OK;
	/* Too much to ask in one message: what is open stays open, and is held. */
	return status == CM_TOO_LARGE ? CM_OK : status;
}

#define ANSWER_PATIENCE_MS 10

/* An answer is in: wait for the others, ask the issuing side again, or decide. A case with an outcome is
 * planned anew at once, and while the issuing side is asked its outcome permits nothing new. */
enum cm_status cm_case_go_on(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *why, struct cm_effects *effects, struct cm_err *err)
{
	bool was_decided = c->state == CM_CASE_DECIDED;
	bool is_asked = false;
	enum cm_status status;

	if (c->state == CM_CASE_ASKED && cm_case_count_missing(c, env) > 0) {
		cm_case_move(c, CM_CASE_ANSWER, input, effects, "an answer came");
		if (c->revision > 0)
			return cm_case_conclude(
			    c, env, input, "an answer came, and others are missing", effects, err);
		/* The node keeps it until it is receipted, and nothing follows from it before the last
		 * one: that one's commit has room for it. */
		effects->patience_ms = ANSWER_PATIENCE_MS;
		return CM_OK;
	}
	status = ask_if_needed(c, env, input, &is_asked, effects, err);
	if (status == CM_OK && (c->revision > 0 || !cm_case_is_asking(c)))
		status = cm_case_conclude(c, env, input, why, effects, err);
	if (status != CM_OK)
		return status;
	if (is_asked && was_decided)
		cm_case_arm_overdue(c, input->now.ms + env->overdue_ms, effects);
	if (is_asked)
		cm_case_move(c, CM_CASE_HEARD, input, effects, "facts bear on the issuing law");
	else if (cm_case_is_asking(c))
		cm_case_move(c, CM_CASE_ANSWER, input, effects, "an answer came");
	else
		cm_case_move(c, CM_CASE_COMPLETE, input, effects, why);
	return CM_OK;
}
