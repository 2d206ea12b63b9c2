/*
 * One inline test, laid out as facts: for the loader that proves a set, and for the tools that look
 * at tests again. Knows nothing of what a test expects. Internal to the engine.
 */
#ifndef CM_ENGINE_TRIAL_H
#define CM_ENGINE_TRIAL_H

#include "jurisdictions/engine/scope.h"

/* The day of a test of a rule: its own, else the one given for the date of service, else the first
 * day of the newest law the rule can meet. `scope` is that of the rule. */
struct cm_day cm_trial_day(
    const struct cm_scope *scope, size_t rule, const struct cm_test_def *test);

/*
 * Set `facts` as a test has them: what is given; of the rest, the test's day for the dates of
 * service, issue and conduct, and the data an effect is `of` (NULL: of none). NULL, or the first
 * thing given that leaves a fact without a value.
 */
const struct cm_expr *cm_trial_give(struct cm_facts *facts, const struct cm_test_def *test,
    struct cm_day day, const struct cm_word *of);

/* All of the above for a test of a rule. `scope` becomes that of the rule, `*as_of` is the test's
 * day. False: the test leaves a fact without a value. */
bool cm_trial_set(struct cm_scope *scope, size_t rule, const struct cm_test_def *test,
    struct cm_facts *facts, struct cm_day *as_of);

/* A test about a rule of a sovereign that is not loaded says nothing here. */
bool cm_trial_can_run(const struct cm_law *law, const struct cm_test_def *test);

#endif
