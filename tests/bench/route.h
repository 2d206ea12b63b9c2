/*
 * What a run is asked to do and what it found: filled by route.c, printed by route_print.c.
 */
#ifndef BENCH_ROUTE_H
#define BENCH_ROUTE_H

#include <jansson.h>

#include "tests/bench/route_floor.h"
#include "tests/bench/route_hops.h"
#include "tests/bench/route_load.h"

#define ROUTE_MAX_WINDOWS 8
#define ROUTE_MAX_ROUNDS 9
#define ROUTE_MAX_SLOW 4
#define ROUTE_MAX_ROUTERS 4 /* of these: different numbers of routers in one run */
#define ROUTE_MAX_SERIES (ROUTE_MAX_SLOW * ROUTE_MAX_ROUTERS)

struct route_options {
	double seconds; /* of each measurement */
	unsigned rounds;
	unsigned windows[ROUTE_MAX_WINDOWS];
	size_t windows_count;
	unsigned slow_us[ROUTE_MAX_SLOW]; /* the first is 0: the disk as it is */
	size_t slow_count;
	unsigned routers[ROUTE_MAX_ROUTERS];
	size_t routers_count;
	bool is_tls; /* the fleet has keys and signs */
	const char *regions;
	const char *bin_dir;
	const char *law_dir;
	const char *dir; /* whose file system is measured */
	bool is_json;
	bool is_smoke;
};

/* One window in one round; what is counted is a case's. */
struct route_measure {
	struct route_load load;
	double flushes; /* by the block device, for everything on the machine */
	double syncs;   /* calls of the fleet's processes */
	double cpu_ms;  /* of the fleet's processes */
	double kb;      /* written to files by the fleet's processes */
	double minstr;  /* millions of instructions of theirs; 0: not counted here */
	double seals;   /* commits that the fleet's processes signed */
	double client_cpu_ms;
	struct route_usage usage[ROUTE_MAX_PROCESSES];
};

struct route_round {
	struct route_floor floor;
	struct route_measure measures[ROUTE_MAX_WINDOWS];
	struct route_hops hops;
	bool has_hops;
};

/* One fleet: a number of routers, a disk. */
struct route_series {
	unsigned slow_us;
	unsigned routers;
	struct route_round rounds[ROUTE_MAX_ROUNDS];
	size_t rounds_count;
	char names[ROUTE_MAX_PROCESSES][33];
	size_t names_count;
};

struct route_report {
	const struct route_options *options;
	struct route_device device;
	bool has_device;
	struct route_series series[ROUTE_MAX_SERIES];
	size_t series_count;
};

/* Medians over the rounds, as one JSON object (the caller's reference). */
json_t *route_report_json(const struct route_report *report);

/* The same for a person, on standard output. */
void route_report_print(json_t *report);

#endif
