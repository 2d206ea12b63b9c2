/*
 * Time as data. This file reads no clock: every input of a core brings its own time.
 *
 * Wall time (milliseconds since 1970-01-01T00:00Z, what a court reads) and monotonic time (what a
 * timeout needs) never share a type. Calendar days are a third: a day has no zone and no hour.
 */
#ifndef CM_BASE_CLOCK_H
#define CM_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/err.h"

struct cm_wall {
	int64_t ms;
};

struct cm_mono {
	int64_t ms;
};

/* A day of the proleptic Gregorian calendar, counted from 1970-01-01 = 0. Years 1 to 9999. */
struct cm_day {
	int32_t number;
};

#define CM_DAY_FIRST (-719162) /* 0001-01-01 */
#define CM_DAY_LAST 2932896    /* 9999-12-31 */

#define CM_DAY_TEXT_BYTES 11  /* "2026-11-21" and NUL */
#define CM_WALL_TEXT_BYTES 25 /* "2026-11-21T10:00:00.000Z" and NUL */

/* The day year-month-day, or false if there is none (month 13, 30 February, year 0). */
bool cm_day_make(int year, int month, int day, struct cm_day *out);

/* Split a day into year, month (1-12) and day (1-31). */
void cm_day_split(struct cm_day day, int *year, int *month, int *day_of_month);

/* Weekday, 0 = Monday ... 6 = Sunday. */
int cm_day_weekday(struct cm_day day);

/* The English name of a weekday number. */
const char *cm_weekday_name(int weekday);

/* The same day of the month `months` later, or the last day of that month if it is shorter. */
struct cm_day cm_day_add_months(struct cm_day day, int months);

/* Read exactly "YYYY-MM-DD" of `len` bytes. False on anything else, and on days that do not exist. */
bool cm_day_parse(const char *text, size_t len, struct cm_day *out);

void cm_day_print(struct cm_day day, char out[CM_DAY_TEXT_BYTES]);

/* The UTC day a wall time falls on. Courts' days need a zone: see the clocks module. */
struct cm_day cm_wall_utc_day(struct cm_wall wall);

void cm_wall_print(struct cm_wall wall, char out[CM_WALL_TEXT_BYTES]);

#endif
