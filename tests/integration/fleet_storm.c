/*
 * The storm: eight regions, 200 demands filed at all of them by four people at once, while the router
 * and two of the nodes are killed with -9 at random and started again; 2,000 demands and any process,
 * at 200 random moments, with COMITY_LONG=1. Every demand ends in exactly one outcome, the same
 * everywhere; nothing waits in an outbox; every chain is whole; and what came
 * out in the storm is what comes out in the calm.
 *
 * The work is dealt out in portions, one before each kill, so that a kill falls into the middle of
 * something however fast the machine is.
 */
#include "tests/integration/fleet_help.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define REGIONS "us,ie,de,gb,fr,nl,se,at"
#define MOST 2000
#define PORTION 10 /* demands before each kill */
#define FILERS 4
#define ACCOUNTS 40
#define CALM 20 /* demands filed once more when the storm is over */

static const char *const regions[] = {"us", "ie", "de", "gb", "fr", "nl", "se", "at"};
static struct cm_fleet fleet;

struct drill {
	char *text;
	const struct cm_fleet_process *intake;
	char case_id[CM_ID_TEXT_BYTES];
	unsigned tries;
	enum cm_status status;
	struct cm_err err;
};

static struct drill drills[MOST];
static unsigned demands; /* 200; with COMITY_LONG=1 all, and 200 kills */
static atomic_uint next_drill;
static sem_t dealt; /* demands that may be filed now */

/* ---- filing ---------------------------------------------------------------------------------- */

static bool is_filed(void *data)
{
	struct drill *drill = data;

	drill->tries++;
	drill->status =
	    file_demand(drill->intake, drill->text, drill->case_id, NULL, &drill->err);
	return drill->status == CM_OK;
}

/* A person who files what comes, again and again until the node has taken it. */
static void *file_dealt(void *data)
{
	(void)data;
	for (;;) {
		unsigned number;

		while (sem_wait(&dealt) != 0)
			;
		number = atomic_fetch_add(&next_drill, 1);
		if (number >= demands)
			return NULL;
		(void)wait_until(is_filed, &drills[number], PATIENCE_MS);
	}
}

static void deal(unsigned count)
{
	while (count-- > 0)
		(void)sem_post(&dealt);
}

/* ---- killing --------------------------------------------------------------------------------- */

static void kill_and_start(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		process_kill(&fleet, names[i]);
	pause_us(dice(100000));
	for (size_t i = 0; i < count; i++)
		process_start(&fleet, names[i]);
}

/* Router, one node, the other, or two of them at once: each comes up. */
static void rage(const char *const victims[3])
{
	static const struct {
		unsigned first;
		unsigned count;
	} turns[] = {{0, 1}, {1, 1}, {0, 2}, {2, 1}, {1, 2}};

	for (unsigned i = 0; i < demands / PORTION; i++) {
		deal(PORTION);
		pause_us(dice(60000));
		if (is_long() && i % 2 == 0) { /* anybody */
			const char *name = fleet.processes[dice((unsigned)fleet.count)].name;

			kill_and_start(&name, 1);
			continue;
		}
		kill_and_start(
		    victims + turns[i % COUNT(turns)].first, turns[i % COUNT(turns)].count);
	}
}

static void the_router_and_two_nodes_die_again_and_again(void)
{
	pthread_t filers[FILERS];
	unsigned one = dice(COUNT(regions));
	unsigned other = (one + 1 + dice(COUNT(regions) - 1)) % COUNT(regions);
	const char *const victims[3] = {"router", regions[one], regions[other]};
	unsigned filed = 0;
	unsigned tries = 0;

	demands = is_long() ? MOST : MOST / 10;
	(void)printf("  killed: router, %s, %s%s\n", victims[1], victims[2],
	    is_long() ? ", and anybody" : "");
	for (unsigned i = 0; i < demands; i++) {
		drills[i].text = demand_make(&fleet, ACCOUNTS, i, 1 + i % 3);
		drills[i].intake = process_of(&fleet, regions[i % COUNT(regions)]);
	}
	must(sem_init(&dealt, 0, 0) == 0, "a semaphore");
	for (size_t i = 0; i < FILERS; i++)
		must(pthread_create(&filers[i], NULL, file_dealt, NULL) == 0, "a thread");
	rage(victims);
	deal(FILERS); /* nothing left: they go home */
	for (size_t i = 0; i < FILERS; i++)
		(void)pthread_join(filers[i], NULL);
	for (unsigned i = 0; i < demands; i++) {
		filed += drills[i].status == CM_OK;
		tries += drills[i].tries;
		if (drills[i].status != CM_OK)
			(void)printf("  demand %u: %s\n", i, drills[i].err.text);
	}
	(void)printf("  %u demands filed in %u tries\n", filed, tries);
	expect(filed == demands, "%u of %u demands are filed", filed, demands);
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static void every_demand_ends_in_one_outcome(void)
{
	int64_t began = now_ms();

	for (unsigned i = 0; i < demands; i++) {
		json_t *shown = wait_outcome(&fleet, drills[i].intake->name, drills[i].case_id);

		expect(number_at(shown, "outcome.revision") == 1 &&
		           strcmp(text_at(shown, "state"), "decided") == 0,
		    "demand %u, case %s at %s", i, drills[i].case_id, drills[i].intake->name);
		json_decref(shown);
	}
	expect(wait_quiet(&fleet), "everything is delivered");
	(void)printf("  settled after %lld ms\n", (long long)(now_ms() - began));
}

static void a_demand_filed_again_is_the_same_case(void)
{
	unsigned same = 0;

	for (unsigned i = 0; i < demands; i += 10) {
		char case_id[CM_ID_TEXT_BYTES];

		file_must(&fleet, drills[i].intake->name, drills[i].text, case_id);
		same += strcmp(case_id, drills[i].case_id) == 0;
	}
	expect(same == demands / 10, "%u of %u", same, demands / 10);
}

/* The same demand with one blank more is another file: it goes the whole way again, undisturbed. */
static void the_storm_has_changed_no_outcome(void)
{
	unsigned same = 0;

	for (unsigned i = 0; i < CALM; i++) {
		const struct drill *drill = &drills[i * (demands / CALM) + i % 7];
		char case_id[CM_ID_TEXT_BYTES];
		struct cm_buf text;
		json_t *storm = wait_outcome(&fleet, drill->intake->name, drill->case_id);
		json_t *calm;

		cm_buf_init(&text, 0);
		cm_buf_printf(&text, "%s ", drill->text);
		file_must(&fleet, drill->intake->name, cm_buf_str(&text), case_id);
		cm_buf_fini(&text);
		calm = wait_outcome(&fleet, drill->intake->name, case_id);
		same += strcmp(case_id, drill->case_id) != 0 && storm != NULL &&
		        json_equal(at(storm, "outcome.parts"), at(calm, "outcome.parts"));
		json_decref(storm);
		json_decref(calm);
	}
	expect(same == CALM, "%u of %d outcomes are the same in the calm, word for word", same, CALM);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, demands + CALM);
	fleet_end(&fleet);
	for (unsigned i = 0; i < demands; i++)
		cm_free(drills[i].text);
	(void)sem_destroy(&dealt);
}

static void eight_regions_start(void)
{
	fleet_begin(&fleet, "fleet", REGIONS);
	accounts_import(&fleet, ACCOUNTS);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"eight regions start", eight_regions_start},
	    {"the router and two nodes die again and again",
	        the_router_and_two_nodes_die_again_and_again},
	    {"every demand ends in one outcome", every_demand_ends_in_one_outcome},
	    {"a demand filed again is the same case", a_demand_filed_again_is_the_same_case},
	    {"the storm has changed no outcome", the_storm_has_changed_no_outcome},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("storm", trials, COUNT(trials));
}
