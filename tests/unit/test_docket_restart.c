#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "owner_help.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * Cases that go and come: every step of it again after a restart, and a ledger that is new.
 */

/* ---- after a restart ------------------------------------------------------------------------- */

static void replay_all(struct cm_docket *again)
{
	cm_docket_init(again, &o.f.env);
	for (size_t i = 0; i < o.f.disk.count; i++)
		cr_assert_eq(
		    cm_docket_replay(again, o.f.disk.rows[i].kind, &o.f.disk.rows[i].case_id,
			HELP_NOW_MS + 50, o.f.disk.rows[i].body),
		    CM_OK, "row %zu", i);
}

static size_t resumed;

static void on_resumed(struct cm_effects *from, void *data)
{
	(void)data;
	resumed++;
	fleet_keep(&o.f, from, 0);
}

/* A fresh docket makes of the rows what this one is. */
static void check_restart(void)
{
	struct cm_docket again;
	struct cm_input input = help_input(50);
	struct cm_case *a = owner_the_case();
	struct cm_case *b;

	replay_all(&again);
	b = cm_docket_find(&again, &o.story.demand->case_id);
	cr_assert_eq(again.open_count, o.docket.open_count);
	cr_assert_eq(b->state, a->state, "%s, not %s", cm_case_state_name(b->state),
	    cm_case_state_name(a->state));
	cr_assert_eq(b->epoch, a->epoch);
	cr_assert_eq(b->revision, a->revision);
	cr_assert_eq(b->events, a->events);
	cr_assert_eq(b->round, a->round);
	cr_assert_eq(b->said_count, a->said_count);
	cr_assert_eq(b->moved_to, a->moved_to);
	cr_assert_eq(cm_docket_resume(&again, &input, on_resumed, NULL, &o.err), CM_OK);
	cr_assert_eq(b->known_revision, a->known_revision);
	cr_assert_eq(b->settlements_count, a->settlements_count);
	cr_assert_eq(b->answers_count, a->answers_count);
	cm_docket_fini(&again);
}

Test(docket_restart, a_restart_after_every_step_changes_nothing)
{
	struct cm_amendment list[] = {owner_settled("ie", 1, "challenge")};
	struct cm_case_compared compared;
	struct cm_notice n;

	owner_begin(true);
	n = owner_moved("us", 2);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	check_restart();
	owner_answer_all(1);
	check_restart();
	cr_assert_eq(owner_take("us", CM_KIND_ANSWER, o.story.second), CM_OK);
	cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
	cr_assert_eq(owner_take("us", CM_KIND_NOTICE, &n), CM_OK);
	check_restart();
	cr_assert_eq(owner_give(3, 2), CM_OK);
	check_restart();
	cr_assert_eq(owner_central_says(list, 1, 3, 2, "central"), CM_OK);
	check_restart();
	owner_answer_all(3);
	cr_assert_eq(
	    owner_the_case()->state, CM_CASE_ASKED_AGAIN, "the second round is asked again too");
	check_restart();
	o.story.second->epoch = 3;
	cr_assert_eq(owner_take("us", CM_KIND_ANSWER, o.story.second), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_outcome().revision, 3);
	check_restart();
	o.story.first[2]->edition = 2; /* recalled from rows of two epochs */
	cr_assert_eq(owner_take("de", CM_KIND_ANSWER, o.story.first[2]), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->epoch, 3);
	cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
	check_restart();
	cr_assert_eq(cm_case_recompute(
			 &o.story.demand->case_id, &o.docket.env, &o.f.arena, &compared, &o.err),
	    CM_OK, "%s", o.err.text);
	cr_assert_eq(compared.revisions, 2);
	cr_assert_eq(compared.first_different, 0, "stored  %s\nplanned %s", compared.stored,
	    compared.planned);
	owner_end();
}

/* A number that a node has seen is never used again, be the case away or here anew when it is read
 * back. */
Test(docket_restart, a_restart_forgets_no_revision_that_was_heard_of_in_a_former_epoch)
{
	for (int is_away = 0; is_away < 2; is_away++) {
		struct cm_docket again;

		owner_begin(false);
		cr_assert_eq(owner_give(2, 0), CM_OK);
		owner_answer(0, 2, 7); /* the others are missing: there is no outcome */
		if (is_away == 1)
			cr_assert_eq(owner_move_away("us", 3), CM_OK, "%s", o.err.text);
		cr_assert_eq(owner_give(4, 0), CM_OK, "%s", o.err.text);
		cr_assert_eq(owner_the_case()->known_revision, 7);
		replay_all(&again);
		cr_assert_eq(cm_docket_find(&again, &o.story.demand->case_id)->known_revision, 7,
		    "away: %d", is_away);
		cm_docket_fini(&again);
		owner_end();
	}
}

Test(docket_restart, what_was_said_in_a_former_epoch_is_not_recalled_into_this_one)
{
	owner_begin(false);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	owner_answer_all(1);
	cr_assert_eq(owner_give(2, 1), CM_OK);
	o.story.first[1]->hosted_count = 0; /* ie held the first target, and does no more */
	o.story.first[1]->findings_count = 0;
	owner_answer_all(2);
	cr_assert_eq(owner_central_says(NULL, 0, 2, 1, "central"), CM_OK);
	cr_assert_eq(owner_the_case()->state, CM_CASE_DECIDED);
	o.story.first[2]->edition = 2; /* de still holds nothing */
	cr_assert_eq(owner_take("de", CM_KIND_ANSWER, o.story.first[2]), CM_OK, "%s", o.err.text);
	cr_assert_not_null(strstr(owner_happened(), "store unchanged"), "%s", owner_happened());
	owner_end();
}

Test(docket_restart, a_settlement_that_was_kept_survives_a_restart)
{
	struct cm_notice n;

	owner_begin(false);
	n = owner_moved("central", 0);
	cr_assert_eq(owner_give(2, 5), CM_OK);
	n.what = CM_NOTICE_SETTLE;
	n.target = 1;
	n.category = "content";
	n.region = "ie";
	n.disposition = "challenge";
	cr_assert_eq(owner_take("central", CM_KIND_NOTICE, &n), CM_OK, "%s", o.err.text);
	cr_assert_eq(owner_the_case()->settlements_count, 1);
	check_restart();
	owner_end();
}

/* ---- a ledger that is new -------------------------------------------------------------------- */

Test(docket_restart, a_router_without_rows_asks_every_region_for_its_cases_once)
{
	struct cm_input input = help_input(50);
	struct cm_docket again;
	struct cm_rebuild rebuild;
	struct cm_ask ask;

	owner_begin(false);
	resumed = 0;
	cr_assert_eq(cm_docket_resume(&o.docket, &input, on_resumed, NULL, &o.err), CM_OK);
	cr_assert_eq(resumed, 1);
	cr_assert_eq(o.f.disk.count, 1);
	cr_assert_eq(o.f.disk.rows[0].kind, (uint32_t)CM_KIND_REBUILD);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_REBUILD, o.f.disk.rows[0].body, &o.f.arena, &rebuild, &o.err),
	    CM_OK);
	cr_assert_neq(rebuild.ledger, 0);
	cr_assert_eq(o.docket.env.ledger, rebuild.ledger);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	cr_assert_eq(cm_record_decode(CM_KIND_ASK,
			 help_effect_body(&o.effects, CM_EFFECT_SEND, CM_KIND_ASK, 0), &o.f.arena,
			 &ask, &o.err),
	    CM_OK);
	cr_assert_eq(ask.ledger, rebuild.ledger);
	replay_all(&again);
	cr_assert_eq(again.env.ledger, rebuild.ledger);
	cm_docket_fini(&again);
	o.f.disk.count = 1; /* no case yet, but it has asked */
	replay_all(&again);
	cr_assert_eq(cm_docket_resume(&again, &input, on_resumed, NULL, &o.err), CM_OK);
	cr_assert_eq(resumed, 1);
	cm_docket_fini(&again);
	owner_end();
}

/* ---- demands about one account --------------------------------------------------------------- */

Test(docket_restart, a_case_that_moved_goes_on_elsewhere_and_is_named_beside_others)
{
	struct cm_demand other;

	owner_begin(false);
	other = *o.story.demand;
	other.case_id = help_id(2);
	cr_assert_eq(owner_give(1, 0), CM_OK);
	cr_assert_eq(owner_take("us", CM_KIND_DEMAND, &other), CM_OK);
	cr_assert_eq(owner_move_away("us", 2), CM_OK);
	for (size_t i = 0; i < 3; i++) {
		o.story.first[i]->case_id = other.case_id;
		cr_assert_eq(owner_take(o.story.first[i]->node, CM_KIND_ANSWER, o.story.first[i]),
		    CM_OK, "%s", o.err.text);
	}
	cr_assert_eq(owner_outcome().related_count, 2, "for both accounts");
	owner_end();
}
