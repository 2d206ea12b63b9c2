/*
 * The small set a mutant is judged in: which rules a change can reach, and these as text, without
 * the tests and defeats that do not matter to it. Internal to mutate.c.
 */
#ifndef CM_ENGINE_MUTATE_SMALL_H
#define CM_ENGINE_MUTATE_SMALL_H

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/engine/print.h"
#include "jurisdictions/engine/scope.h"

/* What the small set has of a rule: its tests too, or only what it says. */
enum cm_mutation_part { CM_PART_NONE, CM_PART_SUPPORT, CM_PART_TESTED };

struct cm_mutator {
	const struct cm_law_file *files; /* borrowed */
	size_t files_count;
	size_t file;
	struct cm_law *law;          /* owned; the set as it is */
	struct cm_law *base;         /* owned; the small set, unchanged */
	struct cm_arena tree;        /* of the units */
	struct cm_unit_file **units; /* in the tree; parsed, not checked: ours to change */
	struct cm_scope scope;
	uint8_t *parts;            /* owned; per rule: enum cm_mutation_part */
	uint8_t *changed;          /* owned; per rule: what the change can reach first */
	struct cm_buf *texts;      /* owned; one a unit, one more for the item that is changed */
	struct cm_law_file *small; /* owned */
	const struct cm_item *item;
	struct cm_arena *arena;
	struct cm_mutants *out;
	size_t cap;
	enum cm_status status;
};

/* Fill `parts` for the item that is to be changed. */
void cm_mutation_reach(struct cm_mutator *mutator);

/* One file of the small set, without the item, into its text. May set `status`. */
void cm_mutation_unit_print(struct cm_mutator *mutator, size_t unit);

void cm_mutation_header_print(struct cm_printer *printer, const struct cm_unit_file *unit);
void cm_mutation_item_print(struct cm_printer *printer, const struct cm_item *item);

#endif
