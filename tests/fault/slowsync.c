/*
 * A preload shim over fdatasync and fsync: a slow disk, a failing disk, a lying disk.
 *	SLOWSYNC_US=5000    each call takes so many microseconds longer
 *	FAILSYNC_EVERY=50   every 50th call fails with EIO and syncs nothing
 *	SKIPSYNC=1          a disk that lies: each call succeeds and syncs nothing
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong calls;

static unsigned long setting(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

static int sync_by(const char *name, int fd)
{
	unsigned long every = setting("FAILSYNC_EVERY");
	unsigned long us = setting("SLOWSYNC_US");
	void *symbol = dlsym(RTLD_NEXT, name);
	int (*real)(int);

	if (us != 0)
		(void)usleep((useconds_t)us);
	if (every != 0 && (atomic_fetch_add(&calls, 1) + 1) % every == 0) {
		errno = EIO;
		return -1;
	}
	if (setting("SKIPSYNC") != 0)
		return 0;
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
