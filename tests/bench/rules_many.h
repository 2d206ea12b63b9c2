/*
 * The large numbers of the rules bench: 10,000 rules (the 100, turned round the states of the
 * world) loaded and decided, and a million stored cases replayed under two laws.
 */
#ifndef BENCH_RULES_MANY_H
#define BENCH_RULES_MANY_H

#include "tests/bench/rules.h"

struct bench_many {
	double load_ms;
	double decide_us[2]; /* all known; a quarter unknown */
	double code_us;
	size_t rules;
	size_t mismatches; /* tables against jump code */
};
void bench_many_run(const struct bench_set *set, unsigned copies, struct bench_many *out);

struct bench_replay {
	double one_ms[2]; /* one law: all known; a quarter unknown */
	double two_ms[2]; /* both laws, compared */
	size_t demands;
	size_t changed;
	size_t bytes; /* of one law's packed demands */
	size_t mismatches;
};
void bench_replay_run(const struct bench_set *set, size_t demands, struct bench_replay *out);

#endif
