#include "jurisdictions/engine/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_day(const void *key, const void *at)
{
	int32_t a = *(const int32_t *)key;
	int32_t b = *(const int32_t *)at;

	return a < b ? -1 : a > b;
}

bool cm_calendar_is_rest(const struct cm_calendar_def *calendar, struct cm_day day)
{
	if ((calendar->weekend_days >> cm_day_weekday(day) & 1) != 0)
		return true;
	return calendar->days_count != 0 &&
	       bsearch(&day.number, calendar->days, calendar->days_count, sizeof *calendar->days,
		   compare_day) != NULL;
}

static bool is_day(int64_t number)
{
	return number >= CM_DAY_FIRST && number <= CM_DAY_LAST;
}

/* Step over days of rest. False: off the calendar's end. */
static bool roll(const struct cm_calendar_def *calendar, struct cm_day *day, int step)
{
	while (is_day(day->number) && cm_calendar_is_rest(calendar, *day))
		day->number += step;
	return is_day(day->number);
}

static bool add_business_days(
    const struct cm_calendar_def *calendar, struct cm_day *day, uint32_t count, int step)
{
	while (count > 0) {
		day->number += step;
		if (!is_day(day->number))
			return false;
		if (!cm_calendar_is_rest(calendar, *day))
			count--;
	}
	return true;
}

static bool add_months(struct cm_day *day, int64_t months)
{
	int year;
	int month;
	int day_of_month;
	int64_t total;

	cm_day_split(*day, &year, &month, &day_of_month);
	total = (int64_t)year * 12 + month - 1 + months;
	if (total < 12 || total >= 10000 * 12)
		return false;
	*day = cm_day_add_months(*day, (int)months);
	return true;
}

static bool add_days(struct cm_day *day, int64_t days)
{
	if (!is_day(day->number + days))
		return false;
	day->number += (int32_t)days;
	return true;
}

/* Hours from the first moment of the day: whole days, and the hour of the last. */
static bool add_hours(struct cm_due *due, int64_t hours)
{
	int64_t days = hours >= 0 ? hours / 24 : -((-hours + 23) / 24);

	due->has_hour = true;
	due->hour = (int)(hours - days * 24);
	return add_days(&due->day, days);
}

struct cm_due cm_deadline_count(const struct cm_deadline *deadline, struct cm_day from)
{
	struct cm_due due = {.day = from};
	int step = deadline->before ? -1 : 1;
	int64_t count = (int64_t)deadline->count * step;
	bool back = deadline->before || (deadline->on != NULL && deadline->on->rolls_back);
	bool fine = true;

	switch (deadline->unit) {
	case CM_UNIT_DAYS:
		fine = add_days(&due.day, count);
		break;
	case CM_UNIT_HOURS:
		fine = add_hours(&due, count);
		break;
	case CM_UNIT_BUSINESS_DAYS:
		fine = add_business_days(deadline->on, &due.day, deadline->count, step);
		break;
	case CM_UNIT_MONTHS:
		fine = add_months(&due.day, count);
		break;
	case CM_UNITS:
		break;
	}
	due.rolled_from = due.day;
	if (fine && deadline->on != NULL)
		fine = roll(deadline->on, &due.day, back ? -1 : 1);
	due.rolled = due.day.number != due.rolled_from.number;
	due.known = fine;
	return due;
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

static const char *unit_text(const struct cm_deadline *deadline)
{
	static const char *const one[CM_UNITS] = {"day", "hour", "business day", "month"};
	static const char *const many[CM_UNITS] = {"days", "hours", "business days", "months"};

	return deadline->count == 1 ? one[deadline->unit] : many[deadline->unit];
}

struct cm_due cm_deadline_of(const struct cm_law *law, const struct cm_deadline *deadline,
    const struct cm_facts *facts, struct cm_buf *counting)
{
	const char *name = deadline->fact->text;
	int fact = deadline->fact->value;
	const union cm_slot *slot = &facts->slots[fact];
	struct cm_due due = {0};
	char day[CM_DAY_TEXT_BYTES];

	cm_buf_printf(counting, "%u %s %s %s", (unsigned)deadline->count, unit_text(deadline),
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
