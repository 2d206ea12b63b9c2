#include "peer_bench.h"

#include <criterion/criterion.h>

struct cm_id bench_id(unsigned number)
{
	struct cm_id id = {.bytes = {0}};

	for (int i = 0; i < 4; i++)
		id.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
	id.bytes[15] = 1;
	return id;
}

unsigned bench_number(const struct cm_id *id)
{
	return (unsigned)id->bytes[0] << 24 | (unsigned)id->bytes[1] << 16 |
	       (unsigned)id->bytes[2] << 8 | id->bytes[3];
}

struct cm_peer_item bench_item(unsigned number, size_t bytes)
{
	static const uint8_t body[CM_MAX_RECORD_BYTES + 1];

	return (struct cm_peer_item){
	    .record = {.id = bench_id(number), .kind = 10, .body = {body, bytes}}};
}

void bench_init(struct bench *bench, enum cm_peer_state state)
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

enum cm_status bench_feed(struct bench *bench, struct cm_peer_input input)
{
	input.now = bench->now;
	return cm_peer_step(&bench->peer, &input, &bench->effects);
}

void bench_feed_ok(struct bench *bench, struct cm_peer_input input)
{
	enum cm_status status = bench_feed(bench, input);

	cr_assert_eq(status, CM_OK, "%s in %s: %s", cm_peer_event_name(input.event),
	    cm_peer_state_name(bench->peer.state), cm_status_name(status));
}

void bench_queue(struct bench *bench, struct cm_peer_item *item)
{
	bench_feed_ok(bench, (struct cm_peer_input){.event = CM_PEER_RECORD, .item = item});
	cr_assert_eq(bench->effects.sends_count, 0,
	    "a record waits for the tick, so that a commit's records go together");
}

void bench_tick_at(struct bench *bench, int64_t ms)
{
	bench->now.ms = ms;
	bench_feed_ok(bench, (struct cm_peer_input){.event = CM_PEER_TICK});
}

void bench_fail(struct bench *bench, uint64_t token, enum cm_status status)
{
	bench_feed_ok(bench,
	    (struct cm_peer_input){.event = CM_PEER_FAILED, .token = token, .status = status});
}

void bench_reply(
    struct bench *bench, uint64_t token, const struct cm_receipt *receipts, size_t count)
{
	bench_feed_ok(bench, (struct cm_peer_input){.event = CM_PEER_REPLY,
			   .token = token,
			   .receipts = receipts,
			   .receipts_count = count});
}

size_t bench_forgotten(struct bench *bench)
{
	size_t n = 0;

	while (cm_list_take(&bench->effects.forgotten) != NULL)
		n++;
	return n;
}

size_t bench_records_in(struct bench *bench, uint64_t token, struct cm_record *records)
{
	static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	size_t count;
	size_t receipts_count;

	cm_peer_fill(&bench->peer, token, records, &count, receipts, &receipts_count);
	return count;
}

size_t bench_receipts_in(struct bench *bench, uint64_t token, struct cm_receipt *receipts)
{
	static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
	size_t count;
	size_t records_count;

	cm_peer_fill(&bench->peer, token, records, &records_count, receipts, &count);
	return count;
}
