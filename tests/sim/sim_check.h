/*
 * What must be true. Each check says in one sentence what was found; the first one ends the seed.
 *
 *   sim_read.c            rows of a case, and messages in them
 *   sim_check_leaving.c   what leaves a process
 *   sim_check_stored.c    what is stored, deleted, acted on
 *   sim_check_outcome.c   every outcome, when it is stored
 *   sim_check_word.c      what persons said
 *   sim_check_clock.c     that who waits is told of
 *   sim_clocks.c          the clocks of the law
 *   sim_check_memory.c    a machine beside its disk
 *   sim_check_rest.c      in the end: that all is quiet, and each case by itself
 *   sim_check_told.c      in the end: who has which outcome, and that persons were followed
 *   sim_check_alike.c     in the end: equal demands
 */
#ifndef TEST_SIM_CHECK_H
#define TEST_SIM_CHECK_H

#include "sim.h"

/* sim_read.c */
const struct sim_file *sim_file_of(const struct sim_proc *proc, const struct cm_id *case_id);
struct sim_row *sim_file_row(const struct sim_proc *proc, const struct sim_file *file, size_t index);
bool sim_has_row(const struct sim_proc *proc, uint32_t kind, const struct cm_id *case_id);
bool sim_is_message(uint32_t kind);
const void *sim_message(struct sim *sim, struct sim_row *row); /* NULL: a row of text */
const void *sim_message_of(struct sim *sim, struct sim_row *row, uint32_t kind); /* NULL: another kind */
const struct cm_outcome *sim_row_outcome(struct sim *sim, struct sim_row *row); /* an event's too */
bool sim_is_newer(const struct cm_outcome *outcome, const struct cm_outcome *than);
/* The router that has a case, by its intake's disk, and in which epoch. */
uint32_t sim_owner_of(struct sim *sim, const struct sim_demand *demand, struct sim_proc **owner);
/* That router's outcome of that epoch; or intake's, where the case has ended and a router that lost its disk
 * was not given it again. NULL: neither. */
const struct cm_outcome *sim_final_outcome(
    struct sim *sim, const struct sim_demand *demand, struct sim_proc **owner);
/* The first row of the newest epoch: where the router took the demand, where the node was asked. */
size_t sim_epoch_begin(struct sim_proc *proc, const struct sim_file *file);
/* Of the highest epoch and revision; NULL: there is none. The second: among the first `index` rows of a
 * file. */
const struct cm_outcome *sim_live_outcome(struct sim_proc *proc, const struct cm_id *case_id);
const struct cm_outcome *sim_outcome_before(
    struct sim_proc *proc, const struct sim_file *file, size_t index);
bool sim_same_bytes(struct cm_bytes a, struct cm_bytes b);
uint32_t sim_edition_of(const struct cm_answer *answer);
bool sim_is_newest_answer(struct sim_proc *proc, const struct sim_file *file, size_t index,
    const struct cm_answer *answer); /* among the first `index` rows, of its node, round and epoch */
/* The word that has made this row of a desk's, or NULL. */
const struct cm_amendment *sim_new_word(struct sim *sim, struct sim_row *row);
const struct cm_part_outcome *sim_part_of(
    const struct cm_outcome *outcome, uint32_t target, const char *category, const char *region);

/* What other files of the simulator call. */
void sim_check_leaving(struct sim_proc *proc, const char *to, struct cm_bytes bytes);
void sim_check_stored(struct sim_proc *proc, struct sim_row *row);
void sim_check_delete(struct sim_proc *proc, const struct sim_row *row);
void sim_check_acted(struct sim_proc *proc, const struct cm_id *id);
void sim_check_accepted(struct sim *sim, const struct sim_demand *demand);
void sim_check_memory(struct sim_proc *proc); /* the machine is what its journal makes of a fresh one */
bool sim_is_at_rest(struct sim *sim);
void sim_check_rest(struct sim *sim);

void sim_check_word(const struct sim_word *word); /* a desk says that it was done */

/* What they call of each other. `file` is that of the row, which is its last. */
void sim_check_outcome(struct sim_proc *proc, const struct sim_file *file, struct sim_row *row);
void sim_check_answer(struct sim_proc *proc, const struct sim_file *file, struct sim_row *row);
void sim_check_notice(struct sim_proc *proc, const struct sim_file *file, struct sim_row *row);
void sim_check_clock(struct sim_proc *router, struct sim_row *outcome);
void sim_check_first_outcome(struct sim_proc *router, const struct sim_row *outcome);
void sim_check_told_clock(struct sim_proc *router, const struct sim_row *told);
void sim_check_clocks_at_rest(struct sim *sim, const struct sim_demand *demand);
/* The prohibitions that stand in the answers of a file block their parts in an outcome. */
void sim_check_standing(struct sim_proc *proc, const struct sim_file *file,
    const struct cm_outcome *outcome);
/* And those that a desk itself has added. */
void sim_check_added(struct sim_proc *node, const struct sim_file *file,
    const struct cm_outcome *outcome);
void sim_check_told(struct sim *sim, const struct sim_demand *demand);
void sim_check_followed(struct sim *sim, const struct sim_demand *demand);
void sim_check_alike(struct sim *sim);
/* What central had settled in `before` shows in `outcome` too. */
void sim_check_settled_stays(struct sim_proc *proc, const struct cm_outcome *before,
    const struct cm_outcome *outcome);

#endif
