/*
 * Packed demands: each says what its facts said, and a comparison of two laws finds exactly the
 * demands of which some rule changes its state.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "jurisdictions/engine/replay.h"
#include "jurisdictions/engine/table.h"
#include "test_engine_roll.h"

#define DEMANDS (400 / SLOW)

static enum cm_rule_state states[DEMANDS][64];

static void demands_pack(struct help_set *set, struct cm_replay *replay)
{
	for (size_t i = 0; i < DEMANDS; i++) {
		struct cm_day as_of = {17000 + (int32_t)roll_of(2400)};

		roll_facts(set, i % 4 == 0 ? 0 : (unsigned)i % 8);
		cm_decide(set->law, set->facts, as_of, set->decision);
		for (size_t rule = 0; rule < cm_law_rule_count(set->law); rule++)
			states[i][rule] = cm_decision_state(set->decision, rule);
		cr_assert_eq(cm_replay_add(replay, set->facts, as_of), CM_OK);
	}
	cr_assert_eq(cm_replay_count(replay), DEMANDS);
}

Test(replay, a_packed_demand_says_what_its_facts_said)
{
	for (uint64_t seed = 1; seed <= 60 / SLOW; seed++) {
		struct cm_replay *replay;
		struct help_set set;

		roll_seed(seed);
		set = roll_set(1 + roll_of(60), 1 + roll_of(3));
		replay = cm_replay_new(set.law);
		cr_assert_not_null(replay);
		demands_pack(&set, replay);
		cm_alloc_fail_at(1, true);
		for (size_t i = DEMANDS; i-- > 0;) {
			cm_replay_decide(replay, i, set.decision);
			for (size_t rule = 0; rule < cm_law_rule_count(set.law); rule++)
				cr_assert_eq(cm_decision_state(set.decision, rule), states[i][rule],
				    "seed %llu demand %zu rule %zu", (unsigned long long)seed, i,
				    rule);
		}
		cr_assert(!cm_alloc_has_failed());
		cm_alloc_fail_at(0, false);
		cm_replay_free(replay);
		help_free(&set);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- two laws ---- */

static bool noted[DEMANDS];

static void note(
    void *arg, size_t demand, const struct cm_decision *before, const struct cm_decision *after)
{
	size_t *count = arg;

	++*count;
	noted[demand] = true;
	cr_assert_neq(before->law, after->law);
}

/* The state of the rule with that id in another law; silent if it has none. */
static enum cm_rule_state state_in(
    const struct cm_law *law, const struct cm_decision *decision, const char *id)
{
	int rule = cm_law_find_rule(law, id);

	return rule < 0 ? CM_RULE_SILENT : cm_decision_state(decision, (size_t)rule);
}

static bool differ(const struct help_set *a, const struct help_set *b)
{
	for (size_t i = 0; i < cm_law_rule_count(a->law); i++)
		if (cm_decision_state(a->decision, i) !=
		    state_in(b->law, b->decision, cm_law_rule(a->law, i)->id))
			return true;
	for (size_t i = 0; i < cm_law_rule_count(b->law); i++)
		if (cm_decision_state(b->decision, i) !=
		    state_in(a->law, a->decision, cm_law_rule(b->law, i)->id))
			return true;
	return false;
}

/* The second set has the first rules as they are, and others after them. */
Test(replay, a_comparison_finds_exactly_the_demands_that_change)
{
	size_t changed_of_all = 0;

	for (uint64_t seed = 1; seed <= 40 / SLOW; seed++) {
		struct help_set sets[2];
		struct cm_replay *replays[2];
		size_t expected = 0;
		size_t changed = 0;
		size_t told = 0;
		bool differs[DEMANDS];

		for (int i = 0; i < 2; i++) {
			roll_seed(seed);
			sets[i] = roll_set(20 + 3 * (unsigned)i, 3);
			replays[i] = cm_replay_new(sets[i].law);
			cr_assert_not_null(replays[i]);
		}
		for (size_t i = 0; i < DEMANDS; i++) {
			for (int side = 0; side < 2; side++) {
				struct cm_day as_of = {18000};

				roll_seed(seed * 1000 + i);
				cm_facts_clear(sets[side].facts);
				roll_facts(&sets[side], (unsigned)i % 4);
				cm_decide(
				    sets[side].law, sets[side].facts, as_of, sets[side].decision);
				cr_assert_eq(
				    cm_replay_add(replays[side], sets[side].facts, as_of), CM_OK);
			}
			differs[i] = differ(&sets[0], &sets[1]);
			expected += differs[i];
		}
		memset(noted, 0, sizeof noted);
		cr_assert_eq(
		    cm_replay_compare(replays[0], replays[1], note, &told, &changed), CM_OK);
		cr_assert_eq(changed, expected);
		cr_assert_eq(told, expected);
		cr_assert_arr_eq(noted, differs, sizeof noted);
		cr_assert_eq(
		    cm_replay_compare(replays[0], replays[0], NULL, NULL, &changed), CM_OK);
		cr_assert_eq(changed, 0);
		changed_of_all += expected;
		for (int i = 0; i < 2; i++) {
			cm_replay_free(replays[i]);
			help_free(&sets[i]);
		}
	}
	cr_assert_gt(changed_of_all, 0);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(replay, sets_of_different_length_are_not_compared)
{
	struct help_set set;
	struct cm_replay *a;
	struct cm_replay *b;
	size_t changed;

	roll_seed(1);
	set = roll_set(3, 2);
	a = cm_replay_new(set.law);
	b = cm_replay_new(set.law);
	cr_assert(a != NULL && b != NULL);
	cr_assert_eq(cm_replay_add(a, set.facts, (struct cm_day){18000}), CM_OK);
	cr_assert_eq(cm_replay_compare(a, b, NULL, NULL, &changed), CM_BAD_INPUT);
	cm_replay_free(a);
	cm_replay_free(b);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(replay, a_failed_request_leaves_the_set_as_it_was)
{
	struct help_set set;

	roll_seed(8);
	set = roll_set(12, 3);
	for (size_t nth = 1;; nth++) {
		struct cm_replay *replay;
		size_t added = 0;
		bool failed;

		cm_alloc_fail_at(nth, false);
		replay = cm_replay_new(set.law);
		roll_seed(9);
		for (size_t i = 0; i < 100 && replay != NULL; i++) {
			roll_facts(&set, 3);
			added += cm_replay_add(replay, set.facts, (struct cm_day){18000}) == CM_OK;
		}
		failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert(replay == NULL || cm_replay_count(replay) == added);
		cr_assert(replay == NULL || added == 100u - failed);
		if (replay != NULL) {
			cm_decide(set.law, set.facts, (struct cm_day){18000}, set.decision);
			for (size_t rule = 0; rule < 12; rule++)
				states[0][rule] = cm_decision_state(set.decision, rule);
			cm_replay_decide(replay, added - 1, set.decision);
			for (size_t rule = 0; rule < 12; rule++)
				cr_assert_eq(
				    cm_decision_state(set.decision, rule), states[0][rule]);
		}
		cm_replay_free(replay);
		if (!failed)
			break;
	}
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}
