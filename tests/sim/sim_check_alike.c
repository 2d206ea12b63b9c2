/*
 * In the end: what equal demands say of one part of one account is the same, and nothing is held for the
 * sake of an equal demand that says the same or is no more.
 */
#include "sim_check.h"

#include <string.h>

static struct sim_proc *owner_of(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *owner;

	(void)sim_owner_of(sim, demand, &owner);
	return owner;
}

static const struct cm_outcome *outcome_of(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *owner;

	return demand->is_accepted ? sim_final_outcome(sim, demand, &owner) : NULL;
}

static bool is_equal(const struct sim_demand *a, const struct sim_demand *b)
{
	return strcmp(a->basis, b->basis) == 0;
}

/* Routers tell each other; but with a disk one may lose a word before it is told. */
static bool is_told(struct sim *sim, const struct sim_demand *a, const struct sim_demand *b)
{
	return sim->disks_lost == 0 || owner_of(sim, a) == owner_of(sim, b);
}

static size_t account_of(const struct sim_demand *demand, uint32_t target)
{
	return (demand->accounts_from + target - 1) % SIM_IDENTIFIERS;
}

static const char *by_itself(const struct cm_part_outcome *part)
{
	return part->alone[0] != 0 ? part->alone : part->disposition;
}

/* A part of another demand about the same account, category and region, or NULL. */
static const struct cm_part_outcome *counterpart(const struct sim_demand *demand,
    const struct cm_part_outcome *part, const struct sim_demand *other,
    const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *p = &outcome->parts[i];

		if (account_of(other, p->target) == account_of(demand, part->target) &&
		    strcmp(p->category, part->category) == 0 && strcmp(p->region, part->region) == 0)
			return p;
	}
	return NULL;
}

/* True if an equal demand says something else of the part by itself. */
static bool check_part(struct sim *sim, const struct sim_demand *demand,
    const struct cm_part_outcome *part)
{
	bool is_unlike = false;

	for (size_t i = 0; i < sim->demands_count; i++) {
		const struct sim_demand *other = &sim->demands[i];
		const struct cm_outcome *outcome = outcome_of(sim, other);
		const struct cm_part_outcome *theirs;

		if (other == demand || outcome == NULL || !is_equal(demand, other))
			continue;
		theirs = counterpart(demand, part, other, outcome);
		if (theirs == NULL)
			continue;
		is_unlike = is_unlike || strcmp(by_itself(part), by_itself(theirs)) != 0;
		if (is_told(sim, demand, other) && strcmp(part->disposition, theirs->disposition) != 0)
			sim_fail(sim,
			    "part %u of case %s is %s, and the equal part %u of case %s is %s",
			    (unsigned)part->number, sim_id(&demand->case_id), part->disposition,
			    (unsigned)theirs->number, sim_id(&other->case_id), theirs->disposition);
	}
	return is_unlike;
}

void sim_check_alike(struct sim *sim)
{
	for (size_t i = 0; i < sim->demands_count; i++) {
		const struct sim_demand *demand = &sim->demands[i];
		const struct cm_outcome *outcome = outcome_of(sim, demand);

		for (size_t j = 0; outcome != NULL && j < outcome->parts_count; j++) {
			const struct cm_part_outcome *part = &outcome->parts[j];

			if (!check_part(sim, demand, part) && part->alone[0] != 0 &&
			    (sim->disks_lost == 0 || sim->routers_count == 1))
				sim_fail(sim, "part %u of case %s is held for an equal demand, and there is none",
				    (unsigned)part->number, sim_id(&demand->case_id));
		}
	}
}
