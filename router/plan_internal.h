/*
 * What plan.c, plan_facts.c and plan_part.c share: one part under consideration.
 */
#ifndef CM_ROUTER_PLAN_INTERNAL_H
#define CM_ROUTER_PLAN_INTERNAL_H

#include "protocol/post/dossier.h"
#include "router/plan.h"

enum { CM_FROM_HOSTING = 1, CM_FROM_ISSUING = 2 };

struct cm_plan_part {
	const struct cm_part *part;      /* as its region's node reported it; region "" if none does */
	const struct cm_answer *host;    /* whose part it is, or NULL */
	const struct cm_finding *hosting; /* or NULL */
	const struct cm_finding *issuing; /* or NULL */
	uint32_t issuing_round;           /* 1: asked of the demand as a whole */
	int issuing_member;              /* in the roster, or -1: no node carries that law */
	const char *issuing_state;
};

/* One fact the policy speaks of, and the rulings it is derived from. */
struct cm_plan_fact {
	const char *name;
	enum cm_modality modality;
	const char *act;
	unsigned sides;           /* CM_FROM_HOSTING | CM_FROM_ISSUING */
	const char *jurisdiction; /* prefix, or NULL: any */
};
extern const struct cm_plan_fact cm_plan_facts[];
extern const size_t cm_plan_facts_count;

/* The row of a plan fact by name, or NULL. */
const struct cm_plan_fact *cm_plan_fact_find(const char *name);

/* yes, no or open, from the rulings of one row. */
enum cm_three { CM_NO, CM_OPEN, CM_YES };
enum cm_three cm_plan_fact_derive(const struct cm_plan_fact *row, const struct cm_plan_part *part);

/* True if `ruling`, coming from `side`, is of the kind this row counts. */
bool cm_plan_fact_counts(const struct cm_plan_fact *row, unsigned side,
    const struct cm_ruling *ruling);

/* Facts of a demand, a target or a part into a dossier, but for those that only the findings can give:
 * whoever claims them, they are derived here. */
void cm_plan_facts_take(
    struct cm_dossier *dossier, const struct cm_fact_text *facts, size_t count);

/* All plan facts of a part into a dossier, as known or not asked. */
void cm_plan_facts_fill(const struct cm_plan_part *part, struct cm_dossier *dossier);

/* Find a part's findings among the answers. */
void cm_plan_part_find(const struct cm_plan_input *input, const struct cm_part *part,
    const struct cm_answer *host, struct cm_plan_part *out);

/* Calls `fn` for every ruling of the part, hosting side first. */
typedef void (*cm_plan_ruling_cb)(unsigned side, const struct cm_ruling *ruling, void *data);
void cm_plan_each_ruling(const struct cm_plan_part *part, cm_plan_ruling_cb fn, void *data);

/* ---- one part being planned (plan_part.c, plan_guard.c, plan_grounds.c, plan_steps.c) ---------------------- */

#define CM_MAX_GROUNDS 64
#define CM_MAX_QUESTIONS 16

struct cm_planning {
	const struct cm_plan_input *input;
	const struct cm_plan_part *part;
	struct cm_arena *arena;
	const struct cm_ruling *policy; /* the policy's rulings that are not silent */
	size_t policy_count;
	struct cm_part_outcome *out;
	const struct cm_ruling **grounds; /* while they are collected */
	size_t grounds_count;
	const char **questions;
	size_t questions_count;
	const char *policy_says; /* the disposition before a settlement */
	bool failed; /* memory */
};

/* A text that could not be made is a failure of the whole, not a NULL in an outcome. */
const char *cm_planned_text(struct cm_planning *p, char *text);

/* Who speaks for the issuing state: the node that carries its law, else the intake node. */
const char *cm_issuing_desk(const struct cm_planning *p);

/* True if a reader should see this ruling and not the other, which may be NULL: the treaty between the
 * two states before a convention of many that points to it, a treaty before guidance. */
bool cm_plan_leads(const struct cm_ruling *ruling, const struct cm_ruling *other);

/* Grounds, their clock (plan_grounds.c). */
void cm_plan_grounds(struct cm_planning *p);
void cm_plan_choose_term(struct cm_planning *p);
bool cm_plan_is_sooner(const struct cm_term *a, const struct cm_term *b); /* b may be NULL */

/* Steps beside it, and questions (plan_steps.c). */
void cm_plan_steps(struct cm_planning *p);
void cm_plan_add_question(struct cm_planning *p, const char *question);
void cm_plan_ask_for_fact(struct cm_planning *p, const char *name);
void cm_plan_questions(struct cm_planning *p);

/* What persons changed (plan_amend.c). An amendment counts only if it came from the node that made it;
 * of two on the same thing at one desk the later one counts, and both are named. */
typedef void (*cm_plan_amendment_cb)(const struct cm_amendment *amendment, void *data);
void cm_plan_each_amendment(const struct cm_plan_input *input, const struct cm_part *part,
    cm_plan_amendment_cb fn, void *data);
/* The facts that desks answered, but for those of the issuing side at `except` (NULL: all). */
void cm_plan_amended_facts(const struct cm_plan_input *input, const struct cm_part *part,
    const char *except, struct cm_dossier *dossier);
const struct cm_notice *cm_plan_settlement(
    const struct cm_plan_input *input, const struct cm_part *part);
bool cm_plan_is_asked_again(const struct cm_plan_input *input, const struct cm_part *part);
const struct cm_part *cm_plan_part_asked(
    const struct cm_plan_input *input, const struct cm_part *part); /* newest ask; NULL: none */
bool cm_plan_is_same_part(const struct cm_part *a, const struct cm_part *b);
void cm_plan_settle(struct cm_planning *p);
void cm_plan_amendments(struct cm_planning *p);
void cm_plan_decide_alike(struct cm_planning *p); /* equal demands (plan_alike.c) */
enum cm_status cm_plan_name_related(
    const struct cm_plan_input *input, struct cm_arena *arena, struct cm_outcome *out);
void cm_plan_guard(struct cm_planning *p);
void cm_plan_hold(struct cm_planning *p, const char *why);
const char *cm_plan_sentence(struct cm_planning *p, char *text); /* plain; takes a failed one */

/* Decide one part. */
enum cm_status cm_plan_one(const struct cm_plan_input *input, const struct cm_plan_part *part,
    struct cm_facts *facts, struct cm_decision *decision, struct cm_arena *arena,
    struct cm_part_outcome *out, struct cm_err *err) CM_MUST_USE;

#endif
