#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/deadline.h"
#include "test_engine_help.h"

#define YEAR_2020 "in force from 2020-01-01 until 2021-01-01 "

Test(dates, a_rule_speaks_only_inside_its_span_and_until_is_exclusive)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD YEAR_2020 "applies when us_person effect requires quash end");

	cr_expect_eq(help_state(&set, "us.a", "us_person=yes served_on=2019-12-31", "2026-01-01"),
	    CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", "us_person=yes served_on=2020-01-01", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.a", "us_person=yes served_on=2020-12-31", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.a", "us_person=yes served_on=2021-01-01", "2026-01-01"),
	    CM_RULE_SILENT);
	help_free(&set);
}

Test(dates, an_unknown_date_leaves_the_rule_undetermined)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD YEAR_2020 "applies when us_person effect requires quash end");

	cr_expect_eq(help_state(&set, "us.a", "us_person=yes", "2026-01-01"), CM_RULE_POSSIBLE);
	cr_expect_str_eq(help_needs(&set, "us.a", "us_person=yes", "2026-01-01"), "served_on");
	cr_expect_eq(help_state(&set, "us.a", "us_person=no", "2026-01-01"), CM_RULE_SILENT);
	cr_expect_eq(
	    help_state(&set, "us.a", "us_person=yes served_on=2020-02-01,2020-03-01", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(
	    help_state(&set, "us.a", "us_person=yes served_on=2020-12-01,2021-03-01", "2026-01-01"),
	    CM_RULE_POSSIBLE);
	cr_expect_eq(
	    help_state(&set, "us.a", "us_person=yes served_on=2022-12-01,2023-03-01", "2026-01-01"),
	    CM_RULE_SILENT);
	help_free(&set);
}

Test(dates, a_rule_goes_by_the_date_it_names)
{
	struct help_set set =
	    help_load("rule us.issue" RULE_HEAD YEAR_2020
		      "by date of issue applies when us_person effect requires quash end\n"
		      "rule us.deed" RULE_HEAD YEAR_2020
		      "by date of conduct applies when us_person effect requires quash end\n"
		      "rule us.day" RULE_HEAD YEAR_2020
		      "by date of decision applies when us_person effect requires quash end\n"
		      "rule us.served" RULE_HEAD YEAR_2020
		      "by date of service applies when us_person effect requires quash end");
	const char *facts =
	    "us_person=yes served_on=2019-06-01 issued_on=2020-06-01 conduct_on=2021-06-01";

	cr_expect_eq(help_state(&set, "us.issue", facts, "2020-06-01"), CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.deed", facts, "2020-06-01"), CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.day", facts, "2020-06-01"), CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.day", facts, "2021-06-01"), CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.served", facts, "2020-06-01"), CM_RULE_SILENT);
	help_free(&set);
}

Test(dates, without_a_fact_served_on_the_day_of_decision_stands_in)
{
	struct cm_law_file file = {"a.law",
	    "law language 1 jurisdiction US \"x\" fact f is yes-or-no \"t\" act a \"t\" rule us.a "
	    "title \"t\" source statute "
	    "cite \"c\" in force from 2020-01-01 applies when f effect permits a reviewed by "
	    "nobody end",
	    0};
	struct help_set set;

	file.len = strlen(file.text);
	set = help_load_files(&file, 1);
	cr_assert_eq(set.status, CM_OK);
	cr_expect_eq(help_state(&set, "us.a", "f=yes", "2019-12-31"), CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", "f=yes", "2020-01-01"), CM_RULE_HOLDS);
	help_free(&set);
}

Test(dates, sets_change_on_their_days)
{
	struct help_set set = help_load(
	    "set OKAY \"s\" cite \"c\" from 2019-10-03 until 2022-01-01 is GB from 2022-01-01 is "
	    "GB, AU end\n"
	    "rule us.a" RULE_HEAD
	    "in force from 2018-01-01 applies when residence is in OKAY effect requires quash end");

	cr_expect_eq(help_state(&set, "us.a", "residence=GB served_on=2019-10-02", "2026-01-01"),
	    CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", "residence=GB served_on=2019-10-03", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.a", "residence=AU served_on=2021-12-31", "2026-01-01"),
	    CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.a", "residence=AU served_on=2022-01-01", "2026-01-01"),
	    CM_RULE_HOLDS);
	/* The same on all the days it may have been: certain, though the set changed in between. */
	cr_expect_eq(
	    help_state(&set, "us.a", "residence=GB served_on=2021-06-01,2022-06-01", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(
	    help_state(&set, "us.a", "residence=AU served_on=2021-06-01,2022-06-01", "2026-01-01"),
	    CM_RULE_POSSIBLE);
	help_free(&set);
}

/* A treaty that is not in force: nobody is bound by it, whatever state it is asked of. */
Test(dates, a_set_may_be_nobodys_for_a_time)
{
	static const char text[] =
	    "set BOUND \"s\" cite \"c\" from 2022-05-12 until 2024-01-01 is nobody "
	    "from 2024-01-01 is GB end\n"
	    "rule us.bound" RULE_HEAD
	    "in force from 2018-01-01 applies when residence is in BOUND effect permits quash end\n"
	    "rule us.free" RULE_HEAD "in force from 2018-01-01 applies when emergency and not "
	    "(residence is in BOUND) effect forbids quash end";
	struct help_set set = help_load(text);

	cr_expect_eq(help_state(&set, "us.bound", "residence=GB served_on=2023-12-31", "2026-01-01"),
	    CM_RULE_SILENT);
	cr_expect_eq(help_state(&set, "us.bound", "residence=? served_on=2023-12-31", "2026-01-01"),
	    CM_RULE_SILENT, "no answer could make it speak");
	cr_expect_eq(
	    help_state(&set, "us.free", "emergency=yes residence=? served_on=2023-12-31", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.bound", "residence=GB served_on=2024-01-01", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.bound", "residence=? served_on=2024-01-01", "2026-01-01"),
	    CM_RULE_POSSIBLE);
	cr_expect_eq(
	    help_state(&set, "us.free", "emergency=yes residence=GB served_on=2024-01-01", "2026-01-01"),
	    CM_RULE_SILENT);
	help_free(&set);
}

/* `nobody` is the whole list, and it is no member to test a value against. */
Test(dates, nobody_stands_alone_and_is_printed_as_written)
{
	static const char text[] = "law language 1 jurisdiction US \"t\"\n\nset BOUND \"s\"\n"
				   "  cite \"c\"\n  from 2022-05-12 is nobody\nend\n";
	struct cm_law_file file = {"a.law", text, sizeof text - 1};
	struct cm_buf printed;
	struct cm_remarks remarks;
	struct cm_law *law;
	static const char both[] = "law language 1 jurisdiction US \"t\"\nset BOUND \"s\" cite \"c\" "
				   "from 2022-05-12 is nobody, GB end\n";
	struct cm_law_file wrong = {"b.law", both, sizeof both - 1};

	cm_buf_init(&printed, 0);
	cr_assert_eq(cm_law_format(&file, &printed), CM_OK);
	cr_expect_str_eq(cm_buf_str(&printed), text);
	cm_buf_fini(&printed);
	cm_remarks_init(&remarks);
	cr_expect_eq(cm_law_load(&wrong, 1, &remarks, &law), CM_BAD_INPUT);
	cr_assert_gt(remarks.count, 0);
	cr_expect_str_eq(remarks.items[0].code, "syntax");
	cm_remarks_fini(&remarks);
	cm_law_free(law);
}

Test(dates, terms_have_versions_and_mean_nothing_outside_them)
{
	struct help_set set =
	    help_load("term grave \"t\" cite \"c\" in force from 2010-01-01 until 2020-01-01 means "
		      "offence_months at least 60 months end\n"
		      "term grave \"t\" cite \"c\" in force from 2020-01-01 means offence_months "
		      "at least 36 months end\n"
		      "rule us.a" RULE_HEAD
		      "in force from 2000-01-01 applies when grave effect requires quash end");

	cr_expect_eq(
	    help_state(&set, "us.a", "offence_months=40 served_on=2019-12-31", "2026-01-01"),
	    CM_RULE_SILENT);
	cr_expect_eq(
	    help_state(&set, "us.a", "offence_months=40 served_on=2020-01-01", "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(
	    help_state(&set, "us.a", "offence_months=99 served_on=2009-12-31", "2026-01-01"),
	    CM_RULE_SILENT);
	help_free(&set);
}

Test(dates, versions_of_a_rule_follow_each_other)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD "in force from 2010-01-01 until 2020-01-01 applies "
					    "when us_person effect requires quash end\n"
		      "rule us.a" RULE_HEAD
		      "in force from 2020-01-01 applies when emergency effect requires quash end");

	cr_assert_eq(cm_law_rule_count(set.law), 2);
	cr_expect_eq(help_state(&set, "us.a", "us_person=yes emergency=no served_on=2015-01-01",
			 "2026-01-01"),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.a", "us_person=yes emergency=no served_on=2021-01-01",
			 "2026-01-01"),
	    CM_RULE_SILENT);
	help_free(&set);
}

/* ---- deadlines ---- */

static void due_is(const char *deadline, const char *served, const char *due, const char *counting)
{
	char text[512];
	char facts[64];
	struct help_set set;
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;

	(void)snprintf(text, sizeof text,
	    "rule us.a" RULE_HEAD "in force from 1990-01-01 applies when us_person effect permits "
				  "quash deadline %s to quash end",
	    deadline);
	(void)snprintf(facts, sizeof facts, "us_person=yes served_on=%s", served);
	set = help_load(text);
	(void)help_state(&set, "us.a", facts, "2026-11-07");
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_decision_rulings(set.law, set.facts, help_day("2026-11-07"), set.decision,
			 &arena, &rulings, &count),
	    CM_OK);
	cr_assert_eq(count, 1);
	cr_assert_eq(rulings[0].terms_count, 1);
	cr_expect_str_eq(rulings[0].terms[0].due, due, "%s from %s: %s", deadline, served,
	    rulings[0].terms[0].due);
	if (counting != NULL)
		cr_expect_str_eq(rulings[0].terms[0].counting, counting);
	cm_arena_fini(&arena);
	help_free(&set);
}

Test(deadlines, fourteen_days_served_on_a_saturday_roll_to_monday)
{
	due_is("14 days from served_on calendar us_federal", "2026-11-07", "2026-11-23",
	    "14 days from served_on 2026-11-07, rolled from Saturday 2026-11-21");
	due_is("14 days from served_on", "2026-11-07", "2026-11-21",
	    "14 days from served_on 2026-11-07");
}

Test(deadlines, a_holiday_is_no_day_to_end_on)
{
	due_is("19 days from served_on calendar us_federal", "2026-11-07", "2026-11-27", NULL);
	due_is("14 days from served_on calendar us_federal", "2026-12-11", "2026-12-28", NULL);
}

Test(deadlines, months_end_on_the_same_day_or_the_last_of_the_month)
{
	due_is("1 months from served_on", "2026-01-31", "2026-02-28",
	    "1 month from served_on 2026-01-31");
	due_is("1 months from served_on", "2028-01-31", "2028-02-29", NULL);
	due_is("12 months from served_on", "2026-11-07", "2027-11-07", NULL);
	due_is("1 months before served_on", "2026-03-31", "2026-02-28", NULL);
	due_is("3 months before served_on", "2026-01-15", "2025-10-15", NULL);
}

Test(deadlines, hours_count_from_the_first_moment_of_the_day)
{
	due_is("8 hours from served_on", "2026-11-07", "2026-11-07T08:00Z", NULL);
	due_is("72 hours from served_on", "2026-11-07", "2026-11-10T00:00Z", NULL);
	due_is("30 hours before served_on", "2026-11-07", "2026-11-05T18:00Z", NULL);
}

Test(deadlines, business_days_leave_out_weekends_and_holidays)
{
	due_is(
	    "5 business-days from served_on calendar us_federal", "2026-11-20", "2026-11-30", NULL);
	due_is(
	    "1 business-days from served_on calendar us_federal", "2026-11-06", "2026-11-09", NULL);
	due_is("1 business-days before served_on calendar us_federal", "2026-11-09", "2026-11-06",
	    NULL);
}

Test(deadlines, a_calendar_may_roll_back_and_a_term_before_a_date_always_does)
{
	due_is("1 days from served_on calendar gulf", "2026-11-05", "2026-11-05", NULL);
	due_is("2 days before served_on calendar us_federal", "2026-11-10", "2026-11-06", NULL);
}

Test(deadlines, an_unknown_day_is_not_guessed_and_a_disputed_one_counts_from_the_earliest)
{
	due_is("14 days from served_on", "?", "", "14 days from served_on, a day not known yet");
	due_is("14 days from served_on", "~2026-11-09,2026-11-07", "2026-11-21",
	    "14 days from served_on 2026-11-07 at the earliest");
}

Test(deadlines, past_the_last_year_nothing_is_counted)
{
	due_is("100000 days from served_on", "9990-01-01", "", NULL);
	due_is("100000 months from served_on", "2026-01-01", "", NULL);
	due_is("100000 months before served_on", "2026-01-01", "", NULL);
	due_is("100000 business-days from served_on calendar us_federal", "9990-01-01", "", NULL);
}

Test(deadlines, a_term_of_an_undetermined_rule_still_runs)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD
		      "in force from 1990-01-01 applies when us_person effect permits quash "
		      "deadline 14 days from served_on to quash explain \"File by {deadline}; "
		      "lives in {residence}.\" end");
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;

	cr_assert_eq(
	    help_state(&set, "us.a", "served_on=2026-11-07", "2026-11-07"), CM_RULE_POSSIBLE);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_decision_rulings(set.law, set.facts, help_day("2026-11-07"), set.decision,
			 &arena, &rulings, &count),
	    CM_OK);
	cr_assert(rulings[0].terms[0].conditional);
	cr_assert_str_eq(rulings[0].terms[0].due, "2026-11-21");
	cr_assert_str_eq(rulings[0].explain, "File by 2026-11-21; lives in (not known).");
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}
