#include <criterion/criterion.h>

#include "peer_bench.h"

static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];

/* ---- failing and resting ---------------------------------------------------------------------- */

Test(link_peer_rest, after_a_failure_the_same_records_go_again_after_a_rest_one_envelope_at_a_time)
{
	struct cm_peer_item items[9];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 9; i++) {
		items[i] = bench_item(i, 20000);
		bench_queue(&bench, &items[i]);
	}
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 8);
	for (uint64_t token = 8; token >= 1; token--)
		bench_fail(&bench, token, CM_UNREACHABLE);
	cr_assert_eq(bench.peer.state, RESTING);
	cr_assert_eq(bench.peer.failures, 1, "one broken pipe is one failure");
	bench_tick_at(&bench, bench.peer.rest_until.ms - 1);
	cr_assert_eq(bench.effects.sends_count, 0);
	bench_tick_at(&bench, bench.peer.rest_until.ms);
	cr_assert_eq(bench.peer.state, UP);
	cr_assert_eq(bench.effects.sends_count, 1, "one to try");
	cr_assert_eq(bench_records_in(&bench, bench.effects.sends[0].token, records), 1);
	cr_assert_eq(bench_number(&records[0].id), 0, "the oldest");
	bench_reply(&bench, bench.effects.sends[0].token, &(struct cm_receipt){.id = bench_id(0)}, 1);
	cr_assert_eq(bench.effects.sends_count, 8, "then all");
}

/* How long the nth rest in turn is. */
static int64_t nth_rest(uint64_t seed, unsigned n)
{
	struct cm_peer_item item = bench_item(0, 10);
	struct bench bench;
	int64_t rest = 0;

	bench_init(&bench, UP);
	bench.peer.dice = seed;
	bench_queue(&bench, &item);
	for (unsigned i = 0; i <= n; i++) {
		bench.peer.beat_at.ms = CM_PEER_NEVER;
		bench_tick_at(&bench, bench.now.ms + rest);
		cr_assert_eq(bench.effects.sends_count, 1);
		bench_fail(&bench, bench.effects.sends[0].token, CM_TIMED_OUT);
		rest = bench.peer.rest_until.ms - bench.now.ms;
	}
	return rest;
}

Test(link_peer_rest, rests_double_from_100_ms_to_5_s_spread_by_the_seed_and_repeatable)
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

Test(link_peer_rest, a_pipe_that_comes_up_amid_a_rest_waits_it_out)
{
	struct cm_peer_item item = bench_item(0, 10);
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &item);
	bench_tick_at(&bench, 1000);
	bench_fail(&bench, 1, CM_UNREACHABLE);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	cr_assert_eq(bench.peer.state, RESTING);
	cr_assert_eq(bench.effects.sends_count, 1, "only a heartbeat");
	cr_assert_eq(bench_records_in(&bench, bench.effects.sends[0].token, records), 0);
}

Test(link_peer_rest, replies_that_come_after_the_pipe_is_down_still_count)
{
	struct cm_peer_item item = bench_item(0, 10);
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &item);
	bench_tick_at(&bench, 1000);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	bench_reply(&bench, 1, &(struct cm_receipt){.id = bench_id(0)}, 1);
	cr_assert_eq(bench_forgotten(&bench), 1);
	cr_assert_eq(bench.effects.sends_count, 0);
}

/* ---- heartbeats ------------------------------------------------------------------------------- */

Test(link_peer_rest, an_idle_link_beats_each_second_and_a_busy_one_does_not)
{
	struct cm_peer_item item = bench_item(0, 10);
	struct bench bench;

	bench_init(&bench, DOWN);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	cr_assert_eq(bench.effects.sends_count, 1, "hello at once");
	cr_assert_eq(bench.effects.sends[0].timeout_ms, CM_PEER_BEAT_MS);
	bench_reply(&bench, 1, NULL, 0);
	cr_assert_eq(bench.effects.alarm.ms, 2000);
	bench_tick_at(&bench, 1999);
	cr_assert_eq(bench.effects.sends_count, 0);
	bench_tick_at(&bench, 2000);
	cr_assert_eq(bench.effects.sends_count, 1);
	bench_reply(&bench, 2, NULL, 0);
	bench.now.ms = 2900;
	bench_queue(&bench, &item);
	bench_tick_at(&bench, 2900);
	bench_reply(&bench, 3, &(struct cm_receipt){.id = bench_id(0)}, 1);
	bench_tick_at(&bench, 3000);
	cr_assert_eq(bench.effects.sends_count, 0, "what was heard at 2900 is a heartbeat too");
}

Test(link_peer_rest, two_missed_heartbeats_drop_the_pipe_and_it_is_asked_again_after_5_s)
{
	struct bench bench;

	bench_init(&bench, UP);
	bench_tick_at(&bench, 2000);
	bench.now.ms = 3000;
	bench_fail(&bench, 1, CM_TIMED_OUT);
	cr_assert_not(bench.effects.must_drop);
	cr_assert_eq(bench.effects.sends_count, 1, "the second goes at once");
	bench.now.ms = 4000;
	bench_fail(&bench, 2, CM_TIMED_OUT);
	cr_assert(bench.effects.must_drop);
	cr_assert_eq(bench.peer.state, DROPPING);
	cr_assert_eq(bench.effects.alarm.ms, 9000);
	bench_tick_at(&bench, 9000);
	cr_assert(bench.effects.must_drop);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	cr_assert_eq(bench.peer.state, UP);
}

Test(link_peer_rest, a_reply_between_two_misses_starts_the_count_again)
{
	struct bench bench;

	bench_init(&bench, UP);
	bench_tick_at(&bench, 2000);
	bench_fail(&bench, 1, CM_TIMED_OUT);
	bench_reply(&bench, 2, NULL, 0);
	bench_tick_at(&bench, 4000);
	bench_fail(&bench, 3, CM_TIMED_OUT);
	cr_assert_eq(bench.peer.state, UP);
}

Test(link_peer_rest, a_heartbeat_travels_even_when_the_window_is_full)
{
	struct cm_peer_item items[8];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 8; i++) {
		items[i] = bench_item(i, CM_PEER_BATCH_BYTES);
		bench_queue(&bench, &items[i]);
	}
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 8);
	bench_tick_at(&bench, 2000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench.effects.sends[0].timeout_ms, CM_PEER_BEAT_MS);
}

Test(link_peer_rest, at_the_end_everything_can_be_taken_back)
{
	struct cm_peer_item items[4] = {
	    bench_item(0, 10), bench_item(1, 10), bench_item(2, CM_PEER_BATCH_BYTES), bench_item(3, 10)};
	struct cm_peer_note note = {.receipt = {.id = bench_id(9)}};
	struct bench bench;
	size_t count = 0;

	bench_init(&bench, UP);
	bench_queue(&bench, &items[0]);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	bench_queue(&bench, &items[1]);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &note});
	bench_tick_at(&bench, 1000);
	bench_queue(&bench, &items[2]);
	bench_queue(&bench, &items[3]);
	while (cm_peer_take(&bench.peer) != NULL)
		count++;
	cr_assert_eq(count, 4);
	cr_assert_eq(cm_peer_take_note(&bench.peer), &note);
	cr_assert_null(cm_peer_take_note(&bench.peer));
	cr_assert_eq(bench.peer.items_count, 0);
}
