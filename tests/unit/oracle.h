/*
 * What the independent oracles of the rule engine share: random rule sets kept as trees of their
 * own, written out as text in the rule language, as one SELECT, and judged by brute force; random
 * demands; and a search for the smallest failing case. It knows the language's manual and nothing
 * of the engine's insides: only engine.h is called, no tree or code of the engine is read. Used by
 * tests and a fuzz target, on one thread.
 *
 * Answers are numbers: 0 no, 1 open, 2 yes, before and after defeats alike.
 */
#ifndef TEST_ORACLE_H
#define TEST_ORACLE_H

#include "jurisdictions/engine/engine.h"
#include "protocol/base/clock.h"

#define ORACLE_RULES 8
#define ORACLE_NODES 512
#define ORACLE_SPANS 3
#define ORACLE_MEMBERS 8 /* of a finite fact, at most */
#define ORACLE_TERMS 3   /* t1 in two versions, t2 */

/* Chance, from a seed or from the bytes of a fuzzer. When the bytes end it throws zeros. */
struct oracle_dice {
	uint64_t state;
	const uint8_t *bytes; /* borrowed; NULL: from the state */
	size_t left;
};

unsigned oracle_roll(struct oracle_dice *dice, unsigned sides);

/* ---- the vocabulary ---- */

enum oracle_type {
	ORACLE_YES_NO,
	ORACLE_ONE_OF,
	ORACLE_SET_OF,
	ORACLE_NUMBER,
	ORACLE_DATE,
	ORACLE_COUNTRY,
	ORACLE_COUNTRIES,
};

enum oracle_fact_name {
	FACT_B1,
	FACT_B2,
	FACT_B3,
	FACT_B4,
	FACT_J,
	FACT_C1,
	FACT_C2,
	FACT_S,
	FACT_DATA,
	FACT_N,
	FACT_SERVED,
	FACT_ISSUED,
	FACT_CONDUCT,
	FACT_D,
	FACT_K1,
	FACT_K2,
	FACT_KS,
	ORACLE_FACTS,
};

struct oracle_fact {
	const char *name;
	enum oracle_type type;
	const char *values[ORACLE_MEMBERS];
	unsigned named; /* values a condition may name */
	unsigned all;   /* values a demand may have */
};

extern const struct oracle_fact oracle_facts[ORACLE_FACTS];

#define ORACLE_DAY 18414     /* 2020-06-01: conditions and sets change in the 30 days from here */
#define ORACLE_OLD 10957     /* 2000-01-01: the law begins */
#define ORACLE_NUMBER_TOP 12 /* numbers of demands lie below; conditions name 1 to 9 */
#define ORACLE_FOREVER INT32_MAX

/* Days on which a set or term changes, in order. */
extern const int32_t oracle_breaks[];
extern const size_t oracle_breaks_count;

/* The members a set has on a day, as bits of the fact it is held against. */
unsigned oracle_set_on(unsigned set, int32_t day);

/* The version (0 to 2) of term 0 (t1) or 1 (t2) in force on a day, or -1. */
int oracle_term_on(unsigned term, int32_t day);

/* ---- rule sets ---- */

enum oracle_kind { NODE_ATOM, NODE_AND, NODE_OR, NODE_NOT, NODE_COUNT };

enum oracle_op {
	ATOM_YES,
	ATOM_NO,
	ATOM_IS,
	ATOM_IS_NOT,
	ATOM_ONE_OF,
	ATOM_NONE_OF,
	ATOM_IN,
	ATOM_NOT_IN,
	ATOM_SAME,
	ATOM_DIFFERENT,
	ATOM_ANY,
	ATOM_ALL,
	ATOM_LACKS_ALL, /* includes none of */
	ATOM_ONLY,
	ATOM_AT_LEAST, /* of numbers; of dates: on or after */
	ATOM_LESS,     /* of numbers; of dates: before */
	ATOM_AT_MOST,
	ATOM_MORE,
	ATOM_EQUAL,
	ATOM_UNEQUAL,
	ATOM_AFTER_FACT, /* on or after another date and some days */
	ATOM_BEFORE_FACT,
	ATOM_CANNOT,
	ATOM_TERM,
	ATOM_TERM_NO,
};

struct oracle_node {
	uint8_t kind;
	uint8_t need; /* of COUNT */
	int16_t first;
	int16_t next; /* -1: none */
	/* of an atom: */
	uint8_t op;
	uint8_t fact; /* or the term */
	uint8_t other;
	uint8_t spelling; /* which of several ways to write it */
	uint16_t mask;    /* values named */
	uint8_t sets;     /* bit 0 S, bit 1 T, bit 2 V */
	int32_t number;   /* or day, or days added */
};

enum oracle_when { WHEN_SERVICE, WHEN_ISSUE, WHEN_CONDUCT, WHEN_DECISION, ORACLE_WHENS };

struct oracle_span {
	int32_t from;
	int32_t until;
	uint8_t when;
};

struct oracle_rule {
	struct oracle_span spans[ORACLE_SPANS];
	uint8_t spans_count;
	int16_t applies;
	int16_t reading;  /* a rival reading, or -1 */
	uint8_t of;       /* categories of data the effect speaks of; 0: all */
	uint16_t defeats; /* bits of rules */
	uint16_t inverse; /* of these, written as `subject to` in the target */
	bool dropped;
};

/* A plain value: copied freely. */
struct oracle_set {
	struct oracle_node nodes[ORACLE_NODES];
	int nodes_count;
	int16_t terms[ORACLE_TERMS];
	struct oracle_rule rules[ORACLE_RULES];
	unsigned rules_count;
	unsigned filler; /* rules besides, which nobody judges: they make the set a large one */
};

struct oracle_wish {
	unsigned rules;
	unsigned depth;
	bool dated; /* spans, sets and terms that change, dates other than service */
	unsigned filler;
};

void oracle_set_make(
    struct oracle_dice *dice, const struct oracle_wish *wish, struct oracle_set *out);

/* Its text. `order` is a permutation of the rules, or NULL. */
void oracle_set_print(const struct oracle_set *set, const uint8_t *order, struct cm_buf *out);

/* ---- demands ---- */

struct oracle_known {
	uint8_t how;   /* enum cm_knowledge */
	uint16_t may;  /* finite facts: the values possible */
	bool exact;    /* of a set: these are all its members */
	bool is_whole; /* one value possible */
	bool is_blank; /* nothing known */
	int32_t low;   /* numbers and dates */
	int32_t high;
};

struct oracle_demand {
	struct oracle_known facts[ORACLE_FACTS];
	int32_t as_of;
};

/* Roll one fact again. `partial`: not only known or unknown as a whole. */
void oracle_known_roll(
    struct oracle_dice *dice, unsigned fact, bool partial, struct oracle_known *out);
void oracle_demand_roll(struct oracle_dice *dice, bool partial, struct oracle_demand *out);
void oracle_known_blank(unsigned fact, struct oracle_known *out);
void oracle_known_print(unsigned fact, const struct oracle_known *known, struct cm_buf *out);
void oracle_demand_print(const struct oracle_demand *demand, struct cm_buf *out);

/* Tell the engine. */
void oracle_known_give(unsigned fact, const struct oracle_known *known, struct cm_facts *facts);

/* ---- judges ---- */

/* Does each rule apply: by brute force over every value and day that is possible. */
void oracle_judge(const struct oracle_set *set, const struct oracle_demand *demand,
    uint8_t applies[ORACLE_RULES]);

/* After defeats, as the states the engine gives. */
void oracle_states(const struct oracle_set *set, const uint8_t applies[ORACLE_RULES],
    uint8_t states[ORACLE_RULES]);

struct sqlite3;
struct sqlite3_stmt;

/* One SELECT for the whole set, and its answers. For facts known or unknown as a whole. */
struct sqlite3_stmt *oracle_sql_prepare(struct sqlite3 *db, const struct oracle_set *set);
void oracle_sql_text(const struct oracle_set *set, struct cm_buf *out);
void oracle_sql_bind(struct sqlite3_stmt *select, unsigned fact, const struct oracle_known *known);
void oracle_sql_judge(
    struct sqlite3_stmt *select, const struct oracle_demand *demand, uint8_t applies[ORACLE_RULES]);

/* ---- the engine beside them ---- */

struct oracle_engine {
	struct cm_law *law;
	struct cm_facts *facts;
	struct cm_decision *decision;
	int rules[ORACLE_RULES]; /* their indexes; -1: dropped */
	bool refused; /* by the load, with a sentence on stderr unless it is a tautology */
};

bool oracle_engine_load(
    struct oracle_engine *engine, const struct oracle_set *set, const uint8_t *order);
void oracle_engine_free(struct oracle_engine *engine);
void oracle_engine_give(struct oracle_engine *engine, const struct oracle_demand *demand);
void oracle_engine_states(struct oracle_engine *engine, const struct oracle_set *set, int32_t as_of,
    uint8_t states[ORACLE_RULES]);

/* Shrink a set and a demand while `is_wrong` says so. */
typedef bool (*oracle_wrong_cb)(
    const struct oracle_set *set, const struct oracle_demand *demand, void *data);
void oracle_shrink(
    struct oracle_set *set, struct oracle_demand *demand, oracle_wrong_cb is_wrong, void *data);

/* The two as a reader wants them in a failure's message. */
void oracle_case_print(
    const struct oracle_set *set, const struct oracle_demand *demand, struct cm_buf *out);

/* The seed of this run, and how many times longer than usual: COMITY_ORACLE_SEED and _TIMES. */
uint64_t oracle_seed(void);
unsigned oracle_times(void);

/* How many of `count` there are in this run: times COMITY_ORACLE_TIMES, by COMITY_ORACLE_PART. The build with
 * sanitizers takes a part; a release build of the same run takes them all (tests/law/oracle.cmake). */
unsigned oracle_share(unsigned count);

#endif
