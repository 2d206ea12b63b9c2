/*
 * A fleet without processes, for the real cases: intake, the regions' residency maps and local
 * checks, and the router's docket, joined by their own messages in this one thread. What the
 * daemons do between them (sockets, ledgers, receipts) is left out; every decision is theirs.
 *
 * The law of a region is loaded once a program and shared by all fleets in which it stands. A
 * failure of the harness itself ends the program with a sentence: nothing behind it could be
 * trusted.
 */
#ifndef TEST_CASE_FLEET_H
#define TEST_CASE_FLEET_H

#include "protocol/base/alloc.h"
#include "protocol/wire/message.h"

#define CASE_FLEET_NODES 16

struct case_node;

struct case_fleet {
	struct case_node *nodes[CASE_FLEET_NODES]; /* borrowed from the program's own list */
	size_t count;
};

/* What a demand came to. All of it lies in the arena given. */
struct case_told {
	const struct cm_outcome *outcome;
	const struct cm_answer **answers; /* in order of arrival */
	size_t answers_count;
};

/* Regions as `comity up` takes them, "us,ie"; the first is where demands are filed. */
void case_fleet_begin(struct case_fleet *fleet, const char *regions);

/* Rows of a region's residency map, without the header. Back comes NULL or a complaint. */
const char *case_fleet_import(
    struct case_fleet *fleet, const char *region, const char *rows, struct cm_arena *arena);

/* File a demand and follow it to its outcome. CM_OK, or intake's refusal in `err`. */
enum cm_status case_fleet_file(struct case_fleet *fleet, const char *demand, struct cm_wall now,
    struct cm_arena *arena, struct case_told *out, struct cm_err *err);

void case_fleet_end(struct case_fleet *fleet);

/* Free the laws and remove the private folder. */
void case_fleet_done(void);

#endif
