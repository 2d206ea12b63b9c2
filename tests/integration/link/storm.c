/*
 * The reconnect storm: a client under load against a server that is killed and started again, that
 * closes connections, or that strangers connect to and leave in the worst way. Every message must
 * come to exactly one end, and after each blow the link must work again.
 *
 * Linked once with the shims of protocol/link/nng_shim.c (must pass) and once without (must hang:
 * that is what `expect-red` asserts, and how we know that this test can fail at all).
 *
 *   storm                                      all of it
 *   storm MODE ipc|tcp|tls IN_FLIGHT ROUNDS    one of kill, closing, strangers
 *   storm MODE ... ROUNDS red                  the same, and a few seconds of silence are a hang
 *   storm expect-red                       run the worst ones, and expect them to hang
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/link/now.h"
#include "tests/integration/link/harness.h"

#define SMALL_BYTES 1024
#define RED_TRIES 10
#define LARGE_BYTES                                                                                \
	(200 * 1024) /* more than a socket takes at once: connections break amid a message */
#define RED_LIMIT_MS 6000 /* where it must hang there is no need to wait long for it */

extern char **environ;

static unsigned round_limit_ms = PATIENCE_MS;

struct client {
	struct station station;
	size_t peer;
	unsigned in_flight;
	bool is_up;
	bool is_ending;
	uint64_t sent_count;   /* taken by cm_hub_send */
	uint64_t ended_count;  /* came back, one way or other */
	uint64_t echoed_count; /* came back whole */
	uint64_t wrong_count;
	uint64_t ups_count;
	uint64_t target;
	uint8_t payload[LARGE_BYTES];
};

static size_t size_of(uint64_t token)
{
	return token % 3 == 0 ? LARGE_BYTES : SMALL_BYTES;
}

static void fill_window(struct client *client)
{
	while (!client->is_ending && cm_hub_can_send(client->station.hub, client->peer)) {
		enum cm_status status;

		memcpy(client->payload, &client->sent_count, sizeof client->sent_count);
		status = cm_hub_send(client->station.hub, client->peer, client->payload,
		    size_of(client->sent_count), client->sent_count, 5000);
		if (status != CM_OK) {
			expect(
			    false, "a send that may be sent is taken: %s", cm_status_name(status));
			return;
		}
		client->sent_count++;
	}
}

static void on_request(void *data, struct cm_inbound *in)
{
	(void)data;
	cm_inbound_drop(in);
}

static void on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	struct client *client = data;

	(void)peer;
	client->ended_count++;
	if (status == CM_OK && reply.len == size_of(token) &&
	    memcmp(reply.data, &token, sizeof token) == 0)
		client->echoed_count++;
	else if (status == CM_OK)
		client->wrong_count++;
	fill_window(client);
}

static void on_peer(void *data, size_t peer, bool is_up)
{
	struct client *client = data;

	(void)peer;
	expect(client->is_up != is_up, "up and down take turns");
	client->is_up = is_up;
	if (is_up)
		client->ups_count++;
	fill_window(client);
}

static void on_dead(void *data, const char *sentence)
{
	(void)data;
	expect(false, "%s", sentence);
}

static void client_open(struct client *client, const char *address, unsigned in_flight)
{
	struct cm_identity identity = identity_of("client");
	struct cm_hub_options options = {
	    .callbacks = {on_request, on_reply, on_peer, on_dead},
	    .data = client,
	    .identity = &identity,
	    .name = "client",
	    .window = in_flight,
	    .reconnect_min_ms = 10,
	    .allow_tcp_for_tests = true,
	};
	struct cm_err err = {.status = CM_OK};

	*client = (struct client){.in_flight = in_flight};
	expect(station_open(&client->station, &options, &err), "a client opens: %s", err.text);
	members_set(client->station.hub);
	expect(
	    cm_hub_add_peer(client->station.hub, "server", address, &client->peer, &err) == CM_OK,
	    "%s", err.text);
}

static bool has_echoed(void *arg)
{
	const struct client *client = arg;

	return client->echoed_count >= client->target;
}

/* Two windows full of echoes from now on. */
static void await_progress(struct client *client, const char *what, unsigned round)
{
	client->target = client->echoed_count + 2 * (uint64_t)client->in_flight;
	if (station_run(&client->station, has_echoed, client, round_limit_ms))
		return;
	fprintf(stderr, "HANG: %s, round %u: %s, %llu sent, %llu ended, no echo in %u ms\n", what,
	    round, client->is_up ? "up" : "down", (unsigned long long)client->sent_count,
	    (unsigned long long)client->ended_count, round_limit_ms);
	folder_remove();
	_exit(EXIT_HANG);
}

static bool has_ended(void *arg)
{
	const struct client *client = arg;

	return client->ended_count == client->sent_count;
}

static void client_close(struct client *client)
{
	client->is_ending = true;
	expect(station_run(&client->station, has_ended, client, PATIENCE_MS),
	    "every message comes to an end");
	station_close(&client->station);
	expect(client->ended_count == client->sent_count, "to exactly one: %llu sent, %llu ended",
	    (unsigned long long)client->sent_count, (unsigned long long)client->ended_count);
	expect(client->wrong_count == 0, "no reply goes to the wrong message");
}

static void storm_kill(enum transport over, unsigned in_flight, unsigned rounds)
{
	struct server server;
	struct client client;

	server_start(&server, "echo", over, 0);
	client_open(&client, server.address, in_flight);
	for (unsigned round = 1; round <= rounds; round++) {
		await_progress(&client, "kill -9 and restart", round);
		/* At another moment of the traffic in each round. */
		station_idle(&client.station, round % 4 * 3);
		server_kill(&server);
		server_start(&server, "echo", over, server.port);
	}
	await_progress(&client, "kill -9 and restart", rounds);
	expect(client.ups_count > rounds, "the link came up again each time");
	client_close(&client);
	server_stop(&server);
}

static bool has_come_up(void *arg)
{
	const struct client *client = arg;

	return client->ups_count >= client->target;
}

static void storm_closing(enum transport over, unsigned in_flight, unsigned rounds)
{
	struct server server;
	struct client client;

	server_start(&server, "closing", over, 0);
	client_open(&client, server.address, in_flight);
	for (client.target = 1; client.target <= rounds; client.target++) {
		if (station_run(&client.station, has_come_up, &client, round_limit_ms))
			continue;
		fprintf(stderr, "HANG: closing connections, up %llu times and never again\n",
		    (unsigned long long)client.ups_count);
		folder_remove();
		_exit(EXIT_HANG);
	}
	client_close(&client);
	server_stop(&server);
}

/* Connect, shut down, close with a reset: on ipc plain connect and close. */
static bool stranger(const struct server *server, enum transport over)
{
	bool is_tcp = over != OVER_IPC;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int fd = socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)snprintf(
	    un.sun_path, sizeof un.sun_path, "%.100s", server->address + strlen("ipc://"));
	failed = is_tcp ? connect(fd, (struct sockaddr *)&in, sizeof in)
			: connect(fd, (struct sockaddr *)&un, sizeof un);
	if (failed == 0 && is_tcp) {
		shutdown(fd, SHUT_WR);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	}
	close(fd);
	return failed == 0;
}

static void storm_strangers(enum transport over, unsigned in_flight, unsigned rounds)
{
	struct server server;
	struct client client;
	unsigned connected = 0;

	server_start(&server, "echo", over, 0);
	for (unsigned i = 0; i < rounds; i++)
		connected += stranger(&server, over);
	expect(connected > 0, "strangers connect");
	/* A new client needs a listener that lives; bad connections cool it down for 100 ms each.
	 */
	client_open(&client, server.address, in_flight);
	client.target = 1;
	if (!station_run(&client.station, has_come_up, &client, round_limit_ms + rounds * 110)) {
		fprintf(stderr, "HANG: the listener is dead after %u strangers over %s\n", rounds,
		    transport_name(over));
		folder_remove();
		_exit(EXIT_HANG);
	}
	await_progress(&client, "strangers", rounds);
	client_close(&client);
	server_stop(&server);
}

static void storm(const char *mode, enum transport over, unsigned in_flight, unsigned rounds)
{
	int64_t begin_ms = cm_mono_now().ms;
	char name[128];

	if (strcmp(mode, "kill") == 0)
		storm_kill(over, in_flight, rounds);
	else if (strcmp(mode, "closing") == 0)
		storm_closing(over, in_flight, rounds);
	else
		storm_strangers(over, in_flight, rounds);
	(void)snprintf(name, sizeof name, "%s, %s, %u in flight, %u rounds: %lld ms", mode,
	    transport_name(over), in_flight, rounds, (long long)(cm_mono_now().ms - begin_ms));
	test_ends(name);
}

static void storm_all(void)
{
	static const unsigned windows[] = {1, 16, 256};

	for (int over = 0; over < (has_tcp() ? TRANSPORTS : OVER_TCP); over++) {
		for (size_t i = 0; i < 3; i++) {
			storm("kill", (enum transport)over, windows[i], 9);
			storm("closing", (enum transport)over, windows[i], 60);
		}
		storm("strangers", (enum transport)over, 1, 200);
	}
}

static enum transport transport_by_name(const char *name)
{
	for (int over = 0; over < TRANSPORTS; over++)
		if (strcmp(name, transport_name((enum transport)over)) == 0)
			return (enum transport)over;
	fprintf(stderr, "storm: no such transport: %s\n", name);
	exit(2);
}

static pid_t start_storm(char *mode, char *transport, char *in_flight, char *rounds)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *argv[] = {self, mode, transport, in_flight, rounds, "red", NULL};
	pid_t pid;

	self[n > 0 ? n : 0] = 0;
	if (posix_spawn(&pid, self, NULL, NULL, argv, environ) != 0)
		abort();
	return pid;
}

/* This very program, which is linked without the shims, must hang. Which connection is the fatal
 * one varies from 1 to about 400, so there are enough of them. */
static void expect_red(void)
{
	static char *const storms[][4] = {{"closing", "ipc", "16", "1000"}, {"strangers", "tcp", "1", "20"},
	    {"closing", "tcp", "16", "3000"}};
	size_t count = has_tcp() ? 3 : 1;
	pid_t pids[3];

	for (size_t i = 0; i < count; i++)
		pids[i] = start_storm(storms[i][0], storms[i][1], storms[i][2], storms[i][3]);
	for (size_t i = 0; i < count; i++) {
		int status = 0;

		waitpid(pids[i], &status, 0);
		/* The fatal moment may be missed a thousand times: then there are a thousand more. */
		for (int again = 0; again < RED_TRIES && status == 0; again++) {
			pids[i] = start_storm(storms[i][0], storms[i][1], storms[i][2], storms[i][3]);
			waitpid(pids[i], &status, 0);
		}
		expect(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_HANG,
		    "without the shims storm %zu hangs (wait status %d)", i, status);
		test_ends("without the shims it hangs");
	}
}

int main(int argc, char **argv)
{
	size_t live = cm_alloc_live();

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "server") == 0)
		return server_main(argv);
	watchdog_set(280);
	if (argc > 1 && strcmp(argv[1], "expect-red") == 0) {
		expect_red();
		return expect_report();
	}
	if (argc > 5)
		round_limit_ms = RED_LIMIT_MS;
	folder_make();
	if (argc > 4)
		storm(argv[1], transport_by_name(argv[2]), (unsigned)atoi(argv[3]),
		    (unsigned)atoi(argv[4]));
	else
		storm_all();
	expect(cm_alloc_live() == live, "no block is left");
	test_ends("no block is left");
	folder_remove();
	return expect_report();
}
