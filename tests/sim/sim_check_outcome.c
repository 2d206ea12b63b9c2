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
	if (a->revision != b->revision)
		return;
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

static bool forbids(const struct cm_finding *finding)
{
	for (size_t i = 0; i < finding->rulings_count; i++)
		if (finding->rulings[i].modality == CM_FORBIDS &&
		    finding->rulings[i].state != CM_RULING_DEFEATED &&
		    strcmp(finding->rulings[i].act, "disclose") == 0)
			return true;
	return false;
}

/* What a hosting node forbids is not complied with. `proc` has the answers. */
static void check_prohibition(struct sim_proc *proc, const struct cm_outcome *outcome,
    const struct cm_answer *answer)
{
	for (size_t i = 0; i < answer->findings_count; i++) {
		const struct cm_finding *f = &answer->findings[i];

		for (size_t j = 0; j < outcome->parts_count; j++) {
			const struct cm_part_outcome *p = &outcome->parts[j];

			if (f->side == CM_SIDE_HOSTING && f->target == p->target &&
			    strcmp(f->category, p->category) == 0 &&
			    strcmp(f->region, p->region) == 0 && forbids(f) &&
			    strncmp(p->disposition, "comply", 6) == 0)
				sim_fail(proc->sim, "part %u %s of case %s: %s forbids it, and it is %s",
				    (unsigned)p->target, p->category, sim_id(&outcome->case_id),
				    p->region, p->disposition);
		}
	}
}

static void check_against(struct sim_proc *proc, struct sim_row *row, struct sim_proc *other,
    struct sim_row *another)
{
	const struct cm_outcome *mine = sim_message(proc->sim, row);
	const struct cm_outcome *outcome = sim_message_of(proc->sim, another, CM_KIND_OUTCOME);
	const struct cm_answer *answer = sim_message_of(proc->sim, another, CM_KIND_ANSWER);

	if (outcome != NULL) {
		check_agreement(proc->sim, mine, outcome);
		if (other == proc && outcome->revision >= mine->revision)
			sim_fail(proc->sim, "%s stores revision %u of case %s twice",
			    proc->settings.name, (unsigned)outcome->revision,
			    sim_id(&outcome->case_id));
	}
	if (answer != NULL)
		check_prohibition(proc, mine, answer);
}

void sim_check_outcome(struct sim_proc *proc, struct sim_row *row)
{
	struct sim *sim = proc->sim;

	check_once(sim, sim_message(sim, row));
	for (size_t i = 0; i < sim->procs_count; i++) {
		struct sim_proc *other = &sim->procs[i];
		const struct sim_file *file = sim_file_of(other, &row->id);

		for (size_t j = 0; j < file->count; j++)
			if (sim_file_row(other, file, j) != row)
				check_against(proc, row, other, sim_file_row(other, file, j));
	}
}
