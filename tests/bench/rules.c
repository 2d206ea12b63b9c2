/*
 * comity-bench-rules: decisions a second of the engine beside other engines and the floors, on the
 * same 100 rules and 2,000 demands, each held to the same answers first. One decision: all rules
 * that hold after defeats, for a demand whose facts are in the evaluator's own form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/scope.h"
#include "tests/bench/rules.h"
#include "tests/bench/rules_many.h"

#define TURNS 3

struct bench {
	struct bench_set *set;
	struct bench_floor *floor;
	struct bench_sql *sql;
	struct cm_decision *decision;
	struct cm_scope scope;
	uint64_t sink; /* so that nothing measured is left out */
	double slice;  /* seconds a measurement */
	size_t passed;
	size_t failed;
};

/* ---- evaluators ---- */

typedef void (*run_cb)(struct bench *bench, size_t demand);

static void run_known(struct bench *bench, size_t demand)
{
	cm_decide(bench->set->law, bench->set->facts[0][demand], bench_today, bench->decision);
}

static void run_open(struct bench *bench, size_t demand)
{
	cm_decide(bench->set->law, bench->set->facts[1][demand], bench_today, bench->decision);
}

static void run_known_code(struct bench *bench, size_t demand)
{
	cm_decide_by_code(
	    bench->set->law, bench->set->facts[0][demand], bench_today, bench->decision);
}

static void run_open_code(struct bench *bench, size_t demand)
{
	cm_decide_by_code(
	    bench->set->law, bench->set->facts[1][demand], bench_today, bench->decision);
}

/* The facts that matter to the first rule that is only possible. */
static void run_needs(struct bench *bench, size_t demand)
{
	struct cm_needs needs;

	run_open(bench, demand);
	for (size_t rule = 0; rule < BENCH_RULES; rule++) {
		if (cm_decision_state(bench->decision, rule) != CM_RULE_POSSIBLE)
			continue;
		cm_scope_of(&bench->scope, rule);
		if (cm_needs_find(&bench->scope, bench->set->facts[1][demand], bench_today, false,
			&needs) != CM_OK)
			bench_die("out of memory");
		bench->sink += needs.count;
		return;
	}
}

static void run_branches(struct bench *bench, size_t demand)
{
	struct bench_answer out = bench_branches(bench->set->demands[0][demand].values);

	bench->sink += out.bits[0] ^ out.bits[1];
}

static void run_floor(struct bench *bench, size_t demand)
{
	struct bench_answer out = bench_floor_known(bench->floor, demand);

	bench->sink += out.bits[0] ^ out.bits[1];
}

static void run_floor_open(struct bench *bench, size_t demand)
{
	struct bench_answer after[2];
	struct bench_answer before[2];

	bench_floor_open(bench->floor, demand, after, before);
	bench->sink += after[0].bits[0] ^ after[1].bits[1] ^ before[0].bits[0];
}

static void run_sql(struct bench *bench, size_t demand)
{
	bench->sink += bench_sql_applies(bench->sql, &bench->set->demands[0][demand]).bits[0];
}

static void run_sql_open(struct bench *bench, size_t demand)
{
	bench->sink += bench_sql_applies(bench->sql, &bench->set->demands[1][demand]).bits[0];
}

enum {
	KNOWN,
	OPEN,
	NEEDS,
	CODE,
	CODE_OPEN,
	FLOOR,
	FLOOR_OPEN,
	BRANCHES,
	SQL,
	SQL_OPEN,
	EVALUATORS
};

static const struct {
	const char *name;
	const char *title;
	run_cb run;
	size_t stride; /* demands left out between two */
} evaluators[EVALUATORS] = {
    [KNOWN] = {"comity", "comity, all known", run_known, 1},
    [OPEN] = {"comity_open", "comity, a quarter unknown", run_open, 1},
    [NEEDS] = {"comity_needs", "  with what matters to one rule", run_needs, 20},
    [CODE] = {"code", "jump code, all known", run_known_code, 1},
    [CODE_OPEN] = {"code_open", "jump code, a quarter unknown", run_open_code, 1},
    [FLOOR] = {"floor", "floor: bitmap tables, all known", run_floor, 1},
    [FLOOR_OPEN] = {"floor_open", "floor: bitmap tables, a quarter unknown", run_floor_open, 1},
    [BRANCHES] = {"branches", "floor: branches of C, all known", run_branches, 1},
    [SQL] = {"sqlite", "SQLite, 100 SELECTs, all known", run_sql, 1},
    [SQL_OPEN] = {"sqlite_open", "SQLite, a quarter unknown (NULL)", run_sql_open, 1},
};

/* ---- measuring ---- */

static double speed(struct bench *bench, int which)
{
	double start = bench_seconds();
	double now = start;
	size_t count = 0;

	while (now - start < bench->slice) {
		for (size_t i = 0; i < BENCH_DEMANDS; i += evaluators[which].stride, count++)
			evaluators[which].run(bench, i);
		now = bench_seconds();
	}
	return (double)count / (now - start);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Turn and turn about, so that a busy machine is busy for all; the middle one counts. */
static void measure(struct bench *bench, double speeds[EVALUATORS])
{
	double seen[EVALUATORS][TURNS];

	for (int turn = 0; turn < TURNS; turn++)
		for (int i = 0; i < EVALUATORS; i++)
			seen[i][turn] = speed(bench, i);
	for (int i = 0; i < EVALUATORS; i++) {
		qsort(seen[i], TURNS, sizeof seen[i][0], compare_doubles);
		speeds[i] = seen[i][TURNS / 2];
	}
}

/* ---- the same answers ---- */

static void tell(struct bench *bench, const char *what, size_t mismatches)
{
	if (mismatches != 0)
		(void)fprintf(stderr, "%s: %zu mismatches\n", what, mismatches);
	bench->passed += mismatches == 0;
	bench->failed += mismatches != 0;
}

static bool is_same(struct bench_answer a, struct bench_answer b)
{
	return a.bits[0] == b.bits[0] && a.bits[1] == b.bits[1];
}

static struct bench_answer decided(const struct bench *bench, bool before, enum cm_truth least)
{
	struct bench_answer out = {{0}};

	for (size_t rule = 0; rule < BENCH_RULES; rule++) {
		enum cm_truth said = before ? cm_decision_applies(bench->decision, rule)
					    : cm_decision_holds(bench->decision, rule);

		if (said >= least)
			out.bits[rule / 64] |= UINT64_C(1) << (rule % 64);
	}
	return out;
}

static void check_engine(struct bench *bench, bool code)
{
	const struct bench_set *set = bench->set;
	size_t wrong[2] = {0};

	for (size_t i = 0; i < BENCH_DEMANDS; i++) {
		(code ? run_known_code : run_known)(bench, i);
		wrong[0] += !is_same(decided(bench, false, CM_CERTAIN), set->holds[i]);
		(code ? run_open_code : run_open)(bench, i);
		wrong[1] += !is_same(decided(bench, true, CM_CERTAIN), set->certain[i]) ||
			    !is_same(decided(bench, true, CM_POSSIBLE), set->possible[i]);
	}
	tell(bench, code ? "jump code, all known" : "comity, all known", wrong[0]);
	tell(bench, code ? "jump code, a quarter unknown" : "comity, a quarter unknown", wrong[1]);
}

static void check_others(struct bench *bench)
{
	const struct bench_set *set = bench->set;
	size_t floor[2] = {0};
	size_t branches = 0;
	size_t sql[2] = {0};

	for (size_t i = 0; i < BENCH_DEMANDS; i++) {
		struct bench_answer after[2];
		struct bench_answer before[2];
		struct bench_answer said;

		floor[0] += !is_same(bench_floor_known(bench->floor, i), set->holds[i]);
		bench_floor_open(bench->floor, i, after, before);
		run_open(bench, i);
		floor[1] += !is_same(before[0], set->certain[i]) ||
			    !is_same(before[1], set->possible[i]) ||
			    !is_same(after[0], decided(bench, false, CM_CERTAIN)) ||
			    !is_same(after[1], decided(bench, false, CM_POSSIBLE));
		branches += !is_same(bench_branches(set->demands[0][i].values), set->holds[i]);
		said = bench_sql_applies(bench->sql, &set->demands[0][i]);
		sql[0] += !is_same(bench_defeat(set->law, said), set->holds[i]);
		said = bench_sql_applies(bench->sql, &set->demands[1][i]);
		sql[1] += !is_same(said, set->certain[i]);
	}
	tell(bench, "bitmap floor, all known", floor[0]);
	tell(bench, "bitmap floor, a quarter unknown", floor[1]);
	tell(bench, "branches", branches);
	tell(bench, "SQLite, all known", sql[0]);
	tell(bench, "SQLite, a quarter unknown", sql[1]);
}

/* ---- printing ---- */

struct results {
	double speeds[EVALUATORS];
	double node;
	char reason[256];
	struct bench_many many;
	struct bench_replay replay;
};

static void line_print(const char *title, double value, double aim, bool most, const char *unit)
{
	bool met = most ? value <= aim : value >= aim;

	(void)printf("%-44s %10.2f %-3s aim %s %.2f: %s\n", title, value, unit,
	    most ? "at most" : "at least", aim, met ? "met" : "MISSED");
}

static void results_print(const struct results *results)
{
	const double *speeds = results->speeds;

	for (int i = 0; i < EVALUATORS; i++)
		(void)printf("%-44s %12.0f decisions/s\n", evaluators[i].title, speeds[i]);
	if (results->node > 0)
		(void)printf("%-44s %12.0f decisions/s\n", "json-logic-engine, compiled, all known",
		    results->node);
	else
		(void)printf("%-44s skipped: %s\n", "json-logic-engine", results->reason);
	(void)putchar('\n');
	line_print(
	    "bitmap floor / comity, all known", speeds[FLOOR] / speeds[KNOWN], 1.5, true, "x");
	line_print("bitmap floor / comity, a quarter unknown", speeds[FLOOR_OPEN] / speeds[OPEN],
	    1.5, true, "x");
	line_print("comity / SQLite, all known", speeds[KNOWN] / speeds[SQL], 20, false, "x");
	line_print(
	    "comity / SQLite, a quarter unknown", speeds[OPEN] / speeds[SQL_OPEN], 20, false, "x");
	if (results->node > 0)
		line_print(
		    "comity / json-logic-engine", speeds[KNOWN] / results->node, 40, false, "x");
	line_print("load, check and link of 10,000 rules", results->many.load_ms, 60, true, "ms");
	line_print("10,000 rules, all known", results->many.decide_us[0], 5, true, "us");
	line_print("10,000 rules, a quarter unknown", results->many.decide_us[1], 5, true, "us");
	(void)printf("%-44s %10.2f us\n", "  by jump code, all known", results->many.code_us);
	line_print(
	    "replay of 1,000,000, one law, all known", results->replay.one_ms[0], 250, true, "ms");
	line_print(
	    "replay of 1,000,000, two laws compared", results->replay.two_ms[0], 250, true, "ms");
	line_print("  one law, a quarter unknown", results->replay.one_ms[1], 250, true, "ms");
	line_print("  two laws, a quarter unknown", results->replay.two_ms[1], 250, true, "ms");
}

static void results_json(const struct results *results)
{
	(void)printf("{");
	for (int i = 0; i < EVALUATORS; i++)
		(void)printf("\"%s_per_s\": %.0f, ", evaluators[i].name, results->speeds[i]);
	if (results->node > 0)
		(void)printf("\"jsonlogic_per_s\": %.0f, ", results->node);
	(void)printf("\"load_10000_ms\": %.2f, \"decide_10000_us\": %.3f, "
		     "\"decide_10000_open_us\": %.3f, \"replay_one_ms\": %.1f, "
		     "\"replay_two_ms\": %.1f, \"replay_one_open_ms\": %.1f, "
		     "\"replay_two_open_ms\": %.1f, \"replay_bytes\": %zu}\n",
	    results->many.load_ms, results->many.decide_us[0], results->many.decide_us[1],
	    results->replay.one_ms[0], results->replay.two_ms[0], results->replay.one_ms[1],
	    results->replay.two_ms[1], results->replay.bytes);
}

int main(int argc, char **argv)
{
	bool smoke = argc > 1 && strcmp(argv[1], "--smoke") == 0;
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	struct bench bench = {.slice = smoke ? 0.01 : 0.25};
	struct results results = {.node = 0};
	size_t node_wrong = 0;

	bench.set = bench_set_new();
	bench.floor = bench_floor_new(bench.set);
	bench.sql = bench_sql_new(bench.set);
	bench.decision = cm_decision_new(bench.set->law);
	if (bench.decision == NULL || !cm_scope_init(&bench.scope, bench.set->law))
		bench_die("out of memory");
	check_engine(&bench, false);
	check_engine(&bench, true);
	check_others(&bench);
	measure(&bench, results.speeds);
	results.node = bench_node(bench.set, smoke, &node_wrong, results.reason);
	if (results.node > 0)
		tell(&bench, "json-logic-engine", node_wrong);
	bench_many_run(bench.set, smoke ? 5 : 100, &results.many);
	tell(&bench, "many rules", results.many.mismatches);
	bench_replay_run(bench.set, smoke ? 4000 : 1000000, &results.replay);
	tell(&bench, "replay", results.replay.mismatches);
	if (json)
		results_json(&results);
	else if (!smoke)
		results_print(&results);
	cm_scope_fini(&bench.scope);
	cm_decision_free(bench.decision);
	bench_sql_free(bench.sql);
	bench_floor_free(bench.floor);
	bench_set_free(bench.set);
	tell(&bench, "blocks left", cm_alloc_live());
	if (!json)
		(void)printf("%zu passed, %zu failed\n", bench.passed, bench.failed);
	return bench.failed == 0 && bench.sink != 1 ? 0 : 1;
}
