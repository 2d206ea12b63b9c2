#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/link/peer.h"

static struct cm_id id_of(unsigned number)
{
	struct cm_id id = {.bytes = {0}};

	for (int i = 0; i < 4; i++)
		id.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
	id.bytes[15] = 1;
	return id;
}

static unsigned number_of(const struct cm_id *id)
{
	return (unsigned)id->bytes[0] << 24 | (unsigned)id->bytes[1] << 16 |
	       (unsigned)id->bytes[2] << 8 | id->bytes[3];
}

static struct cm_peer_item item_of(unsigned number, size_t bytes)
{
	static const uint8_t body[CM_MAX_RECORD_BYTES + 1];

	return (struct cm_peer_item){
	    .record = {.id = id_of(number), .kind = 10, .body = {body, bytes}}};
}

/* ---- one peer on a bench ----------------------------------------------------------------------
 */

struct bench {
	struct cm_peer peer;
	struct cm_peer_effects effects;
	struct cm_mono now;
};

static void bench_init(struct bench *bench, enum cm_peer_state state)
{
	bench->now.ms = 1000;
	cm_peer_init(&bench->peer, 7);
	bench->peer.state = state;
	bench->peer.beat_at.ms = 2000;
	bench->peer.rest_until.ms = 1500;
	bench->peer.drop_again_at.ms = 6000;
	bench->peer.failures = state == CM_PEER_IS_RESTING;
	bench->peer.missed = state == CM_PEER_IS_DROPPING ? CM_PEER_MISSES : 0;
}

static enum cm_status feed(struct bench *bench, struct cm_peer_input input)
{
	input.now = bench->now;
	return cm_peer_step(&bench->peer, &input, &bench->effects);
}

static void feed_ok(struct bench *bench, struct cm_peer_input input)
{
	enum cm_status status = feed(bench, input);

	cr_assert_eq(status, CM_OK, "%s in %s: %s", cm_peer_event_name(input.event),
	    cm_peer_state_name(bench->peer.state), cm_status_name(status));
}

static void queue(struct bench *bench, struct cm_peer_item *item)
{
	feed_ok(bench, (struct cm_peer_input){.event = CM_PEER_RECORD, .item = item});
	cr_assert_eq(bench->effects.sends_count, 0,
	    "a record waits for the tick, so that a commit's records go together");
}

static void tick_at(struct bench *bench, int64_t ms)
{
	bench->now.ms = ms;
	feed_ok(bench, (struct cm_peer_input){.event = CM_PEER_TICK});
}

static void fail(struct bench *bench, uint64_t token, enum cm_status status)
{
	feed_ok(bench,
	    (struct cm_peer_input){.event = CM_PEER_FAILED, .token = token, .status = status});
}

static void reply(
    struct bench *bench, uint64_t token, const struct cm_receipt *receipts, size_t count)
{
	feed_ok(bench, (struct cm_peer_input){.event = CM_PEER_REPLY,
			   .token = token,
			   .receipts = receipts,
			   .receipts_count = count});
}

static size_t forgotten_count(struct bench *bench)
{
	size_t n = 0;

	while (cm_list_take(&bench->effects.forgotten) != NULL)
		n++;
	return n;
}

/* Records and receipts of an envelope. */
static size_t records_in(struct bench *bench, uint64_t token, struct cm_record *records)
{
	static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	size_t count;
	size_t receipts_count;

	cm_peer_fill(&bench->peer, token, records, &count, receipts, &receipts_count);
	return count;
}

static size_t receipts_in(struct bench *bench, uint64_t token, struct cm_receipt *receipts)
{
	static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
	size_t count;
	size_t records_count;

	cm_peer_fill(&bench->peer, token, records, &records_count, receipts, &count);
	return count;
}

static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];

/* ---- the whole table, drawn again by hand ------------------------------------------------------
 */

#define DOWN CM_PEER_IS_DOWN
#define UP CM_PEER_IS_UP
#define RESTING CM_PEER_IS_RESTING
#define DROPPING CM_PEER_IS_DROPPING
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
			struct cm_peer_item item = item_of(1, 10);
			struct cm_peer_note note = {.receipt = {.id = id_of(2)}};
			struct cm_peer_input input = {
			    .event = drawn[row].event, .item = &item, .note = &note};
			struct bench bench;
			enum cm_status status;

			bench_init(&bench, (enum cm_peer_state)from);
			input.token = arrange(&bench, drawn[row].flavour);
			input.status =
			    drawn[row].flavour == BEAT_BROKEN ? CM_UNREACHABLE : CM_TIMED_OUT;
			status = feed(&bench, input);
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
	cr_assert_eq(feed(&bench, (struct cm_peer_input){.event = CM_PEER_REPLY, .token = 5}),
	    CM_NO_MEANING);
	cr_assert_eq(memcmp(&before, &bench.peer, sizeof before), 0);
	cr_assert_eq(bench.effects.sends_count + (unsigned)bench.effects.has_alarm, 0u);
}

/* ---- sending -----------------------------------------------------------------------------------
 */

Test(link_peer, records_of_one_commit_travel_in_one_envelope_oldest_first)
{
	struct cm_peer_item items[10];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 10; i++) {
		items[i] = item_of(i, 1000);
		queue(&bench, &items[i]);
	}
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench.effects.sends[0].timeout_ms, CM_PEER_SEND_TIMEOUT_MS);
	cr_assert_eq(records_in(&bench, bench.effects.sends[0].token, records), 10);
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(number_of(&records[i].id), i);
}

Test(link_peer, the_first_record_sets_the_alarm_to_now)
{
	struct cm_peer_item item = item_of(1, 10);
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &item);
	cr_assert(bench.effects.has_alarm);
	cr_assert_eq(bench.effects.alarm.ms, 1000);
}

Test(link_peer, an_envelope_ends_before_32_KiB_and_the_window_holds_eight)
{
	struct cm_peer_item items[60];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 60; i++) {
		items[i] = item_of(i, 10000);
		queue(&bench, &items[i]);
	}
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, CM_PEER_WINDOW);
	for (size_t i = 0; i < CM_PEER_WINDOW; i++)
		cr_assert_eq(records_in(&bench, bench.effects.sends[i].token, records), 3);
	cr_assert_eq(bench.peer.ready.count, 60 - 3 * CM_PEER_WINDOW);
	reply(&bench, bench.effects.sends[0].token, NULL, 0);
	cr_assert_eq(
	    bench.effects.sends_count, 1, "a reply makes room for the next envelope at once");
}

Test(link_peer, a_large_record_travels_alone)
{
	struct cm_peer_item items[3] = {
	    item_of(0, 10), item_of(1, CM_MAX_RECORD_BYTES), item_of(2, 10)};
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 3; i++)
		queue(&bench, &items[i]);
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(records_in(&bench, bench.effects.sends[i].token, records), 1);
}

Test(link_peer, a_record_over_the_limit_is_not_taken)
{
	struct cm_peer_item item = item_of(0, CM_MAX_RECORD_BYTES + 1);
	struct bench bench;

	bench_init(&bench, UP);
	cr_assert_eq(feed(&bench, (struct cm_peer_input){.event = CM_PEER_RECORD, .item = &item}),
	    CM_TOO_LARGE);
	cr_assert_eq(bench.peer.items_count, 0);
}

Test(link_peer, an_envelope_holds_at_most_256_records)
{
	static struct cm_peer_item items[300];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 300; i++) {
		items[i] = item_of(i, 0);
		queue(&bench, &items[i]);
	}
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 2);
	cr_assert_eq(
	    records_in(&bench, bench.effects.sends[0].token, records), CM_MAX_ENVELOPE_RECORDS);
}

/* ---- receipts ----------------------------------------------------------------------------------
 */

Test(link_peer, a_record_is_forgotten_by_its_receipt_with_its_verdict)
{
	struct cm_peer_item items[3] = {item_of(0, 10), item_of(1, 10), item_of(2, 10)};
	const struct cm_receipt verdicts[] = {
	    {.id = id_of(0), .status = CM_OK},
	    {.id = id_of(1), .status = CM_DUPLICATE},
	    {.id = id_of(2), .status = CM_NOT_ALLOWED, .reason = "no"},
	};
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 3; i++)
		queue(&bench, &items[i]);
	tick_at(&bench, 1000);
	reply(&bench, 1, verdicts, 3);
	cr_assert_eq(forgotten_count(&bench), 3);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(items[i].verdict.status, verdicts[i].status);
	cr_assert_str_eq(items[2].verdict.reason, "no");
	cr_assert_eq(bench.peer.items_count, 0);
}

static void retry_is(uint32_t status, uint32_t asked_ms, int64_t due_ms)
{
	struct cm_peer_item item = item_of(0, 10);
	const struct cm_receipt later = {.id = id_of(0), .status = status, .retry_ms = asked_ms};
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &item);
	tick_at(&bench, 1000);
	reply(&bench, 1, &later, 1);
	cr_assert_eq(forgotten_count(&bench), 0);
	cr_assert_eq(bench.peer.waiting.count, 1);
	bench.peer.beat_at.ms = CM_PEER_NEVER; /* heartbeats are another test's */
	tick_at(&bench, 1000 + due_ms - 1);
	cr_assert_eq(bench.effects.sends_count, 0, "not before its time");
	cr_assert_eq(bench.effects.alarm.ms, 1000 + due_ms);
	tick_at(&bench, 1000 + due_ms);
	cr_assert_eq(bench.effects.sends_count, 1, "at its time");
	cr_assert_eq(records_in(&bench, bench.effects.sends[0].token, records), 1);
	cr_assert_eq(number_of(&records[0].id), 0, "with the same id");
}

Test(link_peer, try_again_and_disk_full_are_tried_again_when_the_peer_says)
{
	retry_is(CM_TRY_AGAIN, 700, 700);
	retry_is(CM_DISK_FULL, 30000, 30000);
}

Test(link_peer, what_a_peer_asks_for_is_kept_within_bounds)
{
	retry_is(CM_TRY_AGAIN, 0, CM_PEER_RETRY_MIN_MS);
	retry_is(CM_TRY_AGAIN, UINT32_MAX, CM_PEER_RETRY_MAX_MS);
}

Test(link_peer, a_record_the_reply_says_nothing_of_is_sent_again)
{
	struct cm_peer_item item = item_of(0, 10);
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &item);
	tick_at(&bench, 1000);
	reply(&bench, 1, NULL, 0);
	tick_at(&bench, 1000 + CM_PEER_UNANSWERED_MS);
	cr_assert_eq(records_in(&bench, bench.effects.sends[0].token, records), 1);
}

Test(link_peer, a_receipt_for_what_was_never_sent_is_counted_and_ignored)
{
	struct cm_peer_item item = item_of(0, 10);
	const struct cm_receipt strange[] = {{.id = id_of(0)}, {.id = id_of(77)}};
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &item);
	feed_ok(&bench, (struct cm_peer_input){
			    .event = CM_PEER_TOLD, .receipts = strange, .receipts_count = 2});
	cr_assert_eq(bench.peer.strays_count, 2);
	cr_assert_eq(bench.peer.items_count, 1);
}

Test(link_peer, a_receipt_that_comes_by_another_way_counts_wherever_the_record_is)
{
	struct cm_peer_item items[2] = {item_of(0, 10), item_of(1, 10)};
	const struct cm_receipt first = {.id = id_of(0)};
	const struct cm_receipt second = {.id = id_of(1)};
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &items[0]);
	queue(&bench, &items[1]);
	tick_at(&bench, 1000);
	feed_ok(&bench,
	    (struct cm_peer_input){.event = CM_PEER_TOLD, .receipts = &first, .receipts_count = 1});
	cr_assert_eq(forgotten_count(&bench), 1, "while it travels");
	fail(&bench, 1, CM_TIMED_OUT);
	feed_ok(&bench, (struct cm_peer_input){
			    .event = CM_PEER_TOLD, .receipts = &second, .receipts_count = 1});
	cr_assert_eq(forgotten_count(&bench), 1, "while it waits to be sent again");
	cr_assert_eq(bench.peer.items_count, 0);
}

Test(link_peer, receipts_ride_with_records_and_go_alone_if_there_are_none)
{
	struct cm_peer_item item = item_of(0, 10);
	struct cm_peer_note notes[2] = {
	    {.receipt = {.id = id_of(5)}}, {.receipt = {.id = id_of(6)}}};
	struct bench bench;

	bench_init(&bench, UP);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[0]});
	cr_assert_eq(bench.effects.alarm.ms, 1000, "at once");
	queue(&bench, &item);
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(records_in(&bench, 1, records), 1);
	cr_assert_eq(receipts_in(&bench, 1, receipts), 1);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[1]});
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(records_in(&bench, 2, records), 0);
	cr_assert_eq(receipts_in(&bench, 2, receipts), 1);
	fail(&bench, 2, CM_UNREACHABLE);
	cr_assert_eq(bench.peer.notes.count, 1, "a receipt that did not arrive is kept");
	reply(&bench, 1, NULL, 0);
	cr_assert_not_null(cm_list_take(&bench.effects.told), "one that did is given back");
}

Test(link_peer, long_reasons_do_not_make_an_envelope_too_large)
{
	static char reason[CM_MAX_TEXT_BYTES + 1];
	static struct cm_peer_note notes[100];
	struct cm_peer_item item = item_of(0, CM_MAX_RECORD_BYTES);
	struct bench bench;
	size_t bytes = 0;
	size_t count;

	memset(reason, 'r', CM_MAX_TEXT_BYTES);
	bench_init(&bench, UP);
	for (unsigned i = 0; i < 100; i++) {
		notes[i] = (struct cm_peer_note){.receipt = {.id = id_of(i), .reason = reason}};
		feed_ok(
		    &bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[i]});
	}
	queue(&bench, &item);
	tick_at(&bench, 1000);
	count = receipts_in(&bench, 1, receipts);
	for (size_t i = 0; i < count; i++)
		bytes += strlen(receipts[i].reason) + 64;
	cr_assert_gt(count, 0);
	cr_assert_leq(bytes, CM_PEER_BATCH_BYTES);
	cr_assert_lt(bytes + CM_MAX_RECORD_BYTES, CM_MAX_FRAME_BYTES);
}

/* ---- records that ride on a reply ---------------------------------------------------------------
 */

Test(link_peer, records_ride_on_a_reply_and_are_sent_again_if_no_receipt_comes)
{
	struct cm_peer_item items[2] = {item_of(0, 10), item_of(1, 10)};
	const struct cm_receipt receipt = {.id = id_of(0)};
	struct bench bench;

	bench_init(&bench, DOWN);
	queue(&bench, &items[0]);
	queue(&bench, &items[1]);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 2);
	cr_assert_eq(bench.effects.rides[0], &items[0].record);
	cr_assert_eq(bench.effects.alarm.ms, 1000 + CM_PEER_RIDE_MS);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 0, "what rides does not ride twice");
	feed_ok(&bench, (struct cm_peer_input){
			    .event = CM_PEER_TOLD, .receipts = &receipt, .receipts_count = 1});
	cr_assert_eq(forgotten_count(&bench), 1);
	tick_at(&bench, 1000 + CM_PEER_RIDE_MS);
	cr_assert_eq(bench.peer.ready.count, 1);
}

Test(link_peer, a_large_record_does_not_ride)
{
	struct cm_peer_item item = item_of(0, CM_PEER_BATCH_BYTES);
	struct bench bench;

	bench_init(&bench, DOWN);
	queue(&bench, &item);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 0);
}

/* ---- failing and resting ------------------------------------------------------------------------
 */

Test(link_peer, after_a_failure_the_same_records_go_again_after_a_rest_one_envelope_at_a_time)
{
	struct cm_peer_item items[9];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 9; i++) {
		items[i] = item_of(i, 20000);
		queue(&bench, &items[i]);
	}
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 8);
	for (uint64_t token = 8; token >= 1; token--)
		fail(&bench, token, CM_UNREACHABLE);
	cr_assert_eq(bench.peer.state, RESTING);
	cr_assert_eq(bench.peer.failures, 1, "one broken pipe is one failure");
	tick_at(&bench, bench.peer.rest_until.ms - 1);
	cr_assert_eq(bench.effects.sends_count, 0);
	tick_at(&bench, bench.peer.rest_until.ms);
	cr_assert_eq(bench.peer.state, UP);
	cr_assert_eq(bench.effects.sends_count, 1, "one to try");
	cr_assert_eq(records_in(&bench, bench.effects.sends[0].token, records), 1);
	cr_assert_eq(number_of(&records[0].id), 0, "the oldest");
	reply(&bench, bench.effects.sends[0].token, &(struct cm_receipt){.id = id_of(0)}, 1);
	cr_assert_eq(bench.effects.sends_count, 8, "then all");
}

/* How long the nth rest in turn is. */
static int64_t nth_rest(uint64_t seed, unsigned n)
{
	struct cm_peer_item item = item_of(0, 10);
	struct bench bench;
	int64_t rest = 0;

	bench_init(&bench, UP);
	bench.peer.dice = seed;
	queue(&bench, &item);
	for (unsigned i = 0; i <= n; i++) {
		bench.peer.beat_at.ms = CM_PEER_NEVER;
		tick_at(&bench, bench.now.ms + rest);
		cr_assert_eq(bench.effects.sends_count, 1);
		fail(&bench, bench.effects.sends[0].token, CM_TIMED_OUT);
		rest = bench.peer.rest_until.ms - bench.now.ms;
	}
	return rest;
}

Test(link_peer, rests_double_from_100_ms_to_5_s_spread_by_the_seed_and_repeatable)
{
	static const int64_t most[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
	bool has_spread = false;

	for (unsigned n = 0; n < sizeof most / sizeof most[0]; n++) {
		for (uint64_t seed = 1; seed < 20; seed++) {
			int64_t rest = nth_rest(seed, n);

			cr_assert(rest >= most[n] / 2 && rest <= most[n],
			    "rest %u of seed %llu: %lld", n, (unsigned long long)seed,
			    (long long)rest);
			cr_assert_eq(rest, nth_rest(seed, n));
			has_spread = has_spread || rest != nth_rest(seed + 1, n);
		}
	}
	cr_assert(has_spread);
}

Test(link_peer, a_pipe_that_comes_up_amid_a_rest_waits_it_out)
{
	struct cm_peer_item item = item_of(0, 10);
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &item);
	tick_at(&bench, 1000);
	fail(&bench, 1, CM_UNREACHABLE);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	cr_assert_eq(bench.peer.state, RESTING);
	cr_assert_eq(bench.effects.sends_count, 1, "only a heartbeat");
	cr_assert_eq(records_in(&bench, bench.effects.sends[0].token, records), 0);
}

Test(link_peer, replies_that_come_after_the_pipe_is_down_still_count)
{
	struct cm_peer_item item = item_of(0, 10);
	struct bench bench;

	bench_init(&bench, UP);
	queue(&bench, &item);
	tick_at(&bench, 1000);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	reply(&bench, 1, &(struct cm_receipt){.id = id_of(0)}, 1);
	cr_assert_eq(forgotten_count(&bench), 1);
	cr_assert_eq(bench.effects.sends_count, 0);
}

/* ---- heartbeats ---------------------------------------------------------------------------------
 */

Test(link_peer, an_idle_link_beats_each_second_and_a_busy_one_does_not)
{
	struct cm_peer_item item = item_of(0, 10);
	struct bench bench;

	bench_init(&bench, DOWN);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	cr_assert_eq(bench.effects.sends_count, 1, "hello at once");
	cr_assert_eq(bench.effects.sends[0].timeout_ms, CM_PEER_BEAT_MS);
	reply(&bench, 1, NULL, 0);
	cr_assert_eq(bench.effects.alarm.ms, 2000);
	tick_at(&bench, 1999);
	cr_assert_eq(bench.effects.sends_count, 0);
	tick_at(&bench, 2000);
	cr_assert_eq(bench.effects.sends_count, 1);
	reply(&bench, 2, NULL, 0);
	bench.now.ms = 2900;
	queue(&bench, &item);
	tick_at(&bench, 2900);
	reply(&bench, 3, &(struct cm_receipt){.id = id_of(0)}, 1);
	tick_at(&bench, 3000);
	cr_assert_eq(bench.effects.sends_count, 0, "what was heard at 2900 is a heartbeat too");
}

Test(link_peer, two_missed_heartbeats_drop_the_pipe_and_it_is_asked_again_after_5_s)
{
	struct bench bench;

	bench_init(&bench, UP);
	tick_at(&bench, 2000);
	bench.now.ms = 3000;
	fail(&bench, 1, CM_TIMED_OUT);
	cr_assert_not(bench.effects.must_drop);
	cr_assert_eq(bench.effects.sends_count, 1, "the second goes at once");
	bench.now.ms = 4000;
	fail(&bench, 2, CM_TIMED_OUT);
	cr_assert(bench.effects.must_drop);
	cr_assert_eq(bench.peer.state, DROPPING);
	cr_assert_eq(bench.effects.alarm.ms, 9000);
	tick_at(&bench, 9000);
	cr_assert(bench.effects.must_drop);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	cr_assert_eq(bench.peer.state, UP);
}

Test(link_peer, a_reply_between_two_misses_starts_the_count_again)
{
	struct bench bench;

	bench_init(&bench, UP);
	tick_at(&bench, 2000);
	fail(&bench, 1, CM_TIMED_OUT);
	reply(&bench, 2, NULL, 0);
	tick_at(&bench, 4000);
	fail(&bench, 3, CM_TIMED_OUT);
	cr_assert_eq(bench.peer.state, UP);
}

Test(link_peer, a_heartbeat_travels_even_when_the_window_is_full)
{
	struct cm_peer_item items[8];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 8; i++) {
		items[i] = item_of(i, CM_PEER_BATCH_BYTES);
		queue(&bench, &items[i]);
	}
	tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 8);
	tick_at(&bench, 2000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench.effects.sends[0].timeout_ms, CM_PEER_BEAT_MS);
}

Test(link_peer, at_the_end_everything_can_be_taken_back)
{
	struct cm_peer_item items[4] = {
	    item_of(0, 10), item_of(1, 10), item_of(2, CM_PEER_BATCH_BYTES), item_of(3, 10)};
	struct cm_peer_note note = {.receipt = {.id = id_of(9)}};
	struct bench bench;
	size_t count = 0;

	bench_init(&bench, UP);
	queue(&bench, &items[0]);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	queue(&bench, &items[1]);
	feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &note});
	tick_at(&bench, 1000);
	queue(&bench, &items[2]);
	queue(&bench, &items[3]);
	while (cm_peer_take(&bench.peer) != NULL)
		count++;
	cr_assert_eq(count, 4);
	cr_assert_eq(cm_peer_take_note(&bench.peer), &note);
	cr_assert_null(cm_peer_take_note(&bench.peer));
	cr_assert_eq(bench.peer.items_count, 0);
}

/* ---- a lossy network from one seed -------------------------------------------------------------
 */

#define WORLD_RECORDS 400
#define WORLD_MAIL 64

/* A letter on its way: the end of one envelope. */
struct world_mail {
	int64_t at_ms; /* 0: free place */
	uint64_t token;
	bool is_reply;
	enum cm_status status;
	struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	size_t receipts_count;
};

struct world {
	struct bench bench;
	uint64_t dice;
	bool is_calm; /* the network has healed: nothing is lost any more */
	bool is_pipe_up;
	int64_t alarm_ms;
	struct cm_peer_item items[WORLD_RECORDS];
	unsigned queued_count;
	bool has_arrived[WORLD_RECORDS]; /* at the peer, durably */
	unsigned forgotten[WORLD_RECORDS];
	unsigned duplicates_count;
	struct world_mail mail[WORLD_MAIL];
	struct cm_receipt told[CM_MAX_ENVELOPE_RECORDS]; /* for records that rode */
	size_t told_count;
};

static unsigned roll(struct world *world, unsigned sides)
{
	world->dice = world->dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(world->dice >> 33) % sides;
}

/* The peer's durable answer to one record, most of the time. */
static struct cm_receipt judge(struct world *world, const struct cm_record *record)
{
	unsigned number = number_of(&record->id);
	struct cm_receipt receipt = {.id = record->id, .status = CM_OK};

	if (!world->is_calm && roll(world, 10) == 0)
		return (struct cm_receipt){.id = record->id,
		    .status = roll(world, 2) ? CM_TRY_AGAIN : CM_DISK_FULL,
		    .retry_ms = roll(world, 3000)};
	if (world->has_arrived[number]) {
		world->duplicates_count++;
		receipt.status = CM_DUPLICATE;
	}
	world->has_arrived[number] = true;
	return receipt;
}

static void post(struct world *world, struct cm_peer_send send)
{
	struct world_mail *mail = NULL;
	unsigned fate = world->is_calm ? 0 : roll(world, 10);
	static struct cm_record sent[CM_MAX_ENVELOPE_RECORDS];
	size_t count;
	size_t ignored;

	for (size_t i = 0; mail == NULL && i < WORLD_MAIL; i++)
		if (world->mail[i].at_ms == 0)
			mail = &world->mail[i];
	cr_assert_not_null(mail, "no more envelopes under way than the window allows");
	*mail = (struct world_mail){
	    .token = send.token, .at_ms = world->bench.now.ms + 1 + (int64_t)roll(world, 400)};
	if (!world->is_pipe_up || fate == 9) { /* never left */
		mail->status = world->is_pipe_up ? CM_TRY_AGAIN : CM_UNREACHABLE;
		return;
	}
	if (fate == 8) { /* lost on the way there */
		mail->status = CM_TIMED_OUT;
		mail->at_ms = world->bench.now.ms + send.timeout_ms;
		return;
	}
	cm_peer_fill(&world->bench.peer, send.token, sent, &count, receipts, &ignored);
	for (size_t i = 0; i < count; i++)
		mail->receipts[i] = judge(world, &sent[i]);
	mail->receipts_count = count;
	mail->is_reply = fate != 7; /* else lost on the way back */
	if (!mail->is_reply) {
		mail->status = CM_TIMED_OUT;
		mail->at_ms = world->bench.now.ms + send.timeout_ms;
	} else if (!world->is_calm && count > 0 && roll(world, 8) == 0) {
		mail->receipts_count--; /* a reply that forgets one */
	}
}

static void world_feed(struct world *world, struct cm_peer_input input)
{
	struct cm_link_node *node;
	struct cm_peer_effects *effects = &world->bench.effects;

	feed_ok(&world->bench, input);
	while ((node = cm_list_take(&effects->forgotten)) != NULL) {
		struct cm_peer_item *item = CM_CONTAINER(node, struct cm_peer_item, node);
		unsigned number = number_of(&item->record.id);

		world->forgotten[number]++;
		cr_assert(
		    world->has_arrived[number], "record %u is forgotten before it arrived", number);
	}
	if (effects->has_alarm)
		world->alarm_ms = effects->alarm.ms;
	for (size_t i = 0; i < effects->sends_count; i++)
		post(world, effects->sends[i]);
	for (size_t i = 0; i < effects->rides_count; i++)
		if (world->is_calm || roll(world, 3) != 0)
			world->told[world->told_count++] = judge(world, effects->rides[i]);
	if (effects->must_drop) {
		world->is_pipe_up = false;
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	}
}

static void deliver(struct world *world)
{
	for (size_t i = 0; i < WORLD_MAIL; i++) {
		static struct world_mail mail;

		if (world->mail[i].at_ms == 0 || world->mail[i].at_ms > world->bench.now.ms)
			continue;
		mail = world->mail[i]; /* its place may be taken again meanwhile */
		world->mail[i].at_ms = 0;
		if (mail.is_reply)
			world_feed(world, (struct cm_peer_input){.event = CM_PEER_REPLY,
					      .token = mail.token,
					      .receipts = mail.receipts,
					      .receipts_count = mail.receipts_count});
		else
			world_feed(world, (struct cm_peer_input){.event = CM_PEER_FAILED,
					      .token = mail.token,
					      .status = mail.status});
	}
}

static void weather(struct world *world)
{
	unsigned fate = world->is_calm ? 0 : roll(world, 200);

	if (!world->is_pipe_up && (world->is_calm || fate < 20)) {
		world->is_pipe_up = true;
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	} else if (world->is_pipe_up && fate == 199) {
		world->is_pipe_up = false;
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	}
	if (fate > 190 && world->told_count == 0)
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_RIDE});
	if (world->told_count != 0 && roll(world, 5) == 0) {
		size_t count = world->told_count;

		world->told_count = 0;
		memcpy(receipts, world->told, sizeof receipts);
		world_feed(world,
		    (struct cm_peer_input){
			.event = CM_PEER_TOLD, .receipts = receipts, .receipts_count = count});
	}
}

static void live_through(struct world *world, uint64_t seed)
{
	world->dice = seed;
	world->alarm_ms = CM_PEER_NEVER;
	world->bench.now.ms = 1;
	cm_peer_init(&world->bench.peer, seed);
	for (int64_t ms = 1; ms < 200000; ms += 5) {
		world->bench.now.ms = ms;
		world->is_calm = ms > 100000;
		if (world->queued_count < WORLD_RECORDS && roll(world, 20) == 0) {
			struct cm_peer_item *item = &world->items[world->queued_count];

			*item = item_of(
			    world->queued_count, roll(world, 10) == 0 ? 40000 : roll(world, 4000));
			world->queued_count++;
			world_feed(
			    world, (struct cm_peer_input){.event = CM_PEER_RECORD, .item = item});
		}
		weather(world);
		deliver(world);
		if (world->alarm_ms <= ms) {
			world->alarm_ms = CM_PEER_NEVER;
			world_feed(world, (struct cm_peer_input){.event = CM_PEER_TICK});
		}
	}
}

Test(link_peer, over_a_lossy_network_every_record_is_forgotten_exactly_once_and_none_is_lost)
{
	unsigned duplicates = 0;

	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world *world = cm_alloc(1, sizeof *world);

		cr_assert_not_null(world);
		live_through(world, seed);
		cr_assert_eq(world->queued_count, WORLD_RECORDS);
		for (unsigned i = 0; i < WORLD_RECORDS; i++)
			cr_assert_eq(world->forgotten[i], 1,
			    "seed %llu: record %u is forgotten %u times", (unsigned long long)seed,
			    i, world->forgotten[i]);
		cr_assert_eq(world->bench.peer.items_count, 0);
		duplicates += world->duplicates_count;
		cm_free(world);
	}
	cr_assert_gt(duplicates, 30, "the network was lossy");
}
