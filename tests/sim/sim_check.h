/*
 * What must be true. Each check says in one sentence what was found; the first one ends the seed.
 *
 *   sim_read.c            rows of a case, and messages in them
 *   sim_check_leaving.c   what leaves a process
 *   sim_check_stored.c    what is stored, deleted, acted on
 *   sim_check_outcome.c   every outcome, when it is stored
 *   sim_check_clock.c     that who waits is told of
 *   sim_check_memory.c    a machine beside its disk
 *   sim_check_rest.c      in the end
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

/* What other files of the simulator call. */
void sim_check_leaving(struct sim_proc *proc, const char *to, struct cm_bytes bytes);
void sim_check_stored(struct sim_proc *proc, struct sim_row *row);
void sim_check_delete(struct sim_proc *proc, const struct sim_row *row);
void sim_check_acted(struct sim_proc *proc, const struct cm_id *id);
void sim_check_accepted(struct sim *sim, const struct sim_demand *demand);
void sim_check_memory(struct sim_proc *proc); /* the machine is what its journal makes of a fresh one */
bool sim_is_at_rest(struct sim *sim);
void sim_check_rest(struct sim *sim);

/* What they call of each other. */
void sim_check_outcome(struct sim_proc *proc, struct sim_row *row);
void sim_check_clock(struct sim_proc *router, const struct sim_row *outcome);

#endif
