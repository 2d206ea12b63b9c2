#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/residency/row.h"
#include "protocol/base/buf.h"
#include "test_residency_tools.h"

/*
 * What an import says and does: the golden files (each imported all or nothing, then with
 * keep_good, into a fresh map), atomicity, idempotence, moves, bounds. To write the golden answers
 * anew: COMITY_GOLDEN=write test_residency_import.
 */

static struct map_test t;

static void init(void)
{
	map_test_init(&t);
}

static void end(void)
{
	map_test_fini(&t);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(import, .init = init);

#define GOLDEN COMITY_SOURCE_DIR "/tests/golden/residency"

static char *read_text(const char *path)
{
	FILE *in = fopen(path, "rb");
	char *text = calloc(1, 64 * 1024);

	cr_assert_not_null(text);
	cr_assert_not_null(in, "%s", path);
	cr_assert_lt(fread(text, 1, 64 * 1024, in), 64 * 1024);
	(void)fclose(in);
	return text;
}

static void golden(const char *name)
{
	const char *mode = getenv("COMITY_GOLDEN");
	char path[512];
	struct cm_buf out;
	char *text;
	char *expected;

	(void)snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
	text = read_text(path);
	cm_buf_init(&out, 0);
	cm_buf_text(&out, map_test_report(&t, map_test_import(&t, text, false)));
	cm_buf_text(&out, "keep good: ");
	cm_buf_text(&out, map_test_report(&t, map_test_import(&t, text, true)));
	(void)snprintf(path + strlen(path) - 4, 5, ".ok");
	if (mode != NULL && strcmp(mode, "write") == 0) {
		FILE *file = fopen(path, "w");
		cr_assert_not_null(file);
		cr_assert_geq(fputs(cm_buf_str(&out), file), 0);
		(void)fclose(file);
	}
	expected = read_text(path);
	cr_assert_str_eq(cm_buf_str(&out), expected, "%s", path);
	free(expected);
	free(text);
	cm_buf_fini(&out);
}

Test(import, every_golden_file_is_answered_word_for_word)
{
	DIR *dir = opendir(GOLDEN);
	struct dirent *entry;
	int count = 0;

	cr_assert_not_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 4, ".csv") != 0)
			continue;
		golden(entry->d_name);
		map_test_fini(&t);
		map_test_init(&t);
		count++;
	}
	(void)closedir(dir);
	cr_assert_geq(count, 10);
	end();
}

#define LOOKUP(account, day) map_test_lookup(&t, t.map, account, "content", day)

static uint64_t rows_now(void)
{
	struct cm_residency_stats stats;

	cr_assert_eq(cm_residency_stats(t.map, &stats), CM_OK);
	return stats.rows;
}

/* `count` good rows, then `tail`. */
static char *many_rows(int count, const char *tail)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)fputs(HEADER, out);
	for (int i = 0; i < count; i++)
		(void)fprintf(out, "user%d@example.ie,*,ie,2020-01-01,,consumer,,,,,,,,,\n", i);
	(void)fputs(tail, out);
	(void)fclose(out);
	return text;
}

Test(import, a_bad_last_row_leaves_the_map_as_it_was)
{
	char *text = many_rows(5000, "bad@example.ie,*,fr,,,,,,,,,,,,\n");

	map_test_load(&t, "old@example.ie,*,ie,,,consumer,,,,,,,,,\n");
	cr_assert_eq(map_test_import(&t, text, false), CM_BAD_INPUT);
	cr_assert_str_eq(t.err.text, "ie.csv: 1 bad row of 5001; nothing was imported");
	cr_assert_eq(t.report.complaints[0].line, 5002);
	cr_assert(!t.report.is_committed);
	cr_assert_eq(rows_now(), 1);
	cr_assert_str_eq(LOOKUP("user0@example.ie", "2026-01-01"), "CM_NOT_FOUND");
	cr_assert_str_eq(LOOKUP("old@example.ie", "2026-01-01"), "customer_kind=consumer");
	free(text);
	end();
}

Test(import, keep_good_imports_all_but_the_bad_last_row)
{
	char *text = many_rows(5000, "bad@example.ie,*,fr,,,,,,,,,,,,\n");

	cr_assert_eq(map_test_import(&t, text, true), CM_OK);
	cr_assert(t.report.is_committed);
	cr_assert_eq(t.report.added, 5000);
	cr_assert_eq(t.report.bad_rows, 1);
	cr_assert_eq(rows_now(), 5000);
	cr_assert_str_eq(LOOKUP("user4999@example.ie", "2026-01-01"), "customer_kind=consumer");
	free(text);
	end();
}

Test(import, the_same_file_again_changes_nothing)
{
	char *text = many_rows(3000, "");
	struct cm_residency_stats first;
	struct cm_residency_stats again;

	cr_assert_eq(map_test_import(&t, text, false), CM_OK);
	cr_assert_eq(cm_residency_stats(t.map, &first), CM_OK);
	cr_assert_eq(map_test_import(&t, text, false), CM_OK);
	cr_assert_eq(t.report.unchanged, 3000);
	cr_assert_eq(t.report.added + t.report.changed, 0);
	cr_assert_eq(cm_residency_stats(t.map, &again), CM_OK);
	cr_assert_eq(first.rows, again.rows);
	cr_assert_eq(first.accounts, again.accounts);
	cr_assert_eq(memcmp(first.by_kind, again.by_kind, sizeof first.by_kind), 0);
	free(text);
	end();
}

Test(import, a_later_file_moves_an_account_in_either_order_of_rows)
{
	static const char *const moves[] = {
	    "m@example.ie,*,ie,2020-01-01,2026-03-03,consumer,,,,,,,,,\n"
	    "m@example.ie,*,ie,2026-05-01,,enterprise,,,,,,,,,\n",
	    "m@example.ie,*,ie,2026-05-01,,enterprise,,,,,,,,,\n"
	    "m@example.ie,*,ie,2020-01-01,2026-03-03,consumer,,,,,,,,,\n"};

	for (int i = 0; i < 2; i++) {
		map_test_load(&t, "m@example.ie,*,ie,2020-01-01,,consumer,,,,,,,,,\n");
		cr_assert_str_eq(LOOKUP("m@example.ie", "2026-03-03"), "customer_kind=consumer");
		map_test_load(&t, moves[i]);
		cr_assert_eq(t.report.changed, 1);
		cr_assert_eq(t.report.added, 1);
		cr_assert_str_eq(LOOKUP("m@example.ie", "2026-03-02"), "customer_kind=consumer");
		cr_assert_str_eq(LOOKUP("m@example.ie", "2026-03-03"), "CM_NOT_FOUND");
		cr_assert_str_eq(LOOKUP("m@example.ie", "2026-05-01"), "customer_kind=enterprise");
		map_test_fini(&t);
		map_test_init(&t);
	}
	end();
}

Test(import, an_overlap_with_an_earlier_file_names_that_file_and_its_line)
{
	char line[CM_COMPLAINT_TEXT_BYTES];

	map_test_load(&t, "x@example.ie,*,ie,,,consumer,,,,,,,,,\n"
			  "m@example.ie,*,ie,2020-01-01,,consumer,,,,,,,,,\n");
	cr_assert_eq(
	    map_test_import(&t, HEADER "m@example.ie,*,ie,2021-01-01,,consumer,,,,,,,,,\n", false),
	    CM_BAD_INPUT);
	cm_residency_complaint_print("new.csv", &t.report.complaints[0], line);
	cr_assert_str_eq(line, "new.csv:2: since: overlaps line 3 of ie.csv: the same account and "
			       "category, since 2020-01-01");
	end();
}

Test(import, only_the_first_hundred_complaints_by_line_are_kept_and_all_are_counted)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)fputs(HEADER, out);
	/* The overlaps are found in the second half of the import, in the order of blinds. */
	for (int i = 0; i < 300; i++)
		(void)fprintf(out, "user%d@example.ie,*,%s,2020-01-01,,,,,,,,,,,\n", i % 150,
		    i % 10 == 0 ? "fr" : "ie");
	(void)fclose(out);
	cr_assert_eq(map_test_import(&t, text, false), CM_BAD_INPUT);
	cr_assert_eq(t.report.rows, 300);
	cr_assert_eq(t.report.bad_rows, 30 + 135);
	cr_assert_eq(t.report.complaints_total, 30 + 135);
	cr_assert_eq(t.report.complaints_count, CM_MAX_COMPLAINTS);
	for (size_t i = 0; i < 15; i++)
		cr_assert_eq(t.report.complaints[i].line, 2 + 10 * i);
	for (size_t i = 15; i < CM_MAX_COMPLAINTS; i++)
		cr_assert_eq(t.report.complaints[i].line, 152 + i - 15);
	free(text);
	end();
}

Test(import, a_file_that_is_no_csv_is_given_up_after_a_thousand_rows)
{
	char *text = many_rows(0, "");
	struct cm_buf all;

	cm_buf_init(&all, 0);
	cm_buf_text(&all, text);
	for (int i = 0; i < 5000; i++)
		cm_buf_text(&all, "a\"b\n");
	cr_assert_eq(map_test_import(&t, cm_buf_str(&all), true), CM_BAD_INPUT);
	cr_assert_str_eq(
	    t.err.text, "ie.csv:1002: more than 1000 rows are not CSV; nothing was imported");
	cr_assert(!t.report.is_committed);
	cm_buf_fini(&all);
	free(text);
	end();
}

Test(import, more_than_256_rows_of_one_account_are_refused)
{
	struct cm_buf all;

	cm_buf_init(&all, 0);
	cm_buf_text(&all, HEADER);
	for (int i = 0; i < 260; i++)
		cm_buf_printf(&all, "a@example.ie,*,ie,%04d-01-01,%04d-06-01,,,,,,,,,,\n", 1000 + i,
		    1000 + i);
	cr_assert_eq(map_test_import(&t, cm_buf_str(&all), false), CM_BAD_INPUT);
	cr_assert_eq(t.report.bad_rows, 4);
	cr_assert_str_eq(t.report.complaints[0].text, "the account has more than 256 rows");
	cr_assert_eq(t.report.complaints[0].line, 258);
	cr_assert_eq(map_test_import(&t, cm_buf_str(&all), true), CM_OK);
	cr_assert_eq(rows_now(), 256);
	cm_buf_fini(&all);
	end();
}

struct seen {
	int reading;
	int merging;
	uint64_t last;
	uint64_t bytes;
	int stop_after;
};

static bool on_progress(const struct cm_residency_progress *progress, void *data)
{
	struct seen *seen = data;

	*(progress->is_merging ? &seen->merging : &seen->reading) += 1;
	cr_assert_eq(progress->rows % 100, 0);
	cr_assert_eq(progress->rows_total, progress->is_merging ? 1000 : 0);
	seen->last = progress->rows;
	seen->bytes = progress->bytes;
	return seen->stop_after == 0 || seen->reading + seen->merging < seen->stop_after;
}

static enum cm_status import_watched(const char *text, struct seen *seen)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct cm_residency_options options = {
	    .progress = on_progress, .progress_data = seen, .progress_rows = 100};
	enum cm_status status =
	    cm_residency_import(t.map, in, "ie.csv", &t.key, &options, &t.report, &t.err);

	(void)fclose(in);
	return status;
}

Test(import, progress_is_told_every_so_many_rows_in_both_halves)
{
	struct seen seen = {0};
	char *text = many_rows(1000, "");

	cr_assert_eq(import_watched(text, &seen), CM_OK);
	cr_assert_eq(seen.reading, 10);
	cr_assert_eq(seen.merging, 10);
	cr_assert_eq(seen.last, 1000);
	cr_assert_eq(seen.bytes, strlen(text));
	free(text);
	end();
}

Test(import, the_callback_can_stop_it_at_any_call_and_nothing_is_imported)
{
	char *text = many_rows(1000, "");

	for (int stop = 1; stop <= 20; stop++) {
		struct seen seen = {.stop_after = stop};

		cr_assert_eq(import_watched(text, &seen), CM_STOPPED);
		cr_assert_str_eq(t.err.text, "ie.csv: stopped; nothing was imported");
		cr_assert_eq(rows_now(), 0);
	}
	cr_assert_eq(map_test_import(&t, text, false), CM_OK);
	cr_assert_eq(rows_now(), 1000);
	free(text);
	end();
}

Test(import, no_complaint_repeats_an_account_or_an_address)
{
	char line[CM_COMPLAINT_TEXT_BYTES];

	cr_assert_eq(map_test_import(&t,
			 HEADER "sec\tret@example.ie,*,ie,,,,,,,,,,,,hush\thush@example.ie\n"
				"@secret@secret,*,ie,,,,,,,,,,,,\n"
				"twice-secret,*,ie,,,,,,,,,,,,\ntwice-secret,*,ie,,,,,,,,,,,,\n",
			 false),
	    CM_BAD_INPUT);
	cr_assert_eq(t.report.complaints_count, 4);
	for (size_t i = 0; i < t.report.complaints_count; i++) {
		cm_residency_complaint_print("f", &t.report.complaints[i], line);
		cr_assert_null(strstr(line, "ret"), "%s", line);
		cr_assert_null(strstr(line, "hush"), "%s", line);
	}
	end();
}

static void import_example(const char *region)
{
	char path[512];
	char map_path[128];
	struct cm_residency *map;
	struct cm_residency_options options = {0};
	FILE *in;
	enum cm_status status;

	(void)snprintf(
	    path, sizeof path, "%s/deploy/examples/residency/%s.csv", COMITY_SOURCE_DIR, region);
	(void)snprintf(map_path, sizeof map_path, "%s/%s-example.db", t.folder, region);
	cr_assert_eq(cm_residency_open(map_path, region, CM_RESIDENCY_WRITE, &map, &t.err), CM_OK);
	cr_assert_eq(cm_residency_set_contact_key(map, t.key.bytes, &t.err), CM_OK);
	in = fopen(path, "r");
	cr_assert_not_null(in, "%s", path);
	status = cm_residency_import(map, in, path, &t.key, &options, &t.report, &t.err);
	cr_assert_eq(status, CM_OK, "%s", map_test_report(&t, status));
	cr_assert_gt(t.report.added, 0);
	(void)fclose(in);
	cm_residency_close(map);
}

Test(import, the_shipped_example_maps_are_clean)
{
	import_example("us");
	import_example("ie");
	import_example("de");
	import_example("gb");
	end();
}
