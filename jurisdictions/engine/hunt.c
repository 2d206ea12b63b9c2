#include "jurisdictions/engine/world.h"

struct level {
	size_t fact;
	size_t next; /* value to try */
};

static enum cm_truth ask_now(struct cm_hunt *hunt, int *open)
{
	*open = -1;
	hunt->asked++;
	return hunt->ask(hunt->context, hunt->world, open);
}

/* Leave out each fact in turn whose value the answer does not need. */
static void shrink(struct cm_hunt *hunt, const struct level *stack, size_t depth)
{
	struct cm_world *world = hunt->world;

	for (size_t i = 0; i < depth; i++) {
		struct cm_world_fact *fact = &world->facts[stack[i].fact];
		int open;

		cm_world_put(world, stack[i].fact, NULL);
		if (ask_now(hunt, &open) != hunt->goal)
			cm_world_put(world, stack[i].fact, &fact->values[stack[i].next - 1]);
	}
}

/* The next value of the deepest fact that has one; false: all were tried. */
static bool step(struct cm_world *world, struct level *stack, size_t *depth)
{
	while (*depth > 0) {
		struct level *top = &stack[*depth - 1];
		const struct cm_world_fact *fact = &world->facts[top->fact];

		if (top->next < fact->count) {
			cm_world_put(world, top->fact, &fact->values[top->next++]);
			return true;
		}
		cm_world_put(world, top->fact, NULL);
		(*depth)--;
	}
	return false;
}

static void unwind(struct cm_world *world, const struct level *stack, size_t depth)
{
	while (depth-- > 0)
		cm_world_put(world, stack[depth].fact, NULL);
}

bool cm_hunt_run(struct cm_hunt *hunt)
{
	struct level stack[CM_MAX_WORLD_FACTS];
	size_t limit = hunt->limit != 0 ? hunt->limit : CM_HUNT_LIMIT;
	size_t depth = 0;

	hunt->asked = 0;
	hunt->gave_up = false;
	do {
		int open;
		enum cm_truth answer = ask_now(hunt, &open);

		/* With an open fact left, "possible" is not yet an answer. */
		if (answer == hunt->goal && (answer != CM_POSSIBLE || open < 0)) {
			if (hunt->only_whether)
				unwind(hunt->world, stack, depth);
			else
				shrink(hunt, stack, depth);
			return true;
		}
		if (hunt->asked > limit) {
			hunt->gave_up = true;
			unwind(hunt->world, stack, depth);
			return false;
		}
		if (answer == CM_POSSIBLE && open >= 0)
			stack[depth++] = (struct level){.fact = (size_t)open};
	} while (step(hunt->world, stack, &depth));
	return false;
}
