/* Programs run as a person would run them: arguments in, exit code and both outputs back. */
#include "tests/integration/fleet_help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAX_ARGS 32

static int memory_file(const char *content)
{
	int fd = memfd_create("comity-test", MFD_CLOEXEC);
	size_t len = content != NULL ? strlen(content) : 0;

	must(fd >= 0, "memfd_create: %s", strerror(errno));
	while (len > 0) {
		ssize_t put = write(fd, content, len);

		must(put > 0, "write to memory: %s", strerror(errno));
		content += put;
		len -= (size_t)put;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static char *memory_take(int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = cm_alloc((size_t)len + 1, 1);

	must(text != NULL && pread(fd, text, (size_t)len, 0) == len, "read what a program said");
	(void)close(fd);
	return text;
}

void run_program(struct ran *ran, const char *const *argv, const char *input)
{
	posix_spawn_file_actions_t actions;
	int in = memory_file(input);
	int out = memory_file(NULL);
	int err = memory_file(NULL);
	int status = 0;
	int code;
	pid_t pid = 0;

	code = posix_spawn_file_actions_init(&actions);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, err, 2);
	if (code == 0)
		code = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	must(code == 0, "start %s: %s", argv[0], strerror(code));
	(void)posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) < 0)
		must(errno == EINTR, "waitpid: %s", strerror(errno));
	(void)close(in);
	ran->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ran->out = memory_take(out);
	ran->err = memory_take(err);
}

void run_cli(struct ran *ran, const struct cm_fleet *fleet, ...)
{
	const char *argv[MAX_ARGS + 1] = {CLI_PATH};
	size_t count = 1;
	const char *arg;
	va_list ap;

	if (fleet != NULL) {
		argv[count++] = "--fleet";
		argv[count++] = fleet->dir;
	}
	va_start(ap, fleet);
	while ((arg = va_arg(ap, const char *)) != NULL) {
		must(count < MAX_ARGS, "too many arguments");
		argv[count++] = arg;
	}
	va_end(ap);
	run_program(ran, argv, NULL);
}

void ran_free(struct ran *ran)
{
	cm_free(ran->out);
	cm_free(ran->err);
	*ran = (struct ran){0};
}

void ran_well(struct ran *ran, const char *what)
{
	expect(ran->code == 0, "%s: exit %d, %s", what, ran->code, ran->err);
	ran_free(ran);
}

void expect_replays(struct cm_fleet *fleet, const char *case_id)
{
	struct ran ran;

	run_cli(&ran, fleet, "why", "--replay", case_id, NULL);
	expect(strstr(ran.out, "the same, byte for byte") != NULL, "%s%s", ran.out, ran.err);
	ran_well(&ran, "why --replay");
}
