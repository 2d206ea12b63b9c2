/*
 * The cells of a table and how they find room on a line. Between table.c and table_layout.c only.
 */
#ifndef CM_CLI_TABLE_LAYOUT_H
#define CM_CLI_TABLE_LAYOUT_H

#include "nodes/cli/table.h"

enum cm_cell_kind {
	CM_CELL_NONE,
	CM_CELL_TEXT,
	CM_CELL_NUMBER,
	CM_CELL_BOOL,
	CM_CELL_LIST,
	CM_CELL_JSON,
};

struct cm_cell {
	enum cm_cell_kind kind;
	enum cm_tint tint;
	const char *text; /* of TEXT and JSON; in the table's arena */
	int64_t number;   /* of NUMBER and BOOL */
	char **list;      /* of LIST; in the table's arena */
	size_t list_count;
	json_t *json; /* of JSON; owned */
};

/* Print the rows below their titles; print the first row as lines "title  value". */
enum cm_status cm_table_lay_out(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err);
enum cm_status cm_table_lay_out_record(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err);

#endif
