#include "protocol/base/clock.h"

#include <stdio.h>

#define MS_A_DAY INT64_C(86400000)

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days before 1 January of a year, from 1 January of year 1. */
static int32_t days_before_year(int year)
{
	int y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

#define EPOCH_DAYS 719162 /* days_before_year(1970) */

bool cm_day_make(int year, int month, int day, struct cm_day *out)
{
	int32_t number;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;
	number = days_before_year(year) - EPOCH_DAYS + day - 1;
	for (int m = 1; m < month; m++)
		number += days_in_month(year, m);
	out->number = number;
	return true;
}

void cm_day_split(struct cm_day day, int *year, int *month, int *day_of_month)
{
	int32_t left = day.number + EPOCH_DAYS;
	int y = (int)(left / 366) + 1;
	int m = 1;

	while (y < 9999 && days_before_year(y + 1) <= left)
		y++;
	left -= days_before_year(y);
	while (m < 12 && left >= days_in_month(y, m)) {
		left -= days_in_month(y, m);
		m++;
	}
	*year = y;
	*month = m;
	*day_of_month = (int)left + 1;
}

int cm_day_weekday(struct cm_day day)
{
	int32_t w = (day.number + 3) % 7; /* 1970-01-01 was a Thursday */

	return (int)(w < 0 ? w + 7 : w);
}

const char *cm_weekday_name(int weekday)
{
	static const char *const names[] = {
	    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

	return weekday >= 0 && weekday < 7 ? names[weekday] : "?";
}

struct cm_day cm_day_add_months(struct cm_day day, int months)
{
	int year;
	int month;
	int dom;
	int total;
	struct cm_day out = day;

	cm_day_split(day, &year, &month, &dom);
	total = year * 12 + month - 1 + months;
	year = total / 12;
	month = total % 12 + 1;
	if (year < 1 || year > 9999)
		return day;
	if (dom > days_in_month(year, month))
		dom = days_in_month(year, month);
	(void)cm_day_make(year, month, dom, &out);
	return out;
}

static bool digits(const char *text, int count, int *out)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = value;
	return true;
}

bool cm_day_parse(const char *text, size_t len, struct cm_day *out)
{
	int year;
	int month;
	int day;

	return len == 10 && digits(text, 4, &year) && text[4] == '-' && digits(text + 5, 2, &month) &&
	       text[7] == '-' && digits(text + 8, 2, &day) && cm_day_make(year, month, day, out);
}

/* The last `count` digits of a number. */
static void digits_print(unsigned number, char *out, size_t count)
{
	for (; count > 0; number /= 10)
		out[--count] = (char)('0' + number % 10);
}

void cm_day_print(struct cm_day day, char out[CM_DAY_TEXT_BYTES])
{
	int year;
	int month;
	int dom;

	cm_day_split(day, &year, &month, &dom);
	digits_print((unsigned)year, out, 4);
	out[4] = '-';
	digits_print((unsigned)month, out + 5, 2);
	out[7] = '-';
	digits_print((unsigned)dom, out + 8, 2);
	out[10] = 0;
}

struct cm_day cm_wall_utc_day(struct cm_wall wall)
{
	int64_t day = wall.ms / MS_A_DAY;

	if (wall.ms % MS_A_DAY < 0)
		day--;
	return (struct cm_day){(int32_t)day};
}

void cm_wall_print(struct cm_wall wall, char out[CM_WALL_TEXT_BYTES])
{
	struct cm_day day = cm_wall_utc_day(wall);
	int64_t ms = wall.ms - (int64_t)day.number * MS_A_DAY;
	char date[CM_DAY_TEXT_BYTES];

	cm_day_print(day, date);
	(void)snprintf(out, CM_WALL_TEXT_BYTES, "%sT%02u:%02u:%02u.%03uZ", date,
	    (unsigned)(ms / 3600000) % 100u, (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60),
	    (unsigned)(ms % 1000));
}
