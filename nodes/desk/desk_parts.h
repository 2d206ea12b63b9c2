/*
 * What the desk's files share about records: desk.c (life, and who takes what), desk_ask.c, desk_outcome.c and
 * desk_replay.c. Each record changes the review in one function, which a restart calls again with the row.
 * Internal to the desk.
 */
#ifndef CM_DESK_DESK_PARTS_H
#define CM_DESK_DESK_PARTS_H

#include "nodes/desk/desk.h"

/* desk_ask.c: an ask to a region's node. CM_DUPLICATE: this round was answered before; CM_NO_MEANING: the case
 * has ended. */
enum cm_status cm_desk_take_ask(struct cm_desk *desk, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;
void cm_desk_note_ask(struct cm_review *review, const struct cm_ask *ask);

/* desk_outcome.c: an outcome to a region's node. CM_NO_MEANING: a newer one is here. */
enum cm_status cm_desk_take_outcome(struct cm_desk *desk, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;
/* What an outcome does to a review: it decides the case, or ends it. */
enum cm_review_event cm_desk_outcome_event(const struct cm_outcome *outcome);
void cm_desk_note_outcome(
    struct cm_desk *desk, struct cm_review *review, const struct cm_outcome *outcome);
/* An event to central. */
enum cm_status cm_desk_take_event(struct cm_desk *desk, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;
void cm_desk_note_event(
    struct cm_desk *desk, struct cm_review *review, const struct cm_event *event);

/* desk_replay.c: the post's callback, with the desk as self. */
enum cm_status cm_desk_on_replay(void *self, uint32_t kind, const struct cm_id *case_id, uint64_t seq,
    int64_t at_ms, struct cm_bytes body);

#endif
