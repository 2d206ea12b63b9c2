#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/residency/csv.h"
#include "nodes/residency/row.h"
#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"

/* Read a whole file given as text; one line of output a row: "line|field|field" or "line!sentence".
 */
static void reads_n(const char *text, size_t len, const char *expected)
{
	FILE *in = len != 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : fopen("/dev/null", "r");
	struct cm_csv *csv = cm_csv_new(in);
	struct cm_csv_row row;
	struct cm_err err;
	struct cm_buf out;
	enum cm_status status;

	cr_assert_not_null(csv);
	cm_buf_init(&out, 0);
	while ((status = cm_csv_next(csv, &row, &err)) != CM_NOT_FOUND) {
		cm_buf_printf(&out, "%llu", (unsigned long long)row.line);
		if (status == CM_BAD_INPUT) {
			cm_buf_printf(&out, "!%s\n", err.text);
			continue;
		}
		cr_assert_eq(status, CM_OK);
		for (size_t i = 0; i < row.count; i++) {
			cr_assert_eq(row.fields[i].text[row.fields[i].len], 0);
			cm_buf_byte(&out, '|');
			cm_buf_add(&out, row.fields[i].text, row.fields[i].len);
		}
		cm_buf_byte(&out, '\n');
	}
	cr_assert_eq(cm_csv_bytes(csv), len);
	cr_assert_str_eq(cm_buf_str(&out), expected);
	cm_buf_fini(&out);
	cm_csv_free(csv);
	(void)fclose(in);
	cr_assert_eq(cm_alloc_live(), 0);
}

static void reads(const char *text, const char *expected)
{
	reads_n(text, strlen(text), expected);
}

Test(csv, rows_of_fields_come_with_their_line)
{
	reads("a,b\nc,d\n", "1|a|b\n2|c|d\n");
	reads("a,b\r\nc,d\r\n", "1|a|b\n2|c|d\n");
	reads("a,,\n,\n", "1|a||\n2||\n");
}

Test(csv, the_last_line_needs_no_line_feed)
{
	reads("a,b\nc,d", "1|a|b\n2|c|d\n");
	reads("a,b\r\nc,d\r", "1|a|b\n2|c|d\n");
	reads("a,b\nc,", "1|a|b\n2|c|\n");
	reads("a,b\nc,\"d\"", "1|a|b\n2|c|d\n");
}

Test(csv, an_empty_file_has_no_row)
{
	reads("", "");
	reads("\n\r\n\n", "");
}

Test(csv, blank_lines_are_skipped_and_counted)
{
	reads("a\n\n\r\nb\n\n", "1|a\n4|b\n");
}

Test(csv, quoted_fields_hold_commas_quotes_and_line_feeds)
{
	reads("\"a,b\",\"c\"\"d\"\n\"x\ny\",z\nw,v\n", "1|a,b|c\"d\n2|x\ny|z\n4|w|v\n");
	reads("\"x\r\n\r\ny\",z\r\nw,v\r\n", "1|x\r\n\r\ny|z\n4|w|v\n");
	reads("\"\",\"\"\"\"\n", "1||\"\n");
}

Test(csv, blanks_belong_to_the_field)
{
	reads(" a ,\tb\n", "1| a |\tb\n");
}

Test(csv, a_byte_order_mark_is_skipped_only_at_the_start)
{
	reads("\xef\xbb\xbf"
	      "a,b\n",
	    "1|a|b\n");
	reads("\xef\xbb\xbf"
	      "\"a\",b\n",
	    "1|a|b\n");
	reads("a\n\xef\xbb\xbf"
	      "b\n",
	    "1|a\n2|\xef\xbb\xbf"
	    "b\n");
	reads("\xef\xbb\xbf", "");
}

Test(csv, a_misplaced_quote_is_named_with_its_byte_and_reading_goes_on)
{
	reads("a\nb\"c,d\ne\n", "1|a\n2!a quote is out of place, see byte 2 of the line\n3|e\n");
	reads("\"b\"c,d\ne\n", "1!a quote is out of place, see byte 4 of the line\n2|e\n");
	reads("a, \"b\"\ne\n", "1!a quote is out of place, see byte 4 of the line\n2|e\n");
}

Test(csv, an_open_quote_hides_no_line_that_follows)
{
	reads("a\n\"b,c\nd\ne\n", "1|a\n2!a quote opened in this row is never closed\n3|d\n4|e\n");
	reads("\"b,c\nd\n\"x\"\ny\n",
	    "1!a quote opened here is closed out of place, in line 3\n2|d\n3|x\n4|y\n");
}

Test(csv, an_open_quote_is_given_up_after_a_bound)
{
	size_t lines = 3000;
	struct cm_buf text;
	struct cm_csv_row row;
	struct cm_err err;
	struct cm_csv *csv;
	FILE *in;

	cm_buf_init(&text, 0);
	cm_buf_text(&text, "\"open,here\n");
	for (size_t i = 0; i < lines; i++)
		cm_buf_text(&text, "plain,row\n");
	in = fmemopen(text.data, text.len, "r");
	csv = cm_csv_new(in);
	cr_assert_eq(cm_csv_next(csv, &row, &err), CM_BAD_INPUT);
	cr_assert_eq(row.line, 1);
	cr_assert_str_eq(err.text, "the row is longer than 16384 bytes; is a quote not closed?");
	for (size_t i = 0; i < lines; i++) {
		cr_assert_eq(cm_csv_next(csv, &row, &err), CM_OK);
		cr_assert_eq(row.line, i + 2);
		cr_assert_str_eq(row.fields[0].text, "plain");
	}
	cr_assert_eq(cm_csv_next(csv, &row, &err), CM_NOT_FOUND);
	cm_csv_free(csv);
	(void)fclose(in);
	cm_buf_fini(&text);
}

Test(csv, a_line_longer_than_the_buffer_is_one_bad_row)
{
	size_t len = 700 * 1024;
	char *text = malloc(len);

	cr_assert_not_null(text);
	memset(text, 'x', len);
	memcpy(text + len - 5, "\na,b\n", 5);
	reads_n(text, len, "1!the row is longer than 16384 bytes; is a quote not closed?\n2|a|b\n");
	text[len - 5] = 'x';
	reads_n(text, len - 1, "1!the row is longer than 16384 bytes; is a quote not closed?\n");
	free(text);
}

Test(csv, a_carriage_return_inside_a_line_is_refused)
{
	reads("a,b\rc,d\ne\n", "1!a carriage return stands inside the line\n2|e\n");
	reads("a\r\"x\ny\"\nz\n", "1!a carriage return stands inside the line\n"
				  "2!a quote is out of place, see byte 2 of the line\n3|z\n");
}

Test(csv, more_than_64_fields_are_refused)
{
	char text[200];

	memset(text, ',', sizeof text);
	text[64] = '\n';
	memcpy(text + 65, "a\n", 2);
	reads_n(text, 67, "1!the row has more than 64 fields\n2|a\n");
}

Test(csv, bytes_that_are_no_text_pass_through_with_their_length)
{
	static const char text[] = "a\0b,\xff\n";
	FILE *in = fmemopen((void *)(uintptr_t)text, sizeof text - 1, "r");
	struct cm_csv *csv = cm_csv_new(in);
	struct cm_csv_row row;

	cr_assert_eq(cm_csv_next(csv, &row, NULL), CM_OK);
	cr_assert_eq(row.count, 2);
	cr_assert_eq(row.fields[0].len, 3);
	cr_assert_arr_eq(row.fields[0].text, "a\0b", 4);
	cr_assert_str_eq(row.fields[1].text, "\xff");
	cm_csv_free(csv);
	(void)fclose(in);
}

Test(csv, rows_across_the_buffer_keep_their_lines)
{
	const size_t rows = 40000;
	struct cm_buf text;
	struct cm_csv_row row;
	struct cm_csv *csv;
	FILE *in;
	char expected[32];

	cm_buf_init(&text, 0);
	for (size_t i = 0; i < rows; i++)
		cm_buf_printf(&text, "row %zu,\"two\nlines\"%s", i, i % 3 == 0 ? "\r\n" : "\n");
	in = fmemopen(text.data, text.len, "r");
	csv = cm_csv_new(in);
	for (size_t i = 0; i < rows; i++) {
		cr_assert_eq(cm_csv_next(csv, &row, NULL), CM_OK);
		(void)snprintf(expected, sizeof expected, "row %zu", i);
		cr_assert_str_eq(row.fields[0].text, expected);
		cr_assert_str_eq(row.fields[1].text, "two\nlines");
		cr_assert_eq(row.line, 2 * i + 1);
	}
	cr_assert_eq(cm_csv_next(csv, &row, NULL), CM_NOT_FOUND);
	cm_csv_free(csv);
	(void)fclose(in);
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}

static ssize_t broken_read(void *cookie, char *into, size_t size)
{
	(void)cookie;
	(void)into;
	(void)size;
	return -1;
}

Test(csv, a_file_that_cannot_be_read_is_a_failure_and_not_an_end)
{
	FILE *in = fopencookie(NULL, "r", (cookie_io_functions_t){.read = broken_read});
	struct cm_csv *csv = cm_csv_new(in);
	struct cm_csv_row row;
	struct cm_err err;

	cr_assert_eq(cm_csv_next(csv, &row, &err), CM_IO);
	cr_assert_str_eq(err.text, "the file cannot be read on");
	cm_csv_free(csv);
	(void)fclose(in);
}

Test(country, there_are_249_countries_and_kosovo)
{
	int count = 0;

	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++)
			count += cm_country_is_known((char[]){a, b}, 2);
	cr_assert_eq(count, 250);
	cr_assert(cm_country_is_known("IE", 2));
	cr_assert(cm_country_is_known("AD", 2));
	cr_assert(cm_country_is_known("ZW", 2));
	cr_assert(cm_country_is_known("XK", 2));
	cr_assert(!cm_country_is_known("UK", 2));
	cr_assert(!cm_country_is_known("EU", 2));
	cr_assert(!cm_country_is_known("ie", 2));
	cr_assert(!cm_country_is_known("IEE", 3));
	cr_assert(!cm_country_is_known("", 0));
}
