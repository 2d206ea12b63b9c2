/*
 * What is broken when. Each seed has its own set of faults and its own haste; after a while all is
 * mended, for good, and the fleet must come to rest.
 */
#include "sim_check.h"

static struct sim_proc *any(struct sim *sim)
{
	return &sim->procs[sim_range(&sim->dice, 0, (int64_t)sim->procs_count - 1)];
}

static int64_t a_while(struct sim *sim)
{
	return sim_chance(&sim->dice, 700) ? sim_range(&sim->dice, 10, 3000)
	                                   : sim_range(&sim->dice, 1000, 15000);
}

/* ---- each kind ------------------------------------------------------------------------------- */

static void kill_one(struct sim *sim, struct sim_proc *proc)
{
	(void)sim;
	if (!proc->is_up)
		return;
	sim_check_memory(proc);
	sim_kill(proc);
}

static void on_heal(struct sim *sim, const struct sim_event *event)
{
	sim_say(sim, "%s to %s is healed", sim->procs[event->a].settings.name,
	    sim->procs[event->b].settings.name);
	sim->pipes[event->a][event->b].is_cut = false;
}

static void cut(struct sim *sim, const struct sim_proc *from, const struct sim_proc *to, int64_t ms)
{
	if (from == to)
		return;
	sim_say(sim, "%s to %s is cut", from->settings.name, to->settings.name);
	sim->pipes[from->index][to->index].is_cut = true;
	sim_later(sim, ms, on_heal, NULL, from->index, to->index);
}

static struct sim_proc *any_router(struct sim *sim)
{
	return &sim->procs[sim_range(&sim->dice, 0, (int64_t)sim->routers_count - 1)];
}

/* Long enough that its cases are given to another. */
static void kill_router(struct sim *sim, struct sim_proc *proc)
{
	proc = any_router(sim);
	if (!proc->is_up)
		return;
	proc->stays_down_ms = sim_range(&sim->dice, 3000, 25000);
	kill_one(sim, proc);
}

static void lose_disk(struct sim *sim, struct sim_proc *proc)
{
	proc = any_router(sim);
	if (!proc->is_up)
		return;
	if (sim_chance(&sim->dice, 500))
		proc->stays_down_ms = sim_range(&sim->dice, 10, 15000);
	sim_kill(proc);
	sim_say(sim, "%s has lost its disk", proc->settings.name);
	sim->disks_lost++;
	sim_disk_lose(proc);
}

/* A router that some can reach and others cannot. */
static void cut_router(struct sim *sim, struct sim_proc *proc)
{
	int64_t ms = sim_range(&sim->dice, 2000, 20000);

	proc = any_router(sim);
	for (size_t i = 0; i < sim->procs_count; i++) {
		if (sim_chance(&sim->dice, 500))
			continue;
		cut(sim, proc, &sim->procs[i], ms);
		cut(sim, &sim->procs[i], proc, ms);
	}
}

static void cut_one_way(struct sim *sim, struct sim_proc *proc)
{
	cut(sim, proc, any(sim), a_while(sim));
}

static void cut_off(struct sim *sim, struct sim_proc *proc)
{
	int64_t ms = a_while(sim);

	for (size_t i = 0; i < sim->procs_count; i++) {
		cut(sim, proc, &sim->procs[i], ms);
		cut(sim, &sim->procs[i], proc, ms);
	}
	if (sim_chance(&sim->dice, 500))
		sim_net_break_all(proc);
}

static void break_one(struct sim *sim, struct sim_proc *proc)
{
	sim_net_break(proc, any(sim));
}

static void on_room(struct sim *sim, const struct sim_event *event)
{
	sim_say(sim, "%s has room again", sim->procs[event->a].settings.name);
	sim->procs[event->a].disk.is_full = false;
}

static void fill_disk(struct sim *sim, struct sim_proc *proc)
{
	sim_say(sim, "the disk of %s is full", proc->settings.name);
	proc->disk.is_full = true;
	sim_later(sim, a_while(sim), on_room, NULL, proc->index, 0);
}

static void on_fast(struct sim *sim, const struct sim_event *event)
{
	sim->procs[event->a].disk.slow_ms = 0;
}

static void slow_disk(struct sim *sim, struct sim_proc *proc)
{
	proc->disk.slow_ms = (unsigned)sim_range(&sim->dice, 5, 3000);
	sim_say(sim, "the disk of %s is slow, %u ms", proc->settings.name, proc->disk.slow_ms);
	sim_later(sim, a_while(sim), on_fast, NULL, proc->index, 0);
}

static void fail_write(struct sim *sim, struct sim_proc *proc)
{
	static const enum cm_status how[] = {CM_NO_MEMORY, CM_TRY_AGAIN, CM_DISK_FULL};

	proc->disk.fail_once = how[sim_range(&sim->dice, 0, 2)];
	sim_say(sim, "the next write of %s fails", proc->settings.name);
}

static void fill_queue(struct sim *sim, struct sim_proc *proc)
{
	sim_say(sim, "the next job of %s finds the queue full", proc->settings.name);
	proc->disk.is_full_once = true;
}

static void break_disk(struct sim *sim, struct sim_proc *proc)
{
	(void)sim;
	proc->disk.breaks_once = true;
}

static void step_clock(struct sim *sim, struct sim_proc *proc)
{
	/* The office looks at a clock that stepped within CM_POST_LONGEST_SLEEP_MS. */
	proc->serving_since_ms = sim->now_ms + 60000;
	proc->skew_ms += sim_range(&sim->dice, -300000, 300000);
	sim_say(sim, "the clock of %s is %lld ms off", proc->settings.name,
	    (long long)proc->skew_ms);
}

static void shorten_memory(struct sim *sim, struct sim_proc *proc)
{
	proc->memory_fails_at = (size_t)sim_range(&sim->dice, 1, 40);
	proc->memory_stays_short = sim_chance(&sim->dice, 400);
}

/* What happens, and how often among all. */
static const struct {
	void (*happen)(struct sim *sim, struct sim_proc *proc);
	unsigned weight;
} kinds[] = {
    {kill_one, 5},
    {cut_one_way, 3},
    {cut_off, 2},
    {break_one, 3},
    {fill_disk, 2},
    {slow_disk, 2},
    {fail_write, 3},
    {break_disk, 1},
    {fill_queue, 1},
    {step_clock, 2},
    {shorten_memory, 4},
    {kill_router, 2},
    {cut_router, 2},
    {lose_disk, 1},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* ---- when ------------------------------------------------------------------------------------ */

static void on_fault(struct sim *sim, const struct sim_event *event)
{
	unsigned sum = 0;
	unsigned pick;
	size_t kind = 0;

	(void)event;
	if (sim->is_calm)
		return;
	for (size_t i = 0; i < KINDS; i++)
		sum += kinds[i].weight;
	pick = (unsigned)sim_range(&sim->dice, 0, sum - 1);
	while (pick >= kinds[kind].weight)
		pick -= kinds[kind++].weight;
	if ((sim->mood.faults >> kind & 1) != 0)
		kinds[kind].happen(sim, any(sim));
	sim_later(sim, sim_range(&sim->dice, 1, 2 * sim->mood.fault_every_ms), on_fault, NULL, 0, 0);
}

static void on_calm(struct sim *sim, const struct sim_event *event)
{
	(void)event;
	sim_say(sim, "all is mended");
	sim->is_calm = true;
	sim->calm_ms = sim->now_ms;
	sim->mood.loss = 0;
	sim->mood.twice = 0;
	sim->mood.late = 0;
	sim->mood.again = 0;
	for (size_t i = 0; i < sim->procs_count; i++) {
		struct sim_disk *disk = &sim->procs[i].disk;

		sim->procs[i].memory_fails_at = 0;
		disk->is_full = false;
		disk->slow_ms = 0;
		disk->fail_once = CM_OK;
		disk->breaks_once = false;
		disk->is_full_once = false;
		for (size_t j = 0; j < sim->procs_count; j++)
			sim->pipes[i][j].is_cut = false;
	}
}

void sim_faults_start(struct sim *sim)
{
	sim_later(sim, sim_range(&sim->dice, 1, sim->mood.fault_every_ms), on_fault, NULL, 0, 0);
	sim_later(sim, sim->mood.faults_until_ms, on_calm, NULL, 0, 0);
}
