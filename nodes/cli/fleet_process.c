/*
 * The happy path: spawn; the child writes 'R' to the pipe it inherited as descriptor 3 when it
 * listens; we read it and close our end. Later: SIGTERM, the child cleans up and exits, we see it
 * gone.
 *
 * What can go wrong: the program is not there (posix_spawn says so); it dies before it listens (the
 * pipe ends without a byte); it hangs (the wait runs out); it is not our child, so that we cannot
 * wait for its exit (hence the look into /proc, which works for both); it ignores SIGTERM.
 */
#include "nodes/cli/fleet_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nodes/cli/term.h"

#define READY_FD 3     /* in the child */
#define LOOK_MS 10     /* between two looks whether a process is gone */
#define KILL_MS 5000   /* SIGKILL acts at once, unless the kernel is stuck */
#define TAIL_BYTES 360 /* of a log, quoted in a sentence */

extern char **environ;

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- identity -------------------------------------------------------------------------------- */

/* State letter and start tick of a pid, from /proc. False: there is no such process. */
static bool look(pid_t pid, char *state, unsigned long *threads, uint64_t *started)
{
	char path[64];
	char text[1024];
	char *at;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (len <= 0)
		return false;
	text[len] = 0;
	at = strrchr(text, ')'); /* the program's name may hold anything */
	if (at == NULL || at[1] != ' ')
		return false;
	*state = at[2];
	at += 2;
	for (int field = 3; field < 22; field++) { /* proc(5): num_threads is the 20th, starttime the 22nd */
		at = strchr(at, ' ');
		if (at == NULL)
			return false;
		at++;
		if (field + 1 == 20)
			*threads = strtoul(at, NULL, 10);
	}
	*started = strtoull(at, NULL, 10);
	return true;
}

bool cm_process_is_alive(const struct cm_fleet_process *process)
{
	uint64_t started;
	unsigned long threads = 0;
	char state;

	/* A process whose main thread has ended while others still run says Z, and is not gone. */
	return process->pid > 0 && look(process->pid, &state, &threads, &started) &&
	       started == process->started && state != 'X' && (state != 'Z' || threads > 1);
}

/* ---- start ----------------------------------------------------------------------------------- */

static int add_actions(posix_spawn_file_actions_t *actions, const struct cm_fleet_process *process,
    const char *dir, int ready)
{
	const int append = O_WRONLY | O_CREAT | O_APPEND;
	int code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	if (code == 0)
		code = posix_spawn_file_actions_addopen(actions, 1, process->log, append, 0600);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(actions, 1, 2);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(actions, ready, READY_FD);
	if (code == 0)
		code = posix_spawn_file_actions_addclosefrom_np(actions, READY_FD + 1);
	if (code == 0)
		code = posix_spawn_file_actions_addchdir_np(actions, dir);
	return code;
}

/* Signals as a fresh process has them, whatever we block or ignore. */
static int add_signals(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;
	int code;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	code = posix_spawnattr_setsigmask(attributes, &none);
	if (code == 0)
		code = posix_spawnattr_setsigdefault(attributes, &all);
	if (code == 0)
		code = posix_spawnattr_setflags(attributes,
		    POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return code;
}

static int spawn(struct cm_fleet_process *process, const char *dir, int ready)
{
	char fd_text[8];
	char *argv[] = {
	    (char *)process->program, "-c", (char *)process->config, "--ready-fd", fd_text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int code;

	(void)snprintf(fd_text, sizeof fd_text, "%d", READY_FD);
	code = posix_spawn_file_actions_init(&actions);
	if (code != 0)
		return code;
	code = posix_spawnattr_init(&attributes);
	if (code != 0)
		goto free_actions;
	code = add_actions(&actions, process, dir, ready);
	if (code == 0)
		code = add_signals(&attributes);
	if (code == 0)
		code = posix_spawn(
		    &process->pid, process->program, &actions, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
free_actions:
	(void)posix_spawn_file_actions_destroy(&actions);
	return code;
}

enum cm_status cm_process_spawn(
    struct cm_fleet_process *process, const char *dir, struct cm_start *start, struct cm_err *err)
{
	struct stat log;
	char state;
	unsigned long threads;
	int pipe_fds[2];
	int ready;
	int code;

	*start = (struct cm_start){.process = process, .ready_fd = -1};
	if (stat(process->log, &log) == 0)
		start->log_from = log.st_size;
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return cm_err_set(err, CM_IO, "start %s: %s", process->name, strerror(errno));
	/* Away from the numbers the child gives a meaning to. */
	ready = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 16);
	code = ready >= 0 ? spawn(process, dir, ready) : errno;
	(void)close(pipe_fds[1]);
	if (ready >= 0)
		(void)close(ready);
	if (code != 0) {
		(void)close(pipe_fds[0]);
		process->pid = 0;
		return cm_err_set(err, code == ENOENT ? CM_NOT_FOUND : CM_IO, "start %s as %s: %s",
		    process->name, process->program, strerror(code));
	}
	process->exit_status = -1;
	/* Our child: even if it is dead by now, it stays in /proc until we wait for it. */
	if (!look(process->pid, &state, &threads, &process->started))
		process->started = 0;
	start->ready_fd = pipe_fds[0];
	return CM_OK;
}

void cm_process_forget(struct cm_start *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (starts[i].ready_fd >= 0) {
			(void)close(starts[i].ready_fd);
			starts[i].ready_fd = -1;
		}
}

/* ---- the end of a log ------------------------------------------------------------------------ */

void cm_exit_status_print(int status, char *out, size_t bytes)
{
	if (WIFEXITED(status))
		(void)snprintf(out, bytes, "exited with status %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		(void)snprintf(out, bytes, "was ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		(void)snprintf(out, bytes, "is gone");
}

/* The last whole lines of this run's log, with bars for line feeds. */
static void read_tail(const struct cm_start *start, char out[TAIL_BYTES + 1])
{
	int fd = open(start->process->log, O_RDONLY | O_CLOEXEC);
	struct stat log;
	int64_t from = start->log_from;
	char *begin = out;
	ssize_t len = 0;

	if (fd >= 0 && fstat(fd, &log) == 0) {
		if (log.st_size - from > TAIL_BYTES)
			from = log.st_size - TAIL_BYTES;
		len = pread(fd, out, TAIL_BYTES, from);
	}
	if (fd >= 0)
		(void)close(fd);
	out[len > 0 ? len : 0] = 0;
	if (from > start->log_from && strchr(out, '\n') != NULL)
		begin = strchr(out, '\n') + 1;
	if (begin[strspn(begin, "\n")] == 0)
		begin = out;
	memmove(out, begin, strlen(begin) + 1);
	while (*out != 0 && out[strlen(out) - 1] == '\n')
		out[strlen(out) - 1] = 0;
	for (char *p = out; *p != 0; p++)
		if (*p == '\n')
			*p = '|';
}

static enum cm_status say_failed(
    const struct cm_start *start, enum cm_status status, const char *what, struct cm_err *err)
{
	char tail[TAIL_BYTES + 1];

	read_tail(start, tail);
	if (*tail == 0)
		return cm_err_set(err, status, "%s %s; its log %s says nothing",
		    start->process->name, what, start->process->log);
	return cm_err_set(err, status, "%s %s; the end of its log %s: %s", start->process->name,
	    what, start->process->log, tail);
}

/* The pipe has ended without the byte: the process is gone, or closed it. */
static enum cm_status say_ended(const struct cm_start *start, struct cm_err *err)
{
	struct cm_fleet_process *process = start->process;
	char what[96] = "closed its ready pipe without a word";
	int status;

	/* The pipe closes a moment before the process can be waited for. */
	for (int64_t until = now_ms() + 1000; now_ms() < until;) {
		pid_t pid = waitpid(process->pid, &status, WNOHANG);

		if (pid == process->pid) {
			process->exit_status = status;
			process->pid = 0;
			cm_exit_status_print(status, what, sizeof what);
			break;
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
	return say_failed(start, CM_INTERNAL, what, err);
}

/* ---- wait ------------------------------------------------------------------------------------ */

static enum cm_status take_ready(struct cm_start *start, struct cm_err *err)
{
	char byte = 0;
	ssize_t len = read(start->ready_fd, &byte, 1);

	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return CM_OK;
	if (len != 1 || byte != 'R')
		return say_ended(start, err);
	cm_process_forget(start, 1);
	return CM_OK;
}

static enum cm_status wait_once(struct cm_start *starts, struct pollfd *fds, size_t count,
    int64_t until, int stop_fd, size_t *waiting, struct cm_err *err)
{
	int64_t left = until - now_ms();
	enum cm_status status = CM_OK;
	const struct cm_start *late = NULL;

	*waiting = 0;
	for (size_t i = 0; i < count; i++) {
		fds[i] = (struct pollfd){.fd = starts[i].ready_fd, .events = POLLIN};
		if (starts[i].ready_fd >= 0) {
			late = &starts[i];
			(*waiting)++;
		}
	}
	if (late == NULL)
		return CM_OK;
	if (left <= 0)
		return say_failed(late, CM_TIMED_OUT, "is not ready in time", err);
	fds[count] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	if (poll(fds, count + 1, (int)left) < 0)
		return errno == EINTR ? CM_OK : cm_err_set(err, CM_IO, "poll: %s", strerror(errno));
	if (fds[count].revents != 0)
		return cm_err_set(err, CM_STOPPED, "stopped while the fleet was starting");
	for (size_t i = 0; i < count && status == CM_OK; i++)
		if (fds[i].revents != 0)
			status = take_ready(&starts[i], err);
	return status;
}

enum cm_status cm_process_wait(
    struct cm_start *starts, size_t count, unsigned wait_ms, int stop_fd, struct cm_err *err)
{
	struct pollfd *fds = cm_alloc(count + 1, sizeof *fds);
	int64_t until = now_ms() + wait_ms;
	enum cm_status status = CM_OK;
	size_t waiting = count;

	if (fds == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	while (status == CM_OK && waiting > 0)
		status = wait_once(starts, fds, count, until, stop_fd, &waiting, err);
	cm_free(fds);
	return status;
}

/* ---- end ------------------------------------------------------------------------------------- */

static void signal_all(const struct cm_fleet_process *processes, size_t count, int signal_number)
{
	for (size_t i = 0; i < count; i++)
		if (cm_process_is_alive(&processes[i]))
			(void)kill(processes[i].pid, signal_number);
}

/* How many still live; takes the exit status of those that were our children. */
static size_t count_alive(struct cm_fleet_process *processes, size_t count)
{
	size_t alive = 0;

	for (size_t i = 0; i < count; i++) {
		struct cm_fleet_process *process = &processes[i];
		pid_t gone;
		int status;

		if (process->pid <= 0)
			continue;
		gone = waitpid(process->pid, &status, WNOHANG);
		if (gone <= 0 && cm_process_is_alive(process)) {
			alive++;
			continue;
		}
		if (gone == 0) /* it ended between the two looks, or is another with its pid */
			gone = waitpid(process->pid, &status, WNOHANG);
		if (gone == process->pid)
			process->exit_status = status;
		process->pid = 0;
	}
	return alive;
}

static size_t wait_gone(struct cm_fleet_process *processes, size_t count, unsigned most_ms)
{
	int64_t until = now_ms() + most_ms;
	size_t alive;

	while ((alive = count_alive(processes, count)) > 0 && now_ms() < until)
		(void)poll(NULL, 0, LOOK_MS);
	return alive;
}

size_t cm_process_end(
    struct cm_fleet_process *processes, size_t count, int signal_number, unsigned grace_ms)
{
	size_t late;

	signal_all(processes, count, signal_number);
	late = wait_gone(processes, count, grace_ms);
	if (late > 0) {
		signal_all(processes, count, SIGKILL);
		(void)wait_gone(processes, count, KILL_MS);
	}
	return late;
}
