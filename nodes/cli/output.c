#include "nodes/cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nodes/cli/term.h"
#include "protocol/base/text.h"

#define REDRAW_MS 100

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != 0;
}

static bool has_colors(FILE *file)
{
	const char *term = getenv("TERM");

	return isatty(fileno(file)) && !is_set("NO_COLOR") &&
	       (term == NULL || strcmp(term, "dumb") != 0);
}

void cm_output_init(struct cm_output *out, const struct cm_cli *cli)
{
	const char *format = cm_cli_text(cli, "output");

	*out = (struct cm_output){
	    .data = stdout,
	    .notes = stderr,
	    .format = strcmp(format, "json") == 0     ? CM_FORMAT_JSON
		      : strcmp(format, "ndjson") == 0 ? CM_FORMAT_NDJSON
						      : CM_FORMAT_TABLE,
	    .color = has_colors(stdout) && !cm_cli_flag(cli, "no-color"),
	    .may_cut = isatty(fileno(stdout)),
	    .quiet = cm_cli_flag(cli, "quiet"),
	    .verbose = cm_cli_flag(cli, "verbose"),
	    .notes_live = isatty(fileno(stderr)),
	    .columns = cm_term_columns(stdout),
	};
}

static void write_line(FILE *file, const char *before, const char *fmt, va_list ap)
{
	char line[2 * CM_ERR_TEXT_BYTES];
	struct cm_buf shown;
	int bytes = vsnprintf(line, sizeof line, fmt, ap);

	if (bytes < 0)
		return;
	cm_buf_init(&shown, 0);
	cm_term_escape(&shown, line, strlen(line));
	(void)fprintf(file, "%s%s\n", before, cm_buf_str(&shown));
	cm_buf_fini(&shown);
}

void cm_note(const struct cm_output *out, const char *fmt, ...)
{
	va_list ap;

	if (out->quiet)
		return;
	va_start(ap, fmt);
	write_line(out->notes, "", fmt, ap);
	va_end(ap);
}

void cm_note_more(const struct cm_output *out, const char *fmt, ...)
{
	va_list ap;

	if (!out->verbose)
		return;
	va_start(ap, fmt);
	write_line(out->notes, "", fmt, ap);
	va_end(ap);
}

static void complain(const struct cm_output *out, const char *fmt, ...) CM_PRINTF(2, 3);

static void complain(const struct cm_output *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(out->notes, "comity: ", fmt, ap);
	va_end(ap);
}

enum cm_exit cm_complain(const struct cm_output *out, const struct cm_err *err)
{
	complain(out, "%s", err->text);
	return cm_exit_from_status(err->status);
}

static enum cm_status write_json(
    const struct cm_output *out, const json_t *value, size_t flags, struct cm_err *err)
{
	char *dump = json_dumps(value, flags | JSON_ENCODE_ANY);
	struct cm_buf shown;
	bool failed;

	if (dump == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "print JSON: out of memory");
	cm_buf_init(&shown, 0);
	cm_term_escape_json(&shown, dump, strlen(dump));
	free(dump);
	failed = shown.failed;
	if (!failed)
		(void)fprintf(out->data, "%s\n", cm_buf_str(&shown));
	cm_buf_fini(&shown);
	return failed ? cm_err_set(err, CM_NO_MEMORY, "print JSON: out of memory") : CM_OK;
}

enum cm_status cm_output_json(const struct cm_output *out, const json_t *value, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	if (out->format != CM_FORMAT_NDJSON)
		return write_json(out, value, JSON_INDENT(2), err);
	if (!json_is_array(value))
		return write_json(out, value, JSON_COMPACT, err);
	for (size_t i = 0; i < json_array_size(value) && status == CM_OK; i++)
		status = write_json(out, json_array_get(value, i), JSON_COMPACT, err);
	return status;
}

enum cm_status cm_output_flush(const struct cm_output *out, struct cm_err *err)
{
	if (fflush(out->data) != 0 || ferror(out->data))
		return cm_err_set(err, CM_IO, "write to standard output: %s", strerror(errno));
	return CM_OK;
}

enum cm_exit cm_output_finish(
    const struct cm_output *out, enum cm_status status, struct cm_err *err)
{
	if (status == CM_OK)
		status = cm_output_flush(out, err);
	return status == CM_OK ? CM_EXIT_OK : cm_complain(out, err);
}

json_t *cm_json_text(const char *text)
{
	size_t left = strlen(text);
	struct cm_buf valid;
	json_t *string;

	if (cm_utf8_is_valid(text, left))
		return json_string(text);
	cm_buf_init(&valid, 0);
	while (left > 0) {
		uint32_t code_point;
		size_t bytes = cm_utf8_next(text, left, &code_point);

		if (bytes != 0)
			cm_buf_add(&valid, text, bytes);
		else
			cm_buf_text(&valid, "\xef\xbf\xbd");
		text += bytes != 0 ? bytes : 1;
		left -= bytes != 0 ? bytes : 1;
	}
	string = valid.failed ? NULL : json_string(cm_buf_str(&valid));
	cm_buf_fini(&valid);
	return string;
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cm_progress_init(struct cm_progress *progress, const struct cm_output *out, const char *what)
{
	*progress = (struct cm_progress){.out = out, .what = what};
}

void cm_progress_show(struct cm_progress *progress, uint64_t done, uint64_t total)
{
	const struct cm_output *out = progress->out;
	int64_t now_ms;

	if (out->quiet || !out->notes_live)
		return;
	now_ms = monotonic_ms();
	if (now_ms < progress->next_ms)
		return;
	progress->next_ms = now_ms + REDRAW_MS;
	progress->drawn = true;
	if (total == 0)
		(void)fprintf(out->notes, "\r\x1b[K%s: %" PRIu64, progress->what, done);
	else
		(void)fprintf(out->notes, "\r\x1b[K%s: %" PRIu64 " of %" PRIu64 " (%u %%)",
		    progress->what, done, total, (unsigned)((double)done * 100.0 / (double)total));
	(void)fflush(out->notes);
}

void cm_progress_fini(struct cm_progress *progress)
{
	if (progress->drawn)
		(void)fputs("\r\x1b[K", progress->out->notes);
	progress->drawn = false;
}
