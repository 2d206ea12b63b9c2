/*
 * The deadline of a rule, counted from what the facts tell and put into words. The counting itself is
 * protocol/clocks/count.h. Calendar days only; what is due at which hour of a court's clock is the
 * business of the clocks.
 */
#ifndef CM_ENGINE_DEADLINE_H
#define CM_ENGINE_DEADLINE_H

#include "jurisdictions/engine/law.h"

/* The days of rest of a calendar, for counting; borrowed from it. */
struct cm_rest cm_calendar_rest(const struct cm_calendar_def *calendar);

/* True on a weekend day or holiday of the calendar. */
bool cm_calendar_is_rest(const struct cm_calendar_def *calendar, struct cm_day day);

/* Count from a day as the deadline says: cm_count_from. Hours run from the first moment of the day
 * in UTC. */
struct cm_due cm_deadline_count(const struct cm_deadline *deadline, struct cm_day from);

/* "2026-11-23" or "2026-11-07T08:00Z"; "" if not known. `out` holds CM_DUE_TEXT_BYTES. */
#define CM_DUE_TEXT_BYTES 32
void cm_due_print(const struct cm_due *due, char out[CM_DUE_TEXT_BYTES]);

/* The term of a rule as far as the facts tell; its day is the earliest the facts allow. Also writes
 * the counting: "14 days from served_on 2026-11-07, rolled from Saturday 2026-11-21". */
struct cm_due cm_deadline_of(const struct cm_law *law, const struct cm_deadline *deadline,
    const struct cm_facts *facts, struct cm_buf *counting);

#endif
