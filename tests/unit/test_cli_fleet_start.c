#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_fleet.h"
#include "nodes/cli/fleet.h"
#include "nodes/cli/fleet_command.h"
#include "test_cli_program.h"

/* A fleet that does not come up, or is ended while it does: nothing is left. */

static void expect_failed_up(
    const struct cm_fleet_spec *spec, enum cm_status status, const char *part)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};

	cr_assert_eq(cm_fleet_up(spec, &fleet, &err), status, "%s", err.text);
	cr_assert(strstr(err.text, part), "%s", err.text);
	cr_assert_eq(fake_count(), 0);
	cr_assert_not(fake_exists(fake.fleet_dir, "fleet.json"));
	if (fleet.sockets != NULL)
		cr_assert_eq(access(fleet.sockets, F_OK), -1);
	cm_fleet_fini(&fleet);
}

Test(fleet, that_fails_half_way_leaves_nothing_and_quotes_the_log)
{
	struct cm_fleet_spec spec;

	fake_begin();
	spec = fake_spec("us,ie,de");
	(void)setenv("CM_FAKE", "ie:die", 1);
	expect_failed_up(&spec, CM_INTERNAL, "ie exited with status 3; the end of its log ");
	expect_failed_up(&spec, CM_INTERNAL, "hello from ie|cannot read the rules: ?[31mline 7");
	fake_end();
}

Test(fleet, with_a_process_that_never_gets_ready_is_given_up_in_time)
{
	struct cm_fleet_spec spec;

	fake_begin();
	spec = fake_spec("us,ie");
	spec.wait_ms = 300;
	(void)setenv("CM_FAKE", "ie:mute", 1);
	expect_failed_up(&spec, CM_TIMED_OUT, "ie is not ready in time");
	fake_end();
}

Test(fleet, that_is_stopped_while_it_starts_leaves_nothing)
{
	struct cm_fleet_spec spec;
	int fds[2];

	fake_begin();
	spec = fake_spec("us,ie");
	(void)setenv("CM_FAKE", "ie:mute", 1);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	spec.stop_fd = fds[0];
	expect_failed_up(&spec, CM_STOPPED, "stopped while the fleet was starting");
	fake_end();
}

/* `fleet up` as a process of its own, with the folder and the fakes of this test. */
static pid_t fork_up(const char *line)
{
	static const struct {
		const char *name;
		const char *value;
	} paths[] = {{"dir", fake.fleet_dir}, {"law", fake.law_dir}, {"bin", FAKE_BIN}};
	struct test_output test;
	struct cm_cli cli;
	struct cm_err err;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (test_parse(line, &cli, &err) != CM_OK)
		_exit(99);
	for (size_t i = 0; i < cli.value_count; i++)
		for (size_t j = 0; j < 3; j++)
			if (strcmp(cli.values[i].spec->name, paths[j].name) == 0)
				cli.values[i].text = paths[j].value; /* they have blanks */
	test_output_begin(&test, CM_FORMAT_JSON, 100);
	_exit((int)cm_command_fleet_up.run(&cli, &test.out));
}

static bool all_have_started(unsigned count)
{
	for (int i = 0; i < 2000 && fake_count() != count; i++)
		(void)usleep(10000);
	return fake_count() == count;
}

Test(fleet, command_that_gets_ctrl_c_while_it_starts_leaves_nothing)
{
	int status;
	pid_t pid;

	fake_begin();
	(void)setenv("CM_FAKE", "ie:mute", 1);
	pid = fork_up("comity fleet up --regions us,ie");
	cr_assert(all_have_started(4));
	cr_assert_eq(kill(pid, SIGINT), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), CM_EXIT_FAILED);
	cr_assert_eq(fake_count(), 0);
	cr_assert_not(fake_exists(fake.fleet_dir, "fleet.json"));
	fake_end();
}

Test(fleet, command_in_the_foreground_takes_the_fleet_down_at_ctrl_c)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	int status;
	pid_t pid;

	fake_begin();
	pid = fork_up("comity fleet up --foreground --regions us,ie --routers 2");
	cr_assert(all_have_started(5));
	cr_assert_eq(cm_fleet_load(fake.fleet_dir, &fleet, &err), CM_OK, "%s", err.text);
	cr_assert_str_eq(fleet.processes[1].name, "router2");
	cm_fleet_fini(&fleet);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(fake_count(), 0);
	cr_assert_not(fake_exists(fake.fleet_dir, "fleet.json"));
	fake_end();
}

Test(fleet, command_in_the_foreground_ends_with_the_program_that_started_it)
{
	int fds[2];
	char byte;
	pid_t script;

	fake_begin();
	/* The fleet's launcher holds the pipe open, as an orphan: its end is the end of the pipe.
	 */
	cr_assert_eq(pipe(fds), 0);
	script = fork();
	if (script == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)fork_up("comity fleet up --foreground --regions us");
		(void)pause();
		_exit(0);
	}
	(void)close(fds[1]);
	cr_assert(all_have_started(3));
	cr_assert_eq(kill(script, SIGKILL), 0);
	cr_assert_eq(waitpid(script, NULL, 0), script);
	cr_assert_eq(read(fds[0], &byte, 1), 0);
	cr_assert_eq(fake_count(), 0);
	cr_assert_not(fake_exists(fake.fleet_dir, "fleet.json"));
	fake_end();
}

Test(fleet, whose_launcher_was_killed_half_way_can_be_taken_down)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	int status;
	pid_t pid;

	fake_begin();
	(void)setenv("CM_FAKE", "ie:mute", 1);
	pid = fork_up("comity fleet up --regions us,ie");
	cr_assert(all_have_started(4));
	/* The last start is in the record a moment after the process is there. */
	do
		cr_assert_eq(cm_fleet_load(fake.fleet_dir, &fleet, &err), CM_OK, "%s", err.text);
	while (fleet.processes[3].pid == 0 && (cm_fleet_fini(&fleet), usleep(1000)) == 0);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	/* One that has just been started may not show its own command line yet. */
	for (int i = 0; i < 5000 && fake_count() != 4; i++)
		(void)usleep(1000);
	cr_assert_eq(fake_count(), 4);
	cr_assert_eq(cm_fleet_down(&fleet, 10000, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(&fleet);
	cr_assert_eq(fake_count(), 0);
	fake_end();
}

Test(fleet, without_programs_or_law_says_what_is_missing)
{
	struct cm_fleet_spec spec;
	char path[512];

	fake_begin();
	spec = fake_spec("us");
	spec.bin_dir = fake.law_dir;
	expect_failed_up(&spec, CM_NOT_FOUND, "there is no program comity-router in ");
	spec = fake_spec("us");
	spec.law_dir = "/nowhere";
	expect_failed_up(&spec, CM_NOT_FOUND, "law folder /nowhere: No such file or directory");
	(void)snprintf(path, sizeof path, "%s/us.law", fake.law_dir);
	cr_assert_eq(unlink(path), 0);
	spec = fake_spec("us");
	expect_failed_up(&spec, CM_NOT_FOUND, "us.law: no such law file, or not readable");
	fake_end();
}
