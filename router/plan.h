/*
 * The plan: findings, agreements and the provider's policy in, one outcome out.
 *
 * Pure. It reads what the nodes found of each part from the hosting and from the issuing side, derives
 * from it the few facts the provider's policy speaks of (is there a duty, a bar, a channel, a motion?),
 * decides the policy three-valued, and writes down the disposition with its grounds, its clock, the
 * steps beside it and, for a hold, the questions that would settle it. It knows no state machine, no
 * socket and no clock, and no law but the policy: what a statute says comes from the nodes that carry it.
 *
 * Some things are not for the policy to change, nor for central's settlement: a part whose hosting law
 * forbids or may forbid its disclosure is never complied with, nor one whose issuing side is being asked
 * again; and a part about which a node could not decide, by whose finding a node no longer stands, or on
 * which two nodes speak from different texts of the same law, is held.
 */
#ifndef CM_ROUTER_PLAN_H
#define CM_ROUTER_PLAN_H

#include "jurisdictions/engine/engine.h"
#include "router/roster.h"

struct cm_plan_input {
	const struct cm_demand *demand;
	/* The newest edition of each node and round; a node's later rounds after its earlier ones. */
	const struct cm_answer *const *answers;
	size_t answers_count;
	const struct cm_ask *const *asks; /* the second asks and those after, in order */
	size_t asks_count;
	bool is_asking; /* the last of them is not answered yet */
	const struct cm_notice *const *settlements; /* by central, in order; a later one replaces */
	size_t settlements_count;
	const struct cm_related *related; /* other cases about the same targets */
	size_t related_count;
	const struct cm_roster *roster;
	const struct cm_law *policy; /* vocabulary, calendars, provider.law */
	const char *router;          /* own name */
	int64_t decided_ms;
	uint32_t revision;
};

/* Plan every part. The outcome and all it points to live in `arena` or in the input. CM_NO_MEMORY;
 * CM_TOO_LARGE for more parts than CM_MAX_PARTS. A fact that does not fit the vocabulary holds its
 * part and no other. */
enum cm_status cm_plan(const struct cm_plan_input *input, struct cm_arena *arena,
    struct cm_outcome *out, struct cm_err *err) CM_MUST_USE;

/* The parts the issuing state's node should be asked about again, because the hosting nodes found
 * facts that its first finding left open, or because the facts it was asked with have changed: with those
 * facts, and with `conflict_bar` and `conflict_state`. Count 0 if there is nothing to ask. */
enum cm_status cm_plan_ask_again(const struct cm_plan_input *input, struct cm_arena *arena,
    const struct cm_part **parts, size_t *count) CM_MUST_USE;

/* What settles a part may not do: the sentence why `settlement` is not followed, in the arena; NULL if it
 * is. CM_NOT_FOUND: there is no such part. The input has the settlement as its last. */
enum cm_status cm_plan_check_settlement(const struct cm_plan_input *input, struct cm_arena *arena,
    const char **why_not, struct cm_err *err) CM_MUST_USE;

/* A short digest of what makes a part beside its target, to compare parts of two cases. Never 0. */
uint32_t cm_plan_part_digest(const char *category, const char *region);

/* The words of a disposition, in the order of the ladder; NULL-terminated. */
extern const char *const cm_dispositions[];
bool cm_is_disposition(const char *act);
const char *cm_disposition_word(const char *act); /* as the table has it, which outlives every message; or NULL */

#endif
