/*
 * Bytes as dice: they throw a small rule set (rules, terms, dated sets, defeats) and a few demands.
 * The engine and a judge that tries every value must agree on every rule. Where they do not, the
 * rule set and the demand are printed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

#define DEMANDS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void differ(const struct oracle_set *set, const struct oracle_demand *demand)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	oracle_case_print(set, demand, &text);
	(void)fprintf(stderr, "engine and judge differ:\n%s", cm_buf_str(&text));
	abort();
}

static void demand_try(
    struct oracle_dice *dice, const struct oracle_set *set, struct oracle_engine *engine)
{
	struct oracle_demand demand;
	uint8_t applies[ORACLE_RULES] = {0};
	uint8_t expected[ORACLE_RULES] = {0};
	uint8_t states[ORACLE_RULES] = {0};

	oracle_demand_roll(dice, true, &demand);
	oracle_engine_give(engine, &demand);
	oracle_engine_states(engine, set, demand.as_of, states);
	oracle_judge(set, &demand, applies);
	oracle_states(set, applies, expected);
	if (memcmp(expected, states, sizeof states) != 0)
		differ(set, &demand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oracle_set set;
	struct oracle_dice dice = {.bytes = data, .left = size};
	struct oracle_wish wish = {.rules = 1 + oracle_roll(&dice, 4)};
	struct oracle_engine engine;

	wish.depth = oracle_roll(&dice, 4);
	wish.dated = oracle_roll(&dice, 2) == 1;
	oracle_set_make(&dice, &wish, &set);
	if (!oracle_engine_load(&engine, &set, NULL))
		return 0;
	for (unsigned i = 0; i < DEMANDS; i++)
		demand_try(&dice, &set, &engine);
	oracle_engine_free(&engine);
	return 0;
}
