#include "tests/bench/route_probe.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/link/hub.h"
#include "tests/bench/route_tools.h"

#define PAYLOAD_BYTES 1024
#define CALL_TIMEOUT_MS 10000
#define GROUP_ROWS 64
#define WARM_GROUPS 128 /* enough pages for the log to be folded back and begun anew */

/* A probe lives for seconds and owns nothing that outlives it: it ends where it is, without taking
 * nng down first. */
static void end(int code)
{
	(void)fflush(stdout);
	_exit(code);
}

static void fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "probe: %s: %s\n", what, why);
	end(1);
}

/* ---- a hub ----------------------------------------------------------------------------------- */

struct station {
	uv_loop_t loop;
	uv_pipe_t input;
	struct cm_mailbox mailbox;
	struct cm_hub *hub;
	/* the caller's side */
	unsigned window;
	size_t under_way;
	int64_t ends_at;
	int64_t started_at;
	int64_t *sent_at; /* by token */
	struct route_samples us;
	uint8_t payload[PAYLOAD_BYTES];
};

static void on_request(void *data, struct cm_inbound *in)
{
	struct cm_bytes bytes = cm_inbound_bytes(in);

	(void)data;
	cm_inbound_reply(in, bytes.data, bytes.len);
}

static void send_one(struct station *station, uint64_t token)
{
	enum cm_status status;

	station->sent_at[token] = route_now_us();
	status =
	    cm_hub_send(station->hub, 0, station->payload, PAYLOAD_BYTES, token, CALL_TIMEOUT_MS);
	if (status != CM_OK)
		fail("send", cm_status_text(status));
	station->under_way++;
}

static void on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	struct station *station = data;
	int64_t now = route_now_us();

	(void)peer;
	(void)reply;
	if (status != CM_OK)
		fail("reply", cm_status_text(status));
	route_samples_add(&station->us, (double)(now - station->sent_at[token]));
	station->under_way--;
	if (now < station->ends_at)
		send_one(station, token);
	else if (station->under_way == 0)
		uv_stop(&station->loop);
}

static void on_peer(void *data, size_t peer, bool is_up)
{
	struct station *station = data;

	(void)peer;
	if (!is_up)
		fail("link", "the echo went away");
	station->started_at = route_now_us();
	station->ends_at += station->started_at;
	for (unsigned i = 0; i < station->window; i++)
		send_one(station, i);
}

static void on_dead(void *data, const char *sentence)
{
	(void)data;
	fail("listener", sentence);
}

static void open_hub(struct station *station, const char *listen, unsigned window)
{
	struct cm_hub_options options = {.loop = &station->loop,
	    .mailbox = &station->mailbox,
	    .listen_address = listen,
	    .callbacks = {on_request, on_reply, on_peer, on_dead},
	    .data = station,
	    .contexts_count = 512,
	    .unread = 512,
	    .window = window};
	struct cm_err err = {.text = ""};

	(void)signal(SIGPIPE, SIG_IGN);
	if (uv_loop_init(&station->loop) != 0 ||
	    cm_mailbox_init(&station->mailbox, &station->loop) != CM_OK)
		fail("loop", "cannot be made");
	if (cm_hub_open(&options, &station->hub, &err) != CM_OK)
		fail("hub", err.text);
}

/* ---- echo ------------------------------------------------------------------------------------ */

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char room[64];

	(void)handle;
	(void)size;
	*buf = uv_buf_init(room, sizeof room);
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	(void)stream;
	(void)buf;
	if (len < 0)
		end(0);
}

static int run_echo(const char *address)
{
	static struct station station;

	open_hub(&station, address, 0);
	(void)uv_pipe_init(&station.loop, &station.input, 0);
	if (uv_pipe_open(&station.input, 0) != 0 ||
	    uv_read_start((uv_stream_t *)&station.input, on_room, on_input) != 0)
		fail("stdin", "cannot be watched");
	(void)printf("ready 1\n");
	(void)fflush(stdout);
	(void)uv_run(&station.loop, UV_RUN_DEFAULT);
	return 1;
}

/* ---- link ------------------------------------------------------------------------------------ */

static int run_link(const char *address, double seconds, unsigned window)
{
	static struct station station;
	struct cm_err err = {.text = ""};
	size_t peer;
	double took;

	station.window = window;
	station.ends_at = (int64_t)(seconds * 1e6);
	station.sent_at = cm_alloc(window, sizeof *station.sent_at);
	if (station.sent_at == NULL)
		fail("link", "no memory");
	memset(station.payload, 'x', sizeof station.payload);
	open_hub(&station, NULL, window);
	if (cm_hub_add_peer(station.hub, "echo", address, &peer, &err) != CM_OK)
		fail("peer", err.text);
	(void)uv_run(&station.loop, UV_RUN_DEFAULT);
	took = (double)(route_now_us() - station.started_at) / 1e6;
	(void)printf("rate %.1f\n", (double)station.us.count / took);
	(void)printf("p50_us %.1f\n", route_samples_at(&station.us, 0.5));
	(void)printf("p99_us %.1f\n", route_samples_at(&station.us, 0.99));
	end(0);
	return 0;
}

/* ---- disk ------------------------------------------------------------------------------------ */

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(sql, sqlite3_errmsg(db));
}

/* One transaction of so many rows; its microseconds. */
static double commit_rows(sqlite3 *db, sqlite3_stmt *insert, int rows)
{
	static const uint8_t row[PAYLOAD_BYTES];
	int64_t started = route_now_us();

	run_sql(db, "BEGIN IMMEDIATE");
	for (int i = 0; i < rows; i++) {
		(void)sqlite3_bind_blob(insert, 1, row, sizeof row, SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			fail("insert", sqlite3_errmsg(db));
		(void)sqlite3_reset(insert);
	}
	run_sql(db, "COMMIT");
	return (double)(route_now_us() - started);
}

static int run_disk(const char *path, double seconds)
{
	struct route_samples us = {0};
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;
	int64_t started;
	int64_t us_most = (int64_t)(seconds * 1e6 / 2);
	double rows = 0;

	if (sqlite3_open(path, &db) != SQLITE_OK)
		fail(path, sqlite3_errmsg(db));
	run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		    "CREATE TABLE row(id INTEGER PRIMARY KEY, body BLOB)");
	if (sqlite3_prepare_v2(db, "INSERT INTO row(body) VALUES(?)", -1, &insert, NULL) !=
	    SQLITE_OK)
		fail("prepare", sqlite3_errmsg(db));
	/* A log that still grows makes the file system write its own journal too; a ledger that has
	 * run for a while writes over the old one, and so shall the floor. */
	for (int i = 0; i < WARM_GROUPS; i++)
		(void)commit_rows(db, insert, GROUP_ROWS);
	started = route_now_us();
	while (route_now_us() - started < us_most)
		route_samples_add(&us, commit_rows(db, insert, 1));
	(void)printf("commit_us %.1f\n", route_samples_at(&us, 0.5));
	started = route_now_us();
	while (route_now_us() - started < us_most) {
		(void)commit_rows(db, insert, GROUP_ROWS);
		rows += GROUP_ROWS;
	}
	(void)printf("rows %.1f\n", rows / ((double)(route_now_us() - started) / 1e6));
	(void)sqlite3_finalize(insert);
	(void)sqlite3_close(db);
	route_samples_fini(&us);
	end(0);
	return 0;
}

/* ---- which ----------------------------------------------------------------------------------- */

bool route_is_probe(int argc, char **argv)
{
	return argc > 2 && strncmp(argv[1], "--probe-", 8) == 0;
}

int route_probe_main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--probe-echo") == 0)
		return run_echo(argv[2]);
	if (argc == 5 && strcmp(argv[1], "--probe-link") == 0)
		return run_link(
		    argv[2], strtod(argv[3], NULL), (unsigned)strtoul(argv[4], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "--probe-disk") == 0)
		return run_disk(argv[2], strtod(argv[3], NULL));
	fail(argv[1], "no such probe");
	return 1;
}
