/*
 * A preload shim over the wall clock: it stands as many milliseconds off as the file STEPCLOCK_FILE
 * says, eight bytes that the test may change at any time. What waits on a condition for a wall time
 * waits for the stepped one, also if the step comes while it waits, as with a real step; the steady
 * clocks are left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const atomic_llong *off_ms; /* mapped; NULL: not off */
static int (*real_gettime)(clockid_t clock, struct timespec *now);

/* Before main, and so before any thread. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STEPCLOCK_FILE");
	void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof *off_ms, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	memcpy(&real_gettime, &symbol, sizeof real_gettime);
	if (fd >= 0)
		(void)close(fd);
	if (map == MAP_FAILED)
		abort();
	off_ms = map;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t ns;

	if (real_gettime == NULL) { /* a sanitizer asks before us */
		void *symbol = dlsym(RTLD_NEXT, "clock_gettime");

		memcpy(&real_gettime, &symbol, sizeof real_gettime);
	}
	if (real_gettime(clock, now) != 0)
		return -1;
	if (off_ms == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return 0;
	ns = ((int64_t)now->tv_sec * 1000 + atomic_load(off_ms)) * 1000000 + now->tv_nsec;
	now->tv_sec = (time_t)(ns / 1000000000);
	now->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

#define SLICE_MS 20 /* how soon a step is seen by who waits */

static int64_t ms_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

static struct timespec time_of(int64_t ms)
{
	return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* Which clock the condition was made for stands nowhere that we may read, but no machine has run since
 * 1970: a time far above the steady clock's is a wall time. */
static bool is_wall_time(const struct timespec *t)
{
	struct timespec steady;

	(void)clock_gettime(CLOCK_MONOTONIC, &steady);
	return t->tv_sec > steady.tv_sec + 1000000000;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
    const struct timespec *restrict until)
{
	struct timespec now;
	struct timespec slice;
	int64_t left_ms;
	int code;

	if (!is_wall_time(until))
		return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, until);
	(void)clock_gettime(CLOCK_REALTIME, &now); /* the stepped one */
	left_ms = ms_of(until) - ms_of(&now);
	if (left_ms <= 0)
		return ETIMEDOUT;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	slice = time_of(ms_of(&now) + (left_ms < SLICE_MS ? left_ms : SLICE_MS));
	code = pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &slice);
	return code == ETIMEDOUT ? 0 : code; /* woken for nothing: it will look at the time again */
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec fine;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &fine) != 0)
		return -1;
	now->tv_sec = fine.tv_sec;
	now->tv_usec = fine.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec fine = {0};

	(void)clock_gettime(CLOCK_REALTIME, &fine);
	if (out != NULL)
		*out = fine.tv_sec;
	return fine.tv_sec;
}
