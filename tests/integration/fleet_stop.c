/*
 * The end: processes that stop when they are asked to, at rest and under load; a fleet that comes up
 * again as it was; two fleets that know nothing of each other.
 */
#include "tests/integration/fleet_help.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"
#define ACCOUNTS 12

static struct cm_fleet fleet;
static unsigned demands; /* filed so far */

static const char *socket_of(const char *name)
{
	return process_of(&fleet, name)->address + strlen("ipc://");
}

static void expect_outcome_of(const char *node)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = demand_make(&fleet, ACCOUNTS, demands++, 3);
	json_t *shown;

	file_must(&fleet, node, text, case_id);
	shown = wait_outcome(&fleet, node, case_id);
	expect(shown != NULL, "%s serves", node);
	json_decref(shown);
	cm_free(text);
}

/* ---- stopping -------------------------------------------------------------------------------- */

static void each_process_stops_clean_when_asked(void)
{
	struct ran ran;

	expect_outcome_of("us");
	for (size_t i = 0; i < fleet.count; i++) {
		const char *name = fleet.processes[i].name;
		int how;

		expect(access(socket_of(name), F_OK) == 0, "%s has its socket", name);
		how = process_stop(&fleet, name);
		expect(how == 0, "%s exits with 0: %d", name, how);
		expect(access(socket_of(name), F_OK) != 0, "%s has removed its socket", name);
	}
	run_cli(&ran, &fleet, "fleet", "status", NULL);
	expect(ran.code == 6 && strstr(ran.err, "router does not run") != NULL,
	    "fleet status exits with 6: %d %s", ran.code, ran.err);
	ran_free(&ran);
	for (size_t i = 0; i < fleet.count; i++)
		process_start(&fleet, fleet.processes[i].name);
	run_cli(&ran, &fleet, "fleet", "status", NULL);
	expect(ran.code == 0, "and then with 0: %d %s", ran.code, ran.err);
	ran_free(&ran);
	expect_outcome_of("us");
}

static bool is_gone(void *data)
{
	return !cm_fleet_is_running(data);
}

static void ctrl_c_stops_clean_too(void)
{
	struct cm_fleet_process *process = process_of(&fleet, "ie");
	int how = -1;

	process_signal(&fleet, "ie", SIGINT);
	(void)kill(process->pid, SIGINT); /* nobody presses it once; until we wait the pid is its */
	must(waitpid(process->pid, &how, 0) == process->pid, "ie ends");
	expect(how == 0, "ie exits with 0: %d", how);
	expect(wait_until(is_gone, process, PATIENCE_MS), "ie is gone");
	process_start(&fleet, "ie");
	expect_outcome_of("ie");
}

/* ---- under load ------------------------------------------------------------------------------ */

#define FILERS 3
#define PORTION 20 /* demands of each filer */

struct filer {
	pthread_t thread;
	char *texts[PORTION];
	char cases[PORTION][CM_ID_TEXT_BYTES];
	const struct cm_fleet_process *intake;
	unsigned filed;
	unsigned at;
};

static atomic_bool may_finish;

static bool is_filed(void *data)
{
	struct filer *filer = data;
	struct cm_err err;

	return file_demand(filer->intake, filer->texts[filer->at], filer->cases[filer->at], NULL,
	           &err) == CM_OK;
}

/* File all, then some of them again and again until the stops are over: load without end. */
static void *file_all(void *data)
{
	struct filer *filer = data;

	for (filer->at = 0; filer->at < PORTION; filer->at++)
		filer->filed += wait_until(is_filed, filer, PATIENCE_MS);
	while (!atomic_load(&may_finish)) {
		filer->at = filer->at % PORTION;
		(void)is_filed(filer);
		filer->at++;
	}
	return NULL;
}

static void each_process_stops_clean_under_load(void)
{
	static const char *const names[] = {"router", "us", "ie", "central", "gb", "router", "de"};
	static const char *const intakes[FILERS] = {"us", "ie", "gb"};
	struct filer filers[FILERS] = {0};
	unsigned decided = 0;

	for (unsigned i = 0; i < FILERS; i++) {
		for (unsigned k = 0; k < PORTION; k++)
			filers[i].texts[k] = demand_make(&fleet, ACCOUNTS, demands++, 3);
		filers[i].intake = process_of(&fleet, intakes[i]);
		must(pthread_create(&filers[i].thread, NULL, file_all, &filers[i]) == 0, "a thread");
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		int how;

		pause_us(dice(50000));
		how = process_stop(&fleet, names[i]);
		expect(how == 0, "%s exits with 0 under load: %d", names[i], how);
		process_start(&fleet, names[i]);
	}
	atomic_store(&may_finish, true);
	for (unsigned i = 0; i < FILERS; i++) {
		(void)pthread_join(filers[i].thread, NULL);
		expect(filers[i].filed == PORTION, "%u of %d filed at %s", filers[i].filed, PORTION,
		    intakes[i]);
		for (unsigned k = 0; k < PORTION; k++) {
			json_t *shown = wait_outcome(&fleet, intakes[i], filers[i].cases[k]);

			decided += number_at(shown, "outcome.revision") == 1;
			json_decref(shown);
			cm_free(filers[i].texts[k]);
		}
	}
	expect(decided == FILERS * PORTION, "%u of %d demands have their outcome", decided,
	    FILERS * PORTION);
}

/* ---- fleets ---------------------------------------------------------------------------------- */

static void a_second_fleet_in_the_same_folder_is_refused(void)
{
	struct ran ran;

	run_cli(&ran, NULL, "fleet", "up", "--dir", fleet.dir, "--bin", COMITY_BINARY_DIR, "--law",
	    LAW_PATH, NULL);
	expect(ran.code == 1 && strstr(ran.err, "a fleet runs in ") != NULL &&
	           strstr(ran.err, "end it with 'comity fleet down' first") != NULL,
	    "refused: %d %s", ran.code, ran.err);
	ran_free(&ran);
	expect_outcome_of("us");
}

static size_t cases_at(struct cm_fleet *of, const char *node)
{
	json_t *rows = ask_must(of, node, "list", NULL);
	size_t count = json_array_size(rows);

	json_decref(rows);
	return count;
}

static void two_fleets_do_not_meet(void)
{
	struct cm_fleet second;
	char *text = file_read(FOUR_ACCOUNTS, NULL);
	char *keys[2];
	char case_id[CM_ID_TEXT_BYTES];
	size_t before;
	json_t *shown;

	/* Central hears of a case later than the desks: what the first fleet has is not on its way any more. */
	expect(wait_quiet(&fleet), "everything is delivered");
	before = cases_at(&fleet, "central");
	fleet_begin(&second, "second fleet", "us,ie,de,gb");
	expect(strchr(second.dir, ' ') != NULL && strchr(fleet.dir, ' ') != NULL,
	    "both in folders with a blank: %s", second.dir);
	fleet_import_examples(&second);
	file_must(&second, "us", text, case_id);
	shown = wait_outcome(&second, "us", case_id);
	expect(json_array_size(at(shown, "outcome.parts")) == 8, "the second serves");
	expect(cases_at(&fleet, "central") == before && cases_at(&fleet, "us") == before,
	    "the first has not heard of it");
	expect_outcome_of("de");
	expect(cases_at(&second, "central") == 1, "nor the second of the first's");
	keys[0] = file_read(fleet.blind_key, NULL);
	keys[1] = file_read(second.blind_key, NULL);
	expect(strcmp(keys[0], keys[1]) != 0, "each has a key of its own");
	expect(wait_quiet(&second), "everything is delivered");
	expect_ledgers_agree(&second, 1);
	fleet_end(&second);
	expect_outcome_of("gb");
	cm_free(keys[0]);
	cm_free(keys[1]);
	json_decref(shown);
	cm_free(text);
}

/* `fleet up`, `fleet down`, `fleet up` as a person would: what was, is there again. */
static void a_fleet_taken_down_comes_up_with_its_cases(void)
{
	const char *dir = scratch_path("third fleet");
	char dir_option[300];
	struct ran ran;
	json_t *up;

	(void)snprintf(dir_option, sizeof dir_option, "%s", dir);
	for (unsigned i = 0; i < 2; i++) {
		run_cli(&ran, NULL, "fleet", "up", "--dir", dir_option, "--regions", "us,ie", "--bin",
		    COMITY_BINARY_DIR, "--law", LAW_PATH, NULL);
		up = json_loads(ran.out, 0, NULL);
		expect(ran.code == 0 && json_array_size(at(up, "processes")) == 4,
		    "fleet up prints its record: %d %s", ran.code, ran.err);
		json_decref(up);
		ran_free(&ran);
		run_cli(&ran, NULL, "--fleet", dir_option, "file", "--node", "us", FOUR_ACCOUNTS, NULL);
		expect(ran.code == 0 && (strstr(ran.err, "filed before") != NULL) == (i == 1),
		    "%s: %d %s", i == 0 ? "filed" : "filed before", ran.code, ran.err);
		ran_free(&ran);
		run_cli(&ran, NULL, "fleet", "down", "--dir", dir_option, NULL);
		expect(ran.code == 0 && ran.err[0] == 0, "fleet down: %d %s", ran.code, ran.err);
		ran_free(&ran);
		run_cli(&ran, NULL, "--fleet", dir_option, "list", NULL);
		expect(ran.code == 3, "no fleet is there: %d %s", ran.code, ran.err);
		ran_free(&ran);
	}
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "first fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, demands);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"each process stops clean when asked", each_process_stops_clean_when_asked},
	    {"Ctrl-C stops clean too", ctrl_c_stops_clean_too},
	    {"each process stops clean under load", each_process_stops_clean_under_load},
	    {"a second fleet in the same folder is refused",
	        a_second_fleet_in_the_same_folder_is_refused},
	    {"two fleets do not meet", two_fleets_do_not_meet},
	    {"a fleet taken down comes up with its cases", a_fleet_taken_down_comes_up_with_its_cases},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("stop", trials, COUNT(trials));
}
