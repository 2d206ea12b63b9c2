/*
 * Small tools of the bench: time, sleeping, sorted samples, the block device's flush counter, the
 * processor time of a process, and what a run preloads. No comity in here. One thread, but for the
 * clocks and route_sleep_us.
 */
#ifndef BENCH_ROUTE_TOOLS_H
#define BENCH_ROUTE_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol/base/err.h"

#define ROUTE_STEPS_THREADS 64 /* of one process, counted one by one */

/* Monotonic, microseconds. */
int64_t route_now_us(void);
void route_sleep_us(int64_t us);

/* Samples of one measurement. */
struct route_samples {
	double *values; /* owned */
	size_t count;
	size_t cap;
};

/* Aborts without memory: a bench that loses samples tells lies. */
void route_samples_add(struct route_samples *samples, double value);
void route_samples_fini(struct route_samples *samples);

/* The value below which `share` of the samples lie; sorts them. 0 without samples. */
double route_samples_at(struct route_samples *samples, double share);
double route_samples_mean(const struct route_samples *samples);

/* The median of a few numbers. */
double route_median(const double *values, size_t count);

/* The flush counter (field 16 of its stat file) of the block device under a folder. `name` gets the
 * device's name; false where there is none (tmpfs, overlay, an older kernel). */
struct route_device {
	char name[64];
	char stat[256]; /* "": none */
};
bool route_device_find(const char *folder, struct route_device *out);
uint64_t route_device_flushes(const struct route_device *device);

/* User and system time of a process so far, in microseconds (of ten-millisecond ticks); 0: gone. */
int64_t route_cpu_us(pid_t pid);
int64_t route_cpu_own_us(void);

/* Instructions that all threads of a process have carried out, in the kernel too, counted from
 * route_steps_watch on: what a case costs, however busy the machine is. 0: this machine does not count. */
struct route_steps {
	int fds[ROUTE_STEPS_THREADS]; /* owned */
	size_t count;
};
void route_steps_watch(pid_t pid, struct route_steps *out);
uint64_t route_steps_read(const struct route_steps *steps);
void route_steps_close(struct route_steps *steps);

/* Bytes a process has written to files (and to wake its own threads, which is little); 0: gone. */
uint64_t route_bytes_written(pid_t pid);

/* Put the shims into the environment for what is started next, and take them out again. `slow_us` 0
 * and `syncs` (the counting shim's file) NULL leave the one or the other away. Links to the shims
 * are made in `folder`. */
void route_preload_set(const char *folder, unsigned slow_us, const char *syncs);
void route_preload_clear(void);

/* Remove a folder and all in it. */
void route_remove(const char *folder);

/* Ctrl-C: measurements end early, the fleet is taken down. */
void route_watch_signals(void);
bool route_is_stopped(void);

#endif
