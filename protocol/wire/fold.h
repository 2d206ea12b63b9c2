/*
 * Texts of rules once in a message. Two parts of one case are mostly judged by the same rules, and a rule's
 * texts (title, citation, sentence, question) are nine tenths of its ruling. A ruling that stands in the
 * message after another of the same rule names that one (`like`) and leaves out what is alike. Who reads the
 * message has it filled in again; nobody else meets a ruling with `like`. Pure, no state: any thread.
 */
#ifndef CM_WIRE_FOLD_H
#define CM_WIRE_FOLD_H

#include "protocol/base/alloc.h"
#include "protocol/wire/schema.h"

/* Most bytes of a message of that kind with its texts written out: its limit and a little more, and for an
 * event more again, so that every outcome fits into one. Folding makes a message smaller, and never room for
 * more in it: a few bytes must not become a whole memory. */
size_t cm_fold_most(uint32_t kind);

/* A message folded for encoding, in memory of its own; the caller's is left as it is. */
struct cm_folded {
	const void *msg; /* to be encoded: the caller's own if there is nothing to fold */
	void *block;     /* owned */
	size_t saved_bytes;
	struct cm_outcome outcome; /* of an event */
	union {
		struct cm_answer answer;
		struct cm_outcome outcome;
		struct cm_event event;
	} copy;
};

/* CM_OK or CM_NO_MEMORY. End with cm_folded_fini in both cases. */
enum cm_status cm_fold(uint32_t kind, const void *msg, struct cm_folded *out) CM_MUST_USE;
void cm_folded_fini(struct cm_folded *folded);

/* Fill in what a decoded message left out. `len`: of its encoding. CM_BAD_INPUT: a ruling names one that does
 * not stand before it, or is of another rule; CM_TOO_LARGE: written out it is over the limit of its kind;
 * CM_NO_MEMORY. */
enum cm_status cm_unfold(uint32_t kind, void *msg, size_t len, struct cm_arena *arena,
    struct cm_err *err) CM_MUST_USE;

#endif
