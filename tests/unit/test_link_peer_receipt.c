#include <criterion/criterion.h>
#include <string.h>

#include "peer_bench.h"

static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];

/* ---- receipts --------------------------------------------------------------------------------- */

Test(link_peer_receipt, a_record_is_forgotten_by_its_receipt_with_its_verdict)
{
	struct cm_peer_item items[3] = {bench_item(0, 10), bench_item(1, 10), bench_item(2, 10)};
	const struct cm_receipt verdicts[] = {
	    {.id = bench_id(0), .status = CM_OK},
	    {.id = bench_id(1), .status = CM_DUPLICATE},
	    {.id = bench_id(2), .status = CM_NOT_ALLOWED, .reason = "no"},
	};
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < 3; i++)
		bench_queue(&bench, &items[i]);
	bench_tick_at(&bench, 1000);
	bench_reply(&bench, 1, verdicts, 3);
	cr_assert_eq(bench_forgotten(&bench), 3);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(items[i].verdict.status, verdicts[i].status);
	cr_assert_str_eq(items[2].verdict.reason, "no");
	cr_assert_eq(bench.peer.items_count, 0);
}

static void retry_is(uint32_t status, uint32_t asked_ms, int64_t due_ms)
{
	struct cm_peer_item item = bench_item(0, 10);
	const struct cm_receipt later = {.id = bench_id(0), .status = status, .retry_ms = asked_ms};
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &item);
	bench_tick_at(&bench, 1000);
	bench_reply(&bench, 1, &later, 1);
	cr_assert_eq(bench_forgotten(&bench), 0);
	cr_assert_eq(bench.peer.waiting.count, 1);
	bench.peer.beat_at.ms = CM_PEER_NEVER; /* heartbeats are another test's */
	bench_tick_at(&bench, 1000 + due_ms - 1);
	cr_assert_eq(bench.effects.sends_count, 0, "not before its time");
	cr_assert_eq(bench.effects.alarm.ms, 1000 + due_ms);
	bench_tick_at(&bench, 1000 + due_ms);
	cr_assert_eq(bench.effects.sends_count, 1, "at its time");
	cr_assert_eq(bench_records_in(&bench, bench.effects.sends[0].token, records), 1);
	cr_assert_eq(bench_number(&records[0].id), 0, "with the same id");
}

Test(link_peer_receipt, try_again_and_disk_full_are_tried_again_when_the_peer_says)
{
	retry_is(CM_TRY_AGAIN, 700, 700);
	retry_is(CM_DISK_FULL, 30000, 30000);
}

Test(link_peer_receipt, what_a_peer_asks_for_is_kept_within_bounds)
{
	retry_is(CM_TRY_AGAIN, 0, CM_PEER_RETRY_MIN_MS);
	retry_is(CM_TRY_AGAIN, UINT32_MAX, CM_PEER_RETRY_MAX_MS);
}

Test(link_peer_receipt, a_record_the_reply_says_nothing_of_is_sent_again)
{
	struct cm_peer_item item = bench_item(0, 10);
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &item);
	bench_tick_at(&bench, 1000);
	bench_reply(&bench, 1, NULL, 0);
	bench_tick_at(&bench, 1000 + CM_PEER_UNANSWERED_MS);
	cr_assert_eq(bench_records_in(&bench, bench.effects.sends[0].token, records), 1);
}

Test(link_peer_receipt, a_receipt_for_what_was_never_sent_is_counted_and_ignored)
{
	struct cm_peer_item item = bench_item(0, 10);
	const struct cm_receipt strange[] = {{.id = bench_id(0)}, {.id = bench_id(77)}};
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &item);
	bench_feed_ok(&bench, (struct cm_peer_input){
			    .event = CM_PEER_TOLD, .receipts = strange, .receipts_count = 2});
	cr_assert_eq(bench.peer.strays_count, 2);
	cr_assert_eq(bench.peer.items_count, 1);
}

Test(link_peer_receipt, a_receipt_that_comes_by_another_way_counts_wherever_the_record_is)
{
	struct cm_peer_item items[2] = {bench_item(0, 10), bench_item(1, 10)};
	const struct cm_receipt first = {.id = bench_id(0)};
	const struct cm_receipt second = {.id = bench_id(1)};
	struct bench bench;

	bench_init(&bench, UP);
	bench_queue(&bench, &items[0]);
	bench_queue(&bench, &items[1]);
	bench_tick_at(&bench, 1000);
	bench_feed_ok(&bench,
	    (struct cm_peer_input){.event = CM_PEER_TOLD, .receipts = &first, .receipts_count = 1});
	cr_assert_eq(bench_forgotten(&bench), 1, "while it travels");
	bench_fail(&bench, 1, CM_TIMED_OUT);
	bench_feed_ok(&bench, (struct cm_peer_input){
			    .event = CM_PEER_TOLD, .receipts = &second, .receipts_count = 1});
	cr_assert_eq(bench_forgotten(&bench), 1, "while it waits to be sent again");
	cr_assert_eq(bench.peer.items_count, 0);
}

Test(link_peer_receipt, receipts_ride_with_records_and_go_alone_if_there_are_none)
{
	struct cm_peer_item item = bench_item(0, 10);
	struct cm_peer_note notes[2] = {
	    {.receipt = {.id = bench_id(5)}}, {.receipt = {.id = bench_id(6)}}};
	struct bench bench;

	bench_init(&bench, UP);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[0]});
	cr_assert_eq(bench.effects.alarm.ms, 1000 + CM_PEER_LEISURE_MS, "it waits for a record");
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 0);
	bench_queue(&bench, &item);
	cr_assert_eq(bench.effects.alarm.ms, 1000);
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench_records_in(&bench, 1, records), 1);
	cr_assert_eq(bench_receipts_in(&bench, 1, receipts), 1);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[1]});
	bench_tick_at(&bench, 1000 + CM_PEER_LEISURE_MS - 1);
	cr_assert_eq(bench.effects.sends_count, 0);
	bench_tick_at(&bench, 1000 + CM_PEER_LEISURE_MS);
	cr_assert_eq(bench.effects.sends_count, 1, "alone, when no record comes");
	cr_assert_eq(bench_records_in(&bench, 2, records), 0);
	cr_assert_eq(bench_receipts_in(&bench, 2, receipts), 1);
	bench_fail(&bench, 2, CM_UNREACHABLE);
	cr_assert_eq(bench.peer.notes.count, 1, "a receipt that did not arrive is kept");
	bench_reply(&bench, 1, NULL, 0);
	cr_assert_not_null(cm_list_take(&bench.effects.told), "one that did is given back");
}

Test(link_peer_receipt, many_receipts_wait_for_no_more)
{
	static struct cm_peer_note notes[CM_PEER_COMPANY];
	struct bench bench;

	bench_init(&bench, UP);
	for (unsigned i = 0; i < CM_PEER_COMPANY; i++) {
		notes[i] = (struct cm_peer_note){.receipt = {.id = bench_id(i)}};
		bench_feed_ok(
		    &bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[i]});
	}
	cr_assert_eq(bench.effects.alarm.ms, 1000);
	bench_tick_at(&bench, 1000);
	cr_assert_eq(bench.effects.sends_count, 1);
	cr_assert_eq(bench_receipts_in(&bench, 1, receipts), CM_PEER_COMPANY);
}

Test(link_peer_receipt, long_reasons_do_not_make_an_envelope_too_large)
{
	static char reason[CM_MAX_TEXT_BYTES + 1];
	static struct cm_peer_note notes[100];
	struct cm_peer_item item = bench_item(0, CM_MAX_RECORD_BYTES);
	struct bench bench;
	size_t bytes = 0;
	size_t count;

	memset(reason, 'r', CM_MAX_TEXT_BYTES);
	bench_init(&bench, UP);
	for (unsigned i = 0; i < 100; i++) {
		notes[i] = (struct cm_peer_note){.receipt = {.id = bench_id(i), .reason = reason}};
		bench_feed_ok(
		    &bench, (struct cm_peer_input){.event = CM_PEER_RECEIPT, .note = &notes[i]});
	}
	bench_queue(&bench, &item);
	bench_tick_at(&bench, 1000);
	count = bench_receipts_in(&bench, 1, receipts);
	for (size_t i = 0; i < count; i++)
		bytes += strlen(receipts[i].reason) + 64;
	cr_assert_gt(count, 0);
	cr_assert_leq(bytes, CM_PEER_BATCH_BYTES);
	cr_assert_lt(bytes + CM_MAX_RECORD_BYTES, CM_MAX_FRAME_BYTES);
}

/* ---- records that ride on a reply ------------------------------------------------------------- */

Test(link_peer_receipt, records_ride_on_a_reply_and_are_sent_again_if_no_receipt_comes)
{
	struct cm_peer_item items[2] = {bench_item(0, 10), bench_item(1, 10)};
	const struct cm_receipt receipt = {.id = bench_id(0)};
	struct bench bench;

	bench_init(&bench, DOWN);
	bench_queue(&bench, &items[0]);
	bench_queue(&bench, &items[1]);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 2);
	cr_assert_eq(bench.effects.rides[0], &items[0].record);
	cr_assert_eq(bench.effects.alarm.ms, 1000 + CM_PEER_RIDE_MS);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 0, "what rides does not ride twice");
	bench_feed_ok(&bench, (struct cm_peer_input){
			    .event = CM_PEER_TOLD, .receipts = &receipt, .receipts_count = 1});
	cr_assert_eq(bench_forgotten(&bench), 1);
	bench_tick_at(&bench, 1000 + CM_PEER_RIDE_MS);
	cr_assert_eq(bench.peer.ready.count, 1);
}

Test(link_peer_receipt, a_large_record_does_not_ride)
{
	struct cm_peer_item item = bench_item(0, CM_PEER_BATCH_BYTES);
	struct bench bench;

	bench_init(&bench, DOWN);
	bench_queue(&bench, &item);
	bench_feed_ok(&bench, (struct cm_peer_input){.event = CM_PEER_RIDE});
	cr_assert_eq(bench.effects.rides_count, 0);
}
