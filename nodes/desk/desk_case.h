/*
 * One case as this node's ledger has it, read again when a person changes something: the asks, the newest
 * edition of each answer, the newest outcome, and what persons changed before.
 */
#ifndef CM_DESK_DESK_CASE_H
#define CM_DESK_DESK_CASE_H

#include "nodes/desk/desk.h"

#define CM_MAX_BY_BYTES 200       /* a role */
#define CM_MAX_REASONS_BYTES 1000 /* for one change */

struct cm_desk_case {
	uint64_t ledger; /* of the router that asked last */
	struct cm_ask *asks[CM_MAX_ROUNDS + 1];       /* by round; NULL: not asked */
	struct cm_answer *answers[CM_MAX_ROUNDS + 1]; /* the newest edition */
	struct cm_ask *former_asks[CM_MAX_ROUNDS + 1]; /* the same of former owners' epochs */
	struct cm_answer *former_answers[CM_MAX_ROUNDS + 1];
	uint32_t epoch;                               /* of the asks */
	struct cm_outcome *outcome;                   /* the newest; NULL: none */
	const struct cm_amendment *amendments;        /* at this node, oldest first */
	size_t amendments_count;
};

/* Read it, all of it in `arena`. CM_TRY_AGAIN: some of it is still being stored. */
enum cm_status cm_desk_case_load(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct cm_desk_case *out, struct cm_err *err) CM_MUST_USE;

/* An answer that does not fit into a message says so, which holds the parts: a node is never silent. */
enum cm_status cm_desk_encode_answer(struct cm_desk *desk, struct cm_answer *answer,
    struct cm_effects *effects, struct cm_bytes *out, struct cm_err *err) CM_MUST_USE;

/* What this node has said to a former owner of what is asked again by a new one: the newest edition. NULL:
 * nothing, and the law is to be asked; so it is if persons have said more since (`is_all` false). CM_TRY_AGAIN
 * as above. */
enum cm_status cm_desk_find_said(struct cm_desk *desk, const struct cm_review *review,
    const struct cm_ask *ask, struct cm_effects *effects, struct cm_answer **out, bool *is_all,
    struct cm_err *err) CM_MUST_USE;

/* A person's word about a case: who, why, on which revision, about which part. */
struct cm_desk_word {
	struct cm_review *review;
	struct cm_desk_case *known;
	const struct cm_part_outcome *part; /* NULL where the operation is about the whole case */
	const char *by;
	const char *reasons;
	uint32_t revision;
};

/* Read the arguments `case`, `by`, `reasons`, `revision` and, if `needs_part`, `part`. CM_CHANGED: the
 * revision named is not the newest. CM_NOT_FOUND: no such case or part. CM_NOT_ALLOWED: it has ended. */
enum cm_status cm_desk_word_read(struct cm_desk *desk, const struct cm_op *op, bool needs_part,
    struct cm_arena *arena, struct cm_desk_word *out, struct cm_err *err) CM_MUST_USE;

/* An argument that must be there: a sentence of at most `most` bytes that reads as it looks. */
enum cm_status cm_desk_read_text(const struct cm_op *op, const char *name, size_t most, const char **out,
    struct cm_err *err) CM_MUST_USE;

/* CM_NOT_ALLOWED if a word of `text`, the argument `name`, is one of the case's targets. In desk_guard.c. */
enum cm_status cm_desk_guard_text(struct cm_desk *desk, const struct cm_review *review, const char *name,
    const char *text, struct cm_err *err) CM_MUST_USE;

/* The operations on a finding (desk_amend.c) and on a case (desk_notice.c). */
enum cm_status cm_desk_override(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_answer_fact(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_retract(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_recheck(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_withdraw(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_settle(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

#endif
