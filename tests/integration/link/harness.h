/*
 * What the link tests share: expectations, a private folder, a loop with a hub, and the second
 * process: the test's own binary started again as a server that echoes, keeps silent or closes
 * connections. Waiting is always for a condition, with a limit that makes a hang a failure.
 */
#ifndef TEST_LINK_HARNESS_H
#define TEST_LINK_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "protocol/link/hub.h"

/* How long anything may take before it counts as hanging: sanitizers on a busy machine are slow. */
#define PATIENCE_MS 60000
#define EXIT_HANG 3 /* the storm hangs: what must happen without the shims */

/* An expectation; says what failed. */
void expect(bool holds, const char *fmt, ...) CM_PRINTF(2, 3);
unsigned expect_failures(void);

/* End a test: it passed if no expectation has failed since the last one ended. */
void test_ends(const char *name);

/* Whether 127.0.0.1 can be reached: not so in a network namespace whose `lo` is down. If not, what is tried over tcp is
 * left out; the reason is printed once, and the report counts it. */
bool has_tcp(void);

/* Print how many tests passed and failed; the exit status. */
int expect_report(void);

/* A private folder for sockets; removed with its sockets by folder_remove. */
void folder_make(void);
void folder_remove(void);

enum transport { OVER_IPC, OVER_TCP, OVER_TLS, TRANSPORTS };
const char *transport_name(enum transport transport);

/* "ipc:///.../name.sock" in the folder, or "tcp://127.0.0.1:port", or the same over TLS. */
const char *address_of(enum transport transport, const char *name, unsigned port);

/* The identities and the fleet of the tests: "server" and "client" are members of it. */
struct cm_identity identity_of(const char *name);
void members_set(struct cm_hub *hub);

/* One loop, one mailbox, one hub. */
struct station {
	uv_loop_t loop;
	uv_timer_t pulse; /* so that waiting with a limit ends */
	struct cm_mailbox mailbox;
	struct cm_hub *hub; /* NULL: none, or closed */
	bool is_open;
	unsigned pulses_closed;
};

/* Fill loop and mailbox into `options` and open the hub, with callbacks of the caller. */
bool station_open(struct station *station, struct cm_hub_options *options, struct cm_err *err);

/* Run the loop until the condition holds; false after `limit_ms`. */
bool station_run(struct station *station, bool (*holds)(void *arg), void *arg, unsigned limit_ms);

/* Run for a while. */
void station_idle(struct station *station, unsigned ms);

/* Close all and expect the loop to close clean. Exits with EXIT_HANG if it never does. */
void station_close(struct station *station);

/* A server process. `mode`: "echo", "silent", "closing" (drops every 7th request's connection). */
struct server {
	pid_t pid;
	unsigned port; /* tcp and TLS */
	char address[128];
};

/* Start one; with tcp and TLS `port` 0 lets the kernel choose. */
void server_start(
    struct server *server, const char *mode, enum transport transport, unsigned port);
void server_kill(struct server *server);
/* SIGTERM, and expect exit status 0. */
void server_stop(struct server *server);

/* The other side of server_start: main() calls it when argv[1] is "server". */
int server_main(char **argv);

/* End the process with EXIT_HANG and a sentence after so many seconds. */
void watchdog_set(unsigned seconds);

#endif
