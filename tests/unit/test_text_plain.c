#include <criterion/criterion.h>
#include <string.h>

#include "protocol/base/text.h"

/* Making a text plain: what a reader cannot see, and what is no UTF-8, becomes a question mark. */

static void becomes(const char *text, const char *plain)
{
	char copy[64];

	strcpy(copy, text);
	cm_text_make_plain(copy);
	cr_assert_str_eq(copy, plain);
	cr_assert(cm_text_is_plain(copy, strlen(copy)));
}

Test(text_plain, plain_text_stays_as_it_is)
{
	becomes("", "");
	becomes("a plain sentence.\n\twith lines", "a plain sentence.\n\twith lines");
	becomes("Stra\xc3\x9f"
		"e \xe2\x82\xac \xf0\x9f\x98\x80",
	    "Stra\xc3\x9f"
	    "e \xe2\x82\xac \xf0\x9f\x98\x80");
}

Test(text_plain, a_character_cut_in_two_is_marked)
{
	becomes("Stra\xc3", "Stra?");
	becomes("\xe2\x82", "??");
	becomes("a\xf0\x9f\x98 b", "a??? b");
	becomes("\xa9 \xff", "? ?");
}

Test(text_plain, what_hides_or_turns_the_text_is_marked)
{
	becomes("a\xe2\x80\xae"
		"b",
	    "a???b");
	becomes("a\xe2\x80\x8b"
		"b",
	    "a???b");
	becomes("a\x07\x1b[0m", "a??[0m");
}
