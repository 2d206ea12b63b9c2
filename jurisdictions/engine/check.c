#include "jurisdictions/engine/law.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/codes.h"
#include "protocol/base/text.h"

void cm_check_codes(struct cm_check *check, const struct cm_word *codes, const char *what)
{
	for (const struct cm_word *code = codes; code != NULL; code = code->next)
		if (cm_country_find(code->text) < 0 && strcmp(code->text, "EU") != 0)
			cm_error_add(check->loader, code->at, "unknown-value",
			    "%s is no country code (%s)%s", code->text, what,
			    cm_suggestion_of(check, cm_country_suggest(code->text)));
}

void cm_check_spans(struct cm_check *check, const struct cm_span *spans, const char *what)
{
	for (const struct cm_span *a = spans; a != NULL; a = a->next)
		for (const struct cm_span *b = spans; b != a; b = b->next)
			if (a->from < b->until && b->from < a->until) {
				cm_error_add(check->loader, a->at, "bad-span",
				    "%s: this overlaps the span on line %u (until is exclusive)",
				    what, (unsigned)b->at.line);
				return;
			}
}

/* ---- units --------------------------------------------------------------------------------------
 */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void check_header(struct cm_check *check, const struct cm_unit_file *unit)
{
	size_t len = strlen(unit->jurisdiction);
	struct cm_word code = {.text = unit->jurisdiction, .at = unit->at};

	if (len == 2 && unit->jurisdiction[0] >= 'A' && unit->jurisdiction[0] <= 'Z')
		cm_check_codes(check, &code, "or EU");
	for (const struct cm_word *use = unit->uses; use != NULL; use = use->next) {
		bool found = false;

		for (size_t i = 0; i < check->law->units_count; i++)
			found = found || strcmp(base_name(check->law->units[i]->path),
					     base_name(use->text)) == 0;
		if (!found)
			cm_lint_add(check->loader, use->at, "uses-missing",
			    "this file uses %s, which is not loaded with it", use->text);
	}
}

/* ---- sets ---------------------------------------------------------------------------------------
 */

static bool is_any_value(const struct cm_law *law, const char *text)
{
	if (cm_country_find(text) >= 0)
		return true;
	for (size_t i = 0; i < law->facts_count; i++)
		if (law->facts[i].is_finite && cm_fact_value(&law->facts[i], text) >= 0)
			return true;
	return false;
}

static void check_set(struct cm_check *check, const struct cm_set_def *set)
{
	if (set->cites == NULL)
		cm_error_add(
		    check->loader, set->at, "missing-field", "set %s has no `cite`", set->name);
	if (set->spans == NULL)
		cm_error_add(check->loader, set->at, "missing-field",
		    "set %s has no `from DATE is ...`", set->name);
	for (const struct cm_set_span *a = set->spans; a != NULL; a = a->next) {
		for (const struct cm_word *code = a->codes; code != NULL; code = code->next)
			if (!is_any_value(check->law, code->text))
				cm_error_add(check->loader, code->at, "unknown-value",
				    "%s is no country code and no value of a fact%s", code->text,
				    cm_suggestion_of(check, cm_country_suggest(code->text)));
		for (const struct cm_set_span *b = set->spans; b != a; b = b->next)
			if (a->from < b->until && b->from < a->until) {
				cm_error_add(check->loader, a->at, "bad-span",
				    "set %s: this overlaps the days on line %u", set->name,
				    (unsigned)b->at.line);
				break;
			}
	}
}

/* ---- calendars ----------------------------------------------------------------------------------
 */

static int compare_days(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a;
	int32_t y = *(const int32_t *)b;

	return x < y ? -1 : x > y;
}

static void check_weekend(struct cm_check *check, struct cm_calendar_def *calendar)
{
	for (const struct cm_word *word = calendar->weekend; word != NULL; word = word->next) {
		int found = -1;

		for (int i = 0; i < 7; i++)
			if (cm_text_distance(word->text, cm_weekday_name(i), 0) == 0)
				found = i;
		if (found < 0)
			cm_error_add(check->loader, word->at, "unknown-value",
			    "%s is no day of the week", word->text);
		else
			calendar->weekend_days |= (uint8_t)(1u << found);
	}
	if (calendar->weekend_days == 0x7f)
		cm_error_add(check->loader, calendar->at, "bad-calendar",
		    "calendar %s has no working day", calendar->name);
}

static void check_calendar(struct cm_check *check, struct cm_calendar_def *calendar)
{
	int32_t *days;
	size_t count = 0;

	check_weekend(check, calendar);
	for (const struct cm_holiday *holiday = calendar->holidays; holiday != NULL;
	     holiday = holiday->next)
		count++;
	days = cm_arena_alloc(&check->law->arena, count, sizeof *days);
	if (days == NULL) {
		check->loader->out_of_memory = true;
		return;
	}
	count = 0;
	for (const struct cm_holiday *holiday = calendar->holidays; holiday != NULL;
	     holiday = holiday->next)
		days[count++] = holiday->day.number;
	qsort(days, count, sizeof *days, compare_days);
	for (size_t i = 1; i < count; i++)
		if (days[i] == days[i - 1]) {
			char text[CM_DAY_TEXT_BYTES];

			cm_day_print((struct cm_day){days[i]}, text);
			cm_error_add(check->loader, calendar->at, "duplicate",
			    "calendar %s has the holiday %s twice", calendar->name, text);
		}
	calendar->days = days;
	calendar->days_count = count;
}

/* ---- terms --------------------------------------------------------------------------------------
 */

static void check_notion(struct cm_check *check, struct cm_notion_def *notion)
{
	if (notion->cites == NULL)
		cm_error_add(check->loader, notion->at, "missing-field", "term %s has no `cite`",
		    notion->name);
	if (notion->spans == NULL)
		cm_error_add(check->loader, notion->at, "missing-field",
		    "term %s has no `in force from`", notion->name);
	for (const struct cm_span *span = notion->spans; span != NULL; span = span->next)
		if (span->has_when)
			cm_error_add(check->loader, span->at, "type",
			    "a term goes by the date of the rule that uses it; leave out `by date "
			    "of`");
	cm_check_spans(check, notion->spans, notion->name);
	cm_check_expr(check, notion->means, false);
	cm_check_tests(check, notion->tests, false);
}

enum { MARK_NEW, MARK_OPEN, MARK_DONE };

static bool weigh_notion(struct cm_check *check, struct cm_notion_def *notion);

/* A term as a condition weighs what its versions weigh together. */
static bool weigh_atom(
    struct cm_check *check, const struct cm_expr *atom, uint32_t *weight, uint32_t *depth)
{
	int first = atom->notion != NULL ? cm_law_find_notion(check->law, atom->name) : -1;

	*weight += 1;
	for (size_t i = (size_t)first; first >= 0 && i < check->law->notions_count; i++) {
		struct cm_notion_def *notion = check->law->notions[i];

		if (strcmp(notion->name, atom->name) != 0)
			break;
		if (notion->mark == MARK_OPEN) {
			cm_error_add(check->loader, atom->at, "term-cycle",
			    "term %s is explained by itself", atom->name);
			return false;
		}
		if (!weigh_notion(check, notion))
			return false;
		*weight += notion->weight;
		*depth = notion->depth + 1 > *depth ? notion->depth + 1 : *depth;
	}
	return true;
}

/* Count the conditions of an expression with its terms written out, and how deep terms stand in
 * terms. False once a circle was found, or too much. */
static bool weigh_expr(
    struct cm_check *check, const struct cm_expr *expr, uint32_t *weight, uint32_t *depth)
{
	if (expr->kind == CM_EXPR_ATOM) {
		if (!weigh_atom(check, expr, weight, depth))
			return false;
		if (*weight <= CM_MAX_WEIGHT && *depth <= CM_MAX_TERM_DEPTH)
			return true;
		cm_error_add(check->loader, expr->at, "bound",
		    "with its terms written out this is more than %d conditions, or %d terms deep",
		    CM_MAX_WEIGHT, CM_MAX_TERM_DEPTH);
		return false;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		if (!weigh_expr(check, operand, weight, depth))
			return false;
	return true;
}

/* Each term is weighed once. The walk goes down at most as deep as terms may stand in terms: what
 * is below a term is measured before the term, so the recursion is cut where a chain is too long.
 */
static bool weigh_notion(struct cm_check *check, struct cm_notion_def *notion)
{
	bool fine;

	if (notion->mark == MARK_DONE)
		return true;
	if (check->depth > CM_MAX_TERM_DEPTH) {
		cm_error_add(check->loader, notion->at, "bound",
		    "terms stand in terms more than %d deep", CM_MAX_TERM_DEPTH);
		return false;
	}
	notion->mark = MARK_OPEN;
	check->depth++;
	fine = weigh_expr(check, notion->means, &notion->weight, &notion->depth);
	check->depth--;
	notion->mark = MARK_DONE;
	return fine;
}

/* What becomes too large once terms are written out. One condition without terms never is: the
 * parser bounds it. */
static void weigh_rule(struct cm_check *check, const struct cm_rule_def *rule)
{
	uint32_t weight = 0;
	uint32_t depth = 0;

	if (rule->names_facts && rule->readings == NULL)
		return;
	if (rule->applies != NULL && !weigh_expr(check, rule->applies, &weight, &depth))
		return;
	for (const struct cm_reading *reading = rule->readings; reading != NULL;
	     reading = reading->next)
		if (!weigh_expr(check, reading->applies, &weight, &depth))
			return;
}

/* Circles among terms, and terms that are too large. */
static bool weigh_notions(struct cm_check *check)
{
	for (size_t i = 0; i < check->law->notions_count; i++)
		if (!weigh_notion(check, check->law->notions[i]))
			return false;
	return true;
}

static_assert(CM_MAX_CONDITIONS <= CM_MAX_WEIGHT, "weigh_rule leaves out what needs no weighing");

/* ---- all ----------------------------------------------------------------------------------------
 */

void cm_check_all(struct cm_check *check)
{
	struct cm_law *law = check->law;
	bool are_weighed;

	for (size_t i = 0; i < law->units_count; i++)
		check_header(check, law->units[i]);
	for (size_t i = 0; i < law->sets_count; i++)
		check_set(check, law->sets[i]);
	for (size_t i = 0; i < law->calendars_count; i++)
		check_calendar(check, law->calendars[i]);
	for (size_t i = 0; i < law->notions_count; i++)
		check_notion(check, law->notions[i]);
	are_weighed = weigh_notions(check);
	for (size_t i = 0; i < law->units_count; i++)
		for (const struct cm_item *item = law->units[i]->items; item != NULL;
		     item = item->next) {
			if (item->kind != CM_ITEM_RULE)
				continue;
			cm_check_rule(check, item->rule);
			cm_check_edges(check, item->rule);
			if (are_weighed)
				weigh_rule(check, item->rule);
		}
	cm_check_defeats(check);
}
