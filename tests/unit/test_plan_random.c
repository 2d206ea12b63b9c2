#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"
#include "router/plan_internal.h"

/*
 * Random findings under friendly and hostile policies. Whatever comes in: the parts are the targets
 * times the categories, every disposition is a word of the list, nothing is given against a bar
 * that is not certainly absent, and the same input gives the same bytes. A failure prints its seed.
 */

static struct fleet f;
static uint64_t state;
static size_t given; /* parts complied with, so that a test can see that it tested something */
static size_t held;

static uint32_t roll(uint32_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % sides;
}

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static const char *const states[] = {"US", "IE", "DE", "GB"};
#define NODES 4

static void say_something(struct cm_finding *finding)
{
	static const char *const how[] = {"holds", "possible", "defeated"};
	static const char *const what[] = {"forbids disclose", "requires disclose",
	    "permits disclose", "permits reach", "forbids reach", "forbids compel",
	    "requires treaty_channel", "permits mlat", "permits motion_to_quash",
	    "permits objection", "requires preserve", "requires notify_customer",
	    "forbids notify_customer", "permits agreement_order"};
	static const char *const law[] = {"US", "IE", "treaty.us_gb"};
	static const char *const needs[] = {
	    "residence", "conflict_bar", "customer_kind", "us_person"};

	for (uint32_t n = roll(6); n > 0; n--) {
		struct cm_ruling *r = help_says(&f.arena, finding,
		    cm_arena_printf(&f.arena, "%s %s", how[roll(3)], what[roll(14)]));

		r->jurisdiction = law[roll(3)];
		if (r->state == CM_RULING_POSSIBLE)
			help_asks(&f.arena, r, needs[roll(4)], "What is it?");
		if (roll(3) == 0)
			help_term(&f.arena, r,
			    cm_arena_printf(&f.arena, "2026-1%u-%02u%s", roll(3), roll(28) + 1,
				roll(4) == 0 ? "T08:00Z" : ""),
			    r->state == CM_RULING_POSSIBLE);
	}
}

static void add_facts(struct cm_part *part)
{
	static const char *const kinds[] = {"consumer", "enterprise", "public_sector", "?", "??"};
	static const char *const places[] = {"US", "IE", "FR", "?", "Atlantis"};

	help_part_fact(&f.arena, part, "customer_kind", roll(3) == 0 ? kinds[roll(5)] : "consumer");
	if (roll(4) != 0)
		help_part_fact(
		    &f.arena, part, "key_custody", roll(8) == 0 ? "customer" : "provider");
	if (roll(4) == 0)
		help_part_fact(&f.arena, part, "residence", places[roll(5)]);
	if (roll(4) == 0)
		help_part_fact(&f.arena, part, "bar", "no");
}

static struct cm_answer *random_answer(const struct cm_demand *demand, size_t node)
{
	struct cm_answer *answer = help_answer(&f.arena, demand, nodes[node], 1);

	for (uint32_t t = 1; t <= demand->targets_count; t++)
		for (size_t c = 0; c < demand->categories_count; c++) {
			struct cm_finding *finding;

			if (roll(3) != 0)
				continue;
			add_facts(help_host(
			    &f.arena, answer, t, demand->categories[c], states[node], &finding));
			say_something(finding);
		}
	if (roll(10) == 0)
		answer->findings_count = 0;
	if (roll(10) == 0)
		answer->trouble = "something is wrong";
	if (node == 0)
		for (size_t c = 0; c < demand->categories_count; c++)
			say_something(help_finding(
			    &f.arena, answer, CM_SIDE_ISSUING, 0, demand->categories[c], ""));
	help_digest(&f.arena, answer, "EU", roll(20) == 0 ? 2 : 1);
	return answer;
}

static bool is_hosted(const struct cm_answer *answer, const struct cm_part_outcome *part)
{
	for (size_t i = 0; i < answer->hosted_count; i++)
		if (answer->hosted[i].target == part->target &&
		    strcmp(answer->hosted[i].category, part->category) == 0)
			return true;
	return false;
}

/* No bar for certain: the hosting node has a finding, and none of its rulings forbids or may. */
static bool is_free(const struct cm_answer *answer, const struct cm_part_outcome *part)
{
	for (size_t i = 0; i < answer->findings_count; i++) {
		const struct cm_finding *found = &answer->findings[i];
		bool forbids = false;

		if (found->side != CM_SIDE_HOSTING || found->target != part->target ||
		    strcmp(found->category, part->category) != 0)
			continue;
		for (size_t j = 0; j < found->rulings_count; j++)
			forbids = forbids || (found->rulings[j].modality == CM_FORBIDS &&
						 found->rulings[j].state != CM_RULING_DEFEATED &&
						 strcmp(found->rulings[j].act, "disclose") == 0);
		return !forbids;
	}
	return false;
}

static void covers(const struct cm_demand *demand, const struct cm_answer *const *answers,
    const struct cm_outcome *outcome, uint64_t seed)
{
	size_t wanted = 0;

	for (uint32_t t = 1; t <= demand->targets_count; t++)
		for (size_t c = 0; c < demand->categories_count; c++) {
			struct cm_part_outcome one = {
			    .target = t, .category = demand->categories[c]};
			size_t places = 0;
			size_t found = 0;

			for (size_t n = 0; n < NODES; n++)
				places += is_hosted(answers[n], &one);
			for (size_t p = 0; p < outcome->parts_count; p++)
				found += outcome->parts[p].target == t &&
					 strcmp(outcome->parts[p].category, one.category) == 0;
			cr_assert_eq(
			    found, places > 0 ? places : 1, "seed %lu", (unsigned long)seed);
			wanted += found;
		}
	cr_assert_eq(
	    outcome->parts_count, wanted, "seed %lu: parts nobody asked for", (unsigned long)seed);
}

static const struct cm_answer *host_of(const struct cm_answer *const *answers, const char *region)
{
	for (size_t n = 0; n < NODES; n++)
		if (strcmp(answers[n]->region, region) == 0)
			return answers[n];
	return NULL;
}

static void check_part(
    const struct cm_answer *const *answers, const struct cm_part_outcome *part, uint64_t seed)
{
	unsigned long s = (unsigned long)seed;
	const struct cm_answer *host = host_of(answers, part->region);

	cr_assert(cm_is_disposition(part->disposition), "seed %lu: %s", s, part->disposition);
	cr_assert_neq(part->why[0], 0, "seed %lu: no reason", s);
	cr_assert_neq(part->who[0], 0, "seed %lu: nobody acts", s);
	cr_assert_eq(host == NULL, part->region[0] == 0, "seed %lu", s);
	if (host != NULL)
		cr_assert(is_hosted(host, part), "seed %lu: %s does not host it", s, part->region);
	held += strcmp(part->disposition, "hold_for_counsel") == 0;
	if (strcmp(part->disposition, "comply_limited") == 0) {
		given++;
		cr_assert(host != NULL && is_free(host, part), "seed %lu: given against a bar", s);
		cr_assert_eq(host->trouble[0], 0, "seed %lu: given in trouble", s);
	}
	if (host != NULL && host->trouble[0] != 0)
		cr_assert_str_eq(part->disposition, "hold_for_counsel", "seed %lu", s);
	for (size_t i = 0; i < part->grounds_count; i++) {
		const struct cm_ruling *g = &part->grounds[i];

		if (g->state != CM_RULING_DEFEATED && g->terms_count > 0) {
			cr_assert_eq(part->terms_count, 1, "seed %lu: a clock is lost", s);
			cr_assert_not(cm_plan_is_sooner(g->terms, part->terms),
			    "seed %lu: %s runs out before %s", s, g->terms[0].due,
			    part->terms[0].due);
		}
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(g->rule, part->grounds[j].rule, "seed %lu: twice", s);
	}
}

static void one_round(uint64_t seed)
{
	static const char *const categories[] = {
	    "content", "content traffic", "subscriber content"};
	const struct cm_answer *answers[NODES];
	struct cm_demand *demand;
	struct cm_outcome outcome;
	struct cm_outcome twin;
	const struct cm_part *again;

	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	demand =
	    help_demand(&f.arena, roll(8) == 0 ? "BR" : "US", 1 + roll(4), categories[roll(3)]);
	for (size_t n = 0; n < NODES; n++)
		answers[n] = random_answer(demand, n);
	outcome = fleet_plan(&f, demand, answers, NODES);
	covers(demand, answers, &outcome, seed);
	for (size_t i = 0; i < outcome.parts_count; i++)
		check_part(answers, &outcome.parts[i], seed);
	twin = fleet_plan(&f, demand, answers, NODES);
	cr_assert(help_same(help_encode(&f.arena, CM_KIND_OUTCOME, &outcome),
		      help_encode(&f.arena, CM_KIND_OUTCOME, &twin)),
	    "seed %lu: two outcomes", (unsigned long)seed);
	(void)fleet_ask_again(&f, demand, answers, NODES, &again);
	cm_arena_fini(&f.arena);
}

/* `when`: the condition of a policy's only rule, or NULL for the ladder. */
static void many_rounds(const char *when, const char *effect, uint64_t first, uint64_t count)
{
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	fleet_init(&f, "us+ ie de gb",
	    when != NULL ? help_rule(&arena, "p.only", when, effect, "") : NULL);
	cm_arena_fini(&arena);
	for (uint64_t seed = first; seed < first + count; seed++)
		one_round(seed);
	fleet_fini(&f);
}

Test(plan_random, the_ladder_keeps_the_promises)
{
	many_rounds(NULL, NULL, 1, 1000);
	cr_assert_gt(given, 10);
	cr_assert_gt(held, 10);
}

Test(plan_random, a_policy_that_gives_everything_keeps_them_too)
{
	many_rounds("hosted is no or hosted", "requires comply_limited", 10000, 1000);
	cr_assert_gt(given, 100);
	cr_assert_gt(held, 100);
}

Test(plan_random, a_policy_that_gives_where_it_is_not_sure_keeps_them_too)
{
	many_rounds("bar or duty or residence is US", "requires comply_limited", 20000, 1000);
	cr_assert_gt(given, 100);
	cr_assert_gt(held, 100);
}

Test(plan_random, a_policy_without_a_disposition_keeps_them_too)
{
	many_rounds("hosted", "requires preserve", 30000, 200);
}
