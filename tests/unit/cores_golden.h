/*
 * Folders of golden files: each NAME.<ext> is answered by the code under test, word for word as
 * NAME.ok says. COMITY_GOLDEN=write makes the answers anew: read the difference before committing
 * it.
 */
#ifndef TEST_CORES_GOLDEN_H
#define TEST_CORES_GOLDEN_H

#include "cores_help.h"

/* The answer to one file, appended to `out`; `path` is for opening and for nothing that is
 * compared. */
typedef void (*golden_cb)(struct cm_arena *arena, const char *path, struct cm_buf *out);

/* Walk tests/golden/<folder>. Asserts every answer, and that there are at least `least` of them. */
void golden_walk(const char *folder, const char *ext, size_t least, golden_cb answer);

/* Append `text` with every occurrence of `what` replaced. */
void golden_replace(struct cm_buf *out, const char *text, const char *what, const char *with);

#endif
