/*
 * Stored cases from ledgers, for deciding them again under another law. Opens files for reading
 * only; decides nothing. One thread.
 */
#ifndef CM_CLI_RULES_LEDGER_H
#define CM_CLI_RULES_LEDGER_H

#include "nodes/cli/rules_source.h"

struct cm_rules_ledgers;

struct cm_rules_ledgers_counts {
	size_t cases;   /* of all the ledgers, each once */
	size_t without; /* of these: no finding of them lies in the ledgers */
	size_t other; /* of these: a finding was made with another text of the law than `old_law` */
};

/* Open the ledgers of --ledger and list their cases. `today` tells which clocks still run. A ledger
 * of a newer program, or what is none, is refused with a sentence. Needs cm_rules_ledgers_close in
 * any case. */
enum cm_status cm_rules_ledgers_open(const struct cm_cli *cli, const struct cm_law *old_law,
    struct cm_day today, struct cm_rules_ledgers **out, struct cm_err *err) CM_MUST_USE;
void cm_rules_ledgers_close(struct cm_rules_ledgers *ledgers);

/* A cm_stored_cb: one finding after the other, case by case. Ends also when a case cannot be read.
 */
bool cm_rules_ledgers_next(void *ledgers, struct cm_stored *out);

/* After the last one: what there was, and whether all of it could be read. */
enum cm_status cm_rules_ledgers_end(const struct cm_rules_ledgers *ledgers,
    struct cm_rules_ledgers_counts *out, struct cm_err *err) CM_MUST_USE;

#endif
