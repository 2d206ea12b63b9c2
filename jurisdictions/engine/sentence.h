/*
 * Sentences: templates with {fact} and {deadline}, values as a reader writes them, conditions as
 * they stand in the law. Text only; nothing is decided here. Internal to the engine.
 */
#ifndef CM_ENGINE_SENTENCE_H
#define CM_ENGINE_SENTENCE_H

#include "jurisdictions/engine/law.h"

#define CM_MAX_NAME_IN_TEXT 65

enum { CM_TEMPLATE_END, CM_TEMPLATE_TEXT, CM_TEMPLATE_NAME, CM_TEMPLATE_BAD };

/* Read the next piece of a template at `*at` and step behind it: plain text goes to `out` (may be
 * NULL), a name in braces to `name`. */
int cm_template_next(const char **at, struct cm_buf *out, char name[CM_MAX_NAME_IN_TEXT]);

/* What is known of a fact: "US", "IE or GB", "content and traffic", "730 days", "(not known)". */
void cm_fact_print(
    const struct cm_law *law, const struct cm_facts *facts, size_t fact, struct cm_buf *out);

/* Fill a template. `deadline` is the day, or "" if it is not known. */
void cm_template_fill(const char *text, const struct cm_law *law, const struct cm_facts *facts,
    const char *deadline, struct cm_buf *out);

/* An expression on one line, in the words that digests and explanations use. */
void cm_expr_print(const struct cm_expr *expr, struct cm_buf *out);

/* The same in the words it was written in, where there are two ways to say it. */
void cm_expr_print_written(const struct cm_expr *expr, struct cm_buf *out);

#endif
