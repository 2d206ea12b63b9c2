#include "manual_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOCKS 256
#define MAX_TABLES 32
#define MAX_ROWS 256

/* ---- the tally ---- */

static unsigned passed;
static unsigned failed;

void manual_pass(void)
{
	passed++;
}

void manual_fail(unsigned line, const char *fmt, ...)
{
	va_list ap;

	failed++;
	(void)printf("README.md:%u: ", line);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)printf("\n");
}

int manual_finish(void)
{
	(void)printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 && passed != 0 ? 0 : 1;
}

/* ---- lines ---- */

struct reader {
	struct manual *manual;
	const char *at;
	unsigned line; /* of what `at` points to */
	struct manual_note note;
	unsigned note_line; /* 0: none */
};

static char *copy(struct manual *manual, const char *text, size_t len)
{
	char *out = cm_arena_text_n(&manual->arena, text, len);

	if (out == NULL)
		abort();
	return out;
}

static size_t line_len(const char *at)
{
	return strcspn(at, "\n");
}

static void step(struct reader *reader)
{
	reader->at += line_len(reader->at);
	if (*reader->at == '\n')
		reader->at++;
	reader->line++;
}

static bool starts(const char *at, const char *with)
{
	return strncmp(at, with, strlen(with)) == 0;
}

/* "<!-- NAME of CODE with A, B -->": words parted by blanks and commas. */
static void note_read(struct reader *reader)
{
	size_t len = line_len(reader->at);
	char *rest = copy(reader->manual, reader->at + 4, len < 7 ? 0 : len - 7);
	struct manual_note note = {.name = "", .of = ""};
	char *save = NULL;
	bool of = false;
	bool with = false;

	for (char *word = strtok_r(rest, " ,", &save); word != NULL;
	     word = strtok_r(NULL, " ,", &save)) {
		if (strcmp(word, "table") == 0 && *note.name == 0)
			continue;
		if (strcmp(word, "of") == 0 || strcmp(word, "with") == 0) {
			of = *word == 'o';
			with = *word == 'w';
		} else if (of) {
			note.of = word;
		} else if (with && note.with_count < MANUAL_MAX_WITH) {
			note.with[note.with_count++] = word;
		} else {
			note.name = word;
		}
	}
	reader->note = note;
	reader->note_line = reader->line;
}

/* The note, if it stands on one of the two lines before. */
static struct manual_note note_take(struct reader *reader)
{
	struct manual_note none = {.name = "", .of = ""};
	bool near = reader->note_line != 0 && reader->line - reader->note_line <= 2;

	reader->note_line = 0;
	return near ? reader->note : none;
}

static bool block_read(struct reader *reader)
{
	struct manual *manual = reader->manual;
	struct manual_block *block = &manual->blocks[manual->blocks_count++];
	const char *start;

	if (manual->blocks_count > MAX_BLOCKS)
		abort();
	block->note = note_take(reader);
	block->line = reader->line;
	block->lang = copy(manual, reader->at + 3, line_len(reader->at) - 3);
	step(reader);
	start = reader->at;
	block->offset = (size_t)(start - cm_buf_str(&manual->file));
	while (*reader->at != 0 && !starts(reader->at, "```"))
		step(reader);
	if (*reader->at == 0) {
		manual_fail(block->line, "this block is never closed");
		return false;
	}
	block->text = copy(manual, start, (size_t)(reader->at - start));
	step(reader);
	return true;
}

/* ---- tables ---- */

/* Without blanks at its ends, and without the ticks if all of it is one code span. */
static const char *cell_of(struct manual *manual, const char *start, size_t len)
{
	while (len > 0 && *start == ' ') {
		start++;
		len--;
	}
	while (len > 0 && start[len - 1] == ' ')
		len--;
	if (len >= 2 && start[0] == '`' && start[len - 1] == '`' &&
	    memchr(start + 1, '`', len - 2) == NULL) {
		start++;
		len -= 2;
	}
	return copy(manual, start, len);
}

static void row_read(struct reader *reader, struct manual_row *row)
{
	const char *at = reader->at + 1;
	const char *end = reader->at + line_len(reader->at);

	row->line = reader->line;
	for (size_t i = 0; i < MANUAL_MAX_CELLS; i++)
		row->cells[i] = "";
	while (at < end && row->count < MANUAL_MAX_CELLS) {
		const char *stop = memchr(at, '|', (size_t)(end - at));

		if (stop == NULL)
			break;
		row->cells[row->count++] = cell_of(reader->manual, at, (size_t)(stop - at));
		at = stop + 1;
	}
	step(reader);
}

static void table_read(struct reader *reader)
{
	struct manual *manual = reader->manual;
	struct manual_note note = note_take(reader);
	struct manual_table *table;

	if (*note.name == 0) {
		while (*reader->at == '|')
			step(reader);
		return;
	}
	if (manual->tables_count == MAX_TABLES)
		abort();
	table = &manual->tables[manual->tables_count++];
	*table = (struct manual_table){.arena = &manual->arena, .note = note, .line = reader->line};
	table->rows = cm_arena_alloc(&manual->arena, MAX_ROWS, sizeof *table->rows);
	if (table->rows == NULL)
		abort();
	step(reader);
	step(reader); /* the header and the line under it */
	while (*reader->at == '|' && table->count < MAX_ROWS)
		row_read(reader, &table->rows[table->count++]);
}

const struct manual_table *manual_table(const struct manual *manual, const char *name)
{
	for (size_t i = 0; i < manual->tables_count; i++)
		if (strcmp(manual->tables[i].note.name, name) == 0)
			return &manual->tables[i];
	(void)printf("the manual has no table \"%s\"\n", name);
	abort();
}

/* ---- the file ---- */

bool manual_file_read(const char *path, struct cm_buf *out)
{
	char room[4096];
	size_t got;
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return false;
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(out, room, got);
	(void)fclose(file);
	return !out->failed;
}

bool manual_read(struct manual *manual)
{
	struct reader reader = {.manual = manual, .line = 1};

	*manual = (struct manual){.blocks_count = 0};
	cm_arena_init(&manual->arena, 0);
	cm_buf_init(&manual->file, 0);
	if (!manual_file_read(MANUAL_PATH, &manual->file)) {
		(void)printf("%s cannot be read\n", MANUAL_PATH);
		return false;
	}
	manual->blocks = cm_arena_alloc(&manual->arena, MAX_BLOCKS + 1, sizeof *manual->blocks);
	manual->tables = cm_arena_alloc(&manual->arena, MAX_TABLES, sizeof *manual->tables);
	if (manual->blocks == NULL || manual->tables == NULL)
		abort();
	reader.at = cm_buf_str(&manual->file);
	while (*reader.at != 0) {
		if (starts(reader.at, "```")) {
			if (!block_read(&reader))
				return false;
		} else if (*reader.at == '|') {
			table_read(&reader);
		} else {
			if (starts(reader.at, "<!-- "))
				note_read(&reader);
			step(&reader);
		}
	}
	return true;
}

void manual_free(struct manual *manual)
{
	cm_arena_fini(&manual->arena);
	cm_buf_fini(&manual->file);
}
