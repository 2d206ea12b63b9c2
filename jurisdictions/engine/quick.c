#include "jurisdictions/engine/emit.h"

#include <string.h>

struct needed {
	uint32_t literals[CM_QUICK_LITERALS];
	size_t count;
	bool whole;
};

/* The literal of an atom: mostly one just written. */
static uint32_t literal_of(struct cm_emitter *emitter, const struct cm_expr *atom, bool negated)
{
	for (size_t i = 0; i < emitter->written_count && emitter->written_day == emitter->day;
	     i++) {
		const struct cm_written *written = &emitter->written[i];

		if (written->atom == atom && written->negated == negated)
			return written->literal;
	}
	return cm_emit_atom_literal(emitter, atom, negated);
}

static void needed_add(
    struct cm_emitter *emitter, const struct cm_expr *atom, bool negated, struct needed *needed)
{
	if (needed->count == CM_QUICK_LITERALS)
		needed->whole = false;
	else
		needed->literals[needed->count++] = literal_of(emitter, atom, negated);
}

/* Gather the literals without which an expression cannot be met. */
static void needed_find(
    struct cm_emitter *emitter, const struct cm_expr *expr, bool negated, struct needed *needed)
{
	const struct cm_notion_def *notion;

	if (expr->kind == CM_EXPR_NOT) {
		needed_find(emitter, expr->first, !negated, needed);
	} else if (expr->kind == (negated ? CM_EXPR_OR : CM_EXPR_AND)) {
		for (const struct cm_expr *operand = expr->first; operand != NULL;
		     operand = operand->next)
			needed_find(emitter, operand, negated, needed);
	} else if (expr->kind != CM_EXPR_ATOM) {
		needed->whole = false;
	} else if (expr->notion == NULL) {
		needed_add(emitter, expr, negated, needed);
	} else {
		notion = cm_notion_on(emitter->law, expr->notion, emitter->day);
		if (expr->op != CM_ATOM_HOLDS)
			negated ^= (expr->words->value == 1) != (expr->op == CM_ATOM_IS);
		if (notion != NULL)
			needed_find(emitter, notion->means, negated, needed);
		else
			needed->whole = false;
	}
}

/* Only where the newest segment is the one way to read the rule on its days. */
void cm_emit_quick(struct cm_emitter *emitter, const struct cm_rule_def *rule,
    const struct cm_rule_code *own, struct cm_quick *out)
{
	const struct cm_code *code = emitter->code;
	const struct cm_segment *newest = NULL;
	struct needed needed = {.whole = true};
	struct cm_expr of;

	*out = (struct cm_quick){0};
	for (uint32_t i = 0; i < own->segments; i++) {
		const struct cm_segment *segment = &code->segments[own->segment + i];

		if (segment->variants != 1 || segment->when != code->segments[own->segment].when)
			return;
		if (newest == NULL || segment->from > newest->from)
			newest = segment;
	}
	if (newest == NULL)
		return;
	emitter->day = newest->from;
	needed_find(emitter, rule->applies != NULL ? rule->applies : rule->readings->applies, false,
	    &needed);
	if (cm_emit_of_atom(emitter->law, rule, &of))
		needed_add(emitter, &of, false, &needed);
	memcpy(out->literals, needed.literals, sizeof out->literals);
	for (size_t i = needed.count; i < CM_QUICK_LITERALS; i++)
		out->literals[i] = CM_LITERAL_TRUE;
	out->variant = newest->variant;
	out->from = newest->from;
	out->until = newest->until;
	out->when = newest->when;
	out->whole = needed.whole;
}
