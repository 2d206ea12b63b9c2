/*
 * A space of possible demands: one or two rule sets over the facts they share, and for each fact
 * the values that some condition of the rules in question tells apart. The hunt walks that space
 * depth first with three-valued answers, so a branch is cut as soon as the question is settled; it
 * replaces writing conditions out in disjunctive form. Used by the analysis tools; decides nothing
 * on its own. Internal to the engine.
 */
#ifndef CM_ENGINE_WORLD_H
#define CM_ENGINE_WORLD_H

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/engine/search.h"

#define CM_MAX_WORLD_FACTS (2 * CM_MAX_LAW_FACTS)
#define CM_MAX_WORLD_VALUES 512 /* of one fact */

/* Rules of one set whose conditions shape the space. */
struct cm_world_rules {
	const struct cm_law *law; /* borrowed */
	const uint32_t *rules;    /* borrowed */
	size_t count;
	struct cm_facts *facts; /* borrowed; changed by the hunt, put back by cm_world_reset */
};

/* One value of a fact, as each set holds it. */
struct cm_world_value {
	union cm_slot slot[2];
};

struct cm_world_fact {
	int fact[2]; /* its index in each set, or -1 */
	const char *name;
	struct cm_world_value *values; /* in the arena */
	size_t count;
	struct cm_world_value before; /* as it came */
	bool is_set;                  /* by the hunt */
	bool is_named;                /* some rule of the space asks of it */
};

struct cm_world {
	struct cm_world_rules sets[2]; /* the second may have no law */
	struct cm_day as_of;
	struct cm_world_fact facts[CM_MAX_WORLD_FACTS];
	size_t facts_count;
	int of_fact[2][CM_MAX_LAW_FACTS]; /* the way back */
	struct cm_arena arena;
	bool exact; /* false: a value was left out, or dates are compared in chains */
};

/* `sets` are one or two. Needs cm_world_fini whatever comes back. False: no memory. */
bool cm_world_init(struct cm_world *world, const struct cm_world_rules *sets, size_t count,
    struct cm_day as_of);
void cm_world_fini(struct cm_world *world);

/* Fill in the values of each fact; part of cm_world_init. False: no memory. */
bool cm_world_values_find(struct cm_world *world);

/* Stand on other knowledge than that the values were found for. */
void cm_world_base(struct cm_world *world, const struct cm_facts *facts);

/* Give a fact one of its values, or what it had before. */
void cm_world_put(struct cm_world *world, size_t fact, const struct cm_world_value *value);
void cm_world_reset(struct cm_world *world);

/* What the hunt has set, as texts in `arena`. False: no memory. */
bool cm_world_answers(const struct cm_world *world, struct cm_arena *arena,
    struct cm_fact_value **out, size_t *count);

/* One value as it is written on a command line: "IE", "content,traffic", "2026-11-07". */
const char *cm_slot_text(
    const struct cm_law *law, size_t fact, const union cm_slot *slot, struct cm_arena *arena);

/* Give a fact of one set a value and bring everything that depends on it up to date. */
void cm_facts_put(struct cm_facts *facts, size_t fact, const union cm_slot *slot, bool known);

/* A copy with the same knowledge, without its sources; NULL: no memory. */
struct cm_facts *cm_facts_copy(const struct cm_facts *facts) CM_MUST_USE;

/* ---- the hunt ---- */

struct cm_hunt {
	struct cm_world *world;
	/* The answer now; if it is open, `*open` is the fact of the world to try next, or -1 if no
	 * fact can settle it. */
	enum cm_truth (*ask)(void *context, struct cm_world *world, int *open);
	void *context;
	enum cm_truth goal;
	bool only_whether; /* leave the world as it was, found or not */
	size_t limit;      /* of questions; 0: CM_HUNT_LIMIT */
	size_t asked;
	bool gave_up; /* the limit was met: "none" is not proven */
};

#define CM_HUNT_LIMIT 200000

/* True: the world now stands where the answer is the goal, and needs every fact that the hunt set.
 * Facts set before are left alone. Not found: the world is as it was. */
bool cm_hunt_run(struct cm_hunt *hunt);

/* ---- questions ---- */

/* Does a rule hold after defeats? The scope must be that of the rule, in set `side`. */
enum cm_truth cm_world_holds(
    const struct cm_world *world, size_t side, struct cm_scope *scope, int *open);

/* Does a rule apply, defeats left out? */
enum cm_truth cm_world_applies(
    const struct cm_world *world, size_t side, size_t rule, int *open);

#endif
