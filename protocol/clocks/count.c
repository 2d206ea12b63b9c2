#include "protocol/clocks/count.h"

#include <assert.h>
#include <stdlib.h>

static int compare_day(const void *key, const void *at)
{
	int32_t a = *(const int32_t *)key;
	int32_t b = *(const int32_t *)at;

	return a < b ? -1 : a > b;
}

bool cm_rest_is(const struct cm_rest *rest, struct cm_day day)
{
	if ((rest->weekend_days >> cm_day_weekday(day) & 1) != 0)
		return true;
	return rest->days_count != 0 && bsearch(&day.number, rest->days, rest->days_count,
					    sizeof *rest->days, compare_day) != NULL;
}

uint32_t cm_rest_business_days(const struct cm_rest *rest, struct cm_day from, struct cm_day to)
{
	uint32_t count = 0;

	for (struct cm_day day = {from.number + 1}; day.number <= to.number; day.number++)
		count += !cm_rest_is(rest, day);
	return count;
}

static bool is_day(int64_t number)
{
	return number >= CM_DAY_FIRST && number <= CM_DAY_LAST;
}

/* Step over days of rest. False: off the calendar's end. */
static bool roll(const struct cm_rest *rest, struct cm_day *day, int step)
{
	while (is_day(day->number) && cm_rest_is(rest, *day))
		day->number += step;
	return is_day(day->number);
}

static bool add_business_days(
    const struct cm_rest *rest, struct cm_day *day, uint32_t count, int step)
{
	while (count > 0) {
		day->number += step;
		if (!is_day(day->number))
			return false;
		if (!cm_rest_is(rest, *day))
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

struct cm_due cm_count_from(const struct cm_count *count, struct cm_day from)
{
	struct cm_due due = {.day = from};
	int step = count->before ? -1 : 1;
	int64_t steps = (int64_t)count->count * step;
	bool back = count->before || (count->on != NULL && count->on->rolls_back);
	bool fine = true;

	assert(count->on == NULL || (count->on->weekend_days & 0x7f) != 0x7f);
	switch (count->unit) {
	case CM_UNIT_DAYS:
		fine = add_days(&due.day, steps);
		break;
	case CM_UNIT_HOURS:
		fine = add_hours(&due, steps);
		break;
	case CM_UNIT_BUSINESS_DAYS:
		fine = add_business_days(count->on, &due.day, count->count, step);
		break;
	case CM_UNIT_MONTHS:
		fine = add_months(&due.day, steps);
		break;
	case CM_UNITS:
		break;
	}
	due.rolled_from = due.day;
	if (fine && count->on != NULL)
		fine = roll(count->on, &due.day, back ? -1 : 1);
	due.rolled = due.day.number != due.rolled_from.number;
	due.known = fine;
	return due;
}

const char *cm_unit_text(enum cm_unit unit, uint32_t count)
{
	static const char *const one[CM_UNITS] = {"day", "hour", "business day", "month"};
	static const char *const many[CM_UNITS] = {"days", "hours", "business days", "months"};

	return count == 1 ? one[unit] : many[unit];
}
