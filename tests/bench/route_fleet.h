/*
 * The fleet under test: started for this run alone, with residency maps of made-up accounts, and
 * looked at from outside: what each process counts, syncs and burns.
 *
 * The first region takes the demands in and carries the law of the issuing state; each other region
 * hosts accounts that the demands name. Each has a map of ROUTE_ACCOUNTS. One thread.
 */
#ifndef BENCH_ROUTE_FLEET_H
#define BENCH_ROUTE_FLEET_H

#include "nodes/cli/fleet.h"
#include "tests/bench/route_sync.h"
#include "tests/bench/route_tools.h"

#define ROUTE_ACCOUNTS 20000
#define ROUTE_MAX_PROCESSES 16

struct route_fleet {
	struct cm_fleet fleet;
	bool is_up;
	char syncs_path[256];
	struct route_sync_page *syncs;                             /* mapped */
	const struct cm_fleet_process *intake;                     /* borrowed */
	const struct cm_fleet_process *hosts[ROUTE_MAX_PROCESSES]; /* borrowed */
	size_t hosts_count;
	struct route_steps steps[ROUTE_MAX_PROCESSES];             /* in the fleet's order */
	uint64_t seen; /* of the intake node's journal: how far the load has polled */
};

/* What one process has done since its start. */
struct route_usage {
	double requests; /* envelopes it has sent, heartbeats included; replies are not counted */
	double records;  /* put into its outbox */
	double syncs;    /* fdatasync and fsync calls */
	double cpu_ms;
	double cases; /* that it knows; of a router: that it has or had */
	double kb;     /* written to files, 1,024 bytes */
	double minstr; /* millions of instructions; 0: not counted here */
	double seals;  /* commits it has signed, up to its newest row */
};

struct route_fleet_spec {
	const char *folder;
	const char *regions;
	const char *bin_dir;
	const char *law_dir;
	unsigned routers;
	bool tls;         /* as of struct cm_fleet_spec */
	unsigned slow_us; /* added to each sync */
};

/* Start a fleet in the folder and fill its maps. */
enum cm_status route_fleet_up(struct route_fleet *out, const struct route_fleet_spec *spec,
    struct cm_err *err) CM_MUST_USE;

/* A status that is not CM_OK: a process did not end well. May be called without an up. */
enum cm_status route_fleet_down(struct route_fleet *fleet, struct cm_err *err) CM_MUST_USE;

/* Fill `out`, one for each process in the fleet's order. */
enum cm_status route_fleet_usage(
    struct route_fleet *fleet, struct route_usage *out, struct cm_err *err) CM_MUST_USE;

/* The demand with this number, as JSON, into `out`: one US warrant for content that names one
 * account of each hosting region. Returns its length. */
size_t route_demand_print(
    const struct route_fleet *fleet, unsigned number, char *out, size_t bytes);

#endif
