#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "clocks_help.h"

/*
 * Every pair of state and event, against the table drawn again by hand; and clocks driven by seeds,
 * whose invariants are looked at after every step.
 */

static struct clock_test t;

static void init(void)
{
	clock_test_init(&t, HELP_NEW_YORK);
}

static void end(void)
{
	clock_test_fini(&t);
}

TestSuite(walk, .init = init);

#define NONE (-1)

/* start, stop, resume, extend, meet, look */
static const int table[4][6] = {
    [CM_CLOCK_RUNNING] = {NONE, CM_CLOCK_STOPPED, NONE, CM_CLOCK_RUNNING, CM_CLOCK_MET,
	CM_CLOCK_RUNNING},
    [CM_CLOCK_STOPPED] = {NONE, NONE, CM_CLOCK_RUNNING, NONE, CM_CLOCK_MET, CM_CLOCK_STOPPED},
    [CM_CLOCK_MET] = {NONE, NONE, NONE, NONE, NONE, CM_CLOCK_MET},
    [CM_CLOCK_EXPIRED] = {NONE, CM_CLOCK_STOPPED, NONE, CM_CLOCK_RUNNING, CM_CLOCK_MET,
	CM_CLOCK_EXPIRED},
};

/* A clock in that state; it ends with 23 November. */
static void put_in(enum cm_clock_state state)
{
	clock_test_fini(&t);
	clock_test_init(&t, HELP_NEW_YORK);
	cr_assert_eq(
	    clock_start(&t, 14, CM_UNIT_DAYS, true, "2026-11-07", "2026-11-07T15:00"), CM_OK);
	if (state == CM_CLOCK_STOPPED)
		cr_assert_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-09T15:00"), CM_OK);
	if (state == CM_CLOCK_MET)
		cr_assert_eq(clock_does(&t, CM_CLOCK_MEET, "2026-11-09T15:00"), CM_OK);
	if (state == CM_CLOCK_EXPIRED)
		cr_assert_eq(clock_look(&t, "2026-11-30T15:00"), CM_OK);
	cr_assert_eq(t.clocks.items[0]->state, state);
}

Test(walk, every_state_and_event)
{
	for (int s = 0; s < 4; s++)
		for (int e = 0; e < 6; e++) {
			enum cm_clock_event event = (enum cm_clock_event)e;
			const char *now =
			    s == CM_CLOCK_EXPIRED ? "2026-11-30T15:00" : "2026-11-12T15:00";
			struct cm_clock before;
			struct cm_clock_input input = {.event = event,
			    .now = clock_at(now),
			    .at = clock_at("2026-11-11T15:00"),
			    .clock = 1,
			    .more = {.to_day = true, .day = clock_day("2026-12-20")}};
			enum cm_status status;

			cr_expect_eq(cm_clock_next((enum cm_clock_state)s, event), table[s][e]);
			if (event == CM_CLOCK_START)
				continue;
			put_in((enum cm_clock_state)s);
			before = *t.clocks.items[0];
			status = cm_clocks_step(&t.clocks, &input, &t.effects, &t.err);
			cr_expect_eq(status, table[s][e] == NONE ? CM_NO_MEANING : CM_OK,
			    "%s in %s: %s", cm_clock_event_name(event),
			    cm_clock_state_name((enum cm_clock_state)s), t.err.text);
			if (table[s][e] != NONE)
				cr_expect_eq((int)t.clocks.items[0]->state, table[s][e]);
			else
				cr_expect_eq(memcmp(&before, t.clocks.items[0], sizeof before), 0);
		}
	put_in(CM_CLOCK_MET);
	cr_expect_eq(clock_does(&t, CM_CLOCK_STOP, "2026-11-11T15:00"), CM_NO_MEANING);
	cr_expect_str_eq(t.err.text, "clock 1, motion, is met: stop has no meaning");
	end();
}

/* ---- seeds ----------------------------------------------------------------------------------- */

static uint64_t dice;

static uint32_t roll(uint32_t sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)((dice >> 11) % sides);
}

#define CLOCKS 6
#define HOUR INT64_C(3600000)

struct watch {
	enum cm_stage told[CLOCKS + 1]; /* of the end below */
	int64_t end[CLOCKS + 1];
};

/* After a step that was taken at `now`: nothing passed in silence, nothing was told twice, and the
 * alarm is the soonest mark of a clock that runs. */
static void invariants(struct watch *watch, struct cm_wall now, uint64_t seed)
{
	int64_t soonest = INT64_MAX;
	int64_t armed = INT64_MAX;

	for (size_t i = 0; i < t.clocks.count; i++) {
		const struct cm_clock *c = t.clocks.items[i];

		if (c->end.at.ms != watch->end[c->number] || c->told < watch->told[c->number])
			watch->told[c->number] = CM_STAGE_CALM;
		watch->end[c->number] = c->end.at.ms;
	}
	for (size_t i = 0; i < t.effects.count; i++) {
		const struct cm_clock_effect *e = &t.effects.items[i];

		if (e->kind == CM_CLOCK_ARM) {
			cr_assert_eq(i, 0);
			armed = e->at.ms;
			continue;
		}
		cr_assert_gt((int)e->kind, (int)watch->told[e->clock], "seed %llu: told twice",
		    (unsigned long long)seed);
		watch->told[e->clock] = (enum cm_stage)e->kind;
		cr_assert(i < 2 || t.effects.items[i - 1].kind == CM_CLOCK_ARM ||
			  t.effects.items[i - 1].at.ms <= e->at.ms);
	}
	for (size_t i = 0; i < t.clocks.count; i++) {
		const struct cm_clock *c = t.clocks.items[i];
		struct cm_marks marks = cm_clock_marks(c);
		struct cm_wall next;

		if (c->state == CM_CLOCK_EXPIRED)
			cr_assert_eq(watch->told[c->number], CM_STAGE_OVER, "seed %llu: in silence",
			    (unsigned long long)seed);
		if (c->state != CM_CLOCK_RUNNING)
			continue;
		cr_assert_gt(
		    c->end.at.ms, now.ms, "seed %llu: in silence", (unsigned long long)seed);
		cr_assert_geq(watch->told[c->number], cm_marks_stage(&marks, now),
		    "seed %llu: in silence", (unsigned long long)seed);
		if (cm_marks_next(&marks, now, &next) && next.ms < soonest)
			soonest = next.ms;
	}
	cr_assert_eq(armed, soonest, "seed %llu: the alarm", (unsigned long long)seed);
}

static struct cm_clock_start any_start(struct cm_wall now)
{
	enum cm_unit unit = (enum cm_unit)roll(CM_UNITS);

	return (struct cm_clock_start){.what = "any",
	    .zone = roll(5) == 0 ? NULL : &t.zone,
	    .count = {unit, roll(20), roll(8) == 0,
		unit == CM_UNIT_BUSINESS_DAYS || roll(2) == 0 ? &t.rest : NULL},
	    .from = {.form = roll(2) == 0 ? CM_FROM_DAY : CM_FROM_MOMENT,
		.day = cm_wall_utc_day(now),
		.at = {now.ms - roll(100) * HOUR}}};
}

static void drive(uint64_t seed)
{
	struct cm_wall now = clock_at("2026-10-20T07:00");
	struct watch watch = {.told = {CM_STAGE_CALM}};

	dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	clock_test_init(&t, seed % 2 == 0 ? HELP_NEW_YORK : HELP_DUBLIN);
	for (int i = 0; i < 60; i++) {
		struct cm_clock_start start = any_start(now);
		struct cm_clock_input input = {.event = (enum cm_clock_event)roll(6),
		    .now = now,
		    .at = {now.ms - (roll(3) == 0 ? roll(200) : 0) * HOUR},
		    .clock = 1 + roll(CLOCKS),
		    .start = &start,
		    .more = {.to_day = roll(2) == 0,
			.day = {cm_wall_utc_day(now).number + (int32_t)roll(40)},
			.unit = (enum cm_unit)roll(CM_UNITS),
			.count = roll(20)}};
		struct cm_clocks copy = t.clocks;

		if (input.event == CM_CLOCK_START && t.clocks.count == CLOCKS)
			input.event = CM_CLOCK_LOOK;
		if (cm_clocks_step(&t.clocks, &input, &t.effects, &t.err) == CM_OK) {
			invariants(&watch, now, seed);
		} else {
			cr_assert_eq(t.effects.count, 0);
			cr_assert_eq(t.clocks.count, copy.count);
			/* What was due at this time is due at the next look, not lost. */
			input.event = CM_CLOCK_LOOK;
			cr_assert_eq(cm_clocks_step(&t.clocks, &input, &t.effects, &t.err), CM_OK);
			invariants(&watch, now, seed);
		}
		now.ms += roll(60) * HOUR;
	}
	clock_test_fini(&t);
}

Test(walk, no_clock_passes_in_silence_whatever_happens)
{
	clock_test_fini(&t);
	for (uint64_t seed = 1; seed <= 5000; seed++)
		drive(seed);
}
