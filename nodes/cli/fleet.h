/*
 * A fleet on this machine: a router or several, a central node and a node for each region, every
 * one a process of its own with its own configuration, ledger and log in one folder.
 *
 * This starts, finds and ends processes. It talks to none of them: what they say to each other is
 * theirs. `comity fleet ...`, deploy/run and the integration tests call it, on one thread; two
 * callers of the same folder take turns by a lock on it. What runs is written down in
 * DIR/fleet.json after every start, so that another process can take the fleet down even if this
 * one is killed.
 */
#ifndef CM_CLI_FLEET_H
#define CM_CLI_FLEET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nodes/cli/fleet_region.h"
#include "protocol/base/alloc.h"
#include "protocol/wire/limits.h"

enum cm_fleet_role { CM_FLEET_ROUTER, CM_FLEET_CENTRAL, CM_FLEET_REGION };

struct cm_fleet_process {
	const char *name; /* "router" (of several: "router1" ...), "central" or the region's */
	enum cm_fleet_role role;
	struct cm_region region; /* of a region's node */
	const char *program;     /* the executable's path */
	const char *address;     /* "ipc:///run/.../ie.sock" */
	const char *config;
	const char *ledger;
	const char *residency; /* NULL: not a region */
	const char *log;
	const char *link;     /* "tls+tcp://127.0.0.1:40123"; NULL: others come by `address` too */
	const char *identity; /* with `link`, as the next: files of its key and of its manifest */
	const char *manifest;
	pid_t pid;        /* 0: was never started */
	uint64_t started; /* its start in clock ticks since boot: a pid alone is used again */
	int exit_status;  /* as waitpid tells it; -1: still runs, or was not our child */
};

struct cm_fleet {
	const char *dir;     /* absolute */
	const char *sockets; /* a private folder with a short path */
	const char *law_dir;
	const char *blind_key;
	const char *root; /* public key of the root, in hex; NULL: no TLS, or not known here */
	const char *law_signatures; /* who stands for the law of its processes; NULL as `root` */
	const char *people; /* the file of users of all its processes */
	const char *boot; /* of the machine when the fleet was started */
	struct cm_fleet_process *processes;
	size_t count;
	struct cm_arena arena; /* owns everything above */
};

struct cm_fleet_spec {
	const char *dir;     /* made, mode 0700, if its parent is there */
	const char *regions; /* "us,ie,de,gb", see fleet_region.h */
	unsigned routers;    /* 1 to CM_MAX_ROUTERS; 0: one */
	const char *law_dir;
	const char *bin_dir; /* installed programs, or the top of a build */
	bool tls;            /* links over loopback TCP by keys of their own, not over Unix sockets */
	unsigned wait_ms;    /* for all to be ready; 0: CM_FLEET_WAIT_MS */
	int stop_fd;         /* readable when starting must be given up; -1: none */
};

#define CM_MAX_FLEET_PROCESSES (CM_MAX_ROUTERS + 1 + CM_MAX_REGIONS)
#define CM_FLEET_WAIT_MS 60000  /* sanitized builds on a busy machine are slow */
#define CM_FLEET_GRACE_MS 10000 /* between SIGTERM and SIGKILL */

/*
 * Start a fleet and wait until every process listens. On any failure, and when `stop_fd` becomes
 * readable (CM_STOPPED), no process is left behind. CM_DUPLICATE: a fleet runs there already. `out`
 * needs cm_fleet_fini whatever comes back; that ends no process.
 */
enum cm_status cm_fleet_up(
    const struct cm_fleet_spec *spec, struct cm_fleet *out, struct cm_err *err) CM_MUST_USE;
void cm_fleet_fini(struct cm_fleet *fleet);

/* Read DIR/fleet.json. CM_NOT_FOUND: there is no fleet. */
enum cm_status cm_fleet_load(const char *dir, struct cm_fleet *out, struct cm_err *err) CM_MUST_USE;

/*
 * End all processes (SIGTERM, after `grace_ms` SIGKILL), remove sockets and fleet.json; ledgers,
 * logs and keys stay. CM_TIMED_OUT: all are gone, but some had to be killed. CM_INTERNAL: all are
 * gone, but one had ended by itself, or a child of this process did not exit with 0. `err` names
 * it.
 */
enum cm_status cm_fleet_down(
    struct cm_fleet *fleet, unsigned grace_ms, struct cm_err *err) CM_MUST_USE;

/* The process of that name, or NULL and a sentence with the nearest name. */
struct cm_fleet_process *cm_fleet_find(
    struct cm_fleet *fleet, const char *name, struct cm_err *err) CM_MUST_USE;

bool cm_fleet_is_running(const struct cm_fleet_process *process);

/* SIGKILL one process and wait until it is gone. CM_NO_MEANING: it does not run. */
enum cm_status cm_fleet_kill(
    struct cm_fleet *fleet, const char *name, struct cm_err *err) CM_MUST_USE;

/* Start one process again, with its old configuration and ledger, and wait until it listens.
 * CM_NO_MEANING: it runs. `spec` gives wait_ms and stop_fd alone, and may be NULL. */
enum cm_status cm_fleet_start(struct cm_fleet *fleet, const char *name,
    const struct cm_fleet_spec *spec, struct cm_err *err) CM_MUST_USE;

/* End one process with SIGTERM, after the grace time SIGKILL, and wait until it is gone. */
enum cm_status cm_fleet_stop(
    struct cm_fleet *fleet, const char *name, unsigned grace_ms, struct cm_err *err) CM_MUST_USE;

/* The file of the token of one of the fleet's users, in the fleet's arena; NULL: no memory. Every fleet has one
 * user for each role, named by its word with hyphens ("release-officer"), and one that has all roles, whom the
 * command line takes where nobody says otherwise. They are for fleets on one machine: tests, drills, trials. */
#define CM_FLEET_DRILL_USER "drill"
const char *cm_fleet_token_path(struct cm_fleet *fleet, const char *user);

const char *cm_fleet_role_name(enum cm_fleet_role role);

#endif
