#include <criterion/criterion.h>
#include <string.h>

#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"
#include "tale_help.h"

/*
 * What comes after the outcome: later editions of answers, and what is asked again.
 */

/* ---- editions -------------------------------------------------------------------------------- */

Test(case_revise, a_later_edition_makes_a_new_revision_for_all_who_hold_a_part)
{
	struct cm_outcome out;

	tale_decide(false);
	tale_take(tale_edition_of_ie(2, NULL), 500);
	cr_assert_str_eq(tale_happened(),
	    "store answer\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send event central\n");
	cr_assert_eq(tale.c->revision, 2);
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	cr_assert_eq(tale.c->decided_ms, HELP_NOW_MS + 500);
	cr_assert_null(tale.c->demand, "the details are in the ledger alone");
	out = tale_outcome();
	cr_assert_eq(out.revision, 2);
	cr_assert_str_eq(help_parts(&tale.f.arena, &out),
	    "1 content ie comply_limited\n2 content us comply_limited\n");
	cr_assert_eq(out.parts[0].number, 1);
	cr_assert_eq(out.parts[1].number, 2);
	cr_assert_eq(out.parts[0].amendments_count, 1);
	cr_assert_str_eq(out.parts[0].amendments[0].by, "regional counsel, Dublin");
	cr_assert_str_eq(out.parts[0].amendments[0].reasons, "The customer consents.");
	cr_assert_eq(out.parts[0].amendments[0].revision, 1);
	cr_assert_eq(out.parts[1].amendments_count, 0);
	tale_end();
}

Test(case_revise, central_reads_who_changed_what_and_why)
{
	struct cm_event event;
	size_t at = 0;

	tale_decide(false);
	tale_take(tale_edition_of_ie(2, NULL), 0);
	while (tale.effects.items[at].kind != CM_EFFECT_SEND ||
	       tale.effects.items[at].what != CM_KIND_EVENT)
		at++;
	cr_assert_eq(cm_record_decode(CM_KIND_EVENT, tale.effects.items[at].body, &tale.f.arena,
			 &event, &tale.f.err),
	    CM_OK);
	cr_assert_str_eq(event.what, "finding.revised");
	cr_assert_str_eq(event.why,
	    "test.disclose.0 holds -> silent, by regional counsel, Dublin: The "
	    "customer consents.");
	tale_end();
}

Test(case_revise, an_older_edition_has_changed_meanwhile)
{
	tale_decide(false);
	tale_take(tale_edition_of_ie(3, NULL), 10);
	tale_refused(tale_edition_of_ie(2, NULL), CM_CHANGED,
	    "changed meanwhile: edition 3 of ie's answer is here");
	tale_refused(
	    tale_edition_of_ie(3, NULL), CM_NO_MEANING, "no answer of ie is awaited in round 1");
	tale_refused(tale.story.first[1], CM_NO_MEANING, "the case waits for no answer");
	tale_end();
}

Test(case_revise, the_first_edition_that_comes_after_the_second_has_changed_meanwhile)
{
	tale_begin(false);
	tale_take(tale_edition_of_ie(2, NULL), 10);
	cr_assert_eq(tale.c->state, CM_CASE_ASKED);
	tale_refused(
	    tale.story.first[1], CM_CHANGED, "changed meanwhile: edition 2 of ie's answer is here");
	tale_take(tale.story.first[0], 20);
	tale_take(tale.story.first[2], 30);
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	cr_assert_eq(tale.c->revision, 1);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	tale_end();
}

Test(case_revise, of_a_stranger_in_anothers_name_or_of_a_round_nobody_opened_changes_nothing)
{
	struct cm_answer *answer;

	tale_decide(false);
	answer = tale_edition_of_ie(2, NULL);
	answer->region = "de";
	tale_refused(answer, CM_NOT_ALLOWED, "ie answered for region de, which is not its own");
	answer = tale_edition_of_ie(2, NULL);
	answer->round = 2;
	tale_refused(answer, CM_NO_MEANING, "ie was not asked in round 2");
	answer = tale_edition_of_ie(2, NULL);
	answer->node = "stranger";
	tale_refused(answer, CM_NO_MEANING, "no answer of stranger is awaited in round 1");
	tale_end();
}

Test(case_revise, an_outcome_that_says_the_same_makes_no_revision_but_is_recorded)
{
	struct cm_answer *again;

	tale_decide(false);
	again = tale_edition_of_ie(2, "holds forbids disclose");
	again->amendments_count = 0;
	tale_take(again, 700);
	cr_assert_str_eq(tale_happened(),
	    "store answer\nsend event central\nstore unchanged\nsend event central\n");
	cr_assert_eq(tale.c->revision, 1);
	cr_assert_eq(tale.c->decided_ms, HELP_NOW_MS + 20 - 10);
	tale_end();
}

Test(case_revise, that_is_still_being_stored_is_asked_for_later)
{
	tale_decide(false);
	tale.f.disk.hidden = 1;
	tale_refused(tale_edition_of_ie(2, NULL), CM_TRY_AGAIN, "the case is still being stored");
	cr_assert_null(tale.c->demand);
	tale.f.disk.hidden = 0;
	tale_take(tale_edition_of_ie(2, NULL), 10);
	tale.f.env.recall.fn = NULL;
	tale_refused(
	    tale_edition_of_ie(3, NULL), CM_TRY_AGAIN, "the case cannot be read again now");
	tale_end();
}

Test(case_revise, a_withdrawn_finding_holds_its_part)
{
	struct cm_answer *ie;
	struct cm_finding *finding;

	tale_decide(false);
	ie = help_answer(&tale.f.arena, tale.story.demand, "ie", 1);
	(void)help_host(&tale.f.arena, ie, 1, "content", "IE", &finding);
	finding->withdrawn = "counsel: cannot decide";
	ie->edition = 2;
	tale_take(ie, 10);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_str_eq(tale_outcome().parts[0].why,
	    "Node ie no longer stands by its finding: counsel: cannot decide");
	tale_end();
}

Test(case_revise, a_part_that_moved_is_held_until_another_region_has_it)
{
	struct cm_answer *ie;
	struct cm_answer *de;
	struct cm_finding *finding;

	tale_decide(false);
	ie = help_answer(&tale.f.arena, tale.story.demand, "ie", 1);
	finding = help_finding(&tale.f.arena, ie, CM_SIDE_HOSTING, 1, "content", "ie");
	finding->withdrawn = "the residency map no longer has it here";
	ie->edition = 2;
	tale_take(ie, 10);
	cr_assert_str_eq(
	    tale_parts(), "1 content - hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_neq(help_effect_body(&tale.effects, CM_EFFECT_SEND, CM_KIND_OUTCOME, 1).len, 0,
	    "ie, which held the part, learns that it holds it no more");
	de = help_answer(&tale.f.arena, tale.story.demand, "de", 1);
	help_part_fact(&tale.f.arena, help_host(&tale.f.arena, de, 1, "content", "DE", &finding),
	    "customer_kind", "consumer");
	de->edition = 2;
	tale_take(de, 20);
	cr_assert_eq(tale.c->revision, 3);
	cr_assert_str_eq(
	    tale_parts(), "1 content de comply_limited\n2 content us comply_limited\n");
	tale_end();
}

/* ---- asking again ---------------------------------------------------------------------------- */

Test(case_revise, facts_that_changed_go_to_the_issuing_side_and_nothing_is_permitted_meanwhile)
{
	struct cm_ask again;

	tale_decide(true);
	tale_take(tale_edition_of_ie(2, NULL), 500);
	cr_assert_str_eq(tale_happened(),
	    "store answer\nsend event central\nsend ask us\nstore asked_again\nsend event central\n"
	    "store outcome\nsend outcome us\nsend outcome ie\nsend event central\narm 2500\n"
	    "tell case.moved\n");
	cr_assert_eq(tale.c->state, CM_CASE_ASKED_AGAIN);
	cr_assert_eq(tale.c->revision, 2);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_eq(cm_record_decode(CM_KIND_ASK,
			 help_effect_body(&tale.effects, CM_EFFECT_SEND, CM_KIND_ASK, 0),
			 &tale.f.arena, &again, &tale.f.err),
	    CM_OK);
	cr_assert_eq(again.round, 3);
	cr_assert_eq(again.parts_count, 1, "only the part whose facts changed");
	cr_assert_eq(again.parts[0].target, 1);
	tale_take(tale_third_of_us(), 600);
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	cr_assert_eq(tale.c->revision, 3);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	tale_end();
}

Test(case_revise, while_it_is_asked_again_the_missing_node_is_named)
{
	char text[64];

	tale_decide(true);
	tale_take(tale_edition_of_ie(2, NULL), 500);
	cm_case_missing(tale.c, &tale.f.env, text, sizeof text);
	cr_assert_str_eq(text, "us");
	cm_effects_fini(&tale.effects);
	cr_assert_eq(fleet_overdue(&tale.f, tale.c, 3000, &tale.effects), CM_OK);
	fleet_keep(&tale.f, &tale.effects, 0);
	cr_assert_str_eq(
	    tale_happened(), "store waited\ntell case.waits\narm 23000\nsend event central\n");
	tale_take(tale_third_of_us(), 4000);
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	tale_end();
}

Test(case_revise, an_edition_in_the_middle_of_the_second_round_asks_once_more_before_the_outcome)
{
	tale_begin(true);
	for (size_t i = 0; i < 3; i++)
		tale_take(tale.story.first[i], 10);
	cr_assert_eq(tale.c->state, CM_CASE_ASKED_AGAIN);
	tale_take(tale_edition_of_ie(2, NULL), 20);
	cr_assert_eq(tale.c->round, 3);
	cr_assert_eq(tale.c->revision, 0);
	tale_take(tale_third_of_us(), 30);
	cr_assert_eq(tale.c->state, CM_CASE_ASKED_AGAIN, "round 2 is not answered");
	tale_take(tale.story.second, 40);
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	tale_end();
}
