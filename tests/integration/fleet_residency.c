/*
 * Residency maps under a running fleet: an import is seen by the next demand, bad rows are named by
 * line and column, all or nothing holds also for an import that dies, and 100,000 rows are a matter of
 * seconds while the node goes on serving.
 */
#include "tests/integration/fleet_help.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define HEAD                                                                                       \
	"account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"       \
	"us_person,target_location,key_custody,service_kind,personal_data,notify\n"
#define REST ",,consumer,,IE,IE,no,IE,provider,ecs,yes,\n"
#define MANY 100000
#define MANY_S 20 /* "seconds", of processor time, with sanitizers; how long that is others decide */

extern char **environ;

static struct cm_fleet fleet;

/* ---- helpers --------------------------------------------------------------------------------- */

static const char *write_csv(const char *name, const char *rows)
{
	const char *path = scratch_path(name);
	struct cm_buf csv;

	cm_buf_init(&csv, 0);
	cm_buf_printf(&csv, "%s%s", HEAD, rows);
	file_write(path, csv.data, csv.len);
	cm_buf_fini(&csv);
	return path;
}

/* A demand for one account; every call gives another file, and so another case. */
static void file_about(const char *account, char case_id[CM_ID_TEXT_BYTES])
{
	static unsigned number;
	char text[512];

	(void)snprintf(text, sizeof text,
	    "{\"comity\": 1, \"reference\": \"r-%u\", \"issuing_state\": \"US\", \"as_of\": "
	    "\"2026-11-07\", \"facts\": {\"instrument\": \"warrant\", \"served_on\": "
	    "\"2026-11-07\"}, \"categories\": [\"content\"], \"targets\": [{\"identifier\": "
	    "\"%s\"}]}",
	    number++, account);
	file_must(&fleet, "us", text, case_id);
}

/* In which regions the outcome of a new demand finds the account: "ie", "ie gb", "". */
static void expect_hosted(const char *account, const char *want, const char *when)
{
	char case_id[CM_ID_TEXT_BYTES];
	char have[64] = "";
	json_t *shown;
	size_t i;
	json_t *part;

	file_about(account, case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	json_array_foreach(at(shown, "outcome.parts"), i, part)
		(void)snprintf(have + strlen(have), sizeof have - strlen(have), "%s%s",
		    i == 0 ? "" : " ", text_at(part, "region"));
	expect(shown != NULL && strcmp(have, want) == 0, "%s: the account lies in \"%s\", not \"%s\"",
	    when, have, want);
	json_decref(shown);
}

static int64_t rows_at(const char *node)
{
	struct ran ran;
	json_t *rows;
	int64_t count;

	run_cli(&ran, &fleet, "residency", "stats", "--node", node, "-o", "json", NULL);
	rows = json_loads(ran.out, 0, NULL);
	count = ran.code == 0 ? number_at(rows, "0.rows") : -1;
	json_decref(rows);
	ran_free(&ran);
	return count;
}

/* ---- what the next demand sees --------------------------------------------------------------- */

static void a_node_without_a_map_holds(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	json_t *shown;

	file_about("a@move.example", case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(strcmp(text_at(shown, "outcome.parts.0.disposition"), "hold_for_counsel") == 0,
	    "nobody can say where it is: %s", text_at(shown, "outcome.parts.0.disposition"));
	expect(strstr(text_at(shown, "outcome.parts.0.why"), "could not check this part") != NULL,
	    "and the outcome says so: %s", text_at(shown, "outcome.parts.0.why"));
	expect(strstr(text_at(shown, "outcome.parts.0.why"), "/tmp/") == NULL,
	    "without a path of another machine: %s", text_at(shown, "outcome.parts.0.why"));
	json_decref(shown);
}

static void an_import_is_seen_by_the_next_demand(void)
{
	static const char *const nodes[] = {"us", "de", "gb"};

	for (size_t i = 0; i < 3; i++) {
		char row[128];

		(void)snprintf(row, sizeof row, "stay@%s.example,*,%s,2020-01-01" REST, nodes[i],
		    nodes[i]);
		fleet_import(&fleet, nodes[i], write_csv("map.csv", row));
	}
	fleet_import(&fleet, "ie", write_csv("map.csv", "stay@ie.example,*,ie,2020-01-01" REST));
	expect_hosted("a@move.example", "", "before");
	fleet_import(&fleet, "ie", write_csv("map.csv", "a@move.example,*,ie,2020-01-01" REST));
	expect_hosted("a@move.example", "ie", "after its import");
	expect_hosted(" A@Move.Example ", "ie", "written otherwise");
	fleet_import(&fleet, "gb", write_csv("map.csv", "a@move.example,*,gb,2026-06-01" REST));
	expect_hosted("a@move.example", "gb ie", "in two regions");
	fleet_import(&fleet, "ie",
	    write_csv("map.csv", "a@move.example,*,ie,2020-01-01,2026-06-01,consumer,,IE,IE,no,IE,"
				 "provider,ecs,yes,\n"));
	expect_hosted("a@move.example", "gb", "after it has left");
	fleet_import(&fleet, "ie", write_csv("map.csv", "@domain.example,*,ie,2020-01-01" REST));
	expect_hosted("anybody@domain.example", "ie", "by its domain");
	process_kill(&fleet, "ie");
	process_start(&fleet, "ie");
	expect_hosted("anybody@domain.example", "ie", "after a restart");
}

/* ---- bad files ------------------------------------------------------------------------------- */

static const char bad_rows[] = "one@bad.example,*,ie,2020-01-01" REST
			       "two@bad.example,*,fr,2020-01-01" REST
			       "three@bad.example,contents,ie,2020-02-30,,consumr,,UK,IE,no,IE,provider,"
			       "ecs,yes,\n"
			       "four@bad.example,*,ie\n"
			       "five@bad.example,*,ie,2020-01-01" REST;

static const char bad_lines[] =
    ":3: region: unknown region \"fr\"; this is the map of region \"ie\"\n"
    ":4: category: \"contents\" is not known; did you mean \"content\"?\n"
    ":4: since: \"2020-02-30\" is not a day of the calendar, written YYYY-MM-DD\n"
    ":4: customer_kind: \"consumr\" is not known; did you mean \"consumer\"?\n"
    ":4: nationality: \"UK\" is not a country code; did you mean \"GB\"?\n"
    ":5: the row has 3 fields, the header has 15\n";

/* What the program said without the file's path, which stands before each line. */
static char *without_path(const char *text, const char *path)
{
	struct cm_buf out;
	char *copy;

	cm_buf_init(&out, 0);
	while (*text != 0) {
		size_t len = strncmp(text, path, strlen(path)) == 0 ? strlen(path) : 0;

		text += len;
		if (len == 0)
			cm_buf_byte(&out, (uint8_t)*text++);
	}
	copy = cm_strdup(cm_buf_str(&out));
	must(copy != NULL, "memory");
	cm_buf_fini(&out);
	return copy;
}

static void bad_rows_are_named_by_line_and_column(void)
{
	int64_t before = rows_at("ie");
	const char *path = write_csv("bad.csv", bad_rows);
	struct ran ran;
	char *said;
	char want[1024];

	run_cli(&ran, &fleet, "residency", "import", "--node", "ie", path, NULL);
	said = without_path(ran.err, path);
	(void)snprintf(want, sizeof want, "%scomity: : 3 bad rows of 5; nothing was imported\n",
	    bad_lines);
	expect(ran.code == 1, "exit 1: %d", ran.code);
	expect(strcmp(said, want) == 0, "each line is named:\n%s", said);
	expect(rows_at("ie") == before, "nothing was imported");
	cm_free(said);
	ran_free(&ran);
	run_cli(&ran, &fleet, "residency", "import", "--node", "ie", "--keep-good", "-o", "json", path,
	    NULL);
	said = without_path(ran.err, path);
	expect(ran.code == 0 && strcmp(said, bad_lines) == 0, "--keep-good: %d\n%s", ran.code, said);
	expect(rows_at("ie") == before + 2, "the good rows are there");
	expect_hosted("five@bad.example", "ie", "--keep-good");
	cm_free(said);
	ran_free(&ran);
}

static void expect_refusal(int code, const char *sentence, const char *node, const char *path)
{
	struct ran ran;

	run_cli(&ran, &fleet, "residency", "import", "--node", node, path, NULL);
	expect(ran.code == code && strstr(ran.err, sentence) != NULL,
	    "exit %d and \"%s\"; it was %d and \"%s\"", code, sentence, ran.code, ran.err);
	ran_free(&ran);
}

static void files_that_are_no_map_are_refused(void)
{
	const char *path = scratch_path("no-map.csv");
	int64_t before = rows_at("ie");

	expect_refusal(1, "12 bad rows of 12; nothing was imported", "de",
	    EXAMPLES_PATH "/residency/ie.csv");
	expect_refusal(3, "No such file or directory", "ie", "/nowhere/map.csv");
	expect_refusal(1, "is not a region's node and has no map", "router",
	    EXAMPLES_PATH "/residency/ie.csv");
	file_write(path, "", 0);
	expect_refusal(1, "the file is empty; it must begin with a header", "ie", path);
	file_write(path, bad_rows, strlen(bad_rows));
	expect_refusal(1, ":1: this line names no column of a residency file; is the header missing?",
	    "ie", path);
	file_write(path, "\0\1\2\3", 4);
	expect_refusal(1, "nothing was imported", "ie", path);
	expect(rows_at("ie") == before, "nothing was imported");
}

/* ---- many rows ------------------------------------------------------------------------------- */

static const char *write_many(void)
{
	const char *path = scratch_path("many.csv");
	struct cm_buf csv;

	cm_buf_init(&csv, 0);
	cm_buf_text(&csv, HEAD);
	for (unsigned i = 0; i < MANY; i++)
		cm_buf_printf(&csv, "user-%u@many.example,*,ie,2020-01-01" REST, i);
	must(!csv.failed, "memory for %d rows", MANY);
	file_write(path, csv.data, csv.len);
	cm_buf_fini(&csv);
	return path;
}

/* An import in the background: the command line as a child. */
static pid_t begin_import(const char *path)
{
	const char *argv[] = {CLI_PATH, "--fleet", fleet.dir, "-q", "residency", "import", "--node",
	    "ie", "-o", "json", path, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	must(posix_spawn_file_actions_init(&actions) == 0 &&
	         posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0) == 0 &&
	         posix_spawn(&pid, CLI_PATH, &actions, NULL, (char *const *)argv, environ) == 0,
	    "start an import");
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void an_import_that_dies_leaves_nothing(void)
{
	const char *path = write_many();
	int64_t before = rows_at("ie");

	for (unsigned i = 0; i < 4; i++) {
		pid_t pid = begin_import(path);
		int how = 0;

		pause_us(50000 + dice(500000));
		(void)kill(pid, SIGKILL);
		must(waitpid(pid, &how, 0) == pid, "the import is gone");
		if (WIFEXITED(how)) { /* it was faster: then it is all there */
			expect(WEXITSTATUS(how) == 0 && rows_at("ie") == before + MANY, "all or nothing");
			return;
		}
		expect(rows_at("ie") == before, "a killed import leaves no row: %lld",
		    (long long)(rows_at("ie") - before));
	}
	expect_hosted("stay@ie.example", "ie", "after killed imports");
}

static void a_hundred_thousand_rows_come_in_seconds(void)
{
	int64_t began = now_ms();
	pid_t pid = begin_import(scratch_path("many.csv"));
	unsigned served = 0;
	pid_t done = 0;
	struct rusage usage;
	int how = 0;

	while ((done = wait4(pid, &how, WNOHANG, &usage)) == 0) {
		expect_hosted("stay@ie.example", "ie", "while an import runs");
		served++;
	}
	(void)printf("  %d rows in %lld ms; %u demands decided meanwhile\n", MANY,
	    (long long)(now_ms() - began), served);
	expect(done == pid && WIFEXITED(how) && WEXITSTATUS(how) == 0, "the import works: %d", how);
	expect(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec < MANY_S, "in seconds: %ld of processor time",
	    (long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec));
	expect_hosted("user-0@many.example", "ie", "the first row");
	expect_hosted("user-99999@many.example", "ie", "the last row");
	expect_hosted("user-100000@many.example", "", "no row");
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
}

static void the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"a node without a map holds", a_node_without_a_map_holds},
	    {"an import is seen by the next demand", an_import_is_seen_by_the_next_demand},
	    {"bad rows are named by line and column", bad_rows_are_named_by_line_and_column},
	    {"files that are no map are refused", files_that_are_no_map_are_refused},
	    {"an import that dies leaves nothing", an_import_that_dies_leaves_nothing},
	    {"a hundred thousand rows come in seconds", a_hundred_thousand_rows_come_in_seconds},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("residency", trials, sizeof trials / sizeof trials[0]);
}
