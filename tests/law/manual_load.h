/*
 * The manual's examples as rule sets. A fragment gets the header it does not show on its own first
 * line, so that every other line and column is that of the manual. Knows the engine's face only.
 */
#ifndef TEST_MANUAL_LOAD_H
#define TEST_MANUAL_LOAD_H

#include "jurisdictions/engine/engine.h"
#include "manual_read.h"

#define MANUAL_MAX_FILES (MANUAL_MAX_WITH + 1)

struct manual_loaded {
	struct cm_arena arena;
	struct cm_law_file files[MANUAL_MAX_FILES];
	struct cm_law_file shown[MANUAL_MAX_FILES]; /* the same as the reader sees them */
	size_t count;
	size_t tests; /* inline tests written in them */
	struct cm_remarks remarks;
	struct cm_law *law; /* NULL unless status is CM_OK */
	enum cm_status status;
};

/* Remember an example by its name for those that are loaded with it. The later of a name counts. */
void manual_example_add(const struct manual_note *note, const char *text);
/* Whether the name is an example's. */
bool manual_example_is(const char *name);

/* Load the files a note names and, unless `text` is NULL, the text under the note's own name.
 * False, with a failure counted against `line`, if a file is not there. manual_unload in any case.
 */
bool manual_load(
    const struct manual_note *note, const char *text, unsigned line, struct manual_loaded *out);
void manual_unload(struct manual_loaded *loaded);

/* All remarks as `comity rules check` prints them, behind what is in `out`. */
void manual_remarks_print(const struct manual_loaded *loaded, struct cm_buf *out);

/* The first remark as a plain sentence, for failures of a test. */
const char *manual_first_remark(const struct manual_loaded *loaded);

#endif
