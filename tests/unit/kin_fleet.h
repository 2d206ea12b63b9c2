/*
 * Several routers that tell each other of their cases, for the tests of it: a docket each, the rows they
 * stored, the letters between them and the rings they wait for. What is done when is the test's choice.
 */
#ifndef TEST_KIN_FLEET_H
#define TEST_KIN_FLEET_H

#include "cores_fleet.h"

#define KIN_ROUTERS 3 /* "router1" ... */
#define KIN_ROWS_MOST 1024
#define KIN_LETTERS_MOST 512
#define KIN_RINGS_MOST 256

struct kin_row {
	struct cm_id case_id;
	uint32_t kind;
	struct cm_bytes body;
};

struct kin_letter {
	size_t from;
	size_t to;
	struct cm_id id;
	struct cm_bytes body;
};

struct kin_router {
	const char *name;
	struct cm_roster roster;
	struct cm_docket docket;
	struct kin_row rows[KIN_ROWS_MOST];
	size_t rows_count;
	size_t rows_hidden; /* at the end: not on the disk yet */
	struct cm_id rings[KIN_RINGS_MOST];
	size_t rings_count;
};

struct kin_fleet {
	struct fleet f;
	struct story story;
	struct kin_router routers[KIN_ROUTERS];
	size_t routers_count;
	struct kin_letter letters[KIN_LETTERS_MOST]; /* not delivered yet */
	size_t letters_count;
	size_t letters_sent; /* ever */
	struct cm_effects effects; /* of the last step */
};

void kin_begin(struct kin_fleet *k, size_t routers);
void kin_end(struct kin_fleet *k);

/* One record to a router; what comes of it is kept. Returns the status. */
enum cm_status kin_take(
    struct kin_fleet *k, size_t router, const char *sender, enum cm_kind kind, const void *msg);

/* The story as that case: its demand, and its answers but for ie's, which decides. */
void kin_file(struct kin_fleet *k, size_t router, const struct cm_id *id, uint32_t epoch);
uint32_t kin_epoch(const struct kin_fleet *k, size_t router, const struct cm_id *id);
enum cm_status kin_ie_says(struct kin_fleet *k, size_t router, const struct cm_id *id,
    uint32_t edition, bool forbids);
void kin_withdraw(struct kin_fleet *k, size_t router, const struct cm_id *id);
void kin_decide(struct kin_fleet *k, size_t router, const struct cm_id *id, bool forbids); /* all of it */

/* Deliver one of the letters; `keeps` leaves it there, to come once more. */
enum cm_status kin_deliver(struct kin_fleet *k, size_t letter, bool keeps);
void kin_ring(struct kin_fleet *k, size_t router, size_t ring);
void kin_restart(struct kin_fleet *k, size_t router);
void kin_lose(struct kin_fleet *k, size_t router); /* its ledger */

/* Everything that waits, the oldest first, until nothing does. */
void kin_rest(struct kin_fleet *k);
void kin_rest_but(struct kin_fleet *k, size_t steps); /* not longer than that */

/* The newest outcome of a case at a router. */
struct cm_outcome kin_outcome(struct kin_fleet *k, size_t router, const struct cm_id *id);
/* What it says of the part at ie, and by itself. */
const char *kin_says(struct kin_fleet *k, size_t router, const struct cm_id *id);
bool kin_names(const struct cm_outcome *outcome, const struct cm_id *id); /* as related */
/* Every outcome of the case planned anew from its rows is the same. */
void kin_planned_anew(struct kin_fleet *k, size_t router, const struct cm_id *id);

#endif
