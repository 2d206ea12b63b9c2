#include <criterion/criterion.h>
#include <string.h>

#include "peer_bench.h"

static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];

/* ---- the whole table, drawn again by hand ----------------------------------------------------- */

#define NONE CM_PEER_STATES_COUNT

enum flavour {
	PLAIN,
	RESTED,      /* rest_until is over */
	STILL_TIRED, /* failures, and rest_until is not over */
	UNKNOWN,     /* a token nobody waits for */
	CONTENT,     /* the token of an envelope */
	BEAT_LATE,   /* the token of the first heartbeat, timed out */
	BEAT_LATE_2, /* of the second in turn */
	BEAT_BROKEN, /* of a heartbeat whose pipe broke */
	DROP_DUE,
};

static const struct {
	enum cm_peer_event event;
	enum flavour flavour;
	enum cm_peer_state to[4]; /* from DOWN, UP, RESTING, DROPPING */
} drawn[] = {
    {CM_PEER_RECORD, PLAIN, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_RECEIPT, PLAIN, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_PIPE_UP, PLAIN, {UP, NONE, NONE, NONE}},
    {CM_PEER_PIPE_UP, RESTED, {UP, NONE, NONE, NONE}},
    {CM_PEER_PIPE_UP, STILL_TIRED, {RESTING, NONE, NONE, NONE}},
    {CM_PEER_PIPE_DOWN, PLAIN, {NONE, DOWN, DOWN, DOWN}},
    {CM_PEER_REPLY, UNKNOWN, {NONE, NONE, NONE, NONE}},
    {CM_PEER_REPLY, CONTENT, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_REPLY, BEAT_LATE, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_FAILED, UNKNOWN, {NONE, NONE, NONE, NONE}},
    {CM_PEER_FAILED, CONTENT, {DOWN, RESTING, RESTING, DROPPING}},
    {CM_PEER_FAILED, BEAT_LATE, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_FAILED, BEAT_LATE_2, {DOWN, DROPPING, DROPPING, DROPPING}},
    {CM_PEER_FAILED, BEAT_BROKEN, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_TOLD, PLAIN, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_RIDE, PLAIN, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_TICK, PLAIN, {DOWN, UP, RESTING, DROPPING}},
    {CM_PEER_TICK, RESTED, {DOWN, UP, UP, DROPPING}},
    {CM_PEER_TICK, DROP_DUE, {DOWN, UP, UP, DROPPING}},
};

/* Put a peer into `state` with what the flavour wants, and return the input's token. */
static uint64_t arrange(struct bench *bench, enum flavour flavour)
{
	struct cm_peer *peer = &bench->peer;

	if (flavour == RESTED)
		bench->now.ms = 1500;
	if (flavour == DROP_DUE)
		bench->now.ms = 6000;
	if (flavour == STILL_TIRED)
		peer->failures = 1;
	if (flavour == UNKNOWN)
		return 99;
	if (flavour == CONTENT) {
		peer->flights[0].token = 1;
		peer->next_token = 2;
		return 1;
	}
	if (flavour == BEAT_LATE || flavour == BEAT_LATE_2 || flavour == BEAT_BROKEN) {
		peer->flights[CM_PEER_WINDOW].token = 1;
		peer->next_token = 2;
		if (flavour == BEAT_LATE_2 && peer->state != DROPPING)
			peer->missed = 1;
		return 1;
	}
	return 0;
}

Test(link_peer, every_event_in_every_state_leads_where_the_drawing_says)
{
	bool seen[CM_PEER_EVENTS_COUNT] = {false};

	for (size_t row = 0; row < sizeof drawn / sizeof drawn[0]; row++) {
		seen[drawn[row].event] = true;
		for (unsigned from = 0; from < CM_PEER_STATES_COUNT; from++) {
			struct cm_peer_item item = bench_item(1, 10);
			struct cm_peer_note note = {.receipt = {.id = bench_id(2)}};
			struct cm_peer_input input = {
			    .event = drawn[row].event, .item = &item, .note = &note};
			struct bench bench;
			enum cm_status status;

			bench_init(&bench, (enum cm_peer_state)from);
			input.token = arrange(&bench, drawn[row].flavour);
			input.status =
			    drawn[row].flavour == BEAT_BROKEN ? CM_UNREACHABLE : CM_TIMED_OUT;
			status = bench_feed(&bench, input);
			if (drawn[row].to[from] == NONE) {
				cr_assert_eq(status, CM_NO_MEANING, "row %zu from %u", row, from);
				cr_assert_eq((unsigned)bench.peer.state, from);
			} else {
				cr_assert_eq(status, CM_OK, "row %zu from %u", row, from);
				cr_assert_eq(bench.peer.state, drawn[row].to[from],
				    "row %zu from %u: %s", row, from,
				    cm_peer_state_name(bench.peer.state));
			}
			cr_assert_eq(bench.effects.must_drop,
			    (drawn[row].flavour == BEAT_LATE_2 &&
				drawn[row].event == CM_PEER_FAILED &&
				(from == UP || from == RESTING)) ||
				(drawn[row].flavour == DROP_DUE && from == DROPPING),
			    "row %zu from %u", row, from);
		}
	}
	for (size_t i = 0; i < CM_PEER_EVENTS_COUNT; i++)
		cr_assert(seen[i], "%s is drawn", cm_peer_event_name((enum cm_peer_event)i));
}

Test(link_peer, what_has_no_meaning_changes_nothing_and_asks_for_nothing)
{
	struct bench bench;
	struct cm_peer before;

	bench_init(&bench, UP);
	before = bench.peer;
	cr_assert_eq(bench_feed(&bench, (struct cm_peer_input){.event = CM_PEER_REPLY, .token = 5}),
	    CM_NO_MEANING);
	cr_assert_eq(memcmp(&before, &bench.peer, sizeof before), 0);
	cr_assert_eq(bench.effects.sends_count + (unsigned)bench.effects.has_alarm, 0u);
}

/* ---- sending ---------------------------------------------------------------------------------- */

Test(link_peer, records_of_one_commit_travel_in_one_envelope_oldest_first)
{
	struct cm_peer_item items[10];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 10; i++) {
		items[i] = bench_item(i, 1000);
		bench_queue(&bench, &items[i]);
	}
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench.effects.sends[0].timeout_ms, CM_PEER_SEND_TIMEOUT_MS);
	cr_assert_eq(bench_records_in(&bench, bench.effects.sends[0].token, records), 10);
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(bench_number(&records[i].id), i);
}

Test(link_peer, the_first_record_sets_the_alarm_to_now)
{
	struct cm_peer_item item = bench_item(1, 10);
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &item);
	cr_assert(bench.effects.has_alarm);
	cr_assert_eq(bench.effects.alarm.ms, 1000);
}

/* ---- at leisure ------------------------------------------------------------------------------- */

static struct cm_peer_item at_leisure(unsigned number, unsigned ms)
{
	struct cm_peer_item item = bench_item(number, 10);

	item.leisure_ms = ms;
	return item;
}

Test(link_peer, a_record_at_leisure_goes_when_its_time_is_over_and_takes_the_others_along)
{
	struct cm_peer_item items[3] = {at_leisure(0, 25), at_leisure(1, 25), at_leisure(2, 25)};
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 3; i++) {
		bench.now.ms = 1000 + i;
		bench_queue(&bench, &items[i]);
	}
	cr_assert_eq(bench.peer.armed_at.ms, 1025);
	bench_tick_at(&bench, 1024);
	cr_assert_eq(bench.effects.sends_count, 0);
	bench_tick_at(&bench, 1025);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench_records_in(&bench, 1, records), 3);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(bench_number(&records[i].id), i);
}

Test(link_peer, a_record_at_leisure_goes_with_one_that_is_not_and_before_it)
{
	struct cm_peer_item items[2] = {at_leisure(0, 25), bench_item(1, 10)};
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &items[0]);
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 0);
	bench_queue(&bench, &items[1]);
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench_records_in(&bench, 1, records), 2);
	cr_assert_eq(bench_number(&records[0].id), 0);
}

Test(link_peer, a_record_at_leisure_rides_on_a_reply_and_comes_back_at_the_end)
{
	struct cm_peer_item items[2] = {at_leisure(0, 25), at_leisure(1, 25)};
	struct bench bench;

	bench_init(&bench, DOWN);
	bench_queue(&bench, &items[0]);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 1);
	bench_queue(&bench, &items[1]);
	cr_assert_eq(cm_peer_take(&bench.peer), &items[1]);
	cr_assert_eq(cm_peer_take(&bench.peer), &items[0]);
	cr_assert_null(cm_peer_take(&bench.peer));
}

Test(link_peer, many_records_at_leisure_wait_for_no_more)
{
	static struct cm_peer_item items[CM_PEER_COMPANY];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < CM_PEER_COMPANY; i++) {
		items[i] = at_leisure(i, 25);
		bench_queue(&bench, &items[i]);
	}
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench_records_in(&bench, 1, records), CM_PEER_COMPANY);
}

/* ---- envelopes -------------------------------------------------------------------------------- */

Test(link_peer, an_envelope_ends_before_32_KiB_and_the_window_holds_eight)
{
	struct cm_peer_item items[60];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 60; i++) {
		items[i] = bench_item(i, 10000);
		bench_queue(&bench, &items[i]);
	}
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, CM_PEER_WINDOW);
	for (size_t i = 0; i < CM_PEER_WINDOW; i++)
		cr_assert_eq(bench_records_in(&bench, bench.effects.sends[i].token, records), 3);
	cr_assert_eq(bench.peer.ready.count, 60 - 3 * CM_PEER_WINDOW);
	bench_reply(&bench, bench.effects.sends[0].token, NULL, 0);
	cr_assert_eq(
	    bench.effects.sends_count, 1, "a reply makes room for the next envelope at once");
}

Test(link_peer, a_large_record_travels_alone)
{
	struct cm_peer_item items[3] = {
	    bench_item(0, 10), bench_item(1, CM_MAX_RECORD_BYTES), bench_item(2, 10)};
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 3; i++)
		bench_queue(&bench, &items[i]);
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(bench_records_in(&bench, bench.effects.sends[i].token, records), 1);
}

Test(link_peer, a_record_over_the_limit_is_not_taken)
{
	struct cm_peer_item item = bench_item(0, CM_MAX_RECORD_BYTES + 1);
	struct bench bench;

	bench_init(&bench, UP);
	cr_assert_eq(bench_feed(&bench, (struct cm_peer_input){.event = CM_PEER_RECORD, .item = &item}),
	    CM_TOO_LARGE);
	cr_assert_eq(bench.peer.items_count, 0);
}

Test(link_peer, an_envelope_holds_at_most_256_records)
{
	static struct cm_peer_item items[300];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 300; i++) {
		items[i] = bench_item(i, 0);
		bench_queue(&bench, &items[i]);
	}
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 2);
	cr_assert_eq(
	    bench_records_in(&bench, bench.effects.sends[0].token, records), CM_MAX_ENVELOPE_RECORDS);
}
