/*
 * The post: what every daemon does with every message, whatever the message means.
 *
 * A request comes in; each of its records is looked up in the inbox (a repetition gets the first answer
 * again) or handed to the machine, which is the process's pure core; what the core wants stored and sent
 * becomes one ledger job; when the clerk has committed it, and not before, the reply goes back with a
 * receipt for each record, the records for other peers go to their links, and timers are set. What is in
 * the outbox is sent again until its receipt comes. After a restart the journal is replayed into the
 * machine and the outbox into the links.
 *
 *   What can go wrong
 *   the disk is full    the job and all behind it come back refused; the machine is ahead of the disk, so
 *                       the post answers "disk full, later" to everybody until all jobs are back, then
 *                       resets the machine and replays the journal into it. From then on it answers
 *                       questions, and tries the disk again after growing pauses.
 *   the disk breaks     the ledger ends the process with 70; the next start replays.
 *   the machine refuses one record: nothing of it is stored but the answer, so that a repetition gets the
 *                       same; other records of the envelope go their way.
 *   the queue is long   above a mark the hub takes no more requests, and records are answered with "try
 *                       again in n ms"; never dropped.
 *
 * Everything here belongs to the loop thread. It knows no law, no case and no role.
 */
#ifndef CM_POST_POST_H
#define CM_POST_POST_H

#include <uv.h>

#include "protocol/post/effect.h"
#include "protocol/post/settings.h"

struct cm_post;

typedef void (*cm_post_effects_cb)(struct cm_effects *effects, void *data);

/* The process's core, as the post sees it. All calls on the loop thread. `err` takes a sentence with
 * every status but CM_OK. */
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

	/* Names of the operations that store something, NULL-terminated; NULL: none does. They are refused
	 * while the disk is full; the others are answered all the same. */
	const char *const *storing_ops;

	/* An alarm rang. May be NULL. */
	void (*timer)(void *self, const struct cm_input *input, const struct cm_id *case_id,
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

/* Open the ledger, replay it, listen, dial the peers. The settings must outlive the post. */
enum cm_status cm_post_open(const struct cm_settings *settings, uv_loop_t *loop,
    const struct cm_machine *machine, struct cm_post **out, struct cm_err *err) CM_MUST_USE;

/* Stop taking requests, store what is under way, end links and threads; calls back once, last, with
 * the post already gone. Idempotent. */
typedef void (*cm_post_close_cb)(void *data);
void cm_post_close(struct cm_post *post, cm_post_close_cb on_close, void *data);

/* The ledger's reader, for operations that read. Borrowed. */
struct cm_reader *cm_post_reader(struct cm_post *post);

/* One peer as it is now, for `status`. */
struct cm_post_peer_state {
	const char *name;
	const char *role;
	bool is_up;
	size_t waiting; /* records in its outbox */
};
size_t cm_post_peers(struct cm_post *post, struct cm_post_peer_state *out, size_t most);

/* X(name, unit, sentence) */
#define CM_POST_COUNTER_TABLE(X)                                                                   \
	X(envelopes_in, "envelopes", "requests taken in")                                          \
	X(envelopes_refused, "envelopes", "requests that were no envelope")                        \
	X(envelopes_out, "envelopes", "requests sent to peers")                                    \
	X(records_in, "records", "records handed to the core")                                     \
	X(records_repeated, "records", "records that had come before")                             \
	X(records_refused, "records", "records refused for good")                                  \
	X(records_deferred, "records", "records answered with \"later\"")                          \
	X(records_out, "records", "records put into the outbox")                                   \
	X(records_delivered, "records", "records whose receipt came")                              \
	X(records_undeliverable, "records", "records a peer refused for good")                     \
	X(operations, "operations", "operations of the command line")                              \
	X(reloads, "times", "times the memory was rebuilt from the ledger")

struct cm_post_counters {
#define X(name, unit, sentence) uint64_t name;
	CM_POST_COUNTER_TABLE(X)
#undef X
};
const struct cm_post_counters *cm_post_counters(const struct cm_post *post);

#endif
