/*
 * The hub and the blocking client against a second process: echoes with many in flight, frames too
 * large, garbage, back-pressure, timeouts, and going down in every state.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/link/client.h"
#include "protocol/link/now.h"
#include "protocol/wire/limits.h"
#include "tests/integration/link/harness.h"

#define MOST_TOKENS 4096

struct caller {
	struct station station;
	size_t peer;
	bool is_up;
	unsigned downs_count;
	unsigned ended[MOST_TOKENS]; /* how often each token came back */
	enum cm_status status[MOST_TOKENS];
	uint64_t sent_count;
	uint64_t ended_count;
	uint64_t whole_count;
	uint64_t total;
	size_t payload_bytes;
	uint8_t payload[CM_MAX_FRAME_BYTES + 1];
	bool must_refill;
	/* what came to this process itself */
	struct cm_inbound *held[64];
	size_t held_count;
	unsigned dead_count;
};

static void send_one(struct caller *caller, unsigned timeout_ms)
{
	uint64_t token = caller->sent_count;
	enum cm_status status;

	memcpy(caller->payload, &token, sizeof token);
	status = cm_hub_send(caller->station.hub, caller->peer, caller->payload,
	    caller->payload_bytes, token, timeout_ms);
	expect(status == CM_OK, "a send is taken: %s", cm_status_name(status));
	if (status == CM_OK)
		caller->sent_count++;
}

static void refill(struct caller *caller)
{
	while (caller->must_refill && caller->sent_count < caller->total &&
	       cm_hub_can_send(caller->station.hub, caller->peer))
		send_one(caller, PATIENCE_MS);
}

static void on_request(void *data, struct cm_inbound *in)
{
	struct caller *caller = data;

	expect(cm_inbound_data(in) == NULL, "a new request carries nobody's data");
	cm_inbound_set_data(in, caller);
	expect(cm_inbound_data(in) == caller, "data set is data got");
	caller->held[caller->held_count++] = in;
}

static void on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	struct caller *caller = data;

	(void)peer;
	caller->ended[token]++;
	caller->status[token] = status;
	caller->ended_count++;
	if (status == CM_OK && reply.len == caller->payload_bytes &&
	    memcmp(reply.data, &token, sizeof token) == 0)
		caller->whole_count++;
	refill(caller);
}

static void on_peer(void *data, size_t peer, bool is_up)
{
	struct caller *caller = data;

	(void)peer;
	caller->is_up = is_up;
	caller->downs_count += !is_up;
	refill(caller);
}

static void on_dead(void *data, const char *sentence)
{
	struct caller *caller = data;

	expect(strlen(sentence) > 0, "a dead listener has a sentence");
	caller->dead_count++;
}

static const struct cm_hub_callbacks callbacks = {on_request, on_reply, on_peer, on_dead};

static unsigned check_ms = 100; /* between looks at the own listener */

static struct caller *caller_new(const char *listen, unsigned window)
{
	struct caller *caller = cm_alloc(1, sizeof *caller);
	struct cm_identity identity = identity_of("client");
	struct cm_err err = {.status = CM_OK};

	if (caller == NULL)
		abort();
	expect(station_open(&caller->station,
		   &(struct cm_hub_options){.callbacks = callbacks,
		       .data = caller,
		       .listen_address = listen,
		       .window = window,
		       .contexts_count = 4,
		       .check_ms = check_ms,
		       .identity = &identity,
		       .name = "client",
		       .allow_tcp_for_tests = true},
		   &err),
	    "a hub opens: %s", err.text);
	members_set(caller->station.hub);
	caller->payload_bytes = 1024;
	return caller;
}

static void caller_dial(struct caller *caller, const char *address)
{
	struct cm_err err = {.status = CM_OK};

	expect(
	    cm_hub_add_peer(caller->station.hub, "server", address, &caller->peer, &err) == CM_OK,
	    "%s", err.text);
}

static void caller_free(struct caller *caller)
{
	station_close(&caller->station);
	for (uint64_t i = 0; i < caller->sent_count; i++)
		expect(caller->ended[i] == 1, "token %llu ends once, not %u times",
		    (unsigned long long)i, caller->ended[i]);
	cm_free(caller);
}

static bool is_up(void *arg)
{
	return ((struct caller *)arg)->is_up;
}

static bool has_all(void *arg)
{
	const struct caller *caller = arg;

	return caller->ended_count == caller->total;
}

static bool has_been_down(void *arg)
{
	return ((struct caller *)arg)->downs_count > 0;
}

static void echo(enum transport over, unsigned in_flight)
{
	struct server server;
	struct caller *caller = caller_new(NULL, in_flight);
	struct timespec begin;
	struct timespec end;
	double us;

	server_start(&server, "echo", over, 0);
	caller_dial(caller, server.address);
	expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "the link comes up");
	caller->must_refill = true;
	caller->total = MOST_TOKENS;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	refill(caller);
	expect(station_run(&caller->station, has_all, caller, PATIENCE_MS), "all echoes come");
	clock_gettime(CLOCK_MONOTONIC, &end);
	us =
	    (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
	fprintf(stderr, "echo %s, %3u in flight: %.1f us each\n", transport_name(over), in_flight,
	    us / MOST_TOKENS);
	expect(caller->whole_count == MOST_TOKENS, "%llu of %d echoes are whole",
	    (unsigned long long)caller->whole_count, MOST_TOKENS);
	caller_free(caller);
	server_stop(&server);
}

static void every_request_gets_its_own_reply(void)
{
	static const unsigned windows[] = {1, 16, 256};

	for (int over = 0; over < (has_tcp() ? TRANSPORTS : OVER_TCP); over++)
		for (size_t i = 0; i < 3; i++)
			echo((enum transport)over, windows[i]);
}

static void the_largest_frame_passes_and_a_larger_one_is_refused(void)
{
	struct server server;
	struct caller *caller = caller_new(NULL, 0);

	server_start(&server, "echo", OVER_IPC, 0);
	caller_dial(caller, server.address);
	expect(cm_hub_send(caller->station.hub, caller->peer, "x", 1, 0, 100) == CM_UNREACHABLE,
	    "down is unreachable");
	expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "the link comes up");
	caller->payload_bytes = CM_MAX_FRAME_BYTES;
	caller->total = 1;
	send_one(caller, PATIENCE_MS);
	expect(station_run(&caller->station, has_all, caller, PATIENCE_MS) && caller->whole_count == 1,
	    "the largest frame passes");
	expect(cm_hub_send(caller->station.hub, caller->peer, caller->payload,
		   CM_MAX_FRAME_BYTES + 1, 0, 100) == CM_TOO_LARGE,
	    "a larger one is refused");
	caller_free(caller);
	server_stop(&server);
}

static int raw_connect(const struct server *server)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(
	    un.sun_path, sizeof un.sun_path, "%.100s", server->address + strlen("ipc://"));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	expect(connect(fd, (struct sockaddr *)&un, sizeof un) == 0, "a stranger connects");
	return fd;
}

/* True if the other side ends the connection; what it says first is skipped. */
static bool is_ended(int fd)
{
	uint8_t bytes[256];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof bytes, 0);
	while (n > 0);
	close(fd);
	return n == 0 || errno == ECONNRESET;
}

static void strangers_that_speak_garbage_are_hung_up_on_and_peers_are_not(void)
{
	static const uint8_t greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
	static const uint8_t huge[9] = {1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff};
	static const uint8_t no_id[11] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'};
	static const uint8_t wrong_protocol[8] = {0, 'S', 'P', 0, 0, 0x11, 0, 0};
	static const uint8_t junk[64] = "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n";
	uint8_t over[9] = {1};
	struct server server;
	struct caller *caller = caller_new(NULL, 0);
	uint64_t len = CM_MAX_FRAME_BYTES + 65;
	int fd;

	server_start(&server, "echo", OVER_IPC, 0);
	caller_dial(caller, server.address);
	expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "the link comes up");

	fd = raw_connect(&server);
	(void)!send(fd, junk, sizeof junk, MSG_NOSIGNAL);
	expect(is_ended(fd), "junk ends the connection");
	fd = raw_connect(&server);
	(void)!send(fd, wrong_protocol, sizeof wrong_protocol, MSG_NOSIGNAL);
	expect(is_ended(fd), "another protocol ends the connection");
	fd = raw_connect(&server);
	(void)!send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
	(void)!send(fd, huge, sizeof huge, MSG_NOSIGNAL);
	expect(is_ended(fd), "a frame of 2 GiB ends the connection");
	fd = raw_connect(&server);
	(void)!send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
	for (int i = 0; i < 8; i++)
		over[8 - i] = (uint8_t)(len >> (8 * i));
	(void)!send(fd, over, sizeof over, MSG_NOSIGNAL);
	expect(is_ended(fd), "a frame one byte too large ends the connection");
	fd = raw_connect(&server);
	(void)!send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
	(void)!send(fd, no_id, sizeof no_id, MSG_NOSIGNAL);
	expect(is_ended(fd), "a message without an id ends the connection");

	caller->total = 1;
	send_one(caller, PATIENCE_MS);
	expect(station_run(&caller->station, has_all, caller, PATIENCE_MS) && caller->whole_count == 1,
	    "the peer is still served");
	expect(caller->downs_count == 0, "by the same connection");
	caller_free(caller);
	server_stop(&server);
}

static void a_peer_that_is_silent_times_out_and_a_dropped_pipe_ends_all_at_once(void)
{
	struct server server;
	struct caller *caller = caller_new(NULL, 4);
	int64_t begin_ms;

	server_start(&server, "silent", OVER_IPC, 0);
	caller_dial(caller, server.address);
	expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "the link comes up");
	caller->total = 1;
	begin_ms = cm_mono_now().ms;
	send_one(caller, 200);
	expect(station_run(&caller->station, has_all, caller, PATIENCE_MS),
	    "a silent peer's token comes back");
	expect(caller->status[0] == CM_TIMED_OUT, "as timed out: %s",
	    cm_status_name(caller->status[0]));
	expect(cm_mono_now().ms - begin_ms >= 190, "not before its time");
	caller->total = 5;
	for (int i = 0; i < 4; i++)
		send_one(caller, PATIENCE_MS);
	expect(!cm_hub_can_send(caller->station.hub, caller->peer), "a full window says so");
	expect(cm_hub_send(caller->station.hub, caller->peer, "x", 1, 9, 100) == CM_TRY_AGAIN,
	    "and refuses");
	/* What has not left yet goes by the next pipe: so until all have left and ended. */
	for (int tries = 0; tries < PATIENCE_MS / 100 && !has_all(caller); tries++) {
		station_idle(&caller->station, 100);
		cm_hub_drop_pipe(caller->station.hub, caller->peer);
	}
	expect(station_run(&caller->station, has_all, caller, PATIENCE_MS),
	    "dropping the pipe ends what was under way");
	for (int i = 1; i < 5; i++)
		expect(caller->status[i] == CM_UNREACHABLE, "as unreachable: %s",
		    cm_status_name(caller->status[i]));
	expect(station_run(&caller->station, has_been_down, caller, PATIENCE_MS), "on_peer says down");
	expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "and up again");
	caller_free(caller);
	server_stop(&server);
}

static bool holds_four(void *arg)
{
	return ((struct caller *)arg)->held_count == 4;
}

static bool has_four_ended(void *arg)
{
	return ((struct caller *)arg)->ended_count == 4;
}

static bool holds_more(void *arg)
{
	return ((struct caller *)arg)->held_count > 4;
}

/* One process calls itself: 4 contexts, 8 requests. */
static void a_paused_hub_takes_no_more_than_its_contexts_and_loses_nothing(void)
{
	struct caller *caller = caller_new(address_of(OVER_IPC, "self", 0), 8);

	caller_dial(caller, address_of(OVER_IPC, "self", 0));
	expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "the link comes up");
	caller->total = 8;
	for (int i = 0; i < 8; i++)
		send_one(caller, PATIENCE_MS);
	expect(station_run(&caller->station, holds_four, caller, PATIENCE_MS), "four requests come");
	cm_hub_pause(caller->station.hub);
	for (int i = 0; i < 4; i++)
		cm_inbound_reply(caller->held[i], cm_inbound_bytes(caller->held[i]).data,
		    cm_inbound_bytes(caller->held[i]).len);
	expect(station_run(&caller->station, has_four_ended, caller, PATIENCE_MS), "its replies go");
	station_idle(&caller->station, 400);
	expect(caller->held_count == 4 && caller->ended_count == 4, "but a paused hub takes no more");
	expect(caller->dead_count == 0, "and it does not think itself dead");
	cm_hub_resume(caller->station.hub);
	while (caller->held_count < 8 && station_run(&caller->station, holds_more, caller, PATIENCE_MS))
		station_idle(&caller->station, 20);
	for (size_t i = 4; i < caller->held_count; i++)
		cm_inbound_reply(caller->held[i], cm_inbound_bytes(caller->held[i]).data,
		    cm_inbound_bytes(caller->held[i]).len);
	expect(station_run(&caller->station, has_all, caller, PATIENCE_MS) && caller->whole_count == 8,
	    "after resume all are answered");
	caller_free(caller);
}

static bool is_dead(void *arg)
{
	return ((struct caller *)arg)->dead_count > 0;
}

static void a_listener_that_lives_is_let_be_and_one_that_is_gone_is_told_once(void)
{
	struct caller *caller;

	/* Three looks without an answer are the end: enough time for each that a busy machine is not. */
	check_ms = 600;
	caller = caller_new(address_of(OVER_IPC, "mortal", 0), 0);
	station_idle(&caller->station, 5 * check_ms);
	expect(caller->dead_count == 0, "a living listener is not dead");
	unlink(address_of(OVER_IPC, "mortal", 0) + strlen("ipc://"));
	expect(station_run(&caller->station, is_dead, caller, PATIENCE_MS), "one without its socket is");
	station_idle(&caller->station, 2 * check_ms);
	expect(caller->dead_count == 1, "and it is told once");
	caller_free(caller);
	if (has_tcp()) {
		caller = caller_new("tcp://127.0.0.1:0", 0);
		station_idle(&caller->station, 5 * check_ms);
		expect(caller->dead_count == 0, "over tcp too");
		caller_free(caller);
	}
	check_ms = 100;
}

enum moment {
	AT_ONCE,
	DIALLING,
	IDLE,
	CALLS_UNDER_WAY,
	ASKED,
	ANSWERING,
	PAUSED,
	STOPPED_LISTENING,
	PROBING,
	MOMENTS
};

/* Bring one hub that calls itself to a moment, then close it. */
static void close_at(enum moment moment)
{
	struct caller *caller = caller_new(address_of(OVER_IPC, "self", 0), 8);

	if (moment == DIALLING)
		caller_dial(caller, address_of(OVER_IPC, "nobody", 0));
	if (moment >= IDLE) {
		caller_dial(caller, address_of(OVER_IPC, "self", 0));
		expect(station_run(&caller->station, is_up, caller, PATIENCE_MS), "the link comes up");
	}
	if (moment == PAUSED)
		cm_hub_pause(caller->station.hub);
	if (moment == STOPPED_LISTENING)
		cm_hub_stop_listening(caller->station.hub);
	if (moment >= CALLS_UNDER_WAY && moment != PROBING)
		for (int i = 0; i < 8; i++)
			send_one(caller, 10000);
	if (moment == ASKED || moment == ANSWERING)
		expect(station_run(&caller->station, holds_four, caller, PATIENCE_MS), "requests come");
	for (size_t i = 0; moment == ANSWERING && i < caller->held_count; i++)
		cm_inbound_reply(caller->held[i], "x", 1);
	if (moment == PROBING)
		station_idle(&caller->station, 100); /* check_ms: about now the watch asks */
	if (moment == PAUSED)
		station_idle(&caller->station, 50);
	caller_free(caller);
}

static void a_hub_closes_clean_at_every_moment(void)
{
	for (int moment = AT_ONCE; moment < MOMENTS; moment++) {
		size_t live = cm_alloc_live();

		for (int i = 0; i < (moment == CALLS_UNDER_WAY ? 50 : 5); i++)
			close_at((enum moment)moment);
		expect(cm_alloc_live() == live, "no block is left of moment %d", moment);
	}
}

static void on_extra_closed(struct cm_hub *hub, void *data)
{
	(void)hub;
	*(bool *)data = true;
}

static bool is_true(void *arg)
{
	return *(bool *)arg;
}

static void an_open_that_runs_out_of_memory_leaves_nothing(void)
{
	struct caller *caller = caller_new(NULL, 0);
	size_t live = cm_alloc_live();
	bool has_failed = true;
	struct cm_err err = {.status = CM_OK};

	for (size_t nth = 1; has_failed && nth < 20; nth++) {
		enum cm_status status;

		cm_alloc_fail_at(nth, false);
		status = cm_hub_add_peer(
		    caller->station.hub, "server", address_of(OVER_IPC, "nobody", 0), &caller->peer, &err);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		expect(status == (has_failed ? CM_NO_MEMORY : CM_OK),
		    "request %zu failing is told: %s", nth, cm_status_name(status));
		expect(!has_failed || cm_alloc_live() == live,
		    "a peer that was not added leaves nothing");
	}
	has_failed = true;
	for (size_t nth = 1; has_failed && nth < 20; nth++) {
		struct cm_hub_options options = {.loop = &caller->station.loop,
		    .mailbox = &caller->station.mailbox,
		    .listen_address = address_of(OVER_IPC, "poor", 0),
		    .callbacks = callbacks};
		struct cm_hub *hub = NULL;
		enum cm_status status;

		live = cm_alloc_live();
		cm_alloc_fail_at(nth, false);
		status = cm_hub_open(&options, &hub, &err);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		expect(status == (has_failed ? CM_NO_MEMORY : CM_OK),
		    "request %zu failing is told: %s", nth, cm_status_name(status));
		expect(!has_failed || cm_alloc_live() == live,
		    "a hub that did not open leaves nothing");
		if (hub != NULL) {
			bool is_closed = false;

			cm_hub_close(hub, on_extra_closed, &is_closed);
			expect(station_run(&caller->station, is_true, &is_closed, PATIENCE_MS),
			    "a second hub closes too");
		}
	}
	caller_free(caller);
}

static void only_private_sockets_are_taken(void)
{
	struct {
		const char *address;
		enum cm_status status;
		const char *says;
	} const cases[] = {
	    {"tcp://127.0.0.1:7000", CM_NOT_ALLOWED, "over bare TCP anybody"},
	    {"ipc:///tmp/x.sock", CM_NOT_ALLOWED, "private folder"},
	    {"ipc://relative.sock", CM_BAD_INPUT, "must begin with /"},
	    {"ipc:///no/such/folder/x.sock", CM_NOT_FOUND, "/no/such/folder"},
	    {"ipc:///tmp/", CM_BAD_INPUT, "names a folder"},
	    {"ws://x", CM_BAD_INPUT, "is no address"},
	    {"", CM_BAD_INPUT, "is no address"},
	};
	char longest[300] = "ipc:///tmp/";
	struct cm_hub *hub = NULL;
	struct cm_err err;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cm_hub_options options = {
		    .listen_address = cases[i].address, .callbacks = callbacks};
		enum cm_status status = cm_hub_open(&options, &hub, &err);

		expect(
		    status == cases[i].status, "%s: %s", cases[i].address, cm_status_name(status));
		expect(strstr(err.text, cases[i].says) != NULL, "%s says why: %s", cases[i].address,
		    err.text);
	}
	memset(longest + strlen(longest), 'x', 200);
	expect(
	    cm_hub_open(&(struct cm_hub_options){.listen_address = longest, .callbacks = callbacks},
		&hub, &err) == CM_TOO_LARGE,
	    "a path that is too long is refused");
}

static void a_second_listener_at_an_address_is_refused_with_a_sentence(void)
{
	struct caller *caller = caller_new(address_of(OVER_IPC, "taken", 0), 0);
	struct cm_hub *hub = NULL;
	struct cm_err err = {.status = CM_OK};
	struct cm_hub_options options = {.loop = &caller->station.loop,
	    .mailbox = &caller->station.mailbox,
	    .listen_address = address_of(OVER_IPC, "taken", 0),
	    .callbacks = callbacks};

	expect(cm_hub_open(&options, &hub, &err) == CM_CONFLICT, "the second listener is refused");
	expect(strstr(err.text, "already listens") != NULL, "%s", err.text);
	caller_free(caller);
}

static void the_client_asks_and_says_what_went_wrong(void)
{
	struct server server;
	struct cm_client *client = NULL;
	struct cm_err err = {.status = CM_OK};
	struct cm_buf reply;

	cm_buf_init(&reply, 0);
	expect(cm_client_open(address_of(OVER_IPC, "nobody", 0), &client, &err) == CM_UNREACHABLE,
	    "nobody listens");
	expect(strstr(err.text, "nobody listens at") != NULL, "%s", err.text);
	expect(cm_client_open("ipc:///no/such/x.sock", &client, &err) == CM_UNREACHABLE,
	    "nobody listens without a folder");
	expect(
	    cm_client_open("tcp://127.0.0.1:1", &client, &err) == CM_NOT_ALLOWED, "not over tcp");

	server_start(&server, "echo", OVER_IPC, 0);
	expect(cm_client_open(server.address, &client, &err) == CM_OK, "%s", err.text);
	for (int i = 0; i < 3; i++)
		expect(cm_client_call(client, "hello", 5, PATIENCE_MS, &reply, &err) == CM_OK &&
			   strcmp(cm_buf_str(&reply), "hello") == 0,
		    "the client is answered");
	expect(
	    cm_client_call(client, "x", CM_MAX_FRAME_BYTES + 1, 100, &reply, &err) == CM_TOO_LARGE,
	    "too large is refused");
	server_kill(&server);
	expect(cm_client_call(client, "hello", 5, 500, &reply, &err) != CM_OK,
	    "a killed server does not answer");
	server_start(&server, "silent", OVER_IPC, 0);
	while (cm_client_call(client, "hello", 5, 500, &reply, &err) == CM_UNREACHABLE)
		continue;
	expect(
	    err.status == CM_TIMED_OUT && strstr(err.text, "did not answer within 500 ms") != NULL,
	    "%s", err.text);
	cm_client_close(client);
	cm_client_close(NULL);
	server_stop(&server);
	cm_buf_fini(&reply);
}

int main(int argc, char **argv)
{
	size_t live = cm_alloc_live();

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "server") == 0)
		return server_main(argv);
	watchdog_set(240);
	folder_make();
	every_request_gets_its_own_reply();
	test_ends("every request gets its own reply");
	the_largest_frame_passes_and_a_larger_one_is_refused();
	test_ends("the largest frame passes and a larger one is refused");
	strangers_that_speak_garbage_are_hung_up_on_and_peers_are_not();
	test_ends("strangers that speak garbage are hung up on and peers are not");
	a_peer_that_is_silent_times_out_and_a_dropped_pipe_ends_all_at_once();
	test_ends("a peer that is silent times out and a dropped pipe ends all at once");
	a_paused_hub_takes_no_more_than_its_contexts_and_loses_nothing();
	test_ends("a paused hub takes no more than its contexts and loses nothing");
	a_listener_that_lives_is_let_be_and_one_that_is_gone_is_told_once();
	test_ends("a listener that lives is let be and one that is gone is told once");
	a_hub_closes_clean_at_every_moment();
	test_ends("a hub closes clean at every moment");
	an_open_that_runs_out_of_memory_leaves_nothing();
	test_ends("an open that runs out of memory leaves nothing");
	only_private_sockets_are_taken();
	test_ends("only private sockets are taken");
	a_second_listener_at_an_address_is_refused_with_a_sentence();
	test_ends("a second listener at an address is refused with a sentence");
	the_client_asks_and_says_what_went_wrong();
	test_ends("the client asks and says what went wrong");
	expect(cm_alloc_live() == live, "no block is left");
	test_ends("no block is left");
	folder_remove();
	return expect_report();
}
