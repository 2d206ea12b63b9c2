/*
 * What comes after the outcome, or in the middle of the asking: later editions of answers, central's
 * settlements, the end of a case by withdrawal or by a corrected demand.
 */
#include "router/case_internal.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

/* ---- editions -------------------------------------------------------------------------------- */

uint32_t cm_case_edition_of(const struct cm_answer *answer)
{
	return answer->edition > 1 ? answer->edition : 1;
}

/* The newest edition that is here, or NULL. */
static const struct cm_answer *newest_of(const struct cm_case *c, const char *node, uint32_t round)
{
	const struct cm_answer *found = NULL;

	for (const struct cm_case_answered *a = c->answers; a != NULL; a = a->next)
		if (a->answer.round == round && strcmp(a->node, node) == 0 &&
		    (found == NULL || cm_case_edition_of(found) < cm_case_edition_of(&a->answer)))
			found = &a->answer;
	return found;
}

enum cm_status cm_case_say_known(const struct cm_case *c, const char *sender,
    const struct cm_answer *answer, struct cm_err *err)
{
	const struct cm_answer *known = newest_of(c, sender, answer->round);

	if (known != NULL && cm_case_edition_of(answer) < cm_case_edition_of(known))
		return cm_err_set(err, CM_CHANGED, "changed meanwhile: edition %u of %s's answer is here",
		    (unsigned)cm_case_edition_of(known), sender);
	return cm_err_set(err, CM_NO_MEANING, "no answer of %s is awaited in round %u", sender,
	    (unsigned)answer->round);
}

/* The sentence central reads of a later edition: who changed what, and why. */
static const char *why_revised(const struct cm_answer *answer, struct cm_arena *arena)
{
	const struct cm_amendment *a = answer->amendments_count > 0
	                                   ? &answer->amendments[answer->amendments_count - 1]
	                                   : NULL;

	if (answer->trouble[0] != 0)
		return answer->trouble;
	if (a == NULL || a->at_ms != answer->at_ms)
		return "the node has looked again";
	return cm_arena_printf(arena, "%s %s%s%s, by %s: %.2000s", a->subject,
	    a->was[0] != 0 ? a->was : "open", a->says_count > 0 ? " -> " : "",
	    a->says_count > 0 ? a->says[0] : "", a->by, a->reasons);
}

/* May this edition come now? The case has its details. */
static enum cm_status check_edition(const struct cm_case *c, const struct cm_case_env *env,
    const char *sender, const struct cm_answer *answer, struct cm_err *err)
{
	const struct cm_answer *known = newest_of(c, sender, answer->round);
	int member = cm_roster_find(env->roster, sender);
	bool is_asked = answer->round == 1
	                    ? cm_case_is_asked_first(c, env, (size_t)member)
	                    : answer->round <= c->round &&
	                          member == cm_roster_issuing(env->roster, c->issuing_state);

	if (known != NULL && cm_case_edition_of(answer) <= cm_case_edition_of(known) &&
	    !CM_PLANTED(OLD_EDITION))
		return cm_case_say_known(c, sender, answer, err);
	if (!is_asked)
		return cm_err_set(err, CM_NO_MEANING, "%s was not asked in round %u", sender,
		    (unsigned)answer->round);
	return cm_case_check_voice(env, sender, answer, err);
}

enum cm_status cm_case_take_edition(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, struct cm_case_heard *heard,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	const struct cm_answer *answer = &heard->answer;
	const char *why;
	enum cm_status status;

	if (cm_roster_find(env->roster, sender) < 0 || c->state == CM_CASE_NEW)
		return cm_err_set(err, CM_NO_MEANING, "no answer of %s is awaited in round %u", sender,
		    (unsigned)answer->round);
	status = cm_case_load(c, env, err);
	if (status != CM_OK)
		return status;
	status = check_edition(c, env, sender, answer, err);
	if (status == CM_OK)
		status = cm_case_keep_heard(c, heard, err);
	why = status == CM_OK ? why_revised(answer, &effects->arena) : NULL;
	if (status == CM_OK && why == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for an answer");
	if (status == CM_OK) {
		cm_effect_store(effects, CM_KIND_ANSWER, &c->id, heard->body);
		status = cm_case_tell_central(
		    c, env, input, "finding.revised", why, sender, NULL, effects, err);
	}
	if (status == CM_OK)
		status = cm_case_go_on(c, env, input, why, effects, err);
	return cm_case_finish(c, env, input, &before, status, effects, err);
}

/* ---- settling -------------------------------------------------------------------------------- */

/* Recorded, told to central, and not followed. */
static enum cm_status refuse(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_notice *notice, struct cm_bytes body,
    const char *why, struct cm_effects *effects, struct cm_err *err)
{
	char *text = cm_arena_printf(&effects->arena, "%s of part %u %s %s by %s refused: %s",
	    notice->disposition, (unsigned)notice->target, notice->category, notice->region,
	    notice->by, why);

	if (text == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a settlement");
	cm_effect_store(effects, CM_ROW_REFUSED, &c->id,
	    (struct cm_bytes){(const uint8_t *)text, strlen(text)});
	return cm_case_tell_of_notice(
	    c, env, input, "settlement.refused", why, notice->node, body, effects, err);
}

/* Why a settlement cannot be followed, or NULL; the settlement is already the case's last. */
static enum cm_status check_settlement(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_notice *notice, const char **why_not,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_plan_input plan;
	enum cm_status status;

	*why_not = NULL;
	if (c->revision == 0 && c->epoch > 1 && cm_is_disposition(notice->disposition))
		return CM_OK; /* given on a former owner's outcome: it is kept, and the first plan looks at it */
	if (notice->revision != c->revision && !CM_PLANTED(STALE_SETTLEMENT))
		*why_not = cm_arena_printf(&effects->arena, "changed meanwhile: the case is at revision %u",
		    (unsigned)c->revision);
	else if (c->state == CM_CASE_ASKED && c->revision > 0)
		*why_not = "This outcome was made before all had answered: wait for their answers.";
	else if (c->state != CM_CASE_DECIDED)
		*why_not = "The issuing state's node is being asked again: wait for its answer.";
	else if (!cm_is_disposition(notice->disposition))
		*why_not = "There is no such disposition.";
	else {
		if (cm_case_plan_input(c, env, input->now.ms, cm_case_next_revision(c), &effects->arena,
		        &plan) != CM_OK)
			return cm_err_set(err, CM_NO_MEMORY, "no memory for a settlement");
		status = cm_plan_check_settlement(&plan, &effects->arena, why_not, err);
		if (status == CM_NOT_FOUND)
			*why_not = "The case has no such part.";
		else if (status != CM_OK)
			return status;
		return CM_OK;
	}
	return *why_not != NULL ? CM_OK : cm_err_set(err, CM_NO_MEMORY, "no memory for a settlement");
}

static enum cm_status settle(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_notice *notice, struct cm_bytes body,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	const char *why_not = NULL;
	const char *why;
	enum cm_status status = cm_case_load(c, env, err);

	if (status != CM_OK)
		return status;
	status = cm_case_keep_settlement(c, body, err);
	if (status == CM_OK)
		status = check_settlement(c, env, input, notice, &why_not, effects, err);
	if (status == CM_OK && why_not != NULL) {
		if (before.is_loaded)
			cm_case_cut_details(c, &before);
		status = refuse(c, env, input, notice, body, why_not, effects, err);
		return cm_case_settle(c, &before, status, effects, err);
	}
	why = status == CM_OK ? cm_arena_printf(&effects->arena, "%s by %s: %.2000s",
	                            notice->disposition, notice->by, notice->reasons)
	                      : NULL;
	if (status == CM_OK && why == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for a settlement");
	if (status == CM_OK) {
		cm_effect_store(effects, CM_KIND_NOTICE, &c->id, body);
		status = cm_case_tell_of_notice(
		    c, env, input, "part.settled", why, notice->node, body, effects, err);
	}
	if (status == CM_OK)
		status = cm_case_go_on(c, env, input, why, effects, err);
	return cm_case_finish(c, env, input, &before, status, effects, err);
}

enum cm_status cm_case_reconsider(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	enum cm_status status;

	if (c->state != CM_CASE_DECIDED)
		return cm_err_set(err, CM_NO_MEANING, "the case is not decided");
	status = cm_case_load(c, env, err);
	if (status != CM_OK)
		return status;
	status = cm_case_go_on(
	    c, env, input, "an equal demand about the same account was decided", effects, err);
	return cm_case_finish(c, env, input, &before, status, effects, err);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static enum cm_status end(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, enum cm_case_event event, const struct cm_notice *word,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_outcome outcome =
	    cm_case_ended_outcome(c, env, word, input->now.ms, cm_case_next_revision(c));
	struct cm_bytes body = {0};
	enum cm_status status = cm_case_encode_outcome(&outcome, &body, effects, err);

	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_OUTCOME, &c->id, body);
	status = cm_case_send_outcome(c, env, &outcome, NULL, body, effects, err);
	if (status == CM_OK)
		status = cm_case_tell_central(c, env, input, "outcome.ended", outcome.reasons,
		    c->demand->intake, &outcome, effects, err);
	if (status != CM_OK)
		return status;
	cm_case_move(c, event, input, effects, outcome.ended);
	c->revision = outcome.revision;
	c->decided_ms = outcome.decided_ms;
	c->parts_count = 0;
	if (cm_case_say(c, &outcome) != CM_OK)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an outcome");
	return cm_case_tell_routers(c, env, effects, err);
}

/* Intake's word, of one who says it is: withdrawn, replaced, or handed to another router. The second comes
 * as a notice only where the corrected demand went to another router than this. */
static enum cm_status take_intakes_word(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, const struct cm_notice *notice,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	bool is_withdrawn = notice->what == CM_NOTICE_WITHDRAW;
	enum cm_status status = cm_case_load(c, env, err);

	if (status != CM_OK)
		return status;
	if (strcmp(sender, c->demand->intake) != 0)
		status = cm_err_set(err, CM_NOT_ALLOWED, "the demand was filed with %s, not with %s",
		    c->demand->intake, sender);
	if (status == CM_OK && notice->what == CM_NOTICE_MOVED) {
		status = cm_case_move_away(c, env, input, notice, body, effects, err);
		if (status != CM_OK && !before.is_loaded)
			cm_case_forget_details(c);
		return status;
	}
	if (status == CM_OK) {
		cm_effect_store(effects, CM_KIND_NOTICE, &c->id, body);
		status = cm_case_tell_of_notice(c, env, input,
		    is_withdrawn ? "demand.withdrawn" : "demand.superseded", notice->reasons, sender,
		    body, effects, err);
	}
	if (status == CM_OK)
		status = end(c, env, input, is_withdrawn ? CM_CASE_WITHDRAW : CM_CASE_SUPERSEDE, notice,
		    effects, err);
	return cm_case_settle(c, &before, status, effects, err);
}

enum cm_status cm_case_supersede(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_demand *successor, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	struct cm_notice word = {.case_id = c->id,
	    .node = successor->intake,
	    .what = CM_NOTICE_SUPERSEDE,
	    .at_ms = input->now.ms,
	    .revision = c->revision,
	    .by = successor->intake,
	    .reasons = "A corrected demand replaces this one.",
	    .successor = successor->case_id};
	struct cm_bytes body = {0};
	enum cm_status status;

	if (cm_case_next(c->state, CM_CASE_SUPERSEDE) < 0)
		return cm_err_set(err, CM_NO_MEANING, "the case to be replaced has ended: it was %s",
		    cm_case_state_name(c->state));
	status = cm_case_load(c, env, err);
	if (status != CM_OK)
		return status;
	if (strcmp(successor->intake, c->demand->intake) != 0)
		status = cm_err_set(err, CM_NOT_ALLOWED, "the demand to be replaced was filed with %s",
		    c->demand->intake);
	if (status == CM_OK)
		status = cm_effects_encode(effects, CM_KIND_NOTICE, &word, &body, err);
	if (status == CM_OK) {
		cm_effect_store(effects, CM_KIND_NOTICE, &c->id, body);
		status = cm_case_tell_central(c, env, input, "demand.superseded", word.reasons,
		    word.node, NULL, effects, err);
	}
	if (status == CM_OK)
		status = end(c, env, input, CM_CASE_SUPERSEDE, &word, effects, err);
	return cm_case_settle(c, &before, status, effects, err);
}

enum cm_status cm_case_notice(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, const struct cm_notice *notice,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err)
{
	int member = cm_roster_find(env->roster, sender);

	if (cm_case_next(c->state,
	        notice->what == CM_NOTICE_MOVED ? CM_CASE_MOVE : CM_CASE_WITHDRAW) < 0)
		return cm_case_say_ended(c, err);
	if (strcmp(notice->node, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s sent a notice in the name of %s", sender,
		    notice->node);
	if (notice->what == CM_NOTICE_SUPERSEDE && cm_id_is_zero(&notice->successor))
		return cm_err_set(err, CM_NOT_ALLOWED, "a case is replaced by filing the corrected demand");
	if (notice->what == CM_NOTICE_WITHDRAW && CM_PLANTED(FORGET_WITHDRAWAL))
		return CM_OK;
	if (notice->what != CM_NOTICE_SETTLE)
		return take_intakes_word(c, env, input, sender, notice, body, effects, err);
	if (member < 0 || env->roster->members[member].role != CM_ROLE_CENTRAL)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s is not central: it settles nothing", sender);
	return settle(c, env, input, notice, body, effects, err);
}
