/*
 * The rule engine's face: load law, set facts, decide, say why.
 *
 * Pure: texts in, values out; no file, no clock, no locale, no floating point. "As of" is an argument.
 * A `cm_law` never changes after loading and may be shared between threads; facts and decisions belong
 * to one caller. Deciding allocates nothing; building rulings and explanations allocates in the
 * caller's arena. The language is described in jurisdictions/README.md.
 */
#ifndef CM_ENGINE_H
#define CM_ENGINE_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/wire/message.h"

struct cm_law;
struct cm_facts;
struct cm_decision;

/* One file of law, in memory. `path` is only used in messages. */
struct cm_law_file {
	const char *path;
	const char *text;
	size_t len;
};

enum cm_remark_kind { CM_REMARK_ERROR, CM_REMARK_LINT };

/* One thing found while loading. */
struct cm_remark {
	enum cm_remark_kind kind;
	const char *path;
	uint32_t line;    /* from 1 */
	uint32_t column;  /* from 1, in characters */
	const char *text; /* a sentence, with "did you mean" where there is one */
	const char *code; /* stable short name: "unknown-fact", "defeat-cycle" ... */
	uint32_t file;    /* index into the files given to the load */
};

/* All that was found, in order of file, line and column. Owned by the caller: init before, fini after. */
struct cm_remarks {
	struct cm_arena arena;
	struct cm_remark *items; /* in the arena */
	size_t count;
	size_t errors;
	size_t lints;
	size_t cap; /* private */
};

void cm_remarks_init(struct cm_remarks *remarks);
void cm_remarks_fini(struct cm_remarks *remarks);

/* Print one remark as "path:line:column: error: text [code]", the source line and a caret under it.
 * `files` are those given to cm_law_load. */
void cm_remark_print(const struct cm_remark *remark, const struct cm_law_file *files, size_t count,
    struct cm_buf *out);

/*
 * Parse, check and compile `files` as one rule set and run its inline tests. On CM_OK `*out` is owned
 * by the caller (cm_law_free) and the texts may be freed. On CM_BAD_INPUT every error of every file is
 * in `remarks` and there is no rule set. CM_NO_MEMORY, CM_TOO_LARGE as named.
 */
enum cm_status cm_law_load(const struct cm_law_file *files, size_t count,
    struct cm_remarks *remarks, struct cm_law **out) CM_MUST_USE;
void cm_law_free(struct cm_law *law);

/*
 * Write one file of law in its one canonical layout, comments kept, behind what is in `out`.
 * CM_BAD_INPUT: it has mistakes; cm_law_load names them. Formatting what was formatted changes nothing.
 */
enum cm_status cm_law_format(const struct cm_law_file *file, struct cm_buf *out) CM_MUST_USE;

size_t cm_law_rule_count(const struct cm_law *law);
size_t cm_law_test_count(const struct cm_law *law); /* inline tests that were run */

/* The index of a rule by id, or -1. Indexes run in the order of ids, whatever the order of files. */
int cm_law_find_rule(const struct cm_law *law, const char *id);

/* What a reader wants to know of a rule without deciding anything. Borrowed from the law. */
struct cm_rule_info {
	const char *id;
	const char *jurisdiction; /* of its file: "US", "EU", "treaty.us_gb", "policy" */
	const char *title;
	const char *source;
	const char *cite;
	const char *url;
	enum cm_modality modality;
	const char *act;
	const char *strength;
	const char *penalty;
	const char *ask;
	const char *note;
	const char *path;
	uint32_t line;
	uint8_t digest[32];
};
const struct cm_rule_info *cm_law_rule(const struct cm_law *law, size_t index);

/* Facts of the vocabulary. */
enum cm_fact_type {
	CM_FACT_YES_NO,
	CM_FACT_JUDGMENT,
	CM_FACT_ONE_OF,
	CM_FACT_SET_OF,
	CM_FACT_NUMBER,
	CM_FACT_DATE,
	CM_FACT_COUNTRY,
	CM_FACT_COUNTRIES,
};
struct cm_fact_info {
	const char *name;
	enum cm_fact_type type;
	const char *title;
	const char *asked_as; /* "" if none */
	bool sensitive;
	const char *const *values; /* of one-of and set-of */
	size_t values_count;
};
size_t cm_law_fact_count(const struct cm_law *law);
const struct cm_fact_info *cm_law_fact(const struct cm_law *law, size_t index);
int cm_law_find_fact(const struct cm_law *law, const char *name);

/* Digest of each jurisdiction in the set, in order of name; and of the whole. */
size_t cm_law_jurisdiction_count(const struct cm_law *law);
const char *cm_law_jurisdiction(const struct cm_law *law, size_t index, uint8_t digest[32]);
void cm_law_digest(const struct cm_law *law, uint8_t digest[32]);

/* Facts of one demand or part. All unknown at first. */
struct cm_facts *cm_facts_new(const struct cm_law *law) CM_MUST_USE; /* NULL: no memory */
void cm_facts_free(struct cm_facts *facts);
void cm_facts_clear(struct cm_facts *facts);

/*
 * Set one fact from text. Several values of a single-valued fact mean "one of these"; of a set-valued
 * fact they are its members (exactly, if CM_KNOWN). Numbers: "730" or "730 days". A later call for the
 * same fact replaces the earlier. CM_UNKNOWN_NAME: the vocabulary has no such fact. CM_BAD_INPUT: a
 * value does not fit its type; `err` says which would. `name`, `values` and `source` are copied or
 * translated; nothing is borrowed.
 */
enum cm_status cm_facts_set(struct cm_facts *facts, const struct cm_fact_text *text,
    struct cm_err *err) CM_MUST_USE;

/* The same, for the common case of one known value. */
enum cm_status cm_facts_set_one(struct cm_facts *facts, const char *name, const char *value,
    const char *source, struct cm_err *err) CM_MUST_USE;

/* True if exactly one value is possible. */
bool cm_facts_is_known(const struct cm_facts *facts, int fact);

/* One decision: the state of every rule. Reused from demand to demand. */
struct cm_decision *cm_decision_new(const struct cm_law *law) CM_MUST_USE;
void cm_decision_free(struct cm_decision *decision);

/* Decide all rules. `as_of` is the day of the decision itself; the dates a rule goes by (service,
 * issue, conduct) are facts. No allocation. */
void cm_decide(const struct cm_law *law, const struct cm_facts *facts, struct cm_day as_of,
    struct cm_decision *out);

enum cm_rule_state {
	CM_RULE_SILENT = 0,
	CM_RULE_HOLDS = CM_RULING_HOLDS,
	CM_RULE_POSSIBLE = CM_RULING_POSSIBLE,
	CM_RULE_DEFEATED = CM_RULING_DEFEATED, /* applies, but a rule that defeats it holds */
};
enum cm_rule_state cm_decision_state(const struct cm_decision *decision, size_t rule);

/*
 * Everything that is not silent, in order of rule id, as rulings with sentences, needs and terms, for
 * a finding. Texts point into the law or the arena. `needs` (of possible rules only) names the facts
 * some completion of which changes whether the rule holds: exactly these, unless the search passes its
 * bound or two open dates are compared with each other; then it may name some that do not matter, never
 * too few. None at all: rival readings differ. A term's `zone` is left "": the caller knows the court.
 */
enum cm_status cm_decision_rulings(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_decision *decision, struct cm_arena *arena,
    struct cm_ruling **out, size_t *count) CM_MUST_USE;

/*
 * The long answer, for a person: per rule (or only `rule`, if not NULL) its state and each condition
 * with yes, no or open, file:line, and where each fact came from; for a silent rule the first false
 * condition. Plain text.
 */
enum cm_status cm_decision_explain(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_decision *decision, const char *rule,
    struct cm_buf *out) CM_MUST_USE;

#endif
