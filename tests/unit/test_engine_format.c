/*
 * The one layout: what it looks like, and that it keeps every word, every comment and the meaning,
 * whatever the white space was before and wherever a comment stood.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format_tree.h"
#include "law_shelf.h"
#include "protocol/base/text.h"

#define HEAD "law language 1 jurisdiction XX \"x\"\n\n"
#define COLUMNS 100

static enum cm_status format(const char *text, size_t len, struct cm_buf *out)
{
	struct cm_law_file file = {"a.law", text, len};

	return cm_law_format(&file, out);
}

/* ---- what it looks like ---- */

static void formats_to(const char *text, const char *expected)
{
	struct cm_buf once;
	struct cm_buf twice;

	cm_buf_init(&once, 0);
	cm_buf_init(&twice, 0);
	cr_assert_eq(format(text, strlen(text), &once), CM_OK, "%s", text);
	cr_expect_str_eq(cm_buf_str(&once), expected);
	cr_assert_eq(format(cm_buf_str(&once), once.len, &twice), CM_OK);
	cr_expect_str_eq(cm_buf_str(&twice), cm_buf_str(&once));
	cm_buf_fini(&once);
	cm_buf_fini(&twice);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(format, one_layout_with_every_comment_kept)
{
	formats_to(
	    "# top\nlaw language 1 jurisdiction US \"x\" uses \"vocabulary.law\" # head\n"
	    "fact a is yes-or-no \"t\" fact b is one of x,y \"t\" asked as \"q\" sensitive\n# of "
	    "c\nact c \"t\" of data # behind c\n"
	    "rule us.a # the rule\n effect permits c of x to court\n# before title\ntitle \"t\" "
	    "source treaty binding on US,GB given effect by \"act\" cite \"c\" url \"u\" retrieved "
	    "2026-01-01\n"
	    "in force from 2000-01-01 until 2001-01-01 by date of issue applies when # why\n a # "
	    "first\n # second\n and (b is x or not a) and at least 1 of (a;b is not y)\n"
	    "reviewed by nobody test \"n\" on 2026-01-01 given a and not a expect undetermined "
	    "needing a,b # last\nend # over\n# bottom\n",
	    "# top\nlaw language 1 jurisdiction US \"x\"\n  uses \"vocabulary.law\" # head\n"
	    "\nfact a is yes-or-no \"t\"\nfact b is one of x, y \"t\" asked as \"q\" sensitive\n"
	    "\n# of c\nact c \"t\" of data # behind c\n"
	    "\nrule us.a # the rule\n"
	    "  # before title\n"
	    "  title    \"t\"\n"
	    "  source   treaty binding on US, GB given effect by \"act\"\n"
	    "  cite     \"c\"\n    url \"u\" retrieved 2026-01-01\n"
	    "  in force from 2000-01-01 until 2001-01-01 by date of issue\n"
	    "  applies when # why\n"
	    "    a # first\n"
	    "    # second\n"
	    "    and (b is x or not a)\n"
	    "    and at least 1 of (a; b is not y)\n"
	    "  effect   permits c of x to court\n"
	    "  reviewed by nobody\n"
	    "  test \"n\" on 2026-01-01\n"
	    "    given  a and not a\n"
	    "    expect undetermined needing a, b # last\n"
	    "end # over\n"
	    "\n# bottom\n");
}

Test(format, sets_terms_and_calendars)
{
	formats_to(
	    "law language 1 jurisdiction US \"x\" set S \"t\" cite \"c\" from 2000-01-01 until "
	    "2001-01-01 is US,GB from 2001-01-01 is US end "
	    "term t \"t\" cite \"c\" in force from 2000-01-01 means a or b test \"x\" given a "
	    "expect silent end "
	    "calendar k of US weekend Saturday,Sunday holiday 2026-01-01 \"n\" rolls back end",
	    "law language 1 jurisdiction US \"x\"\n"
	    "\nset S \"t\"\n  cite \"c\"\n  from 2000-01-01 until 2001-01-01 is US, GB\n  from "
	    "2001-01-01 is US\nend\n"
	    "\nterm t \"t\"\n  cite \"c\"\n  in force from 2000-01-01\n  means\n    a\n    or b\n  "
	    "test \"x\"\n    given  a\n    expect silent\nend\n"
	    "\ncalendar k of US\n  weekend Saturday, Sunday\n  holiday 2026-01-01 \"n\"\n  rolls "
	    "back\nend\n");
}

/* What does not fit is opened from the outside in; what fits stays whole. */
Test(format, a_long_condition_is_opened_at_its_brackets)
{
	formats_to(HEAD
	    "rule xx.a applies when residence is one of AT, BE, BG, CY, CZ, DE, DK, EE, ES, FI, "
	    "FR, GR, HR, HU, IE, IS, IT, LI, LT, LU and (target_location is GB or (customer_kind "
	    "is one of enterprise, public_sector and customer_seat is GB and customer_kind is "
	    "not one of consumer, privileged)) and not (secrecy_indefinite or secrecy_days more "
	    "than 365 days or secrecy_unreasoned or no_reason_was_given_at_all) and at least 2 of "
	    "(served_on before issued_on plus 3 days; served_on on or after 2010-01-01; a and b) "
	    "end",
	    HEAD
	    "rule xx.a\n"
	    "  applies when\n"
	    "    residence is one of AT, BE, BG, CY, CZ, DE, DK, EE, ES, FI, FR, GR, HR, HU, IE, "
	    "IS, IT, LI, LT,\n"
	    "        LU\n"
	    "    and (target_location is GB\n"
	    "      or (customer_kind is one of enterprise, public_sector\n"
	    "        and customer_seat is GB\n"
	    "        and customer_kind is not one of consumer, privileged))\n"
	    "    and not (secrecy_indefinite\n"
	    "      or secrecy_days more than 365 days\n"
	    "      or secrecy_unreasoned\n"
	    "      or no_reason_was_given_at_all)\n"
	    "    and at least 2 of (served_on before issued_on plus 3 days;\n"
	    "      served_on on or after 2010-01-01;\n"
	    "      a and b)\n"
	    "end\n");
}

Test(format, facts_of_a_test_fill_the_line_and_no_fact_is_torn)
{
	formats_to(HEAD
	    "rule xx.a test \"t\" given issuing_state is IE and instrument is production_order "
	    "and authority_kind is judge and data is content and offence_months at least 36 "
	    "months expect undetermined needing possession_or_control, authority_kind, "
	    "customer_kind, customer_seat, customer_type end",
	    HEAD
	    "rule xx.a\n"
	    "  test \"t\"\n"
	    "    given  issuing_state is IE and instrument is production_order and authority_kind "
	    "is judge\n"
	    "           and data is content and offence_months at least 36 months\n"
	    "    expect undetermined needing possession_or_control, authority_kind, "
	    "customer_kind, customer_seat,\n"
	    "           customer_type\n"
	    "end\n");
}

Test(format, texts_stand_under_their_beginning)
{
	formats_to(HEAD
	    "rule xx.a explain \"A provider that holds the data in this state may not give it to "
	    "an authority of another state, whatever that state's own law says.\" explain de "
	    "\"Wer die Daten hier speichert, darf sie keiner Stelle eines anderen Staates geben, "
	    "gleich was dessen Recht sagt.\" subject to provider.reject.informal, "
	    "provider.reject.instrument, provider.reject.bulk, provider.reject.keys source treaty "
	    "binding on US, GB given effect by \"18 U.S.C. § 2523; Crime (Overseas Production "
	    "Orders) Act 2019; SI 2020/38\" end",
	    HEAD
	    "rule xx.a\n"
	    "  source   treaty binding on US, GB\n"
	    "           given effect by \"18 U.S.C. § 2523; Crime (Overseas Production Orders) Act "
	    "2019;\n"
	    "                           SI 2020/38\"\n"
	    "  subject to provider.reject.informal, provider.reject.instrument, "
	    "provider.reject.bulk,\n"
	    "    provider.reject.keys\n"
	    "  explain  \"A provider that holds the data in this state may not give it to an "
	    "authority of another\n"
	    "           state, whatever that state's own law says.\"\n"
	    "  explain de \"Wer die Daten hier speichert, darf sie keiner Stelle eines anderen "
	    "Staates geben,\n"
	    "             gleich was dessen Recht sagt.\"\n"
	    "end\n");
}

/* Where a line of a hundred columns would have ended. */
Test(format, a_citation_is_not_torn)
{
	static const char *const kept[] = {"s. 16", "§ 2703", "18 U.S.C. § 2703",
	    "(18 U.S.C. 2703)", "468 F. Supp. 3d 556", "584 U.S. 236 (2018)", "(2d Cir. 1982)",
	    "SI 2020/38", "Act 2019", "3 October", "Art. 5", "No 154/2018"};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		size_t columns = cm_text_columns(kept[i], strlen(kept[i]));

		for (size_t pad = 88 - columns; pad < 88; pad++) {
			struct cm_buf text;
			struct cm_buf out;

			cm_buf_init(&text, 0);
			cm_buf_init(&out, 0);
			cm_buf_printf(&text, HEAD "rule xx.a note \"%.*s %s x\" end", (int)pad,
			    "aaaaaaaaa bbbbbbbbbbbb ccccccccccc dddddddddddddd eeeeeeeeeeee "
			    "fffffffffff "
			    "gggggggggg hhhhhhhhhhhhhhhhh",
			    kept[i]);
			cr_assert_eq(format(cm_buf_str(&text), text.len, &out), CM_OK);
			cr_expect_not_null(
			    strstr(cm_buf_str(&out), kept[i]), "%s", cm_buf_str(&out));
			cm_buf_fini(&text);
			cm_buf_fini(&out);
		}
	}
}

/* A heading stands apart from what follows; what explains an item stands at it. */
Test(format, empty_lines_behind_comments_are_the_writers)
{
	formats_to("# top\n\n\n\n# more\nlaw language 1 jurisdiction XX \"x\"\n# Part one.\n\n\n"
		   "fact a is date \"a\"\n\n\nfact b is date \"b\"\n# of c\nfact c is date \"c\"\n"
		   "\n# end\n\n",
	    "# top\n\n# more\n" HEAD "# Part one.\n\nfact a is date \"a\"\nfact b is date \"b\"\n"
	    "\n# of c\nfact c is date \"c\"\n\n# end\n");
}

Test(format, words_that_mean_the_same_stay_as_written)
{
	formats_to(HEAD
	    "rule xx.a applies when a is not one of x, y and a is none of x, y test \"t\" "
	    "real case CASE-1 given a expect silent test \"u\" real case \"case of 2014\" "
	    "given a expect silent end",
	    HEAD "rule xx.a\n  applies when\n    a is not one of x, y\n    and a is none of x, y\n"
		 "  test \"t\" real case CASE-1\n    given  a\n    expect silent\n"
		 "  test \"u\" real case \"case of 2014\"\n    given  a\n    expect silent\nend\n");
}

Test(format, what_has_mistakes_is_not_formatted)
{
	struct cm_buf out;
	const char *text = "law language 1 jurisdiction US \"x\" rule";

	cm_buf_init(&out, 0);
	cr_expect_eq(format(text, strlen(text), &out), CM_BAD_INPUT);
	cm_buf_fini(&out);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- what it keeps ---- */

static size_t count_of(const char *text, char c)
{
	size_t count = 0;

	for (; *text != 0; text++)
		count += *text == c;
	return count;
}

/* Of what may be broken, no line is longer than it should be. */
static void expect_columns(const struct cm_buf *text, const char *what)
{
	const char *line = cm_buf_str(text);

	while (*line != 0) {
		size_t len = strcspn(line, "\n");
		size_t code = strcspn(line, "#\n");
		size_t blanks = strspn(line, " ");
		bool is_whole = memchr(line + blanks, ' ', code - blanks) == NULL ||
				strncmp(line + blanks, "url ", 4) == 0;

		while (code > blanks && line[code - 1] == ' ')
			code--;
		cr_expect(is_whole || cm_text_columns(line, code) <= COLUMNS, "%s: %.*s", what,
		    (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* Formatted, and formatted again: the same text, the same tree, every comment. False if the text is
 * no law. */
static bool keeps(const char *text, size_t len, const char *what)
{
	struct cm_buf once;
	struct cm_buf twice;
	struct cm_buf before;
	struct cm_buf after;
	bool formatted;

	cm_buf_init(&once, 0);
	cm_buf_init(&twice, 0);
	cm_buf_init(&before, 0);
	cm_buf_init(&after, 0);
	formatted = format(text, len, &once) == CM_OK;
	if (formatted) {
		size_t comments = format_tree(text, len, &before);

		cr_expect_eq(format(cm_buf_str(&once), once.len, &twice), CM_OK, "%s", what);
		cr_expect_str_eq(cm_buf_str(&twice), cm_buf_str(&once), "%s", what);
		cr_expect_eq(
		    format_tree(cm_buf_str(&once), once.len, &after), comments, "%s", what);
		cr_expect_str_eq(cm_buf_str(&after), cm_buf_str(&before), "%s", what);
		expect_columns(&once, what);
	}
	cm_buf_fini(&once);
	cm_buf_fini(&twice);
	cm_buf_fini(&before);
	cm_buf_fini(&after);
	return formatted;
}

Test(format, any_law_of_the_corpora_is_kept)
{
	static const char *const folders[] = {
	    "tests/golden/rules", "tests/golden/manual", "tests/fuzz/corpus/law"};
	struct law_shelf shelf;
	size_t formatted = 0;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		law_shelf_init(&shelf);
		law_shelf_add(&shelf, folders[i], "*");
		for (size_t j = 0; j < shelf.count; j++)
			formatted += keeps(shelf.files[j].text, shelf.files[j].len, shelf.paths[j]);
		law_shelf_fini(&shelf);
	}
	cr_expect_gt(formatted, 20);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* White space gone, the formatter finds the shipped layout again, but for the comments. */
Test(format, the_shipped_law_squeezed_comes_back)
{
	static struct law_shelf shelf;

	law_shelf_init(&shelf);
	law_shelf_shipped(&shelf);
	for (size_t i = 0; i < shelf.count; i++) {
		struct cm_buf squeezed;
		struct cm_buf bare;
		struct cm_buf out;

		cm_buf_init(&squeezed, 0);
		cm_buf_init(&bare, 0);
		cm_buf_init(&out, 0);
		format_squeeze(shelf.files[i].text, shelf.files[i].len, 0, 0, &squeezed);
		cr_assert_eq(
		    format(cm_buf_str(&squeezed), squeezed.len, &out), CM_OK, "%s", shelf.paths[i]);
		format_bare(shelf.files[i].text, &bare);
		cr_expect_str_eq(cm_buf_str(&out), cm_buf_str(&bare), "%s", shelf.paths[i]);
		cr_expect_eq(count_of(cm_buf_str(&out), '\t'), 0);
		cm_buf_fini(&squeezed);
		cm_buf_fini(&bare);
		cm_buf_fini(&out);
	}
	law_shelf_fini(&shelf);
}

/* A comment behind any word, on its line or below it. */
Test(format, a_comment_between_any_two_words_is_kept)
{
	static struct law_shelf shelf;

	law_shelf_init(&shelf);
	law_shelf_shipped(&shelf);
	law_shelf_add(&shelf, "tests/golden/manual", "every_word.law");
	for (size_t i = 0; i < shelf.count; i++)
		for (uint32_t seed = 1; seed < 6; seed++) {
			struct cm_buf text;

			cm_buf_init(&text, 0);
			format_squeeze(shelf.files[i].text, shelf.files[i].len, seed,
			    1 + seed * seed * 4, &text);
			cr_expect(keeps(cm_buf_str(&text), text.len, shelf.paths[i]), "%s, seed %u",
			    shelf.paths[i], (unsigned)seed);
			cm_buf_fini(&text);
		}
	law_shelf_fini(&shelf);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* The same where every form of a condition stands in every other. */
Test(format, a_comment_in_any_condition_is_kept)
{
	static const char tangled[] = HEAD
	    "rule xx.a applies when not (a or not b) and (not not c or (d is x and e is one of x, "
	    "y, z)) "
	    "and at least 2 of (not f; g and not h; at least 1 of (i; (j or k) and l); not (m and "
	    "n)) "
	    "and not at least 1 of (o; p) and (at least 1 of (q) or not (r or (s and not (t or "
	    "u)))) "
	    "reading one \"first\" applies when at least 1 of (a; b or c) reading two \"second\" "
	    "applies when not (a and b) test \"t\" given a and not b and c is x, y and d at least "
	    "3 "
	    "months expect undetermined needing a, b, c end "
	    "term t \"t\" cite \"c\" url \"u\" cite \"d\" in force from 2000-01-01 means (a or b) "
	    "and not "
	    "(c and d) test \"x\" given a expect silent test \"y\" given b expect applies end";

	for (uint32_t seed = 1; seed < 1000; seed++) {
		struct cm_buf text;

		cm_buf_init(&text, 0);
		format_squeeze(tangled, sizeof tangled - 1, seed, 1 + seed % 12, &text);
		cr_assert(keeps(cm_buf_str(&text), text.len, "tangled"), "seed %u: %s",
		    (unsigned)seed, cm_buf_str(&text));
		cm_buf_fini(&text);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}
