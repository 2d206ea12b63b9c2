/*
 * The canonical text of a tree: what the formatter writes and what digests are taken of. For people
 * it lays out lines and keeps every comment; for digests it does neither, and leaves out who
 * reviewed and what is tested, since neither changes the law. Internal to the engine.
 *
 * The digest's text is fixed for ever: a change of the layout touches only what `canonical` turns
 * off.
 *
 * Comments stay in the order they have among what they belong to. What is printed now may print the
 * comments [next, stop). At each end of a line the first of them follows on that line if it stood
 * behind something; the others stand on lines of their own before what comes next.
 */
#ifndef CM_ENGINE_PRINT_H
#define CM_ENGINE_PRINT_H

#include "jurisdictions/engine/ast.h"

struct cm_printer {
	struct cm_buf *out;
	bool canonical;                     /* for a digest */
	const char *text;                   /* the file's, borrowed; for its empty lines */
	size_t len;                         /* bytes */
	const struct cm_comment **comments; /* in order of offset; NULL if there are none */
	size_t comments_count;
	size_t next; /* of the comments not printed yet in what is printed now */
	size_t stop; /* behind the last of them */
};

#define CM_PRINT_COLUMNS 100
#define CM_PRINT_VALUE 11 /* the column where a field's value begins */

/* ---- lines and comments ---- */

/* The first comment at or behind an offset. */
size_t cm_print_comment_from(const struct cm_printer *printer, size_t offset);

/* The index behind the comments of what ends at `end`, where `next` begins what follows: its own,
 * and the one behind it on its line. */
size_t cm_print_comment_end(const struct cm_printer *printer, size_t end, size_t next);

/* Is a comment before `offset` still to be printed? */
bool cm_print_has_comment(const struct cm_printer *printer, size_t offset);

/* The comment that stood behind what was just written, if it stood before `offset`. */
void cm_print_behind(struct cm_printer *printer, size_t offset);

/* Comments before `offset`, each on a line of its own. */
void cm_print_before(struct cm_printer *printer, size_t offset, size_t indent);

/* End the line; both of the above. */
void cm_print_line_end(struct cm_printer *printer, size_t offset, size_t indent);

void cm_print_blanks(struct cm_printer *printer, size_t count);

/* The columns of the line so far. */
size_t cm_print_column(const struct cm_printer *printer);

/* ---- text; `indent` is where a next line begins ---- */

/* Text broken at blanks, but not inside "s. 16" or "18 U.S.C. § 2703". `tail` columns follow it. */
void cm_print_wrapped(struct cm_printer *printer, const char *text, size_t indent, size_t tail);

/* A text in quotes, its further lines under the opening one. */
void cm_print_string(struct cm_printer *printer, const char *text);

/* A blank and `text`, or a next line if there is no room. */
void cm_print_more(struct cm_printer *printer, const char *text, size_t indent);

/* A blank, the words `lead` (or none) and a text in quotes: all of it on this line or a next one.
 */
void cm_print_phrase(struct cm_printer *printer, const char *lead, const char *text, size_t indent);

/* Words with commas between, as many on a line as fit. */
void cm_print_words(struct cm_printer *printer, const struct cm_word *words, size_t indent);
void cm_print_day(struct cm_printer *printer, int32_t day);

/* ---- parts of the language ---- */

/* End the line; conditions joined by and/or, one a line. `end` is where their comments end. */
void cm_print_conditions(
    struct cm_printer *printer, const struct cm_expr *expr, size_t indent, size_t end);

/* The last leaf of an expression: nothing of it begins later. */
const struct cm_expr *cm_print_last(const struct cm_expr *expr);

/* What follows the word `test`. */
void cm_print_test(struct cm_printer *printer, const struct cm_test_def *test);
void cm_print_cite(struct cm_printer *printer, const struct cm_cite *cite);
void cm_print_force(struct cm_printer *printer, const struct cm_span *span);

/* A rule without its `end`, which stands before offset `end`. */
void cm_print_rule(struct cm_printer *printer, const struct cm_rule_def *rule, size_t end);
void cm_print_item(struct cm_printer *printer, const struct cm_item *item);

#endif
