#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_fleet.h"
#include "router/plan_internal.h"

/* The facts the policy speaks of, each derived from findings: yes, open, no. */

static struct cm_arena arena;
static struct cm_demand *demand;
static struct cm_answer *host;
static struct cm_answer *issuer;
static struct cm_plan_part part;
static struct cm_finding *hosting;
static struct cm_finding *issuing;

static void init(void)
{
	cm_arena_init(&arena, 0);
	demand = help_demand(&arena, "US", 1, "content");
	host = help_answer(&arena, demand, "ie", 1);
	issuer = help_answer(&arena, demand, "us", 1);
	issuing = help_finding(&arena, issuer, CM_SIDE_ISSUING, 0, "content", "");
	part = (struct cm_plan_part){.part = help_host(&arena, host, 1, "content", "IE", &hosting),
	    .host = host,
	    .hosting = hosting,
	    .issuing = issuing,
	    .issuing_state = "US"};
}

static void end(void)
{
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(plan_facts, .init = init);

static enum cm_three derive(const char *name)
{
	return cm_plan_fact_derive(cm_plan_fact_find(name), &part);
}

static void silence(void)
{
	hosting->rulings_count = 0;
	issuing->rulings_count = 0;
}

/* The table again, by hand. */
static const struct drawn {
	const char *name;
	const char *says; /* modality and act */
	const char *jurisdiction;
	bool from_hosting;
	bool from_issuing;
} table[] = {
    {"duty", "requires disclose", "TEST", false, true},
    {"process_barred", "forbids compel", "TEST", false, true},
    {"reach", "permits reach", "TEST", false, true},
    {"bar", "forbids disclose", "TEST", true, false},
    {"channel_required", "requires treaty_channel", "TEST", true, false},
    {"mlat_open", "permits mlat", "TEST", true, true},
    {"agreement_applies", "permits disclose", "treaty.us_gb", true, false},
    {"agreement_open", "permits agreement_order", "TEST", true, true},
    {"motion_open", "permits motion_to_quash", "TEST", false, true},
    {"comity_open", "permits comity_motion", "TEST", false, true},
    {"objection_open", "permits objection", "TEST", true, true},
    {"secrecy_challenge_open", "permits challenge_secrecy", "TEST", false, true},
    {"gagged", "forbids notify_customer", "TEST", false, true},
};
#define ROWS (sizeof table / sizeof table[0])

static void say(struct cm_finding *finding, const char *state, const struct drawn *row)
{
	char what[96];

	(void)snprintf(what, sizeof what, "%s %s", state, row->says);
	help_says(&arena, finding, what)->jurisdiction = row->jurisdiction;
}

static void expect(const struct drawn *row, struct cm_finding *finding, bool counts)
{
	static const struct {
		const char *state;
		enum cm_three is;
	} states[] = {{"holds", CM_YES}, {"possible", CM_OPEN}, {"defeated", CM_NO}};

	for (size_t s = 0; s < 3; s++) {
		silence();
		say(finding, states[s].state, row);
		cr_assert_eq(derive(row->name), counts ? states[s].is : CM_NO, "%s: %s %s",
		    row->name, states[s].state, row->says);
	}
}

Test(plan_facts, every_row_is_yes_open_or_no_from_its_own_sides_alone)
{
	cr_assert_eq(cm_plan_facts_count, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		cr_assert_not_null(cm_plan_fact_find(table[i].name), "%s", table[i].name);
		silence();
		cr_assert_eq(derive(table[i].name), CM_NO, "%s in silence", table[i].name);
		expect(&table[i], hosting, table[i].from_hosting);
		expect(&table[i], issuing, table[i].from_issuing);
	}
	cr_assert_null(cm_plan_fact_find("hosted"), "hosted is no ruling's");
	end();
}

Test(plan_facts, what_holds_outweighs_what_is_possible)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct cm_finding *finding = table[i].from_issuing ? issuing : hosting;

		silence();
		say(finding, "possible", &table[i]);
		say(finding, "holds", &table[i]);
		say(finding, "possible", &table[i]);
		cr_assert_eq(derive(table[i].name), CM_YES, "%s", table[i].name);
	}
	end();
}

Test(plan_facts, a_side_that_has_not_spoken_leaves_its_facts_open)
{
	for (size_t i = 0; i < ROWS; i++) {
		part.hosting = NULL;
		part.issuing = issuing;
		cr_assert_eq(derive(table[i].name), table[i].from_hosting ? CM_OPEN : CM_NO, "%s",
		    table[i].name);
		part.hosting = hosting;
		part.issuing = NULL;
		cr_assert_eq(derive(table[i].name), table[i].from_issuing ? CM_OPEN : CM_NO, "%s",
		    table[i].name);
	}
	end();
}

Test(plan_facts, a_fact_of_both_sides_is_yes_when_the_side_that_spoke_says_so)
{
	part.issuing = NULL;
	(void)help_says(&arena, hosting, "holds permits mlat");
	cr_assert_eq(derive("mlat_open"), CM_YES);
	end();
}

Test(plan_facts, other_modalities_and_acts_do_not_count)
{
	(void)help_says(&arena, hosting, "holds permits disclose");
	(void)help_says(&arena, hosting, "holds needs-human disclose");
	(void)help_says(&arena, issuing, "holds permits compel");
	(void)help_says(&arena, issuing, "holds requires reach");
	for (size_t i = 0; i < ROWS; i++)
		cr_assert_eq(derive(table[i].name), CM_NO, "%s", table[i].name);
	end();
}

/* ---- rows with a rule of their own ----------------------------------------------------------- */

Test(plan_facts, an_agreement_applies_by_a_treaty_and_not_by_a_statute)
{
	help_says(&arena, hosting, "holds permits disclose")->jurisdiction = "IE";
	cr_assert_eq(derive("agreement_applies"), CM_NO);
	help_says(&arena, hosting, "holds permits disclose")->jurisdiction = "treatyless";
	cr_assert_eq(derive("agreement_applies"), CM_NO);
	help_says(&arena, hosting, "holds permits disclose")->jurisdiction = "treaty.us_gb";
	cr_assert_eq(derive("agreement_applies"), CM_YES);
	end();
}

Test(plan_facts, the_issuing_state_reaches_what_lies_at_home)
{
	((struct cm_part *)(uintptr_t)part.part)->hosting_state = "US";
	cr_assert_eq(derive("reach"), CM_YES);
	part.issuing = NULL;
	cr_assert_eq(derive("reach"), CM_YES);
	end();
}

Test(plan_facts, a_law_that_denies_reach_abroad_denies_it_whatever_else_permits)
{
	(void)help_says(&arena, issuing, "holds permits reach");
	cr_assert_eq(derive("reach"), CM_YES);
	(void)help_says(&arena, issuing, "possible forbids reach");
	cr_assert_eq(derive("reach"), CM_OPEN);
	(void)help_says(&arena, issuing, "holds forbids reach");
	cr_assert_eq(derive("reach"), CM_NO);
	end();
}

Test(plan_facts, a_denial_of_reach_that_is_defeated_denies_nothing)
{
	(void)help_says(&arena, issuing, "holds permits reach");
	(void)help_says(&arena, issuing, "defeated forbids reach");
	cr_assert_eq(derive("reach"), CM_YES);
	end();
}

Test(plan_facts, a_treaty_the_issuing_side_could_not_decide_is_the_hosting_sides)
{
	struct cm_ruling *r = help_says(&arena, issuing, "possible permits mlat");

	r->jurisdiction = "treaty.mlat";
	part.issuing_round = 1;
	cr_assert_eq(derive("mlat_open"), CM_NO, "the hosting side knew the facts and is silent");
	part.issuing_round = 2;
	cr_assert_eq(derive("mlat_open"), CM_OPEN, "asked again about the part, it knew them too");
	part.issuing_round = 1;
	part.hosting = NULL;
	cr_assert_eq(derive("mlat_open"), CM_OPEN);
	part.hosting = hosting;
	r->jurisdiction = "US";
	cr_assert_eq(derive("mlat_open"), CM_OPEN, "a statute is read on its own side alone");
	end();
}

/* ---- into the policy's facts ----------------------------------------------------------------- */

static const char *filled(const char *name)
{
	static struct cm_dossier dossier;
	const char *value;

	cm_dossier_init(&dossier, &arena);
	cm_plan_facts_fill(&part, &dossier);
	value = cm_dossier_value(&dossier, name);
	return value != NULL ? value : "open";
}

Test(plan_facts, yes_and_no_are_told_and_open_is_left_out)
{
	(void)help_says(&arena, hosting, "possible forbids disclose");
	(void)help_says(&arena, issuing, "holds requires disclose");
	cr_assert_str_eq(filled("hosted"), "yes");
	cr_assert_str_eq(filled("bar"), "open");
	cr_assert_str_eq(filled("duty"), "yes");
	cr_assert_str_eq(filled("gagged"), "no");
	end();
}

Test(plan_facts, of_what_nobody_hosts_the_issuing_law_alone_speaks)
{
	struct cm_part nowhere = {
	    .target = 1, .category = "content", .region = "", .hosting_state = ""};

	part.part = &nowhere;
	part.host = NULL;
	part.hosting = NULL;
	(void)help_says(&arena, issuing, "holds forbids compel");
	(void)help_says(&arena, issuing, "holds permits mlat");
	cr_assert_str_eq(filled("hosted"), "no");
	cr_assert_str_eq(filled("process_barred"), "yes");
	cr_assert_str_eq(filled("duty"), "no");
	cr_assert_str_eq(filled("bar"), "no", "there is no hosting law");
	cr_assert_str_eq(filled("mlat_open"), "no", "with whom, if nobody hosts it?");
	end();
}

Test(plan_facts, nobody_can_claim_what_only_findings_give)
{
	static const char *const claimed[] = {"hosted", "conflict_bar", "conflict_state"};
	static struct cm_dossier dossier;

	cm_dossier_init(&dossier, &arena);
	for (size_t i = 0; i < ROWS; i++)
		help_demand_fact(&arena, demand, table[i].name, "yes");
	for (size_t i = 0; i < 3; i++)
		help_demand_fact(&arena, demand, claimed[i], "yes");
	help_demand_fact(&arena, demand, "instrument", "warrant");
	cm_plan_facts_take(&dossier, demand->facts, demand->facts_count);
	cr_assert_eq(dossier.count, 2); /* served_on, instrument */
	cr_assert_not_null(cm_dossier_find(&dossier, "instrument"));
	end();
}

/* ---- which finding is a part's --------------------------------------------------------------- */

static struct cm_plan_part find(
    const struct cm_roster *roster, const struct cm_answer *const *answers, size_t count)
{
	struct cm_plan_input input = {
	    .demand = demand, .answers = answers, .answers_count = count, .roster = roster};
	struct cm_plan_part found;

	cm_plan_part_find(&input, host->hosted, host, &found);
	return found;
}

Test(plan_facts, the_second_answer_of_the_issuing_side_stands_before_the_first)
{
	struct cm_roster roster;
	struct cm_answer *again = help_answer(&arena, demand, "us", 2);
	const struct cm_answer *answers[] = {host, issuer, again};
	struct cm_finding *later = help_finding(&arena, again, CM_SIDE_ISSUING, 1, "content", "ie");

	cm_roster_init(&roster);
	fleet_members(&roster, "us+ ie");
	cr_assert_eq(find(&roster, answers, 2).issuing, issuing);
	cr_assert_eq(find(&roster, answers, 3).issuing, later);
	later->target = 2;
	cr_assert_eq(find(&roster, answers, 3).issuing, issuing, "it is on another part");
	later->target = 1;
	later->region = "de";
	cr_assert_eq(find(&roster, answers, 3).issuing, issuing, "it is on another region");
	cm_roster_fini(&roster);
	end();
}

Test(plan_facts, only_the_node_that_carries_the_law_speaks_for_the_issuing_state)
{
	struct cm_roster roster;
	const struct cm_answer *answers[] = {host, issuer};

	cm_roster_init(&roster);
	fleet_members(&roster, "us ie+");
	cr_assert_eq(find(&roster, answers, 2).issuing_member, -1);
	cr_assert_null(find(&roster, answers, 2).issuing);
	cm_roster_fini(&roster);
	cm_roster_init(&roster);
	fleet_members(&roster, "ie us+");
	cr_assert_eq(find(&roster, answers, 2).issuing_member, 1);
	cr_assert_eq(find(&roster, answers, 2).hosting, hosting);
	cm_roster_fini(&roster);
	end();
}
