/*
 * The operations of a node: what a person at the command line asks of it. File a demand, list the
 * cases; the rest every process answers alike (protocol/post/ops.h).
 */
#ifndef CM_DESK_DESK_OPS_H
#define CM_DESK_DESK_OPS_H

#include "nodes/desk/desk.h"

/* The post's `op` callback; `self` is the desk.
 *   file   body=the demand as served          registers it; the same bytes again give the same case
 *   supersede case body                       the same, and it replaces that case
 *   withdraw  case by reasons                 intake: the authority withdrew
 *   override  case part rule says by reasons  a rule of the own finding holds, or is silent
 *   answer    case part fact by reasons       NAME=VALUE: a judgment or an open fact
 *   retract   case part by reasons [undo]     the own finding no longer stands: the part is held
 *   recheck   case by reasons                 look again: the map, the law
 *   settle    case part disposition by reasons  central: one part
 *   signing   case [part]                     whose names are under the parts; with a part the bytes to sign
 *   sign      case part revision digest signature  counsel's name under a part (review_sign.h)
 *   approve   the same                        the second person's
 * The others but the first two take [revision=N]: CM_CHANGED if the case is at another by now. The rest is in
 * protocol/post/ops.h.
 */
enum cm_status cm_desk_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

/* Their names, for the test that holds them against the table of roles; `index` from 0 to NULL. */
const char *cm_desk_op_name(size_t index);

/* What a review remembers of its demand. */
void cm_desk_note_demand(struct cm_review *review, const struct cm_demand *demand);
void cm_desk_note_successor(
    struct cm_desk *desk, const struct cm_id *successor, const struct cm_id *supersedes);

#endif
