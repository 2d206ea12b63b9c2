/*
 * Strangers who speak slowly, or too much: a byte now and then, a message that never ends, hundreds of
 * connections that say nothing, requests by the thousand whose answers nobody reads, the largest frames
 * without a pause. Meanwhile everybody else is served: demands are filed and come to their outcomes.
 */
#include "tests/integration/fleet_help.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/seal/seal.h"
#include "protocol/wire/limits.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 200
#define SLOW 40    /* connections that say a byte now and then */
#define SILENT 300 /* connections that say nothing */
#define MAX_MB 200 /* a process may need more under a flood, but not what the flood brings */

static const char *const nodes[] = {"us", "ie", "de"};
static const char *const victims[] = {"router", "us"};
static const uint8_t hello[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0}; /* of a REQ socket */
static struct cm_fleet fleet;
static struct filed cases[MOST];
static unsigned filed;

static int connect_raw(const char *name)
{
	const char *path = process_of(&fleet, name)->address + strlen("ipc://");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && strlen(path) < sizeof to.sun_path, "a socket");
	memcpy(to.sun_path, path, strlen(path));
	must(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0, "connect to %s: %s", name,
	    strerror(errno));
	must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "a socket that does not wait");
	return fd;
}

/* Greeting and one whole request that asks for the status, as nng would send it. */
static void print_request(struct cm_buf *out)
{
	struct cm_buf body;
	struct cm_buf frame;
	struct cm_record record = question_make(&body);
	uint8_t head[9 + 4] = {1, [9] = 0x80, [12] = 1};

	cm_buf_init(&frame, 0);
	envelope_print("cli-flood", &record, 1, &frame);
	for (unsigned i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)((uint64_t)(frame.len + 4) >> (56 - 8 * i));
	cm_buf_add(out, head, sizeof head);
	cm_buf_add(out, frame.data, frame.len);
	cm_buf_fini(&frame);
	cm_buf_fini(&body);
}

/* ---- meanwhile ------------------------------------------------------------------------------- */

static void expect_served(const char *under)
{
	struct filed *first = &cases[filed];
	int64_t began = now_ms();

	must(filed + 6 <= MOST, "at most %d demands", MOST);
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, filed, 6, first);
	filed += 6;
	expect_decided(&fleet, first, 6);
	(void)printf("  six demands under %s: %lld ms\n", under, (long long)(now_ms() - began));
}

static unsigned megabytes_of(const char *name)
{
	char path[64];
	char *status;
	const char *found;
	unsigned kb = 0;

	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)process_of(&fleet, name)->pid);
	status = file_read(path, NULL);
	found = status != NULL ? strstr(status, "VmRSS:") : NULL;
	must(found != NULL && sscanf(found, "VmRSS: %u", &kb) == 1, "read %s", path);
	cm_free(status);
	return kb / 1024;
}

/* ---- slowly ---------------------------------------------------------------------------------- */

static atomic_bool must_end;

struct flooders {
	int fds[SLOW];
	struct cm_buf request;
};

/* Each connection says one byte in turn, and never comes to an end of its message. */
static void *speak_slowly(void *data)
{
	struct flooders *slow = data;

	for (size_t at = 0; !atomic_load(&must_end); at++) {
		for (size_t i = 0; i < SLOW; i++) {
			const uint8_t *bytes = at < sizeof hello ? hello : slow->request.data;
			size_t from = at < sizeof hello ? at : (at - sizeof hello) % (slow->request.len - 1);

			(void)!send(slow->fds[i], bytes + from, 1, MSG_NOSIGNAL);
		}
		pause_us(2000);
	}
	return NULL;
}

static void who_speaks_slowly_keeps_nobody_waiting(void)
{
	struct flooders slow = {.fds = {0}};
	pthread_t thread;

	cm_buf_init(&slow.request, 0);
	print_request(&slow.request);
	for (size_t i = 0; i < SLOW; i++)
		slow.fds[i] = connect_raw(victims[i % COUNT(victims)]);
	atomic_store(&must_end, false);
	must(pthread_create(&thread, NULL, speak_slowly, &slow) == 0, "a thread");
	expect_served("slow speakers");
	atomic_store(&must_end, true);
	(void)pthread_join(thread, NULL);
	for (size_t i = 0; i < SLOW; i++)
		(void)close(slow.fds[i]);
	cm_buf_fini(&slow.request);
}

static void who_says_nothing_keeps_nobody_waiting(void)
{
	static int fds[SILENT];

	for (size_t i = 0; i < SILENT; i++) {
		fds[i] = connect_raw(victims[i % COUNT(victims)]);
		(void)!send(fds[i], hello, i % (sizeof hello + 1), MSG_NOSIGNAL);
	}
	expect_served("silent connections");
	for (size_t i = 0; i < SILENT; i++)
		(void)close(fds[i]);
}

/* ---- too much -------------------------------------------------------------------------------- */

struct flood {
	const char *victim;
	const uint8_t *bytes; /* said again and again */
	size_t len;
	size_t sent;
	unsigned rounds;
};

/* Push as much as the socket takes, never read, begin anew when hung up on. */
static void *flood_on(void *data)
{
	struct flood *flood = data;
	int fd = -1;
	size_t at = 0;

	while (!atomic_load(&must_end)) {
		ssize_t put;

		if (fd < 0) {
			fd = connect_raw(flood->victim);
			at = 0;
			flood->rounds++;
			(void)!send(fd, hello, sizeof hello, MSG_NOSIGNAL);
		}
		put = send(fd, flood->bytes + at, flood->len - at, MSG_NOSIGNAL);
		if (put > 0) {
			at = (at + (size_t)put) % flood->len;
			flood->sent += (size_t)put;
			continue;
		}
		if (errno == EAGAIN) {
			pause_us(500);
			continue;
		}
		(void)close(fd);
		fd = -1;
	}
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

static void flood(const uint8_t *bytes, size_t len, const char *what)
{
	struct flood floods[COUNT(victims)];
	pthread_t threads[COUNT(victims)];

	atomic_store(&must_end, false);
	for (size_t i = 0; i < COUNT(victims); i++) {
		floods[i] = (struct flood){.victim = victims[i], .bytes = bytes, .len = len};
		must(pthread_create(&threads[i], NULL, flood_on, &floods[i]) == 0, "a thread");
	}
	for (unsigned i = 0; i < (is_long() ? 10 : 1); i++)
		expect_served(what);
	for (size_t i = 0; i < COUNT(victims); i++) {
		unsigned mb = megabytes_of(victims[i]);

		expect(mb < MAX_MB * (COMITY_IS_SANITIZED ? 8 : 1), "%s needs %u MB under %s", victims[i],
		    mb, what);
	}
	atomic_store(&must_end, true);
	for (size_t i = 0; i < COUNT(victims); i++) {
		(void)pthread_join(threads[i], NULL);
		(void)printf("  %s took %.1f MB on %u connections\n", victims[i],
		    (double)floods[i].sent / 1e6, floods[i].rounds);
		expect(floods[i].sent > 0, "%s was flooded", victims[i]);
	}
}

/* Right requests without end, and nobody reads the answers. */
static void requests_whose_answers_nobody_reads(void)
{
	struct cm_buf request;

	cm_buf_init(&request, 0);
	print_request(&request);
	flood(request.data, request.len, "requests");
	cm_buf_fini(&request);
}

/* The largest frames that are taken at all, full of noise. */
static void the_largest_frames_without_a_pause(void)
{
	size_t len = 9 + CM_MAX_FRAME_BYTES;
	uint8_t *bytes = cm_alloc(len, 1);

	must(bytes != NULL, "memory");
	cm_random(bytes, len);
	bytes[0] = 1;
	for (unsigned i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)((uint64_t)CM_MAX_FRAME_BYTES >> (56 - 8 * i));
	bytes[9] |= 0x80; /* a request's number */
	bytes[13] = 0xc1; /* never used in MessagePack */
	flood(bytes, len, "large frames");
	cm_free(bytes);
}

static void a_message_that_never_ends(void)
{
	static uint8_t zeros[1 << 20];

	flood(zeros, sizeof zeros, "noise");
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de");
	accounts_import(&fleet, ACCOUNTS);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, filed);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"who speaks slowly keeps nobody waiting", who_speaks_slowly_keeps_nobody_waiting},
	    {"who says nothing keeps nobody waiting", who_says_nothing_keeps_nobody_waiting},
	    {"requests whose answers nobody reads", requests_whose_answers_nobody_reads},
	    {"the largest frames without a pause", the_largest_frames_without_a_pause},
	    {"a message that never ends", a_message_that_never_ends},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("flood", trials, COUNT(trials));
}
