#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_engine_help.h"

#define ON "in force from 2000-01-01 "
#define DAY "2026-11-07"
#define SERVED "served_on=2026-11-07 "

/* Section 4 of the design, sentence by sentence; dates and defeats have files of their own. */

Test(semantics, unknown_never_counts_as_no)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON "applies when residence is not US effect permits quash end");

	cr_expect_eq(help_state(&set, "us.a", SERVED, DAY), CM_RULE_POSSIBLE);
	cr_expect_eq(help_state(&set, "us.a", SERVED "residence=??", DAY), CM_RULE_POSSIBLE);
	cr_expect_eq(help_state(&set, "us.a", SERVED "residence=~US,IE", DAY), CM_RULE_POSSIBLE);
	cr_expect_eq(help_state(&set, "us.a", SERVED "residence=FR,IE", DAY), CM_RULE_HOLDS);
	help_free(&set);
}

Test(semantics, a_set_known_with_the_member_surely_includes_it)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON "applies when data includes content effect permits quash end");

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "data=content,subscriber", DAY), CM_RULE_HOLDS);
	help_free(&set);
}

Test(semantics, an_effect_of_some_data_says_nothing_of_other_data)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD ON
		      "applies when us_person effect forbids disclose of content, traffic end");

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes data=content", DAY), CM_RULE_HOLDS);
	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes data=subscriber", DAY), CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=yes", DAY), CM_RULE_POSSIBLE);
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "us_person=yes", DAY), "data");
	help_free(&set);
}

Test(semantics, cannot_be_determined_is_true_only_when_somebody_looked)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD ON
		      "applies when residence cannot be determined effect permits quash end");

	cr_expect_eq(help_state(&set, "us.a", SERVED "residence=??", DAY), CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.a", SERVED "residence=?", DAY), CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", SERVED "residence=~US,GB", DAY), CM_RULE_SILENT);
	help_free(&set);
}

Test(semantics, rival_readings_agree_or_leave_the_rule_undetermined)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD ON "applies when us_person reading narrow \"only grave "
					       "crimes\" applies when us_person and "
		      "offence_months at least 36 months effect permits quash end");
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes offence_months=60", DAY), CM_RULE_HOLDS);
	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=no offence_months=60", DAY), CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=yes offence_months=12", DAY),
	    CM_RULE_POSSIBLE);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_decision_rulings(
			 set.law, set.facts, help_day(DAY), set.decision, &arena, &rulings, &count),
	    CM_OK);
	cr_assert_eq(rulings[0].needs_count, 0);
	cr_assert_eq(rulings[0].readings_count, 2);
	cr_expect_str_eq(rulings[0].readings[0].name, "");
	cr_expect_eq(rulings[0].readings[0].state, CM_RIVAL_HOLDS);
	cr_expect_str_eq(rulings[0].readings[1].name, "narrow");
	cr_expect_str_eq(rulings[0].readings[1].title, "only grave crimes");
	cr_expect_eq(rulings[0].readings[1].state, CM_RIVAL_SILENT);
	cm_arena_fini(&arena);
	help_free(&set);
}

static enum cm_rival_state rival_of(struct help_set *set, const char *line, size_t reading)
{
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;
	enum cm_rival_state state = CM_RIVAL_SILENT;

	(void)help_state(set, "us.a", line, DAY);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_decision_rulings(set->law, set->facts, help_day(DAY), set->decision, &arena,
			 &rulings, &count),
	    CM_OK);
	for (size_t i = 0; i < count; i++)
		if (strcmp(rulings[i].rule, "us.a") == 0) {
			cr_assert_eq(rulings[i].readings_count, 2);
			state = rulings[i].readings[reading].state;
		}
	cm_arena_fini(&arena);
	return state;
}

/* A reading is asked on the rule's own terms: its data, its days, and what defeats it. */
Test(semantics, each_reading_says_what_the_rule_would_say_were_it_the_right_one)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON "reading wide \"w\" applies when us_person or emergency reading "
				     "narrow \"n\" applies when us_person effect forbids disclose of "
				     "content end rule us.b" RULE_HEAD ON
				     "applies when gag effect permits disclose defeats us.a because "
				     "specialis end");

	cr_expect_eq(rival_of(&set, SERVED "data=content us_person=no emergency=yes gag=no", 0),
	    CM_RIVAL_HOLDS);
	cr_expect_eq(rival_of(&set, SERVED "data=content us_person=no emergency=yes gag=no", 1),
	    CM_RIVAL_SILENT);
	cr_expect_eq(rival_of(&set, SERVED "data=content emergency=yes gag=no", 1), CM_RIVAL_POSSIBLE);
	cr_expect_eq(rival_of(&set, SERVED "data=content us_person=yes emergency=no gag=yes", 0),
	    CM_RIVAL_DEFEATED);
	cr_expect_eq(rival_of(&set, SERVED "data=content us_person=yes emergency=no", 1),
	    CM_RIVAL_POSSIBLE);
	cr_expect_eq(rival_of(&set, SERVED "data=? us_person=yes emergency=no gag=no", 0),
	    CM_RIVAL_POSSIBLE);
	help_free(&set);
}

Test(semantics, judgments_are_left_open_until_somebody_judges)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD ON
		      "applies when us_person and material_risk effect needs-human quash end");

	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "us_person=yes", DAY), "material_risk");
	cr_expect_eq(cm_law_rule(set.law, 0)->modality, CM_NEEDS_HUMAN);
	help_free(&set);
}

/* ---- inline tests ---- */

static struct help_set with_test(const char *test)
{
	char text[2048];

	(void)snprintf(text, sizeof text,
	    "rule us.a" RULE_HEAD ON "applies when issuing_state is US and us_person effect "
				     "requires disclose of content %s end\n"
	    "rule us.b" RULE_HEAD ON
	    "applies when emergency effect permits disclose defeats us.a because specialis end\n",
	    test);
	return help_load_as("US", text,
	    "law language 1 jurisdiction IE \"x\" rule ie.a title \"t\" source statute cite \"c\" "
	    "reviewed by nobody "
	    "in force from 2000-01-01 applies when gag effect forbids disclose of content, traffic "
	    "end");
}

static void passes(const char *test)
{
	struct help_set set = with_test(test);

	cr_expect_eq(set.status, CM_OK, "%s: %s", test, help_remark(&set, "test-failed"));
	cr_expect(set.law == NULL || cm_law_test_count(set.law) == 1);
	help_free(&set);
}

static void fails(const char *test, const char *text)
{
	struct help_set set = with_test(test);

	cr_expect_eq(set.status, CM_BAD_INPUT);
	cr_expect_str_eq(help_remark(&set, "test-failed"), text);
	help_free(&set);
}

Test(tests, each_expectation_can_pass)
{
	passes("test \"x\" given issuing_state is US and us_person and emergency is no expect "
	       "applies");
	passes("test \"x\" given issuing_state is IE expect silent");
	passes("test \"x\" given issuing_state is US and data is traffic expect silent");
	passes("test \"x\" given issuing_state is US and emergency is no expect undetermined");
	passes("test \"x\" given issuing_state is US and emergency is no expect undetermined "
	       "needing us_person");
	passes("test \"x\" given issuing_state is US and us_person expect undetermined needing "
	       "emergency");
	passes("test \"x\" given issuing_state is US and us_person and emergency expect defeated "
	       "by us.b");
	passes("test \"x\" given issuing_state is US and us_person and not emergency and gag "
	       "expect conflict with ie.a");
	passes("test \"x\" on 1999-12-31 given issuing_state is US and us_person expect silent");
	passes("test \"x\" given issuing_state is US and us_person and served_on is 1999-12-31 "
	       "expect silent");
	passes("test \"x\" given issuing_state is US and us_person and emergency is no and "
	       "served_on is unknown expect undetermined needing served_on");
	passes("test \"x\" real case ireland.2014 given issuing_state is one of US, GB and "
	       "us_person and emergency is no expect undetermined needing issuing_state");
}

Test(tests, a_failing_test_says_what_was_expected_and_what_came)
{
	fails("test \"x\" given issuing_state is IE expect applies",
	    "test \"x\" expected applies, came silent: line 2 is not met: issuing_state is US");
	fails("test \"x\" given issuing_state is US and us_person and emergency expect applies",
	    "test \"x\" expected applies, came defeated by us.b");
	fails("test \"x\" given issuing_state is US expect applies",
	    "test \"x\" expected applies, came undetermined needing us_person, emergency");
	fails("test \"x\" given issuing_state is US expect undetermined needing emergency",
	    "test \"x\" expected undetermined needing emergency, came undetermined needing "
	    "us_person, emergency");
	fails("test \"x\" on 1999-01-01 given issuing_state is US expect applies",
	    "test \"x\" expected applies, came silent: not in force on 1999-01-01");
	fails("test \"x\" given issuing_state is US and us_person and emergency is no and data is "
	      "traffic expect applies",
	    "test \"x\" expected applies, came silent: the data given are none the effect is `of`");
	fails("test \"x\" given issuing_state is US and us_person and emergency is no and gag is "
	      "no expect conflict with ie.a",
	    "test \"x\" expected conflict with ie.a, came applies");
}

Test(tests, a_test_about_a_sovereign_that_is_not_loaded_does_not_run)
{
	struct help_set set =
	    with_test("test \"x\" given us_person expect defeated by treaty.us_gb.a");

	cr_expect_eq(set.status, CM_OK);
	cr_expect_eq(cm_law_test_count(set.law), 0);
	help_free(&set);
}

Test(tests, a_term_is_tested_where_it_stands)
{
	struct help_set good = help_load_as("US",
	    "term grave \"t\" cite \"c\" in force from 2010-01-01 means offence_months at least 36 "
	    "months "
	    "test \"yes\" given offence_months is 36 months expect applies "
	    "test \"old\" on 2009-01-01 given offence_months is 36 months expect silent "
	    "test \"open\" given us_person expect undetermined end",
	    NULL);
	struct help_set bad = help_load_as("US",
	    "term grave \"t\" cite \"c\" in force from 2010-01-01 means offence_months at least 36 "
	    "months "
	    "test \"yes\" given offence_months is 35 months expect applies end",
	    NULL);

	cr_expect_eq(good.status, CM_OK, "%s", help_remark(&good, "test-failed"));
	cr_expect_eq(cm_law_test_count(good.law), 3);
	cr_expect_eq(bad.status, CM_BAD_INPUT);
	cr_expect_str_eq(
	    help_remark(&bad, "test-failed"), "test \"yes\" expected applies, came silent");
	help_free(&good);
	help_free(&bad);
}

Test(tests, facts_may_be_given_in_part)
{
	passes("test \"x\" given issuing_state is US and us_person and emergency is no and data "
	       "includes content expect applies");
	passes("test \"x\" given issuing_state is US and us_person and emergency is no and data "
	       "includes none of content expect silent");
	passes("test \"x\" given issuing_state is US and us_person and emergency is no and data is "
	       "only content, traffic expect undetermined needing data");
	passes("test \"x\" given issuing_state is not US expect silent");
	passes("test \"x\" given issuing_state is none of US, GB expect silent");
	passes("test \"x\" given issuing_state cannot be determined and us_person and emergency is "
	       "no expect undetermined needing issuing_state");
}

Test(tests, facts_that_contradict_each_other_are_an_error)
{
	struct help_set set =
	    with_test("test \"x\" given issuing_state is US and issuing_state is GB expect silent");

	cr_expect_eq(set.status, CM_BAD_INPUT);
	cr_expect(help_has_remark(&set, "test-given"));
	help_free(&set);
}
