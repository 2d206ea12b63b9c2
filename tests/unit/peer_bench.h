/*
 * One peer's core on a bench: put into any state, fed one input at a time, its effects laid open.
 */
#ifndef TEST_PEER_BENCH_H
#define TEST_PEER_BENCH_H

#include "protocol/link/peer.h"

/* The states as the drawing names them. */
#define DOWN CM_PEER_IS_DOWN
#define UP CM_PEER_IS_UP
#define RESTING CM_PEER_IS_RESTING
#define DROPPING CM_PEER_IS_DROPPING

struct bench {
	struct cm_peer peer;
	struct cm_peer_effects effects; /* of the last input */
	struct cm_mono now;
};

/* Records by number, with a body of zeros. */
struct cm_id bench_id(unsigned number);
unsigned bench_number(const struct cm_id *id);
struct cm_peer_item bench_item(unsigned number, size_t bytes);

/* At 1000 ms, in that state and with what is true in it. */
void bench_init(struct bench *bench, enum cm_peer_state state);

/* One input at the bench's own time; the second asserts CM_OK. */
enum cm_status bench_feed(struct bench *bench, struct cm_peer_input input);
void bench_feed_ok(struct bench *bench, struct cm_peer_input input);

/* Inputs by name; each asserts CM_OK. */
void bench_queue(struct bench *bench, struct cm_peer_item *item);
void bench_tick_at(struct bench *bench, int64_t ms);
void bench_fail(struct bench *bench, uint64_t token, enum cm_status status);
void bench_reply(
    struct bench *bench, uint64_t token, const struct cm_receipt *receipts, size_t count);

/* How many items the last input gave back; takes them. */
size_t bench_forgotten(struct bench *bench);

/* Records and receipts of an envelope under way; each array has CM_MAX_ENVELOPE_RECORDS places. */
size_t bench_records_in(struct bench *bench, uint64_t token, struct cm_record *records);
size_t bench_receipts_in(struct bench *bench, uint64_t token, struct cm_receipt *receipts);

#endif
