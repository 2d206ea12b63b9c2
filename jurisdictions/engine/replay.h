/*
 * Stored cases against the law as it is and as it would be: demands packed as the numbers of their
 * rows, decided again in tens of nanoseconds each. A set of packed demands belongs to the law it
 * was packed for and must not outlive it; the facts themselves may be freed. It knows no files and
 * no journal: the caller brings the facts. One thread at a time.
 */
#ifndef CM_ENGINE_REPLAY_H
#define CM_ENGINE_REPLAY_H

#include "jurisdictions/engine/engine.h"

struct cm_replay;

struct cm_replay *cm_replay_new(const struct cm_law *law) CM_MUST_USE; /* NULL: no memory */
void cm_replay_free(struct cm_replay *replay);

/* Pack the facts of one demand and the day of its decision; its number is the count before. `facts`
 * must be of the same law. CM_NO_MEMORY; CM_TOO_LARGE: more demands known in part, each its own
 * way, than can be told apart. After a failure the set is as before. */
enum cm_status cm_replay_add(
    struct cm_replay *replay, const struct cm_facts *facts, struct cm_day as_of) CM_MUST_USE;

size_t cm_replay_count(const struct cm_replay *replay);
size_t cm_replay_bytes(const struct cm_replay *replay); /* of memory that the demands take */

/* Decide one packed demand: what cm_decide said of its facts on its day. No allocation. */
void cm_replay_decide(const struct cm_replay *replay, size_t demand, struct cm_decision *out);

/* Called for each demand that a change of law changes. The decisions live for the call. */
typedef void (*cm_replay_cb)(
    void *arg, size_t demand, const struct cm_decision *before, const struct cm_decision *after);

/*
 * Decide all demands under both laws and count those of which any rule changes its state. Rules are
 * the same if they have the same id (and are the same of its versions); a rule that only one law
 * has is silent in the other. `on_change` may be NULL. CM_BAD_INPUT: the sets have not equally many
 * demands. CM_NO_MEMORY.
 */
enum cm_status cm_replay_compare(const struct cm_replay *before, const struct cm_replay *after,
    cm_replay_cb on_change, void *arg, size_t *changed) CM_MUST_USE;

#endif
