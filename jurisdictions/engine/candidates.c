#include "jurisdictions/engine/search.h"

#include <string.h>

struct cm_code_range cm_code_range_of(const struct cm_law *law, size_t rule)
{
	const struct cm_code *code = &law->code;
	const struct cm_rule_code *own = &code->rules[rule];
	const struct cm_segment *last;
	size_t variant;
	size_t behind;

	if (own->segments == 0)
		return (struct cm_code_range){NULL, NULL};
	last = &code->segments[own->segment + own->segments - 1];
	variant = code->segments[own->segment].variant;
	behind = last->variant + last->variants;
	return (struct cm_code_range){
	    code->instrs + code->variants[variant].base,
	    code->instrs +
		(behind < code->variants_count ? code->variants[behind].base : code->instrs_count),
	};
}

const struct cm_literal *cm_literal_of(const struct cm_law *law, const struct cm_instr *instr)
{
	return (instr->literal & CM_COUNTER) != 0 ? NULL : &law->code.literals[instr->literal];
}

bool cm_literal_is_pair(const struct cm_literal *literal)
{
	return literal->op == CM_OP_GE_FACT || literal->op == CM_OP_LT_FACT ||
	       literal->op == CM_OP_SAME || literal->op == CM_OP_DIFFERENT;
}

/* ---- candidates: finite facts ---- */

/* Values in classes that no condition tells apart. */
struct classes {
	uint16_t of[CM_MAX_VALUES];
	uint16_t count;
};

static void classes_split(struct classes *classes, const uint64_t mask[4])
{
	uint16_t renamed[2 * CM_MAX_VALUES];
	uint16_t count = 0;

	memset(renamed, 0xff, sizeof renamed);
	for (size_t value = 0; value < CM_MAX_VALUES; value++) {
		size_t key =
		    (size_t)classes->of[value] * 2 + (mask[value / 64] >> (value % 64) & 1);

		if (renamed[key] == 0xffff)
			renamed[key] = count++;
		classes->of[value] = renamed[key];
	}
	classes->count = count;
}

/*
 * Facts compared with each other must be told apart by all that tells any of them apart, so that a
 * value means the same class to each. Inside a class only equality among them counts: as many
 * values of each class as there are such facts can play every pattern of it.
 */
static bool is_asked_with(const struct cm_search *search, size_t fact, size_t other)
{
	return fact == other || (search->paired[fact] && search->paired[other]);
}

static void classes_of(const struct cm_search *search, size_t fact, struct classes *classes)
{
	*classes = (struct classes){.count = 1};
	for (size_t i = 0; i < search->scope->count; i++) {
		struct cm_code_range range = cm_code_range_of(search->law, search->scope->rules[i]);

		for (const struct cm_instr *instr = range.at; instr < range.end; instr++) {
			const struct cm_literal *in = cm_literal_of(search->law, instr);
			uint64_t narrow[4] = {0};

			if (in == NULL || in->op > CM_OP_LACKS_WIDE ||
			    !is_asked_with(search, fact, in->fact))
				continue;
			narrow[0] = (uint64_t)in->arg;
			/* The wide form of each operation has an odd number. */
			classes_split(classes,
			    in->op % 2 == 1 ? search->law->code.masks[in->mask].bits : narrow);
		}
	}
	for (size_t other = 0; search->paired[fact] && other < search->law->facts_count; other++)
		if (search->paired[other])
			classes_split(classes, search->before->slots[other].may);
}

static bool bit_of(const uint64_t bits[4], size_t value)
{
	return (bits[value / 64] >> (value % 64) & 1) != 0;
}

/* Those of one fact are added before those of the next, so that they lie side by side. */
static bool candidate_add(
    struct cm_search *search, struct cm_candidates *candidates, const union cm_slot *slot)
{
	if (candidates->count == CM_MAX_CANDIDATES) {
		candidates->whole = false;
		return true;
	}
	if (search->slots_count == search->slots_cap) {
		size_t cap = search->slots_cap == 0 ? 64 : search->slots_cap * 2;
		union cm_slot *grown = cm_realloc(search->slots, cap, sizeof *grown);

		if (grown == NULL)
			return false;
		search->slots = grown;
		search->slots_cap = cap;
	}
	search->slots[search->slots_count++] = *slot;
	candidates->count++;
	return true;
}

/* ---- one value of each class ---- */

struct value_set {
	uint64_t bits[4];
};

static size_t lowest(const struct value_set *set)
{
	for (size_t i = 0; i < 4; i++)
		if (set->bits[i] != 0)
			return i * 64 + (size_t)__builtin_ctzll(set->bits[i]);
	return CM_MAX_VALUES;
}

/* Split each set in what the mask has and what it has not. */
static size_t sets_split(struct value_set *sets, size_t count, const uint64_t mask[4])
{
	for (size_t i = count; i-- > 0;) {
		struct value_set in;
		struct value_set out;

		for (int w = 0; w < 4; w++) {
			in.bits[w] = sets[i].bits[w] & mask[w];
			out.bits[w] = sets[i].bits[w] & ~mask[w];
		}
		if (lowest(&in) == CM_MAX_VALUES || lowest(&out) == CM_MAX_VALUES)
			continue;
		sets[i] = in;
		sets[count++] = out;
	}
	return count;
}

/* A fact that is compared with no other: its possible values, split by each condition of the scope that
 * asks for it, and of each set the first value. */
static bool lone_candidates(struct cm_search *search, size_t fact, struct cm_candidates *out)
{
	struct value_set sets[CM_MAX_VALUES];
	size_t count;

	memcpy(sets[0].bits, search->before->slots[fact].may, sizeof sets[0].bits);
	count = lowest(&sets[0]) < CM_MAX_VALUES;
	for (const struct cm_asking *a = search->asking[fact]; a != NULL; a = a->next) {
		const struct cm_literal *in = &search->law->code.literals[a->literal];
		uint64_t narrow[4] = {(uint64_t)in->arg};

		if (in->op <= CM_OP_LACKS_WIDE)
			count = sets_split(sets, count,
			    in->op % 2 == 1 ? search->law->code.masks[in->mask].bits : narrow);
	}
	for (; count > 0; count--) {
		union cm_slot slot = {0};
		size_t best = 0;
		size_t value;

		for (size_t i = 1; i < count; i++)
			if (lowest(&sets[i]) < lowest(&sets[best]))
				best = i;
		value = lowest(&sets[best]);
		sets[best] = sets[count - 1];
		slot.may[value / 64] = UINT64_C(1) << (value % 64);
		if (!candidate_add(search, out, &slot))
			return false;
	}
	return true;
}

/* One value of each class, or as many as facts are compared. */
static bool single_candidates(struct cm_search *search, size_t fact, struct cm_candidates *out)
{
	const union cm_slot *open = &search->before->slots[fact];
	uint16_t taken[CM_MAX_VALUES] = {0};
	unsigned most = search->paired[fact] ? search->paired_open : 1;
	struct classes classes;

	if (!search->paired[fact] && !search->own)
		return lone_candidates(search, fact, out);
	classes_of(search, fact, &classes);
	for (size_t value = 0; value < CM_MAX_VALUES; value++) {
		union cm_slot slot = {0};

		if (!bit_of(open->may, value) || taken[classes.of[value]] == most)
			continue;
		taken[classes.of[value]]++;
		slot.may[value / 64] = UINT64_C(1) << (value % 64);
		if (!candidate_add(search, out, &slot))
			return false;
	}
	return true;
}

/* Of each class of open members: none, all, and with two or more also the first alone. */
struct member_class {
	uint64_t all[4];
	uint64_t first[4];
	unsigned ways;
};

static size_t member_classes(
    const struct cm_search *search, size_t fact, struct member_class *out, size_t cap)
{
	const union cm_slot *open = &search->before->slots[fact];
	uint16_t place[CM_MAX_VALUES];
	struct classes classes;
	size_t count = 0;

	memset(place, 0xff, sizeof place);
	classes_of(search, fact, &classes);
	for (size_t value = 0; value < CM_MAX_VALUES; value++) {
		uint16_t *at = &place[classes.of[value]];

		if (!bit_of(open->may, value) || bit_of(open->must, value))
			continue;
		if (*at == 0xffff) {
			if (count == cap)
				return cap + 1;
			*at = (uint16_t)count;
			out[count] = (struct member_class){.ways = 2};
			out[count++].first[value / 64] |= UINT64_C(1) << (value % 64);
		} else {
			out[*at].ways = 3;
		}
		out[*at].all[value / 64] |= UINT64_C(1) << (value % 64);
	}
	return count;
}

static bool set_candidates(struct cm_search *search, size_t fact, struct cm_candidates *out)
{
	const union cm_slot *open = &search->before->slots[fact];
	struct member_class classes[16];
	size_t count = member_classes(search, fact, classes, 16);
	size_t total = 1;

	for (size_t i = 0; i < count && i < 16 && total <= CM_MAX_CANDIDATES; i++)
		total *= classes[i].ways;
	if (count > 16 || total > CM_MAX_CANDIDATES) {
		out->whole = false;
		return true;
	}
	for (size_t way = 0; way < total; way++) {
		union cm_slot slot = {0};
		size_t left = way;

		memcpy(slot.must, open->must, sizeof slot.must);
		for (size_t i = 0; i < count; i++) {
			size_t choice = left % classes[i].ways;

			left /= classes[i].ways;
			for (int w = 0; w < 4 && choice != 0; w++)
				slot.must[w] |=
				    choice == 1 ? classes[i].all[w] : classes[i].first[w];
		}
		memcpy(slot.may, slot.must, sizeof slot.may);
		if (!candidate_add(search, out, &slot))
			return false;
	}
	return true;
}

/* ---- candidates: numbers and dates ---- */

static bool bound_add(
    struct cm_search *search, size_t fact, struct cm_candidates *out, int64_t number)
{
	const union cm_slot *open = &search->before->slots[fact];
	union cm_slot slot = {0};

	if (number < open->low || number > open->high)
		return true;
	for (size_t i = 0; i < out->count; i++)
		if (search->slots[out->first + i].low == number)
			return true;
	slot.low = number;
	slot.high = number;
	return candidate_add(search, out, &slot);
}

static bool bounds_of_literal(
    struct cm_search *search, size_t fact, struct cm_candidates *out, const struct cm_literal *in)
{
	int64_t at = in->arg;

	if (in->op == CM_OP_GE_FACT || in->op == CM_OP_LT_FACT) {
		if (in->fact == fact)
			at += search->before->slots[in->other].low;
		else if (in->other == fact)
			at = search->before->slots[in->fact].low - at;
		else
			return true;
	} else if (in->fact != fact || in->op < CM_OP_GE || in->op > CM_OP_NE) {
		return true;
	}
	return bound_add(search, fact, out, at - 1) && bound_add(search, fact, out, at) &&
	       bound_add(search, fact, out, at + 1);
}

static bool bounds_of_rule(
    struct cm_search *search, size_t fact, struct cm_candidates *out, size_t rule)
{
	const struct cm_code *code = &search->law->code;
	struct cm_code_range range = cm_code_range_of(search->law, rule);

	for (const struct cm_instr *instr = range.at; instr < range.end; instr++) {
		const struct cm_literal *in = cm_literal_of(search->law, instr);

		if (in != NULL && !bounds_of_literal(search, fact, out, in))
			return false;
	}
	for (uint32_t i = 0; i < code->rules[rule].segments; i++) {
		const struct cm_segment *segment = &code->segments[code->rules[rule].segment + i];

		if (search->law->when_fact[segment->when] != (int)fact)
			continue;
		if (!bound_add(search, fact, out, (int64_t)segment->from - 1) ||
		    !bound_add(search, fact, out, segment->from) ||
		    !bound_add(search, fact, out, (int64_t)segment->until - 1) ||
		    !bound_add(search, fact, out, segment->until))
			return false;
	}
	return true;
}

static bool range_candidates(struct cm_search *search, size_t fact, struct cm_candidates *out)
{
	if (!bound_add(search, fact, out, search->before->slots[fact].low) ||
	    !bound_add(search, fact, out, search->before->slots[fact].high))
		return false;
	for (size_t i = 0; i < search->scope->count; i++)
		if (!bounds_of_rule(search, fact, out, search->scope->rules[i]))
			return false;
	return true;
}

bool cm_candidates_find(struct cm_search *search, size_t fact)
{
	const struct cm_fact_entry *entry = &search->law->facts[fact];
	struct cm_candidates *out = &search->candidates[fact];

	*out = (struct cm_candidates){.first = search->slots_count, .whole = true};
	if (!entry->is_finite)
		return range_candidates(search, fact, out);
	return entry->is_set ? set_candidates(search, fact, out)
			     : single_candidates(search, fact, out);
}
