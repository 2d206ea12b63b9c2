/*
 * One part: policy in three values, then the words for it.
 *
 * The policy's rules each require one disposition; the order between them is theirs (defeats), not
 * ours. If all that hold or may hold name one disposition, that is it. If they name several, the part
 * is held and the questions that would settle it are named. If none does, the part is held too.
 */
#include "router/plan_internal.h"

#include <string.h>

#include "protocol/base/text.h"

/* ---- facts ----------------------------------------------------------------------------------- */

static void gather(const struct cm_planning *p, struct cm_dossier *dossier)
{
	const struct cm_demand *demand = p->input->demand;
	const struct cm_part *part = p->part->part;
	const struct cm_target *target = cm_demand_target(demand, part->target);

	cm_plan_facts_take(dossier, demand->facts, demand->facts_count);
	cm_dossier_know(dossier, "issuing_state", demand->issuing_state, "the demand");
	if (target != NULL)
		cm_plan_facts_take(dossier, target->facts, target->facts_count);
	cm_dossier_know(dossier, "data", part->category, "the demand");
	cm_plan_facts_take(dossier, part->facts, part->facts_count);
	cm_plan_amended_facts(p->input, part, NULL, dossier);
	if (part->hosting_state[0] != 0)
		cm_dossier_know(dossier, "hosting_state", part->hosting_state,
		    "the hosting node");
	cm_plan_facts_fill(p->part, dossier);
}

static enum cm_status set_facts(const struct cm_planning *p, struct cm_facts *facts,
    struct cm_err *err)
{
	struct cm_dossier *dossier = cm_arena_alloc(p->arena, 1, sizeof *dossier);

	if (dossier == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part");
	cm_dossier_init(dossier, p->arena);
	gather(p, dossier);
	if (dossier->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part");
	if (dossier->is_full)
		return cm_err_set(err, CM_TOO_LARGE, "too many facts on one part");
	cm_facts_clear(facts);
	for (size_t i = 0; i < dossier->count; i++) {
		enum cm_status status = cm_facts_set(facts, &dossier->facts[i], err);

		/* A fact of a newer vocabulary says nothing to this policy. */
		if (status != CM_OK && status != CM_UNKNOWN_NAME)
			return status;
	}
	return CM_OK;
}

/* ---- disposition ----------------------------------------------------------------------------- */

const char *cm_planned_text(struct cm_planning *p, char *text)
{
	if (text == NULL)
		p->failed = true;
	return text != NULL ? text : "";
}

/* A sentence with another's words in it, short enough for an outcome and plain. */
const char *cm_plan_sentence(struct cm_planning *p, char *text)
{
	if (text != NULL)
		cm_text_make_plain(text);
	return cm_planned_text(p, text);
}

void cm_plan_hold(struct cm_planning *p, const char *why)
{
	p->out->disposition = "hold_for_counsel";
	p->out->rule = "";
	p->out->why = why;
}

/* The words that several candidates name, "challenge or comply_limited". */
static const char *name_candidates(struct cm_planning *p)
{
	const char *text = "";

	for (size_t d = 0; cm_dispositions[d] != NULL; d++) {
		for (size_t i = 0; i < p->policy_count; i++) {
			const struct cm_ruling *r = &p->policy[i];

			if (r->state == CM_RULING_DEFEATED || r->modality != CM_REQUIRES ||
			    strcmp(r->act, cm_dispositions[d]) != 0)
				continue;
			text = text[0] == 0
			           ? cm_dispositions[d]
			           : cm_planned_text(p, cm_arena_printf(p->arena, "%s or %s", text,
			                                   cm_dispositions[d]));
			break;
		}
	}
	return text;
}

static void decide(struct cm_planning *p)
{
	const struct cm_ruling *best = NULL;
	bool several = false;

	for (size_t i = 0; i < p->policy_count; i++) {
		const struct cm_ruling *r = &p->policy[i];

		if (r->state == CM_RULING_DEFEATED || r->modality != CM_REQUIRES ||
		    !cm_is_disposition(r->act))
			continue;
		if (best != NULL && strcmp(best->act, r->act) != 0)
			several = true;
		if (best == NULL ||
		    (best->state == CM_RULING_POSSIBLE && r->state == CM_RULING_HOLDS))
			best = r;
	}
	if (best == NULL) {
		cm_plan_hold(p, "No rule of the provider's policy decides this part.");
	} else if (several) {
		cm_plan_hold(p, cm_planned_text(p, cm_arena_printf(p->arena,
		            "Open questions decide between %s.", name_candidates(p))));
		cm_plan_questions(p);
	} else {
		p->out->disposition = best->act;
		p->out->rule = best->rule;
		p->out->why = best->explain[0] != 0 ? best->explain : best->title;
		if (strcmp(best->act, "hold_for_counsel") == 0)
			cm_plan_questions(p);
	}
}

static void say_no_law(struct cm_planning *p)
{
	if (p->part->issuing_member < 0 && strcmp(p->out->disposition, "hold_for_counsel") == 0)
		cm_plan_add_question(p, cm_planned_text(p, cm_arena_printf(p->arena,
		                    "No node of this fleet carries the law of %s: what does it "
		                    "require of this instrument?",
		                    p->part->issuing_state)));
}

/* ---- who must act ---------------------------------------------------------------------------- */

static const char *who(struct cm_planning *p)
{
	const char *d = p->out->disposition;
	const char *host = p->part->host != NULL ? p->part->host->node : p->input->demand->intake;
	const char *node = p->input->demand->intake;
	const char *role = "";
	char *text;

	if (strcmp(d, "challenge") == 0) {
		node = cm_issuing_desk(p);
		role = "counsel, ";
	} else if (strcmp(d, "hold_for_counsel") == 0) {
		node = host;
		role = "counsel, ";
	} else if (strcmp(d, "comply_limited") == 0) {
		node = host;
		role = "counsel and release officer, ";
	} else if (strcmp(d, "unable") == 0) {
		node = host;
	}
	text = cm_arena_printf(p->arena, "%slegal desk %s", role, node);
	return cm_planned_text(p, text);
}

/* The policy's rulings on the part. What cannot be read holds the part and not the case: only want of
 * memory is an error. */
static enum cm_status apply_policy(struct cm_planning *p, struct cm_facts *facts,
    struct cm_decision *decision, struct cm_err *err)
{
	const struct cm_plan_input *input = p->input;
	struct cm_day as_of = cm_wall_utc_day((struct cm_wall){input->decided_ms});
	struct cm_ruling *policy = NULL;
	enum cm_status status = set_facts(p, facts, err);

	if (status == CM_NO_MEMORY)
		return status;
	if (status != CM_OK) {
		cm_plan_hold(p, cm_plan_sentence(p, cm_arena_printf(p->arena,
		            "A fact of this part cannot be read: %.1000s", err->text)));
		return CM_OK;
	}
	(void)cm_day_parse(input->demand->as_of, strlen(input->demand->as_of), &as_of);
	cm_decide(input->policy, facts, as_of, decision);
	status = cm_decision_rulings(
	    input->policy, facts, as_of, decision, p->arena, &policy, &p->policy_count);
	if (status != CM_OK)
		return cm_err_set(err, status, "no memory to plan a part");
	p->policy = policy;
	decide(p);
	return CM_OK;
}

enum cm_status cm_plan_one(const struct cm_plan_input *input, const struct cm_plan_part *part,
    struct cm_facts *facts, struct cm_decision *decision, struct cm_arena *arena,
    struct cm_part_outcome *out, struct cm_err *err)
{
	struct cm_planning p = {
	    .input = input, .part = part, .arena = arena, .out = out};
	struct cm_err inner = {.text = ""};
	enum cm_status status;

	*out = (struct cm_part_outcome){.target = part->part->target,
	    .category = part->part->category,
	    .region = part->part->region,
	    .hosting_state = part->part->hosting_state,
	    .alone = ""};
	p.grounds = cm_arena_alloc(arena, CM_MAX_GROUNDS, sizeof *p.grounds);
	p.questions = cm_arena_alloc(arena, CM_MAX_QUESTIONS, sizeof *p.questions);
	if (p.grounds == NULL || p.questions == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part");
	status = apply_policy(&p, facts, decision, &inner);
	if (status != CM_OK)
		return cm_err_set(err, status, "%s", inner.text);
	cm_plan_settle(&p);
	cm_plan_guard(&p);
	cm_plan_decide_alike(&p);
	say_no_law(&p);
	cm_plan_grounds(&p);
	cm_plan_steps(&p);
	cm_plan_choose_term(&p);
	cm_plan_amendments(&p);
	out->who = who(&p);
	out->questions = p.questions;
	out->questions_count = p.questions_count;
	return p.failed ? cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part") : CM_OK;
}
