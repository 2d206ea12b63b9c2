#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/scope.h"
#include "test_engine_help.h"

#define ON "in force from 2000-01-01 "
#define DAY "2026-11-07"
#define SERVED "served_on=2026-11-07 "

Test(needs, only_facts_that_can_change_the_outcome)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON "applies when (us_person and emergency) or (us_person and gag "
				     "and not gag) effect permits quash end");

	cr_expect_str_eq(help_needs(&set, "us.a", SERVED, DAY), "emergency us_person");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "us_person=yes", DAY), "emergency");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "emergency=no", DAY), "");
	help_free(&set);
}

Test(needs, partly_known_facts_count_as_open)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON "applies when residence is seat effect permits quash end");

	cr_expect_str_eq(
	    help_needs(&set, "us.a", SERVED "residence=FR,DE seat=FR", DAY), "residence");
	cr_expect_str_eq(
	    help_needs(&set, "us.a", SERVED "residence=FR,DE seat=?", DAY), "residence seat");
	help_free(&set);
}

Test(needs, a_fact_that_another_is_compared_with_is_heard)
{
	struct help_set set = help_load("rule us.a" RULE_HEAD ON
					"applies when residence is seat and not (residence is seat "
					"and gag) effect permits quash end");

	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "residence=FR seat=?", DAY), "gag seat");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "residence=? seat=FR", DAY), "gag residence");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "residence=FR seat=? gag=yes", DAY), "");
	help_free(&set);
}

Test(needs, each_value_that_a_condition_names_is_a_class_of_its_own)
{
	struct help_set set = help_load("rule us.a" RULE_HEAD ON
					"applies when (residence is FR and emergency) or (residence "
					"is DE and gag) or (residence is one of GB, US and us_person) "
					"effect permits quash end");

	cr_expect_str_eq(
	    help_needs(&set, "us.a", SERVED, DAY), "emergency gag residence us_person");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "residence=DE,GB", DAY),
	    "gag residence us_person");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "residence=IE", DAY), "");
	help_free(&set);
}

Test(needs, sets_of_countries_are_searched_by_class)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON
	    "applies when nationality includes all of GB, FR and nationality includes none of US "
	    "and residence is not US effect permits quash end");

	cr_expect_str_eq(help_needs(&set, "us.a", SERVED, DAY), "nationality residence");
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "nationality=~FR,US", DAY), "");
	help_free(&set);
}

Test(needs, a_date_that_may_lie_on_either_side_is_needed)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD "in force from 2020-01-01 applies when issued_on before "
				  "served_on minus 30 days effect permits quash end");

	cr_expect_str_eq(help_needs(&set, "us.a", SERVED, DAY), "issued_on");
	cr_expect_str_eq(help_needs(&set, "us.a", "issued_on=2019-01-01", DAY), "served_on");
	/* Two open dates compared with each other: a superset, never an omission. */
	cr_expect_str_eq(help_needs(&set, "us.a", "", DAY), "issued_on served_on");
	help_free(&set);
}

Test(needs, the_search_is_bounded_and_then_names_too_many_rather_than_too_few)
{
	char text[8192] = "rule us.a" RULE_HEAD ON "applies when at least 8 of (";
	struct help_set set;
	struct cm_scope scope;
	struct cm_needs needs;

	for (int i = 0; i < 15; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text),
		    "%s(nationality includes %s and %s and (emergency or gag))", i == 0 ? "" : ";",
		    (const char *const[]){"FR", "DE", "GB", "IE", "US"}[i % 5],
		    (const char *const[]){
			"us_person", "material_risk", "secrecy_days at least 3 days"}[i % 3]);
	(void)snprintf(
	    text + strlen(text), sizeof text - strlen(text), ") effect permits quash end");
	set = help_load(text);
	(void)help_state(&set, "us.a", SERVED, DAY);
	cr_assert(cm_scope_init(&scope, set.law));
	cm_scope_of(&scope, 0);
	cr_assert_eq(cm_needs_find(&scope, set.facts, help_day(DAY), false, &needs), CM_OK);
	cr_expect_eq(needs.count, 6);
	cm_scope_fini(&scope);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}
