/*
 * Whether two rules of two sets are written alike: conditions with their terms and sets, effects,
 * deadlines, defeats. Texts only; what they mean is for diff.c. Internal to the analysis tools.
 */
#ifndef CM_ENGINE_SAME_H
#define CM_ENGINE_SAME_H

#include "jurisdictions/engine/law.h"

struct cm_two_laws {
	const struct cm_law *a;
	const struct cm_law *b;
};

/* NULL is like NULL. */
bool cm_text_same(const char *a, const char *b);

/* Conditions, readings and spans in force. */
bool cm_conditions_same(const struct cm_two_laws *laws, const struct cm_rule_def *a,
    const struct cm_rule_def *b);
bool cm_spans_same(const struct cm_span *a, const struct cm_span *b);
bool cm_effects_same(const struct cm_rule_def *a, const struct cm_rule_def *b);
bool cm_deadlines_same(const struct cm_rule_def *a, const struct cm_rule_def *b);

/* The same rules defeat it and are defeated by it, on the same grounds. */
bool cm_edges_same(const struct cm_two_laws *laws, size_t a, size_t b);

#endif
