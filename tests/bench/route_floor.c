#include "tests/bench/route_floor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/route_tools.h"

extern char **environ;

/* ---- a probe's process ----------------------------------------------------------------------- */

struct child {
	pid_t pid;
	int input; /* closing it ends an echo */
	FILE *output;
};

static void close_two(const int fds[2])
{
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static int spawn(char *const argv[], int input, int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code != 0)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, input, 0);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, output, 1);
	if (code == 0)
		code = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return code;
}

static enum cm_status start(struct child *child, char *const argv[], struct cm_err *err)
{
	int input[2];
	int output[2];
	int code;

	if (pipe2(input, O_CLOEXEC) != 0)
		return cm_err_set(err, CM_INTERNAL, "%s: %s", argv[1], strerror(errno));
	if (pipe2(output, O_CLOEXEC) != 0) {
		close_two(input);
		return cm_err_set(err, CM_INTERNAL, "%s: %s", argv[1], strerror(errno));
	}
	code = spawn(argv, input[0], output[1], &child->pid);
	(void)close(input[0]);
	(void)close(output[1]);
	child->input = input[1];
	child->output = code == 0 ? fdopen(output[0], "r") : NULL;
	if (child->output != NULL)
		return CM_OK;
	(void)close(input[1]);
	(void)close(output[0]);
	return cm_err_set(err, CM_INTERNAL, "start %s: %s", argv[1], strerror(code));
}

static enum cm_status finish(struct child *child, const char *name, struct cm_err *err)
{
	int status = 0;

	(void)close(child->input);
	(void)fclose(child->output);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (route_is_stopped())
		return cm_err_set(err, CM_STOPPED, "stopped");
	return status == 0 ? CM_OK : cm_err_set(err, CM_INTERNAL, "%s failed", name);
}

/* A number the probe has printed. */
struct wanted {
	const char *name;
	double *value;
};

static void read_numbers(FILE *from, const struct wanted *wanted, size_t count)
{
	char name[32];
	double value;

	while (fscanf(from, "%31s %lf", name, &value) == 2)
		for (size_t i = 0; i < count; i++)
			if (strcmp(wanted[i].name, name) == 0)
				*wanted[i].value = value;
}

static enum cm_status run(
    char *const argv[], const struct wanted *wanted, size_t count, struct cm_err *err)
{
	struct child child;
	enum cm_status status = start(&child, argv, err);

	if (status != CM_OK)
		return status;
	read_numbers(child.output, wanted, count);
	return finish(&child, argv[1], err);
}

/* ---- probes ---------------------------------------------------------------------------------- */

static enum cm_status probe_link(const char *address, double seconds, const char *window,
    double *p50_us, double *rate, struct cm_err *err)
{
	char time[32];
	char *argv[] = {"route", "--probe-link", (char *)address, time, (char *)window, NULL};
	const struct wanted wanted[] = {{"p50_us", p50_us}, {"rate", rate}};

	(void)snprintf(time, sizeof time, "%f", seconds);
	return run(argv, wanted, 2, err);
}

static enum cm_status probe_links(
    const char *folder, double seconds, struct route_floor *out, struct cm_err *err)
{
	char address[PATH_MAX];
	char *argv[] = {"route", "--probe-echo", address, NULL};
	struct child echo;
	double unused;
	char line[64];
	enum cm_status ended;
	enum cm_status status;

	(void)snprintf(address, sizeof address, "ipc://%s/echo.sock", folder);
	(void)unlink(address + strlen("ipc://"));
	status = start(&echo, argv, err);
	if (status != CM_OK)
		return status;
	if (fgets(line, sizeof line, echo.output) == NULL)
		status = cm_err_set(err, CM_INTERNAL, "the echo does not listen");
	if (status == CM_OK)
		status = probe_link(address, seconds, "1", &out->rtt1_us, &unused, err);
	if (status == CM_OK)
		status = probe_link(address, seconds, "256", &unused, &out->r_msg, err);
	ended = finish(&echo, argv[1], status == CM_OK ? err : NULL);
	return status == CM_OK ? ended : status;
}

static enum cm_status probe_disk(const char *folder, double seconds, unsigned slow_us,
    struct route_floor *out, struct cm_err *err)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char base[PATH_MAX];
	char path[PATH_MAX + 8];
	char time[32];
	char *argv[] = {"route", "--probe-disk", base, time, NULL};
	const struct wanted wanted[] = {{"commit_us", &out->commit_us}, {"rows", &out->r_row}};
	enum cm_status status;

	(void)snprintf(base, sizeof base, "%s/floor.db", folder);
	(void)snprintf(time, sizeof time, "%f", seconds);
	route_preload_set(folder, slow_us, NULL);
	status = run(argv, wanted, 2, err);
	route_preload_clear();
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s%s", base, ends[i]);
		(void)unlink(path);
	}
	return status;
}

static void derive(struct route_floor *floor)
{
	floor->f_lat_ms = (2 * floor->rtt1_us + 3 * floor->commit_us) / 1000;
	floor->f_tput = 1 / (3 / floor->r_msg + 8 / (2 * floor->r_row));
}

enum cm_status route_floor_probe(const char *folder, double seconds, unsigned slow_us,
    struct route_floor *out, struct cm_err *err)
{
	enum cm_status status;

	*out = (struct route_floor){0};
	status = probe_links(folder, seconds / 4, out, err);
	if (status == CM_OK)
		status = probe_disk(folder, seconds / 2, slow_us, out, err);
	if (status == CM_OK &&
	    (out->rtt1_us <= 0 || out->r_msg <= 0 || out->commit_us <= 0 || out->r_row <= 0))
		status = cm_err_set(err, CM_INTERNAL, "a probe of the floor said nothing");
	if (status == CM_OK)
		derive(out);
	return status;
}

struct route_floor route_floor_between(const struct route_floor *a, const struct route_floor *b)
{
	struct route_floor floor = {.rtt1_us = (a->rtt1_us + b->rtt1_us) / 2,
	    .r_msg = (a->r_msg + b->r_msg) / 2,
	    .commit_us = (a->commit_us + b->commit_us) / 2,
	    .r_row = (a->r_row + b->r_row) / 2};

	derive(&floor);
	return floor;
}
