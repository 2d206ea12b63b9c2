/*
 * Widths first, then lines. Every column wants its widest content; if that is more than the
 * terminal has, columns that may wrap or be cut give up one after the other: always the one whose
 * tallest cell stays lowest, so that a column of sentences keeps the room that short ones do not need. A
 * row then takes as many lines as its tallest cell; where any row takes more than one, a blank line
 * stands between rows.
 */
#include "nodes/cli/table_layout.h"

#include <inttypes.h>
#include <string.h>

#include "nodes/cli/term.h"
#include "protocol/base/text.h"

#define GAP 2
#define LEAST_WIDTH 8
#define ELLIPSIS "\xe2\x80\xa6"

struct grid {
	size_t column_count;
	size_t row_count;
	const struct cm_column **columns; /* the ones a table shows */
	struct cm_buf *cells;             /* owned: text made harmless, '\n' between lines */
	enum cm_tint *tints;
	size_t widths[CM_MAX_COLUMNS];
	bool has_titles;
};

static void cell_print(struct cm_buf *out, const struct cm_cell *cell)
{
	switch (cell->kind) {
	case CM_CELL_NONE:
		break;
	case CM_CELL_TEXT:
	case CM_CELL_JSON:
		cm_term_escape(out, cell->text, strlen(cell->text));
		break;
	case CM_CELL_NUMBER:
		cm_buf_printf(out, "%" PRId64, cell->number);
		break;
	case CM_CELL_BOOL:
		cm_buf_text(out, cell->number != 0 ? "yes" : "no");
		break;
	case CM_CELL_LIST:
		for (size_t i = 0; i < cell->list_count; i++) {
			if (i > 0)
				cm_buf_byte(out, '\n');
			cm_term_escape(out, cell->list[i], strlen(cell->list[i]));
		}
		break;
	}
}

static size_t widest_line(const struct cm_buf *text)
{
	const char *at = cm_buf_str(text);
	size_t widest = 0;

	for (;;) {
		size_t bytes = strcspn(at, "\n");
		size_t columns = cm_text_columns(at, bytes);

		if (columns > widest)
			widest = columns;
		if (at[bytes] == 0)
			return widest;
		at += bytes + 1;
	}
}

static size_t title_width(const struct grid *grid, size_t column)
{
	const char *title = grid->columns[column]->title;

	return grid->has_titles ? cm_text_columns(title, strlen(title)) : 0;
}

static size_t least_width(const struct grid *grid, size_t column)
{
	size_t title = title_width(grid, column);

	return title > LEAST_WIDTH ? title : LEAST_WIDTH;
}

static size_t total_width(const struct grid *grid)
{
	size_t total = GAP * (grid->column_count - 1);

	for (size_t i = 0; i < grid->column_count; i++)
		total += grid->widths[i];
	return total;
}

/* Columns a cell would take in one line: what must go into its lines. */
static size_t bulk_of(const struct cm_buf *text)
{
	return cm_text_columns(cm_buf_str(text), text->len);
}

/* The column to take from: with one less, its tallest cell is lower than any other's would be. */
static size_t find_giver(const struct grid *grid, const size_t *bulk)
{
	size_t giver = grid->column_count;
	size_t giver_lines = 0;

	for (size_t i = 0; i < grid->column_count; i++) {
		size_t lines;

		if (grid->columns[i]->fit == CM_FIT_KEEP || grid->widths[i] <= least_width(grid, i))
			continue;
		lines = bulk[i] * 16 / (grid->widths[i] - 1);
		if (giver == grid->column_count || lines < giver_lines ||
		    (lines == giver_lines && grid->widths[i] > grid->widths[giver])) {
			giver = i;
			giver_lines = lines;
		}
	}
	return giver;
}

static void find_widths(struct grid *grid, size_t room)
{
	size_t bulk[CM_MAX_COLUMNS] = {0};

	for (size_t i = 0; i < grid->column_count; i++) {
		grid->widths[i] = title_width(grid, i);
		for (size_t row = 0; row < grid->row_count; row++) {
			const struct cm_buf *cell = &grid->cells[row * grid->column_count + i];
			size_t wide = widest_line(cell);

			if (wide > grid->widths[i])
				grid->widths[i] = wide;
			if (bulk_of(cell) > bulk[i])
				bulk[i] = bulk_of(cell);
		}
	}
	while (total_width(grid) > room) {
		size_t giver = find_giver(grid, bulk);

		if (giver == grid->column_count)
			return; /* nobody can give: the lines are longer than the terminal */
		grid->widths[giver]--;
	}
}

static void add_blanks(struct cm_buf *line, size_t count)
{
	while (count-- > 0)
		cm_buf_byte(line, ' ');
}

static const char *tint_code(enum cm_tint tint)
{
	switch (tint) {
	case CM_TINT_GOOD:
		return "\x1b[32m";
	case CM_TINT_BAD:
		return "\x1b[31m";
	case CM_TINT_WARN:
		return "\x1b[33m";
	case CM_TINT_DIM:
		return "\x1b[2m";
	case CM_TINT_STRONG:
		return "\x1b[1m";
	case CM_TINT_NONE:
		break;
	}
	return NULL;
}

/* One piece of a line, tinted and padded; blanks that would end the line are kept back in *owed. */
static void add_piece(struct cm_buf *line, const char *text, size_t bytes, size_t width,
    enum cm_align align, const char *code, size_t *owed)
{
	size_t wide = cm_text_columns(text, bytes);
	size_t pad = width > wide ? width - wide : 0;

	if (bytes == 0) {
		*owed += width + GAP;
		return;
	}
	add_blanks(line, *owed + (align == CM_ALIGN_RIGHT ? pad : 0));
	if (code != NULL)
		cm_buf_text(line, code);
	cm_buf_add(line, text, bytes);
	if (code != NULL)
		cm_buf_text(line, "\x1b[0m");
	*owed = GAP + (align == CM_ALIGN_RIGHT ? 0 : pad);
}

/* The bytes of `text` that fit `columns`. */
static size_t bytes_that_fit(const char *text, size_t len, size_t columns)
{
	size_t at = 0;
	size_t wide = 0;

	while (at < len) {
		uint32_t code_point;
		size_t bytes = cm_utf8_next(text + at, len - at, &code_point);

		wide += cm_text_columns(text + at, bytes);
		if (wide > columns)
			break;
		at += bytes;
	}
	return at;
}

static void add_cut(
    struct cm_buf *line, const char *text, size_t width, const char *code, size_t *owed)
{
	size_t len = strcspn(text, "\n");
	struct cm_buf cut;

	cm_buf_init(&cut, 0);
	cm_buf_add(&cut, text, bytes_that_fit(text, len, width - 1));
	cm_buf_text(&cut, ELLIPSIS);
	add_piece(line, cm_buf_str(&cut), cut.len, width, CM_ALIGN_LEFT, code, owed);
	line->failed |= cut.failed;
	cm_buf_fini(&cut);
}

/* Add one row's lines; how many they were. */
static size_t add_row(
    struct cm_buf *text, const struct grid *grid, size_t row, const struct cm_output *out)
{
	size_t at[CM_MAX_COLUMNS] = {0};
	size_t lines = 0;
	bool more = true;

	while (more && !text->failed) {
		size_t owed = 0;

		more = false;
		for (size_t i = 0; i < grid->column_count; i++) {
			size_t index = row * grid->column_count + i;
			const struct cm_buf *cell = &grid->cells[index];
			const char *rest = cm_buf_str(cell) + at[i];
			const char *code = out->color ? tint_code(grid->tints[index]) : NULL;
			size_t width = grid->widths[i];
			size_t used = 0;
			size_t bytes;

			if (grid->columns[i]->fit == CM_FIT_CUT && out->may_cut && lines == 0 &&
			    (widest_line(cell) > width || strchr(rest, '\n') != NULL)) {
				add_cut(text, rest, width, code, &owed);
				at[i] = cell->len;
				continue;
			}
			bytes = cm_term_wrap(rest, cell->len - at[i], width, &used);
			add_piece(text, rest, bytes, width, grid->columns[i]->align, code, &owed);
			at[i] += used;
			more |= at[i] < cell->len;
		}
		cm_buf_byte(text, '\n');
		lines++;
	}
	return lines;
}

static void add_titles(struct cm_buf *text, const struct grid *grid, const struct cm_output *out)
{
	size_t owed = 0;

	for (size_t i = 0; i < grid->column_count; i++) {
		const char *title = grid->columns[i]->title;

		add_piece(text, title, strlen(title), grid->widths[i], grid->columns[i]->align,
		    out->color ? tint_code(CM_TINT_STRONG) : NULL, &owed);
	}
	cm_buf_byte(text, '\n');
}

static enum cm_status write_grid(struct grid *grid, const struct cm_output *out, struct cm_err *err)
{
	struct cm_buf text;
	struct cm_buf row;
	bool spread = false;
	bool failed = false;

	find_widths(grid, out->columns);
	cm_buf_init(&text, 0);
	cm_buf_init(&row, 0);
	/* Twice: whether rows need a blank line between them is known when all are laid out. */
	for (size_t i = 0; grid->has_titles && i < grid->row_count && !spread; i++) {
		cm_buf_clear(&row);
		spread = add_row(&row, grid, i, out) > 1;
		failed |= row.failed;
	}
	if (grid->has_titles)
		add_titles(&text, grid, out);
	for (size_t i = 0; i < grid->row_count; i++) {
		if (spread && i > 0)
			cm_buf_byte(&text, '\n');
		(void)add_row(&text, grid, i, out);
	}
	failed |= text.failed;
	if (!failed)
		(void)fputs(cm_buf_str(&text), out->data);
	cm_buf_fini(&row);
	cm_buf_fini(&text);
	return failed ? cm_err_set(err, CM_NO_MEMORY, "print a table: out of memory") : CM_OK;
}

static bool grid_init(struct grid *grid, size_t row_count, size_t column_count)
{
	size_t count = row_count * column_count;

	*grid = (struct grid){.row_count = row_count, .column_count = column_count};
	grid->columns = cm_alloc(column_count, sizeof *grid->columns);
	grid->cells = cm_alloc(count, sizeof *grid->cells);
	grid->tints = cm_alloc(count, sizeof *grid->tints);
	return grid->columns != NULL && grid->cells != NULL && grid->tints != NULL;
}

static void grid_fini(struct grid *grid)
{
	for (size_t i = 0; grid->cells != NULL && i < grid->row_count * grid->column_count; i++)
		cm_buf_fini(&grid->cells[i]);
	cm_free(grid->cells);
	cm_free(grid->tints);
	cm_free(grid->columns);
}

static bool any_failed(const struct grid *grid)
{
	for (size_t i = 0; i < grid->row_count * grid->column_count; i++)
		if (grid->cells[i].failed)
			return true;
	return false;
}

static size_t shown_columns(const struct cm_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->column_count; i++)
		count += table->columns[i].title != NULL;
	return count;
}

enum cm_status cm_table_lay_out(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	size_t shown = shown_columns(table);
	enum cm_status status = CM_NO_MEMORY;
	struct grid grid;
	size_t at = 0;

	if (!grid_init(&grid, table->cell_count / table->column_count, shown))
		goto done;
	grid.has_titles = true;
	for (size_t i = 0; i < table->cell_count; i++) {
		const struct cm_column *column = &table->columns[i % table->column_count];

		if (column->title == NULL)
			continue;
		grid.columns[at % shown] = column;
		grid.tints[at] = table->cells[i].tint;
		cell_print(&grid.cells[at++], &table->cells[i]);
	}
	if (!any_failed(&grid))
		status = write_grid(&grid, out, err);
done:
	grid_fini(&grid);
	return status == CM_NO_MEMORY
		   ? cm_err_set(err, CM_NO_MEMORY, "print a table: out of memory")
		   : status;
}

enum cm_status cm_table_lay_out_record(
    const struct cm_table *table, const struct cm_output *out, struct cm_err *err)
{
	static const struct cm_column name = {.fit = CM_FIT_KEEP};
	static const struct cm_column value = {.fit = CM_FIT_WRAP};
	enum cm_status status = CM_NO_MEMORY;
	struct grid grid;
	size_t row = 0;

	if (!grid_init(&grid, shown_columns(table), 2))
		goto done;
	grid.columns[0] = &name;
	grid.columns[1] = &value;
	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].title == NULL)
			continue;
		cm_buf_text(&grid.cells[2 * row], table->columns[i].title);
		grid.tints[2 * row] = CM_TINT_STRONG;
		cell_print(&grid.cells[2 * row + 1], &table->cells[i]);
		grid.tints[2 * row + 1] = table->cells[i].tint;
		row++;
	}
	if (!any_failed(&grid))
		status = write_grid(&grid, out, err);
done:
	grid_fini(&grid);
	return status == CM_NO_MEMORY
		   ? cm_err_set(err, CM_NO_MEMORY, "print a table: out of memory")
		   : status;
}
