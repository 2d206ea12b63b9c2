#include <criterion/criterion.h>
#include <string.h>

#include "jurisdictions/engine/codes.h"
#include "test_engine_help.h"

static const char *const one_rule =
    "rule us.a" RULE_HEAD
    "in force from 2000-01-01 applies when us_person effect permits quash end";

static void is_refused(struct help_set *set, const char *name, const char *value,
    enum cm_status status, const char *text)
{
	struct cm_err err;

	cr_expect_eq(cm_facts_set_one(set->facts, name, value, "test", &err), status, "%s = %s",
	    name, value);
	cr_expect_str_eq(err.text, text);
}

Test(facts, what_does_not_fit_its_type_is_refused_with_a_sentence)
{
	struct help_set set = help_load(one_rule);

	is_refused(&set, "us_persn", "yes", CM_UNKNOWN_NAME, "the vocabulary has no fact us_persn");
	is_refused(&set, "us_person", "maybe", CM_BAD_INPUT,
	    "fact us_person: \"maybe\" is none of its values");
	is_refused(&set, "residence", "UK", CM_BAD_INPUT,
	    "fact residence: \"UK\" is none of its values; did you mean GB?");
	is_refused(&set, "instrument", "warant", CM_BAD_INPUT,
	    "fact instrument: \"warant\" is none of its values; did you mean warrant?");
	is_refused(&set, "secrecy_days", "long", CM_BAD_INPUT,
	    "fact secrecy_days: \"long\" is no whole number of days");
	is_refused(&set, "secrecy_days", "3 months", CM_BAD_INPUT,
	    "fact secrecy_days: \"3 months\" is no whole number of days");
	is_refused(&set, "secrecy_days", "99999999999999999999", CM_BAD_INPUT,
	    "fact secrecy_days: \"99999999999999999999\" is no whole number of days");
	is_refused(&set, "served_on", "2026-02-30", CM_BAD_INPUT,
	    "fact served_on: \"2026-02-30\" is no date (YYYY-MM-DD)");
	help_free(&set);
}

Test(facts, numbers_may_carry_their_unit_and_yes_may_be_true)
{
	struct help_set set = help_load(one_rule);

	cr_expect_eq(cm_facts_set_one(set.facts, "secrecy_days", "730 days", NULL, NULL), CM_OK);
	cr_expect(cm_facts_is_known(set.facts, cm_law_find_fact(set.law, "secrecy_days")));
	cr_expect_eq(cm_facts_set_one(set.facts, "us_person", "true", NULL, NULL), CM_OK);
	help_free(&set);
}

Test(facts, a_later_value_replaces_the_earlier_and_clear_forgets_all)
{
	struct help_set set = help_load(one_rule);
	int fact = cm_law_find_fact(set.law, "us_person");

	cr_expect(!cm_facts_is_known(set.facts, fact));
	cr_expect_eq(help_state(&set, "us.a", "served_on=2026-01-01 us_person=yes us_person=no",
			 "2026-01-01"),
	    CM_RULE_SILENT);
	cr_expect(cm_facts_is_known(set.facts, fact));
	cm_facts_clear(set.facts);
	cr_expect(!cm_facts_is_known(set.facts, fact));
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(facts, a_known_set_may_be_empty_but_a_single_value_may_not)
{
	struct help_set set = help_load(one_rule);
	struct cm_fact_text text = {.name = "data", .knowledge = CM_KNOWN};
	struct cm_err err;

	cr_expect_eq(cm_facts_set(set.facts, &text, &err), CM_OK);
	cr_expect(cm_facts_is_known(set.facts, cm_law_find_fact(set.law, "data")));
	text.name = "residence";
	cr_expect_eq(cm_facts_set(set.facts, &text, &err), CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "fact residence: no value");
	help_free(&set);
}

Test(facts, the_vocabulary_can_be_read)
{
	struct help_set set = help_load(one_rule);
	const struct cm_fact_info *info =
	    cm_law_fact(set.law, (size_t)cm_law_find_fact(set.law, "instrument"));

	cr_expect_eq(cm_law_fact_count(set.law), 15);
	cr_expect_eq(info->type, CM_FACT_ONE_OF);
	cr_expect_eq(info->values_count, 3);
	cr_expect_str_eq(info->values[2], "subpoena");
	cr_expect_str_eq(cm_law_fact(set.law, 0)->asked_as, "Which state asks?");
	cr_expect_eq(cm_law_find_fact(set.law, "nothing"), -1);
	cr_expect_eq(cm_law_find_rule(set.law, "us.b"), -1);
	help_free(&set);
}

Test(facts, every_country_code_is_found_and_nothing_else)
{
	size_t found = 0;

	for (int a = 0; a < 128; a++)
		for (int b = 0; b < 128; b++) {
			char code[3] = {(char)a, (char)b, 0};
			int index = cm_country_find(code);

			cr_assert(index < 0 || strcmp(cm_countries[index], code) == 0, "%s", code);
			found += index >= 0;
		}
	cr_assert_eq(found, CM_COUNTRIES);
	cr_assert_lt(cm_country_find("IEX"), 0);
}
