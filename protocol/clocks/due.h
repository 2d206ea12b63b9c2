/*
 * Where a term ends in a court's zone, and when it becomes urgent.
 *
 * count.h counts calendar days; here a day gets its end by the court's clock, and hours run as they
 * pass, whatever is done to the clocks meanwhile. A zone that is not known is NULL: the term then
 * ends where a day ends first on earth, so that it can be taken for shorter than it is, never for
 * longer.
 */
#ifndef CM_CLOCKS_DUE_H
#define CM_CLOCKS_DUE_H

#include "protocol/clocks/count.h"
#include "protocol/clocks/zone.h"

#define CM_MAX_TERM_COUNT 100000 /* units, as in the language of rules */

/* From when a term runs. Terms in hours run from the moment; if only the day is known, from its
 * first moment. A time the clock showed twice is the first, one it jumped over the jump. */
struct cm_from {
	enum { CM_FROM_DAY, CM_FROM_TIME, CM_FROM_MOMENT } form;
	struct cm_day day; /* DAY, TIME: by the court's clock */
	int32_t second;    /* TIME: of the day, 0 to 86399 */
	struct cm_wall at; /* MOMENT */
};

struct cm_end {
	bool known; /* false: outside the years 1 to 9999 */
	bool by_hour;
	bool rolled;
	struct cm_day day; /* the last, by the court's clock */
	struct cm_day rolled_from;
	struct cm_wall at;       /* the first moment after the term */
	struct cm_wall unrolled; /* the same, had it not rolled */
};

/* The end of a term. `zone` NULL: not known. */
struct cm_end cm_end_of(
    const struct cm_count *count, const struct cm_from *from, const struct cm_zone *zone);

/* The first moment at which a term can have begun to run. */
struct cm_wall cm_from_moment(const struct cm_from *from, const struct cm_zone *zone);

/*
 * What is left of a term when it stops, in its own unit: days (also of months), business days, or
 * milliseconds for hours. When it goes on, as much is left as when it stopped: three days left on
 * Friday are three days left on the Tuesday on which it goes on.
 */
struct cm_left {
	enum cm_unit unit;
	uint32_t count;
	int64_t ms; /* HOURS */
};

struct cm_left cm_left_at(const struct cm_end *end, const struct cm_count *count,
    const struct cm_zone *zone, struct cm_wall at);
struct cm_end cm_end_resumed(const struct cm_left *left, const struct cm_rest *on,
    const struct cm_zone *zone, struct cm_wall at);

/* `count` more units, counted from where the term would have ended had it not rolled: the day that
 * comes first where opinions differ. Hours for a term in hours, else not hours. */
struct cm_end cm_end_extended(
    const struct cm_end *end, const struct cm_count *more, const struct cm_zone *zone);

/* The end of a day that a court has named: it does not roll. */
struct cm_end cm_end_on(struct cm_day day, const struct cm_zone *zone);

/* ---- when a term becomes urgent -------------------------------------------------------------- */

/*
 * Whatever weekday a term ends on, the 72 hours before its end hold, holidays apart, one working
 * day of a week with two days of rest: that day is kept for counsel, to act by hand. The 72 hours
 * before those hold one for the desk that is asked again. Of a term of less than nine days each
 * gets a third.
 */
#define CM_CLOCK_MARGIN_MS (INT64_C(72) * 3600 * 1000)

enum cm_stage { CM_STAGE_CALM, CM_STAGE_RISK, CM_STAGE_HOLD, CM_STAGE_OVER };

struct cm_marks {
	struct cm_wall risk; /* ask early */
	struct cm_wall hold; /* decide with what is there, the rest on hold */
	struct cm_wall over; /* the term is over */
};

/* The marks of a term that can be worked on from `start` on. */
struct cm_marks cm_marks_of(struct cm_wall start, struct cm_wall end);
enum cm_stage cm_marks_stage(const struct cm_marks *marks, struct cm_wall now);

/* The next mark after `now`; false if there is none. */
bool cm_marks_next(const struct cm_marks *marks, struct cm_wall now, struct cm_wall *out);

const char *cm_stage_name(enum cm_stage stage);

#endif
