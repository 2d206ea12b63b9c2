#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/clocks/zone_files.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * What the clocks of the law make of a case. The story's demand is registered at midnight by UTC; the
 * issuing side's first finding has a term of twelve hours: at risk from four o'clock, on hold from eight.
 * Every row is kept as the ledger would, and after every trial each outcome is planned anew.
 */

#define HOUR INT64_C(3600000)
#define NOON "2026-11-05T12:00Z"

static struct fleet f;
static struct cm_zones zones;
static struct cm_docket docket;
static struct cm_effects effects;
static struct story story;

static struct cm_case *the_case(void)
{
	return cm_docket_find(&docket, &story.demand->case_id);
}

/* The term of the first finding of `answer`. */
static struct cm_term *give_term(struct cm_answer *answer, const char *what, const char *due)
{
	struct cm_ruling *r =
	    help_says(&f.arena, (struct cm_finding *)&answer->findings[0], what);

	help_term(&f.arena, r, due, false);
	return (struct cm_term *)r->terms;
}

static void begin(bool asks_again, const char *due)
{
	fleet_init(&f, STORY_FLEET, NULL);
	cm_zones_init(&zones);
	cr_assert_eq(cm_zone_file_read(&zones, CM_ZONES_FOLDER, "UTC", &f.err), CM_OK, "%s", f.err.text);
	fleet_recalls(&f);
	f.env.zones = &zones;
	cm_docket_init(&docket, &f.env);
	cm_effects_init(&effects);
	story = fleet_story(&f, asks_again);
	if (due != NULL)
		(void)give_term(story.first[0], "holds requires preserve", due);
}

static void end(void)
{
	struct cm_case_compared compared;
	enum cm_status status;

	status = cm_case_recompute(
	    &story.demand->case_id, &docket.env, &f.arena, &compared, &f.err);
	cr_assert(status == CM_OK || status == CM_NOT_FOUND, "%s", f.err.text);
	if (status == CM_OK)
		cr_assert_eq(compared.first_different, 0, "stored %s, planned %s", compared.stored,
		    compared.planned);
	cm_effects_fini(&effects);
	cm_docket_fini(&docket);
	cm_zones_fini(&zones);
	fleet_fini(&f);
}

static enum cm_status try(
    const char *sender, enum cm_kind kind, const void *msg, int64_t after_ms)
{
	struct cm_record record = help_record(&f.arena, kind, msg, 77);
	struct cm_input input = help_input(after_ms);
	enum cm_status status;

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	status = cm_docket_record(&docket, &input, sender, &record, &effects, &f.err);
	if (status == CM_OK)
		fleet_keep(&f, &effects, after_ms);
	return status;
}

static void take(const char *sender, enum cm_kind kind, const void *msg, int64_t after_ms)
{
	cr_assert_eq(try(sender, kind, msg, after_ms), CM_OK, "%s", f.err.text);
	cr_assert_not(effects.failed);
}

static void file(void)
{
	take("us", CM_KIND_DEMAND, story.demand, 0);
}

static void answer(size_t which, int64_t after_ms)
{
	take(story.first[which]->node, CM_KIND_ANSWER, story.first[which], after_ms);
}

static const char *ring(int64_t after_ms)
{
	struct cm_input input = help_input(after_ms);

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_docket_timer(&docket, &input, &story.demand->case_id, &effects);
	cr_assert_not(effects.failed);
	fleet_keep(&f, &effects, after_ms);
	return help_effects(&f.arena, &effects);
}

/* "what: why" of every event to central, a line each. */
static const char *events(void)
{
	const char *text = "";

	for (size_t i = 0; i < effects.count; i++) {
		const struct cm_effect *e = &effects.items[i];
		struct cm_event event;

		if (e->kind != CM_EFFECT_SEND || e->what != CM_KIND_EVENT)
			continue;
		cr_assert_eq(cm_record_decode(CM_KIND_EVENT, e->body, &f.arena, &event, &f.err), CM_OK);
		text = cm_arena_printf(&f.arena, "%s%s: %s\n", text, event.what, event.why);
	}
	return text;
}

/* All rows of clocks so far, a line each. */
static const char *told(void)
{
	const char *text = "";

	for (size_t i = 0; i < f.disk.count; i++)
		if (f.disk.rows[i].kind == CM_ROW_CLOCK)
			text = cm_arena_printf(&f.arena, "%s%.*s\n", text, (int)f.disk.rows[i].body.len,
			    (const char *)f.disk.rows[i].body.data);
	return text;
}

static const char *parts(void)
{
	struct cm_outcome out = fleet_outcome(&f, &effects);

	return help_parts(&f.arena, &out);
}

static void on_effects(struct cm_effects *resumed, void *data)
{
	const char **text = data;

	*text = cm_arena_printf(&f.arena, "%s%s", *text, help_effects(&f.arena, resumed));
	for (size_t i = 0; i < resumed->count; i++)
		if (resumed->items[i].kind == CM_EFFECT_STORE) {
			uint8_t *copy = cm_arena_alloc(&f.arena, resumed->items[i].body.len + 1, 1);
			int64_t last_ms = f.disk.rows[f.disk.count - 1].at_ms;

			memcpy(copy, resumed->items[i].body.data, resumed->items[i].body.len);
			f.disk.rows[f.disk.count++] = (struct fleet_row){.case_id = resumed->items[i].case_id,
			    .kind = resumed->items[i].what,
			    .at_ms = last_ms,
			    .body = {copy, resumed->items[i].body.len}};
		}
}

/* A new process with the first rows: what it does when it takes up its cases. */
static const char *restart(size_t count, int64_t after_ms)
{
	struct cm_input input = help_input(after_ms);
	const char *text = "";

	cm_docket_fini(&docket);
	cm_docket_init(&docket, &f.env);
	f.disk.count = count;
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(cm_docket_replay(
		                 &docket, f.disk.rows[i].kind, &f.disk.rows[i].case_id, f.disk.rows[i].at_ms,
		                 f.disk.rows[i].body),
		    CM_OK);
	cr_assert_eq(cm_docket_resume(&docket, &input, on_effects, &text, &f.err), CM_OK, "%s", f.err.text);
	return text;
}

static const char *missing(void)
{
	static char text[64];

	cm_case_missing(the_case(), &docket.env, text, sizeof text);
	return text;
}

#define KEY "test.preserve.2/preserve/2026-11-05T12:00Z/UTC"

/* The demand is there, us and de have answered, ie is silent. */
static void ie_is_silent(void)
{
	begin(false, NOON);
	file();
	answer(0, 50);
	answer(2, 60);
}

/* ---- while the case waits -------------------------------------------------------------------- */

Test(case_clock, the_timer_is_set_for_the_first_mark)
{
	begin(false, NOON);
	file();
	answer(0, 50);
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store answer\nsend event central\narm 14400000\n");
	/* It is set once. */
	answer(2, 60);
	cr_assert_str_eq(help_effects(&f.arena, &effects), "store answer\nsend event central\n");
	end();
}

Test(case_clock, at_risk_central_is_told_who_is_waited_for)
{
	ie_is_silent();
	(void)ring(2000); /* who is missing */
	cr_assert_str_eq(ring(4 * HOUR - 1),
	    "store waited\ntell case.waits\narm 14419999\nsend event central\n");
	cr_assert_str_eq(ring(4 * HOUR),
	    "store clock\ntell clock.at_risk\nsend event central\narm 28800000\n");
	cr_assert_str_eq(events(), "clock.at_risk: preserve (test.preserve.2) is due 2026-11-05T12:00Z, "
	                           "UTC: at risk; waiting for ie\n");
	cr_assert_str_eq(ring(4 * HOUR + 1), "", "once");
	cr_assert_str_eq(told(), "risk " KEY "\n");
	end();
}

Test(case_clock, a_ring_for_a_clock_is_no_ring_for_patience)
{
	ie_is_silent();
	(void)ring(4 * HOUR - 10); /* looks for who is missing, and again twenty seconds later */
	cr_assert_str_eq(ring(4 * HOUR),
	    "store clock\ntell clock.at_risk\nsend event central\narm 28800000\n");
	end();
}

Test(case_clock, at_its_hold_the_case_is_decided_with_what_is_there)
{
	ie_is_silent();
	(void)ring(4 * HOUR);
	(void)ring(8 * HOUR - 1);
	cr_assert_eq(the_case()->revision, 0);
	cr_assert_str_eq(ring(8 * HOUR), "store clock\ntell clock.hold\nsend event central\narm 43200000\n"
	                                 "store clock\nsend event central\nstore outcome\n"
	                                 "send outcome us\nsend event central\n");
	cr_assert_str_eq(events(),
	    "clock.hold: preserve (test.preserve.2) is due 2026-11-05T12:00Z, UTC: hold; waiting for ie\n"
	    "clock.forces: what is open is held without an answer of ie, which will revise it\n"
	    "outcome.decided: a clock cannot wait\n");
	cr_assert_str_eq(parts(), "1 content - hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_str_eq(fleet_outcome(&f, &effects).parts[0].why,
	    "Node ie could not check this part: no answer by 2026-11-05T08:00Z, and preserve "
	    "(test.preserve.2), due 2026-11-05T12:00Z, cannot wait");
	cr_assert_str_eq(told(), "risk " KEY "\nhold " KEY "\nwaits ie\n");
	/* It goes on waiting. */
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(docket.open_count, 1);
	cr_assert_str_eq(missing(), "ie");
	end();
}

Test(case_clock, the_late_answer_revises_it)
{
	ie_is_silent();
	(void)ring(4 * HOUR);
	(void)ring(8 * HOUR);
	answer(1, 9 * HOUR);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_eq(fleet_outcome(&f, &effects).revision, 2);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(docket.open_count, 0);
	cr_assert_null(the_case()->demand, "details of a decided case stay in the ledger alone");
	cr_assert_eq(try("ie", CM_KIND_ANSWER, story.first[1], 9 * HOUR), CM_NO_MEANING);
	end();
}

Test(case_clock, each_late_answer_revises_it_and_the_rest_stays_held)
{
	begin(false, NOON);
	file();
	answer(0, 50);
	(void)ring(8 * HOUR);
	cr_assert_str_eq(missing(), "ie, de");
	answer(1, 9 * HOUR);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(the_case()->revision, 2);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_str_eq(missing(), "de");
	/* de holds nothing: the outcome stands, and the case waits no longer. */
	answer(2, 10 * HOUR);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(the_case()->revision, 2);
	cr_assert_str_eq(restart(f.disk.count, 10 * HOUR), "", "nothing of it has a term");
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	end();
}

/* What central has settled of a case that had another owner is not known while it is silent. */
Test(case_clock, nothing_is_decided_early_without_the_word_of_central)
{
	struct cm_answer word = {.case_id = {{0}}, .round = 1, .node = "central", .region = "central",
	    .at_ms = HELP_NOW_MS, .signed_off_by = "machine", .epoch = 2};

	begin(false, NOON);
	story.demand->epoch = 2;
	file();
	for (size_t i = 0; i < 3; i++) {
		story.first[i]->epoch = 2;
		answer(i, 50 + (int64_t)i);
	}
	cr_assert_str_eq(missing(), "central");
	(void)ring(8 * HOUR);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us hold_for_counsel\n");
	cr_assert_eq(fleet_outcome(&f, &effects).revision, 101, "no number of the former owner's");
	word.case_id = story.demand->case_id;
	take("central", CM_KIND_ANSWER, &word, 9 * HOUR);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(the_case()->revision, 102);
	end();
}

Test(case_clock, a_later_edition_revises_it_while_it_waits)
{
	struct cm_answer *again;

	ie_is_silent();
	(void)ring(8 * HOUR);
	again = help_answer(&f.arena, story.demand, "us", 1);
	again->edition = 2;
	(void)help_host(&f.arena, again, 2, "content", "US", NULL);
	help_digest(&f.arena, again, "US", 1);
	take("us", CM_KIND_ANSWER, again, 9 * HOUR);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(the_case()->revision, 2);
	/* The clock has gone with the finding; what ie might say is held all the same. */
	cr_assert_str_eq(fleet_outcome(&f, &effects).parts[0].why,
	    "Node ie could not check this part: no answer yet");
	end();
}

Test(case_clock, the_day_on_its_face_is_a_clock_before_anybody_has_answered)
{
	begin(false, NULL);
	help_demand_fact(&f.arena, story.demand, "answer_due_on", "2026-11-05");
	file();
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store demand\nsend ask us\nsend ask ie\nsend ask de\nsend event central\narm 2000\n"
	    "tell case.moved\narm 12000000\n");
	/* Nobody has told a zone: it ends at ten by UTC, where the day ends first. */
	(void)ring(10 * HOUR * 2 / 3);
	cr_assert_str_eq(parts(), "1 content - hold_for_counsel\n2 content - hold_for_counsel\n");
	cr_assert_str_eq(missing(), "us, ie, de");
	for (size_t i = 0; i < 3; i++)
		answer(i, 7 * HOUR);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(the_case()->revision, 3, "de holds nothing, and nothing changes");
	end();
}

Test(case_clock, without_zones_every_term_is_the_shorter)
{
	begin(false, NOON);
	f.env.zones = NULL;
	docket.env.zones = NULL;
	file();
	answer(0, 50);
	/* Noon less fourteen hours was before the demand came: that forces nothing, and is told of what is
	 * held in the end. */
	cr_assert_str_eq(help_effects(&f.arena, &effects), "store answer\nsend event central\n");
	end();
}

Test(case_clock, a_clock_that_was_over_before_the_demand_forces_nothing)
{
	begin(false, "2026-11-04");
	file();
	answer(0, 50);
	answer(2, 60);
	cr_assert_str_eq(told(), "");
	(void)ring(2000);
	cr_assert_eq(the_case()->revision, 0);
	end();
}

Test(case_clock, a_withdrawn_case_has_no_clocks)
{
	struct cm_notice notice;

	ie_is_silent();
	(void)ring(8 * HOUR);
	notice = (struct cm_notice){.case_id = story.demand->case_id,
	    .node = "us",
	    .what = CM_NOTICE_WITHDRAW,
	    .at_ms = HELP_NOW_MS,
	    .revision = 1,
	    .by = "clerk",
	    .reasons = "Withdrawn.",
	    .category = "",
	    .region = "",
	    .disposition = ""};
	take("us", CM_KIND_NOTICE, &notice, 9 * HOUR);
	cr_assert_eq(the_case()->state, CM_CASE_WITHDRAWN);
	cr_assert_str_eq(ring(12 * HOUR), "");
	end();
}

Test(case_clock, central_settles_nothing_that_was_decided_early)
{
	struct cm_notice notice;

	ie_is_silent();
	(void)ring(8 * HOUR);
	notice = (struct cm_notice){.case_id = story.demand->case_id,
	    .node = "central",
	    .what = CM_NOTICE_SETTLE,
	    .at_ms = HELP_NOW_MS,
	    .revision = 1,
	    .by = "central counsel",
	    .reasons = "Enough.",
	    .target = 2,
	    .category = "content",
	    .region = "us",
	    .disposition = "reject"};
	take("central", CM_KIND_NOTICE, &notice, 9 * HOUR);
	cr_assert_str_eq(events(), "settlement.refused: This outcome was made before all had answered: "
	                           "wait for their answers.\n");
	end();
}

/* ---- the second round ------------------------------------------------------------------------ */

static void us_is_silent_in_the_second_round(void)
{
	begin(true, NOON);
	(void)give_term(story.second, "holds requires preserve", NOON);
	file();
	for (size_t i = 0; i < 3; i++)
		answer(i, 50);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED_AGAIN);
}

Test(case_clock, the_second_round_is_waited_for_no_longer_than_the_first)
{
	us_is_silent_in_the_second_round();
	(void)ring(4 * HOUR);
	(void)ring(8 * HOUR - 5); /* for who is missing */
	cr_assert_str_eq(ring(8 * HOUR), "store clock\ntell clock.hold\nsend event central\narm 43200000\n"
	                                 "store clock\nsend event central\nstore outcome\n"
	                                 "send outcome us\nsend outcome ie\nsend event central\n");
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us hold_for_counsel\n");
	cr_assert_eq(the_case()->state, CM_CASE_ASKED_AGAIN);
	cr_assert_str_eq(missing(), "us");
	take("us", CM_KIND_ANSWER, story.second, 9 * HOUR);
	cr_assert_str_eq(parts(), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	end();
}

Test(case_clock, the_second_round_is_still_waited_for_after_a_restart)
{
	us_is_silent_in_the_second_round();
	(void)ring(4 * HOUR);
	(void)ring(8 * HOUR);
	cr_assert_str_eq(restart(f.disk.count, 9 * HOUR), "arm 32402000\narm 32400000\n");
	cr_assert_eq(the_case()->state, CM_CASE_ASKED_AGAIN);
	cr_assert_str_eq(missing(), "us");
	cr_assert_str_eq(ring(9 * HOUR), "arm 43200000\n", "nothing is told twice");
	(void)ring(12 * HOUR);
	cr_assert_str_eq(events(),
	    "clock.over: preserve (test.preserve.3) is due 2026-11-05T12:00Z, UTC: over; waiting for us\n"
	    "case.waits: waiting for us\n");
	take("us", CM_KIND_ANSWER, story.second, 13 * HOUR);
	cr_assert_str_eq(parts(), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	end();
}

/* ---- a crash --------------------------------------------------------------------------------- */

/* The whole tale with a crash after the so manieth step: it ends in the same rows. */
static const char *tale(size_t crash_after)
{
	const char *text;
	size_t steps = 0;

	ie_is_silent();
	(void)ring(2000);
	(void)ring(4 * HOUR);
	(void)ring(8 * HOUR);
	for (size_t i = 0; i < f.disk.count; i++) {
		steps += f.disk.rows[i].left == 0;
		if (steps == crash_after) {
			(void)restart(i + 1, f.disk.rows[i].at_ms - HELP_NOW_MS);
			break;
		}
	}
	if (the_case()->state == CM_CASE_ASKED && crash_after < 2)
		answer(0, 4 * HOUR);
	if (crash_after < 3)
		answer(2, 4 * HOUR);
	if (crash_after <= 4)
		(void)ring(4 * HOUR);
	if (crash_after <= 5)
		(void)ring(8 * HOUR);
	cr_assert_eq(the_case()->revision, 1, "crash after step %zu", crash_after);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_str_eq(missing(), "ie");
	answer(1, 9 * HOUR);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	text = told();
	cr_assert_str_eq(text, "risk " KEY "\nhold " KEY "\nwaits ie\n", "crash after step %zu",
	    crash_after);
	cr_assert_eq(the_case()->events, f.disk.count, "crash after step %zu", crash_after);
	end();
	return text;
}

Test(case_clock, after_a_crash_nothing_is_told_twice_and_nothing_left_out)
{
	for (size_t step = 1; step <= 6; step++)
		(void)tale(step);
}

Test(case_clock, a_mark_that_came_while_the_router_was_down_is_told_when_it_is_up)
{
	ie_is_silent();
	(void)restart(f.disk.count, 9 * HOUR);
	cr_assert_str_eq(told(), "hold " KEY "\nwaits ie\n");
	cr_assert_eq(the_case()->revision, 1);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	answer(1, 9 * HOUR);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	end();
}

/* ---- what is decided ------------------------------------------------------------------------- */

/* Part 2 is held, for ie's law is not known; part 1 is for ie to assist with. */
static void one_part_is_held(const char *due)
{
	struct cm_term *term;

	begin(false, NULL);
	term = give_term(story.first[0], "possible forbids compel", due);
	term->act = "answer";
	file();
	for (size_t i = 0; i < 3; i++)
		answer(i, 50);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us hold_for_counsel\n");
}

#define HELD_KEY "test.compel.2/answer/2026-11-05T12:00Z/UTC"

Test(case_clock, the_clocks_of_what_is_held_run_on)
{
	one_part_is_held(NOON);
	cr_assert_str_eq(ring(4 * HOUR),
	    "store clock\ntell clock.at_risk\nsend event central\narm 28800000\n");
	cr_assert_str_eq(events(),
	    "clock.at_risk: answer (test.compel.2) is due 2026-11-05T12:00Z, UTC: at risk; 2 parts are on "
	    "hold\n");
	(void)ring(8 * HOUR);
	(void)ring(12 * HOUR);
	cr_assert_str_eq(told(), "risk " HELD_KEY "\nhold " HELD_KEY "\nover " HELD_KEY "\n");
	cr_assert_null(the_case()->demand);
	cr_assert_str_eq(ring(13 * HOUR), "");
	cr_assert_eq(the_case()->revision, 1);
	end();
}

Test(case_clock, they_run_on_after_a_restart)
{
	one_part_is_held(NOON);
	(void)ring(4 * HOUR);
	cr_assert_str_eq(restart(f.disk.count, 5 * HOUR), "arm 18000005\n");
	cr_assert_str_eq(ring(5 * HOUR), "", "too early");
	cr_assert_str_eq(ring(5 * HOUR + 5), "arm 28800000\n");
	(void)ring(8 * HOUR);
	cr_assert_str_eq(told(), "risk " HELD_KEY "\nhold " HELD_KEY "\n");
	end();
}

Test(case_clock, what_was_over_or_has_no_day_is_told_once_of_what_is_held)
{
	one_part_is_held("2026-11-04");
	cr_assert_str_eq(told(), "over test.compel.2/answer/2026-11-04/UTC\n");
	cr_assert_str_eq(restart(f.disk.count, HOUR), "arm 3600005\n");
	cr_assert_str_eq(ring(HOUR + 5), "");
	end();
	one_part_is_held("");
	cr_assert_str_eq(told(), "risk test.compel.2/answer//UTC\n");
	end();
}

Test(case_clock, of_what_is_decided_the_clock_that_stands_in_the_outcome_runs_on)
{
	begin(true, NULL);
	file();
	for (size_t i = 0; i < 3; i++)
		answer(i, 50);
	take("us", CM_KIND_ANSWER, story.second, 60);
	cr_assert_str_eq(parts(), "1 content ie challenge\n2 content us comply_limited\n");
	/* The motion is due on the 23rd: the first mark is six days before its end. */
	cr_assert_not_null(strstr(help_effects(&f.arena, &effects),
	    cm_arena_printf(&f.arena, "arm %lld\n", (long long)((24 - 6 - 5) * 24 * HOUR))));
	(void)ring((24 - 6 - 5) * 24 * HOUR);
	cr_assert_str_eq(told(), "risk test.motion_to_quash.2/motion_to_quash/2026-11-23/UTC\n");
	end();
}

Test(case_clock, the_day_on_its_face_runs_on_whatever_is_decided)
{
	begin(false, NULL);
	help_demand_fact(&f.arena, story.demand, "answer_due_on", "2026-11-05");
	file();
	for (size_t i = 0; i < 3; i++)
		answer(i, 50);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_str_eq(restart(f.disk.count, HOUR), "arm 3600005\n");
	cr_assert_str_eq(ring(HOUR + 5), "arm 12000000\n");
	(void)ring(10 * HOUR);
	cr_assert_str_eq(told(), "over /answer/2026-11-05/America/New_York\n");
	end();
}

Test(case_clock, a_decided_case_whose_rows_are_not_there_yet_is_looked_at_again)
{
	one_part_is_held(NOON);
	f.disk.hidden = 1;
	cr_assert_str_eq(ring(4 * HOUR), "arm 14400200\n");
	f.disk.hidden = 0;
	cr_assert_str_eq(ring(4 * HOUR + 200),
	    "store clock\ntell clock.at_risk\nsend event central\narm 28800000\n");
	end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

Test(case_clock, without_memory_nothing_is_half_told)
{
	bool has_passed = false;

	ie_is_silent();
	for (size_t nth = 1; !has_passed; nth++) {
		struct cm_input input = help_input(8 * HOUR);
		struct cm_case before = *the_case();

		cm_effects_fini(&effects);
		cm_effects_init(&effects);
		help_pad(&effects.arena, 1000 * (nth % 5));
		cm_alloc_fail_at(nth, false);
		has_passed = cm_case_clock(the_case(), &docket.env, &input, &effects, &f.err) == CM_OK;
		cm_alloc_fail_at(0, false);
		if (has_passed)
			break;
		cr_assert_eq(the_case()->events, before.events, "request %zu", nth);
		cr_assert_eq(the_case()->revision, 0);
		cr_assert_eq(the_case()->told, before.told);
		cr_assert_eq(the_case()->look_at_ms, before.look_at_ms);
		cr_assert_lt(nth, 2000);
	}
	fleet_keep(&f, &effects, 8 * HOUR);
	cr_assert_str_eq(told(), "hold " KEY "\nwaits ie\n");
	end();
}
