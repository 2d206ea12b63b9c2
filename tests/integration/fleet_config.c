/*
 * Before the beginning: configurations that are checked, printed and refused, and a second process
 * that wants the ledger of the first.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct cm_fleet fleet;

/* Run a daemon on a configuration; it must not come up. */
static void expect_refused(const char *program, const char *flag, const char *config, int code,
    const char *sentence)
{
	const char *argv[] = {program, "-c", config, flag, NULL};
	struct ran ran;

	run_program(&ran, argv, NULL);
	expect(ran.code == code && strstr(ran.err, sentence) != NULL && ran.out[0] == 0,
	    "%s: exit %d and \"%s\"; it was %d and \"%s\"", flag != NULL ? flag : "start", code,
	    sentence, ran.code, ran.err);
	expect(strstr(ran.err, "Sanitizer") == NULL, "no report: %.300s", ran.err);
	ran_free(&ran);
}

/* A copy of us.conf, in its folder, with one piece exchanged, for a ledger and a socket of its own. */
static const char *changed_config(const char *old, const char *new)
{
	static char path[512];
	struct cm_fleet_process *us = process_of(&fleet, "us");
	const struct {
		const char *old;
		const char *new;
	} changes[] = {{"/us.db", "/other.db"}, {"/us.sock", "/other.sock"}, {old, new}};
	char *text = file_read(us->config, NULL);

	for (size_t i = 0; i < COUNT(changes); i++) {
		char *found = strstr(text, changes[i].old);
		struct cm_buf out;

		must(found != NULL, "%s names %s", us->config, changes[i].old);
		cm_buf_init(&out, 0);
		cm_buf_add(&out, text, (size_t)(found - text));
		cm_buf_text(&out, changes[i].new);
		cm_buf_text(&out, found + strlen(changes[i].old));
		cm_free(text);
		text = cm_strdup(cm_buf_str(&out));
		cm_buf_fini(&out);
		must(text != NULL, "memory");
	}
	(void)snprintf(path, sizeof path, "%s/other.conf", fleet.dir);
	file_write(path, text, strlen(text));
	cm_free(text);
	return path;
}

static void a_good_configuration_is_printed_in_its_canonical_form(void)
{
	const char *path = scratch_path("canonical.conf");

	for (size_t i = 0; i < fleet.count; i++) {
		const struct cm_fleet_process *process = &fleet.processes[i];
		const char *check[] = {process->program, "-n", "-c", process->config, NULL};
		const char *print[] = {process->program, "-nv", "-c", process->config, NULL};
		const char *again[] = {process->program, "-nv", "-c", path, NULL};
		struct ran first;
		struct ran second;

		run_program(&first, check, NULL);
		expect(first.code == 0 && first.out[0] == 0 && first.err[0] == 0,
		    "%s: -n says nothing: %d %s%s", process->name, first.code, first.out, first.err);
		ran_free(&first);
		run_program(&first, print, NULL);
		file_write(path, first.out, strlen(first.out));
		run_program(&second, again, NULL);
		expect(first.code == 0 && strstr(first.out, process->ledger) != NULL,
		    "%s: -nv prints it: %d", process->name, first.code);
		expect(second.code == 0 && strcmp(first.out, second.out) == 0,
		    "%s: what -nv prints is a configuration that prints the same", process->name);
		ran_free(&first);
		ran_free(&second);
	}
}

static void a_bad_configuration_is_refused_with_file_and_line(void)
{
	struct cm_fleet_process *us = process_of(&fleet, "us");

	expect_refused(NODE_PATH, "-n", changed_config("ledger =", "ledgr ="), 1,
	    "/other.conf:4: ledgr: no such setting; did you mean \"ledger\"?");
	expect_refused(NODE_PATH, "-n", changed_config("name = \"us\"", "name = 7"), 1,
	    "/other.conf:1: name: a text in quotes is wanted");
	expect_refused(NODE_PATH, "-n", changed_config("role = \"region\"", "role = \"judge\""), 1,
	    "role: must be \"region\", \"central\" or \"router\"");
	expect_refused(NODE_PATH, "-n", changed_config("zone = \"America/New_York\";", ""), 1,
	    "zone: missing; a process of role region needs it");
	expect_refused(NODE_PATH, "-n", changed_config("content_key =", "# content_key ="), 0,
	    "content_key: no file is named; it starts only where");
	expect_refused(NODE_PATH, "-n", changed_config("name = \"us\";", "name = us;"), 1,
	    "/other.conf:1: syntax error");
	expect_refused(ROUTER_PATH, "-n", us->config, 1, "comity-router does not play \"region\"");
	expect_refused(NODE_PATH, "-n", process_of(&fleet, "router1")->config, 1,
	    "comity-node does not play \"router\"");
	expect_refused(NODE_PATH, "-n", changed_config("name = \"router2\"", "name = \"router1\""), 1,
	    "two peers have this name");
	expect_refused(NODE_PATH, "-n", changed_config("/router2.sock", "/router1.sock"), 1,
	    "two peers have this address");
	expect_refused(NODE_PATH, "-n", changed_config("name = \"router2\"", "name = \"us\""), 1,
	    "this is the process's own name: it is no peer of itself");
	expect_refused(NODE_PATH, "-n", changed_config("/router3.sock", "/other.sock"), 1,
	    "this is the process's own address: it is no peer of itself");
	expect_refused(NODE_PATH, "-n", "/nowhere.conf", 1,
	    "/nowhere.conf: cannot be opened: No such file or directory");
	expect_refused(NODE_PATH, "--no-such-option", us->config, 2, "Usage: comity-node -c FILE");
}

static void what_a_configuration_names_must_be_there(void)
{
	const char *config = changed_config("/us.law", "/xx.law");

	expect_refused(NODE_PATH, NULL, config, 1, "/xx.law: cannot be opened: No such file");
	config = changed_config("blind.key", "other.key");
	expect_refused(NODE_PATH, NULL, config, 1, "other.key");
	config = changed_config("/other.db", "/nowhere/other.db");
	expect_refused(NODE_PATH, NULL, config, 1, "/nowhere/other.db");
}

/* With a zone that is none, every term of the desk would be taken for shorter than it is. */
static void a_zone_that_is_none_is_refused_with_the_nearest(void)
{
	static const char sentence[] = "/other.conf: zone: no time zone is named America/New_Yrok; did "
				       "you mean America/New_York?";
	const char *config = changed_config("America/New_York", "America/New_Yrok");

	expect_refused(NODE_PATH, "-n", config, 1, sentence);
	expect_refused(NODE_PATH, NULL, config, 1, sentence);
	config = changed_config("America/New_York", "../etc/passwd");
	expect_refused(NODE_PATH, "-n", config, 1, "zone: no time zone is named ../etc/passwd");
}

/* Anybody who reaches a port could speak as any node. */
static void a_tcp_address_is_refused_with_its_sentence(void)
{
	static const char sentence[] = "over bare TCP anybody who reaches the port could speak as any "
				       "node. Use tls+tcp://host:port, or ipc:///folder/socket in a "
				       "private folder";
	char listen[256];
	char address[256];
	const char *config;

	(void)snprintf(listen, sizeof listen, "%s", process_of(&fleet, "us")->address);
	memcpy(strrchr(listen, '/'), "/other.sock", sizeof "/other.sock");
	(void)snprintf(address, sizeof address, "%s", process_of(&fleet, "router1")->address);
	config = changed_config(listen, "tcp://127.0.0.1:7000");
	expect_refused(NODE_PATH, "-n", config, 1, sentence);
	expect_refused(NODE_PATH, NULL, config, 1, sentence);
	config = changed_config(address, "tcp://127.0.0.1:7000");
	expect_refused(NODE_PATH, "-n", config, 1, sentence);
	expect_refused(NODE_PATH, NULL, config, 1, sentence);
	config = changed_config(listen, "ipc:///tmp/comity-other.sock");
	expect_refused(NODE_PATH, NULL, config, 1,
	    "a link's socket must lie in a private folder, chmod 700 makes it one");
}

static void a_second_process_on_the_same_ledger_is_refused(void)
{
	for (size_t i = 0; i < fleet.count; i++) {
		const struct cm_fleet_process *process = &fleet.processes[i];
		char sentence[128];

		(void)snprintf(sentence, sizeof sentence, "process %ld already serves this ledger",
		    (long)process->pid);
		expect_refused(process->program, NULL, process->config, 1, sentence);
	}
}

static void the_fleet_starts(void)
{
	fleet_begin_routers(&fleet, "fleet", "us,ie", 3);
}

static void the_fleet_ends(void)
{
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"a good configuration is printed in its canonical form",
	        a_good_configuration_is_printed_in_its_canonical_form},
	    {"a bad configuration is refused with file and line",
	        a_bad_configuration_is_refused_with_file_and_line},
	    {"what a configuration names must be there", what_a_configuration_names_must_be_there},
	    {"a zone that is none is refused with the nearest",
	        a_zone_that_is_none_is_refused_with_the_nearest},
	    {"a tcp address is refused with its sentence", a_tcp_address_is_refused_with_its_sentence},
	    {"a second process on the same ledger is refused",
	        a_second_process_on_the_same_ledger_is_refused},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("config", trials, COUNT(trials));
}
