#include "clocks_help.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const int32_t no_offsets[1];

void clock_test_init(struct clock_test *t, const char *footer)
{
	static const int32_t holidays[] = {20783, 20812}; /* 2026-11-26, 2026-12-25 */

	*t = (struct clock_test){.zone = {.offsets = no_offsets, .offsets_count = 1},
	    .rest = {.weekend_days = 0x60, .days = holidays, .days_count = 2}};
	cr_assert(cm_zone_footer_parse(footer, strlen(footer), &t->zone.footer));
	cr_assert_eq(clock_day("2026-11-26").number, holidays[0]);
	cr_assert_eq(clock_day("2026-12-25").number, holidays[1]);
	cm_clocks_init(&t->clocks);
	cm_buf_init(&t->text, 0);
}

void clock_test_fini(struct clock_test *t)
{
	cm_clocks_fini(&t->clocks);
	cm_buf_fini(&t->text);
	cr_assert_eq(cm_alloc_live(), 0);
}

struct cm_day clock_day(const char *text)
{
	struct cm_day day = {0};

	cr_assert(cm_day_parse(text, 10, &day), "%s", text);
	return day;
}

static int32_t second_of(const char *text)
{
	int hour = 0;
	int minute = 0;

	cr_assert(text[10] == 0 || sscanf(text + 10, "T%d:%d", &hour, &minute) == 2, "%s", text);
	return hour * 3600 + minute * 60;
}

struct cm_wall clock_at(const char *text)
{
	return (struct cm_wall){(INT64_C(86400) * clock_day(text).number + second_of(text)) * 1000};
}

enum cm_status clock_start(struct clock_test *t, uint32_t count, enum cm_unit unit, bool rolls,
    const char *from, const char *now)
{
	struct cm_clock_start start = {.what = "motion",
	    .rule = "us.a",
	    .zone_name = "Some/Where",
	    .zone = &t->zone,
	    .count = {unit, count, false, rolls ? &t->rest : NULL},
	    .from = {.form = from[10] == 0 ? CM_FROM_DAY : CM_FROM_TIME,
		.day = clock_day(from),
		.second = second_of(from)}};
	struct cm_clock_input input = {
	    .event = CM_CLOCK_START, .now = clock_at(now), .start = &start};

	return cm_clocks_step(&t->clocks, &input, &t->effects, &t->err);
}

enum cm_status clock_told(
    struct clock_test *t, enum cm_clock_event event, const char *at, const char *now)
{
	struct cm_clock_input input = {.event = event,
	    .now = clock_at(now),
	    .at = clock_at(at),
	    .clock = 1,
	    .by = "duty counsel, Dublin",
	    .reason = "a reason"};

	return cm_clocks_step(&t->clocks, &input, &t->effects, &t->err);
}

enum cm_status clock_does(struct clock_test *t, enum cm_clock_event event, const char *at)
{
	return clock_told(t, event, at, at);
}

enum cm_status clock_look(struct clock_test *t, const char *now)
{
	struct cm_clock_input input = {.event = CM_CLOCK_LOOK, .now = clock_at(now)};

	return cm_clocks_step(&t->clocks, &input, &t->effects, &t->err);
}

static enum cm_status extend(struct clock_test *t, struct cm_clock_extension more, const char *at)
{
	struct cm_clock_input input = {.event = CM_CLOCK_EXTEND,
	    .now = clock_at(at),
	    .at = clock_at(at),
	    .clock = 1,
	    .more = more,
	    .by = "judge, District of Maryland",
	    .reason = "good cause"};

	return cm_clocks_step(&t->clocks, &input, &t->effects, &t->err);
}

enum cm_status clock_extend(struct clock_test *t, uint32_t count, enum cm_unit unit, const char *at)
{
	return extend(t, (struct cm_clock_extension){.unit = unit, .count = count}, at);
}

enum cm_status clock_extend_to(struct clock_test *t, const char *day, const char *at)
{
	return extend(t, (struct cm_clock_extension){.to_day = true, .day = clock_day(day)}, at);
}

const char *clock_effects(struct clock_test *t)
{
	static const char *const names[] = {"arm", "risk", "hold", "over"};

	cm_buf_clear(&t->text);
	for (size_t i = 0; i < t->effects.count; i++) {
		const struct cm_clock_effect *e = &t->effects.items[i];
		char at[CM_WALL_TEXT_BYTES];

		cm_wall_print(e->at, at);
		cm_buf_printf(&t->text, "%s%s ", i == 0 ? "" : "; ", names[e->kind]);
		if (e->kind == CM_CLOCK_ARM)
			cm_buf_printf(&t->text, "%.16s", at);
		else
			cm_buf_printf(&t->text, "%u", (unsigned)e->clock);
	}
	return cm_buf_str(&t->text);
}

const char *clock_end(struct clock_test *t)
{
	char at[CM_WALL_TEXT_BYTES];

	cm_buf_clear(&t->text);
	cm_wall_print(t->clocks.items[0]->end.at, at);
	cm_buf_printf(&t->text, "%.16s", at);
	return cm_buf_str(&t->text);
}

const char *clock_says(struct clock_test *t)
{
	cm_buf_clear(&t->text);
	cm_clock_print(t->clocks.items[0], &t->text);
	return cm_buf_str(&t->text);
}
