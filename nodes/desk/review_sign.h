/*
 * One part of an outcome as persons put their names to it. Pure: no ledger, no key, no clock.
 *
 *                 outcome            sign, two are needed          approve
 *   ROUTED ----------------> COUNSEL ---------------------> AGREED ---------> SIGNED
 *                               |  sign, one is enough                          ^
 *                               +-----------------------------------------------+
 *   COUNSEL, AGREED, SIGNED --a newer outcome, or somebody changed something--> COUNSEL
 *   the same, of a release --this desk's own finding forbids it--> COUNSEL, and nobody signs it there
 *   all --the case ended--> ENDED
 *
 * Where it sleeps: COUNSEL waits for counsel of the region, AGREED for a second person. What is true: COUNSEL:
 * there is an outcome, and nobody's name is under it. AGREED: counsel has signed these very bytes. SIGNED: so
 * has whoever else must, and they are two persons.
 *
 * The rules: where data would leave (a release) or content is decided on, a second person signs, who has not
 * signed first and has not made what is signed: has not filed the case, answered, overruled or settled in it. For
 * a release that is a release officer. A signature is over the exact bytes: a newer revision voids all. And no
 * router is believed that a prohibition of this region is lifted: the desk holds a release against its own finding.
 *
 * nodes/desk/desk_sign.c feeds it from the ledger, row by row; the daemon's front doors all end there.
 */
#ifndef CM_DESK_REVIEW_SIGN_H
#define CM_DESK_REVIEW_SIGN_H

#include "protocol/base/id.h"

#define CM_SIGN_STATES(X) X(ROUTED, "routed") X(COUNSEL, "counsel") X(AGREED, "agreed") X(SIGNED, "signed") X(ENDED, "ended")
#define CM_SIGN_EVENTS(X) X(OUTCOME) X(AMEND) X(SIGN) X(APPROVE) X(END) X(FORBID)

enum cm_sign_state {
#define X(name, word) CM_SIGN_STATE_##name,
	CM_SIGN_STATES(X)
#undef X
	    CM_SIGN_STATES_COUNT
};

enum cm_sign_event {
#define X(name) CM_SIGN_EVENT_##name,
	CM_SIGN_EVENTS(X)
#undef X
	    CM_SIGN_EVENTS_COUNT
};

#define CM_SIGN_DIGEST_BYTES 32
#define CM_SIGN_AUTHORS_MOST 128 /* persons who changed something in one case */

/* A person. Texts are borrowed for as long as the signing lives. */
struct cm_sign_person {
	const char *id;    /* at this process; "": of another, known by its words alone */
	const char *words; /* in which it acts */
	unsigned duties;   /* set of enum cm_duty */
};

/* What a signature is under. */
struct cm_sign_text {
	uint32_t epoch;
	uint32_t revision;
	uint8_t digest[CM_SIGN_DIGEST_BYTES]; /* of the part's bytes */
};

struct cm_sign_input {
	enum cm_sign_event event;
	struct cm_sign_person person; /* AMEND, SIGN, APPROVE */
	struct cm_sign_text text;     /* OUTCOME: the new one's; SIGN, APPROVE: what was looked at */
	const char *category;         /* OUTCOME */
	const char *disposition;      /* OUTCOME */
	const char *rule;             /* FORBID: of this desk's own finding; outlives the signing */
};

struct cm_signing {
	enum cm_sign_state state;
	struct cm_sign_text text;
	bool is_release; /* data would leave */
	bool is_content; /* what people wrote or say is decided on, or the key to it */
	bool is_held;    /* there is nothing to sign yet */
	const char *forbidden_by; /* rule of this desk's own finding that forbids the release, or may; NULL: none */
	struct cm_sign_person first;  /* id NULL: nobody */
	struct cm_sign_person second; /* the same */
	struct cm_sign_person authors[CM_SIGN_AUTHORS_MOST];
	size_t authors_count;
	bool has_more_authors; /* than there is room for: then nobody is the second person */
};

const char *cm_sign_state_word(enum cm_sign_state state);

/* Take one input. CM_NO_MEANING, CM_CHANGED, CM_NOT_ALLOWED leave all as it was, with the sentence why. */
enum cm_status cm_signing_step(
    struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err);

/* Whether a second person must sign. */
bool cm_signing_needs_two(const struct cm_signing *signing);

/* Which roles may give the signature that it waits for; 0: it waits for none. */
unsigned cm_signing_waits_for(const struct cm_signing *signing);

/* The text that a person's key signs: which signature, under what, whose. So none stands for another. */
#define CM_SIGN_STATEMENT_BYTES 400
void cm_sign_statement(bool is_second, const struct cm_id *case_id, uint32_t part,
    const struct cm_sign_text *text, const char *user, char out[CM_SIGN_STATEMENT_BYTES]);

#endif
