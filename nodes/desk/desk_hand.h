/*
 * Handing cases over, in parts: desk_hand.c (one case), desk_look.c (when, and how many), desk_rebuild.c (a
 * router whose ledger is new). Internal to these; what the desk calls is in desk_owner.h.
 */
#ifndef CM_DESK_DESK_HAND_H
#define CM_DESK_DESK_HAND_H

#include "nodes/desk/desk.h"

#define CM_DESK_LOOK_LATER_MS 1000 /* when there is more to hand over, and it does not go on */

/* Hand one case to `to`, or, where that is NULL, to the next of its order. CM_NOT_FOUND: there is none that
 * could take it. CM_TRY_AGAIN: not now. */
enum cm_status cm_desk_hand_over(struct cm_desk *desk, const struct cm_input *input,
    struct cm_review *review, const char *to, const char *why, struct cm_effects *effects) CM_MUST_USE;

/* Look at that time who is to have another owner; a look that was set before does not count any more. */
void cm_desk_arm_look(struct cm_desk *desk, int64_t at_ms, struct cm_effects *effects);

/* Its owner has not asked about it yet. */
bool cm_desk_is_unasked(const struct cm_review *review);

/* It has ended, and its owner has said so in the epoch that it was given it in. */
bool cm_desk_is_settled(const struct cm_review *review);

#endif
