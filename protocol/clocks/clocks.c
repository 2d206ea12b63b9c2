#include "protocol/clocks/clocks.h"

#include <assert.h>
#include <string.h>

static const struct {
	enum cm_clock_state from;
	enum cm_clock_event event;
	enum cm_clock_state to;
} transitions[] = {
    {CM_CLOCK_RUNNING, CM_CLOCK_STOP, CM_CLOCK_STOPPED},
    {CM_CLOCK_RUNNING, CM_CLOCK_EXTEND, CM_CLOCK_RUNNING},
    {CM_CLOCK_RUNNING, CM_CLOCK_MEET, CM_CLOCK_MET},
    {CM_CLOCK_RUNNING, CM_CLOCK_LOOK, CM_CLOCK_RUNNING}, /* or EXPIRED: look() */
    {CM_CLOCK_STOPPED, CM_CLOCK_RESUME, CM_CLOCK_RUNNING},
    {CM_CLOCK_STOPPED, CM_CLOCK_MEET, CM_CLOCK_MET},
    {CM_CLOCK_STOPPED, CM_CLOCK_LOOK, CM_CLOCK_STOPPED},
    {CM_CLOCK_MET, CM_CLOCK_LOOK, CM_CLOCK_MET},
    {CM_CLOCK_EXPIRED, CM_CLOCK_STOP, CM_CLOCK_STOPPED},
    {CM_CLOCK_EXPIRED, CM_CLOCK_EXTEND, CM_CLOCK_RUNNING},
    {CM_CLOCK_EXPIRED, CM_CLOCK_MEET, CM_CLOCK_MET},
    {CM_CLOCK_EXPIRED, CM_CLOCK_LOOK, CM_CLOCK_EXPIRED},
};

int cm_clock_next(enum cm_clock_state from, enum cm_clock_event event)
{
	for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
		if (transitions[i].from == from && transitions[i].event == event)
			return (int)transitions[i].to;
	return -1;
}

void cm_clocks_init(struct cm_clocks *clocks)
{
	*clocks = (struct cm_clocks){.count = 0};
	cm_arena_init(&clocks->arena, 0);
}

void cm_clocks_fini(struct cm_clocks *clocks)
{
	cm_free(clocks->items);
	cm_arena_fini(&clocks->arena);
	*clocks = (struct cm_clocks){.count = 0};
}

const struct cm_clock *cm_clocks_find(const struct cm_clocks *clocks, uint32_t number)
{
	return number >= 1 && number <= clocks->count ? clocks->items[number - 1] : NULL;
}

const struct cm_clock *cm_clocks_first(const struct cm_clocks *clocks)
{
	const struct cm_clock *first = NULL;

	for (size_t i = 0; i < clocks->count; i++) {
		const struct cm_clock *c = clocks->items[i];

		if (c->state == CM_CLOCK_RUNNING &&
		    (first == NULL || c->end.at.ms < first->end.at.ms))
			first = c;
	}
	return first;
}

struct cm_marks cm_clock_marks(const struct cm_clock *clock)
{
	return cm_marks_of(clock->workable, clock->end.at);
}

static void check(const struct cm_clock *c)
{
	assert(c->state == CM_CLOCK_STOPPED || c->end.known);
	assert(c->state != CM_CLOCK_EXPIRED || c->told == CM_STAGE_OVER);
	assert(c->changes_count <= CM_MAX_CLOCK_CHANGES);
}

/* ---- time passes ----------------------------------------------------------------------------- */

static const enum cm_clock_effect_kind effect_of[] = {
    [CM_STAGE_RISK] = CM_CLOCK_AT_RISK,
    [CM_STAGE_HOLD] = CM_CLOCK_HOLD_NOW,
    [CM_STAGE_OVER] = CM_CLOCK_IS_OVER,
};

/* Tell what has come up, in the order of the ends; equal ends in the order of the numbers. */
static void tell(struct cm_clock_effects *effects, const struct cm_clock *c, enum cm_stage stage)
{
	size_t place = effects->count++;

	while (place > 0 && effects->items[place - 1].at.ms > c->end.at.ms) {
		effects->items[place] = effects->items[place - 1];
		place--;
	}
	effects->items[place] = (struct cm_clock_effect){effect_of[stage], c->number, c->end.at};
}

/* Each stage is told once; of several that came up at once only the last, which is the gravest. */
static void look(struct cm_clocks *clocks, struct cm_wall now, struct cm_clock_effects *effects)
{
	struct cm_wall soonest = {INT64_MAX};

	effects->count = 0;
	for (size_t i = 0; i < clocks->count; i++) {
		struct cm_clock *c = clocks->items[i];
		struct cm_marks marks = cm_clock_marks(c);
		enum cm_stage stage = cm_marks_stage(&marks, now);
		struct cm_wall next;

		if (c->state != CM_CLOCK_RUNNING)
			continue;
		if (stage > c->told) {
			tell(effects, c, stage);
			c->told = stage;
		}
		if (c->told == CM_STAGE_OVER)
			c->state = CM_CLOCK_EXPIRED;
		else if (cm_marks_next(&marks, now, &next) && next.ms < soonest.ms)
			soonest = next;
		check(c);
	}
	if (soonest.ms == INT64_MAX)
		return;
	memmove(effects->items + 1, effects->items, effects->count * sizeof effects->items[0]);
	effects->items[0] = (struct cm_clock_effect){.kind = CM_CLOCK_ARM, .at = soonest};
	effects->count++;
}

/* ---- a new clock ----------------------------------------------------------------------------- */

/* A copy in the arena, cut to the bound; NULL: no memory. */
static const char *keep(struct cm_clocks *clocks, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	return cm_arena_text_n(&clocks->arena, text == NULL ? "" : text,
	    len < CM_MAX_CLOCK_TEXT_BYTES ? len : CM_MAX_CLOCK_TEXT_BYTES);
}

static enum cm_status check_start(
    const struct cm_clocks *clocks, const struct cm_clock_start *start, struct cm_err *err)
{
	if (clocks->count == CM_MAX_CLOCKS)
		return cm_err_set(err, CM_TOO_LARGE, "a case has at most %d clocks", CM_MAX_CLOCKS);
	if (start == NULL || start->what == NULL || start->what[0] == 0)
		return cm_err_set(err, CM_BAD_INPUT, "a clock must say what it is for");
	if (start->count.unit >= CM_UNITS || start->count.count > CM_MAX_TERM_COUNT)
		return cm_err_set(
		    err, CM_BAD_INPUT, "a term of at most %d units", CM_MAX_TERM_COUNT);
	if (start->count.unit == CM_UNIT_BUSINESS_DAYS && start->count.on == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "business days need a calendar");
	if (start->from.form == CM_FROM_TIME &&
	    (start->from.second < 0 || start->from.second >= 86400))
		return cm_err_set(
		    err, CM_BAD_INPUT, "a day has no second %d", (int)start->from.second);
	return CM_OK;
}

/* The years 2 to 9998: no zone can carry a moment of these out of the calendar. */
static bool is_usable(const struct cm_from *from)
{
	struct cm_day day = from->form == CM_FROM_MOMENT ? cm_wall_utc_day(from->at) : from->day;

	if (from->form == CM_FROM_MOMENT &&
	    (from->at.ms / 86400000 <= CM_DAY_FIRST || from->at.ms / 86400000 >= CM_DAY_LAST))
		return false;
	return day.number >= CM_DAY_FIRST + 365 && day.number <= CM_DAY_LAST - 365;
}

static bool make_room(struct cm_clocks *clocks)
{
	size_t cap = clocks->cap == 0 ? 4 : clocks->cap * 2;
	struct cm_clock **grown;

	if (clocks->count < clocks->cap)
		return true;
	grown = cm_realloc(clocks->items, cap, sizeof *grown);
	if (grown == NULL)
		return false;
	clocks->items = grown;
	clocks->cap = cap;
	return true;
}

static enum cm_status start_clock(
    struct cm_clocks *clocks, const struct cm_clock_input *input, struct cm_err *err)
{
	const struct cm_clock_start *start = input->start;
	enum cm_status status = check_start(clocks, start, err);
	struct cm_clock *c;
	struct cm_wall from;

	if (status != CM_OK)
		return status;
	c = make_room(clocks) ? cm_arena_alloc(&clocks->arena, 1, sizeof *c) : NULL;
	if (c == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a clock");
	*c = (struct cm_clock){.number = (uint32_t)clocks->count + 1,
	    .what = keep(clocks, start->what),
	    .rule = keep(clocks, start->rule),
	    .zone_name = keep(clocks, start->zone_name),
	    .zone = start->zone,
	    .count = start->count,
	    .from = start->from,
	    .conditional = start->conditional};
	if (c->what == NULL || c->rule == NULL || c->zone_name == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a clock");
	if (is_usable(&start->from))
		c->end = cm_end_of(&start->count, &start->from, start->zone);
	if (!c->end.known)
		return cm_err_set(err, CM_BAD_INPUT, "the term of %s leaves the calendar", c->what);
	from = cm_from_moment(&start->from, start->zone);
	c->workable = input->now;
	c->changed = start->count.before ? (struct cm_wall){INT64_MIN} : from;
	clocks->items[clocks->count++] = c;
	return CM_OK;
}

/* ---- what happens to a clock ----------------------------------------------------------------- */

static enum cm_status check_time(
    const struct cm_clock *c, const struct cm_clock_input *input, struct cm_err *err)
{
	if (input->at.ms > input->now.ms)
		return cm_err_set(err, CM_BAD_INPUT, "what is told of a clock must have happened");
	if (input->at.ms < c->changed.ms)
		return cm_err_set(err, CM_CONFLICT,
		    "this would lie before the last change of clock %u", (unsigned)c->number);
	if (c->state != CM_CLOCK_STOPPED && input->at.ms >= c->end.at.ms)
		return cm_err_set(err, CM_TERM_OVER, "the term of clock %u, %s, was over",
		    (unsigned)c->number, c->what);
	if (c->count.before && (input->event == CM_CLOCK_STOP || input->event == CM_CLOCK_EXTEND))
		return cm_err_set(err, CM_NO_MEANING,
		    "a term before a day follows that day: it neither stops nor is extended");
	return CM_OK;
}

static enum cm_status extend(const struct cm_clock *c, const struct cm_clock_extension *more,
    struct cm_end *out, struct cm_err *err)
{
	struct cm_count count = {.unit = more->unit, .count = more->count, .on = c->count.on};

	if (!more->to_day && (more->count > CM_MAX_TERM_COUNT || more->unit >= CM_UNITS))
		return cm_err_set(
		    err, CM_BAD_INPUT, "an extension of at most %d units", CM_MAX_TERM_COUNT);
	if (!more->to_day && (more->unit == CM_UNIT_HOURS) != c->end.by_hour)
		return cm_err_set(err, CM_BAD_INPUT,
		    "a term in hours is extended by hours, one in days by days, both to a day");
	if (!more->to_day && more->unit == CM_UNIT_BUSINESS_DAYS && c->count.on == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "business days need a calendar");
	*out = more->to_day ? cm_end_on(more->day, c->zone)
			    : cm_end_extended(&c->end, &count, c->zone);
	if (!out->known)
		return cm_err_set(err, CM_BAD_INPUT, "the term of %s leaves the calendar", c->what);
	if (out->at.ms <= c->end.at.ms)
		return cm_err_set(err, CM_BAD_INPUT, "an extension must end later than the term");
	return CM_OK;
}

static enum cm_status note(struct cm_clocks *clocks, const struct cm_clock *c,
    const struct cm_clock_input *input, struct cm_clock_change **out, struct cm_err *err)
{
	struct cm_clock_change *change;

	if (c->changes_count == CM_MAX_CLOCK_CHANGES)
		return cm_err_set(
		    err, CM_TOO_LARGE, "a clock has at most %d changes", CM_MAX_CLOCK_CHANGES);
	change = cm_arena_alloc(&clocks->arena, 1, sizeof *change);
	if (change == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a clock");
	*change = (struct cm_clock_change){.event = input->event,
	    .at = input->at,
	    .by = keep(clocks, input->by),
	    .reason = keep(clocks, input->reason)};
	if (change->by == NULL || change->reason == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a clock");
	*out = change;
	return CM_OK;
}

static void append(struct cm_clock *c, struct cm_clock_change *change)
{
	struct cm_clock_change **end = &c->changes;

	while (*end != NULL)
		end = &(*end)->next;
	*end = change;
	c->changes_count++;
	c->changed = change->at;
}

static enum cm_status change_clock(struct cm_clocks *clocks, struct cm_clock *c,
    const struct cm_clock_input *input, struct cm_err *err)
{
	int next = cm_clock_next(c->state, input->event);
	struct cm_end end = c->end;
	struct cm_clock_change *change = NULL;
	enum cm_status status;

	check(c);
	if (next < 0)
		return cm_err_set(err, CM_NO_MEANING, "clock %u, %s, is %s: %s has no meaning",
		    (unsigned)c->number, c->what, cm_clock_state_name(c->state),
		    cm_clock_event_name(input->event));
	status = check_time(c, input, err);
	if (status == CM_OK && input->event == CM_CLOCK_EXTEND)
		status = extend(c, &input->more, &end, err);
	if (status == CM_OK && input->event == CM_CLOCK_RESUME) {
		end = cm_end_resumed(&c->left, c->count.on, c->zone, input->at);
		if (!end.known)
			status = cm_err_set(
			    err, CM_BAD_INPUT, "the term of %s leaves the calendar", c->what);
	}
	if (status == CM_OK)
		status = note(clocks, c, input, &change, err);
	if (status != CM_OK)
		return status;
	if (input->event == CM_CLOCK_STOP)
		c->left = cm_left_at(&c->end, &c->count, c->zone, input->at);
	if (input->event == CM_CLOCK_RESUME)
		c->workable = input->now;
	if (next == CM_CLOCK_RUNNING)
		c->told = CM_STAGE_CALM;
	c->end = end;
	c->state = (enum cm_clock_state)next;
	append(c, change);
	check(c);
	return CM_OK;
}

enum cm_status cm_clocks_step(struct cm_clocks *clocks, const struct cm_clock_input *input,
    struct cm_clock_effects *effects, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	effects->count = 0;
	if (input->event == CM_CLOCK_START) {
		status = start_clock(clocks, input, err);
	} else if (input->event != CM_CLOCK_LOOK) {
		if (cm_clocks_find(clocks, input->clock) == NULL)
			return cm_err_set(
			    err, CM_NOT_FOUND, "the case has no clock %u", (unsigned)input->clock);
		status = change_clock(clocks, clocks->items[input->clock - 1], input, err);
	}
	if (status == CM_OK)
		look(clocks, input->now, effects);
	return status;
}
