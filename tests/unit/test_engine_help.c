#include "test_engine_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const help_vocabulary =
    "law language 1 jurisdiction common \"facts\"\n"
    "fact issuing_state is country \"who asks\" asked as \"Which state asks?\"\n"
    "fact residence is country \"where the person lives\" asked as \"Where does the person "
    "live?\"\n"
    "fact seat is country \"where the customer sits\"\n"
    "fact nationality is countries \"passports\"\n"
    "fact instrument is one of warrant, d_order, subpoena \"what was served\"\n"
    "fact data is set of content, traffic, subscriber \"what is asked for\"\n"
    "fact us_person is yes-or-no \"a US person\"\n"
    "fact emergency is yes-or-no \"life in danger\"\n"
    "fact gag is yes-or-no \"secrecy\"\n"
    "fact material_risk is judgment \"a material risk\"\n"
    "fact secrecy_days is number of days \"how long\"\n"
    "fact offence_months is number of months \"how grave\"\n"
    "fact served_on is date \"day of service\"\n"
    "fact issued_on is date \"day of issue\"\n"
    "fact conduct_on is date \"day of the deed\"\n"
    "act disclose \"give\" of data\n"
    "act quash \"move to quash\"\n"
    "calendar us_federal of US weekend Saturday, Sunday\n"
    "  holiday 2026-11-26 \"Thanksgiving\" holiday 2026-12-25 \"Christmas\" rolls forward end\n"
    "calendar gulf of AE weekend friday, saturday rolls back end\n";

struct help_set help_load_files(const struct cm_law_file *files, size_t count)
{
	struct help_set set = {0};

	cm_remarks_init(&set.remarks);
	set.status = cm_law_load(files, count, &set.remarks, &set.law);
	if (set.law != NULL) {
		set.facts = cm_facts_new(set.law);
		set.decision = cm_decision_new(set.law);
		if (set.facts == NULL || set.decision == NULL)
			abort();
	}
	return set;
}

struct help_set help_load_as(const char *jurisdiction, const char *text, const char *more)
{
	size_t len = strlen(text) + 256;
	char *whole = malloc(len);
	struct cm_law_file files[3] = {
	    {"vocabulary.law", help_vocabulary, strlen(help_vocabulary)}};
	struct help_set set;

	if (whole == NULL)
		abort();
	(void)snprintf(
	    whole, len, "law language 1 jurisdiction %s \"test\"\n%s", jurisdiction, text);
	files[1] = (struct cm_law_file){"a.law", whole, strlen(whole)};
	files[2] = (struct cm_law_file){"b.law", more, more != NULL ? strlen(more) : 0};
	set = help_load_files(files, more != NULL ? 3 : 2);
	free(whole);
	return set;
}

struct help_set help_load(const char *text)
{
	struct help_set set = help_load_as("US", text, NULL);

	if (set.law == NULL) {
		for (size_t i = 0; i < set.remarks.count; i++)
			(void)fprintf(stderr, "%s:%u:%u: %s\n", set.remarks.items[i].path,
			    (unsigned)set.remarks.items[i].line,
			    (unsigned)set.remarks.items[i].column, set.remarks.items[i].text);
		abort();
	}
	return set;
}

void help_free(struct help_set *set)
{
	cm_facts_free(set->facts);
	cm_decision_free(set->decision);
	cm_law_free(set->law);
	cm_remarks_fini(&set->remarks);
}

const char *help_remark(const struct help_set *set, const char *code)
{
	for (size_t i = 0; i < set->remarks.count; i++)
		if (strcmp(set->remarks.items[i].code, code) == 0)
			return set->remarks.items[i].text;
	return "";
}

bool help_has_remark(const struct help_set *set, const char *code)
{
	return *help_remark(set, code) != 0;
}

struct cm_day help_day(const char *text)
{
	struct cm_day day;

	if (!cm_day_parse(text, strlen(text), &day))
		abort();
	return day;
}

static void fact_set(struct help_set *set, char *name, char *value)
{
	const char *values[CM_MAX_FACT_VALUES];
	struct cm_fact_text text = {.name = name, .values = values, .source = "test"};
	struct cm_err err;
	char *rest = NULL;

	if (strcmp(value, "?") == 0) {
		text.knowledge = CM_NOT_ASKED;
	} else if (strcmp(value, "??") == 0) {
		text.knowledge = CM_CANNOT_TELL;
	} else {
		if (*value == '~') {
			text.knowledge = CM_DISPUTED;
			value++;
		}
		for (char *at = strtok_r(value, ",", &rest); at != NULL;
		     at = strtok_r(NULL, ",", &rest))
			values[text.values_count++] = at;
	}
	if (cm_facts_set(set->facts, &text, &err) != CM_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

void help_facts(struct help_set *set, const char *line)
{
	char room[1024];
	char *rest = NULL;

	(void)snprintf(room, sizeof room, "%s", line);
	for (char *at = strtok_r(room, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest)) {
		char *equals = strchr(at, '=');

		if (equals == NULL)
			abort();
		*equals = 0;
		fact_set(set, at, equals + 1);
	}
}

enum cm_rule_state help_state(
    struct help_set *set, const char *rule, const char *line, const char *as_of)
{
	int index = cm_law_find_rule(set->law, rule);

	if (index < 0)
		abort();
	cm_facts_clear(set->facts);
	help_facts(set, line);
	cm_decide(set->law, set->facts, help_day(as_of), set->decision);
	return cm_decision_state(set->decision, (size_t)index);
}

const char *help_needs(struct help_set *set, const char *rule, const char *line, const char *as_of)
{
	static char text[1024];
	struct cm_ruling *rulings;
	struct cm_arena arena;
	size_t count;

	text[0] = 0;
	(void)help_state(set, rule, line, as_of);
	cm_arena_init(&arena, 0);
	if (cm_decision_rulings(set->law, set->facts, help_day(as_of), set->decision, &arena,
		&rulings, &count) != CM_OK)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rulings[i].rule, rule) != 0)
			continue;
		for (size_t j = 0; j < rulings[i].needs_count; j++)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
			    j == 0 ? "" : " ", rulings[i].needs[j]);
	}
	cm_arena_fini(&arena);
	return text;
}
