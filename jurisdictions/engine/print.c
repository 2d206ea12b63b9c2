#include "jurisdictions/engine/print.h"

#include <string.h>

#include "jurisdictions/engine/parse.h"
#include "jurisdictions/engine/sentence.h"
#include "protocol/base/text.h"

/* ---- comments ---- */

/* The first comment at or behind an offset. */
static size_t comment_from(const struct cm_printer *printer, size_t offset)
{
	size_t low = 0;
	size_t high = printer->comments_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (printer->comments[middle].comment->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void blanks(struct cm_printer *printer, size_t count)
{
	while (count-- > 0)
		cm_buf_byte(printer->out, ' ');
}

void cm_print_comments(struct cm_printer *printer, size_t from, size_t to, size_t indent)
{
	for (size_t i = comment_from(printer, from); i < printer->comments_count; i++) {
		struct cm_printed_comment *comment = &printer->comments[i];

		if (comment->comment->offset >= to)
			return;
		if (comment->done || !comment->comment->starts_line)
			continue;
		blanks(printer, indent);
		cm_buf_text(printer->out, comment->comment->text);
		cm_buf_byte(printer->out, '\n');
		comment->done = true;
	}
}

void cm_print_line_end(struct cm_printer *printer, size_t from, size_t to)
{
	for (size_t i = comment_from(printer, from); i < printer->comments_count; i++) {
		struct cm_printed_comment *comment = &printer->comments[i];

		if (comment->comment->offset >= to)
			break;
		if (comment->done || comment->comment->starts_line)
			continue;
		cm_buf_byte(printer->out, ' ');
		cm_buf_text(printer->out, comment->comment->text);
		comment->done = true;
		break; /* a second one on this line would become part of the first */
	}
	cm_buf_byte(printer->out, '\n');
	/* What stood behind other lines of the same thing follows on lines of its own. */
	for (size_t i = comment_from(printer, from); i < printer->comments_count; i++) {
		struct cm_printed_comment *comment = &printer->comments[i];

		if (comment->comment->offset >= to)
			return;
		if (comment->done || comment->comment->starts_line)
			continue;
		cm_buf_text(printer->out, comment->comment->text);
		cm_buf_byte(printer->out, '\n');
		comment->done = true;
	}
}

/* ---- text ---- */

static size_t column_now(const struct cm_buf *out)
{
	size_t start = out->len;

	while (start > 0 && out->data[start - 1] != '\n')
		start--;
	return out->len == 0 ? 0
			     : cm_text_columns((const char *)out->data + start, out->len - start);
}

void cm_print_wrapped(struct cm_printer *printer, const char *text, size_t indent)
{
	size_t column;
	bool first = true;

	if (printer->canonical) {
		cm_buf_text(printer->out, text);
		return;
	}
	column = column_now(printer->out);
	while (*text != 0) {
		size_t len = strcspn(text, " ");
		size_t columns = cm_text_columns(text, len);

		if (!first && column + 1 + columns > CM_PRINT_COLUMNS) {
			cm_buf_byte(printer->out, '\n');
			blanks(printer, indent);
			column = indent;
		} else if (!first) {
			cm_buf_byte(printer->out, ' ');
			column++;
		}
		cm_buf_add(printer->out, text, len);
		column += columns;
		first = false;
		text += len;
		while (*text == ' ')
			text++;
	}
}

void cm_print_string(struct cm_printer *printer, const char *text, size_t indent)
{
	cm_buf_byte(printer->out, '"');
	cm_print_wrapped(printer, text, indent + 1);
	cm_buf_byte(printer->out, '"');
}

void cm_print_words(struct cm_printer *printer, const struct cm_word *words, size_t indent)
{
	for (; words != NULL; words = words->next) {
		size_t columns = strlen(words->text) + (words->next != NULL);

		if (!printer->canonical && column_now(printer->out) + columns > CM_PRINT_COLUMNS) {
			if (printer->out->len != 0 &&
			    printer->out->data[printer->out->len - 1] == ' ')
				printer->out->data[--printer->out->len] = 0;
			cm_buf_byte(printer->out, '\n');
			blanks(printer, indent);
		}
		cm_buf_text(printer->out, words->text);
		if (words->next != NULL)
			cm_buf_text(printer->out, ", ");
	}
}

void cm_print_day(struct cm_printer *printer, int32_t day)
{
	char text[CM_DAY_TEXT_BYTES];

	cm_day_print((struct cm_day){day}, text);
	cm_buf_text(printer->out, text);
}

/* ---- the file ---- */

static void header_print(struct cm_printer *printer, const struct cm_unit_file *unit, size_t to)
{
	cm_print_comments(printer, 0, unit->at.offset, 0);
	cm_buf_printf(printer->out, "law language 1 jurisdiction %s ", unit->jurisdiction);
	cm_print_string(printer, unit->title, 2);
	if (unit->uses != NULL)
		cm_buf_text(printer->out, "\n  uses ");
	for (const struct cm_word *use = unit->uses; use != NULL; use = use->next) {
		cm_print_string(printer, use->text, 7);
		if (use->next != NULL)
			cm_buf_text(printer->out, ", ");
	}
	cm_print_line_end(printer, 0, to);
}

static bool is_line(const struct cm_item *item)
{
	return item->kind == CM_ITEM_FACT || item->kind == CM_ITEM_ACT;
}

/* An empty line between items, but facts and acts stand together unless a comment parts them. */
static bool wants_gap(
    const struct cm_printer *printer, const struct cm_item *before, const struct cm_item *item)
{
	size_t at;

	if (before == NULL || before->kind != item->kind || !is_line(item))
		return true;
	at = comment_from(printer, before->end);
	while (at < printer->comments_count &&
	       printer->comments[at].comment->offset < item->at.offset) {
		if (printer->comments[at].comment->starts_line)
			return true;
		at++;
	}
	return false;
}

static void file_print(struct cm_printer *printer, const struct cm_unit_file *unit)
{
	const struct cm_item *before = NULL;
	size_t from = unit->header_end;

	header_print(printer, unit, unit->items != NULL ? unit->items->at.offset : SIZE_MAX);
	for (const struct cm_item *item = unit->items; item != NULL; item = item->next) {
		if (wants_gap(printer, before, item))
			cm_buf_byte(printer->out, '\n');
		cm_print_comments(printer, from, item->at.offset, 0);
		cm_print_item(printer, item);
		cm_print_line_end(printer, item->at.offset,
		    item->next != NULL ? item->next->at.offset : SIZE_MAX);
		from = item->end;
		before = item;
	}
	for (size_t i = comment_from(printer, from); i < printer->comments_count; i++)
		if (!printer->comments[i].done) {
			cm_buf_byte(printer->out, '\n');
			break;
		}
	cm_print_comments(printer, 0, SIZE_MAX, 0);
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
		printer->comments[printer->comments_count++].comment = comment;
	return true;
}

enum cm_status cm_law_format(const struct cm_law_file *file, struct cm_buf *out)
{
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = file, .files_count = 1, .remarks = &remarks};
	struct cm_printer printer = {.out = out};
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
