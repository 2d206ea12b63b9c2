#include "jurisdictions/engine/print.h"

#include <string.h>

#include "jurisdictions/engine/parse.h"
#include "protocol/base/text.h"

/* The file: its header, its items, and the comments and empty lines between them. */

/* Is the line behind this comment empty? A heading stands apart; what explains the next item stands
 * at it. */
static bool parts(const struct cm_printer *printer, const struct cm_comment *comment)
{
	unsigned lines = 0;

	for (size_t i = comment->offset + strlen(comment->text); i < printer->len; i++) {
		char c = printer->text[i];

		if (c == '\n')
			lines++;
		else if (c != ' ' && c != '\t' && c != '\r')
			break;
	}
	return lines > 1;
}

/* The comments before `offset`, with the empty lines between and behind them. */
static void lead_print(struct cm_printer *printer, size_t offset)
{
	while (cm_print_has_comment(printer, offset)) {
		const struct cm_comment *comment = printer->comments[printer->next++];
		bool last = printer->next == printer->comments_count;

		cm_buf_text(printer->out, comment->text);
		cm_buf_byte(printer->out, '\n');
		if (parts(printer, comment) && !(last && offset == SIZE_MAX))
			cm_buf_byte(printer->out, '\n');
	}
}

static void uses_print(struct cm_printer *printer, const struct cm_word *use)
{
	bool first = true;

	if (use == NULL)
		return;
	cm_buf_text(printer->out, "\n  uses");
	for (; use != NULL; use = use->next) {
		size_t columns =
		    cm_text_columns(use->text, strlen(use->text)) + 2 + (use->next != NULL);

		if (!first && cm_print_column(printer) + 1 + columns > CM_PRINT_COLUMNS) {
			cm_buf_byte(printer->out, '\n');
			cm_print_blanks(printer, 7);
		} else {
			cm_buf_byte(printer->out, ' ');
		}
		cm_buf_printf(printer->out, "\"%s\"%s", use->text, use->next != NULL ? "," : "");
		first = false;
	}
}

static void header_print(struct cm_printer *printer, const struct cm_unit_file *unit)
{
	size_t next = unit->items != NULL ? unit->items->at.offset : SIZE_MAX;

	printer->stop = cm_print_comment_end(printer, unit->header_end, next);
	lead_print(printer, unit->header_end);
	cm_buf_printf(printer->out, "law language 1 jurisdiction %s", unit->jurisdiction);
	cm_print_phrase(printer, NULL, unit->title, 2);
	uses_print(printer, unit->uses);
	cm_print_line_end(printer, SIZE_MAX, 0);
}

static bool is_line(const struct cm_item *item)
{
	return item->kind == CM_ITEM_FACT || item->kind == CM_ITEM_ACT;
}

/* An empty line between items, but facts and acts stand together unless a comment parts them. */
static bool wants_gap(
    const struct cm_printer *printer, const struct cm_item *before, const struct cm_item *item)
{
	return before == NULL || before->kind != item->kind || !is_line(item) ||
	       cm_print_has_comment(printer, item->end);
}

static void file_print(struct cm_printer *printer, const struct cm_unit_file *unit)
{
	const struct cm_item *before = NULL;

	header_print(printer, unit);
	for (const struct cm_item *item = unit->items; item != NULL; item = item->next) {
		size_t next = item->next != NULL ? item->next->at.offset : SIZE_MAX;

		printer->stop = cm_print_comment_end(printer, item->end, next);
		if (wants_gap(printer, before, item))
			cm_buf_byte(printer->out, '\n');
		lead_print(printer, is_line(item) ? item->end : item->at.offset);
		cm_print_item(printer, item);
		cm_print_line_end(printer, SIZE_MAX, 0);
		before = item;
	}
	printer->stop = printer->comments_count;
	if (cm_print_has_comment(printer, SIZE_MAX))
		cm_buf_byte(printer->out, '\n');
	lead_print(printer, SIZE_MAX);
}

static bool comments_table(
    struct cm_printer *printer, const struct cm_unit_file *unit, struct cm_arena *arena)
{
	size_t count = 0;

	for (const struct cm_comment *comment = unit->comments; comment != NULL;
	     comment = comment->next)
		count++;
	printer->comments = cm_arena_alloc(arena, count, sizeof *printer->comments);
	if (printer->comments == NULL)
		return false;
	for (const struct cm_comment *comment = unit->comments; comment != NULL;
	     comment = comment->next)
		printer->comments[printer->comments_count++] = comment;
	return true;
}

enum cm_status cm_law_format(const struct cm_law_file *file, struct cm_buf *out)
{
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = file, .files_count = 1, .remarks = &remarks};
	struct cm_printer printer = {.out = out, .text = file->text, .len = file->len};
	struct cm_unit_file *unit;
	struct cm_arena arena;
	enum cm_status status = CM_OK;

	if (file->len > CM_MAX_LAW_FILE_BYTES)
		return CM_TOO_LARGE;
	cm_remarks_init(&remarks);
	cm_arena_init(&arena, 0);
	unit = cm_parse_file(&loader, &arena, 0);
	if (loader.out_of_memory)
		status = CM_NO_MEMORY;
	else if (unit == NULL || remarks.errors != 0)
		status = CM_BAD_INPUT;
	else if (!comments_table(&printer, unit, &arena))
		status = CM_NO_MEMORY;
	if (status == CM_OK) {
		file_print(&printer, unit);
		status = out->failed ? CM_NO_MEMORY : CM_OK;
	}
	cm_arena_fini(&arena);
	cm_remarks_fini(&remarks);
	return status;
}
