/*
 * Central, asked by the new owner of a case what it has settled. Internal to the desk.
 */
#ifndef CM_DESK_DESK_CENTRAL_H
#define CM_DESK_DESK_CENTRAL_H

#include "nodes/desk/desk.h"

/* An ask that comes to central: only the owner of a second epoch or later asks it. */
enum cm_status cm_desk_take_central_ask(struct cm_desk *desk, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;

#endif
