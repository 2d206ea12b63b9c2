/*
 * A bad network: every link of a fleet goes through the relay, which delays, cuts, doubles, loses and
 * breaks. Whatever it does, each demand comes to one outcome, and a region that cannot be reached is
 * named and waited for.
 *
 * The links are Unix sockets, so that the relay stands in for the network. Regions in networks of their
 * own, cut by the kernel, are fleet_namespaces.c.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 500
#define FAR_MS 40

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static struct cm_fleet fleet;
static struct filed cases[MOST];
static unsigned filed;

/* File some more at all nodes in turn; the first of them. */
static struct filed *file_some(unsigned count)
{
	struct filed *first = &cases[filed];

	must(filed + count <= MOST, "at most %d demands", MOST);
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, filed, count, first);
	filed += count;
	return first;
}

static void a_network_without_faults_is_no_hindrance(void)
{
	expect_decided(&fleet, file_some(8), 8);
	expect(network_count("messages") > 8 * 8, "the messages go through the relay");
}

/* Demand, question, answer, outcome: four ways, one after the other. */
static void regions_may_be_far_away(void)
{
	int64_t began = now_ms();

	network_tell("* both delay %d", FAR_MS);
	expect_decided(&fleet, file_some(4), 4);
	expect(now_ms() - began >= 4 * FAR_MS, "it took its time: %lld ms",
	    (long long)(now_ms() - began));
	expect(network_count("late") > 4 * 4, "messages were late");
	network_tell("* both calm");
}

/* Cut in one direction or both: cases wait for the region alone, and complete when it is healed. */
static void cut_and_heal(const char *name, bool to, bool from)
{
	struct filed *waiting;

	if (to)
		network_cut("router", name, true);
	if (from)
		network_cut(name, "router", true);
	waiting = file_some(4);
	for (size_t i = 0; i < 4; i++) /* what was filed behind the cut is not there yet */
		if (strcmp(waiting[i].node, name) != 0 || !from)
			expect(wait_missing(&fleet, &waiting[i], 1, name),
			    "a case filed at %s waits for %s alone", waiting[i].node, name);
	if ((to && from) || is_long()) /* until the connection is given up */
		expect(wait_peer(&fleet, "router", name, false), "the router sees that %s is deaf", name);
	network_tell("* both calm");
	if (is_long() || !(to && from)) /* else it has five seconds at the end, like the others */
		expect_decided(&fleet, waiting, 4);
}

static void a_region_is_cut_off_and_healed(void)
{
	cut_and_heal("ie", true, true);
}

static void a_region_hears_and_is_not_heard(void)
{
	cut_and_heal("de", false, true);
}

static void a_region_is_heard_and_does_not_hear(void)
{
	cut_and_heal("gb", true, false);
}

/* A byte a second: connected, and as good as stuck. The others go on without it. */
static void a_region_that_is_slow_is_waited_for_alone(void)
{
	static const char *const others[] = {"us", "de", "gb"};
	struct filed *slow = &cases[filed];

	network_tell("router>ie there rate 1");
	network_tell("ie>router there rate 1");
	file_many(&fleet, others, COUNT(others), ACCOUNTS, filed, 9, slow);
	filed += 9;
	expect(wait_missing(&fleet, slow, 9, "ie"), "nine cases wait for ie alone");
	network_tell("* both calm");
	expect_decided(&fleet, slow, 9);
}

/* ---- faults at random ------------------------------------------------------------------------ */

struct happened {
	const char *what;
	int64_t enough;
};

static bool has_happened(void *data)
{
	const struct happened *happened = data;

	return network_count(happened->what) >= happened->enough;
}

/* Under a fault, until it has struck often enough. What it held up comes in afterwards: a record that
 * rode on a lost reply is sent again after five seconds. With COMITY_LONG=1 each batch is seen through. */
static void file_under(const char *there, const char *back, const char *what, unsigned often)
{
	unsigned count = is_long() ? 100 : 10;
	struct happened happened = {what, network_count(what) + often * (is_long() ? 5 : 1)};
	struct filed *some;

	network_tell("* there %s", there);
	network_tell("* back %s", back);
	some = file_some(count);
	expect(wait_until(has_happened, &happened, PATIENCE_MS), "%s: %lld of them", what,
	    (long long)happened.enough);
	if (is_long())
		expect_decided(&fleet, some, count);
	network_tell("* both calm");
}

static void requests_come_twice(void)
{
	file_under("twice 1000", "twice 300", "doubled", 40);
}

static void connections_break_at_random(void)
{
	file_under("reset 60", "reset 60", "resets", 10);
}

/* Worse than a network: a message vanishes and its connection lives on. */
static void messages_vanish(void)
{
	file_under("lose 40", "lose 40", "lost", 4);
}

static void all_connections_break_at_once(void)
{
	for (unsigned i = 0; i < (is_long() ? 50 : 8); i++) {
		(void)file_some(2);
		pause_us(dice(30000));
		network_tell("* break");
	}
}

static void every_demand_ends_in_one_outcome(void)
{
	expect_decided(&fleet, cases, filed);
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
	network_begin(&fleet);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, filed);
	fleet_end(&fleet);
	network_end();
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"a network without faults is no hindrance", a_network_without_faults_is_no_hindrance},
	    {"regions may be far away", regions_may_be_far_away},
	    {"a region hears and is not heard", a_region_hears_and_is_not_heard},
	    {"a region is heard and does not hear", a_region_is_heard_and_does_not_hear},
	    {"a region that is slow is waited for alone",
	        a_region_that_is_slow_is_waited_for_alone},
	    {"requests come twice", requests_come_twice},
	    {"connections break at random", connections_break_at_random},
	    {"messages vanish", messages_vanish},
	    {"all connections break at once", all_connections_break_at_once},
	    {"a region is cut off and healed", a_region_is_cut_off_and_healed},
	    {"every demand ends in one outcome", every_demand_ends_in_one_outcome},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("network", trials, COUNT(trials));
}
