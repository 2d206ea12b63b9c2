#include <criterion/criterion.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * A crash between any two journal rows: what was journalled is replayed, the case is taken up
 * again, the answers that were lost come again, and the outcome is the one without the crash.
 */

#define ROWS_MOST 16

struct row {
	uint32_t kind;
	struct cm_bytes body;
	enum cm_case_state state; /* after the step that wrote it */
	size_t left;              /* rows of the same step behind it */
};

struct journal {
	struct row rows[ROWS_MOST];
	size_t count;
};

static struct fleet f;
static struct journal journal;

static struct cm_bytes copy_of(struct cm_bytes body)
{
	uint8_t *copy = cm_arena_alloc(&f.arena, body.len, 1);

	memcpy(copy, body.data, body.len);
	return (struct cm_bytes){copy, body.len};
}

static void keep_rows(const struct cm_case *c, const struct cm_effects *effects)
{
	size_t from = journal.count;

	for (size_t i = 0; i < effects->count; i++)
		if (effects->items[i].kind == CM_EFFECT_STORE)
			journal.rows[journal.count++] = (struct row){.kind = effects->items[i].what,
			    .body = copy_of(effects->items[i].body),
			    .state = c->state};
	for (size_t i = from; i < journal.count; i++)
		journal.rows[i].left = journal.count - 1 - i;
}

static const struct cm_answer *nth_answer(const struct story *story, size_t n)
{
	return n < 3 ? story->first[n] : story->second;
}

/* The story without a crash: its rows in `journal`. */
static struct cm_case *without_crash(const struct story *story)
{
	struct cm_case *c = cm_case_new(&story->demand->case_id);
	struct cm_effects effects;

	journal.count = 0;
	cr_assert_eq(fleet_demand(&f, c, story->demand, 0, &effects), CM_OK);
	keep_rows(c, &effects);
	for (size_t i = 0; i < 4 && nth_answer(story, i) != NULL; i++) {
		cm_effects_fini(&effects);
		cr_assert_eq(fleet_answer(&f, c, nth_answer(story, i)->node, nth_answer(story, i),
				 50, &effects),
		    CM_OK);
		keep_rows(c, &effects);
	}
	cm_effects_fini(&effects);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	return c;
}

static struct cm_case *replay(const struct story *story, size_t rows)
{
	struct cm_case *c = cm_case_new(&story->demand->case_id);

	for (size_t i = 0; i < rows; i++)
		cr_assert_eq(
		    cm_case_replay(c, journal.rows[i].kind, HELP_NOW_MS + 50, journal.rows[i].body),
		    CM_OK);
	return c;
}

/* The outcome of a case that was taken up after `rows` rows, or of the journal if it was decided.
 */
static struct cm_bytes go_to_the_end(const struct story *story, struct cm_case *c, size_t rows)
{
	struct cm_bytes outcome = {NULL, 0};
	struct cm_effects effects;

	cr_assert_eq(fleet_resume(&f, c, 50, &effects), CM_OK, "%s", f.err.text);
	for (size_t i = 0; i < 4 && nth_answer(story, i) != NULL && outcome.len == 0; i++) {
		outcome = help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0);
		if (outcome.len != 0)
			break;
		cm_effects_fini(&effects);
		(void)fleet_answer(
		    &f, c, nth_answer(story, i)->node, nth_answer(story, i), 50, &effects);
		outcome = help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0);
	}
	outcome = outcome.len != 0 ? copy_of(outcome) : journal.rows[rows - 1].body;
	cm_effects_fini(&effects);
	return outcome;
}

static void crash_everywhere(bool asks_again, size_t rows_wanted)
{
	struct story story;
	struct cm_case *calm;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, asks_again);
	calm = without_crash(&story);
	cr_assert_eq(journal.count, rows_wanted);
	for (size_t rows = 1; rows <= journal.count; rows++) {
		struct cm_case *c = replay(&story, rows);
		struct cm_bytes outcome = go_to_the_end(&story, c, rows);

		cr_assert_eq(c->state, CM_CASE_DECIDED, "crash after row %zu", rows);
		cr_assert(help_same(outcome, journal.rows[journal.count - 1].body),
		    "crash after row %zu: another outcome", rows);
		cr_assert_eq(c->events, calm->events, "crash after row %zu: %zu events", rows,
		    (size_t)c->events);
		cr_assert_eq(c->parts_count, calm->parts_count);
		cr_assert_eq(c->targets_count, calm->targets_count);
		cr_assert_eq(c->revision, calm->revision);
		cr_assert_eq(c->opened_ms, calm->opened_ms);
		cr_assert_eq(c->decided_ms, calm->decided_ms);
		cr_assert_str_eq(c->issuing_state, calm->issuing_state);
		cm_case_free(c);
	}
	cm_case_free(calm);
	fleet_fini(&f);
}

Test(case_replay, a_crash_after_any_row_ends_in_the_same_outcome)
{
	crash_everywhere(false, 5); /* demand, three answers, outcome */
}

Test(case_replay, a_crash_after_any_row_of_a_case_asked_twice_ends_in_the_same_outcome)
{
	crash_everywhere(true, 7); /* and the second ask with its answer */
}

Test(case_replay, between_two_steps_the_state_is_the_one_before_the_crash)
{
	struct story story;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, true);
	cm_case_free(without_crash(&story));
	for (size_t rows = 1; rows <= journal.count; rows++) {
		struct cm_case *c = replay(&story, rows);
		struct cm_effects effects;

		cr_assert_eq(fleet_resume(&f, c, 50, &effects), CM_OK);
		if (journal.rows[rows - 1].left == 0)
			cr_assert_eq(c->state, journal.rows[rows - 1].state, "row %zu", rows);
		cm_effects_fini(&effects);
		cm_case_free(c);
	}
	fleet_fini(&f);
}

Test(case_replay, those_who_have_not_answered_are_asked_again_under_the_same_ids)
{
	struct story story;
	struct cm_case *c;
	struct cm_effects effects;
	struct cm_id wanted;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, false);
	cm_case_free(without_crash(&story));
	c = replay(&story, 2); /* demand, answer of us */
	cr_assert_eq(fleet_resume(&f, c, 700, &effects), CM_OK);
	cr_assert_str_eq(help_effects(&f.arena, &effects), "arm 2700\nsend ask ie\nsend ask de\n");
	wanted = cm_id_derive(&c->id, "ask/ie/1");
	cr_assert(cm_id_equal(&effects.items[1].record_id, &wanted));
	cm_effects_fini(&effects);
	cr_assert_eq(fleet_takes(&f, c, story.first[0]), CM_NO_MEANING, "us has answered");
	cm_case_free(c);
	fleet_fini(&f);
}

Test(case_replay, a_reminder_before_the_crash_leaves_no_event_number_to_be_used_twice)
{
	struct story story;
	struct cm_case *before;
	struct cm_case *c;
	struct cm_effects effects;
	struct cm_bytes row;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, false);
	before = without_crash(&story);
	cm_case_free(before);
	before = replay(&story, 2);
	cr_assert_eq(fleet_overdue(&f, before, 2000, &effects), CM_OK);
	row = copy_of(help_effect_body(&effects, CM_EFFECT_STORE, CM_ROW_WAITED, 0));
	cm_effects_fini(&effects);
	c = replay(&story, 2);
	cr_assert_eq(cm_case_replay(c, CM_ROW_WAITED, HELP_NOW_MS, row), CM_OK);
	cr_assert_eq(c->events, before->events);
	cr_assert_eq(c->state, CM_CASE_ASKED);
	cm_case_free(before);
	cm_case_free(c);
	fleet_fini(&f);
}

Test(case_replay, a_region_taken_out_of_the_fleet_meanwhile_is_waited_for_no_longer)
{
	struct story story;
	struct cm_case *c;
	struct cm_effects effects;
	struct cm_roster smaller;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, false);
	cm_case_free(without_crash(&story));
	c = replay(&story, 3); /* de has not answered */
	cm_roster_init(&smaller);
	fleet_members(&smaller, "us+ ie central");
	f.env.roster = &smaller;
	cr_assert_eq(fleet_resume(&f, c, 50, &effects), CM_OK);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cm_effects_fini(&effects);
	cm_roster_fini(&smaller);
	cm_case_free(c);
	fleet_fini(&f);
}

Test(case_replay, without_memory_taking_up_fails_and_can_be_repeated)
{
	struct story story;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, true);
	cm_case_free(without_crash(&story));
	for (size_t rows = 1; rows < journal.count; rows++) {
		bool has_passed = false;

		for (size_t nth = 1; !has_passed; nth++) {
			struct cm_case *c = replay(&story, rows);
			struct cm_effects effects;
			enum cm_status status;

			f.fail_at = nth;
			status = fleet_resume(&f, c, 50, &effects);
			f.fail_at = 0;
			cm_effects_fini(&effects);
			has_passed = status == CM_OK && !f.has_failed;
			if (!has_passed) {
				cr_assert_eq(
				    status, CM_NO_MEMORY, "row %zu, request %zu", rows, nth);
				cr_assert(help_same(go_to_the_end(&story, c, rows),
					      journal.rows[journal.count - 1].body),
				    "row %zu, request %zu: another outcome", rows, nth);
			}
			cm_case_free(c);
		}
	}
	fleet_fini(&f);
}

Test(case_replay, rows_of_no_known_kind_and_rows_that_do_not_decode_are_refused)
{
	static const uint8_t junk[] = {0xc1};
	struct cm_bytes body = {junk, sizeof junk};
	struct cm_id id = help_id(1);
	struct cm_case *c = cm_case_new(&id);

	fleet_init(&f, STORY_FLEET, NULL);
	cr_assert_eq(cm_case_replay(c, 4711, 0, body), CM_UNKNOWN_KIND);
	cr_assert_eq(cm_case_replay(c, CM_KIND_EVENT, 0, body), CM_UNKNOWN_KIND);
	cr_assert_eq(cm_case_replay(c, CM_KIND_DEMAND, 0, body), CM_BAD_INPUT);
	cr_assert_eq(c->state, CM_CASE_NEW, "a case without its demand asks nobody");
	cr_assert_eq(cm_case_replay(c, CM_KIND_OUTCOME, 0, body), CM_BAD_INPUT);
	cr_assert_neq(c->state, CM_CASE_DECIDED);
	cm_case_free(c);
	fleet_fini(&f);
}

Test(case_replay, a_decided_case_is_left_alone)
{
	struct story story;
	struct cm_case *c;
	struct cm_effects effects;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, false);
	cm_case_free(without_crash(&story));
	c = replay(&story, journal.count);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(fleet_resume(&f, c, 50, &effects), CM_OK);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(c->arena.total_bytes, 0, "its details are in the ledger alone");
	cm_effects_fini(&effects);
	cm_case_free(c);
	fleet_fini(&f);
}
