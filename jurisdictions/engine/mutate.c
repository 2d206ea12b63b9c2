/*
 * Do the tests of a file hold its rules? Each rule is changed in one place at a time and the tests
 * that could see the change are run.
 *
 * A changed rule is printed and loaded with a small set: the vocabulary, sets, terms and calendars,
 * the rules whose outcome it can reach (with their tests), and what those need (without). So a
 * mutant costs a load of some ten rules and is judged by the very code that judges the law.
 */
#include <string.h>

#include "jurisdictions/engine/mutate_tree.h"
#include "jurisdictions/engine/parse.h"
#include "jurisdictions/engine/print.h"
#include "jurisdictions/engine/scope.h"

enum part { PART_NONE, PART_SUPPORT, PART_TESTED };

struct mutator {
	const struct cm_law_file *files; /* borrowed */
	size_t files_count;
	size_t file;
	struct cm_law *law;          /* owned; the set as it is */
	struct cm_law *base;         /* owned; the small set, unchanged */
	struct cm_arena tree;        /* of the units */
	struct cm_unit_file **units; /* in the tree; parsed, not checked: ours to change */
	struct cm_scope scope;
	uint8_t *parts;            /* owned; per rule: enum part */
	uint8_t *changed;          /* owned; per rule: what the change can reach first */
	struct cm_buf *texts;      /* owned; one a unit, one more for the item that is changed */
	struct cm_law_file *small; /* owned */
	const struct cm_item *item;
	struct cm_arena *arena;
	struct cm_mutants *out;
	size_t cap;
	enum cm_status status;
};

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

static void changed_mark(struct mutator *mutator)
{
	const struct cm_item *item = mutator->item;

	for (size_t i = 0; i < mutator->law->rules_count; i++) {
		const struct cm_rule_def *def = mutator->law->rules[i].def;

		mutator->changed[i] = item->kind == CM_ITEM_RULE
					  ? strcmp(def->id, item->rule->id) == 0
					  : rule_uses(def, item->notion->name);
	}
}

static void support_add(struct mutator *mutator, size_t rule)
{
	cm_scope_of(&mutator->scope, rule);
	for (size_t i = 0; i < mutator->scope.count; i++)
		if (mutator->parts[mutator->scope.rules[i]] == PART_NONE)
			mutator->parts[mutator->scope.rules[i]] = PART_SUPPORT;
}

/* Rules that a test names, so that it can run. */
static void named_add(struct mutator *mutator, const struct cm_test_def *test)
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

static bool reaches(struct mutator *mutator, size_t rule)
{
	cm_scope_of(&mutator->scope, rule);
	for (size_t i = 0; i < mutator->scope.count; i++)
		if (mutator->changed[mutator->scope.rules[i]] != 0)
			return true;
	return false;
}

/* A test of another rule may expect a conflict with the changed one. */
static bool names_changed(const struct mutator *mutator, const struct cm_test_def *test)
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

static void parts_find(struct mutator *mutator)
{
	const struct cm_law *law = mutator->law;

	memset(mutator->parts, PART_NONE, law->rules_count);
	changed_mark(mutator);
	for (size_t i = 0; i < law->rules_count; i++)
		if (reaches(mutator, i) || names_changed(mutator, law->rules[i].def->tests))
			mutator->parts[i] = PART_TESTED;
	for (size_t i = 0; i < law->rules_count; i++) {
		if (mutator->parts[i] != PART_TESTED)
			continue;
		support_add(mutator, i);
		named_add(mutator, law->rules[i].def->tests);
	}
}

static enum part part_of(const struct mutator *mutator, const char *id)
{
	int first = cm_law_find_rule(mutator->law, id);

	return first < 0 ? PART_NONE : (enum part)mutator->parts[first];
}

/* ---- the small set as text ---- */

/* Leave out, in print only, the tests of what is not tested and defeats of rules not there. */
static bool field_stays(
    const struct mutator *mutator, const struct cm_field *field, enum part part)
{
	const struct cm_defeats *defeats = field->value;

	if (field->kind == CM_FIELD_TEST)
		return part == PART_TESTED;
	if (field->kind != CM_FIELD_DEFEATS && field->kind != CM_FIELD_SUBJECT)
		return true;
	for (const struct cm_word *word = defeats->rules; word != NULL; word = word->next)
		if (part_of(mutator, word->text) != PART_NONE)
			return true;
	return false;
}

/* The words that stay, in a list of copies. */
static struct cm_word *words_kept(struct mutator *mutator, const struct cm_word *words)
{
	struct cm_word *first = NULL;
	struct cm_word **tail = &first;

	for (; words != NULL; words = words->next) {
		if (part_of(mutator, words->text) == PART_NONE)
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
    struct mutator *mutator, const struct cm_rule_def *rule, enum part part)
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

static void header_print(struct cm_printer *printer, const struct cm_unit_file *unit)
{
	cm_buf_printf(
	    printer->out, "law language 1 jurisdiction %s ", unit->jurisdiction);
	cm_print_string(printer, unit->title, 2);
	cm_buf_byte(printer->out, '\n');
}

static void item_print(struct cm_printer *printer, const struct cm_item *item)
{
	cm_print_item(printer, item);
	cm_buf_byte(printer->out, '\n');
}

static void unit_print(struct mutator *mutator, size_t unit)
{
	struct cm_printer printer = {.out = &mutator->texts[unit]};

	cm_buf_clear(&mutator->texts[unit]);
	header_print(&printer, mutator->units[unit]);
	for (const struct cm_item *item = mutator->units[unit]->items; item != NULL;
	     item = item->next) {
		struct cm_item trimmed = *item;
		enum part part;

		if (item == mutator->item)
			continue;
		if (item->kind == CM_ITEM_RULE) {
			part = part_of(mutator, item->rule->id);
			if (part == PART_NONE)
				continue;
			trimmed.rule = rule_trim(mutator, item->rule, part);
			if (trimmed.rule == NULL) {
				mutator->status = CM_NO_MEMORY;
				return;
			}
		}
		item_print(&printer, &trimmed);
	}
	mutator->small[unit] = (struct cm_law_file){.path = mutator->files[unit].path,
	    .text = cm_buf_str(&mutator->texts[unit]),
	    .len = mutator->texts[unit].len};
}

/* ---- one mutant ---- */

enum verdict { SURVIVED, KILLED, REFUSED };

static enum verdict verdict_of(const struct cm_remarks *remarks)
{
	for (size_t i = 0; i < remarks->count; i++)
		if (remarks->items[i].kind == CM_REMARK_ERROR &&
		    strcmp(remarks->items[i].code, "test-failed") == 0)
			return KILLED;
	return remarks->errors != 0 ? REFUSED : SURVIVED;
}

/* Print the item as it now stands and load the small set with it; the caller owns `*law`. */
static enum cm_status item_judge(struct mutator *mutator, const struct cm_item *item,
    enum verdict *verdict, struct cm_law **law)
{
	size_t last = mutator->files_count;
	struct cm_printer printer = {.out = &mutator->texts[last]};
	struct cm_remarks remarks;
	enum cm_status status;

	*law = NULL;
	cm_buf_clear(printer.out);
	header_print(&printer, mutator->units[mutator->file]);
	item_print(&printer, item);
	for (size_t i = 0; i <= last; i++)
		if (mutator->texts[i].failed)
			return CM_NO_MEMORY;
	mutator->small[last] = (struct cm_law_file){.path = mutator->files[mutator->file].path,
	    .text = cm_buf_str(printer.out),
	    .len = printer.out->len};
	cm_remarks_init(&remarks);
	status = cm_law_load(mutator->small, last + 1, &remarks, law);
	*verdict = verdict_of(&remarks);
	cm_remarks_fini(&remarks);
	return status == CM_BAD_INPUT ? CM_OK : status;
}

static bool survivor_add(struct mutator *mutator, enum cm_mutation kind, uint32_t line,
    const char *what, const char *how)
{
	struct cm_mutants *out = mutator->out;
	const struct cm_item *item = mutator->item;
	const char *name = item->kind == CM_ITEM_RULE ? item->rule->id : item->notion->name;
	struct cm_mutant *mutant;

	if (out->survivors_count == mutator->cap) {
		size_t more = mutator->cap == 0 ? 64 : mutator->cap * 2;
		struct cm_mutant *grown = cm_arena_alloc(mutator->arena, more, sizeof *grown);

		if (grown == NULL)
			return false;
		if (out->survivors_count != 0)
			memcpy(grown, out->survivors, out->survivors_count * sizeof *grown);
		out->survivors = grown;
		mutator->cap = more;
	}
	mutant = &out->survivors[out->survivors_count++];
	*mutant = (struct cm_mutant){.kind = kind,
	    .rule = cm_arena_text(mutator->arena, name),
	    .path = cm_arena_text(mutator->arena, mutator->files[mutator->file].path),
	    .line = line,
	    .text = cm_arena_printf(mutator->arena, "%s: %s", what, how)};
	return mutant->rule != NULL && mutant->path != NULL && mutant->text != NULL;
}

/* Days that are no fact cannot be searched. */
static bool days_are_facts(const struct cm_law *law)
{
	for (size_t i = 0; i < law->rules_count; i++)
		for (const struct cm_span *span = law->rules[i].def->spans; span != NULL;
		     span = span->next)
			if (law->when_fact[span->when] < 0)
				return false;
	return true;
}

/*
 * A mutant that applies to the same demands as the rule itself can be killed by no test. The whole
 * small set is compared, since a term may stand in several rules.
 */
static enum cm_status is_equivalent(
    const struct mutator *mutator, const struct cm_law *law, bool *equivalent)
{
	struct cm_day day = {0};
	struct cm_change *changes;
	struct cm_arena arena;
	size_t count;
	enum cm_status status;

	*equivalent = false;
	if (!days_are_facts(law))
		return CM_OK;
	cm_arena_init(&arena, 0);
	status = cm_law_diff(mutator->base, law, day, &arena, &changes, &count);
	*equivalent = status == CM_OK;
	for (size_t i = 0; status == CM_OK && i < count; i++)
		*equivalent = *equivalent && changes[i].exact &&
			      (changes[i].kind == CM_CHANGE_SAME ||
				  changes[i].kind == CM_CHANGE_TEXT);
	cm_arena_fini(&arena);
	return status;
}

static enum cm_status survivor_judge(struct mutator *mutator, const struct cm_law *law,
    enum cm_mutation kind, uint32_t line, const char *what, const char *how)
{
	bool equivalent = false;
	enum cm_status status = CM_OK;

	if (kind == CM_MUTATION_NEGATE || kind == CM_MUTATION_DROP || kind == CM_MUTATION_SHIFT)
		status = is_equivalent(mutator, law, &equivalent);
	if (status != CM_OK)
		return status;
	mutator->out->equivalent[kind] += equivalent;
	return equivalent || survivor_add(mutator, kind, line, what, how) ? CM_OK : CM_NO_MEMORY;
}

static bool on_mutant(
    void *context, enum cm_mutation kind, uint32_t line, const char *what, const char *how)
{
	struct mutator *mutator = context;
	struct cm_item item = *mutator->item;
	enum verdict verdict;
	struct cm_law *law;

	mutator->status = item_judge(mutator, &item, &verdict, &law);
	if (mutator->status == CM_OK) {
		mutator->out->made[kind]++;
		mutator->out->killed[kind] += verdict == KILLED;
		mutator->out->refused[kind] += verdict == REFUSED;
		if (verdict == SURVIVED)
			mutator->status = survivor_judge(mutator, law, kind, line, what, how);
	}
	cm_law_free(law);
	return mutator->status == CM_OK;
}

/* ---- a file ---- */

static enum cm_status item_mutate(struct mutator *mutator, struct cm_item *item)
{
	enum verdict verdict = SURVIVED;
	enum cm_status status;
	bool done;

	mutator->item = item;
	mutator->status = CM_OK;
	parts_find(mutator);
	for (size_t i = 0; i < mutator->files_count && mutator->status == CM_OK; i++)
		unit_print(mutator, i);
	if (mutator->status != CM_OK)
		return mutator->status;
	/* Unchanged, the small set must pass: else what it says of a mutant means nothing. */
	cm_law_free(mutator->base);
	status = item_judge(mutator, item, &verdict, &mutator->base);
	if (status != CM_OK || verdict != SURVIVED)
		return status != CM_OK ? status : CM_INTERNAL;
	done = item->kind == CM_ITEM_RULE ? cm_rule_mutate(item->rule, on_mutant, mutator)
					  : cm_notion_mutate(item->notion, on_mutant, mutator);
	return done ? CM_OK : mutator->status != CM_OK ? mutator->status : CM_NO_MEMORY;
}

static bool is_mutable(const struct cm_item *item)
{
	return item->kind == CM_ITEM_RULE || item->kind == CM_ITEM_NOTION;
}

static enum cm_status file_mutate(struct mutator *mutator, cm_mutate_cb on_rule, void *context)
{
	struct cm_item *items = mutator->units[mutator->file]->items;
	size_t total = 0;
	size_t done = 0;
	enum cm_status status = CM_OK;

	for (const struct cm_item *item = items; item != NULL; item = item->next)
		total += is_mutable(item);
	for (struct cm_item *item = items; item != NULL && status == CM_OK; item = item->next) {
		if (!is_mutable(item))
			continue;
		status = item_mutate(mutator, item);
		if (on_rule != NULL && status == CM_OK)
			on_rule(context, ++done, total);
	}
	return status;
}

static enum cm_status units_parse(struct mutator *mutator)
{
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = mutator->files,
	    .files_count = mutator->files_count,
	    .remarks = &remarks};
	enum cm_status status = CM_OK;

	cm_remarks_init(&remarks);
	mutator->units = cm_arena_alloc(
	    &mutator->tree, mutator->files_count + 1, sizeof(struct cm_unit_file *));
	if (mutator->units == NULL)
		status = CM_NO_MEMORY;
	for (size_t i = 0; i < mutator->files_count && status == CM_OK; i++) {
		mutator->units[i] = cm_parse_file(&loader, &mutator->tree, (uint32_t)i);
		if (mutator->units[i] == NULL || loader.out_of_memory)
			status = CM_NO_MEMORY;
	}
	cm_remarks_fini(&remarks);
	return status;
}

static enum cm_status whole_load(struct mutator *mutator)
{
	struct cm_remarks remarks;
	enum cm_status status;

	cm_remarks_init(&remarks);
	status = cm_law_load(mutator->files, mutator->files_count, &remarks, &mutator->law);
	cm_remarks_fini(&remarks);
	return status;
}

static enum cm_status rooms_make(struct mutator *mutator)
{
	mutator->parts = cm_alloc(mutator->law->rules_count + 1, 1);
	mutator->changed = cm_alloc(mutator->law->rules_count + 1, 1);
	mutator->texts = cm_alloc(mutator->files_count + 1, sizeof *mutator->texts);
	mutator->small = cm_alloc(mutator->files_count + 1, sizeof *mutator->small);
	if (mutator->parts == NULL || mutator->changed == NULL || mutator->texts == NULL ||
	    mutator->small == NULL || !cm_scope_init(&mutator->scope, mutator->law))
		return CM_NO_MEMORY;
	for (size_t i = 0; i <= mutator->files_count; i++)
		cm_buf_init(&mutator->texts[i], 0);
	return CM_OK;
}

enum cm_status cm_law_mutate(const struct cm_law_file *files, size_t count, size_t file,
    cm_mutate_cb on_rule, void *context, struct cm_arena *arena, struct cm_mutants *out)
{
	struct mutator mutator = {
	    .files = files, .files_count = count, .file = file, .arena = arena, .out = out};
	enum cm_status status;

	*out = (struct cm_mutants){0};
	cm_arena_init(&mutator.tree, 0);
	status = whole_load(&mutator);
	if (status == CM_OK)
		status = units_parse(&mutator);
	if (status == CM_OK)
		status = rooms_make(&mutator);
	if (status == CM_OK)
		status = file_mutate(&mutator, on_rule, context);
	for (size_t i = 0; mutator.texts != NULL && i <= count; i++)
		cm_buf_fini(&mutator.texts[i]);
	cm_scope_fini(&mutator.scope);
	cm_free(mutator.small);
	cm_free(mutator.texts);
	cm_free(mutator.changed);
	cm_free(mutator.parts);
	cm_law_free(mutator.base);
	cm_law_free(mutator.law);
	cm_arena_fini(&mutator.tree);
	return status;
}

const char *cm_mutation_word(enum cm_mutation kind)
{
	static const char *const words[CM_MUTATIONS] = {[CM_MUTATION_NEGATE] = "negate",
	    [CM_MUTATION_DROP] = "drop",
	    [CM_MUTATION_SHIFT] = "shift",
	    [CM_MUTATION_DEFEAT] = "defeat",
	    [CM_MUTATION_SWAP] = "swap"};

	return words[kind];
}
