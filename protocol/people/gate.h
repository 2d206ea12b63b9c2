/*
 * The gate: the one way for an operation into a process.
 *
 * It stands before a process's machine (machine.h) and is a machine itself, so that whatever front door brings
 * an operation - the command line's socket, another one day - it passes here or not at all. It knows who asks
 * by the token shown, holds the operation against the table of roles, and lets it through with the name of the
 * person in it, which nobody outside can put there. What it lets through and what it refuses become rows of the
 * ledger, in the commit of the operation itself:
 *
 *   refused  an operation of the table that was not allowed, and why
 *   shown    somebody was shown what a case says; the same bytes again within a minute are one reading
 *   act      somebody changed something; the rows of the operation stand right before it
 *
 * Rows of these kinds are the gate's own: the machine behind it never sees them, not even in a replay.
 *
 * Strangers must not fill the disk: of refusals at most CM_GATE_REFUSALS_MOST a minute become rows; how many
 * were left out stands in the next one. All are in the log.
 *
 * Loop thread. It looks at the file of users (by stat) for each operation, and reads it when it has changed.
 */
#ifndef CM_PEOPLE_GATE_H
#define CM_PEOPLE_GATE_H

#include "protocol/people/people_file.h"
#include "protocol/post/machine.h"

#define CM_GATE_REFUSALS_MOST 30 /* rows a minute */

/* What the gate tells the machine of who acts, as arguments of the operation. One that came from outside with
 * a name that begins like these is dropped. */
#define CM_GATE_PREFIX "as."
#define CM_GATE_USER "as.user"   /* the user's id */
#define CM_GATE_ROLES "as.roles" /* in which it acts: words of the roles, with commas */
#define CM_GATE_TOKEN "as.token" /* the token's id */
#define CM_GATE_KEY "as.key"     /* hex: the public key of the token, for signatures */
#define CM_GATE_WORDS "as.words" /* the user's words */

#define CM_GATE_READS 128 /* readings of the last minute that are known */

struct cm_gate_read {
	uint8_t what[CM_DIGEST_BYTES]; /* token, case, operation and what was shown */
	int64_t at_ms;
};

struct cm_gate {
	struct cm_machine inner;
	const char *name;   /* of the process; borrowed */
	const char *region; /* borrowed; "" for a router and central */
	const char *path;   /* of the file of users; borrowed */
	struct cm_people people;
	struct cm_people_stamp stamp;
	bool has_looked;
	uint8_t digest[CM_DIGEST_BYTES]; /* of the file read last; zeros: none */
	char trouble[256];               /* why the file cannot be read, or "" */
	bool must_note;                  /* the next row says which users counted */
	struct cm_gate_read reads[CM_GATE_READS];
	size_t reads_next;
	int64_t refusals_since_ms;
	unsigned refusals;
	unsigned refusals_left_out;
};

/* All borrowed. It has no users until it looks. */
void cm_gate_init(struct cm_gate *gate, const struct cm_machine *inner, const char *name,
    const char *region, const char *path);
void cm_gate_fini(struct cm_gate *gate);

/* Look at the file of users, and read it if it has changed: before each operation, and at the start, so that the log
 * says at once if nobody can come in. */
void cm_gate_look(struct cm_gate *gate);

/* The machine that the post is to have, with `gate` as self. */
struct cm_machine cm_gate_machine(struct cm_gate *gate);

#endif
