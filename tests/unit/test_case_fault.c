#include <criterion/criterion.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/wire/codec.h"

/*
 * Memory fails at the first, second, third ... request of every step of a case, once and for good:
 * the step is refused with the right status, the case is as it was, and takes the same input again.
 */

static struct fleet f;

/* What a refused step must leave as it was. */
struct seen {
	enum cm_case_state state;
	uint64_t events;
	size_t answers;
	uint32_t revision;
	size_t parts;
	bool has_demand;
};

static struct seen look(const struct cm_case *c)
{
	return (struct seen){.state = c->state,
	    .events = c->events,
	    .answers = c->answers_count,
	    .revision = c->revision,
	    .parts = c->parts_count,
	    .has_demand = c->demand != NULL};
}

static void same(const struct seen *a, const struct seen *b, const char *step, size_t nth)
{
	cr_assert_eq(a->state, b->state, "%s, request %zu: the state moved to %s", step, nth,
	    cm_case_state_name(b->state));
	cr_assert_eq(a->events, b->events, "%s, request %zu: an event number is lost", step, nth);
	cr_assert_eq(a->answers, b->answers, "%s, request %zu: answers", step, nth);
	cr_assert_eq(a->revision, b->revision, "%s, request %zu: revision", step, nth);
	cr_assert_eq(a->parts, b->parts, "%s, request %zu: parts", step, nth);
	cr_assert_eq(a->has_demand, b->has_demand, "%s, request %zu: demand", step, nth);
}

typedef enum cm_status (*step_fn)(struct cm_case *c, const void *what, struct cm_effects *effects);

static enum cm_status step_demand(struct cm_case *c, const void *what, struct cm_effects *effects)
{
	return fleet_demand(&f, c, what, 0, effects);
}

static enum cm_status step_answer(struct cm_case *c, const void *what, struct cm_effects *effects)
{
	const struct cm_answer *answer = what;

	return fleet_answer(&f, c, answer->node, answer, 50, effects);
}

/* Refuse the step for want of memory at each request in turn; then let it pass. Returns the effects
 * of the pass, which the caller ends. */
static struct cm_effects through(
    struct cm_case *c, const char *name, step_fn step, const void *what)
{
	struct cm_effects effects;
	struct seen before = look(c);

	for (size_t nth = 1;; nth++) {
		struct seen after;
		enum cm_status status;

		f.fail_at = nth;
		status = step(c, what, &effects);
		f.fail_at = 0;
		if (status == CM_OK && !f.has_failed)
			return effects;
		cr_assert_eq(status, CM_NO_MEMORY, "%s, request %zu: %s %s", name, nth,
		    cm_status_name(status), f.err.text);
		after = look(c);
		same(&before, &after, name, nth);
		cm_effects_fini(&effects);
	}
}

static struct cm_bytes copy_of(struct cm_bytes body)
{
	uint8_t *copy = cm_arena_alloc(&f.arena, body.len, 1);

	memcpy(copy, body.data, body.len);
	return (struct cm_bytes){copy, body.len};
}

/* The story told without a fault, for comparison. */
static struct cm_bytes calm(const struct story *story)
{
	struct cm_case *c = cm_case_new(&story->demand->case_id);
	struct cm_effects effects;
	struct cm_bytes body;

	cr_assert_eq(fleet_demand(&f, c, story->demand, 0, &effects), CM_OK);
	for (size_t i = 0; i < 4; i++) {
		const struct cm_answer *answer = i < 3 ? story->first[i] : story->second;

		if (answer == NULL)
			break;
		cm_effects_fini(&effects);
		cr_assert_eq(fleet_answer(&f, c, answer->node, answer, 50, &effects), CM_OK);
	}
	body = copy_of(help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0));
	cm_effects_fini(&effects);
	cm_case_free(c);
	return body;
}

/* With `pad` bytes taken before each step, other pieces of it are the ones that find no room. */
static void tell(bool asks_again, size_t pad)
{
	struct story story;
	struct cm_bytes wanted;
	struct cm_case *c;
	struct cm_effects effects;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, asks_again);
	wanted = calm(&story);
	f.pad = pad;
	c = cm_case_new(&story.demand->case_id);
	effects = through(c, "demand", step_demand, story.demand);
	cm_effects_fini(&effects);
	for (size_t i = 0; i < 3; i++) {
		effects = through(c, "answer", step_answer, story.first[i]);
		if (i < 2)
			cm_effects_fini(&effects);
	}
	if (asks_again) {
		cm_effects_fini(&effects);
		cr_assert_eq(c->state, CM_CASE_ASKED_AGAIN);
		effects = through(c, "second answer", step_answer, story.second);
	}
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert(
	    help_same(wanted, help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0)));
	cm_effects_fini(&effects);
	cm_case_free(c);
	fleet_fini(&f);
}

Test(case_fault, without_memory_a_step_is_refused_and_can_be_repeated)
{
	for (size_t pad = 0; pad < 4096; pad += 112)
		tell(false, pad);
}

Test(case_fault, without_memory_the_second_round_is_refused_and_can_be_repeated)
{
	for (size_t pad = 0; pad < 4096; pad += 112)
		tell(true, pad);
}

/* Steps until memory fails for good, each time with a fresh case: nothing may live after its end.
 */
Test(case_fault, when_memory_stays_away_every_step_is_refused_and_nothing_leaks)
{
	for (size_t nth = 1;; nth++) {
		struct story story;
		struct cm_case *c;
		struct cm_effects effects;
		size_t refused = 0;

		fleet_init(&f, STORY_FLEET, NULL);
		story = fleet_story(&f, true);
		c = cm_case_new(&story.demand->case_id);
		for (int i = -1; i < 4; i++) {
			const struct cm_answer *answer = i < 0   ? NULL
							 : i < 3 ? story.first[i]
								 : story.second;
			enum cm_status status;

			f.fail_at = nth;
			f.fail_lasting = true;
			status = i < 0 ? fleet_demand(&f, c, story.demand, 0, &effects)
				       : fleet_answer(&f, c, answer->node, answer, 50, &effects);
			cr_assert(status == CM_OK || status == CM_NO_MEMORY ||
				      (i >= 0 && refused > 0 && status == CM_NO_MEANING),
			    "step %d, request %zu: %s", i, nth, cm_status_name(status));
			refused += status != CM_OK;
			f.fail_at = 0;
			cm_effects_fini(&effects);
		}
		cm_case_free(c);
		fleet_fini(&f);
		if (refused == 0)
			break;
	}
}

Test(case_fault, a_reminder_without_memory_costs_no_event_number)
{
	struct story story;
	struct cm_case *c;
	struct cm_effects effects;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, false);
	c = cm_case_new(&story.demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 0, &effects), CM_OK);
	cm_effects_fini(&effects);
	for (size_t nth = 1;; nth++) {
		enum cm_status status;

		f.fail_at = nth;
		status = fleet_overdue(&f, c, 60, &effects);
		f.fail_at = 0;
		if (status == CM_OK && !f.has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", nth);
		cr_assert_eq(c->events, 1);
		cm_effects_fini(&effects);
	}
	cr_assert_eq(c->events, 2);
	cm_effects_fini(&effects);
	cm_case_free(c);
	fleet_fini(&f);
}

Test(case_fault, a_case_is_not_made_without_memory)
{
	struct cm_id id = help_id(1);

	cm_alloc_fail_at(1, false);
	cr_assert_null(cm_case_new(&id));
	cm_case_free(NULL);
	cr_assert_eq(cm_alloc_live(), 0);
}
