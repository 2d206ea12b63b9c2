/* The relay between the processes of a fleet, and how to speak to it. */
#include "tests/integration/fleet_help_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- speaking -------------------------------------------------------------------------------- */

static void read_answer(struct relay *relay)
{
	must(fgets(relay->answer, sizeof relay->answer, relay->from) != NULL, "the relay answers");
	relay->answer[strcspn(relay->answer, "\n")] = 0;
}

static void tell(struct relay *relay, const char *fmt, va_list ap)
{
	char command[200];

	(void)vsnprintf(command, sizeof command, fmt, ap);
	must(fprintf(relay->to, "%s\n", command) > 0 && fflush(relay->to) == 0, "tell the relay");
	read_answer(relay);
	must(strncmp(relay->answer, "ok", 2) == 0, "the relay obeys \"%s\": %s", command,
	    relay->answer);
}

void relay_tell(struct relay *relay, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(relay, fmt, ap);
	va_end(ap);
}

int64_t relay_count(struct relay *relay, const char *what)
{
	char field[40];
	const char *found;

	relay_tell(relay, "* both count");
	(void)snprintf(field, sizeof field, " %s=", what);
	found = strstr(relay->answer, field);
	must(found != NULL, "the relay counts %s: %s", what, relay->answer);
	return strtoll(found + strlen(field), NULL, 10);
}

/* ---- its life -------------------------------------------------------------------------------- */

void relay_link(struct relay *relay, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee, const char *at, const char *target)
{
	must(relay->links_count < RELAY_MAX_LINKS, "at most %d links", RELAY_MAX_LINKS);
	(void)snprintf(relay->links[relay->links_count++], sizeof relay->links[0], "%s>%s=%s=%s",
	    caller->name, callee->name, at, target);
}

/* The child's: become the relay. It ends with its standard input; if it is stuck, with its parent.
 */
static void become_relay(const char *const *argv, int in, int out)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(in, 0);
	(void)dup2(out, 1);
	(void)execv(argv[0], (char *const *)argv);
	_exit(127);
}

void relay_start(struct relay *relay)
{
	const char *argv[RELAY_MAX_LINKS + 3] = {RELAY_PATH};
	char seed[16];
	int in[2];
	int out[2];

	(void)snprintf(seed, sizeof seed, "%u", dice(1000000));
	argv[1] = seed;
	for (size_t i = 0; i < relay->links_count; i++)
		argv[2 + i] = relay->links[i];
	must(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "pipes for the relay");
	relay->pid = fork();
	must(relay->pid >= 0, "fork");
	if (relay->pid == 0)
		become_relay(argv, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	relay->to = fdopen(in[1], "w");
	relay->from = fdopen(out[0], "r");
	must(relay->to != NULL && relay->from != NULL, "streams to the relay");
	read_answer(relay);
	must(strcmp(relay->answer, "ready") == 0, "the relay is ready: %s", relay->answer);
}

void relay_end(struct relay *relay)
{
	int how = -1;

	(void)fclose(relay->to);
	(void)fclose(relay->from);
	must(waitpid(relay->pid, &how, 0) == relay->pid, "the relay ends: %s", strerror(errno));
	expect(how == 0, "the relay has ended well: %d", how);
	relay->links_count = 0;
}

/* ---- laying links ---------------------------------------------------------------------------- */

void relay_path(const struct cm_fleet *fleet, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee, char out[RELAY_PLACE_BYTES])
{
	(void)snprintf(
	    out, RELAY_PLACE_BYTES, "%s/%s-%s.sock", fleet->sockets, caller->name, callee->name);
}

const char *relay_target(const struct cm_fleet_process *process)
{
	return process->address + strlen("ipc://");
}

void relay_redirect(
    const struct cm_fleet_process *caller, const struct cm_fleet_process *callee, const char *path)
{
	char *config = file_read(caller->config, NULL);
	char *found = config != NULL ? strstr(config, callee->address) : NULL;
	struct cm_buf changed;

	must(found != NULL, "%s names the address of %s", caller->config, callee->name);
	cm_buf_init(&changed, 0);
	cm_buf_add(&changed, config, (size_t)(found - config));
	cm_buf_printf(&changed, "ipc://%s", path);
	cm_buf_text(&changed, found + strlen(callee->address));
	file_write(caller->config, changed.data, changed.len);
	cm_buf_fini(&changed);
	cm_free(config);
}

/* ---- one relay for all ----------------------------------------------------------------------- */

static struct relay network;

void network_tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(&network, fmt, ap);
	va_end(ap);
}

void network_cut(const char *from, const char *to, bool is_cut)
{
	network_tell("%s>%s there hold %d", from, to, is_cut);
	network_tell("%s>%s back hold %d", to, from, is_cut);
}

int64_t network_count(const char *what)
{
	return relay_count(&network, what);
}

static void lay(const struct cm_fleet *fleet, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee)
{
	char path[RELAY_PLACE_BYTES];

	relay_path(fleet, caller, callee, path);
	relay_redirect(caller, callee, path);
	relay_link(&network, caller, callee, path, relay_target(callee));
}

void network_begin(struct cm_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		process_stop_must(fleet, fleet->processes[i].name);
	for (size_t i = 0; i < fleet->count; i++)
		for (size_t j = 0; j < fleet->count; j++)
			if (i != j && (fleet->processes[i].role == CM_FLEET_ROUTER ||
			                  fleet->processes[j].role == CM_FLEET_ROUTER))
				lay(fleet, &fleet->processes[i], &fleet->processes[j]);
	relay_start(&network);
	for (size_t i = 0; i < fleet->count; i++)
		process_start(fleet, fleet->processes[i].name);
}

void network_end(void)
{
	relay_end(&network);
}
