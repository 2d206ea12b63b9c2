/*
 * Do the tests of a file hold its rules? Each rule is changed in one place at a time and the tests
 * that could see the change are run.
 *
 * A changed rule is printed and loaded with a small set: the vocabulary, sets, terms and calendars,
 * the rules whose outcome it can reach (with their tests), and what those need (without). So a
 * mutant costs a load of some ten rules and is judged by the very code that judges the law.
 */
#include <string.h>

#include "jurisdictions/engine/mutate_small.h"
#include "jurisdictions/engine/mutate_tree.h"
#include "jurisdictions/engine/parse.h"

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
static enum cm_status item_judge(struct cm_mutator *mutator, const struct cm_item *item,
    enum verdict *verdict, struct cm_law **law)
{
	size_t last = mutator->files_count;
	struct cm_printer printer = {.out = &mutator->texts[last]};
	struct cm_remarks remarks;
	enum cm_status status;

	*law = NULL;
	cm_buf_clear(printer.out);
	cm_mutation_header_print(&printer, mutator->units[mutator->file]);
	cm_mutation_item_print(&printer, item);
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

static bool survivor_add(struct cm_mutator *mutator, enum cm_mutation kind, uint32_t line,
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
    const struct cm_mutator *mutator, const struct cm_law *law, bool *equivalent)
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

static enum cm_status survivor_judge(struct cm_mutator *mutator, const struct cm_law *law,
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
	struct cm_mutator *mutator = context;
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

static enum cm_status item_mutate(struct cm_mutator *mutator, struct cm_item *item)
{
	enum verdict verdict = SURVIVED;
	enum cm_status status;
	bool done;

	mutator->item = item;
	mutator->status = CM_OK;
	cm_mutation_reach(mutator);
	for (size_t i = 0; i < mutator->files_count && mutator->status == CM_OK; i++)
		cm_mutation_unit_print(mutator, i);
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

static enum cm_status file_mutate(struct cm_mutator *mutator, cm_mutate_cb on_rule, void *context)
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

static enum cm_status units_parse(struct cm_mutator *mutator)
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

static enum cm_status whole_load(struct cm_mutator *mutator)
{
	struct cm_remarks remarks;
	enum cm_status status;

	cm_remarks_init(&remarks);
	status = cm_law_load(mutator->files, mutator->files_count, &remarks, &mutator->law);
	cm_remarks_fini(&remarks);
	return status;
}

static enum cm_status rooms_make(struct cm_mutator *mutator)
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
	struct cm_mutator mutator = {
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
