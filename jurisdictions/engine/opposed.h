/*
 * When two rules speak against each other: opposite effects on one act, on common data, of two
 * sovereigns or of one. From their texts alone. Internal to the analysis tools.
 */
#ifndef CM_ENGINE_OPPOSED_H
#define CM_ENGINE_OPPOSED_H

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/engine/law.h"

/* Data categories as bits of the values of the `data` fact. */
struct cm_data {
	uint64_t bits[4];
	bool is_all; /* the rule does not say which: all */
};

struct cm_data cm_rule_data(const struct cm_rule_def *rule);
struct cm_data cm_data_meet(struct cm_data a, struct cm_data b);
bool cm_data_is_none(struct cm_data data);

/* The categories as names, in the arena. False: no memory. */
bool cm_data_names(const struct cm_law *law, const uint64_t bits[4], struct cm_arena *arena,
    const char *const **out, size_t *count);

/* True if both are law of one sovereign; see cm_decision_conflicts. */
bool cm_rules_share_sovereign(
    const struct cm_law *law, const struct cm_rule_def *a, const struct cm_rule_def *b);

bool cm_rule_is_policy(const struct cm_rule_def *rule);

/* One act, and common data. */
bool cm_rules_meet(const struct cm_rule_def *a, const struct cm_rule_def *b);

#endif
