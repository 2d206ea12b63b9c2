/*
 * The floor, probed by processes of their own: this program started again with one of the arguments
 * below. What a probe finds it prints as lines "name number".
 *
 *   --probe-echo ADDRESS                     answer every request with its own bytes, until stdin
 * ends
 *   --probe-link ADDRESS SECONDS WINDOW      1 KiB there and back: p50_us, p99_us, rate
 *   --probe-disk FILE SECONDS                raw SQLite, WAL, FULL: commit_us, rows
 */
#ifndef BENCH_ROUTE_PROBE_H
#define BENCH_ROUTE_PROBE_H

#include <stdbool.h>

/* Whether this process was started as a probe; main() then returns route_probe_main's result. */
bool route_is_probe(int argc, char **argv);
int route_probe_main(int argc, char **argv);

#endif
