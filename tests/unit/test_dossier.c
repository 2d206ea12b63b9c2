#include <criterion/criterion.h>
#include <string.h>

#include "cores_help.h"
#include "protocol/post/dossier.h"

/* Facts from several sources: who is believed, what is disputed, what nobody knows. */

static struct cm_arena arena;
static struct cm_dossier dossier;

static void init(void)
{
	cm_arena_init(&arena, 0);
	cm_dossier_init(&dossier, &arena);
}

static void end(void)
{
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(dossier, .init = init);

static void add(const char *value, const char *source)
{
	struct cm_fact_text fact = help_fact(&arena, "residence", value);

	fact.source = source;
	cm_dossier_add(&dossier, &fact);
}

/* "known IE", "disputed IE,FR (the demand; the map)" ... */
static const char *state(void)
{
	static const char *const words[] = {"known", "not asked", "cannot tell", "disputed"};
	const struct cm_fact_text *fact = cm_dossier_find(&dossier, "residence");
	const char *text;

	if (fact == NULL)
		return "absent";
	text = words[fact->knowledge];
	for (size_t i = 0; i < fact->values_count; i++)
		text = cm_arena_printf(&arena, "%s%s%s", text, i == 0 ? " " : ",", fact->values[i]);
	return cm_arena_printf(&arena, "%s (%s)", text, fact->source);
}

static const char *of_two(const char *first, const char *second)
{
	cm_dossier_init(&dossier, &arena);
	add(first, "a");
	add(second, "b");
	cr_assert_eq(dossier.count, 1);
	return state();
}

Test(dossier, an_empty_one_knows_nothing)
{
	cr_assert_str_eq(state(), "absent");
	cr_assert_null(cm_dossier_value(&dossier, "residence"));
	cr_assert_eq(dossier.count, 0);
	end();
}

Test(dossier, two_who_agree_are_believed)
{
	cr_assert_str_eq(of_two("IE", "IE"), "known IE (a)");
	cr_assert_str_eq(of_two("IE,FR", "FR,IE"), "known IE,FR (a)");
	end();
}

Test(dossier, two_who_differ_leave_both_values_possible_and_both_are_named)
{
	cr_assert_str_eq(of_two("IE", "FR"), "disputed IE,FR (a; b)");
	cr_assert_str_eq(of_two("IE", "IE,FR"), "disputed IE,FR (a; b)");
	cr_assert_str_eq(of_two("IE,FR", "FR"), "disputed IE,FR (a; b)");
	end();
}

Test(dossier, a_value_said_twice_hides_no_dispute)
{
	cr_assert_str_eq(of_two("IE,IE", "IE,FR"), "disputed IE,IE,FR (a; b)");
	cr_assert_str_eq(of_two("IE,FR", "IE,IE"), "disputed IE,FR (a; b)");
	cr_assert_str_eq(of_two("IE", "IE,IE"), "known IE (a)");
	end();
}

Test(dossier, a_dispute_among_the_same_values_is_not_forgotten)
{
	cr_assert_str_eq(of_two("IE,FR", "~IE,FR"), "disputed IE,FR (a; b)");
	cr_assert_str_eq(of_two("~IE,FR", "IE,FR"), "disputed IE,FR (a)");
	cr_assert_str_eq(of_two("~IE,FR", "IE"), "disputed IE,FR (a; b)");
	end();
}

Test(dossier, a_third_source_joins_the_dispute)
{
	(void)of_two("IE", "FR");
	add("DE", "c");
	cr_assert_str_eq(state(), "disputed IE,FR,DE (a; b; c)");
	add("FR", "d");
	cr_assert_str_eq(state(), "disputed IE,FR,DE (a; b; c; d)");
	end();
}

Test(dossier, knowing_nothing_never_overwrites_knowing_something)
{
	cr_assert_str_eq(of_two("IE", "?"), "known IE (a)");
	cr_assert_str_eq(of_two("IE", "??"), "known IE (a)");
	cr_assert_str_eq(of_two("~IE,FR", "??"), "disputed IE,FR (a)");
	cr_assert_str_eq(of_two("?", "IE"), "known IE (b)");
	cr_assert_str_eq(of_two("??", "IE"), "known IE (b)");
	end();
}

Test(dossier, who_looked_and_could_not_say_says_more_than_who_did_not_look)
{
	cr_assert_str_eq(of_two("?", "??"), "cannot tell (b)");
	cr_assert_str_eq(of_two("??", "?"), "cannot tell (a)");
	end();
}

Test(dossier, facts_keep_the_order_in_which_they_came_first)
{
	struct cm_fact_text facts[] = {help_fact(&arena, "a", "1"), help_fact(&arena, "b", "2"),
	    help_fact(&arena, "a", "3"), help_fact(&arena, "c", "4")};

	cm_dossier_add_all(&dossier, facts, 4);
	cr_assert_eq(dossier.count, 3);
	cr_assert_str_eq(dossier.facts[0].name, "a");
	cr_assert_str_eq(dossier.facts[1].name, "b");
	cr_assert_str_eq(dossier.facts[2].name, "c");
	end();
}

Test(dossier, only_one_known_value_is_a_value)
{
	cm_dossier_know(&dossier, "residence", "IE", "the map");
	cr_assert_str_eq(cm_dossier_value(&dossier, "residence"), "IE");
	cr_assert_str_eq(state(), "known IE (the map)");
	cm_dossier_know(&dossier, "residence", "FR", "the demand");
	cr_assert_null(cm_dossier_value(&dossier, "residence"));
	(void)of_two("IE,FR", "?");
	cr_assert_null(cm_dossier_value(&dossier, "residence"));
	(void)of_two("~IE", "?");
	cr_assert_null(cm_dossier_value(&dossier, "residence"));
	end();
}

Test(dossier, more_facts_than_there_is_room_for_show_and_are_not_taken_for_want_of_memory)
{
	for (int i = 0; i < 2 * CM_MAX_FACTS; i++)
		cm_dossier_know(&dossier, cm_arena_printf(&arena, "f%d", i), "yes", "s");
	cr_assert_not(dossier.is_full);
	cm_dossier_know(&dossier, "f0", "no", "t"); /* a known name needs no room */
	cr_assert_not(dossier.is_full);
	cm_dossier_know(&dossier, "more", "yes", "s");
	cr_assert(dossier.is_full);
	cr_assert_not(dossier.failed);
	cr_assert_null(cm_dossier_find(&dossier, "more"));
	end();
}

Test(dossier, without_memory_it_says_so)
{
	static const struct {
		size_t limit;
		bool fails;
	} rows[] = {{0, false}, {1, true}, {16, true}, {64, false}};

	for (size_t i = 0; i < 4; i++) {
		struct cm_arena poor;
		struct cm_fact_text a = help_fact(&arena, "residence", "IE");
		struct cm_fact_text b = help_fact(&arena, "residence", "FR");

		cm_arena_init(&poor, rows[i].limit);
		cm_dossier_init(&dossier, &poor);
		cm_dossier_add(&dossier, &a);
		cm_dossier_add(&dossier, &b);
		cr_assert_eq(dossier.failed, rows[i].fails, "at most %zu bytes", rows[i].limit);
		cm_arena_fini(&poor);
	}
	cm_dossier_init(&dossier, &arena);
	cm_alloc_fail_at(1, true);
	/* Until what the arena had in store is used up. */
	for (int i = 0; i < 100000 && !dossier.failed; i++)
		cm_dossier_know(&dossier, "residence", "IE", "a");
	cm_alloc_fail_at(0, false);
	cr_assert(dossier.failed);
	end();
}
