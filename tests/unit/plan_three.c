#include "plan_three.h"

#include <criterion/criterion.h>

struct fleet f;
struct cm_demand *demand;
struct cm_answer *us;
struct cm_answer *ie;
struct cm_answer *de;

void start(const char *policy, uint32_t targets, const char *categories)
{
	fleet_init(&f, PLAN_FLEET, policy);
	demand = help_demand(&f.arena, "US", targets, categories);
	us = help_answer(&f.arena, demand, "us", 1);
	ie = help_answer(&f.arena, demand, "ie", 1);
	de = help_answer(&f.arena, demand, "de", 1);
}

void start_rule(const char *when, const char *effect)
{
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	start(help_rule(&arena, "p.only", when, effect, ""), 1, "content");
	cm_arena_fini(&arena);
}

struct cm_outcome plan(void)
{
	const struct cm_answer *const answers[] = {de, ie, us};

	return fleet_plan(&f, demand, answers, 3);
}

const struct cm_part_outcome *only_part(void)
{
	struct cm_outcome outcome = plan();

	cr_assert_eq(outcome.parts_count, 1);
	return &outcome.parts[0];
}

void is_held(const char *why)
{
	const struct cm_part_outcome *part = only_part();

	cr_assert_str_eq(part->disposition, "hold_for_counsel");
	cr_assert_str_eq(part->why, why);
	cr_assert_str_eq(part->rule, "");
}
