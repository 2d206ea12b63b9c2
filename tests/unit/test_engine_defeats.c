#include <criterion/criterion.h>
#include <string.h>

#include "test_engine_help.h"

#define ON "in force from 2000-01-01 "
#define DAY "2026-11-07"
#define SERVED "served_on=2026-11-07 "

/* b defeats a, c defeats b; each applies when its own fact says so. */
static const char *const chain =
    "rule us.a" RULE_HEAD ON "applies when us_person effect forbids disclose end\n"
    "rule us.b" RULE_HEAD ON
    "applies when emergency effect permits disclose defeats us.a because specialis end\n"
    "rule us.c" RULE_HEAD ON
    "applies when gag effect forbids disclose defeats us.b because superior end\n";

Test(defeats, a_rule_that_holds_defeats_its_target)
{
	struct help_set set = help_load(chain);

	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=yes emergency=no gag=no", DAY),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=yes emergency=yes gag=no", DAY),
	    CM_RULE_DEFEATED);
	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=no emergency=yes gag=no", DAY),
	    CM_RULE_SILENT);
	help_free(&set);
}

Test(defeats, a_defeated_defeater_restores)
{
	struct help_set set = help_load(chain);

	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=yes emergency=yes gag=yes", DAY),
	    CM_RULE_HOLDS);
	cr_expect_eq(help_state(&set, "us.b", SERVED "us_person=yes emergency=yes gag=yes", DAY),
	    CM_RULE_DEFEATED);
	help_free(&set);
}

Test(defeats, a_possible_defeater_makes_its_target_possible)
{
	struct help_set set = help_load(chain);

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes gag=no", DAY), CM_RULE_POSSIBLE);
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "us_person=yes gag=no", DAY), "emergency");
	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes emergency=yes", DAY), CM_RULE_POSSIBLE);
	cr_expect_str_eq(
	    help_needs(&set, "us.a", SERVED "us_person=yes emergency=yes", DAY), "gag");
	/* Whatever else is open, a certain defeater of the defeater settles it. */
	cr_expect_eq(help_state(&set, "us.a", SERVED "us_person=yes gag=yes", DAY), CM_RULE_HOLDS);
	help_free(&set);
}

Test(defeats, a_rule_surely_defeated_needs_nothing_even_if_it_only_may_apply)
{
	struct help_set set = help_load(chain);

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "emergency=yes gag=no", DAY), CM_RULE_DEFEATED);
	cr_expect_str_eq(help_needs(&set, "us.a", SERVED "emergency=yes gag=no", DAY), "");
	help_free(&set);
}

Test(defeats, subject_to_is_the_inverse_of_defeats)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON
	    "applies when us_person effect forbids disclose subject to us.b end\n"
	    "rule us.b" RULE_HEAD ON "applies when emergency effect permits disclose end\n");

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes emergency=yes", DAY), CM_RULE_DEFEATED);
	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes emergency=no", DAY), CM_RULE_HOLDS);
	help_free(&set);
}

Test(defeats, a_rule_out_of_force_defeats_nothing)
{
	struct help_set set = help_load(
	    "rule us.a" RULE_HEAD ON "applies when us_person effect forbids disclose end\n"
	    "rule us.b" RULE_HEAD "in force from 2027-01-01 applies when emergency effect permits "
				  "disclose defeats us.a because posterior end\n");

	cr_expect_eq(
	    help_state(&set, "us.a", SERVED "us_person=yes emergency=yes", DAY), CM_RULE_HOLDS);
	help_free(&set);
}

/* ---- what is refused ---- */

static void is_refused(
    const char *jurisdiction, const char *text, const char *more, const char *code)
{
	struct help_set set = help_load_as(jurisdiction, text, more);

	cr_expect_eq(set.status, CM_BAD_INPUT, "%s was accepted", text);
	cr_expect(help_has_remark(&set, code), "no %s, but %s", code,
	    set.remarks.count ? set.remarks.items[0].text : "nothing");
	help_free(&set);
}

static void is_accepted(const char *jurisdiction, const char *text, const char *more)
{
	struct help_set set = help_load_as(jurisdiction, text, more);

	cr_expect_eq(set.status, CM_OK, "%s", set.remarks.count ? set.remarks.items[0].text : "");
	help_free(&set);
}

Test(defeats, a_circle_is_refused_and_named)
{
	const char *text =
	    "rule us.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose defeats us.c because specialis end\n"
	    "rule us.b" RULE_HEAD ON
	    "applies when gag effect forbids disclose defeats us.a because specialis end\n"
	    "rule us.c" RULE_HEAD ON
	    "applies when gag effect forbids disclose defeats us.b because specialis end\n"
	    "rule us.d" RULE_HEAD ON
	    "applies when gag effect forbids disclose subject to us.a end\n";
	struct help_set set = help_load_as("US", text, NULL);

	cr_expect_eq(set.status, CM_BAD_INPUT);
	cr_expect_str_eq(
	    help_remark(&set, "defeat-cycle"), "a circle of defeats: us.a is defeated by us.b is "
					       "defeated by us.c is defeated by us.a");
	help_free(&set);
	is_refused("US",
	    "rule us.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose defeats us.a because specialis end\n",
	    NULL, "defeat-cycle");
}

Test(defeats, an_absolute_rule_cannot_be_defeated)
{
	is_refused("US",
	    "rule us.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose strength absolute end\n"
	    "rule us.b" RULE_HEAD ON
	    "applies when gag effect permits disclose defeats us.a because specialis end\n",
	    NULL, "absolute");
}

#define OTHER(code, id, source, rest)                                                              \
	"law language 1 jurisdiction " code " \"x\" rule " id " title \"t\" source " source        \
	" cite \"c\" reviewed by nobody " ON "applies when gag effect permits disclose " rest      \
	" end\n"
static const char *const us_rule =
    "rule us.a" RULE_HEAD ON "applies when gag effect forbids disclose end\n";
static const char *const de_rule =
    "rule de.a" RULE_HEAD ON "applies when gag effect forbids disclose end\n";

Test(defeats, one_sovereign_does_not_defeat_another)
{
	is_refused("US", us_rule, OTHER("CN", "cn.a", "statute", "defeats us.a because superior"),
	    "sovereign");
	is_refused("US",
	    "rule us.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose subject to cn.a end\n",
	    OTHER("CN", "cn.a", "statute", ""), "sovereign");
}

Test(defeats, a_treaty_defeats_where_it_binds_and_was_given_effect)
{
	is_refused("US", us_rule,
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on US, GB",
		"defeats us.a because treaty"),
	    "sovereign");
	is_accepted("US", us_rule,
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on US, GB given effect by \"act\"",
		"defeats us.a because treaty"));
	is_accepted("US", us_rule,
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on US, GB",
		"defeats us.a because treaty given effect by \"act\""));
	is_refused("US", us_rule,
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on GB, AU given effect by \"act\"",
		"defeats us.a because treaty"),
	    "sovereign");
	is_refused("US", us_rule,
	    OTHER("treaty.x", "treaty.x.a", "statute", "defeats us.a because treaty"), "sovereign");
}

Test(defeats, a_monist_state_needs_no_act_and_the_union_binds_its_members)
{
	is_accepted("DE", de_rule,
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on DE, US",
		"defeats de.a because treaty"));
	is_accepted("DE", de_rule,
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on EU, US",
		"defeats de.a because treaty"));
	is_refused("CH", "rule ch.a" RULE_HEAD ON "applies when gag effect forbids disclose end\n",
	    OTHER("treaty.x", "treaty.x.a", "treaty binding on EU, US",
		"defeats ch.a because treaty"),
	    "sovereign");
}

Test(defeats, law_of_the_union_defeats_that_of_its_members_as_superior)
{
	is_accepted(
	    "DE", de_rule, OTHER("EU", "eu.a", "regulation", "defeats de.a because superior"));
	is_refused("DE", de_rule,
	    OTHER("EU", "eu.a", "regulation", "defeats de.a because specialis"), "sovereign");
	is_refused("GB", "rule gb.a" RULE_HEAD ON "applies when gag effect forbids disclose end\n",
	    OTHER("EU", "eu.a", "regulation", "defeats gb.a because superior"), "sovereign");
	is_accepted("DE",
	    "rule de.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose subject to eu.a end\n",
	    OTHER("EU", "eu.a", "regulation", ""));
}

Test(defeats, policy_defeats_only_policy)
{
	is_refused("US", us_rule,
	    OTHER("policy", "provider.a", "policy", "defeats us.a because superior"), "sovereign");
	is_refused("policy",
	    "rule provider.a" RULE_HEAD ON "applies when gag effect forbids disclose end\n",
	    OTHER("US", "us.a", "statute", "defeats provider.a because superior"), "sovereign");
	is_refused("US",
	    "rule us.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose subject to provider.a end\n",
	    OTHER("policy", "provider.a", "policy", ""), "sovereign");
	is_accepted("policy",
	    "rule provider.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose subject to provider.b end\n"
	    "rule provider.b" RULE_HEAD ON "applies when emergency effect permits disclose end\n",
	    NULL);
}

Test(defeats, a_rule_of_a_sovereign_not_loaded_is_a_lint_and_a_mistyped_one_an_error)
{
	struct help_set set =
	    help_load("rule us.a" RULE_HEAD ON
		      "applies when gag effect forbids disclose subject to treaty.us_gb.x end");

	cr_expect(help_has_remark(&set, "rule-not-loaded"));
	help_free(&set);
	is_refused("US",
	    "rule us.sca.a" RULE_HEAD ON
	    "applies when gag effect forbids disclose subject to us.sca.b end\n"
	    "rule us.sca.bb" RULE_HEAD ON "applies when gag effect forbids disclose end\n",
	    NULL, "unknown-rule");
}
