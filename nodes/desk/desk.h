/*
 * A node's machine: what a region's node or the central node does with each record and operation.
 *
 * It joins the reviews (pure), intake, the local check and the residency map, and gives the post the
 * effects. It belongs to the loop thread; the only thing it touches is the residency map, by lookups of
 * some microseconds.
 */
#ifndef CM_DESK_DESK_H
#define CM_DESK_DESK_H

#include "nodes/desk/check.h"
#include "nodes/desk/intake.h"
#include "nodes/desk/review.h"
#include "protocol/post/ops.h"
#include "protocol/post/rows.h"

struct cm_residency;

struct cm_desk {
	const struct cm_settings *settings; /* borrowed */
	struct cm_post *post;               /* borrowed; NULL until it is open */
	struct cm_reviews reviews;
	const char *router;                 /* where demands go; NULL: there is none */
	struct cm_recall recall;            /* a case's rows again; the post's ledger unless replaced */
	bool is_central;
	/* a region's */
	struct cm_law *law;                 /* owned */
	struct cm_check check;
	struct cm_blind_key key;
	struct cm_residency *map;           /* owned; NULL while there is no map yet */
};

/* Load law, key and map as the settings say. Sentences for everything that is missing. */
enum cm_status cm_desk_init(struct cm_desk *desk, const struct cm_settings *settings,
    struct cm_err *err) CM_MUST_USE;
void cm_desk_fini(struct cm_desk *desk);

/* The callbacks for the post, with `desk` as self. */
struct cm_machine cm_desk_machine(struct cm_desk *desk);

#endif
