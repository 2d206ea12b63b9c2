/*
 * The calendars that are shipped, against dates from outside: moveable feasts by a second computation
 * of Easter, days that a statute moves, days that look like holidays and are none, and terms that
 * roll over them.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/deadline.h"
#include "jurisdictions/engine/law.h"
#include "test_engine_help.h"

#define LAW COMITY_SOURCE_DIR "/jurisdictions/law/"
#define FIRST_YEAR 2018
#define LAST_YEAR 2030

struct shipped {
	struct cm_buf texts[2];
	struct help_set set;
};

static void calendars_load(struct shipped *shipped)
{
	static const char *const names[] = {"vocabulary.law", "calendars.law"};
	struct cm_law_file files[2];

	for (size_t i = 0; i < 2; i++) {
		char path[512];
		char room[4096];
		size_t got;
		FILE *file;

		(void)snprintf(path, sizeof path, LAW "%s", names[i]);
		file = fopen(path, "rb");
		cr_assert_not_null(file, "%s", path);
		cm_buf_init(&shipped->texts[i], 0);
		while ((got = fread(room, 1, sizeof room, file)) > 0)
			cm_buf_add(&shipped->texts[i], room, got);
		(void)fclose(file);
		files[i] = (struct cm_law_file){
		    names[i], cm_buf_str(&shipped->texts[i]), shipped->texts[i].len};
	}
	shipped->set = help_load_files(files, 2);
	cr_assert_eq(shipped->set.status, CM_OK);
}

static void calendars_free(struct shipped *shipped)
{
	help_free(&shipped->set);
	for (size_t i = 0; i < 2; i++)
		cm_buf_fini(&shipped->texts[i]);
}

static const struct cm_calendar_def *calendar_of(const struct shipped *shipped, const char *name)
{
	int found = cm_law_find_calendar(shipped->set.law, name);

	cr_assert_geq(found, 0, "%s", name);
	return shipped->set.law->calendars[found];
}

/* Easter by the epact and the Sunday letter (Lilius and Clavius), as days after the 21st of March. */
static struct cm_day easter_of(int year)
{
	int golden = year % 19 + 1;
	int century = year / 100 + 1;
	int solar = 3 * century / 4 - 12;
	int lunar = (8 * century + 5) / 25 - 5;
	int sunday = 5 * year / 4 - solar - 10;
	int epact = (11 * golden + 20 + lunar - solar) % 30;
	int moon;
	char text[CM_DAY_TEXT_BYTES];
	struct cm_day day;

	if ((epact == 25 && golden > 11) || epact == 24)
		epact++;
	moon = 44 - epact;
	if (moon < 21)
		moon += 30;
	moon = moon + 7 - (sunday + moon) % 7;
	(void)snprintf(text, sizeof text, "%04d-03-01", year);
	day = help_day(text);
	day.number += moon - 1;
	return day;
}

static bool is_listed(const struct cm_calendar_def *calendar, struct cm_day day)
{
	for (size_t i = 0; i < calendar->days_count; i++)
		if (calendar->days[i] == day.number)
			return true;
	return false;
}

Test(calendars, moveable_feasts_follow_easter)
{
	/* Days after Easter Sunday that the calendar has in every year; 99 ends the list. */
	static const struct {
		const char *name;
		int after[8];
	} feasts[] = {{"au_common", {-2, 1, 99}}, {"be_public", {1, 39, 50, 99}},
	    {"ca_federal", {-2, 1, 99}}, {"de_common", {-2, 1, 39, 50, 99}},
	    {"fr_public", {1, 39, 50, 99}}, {"gb_england", {-2, 1, 99}}, {"ie_public", {1, 99}},
	    {"nl_public", {-2, 1, 39, 50, 99}}, {"no_public", {-3, -2, 0, 1, 39, 49, 50, 99}},
	    {"pl_public", {0, 1, 49, 60, 99}}, {"se_public", {-2, 0, 1, 39, 49, 99}},
	    {"za_public", {-2, 1, 99}}};
	static struct shipped shipped;

	calendars_load(&shipped);
	cr_expect_eq(easter_of(2026).number, help_day("2026-04-05").number);
	cr_expect_eq(easter_of(2024).number, help_day("2024-03-31").number);
	cr_expect_eq(easter_of(2019).number, help_day("2019-04-21").number);
	for (int year = FIRST_YEAR; year <= LAST_YEAR; year++)
		for (size_t i = 0; i < sizeof feasts / sizeof *feasts; i++)
			for (const int *after = feasts[i].after; *after != 99; after++) {
				struct cm_day day = easter_of(year);

				day.number += *after;
				cr_expect(is_listed(calendar_of(&shipped, feasts[i].name), day),
				    "%s: day %+d of Easter %d", feasts[i].name, *after, year);
			}
	calendars_free(&shipped);
}

Test(calendars, every_calendar_covers_the_same_years_and_as_many_days_as_its_statute)
{
	/* Days in a year without any of its exceptions, and those of all thirteen years. */
	static const struct {
		const char *name;
		size_t days;
	} sizes[] = {{"us_federal", 140}, {"au_common", 91}, {"be_public", 130},
	    {"ca_federal", 127}, {"ch_federal", 13}, {"de_common", 117}, {"nl_public", 117},
	    {"ie_public", 126}};
	static struct shipped shipped;

	calendars_load(&shipped);
	for (size_t i = 0; i < shipped.set.law->calendars_count; i++) {
		const struct cm_calendar_def *calendar = shipped.set.law->calendars[i];

		cr_assert_gt(calendar->days_count, 0);
		cr_expect_geq(calendar->days[0], help_day("2018-01-01").number, "%s", calendar->name);
		cr_expect_lt(calendar->days[0], help_day("2019-01-01").number, "%s", calendar->name);
		cr_expect_lt(calendar->days[calendar->days_count - 1], help_day("2031-01-01").number,
		    "%s", calendar->name);
		cr_expect_geq(calendar->days[calendar->days_count - 1],
		    help_day("2030-01-01").number, "%s", calendar->name);
	}
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		cr_expect_eq(calendar_of(&shipped, sizes[i].name)->days_count, sizes[i].days,
		    "%s has %zu", sizes[i].name,
		    calendar_of(&shipped, sizes[i].name)->days_count);
	calendars_free(&shipped);
}

Test(calendars, days_that_statutes_move_and_days_that_are_none)
{
	static const struct {
		const char *name;
		const char *day;
		bool rest;
	} rows[] = {
	    /* Juneteenth since 2021; a holiday on a Saturday is not kept on the Friday. */
	    {"us_federal", "2020-06-19", false}, {"us_federal", "2023-06-19", true},
	    {"us_federal", "2026-07-03", false}, {"us_federal", "2018-11-22", true},
	    {"us_federal", "2030-01-21", true}, {"us_federal", "2029-11-22", true},
	    /* The early May day of 2020, the spring day of 2022, two single days, two substitutes. */
	    {"gb_england", "2020-05-04", false}, {"gb_england", "2020-05-08", true},
	    {"gb_england", "2022-05-30", false}, {"gb_england", "2022-06-02", true},
	    {"gb_england", "2022-06-03", true}, {"gb_england", "2022-09-19", true},
	    {"gb_england", "2023-05-08", true}, {"gb_england", "2021-12-27", true},
	    {"gb_england", "2021-12-28", true}, {"gb_england", "2022-12-27", true},
	    {"gb_england", "2026-12-28", true}, {"gb_england", "2023-12-27", false},
	    {"gb_england", "2022-01-03", true}, {"gb_england", "2027-12-27", true},
	    {"gb_england", "2027-12-28", false}, {"gb_england", "2027-05-03", false},
	    /* Good Friday is no public holiday in Ireland; Saint Brigid since 2023. */
	    {"ie_public", "2026-04-03", false}, {"ie_public", "2022-02-07", false},
	    {"ie_public", "2023-02-06", true}, {"ie_public", "2030-02-01", true},
	    {"ie_public", "2030-02-04", false}, {"ie_public", "2022-03-18", true},
	    {"ie_public", "2026-10-26", true}, {"ie_public", "2023-03-17", true},
	    {"de_common", "2026-10-03", true}, {"de_common", "2025-10-31", false},
	    {"de_common", "2026-01-06", false}, {"fr_public", "2026-07-14", true},
	    {"fr_public", "2026-04-03", false}, {"fr_public", "2025-12-26", false},
	    {"nl_public", "2027-04-27", true}, {"nl_public", "2025-04-28", false},
	    {"nl_public", "2026-05-05", true}, {"be_public", "2026-07-21", true},
	    {"be_public", "2025-12-26", false},
	    {"pl_public", "2018-11-12", true}, {"pl_public", "2024-12-24", false},
	    {"pl_public", "2025-12-24", true}, {"pl_public", "2026-06-04", true},
	    /* Whit Monday is none in Sweden; the eves are. All Saints is a Saturday. */
	    {"se_public", "2026-05-25", false}, {"se_public", "2026-06-19", true},
	    {"se_public", "2026-12-31", true}, {"se_public", "2026-06-26", false},
	    {"no_public", "2027-05-17", true}, {"no_public", "2026-04-02", true},
	    {"no_public", "2026-12-31", false}, {"ch_federal", "2028-08-01", true},
	    {"ch_federal", "2026-12-25", false},
	    /* In Canada a Saturday and Boxing Day are working days; Canada Day of 2018 and 2029. */
	    {"ca_federal", "2026-11-07", false}, {"ca_federal", "2026-11-08", true},
	    {"ca_federal", "2025-12-26", false}, {"ca_federal", "2018-07-02", true},
	    {"ca_federal", "2029-07-02", true}, {"ca_federal", "2020-09-30", false},
	    {"ca_federal", "2021-09-30", true}, {"ca_federal", "2026-05-18", true},
	    {"ca_federal", "2027-05-24", true}, {"ca_federal", "2026-10-12", true},
	    /* The Monday after a Sunday's holiday; not where that Monday is one already. */
	    {"za_public", "2020-08-10", true}, {"za_public", "2021-12-27", true},
	    {"za_public", "2022-12-27", false}, {"za_public", "2023-01-02", true},
	    {"za_public", "2026-11-07", false}, {"au_common", "2026-01-26", true},
	    {"au_common", "2027-04-26", false}, {"au_common", "2029-04-25", true},
	};
	static struct shipped shipped;

	calendars_load(&shipped);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(cm_calendar_is_rest(
				 calendar_of(&shipped, rows[i].name), help_day(rows[i].day)),
		    rows[i].rest, "%s %s", rows[i].name, rows[i].day);
	calendars_free(&shipped);
}

Test(calendars, terms_roll_over_them)
{
	static const struct {
		const char *name;
		uint32_t count;
		enum cm_unit unit;
		const char *from;
		const char *due;
	} rows[] = {
	    {"us_federal", 14, CM_UNIT_DAYS, "2026-11-07", "2026-11-23"},
	    {"us_federal", 14, CM_UNIT_DAYS, "2023-06-05", "2023-06-20"},
	    {"us_federal", 14, CM_UNIT_DAYS, "2018-11-08", "2018-11-23"},
	    {"gb_england", 7, CM_UNIT_DAYS, "2026-12-18", "2026-12-29"},
	    {"gb_england", 5, CM_UNIT_BUSINESS_DAYS, "2022-05-30", "2022-06-08"},
	    {"ie_public", 10, CM_UNIT_DAYS, "2026-10-16", "2026-10-27"},
	    {"ie_public", 10, CM_UNIT_DAYS, "2026-12-15", "2026-12-28"},
	    {"de_common", 10, CM_UNIT_DAYS, "2027-03-16", "2027-03-30"},
	    {"de_common", 3, CM_UNIT_BUSINESS_DAYS, "2026-12-23", "2026-12-29"},
	    {"fr_public", 1, CM_UNIT_MONTHS, "2026-06-14", "2026-07-15"},
	    {"nl_public", 10, CM_UNIT_DAYS, "2026-04-17", "2026-04-28"},
	    {"be_public", 10, CM_UNIT_DAYS, "2026-07-11", "2026-07-22"},
	    {"pl_public", 7, CM_UNIT_DAYS, "2025-12-17", "2025-12-29"},
	    {"se_public", 10, CM_UNIT_DAYS, "2026-06-09", "2026-06-22"},
	    {"no_public", 10, CM_UNIT_DAYS, "2027-05-07", "2027-05-18"},
	    {"ch_federal", 10, CM_UNIT_DAYS, "2028-07-22", "2028-08-02"},
	    {"ca_federal", 30, CM_UNIT_DAYS, "2026-11-25", "2026-12-26"},
	    {"ca_federal", 21, CM_UNIT_DAYS, "2026-10-17", "2026-11-07"},
	    {"za_public", 10, CM_UNIT_DAYS, "2021-12-15", "2021-12-28"},
	    {"au_common", 28, CM_UNIT_DAYS, "2025-12-28", "2026-01-27"},
	};
	static struct shipped shipped;

	calendars_load(&shipped);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cm_deadline deadline = {.count = rows[i].count,
		    .unit = rows[i].unit,
		    .on = calendar_of(&shipped, rows[i].name)};
		struct cm_due due = cm_deadline_count(&deadline, help_day(rows[i].from));
		char text[CM_DUE_TEXT_BYTES];

		cm_due_print(&due, text);
		cr_expect_str_eq(text, rows[i].due, "%s: %u from %s", rows[i].name,
		    (unsigned)rows[i].count, rows[i].from);
	}
	calendars_free(&shipped);
}
