/*
 * One case as a node lives it, and all of a node's cases.
 *
 * Pure: it takes journal rows and records, says what moves, and knows no socket, no file and no law.
 *
 *   intake:   (new) --registered--> REGISTERED --outcome--> DECIDED
 *                                        | ask
 *                                        v
 *   hosting:  (new) --ask--> ANSWERED <--+    ANSWERED --outcome--> DECIDED
 *   central:  (new) --event--> WATCHED --event with an outcome--> DECIDED
 *   all:      (new), REGISTERED, ANSWERED, WATCHED, DECIDED --an outcome that ends it--> WITHDRAWN, SUPERSEDED
 *
 * Where it sleeps: REGISTERED and ANSWERED wait for the router. What is true: REGISTERED: the original
 * bytes and the demand are in the ledger, the demand is in the outbox or was received. ANSWERED: so is
 * the answer. DECIDED: the newest outcome is in the ledger; a newer revision may still come, and a person
 * may amend the node's own finding. WITHDRAWN, SUPERSEDED: the outcome that ended the case is in the
 * ledger; nothing is due any more. The end may overtake the ask: then the ask has no meaning when it comes.
 */
#ifndef CM_DESK_REVIEW_H
#define CM_DESK_REVIEW_H

#include "protocol/base/idmap.h"
#include "protocol/post/effect.h"

enum cm_review_state {
	CM_REVIEW_NEW,
	CM_REVIEW_REGISTERED,
	CM_REVIEW_ANSWERED,
	CM_REVIEW_WATCHED,
	CM_REVIEW_DECIDED,
	CM_REVIEW_WITHDRAWN,
	CM_REVIEW_SUPERSEDED,
};

enum cm_review_event {
	CM_REVIEW_REGISTER, /* a demand was filed here */
	CM_REVIEW_ASK,      /* the router asked and this node answered */
	CM_REVIEW_EVENT,    /* the router told of a step (central) */
	CM_REVIEW_OUTCOME,  /* an outcome, newer than what is known */
	CM_REVIEW_WITHDRAW, /* an outcome that ends the case: the authority withdrew */
	CM_REVIEW_SUPERSEDE, /* the same: a corrected demand replaces it */
};

#define CM_REFERENCE_BYTES 200

/* The demand as served, at intake. */
enum cm_review_content {
	CM_CONTENT_NONE,      /* filed elsewhere */
	CM_CONTENT_SEALED,    /* with the key at content_place */
	CM_CONTENT_DESTROYED, /* on record; the key is overwritten, or is at the next start */
	CM_CONTENT_CLEAR,     /* stored unsealed, by an older program */
	CM_CONTENT_LOST,      /* its key is gone, and nobody has destroyed it */
};

struct cm_review {
	struct cm_id id;
	enum cm_review_state state;
	bool is_intake;
	char issuing_state[8];
	uint32_t rounds_answered; /* bit n: round n, to CM_MAX_ROUNDS */
	uint32_t rows;            /* in the journal, or on their way there */
	bool is_amended;          /* a person changed something in this node's finding */
	uint32_t revision;
	int64_t opened_ms;
	int64_t decided_ms;
	const char *owner;        /* the router that has it, as last seen; borrowed from the settings; NULL:
	                             nobody said, or it is not in the settings */
	uint32_t epoch;           /* highest seen; 0: none yet, which counts as the first */
	uint32_t asked_epoch;     /* that rounds_answered speaks of; 0: not asked yet */
	uint64_t asked_ledger;    /* of the router that asked last */
	uint32_t outcome_epoch;   /* of the newest outcome */
	int64_t owner_since_ms;   /* intake: when the owner was given it */
	struct cm_id successor;   /* intake: the corrected demand that replaces it; zero: none */
	bool is_withdrawing;      /* intake: its router was told that the demand is withdrawn */
	bool is_lost;             /* intake: its owner's ledger is new, or it is gone: hand it over */
	bool is_emergency;        /* intake: the demand says so */
	size_t targets_count;
	size_t parts_count;
	uint8_t fingerprint[32]; /* of the original, at intake */
	struct cm_id supersedes; /* at intake: the case that it was filed to replace; zero: none */
	enum cm_review_content content;
	uint64_t content_place; /* of its key in the vault */
	char reference[CM_REFERENCE_BYTES + 1]; /* the authority's own, at intake */
};

const char *cm_review_state_name(enum cm_review_state state);
const char *cm_review_content_name(enum cm_review_content content);

/* The transition table: the next state, or -1: no meaning in this state. */
int cm_review_next(enum cm_review_state from, enum cm_review_event event);

/* True if an outcome of that epoch and revision is newer than what is known: the epoch counts first. */
bool cm_review_is_newer(const struct cm_review *review, uint32_t epoch, uint32_t revision);

/* True if the case was withdrawn or superseded. */
bool cm_review_has_ended(const struct cm_review *review);

/* Take one event. CM_NO_MEANING leaves all as it was. */
enum cm_status cm_review_step(struct cm_review *review, enum cm_review_event event);

/* All reviews of a node, by id and, at intake, by fingerprint. */
struct cm_reviews {
	struct cm_idmap by_id;          /* owned */
	struct cm_idmap by_fingerprint; /* the first 16 bytes as an id; borrowed */
	struct cm_review **order;       /* owned array; by arrival */
	size_t order_cap;
};

void cm_reviews_init(struct cm_reviews *reviews);
void cm_reviews_fini(struct cm_reviews *reviews);

size_t cm_reviews_count(const struct cm_reviews *reviews);
struct cm_review *cm_reviews_at(const struct cm_reviews *reviews, size_t index);
struct cm_review *cm_reviews_find(const struct cm_reviews *reviews, const struct cm_id *id);
struct cm_review *cm_reviews_find_original(
    const struct cm_reviews *reviews, const uint8_t fingerprint[32]);

/* The review of that id, made if it is not there; NULL when memory runs out. */
struct cm_review *cm_reviews_need(struct cm_reviews *reviews, const struct cm_id *id);

/* Take the newest review back: the input that made it has not happened. */
void cm_reviews_take_back(struct cm_reviews *reviews);

/* Remember which original this review came from. */
enum cm_status cm_reviews_mark_original(
    struct cm_reviews *reviews, struct cm_review *review) CM_MUST_USE;

#endif
