/*
 * The engine against two oracles that share nothing with it but the text of the rules:
 * - SQLite's NULL logic, where every fact is known or unknown as a whole;
 * - brute force over all values and days, where facts are known in part.
 * COMITY_ORACLE_SEED runs another seed, COMITY_ORACLE_TIMES a longer run. A failure prints the
 * smallest rule set and demand that still fail.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

#define SQL_SETS 700
#define SQL_DEMANDS 160
#define FORCE_SETS 260
#define FORCE_DEMANDS 60

/* How often each answer came: a test in which all rules are silent says nothing. */
struct tally {
	size_t states[4];
	size_t pairs;
	size_t sets;
	size_t refused;
};

static void tally_print(const char *what, const struct tally *tally)
{
	(void)fprintf(stderr,
	    "%s: seed %llu: %zu pairs of %zu rule sets (%zu more not loaded): %zu silent, %zu "
	    "hold, "
	    "%zu possible, %zu defeated\n",
	    what, (unsigned long long)oracle_seed(), tally->pairs, tally->sets, tally->refused,
	    tally->states[CM_RULE_SILENT], tally->states[CM_RULE_HOLDS],
	    tally->states[CM_RULE_POSSIBLE], tally->states[CM_RULE_DEFEATED]);
}

static void tally_holds(const struct tally *tally)
{
	for (size_t i = 0; i < 4; i++)
		cr_assert_gt(tally->states[i] * 50, tally->pairs, "state %zu hardly ever came", i);
	cr_assert_lt(tally->refused, tally->sets);
}

/* ---- one case by itself, for the search of the smallest ---- */

/* True if the engine and the oracle give a rule another state. `data`: a database, or NULL for
 * brute force. */
static bool differs(const struct oracle_set *set, const struct oracle_demand *demand, void *data)
{
	struct oracle_engine engine;
	uint8_t applies[ORACLE_RULES] = {0};
	uint8_t expected[ORACLE_RULES] = {0};
	uint8_t states[ORACLE_RULES] = {0};

	if (!oracle_engine_load(&engine, set, NULL))
		return false;
	oracle_engine_give(&engine, demand);
	oracle_engine_states(&engine, set, demand->as_of, states);
	if (data != NULL) {
		struct sqlite3_stmt *select = oracle_sql_prepare(data, set);

		for (unsigned i = 0; i < ORACLE_FACTS; i++)
			oracle_sql_bind(select, i, &demand->facts[i]);
		oracle_sql_judge(select, demand, applies);
		(void)sqlite3_finalize(select);
	} else {
		oracle_judge(set, demand, applies);
	}
	oracle_states(set, applies, expected);
	oracle_engine_free(&engine);
	return memcmp(expected, states, sizeof states) != 0;
}

static void fail_smallest(
    const struct oracle_set *set, const struct oracle_demand *demand, void *data)
{
	static struct oracle_set small;
	struct oracle_demand least = *demand;
	struct cm_buf text;

	small = *set;
	oracle_shrink(&small, &least, differs, data);
	cm_buf_init(&text, 0);
	oracle_case_print(&small, &least, &text);
	(void)fprintf(stderr, "seed %llu%s, the smallest case that differs:\n%s",
	    (unsigned long long)oracle_seed(),
	    differs(set, demand, data) ? "" : " (only after the demands before it)",
	    cm_buf_str(&text));
	cm_buf_fini(&text);
	cr_assert(false, "the engine and the oracle differ; the case is above");
}

static struct oracle_dice dice_of(uint64_t stream)
{
	return (struct oracle_dice){
	    .state = (oracle_seed() + stream) * UINT64_C(0x9e3779b97f4a7c15) | 1};
}

static void set_roll(struct oracle_dice *dice, bool dated, struct oracle_set *set)
{
	struct oracle_wish wish = {.rules = 3 + oracle_roll(dice, ORACLE_RULES - 2)};

	wish.depth = oracle_roll(dice, 4);
	wish.dated = dated;
	/* Now and then a large set, for which the engine has other ways. */
	if (oracle_roll(dice, 24) == 0)
		wish.filler = 30u << oracle_roll(dice, 6);
	oracle_set_make(dice, &wish, set);
}

static bool agree(const struct oracle_set *set, const uint8_t applies[ORACLE_RULES],
    const uint8_t states[ORACLE_RULES], struct tally *tally)
{
	uint8_t expected[ORACLE_RULES];

	oracle_states(set, applies, expected);
	tally->pairs++;
	for (unsigned i = 0; i < set->rules_count; i++) {
		if (expected[i] != states[i])
			return false;
		tally->states[states[i]]++;
	}
	return true;
}

/* ---- SQLite ---- */

/* Many demands on one set: each changes a few facts of the one before. */
static void sql_demands(struct sqlite3 *db, struct oracle_dice *dice, const struct oracle_set *set,
    struct oracle_engine *engine, struct tally *tally)
{
	struct sqlite3_stmt *select = oracle_sql_prepare(db, set);
	struct oracle_demand demand;

	oracle_demand_roll(dice, false, &demand);
	oracle_engine_give(engine, &demand);
	for (unsigned i = 0; i < ORACLE_FACTS; i++)
		oracle_sql_bind(select, i, &demand.facts[i]);
	for (unsigned turn = 0; turn < SQL_DEMANDS; turn++) {
		uint8_t applies[ORACLE_RULES] = {0};
		uint8_t states[ORACLE_RULES];

		oracle_engine_states(engine, set, demand.as_of, states);
		oracle_sql_judge(select, &demand, applies);
		if (!agree(set, applies, states, tally))
			fail_smallest(set, &demand, db);
		if (oracle_roll(dice, 3) == 0)
			demand.as_of = ORACLE_DAY - 2 + (int32_t)oracle_roll(dice, 36);
		for (unsigned i = 0; i < 6; i++) {
			unsigned fact = oracle_roll(dice, ORACLE_FACTS);

			oracle_known_roll(dice, fact, false, &demand.facts[fact]);
			oracle_known_give(fact, &demand.facts[fact], engine->facts);
			oracle_sql_bind(select, fact, &demand.facts[fact]);
		}
	}
	(void)sqlite3_finalize(select);
}

Test(oracle, every_state_is_what_sqlites_null_logic_gives, .timeout = 3600)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(1);
	struct tally tally = {0};
	struct sqlite3 *db = NULL;

	cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	for (unsigned i = 0; i < oracle_share(SQL_SETS); i++) {
		struct oracle_engine engine;

		set_roll(&dice, i % 3 == 0, &set);
		if (!oracle_engine_load(&engine, &set, NULL)) {
			tally.refused++;
			continue;
		}
		tally.sets++;
		sql_demands(db, &dice, &set, &engine, &tally);
		oracle_engine_free(&engine);
	}
	(void)sqlite3_close(db);
	tally_print("SQLite", &tally);
	tally_holds(&tally);
	cr_assert_geq(tally.pairs, oracle_share(100000));
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- brute force ---- */

static void force_demands(struct oracle_dice *dice, const struct oracle_set *set,
    struct oracle_engine *engine, struct tally *tally)
{
	for (unsigned turn = 0; turn < FORCE_DEMANDS; turn++) {
		struct oracle_demand demand;
		uint8_t applies[ORACLE_RULES];
		uint8_t states[ORACLE_RULES];

		oracle_demand_roll(dice, true, &demand);
		oracle_engine_give(engine, &demand);
		oracle_engine_states(engine, set, demand.as_of, states);
		oracle_judge(set, &demand, applies);
		if (!agree(set, applies, states, tally))
			fail_smallest(set, &demand, NULL);
	}
}

static void force_sets(bool dated, uint64_t stream, const char *what)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(stream);
	struct tally tally = {0};

	for (unsigned i = 0; i < oracle_share(FORCE_SETS); i++) {
		struct oracle_engine engine;

		set_roll(&dice, dated, &set);
		if (!oracle_engine_load(&engine, &set, NULL)) {
			tally.refused++;
			continue;
		}
		tally.sets++;
		force_demands(&dice, &set, &engine, &tally);
		oracle_engine_free(&engine);
	}
	tally_print(what, &tally);
	tally_holds(&tally);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(oracle, facts_known_in_part_are_judged_as_by_trying_every_value, .timeout = 3600)
{
	force_sets(false, 2, "values");
}

Test(oracle, dates_known_in_part_are_judged_as_by_trying_every_day, .timeout = 3600)
{
	force_sets(true, 3, "days");
}
