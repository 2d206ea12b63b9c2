#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/clocks/zone_files.h"

/*
 * The system's tz database, read by us and by the C library: two readers of the same files must
 * show the same clock at every moment. And the moments of a local time, against a walk minute by
 * minute.
 */

static struct cm_zones zones;
static struct cm_err err;

static void init(void)
{
	cm_zones_init(&zones);
	cr_assert_eq(cm_zone_files_read(&zones, CM_ZONES_FOLDER, &err), CM_OK, "%s", err.text);
}

static void end(void)
{
	cm_zones_fini(&zones);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(system, .init = init);

static long libc_offset(time_t at)
{
	struct tm tm;

	cr_assert_not_null(localtime_r(&at, &tm));
	return tm.tm_gmtoff;
}

static void compare(const struct cm_zone *zone, const char *name, int64_t at)
{
	long theirs = libc_offset((time_t)at);

	cr_assert_eq(cm_zone_at(zone, at).offset, theirs, "%s at %lld: %d, the C library says %ld",
	    name, (long long)at, (int)cm_zone_at(zone, at).offset, theirs);
}

Test(system, every_zone_shows_what_the_c_library_shows)
{
	const int64_t year = 31556952;

	cr_assert_gt(zones.count, 300);
	for (size_t i = 0; i < zones.count; i++) {
		const struct cm_zone *zone = &zones.zones[i];
		char tz[CM_MAX_ZONE_NAME_BYTES + 2];

		(void)snprintf(tz, sizeof tz, ":%s", zones.names[i]);
		cr_assert_eq(setenv("TZ", tz, 1), 0);
		tzset();
		/* Ordinary moments of 1971 to 2120, and both sides of every change from 1970 on. */
		for (int64_t at = year; at < 150 * year; at += 86400 * 37 + 4111)
			compare(zone, zones.names[i], at);
		for (int64_t at = 0; at < 80 * year;) {
			struct cm_zone_span span = cm_zone_at(zone, at);

			if (span.until == INT64_MAX)
				break;
			compare(zone, zones.names[i], span.until - 1);
			compare(zone, zones.names[i], span.until);
			at = span.until;
		}
	}
	end();
}

/* What a walk over every minute of three days says of a local time. */
static void walk(const struct cm_zone *zone, const char *name, int64_t local)
{
	struct cm_day day = {(int32_t)(local / 86400)};
	int32_t second = (int32_t)(local % 86400);
	int64_t first = INT64_MIN;
	int64_t last = INT64_MIN;
	int times = 0;

	for (int64_t at = local - 36 * 3600; at < local + 36 * 3600; at += 60) {
		int64_t shows = at + cm_zone_at(zone, at).offset;

		if (first == INT64_MIN && shows >= local)
			first = at;
		if (shows < local)
			last = at + 60;
		times += shows == local;
	}
	cr_assert_eq(
	    cm_zone_first(zone, day, second).ms, first * 1000, "%s %lld", name, (long long)local);
	cr_assert_eq(
	    cm_zone_last(zone, day, second).ms, last * 1000, "%s %lld", name, (long long)local);
	cr_assert_eq(cm_zone_fit(zone, day, second), times == 0   ? CM_ZONE_NEVER
						     : times == 1 ? CM_ZONE_ONCE
								  : CM_ZONE_TWICE);
}

Test(system, moments_of_a_local_time_are_those_of_a_walk)
{
	static const char *const names[] = {"America/New_York", "Europe/Dublin",
	    "Australia/Lord_Howe", "Asia/Beirut", "Africa/Cairo", "America/St_Johns",
	    "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "America/Havana",
	    "Asia/Kolkata", "Antarctica/Troll"};
	const int64_t from = INT64_C(1262304000); /* 2010 */
	const int64_t to = INT64_C(1830297600);   /* 2028 */

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct cm_zone *zone = cm_zones_find(&zones, names[i]);
		int64_t at = from;

		cr_assert_not_null(zone, "%s", names[i]);
		while (at < to && (at = cm_zone_at(zone, at).until) < to)
			for (int64_t off = -3 * 3600; off <= 3 * 3600; off += 1800) {
				int64_t local = at + cm_zone_at(zone, at - 1).offset + off;

				walk(zone, names[i], local - local % 60);
			}
	}
	end();
}

/* ---- dates that were in the papers ----------------------------------------------------------- */

static void ends(const char *name, const char *day_text, const char *utc)
{
	const struct cm_zone *zone = cm_zones_find(&zones, name);
	struct cm_day day;
	char text[CM_WALL_TEXT_BYTES];

	cr_assert_not_null(zone, "%s", name);
	cr_assert(cm_day_parse(day_text, strlen(day_text), &day));
	cm_wall_print(cm_zone_day_end(zone, day), text);
	cr_expect_eq(
	    strncmp(text, utc, strlen(utc)), 0, "%s %s ends %s, not %s", name, day_text, text, utc);
}

Test(system, ends_of_days)
{
	ends("America/New_York", "2026-11-23", "2026-11-24T05:00:00.000Z");
	ends("America/New_York", "2026-07-03", "2026-07-04T04:00:00.000Z");
	ends("Europe/Dublin", "2026-10-25", "2026-10-26T00:00:00.000Z"); /* a day of 25 hours */
	ends("Europe/Berlin", "2027-03-28", "2027-03-28T22:00:00.000Z"); /* one of 23 */
	ends("Asia/Kolkata", "2026-11-07", "2026-11-07T18:30:00.000Z");
	/* Newfoundland set its clocks back at one minute past midnight until 2011: the day before
	 * had its last 59 minutes twice. */
	ends("America/St_Johns", "2010-11-06", "2010-11-07T03:30:00.000Z");
	/* Brazil, until 2018, had a day a year without a midnight. */
	ends("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00.000Z");
	/* Samoa went from the 29th to the 31st. */
	ends("Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00.000Z");
	ends("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000Z");
	end();
}
