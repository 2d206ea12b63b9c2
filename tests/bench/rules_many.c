#include "tests/bench/rules_many.h"

#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/replay.h"

#define MOST_COPIES 100
#define MOST_DEMANDS 200 /* of the large set: each holds rows of its own */

static void texts_write(struct cm_buf *texts, struct cm_law_file *files, unsigned copies)
{
	cm_buf_init(&texts[0], 0);
	bench_vocabulary_write(&texts[0]);
	files[0] = (struct cm_law_file){"vocab.law", cm_buf_str(&texts[0]), texts[0].len};
	for (unsigned i = 0; i < copies; i++) {
		cm_buf_init(&texts[i + 1], 0);
		bench_rules_write(&texts[i + 1], i);
		files[i + 1] =
		    (struct cm_law_file){"rules.law", cm_buf_str(&texts[i + 1]), texts[i + 1].len};
	}
}

/* The same demand for another law with the same vocabulary. */
static struct cm_facts *facts_for(const struct cm_law *law, const struct cm_facts *from)
{
	struct cm_facts *facts = cm_facts_new(law);

	if (facts == NULL)
		bench_die("out of memory");
	for (size_t i = 0; i < law->facts_count; i++) {
		facts->slots[i] = from->slots[i];
		facts->knowledge[i] = from->knowledge[i];
		cm_facts_refresh(facts, i);
	}
	return facts;
}

static void compare(
    const struct cm_law *law, struct cm_facts *const *facts, size_t count, struct bench_many *out)
{
	struct cm_decision *a = cm_decision_new(law);
	struct cm_decision *b = cm_decision_new(law);

	for (size_t i = 0; i < count; i += 10) {
		cm_decide(law, facts[i], bench_today, a);
		cm_decide_by_code(law, facts[i], bench_today, b);
		for (size_t rule = 0; rule < law->rules_count; rule++)
			out->mismatches += cm_decision_state(a, rule) != cm_decision_state(b, rule);
	}
	cm_decision_free(a);
	cm_decision_free(b);
}

static double decide_us(
    const struct cm_law *law, struct cm_facts *const *facts, size_t count, bool by_code)
{
	struct cm_decision *decision = cm_decision_new(law);
	unsigned rounds = by_code ? 1 : 20;
	double best = 1e9;

	for (int turn = 0; turn < 5; turn++) {
		double start = bench_seconds();
		double took;

		for (unsigned round = 0; round < rounds; round++)
			for (size_t i = 0; i < count; i++)
				by_code ? cm_decide_by_code(law, facts[i], bench_today, decision)
					: cm_decide(law, facts[i], bench_today, decision);
		took = (bench_seconds() - start) * 1e6 / ((double)rounds * (double)count);
		best = took < best ? took : best;
	}
	cm_decision_free(decision);
	return best;
}

void bench_many_run(const struct bench_set *set, unsigned copies, struct bench_many *out)
{
	struct cm_buf texts[MOST_COPIES + 1];
	struct cm_law_file files[MOST_COPIES + 1];
	struct cm_facts *facts[MOST_DEMANDS];
	struct cm_law *law = NULL;

	*out = (struct bench_many){.load_ms = 1e9};
	texts_write(texts, files, copies);
	for (int turn = 0; turn < 5; turn++) {
		double start = bench_seconds();
		double took;

		cm_law_free(law);
		start = bench_seconds();
		law = bench_load(files, copies + 1);
		took = (bench_seconds() - start) * 1e3;
		out->load_ms = took < out->load_ms ? took : out->load_ms;
	}
	out->rules = cm_law_rule_count(law);
	for (int open = 0; open < 2; open++) {
		for (size_t i = 0; i < MOST_DEMANDS; i++)
			facts[i] = facts_for(law, set->facts[open][i * 10]);
		out->decide_us[open] = decide_us(law, facts, MOST_DEMANDS, false);
		if (open == 0)
			out->code_us = decide_us(law, facts, MOST_DEMANDS / 10, true);
		compare(law, facts, MOST_DEMANDS, out);
		for (size_t i = 0; i < MOST_DEMANDS; i++)
			cm_facts_free(facts[i]);
	}
	cm_law_free(law);
	for (unsigned i = 0; i <= copies; i++)
		cm_buf_fini(&texts[i]);
}

/* ---- replay ---- */

/* The law as it would be: one threshold moved, one instrument dropped, one rule new. */
static struct cm_law *law_changed(void)
{
	static const char *const changes[][2] = {
	    {"order_age_days less than 14 days", "order_age_days less than 21 days"},
	    {"is one of court, judge", "is one of court"}};
	struct cm_buf texts[3];
	struct cm_law_file files[2];
	struct cm_law *law;
	const char *at;

	for (int i = 0; i < 3; i++)
		cm_buf_init(&texts[i], 0);
	bench_vocabulary_write(&texts[0]);
	bench_rules_write(&texts[1], 0);
	at = cm_buf_str(&texts[1]);
	for (int i = 0; i < 2; i++) {
		const char *found = strstr(at, changes[i][0]);

		if (found == NULL)
			bench_die("the rules have no \"%s\" any more", changes[i][0]);
		cm_buf_add(&texts[2], at, (size_t)(found - at));
		cm_buf_text(&texts[2], changes[i][1]);
		at = found + strlen(changes[i][0]);
	}
	cm_buf_text(&texts[2], at);
	cm_buf_text(&texts[2], "rule us.new title \"new\" cite \"new\" source statute reviewed by "
			       "nobody in force from 2020-01-01 applies when immunity and lawyer "
			       "and journalist and death_penalty_exposure effect forbids disclose "
			       "end\n");
	files[0] = (struct cm_law_file){"vocab.law", cm_buf_str(&texts[0]), texts[0].len};
	files[1] = (struct cm_law_file){"rules.law", cm_buf_str(&texts[2]), texts[2].len};
	law = bench_load(files, 2);
	for (int i = 0; i < 3; i++)
		cm_buf_fini(&texts[i]);
	return law;
}

static struct cm_replay *packed(
    const struct cm_law *law, const struct bench_set *set, int open, size_t demands)
{
	struct cm_replay *replay = cm_replay_new(law);
	struct cm_facts *facts[BENCH_DEMANDS];

	if (replay == NULL)
		bench_die("out of memory");
	for (size_t i = 0; i < BENCH_DEMANDS; i++)
		facts[i] = facts_for(law, set->facts[open][i]);
	for (size_t i = 0; i < demands; i++)
		if (cm_replay_add(replay, facts[i * 7 % BENCH_DEMANDS], bench_today) != CM_OK)
			bench_die("the demands cannot be packed");
	for (size_t i = 0; i < BENCH_DEMANDS; i++)
		cm_facts_free(facts[i]);
	return replay;
}

/* A packed demand says what its facts say. */
static void replay_check(
    const struct cm_replay *replay, const struct bench_set *set, int open, struct bench_replay *out)
{
	struct cm_decision *a = cm_decision_new(set->law);
	struct cm_decision *b = cm_decision_new(set->law);

	for (size_t i = 0; i < BENCH_DEMANDS && i < out->demands; i++) {
		cm_replay_decide(replay, i, a);
		cm_decide(set->law, set->facts[open][i * 7 % BENCH_DEMANDS], bench_today, b);
		for (size_t rule = 0; rule < BENCH_RULES; rule++)
			out->mismatches += cm_decision_state(a, rule) != cm_decision_state(b, rule);
	}
	cm_decision_free(a);
	cm_decision_free(b);
}

void bench_replay_run(const struct bench_set *set, size_t demands, struct bench_replay *out)
{
	struct cm_law *law = law_changed();

	*out = (struct bench_replay){.demands = demands};
	for (int open = 0; open < 2; open++) {
		struct cm_replay *before = packed(set->law, set, open, demands);
		struct cm_replay *after = packed(law, set, open, demands);
		struct cm_decision *decision = cm_decision_new(set->law);
		double start = bench_seconds();

		for (size_t i = 0; i < demands; i++)
			cm_replay_decide(before, i, decision);
		out->one_ms[open] = (bench_seconds() - start) * 1e3;
		start = bench_seconds();
		if (cm_replay_compare(before, after, NULL, NULL, &out->changed) != CM_OK)
			bench_die("the replay fails");
		out->two_ms[open] = (bench_seconds() - start) * 1e3;
		out->bytes = cm_replay_bytes(before);
		replay_check(before, set, open, out);
		cm_decision_free(decision);
		cm_replay_free(before);
		cm_replay_free(after);
	}
	cm_law_free(law);
}
