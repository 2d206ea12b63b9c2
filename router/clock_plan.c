#include "router/clock_plan.h"

#include <string.h>

#define DAY_BYTES (sizeof "YYYY-MM-DD" - 1)
#define HOUR_MS INT64_C(3600000)
#define MOST_AHEAD_MS (14 * HOUR_MS) /* of the clocks on earth, before UTC */

/* ---- one term -------------------------------------------------------------------------------- */

static bool digits(const char *text, int *out)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*out = (text[0] - '0') * 10 + text[1] - '0';
	return true;
}

/* "THH:MMZ" behind a day. */
static bool time_parse(const char *text, int64_t *ms)
{
	int hour;
	int minute;

	if (strlen(text) != sizeof "THH:MMZ" - 1 || text[0] != 'T' || !digits(text + 1, &hour) ||
	    text[3] != ':' || !digits(text + 4, &minute) || text[6] != 'Z' || hour > 23 ||
	    minute > 59)
		return false;
	*ms = hour * HOUR_MS + minute * (HOUR_MS / 60);
	return true;
}

static int64_t ahead_ms(const struct cm_zone *zone, int64_t at_ms)
{
	return (int64_t)cm_zone_at(zone, at_ms / 1000).offset * 1000;
}

/* Hours are told as if the day counted from had begun with UTC's. East of it the court's day began
 * earlier, by what its clock was ahead then or is at the end, whichever is more. */
static struct cm_wall hour_end(
    int64_t told_ms, const struct cm_zone *zone, const struct cm_clock_plan_input *input)
{
	int64_t ahead = MOST_AHEAD_MS;
	int64_t then;

	if (zone != NULL) {
		ahead = ahead_ms(zone, told_ms);
		then = ahead_ms(zone, input->demand->registered_ms);
		ahead = then > ahead ? then : ahead;
	}
	return (struct cm_wall){told_ms - (ahead > 0 ? ahead : 0)};
}

/* The moment after a term as it was told. False: no day, or none that can be read. */
static bool end_of(const char *due, const struct cm_zone *zone,
    const struct cm_clock_plan_input *input, struct cm_wall *out)
{
	struct cm_day day;
	struct cm_end end;
	int64_t time;

	if (strlen(due) < DAY_BYTES || !cm_day_parse(due, DAY_BYTES, &day))
		return false;
	end = cm_end_on(day, zone);
	if (!end.known)
		return false;
	*out = end.at;
	if (due[DAY_BYTES] == 0)
		return true;
	if (!time_parse(due + DAY_BYTES, &time))
		return false;
	*out = hour_end(day.number * (24 * HOUR_MS) + time, zone, input);
	return true;
}

/* ---- all terms ------------------------------------------------------------------------------- */

struct collecting {
	const struct cm_clock_plan_input *input;
	struct cm_arena *arena;
	struct cm_clock_plan *plan;
	size_t cap;
};

static struct cm_due_clock *find(const struct cm_clock_plan *plan, const struct cm_due_clock *like)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->clocks[i].rule, like->rule) == 0 &&
		    strcmp(plan->clocks[i].act, like->act) == 0 &&
		    strcmp(plan->clocks[i].due, like->due) == 0 &&
		    strcmp(plan->clocks[i].zone, like->zone) == 0)
			return &plan->clocks[i];
	return NULL;
}

static bool is_before(const struct cm_due_clock *a, const struct cm_due_clock *b)
{
	if (a->counted != b->counted)
		return a->counted;
	if (a->counted && a->marks.over.ms != b->marks.over.ms)
		return a->marks.over.ms < b->marks.over.ms;
	return strcmp(a->key, b->key) < 0;
}

static bool make_room(struct collecting *c)
{
	size_t cap = c->cap == 0 ? 16 : c->cap * 2;
	struct cm_due_clock *grown;

	if (c->plan->count < c->cap)
		return true;
	grown = cm_arena_alloc(c->arena, cap, sizeof *grown);
	if (grown == NULL)
		return false;
	if (c->plan->count > 0)
		memcpy(grown, c->plan->clocks, c->plan->count * sizeof *grown);
	c->plan->clocks = grown;
	c->cap = cap;
	return true;
}

static void mark(struct cm_due_clock *clock, const struct cm_clock_plan_input *input)
{
	const struct cm_zone *zone = cm_zones_find(input->zones, clock->zone);
	struct cm_wall start = {input->demand->registered_ms};
	struct cm_wall end;

	clock->zone_known = zone != NULL;
	clock->counted = end_of(clock->due, zone, input, &end);
	clock->stage = CM_STAGE_RISK;
	if (!clock->counted)
		return;
	clock->marks = cm_marks_of(start, end);
	clock->stage = cm_marks_stage(&clock->marks, input->now);
}

/* The list stays in order; a term that several findings tell is one clock. */
static enum cm_status add(struct collecting *c, struct cm_due_clock clock)
{
	struct cm_due_clock *known = find(c->plan, &clock);
	size_t at = c->plan->count;

	if (known != NULL) {
		known->conditional = known->conditional && clock.conditional;
		return CM_OK;
	}
	if (c->plan->count == CM_MAX_DUE_CLOCKS) {
		c->plan->overfull = true;
		return CM_OK;
	}
	mark(&clock, c->input);
	clock.key =
	    cm_arena_printf(c->arena, "%s/%s/%s/%s", clock.rule, clock.act, clock.due, clock.zone);
	if (clock.key == NULL || !make_room(c))
		return CM_NO_MEMORY;
	while (at > 0 && is_before(&clock, &c->plan->clocks[at - 1])) {
		c->plan->clocks[at] = c->plan->clocks[at - 1];
		at--;
	}
	c->plan->clocks[at] = clock;
	c->plan->count++;
	return CM_OK;
}

static enum cm_status add_finding(struct collecting *c, const struct cm_finding *finding)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < finding->rulings_count; i++) {
		const struct cm_ruling *r = &finding->rulings[i];

		if (r->state == CM_RULING_DEFEATED)
			continue;
		for (size_t j = 0; status == CM_OK && j < r->terms_count; j++)
			status = add(c, (struct cm_due_clock){.rule = r->rule,
					    .act = r->terms[j].act,
					    .due = r->terms[j].due,
					    .zone = r->terms[j].zone,
					    .conditional = r->terms[j].conditional});
	}
	return status;
}

/* The zone of the court that demands, as far as its node has told it. */
static const char *issuing_zone(const struct cm_clock_plan_input *input)
{
	for (size_t i = 0; i < input->answers_count; i++)
		if (strcmp(input->answers[i]->node, input->issuing_node) == 0)
			return input->answers[i]->zone;
	return "";
}

/* The day for the answer that the demand itself names: there before any node has answered. Of
 * several that are possible the first counts. */
static enum cm_status add_own_day(struct collecting *c)
{
	const struct cm_demand *demand = c->input->demand;
	const char *first = NULL;

	for (size_t i = 0; i < demand->facts_count; i++) {
		const struct cm_fact_text *fact = &demand->facts[i];

		if (strcmp(fact->name, "answer_due_on") != 0)
			continue;
		for (size_t j = 0; j < fact->values_count; j++)
			if (first == NULL || strcmp(fact->values[j], first) < 0)
				first = fact->values[j];
	}
	if (first == NULL)
		return CM_OK;
	return add(
	    c, (struct cm_due_clock){
		   .rule = "", .act = "answer", .due = first, .zone = issuing_zone(c->input)});
}

/* What the clocks ask together. A term that was over before the demand came forces nothing: there
 * is nothing left to save, and the others still have time to answer. */
static void sum_up(struct cm_clock_plan *plan, const struct cm_clock_plan_input *input)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct cm_due_clock *clock = &plan->clocks[i];
		struct cm_wall next;

		if (!clock->counted)
			continue;
		if (plan->hold_for == NULL && clock->stage >= CM_STAGE_HOLD &&
		    clock->marks.over.ms > input->demand->registered_ms)
			plan->hold_for = clock;
		if (cm_marks_next(&clock->marks, input->now, &next) &&
		    (!plan->has_next || next.ms < plan->next.ms)) {
			plan->has_next = true;
			plan->next = next;
		}
	}
	if (plan->overfull && plan->hold_for == NULL)
		plan->hold_for = &plan->clocks[0];
	plan->must_hold = plan->hold_for != NULL;
}

enum cm_status cm_clock_plan(
    const struct cm_clock_plan_input *input, struct cm_arena *arena, struct cm_clock_plan *out)
{
	struct collecting c = {.input = input, .arena = arena, .plan = out};
	enum cm_status status;

	*out = (struct cm_clock_plan){.count = 0};
	status = add_own_day(&c);
	for (size_t i = 0; status == CM_OK && i < input->answers_count; i++)
		for (size_t j = 0; status == CM_OK && j < input->answers[i]->findings_count; j++)
			status = add_finding(&c, &input->answers[i]->findings[j]);
	if (status == CM_OK)
		sum_up(out, input);
	return status;
}

/* ---- what was told --------------------------------------------------------------------------- */

static const char *const stage_words[] = {"calm", "risk", "hold", "over"};

bool cm_clock_is_news(const struct cm_due_clock *clock, const struct cm_clock_told *told)
{
	enum cm_stage before = CM_STAGE_CALM;

	for (; told != NULL; told = told->next)
		if (strcmp(told->key, clock->key) == 0 && told->stage > before)
			before = told->stage;
	return clock->stage > before;
}

void cm_clock_row_print(const struct cm_due_clock *clock, struct cm_buf *out)
{
	cm_buf_printf(out, "%s %s", stage_words[clock->stage], clock->key);
}

enum cm_status cm_clock_row_take(
    struct cm_clock_told **told, struct cm_bytes row, struct cm_arena *arena)
{
	struct cm_clock_told *item;

	for (size_t i = CM_STAGE_RISK; i <= CM_STAGE_OVER; i++) {
		size_t word = strlen(stage_words[i]);

		if (row.len <= word + 1 || memcmp(row.data, stage_words[i], word) != 0 ||
		    row.data[word] != ' ')
			continue;
		item = cm_arena_alloc(arena, 1, sizeof *item);
		if (item == NULL)
			return CM_NO_MEMORY;
		item->key =
		    cm_arena_text_n(arena, (const char *)row.data + word + 1, row.len - word - 1);
		if (item->key == NULL)
			return CM_NO_MEMORY;
		item->stage = (enum cm_stage)i;
		item->next = *told;
		*told = item;
		return CM_OK;
	}
	return CM_BAD_INPUT;
}

void cm_clock_sentence(const struct cm_due_clock *clock, struct cm_buf *out)
{
	cm_buf_text(out, clock->act);
	if (clock->rule[0] != 0)
		cm_buf_printf(out, " (%s)", clock->rule);
	if (!clock->counted) {
		cm_buf_text(out, clock->due[0] == 0 ? " is due on a day that is not known yet"
						    : " is due on a day that cannot be read");
	} else {
		cm_buf_printf(out, " is due %s, ", clock->due);
		if (clock->zone_known)
			cm_buf_text(out, clock->zone);
		else
			cm_buf_printf(out,
			    "counted where the day ends first (time zone %s is not known)",
			    clock->zone[0] != 0 ? clock->zone : "\"\"");
	}
	cm_buf_printf(out, ": %s%s", clock->conditional ? "if it applies, " : "",
	    cm_stage_name(clock->stage));
}

/* ---- deciding without an answer -------------------------------------------------------------- */

const struct cm_answer *cm_clock_stand_in(const struct cm_clock_plan_input *input, uint32_t round,
    const char *node, const char *region, const struct cm_due_clock *forced_by,
    struct cm_arena *arena)
{
	struct cm_answer *answer = cm_arena_alloc(arena, 1, sizeof *answer);
	char by[CM_WALL_TEXT_BYTES];
	const char *trouble = "no answer yet";

	if (forced_by != NULL) {
		cm_wall_print(
		    forced_by->stage >= CM_STAGE_HOLD ? forced_by->marks.hold : input->now, by);
		trouble =
		    cm_arena_printf(arena, "no answer by %.16sZ, and %s%s%s%s, due %s, cannot wait",
			by, forced_by->act, forced_by->rule[0] != 0 ? " (" : "", forced_by->rule,
			forced_by->rule[0] != 0 ? ")" : "", forced_by->due);
	}
	if (answer == NULL || trouble == NULL)
		return NULL;
	*answer = (struct cm_answer){.case_id = input->demand->case_id,
	    .round = round,
	    .node = node,
	    .region = region,
	    .at_ms = input->now.ms,
	    .signed_off_by = "machine",
	    .trouble = trouble,
	    .zone = ""};
	return answer;
}
