#include "jurisdictions/engine/same.h"

#include <string.h>

bool cm_text_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool words_same(const struct cm_word *a, const struct cm_word *b)
{
	while (a != NULL && b != NULL && strcmp(a->text, b->text) == 0) {
		a = a->next;
		b = b->next;
	}
	return a == NULL && b == NULL;
}

bool cm_spans_same(const struct cm_span *a, const struct cm_span *b)
{
	while (a != NULL && b != NULL && a->from == b->from && a->until == b->until &&
	       a->when == b->when) {
		a = a->next;
		b = b->next;
	}
	return a == NULL && b == NULL;
}

static bool sets_same(const struct cm_set_def *a, const struct cm_set_def *b)
{
	const struct cm_set_span *x = a->spans;
	const struct cm_set_span *y = b->spans;

	while (x != NULL && y != NULL && x->from == y->from && x->until == y->until &&
	       words_same(x->codes, y->codes)) {
		x = x->next;
		y = y->next;
	}
	return x == NULL && y == NULL;
}

/* The words of an atom, and the sets they name. */
static bool operands_same(const struct cm_word *a, const struct cm_word *b)
{
	if (!words_same(a, b))
		return false;
	for (; a != NULL; a = a->next, b = b->next)
		if ((a->set == NULL) != (b->set == NULL) ||
		    (a->set != NULL && !sets_same(a->set, b->set)))
			return false;
	return true;
}

static bool expr_same(
    const struct cm_two_laws *laws, const struct cm_expr *a, const struct cm_expr *b);

/* All versions of a term. Terms cannot go in circles. */
static bool notion_same(const struct cm_two_laws *laws, const char *name)
{
	int x = cm_law_find_notion(laws->a, name);
	int y = cm_law_find_notion(laws->b, name);
	size_t i = (size_t)x;
	size_t j = (size_t)y;

	if (x < 0 || y < 0)
		return false;
	for (;; i++, j++) {
		const struct cm_notion_def *a = i < laws->a->notions_count ? laws->a->notions[i] : NULL;
		const struct cm_notion_def *b = j < laws->b->notions_count ? laws->b->notions[j] : NULL;
		bool more_a = a != NULL && strcmp(a->name, name) == 0;
		bool more_b = b != NULL && strcmp(b->name, name) == 0;

		if (!more_a || !more_b)
			return more_a == more_b;
		if (!cm_spans_same(a->spans, b->spans) || !expr_same(laws, a->means, b->means))
			return false;
	}
}

static bool atom_same(
    const struct cm_two_laws *laws, const struct cm_expr *a, const struct cm_expr *b)
{
	return a->op == b->op && a->value == b->value && cm_text_same(a->name, b->name) &&
	       a->number == b->number && cm_text_same(a->unit, b->unit) &&
	       a->day.number == b->day.number && a->offset_days == b->offset_days &&
	       operands_same(a->words, b->words) && (a->notion == NULL) == (b->notion == NULL) &&
	       (a->notion == NULL || notion_same(laws, a->name));
}

static bool expr_same(
    const struct cm_two_laws *laws, const struct cm_expr *a, const struct cm_expr *b)
{
	const struct cm_expr *x = a->first;
	const struct cm_expr *y = b->first;

	if (a->kind != b->kind || a->need != b->need || a->size != b->size)
		return false;
	if (a->kind == CM_EXPR_ATOM)
		return atom_same(laws, a, b);
	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!expr_same(laws, x, y))
			return false;
	return x == NULL && y == NULL;
}

bool cm_conditions_same(const struct cm_two_laws *laws, const struct cm_rule_def *a,
    const struct cm_rule_def *b)
{
	const struct cm_reading *x = a->readings;
	const struct cm_reading *y = b->readings;

	if ((a->applies == NULL) != (b->applies == NULL) || !cm_spans_same(a->spans, b->spans) ||
	    !words_same(a->of, b->of))
		return false;
	if (a->applies != NULL && !expr_same(laws, a->applies, b->applies))
		return false;
	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!expr_same(laws, x->applies, y->applies))
			return false;
	return x == NULL && y == NULL;
}

bool cm_effects_same(const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	return a->modality == b->modality && strcmp(a->act->text, b->act->text) == 0 &&
	       words_same(a->of, b->of) && cm_text_same(a->party, b->party);
}

static bool calendars_same(const struct cm_calendar_def *a, const struct cm_calendar_def *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->weekend_days == b->weekend_days && a->rolls_back == b->rolls_back &&
	       a->days_count == b->days_count &&
	       (a->days_count == 0 ||
		   memcmp(a->days, b->days, a->days_count * sizeof *a->days) == 0);
}

bool cm_deadlines_same(const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	const struct cm_deadline *x = a->deadline;
	const struct cm_deadline *y = b->deadline;

	if (x == NULL || y == NULL)
		return x == y;
	return x->count == y->count && x->unit == y->unit && x->before == y->before &&
	       words_same(x->fact, y->fact) && words_same(x->act, y->act) &&
	       cm_text_same(x->extendable, y->extendable) && calendars_same(x->on, y->on);
}

/* Is there an edge of b like this one of a? */
static bool edge_met(const struct cm_law *in, const char *by, const char *target,
    enum cm_ground ground, bool inverse)
{
	for (size_t i = 0; i < in->edges_count; i++) {
		const struct cm_edge *edge = &in->edges[i];

		if (strcmp(in->rules[edge->by].def->id, by) == 0 &&
		    strcmp(in->rules[edge->target].def->id, target) == 0 &&
		    edge->text->inverse == inverse && (inverse || edge->text->ground == ground))
			return true;
	}
	return false;
}

static bool edges_met(const struct cm_law *of, const char *id, const struct cm_law *in)
{
	for (size_t i = 0; i < of->edges_count; i++) {
		const struct cm_edge *edge = &of->edges[i];
		const char *by = of->rules[edge->by].def->id;
		const char *target = of->rules[edge->target].def->id;

		if ((strcmp(by, id) == 0 || strcmp(target, id) == 0) &&
		    !edge_met(in, by, target, edge->text->ground, edge->text->inverse))
			return false;
	}
	return true;
}

bool cm_edges_same(const struct cm_two_laws *laws, size_t a, size_t b)
{
	return edges_met(laws->a, laws->a->rules[a].def->id, laws->b) &&
	       edges_met(laws->b, laws->b->rules[b].def->id, laws->a);
}
