/*
 * What is stored, what is deleted, what a machine acts on: each once.
 */
#include "sim_check.h"

#include <stdlib.h>

void sim_check_delete(struct sim_proc *proc, const struct sim_row *row)
{
	const struct sim_proc *peer = sim_find(proc->sim, row->sender);

	if (!sim_disk_has(&peer->disk, proc->settings.name, &row->id))
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

void sim_check_stored(struct sim_proc *proc, struct sim_row *row)
{
	const struct sim_file *file = sim_file_of(proc, &row->id);

	proc->sim->counts.unchanged += row->kind == CM_ROW_UNCHANGED;
	proc->sim->counts.settlements_refused += row->kind == CM_ROW_REFUSED;
	if (!sim_is_message(row->kind) || sim_message(proc->sim, row) == NULL)
		return;
	for (size_t i = 0; i + 1 < file->count; i++) {
		const struct sim_row *before = sim_file_row(proc, file, i);

		/* A notice has no other name than its record's id: under a new one it is said again. */
		if (before->kind == row->kind && row->kind != CM_KIND_NOTICE &&
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
	if (row->kind == CM_KIND_OUTCOME && proc->is_router)
		sim_check_clock(proc, row);
}

/* ---- demands --------------------------------------------------------------------------------- */

/* An accepted demand is at its intake, and at the router or on its way there. */
void sim_check_accepted(struct sim *sim, const struct sim_demand *demand)
{
	const struct sim_proc *intake = demand->intake;
	struct cm_id record = cm_id_derive(&demand->case_id, "demand");

	if (!sim_has_row(intake, CM_KIND_DEMAND, &demand->case_id))
		sim_fail(sim, "the accepted case %s is not on the disk of %s",
		    sim_id(&demand->case_id), intake->settings.name);
	else if (!sim_has_row(&sim->procs[0], CM_KIND_DEMAND, &demand->case_id) &&
	         !sim_disk_waits(&intake->disk, &record))
		sim_fail(sim, "the accepted case %s is lost between %s and the router",
		    sim_id(&demand->case_id), intake->settings.name);
}
