#include "tests/bench/route_tools.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "tests/bench/route_sync.h"

#define PRELOAD_BYTES (2 * PATH_MAX)

/* ---- time ------------------------------------------------------------------------------------ */

int64_t route_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void route_sleep_us(int64_t us)
{
	struct timespec ts = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	if (us > 0)
		(void)nanosleep(&ts, NULL);
}

/* ---- samples --------------------------------------------------------------------------------- */

void route_samples_add(struct route_samples *samples, double value)
{
	if (samples->count == samples->cap) {
		size_t cap = samples->cap == 0 ? 1024 : samples->cap * 2;
		double *grown = cm_realloc(samples->values, cap, sizeof *grown);

		if (grown == NULL)
			abort();
		samples->values = grown;
		samples->cap = cap;
	}
	samples->values[samples->count++] = value;
}

void route_samples_fini(struct route_samples *samples)
{
	cm_free(samples->values);
	*samples = (struct route_samples){0};
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double route_samples_at(struct route_samples *samples, double share)
{
	size_t at;

	if (samples->count == 0)
		return 0;
	qsort(samples->values, samples->count, sizeof *samples->values, compare);
	at = (size_t)(share * (double)samples->count);
	return samples->values[at < samples->count ? at : samples->count - 1];
}

double route_samples_mean(const struct route_samples *samples)
{
	double sum = 0;

	for (size_t i = 0; i < samples->count; i++)
		sum += samples->values[i];
	return samples->count > 0 ? sum / (double)samples->count : 0;
}

double route_median(const double *values, size_t count)
{
	struct route_samples sorted = {0};
	double median;

	for (size_t i = 0; i < count; i++)
		route_samples_add(&sorted, values[i]);
	median = route_samples_at(&sorted, 0.5);
	if (count > 0 && count % 2 == 0)
		median = (median + sorted.values[count / 2 - 1]) / 2;
	route_samples_fini(&sorted);
	return median;
}

/* ---- the device ------------------------------------------------------------------------------ */

/* A partition's stat file counts no flushes: those are the whole disk's, one folder up. */
bool route_device_find(const char *folder, struct route_device *out)
{
	char link[64];
	char path[PATH_MAX];
	char probe[PATH_MAX + 16];
	struct stat st;

	*out = (struct route_device){.name = "none"};
	if (stat(folder, &st) != 0)
		return false;
	(void)snprintf(
	    link, sizeof link, "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	if (realpath(link, path) == NULL)
		return false;
	(void)snprintf(probe, sizeof probe, "%s/partition", path);
	if (access(probe, F_OK) == 0)
		*strrchr(path, '/') = 0;
	if (strlen(path) + sizeof "/stat" > sizeof out->stat)
		return false;
	(void)snprintf(out->name, sizeof out->name, "%.63s", strrchr(path, '/') + 1);
	(void)snprintf(out->stat, sizeof out->stat, "%.240s/stat", path);
	if (route_device_flushes(out) == 0)
		out->stat[0] = 0; /* it has never flushed, or this kernel does not count */
	return out->stat[0] != 0;
}

uint64_t route_device_flushes(const struct route_device *device)
{
	FILE *file = device->stat[0] != 0 ? fopen(device->stat, "re") : NULL;
	unsigned long long value = 0;
	int field = 0;

	if (file == NULL)
		return 0;
	while (field < 16 && fscanf(file, "%llu", &value) == 1)
		field++;
	(void)fclose(file);
	return field == 16 ? value : 0;
}

/* ---- processor time -------------------------------------------------------------------------- */

int64_t route_cpu_us(pid_t pid)
{
	char path[64];
	char text[1024];
	unsigned long long user;
	unsigned long long kernel;
	char *at;
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	len = fread(text, 1, sizeof text - 1, file);
	(void)fclose(file);
	text[len] = 0;
	at = strrchr(text, ')');
	if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			      &user, &kernel) != 2)
		return 0;
	return (int64_t)((user + kernel) * 1000000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

int64_t route_cpu_own_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* A thread that one of these starts later is counted with it. */
static int watch_thread(pid_t thread)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
	    .size = sizeof attr,
	    .config = PERF_COUNT_HW_INSTRUCTIONS,
	    .inherit = 1,
	    .exclude_hv = 1};

	return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void route_steps_watch(pid_t pid, struct route_steps *out)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	*out = (struct route_steps){0};
	(void)snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL && out->count < ROUTE_STEPS_THREADS) {
		long thread = strtol(entry->d_name, NULL, 10);
		int fd = thread > 0 ? watch_thread((pid_t)thread) : -1;

		if (fd >= 0)
			out->fds[out->count++] = fd;
	}
	if (dir != NULL)
		(void)closedir(dir);
}

uint64_t route_steps_read(const struct route_steps *steps)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < steps->count; i++) {
		uint64_t value = 0;

		if (read(steps->fds[i], &value, sizeof value) == (ssize_t)sizeof value)
			sum += value;
	}
	return sum;
}

void route_steps_close(struct route_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		(void)close(steps->fds[i]);
	steps->count = 0;
}

uint64_t route_bytes_written(pid_t pid)
{
	char path[64];
	char line[128];
	unsigned long long bytes = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%ld/io", (long)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "wchar: %llu", &bytes) == 1)
			break;
	if (file != NULL)
		(void)fclose(file);
	return bytes;
}

/* ---- shims ----------------------------------------------------------------------------------- */

/* A list of preloads ends at a blank, and a build's path may have one: so by links of our own. */
static void link_shim(const char *folder, const char *name, const char *target, char *list)
{
	size_t used = strlen(list);
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	(void)!symlink(target, path); /* there already from the series before */
	(void)snprintf(list + used, PRELOAD_BYTES - used, "%s%s", used > 0 ? ":" : "", path);
}

void route_preload_set(const char *folder, unsigned slow_us, const char *syncs)
{
	char list[PRELOAD_BYTES] = "";
	char us[16];

	if (syncs != NULL)
		link_shim(folder, "count.so", ROUTE_SYNC, list);
	if (slow_us != 0)
		link_shim(folder, "slow.so", SLOWSYNC, list);
	if (list[0] != 0)
		(void)setenv("LD_PRELOAD", list, 1);
	if (syncs != NULL)
		(void)setenv(ROUTE_SYNC_ENV, syncs, 1);
	(void)snprintf(us, sizeof us, "%u", slow_us);
	if (slow_us != 0)
		(void)setenv("SLOWSYNC_US", us, 1);
#ifdef __SANITIZE_ADDRESS__
	/* The sanitizer wants to be first in the list of libraries; the shims need nothing of it.
	 */
	const char *asan = getenv("ASAN_OPTIONS");
	char more[1024];

	if (asan == NULL || strstr(asan, "verify_asan_link_order") == NULL) {
		(void)snprintf(more, sizeof more, "%s%sverify_asan_link_order=0",
		    asan != NULL ? asan : "", asan != NULL ? ":" : "");
		(void)setenv("ASAN_OPTIONS", more, 1);
	}
#endif
}

void route_preload_clear(void)
{
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv(ROUTE_SYNC_ENV);
	(void)unsetenv("SLOWSYNC_US");
}

/* ---- files, signals -------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void route_remove(const char *folder)
{
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
	(void)number;
	is_stopped = 1;
}

void route_watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

bool route_is_stopped(void)
{
	return is_stopped != 0;
}
