/*
 * A plan over three nodes, set up the same way for every test of it: a demand of the United States,
 * one answer each of us, ie and de, and the plan that comes of them. One test program has one.
 */
#ifndef TEST_PLAN_THREE_H
#define TEST_PLAN_THREE_H

#include "cores_fleet.h"

#define PLAN_FLEET "us+ ie de"

extern struct fleet f;
extern struct cm_demand *demand;
extern struct cm_answer *us;
extern struct cm_answer *ie;
extern struct cm_answer *de;

/* The fleet under `policy` (NULL: the tests' own), the demand and three answers that find nothing;
 * all of them live in the fleet's arena. Ends with fleet_fini(&f). */
void start(const char *policy, uint32_t targets, const char *categories);

/* The same with a policy of one rule, for the content of one target. */
void start_rule(const char *when, const char *effect);

struct cm_outcome plan(void);

/* The plan's one part; fails the test if there are more. */
const struct cm_part_outcome *only_part(void);

/* The one part is held for counsel for this reason, and no rule of the policy chose it. */
void is_held(const char *why);

#endif
