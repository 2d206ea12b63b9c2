#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_fleet.h"
#include "nodes/cli/fleet.h"
#include "nodes/cli/fleet_command.h"
#include "nodes/cli/fleet_process.h"
#include "test_cli_program.h"

/* A fleet that is up: its processes, its record, its commands. */

Test(fleet, goes_up_and_comes_down)
{
	struct cm_fleet fleet;
	char sockets[128];
	struct stat file;

	fake_begin();
	fake_up("us,ie,de,gb", &fleet);
	cr_assert_eq(fleet.count, 6);
	cr_assert_eq(fake_count(), 6);
	for (size_t i = 0; i < fleet.count; i++) {
		const struct cm_fleet_process *process = &fleet.processes[i];

		cr_assert(cm_fleet_is_running(process));
		cr_assert_eq(
		    access(process->address + strlen("ipc://"), F_OK), 0, "%s", process->name);
		cr_assert_leq(strlen(process->address + strlen("ipc://")), 107);
		cr_assert_eq(stat(process->config, &file), 0);
		cr_assert_eq(file.st_mode & 0777, 0600);
		cr_assert_eq(stat(process->log, &file), 0);
		cr_assert_eq(file.st_mode & 0777, 0600);
		cr_assert_eq(getsid(process->pid), process->pid, "each in its own session");
	}
	cr_assert_eq(stat(fleet.dir, &file), 0);
	cr_assert_eq(file.st_mode & 0777, 0700);
	cr_assert_eq(stat(fleet.sockets, &file), 0);
	cr_assert_eq(file.st_mode & 0777, 0700);
	(void)snprintf(sockets, sizeof sockets, "%s", fleet.sockets);
	fake_down(&fleet);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(access(sockets, F_OK), -1);
	cr_assert_not(fake_exists(fake.fleet_dir, "fleet.json"));
	cr_assert(fake_exists(fake.fleet_dir, "ie.log"), "logs stay");
	cr_assert(fake_exists(fake.fleet_dir, "blind.key"), "the key stays");
	fake_end();
}

Test(fleet, is_not_started_twice_in_one_folder)
{
	struct cm_fleet_spec spec;
	struct cm_fleet fleet;
	struct cm_fleet second;
	struct cm_err err = {0};

	fake_begin();
	fake_up("us", &fleet);
	spec = fake_spec("us");
	cr_assert_eq(cm_fleet_up(&spec, &second, &err), CM_DUPLICATE);
	cr_assert(strstr(err.text, "a fleet runs in "), "%s", err.text);
	cm_fleet_fini(&second);
	cr_assert_eq(fake_count(), 3);
	fake_down(&fleet);
	fake_up("us", &fleet);
	fake_down(&fleet);
	fake_end();
}

Test(fleet, process_is_killed_and_started_again)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	pid_t before;

	fake_begin();
	fake_up("us,ie", &fleet);
	before = fleet.processes[3].pid;
	cr_assert_eq(cm_fleet_start(&fleet, "ie", NULL, &err), CM_NO_MEANING);
	cr_assert_str_eq(err.text, "ie runs already");
	cr_assert_eq(cm_fleet_kill(&fleet, "ie", &err), CM_OK);
	cr_assert_not(cm_fleet_is_running(&fleet.processes[3]));
	cr_assert_eq(WTERMSIG(fleet.processes[3].exit_status), SIGKILL);
	cr_assert_eq(fake_count(), 3);
	cr_assert_eq(cm_fleet_kill(&fleet, "ie", &err), CM_NO_MEANING);
	cr_assert_str_eq(err.text, "ie does not run");
	cr_assert_eq(cm_fleet_start(&fleet, "ie", NULL, &err), CM_OK, "%s", err.text);
	cr_assert(cm_fleet_is_running(&fleet.processes[3]));
	cr_assert_neq(fleet.processes[3].pid, before);
	cr_assert_eq(cm_fleet_stop(&fleet, "ie", 10000, &err), CM_OK);
	cr_assert_eq(fleet.processes[3].exit_status, 0);
	cr_assert_eq(cm_fleet_kill(&fleet, "ei", &err), CM_NOT_FOUND);
	cr_assert_str_eq(err.text, "there is no 'ei' in this fleet; did you mean 'ie'?");
	fake_down(&fleet);
	cr_assert_eq(fake_count(), 0);
	fake_end();
}

Test(fleet, is_found_by_another_process_through_its_record)
{
	struct cm_fleet fleet;
	struct cm_fleet other;
	struct cm_err err = {0};

	fake_begin();
	fake_up("us,ie", &fleet);
	cr_assert_eq(cm_fleet_load(fake.fleet_dir, &other, &err), CM_OK, "%s", err.text);
	cr_assert_eq(other.count, 4);
	cr_assert_eq(other.processes[3].pid, fleet.processes[3].pid);
	cr_assert_str_eq(other.processes[3].address, fleet.processes[3].address);
	cr_assert_str_eq(other.processes[3].region.state, "IE");
	cr_assert_eq(cm_fleet_kill(&other, "ie", &err), CM_OK);
	cr_assert_eq(cm_fleet_start(&other, "ie", NULL, &err), CM_OK);
	/* The first one learns of it when it acts. */
	cr_assert_eq(cm_fleet_kill(&fleet, "ie", &err), CM_OK, "%s", err.text);
	cr_assert_eq(fake_count(), 3);
	cm_fleet_fini(&other);
	fake_down(&fleet);
	cr_assert_eq(cm_fleet_load(fake.fleet_dir, &other, &err), CM_NOT_FOUND);
	cm_fleet_fini(&other);
	fake_end();
}

Test(fleet, never_signals_a_process_that_only_has_the_same_pid)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	pid_t stranger;

	fake_begin();
	fake_up("us", &fleet);
	cr_assert_eq(cm_fleet_kill(&fleet, "us", &err), CM_OK);
	stranger = fork();
	if (stranger == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when this test fails */
		(void)pause();
		_exit(0);
	}
	/* As if the kernel had given the dead node's pid to somebody else. */
	fleet.processes[2].pid = stranger;
	fleet.processes[2].started = 1;
	cr_assert_not(cm_fleet_is_running(&fleet.processes[2]));
	cr_assert_eq(cm_process_end(&fleet.processes[2], 1, SIGKILL, 100), 0);
	cr_assert_eq(kill(stranger, 0), 0);
	cr_assert_eq(waitpid(stranger, NULL, WNOHANG), 0, "it still lives");
	(void)kill(stranger, SIGKILL);
	(void)waitpid(stranger, NULL, 0);
	fake_down(&fleet);
	fake_end();
}

Test(fleet, with_a_stubborn_process_comes_down_and_says_so)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};

	fake_begin();
	(void)setenv("CM_FAKE", "ie:stubborn", 1);
	fake_up("us,ie", &fleet);
	cr_assert_eq(cm_fleet_down(&fleet, 300, &err), CM_TIMED_OUT);
	cr_assert(strstr(err.text, "ie was ended by signal 9"), "%s", err.text);
	cm_fleet_fini(&fleet);
	cr_assert_eq(fake_count(), 0);
	fake_end();
}

Test(fleet, tells_of_a_process_that_failed_while_stopping_or_before)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};

	fake_begin();
	(void)setenv("CM_FAKE", "ie:sour", 1);
	fake_up("us,ie", &fleet);
	cr_assert_eq(cm_fleet_down(&fleet, 10000, &err), CM_INTERNAL);
	cr_assert(strstr(err.text, "ie exited with status 9"), "%s", err.text);
	cm_fleet_fini(&fleet);
	(void)unsetenv("CM_FAKE");
	fake_up("us,ie", &fleet);
	(void)kill(fleet.processes[3].pid, SIGKILL); /* not by us */
	while (cm_fleet_is_running(&fleet.processes[3]))
		(void)usleep(1000);
	cr_assert_eq(cm_fleet_down(&fleet, 10000, &err), CM_INTERNAL);
	cr_assert(strstr(err.text, "ie was ended by signal 9"), "%s", err.text);
	cm_fleet_fini(&fleet);
	fake_end();
}

static void write_record(const char *text)
{
	char path[512];
	FILE *file;

	(void)mkdir(fake.fleet_dir, 0700);
	(void)snprintf(path, sizeof path, "%s/fleet.json", fake.fleet_dir);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
}

Test(fleet, record_that_is_damaged_is_refused)
{
	static const char *const bad[] = {
	    "",
	    "{",
	    "[]",
	    "{}",
	    "{\"dir\":\"/\",\"sockets\":\"/\",\"law\":\"/\",\"blind_key\":\"/\",\"boot\":\"\"}",
	    "{\"dir\":\"/\",\"sockets\":\"/\",\"law\":\"/\",\"blind_key\":\"/\",\"boot\":\"\","
	    "\"processes\":[{\"name\":\"ie\",\"role\":\"region\",\"region\":\"ie\",\"state\":"
	    "\"IE\","
	    "\"pid\":-1,\"started\":1,\"address\":\"a\",\"program\":\"p\",\"config\":\"c\","
	    "\"ledger\":\"l\",\"residency\":\"r\",\"log\":\"o\"}]}",
	};

	fake_begin();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct cm_fleet fleet;
		struct cm_err err = {0};

		write_record(bad[i]);
		cr_assert_eq(cm_fleet_load(fake.fleet_dir, &fleet, &err), CM_CORRUPT, "%zu", i);
		cr_assert(strstr(err.text, "fleet.json:"), "%s", err.text);
		cm_fleet_fini(&fleet);
	}
	fake_end();
}

Test(fleet, commands_print_the_record_the_table_and_the_right_exit_codes)
{
	struct test_output test;
	struct cm_err err = {0};
	struct cm_cli cli;
	struct cm_fleet fleet;
	json_t *root;

	fake_begin();
	fake_up("us", &fleet);
	cr_assert_eq(test_parse("comity fleet status -o json", &cli, &err), CM_OK);
	for (size_t i = 0; i < cli.value_count; i++)
		if (strcmp(cli.values[i].spec->name, "dir") == 0)
			cli.values[i].text = fake.fleet_dir; /* has blanks */
	test_output_begin(&test, CM_FORMAT_JSON, 100);
	cr_assert_eq(cm_command_fleet_status.run(&cli, &test.out), CM_EXIT_OK);
	test_output_end(&test);
	root = json_loads(test.data, 0, NULL);
	cr_assert_eq(json_array_size(root), 3);
	cr_assert(json_is_true(json_object_get(json_array_get(root, 2), "running")));
	json_decref(root);
	test_output_free(&test);
	cr_assert_eq(cm_fleet_kill(&fleet, "us", &err), CM_OK);
	test_output_begin(&test, CM_FORMAT_JSON, 100);
	cr_assert_eq(cm_command_fleet_status.run(&cli, &test.out), CM_EXIT_UNREACHABLE);
	test_output_end(&test);
	cr_assert_str_eq(test.notes, "comity: us does not run\n");
	test_output_free(&test);
	fake_down(&fleet);
	test_output_begin(&test, CM_FORMAT_JSON, 100);
	cr_assert_eq(cm_command_fleet_status.run(&cli, &test.out), CM_EXIT_NOT_FOUND);
	test_output_end(&test);
	test_output_free(&test);
	cm_cli_fini(&cli);
	fake_end();
}
