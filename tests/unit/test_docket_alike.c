#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/*
 * The same account in two cases of one router: the outcome names the other case, and equal demands are
 * decided alike or not at all.
 */

static struct fleet f;
static struct cm_docket docket;
static struct cm_effects effects;
static struct story story;
static struct cm_id first;
static struct cm_id second;

static void begin(void)
{
	fleet_init(&f, STORY_FLEET, NULL);
	fleet_recalls(&f);
	cm_docket_init(&docket, &f.env);
	cm_effects_init(&effects);
	story = fleet_story(&f, false);
	first = help_id(1);
	second = help_id(2);
}

static void end(void)
{
	cm_effects_fini(&effects);
	cm_docket_fini(&docket);
	fleet_fini(&f);
}

static void take(const char *sender, enum cm_kind kind, const void *msg, int64_t after_ms)
{
	struct cm_record record = help_record(&f.arena, kind, msg, 77);
	struct cm_input input = help_input(after_ms);

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cr_assert_eq(cm_docket_record(&docket, &input, sender, &record, &effects, &f.err), CM_OK, "%s",
	    f.err.text);
	cr_assert_not(effects.failed);
	fleet_keep(&f, &effects, 0);
}

static void ring(const struct cm_id *id, int64_t after_ms)
{
	struct cm_input input = help_input(after_ms);

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	cm_docket_timer(&docket, &input, id, &effects);
	cr_assert_not(effects.failed);
	fleet_keep(&f, &effects, 0);
}

/* ie's answer in one of the cases: whether its law forbids. */
static void ie_says(const struct cm_id *id, uint32_t edition, bool forbids)
{
	struct cm_answer *ie = help_answer(&f.arena, story.demand, "ie", 1);
	struct cm_finding *finding;
	struct cm_part *part = help_host(&f.arena, ie, 1, "content", "IE", &finding);

	help_part_fact(&f.arena, part, "customer_kind", "consumer");
	if (forbids)
		(void)help_says(&f.arena, finding, "holds forbids disclose");
	(void)help_says(&f.arena, finding, "holds permits mlat");
	ie->case_id = *id;
	ie->edition = edition;
	take("ie", CM_KIND_ANSWER, ie, 100);
}

/* The story as that case, to its outcome. */
static void decide(const struct cm_id *id, bool forbids)
{
	story.demand->case_id = *id;
	take("us", CM_KIND_DEMAND, story.demand, 0);
	for (size_t i = 0; i < 3; i += 2) {
		story.first[i]->case_id = *id;
		take(story.first[i]->node, CM_KIND_ANSWER, story.first[i], 50);
	}
	ie_says(id, 0, forbids);
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

static bool rings_for(const struct cm_id *id)
{
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == CM_EFFECT_ARM && cm_id_equal(&effects.items[i].case_id, id))
			return true;
	return false;
}

static void planned_anew(const struct cm_id *id)
{
	struct cm_case_compared compared;

	cr_assert_eq(cm_case_recompute(id, &docket.env, &f.arena, &compared, &f.err), CM_OK);
	cr_assert_eq(compared.first_different, 0, "stored %s, planned %s", compared.stored,
	    compared.planned);
}

static bool names(const char *text, const struct cm_id *id)
{
	char name[CM_ID_TEXT_BYTES];

	cm_id_print(id, name);
	return strstr(text, name) != NULL;
}

Test(docket_alike, the_outcome_names_the_cases_about_the_same_accounts)
{
	struct cm_outcome out;

	begin();
	decide(&first, true);
	cr_assert_eq(outcome().related_count, 0);
	decide(&second, true);
	out = outcome();
	cr_assert_eq(out.related_count, 2, "both accounts");
	cr_assert(cm_id_equal(&out.related[0].case_id, &first));
	cr_assert_str_eq(out.related[0].issuing_state, "US");
	cr_assert_str_eq(help_parts(&f.arena, &out), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_not(rings_for(&first), "what is decided alike rings for nobody");
	planned_anew(&first);
	planned_anew(&second);
	end();
}

Test(docket_alike, equal_demands_that_come_to_different_ends_are_both_held_and_name_each_other)
{
	begin();
	decide(&first, true);
	decide(&second, false);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_str_eq(outcome().parts[0].alone, "comply_limited");
	cr_assert(names(outcome().parts[0].why, &first), "%s", outcome().parts[0].why);
	cr_assert(rings_for(&first));
	ring(&first, 200);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_str_eq(outcome().parts[0].alone, "redirect_mlat");
	cr_assert(names(outcome().parts[0].why, &second), "%s", outcome().parts[0].why);
	cr_assert_eq(cm_docket_find(&docket, &first)->revision, 2);
	cr_assert_not(rings_for(&second), "both know");
	ring(&first, 300);
	cr_assert_eq(effects.count, 0, "nothing is left to do");
	planned_anew(&first);
	planned_anew(&second);
	end();
}

Test(docket_alike, when_they_agree_again_both_are_released)
{
	begin();
	decide(&first, true);
	decide(&second, false);
	ring(&first, 200);
	ie_says(&second, 2, true);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert(rings_for(&first));
	ring(&first, 400);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_str_eq(outcome().parts[0].alone, "");
	cr_assert_eq(cm_docket_find(&docket, &first)->revision, 3);
	planned_anew(&first);
	planned_anew(&second);
	end();
}

/* us finds in one of the cases that its own law forbids to give target 2. */
static void us_forbids(const struct cm_id *id)
{
	struct cm_answer us = *story.first[0];
	struct cm_finding findings[8];

	us.case_id = *id;
	us.edition = 2;
	us.findings = findings;
	for (size_t i = 0; i < us.findings_count; i++) {
		findings[i] = story.first[0]->findings[i];
		if (findings[i].side == CM_SIDE_HOSTING)
			(void)help_says(&f.arena, &findings[i], "holds forbids disclose");
	}
	take("us", CM_KIND_ANSWER, &us, 300);
}

Test(docket_alike, each_part_is_held_and_released_by_itself)
{
	begin();
	decide(&first, true);
	decide(&second, false);
	ring(&first, 200);
	us_forbids(&second);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us hold_for_counsel\n");
	cr_assert(rings_for(&first), "its first part is held, and now its second must be");
	ring(&first, 400);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us hold_for_counsel\n");
	cr_assert_str_eq(outcome().parts[1].alone, "comply_limited");
	ie_says(&second, 2, true);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us hold_for_counsel\n");
	cr_assert(rings_for(&first), "its second part stays held, and its first must not");
	ring(&first, 600);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us hold_for_counsel\n");
	ring(&first, 700);
	cr_assert_eq(effects.count, 0, "nothing is left to do");
	planned_anew(&first);
	planned_anew(&second);
	end();
}

Test(docket_alike, a_withdrawn_demand_holds_the_other_no_longer)
{
	struct cm_notice n = {.node = "us",
	    .what = CM_NOTICE_WITHDRAW,
	    .by = "intake analyst",
	    .reasons = "Withdrawn."};

	begin();
	decide(&first, true);
	decide(&second, false);
	ring(&first, 200);
	n.case_id = second;
	take("us", CM_KIND_NOTICE, &n, 300);
	cr_assert(rings_for(&first));
	ring(&first, 400);
	cr_assert_str_eq(parts(), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_eq(outcome().related_count, 0, "what has ended is not named");
	planned_anew(&first);
	end();
}

Test(docket_alike, a_demand_on_other_facts_or_of_another_state_is_decided_by_itself)
{
	begin();
	decide(&first, true);
	help_demand_fact(&f.arena, story.demand, "secrecy_days", "90");
	decide(&second, false);
	cr_assert_str_eq(parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	cr_assert_eq(outcome().related_count, 2, "it is named all the same");
	cr_assert_not(rings_for(&first));
	end();
}

Test(docket_alike, what_is_still_being_stored_is_rung_for_again)
{
	begin();
	decide(&first, true);
	decide(&second, false);
	f.disk.hidden = f.disk.count;
	ring(&first, 200);
	cr_assert_str_eq(help_effects(&f.arena, &effects), "arm 400\n");
	f.disk.hidden = 0;
	ring(&first, 400);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	end();
}

/* One case must not have the memory of all rebuilt over and over. */
Test(docket_alike, a_case_whose_rows_cannot_be_read_is_told_of_and_tried_again_later)
{
	begin();
	decide(&first, true);
	decide(&second, false);
	f.disk.is_damaged = true;
	ring(&first, 200);
	cr_assert_str_eq(help_effects(&f.arena, &effects), "tell case.stuck\narm 60200\n");
	f.disk.is_damaged = false;
	ring(&first, 60200);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	end();
}

/* What is held for want of an answer is no other decision. */
Test(docket_alike, a_demand_decided_early_for_its_clock_holds_no_equal_one)
{
	const int64_t hold_ms = INT64_C(24000000); /* the day ends at ten where it ends first */

	begin();
	help_demand_fact(&f.arena, story.demand, "answer_due_on", "2026-11-05");
	decide(&first, false);
	cr_assert_str_eq(parts(), "1 content ie comply_limited\n2 content us comply_limited\n");
	story.demand->case_id = second;
	take("us", CM_KIND_DEMAND, story.demand, 0);
	story.first[2]->case_id = second;
	take("de", CM_KIND_ANSWER, story.first[2], 50);
	ie_says(&second, 0, false); /* us is silent */
	ring(&second, hold_ms);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content - hold_for_counsel\n");
	cr_assert_not(rings_for(&first));
	cr_assert_not(cm_docket_is_unsettled(cm_docket_find(&docket, &first)));
	/* Nor after a restart. */
	cm_docket_fini(&docket);
	cm_docket_init(&docket, &f.env);
	for (size_t i = 0; i < f.disk.count; i++)
		cr_assert_eq(cm_docket_replay(&docket, f.disk.rows[i].kind, &f.disk.rows[i].case_id, HELP_NOW_MS,
		                 f.disk.rows[i].body),
		    CM_OK);
	cr_assert_not(cm_docket_is_unsettled(cm_docket_find(&docket, &first)));
	end();
}

static void on_effects(struct cm_effects *resumed, void *data)
{
	for (size_t i = 0; i < resumed->count; i++)
		if (resumed->items[i].kind == CM_EFFECT_ARM)
			*(struct cm_id *)data = resumed->items[i].case_id;
}

Test(docket_alike, after_a_restart_the_other_is_rung_for_again)
{
	struct cm_id rung = {{0}};
	struct cm_input input = help_input(500);

	begin();
	decide(&first, true);
	decide(&second, false);
	cm_docket_fini(&docket);
	cm_docket_init(&docket, &f.env);
	for (size_t i = 0; i < f.disk.count; i++)
		cr_assert_eq(cm_docket_replay(&docket, f.disk.rows[i].kind, &f.disk.rows[i].case_id, HELP_NOW_MS,
		                 f.disk.rows[i].body),
		    CM_OK);
	cr_assert_eq(cm_docket_resume(&docket, &input, on_effects, &rung, &f.err), CM_OK);
	cr_assert(cm_id_equal(&rung, &first));
	ring(&first, 600);
	cr_assert_str_eq(parts(), "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	end();
}

Test(docket_alike, without_memory_nothing_is_half_held)
{
	struct cm_input input = help_input(200);

	begin();
	decide(&first, true);
	decide(&second, false);
	for (size_t nth = 1;; nth++) {
		bool has_failed;

		cm_effects_fini(&effects);
		cm_effects_init(&effects);
		cm_alloc_fail_at(nth, false);
		cm_docket_timer(&docket, &input, &first, &effects);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		if (!has_failed)
			break;
		cr_assert(effects.failed, "request %zu", nth);
		cr_assert_eq(cm_docket_find(&docket, &first)->revision, 1);
		cr_assert_not(cm_docket_find(&docket, &first)->said[0].is_held);
	}
	fleet_keep(&f, &effects, 0);
	cr_assert_eq(cm_docket_find(&docket, &first)->revision, 2);
	planned_anew(&first);
	end();
}
