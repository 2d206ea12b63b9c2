/*
 * Regions in networks of their own, cut off and healed: a cable that goes down, packets that vanish
 * in one direction or both while TCP waits and believes it is connected. Short enough that nobody
 * notices, longer than the heartbeats' patience, with restarts behind the cut, many times, with
 * demands under way.
 *
 * Each demand ends in exactly one outcome; a region that cannot be reached is named and waited for
 * alone; the answers of the others come as soon as ever.
 *
 * Needs root and iproute2. What is made here lives as long as the test (fleet_help_namespaces.h).
 */
#include "tests/integration/fleet_help_namespaces.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 1000
#define BATCH 12
#define SLACK_MS 3000 /* the machine does other things too */

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static struct cm_fleet fleet;
static bool may;
static struct filed cases[MOST];
static struct filings filings = {.items = cases, .most = MOST, .accounts = ACCOUNTS};

static struct filed *file_some(unsigned count)
{
	return file_more(&fleet, nodes, COUNT(nodes), &filings, count);
}

/* Both sides give the connection up: the cut is longer than their patience. */
static void expect_given_up(const char *region)
{
	expect(
	    wait_peer(&fleet, "router", region, false), "the router sees that %s is gone", region);
	expect(
	    wait_peer(&fleet, region, "router", false), "%s sees that the router is gone", region);
}

static void restart(const char *name)
{
	process_kill(&fleet, name);
	namespaces_start(&fleet, name);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void the_regions_get_networks_of_their_own(void)
{
	may = namespaces_may();
	if (!may)
		return;
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
	namespaces_begin(&fleet);
	expect_namespaces_hold(&fleet);
}

static void without_a_cut_all_is_decided_over_the_cables(void)
{
	if (!may)
		return;
	expect_decided(&fleet, file_some(8), 8);
	for (size_t i = 0; i < COUNT(nodes); i++) {
		expect(region_messages(nodes[i]) > 8,
		    "the messages of %s go through its relay: %lld", nodes[i],
		    (long long)region_messages(nodes[i]));
		expect(region_vanished(nodes[i]) == 0, "no packet for %s vanishes", nodes[i]);
	}
}

/* The same work, once without and once with a cut: the others are asked and heard as soon as
 * before. */
static void a_region_that_is_cut_off_delays_no_other_answer(void)
{
	static const char *const others[] = {"us", "de", "gb"};
	int64_t began;
	int64_t whole_ms;
	int64_t cut_ms;
	struct filed *first;

	if (!may)
		return;
	began = now_ms();
	first = file_more(&fleet, others, COUNT(others), &filings, BATCH);
	expect_decided(&fleet, first, BATCH);
	whole_ms = now_ms() - began;
	region_cut("ie", CUT_BOTH);
	began = now_ms();
	first = file_more(&fleet, others, COUNT(others), &filings, BATCH);
	expect(wait_missing(&fleet, first, BATCH, "ie"), "all wait for ie alone");
	cut_ms = now_ms() - began;
	(void)printf(
	    "  %d demands: decided in %lld ms; with ie cut off, all but ie heard in %lld ms\n",
	    BATCH, (long long)whole_ms, (long long)cut_ms);
	expect(cut_ms < 2 * whole_ms + SLACK_MS, "which took no longer: %lld and %lld ms",
	    (long long)whole_ms, (long long)cut_ms);
	expect_given_up("ie");
	expect(wait_missing(&fleet, first, BATCH, "ie"), "they still wait for ie alone");
	expect_decided(&fleet, cases, 8); /* what was decided is shown as before */
	expect(region_vanished("ie") > 0, "packets vanished");
	region_heal("ie", CUT_BOTH);
	expect_decided(&fleet, first, BATCH);
}

/* A cut that TCP mends by itself. What was filed behind it may be at the router or not. */
static void cut_for_a_moment(const char *region, enum cut cut)
{
	struct filed *waiting;

	region_cut(region, cut);
	waiting = file_some(COUNT(nodes));
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (strcmp(waiting[i].node, region) != 0)
			expect(wait_missing(&fleet, &waiting[i], 1, region),
			    "a case filed at %s waits for %s alone (%s)", waiting[i].node, region,
			    cut_meaning(cut));
	if (is_long())
		expect_given_up(region);
	region_heal(region, cut);
	expect_decided(&fleet, waiting, COUNT(nodes));
}

static void a_region_is_cut_off_in_every_way(void)
{
	if (!may)
		return;
	for (unsigned cut = 0; cut < CUTS_COUNT; cut++)
		for (size_t i = 0; i < (is_long() ? COUNT(nodes) : 1); i++)
			cut_for_a_moment(nodes[(cut + i) % COUNT(nodes)], (enum cut)cut);
}

/* Three regions at once, each in its way; behind the cut one is killed, and the router too. */
static void restarts_behind_a_cut_that_outlasts_all_patience(void)
{
	static const char *const us[] = {"us"};
	static const char *const cut_off[] = {"ie", "de", "gb"};
	static const enum cut cuts[] = {CUT_DOWN, CUT_TO, CUT_FROM};
	struct filed *first;

	if (!may)
		return;
	for (size_t i = 0; i < COUNT(cut_off); i++)
		region_cut(cut_off[i], cuts[i]);
	first = file_more(&fleet, us, COUNT(us), &filings, 3);
	expect(wait_missing(&fleet, first, 3, "ie, de, gb"), "all wait for the three");
	for (size_t i = 0; i < COUNT(cut_off); i++)
		expect_given_up(cut_off[i]);
	(void)file_more(&fleet, cut_off, COUNT(cut_off), &filings, 3); /* a demand is taken behind the cut too */
	restart("ie");
	restart("gb");
	restart("router");
	expect_namespaces_hold(&fleet);
	(void)file_more(&fleet, cut_off, COUNT(cut_off), &filings, 3);
	expect(wait_missing(&fleet, first, 3, "ie, de, gb"), "and the router knows it afterwards");
	for (size_t i = 0; i < COUNT(cut_off); i++)
		region_heal(cut_off[i], cuts[i]);
	expect_decided(&fleet, first, 9);
}

/* One or two regions, with demands under way; healed whether the cut was noticed or not. */
static void one_round(unsigned number)
{
	size_t at[2] = {dice(COUNT(nodes)), dice(COUNT(nodes))};
	enum cut cuts[2] = {(enum cut)dice(CUTS_COUNT), (enum cut)dice(CUTS_COUNT)};
	size_t count = at[0] == at[1] ? 1 : 2;

	(void)file_some(2);
	pause_us(dice(30000));
	for (size_t i = 0; i < count; i++)
		region_cut(nodes[at[i]], cuts[i]);
	(void)file_some(2);
	if (number % 4 == 3)
		restart(dice(2) > 0 ? nodes[at[0]] : "router");
	pause_us(dice(is_long() && number % 5 == 0 ? 8000000 : 400000));
	for (size_t i = 0; i < count; i++)
		region_heal(nodes[at[i]], cuts[i]);
	if (is_long() && number % 10 == 9)
		expect_decided(&fleet, cases, filings.count);
}

static void regions_are_cut_off_and_healed_again_and_again(void)
{
	if (!may)
		return;
	for (unsigned i = 0; i < (is_long() ? 100 : 8); i++)
		one_round(i);
	expect_decided(&fleet, cases, filings.count);
}

static void the_ledgers_agree_and_nothing_is_left(void)
{
	if (!may)
		return;
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_namespaces_hold(&fleet);
	expect_ledgers_agree(&fleet, filings.count);
	fleet_end(&fleet);
	namespaces_end();
}

/* ---------------------------------------------------------------------------------------------- */

int main(void)
{
	static const struct trial trials[] = {
	    {"the regions get networks of their own", the_regions_get_networks_of_their_own},
	    {"without a cut all is decided over the cables",
		without_a_cut_all_is_decided_over_the_cables},
	    {"a region that is cut off delays no other answer",
		a_region_that_is_cut_off_delays_no_other_answer},
	    {"a region is cut off in every way", a_region_is_cut_off_in_every_way},
	    {"restarts behind a cut that outlasts all patience",
		restarts_behind_a_cut_that_outlasts_all_patience},
	    {"regions are cut off and healed again and again",
		regions_are_cut_off_and_healed_again_and_again},
	    {"the ledgers agree and nothing is left", the_ledgers_agree_and_nothing_is_left},
	};

	return trials_run("namespaces", trials, COUNT(trials));
}
