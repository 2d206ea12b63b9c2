/*
 * One case told to its first outcome and on, for the tests of what comes after: the story of
 * cores_fleet.h, with what its steps stored.
 */
#ifndef TEST_TALE_HELP_H
#define TEST_TALE_HELP_H

#include "cores_fleet.h"

/* The running test's case. */
struct tale {
	struct fleet f;
	struct cm_case *c;         /* owned */
	struct cm_effects effects; /* of the last step */
	struct story story;
};

extern struct tale tale;

void tale_begin(bool asks_again);

/* The story to its first outcome. */
void tale_decide(bool asks_again);
void tale_end(void);

/* An answer, a notice; with `tale.f.fail_at` without memory. What they store is kept. */
enum cm_status tale_give(const struct cm_answer *answer, int64_t after_ms);
void tale_take(const struct cm_answer *answer, int64_t after_ms);
enum cm_status tale_tell(const char *sender, const struct cm_notice *notice);

/* It is refused with that status and sentence, and changes nothing. */
void tale_refused(const struct cm_answer *answer, enum cm_status wanted, const char *why);

/* Of the last step. */
const char *tale_happened(void);
struct cm_outcome tale_outcome(void);
const char *tale_parts(void);

/* The answer of ie in a later edition: it hosts target 1, and its law says `says` of it. */
struct cm_answer *tale_edition_of_ie(uint32_t edition, const char *says);
struct cm_answer *tale_third_of_us(void);

struct cm_notice tale_settlement(uint32_t target, const char *region, const char *disposition);
struct cm_notice tale_withdrawal(void);

#endif
