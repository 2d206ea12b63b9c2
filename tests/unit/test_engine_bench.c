/*
 * The benchmark set: 100 rules, 2,000 demands, answers made by other engines. The rules are in an
 * early form of the language; this file turns them into the present one, line by line, and holds
 * every decision against the expected answers. Prints decisions per second.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jurisdictions/engine/law.h"
#include "test_engine_help.h"

#define FOLDER COMITY_SOURCE_DIR "/tests/golden/rules/bench/"
#define DEMANDS 2000
#define RULES 100

static const struct cm_day today = {20454}; /* 2026-01-01 */

/* ---- into the present language ---- */

static void fact_turn(char *line, struct cm_buf *out)
{
	char *of = strstr(line, " one of countries");
	char name[64] = "";

	(void)sscanf(line, "fact %63s", name);
	if (of != NULL)
		(void)snprintf(of, 32, " country");
	of = strstr(line, " set of countries");
	if (of != NULL)
		(void)snprintf(of, 32, " countries");
	cm_buf_printf(out, "%s \"%s\"\n", line, name);
}

static void line_turn(char *line, struct cm_buf *out)
{
	if (strncmp(line, "countries ", 10) == 0)
		return;
	if (strncmp(line, "set ", 4) == 0) {
		char *is = strstr(line, " is ");

		*is = 0;
		cm_buf_printf(
		    out, "%s \"members\" cite \"c\" from 1900-01-01 is %s end\n", line, is + 4);
	} else if (strncmp(line, "fact ", 5) == 0) {
		fact_turn(line, out);
	} else if (strncmp(line, "  effect ", 9) == 0) {
		cm_buf_printf(out, "  source statute reviewed by nobody\n%s\n", line);
	} else {
		cm_buf_printf(out, "%s\n", line);
	}
}

static void file_turn(const char *name, const char *header, struct cm_buf *out)
{
	char line[8192];
	FILE *file = fopen(name, "rb");

	cr_assert_not_null(file);
	cm_buf_text(out, header);
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = 0;
		line_turn(line, out);
	}
	(void)fclose(file);
}

static struct help_set bench_load(void)
{
	struct cm_buf vocabulary;
	struct cm_buf rules;
	struct cm_law_file files[2];
	struct help_set set;

	cm_buf_init(&vocabulary, 0);
	cm_buf_init(&rules, 0);
	file_turn(FOLDER "vocab.law",
	    "law language 1 jurisdiction common \"x\"\nact disclose \"x\" of data\n", &vocabulary);
	file_turn(FOLDER "rules100.law", "law language 1 jurisdiction US \"x\"\n", &rules);
	files[0] = (struct cm_law_file){"vocab.law", cm_buf_str(&vocabulary), vocabulary.len};
	files[1] = (struct cm_law_file){"rules100.law", cm_buf_str(&rules), rules.len};
	set = help_load_files(files, 2);
	cr_assert_eq(set.status, CM_OK, "%s:%u %s",
	    set.remarks.count ? set.remarks.items[0].path : "",
	    set.remarks.count ? (unsigned)set.remarks.items[0].line : 0,
	    set.remarks.count ? set.remarks.items[0].text : "");
	cr_assert_eq(cm_law_rule_count(set.law), RULES);
	cm_buf_fini(&vocabulary);
	cm_buf_fini(&rules);
	return set;
}

/* ---- demands
 * ------------------------------------------------------------------------------------------------
 */

static void fact_give(struct cm_facts *facts, const char *name, const json_t *value)
{
	const char *values[CM_MAX_FACT_VALUES];
	char number[32];
	struct cm_fact_text text = {.name = name, .values = values, .knowledge = CM_KNOWN};
	struct cm_err err;

	if (json_is_null(value)) {
		text.knowledge = CM_NOT_ASKED;
	} else if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			values[text.values_count++] = json_string_value(json_array_get(value, i));
	} else {
		(void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		values[text.values_count++] = json_is_string(value) ? json_string_value(value)
					      : json_is_boolean(value)
						  ? (json_is_true(value) ? "true" : "false")
						  : number;
	}
	cr_assert_eq(cm_facts_set(facts, &text, &err), CM_OK, "%s", err.text);
}

static json_t *json_read(const char *name)
{
	json_error_t error;
	json_t *json = json_load_file(name, 0, &error);

	cr_assert_not_null(json, "%s: %s", name, error.text);
	return json;
}

static void demands_read(const struct cm_law *law, const char *name, struct cm_facts **out)
{
	json_t *demands = json_read(name);
	const char *key;
	json_t *value;

	cr_assert_eq(json_array_size(demands), DEMANDS);
	for (size_t i = 0; i < DEMANDS; i++) {
		out[i] = cm_facts_new(law);
		cr_assert_not_null(out[i]);
		json_object_foreach(json_array_get(demands, i), key, value)
		    fact_give(out[i], key, value);
	}
	json_decref(demands);
}

static void demands_free(struct cm_facts **demands)
{
	for (size_t i = 0; i < DEMANDS; i++)
		cm_facts_free(demands[i]);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void speed_print(struct help_set *set, struct cm_facts **demands, const char *what)
{
	const unsigned rounds = 100;
	double start = seconds();
	double took;

	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; i < DEMANDS; i++)
			cm_decide(set->law, demands[i], today, set->decision);
	took = seconds() - start;
	(void)fprintf(stderr, "%s: %.0f decisions/s\n", what, rounds * DEMANDS / took);
}

/* The indexes of the rules in the order of their file. */
static void file_order(const struct cm_law *law, size_t order[RULES])
{
	for (size_t i = 0; i < RULES; i++) {
		size_t place = 0;

		for (size_t j = 0; j < RULES; j++)
			place += law->rules[j].def->at.line < law->rules[i].def->at.line;
		order[place] = i;
	}
}

static struct cm_facts *demands[DEMANDS];

Test(bench, two_thousand_known_demands_get_the_expected_answers)
{
	struct help_set set = bench_load();
	json_t *expected = json_read(FOLDER "expected.json");
	size_t mismatches = 0;

	demands_read(set.law, FOLDER "demands.json", demands);
	for (size_t i = 0; i < DEMANDS; i++) {
		json_t *ids = json_array_get(expected, i);
		size_t holding = 0;

		cm_decide(set.law, demands[i], today, set.decision);
		for (size_t rule = 0; rule < RULES; rule++)
			holding += cm_decision_state(set.decision, rule) == CM_RULE_HOLDS;
		mismatches += holding != json_array_size(ids);
		for (size_t j = 0; j < json_array_size(ids); j++) {
			int rule =
			    cm_law_find_rule(set.law, json_string_value(json_array_get(ids, j)));

			mismatches += rule < 0 || cm_decision_state(set.decision, (size_t)rule) !=
						      CM_RULE_HOLDS;
		}
	}
	cr_assert_eq(mismatches, 0, "%zu mismatches", mismatches);
	speed_print(&set, demands, "all known");
	demands_free(demands);
	json_decref(expected);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(bench, with_a_quarter_unknown_each_rule_is_no_certain_or_open_as_expected)
{
	struct help_set set = bench_load();
	json_t *expected = json_read(FOLDER "expected3.json");
	size_t order[RULES];
	size_t mismatches = 0;

	file_order(set.law, order);
	demands_read(set.law, FOLDER "demands_unk.json", demands);
	for (size_t i = 0; i < DEMANDS; i++) {
		json_t *row = json_array_get(expected, i);

		cm_decide(set.law, demands[i], today, set.decision);
		for (size_t rule = 0; rule < RULES; rule++) {
			static const int codes[] = {
			    [CM_NO] = 0, [CM_POSSIBLE] = 2, [CM_CERTAIN] = 1};

			mismatches += codes[cm_decision_applies(set.decision, order[rule])] !=
				      json_integer_value(json_array_get(row, rule));
		}
	}
	cr_assert_eq(mismatches, 0, "%zu mismatches", mismatches);
	speed_print(&set, demands, "a quarter unknown");
	demands_free(demands);
	json_decref(expected);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}
