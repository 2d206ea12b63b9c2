/*
 * What several routers say, put together for one reader: which of them has a case, and their lists as
 * one. Pure: it works on answers that are there, and asks nobody.
 *
 * A case has one owner at a time, but a router that was cut off may still think that it is the one, and
 * the former owner keeps its rows: so what each says is weighed by the case's epoch.
 */
#ifndef CM_CLI_ROUTERS_H
#define CM_CLI_ROUTERS_H

#include <jansson.h>

#include "protocol/base/err.h"

/* The state of a case at a router that has handed it over. */
#define CM_STATE_MOVED "moved"

/* One router's word about a case. */
struct cm_router_word {
	const char *router;
	enum cm_status status; /* CM_OK: it knows the case; CM_NOT_FOUND: it does not; else not heard */
	bool has_moved;        /* it had the case, and has not any more */
	int64_t epoch;
};

/* The router that has the case: an index, or -1 with a sentence that says of whom it is not known. */
int cm_routers_pick(const struct cm_router_word *words, size_t count, const char *case_id,
    struct cm_err *err) CM_MUST_USE;

/* Add one router's `list` to `rows`, an object by case, each row with its router's name. Of two rows
 * about one case that of the present owner stays. */
enum cm_status cm_routers_add_list(
    json_t *rows, const char *router, json_t *list, struct cm_err *err) CM_MUST_USE;

/* Those rows as an array, the newest first, as one router's list is. The caller's reference; NULL: out
 * of memory. */
json_t *cm_routers_sort(json_t *rows) CM_MUST_USE;

/* "router1, router2 and router3" */
void cm_routers_names(const char *const *names, size_t count, char *out, size_t bytes);

#endif
