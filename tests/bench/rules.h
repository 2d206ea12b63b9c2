/*
 * What the files of the rules bench share: the set of 100 rules with its demands in every form an
 * evaluator takes them, and the evaluators. One thread; nothing here is part of the product.
 */
#ifndef BENCH_RULES_H
#define BENCH_RULES_H

#include <jansson.h>

#include "jurisdictions/engine/law.h"
#include "protocol/base/buf.h"
#include "protocol/wire/limits.h"

#define BENCH_RULES 100
#define BENCH_DEMANDS 2000
#define BENCH_FACTS 32
#define BENCH_UNKNOWN INT64_MIN /* of a value */

/* One demand as plain numbers: yes-or-no 0 or 1, the number of a value, a mask of members. */
struct bench_demand {
	int64_t values[BENCH_FACTS];
};

/* Bits of rules in the order of their ids. */
struct bench_answer {
	uint64_t bits[2];
};

struct bench_set {
	struct cm_law *law; /* owned */
	int8_t dense[512];  /* of the countries of the set: 0 to 63, or -1 */
	struct bench_demand demands[2][BENCH_DEMANDS]; /* all known; a quarter unknown */
	struct cm_facts *facts[2][BENCH_DEMANDS];      /* owned */
	struct bench_answer holds[BENCH_DEMANDS];      /* expected, all known, after defeats */
	struct bench_answer certain[BENCH_DEMANDS];    /* expected, a quarter unknown, before */
	struct bench_answer possible[BENCH_DEMANDS];   /* certain or not */
};

extern const struct cm_day bench_today;

/* Ends the program with a sentence when something is missing. */
struct cm_law *bench_load(const struct cm_law_file *files, size_t count);
struct cm_law *bench_law_load(int8_t dense[512]);
struct bench_set *bench_set_new(void);
void bench_set_free(struct bench_set *set);
void bench_die(const char *format, ...) CM_PRINTF(1, 2);

/* The rules in the present language: the vocabulary, and the rules as one state would have them
 * (`turn` 0: as they are). */
void bench_vocabulary_write(struct cm_buf *out);
void bench_rules_write(struct cm_buf *out, unsigned turn);

/* ---- other forms of a condition ---- */

enum bench_dialect { BENCH_C, BENCH_SQL, BENCH_JSON };

/* One literal of the set in plain terms. */
struct bench_literal {
	uint8_t op; /* a narrow cm_opcode */
	uint8_t fact;
	int64_t arg; /* mask over dense values, or number */
};

struct bench_literal bench_literal_of(
    const struct cm_law *law, const int8_t dense[512], const struct cm_expr *atom, bool negated);
void bench_rule_print(const struct cm_law *law, const int8_t dense[512], size_t rule,
    enum bench_dialect dialect, struct cm_buf *out);

/* The bits of the rules that defeat one. */
struct bench_answer bench_defeaters(const struct cm_law *law, size_t rule);

/* ---- evaluators ---- */

/* Compiled from what the generator writes. */
struct bench_answer bench_branches(const int64_t *values);

struct bench_floor;
struct bench_floor *bench_floor_new(const struct bench_set *set);
void bench_floor_free(struct bench_floor *floor);
struct bench_answer bench_floor_known(const struct bench_floor *floor, size_t demand);
/* Certain and possible, after defeats; `before`: the same before. */
void bench_floor_open(const struct bench_floor *floor, size_t demand, struct bench_answer after[2],
    struct bench_answer before[2]);

struct bench_sql;
struct bench_sql *bench_sql_new(const struct bench_set *set);
void bench_sql_free(struct bench_sql *sql);
struct bench_answer bench_sql_applies(struct bench_sql *sql, const struct bench_demand *demand);

/* The second way: what applies, without what is defeated. */
struct bench_answer bench_defeat(const struct cm_law *law, struct bench_answer applies);

/* Decisions a second of json-logic-engine, or 0 with the reason; mismatches are counted. */
double bench_node(const struct bench_set *set, bool smoke, size_t *mismatches, char reason[256]);

/* Processor time of this thread: other people's work does not count. */
double bench_seconds(void);

#endif
