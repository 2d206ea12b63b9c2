#include "jurisdictions/engine/mutate_tree.h"

#include "jurisdictions/engine/sentence.h"

struct walker {
	cm_mutant_cb on_mutant;
	void *context;
	struct cm_buf text;
};

static bool show(struct walker *walker, enum cm_mutation kind, uint32_t line, const char *how)
{
	return !walker->text.failed &&
	       walker->on_mutant(
		   walker->context, kind, line, cm_buf_str(&walker->text), how);
}

static void name_expr(struct walker *walker, const struct cm_expr *expr)
{
	cm_buf_clear(&walker->text);
	cm_expr_print(expr, &walker->text);
}

/* ---- conditions ---- */

static bool negate(struct walker *walker, struct cm_expr **slot)
{
	struct cm_expr *atom = *slot;
	struct cm_expr *after = atom->next;
	struct cm_expr not = {
	    .kind = CM_EXPR_NOT, .at = atom->at, .next = after, .first = atom, .fact = -1, .other = -1};
	bool go_on;

	atom->next = NULL;
	*slot = &not;
	go_on = show(walker, CM_MUTATION_NEGATE, atom->at.line, "negated");
	*slot = atom;
	atom->next = after;
	return go_on;
}

/* A lone condition cannot be dropped: the language has no rule that always applies. */
static bool drop(struct walker *walker, struct cm_expr *parent, struct cm_expr **slot)
{
	struct cm_expr *operand = *slot;
	bool go_on;

	if (parent == NULL || parent->size < 2 ||
	    (parent->kind == CM_EXPR_COUNT && parent->need >= parent->size))
		return true;
	*slot = operand->next;
	parent->size--;
	go_on = show(walker, CM_MUTATION_DROP, operand->at.line, "dropped");
	parent->size++;
	*slot = operand;
	return go_on;
}

static bool shift(struct walker *walker, struct cm_expr *atom)
{
	struct cm_expr kept = *atom;
	bool compares = atom->value == CM_VALUE_WORDS &&
			(atom->op == CM_ATOM_BEFORE || atom->op == CM_ATOM_FROM);
	bool go_on = true;

	for (int by = -1; by <= 1 && go_on; by += 2) {
		if (atom->value == CM_VALUE_QUANTITY && atom->number + by >= 0)
			atom->number += by;
		else if (atom->value == CM_VALUE_DAY)
			atom->day.number += by;
		else if (compares)
			atom->offset_days += by;
		else
			continue;
		go_on = show(walker, CM_MUTATION_SHIFT, atom->at.line,
		    by < 0 ? "one less" : "one more");
		*atom = kept;
	}
	return go_on;
}

static bool count_shift(struct walker *walker, struct cm_expr *count)
{
	uint32_t need = count->need;
	bool go_on = true;

	name_expr(walker, count);
	if (need > 1) {
		count->need = need - 1;
		go_on = show(walker, CM_MUTATION_SHIFT, count->at.line, "one less");
	}
	if (go_on && need < count->size) {
		count->need = need + 1;
		go_on = show(walker, CM_MUTATION_SHIFT, count->at.line, "one more");
	}
	count->need = need;
	return go_on;
}

/* `outer` is the slot that goes when the condition is dropped: with the `not` before it. Depth is
 * bounded by the parser. */
static bool expr_mutate(struct walker *walker, struct cm_expr *parent, struct cm_expr **outer,
    struct cm_expr **slot)
{
	struct cm_expr *expr = *slot;
	bool go_on = true;

	if (expr->kind == CM_EXPR_NOT)
		return expr_mutate(walker, parent, outer, &expr->first);
	if (expr->kind == CM_EXPR_ATOM) {
		name_expr(walker, *outer);
		return negate(walker, slot) && drop(walker, parent, outer) && shift(walker, expr);
	}
	if (expr->kind == CM_EXPR_COUNT)
		go_on = count_shift(walker, expr);
	for (struct cm_expr **operand = &expr->first; *operand != NULL && go_on;
	     operand = &(*operand)->next)
		go_on = expr_mutate(walker, expr, operand, operand);
	return go_on;
}

/* ---- defeats and effect ---- */

static bool field_drop(
    struct walker *walker, struct cm_rule_def *rule, const struct cm_defeats *defeats)
{
	struct cm_field **slot = &rule->fields;
	struct cm_field *field;
	bool go_on;

	while (*slot != NULL && (*slot)->value != defeats)
		slot = &(*slot)->next;
	field = *slot;
	if (field == NULL)
		return true;
	*slot = field->next;
	go_on = show(walker, CM_MUTATION_DEFEAT, defeats->at.line, "dropped");
	*slot = field;
	return go_on;
}

static bool defeats_mutate(struct walker *walker, struct cm_rule_def *rule)
{
	bool go_on = true;

	for (struct cm_defeats *defeats = rule->defeats; defeats != NULL && go_on;
	     defeats = defeats->next)
		for (struct cm_word **slot = &defeats->rules; *slot != NULL && go_on;
		     slot = &(*slot)->next) {
			struct cm_word *word = *slot;

			cm_buf_clear(&walker->text);
			cm_buf_printf(&walker->text, "%s %s",
			    defeats->inverse ? "subject to" : "defeats", word->text);
			if (defeats->rules->next == NULL) {
				go_on = field_drop(walker, rule, defeats);
				continue;
			}
			*slot = word->next;
			go_on = show(walker, CM_MUTATION_DEFEAT, word->at.line, "dropped");
			*slot = word;
		}
	return go_on;
}

static bool modality_swap(struct walker *walker, struct cm_rule_def *rule)
{
	enum cm_modality kept = rule->modality;
	bool go_on;

	cm_buf_clear(&walker->text);
	cm_buf_printf(
	    &walker->text, "%s %s", cm_modality_names[kept - 1], rule->act->text);
	rule->modality = kept == CM_FORBIDS  ? CM_REQUIRES
			 : kept == CM_REQUIRES ? CM_FORBIDS
			 : kept == CM_PERMITS  ? CM_FORBIDS
					       : CM_PERMITS;
	go_on = show(walker, CM_MUTATION_SWAP, rule->act->at.line,
	    rule->modality == CM_FORBIDS    ? "forbids"
	    : rule->modality == CM_REQUIRES ? "requires"
					    : "permits");
	rule->modality = kept;
	return go_on;
}

bool cm_rule_mutate(struct cm_rule_def *rule, cm_mutant_cb on_mutant, void *context)
{
	struct walker walker = {.on_mutant = on_mutant, .context = context};
	bool go_on = true;

	cm_buf_init(&walker.text, 0);
	if (rule->applies != NULL)
		go_on = expr_mutate(&walker, NULL, &rule->applies, &rule->applies);
	for (struct cm_reading *reading = rule->readings; reading != NULL && go_on;
	     reading = reading->next)
		go_on = expr_mutate(&walker, NULL, &reading->applies, &reading->applies);
	go_on = go_on && defeats_mutate(&walker, rule) && modality_swap(&walker, rule);
	cm_buf_fini(&walker.text);
	return go_on;
}

bool cm_notion_mutate(struct cm_notion_def *notion, cm_mutant_cb on_mutant, void *context)
{
	struct walker walker = {.on_mutant = on_mutant, .context = context};
	bool go_on;

	cm_buf_init(&walker.text, 0);
	go_on = expr_mutate(&walker, NULL, &notion->means, &notion->means);
	cm_buf_fini(&walker.text);
	return go_on;
}
