/*
 * Which router has a case, as this node knows it, and, at intake, which is to have it: the intake node
 * alone decides, by handing the case over with the next epoch. Internal to the desk.
 */
#ifndef CM_DESK_DESK_OWNER_H
#define CM_DESK_DESK_OWNER_H

#include "nodes/desk/desk.h"

/* The routers of the settings. CM_TOO_LARGE: more than CM_MAX_ROUTERS. The second after a newer manifest, for the
 * desk as `self`: who is there keeps its place and what is known of it. */
enum cm_status cm_desk_find_routers(struct cm_desk *desk, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_desk_follow_routers(void *self, struct cm_err *err) CM_MUST_USE;

/* By name; NULL: not in the settings. */
struct cm_desk_router *cm_desk_find_router(struct cm_desk *desk, const char *name);

/* The ledger that this router has, as far as it has told; 0: nobody knows. */
uint64_t cm_desk_ledger_of(struct cm_desk *desk, const char *router);
bool cm_desk_is_silent(const struct cm_desk_router *r, int64_t now_ms, int64_t longer_than_ms);

/* Who has it now; NULL: there is no router. */
const char *cm_desk_owner_of(const struct cm_desk *desk, const struct cm_review *review);

/* A router speaks of a case in an epoch. CM_CHANGED: another has the case, and who. `review` may be NULL:
 * a case not heard of yet. */
enum cm_status cm_desk_check_epoch(const struct cm_review *review, const char *router, uint32_t epoch,
    struct cm_err *err) CM_MUST_USE;

/* Remember who spoke of it in which epoch, unless that is known or of the past. */
void cm_desk_see_owner(
    struct cm_desk *desk, struct cm_review *review, const char *router, uint32_t epoch);

/* Its owner has asked, so it has the case; unless it asked from a ledger that is lost. */
void cm_desk_note_asked(struct cm_desk *desk, struct cm_review *review, const char *router);

/* At intake: a person has said here that the case ends. */
bool cm_desk_has_said_end(const struct cm_review *review);

/* At intake: the router asks in an epoch in which a ledger of before has asked. What that one has said of the
 * case may be on its way to somebody: it gets the case again in the next epoch. True: call the second when
 * all else of the step has succeeded. */
bool cm_desk_is_asked_anew(const struct cm_review *review, const struct cm_ask *ask);
void cm_desk_give_anew(struct cm_desk *desk, struct cm_review *review);

/* Look at once who is to have another owner. */
void cm_desk_ring_owner(struct cm_desk *desk, const struct cm_input *input, struct cm_effects *effects);

/* Journal who has it: CM_ROW_OWNER. The caller counts the row. */
enum cm_status cm_desk_store_owner(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_id *case_id, const char *router, uint32_t epoch, const char *why,
    struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* True if the journal would not tell who has the case after such an ask: then store it too. */
bool cm_desk_must_store_owner(
    const struct cm_desk *desk, const struct cm_review *review, uint32_t epoch);

/* Who is to have a new demand: the first of its order that is not known to be silent. */
const char *cm_desk_choose_router(
    const struct cm_desk *desk, const struct cm_demand *demand, struct cm_wall now);

/* The next in the order behind the present owner that can be reached, or NULL. An owner that is not in
 * the order any more has everybody behind it, and then even one that cannot be reached will do. */
const char *cm_desk_next_router(
    const struct cm_desk *desk, const struct cm_review *review, const struct cm_demand *demand);

/* Journal rows come back. */
enum cm_status cm_desk_replay_owner(struct cm_desk *desk, struct cm_review *review, int64_t at_ms,
    struct cm_bytes body, struct cm_arena *arena) CM_MUST_USE;
enum cm_status cm_desk_replay_rebuild(
    struct cm_desk *desk, struct cm_bytes body, struct cm_arena *arena) CM_MUST_USE;

/* A router's ledger is new: hand over what it had. CM_NO_MEANING: it had nothing of ours. */
enum cm_status cm_desk_take_rebuild(struct cm_desk *desk, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;

/* Any message from a router is a sign of life. */
void cm_desk_hear(struct cm_desk *desk, const char *sender, struct cm_wall now);

/* The post's callbacks, with the desk as self. */
void cm_desk_on_peer(void *self, struct cm_wall now, const char *name, bool is_up);
void cm_desk_on_timer(void *self, const struct cm_input *input, const struct cm_id *case_id,
    struct cm_effects *effects);
void cm_desk_on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects);

/* After a start: every router counts as silent from now on, until it is heard of. */
enum cm_status cm_desk_resume_owners(struct cm_desk *desk, const struct cm_input *input,
    cm_post_effects_cb each, void *data, struct cm_err *err) CM_MUST_USE;

#endif
