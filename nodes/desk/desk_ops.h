/*
 * The operations of a node: what a person at the command line asks of it. File a demand, list the
 * cases; the rest every process answers alike (protocol/post/ops.h).
 */
#ifndef CM_DESK_DESK_OPS_H
#define CM_DESK_DESK_OPS_H

#include "nodes/desk/desk.h"

/* The post's `op` callback; `self` is the desk.
 *   file   body=the demand as served          registers it; the same bytes again give the same case
 *   list   [state=NAME] [limit=N]             cases, newest first
 */
enum cm_status cm_desk_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

/* What a review remembers of its demand, and of the original bytes. */
void cm_desk_note_demand(struct cm_review *review, const struct cm_demand *demand);
void cm_desk_note_original(struct cm_review *review, struct cm_bytes body);

#endif
