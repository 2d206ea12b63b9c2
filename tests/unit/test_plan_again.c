#include <criterion/criterion.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/wire/limits.h"

/* When the issuing side is asked a second time, about which parts, and with which facts. */

static struct fleet f;
static struct cm_demand *demand;
static struct cm_answer *us;
static struct cm_answer *ie;
static struct cm_part *part;
static struct cm_finding *hosting;
static struct cm_finding *issuing;
static const struct cm_part *again;

static void start(void)
{
	fleet_init(&f, "us+ ie", NULL);
	demand = help_demand(&f.arena, "US", 1, "content");
	us = help_answer(&f.arena, demand, "us", 1);
	ie = help_answer(&f.arena, demand, "ie", 1);
	part = help_host(&f.arena, ie, 1, "content", "IE", &hosting);
	issuing = help_finding(&f.arena, us, CM_SIDE_ISSUING, 0, "content", "");
}

static void needs(const char *state, const char *fact)
{
	help_asks(&f.arena,
	    help_says(
		&f.arena, issuing, cm_arena_printf(&f.arena, "%s permits motion_to_quash", state)),
	    fact, "?");
}

static size_t asked(void)
{
	const struct cm_answer *const answers[] = {ie, us};

	return fleet_ask_again(&f, demand, answers, 2, &again);
}

static const char *value(const char *name)
{
	for (size_t i = 0; i < again[0].facts_count; i++)
		if (strcmp(again[0].facts[i].name, name) == 0)
			return again[0].facts[i].values[0];
	return "absent";
}

Test(plan_again, nobody_is_asked_when_the_first_finding_is_complete)
{
	start();
	help_part_fact(&f.arena, part, "residence", "IE");
	(void)help_says(&f.arena, issuing, "holds requires disclose");
	cr_assert_eq(asked(), 0);
	fleet_fini(&f);
}

Test(plan_again, an_open_rule_is_asked_about_exactly_when_a_fact_it_needs_was_found)
{
	start();
	needs("possible", "residence");
	cr_assert_eq(asked(), 0, "nobody found where the customer lives");
	help_part_fact(&f.arena, part, "residence", "IE");
	cr_assert_eq(asked(), 1);
	cr_assert_eq(again[0].target, 1);
	cr_assert_str_eq(again[0].region, "ie");
	cr_assert_str_eq(value("residence"), "IE");
	cr_assert_str_eq(value("hosting_state"), "IE");
	cr_assert_str_eq(value("conflict_state"), "IE");
	fleet_fini(&f);
}

Test(plan_again, a_fact_of_the_target_which_the_first_finding_did_not_look_at_counts)
{
	start();
	needs("possible", "us_person");
	help_target_fact(&f.arena, demand, 1, "us_person", "no");
	cr_assert_eq(asked(), 1);
	cr_assert_str_eq(value("us_person"), "no");
	fleet_fini(&f);
}

Test(plan_again, a_fact_that_nobody_knows_answers_nothing)
{
	start();
	needs("possible", "residence");
	help_part_fact(&f.arena, part, "residence", "??");
	cr_assert_eq(asked(), 0, "cannot tell");
	fleet_fini(&f);
	start();
	needs("possible", "residence");
	help_part_fact(&f.arena, part, "residence", "?");
	cr_assert_eq(asked(), 0, "not asked");
	fleet_fini(&f);
}

Test(plan_again, a_rule_that_is_not_open_needs_nothing)
{
	start();
	needs("holds", "residence");
	needs("defeated", "residence");
	help_part_fact(&f.arena, part, "residence", "IE");
	cr_assert_eq(asked(), 0);
	fleet_fini(&f);
}

Test(plan_again, the_bar_is_told_when_it_is_certain_and_only_then)
{
	start();
	needs("possible", "conflict_bar");
	cr_assert_eq(asked(), 1);
	cr_assert_str_eq(value("conflict_bar"), "no");
	(void)help_says(&f.arena, hosting, "possible forbids disclose");
	cr_assert_eq(asked(), 0, "an open bar answers nothing");
	(void)help_says(&f.arena, hosting, "holds forbids disclose");
	cr_assert_eq(asked(), 1);
	cr_assert_str_eq(value("conflict_bar"), "yes");
	fleet_fini(&f);
}

Test(plan_again, the_issuing_states_own_bar_is_no_conflict_of_laws)
{
	start();
	needs("possible", "conflict_bar");
	(void)help_says(&f.arena, hosting, "holds forbids disclose");
	part->hosting_state = "US";
	cr_assert_eq(asked(), 1);
	cr_assert_str_eq(value("conflict_bar"), "no");
	(void)help_says(&f.arena, hosting, "possible forbids disclose");
	cr_assert_eq(asked(), 1, "at home an open bar answers it too");
	fleet_fini(&f);
}

Test(plan_again, the_bar_is_what_the_finding_says_and_not_what_the_map_claims)
{
	start();
	needs("possible", "conflict_bar");
	help_part_fact(&f.arena, part, "conflict_bar", "no");
	(void)help_says(&f.arena, hosting, "holds forbids disclose");
	cr_assert_eq(asked(), 1);
	cr_assert_str_eq(value("conflict_bar"), "yes");
	fleet_fini(&f);
}

Test(plan_again, without_a_finding_of_either_side_nobody_is_asked)
{
	start();
	needs("possible", "hosting_state");
	cr_assert_eq(asked(), 1);
	ie->findings_count = 0;
	cr_assert_eq(asked(), 0);
	ie->findings_count = 1;
	us->findings_count = 0;
	cr_assert_eq(asked(), 0);
	fleet_fini(&f);
}

Test(plan_again, what_nobody_hosts_is_not_asked_about)
{
	start();
	needs("possible", "hosting_state");
	ie->hosted_count = 0;
	cr_assert_eq(asked(), 0);
	fleet_fini(&f);
}

Test(plan_again, each_part_is_asked_about_for_itself)
{
	start();
	needs("possible", "residence");
	demand->targets = help_demand(&f.arena, "US", 3, "content")->targets;
	demand->targets_count = 3;
	(void)help_host(&f.arena, us, 2, "content", "US", NULL);
	help_part_fact(
	    &f.arena, help_host(&f.arena, ie, 3, "content", "IE", NULL), "residence", "FR");
	cr_assert_eq(asked(), 1);
	cr_assert_eq(again[0].target, 3);
	cr_assert_str_eq(value("residence"), "FR");
	fleet_fini(&f);
}

Test(plan_again, more_facts_than_an_ask_can_carry_are_not_asked_with)
{
	start();
	needs("possible", "residence");
	help_part_fact(&f.arena, part, "residence", "IE");
	cr_assert_eq(asked(), 1);
	for (int i = 0; i < CM_MAX_FACTS; i++)
		help_target_fact(
		    &f.arena, demand, 1, cm_arena_printf(&f.arena, "fact%d", i), "yes");
	cr_assert_eq(asked(), 0);
	fleet_fini(&f);
}

Test(plan_again, without_memory_the_question_can_be_repeated)
{
	start();
	needs("possible", "residence");
	help_part_fact(&f.arena, part, "residence", "IE");
	for (size_t nth = 1;; nth++) {
		const struct cm_answer *const answers[] = {ie, us};
		struct cm_plan_input input = {.demand = demand,
		    .answers = answers,
		    .answers_count = 2,
		    .roster = &f.roster,
		    .policy = f.policy,
		    .router = "router"};
		struct cm_arena arena;
		size_t count = 0;
		enum cm_status status;
		bool has_failed;

		cm_arena_init(&arena, 0);
		cm_alloc_fail_at(nth, false);
		status = cm_plan_ask_again(&input, &arena, &again, &count);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(status, has_failed ? CM_NO_MEMORY : CM_OK);
		cm_arena_fini(&arena);
		if (!has_failed)
			break;
	}
	fleet_fini(&f);
}
