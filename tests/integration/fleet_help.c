#include "tests/integration/fleet_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/link/now.h"
#include "protocol/seal/seal.h"

static unsigned passed_count;
static unsigned failed_count;
static unsigned skipped_count;
static const char *trial_name = "";
static char scratch[128];
static int lifeline = -1; /* our end: closes with us, however we end */
static int farewell = -1; /* the guardian's end closes when it has swept */

/* ---- expectations ---------------------------------------------------------------------------- */

static void say_failed(const char *fmt, va_list ap)
{
	failed_count++;
	(void)printf("  FAILED: ");
	(void)vprintf(fmt, ap);
	(void)printf("   [%s]\n", trial_name);
	(void)fflush(stdout);
}

bool expect(bool holds, const char *fmt, ...)
{
	va_list ap;

	if (holds) {
		passed_count++;
		return true;
	}
	va_start(ap, fmt);
	say_failed(fmt, ap);
	va_end(ap);
	return false;
}

void skip(const char *fmt, ...)
{
	va_list ap;

	skipped_count++;
	(void)printf("  left out: ");
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)printf("\n");
}

int64_t now_ms(void)
{
	return cm_mono_now().ms;
}

bool wait_until(bool (*holds)(void *arg), void *arg, unsigned limit_ms)
{
	int64_t give_up = now_ms() + limit_ms;
	long pause_us = 500;

	while (!holds(arg)) {
		struct timespec pause = {.tv_nsec = pause_us * 1000};

		if (now_ms() > give_up)
			return false;
		(void)nanosleep(&pause, NULL);
		if (pause_us < 50000)
			pause_us += pause_us / 2;
	}
	return true;
}

void pause_us(unsigned us)
{
	struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};

	(void)nanosleep(&pause, NULL);
}

unsigned dice(unsigned below)
{
	static bool is_seeded;
	static unsigned seed;

	if (!is_seeded) {
		const char *given = getenv("COMITY_SEED");

		if (given != NULL)
			seed = (unsigned)strtoul(given, NULL, 10);
		else
			cm_random(&seed, sizeof seed);
		(void)printf("  COMITY_SEED=%u\n", seed);
		is_seeded = true;
		srandom(seed);
	}
	return (unsigned)random() % below;
}

bool is_long(void)
{
	const char *set = getenv("COMITY_LONG");

	return set != NULL && set[0] != 0 && strcmp(set, "0") != 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

const char *scratch_path(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	must((size_t)snprintf(path, sizeof paths[0], "%s/%s", scratch, name) < sizeof paths[0],
	    "a path of at most %zu bytes", sizeof paths[0]);
	return path;
}

char *file_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;
	size_t used = 0;

	if (file == NULL)
		return NULL;
	for (size_t got = 1; got > 0; used += got) {
		if (cap - used < 2) {
			cap = cap == 0 ? 65536 : cap * 2;
			text = cm_realloc(text, cap, 1);
			must(text != NULL, "memory for %s", path);
		}
		got = fread(text + used, 1, cap - used - 1, file);
	}
	(void)fclose(file);
	text[used] = 0;
	if (len != NULL)
		*len = used;
	return text;
}

void file_write(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	must(file != NULL, "write %s: %s", path, strerror(errno));
	must(fwrite(bytes, 1, len, file) == len, "write %s", path);
	must(fclose(file) == 0, "write %s: %s", path, strerror(errno));
}

/* ---- the guardian ---------------------------------------------------------------------------- */

/* Everything below the private folder that still runs: its path stands on its command line. */
static void kill_strays(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		char path[300];
		char line[4096];
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		ssize_t len;
		int fd;

		if (pid <= 1 || pid == getpid())
			continue;
		(void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		len = fd >= 0 ? read(fd, line, sizeof line) : 0;
		if (fd >= 0)
			(void)close(fd);
		if (len > 0 && memmem(line, (size_t)len, scratch, strlen(scratch)) != NULL)
			(void)kill(pid, SIGKILL);
	}
	if (proc != NULL)
		(void)closedir(proc);
}

static void sweep(void)
{
	DIR *dir = opendir(scratch);
	struct dirent *entry;
	char command[256];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct cm_fleet fleet;
		struct cm_err err;

		if (entry->d_name[0] == '.')
			continue;
		if (cm_fleet_load(scratch_path(entry->d_name), &fleet, &err) == CM_OK)
			(void)!cm_fleet_down(&fleet, 0, &err);
		cm_fleet_fini(&fleet);
	}
	if (dir != NULL)
		(void)closedir(dir);
	kill_strays();
	(void)snprintf(command, sizeof command, "rm -rf '%s'", scratch);
	if (getenv("COMITY_KEEP") == NULL && system(command) != 0)
		_exit(1);
}

static void guard(int watched, int swept)
{
	char byte;

	(void)setsid(); /* Ctrl-C is for the test */
	for (int fd = 0; fd < 1024; fd++)
		if (fd != watched && fd != swept)
			(void)close(fd);
	(void)open("/dev/null", O_RDWR);
	(void)dup(0);
	(void)dup(0);
	while (read(watched, &byte, 1) < 0 && errno == EINTR)
		;
	sweep();
	_exit(0);
}

/* Twice forked, so that whoever kills the test with all its children does not reach the guardian. */
static void post_guardian(void)
{
	int life[2];
	int done[2];
	pid_t pid;

	must(pipe2(life, O_CLOEXEC) == 0 && pipe2(done, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		(void)close(life[1]);
		(void)close(done[0]);
		if (fork() == 0)
			guard(life[0], done[1]);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	(void)close(life[0]);
	(void)close(done[1]);
	lifeline = life[1];
	farewell = done[0];
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void show_logs(void)
{
	char command[400];

	(void)snprintf(command, sizeof command,
	    "cd '%s' && grep -E ' (warn|error) |^crash|Sanitizer|runtime error' */*.log |"
	    " grep -v 'envelope.refused' | tail -n 40",
	    scratch);
	(void)fflush(stdout);
	(void)!system(command);
}

/* What must not survive the test's process ends here, by the guardian. */
static int leave(void)
{
	char byte;

	if (failed_count > 0)
		show_logs();
	(void)close(lifeline);
	while (read(farewell, &byte, 1) < 0 && errno == EINTR)
		;
	(void)printf("%u passed, %u failed", passed_count, failed_count);
	if (skipped_count > 0)
		(void)printf(", %u skipped", skipped_count);
	(void)printf("\n");
	(void)fflush(stdout);
	return failed_count > 0;
}

void must(bool holds, const char *fmt, ...)
{
	va_list ap;

	if (holds)
		return;
	va_start(ap, fmt);
	say_failed(fmt, ap);
	va_end(ap);
	_exit(leave());
}

int trials_run(const char *name, const struct trial *trials, size_t count)
{
	int64_t began = now_ms();

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(scratch, sizeof scratch, "/tmp/comity %s XXXXXX", name);
	if (cm_seal_start() != CM_OK || mkdtemp(scratch) == NULL) {
		(void)printf("0 passed, 1 failed\n");
		return 1;
	}
	post_guardian();
	for (size_t i = 0; i < count; i++) {
		int64_t start = now_ms();

		trial_name = trials[i].name;
		trials[i].run();
		(void)printf("  %s (%lld ms)\n", trial_name, (long long)(now_ms() - start));
	}
	trial_name = "the test's own memory";
	expect(cm_alloc_live() == 0, "%zu blocks are left", cm_alloc_live());
	(void)printf("  %lld ms in all\n", (long long)(now_ms() - began));
	return leave();
}
