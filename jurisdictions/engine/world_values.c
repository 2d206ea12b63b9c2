/*
 * The values of each fact that the rules of a world tell apart: one of each class. Conditions are
 * read as the compiler left them, with sets and terms written in for every day.
 */
#include "jurisdictions/engine/world.h"

#include <stdlib.h>
#include <string.h>

/* Marks on the line of numbers or days: a class begins at each. */
struct marks {
	int64_t at[CM_MAX_WORLD_VALUES];
	size_t count;
	bool full;
};

struct finder {
	struct cm_world *world;
	struct marks *marks;                /* per fact of the world */
	uint16_t (*classes)[CM_MAX_VALUES]; /* per fact of the world: of finite ones */
	unsigned same_pairs;                /* facts compared for the same value */
	bool *is_paired;
	unsigned date_pairs;
};

static void mark_add(struct marks *marks, int64_t at)
{
	for (size_t i = 0; i < marks->count; i++)
		if (marks->at[i] == at)
			return;
	if (marks->count == CM_MAX_WORLD_VALUES - 4)
		marks->full = true;
	else
		marks->at[marks->count++] = at;
}

/* The law a fact's values are numbered by in this world, and its index there. */
static const struct cm_fact_entry *entry_of(
    const struct cm_world *world, const struct cm_world_fact *fact)
{
	int side = fact->fact[0] >= 0 ? 0 : 1;

	return &world->sets[side].law->facts[fact->fact[side]];
}

static bool bit_of(const uint64_t bits[4], size_t value)
{
	return (bits[value / 64] >> (value % 64) & 1) != 0;
}

static void bit_set(uint64_t bits[4], size_t value)
{
	bits[value / 64] |= UINT64_C(1) << (value % 64);
}

/* The same values as the other set numbers them; false if one of them is not there. */
static bool bits_translate(const struct cm_fact_entry *from, const uint64_t bits[4],
    const struct cm_fact_entry *to, uint64_t out[4])
{
	bool whole = true;

	memset(out, 0, 4 * sizeof *out);
	for (size_t i = 0; i < from->values_count; i++) {
		int value;

		if (!bit_of(bits, i))
			continue;
		value = cm_fact_value(to, from->values[i]);
		if (value >= 0)
			bit_set(out, (size_t)value);
		else
			whole = false;
	}
	return whole;
}

static void classes_split(uint16_t classes[CM_MAX_VALUES], const uint64_t mask[4])
{
	uint16_t renamed[2 * CM_MAX_VALUES];
	uint16_t count = 0;

	memset(renamed, 0xff, sizeof renamed);
	for (size_t value = 0; value < CM_MAX_VALUES; value++) {
		size_t key = (size_t)classes[value] * 2 + bit_of(mask, value);

		if (renamed[key] == 0xffff)
			renamed[key] = count++;
		classes[value] = renamed[key];
	}
}

static void mask_use(
    struct finder *finder, size_t side, size_t at, const struct cm_literal *literal)
{
	struct cm_world *world = finder->world;
	const struct cm_world_fact *fact = &world->facts[at];
	const struct cm_law *law = world->sets[side].law;
	uint64_t mask[4] = {(uint64_t)literal->arg};

	/* The wide form of each operation has an odd number. */
	if (literal->op % 2 == 1)
		memcpy(mask, law->code.masks[literal->mask].bits, sizeof mask);
	if (side == 1 && fact->fact[0] >= 0) {
		uint64_t there[4];

		if (!bits_translate(&law->facts[fact->fact[1]], mask, entry_of(world, fact), there))
			world->exact = false;
		memcpy(mask, there, sizeof mask);
	}
	classes_split(finder->classes[at], mask);
}

static void literal_use(struct finder *finder, size_t side, const struct cm_literal *literal)
{
	struct cm_world *world = finder->world;
	size_t at;
	size_t other;

	if (literal->op >= CM_OP_CANNOT)
		return;
	at = (size_t)world->of_fact[side][literal->fact];
	world->facts[at].is_named = true;
	if (literal->op <= CM_OP_LACKS_WIDE) {
		mask_use(finder, side, at, literal);
		return;
	}
	if (!cm_literal_is_pair(literal)) {
		mark_add(&finder->marks[at], literal->arg - 1);
		mark_add(&finder->marks[at], literal->arg);
		if (literal->op == CM_OP_EQ || literal->op == CM_OP_NE)
			mark_add(&finder->marks[at], literal->arg + 1);
		return;
	}
	other = (size_t)world->of_fact[side][literal->other];
	world->facts[other].is_named = true;
	if (literal->op == CM_OP_SAME || literal->op == CM_OP_DIFFERENT) {
		finder->is_paired[at] = true;
		finder->is_paired[other] = true;
	}
}

/* A date compared with another: each takes over the other's marks, moved. */
static void date_pair_use(struct finder *finder, size_t side, const struct cm_literal *literal)
{
	struct cm_world *world = finder->world;
	struct marks *a = &finder->marks[world->of_fact[side][literal->fact]];
	struct marks *b = &finder->marks[world->of_fact[side][literal->other]];
	size_t a_count = a->count;
	size_t b_count = b->count;

	for (size_t i = 0; i < b_count; i++) {
		mark_add(a, b->at[i] + literal->arg - 1);
		mark_add(a, b->at[i] + literal->arg);
	}
	for (size_t i = 0; i < a_count; i++) {
		mark_add(b, a->at[i] - literal->arg);
		mark_add(b, a->at[i] - literal->arg + 1);
	}
	if (a_count == 0 && b_count == 0) {
		int64_t day = world->as_of.number;

		mark_add(a, day + literal->arg - 1);
		mark_add(a, day + literal->arg);
		mark_add(b, day);
	}
	finder->date_pairs++;
}

static void segments_use(struct finder *finder, size_t side, size_t rule)
{
	const struct cm_law *law = finder->world->sets[side].law;
	const struct cm_rule_code *code = &law->code.rules[rule];

	for (uint32_t i = 0; i < code->segments; i++) {
		const struct cm_segment *segment = &law->code.segments[code->segment + i];
		int fact = law->when_fact[segment->when];
		size_t at;

		if (fact < 0)
			continue;
		at = (size_t)finder->world->of_fact[side][fact];
		finder->world->facts[at].is_named = true;
		mark_add(&finder->marks[at], (int64_t)segment->from - 1);
		mark_add(&finder->marks[at], segment->from);
		if (segment->until != CM_FOREVER)
			mark_add(&finder->marks[at], segment->until);
	}
}

static void rules_use(struct finder *finder, size_t side, bool pairs)
{
	const struct cm_world_rules *set = &finder->world->sets[side];

	for (size_t i = 0; set->law != NULL && i < set->count; i++) {
		struct cm_code_range range = cm_code_range_of(set->law, set->rules[i]);

		if (!pairs)
			segments_use(finder, side, set->rules[i]);
		for (const struct cm_instr *instr = range.at; instr < range.end; instr++) {
			const struct cm_literal *literal = cm_literal_of(set->law, instr);

			if (literal == NULL)
				continue;
			if (!pairs)
				literal_use(finder, side, literal);
			else if (literal->op == CM_OP_GE_FACT || literal->op == CM_OP_LT_FACT)
				date_pair_use(finder, side, literal);
		}
	}
}

/* ---- from classes to values ---- */

static bool value_add(struct cm_world *world, struct cm_world_fact *fact, const union cm_slot *slot)
{
	const struct cm_fact_entry *entry = entry_of(world, fact);
	struct cm_world_value value = {.slot = {*slot, *slot}};

	if (fact->values == NULL) {
		fact->values =
		    cm_arena_alloc(&world->arena, CM_MAX_WORLD_VALUES, sizeof *fact->values);
		if (fact->values == NULL)
			return false;
	}
	if (entry->is_finite && fact->fact[0] >= 0 && fact->fact[1] >= 0) {
		const struct cm_fact_entry *to = &world->sets[1].law->facts[fact->fact[1]];

		memset(&value.slot[1], 0, sizeof value.slot[1]);
		if (!bits_translate(entry, slot->may, to, value.slot[1].may) ||
		    (entry->is_set && !bits_translate(entry, slot->must, to, value.slot[1].must))) {
			world->exact = false;
			return true;
		}
	}
	if (fact->count == CM_MAX_WORLD_VALUES)
		world->exact = false;
	else
		fact->values[fact->count++] = value;
	return true;
}

static const union cm_slot *open_slot(const struct cm_world_fact *fact)
{
	return &fact->before.slot[fact->fact[0] >= 0 ? 0 : 1];
}

static bool single_values(struct finder *finder, size_t at)
{
	struct cm_world *world = finder->world;
	struct cm_world_fact *fact = &world->facts[at];
	const struct cm_fact_entry *entry = entry_of(world, fact);
	unsigned most = finder->is_paired[at] ? finder->same_pairs : 1;
	uint16_t taken[CM_MAX_VALUES] = {0};

	/* Yes before no: the demand that makes a rule apply is the one a reader wants to see. */
	for (size_t i = 0; i < entry->values_count; i++) {
		size_t value = entry->values_count == 2 ? 1 - i : i;
		union cm_slot slot = {0};

		if (!bit_of(open_slot(fact)->may, value) ||
		    taken[finder->classes[at][value]] == most)
			continue;
		taken[finder->classes[at][value]]++;
		bit_set(slot.may, value);
		if (!value_add(world, fact, &slot))
			return false;
	}
	return true;
}

/* Members that no condition tells apart, of those still open. */
struct kin {
	uint64_t all[4];
	uint64_t first[4];
	unsigned ways; /* none, all; with two or more also the first alone */
};

static size_t kins_find(struct finder *finder, size_t at, struct kin *kins, size_t cap)
{
	const struct cm_world_fact *fact = &finder->world->facts[at];
	const struct cm_fact_entry *entry = entry_of(finder->world, fact);
	uint16_t place[CM_MAX_VALUES];
	size_t count = 0;

	memset(place, 0xff, sizeof place);
	for (size_t value = 0; value < entry->values_count; value++) {
		uint16_t *kin = &place[finder->classes[at][value]];

		if (!bit_of(open_slot(fact)->may, value) || bit_of(open_slot(fact)->must, value))
			continue;
		if (*kin == 0xffff) {
			if (count == cap)
				return cap + 1;
			*kin = (uint16_t)count;
			kins[count] = (struct kin){.ways = 2};
			bit_set(kins[count++].first, value);
		} else {
			kins[*kin].ways = 3;
		}
		bit_set(kins[*kin].all, value);
	}
	return count;
}

/* Small sets first: one member, then more, none at all last. */
static bool set_values(struct finder *finder, size_t at)
{
	struct cm_world *world = finder->world;
	struct cm_world_fact *fact = &world->facts[at];
	struct kin kins[9];
	size_t count = kins_find(finder, at, kins, 9);
	size_t total = 1;

	for (size_t i = 0; i < count && count <= 9; i++)
		total *= kins[i].ways;
	if (count > 9 || total > CM_MAX_WORLD_VALUES) {
		world->exact = false;
		total = total > CM_MAX_WORLD_VALUES ? CM_MAX_WORLD_VALUES : total;
		count = count > 9 ? 9 : count;
	}
	for (size_t way = 1; way <= total; way++) {
		union cm_slot slot = {0};
		size_t left = way % total;

		memcpy(slot.must, open_slot(fact)->must, sizeof slot.must);
		for (size_t i = 0; i < count; i++) {
			size_t choice = left % kins[i].ways;
			const uint64_t *bits =
			    choice == kins[i].ways - 1 ? kins[i].all : kins[i].first;

			left /= kins[i].ways;
			for (int w = 0; w < 4 && choice != 0; w++)
				slot.must[w] |= bits[w];
		}
		memcpy(slot.may, slot.must, sizeof slot.may);
		if (!value_add(world, fact, &slot))
			return false;
	}
	return true;
}

/* Days up to the day of the decision first, newest first; then later ones. */
static int compare_days(const void *a, const void *b, void *as_of)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	int64_t now = *(const int32_t *)as_of;

	if ((x <= now) != (y <= now))
		return x <= now ? -1 : 1;
	if (x == y)
		return 0;
	return (x <= now) == (x > y) ? -1 : 1;
}

static bool range_values(struct finder *finder, size_t at)
{
	struct cm_world *world = finder->world;
	struct cm_world_fact *fact = &world->facts[at];
	const union cm_slot *open = open_slot(fact);
	struct marks *marks = &finder->marks[at];
	int32_t now = entry_of(world, fact)->info.type == CM_FACT_DATE ? world->as_of.number : 0;

	if (marks->full)
		world->exact = false;
	mark_add(marks, open->low > CM_DAY_FIRST && open->low > 0 ? open->low : now);
	if (open->high < CM_DAY_LAST)
		mark_add(marks, open->high);
	qsort_r(marks->at, marks->count, sizeof *marks->at, compare_days, &now);
	for (size_t i = 0; i < marks->count; i++) {
		union cm_slot slot = {0};

		if (marks->at[i] < open->low || marks->at[i] > open->high)
			continue;
		slot.low = marks->at[i];
		slot.high = marks->at[i];
		if (!value_add(world, fact, &slot))
			return false;
	}
	return true;
}

/* Facts compared with each other must be told apart by all that tells any of them apart. */
static void paired_join(struct finder *finder)
{
	size_t count = finder->world->facts_count;

	for (size_t i = 0; i < count; i++)
		finder->same_pairs += finder->is_paired[i];
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			for (size_t value = 0; finder->is_paired[i] && finder->is_paired[j] &&
					       value < CM_MAX_VALUES; value++) {
				uint64_t mask[4] = {0};

				if (finder->classes[j][value] == 0)
					continue;
				for (size_t k = 0; k < CM_MAX_VALUES; k++)
					if (finder->classes[j][k] == finder->classes[j][value])
						bit_set(mask, k);
				classes_split(finder->classes[i], mask);
			}
}

static bool values_make(struct finder *finder)
{
	struct cm_world *world = finder->world;

	rules_use(finder, 0, false);
	rules_use(finder, 1, false);
	rules_use(finder, 0, true);
	rules_use(finder, 1, true);
	paired_join(finder);
	if (finder->date_pairs > 1)
		world->exact = false;
	for (size_t i = 0; i < world->facts_count; i++) {
		const struct cm_fact_entry *entry = entry_of(world, &world->facts[i]);

		if (!world->facts[i].is_named)
			continue;
		if (!(!entry->is_finite ? range_values(finder, i)
		      : entry->is_set   ? set_values(finder, i)
					: single_values(finder, i)))
			return false;
	}
	return true;
}

bool cm_world_values_find(struct cm_world *world)
{
	struct finder finder = {.world = world};
	bool done = false;

	finder.marks = cm_alloc(world->facts_count + 1, sizeof *finder.marks);
	finder.classes = cm_alloc(world->facts_count + 1, sizeof *finder.classes);
	finder.is_paired = cm_alloc(world->facts_count + 1, sizeof *finder.is_paired);
	if (finder.marks != NULL && finder.classes != NULL && finder.is_paired != NULL)
		done = values_make(&finder);
	cm_free(finder.marks);
	cm_free(finder.classes);
	cm_free(finder.is_paired);
	return done;
}
