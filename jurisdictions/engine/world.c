#include "jurisdictions/engine/world.h"

#include <string.h>

/* ---- the facts two sets share ---- */

static bool same_kind(const struct cm_fact_entry *a, const struct cm_fact_entry *b)
{
	return a->info.type == b->info.type;
}

static int fact_add(struct cm_world *world, int first, int second, const char *name)
{
	struct cm_world_fact *fact = &world->facts[world->facts_count];

	*fact = (struct cm_world_fact){.fact = {first, second}, .name = name};
	if (first >= 0) {
		fact->before.slot[0] = world->sets[0].facts->slots[first];
		world->of_fact[0][first] = (int)world->facts_count;
	}
	if (second >= 0) {
		fact->before.slot[1] = world->sets[1].facts->slots[second];
		world->of_fact[1][second] = (int)world->facts_count;
	}
	return (int)world->facts_count++;
}

static void facts_join(struct cm_world *world)
{
	const struct cm_law *a = world->sets[0].law;
	const struct cm_law *b = world->sets[1].law;
	bool met[CM_MAX_LAW_FACTS] = {false};

	for (size_t i = 0; i < a->facts_count; i++) {
		int other = b != NULL ? cm_law_find_fact(b, a->facts[i].info.name) : -1;

		if (other >= 0 && !same_kind(&a->facts[i], &b->facts[other]))
			other = -1;
		if (other >= 0)
			met[other] = true;
		(void)fact_add(world, (int)i, other, a->facts[i].info.name);
	}
	for (size_t i = 0; b != NULL && i < b->facts_count; i++)
		if (!met[i])
			(void)fact_add(world, -1, (int)i, b->facts[i].info.name);
}

bool cm_world_init(struct cm_world *world, const struct cm_world_rules *sets, size_t count,
    struct cm_day as_of)
{
	memset(world, 0, sizeof *world);
	cm_arena_init(&world->arena, 0);
	world->sets[0] = sets[0];
	if (count > 1)
		world->sets[1] = sets[1];
	world->as_of = as_of;
	world->exact = true;
	facts_join(world);
	return cm_world_values_find(world);
}

void cm_world_fini(struct cm_world *world)
{
	cm_arena_fini(&world->arena);
}

/* ---- moving about ---- */

void cm_facts_put(struct cm_facts *facts, size_t fact, const union cm_slot *slot, bool known)
{
	facts->slots[fact] = *slot;
	if (facts->knowledge[fact] != CM_CANNOT_TELL)
		facts->knowledge[fact] = known ? CM_KNOWN : CM_NOT_ASKED;
	cm_facts_refresh(facts, fact);
}

void cm_world_put(struct cm_world *world, size_t at, const struct cm_world_value *value)
{
	struct cm_world_fact *fact = &world->facts[at];
	const struct cm_world_value *put = value != NULL ? value : &fact->before;

	for (int side = 0; side < 2; side++)
		if (fact->fact[side] >= 0)
			cm_facts_put(world->sets[side].facts, (size_t)fact->fact[side],
			    &put->slot[side], value != NULL);
	fact->is_set = value != NULL;
}

void cm_world_base(struct cm_world *world, const struct cm_facts *facts)
{
	for (size_t i = 0; i < facts->law->facts_count; i++) {
		struct cm_world_fact *fact = &world->facts[world->of_fact[0][i]];

		fact->before.slot[0] = facts->slots[i];
		world->sets[0].facts->knowledge[i] = facts->knowledge[i];
		cm_world_put(world, (size_t)world->of_fact[0][i], NULL);
		world->sets[0].facts->knowledge[i] = facts->knowledge[i];
	}
}

void cm_world_reset(struct cm_world *world)
{
	for (size_t i = 0; i < world->facts_count; i++)
		if (world->facts[i].is_set)
			cm_world_put(world, i, NULL);
}

struct cm_facts *cm_facts_copy(const struct cm_facts *facts)
{
	struct cm_facts *copy = cm_facts_new(facts->law);

	for (size_t i = 0; copy != NULL && i < facts->law->facts_count; i++) {
		copy->slots[i] = facts->slots[i];
		copy->knowledge[i] = facts->knowledge[i];
		cm_facts_refresh(copy, i);
	}
	return copy;
}

/* ---- as texts ---- */

const char *cm_slot_text(
    const struct cm_law *law, size_t fact, const union cm_slot *slot, struct cm_arena *arena)
{
	const struct cm_fact_entry *entry = &law->facts[fact];
	struct cm_buf text;
	char day[CM_DAY_TEXT_BYTES];
	const char *out = NULL;
	bool first = true;

	cm_buf_init(&text, 0);
	if (!entry->is_finite && entry->info.type == CM_FACT_DATE) {
		cm_day_print((struct cm_day){(int32_t)slot->low}, day);
		cm_buf_text(&text, day);
	} else if (!entry->is_finite) {
		cm_buf_printf(&text, "%lld", (long long)slot->low);
	}
	for (size_t i = 0; entry->is_finite && i < entry->values_count; i++) {
		if ((slot->may[i / 64] >> (i % 64) & 1) == 0)
			continue;
		cm_buf_printf(&text, "%s%s", first ? "" : ",", entry->values[i]);
		first = false;
	}
	if (!text.failed)
		out = cm_arena_text_n(arena, cm_buf_str(&text), text.len);
	cm_buf_fini(&text);
	return out;
}

bool cm_world_answers(const struct cm_world *world, struct cm_arena *arena, struct cm_fact_value **out,
    size_t *count)
{
	*count = 0;
	*out = cm_arena_alloc(arena, world->facts_count + 1, sizeof **out);
	if (*out == NULL)
		return false;
	for (size_t i = 0; i < world->facts_count; i++) {
		const struct cm_world_fact *fact = &world->facts[i];
		int side = fact->fact[0] >= 0 ? 0 : 1;
		const struct cm_world_rules *set = &world->sets[side];
		struct cm_fact_value *answer = &(*out)[*count];

		if (!fact->is_set)
			continue;
		answer->fact = set->law->facts[fact->fact[side]].info.name;
		answer->value = cm_slot_text(set->law, (size_t)fact->fact[side],
		    &set->facts->slots[fact->fact[side]], arena);
		if (answer->value == NULL)
			return false;
		(*count)++;
	}
	return true;
}

/* ---- questions ---- */

static int open_of(const struct cm_world *world, size_t side, size_t rule,
    const struct cm_moments *moments)
{
	const struct cm_world_rules *set = &world->sets[side];
	int fact = cm_rule_open_fact(set->law, rule, set->facts, moments);

	return fact < 0 ? -1 : world->of_fact[side][fact];
}

enum cm_truth cm_world_holds(
    const struct cm_world *world, size_t side, struct cm_scope *scope, int *open)
{
	const struct cm_world_rules *set = &world->sets[side];
	struct cm_moments moments;
	enum cm_truth answer;

	cm_moments_of(set->law, set->facts, world->as_of, &moments);
	answer = cm_scope_decide(scope, set->facts, &moments);
	*open = -1;
	if (answer != CM_POSSIBLE)
		return answer;
	for (size_t i = scope->count; i-- > 0 && *open < 0;)
		if (scope->applies[scope->rules[i]] == CM_POSSIBLE)
			*open = open_of(world, side, scope->rules[i], &moments);
	return answer;
}

enum cm_truth cm_world_applies(const struct cm_world *world, size_t side, size_t rule, int *open)
{
	const struct cm_world_rules *set = &world->sets[side];
	struct cm_moments moments;
	enum cm_truth answer;

	cm_moments_of(set->law, set->facts, world->as_of, &moments);
	answer = cm_rule_applies(set->law, rule, set->facts, &moments);
	*open = answer == CM_POSSIBLE ? open_of(world, side, rule, &moments) : -1;
	return answer;
}
