/* The shipped law through every tool. The figures are printed; the claims about them are checked. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_analysis_help.h"

#define DAY "2026-11-21"

static const struct cm_collision *collision_of(
    const struct cm_collisions *found, const char *duty, const char *bar)
{
	for (size_t i = 0; i < found->count; i++)
		if (strcmp(found->items[i].duty->id, duty) == 0 &&
		    strcmp(found->items[i].bar->id, bar) == 0)
			return &found->items[i];
	return NULL;
}

/* Every fact of a witness is needed, and on all of it both rules hold. */
static void witness_check(const struct cm_law *law, const struct cm_collision *item)
{
	struct cm_fact_value fewer[64];

	cr_assert(item->witness_count <= 64);
	cr_expect(values_state(law, item->duty->id, item->witness, item->witness_count, DAY) ==
		      CM_RULE_HOLDS,
	    "%s on %s", item->duty->id, values_line(item->witness, item->witness_count));
	cr_expect(values_state(law, item->bar->id, item->witness, item->witness_count, DAY) ==
		      CM_RULE_HOLDS,
	    "%s on %s", item->bar->id, values_line(item->witness, item->witness_count));
	for (size_t left_out = 0; left_out < item->witness_count; left_out++) {
		size_t count = 0;

		for (size_t i = 0; i < item->witness_count; i++)
			if (i != left_out)
				fewer[count++] = item->witness[i];
		cr_expect(values_state(law, item->duty->id, fewer, count, DAY) != CM_RULE_HOLDS ||
			      values_state(law, item->bar->id, fewer, count, DAY) != CM_RULE_HOLDS,
		    "%s against %s holds without %s", item->duty->id, item->bar->id,
		    item->witness[left_out].fact);
	}
}

Test(analysis_shipped, the_united_states_and_ireland_collide_on_article_48)
{
	static struct shipped shipped;
	struct cm_collisions found;
	struct cm_arena arena;
	struct cm_side us;
	struct cm_side ie;
	const struct cm_collision *known;

	shipped_load(&shipped);
	cm_arena_init(&arena, 0);
	us = cm_side_of(shipped.law, "US");
	ie = cm_side_of(shipped.law, "IE");
	cr_assert_eq(us.count, 1);
	cr_assert_eq(ie.count, 2);
	cr_assert_eq(
	    cm_law_collisions(shipped.law, &us, &ie, help_day(DAY), &arena, &found), CM_OK);
	(void)fprintf(stderr, "US IE: %zu pairs, %zu collide, %zu refuted, %zu given up%s\n",
	    found.pairs, found.count, found.refuted, found.given_up,
	    found.exact ? "" : " (values left out)");
	known = collision_of(&found, "us.sca.2703a.content", "eu.gdpr.48");
	cr_assert_not_null(known);
	(void)fprintf(stderr, "%s against %s: %s\n", known->duty->id, known->bar->id,
	    values_line(known->witness, known->witness_count));
	cr_assert_gt(known->witness_count, 2);
	cr_assert_eq(found.count + found.refuted + found.given_up, found.pairs);
	cr_assert_eq(found.given_up, 0);
	for (size_t i = 0; i < found.count; i++)
		witness_check(shipped.law, &found.items[i]);
	cm_arena_fini(&arena);
	shipped_free(&shipped);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_shipped, coverage_sees_every_test_and_every_condition)
{
	static struct shipped shipped;
	struct cm_coverage found;
	struct cm_arena arena;
	size_t tests = 0;

	shipped_load(&shipped);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_law_coverage(shipped.law, NULL, NULL, &arena, &found), CM_OK);
	for (size_t i = 0; i < found.rules_count; i++)
		tests += found.rules[i].tests;
	(void)fprintf(stderr,
	    "coverage: %zu of %zu rules met; of %zu conditions %zu both ways, %zu shown (masking), "
	    "%zu unique cause; %zu tests\n",
	    found.met, found.rules_count, found.atoms, found.both, found.shown, found.unique, tests);
	cr_assert(tests <= cm_law_test_count(shipped.law));
	cr_assert_gt(tests, 900);
	cr_assert_gt(found.both * 10, found.atoms * 8);
	cr_assert_gt(found.shown * 10, found.atoms * 6);
	cr_assert(found.exact);
	cm_arena_fini(&arena);
	shipped_free(&shipped);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_shipped, a_law_differs_in_nothing_from_itself)
{
	static struct shipped shipped;
	struct cm_change *changes;
	struct cm_arena arena;
	size_t count;

	shipped_load(&shipped);
	cm_arena_init(&arena, 0);
	cr_assert_eq(
	    cm_law_diff(shipped.law, shipped.law, help_day(DAY), &arena, &changes, &count), CM_OK);
	cr_assert_gt(count, 100);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(changes[i].kind, CM_CHANGE_SAME, "%s", changes[i].rule);
	cm_arena_fini(&arena);
	shipped_free(&shipped);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_shipped, a_warrant_that_says_little_leaves_questions_in_a_good_order)
{
	static struct shipped shipped;
	static const char *const acts[] = {"disclose"};
	struct cm_questions found;
	struct cm_arena arena;
	struct cm_facts *facts;
	struct cm_err err;
	static const struct cm_fact_value known[] = {{"issuing_state", "US"},
	    {"instrument", "warrant"}, {"data", "content"}, {"served_on", "2026-11-07"},
	    {"issued_on", "2026-11-07"}, {"hosting_state", "US"}, {"emergency", "no"},
	    {"agreement_invoked", "no"}};

	shipped_load(&shipped);
	cm_arena_init(&arena, 0);
	facts = cm_facts_new(shipped.law);
	cr_assert_eq(cm_fact_values_set(facts, known, sizeof known / sizeof *known, "t", &err),
	    CM_OK, "%s", err.text);
	cr_assert_eq(
	    cm_decision_ask(shipped.law, facts, help_day(DAY), acts, 1, &arena, &found), CM_OK);
	(void)fprintf(stderr, "ask: %zu of %zu open facts matter to %zu rules; %zu to %zu answers%s\n",
	    found.count, found.open_facts, found.open_rules, found.best_case, found.worst_case,
	    found.exact ? "" : " (bounds)");
	for (size_t i = 0; i + 1 < found.count; i++)
		cr_expect(found.items[i].settles_least >= found.items[i + 1].settles_least);
	cr_assert(found.best_case <= found.worst_case && found.worst_case <= found.count);
	cm_facts_free(facts);
	cm_arena_fini(&arena);
	shipped_free(&shipped);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_shipped, every_rule_has_a_row_and_prints_as_it_stands)
{
	static struct shipped shipped;
	struct cm_sheet_row *rows;
	struct cm_arena arena;
	struct cm_buf text;
	size_t all;
	size_t us;

	shipped_load(&shipped);
	cm_arena_init(&arena, 0);
	cm_buf_init(&text, 0);
	cr_assert_eq(cm_law_sheet(shipped.law, NULL, &arena, &rows, &all), CM_OK);
	cr_assert_eq(all, cm_law_rule_count(shipped.law));
	cr_assert_eq(cm_law_sheet(shipped.law, "US", &arena, &rows, &us), CM_OK);
	cr_assert(us > 20 && us < all);
	cr_assert_eq(cm_rule_print(shipped.law, "us.sca.2702a", &text), CM_OK);
	cr_assert_not_null(strstr(cm_buf_str(&text), "forbids disclose of content"));
	cr_assert_eq(cm_rule_print(shipped.law, "us.no.such", &text), CM_NOT_FOUND);
	cm_buf_fini(&text);
	cm_arena_fini(&arena);
	shipped_free(&shipped);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* The smallest file: the others are for `comity rules mutate`. */
Test(analysis_shipped, mutants_of_the_agreement_are_mostly_killed, .timeout = 300)
{
	static struct shipped shipped;
	struct cm_mutants found;
	struct cm_arena arena;
	size_t file = 0;
	size_t made = 0;
	size_t killed = 0;

	shipped_load(&shipped);
	cm_arena_init(&arena, 0);
	while (strstr(shipped.files[file].path, "ie.law") == NULL)
		file++;
	cr_assert_eq(cm_law_mutate(shipped.files, shipped.count, file, NULL, NULL, &arena, &found),
	    CM_OK);
	for (int kind = 0; kind < CM_MUTATION_SWAP; kind++) {
		made += found.made[kind] - found.refused[kind] - found.equivalent[kind];
		killed += found.killed[kind];
	}
	(void)fprintf(stderr, "mutants of ie.law: %zu of %zu killed, %zu survive\n", killed, made,
	    found.survivors_count);
	cr_assert_gt(made, 50);
	cr_assert_gt(killed * 10, made * 7);
	cm_arena_fini(&arena);
	shipped_free(&shipped);
	cr_assert_eq(cm_alloc_live(), 0);
}
