#include "protocol/clocks/clocks.h"

const char *cm_clock_state_name(enum cm_clock_state state)
{
	static const char *const names[] = {"running", "stopped", "met", "expired"};

	return names[state];
}

const char *cm_clock_event_name(enum cm_clock_event event)
{
	static const char *const names[] = {"start", "stop", "resume", "extend", "meet", "look"};

	return names[event];
}

static void print_day(struct cm_buf *out, struct cm_day day)
{
	char text[CM_DAY_TEXT_BYTES];

	cm_day_print(day, text);
	cm_buf_printf(out, "%s %s", cm_weekday_name(cm_day_weekday(day)), text);
}

static void print_end(const struct cm_clock *c, struct cm_buf *out)
{
	char moment[CM_WALL_TEXT_BYTES];

	cm_wall_print(c->end.at, moment);
	cm_buf_text(out, c->end.by_hour ? "to " : "to the end of ");
	if (!c->end.by_hour)
		print_day(out, c->end.day);
	else
		cm_buf_text(out, moment);
	if (c->zone == NULL)
		cm_buf_printf(out, " where it ends first (time zone %s is not known)",
		    c->zone_name[0] != 0 ? c->zone_name : "\"\"");
	else
		cm_buf_printf(out, " in %s", c->zone_name);
	if (c->end.rolled) {
		cm_buf_text(out, ", rolled from ");
		print_day(out, c->end.rolled_from);
	}
}

void cm_clock_print(const struct cm_clock *clock, struct cm_buf *out)
{
	const struct cm_clock_change *last = clock->changes;

	while (last != NULL && last->next != NULL)
		last = last->next;
	cm_buf_text(out, clock->what);
	if (clock->rule[0] != 0)
		cm_buf_printf(out, " (%s)", clock->rule);
	cm_buf_printf(out, ": %u %s%s, ", (unsigned)clock->count.count,
	    cm_unit_text(clock->count.unit, clock->count.count),
	    clock->count.before ? " before" : "");
	if (clock->state == CM_CLOCK_STOPPED && clock->left.unit == CM_UNIT_HOURS)
		cm_buf_printf(out, "%lld minutes left", (long long)(clock->left.ms / 60000));
	else if (clock->state == CM_CLOCK_STOPPED)
		cm_buf_printf(out, "%u %s left", (unsigned)clock->left.count,
		    cm_unit_text(clock->left.unit, clock->left.count));
	else
		print_end(clock, out);
	cm_buf_printf(out, ": %s%s", clock->conditional ? "if it applies, " : "",
	    cm_clock_state_name(clock->state));
	if (last == NULL)
		return;
	cm_buf_printf(out, "; %s", cm_clock_event_name(last->event));
	if (last->by[0] != 0)
		cm_buf_printf(out, " by %s", last->by);
	if (last->reason[0] != 0)
		cm_buf_printf(out, ": %s", last->reason);
}
