#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/cli/table.h"
#include "nodes/cli/term.h"
#include "protocol/base/alloc.h"
#include "test_cli_program.h"

static const struct cm_column columns[] = {
    {"case", "CASE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"parts", "PARTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"open", "OPEN", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"why", "WHY", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void fill(struct cm_table *table)
{
	cm_table_init(table, columns, 4);
	cm_cell_text(table, "24-mj-1187");
	cm_cell_number(table, 4);
	cm_cell_bool(table, true);
	cm_cell_text(table, "The provider's law forbids it.");
	cm_cell_text(table, "Zürich-日本");
	cm_cell_number(table, 12);
	cm_cell_bool(table, false);
	cm_cell_none(table);
}

static void expect_table(
    const struct cm_table *table, enum cm_format format, size_t width, const char *expected)
{
	struct test_output test;
	struct cm_err err = {0};

	test_output_begin(&test, format, width);
	cr_assert_eq(cm_table_print(table, &test.out, &err), CM_OK, "%s", err.text);
	test_output_end(&test);
	cr_assert_str_eq(test.data, expected);
	test_output_free(&test);
}

Test(table, fits_its_columns_to_their_content)
{
	struct cm_table table;

	fill(&table);
	expect_table(&table, CM_FORMAT_TABLE, 100,
	    "CASE         PARTS  OPEN  WHY\n"
	    "24-mj-1187       4  yes   The provider's law forbids it.\n"
	    "Zürich-日本     12  no\n");
	cm_table_fini(&table);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(table, wraps_what_may_wrap_and_sets_rows_apart)
{
	struct cm_table table;

	fill(&table);
	expect_table(&table, CM_FORMAT_TABLE, 42,
	    "CASE         PARTS  OPEN  WHY\n"
	    "24-mj-1187       4  yes   The provider's\n"
	    "                          law forbids it.\n"
	    "\n"
	    "Zürich-日本     12  no\n");
	cm_table_fini(&table);
}

Test(table, as_json_is_an_array_of_objects_with_types)
{
	struct cm_table table;

	fill(&table);
	expect_table(&table, CM_FORMAT_JSON, 100,
	    "[\n"
	    "  {\n"
	    "    \"case\": \"24-mj-1187\",\n"
	    "    \"parts\": 4,\n"
	    "    \"open\": true,\n"
	    "    \"why\": \"The provider's law forbids it.\"\n"
	    "  },\n"
	    "  {\n"
	    "    \"case\": \"Zürich-日本\",\n"
	    "    \"parts\": 12,\n"
	    "    \"open\": false,\n"
	    "    \"why\": null\n"
	    "  }\n"
	    "]\n");
	cm_table_fini(&table);
}

Test(table, as_ndjson_is_an_object_a_line)
{
	struct cm_table table;

	fill(&table);
	expect_table(&table, CM_FORMAT_NDJSON, 100,
	    "{\"case\":\"24-mj-1187\",\"parts\":4,\"open\":true,\"why\":\"The provider's law "
	    "forbids "
	    "it.\"}\n"
	    "{\"case\":\"Zürich-日本\",\"parts\":12,\"open\":false,\"why\":null}\n");
	cm_table_fini(&table);
}

Test(table, without_rows_is_an_empty_list)
{
	struct cm_table table;
	struct test_output test;
	struct cm_err err;

	cm_table_init(&table, columns, 4);
	expect_table(&table, CM_FORMAT_JSON, 100, "[]\n");
	expect_table(&table, CM_FORMAT_NDJSON, 100, "");
	test_output_begin(&test, CM_FORMAT_TABLE, 100);
	cr_assert_eq(cm_table_print(&table, &test.out, &err), CM_OK);
	test_output_end(&test);
	cr_assert_str_eq(test.data, "");
	cr_assert_str_eq(test.notes, "Nothing to show.\n");
	test_output_free(&test);
	cm_table_fini(&table);
}

static const struct cm_column one_column[] = {{"text", "TEXT", CM_ALIGN_LEFT, CM_FIT_KEEP}};

Test(table, shows_control_characters_and_never_sends_them)
{
	struct cm_table table;

	cm_table_init(&table, one_column, 1);
	cm_cell_text(&table, "a\x1b[31mred\x07\n\r\t\x7f"
			     "b");
	cm_cell_text(&table, "invoice\xe2\x80\xae"
			     "fdp.exe");
	cm_cell_text(&table, "bad \xff\xc3 bytes, c1 \xc2\x9b");
	expect_table(&table, CM_FORMAT_TABLE, 100,
	    "TEXT\n"
	    "a\\x1b[31mred\\x07\\n\\r\\t\\x7fb\n"
	    "invoice\\u{202e}fdp.exe\n"
	    "bad \\xff\\xc3 bytes, c1 \\u{009b}\n");
	expect_table(&table, CM_FORMAT_NDJSON, 100,
	    "{\"text\":\"a\\u001B[31mred\\u0007\\n\\r\\t\\u007fb\"}\n"
	    "{\"text\":\"invoice\\u202efdp.exe\"}\n"
	    "{\"text\":\"bad \xef\xbf\xbd\xef\xbf\xbd bytes, c1 \\u009b\"}\n");
	cm_table_fini(&table);
}

Test(table, keeps_lists_and_json_values)
{
	static const struct cm_column two[] = {
	    {"steps", "STEPS", CM_ALIGN_LEFT, CM_FIT_WRAP},
	    {"clock", "CLOCK", CM_ALIGN_LEFT, CM_FIT_KEEP},
	    {"id", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
	};
	const char *const steps[] = {"preserve", "notify the customer"};
	struct cm_table table;

	cm_table_init(&table, two, 3);
	cm_cell_list(&table, steps, 2);
	cm_cell_json(&table, json_pack("{s:s}", "day", "2026-11-23"), "Mon 23 Nov 2026");
	cm_cell_printf(&table, "case-%d", 7);
	expect_table(&table, CM_FORMAT_TABLE, 100,
	    "STEPS                CLOCK\n"
	    "preserve             Mon 23 Nov 2026\n"
	    "notify the customer\n");
	expect_table(&table, CM_FORMAT_NDJSON, 100,
	    "{\"steps\":[\"preserve\",\"notify the customer\"],\"clock\":{\"day\":\"2026-11-23\"},"
	    "\"id\":\"case-7\"}\n");
	cm_table_fini(&table);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(table, cuts_on_a_terminal_and_wraps_elsewhere)
{
	static const struct cm_column cut[] = {
	    {"a", "A", CM_ALIGN_LEFT, CM_FIT_KEEP}, {"b", "B", CM_ALIGN_LEFT, CM_FIT_CUT}};
	struct cm_table table;
	struct test_output test;
	struct cm_err err;

	cm_table_init(&table, cut, 2);
	cm_cell_text(&table, "x");
	cm_cell_text(&table, "one two three four");
	expect_table(&table, CM_FORMAT_TABLE, 13, "A  B\nx  one two\n   three four\n");
	test_output_begin(&test, CM_FORMAT_TABLE, 13);
	test.out.may_cut = true;
	cr_assert_eq(cm_table_print(&table, &test.out, &err), CM_OK);
	test_output_end(&test);
	cr_assert_str_eq(test.data, "A  B\nx  one two t…\n");
	test_output_free(&test);
	cm_table_fini(&table);
}

Test(table, colors_words_and_not_the_blanks_between)
{
	struct cm_table table;
	struct test_output test;
	struct cm_err err;

	cm_table_init(&table, columns, 2);
	cm_cell_text(&table, "7");
	cm_cell_tint(&table, CM_TINT_BAD);
	cm_cell_number(&table, 1);
	test_output_begin(&test, CM_FORMAT_TABLE, 100);
	test.out.color = true;
	cr_assert_eq(cm_table_print(&table, &test.out, &err), CM_OK);
	test_output_end(&test);
	cr_assert_str_eq(test.data, "\x1b[1mCASE\x1b[0m  \x1b[1mPARTS\x1b[0m\n"
				    "\x1b[31m7\x1b[0m         1\n");
	test_output_free(&test);
	cm_table_fini(&table);
}

Test(record, is_one_object_or_a_line_for_each_field)
{
	struct cm_table table;
	struct test_output test;
	struct cm_err err;

	cm_table_init(&table, columns, 4);
	cm_cell_text(&table, "24-mj-1187");
	cm_cell_number(&table, 4);
	cm_cell_bool(&table, true);
	cm_cell_text(&table, "The provider's law forbids it.");
	test_output_begin(&test, CM_FORMAT_TABLE, 24);
	cr_assert_eq(cm_table_print_record(&table, &test.out, &err), CM_OK);
	test_output_end(&test);
	cr_assert_str_eq(test.data, "CASE   24-mj-1187\n"
				    "PARTS  4\n"
				    "OPEN   yes\n"
				    "WHY    The provider's\n"
				    "       law forbids it.\n");
	test_output_free(&test);
	test_output_begin(&test, CM_FORMAT_NDJSON, 24);
	cr_assert_eq(cm_table_print_record(&table, &test.out, &err), CM_OK);
	test_output_end(&test);
	cr_assert_str_eq(test.data, "{\"case\":\"24-mj-1187\",\"parts\":4,\"open\":true,"
				    "\"why\":\"The provider's law forbids it.\"}\n");
	test_output_free(&test);
	cm_table_fini(&table);
}

Test(table, survives_every_failed_allocation)
{
	size_t failures = 0;

	for (size_t nth = 1;; nth++) {
		struct cm_table table;
		struct test_output test;
		struct cm_err err;
		enum cm_status status;

		test_output_begin(&test, CM_FORMAT_TABLE, 40);
		cm_alloc_fail_at(nth, false);
		fill(&table);
		status = cm_table_print(&table, &test.out, &err);
		cm_table_fini(&table);
		test_output_end(&test);
		if (cm_alloc_has_failed()) {
			cr_assert_eq(status, CM_NO_MEMORY, "request %zu", nth);
			cr_assert_str_eq(test.data, "");
		}
		test_output_free(&test);
		cr_assert_eq(cm_alloc_live(), 0);
		if (!cm_alloc_has_failed())
			break;
		failures++;
		cr_assert_lt(nth, 1000);
	}
	cm_alloc_fail_at(0, false);
	cr_assert_gt(failures, 5);
}

Test(output, to_a_full_disk_is_an_error)
{
	struct cm_table table;
	struct cm_output out = {.format = CM_FORMAT_TABLE, .columns = 80, .notes = stderr};
	struct cm_err err;

	out.data = fopen("/dev/full", "w");
	cr_assert_not_null(out.data);
	fill(&table);
	cr_assert_eq(cm_table_print(&table, &out, &err), CM_IO);
	cr_assert_str_eq(err.text, "write to standard output: No space left on device");
	cm_table_fini(&table);
	(void)fclose(out.data);
}

Test(output, complaints_are_escaped_and_bring_the_exit_code)
{
	struct test_output test;
	struct cm_err err;

	test_output_begin(&test, CM_FORMAT_TABLE, 80);
	(void)cm_err_set(&err, CM_UNREACHABLE, "node \x1b[2J is down");
	cr_assert_eq(cm_complain(&test.out, &err), CM_EXIT_UNREACHABLE);
	test_output_end(&test);
	cr_assert_str_eq(test.notes, "comity: node ?[2J is down\n");
	test_output_free(&test);
}

Test(output, notes_are_silent_with_quiet_and_more_with_verbose)
{
	struct test_output test;

	test_output_begin(&test, CM_FORMAT_TABLE, 80);
	cm_note(&test.out, "one");
	cm_note_more(&test.out, "two");
	test.out.quiet = true;
	cm_note(&test.out, "three");
	test.out.quiet = false;
	test.out.verbose = true;
	cm_note_more(&test.out, "four");
	test_output_end(&test);
	cr_assert_str_eq(test.notes, "one\nfour\n");
	test_output_free(&test);
}

static void init_output(const char *line, struct cm_output *out)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse(line, &cli, &err), CM_OK);
	cm_output_init(out, &cli);
	cm_cli_fini(&cli);
}

Test(output, takes_its_width_from_COLUMNS_and_else_100)
{
	struct cm_output out;

	(void)setenv("COLUMNS", "72", 1);
	init_output("comity list -o json", &out);
	cr_assert_eq(out.columns, 72);
	cr_assert_eq(out.format, CM_FORMAT_JSON);
	(void)setenv("COLUMNS", "7x", 1);
	(void)freopen("/dev/null", "w", stdout);
	init_output("comity list", &out);
	cr_assert_eq(out.columns, 100);
	cr_assert_not(out.color, "no color where no terminal is");
	cr_assert_not(out.may_cut);
}

Test(progress, is_drawn_on_a_terminal_alone_and_wiped)
{
	struct cm_progress progress;
	struct test_output test;

	test_output_begin(&test, CM_FORMAT_TABLE, 80);
	cm_progress_init(&progress, &test.out, "importing");
	cm_progress_show(&progress, 1, 4);
	cm_progress_fini(&progress);
	test.out.notes_live = true;
	cm_progress_init(&progress, &test.out, "importing");
	cm_progress_show(&progress, 1, 4);
	cm_progress_show(&progress, 2, 4); /* too soon */
	cm_progress_fini(&progress);
	test_output_end(&test);
	cr_assert_str_eq(test.notes, "\r\x1b[Kimporting: 1 of 4 (25 %)\r\x1b[K");
	test_output_free(&test);
}

Test(wrap, breaks_at_blanks_and_in_words_that_are_too_wide)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *lines;
	} cases[] = {
	    {"", 5, ""},
	    {"one two", 7, "one two"},
	    {"one two", 6, "one|two"},
	    {"one   two", 4, "one|two"},
	    {"abcdefgh", 3, "abc|def|gh"},
	    {"日本語", 4, "日本|語"},
	    {"日", 1, "日"},
	    {"a\n\nb", 9, "a||b"},
	    {"  ab", 3, "  a|b"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *at = cases[i].text;
		size_t left = strlen(at);
		struct cm_buf lines;

		cm_buf_init(&lines, 0);
		while (left > 0) {
			size_t used;
			size_t bytes = cm_term_wrap(at, left, cases[i].columns, &used);

			cr_assert_gt(used, 0);
			cr_assert_leq(bytes, used);
			if (lines.len > 0 || at != cases[i].text)
				cm_buf_byte(&lines, '|');
			cm_buf_add(&lines, at, bytes);
			at += used;
			left -= used;
		}
		cr_assert_str_eq(cm_buf_str(&lines), cases[i].lines);
		cm_buf_fini(&lines);
	}
}
