#include "jurisdictions/engine/law.h"

#include <string.h>

/* Keep what lies in both; false if nothing is left. */
static bool bounds_meet(union cm_slot *slot, int64_t low, int64_t high)
{
	if (low > slot->low)
		slot->low = low;
	if (high < slot->high)
		slot->high = high;
	return slot->low <= slot->high;
}

static bool is_subset(const uint64_t a[4], const uint64_t b[4])
{
	for (int i = 0; i < 4; i++)
		if ((a[i] & ~b[i]) != 0)
			return false;
	return true;
}

static bool is_empty(const uint64_t a[4])
{
	return (a[0] | a[1] | a[2] | a[3]) == 0;
}

/* One statement about a set: these are members, these are not, or exactly these are. */
static bool members_narrow(union cm_slot *slot, enum cm_atom_op op, const uint64_t mask[4])
{
	for (int i = 0; i < 4; i++) {
		switch ((int)op) {
		case CM_ATOM_IS:
			slot->must[i] |= mask[i];
			slot->may[i] &= mask[i];
			break;
		case CM_ATOM_INCLUDES:
		case CM_ATOM_INCLUDES_ALL:
			slot->must[i] |= mask[i];
			break;
		case CM_ATOM_ONLY:
			slot->may[i] &= mask[i];
			break;
		case CM_ATOM_INCLUDES_NONE:
			slot->may[i] &= ~mask[i];
			break;
		default: /* one of several is a member, nobody knows which: nothing is certain of
			    any */
			break;
		}
	}
	return is_subset(slot->must, slot->may);
}

static bool values_narrow(union cm_slot *slot, const uint64_t mask[4])
{
	for (int i = 0; i < 4; i++)
		slot->may[i] &= mask[i];
	return !is_empty(slot->may);
}

/* The range a literal allows. */
static bool range_narrow(union cm_slot *slot, const struct cm_literal *literal)
{
	switch ((int)literal->op) {
	case CM_OP_GE:
		return bounds_meet(slot, literal->arg, slot->high);
	case CM_OP_LT:
		return bounds_meet(slot, slot->low, literal->arg - 1);
	case CM_OP_EQ:
		return bounds_meet(slot, literal->arg, literal->arg);
	default:
		return false;
	}
}

static bool slot_narrow(struct cm_facts *facts, const struct cm_expr *given, int32_t day)
{
	const struct cm_law *law = facts->law;
	bool negated = given->kind == CM_EXPR_NOT;
	const struct cm_expr *atom = negated ? given->first : given;
	const struct cm_fact_entry *entry = &law->facts[atom->fact];
	union cm_slot *slot = &facts->slots[atom->fact];
	struct cm_expr plain;
	struct cm_literal literal;
	struct cm_mask mask;

	if (atom->op == CM_ATOM_CANNOT || atom->op == CM_ATOM_UNKNOWN) {
		facts->knowledge[atom->fact] =
		    atom->op == CM_ATOM_CANNOT && !negated ? CM_CANNOT_TELL : CM_NOT_ASKED;
		return true;
	}
	if (!cm_atom_code(law, atom, day, negated && !entry->is_set, &literal, mask.bits))
		return false;
	if (literal.op == CM_OP_IN)
		mask = (struct cm_mask){.bits = {(uint64_t)literal.arg}};
	facts->knowledge[atom->fact] = CM_KNOWN;
	if (!entry->is_finite)
		return range_narrow(slot, &literal);
	if (!entry->is_set)
		return values_narrow(slot, mask.bits);
	/* Of a set the words count, not the operation made of them. */
	plain = *atom;
	plain.op = CM_ATOM_INCLUDES_ANY;
	(void)cm_atom_code(law, &plain, day, false, &literal, mask.bits);
	if (literal.op == CM_OP_ANY)
		mask = (struct cm_mask){.bits = {(uint64_t)literal.arg}};
	if (atom->op == CM_ATOM_INCLUDES_ANY && atom->words->next == NULL &&
	    atom->words->set == NULL)
		return members_narrow(
		    slot, negated ? CM_ATOM_INCLUDES_NONE : CM_ATOM_INCLUDES, mask.bits);
	return members_narrow(slot, negated ? CM_ATOM_INCLUDES_NONE : atom->op, mask.bits);
}

bool cm_facts_narrow(struct cm_facts *facts, const struct cm_expr *given, int32_t day)
{
	bool fine = slot_narrow(facts, given, day);

	cm_facts_refresh(
	    facts, (size_t)(given->kind == CM_EXPR_NOT ? given->first->fact : given->fact));
	return fine;
}
