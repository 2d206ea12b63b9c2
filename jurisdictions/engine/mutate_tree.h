/*
 * Every way to change one rule or term in one place. Each change is made in the tree, shown to the
 * caller, and undone. The tree is the caller's own, parsed but not checked. Internal to mutate.c.
 */
#ifndef CM_ENGINE_MUTATE_TREE_H
#define CM_ENGINE_MUTATE_TREE_H

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/engine/ast.h"

/* False ends the walk. `what` is the thing changed as it was written, `how` a few words on the change. */
typedef bool (*cm_mutant_cb)(void *context, enum cm_mutation kind, uint32_t line, const char *what,
    const char *how);

/* False: the callback said so, or there was no memory for a text. */
bool cm_rule_mutate(struct cm_rule_def *rule, cm_mutant_cb on_mutant, void *context);
bool cm_notion_mutate(struct cm_notion_def *notion, cm_mutant_cb on_mutant, void *context);

#endif
