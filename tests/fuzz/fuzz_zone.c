/*
 * Any bytes as the file of a time zone: refused with a sentence, or a clock that keeps its promises
 * at every moment asked for.
 */
#include <assert.h>

#include "protocol/clocks/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct cm_zone *zone, int64_t at)
{
	struct cm_zone_span span = cm_zone_at(zone, at);
	struct cm_day day;
	struct cm_wall start;
	struct cm_wall end;
	int32_t second;

	assert(span.until > at);
	assert(span.offset >= CM_ZONE_LEAST_OFFSET && span.offset <= CM_ZONE_MOST_OFFSET);
	day = cm_zone_local(zone, (struct cm_wall){at * 1000}, &second);
	assert(second >= 0 && second < 86400);
	start = cm_zone_day_start(zone, day);
	end = cm_zone_day_end(zone, day);
	assert(start.ms <= at * 1000 && at * 1000 < end.ms);
	assert(cm_zone_local(zone, end, NULL).number > day.number);
	assert(cm_zone_local(zone, (struct cm_wall){end.ms - 1000}, NULL).number <= day.number);
	assert(cm_zone_first(zone, day, second).ms <= at * 1000);
	assert(cm_zone_fit(zone, day, second) != CM_ZONE_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_arena arena;
	struct cm_zone zone;
	struct cm_err err = {.text = ""};
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_zone_parse(data, size, &arena, &zone, &err);
	assert((status == CM_OK) == (err.text[0] == 0));
	if (status == CM_OK) {
		for (int64_t at = -4000000000; at < 4200000000; at += 86400 * 211 + 7919)
			ask(&zone, at);
		for (size_t i = 0; i < zone.changes_count; i += 1 + zone.changes_count / 64)
			if (zone.changes[i] > -60000000000 && zone.changes[i] < 240000000000)
				ask(&zone, zone.changes[i]);
	}
	cm_arena_fini(&arena);
	assert(cm_alloc_live() == 0);
	return 0;
}
