#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "plan_three.h"
#include "protocol/wire/codec.h"

/* What no policy may change, however hostile: bars, nodes in trouble, texts that differ. */

#define FORBIDS_OR_MAY "The hosting region's law forbids, or may forbid, what the policy would do."

static struct cm_finding *start_hostile(void)
{
	struct cm_finding *finding;

	start_rule("hosted is no or hosted", "requires comply_limited");
	(void)help_host(&f.arena, ie, 1, "content", "IE", &finding);
	return finding;
}

Test(plan_guard, nothing_is_given_where_the_hosting_law_forbids)
{
	(void)help_says(&f.arena, start_hostile(), "holds forbids disclose");
	is_held(FORBIDS_OR_MAY);
	fleet_fini(&f);
}

Test(plan_guard, nothing_is_given_where_the_hosting_law_may_forbid_and_the_question_is_named)
{
	help_asks(&f.arena, help_says(&f.arena, start_hostile(), "possible forbids disclose"),
	    "customer_kind", "Who is the customer?");
	is_held(FORBIDS_OR_MAY);
	cr_assert_eq(only_part()->questions_count, 1);
	cr_assert_str_eq(only_part()->questions[0], "Who is the customer?");
	fleet_fini(&f);
}

/* Of two readings of the bar one is silent: no fact settles that, so the readings are the question. */
Test(plan_guard, nothing_is_given_where_readings_of_the_bar_differ_and_they_are_named)
{
	static const struct cm_rival readings[] = {
	    {.name = "", .title = "", .state = CM_RIVAL_HOLDS},
	    {.name = "narrow", .title = "only grave crimes", .state = CM_RIVAL_SILENT},
	    {.name = "middle", .title = "", .state = CM_RIVAL_POSSIBLE},
	    {.name = "old", .title = "", .state = CM_RIVAL_DEFEATED},
	};
	struct cm_ruling *bar = help_says(&f.arena, start_hostile(), "possible forbids disclose");

	bar->readings = readings;
	bar->readings_count = 4;
	is_held(FORBIDS_OR_MAY);
	cr_assert_eq(only_part()->questions_count, 1);
	cr_assert_str_eq(only_part()->questions[0],
	    "Which reading of test.disclose.0 is right: as written (holds), narrow (silent), middle "
	    "(may hold), old (defeated)?");
	cr_assert_eq(only_part()->grounds_count, 1);
	cr_assert_eq(only_part()->grounds[0].readings_count, 4);
	fleet_fini(&f);
}

/* Readings that come to the same end are no question; the open fact is. */
Test(plan_guard, readings_that_agree_are_not_asked_for)
{
	static const struct cm_rival readings[] = {
	    {.name = "", .title = "", .state = CM_RIVAL_POSSIBLE},
	    {.name = "narrow", .title = "", .state = CM_RIVAL_POSSIBLE},
	};
	struct cm_ruling *bar = help_says(&f.arena, start_hostile(), "possible forbids disclose");

	bar->readings = readings;
	bar->readings_count = 2;
	help_asks(&f.arena, bar, "customer_kind", "Who is the customer?");
	is_held(FORBIDS_OR_MAY);
	cr_assert_eq(only_part()->questions_count, 1);
	cr_assert_str_eq(only_part()->questions[0], "Who is the customer?");
	fleet_fini(&f);
}

Test(plan_guard, nothing_is_given_where_the_hosting_node_found_nothing_at_all)
{
	(void)start_hostile();
	ie->findings_count = 0;
	is_held(FORBIDS_OR_MAY);
	fleet_fini(&f);
}

Test(plan_guard, nothing_is_given_of_what_nobody_hosts)
{
	(void)start_hostile();
	ie->hosted_count = 0;
	is_held(FORBIDS_OR_MAY);
	fleet_fini(&f);
}

Test(plan_guard, what_is_forbidden_in_one_region_is_given_in_another)
{
	struct cm_finding *finding = start_hostile();
	struct cm_outcome outcome;

	(void)help_says(&f.arena, finding, "holds forbids disclose");
	(void)help_host(&f.arena, de, 1, "content", "DE", NULL);
	outcome = plan();
	cr_assert_str_eq(help_parts(&f.arena, &outcome),
	    "1 content de comply_limited\n1 content ie hold_for_counsel\n");
	fleet_fini(&f);
}

Test(plan_guard, a_bar_that_is_defeated_does_not_stand_in_the_way)
{
	(void)help_says(&f.arena, start_hostile(), "defeated forbids disclose");
	cr_assert_str_eq(only_part()->disposition, "comply_limited");
	fleet_fini(&f);
}

Test(plan_guard, no_claim_in_the_demand_the_target_or_the_map_lifts_a_bar_or_makes_a_duty)
{
	struct cm_finding *finding;

	start_rule("hosted and duty and bar is no", "requires comply_limited");
	help_part_fact(
	    &f.arena, help_host(&f.arena, ie, 1, "content", "IE", &finding), "bar", "no");
	help_asks(&f.arena, help_says(&f.arena, finding, "possible forbids disclose"),
	    "customer_kind", "?");
	help_demand_fact(&f.arena, demand, "duty", "yes");
	help_demand_fact(&f.arena, demand, "bar", "no");
	help_target_fact(&f.arena, demand, 1, "bar", "no");
	(void)help_finding(&f.arena, us, CM_SIDE_ISSUING, 0, "content", "");
	is_held("No rule of the provider's policy decides this part.");
	fleet_fini(&f);
}

Test(plan_guard, a_hosting_node_in_trouble_holds_its_part)
{
	(void)start_hostile();
	ie->trouble = "the map is closed";
	is_held("Node ie could not check this part: the map is closed");
	fleet_fini(&f);
}

Test(plan_guard, an_issuing_node_in_trouble_holds_every_part)
{
	(void)start_hostile();
	us->trouble = "the law does not load";
	is_held("Node us could not check this part: the law does not load");
	fleet_fini(&f);
}

Test(plan_guard, a_third_node_in_trouble_holds_what_nobody_else_hosts)
{
	struct cm_outcome outcome;

	start_rule("hosted or hosted is no", "requires unable");
	demand->targets = help_demand(&f.arena, "US", 2, "content")->targets;
	demand->targets_count = 2;
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	de->trouble = "the map is closed";
	outcome = plan();
	cr_assert_str_eq(
	    help_parts(&f.arena, &outcome), "1 content ie unable\n2 content - hold_for_counsel\n");
	fleet_fini(&f);
}

Test(plan_guard, a_long_trouble_is_cut_to_a_sentence_an_outcome_can_carry)
{
	char *trouble;

	(void)start_hostile();
	trouble = cm_arena_alloc(&f.arena, CM_MAX_TEXT_BYTES + 1, 1);
	for (size_t i = 0; i + 1 < CM_MAX_TEXT_BYTES; i += 2)
		memcpy(trouble + i, "\xc3\xbc", 2);
	memmove(trouble + 1, trouble, CM_MAX_TEXT_BYTES - 2);
	trouble[0] = 'x';
	ie->trouble = trouble;
	{
		struct cm_outcome outcome = plan();

		cr_assert_str_eq(outcome.parts[0].disposition, "hold_for_counsel");
		(void)help_encode(&f.arena, CM_KIND_OUTCOME, &outcome); /* or the test ends here */
	}
	fleet_fini(&f);
}

Test(plan_guard, two_texts_of_one_law_hold_and_both_nodes_are_named)
{
	(void)start_hostile();
	help_digest(&f.arena, ie, "EU", 1);
	help_digest(&f.arena, de, "EU", 2);
	is_held("Nodes de and ie carry different texts of EU.");
	cr_assert_str_eq(only_part()->questions[0], "Which text of EU is in force?");
	cr_assert_eq(plan().law_count, 2);
	fleet_fini(&f);
}

Test(plan_guard, one_text_on_two_nodes_holds_nothing)
{
	(void)start_hostile();
	help_digest(&f.arena, ie, "EU", 1);
	help_digest(&f.arena, de, "EU", 1);
	help_digest(&f.arena, us, "US", 2);
	cr_assert_str_eq(only_part()->disposition, "comply_limited");
	fleet_fini(&f);
}

Test(plan_guard, a_part_its_node_reports_twice_is_held_so_that_no_bar_is_lost)
{
	struct cm_finding *second;

	(void)help_says(&f.arena, start_hostile(), "holds forbids disclose");
	(void)help_host(&f.arena, ie, 1, "content", "IE", &second);
	is_held("Node ie reports this part more than once.");
	fleet_fini(&f);
}

Test(plan_guard, without_a_node_for_the_issuing_law_a_hold_asks_for_that_law)
{
	struct cm_finding *finding = start_hostile();

	demand->issuing_state = "BR";
	(void)help_says(&f.arena, finding, "holds forbids disclose");
	is_held(FORBIDS_OR_MAY);
	cr_assert_str_eq(only_part()->questions[0], "No node of this fleet carries the law of BR: "
						    "what does it require of this instrument?");
	fleet_fini(&f);
}

Test(plan_guard, a_part_with_more_facts_than_there_is_room_for_is_held)
{
	struct cm_part *part;

	(void)start_hostile();
	part = (struct cm_part *)(uintptr_t)ie->hosted;
	for (int i = 0; i < 100; i++) {
		const char *name = cm_arena_printf(&f.arena, "fact%d", i);

		help_demand_fact(&f.arena, demand, name, "yes");
		help_target_fact(
		    &f.arena, demand, 1, cm_arena_printf(&f.arena, "t%s", name), "yes");
		help_part_fact(&f.arena, part, cm_arena_printf(&f.arena, "p%s", name), "yes");
	}
	is_held("A fact of this part cannot be read: too many facts on one part");
	fleet_fini(&f);
}

Test(plan_guard, facts_of_a_newer_vocabulary_say_nothing)
{
	(void)start_hostile();
	help_demand_fact(&f.arena, demand, "quantum_seal", "broken");
	cr_assert_str_eq(only_part()->disposition, "comply_limited");
	fleet_fini(&f);
}

/* ---- what persons changed -------------------------------------------------------------------- */

static struct cm_amendment *amended(
    struct cm_answer *answer, enum cm_amends amends, enum cm_finding_side side, const char *subject)
{
	struct cm_amendment *a = cm_arena_alloc(&f.arena, 1, sizeof *a);
	const char **says = cm_arena_alloc(&f.arena, 1, sizeof *says);

	says[0] = "holds";
	*a = (struct cm_amendment){.amends = amends,
	    .target = 1,
	    .category = "content",
	    .region = "ie",
	    .side = side,
	    .subject = subject,
	    .says = says,
	    .says_count = 1,
	    .was = "silent",
	    .node = answer->node,
	    .by = "counsel",
	    .reasons = "An injunction came in.",
	    .at_ms = 7};
	answer->amendments = a;
	answer->amendments_count = 1;
	return a;
}

Test(plan_guard, a_prohibition_that_the_issuing_desk_set_down_blocks_the_part_too)
{
	struct cm_finding *issuing;
	struct cm_amendment *a;

	(void)start_hostile();
	issuing = help_finding(&f.arena, us, CM_SIDE_ISSUING, 1, "content", "ie");
	(void)help_says(&f.arena, issuing, "holds forbids disclose");
	cr_assert_str_eq(only_part()->disposition, "comply_limited", "a law of the issuing side's own");
	a = amended(us, CM_AMENDS_RULING, CM_SIDE_ISSUING, issuing->rulings[0].rule);
	is_held("Desk us set down a prohibition, test.disclose.0: An injunction came in.");
	cr_assert_eq(only_part()->amendments_count, 1);
	a->region = "de";
	cr_assert_str_eq(only_part()->disposition, "comply_limited", "of another part");
	fleet_fini(&f);
}

Test(plan_guard, an_amendment_in_anothers_name_counts_for_nothing)
{
	struct cm_finding *issuing;

	(void)start_hostile();
	issuing = help_finding(&f.arena, us, CM_SIDE_ISSUING, 1, "content", "ie");
	(void)help_says(&f.arena, issuing, "holds forbids disclose");
	amended(us, CM_AMENDS_RULING, CM_SIDE_ISSUING, issuing->rulings[0].rule)->node = "de";
	cr_assert_eq(only_part()->amendments_count, 0);
	cr_assert_str_eq(only_part()->disposition, "comply_limited");
	fleet_fini(&f);
}

Test(plan_guard, a_withdrawn_finding_of_either_side_holds_the_part)
{
	struct cm_finding *hosting = start_hostile();
	struct cm_finding *issuing = help_finding(&f.arena, us, CM_SIDE_ISSUING, 1, "content", "ie");

	issuing->withdrawn = "counsel: wrong statute";
	is_held("Node us no longer stands by its finding: counsel: wrong statute");
	issuing->withdrawn = "";
	hosting->withdrawn = "counsel: cannot decide";
	is_held("Node ie no longer stands by its finding: counsel: cannot decide");
	fleet_fini(&f);
}

Test(plan_guard, a_fact_that_a_desk_answered_is_decided_on_and_its_correction_too)
{
	struct cm_amendment *a;
	struct cm_amendment *two = NULL;

	start_rule("customer_kind is enterprise", "requires redirect_customer");
	(void)help_host(&f.arena, ie, 1, "content", "IE", NULL);
	a = amended(ie, CM_AMENDS_FACT, CM_SIDE_HOSTING, "customer_kind");
	((const char **)(uintptr_t)a->says)[0] = "enterprise";
	cr_assert_str_eq(only_part()->disposition, "redirect_customer");
	two = cm_arena_alloc(&f.arena, 2, sizeof *two);
	two[0] = *a;
	two[1] = *a;
	two[1].at_ms = 8;
	two[1].says = cm_arena_alloc(&f.arena, 1, sizeof *two[1].says);
	((const char **)(uintptr_t)two[1].says)[0] = "consumer";
	ie->amendments = two;
	ie->amendments_count = 2;
	cr_assert_str_eq(only_part()->disposition, "hold_for_counsel");
	cr_assert_str_eq(only_part()->why, "No rule of the provider's policy decides this part.");
	cr_assert_eq(only_part()->amendments_count, 2, "both are named");
	fleet_fini(&f);
}
