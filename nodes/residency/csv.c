#include "nodes/residency/csv.h"

#include <csv.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"

#define BUFFER_BYTES ((size_t)256 * 1024)

/*
 * buf:  [ ... row_start ....... at ......... filled ......... ]
 *             the row so far    not fed yet
 */
struct cm_csv {
	FILE *in; /* borrowed */
	struct csv_parser parser;
	char *buf; /* owned, BUFFER_BYTES */
	size_t row_start;
	size_t at;
	size_t filled;
	size_t first_line_bytes; /* of the row being read; 0: still in its first line */
	uint64_t row_line;
	uint64_t line; /* that `at` is in */
	uint64_t bytes;
	bool at_end; /* `in` has no more */
	bool had_mark;

	/* what the parser's callbacks gather */
	struct cm_buf text;
	size_t starts[CM_CSV_MAX_FIELDS + 1];
	size_t count;
	bool is_done;
	bool ended_by_return;
	bool has_tail; /* something came after the row's end in the same line */
};

/* ---- libcsv's side --------------------------------------------------------------------------- */

static int no_spaces(unsigned char c)
{
	(void)c;
	return 0;
}

static void *grow(void *block, size_t bytes)
{
	return cm_realloc(block, bytes, 1);
}

static void on_field(void *field, size_t len, void *data)
{
	struct cm_csv *csv = data;

	if (csv->is_done) {
		csv->has_tail = true;
		return;
	}
	if (csv->count < CM_CSV_MAX_FIELDS)
		csv->starts[csv->count] = csv->text.len;
	csv->count++;
	cm_buf_add(&csv->text, field, len);
	cm_buf_byte(&csv->text, 0);
}

static void on_row(int ended_by, void *data)
{
	struct cm_csv *csv = data;

	csv->ended_by_return = ended_by == '\r';
	csv->is_done = true;
}

/* csv_fini would keep its state after an unclosed quote if the strict end were asked for. */
static void parser_reset(struct cm_csv *csv)
{
	(void)csv_set_opts(&csv->parser, CSV_STRICT);
	(void)csv_fini(&csv->parser, NULL, NULL, NULL);
	(void)csv_set_opts(&csv->parser, CSV_STRICT | CSV_STRICT_FINI);
}

struct cm_csv *cm_csv_new(FILE *in)
{
	struct cm_csv *csv = cm_alloc(1, sizeof *csv);

	if (csv == NULL)
		return NULL;
	csv->buf = cm_alloc(BUFFER_BYTES, 1);
	if (csv->buf == NULL || csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
		cm_free(csv->buf);
		cm_free(csv);
		return NULL;
	}
	csv_set_space_func(&csv->parser, no_spaces);
	csv_set_realloc_func(&csv->parser, grow);
	csv_set_free_func(&csv->parser, cm_free);
	cm_buf_init(&csv->text, 0);
	csv->in = in;
	csv->line = 1;
	return csv;
}

void cm_csv_free(struct cm_csv *csv)
{
	if (csv == NULL)
		return;
	csv_free(&csv->parser);
	cm_buf_fini(&csv->text);
	cm_free(csv->buf);
	cm_free(csv);
}

bool cm_csv_had_mark(const struct cm_csv *csv)
{
	return csv->had_mark;
}

uint64_t cm_csv_bytes(const struct cm_csv *csv)
{
	return csv->bytes;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Move the row to the front of the buffer and read behind it. */
static enum cm_status refill(struct cm_csv *csv, struct cm_err *err)
{
	bool is_first = csv->bytes == 0;
	size_t got;

	memmove(csv->buf, csv->buf + csv->row_start, csv->filled - csv->row_start);
	csv->at -= csv->row_start;
	csv->filled -= csv->row_start;
	csv->row_start = 0;
	got = fread(csv->buf + csv->filled, 1, BUFFER_BYTES - csv->filled, csv->in);
	if (got == 0 && ferror(csv->in))
		return cm_err_set(err, CM_IO, "the file cannot be read on");
	csv->at_end = got == 0;
	csv->filled += got;
	csv->bytes += got;
	if (is_first && csv->filled >= 3 && memcmp(csv->buf, "\xef\xbb\xbf", 3) == 0) {
		csv->had_mark = true;
		csv->row_start = csv->at = 3;
	}
	return CM_OK;
}

/* Bring one whole line (or, at the end of the file, the rest) into the buffer at `at`. `len` is its
 * length with the line feed; CM_NOT_FOUND if nothing is left; CM_TOO_LARGE if the row would pass
 * its bound. */
static enum cm_status line_get(struct cm_csv *csv, size_t *len, struct cm_err *err)
{
	for (;;) {
		const char *from = csv->buf + csv->at;
		size_t left = csv->filled - csv->at;
		const char *feed = left > 0 ? memchr(from, '\n', left) : NULL;
		enum cm_status status;

		*len = feed != NULL ? (size_t)(feed - from) + 1 : left;
		if (csv->at + *len - csv->row_start > CM_CSV_MAX_ROW_BYTES)
			return CM_TOO_LARGE;
		if (feed != NULL)
			return CM_OK;
		if (csv->at_end)
			return left > 0 ? CM_OK : CM_NOT_FOUND;
		status = refill(csv, err);
		if (status != CM_OK)
			return status;
	}
}

static bool is_blank_line(const char *text, size_t len)
{
	return len == 0 || (len == 1 && (text[0] == '\n' || text[0] == '\r')) ||
	       (len == 2 && text[0] == '\r' && text[1] == '\n');
}

/* Let the next row begin at `at`. */
static void row_begin(struct cm_csv *csv)
{
	csv->row_start = csv->at;
	csv->row_line = csv->line;
	csv->first_line_bytes = 0;
	csv->count = 0;
	csv->is_done = false;
	csv->has_tail = false;
	cm_buf_clear(&csv->text);
}

/* ---- malformed rows -------------------------------------------------------------------------- */

/* Skip the rest of a line too long for the buffer's row. */
static enum cm_status line_skip(struct cm_csv *csv, struct cm_err *err)
{
	for (;;) {
		size_t left = csv->filled - csv->at;
		const char *feed = left > 0 ? memchr(csv->buf + csv->at, '\n', left) : NULL;
		enum cm_status status;

		if (feed != NULL) {
			csv->at = (size_t)(feed - csv->buf) + 1;
			return CM_OK;
		}
		csv->at = csv->row_start = csv->filled;
		if (csv->at_end)
			return CM_OK;
		status = refill(csv, err);
		if (status != CM_OK)
			return status;
	}
}

/* Give the row up: the next call begins with the line after its first one. */
static enum cm_status row_drop(struct cm_csv *csv, struct cm_err *err)
{
	parser_reset(csv);
	csv->line = csv->row_line + 1;
	csv->at = csv->row_start + csv->first_line_bytes;
	return csv->first_line_bytes != 0 ? CM_OK : line_skip(csv, err);
}

static enum cm_status row_is_bad(struct cm_csv *csv, struct cm_csv_row *row, struct cm_err *err)
{
	struct cm_err trouble;

	row->line = csv->row_line;
	if (row_drop(csv, &trouble) == CM_OK)
		return CM_BAD_INPUT;
	if (err != NULL)
		*err = trouble;
	return trouble.status;
}

static enum cm_status parser_failed(
    struct cm_csv *csv, size_t offset, struct cm_csv_row *row, struct cm_err *err)
{
	if (csv_error(&csv->parser) != CSV_EPARSE)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (csv->line == csv->row_line)
		(void)cm_err_set(err, CM_BAD_INPUT,
		    "a quote is out of place, see byte %zu of the line", offset + 1);
	else
		(void)cm_err_set(err, CM_BAD_INPUT,
		    "a quote opened here is closed out of place, in line %llu",
		    (unsigned long long)csv->line);
	return row_is_bad(csv, row, err);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static enum cm_status row_finish(struct cm_csv *csv, struct cm_csv_row *row, struct cm_err *err)
{
	if (csv->text.failed)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	row->line = csv->row_line;
	/* To libcsv a lone carriage return ends a row: what it has begun since must not join the
	 * next. */
	if (csv->ended_by_return && csv_fini(&csv->parser, on_field, on_row, csv) != 0)
		csv->has_tail = true;
	if (csv->has_tail || csv->count > CM_CSV_MAX_FIELDS) {
		(void)cm_err_set(err, CM_BAD_INPUT,
		    csv->has_tail ? "a carriage return stands inside the line"
				  : "the row has more than 64 fields");
		/* Counts as read to its end: lines inside a whole row are no rows. */
		parser_reset(csv);
		return CM_BAD_INPUT;
	}
	row->count = csv->count;
	for (size_t i = 0; i < csv->count; i++) {
		size_t end = i + 1 < csv->count ? csv->starts[i + 1] : csv->text.len;

		row->fields[i] = (struct cm_csv_field){
		    .text = (const char *)csv->text.data + csv->starts[i],
		    .len = end - csv->starts[i] - 1,
		};
	}
	return CM_OK;
}

/* The file ended inside a row: either it only lacks the last line feed, or a quote is open. */
static enum cm_status row_end_of_file(
    struct cm_csv *csv, struct cm_csv_row *row, struct cm_err *err)
{
	if (csv_fini(&csv->parser, on_field, on_row, csv) != 0) {
		(void)cm_err_set(err, CM_BAD_INPUT, "a quote opened in this row is never closed");
		return row_is_bad(csv, row, err);
	}
	return row_finish(csv, row, err);
}

static enum cm_status row_too_long(struct cm_csv *csv, struct cm_csv_row *row, struct cm_err *err)
{
	(void)cm_err_set(err, CM_BAD_INPUT,
	    "the row is longer than %d bytes; is a quote not closed?", CM_CSV_MAX_ROW_BYTES);
	return row_is_bad(csv, row, err);
}

enum cm_status cm_csv_next(struct cm_csv *csv, struct cm_csv_row *row, struct cm_err *err)
{
	row_begin(csv);
	for (;;) {
		size_t len;
		size_t used;
		enum cm_status status = line_get(csv, &len, err);

		if (status == CM_NOT_FOUND && csv->row_start != csv->at)
			return row_end_of_file(csv, row, err);
		if (status == CM_TOO_LARGE)
			return row_too_long(csv, row, err);
		if (status != CM_OK)
			return status;
		if (csv->row_start == csv->at && is_blank_line(csv->buf + csv->at, len)) {
			csv->at += len;
			csv->line++;
			row_begin(csv);
			continue;
		}
		used = csv_parse(&csv->parser, csv->buf + csv->at, len, on_field, on_row, csv);
		if (csv->first_line_bytes == 0)
			csv->first_line_bytes = len;
		if (used != len)
			return parser_failed(csv, used, row, err);
		csv->at += len;
		csv->line++;
		if (csv->is_done)
			return row_finish(csv, row, err);
	}
}
