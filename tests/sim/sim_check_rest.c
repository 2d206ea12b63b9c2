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
		if (!sim->demands[i].is_accepted)
			return false;
	if (sim->procs[0].router.docket.open_count > 0)
		return false;
	/* Twice the same: nothing that was on its way has changed anything. */
	if (sim->rest_seen != seen + 1) {
		sim->rest_seen = seen + 1;
		sim->rest_ms = sim->now_ms;
	}
	return sim->now_ms - sim->rest_ms > 2000;
}

static size_t count_outcomes(const struct sim_proc *proc, const struct cm_id *case_id)
{
	size_t count = 0;

	for (size_t i = 0; i < proc->disk.journal.count; i++)
		count += proc->disk.journal.items[i].kind == CM_KIND_OUTCOME &&
		         cm_id_equal(&proc->disk.journal.items[i].id, case_id);
	return count;
}

static bool has_part_at(const struct cm_outcome *outcome, const char *region)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (strcmp(outcome->parts[i].region, region) == 0)
			return true;
	return false;
}

static bool issues(const struct sim_proc *proc, const char *state)
{
	return proc->settings.issuing_count > 0 && strcmp(proc->settings.issuing[0], state) == 0;
}

/* Events of a case at central: 1, 2, 3 ... each once, and one of them with the outcome. */
static void check_events(struct sim_proc *central, const struct cm_id *case_id)
{
	struct cm_arena arena;
	uint64_t seen = 0;
	uint64_t most = 0;
	size_t outcomes = 0;

	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < central->disk.journal.count; i++) {
		const struct sim_row *row = &central->disk.journal.items[i];
		struct cm_event event;

		if (row->kind != CM_KIND_EVENT || !cm_id_equal(&row->id, case_id) ||
		    cm_record_decode(CM_KIND_EVENT, row->body, &arena, &event, NULL) != CM_OK)
			continue;
		if (event.seq > most)
			most = event.seq;
		if (event.seq < 64 && (seen >> event.seq & 1) != 0)
			sim_fail(central->sim, "central has two events %llu of case %s",
			    (unsigned long long)event.seq, sim_id(case_id));
		seen |= event.seq < 64 ? UINT64_C(1) << event.seq : 0;
		outcomes += event.outcomes_count;
	}
	for (uint64_t i = 1; i <= most && i < 64; i++)
		if ((seen >> i & 1) == 0)
			sim_fail(central->sim, "central never heard event %llu of case %s",
			    (unsigned long long)i, sim_id(case_id));
	if (outcomes != 1)
		sim_fail(central->sim, "central has %zu outcomes of case %s", outcomes,
		    sim_id(case_id));
	cm_arena_fini(&arena);
}

/* Everybody who must have the outcome has it, once. */
static void check_told(struct sim *sim, const struct sim_demand *demand,
    const struct cm_outcome *outcome)
{
	for (size_t i = 1; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];
		bool must_have = proc == demand->intake || issues(proc, demand->issuing) ||
		                 has_part_at(outcome, proc->settings.region);

		if (proc->desk.is_central)
			check_events(proc, &demand->case_id);
		else if (count_outcomes(proc, &demand->case_id) != (must_have ? 1 : 0))
			sim_fail(sim, "%s has %zu outcomes of case %s, and should have %d",
			    proc->settings.name, count_outcomes(proc, &demand->case_id),
			    sim_id(&demand->case_id), (int)must_have);
	}
}

static void check_demand(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *router = &sim->procs[0];
	struct cm_arena arena;
	size_t found = 0;

	if (!demand->is_accepted) {
		sim_fail(sim, "demand %zu was never accepted", (size_t)(demand - sim->demands));
		return;
	}
	sim_check_accepted(sim, demand);
	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < router->disk.journal.count; i++) {
		const struct sim_row *row = &router->disk.journal.items[i];
		struct cm_outcome outcome;

		if (row->kind != CM_KIND_OUTCOME || !cm_id_equal(&row->id, &demand->case_id) ||
		    cm_record_decode(CM_KIND_OUTCOME, row->body, &arena, &outcome, NULL) != CM_OK)
			continue;
		found++;
		check_told(sim, demand, &outcome);
	}
	check_reproduced(router, &demand->case_id);
	if (found != 1)
		sim_fail(sim, "case %s has %zu outcomes at the router", sim_id(&demand->case_id),
		    found);
	cm_arena_fini(&arena);
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
}
