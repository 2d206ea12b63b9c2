#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "plan_three.h"
#include "protocol/wire/codec.h"

/*
 * Which parts an outcome has, and which disposition each gets. The words beside it are tested in
 * test_plan_words.c, what no policy may change in test_plan_guard.c.
 */

/* ---- parts ----------------------------------------------------------------------------------- */

Test(plan_parts, are_every_target_and_category_in_the_demands_order)
{
	start(NULL, 3, "traffic content");
	(void)help_host(&f.arena, de, 2, "content", "DE", NULL);
	(void)help_host(&f.arena, ie, 1, "traffic", "IE", NULL);
	cr_assert_str_eq(help_parts(&f.arena, &(struct cm_outcome){0}), "");
	{
		struct cm_outcome outcome = plan();
		const struct cm_part_outcome *p = outcome.parts;

		cr_assert_eq(outcome.parts_count, 6);
		for (size_t i = 0; i < 6; i++) {
			cr_assert_eq(p[i].target, i / 2 + 1);
			cr_assert_str_eq(p[i].category, i % 2 == 0 ? "traffic" : "content");
		}
		cr_assert_str_eq(p[0].region, "ie");
		cr_assert_str_eq(p[0].hosting_state, "IE");
		cr_assert_str_eq(p[1].region, "");
		cr_assert_str_eq(p[1].hosting_state, "");
		cr_assert_str_eq(p[3].region, "de");
	}
	fleet_fini(&f);
}

Test(plan_parts, one_target_in_two_regions_is_two_parts)
{
	struct cm_outcome outcome;

	start(NULL, 1, "content");
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	(void)help_host(&f.arena, de, 1, "content", "DE", NULL);
	outcome = plan();
	cr_assert_eq(outcome.parts_count, 2);
	cr_assert_str_eq(outcome.parts[0].region, "de");
	cr_assert_str_eq(outcome.parts[1].region, "ie");
	fleet_fini(&f);
}

Test(plan_parts, a_node_speaks_for_its_own_region_and_of_what_was_asked_alone)
{
	struct cm_outcome outcome;

	start(NULL, 1, "content");
	help_host(&f.arena, ie, 1, "content", "IE", NULL)->region = "de";
	(void)help_host(&f.arena, ie, 2, "content", "IE", NULL);
	(void)help_host(&f.arena, ie, 1, "traffic", "IE", NULL);
	outcome = plan();
	cr_assert_eq(outcome.parts_count, 1);
	cr_assert_str_eq(outcome.parts[0].region, "");
	fleet_fini(&f);
}

Test(plan_parts, more_of_them_than_the_limit_are_refused)
{
	struct cm_plan_input input;
	struct cm_outcome outcome;
	struct cm_answer many;
	const struct cm_answer *answers[1] = {&many};

	start(NULL, 1, "content");
	many = *ie;
	many.hosted_count = (size_t)CM_MAX_PARTS * 2;
	input = (struct cm_plan_input){.demand = demand,
	    .answers = answers,
	    .answers_count = 1,
	    .roster = &f.roster,
	    .policy = f.policy,
	    .router = "router",
	    .revision = 1};
	cr_assert_eq(cm_plan(&input, &f.arena, &outcome, &f.err), CM_TOO_LARGE);
	fleet_fini(&f);
}

Test(plan_parts, a_target_nowhere_goes_by_the_policy)
{
	start(NULL, 1, "content");
	(void)help_finding(&f.arena, us, CM_SIDE_ISSUING, 0, "content", "");
	cr_assert_str_eq(only_part()->disposition, "unable");
	cr_assert_str_eq(only_part()->rule, "p.2_nowhere");
	fleet_fini(&f);
}

Test(plan_parts, a_target_nowhere_on_a_barred_process_is_rejected_first)
{
	start(NULL, 1, "content");
	(void)help_says(&f.arena, help_finding(&f.arena, us, CM_SIDE_ISSUING, 0, "content", ""),
	    "holds forbids compel");
	cr_assert_str_eq(only_part()->disposition, "reject");
	fleet_fini(&f);
}

Test(plan_parts, the_outcome_carries_every_rule_set_that_spoke_once)
{
	struct cm_outcome outcome;

	start(NULL, 1, "content");
	help_digest(&f.arena, us, "treaty.mlat", 1);
	help_digest(&f.arena, us, "US", 2);
	help_digest(&f.arena, ie, "IE", 3);
	help_digest(&f.arena, ie, "treaty.mlat", 1);
	outcome = plan();
	cr_assert_eq(outcome.law_count, 3);
	cr_assert_str_eq(outcome.law[0].jurisdiction, "IE");
	cr_assert_str_eq(outcome.law[1].jurisdiction, "treaty.mlat");
	cr_assert_str_eq(outcome.law[2].jurisdiction, "US");
	cr_assert_eq(outcome.revision, 1);
	cr_assert_eq(outcome.decided_ms, HELP_NOW_MS);
	cr_assert_str_eq(outcome.router, "router");
	fleet_fini(&f);
}

/* ---- dispositions ---------------------------------------------------------------------------- */

Test(plan_disposition, the_words_are_those_of_the_ladder)
{
	static const char *const words[] = {"reject", "redirect_customer", "redirect_agreement",
	    "redirect_mlat", "challenge", "comply_limited", "unable", "hold_for_counsel"};

	for (size_t i = 0; i < 8; i++) {
		cr_assert_str_eq(cm_dispositions[i], words[i]);
		cr_assert(cm_is_disposition(words[i]));
	}
	cr_assert_null(cm_dispositions[8]);
	cr_assert_not(cm_is_disposition("comply"));
	cr_assert_not(cm_is_disposition("preserve"));
	cr_assert_not(cm_is_disposition(""));
}

Test(plan_disposition, each_can_be_reached_with_its_rule_and_its_sentence)
{
	for (size_t i = 0; cm_dispositions[i] != NULL; i++) {
		char effect[64];

		(void)snprintf(effect, sizeof effect, "requires %s", cm_dispositions[i]);
		start_rule("hosted", effect);
		(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
		cr_assert_str_eq(only_part()->disposition, cm_dispositions[i]);
		cr_assert_str_eq(only_part()->rule, "p.only");
		cr_assert_str_eq(only_part()->why, "Because of p.only.");
		fleet_fini(&f);
	}
}

Test(plan_disposition, each_has_somebody_who_must_act)
{
	static const char *const who[] = {"legal desk us", "legal desk us", "legal desk us",
	    "legal desk us", "counsel, legal desk us", "counsel and release officer, legal desk ie",
	    "legal desk ie", "counsel, legal desk ie"};

	for (size_t i = 0; cm_dispositions[i] != NULL; i++) {
		char effect[64];

		(void)snprintf(effect, sizeof effect, "requires %s", cm_dispositions[i]);
		start_rule("hosted", effect);
		(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
		cr_assert_str_eq(only_part()->who, who[i], "%s", cm_dispositions[i]);
		fleet_fini(&f);
	}
}

Test(plan_disposition, a_policy_that_says_nothing_holds)
{
	start_rule("hosted is no", "requires unable");
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	is_held("No rule of the provider's policy decides this part.");
	fleet_fini(&f);
}

Test(plan_disposition, two_rules_of_one_word_are_that_word_by_the_certain_one)
{
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	start(cm_arena_printf(&arena, "%s%s",
		  help_rule(&arena, "p.a", "emergency", "requires challenge", ""),
		  help_rule(&arena, "p.b", "hosted", "requires challenge", "")),
	    1, "content");
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	cr_assert_str_eq(only_part()->disposition, "challenge");
	cr_assert_str_eq(only_part()->rule, "p.b");
	cm_arena_fini(&arena);
	fleet_fini(&f);
}

Test(plan_disposition, several_words_hold_and_are_named_in_the_ladders_order)
{
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	start(cm_arena_printf(&arena, "%s%s%s",
		  help_rule(&arena, "p.a", "hosted", "requires unable", ""),
		  help_rule(&arena, "p.b", "emergency", "requires reject", ""),
		  help_rule(&arena, "p.c", "emergency", "requires unable", "")),
	    1, "content");
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	is_held("Open questions decide between reject or unable.");
	cr_assert_eq(only_part()->questions_count, 1);
	cr_assert_str_eq(only_part()->questions[0], "Is it an emergency?");
	cm_arena_fini(&arena);
	fleet_fini(&f);
}

Test(plan_disposition, a_rule_defeated_by_the_policys_own_order_is_no_candidate)
{
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	start(cm_arena_printf(&arena, "%s%s",
		  help_rule(&arena, "p.a", "hosted", "requires reject", ""),
		  help_rule(&arena, "p.b", "hosted", "requires comply_limited", "subject to p.a")),
	    1, "content");
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	cr_assert_str_eq(only_part()->disposition, "reject");
	cm_arena_fini(&arena);
	fleet_fini(&f);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Plan with the nth request failing; `pad` bytes before it move the arena's own requests. */
static enum cm_status plan_without(const struct story *story, size_t pad, size_t nth,
    struct cm_arena *arena, struct cm_outcome *outcome, bool *has_failed)
{
	const struct cm_answer *const answers[] = {
	    story->first[2], story->first[1], story->first[0], story->second};
	struct cm_plan_input input = {.demand = story->demand,
	    .answers = answers,
	    .answers_count = 4,
	    .roster = &f.roster,
	    .policy = f.policy,
	    .router = "router",
	    .decided_ms = HELP_NOW_MS,
	    .revision = 1};
	enum cm_status status;

	cm_arena_init(arena, 0);
	help_pad(arena, pad);
	cm_alloc_fail_at(nth, false);
	status = cm_plan(&input, arena, outcome, &f.err);
	*has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return status;
}

Test(plan_memory, without_it_there_is_no_plan_and_with_it_the_same_one)
{
	struct story story;
	struct cm_arena arena;
	struct cm_outcome outcome;
	struct cm_bytes wanted;
	bool has_failed;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, true);
	cr_assert_eq(plan_without(&story, 16, 0, &arena, &outcome, &has_failed), CM_OK);
	wanted = help_encode(&f.arena, CM_KIND_OUTCOME, &outcome);
	cm_arena_fini(&arena);
	for (size_t pad = 16; pad < 4096; pad += 48)
		for (size_t nth = 1; nth == 1 || has_failed; nth++) {
			enum cm_status status =
			    plan_without(&story, pad, nth, &arena, &outcome, &has_failed);

			cr_assert_eq(status, has_failed ? CM_NO_MEMORY : CM_OK,
			    "pad %zu, request %zu: %s", pad, nth, f.err.text);
			if (!has_failed)
				cr_assert(help_same(
				    wanted, help_encode(&f.arena, CM_KIND_OUTCOME, &outcome)));
			cm_arena_fini(&arena);
		}
	fleet_fini(&f);
}
