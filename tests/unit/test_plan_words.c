#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"

/* What stands beside a disposition: grounds and their order, the clock, steps, questions. */

static struct fleet f;
static struct cm_demand *demand;
static struct cm_answer *us;
static struct cm_answer *ie;
static struct cm_finding *hosting;
static struct cm_finding *issuing;

/* One part, content in ie, with a finding of either side; the policy is one or two rules. */
static void start(const char *effect, const char *step)
{
	struct cm_arena arena;
	const char *policy;

	cm_arena_init(&arena, 0);
	policy = help_rule(&arena, "p.only", "hosted", effect, "");
	if (step != NULL)
		policy = cm_arena_printf(
		    &arena, "%s%s", policy, help_rule(&arena, "p.step", "hosted", step, ""));
	fleet_init(&f, "us+ ie", policy);
	cm_arena_fini(&arena);
	demand = help_demand(&f.arena, "US", 1, "content");
	us = help_answer(&f.arena, demand, "us", 1);
	ie = help_answer(&f.arena, demand, "ie", 1);
	(void)help_host(&f.arena, ie, 1, "content", "IE", &hosting);
	issuing = help_finding(&f.arena, us, CM_SIDE_ISSUING, 0, "content", "");
}

static const struct cm_part_outcome *planned(void)
{
	const struct cm_answer *const answers[] = {ie, us};
	struct cm_outcome outcome = fleet_plan(&f, demand, answers, 2);

	return &outcome.parts[0];
}

static struct cm_ruling *host_says(const char *what)
{
	struct cm_ruling *ruling = help_says(&f.arena, hosting, what);

	ruling->rule = cm_arena_printf(&f.arena, "ie.%s", ruling->act);
	return ruling;
}

static struct cm_ruling *issuer_says(const char *what)
{
	struct cm_ruling *ruling = help_says(&f.arena, issuing, what);

	ruling->rule = cm_arena_printf(&f.arena, "us.%s", ruling->act);
	return ruling;
}

static const char *grounds(void)
{
	const struct cm_part_outcome *part = planned();
	const char *text = "";

	for (size_t i = 0; i < part->grounds_count; i++)
		text = cm_arena_printf(
		    &f.arena, "%s%s%s", text, i > 0 ? " " : "", part->grounds[i].rule);
	return text;
}

/* ---- grounds --------------------------------------------------------------------------------- */

Test(plan_grounds, the_one_that_carries_the_word_comes_first)
{
	static const struct {
		const char *effect;
		const char *grounds;
	} rows[] = {
	    {"requires reject", "us.compel ie.disclose us.disclose ie.mlat us.motion_to_quash"},
	    {"requires redirect_customer",
		"ie.disclose us.disclose us.compel ie.mlat us.motion_to_quash"},
	    {"requires redirect_mlat",
		"ie.disclose ie.mlat us.disclose us.compel us.motion_to_quash"},
	    {"requires challenge", "us.motion_to_quash ie.disclose us.disclose us.compel ie.mlat"},
	    {"requires unable", "us.disclose us.compel ie.disclose ie.mlat us.motion_to_quash"},
	    {"requires hold_for_counsel",
		"ie.disclose us.disclose us.compel ie.mlat us.motion_to_quash"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		start(rows[i].effect, NULL);
		(void)host_says("holds permits mlat");
		(void)host_says("holds forbids disclose");
		(void)issuer_says("holds permits motion_to_quash");
		(void)issuer_says("holds forbids compel");
		(void)issuer_says("holds requires disclose");
		cr_assert_str_eq(grounds(), rows[i].grounds, "%s: %s", rows[i].effect, grounds());
		fleet_fini(&f);
	}
}

Test(plan_grounds, what_holds_comes_before_what_may_and_that_before_what_is_defeated)
{
	start("requires reject", NULL);
	host_says("defeated forbids disclose")->rule = "c";
	host_says("possible forbids disclose")->rule = "b";
	host_says("holds forbids disclose")->rule = "a";
	cr_assert_str_eq(grounds(), "a b c");
	fleet_fini(&f);
}

Test(plan_grounds, of_a_hold_begin_with_what_is_open)
{
	start("requires hold_for_counsel", NULL);
	host_says("holds forbids disclose")->rule = "a";
	issuer_says("possible permits motion_to_quash")->rule = "b";
	cr_assert_str_eq(grounds(), "b a");
	fleet_fini(&f);
}

Test(plan_grounds, a_treaty_leads_before_the_statute_that_points_to_it)
{
	start("requires redirect_mlat", NULL);
	host_says("holds permits mlat")->rule = "ie.guide";
	host_says("holds permits mlat")->rule = "treaty.mlat.us_ie";
	((struct cm_ruling *)(uintptr_t)hosting->rulings)[1].jurisdiction = "treaty.mlat";
	cr_assert_str_eq(grounds(), "treaty.mlat.us_ie ie.guide");
	fleet_fini(&f);
}

Test(plan_grounds, the_treaty_of_the_two_states_leads_before_a_convention_of_many)
{
	start("requires redirect_mlat", NULL);
	host_says("holds permits mlat")->rule = "treaty.budapest.31";
	host_says("holds permits mlat")->rule = "treaty.mlat.us_ie";
	((struct cm_ruling *)(uintptr_t)hosting->rulings)[0].jurisdiction = "treaty.budapest";
	((struct cm_ruling *)(uintptr_t)hosting->rulings)[1].jurisdiction = "treaty.mlat";
	cr_assert_str_eq(grounds(), "treaty.mlat.us_ie treaty.budapest.31");
	fleet_fini(&f);
}

Test(plan_grounds, name_a_rule_once_and_leave_out_what_the_policy_does_not_ask)
{
	start("requires redirect_mlat", NULL);
	host_says("holds permits mlat")->rule = "treaty.mlat.us_ie";
	issuer_says("holds permits mlat")->rule = "treaty.mlat.us_ie";
	(void)issuer_says("holds requires answer");
	cr_assert_str_eq(grounds(), "treaty.mlat.us_ie");
	fleet_fini(&f);
}

Test(plan_grounds, more_than_an_outcome_carries_are_cut_at_the_end)
{
	start("requires redirect_customer", NULL);
	for (int i = 0; i < 60; i++) {
		host_says("defeated forbids disclose")->rule =
		    cm_arena_printf(&f.arena, "ie.%d", i);
		issuer_says("possible requires disclose")->rule =
		    cm_arena_printf(&f.arena, "us.%d", i);
	}
	cr_assert_eq(planned()->grounds_count, 64);
	cr_assert_str_eq(planned()->grounds[0].rule, "us.0");
	cr_assert_str_eq(planned()->grounds[60].rule, "ie.0");
	fleet_fini(&f);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static const char *clock_of(void)
{
	const struct cm_part_outcome *part = planned();

	if (part->terms_count == 0)
		return "none";
	return cm_arena_printf(
	    &f.arena, "%s%s", part->terms[0].conditional ? "if " : "", part->terms[0].due);
}

Test(plan_clock, there_is_none_without_a_term)
{
	start("requires challenge", NULL);
	(void)host_says("holds forbids disclose");
	cr_assert_str_eq(clock_of(), "none");
	fleet_fini(&f);
}

Test(plan_clock, the_one_that_runs_out_first_counts_certain_or_not)
{
	start("requires challenge", NULL);
	help_term(&f.arena, issuer_says("holds permits motion_to_quash"), "2026-11-23", false);
	cr_assert_str_eq(clock_of(), "2026-11-23");
	help_term(&f.arena, host_says("possible permits objection"), "2026-11-17", true);
	cr_assert_str_eq(clock_of(), "if 2026-11-17");
	help_term(&f.arena, issuer_says("holds requires disclose"), "2026-11-14", false);
	cr_assert_str_eq(clock_of(), "2026-11-14");
	fleet_fini(&f);
}

Test(plan_clock, of_a_rule_that_is_defeated_does_not_run)
{
	start("requires challenge", NULL);
	help_term(&f.arena, issuer_says("holds permits motion_to_quash"), "2026-11-23", false);
	help_term(&f.arena, host_says("defeated permits objection"), "2026-11-17", false);
	cr_assert_str_eq(clock_of(), "2026-11-23");
	fleet_fini(&f);
}

Test(plan_clock, one_with_an_hour_is_sooner_than_the_end_of_its_day)
{
	start("requires challenge", NULL);
	help_term(&f.arena, issuer_says("holds permits motion_to_quash"), "2026-11-14", false);
	help_term(&f.arena, host_says("holds permits objection"), "2026-11-14T08:00Z", false);
	cr_assert_str_eq(clock_of(), "2026-11-14T08:00Z");
	help_term(&f.arena, issuer_says("holds requires disclose"), "2026-11-14T07:00Z", false);
	cr_assert_str_eq(clock_of(), "2026-11-14T07:00Z");
	help_term(&f.arena, issuer_says("holds permits comity_motion"), "2026-11-13", false);
	cr_assert_str_eq(clock_of(), "2026-11-13");
	fleet_fini(&f);
}

Test(plan_clock, one_whose_day_is_not_known_counts_only_alone)
{
	start("requires challenge", NULL);
	help_term(&f.arena, issuer_says("holds permits motion_to_quash"), "", false);
	cr_assert_eq(planned()->terms_count, 1);
	cr_assert_str_eq(clock_of(), "");
	help_term(&f.arena, host_says("holds permits objection"), "2026-12-31", false);
	cr_assert_str_eq(clock_of(), "2026-12-31");
	fleet_fini(&f);
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* "act [rule; cite] who" and the due day if there is one, a line each. */
static const char *steps(void)
{
	const struct cm_part_outcome *part = planned();
	const char *text = "";

	for (size_t i = 0; i < part->steps_count; i++) {
		const struct cm_step *s = &part->steps[i];

		text = cm_arena_printf(&f.arena, "%s%s [%s; %s] %s%s%s%s\n", text, s->act, s->rule,
		    s->cite, s->who, s->terms_count > 0 ? " by " : "",
		    s->terms_count > 0 && s->terms[0].conditional ? "if it applies " : "",
		    s->terms_count > 0 ? s->terms[0].due : "");
	}
	return text;
}

Test(plan_steps, of_the_policy_are_the_intakes_to_do)
{
	start("requires challenge", "requires record_basis");
	demand->intake = "ie";
	cr_assert_str_eq(steps(), "record_basis [p.step; cite of p.step] legal desk ie\n");
	cr_assert_str_eq(planned()->steps[0].sentence, "Because of p.step.");
	fleet_fini(&f);
}

Test(plan_steps, of_the_policy_rest_on_the_statute_that_permits_them_and_keep_its_clock)
{
	start("requires challenge", "requires challenge_secrecy");
	help_term(&f.arena, issuer_says("holds permits challenge_secrecy"), "2026-12-01", false);
	cr_assert_str_eq(steps(),
	    "challenge_secrecy [us.challenge_secrecy; cite of test.challenge_secrecy.0] "
	    "legal desk us by 2026-12-01\n");
	cr_assert_str_eq(planned()->steps[0].sentence, "Because of p.step.");
	fleet_fini(&f);
}

Test(plan_steps, of_the_policy_do_not_rest_on_what_is_only_possible)
{
	start("requires challenge", "requires challenge_secrecy");
	(void)issuer_says("possible permits challenge_secrecy");
	(void)issuer_says("defeated permits challenge_secrecy");
	cr_assert_str_eq(steps(), "challenge_secrecy [p.step; cite of p.step] legal desk us\n");
	fleet_fini(&f);
}

Test(plan_steps, a_treaty_backs_a_step_before_the_statute_that_points_to_it)
{
	start("requires redirect_mlat", "requires mlat");
	host_says("holds permits mlat")->rule = "ie.guide";
	host_says("holds permits mlat")->rule = "treaty.mlat.us_ie";
	((struct cm_ruling *)(uintptr_t)hosting->rulings)[1].jurisdiction = "treaty.mlat";
	cr_assert_str_eq(planned()->steps[0].rule, "treaty.mlat.us_ie");
	fleet_fini(&f);
}

Test(plan_steps, that_a_finding_requires_are_its_own_desks_to_do)
{
	start("requires challenge", NULL);
	(void)host_says("holds requires notify_authority");
	(void)issuer_says("holds requires preserve");
	(void)issuer_says("holds requires disclose"); /* the answer itself is no step */
	(void)issuer_says("holds permits narrow");
	cr_assert_str_eq(steps(),
	    "notify_authority [ie.notify_authority; cite of test.notify_authority.0] legal desk "
	    "ie\n"
	    "preserve [us.preserve; cite of test.preserve.0] legal desk us\n");
	fleet_fini(&f);
}

Test(plan_steps, that_policy_and_statute_both_require_stand_side_by_side_each_with_its_clock)
{
	start("requires challenge", "requires preserve");
	help_term(&f.arena, issuer_says("holds requires preserve"), "2027-02-05", false);
	cr_assert_str_eq(steps(),
	    "preserve [p.step; cite of p.step] legal desk us\n"
	    "preserve [us.preserve; cite of test.preserve.0] legal desk us by 2027-02-05\n");
	fleet_fini(&f);
}

Test(plan_steps, that_two_laws_require_keep_the_sooner_clock)
{
	start("requires challenge", NULL);
	help_term(&f.arena, host_says("holds requires preserve"), "2027-02-05", false);
	help_term(&f.arena, issuer_says("holds requires preserve"), "2027-01-06", false);
	cr_assert_str_eq(steps(),
	    "preserve [us.preserve; cite of test.preserve.0] legal desk ie by 2027-01-06\n");
	fleet_fini(&f);
}

Test(plan_steps, the_clock_of_a_duty_that_may_hold_runs)
{
	start("requires challenge", NULL);
	help_term(&f.arena, issuer_says("possible requires preserve"), "2027-02-05", true);
	(void)host_says("possible requires notify_authority"); /* no clock: nothing to miss */
	cr_assert_str_eq(steps(),
	    "preserve [us.preserve; cite of test.preserve.0] legal desk us by "
	    "if it applies 2027-02-05\n");
	fleet_fini(&f);
}

Test(plan_steps, the_clock_of_a_possible_duty_does_not_put_its_rule_before_a_certain_one)
{
	start("requires challenge", NULL);
	help_term(&f.arena, host_says("possible requires preserve"), "2027-01-06", true);
	(void)issuer_says("holds requires preserve");
	cr_assert_str_eq(steps(),
	    "preserve [us.preserve; cite of test.preserve.0] legal desk us by "
	    "if it applies 2027-01-06\n");
	fleet_fini(&f);
}

Test(plan_steps, a_term_without_a_zone_runs_where_the_issuing_court_sits)
{
	start("requires challenge", "requires challenge_secrecy");
	us->zone = "America/New_York";
	help_term(&f.arena, issuer_says("holds permits challenge_secrecy"), "2026-12-01", false);
	((struct cm_term *)(uintptr_t)issuing->rulings[0].terms)->zone = "";
	cr_assert_str_eq(planned()->steps[0].terms[0].zone, "America/New_York");
	fleet_fini(&f);
}

/* ---- questions ------------------------------------------------------------------------------- */

/* A policy that must choose by one fact. */
static void start_question(const char *fact)
{
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	fleet_init(&f, "us+ ie",
	    cm_arena_printf(&arena, "%s%s",
		help_rule(&arena, "p.a", "hosted", "requires reject", ""),
		help_rule(&arena, "p.b", fact, "requires unable", "")));
	cm_arena_fini(&arena);
	demand = help_demand(&f.arena, "US", 1, "content");
	us = help_answer(&f.arena, demand, "us", 1);
	ie = help_answer(&f.arena, demand, "ie", 1);
	(void)help_host(&f.arena, ie, 1, "content", "IE", &hosting);
	issuing = help_finding(&f.arena, us, CM_SIDE_ISSUING, 0, "content", "");
}

static const char *questions(void)
{
	const struct cm_part_outcome *part = planned();
	const char *text = "";

	cr_assert_str_eq(part->disposition, "hold_for_counsel");
	for (size_t i = 0; i < part->questions_count; i++)
		text = cm_arena_printf(&f.arena, "%s%s\n", text, part->questions[i]);
	return text;
}

Test(plan_questions, an_open_fact_is_asked_in_the_vocabularys_words)
{
	start_question("residence is IE");
	cr_assert_str_eq(questions(), "Where does the customer live?\n");
	fleet_fini(&f);
}

Test(plan_questions, an_open_finding_is_asked_in_its_rules_words_or_by_its_title)
{
	start_question("bar");
	help_asks(&f.arena, host_says("possible forbids disclose"), "customer_kind", "Who is it?");
	(void)host_says("possible forbids disclose");
	(void)host_says("holds permits mlat");
	cr_assert_str_eq(questions(), "Who is it?\ntitle of test.disclose.1\n");
	fleet_fini(&f);
}

Test(plan_questions, what_the_findings_themselves_will_say_is_asked_of_nobody)
{
	start_question("motion_open");
	help_asks(
	    &f.arena, issuer_says("possible permits motion_to_quash"), "conflict_bar", "Bar?");
	cr_assert_str_eq(questions(), "");
	help_asks(
	    &f.arena, issuer_says("possible permits motion_to_quash"), "material_risk", "Risk?");
	cr_assert_str_eq(questions(), "Risk?\n");
	fleet_fini(&f);
}

Test(plan_questions, the_same_one_is_asked_once)
{
	start_question("bar");
	for (int i = 0; i < 3; i++)
		help_asks(&f.arena, host_says("possible forbids disclose"), "residence", "Where?");
	cr_assert_str_eq(questions(), "Where?\n");
	fleet_fini(&f);
}

Test(plan_questions, there_are_none_beside_a_decision)
{
	start("requires challenge", NULL);
	help_asks(&f.arena, host_says("possible forbids disclose"), "residence", "Where?");
	cr_assert_eq(planned()->questions_count, 0);
	fleet_fini(&f);
}

Test(plan_questions, there_are_at_most_as_many_as_a_reader_can_take)
{
	start_question("bar");
	for (int i = 0; i < 40; i++)
		help_asks(&f.arena, host_says("possible forbids disclose"), "residence",
		    cm_arena_printf(&f.arena, "Question %d?", i));
	cr_assert_eq(planned()->questions_count, 16);
	fleet_fini(&f);
}
