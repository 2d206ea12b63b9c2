#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "nodes/desk/amend.h"
#include "nodes/desk/check.h"

/* What persons changed in a node's own finding, applied to what its law says: never more than that. */

static struct cm_arena arena;
static struct cm_check check;
static struct cm_law *law;
static struct cm_demand *demand;
static struct cm_answer answer;
static bool has_map;
static const char *const issuing[] = {"US"};

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *where, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	(void)data;
	(void)target;
	(void)category;
	(void)as_of;
	(void)err;
	*parts = cm_arena_alloc(where, 1, sizeof **parts);
	if (*parts == NULL)
		return CM_NO_MEMORY;
	**parts = (struct cm_part){.region = "ie", .hosting_state = "IE"};
	*count = has_map;
	return CM_OK;
}

/* A bar for consumers, which a treaty lifts; a motion that looks at the conflict. */
static void start(bool carries_issuing)
{
	char text[4096];

	cm_arena_init(&arena, 0);
	(void)snprintf(text, sizeof text, "%s%s%s",
	    help_rule(&arena, "ie.bar", "customer_kind is consumer", "forbids disclose of content",
	        "subject to ie.consent\n  deadline 14 days from served_on to disclose"),
	    help_rule(&arena, "ie.consent", "key_custody is provider", "permits disclose of content", ""),
	    help_rule(&arena, "ie.motion", "conflict_bar", "permits motion_to_quash", ""));
	law = help_law("IE", text);
	has_map = true;
	check = (struct cm_check){.node = "dublin",
	    .region = "ie",
	    .state = "IE",
	    .zone = "Europe/Dublin",
	    .issuing = issuing,
	    .issuing_count = carries_issuing,
	    .law = law,
	    .lookup = look_up};
	cr_assert_eq(cm_check_init(&check), CM_OK);
	demand = help_demand(&arena, "US", 1, "content");
}

static void end(void)
{
	cm_check_fini(&check);
	cm_law_free(law);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

static struct cm_amendment amendment(enum cm_amends amends, enum cm_finding_side side,
    const char *subject, const char *says, int64_t at_ms)
{
	const char **values = cm_arena_alloc(&arena, 1, sizeof *values);

	values[0] = says;
	return (struct cm_amendment){.amends = amends,
	    .target = 1,
	    .category = "content",
	    .region = "ie",
	    .side = side,
	    .subject = subject,
	    .says = values,
	    .says_count = 1,
	    .was = "",
	    .node = "dublin",
	    .by = "regional counsel, Dublin",
	    .reasons = "Read the file.",
	    .at_ms = at_ms};
}

static enum cm_status ask(uint32_t round, const struct cm_amendment *list, size_t count,
    const struct cm_answer *before)
{
	struct cm_check_past past = {list, count, before};
	struct cm_part part = {
	    .target = 1, .category = "content", .region = "ie", .hosting_state = "IE"};
	struct cm_ask question = {.case_id = demand->case_id,
	    .round = round,
	    .demand = *demand,
	    .parts = &part,
	    .parts_count = round > 1};
	enum cm_status status;

	check.past = &past;
	status =
	    cm_check_answer(&check, &question, (struct cm_wall){HELP_NOW_MS}, &arena, &answer);
	check.past = NULL;
	return status;
}

/* "hosting 1 ie: ie.bar holds; " for every finding, a line each. */
static const char *findings(void)
{
	const char *text = "";

	for (size_t i = 0; i < answer.findings_count; i++) {
		const struct cm_finding *f = &answer.findings[i];

		text = cm_arena_printf(&arena, "%s%s %u %s:", text,
		    f->side == CM_SIDE_HOSTING ? "hosting" : "issuing", (unsigned)f->target,
		    f->region[0] != 0 ? f->region : "-");
		for (size_t j = 0; j < f->rulings_count; j++)
			text = cm_arena_printf(&arena, "%s %s %s", text, f->rulings[j].rule,
			    cm_amend_state_of(f, f->rulings[j].rule));
		text = cm_arena_printf(&arena, "%s%s%s\n", text, f->withdrawn[0] != 0 ? " withdrawn " : "",
		    f->withdrawn);
	}
	return text;
}

static void gives(const struct cm_amendment *list, size_t count, const char *wanted)
{
	cr_assert_eq(ask(1, list, count, NULL), CM_OK);
	cr_assert_str_eq(findings(), wanted);
}

static void consumer(void)
{
	help_demand_fact(&arena, demand, "customer_kind", "consumer");
}

Test(amend, nothing_changed_changes_nothing)
{
	start(false);
	consumer();
	gives(NULL, 0, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	cr_assert_eq(answer.amendments_count, 0);
	end();
}

Test(amend, a_rule_that_counsel_says_holds_holds_and_its_clock_with_it)
{
	struct cm_amendment a;

	start(false);
	consumer();
	a = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.bar", "holds", 1);
	gives(&a, 1, "hosting 1 ie: ie.bar holds ie.consent possible ie.motion possible\n");
	cr_assert_eq(answer.findings[0].rulings[0].needs_count, 0);
	cr_assert_str_eq(answer.findings[0].rulings[0].ask, "");
	cr_assert_not(answer.findings[0].rulings[0].terms[0].conditional);
	cr_assert_str_eq(answer.findings[0].rulings[0].terms[0].zone, "Europe/Dublin");
	cr_assert_eq(answer.amendments_count, 1);
	cr_assert_str_eq(answer.amendments[0].by, "regional counsel, Dublin");
	end();
}

Test(amend, a_rule_the_law_leaves_silent_can_be_said_to_hold)
{
	struct cm_amendment a;

	start(false);
	help_demand_fact(&arena, demand, "customer_kind", "enterprise");
	help_demand_fact(&arena, demand, "key_custody", "provider");
	gives(NULL, 0, "hosting 1 ie: ie.consent holds ie.motion possible\n");
	a = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.bar", "holds", 1);
	gives(&a, 1, "hosting 1 ie: ie.consent holds ie.motion possible ie.bar holds\n");
	cr_assert_eq(answer.findings[0].rulings[2].modality, CM_FORBIDS);
	cr_assert_str_eq(answer.findings[0].rulings[2].act, "disclose");
	cr_assert_str_eq(answer.findings[0].rulings[2].jurisdiction, "IE");
	end();
}

Test(amend, a_permission_that_counsel_says_holds_lifts_no_prohibition)
{
	struct cm_amendment a;

	start(false);
	consumer();
	help_demand_fact(&arena, demand, "key_custody", "customer");
	gives(NULL, 0, "hosting 1 ie: ie.bar holds ie.motion possible\n");
	a = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.consent", "holds", 1);
	gives(&a, 1, "hosting 1 ie: ie.bar holds ie.motion possible ie.consent holds\n");
	end();
}

Test(amend, what_a_silenced_rule_defeated_may_apply_and_does_not_surely)
{
	struct cm_amendment a;

	start(false);
	consumer();
	help_demand_fact(&arena, demand, "key_custody", "provider");
	gives(NULL, 0, "hosting 1 ie: ie.bar defeated ie.consent holds ie.motion possible\n");
	a = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.consent", "silent", 1);
	gives(&a, 1, "hosting 1 ie: ie.bar possible ie.motion possible\n");
	cr_assert_str_eq(answer.findings[0].rulings[0].ask,
	    "Does ie.bar apply, now that ie.consent is set aside?");
	cr_assert_str_eq(answer.findings[0].rulings[0].defeated_by, "");
	end();
}

Test(amend, of_two_on_one_rule_the_later_counts_and_both_are_named)
{
	struct cm_amendment a[2];

	start(false);
	consumer();
	a[0] = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.bar", "silent", 1);
	a[1] = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.bar", "holds", 2);
	gives(a, 2, "hosting 1 ie: ie.bar holds ie.consent possible ie.motion possible\n");
	cr_assert_eq(answer.amendments_count, 2);
	end();
}

Test(amend, on_another_part_changes_nothing_here)
{
	struct cm_amendment a;

	start(false);
	consumer();
	a = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.bar", "silent", 1);
	a.target = 2;
	gives(&a, 1, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	a.target = 1;
	a.category = "subscriber";
	gives(&a, 1, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	a.category = "content";
	a.side = CM_SIDE_ISSUING;
	gives(&a, 1, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	end();
}

Test(amend, a_fact_is_decided_with_and_a_later_answer_replaces_an_earlier)
{
	struct cm_amendment a[2];

	start(false);
	consumer();
	a[0] = amendment(CM_AMENDS_FACT, CM_SIDE_HOSTING, "key_custody", "provider", 1);
	gives(a, 1, "hosting 1 ie: ie.bar defeated ie.consent holds ie.motion possible\n");
	a[1] = amendment(CM_AMENDS_FACT, CM_SIDE_HOSTING, "key_custody", "customer", 2);
	gives(a, 2, "hosting 1 ie: ie.bar holds ie.motion possible\n");
	end();
}

Test(amend, a_fact_that_contradicts_the_demand_is_disputed)
{
	struct cm_amendment a;

	start(false);
	consumer();
	help_demand_fact(&arena, demand, "key_custody", "customer");
	a = amendment(CM_AMENDS_FACT, CM_SIDE_HOSTING, "key_custody", "provider", 1);
	gives(&a, 1, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	end();
}

Test(amend, a_withdrawn_finding_says_nothing_but_why_and_can_stand_again)
{
	struct cm_amendment a[2];

	start(false);
	consumer();
	a[0] = amendment(CM_AMENDS_FINDING, CM_SIDE_HOSTING, "finding", "withdrawn", 1);
	gives(a, 1, "hosting 1 ie: withdrawn regional counsel, Dublin: Read the file.\n");
	cr_assert_eq(answer.hosted_count, 1, "it is still here");
	a[1] = amendment(CM_AMENDS_FINDING, CM_SIDE_HOSTING, "finding", "stands", 2);
	gives(a, 2, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	end();
}

Test(amend, a_part_that_is_gone_is_withdrawn_again_and_again_until_it_is_back)
{
	struct cm_answer before;

	start(false);
	consumer();
	cr_assert_eq(ask(1, NULL, 0, NULL), CM_OK);
	for (int i = 0; i < 2; i++) {
		before = answer;
		has_map = false;
		cr_assert_eq(ask(1, NULL, 0, &before), CM_OK);
		cr_assert_str_eq(
		    findings(), "hosting 1 ie: withdrawn the residency map no longer has it here\n");
		cr_assert_eq(answer.hosted_count, 0);
	}
	before = answer;
	has_map = true;
	cr_assert_eq(ask(1, NULL, 0, &before), CM_OK);
	cr_assert_str_eq(
	    findings(), "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	end();
}

Test(amend, the_issuing_side_speaks_of_an_amended_part_by_itself)
{
	struct cm_amendment a;

	start(true);
	consumer();
	a = amendment(CM_AMENDS_RULING, CM_SIDE_ISSUING, "ie.motion", "holds", 1);
	cr_assert_eq(ask(1, &a, 1, NULL), CM_OK);
	cr_assert_str_eq(findings(),
	    "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n"
	    "issuing 0 -: ie.bar possible ie.consent possible ie.motion possible\n"
	    "issuing 1 ie: ie.bar possible ie.consent possible ie.motion holds\n");
	cr_assert_eq(ask(2, &a, 1, NULL), CM_OK);
	cr_assert_str_eq(findings(), "issuing 1 ie: ie.bar possible ie.consent possible ie.motion holds\n");
	cr_assert_eq(answer.amendments_count, 1, "it rests on it");
	a.side = CM_SIDE_HOSTING;
	cr_assert_eq(ask(2, &a, 1, NULL), CM_OK);
	cr_assert_eq(answer.amendments_count, 0, "this round is not about the hosting side");
	end();
}

Test(amend, a_rule_of_an_older_text_is_no_rule)
{
	struct cm_amendment a;

	start(false);
	consumer();
	a = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.repealed", "holds", 1);
	gives(&a, 1, "hosting 1 ie: ie.bar possible ie.consent possible ie.motion possible\n");
	end();
}

Test(amend, without_memory_there_is_no_answer)
{
	struct cm_amendment a[3];

	start(true);
	consumer();
	a[0] = amendment(CM_AMENDS_RULING, CM_SIDE_HOSTING, "ie.bar", "silent", 1);
	a[1] = amendment(CM_AMENDS_RULING, CM_SIDE_ISSUING, "ie.motion", "holds", 2);
	a[2] = amendment(CM_AMENDS_FACT, CM_SIDE_HOSTING, "key_custody", "provider", 3);
	for (size_t nth = 1;; nth++) {
		enum cm_status status;
		bool has_failed;

		cm_alloc_fail_at(nth, true);
		status = ask(1, a, 3, NULL);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		if (!has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu", nth);
	}
	end();
}
