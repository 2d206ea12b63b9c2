
#include "jurisdictions/engine/scope.h"
#include "jurisdictions/engine/table.h"

#include <assert.h>
#include <string.h>

/* The answer from what may and what must be. */
static inline enum cm_truth truth(bool possible, bool certain)
{
	return (enum cm_truth)((unsigned)possible | (unsigned)certain << 1 | (unsigned)certain);
}

static inline enum cm_truth truth_in(uint64_t may, uint64_t mask)
{
	return truth((may & mask) != 0, (may & ~mask) == 0);
}

static enum cm_truth wide_truth(uint8_t op, const union cm_slot *slot, const uint64_t mask[4])
{
	uint64_t may_in = 0;
	uint64_t may_out = 0;
	uint64_t must_in = 0;
	uint64_t not_must = 0;
	uint64_t not_may = 0;

	for (int i = 0; i < 4; i++) {
		may_in |= slot->may[i] & mask[i];
		may_out |= slot->may[i] & ~mask[i];
		must_in |= slot->must[i] & mask[i];
		not_must |= mask[i] & ~slot->must[i];
		not_may |= mask[i] & ~slot->may[i];
	}
	switch (op) {
	case CM_OP_IN_WIDE:
		return truth(may_in != 0, may_out == 0);
	case CM_OP_ANY_WIDE:
		return truth(may_in != 0, must_in != 0);
	case CM_OP_NONE_WIDE:
		return truth(must_in == 0, may_in == 0);
	case CM_OP_ALL_WIDE:
		return truth(not_may == 0, not_must == 0);
	default: /* CM_OP_LACKS_WIDE */
		return truth(not_must != 0, not_may != 0);
	}
}

static enum cm_truth same_truth(const union cm_slot *a, const union cm_slot *b)
{
	bool meet = false;
	bool alone = true;
	unsigned values = 0;

	for (int i = 0; i < 4; i++) {
		meet = meet || (a->may[i] & b->may[i]) != 0;
		alone = alone && a->may[i] == b->may[i];
		values += (unsigned)__builtin_popcountll(a->may[i]);
	}
	return truth(meet, alone && values == 1);
}

static inline enum cm_truth at_least(int64_t low, int64_t high, int64_t least)
{
	return truth(high >= least, low >= least);
}

static inline enum cm_truth reversed(enum cm_truth answer)
{
	return answer == CM_POSSIBLE ? CM_POSSIBLE : answer == CM_NO ? CM_CERTAIN : CM_NO;
}

/* Date against date: certain where the whole intervals are in order. */
static enum cm_truth from_fact(const union cm_slot *a, const union cm_slot *b, int64_t days)
{
	return truth(a->high >= b->low + days, a->low >= b->high + days);
}

enum cm_truth cm_literal_truth(
    const struct cm_literal *in, const struct cm_mask *masks, const struct cm_facts *facts)
{
	const union cm_slot *slot = &facts->slots[in->fact];
	uint64_t mask = (uint64_t)in->arg;

	switch ((enum cm_opcode)in->op) {
	case CM_OP_IN:
		return truth_in(slot->may[0], mask);
	case CM_OP_ANY:
		return truth((slot->may[0] & mask) != 0, (slot->must[0] & mask) != 0);
	case CM_OP_NONE:
		return truth((slot->must[0] & mask) == 0, (slot->may[0] & mask) == 0);
	case CM_OP_ALL:
		return truth((mask & ~slot->may[0]) == 0, (mask & ~slot->must[0]) == 0);
	case CM_OP_LACKS:
		return truth((mask & ~slot->must[0]) != 0, (mask & ~slot->may[0]) != 0);
	case CM_OP_IN_WIDE:
	case CM_OP_ANY_WIDE:
	case CM_OP_NONE_WIDE:
	case CM_OP_ALL_WIDE:
	case CM_OP_LACKS_WIDE:
		return wide_truth(in->op, slot, masks[in->mask].bits);
	case CM_OP_GE:
		return at_least(slot->low, slot->high, in->arg);
	case CM_OP_LT:
		return reversed(at_least(slot->low, slot->high, in->arg));
	case CM_OP_EQ:
		return truth(slot->low <= in->arg && in->arg <= slot->high,
		    slot->low == in->arg && slot->high == in->arg);
	case CM_OP_NE:
		return truth(slot->low != in->arg || slot->high != in->arg,
		    in->arg < slot->low || in->arg > slot->high);
	case CM_OP_GE_FACT:
		return from_fact(slot, &facts->slots[in->other], in->arg);
	case CM_OP_LT_FACT:
		return reversed(from_fact(slot, &facts->slots[in->other], in->arg));
	case CM_OP_SAME:
		return same_truth(slot, &facts->slots[in->other]);
	case CM_OP_DIFFERENT:
		return reversed(same_truth(slot, &facts->slots[in->other]));
	case CM_OP_CANNOT:
		return facts->knowledge[in->fact] == CM_CANNOT_TELL ? CM_CERTAIN : CM_NO;
	case CM_OP_CAN:
		return facts->knowledge[in->fact] == CM_CANNOT_TELL ? CM_NO : CM_CERTAIN;
	case CM_OP_CONST:
		return in->arg != 0 ? CM_CERTAIN : CM_NO;
	}
	return CM_NO;
}

void cm_facts_refresh(struct cm_facts *facts, size_t fact)
{
	const struct cm_code *code = &facts->law->code;

	for (uint32_t i = code->asking_first[fact]; i < code->asking_first[fact + 1]; i++) {
		uint32_t literal = code->asking[i];

		facts->answers[literal] =
		    (uint8_t)cm_literal_truth(&code->literals[literal], code->masks, facts);
	}
	if (facts->rows != NULL && facts->rows->of == facts)
		cm_rows_refresh(facts, fact);
}

/* Raise or clear a counter; where to go on. */
static uint16_t count(const struct cm_instr *in, uint8_t counters[CM_MAX_COUNTERS])
{
	unsigned need = in->literal & 0xffff;
	uint8_t *counter = &counters[in->literal >> 16 & 0xff];

	*counter = need == 0 ? 0 : (uint8_t)(*counter + 1);
	return *counter >= need ? in->on_true : in->on_false;
}

/* Walk the code once. `asked` is the bit of the answer that counts as true. Sets *open if a literal
 * on the way was neither certain nor impossible. */
static inline bool walk(const struct cm_instr *code, uint16_t at, const uint8_t *answers,
    unsigned asked, unsigned *open)
{
	uint8_t counters[CM_MAX_COUNTERS];

	while (at < CM_REJECT) {
		const struct cm_instr *in = &code[at];

		if ((in->literal & CM_COUNTER) == 0) {
			unsigned answer = answers[in->literal];

			*open |= answer == CM_POSSIBLE;
			at = (answer & asked) != 0 ? in->on_true : in->on_false;
		} else {
			at = count(in, counters);
		}
	}
	return at == CM_ACCEPT;
}

static inline enum cm_truth variant_truth(
    const struct cm_code *code, const struct cm_variant *variant, const struct cm_facts *facts)
{
	const struct cm_instr *base = code->instrs + variant->base;
	unsigned open = 0;

	if (!walk(base, variant->entry, facts->answers, 1, &open))
		return CM_NO;
	if (open == 0)
		return CM_CERTAIN;
	return walk(base, variant->entry, facts->answers, 2, &open) ? CM_CERTAIN : CM_POSSIBLE;
}

#define ALL_VARIANTS UINT16_MAX

/* Rival readings: certain only if all of them say so, possible if one does. */
static inline enum cm_truth segment_truth(const struct cm_code *code,
    const struct cm_segment *segment, uint16_t variant, const struct cm_facts *facts)
{
	unsigned all = CM_CERTAIN;
	unsigned any = CM_NO;

	if (variant != ALL_VARIANTS)
		return variant_truth(code, &code->variants[segment->variant + variant], facts);
	for (uint16_t i = 0; i < segment->variants; i++) {
		unsigned answer = variant_truth(code, &code->variants[segment->variant + i], facts);

		all &= answer;
		any |= answer;
	}
	return (enum cm_truth)(all | (any & CM_POSSIBLE));
}

void cm_moments_of(const struct cm_law *law, const struct cm_facts *facts, struct cm_day as_of,
    struct cm_moments *out)
{
	for (int i = 0; i < CM_WHENS; i++) {
		int fact = law->when_fact[i];

		out->low[i] = fact >= 0 ? facts->slots[fact].low : as_of.number;
		out->high[i] = fact >= 0 ? facts->slots[fact].high : as_of.number;
	}
}

static inline enum cm_truth applies_on(const struct cm_law *law, size_t rule, uint16_t variant,
    const struct cm_facts *facts, const struct cm_moments *moments)
{
	const struct cm_code *code = &law->code;
	const struct cm_segment *segment = code->segments + code->rules[rule].segment;
	const struct cm_segment *end = segment + code->rules[rule].segments;
	int64_t certain_days[CM_WHENS] = {0};
	bool possible = false;

	for (; segment < end; segment++) {
		int64_t low = moments->low[segment->when];
		int64_t high = moments->high[segment->when];
		int64_t from = low > segment->from ? low : segment->from;
		int64_t until =
		    high < (int64_t)segment->until - 1 ? high : (int64_t)segment->until - 1;
		enum cm_truth answer;

		if (from > until)
			continue;
		answer = segment_truth(code, segment, variant, facts);
		possible = possible || answer != CM_NO;
		if (answer != CM_CERTAIN)
			continue;
		/* Certain on every day the date may be: the rule applies, whichever day it was. */
		certain_days[segment->when] += until - from + 1;
		if (certain_days[segment->when] == high - low + 1)
			return CM_CERTAIN;
	}
	return possible ? CM_POSSIBLE : CM_NO;
}

enum cm_truth cm_rule_applies(const struct cm_law *law, size_t rule, const struct cm_facts *facts,
    const struct cm_moments *moments)
{
	return applies_on(law, rule, ALL_VARIANTS, facts, moments);
}

enum cm_truth cm_rule_applies_on(const struct cm_law *law, size_t rule, uint16_t variant,
    const struct cm_facts *facts, const struct cm_moments *moments)
{
	return applies_on(law, rule, variant, facts, moments);
}

/* Most rules are settled by the literals they cannot do without; see struct cm_quick. */
static inline enum cm_truth applies_fast(const struct cm_law *law, size_t rule,
    const struct cm_facts *facts, const struct cm_moments *moments)
{
	const struct cm_quick *quick = &law->code.quick[rule];
	const uint8_t *answers = facts->answers;
	unsigned all = answers[quick->literals[0]];

	for (int i = 1; i < CM_QUICK_LITERALS; i++)
		all &= answers[quick->literals[i]];
	if (moments->low[quick->when] < quick->from || moments->high[quick->when] >= quick->until)
		return cm_rule_applies(law, rule, facts, moments);
	if (all == CM_NO || quick->whole)
		return (enum cm_truth)all;
	return variant_truth(&law->code, &law->code.variants[quick->variant], facts);
}

enum cm_truth cm_rule_after_defeats(
    const struct cm_law *law, size_t rule, const uint8_t *applies, const uint8_t *holds)
{
	const struct cm_rule_code *code = &law->code.rules[rule];
	bool threatened = false;

	if (applies[rule] == CM_NO)
		return CM_NO;
	for (uint32_t i = 0; i < code->defeaters; i++) {
		uint8_t by = holds[law->code.defeaters[code->defeater + i]];

		if (by == CM_CERTAIN)
			return CM_NO;
		threatened = threatened || by == CM_POSSIBLE;
	}
	return threatened ? CM_POSSIBLE : (enum cm_truth)applies[rule];
}

/* Shares nothing with the tables but where the answers go. */
void cm_decide_by_code(const struct cm_law *law, const struct cm_facts *facts, struct cm_day as_of,
    struct cm_decision *out)
{
	uint8_t *applies = out->truths;
	uint8_t *holds = out->truths + law->rules_count;
	struct cm_moments moments;

	assert(facts->law == law && out->law == law);
	cm_moments_of(law, facts, as_of, &moments);
	for (size_t i = 0; i < law->rules_count; i++)
		applies[i] = (uint8_t)applies_fast(law, i, facts, &moments);
	memcpy(holds, applies, law->rules_count);
	for (size_t i = 0; i < law->contested_count; i++) {
		size_t rule = law->contested[i];

		holds[rule] = (uint8_t)cm_rule_after_defeats(law, rule, applies, holds);
	}
	for (size_t i = 0; i < law->rules_count; i++)
		cm_decision_put(out, law->tables->place_of[i], (enum cm_truth)applies[i],
		    (enum cm_truth)holds[i]);
}

/* ---- what is open ---- */

static bool is_open(const struct cm_law *law, const struct cm_facts *facts, size_t fact)
{
	return !cm_slot_is_known(law, fact, &facts->slots[fact]);
}

static int variant_open_fact(
    const struct cm_law *law, const struct cm_variant *variant, const struct cm_facts *facts)
{
	const struct cm_instr *base = law->code.instrs + variant->base;
	uint8_t counters[CM_MAX_COUNTERS];
	uint16_t at = variant->entry;

	while (at < CM_REJECT) {
		const struct cm_instr *in = &base[at];
		const struct cm_literal *literal;
		unsigned answer;

		if ((in->literal & CM_COUNTER) != 0) {
			at = count(in, counters);
			continue;
		}
		literal = &law->code.literals[in->literal];
		answer = facts->answers[in->literal];
		if (answer == CM_POSSIBLE)
			return is_open(law, facts, literal->fact) ? literal->fact : literal->other;
		at = answer != CM_NO ? in->on_true : in->on_false;
	}
	return -1;
}

int cm_rule_open_fact(const struct cm_law *law, size_t rule, const struct cm_facts *facts,
    const struct cm_moments *moments)
{
	const struct cm_code *code = &law->code;
	const struct cm_segment *segment = code->segments + code->rules[rule].segment;
	const struct cm_segment *end = segment + code->rules[rule].segments;

	for (; segment < end; segment++) {
		int when = law->when_fact[segment->when];

		if (moments->low[segment->when] >= segment->until ||
		    moments->high[segment->when] < segment->from)
			continue;
		if (when >= 0 && is_open(law, facts, (size_t)when))
			return when;
		for (uint16_t i = 0; i < segment->variants; i++) {
			int fact =
			    variant_open_fact(law, &code->variants[segment->variant + i], facts);

			if (fact >= 0)
				return fact;
		}
	}
	return -1;
}
