/*
 * One direction of a connection. Bytes come in, are cut into nng's messages (on ipc: a byte 1, eight
 * bytes of length, the message), meet their fate once when they are whole, wait in a queue, and go
 * out when they are due. A message is lost, doubled or broken as a whole, so that what comes out is
 * always a stream that nng can read, up to a break.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "tests/integration/relay/relay.h"

#define GREETING_BYTES 8
#define HEAD_BYTES 9
#define MAX_MESSAGE (64u * 1024 * 1024) /* more is no message but noise */
#define SLICE_MS 10                     /* how finely the rate is dealt out */

struct relay_chunk {
	struct cm_link_node node;
	uint64_t due_ms;
	size_t len;
	size_t sent;
	bool breaks; /* the connection ends behind it */
	uint8_t bytes[];
};

struct write {
	uv_write_t request;
	struct relay_way *way;
	uint8_t bytes[];
};

static uint64_t dice_state = 1;

void relay_seed(uint64_t seed)
{
	dice_state = seed * 2654435761u + 88172645463325252u;
}

/* Whether it hits, in so many of 1000 cases. */
static bool dice(unsigned of_thousand)
{
	if (of_thousand == 0)
		return false;
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (dice_state >> 11) % 1000 < of_thousand;
}

static void *need(void *block)
{
	if (block == NULL)
		abort();
	return block;
}

void relay_way_init(struct relay_way *way)
{
	cm_list_init(&way->chunks);
	way->is_reading = true;
}

void relay_way_fini(struct relay_way *way)
{
	struct cm_link_node *node;

	while ((node = cm_list_take(&way->chunks)) != NULL)
		cm_free(CM_CONTAINER(node, struct relay_chunk, node));
	cm_free(way->got);
}

/* ---- in -------------------------------------------------------------------------------------- */

static struct relay_chunk *queue(struct relay_way *way, const uint8_t *bytes, size_t len)
{
	struct relay_chunk *chunk = need(cm_alloc(1, sizeof *chunk + len));

	chunk->len = len;
	chunk->due_ms = uv_now(way->to->loop) + way->faults->delay;
	way->counts->late += way->faults->delay > 0;
	memcpy(chunk->bytes, bytes, len);
	cm_list_append(&way->chunks, &chunk->node);
	return chunk;
}

/* A whole message meets its fate. */
static void pass(struct relay_way *way, const uint8_t *bytes, size_t len)
{
	way->counts->messages++;
	if (dice(way->faults->reset)) {
		way->counts->resets++;
		queue(way, bytes, len / 2)->breaks = true;
		return;
	}
	if (dice(way->faults->lose)) {
		way->counts->lost++;
		return;
	}
	(void)queue(way, bytes, len);
	if (dice(way->faults->twice)) {
		way->counts->doubled++;
		(void)queue(way, bytes, len);
	}
}

/* The bytes of the next whole piece, 0 if it is not whole yet. */
static size_t next_piece(struct relay_way *way, const uint8_t *bytes, size_t left)
{
	uint64_t len = 0;

	if (way->is_raw)
		return left;
	if (!way->has_greeted)
		return left >= GREETING_BYTES ? GREETING_BYTES : 0;
	if (left < HEAD_BYTES)
		return 0;
	for (unsigned i = 1; i < HEAD_BYTES; i++)
		len = len << 8 | bytes[i];
	if (bytes[0] != 1 || len > MAX_MESSAGE) {
		way->is_raw = true;
		return left;
	}
	return left - HEAD_BYTES >= len ? HEAD_BYTES + (size_t)len : 0;
}

static void keep(struct relay_way *way, const uint8_t *bytes, size_t len)
{
	if (way->got_cap - way->got_len < len) {
		way->got_cap = 2 * way->got_cap + len;
		way->got = need(cm_realloc(way->got, way->got_cap, 1));
	}
	memcpy(way->got + way->got_len, bytes, len);
	way->got_len += len;
}

/* All that comes by, for who wants to look through it: appended to the file that RELAY_TAP names. */
static void tap(const uint8_t *bytes, size_t len)
{
	static FILE *file;
	const char *path = getenv("RELAY_TAP");

	if (path == NULL || path[0] == 0)
		return;
	if (file == NULL)
		file = fopen(path, "ae");
	if (file == NULL || fwrite(bytes, 1, len, file) != len || fflush(file) != 0)
		abort();
}

void relay_way_take(struct relay_way *way, const uint8_t *bytes, size_t len)
{
	size_t from = 0;
	size_t piece;

	if (bytes == NULL) {
		way->has_ended = true;
		return;
	}
	tap(bytes, len);
	keep(way, bytes, len);
	while (from < way->got_len &&
	       (piece = next_piece(way, way->got + from, way->got_len - from)) > 0) {
		if (way->has_greeted && !way->is_raw)
			pass(way, way->got + from, piece);
		else
			(void)queue(way, way->got + from, piece);
		way->has_greeted = true;
		from += piece;
	}
	memmove(way->got, way->got + from, way->got_len - from);
	way->got_len -= from;
}

/* ---- out ------------------------------------------------------------------------------------- */

static void on_written(uv_write_t *request, int status)
{
	struct write *write = CM_CONTAINER(request, struct write, request);
	struct relay_way *way = write->way;

	way->writing--;
	if (status != 0)
		way->must_break = true;
	cm_free(write);
	if (way->writing == 0 && (way->must_break || way->has_ended))
		way->on_end(way);
}

static void put(struct relay_way *way, const uint8_t *bytes, size_t len)
{
	struct write *write = need(cm_alloc(1, sizeof *write + len));
	uv_buf_t buf = uv_buf_init((char *)write->bytes, (unsigned)len);

	write->way = way;
	memcpy(write->bytes, bytes, len);
	if (uv_write(&write->request, way->to, &buf, 1, on_written) == 0) {
		way->writing++;
		return;
	}
	way->must_break = true;
	cm_free(write);
}

/* How many bytes the rate allows now. */
static size_t allowance(struct relay_way *way, size_t wanted, uint64_t now_ms)
{
	uint64_t rate = way->faults->rate;
	uint64_t may;

	if (rate == 0)
		return wanted;
	if (now_ms - way->spent_at >= 1000 || way->spent_at == 0) {
		way->spent_at = now_ms;
		way->spent = 0;
	}
	may = rate * (now_ms - way->spent_at + SLICE_MS) / 1000;
	may = may > way->spent ? may - way->spent : 0;
	if (may > wanted)
		may = wanted;
	way->spent += may;
	return (size_t)may;
}

bool relay_way_pump(struct relay_way *way, uint64_t now_ms)
{
	while (!cm_list_is_empty(&way->chunks) && !way->must_break) {
		struct relay_chunk *chunk =
		    CM_CONTAINER(way->chunks.head.next, struct relay_chunk, node);
		size_t may;

		if (way->faults->hold)
			return false;
		if (chunk->due_ms > now_ms)
			return true;
		may = allowance(way, chunk->len - chunk->sent, now_ms);
		if (may > 0)
			put(way, chunk->bytes + chunk->sent, may);
		chunk->sent += may;
		if (chunk->sent < chunk->len)
			return true;
		way->must_break = way->must_break || chunk->breaks;
		cm_list_remove(&chunk->node);
		cm_free(chunk);
	}
	if (way->writing == 0 && (way->must_break || way->has_ended))
		way->on_end(way);
	return false;
}
