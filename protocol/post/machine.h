/*
 * The machine: a process's own core, as the post sees it. Router and node each have one; the post
 * office hands it records, alarms and journal rows and never asks what they mean.
 */
#ifndef CM_POST_MACHINE_H
#define CM_POST_MACHINE_H

#include "protocol/post/effect.h"

typedef void (*cm_post_effects_cb)(struct cm_effects *effects, void *data);

/* All calls on the loop thread. `err` takes a sentence with every status but CM_OK. */
struct cm_machine {
	void *self; /* borrowed */

	/* A record of a configured peer. CM_OK: its effects are wanted. CM_NO_MEANING, CM_DUPLICATE: taken
	 * note of, nothing to do. CM_NO_MEMORY, CM_TRY_AGAIN: later. Else refused for good. In all cases
	 * but CM_OK the machine is as it was. */
	enum cm_status (*record)(void *self, const struct cm_input *input, const char *sender,
	    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err);

	/* An operation of somebody at a terminal. The reply's body lies in the effects' arena; it is sent
	 * after the commit if there are effects, else at once. */
	enum cm_status (*op)(void *self, const struct cm_input *input, const struct cm_op *op,
	    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

	/* Whether somebody may run an operation that is the post's own. NULL: all may. As `op`; a refusal that is
	 * itself recorded is CM_OK with `*may` false and the reply filled. */
	enum cm_status (*may_run)(void *self, const struct cm_input *input, const struct cm_op *op, bool *may,
	    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

	/* Names of the operations that store something, NULL-terminated; NULL: none does. They are refused
	 * while the disk is full; the others are answered all the same. */
	const char *const *storing_ops;

	/* What opens new work: names of operations, NULL-terminated, and kinds of records, ended by 0; NULL:
	 * none does. It is told "later" while too much waits for one of the peers; what is under way goes on. */
	const char *const *opening_ops;
	const uint32_t *opening_kinds;

	/* An alarm rang. May be NULL. */
	void (*timer)(void *self, const struct cm_input *input, const struct cm_id *case_id,
	    struct cm_effects *effects);

	/* A peer can be reached, or cannot any more. Until it is told otherwise, and after a reset, a machine
	 * takes no peer to be there. May be NULL. */
	void (*peer)(void *self, struct cm_wall now, const char *name, bool is_up);

	/* The settings' list of peers has changed. What is there keeps its place. May be NULL. */
	enum cm_status (*members)(void *self, struct cm_err *err);

	/* A peer refused a record of ours for good: it is not sent again. Told at least once, also over a
	 * restart. `reason` may be "". May be NULL. */
	void (*undeliverable)(void *self, const struct cm_input *input, const char *peer,
	    const struct cm_record *record, enum cm_status status, const char *reason,
	    struct cm_effects *effects);

	/* One journal row, in order; then resume, once. */
	enum cm_status (*replay)(void *self, uint32_t kind, const struct cm_id *case_id, uint64_t seq,
	    int64_t at_ms, struct cm_bytes body);
	enum cm_status (*resume)(void *self, const struct cm_input *input, cm_post_effects_cb each,
	    void *data, struct cm_err *err);

	/* After a commit: the journal rows of these effects begin at `first_seq`. May be NULL. */
	void (*stored)(void *self, const struct cm_effects *effects, uint64_t first_seq);

	/* Forget everything; a replay follows. */
	void (*reset)(void *self);
};

#endif
