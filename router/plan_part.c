/*
 * One part: policy in three values, then the words for it.
 *
 * The policy's rules each require one disposition; the order between them is theirs (defeats), not
 * ours. If all that hold or may hold name one disposition, that is it. If they name several, the part
 * is held and the questions that would settle it are named. If none does, the part is held too.
 */
#include "router/plan_internal.h"

#include <string.h>

#define CM_MAX_GROUNDS 64
#define CM_MAX_QUESTIONS 16

struct planning {
	const struct cm_plan_input *input;
	const struct cm_plan_part *part;
	struct cm_arena *arena;
	const struct cm_ruling *policy; /* the policy's rulings that are not silent */
	size_t policy_count;
	struct cm_part_outcome *out;
	const struct cm_ruling **grounds; /* while they are collected */
	size_t grounds_count;
	const char **questions;
	size_t questions_count;
	bool failed; /* memory */
};

/* ---- facts ----------------------------------------------------------------------------------- */

static const struct cm_target *find_target(const struct cm_demand *demand, uint32_t index)
{
	for (size_t i = 0; i < demand->targets_count; i++)
		if (demand->targets[i].index == index)
			return &demand->targets[i];
	return NULL;
}

static void gather(const struct planning *p, struct cm_dossier *dossier)
{
	const struct cm_demand *demand = p->input->demand;
	const struct cm_part *part = p->part->part;
	const struct cm_target *target = find_target(demand, part->target);

	cm_dossier_add_all(dossier, demand->facts, demand->facts_count);
	cm_dossier_know(dossier, "issuing_state", demand->issuing_state, "the demand");
	if (target != NULL)
		cm_dossier_add_all(dossier, target->facts, target->facts_count);
	cm_dossier_know(dossier, "data", part->category, "the demand");
	cm_dossier_add_all(dossier, part->facts, part->facts_count);
	if (part->hosting_state[0] != 0)
		cm_dossier_know(dossier, "hosting_state", part->hosting_state,
		    "the hosting node");
	cm_plan_facts_fill(p->part, dossier);
}

static enum cm_status set_facts(const struct planning *p, struct cm_facts *facts,
    struct cm_err *err)
{
	struct cm_dossier *dossier = cm_arena_alloc(p->arena, 1, sizeof *dossier);

	if (dossier == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part");
	cm_dossier_init(dossier, p->arena);
	gather(p, dossier);
	if (dossier->failed)
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

/* ---- grounds --------------------------------------------------------------------------------- */

static void add_ground(struct planning *p, const struct cm_ruling *ruling)
{
	for (size_t i = 0; i < p->grounds_count; i++)
		if (p->grounds[i] == ruling || strcmp(p->grounds[i]->rule, ruling->rule) == 0)
			return;
	if (p->grounds_count < CM_MAX_GROUNDS)
		p->grounds[p->grounds_count++] = ruling;
}

struct wanted {
	struct planning *p;
	const struct cm_plan_fact *row;
	enum cm_ruling_state state;
};

static void take_ground(unsigned side, const struct cm_ruling *ruling, void *data)
{
	const struct wanted *w = data;

	if (ruling->state == w->state && cm_plan_fact_counts(w->row, side, ruling))
		add_ground(w->p, ruling);
}

static void add_grounds_of(struct planning *p, const char *plan_fact, enum cm_ruling_state state)
{
	struct wanted w = {.p = p, .row = cm_plan_fact_find(plan_fact), .state = state};

	if (w.row != NULL)
		cm_plan_each_ruling(p->part, take_ground, &w);
}

/* Which plan facts carry a disposition, the leading one first: its ground is the citation a reader
 * sees beside the word. */
static const struct {
	const char *disposition;
	const char *lead[5];
} leads[] = {
    {"reject", {"process_barred", "bar", NULL}},
    {"redirect_customer", {"bar", "duty", NULL}},
    {"redirect_agreement", {"agreement_open", "bar", NULL}},
    {"redirect_mlat", {"channel_required", "bar", "mlat_open", NULL}},
    {"challenge", {"motion_open", "objection_open", "comity_open", "bar", NULL}},
    {"comply_limited", {"agreement_applies", "duty", NULL}},
    {"unable", {"duty", NULL}},
    {"hold_for_counsel", {"bar", "duty", NULL}},
};

static void collect_grounds(struct planning *p)
{
	static const enum cm_ruling_state states[] = {
	    CM_RULING_HOLDS, CM_RULING_POSSIBLE, CM_RULING_DEFEATED};

	for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
		if (strcmp(leads[i].disposition, p->out->disposition) != 0)
			continue;
		/* What is open comes first where the word is "hold". */
		if (strcmp(p->out->disposition, "hold_for_counsel") == 0)
			for (size_t f = 0; f < cm_plan_facts_count; f++)
				add_grounds_of(p, cm_plan_facts[f].name, CM_RULING_POSSIBLE);
		for (size_t j = 0; j < 5 && leads[i].lead[j] != NULL; j++)
			add_grounds_of(p, leads[i].lead[j], CM_RULING_HOLDS);
	}
	for (size_t s = 0; s < sizeof states / sizeof states[0]; s++)
		for (size_t f = 0; f < cm_plan_facts_count; f++)
			add_grounds_of(p, cm_plan_facts[f].name, states[s]);
}

static void write_grounds(struct planning *p)
{
	struct cm_ruling *grounds = cm_arena_alloc(p->arena, p->grounds_count + 1, sizeof *grounds);

	if (grounds == NULL) {
		p->failed = true;
		return;
	}
	for (size_t i = 0; i < p->grounds_count; i++)
		grounds[i] = *p->grounds[i];
	p->out->grounds = grounds;
	p->out->grounds_count = p->grounds_count;
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static bool is_sooner(const struct cm_term *a, const struct cm_term *b)
{
	if (b == NULL)
		return true;
	if ((a->due[0] == 0) != (b->due[0] == 0))
		return a->due[0] != 0;
	return strcmp(a->due, b->due) < 0;
}

/* The clock that runs out first, certain or conditional: a term of an open rule runs all the same. */
static void choose_term(struct planning *p)
{
	const struct cm_term *first = NULL;

	for (size_t i = 0; i < p->grounds_count; i++)
		if (p->grounds[i]->state != CM_RULING_DEFEATED && p->grounds[i]->terms_count > 0 &&
		    is_sooner(&p->grounds[i]->terms[0], first))
			first = &p->grounds[i]->terms[0];
	for (size_t i = 0; i < p->out->steps_count; i++)
		if (p->out->steps[i].terms_count > 0 &&
		    is_sooner(&p->out->steps[i].terms[0], first))
			first = &p->out->steps[i].terms[0];
	p->out->terms = first;
	p->out->terms_count = first != NULL;
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct step_list {
	struct planning *p;
	struct cm_step *items;
	size_t count;
};

static const char *desk_of(struct planning *p, const char *node)
{
	char *text = cm_arena_printf(p->arena, "legal desk %s", node);

	if (text == NULL)
		p->failed = true;
	return text != NULL ? text : "";
}

static bool has_step(const struct step_list *list, const char *act)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].act, act) == 0)
			return true;
	return false;
}

static void add_step(struct step_list *list, const struct cm_ruling *ruling, const char *node)
{
	if (list->count == CM_MAX_STEPS || has_step(list, ruling->act))
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

static const char *issuing_desk(const struct planning *p)
{
	return p->part->issuing_member >= 0
	           ? p->input->roster->members[p->part->issuing_member].name
	           : p->input->demand->intake;
}

static void take_step(unsigned side, const struct cm_ruling *ruling, void *data)
{
	struct step_list *list = data;
	struct planning *p = list->p;

	if (ruling->state == CM_RULING_HOLDS && ruling->modality == CM_REQUIRES &&
	    is_side_act(ruling->act))
		add_step(list, ruling,
		    side == CM_FROM_HOSTING && p->part->host != NULL ? p->part->host->node
		                                                     : issuing_desk(p));
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
	if (b->found == NULL && ruling->state == CM_RULING_HOLDS &&
	    ruling->modality == CM_PERMITS && strcmp(ruling->act, b->act) == 0)
		b->found = ruling;
}

static void back_step(struct planning *p, struct cm_step *step)
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

static void collect_steps(struct planning *p)
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
	cm_plan_each_ruling(p->part, take_step, &list);
	p->out->steps = list.items;
	p->out->steps_count = list.count;
}

/* ---- questions ------------------------------------------------------------------------------- */

static void add_question(struct planning *p, const char *question)
{
	if (question == NULL || question[0] == 0 || p->questions_count == CM_MAX_QUESTIONS)
		return;
	for (size_t i = 0; i < p->questions_count; i++)
		if (strcmp(p->questions[i], question) == 0)
			return;
	p->questions[p->questions_count++] = question;
}

static void take_question(unsigned side, const struct cm_ruling *ruling, void *data)
{
	const struct wanted *w = data;

	if (ruling->state != CM_RULING_POSSIBLE || !cm_plan_fact_counts(w->row, side, ruling))
		return;
	add_question(w->p, ruling->ask[0] != 0 ? ruling->ask : ruling->title);
}

static void ask_for_fact(struct planning *p, const char *name)
{
	struct wanted w = {.p = p, .row = cm_plan_fact_find(name)};
	int index = cm_law_find_fact(p->input->policy, name);

	if (w.row != NULL) {
		cm_plan_each_ruling(p->part, take_question, &w);
		return;
	}
	if (index >= 0)
		add_question(p, cm_law_fact(p->input->policy, (size_t)index)->asked_as);
}

static void collect_questions(struct planning *p)
{
	for (size_t i = 0; i < p->policy_count; i++) {
		const struct cm_ruling *r = &p->policy[i];

		if (r->state != CM_RULING_POSSIBLE || !cm_is_disposition(r->act))
			continue;
		for (size_t j = 0; j < r->needs_count; j++)
			ask_for_fact(p, r->needs[j]);
	}
}

/* ---- disposition ----------------------------------------------------------------------------- */

static const char *arena_or_empty(struct planning *p, char *text)
{
	if (text == NULL)
		p->failed = true;
	return text != NULL ? text : "";
}

static void hold(struct planning *p, const char *why)
{
	p->out->disposition = "hold_for_counsel";
	p->out->rule = "";
	p->out->why = why;
}

/* The words that several candidates name, "challenge or comply_limited". */
static const char *name_candidates(struct planning *p)
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
			           : arena_or_empty(p, cm_arena_printf(p->arena, "%s or %s", text,
			                                   cm_dispositions[d]));
			break;
		}
	}
	return text;
}

static void decide(struct planning *p)
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
		hold(p, "No rule of the provider's policy decides this part.");
	} else if (several) {
		hold(p, arena_or_empty(p, cm_arena_printf(p->arena,
		            "Open questions decide between %s.", name_candidates(p))));
		collect_questions(p);
	} else {
		p->out->disposition = best->act;
		p->out->rule = best->rule;
		p->out->why = best->explain[0] != 0 ? best->explain : best->title;
		if (strcmp(best->act, "hold_for_counsel") == 0)
			collect_questions(p);
	}
}

/* The node whose digest of a law differs from another node's, or NULL. */
static const char *node_that_differs(const struct planning *p, const char **jurisdiction,
    const char **other)
{
	const struct cm_plan_input *in = p->input;

	for (size_t a = 0; a < in->answers_count; a++)
		for (size_t b = 0; b < a; b++)
			for (size_t i = 0; i < in->answers[a]->law_count; i++)
				for (size_t j = 0; j < in->answers[b]->law_count; j++) {
					const struct cm_law_digest *x = &in->answers[a]->law[i];
					const struct cm_law_digest *y = &in->answers[b]->law[j];

					if (strcmp(x->jurisdiction, y->jurisdiction) != 0 ||
					    (x->digest.len == y->digest.len &&
					        memcmp(x->digest.data, y->digest.data,
					            x->digest.len) == 0))
						continue;
					*jurisdiction = x->jurisdiction;
					*other = in->answers[b]->node;
					return in->answers[a]->node;
				}
	return NULL;
}

/* The node whose trouble concerns this part: the one that hosts it or speaks for the issuing state, or,
 * where none seems to host it, any that could not look. */
static const struct cm_answer *troubled_node(const struct planning *p)
{
	const struct cm_plan_input *in = p->input;
	const char *issuing =
	    p->part->issuing_member >= 0 ? in->roster->members[p->part->issuing_member].name : "";

	for (size_t i = 0; i < in->answers_count; i++)
		if (in->answers[i]->trouble[0] != 0 &&
		    (p->part->host == NULL || in->answers[i] == p->part->host ||
		        strcmp(in->answers[i]->node, issuing) == 0))
			return in->answers[i];
	return NULL;
}

/* What no policy may change. */
static void guard(struct planning *p)
{
	const struct cm_plan_fact *bar = cm_plan_fact_find("bar");
	const char *law = NULL;
	const char *other = NULL;
	const char *differs = node_that_differs(p, &law, &other);
	const struct cm_answer *troubled = troubled_node(p);

	if (troubled != NULL) {
		hold(p, arena_or_empty(p, cm_arena_printf(p->arena,
		            "Node %s could not check this part: %s", troubled->node,
		            troubled->trouble)));
	} else if (differs != NULL) {
		hold(p, arena_or_empty(p, cm_arena_printf(p->arena,
		            "Nodes %s and %s carry different texts of %s.", other, differs, law)));
		add_question(p, arena_or_empty(p, cm_arena_printf(p->arena,
		                    "Which text of %s is in force?", law)));
	} else if (strcmp(p->out->disposition, "comply_limited") == 0 &&
	           cm_plan_fact_derive(bar, p->part) != CM_NO) {
		hold(p, "The hosting region's law forbids, or may forbid, what the policy would do.");
		ask_for_fact(p, "bar");
	}
}

static void say_no_law(struct planning *p)
{
	if (p->part->issuing_member < 0 && strcmp(p->out->disposition, "hold_for_counsel") == 0)
		add_question(p, arena_or_empty(p, cm_arena_printf(p->arena,
		                    "No node of this fleet carries the law of %s: what does it "
		                    "require of this instrument?",
		                    p->part->issuing_state)));
}

/* ---- who must act ---------------------------------------------------------------------------- */

static const char *who(struct planning *p)
{
	const char *d = p->out->disposition;
	const char *host = p->part->host != NULL ? p->part->host->node : p->input->demand->intake;
	const char *node = p->input->demand->intake;
	const char *role = "";
	char *text;

	if (strcmp(d, "challenge") == 0) {
		node = issuing_desk(p);
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
	return arena_or_empty(p, text);
}

enum cm_status cm_plan_one(const struct cm_plan_input *input, const struct cm_plan_part *part,
    struct cm_facts *facts, struct cm_decision *decision, struct cm_arena *arena,
    struct cm_part_outcome *out, struct cm_err *err)
{
	struct planning p = {
	    .input = input, .part = part, .arena = arena, .out = out};
	struct cm_day as_of = cm_wall_utc_day((struct cm_wall){input->decided_ms});
	struct cm_ruling *policy = NULL;
	enum cm_status status;

	(void)cm_day_parse(input->demand->as_of, strlen(input->demand->as_of), &as_of);
	*out = (struct cm_part_outcome){.target = part->part->target,
	    .category = part->part->category,
	    .region = part->part->region,
	    .hosting_state = part->part->hosting_state};
	p.grounds = cm_arena_alloc(arena, CM_MAX_GROUNDS, sizeof *p.grounds);
	p.questions = cm_arena_alloc(arena, CM_MAX_QUESTIONS, sizeof *p.questions);
	if (p.grounds == NULL || p.questions == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part");
	status = set_facts(&p, facts, err);
	if (status != CM_OK)
		return status;
	cm_decide(input->policy, facts, as_of, decision);
	status = cm_decision_rulings(
	    input->policy, facts, as_of, decision, arena, &policy, &p.policy_count);
	if (status != CM_OK)
		return cm_err_set(err, status, "no memory to plan a part");
	p.policy = policy;
	decide(&p);
	guard(&p);
	say_no_law(&p);
	collect_grounds(&p);
	write_grounds(&p);
	collect_steps(&p);
	choose_term(&p);
	out->who = who(&p);
	out->questions = p.questions;
	out->questions_count = p.questions_count;
	return p.failed ? cm_err_set(err, CM_NO_MEMORY, "no memory to plan a part") : CM_OK;
}
