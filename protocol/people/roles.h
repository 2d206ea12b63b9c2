/*
 * Who may do what: one table of operations and the roles that may run them, each with its reason.
 *
 * Pure. The gate (gate.h) asks it before any operation runs, `comity roles` prints it, and a test holds it
 * against the operations that the daemons know: one that is not here can be run by nobody.
 */
#ifndef CM_PEOPLE_ROLES_H
#define CM_PEOPLE_ROLES_H

#include <stdbool.h>
#include <stddef.h>

/* X(constant, word in files and on the command line, what readers call it, what the role is for) */
#define CM_DUTIES(X)                                                                               \
	X(INTAKE, "intake", "intake", "registers demands and keeps them in order; decides nothing")  \
	X(REGIONAL_COUNSEL, "regional_counsel", "regional counsel",                                  \
	    "decides for the region that hosts the data, under its law")                             \
	X(RELEASE_OFFICER, "release_officer", "release officer",                                     \
	    "the second pair of eyes: approves what counsel has signed, and changes nothing")        \
	X(CENTRAL_COUNSEL, "central_counsel", "central counsel",                                     \
	    "watches all cases and settles between desks; lifts no region's prohibition")            \
	X(AUDITOR, "auditor", "auditor", "reads everything and changes nothing")                     \
	X(OPERATOR, "operator", "operator",                                                          \
	    "keeps the processes running, and needs no case for it")

enum cm_duty {
#define X(name, word, title, purpose) CM_DUTY_##name,
	CM_DUTIES(X)
#undef X
	    CM_DUTIES_COUNT
};

/* A set of them. */
#define CM_DUTY_BIT(duty) (1u << (duty))
#define CM_DUTIES_ALL ((1u << CM_DUTIES_COUNT) - 1)

const char *cm_duty_word(enum cm_duty duty);
const char *cm_duty_title(enum cm_duty duty);
const char *cm_duty_purpose(enum cm_duty duty);

/* The role of a word; false if there is none. */
bool cm_duty_parse(const char *word, enum cm_duty *out);

/* "intake, regional counsel or auditor" into `out`, cut where it does not fit; "nobody" for an empty set. */
void cm_duties_print(unsigned duties, const char *last, char *out, size_t bytes);

struct cm_permission {
	const char *op;
	unsigned duties;
	bool reads;        /* shows what a case says: the ledger gets a row for each time */
	const char *where; /* region, central, router: which processes know it */
	const char *why;   /* a sentence */
};

/* All of them; `index` from 0 to NULL. */
const struct cm_permission *cm_permission_at(size_t index);

/* Of one operation; NULL: nobody may. */
const struct cm_permission *cm_permission_find(const char *op);

#endif
