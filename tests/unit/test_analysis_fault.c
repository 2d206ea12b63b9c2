/* Every request for memory may fail, once or for good: a status comes back and nothing is lost. */
#include <criterion/criterion.h>
#include <string.h>

#include "test_analysis_help.h"

#define DAY "2026-11-07"
#define HEAD " title \"t\" source statute cite \"c\" in force from 2000-01-01 reviewed by nobody "

static const char *const text =
    "law language 1 jurisdiction US \"x\"\n"
    "rule us.a" HEAD "applies when us_person and emergency effect requires disclose of content "
    "test \"1\" given us_person and emergency and gag is no expect applies end\n"
    "rule us.b" HEAD "applies when gag effect permits disclose defeats us.a because specialis end\n";
static const char *const other =
    "law language 1 jurisdiction GB \"x\"\n"
    "rule gb.a" HEAD "applies when residence is GB effect forbids disclose of content end\n";

static enum cm_status load(const char *us, struct cm_law **law)
{
	struct cm_law_file files[] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {"a.law", us, strlen(us)}, {"b.law", other, strlen(other)}};
	struct cm_remarks remarks;
	enum cm_status status;

	cm_remarks_init(&remarks);
	status = cm_law_load(files, 3, &remarks, law);
	cm_remarks_fini(&remarks);
	return status;
}

static enum cm_status tools_run(
    const struct cm_law *law, const struct cm_facts *facts, struct cm_decision *decision,
    struct cm_arena *arena)
{
	struct cm_side us = {{"US"}, 1};
	struct cm_side gb = {{"GB"}, 1};
	static const struct cm_fact_value values[] = {{"gag", "yes"}};
	struct cm_conflict *conflicts;
	struct cm_collisions collisions;
	struct cm_questions questions;
	struct cm_shift *shifts;
	struct cm_flips flips;
	struct cm_change *changes;
	struct cm_coverage coverage;
	struct cm_sheet_row *rows;
	struct cm_err err;
	size_t count;
	enum cm_status status;

	cm_decide(law, facts, help_day(DAY), decision);
	status = cm_decision_conflicts(
	    law, facts, help_day(DAY), decision, arena, &conflicts, &count);
	if (status == CM_OK)
		status = cm_law_collisions(law, &us, &gb, help_day(DAY), arena, &collisions);
	if (status == CM_OK)
		status = cm_decision_ask(law, facts, help_day(DAY), NULL, 0, arena, &questions);
	if (status == CM_OK)
		status = cm_decision_whatif(
		    law, facts, help_day(DAY), values, 1, arena, &shifts, &count, &err);
	if (status == CM_OK)
		status = cm_decision_flips(law, facts, help_day(DAY), arena, &flips);
	if (status == CM_OK)
		status = cm_rule_flips(law, facts, help_day(DAY), "us.a", arena, &flips);
	if (status == CM_OK)
		status = cm_law_coverage(law, NULL, NULL, arena, &coverage);
	if (status == CM_OK)
		status = cm_law_sheet(law, NULL, arena, &rows, &count);
	if (status == CM_OK)
		status = cm_law_diff(law, law, help_day(DAY), arena, &changes, &count);
	return status;
}

static enum cm_status everything(void)
{
	struct cm_law *law = NULL;
	struct cm_facts *facts = NULL;
	struct cm_decision *decision = NULL;
	struct cm_arena arena;
	enum cm_status status = load(text, &law);

	cm_arena_init(&arena, 0);
	if (status == CM_OK) {
		facts = cm_facts_new(law);
		decision = cm_decision_new(law);
		status = facts == NULL || decision == NULL ? CM_NO_MEMORY : CM_OK;
	}
	if (status == CM_OK)
		status = cm_facts_set_one(facts, "us_person", "yes", "t", NULL);
	if (status == CM_OK)
		status = tools_run(law, facts, decision, &arena);
	cm_decision_free(decision);
	cm_facts_free(facts);
	cm_law_free(law);
	cm_arena_fini(&arena);
	return status;
}

static enum cm_status changed(void)
{
	static const char *const now =
	    "law language 1 jurisdiction US \"x\"\n"
	    "rule us.a" HEAD "applies when us_person or emergency effect requires disclose of content "
	    "end\n";
	struct cm_law *a = NULL;
	struct cm_law *b = NULL;
	struct cm_change *changes;
	struct cm_arena arena;
	size_t count;
	enum cm_status status = load(text, &a);

	cm_arena_init(&arena, 0);
	if (status == CM_OK)
		status = load(now, &b);
	if (status == CM_OK)
		status = cm_law_diff(a, b, help_day(DAY), &arena, &changes, &count);
	cm_law_free(a);
	cm_law_free(b);
	cm_arena_fini(&arena);
	return status;
}

static enum cm_status mutated(void)
{
	struct cm_law_file files[] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {"b.law", other, strlen(other)}};
	struct cm_mutants mutants;
	struct cm_arena arena;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_law_mutate(files, 2, 1, NULL, NULL, &arena, &mutants);
	cm_arena_fini(&arena);
	return status;
}

static void fail_each(enum cm_status (*run)(void), bool lasting)
{
	size_t nth = 1;

	for (;; nth++) {
		enum cm_status status;

		cm_alloc_fail_at(nth, lasting);
		status = run();
		if (!cm_alloc_has_failed()) {
			cm_alloc_fail_at(0, false);
			cr_assert_eq(status, CM_OK);
			break;
		}
		cm_alloc_fail_at(0, false);
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu: %s", nth, cm_status_name(status));
		cr_assert_eq(cm_alloc_live(), 0, "request %zu", nth);
	}
	cr_assert_gt(nth, 100);
}

Test(analysis_fault, no_tool_loses_memory_when_there_is_none, .timeout = 300)
{
	fail_each(everything, false);
	fail_each(everything, true);
}

Test(analysis_fault, neither_does_a_change_of_law, .timeout = 300)
{
	fail_each(changed, false);
	fail_each(changed, true);
}

Test(analysis_fault, nor_a_mutation, .timeout = 300)
{
	fail_each(mutated, false);
	fail_each(mutated, true);
}
