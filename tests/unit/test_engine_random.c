/*
 * Random rule sets and random knowledge, from a seed that a failure prints:
 * - the jump code and a plain walk over the tree agree;
 * - adding knowledge never reverses a settled answer;
 * - the facts a rule needs are exactly those a search over all completions finds.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/law.h"
#include "jurisdictions/engine/scope.h"
#include "test_engine_help.h"

#define RULES 5
#define FACTS 9

struct fact_kind {
	const char *name;
	const char *values[10]; /* all that a condition can tell apart */
	size_t count;
};

static const struct fact_kind kinds[FACTS] = {
    {"b1", {"yes", "no"}, 2},
    {"b2", {"yes", "no"}, 2},
    {"b3", {"yes", "no"}, 2},
    {"c", {"x", "y", "z"}, 3},
    {"s", {"", "p", "q", "p,q"}, 4},
    {"n", {"0", "2", "3", "4", "6", "7", "8", "20"}, 8},
    {"served_on",
	{"1990-01-01", "2018-01-01", "2019-12-31", "2020-01-01", "2020-06-01", "2020-12-31",
	    "2021-01-01", "2022-01-01"},
	8},
    {"k", {"US", "GB", "IE", "FR", "ZW", "AD"}, 6},
    {"k2", {"US", "GB", "IE", "FR", "ZW", "AD"}, 6},
};

static const char *const head =
    "law language 1 jurisdiction US \"x\" fact b1 is yes-or-no \"t\" fact b2 is yes-or-no \"t\" "
    "fact b3 is yes-or-no \"t\"\n"
    "fact c is one of x, y, z \"t\" fact s is set of p, q \"t\" fact n is number of days \"t\" "
    "fact served_on is date \"t\"\n"
    "fact k is country \"t\" fact k2 is country \"t\" act a \"t\"\n"
    "set S \"t\" cite \"c\" from 2000-01-01 until 2020-06-01 is GB from 2020-06-01 is GB, IE end\n"
    "term t1 \"t\" cite \"c\" in force from 2019-01-01 means b3 or n at least 7 days end\n";

static uint64_t state;

static unsigned roll(unsigned sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % sides);
}

static void expr_write(char *out, size_t size, unsigned depth)
{
	static const char *const atoms[] = {"b1", "b2", "b3", "b1 is no", "c is x", "c is not y",
	    "c is one of x, z", "s includes p", "s includes any of p, q", "s includes all of p, q",
	    "s is only q", "s includes none of p", "n at least 3 days", "n less than 7 days",
	    "n at most 3 days", "n is 7 days", "k is US", "k is in S", "k is k2", "k2 is not k",
	    "k2 is FR", "k is not in S", "served_on before 2020-06-01", "t1", "t1 is no",
	    "k is one of FR, S"};
	size_t used = strlen(out);
	unsigned choice = roll(depth == 0 ? 1 : 5);

	if (choice <= 1) {
		(void)snprintf(
		    out + used, size - used, "%s", atoms[roll(sizeof atoms / sizeof *atoms)]);
		return;
	}
	if (choice == 2) {
		(void)snprintf(out + used, size - used, "not (");
		expr_write(out, size, depth - 1);
		used = strlen(out);
		(void)snprintf(out + used, size - used, ")");
		return;
	}
	(void)snprintf(out + used, size - used, choice == 3 ? "(" : "at least 2 of (");
	for (unsigned i = 0, count = 2 + roll(2), is_and = roll(3); i < count; i++) {
		used = strlen(out);
		if (i > 0)
			(void)snprintf(out + used, size - used, "%s",
			    choice == 4   ? "; "
			    : is_and != 0 ? " and "
					  : " or ");
		expr_write(out, size, depth - 1);
	}
	used = strlen(out);
	(void)snprintf(out + used, size - used, ")");
}

static void rules_write(char *out, size_t size)
{
	static const char *const spans[] = {"in force from 2000-01-01",
	    "in force from 2020-01-01 until 2021-01-01",
	    "in force from 2000-01-01 until 2020-01-01 in force from 2021-01-01"};

	(void)snprintf(out, size, "%s", head);
	for (unsigned i = 0; i < RULES; i++) {
		size_t used = strlen(out);

		(void)snprintf(out + used, size - used, "rule us.r%u" RULE_HEAD "%s applies when ",
		    i, spans[roll(6) < 4 ? 0 : 1 + roll(2)]);
		expr_write(out, size, 3);
		used = strlen(out);
		(void)snprintf(out + used, size - used, " effect permits a");
		used = strlen(out);
		if (i > 0 && roll(2) == 0)
			(void)snprintf(
			    out + used, size - used, " defeats us.r%u because specialis", roll(i));
		used = strlen(out);
		(void)snprintf(out + used, size - used, " end\n");
	}
}

static struct help_set random_set(uint64_t seed)
{
	static char text[64 * 1024];
	struct cm_law_file file = {"a.law", text, 0};
	struct help_set set;

	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	rules_write(text, sizeof text);
	file.len = strlen(text);
	set = help_load_files(&file, 1);
	if (set.law == NULL) {
		fprintf(stderr, "seed %llu: %s\n%s", (unsigned long long)seed,
		    set.remarks.items[0].text, text);
		abort();
	}
	return set;
}

static void fact_give(struct help_set *set, const struct fact_kind *kind, const char *value)
{
	const char *values[2];
	struct cm_fact_text text = {.name = kind->name, .values = values, .knowledge = CM_KNOWN};

	if (strcmp(value, "p,q") == 0) {
		values[0] = "p";
		values[1] = "q";
		text.values_count = 2;
	} else if (*value != 0) {
		values[0] = value;
		text.values_count = 1;
	}
	if (cm_facts_set(set->facts, &text, NULL) != CM_OK)
		abort();
}

static void random_facts(struct help_set *set, bool known[FACTS], unsigned unknown_in_four)
{
	cm_facts_clear(set->facts);
	for (size_t i = 0; i < FACTS; i++) {
		known[i] = roll(4) >= unknown_in_four;
		if (known[i])
			fact_give(set, &kinds[i], kinds[i].values[roll((unsigned)kinds[i].count)]);
	}
}

static const struct cm_day today = {18500};

/* ---- two evaluators ---- */

static enum cm_truth tree_truth(const struct help_set *set, size_t rule)
{
	const struct cm_rule_def *def = set->law->rules[rule].def;
	int32_t day = (int32_t)set->facts->slots[cm_law_find_fact(set->law, "served_on")].low;

	for (const struct cm_span *span = def->spans; span != NULL; span = span->next)
		if (span->from <= day && day < span->until)
			return cm_expr_truth(set->law, def->applies, day, set->facts);
	return CM_NO;
}

Test(random, jump_code_and_tree_agree)
{
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct help_set set = random_set(seed);

		for (unsigned turn = 0; turn < 50; turn++) {
			bool known[FACTS];

			random_facts(&set, known, 1 + turn % 2);
			fact_give(&set, &kinds[6], kinds[6].values[roll(8)]);
			cm_decide(set.law, set.facts, today, set.decision);
			for (size_t rule = 0; rule < RULES; rule++)
				cr_assert_eq(cm_decision_applies(set.decision, rule), tree_truth(&set, rule),
				    "seed %llu turn %u rule %zu", (unsigned long long)seed, turn,
				    rule);
		}
		help_free(&set);
	}
}

/* ---- knowledge only grows ---- */

Test(random, adding_knowledge_never_reverses_a_settled_answer)
{
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct help_set set = random_set(seed);

		for (unsigned turn = 0; turn < 20; turn++) {
			bool known[FACTS];
			uint8_t before[RULES];

			random_facts(&set, known, 3);
			cm_decide(set.law, set.facts, today, set.decision);
			for (size_t rule = 0; rule < RULES; rule++)
				before[rule] = (uint8_t)cm_decision_holds(set.decision, rule);
			for (size_t i = 0; i < FACTS; i++) {
				if (known[i])
					continue;
				fact_give(&set, &kinds[i],
				    kinds[i].values[roll((unsigned)kinds[i].count)]);
				cm_decide(set.law, set.facts, today, set.decision);
				for (size_t rule = 0; rule < RULES; rule++) {
					cr_assert(before[rule] == CM_POSSIBLE ||
						      before[rule] == cm_decision_holds(set.decision, rule),
					    "seed %llu turn %u rule %zu", (unsigned long long)seed,
					    turn, rule);
					before[rule] =
					    (uint8_t)cm_decision_holds(set.decision, rule);
				}
			}
			for (size_t rule = 0; rule < RULES; rule++)
				cr_assert_neq(
				    before[rule], CM_POSSIBLE, "all is known, and still open");
		}
		help_free(&set);
	}
}

/* ---- needs
 * -----------------------------------------------------------------------------------------------
 */

/* Go through every completion of the open facts but `target`; note which rules change with it. */
static void brute_force(
    struct help_set *set, const bool known[FACTS], size_t target, bool matters[RULES])
{
	size_t open[FACTS];
	size_t count = 0;
	size_t total = 1;

	memset(matters, 0, RULES * sizeof *matters);
	for (size_t i = 0; i < FACTS; i++)
		if (!known[i] && i != target) {
			open[count++] = i;
			total *= kinds[i].count;
		}
	for (size_t way = 0; way < total; way++) {
		uint8_t first[RULES] = {0};
		size_t left = way;

		for (size_t i = 0; i < count; i++) {
			fact_give(set, &kinds[open[i]],
			    kinds[open[i]].values[left % kinds[open[i]].count]);
			left /= kinds[open[i]].count;
		}
		for (size_t value = 0; value < kinds[target].count; value++) {
			fact_give(set, &kinds[target], kinds[target].values[value]);
			cm_decide(set->law, set->facts, today, set->decision);
			if (value == 0)
				for (size_t rule = 0; rule < RULES; rule++)
					first[rule] =
					    (uint8_t)cm_decision_holds(set->decision, rule);
			for (size_t rule = 0; rule < RULES; rule++)
				matters[rule] =
				    matters[rule] || first[rule] != cm_decision_holds(set->decision, rule);
		}
	}
	for (size_t i = 0; i < FACTS; i++)
		if (!known[i]) {
			struct cm_fact_text text = {
			    .name = kinds[i].name, .knowledge = CM_NOT_ASKED};

			if (cm_facts_set(set->facts, &text, NULL) != CM_OK)
				abort();
		}
}

static bool is_needed(const struct cm_needs *needs, int fact)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->facts[i] == fact)
			return true;
	return false;
}

/* Exact where the search says so; else a superset. */
Test(random, needs_are_exactly_what_brute_force_finds)
{
	size_t needed = 0;
	size_t searched = 0;
	size_t inexact = 0;

	for (uint64_t seed = 1; seed <= 150; seed++) {
		struct help_set set = random_set(seed);
		struct cm_needs needs[RULES];
		struct cm_scope scope;
		bool known[FACTS];

		cr_assert(cm_scope_init(&scope, set.law));
		random_facts(&set, known, 2);
		for (size_t rule = 0; rule < RULES; rule++) {
			cm_scope_of(&scope, rule);
			cr_assert_eq(
			    cm_needs_find(&scope, set.facts, today, false, &needs[rule]), CM_OK);
			searched++;
			inexact += !needs[rule].exact;
		}
		for (size_t target = 0; target < FACTS; target++) {
			int fact = cm_law_find_fact(set.law, kinds[target].name);
			bool matters[RULES];

			if (known[target])
				continue;
			brute_force(&set, known, target, matters);
			for (size_t rule = 0; rule < RULES; rule++) {
				bool found = is_needed(&needs[rule], fact);

				needed += matters[rule];
				cr_assert(found == matters[rule] || (found && !needs[rule].exact),
				    "seed %llu rule %zu fact %s", (unsigned long long)seed, rule,
				    kinds[target].name);
			}
		}
		cm_scope_fini(&scope);
		help_free(&set);
	}
	cr_assert_gt(needed, 300);
	cr_assert_lt(inexact * 50, searched, "%zu of %zu searches gave up", inexact, searched);
	cr_assert_eq(cm_alloc_live(), 0);
}
