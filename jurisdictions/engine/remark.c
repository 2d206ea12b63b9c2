#include "jurisdictions/engine/remark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/text.h"

void cm_remarks_init(struct cm_remarks *remarks)
{
	*remarks = (struct cm_remarks){0};
	cm_arena_init(&remarks->arena, 0);
}

void cm_remarks_fini(struct cm_remarks *remarks)
{
	cm_arena_fini(&remarks->arena);
	*remarks = (struct cm_remarks){0};
}

#define MAX_REMARK_BYTES 2048

static bool remarks_grow(struct cm_remarks *remarks)
{
	size_t cap = remarks->cap == 0 ? 16 : remarks->cap * 2;
	struct cm_remark *items;

	if (remarks->count < remarks->cap)
		return true;
	items = cm_arena_alloc(&remarks->arena, cap, sizeof *items);
	if (items == NULL)
		return false;
	if (remarks->count != 0)
		memcpy(items, remarks->items, remarks->count * sizeof *items);
	remarks->items = items;
	remarks->cap = cap;
	return true;
}

/* From 1. Counts the bytes that begin a character. */
static uint32_t column_of(const struct cm_law_file *file, size_t offset)
{
	const char *line = offset != 0 ? memrchr(file->text, '\n', offset) : NULL;
	size_t start = line != NULL ? (size_t)(line - file->text) + 1 : 0;
	uint32_t column = 1;

	for (size_t i = start; i < offset; i++)
		column += ((uint8_t)file->text[i] & 0xc0) != 0x80;
	return column;
}

static void remark_add(struct cm_loader *loader, enum cm_remark_kind kind, struct cm_at at,
    const char *code, const char *fmt, va_list ap)
{
	struct cm_remarks *remarks = loader->remarks;
	char room[MAX_REMARK_BYTES];
	const struct cm_law_file *file =
	    at.file < loader->files_count ? &loader->files[at.file] : NULL;
	const char *path = file != NULL ? file->path : "";
	char *text;

	if (kind == CM_REMARK_ERROR)
		remarks->errors++;
	else
		remarks->lints++;
	if (remarks->count >= CM_MAX_REMARKS)
		return;
	(void)vsnprintf(room, sizeof room, fmt, ap);
	text = cm_arena_text(&remarks->arena, room);
	path = cm_arena_text(&remarks->arena, path);
	if (text == NULL || path == NULL || !remarks_grow(remarks)) {
		loader->out_of_memory = true;
		return;
	}
	remarks->items[remarks->count++] = (struct cm_remark){
	    .kind = kind,
	    .path = path,
	    .line = at.line,
	    .column = file != NULL && at.offset <= file->len ? column_of(file, at.offset) : 1,
	    .text = text,
	    .code = code,
	    .file = at.file,
	};
}

void cm_error_add(struct cm_loader *loader, struct cm_at at, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark_add(loader, CM_REMARK_ERROR, at, code, fmt, ap);
	va_end(ap);
}

void cm_lint_add(struct cm_loader *loader, struct cm_at at, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark_add(loader, CM_REMARK_LINT, at, code, fmt, ap);
	va_end(ap);
}

static int remark_compare(const void *a, const void *b)
{
	const struct cm_remark *x = a;
	const struct cm_remark *y = b;
	int order;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	order = strcmp(x->code, y->code);
	return order != 0 ? order : strcmp(x->text, y->text);
}

void cm_remarks_sort(struct cm_loader *loader)
{
	struct cm_remarks *remarks = loader->remarks;

	if (remarks->count > 1)
		qsort(remarks->items, remarks->count, sizeof *remarks->items, remark_compare);
}

/* The source line, tabs as blanks so that the caret stands under its character. */
static void line_print(
    const struct cm_remark *remark, const struct cm_law_file *file, struct cm_buf *out)
{
	const char *at = file->text;
	const char *end = file->text + file->len;
	const char *stop;
	size_t characters = 0;
	size_t columns = 0;

	for (uint32_t line = 1; line < remark->line; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			return;
		at++;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	if (stop == NULL)
		stop = end;
	cm_buf_text(out, "    ");
	while (at < stop) {
		uint32_t cp = 0;
		size_t used = cm_utf8_next(at, (size_t)(stop - at), &cp);
		bool plain = used != 0 && !cm_text_is_deceptive(cp) && cp >= 0x20;

		if (used == 0)
			used = 1;
		if (++characters < remark->column)
			columns += plain ? cm_text_columns(at, used) : 1;
		if (plain)
			cm_buf_add(out, at, used);
		else if (cp == '\t' || cp == '\r')
			cm_buf_byte(out, ' ');
		else
			cm_buf_byte(out, '?');
		at += used;
	}
	cm_buf_text(out, "\n    ");
	while (columns-- > 0)
		cm_buf_byte(out, ' ');
	cm_buf_text(out, "^\n");
}

void cm_remark_print(const struct cm_remark *remark, const struct cm_law_file *files, size_t count,
    struct cm_buf *out)
{
	cm_buf_printf(out, "%s:%u:%u: %s: %s [%s]\n", remark->path, (unsigned)remark->line,
	    (unsigned)remark->column, remark->kind == CM_REMARK_ERROR ? "error" : "lint",
	    remark->text, remark->code);
	if (remark->file < count)
		line_print(remark, &files[remark->file], out);
}
