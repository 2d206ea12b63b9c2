/*
 * Bitmap tables against the jump code: random rule sets of every shape and random demands, known,
 * unknown and known in part, must get the same answer for every rule, before and after defeats.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/table.h"
#include "test_engine_roll.h"

/* ---- agreement ---- */

struct tally {
	size_t pairs;
	size_t states[8];
};

static void agree(
    struct help_set *set, struct cm_decision *other, struct tally *tally, uint64_t seed)
{
	struct cm_day as_of = {17000 + (int32_t)roll_of(2400)};

	cm_decide(set->law, set->facts, as_of, set->decision);
	cm_decide_by_code(set->law, set->facts, as_of, other);
	for (size_t rule = 0; rule < cm_law_rule_count(set->law); rule++) {
		enum cm_rule_state said = cm_decision_state(set->decision, rule);

		tally->states[said]++;
		if (said == cm_decision_state(other, rule) &&
		    cm_decision_applies(set->decision, rule) == cm_decision_applies(other, rule))
			continue;
		cr_assert_fail("seed %llu rule %s: tables %d/%d, code %d/%d",
		    (unsigned long long)seed, cm_law_rule(set->law, rule)->id, (int)said,
		    (int)cm_decision_applies(set->decision, rule),
		    (int)cm_decision_state(other, rule), (int)cm_decision_applies(other, rule));
	}
	tally->pairs++;
}

static void turns(struct help_set *set, unsigned count, struct tally *tally, uint64_t seed)
{
	struct cm_decision *other = cm_decision_new(set->law);

	cr_assert_not_null(other);
	for (unsigned turn = 0; turn < count; turn++) {
		roll_facts(set, turn % 4 == 0 ? 0 : turn % 8);
		agree(set, other, tally, seed);
	}
	cm_decision_free(other);
}

Test(tables, agree_with_the_jump_code_on_random_sets_and_demands)
{
	struct tally tally = {0};

	for (uint64_t seed = 1; seed <= 600 / SLOW; seed++) {
		struct help_set set;

		roll_seed(seed);
		set = roll_set(1 + roll_of(12), 1 + roll_of(4));
		turns(&set, 200, &tally, seed);
		help_free(&set);
	}
	cr_assert_geq(tally.pairs, 120000 / SLOW);
	cr_assert_gt(tally.states[CM_RULE_SILENT], tally.pairs / 4);
	cr_assert_gt(tally.states[CM_RULE_HOLDS], tally.pairs / 4);
	cr_assert_gt(tally.states[CM_RULE_POSSIBLE], tally.pairs / 4);
	cr_assert_gt(tally.states[CM_RULE_DEFEATED], tally.pairs / 20);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* Around the words of a row, and where large sets begin. */
Test(tables, agree_on_sets_of_every_size)
{
	static const unsigned sizes[] = {
	    0, 1, 2, 63, 64, 65, 127, 128, 129, 192, 256, 300, 384, 448, 512, 513, 700, 1500};
	struct tally tally = {0};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct help_set set;

		roll_seed(1000 + i);
		set = roll_set(sizes[i], i % 2 == 0 ? 1 : 3);
		cr_assert_eq(cm_law_rule_count(set.law), sizes[i]);
		turns(&set, 100 / SLOW, &tally, 1000 + i);
		help_free(&set);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(tables, agree_on_ten_thousand_rules)
{
	struct tally tally = {0};
	struct help_set set;

	roll_seed(77);
	set = roll_set(10000 / SLOW, 2);
	turns(&set, 100 / SLOW, &tally, 77);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- what takes another way ---- */

static void rule_add(struct cm_buf *text, const char *name, const char *condition)
{
	cm_buf_printf(text,
	    "rule us.%s" RULE_HEAD "in force from 2000-01-01 applies when %s effect "
	    "permits a end\n",
	    name, condition);
}

/* Rules that are too many terms, or too many thresholds for rows: still the same answers. */
Test(tables, agree_where_rules_or_facts_are_too_large_for_rows)
{
	struct tally tally = {0};
	struct cm_law_file file;
	struct help_set set;
	struct cm_buf text;

	cm_buf_init(&text, 0);
	roll_vocabulary(&text);
	rule_add(&text, "wide",
	    "(b1 or b2) and (c is x or j) and (k is US or k2 is US) and (n at least 3 days or m at "
	    "least 4 months) and (s includes p or s includes q) and (v is v1 or v is v2 or b2) and "
	    "(w includes w1 or w includes w2 or j)");
	for (unsigned i = 0; i < 1200; i++) {
		char name[32];
		char condition[64];

		(void)snprintf(name, sizeof name, "n%u", i);
		(void)snprintf(condition, sizeof condition, "n at least %u days and b1", i + 1);
		rule_add(&text, name, condition);
	}
	file = (struct cm_law_file){"a.law", cm_buf_str(&text), text.len};
	set = help_load_files(&file, 1);
	cr_assert_not_null(set.law);
	cr_assert(set.law->tables->has_by_code);
	cr_assert_eq(
	    set.law->tables->columns[set.law->tables->column_of[cm_law_find_fact(set.law, "n")]]
		.classes,
	    0);
	roll_seed(5);
	turns(&set, 400 / SLOW, &tally, 5);
	help_free(&set);
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(tables, a_copy_of_facts_without_rows_is_decided_by_the_jump_code)
{
	struct help_set set;
	struct cm_facts copy;

	roll_seed(3);
	set = roll_set(10, 2);
	roll_facts(&set, 2);
	copy = *set.facts;
	cm_decide(set.law, &copy, (struct cm_day){18000}, set.decision);
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(tables, deciding_and_setting_a_fact_allocate_nothing)
{
	struct help_set set;

	roll_seed(9);
	set = roll_set(40, 3);
	cm_alloc_fail_at(1, true);
	for (unsigned turn = 0; turn < 50; turn++) {
		roll_facts(&set, turn % 8);
		cm_decide(set.law, set.facts, (struct cm_day){18000}, set.decision);
	}
	cr_assert(!cm_alloc_has_failed());
	cm_alloc_fail_at(0, false);
	help_free(&set);
}

Test(tables, each_failed_request_while_loading_leaves_nothing)
{
	struct cm_buf text;
	struct cm_law_file file;

	roll_seed(21);
	cm_buf_init(&text, 0);
	roll_vocabulary(&text);
	for (unsigned i = 0; i < 6; i++)
		roll_rule(&text, i, 3);
	file = (struct cm_law_file){"a.law", cm_buf_str(&text), text.len};
	for (size_t nth = 1;; nth++) {
		size_t before = cm_alloc_live();
		struct help_set set = {0};
		bool failed;

		cm_remarks_init(&set.remarks);
		cm_alloc_fail_at(nth, false);
		set.status = cm_law_load(&file, 1, &set.remarks, &set.law);
		failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(set.status, failed ? CM_NO_MEMORY : CM_OK, "request %zu", nth);
		help_free(&set);
		cr_assert_eq(cm_alloc_live(), before, "request %zu", nth);
		if (!failed)
			break;
	}
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- the shipped law ---- */

static void file_read(const char *path, struct cm_buf *out)
{
	FILE *file = fopen(path, "rb");
	char room[4096];
	size_t got;

	cr_assert_not_null(file, "%s", path);
	cm_buf_init(out, 0);
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(out, room, got);
	(void)fclose(file);
}

Test(tables, agree_on_the_shipped_law)
{
	static const char *const patterns[] = {"*.law", "treaty/*.law"};
	static struct cm_buf bufs[128];
	static struct cm_law_file files[128];
	struct tally tally = {0};
	struct help_set set;
	size_t count = 0;
	glob_t found = {0};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		char path[512];

		(void)snprintf(
		    path, sizeof path, COMITY_SOURCE_DIR "/jurisdictions/law/%s", patterns[i]);
		(void)glob(path, i == 0 ? 0 : GLOB_APPEND, NULL, &found);
	}
	cr_assert_leq(found.gl_pathc, 128);
	for (size_t i = 0; i < found.gl_pathc; i++, count++) {
		file_read(found.gl_pathv[i], &bufs[count]);
		files[count] = (struct cm_law_file){
		    found.gl_pathv[i], cm_buf_str(&bufs[count]), bufs[count].len};
	}
	set = help_load_files(files, count);
	cr_assert_eq(set.status, CM_OK, "%s", set.remarks.count ? set.remarks.items[0].text : "");
	roll_seed(4);
	turns(&set, 20000 / SLOW, &tally, 4);
	cr_assert_gt(tally.states[CM_RULE_POSSIBLE], tally.pairs);
	help_free(&set);
	for (size_t i = 0; i < count; i++)
		cm_buf_fini(&bufs[i]);
	globfree(&found);
	cr_assert_eq(cm_alloc_live(), 0);
}
