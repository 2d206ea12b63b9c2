/*
 * The inside of the search for needs: its state, and the candidates of a fact: one value for each
 * class of values that no condition of the scope tells apart. Internal to needs.c and candidates.c.
 */
#ifndef CM_ENGINE_SEARCH_H
#define CM_ENGINE_SEARCH_H

#include "jurisdictions/engine/scope.h"

#define CM_MAX_CANDIDATES 512 /* of a fact */

struct cm_candidates {
	size_t first; /* place of the first in the search's slots */
	size_t count;
	bool whole; /* false: there were too many */
};

/* A rule that names a fact in a condition or goes by it as a date. */
struct cm_mention {
	struct cm_mention *next; /* in the arena */
	uint32_t rule;
};

/* A condition of the scope that asks for a fact. */
struct cm_asking {
	struct cm_asking *next; /* in the arena */
	uint32_t literal;
};

/* One search after the other is made in the same memory, which belongs to the scope. */
struct cm_search {
	struct cm_scope *scope;
	const struct cm_law *law;
	struct cm_facts facts;         /* a copy to play with */
	const struct cm_facts *before; /* as they came */
	struct cm_day as_of;
	bool own;
	/* Per fact, if it is open: the rules of the scope that name it. */
	struct cm_mention *mentioned[CM_MAX_LAW_FACTS];
	struct cm_asking *asking[CM_MAX_LAW_FACTS]; /* likewise; the rest of the law is not looked at */
	bool paired[CM_MAX_LAW_FACTS]; /* compared with another for the same value */
	unsigned paired_open;          /* so many of these are open */
	bool tangled;                  /* two open dates are compared with each other */
	struct cm_candidates candidates[CM_MAX_LAW_FACTS];
	union cm_slot *slots; /* owned; of all candidates, one fact's after another's */
	size_t slots_count;
	size_t slots_cap;
	struct cm_arena arena;
	uint8_t *
	    first_said; /* in the arena: what each rule that names a fact said to its first value */
	unsigned decisions;
};

/* The instructions of one rule. */
struct cm_code_range {
	const struct cm_instr *at;
	const struct cm_instr *end;
};
struct cm_code_range cm_code_range_of(const struct cm_law *law, size_t rule);

/* The literal an instruction asks, or NULL if it counts. */
const struct cm_literal *cm_literal_of(const struct cm_law *law, const struct cm_instr *instr);

/* True for literals that compare one fact with another. */
bool cm_literal_is_pair(const struct cm_literal *literal);

/* Find the candidates of one open fact. False: no memory. */
bool cm_candidates_find(struct cm_search *search, size_t fact);

#endif
