/* Each tool on a few rules of which one can say by hand what must come out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_analysis_help.h"

#define DAY "2026-11-07"
#define RULE(id, applies, effect, more)                                                            \
	"rule " id " title \"t\" source statute cite \"c " id                                      \
	"\" in force from 2000-01-01 applies when " applies " effect " effect " " more             \
	" reviewed by nobody end\n"

/* ---- conflicts in a decision ---- */

static struct cm_conflict *conflicts_of(
    struct help_set *set, const char *line, struct cm_arena *arena, size_t *count)
{
	struct cm_conflict *items;

	cm_facts_clear(set->facts);
	help_facts(set, line);
	cm_decide(set->law, set->facts, help_day(DAY), set->decision);
	cr_assert_eq(cm_decision_conflicts(set->law, set->facts, help_day(DAY), set->decision, arena,
			 &items, count),
	    CM_OK);
	return items;
}

static const char *const us_rules =
    RULE("us.a", "issuing_state is US", "requires disclose of content, traffic", "")
    RULE("us.c", "emergency", "permits disclose of content", "")
    RULE("us.d", "gag", "forbids disclose of content", "");
static const char *const gb_rules = "law language 1 jurisdiction GB \"g\"\n" RULE(
    "gb.b", "residence is GB", "forbids disclose of content", "");

Test(analysis_small, a_duty_against_a_foreign_bar_is_a_conflict_and_the_rest_is_named)
{
	struct help_set set = help_load_as("US", us_rules, gb_rules);
	struct cm_arena arena;
	struct cm_conflict *items;
	size_t count;

	cr_assert_not_null(set.law);
	cm_arena_init(&arena, 0);
	items = conflicts_of(&set,
	    "issuing_state=US residence=GB data=content,traffic,subscriber emergency=no gag=no "
	    "served_on=" DAY,
	    &arena, &count);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(items[0].duty->id, "us.a");
	cr_assert_str_eq(items[0].duty->cite, "c us.a");
	cr_assert_str_eq(items[0].bar->id, "gb.b");
	cr_assert(!items[0].is_possible && !items[0].is_internal);
	cr_assert_eq(items[0].data_count, 1);
	cr_assert_str_eq(items[0].data[0], "content");
	cr_assert_eq(items[0].rest_count, 2);
	cr_assert_str_eq(items[0].rest[0], "traffic");
	cr_assert_str_eq(items[0].rest[1], "subscriber");
	(void)conflicts_of(&set,
	    "issuing_state=US residence=GB data=traffic emergency=no gag=no served_on=" DAY, &arena,
	    &count);
	cr_assert_eq(count, 0);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, an_open_fact_makes_it_possible_and_is_named)
{
	struct help_set set = help_load_as("US", us_rules, gb_rules);
	struct cm_arena arena;
	struct cm_conflict *items;
	size_t count;

	cm_arena_init(&arena, 0);
	items = conflicts_of(&set,
	    "issuing_state=US data=content emergency=no gag=no served_on=" DAY, &arena, &count);
	cr_assert_eq(count, 1);
	cr_assert(items[0].is_possible);
	cr_assert_eq(items[0].needs_count, 1);
	cr_assert_str_eq(items[0].needs[0], "residence");
	items = conflicts_of(&set,
	    "issuing_state=US residence=GB emergency=no gag=no served_on=" DAY, &arena, &count);
	cr_assert_eq(count, 1);
	cr_assert(items[0].is_possible);
	cr_assert_eq(items[0].needs_count, 1);
	cr_assert_str_eq(items[0].needs[0], "data");
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, one_sovereign_against_itself_is_for_a_person)
{
	struct help_set set = help_load_as("US", us_rules, gb_rules);
	struct cm_arena arena;
	struct cm_conflict *items;
	size_t count;

	cm_arena_init(&arena, 0);
	items = conflicts_of(&set,
	    "issuing_state=IE residence=IE data=content emergency=yes gag=yes served_on=" DAY,
	    &arena, &count);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(items[0].duty->id, "us.c");
	cr_assert_str_eq(items[0].bar->id, "us.d");
	cr_assert(items[0].is_internal && !items[0].is_possible);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, the_union_and_a_member_are_one_side_once_the_rules_order_them)
{
	static const char *const eu = RULE("eu.x", "emergency", "requires disclose", "");
	static const char *const ie = "law language 1 jurisdiction IE \"i\"\n" RULE(
	    "ie.y", "gag", "forbids disclose", "") RULE("ie.q", "us_person", "permits quash", "");
	static const char *const ordered = RULE("eu.x", "emergency", "requires disclose", "") RULE(
	    "eu.z", "us_person", "forbids quash", "defeats ie.q because superior");
	struct cm_arena arena;
	size_t count;

	cm_arena_init(&arena, 0);
	for (int i = 0; i < 2; i++) {
		struct help_set set = help_load_as("EU", i == 0 ? eu : ordered, ie);
		struct cm_conflict *items;

		cr_assert_not_null(set.law);
		items = conflicts_of(&set, "emergency=yes gag=yes us_person=no served_on=" DAY,
		    &arena, &count);
		cr_assert_eq(count, 1);
		cr_assert_eq(items[0].is_internal, i == 1);
		help_free(&set);
	}
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- ask ---- */

Test(analysis_small, the_fact_both_rules_share_is_asked_first)
{
	struct help_set set =
	    help_load(RULE("us.a", "us_person and emergency", "permits disclose", "")
		    RULE("us.b", "emergency and gag", "permits quash", ""));
	static const char *const quash[] = {"quash"};
	struct cm_questions found;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	help_facts(&set, "served_on=" DAY);
	cr_assert_eq(cm_decision_ask(set.law, set.facts, help_day(DAY), NULL, 0, &arena, &found),
	    CM_OK);
	cr_assert_eq(found.count, 3);
	cr_assert_str_eq(found.items[0].fact, "emergency");
	cr_assert_eq(found.items[0].settles_least, 0);
	cr_assert_eq(found.items[0].settles_sum, 2);
	cr_assert_eq(found.items[0].answers, 2);
	cr_assert_eq(found.items[0].rules_count, 2);
	cr_assert_str_eq(found.items[1].fact, "gag");
	cr_assert_str_eq(found.items[2].fact, "us_person");
	cr_assert_eq(found.open_rules, 2);
	cr_assert_eq(found.best_case, 1);
	cr_assert_eq(found.worst_case, 3);
	cr_assert(found.exact);
	cr_assert_eq(
	    cm_decision_ask(set.law, set.facts, help_day(DAY), quash, 1, &arena, &found), CM_OK);
	cr_assert_eq(found.count, 2);
	cr_assert_eq(found.worst_case, 2);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- what if ---- */

Test(analysis_small, setting_a_fact_shows_every_rule_that_shifts)
{
	struct help_set set = help_load(RULE("us.a", "us_person", "permits disclose", "")
		RULE("us.b", "emergency", "forbids disclose", "defeats us.a because specialis"));
	static const struct cm_fact_value change[] = {{"emergency", "yes"}};
	static const struct cm_fact_value wrong[] = {{"emergency", "perhaps"}};
	struct cm_shift *shifts;
	struct cm_arena arena;
	struct cm_err err;
	size_t count;

	cm_arena_init(&arena, 0);
	help_facts(&set, "us_person=yes emergency=no served_on=" DAY);
	cr_assert_eq(cm_decision_whatif(set.law, set.facts, help_day(DAY), change, 1, &arena,
			 &shifts, &count, &err),
	    CM_OK);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(shifts[0].rule->id, "us.a");
	cr_assert_eq(shifts[0].before, CM_RULE_HOLDS);
	cr_assert_eq(shifts[0].after, CM_RULE_DEFEATED);
	cr_assert_eq(shifts[1].after, CM_RULE_HOLDS);
	cr_assert_eq(cm_decision_whatif(set.law, set.facts, help_day(DAY), wrong, 1, &arena,
			 &shifts, &count, &err),
	    CM_BAD_INPUT);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, a_rule_two_facts_away_is_turned_by_that_pair_and_no_other)
{
	struct help_set set =
	    help_load(RULE("us.a", "us_person and emergency and not gag", "permits disclose", ""));
	struct cm_flips found;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	help_facts(&set, "us_person=no emergency=no gag=no served_on=" DAY);
	cr_assert_eq(
	    cm_rule_flips(set.law, set.facts, help_day(DAY), "us.a", &arena, &found), CM_OK);
	cr_assert_eq(found.count, 1);
	cr_assert_eq(found.items[0].facts_count, 2);
	cr_assert_str_eq(values_line(found.items[0].to, 2), "us_person=yes emergency=yes");
	cr_assert_str_eq(values_line(found.items[0].from, 2), "us_person=no emergency=no");
	cr_assert_eq(found.items[0].shifts[0].after, CM_RULE_HOLDS);
	cr_assert_eq(cm_rule_flips(set.law, set.facts, help_day(DAY), "us.nothing", &arena, &found),
	    CM_NOT_FOUND);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- diff ---- */

/* Names in a change point into the laws, which live until the next call. */
static struct help_set change_sets[2];

static void change_free(void)
{
	for (int i = 0; i < 2; i++)
		help_free(&change_sets[i]);
}

static struct cm_change change_of(const char *before, const char *after, struct cm_arena *arena)
{
	struct cm_change *changes;
	size_t count;

	if (change_sets[0].law != NULL)
		change_free();
	change_sets[0] = help_load(before);
	change_sets[1] = help_load(after);
	cr_assert_eq(cm_law_diff(change_sets[0].law, change_sets[1].law, help_day(DAY), arena,
			 &changes, &count),
	    CM_OK);
	cr_assert_eq(count, 1);
	return changes[0];
}

#define LONG_RULE(title, applies, effect, more)                                                    \
	"rule us.a title \"" title "\" source statute cite \"c\" in force from 2000-01-01 "        \
	"applies when " applies " effect " effect " " more " reviewed by nobody end\n"
#define SET(codes) "set S \"s\" cite \"c\" from 1990-01-01 is " codes " end\n"

Test(analysis_small, a_change_is_of_text_or_of_meaning_and_shows_a_demand)
{
	struct cm_arena arena;
	struct cm_change change;

	cm_arena_init(&arena, 0);
	change = change_of(LONG_RULE("one", "gag", "permits disclose", ""),
	    LONG_RULE("two", "gag", "permits disclose", ""), &arena);
	cr_assert_eq(change.kind, CM_CHANGE_TEXT);
	change = change_of(LONG_RULE("t", "not (gag or emergency)", "permits disclose", ""),
	    LONG_RULE("t", "not gag and not emergency", "permits disclose", ""), &arena);
	cr_assert_eq(change.kind, CM_CHANGE_TEXT);
	cr_assert(change.exact && !change.has_gain && !change.has_loss);
	change = change_of(LONG_RULE("t", "gag", "permits disclose", ""),
	    LONG_RULE("t", "gag", "forbids disclose", ""), &arena);
	cr_assert(change.kind == CM_CHANGE_MEANING && change.effect && !change.has_gain);
	change = change_of(LONG_RULE("t", "gag", "permits disclose", "deadline 3 days from served_on to quash"),
	    LONG_RULE("t", "gag", "permits disclose", "deadline 4 days from served_on to quash"), &arena);
	cr_assert(change.kind == CM_CHANGE_MEANING && change.deadline && !change.effect);
	change = change_of(LONG_RULE("t", "secrecy_days at least 30 days", "permits disclose", ""),
	    LONG_RULE("t", "secrecy_days at least 31 days", "permits disclose", ""), &arena);
	cr_assert(change.kind == CM_CHANGE_MEANING && !change.has_gain && change.has_loss);
	cr_assert_eq(change.loss_count, 2);
	cr_assert_str_eq(values_line(change.loss, 2), "secrecy_days=30 served_on=" DAY);
	change = change_of(SET("GB") LONG_RULE("t", "residence is in S", "permits disclose", ""),
	    SET("AU, GB") LONG_RULE("t", "residence is in S", "permits disclose", ""), &arena);
	cr_assert(change.kind == CM_CHANGE_MEANING && change.has_gain && !change.has_loss);
	cr_assert_str_eq(values_line(change.gain, 2), "residence=AU served_on=" DAY);
	change_free();
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

struct stored_list {
	struct cm_stored items[4];
	size_t next;
};

static bool stored_next(void *context, struct cm_stored *out)
{
	struct stored_list *list = context;

	if (list->next == 4)
		return false;
	*out = list->items[list->next++];
	return true;
}

static const char *const yes[] = {"yes"};
static const char *const day[] = {DAY};
static const struct cm_fact_text gagged[] = {
    {.name = "gag", .values = yes, .values_count = 1},
    {.name = "served_on", .values = day, .values_count = 1}};

static struct stored_list stored_list(void)
{
	struct cm_day as_of = help_day(DAY);

	return (struct stored_list){.items = {
	    {.name = "closed", .as_of = as_of, .facts = gagged, .facts_count = 2},
	    {.name = "open", .as_of = as_of, .is_open = true, .facts = gagged, .facts_count = 2},
	    {.name = "unmoved", .as_of = as_of, .facts = gagged + 1, .facts_count = 0},
	    {.name = "clock", .as_of = as_of, .is_open = true, .has_clock = true, .facts = gagged,
		.facts_count = 2}}};
}

Test(analysis_small, added_and_removed_rules_move_the_cases_they_meet_clocks_first)
{
	struct help_set a = help_load(RULE("us.a", "gag", "permits disclose", ""));
	struct help_set b = help_load(RULE("us.b", "gag", "permits disclose", ""));
	struct stored_list list = stored_list();
	struct cm_change *changes;
	struct cm_replayed found;
	struct cm_arena arena;
	size_t count;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_law_diff(a.law, b.law, help_day(DAY), &arena, &changes, &count), CM_OK);
	cr_assert_eq(count, 2);
	cr_assert_eq(changes[0].kind, CM_CHANGE_REMOVED);
	cr_assert_eq(changes[1].kind, CM_CHANGE_ADDED);
	cr_assert_eq(cm_law_replay(a.law, b.law, stored_next, &list, &arena, &found), CM_OK);
	cr_assert_eq(found.looked_at, 4);
	cr_assert_eq(found.refused, 0);
	cr_assert_eq(found.count, 4); /* of the unmoved one us.a was possible, and is no more */
	cr_assert_str_eq(found.items[0].name, "clock");
	cr_assert_str_eq(found.items[1].name, "open");
	cr_assert_str_eq(found.items[2].name, "closed");
	cr_assert_eq(found.items[0].shifts_count, 2);
	cr_assert_str_eq(found.items[0].shifts[0].rule->id, "us.b");
	cr_assert_eq(found.items[0].shifts[0].before, CM_RULE_SILENT);
	cr_assert_eq(found.items[0].shifts[0].after, CM_RULE_HOLDS);
	cr_assert_eq(found.items[0].shifts[1].after, CM_RULE_SILENT);
	list.next = 0;
	cr_assert_eq(cm_law_replay(a.law, a.law, stored_next, &list, &arena, &found), CM_OK);
	cr_assert_eq(found.count, 0);
	cm_arena_fini(&arena);
	help_free(&a);
	help_free(&b);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- coverage ---- */

Test(analysis_small, coverage_counts_conditions_and_shows_what_moves_the_rule)
{
	struct help_set set = help_load(
	    RULE("us.a", "us_person and emergency", "permits disclose",
		"test \"1\" given us_person and emergency expect applies "
		"test \"2\" given us_person is no and emergency expect silent")
	    RULE("us.b", "gag", "permits quash", "test \"3\" given emergency expect undetermined")
	    RULE("us.c", "gag or emergency", "permits quash",
		"test \"4\" given gag is no and emergency is no expect silent "
		"test \"5\" given gag and emergency is no expect applies "
		"test \"6\" given gag is no and emergency expect applies")
	    RULE("us.d", "us_person and emergency", "permits quash",
		"test \"7\" given us_person and emergency expect applies "
		"test \"8\" given us_person is no expect silent"));
	struct stored_list list = stored_list();
	struct cm_coverage found;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_law_coverage(set.law, NULL, NULL, &arena, &found), CM_OK);
	cr_assert_eq(found.rules[0].tests, 2);
	cr_assert_eq(found.rules[0].holds, 1);
	cr_assert_eq(found.rules[0].silent, 1);
	cr_assert_str_eq(found.rules[0].atoms[0].text, "us_person");
	cr_assert(found.rules[0].atoms[0].is_shown && found.rules[0].atoms[0].is_unique);
	cr_assert(!found.rules[0].atoms[1].is_shown && !found.rules[0].atoms[1].is_unique);
	cr_assert_eq(found.rules[0].atoms[1].seen_true, 2);
	cr_assert_str_eq(cm_covered_remark(&found.rules[0]), "");
	cr_assert_str_eq(cm_covered_remark(&found.rules[1]), "always undetermined");
	cr_assert(found.rules[2].atoms[0].is_unique && found.rules[2].atoms[1].is_unique);
	/* Without knowing of the emergency the person alone decides: shown, but by no like pair. */
	cr_assert(found.rules[3].atoms[0].is_shown && !found.rules[3].atoms[0].is_unique);
	cr_assert_eq(found.atoms, 7);
	cr_assert_eq(found.shown, 4);
	cr_assert_eq(found.unique, 3);
	cr_assert_eq(found.met, 3);
	cr_assert_eq(cm_law_coverage(set.law, stored_next, &list, &arena, &found), CM_OK);
	cr_assert_eq(found.cases, 4);
	cr_assert_eq(found.rules[1].holds, 3);
	cr_assert_eq(found.rules[1].real_cases, 4);
	cr_assert_eq(found.met, 4);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* What a set that is nobody's decides, no test can try: it is told apart from what no test tries. */
Test(analysis_small, coverage_tells_conditions_that_nothing_can_try)
{
	struct help_set set = help_load(
	    "set BOUND \"s\" cite \"c\" from 2022-05-12 is nobody end\n"
	    "set LATER \"s\" cite \"c\" from 2022-05-12 until 2023-01-01 is nobody "
	    "from 2023-01-01 is GB end\n"
	    RULE("us.a", "residence is in BOUND and emergency", "permits quash",
		"test \"1\" given residence is GB and emergency expect silent")
	    RULE("us.b", "emergency and not (residence is in BOUND and gag)", "forbids quash",
		"test \"2\" given emergency expect applies "
		"test \"3\" given emergency is no expect silent")
	    RULE("us.c", "emergency and (gag or residence is not in BOUND)", "forbids quash",
		"test \"4\" given emergency expect applies")
	    RULE("us.d", "residence is in LATER and emergency", "permits quash",
		"test \"5\" given residence is GB and emergency expect applies"));
	struct cm_coverage found;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_law_coverage(set.law, NULL, NULL, &arena, &found), CM_OK);
	cr_expect(found.rules[0].is_idle, "it needs a member");
	cr_expect_str_eq(cm_covered_remark(&found.rules[0]), "idle");
	cr_expect(found.rules[0].atoms[0].is_idle && found.rules[0].atoms[1].is_idle);
	cr_expect(!found.rules[1].is_idle && !found.rules[2].is_idle && !found.rules[3].is_idle);
	cr_expect(!found.rules[1].atoms[0].is_idle && found.rules[1].atoms[0].is_shown);
	cr_expect(found.rules[1].atoms[1].is_idle);
	cr_expect(found.rules[1].atoms[2].is_idle, "whatever the gag, the bracket is false");
	cr_expect(!found.rules[2].atoms[0].is_idle);
	cr_expect(found.rules[2].atoms[1].is_idle && found.rules[2].atoms[2].is_idle);
	cr_expect(!found.rules[3].atoms[0].is_idle, "somebody joined");
	cr_expect_eq(found.idle, 6);
	cr_expect_eq(found.idle_rules, 1);
	cr_expect_eq(found.atoms, 4);
	cr_expect_eq(found.shown, 1);
	cr_expect_eq(found.met, 3);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- mutation ---- */

#define MUTATED(tests)                                                                             \
	"law language 1 jurisdiction US \"m\"\n"                                                   \
	"rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01\n"               \
	"applies when secrecy_days at least 30 days\n"                                             \
	"and us_person\n"                                                                          \
	"effect permits disclose reviewed by nobody\n" tests " end\n"                              \
	"rule us.b title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "   \
	"emergency effect forbids disclose defeats us.a because specialis reviewed by nobody "     \
	"test \"b\" given emergency expect applies test \"not b\" given emergency is no expect "   \
	"silent end\n"
#define THREE                                                                                      \
	"test \"1\" given secrecy_days is 30 days and us_person and emergency is no expect "       \
	"applies test \"2\" given secrecy_days is 30 days and us_person is no and emergency is "   \
	"no expect silent "
#define FOURTH                                                                                     \
	"test \"3\" given secrecy_days is 29 days and us_person and emergency is no expect "       \
	"silent test \"4\" given secrecy_days is 30 days and us_person and emergency expect "      \
	"defeated by us.b"

static struct cm_mutants mutants_of(const char *text, struct cm_arena *arena)
{
	struct cm_law_file files[] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {"m.law", text, strlen(text)}};
	struct cm_mutants found;

	cr_assert_eq(cm_law_mutate(files, 2, 1, NULL, NULL, arena, &found), CM_OK);
	return found;
}

Test(analysis_small, good_tests_kill_every_mutant_but_the_modality)
{
	struct cm_arena arena;
	struct cm_mutants found;

	cm_arena_init(&arena, 0);
	found = mutants_of(MUTATED(THREE FOURTH), &arena);
	cr_assert_eq(found.made[CM_MUTATION_NEGATE], 3);
	cr_assert_eq(found.killed[CM_MUTATION_NEGATE], 3);
	cr_assert_eq(found.made[CM_MUTATION_DROP], 2);
	cr_assert_eq(found.killed[CM_MUTATION_DROP], 2);
	cr_assert_eq(found.made[CM_MUTATION_SHIFT], 2);
	cr_assert_eq(found.killed[CM_MUTATION_SHIFT], 2);
	cr_assert_eq(found.made[CM_MUTATION_DEFEAT], 1);
	cr_assert_eq(found.killed[CM_MUTATION_DEFEAT], 1);
	cr_assert_eq(found.made[CM_MUTATION_SWAP], 2);
	cr_assert_eq(found.survivors_count, 2);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, a_missing_test_leaves_survivors_with_their_line)
{
	struct cm_arena arena;
	struct cm_mutants found;

	cm_arena_init(&arena, 0);
	found = mutants_of(MUTATED(THREE), &arena);
	/* Dropping the days and one day less; the defeat; two modalities. */
	cr_assert_eq(found.survivors_count, 5);
	cr_assert_eq(found.survivors[0].kind, CM_MUTATION_DROP);
	cr_assert_eq(found.survivors[0].line, 3);
	cr_assert_str_eq(found.survivors[0].rule, "us.a");
	cr_assert_str_eq(found.survivors[0].path, "m.law");
	cr_assert_str_eq(found.survivors[0].text, "secrecy_days at least 30 days: dropped");
	cr_assert_eq(found.survivors[1].kind, CM_MUTATION_SHIFT);
	cr_assert_str_eq(found.survivors[1].text, "secrecy_days at least 30 days: one less");
	cr_assert_eq(found.survivors[3].kind, CM_MUTATION_DEFEAT);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, a_mutant_that_means_the_same_is_no_survivor)
{
	struct cm_arena arena;
	struct cm_mutants found;

	cm_arena_init(&arena, 0);
	/* The effect already asks for content. */
	found = mutants_of("law language 1 jurisdiction US \"m\"\n" RULE("us.a",
			       "data includes content and gag", "forbids disclose of content",
			       "test \"1\" given gag expect applies test \"2\" given gag is no "
			       "expect silent"),
	    &arena);
	cr_assert_eq(found.made[CM_MUTATION_DROP], 2);
	cr_assert_eq(found.killed[CM_MUTATION_DROP], 1);
	cr_assert_eq(found.equivalent[CM_MUTATION_DROP], 1);
	cr_assert_eq(found.survivors_count, 1); /* the modality */
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- sheets ---- */

Test(analysis_small, a_row_says_what_the_rule_says)
{
	struct help_set set = help_load(
	    RULE("us.a", "gag", "forbids disclose of content, traffic",
		"deadline 3 business-days from served_on calendar us_federal to quash")
	    RULE("us.b", "emergency", "permits disclose", "defeats us.a because specialis"));
	struct cm_sheet_row *rows;
	struct cm_arena arena;
	size_t count;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_law_sheet(set.law, "US", &arena, &rows, &count), CM_OK);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(rows[0].data, "content, traffic");
	cr_assert_str_eq(rows[0].in_force, "2000-01-01 -");
	cr_assert_str_eq(rows[0].deadline, "3 business-days from served_on calendar us_federal to quash");
	cr_assert_str_eq(rows[0].review, "nobody");
	cr_assert_eq(rows[0].defeated_by_count, 1);
	cr_assert_str_eq(rows[0].defeated_by[0], "us.b");
	cr_assert_str_eq(rows[1].defeats[0], "us.a");
	cr_assert_eq(cm_law_sheet(set.law, "GB", &arena, &rows, &count), CM_OK);
	cr_assert_eq(count, 0);
	cm_arena_fini(&arena);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(analysis_small, a_side_brings_the_law_of_the_union_where_it_is_loaded)
{
	struct help_set us = help_load(RULE("us.a", "gag", "permits disclose", ""));
	struct help_set eu = help_load_as("EU", RULE("eu.a", "gag", "permits disclose", ""), NULL);

	cr_assert_eq(cm_side_of(us.law, "IE").count, 1);
	cr_assert_eq(cm_side_of(eu.law, "IE").count, 2);
	cr_assert_eq(cm_side_of(eu.law, "US").count, 1);
	help_free(&us);
	help_free(&eu);
	cr_assert_eq(cm_alloc_live(), 0);
}
