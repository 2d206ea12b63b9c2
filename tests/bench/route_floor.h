/*
 * What this machine can do at best, measured now: TRANSPORT.md section 4 on the same transport and
 * the same file system as the fleet, in processes of its own.
 */
#ifndef BENCH_ROUTE_FLOOR_H
#define BENCH_ROUTE_FLOOR_H

#include "protocol/base/err.h"

struct route_floor {
	double rtt1_us;   /* 1 KiB there and back over the hub, one in flight, p50 */
	double r_msg;     /* messages a second there and back, 256 in flight */
	double commit_us; /* one 1 KiB row in one commit, p50 */
	double r_row;     /* 1 KiB rows a second in commits of 64 */
	double f_lat_ms;  /* 2 RTT1 + 3 C1 */
	double f_tput;    /* cases a second: 1 / (3 / R_msg + 8 / (2 R_row)) */
};

/* Probe for about so many seconds, with sockets and a database in `folder`; `slow_us` is added to
 * each sync of the disk. CM_STOPPED after a signal; CM_INTERNAL with a sentence if a probe fails.
 */
enum cm_status route_floor_probe(const char *folder, double seconds, unsigned slow_us,
    struct route_floor *out, struct cm_err *err) CM_MUST_USE;

/* The middle of two floors: the one before a measurement and the one after. */
struct route_floor route_floor_between(const struct route_floor *a, const struct route_floor *b);

#endif
