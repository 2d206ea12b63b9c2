#include <criterion/criterion.h>

#include "criterion_git.h"

/* A difference of two texts is drawn though nobody started libgit2, and again. */

static int count(const void *delta, const void *hunk, const void *line, void *data)
{
	(void)delta;
	(void)hunk;
	(void)line;
	(*(int *)data)++;
	return 0;
}

Test(criterion_git, starts_when_a_difference_is_drawn)
{
	for (int i = 0; i < 2; i++) {
		int lines = 0;

		cr_assert_eq(git_diff_buffers("same\nold\n", 9, NULL, "same\nnew\n", 9, NULL, NULL,
				 NULL, NULL, NULL, count, &lines),
		    0);
		cr_assert_eq(lines, 3);
	}
}
