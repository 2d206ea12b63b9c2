#include "tests/integration/link/harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/base/list.h"
#include "protocol/link/now.h"

extern char **environ;

static unsigned failures_count; /* expectations */
static unsigned failures_before;
static unsigned passed_count; /* tests */
static unsigned failed_count;
static unsigned skipped_count;
static char folder[64];

void expect(bool holds, const char *fmt, ...)
{
	va_list ap;

	if (holds)
		return;
	failures_count++;
	fputs("FAILED: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

unsigned expect_failures(void)
{
	return failures_count;
}

void test_ends(const char *name)
{
	bool is_clean = failures_count == failures_before;

	failures_before = failures_count;
	passed_count += is_clean;
	failed_count += !is_clean;
	fprintf(stderr, "%s %s\n", is_clean ? "ok    " : "FAILED", name);
}

bool has_tcp(void)
{
	static int is_there = -1;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int listening;
	int calling;

	if (is_there >= 0)
		return is_there != 0;
	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	calling = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	is_there = bind(listening, (struct sockaddr *)&in, sizeof in) == 0 && listen(listening, 1) == 0 &&
	           getsockname(listening, (struct sockaddr *)&in, &len) == 0 &&
	           connect(calling, (struct sockaddr *)&in, sizeof in) == 0;
	if (is_there == 0) {
		fprintf(stderr, "left out: nothing over tcp, 127.0.0.1 cannot be reached here\n");
		skipped_count++;
	}
	close(listening);
	close(calling);
	return is_there != 0;
}

int expect_report(void)
{
	printf("%u passed, %u failed", passed_count, failed_count);
	if (skipped_count > 0)
		printf(", %u skipped", skipped_count);
	printf("\n");
	return failures_count != 0;
}

/* Only async-signal-safe calls. */
static void on_watchdog(int signal_number)
{
	static const char text[] = "HANG: the watchdog ended the test\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);

	(void)signal_number;
	(void)written;
	_exit(EXIT_HANG);
}

void watchdog_set(unsigned seconds)
{
	signal(SIGALRM, on_watchdog);
	alarm(seconds);
}

void folder_make(void)
{
	strcpy(folder, "/tmp/cm-link-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		perror("mkdtemp");
		exit(1);
	}
}

void folder_remove(void)
{
	char command[128];

	if (folder[0] == 0)
		return; /* the server uses its parent's */
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", folder);
}

const char *transport_name(enum transport transport)
{
	static const char *const names[] = {"ipc", "tcp", "tls"};

	return names[transport];
}

const char *address_of(enum transport transport, const char *name, unsigned port)
{
	static char address[128];

	if (transport == OVER_IPC)
		(void)snprintf(address, sizeof address, "ipc://%s/%s.sock", folder, name);
	else
		(void)snprintf(address, sizeof address, "%s://127.0.0.1:%u",
		    transport == OVER_TLS ? "tls+tcp" : "tcp", port);
	return address;
}

struct cm_identity identity_of(const char *name)
{
	struct cm_identity identity;
	uint8_t seed[CM_DIGEST_BYTES];

	cm_digest(name, strlen(name), seed);
	cm_identity_from_seed(seed, &identity);
	return identity;
}

void members_set(struct cm_hub *hub)
{
	struct cm_hub_member members[2] = {{.name = "server"}, {.name = "client"}};
	struct cm_err err;

	for (size_t i = 0; i < 2; i++) {
		struct cm_identity identity = identity_of(members[i].name);

		memcpy(members[i].key, identity.public_key, sizeof members[i].key);
	}
	expect(cm_hub_set_members(hub, members, 2, &err) == CM_OK, "the fleet is known");
}

/* ---- the station ------------------------------------------------------------------------------
 */

static void on_pulse(uv_timer_t *timer)
{
	(void)timer;
}

bool station_open(struct station *station, struct cm_hub_options *options, struct cm_err *err)
{
	*station = (struct station){.hub = NULL};
	expect(uv_loop_init(&station->loop) == 0, "a loop opens");
	expect(cm_mailbox_init(&station->mailbox, &station->loop) == CM_OK, "a mailbox opens");
	uv_timer_init(&station->loop, &station->pulse);
	uv_timer_start(&station->pulse, on_pulse, 10, 10);
	options->loop = &station->loop;
	options->mailbox = &station->mailbox;
	station->is_open = true;
	return cm_hub_open(options, &station->hub, err) == CM_OK;
}

bool station_run(struct station *station, bool (*holds)(void *arg), void *arg, unsigned limit_ms)
{
	int64_t end_ms = cm_mono_now().ms + limit_ms;

	while (!holds(arg)) {
		if (cm_mono_now().ms >= end_ms)
			return false;
		uv_run(&station->loop, UV_RUN_ONCE);
	}
	return true;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void station_idle(struct station *station, unsigned ms)
{
	(void)station_run(station, never, NULL, ms);
}

static void on_hub_closed(struct cm_hub *hub, void *data)
{
	struct station *station = data;

	expect(hub == station->hub, "on_close names its hub");
	station->hub = NULL;
}

static void on_mailbox_closed(struct cm_mailbox *mailbox)
{
	struct station *station = CM_CONTAINER(mailbox, struct station, mailbox);

	station->is_open = false;
}

static bool has_no_hub(void *arg)
{
	return ((struct station *)arg)->hub == NULL;
}

static bool is_closed(void *arg)
{
	return !((struct station *)arg)->is_open;
}

void station_close(struct station *station)
{
	if (station->hub != NULL)
		cm_hub_close(station->hub, on_hub_closed, station);
	if (!station_run(station, has_no_hub, station, PATIENCE_MS)) {
		fputs("HANG: the hub does not close\n", stderr);
		folder_remove();
		_exit(EXIT_HANG);
	}
	cm_mailbox_close(&station->mailbox, on_mailbox_closed);
	expect(station_run(station, is_closed, station, PATIENCE_MS), "the mailbox closes");
	uv_close((uv_handle_t *)&station->pulse, NULL);
	uv_run(&station->loop, UV_RUN_DEFAULT);
	expect(uv_loop_close(&station->loop) == 0, "the loop closes clean");
	cm_mailbox_fini(&station->mailbox);
}

/* ---- the server process -----------------------------------------------------------------------
 */

void server_start(
    struct server *server, const char *mode, enum transport transport, unsigned port)
{
	char *argv[] = {"/proc/self/exe", "server", (char *)mode, NULL, NULL};
	char self[512];
	posix_spawn_file_actions_t actions;
	char ready[32] = "";
	int fds[2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct pollfd waiting;

	self[n > 0 ? n : 0] = 0;
	argv[0] = self;
	(void)snprintf(server->address, sizeof server->address, "%s",
	    address_of(transport, "server", port));
	argv[3] = server->address;
	if (pipe2(fds, O_CLOEXEC) != 0)
		abort();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 3);
	if (posix_spawn(&server->pid, self, &actions, NULL, argv, environ) != 0)
		abort();
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	waiting = (struct pollfd){.fd = fds[0], .events = POLLIN};
	if (poll(&waiting, 1, PATIENCE_MS) == 1)
		n = read(fds[0], ready, sizeof ready - 1);
	close(fds[0]);
	expect(ready[0] == 'R', "the server listens at %s", server->address);
	server->port = (unsigned)strtoul(ready + (ready[0] != 0), NULL, 10);
	if (transport != OVER_IPC)
		(void)snprintf(server->address, sizeof server->address, "%s",
		    address_of(transport, "server", server->port));
}

void server_kill(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

void server_stop(struct server *server)
{
	int status = -1;

	kill(server->pid, SIGTERM);
	for (int i = 0; i < PATIENCE_MS / 10 && waitpid(server->pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	if (status == -1)
		server_kill(server);
	if (status == -1 || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_HANG)) {
		fputs("HANG: the server does not stop\n", stderr);
		folder_remove();
		_exit(EXIT_HANG);
	}
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server stops clean (status %d)",
	    status);
}

struct serving {
	struct station station;
	const char *mode;
	unsigned requests_count;
	bool must_stop;
	bool is_dead;
};

static void on_request(void *data, struct cm_inbound *in)
{
	struct serving *serving = data;
	struct cm_bytes bytes = cm_inbound_bytes(in);

	serving->requests_count++;
	if (strcmp(serving->mode, "silent") == 0)
		return;
	if (strcmp(serving->mode, "closing") == 0 && serving->requests_count % 7 == 0)
		cm_inbound_drop(in);
	else
		cm_inbound_reply(in, bytes.data, bytes.len);
}

static void on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	(void)data;
	(void)peer;
	(void)token;
	(void)status;
	(void)reply;
}

static void on_peer(void *data, size_t peer, bool is_up)
{
	(void)data;
	(void)peer;
	(void)is_up;
}

static void on_dead(void *data, const char *sentence)
{
	(void)sentence;
	((struct serving *)data)->is_dead = true;
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	((struct serving *)handle->data)->must_stop = true;
}

static bool must_stop(void *arg)
{
	const struct serving *serving = arg;

	return serving->must_stop || serving->is_dead;
}

int server_main(char **argv)
{
	struct serving serving = {.mode = argv[2]};
	struct cm_identity identity = identity_of("server");
	bool is_tls = strncmp(argv[3], "tls", 3) == 0;
	struct cm_hub_options options = {
	    .listen_address = is_tls ? NULL : argv[3],
	    .listen_tls_address = is_tls ? argv[3] : NULL,
	    .identity = &identity,
	    .name = "server",
	    .unread = 512, /* callers with hundreds in flight */
	    .callbacks = {on_request, on_reply, on_peer, on_dead},
	    .data = &serving,
	    .allow_tcp_for_tests = true,
	};
	struct cm_err err = {.status = CM_OK};
	uv_signal_t stop;

	/* A test that hangs is ended without a chance to stop its server. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (!station_open(&serving.station, &options, &err)) {
		fprintf(stderr, "server: %s\n", err.text);
		return 1;
	}
	members_set(serving.station.hub);
	uv_signal_init(&serving.station.loop, &stop);
	stop.data = &serving;
	uv_signal_start(&stop, on_signal, SIGTERM);
	dprintf(3, "R%u\n", cm_hub_port(serving.station.hub));
	close(3);
	while (!station_run(&serving.station, must_stop, &serving, 60000))
		continue;
	uv_close((uv_handle_t *)&stop, NULL);
	cm_hub_stop_listening(serving.station.hub);
	station_close(&serving.station);
	return expect_failures() != 0 || serving.is_dead;
}
