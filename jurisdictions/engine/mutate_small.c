#include "jurisdictions/engine/mutate_small.h"

#include <string.h>

/* ---- which rules a change reaches ---- */

static bool expr_uses(const struct cm_expr *expr, const char *term)
{
	if (expr->kind == CM_EXPR_ATOM)
		return expr->notion != NULL && (strcmp(expr->notion->name, term) == 0 ||
						   expr_uses(expr->notion->means, term));
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		if (expr_uses(operand, term))
			return true;
	return false;
}

static bool rule_uses(const struct cm_rule_def *rule, const char *term)
{
	if (rule->applies != NULL && expr_uses(rule->applies, term))
		return true;
	for (const struct cm_reading *reading = rule->readings; reading != NULL;
	     reading = reading->next)
		if (expr_uses(reading->applies, term))
			return true;
	return false;
}

static void changed_mark(struct cm_mutator *mutator)
{
	const struct cm_item *item = mutator->item;

	for (size_t i = 0; i < mutator->law->rules_count; i++) {
		const struct cm_rule_def *def = mutator->law->rules[i].def;

		mutator->changed[i] = item->kind == CM_ITEM_RULE
					  ? strcmp(def->id, item->rule->id) == 0
					  : rule_uses(def, item->notion->name);
	}
}

static void support_add(struct cm_mutator *mutator, size_t rule)
{
	cm_scope_of(&mutator->scope, rule);
	for (size_t i = 0; i < mutator->scope.count; i++)
		if (mutator->parts[mutator->scope.rules[i]] == CM_PART_NONE)
			mutator->parts[mutator->scope.rules[i]] = CM_PART_SUPPORT;
}

/* Rules that a test names, so that it can run. */
static void named_add(struct cm_mutator *mutator, const struct cm_test_def *test)
{
	for (; test != NULL; test = test->next) {
		size_t end = 0;
		int first;

		if (test->expect != CM_EXPECT_DEFEATED && test->expect != CM_EXPECT_CONFLICT)
			continue;
		first = cm_law_rules_of(mutator->law, test->names->text, &end);
		for (size_t i = first < 0 ? end : (size_t)first; i < end; i++)
			support_add(mutator, i);
	}
}

static bool reaches(struct cm_mutator *mutator, size_t rule)
{
	cm_scope_of(&mutator->scope, rule);
	for (size_t i = 0; i < mutator->scope.count; i++)
		if (mutator->changed[mutator->scope.rules[i]] != 0)
			return true;
	return false;
}

/* A test of another rule may expect a conflict with the changed one. */
static bool names_changed(const struct cm_mutator *mutator, const struct cm_test_def *test)
{
	for (; test != NULL; test = test->next) {
		int first;

		if (test->expect != CM_EXPECT_CONFLICT)
			continue;
		first = cm_law_find_rule(mutator->law, test->names->text);
		if (first >= 0 && mutator->changed[first] != 0)
			return true;
	}
	return false;
}

void cm_mutation_reach(struct cm_mutator *mutator)
{
	const struct cm_law *law = mutator->law;

	memset(mutator->parts, CM_PART_NONE, law->rules_count);
	changed_mark(mutator);
	for (size_t i = 0; i < law->rules_count; i++)
		if (reaches(mutator, i) || names_changed(mutator, law->rules[i].def->tests))
			mutator->parts[i] = CM_PART_TESTED;
	for (size_t i = 0; i < law->rules_count; i++) {
		if (mutator->parts[i] != CM_PART_TESTED)
			continue;
		support_add(mutator, i);
		named_add(mutator, law->rules[i].def->tests);
	}
}

static enum cm_mutation_part part_of(const struct cm_mutator *mutator, const char *id)
{
	int first = cm_law_find_rule(mutator->law, id);

	return first < 0 ? CM_PART_NONE : (enum cm_mutation_part)mutator->parts[first];
}

/* ---- the small set as text ---- */

/* Leave out, in print only, the tests of what is not tested and defeats of rules not there. */
static bool field_stays(
    const struct cm_mutator *mutator, const struct cm_field *field, enum cm_mutation_part part)
{
	const struct cm_defeats *defeats = field->value;

	if (field->kind == CM_FIELD_TEST)
		return part == CM_PART_TESTED;
	if (field->kind != CM_FIELD_DEFEATS && field->kind != CM_FIELD_SUBJECT)
		return true;
	for (const struct cm_word *word = defeats->rules; word != NULL; word = word->next)
		if (part_of(mutator, word->text) != CM_PART_NONE)
			return true;
	return false;
}

/* The words that stay, in a list of copies. */
static struct cm_word *words_kept(struct cm_mutator *mutator, const struct cm_word *words)
{
	struct cm_word *first = NULL;
	struct cm_word **tail = &first;

	for (; words != NULL; words = words->next) {
		if (part_of(mutator, words->text) == CM_PART_NONE)
			continue;
		*tail = cm_arena_alloc(&mutator->tree, 1, sizeof **tail);
		if (*tail == NULL) {
			mutator->status = CM_NO_MEMORY;
			return first;
		}
		**tail = *words;
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	return first;
}

/* A copy of the rule with the fields that stay; defeats with the words that stay. */
static struct cm_rule_def *rule_trim(
    struct cm_mutator *mutator, const struct cm_rule_def *rule, enum cm_mutation_part part)
{
	struct cm_rule_def *copy = cm_arena_alloc(&mutator->tree, 1, sizeof *copy);
	struct cm_field **tail;

	if (copy == NULL)
		return NULL;
	*copy = *rule;
	copy->fields = NULL;
	copy->defeats = NULL;
	tail = &copy->fields;
	for (const struct cm_field *field = rule->fields; field != NULL; field = field->next) {
		struct cm_field *kept;

		if (!field_stays(mutator, field, part))
			continue;
		kept = cm_arena_alloc(&mutator->tree, 1, sizeof *kept);
		if (kept == NULL)
			return NULL;
		*kept = *field;
		kept->next = NULL;
		if (field->kind == CM_FIELD_DEFEATS || field->kind == CM_FIELD_SUBJECT) {
			struct cm_defeats *defeats =
			    cm_arena_alloc(&mutator->tree, 1, sizeof *defeats);

			if (defeats == NULL)
				return NULL;
			*defeats = *(const struct cm_defeats *)field->value;
			defeats->rules = words_kept(mutator, defeats->rules);
			defeats->next = copy->defeats;
			copy->defeats = defeats;
			kept->value = defeats;
		}
		*tail = kept;
		tail = &kept->next;
	}
	return copy;
}

void cm_mutation_header_print(struct cm_printer *printer, const struct cm_unit_file *unit)
{
	cm_buf_printf(printer->out, "law language 1 jurisdiction %s", unit->jurisdiction);
	cm_print_phrase(printer, NULL, unit->title, 2);
	cm_buf_byte(printer->out, '\n');
}

void cm_mutation_item_print(struct cm_printer *printer, const struct cm_item *item)
{
	cm_print_item(printer, item);
	cm_buf_byte(printer->out, '\n');
}

void cm_mutation_unit_print(struct cm_mutator *mutator, size_t unit)
{
	struct cm_printer printer = {.out = &mutator->texts[unit]};

	cm_buf_clear(&mutator->texts[unit]);
	cm_mutation_header_print(&printer, mutator->units[unit]);
	for (const struct cm_item *item = mutator->units[unit]->items; item != NULL;
	     item = item->next) {
		struct cm_item trimmed = *item;
		enum cm_mutation_part part;

		if (item == mutator->item)
			continue;
		if (item->kind == CM_ITEM_RULE) {
			part = part_of(mutator, item->rule->id);
			if (part == CM_PART_NONE)
				continue;
			trimmed.rule = rule_trim(mutator, item->rule, part);
			if (trimmed.rule == NULL) {
				mutator->status = CM_NO_MEMORY;
				return;
			}
		}
		cm_mutation_item_print(&printer, &trimmed);
	}
	mutator->small[unit] = (struct cm_law_file){.path = mutator->files[unit].path,
	    .text = cm_buf_str(&mutator->texts[unit]),
	    .len = mutator->texts[unit].len};
}
