/*
 * An outcome for a reader: the table a lawyer reads, part by part, and the long form behind `why`.
 *
 * It works on the JSON that the processes answer with, so that what is shown is what was stored.
 */
#ifndef CM_CLI_OUTCOME_PRINT_H
#define CM_CLI_OUTCOME_PRINT_H

#include "nodes/cli/table.h"

/* The parts as rows: account, data, region, disposition, why, clock, who. */
enum cm_status cm_outcome_print(const json_t *outcome, const struct cm_output *out,
    struct cm_err *err) CM_MUST_USE;

/* What is beside the table: the steps of each part and the open questions. Plain text. */
void cm_outcome_print_steps(const json_t *outcome, const struct cm_output *out);

/* Every ground of the parts chosen (target 0: all; category NULL: all), as text. */
void cm_outcome_print_why(const json_t *outcome, uint64_t target, const char *category,
    const struct cm_output *out);

/* Whether it has ended, and the cases beside it, a line each. */
void cm_outcome_print_links(const json_t *outcome, const struct cm_output *out);

#endif
