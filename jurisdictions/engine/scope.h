/*
 * Looking at one rule: the rules that can decide whether it holds (itself, what defeats it, what
 * defeats that ...), decided on their own, and the open facts that matter to it. Used for tests,
 * for `needs` and for explanations; not on the path of deciding. Internal to the engine.
 */
#ifndef CM_ENGINE_SCOPE_H
#define CM_ENGINE_SCOPE_H

#include "jurisdictions/engine/law.h"

struct cm_search;

struct cm_scope {
	const struct cm_law *law; /* borrowed */
	uint32_t *rules;          /* owned; in the scope, defeaters first, the rule itself last */
	size_t count;
	uint32_t *stack;  /* owned */
	uint32_t *next;   /* owned; per rule: how far its defeaters are visited */
	uint32_t *epochs; /* owned; per rule: the scope that saw it last */
	uint32_t epoch;
	uint8_t *applies; /* owned; per rule of the scope: enum cm_truth */
	uint8_t *holds;   /* owned */
	struct cm_search *search; /* owned; from the first cm_needs_find on */
};

/* False: no memory (nothing is held then). */
bool cm_scope_init(struct cm_scope *scope, const struct cm_law *law);
void cm_scope_fini(struct cm_scope *scope);

/* Gather the rules that bear on `rule`. */
void cm_scope_of(struct cm_scope *scope, size_t rule);

/* Decide the rules of the scope; the answer for the rule itself, after defeats. */
enum cm_truth cm_scope_decide(
    struct cm_scope *scope, const struct cm_facts *facts, const struct cm_moments *moments);

/* The state of a rule of the scope just decided. */
enum cm_rule_state cm_scope_state(const struct cm_scope *scope, size_t rule);

/* What one search for needs found: facts in order of their index. */
struct cm_needs {
	uint16_t facts[CM_MAX_LAW_FACTS];
	size_t count;
	bool exact; /* false: these and no others may matter, but some of them may not */
};

/*
 * The open facts that matter to whether the rule holds (`own`: whether it applies, defeats left
 * out): fact f is among them if the others can be completed so that two values of f make a
 * difference. The scope must be that of the rule. Exact unless the search grows past a bound, or
 * two dates both open are compared with each other; then a superset. CM_NO_MEMORY.
 */
enum cm_status cm_needs_find(struct cm_scope *scope, const struct cm_facts *facts,
    struct cm_day as_of, bool own, struct cm_needs *out) CM_MUST_USE;

/* The same of some facts alone, which is cheaper the fewer they are: which of `among` (NULL: all) matter. */
enum cm_status cm_needs_among(struct cm_scope *scope, const struct cm_facts *facts,
    struct cm_day as_of, bool own, const struct cm_needs *among, struct cm_needs *out) CM_MUST_USE;

bool cm_needs_have(const struct cm_needs *needs, int fact);

/* NULL is allowed. */
void cm_search_free(struct cm_search *search);

/* The first open fact on the way through a rule's conditions, or -1. */
int cm_rule_open_fact(const struct cm_law *law, size_t rule, const struct cm_facts *facts,
    const struct cm_moments *moments);

#endif
