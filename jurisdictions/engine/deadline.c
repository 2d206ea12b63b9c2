#include "jurisdictions/engine/deadline.h"

#include <stdio.h>

struct cm_rest cm_calendar_rest(const struct cm_calendar_def *calendar)
{
	return (struct cm_rest){.weekend_days = calendar->weekend_days,
	    .rolls_back = calendar->rolls_back,
	    .days = calendar->days,
	    .days_count = calendar->days_count};
}

bool cm_calendar_is_rest(const struct cm_calendar_def *calendar, struct cm_day day)
{
	struct cm_rest rest = cm_calendar_rest(calendar);

	return cm_rest_is(&rest, day);
}

struct cm_due cm_deadline_count(const struct cm_deadline *deadline, struct cm_day from)
{
	struct cm_rest rest = {0};
	struct cm_count count = {
	    .unit = deadline->unit, .count = deadline->count, .before = deadline->before};

	if (deadline->on != NULL) {
		rest = cm_calendar_rest(deadline->on);
		count.on = &rest;
	}
	return cm_count_from(&count, from);
}

void cm_due_print(const struct cm_due *due, char out[CM_DUE_TEXT_BYTES])
{
	char day[CM_DAY_TEXT_BYTES];

	out[0] = 0;
	if (!due->known)
		return;
	cm_day_print(due->day, day);
	if (due->has_hour)
		(void)snprintf(out, CM_DUE_TEXT_BYTES, "%sT%02d:00Z", day, due->hour % 24);
	else
		(void)snprintf(out, CM_DUE_TEXT_BYTES, "%s", day);
}

struct cm_due cm_deadline_of(const struct cm_law *law, const struct cm_deadline *deadline,
    const struct cm_facts *facts, struct cm_buf *counting)
{
	const char *name = deadline->fact->text;
	int fact = deadline->fact->value;
	const union cm_slot *slot = &facts->slots[fact];
	struct cm_due due = {0};
	char day[CM_DAY_TEXT_BYTES];

	cm_buf_printf(counting, "%u %s %s %s", (unsigned)deadline->count, cm_unit_text(deadline->unit, deadline->count),
	    deadline->before ? "before" : "from", name);
	if (slot->low <= CM_DAY_FIRST) {
		cm_buf_text(counting, ", a day not known yet");
		return due;
	}
	due = cm_deadline_count(deadline, (struct cm_day){(int32_t)slot->low});
	cm_day_print((struct cm_day){(int32_t)slot->low}, day);
	cm_buf_printf(counting, " %s", day);
	if (!cm_slot_is_known(law, (size_t)fact, slot))
		cm_buf_text(counting, " at the earliest");
	if (due.known && due.rolled) {
		cm_day_print(due.rolled_from, day);
		cm_buf_printf(counting, ", rolled from %s %s",
		    cm_weekday_name(cm_day_weekday(due.rolled_from)), day);
	}
	if (deadline->extendable != NULL)
		cm_buf_printf(counting, " (extendable: %s)", deadline->extendable);
	return due;
}
