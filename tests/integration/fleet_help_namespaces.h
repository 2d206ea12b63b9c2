/*
 * A fleet whose regions have networks of their own: one network namespace for each region, one for
 * router and central, a pair of virtual cables between that one and each region. Every process runs
 * in its region's namespace, beside a relay that carries its links over TCP through the cable, so
 * that what is done to the cable is done to the links.
 *
 * The namespaces' names, and the cables, are seen by the test and its children alone: they lie in a
 * mount table of the test's own, on which the kernel keeps them alive. When the last of these
 * processes is gone, however it ended, so are they.
 *
 * The test itself stays where it is: it speaks to the processes over their Unix sockets, which no
 * namespace cuts.
 */
#ifndef TEST_FLEET_HELP_NAMESPACES_H
#define TEST_FLEET_HELP_NAMESPACES_H

#include "tests/integration/fleet_help.h"

/* X(name, meaning): how a region is cut off from the router, and the router from it. */
#define CUTS(X)                                                                                    \
	X(DOWN, "its end of the cable is down: it knows, the router's end has no carrier")         \
	X(TO, "what is sent to it vanishes without a sign")                                        \
	X(FROM, "what it sends vanishes without a sign")                                           \
	X(BOTH, "both vanish")

enum cut {
#define X(name, meaning) CUT_##name,
	CUTS(X)
#undef X
	    CUTS_COUNT
};

const char *cut_meaning(enum cut cut);

/* Whether this machine lets us make such networks; if not, the reason is printed and counted as
 * skipped. To be called once, before anything else. */
bool namespaces_may(void);

/* Make them for a fleet that runs, lay its links through them, and start all anew inside. */
void namespaces_begin(struct cm_fleet *fleet);

/* When the fleet is down: end the relays and the namespaces, and see that nothing is left. */
void namespaces_end(void);

/* process_start, in the process's own namespace. */
void namespaces_start(struct cm_fleet *fleet, const char *name);

/* Every process that runs has the network of its own region and no other. */
void expect_namespaces_hold(const struct cm_fleet *fleet);

void region_cut(const char *region, enum cut cut);
void region_heal(const char *region, enum cut cut);

/* How many packets have vanished on the way to the region, and from it, since the start. */
int64_t region_vanished(const char *region);

/* How many messages the region's relay has carried. */
int64_t region_messages(const char *region);

#endif
