/*
 * Signatures at a region's desk: the operations `signing`, `sign` and `approve`.
 *
 * Who may is decided by review_sign.h, which is fed here with the case's rows as the ledger has them: outcomes,
 * who changed something (the gate's rows), signatures. What a person signs is bytes: the outcome with this one
 * part alone, as this node encodes it from the stored outcome, so that the same bytes come out at any time.
 */
#ifndef CM_DESK_DESK_SIGN_H
#define CM_DESK_DESK_SIGN_H

#include "nodes/desk/desk.h"

enum cm_status cm_desk_signing(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_sign(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_desk_approve(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

#endif
