/*
 * Processes that die: a node that is down while a demand is filed, a router killed at every moment of
 * a demand's way, a node killed between its word and its disk. What was accepted is never lost and
 * never there twice.
 */
#include "tests/integration/fleet_help.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"
#define ACCOUNTS 30
#define NO_GAG EXAMPLES_PATH "/us-warrant-enterprise-no-gag.json"

static struct cm_fleet fleet;

/* ---- waiting for a node ---------------------------------------------------------------------- */

struct awaited {
	const char *at;
	const char *case_id;
	const char *what;
};

static bool waits_for(void *data)
{
	const struct awaited *awaited = data;
	json_t *rows = ask_must(&fleet, "router", "list", NULL);
	bool waits = strcmp(text_at(rows, "0.case"), awaited->case_id) == 0 &&
	             strcmp(text_at(rows, "0.waits_for"), awaited->what) == 0;

	json_decref(rows);
	return waits;
}

static bool has_event(void *data)
{
	const struct awaited *awaited = data;
	json_t *rows = ask_must(&fleet, awaited->at, "events", "case", awaited->case_id, NULL);
	bool found = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "what"), awaited->what) == 0)
			found = true;
	json_decref(rows);
	return found;
}

static bool is_peer_up(const char *name)
{
	json_t *status = ask_must(&fleet, "router", "status", NULL);
	bool up = true;
	size_t i;
	json_t *peer;

	json_array_foreach(at(status, "peers"), i, peer)
		if (strcmp(text_at(peer, "name"), name) == 0)
			up = json_is_true(at(peer, "up"));
	json_decref(status);
	return up;
}

static void expect_words(const char *node, const char *case_id, const char *want)
{
	json_t *shown = wait_outcome(&fleet, node, case_id);
	char *words = words_of(at(shown, "outcome"));

	expect(strcmp(words, want) == 0, "%s has \"%s\", not \"%s\"", node, words, want);
	cm_free(words);
	json_decref(shown);
}

static const char four_words[] =
    "1/content/ie challenge; 1/subscriber/ie challenge; 2/content/us comply_limited; "
    "2/subscriber/us comply_limited; 3/content/de redirect_mlat; 3/subscriber/de redirect_mlat; "
    "4/content/gb challenge; 4/subscriber/gb hold_for_counsel";

static void a_case_waits_for_a_node_that_is_down(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = file_read(FOUR_ACCOUNTS, NULL);
	struct awaited ie = {.case_id = case_id, .what = "ie"};
	struct awaited told = {.at = "central", .case_id = case_id, .what = "case.waits"};
	struct ran ran;

	process_kill(&fleet, "ie");
	file_must(&fleet, "us", text, case_id);
	expect(wait_until(waits_for, &ie, PATIENCE_MS), "the router's list says: waits for ie");
	expect(!is_peer_up("ie"), "the router's status says: ie is down");
	run_cli(&ran, &fleet, "file", "--node", "us", "--wait", "--timeout", "1", FOUR_ACCOUNTS, NULL);
	expect(ran.code == 1 && strstr(ran.err, "has no outcome yet; a node may be down") != NULL,
	    "whoever waits is told why: %d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, &fleet, "list", "--node", "router", NULL);
	expect(ran.code == 0 && strstr(ran.out, "ie") != NULL, "the table names ie: %s", ran.out);
	ran_free(&ran);
	expect(wait_until(has_event, &told, PATIENCE_MS), "central is told that the case waits");
	run_cli(&ran, &fleet, "show", "--node", "us", case_id, NULL);
	expect(ran.code == 0 && strstr(ran.out, "no outcome yet") != NULL, "show says so: %s",
	    ran.out);
	ran_free(&ran);
	run_cli(&ran, &fleet, "list", "--node", "ie", NULL);
	expect(ran.code == 6, "ie itself is unreachable: %d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, &fleet, "fleet", "start", "ie", NULL);
	expect(ran.code == 0, "ie starts: %s", ran.err);
	ran_free(&ran);
	expect_words("us", case_id, four_words);
	expect_words("central", case_id, four_words);
	expect_words("ie", case_id, "1/content/ie challenge; 1/subscriber/ie challenge");
	cm_free(text);
}

static bool is_down(void *data)
{
	return !is_peer_up(data);
}

/* Neither dead nor alive: its socket takes connections, and nothing comes back. */
static void a_case_waits_for_a_node_that_stands_still(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = demand_make(&fleet, ACCOUNTS, 1003, 4);
	struct awaited ie = {.case_id = case_id, .what = "ie"};
	char name[] = "ie";
	json_t *shown;

	process_signal(&fleet, name, SIGSTOP);
	file_must(&fleet, "us", text, case_id);
	expect(wait_until(waits_for, &ie, PATIENCE_MS), "the router waits for ie");
	expect(wait_until(is_down, name, PATIENCE_MS), "and sees that it is deaf");
	process_signal(&fleet, name, SIGCONT);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(number_at(shown, "outcome.revision") == 1, "one outcome when it goes on");
	json_decref(shown);
	cm_free(text);
}

/* The router forgets nothing of a case that waits, and counts its events on. */
static void a_case_waits_through_a_restart_of_the_router(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = demand_make(&fleet, ACCOUNTS, 1000, 4);
	struct awaited both = {.case_id = case_id, .what = "ie, gb"};
	struct awaited told = {.at = "central", .case_id = case_id, .what = "case.waits"};
	json_t *shown;

	process_kill(&fleet, "ie");
	process_kill(&fleet, "gb");
	file_must(&fleet, "us", text, case_id);
	expect(wait_until(waits_for, &both, PATIENCE_MS), "the router waits for two nodes");
	expect(wait_until(has_event, &told, PATIENCE_MS), "central is told");
	process_kill(&fleet, "router");
	process_start(&fleet, "router");
	expect(wait_until(waits_for, &both, PATIENCE_MS), "and still waits for them");
	process_start(&fleet, "gb");
	process_start(&fleet, "ie");
	shown = wait_outcome(&fleet, "us", case_id);
	expect(number_at(shown, "outcome.revision") == 1, "one outcome");
	json_decref(shown);
	cm_free(text);
}

static void an_intake_node_that_dies_gets_its_outcome_later(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = demand_make(&fleet, ACCOUNTS, 1001, 4);
	struct awaited asked = {.at = "central", .case_id = case_id, .what = "demand.accepted"};
	json_t *shown;

	process_kill(&fleet, "de"); /* so that the case is open when us dies */
	file_must(&fleet, "us", text, case_id);
	expect(wait_until(has_event, &asked, PATIENCE_MS), "the router has the demand");
	process_kill(&fleet, "us");
	process_start(&fleet, "de");
	process_start(&fleet, "us");
	shown = wait_outcome(&fleet, "us", case_id);
	expect(number_at(shown, "outcome.revision") == 1, "one outcome");
	json_decref(shown);
	cm_free(text);
}

static void central_catches_up(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = demand_make(&fleet, ACCOUNTS, 1002, 4);
	json_t *shown;
	char *words;

	process_kill(&fleet, "central");
	file_must(&fleet, "us", text, case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(shown != NULL, "nobody waits for central");
	words = words_of(at(shown, "outcome"));
	process_start(&fleet, "central");
	expect_words("central", case_id, words);
	cm_free(words);
	json_decref(shown);
	cm_free(text);
}

/* ---- a word before the disk's ---------------------------------------------------------------- */

#define SLOW_MS 1500
#define SLOW_US "1500000"

struct filer {
	const struct cm_fleet_process *process;
	const char *text;
	char case_id[CM_ID_TEXT_BYTES];
	enum cm_status status;
	struct cm_err err;
};

static void *file_once(void *data)
{
	struct filer *filer = data;

	filer->status = file_demand(filer->process, filer->text, filer->case_id, NULL, &filer->err);
	return NULL;
}

/* Two people file the same bytes while the disk is slow. Whoever is told the number of a case may
 * rely on it, also the second, whose demand is "already there" in memory. */
static void nobody_is_told_of_a_case_that_is_not_on_disk(void)
{
	char *text = file_read(NO_GAG, NULL);
	struct filer first = {.text = text};
	struct filer second = {.text = text};
	char again[CM_ID_TEXT_BYTES];
	pthread_t threads[2];

	process_stop_must(&fleet, "us");
	process_start_shimmed(&fleet, "us", "SLOWSYNC_US", SLOW_US);
	first.process = process_of(&fleet, "us");
	second.process = first.process;
	must(pthread_create(&threads[0], NULL, file_once, &first) == 0, "a thread");
	pause_us(SLOW_MS * 1000 / 5); /* the first is being stored */
	must(pthread_create(&threads[1], NULL, file_once, &second) == 0, "a thread");
	pause_us(SLOW_MS * 1000 / 5); /* and not stored yet */
	process_kill(&fleet, "us");
	for (size_t i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	process_start(&fleet, "us");
	file_must(&fleet, "us", text, again);
	expect(first.status != CM_OK || strcmp(first.case_id, again) == 0,
	    "the first was told of case %s, it is %s", first.case_id, again);
	expect(second.status != CM_OK || strcmp(second.case_id, again) == 0,
	    "the second was told of case %s, it is %s", second.case_id, again);
	json_decref(wait_outcome(&fleet, "us", again));
	cm_free(text);
}

/* ---- a router killed at many moments --------------------------------------------------------- */

#define DEMANDS 40

static void each_demand_outlives_a_router_killed_at_any_moment(void)
{
	static char cases[DEMANDS][CM_ID_TEXT_BYTES];
	unsigned decided = 0;

	for (unsigned i = 0; i < DEMANDS; i++) {
		char *text = demand_make(&fleet, ACCOUNTS, i, 1 + i % 4);

		file_must(&fleet, "us", text, cases[i]);
		cm_free(text);
		if (i % 2 == 0)
			continue;
		pause_us(dice(25000));
		process_kill(&fleet, "router");
		if (i % 4 == 1) { /* and one more while it is away */
			text = demand_make(&fleet, ACCOUNTS, ++i, 2);
			file_must(&fleet, "us", text, cases[i]);
			cm_free(text);
		}
		process_start(&fleet, "router");
	}
	for (unsigned i = 0; i < DEMANDS; i++) {
		json_t *shown = wait_outcome(&fleet, "us", cases[i]);

		decided += number_at(shown, "outcome.revision") == 1;
		json_decref(shown);
	}
	expect(decided == DEMANDS, "%u of %d demands have their outcome", decided, DEMANDS);
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	fleet_import_examples(&fleet);
	accounts_import(&fleet, ACCOUNTS);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, DEMANDS + 6);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"a case waits for a node that is down", a_case_waits_for_a_node_that_is_down},
	    {"a case waits for a node that stands still", a_case_waits_for_a_node_that_stands_still},
	    {"a case waits through a restart of the router",
	        a_case_waits_through_a_restart_of_the_router},
	    {"an intake node that dies gets its outcome later",
	        an_intake_node_that_dies_gets_its_outcome_later},
	    {"central catches up", central_catches_up},
	    {"nobody is told of a case that is not on disk",
	        nobody_is_told_of_a_case_that_is_not_on_disk},
	    {"each demand outlives a router killed at any moment",
	        each_demand_outlives_a_router_killed_at_any_moment},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("killed", trials, COUNT(trials));
}
