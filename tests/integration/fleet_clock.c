/*
 * Clocks that step: the wall clocks of the router and of the nodes go back, forward and apart while
 * demands are under way. Waiting is by the steady clock, so nothing may stall or be lost; what a ledger
 * says of time is its own clock's business.
 *
 * Needs libfaketime (Debian's package faketime), which is preloaded and reads the step from a file, one
 * for each process. The steady clock is left alone.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/link/now.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 500
#define HOUR_MS INT64_C(3600000)

static const char *const libraries[] = {"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1"};
static const char *const nodes[] = {"us", "ie", "de", "gb"};
static const char *const all[] = {"router", "central", "us", "ie", "de", "gb"};
static struct cm_fleet fleet;
static struct filed cases[MOST];
static unsigned filed;
static const char *library;

static const char *step_file(const char *name)
{
	char file[40];

	(void)snprintf(file, sizeof file, "%s.step", name);
	return scratch_path(file);
}

/* Step a process's clock to so many hours from the true time, while it runs. Its file is replaced as a
 * whole: half a number would be another time. */
static void step(const char *name, int hours)
{
	const char *fresh = scratch_path("fresh.step");
	char text[24];

	(void)snprintf(text, sizeof text, "%+dh\n", hours);
	file_write(fresh, text, strlen(text));
	must(rename(fresh, step_file(name)) == 0, "set the clock of %s", name);
}

static void step_all(int hours)
{
	for (size_t i = 0; i < COUNT(all); i++)
		step(all[i], hours);
}

static struct filed *file_some(unsigned count)
{
	struct filed *first = &cases[filed];

	must(filed + count <= MOST, "at most %d demands", MOST);
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, filed, count, first);
	filed += count;
	return first;
}

/* By how much the newest row of this case at its intake node is away from the true time. */
static int64_t hours_off(const struct filed *one)
{
	json_t *rows = ask_must(&fleet, one->node, "events", "case", one->case_id, NULL);
	int64_t at_ms = number_at(json_array_get(rows, json_array_size(rows) - 1), "at_ms");

	json_decref(rows);
	at_ms -= cm_wall_now().ms;
	return (at_ms + (at_ms < 0 ? -HOUR_MS / 2 : HOUR_MS / 2)) / HOUR_MS;
}

static void expect_hours_off(const struct filed *one, int64_t hours)
{
	int64_t off = hours_off(one);

	expect(off == hours, "the clock of %s is %lld hours off, as set: %lld", one->node,
	    (long long)hours, (long long)off);
}

static void all_clocks_go_back_and_forward(void)
{
	static const int steps[] = {-2, 2, 24 * 400, 0};

	if (library == NULL)
		return;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct filed *early = file_some(4); /* under way when the clocks step */
		struct filed *late;

		step_all(steps[i]);
		late = file_some(4);
		expect_decided(&fleet, early, 4);
		expect_decided(&fleet, late, 4);
		expect_hours_off(late, steps[i]);
	}
}

static void clocks_stand_apart(void)
{
	struct filed *first;

	if (library == NULL)
		return;
	step("router", -2);
	step("ie", 3);
	step("de", -24 * 365);
	first = file_some(8);
	expect_decided(&fleet, first, 8);
	expect_hours_off(&first[1], 3);
	step_all(0);
}

/* A node that starts with a clock before its own ledger's last row. */
static void a_node_starts_in_its_ledgers_past(void)
{
	if (library == NULL)
		return;
	step("us", 24);
	expect_decided(&fleet, file_some(4), 4);
	process_kill(&fleet, "us");
	step("us", 0);
	(void)setenv("FAKETIME_TIMESTAMP_FILE", step_file("us"), 1);
	process_start_preloaded(&fleet, "us", library);
	expect_decided(&fleet, file_some(4), 4);
}

static void clocks_step_at_any_moment(void)
{
	unsigned steps = is_long() ? 200 : 20;

	if (library == NULL)
		return;
	for (unsigned i = 0; i < steps; i++) {
		(void)file_some(2);
		pause_us(dice(20000));
		step(all[dice(COUNT(all))], (int)dice(200) - 100);
	}
	expect_decided(&fleet, cases, filed);
	step_all(0);
}

/* ---------------------------------------------------------------------------------------------- */

static void start_under_its_own_clock(const char *name)
{
	step(name, 0);
	process_stop_must(&fleet, name);
	(void)setenv("FAKETIME_TIMESTAMP_FILE", step_file(name), 1);
	process_start_preloaded(&fleet, name, library);
}

static void the_fleet_starts(void)
{
	for (size_t i = 0; i < COUNT(libraries) && library == NULL; i++)
		if (access(libraries[i], R_OK) == 0)
			library = libraries[i];
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
	if (library == NULL) {
		skip("no clock can be stepped: libfaketime is not installed (package faketime)");
		return;
	}
	(void)setenv("FAKETIME_NO_CACHE", "1", 1);
	(void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
	for (size_t i = 0; i < COUNT(all); i++)
		start_under_its_own_clock(all[i]);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, filed);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"all clocks go back and forward", all_clocks_go_back_and_forward},
	    {"clocks stand apart", clocks_stand_apart},
	    {"a node starts in its ledger's past", a_node_starts_in_its_ledgers_past},
	    {"clocks step at any moment", clocks_step_at_any_moment},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("clock", trials, COUNT(trials));
}
