/*
 * The footer of a zone's file: a POSIX TZ string, which holds for all time after the last change
 * the file lists.
 *
 *     TZ     = name offset [ name [ offset ] "," turn "," turn ]
 *     name   = 3 or more letters | "<" letters, digits, "+", "-" ">"
 *     offset = [ "+" | "-" ] hours [ ":" minutes [ ":" seconds ] ]
 *     turn   = ( "M" month "." week "." day | "J" day | day ) [ "/" offset ]
 *
 * The offset of a name is counted west of UTC, so its sign turns.
 */
#include "protocol/clocks/zone_internal.h"

struct text {
	const char *at;
	const char *end;
};

static bool take(struct text *t, char c)
{
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool take_number(struct text *t, int most, int *out)
{
	int value = 0;

	if (t->at == t->end || !is_digit(*t->at))
		return false;
	while (t->at < t->end && is_digit(*t->at)) {
		value = value * 10 + (*t->at++ - '0');
		if (value > most)
			return false;
	}
	*out = value;
	return true;
}

static bool take_name(struct text *t)
{
	bool quoted = take(t, '<');
	const char *start = t->at;

	while (
	    t->at < t->end &&
	    (is_letter(*t->at) || (quoted && (is_digit(*t->at) || *t->at == '+' || *t->at == '-'))))
		t->at++;
	return t->at - start >= 3 && (!quoted || take(t, '>'));
}

/* Hours, minutes and seconds with a sign, in seconds. */
static bool take_time(struct text *t, int most_hours, int32_t *out)
{
	bool minus = take(t, '-');
	int hours;
	int minutes = 0;
	int seconds = 0;

	if (!minus)
		(void)take(t, '+');
	if (!take_number(t, most_hours, &hours))
		return false;
	if (take(t, ':') &&
	    (!take_number(t, 59, &minutes) || (take(t, ':') && !take_number(t, 59, &seconds))))
		return false;
	*out = (hours * 60 + minutes) * 60 + seconds;
	if (minus)
		*out = -*out;
	return true;
}

/* POSIX writes what must be added to local time, we keep what is added to UTC. */
static bool take_offset(struct text *t, int32_t *out)
{
	if (!take_time(t, 24, out))
		return false;
	*out = -*out;
	return true;
}

static bool take_turn(struct text *t, struct cm_zone_turn *out)
{
	*out = (struct cm_zone_turn){.at = 2 * 3600};
	if (take(t, 'M')) {
		out->form = CM_TURN_MONTH;
		if (!take_number(t, 12, &out->month) || out->month < 1 || !take(t, '.') ||
		    !take_number(t, 5, &out->week) || out->week < 1 || !take(t, '.') ||
		    !take_number(t, 6, &out->day))
			return false;
	} else if (take(t, 'J')) {
		out->form = CM_TURN_JULIAN;
		if (!take_number(t, 365, &out->day) || out->day < 1)
			return false;
	} else {
		out->form = CM_TURN_OF_YEAR;
		if (!take_number(t, 365, &out->day))
			return false;
	}
	return !take(t, '/') || take_time(t, 167, &out->at);
}

bool cm_zone_footer_parse(const char *text, size_t len, struct cm_zone_footer *out)
{
	struct text t = {text, text + len};

	*out = (struct cm_zone_footer){.is_there = true};
	if (!take_name(&t) || !take_offset(&t, &out->standard))
		return false;
	if (t.at == t.end)
		return true;
	out->has_summer = true;
	if (!take_name(&t))
		return false;
	out->summer = out->standard + 3600;
	if (t.at < t.end && *t.at != ',' && !take_offset(&t, &out->summer))
		return false;
	/* POSIX leaves the days open when they are not written; the database always writes them. */
	return take(&t, ',') && take_turn(&t, &out->begins) && take(&t, ',') &&
	       take_turn(&t, &out->ends) && t.at == t.end;
}

/* ---- the clock after the last change --------------------------------------------------------- */

static int32_t day_number(int year, int month, int day)
{
	struct cm_day out = {0};

	(void)cm_day_make(year, month, day, &out);
	return out.number;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t month_turn(const struct cm_zone_turn *turn, int year)
{
	int32_t first = day_number(year, turn->month, 1);
	int32_t next = cm_day_add_months((struct cm_day){first}, 1).number;
	int weekday = (cm_day_weekday((struct cm_day){first}) + 1) % 7; /* 0 Sunday */
	int32_t day = first + (turn->day - weekday + 7) % 7 + 7 * (turn->week - 1);

	if (turn->month == 12)
		next = first + 31; /* also in the last year there is */
	return day < next ? day : day - 7;
}

/* The moment of a turn in a year, in seconds of UTC; `offset` is of the clock that is turned. */
static int64_t turn_at(const struct cm_zone_turn *turn, int year, int32_t offset)
{
	int32_t day = 0;

	switch (turn->form) {
	case CM_TURN_MONTH:
		day = month_turn(turn, year);
		break;
	case CM_TURN_JULIAN:
		day = day_number(year, 1, 1) + turn->day - 1 + (is_leap(year) && turn->day >= 60);
		break;
	case CM_TURN_OF_YEAR:
		day = day_number(year, 1, 1) + turn->day;
		break;
	}
	return (int64_t)day * CM_SECONDS_A_DAY + turn->at - offset;
}

struct cm_day cm_second_day(int64_t at)
{
	int64_t day = at / CM_SECONDS_A_DAY - (at % CM_SECONDS_A_DAY < 0);

	if (day < CM_DAY_FIRST)
		day = CM_DAY_FIRST;
	if (day > CM_DAY_LAST)
		day = CM_DAY_LAST;
	return (struct cm_day){(int32_t)day};
}

/*
 * The turns of four years are looked through, since hours beyond a day can carry one of the year
 * before last into the last: the last at or before the moment gives the offset, the first after it
 * the end. A turn to summer time wins over one from it at the same moment: that is how a zone that
 * always has summer time is written.
 */
struct cm_zone_span cm_zone_footer_at(const struct cm_zone_footer *footer, int64_t at)
{
	struct cm_zone_span span = {footer->standard, INT64_MAX};
	int64_t since = INT64_MIN;
	int year;
	int month;
	int day;

	if (!footer->has_summer)
		return span;
	cm_day_split(cm_second_day(at), &year, &month, &day);
	for (int y = year - 2; y <= year + 1; y++) {
		int64_t turns[2];

		if (y < 1 || y > 9999)
			continue;
		turns[0] = turn_at(&footer->ends, y, footer->summer);
		turns[1] = turn_at(&footer->begins, y, footer->standard);
		for (int i = 0; i < 2; i++) {
			int32_t offset = i == 0 ? footer->standard : footer->summer;

			if (turns[i] > at && turns[i] < span.until)
				span.until = turns[i];
			if (turns[i] > at || turns[i] < since)
				continue;
			since = turns[i];
			span.offset = offset;
		}
	}
	return span;
}
