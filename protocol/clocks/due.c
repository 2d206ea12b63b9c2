#include "protocol/clocks/due.h"

#include <assert.h>

#define SECOND_MS INT64_C(1000)
#define HOUR_MS INT64_C(3600000)
#define DAY_SECONDS INT64_C(86400)

/* The clocks that are furthest ahead (Kiritimati) and behind (Baker Island), in seconds. */
#define MOST_AHEAD (14 * 3600)
#define MOST_BEHIND (-12 * 3600)

/* ---- a court's clock, known or not ----------------------------------------------------------- */

static struct cm_wall moment_of(const struct cm_zone *zone, struct cm_day day, int32_t second)
{
	if (zone != NULL)
		return cm_zone_first(zone, day, second);
	return (struct cm_wall){(day.number * DAY_SECONDS + second - MOST_AHEAD) * SECOND_MS};
}

static struct cm_wall day_end(const struct cm_zone *zone, struct cm_day day)
{
	if (zone != NULL)
		return cm_zone_day_end(zone, day);
	return (struct cm_wall){((day.number + 1) * DAY_SECONDS - MOST_AHEAD) * SECOND_MS};
}

/* The day a moment falls on; `offset` stands for a zone that is not known. */
static struct cm_day day_at(
    const struct cm_zone *zone, struct cm_wall at, int32_t offset, int32_t *second)
{
	struct cm_wall shifted = {at.ms + offset * SECOND_MS};
	struct cm_day day;

	if (zone != NULL)
		return cm_zone_local(zone, at, second);
	day = cm_wall_utc_day(shifted);
	*second = (int32_t)(shifted.ms / SECOND_MS - day.number * DAY_SECONDS);
	return day;
}

static struct cm_day from_day(const struct cm_from *from, const struct cm_zone *zone)
{
	int32_t second;

	return from->form == CM_FROM_MOMENT ? day_at(zone, from->at, MOST_BEHIND, &second)
					    : from->day;
}

struct cm_wall cm_from_moment(const struct cm_from *from, const struct cm_zone *zone)
{
	switch (from->form) {
	case CM_FROM_DAY:
		return moment_of(zone, from->day, 0);
	case CM_FROM_TIME:
		return moment_of(zone, from->day, from->second);
	case CM_FROM_MOMENT:
		break;
	}
	return from->at;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static bool is_inside(int64_t ms)
{
	return ms >= CM_DAY_FIRST * DAY_SECONDS * SECOND_MS &&
	       ms < (CM_DAY_LAST - 1) * DAY_SECONDS * SECOND_MS;
}

static bool is_inside_day(struct cm_day day)
{
	return day.number > CM_DAY_FIRST + 1 && day.number < CM_DAY_LAST - 1;
}

/* An end on a day, counted and rolled. */
static struct cm_end end_of_due(const struct cm_due *due, const struct cm_zone *zone)
{
	struct cm_end end = {.known = due->known && is_inside_day(due->day),
	    .rolled = due->rolled,
	    .day = due->day,
	    .rolled_from = due->rolled_from};

	if (!end.known)
		return end;
	end.at = day_end(zone, due->day);
	end.unrolled = day_end(zone, due->rolled_from);
	return end;
}

/* An end at a moment. A term in hours that ends on a day of rest goes on to the same time of the
 * next day that is none, as Fed. R. Crim. P. 45(a)(2) has it and the engine counts. */
static struct cm_end end_at(
    struct cm_wall at, const struct cm_rest *on, bool back, const struct cm_zone *zone)
{
	struct cm_end end = {.known = is_inside(at.ms), .by_hour = true, .at = at, .unrolled = at};
	struct cm_count none = {.unit = CM_UNIT_DAYS, .on = on, .before = back};
	struct cm_due due;
	int32_t second = 0;

	if (!end.known)
		return end;
	end.rolled_from = day_at(zone, at, MOST_AHEAD, &second);
	due = cm_count_from(&none, end.rolled_from);
	end.known = due.known && is_inside_day(due.day);
	end.day = due.day;
	end.rolled = due.rolled;
	if (end.known && end.rolled)
		end.at = moment_of(zone, due.day, second);
	return end;
}

struct cm_end cm_end_of(
    const struct cm_count *count, const struct cm_from *from, const struct cm_zone *zone)
{
	struct cm_due due;

	assert(count->count <= CM_MAX_TERM_COUNT);
	if (count->unit == CM_UNIT_HOURS) {
		struct cm_wall at = cm_from_moment(from, zone);

		at.ms += (count->before ? -1 : 1) * (int64_t)count->count * HOUR_MS;
		return end_at(at, count->on, count->before, zone);
	}
	due = cm_count_from(count, from_day(from, zone));
	return end_of_due(&due, zone);
}

struct cm_end cm_end_on(struct cm_day day, const struct cm_zone *zone)
{
	struct cm_due due = {.known = true, .day = day, .rolled_from = day};

	return end_of_due(&due, zone);
}

struct cm_end cm_end_extended(
    const struct cm_end *end, const struct cm_count *more, const struct cm_zone *zone)
{
	struct cm_from from = {
	    .form = CM_FROM_MOMENT, .day = end->rolled_from, .at = end->unrolled};

	assert((more->unit == CM_UNIT_HOURS) == end->by_hour);
	if (!end->by_hour)
		from.form = CM_FROM_DAY;
	return cm_end_of(more, &from, zone);
}

/* ---- stops ----------------------------------------------------------------------------------- */

struct cm_left cm_left_at(const struct cm_end *end, const struct cm_count *count,
    const struct cm_zone *zone, struct cm_wall at)
{
	struct cm_left left = {.unit = count->unit == CM_UNIT_MONTHS ? CM_UNIT_DAYS : count->unit};
	int32_t second;
	struct cm_day day = day_at(zone, at, MOST_AHEAD, &second);

	if (end->by_hour) {
		left.unit = CM_UNIT_HOURS;
		left.ms = end->unrolled.ms > at.ms ? end->unrolled.ms - at.ms : 0;
	} else if (left.unit == CM_UNIT_BUSINESS_DAYS) {
		left.count = cm_rest_business_days(count->on, day, end->rolled_from);
	} else {
		left.unit = CM_UNIT_DAYS;
		if (end->rolled_from.number > day.number)
			left.count = (uint32_t)(end->rolled_from.number - day.number);
	}
	return left;
}

struct cm_end cm_end_resumed(const struct cm_left *left, const struct cm_rest *on,
    const struct cm_zone *zone, struct cm_wall at)
{
	struct cm_from from = {.form = CM_FROM_MOMENT, .at = at};
	struct cm_count count = {.unit = left->unit, .count = left->count, .on = on};

	if (left->unit == CM_UNIT_HOURS)
		return end_at((struct cm_wall){at.ms + left->ms}, on, false, zone);
	return cm_end_of(&count, &from, zone);
}

/* ---- urgency --------------------------------------------------------------------------------- */

struct cm_marks cm_marks_of(struct cm_wall start, struct cm_wall end)
{
	int64_t third = end.ms > start.ms ? (end.ms - start.ms) / 3 : 0;
	int64_t margin = third < CM_CLOCK_MARGIN_MS ? third : CM_CLOCK_MARGIN_MS;

	return (struct cm_marks){{end.ms - 2 * margin}, {end.ms - margin}, end};
}

enum cm_stage cm_marks_stage(const struct cm_marks *marks, struct cm_wall now)
{
	if (now.ms >= marks->over.ms)
		return CM_STAGE_OVER;
	if (now.ms >= marks->hold.ms)
		return CM_STAGE_HOLD;
	return now.ms >= marks->risk.ms ? CM_STAGE_RISK : CM_STAGE_CALM;
}

bool cm_marks_next(const struct cm_marks *marks, struct cm_wall now, struct cm_wall *out)
{
	switch (cm_marks_stage(marks, now)) {
	case CM_STAGE_CALM:
		*out = marks->risk;
		return true;
	case CM_STAGE_RISK:
		*out = marks->hold;
		return true;
	case CM_STAGE_HOLD:
		*out = marks->over;
		return true;
	case CM_STAGE_OVER:
		break;
	}
	return false;
}

const char *cm_stage_name(enum cm_stage stage)
{
	static const char *const names[] = {"calm", "at risk", "hold", "over"};

	return names[stage];
}
