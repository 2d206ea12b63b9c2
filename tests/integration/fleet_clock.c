/*
 * Clocks that step: the wall clocks of the router and of the nodes go back, forward and apart while
 * demands are under way. Waiting is by the steady clock, so nothing may stall or be lost; what a ledger
 * says of time is its own clock's business. A clock that jumps over the end of a term of the law makes the
 * router decide without the answers that are missing, which then revise the outcome: that is right, and so
 * there may be several revisions here.
 *
 * A shim (tests/fault/stepclock.c) is preloaded into each process and reads the step from a file. It
 * does what libfaketime does, and also moves waits that have begun, as a real step would.
 */
#include "tests/integration/fleet_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/link/now.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 500
#define HOUR_MS INT64_C(3600000)
#define MOST_REVISIONS 6 /* one for each answer that comes after a clock could not wait */

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static const char *const all[] = {"router", "central", "us", "ie", "de", "gb"};
static struct cm_fleet fleet;
static struct filed cases[MOST];
static unsigned filed;

static const char *step_file(const char *name)
{
	char file[40];

	(void)snprintf(file, sizeof file, "%s.step", name);
	return scratch_path(file);
}

/* Step a process's clock to so many hours from the true time, while it runs. The file is mapped by it:
 * it must not be made anew. */
static void step(const char *name, int hours)
{
	int64_t off_ms = hours * HOUR_MS;
	int fd = open(step_file(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0 && pwrite(fd, &off_ms, sizeof off_ms, 0) == (ssize_t)sizeof off_ms,
	    "set the clock of %s", name);
	(void)close(fd);
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

static void start_under_its_own_clock(const char *name)
{
	(void)setenv("STEPCLOCK_FILE", step_file(name), 1);
	process_start_preloaded(&fleet, name, STEPCLOCK);
	(void)unsetenv("STEPCLOCK_FILE");
}

static void all_clocks_go_back_and_forward(void)
{
	static const int steps[] = {-2, 2, 24 * 400, 0};

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct filed *early = file_some(4); /* under way when the clocks step */
		struct filed *late;

		step_all(steps[i]);
		late = file_some(4);
		expect_settled(&fleet, early, 4);
		expect_settled(&fleet, late, 4);
		expect_hours_off(late, steps[i]);
	}
}

static void clocks_stand_apart(void)
{
	struct filed *first;

	step("router", -2);
	step("ie", 3);
	step("de", -24 * 365);
	first = file_some(8);
	expect_settled(&fleet, first, 8);
	expect_hours_off(&first[1], 3);
	step_all(0);
}

/* A node that starts with a clock before its own ledger's last row. */
static void a_node_starts_in_its_ledgers_past(void)
{
	step("us", 24);
	expect_settled(&fleet, file_some(4), 4);
	process_kill(&fleet, "us");
	step("us", 0);
	start_under_its_own_clock("us");
	expect_settled(&fleet, file_some(4), 4);
}

/* nng as Debian ships it waits by the wall clock: set back by three hours, it would dial again in three
 * hours, and no call would end before. (protocol/link/nng_shim.c) */
static void links_come_up_again_whatever_the_clock_does(void)
{
	static const int hours[] = {-3, 3, 0};

	for (size_t i = 0; i < COUNT(hours); i++) {
		process_kill(&fleet, "ie");
		expect(wait_peer(&fleet, "router", "ie", false), "the router sees that ie is gone");
		pause_us(200000); /* it waits to dial again */
		step("router", hours[i]);
		start_under_its_own_clock("ie");
		expect(wait_peer(&fleet, "router", "ie", true), "with the clock at %d h it finds ie again",
		    hours[i]);
	}
	expect_settled(&fleet, file_some(4), 4);
}

static void clocks_step_at_any_moment(void)
{
	unsigned steps = is_long() ? 200 : 20;

	for (unsigned i = 0; i < steps; i++) {
		(void)file_some(2);
		pause_us(dice(20000));
		step(all[dice(COUNT(all))], (int)dice(200) - 100);
	}
	expect_settled(&fleet, cases, filed);
	step_all(0);
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
	for (size_t i = 0; i < COUNT(all); i++) {
		step(all[i], 0);
		process_stop_must(&fleet, all[i]);
		start_under_its_own_clock(all[i]);
	}
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree_revised(&fleet, filed, MOST_REVISIONS);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"all clocks go back and forward", all_clocks_go_back_and_forward},
	    {"clocks stand apart", clocks_stand_apart},
	    {"a node starts in its ledger's past", a_node_starts_in_its_ledgers_past},
	    {"links come up again whatever the clock does",
	        links_come_up_again_whatever_the_clock_does},
	    {"clocks step at any moment", clocks_step_at_any_moment},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("clock", trials, COUNT(trials));
}
