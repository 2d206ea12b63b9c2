#include "sim_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- events ---------------------------------------------------------------------------------- */

static bool is_sooner(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void sim_later(struct sim *sim, int64_t after_ms,
    void (*happen)(struct sim *sim, const struct sim_event *event), void *what, uint64_t a,
    uint64_t b)
{
	struct sim_event event = {sim->now_ms + after_ms, sim->order++, happen, what, a, b};
	size_t at = sim->heap_count++;

	if (at == sim->heap_cap) {
		sim->heap_cap = sim->heap_cap == 0 ? 256 : sim->heap_cap * 2;
		sim->heap = cm_realloc(sim->heap, sim->heap_cap, sizeof *sim->heap);
		if (sim->heap == NULL)
			abort();
	}
	while (at > 0 && is_sooner(&event, &sim->heap[(at - 1) / 2])) {
		sim->heap[at] = sim->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	sim->heap[at] = event;
}

static struct sim_event take(struct sim *sim)
{
	struct sim_event first = sim->heap[0];
	struct sim_event last = sim->heap[--sim->heap_count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= sim->heap_count)
			break;
		if (child + 1 < sim->heap_count &&
		    is_sooner(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (is_sooner(&last, &sim->heap[child]))
			break;
		sim->heap[at] = sim->heap[child];
		at = child;
	}
	sim->heap[at] = last;
	return first;
}

/* ---- small things ---------------------------------------------------------------------------- */

void sim_fail(struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	if (sim->failure[0] != 0)
		return; /* the first one is the cause */
	va_start(ap, fmt);
	(void)vsnprintf(sim->failure, sizeof sim->failure, fmt, ap);
	va_end(ap);
	sim_say(sim, "FAILED: %s", sim->failure);
}

void sim_say(struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	if (!sim->is_traced)
		return;
	(void)printf("%8lld ", (long long)sim->now_ms);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

void sim_mix(struct sim *sim, uint64_t value)
{
	sim->digest = (sim->digest ^ value) * UINT64_C(0x100000001b3);
}

void *sim_alloc(struct sim *sim, size_t bytes)
{
	/* For objects of any kind: an arena aligns by the size of one. */
	void *block = cm_arena_alloc(&sim->arena, (bytes + 15) / 16, 16);

	if (block == NULL)
		abort();
	return block;
}

struct cm_bytes sim_copy(struct sim *sim, struct cm_bytes bytes)
{
	uint8_t *copy = sim_alloc(sim, bytes.len + 1);

	if (bytes.len != 0)
		memcpy(copy, bytes.data, bytes.len);
	return (struct cm_bytes){copy, bytes.len};
}

const char *sim_id(const struct cm_id *id)
{
	static char texts[8][9];
	static unsigned next;
	char *text = texts[next++ % 8];

	cm_hex_print(id->bytes + 12, 4, text);
	return text;
}

/* ---- one seed -------------------------------------------------------------------------------- */

/* Every seed has a temper of its own: a fleet in which everything is bad at once looks alike each time. */
static struct sim_mood make_mood(struct sim_dice *dice)
{
	struct sim_mood mood = {0};

	mood.loss = sim_chance(dice, 500) ? (unsigned)sim_range(dice, 1, 80) : 0;
	mood.twice = sim_chance(dice, 500) ? (unsigned)sim_range(dice, 1, 150) : 0;
	mood.late = sim_chance(dice, 500) ? (unsigned)sim_range(dice, 1, 200) : 0;
	mood.again = sim_chance(dice, 300) ? (unsigned)sim_range(dice, 1, 100) : 0;
	mood.delay_most_ms = sim_chance(dice, 300) ? 0 : sim_range(dice, 1, 60);
	mood.late_most_ms = sim_range(dice, 100, 15000);
	mood.die_between_effects = sim_chance(dice, 500) ? (unsigned)sim_range(dice, 10, 8000) : 0;
	mood.fault_every_ms = sim_range(dice, 50, 4000);
	mood.faults = (unsigned)sim_roll(dice);
	mood.faults_until_ms = sim_range(dice, 500, 30000);
	mood.commit_most_ms = sim_chance(dice, 300) ? 0 : sim_range(dice, 1, 40);
	mood.down_for_ms = (unsigned)sim_range(dice, 1, 5000);
	mood.router_patience_ms = sim_range(dice, 1500, 6000);
	mood.router_lost_ms = sim_range(dice, 6000, 30000);
	mood.words = sim_chance(dice, 250) ? 0 : (size_t)sim_range(dice, 1, 20);
	mood.is_quarrel = sim_chance(dice, 200);
	mood.accounts = sim_chance(dice, 400) ? (size_t)sim_range(dice, 1, 3) : SIM_IDENTIFIERS;
	return mood;
}

static void begin(struct sim *sim)
{
	sim->dice.state = sim->seed;
	(void)sim_roll(&sim->dice);
	sim->mood = make_mood(&sim->dice);
	sim->begins_ms = SIM_CLOCK_MS - sim_range(&sim->dice, 0, 2 * sim->mood.faults_until_ms);
	cm_arena_init(&sim->arena, 0);
	sim_fleet(sim);
	for (size_t i = 0; i < sim->procs_count; i++)
		sim_disk_init(&sim->procs[i].disk);
	for (size_t i = 0; i < sim->procs_count; i++)
		sim_start(&sim->procs[i]);
	sim_net_dial_all(sim);
	sim_clients_start(sim);
	sim_persons_start(sim);
	sim_faults_start(sim);
}

static void end(struct sim *sim)
{
	for (size_t i = 0; i < sim->procs_count; i++) {
		if (sim->procs[i].is_up)
			sim_kill(&sim->procs[i]);
		sim_disk_fini(&sim->procs[i].disk);
	}
	cm_free(sim->heap);
	cm_arena_fini(&sim->arena);
}

static bool is_over(struct sim *sim)
{
	if (sim->failure[0] != 0 || sim->heap_count == 0)
		return true;
	if (!sim->is_calm)
		return false;
	if (sim_is_at_rest(sim))
		return true;
	if (sim->now_ms - sim->calm_ms > SIM_REST_MS) {
		sim_check_rest(sim);
		sim_fail(sim, "the fleet does not come to rest");
	}
	return false;
}

bool sim_run(struct sim *sim)
{
	size_t live = cm_alloc_live();

	begin(sim);
	while (!is_over(sim)) {
		struct sim_event event = take(sim);

		sim->now_ms = event.at_ms;
		event.happen(sim, &event);
	}
	if (sim->failure[0] == 0)
		sim_check_rest(sim);
	end(sim);
	if (sim->failure[0] == 0 && cm_alloc_live() != live)
		sim_fail(sim, "%zu blocks of memory are left", cm_alloc_live() - live);
	return sim->failure[0] == 0;
}
