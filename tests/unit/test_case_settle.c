#include <criterion/criterion.h>
#include <string.h>

#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"
#include "tale_help.h"

/*
 * What comes after the outcome: central's settlements, withdrawal, a corrected demand.
 */

/* ---- settling -------------------------------------------------------------------------------- */

Test(case_settle, central_settles_a_part_and_the_outcome_says_so)
{
	struct cm_notice n;
	struct cm_outcome out;

	tale_decide(false);
	n = tale_settlement(1, "ie", "challenge");
	cr_assert_eq(tale_tell("central", &n), CM_OK);
	cr_assert_str_eq(tale_happened(),
	    "store notice\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send event central\n");
	out = tale_outcome();
	cr_assert_str_eq(help_parts(&tale.f.arena, &out),
	    "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_str_eq(
	    out.parts[0].why, "Settled by central counsel at central: Both desks heard.");
	cr_assert_str_eq(out.parts[0].rule, "");
	cr_assert_eq(out.parts[0].amendments_count, 1);
	cr_assert_eq(out.parts[0].amendments[0].amends, CM_AMENDS_DISPOSITION);
	cr_assert_str_eq(out.parts[0].amendments[0].was, "redirect_mlat");
	cr_assert_eq(out.parts[0].amendments[0].revision, 1);
	tale_end();
}

/* The first event of the last step. */
static struct cm_event told(void)
{
	struct cm_event event;

	cr_assert_eq(cm_record_decode(CM_KIND_EVENT,
			 help_effect_body(&tale.effects, CM_EFFECT_SEND, CM_KIND_EVENT, 0),
			 &tale.f.arena, &event, &tale.f.err),
	    CM_OK);
	return event;
}

/* It names the notice as it came. */
static bool is_named(const struct cm_event *event, const struct cm_notice *n)
{
	struct cm_record record = help_record(&tale.f.arena, CM_KIND_NOTICE, n, 1);
	struct cm_id name = cm_notice_name(&tale.c->id, record.body);

	return cm_id_equal(&event->notice, &name);
}

Test(case_settle, what_a_notice_caused_names_the_notice)
{
	struct cm_notice first;
	struct cm_notice second;
	struct cm_event event;

	tale_decide(false);
	tale_take(tale_edition_of_ie(2, NULL), 0);
	event = told();
	cr_assert(cm_id_is_zero(&event.notice), "no notice caused %s", event.what);
	first = tale_settlement(1, "ie", "challenge");
	second = tale_settlement(2, "us", "challenge");
	second.revision = 1;
	cr_assert_eq(tale_tell("central", &second), CM_OK, "%s", tale.f.err.text);
	event = told();
	cr_assert_str_eq(event.what, "settlement.refused");
	cr_assert(is_named(&event, &second) && !is_named(&event, &first));
	cr_assert_eq(tale_tell("central", &first), CM_OK, "%s", tale.f.err.text);
	event = told();
	cr_assert_str_eq(event.what, "part.settled");
	cr_assert(is_named(&event, &first) && !is_named(&event, &second));
	first = tale_withdrawal();
	cr_assert_eq(tale_tell("us", &first), CM_OK, "%s", tale.f.err.text);
	event = told();
	cr_assert_str_eq(event.what, "demand.withdrawn");
	cr_assert(is_named(&event, &first));
	tale_end();
}

/* Stored, told to central with this sentence, and not followed. */
static void not_followed(const struct cm_notice *n, const char *why)
{
	uint32_t revision = tale.c->revision;
	struct cm_event event;

	cr_assert_eq(tale_tell("central", n), CM_OK, "%s", tale.f.err.text);
	cr_assert_str_eq(tale_happened(), "store refused\nsend event central\n");
	event = told();
	cr_assert_str_eq(event.what, "settlement.refused");
	cr_assert_str_eq(event.why, why);
	cr_assert_eq(tale.c->revision, revision);
}

Test(case_settle, never_against_a_standing_prohibition_of_the_hosting_region)
{
	struct cm_notice n;

	tale_decide(false);
	n = tale_settlement(1, "ie", "comply_limited");
	not_followed(&n,
	    "Rule test.disclose.0 of the hosting region's law forbids, or may forbid, what "
	    "central settled.");
	n = tale_settlement(2, "us", "challenge");
	cr_assert_eq(tale_tell("central", &n), CM_OK, "what was refused leaves nothing behind");
	cr_assert_str_eq(tale_parts(), "1 content ie redirect_mlat\n2 content us challenge\n");
	tale_end();
}

Test(case_settle, a_prohibition_that_comes_later_blocks_what_was_settled)
{
	struct cm_notice n;

	tale_decide(false);
	tale_take(tale_edition_of_ie(2, NULL), 10);
	n = tale_settlement(1, "ie", "comply_limited");
	cr_assert_eq(tale_tell("central", &n), CM_OK);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	tale_take(tale_edition_of_ie(3, "possible forbids disclose"), 20);
	cr_assert_str_eq(
	    tale_parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	tale_end();
}

Test(case_settle, what_is_stale_unknown_or_too_early_is_refused_with_a_sentence)
{
	struct cm_notice n;

	tale_begin(true);
	n = tale_settlement(1, "ie", "challenge");
	n.revision = 1;
	not_followed(&n, "changed meanwhile: the case is at revision 0");
	n.revision = 0;
	not_followed(&n, "The issuing state's node is being asked again: wait for its answer.");
	for (size_t i = 0; i < 3; i++)
		tale_take(tale.story.first[i], 10);
	tale_take(tale.story.second, 20);
	n = tale_settlement(1, "de", "challenge");
	not_followed(&n, "The case has no such part.");
	n = tale_settlement(1, "ie", "give_it_all");
	not_followed(&n, "There is no such disposition.");
	n = tale_settlement(1, "ie", "challenge");
	n.revision = 7;
	not_followed(&n, "changed meanwhile: the case is at revision 1");
	tale_end();
}

Test(case_settle, is_centrals_alone)
{
	struct cm_notice n;

	tale_decide(false);
	n = tale_settlement(1, "ie", "challenge");
	n.node = "ie";
	cr_assert_eq(tale_tell("ie", &n), CM_NOT_ALLOWED);
	cr_assert_str_eq(tale.f.err.text, "ie is not central: it settles nothing");
	n.node = "central";
	cr_assert_eq(tale_tell("ie", &n), CM_NOT_ALLOWED);
	cr_assert_str_eq(tale.f.err.text, "ie sent a notice in the name of central");
	cr_assert_eq(tale.c->revision, 1);
	tale_end();
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void ends_withdrawn(void)
{
	struct cm_notice n = tale_withdrawal();
	uint32_t revision = tale.c->revision;
	struct cm_outcome out;

	cr_assert_eq(tale_tell("us", &n), CM_OK, "%s", tale.f.err.text);
	cr_assert_str_eq(tale_happened(),
	    "store notice\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send outcome de\nsend event central\ntell case.moved\n");
	out = tale_outcome();
	cr_assert_eq(out.revision, revision + 1);
	cr_assert_str_eq(out.ended, "withdrawn");
	cr_assert_str_eq(out.reasons, "The authority withdrew.");
	cr_assert_eq(out.parts_count, 0);
	cr_assert_eq(tale.c->state, CM_CASE_WITHDRAWN);
	tale_refused(
	    tale_edition_of_ie(9, NULL), CM_NO_MEANING, "the case has ended: it was withdrawn");
	n = tale_withdrawal();
	cr_assert_eq(tale_tell("us", &n), CM_NO_MEANING);
	cr_assert_null(tale.c->demand);
}

Test(case_end, a_withdrawn_demand_ends_its_case_in_every_state)
{
	tale_begin(false);
	ends_withdrawn();
	tale_end();
	tale_begin(true);
	for (size_t i = 0; i < 3; i++)
		tale_take(tale.story.first[i], 10);
	ends_withdrawn();
	tale_end();
	tale_decide(false);
	ends_withdrawn();
	tale_end();
	tale_decide(true);
	tale_take(tale_edition_of_ie(2, NULL), 500);
	ends_withdrawn();
	tale_end();
}

Test(case_end, only_where_it_was_filed)
{
	struct cm_notice n;

	tale_decide(false);
	n = tale_withdrawal();
	n.node = "ie";
	cr_assert_eq(tale_tell("ie", &n), CM_NOT_ALLOWED);
	cr_assert_str_eq(tale.f.err.text, "the demand was filed with us, not with ie");
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	tale_end();
}
