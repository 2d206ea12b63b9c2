/*
 * A preload shim over fdatasync and fsync that counts the calls, and does nothing else: the
 * device's own counter also holds what the neighbours on the machine flush.
 */
#include "tests/bench/route_sync.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_ulong *calls; /* NULL: nobody counts */

__attribute__((constructor)) static void take_slot(void)
{
	const char *path = getenv(ROUTE_SYNC_ENV);
	struct route_sync_page *page;
	unsigned slot;
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page == MAP_FAILED)
		return;
	slot = atomic_fetch_add(&page->taken, 1);
	if (slot >= ROUTE_SYNC_SLOTS)
		return;
	atomic_store(&page->slots[slot].pid, (int)getpid());
	calls = &page->slots[slot].calls;
}

static int sync_by(const char *name, int fd)
{
	void *symbol = dlsym(RTLD_NEXT, name);
	int (*real)(int);

	if (calls != NULL)
		(void)atomic_fetch_add_explicit(calls, 1, memory_order_relaxed);
	memcpy(&real, &symbol, sizeof real);
	return real(fd);
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}
