#include <criterion/criterion.h>
#include <stdlib.h>

#include "nodes/residency/merge.h"
#include "nodes/residency/row.h"

#define OPEN CM_UNTIL_OPEN

static struct cm_place place(int category, int32_t since, int32_t until, int64_t line)
{
	return (struct cm_place){.category = category,
	    .since = since,
	    .until = until,
	    .profile = 1,
	    .contact = CM_CONTACT_NONE,
	    .line = line};
}

static struct cm_merge_result results[8];
static size_t order[8];

static void merge(const struct cm_place *stored, size_t stored_count, const struct cm_place *fresh,
    size_t fresh_count)
{
	cm_merge(stored, stored_count, fresh, fresh_count, order, results);
}

Test(merge, a_row_for_an_unknown_account_is_added)
{
	struct cm_place fresh[] = {place(0, 10, OPEN, 2)};

	merge(NULL, 0, fresh, 1);
	cr_assert_eq(results[0].verdict, CM_MERGE_ADDED);
}

Test(merge, the_same_again_is_the_same_and_any_difference_a_change)
{
	struct cm_place stored[] = {place(0, 10, OPEN, 2)};
	struct cm_place fresh = place(0, 10, OPEN, 99);

	merge(stored, 1, &fresh, 1);
	cr_assert_eq(results[0].verdict, CM_MERGE_SAME);
	fresh.profile = 2;
	merge(stored, 1, &fresh, 1);
	cr_assert_eq(results[0].verdict, CM_MERGE_CHANGED);
	fresh.profile = 1;
	fresh.contact = 5;
	merge(stored, 1, &fresh, 1);
	cr_assert_eq(results[0].verdict, CM_MERGE_CHANGED);
	fresh.contact = CM_CONTACT_NONE;
	fresh.until = 20;
	merge(stored, 1, &fresh, 1);
	cr_assert_eq(results[0].verdict, CM_MERGE_CHANGED);
}

Test(merge, a_move_closes_the_old_period_whatever_the_order_in_the_file)
{
	struct cm_place stored[] = {place(0, 10, OPEN, 2)};

	for (int order_of_lines = 0; order_of_lines < 2; order_of_lines++) {
		struct cm_place fresh[] = {place(0, 10, 20, order_of_lines == 0 ? 2 : 3),
		    place(0, 20, OPEN, order_of_lines == 0 ? 3 : 2)};

		merge(stored, 1, fresh, 2);
		cr_assert_eq(results[0].verdict, CM_MERGE_CHANGED);
		cr_assert_eq(results[1].verdict, CM_MERGE_ADDED);
	}
}

Test(merge, periods_that_touch_do_not_overlap)
{
	for (int64_t later = 2; later <= 4; later += 2) {
		struct cm_place fresh[] = {place(4, 10, 20, 3), place(4, 20, 30, later)};

		merge(NULL, 0, fresh, 2);
		cr_assert_eq(results[0].verdict, CM_MERGE_ADDED);
		cr_assert_eq(results[1].verdict, CM_MERGE_ADDED);
	}
}

Test(merge, of_two_overlapping_rows_the_later_line_is_refused_and_names_the_earlier)
{
	struct cm_place fresh[] = {place(4, 10, 21, 7), place(4, 20, 30, 3)};

	merge(NULL, 0, fresh, 2);
	cr_assert_eq(results[1].verdict, CM_MERGE_ADDED);
	cr_assert_eq(results[0].verdict, CM_MERGE_OVERLAPS);
	cr_assert_eq(results[0].other, &fresh[1]);
}

Test(merge, the_same_key_twice_in_a_file_is_refused_even_when_both_agree)
{
	struct cm_place stored[] = {place(4, 10, 20, 2)};
	struct cm_place fresh[] = {place(4, 10, 20, 3), place(4, 10, 20, 9)};

	merge(stored, 1, fresh, 2);
	cr_assert_eq(results[0].verdict, CM_MERGE_SAME);
	cr_assert_eq(results[1].verdict, CM_MERGE_TWICE);
	cr_assert_eq(results[1].other, &fresh[0]);
}

Test(merge, an_added_row_may_not_overlap_a_stored_one)
{
	struct cm_place stored[] = {place(4, 10, 20, 2)};
	struct cm_place fresh[] = {place(4, 15, 16, 3)};

	merge(stored, 1, fresh, 1);
	cr_assert_eq(results[0].verdict, CM_MERGE_OVERLAPS);
	cr_assert_eq(results[0].other, &stored[0]);
}

Test(merge, a_changed_end_may_not_reach_into_the_next_stored_period)
{
	struct cm_place stored[] = {place(4, 10, 20, 2), place(4, 30, OPEN, 3)};
	struct cm_place fresh[] = {place(4, 10, 31, 2), place(4, 20, 25, 3)};

	merge(stored, 2, fresh, 2);
	cr_assert_eq(results[0].verdict, CM_MERGE_OVERLAPS);
	cr_assert_eq(results[0].other, &stored[1]);
	/* With the change refused the stored end stands, and leaves room for the second row. */
	cr_assert_eq(results[1].verdict, CM_MERGE_ADDED);
}

Test(merge, categories_do_not_stand_in_each_others_way)
{
	struct cm_place stored[] = {place(0, 10, OPEN, 2)};
	struct cm_place fresh[] = {place(1, 10, OPEN, 3), place(4, 5, OPEN, 4)};

	merge(stored, 1, fresh, 2);
	cr_assert_eq(results[0].verdict, CM_MERGE_ADDED);
	cr_assert_eq(results[1].verdict, CM_MERGE_ADDED);
}

Test(merge, an_unknown_first_day_overlaps_all_that_ends_later)
{
	struct cm_place fresh[] = {place(4, CM_SINCE_UNKNOWN, 20, 2), place(4, 19, OPEN, 3)};

	merge(NULL, 0, fresh, 2);
	cr_assert_eq(results[1].verdict, CM_MERGE_OVERLAPS);
	fresh[1].since = 20;
	merge(NULL, 0, fresh, 2);
	cr_assert_eq(results[1].verdict, CM_MERGE_ADDED);
}

static int by_key(const void *a, const void *b)
{
	const struct cm_place *p = a;
	const struct cm_place *q = b;

	if (p->category != q->category)
		return p->category < q->category ? -1 : 1;
	if (p->since != q->since)
		return p->since < q->since ? -1 : 1;
	return p->line < q->line ? -1 : p->line > q->line;
}

static bool overlap(const struct cm_place *a, const struct cm_place *b)
{
	return a->category == b->category && a->since < b->until && b->since < a->until;
}

/* The invariant by brute force: after every merge of random rows into a random map the accepted
 * places do not overlap, and merging the same file again adds and changes nothing. */
Test(merge, random_files_never_leave_an_overlap_and_a_second_time_changes_nothing)
{
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct cm_place map[64];
		size_t count = 0;

		for (int file = 0; file < 4; file++) {
			struct cm_place fresh[6];

			for (int i = 0; i < 6; i++) {
				int32_t since = rand_r(&seed) % 12;
				int32_t until = since + 1 + rand_r(&seed) % 5;

				fresh[i] = place(rand_r(&seed) % 2, since,
				    rand_r(&seed) % 6 == 0 ? OPEN : until, i + 2);
				fresh[i].profile = rand_r(&seed) % 2;
			}
			qsort(fresh, 6, sizeof fresh[0], by_key);
			for (int again = 0; again < 2; again++) {
				merge(map, count, fresh, 6);
				size_t before = count;
				for (size_t i = 0; i < 6; i++) {
					if (results[i].verdict == CM_MERGE_ADDED)
						map[count++] = fresh[i];
					for (size_t s = 0; s < before; s++)
						if (results[i].verdict == CM_MERGE_CHANGED &&
						    map[s].category == fresh[i].category &&
						    map[s].since == fresh[i].since)
							map[s] = fresh[i];
					if (again != 0)
						cr_assert(results[i].verdict != CM_MERGE_CHANGED,
						    "round %d", round);
				}
				qsort(map, count, sizeof map[0], by_key);
				for (size_t i = 0; i < count; i++)
					for (size_t j = i + 1; j < count; j++)
						cr_assert(
						    !overlap(&map[i], &map[j]), "round %d", round);
			}
		}
	}
}
