/*
 * comity-relay SEED NAME=LISTEN=TARGET...
 *
 * Listens at LISTEN of each link and calls TARGET for each who calls. Each of the two is the path of a
 * Unix socket or tcp:ADDRESS:PORT: with a relay at both ends, of which one calls by TCP and the other
 * listens by TCP, a link of Unix sockets goes over a real network. Says "ready", then takes a line at a
 * time from standard input and answers each with one line:
 *
 *     LINK DIRECTION FAULT NUMBER    set a fault; LINK is a name or *, DIRECTION there, back or both
 *     LINK DIRECTION calm            end all faults
 *     LINK DIRECTION count           "ok messages=N late=N lost=N resets=N doubled=N" since the start
 *     LINK break                     close the link's connections now
 *
 * Where RELAY_TAP names a file, all that passes is appended to it. It ends with its standard input. Nothing is kept when a connection ends.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "tests/integration/relay/place.h"
#include "tests/integration/relay/relay.h"

#define MAX_LINKS 64
#define LINE_BYTES 200

struct link {
	const char *name;
	struct relay_place at;
	struct relay_place target;
	union relay_end listener;
	struct relay_faults faults[2];
	struct relay_counts counts[2];
	struct cm_list wires;
};

/* A connection: who called, and whom we called for it. */
struct wire {
	struct cm_link_node node; /* of the link */
	struct link *link;
	union relay_end ends[2];
	uv_connect_t connect;
	struct relay_way ways[2];
	unsigned open_count;
	bool is_connected;
	bool is_closing;
};

static uv_loop_t *loop;
static uv_timer_t clock_tick;
static struct link links[MAX_LINKS];
static size_t links_count;
static char line[LINE_BYTES];
static size_t line_len;

/* ---- wires ----------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct wire *wire = handle->data;

	if (--wire->open_count > 0)
		return;
	for (size_t i = 0; i < 2; i++)
		relay_way_fini(&wire->ways[i]);
	cm_free(wire);
}

static void wire_close(struct wire *wire)
{
	if (wire->is_closing)
		return;
	wire->is_closing = true;
	cm_list_remove(&wire->node);
	for (size_t i = 0; i < 2; i++)
		uv_close(&wire->ends[i].handle, on_closed);
}

static void on_way_end(struct relay_way *way)
{
	wire_close(way->wire);
}

static void pump_all(void);

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
	pump_all();
}

static bool pump_wire(struct wire *wire)
{
	bool waits = false;

	for (size_t i = 0; i < 2 && !wire->is_closing && wire->is_connected; i++)
		waits |= relay_way_pump(&wire->ways[i], uv_now(loop));
	return waits;
}

/* Give what is due everywhere, and come back while something waits. */
static void pump_all(void)
{
	bool waits = false;

	for (size_t i = 0; i < links_count; i++) {
		struct cm_link_node *node = links[i].wires.head.next;

		while (node != &links[i].wires.head) {
			struct wire *wire = CM_CONTAINER(node, struct wire, node);

			node = node->next; /* the pump may close this one */
			waits |= pump_wire(wire);
		}
	}
	if (waits)
		(void)uv_timer_start(&clock_tick, on_tick, 1, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char room[65536];

	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(room, sizeof room);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct wire *wire = stream->data;
	struct relay_way *way = &wire->ways[stream == &wire->ends[1].stream];

	if (count == 0 || wire->is_closing)
		return;
	if (count < 0)
		(void)uv_read_stop(stream);
	relay_way_take(way, count < 0 ? NULL : (const uint8_t *)buf->base, count < 0 ? 0 : (size_t)count);
	pump_all();
}

/* A direction that is held is not read either: who sends into it fills its own buffers. */
static void read_or_not(struct wire *wire)
{
	for (size_t i = 0; i < 2 && !wire->is_closing; i++) {
		struct relay_way *way = &wire->ways[i];
		bool must_read = wire->is_connected && !way->faults->hold && !way->has_ended;

		if (must_read)
			(void)uv_read_start(way->from, on_alloc, on_read);
		else
			(void)uv_read_stop(way->from);
	}
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct wire *wire = connect->data;

	if (wire->is_closing)
		return;
	if (status != 0) {
		wire_close(wire);
		return;
	}
	wire->is_connected = true;
	read_or_not(wire);
}

static void on_called(uv_stream_t *listener, int status)
{
	struct link *link = listener->data;
	struct wire *wire = cm_alloc(1, sizeof *wire);

	if (status != 0 || wire == NULL)
		abort();
	wire->link = link;
	wire->open_count = 2;
	relay_end_init(&wire->ends[0], loop, &link->at);
	relay_end_init(&wire->ends[1], loop, &link->target);
	for (size_t i = 0; i < 2; i++) {
		wire->ends[i].handle.data = wire;
		wire->ways[i] = (struct relay_way){.faults = &link->faults[i],
		    .counts = &link->counts[i],
		    .from = &wire->ends[i].stream,
		    .to = &wire->ends[1 - i].stream,
		    .on_end = on_way_end,
		    .wire = wire};
		relay_way_init(&wire->ways[i]);
	}
	cm_list_append(&link->wires, &wire->node);
	wire->connect.data = wire;
	if (!relay_end_take(&wire->ends[0], &link->at, listener) ||
	    !relay_end_call(&wire->ends[1], &link->target, &wire->connect, on_connected))
		wire_close(wire); /* who called may try again */
}

/* ---- commands -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t at;
} faults[] = {
#define X(name, meaning) {#name, offsetof(struct relay_faults, name)},
    RELAY_FAULTS(X)
#undef X
};

static bool set_fault(struct relay_faults *of, const char *name, unsigned value)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (strcmp(faults[i].name, name) == 0) {
			memcpy((char *)of + faults[i].at, &value, sizeof value);
			return true;
		}
	return false;
}

static void add_counts(struct relay_counts *sum, const struct relay_counts *more)
{
#define X(name) sum->name += more->name;
	RELAY_COUNTS(X)
#undef X
}

static void for_wires(struct link *link, void (*act)(struct wire *wire))
{
	struct cm_link_node *node = link->wires.head.next;

	while (node != &link->wires.head) {
		struct wire *wire = CM_CONTAINER(node, struct wire, node);

		node = node->next;
		act(wire);
	}
}

/* One command for one direction of one link; false: it means nothing. */
static bool obey(struct link *link, size_t way, const char *what, unsigned value,
    struct relay_counts *sum)
{
	if (strcmp(what, "calm") == 0)
		link->faults[way] = (struct relay_faults){0};
	else if (strcmp(what, "count") == 0)
		add_counts(sum, &link->counts[way]);
	else if (!set_fault(&link->faults[way], what, value))
		return false;
	for_wires(link, read_or_not);
	return true;
}

static void obey_line(const char *text)
{
	char name[40] = "";
	char direction[8] = "";
	char what[8] = "";
	unsigned value = 0;
	int words = sscanf(text, "%39s %7s %7s %u", name, direction, what, &value);
	bool is_break = words == 2 && strcmp(direction, "break") == 0;
	struct relay_counts sum = {0};
	unsigned done = 0;

	for (size_t i = 0; i < links_count; i++) {
		if (strcmp(name, "*") != 0 && strcmp(name, links[i].name) != 0)
			continue;
		if (is_break) {
			for_wires(&links[i], wire_close);
			done++;
		}
		for (size_t way = 0; way < 2 && !is_break; way++)
			if (strcmp(direction, "both") == 0 ||
			    strcmp(direction, way == RELAY_THERE ? "there" : "back") == 0)
				done += obey(&links[i], way, what, value, &sum);
	}
	(void)printf("%s", done > 0 ? "ok" : "no such thing");
#define X(name) (void)printf(" " #name "=%llu", (unsigned long long)sum.name);
	if (strcmp(what, "count") == 0) {
		RELAY_COUNTS(X)
	}
#undef X
	(void)printf("\n");
	(void)fflush(stdout);
	pump_all();
}

static void on_input(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	(void)stream;
	if (count < 0)
		uv_stop(loop);
	for (ssize_t i = 0; i < count; i++) {
		if (buf->base[i] != '\n') {
			if (line_len + 1 < sizeof line)
				line[line_len++] = buf->base[i];
			continue;
		}
		line[line_len] = 0;
		line_len = 0;
		obey_line(line);
	}
}

/* ---- start ----------------------------------------------------------------------------------- */

/* "router>ie=LISTEN=TARGET"; the argument itself is cut. */
static bool open_link(char *text)
{
	char *at = strchr(text, '=');
	char *target = at != NULL ? strchr(at + 1, '=') : NULL;
	struct link *link = &links[links_count];

	if (target == NULL || links_count == MAX_LINKS)
		return false;
	*at++ = 0;
	*target++ = 0;
	link->name = text;
	cm_list_init(&link->wires);
	links_count++;
	return relay_place_parse(at, &link->at) && relay_place_parse(target, &link->target) &&
	       relay_end_listen(&link->listener, loop, &link->at, link, on_called);
}

int main(int argc, char **argv)
{
	static uv_pipe_t input;

	loop = uv_default_loop();
	if (argc < 3 || uv_pipe_init(loop, &input, 0) != 0 || uv_pipe_open(&input, 0) != 0)
		return 2;
	relay_seed(strtoull(argv[1], NULL, 10));
	(void)uv_timer_init(loop, &clock_tick);
	for (int i = 2; i < argc; i++)
		if (!open_link(argv[i])) {
			(void)printf("cannot open the link %s\n", argv[i]);
			return 1;
		}
	(void)uv_read_start((uv_stream_t *)&input, on_alloc, on_input);
	(void)printf("ready\n");
	(void)fflush(stdout);
	(void)uv_run(loop, UV_RUN_DEFAULT);
	return 0;
}
