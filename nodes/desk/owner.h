/*
 * Which router a case goes to first, and which next: rendezvous hashing.
 *
 * Pure. Every router has a weight for every account; the heaviest is the first, and so on. Who goes away
 * or comes anew moves only its own cases, and demands about one account meet on one router. It knows
 * nothing of who is silent; the desk does (desk_owner.c).
 */
#ifndef CM_DESK_OWNER_H
#define CM_DESK_OWNER_H

#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

/* What of a demand decides: the smallest of its targets' blinds, so that order in the demand does not
 * matter. */
uint64_t cm_owner_key(const struct cm_demand *demand);

/* Places of the names, the first choice first. At most CM_MAX_ROUTERS. */
void cm_owner_order(uint64_t key, const char *const *names, size_t count, size_t *order);

#endif
