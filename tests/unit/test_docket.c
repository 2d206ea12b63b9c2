#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/wire/codec.h"

/* All cases of a router: records, timers and journal rows find their case; nothing else moves. */

static struct fleet f;
static struct cm_docket docket;
static struct cm_effects effects;

static struct story start(bool asks_again)
{
	fleet_init(&f, STORY_FLEET, NULL);
	cm_docket_init(&docket, &f.env);
	cm_effects_init(&effects);
	return fleet_story(&f, asks_again);
}

static void end(void)
{
	cm_effects_fini(&effects);
	cm_docket_fini(&docket);
	fleet_fini(&f);
}

static enum cm_status take(const char *sender, enum cm_kind kind, const void *msg, int64_t after_ms)
{
	struct cm_record record = help_record(&f.arena, kind, msg, 77);
	struct cm_input input = help_input(after_ms);
	enum cm_status status;

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_alloc_fail_at(f.fail_at, f.fail_lasting);
	status = cm_docket_record(&docket, &input, sender, &record, &effects, &f.err);
	f.has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return status;
}

static void answer_all(const struct story *story)
{
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(
		    take(story->first[i]->node, CM_KIND_ANSWER, story->first[i], 50), CM_OK);
}

Test(docket, a_demand_opens_a_case_and_its_answers_close_it)
{
	struct story story = start(false);

	cr_assert_eq(cm_docket_count(&docket), 0);
	cr_assert_null(cm_docket_at(&docket, 0));
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	cr_assert_eq(cm_docket_count(&docket), 1);
	cr_assert_eq(docket.open_count, 1);
	cr_assert_eq(cm_docket_at(&docket, 0), cm_docket_find(&docket, &story.demand->case_id));
	cr_assert_null(cm_docket_at(&docket, 1));
	answer_all(&story);
	cr_assert_eq(docket.open_count, 0);
	cr_assert_eq(cm_docket_at(&docket, 0)->state, CM_CASE_DECIDED);
	end();
}

Test(docket, the_same_demand_twice_is_one_case)
{
	struct story story = start(false);

	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_DUPLICATE);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(cm_docket_count(&docket), 1);
	cr_assert_eq(docket.open_count, 1);
	answer_all(&story);
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_DUPLICATE);
	cr_assert_eq(docket.open_count, 0);
	end();
}

Test(docket, a_demand_in_the_name_of_another_intake_is_not_allowed)
{
	struct story story = start(false);

	cr_assert_eq(take("ie", CM_KIND_DEMAND, story.demand, 0), CM_NOT_ALLOWED);
	cr_assert_str_eq(f.err.text, "ie sent a demand in the name of us");
	cr_assert_eq(cm_docket_count(&docket), 0);
	end();
}

Test(docket, an_answer_to_no_case_is_refused)
{
	struct story story = start(false);

	cr_assert_eq(take("us", CM_KIND_ANSWER, story.first[0], 0), CM_NOT_FOUND);
	cr_assert_eq(cm_docket_count(&docket), 0);
	end();
}

Test(docket, a_late_answer_has_no_meaning)
{
	struct story story = start(false);

	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	answer_all(&story);
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1], 99), CM_NO_MEANING);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(docket.open_count, 0);
	end();
}

Test(docket, other_kinds_of_message_are_not_known_to_a_router)
{
	static const enum cm_kind kinds[] = {CM_KIND_ASK, CM_KIND_OUTCOME, CM_KIND_EVENT,
	    CM_KIND_OP, CM_KIND_OP_REPLY, (enum cm_kind)999};
	static const uint8_t junk[] = {0x80};

	(void)start(false);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct cm_record record = {
		    .id = help_id(5), .kind = kinds[i], .body = {junk, sizeof junk}};
		struct cm_input input = help_input(0);

		cr_assert_eq(cm_docket_record(&docket, &input, "us", &record, &effects, &f.err),
		    CM_UNKNOWN_KIND);
	}
	end();
}

Test(docket, a_body_that_does_not_decode_is_refused)
{
	static const uint8_t junk[] = {0xc1};
	static const enum cm_kind kinds[] = {CM_KIND_DEMAND, CM_KIND_ANSWER};

	(void)start(false);
	for (size_t i = 0; i < 2; i++) {
		struct cm_record record = {
		    .id = help_id(5), .kind = kinds[i], .body = {junk, sizeof junk}};
		struct cm_input input = help_input(0);

		cr_assert_eq(cm_docket_record(&docket, &input, "us", &record, &effects, &f.err),
		    CM_BAD_INPUT);
		cr_assert_eq(cm_docket_count(&docket), 0);
	}
	end();
}

Test(docket, many_cases_are_found_and_kept_in_order_of_arrival)
{
	struct story story = start(false);

	for (uint8_t i = 0; i < 200; i++) {
		story.demand->case_id = help_id(i);
		cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	}
	cr_assert_eq(cm_docket_count(&docket), 200);
	cr_assert_eq(docket.open_count, 200);
	for (uint8_t i = 0; i < 200; i++) {
		struct cm_id id = help_id(i);

		cr_assert(cm_id_equal(&cm_docket_at(&docket, i)->id, &id));
		cr_assert_eq(cm_docket_find(&docket, &id), cm_docket_at(&docket, i));
	}
	end();
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void ring(const struct cm_id *id, int64_t after_ms)
{
	struct cm_input input = help_input(after_ms);

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_alloc_fail_at(f.fail_at, f.fail_lasting);
	cm_docket_timer(&docket, &input, id, &effects);
	f.has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
}

Test(docket, a_timer_finds_its_case_and_means_nothing_without_one)
{
	struct cm_id stranger = help_id(200);
	struct story story = start(false);

	ring(&stranger, 0);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	ring(&story.demand->case_id, 2000);
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store waited\ntell case.waits\narm 22000\nsend event central\n");
	answer_all(&story);
	ring(&story.demand->case_id, 22000);
	cr_assert_eq(effects.count, 0);
	cr_assert_not(effects.failed);
	end();
}

Test(docket, a_timer_without_memory_says_so_instead_of_never_ringing_again)
{
	struct story story = start(false);

	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	for (f.fail_at = 1;; f.fail_at++) {
		ring(&story.demand->case_id, 2000);
		if (!f.has_failed)
			break;
		cr_assert(effects.failed, "request %zu", f.fail_at);
	}
	f.fail_at = 0;
	cr_assert_not(effects.failed);
	end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

Test(docket, without_memory_a_demand_opens_no_case_and_can_be_sent_again)
{
	struct story story = start(false);
	enum cm_status status;

	for (f.fail_at = 1;; f.fail_at++) {
		status = take("us", CM_KIND_DEMAND, story.demand, 0);
		if (status == CM_OK && !f.has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", f.fail_at);
		cr_assert_eq(cm_docket_count(&docket), 0);
		cr_assert_eq(docket.open_count, 0);
	}
	f.fail_at = 0;
	cr_assert_eq(cm_docket_count(&docket), 1);
	answer_all(&story);
	cr_assert_eq(docket.open_count, 0);
	end();
}

Test(docket, without_memory_an_answer_changes_no_count)
{
	struct story story = start(false);

	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	for (size_t i = 0; i < 3; i++) {
		for (f.fail_at = 1;; f.fail_at++) {
			enum cm_status status =
			    take(story.first[i]->node, CM_KIND_ANSWER, story.first[i], 50);

			if (status == CM_OK && !f.has_failed)
				break;
			cr_assert_eq(status, CM_NO_MEMORY);
			cr_assert_eq(docket.open_count, 1);
		}
		f.fail_at = 0;
	}
	cr_assert_eq(docket.open_count, 0);
	end();
}

/* ---- restart --------------------------------------------------------------------------------- */

struct seen {
	size_t cases;
	size_t ids;
	struct cm_id id[16];
	char lines[2048];
};

static void on_effects(struct cm_effects *resumed, void *data)
{
	struct seen *seen = data;
	size_t used = strlen(seen->lines);

	seen->cases++;
	(void)snprintf(
	    seen->lines + used, sizeof seen->lines - used, "%s", help_effects(&f.arena, resumed));
	for (size_t i = 0; i < resumed->count; i++)
		if (resumed->items[i].kind == CM_EFFECT_SEND)
			seen->id[seen->ids++] = resumed->items[i].record_id;
}

static enum cm_status replay(enum cm_kind kind, const void *msg, const struct cm_id *id)
{
	return cm_docket_replay(&docket, kind, id, HELP_NOW_MS, help_encode(&f.arena, kind, msg));
}

Test(docket, after_a_restart_every_open_case_is_taken_up_and_no_decided_one)
{
	struct story story = start(false);
	struct cm_id ids[3] = {help_id(1), help_id(2), help_id(3)};
	struct cm_outcome outcome = {.case_id = ids[1], .revision = 1, .router = "router"};
	struct seen seen = {.lines = ""};
	struct cm_input input = help_input(0);

	for (size_t i = 0; i < 3; i++) {
		story.demand->case_id = ids[i];
		cr_assert_eq(replay(CM_KIND_DEMAND, story.demand, &ids[i]), CM_OK);
	}
	cr_assert_eq(docket.open_count, 3);
	cr_assert_eq(replay(CM_KIND_OUTCOME, &outcome, &ids[1]), CM_OK);
	cr_assert_eq(docket.open_count, 2);
	story.first[0]->case_id = ids[2];
	cr_assert_eq(replay(CM_KIND_ANSWER, story.first[0], &ids[2]), CM_OK);
	cr_assert_eq(cm_docket_resume(&docket, &input, on_effects, &seen, &f.err), CM_OK);
	cr_assert_eq(seen.cases, 2);
	cr_assert_str_eq(seen.lines, "arm 2000\nsend ask us\nsend ask ie\nsend ask de\n"
				     "arm 2000\nsend ask ie\nsend ask de\n");
	cr_assert_eq(cm_docket_at(&docket, 2)->state, CM_CASE_ASKED);
	end();
}

Test(docket, after_a_restart_emergencies_overtake_what_came_before_them)
{
	struct story story = start(false);
	struct cm_id ids[4] = {help_id(1), help_id(2), help_id(3), help_id(4)};
	struct cm_demand calm = *story.demand;
	struct cm_demand urgent;
	struct seen seen = {.lines = ""};
	struct cm_input input = help_input(0);
	struct cm_id wanted[2];

	help_demand_fact(&f.arena, story.demand, "emergency", "yes");
	urgent = *story.demand;
	for (size_t i = 0; i < 4; i++) {
		struct cm_demand demand = i % 2 == 1 ? urgent : calm;

		demand.case_id = ids[i];
		cr_assert_eq(replay(CM_KIND_DEMAND, &demand, &ids[i]), CM_OK);
	}
	cr_assert_eq(cm_docket_resume(&docket, &input, on_effects, &seen, &f.err), CM_OK);
	cr_assert_eq(seen.cases, 4);
	cr_assert_eq(seen.ids, 12);
	wanted[0] = cm_id_derive(&ids[1], "ask/us/1");
	wanted[1] = cm_id_derive(&ids[0], "ask/us/1");
	cr_assert(cm_id_equal(&seen.id[0], &wanted[0]), "the first emergency comes first");
	cr_assert(cm_id_equal(&seen.id[6], &wanted[1]), "the rest in order of arrival");
	end();
}

Test(docket, a_corrected_demand_opens_its_case_and_ends_the_other)
{
	struct story story = start(false);
	struct cm_id old = story.demand->case_id;

	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1], 10), CM_OK);
	story.demand->case_id = help_id(99);
	story.demand->supersedes = old;
	for (f.fail_at = 1;; f.fail_at++) {
		enum cm_status status = take("us", CM_KIND_DEMAND, story.demand, 20);

		if (status == CM_OK && !f.has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", f.fail_at);
		cr_assert_eq(cm_docket_count(&docket), 1);
		cr_assert_eq(docket.open_count, 1);
		cr_assert_eq(cm_docket_find(&docket, &old)->state, CM_CASE_ASKED);
	}
	f.fail_at = 0;
	cr_assert_eq(cm_docket_count(&docket), 2);
	cr_assert_eq(docket.open_count, 1);
	cr_assert_eq(cm_docket_find(&docket, &old)->state, CM_CASE_SUPERSEDED);
	cr_assert_eq(cm_docket_at(&docket, 1)->state, CM_CASE_ASKED);
	cr_assert_not_null(strstr(help_effects(&f.arena, &effects), "store outcome\nsend outcome us\n"));
	end();
}

/* The dice of the network: the corrected demand overtakes the one it replaces. */
static void correction_comes_first(struct story *story, struct cm_demand *correction)
{
	*correction = *story->demand;
	correction->case_id = help_id(99);
	correction->supersedes = story->demand->case_id;
	cr_assert_eq(take("us", CM_KIND_DEMAND, correction, 0), CM_OK);
	cr_assert_eq(docket.open_count, 1);
}

static void ends_as_it_begins_in(
    const struct story *story, enum cm_case_state state, size_t cases, size_t open)
{
	for (f.fail_at = 1;; f.fail_at++) {
		enum cm_status status = take("us", CM_KIND_DEMAND, story->demand, 20);

		if (status == CM_OK && !f.has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", f.fail_at);
		cr_assert_eq(cm_docket_count(&docket), cases);
		cr_assert_eq(docket.open_count, open);
	}
	f.fail_at = 0;
	cr_assert_eq(cm_docket_count(&docket), cases + 1);
	cr_assert_eq(docket.open_count, open);
	cr_assert_eq(cm_docket_find(&docket, &story->demand->case_id)->state, state);
	cr_assert_not_null(strstr(help_effects(&f.arena, &effects), "store outcome\nsend outcome us\n"));
}

static void ends_as_it_begins(const struct story *story)
{
	ends_as_it_begins_in(story, CM_CASE_SUPERSEDED, 1, 1);
}

Test(docket, a_demand_that_comes_after_its_correction_ends_as_it_begins)
{
	struct story story = start(false);
	struct cm_demand correction;
	struct cm_outcome outcome;

	correction_comes_first(&story, &correction);
	ends_as_it_begins(&story);
	outcome = fleet_outcome(&f, &effects);
	cr_assert_eq(outcome.revision, 1);
	cr_assert_str_eq(outcome.ended, "superseded");
	cr_assert(cm_id_equal(&outcome.successor, &correction.case_id));
	end();
}

Test(docket, nor_does_a_restart_in_between_forget_the_correction)
{
	struct story story = start(false);
	struct cm_demand correction;

	correction_comes_first(&story, &correction);
	cm_docket_fini(&docket);
	cm_docket_init(&docket, &f.env);
	cr_assert_eq(replay(CM_KIND_DEMAND, &correction, &correction.case_id), CM_OK);
	ends_as_it_begins(&story);
	end();
}

/* A copy that was on its way when the disk was lost: its case may have been decided under these numbers before. */
Test(docket, what_was_given_to_the_ledger_that_is_lost_is_given_again)
{
	struct story story = start(false);
	struct cm_demand demand = *story.demand;

	docket.env.ledger = 77;
	demand.ledger = 76;
	cr_assert_eq(take("us", CM_KIND_DEMAND, &demand, 0), CM_CHANGED);
	cr_assert_eq(cm_docket_count(&docket), 0);
	demand.epoch = 2;
	demand.ledger = 77;
	cr_assert_eq(take("us", CM_KIND_DEMAND, &demand, 10), CM_OK);
	demand.case_id = help_id(98);
	demand.ledger = 0;
	cr_assert_eq(take("us", CM_KIND_DEMAND, &demand, 20), CM_OK, "where intake does not know");
	end();
}

Test(docket, a_correction_filed_elsewhere_ends_nothing)
{
	struct story story = start(false);
	struct cm_demand correction = *story.demand;

	correction.case_id = help_id(99);
	correction.intake = "ie";
	correction.supersedes = story.demand->case_id;
	cr_assert_eq(take("ie", CM_KIND_DEMAND, &correction, 0), CM_OK);
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 20), CM_OK);
	cr_assert_eq(docket.open_count, 2);
	end();
}

/* The last word is not the only one: another's, be it later, takes nothing from intake's. */
Test(docket, nor_does_it_hide_the_true_correction)
{
	struct story story = start(false);
	struct cm_demand correction;
	struct cm_demand other = *story.demand;

	correction_comes_first(&story, &correction);
	other.case_id = help_id(98);
	other.intake = "ie";
	other.supersedes = story.demand->case_id;
	cr_assert_eq(take("ie", CM_KIND_DEMAND, &other, 10), CM_OK);
	ends_as_it_begins_in(&story, CM_CASE_SUPERSEDED, 2, 2);
	end();
}

static struct cm_notice withdrawal_of(const struct cm_id *id)
{
	return (struct cm_notice){.case_id = *id,
	    .node = "us",
	    .what = CM_NOTICE_WITHDRAW,
	    .by = "duty counsel",
	    .reasons = "The authority withdrew."};
}

/* One that makes up cases fills no memory, and takes no room from the others. */
Test(docket, words_about_cases_that_never_come_have_an_end)
{
	struct story story = start(false);
	struct cm_notice notice = withdrawal_of(&story.demand->case_id);

	notice.node = "ie";
	for (unsigned i = 0; i < CM_DOCKET_EARLY_MOST; i++) {
		memcpy(&notice.case_id.bytes[12], &i, sizeof i);
		cr_assert_eq(take("ie", CM_KIND_NOTICE, &notice, 0), CM_OK, "%u", i);
	}
	notice.case_id.bytes[0] ^= 1;
	cr_assert_eq(take("ie", CM_KIND_NOTICE, &notice, 0), CM_TRY_AGAIN);
	cr_assert_eq(effects.count, 0);
	notice.case_id = story.demand->case_id;
	notice.node = "us";
	cr_assert_eq(take("us", CM_KIND_NOTICE, &notice, 0), CM_OK);
	ends_as_it_begins_in(&story, CM_CASE_WITHDRAWN, 0, 0);
	end();
}

Test(docket, a_withdrawal_that_overtakes_its_demand_is_kept_and_followed)
{
	struct story story = start(false);
	struct cm_notice notice = withdrawal_of(&story.demand->case_id);

	for (f.fail_at = 1;; f.fail_at++) {
		enum cm_status status = take("us", CM_KIND_NOTICE, &notice, 0);

		if (status == CM_OK && !f.has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", f.fail_at);
	}
	f.fail_at = 0;
	cr_assert_str_eq(help_effects(&f.arena, &effects), "store notice\n");
	cr_assert_eq(cm_docket_count(&docket), 0);
	ends_as_it_begins_in(&story, CM_CASE_WITHDRAWN, 0, 0);
	end();
}

Test(docket, nor_is_it_forgotten_over_a_restart)
{
	struct story story = start(false);
	struct cm_notice notice = withdrawal_of(&story.demand->case_id);

	cr_assert_eq(replay(CM_KIND_NOTICE, &notice, &story.demand->case_id), CM_OK);
	ends_as_it_begins_in(&story, CM_CASE_WITHDRAWN, 0, 0);
	end();
}

Test(docket, a_withdrawal_by_another_than_intake_ends_nothing)
{
	struct story story = start(false);
	struct cm_notice notice = withdrawal_of(&story.demand->case_id);

	cr_assert_eq(take("ie", CM_KIND_NOTICE, &notice, 0), CM_NOT_ALLOWED);
	notice.node = "ie";
	cr_assert_eq(take("ie", CM_KIND_NOTICE, &notice, 0), CM_OK);
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 20), CM_OK);
	cr_assert_eq(docket.open_count, 1);
	cr_assert_eq(cm_docket_at(&docket, 0)->events, 2, "it is a row of the case all the same");
	end();
}

/* Whoever says so before the demand is here is not known to be intake or not. */
Test(docket, what_another_says_does_not_take_the_place_of_intakes_word)
{
	for (int round = 0; round < 4; round++) {
		struct story story = start(false);
		struct cm_notice notice = withdrawal_of(&story.demand->case_id);
		struct cm_notice other = notice;
		bool is_first = (round & 1) == 0;

		other.node = "ie";
		for (int i = 0; i < 2; i++) {
			const struct cm_notice *n = (i == 0) == is_first ? &notice : &other;

			if (round < 2)
				cr_assert_eq(take(n->node, CM_KIND_NOTICE, n, 0), CM_OK);
			else
				cr_assert_eq(replay(CM_KIND_NOTICE, n, &n->case_id), CM_OK);
		}
		cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 20), CM_OK);
		cr_assert_eq(cm_docket_at(&docket, 0)->state, CM_CASE_WITHDRAWN, "round %d", round);
		end();
	}
}

Test(docket, a_case_that_is_given_here_again_has_not_lived_on_meanwhile)
{
	struct story story = start(false);
	struct cm_notice notice = withdrawal_of(&story.demand->case_id);

	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 0), CM_OK);
	cr_assert_eq(take("us", CM_KIND_NOTICE, &notice, 10), CM_OK);
	story.demand->epoch = 3; /* handed to another router and back; the word came before the demand */
	cr_assert_eq(take("us", CM_KIND_DEMAND, story.demand, 20), CM_OK);
	cr_assert_eq(cm_docket_at(&docket, 0)->state, CM_CASE_WITHDRAWN);
	cr_assert_eq(docket.open_count, 0);
	end();
}

Test(docket, a_word_that_ends_nothing_is_of_no_use_without_its_case)
{
	struct story story = start(false);
	struct cm_notice notice = withdrawal_of(&story.demand->case_id);

	notice.what = CM_NOTICE_SETTLE;
	notice.node = "central";
	cr_assert_eq(take("central", CM_KIND_NOTICE, &notice, 0), CM_NOT_FOUND);
	cr_assert_eq(effects.count, 0);
	end();
}

Test(docket, cases_taken_up_together_share_the_dice_and_no_id)
{
	struct story story = start(false);
	struct cm_id ids[2] = {help_id(1), help_id(2)};
	struct seen seen = {.lines = ""};
	struct cm_input input = help_input(0);

	for (size_t i = 0; i < 2; i++) {
		story.demand->case_id = ids[i];
		cr_assert_eq(replay(CM_KIND_DEMAND, story.demand, &ids[i]), CM_OK);
		for (size_t j = 0; j < 3; j++) {
			story.first[j]->case_id = ids[i];
			cr_assert_eq(replay(CM_KIND_ANSWER, story.first[j], &ids[i]), CM_OK);
		}
	}
	cr_assert_eq(cm_docket_resume(&docket, &input, on_effects, &seen, &f.err), CM_OK);
	cr_assert_eq(docket.open_count, 0);
	/* for each: the outcome to us and ie, to central that there is another about the same, and the event */
	cr_assert_eq(seen.ids, 8);
	for (size_t i = 0; i < seen.ids; i++)
		for (size_t j = 0; j < i; j++)
			cr_assert_not(cm_id_equal(&seen.id[i], &seen.id[j]));
	end();
}

Test(docket, a_row_of_a_case_without_its_demand_is_damage)
{
	struct story story = start(false);
	struct cm_id id = help_id(1);

	cr_assert_eq(replay(CM_KIND_ANSWER, story.first[0], &id), CM_CORRUPT);
	cr_assert_eq(cm_docket_count(&docket), 0);
	end();
}

Test(docket, without_memory_a_restart_says_so)
{
	struct story story = start(false);
	struct cm_bytes body = help_encode(&f.arena, CM_KIND_DEMAND, story.demand);

	for (size_t nth = 1;; nth++) {
		struct seen seen = {.lines = ""};
		struct cm_input input = help_input(0);
		enum cm_status status;

		cm_alloc_fail_at(nth, true);
		status = cm_docket_replay(
		    &docket, CM_KIND_DEMAND, &story.demand->case_id, HELP_NOW_MS, body);
		if (status == CM_OK)
			status = cm_docket_resume(&docket, &input, on_effects, &seen, &f.err);
		cm_alloc_fail_at(0, false);
		cm_docket_fini(&docket);
		cm_docket_init(&docket, &f.env);
		if (status == CM_OK)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", nth);
	}
	end();
}
