#include "nodes/cli/table.h"

#include <assert.h>
#include <string.h>

#include "nodes/cli/table_layout.h"

void cm_table_init(struct cm_table *table, const struct cm_column *columns, size_t column_count)
{
	assert(column_count > 0 && column_count <= CM_MAX_COLUMNS);
	*table = (struct cm_table){.columns = columns, .column_count = column_count};
	cm_arena_init(&table->texts, 0);
}

void cm_table_fini(struct cm_table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		json_decref(table->cells[i].json);
	cm_free(table->cells);
	cm_arena_fini(&table->texts);
	*table = (struct cm_table){0};
}

static struct cm_cell *add(struct cm_table *table, enum cm_cell_kind kind)
{
	if (!table->failed && table->cell_count == table->cell_cap) {
		size_t cap = table->cell_cap == 0 ? 64 : table->cell_cap * 2;
		struct cm_cell *grown = cm_realloc(table->cells, cap, sizeof *grown);

		table->failed = grown == NULL;
		if (grown != NULL) {
			table->cells = grown;
			table->cell_cap = cap;
		}
	}
	if (table->failed)
		return NULL;
	table->cells[table->cell_count] = (struct cm_cell){.kind = kind};
	return &table->cells[table->cell_count++];
}

static void set_text(struct cm_table *table, struct cm_cell *cell, const char *text)
{
	if (cell == NULL)
		return;
	cell->text = cm_arena_text(&table->texts, text);
	if (cell->text == NULL)
		table->failed = true;
}

void cm_cell_text(struct cm_table *table, const char *text)
{
	if (text == NULL)
		cm_cell_none(table);
	else
		set_text(table, add(table, CM_CELL_TEXT), text);
}

void cm_cell_printf(struct cm_table *table, const char *fmt, ...)
{
	struct cm_cell *cell = add(table, CM_CELL_TEXT);
	char *text = NULL;
	va_list ap;
	int bytes;

	va_start(ap, fmt);
	bytes = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (cell == NULL)
		return;
	if (bytes >= 0)
		text = cm_arena_alloc(&table->texts, (size_t)bytes + 1, 1);
	table->failed = text == NULL;
	if (text == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)bytes + 1, fmt, ap);
	va_end(ap);
	cell->text = text;
}

void cm_cell_number(struct cm_table *table, int64_t number)
{
	struct cm_cell *cell = add(table, CM_CELL_NUMBER);

	if (cell != NULL)
		cell->number = number;
}

void cm_cell_bool(struct cm_table *table, bool yes)
{
	struct cm_cell *cell = add(table, CM_CELL_BOOL);

	if (cell != NULL)
		cell->number = yes;
}

void cm_cell_none(struct cm_table *table)
{
	(void)add(table, CM_CELL_NONE);
}

void cm_cell_list(struct cm_table *table, const char *const *texts, size_t count)
{
	struct cm_cell *cell = add(table, CM_CELL_LIST);
	char **copies;

	if (cell == NULL)
		return;
	copies = cm_arena_alloc(&table->texts, count, sizeof *copies);
	table->failed = copies == NULL;
	for (size_t i = 0; i < count && !table->failed; i++) {
		copies[i] = cm_arena_text(&table->texts, texts[i]);
		table->failed = copies[i] == NULL;
	}
	cell->list = copies;
	cell->list_count = count;
}

void cm_cell_json(struct cm_table *table, json_t *value, const char *shown)
{
	struct cm_cell *cell = add(table, CM_CELL_JSON);

	if (cell == NULL || value == NULL) {
		table->failed = true;
		json_decref(value);
		return;
	}
	cell->json = value;
	set_text(table, cell, shown);
}

void cm_cell_tint(struct cm_table *table, enum cm_tint tint)
{
	if (table->cell_count > 0)
		table->cells[table->cell_count - 1].tint = tint;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *list_to_json(const struct cm_cell *cell)
{
	json_t *array = json_array();

	for (size_t i = 0; i < cell->list_count; i++)
		if (json_array_append_new(array, cm_json_text(cell->list[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *cell_to_json(const struct cm_cell *cell)
{
	switch (cell->kind) {
	case CM_CELL_NONE:
		return json_null();
	case CM_CELL_TEXT:
		return cm_json_text(cell->text);
	case CM_CELL_NUMBER:
		return json_integer(cell->number);
	case CM_CELL_BOOL:
		return json_boolean(cell->number);
	case CM_CELL_LIST:
		return list_to_json(cell);
	case CM_CELL_JSON:
		return json_incref(cell->json);
	}
	return NULL;
}

static json_t *row_to_json(const struct cm_table *table, size_t row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < table->column_count; i++) {
		const struct cm_cell *cell = &table->cells[row * table->column_count + i];

		if (json_object_set_new(object, table->columns[i].key, cell_to_json(cell)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static enum cm_status print_rows(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	json_t *rows = json_array();
	enum cm_status status = CM_OK;

	for (size_t i = 0; i < table->cell_count / table->column_count && status == CM_OK; i++)
		if (json_array_append_new(rows, row_to_json(table, i)) != 0)
			status = cm_err_set(err, CM_NO_MEMORY, "print the rows: out of memory");
	if (status == CM_OK)
		status = cm_output_json(out, rows, err);
	json_decref(rows);
	return status;
}

static enum cm_status check(const struct cm_table *table, struct cm_err *err)
{
	if (table->failed)
		return cm_err_set(err, CM_NO_MEMORY, "print a table: out of memory");
	assert(table->cell_count % table->column_count == 0);
	return CM_OK;
}

enum cm_status cm_table_print(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	enum cm_status status = check(table, err);

	if (status == CM_OK && out->format != CM_FORMAT_TABLE)
		status = print_rows(table, out, err);
	else if (status == CM_OK && table->cell_count == 0)
		cm_note(out, "Nothing to show.");
	else if (status == CM_OK)
		status = cm_table_lay_out(table, out, err);
	return status == CM_OK ? cm_output_flush(out, err) : status;
}

enum cm_status cm_table_print_record(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	enum cm_status status = check(table, err);
	json_t *object;

	if (status != CM_OK)
		return status;
	assert(table->cell_count == table->column_count);
	if (out->format == CM_FORMAT_TABLE) {
		status = cm_table_lay_out_record(table, out, err);
	} else {
		object = row_to_json(table, 0);
		status = object != NULL ? cm_output_json(out, object, err)
					: cm_err_set(err, CM_NO_MEMORY, "print: out of memory");
		json_decref(object);
	}
	return status == CM_OK ? cm_output_flush(out, err) : status;
}
