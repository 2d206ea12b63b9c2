/*
 * The story of cores_fleet.h told to a case step by step: the case, and the effects of its last
 * step. One test program has one.
 */
#ifndef TEST_CASE_TOLD_H
#define TEST_CASE_TOLD_H

#include "cores_fleet.h"

extern struct fleet f;
extern struct cm_case *c;
extern struct cm_effects effects;

/* The fleet and the case, with the story's demand taken; ends with end(). */
struct story start(bool asks_again);
void end(void);

/* Give an answer `after_ms` milliseconds after the demand; `effects` are those of this step. */
void take(const struct cm_answer *answer, int64_t after_ms);

/* The last step's message `what` to that peer, or NULL. */
const struct cm_effect *sent(uint32_t what, const char *peer);

#endif
