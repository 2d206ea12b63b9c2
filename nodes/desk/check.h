/*
 * The local check: what this node's law says of the parts it hosts, and, if it carries the issuing
 * state's law, of the demand itself.
 *
 * Pure but for the lookup it is given: it knows the node's rule set and not where the residency map
 * lies. The loop calls it on the loop thread, one ask at a time.
 */
#ifndef CM_DESK_CHECK_H
#define CM_DESK_CHECK_H

#include "jurisdictions/engine/engine.h"
#include "protocol/wire/message.h"

/* Where the residency map says a target is, for one category: none, one or several places. `parts` lie
 * in `arena`. CM_OK with count 0: this region does not host it. Several places are one part with the
 * facts of all: where they differ, the fact is disputed. */
typedef enum cm_status (*cm_check_lookup_cb)(void *data, const struct cm_target *target,
    const char *category, const char *as_of, struct cm_arena *arena, struct cm_part **parts,
    size_t *count, struct cm_err *err);

/* What is already known of a case when it is answered again. All borrowed. */
struct cm_check_past {
	const struct cm_amendment *amendments; /* by persons at this node, oldest first */
	size_t amendments_count;
	const struct cm_answer *before; /* the edition that is replaced; NULL: there is none */
};

struct cm_check {
	const char *node;
	const char *region;
	const char *state;
	const char *zone;
	const char *const *issuing; /* states whose law on demands this node carries */
	size_t issuing_count;
	const struct cm_law *law;      /* borrowed */
	struct cm_facts *facts;        /* owned: reused from part to part */
	struct cm_decision *decision;  /* owned: likewise */
	cm_check_lookup_cb lookup;
	void *lookup_data;
	const struct cm_check_past *past; /* of the case being answered; NULL: nothing */
};

/* `check` has its borrowed fields filled in. CM_NO_MEMORY. */
enum cm_status cm_check_init(struct cm_check *check) CM_MUST_USE;
void cm_check_fini(struct cm_check *check);

/* Answer an ask. What persons changed is applied to what the law gives (amend.h), and listed; a part that
 * `before` had and the map has no more is withdrawn. What cannot be evaluated (a fact that does not fit the vocabulary, a map that cannot
 * be read) becomes the answer's `trouble`, which holds the parts: a node never stays silent. Only
 * CM_NO_MEMORY is returned as an error. The answer lies in `arena`. */
enum cm_status cm_check_answer(struct cm_check *check, const struct cm_ask *ask,
    struct cm_wall now, struct cm_arena *arena, struct cm_answer *out) CM_MUST_USE;

#endif
