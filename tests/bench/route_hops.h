/*
 * Where a case spends its time, by the ledgers' own words: each process notes with each row when
 * its cause came in, and all run on this machine's one clock. Milliseconds, whole; the mean over
 * some hundred cases is finer.
 */
#ifndef BENCH_ROUTE_HOPS_H
#define BENCH_ROUTE_HOPS_H

#include "tests/bench/route_fleet.h"

/* X(name, sentence): from the one before to this one. */
#define ROUTE_HOPS(X)                                                                              \
	X(to_router, "registered at intake -> demand at the router")                               \
	X(to_hosts, "-> ask at the last hosting node")                                             \
	X(from_hosts, "-> last answer at the router")                                              \
	X(to_issuing, "-> second ask at the issuing node")                                         \
	X(from_issuing, "-> second answer at the router: outcome")                                 \
	X(to_intake, "-> outcome at intake")

struct route_hops {
#define X(name, sentence) double name;
	ROUTE_HOPS(X)
#undef X
	double router_ms; /* demand row to outcome row at the router */
	double whole_ms;  /* first to last of the above */
	size_t cases;
};

/* How far each process's journal reaches now, in the fleet's order. */
enum cm_status route_hops_mark(
    const struct route_fleet *fleet, uint64_t *marks, struct cm_err *err) CM_MUST_USE;

/* Read what came after the marks. Cases that are not whole are left out. */
enum cm_status route_hops_read(const struct route_fleet *fleet, const uint64_t *marks,
    struct route_hops *out, struct cm_err *err) CM_MUST_USE;

#endif
