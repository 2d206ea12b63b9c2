/*
 * The roster: the processes of the fleet as one router knows them, from its configuration.
 *
 * Pure data: who carries which state's law, who hosts which region, who watches. It does not know
 * whether a process is up; the links do.
 */
#ifndef CM_ROUTER_ROSTER_H
#define CM_ROUTER_ROSTER_H

#include "protocol/base/alloc.h"
#include "protocol/wire/limits.h"

enum cm_role { CM_ROLE_REGION, CM_ROLE_CENTRAL, CM_ROLE_ROUTER };

#define CM_MAX_MEMBER_STATES 32

struct cm_member {
	const char *name;
	enum cm_role role;
	const char *region;  /* "" for central and routers */
	const char *state;   /* where its data lie: ISO code */
	const char *issuing[CM_MAX_MEMBER_STATES]; /* states whose law on demands it carries */
	size_t issuing_count;
	const char *address;
};

struct cm_roster {
	struct cm_arena arena;
	struct cm_member members[CM_MAX_PEERS];
	size_t count;
};

void cm_roster_init(struct cm_roster *roster);
void cm_roster_fini(struct cm_roster *roster);

/* Add a copy of `member`. CM_DUPLICATE: its name or its region is taken, CM_TOO_LARGE: full. */
enum cm_status cm_roster_add(struct cm_roster *roster, const struct cm_member *member,
    struct cm_err *err) CM_MUST_USE;

/* Describe the member of that name otherwise. CM_NOT_FOUND: there is none; CM_DUPLICATE: its region is
 * another's; CM_NO_MEMORY. */
enum cm_status cm_roster_change(struct cm_roster *roster, const struct cm_member *member,
    struct cm_err *err) CM_MUST_USE;

/* Index by name, or -1. */
int cm_roster_find(const struct cm_roster *roster, const char *name);

/* Index of the first member that carries this state's law on demands, or -1: nobody does. */
int cm_roster_issuing(const struct cm_roster *roster, const char *state);

/* True if the process of this name is a central node. */
bool cm_roster_is_central(const struct cm_roster *roster, const char *name);

/* Index of the node of a region, or -1. */
int cm_roster_region(const struct cm_roster *roster, const char *region);

bool cm_role_parse(const char *text, enum cm_role *out);
const char *cm_role_name(enum cm_role role);

#endif
