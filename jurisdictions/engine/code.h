/*
 * Compiled rules: conditions as jump code over literals in negation normal form, and the state of
 * facts they read. A literal has three answers: no, possible, certain; a rule is run once for
 * "possible" and, only if it met an open literal, a second time for "certain". Internal.
 */
#ifndef CM_ENGINE_CODE_H
#define CM_ENGINE_CODE_H

#include "jurisdictions/engine/engine.h"

struct cm_expr;

/* Bits, so that and/or of answers are bitwise. */
enum cm_truth { CM_NO = 0, CM_POSSIBLE = 1, CM_CERTAIN = 3 };

enum cm_opcode {
	CM_OP_IN,      /* single-valued: the value is in the mask; up to 64 values */
	CM_OP_IN_WIDE, /* the same, up to 256 */
	CM_OP_ANY,     /* set-valued: a member is in the mask */
	CM_OP_ANY_WIDE,
	CM_OP_NONE, /* no member is in the mask */
	CM_OP_NONE_WIDE,
	CM_OP_ALL, /* all of the mask are members */
	CM_OP_ALL_WIDE,
	CM_OP_LACKS, /* one of the mask is no member */
	CM_OP_LACKS_WIDE,
	CM_OP_GE, /* number or date: at least `arg` */
	CM_OP_LT,
	CM_OP_EQ,
	CM_OP_NE,
	CM_OP_GE_FACT, /* date: at least the date `other` plus `arg` days */
	CM_OP_LT_FACT,
	CM_OP_SAME, /* single-valued: the same value as `other` */
	CM_OP_DIFFERENT,
	CM_OP_CANNOT, /* somebody looked and it cannot be determined */
	CM_OP_CAN,
	CM_OP_CONST, /* `arg`: 0 no, 1 yes */
};

#define CM_ACCEPT 0xffffu
#define CM_REJECT 0xfffeu
#define CM_MAX_CODE 0xf000u        /* instructions of one rule on one day */
#define CM_MAX_LAW_CODE (1u << 22) /* instructions of a set */
#define CM_MAX_COUNTERS 32         /* `at least` inside `at least`, terms inlined */

/* One question about facts, kept once however many rules ask it. */
struct cm_literal {
	uint8_t op;
	uint8_t fact;
	uint16_t other; /* fact compared with */
	uint32_t mask;  /* of wide operations: index of a mask */
	int64_t arg;    /* mask, number, date or days */
};

/* 8 bytes: the literal asked and where to go on, counted from the base of the rule's code. With
 * CM_COUNTER set, bits 16 to 23 name a counter and the low bits how far it must come: 0 sets it to
 * zero and goes on at on_true, anything else adds one. */
struct cm_instr {
	uint32_t literal;
	uint16_t on_true;
	uint16_t on_false;
};

#define CM_COUNTER UINT32_C(0x80000000)

/* One way to read a rule on the days of a segment: the rule's own condition, then rival readings.
 */
struct cm_variant {
	uint32_t base;
	uint16_t entry;
};

/* A run of days on which a rule says the same. */
struct cm_segment {
	int32_t from;
	int32_t until;
	uint32_t variant;
	uint32_t span_literals[2]; /* the date it goes by, if a fact: from the first day, before the
				    * last; CM_LITERAL_TRUE where there is none */
	uint16_t variants;
	uint8_t when;
};

/*
 * The short way: what a rule's newest segment cannot do without. The bitwise AND of these answers
 * is 0 for most rules, and it is had without a branch. Where the condition is nothing but these
 * literals
 * (`whole`), it is the answer.
 */
#define CM_QUICK_LITERALS 8

struct cm_quick {
	uint32_t literals[CM_QUICK_LITERALS]; /* padded with CM_LITERAL_TRUE */
	uint32_t variant;
	int32_t from;
	int32_t until; /* equal to from: there is no short way */
	uint8_t when;
	bool whole;
};

#define CM_LITERAL_TRUE 0 /* the first literal of every set is always certain */

struct cm_rule_code {
	uint32_t segment;
	uint32_t defeater; /* into defeaters */
	uint16_t segments;
	uint16_t defeaters;
};

struct cm_mask {
	uint64_t bits[4];
};

/* What is known of one fact: the values still possible. */
union cm_slot {
	struct {
		uint64_t may[4];  /* single-valued: possible values; set-valued: possible members */
		uint64_t must[4]; /* set-valued: certain members */
	};
	struct {
		int64_t low; /* numbers and dates, both ends included */
		int64_t high;
	};
};

/* All owned; grown while compiling. */
struct cm_code {
	struct cm_instr *instrs;
	size_t instrs_count;
	size_t instrs_cap;
	struct cm_literal *literals;
	size_t literals_count;
	size_t literals_cap;
	uint32_t *asking;       /* literals by the fact they ask of */
	uint32_t *asking_first; /* per fact: where its literals begin; one more at the end */
	struct cm_mask *masks;
	size_t masks_count;
	size_t masks_cap;
	struct cm_variant *variants;
	size_t variants_count;
	size_t variants_cap;
	struct cm_segment *segments;
	size_t segments_count;
	size_t segments_cap;
	struct cm_rule_code *rules;
	struct cm_quick *quick; /* per rule */
	uint32_t *defeaters;
	union cm_slot *blank;   /* facts of which nothing is known */
	uint8_t *blank_answers; /* and what the literals say then */
};

struct cm_facts {
	const struct cm_law *law; /* borrowed */
	union cm_slot *slots;     /* owned */
	uint8_t *answers;         /* owned; per literal: enum cm_truth, kept up with the slots */
	uint8_t *knowledge;       /* owned; enum cm_knowledge */
	char **sources;           /* owned, each owned; NULL: none */
	struct cm_rows *rows;     /* owned; NULL while the law has no tables */
};

/* Bits by place: see table.h. All point into the decision's own block. */
struct cm_decision {
	const struct cm_law *law; /* borrowed */
	uint64_t *may;            /* terms, and in the first words rules, before defeats */
	uint64_t *must;
	uint64_t *holds_may; /* after defeats */
	uint64_t *holds_must;
	const uint64_t *day_row; /* of the law, or of day_room */
	int32_t day;
	uint64_t *day_room;
	uint64_t *asked;
	uint64_t *pending;
	uint16_t *alive; /* words of a row */
	uint8_t *truths; /* per rule, twice: of the jump code, before and after defeats */
};

/* What a decision says of a rule before and after defeats. */
enum cm_truth cm_decision_applies(const struct cm_decision *decision, size_t rule);
enum cm_truth cm_decision_holds(const struct cm_decision *decision, size_t rule);

/* cm_decide by the other evaluator, the jump code: the same answers. */
void cm_decide_by_code(const struct cm_law *law, const struct cm_facts *facts, struct cm_day as_of,
    struct cm_decision *out);

/* The four dates a rule can go by, as intervals. */
struct cm_moments {
	int64_t low[4];
	int64_t high[4];
};

void cm_moments_of(const struct cm_law *law, const struct cm_facts *facts, struct cm_day as_of,
    struct cm_moments *out);

/* The answer of one literal, from the slots. */
enum cm_truth cm_literal_truth(
    const struct cm_literal *literal, const struct cm_mask *masks, const struct cm_facts *facts);

/* Bring the answers about one fact up with its slot: after every change of a slot. */
void cm_facts_refresh(struct cm_facts *facts, size_t fact);

/* Does rule number `rule` apply, before defeats? */
enum cm_truth cm_rule_applies(const struct cm_law *law, size_t rule, const struct cm_facts *facts,
    const struct cm_moments *moments);

/* Does it on one reading of it alone? They are numbered as in a segment: `applies when` first. */
enum cm_truth cm_rule_applies_on(const struct cm_law *law, size_t rule, uint16_t variant,
    const struct cm_facts *facts, const struct cm_moments *moments);

/* A rule holds if it applies and no rule that defeats it holds. `applies` and `holds` are per rule;
 * those of the defeaters must be settled already. */
enum cm_truth cm_rule_after_defeats(
    const struct cm_law *law, size_t rule, const uint8_t *applies, const uint8_t *holds);

/* A fact without any knowledge. */
void cm_slot_clear(const struct cm_law *law, size_t fact, union cm_slot *slot);

/* True if exactly one value (one set of members) is possible. */
bool cm_slot_is_known(const struct cm_law *law, size_t fact, const union cm_slot *slot);

/* Keep only the values an atom allows; false if none is left. For tests' `given`. */
bool cm_facts_narrow(struct cm_facts *facts, const struct cm_expr *atom, int32_t day);

#define CM_DAY_FIRST (-719162) /* 0001-01-01 */
#define CM_DAY_LAST 2932896    /* 9999-12-31 */
#define CM_NUMBER_LAST INT64_C(1000000000)

#endif
