/*
 * The page that the counting shim (route_sync.c) and the bench share: how many syncs each process
 * of the fleet has made. The file is named by the environment; each process takes the next slot.
 */
#ifndef BENCH_ROUTE_SYNC_H
#define BENCH_ROUTE_SYNC_H

#include <stdatomic.h>

#define ROUTE_SYNC_ENV "COMITY_BENCH_SYNCS"
#define ROUTE_SYNC_SLOTS 126

struct route_sync_page {
	atomic_uint taken;
	struct {
		atomic_int pid;
		atomic_ulong calls; /* of fdatasync and fsync */
	} slots[ROUTE_SYNC_SLOTS];
};

#endif
