/*
 * What the clocks of a case ask of the router that has not decided it yet: when to ask early, when
 * to decide with what is there, when a term is over.
 *
 * Pure: the terms of the findings that have come, the zones, the time; no state. The thresholds
 * stand in protocol/clocks/due.h with their reasons. What was told of a clock is remembered by the
 * case, as journal rows, by the clock's key; so nothing is told twice after a restart and nothing
 * is left out.
 *
 * A finding tells a term as a day or a moment that its node has counted; the term is not counted
 * again here. Whatever is not known is taken for the shorter: an unknown zone ends its days first
 * on earth, and hours, which are counted from the first moment of a day of UTC, from the court's
 * day if that began earlier.
 */
#ifndef CM_ROUTER_CLOCK_PLAN_H
#define CM_ROUTER_CLOCK_PLAN_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/clocks/due.h"
#include "protocol/clocks/zones.h"
#include "protocol/wire/message.h"

#define CM_MAX_DUE_CLOCKS 256 /* different ones of a case; the law of thirty states has under 60   \
			       */

struct cm_clock_plan_input {
	const struct cm_demand *demand;
	const struct cm_answer *const *answers; /* those that have come */
	size_t answers_count;
	const char *issuing_node; /* whose zone the day on the face of the demand is of, or "" */
	const struct cm_zones *zones;
	struct cm_wall now;
};

/* One clock of a case, however many findings tell it. */
struct cm_due_clock {
	const char *key;  /* "us.sca.2703h2/motion_to_quash/2026-11-23/America/New_York" */
	const char *rule; /* "" for the day on the face of the demand */
	const char *act;
	const char *due; /* as told */
	const char *zone;
	bool zone_known;
	bool conditional;
	bool counted; /* false: its day is not known or cannot be read: no marks, and at risk */
	struct cm_marks marks;
	enum cm_stage stage;
};

struct cm_clock_plan {
	struct cm_due_clock *clocks; /* those that end first come first, those not counted last */
	size_t count;
	bool must_hold; /* a term that was open when the demand came leaves no time to wait */
	const struct cm_due_clock *hold_for; /* the first of them, or NULL */
	bool overfull; /* more clocks than can be watched: then nobody waits either */
	bool has_next;
	struct cm_wall next; /* look again then */
};

/* All clocks of the rulings that hold or may hold, and the demand's own day, `answer_due_on`. The
 * plan lives in `arena`, its texts there or in the input. CM_NO_MEMORY. */
enum cm_status cm_clock_plan(const struct cm_clock_plan_input *input, struct cm_arena *arena,
    struct cm_clock_plan *out) CM_MUST_USE;

/* ---- what was told --------------------------------------------------------------------------- */

/* By key, newest first. In the arena of the case. */
struct cm_clock_told {
	struct cm_clock_told *next; /* earlier */
	const char *key;
	enum cm_stage stage;
};

/* True if this clock has come to a stage that was not told: at risk, hold, over. */
bool cm_clock_is_news(const struct cm_due_clock *clock, const struct cm_clock_told *told);

/* A row of the journal: "hold us.sca.2703h2/motion_to_quash/2026-11-23/America/New_York". */
void cm_clock_row_print(const struct cm_due_clock *clock, struct cm_buf *out);

/* Remember a row, when it is written and when it is replayed. CM_BAD_INPUT: it is none. */
enum cm_status cm_clock_row_take(
    struct cm_clock_told **told, struct cm_bytes row, struct cm_arena *arena) CM_MUST_USE;

/* For people: "motion_to_quash (us.sca.2703h2) is due 2026-11-23, America/New_York: at risk". */
void cm_clock_sentence(const struct cm_due_clock *clock, struct cm_buf *out);

/* ---- deciding without an answer -------------------------------------------------------------- */

/* What stands for the answer of a node that has not given one when a clock forces the decision: an
 * answer in trouble, so that the plan holds the parts it might have spoken of. It says by when there was
 * none: by the clock's mark, so that it says the same whenever it is made. `forced_by` NULL: no clock
 * forces any longer, and the answer is still missing. NULL: no memory. */
const struct cm_answer *cm_clock_stand_in(const struct cm_clock_plan_input *input, uint32_t round,
    const char *node, const char *region, const struct cm_due_clock *forced_by,
    struct cm_arena *arena) CM_MUST_USE;

#endif
