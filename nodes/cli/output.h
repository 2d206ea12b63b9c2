/*
 * Where a command's words go: data to standard output in the format asked for, all else to standard
 * error.
 *
 * It knows formats, colors and widths, no command and no node. Nothing that came from outside
 * reaches a terminal with its control characters. One thread.
 */
#ifndef CM_CLI_OUTPUT_H
#define CM_CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "nodes/cli/options.h"

enum cm_format { CM_FORMAT_TABLE, CM_FORMAT_JSON, CM_FORMAT_NDJSON };

struct cm_output {
	FILE *data;  /* borrowed: standard output */
	FILE *notes; /* borrowed: standard error */
	enum cm_format format;
	bool color;   /* on `data` */
	bool may_cut; /* `data` is a terminal: a cell may lose its end; elsewhere it wraps */
	bool quiet;
	bool verbose;
	bool notes_live; /* `notes` is a terminal: a line may be drawn over */
	size_t columns;
};

/* The output a command line asks for, on the process's own streams. */
void cm_output_init(struct cm_output *out, const struct cm_cli *cli);

/* A sentence for the reader, with a line feed: not with --quiet; only with --verbose. */
void cm_note(const struct cm_output *out, const char *fmt, ...) CM_PRINTF(2, 3);
void cm_note_more(const struct cm_output *out, const char *fmt, ...) CM_PRINTF(2, 3);

/* Say what went wrong; the exit code its status means. */
enum cm_exit cm_complain(const struct cm_output *out, const struct cm_err *err);

/* Print one JSON value (borrowed): indented as json and table, as ndjson one line for each element
 * of an array, or one for anything else. */
enum cm_status cm_output_json(
    const struct cm_output *out, const json_t *value, struct cm_err *err) CM_MUST_USE;

/* Push everything out; CM_IO if some of it could not be written (a full disk). */
enum cm_status cm_output_flush(const struct cm_output *out, struct cm_err *err) CM_MUST_USE;

/* The end of a command: push out what was printed, or say what went wrong; the exit code. */
enum cm_exit cm_output_finish(
    const struct cm_output *out, enum cm_status status, struct cm_err *err);

/* A JSON string of any bytes; those that are not UTF-8 become U+FFFD. NULL: out of memory. */
json_t *cm_json_text(const char *text);

/*
 * How far a long task is, drawn over itself on a terminal, silent elsewhere and with --quiet.
 * Cheap enough to be called for every row.
 */
struct cm_progress {
	const struct cm_output *out; /* borrowed */
	const char *what;            /* borrowed: "importing" */
	int64_t next_ms;             /* monotonic: not drawn again before */
	bool drawn;
};

void cm_progress_init(struct cm_progress *progress, const struct cm_output *out, const char *what);
/* `total` 0: not known. */
void cm_progress_show(struct cm_progress *progress, uint64_t done, uint64_t total);
/* Wipe the line, so that what follows begins on a clean one. */
void cm_progress_fini(struct cm_progress *progress);

#endif
