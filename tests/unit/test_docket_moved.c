#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "owner_help.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * Cases that go to another router, and what nodes and intake say of it.
 */

/* ---- away ------------------------------------------------------------------------------------ */

Test(docket_moved, a_case_that_moved_waits_for_nothing)
{
	struct cm_input input = help_input(90000);

	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	owner_answer(0, 1, 0);
	cr_assert_eq(owner_move_away("us", 2), CM_OK, "%s", o.err.text);
	cr_assert_str_eq(owner_happened(), "store moved\ntell case.moved\n");
	cr_assert_eq(owner_the_case()->state, CM_CASE_MOVED);
	cr_assert_str_eq(owner_the_case()->moved_to, "de");
	cr_assert_eq(o.docket.open_count, 0);
	cr_assert_eq(owner_take("ie", CM_KIND_ANSWER, o.story.first[1]), CM_NO_MEANING);
	cr_assert_str_eq(o.err.text, "de has the case now");
	cr_assert_eq(owner_move_away("us", 3), CM_NO_MEANING);
	cm_effects_fini(&o.effects);
	cm_effects_init(&o.effects);
	cm_docket_timer(&o.docket, &input, &o.story.demand->case_id, &o.effects);
	cr_assert_eq(o.effects.count, 0);
	cr_assert(!o.effects.failed);
	owner_end();
}

Test(docket_moved, a_decided_case_moves_too_and_only_at_intakes_word)
{
	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	owner_answer_all(1);
	cr_assert_eq(owner_move_away("ie", 2), CM_NOT_ALLOWED);
	cr_assert_eq(owner_move_away("us", 1), CM_NO_MEANING, "of this epoch");
	cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
	cr_assert_null(owner_the_case()->demand, "a decided case keeps no details");
	cr_assert_eq(owner_move_away("us", 2), CM_OK);
	cr_assert_eq(owner_the_case()->state, CM_CASE_MOVED);
	owner_end();
}

Test(docket_moved, a_case_that_ended_here_has_moved_too)
{
	struct cm_notice n;

	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	n = owner_moved("us", 0);
	n.what = CM_NOTICE_WITHDRAW;
	cr_assert_eq(owner_take("us", CM_KIND_NOTICE, &n), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->state, CM_CASE_WITHDRAWN);
	cr_assert_eq(owner_move_away("us", 2), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->state, CM_CASE_MOVED);
	cr_assert_eq(o.docket.open_count, 0);
	owner_end();
}

Test(docket_moved, of_a_case_that_never_came_moved_says_nothing)
{
	owner_begin(false);
	cr_assert_eq(owner_move_away("us", 2), CM_NO_MEANING);
	owner_end();
}

Test(docket_moved, it_comes_back_in_a_later_epoch_and_no_earlier)
{
	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	owner_answer_all(1);
	cr_assert_eq(owner_move_away("us", 2), CM_OK);
	cr_assert_eq(owner_give(1, 0), CM_DUPLICATE);
	cr_assert_eq(owner_the_case()->state, CM_CASE_MOVED);
	cr_assert_eq(owner_give(3, 4), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->state, CM_CASE_ASKED);
	cr_assert_null(owner_the_case()->moved_to);
	cr_assert_eq(o.docket.open_count, 1);
	owner_answer_all(3);
	cr_assert_eq(owner_central_says(NULL, 0, 3, 4, "central"), CM_OK);
	cr_assert_eq(owner_outcome().revision, 5);
	cr_assert_eq(owner_outcome().epoch, 3);
	owner_end();
}

/* ---- refused by a node ----------------------------------------------------------------------- */

static void refuse(uint32_t kind, const void *msg, enum cm_status status)
{
	struct cm_record record = help_record(&o.f.arena, (enum cm_kind)kind, msg, 5);
	struct cm_input input = help_input(60);

	cm_effects_fini(&o.effects);
	cm_effects_init(&o.effects);
	cm_docket_undeliverable(&o.docket, &input, "ie", &record, status,
	    "changed meanwhile: router2 has the case, in epoch 2", &o.effects);
	cr_assert(!o.effects.failed);
	fleet_keep(&o.f, &o.effects, 0);
}

Test(docket_moved, a_node_that_refuses_tells_that_the_case_has_moved)
{
	struct cm_ask ask;
	struct cm_outcome out = {.revision = 1, .decided_ms = 1, .router = "router"};
	struct cm_event event = {
	    .seq = 1, .at_ms = 1, .router = "router", .what = "demand.accepted"};

	for (int which = 0; which < 3; which++) {
		owner_begin(false);
		cr_assert_eq(owner_give(1, 0), CM_OK);
		ask = (struct cm_ask){
		    .case_id = o.story.demand->case_id, .round = 1, .demand = *o.story.demand};
		out.case_id = event.case_id = o.story.demand->case_id;
		refuse(CM_KIND_ASK, &ask, CM_NOT_ALLOWED);
		cr_assert_eq(owner_the_case()->state, CM_CASE_ASKED, "for another reason");
		if (which == 0)
			refuse(CM_KIND_ASK, &ask, CM_CHANGED);
		else if (which == 1)
			refuse(CM_KIND_OUTCOME, &out, CM_CHANGED);
		else
			refuse(CM_KIND_EVENT, &event, CM_CHANGED);
		cr_assert_str_eq(owner_happened(), "store moved\ntell case.moved\n");
		cr_assert_eq(owner_the_case()->state, CM_CASE_MOVED, "%d", which);
		cr_assert_null(owner_the_case()->moved_to, "a sentence is for people");
		cr_assert_eq(o.docket.open_count, 0);
		owner_end();
	}
}

Test(docket_moved, a_refusal_of_what_was_said_in_a_former_epoch_is_no_news)
{
	struct cm_ask ask;

	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	ask = (struct cm_ask){
	    .case_id = o.story.demand->case_id, .round = 1, .demand = *o.story.demand};
	cr_assert_eq(owner_give(3, 0), CM_OK);
	refuse(CM_KIND_ASK, &ask, CM_CHANGED);
	cr_assert_eq(owner_the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(o.effects.count, 0);
	owner_end();
}

/* ---- intake's words -------------------------------------------------------------------------- */

Test(docket_moved, intake_says_by_a_notice_that_a_demand_was_replaced_elsewhere)
{
	struct cm_outcome out;
	struct cm_notice n;

	owner_begin(false);
	cr_assert_eq(owner_give(2, 0), CM_OK);
	n = owner_moved("us", 0);
	n.what = CM_NOTICE_SUPERSEDE;
	cr_assert_eq(owner_take("us", CM_KIND_NOTICE, &n), CM_NOT_ALLOWED, "by what?");
	n.successor = help_id(9);
	n.node = "ie";
	cr_assert_eq(owner_take("ie", CM_KIND_NOTICE, &n), CM_NOT_ALLOWED);
	n.node = "us";
	cr_assert_eq(owner_take("us", CM_KIND_NOTICE, &n), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->state, CM_CASE_SUPERSEDED);
	out = owner_outcome();
	cr_assert_str_eq(out.ended, "superseded");
	cr_assert(cm_id_equal(&out.successor, &n.successor));
	cr_assert_eq(out.epoch, 2);
	owner_end();
}
