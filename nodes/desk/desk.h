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
#include "nodes/desk/owner.h"
#include "nodes/desk/review.h"
#include "protocol/post/ops.h"
#include "protocol/post/rows.h"

struct cm_residency;
struct cm_vault;

/* A router as this node sees it. */
struct cm_desk_router {
	const char *name; /* borrowed from the settings */
	bool is_up;       /* connected */
	int64_t since_ms; /* since when, by wall time */
	int64_t heard_ms; /* its last sign of life */
	int64_t rebuilds_ms; /* when it said that its ledger is new */
	uint64_t ledger;  /* the new one; 0: it did not say so */
};

struct cm_desk {
	const struct cm_settings *settings; /* borrowed */
	struct cm_post *post;               /* borrowed; NULL until it is open */
	struct cm_reviews reviews;
	const char *router;                 /* the first one: has what nobody else is known to have; NULL: none */
	struct cm_desk_router routers[CM_MAX_ROUTERS];
	size_t routers_count;
	size_t lost_count;                  /* cases that must be handed over */
	size_t stuck_count;                 /* cases of a silent router that nobody else can take */
	bool may_wait;                      /* an own demand may wait to be asked about */
	int64_t look_at_ms;                 /* when the desk looks next who is silent */
	struct cm_recall recall;            /* a case's rows again; the post's ledger unless replaced */
	struct cm_recall recall_all;        /* the same with the gate's rows: who has acted */
	bool is_central;
	/* a region's */
	struct cm_law *law;                 /* owned */
	struct cm_check check;
	struct cm_blind_key key;
	struct cm_vault *vault;             /* owned; the keys of this node's own content */
	struct cm_residency *map;           /* owned; NULL while there is no map yet */
};

/* Load law, key and map as the settings say. Sentences for everything that is missing. */
enum cm_status cm_desk_init(struct cm_desk *desk, const struct cm_settings *settings,
    struct cm_err *err) CM_MUST_USE;
void cm_desk_fini(struct cm_desk *desk);

/* The callbacks for the post, with `desk` as self. */
struct cm_machine cm_desk_machine(struct cm_desk *desk);

#endif
