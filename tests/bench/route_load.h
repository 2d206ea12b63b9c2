/*
 * The load: demands filed with the intake node and awaited there.
 *
 * With one in flight one thread files and then polls. With more, the calling thread files, in one
 * envelope all that the window lacks, and a second thread polls; they share what is under way,
 * under a lock. A case is over when the intake node's `events` show its outcome: stored there, not
 * only sent.
 */
#ifndef BENCH_ROUTE_LOAD_H
#define BENCH_ROUTE_LOAD_H

#include "protocol/base/idmap.h"
#include "tests/bench/route_fleet.h"
#include "tests/bench/route_tools.h"

struct route_load {
	double rate; /* outcomes a second */
	double p50_ms;
	double p99_ms;
	double mean_ms;
	double poll_ms;  /* one in flight: between two polls, the measure's grain */
	size_t filed;    /* warm-up and rest included */
	size_t outcomes; /* the same */
	size_t twice;    /* outcomes of a case that had one */
	size_t deferred; /* files answered "later" */
};

/* Keep `window` demands under way for `seconds`, after a warm-up of a fifth of that; then wait for
 * the rest. `*number` counts the demands of this fleet up. CM_TIMED_OUT: some never came to an
 * outcome. */
enum cm_status route_load_run(struct route_fleet *fleet, unsigned window, double seconds,
    unsigned *number, struct route_load *out, struct cm_err *err) CM_MUST_USE;

#endif
