#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <libconfig.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nodes/cli/fleet.h"
#include "nodes/cli/fleet_command.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/fleet_process.h"
#include "test_cli_program.h"

#define FAKE_BIN COMITY_BINARY_DIR "/tests/fake-bin"

/* A scratch folder with a blank and an umlaut in it, and a law folder of empty files. */
static char scratch[256];
static char fleet_dir[300];
static char law_dir[300];

static void touch(const char *name)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", law_dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
}

static void begin(void)
{
	static const char *const names[] = {"vocabulary.law", "calendars.law", "us.law", "eu.law",
	    "ie.law", "de.law", "gb.law", "treaty/us_gb.law", "treaty/eu_us.law",
	    "treaty/notes.txt", "policy/provider.law"};
	char path[512];

	(void)snprintf(scratch, sizeof scratch, "/tmp/comity test \xc3\xbc XXXXXX");
	cr_assert_not_null(mkdtemp(scratch));
	(void)snprintf(fleet_dir, sizeof fleet_dir, "%s/fleet", scratch);
	(void)snprintf(law_dir, sizeof law_dir, "%s/law", scratch);
	cr_assert_eq(mkdir(law_dir, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/treaty", law_dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/policy", law_dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		touch(names[i]);
}

static void end(void)
{
	char command[512];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", scratch);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(cm_alloc_live(), 0);
}

static struct cm_fleet_spec spec_for(const char *regions)
{
	return (struct cm_fleet_spec){.dir = fleet_dir,
	    .regions = regions,
	    .law_dir = law_dir,
	    .bin_dir = FAKE_BIN,
	    .wait_ms = 20000,
	    .stop_fd = -1};
}

static void up(const char *regions, struct cm_fleet *fleet)
{
	struct cm_fleet_spec spec = spec_for(regions);
	struct cm_err err = {0};

	cr_assert_eq(cm_fleet_up(&spec, fleet, &err), CM_OK, "%s", err.text);
}

static void down(struct cm_fleet *fleet)
{
	struct cm_err err = {0};

	cr_assert_eq(cm_fleet_down(fleet, 10000, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(fleet);
}

/* How many processes name our scratch folder on their command line. */
static unsigned count_processes(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned count = 0;

	while ((entry = readdir(proc)) != NULL) {
		char path[300];
		char line[1024];
		ssize_t len;
		int fd;

		(void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		len = read(fd, line, sizeof line);
		(void)close(fd);
		if (len > 0 && memmem(line, (size_t)len, scratch, strlen(scratch)) != NULL)
			count++;
	}
	(void)closedir(proc);
	return count;
}

static bool exists(const char *dir, const char *name)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

Test(fleet, goes_up_and_comes_down)
{
	struct cm_fleet fleet;
	char sockets[128];
	struct stat file;

	begin();
	up("us,ie,de,gb", &fleet);
	cr_assert_eq(fleet.count, 6);
	cr_assert_eq(count_processes(), 6);
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
	down(&fleet);
	cr_assert_eq(count_processes(), 0);
	cr_assert_eq(access(sockets, F_OK), -1);
	cr_assert_not(exists(fleet_dir, "fleet.json"));
	cr_assert(exists(fleet_dir, "ie.log"), "logs stay");
	cr_assert(exists(fleet_dir, "blind.key"), "the key stays");
	end();
}

static void expect_list(config_t *config, const char *path, const char *const *expected)
{
	config_setting_t *list = config_lookup(config, path);
	int count = 0;

	cr_assert_not_null(list, "%s", path);
	for (; expected[count] != NULL; count++) {
		const char *text = config_setting_get_string_elem(list, count);
		const char *slash;

		cr_assert_not_null(text, "%s.[%d]", path, count);
		slash = strncmp(text, law_dir, strlen(law_dir)) == 0 ? text + strlen(law_dir) + 1
								     : text;
		cr_assert_str_eq(slash, expected[count]);
	}
	cr_assert_eq(config_setting_length(list), count, "%s", path);
}

static void read_config(const struct cm_fleet *fleet, const char *name, config_t *config)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s.conf", fleet->dir, name);
	config_init(config);
	cr_assert_eq(config_read_file(config, path), CONFIG_TRUE, "%s:%d: %s", path,
	    config_error_line(config), config_error_text(config));
}

static void expect_text(config_t *config, const char *path, const char *expected)
{
	const char *text = NULL;

	cr_assert_eq(config_lookup_string(config, path, &text), CONFIG_TRUE, "%s", path);
	cr_assert_str_eq(text, expected);
}

Test(fleet, configures_a_region_with_its_law_and_its_router)
{
	static const char *const law[] = {"vocabulary.law", "calendars.law", "ie.law", "eu.law",
	    "treaty/eu_us.law", "treaty/us_gb.law", NULL};
	static const char *const issuing[] = {"IE", NULL};
	struct cm_fleet fleet;
	config_t config;

	begin();
	up("us,ie", &fleet);
	read_config(&fleet, "ie", &config);
	expect_text(&config, "name", "ie");
	expect_text(&config, "role", "region");
	expect_text(&config, "region", "ie");
	expect_text(&config, "state", "IE");
	expect_text(&config, "zone", "Europe/Dublin");
	expect_text(&config, "ledger", fleet.processes[3].ledger);
	expect_text(&config, "residency", fleet.processes[3].residency);
	expect_text(&config, "blind_key", fleet.blind_key);
	expect_text(&config, "content_key", cm_fleet_content_key(&fleet, &fleet.processes[3], &fleet.arena));
	expect_text(&config, "listen", fleet.processes[3].address);
	expect_list(&config, "law", law);
	expect_list(&config, "issuing", issuing);
	cr_assert_eq(config_setting_length(config_lookup(&config, "peers")), 1);
	expect_text(&config, "peers.[0].role", "router");
	expect_text(&config, "peers.[0].address", fleet.processes[0].address);
	config_destroy(&config);
	down(&fleet);
	end();
}

Test(fleet, configures_the_router_with_everybody_and_central_with_no_law)
{
	static const char *const law[] = {
	    "vocabulary.law", "calendars.law", "policy/provider.law", NULL};
	static const char *const us[] = {"US", NULL};
	static const char *const none[] = {NULL};
	struct cm_fleet fleet;
	config_t config;

	begin();
	up("us,us2:US,r5", &fleet);
	read_config(&fleet, "router", &config);
	expect_list(&config, "law", law);
	cr_assert_eq(config_setting_length(config_lookup(&config, "peers")), 4);
	expect_text(&config, "peers.[0].role", "central");
	expect_text(&config, "peers.[1].region", "us");
	expect_list(&config, "peers.[1].issuing", us);
	expect_text(&config, "peers.[2].state", "US");
	expect_list(&config, "peers.[2].issuing", none);
	expect_list(&config, "peers.[3].issuing", none);
	config_destroy(&config);
	read_config(&fleet, "central", &config);
	cr_assert_null(config_lookup(&config, "law"));
	cr_assert_null(config_lookup(&config, "residency"));
	config_destroy(&config);
	down(&fleet);
	end();
}

static void up_with(unsigned routers, const char *regions, struct cm_fleet *fleet)
{
	struct cm_fleet_spec spec = spec_for(regions);
	struct cm_err err = {0};

	spec.routers = routers;
	cr_assert_eq(cm_fleet_up(&spec, fleet, &err), CM_OK, "%s", err.text);
}

/* The peers of a process, in order: "router2 central us". */
static void expect_peers(const struct cm_fleet *fleet, const char *name, const char *expected)
{
	char names[256] = "";
	config_t config;
	config_setting_t *peers;

	read_config(fleet, name, &config);
	peers = config_lookup(&config, "peers");
	for (int i = 0; i < config_setting_length(peers); i++) {
		config_setting_t *peer = config_setting_get_elem(peers, (unsigned)i);
		const char *peer_name = "?";
		const char *address = "?";

		(void)config_setting_lookup_string(peer, "name", &peer_name);
		(void)config_setting_lookup_string(peer, "address", &address);
		(void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
		    i > 0 ? " " : "", peer_name);
		for (size_t j = 0; j < fleet->count; j++)
			if (strcmp(fleet->processes[j].name, peer_name) == 0)
				cr_assert_str_eq(address, fleet->processes[j].address);
	}
	cr_assert_str_eq(names, expected, "%s: %s", name, names);
	config_destroy(&config);
}

Test(fleet, of_three_routers_names_all_of_them_to_everybody)
{
	static const char *const names[] = {"router1", "router2", "router3", "central", "us", "ie"};
	struct cm_fleet fleet;

	begin();
	up_with(3, "us,ie", &fleet);
	cr_assert_eq(fleet.count, 6);
	cr_assert_eq(count_processes(), 6);
	for (size_t i = 0; i < fleet.count; i++) {
		cr_assert_str_eq(fleet.processes[i].name, names[i]);
		cr_assert_eq(fleet.processes[i].role, i < 3    ? CM_FLEET_ROUTER
						      : i == 3 ? CM_FLEET_CENTRAL
							       : CM_FLEET_REGION);
		cr_assert_not_null(
		    strstr(fleet.processes[i].program, i < 3 ? "comity-router" : "comity-node"));
		cr_assert(cm_fleet_is_running(&fleet.processes[i]));
	}
	expect_peers(&fleet, "router1", "router2 router3 central us ie");
	expect_peers(&fleet, "router3", "router1 router2 central us ie");
	expect_peers(&fleet, "central", "router1 router2 router3");
	expect_peers(&fleet, "ie", "router1 router2 router3");
	down(&fleet);
	cr_assert_eq(count_processes(), 0);
	cr_assert(exists(fleet_dir, "router2.log"));
	cr_assert_not(exists(fleet_dir, "router.log"));
	end();
}

Test(fleet, kills_and_starts_one_router_of_several_by_its_name)
{
	struct cm_fleet fleet;
	struct cm_fleet other;
	struct cm_err err = {0};

	begin();
	up_with(2, "us", &fleet);
	cr_assert_eq(cm_fleet_load(fleet_dir, &other, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_fleet_kill(&other, "router2", &err), CM_OK, "%s", err.text);
	cr_assert(cm_fleet_is_running(&other.processes[0]));
	cr_assert_not(cm_fleet_is_running(&other.processes[1]));
	cr_assert_eq(cm_fleet_start(&other, "router2", NULL, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_fleet_kill(&other, "router", &err), CM_NOT_FOUND);
	cr_assert_str_eq(err.text, "there is no 'router' in this fleet; did you mean 'router1'?");
	cr_assert_eq(cm_fleet_stop(&other, "router1", 10000, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(&other);
	down(&fleet);
	end();
}

Test(fleet, has_at_most_as_many_routers_as_a_case_may_have_owners)
{
	struct cm_fleet_spec spec;
	struct cm_fleet fleet;
	struct cm_err err = {0};
	struct cm_cli cli;

	begin();
	up_with(CM_MAX_ROUTERS, "us", &fleet);
	cr_assert_eq(fleet.count, CM_MAX_ROUTERS + 2);
	cr_assert_str_eq(fleet.processes[CM_MAX_ROUTERS - 1].name, "router8");
	down(&fleet);
	spec = spec_for("us");
	spec.routers = CM_MAX_ROUTERS + 1;
	cr_assert_eq(cm_fleet_up(&spec, &fleet, &err), CM_TOO_LARGE);
	cr_assert_str_eq(err.text, "at most 8 routers");
	cm_fleet_fini(&fleet);
	cr_assert_eq(test_parse("comity fleet up --routers 9", &cli, &err), CM_BAD_INPUT);
	cr_assert(strstr(err.text, "--routers"), "%s", err.text);
	cm_cli_fini(&cli);
	cr_assert_eq(test_parse("comity fleet up --routers 0", &cli, &err), CM_BAD_INPUT);
	cm_cli_fini(&cli);
	cr_assert_eq(test_parse("comity fleet up", &cli, &err), CM_OK);
	cr_assert_eq(cm_cli_count(&cli, "routers"), 1);
	cm_cli_fini(&cli);
	end();
}

Test(regions, have_a_state_a_zone_and_the_law_there_is)
{
	static const struct {
		const char *text;
		const char *state;
		const char *zone;
		size_t laws; /* besides vocabulary, calendars and two treaties */
		bool is_issuing;
	} cases[] = {
	    {"us", "US", "America/New_York", 1, true},
	    {"ie", "IE", "Europe/Dublin", 2, true},
	    {"de", "DE", "Europe/Berlin", 2, true},
	    {"gb", "GB", "Europe/London", 1, true},
	    {"at", "AT", "UTC", 1, false},
	    {"cl", "CL", "UTC", 0, false},
	    {"r5", "GR", "UTC", 1, false},
	    {"r13", "GR", "UTC", 1, false},
	    {"dublin-2:IE", "IE", "Europe/Dublin", 2, true},
	    {"router1-ie:IE", "IE", "Europe/Dublin", 2, true},
	    {"routers:IE", "IE", "Europe/Dublin", 2, true},
	};

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cm_region *region;
		struct cm_arena arena;
		struct cm_paths laws;
		struct cm_err err = {0};
		size_t count;

		cm_arena_init(&arena, 0);
		cr_assert_eq(
		    cm_regions_parse(cases[i].text, law_dir, &arena, &region, &count, &err), CM_OK,
		    "%s", err.text);
		cr_assert_eq(count, 1);
		cr_assert_str_eq(region->state, cases[i].state);
		cr_assert_str_eq(region->zone, cases[i].zone);
		cr_assert_eq(region->is_issuing, cases[i].is_issuing, "%s", cases[i].text);
		cr_assert_eq(cm_region_laws(region, law_dir, &arena, &laws, &err), CM_OK);
		cr_assert_eq(laws.count, cases[i].laws + 4, "%s", cases[i].text);
		cm_arena_fini(&arena);
	}
	end();
}

Test(regions, that_cannot_be_are_refused_with_a_sentence)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
	    {"", "a name is a letter"},
	    {"us,", "a name is a letter"},
	    {"us,,ie", "a name is a letter"},
	    {"../etc", "a name is a letter"},
	    {"US", "a name is a letter"},
	    {"router", "and central are taken"},
	    {"us,router1", "region 'router1': "},
	    {"router17", "router, router1 and so on"},
	    {"central", "and central are taken"},
	    {"paris", "as in paris:FR"},
	    {"paris:F", "as in paris:FR"},
	    {"paris:fr", "as in paris:FR"},
	    {"paris:FRA", "as in paris:FR"},
	    {"us,ie,us", "'us' is there twice"},
	};
	char many[1024] = "r1";

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cm_region *list;
		struct cm_arena arena;
		struct cm_err err = {0};
		size_t count;

		cm_arena_init(&arena, 0);
		cr_assert_eq(cm_regions_parse(cases[i].text, law_dir, &arena, &list, &count, &err),
		    CM_BAD_INPUT, "%s", cases[i].text);
		cr_assert(strstr(err.text, cases[i].part), "%s: %s", cases[i].text, err.text);
		if (i == 0) {
			for (unsigned r = 2; r <= CM_MAX_REGIONS + 1; r++)
				(void)snprintf(
				    many + strlen(many), sizeof many - strlen(many), ",r%u", r);
			cr_assert_eq(cm_regions_parse(many, law_dir, &arena, &list, &count, &err),
			    CM_TOO_LARGE);
		}
		cm_arena_fini(&arena);
	}
	end();
}

static void expect_failed_up(
    const struct cm_fleet_spec *spec, enum cm_status status, const char *part)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};

	cr_assert_eq(cm_fleet_up(spec, &fleet, &err), status, "%s", err.text);
	cr_assert(strstr(err.text, part), "%s", err.text);
	cr_assert_eq(count_processes(), 0);
	cr_assert_not(exists(fleet_dir, "fleet.json"));
	if (fleet.sockets != NULL)
		cr_assert_eq(access(fleet.sockets, F_OK), -1);
	cm_fleet_fini(&fleet);
}

Test(fleet, that_fails_half_way_leaves_nothing_and_quotes_the_log)
{
	struct cm_fleet_spec spec;

	begin();
	spec = spec_for("us,ie,de");
	(void)setenv("CM_FAKE", "ie:die", 1);
	expect_failed_up(&spec, CM_INTERNAL, "ie exited with status 3; the end of its log ");
	expect_failed_up(&spec, CM_INTERNAL, "hello from ie|cannot read the rules: ?[31mline 7");
	end();
}

Test(fleet, with_a_process_that_never_gets_ready_is_given_up_in_time)
{
	struct cm_fleet_spec spec;

	begin();
	spec = spec_for("us,ie");
	spec.wait_ms = 300;
	(void)setenv("CM_FAKE", "ie:mute", 1);
	expect_failed_up(&spec, CM_TIMED_OUT, "ie is not ready in time");
	end();
}

Test(fleet, that_is_stopped_while_it_starts_leaves_nothing)
{
	struct cm_fleet_spec spec;
	int fds[2];

	begin();
	spec = spec_for("us,ie");
	(void)setenv("CM_FAKE", "ie:mute", 1);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	spec.stop_fd = fds[0];
	expect_failed_up(&spec, CM_STOPPED, "stopped while the fleet was starting");
	end();
}

/* `fleet up` as a process of its own, with the folder and the fakes of this test. */
static pid_t fork_up(const char *line)
{
	static const struct {
		const char *name;
		const char *value;
	} paths[] = {{"dir", fleet_dir}, {"law", law_dir}, {"bin", FAKE_BIN}};
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
	for (int i = 0; i < 2000 && count_processes() != count; i++)
		(void)usleep(10000);
	return count_processes() == count;
}

Test(fleet, command_that_gets_ctrl_c_while_it_starts_leaves_nothing)
{
	int status;
	pid_t pid;

	begin();
	(void)setenv("CM_FAKE", "ie:mute", 1);
	pid = fork_up("comity fleet up --regions us,ie");
	cr_assert(all_have_started(4));
	cr_assert_eq(kill(pid, SIGINT), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), CM_EXIT_FAILED);
	cr_assert_eq(count_processes(), 0);
	cr_assert_not(exists(fleet_dir, "fleet.json"));
	end();
}

Test(fleet, command_in_the_foreground_takes_the_fleet_down_at_ctrl_c)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	int status;
	pid_t pid;

	begin();
	pid = fork_up("comity fleet up --foreground --regions us,ie --routers 2");
	cr_assert(all_have_started(5));
	cr_assert_eq(cm_fleet_load(fleet_dir, &fleet, &err), CM_OK, "%s", err.text);
	cr_assert_str_eq(fleet.processes[1].name, "router2");
	cm_fleet_fini(&fleet);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(count_processes(), 0);
	cr_assert_not(exists(fleet_dir, "fleet.json"));
	end();
}

Test(fleet, command_in_the_foreground_ends_with_the_program_that_started_it)
{
	int fds[2];
	char byte;
	pid_t script;

	begin();
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
	cr_assert_eq(count_processes(), 0);
	cr_assert_not(exists(fleet_dir, "fleet.json"));
	end();
}

Test(fleet, whose_launcher_was_killed_half_way_can_be_taken_down)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	int status;
	pid_t pid;

	begin();
	(void)setenv("CM_FAKE", "ie:mute", 1);
	pid = fork_up("comity fleet up --regions us,ie");
	cr_assert(all_have_started(4));
	/* The last start is in the record a moment after the process is there. */
	do
		cr_assert_eq(cm_fleet_load(fleet_dir, &fleet, &err), CM_OK, "%s", err.text);
	while (fleet.processes[3].pid == 0 && (cm_fleet_fini(&fleet), usleep(1000)) == 0);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	/* One that has just been started may not show its own command line yet. */
	for (int i = 0; i < 5000 && count_processes() != 4; i++)
		(void)usleep(1000);
	cr_assert_eq(count_processes(), 4);
	cr_assert_eq(cm_fleet_down(&fleet, 10000, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(&fleet);
	cr_assert_eq(count_processes(), 0);
	end();
}

Test(fleet, without_programs_or_law_says_what_is_missing)
{
	struct cm_fleet_spec spec;
	char path[512];

	begin();
	spec = spec_for("us");
	spec.bin_dir = law_dir;
	expect_failed_up(&spec, CM_NOT_FOUND, "there is no program comity-router in ");
	spec = spec_for("us");
	spec.law_dir = "/nowhere";
	expect_failed_up(&spec, CM_NOT_FOUND, "law folder /nowhere: No such file or directory");
	(void)snprintf(path, sizeof path, "%s/us.law", law_dir);
	cr_assert_eq(unlink(path), 0);
	spec = spec_for("us");
	expect_failed_up(&spec, CM_NOT_FOUND, "us.law: no such law file, or not readable");
	end();
}

Test(fleet, is_not_started_twice_in_one_folder)
{
	struct cm_fleet_spec spec;
	struct cm_fleet fleet;
	struct cm_fleet second;
	struct cm_err err = {0};

	begin();
	up("us", &fleet);
	spec = spec_for("us");
	cr_assert_eq(cm_fleet_up(&spec, &second, &err), CM_DUPLICATE);
	cr_assert(strstr(err.text, "a fleet runs in "), "%s", err.text);
	cm_fleet_fini(&second);
	cr_assert_eq(count_processes(), 3);
	down(&fleet);
	up("us", &fleet);
	down(&fleet);
	end();
}

Test(fleet, process_is_killed_and_started_again)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	pid_t before;

	begin();
	up("us,ie", &fleet);
	before = fleet.processes[3].pid;
	cr_assert_eq(cm_fleet_start(&fleet, "ie", NULL, &err), CM_NO_MEANING);
	cr_assert_str_eq(err.text, "ie runs already");
	cr_assert_eq(cm_fleet_kill(&fleet, "ie", &err), CM_OK);
	cr_assert_not(cm_fleet_is_running(&fleet.processes[3]));
	cr_assert_eq(WTERMSIG(fleet.processes[3].exit_status), SIGKILL);
	cr_assert_eq(count_processes(), 3);
	cr_assert_eq(cm_fleet_kill(&fleet, "ie", &err), CM_NO_MEANING);
	cr_assert_str_eq(err.text, "ie does not run");
	cr_assert_eq(cm_fleet_start(&fleet, "ie", NULL, &err), CM_OK, "%s", err.text);
	cr_assert(cm_fleet_is_running(&fleet.processes[3]));
	cr_assert_neq(fleet.processes[3].pid, before);
	cr_assert_eq(cm_fleet_stop(&fleet, "ie", 10000, &err), CM_OK);
	cr_assert_eq(fleet.processes[3].exit_status, 0);
	cr_assert_eq(cm_fleet_kill(&fleet, "ei", &err), CM_NOT_FOUND);
	cr_assert_str_eq(err.text, "there is no 'ei' in this fleet; did you mean 'ie'?");
	down(&fleet);
	cr_assert_eq(count_processes(), 0);
	end();
}

Test(fleet, is_found_by_another_process_through_its_record)
{
	struct cm_fleet fleet;
	struct cm_fleet other;
	struct cm_err err = {0};

	begin();
	up("us,ie", &fleet);
	cr_assert_eq(cm_fleet_load(fleet_dir, &other, &err), CM_OK, "%s", err.text);
	cr_assert_eq(other.count, 4);
	cr_assert_eq(other.processes[3].pid, fleet.processes[3].pid);
	cr_assert_str_eq(other.processes[3].address, fleet.processes[3].address);
	cr_assert_str_eq(other.processes[3].region.state, "IE");
	cr_assert_eq(cm_fleet_kill(&other, "ie", &err), CM_OK);
	cr_assert_eq(cm_fleet_start(&other, "ie", NULL, &err), CM_OK);
	/* The first one learns of it when it acts. */
	cr_assert_eq(cm_fleet_kill(&fleet, "ie", &err), CM_OK, "%s", err.text);
	cr_assert_eq(count_processes(), 3);
	cm_fleet_fini(&other);
	down(&fleet);
	cr_assert_eq(cm_fleet_load(fleet_dir, &other, &err), CM_NOT_FOUND);
	cm_fleet_fini(&other);
	end();
}

Test(fleet, never_signals_a_process_that_only_has_the_same_pid)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};
	pid_t stranger;

	begin();
	up("us", &fleet);
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
	down(&fleet);
	end();
}

Test(fleet, with_a_stubborn_process_comes_down_and_says_so)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};

	begin();
	(void)setenv("CM_FAKE", "ie:stubborn", 1);
	up("us,ie", &fleet);
	cr_assert_eq(cm_fleet_down(&fleet, 300, &err), CM_TIMED_OUT);
	cr_assert(strstr(err.text, "ie was ended by signal 9"), "%s", err.text);
	cm_fleet_fini(&fleet);
	cr_assert_eq(count_processes(), 0);
	end();
}

Test(fleet, tells_of_a_process_that_failed_while_stopping_or_before)
{
	struct cm_fleet fleet;
	struct cm_err err = {0};

	begin();
	(void)setenv("CM_FAKE", "ie:sour", 1);
	up("us,ie", &fleet);
	cr_assert_eq(cm_fleet_down(&fleet, 10000, &err), CM_INTERNAL);
	cr_assert(strstr(err.text, "ie exited with status 9"), "%s", err.text);
	cm_fleet_fini(&fleet);
	(void)unsetenv("CM_FAKE");
	up("us,ie", &fleet);
	(void)kill(fleet.processes[3].pid, SIGKILL); /* not by us */
	while (cm_fleet_is_running(&fleet.processes[3]))
		(void)usleep(1000);
	cr_assert_eq(cm_fleet_down(&fleet, 10000, &err), CM_INTERNAL);
	cr_assert(strstr(err.text, "ie was ended by signal 9"), "%s", err.text);
	cm_fleet_fini(&fleet);
	end();
}

static void write_record(const char *text)
{
	char path[512];
	FILE *file;

	(void)mkdir(fleet_dir, 0700);
	(void)snprintf(path, sizeof path, "%s/fleet.json", fleet_dir);
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

	begin();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct cm_fleet fleet;
		struct cm_err err = {0};

		write_record(bad[i]);
		cr_assert_eq(cm_fleet_load(fleet_dir, &fleet, &err), CM_CORRUPT, "%zu", i);
		cr_assert(strstr(err.text, "fleet.json:"), "%s", err.text);
		cm_fleet_fini(&fleet);
	}
	end();
}

Test(fleet, commands_print_the_record_the_table_and_the_right_exit_codes)
{
	struct test_output test;
	struct cm_err err = {0};
	struct cm_cli cli;
	struct cm_fleet fleet;
	json_t *root;

	begin();
	up("us", &fleet);
	cr_assert_eq(test_parse("comity fleet status -o json", &cli, &err), CM_OK);
	for (size_t i = 0; i < cli.value_count; i++)
		if (strcmp(cli.values[i].spec->name, "dir") == 0)
			cli.values[i].text = fleet_dir; /* has blanks */
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
	down(&fleet);
	test_output_begin(&test, CM_FORMAT_JSON, 100);
	cr_assert_eq(cm_command_fleet_status.run(&cli, &test.out), CM_EXIT_NOT_FOUND);
	test_output_end(&test);
	test_output_free(&test);
	cm_cli_fini(&cli);
	end();
}
