/*
 * What persons changed: the amendments of the answers, central's settlements, and what of them shows in
 * the outcome.
 */
#include "router/plan_internal.h"

#include <string.h>

bool cm_plan_is_same_part(const struct cm_part *a, const struct cm_part *b)
{
	return a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0;
}

/* ---- amendments ------------------------------------------------------------------------------ */

static bool is_about(const struct cm_amendment *a, const struct cm_part *part)
{
	return a->target == part->target && strcmp(a->category, part->category) == 0 &&
	       strcmp(a->region, part->region) == 0;
}

static bool is_same_act(const struct cm_amendment *a, const struct cm_amendment *b)
{
	return a->at_ms == b->at_ms && a->amends == b->amends && a->side == b->side &&
	       a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0 && strcmp(a->node, b->node) == 0 &&
	       strcmp(a->subject, b->subject) == 0 && strcmp(a->by, b->by) == 0;
}

/* One act may stand in the answers of several rounds. */
static bool came_before(const struct cm_plan_input *input, size_t answer,
    const struct cm_amendment *amendment)
{
	for (size_t i = 0; i < answer; i++)
		for (size_t j = 0; j < input->answers[i]->amendments_count; j++)
			if (is_same_act(&input->answers[i]->amendments[j], amendment))
				return true;
	return false;
}

void cm_plan_each_amendment(const struct cm_plan_input *input, const struct cm_part *part,
    cm_plan_amendment_cb fn, void *data)
{
	for (size_t i = 0; i < input->answers_count; i++)
		for (size_t j = 0; j < input->answers[i]->amendments_count; j++) {
			const struct cm_amendment *a = &input->answers[i]->amendments[j];

			if (is_about(a, part) && strcmp(a->node, input->answers[i]->node) == 0 &&
			    a->amends != CM_AMENDS_DISPOSITION && !came_before(input, i, a))
				fn(a, data);
		}
}

struct taking {
	const struct cm_plan_input *input;
	const struct cm_part *part;
	const char *except;
	struct cm_dossier *dossier;
};

struct newest {
	const struct cm_amendment *of;
	const struct cm_amendment *found;
};

/* A node's answers, by round and in themselves, have them in the order in which persons spoke; the wall
 * clock of a desk may be set back between two of them. */
static void take_newest(const struct cm_amendment *amendment, void *data)
{
	struct newest *n = data;

	if (amendment->amends == n->of->amends && strcmp(amendment->node, n->of->node) == 0 &&
	    strcmp(amendment->subject, n->of->subject) == 0)
		n->found = amendment;
}

static void take_fact(const struct cm_amendment *amendment, void *data)
{
	struct taking *t = data;
	struct newest n = {.of = amendment};
	struct cm_fact_text fact = {.name = amendment->subject,
	    .values = amendment->says,
	    .values_count = amendment->says_count,
	    .source = amendment->by};

	if (amendment->amends != CM_AMENDS_FACT ||
	    (t->except != NULL && amendment->side == CM_SIDE_ISSUING &&
	        strcmp(amendment->node, t->except) == 0))
		return;
	/* What a desk corrects it does not dispute with itself. */
	cm_plan_each_amendment(t->input, t->part, take_newest, &n);
	if (n.found == amendment)
		cm_plan_facts_take(t->dossier, &fact, 1);
}

void cm_plan_amended_facts(const struct cm_plan_input *input, const struct cm_part *part,
    const char *except, struct cm_dossier *dossier)
{
	struct taking t = {.input = input, .part = part, .except = except, .dossier = dossier};

	cm_plan_each_amendment(input, part, take_fact, &t);
}

/* ---- what was asked -------------------------------------------------------------------------- */

static const struct cm_part *part_in(const struct cm_ask *ask, const struct cm_part *part)
{
	for (size_t i = 0; i < ask->parts_count; i++)
		if (cm_plan_is_same_part(&ask->parts[i], part))
			return &ask->parts[i];
	return NULL;
}

const struct cm_part *cm_plan_part_asked(
    const struct cm_plan_input *input, const struct cm_part *part)
{
	for (size_t i = input->asks_count; i > 0; i--) {
		const struct cm_part *asked = part_in(input->asks[i - 1], part);

		if (asked != NULL)
			return asked;
	}
	return NULL;
}

static bool has_answered(const struct cm_plan_input *input, uint32_t round)
{
	for (size_t i = 0; i < input->answers_count; i++)
		if (input->answers[i]->round == round && round > 1)
			return true;
	return false;
}

bool cm_plan_is_asked_again(const struct cm_plan_input *input, const struct cm_part *part)
{
	for (size_t i = 0; input->is_asking && i < input->asks_count; i++)
		if (part_in(input->asks[i], part) != NULL &&
		    !has_answered(input, input->asks[i]->round))
			return true;
	return false;
}

/* ---- settlements ----------------------------------------------------------------------------- */

const struct cm_notice *cm_plan_settlement(
    const struct cm_plan_input *input, const struct cm_part *part)
{
	for (size_t i = input->settlements_count; i > 0; i--) {
		const struct cm_notice *n = input->settlements[i - 1];

		if (n->target == part->target && strcmp(n->category, part->category) == 0 &&
		    strcmp(n->region, part->region) == 0)
			return n;
	}
	return NULL;
}

void cm_plan_settle(struct cm_planning *p)
{
	const struct cm_notice *n = cm_plan_settlement(p->input, p->part->part);

	p->policy_says = p->out->disposition;
	if (n == NULL)
		return;
	p->out->disposition = n->disposition;
	p->out->rule = "";
	p->out->why = cm_plan_sentence(p, cm_arena_printf(p->arena, "Settled by %.200s at %s: %.1000s",
	                                      n->by, n->node, n->reasons));
	p->questions_count = 0;
}

/* ---- in the outcome -------------------------------------------------------------------------- */

struct listing {
	struct cm_amendment *items;
	size_t count;
	size_t most;
};

static void list_one(const struct cm_amendment *amendment, void *data)
{
	struct listing *l = data;

	if (l->items != NULL && l->count < l->most)
		l->items[l->count] = *amendment;
	l->count += l->items == NULL || l->count < l->most;
}

static struct cm_amendment settlement_of(const struct cm_planning *p, const struct cm_notice *n)
{
	return (struct cm_amendment){.amends = CM_AMENDS_DISPOSITION,
	    .target = n->target,
	    .category = n->category,
	    .region = n->region,
	    .side = CM_SIDE_ISSUING,
	    .subject = n->disposition,
	    .was = p->policy_says,
	    .node = n->node,
	    .by = n->by,
	    .reasons = n->reasons,
	    .at_ms = n->at_ms,
	    .revision = n->revision};
}

void cm_plan_amendments(struct cm_planning *p)
{
	const struct cm_notice *n = cm_plan_settlement(p->input, p->part->part);
	struct listing l = {0};

	cm_plan_each_amendment(p->input, p->part->part, list_one, &l);
	if (l.count == 0 && n == NULL)
		return;
	/* One place is kept for the settlement. */
	l.most = l.count < CM_MAX_AMENDMENTS - 1 ? l.count : CM_MAX_AMENDMENTS - 1;
	l.items = cm_arena_alloc(p->arena, l.most + 1, sizeof *l.items);
	if (l.items == NULL) {
		p->failed = true;
		return;
	}
	l.count = 0;
	cm_plan_each_amendment(p->input, p->part->part, list_one, &l);
	if (n != NULL)
		l.items[l.count++] = settlement_of(p, n);
	p->out->amendments = l.items;
	p->out->amendments_count = l.count;
}

enum cm_status cm_plan_check_settlement(const struct cm_plan_input *input, struct cm_arena *arena,
    const char **why_not, struct cm_err *err)
{
	const struct cm_notice *n = input->settlements[input->settlements_count - 1];
	struct cm_outcome outcome;
	enum cm_status status = cm_plan(input, arena, &outcome, err);

	*why_not = NULL;
	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < outcome.parts_count; i++) {
		const struct cm_part_outcome *part = &outcome.parts[i];

		if (part->target != n->target || strcmp(part->category, n->category) != 0 ||
		    strcmp(part->region, n->region) != 0)
			continue;
		if (strcmp(part->disposition, n->disposition) != 0)
			*why_not = part->why;
		return CM_OK;
	}
	return cm_err_set(err, CM_NOT_FOUND, "the case has no such part");
}
