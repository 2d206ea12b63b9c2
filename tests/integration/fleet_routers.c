/*
 * Several routers: each case has one, and another takes it over where that one is silent: killed, cut
 * off from the node where the demand was filed, or standing still with words in its mouth. Whatever
 * happens to its router, a demand comes to one outcome that everybody has, and what a former router
 * still says is refused.
 */
#include "tests/integration/fleet_help.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 41 /* and two strangers: no multiple of seven, the step of demand_make */
#define ROUTERS 3
#define MOST 200 /* with COMITY_LONG some 130 */

/* How long the tests' nodes wait for a silent router; decided cases wait longer than any trial here. */
#define PATIENCE "router_patience_ms = 1500;\nrouter_lost_ms = 3600000;"

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static const char *const routers[ROUTERS] = {"router1", "router2", "router3"};
static struct cm_fleet fleet;
static struct filed cases[MOST];
static unsigned filed;
static unsigned next_demand;

static struct filed *take(unsigned count)
{
	struct filed *first = &cases[filed];

	must(filed + count <= MOST, "at most %d demands", MOST);
	filed += count;
	return first;
}

/* A case of one router, filed at us. */
static struct filed *file_at(const char *router)
{
	struct filed *one = take(1);

	file_for(&fleet, "us", router, ACCOUNTS, &next_demand, 1, one);
	return one;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static bool lists_case(const char *node, const char *case_id, const char *state)
{
	json_t *rows = ask_must(&fleet, node, "list", NULL);
	bool found = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "case"), case_id) == 0)
			found = state == NULL || strcmp(text_at(row, "state"), state) == 0;
	json_decref(rows);
	return found;
}

/* Each case is at the router that its intake node names, and at no other. */
static void cases_are_spread_over_the_routers(void)
{
	unsigned of[ROUTERS] = {0};
	struct filed *first = take(36);

	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, next_demand, 36, first);
	next_demand += 36;
	expect_decided(&fleet, first, 36);
	for (unsigned i = 0; i < 36; i++) {
		struct owner owner = owner_of(&fleet, &first[i]);

		expect(owner.epoch == 1, "%s is of epoch 1", first[i].case_id);
		for (size_t r = 0; r < ROUTERS; r++) {
			bool is_its = strcmp(owner.router, routers[r]) == 0;

			of[r] += is_its;
			expect(lists_case(routers[r], first[i].case_id, NULL) == is_its,
			    "%s: %s has %s", owner.router, routers[r], first[i].case_id);
		}
	}
	(void)printf("  36 cases: %u, %u, %u\n", of[0], of[1], of[2]);
	for (size_t r = 0; r < ROUTERS; r++)
		expect(of[r] > 0, "%s has some", routers[r]);
}

static void cli_says(const char *const *args, const char *sentence)
{
	struct ran ran;

	run_cli(&ran, &fleet, args[0], args[1], args[2], args[3], NULL);
	expect(ran.code == 0 && strstr(ran.out, sentence) != NULL, "%s: %d %s%s", args[0], ran.code,
	    ran.out, ran.err);
	ran_free(&ran);
}

/* Whoever has it: nobody who asks needs to know. */
static void the_command_line_finds_the_router_of_a_case(void)
{
	struct ran ran;

	for (unsigned i = 0; i < 6; i++) {
		const char *const replay[] = {"why", "--replay", cases[i].case_id, NULL};
		const char *const show[] = {"show", "--node", "router", cases[i].case_id};

		cli_says(replay, "the same, byte for byte");
		cli_says(show, cases[i].case_id);
	}
	run_cli(&ran, &fleet, "list", "--node", "router", NULL);
	for (unsigned i = 0; i < filed; i++)
		expect(strstr(ran.out, cases[i].case_id) != NULL, "the list has %s", cases[i].case_id);
	ran_free(&ran);
	run_cli(&ran, &fleet, "why", "--replay", "0198c0de-1234-7abc-8def-001122334455", NULL);
	expect(ran.code == 3 && strstr(ran.err, "none of the 3 routers has case") != NULL,
	    "a case that nobody has: %d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, &fleet, "watch", "--node", "router", "--once", NULL);
	expect(strstr(ran.err, "router1, router2 and router3; say which") != NULL, "watch: %s", ran.err);
	ran_free(&ran);
}

/* One outcome at intake, of that epoch, and the former router says that it has the case no more. */
static void expect_taken_over(const struct filed *one, const char *former, int64_t epoch)
{
	json_t *shown = wait_decided(&fleet, one, epoch);
	struct owner owner = owner_of(&fleet, one);

	expect(number_at(shown, "outcome.epoch") == epoch, "%s: epoch %lld, not %lld", one->case_id,
	    (long long)number_at(shown, "outcome.epoch"), (long long)epoch);
	expect(strcmp(owner.router, former) != 0 && owner.epoch == epoch, "%s has gone from %s to %s",
	    one->case_id, former, owner.router);
	json_decref(shown);
}

static void a_case_of_a_killed_router_goes_to_the_next(void)
{
	struct filed *one;
	struct owner owner;
	struct owner after;

	process_kill(&fleet, "de");
	one = take(1);
	file_many(&fleet, nodes, 1, ACCOUNTS, next_demand++, 1, one);
	owner = owner_of(&fleet, one);
	expect(wait_missing_at(&fleet, owner.router, one, 1, "de"), "%s waits for de", owner.router);
	process_kill(&fleet, owner.router);
	expect(wait_epoch(&fleet, one, 2, &after), "us hands it over");
	expect(wait_missing_at(&fleet, after.router, one, 1, "de"), "%s waits for de", after.router);
	process_start(&fleet, "de");
	expect_taken_over(one, owner.router, 2);
	process_start(&fleet, owner.router);
	expect(wait_state(&fleet, owner.router, one, "moved"), "%s hears that it has moved",
	    owner.router);
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_taken_over(one, owner.router, 2);
	expect_routers_agree(&fleet, one, 1);
}

/* A demand that is filed while its router is away: the node does not know yet that it is. */
static void demands_are_filed_while_a_router_is_away(void)
{
	struct filed *first = take(12);

	process_kill(&fleet, "router2");
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, next_demand, 12, first);
	next_demand += 12;
	for (unsigned i = 0; i < 12; i++)
		json_decref(wait_decided(&fleet, &first[i], 1));
	process_start(&fleet, "router2");
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, first, 12);
}

/* The intake node hears it: no reason to hand anything over. */
static void a_router_cut_off_from_a_host_waits_for_it(void)
{
	struct filed *one;
	struct owner owner;

	network_cut("router1", "de", true);
	network_cut("de", "router1", true);
	one = file_at("router1");
	expect(wait_missing_at(&fleet, "router1", one, 1, "de"), "router1 waits for de alone");
	expect(wait_peer(&fleet, "router1", "de", false), "which it does not reach");
	owner = owner_of(&fleet, one);
	expect(owner.epoch == 1, "us leaves it where it is");
	network_tell("* both calm");
	expect_decided(&fleet, one, 1);
	owner = owner_of(&fleet, one);
	expect(owner.epoch == 1 && strcmp(owner.router, "router1") == 0, "router1 has it to the end");
}

/* The others hear it, and it goes on with what it has: nobody follows. */
static void a_router_cut_off_from_intake_loses_its_case(void)
{
	struct owner after;
	struct filed *one;

	process_kill(&fleet, "de");
	one = file_at("router1");
	expect(wait_missing_at(&fleet, "router1", one, 1, "de"), "router1 waits for de");
	network_cut("router1", "us", true);
	network_cut("us", "router1", true);
	expect(wait_epoch(&fleet, one, 2, &after), "us hands it over");
	process_start(&fleet, "de");
	expect_taken_over(one, "router1", 2);
	network_tell("* both calm");
	expect(wait_state(&fleet, "router1", one, "moved"), "router1 hears that it has moved");
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_taken_over(one, "router1", 2);
	expect_routers_agree(&fleet, one, 1);
}

/* It has asked de, which was down, and stands still; when it goes on, de has answered another. */
static void a_router_that_wakes_up_asks_in_vain(void)
{
	struct owner after;
	struct filed *one;
	int64_t refused;

	process_kill(&fleet, "de");
	one = file_at("router2");
	refused = counter_of(&fleet, "router2", "records_undeliverable");
	expect(wait_missing_at(&fleet, "router2", one, 1, "de"), "router2 waits for de");
	process_signal(&fleet, "router2", SIGSTOP);
	expect(wait_epoch(&fleet, one, 2, &after), "us hands it over");
	process_start(&fleet, "de");
	expect_taken_over(one, "router2", 2);
	process_signal(&fleet, "router2", SIGCONT);
	expect(wait_state(&fleet, "router2", one, "moved"), "router2 hears that it has moved");
	expect(wait_quiet(&fleet), "everything is delivered");
	expect(counter_of(&fleet, "router2", "records_undeliverable") > refused, "its ask is refused");
	expect_taken_over(one, "router2", 2);
	expect_routers_agree(&fleet, one, 1);
}

/* A demand of Ireland, filed at us: its router needs us to hear of it, and not to decide it. */
static struct filed *file_irish(const char *router)
{
	struct filed *one = take(1);
	struct owner owner = {.epoch = 0};

	for (unsigned tries = 0; strcmp(owner.router, router) != 0; tries++) {
		must(tries < 60, "%s gets one of 60 demands", router);
		next_demand += (8 - next_demand % 5) % 5; /* see demand_make */
		file_many(&fleet, nodes, 1, ACCOUNTS, next_demand++, 1, one);
		owner = owner_of(&fleet, one);
	}
	return one;
}

/* All have it but intake, which the way is cut to. The next router goes on from its revision, since
 * central has seen it; when the way is healed, intake does not take it any more. */
static void an_outcome_that_comes_too_late_is_refused(void)
{
	struct owner after;
	struct filed *one;
	json_t *shown;
	int64_t revision;
	int64_t refused;

	process_signal(&fleet, "de", SIGSTOP);
	one = file_irish("router3");
	expect(wait_missing_at(&fleet, "router3", one, 1, "de"), "router3 waits for de");
	network_cut("router3", "us", true);
	network_cut("us", "router3", true);
	process_signal(&fleet, "de", SIGCONT);
	expect(wait_state(&fleet, "router3", one, "decided"), "router3 decides");
	refused = counter_of(&fleet, "router3", "records_undeliverable");
	expect(wait_epoch(&fleet, one, 2, &after), "us hands it over");
	shown = wait_decided(&fleet, one, 2);
	revision = number_at(shown, "outcome.revision");
	expect(revision > 1, "behind that of router3: revision %lld", (long long)revision);
	json_decref(shown);
	network_tell("* both calm");
	expect(wait_state(&fleet, "router3", one, "moved"), "router3 hears that it has moved");
	expect(wait_quiet(&fleet), "everything is delivered");
	expect(counter_of(&fleet, "router3", "records_undeliverable") > refused, "its outcome is refused");
	shown = wait_decided(&fleet, one, 2);
	expect(number_at(shown, "outcome.revision") == revision,
	    "the outcome of router3 changes nothing: revision %lld, not %lld",
	    (long long)number_at(shown, "outcome.revision"), (long long)revision);
	json_decref(shown);
	expect_routers_agree(&fleet, one, 1);
}

static void all_demands_outlive_routers_killed_at_random(void)
{
	unsigned rounds = is_long() ? 40 : 6;
	struct filed *first = NULL;

	for (unsigned i = 0; i < rounds; i++) {
		const char *name = routers[dice(ROUTERS)];
		struct filed *two = take(2);

		first = first != NULL ? first : two;
		file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, next_demand, 2, two);
		next_demand += 2;
		pause_us(dice(30000));
		process_kill(&fleet, name);
		pause_us(dice(i % 3 == 0 ? 3000000 : 30000)); /* some longer than the nodes' patience */
		process_start(&fleet, name);
	}
	for (unsigned i = 0; i < 2 * rounds; i++)
		json_decref(wait_decided(&fleet, &first[i], 1));
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin_routers(&fleet, "fleet", "us,ie,de,gb", ROUTERS);
	accounts_import(&fleet, ACCOUNTS);
	settings_add(&fleet, PATIENCE);
	network_begin(&fleet);
}

static void all_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, cases, filed);
	fleet_end(&fleet);
	network_end();
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"cases are spread over the routers", cases_are_spread_over_the_routers},
	    {"the command line finds the router of a case",
	        the_command_line_finds_the_router_of_a_case},
	    {"a case of a killed router goes to the next", a_case_of_a_killed_router_goes_to_the_next},
	    {"demands are filed while a router is away", demands_are_filed_while_a_router_is_away},
	    {"a router cut off from a host waits for it", a_router_cut_off_from_a_host_waits_for_it},
	    {"a router cut off from intake loses its case",
	        a_router_cut_off_from_intake_loses_its_case},
	    {"a router that wakes up asks in vain", a_router_that_wakes_up_asks_in_vain},
	    {"an outcome that comes too late is refused", an_outcome_that_comes_too_late_is_refused},
	    {"all demands outlive routers killed at random",
	        all_demands_outlive_routers_killed_at_random},
	    {"all ledgers agree and the fleet ends", all_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("routers", trials, COUNT(trials));
}
