#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * Cases that go to another router and come from one: epochs, revisions that go on, central's word, and
 * every step of it again after a restart.
 */


static struct fleet f;
static struct cm_docket docket;
static struct cm_effects effects;
static struct story story;
static struct cm_err err;

static void begin(bool asks_again)
{
	fleet_init(&f, STORY_FLEET, NULL);
	fleet_recalls(&f);
	cm_docket_init(&docket, &f.env);
	cm_effects_init(&effects);
	story = fleet_story(&f, asks_again);
}

static void end(void)
{
	cm_effects_fini(&effects);
	cm_docket_fini(&docket);
	fleet_fini(&f);
}

static enum cm_status take(const char *sender, enum cm_kind kind, const void *msg)
{
	struct cm_record record = help_record(&f.arena, kind, msg, 77);
	struct cm_input input = help_input(50);
	enum cm_status status;

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	err.text[0] = 0;
	cm_alloc_fail_at(f.fail_at, false);
	status = cm_docket_record(&docket, &input, sender, &record, &effects, &err);
	f.has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	if (status == CM_OK && !f.has_failed)
		fleet_keep(&f, &effects, 0);
	return status;
}

static const char *happened(void)
{
	return help_effects(&f.arena, &effects);
}

static struct cm_case *the_case(void)
{
	return cm_docket_find(&docket, &story.demand->case_id);
}

/* The intake hands the case to this router. */
static enum cm_status give(uint32_t epoch, uint32_t revision)
{
	story.demand->epoch = epoch;
	story.demand->revision = revision;
	return take("us", CM_KIND_DEMAND, story.demand);
}

static void answer(size_t nth, uint32_t epoch, uint32_t revision)
{
	story.first[nth]->epoch = epoch;
	story.first[nth]->revision = revision;
	cr_assert_eq(take(story.first[nth]->node, CM_KIND_ANSWER, story.first[nth]), CM_OK, "%s",
	    err.text);
}

static void answer_all(uint32_t epoch)
{
	for (size_t i = 0; i < 3; i++)
		answer(i, epoch, 0);
}

static struct cm_amendment settled(const char *region, uint32_t target, const char *disposition)
{
	return (struct cm_amendment){.amends = CM_AMENDS_DISPOSITION,
	    .target = target,
	    .category = "content",
	    .region = region,
	    .side = CM_SIDE_ISSUING,
	    .subject = disposition,
	    .was = "",
	    .node = "central",
	    .by = "central counsel",
	    .reasons = "Both desks heard.",
	    .at_ms = HELP_NOW_MS,
	    .revision = 1};
}

static enum cm_status central_says(const struct cm_amendment *list, size_t count, uint32_t epoch,
    uint32_t revision, const char *sender)
{
	struct cm_answer says = {.case_id = story.demand->case_id,
	    .round = 1,
	    .node = sender,
	    .region = sender,
	    .at_ms = HELP_NOW_MS,
	    .signed_off_by = "machine",
	    .trouble = "",
	    .zone = "",
	    .amendments = list,
	    .amendments_count = count,
	    .epoch = epoch,
	    .revision = revision};

	return take(sender, CM_KIND_ANSWER, &says);
}

static struct cm_notice moved(const char *node, uint32_t epoch)
{
	return (struct cm_notice){.case_id = story.demand->case_id,
	    .node = node,
	    .what = CM_NOTICE_MOVED,
	    .at_ms = HELP_NOW_MS,
	    .by = node,
	    .reasons = "it is silent",
	    .router = "de", /* any member will do as a name */
	    .epoch = epoch};
}

static enum cm_status move_away(const char *node, uint32_t epoch)
{
	struct cm_notice n = moved(node, epoch);

	return take(node, CM_KIND_NOTICE, &n);
}

static struct cm_outcome outcome(void)
{
	return fleet_outcome(&f, &effects);
}

/* The id of the nth record of that kind in the last step. */
static struct cm_id sent_id(uint32_t what, size_t nth)
{
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == CM_EFFECT_SEND && effects.items[i].what == what && nth-- == 0)
			return effects.items[i].record_id;
	cr_assert_fail("nothing of kind %u was sent", (unsigned)what);
	return (struct cm_id){{0}};
}

/* ---- taking over ----------------------------------------------------------------------------- */

Test(docket_owner, a_second_owner_asks_central_too_and_waits_for_it)
{
	struct cm_ask ask;

	begin(false);
	cr_assert_eq(give(2, 3), CM_OK, "%s", err.text);
	cr_assert_str_eq(happened(),
	    "store demand\nsend ask us\nsend ask ie\nsend ask de\nsend ask central\n"
	    "send event central\narm 2050\ntell case.moved\n");
	cr_assert_eq(cm_record_decode(CM_KIND_ASK,
	                 help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_ASK, 3), &f.arena, &ask, &err),
	    CM_OK);
	cr_assert_eq(ask.demand.epoch, 2);
	answer_all(2);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED, "central has not spoken yet");
	cr_assert_eq(central_says(NULL, 0, 2, 0, "central"), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(outcome().revision, 4, "after the three that intake has");
	cr_assert_eq(outcome().epoch, 2);
	cr_assert_eq(the_case()->revision, 4);
	end();
}

Test(docket_owner, the_first_owner_does_not_ask_central_and_says_no_epoch)
{
	begin(false);
	cr_assert_eq(give(0, 0), CM_OK);
	cr_assert_null(strstr(happened(), "ask central"));
	answer_all(0);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(outcome().revision, 1);
	cr_assert_eq(outcome().epoch, 0);
	end();
}

Test(docket_owner, revisions_go_on_behind_the_highest_that_anybody_holds)
{
	begin(false);
	cr_assert_eq(give(2, 3), CM_OK);
	answer(0, 2, 3);
	answer(1, 2, 7);
	answer(2, 2, 0);
	cr_assert_eq(central_says(NULL, 0, 2, 6, "central"), CM_OK);
	cr_assert_eq(outcome().revision, 8);
	end();
}

Test(docket_owner, who_holds_a_former_owners_outcome_learns_that_it_is_no_more)
{
	begin(false);
	cr_assert_eq(give(2, 1), CM_OK);
	answer(0, 2, 1);
	answer(1, 2, 1);
	answer(2, 2, 1); /* de holds no part now, and held one once */
	cr_assert_eq(central_says(NULL, 0, 2, 1, "central"), CM_OK);
	cr_assert_str_eq(happened(), "store answer\nsend event central\nstore outcome\nsend outcome us\n"
	                             "send outcome ie\nsend outcome de\nsend event central\ntell case.moved\n");
	end();
}

Test(docket_owner, what_central_has_settled_is_in_the_first_outcome)
{
	struct cm_amendment list[] = {settled("ie", 1, "challenge")};
	struct cm_outcome out;

	begin(false);
	cr_assert_eq(give(2, 1), CM_OK);
	answer_all(2);
	cr_assert_eq(central_says(list, 1, 2, 1, "central"), CM_OK, "%s", err.text);
	out = outcome();
	cr_assert_str_eq(
	    help_parts(&f.arena, &out), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_eq(out.parts[0].amendments_count, 1, "not twice");
	cr_assert_str_eq(out.parts[0].amendments[0].by, "central counsel");
	cr_assert_eq(out.parts[0].amendments[0].at_ms, HELP_NOW_MS);
	end();
}

Test(docket_owner, a_settlement_lifts_no_prohibition_at_a_take_over_either)
{
	struct cm_amendment list[] = {settled("ie", 1, "comply_limited")};
	struct cm_outcome out;

	begin(false);
	cr_assert_eq(give(2, 1), CM_OK);
	cr_assert_eq(central_says(list, 1, 2, 1, "central"), CM_OK);
	answer_all(2);
	out = outcome();
	cr_assert_neq(strcmp(out.parts[0].disposition, "comply_limited"), 0);
	end();
}

Test(docket_owner, a_region_settles_nothing_in_its_answer)
{
	struct cm_amendment list[] = {settled("ie", 1, "challenge")};

	begin(false);
	cr_assert_eq(give(2, 1), CM_OK);
	cr_assert_eq(central_says(list, 1, 2, 1, "ie"), CM_NOT_ALLOWED);
	cr_assert_str_eq(err.text, "ie is not central: it settles nothing");
	end();
}

Test(docket_owner, a_settlement_that_comes_before_the_outcome_is_kept)
{
	struct cm_notice n = {.node = "central",
	    .what = CM_NOTICE_SETTLE,
	    .at_ms = HELP_NOW_MS,
	    .revision = 5, /* of a former owner */
	    .by = "central counsel",
	    .reasons = "Both desks heard.",
	    .target = 1,
	    .category = "content",
	    .region = "ie",
	    .disposition = "challenge"};
	struct cm_outcome out;

	begin(false);
	n.case_id = story.demand->case_id;
	cr_assert_eq(give(2, 5), CM_OK);
	cr_assert_eq(central_says(NULL, 0, 2, 5, "central"), CM_OK);
	cr_assert_eq(take("central", CM_KIND_NOTICE, &n), CM_OK, "%s", err.text);
	cr_assert_str_eq(happened(), "store notice\nsend event central\n");
	answer_all(2);
	out = outcome();
	cr_assert_str_eq(
	    help_parts(&f.arena, &out), "1 content ie challenge\n2 content us comply_limited\n");
	end();
}

/* Central's notice may overtake its answer: its epoch says which it gave first. */
Test(docket_owner, of_two_settlements_the_later_counts_whichever_comes_first)
{
	static const struct {
		uint32_t epoch;
		const char *parts;
	} cases[] = {{2, "1 content ie reject\n2 content us comply_limited\n"},
	    {0, "1 content ie challenge\n2 content us comply_limited\n"}};
	struct cm_amendment list[] = {settled("ie", 1, "challenge")};

	for (size_t i = 0; i < 2; i++) {
		struct cm_notice n = {.node = "central",
		    .what = CM_NOTICE_SETTLE,
		    .at_ms = HELP_NOW_MS - 1, /* the clock proves nothing */
		    .revision = 5,
		    .by = "central counsel",
		    .reasons = "Heard again.",
		    .target = 1,
		    .category = "content",
		    .region = "ie",
		    .disposition = "reject",
		    .epoch = cases[i].epoch};
		struct cm_outcome out;

		begin(false);
		n.case_id = story.demand->case_id;
		cr_assert_eq(give(2, 5), CM_OK);
		cr_assert_eq(take("central", CM_KIND_NOTICE, &n), CM_OK, "%s", err.text);
		cr_assert_eq(central_says(list, 1, 2, 5, "central"), CM_OK, "%s", err.text);
		answer_all(2);
		out = outcome();
		cr_assert_str_eq(help_parts(&f.arena, &out), cases[i].parts);
		end();
	}
}

Test(docket_owner, every_message_of_a_later_epoch_has_an_id_of_its_own)
{
	struct cm_id ask;
	struct cm_id told;
	struct cm_id other;

	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	ask = sent_id(CM_KIND_ASK, 0);
	answer_all(1);
	told = sent_id(CM_KIND_OUTCOME, 0);
	cr_assert_eq(give(2, 0), CM_OK, "%s", err.text);
	other = sent_id(CM_KIND_ASK, 0);
	cr_assert(!cm_id_equal(&ask, &other));
	cr_assert_eq(central_says(NULL, 0, 2, 0, "central"), CM_OK);
	answer_all(2);
	other = sent_id(CM_KIND_OUTCOME, 0);
	cr_assert(!cm_id_equal(&told, &other));
	end();
}

/* ---- answers of other epochs ----------------------------------------------------------------- */

Test(docket_owner, an_answer_of_a_former_epoch_is_no_answer)
{
	begin(false);
	cr_assert_eq(give(2, 0), CM_OK);
	story.first[1]->epoch = 1;
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1]), CM_NO_MEANING);
	story.first[1]->epoch = 0; /* which is the first */
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1]), CM_NO_MEANING);
	story.first[1]->epoch = 3;
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1]), CM_CHANGED);
	cr_assert_eq(the_case()->events, 1);
	answer(1, 2, 0);
	end();
}

Test(docket_owner, a_late_edition_of_a_former_epoch_changes_nothing)
{
	begin(false);
	cr_assert_eq(give(2, 0), CM_OK);
	answer_all(2);
	cr_assert_eq(central_says(NULL, 0, 2, 0, "central"), CM_OK);
	story.first[1]->epoch = 1;
	story.first[1]->edition = 5;
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1]), CM_NO_MEANING);
	cr_assert_eq(the_case()->revision, 1);
	end();
}

/* ---- demands of other epochs ----------------------------------------------------------------- */

Test(docket_owner, a_demand_of_the_same_epoch_is_a_repetition_and_of_a_lower_one_is_refused)
{
	begin(false);
	cr_assert_eq(give(2, 0), CM_OK);
	cr_assert_eq(give(2, 0), CM_DUPLICATE);
	cr_assert_eq(give(1, 0), CM_CHANGED);
	cr_assert_str_eq(err.text, "changed meanwhile: the case is here in epoch 2");
	cr_assert_eq(docket.open_count, 1);
	cr_assert_eq(the_case()->epoch, 2);
	end();
}

Test(docket_owner, a_decided_case_that_is_given_again_is_asked_about_anew)
{
	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	answer_all(1);
	cr_assert_eq(docket.open_count, 0);
	cr_assert_eq(give(2, 0), CM_OK, "%s", err.text);
	cr_assert_eq(docket.open_count, 1);
	cr_assert_eq(cm_docket_count(&docket), 1);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(the_case()->said_count, 2, "what it said stands until it is decided again");
	answer_all(2);
	cr_assert_eq(central_says(NULL, 0, 2, 1, "central"), CM_OK);
	cr_assert_eq(outcome().revision, 2, "intake did not know of the first, but this router does");
	cr_assert_eq(docket.open_count, 0);
	end();
}

Test(docket_owner, without_memory_a_case_is_not_taken_over_and_nothing_is_lost)
{
	size_t n = 1;

	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	answer_all(1);
	for (;; n++) {
		enum cm_status status;

		f.fail_at = n;
		status = give(2, 0);
		f.fail_at = 0;
		if (!f.has_failed) {
			cr_assert_eq(status, CM_OK);
			break;
		}
		if (status == CM_OK)
			continue; /* it could do without */
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu: %s", n, cm_status_name(status));
		cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
		cr_assert_eq(the_case()->epoch, 1);
		cr_assert_eq(the_case()->revision, 1);
		cr_assert_eq(docket.open_count, 0);
	}
	cr_assert_gt(n, 3);
	cr_assert_eq(the_case()->epoch, 2);
	end();
}

/* ---- away ------------------------------------------------------------------------------------ */

Test(docket_owner, a_case_that_moved_waits_for_nothing)
{
	struct cm_input input = help_input(90000);

	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	answer(0, 1, 0);
	cr_assert_eq(move_away("us", 2), CM_OK, "%s", err.text);
	cr_assert_str_eq(happened(), "store moved\ntell case.moved\n");
	cr_assert_eq(the_case()->state, CM_CASE_MOVED);
	cr_assert_str_eq(the_case()->moved_to, "de");
	cr_assert_eq(docket.open_count, 0);
	cr_assert_eq(take("ie", CM_KIND_ANSWER, story.first[1]), CM_NO_MEANING);
	cr_assert_str_eq(err.text, "de has the case now");
	cr_assert_eq(move_away("us", 3), CM_NO_MEANING);
	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_docket_timer(&docket, &input, &story.demand->case_id, &effects);
	cr_assert_eq(effects.count, 0);
	cr_assert(!effects.failed);
	end();
}

Test(docket_owner, a_decided_case_moves_too_and_only_at_intakes_word)
{
	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	answer_all(1);
	cr_assert_eq(move_away("ie", 2), CM_NOT_ALLOWED);
	cr_assert_eq(move_away("us", 1), CM_NO_MEANING, "of this epoch");
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_null(the_case()->demand, "a decided case keeps no details");
	cr_assert_eq(move_away("us", 2), CM_OK);
	cr_assert_eq(the_case()->state, CM_CASE_MOVED);
	end();
}

Test(docket_owner, a_case_that_ended_here_has_moved_too)
{
	struct cm_notice n;

	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	n = moved("us", 0);
	n.what = CM_NOTICE_WITHDRAW;
	cr_assert_eq(take("us", CM_KIND_NOTICE, &n), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->state, CM_CASE_WITHDRAWN);
	cr_assert_eq(move_away("us", 2), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->state, CM_CASE_MOVED);
	cr_assert_eq(docket.open_count, 0);
	end();
}

Test(docket_owner, of_a_case_that_never_came_moved_says_nothing)
{
	begin(false);
	cr_assert_eq(move_away("us", 2), CM_NO_MEANING);
	end();
}

Test(docket_owner, it_comes_back_in_a_later_epoch_and_no_earlier)
{
	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	answer_all(1);
	cr_assert_eq(move_away("us", 2), CM_OK);
	cr_assert_eq(give(1, 0), CM_DUPLICATE);
	cr_assert_eq(the_case()->state, CM_CASE_MOVED);
	cr_assert_eq(give(3, 4), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_null(the_case()->moved_to);
	cr_assert_eq(docket.open_count, 1);
	answer_all(3);
	cr_assert_eq(central_says(NULL, 0, 3, 4, "central"), CM_OK);
	cr_assert_eq(outcome().revision, 5);
	cr_assert_eq(outcome().epoch, 3);
	end();
}

/* ---- refused by a node ----------------------------------------------------------------------- */

static void refuse(uint32_t kind, const void *msg, enum cm_status status)
{
	struct cm_record record = help_record(&f.arena, (enum cm_kind)kind, msg, 5);
	struct cm_input input = help_input(60);

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_docket_undeliverable(&docket, &input, "ie", &record, status,
	    "changed meanwhile: router2 has the case, in epoch 2", &effects);
	cr_assert(!effects.failed);
	fleet_keep(&f, &effects, 0);
}

Test(docket_owner, a_node_that_refuses_tells_that_the_case_has_moved)
{
	struct cm_ask ask;
	struct cm_outcome out = {.revision = 1, .decided_ms = 1, .router = "router"};
	struct cm_event event = {.seq = 1, .at_ms = 1, .router = "router", .what = "demand.accepted"};

	for (int which = 0; which < 3; which++) {
		begin(false);
		cr_assert_eq(give(1, 0), CM_OK);
		ask = (struct cm_ask){
		    .case_id = story.demand->case_id, .round = 1, .demand = *story.demand};
		out.case_id = event.case_id = story.demand->case_id;
		refuse(CM_KIND_ASK, &ask, CM_NOT_ALLOWED);
		cr_assert_eq(the_case()->state, CM_CASE_ASKED, "for another reason");
		if (which == 0)
			refuse(CM_KIND_ASK, &ask, CM_CHANGED);
		else if (which == 1)
			refuse(CM_KIND_OUTCOME, &out, CM_CHANGED);
		else
			refuse(CM_KIND_EVENT, &event, CM_CHANGED);
		cr_assert_str_eq(happened(), "store moved\ntell case.moved\n");
		cr_assert_eq(the_case()->state, CM_CASE_MOVED, "%d", which);
		cr_assert_null(the_case()->moved_to, "a sentence is for people");
		cr_assert_eq(docket.open_count, 0);
		end();
	}
}

Test(docket_owner, a_refusal_of_what_was_said_in_a_former_epoch_is_no_news)
{
	struct cm_ask ask;

	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	ask = (struct cm_ask){.case_id = story.demand->case_id, .round = 1, .demand = *story.demand};
	cr_assert_eq(give(3, 0), CM_OK);
	refuse(CM_KIND_ASK, &ask, CM_CHANGED);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(effects.count, 0);
	end();
}

/* ---- intake's words -------------------------------------------------------------------------- */

Test(docket_owner, intake_says_by_a_notice_that_a_demand_was_replaced_elsewhere)
{
	struct cm_outcome out;
	struct cm_notice n;

	begin(false);
	cr_assert_eq(give(2, 0), CM_OK);
	n = moved("us", 0);
	n.what = CM_NOTICE_SUPERSEDE;
	cr_assert_eq(take("us", CM_KIND_NOTICE, &n), CM_NOT_ALLOWED, "by what?");
	n.successor = help_id(9);
	n.node = "ie";
	cr_assert_eq(take("ie", CM_KIND_NOTICE, &n), CM_NOT_ALLOWED);
	n.node = "us";
	cr_assert_eq(take("us", CM_KIND_NOTICE, &n), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->state, CM_CASE_SUPERSEDED);
	out = outcome();
	cr_assert_str_eq(out.ended, "superseded");
	cr_assert(cm_id_equal(&out.successor, &n.successor));
	cr_assert_eq(out.epoch, 2);
	end();
}

/* ---- after a restart ------------------------------------------------------------------------- */

static void replay_all(struct cm_docket *again)
{
	cm_docket_init(again, &f.env);
	for (size_t i = 0; i < f.disk.count; i++)
		cr_assert_eq(cm_docket_replay(again, f.disk.rows[i].kind, &f.disk.rows[i].case_id,
		                 HELP_NOW_MS + 50, f.disk.rows[i].body),
		    CM_OK, "row %zu", i);
}

static size_t resumed;

static void on_resumed(struct cm_effects *from, void *data)
{
	(void)data;
	resumed++;
	fleet_keep(&f, from, 0);
}

/* A fresh docket makes of the rows what this one is. */
static void check_restart(void)
{
	struct cm_docket again;
	struct cm_input input = help_input(50);
	struct cm_case *a = the_case();
	struct cm_case *b;

	replay_all(&again);
	b = cm_docket_find(&again, &story.demand->case_id);
	cr_assert_eq(again.open_count, docket.open_count);
	cr_assert_eq(b->state, a->state, "%s, not %s", cm_case_state_name(b->state),
	    cm_case_state_name(a->state));
	cr_assert_eq(b->epoch, a->epoch);
	cr_assert_eq(b->revision, a->revision);
	cr_assert_eq(b->events, a->events);
	cr_assert_eq(b->round, a->round);
	cr_assert_eq(b->said_count, a->said_count);
	cr_assert_eq(b->moved_to, a->moved_to);
	cr_assert_eq(cm_docket_resume(&again, &input, on_resumed, NULL, &err), CM_OK);
	cr_assert_eq(b->known_revision, a->known_revision);
	cr_assert_eq(b->settlements_count, a->settlements_count);
	cr_assert_eq(b->answers_count, a->answers_count);
	cm_docket_fini(&again);
}

Test(docket_owner, a_restart_after_every_step_changes_nothing)
{
	struct cm_amendment list[] = {settled("ie", 1, "challenge")};
	struct cm_case_compared compared;
	struct cm_notice n;

	begin(true);
	n = moved("us", 2);
	cr_assert_eq(give(1, 0), CM_OK);
	check_restart();
	answer_all(1);
	check_restart();
	cr_assert_eq(take("us", CM_KIND_ANSWER, story.second), CM_OK);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(take("us", CM_KIND_NOTICE, &n), CM_OK);
	check_restart();
	cr_assert_eq(give(3, 2), CM_OK);
	check_restart();
	cr_assert_eq(central_says(list, 1, 3, 2, "central"), CM_OK);
	check_restart();
	answer_all(3);
	cr_assert_eq(the_case()->state, CM_CASE_ASKED_AGAIN, "the second round is asked again too");
	check_restart();
	story.second->epoch = 3;
	cr_assert_eq(take("us", CM_KIND_ANSWER, story.second), CM_OK, "%s", err.text);
	cr_assert_eq(outcome().revision, 3);
	check_restart();
	story.first[2]->edition = 2; /* recalled from rows of two epochs */
	cr_assert_eq(take("de", CM_KIND_ANSWER, story.first[2]), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->epoch, 3);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	check_restart();
	cr_assert_eq(cm_case_recompute(&story.demand->case_id, &docket.env, &f.arena, &compared, &err),
	    CM_OK, "%s", err.text);
	cr_assert_eq(compared.revisions, 2);
	cr_assert_eq(compared.first_different, 0, "stored  %s\nplanned %s", compared.stored,
	    compared.planned);
	end();
}

/* A number that a node has seen is never used again, be the case away or here anew when it is read back. */
Test(docket_owner, a_restart_forgets_no_revision_that_was_heard_of_in_a_former_epoch)
{
	for (int is_away = 0; is_away < 2; is_away++) {
		struct cm_docket again;

		begin(false);
		cr_assert_eq(give(2, 0), CM_OK);
		answer(0, 2, 7); /* the others are missing: there is no outcome */
		if (is_away == 1)
			cr_assert_eq(move_away("us", 3), CM_OK, "%s", err.text);
		cr_assert_eq(give(4, 0), CM_OK, "%s", err.text);
		cr_assert_eq(the_case()->known_revision, 7);
		replay_all(&again);
		cr_assert_eq(cm_docket_find(&again, &story.demand->case_id)->known_revision, 7,
		    "away: %d", is_away);
		cm_docket_fini(&again);
		end();
	}
}

Test(docket_owner, what_was_said_in_a_former_epoch_is_not_recalled_into_this_one)
{
	begin(false);
	cr_assert_eq(give(1, 0), CM_OK);
	answer_all(1);
	cr_assert_eq(give(2, 1), CM_OK);
	story.first[1]->hosted_count = 0; /* ie held the first target, and does no more */
	story.first[1]->findings_count = 0;
	answer_all(2);
	cr_assert_eq(central_says(NULL, 0, 2, 1, "central"), CM_OK);
	cr_assert_eq(the_case()->state, CM_CASE_DECIDED);
	story.first[2]->edition = 2; /* de still holds nothing */
	cr_assert_eq(take("de", CM_KIND_ANSWER, story.first[2]), CM_OK, "%s", err.text);
	cr_assert_not_null(strstr(happened(), "store unchanged"), "%s", happened());
	end();
}

Test(docket_owner, a_settlement_that_was_kept_survives_a_restart)
{
	struct cm_notice n;

	begin(false);
	n = moved("central", 0);
	cr_assert_eq(give(2, 5), CM_OK);
	n.what = CM_NOTICE_SETTLE;
	n.target = 1;
	n.category = "content";
	n.region = "ie";
	n.disposition = "challenge";
	cr_assert_eq(take("central", CM_KIND_NOTICE, &n), CM_OK, "%s", err.text);
	cr_assert_eq(the_case()->settlements_count, 1);
	check_restart();
	end();
}

/* ---- a ledger that is new -------------------------------------------------------------------- */

Test(docket_owner, a_router_without_rows_asks_every_region_for_its_cases_once)
{
	struct cm_input input = help_input(50);
	struct cm_docket again;
	struct cm_rebuild rebuild;
	struct cm_ask ask;

	begin(false);
	resumed = 0;
	cr_assert_eq(cm_docket_resume(&docket, &input, on_resumed, NULL, &err), CM_OK);
	cr_assert_eq(resumed, 1);
	cr_assert_eq(f.disk.count, 1);
	cr_assert_eq(f.disk.rows[0].kind, (uint32_t)CM_KIND_REBUILD);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_REBUILD, f.disk.rows[0].body, &f.arena, &rebuild, &err), CM_OK);
	cr_assert_neq(rebuild.ledger, 0);
	cr_assert_eq(docket.env.ledger, rebuild.ledger);
	cr_assert_eq(give(1, 0), CM_OK);
	cr_assert_eq(cm_record_decode(CM_KIND_ASK,
	                 help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_ASK, 0), &f.arena, &ask, &err),
	    CM_OK);
	cr_assert_eq(ask.ledger, rebuild.ledger);
	replay_all(&again);
	cr_assert_eq(again.env.ledger, rebuild.ledger);
	cm_docket_fini(&again);
	f.disk.count = 1; /* no case yet, but it has asked */
	replay_all(&again);
	cr_assert_eq(cm_docket_resume(&again, &input, on_resumed, NULL, &err), CM_OK);
	cr_assert_eq(resumed, 1);
	cm_docket_fini(&again);
	end();
}

/* ---- demands about one account --------------------------------------------------------------- */

Test(docket_owner, a_case_that_moved_goes_on_elsewhere_and_is_named_beside_others)
{
	struct cm_demand other;

	begin(false);
	other = *story.demand;
	other.case_id = help_id(2);
	cr_assert_eq(give(1, 0), CM_OK);
	cr_assert_eq(take("us", CM_KIND_DEMAND, &other), CM_OK);
	cr_assert_eq(move_away("us", 2), CM_OK);
	for (size_t i = 0; i < 3; i++) {
		story.first[i]->case_id = other.case_id;
		cr_assert_eq(take(story.first[i]->node, CM_KIND_ANSWER, story.first[i]), CM_OK, "%s",
		    err.text);
	}
	cr_assert_eq(outcome().related_count, 2, "for both accounts");
	end();
}
