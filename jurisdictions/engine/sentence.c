#include "jurisdictions/engine/sentence.h"

#include <string.h>

int cm_template_next(const char **at, struct cm_buf *out, char name[CM_MAX_NAME_IN_TEXT])
{
	const char *text = *at;
	size_t len = strcspn(text, "{");

	if (*text == 0)
		return CM_TEMPLATE_END;
	if (len > 0) {
		if (out != NULL)
			cm_buf_add(out, text, len);
		*at = text + len;
		return CM_TEMPLATE_TEXT;
	}
	len = strcspn(text, "}");
	if (text[len] == 0 || len < 2 || len > CM_MAX_NAME_IN_TEXT)
		return CM_TEMPLATE_BAD;
	memcpy(name, text + 1, len - 1);
	name[len - 1] = 0;
	*at = text + len + 1;
	return CM_TEMPLATE_NAME;
}

static void bounds_print(const struct cm_fact_entry *entry, int64_t number, struct cm_buf *out)
{
	char day[CM_DAY_TEXT_BYTES];

	if (entry->info.type == CM_FACT_NUMBER) {
		cm_buf_printf(out, "%lld %s", (long long)number, entry->def->unit);
		return;
	}
	cm_day_print((struct cm_day){(int32_t)number}, day);
	cm_buf_text(out, day);
}

#define MAX_VALUES_TOLD 6 /* more possibilities than that say nothing */

/* "IE or GB", "content and traffic" */
static void values_print(const struct cm_fact_entry *entry, const uint64_t bits[4],
    const char *joint, struct cm_buf *out)
{
	unsigned count = 0;
	unsigned told = 0;

	for (int i = 0; i < 4; i++)
		count += (unsigned)__builtin_popcountll(bits[i]);
	for (uint32_t value = 0; value < entry->values_count; value++) {
		if ((bits[value / 64] >> (value % 64) & 1) == 0)
			continue;
		if (told != 0)
			cm_buf_text(out, told + 1 == count ? joint : ", ");
		cm_buf_text(out, entry->values[value]);
		told++;
	}
	if (count == 0)
		cm_buf_text(out, "none");
}

void cm_fact_print(
    const struct cm_law *law, const struct cm_facts *facts, size_t fact, struct cm_buf *out)
{
	const struct cm_fact_entry *entry = &law->facts[fact];
	const union cm_slot *slot = &facts->slots[fact];
	union cm_slot all;
	unsigned open = 0;

	cm_slot_clear(law, fact, &all);
	if (cm_slot_is_known(law, fact, slot) && !entry->is_finite) {
		bounds_print(entry, slot->low, out);
	} else if (cm_slot_is_known(law, fact, slot)) {
		values_print(entry, slot->may, " and ", out);
	} else if (facts->knowledge[fact] == CM_CANNOT_TELL) {
		cm_buf_text(out, "(cannot be determined)");
	} else if (!entry->is_finite && (slot->low != all.low && slot->high != all.high)) {
		bounds_print(entry, slot->low, out);
		cm_buf_text(out, " to ");
		bounds_print(entry, slot->high, out);
	} else {
		for (int i = 0; i < 4 && entry->is_finite; i++)
			open += (unsigned)__builtin_popcountll(slot->may[i]);
		if (entry->is_finite && !entry->is_set && open <= MAX_VALUES_TOLD &&
		    open < entry->values_count)
			values_print(entry, slot->may, " or ", out);
		else
			cm_buf_text(out, "(not known)");
	}
}

void cm_template_fill(const char *text, const struct cm_law *law, const struct cm_facts *facts,
    const char *deadline, struct cm_buf *out)
{
	char name[CM_MAX_NAME_IN_TEXT];
	int got;

	while ((got = cm_template_next(&text, out, name)) == CM_TEMPLATE_TEXT ||
	       got == CM_TEMPLATE_NAME) {
		int fact = got == CM_TEMPLATE_NAME ? cm_law_find_fact(law, name) : -1;

		if (got == CM_TEMPLATE_TEXT)
			continue;
		if (fact >= 0)
			cm_fact_print(law, facts, (size_t)fact, out);
		else
			cm_buf_text(out, *deadline != 0 ? deadline : "(day not known)");
	}
}

/* ---- conditions ---- */

static void words_print(const struct cm_word *word, struct cm_buf *out)
{
	for (; word != NULL; word = word->next) {
		cm_buf_text(out, word->text);
		if (word->next != NULL)
			cm_buf_text(out, ", ");
	}
}

static void value_print(const struct cm_expr *atom, struct cm_buf *out)
{
	char day[CM_DAY_TEXT_BYTES];

	switch (atom->value) {
	case CM_VALUE_WORDS:
		words_print(atom->words, out);
		break;
	case CM_VALUE_QUANTITY:
		cm_buf_printf(out, "%lld", (long long)atom->number);
		if (atom->unit != NULL) {
			cm_buf_byte(out, ' ');
			cm_buf_text(out, atom->unit);
		}
		break;
	case CM_VALUE_DAY:
		cm_day_print(atom->day, day);
		cm_buf_text(out, day);
		break;
	case CM_VALUE_NONE:
		break;
	}
	if (atom->offset_days != 0)
		cm_buf_printf(out, " %s %d days", atom->offset_days < 0 ? "minus" : "plus",
		    atom->offset_days < 0 ? -atom->offset_days : atom->offset_days);
}

static const char *const atom_words[] = {
    [CM_ATOM_HOLDS] = "",
    [CM_ATOM_IS] = " is ",
    [CM_ATOM_IS_NOT] = " is not ",
    [CM_ATOM_ONE_OF] = " is one of ",
    [CM_ATOM_NONE_OF] = " is none of ",
    [CM_ATOM_IN] = " is in ",
    [CM_ATOM_NOT_IN] = " is not in ",
    [CM_ATOM_INCLUDES] = " includes ",
    [CM_ATOM_INCLUDES_ANY] = " includes any of ",
    [CM_ATOM_INCLUDES_ALL] = " includes all of ",
    [CM_ATOM_INCLUDES_NONE] = " includes none of ",
    [CM_ATOM_ONLY] = " is only ",
    [CM_ATOM_AT_LEAST] = " at least ",
    [CM_ATOM_AT_MOST] = " at most ",
    [CM_ATOM_MORE] = " more than ",
    [CM_ATOM_LESS] = " less than ",
    [CM_ATOM_BEFORE] = " before ",
    [CM_ATOM_FROM] = " on or after ",
    [CM_ATOM_CANNOT] = " cannot be determined",
    [CM_ATOM_UNKNOWN] = " is unknown",
};

static void expr_print(const struct cm_expr *expr, bool as_written, struct cm_buf *out);

static void operand_print(const struct cm_expr *expr, bool as_written, struct cm_buf *out)
{
	bool brackets = expr->kind == CM_EXPR_AND || expr->kind == CM_EXPR_OR;

	if (brackets)
		cm_buf_byte(out, '(');
	expr_print(expr, as_written, out);
	if (brackets)
		cm_buf_byte(out, ')');
}

static void expr_print(const struct cm_expr *expr, bool as_written, struct cm_buf *out)
{
	const char *joint = expr->kind == CM_EXPR_AND ? " and " : " or ";

	switch (expr->kind) {
	case CM_EXPR_ATOM:
		cm_buf_text(out, expr->name);
		cm_buf_text(
		    out, as_written && expr->not_one_of ? " is not one of " : atom_words[expr->op]);
		value_print(expr, out);
		break;
	case CM_EXPR_NOT:
		cm_buf_text(out, "not ");
		operand_print(expr->first, as_written, out);
		break;
	case CM_EXPR_COUNT:
		cm_buf_printf(out, "at least %u of (", (unsigned)expr->need);
		for (const struct cm_expr *operand = expr->first; operand != NULL;
		     operand = operand->next) {
			expr_print(operand, as_written, out);
			cm_buf_text(out, operand->next != NULL ? "; " : ")");
		}
		break;
	case CM_EXPR_AND:
	case CM_EXPR_OR:
		for (const struct cm_expr *operand = expr->first; operand != NULL;
		     operand = operand->next) {
			operand_print(operand, as_written, out);
			if (operand->next != NULL)
				cm_buf_text(out, joint);
		}
		break;
	}
}

void cm_expr_print(const struct cm_expr *expr, struct cm_buf *out)
{
	expr_print(expr, false, out);
}

void cm_expr_print_written(const struct cm_expr *expr, struct cm_buf *out)
{
	expr_print(expr, true, out);
}
