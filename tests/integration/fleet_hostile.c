/*
 * What strangers send: bytes that are no message. Each is refused and counted, and the process keeps
 * serving. What they say in messages is in fleet_forged.c.
 *
 * Two ways in: raw bytes on the socket, below nng; and whole frames through nng by cm_client_call.
 */
#include "tests/integration/fleet_help.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/seal/seal.h"
#include "protocol/wire/limits.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const victims[] = {"router", "central", "us"};
static struct cm_fleet fleet;

/* Alive means: answers `status`, and is the process it was. */
static void expect_serving(const char *name, const char *after)
{
	pid_t pid = process_of(&fleet, name)->pid;
	json_t *status = ask_must(&fleet, name, "status", NULL);

	expect(strcmp(text_at(status, "name"), name) == 0 && kill(pid, 0) == 0,
	    "%s serves after %s", name, after);
	json_decref(status);
}

/* ---- below nng ------------------------------------------------------------------------------- */

/* Connect; -1 if the process does not take the connection. */
static int connect_raw(const char *name)
{
	const char *path = process_of(&fleet, name)->address + strlen("ipc://");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && strlen(path) < sizeof to.sun_path, "a socket");
	memcpy(to.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void push(int fd, const void *bytes, size_t len)
{
	/* It may hang up in the middle: that is its right. */
	(void)!send(fd, bytes, len, MSG_NOSIGNAL);
}

static const uint8_t hello[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0}; /* of a REQ socket */

/* The head of one message on an ipc pipe: a kind and a length of eight bytes. */
static void push_head(int fd, uint64_t len)
{
	uint8_t head[9] = {1};

	for (unsigned i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)(len >> (56 - 8 * i));
	push(fd, head, sizeof head);
}

/* True if the process hangs up on us in time. */
static bool is_hung_up(int fd)
{
	int64_t give_up = now_ms() + PATIENCE_MS;
	char bytes[256];

	while (now_ms() < give_up) {
		struct pollfd look = {.fd = fd, .events = POLLIN};

		if (poll(&look, 1, 1000) > 0 && recv(fd, bytes, sizeof bytes, 0) <= 0)
			return true;
	}
	return false;
}

static void strange_connections(const char *name)
{
	static const uint8_t wrong_hello[8] = {0, 'S', 'P', 0, 0, 0x10, 0, 0};
	uint8_t junk[4096];
	int fd;

	for (unsigned i = 0; i < 20; i++) { /* connect and go, with and without a word */
		fd = connect_raw(name);
		if (i % 2 == 0)
			push(fd, hello, i % sizeof hello);
		(void)close(fd);
	}
	for (unsigned i = 0; i < 10; i++) { /* noise from the first byte on */
		cm_random(junk, sizeof junk);
		fd = connect_raw(name);
		push(fd, junk, sizeof junk);
		expect(is_hung_up(fd), "%s hangs up on noise", name);
		(void)close(fd);
	}
	fd = connect_raw(name);
	push(fd, wrong_hello, sizeof wrong_hello);
	expect(is_hung_up(fd), "%s hangs up on another protocol", name);
	(void)close(fd);
	expect_serving(name, "strange connections");
}

static void strange_lengths(const char *name)
{
	static const uint64_t lengths[] = {
	    CM_MAX_FRAME_BYTES + 4096, UINT64_C(1) << 32, UINT64_C(1) << 62, UINT64_MAX};
	static uint8_t zeros[65536];
	int fd;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		fd = connect_raw(name);
		push(fd, hello, sizeof hello);
		push_head(fd, lengths[i]);
		push(fd, zeros, sizeof zeros);
		expect(is_hung_up(fd), "%s hangs up on %llu bytes", name,
		    (unsigned long long)lengths[i]);
		(void)close(fd);
	}
	for (unsigned i = 0; i < 10; i++) { /* begin a message and leave */
		fd = connect_raw(name);
		push(fd, hello, sizeof hello);
		push_head(fd, 1000);
		push(fd, zeros, i * 100);
		(void)close(fd);
	}
	for (unsigned i = 0; i < 10; i++) { /* no request number, or half of one */
		fd = connect_raw(name);
		push(fd, hello, sizeof hello);
		push_head(fd, i % 5);
		push(fd, zeros, i % 5);
		(void)close(fd);
	}
	expect_serving(name, "strange lengths");
}

static void each_process_survives_what_is_below_a_message(void)
{
	for (size_t i = 0; i < COUNT(victims); i++) {
		strange_connections(victims[i]);
		strange_lengths(victims[i]);
	}
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void print_question(struct cm_buf *out)
{
	struct cm_buf body;
	struct cm_record record = question_make(&body);

	envelope_print("cli-hostile", &record, 1, out);
	cm_buf_fini(&body);
}

static void noise(const char *name)
{
	int64_t before = counter_of(&fleet, name, "envelopes_refused");
	uint8_t junk[2000];
	struct cm_buf reply;

	cm_buf_init(&reply, 0);
	for (unsigned i = 0; i < 40; i++) {
		size_t len = 1 + (i * i) % sizeof junk;

		cm_random(junk, len);
		junk[0] = 0xc1; /* never used in MessagePack: so that none is right by chance */
		expect(!call_raw(process_of(&fleet, name), junk, len, &reply), "%s answers %zu bytes of noise", name, len);
	}
	expect(counter_of(&fleet, name, "envelopes_refused") == before + 40,
	    "%s counts what it refused (envelopes_refused): %lld of 40", name,
	    (long long)(counter_of(&fleet, name, "envelopes_refused") - before));
	cm_buf_fini(&reply);
}

static void cut_and_bent_messages(const char *name)
{
	struct cm_buf question;
	struct cm_buf reply;
	unsigned answered = 0;

	cm_buf_init(&question, 0);
	cm_buf_init(&reply, 0);
	print_question(&question);
	for (size_t len = 1; len < question.len; len++)
		answered += call_raw(process_of(&fleet, name), question.data, len, &reply);
	expect(answered == 0, "%s answers no part of an envelope: %u", name, answered);
	for (size_t i = 0; i < question.len; i += 3) { /* may stay a message: any answer will do */
		question.data[i] ^= (uint8_t)(1u << (i % 8));
		(void)call_raw(process_of(&fleet, name), question.data, question.len, &reply);
		question.data[i] ^= (uint8_t)(1u << (i % 8));
	}
	expect(call_raw(process_of(&fleet, name), question.data, question.len, &reply), "%s answers the whole", name);
	cm_buf_fini(&question);
	cm_buf_fini(&reply);
}

/* Counts that promise gigabytes, containers in containers, keys out of order, an end too early. */
static void traps(const char *name)
{
	static const struct {
		const char *bytes;
		size_t len;
	} frames[] = {
	    {"\xdd\x0f\xff\xff\xff", 5}, {"\xdf\xff\xff\xff\xff", 5}, {"\xc6\xff\xff\xff\xff", 5},
	    {"\xdb\x7f\xff\xff\xff", 5}, {"\x82\x01\x01\x01\x01", 5}, {"\x80", 1}, {"\xc0", 1},
	    {"\x81\xa1x\x01", 4}, {"\x81\x01\x02", 3}, {"\x82\x01\x01\x02\xa0", 5},
	    {"\xc7\x01\x01\x01", 4}, {"\x81\x01\xd3\xff\xff\xff\xff\xff\xff\xff\xff", 11}};
	uint8_t deep[100000];
	struct cm_buf reply;

	cm_buf_init(&reply, 0);
	for (size_t i = 0; i < COUNT(frames); i++)
		expect(!call_raw(process_of(&fleet, name), frames[i].bytes, frames[i].len, &reply), "%s answers trap %zu",
		    name, i);
	memset(deep, 0x91, sizeof deep);
	expect(!call_raw(process_of(&fleet, name), deep, sizeof deep, &reply), "%s answers a deep nest", name);
	memset(deep, 0x81, sizeof deep);
	expect(!call_raw(process_of(&fleet, name), deep, sizeof deep, &reply), "%s answers a nest of maps", name);
	cm_buf_fini(&reply);
}

static void each_process_survives_frames_that_are_no_envelope(void)
{
	for (size_t i = 0; i < COUNT(victims); i++) {
		noise(victims[i]);
		cut_and_bent_messages(victims[i]);
		traps(victims[i]);
		expect_serving(victims[i], "frames that are no envelope");
	}
}

static void nothing_of_it_is_left(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = file_read(EXAMPLES_PATH "/us-subpoena-content.json", NULL);
	json_t *shown;

	file_must(&fleet, "us", text, case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(shown != NULL, "a good demand has its outcome");
	json_decref(shown);
	cm_free(text);
	for (size_t i = 0; i < COUNT(victims); i++)
		expect_serving(victims[i], "all");
	fleet_end(&fleet);
}

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	fleet_import_examples(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"each process survives what is below a message",
	        each_process_survives_what_is_below_a_message},
	    {"each process survives frames that are no envelope",
	        each_process_survives_frames_that_are_no_envelope},
	    {"nothing of it is left", nothing_of_it_is_left},
	};

	return trials_run("hostile", trials, COUNT(trials));
}
