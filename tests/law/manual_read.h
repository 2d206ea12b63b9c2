/*
 * The manual (jurisdictions/README.md) as blocks and tables, so that its examples can be run.
 *
 * A fenced block takes its instructions from an HTML comment on the line before it:
 *   <!-- bar.law of US with words.law, calendar.law -->
 * gives it a name, the jurisdiction of the header that is not shown, and the files it is loaded
 * with: earlier examples, or files of tests/golden/manual. A table that is run is named the same
 * way:
 *   <!-- table conditions with words.law -->
 * Knows Markdown as far as the manual uses it; knows nothing of law. Plain tests only, one thread.
 */
#ifndef TEST_MANUAL_READ_H
#define TEST_MANUAL_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"

#define MANUAL_PATH COMITY_SOURCE_DIR "/jurisdictions/README.md"
#define MANUAL_MAX_CELLS 8
#define MANUAL_MAX_WITH 12

/* What the comment before a block or table says. */
struct manual_note {
	const char *name; /* "" if there is none */
	const char *of;   /* "" if the block has its own header */
	const char *with[MANUAL_MAX_WITH];
	size_t with_count;
};

struct manual_block {
	const char *lang; /* "law", "law-error", "sh", "text", "ebnf" */
	const char *text; /* without the fences */
	size_t offset;    /* of the text in the file */
	unsigned line;    /* of the opening fence */
	struct manual_note note;
};

struct manual_row {
	const char *cells[MANUAL_MAX_CELLS]; /* "" where there is none; a cell that is one code span
						without its ticks */
	size_t count;
	unsigned line;
};

struct manual_table {
	struct cm_arena *arena;  /* the manual's */
	struct manual_note note; /* its name is the table's */
	struct manual_row *rows; /* without the header */
	size_t count;
	unsigned line;
};

struct manual {
	struct cm_arena arena; /* of all texts */
	struct cm_buf file;
	struct manual_block *blocks;
	size_t blocks_count;
	struct manual_table *tables;
	size_t tables_count;
};

/* Read the manual; false if it cannot be read or a fence is never closed. manual_free in any case.
 */
bool manual_read(struct manual *manual);
void manual_free(struct manual *manual);

/* The table of that name; aborts the test if there is none. */
const struct manual_table *manual_table(const struct manual *manual, const char *name);

/* A whole file into `out`; false if it cannot be read. */
bool manual_file_read(const char *path, struct cm_buf *out);

/* The tally that the test prints at its end. */
void manual_pass(void);
void manual_fail(unsigned line, const char *fmt, ...) CM_PRINTF(2, 3);
/* Print "N passed, N failed"; the exit code. */
int manual_finish(void);

#endif
