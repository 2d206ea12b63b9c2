/*
 * What the tests of the clocks share: clocks in a zone of a footer's text, inputs at a time such as
 * "2026-11-07T14:30", effects as a line of text. A builder that cannot go on ends the test.
 */
#ifndef TEST_CLOCKS_HELP_H
#define TEST_CLOCKS_HELP_H

#include "protocol/clocks/clocks.h"

#define HELP_NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define HELP_DUBLIN "IST-1GMT0,M10.5.0,M3.5.0/1"

struct clock_test {
	struct cm_clocks clocks;
	struct cm_zone zone;
	struct cm_rest rest; /* Saturday, Sunday, 26 November and 25 December 2026 */
	struct cm_clock_effects effects;
	struct cm_err err;
	struct cm_buf text;
};

void clock_test_init(struct clock_test *t, const char *footer);
void clock_test_fini(struct clock_test *t); /* asserts that no block lives */

/* UTC. */
struct cm_wall clock_at(const char *text);
struct cm_day clock_day(const char *text);

/* A term from a day ("2026-11-07") or a time of the court's clock. Told at `now`. */
enum cm_status clock_start(struct clock_test *t, uint32_t count, enum cm_unit unit, bool rolls,
    const char *from, const char *now);

/* Something happens to clock 1 at `at`, and is told then. */
enum cm_status clock_does(struct clock_test *t, enum cm_clock_event event, const char *at);
/* The same, told later. */
enum cm_status clock_told(
    struct clock_test *t, enum cm_clock_event event, const char *at, const char *now);
enum cm_status clock_look(struct clock_test *t, const char *now);
enum cm_status clock_extend(
    struct clock_test *t, uint32_t count, enum cm_unit unit, const char *at);
enum cm_status clock_extend_to(struct clock_test *t, const char *day, const char *at);

/* The effects of the last step: "arm 2026-11-18T05:00; risk 1; hold 2; over 3". */
const char *clock_effects(struct clock_test *t);

/* When clock 1 ends: "2026-11-24T05:00", UTC. */
const char *clock_end(struct clock_test *t);

/* Clock 1 in a sentence. */
const char *clock_says(struct clock_test *t);

#endif
