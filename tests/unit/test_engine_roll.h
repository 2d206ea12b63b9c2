/*
 * Random rule sets of every shape and random demands, from a seed: what the tests of the tables and
 * of the replay share.
 */
#ifndef TEST_ENGINE_ROLL_H
#define TEST_ENGINE_ROLL_H

#include "protocol/base/buf.h"
#include "test_engine_help.h"

#if defined(__SANITIZE_ADDRESS__)
#define SLOW 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW 10
#endif
#endif
#ifndef SLOW
#define SLOW 1
#endif

void roll_seed(uint64_t seed);
unsigned roll_of(unsigned sides); /* 0 to sides - 1 */

/* A vocabulary with every type of fact; rule `number` with a condition of some depth, which may
 * defeat one of the five before it. */
void roll_vocabulary(struct cm_buf *out);
void roll_rule(struct cm_buf *out, unsigned number, unsigned depth);

/* A set of so many rules, loaded. */
struct help_set roll_set(unsigned rules, unsigned depth);

/* Give most facts of the set a value; so many in eight unknown or known in part. */
void roll_facts(struct help_set *set, unsigned open_in_eight);

#endif
