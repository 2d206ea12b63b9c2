/*
 * What the tests of the analysis tools share: the shipped law in memory, facts from answers, and
 * the state of a rule under them. A failure to read or load ends the program.
 */
#ifndef TEST_ANALYSIS_HELP_H
#define TEST_ANALYSIS_HELP_H

#include "jurisdictions/engine/analysis.h"
#include "test_engine_help.h"

#define SHIPPED_MOST 64

/* Every file of the shipped law, with the law loaded from it. */
struct shipped {
	struct cm_buf bufs[SHIPPED_MOST];
	struct cm_law_file files[SHIPPED_MOST];
	char paths[SHIPPED_MOST][256];
	size_t count;
	struct cm_law *law;
};

void shipped_load(struct shipped *shipped);
void shipped_free(struct shipped *shipped);

/* "a=b c=d" of a list of values, in static memory. */
const char *values_line(const struct cm_fact_value *values, size_t count);

/* The state of a rule of a set on these values alone. */
enum cm_rule_state values_state(const struct cm_law *law, const char *rule,
    const struct cm_fact_value *values, size_t count, const char *as_of);

#endif
