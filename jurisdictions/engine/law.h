/*
 * A loaded rule set from inside: the checked tree beside the code made from it. Built once by the
 * loader, pass by pass (link, check, compile, digest, prove), then never changed. Internal.
 *
 * Order: facts as the vocabulary has them; everything else by name; rules by id, and versions of
 * one rule (same id, disjoint spans) by date. So no index depends on the order of files.
 */
#ifndef CM_ENGINE_LAW_H
#define CM_ENGINE_LAW_H

#include "jurisdictions/engine/ast.h"
#include "jurisdictions/engine/code.h"

struct cm_fact_entry {
	const struct cm_fact_def *def;
	struct cm_fact_info info;
	const char *const
	    *values; /* of finite facts: yes-no has "no", "yes"; countries all codes */
	uint32_t values_count;
	uint8_t words; /* of 64 values, that the values take */
	bool is_set;   /* several values at once */
	bool is_finite;
};

/* One rule that defeats another, from either side's text. */
struct cm_edge {
	uint32_t by;
	uint32_t target;
	const struct cm_defeats *text;
	const struct cm_rule_def *written_in;
	const struct cm_word *word;
};

struct cm_rule_entry {
	struct cm_rule_def *def; /* in the arena */
	struct cm_rule_info info;
};

struct cm_jurisdiction {
	const char *name;
	uint8_t digest[32];
};

/* An index of names: open addressing, numbers + 1; 0 is free. More than half of it is. */
struct cm_names {
	uint32_t *slots;
	uint32_t mask;
};

struct cm_law {
	struct cm_arena arena; /* the tree and all names */
	struct cm_unit_file **units;
	size_t units_count;

	struct cm_fact_entry *facts;
	size_t facts_count;
	uint16_t *facts_by_name;
	struct cm_names fact_names;
	const struct cm_act_def **acts;
	size_t acts_count;
	const struct cm_set_def **sets;
	size_t sets_count;
	struct cm_notion_def **notions; /* versions of one term by date */
	size_t notions_count;
	struct cm_calendar_def **calendars;
	size_t calendars_count;
	struct cm_rule_entry *rules;
	size_t rules_count;
	struct cm_names rule_names; /* the first version of each */
	struct cm_edge *edges;      /* by target */
	size_t edges_count;

	int when_fact[CM_WHENS]; /* -1: the day of the decision stands in */
	int data_fact;           /* the fact `effect ... of` speaks of, or -1 */

	struct cm_code code;
	struct cm_tables *tables; /* owned; NULL until the last pass */
	uint32_t *contested;      /* rules that others defeat, defeaters first */
	size_t contested_count;

	struct cm_jurisdiction *jurisdictions;
	size_t jurisdictions_count;
	uint8_t digest[32];
	size_t tests_run;
};

/* Room for that many names; false: no memory. Then each once, with its number and hash. */
bool cm_names_init(struct cm_names *names, struct cm_arena *arena, size_t count) CM_MUST_USE;
void cm_names_add(struct cm_names *names, uint32_t hash, size_t number);
uint32_t cm_name_hash(const char *name);

/* Look a name up: its index, or -1. */
int cm_law_find_act(const struct cm_law *law, const char *name);
int cm_law_find_set(const struct cm_law *law, const char *name);
int cm_law_find_notion(const struct cm_law *law, const char *name);
int cm_law_find_calendar(const struct cm_law *law, const char *name);

/* Rules from the first of that id up to `*end`; -1 if there is none. */
int cm_law_rules_of(const struct cm_law *law, const char *id, size_t *end);

/* The value of a finite fact, or -1. */
int cm_fact_value(const struct cm_fact_entry *fact, const char *text);

/* The value somebody meant who wrote `typed`, or NULL. */
const char *cm_fact_suggest(const struct cm_fact_entry *fact, const char *typed);

/* "a country", "a number of days": for sentences. */
const char *cm_fact_kind(const struct cm_fact_entry *fact);

/* ---- passes: each remarks what is wrong; the loader stops when there are errors ---------------
 */

struct cm_edges {
	struct cm_edge *items; /* owned */
	size_t count;
	size_t cap;
};

struct cm_check {
	struct cm_loader *loader;
	struct cm_law *law;
	unsigned depth;        /* of the walk through terms */
	struct cm_edges edges; /* found so far */
	bool names_facts;      /* since this was set, conditions named neither set nor term */
};

/* Build the tables of names; remark duplicates. False: no memory. */
bool cm_link(struct cm_check *check);

/* Types, references, missing fields, spans. */
void cm_check_all(struct cm_check *check);
void cm_check_rule(struct cm_check *check, struct cm_rule_def *rule);
void cm_check_spans(struct cm_check *check, const struct cm_span *spans, const char *what);
void cm_check_tests(struct cm_check *check, struct cm_test_def *tests, bool of_rule);
void cm_check_codes(struct cm_check *check, const struct cm_word *codes, const char *what);

/* Resolve the names of an expression and hold its atoms against the types of facts. */
void cm_check_expr(struct cm_check *check, struct cm_expr *expr, bool given);

/* Resolve the defeats a rule speaks of; then, when all are there: sovereigns, absolute rules,
 * circles; fill edges and the order of deciding. The check's edges are used up. */
void cm_check_edges(struct cm_check *check, const struct cm_rule_def *rule);
void cm_check_defeats(struct cm_check *check);

/* "did you mean" after an unknown name; "" if nothing is near. In the remarks' arena. */
const char *cm_suggestion(
    struct cm_check *check, const char *typed, const char *const *words, size_t count);

/* The same among facts and terms. */
const char *cm_suggest_fact(struct cm_check *check, const char *typed);

/* The same for a near word already found, or NULL. */
const char *cm_suggestion_of(struct cm_check *check, const char *near);

/* Make the code. CM_NO_MEMORY, CM_TOO_LARGE (remarked). */
enum cm_status cm_compile(struct cm_check *check) CM_MUST_USE;

/* Append the text a digest is taken of. The item is without mistakes. */
void cm_canonical_put(const struct cm_item *item, struct cm_buf *out);

/* Digest every rule, jurisdiction and the set. */
enum cm_status cm_check_digest(struct cm_check *check) CM_MUST_USE;

/* Run the inline tests; a failing one is an error. */
enum cm_status cm_prove(struct cm_check *check) CM_MUST_USE;

/* ---- dates ------------------------------------------------------------------------------------
 */

#define CM_MAX_BREAKS 512 /* days on which what one rule says changes */

struct cm_breaks {
	int32_t days[CM_MAX_BREAKS];
	size_t count;
	bool full;
};

/* Add the days on which an expression changes its meaning: those of its sets and terms. */
void cm_breaks_of_expr(
    const struct cm_law *law, const struct cm_expr *expr, struct cm_breaks *breaks);
void cm_breaks_add(struct cm_breaks *breaks, int32_t day);
/* All days of a rule: its spans and what its conditions use. */
void cm_breaks_of_rule(
    const struct cm_law *law, const struct cm_rule_def *rule, struct cm_breaks *breaks);
void cm_breaks_sort(struct cm_breaks *breaks);

/* The members of a set on a day, or NULL. */
const struct cm_word *cm_set_on(const struct cm_set_def *set, int32_t day);

/* The version of a term in force on a day, or NULL. `notion` is any version of it. */
const struct cm_notion_def *cm_notion_on(
    const struct cm_law *law, const struct cm_notion_def *notion, int32_t day);

/* ---- inlining ----------------------------------------------------------------------------------
 */

/* Turn an atom on a day into one literal (negated or not). `mask` receives its values if it has
 * any; for wide operations the caller puts it where it belongs. False if the atom names a term. */
bool cm_atom_code(const struct cm_law *law, const struct cm_expr *atom, int32_t day, bool negated,
    struct cm_literal *literal, uint64_t mask[4]);

/* Kleene value of an expression on a day, straight from the tree: the second evaluator. */
enum cm_truth cm_expr_truth(const struct cm_law *law, const struct cm_expr *expr, int32_t day,
    const struct cm_facts *facts);

#endif
