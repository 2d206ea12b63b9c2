/*
 * A change of law against the cases a real fleet has stored: `comity rules diff OLD NEW --ledger
 * FILE` decides again what the nodes found, on the facts they had, while they go on serving.
 */
#include "tests/integration/fleet_help.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct cm_fleet fleet;
static char warrant[CM_ID_TEXT_BYTES];  /* decided, its clock runs */
static char subpoena[CM_ID_TEXT_BYTES]; /* decided and done with */
static char new_law[4096];

/* ---- another law ----------------------------------------------------------------------------- */

/* A warrant no longer compels content; what the rule was tried by goes. */
static void law_change(char *text, size_t len, const char *path)
{
	char *rule = strstr(text, "rule us.sca.2703a.content\n");
	char *tests = rule != NULL ? strstr(rule, "  test ") : NULL;
	char *end = tests != NULL ? strstr(tests, "\nend\n") : NULL;
	char *condition = rule != NULL ? strstr(rule, "    issuing_state is US\n") : NULL;
	struct cm_buf out;

	must(end != NULL && condition != NULL && condition < tests, "the rule of the warrant");
	memcpy(condition, "    issuing_state is GB\n", strlen("    issuing_state is GB\n"));
	cm_buf_init(&out, 0);
	cm_buf_add(&out, text, (size_t)(tests - text));
	cm_buf_add(&out, end + 1, len - (size_t)(end + 1 - text));
	file_write(path, out.data, out.len);
	cm_buf_fini(&out);
}

static void new_law_make(void)
{
	char path[5000];
	size_t len;
	char *text;

	(void)snprintf(new_law, sizeof new_law, "%s", scratch_path("newlaw"));
	law_copy(new_law);
	(void)snprintf(path, sizeof path, "%s/us.law", new_law);
	text = file_read(path, &len);
	must(text != NULL, "read %s", path);
	law_change(text, len, path);
	cm_free(text);
	law_add(new_law, "us.law",
	    "\nrule us.trial.added\n  title \"Added\"\n  source statute\n  cite \"c\"\n"
	    "  in force from 2015-01-01\n  applies when\n    data includes content\n"
	    "  effect permits comity_motion\n  reviewed by nobody\nend\n");
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void file_example(const char *name, char case_id[CM_ID_TEXT_BYTES])
{
	char path[4096];
	char *text;
	json_t *shown;

	(void)snprintf(path, sizeof path, "%s/%s", EXAMPLES_PATH, name);
	text = file_read(path, NULL);
	must(text != NULL, "read %s", path);
	file_must(&fleet, "us", text, case_id);
	cm_free(text);
	shown = wait_outcome(&fleet, "us", case_id);
	must(shown != NULL, "%s is decided", name);
	json_decref(shown);
}

static const char *ledger_of(const char *name)
{
	return process_of(&fleet, name)->ledger;
}

/* The rows of the command; NULL and a failed expectation if it does not end well. */
static json_t *rows_of(struct ran *ran, const char *as_of, const char *ledger, const char *second)
{
	json_t *rows;

	if (second != NULL)
		run_cli(ran, NULL, "rules", "diff", LAW_PATH, new_law, "--as-of", as_of, "--ledger",
		    ledger, "--ledger", second, "-o", "json", NULL);
	else
		run_cli(ran, NULL, "rules", "diff", LAW_PATH, new_law, "--as-of", as_of, "--ledger",
		    ledger, "-o", "json", NULL);
	rows = json_loads(ran->out, 0, NULL);
	expect(ran->code == 0 && rows != NULL, "it ends well: %d %s", ran->code, ran->err);
	return rows;
}

/* How many rows say so; NULL: anything. */
static size_t count_rows(const json_t *rows, const char *case_id, const char *part,
    const char *rule, const char *before, const char *after)
{
	size_t count = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) count +=
	    (case_id == NULL || strcmp(text_at(row, "case"), case_id) == 0) &&
	    (part == NULL || strcmp(text_at(row, "part"), part) == 0) &&
	    (rule == NULL || strcmp(text_at(row, "rule"), rule) == 0) &&
	    (before == NULL || strcmp(text_at(row, "before"), before) == 0) &&
	    (after == NULL || strcmp(text_at(row, "after"), after) == 0);
	return count;
}

/* ---- the trials ------------------------------------------------------------------------------ */

static void stored_cases_come_out_otherwise(void)
{
	struct ran ran;
	json_t *rows = rows_of(&ran, "2026-11-08", ledger_of("us"), NULL);

	expect(count_rows(rows, warrant, "1 content, ie (issuing)", "us.sca.2703a.content", "holds",
		   "silent") == 1,
	    "the warrant no longer compels what lies in Ireland: %s", ran.out);
	expect(count_rows(rows, subpoena, NULL, "us.sca.2703a.content", NULL, NULL) == 0,
	    "a subpoena is none");
	expect(count_rows(rows, subpoena, NULL, "us.trial.added", "silent", "holds") > 0,
	    "the added rule speaks of the subpoena");
	expect(count_rows(rows, NULL, NULL, NULL, NULL, NULL) ==
		   count_rows(rows, NULL, NULL, "us.trial.added", "silent", "holds") +
		       count_rows(rows, NULL, NULL, "us.sca.2703a.content", "holds", "silent") +
		       count_rows(rows, NULL, NULL, "us.sca.2702a", NULL, NULL),
	    "nothing else moves but the bar that the warrant lifted: %s", ran.out);
	expect(strstr(ran.err, "2 of 2 stored cases come out otherwise: 1 with a clock running, 0 "
			       "open, 1 closed") != NULL,
	    "the counts: %s", ran.err);
	expect(strcmp(text_at(rows, "0.case"), warrant) == 0 &&
		   strcmp(text_at(rows, "0.stands"), "clock running") == 0,
	    "the running clock comes first: %s", ran.out);
	expect(
	    strstr(ran.out, "@") == NULL && strstr(ran.err, "@") == NULL, "no identifier is told");
	json_decref(rows);
	ran_free(&ran);
}

/* The same case decided years later has no clock left. */
static void a_clock_that_ran_out_runs_no_more(void)
{
	struct ran ran;
	json_t *rows = rows_of(&ran, "2036-01-01", ledger_of("us"), NULL);

	expect(count_rows(rows, warrant, NULL, NULL, NULL, NULL) > 0, "the case is there: %s",
	    ran.out);
	expect(strstr(ran.err, " 0 with a clock running") != NULL, "no clock runs: %s", ran.err);
	json_decref(rows);
	ran_free(&ran);
}

/* A node answers by the law it carries: Irish findings know nothing of a change in another's. */
static void a_node_is_held_to_its_own_law(void)
{
	struct ran ran;
	json_t *rows = rows_of(&ran, "2026-11-08", ledger_of("ie"), NULL);

	expect(json_array_size(rows) == 0, "nothing Irish moves: %s", ran.out);
	json_decref(rows);
	ran_free(&ran);
}

static void an_answer_in_two_ledgers_is_told_once(void)
{
	struct ran once;
	struct ran twice;
	json_t *a = rows_of(&once, "2026-11-08", ledger_of("us"), NULL);
	json_t *b = rows_of(&twice, "2026-11-08", ledger_of("us"), ledger_of("router"));

	expect(json_equal(a, b), "the router's copy adds nothing: %s", twice.out);
	json_decref(a);
	json_decref(b);
	ran_free(&once);
	ran_free(&twice);
}

static void the_old_law_need_not_be_the_one_it_was(void)
{
	struct ran ran;

	run_cli(&ran, NULL, "rules", "diff", new_law, LAW_PATH, "--ledger", ledger_of("us"), NULL);
	expect(ran.code == 0 && strstr(ran.err, "were decided with another text") != NULL,
	    "it says so: %d %s", ran.code, ran.err);
	ran_free(&ran);
}

/* The file as it is, but for the version in its head. */
static void a_newer_ledger_is_refused(void)
{
	const char *path = scratch_path("newer.db");
	struct ran ran;
	sqlite3 *db = NULL;

	process_stop_must(&fleet, "us");
	file_copy(ledger_of("us"), path);
	must(sqlite3_open(path, &db) == SQLITE_OK &&
		 sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL) == SQLITE_OK,
	    "a newer ledger");
	(void)sqlite3_close(db);
	run_cli(&ran, NULL, "rules", "diff", LAW_PATH, new_law, "--ledger", path, NULL);
	expect(ran.code != 0 && strstr(ran.err, "a newer program made this ledger") != NULL,
	    "refused with a sentence: %d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, NULL, "rules", "diff", LAW_PATH, new_law, "--ledger", ledger_of("us"), NULL);
	expect(ran.code == 0, "at rest it is read too: %d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, NULL, "rules", "diff", LAW_PATH, new_law,
	    EXAMPLES_PATH "/us-ireland-2018.json", "--ledger", ledger_of("us"), NULL);
	expect(ran.code != 0 && strstr(ran.err, "not both") != NULL, "demands or ledgers: %s",
	    ran.err);
	ran_free(&ran);
	process_start(&fleet, "us");
}

static void begin(void)
{
	fleet_begin(&fleet, "replay", "us,ie");
	fleet_import(&fleet, "us", EXAMPLES_PATH "/residency/us.csv");
	fleet_import(&fleet, "ie", EXAMPLES_PATH "/residency/ie.csv");
	new_law_make();
	file_example("us-warrant-four-accounts.json", warrant);
	file_example("us-subpoena-content.json", subpoena);
	must(wait_quiet(&fleet), "nothing waits any more");
}

static void end(void)
{
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"a fleet with two cases begins", begin},
	    {"stored cases come out otherwise", stored_cases_come_out_otherwise},
	    {"a clock that ran out runs no more", a_clock_that_ran_out_runs_no_more},
	    {"a node is held to its own law", a_node_is_held_to_its_own_law},
	    {"an answer in two ledgers is told once", an_answer_in_two_ledgers_is_told_once},
	    {"the old law need not be the one it was", the_old_law_need_not_be_the_one_it_was},
	    {"a newer ledger is refused", a_newer_ledger_is_refused},
	    {"the fleet ends", end},
	};

	return trials_run("replay", trials, COUNT(trials));
}
