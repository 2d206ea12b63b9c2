#include "jurisdictions/engine/law.h"

#include <stdlib.h>
#include <string.h>

void cm_breaks_add(struct cm_breaks *breaks, int32_t day)
{
	for (size_t i = 0; i < breaks->count; i++)
		if (breaks->days[i] == day)
			return;
	if (day == CM_FOREVER)
		return;
	if (breaks->count == CM_MAX_BREAKS) {
		breaks->full = true;
		return;
	}
	breaks->days[breaks->count++] = day;
}

static void breaks_of_atom(
    const struct cm_law *law, const struct cm_expr *atom, struct cm_breaks *breaks)
{
	int first = atom->notion != NULL ? cm_law_find_notion(law, atom->name) : -1;

	for (const struct cm_word *word = atom->words; word != NULL; word = word->next) {
		if (word->set == NULL)
			continue;
		for (const struct cm_set_span *span = word->set->spans; span != NULL;
		     span = span->next) {
			cm_breaks_add(breaks, span->from);
			cm_breaks_add(breaks, span->until);
		}
	}
	for (size_t i = (size_t)first; first >= 0 && i < law->notions_count; i++) {
		const struct cm_notion_def *notion = law->notions[i];

		if (strcmp(notion->name, atom->name) != 0)
			break;
		for (const struct cm_span *span = notion->spans; span != NULL; span = span->next) {
			cm_breaks_add(breaks, span->from);
			cm_breaks_add(breaks, span->until);
		}
		cm_breaks_of_expr(law, notion->means, breaks);
	}
}

/* Depth is bounded by the parser and by the search for circles among terms. */
void cm_breaks_of_expr(
    const struct cm_law *law, const struct cm_expr *expr, struct cm_breaks *breaks)
{
	if (expr->kind == CM_EXPR_ATOM) {
		breaks_of_atom(law, expr, breaks);
		return;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		cm_breaks_of_expr(law, operand, breaks);
}

void cm_breaks_of_rule(
    const struct cm_law *law, const struct cm_rule_def *rule, struct cm_breaks *breaks)
{
	for (const struct cm_span *span = rule->spans; span != NULL; span = span->next) {
		cm_breaks_add(breaks, span->from);
		cm_breaks_add(breaks, span->until);
	}
	if (rule->names_facts)
		return;
	if (rule->applies != NULL)
		cm_breaks_of_expr(law, rule->applies, breaks);
	for (const struct cm_reading *reading = rule->readings; reading != NULL;
	     reading = reading->next)
		cm_breaks_of_expr(law, reading->applies, breaks);
}

static int compare_days(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a;
	int32_t y = *(const int32_t *)b;

	return x < y ? -1 : x > y;
}

void cm_breaks_sort(struct cm_breaks *breaks)
{
	if (breaks->count > 1)
		qsort(breaks->days, breaks->count, sizeof *breaks->days, compare_days);
}

const struct cm_word *cm_set_on(const struct cm_set_def *set, int32_t day)
{
	for (const struct cm_set_span *span = set->spans; span != NULL; span = span->next)
		if (span->from <= day && day < span->until)
			return span->codes;
	return NULL;
}

const struct cm_notion_def *cm_notion_on(
    const struct cm_law *law, const struct cm_notion_def *notion, int32_t day)
{
	int first = cm_law_find_notion(law, notion->name);

	for (size_t i = (size_t)first; first >= 0 && i < law->notions_count; i++) {
		if (strcmp(law->notions[i]->name, notion->name) != 0)
			break;
		for (const struct cm_span *span = law->notions[i]->spans; span != NULL;
		     span = span->next)
			if (span->from <= day && day < span->until)
				return law->notions[i];
	}
	return NULL;
}
