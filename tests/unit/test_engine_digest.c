#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/law.h"
#include "jurisdictions/engine/parse.h"
#include "jurisdictions/engine/print.h"
#include "test_engine_help.h"

#define HEAD "law language 1 jurisdiction US \"x\"\n"
#define RULE_A                                                                                     \
	"rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "   \
	"us_person effect permits quash reviewed by nobody end\n"
#define RULE_B                                                                                     \
	"rule us.b title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "   \
	"gag effect permits quash reviewed by nobody end\n"

struct digests {
	uint8_t set[32];
	uint8_t us[32];
	uint8_t rule[32];
};

static struct digests digests_of(const char *a, const char *b, bool swapped)
{
	struct cm_law_file files[3] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {swapped ? "b.law" : "a.law", swapped ? b : a, strlen(swapped ? b : a)},
	    {swapped ? "a.law" : "b.law", swapped ? a : b, strlen(swapped ? a : b)}};
	struct help_set set = help_load_files(files, strlen(b) != 0 ? 3 : 2);
	struct digests out = {0};

	cr_assert_eq(set.status, CM_OK, "%s", set.remarks.count ? set.remarks.items[0].text : "");
	cm_law_digest(set.law, out.set);
	for (size_t i = 0; i < cm_law_jurisdiction_count(set.law); i++) {
		uint8_t bytes[32];

		if (strcmp(cm_law_jurisdiction(set.law, i, bytes), "US") == 0)
			memcpy(out.us, bytes, 32);
	}
	memcpy(
	    out.rule, cm_law_rule(set.law, (size_t)cm_law_find_rule(set.law, "us.a"))->digest, 32);
	help_free(&set);
	return out;
}

static bool same(const uint8_t a[32], const uint8_t b[32])
{
	return memcmp(a, b, 32) == 0;
}

Test(digest, the_order_of_files_and_rules_does_not_matter)
{
	struct digests a = digests_of(HEAD RULE_A, HEAD RULE_B, false);
	struct digests b = digests_of(HEAD RULE_A, HEAD RULE_B, true);
	struct digests c = digests_of(HEAD RULE_B RULE_A, "", false);

	cr_expect(same(a.set, b.set));
	cr_expect(same(a.set, c.set));
	cr_expect(same(a.rule, c.rule));
}

/* What an open rule needs, with the vocabulary's facts in one order or the other. */
static void needs_with(const char *vocabulary, char *out, size_t out_bytes)
{
	static const char rule[] = HEAD
	    "rule us.c title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "
	    "zebra and apple effect permits quash reviewed by nobody end\n";
	struct cm_law_file files[2] = {
	    {"vocabulary.law", vocabulary, strlen(vocabulary)}, {"us.law", rule, sizeof rule - 1}};
	struct help_set set = help_load_files(files, 2);
	struct cm_ruling *rulings;
	struct cm_arena arena;
	size_t count;
	size_t used = 0;

	cr_assert_eq(set.status, CM_OK, "%s", set.remarks.count ? set.remarks.items[0].text : "");
	cm_arena_init(&arena, 0);
	cm_decide(set.law, set.facts, (struct cm_day){20000}, set.decision);
	cr_assert_eq(cm_decision_rulings(set.law, set.facts, (struct cm_day){20000}, set.decision,
			 &arena, &rulings, &count),
	    CM_OK);
	cr_assert_eq(count, 1);
	for (size_t i = 0; i < rulings[0].needs_count; i++)
		used += (size_t)snprintf(out + used, out_bytes - used, "%s ", rulings[0].needs[i]);
	(void)snprintf(out + used, out_bytes - used, "%s", rulings[0].ask);
	cm_arena_fini(&arena);
	help_free(&set);
}

Test(digest, the_order_of_the_vocabulary_shows_in_no_finding)
{
	char one[128];
	char other[128];

	needs_with("law language 1 jurisdiction common \"x\"\n"
		   "fact zebra is yes-or-no \"z\" asked as \"Z?\"\n"
		   "fact apple is yes-or-no \"a\" asked as \"A?\"\nact quash \"q\"\n",
	    one, sizeof one);
	needs_with("law language 1 jurisdiction common \"x\"\nact quash \"q\"\n"
		   "fact apple is yes-or-no \"a\" asked as \"A?\"\n"
		   "fact zebra is yes-or-no \"z\" asked as \"Z?\"\n",
	    other, sizeof other);
	cr_assert_str_eq(one, "apple zebra A?");
	cr_assert_str_eq(other, one);
}

Test(digest, white_space_comments_and_the_order_of_fields_do_not_matter)
{
	struct digests a = digests_of(HEAD RULE_A, "", false);
	struct digests b =
	    digests_of(HEAD "# a comment\nrule us.a\n\teffect permits quash\n  reviewed by nobody "
			    "title \"  t \"\n cite \"c\" source statute\n"
			    "applies when (us_person) in force from 2000-01-01 end",
		"", false);

	cr_expect(same(a.set, b.set));
	cr_expect(same(a.rule, b.rule));
}

Test(digest, one_word_changes_rule_jurisdiction_and_set)
{
	struct digests a = digests_of(HEAD RULE_A, "", false);
	struct digests b = digests_of(HEAD
	    "rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "
	    "us_person effect forbids quash reviewed by nobody end",
	    "", false);

	cr_expect(!same(a.rule, b.rule));
	cr_expect(!same(a.us, b.us));
	cr_expect(!same(a.set, b.set));
}

Test(digest, a_review_or_a_test_is_no_change_of_the_law)
{
	struct digests a = digests_of(HEAD RULE_A, "", false);
	struct digests b =
	    digests_of(HEAD "rule us.a title \"t\" source statute cite \"c\" in force from "
			    "2000-01-01 applies when us_person effect permits quash "
			    "reviewed by \"counsel\" on 2026-01-01 review again by 2027-01-01 "
			    "owner \"desk\" test \"x\" given us_person expect applies end",
		"", false);

	cr_expect(same(a.rule, b.rule));
	cr_expect(same(a.set, b.set));
}

Test(digest, a_review_of_another_text_is_stale)
{
	struct help_set set =
	    help_load("rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01 "
		      "applies when us_person effect permits quash "
		      "reviewed by \"counsel\" on 2026-01-01 digest "
		      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef end");
	char good[65];
	char text[512];

	cr_expect(help_has_remark(&set, "review-stale"));
	cm_hex_print(cm_law_rule(set.law, 0)->digest, 32, good);
	help_free(&set);
	(void)snprintf(text, sizeof text,
	    "rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "
	    "us_person effect permits quash "
	    "reviewed by \"counsel\" on 2026-01-01 digest %s end",
	    good);
	set = help_load(text);
	cr_expect(!help_has_remark(&set, "review-stale"));
	help_free(&set);
	cr_assert_eq(cm_alloc_live(), 0);
}

static char *file_read(const char *path, size_t *len)
{
	char *text = cm_alloc(CM_MAX_LAW_FILE_BYTES + 1, 1);
	FILE *file = fopen(path, "rb");

	cr_assert_not_null(text);
	cr_assert_not_null(file, "%s", path);
	*len = fread(text, 1, CM_MAX_LAW_FILE_BYTES, file);
	(void)fclose(file);
	return text;
}

/* Every item of a file: how many. */
static size_t texts_compare(const char *path)
{
	struct cm_law_file file = {.path = path};
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = &file, .files_count = 1, .remarks = &remarks};
	struct cm_arena arena;
	struct cm_buf texts[2];
	struct cm_printer printer = {.out = &texts[1], .canonical = true};
	struct cm_unit_file *unit;
	size_t count = 0;

	file.text = file_read(path, &file.len);
	cm_remarks_init(&remarks);
	cm_arena_init(&arena, 0);
	cm_buf_init(&texts[0], 0);
	cm_buf_init(&texts[1], 0);
	unit = cm_parse_file(&loader, &arena, 0);
	cr_assert_not_null(unit, "%s", path);
	cr_assert_eq(remarks.errors, 0, "%s", path);
	for (const struct cm_item *item = unit->items; item != NULL; item = item->next, count++) {
		cm_buf_clear(&texts[0]);
		cm_buf_clear(&texts[1]);
		cm_canonical_put(item, &texts[0]);
		cm_print_item(&printer, item);
		cr_expect_str_eq(cm_buf_str(&texts[0]), cm_buf_str(&texts[1]), "%s:%u", path,
		    (unsigned)item->at.line);
	}
	cm_buf_fini(&texts[0]);
	cm_buf_fini(&texts[1]);
	cm_arena_fini(&arena);
	cm_remarks_fini(&remarks);
	cm_free((char *)file.text);
	return count;
}

/* What digests are taken of is written apart from the formatter. Where the formatter writes for a
 * digest, both say the same: of every word of the language, and of all law that ships. */
Test(digest, the_text_is_that_of_the_printer)
{
	static const char *const patterns[] = {"/tests/golden/manual/every_word.law",
	    "/jurisdictions/law/*.law", "/jurisdictions/law/*/*.law"};
	size_t items = 0;

	for (size_t i = 0; i < 3; i++) {
		char pattern[4096];
		glob_t found;

		(void)snprintf(pattern, sizeof pattern, "%s%s", COMITY_SOURCE_DIR, patterns[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			items += texts_compare(found.gl_pathv[j]);
		globfree(&found);
	}
	cr_assert_gt(items, 100, "%zu items", items);
}
