#include "nodes/cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "protocol/base/text.h"

#define LEAST_COLUMNS 20
#define MOST_COLUMNS 1000

static bool is_harmless(uint32_t code_point)
{
	return code_point >= 0x20 && !cm_text_is_deceptive(code_point);
}

static void escape_one(struct cm_buf *out, uint32_t code_point)
{
	if (code_point == '\n')
		cm_buf_text(out, "\\n");
	else if (code_point == '\t')
		cm_buf_text(out, "\\t");
	else if (code_point == '\r')
		cm_buf_text(out, "\\r");
	else if (code_point < 0x80)
		cm_buf_printf(out, "\\x%02x", code_point);
	else
		cm_buf_printf(out, "\\u{%04x}", code_point);
}

void cm_term_escape(struct cm_buf *out, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t code_point = 0;
		size_t bytes = cm_utf8_next(text, len, &code_point);

		if (bytes == 0) {
			bytes = 1;
			cm_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*text);
		} else if (is_harmless(code_point)) {
			cm_buf_add(out, text, bytes);
		} else {
			escape_one(out, code_point);
		}
		text += bytes;
		len -= bytes;
	}
}

void cm_term_escape_json(struct cm_buf *out, const char *json, size_t len)
{
	while (len > 0) {
		uint32_t code_point = 0;
		size_t bytes = cm_utf8_next(json, len, &code_point);

		if (bytes == 0) {
			bytes = 1;
			cm_buf_text(out, "\\ufffd");
		} else if (code_point < 0x80 ? code_point != 0x7f : is_harmless(code_point)) {
			cm_buf_add(out, json, bytes);
		} else if (code_point > 0xffff) {
			uint32_t rest = code_point - 0x10000;

			cm_buf_printf(
			    out, "\\u%04x\\u%04x", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
		} else {
			cm_buf_printf(out, "\\u%04x", code_point);
		}
		json += bytes;
		len -= bytes;
	}
}

static size_t without_end_blanks(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

static size_t skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] == ' ')
		at++;
	return at;
}

size_t cm_term_wrap(const char *text, size_t len, size_t columns, size_t *used)
{
	size_t at = 0;
	size_t wide = 0;
	size_t blank = 0; /* the last place to break at; 0: none yet */

	while (at < len && text[at] != '\n') {
		uint32_t code_point = 0;
		size_t bytes = cm_utf8_next(text + at, len - at, &code_point);
		size_t more;

		if (bytes == 0)
			bytes = 1;
		more = cm_text_columns(text + at, bytes);
		if (text[at] == ' ' && without_end_blanks(text, at) > 0)
			blank = at;
		if (wide + more > columns && at > 0) {
			size_t line = blank != 0 ? blank : at;

			*used = skip_blanks(text, len, line);
			return without_end_blanks(text, line);
		}
		wide += more;
		at += bytes;
	}
	*used = at < len ? at + 1 : at;
	return without_end_blanks(text, at);
}

void cm_term_paragraph(struct cm_buf *out, const char *text, size_t at, size_t indent, size_t width)
{
	size_t left = strlen(text);
	size_t room = width > indent + 20 ? width - indent : 20;

	while (at < indent) {
		cm_buf_byte(out, ' ');
		at++;
	}
	while (left > 0) {
		size_t used;
		size_t line = cm_term_wrap(text, left, room, &used);

		cm_buf_add(out, text, line);
		cm_buf_byte(out, '\n');
		text += used;
		left -= used;
		if (left > 0 && *text != '\n')
			for (size_t i = 0; i < indent; i++)
				cm_buf_byte(out, ' ');
	}
}

size_t cm_term_columns(FILE *file)
{
	const char *set = getenv("COLUMNS");
	struct winsize size;
	char *end;

	if (set != NULL && *set >= '1' && *set <= '9') {
		unsigned long columns = strtoul(set, &end, 10);

		if (*end == 0 && columns >= LEAST_COLUMNS && columns <= MOST_COLUMNS)
			return columns;
	}
	if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col >= LEAST_COLUMNS)
		return size.ws_col < MOST_COLUMNS ? size.ws_col : MOST_COLUMNS;
	return CM_TERM_COLUMNS;
}
