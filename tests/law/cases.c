/*
 * The real cases: each file of tests/law/cases is a demand as it was made, on its own date, in a
 * fleet of the regions concerned, with what a lawyer expects of every part: the disposition, the
 * rules that hold, may hold and must be silent, the steps, the clock. See cases/README.md for the
 * fields.
 *
 * `test_cases NAME...` runs those alone; `test_cases --show NAME...` prints what came out.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case_fleet.h"
#include "protocol/base/clock.h"

#define CASES_PATH COMITY_SOURCE_DIR "/tests/law/cases"
#define CASES_KNOWN 64 /* of shared knowledge: every one must be told */
#define MOST_FIXTURES 256

static struct {
	size_t passed;
	size_t failed;
	bool shows;
	const char *name; /* of the fixture at hand */
} run;

/* One fixture under way. */
struct trial {
	struct cm_arena arena;
	json_t *root; /* owned */
	struct case_told told;
	bool *expected; /* by part of the outcome */
};

static bool expect(bool holds, const char *fmt, ...) CM_PRINTF(2, 3);

static bool expect(bool holds, const char *fmt, ...)
{
	va_list args;

	if (holds) {
		run.passed++;
		return true;
	}
	run.failed++;
	(void)printf("%s: ", run.name);
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)printf("\n");
	return false;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* ---- what was found of a part ---------------------------------------------------------------- */

static bool speaks_of(const struct cm_finding *finding, const struct cm_part_outcome *part)
{
	return (finding->target == 0 || finding->target == part->target) &&
	       strcmp(finding->category, part->category) == 0 &&
	       (finding->region[0] == 0 || strcmp(finding->region, part->region) == 0);
}

/* The finding of one side that the plan reads: the last that speaks of just this part, else the
 * last on its whole category. */
static const struct cm_finding *finding_of(
    const struct trial *t, const struct cm_part_outcome *part, enum cm_finding_side side)
{
	const struct cm_finding *found = NULL;

	for (size_t i = 0; i < t->told.answers_count; i++) {
		const struct cm_answer *answer = t->told.answers[i];

		for (size_t j = 0; j < answer->findings_count; j++) {
			const struct cm_finding *f = &answer->findings[j];

			if (f->side == side && speaks_of(f, part) &&
			    (found == NULL || found->target == 0 || f->target != 0))
				found = f;
		}
	}
	return found;
}

/* What a rule's ruling is on either side; silent if none speaks of it. */
enum standing { SILENT, DEFEATED, POSSIBLE, HOLDS };
static const char *const standings[] = {"silent", "defeated", "possible", "holds"};

static enum standing standing_in(const struct cm_finding *finding, const char *rule)
{
	enum standing is = SILENT;

	for (size_t i = 0; finding != NULL && i < finding->rulings_count; i++) {
		const struct cm_ruling *r = &finding->rulings[i];
		enum standing of_this = r->state == CM_RULING_HOLDS      ? HOLDS
					: r->state == CM_RULING_POSSIBLE ? POSSIBLE
									 : DEFEATED;

		if (strcmp(r->rule, rule) == 0 && of_this > is)
			is = of_this;
	}
	return is;
}

static enum standing standing_of(
    const struct trial *t, const struct cm_part_outcome *part, const char *rule)
{
	enum standing hosting = standing_in(finding_of(t, part, CM_SIDE_HOSTING), rule);
	enum standing issuing = standing_in(finding_of(t, part, CM_SIDE_ISSUING), rule);
	bool is_policy = strcmp(part->rule, rule) == 0;

	for (size_t i = 0; i < part->steps_count; i++)
		is_policy = is_policy || strcmp(part->steps[i].rule, rule) == 0;
	if (is_policy)
		return HOLDS;
	return hosting > issuing ? hosting : issuing;
}

/* ---- expectations ---------------------------------------------------------------------------- */

static const char *part_name(const struct trial *t, const struct cm_part_outcome *part)
{
	const char *name =
	    cm_arena_printf((struct cm_arena *)&t->arena, "%u %s %s", (unsigned)part->target,
		part->category, part->region[0] != 0 ? part->region : "(nowhere)");

	return name != NULL ? name : "?";
}

static bool names(const json_t *text_or_list, const char *text)
{
	size_t i;
	json_t *item;

	if (json_is_string(text_or_list))
		return strcmp(json_string_value(text_or_list), text) == 0;
	json_array_foreach(
	    text_or_list, i, item) if (json_is_string(item) &&
				       strcmp(json_string_value(item), text) == 0) return true;
	return false;
}

static void check_standing(const struct trial *t, const struct cm_part_outcome *part,
    const json_t *rules, enum standing want)
{
	size_t i;
	json_t *rule;

	json_array_foreach(rules, i, rule)
	{
		const char *id = json_string_value(rule);
		enum standing is = standing_of(t, part, id != NULL ? id : "");

		(void)expect(is == want, "%s: %s should be %s and is %s", part_name(t, part),
		    id != NULL ? id : "(no text)", standings[want], standings[is]);
	}
}

static void check_steps(
    const struct trial *t, const struct cm_part_outcome *part, const json_t *acts, bool wanted)
{
	size_t i;
	json_t *act;

	json_array_foreach(acts, i, act)
	{
		bool found = false;

		for (size_t j = 0; j < part->steps_count; j++)
			found = found || strcmp(part->steps[j].act, json_string_value(act)) == 0;
		(void)expect(found == wanted, "%s: the step %s %s", part_name(t, part),
		    json_string_value(act), wanted ? "is missing" : "should not be there");
	}
}

static void check_part(
    const struct trial *t, const struct cm_part_outcome *part, const json_t *want)
{
	const json_t *due = json_object_get(want, "due");

	(void)expect(names(json_object_get(want, "disposition"), part->disposition),
	    "%s: came to %s by %s (%s)", part_name(t, part), part->disposition,
	    part->rule[0] != 0 ? part->rule : "no rule", part->why);
	check_standing(t, part, json_object_get(want, "holds"), HOLDS);
	check_standing(t, part, json_object_get(want, "possible"), POSSIBLE);
	check_standing(t, part, json_object_get(want, "defeated"), DEFEATED);
	check_standing(t, part, json_object_get(want, "silent"), SILENT);
	check_steps(t, part, json_object_get(want, "steps"), true);
	check_steps(t, part, json_object_get(want, "no_steps"), false);
	if (due != NULL)
		(void)expect(part->terms_count != 0 && names(due, part->terms[0].due),
		    "%s: the clock ends on %s", part_name(t, part),
		    part->terms_count != 0 ? part->terms[0].due : "no day");
}

static void check_expectation(struct trial *t, const json_t *want)
{
	const struct cm_outcome *outcome = t->told.outcome;
	json_int_t target = json_integer_value(json_object_get(want, "target"));
	bool found = false;

	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *part = &outcome->parts[i];

		if (part->target != target ||
		    !names(json_object_get(want, "category"), part->category) ||
		    strcmp(part->region, text_of(want, "region")) != 0)
			continue;
		found = true;
		t->expected[i] = true;
		check_part(t, part, want);
	}
	(void)expect(found, "no part %lld %s in '%s'", (long long)target, text_of(want, "category"),
	    text_of(want, "region"));
}

/* ---- showing --------------------------------------------------------------------------------- */

static void show_finding(const struct cm_finding *finding, const char *side)
{
	for (size_t i = 0; finding != NULL && i < finding->rulings_count; i++) {
		const struct cm_ruling *r = &finding->rulings[i];

		(void)printf("    %s %-9s %s: %s", side,
		    r->state == CM_RULING_HOLDS      ? "holds"
		    : r->state == CM_RULING_POSSIBLE ? "possible"
						     : "defeated",
		    r->rule, r->act);
		for (size_t j = 0; j < r->needs_count; j++)
			(void)printf("%s%s", j == 0 ? " needs " : ", ", r->needs[j]);
		(void)printf("\n");
	}
}

static void show(const struct trial *t)
{
	const struct cm_outcome *outcome = t->told.outcome;

	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *part = &outcome->parts[i];

		(void)printf("%s: %s -> %s by %s\n  %s\n", run.name, part_name(t, part),
		    part->disposition, part->rule, part->why);
		for (size_t j = 0; j < part->questions_count; j++)
			(void)printf("  ? %s\n", part->questions[j]);
		for (size_t j = 0; j < part->terms_count; j++)
			(void)printf("  clock %s %s\n", part->terms[j].act, part->terms[j].due);
		for (size_t j = 0; j < part->steps_count; j++)
			(void)printf("  step %s by %s\n", part->steps[j].act, part->steps[j].rule);
		show_finding(finding_of(t, part, CM_SIDE_HOSTING), "hosting");
		show_finding(finding_of(t, part, CM_SIDE_ISSUING), "issuing");
	}
}

/* ---- one fixture ----------------------------------------------------------------------------- */

static const char *const fixture_fields[] = {"case", "title", "citation", "marks", "says",
    "differs", "fleet", "residency", "demand", "refused", "expect", NULL};
static const char *const expect_fields[] = {"target", "category", "region", "disposition", "holds",
    "possible", "defeated", "silent", "steps", "no_steps", "due", "note", NULL};

static void check_fields(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL)
			(void)expect(false, "no field \"%s\" is known", key);
	}
}

static void import(struct trial *t, struct case_fleet *fleet)
{
	const char *region;
	json_t *rows;

	json_object_foreach(json_object_get(t->root, "residency"), region, rows)
	{
		const char *text = "";
		const char *complaint;
		size_t i;
		json_t *row;

		json_array_foreach(rows, i, row) text =
		    cm_arena_printf(&t->arena, "%s%s\n", text, json_string_value(row));
		complaint = case_fleet_import(fleet, region, text, &t->arena);
		if (complaint != NULL)
			(void)expect(false, "%s", complaint);
	}
}

/* Noon of the day the case goes by: a day is what the law asks. */
static struct cm_wall now_of(const json_t *demand)
{
	const char *as_of = text_of(demand, "as_of");
	struct cm_day day = {0};

	(void)expect(cm_day_parse(as_of, strlen(as_of), &day), "demand.as_of: a day is wanted");
	return (struct cm_wall){((int64_t)day.number * 24 + 12) * 3600 * 1000};
}

static void check_outcome(struct trial *t)
{
	size_t i;
	json_t *want;

	t->expected = cm_arena_alloc(&t->arena, t->told.outcome->parts_count + 1, sizeof(bool));
	if (t->expected == NULL)
		abort();
	if (run.shows)
		show(t);
	json_array_foreach(json_object_get(t->root, "expect"), i, want)
	{
		check_fields(want, expect_fields);
		check_expectation(t, want);
	}
	for (i = 0; i < t->told.outcome->parts_count; i++)
		if (!t->expected[i])
			(void)expect(false, "%s: came to %s, and nothing is expected of it",
			    part_name(t, &t->told.outcome->parts[i]),
			    t->told.outcome->parts[i].disposition);
}

static void run_demand(struct trial *t)
{
	json_t *demand = json_object_get(t->root, "demand");
	char *text = json_dumps(demand, 0);
	struct cm_err err = {.text = ""};
	struct case_fleet fleet;

	if (text == NULL)
		abort();
	case_fleet_begin(&fleet, text_of(t->root, "fleet"));
	import(t, &fleet);
	if (case_fleet_file(&fleet, text, now_of(demand), &t->arena, &t->told, &err) == CM_OK)
		check_outcome(t);
	else
		(void)expect(false, "intake refuses it: %s", err.text);
	case_fleet_end(&fleet);
	free(text); /* jansson's own allocator */
}

static void run_fixture(const char *file, char *case_name, size_t case_bytes)
{
	struct trial t = {.root = NULL};
	json_error_t error;
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", CASES_PATH, file);
	cm_arena_init(&t.arena, 0);
	t.root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (expect(t.root != NULL, "line %d: %s", error.line, error.text)) {
		check_fields(t.root, fixture_fields);
		(void)snprintf(case_name, case_bytes, "%s", text_of(t.root, "case"));
		run_demand(&t);
	}
	json_decref(t.root);
	cm_arena_fini(&t.arena);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int is_fixture(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".json") == 0;
}

static bool is_asked_for(const char *file, int argc, char **argv)
{
	if (argc == 0)
		return true;
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], file, strlen(argv[i])) == 0)
			return true;
	return false;
}

/* A case may have two fixtures; how many cases are told? */
static size_t count_cases(char (*cases)[80], size_t count)
{
	size_t distinct = 0;

	for (size_t i = 0; i < count; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen = seen || strcmp(cases[i], cases[j]) == 0;
		distinct += !seen;
	}
	return distinct;
}

int main(int argc, char **argv)
{
	static char cases[MOST_FIXTURES][80];
	struct dirent **entries;
	size_t ran = 0;
	int count = scandir(CASES_PATH, &entries, is_fixture, alphasort);

	run.shows = argc > 1 && strcmp(argv[1], "--show") == 0;
	argc -= 1 + run.shows;
	argv += 1 + run.shows;
	for (int i = 0; i < count; i++) {
		if (is_asked_for(entries[i]->d_name, argc, argv) && ran < MOST_FIXTURES) {
			run.name = entries[i]->d_name;
			run_fixture(entries[i]->d_name, cases[ran], sizeof cases[ran]);
			ran++;
		}
		free(entries[i]); /* scandir's, not ours */
	}
	if (count >= 0)
		free(entries);
	case_fleet_done();
	run.name = "cases";
	if (argc == 0)
		(void)expect(count_cases(cases, ran) == CASES_KNOWN, "%zu of %d cases are told",
		    count_cases(cases, ran), CASES_KNOWN);
	(void)expect(cm_alloc_live() == 0, "%zu blocks are never freed", cm_alloc_live());
	(void)printf("%zu passed, %zu failed\n", run.passed, run.failed);
	return run.failed != 0;
}
