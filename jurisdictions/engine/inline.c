#include "jurisdictions/engine/law.h"

#include <assert.h>
#include <string.h>

static void mask_set(uint64_t mask[4], int value)
{
	assert(value >= 0 && value < CM_MAX_VALUES);
	mask[value / 64] |= UINT64_C(1) << (value % 64);
}

/* The values an atom lists on a day: its words, and the members of the sets it names. */
static void mask_of(
    const struct cm_fact_entry *fact, const struct cm_expr *atom, int32_t day, uint64_t mask[4])
{
	memset(mask, 0, 4 * sizeof *mask);
	for (const struct cm_word *word = atom->words; word != NULL; word = word->next) {
		if (word->set == NULL) {
			mask_set(mask, word->value);
			continue;
		}
		for (const struct cm_word *code = cm_set_on(word->set, day); code != NULL;
		     code = code->next)
			mask_set(mask, cm_fact_value(fact, code->text));
	}
}

static void mask_invert(const struct cm_fact_entry *fact, uint64_t mask[4])
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t left = fact->values_count > i * 64 ? fact->values_count - i * 64 : 0;
		uint64_t domain = left >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << left) - 1;

		mask[i] = ~mask[i] & domain;
	}
}

static uint8_t opposite(uint8_t op)
{
	static const uint8_t pairs[][2] = {{CM_OP_ANY, CM_OP_NONE}, {CM_OP_ALL, CM_OP_LACKS},
	    {CM_OP_GE, CM_OP_LT}, {CM_OP_EQ, CM_OP_NE}, {CM_OP_GE_FACT, CM_OP_LT_FACT},
	    {CM_OP_SAME, CM_OP_DIFFERENT}, {CM_OP_CANNOT, CM_OP_CAN}};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (pairs[i][0] == op)
			return pairs[i][1];
		if (pairs[i][1] == op)
			return pairs[i][0];
	}
	return op;
}

/* The plain operation of an atom; `*flip` if it says the contrary of it. */
static uint8_t operation_of(const struct cm_expr *atom, bool *flip)
{
	*flip = false;
	switch (atom->op) {
	case CM_ATOM_IS_NOT:
	case CM_ATOM_NONE_OF:
	case CM_ATOM_NOT_IN:
		*flip = true;
		break;
	case CM_ATOM_HOLDS:
	case CM_ATOM_IS:
	case CM_ATOM_ONE_OF:
	case CM_ATOM_IN:
		break;
	case CM_ATOM_INCLUDES:
	case CM_ATOM_INCLUDES_ANY:
		return CM_OP_ANY;
	case CM_ATOM_INCLUDES_ALL:
		return CM_OP_ALL;
	case CM_ATOM_INCLUDES_NONE:
	case CM_ATOM_ONLY:
		return CM_OP_NONE;
	case CM_ATOM_AT_LEAST:
	case CM_ATOM_MORE:
		return CM_OP_GE;
	case CM_ATOM_AT_MOST:
	case CM_ATOM_LESS:
		return CM_OP_LT;
	case CM_ATOM_BEFORE:
		return atom->other >= 0 ? CM_OP_LT_FACT : CM_OP_LT;
	case CM_ATOM_FROM:
		return atom->other >= 0 ? CM_OP_GE_FACT : CM_OP_GE;
	case CM_ATOM_CANNOT:
	case CM_ATOM_UNKNOWN:
		return CM_OP_CANNOT;
	}
	if (atom->other >= 0)
		return CM_OP_SAME;
	return atom->value == CM_VALUE_QUANTITY || atom->value == CM_VALUE_DAY ? CM_OP_EQ
									       : CM_OP_IN;
}

static int64_t operand_of(const struct cm_expr *atom)
{
	if (atom->value == CM_VALUE_DAY)
		return atom->day.number;
	if (atom->other >= 0)
		return atom->offset_days;
	return atom->number + (atom->op == CM_ATOM_MORE || atom->op == CM_ATOM_AT_MOST);
}

bool cm_atom_code(const struct cm_law *law, const struct cm_expr *atom, int32_t day, bool negated,
    struct cm_literal *literal, uint64_t mask[4])
{
	const struct cm_fact_entry *fact;
	bool flip;

	if (atom->notion != NULL)
		return false;
	fact = &law->facts[atom->fact];
	*literal = (struct cm_literal){
	    .fact = (uint8_t)atom->fact, .other = (uint16_t)(atom->other >= 0 ? atom->other : 0)};
	literal->op = operation_of(atom, &flip);
	if (flip != negated)
		literal->op = opposite(literal->op);
	if (literal->op != CM_OP_IN && literal->op != CM_OP_ANY && literal->op != CM_OP_NONE &&
	    literal->op != CM_OP_ALL && literal->op != CM_OP_LACKS) {
		literal->arg = operand_of(atom);
		return true;
	}
	if (atom->op == CM_ATOM_HOLDS) {
		memset(mask, 0, 4 * sizeof *mask);
		mask_set(mask, 1);
	} else {
		mask_of(fact, atom, day, mask);
	}
	if ((literal->op == CM_OP_IN && flip != negated) || atom->op == CM_ATOM_ONLY)
		mask_invert(fact, mask);
	if (fact->words > 1)
		literal->op++; /* the wide form stands behind the narrow one */
	else
		memcpy(&literal->arg, mask, sizeof literal->arg);
	return true;
}

static enum cm_truth truth_not(enum cm_truth truth)
{
	return truth == CM_CERTAIN ? CM_NO : truth == CM_NO ? CM_CERTAIN : CM_POSSIBLE;
}

static enum cm_truth atom_truth(
    const struct cm_law *law, const struct cm_expr *atom, int32_t day, const struct cm_facts *facts)
{
	const struct cm_notion_def *notion;
	struct cm_literal literal;
	struct cm_mask mask;
	enum cm_truth truth = CM_NO;

	if (cm_atom_code(law, atom, day, false, &literal, mask.bits))
		return cm_literal_truth(&literal, &mask, facts);
	notion = cm_notion_on(law, atom->notion, day);
	if (notion != NULL)
		truth = cm_expr_truth(law, notion->means, day, facts);
	if (atom->op == CM_ATOM_HOLDS)
		return truth;
	return (atom->words->value == 1) == (atom->op == CM_ATOM_IS) ? truth : truth_not(truth);
}

enum cm_truth cm_expr_truth(
    const struct cm_law *law, const struct cm_expr *expr, int32_t day, const struct cm_facts *facts)
{
	uint32_t certain = 0;
	uint32_t possible = 0;
	uint32_t need = expr->kind == CM_EXPR_OR    ? 1
			: expr->kind == CM_EXPR_AND ? expr->size
						    : expr->need;

	if (expr->kind == CM_EXPR_ATOM)
		return atom_truth(law, expr, day, facts);
	if (expr->kind == CM_EXPR_NOT)
		return truth_not(cm_expr_truth(law, expr->first, day, facts));
	for (const struct cm_expr *operand = expr->first; operand != NULL;
	     operand = operand->next) {
		enum cm_truth truth = cm_expr_truth(law, operand, day, facts);

		certain += truth == CM_CERTAIN;
		possible += truth != CM_NO;
	}
	return certain >= need ? CM_CERTAIN : possible >= need ? CM_POSSIBLE : CM_NO;
}
