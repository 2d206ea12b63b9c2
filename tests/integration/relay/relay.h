/*
 * The relay: a bad network between two processes that speak nng over Unix sockets, in user space,
 * because this kernel has no netem and the links have no TCP. It stands between who calls and who is
 * called, cuts the stream into whole messages, and delays, slows, loses, doubles, breaks or holds them.
 * Two of them, one at each end, carry a link over TCP, for faults that a real network has.
 *
 * One program, one thread, one loop. It knows the frame around a message and nothing of its content.
 */
#ifndef TEST_RELAY_H
#define TEST_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "protocol/base/list.h"

/* The two directions of a link: from who calls, and back to it. */
enum relay_direction { RELAY_THERE, RELAY_BACK };

/* X(name, meaning): what may be wrong with one direction of a link; all 0: nothing. */
#define RELAY_FAULTS(X)                                                                            \
	X(delay, "each message comes so many ms later")                                            \
	X(rate, "bytes a second; 0: as many as come")                                              \
	X(lose, "of 1000 messages so many vanish without a sign")                                  \
	X(reset, "at so many of 1000 messages the connection breaks in the middle")                \
	X(twice, "of 1000 messages so many come twice")                                            \
	X(hold, "1: nothing is taken and nothing is given, until 0")

/* X(name): what the relay counts for each direction. */
#define RELAY_COUNTS(X) X(messages) X(late) X(lost) X(resets) X(doubled)

struct relay_faults {
#define X(name, meaning) unsigned name;
	RELAY_FAULTS(X)
#undef X
};

struct relay_counts {
#define X(name) uint64_t name;
	RELAY_COUNTS(X)
#undef X
};

struct relay_chunk;

/* One direction of one connection. */
struct relay_way {
	const struct relay_faults *faults; /* the link's, borrowed */
	struct relay_counts *counts;       /* the link's, borrowed */
	uv_stream_t *from;                 /* the wire's, as is `to` */
	uv_stream_t *to;
	struct cm_list chunks; /* read and not yet written, in order; owned */
	uint8_t *got;          /* owned: what is no whole message yet */
	size_t got_len;
	size_t got_cap;
	size_t writing;    /* writes under way */
	uint64_t spent_at; /* since when `spent` counts */
	uint64_t spent;    /* bytes, for the rate */
	bool has_greeted;  /* the eight bytes before the first message have passed */
	bool is_raw;       /* what came is no message: it passes as it is */
	bool is_reading;
	bool has_ended;  /* nothing more comes */
	bool must_break; /* close the wire when all is written */
	void (*on_end)(struct relay_way *way);
	void *wire; /* whose it is */
};

void relay_seed(uint64_t seed);

void relay_way_init(struct relay_way *way);
void relay_way_fini(struct relay_way *way);

/* Take bytes that came; NULL: nothing more comes. */
void relay_way_take(struct relay_way *way, const uint8_t *bytes, size_t len);

/* Write what is due. True if something waits for time to pass. */
bool relay_way_pump(struct relay_way *way, uint64_t now_ms);

#endif
