#include "jurisdictions/engine/trial.h"

#include <string.h>

static bool is_given(const struct cm_test_def *test, int fact)
{
	for (const struct cm_expr *given = test->given; given != NULL; given = given->next)
		if ((given->kind == CM_EXPR_NOT ? given->first->fact : given->fact) == fact)
			return true;
	return false;
}

/* The day given for the date of service, so that the test's own day follows it. */
static bool day_given(const struct cm_law *law, const struct cm_test_def *test, int32_t *day)
{
	int served = law->when_fact[CM_WHEN_SERVICE];

	for (const struct cm_expr *given = test->given; given != NULL; given = given->next) {
		if (given->kind == CM_EXPR_ATOM && given->fact == served &&
		    given->op == CM_ATOM_IS && given->value == CM_VALUE_DAY) {
			*day = given->day.number;
			return true;
		}
	}
	return false;
}

/* The last day on which anything changes among the rule, what it uses and what defeats it, inside
 * its force. */
static int32_t newest_day(const struct cm_scope *scope, size_t rule)
{
	const struct cm_span *last = scope->law->rules[rule].def->spans;
	struct cm_breaks breaks = {0};
	int32_t newest;

	for (const struct cm_span *span = last; span != NULL; span = span->next)
		if (span->from > last->from)
			last = span;
	for (size_t i = 0; i < scope->count; i++)
		cm_breaks_of_rule(scope->law, scope->law->rules[scope->rules[i]].def, &breaks);
	newest = last->from;
	for (size_t i = 0; i < breaks.count; i++)
		if (breaks.days[i] > newest && breaks.days[i] < last->until)
			newest = breaks.days[i];
	return newest;
}

static void slot_give(struct cm_facts *facts, int fact, const union cm_slot *slot)
{
	facts->slots[fact] = *slot;
	facts->knowledge[fact] = CM_KNOWN;
	cm_facts_refresh(facts, (size_t)fact);
}

/* A test of a rule about content is about content, unless it says what the data are. */
static void data_give(struct cm_facts *facts, const struct cm_word *of)
{
	union cm_slot slot = {0};

	for (; of != NULL; of = of->next)
		slot.may[of->value / 64] |= UINT64_C(1) << (of->value % 64);
	memcpy(slot.must, slot.may, sizeof slot.must);
	slot_give(facts, facts->law->data_fact, &slot);
}

struct cm_day cm_trial_day(
    const struct cm_scope *scope, size_t rule, const struct cm_test_def *test)
{
	struct cm_day day;

	if (test->has_day)
		return test->day;
	if (!day_given(scope->law, test, &day.number))
		day.number = newest_day(scope, rule);
	return day;
}

const struct cm_expr *cm_trial_give(struct cm_facts *facts, const struct cm_test_def *test,
    struct cm_day day, const struct cm_word *of)
{
	const struct cm_law *law = facts->law;

	cm_facts_clear(facts);
	if (of != NULL && law->data_fact >= 0 && !is_given(test, law->data_fact))
		data_give(facts, of);
	for (int i = 0; i < CM_WHENS; i++) {
		union cm_slot slot = {.low = day.number, .high = day.number};

		if (law->when_fact[i] >= 0 && !is_given(test, law->when_fact[i]))
			slot_give(facts, law->when_fact[i], &slot);
	}
	for (const struct cm_expr *given = test->given; given != NULL; given = given->next)
		if (!cm_facts_narrow(facts, given, day.number))
			return given;
	return NULL;
}

bool cm_trial_set(struct cm_scope *scope, size_t rule, const struct cm_test_def *test,
    struct cm_facts *facts, struct cm_day *as_of)
{
	cm_scope_of(scope, rule);
	*as_of = cm_trial_day(scope, rule, test);
	return cm_trial_give(facts, test, *as_of, scope->law->rules[rule].def->of) == NULL;
}

bool cm_trial_can_run(const struct cm_law *law, const struct cm_test_def *test)
{
	return (test->expect != CM_EXPECT_DEFEATED && test->expect != CM_EXPECT_CONFLICT) ||
	       cm_law_find_rule(law, test->names->text) >= 0;
}
