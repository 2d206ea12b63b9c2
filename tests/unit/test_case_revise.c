#include <criterion/criterion.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * What comes after the outcome: later editions of answers, central's settlements, withdrawal, a
 * corrected demand; a restart after each of them; and every outcome planned anew from the rows.
 */

#define ROWS_MOST 64

struct row {
	uint32_t kind;
	struct cm_bytes body;
};

/* The ledger: what the steps stored. */
struct journal {
	struct row rows[ROWS_MOST];
	size_t count;
	size_t hidden; /* rows at the end that are not on the disk yet */
};

static struct fleet f;
static struct journal journal;
static struct cm_case *c;
static struct cm_effects effects;
static struct story story;

static enum cm_status recall(void *self, const struct cm_id *id, cm_recalled_cb each, void *data)
{
	const struct journal *j = self;

	(void)id;
	for (size_t i = 0; i + j->hidden < j->count; i++)
		if (!each(data, j->rows[i].kind, HELP_NOW_MS, j->rows[i].body))
			break;
	return CM_OK;
}

static void keep_rows(void)
{
	for (size_t i = 0; i < effects.count; i++) {
		const struct cm_effect *e = &effects.items[i];
		uint8_t *copy;

		if (e->kind != CM_EFFECT_STORE)
			continue;
		copy = cm_arena_alloc(&f.arena, e->body.len + 1, 1);
		memcpy(copy, e->body.data, e->body.len);
		cr_assert_lt(journal.count, ROWS_MOST);
		journal.rows[journal.count++] =
		    (struct row){.kind = e->what, .body = {copy, e->body.len}};
	}
}

static enum cm_status give(const struct cm_answer *answer, int64_t after_ms)
{
	enum cm_status status;

	cm_effects_fini(&effects);
	status = fleet_answer(&f, c, answer->node, answer, after_ms, &effects);
	if (status == CM_OK && !f.has_failed)
		keep_rows();
	return status;
}

static void take(const struct cm_answer *answer, int64_t after_ms)
{
	cr_assert_eq(give(answer, after_ms), CM_OK, "%s", f.err.text);
}

static enum cm_status tell(const char *sender, const struct cm_notice *notice)
{
	struct cm_bytes body = help_encode(&f.arena, CM_KIND_NOTICE, notice);
	struct cm_input input = help_input(900);
	enum cm_status status;

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_alloc_fail_at(f.fail_at, f.fail_lasting);
	status = cm_case_notice(c, &f.env, &input, sender, notice, body, &effects, &f.err);
	f.has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	if (status == CM_OK && !f.has_failed)
		keep_rows();
	return status;
}

static void begin(bool asks_again)
{
	fleet_init(&f, STORY_FLEET, NULL);
	journal = (struct journal){.count = 0};
	f.env.recall = (struct cm_recall){recall, &journal};
	story = fleet_story(&f, asks_again);
	c = cm_case_new(&story.demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 0, &effects), CM_OK);
	keep_rows();
}

/* The story to its first outcome. */
static void decide(bool asks_again)
{
	begin(asks_again);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	if (asks_again)
		take(story.second, 20);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(c->revision, 1);
}

static void end(void)
{
	cm_effects_fini(&effects);
	cm_case_free(c);
	fleet_fini(&f);
}

static const char *happened(void)
{
	return help_effects(&f.arena, &effects);
}

static struct cm_outcome outcome(void)
{
	return fleet_outcome(&f, &effects);
}

static const char *parts(void)
{
	struct cm_outcome out = outcome();

	return help_parts(&f.arena, &out);
}

/* ---- answers to give ------------------------------------------------------------------------- */

static const char *const silent[] = {"silent"};
static const char *const withdrawn_word[] = {"withdrawn"};

static struct cm_amendment amendment_of(const struct cm_answer *answer, enum cm_amends amends)
{
	return (struct cm_amendment){.amends = amends,
	    .target = 1,
	    .category = "content",
	    .region = "ie",
	    .side = CM_SIDE_HOSTING,
	    .subject = amends == CM_AMENDS_RULING ? "test.disclose.0" : "finding",
	    .says = amends == CM_AMENDS_RULING ? silent : withdrawn_word,
	    .says_count = 1,
	    .was = "holds",
	    .node = answer->node,
	    .by = "regional counsel, Dublin",
	    .reasons = "The customer consents.",
	    .at_ms = answer->at_ms,
	    .revision = 1};
}

/* The answer of ie in a later edition: it hosts target 1, and its law says `says` of it. */
static struct cm_answer *edition_of_ie(uint32_t edition, const char *says)
{
	struct cm_answer *ie = help_answer(&f.arena, story.demand, "ie", 1);
	struct cm_amendment *a = cm_arena_alloc(&f.arena, 1, sizeof *a);
	struct cm_finding *finding;
	struct cm_part *part = help_host(&f.arena, ie, 1, "content", "IE", &finding);

	help_part_fact(&f.arena, part, "customer_kind", "consumer");
	if (says != NULL)
		(void)help_says(&f.arena, finding, says);
	(void)help_says(&f.arena, finding, "holds permits mlat");
	help_digest(&f.arena, ie, "IE", 2);
	ie->edition = edition;
	*a = amendment_of(ie, CM_AMENDS_RULING);
	ie->amendments = a;
	ie->amendments_count = 1;
	return ie;
}

/* ---- editions -------------------------------------------------------------------------------- */

Test(case_revise, a_later_edition_makes_a_new_revision_for_all_who_hold_a_part)
{
	struct cm_outcome out;

	decide(false);
	take(edition_of_ie(2, NULL), 500);
	cr_assert_str_eq(happened(),
	    "store answer\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send event central\n");
	cr_assert_eq(c->revision, 2);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(c->decided_ms, HELP_NOW_MS + 500);
	cr_assert_null(c->demand, "the details are in the ledger alone");
	out = outcome();
	cr_assert_eq(out.revision, 2);
	cr_assert_str_eq(help_parts(&f.arena, &out), "1 content ie comply_limited\n2 content us comply_limited\n");
	cr_assert_eq(out.parts[0].number, 1);
	cr_assert_eq(out.parts[1].number, 2);
	cr_assert_eq(out.parts[0].amendments_count, 1);
	cr_assert_str_eq(out.parts[0].amendments[0].by, "regional counsel, Dublin");
	cr_assert_str_eq(out.parts[0].amendments[0].reasons, "The customer consents.");
	cr_assert_eq(out.parts[0].amendments[0].revision, 1);
	cr_assert_eq(out.parts[1].amendments_count, 0);
	end();
}

Test(case_revise, central_reads_who_changed_what_and_why)
{
	struct cm_event event;
	size_t at = 0;

	decide(false);
	take(edition_of_ie(2, NULL), 0);
	while (effects.items[at].kind != CM_EFFECT_SEND || effects.items[at].what != CM_KIND_EVENT)
		at++;
	cr_assert_eq(cm_record_decode(CM_KIND_EVENT, effects.items[at].body, &f.arena, &event, &f.err),
	    CM_OK);
	cr_assert_str_eq(event.what, "finding.revised");
	cr_assert_str_eq(event.why, "test.disclose.0 holds -> silent, by regional counsel, Dublin: The "
	                            "customer consents.");
	end();
}

/* Refused with that status, and nothing at all is different afterwards. */
static void refused(const struct cm_answer *answer, enum cm_status wanted, const char *why)
{
	enum cm_case_state state = c->state;
	uint32_t revision = c->revision;
	uint64_t events = c->events;

	cr_assert_eq(give(answer, 999), wanted, "%s", f.err.text);
	cr_assert_str_eq(f.err.text, why);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(c->state, state);
	cr_assert_eq(c->revision, revision);
	cr_assert_eq(c->events, events);
}

Test(case_revise, an_older_edition_has_changed_meanwhile)
{
	decide(false);
	take(edition_of_ie(3, NULL), 10);
	refused(edition_of_ie(2, NULL), CM_CHANGED, "changed meanwhile: edition 3 of ie's answer is here");
	refused(edition_of_ie(3, NULL), CM_NO_MEANING, "no answer of ie is awaited in round 1");
	refused(story.first[1], CM_NO_MEANING, "the case waits for no answer");
	end();
}

Test(case_revise, the_first_edition_that_comes_after_the_second_has_changed_meanwhile)
{
	begin(false);
	take(edition_of_ie(2, NULL), 10);
	cr_assert_eq(c->state, CM_CASE_ASKED);
	refused(story.first[1], CM_CHANGED, "changed meanwhile: edition 2 of ie's answer is here");
	take(story.first[0], 20);
	take(story.first[2], 30);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(c->revision, 1);
	cr_assert_str_eq(parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	end();
}

Test(case_revise, of_a_stranger_in_anothers_name_or_of_a_round_nobody_opened_changes_nothing)
{
	struct cm_answer *answer;

	decide(false);
	answer = edition_of_ie(2, NULL);
	answer->region = "de";
	refused(answer, CM_NOT_ALLOWED, "ie answered for region de, which is not its own");
	answer = edition_of_ie(2, NULL);
	answer->round = 2;
	refused(answer, CM_NO_MEANING, "ie was not asked in round 2");
	answer = edition_of_ie(2, NULL);
	answer->node = "stranger";
	refused(answer, CM_NO_MEANING, "no answer of stranger is awaited in round 1");
	end();
}

Test(case_revise, an_outcome_that_says_the_same_makes_no_revision_but_is_recorded)
{
	struct cm_answer *again;

	decide(false);
	again = edition_of_ie(2, "holds forbids disclose");
	again->amendments_count = 0;
	take(again, 700);
	cr_assert_str_eq(happened(),
	    "store answer\nsend event central\nstore unchanged\nsend event central\n");
	cr_assert_eq(c->revision, 1);
	cr_assert_eq(c->decided_ms, HELP_NOW_MS + 20 - 10);
	end();
}

Test(case_revise, that_is_still_being_stored_is_asked_for_later)
{
	decide(false);
	journal.hidden = 1;
	refused(edition_of_ie(2, NULL), CM_TRY_AGAIN, "the case is still being stored");
	cr_assert_null(c->demand);
	journal.hidden = 0;
	take(edition_of_ie(2, NULL), 10);
	f.env.recall.fn = NULL;
	refused(edition_of_ie(3, NULL), CM_TRY_AGAIN, "the case cannot be read again now");
	end();
}

Test(case_revise, a_withdrawn_finding_holds_its_part)
{
	struct cm_answer *ie;
	struct cm_finding *finding;

	decide(false);
	ie = help_answer(&f.arena, story.demand, "ie", 1);
	(void)help_host(&f.arena, ie, 1, "content", "IE", &finding);
	finding->withdrawn = "counsel: cannot decide";
	ie->edition = 2;
	take(ie, 10);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_str_eq(outcome().parts[0].why,
	    "Node ie no longer stands by its finding: counsel: cannot decide");
	end();
}

Test(case_revise, a_part_that_moved_is_held_until_another_region_has_it)
{
	struct cm_answer *ie;
	struct cm_answer *de;
	struct cm_finding *finding;

	decide(false);
	ie = help_answer(&f.arena, story.demand, "ie", 1);
	finding = help_finding(&f.arena, ie, CM_SIDE_HOSTING, 1, "content", "ie");
	finding->withdrawn = "the residency map no longer has it here";
	ie->edition = 2;
	take(ie, 10);
	cr_assert_str_eq(parts(), "1 content - hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_neq(help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_OUTCOME, 1).len, 0,
	    "ie, which held the part, learns that it holds it no more");
	de = help_answer(&f.arena, story.demand, "de", 1);
	help_part_fact(&f.arena, help_host(&f.arena, de, 1, "content", "DE", &finding), "customer_kind",
	    "consumer");
	de->edition = 2;
	take(de, 20);
	cr_assert_eq(c->revision, 3);
	cr_assert_str_eq(parts(), "1 content de comply_limited\n2 content us comply_limited\n");
	end();
}

/* ---- asking again ---------------------------------------------------------------------------- */

static struct cm_answer *third_of_us(void)
{
	struct cm_answer *us = help_answer(&f.arena, story.demand, "us", 3);
	struct cm_finding *finding =
	    help_finding(&f.arena, us, CM_SIDE_ISSUING, 1, "content", "ie");

	(void)help_says(&f.arena, finding, "holds requires disclose");
	(void)help_says(&f.arena, finding, "holds permits reach");
	help_digest(&f.arena, us, "US", 1);
	return us;
}

Test(case_revise, facts_that_changed_go_to_the_issuing_side_and_nothing_is_permitted_meanwhile)
{
	struct cm_ask again;

	decide(true);
	take(edition_of_ie(2, NULL), 500);
	cr_assert_str_eq(happened(),
	    "store answer\nsend event central\nsend ask us\nstore asked_again\nsend event central\n"
	    "store outcome\nsend outcome us\nsend outcome ie\nsend event central\narm 2500\n"
	    "tell case.moved\n");
	cr_assert_eq(c->state, CM_CASE_ASKED_AGAIN);
	cr_assert_eq(c->revision, 2);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_eq(cm_record_decode(CM_KIND_ASK,
	                 help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_ASK, 0), &f.arena, &again,
	                 &f.err),
	    CM_OK);
	cr_assert_eq(again.round, 3);
	cr_assert_eq(again.parts_count, 1, "only the part whose facts changed");
	cr_assert_eq(again.parts[0].target, 1);
	take(third_of_us(), 600);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(c->revision, 3);
	cr_assert_str_eq(parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	end();
}

Test(case_revise, while_it_is_asked_again_the_missing_node_is_named)
{
	char text[64];

	decide(true);
	take(edition_of_ie(2, NULL), 500);
	cm_case_missing(c, &f.env, text, sizeof text);
	cr_assert_str_eq(text, "us");
	cm_effects_fini(&effects);
	cr_assert_eq(fleet_overdue(&f, c, 3000, &effects), CM_OK);
	keep_rows();
	cr_assert_str_eq(happened(), "store waited\ntell case.waits\narm 23000\nsend event central\n");
	take(third_of_us(), 4000);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	end();
}

Test(case_revise, an_edition_in_the_middle_of_the_second_round_asks_once_more_before_the_outcome)
{
	begin(true);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_eq(c->state, CM_CASE_ASKED_AGAIN);
	take(edition_of_ie(2, NULL), 20);
	cr_assert_eq(c->round, 3);
	cr_assert_eq(c->revision, 0);
	take(third_of_us(), 30);
	cr_assert_eq(c->state, CM_CASE_ASKED_AGAIN, "round 2 is not answered");
	take(story.second, 40);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_str_eq(parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	end();
}

/* ---- settling -------------------------------------------------------------------------------- */

static struct cm_notice settlement(uint32_t target, const char *region, const char *disposition)
{
	return (struct cm_notice){.case_id = c->id,
	    .node = "central",
	    .what = CM_NOTICE_SETTLE,
	    .at_ms = HELP_NOW_MS + 900,
	    .revision = c->revision,
	    .by = "central counsel",
	    .reasons = "Both desks heard.",
	    .target = target,
	    .category = "content",
	    .region = region,
	    .disposition = disposition};
}

static struct cm_notice withdrawal(void)
{
	return (struct cm_notice){.case_id = c->id,
	    .node = "us",
	    .what = CM_NOTICE_WITHDRAW,
	    .at_ms = HELP_NOW_MS + 900,
	    .revision = c->revision,
	    .by = "intake analyst",
	    .reasons = "The authority withdrew."};
}

Test(case_settle, central_settles_a_part_and_the_outcome_says_so)
{
	struct cm_notice n;
	struct cm_outcome out;

	decide(false);
	n = settlement(1, "ie", "challenge");
	cr_assert_eq(tell("central", &n), CM_OK);
	cr_assert_str_eq(happened(),
	    "store notice\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send event central\n");
	out = outcome();
	cr_assert_str_eq(help_parts(&f.arena, &out), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_str_eq(out.parts[0].why, "Settled by central counsel at central: Both desks heard.");
	cr_assert_str_eq(out.parts[0].rule, "");
	cr_assert_eq(out.parts[0].amendments_count, 1);
	cr_assert_eq(out.parts[0].amendments[0].amends, CM_AMENDS_DISPOSITION);
	cr_assert_str_eq(out.parts[0].amendments[0].was, "redirect_mlat");
	cr_assert_eq(out.parts[0].amendments[0].revision, 1);
	end();
}

/* The first event of the last step. */
static struct cm_event told(void)
{
	struct cm_event event;

	cr_assert_eq(cm_record_decode(CM_KIND_EVENT,
	                 help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_EVENT, 0), &f.arena, &event,
	                 &f.err),
	    CM_OK);
	return event;
}

/* It names the notice as it came. */
static bool is_named(const struct cm_event *event, const struct cm_notice *n)
{
	struct cm_record record = help_record(&f.arena, CM_KIND_NOTICE, n, 1);
	struct cm_id name = cm_notice_name(&c->id, record.body);

	return cm_id_equal(&event->notice, &name);
}

Test(case_settle, what_a_notice_caused_names_the_notice)
{
	struct cm_notice first;
	struct cm_notice second;
	struct cm_event event;

	decide(false);
	take(edition_of_ie(2, NULL), 0);
	event = told();
	cr_assert(cm_id_is_zero(&event.notice), "no notice caused %s", event.what);
	first = settlement(1, "ie", "challenge");
	second = settlement(2, "us", "challenge");
	second.revision = 1;
	cr_assert_eq(tell("central", &second), CM_OK, "%s", f.err.text);
	event = told();
	cr_assert_str_eq(event.what, "settlement.refused");
	cr_assert(is_named(&event, &second) && !is_named(&event, &first));
	cr_assert_eq(tell("central", &first), CM_OK, "%s", f.err.text);
	event = told();
	cr_assert_str_eq(event.what, "part.settled");
	cr_assert(is_named(&event, &first) && !is_named(&event, &second));
	first = withdrawal();
	cr_assert_eq(tell("us", &first), CM_OK, "%s", f.err.text);
	event = told();
	cr_assert_str_eq(event.what, "demand.withdrawn");
	cr_assert(is_named(&event, &first));
	end();
}

/* Stored, told to central with this sentence, and not followed. */
static void not_followed(const struct cm_notice *n, const char *why)
{
	uint32_t revision = c->revision;
	struct cm_event event;

	cr_assert_eq(tell("central", n), CM_OK, "%s", f.err.text);
	cr_assert_str_eq(happened(), "store refused\nsend event central\n");
	event = told();
	cr_assert_str_eq(event.what, "settlement.refused");
	cr_assert_str_eq(event.why, why);
	cr_assert_eq(c->revision, revision);
}

Test(case_settle, never_against_a_standing_prohibition_of_the_hosting_region)
{
	struct cm_notice n;

	decide(false);
	n = settlement(1, "ie", "comply_limited");
	not_followed(&n, "Rule test.disclose.0 of the hosting region's law forbids, or may forbid, what "
	                 "central settled.");
	n = settlement(2, "us", "challenge");
	cr_assert_eq(tell("central", &n), CM_OK, "what was refused leaves nothing behind");
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us challenge\n");
	end();
}

Test(case_settle, a_prohibition_that_comes_later_blocks_what_was_settled)
{
	struct cm_notice n;

	decide(false);
	take(edition_of_ie(2, NULL), 10);
	n = settlement(1, "ie", "comply_limited");
	cr_assert_eq(tell("central", &n), CM_OK);
	cr_assert_str_eq(parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	take(edition_of_ie(3, "possible forbids disclose"), 20);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	end();
}

Test(case_settle, what_is_stale_unknown_or_too_early_is_refused_with_a_sentence)
{
	struct cm_notice n;

	begin(true);
	n = settlement(1, "ie", "challenge");
	n.revision = 1;
	not_followed(&n, "changed meanwhile: the case is at revision 0");
	n.revision = 0;
	not_followed(&n, "The issuing state's node is being asked again: wait for its answer.");
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	take(story.second, 20);
	n = settlement(1, "de", "challenge");
	not_followed(&n, "The case has no such part.");
	n = settlement(1, "ie", "give_it_all");
	not_followed(&n, "There is no such disposition.");
	n = settlement(1, "ie", "challenge");
	n.revision = 7;
	not_followed(&n, "changed meanwhile: the case is at revision 1");
	end();
}

Test(case_settle, is_centrals_alone)
{
	struct cm_notice n;

	decide(false);
	n = settlement(1, "ie", "challenge");
	n.node = "ie";
	cr_assert_eq(tell("ie", &n), CM_NOT_ALLOWED);
	cr_assert_str_eq(f.err.text, "ie is not central: it settles nothing");
	n.node = "central";
	cr_assert_eq(tell("ie", &n), CM_NOT_ALLOWED);
	cr_assert_str_eq(f.err.text, "ie sent a notice in the name of central");
	cr_assert_eq(c->revision, 1);
	end();
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void ends_withdrawn(void)
{
	struct cm_notice n = withdrawal();
	uint32_t revision = c->revision;
	struct cm_outcome out;

	cr_assert_eq(tell("us", &n), CM_OK, "%s", f.err.text);
	cr_assert_str_eq(happened(),
	    "store notice\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send outcome de\nsend event central\ntell case.moved\n");
	out = outcome();
	cr_assert_eq(out.revision, revision + 1);
	cr_assert_str_eq(out.ended, "withdrawn");
	cr_assert_str_eq(out.reasons, "The authority withdrew.");
	cr_assert_eq(out.parts_count, 0);
	cr_assert_eq(c->state, CM_CASE_WITHDRAWN);
	refused(edition_of_ie(9, NULL), CM_NO_MEANING, "the case has ended: it was withdrawn");
	n = withdrawal();
	cr_assert_eq(tell("us", &n), CM_NO_MEANING);
	cr_assert_null(c->demand);
}

Test(case_end, a_withdrawn_demand_ends_its_case_in_every_state)
{
	begin(false);
	ends_withdrawn();
	end();
	begin(true);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	ends_withdrawn();
	end();
	decide(false);
	ends_withdrawn();
	end();
	decide(true);
	take(edition_of_ie(2, NULL), 500);
	ends_withdrawn();
	end();
}

Test(case_end, only_where_it_was_filed)
{
	struct cm_notice n;

	decide(false);
	n = withdrawal();
	n.node = "ie";
	cr_assert_eq(tell("ie", &n), CM_NOT_ALLOWED);
	cr_assert_str_eq(f.err.text, "the demand was filed with us, not with ie");
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	end();
}

/* ---- restarts and replay --------------------------------------------------------------------- */

static void same_after_a_restart(const char *step)
{
	struct cm_case *again = cm_case_new(&c->id);
	struct cm_effects resumed;

	for (size_t i = 0; i < journal.count; i++)
		cr_assert_eq(cm_case_replay(again, journal.rows[i].kind, c->decided_ms,
		                 journal.rows[i].body),
		    CM_OK, "%s", step);
	cr_assert_eq(fleet_resume(&f, again, 50, &resumed), CM_OK);
	cr_assert_eq(again->state, c->state, "%s: %s", step, cm_case_state_name(again->state));
	cr_assert_eq(again->revision, c->revision, "%s", step);
	cr_assert_eq(again->round, c->round, "%s", step);
	cr_assert_eq(again->events, c->events, "%s", step);
	cr_assert_eq(again->parts_count, c->parts_count, "%s", step);
	cm_effects_fini(&resumed);
	/* The one from the ledger goes on. */
	cm_case_free(c);
	c = again;
}

static void planned_anew(uint32_t revisions)
{
	struct cm_case_compared compared;

	cr_assert_eq(cm_case_recompute(&c->id, &f.env, &f.arena, &compared, &f.err), CM_OK, "%s",
	    f.err.text);
	cr_assert_eq(compared.first_different, 0, "stored %s, planned %s", compared.stored,
	    compared.planned);
	cr_assert_eq(compared.revisions, revisions);
}

static void long_story(bool restarts)
{
	struct cm_notice n;

	decide(true);
	if (restarts)
		same_after_a_restart("decided");
	take(edition_of_ie(2, NULL), 100);
	if (restarts)
		same_after_a_restart("asked again");
	take(edition_of_ie(3, NULL), 150);
	if (restarts)
		same_after_a_restart("revised while asked again");
	take(third_of_us(), 200);
	if (restarts)
		same_after_a_restart("decided again");
	n = settlement(1, "ie", "challenge");
	cr_assert_eq(tell("central", &n), CM_OK);
	n = settlement(1, "ie", "nonsense");
	cr_assert_eq(tell("central", &n), CM_OK);
	if (restarts)
		same_after_a_restart("settled");
	take(edition_of_ie(4, NULL), 300);
	n = withdrawal();
	cr_assert_eq(tell("us", &n), CM_OK);
	if (restarts)
		same_after_a_restart("withdrawn");
	cr_assert_eq(c->state, CM_CASE_WITHDRAWN);
}

Test(case_revise, after_a_restart_at_any_step_the_case_goes_on_as_if_there_had_been_none)
{
	size_t rows;
	struct row calm[ROWS_MOST];

	long_story(false);
	rows = journal.count;
	for (size_t i = 0; i < rows; i++) {
		uint8_t *copy = cm_alloc(journal.rows[i].body.len + 1, 1);

		memcpy(copy, journal.rows[i].body.data, journal.rows[i].body.len);
		calm[i] = (struct row){journal.rows[i].kind, {copy, journal.rows[i].body.len}};
	}
	cm_effects_fini(&effects);
	cm_case_free(c);
	cm_law_free(f.policy);
	cm_roster_fini(&f.roster);
	cm_arena_fini(&f.arena);
	long_story(true);
	cr_assert_eq(journal.count, rows);
	for (size_t i = 0; i < rows; i++) {
		cr_assert_eq(journal.rows[i].kind, calm[i].kind, "row %zu", i);
		cr_assert(help_same(journal.rows[i].body, calm[i].body), "row %zu", i);
		cm_free((void *)(uintptr_t)calm[i].body.data);
	}
	end();
}

Test(case_revise, every_revision_planned_anew_is_the_same_byte_for_byte)
{
	decide(true);
	planned_anew(1);
	end();
	long_story(false);
	planned_anew(c->revision);
	end();
}

/* Outcomes as older programs stored them, with every text written out as often as it is said. Returns how many
 * bytes that is more. */
static size_t make_rows_old(void)
{
	size_t more = 0;

	for (size_t i = 0; i < journal.count; i++) {
		struct row *row = &journal.rows[i];
		struct cm_outcome stored;
		struct cm_buf buf;
		uint8_t *copy;

		if (row->kind != CM_KIND_OUTCOME)
			continue;
		cm_buf_init(&buf, 0);
		cr_assert_eq(
		    cm_record_decode(CM_KIND_OUTCOME, row->body, &f.arena, &stored, &f.err), CM_OK);
		cr_assert_eq(cm_wire_encode(&cm_outcome_schema, &stored, &buf, &f.err), CM_OK);
		cr_assert_geq(buf.len, row->body.len);
		more += buf.len - row->body.len;
		copy = cm_arena_alloc(&f.arena, buf.len + 1, 1);
		memcpy(copy, buf.data, buf.len);
		row->body = (struct cm_bytes){copy, buf.len};
		cm_buf_fini(&buf);
	}
	return more;
}

Test(case_revise, what_an_older_program_stored_is_the_same_still)
{
	struct cm_answer *again;

	decide(false);
	(void)make_rows_old();
	planned_anew(1);
	again = edition_of_ie(2, "holds forbids disclose");
	again->amendments_count = 0;
	take(again, 100);
	cr_assert_eq(c->revision, 1, "nothing has changed");
	end();
	long_story(false);
	cr_assert_gt(make_rows_old(), 0);
	planned_anew(c->revision);
	end();
}

Test(case_revise, a_stored_outcome_that_differs_is_found_with_both_lines)
{
	struct cm_case_compared compared;
	struct cm_outcome forged;
	size_t at = 0;

	decide(false);
	take(edition_of_ie(2, NULL), 100);
	for (size_t i = 0; i < journal.count; i++)
		at = journal.rows[i].kind == CM_KIND_OUTCOME ? i : at;
	forged = outcome();
	((struct cm_part_outcome *)(uintptr_t)forged.parts)[1].disposition = "reject";
	journal.rows[at].body = help_encode(&f.arena, CM_KIND_OUTCOME, &forged);
	cr_assert_eq(cm_case_recompute(&c->id, &f.env, &f.arena, &compared, &f.err), CM_OK);
	cr_assert_eq(compared.revisions, 2);
	cr_assert_eq(compared.first_different, 2);
	cr_assert_not_null(strstr(compared.stored, "reject"), "%s", compared.stored);
	cr_assert_not_null(strstr(compared.planned, "comply_limited"), "%s", compared.planned);
	end();
}

Test(case_revise, a_case_without_an_outcome_has_nothing_to_compare)
{
	struct cm_case_compared compared;

	begin(false);
	cr_assert_eq(
	    cm_case_recompute(&c->id, &f.env, &f.arena, &compared, &f.err), CM_NOT_FOUND);
	end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct seen {
	enum cm_case_state state;
	uint64_t events;
	uint32_t revision;
	uint32_t round;
	uint32_t heard;
	bool has_demand;
	size_t answers;
};

static struct seen look(void)
{
	return (struct seen){c->state, c->events, c->revision, c->round, c->heard, c->demand != NULL,
	    c->answers_count};
}

static void not_moved(const struct seen *before, size_t nth)
{
	struct seen after = look();

	cr_assert_eq(after.state, before->state, "request %zu", nth);
	cr_assert_eq(after.events, before->events, "request %zu", nth);
	cr_assert_eq(after.revision, before->revision, "request %zu", nth);
	cr_assert_eq(after.round, before->round, "request %zu", nth);
	cr_assert_eq(after.heard, before->heard, "request %zu", nth);
	cr_assert_eq(after.has_demand, before->has_demand, "request %zu", nth);
	cr_assert_eq(after.answers, before->answers, "request %zu", nth);
}

Test(case_revise, without_memory_a_later_edition_is_refused_and_can_be_repeated)
{
	struct cm_answer *later;
	struct seen before;

	decide(true);
	later = edition_of_ie(2, NULL);
	before = look();
	for (f.fail_at = 1;; f.fail_at++) {
		enum cm_status status = give(later, 500);

		if (status == CM_OK && !f.has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu: %s", f.fail_at, f.err.text);
		not_moved(&before, f.fail_at);
	}
	f.fail_at = 0;
	cr_assert_eq(c->revision, 2);
	planned_anew(2);
	end();
}

Test(case_revise, without_memory_a_notice_is_refused_and_can_be_repeated)
{
	struct cm_notice n[3];
	struct seen before;

	decide(false);
	n[0] = settlement(1, "ie", "challenge");
	n[1] = settlement(1, "ie", "comply_limited");
	n[1].revision = 2;
	n[2] = withdrawal();
	for (size_t i = 0; i < 3; i++) {
		before = look();
		for (f.fail_at = 1;; f.fail_at++) {
			enum cm_status status = tell(n[i].node, &n[i]);

			if (status == CM_OK && !f.has_failed)
				break;
			cr_assert_eq(status, CM_NO_MEMORY, "notice %zu, request %zu: %s", i, f.fail_at,
			    f.err.text);
			not_moved(&before, f.fail_at);
		}
	}
	f.fail_at = 0;
	cr_assert_eq(c->state, CM_CASE_WITHDRAWN);
	planned_anew(3);
	end();
}
