/*
 * Counting terms: days, hours, business days and months from or before a day, and the roll off days
 * of rest. Everybody who counts a term counts it here: the engine, for what a rule's deadline says,
 * and the clocks of a case. It knows calendar days only; zones and hours of a court's clock are
 * zone.h and clock.h.
 *
 * The day counted from is not counted: fourteen days from the 7th end on the 21st. Months end on
 * the same day of the month, or on its last.
 */
#ifndef CM_CLOCKS_COUNT_H
#define CM_CLOCKS_COUNT_H

#include "protocol/base/clock.h"

enum cm_unit { CM_UNIT_DAYS, CM_UNIT_HOURS, CM_UNIT_BUSINESS_DAYS, CM_UNIT_MONTHS, CM_UNITS };

/* Days of rest of one court, and where a term goes that ends on one. */
struct cm_rest {
	uint8_t weekend_days; /* bit 0 Monday ... bit 6 Sunday; never all seven */
	bool rolls_back;
	const int32_t *days; /* borrowed: holidays in order */
	size_t days_count;
};

/* A counting rule. */
struct cm_count {
	enum cm_unit unit;
	uint32_t count;
	bool before;              /* a term before its day, not from it */
	const struct cm_rest *on; /* borrowed; NULL: nothing rolls. Business days need it. */
};

/* Where a count ends. */
struct cm_due {
	bool known;
	struct cm_day day;
	bool has_hour; /* terms in hours, from the first moment of the day counted from */
	int hour;
	bool rolled;
	struct cm_day rolled_from;
};

bool cm_rest_is(const struct cm_rest *rest, struct cm_day day);

/* How many days after `from`, up to and with `to`, are no days of rest; 0 if `to` is not later. */
uint32_t cm_rest_business_days(const struct cm_rest *rest, struct cm_day from, struct cm_day to);

/*
 * Count from a day. A term `from` a day that ends on a day of rest rolls as its calendar says; a
 * term `before` a day always rolls back, since later would be too late. Not known: past the year
 * 9999 or before the year 1.
 */
struct cm_due cm_count_from(const struct cm_count *count, struct cm_day from);

/* "business days", or "business day" for one. */
const char *cm_unit_text(enum cm_unit unit, uint32_t count);

#endif
