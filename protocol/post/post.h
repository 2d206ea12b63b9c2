/*
 * The post: what every daemon does with every message, whatever the message means.
 *
 * This is the shell. What is to be done with a message is decided by the post office (office.h), which
 * is pure: it takes one input at a time and gives back what to do. The post brings it the inputs (requests
 * and replies from the hub, jobs back from the ledger, timers, the end of a turn of the loop) and
 * performs the effects on uv, nng and the ledger.
 *
 * Everything here belongs to the loop thread. It knows no law, no case and no role.
 */
#ifndef CM_POST_POST_H
#define CM_POST_POST_H

#include <uv.h>

#include "protocol/post/membership.h"
#include "protocol/post/office.h"
#include "protocol/post/settings.h"

struct cm_post;

/* Open the ledger, replay it, listen, dial the peers. The settings must outlive the post, as must the
 * membership, NULL for a process that has its peers from its settings. */
enum cm_status cm_post_open(const struct cm_settings *settings, struct cm_membership *membership,
    uv_loop_t *loop, const struct cm_machine *machine, struct cm_post **out, struct cm_err *err) CM_MUST_USE;

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

/* Of the fleet manifest in use; 0: there is none. */
uint64_t cm_post_manifest_number(const struct cm_post *post);

const struct cm_post_counters *cm_post_counters(const struct cm_post *post);

#endif
