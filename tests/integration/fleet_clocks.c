/*
 * The clocks of the law over real processes: an emergency order of eight hours, and a region that is
 * silent. Central hears of it while there is time, the order is decided on hold before the term ends,
 * and the late answer revises that; the router killed in between tells nothing twice.
 *
 * All wall clocks are set to the day of service, and are then stepped to what the hour is to be.
 */
#include "tests/integration/fleet_help.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/link/now.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ORDER EXAMPLES_PATH "/fr-epoc-irish-content.json"
#define SERVED_MS INT64_C(1794182400000) /* 2026-11-09T00:00Z */
#define HOUR_MS INT64_C(3600000)

/* Eight hours from the first moment of the day of service in Paris: until seven by UTC. */
static const char *const all[] = {"router", "central", "fr", "ie", "de"};
static struct cm_fleet fleet;
static char id[CM_ID_TEXT_BYTES];
static char *order; /* owned */

/* ---- the hour -------------------------------------------------------------------------------- */

static const char *step_file(const char *name)
{
	char file[40];

	(void)snprintf(file, sizeof file, "%s.step", name);
	return scratch_path(file);
}

/* From now on it is so many minutes after the day of service began, for everybody. */
static void it_is(int minutes)
{
	int64_t off_ms = SERVED_MS + minutes * (HOUR_MS / 60) - cm_wall_now().ms;

	for (size_t i = 0; i < COUNT(all); i++) {
		int fd = open(step_file(all[i]), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		must(fd >= 0 && pwrite(fd, &off_ms, sizeof off_ms, 0) == (ssize_t)sizeof off_ms,
		    "set the clock of %s", all[i]);
		(void)close(fd);
	}
}

static void start_under_the_clock(const char *name)
{
	(void)setenv("STEPCLOCK_FILE", step_file(name), 1);
	process_start_preloaded(&fleet, name, STEPCLOCK);
	(void)unsetenv("STEPCLOCK_FILE");
}

/* ---- demands and events ---------------------------------------------------------------------- */

static char *replaced(const char *text, const char *was, const char *is)
{
	const char *found = strstr(text, was);
	struct cm_buf out;
	char *copy;

	must(found != NULL, "the order says %s", was);
	cm_buf_init(&out, 0);
	cm_buf_add(&out, text, (size_t)(found - text));
	cm_buf_text(&out, is);
	cm_buf_text(&out, found + strlen(was));
	copy = cm_alloc(out.len + 1, 1);
	memcpy(copy, cm_buf_str(&out), out.len + 1);
	cm_buf_fini(&out);
	return copy;
}

/* A clock that was stepped is looked at within a minute, or when the next alarm is set: set one. */
static void file_another(void)
{
	static unsigned number;
	char reference[40];
	char other[CM_ID_TEXT_BYTES];
	char *plain = file_read(ORDER, NULL);
	char *text;

	(void)snprintf(reference, sizeof reference, "another-%u", ++number);
	must(plain != NULL, "read %s", ORDER);
	text = replaced(plain, "EPOC-FR-2026-512", reference);
	file_must(&fleet, "fr", text, other);
	cm_free(text);
	cm_free(plain);
}

/* How often central was told so of the eight hours as they run in Paris; of "clock.forces": at all. */
static size_t count_events(const char *what)
{
	json_t *rows = ask_must(&fleet, "central", "events", "case", id, NULL);
	size_t found = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		found += strcmp(text_at(row, "what"), what) == 0 &&
		         (strcmp(what, "clock.forces") == 0 ||
		             strstr(text_at(row, "why"), "disclose (eu.eev.10_4) is due "
		                                         "2026-11-09T08:00Z, Europe/Paris") != NULL);
	json_decref(rows);
	return found;
}

static bool is_told(void *what)
{
	return count_events(what) > 0;
}

/* The sentence of the first event of that name. */
static bool says(const char *what, const char *part)
{
	json_t *rows = ask_must(&fleet, "central", "events", "case", id, NULL);
	bool found = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		found = found || (strcmp(text_at(row, "what"), what) == 0 &&
		                     strstr(text_at(row, "why"), part) != NULL);
	json_decref(rows);
	return found;
}

static bool is_revised(void *revision)
{
	json_t *shown = ask_must(&fleet, "fr", "show", "case", id, NULL);
	bool is = number_at(shown, "outcome.revision") >= *(int64_t *)revision;

	json_decref(shown);
	return is;
}

static void expect_outcome(int64_t revision, const char *words)
{
	json_t *shown;
	char *said;

	expect(wait_until(is_revised, &revision, PATIENCE_MS), "fr has revision %lld",
	    (long long)revision);
	shown = ask_must(&fleet, "fr", "show", "case", id, NULL);
	said = words_of(at(shown, "outcome"));
	expect(number_at(shown, "outcome.revision") == revision, "and none after it");
	expect(strcmp(said, words) == 0, "which says %s, not %s", words, said);
	cm_free(said);
	json_decref(shown);
}

static void replays_the_same(void)
{
	struct ran ran;

	run_cli(&ran, &fleet, "why", "--replay", id, NULL);
	expect(ran.code == 0 && strstr(ran.out, "the same, byte for byte") != NULL, "%s%s", ran.out,
	    ran.err);
	ran_free(&ran);
}

/* ---- the trials ------------------------------------------------------------------------------ */

static void the_fleet_starts_on_the_day_of_service(void)
{
	char *plain = file_read(ORDER, NULL);

	must(plain != NULL, "read %s", ORDER);
	order = replaced(plain, "\"emergency\": false", "\"emergency\": true");
	cm_free(plain);
	fleet_begin(&fleet, "fleet", "fr,ie,de");
	fleet_import_examples(&fleet);
	it_is(1);
	for (size_t i = 0; i < COUNT(all); i++) {
		process_stop_must(&fleet, all[i]);
		start_under_the_clock(all[i]);
	}
}

static void an_emergency_order_waits_for_a_silent_region(void)
{
	struct filed one = {.node = "fr"};

	expect(wait_peer(&fleet, "router", "ie", true), "the router is linked to ie");
	process_signal(&fleet, "ie", SIGSTOP);
	file_must(&fleet, "fr", order, id);
	memcpy(one.case_id, id, sizeof id);
	expect(wait_missing(&fleet, &one, 1, "ie"), "the router waits for ie alone");
	expect(!is_told("clock.at_risk"), "nobody is alarmed yet");
}

static void central_hears_of_it_while_there_is_time(void)
{
	bool found = false;
	json_t *rows;
	json_t *row;
	size_t i;

	it_is(3 * 60);
	file_another();
	expect(wait_until(is_told, "clock.at_risk", PATIENCE_MS), "at three the clock is at risk");
	expect(says("clock.at_risk", "2026-11-09T08:00Z, Europe/Paris: at risk; waiting for ie"),
	    "central is told of the clock, and who is waited for");
	expect(!is_told("clock.hold"), "and no more than that");
	rows = ask_must(&fleet, "router", "events", "case", id, NULL);
	json_array_foreach(rows, i, row)
		found = found || (strcmp(text_at(row, "row"), "clock") == 0 &&
		                     strstr(text_at(row, "why"), "risk eu.eev.10_4/disclose/") != NULL);
	json_decref(rows);
	expect(found, "the router's events show the row");
	rows = ask_must(&fleet, "router", "list", NULL);
	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "case"), id) == 0)
			expect(number_at(row, "clock_ms") > SERVED_MS + 4 * HOUR_MS &&
			           number_at(row, "clock_ms") < SERVED_MS + 5 * HOUR_MS,
			    "the router's list says when it looks again");
	json_decref(rows);
}

static void a_router_killed_then_tells_nothing_twice(void)
{
	struct filed one = {.node = "fr"};

	memcpy(one.case_id, id, sizeof id);
	process_kill(&fleet, "router");
	start_under_the_clock("router");
	expect(wait_missing(&fleet, &one, 1, "ie"), "the router waits for ie again");
	file_another();
	expect(count_events("clock.at_risk") == 1, "clock.at_risk was told %zu times",
	    count_events("clock.at_risk"));
}

static void before_the_term_ends_it_is_decided_on_hold(void)
{
	json_t *shown;
	struct filed one = {.node = "fr"};

	memcpy(one.case_id, id, sizeof id);
	it_is(5 * 60);
	file_another();
	expect_outcome(1, "1/content/ hold_for_counsel");
	expect(wait_until(is_told, "clock.hold", PATIENCE_MS) &&
	           wait_until(is_told, "clock.forces", PATIENCE_MS),
	    "central is told of both");
	shown = ask_must(&fleet, "fr", "show", "case", id, NULL);
	expect(strstr(text_at(shown, "outcome.parts.0.why"),
	           "Node ie could not check this part: no answer by 2026-11-09T04:") != NULL,
	    "the outcome says why: %s", text_at(shown, "outcome.parts.0.why"));
	json_decref(shown);
	expect(wait_missing(&fleet, &one, 1, "ie"), "and the case still waits for ie");
	replays_the_same();
}

static void killed_again_it_still_waits(void)
{
	struct filed one = {.node = "fr"};

	memcpy(one.case_id, id, sizeof id);
	process_kill(&fleet, "router");
	start_under_the_clock("router");
	expect(wait_missing(&fleet, &one, 1, "ie"), "the router waits for ie again");
	expect(count_events("clock.hold") == 1 && count_events("clock.forces") == 1,
	    "nothing is told twice");
}

static void the_late_answer_revises_it(void)
{
	process_signal(&fleet, "ie", SIGCONT);
	/* The second held what ie's facts made France be asked about. */
	expect_outcome(3, "1/content/ie comply_limited");
	expect(wait_quiet(&fleet), "everything is delivered");
	replays_the_same();
	for (size_t i = 0; i < 3; i++) {
		static const char *const whats[] = {"clock.at_risk", "clock.hold", "clock.forces"};

		expect(count_events(whats[i]) == 1, "%s was told %zu times", whats[i],
		    count_events(whats[i]));
	}
}

static void the_fleet_ends(void)
{
	fleet_end(&fleet);
	cm_free(order);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts on the day of service", the_fleet_starts_on_the_day_of_service},
	    {"an emergency order waits for a silent region",
	        an_emergency_order_waits_for_a_silent_region},
	    {"central hears of it while there is time", central_hears_of_it_while_there_is_time},
	    {"a router killed then tells nothing twice", a_router_killed_then_tells_nothing_twice},
	    {"before the term ends it is decided on hold", before_the_term_ends_it_is_decided_on_hold},
	    {"killed again it still waits", killed_again_it_still_waits},
	    {"the late answer revises it", the_late_answer_revises_it},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("clocks", trials, COUNT(trials));
}
