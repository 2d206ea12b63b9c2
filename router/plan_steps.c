/*
 * What is done beside a disposition, and what would settle a hold.
 */
#include "router/plan_internal.h"

#include <string.h>

/* ---- steps ----------------------------------------------------------------------------------- */

struct step_list {
	struct cm_planning *p;
	struct cm_step *items;
	size_t count;
	size_t law;                 /* where the law's own steps begin, behind the policy's */
	enum cm_ruling_state state; /* of the findings' rulings that are being taken */
};

static const char *desk_of(struct cm_planning *p, const char *node)
{
	char *text = cm_arena_printf(p->arena, "legal desk %s", node);

	if (text == NULL)
		p->failed = true;
	return text != NULL ? text : "";
}

/* A step of the policy and a duty of a law stand side by side, even for the same act: one tells the
 * customer when the secrecy ends, the other at once, and counsel must see both. */
static struct cm_step *find_step(const struct step_list *list, const char *act)
{
	for (size_t i = list->law; i < list->count; i++)
		if (strcmp(list->items[i].act, act) == 0)
			return &list->items[i];
	return NULL;
}

/* Two laws ask for one step: the sooner clock counts. */
static void hasten(struct cm_step *step, const struct cm_ruling *ruling)
{
	if (ruling->terms_count == 0 ||
	    !cm_plan_is_sooner(ruling->terms, step->terms_count > 0 ? step->terms : NULL))
		return;
	step->terms = ruling->terms;
	step->terms_count = ruling->terms_count;
	if (ruling->state != CM_RULING_HOLDS)
		return;
	step->rule = ruling->rule;
	step->cite = ruling->cite;
}

static void add_step(struct step_list *list, const struct cm_ruling *ruling, const char *node)
{
	struct cm_step *step = find_step(list, ruling->act);

	if (step != NULL)
		hasten(step, ruling);
	if (step != NULL || list->count == CM_MAX_STEPS)
		return;
	list->items[list->count++] = (struct cm_step){.act = ruling->act,
	    .sentence = ruling->explain[0] != 0 ? ruling->explain : ruling->title,
	    .rule = ruling->rule,
	    .cite = ruling->cite,
	    .who = desk_of(list->p, node),
	    .terms = ruling->terms,
	    .terms_count = ruling->terms_count};
}

/* Acts that a finding may require beside the answer itself. The others are the plan's own. */
static bool is_side_act(const char *act)
{
	static const char *const acts[] = {"preserve", "notify_customer", "notify_authority",
	    "challenge_secrecy", "narrow", "record_basis"};

	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (strcmp(acts[i], act) == 0)
			return true;
	return false;
}

const char *cm_issuing_desk(const struct cm_planning *p)
{
	return p->part->issuing_member >= 0
	           ? p->input->roster->members[p->part->issuing_member].name
	           : p->input->demand->intake;
}

static void take_step(unsigned side, const struct cm_ruling *ruling, void *data)
{
	struct step_list *list = data;
	struct cm_planning *p = list->p;

	if (ruling->state == list->state && ruling->modality == CM_REQUIRES &&
	    is_side_act(ruling->act) &&
	    (ruling->state == CM_RULING_HOLDS || ruling->terms_count > 0))
		add_step(list, ruling,
		    side == CM_FROM_HOSTING && p->part->host != NULL ? p->part->host->node
		                                                     : cm_issuing_desk(p));
}

/* A policy step that rests on a statute (challenge the secrecy order, ask for the treaty channel)
 * carries the statute's citation and clock behind the policy's own. */
struct backing {
	const char *act;
	const struct cm_ruling *found;
};

static void take_backing(unsigned side, const struct cm_ruling *ruling, void *data)
{
	struct backing *b = data;

	(void)side;
	if (ruling->state != CM_RULING_HOLDS || ruling->modality != CM_PERMITS ||
	    strcmp(ruling->act, b->act) != 0)
		return;
	if (cm_plan_leads(ruling, b->found))
		b->found = ruling;
}

static void back_step(struct cm_planning *p, struct cm_step *step)
{
	struct backing b = {.act = step->act};

	cm_plan_each_ruling(p->part, take_backing, &b);
	if (b.found == NULL)
		return;
	step->rule = b.found->rule;
	step->cite = b.found->cite;
	if (step->terms_count == 0) {
		step->terms = b.found->terms;
		step->terms_count = b.found->terms_count;
	}
}

/* Terms of the policy's own run where the court sits: in the zone of the issuing state's node. */
static void fill_zone(struct cm_planning *p, struct cm_step *step)
{
	const char *node = cm_issuing_desk(p);
	const char *zone = "";
	struct cm_term *term;

	for (size_t i = 0; i < p->input->answers_count; i++)
		if (strcmp(p->input->answers[i]->node, node) == 0)
			zone = p->input->answers[i]->zone;
	if (step->terms_count == 0 || step->terms[0].zone[0] != 0 || zone[0] == 0)
		return;
	term = cm_arena_alloc(p->arena, 1, sizeof *term);
	if (term == NULL) {
		p->failed = true;
		return;
	}
	*term = step->terms[0];
	term->zone = zone;
	step->terms = term;
}

void cm_plan_steps(struct cm_planning *p)
{
	struct step_list list = {.p = p};

	list.items = cm_arena_alloc(p->arena, CM_MAX_STEPS, sizeof *list.items);
	if (list.items == NULL) {
		p->failed = true;
		return;
	}
	for (size_t i = 0; i < p->policy_count; i++) {
		const struct cm_ruling *r = &p->policy[i];

		if (r->state != CM_RULING_HOLDS || r->modality != CM_REQUIRES ||
		    cm_is_disposition(r->act))
			continue;
		add_step(&list, r, p->input->demand->intake);
	}
	for (size_t i = 0; i < list.count; i++)
		back_step(p, &list.items[i]);
	list.law = list.count;
	list.state = CM_RULING_HOLDS;
	cm_plan_each_ruling(p->part, take_step, &list);
	/* The clock of a duty that may hold runs until it is known not to. */
	list.state = CM_RULING_POSSIBLE;
	cm_plan_each_ruling(p->part, take_step, &list);
	for (size_t i = 0; i < list.count; i++)
		fill_zone(p, &list.items[i]);
	p->out->steps = list.items;
	p->out->steps_count = list.count;
}

/* ---- questions ------------------------------------------------------------------------------- */

void cm_plan_add_question(struct cm_planning *p, const char *question)
{
	if (question == NULL || question[0] == 0 || p->questions_count == CM_MAX_QUESTIONS)
		return;
	for (size_t i = 0; i < p->questions_count; i++)
		if (strcmp(p->questions[i], question) == 0)
			return;
	p->questions[p->questions_count++] = question;
}

/* A ruling that waits only for what the findings themselves will say is no question to a person. */
static bool waits_for_findings(const struct cm_ruling *ruling)
{
	for (size_t i = 0; i < ruling->needs_count; i++)
		if (strcmp(ruling->needs[i], "conflict_bar") != 0 &&
		    strcmp(ruling->needs[i], "conflict_state") != 0 &&
		    strcmp(ruling->needs[i], "hosting_state") != 0)
			return false;
	return ruling->needs_count > 0;
}

/* Do the rival readings of the rule come to different ends here? Then no fact settles it alone. */
static bool do_readings_differ(const struct cm_ruling *ruling)
{
	for (size_t i = 1; i < ruling->readings_count; i++)
		if (ruling->readings[i].state != ruling->readings[0].state)
			return true;
	return false;
}

/* "Which reading of us.reach is right: control (holds), territory (silent)?" */
static void ask_for_reading(struct cm_planning *p, const struct cm_ruling *ruling)
{
	static const char *const words[] = {[CM_RIVAL_HOLDS] = "holds",
	    [CM_RIVAL_POSSIBLE] = "may hold",
	    [CM_RIVAL_DEFEATED] = "defeated",
	    [CM_RIVAL_SILENT] = "silent"};
	char *text = cm_arena_printf(p->arena, "Which reading of %s is right:", ruling->rule);

	for (size_t i = 0; i < ruling->readings_count && text != NULL; i++) {
		const struct cm_rival *reading = &ruling->readings[i];

		text = cm_arena_printf(p->arena, "%s %s (%s)%s", text,
		    reading->name[0] != 0 ? reading->name : "as written", words[reading->state],
		    i + 1 < ruling->readings_count ? "," : "?");
	}
	cm_plan_add_question(p, cm_planned_text(p, text));
}

struct questioned {
	struct cm_planning *p;
	const struct cm_plan_fact *row;
};

static void take_question(unsigned side, const struct cm_ruling *ruling, void *data)
{
	const struct questioned *w = data;

	if (ruling->state != CM_RULING_POSSIBLE || !cm_plan_fact_counts(w->row, side, ruling))
		return;
	if (do_readings_differ(ruling)) {
		ask_for_reading(w->p, ruling);
		if (ruling->needs_count == 0)
			return;
	}
	if (waits_for_findings(ruling))
		return;
	cm_plan_add_question(w->p, ruling->ask[0] != 0 ? ruling->ask : ruling->title);
}

void cm_plan_ask_for_fact(struct cm_planning *p, const char *name)
{
	struct questioned w = {.p = p, .row = cm_plan_fact_find(name)};
	int index = cm_law_find_fact(p->input->policy, name);

	if (w.row != NULL) {
		cm_plan_each_ruling(p->part, take_question, &w);
		return;
	}
	if (index >= 0)
		cm_plan_add_question(p, cm_law_fact(p->input->policy, (size_t)index)->asked_as);
}

void cm_plan_questions(struct cm_planning *p)
{
	for (size_t i = 0; i < p->policy_count; i++) {
		const struct cm_ruling *r = &p->policy[i];

		if (r->state != CM_RULING_POSSIBLE || !cm_is_disposition(r->act))
			continue;
		if (do_readings_differ(r))
			ask_for_reading(p, r);
		for (size_t j = 0; j < r->needs_count; j++)
			cm_plan_ask_for_fact(p, r->needs[j]);
	}
}

