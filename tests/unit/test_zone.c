#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "protocol/clocks/zones.h"

/*
 * Zones from bytes made here: every way a file can be wrong with its status, footers, and the
 * moments of a local time where clocks jump. What the system's files say is test_zone_system.
 */

static struct cm_arena arena;
static struct cm_err err;

static void init(void)
{
	cm_arena_init(&arena, 0);
	err.text[0] = 0;
}

static void end(void)
{
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(zone, .init = init);

/* ---- files made by hand ---------------------------------------------------------------------- */

struct change {
	int64_t at;
	uint8_t kind;
};

struct made {
	uint8_t version;
	uint32_t leaps;
	const struct change *changes;
	uint32_t changes_count;
	const int32_t *offsets;
	uint32_t offsets_count;
	const char *footer; /* with its line feeds */
};

static void put(struct cm_buf *out, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		cm_buf_byte(out, (uint8_t)(value >> (8 * i)));
}

static void put_header(struct cm_buf *out, uint8_t version, const struct made *m)
{
	cm_buf_add(out, "TZif", 4);
	cm_buf_byte(out, version);
	cm_buf_add(out, (const char[15]){0}, 15);
	put(out, 0, 4);
	put(out, 0, 4);
	put(out, m != NULL ? m->leaps : 0, 4);
	put(out, m != NULL ? m->changes_count : 0, 4);
	put(out, m != NULL ? m->offsets_count : 1, 4);
	put(out, 4, 4);
}

static void put_file(struct cm_buf *out, const struct made *m)
{
	put_header(out, m->version, NULL);
	put(out, 0, 6);
	put(out, 0, 4);
	put_header(out, m->version, m);
	for (uint32_t i = 0; i < m->changes_count; i++)
		put(out, (uint64_t)m->changes[i].at, 8);
	for (uint32_t i = 0; i < m->changes_count; i++)
		cm_buf_byte(out, m->changes[i].kind);
	for (uint32_t i = 0; i < m->offsets_count; i++) {
		put(out, (uint32_t)m->offsets[i], 4);
		put(out, 0, 2);
	}
	put(out, 0, 4);
	for (uint32_t i = 0; i < m->leaps; i++)
		put(out, 0, 8), put(out, 0, 4);
	cm_buf_text(out, m->footer);
}

static enum cm_status parse(const struct made *m, struct cm_zone *zone)
{
	struct cm_buf bytes;
	enum cm_status status;

	cm_buf_init(&bytes, 0);
	put_file(&bytes, m);
	status = cm_zone_parse(bytes.data, bytes.len, &arena, zone, &err);
	cm_buf_fini(&bytes);
	return status;
}

static const int32_t two_offsets[] = {0, 3600};
static const struct change two_changes[] = {{1000, 1}, {2000, 0}};

static struct made good(void)
{
	return (struct made){'2', 0, two_changes, 2, two_offsets, 2, "\nUTC0\n"};
}

Test(zone, a_file_is_read)
{
	struct made m = good();
	struct cm_zone zone;

	cr_assert_eq(parse(&m, &zone), CM_OK, "%s", err.text);
	cr_expect_eq(zone.changes_count, 2);
	cr_expect_eq(cm_zone_at(&zone, 999).offset, 0);
	cr_expect_eq(cm_zone_at(&zone, 999).until, 1000);
	cr_expect_eq(cm_zone_at(&zone, 1000).offset, 3600);
	cr_expect_eq(cm_zone_at(&zone, 1000).until, 2000);
	cr_expect_eq(cm_zone_at(&zone, 2000).offset, 0);
	cr_expect_eq(cm_zone_at(&zone, 2000).until, INT64_MAX);
	end();
}

Test(zone, without_a_footer_the_last_clock_goes_on)
{
	struct made m = good();
	struct cm_zone zone;

	m.changes_count = 1;
	m.footer = "\n\n";
	cr_assert_eq(parse(&m, &zone), CM_OK);
	cr_expect_eq(cm_zone_at(&zone, INT64_C(4000000000)).offset, 3600);
	m.changes_count = 0;
	cr_assert_eq(parse(&m, &zone), CM_OK);
	cr_expect_eq(cm_zone_at(&zone, INT64_C(4000000000)).offset, 0);
	end();
}

static void is_refused(const struct made *m, enum cm_status status, const char *says)
{
	struct cm_zone zone;
	enum cm_status got = parse(m, &zone);

	cr_expect_eq(got, status, "%s: %s", says, cm_status_name(got));
	cr_expect_not_null(strstr(err.text, says), "%s", err.text);
}

Test(zone, every_damage_has_its_sentence)
{
	static const struct change backwards[] = {{2000, 1}, {1000, 0}};
	static const struct change twice[] = {{1000, 1}, {1000, 0}};
	static const struct change nowhere[] = {{1000, 2}};
	static const int32_t far_east[] = {26 * 3600};
	static const int32_t far_west[] = {-25 * 3600};
	static const int32_t at_the_edge[] = {26 * 3600 - 1, -25 * 3600 + 1};
	struct made m = good();
	struct cm_zone zone;

	m.version = 0;
	is_refused(&m, CM_VERSION, "of version 1");
	m = good();
	m.leaps = 1;
	is_refused(&m, CM_VERSION, "leap seconds");
	m = good();
	m.changes = backwards;
	is_refused(&m, CM_BAD_INPUT, "not in order");
	m.changes = twice;
	is_refused(&m, CM_BAD_INPUT, "not in order");
	m.changes = nowhere;
	m.changes_count = 1;
	is_refused(&m, CM_BAD_INPUT, "a clock that is not there");
	m = good();
	m.changes_count = 0;
	m.offsets_count = 0;
	is_refused(&m, CM_BAD_INPUT, "no clock");
	m.offsets_count = 1;
	m.offsets = far_east;
	is_refused(&m, CM_BAD_INPUT, "more than a day away");
	m.offsets = far_west;
	is_refused(&m, CM_BAD_INPUT, "more than a day away");
	m.offsets = at_the_edge;
	m.offsets_count = 2;
	cr_expect_eq(parse(&m, &zone), CM_OK);
	m = good();
	m.footer = "UTC0\n";
	is_refused(&m, CM_BAD_INPUT, "last line is missing");
	m.footer = "\nUTC0";
	is_refused(&m, CM_TRUNCATED, "ends too early");
	m.footer = "\n";
	is_refused(&m, CM_TRUNCATED, "ends too early");
	m.footer = "\nUTC0\n\n";
	is_refused(&m, CM_BAD_INPUT, "behind its last line");
	m.footer = "\nUTC\n";
	is_refused(&m, CM_BAD_INPUT, "cannot be read");
	end();
}

Test(zone, a_file_cut_anywhere_is_refused)
{
	struct made m = good();
	struct cm_buf bytes;
	struct cm_zone zone;

	cm_buf_init(&bytes, 0);
	put_file(&bytes, &m);
	for (size_t len = 0; len < bytes.len; len++)
		cr_expect_eq(cm_zone_parse(bytes.data, len, &arena, &zone, &err), CM_TRUNCATED,
		    "cut at %zu of %zu: %s", len, bytes.len, err.text);
	bytes.data[0] = 'X';
	cr_expect_eq(cm_zone_parse(bytes.data, bytes.len, &arena, &zone, &err), CM_BAD_INPUT);
	cm_buf_fini(&bytes);
	end();
}

Test(zone, counts_beyond_measure_are_refused_before_anything_is_reserved)
{
	static const size_t fields[] = {20, 24, 28, 32, 36, 40};
	struct made m = good();
	struct cm_buf bytes;
	struct cm_zone zone;

	cm_buf_init(&bytes, 0);
	put_file(&bytes, &m);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		uint8_t kept = bytes.data[fields[i]];

		bytes.data[fields[i]] = 0xff;
		cr_expect_eq(
		    cm_zone_parse(bytes.data, bytes.len, &arena, &zone, &err), CM_TOO_LARGE);
		bytes.data[fields[i]] = kept;
	}
	cr_expect_eq(
	    cm_zone_parse(bytes.data, CM_MAX_ZONE_BYTES + 1, &arena, &zone, &err), CM_TOO_LARGE);
	cm_buf_fini(&bytes);
	end();
}

/* ---- footers --------------------------------------------------------------------------------- */

Test(zone, footers_that_are_none)
{
	static const char *const texts[] = {"", "EST", "ES5", "EST25", "EST5:60", "EST5:00:60",
	    "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,", "EST5EDT,M13.2.0,M11.1.0",
	    "EST5EDT,M0.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.0.0,M11.1.0",
	    "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365", "EST5EDT,J1,J366", "EST5EDT,0,366",
	    "EST5EDT,M3.2.0/168,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x", "<+3>-3", "<+03-3", "+03-3",
	    "EST5EDT,M3.2.0,M11.1.0/", "EST5,M3.2.0,M11.1.0", "EST99999999999999999999"};
	struct cm_zone_footer footer;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		cr_expect_not(
		    cm_zone_footer_parse(texts[i], strlen(texts[i]), &footer), "%s", texts[i]);
	end();
}

/* Seconds of UTC of a time such as "2026-03-08T07:00". */
static int64_t utc(const char *text)
{
	struct cm_day day;
	int hour;
	int minute;

	cr_assert(cm_day_parse(text, 10, &day) && sscanf(text + 10, "T%d:%d", &hour, &minute) == 2);
	return (int64_t)day.number * 86400 + hour * 3600 + minute * 60;
}

static struct cm_zone of_footer(const char *text)
{
	static const int32_t none[] = {0};
	struct cm_zone zone = {.offsets = none, .offsets_count = 1};

	cr_assert(cm_zone_footer_parse(text, strlen(text), &zone.footer), "%s", text);
	return zone;
}

Test(zone, footers_and_their_turns)
{
	static const struct {
		const char *footer;
		const char *at; /* the clock turns here */
		int32_t before;
		int32_t after;
	} rows[] = {
	    {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00", -5 * 3600, -4 * 3600},
	    {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00", -4 * 3600, -5 * 3600},
	    {"EST5EDT,M3.2.0,M11.1.0", "2399-03-14T07:00", -5 * 3600, -4 * 3600},
	    /* Ireland: winter time is the exception, and runs over the new year. */
	    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-10-25T01:00", 3600, 0},
	    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2027-03-28T01:00", 0, 3600},
	    /* The southern summer runs over the new year; hours beyond a day. */
	    {"<-04>4<-03>,M9.1.6/24,M4.1.6/24", "2026-09-06T04:00", -4 * 3600, -3 * 3600},
	    {"<-04>4<-03>,M9.1.6/24,M4.1.6/24", "2026-04-05T03:00", -3 * 3600, -4 * 3600},
	    /* Hours before the day: Greenland changes on Saturday evening. */
	    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00", -2 * 3600, -3600},
	    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-10-25T01:00", -3600, -2 * 3600},
	    /* Minutes; a summer clock half an hour ahead. */
	    {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-10-03T15:30", 37800, 39600},
	    /* Days by number: the first leaves out 29 February, the second counts it. */
	    {"AAA0BBB,J60/0,J300/0", "2028-03-01T00:00", 0, 3600},
	    {"AAA0BBB,59/0,300/0", "2028-02-29T00:00", 0, 3600},
	    {"AAA0BBB,59/0,300/0", "2027-03-01T00:00", 0, 3600},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cm_zone zone = of_footer(rows[i].footer);
		int64_t at = utc(rows[i].at);

		cr_expect_eq(cm_zone_at(&zone, at - 1).offset, rows[i].before, "%s %s",
		    rows[i].footer, rows[i].at);
		cr_expect_eq(
		    cm_zone_at(&zone, at - 1).until, at, "%s %s", rows[i].footer, rows[i].at);
		cr_expect_eq(cm_zone_at(&zone, at).offset, rows[i].after, "%s %s", rows[i].footer,
		    rows[i].at);
	}
	end();
}

Test(zone, a_zone_that_always_has_summer_time)
{
	struct cm_zone zone = of_footer("XXX3EDT4,0/0,J365/23");

	for (int64_t at = utc("2025-12-30T00:00"); at < utc("2027-01-03T00:00"); at += 1800)
		cr_assert_eq(cm_zone_at(&zone, at).offset, -4 * 3600);
	end();
}

Test(zone, a_footer_counts_from_the_last_change_on)
{
	struct made m = good();
	struct cm_zone zone;

	m.footer = "\nAAA-5\n";
	cr_assert_eq(parse(&m, &zone), CM_OK);
	cr_expect_eq(cm_zone_at(&zone, 1999).offset, 3600);
	cr_expect_eq(cm_zone_at(&zone, 2000).offset, 5 * 3600);
	end();
}

/* ---- the moments of a local time ------------------------------------------------------------- */

static struct cm_day day_of(const char *text)
{
	struct cm_day day;

	cr_assert(cm_day_parse(text, strlen(text), &day), "%s", text);
	return day;
}

static void moments(const char *footer, const char *day, int32_t second, enum cm_zone_fit fit,
    const char *first, const char *last)
{
	struct cm_zone zone = of_footer(footer);

	cr_expect_eq(cm_zone_fit(&zone, day_of(day), second), fit, "%s %s+%d", footer, day, second);
	cr_expect_eq(cm_zone_first(&zone, day_of(day), second).ms, utc(first) * 1000,
	    "%s %s+%d: first", footer, day, second);
	cr_expect_eq(cm_zone_last(&zone, day_of(day), second).ms, utc(last) * 1000,
	    "%s %s+%d: last", footer, day, second);
}

#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

Test(zone, gaps_and_folds)
{
	moments(NEW_YORK, "2026-03-08", 5400, CM_ZONE_ONCE, "2026-03-08T06:30", "2026-03-08T06:30");
	/* 02:30 never comes: the moment of the jump, from both sides. */
	moments(
	    NEW_YORK, "2026-03-08", 9000, CM_ZONE_NEVER, "2026-03-08T07:00", "2026-03-08T07:00");
	moments(
	    NEW_YORK, "2026-03-08", 10800, CM_ZONE_ONCE, "2026-03-08T07:00", "2026-03-08T07:00");
	/* From 01:00 to 02:00 all comes twice; after 01:00 came once, no clock shows less again. */
	moments(
	    NEW_YORK, "2026-11-01", 3600, CM_ZONE_TWICE, "2026-11-01T05:00", "2026-11-01T05:00");
	moments(
	    NEW_YORK, "2026-11-01", 5400, CM_ZONE_TWICE, "2026-11-01T05:30", "2026-11-01T06:30");
	moments(NEW_YORK, "2026-11-01", 7200, CM_ZONE_ONCE, "2026-11-01T07:00", "2026-11-01T07:00");
	end();
}

Test(zone, days_whose_midnight_is_no_ordinary_one)
{
	struct cm_zone zone = of_footer("EET-2EEST,M3.5.0/0,M10.5.0/0"); /* Beirut */

	/* Midnight never comes on 29 March 2026: the day begins at one. */
	cr_expect_eq(
	    cm_zone_day_start(&zone, day_of("2026-03-29")).ms, utc("2026-03-28T22:00") * 1000);
	cr_expect_eq(
	    cm_zone_day_end(&zone, day_of("2026-03-28")).ms, utc("2026-03-28T22:00") * 1000);
	/* On 25 October the clock goes back at midnight: the 24th has its last hour twice, and ends
	 * when it is over for good. */
	cr_expect_eq(
	    cm_zone_day_end(&zone, day_of("2026-10-24")).ms, utc("2026-10-24T22:00") * 1000);
	cr_expect_eq(
	    cm_zone_day_start(&zone, day_of("2026-10-25")).ms, utc("2026-10-24T22:00") * 1000);
	end();
}

Test(zone, a_day_that_a_zone_left_out_has_no_moment)
{
	/* Samoa crossed the date line at the end of 29 December 2011. */
	static const int32_t offsets[] = {-10 * 3600, 14 * 3600};
	static const struct change changes[] = {{1325239200, 1}};
	struct made m = {'2', 0, changes, 1, offsets, 2, "\n\n"};
	struct cm_zone zone;

	cr_assert_eq(parse(&m, &zone), CM_OK);
	cr_assert_eq(utc("2011-12-30T10:00"), 1325239200);
	cr_expect_eq(cm_zone_day_end(&zone, day_of("2011-12-29")).ms, INT64_C(1325239200000));
	cr_expect_eq(cm_zone_day_start(&zone, day_of("2011-12-30")).ms, INT64_C(1325239200000));
	cr_expect_eq(cm_zone_day_end(&zone, day_of("2011-12-30")).ms, INT64_C(1325239200000));
	cr_expect_eq(cm_zone_day_start(&zone, day_of("2011-12-31")).ms, INT64_C(1325239200000));
	end();
}

Test(zone, what_a_clock_shows)
{
	struct cm_zone zone = of_footer(NEW_YORK);
	int32_t second;

	cr_expect_eq(
	    cm_zone_local(&zone, (struct cm_wall){utc("2026-11-24T04:59") * 1000 + 59999}, &second)
		.number,
	    day_of("2026-11-23").number);
	cr_expect_eq(second, 86399);
	cr_expect_eq(
	    cm_zone_local(&zone, (struct cm_wall){utc("2026-11-24T05:00") * 1000}, &second).number,
	    day_of("2026-11-24").number);
	cr_expect_eq(second, 0);
	/* Before 1970 milliseconds are counted down. */
	zone = of_footer("UTC0");
	cr_expect_eq(cm_zone_local(&zone, (struct cm_wall){-1}, &second).number, -1);
	cr_expect_eq(second, 86399);
	end();
}

/* ---- names ----------------------------------------------------------------------------------- */

Test(zone, names_do_not_lead_out_of_the_folder)
{
	static const char *const fine[] = {"UTC", "Europe/Dublin", "America/Argentina/Buenos_Aires",
	    "Etc/GMT+12", "America/Port-au-Prince", "EST5EDT"};
	static const char *const none[] = {"", "/UTC", "UTC/", "a//b", "..", "../etc/passwd",
	    "a/../b", "a/./b", ".", "Europe/Dublin\n", "zone.tab", "a b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		cr_expect(cm_zone_name_is_fine(fine[i]), "%s", fine[i]);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		cr_expect_not(cm_zone_name_is_fine(none[i]), "%s", none[i]);
	end();
}

Test(zone, zones_are_found_by_name_and_an_unknown_one_is_a_sentence)
{
	struct made m = good();
	struct cm_zones zones;
	struct cm_buf bytes;
	const struct cm_zone *zone;

	cm_zones_init(&zones);
	cm_buf_init(&bytes, 0);
	put_file(&bytes, &m);
	for (int i = 39; i >= 0; i--) {
		char name[32];

		(void)snprintf(name, sizeof name, "Europe/Town%02d", i);
		cr_assert_eq(cm_zones_add(&zones, name, bytes.data, bytes.len, &err), CM_OK);
		cr_assert_eq(cm_zones_add(&zones, name, bytes.data, bytes.len, &err), CM_DUPLICATE);
	}
	cr_assert_eq(cm_zones_add(&zones, "Europe/Dublin", bytes.data, bytes.len, &err), CM_OK);
	cr_expect_eq(cm_zones_add(&zones, "../x", bytes.data, bytes.len, &err), CM_BAD_INPUT);
	cr_expect_eq(cm_zones_add(&zones, "Cut", bytes.data, 9, &err), CM_TRUNCATED);
	cr_expect_str_eq(err.text, "time zone Cut: the file of a time zone ends too early");
	cr_expect_eq(zones.count, 41);
	for (size_t i = 1; i < zones.count; i++)
		cr_expect_lt(strcmp(zones.names[i - 1], zones.names[i]), 0);
	cr_assert_eq(cm_zones_get(&zones, "Europe/Dublin", &zone, &err), CM_OK);
	cr_expect_eq(zone->changes_count, 2);
	cr_expect_eq(cm_zones_get(&zones, "Europe/Dublim", &zone, &err), CM_UNKNOWN_NAME);
	cr_expect_str_eq(
	    err.text, "no time zone is named Europe/Dublim; did you mean Europe/Dublin?");
	cr_expect_null(zone);
	cr_expect_eq(cm_zones_get(&zones, "", &zone, &err), CM_UNKNOWN_NAME);
	cr_expect_str_eq(err.text, "no time zone is named \"\"");
	cm_buf_fini(&bytes);
	cm_zones_fini(&zones);
	end();
}

Test(zone, without_memory_nothing_is_added)
{
	struct made m = good();
	struct cm_zones zones;
	struct cm_buf bytes;
	size_t nth = 1;

	cm_buf_init(&bytes, 0);
	put_file(&bytes, &m);
	for (bool failed = true; failed; nth++) {
		enum cm_status status;

		cm_zones_init(&zones);
		cm_alloc_fail_at(nth, false);
		status = cm_zones_add(&zones, "Europe/Dublin", bytes.data, bytes.len, &err);
		failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(status, failed ? CM_NO_MEMORY : CM_OK, "request %zu", nth);
		cr_assert_eq(zones.count, failed ? 0 : 1);
		if (failed)
			cr_assert_eq(
			    cm_zones_add(&zones, "Europe/Dublin", bytes.data, bytes.len, &err),
			    CM_OK);
		cm_zones_fini(&zones);
	}
	cr_assert_gt(nth, 2);
	cm_buf_fini(&bytes);
	end();
}
