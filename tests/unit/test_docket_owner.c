#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "owner_help.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * Cases that come from another router: epochs, revisions that go on, central's word.
 */

/* ---- taking over ----------------------------------------------------------------------------- */

Test(docket_owner, a_second_owner_asks_central_too_and_waits_for_it)
{
	struct cm_ask ask;

	owner_begin(false);
	cr_assert_eq(owner_give(2, 3), CM_OK, "%s", o.err.text);
	cr_assert_str_eq(owner_happened(),
	    "store demand\nsend ask us\nsend ask ie\nsend ask de\nsend ask central\n"
	    "send event central\narm 2050\ntell case.moved\n");
	cr_assert_eq(cm_record_decode(CM_KIND_ASK,
			 help_effect_body(&o.effects, CM_EFFECT_SEND, CM_KIND_ASK, 3), &o.f.arena,
			 &ask, &o.err),
	    CM_OK);
	cr_assert_eq(ask.demand.epoch, 2);
	owner_answer_all(2);
	cr_assert_eq(owner_the_case()->state, CM_CASE_ASKED, "central has not spoken yet");
	cr_assert_eq(owner_central_says(NULL, 0, 2, 0, "central"), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(owner_outcome().revision, 4, "after the three that intake has");
	cr_assert_eq(owner_outcome().epoch, 2);
	cr_assert_eq(owner_the_case()->revision, 4);
	owner_end();
}

Test(docket_owner, the_first_owner_does_not_ask_central_and_says_no_epoch)
{
	owner_begin(false);
	cr_assert_eq(owner_give(0, 0), CM_OK);
	cr_assert_null(strstr(owner_happened(), "ask central"));
	owner_answer_all(0);
	cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(owner_outcome().revision, 1);
	cr_assert_eq(owner_outcome().epoch, 0);
	owner_end();
}

Test(docket_owner, revisions_go_on_behind_the_highest_that_anybody_holds)
{
	owner_begin(false);
	cr_assert_eq(owner_give(2, 3), CM_OK);
	owner_answer(0, 2, 3);
	owner_answer(1, 2, 7);
	owner_answer(2, 2, 0);
	cr_assert_eq(owner_central_says(NULL, 0, 2, 6, "central"), CM_OK);
	cr_assert_eq(owner_outcome().revision, 8);
	owner_end();
}

Test(docket_owner, who_holds_a_former_owners_outcome_learns_that_it_is_no_more)
{
	owner_begin(false);
	cr_assert_eq(owner_give(2, 1), CM_OK);
	owner_answer(0, 2, 1);
	owner_answer(1, 2, 1);
	owner_answer(2, 2, 1); /* de holds no part now, and held one once */
	cr_assert_eq(owner_central_says(NULL, 0, 2, 1, "central"), CM_OK);
	cr_assert_str_eq(owner_happened(),
	    "store answer\nsend event central\nstore outcome\nsend outcome us\n"
	    "send outcome ie\nsend outcome de\nsend event central\ntell case.moved\n");
	owner_end();
}

Test(docket_owner, what_central_has_settled_is_in_the_first_outcome)
{
	struct cm_amendment list[] = {owner_settled("ie", 1, "challenge")};
	struct cm_outcome out;

	owner_begin(false);
	cr_assert_eq(owner_give(2, 1), CM_OK);
	owner_answer_all(2);
	cr_assert_eq(owner_central_says(list, 1, 2, 1, "central"), CM_OK, "%s", o.err.text);
	out = owner_outcome();
	cr_assert_str_eq(
	    help_parts(&o.f.arena, &out), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_eq(out.parts[0].amendments_count, 1, "not twice");
	cr_assert_str_eq(out.parts[0].amendments[0].by, "central counsel");
	cr_assert_eq(out.parts[0].amendments[0].at_ms, HELP_NOW_MS);
	owner_end();
}

Test(docket_owner, a_settlement_lifts_no_prohibition_at_a_take_over_either)
{
	struct cm_amendment list[] = {owner_settled("ie", 1, "comply_limited")};
	struct cm_outcome out;

	owner_begin(false);
	cr_assert_eq(owner_give(2, 1), CM_OK);
	cr_assert_eq(owner_central_says(list, 1, 2, 1, "central"), CM_OK);
	owner_answer_all(2);
	out = owner_outcome();
	cr_assert_neq(strcmp(out.parts[0].disposition, "comply_limited"), 0);
	owner_end();
}

Test(docket_owner, a_region_settles_nothing_in_its_answer)
{
	struct cm_amendment list[] = {owner_settled("ie", 1, "challenge")};

	owner_begin(false);
	cr_assert_eq(owner_give(2, 1), CM_OK);
	cr_assert_eq(owner_central_says(list, 1, 2, 1, "ie"), CM_NOT_ALLOWED);
	cr_assert_str_eq(o.err.text, "ie is not central: it settles nothing");
	owner_end();
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

	owner_begin(false);
	n.case_id = o.story.demand->case_id;
	cr_assert_eq(owner_give(2, 5), CM_OK);
	cr_assert_eq(owner_central_says(NULL, 0, 2, 5, "central"), CM_OK);
	cr_assert_eq(owner_take("central", CM_KIND_NOTICE, &n), CM_OK, "%s", o.err.text);
	cr_assert_str_eq(owner_happened(), "store notice\nsend event central\n");
	owner_answer_all(2);
	out = owner_outcome();
	cr_assert_str_eq(
	    help_parts(&o.f.arena, &out), "1 content ie challenge\n2 content us comply_limited\n");
	owner_end();
}

/* Central's notice may overtake its answer: its epoch says which it gave first. */
Test(docket_owner, of_two_settlements_the_later_counts_whichever_comes_first)
{
	static const struct {
		uint32_t epoch;
		const char *parts;
	} cases[] = {{2, "1 content ie reject\n2 content us comply_limited\n"},
	    {0, "1 content ie challenge\n2 content us comply_limited\n"}};
	struct cm_amendment list[] = {owner_settled("ie", 1, "challenge")};

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

		owner_begin(false);
		n.case_id = o.story.demand->case_id;
		cr_assert_eq(owner_give(2, 5), CM_OK);
		cr_assert_eq(owner_take("central", CM_KIND_NOTICE, &n), CM_OK, "%s", o.err.text);
		cr_assert_eq(owner_central_says(list, 1, 2, 5, "central"), CM_OK, "%s", o.err.text);
		owner_answer_all(2);
		out = owner_outcome();
		cr_assert_str_eq(help_parts(&o.f.arena, &out), cases[i].parts);
		owner_end();
	}
}

Test(docket_owner, every_message_of_a_later_epoch_has_an_id_of_its_own)
{
	struct cm_id ask;
	struct cm_id told;
	struct cm_id other;

	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	ask = owner_sent_id(CM_KIND_ASK, 0);
	owner_answer_all(1);
	told = owner_sent_id(CM_KIND_OUTCOME, 0);
	cr_assert_eq(owner_give(2, 0), CM_OK, "%s", o.err.text);
	other = owner_sent_id(CM_KIND_ASK, 0);
	cr_assert(!cm_id_equal(&ask, &other));
	cr_assert_eq(owner_central_says(NULL, 0, 2, 0, "central"), CM_OK);
	owner_answer_all(2);
	other = owner_sent_id(CM_KIND_OUTCOME, 0);
	cr_assert(!cm_id_equal(&told, &other));
	owner_end();
}

/* ---- answers of other epochs ----------------------------------------------------------------- */

Test(docket_owner, an_answer_of_a_former_epoch_is_no_answer)
{
	owner_begin(false);
	cr_assert_eq(owner_give(2, 0), CM_OK);
	o.story.first[1]->epoch = 1;
	cr_assert_eq(owner_take("ie", CM_KIND_ANSWER, o.story.first[1]), CM_NO_MEANING);
	o.story.first[1]->epoch = 0; /* which is the first */
	cr_assert_eq(owner_take("ie", CM_KIND_ANSWER, o.story.first[1]), CM_NO_MEANING);
	o.story.first[1]->epoch = 3;
	cr_assert_eq(owner_take("ie", CM_KIND_ANSWER, o.story.first[1]), CM_CHANGED);
	cr_assert_eq(owner_the_case()->events, 1);
	owner_answer(1, 2, 0);
	owner_end();
}

Test(docket_owner, a_late_edition_of_a_former_epoch_changes_nothing)
{
	owner_begin(false);
	cr_assert_eq(owner_give(2, 0), CM_OK);
	owner_answer_all(2);
	cr_assert_eq(owner_central_says(NULL, 0, 2, 0, "central"), CM_OK);
	o.story.first[1]->epoch = 1;
	o.story.first[1]->edition = 5;
	cr_assert_eq(owner_take("ie", CM_KIND_ANSWER, o.story.first[1]), CM_NO_MEANING);
	cr_assert_eq(owner_the_case()->revision, 1);
	owner_end();
}

/* ---- demands of other epochs ----------------------------------------------------------------- */

Test(docket_owner, a_demand_of_the_same_epoch_is_a_repetition_and_of_a_lower_one_is_refused)
{
	owner_begin(false);
	cr_assert_eq(owner_give(2, 0), CM_OK);
	cr_assert_eq(owner_give(2, 0), CM_DUPLICATE);
	cr_assert_eq(owner_give(1, 0), CM_CHANGED);
	cr_assert_str_eq(o.err.text, "changed meanwhile: the case is here in epoch 2");
	cr_assert_eq(o.docket.open_count, 1);
	cr_assert_eq(owner_the_case()->epoch, 2);
	owner_end();
}

Test(docket_owner, a_decided_case_that_is_given_again_is_asked_about_anew)
{
	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	owner_answer_all(1);
	cr_assert_eq(o.docket.open_count, 0);
	cr_assert_eq(owner_give(2, 0), CM_OK, "%s", o.err.text);
	cr_assert_eq(o.docket.open_count, 1);
	cr_assert_eq(cm_docket_count(&o.docket), 1);
	cr_assert_eq(owner_the_case()->state, CM_CASE_ASKED);
	cr_assert_eq(
	    owner_the_case()->said_count, 2, "what it said stands until it is decided again");
	owner_answer_all(2);
	cr_assert_eq(owner_central_says(NULL, 0, 2, 1, "central"), CM_OK);
	cr_assert_eq(
	    owner_outcome().revision, 2, "intake did not know of the first, but this router does");
	cr_assert_eq(o.docket.open_count, 0);
	owner_end();
}

Test(docket_owner, without_memory_a_case_is_not_taken_over_and_nothing_is_lost)
{
	size_t n = 1;

	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	owner_answer_all(1);
	for (;; n++) {
		enum cm_status status;

		o.f.fail_at = n;
		status = owner_give(2, 0);
		o.f.fail_at = 0;
		if (!o.f.has_failed) {
			cr_assert_eq(status, CM_OK);
			break;
		}
		if (status == CM_OK)
			continue; /* it could do without */
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu: %s", n, cm_status_name(status));
		cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
		cr_assert_eq(owner_the_case()->epoch, 1);
		cr_assert_eq(owner_the_case()->revision, 1);
		cr_assert_eq(o.docket.open_count, 0);
	}
	cr_assert_gt(n, 3);
	cr_assert_eq(owner_the_case()->epoch, 2);
	owner_end();
}
