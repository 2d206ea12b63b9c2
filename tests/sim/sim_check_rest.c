/*
 * In the end, when all is mended and nothing moves any more.
 */
#include "sim_check.h"

#include <string.h>

/* Every revision planned anew from the case's rows gives the bytes that were stored. */
static void check_reproduced(struct sim_proc *router, const struct cm_id *case_id)
{
	const struct cm_case_env *env = &router->router.docket.env;
	struct cm_case_compared compared;
	struct cm_err err = {.text = ""};
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	if (cm_case_recompute(case_id, env, &arena, &compared, &err) != CM_OK)
		sim_fail(router->sim, "case %s cannot be planned anew: %s", sim_id(case_id), err.text);
	else if (compared.first_different != 0)
		sim_fail(router->sim,
		    "revision %u of case %s does not come out the same again: stored %s, planned %s",
		    (unsigned)compared.first_different, sim_id(case_id), compared.stored,
		    compared.planned);
	cm_arena_fini(&arena);
}

bool sim_is_at_rest(struct sim *sim)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < sim->procs_count; i++) {
		const struct sim_proc *proc = &sim->procs[i];

		seen += proc->disk.changes;
		if (!proc->is_up || proc->disk.outbox_live > 0 || proc->disk.queue_count > 0 ||
		    proc->disk.back_count > 0 || !cm_office_is_serving(proc->office))
			return false;
	}
	for (size_t i = 0; i < sim->demands_count; i++)
		if (!sim->demands[i].is_accepted && !sim->demands[i].is_dropped)
			return false;
	if (sim->words_open > 0)
		return false;
	for (size_t i = 0; i < sim->routers_count; i++)
		if (sim->procs[i].router.docket.open_count > 0)
			return false;
	/* Twice the same: nothing that was on its way has changed anything. */
	if (sim->rest_seen != seen + 1) {
		sim->rest_seen = seen + 1;
		sim->rest_ms = sim->now_ms;
	}
	/* A router with a new ledger is given time to ask by itself before it is given its cases again. */
	return sim->now_ms - sim->rest_ms >
	       (sim->disks_lost > 0 ? 3000 + sim->mood.router_patience_ms * 5 / 4 : 2000);
}

static void check_demand(struct sim *sim, const struct sim_demand *demand)
{
	if (demand->is_dropped)
		return;
	if (!demand->is_accepted) {
		sim_fail(sim, "demand %zu was never accepted", (size_t)(demand - sim->demands));
		return;
	}
	sim_check_accepted(sim, demand);
	sim_check_told(sim, demand);
	sim_check_followed(sim, demand);
	sim_check_clocks_at_rest(sim, demand);
	for (size_t i = 0; i < sim->routers_count && sim->failure[0] == 0; i++)
		if (sim_live_outcome(&sim->procs[i], &demand->case_id) != NULL)
			check_reproduced(&sim->procs[i], &demand->case_id);
}

static void tell_left(struct sim_proc *proc)
{
	for (size_t i = 0; i < proc->disk.outbox.count; i++) {
		const struct sim_row *row = &proc->disk.outbox.items[i];

		if (!row->is_gone)
			sim_fail(proc->sim, "%zu records are left in the outbox of %s, one is %s to %s",
			    proc->disk.outbox_live, proc->settings.name, sim_id(&row->id),
			    row->sender);
	}
}

void sim_check_rest(struct sim *sim)
{
	sim->is_ending = true;
	for (size_t i = 0; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];

		if (!proc->is_up || !cm_office_is_serving(proc->office))
			sim_fail(sim, "%s does not serve", proc->settings.name);
		else if (proc->disk.outbox_live > 0)
			tell_left(proc);
		sim_check_memory(proc);
	}
	for (size_t i = 0; i < sim->demands_count; i++)
		check_demand(sim, &sim->demands[i]);
	sim_check_alike(sim);
}
