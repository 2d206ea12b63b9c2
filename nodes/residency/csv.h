/*
 * Rows out of a CSV file, one at a time, with exact line numbers. libcsv splits the fields (RFC
 * 4180, strict); this feeds it line by line, so that it always knows where it stands, bounds what
 * one row may take, and finds its way again after a malformed row: reading goes on at the line
 * after the one where the bad row began, so that an unclosed quote hides nothing that follows.
 *
 * Knows no column and no meaning. The import calls it, on its own thread.
 */
#ifndef CM_RESIDENCY_CSV_H
#define CM_RESIDENCY_CSV_H

#include <stdint.h>
#include <stdio.h>

#include "protocol/base/err.h"

#define CM_CSV_MAX_ROW_BYTES (16 * 1024)
#define CM_CSV_MAX_FIELDS 64

struct cm_csv_field {
	const char
	    *text; /* borrowed from the reader until the next row; NUL behind it, maybe inside */
	size_t len;
};

struct cm_csv_row {
	uint64_t line; /* where the row begins, 1 = the first of the file */
	struct cm_csv_field fields[CM_CSV_MAX_FIELDS];
	size_t count;
};

struct cm_csv;

/* A reader over `in` (borrowed), or NULL without memory. */
struct cm_csv *cm_csv_new(FILE *in) CM_MUST_USE;
void cm_csv_free(struct cm_csv *csv);

/*
 * The next row that is not blank. CM_OK with `row`; CM_NOT_FOUND at the end of the file;
 * CM_BAD_INPUT for a malformed row: row->line says where, `err` why, and the next call goes on;
 * CM_IO and CM_NO_MEMORY end the reading.
 */
enum cm_status cm_csv_next(
    struct cm_csv *csv, struct cm_csv_row *row, struct cm_err *err) CM_MUST_USE;

/* Whether the file began with a UTF-8 byte order mark (it is skipped). Known after the first row.
 */
bool cm_csv_had_mark(const struct cm_csv *csv);

/* Bytes of the file read so far. */
uint64_t cm_csv_bytes(const struct cm_csv *csv);

#endif
