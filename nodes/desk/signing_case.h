/*
 * A case's signatures as the ledger has them: each row in turn is an input to the parts of the newest outcome.
 * Internal to the desk.
 */
#ifndef CM_DESK_SIGNING_CASE_H
#define CM_DESK_SIGNING_CASE_H

#include "nodes/desk/desk.h"
#include "nodes/desk/review_sign.h"

struct cm_signing_part {
	const struct cm_part_outcome *part; /* of the newest outcome */
	struct cm_bytes bytes;              /* what is signed: the outcome with this part alone */
	struct cm_signing *signing;
};

struct cm_signing_case {
	struct cm_sign_text text; /* epoch and revision of the newest outcome */
	struct cm_signing_part *parts;
	size_t parts_count;
};

/* Read it, all of it in `arena`. CM_TRY_AGAIN: some of it is still being stored. CM_NOT_ALLOWED: there is no
 * outcome yet. */
enum cm_status cm_signing_case_load(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct cm_signing_case *out, struct cm_err *err) CM_MUST_USE;

/* The set of roles of their words with commas between, as the gate writes them; unknown words are none. */
unsigned cm_signing_duties(const char *words);

#endif
