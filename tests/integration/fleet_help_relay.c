/* The relay between the processes of a fleet, and how to speak to it. */
#include "tests/integration/fleet_help.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LINKS 40
#define ADDRESS_BYTES 128

static pid_t relay;
static FILE *to_relay;
static FILE *from_relay;
static char links[MAX_LINKS][3 * ADDRESS_BYTES];
static size_t links_count;
static char answer[256];

/* ---- speaking -------------------------------------------------------------------------------- */

static void read_answer(void)
{
	must(fgets(answer, sizeof answer, from_relay) != NULL, "the relay answers");
	answer[strcspn(answer, "\n")] = 0;
}

void network_tell(const char *fmt, ...)
{
	char command[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	must(fprintf(to_relay, "%s\n", command) > 0 && fflush(to_relay) == 0, "tell the relay");
	read_answer();
	must(strncmp(answer, "ok", 2) == 0, "the relay obeys \"%s\": %s", command, answer);
}

void network_cut(const char *from, const char *to, bool is_cut)
{
	network_tell("%s>%s there hold %d", from, to, is_cut);
	network_tell("%s>%s back hold %d", to, from, is_cut);
}

int64_t network_count(const char *what)
{
	char field[40];
	const char *found;

	network_tell("* both count");
	(void)snprintf(field, sizeof field, " %s=", what);
	found = strstr(answer, field);
	must(found != NULL, "the relay counts %s: %s", what, answer);
	return strtoll(found + strlen(field), NULL, 10);
}

/* ---- laying the links ------------------------------------------------------------------------ */

static void relay_path(
    const struct cm_fleet *fleet, const char *from, const char *to, char out[ADDRESS_BYTES])
{
	(void)snprintf(out, ADDRESS_BYTES, "%s/%s-%s.sock", fleet->sockets, from, to);
}

/* In the caller's configuration: the relay's address instead of the callee's. */
static void redirect(const struct cm_fleet *fleet, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee)
{
	char *config = file_read(caller->config, NULL);
	char *found = config != NULL ? strstr(config, callee->address) : NULL;
	char path[ADDRESS_BYTES];
	struct cm_buf changed;

	must(found != NULL, "%s names the address of %s", caller->config, callee->name);
	must(links_count < MAX_LINKS, "at most %d links", MAX_LINKS);
	relay_path(fleet, caller->name, callee->name, path);
	cm_buf_init(&changed, 0);
	cm_buf_add(&changed, config, (size_t)(found - config));
	cm_buf_printf(&changed, "ipc://%s", path);
	cm_buf_text(&changed, found + strlen(callee->address));
	file_write(caller->config, changed.data, changed.len);
	cm_buf_fini(&changed);
	cm_free(config);
	(void)snprintf(links[links_count++], sizeof links[0], "%s>%s=%s=%s", caller->name,
	    callee->name, path, callee->address + strlen("ipc://"));
}

static void start_relay(void)
{
	const char *argv[MAX_LINKS + 3] = {RELAY_PATH};
	char seed[16];
	int in[2];
	int out[2];

	(void)snprintf(seed, sizeof seed, "%u", dice(1000000));
	argv[1] = seed;
	for (size_t i = 0; i < links_count; i++)
		argv[2 + i] = links[i];
	must(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "pipes for the relay");
	relay = fork();
	must(relay >= 0, "fork");
	if (relay == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	to_relay = fdopen(in[1], "w");
	from_relay = fdopen(out[0], "r");
	must(to_relay != NULL && from_relay != NULL, "streams to the relay");
	read_answer();
	must(strcmp(answer, "ready") == 0, "the relay is ready: %s", answer);
}

void network_begin(struct cm_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		process_stop_must(fleet, fleet->processes[i].name);
	for (size_t i = 0; i < fleet->count; i++)
		for (size_t j = 0; j < fleet->count; j++)
			if (i != j && (fleet->processes[i].role == CM_FLEET_ROUTER ||
			                  fleet->processes[j].role == CM_FLEET_ROUTER))
				redirect(fleet, &fleet->processes[i], &fleet->processes[j]);
	start_relay();
	for (size_t i = 0; i < fleet->count; i++)
		process_start(fleet, fleet->processes[i].name);
}

void network_end(void)
{
	int how = -1;

	(void)fclose(to_relay);
	(void)fclose(from_relay);
	must(waitpid(relay, &how, 0) == relay, "the relay ends: %s", strerror(errno));
	expect(how == 0, "the relay has ended well: %d", how);
	links_count = 0;
}
