/*
 * What is stored, what is deleted, what a machine acts on: each once.
 */
#include "sim_check.h"

#include <stdio.h>
#include <stdlib.h>

void sim_check_delete(struct sim_proc *proc, const struct sim_row *row)
{
	const struct sim_proc *peer = sim_find(proc->sim, row->sender);

	if (!sim_disk_had(&peer->disk, proc->settings.name, &row->id))
		sim_fail(proc->sim, "%s forgets record %s (kind %u), which %s never stored",
		    proc->settings.name, sim_id(&row->id), (unsigned)row->kind, row->sender);
}

void sim_check_acted(struct sim_proc *proc, const struct cm_id *id)
{
	static char mark;

	if (cm_idmap_get(&proc->disk.acted, id) != NULL)
		sim_fail(proc->sim, "%s acts on record %s twice", proc->settings.name, sim_id(id));
	if (cm_idmap_put(&proc->disk.acted, id, &mark) != CM_OK)
		abort();
}

/* A router that has lost its disk is answered again, in the same words. */
static bool is_for_new_ledger(const struct sim_proc *proc, const struct sim_row *row)
{
	return proc->sim->disks_lost > 0 && !proc->is_router &&
	       (row->kind == CM_KIND_ANSWER || row->kind == CM_KIND_ASK);
}

void sim_check_stored(struct sim_proc *proc, struct sim_row *row)
{
	const struct sim_file *file = sim_file_of(proc, &row->id);

	if (row->kind == CM_ROW_CLOCK)
		sim_check_told_clock(proc, row);
	proc->sim->counts.unchanged += row->kind == CM_ROW_UNCHANGED;
	proc->sim->counts.settlements_refused += row->kind == CM_ROW_REFUSED;
	if (!sim_is_message(row->kind) || sim_message(proc->sim, row) == NULL)
		return;
	for (size_t i = 0; i + 1 < file->count; i++) {
		const struct sim_row *before = sim_file_row(proc, file, i);

		/* A notice has no other name than its record's id: under a new one it is said again. */
		if (before->kind == row->kind && row->kind != CM_KIND_NOTICE && !is_for_new_ledger(proc, row) &&
		    sim_same_bytes(before->body, row->body))
			sim_fail(proc->sim, "%s stores one message of kind %u of case %s twice",
			    proc->settings.name, (unsigned)row->kind, sim_id(&row->id));
	}
	if (row->kind == CM_KIND_ANSWER)
		sim_check_answer(proc, file, row);
	if (row->kind == CM_KIND_NOTICE)
		sim_check_notice(proc, file, row);
	if (row->kind == CM_KIND_OUTCOME || row->kind == CM_KIND_EVENT)
		sim_check_outcome(proc, file, row);
	if (row->kind == CM_KIND_OUTCOME && proc->is_router) {
		sim_check_clock(proc, row);
		sim_check_first_outcome(proc, row);
	}
}

/* ---- demands --------------------------------------------------------------------------------- */

/* The demand as its intake sent it to the router that has the case, in its epoch. */
static bool is_at_owner(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *owner;
	uint32_t epoch = sim_owner_of(sim, demand, &owner);
	struct cm_id record;
	char label[32];

	(void)snprintf(label, sizeof label, "demand/%u", (unsigned)epoch);
	record = cm_id_derive(&demand->case_id, epoch > 1 ? label : "demand");
	return sim_has_row(owner, CM_KIND_DEMAND, &demand->case_id) ||
	       sim_final_outcome(sim, demand, &owner) != NULL ||
	       sim_disk_waits(&demand->intake->disk, &record);
}

/* An accepted demand is at its intake, and at the router that has it or on its way there. */
void sim_check_accepted(struct sim *sim, const struct sim_demand *demand)
{
	const struct sim_proc *intake = demand->intake;

	if (!sim_has_row(intake, CM_KIND_DEMAND, &demand->case_id))
		sim_fail(sim, "the accepted case %s is not on the disk of %s",
		    sim_id(&demand->case_id), intake->settings.name);
	/* A router that has lost its disk is given its cases again, after a while. */
	else if ((sim->disks_lost == 0 || sim->is_ending) && !is_at_owner(sim, demand))
		sim_fail(sim, "the accepted case %s is lost between %s and the router",
		    sim_id(&demand->case_id), intake->settings.name);
}
