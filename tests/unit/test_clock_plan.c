#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "protocol/clocks/zone_files.h"
#include "router/clock_plan.h"

/*
 * What clocks ask of the router: ask early, hold, over; for every stage a time on either side of
 * it. The demand is registered on 2026-11-07 at noon by UTC.
 */

static struct cm_zones zones;
static struct cm_arena arena;
static struct cm_demand *demand;
static const struct cm_answer *answers[8];
static struct cm_answer *answer;
static struct cm_finding *finding;
static struct cm_clock_plan plan;
static struct cm_err err;

static int64_t utc(const char *text)
{
	struct cm_day day;
	int hour;
	int minute;

	cr_assert(cm_day_parse(text, 10, &day), "%s", text);
	cr_assert_eq(sscanf(text + 10, "T%d:%d", &hour, &minute), 2, "%s", text);
	return (INT64_C(86400) * day.number + hour * 3600 + minute * 60) * 1000;
}

static void init(void)
{
	static const char *const names[] = {"America/New_York", "Europe/Berlin", "Asia/Kolkata"};

	cm_zones_init(&zones);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(cm_zone_file_read(&zones, CM_ZONES_FOLDER, names[i], &err), CM_OK);
	cm_arena_init(&arena, 0);
	demand = help_demand(&arena, "US", 1, "content");
	demand->registered_ms = utc("2026-11-07T12:00");
	answer = help_answer(&arena, demand, "us", 1);
	answer->zone = "America/New_York";
	finding = help_finding(&arena, answer, CM_SIDE_ISSUING, 0, "content", "");
	answers[0] = answer;
}

static void end(void)
{
	cm_zones_fini(&zones);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(clock_plan, .init = init);

static struct cm_clock_plan_input input_at(const char *now, size_t count)
{
	return (struct cm_clock_plan_input){.demand = demand,
	    .answers = answers,
	    .answers_count = count,
	    .issuing_node = "us",
	    .zones = &zones,
	    .now = {utc(now)}};
}

static void plan_at(const char *now)
{
	struct cm_clock_plan_input input = input_at(now, 1);

	cr_assert_eq(cm_clock_plan(&input, &arena, &plan), CM_OK);
}

static struct cm_ruling *term(const char *what, const char *due, const char *zone)
{
	struct cm_ruling *r = help_says(&arena, finding, what);

	help_term(&arena, r, due, false);
	((struct cm_term *)r->terms)->zone = zone;
	return r;
}

#define NEW_YORK "America/New_York"

static const char *says(const struct cm_due_clock *clock)
{
	static char text[512];
	struct cm_buf out;

	cm_buf_init(&out, 0);
	cm_clock_sentence(clock, &out);
	(void)snprintf(text, sizeof text, "%s", cm_buf_str(&out));
	cm_buf_fini(&out);
	return text;
}

/* ---- stages
 * -------------------------------------------------------------------------------------- */

Test(clock_plan, without_clocks_nothing_is_asked)
{
	plan_at("2026-11-07T12:00");
	cr_expect_eq(plan.count, 0);
	cr_expect_not(plan.must_hold);
	cr_expect_not(plan.has_next);
	end();
}

static void at(const char *now, enum cm_stage stage, bool must_hold, const char *next)
{
	plan_at(now);
	cr_assert_eq(plan.count, 1);
	cr_expect_eq(
	    plan.clocks[0].stage, stage, "%s: %s", now, cm_stage_name(plan.clocks[0].stage));
	cr_expect_eq(plan.must_hold, must_hold, "%s", now);
	cr_expect_eq(plan.hold_for, must_hold ? &plan.clocks[0] : NULL);
	cr_expect_eq(plan.has_next, next != NULL, "%s", now);
	if (next != NULL)
		cr_expect_eq(plan.next.ms, utc(next), "%s", now);
}

Test(clock_plan, fourteen_days_in_new_york)
{
	term("possible permits motion_to_quash", "2026-11-23", NEW_YORK);
	at("2026-11-07T12:00", CM_STAGE_CALM, false, "2026-11-18T05:00");
	at("2026-11-18T04:59", CM_STAGE_CALM, false, "2026-11-18T05:00");
	at("2026-11-18T05:00", CM_STAGE_RISK, false, "2026-11-21T05:00");
	at("2026-11-21T04:59", CM_STAGE_RISK, false, "2026-11-21T05:00");
	at("2026-11-21T05:00", CM_STAGE_HOLD, true, "2026-11-24T05:00");
	at("2026-11-24T04:59", CM_STAGE_HOLD, true, "2026-11-24T05:00");
	at("2026-11-24T05:00", CM_STAGE_OVER, true, NULL);
	cr_expect_str_eq(says(&plan.clocks[0]),
	    "motion_to_quash (test.motion_to_quash.0) is due 2026-11-23, America/New_York: over");
	end();
}

Test(clock_plan, a_term_that_was_over_before_the_demand_came_forces_nothing)
{
	term("holds permits motion_to_quash", "2026-11-06", NEW_YORK);
	at("2026-11-07T12:00", CM_STAGE_OVER, false, NULL);
	/* One that ended an hour after it came does. */
	((struct cm_term *)finding->rulings[0].terms)->due = "2026-11-07T13:00Z";
	at("2026-11-07T13:00", CM_STAGE_OVER, true, NULL);
	end();
}

Test(clock_plan, eight_hours_are_cut_into_thirds)
{
	/* Told from midnight by UTC: until 20:00. New York is behind, so that stands. */
	term("holds requires disclose", "2026-11-07T20:00Z", NEW_YORK);
	at("2026-11-07T14:39", CM_STAGE_CALM, false, "2026-11-07T14:40");
	at("2026-11-07T14:40", CM_STAGE_RISK, false, "2026-11-07T17:20");
	at("2026-11-07T17:20", CM_STAGE_HOLD, true, "2026-11-07T20:00");
	at("2026-11-07T20:00", CM_STAGE_OVER, true, NULL);
	end();
}

Test(clock_plan, hours_are_the_shorter_ones_where_the_day_began_earlier)
{
	struct {
		const char *due;
		const char *zone;
		const char *ends;
	} rows[] = {
	    {"2026-11-10T00:00Z", "Asia/Kolkata", "2026-11-09T18:30"},
	    {"2026-11-10T00:00Z", NEW_YORK, "2026-11-10T00:00"},
	    {"2026-11-10T00:00Z", "Nowhere/Land", "2026-11-09T10:00"},
	    /* Winter when the demand came, summer at the end: two hours ahead, not one. */
	    {"2027-04-01T06:00Z", "Europe/Berlin", "2027-04-01T04:00"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		finding->rulings_count = 0;
		term("holds requires disclose", rows[i].due, rows[i].zone);
		plan_at("2026-11-07T12:00");
		cr_expect_eq(plan.clocks[0].marks.over.ms, utc(rows[i].ends), "%s", rows[i].zone);
	}
	/* And summer when it came, winter at the end. */
	demand->registered_ms = utc("2026-10-24T12:00");
	finding->rulings_count = 0;
	term("holds requires disclose", "2026-10-27T00:00Z", "Europe/Berlin");
	plan_at("2026-10-24T12:00");
	cr_expect_eq(plan.clocks[0].marks.over.ms, utc("2026-10-26T22:00"));
	end();
}

Test(clock_plan, in_a_zone_that_is_not_known_a_day_ends_where_it_ends_first)
{
	term("holds permits motion_to_quash", "2026-11-23", "Nowhere/Land");
	term("holds permits objection", "2026-11-23", "");
	plan_at("2026-11-07T12:00");
	cr_assert_eq(plan.count, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_not(plan.clocks[i].zone_known);
		cr_expect_eq(plan.clocks[i].marks.over.ms, utc("2026-11-23T10:00"));
	}
	cr_expect_str_eq(says(&plan.clocks[0]),
	    "motion_to_quash (test.motion_to_quash.0) is due 2026-11-23, counted where the day "
	    "ends "
	    "first (time zone Nowhere/Land is not known): calm");
	end();
}

/* ---- which clocks there are
 * ------------------------------------------------------------------------ */

Test(clock_plan, the_clock_that_ends_first_comes_first_and_a_defeated_rule_has_none)
{
	term("holds requires preserve", "2027-02-05", NEW_YORK);
	term("possible permits objection", "2026-11-17", "Europe/Berlin");
	term("defeated permits motion_to_quash", "2026-11-08", NEW_YORK);
	term("holds permits motion_to_quash", "2026-11-17", NEW_YORK);
	plan_at("2026-11-07T12:00");
	cr_assert_eq(plan.count, 3);
	cr_expect_str_eq(plan.clocks[0].zone, "Europe/Berlin");
	cr_expect_str_eq(plan.clocks[1].act, "motion_to_quash");
	cr_expect_str_eq(plan.clocks[2].act, "preserve");
	cr_expect_eq(plan.next.ms, plan.clocks[0].marks.risk.ms);
	end();
}

Test(clock_plan, one_term_told_by_many_findings_is_one_clock)
{
	struct cm_ruling *r = term("possible permits motion_to_quash", "2026-11-23", NEW_YORK);
	struct cm_ruling *again;

	((struct cm_term *)r->terms)->conditional = true;
	plan_at("2026-11-07T12:00");
	cr_expect(plan.clocks[0].conditional);
	cr_expect_str_eq(says(&plan.clocks[0]),
	    "motion_to_quash (test.motion_to_quash.0) is due 2026-11-23, America/New_York: if it "
	    "applies, calm");
	finding = help_finding(&arena, answer, CM_SIDE_ISSUING, 1, "content", "ie");
	again = term("holds permits motion_to_quash", "2026-11-23", NEW_YORK);
	again->rule = answer->findings[0].rulings[0].rule;
	plan_at("2026-11-07T12:00");
	cr_expect_eq(plan.count, 1);
	cr_expect_not(plan.clocks[0].conditional); /* certain for one part is certain */
	((struct cm_term *)again->terms)->due = "2026-11-24";
	plan_at("2026-11-07T12:00");
	cr_expect_eq(plan.count, 2);
	end();
}

Test(clock_plan, a_term_whose_day_is_not_known_is_at_risk_at_once)
{
	static const char *const dues[] = {"", "soon", "2026-11-31", "2026-11-23T",
	    "2026-11-23T24:00Z", "2026-11-23T10:60Z", "2026-11-23T10:00", "2026-11-23 10:00Z",
	    "2026-11-23T1a:00Z", "2026-11-23T10:00Zx", "9999-12-31"};

	for (size_t i = 0; i < sizeof dues / sizeof dues[0]; i++) {
		finding->rulings_count = 0;
		term("holds permits motion_to_quash", dues[i], NEW_YORK);
		plan_at("2026-11-07T12:00");
		cr_assert_eq(plan.count, 1);
		cr_expect_not(plan.clocks[0].counted, "%s", dues[i]);
		cr_expect_eq(plan.clocks[0].stage, CM_STAGE_RISK);
		cr_expect_not(plan.must_hold);
		cr_expect_not(plan.has_next);
	}
	cr_expect_str_eq(says(&plan.clocks[0]), "motion_to_quash (test.motion_to_quash.0) is due "
						"on a day that cannot be read: at risk");
	finding->rulings_count = 0;
	term("holds permits motion_to_quash", "", NEW_YORK);
	term("holds permits objection", "2030-11-23", NEW_YORK);
	plan_at("2026-11-07T12:00");
	cr_expect_str_eq(says(&plan.clocks[1]), "motion_to_quash (test.motion_to_quash.0) is due "
						"on a day that is not known yet: at risk");
	cr_expect(plan.clocks[0].counted); /* those that are counted come first */
	end();
}

Test(clock_plan, the_demands_own_day_counts_before_anybody_has_answered)
{
	struct cm_clock_plan_input input = input_at("2026-11-07T12:00", 0);

	help_demand_fact(&arena, demand, "answer_due_on", "2026-11-20,2026-11-17");
	cr_assert_eq(cm_clock_plan(&input, &arena, &plan), CM_OK);
	cr_assert_eq(plan.count, 1);
	cr_expect_eq(plan.clocks[0].marks.over.ms, utc("2026-11-17T10:00"));
	cr_expect_str_eq(says(&plan.clocks[0]), "answer is due 2026-11-17, counted where the day "
						"ends first (time zone \"\" is not known): "
						"calm");
	/* Once the issuing state's node has answered, its zone is the court's. */
	plan_at("2026-11-07T12:00");
	cr_expect_eq(plan.clocks[0].marks.over.ms, utc("2026-11-18T05:00"));
	end();
}

Test(clock_plan, a_demand_without_a_day_of_its_own)
{
	help_demand_fact(&arena, demand, "answer_due_on", "?");
	plan_at("2026-11-07T12:00");
	cr_expect_eq(plan.count, 0);
	end();
}

Test(clock_plan, more_clocks_than_can_be_watched_let_nobody_wait)
{
	static char dues[CM_MAX_DUE_CLOCKS + 1][16];
	static struct cm_term terms[CM_MAX_DUE_CLOCKS + 1];
	static struct cm_ruling rulings[CM_MAX_DUE_CLOCKS + 1];

	for (int i = 0; i <= CM_MAX_DUE_CLOCKS; i++) {
		cm_day_print((struct cm_day){22000 + i}, dues[i]);
		terms[i] = (struct cm_term){.act = "answer", .due = dues[i], .zone = NEW_YORK};
		rulings[i] = (struct cm_ruling){
		    .rule = "x", .state = CM_RULING_HOLDS, .terms = &terms[i], .terms_count = 1};
	}
	finding->rulings = rulings;
	finding->rulings_count = CM_MAX_DUE_CLOCKS;
	plan_at("2026-11-07T12:00");
	cr_expect_not(plan.must_hold);
	finding->rulings_count++;
	plan_at("2026-11-07T12:00");
	cr_expect_eq(plan.count, CM_MAX_DUE_CLOCKS);
	cr_expect(plan.overfull);
	cr_expect(plan.must_hold);
	cr_expect_eq(plan.hold_for, &plan.clocks[0]);
	end();
}

/* ---- what was told
 * ---------------------------------------------------------------------------------- */

static struct cm_clock_told *told;

static void tell(const struct cm_due_clock *clock, const char *row)
{
	struct cm_buf out;

	cm_buf_init(&out, 0);
	cm_clock_row_print(clock, &out);
	cr_expect_str_eq(cm_buf_str(&out), row);
	cr_assert_eq(cm_clock_row_take(&told, (struct cm_bytes){out.data, out.len}, &arena), CM_OK);
	cm_buf_fini(&out);
}

Test(clock_plan, each_stage_is_news_once_also_after_a_restart)
{
	told = NULL;
	term("holds permits motion_to_quash", "2026-11-23", NEW_YORK);
	plan_at("2026-11-17T12:00");
	cr_expect_not(cm_clock_is_news(&plan.clocks[0], told));
	plan_at("2026-11-18T05:00");
	cr_assert(cm_clock_is_news(&plan.clocks[0], told));
	tell(&plan.clocks[0],
	    "risk test.motion_to_quash.0/motion_to_quash/2026-11-23/America/New_York");
	plan_at("2026-11-19T05:00");
	cr_expect_not(cm_clock_is_news(&plan.clocks[0], told));
	plan_at("2026-11-21T05:00");
	cr_assert(cm_clock_is_news(&plan.clocks[0], told));
	tell(&plan.clocks[0],
	    "hold test.motion_to_quash.0/motion_to_quash/2026-11-23/America/New_York");
	cr_expect_not(cm_clock_is_news(&plan.clocks[0], told));
	/* Another day is another clock: the order was served again. */
	((struct cm_term *)finding->rulings[0].terms)->due = "2026-11-22";
	plan_at("2026-11-21T05:00");
	cr_expect(cm_clock_is_news(&plan.clocks[0], told));
	/* A clock of the machine that was set back does not tell again. */
	((struct cm_term *)finding->rulings[0].terms)->due = "2026-11-23";
	plan_at("2026-11-18T05:00");
	cr_expect_not(cm_clock_is_news(&plan.clocks[0], told));
	plan_at("2026-11-24T05:00");
	cr_expect(cm_clock_is_news(&plan.clocks[0], told));
	tell(&plan.clocks[0],
	    "over test.motion_to_quash.0/motion_to_quash/2026-11-23/America/New_York");
	cr_expect_not(cm_clock_is_news(&plan.clocks[0], told));
	end();
}

Test(clock_plan, rows_that_are_none)
{
	static const char *const rows[] = {
	    "", "risk", "risk ", "calm x", "hold", "holdx y", "ris k"};

	told = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_eq(
		    cm_clock_row_take(&told,
			(struct cm_bytes){(const uint8_t *)rows[i], strlen(rows[i])}, &arena),
		    CM_BAD_INPUT, "%s", rows[i]);
	cr_expect_null(told);
	end();
}

/* ---- standing in
 * ------------------------------------------------------------------------------------ */

Test(clock_plan, a_node_that_gave_no_answer_is_in_trouble)
{
	struct cm_clock_plan_input input = input_at("2026-11-21T05:00", 1);
	const struct cm_answer *stand_in;

	term("holds permits motion_to_quash", "2026-11-23", NEW_YORK);
	plan_at("2026-11-21T05:00");
	stand_in = cm_clock_stand_in(&input, 1, "de", "de", plan.hold_for, &arena);
	cr_assert_not_null(stand_in);
	cr_expect_str_eq(stand_in->node, "de");
	cr_expect_eq(stand_in->round, 1);
	cr_expect_eq(stand_in->hosted_count, 0);
	cr_expect_str_eq(stand_in->trouble,
	    "no answer by 2026-11-21T05:00Z, and motion_to_quash "
	    "(test.motion_to_quash.0), due 2026-11-23, cannot wait");
	/* Made again a day later it says the same: a plan made anew must not differ for it. */
	input = input_at("2026-11-22T05:00", 1);
	plan_at("2026-11-22T05:00");
	cr_expect_str_eq(
	    cm_clock_stand_in(&input, 1, "de", "de", plan.hold_for, &arena)->trouble,
	    stand_in->trouble);
	cr_expect_str_eq(
	    cm_clock_stand_in(&input, 1, "de", "de", NULL, &arena)->trouble, "no answer yet");
	end();
}

Test(clock_plan, without_memory_there_is_no_plan)
{
	size_t limit = 0;

	help_demand_fact(&arena, demand, "answer_due_on", "2026-11-20");
	term("holds permits motion_to_quash", "2026-11-23", NEW_YORK);
	for (enum cm_status status = CM_NO_MEMORY; status != CM_OK; limit += 64) {
		struct cm_clock_plan_input input = input_at("2026-11-07T12:00", 1);
		struct cm_arena small;

		cm_arena_init(&small, limit + 1);
		status = cm_clock_plan(&input, &small, &plan);
		cr_assert(status == CM_OK || status == CM_NO_MEMORY);
		cm_arena_fini(&small);
		cr_assert_lt(limit, 100000);
	}
	cr_expect_gt(limit, 64);
	end();
}
