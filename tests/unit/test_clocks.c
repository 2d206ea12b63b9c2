#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "clocks_help.h"

/*
 * The clocks of a case: when what is told, stops, extensions, what is heard of late, and bounds.
 * Ends of real terms are test_clocks_law; the transition table and seeds are test_clocks_walk.
 */

static struct clock_test t;

static void new_york(void)
{
	clock_test_init(&t, HELP_NEW_YORK);
}

static void end(void)
{
	clock_test_fini(&t);
}

TestSuite(clocks, .init = new_york);

static enum cm_clock_state state(void)
{
	return t.clocks.items[0]->state;
}

/* ---- what is told, and when ------------------------------------------------------------------ */

Test(clocks, each_mark_is_told_once_and_the_next_is_armed)
{
	/* 14 days end on Monday 23 November, 05:00 of the 24th by UTC: 144 and 72 hours before. */
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-24T05:00");
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-18T05:00");
	cr_assert_eq(clock_look(&t, "2026-11-18T04:59"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-18T05:00");
	cr_assert_eq(clock_look(&t, "2026-11-18T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-21T05:00; risk 1");
	cr_assert_eq(clock_look(&t, "2026-11-18T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-21T05:00");
	cr_assert_eq(clock_look(&t, "2026-11-21T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-24T05:00; hold 1");
	cr_assert_eq(clock_look(&t, "2026-11-24T04:59"), CM_OK);
	cr_expect_eq(state(), CM_CLOCK_RUNNING);
	cr_assert_eq(clock_look(&t, "2026-11-24T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 1");
	cr_expect_eq(state(), CM_CLOCK_EXPIRED);
	cr_assert_eq(clock_look(&t, "2026-12-24T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "");
	end();
}

Test(clocks, of_several_marks_that_came_up_at_once_the_gravest_is_told)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(clock_look(&t, "2026-11-22T00:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-24T05:00; hold 1");
	cr_assert_eq(clock_look(&t, "2026-12-22T00:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 1");
	end();
}

Test(clocks, a_clock_told_of_after_its_end_is_over_at_once)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-12-07T15:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 1");
	cr_expect_eq(state(), CM_CLOCK_EXPIRED);
	end();
}

Test(clocks, a_short_term_is_cut_into_thirds_of_the_time_there_is)
{
	cr_assert_eq(
	    clock_start(&t, 8, CM_UNIT_HOURS, false, "2026-11-07T12:00", "2026-11-07T19:00"),
	    CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-08T01:00"); /* served at 17:00 by UTC */
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-07T21:00");
	cr_assert_eq(clock_look(&t, "2026-11-07T21:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-07T23:00; risk 1");
	cr_assert_eq(clock_look(&t, "2026-11-07T23:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-08T01:00; hold 1");
	end();
}

Test(clocks, whatever_weekday_a_term_ends_on_there_is_a_working_day_to_hold_and_one_to_ask)
{
	for (int i = 0; i < 7; i++) {
		struct cm_wall over = {clock_at("2026-08-03T04:00").ms + i * INT64_C(86400000)};
		struct cm_marks marks =
		    cm_marks_of((struct cm_wall){over.ms - INT64_C(20) * 86400000}, over);
		int asked = 0;
		int held = 0;

		for (int64_t day = marks.risk.ms; day < marks.over.ms; day += 86400000) {
			struct cm_wall noon = {day + 43200000};
			int weekday = cm_day_weekday(cm_zone_local(&t.zone, noon, NULL));

			*(day < marks.hold.ms ? &asked : &held) += weekday < 5;
		}
		cr_expect_geq(asked, 1, "end %d", i);
		cr_expect_geq(held, 1, "end %d", i);
	}
	end();
}

Test(clocks, the_clock_that_ends_first_comes_first)
{
	cr_assert_eq(
	    clock_start(&t, 30, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(
	    clock_start(&t, 10, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(
	    clock_start(&t, 20, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(
	    clock_start(&t, 10, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_expect_eq(cm_clocks_first(&t.clocks)->number, 2);
	cr_assert_eq(clock_look(&t, "2026-12-30T00:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 2; over 4; over 3; over 1");
	cr_expect_null(cm_clocks_first(&t.clocks));
	end();
}

Test(clocks, the_clock_of_a_rule_that_only_may_apply_runs)
{
	struct cm_clock_start start = {.what = "motion",
	    .rule = "us.a",
	    .zone_name = "America/New_York",
	    .zone = &t.zone,
	    .count = {CM_UNIT_DAYS, 1, false, NULL},
	    .from = {.form = CM_FROM_DAY, .day = clock_day("2026-11-07")},
	    .conditional = true};
	struct cm_clock_input input = {
	    .event = CM_CLOCK_START, .now = clock_at("2026-11-07T15:00"), .start = &start};

	cr_assert_eq(cm_clocks_step(&t.clocks, &input, &t.effects, &t.err), CM_OK);
	cr_expect_str_eq(clock_says(&t), "motion (us.a): 1 day, to the end of Sunday 2026-11-08 in "
					 "America/New_York: if it applies, running");
	cr_assert_eq(clock_look(&t, "2026-11-09T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 1");
	end();
}

/* ---- stops ----------------------------------------------------------------------------------- */

Test(clocks, days_left_at_the_stop_are_left_when_it_goes_on)
{
	cr_assert_eq(
	    clock_start(&t, 10, CM_UNIT_DAYS, true, "2026-11-06", "2026-11-06T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-17T05:00"); /* Monday 16 */
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-12T15:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "");
	cr_expect_str_eq(clock_says(&t),
	    "motion (us.a): 10 days, 4 days left: stopped; stop by duty counsel, Dublin: a reason");
	cr_assert_eq(clock_look(&t, "2026-12-12T15:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "");
	/* Four days from Tuesday 24: Saturday 28, rolled to Monday. */
	cr_assert_eq(
	    clock_told(&t, CM_CLOCK_RESUME, "2026-11-24T15:00", "2026-11-24T16:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-12-01T05:00");
	cr_expect_eq(t.effects.items[0].kind, CM_CLOCK_ARM);
	end();
}

Test(clocks, a_day_is_the_courts_day)
{
	cr_assert_eq(
	    clock_start(&t, 10, CM_UNIT_DAYS, false, "2026-11-06", "2026-11-06T15:00"), CM_OK);
	/* 02:00 by UTC is the evening before in New York. */
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-12T02:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.count, 5);
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-11-14T02:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-19T05:00");
	end();
}

Test(clocks, hours_left_at_the_stop_are_left_when_it_goes_on)
{
	clock_test_fini(&t);
	clock_test_init(&t, HELP_DUBLIN);
	cr_assert_eq(
	    clock_start(&t, 8, CM_UNIT_HOURS, false, "2026-10-24T22:30", "2026-10-24T21:30"),
	    CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-10-25T05:30");
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-10-24T23:30"), CM_OK);
	cr_expect_str_eq(clock_says(&t), "motion (us.a): 8 hours, 360 minutes left: stopped; stop "
					 "by duty counsel, Dublin: a reason");
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-10-26T09:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-10-26T15:00");
	end();
}

Test(clocks, business_days_and_months_stop_too)
{
	cr_assert_eq(
	    clock_start(&t, 5, CM_UNIT_BUSINESS_DAYS, true, "2026-11-20", "2026-11-20T15:00"),
	    CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-12-01T05:00"); /* Monday 30, over Thanksgiving */
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-24T15:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.count, 3); /* 25, 27, 30 */
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-12-22T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-12-29T05:00"); /* 23, 24, 28: Christmas is none */
	clock_test_fini(&t);
	clock_test_init(&t, HELP_NEW_YORK);
	cr_assert_eq(
	    clock_start(&t, 1, CM_UNIT_MONTHS, false, "2026-01-31", "2026-01-31T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-03-01T05:00");
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-02-20T15:00"), CM_OK);
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-02-25T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-03-06T05:00"); /* eight days from the 25th */
	end();
}

Test(clocks, a_term_that_stopped_while_it_rolled_has_nothing_left)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-22T15:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.count, 0);
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-11-28T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-12-01T05:00"); /* a Saturday rolls */
	end();
}

Test(clocks, what_is_left_is_left_of_the_term_without_its_roll)
{
	/* 48 hours to Saturday 22:00 by UTC, rolled to Monday. */
	cr_assert_eq(
	    clock_start(&t, 48, CM_UNIT_HOURS, true, "2026-11-05T17:00", "2026-11-05T22:00"),
	    CM_OK);
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-06T22:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.ms, INT64_C(24) * 3600 * 1000);
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-11-06T22:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-09T22:00");
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-08T12:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.ms, 0);
	clock_test_fini(&t);
	clock_test_init(&t, HELP_NEW_YORK);
	/* Business days to Tuesday 10, then eleven days to Saturday 21, rolled to Monday. */
	cr_assert_eq(
	    clock_start(&t, 2, CM_UNIT_BUSINESS_DAYS, true, "2026-11-06", "2026-11-06T15:00"),
	    CM_OK);
	cr_assert_eq(clock_extend(&t, 11, CM_UNIT_DAYS, "2026-11-09T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-24T05:00");
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-18T15:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.count, 2); /* 19 and 20 */
	end();
}

Test(clocks, after_a_stop_the_marks_are_told_again)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(clock_look(&t, "2026-11-21T06:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "arm 2026-11-24T05:00; hold 1");
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-21T07:00"), CM_OK);
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-11-22T07:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-24T05:00");
	cr_expect_str_eq(
	    clock_effects(&t), "arm 2026-11-22T22:20"); /* thirds of the 46 hours left */
	end();
}

/* ---- extensions ------------------------------------------------------------------------------ */

Test(clocks, an_extension_counts_from_the_day_the_term_would_have_ended)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	/* Fourteen more from Saturday 21, not from Monday 23: Saturday 5 December, rolled. */
	cr_assert_eq(clock_extend(&t, 14, CM_UNIT_DAYS, "2026-11-19T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-12-08T05:00");
	cr_expect_str_eq(clock_says(&t),
	    "motion (us.a): 14 days, to the end of Monday 2026-12-07 in Some/Where, rolled from "
	    "Saturday 2026-12-05: running; extend by judge, District of Maryland: good cause");
	cr_expect_str_eq(clock_effects(&t), "arm 2026-12-02T05:00");
	end();
}

Test(clocks, a_day_the_court_named_does_not_roll)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(clock_extend_to(&t, "2026-12-05", "2026-11-19T15:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-12-06T05:00");
	cr_expect_eq(clock_extend_to(&t, "2026-12-05", "2026-11-19T15:00"), CM_BAD_INPUT);
	cr_expect_str_eq(t.err.text, "an extension must end later than the term");
	end();
}

Test(clocks, hours_are_extended_by_hours)
{
	cr_assert_eq(
	    clock_start(&t, 8, CM_UNIT_HOURS, false, "2026-11-07T12:00", "2026-11-07T17:00"),
	    CM_OK);
	cr_expect_eq(clock_extend(&t, 2, CM_UNIT_DAYS, "2026-11-07T18:00"), CM_BAD_INPUT);
	cr_assert_eq(clock_extend(&t, 4, CM_UNIT_HOURS, "2026-11-07T18:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-08T05:00");
	cr_expect_eq(clock_extend(&t, CM_MAX_TERM_COUNT + 1, CM_UNIT_HOURS, "2026-11-07T18:00"),
	    CM_BAD_INPUT);
	cr_assert_eq(clock_extend_to(&t, "2026-11-08", "2026-11-07T18:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-09T05:00");
	end();
}

Test(clocks, business_days_of_an_extension_need_a_calendar)
{
	cr_assert_eq(
	    clock_start(&t, 8, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-07T17:00"), CM_OK);
	cr_expect_eq(clock_extend(&t, 2, CM_UNIT_BUSINESS_DAYS, "2026-11-07T18:00"), CM_BAD_INPUT);
	end();
}

/* ---- what is heard of late ------------------------------------------------------------------- */

Test(clocks, what_was_done_in_time_counts_whenever_it_is_heard_of)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(clock_look(&t, "2026-11-24T05:00"), CM_OK);
	cr_expect_eq(state(), CM_CLOCK_EXPIRED);
	cr_expect_eq(
	    clock_told(&t, CM_CLOCK_MEET, "2026-11-24T05:00", "2026-11-25T09:00"), CM_TERM_OVER);
	cr_expect_str_eq(t.err.text, "the term of clock 1, motion, was over");
	cr_expect_eq(state(), CM_CLOCK_EXPIRED);
	cr_assert_eq(clock_told(&t, CM_CLOCK_MEET, "2026-11-24T04:59", "2026-11-25T09:00"), CM_OK);
	cr_expect_eq(state(), CM_CLOCK_MET);
	cr_expect_str_eq(clock_effects(&t), "");
	end();
}

Test(clocks, an_extension_or_a_stop_granted_in_time_revives_a_clock)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_assert_eq(clock_look(&t, "2026-11-24T05:00"), CM_OK);
	cr_assert_eq(clock_told(&t, CM_CLOCK_STOP, "2026-11-20T15:00", "2026-11-25T09:00"), CM_OK);
	cr_expect_eq(state(), CM_CLOCK_STOPPED);
	cr_expect_eq(t.clocks.items[0]->left.count, 1);
	/* It went on at once, but nobody told us: the day left is long over. */
	cr_assert_eq(
	    clock_told(&t, CM_CLOCK_RESUME, "2026-11-20T16:00", "2026-11-25T09:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 1");
	end();
}

Test(clocks, an_extension_after_the_end_is_too_late)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_expect_eq(clock_extend(&t, 14, CM_UNIT_DAYS, "2026-11-24T05:00"), CM_TERM_OVER);
	cr_expect_eq(
	    state(), CM_CLOCK_RUNNING); /* refused, so nothing has happened: not even the look */
	cr_expect_eq(t.effects.count, 0);
	cr_assert_eq(clock_look(&t, "2026-11-24T05:00"), CM_OK);
	cr_expect_str_eq(clock_effects(&t), "over 1");
	end();
}

Test(clocks, nothing_is_told_of_the_future_or_out_of_order)
{
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	cr_expect_eq(
	    clock_told(&t, CM_CLOCK_MEET, "2026-11-12T15:00", "2026-11-12T14:59"), CM_BAD_INPUT);
	cr_expect_eq(
	    clock_told(&t, CM_CLOCK_MEET, "2026-11-07T04:59", "2026-11-12T15:00"), CM_CONFLICT);
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-12T15:00"), CM_OK);
	cr_expect_eq(
	    clock_told(&t, CM_CLOCK_RESUME, "2026-11-12T14:59", "2026-11-13T15:00"), CM_CONFLICT);
	cr_assert_eq(
	    clock_does(&t, CM_CLOCK_MEET, "2027-11-13T15:00"), CM_OK); /* it stood: in time */
	cr_expect_eq(state(), CM_CLOCK_MET);
	end();
}

/* ---- zones that are not known, terms before a day, bounds ------------------------------------ */

static enum cm_status start_with(struct cm_clock_start start, const char *now)
{
	struct cm_clock_input input = {
	    .event = CM_CLOCK_START, .now = clock_at(now), .start = &start};

	return cm_clocks_step(&t.clocks, &input, &t.effects, &t.err);
}

static struct cm_clock_start plain(void)
{
	return (struct cm_clock_start){.what = "motion",
	    .rule = "us.a",
	    .zone_name = "Nowhere/Land",
	    .count = {CM_UNIT_DAYS, 14, false, NULL},
	    .from = {.form = CM_FROM_DAY, .day = clock_day("2026-11-07")}};
}

Test(clocks, in_a_zone_that_is_not_known_a_day_ends_where_it_ends_first)
{
	struct cm_clock_start start = plain();

	cr_assert_eq(start_with(start, "2026-11-07T00:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-21T10:00");
	cr_expect_str_eq(clock_says(&t), "motion (us.a): 14 days, to the end of Saturday "
					 "2026-11-21 where it ends first (time zone "
					 "Nowhere/Land is not known): running");
	/* A moment may fall on the day before somewhere, so the term counts from that. */
	start.from = (struct cm_from){.form = CM_FROM_MOMENT, .at = clock_at("2026-11-07T11:59")};
	cr_assert_eq(start_with(start, "2026-11-07T12:00"), CM_OK);
	cr_expect_eq(t.clocks.items[1]->end.at.ms, clock_at("2026-11-20T10:00").ms);
	start.count.unit = CM_UNIT_HOURS;
	cr_assert_eq(start_with(start, "2026-11-07T12:00"), CM_OK);
	cr_expect_eq(t.clocks.items[2]->end.at.ms, clock_at("2026-11-08T01:59").ms);
	/* Never later than in any zone there is, whether it stops or not. */
	cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-14T11:00"), CM_OK);
	cr_expect_eq(t.clocks.items[0]->left.count, 6); /* the 15th has begun somewhere */
	cr_assert_eq(clock_does(&t, CM_CLOCK_RESUME, "2026-11-16T11:00"), CM_OK);
	cr_expect_str_eq(
	    clock_end(&t), "2026-11-21T10:00"); /* and the 15th is not over elsewhere */
	end();
}

Test(clocks, a_term_before_a_day_rolls_back_and_neither_stops_nor_is_extended)
{
	struct cm_clock_start start = plain();

	start.zone = &t.zone;
	start.count = (struct cm_count){CM_UNIT_DAYS, 2, true, &t.rest};
	start.from.day = clock_day("2026-11-17");
	cr_assert_eq(start_with(start, "2026-11-07T00:00"), CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-14T05:00"); /* Sunday 15: Friday 13 */
	cr_expect_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-08T00:00"), CM_NO_MEANING);
	cr_expect_eq(clock_extend(&t, 2, CM_UNIT_DAYS, "2026-11-08T00:00"), CM_NO_MEANING);
	cr_assert_eq(clock_does(&t, CM_CLOCK_MEET, "2026-11-08T00:00"), CM_OK);
	end();
}

Test(clocks, hours_that_end_on_a_day_of_rest_go_on_to_the_same_time)
{
	cr_assert_eq(
	    clock_start(&t, 48, CM_UNIT_HOURS, true, "2026-11-05T17:00", "2026-11-05T22:00"),
	    CM_OK);
	cr_expect_str_eq(clock_end(&t), "2026-11-09T22:00"); /* Saturday 17:00, so Monday 17:00 */
	end();
}

Test(clocks, what_no_clock_can_be)
{
	struct cm_clock_start start = plain();

	start.what = "";
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start = plain();
	start.count.count = CM_MAX_TERM_COUNT + 1;
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start = plain();
	start.count.unit = CM_UNIT_BUSINESS_DAYS;
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start = plain();
	start.from.form = CM_FROM_TIME;
	start.from.second = 86400;
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start = plain();
	start.from.day = (struct cm_day){CM_DAY_LAST};
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start.from = (struct cm_from){.form = CM_FROM_MOMENT, .at = {INT64_MAX}};
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start.from.at.ms = INT64_MIN;
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	start = plain();
	start.count = (struct cm_count){CM_UNIT_MONTHS, CM_MAX_TERM_COUNT, false, NULL};
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_BAD_INPUT);
	cr_expect_str_eq(t.err.text, "the term of motion leaves the calendar");
	cr_expect_eq(clock_does(&t, CM_CLOCK_MEET, "2026-11-07T00:00"), CM_NOT_FOUND);
	cr_expect_eq(t.clocks.count, 0);
	end();
}

Test(clocks, a_case_has_so_many_clocks_and_a_clock_so_many_changes)
{
	char words[2 * CM_MAX_CLOCK_TEXT_BYTES];
	struct cm_clock_start start = plain();

	memset(words, 'a', sizeof words - 1);
	words[sizeof words - 1] = 0;
	start.rule = words;
	for (int i = 0; i < CM_MAX_CLOCKS; i++)
		cr_assert_eq(start_with(start, "2026-11-07T00:00"), CM_OK);
	cr_expect_eq(start_with(start, "2026-11-07T00:00"), CM_TOO_LARGE);
	cr_expect_eq(strlen(t.clocks.items[0]->rule), CM_MAX_CLOCK_TEXT_BYTES);
	cr_assert_eq(clock_look(&t, "2027-11-07T00:00"), CM_OK);
	cr_expect_eq(t.effects.count, CM_MAX_CLOCKS);
	clock_test_fini(&t);
	clock_test_init(&t, HELP_NEW_YORK);
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	for (int i = 0; i < CM_MAX_CLOCK_CHANGES; i++)
		cr_assert_eq(clock_does(&t, i % 2 == 0 ? CM_CLOCK_STOP : CM_CLOCK_RESUME,
				 "2026-11-08T15:00"),
		    CM_OK);
	cr_expect_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-08T15:00"), CM_TOO_LARGE);
	cr_expect_eq(state(), CM_CLOCK_RUNNING);
	end();
}

Test(clocks, without_memory_nothing_has_happened)
{
	size_t nth = 1;

	for (bool failed = true; failed; nth++) {
		enum cm_status started;
		enum cm_status stopped = CM_OK;

		clock_test_fini(&t);
		clock_test_init(&t, HELP_NEW_YORK);
		cm_alloc_fail_at(nth, false);
		started = clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00");
		if (started == CM_OK)
			stopped = clock_does(&t, CM_CLOCK_STOP, "2026-11-08T15:00");
		failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(failed, started == CM_NO_MEMORY || stopped == CM_NO_MEMORY);
		cr_assert_eq(t.clocks.count, started == CM_OK ? 1 : 0);
		if (stopped == CM_NO_MEMORY)
			cr_assert_eq(state(), CM_CLOCK_RUNNING);
	}
	cr_assert_gt(nth, 1);
	end();
}
