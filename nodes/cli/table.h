/*
 * Rows of data, printed as a table a person reads or as JSON a program reads.
 *
 * Cells keep their types, so that JSON says 7 and not "7". It knows nothing of what the rows mean.
 * Add cells in the order of the columns; whether memory ran out is asked once, when printing.
 * One thread.
 */
#ifndef CM_CLI_TABLE_H
#define CM_CLI_TABLE_H

#include "nodes/cli/output.h"
#include "protocol/base/alloc.h"

enum cm_align { CM_ALIGN_LEFT, CM_ALIGN_RIGHT };

enum cm_fit {
	CM_FIT_KEEP, /* never narrower than its content: ids, dates */
	CM_FIT_WRAP, /* goes over several lines */
	CM_FIT_CUT,  /* loses its end on a terminal; elsewhere wraps */
};

struct cm_column {
	const char *key;   /* in JSON */
	const char *title; /* in the table; NULL: only in JSON */
	enum cm_align align;
	enum cm_fit fit;
};

enum cm_tint { CM_TINT_NONE, CM_TINT_GOOD, CM_TINT_BAD, CM_TINT_WARN, CM_TINT_DIM, CM_TINT_STRONG };

#define CM_MAX_COLUMNS 24

struct cm_cell;

struct cm_table {
	const struct cm_column *columns; /* borrowed */
	size_t column_count;
	struct cm_cell *cells; /* owned; row after row */
	size_t cell_count;
	size_t cell_cap;
	struct cm_arena texts;
	bool failed;
};

void cm_table_init(struct cm_table *table, const struct cm_column *columns, size_t column_count);
void cm_table_fini(struct cm_table *table);

/* Append one cell. Texts are copied; NULL is the same as cm_cell_none. */
void cm_cell_text(struct cm_table *table, const char *text);
void cm_cell_printf(struct cm_table *table, const char *fmt, ...) CM_PRINTF(2, 3);
void cm_cell_number(struct cm_table *table, int64_t number);
void cm_cell_bool(struct cm_table *table, bool yes);
void cm_cell_none(struct cm_table *table); /* null; empty in a table */

/* Several texts in one cell: an array in JSON, a line each in a table. */
void cm_cell_list(struct cm_table *table, const char *const *texts, size_t count);

/* Any JSON value (a reference is taken over), shown in a table as `shown`. */
void cm_cell_json(struct cm_table *table, json_t *value, const char *shown);

/* Color the cell added last, where there are colors. */
void cm_cell_tint(struct cm_table *table, enum cm_tint tint);

/* Print all rows: an array of objects as json ([] for none), an object a line as ndjson, a table
 * with titles otherwise (for no rows: nothing, and a note that there is nothing). */
enum cm_status cm_table_print(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err) CM_MUST_USE;

/* Print the one row there is as a record: one object, or a line for each column. */
enum cm_status cm_table_print_record(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err) CM_MUST_USE;

#endif
