/*
 * A relay as a process of the test's: its links, its life, and how to speak to it. For what lays
 * links in a fleet: fleet_help_relay.c (one relay, Unix sockets) and fleet_help_namespaces.c (one
 * in each network, TCP between them). The tests themselves speak to neither.
 */
#ifndef TEST_FLEET_HELP_RELAY_H
#define TEST_FLEET_HELP_RELAY_H

#include <stdio.h>

#include "tests/integration/fleet_help.h"

#define RELAY_MAX_LINKS 40
#define RELAY_PLACE_BYTES 128

struct relay {
	char links[RELAY_MAX_LINKS][3 * RELAY_PLACE_BYTES];
	size_t links_count;
	pid_t pid;
	FILE *to;
	FILE *from;
	char answer[256]; /* to the last command */
};

/* Add a link before the relay starts. The places are as relay/relay.c wants them. */
void relay_link(struct relay *relay, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee, const char *at, const char *target);

/* Start it and wait until it listens everywhere. It ends with the test, however that ends. */
void relay_start(struct relay *relay);

void relay_tell(struct relay *relay, const char *fmt, ...) CM_PRINTF(2, 3);
int64_t relay_count(struct relay *relay, const char *what);

/* End it; it has ended well. It may be given links again. */
void relay_end(struct relay *relay);

/* The Unix socket on which a caller's relay takes its calls to the callee. */
void relay_path(const struct cm_fleet *fleet, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee, char out[RELAY_PLACE_BYTES]);

/* The Unix socket of a process itself. */
const char *relay_target(const struct cm_fleet_process *process);

/* In the caller's configuration: the Unix socket `path` instead of the callee's address. */
void relay_redirect(
    const struct cm_fleet_process *caller, const struct cm_fleet_process *callee, const char *path);

#endif
