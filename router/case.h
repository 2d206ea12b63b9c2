/*
 * One case in the router: from the demand's arrival to its outcome.
 *
 * Pure: each step takes one input with its own time and appends effects; `cm_case_move` alone writes the
 * state, but for a step that is taken back and for what is read back. It knows the roster, the policy and the plan, and neither sockets nor files. The docket owns
 * the cases; the loop calls the docket.
 *
 *                demand                 last answer, more to ask
 *      (new) ------------> ASKED --------------------------------> ASKED_AGAIN <-----+
 *                          |  ^ \                                   |   ^ \          | revised, and the
 *                    answer|  |  \ overdue: tell who is waited for   |   |  \ overdue | issuing side must
 *                          +--+   \ last answer, nothing to ask      +---+   \        | be asked again
 *                                  \----------------> DECIDED <---------------/       |
 *                                                     |  ^  \-------------------------+
 *                                  revised or settled +--+
 *
 *      ASKED, ASKED_AGAIN -- a clock cannot wait: an interim outcome --> and it goes on waiting
 *      ASKED, ASKED_AGAIN, DECIDED -- the authority withdrew ----------> WITHDRAWN
 *                                  -- a corrected demand replaces it --> SUPERSEDED
 *      all of these, and WITHDRAWN, SUPERSEDED
 *                                  -- another router has it now -------> MOVED
 *      every state but (new)       -- it is given here, next epoch ----> ASKED
 *
 * Where it sleeps: in ASKED and ASKED_AGAIN it waits for nodes, however long; a timer tells who is
 * missing, and when a term of the law leaves no time to wait, there is an outcome with what is there
 * (case_clock.c). In DECIDED it waits for nothing, but a later edition of an answer revises it, and the
 * clocks of what is left to do are told of as they run out. What is true:
 * ASKED: the demand is stored, every region's node and the issuing state's node have an ask in the
 * outbox; if there is an outcome, it holds what a missing answer might have spoken of, and every answer
 * revises it. ASKED_AGAIN: all have answered once, the issuing state's node has another ask with the facts
 * the others found; if there was an outcome, its newest revision permits nothing that the missing answer
 * may forbid. DECIDED: the outcome is stored, and every node that holds a part, the intake node and
 * central have it in the outbox. WITHDRAWN, SUPERSEDED: so is a last revision without parts, for
 * everybody who was asked. MOVED: what this router said of it is refused by everybody who knows the new
 * owner; it waits for nothing.
 *
 * A case that comes to this router in its second epoch or a later one had another owner before. It is asked
 * about as if it were new, central too, which says what it has settled; and its revisions go on from the
 * highest that anybody has seen.
 *
 * What has an outcome and is not in ASKED keeps only what lists show; the rest is in the ledger, and is
 * recalled from there when a revision or a clock needs it.
 */
#ifndef CM_ROUTER_CASE_H
#define CM_ROUTER_CASE_H

#include "protocol/post/effect.h"
#include "protocol/post/rows.h"
#include "router/clock_plan.h"
#include "router/plan.h"

enum cm_case_state {
	CM_CASE_NEW,
	CM_CASE_ASKED,
	CM_CASE_ASKED_AGAIN,
	CM_CASE_DECIDED,
	CM_CASE_WITHDRAWN,
	CM_CASE_SUPERSEDED,
	CM_CASE_MOVED,
};

enum cm_case_event {
	CM_CASE_DEMAND,   /* the demand arrived */
	CM_CASE_ANSWER,   /* an answer arrived, others are missing */
	CM_CASE_HEARD,    /* round 1 is complete and the issuing side must be asked again */
	CM_CASE_COMPLETE, /* nothing is missing and nothing is left to ask */
	CM_CASE_OVERDUE,  /* a timer: some answers are missing for too long */
	CM_CASE_FORCED,   /* a clock cannot wait for the answers that are missing */
	CM_CASE_WITHDRAW, /* the authority withdrew the demand */
	CM_CASE_SUPERSEDE, /* a corrected demand replaces it */
	CM_CASE_MOVE,      /* another router has it */
	CM_CASE_TAKE_OVER, /* the demand came again, with a higher epoch */
};

struct cm_case;
struct cm_docket_seen;

/* What all cases of a router share. Borrowed. */
struct cm_case_env {
	const struct cm_roster *roster;
	const struct cm_law *policy;
	const char *router;
	uint64_t ledger;    /* of this router: its asks carry it */
	int64_t overdue_ms; /* how long to wait before telling who is missing */
	/* Other cases about the same targets, as the docket knows them, its own and other routers'; NULL:
	 * nobody asks. */
	enum cm_status (*relate)(void *self, struct cm_case *c, struct cm_arena *arena,
	    const struct cm_related **out, size_t *count);
	void *relate_self;
	/* Tell the other routers what is now said of this case; NULL: there are none. */
	enum cm_status (*tell_kin)(void *self, const struct cm_case *c, struct cm_effects *effects,
	    struct cm_err *err);
	const struct cm_zones *zones; /* of the clocks; NULL: none is known, and every day ends where it ends first */
	struct cm_recall recall; /* for revisions; without it a decided case is told "later" */
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

/* A second ask or one after it, as sent. */
struct cm_case_asked {
	struct cm_case_asked *next;
	struct cm_ask ask;
};

/* A settlement by central that was taken. */
struct cm_case_settled {
	struct cm_case_settled *next;
	bool is_told; /* by central's answer to a new owner */
	struct cm_notice notice;
};

/* What a case says of one part by itself, for equal demands to compare with. */
struct cm_case_said {
	uint32_t target;
	uint32_t part; /* cm_plan_part_digest */
	const char *disposition; /* one of cm_dispositions */
	bool is_held; /* in the outcome, because an equal demand says something else of it */
};

struct cm_case {
	struct cm_id id;
	enum cm_case_state state;
	struct cm_arena arena; /* the details, from demand to raw; empty while there is an outcome, but in ASKED */
	struct cm_demand *demand;
	struct cm_case_answered *answers; /* in order of arrival: every edition */
	size_t answers_count;
	struct cm_case_asked *asks;
	size_t asks_count;
	struct cm_case_settled *settlements;
	size_t settlements_count;
	struct cm_clock_told *told; /* of the clocks */
	struct cm_bytes outcome; /* the newest, when recalled */
	const struct cm_outcome *concluded; /* borrowed; the same, if the step that is under way has made it */
	struct cm_bytes related_row; /* likewise, and what is in it */
	const struct cm_related *related;
	size_t related_count;
	struct cm_case_raw *raw; /* of a replayed case, until it is resumed */
	uint64_t events; /* told to central so far: one for each journal row */
	uint32_t round;  /* of the last ask */
	uint32_t heard;  /* bit n: round n was answered, from 2 */
	uint32_t revision;
	uint32_t epoch;          /* in which this router has it; 0: no demand yet */
	uint32_t known_revision; /* highest that intake or a node held when it spoke here */
	const char *moved_to;    /* borrowed from the roster; NULL: not moved, or nobody said where */
	int64_t opened_ms;
	int64_t decided_ms;
	int64_t overdue_at_ms; /* when to tell who is missing; the timer may ring earlier for a clock */
	int64_t look_at_ms;    /* when to look at the clocks again, by a timer that is set; 0: none is */
	bool has_own_day;      /* the demand names a day for the answer */
	bool may_have_clocks;  /* replayed: something of its outcome has a term, or is held */
	bool waits_next;       /* replayed: the outcome that follows was made while answers were missing */
	char issuing_state[8];
	bool is_emergency;  /* the demand says so */
	size_t parts_count; /* once decided */
	size_t targets_count;
	struct cm_docket_seen *seen; /* borrowed: the docket's index of this case's targets */
	struct cm_case_said *said; /* owned; of the newest outcome */
	size_t said_count;
	uint32_t said_epoch; /* in which it said so; 0: it has not spoken */
	struct cm_case_said *said_next; /* owned; of the step that is under way */
	size_t said_next_count;
	bool has_said_next;
	bool has_new_words; /* since the step before; what it says by itself */
	bool is_outdated;   /* a part is held beside a word that is not the equal demand's any more */
};

const char *cm_case_state_name(enum cm_case_state state);

struct cm_case *cm_case_new(const struct cm_id *id) CM_MUST_USE; /* NULL: no memory */
void cm_case_free(struct cm_case *c);

/* A demand arrives for a new case. `body` is its encoding, as received. CM_NO_MEMORY: nothing
 * changed. CM_NO_MEANING: the case already has one. */
enum cm_status cm_case_demand(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_bytes body, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;

/* An answer as it came: decoded, in memory of its own, and its bytes. */
struct cm_case_heard {
	struct cm_arena arena; /* owned, until the case takes it over */
	struct cm_answer answer;
	struct cm_bytes body; /* borrowed */
};

/* Decode an answer. On CM_OK the caller ends it with cm_case_heard_fini; else as cm_record_decode. */
enum cm_status cm_case_hear(
    struct cm_case_heard *heard, struct cm_bytes body, struct cm_err *err) CM_MUST_USE;
void cm_case_heard_fini(struct cm_case_heard *heard);

/* An answer arrives, and is the case's own if it is kept: `heard` must not be looked at afterwards. CM_NO_MEANING: this node's answer of
 * this round is already there, or nobody asked, or the case is decided: the sender may forget it. A later
 * edition of an answer revises the case. CM_CHANGED: a later edition is already there. CM_TRY_AGAIN: what
 * it revises is still being stored. CM_NOT_ALLOWED: it speaks in another's name or for another's region.
 * In all these cases, and without memory, nothing changed. */
enum cm_status cm_case_answer(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, struct cm_case_heard *heard,
    struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* A person's word arrives: central settles a part, or intake withdraws. One that is not followed is
 * stored, and central told why. CM_NO_MEANING: the case has ended. CM_NOT_ALLOWED: not from this sender.
 * CM_TRY_AGAIN as above. */
enum cm_status cm_case_notice(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, const struct cm_notice *notice,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* Another router has the case, in the epoch that the notice names. CM_NO_MEANING: it has ended, or the notice
 * is of an epoch that is past. */
enum cm_status cm_case_move_away(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_notice *moved, struct cm_bytes body,
    struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* What a case that is taken over begins with: `old` is the same case as this router had it before. NULL: no
 * memory. When its demand was taken, `cm_case_become` makes it the case; `fresh` is then to be freed. */
struct cm_case *cm_case_new_after(const struct cm_case *old) CM_MUST_USE;
void cm_case_become(struct cm_case *c, struct cm_case *fresh);

/* A corrected demand replaces this case: end it. Statuses as above. */
enum cm_status cm_case_supersede(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_demand *successor, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;

/* An equal demand has come to something else, or no longer does: plan anew. CM_NO_MEANING: not decided.
 * CM_TRY_AGAIN as above. */
enum cm_status cm_case_reconsider(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* The timer rang. CM_NO_MEANING when there is nothing to wait for. */
enum cm_status cm_case_overdue(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects) CM_MUST_USE;

/* True if the timer rang for the clocks. */
bool cm_case_is_clock_due(const struct cm_case *c, const struct cm_input *input);

/* The timer rang for the clocks: tell each new stage, decide without the missing answers if a clock cannot
 * wait, set the timer again. CM_NO_MEANING: the case has ended. CM_TRY_AGAIN as above. */
enum cm_status cm_case_clock(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* Set the timer for a look at the clocks. */
void cm_case_arm_look(struct cm_case *c, int64_t at_ms, struct cm_effects *effects);

/* A journal row of this case comes back after a restart. Remembers; decides nothing. */
enum cm_status cm_case_replay(struct cm_case *c, uint32_t kind, int64_t at_ms,
    struct cm_bytes body) CM_MUST_USE;

/* After the whole journal was replayed: take the case up where it slept. Asks again whoever has not
 * answered (the same ids, so nobody is asked twice), and decides if all have. */
enum cm_status cm_case_resume(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* How the outcomes of a case compare with what its other rows give, planned anew. */
struct cm_case_compared {
	uint32_t revisions;       /* compared */
	uint32_t first_different; /* revision; 0: all the same, byte for byte */
	const char *stored;       /* the first line that differs, in the arena; "" where there is none */
	const char *planned;
};

/* Plan every revision of a case anew from its ledger rows, with the law and roster in force, and compare.
 * Changes nothing. CM_NOT_FOUND: it has no outcome yet. */
enum cm_status cm_case_recompute(const struct cm_id *id, const struct cm_case_env *env,
    struct cm_arena *arena, struct cm_case_compared *out, struct cm_err *err) CM_MUST_USE;

/* True if these are the same words, in the same order. */
bool cm_case_said_same(const struct cm_case_said *a, size_t a_count, const struct cm_case_said *b,
    size_t b_count);

/* Where a case went, from its row CM_ROW_MOVED: sets moved_to. */
void cm_case_note_moved(struct cm_case *c, const struct cm_case_env *env, struct cm_bytes body);

/* True while answers are waited for. */
bool cm_case_is_open(const struct cm_case *c);

/* The transition table, for the test that draws it again. -1: no meaning. */
int cm_case_next(enum cm_case_state from, enum cm_case_event event);

/* Names of the members still waited for, "ie, de", into `out`. */
void cm_case_missing(const struct cm_case *c, const struct cm_case_env *env, char *out,
    size_t out_bytes);

#endif
