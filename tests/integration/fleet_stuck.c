/*
 * Processes that stand still (SIGSTOP) and go on (SIGCONT): their sockets take connections, and nothing
 * comes back. Whoever asked one waits for that one alone: the others are asked, answer and take in
 * demands as if it were not there.
 *
 * Every region is asked of every case, since a target is blinded and nobody knows where it lies. So a
 * region that stands still is waited for by all cases that come meanwhile; what it must not do is
 * delay anything else of theirs.
 */
#include "tests/integration/fleet_help.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 700
#define BATCH 20
#define SLACK_MS 3000 /* the machine does other things too */
#define TRIES 6

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static const char *const awake[] = {"us", "de", "gb"};
static struct cm_fleet fleet;
static struct filed cases[MOST];
static struct filings filings = {.items = cases, .most = MOST, .accounts = ACCOUNTS};

/* The same work, once with all awake and once with one asleep: all answers but the sleeper's come in
 * as soon as before. A link that waited for another would wait for a heartbeat, or ten seconds. */
static bool is_as_soon_with_one_asleep(void)
{
	int64_t began = now_ms();
	int64_t awake_ms;
	int64_t asleep_ms;
	struct filed *first = file_more(&fleet, awake, COUNT(awake), &filings, BATCH);

	expect_decided(&fleet, first, BATCH);
	awake_ms = now_ms() - began;
	process_signal(&fleet, "ie", SIGSTOP);
	began = now_ms();
	first = file_more(&fleet, awake, COUNT(awake), &filings, BATCH);
	expect(wait_missing(&fleet, first, BATCH, "ie"), "all wait for ie alone");
	asleep_ms = now_ms() - began;
	(void)printf("  %d demands: decided in %lld ms; with ie asleep, all but ie heard in %lld ms\n",
	    BATCH, (long long)awake_ms, (long long)asleep_ms);
	expect_decided(&fleet, cases, BATCH); /* what was decided is shown as before */
	process_signal(&fleet, "ie", SIGCONT);
	expect_decided(&fleet, first, BATCH);
	return asleep_ms < 2 * awake_ms + SLACK_MS;
}

/* A link that waits does so each time; a machine that has other things to do, now and then. */
static void a_region_that_stands_still_delays_no_other_answer(void)
{
	unsigned tries = 1;

	while (!is_as_soon_with_one_asleep() && tries < TRIES)
		tries++;
	expect(tries < TRIES, "which took no longer, in one of %d tries", TRIES - 1);
}

static void an_intake_node_that_stands_still_keeps_nobody_else_from_filing(void)
{
	static const char *const others[] = {"ie", "de", "gb"};
	struct filed *first;

	process_signal(&fleet, "us", SIGSTOP);
	first = file_more(&fleet, others, COUNT(others), &filings, 6);
	expect(wait_missing(&fleet, first, 6, "us"), "all wait for us alone");
	process_signal(&fleet, "us", SIGCONT);
	expect_decided(&fleet, first, 6);
}

static void nobody_waits_for_central(void)
{
	process_signal(&fleet, "central", SIGSTOP);
	expect_decided(&fleet, file_more(&fleet, nodes, COUNT(nodes), &filings, 6), 6);
	process_signal(&fleet, "central", SIGCONT);
}

static void demands_are_taken_while_the_router_stands_still(void)
{
	struct filed *first;

	process_signal(&fleet, "router", SIGSTOP);
	first = file_more(&fleet, nodes, COUNT(nodes), &filings, 8);
	for (size_t i = 0; i < 8; i++) {
		json_t *shown = ask_must(&fleet, first[i].node, "show", "case", first[i].case_id, NULL);

		expect(at(shown, "outcome") == NULL, "%s shows its case, without an outcome",
		    first[i].node);
		json_decref(shown);
	}
	process_signal(&fleet, "router", SIGCONT);
	expect_decided(&fleet, first, 8);
}

static void anybody_stands_still_at_any_moment(void)
{
	static const char *const all[] = {"router", "central", "us", "ie", "de", "gb"};
	unsigned naps = is_long() ? 200 : 15;

	for (unsigned i = 0; i < naps; i++) {
		const char *name = all[dice(COUNT(all))];

		(void)file_more(&fleet, nodes, COUNT(nodes), &filings, 2);
		pause_us(dice(20000));
		process_signal(&fleet, name, SIGSTOP);
		pause_us(dice(is_long() && i % 20 == 0 ? 6000000 : 60000));
		process_signal(&fleet, name, SIGCONT);
	}
	expect_decided(&fleet, cases, filings.count);
}

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, filings.count);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"a region that stands still delays no other answer",
	        a_region_that_stands_still_delays_no_other_answer},
	    {"an intake node that stands still keeps nobody else from filing",
	        an_intake_node_that_stands_still_keeps_nobody_else_from_filing},
	    {"nobody waits for central", nobody_waits_for_central},
	    {"demands are taken while the router stands still",
	        demands_are_taken_while_the_router_stands_still},
	    {"anybody stands still at any moment", anybody_stands_still_at_any_moment},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("stuck", trials, COUNT(trials));
}
