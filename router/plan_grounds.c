/*
 * The grounds of a part, the leading one first, and the clock that runs on them.
 */
#include "router/plan_internal.h"

#include <string.h>

/* ---- grounds --------------------------------------------------------------------------------- */

static void add_ground(struct cm_planning *p, const struct cm_ruling *ruling)
{
	for (size_t i = 0; i < p->grounds_count; i++)
		if (p->grounds[i] == ruling || strcmp(p->grounds[i]->rule, ruling->rule) == 0)
			return;
	if (p->grounds_count < CM_MAX_GROUNDS)
		p->grounds[p->grounds_count++] = ruling;
}

struct wanted {
	struct cm_planning *p;
	const struct cm_plan_fact *row;
	enum cm_ruling_state state;
};

static void take_ground(unsigned side, const struct cm_ruling *ruling, void *data)
{
	const struct wanted *w = data;

	if (ruling->state == w->state && cm_plan_fact_counts(w->row, side, ruling))
		add_ground(w->p, ruling);
}

static void add_grounds_of(struct cm_planning *p, const char *plan_fact, enum cm_ruling_state state)
{
	struct wanted w = {.p = p, .row = cm_plan_fact_find(plan_fact), .state = state};

	if (w.row != NULL)
		cm_plan_each_ruling(p->part, take_ground, &w);
}

struct leading {
	const struct cm_plan_fact *row;
	const struct cm_ruling *found;
};

/* How far a ruling stands from what the states agreed on legal assistance with each other. */
static unsigned distance(const struct cm_ruling *ruling)
{
	if (strncmp(ruling->jurisdiction, "treaty.", 7) != 0)
		return 2;
	return strcmp(ruling->jurisdiction, "treaty.mlat") == 0 ? 0 : 1;
}

bool cm_plan_leads(const struct cm_ruling *ruling, const struct cm_ruling *other)
{
	return other == NULL || distance(ruling) < distance(other);
}

/* The ruling a reader should see for a fact. */
static void take_lead(unsigned side, const struct cm_ruling *ruling, void *data)
{
	struct leading *l = data;

	if (ruling->state != CM_RULING_HOLDS || !cm_plan_fact_counts(l->row, side, ruling))
		return;
	if (cm_plan_leads(ruling, l->found))
		l->found = ruling;
}

static void add_first_ground_of(struct cm_planning *p, const char *plan_fact)
{
	struct leading l = {.row = cm_plan_fact_find(plan_fact)};

	if (l.row != NULL)
		cm_plan_each_ruling(p->part, take_lead, &l);
	if (l.found != NULL)
		add_ground(p, l.found);
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

static void write_grounds(struct cm_planning *p)
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

void cm_plan_grounds(struct cm_planning *p)
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
			add_first_ground_of(p, leads[i].lead[j]);
	}
	for (size_t s = 0; s < sizeof states / sizeof states[0]; s++)
		for (size_t f = 0; f < cm_plan_facts_count; f++)
			add_grounds_of(p, cm_plan_facts[f].name, states[s]);
	write_grounds(p);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

/* A term of days runs to the end of its day, so one that names an hour of that day is sooner. */
bool cm_plan_is_sooner(const struct cm_term *a, const struct cm_term *b)
{
	const size_t day = sizeof "YYYY-MM-DD" - 1;
	int days;

	if (b == NULL)
		return true;
	if ((a->due[0] == 0) != (b->due[0] == 0))
		return a->due[0] != 0;
	days = strncmp(a->due, b->due, day);
	if (days == 0 && (strlen(a->due) > day) != (strlen(b->due) > day))
		return strlen(a->due) > day;
	return days != 0 ? days < 0 : strcmp(a->due, b->due) < 0;
}

/* The clock of the part: of the law it rests on, the one that runs out first, certain or conditional; a
 * term of an open rule runs all the same. What a step must meet stands with the step. */
void cm_plan_choose_term(struct cm_planning *p)
{
	const struct cm_term *first = NULL;

	for (size_t i = 0; i < p->grounds_count; i++)
		if (p->grounds[i]->state != CM_RULING_DEFEATED && p->grounds[i]->terms_count > 0 &&
		    cm_plan_is_sooner(&p->grounds[i]->terms[0], first))
			first = &p->grounds[i]->terms[0];
	p->out->terms = first;
	p->out->terms_count = first != NULL;
}

