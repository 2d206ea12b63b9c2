#include <criterion/criterion.h>
#include <string.h>

#include "test_engine_help.h"

#define DAY "2026-11-07"

static const char *const rules =
    "rule us.quash title \"Move to quash\" source statute cite \"18 U.S.C. § 2703(h)\" url "
    "\"https://example.org/a\" cite \"second\"\n"
    "  in force from 2018-03-23 applies when issuing_state is US and data includes content and "
    "residence is not US\n"
    "  effect permits quash strength discretionary penalty \"none\"\n"
    "  deadline 14 days from served_on calendar us_federal to quash\n"
    "  explain de \"Er wohnt in {residence}.\" explain \"Lives in {residence}; {data}; "
    "{nationality}; {secrecy_days}; file by {deadline}.\"\n"
    "  note \"n\" reviewed by nobody end\n"
    "rule us.bar" RULE_HEAD
    "in force from 2018-01-01 applies when us_person effect forbids disclose ask \"Is it?\" end\n"
    "rule us.lift" RULE_HEAD "in force from 2018-01-01 applies when emergency effect permits "
			     "disclose defeats us.bar because specialis end\n";

Test(rulings, all_that_is_not_silent_comes_in_order_of_ids)
{
	struct help_set set = help_load(rules);
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;

	(void)help_state(&set, "us.bar",
	    "issuing_state=US data=content,traffic residence=IE,FR served_on=2026-11-07 "
	    "us_person=yes emergency=yes "
	    "nationality=IE,FR secrecy_days=730",
	    DAY);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_decision_rulings(
			 set.law, set.facts, help_day(DAY), set.decision, &arena, &rulings, &count),
	    CM_OK);
	cr_assert_eq(count, 3);
	cr_expect_str_eq(rulings[0].rule, "us.bar");
	cr_expect_eq(rulings[0].state, CM_RULING_DEFEATED);
	cr_expect_str_eq(rulings[0].defeated_by, "us.lift");
	cr_expect_str_eq(rulings[0].ask, "Is it?");
	cr_expect_str_eq(rulings[0].strength, "default");
	cr_expect_str_eq(rulings[1].rule, "us.lift");
	cr_expect_eq(rulings[1].state, CM_RULING_HOLDS);
	cr_expect_str_eq(rulings[2].rule, "us.quash");
	cr_expect_str_eq(rulings[2].explain,
	    "Lives in FR or IE; content and traffic; FR and IE; 730 days; file by 2026-11-23.");
	cr_expect_str_eq(rulings[2].cite, "18 U.S.C. § 2703(h)");
	cr_expect_str_eq(rulings[2].url, "https://example.org/a");
	cr_expect_str_eq(rulings[2].jurisdiction, "US");
	cr_expect_str_eq(rulings[2].strength, "discretionary");
	cr_expect_str_eq(rulings[2].terms[0].act, "quash");
	cr_expect(!rulings[2].terms[0].conditional);
	cm_arena_fini(&arena);
	help_free(&set);
}

Test(rulings, an_open_rule_names_its_facts_and_asks_in_words)
{
	struct help_set set = help_load(rules);
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;

	(void)help_state(&set, "us.bar",
	    "issuing_state=US data=content served_on=2026-11-07 us_person=no emergency=no", DAY);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_decision_rulings(
			 set.law, set.facts, help_day(DAY), set.decision, &arena, &rulings, &count),
	    CM_OK);
	cr_assert_eq(count, 1);
	cr_expect_eq(rulings[0].state, CM_RULING_POSSIBLE);
	cr_expect_eq(rulings[0].needs_count, 1);
	cr_expect_str_eq(rulings[0].needs[0], "residence");
	cr_expect_str_eq(rulings[0].ask, "Where does the person live?");
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

static void explanation_is(const char *facts, const char *rule, const char *expected)
{
	struct help_set set = help_load(rules);
	struct cm_buf out;

	(void)help_state(&set, "us.bar", facts, DAY);
	cm_buf_init(&out, 0);
	cr_assert_eq(
	    cm_decision_explain(set.law, set.facts, help_day(DAY), set.decision, rule, &out),
	    CM_OK);
	cr_expect_str_eq(cm_buf_str(&out), expected);
	cm_buf_fini(&out);
	help_free(&set);
}

Test(explain, each_condition_with_its_place_and_where_the_fact_came_from)
{
	explanation_is("issuing_state=US data=content residence=? served_on=2026-11-07", "us.quash",
	    "us.quash: possible, depends on residence\n"
	    "  Move to quash (18 U.S.C. § 2703(h))  a.law:2\n"
	    "  yes  in force by date of service  (served_on = 2026-11-07, from test)\n"
	    "  yes  issuing_state is US  a.law:3  (issuing_state = US, from test)\n"
	    "  yes  data includes content  a.law:3  (data = content, from test)\n"
	    "  open residence is not US  a.law:3  (residence = (not known), from test)\n"
	    "  deadline to quash: 14 days from served_on 2026-11-07, rolled from Saturday "
	    "2026-11-21: if it applies, by 2026-11-23\n");
}

Test(explain, a_silent_rule_tells_its_first_false_condition)
{
	explanation_is("issuing_state=US data=traffic residence=? served_on=2026-11-07", "us.quash",
	    "us.quash: silent\n"
	    "  Move to quash (18 U.S.C. § 2703(h))  a.law:2\n"
	    "  no   data includes content  a.law:3  (data = traffic, from test)\n");
	explanation_is("served_on=2001-01-01", "us.quash",
	    "us.quash: silent\n"
	    "  Move to quash (18 U.S.C. § 2703(h))  a.law:2\n"
	    "  no   in force on the date it goes by\n");
}

Test(explain, a_defeated_rule_names_what_defeats_it)
{
	explanation_is("us_person=yes emergency=yes served_on=2026-11-07", "us.bar",
	    "us.bar: defeated\n"
	    "  t (c)  a.law:8\n"
	    "  yes  in force by date of service  (served_on = 2026-11-07, from test)\n"
	    "  yes  us_person  a.law:8  (us_person = yes, from test)\n"
	    "  defeated by us.lift if that holds (specialis): it holds\n");
}

Test(explain, an_unknown_rule_is_not_found)
{
	struct help_set set = help_load(rules);
	struct cm_buf out;

	(void)help_state(&set, "us.bar", "", DAY);
	cm_buf_init(&out, 0);
	cr_expect_eq(cm_decision_explain(
			 set.law, set.facts, help_day(DAY), set.decision, "us.nothing", &out),
	    CM_NOT_FOUND);
	cm_buf_fini(&out);
	help_free(&set);
}
