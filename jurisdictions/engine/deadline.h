/*
 * Counting terms: days, hours, business days and months from or before a date, and the roll off
 * days of rest. Calendar days only; what is due at which hour of a court's clock is the desk's
 * business.
 */
#ifndef CM_ENGINE_DEADLINE_H
#define CM_ENGINE_DEADLINE_H

#include "jurisdictions/engine/law.h"

struct cm_due {
	bool known;
	struct cm_day day;
	bool has_hour; /* terms in hours: counted from the first moment of the day, in UTC */
	int hour;
	bool rolled;
	struct cm_day rolled_from;
};

/* True on a weekend day or holiday of the calendar. */
bool cm_calendar_is_rest(const struct cm_calendar_def *calendar, struct cm_day day);

/*
 * Count from a day. A term `from` a date that ends on a day of rest rolls as its calendar says; a
 * term `before` a date always rolls back, since later would be too late. Not known: past the year
 * 9999.
 */
struct cm_due cm_deadline_count(const struct cm_deadline *deadline, struct cm_day from);

/* "2026-11-23" or "2026-11-07T08:00Z"; "" if not known. `out` holds CM_DUE_TEXT_BYTES. */
#define CM_DUE_TEXT_BYTES 32
void cm_due_print(const struct cm_due *due, char out[CM_DUE_TEXT_BYTES]);

/* The term of a rule as far as the facts tell; its day is the earliest the facts allow. Also writes
 * the counting: "14 days from served_on 2026-11-07, rolled from Saturday 2026-11-21". */
struct cm_due cm_deadline_of(const struct cm_law *law, const struct cm_deadline *deadline,
    const struct cm_facts *facts, struct cm_buf *counting);

#endif
