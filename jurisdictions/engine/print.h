/*
 * The canonical text of a tree: what the formatter writes and what digests are taken of. For people
 * it wraps long lines and keeps every comment; for digests it does neither, and leaves out who
 * reviewed and what is tested, since neither changes the law. Internal to the engine.
 */
#ifndef CM_ENGINE_PRINT_H
#define CM_ENGINE_PRINT_H

#include "jurisdictions/engine/ast.h"

struct cm_printed_comment {
	const struct cm_comment *comment;
	bool done;
};

struct cm_printer {
	struct cm_buf *out;
	bool canonical;                      /* for a digest */
	struct cm_printed_comment *comments; /* in order of offset; NULL for a digest */
	size_t comments_count;
};

#define CM_PRINT_COLUMNS 100

/* Text that may be broken at blanks, continued `indent` columns in. */
void cm_print_wrapped(struct cm_printer *printer, const char *text, size_t indent);
void cm_print_string(struct cm_printer *printer, const char *text, size_t indent);
void cm_print_words(struct cm_printer *printer, const struct cm_word *words, size_t indent);
void cm_print_day(struct cm_printer *printer, int32_t day);
void cm_print_cite(struct cm_printer *printer, const struct cm_cite *cite, size_t indent);
void cm_print_force(struct cm_printer *printer, const struct cm_span *span);
void cm_print_test(struct cm_printer *printer, const struct cm_test_def *test);

/* The comments that stand on lines of their own in [from, to), each on its own line. */
void cm_print_comments(struct cm_printer *printer, size_t from, size_t to, size_t indent);

/* The comments behind what was just written, in [from, to), and the line's end. */
void cm_print_line_end(struct cm_printer *printer, size_t from, size_t to);

/* Conditions joined by and/or, one a line. [from, to) is where their comments may stand. */
void cm_print_conditions(
    struct cm_printer *printer, const struct cm_expr *expr, size_t indent, size_t from, size_t to);

void cm_print_rule(
    struct cm_printer *printer, const struct cm_rule_def *rule, size_t from, size_t to);
void cm_print_item(struct cm_printer *printer, const struct cm_item *item);

#endif
