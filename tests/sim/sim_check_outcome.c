/*
 * Every outcome that is stored, beside all that is on the disks already.
 */
#include "sim_check.h"

#include <string.h>

static bool same_part(const struct cm_part_outcome *a, const struct cm_part_outcome *b)
{
	return a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0;
}

/* Two outcomes of one revision, wherever they are, must not say different things of a part. */
static void check_agreement(struct sim *sim, const struct cm_outcome *a, const struct cm_outcome *b)
{
	if (a->revision != b->revision || cm_epoch_of(a->epoch) != cm_epoch_of(b->epoch))
		return;
	if (strcmp(a->ended, b->ended) != 0)
		sim_fail(sim, "revision %u of case %s ends it here and not there",
		    (unsigned)a->revision, sim_id(&a->case_id));
	for (size_t i = 0; i < a->parts_count; i++)
		for (size_t j = 0; j < b->parts_count; j++)
			if (same_part(&a->parts[i], &b->parts[j]) &&
			    strcmp(a->parts[i].disposition, b->parts[j].disposition) != 0)
				sim_fail(sim, "part %u %s %s of case %s is both %s and %s",
				    (unsigned)a->parts[i].target, a->parts[i].category,
				    a->parts[i].region, sim_id(&a->case_id),
				    a->parts[i].disposition, b->parts[j].disposition);
}

static void check_once(struct sim *sim, const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		for (size_t j = 0; j < i; j++)
			if (same_part(&outcome->parts[i], &outcome->parts[j]))
				sim_fail(sim, "part %u %s %s of case %s has two dispositions",
				    (unsigned)outcome->parts[i].target, outcome->parts[i].category,
				    outcome->parts[i].region, sim_id(&outcome->case_id));
}

/* A live outcome never goes back, and none comes after the end; the router leaves no number out. */
static void check_order(struct sim_proc *proc, const struct sim_row *row,
    const struct cm_outcome *outcome, const struct cm_outcome *before)
{
	uint32_t last = before != NULL ? before->revision : 0;
	bool is_same_epoch =
	    before != NULL && cm_epoch_of(before->epoch) == cm_epoch_of(outcome->epoch);

	/* A new owner that was given a case to end has asked nobody how far it had come. */
	bool is_end = before != NULL && !is_same_epoch && outcome->ended[0] != 0;

	if ((outcome->revision <= last && !is_end) || !sim_is_newer(outcome, before))
		sim_fail(proc->sim, "%s stores revision %u of case %s after revision %u",
		    proc->settings.name, (unsigned)outcome->revision, sim_id(&row->id),
		    (unsigned)last);
	/* A ledger that was lost may have gone further in the same epoch, and a node tells of it. */
	if (proc->is_router && is_same_epoch && outcome->revision != last + 1 && proc->sim->disks_lost == 0)
		sim_fail(proc->sim, "revision %u of case %s follows revision %u",
		    (unsigned)outcome->revision, sim_id(&row->id), (unsigned)last);
	/* A router to which an ended case is given again says of it what is true of it: it has ended. */
	if (before != NULL && before->ended[0] != 0 &&
	    (is_same_epoch || (!proc->is_router && outcome->ended[0] == 0)))
		sim_fail(proc->sim, "%s stores revision %u of case %s, which was %s",
		    proc->settings.name, (unsigned)outcome->revision, sim_id(&row->id),
		    before->ended);
}

static void count(struct sim *sim, const struct cm_outcome *outcome)
{
	sim->counts.revisions += outcome->revision > 1;
	sim->counts.withdrawn += strcmp(outcome->ended, "withdrawn") == 0;
	sim->counts.superseded += strcmp(outcome->ended, "superseded") == 0;
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (outcome->parts[i].alone[0] != 0) {
			sim->counts.held_alike++;
			break;
		}
}

static void say_parts(struct sim *sim, const struct cm_outcome *outcome)
{
	sim_say(sim, "revision %u of case %s: %zu parts %s", (unsigned)outcome->revision,
	    sim_id(&outcome->case_id), outcome->parts_count, outcome->ended);
	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *p = &outcome->parts[i];

		sim_say(sim, "  %u: %u %s %s %s %s", (unsigned)p->number, (unsigned)p->target, p->category,
		    p->region, p->disposition, p->alone);
	}
}

/* Beside every other process; an event of central's has an outcome in it too. */
static void check_against_all(struct sim *sim, const struct sim_row *row,
    const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < sim->procs_count; i++) {
		struct sim_proc *other = &sim->procs[i];
		const struct sim_file *file = sim_file_of(other, &row->id);

		for (size_t j = 0; j < file->count; j++) {
			struct sim_row *another = sim_file_row(other, file, j);
			const struct cm_outcome *theirs = sim_row_outcome(sim, another);

			if (another != row && theirs != NULL)
				check_agreement(sim, outcome, theirs);
		}
	}
}

void sim_check_outcome(struct sim_proc *proc, const struct sim_file *file, struct sim_row *row)
{
	const struct cm_outcome *outcome = sim_row_outcome(proc->sim, row);
	const struct cm_outcome *before;

	if (outcome == NULL)
		return;
	check_once(proc->sim, outcome);
	check_against_all(proc->sim, row, outcome);
	if (row->kind != CM_KIND_OUTCOME)
		return; /* events come as they come: central takes the highest revision */
	before = sim_outcome_before(proc, file, file->count - 1);
	check_order(proc, row, outcome, before);
	if (before != NULL)
		sim_check_settled_stays(proc, before, outcome);
	if (proc->is_router) {
		say_parts(proc->sim, outcome);
		count(proc->sim, outcome);
		sim_check_standing(proc, file, outcome);
	}
}
