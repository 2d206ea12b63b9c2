#include "jurisdictions/engine/law.h"

#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/codes.h"
#include "jurisdictions/engine/sentence.h"
#include "protocol/base/text.h"

static void check_missing(struct cm_check *check, const struct cm_rule_def *rule)
{
	const struct {
		bool there;
		const char *field;
	} needed[] = {
	    {rule->title != NULL, "title"},
	    {rule->has_source, "source"},
	    {rule->cites != NULL, "cite"},
	    {rule->spans != NULL, "in force from"},
	    {rule->applies != NULL || rule->readings != NULL, "applies when"},
	    {rule->has_effect, "effect"},
	    {rule->reviews != NULL, "reviewed by"},
	};

	char text[200] = "";
	size_t used = 0;

	if (rule->broken)
		return;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!needed[i].there)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s`%s`",
			    used == 0 ? "" : ", ", needed[i].field);
	if (used != 0)
		cm_error_add(
		    check->loader, rule->at, "missing-field", "rule %s has no %s", rule->id, text);
}

static const char *suggest_act(struct cm_check *check, const char *typed)
{
	const struct cm_law *law = check->law;
	const char **words =
	    cm_arena_alloc(&check->loader->remarks->arena, law->acts_count, sizeof *words);

	if (words == NULL)
		return "";
	for (size_t i = 0; i < law->acts_count; i++)
		words[i] = law->acts[i]->name;
	return cm_suggestion(check, typed, words, law->acts_count);
}

static const char *suggest_calendar(struct cm_check *check, const char *typed)
{
	const struct cm_law *law = check->law;
	const char **words =
	    cm_arena_alloc(&check->loader->remarks->arena, law->calendars_count, sizeof *words);

	if (words == NULL)
		return "";
	for (size_t i = 0; i < law->calendars_count; i++)
		words[i] = law->calendars[i]->name;
	return cm_suggestion(check, typed, words, law->calendars_count);
}

static const struct cm_act_def *check_act(struct cm_check *check, const struct cm_word *act)
{
	int found = cm_law_find_act(check->law, act->text);

	if (found >= 0)
		return check->law->acts[found];
	cm_error_add(check->loader, act->at, "unknown-act", "no act is named %s%s", act->text,
	    suggest_act(check, act->text));
	return NULL;
}

static void check_effect(struct cm_check *check, struct cm_rule_def *rule)
{
	const struct cm_law *law = check->law;
	const struct cm_act_def *act;

	if (!rule->has_effect)
		return;
	act = check_act(check, rule->act);
	if (rule->of == NULL)
		return;
	if (act != NULL && !act->of_data)
		cm_error_add(check->loader, rule->of->at, "type",
		    "act %s is not declared `of data`", act->name);
	if (law->data_fact < 0) {
		cm_error_add(check->loader, rule->of->at, "type",
		    "the vocabulary has no fact `data` that is a set of categories");
		return;
	}
	for (struct cm_word *word = rule->of; word != NULL; word = word->next) {
		const struct cm_fact_entry *data = &law->facts[law->data_fact];

		word->value = cm_fact_value(data, word->text);
		if (word->value < 0)
			cm_error_add(check->loader, word->at, "unknown-value",
			    "%s is no category of data%s", word->text,
			    cm_suggestion_of(check, cm_fact_suggest(data, word->text)));
	}
}

static void check_deadline(struct cm_check *check, struct cm_deadline *deadline)
{
	const struct cm_law *law = check->law;
	int fact;
	int calendar;

	if (deadline == NULL)
		return;
	fact = cm_law_find_fact(law, deadline->fact->text);
	if (fact < 0) {
		cm_error_add(check->loader, deadline->fact->at, "unknown-fact",
		    "no fact is named %s%s", deadline->fact->text,
		    cm_suggest_fact(check, deadline->fact->text));
	} else if (law->facts[fact].info.type != CM_FACT_DATE) {
		cm_error_add(check->loader, deadline->fact->at, "type", "%s is %s, not a date",
		    deadline->fact->text, cm_fact_kind(&law->facts[fact]));
	}
	deadline->fact->value = fact;
	(void)check_act(check, deadline->act);
	if (deadline->calendar == NULL) {
		if (deadline->unit == CM_UNIT_BUSINESS_DAYS)
			cm_error_add(check->loader, deadline->at, "missing-field",
			    "business days need a `calendar`");
		return;
	}
	calendar = cm_law_find_calendar(law, deadline->calendar->text);
	if (calendar >= 0)
		deadline->on = law->calendars[calendar];
	else
		cm_error_add(check->loader, deadline->calendar->at, "unknown-calendar",
		    "no calendar is named %s%s", deadline->calendar->text,
		    suggest_calendar(check, deadline->calendar->text));
}

static void check_source(struct cm_check *check, const struct cm_rule_def *rule)
{
	cm_check_codes(check, rule->binding, "binding on");
	if (rule->has_source && rule->source != CM_SOURCE_TREATY && rule->binding != NULL)
		cm_error_add(
		    check->loader, rule->source_at, "type", "only a treaty is `binding on` states");
	if (rule->has_source && rule->source == CM_SOURCE_TREATY && rule->binding == NULL)
		cm_error_add(check->loader, rule->source_at, "missing-field",
		    "a treaty says whom it is `binding on`");
}

static void check_readings(struct cm_check *check, struct cm_rule_def *rule)
{
	unsigned count = 0;

	for (struct cm_reading *a = rule->readings; a != NULL; a = a->next) {
		if (++count == CM_MAX_READINGS + 1)
			cm_error_add(check->loader, a->at, "bound",
			    "more than %d readings of a rule", CM_MAX_READINGS);
		cm_check_expr(check, a->applies, false);
		for (const struct cm_reading *b = rule->readings; b != a; b = b->next)
			if (strcmp(a->name, b->name) == 0)
				cm_error_add(check->loader, a->at, "duplicate",
				    "reading %s is there twice", a->name);
	}
}

static void check_template(struct cm_check *check, const struct cm_note *note)
{
	const char *at = note->text;
	char name[CM_MAX_NAME_IN_TEXT];

	for (;;) {
		int got = cm_template_next(&at, NULL, name);

		if (got == CM_TEMPLATE_END)
			return;
		if (got == CM_TEMPLATE_BAD) {
			cm_error_add(check->loader, note->at, "syntax",
			    "a `{` in this text has no `}` behind a name");
			return;
		}
		if (got == CM_TEMPLATE_NAME && strcmp(name, "deadline") != 0 &&
		    cm_law_find_fact(check->law, name) < 0)
			cm_error_add(check->loader, note->at, "unknown-fact",
			    "this text names {%s}, which is no fact%s", name,
			    cm_suggest_fact(check, name));
	}
}

static void check_explains(struct cm_check *check, const struct cm_rule_def *rule)
{
	for (const struct cm_note *a = rule->explains; a != NULL; a = a->next) {
		check_template(check, a);
		for (const struct cm_note *b = rule->explains; b != a; b = b->next)
			if (strcmp(a->lang != NULL ? a->lang : "",
				b->lang != NULL ? b->lang : "") == 0) {
				cm_error_add(check->loader, a->at, "duplicate-field",
				    "rule %s explains itself twice in one language", rule->id);
				break;
			}
	}
}

static void check_names(struct cm_check *check, const struct cm_test_def *test)
{
	if (test->expect != CM_EXPECT_UNDETERMINED)
		return;
	for (const struct cm_word *word = test->names; word != NULL; word = word->next)
		if (cm_law_find_fact(check->law, word->text) < 0)
			cm_error_add(check->loader, word->at, "unknown-fact",
			    "no fact is named %s%s", word->text,
			    cm_suggest_fact(check, word->text));
}

void cm_check_tests(struct cm_check *check, struct cm_test_def *tests, bool of_rule)
{
	for (struct cm_test_def *test = tests; test != NULL; test = test->next) {
		for (struct cm_expr *given = test->given; given != NULL; given = given->next)
			cm_check_expr(check, given, true);
		check_names(check, test);
		if (!of_rule &&
		    (test->expect == CM_EXPECT_DEFEATED || test->expect == CM_EXPECT_CONFLICT))
			cm_error_add(check->loader, test->at, "type",
			    "a term is only applied, silent or undetermined");
	}
}

void cm_check_rule(struct cm_check *check, struct cm_rule_def *rule)
{
	check_missing(check, rule);
	check_source(check, rule);
	cm_check_spans(check, rule->spans, rule->id);
	check->names_facts = true;
	if (rule->applies != NULL)
		cm_check_expr(check, rule->applies, false);
	check_readings(check, rule);
	rule->names_facts = check->names_facts;
	check_effect(check, rule);
	check_deadline(check, rule->deadline);
	check_explains(check, rule);
	cm_check_tests(check, rule->tests, true);
}
