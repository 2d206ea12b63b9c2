/*
 * What a file of law says, as a text in which neither white space nor comments show: for the tests
 * of the formatter. Also law in other clothes: squeezed, with comments strewn in.
 */
#ifndef FORMAT_TREE_H
#define FORMAT_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/buf.h"

/* Everything a file says, fields of a rule in canonical order, tests and reviews too, and a sum
 * over its comments. Returns how many comments it has. */
size_t format_tree(const char *text, size_t len, struct cm_buf *out);

/* The tokens with one blank between and no comments. With a seed, behind one token in `every` a
 * comment follows, on its line or on one of its own. */
void format_squeeze(
    const char *text, size_t len, uint32_t seed, uint32_t every, struct cm_buf *out);

/* The text without the lines that are comments, empty lines as if they had never been there. */
void format_bare(const char *text, struct cm_buf *out);

#endif
