/* The set of 100 rules: from its early form of the language into the present one, with its demands
 * and the answers expected. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jurisdictions/engine/codes.h"
#include "tests/bench/rules.h"

#define FOLDER COMITY_SOURCE_DIR "/tests/golden/rules/bench/"

const struct cm_day bench_today = {20454}; /* 2026-01-01 */

void bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(1);
}

double bench_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- law ---- */

static FILE *open_file(const char *name)
{
	FILE *file = fopen(name, "rb");

	if (file == NULL)
		bench_die("%s: cannot be read", name);
	return file;
}

void bench_vocabulary_write(struct cm_buf *out)
{
	FILE *file = open_file(FOLDER "vocab.law");
	char line[8192];

	cm_buf_text(out, "law language 1 jurisdiction common \"x\"\nact disclose \"x\" of data\n");
	while (fgets(line, sizeof line, file) != NULL) {
		char name[64] = "";
		char *of = strstr(line, " one of countries");
		char *is = strstr(line, " is ");

		line[strcspn(line, "\n")] = 0;
		if (of != NULL)
			(void)snprintf(of, 32, " country");
		of = strstr(line, " set of countries");
		if (of != NULL)
			(void)snprintf(of, 32, " countries");
		if (strncmp(line, "set ", 4) == 0 && is != NULL)
			cm_buf_printf(out,
			    "%.*s \"members\" cite \"c\" from 1900-01-01 is %s end\n",
			    (int)(is - line), line, is + 4);
		else if (sscanf(line, "fact %63s", name) == 1)
			cm_buf_printf(out, "%s \"%s\"\n", line, name);
	}
	(void)fclose(file);
}

/* Each state's rules speak of other states: codes are turned round the list of countries. */
static void codes_turn(const char *line, unsigned turn, struct cm_buf *out)
{
	for (const char *at = line; *at != 0; at++) {
		char code[3] = {at[0], at[1], 0};
		bool is_word = at[0] >= 'A' && at[0] <= 'Z' && at[1] >= 'A' && at[1] <= 'Z' &&
			       (at == line || at[-1] == ' ') &&
			       (at[2] == 0 || at[2] == ' ' || at[2] == ',');
		int found = is_word ? cm_country_find(code) : -1;

		if (found < 0) {
			cm_buf_add(out, at, 1);
			continue;
		}
		cm_buf_text(out, cm_countries[((unsigned)found + turn * 2) % CM_COUNTRIES]);
		at++;
	}
}

static void id_turn(const char *line, unsigned turn, struct cm_buf *out)
{
	char id[256] = "";

	if (turn == 0)
		cm_buf_text(out, line);
	else if (sscanf(line, "rule %255s", id) == 1)
		cm_buf_printf(out, "rule s%u.%s", turn, id);
	else
		cm_buf_text(out, line);
}

static bool names_country(const char *condition)
{
	return strstr(condition, "_state") != NULL || strstr(condition, "_seat") != NULL ||
	       strstr(condition, "_residence") != NULL || strstr(condition, "_location") != NULL;
}

/* Ids of the state's own rules, as id_turn makes them. */
static void defeats_turn(const char *line, unsigned turn, struct cm_buf *out)
{
	const char *at = strstr(line, "defeats ") + 8;
	const char *end = strstr(at, " because");

	cm_buf_text(out, "  defeats ");
	while (at < end) {
		size_t len = strcspn(at, ", ");

		cm_buf_printf(out, "s%u.%.*s", turn, (int)len, at);
		at += len;
		for (; *at == ',' || (*at == ' ' && at < end); at++)
			cm_buf_add(out, at, 1);
	}
	cm_buf_text(out, end);
}

/* One rule, gathered until its end. */
static void rule_turn(const char *rule, unsigned turn, struct cm_buf *out)
{
	char line[8192];

	for (const char *at = rule; *at != 0; at += strcspn(at, "\n") + 1) {
		char *defeats;

		(void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
		defeats = strstr(line, "defeats ");
		if (strncmp(line, "  effect ", 9) == 0)
			cm_buf_text(out, "  source statute reviewed by nobody\n");
		if (strncmp(line, "rule ", 5) == 0)
			id_turn(line, turn, out);
		else if (strncmp(line, "  title", 7) == 0 || strncmp(line, "  cite", 6) == 0)
			cm_buf_text(out, line);
		else if (defeats != NULL && turn != 0)
			defeats_turn(line, turn, out);
		else if (defeats != NULL)
			cm_buf_text(out, line);
		else
			codes_turn(line, turn, out);
		cm_buf_text(out, "\n");
		if (strstr(line, "applies when") != NULL && turn != 0 && !names_country(rule))
			cm_buf_printf(out, "    provider_seat is %s and\n",
			    cm_countries[turn * 2 % CM_COUNTRIES]);
	}
}

void bench_rules_write(struct cm_buf *out, unsigned turn)
{
	FILE *file = open_file(FOLDER "rules100.law");
	struct cm_buf rule;
	char line[8192];

	cm_buf_init(&rule, 0);
	cm_buf_printf(
	    out, "law language 1 jurisdiction %s \"x\"\n", turn == 0 ? "US" : cm_countries[turn]);
	while (fgets(line, sizeof line, file) != NULL) {
		cm_buf_text(&rule, line);
		if (strcmp(line, "end\n") != 0)
			continue;
		rule_turn(cm_buf_str(&rule), turn, out);
		cm_buf_clear(&rule);
	}
	cm_buf_fini(&rule);
	(void)fclose(file);
}

/* The countries the demands draw from: the first line of the vocabulary. */
static void dense_read(int8_t dense[512])
{
	FILE *file = open_file(FOLDER "vocab.law");
	char line[1024] = "";
	char *rest = NULL;
	int8_t count = 0;

	memset(dense, -1, 512);
	if (fgets(line, sizeof line, file) == NULL)
		bench_die("vocab.law is empty");
	(void)fclose(file);
	(void)strtok_r(line, " ", &rest);
	for (char *at = strtok_r(NULL, " ,\n", &rest); at != NULL;
	     at = strtok_r(NULL, " ,\n", &rest))
		if (cm_country_find(at) >= 0)
			dense[cm_country_find(at)] = count++;
}

struct cm_law *bench_load(const struct cm_law_file *files, size_t count)
{
	struct cm_remarks remarks;
	struct cm_law *law = NULL;

	cm_remarks_init(&remarks);
	if (cm_law_load(files, count, &remarks, &law) != CM_OK)
		for (size_t i = 0; i < remarks.count; i++)
			if (remarks.items[i].kind == CM_REMARK_ERROR)
				bench_die("%s:%u: %s", remarks.items[i].path,
				    (unsigned)remarks.items[i].line, remarks.items[i].text);
	cm_remarks_fini(&remarks);
	if (law == NULL)
		bench_die("out of memory");
	return law;
}

struct cm_law *bench_law_load(int8_t dense[512])
{
	struct cm_buf texts[2];
	struct cm_law_file files[2];
	struct cm_law *law;

	cm_buf_init(&texts[0], 0);
	cm_buf_init(&texts[1], 0);
	bench_vocabulary_write(&texts[0]);
	bench_rules_write(&texts[1], 0);
	files[0] = (struct cm_law_file){"vocab.law", cm_buf_str(&texts[0]), texts[0].len};
	files[1] = (struct cm_law_file){"rules100.law", cm_buf_str(&texts[1]), texts[1].len};
	law = bench_load(files, 2);
	cm_buf_fini(&texts[0]);
	cm_buf_fini(&texts[1]);
	dense_read(dense);
	return law;
}

/* ---- demands ---- */

static json_t *json_read(const char *name)
{
	json_error_t error;
	json_t *json = json_load_file(name, 0, &error);

	if (json == NULL)
		bench_die("%s: %s", name, error.text);
	return json;
}

static int64_t number_of(
    const struct bench_set *set, const struct cm_fact_entry *fact, const char *text)
{
	int value = cm_fact_value(fact, text);

	if (value < 0)
		bench_die("%s is no value of %s", text, fact->info.name);
	return fact->values == cm_countries ? set->dense[value] : value;
}

static int64_t value_of(
    const struct bench_set *set, const struct cm_fact_entry *fact, const json_t *json)
{
	int64_t mask = 0;

	if (json_is_null(json))
		return BENCH_UNKNOWN;
	if (json_is_boolean(json))
		return json_is_true(json);
	if (json_is_integer(json))
		return json_integer_value(json);
	if (json_is_string(json))
		return number_of(set, fact, json_string_value(json));
	for (size_t i = 0; i < json_array_size(json); i++)
		mask |= INT64_C(1)
			<< number_of(set, fact, json_string_value(json_array_get(json, i)));
	return mask;
}

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
		values[text.values_count++] = json_is_string(value)  ? json_string_value(value)
					      : json_is_true(value)  ? "yes"
					      : json_is_false(value) ? "no"
								     : number;
	}
	if (cm_facts_set(facts, &text, &err) != CM_OK)
		bench_die("%s", err.text);
}

static void demands_read(struct bench_set *set, int open, const char *name)
{
	json_t *demands = json_read(name);
	const char *key;
	json_t *value;

	for (size_t i = 0; i < BENCH_DEMANDS; i++) {
		set->facts[open][i] = cm_facts_new(set->law);
		if (set->facts[open][i] == NULL)
			bench_die("out of memory");
		json_object_foreach(json_array_get(demands, i), key, value)
		{
			int fact = cm_law_find_fact(set->law, key);

			if (fact < 0 || fact >= BENCH_FACTS)
				bench_die("no fact %s", key);
			fact_give(set->facts[open][i], key, value);
			set->demands[open][i].values[fact] =
			    value_of(set, &set->law->facts[fact], value);
		}
	}
	json_decref(demands);
}

static void bit_put(struct bench_answer *answer, size_t rule)
{
	answer->bits[rule / 64] |= UINT64_C(1) << (rule % 64);
}

static void expected_read(struct bench_set *set)
{
	json_t *holds = json_read(FOLDER "expected.json");
	json_t *states = json_read(FOLDER "expected3.json");
	size_t order[BENCH_RULES];

	for (size_t i = 0; i < BENCH_RULES; i++) {
		size_t place = 0;

		for (size_t j = 0; j < BENCH_RULES; j++)
			place += set->law->rules[j].def->at.line < set->law->rules[i].def->at.line;
		order[place] = i;
	}
	for (size_t i = 0; i < BENCH_DEMANDS; i++) {
		json_t *ids = json_array_get(holds, i);

		for (size_t j = 0; j < json_array_size(ids); j++)
			bit_put(&set->holds[i], (size_t)cm_law_find_rule(set->law,
						    json_string_value(json_array_get(ids, j))));
		for (size_t j = 0; j < BENCH_RULES; j++) {
			json_int_t said =
			    json_integer_value(json_array_get(json_array_get(states, i), j));

			if (said != 0)
				bit_put(&set->possible[i], order[j]);
			if (said == 1)
				bit_put(&set->certain[i], order[j]);
		}
	}
	json_decref(holds);
	json_decref(states);
}

struct bench_set *bench_set_new(void)
{
	struct bench_set *set = calloc(1, sizeof *set);

	if (set == NULL)
		bench_die("out of memory");
	set->law = bench_law_load(set->dense);
	if (cm_law_rule_count(set->law) != BENCH_RULES ||
	    cm_law_fact_count(set->law) != BENCH_FACTS)
		bench_die("this is not the set of %d rules and %d facts", BENCH_RULES, BENCH_FACTS);
	demands_read(set, 0, FOLDER "demands.json");
	demands_read(set, 1, FOLDER "demands_unk.json");
	expected_read(set);
	return set;
}

void bench_set_free(struct bench_set *set)
{
	for (int open = 0; open < 2; open++)
		for (size_t i = 0; i < BENCH_DEMANDS; i++)
			cm_facts_free(set->facts[open][i]);
	cm_law_free(set->law);
	free(set);
}
