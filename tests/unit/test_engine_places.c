#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_engine_help.h"

/* Where a remark says a mistake is: file, line and column, in characters. */

#define HEAD "law language 1 jurisdiction US \"x\"\n"

static struct help_set load(const char *text, size_t len)
{
	struct cm_law_file files[] = {
	    {"vocabulary.law", help_vocabulary, strlen(help_vocabulary)}, {"a.law", text, len}};

	return help_load_files(files, 2);
}

static void assert_place(
    const struct help_set *set, const char *code, unsigned line, unsigned column)
{
	cr_assert_eq(set->status, CM_BAD_INPUT);
	cr_assert_geq(set->remarks.count, 1u);
	cr_assert_str_eq(set->remarks.items[0].code, code, "%s", set->remarks.items[0].text);
	cr_assert_eq(set->remarks.items[0].line, line, "line %u", set->remarks.items[0].line);
	cr_assert_eq(
	    set->remarks.items[0].column, column, "column %u", set->remarks.items[0].column);
}

/* Plain text is gone over eight bytes at a time: whatever is not plain is found at every step. */
Test(engine_places, every_strange_character_is_found_wherever_it_stands)
{
	static const char *const strange[] = {
	    "\x01", "\x1f", "\x7f", "\xc2\xad", "\xcc\x81", "\xe2\x80\x8b", "\xf3\xa0\x81\x81"};
	char text[128];

	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		for (unsigned at = 0; at < 20; at++) {
			int len = snprintf(text, sizeof text, "%s# %.*s%s and more of it\n", HEAD,
			    (int)at, "~~~~ ~~~~ ~~~~ ~~~~ ~~~~", strange[i]);
			struct help_set set = load(text, (size_t)len);

			assert_place(&set, "encoding", 2, at + 3);
			help_free(&set);
		}
}

Test(engine_places, text_that_is_no_utf8_is_found_wherever_it_stands)
{
	char text[128];

	for (unsigned at = 0; at < 20; at++) {
		int len = snprintf(text, sizeof text, "%s\n\n%.*s\x80 more", HEAD, (int)at,
		    "# ~~ ~~~~ ~~~~ ~~~~ ~~~~");
		struct help_set set = load(text, (size_t)len);

		assert_place(&set, "encoding", 4, at + 1);
		help_free(&set);
	}
}

Test(engine_places, columns_count_characters)
{
	static const char text[] = HEAD "# \xc3\xa4\xe2\x82\xac\n"
					"act a \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\" act b 7";
	struct help_set set = load(text, strlen(text));

	assert_place(&set, "syntax", 3, 19);
	help_free(&set);
}

Test(engine_places, texts_and_comments_count_their_lines)
{
	static const char text[] = HEAD "act a \"one\ntwo\n three\" # and\n# more\r\n\tact 7";
	struct help_set set = load(text, strlen(text));

	assert_place(&set, "syntax", 6, 6);
	help_free(&set);
}

Test(engine_places, what_is_missing_is_missing_at_the_end)
{
	static const char text[] = HEAD "act a \"one\ntwo";
	struct help_set set = load(text, strlen(text));

	assert_place(&set, "syntax", 2, 7);
	help_free(&set);
}
