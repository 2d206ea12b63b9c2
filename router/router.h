/*
 * The router's machine: the docket behind the post's callbacks, and the operations of a router.
 */
#ifndef CM_ROUTER_ROUTER_H
#define CM_ROUTER_ROUTER_H

#include "protocol/post/ops.h"
#include "router/docket.h"

struct cm_router {
	const struct cm_settings *settings; /* borrowed */
	struct cm_post *post;               /* borrowed; NULL until it is open */
	struct cm_roster roster;
	struct cm_zones zones; /* of the system's tz database, as it was at the start */
	struct cm_law *policy; /* owned */
	struct cm_docket docket;
	struct cm_recall recall; /* a case's rows again; the post's ledger unless replaced */
};

/* Load the policy, read the roster from the settings and the zones from the system. */
enum cm_status cm_router_init(struct cm_router *router, const struct cm_settings *settings,
    struct cm_err *err) CM_MUST_USE;
void cm_router_fini(struct cm_router *router);

struct cm_machine cm_router_machine(struct cm_router *router);

/* The operations of a router's own, for the test that holds them against the table of roles; `index` from 0 to
 * NULL. The others are in protocol/post/ops.h. */
const char *cm_router_op_name(size_t index);

#endif
