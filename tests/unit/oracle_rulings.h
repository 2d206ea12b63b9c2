/*
 * What tests of properties compare: everything a rule set says of a demand, as one text. Two texts
 * are equal exactly if all rulings and digests are, to the byte. One thread.
 */
#ifndef TEST_ORACLE_RULINGS_H
#define TEST_ORACLE_RULINGS_H

#include "jurisdictions/engine/engine.h"
#include "oracle.h"

/* Digests of the set, of each jurisdiction and of each rule. */
void rulings_print_digests(const struct cm_law *law, struct cm_buf *out);

/* Every ruling with all its fields. The decision is made here. */
void rulings_print(const struct cm_law *law, const struct cm_facts *facts, int32_t as_of,
    struct cm_decision *decision, struct cm_buf *out);

/* Other white space and comments between the words; texts between quotes stay. */
void rulings_respace(struct oracle_dice *dice, const char *text, struct cm_buf *out);

/* May more knowledge turn one state into the other? */
bool rulings_may_become(uint8_t from, uint8_t to);

/* Decide, and say whether that asked for memory. */
bool rulings_decide_allocates(const struct cm_law *law, const struct cm_facts *facts, int32_t as_of,
    struct cm_decision *decision);

#endif
