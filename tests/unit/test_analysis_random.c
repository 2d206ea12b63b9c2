/* Random small rule sets: every search against plain enumeration of all worlds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_analysis_help.h"

#define DAY "2026-11-07"
#define ROUNDS 150

static const char *const names[] = {"us_person", "emergency", "gag", "instrument", "secrecy_days"};
static const char *const values[5][4] = {{"yes", "no"}, {"yes", "no"}, {"yes", "no"},
    {"warrant", "d_order", "subpoena"}, {"0", "30", "60"}};
static const size_t values_count[] = {2, 2, 2, 3, 3};
#define FACTS 5

static uint64_t state;

static uint32_t dice(uint32_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % sides;
}

static const char *atom(void)
{
	static const char *const atoms[] = {"us_person", "not us_person", "emergency",
	    "emergency is no", "gag", "not gag", "instrument is warrant", "instrument is not subpoena",
	    "instrument is one of d_order, subpoena", "secrecy_days at least 30 days",
	    "secrecy_days less than 60 days"};

	return atoms[dice(sizeof atoms / sizeof *atoms)];
}

static void expr(char *out, size_t room)
{
	switch (dice(5)) {
	case 0:
		(void)snprintf(out, room, "%s", atom());
		break;
	case 1:
		(void)snprintf(out, room, "%s and %s", atom(), atom());
		break;
	case 2:
		(void)snprintf(out, room, "%s or %s", atom(), atom());
		break;
	case 3:
		(void)snprintf(out, room, "%s and (%s or %s)", atom(), atom(), atom());
		break;
	default:
		(void)snprintf(out, room, "at least 2 of (%s; %s; %s)", atom(), atom(), atom());
		break;
	}
}

static void rule(char *out, size_t room, const char *id, const char *effect, const char *more)
{
	char condition[256];

	expr(condition, sizeof condition);
	(void)snprintf(out, room,
	    "rule %s title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when %s "
	    "effect %s %s reviewed by nobody end\n",
	    id, condition, effect, more);
}

/* A world: one value for each fact; -1 open. */
struct world {
	int value[FACTS];
};

static void world_set(struct cm_facts *facts, const struct world *world)
{
	struct cm_err err;

	cm_facts_clear(facts);
	cr_assert_eq(cm_facts_set_one(facts, "served_on", DAY, "t", &err), CM_OK);
	for (size_t i = 0; i < FACTS; i++)
		if (world->value[i] >= 0)
			cr_assert_eq(cm_facts_set_one(facts, names[i],
					 values[i][world->value[i]], "t", &err),
			    CM_OK);
}

static unsigned holds_in(struct help_set *set, const struct world *world)
{
	unsigned holds = 0;

	world_set(set->facts, world);
	cm_decide(set->law, set->facts, help_day(DAY), set->decision);
	for (size_t i = 0; i < cm_law_rule_count(set->law); i++)
		holds |= (unsigned)(cm_decision_state(set->decision, i) == CM_RULE_HOLDS) << i;
	return holds;
}

/* The rules that hold in every whole world, by number of the world. */
#define WORLDS (2 * 2 * 2 * 3 * 3)
static unsigned table[WORLDS];
static struct world worlds[WORLDS]; /* world_at of each number: it is asked for millions of times */

static struct world world_at(size_t number)
{
	struct world world;

	for (size_t i = 0; i < FACTS; i++) {
		world.value[i] = (int)(number % values_count[i]);
		number /= values_count[i];
	}
	return world;
}

static void table_fill(struct help_set *set)
{
	for (size_t i = 0; i < WORLDS; i++) {
		worlds[i] = world_at(i);
		table[i] = holds_in(set, &worlds[i]);
	}
}

/* The rules that hold in some completions and not in others. */
static unsigned unsettled(const struct world *partial)
{
	unsigned all = ~0u;
	unsigned any = 0;

	for (size_t i = 0; i < WORLDS; i++) {
		const struct world *world = &worlds[i];
		size_t fits = 0;

		while (fits < FACTS &&
		       (partial->value[fits] < 0 || partial->value[fits] == world->value[fits]))
			fits++;
		if (fits < FACTS)
			continue;
		all &= table[i];
		any |= table[i];
	}
	return any & ~all;
}

static size_t best_brute(struct world partial)
{
	size_t best = FACTS;

	if (unsettled(&partial) == 0)
		return 0;
	for (size_t f = 0; f < FACTS; f++)
		for (size_t v = 0; partial.value[f] < 0 && v < values_count[f]; v++) {
			struct world next = partial;
			size_t more;

			next.value[f] = (int)v;
			more = 1 + best_brute(next);
			best = more < best ? more : best;
		}
	return best;
}

static size_t worst_brute(struct world partial)
{
	size_t best = FACTS;

	if (unsettled(&partial) == 0)
		return 0;
	for (size_t f = 0; f < FACTS; f++) {
		size_t worst = 0;

		if (partial.value[f] >= 0)
			continue;
		for (size_t v = 0; v < values_count[f]; v++) {
			struct world next = partial;
			size_t more;

			next.value[f] = (int)v;
			more = 1 + worst_brute(next);
			worst = more > worst ? more : worst;
		}
		best = worst < best ? worst : best;
	}
	return best;
}

static struct help_set random_set(void)
{
	char text[4096] = "";
	char one[1024];
	static const char *const more[] = {"", "defeats us.a because specialis", ""};
	static const char *const ids[] = {"us.a", "us.b", "us.c"};

	for (size_t i = 0; i < 3; i++) {
		rule(one, sizeof one, ids[i], "permits disclose", more[i]);
		(void)strncat(text, one, sizeof text - strlen(text) - 1);
	}
	return help_load_as("US", text, NULL);
}

Test(analysis_random, asking_is_exact, .timeout = 300)
{
	size_t loaded = 0;

	state = 88172645463325252ull;
	for (int round = 0; round < ROUNDS; round++) {
		struct help_set set = random_set();
		struct world partial;
		struct cm_questions found;
		struct cm_arena arena;

		if (set.law == NULL) {
			help_free(&set);
			continue;
		}
		loaded++;
		table_fill(&set);
		for (size_t i = 0; i < FACTS; i++)
			partial.value[i] = dice(4) == 0 ? (int)dice((uint32_t)values_count[i]) : -1;
		world_set(set.facts, &partial);
		cm_arena_init(&arena, 0);
		cr_assert_eq(cm_decision_ask(set.law, set.facts, help_day(DAY), NULL, 0, &arena,
				 &found),
		    CM_OK);
		cr_assert(found.exact);
		cr_assert_eq(found.open_rules, (size_t)__builtin_popcount(unsettled(&partial)));
		cr_assert_eq(found.best_case, best_brute(partial), "round %d", round);
		cr_assert_eq(found.worst_case, worst_brute(partial), "round %d", round);
		for (size_t i = 0; i < found.count; i++) {
			size_t least = 99;
			size_t fact = 0;

			while (strcmp(names[fact], found.items[i].fact) != 0)
				fact++;
			for (size_t v = 0; v < values_count[fact]; v++) {
				struct world next = partial;
				size_t settled;

				next.value[fact] = (int)v;
				settled = found.open_rules -
					  (size_t)__builtin_popcount(unsettled(&next));
				least = settled < least ? settled : least;
			}
			cr_assert_eq(found.items[i].settles_least, least, "round %d", round);
		}
		cm_arena_fini(&arena);
		help_free(&set);
	}
	cr_assert_gt(loaded, ROUNDS / 3);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_random, one_fact_counterfactuals_are_all_there, .timeout = 300)
{
	size_t flips = 0;

	state = 362436069ull;
	for (int round = 0; round < ROUNDS; round++) {
		struct help_set set = random_set();
		struct world whole;
		struct cm_flips found;
		struct cm_flips one;
		struct cm_arena arena;
		bool turns[FACTS] = {false};
		bool turns_c = false;
		unsigned now;

		if (set.law == NULL) {
			help_free(&set);
			continue;
		}
		for (size_t i = 0; i < FACTS; i++)
			whole.value[i] = (int)dice((uint32_t)values_count[i]);
		now = holds_in(&set, &whole);
		for (size_t f = 0; f < FACTS; f++)
			for (size_t v = 0; v < values_count[f]; v++) {
				struct world other = whole;

				other.value[f] = (int)v;
				turns[f] = turns[f] || holds_in(&set, &other) != now;
				turns_c = turns_c || ((holds_in(&set, &other) ^ now) >> 2 & 1) != 0;
			}
		world_set(set.facts, &whole);
		cm_arena_init(&arena, 0);
		cr_assert_eq(cm_decision_flips(set.law, set.facts, help_day(DAY), &arena, &found),
		    CM_OK);
		cr_assert_eq(
		    cm_rule_flips(set.law, set.facts, help_day(DAY), "us.c", &arena, &one), CM_OK);
		for (size_t f = 0; f < FACTS; f++) {
			bool seen = false;

			for (size_t i = 0; i < found.count; i++)
				for (size_t s = 0; s < found.items[i].shifts_count; s++)
					seen = seen ||
					       (strcmp(found.items[i].to[0].fact, names[f]) == 0 &&
						   (found.items[i].shifts[s].before == CM_RULE_HOLDS) !=
						       (found.items[i].shifts[s].after ==
							   CM_RULE_HOLDS));
			cr_assert_eq(seen, turns[f], "round %d fact %s", round, names[f]);
			flips += seen;
		}
		for (size_t i = 0; i < one.count; i++) {
			struct cm_fact_value all[FACTS + 1];

			for (size_t f = 0; f < FACTS; f++)
				all[f] = (struct cm_fact_value){
				    names[f], values[f][whole.value[f]]};
			all[FACTS] = (struct cm_fact_value){"served_on", DAY};
			for (size_t c = 0; c < one.items[i].facts_count; c++)
				for (size_t f = 0; f <= FACTS; f++)
					if (strcmp(all[f].fact, one.items[i].to[c].fact) == 0)
						all[f].value = one.items[i].to[c].value;
			cr_assert_eq(values_state(set.law, "us.c", all, FACTS + 1, DAY),
			    one.items[i].shifts[0].after, "round %d", round);
		}
		cr_assert(!turns_c || (one.count > 0 && one.items[0].facts_count == 1), "round %d",
		    round);
		cm_arena_fini(&arena);
		help_free(&set);
	}
	cr_assert_gt(flips, 50);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_random, a_collision_is_found_exactly_where_there_is_one, .timeout = 300)
{
	size_t both[2] = {0};

	state = 521288629ull;
	for (int round = 0; round < 2 * ROUNDS; round++) {
		char a[1500];
		char b[1500];
		char c[1024];
		struct cm_collisions found;
		struct cm_arena arena;
		struct cm_side us = {{"US"}, 1};
		struct cm_side gb = {{"GB"}, 1};
		struct help_set set;
		bool exists = false;

		rule(a, 1024, "us.a", "requires disclose of content", "");
		rule(c, sizeof c, "us.z", "permits disclose", "defeats us.a because specialis");
		(void)strncat(a, c, sizeof a - strlen(a) - 1);
		(void)snprintf(b, sizeof b, "law language 1 jurisdiction GB \"g\"\n");
		rule(c, sizeof c, "gb.b", "forbids disclose of content, traffic", "");
		(void)strncat(b, c, sizeof b - strlen(b) - 1);
		set = help_load_as("US", a, b);
		if (set.law == NULL) {
			help_free(&set);
			continue;
		}
		for (size_t i = 0; i < WORLDS; i++) {
			struct world world = world_at(i);
			struct cm_err err;

			world_set(set.facts, &world);
			cr_assert_eq(cm_facts_set_one(set.facts, "data", "content", "t", &err), CM_OK);
			cm_decide(set.law, set.facts, help_day(DAY), set.decision);
			exists = exists ||
				 (cm_decision_state(set.decision, 0) == CM_RULE_HOLDS &&
				     cm_decision_state(set.decision, 1) == CM_RULE_HOLDS);
		}
		cm_arena_init(&arena, 0);
		cr_assert_eq(
		    cm_law_collisions(set.law, &gb, &us, help_day(DAY), &arena, &found), CM_OK);
		cr_assert_eq(found.pairs, 1);
		cr_assert_eq(found.count, exists, "round %d: %s %s", round, a, b);
		both[exists]++;
		if (exists) {
			cr_assert_eq(values_state(set.law, "us.a", found.items[0].witness,
					 found.items[0].witness_count, DAY),
			    CM_RULE_HOLDS);
			cr_assert_eq(values_state(set.law, "gb.b", found.items[0].witness,
					 found.items[0].witness_count, DAY),
			    CM_RULE_HOLDS);
		}
		cm_arena_fini(&arena);
		help_free(&set);
	}
	cr_assert(both[0] > 20 && both[1] > 20, "%zu without, %zu with", both[0], both[1]);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_random, equivalence_and_witnesses_of_a_change_are_right, .timeout = 300)
{
	size_t kinds[4] = {0};

	state = 123456789ull;
	for (int round = 0; round < 6 * ROUNDS; round++) {
		char a[1024];
		char b[1024];
		struct help_set old_set;
		struct help_set new_set;
		struct cm_change *changes;
		struct cm_arena arena;
		size_t count;
		bool gain = false;
		bool loss = false;

		rule(a, sizeof a, "us.a", "permits disclose", "");
		rule(b, sizeof b, "us.a", "permits disclose", "");
		old_set = help_load_as("US", a, NULL);
		new_set = help_load_as("US", b, NULL);
		if (old_set.law == NULL || new_set.law == NULL) {
			help_free(&old_set);
			help_free(&new_set);
			continue;
		}
		for (size_t i = 0; i < WORLDS; i++) {
			struct world world = world_at(i);
			unsigned was = holds_in(&old_set, &world);
			unsigned is = holds_in(&new_set, &world);

			gain = gain || (is && !was);
			loss = loss || (was && !is);
		}
		cm_arena_init(&arena, 0);
		cr_assert_eq(cm_law_diff(old_set.law, new_set.law, help_day(DAY), &arena, &changes,
				 &count),
		    CM_OK);
		cr_assert_eq(count, 1);
		cr_assert_eq(changes->has_gain, gain, "round %d:\n%s%s", round, a, b);
		cr_assert_eq(changes->has_loss, loss, "round %d:\n%s%s", round, a, b);
		cr_assert_eq(changes->kind == CM_CHANGE_MEANING, gain || loss);
		kinds[gain * 2 + loss]++;
		if (gain) {
			cr_assert_eq(values_state(new_set.law, "us.a", changes->gain,
					 changes->gain_count, DAY),
			    CM_RULE_HOLDS);
			cr_assert_eq(values_state(old_set.law, "us.a", changes->gain,
					 changes->gain_count, DAY),
			    CM_RULE_SILENT);
		}
		if (loss) {
			cr_assert_eq(values_state(old_set.law, "us.a", changes->loss,
					 changes->loss_count, DAY),
			    CM_RULE_HOLDS);
			cr_assert_eq(values_state(new_set.law, "us.a", changes->loss,
					 changes->loss_count, DAY),
			    CM_RULE_SILENT);
		}
		cm_arena_fini(&arena);
		help_free(&old_set);
		help_free(&new_set);
	}
	for (int i = 0; i < 4; i++)
		cr_assert_gt(kinds[i], 2, "kind %d: %zu", i, kinds[i]);
	cr_assert_eq(cm_alloc_live(), 0);
}
