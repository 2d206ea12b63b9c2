#include "protocol/link/now.h"

#include <assert.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
	struct timespec now;
	int failed = clock_gettime(clock, &now);

	assert(failed == 0);
	return (int64_t)now.tv_sec * 1000 + (int64_t)now.tv_nsec / 1000000;
}

struct cm_wall cm_wall_now(void)
{
	return (struct cm_wall){read_ms(CLOCK_REALTIME)};
}

struct cm_mono cm_mono_now(void)
{
	return (struct cm_mono){read_ms(CLOCK_MONOTONIC)};
}
