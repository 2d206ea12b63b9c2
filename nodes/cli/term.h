/*
 * Text on its way to a terminal: made harmless, measured, broken into lines.
 *
 * It knows nothing of commands or tables. Whatever came from a peer, a file or a user goes through
 * cm_term_escape before a terminal sees it. Any thread.
 */
#ifndef CM_CLI_TERM_H
#define CM_CLI_TERM_H

#include <stdio.h>

#include "protocol/base/buf.h"

#define CM_TERM_COLUMNS 100 /* where nobody says how wide the terminal is */

/* Append `len` bytes of text with every control character, every character that makes text read
 * otherwise than it is, and every byte that is not UTF-8 shown as \n, \t, \r, \xNN or \u{NNNN}. */
void cm_term_escape(struct cm_buf *out, const char *text, size_t len);

/* The same for JSON text: such characters can stand only inside its strings, where \uNNNN means
 * just them. */
void cm_term_escape_json(struct cm_buf *out, const char *json, size_t len);

/*
 * The next line of `text` that fits `columns`: returns its bytes, without the blanks at its end,
 * and in *used how many bytes to skip to the line after it. Breaks at blanks, at '\n' always, and
 * inside a word only where the word alone is too wide. Takes at least one character.
 */
size_t cm_term_wrap(const char *text, size_t len, size_t columns, size_t *used);

/* Append `text` in lines of at most `width` columns; the first begins at column `at`, the others
 * are indented by `indent`. Ends with a line feed. */
void cm_term_paragraph(
    struct cm_buf *out, const char *text, size_t at, size_t indent, size_t width);

/* How wide to print on `file`: $COLUMNS where it is a sensible number, else what the terminal says,
 * else CM_TERM_COLUMNS. */
size_t cm_term_columns(FILE *file);

#endif
