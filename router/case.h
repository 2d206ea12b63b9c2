/*
 * One case in the router: from the demand's arrival to its outcome.
 *
 * Pure: `cm_case_step` takes one input with its own time and appends effects; it alone writes the
 * state. It knows the roster, the policy and the plan, and neither sockets nor files. The docket owns
 * the cases; the loop calls the docket.
 *
 *                demand                 last answer, more to ask
 *      (new) ------------> ASKED --------------------------------> ASKED_AGAIN
 *                          |  ^ \                                   |   ^ \
 *                    answer|  |  \ overdue: tell who is waited for   |   |  \ overdue
 *                          +--+   \ last answer, nothing to ask      +---+   \ last answer
 *                                  \----------------> DECIDED <---------------/
 *
 * Where it sleeps: in ASKED and ASKED_AGAIN it waits for nodes, however long; a clock tells who is
 * missing. What is true: ASKED: the demand is stored, every region's node and the issuing state's node
 * have an ask in the outbox. ASKED_AGAIN: all have answered once, the issuing state's node has a second
 * ask with the facts the others found. DECIDED: the outcome is stored, and every node that holds a part,
 * the intake node and central have it in the outbox.
 */
#ifndef CM_ROUTER_CASE_H
#define CM_ROUTER_CASE_H

#include "protocol/post/effect.h"
#include "protocol/post/rows.h"
#include "router/plan.h"

enum cm_case_state { CM_CASE_NEW, CM_CASE_ASKED, CM_CASE_ASKED_AGAIN, CM_CASE_DECIDED };

enum cm_case_event {
	CM_CASE_DEMAND,   /* the demand arrived */
	CM_CASE_ANSWER,   /* an answer arrived, others are missing */
	CM_CASE_HEARD,    /* the last answer of round 1 arrived and the issuing side must be asked again */
	CM_CASE_COMPLETE, /* the last answer arrived and nothing is left to ask */
	CM_CASE_OVERDUE,  /* a timer: some answers are missing for too long */
};

/* What all cases of a router share. Borrowed. */
struct cm_case_env {
	const struct cm_roster *roster;
	const struct cm_law *policy;
	const char *router;
	int64_t overdue_ms; /* how long to wait before telling who is missing */
};

/* Bytes of an input that was replayed and not yet needed, oldest first. */
struct cm_case_raw {
	struct cm_case_raw *next;
	uint32_t kind;
	struct cm_bytes body;
};

/* An answer and who sent it. */
struct cm_case_answered {
	struct cm_case_answered *next;
	const char *node;
	struct cm_answer answer;
};

struct cm_case {
	struct cm_id id;
	enum cm_case_state state;
	struct cm_arena arena; /* demand, answers; empty once decided */
	struct cm_demand *demand;
	struct cm_case_answered *answers; /* in order of arrival, in the arena */
	size_t answers_count;
	struct cm_case_raw *raw; /* of a replayed case, until it is resumed; in the arena */
	uint64_t events; /* told to central so far */
	uint32_t revision;
	int64_t opened_ms;
	int64_t decided_ms;
	char issuing_state[8];
	size_t parts_count; /* once decided */
	size_t targets_count;
};

const char *cm_case_state_name(enum cm_case_state state);

struct cm_case *cm_case_new(const struct cm_id *id) CM_MUST_USE; /* NULL: no memory */
void cm_case_free(struct cm_case *c);

/* A demand arrives for a new case. `body` is its encoding, as received. CM_NO_MEMORY: nothing
 * changed. CM_NO_MEANING: the case already has one. */
enum cm_status cm_case_demand(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_bytes body, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;

/* An answer arrives: decoded for a look at it, and as received. CM_NO_MEANING: this node's answer of
 * this round is already there, or nobody asked, or the case is decided: the sender may forget it.
 * CM_NOT_ALLOWED: it speaks in another's name or for another's region. In all these cases, and without
 * memory, nothing changed. */
enum cm_status cm_case_answer(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, const struct cm_answer *answer,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* The timer rang. CM_NO_MEANING when there is nothing to wait for. */
enum cm_status cm_case_overdue(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects) CM_MUST_USE;

/* A journal row of this case comes back after a restart. Remembers; decides nothing. */
enum cm_status cm_case_replay(struct cm_case *c, uint32_t kind, int64_t at_ms,
    struct cm_bytes body) CM_MUST_USE;

/* After the whole journal was replayed: take the case up where it slept. Asks again whoever has not
 * answered (the same ids, so nobody is asked twice), and decides if all have. */
enum cm_status cm_case_resume(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* The transition table, for the test that draws it again. -1: no meaning. */
int cm_case_next(enum cm_case_state from, enum cm_case_event event);

/* Names of the members still waited for, "ie, de", into `out`. */
void cm_case_missing(const struct cm_case *c, const struct cm_case_env *env, char *out,
    size_t out_bytes);

#endif
