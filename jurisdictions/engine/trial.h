/*
 * One inline test, laid out as facts: what the loader does when it proves a set, for the tools that
 * look at tests again. Knows nothing of what a test expects. Internal to the analysis tools.
 */
#ifndef CM_ENGINE_TRIAL_H
#define CM_ENGINE_TRIAL_H

#include "jurisdictions/engine/scope.h"

/*
 * Set `facts` as a test of a rule has them: what is given; of the rest, the test's day for the
 * dates of service, issue and conduct, and the data the effect is `of`. `scope` becomes that of the
 * rule. `*as_of` is the test's day. False: the test leaves a fact without a value.
 */
bool cm_trial_set(struct cm_scope *scope, size_t rule, const struct cm_test_def *test,
    struct cm_facts *facts, struct cm_day *as_of);

/* A test about a rule of a sovereign that is not loaded says nothing here. */
bool cm_trial_can_run(const struct cm_law *law, const struct cm_test_def *test);

#endif
