/*
 * What a load finds, and where. The loader carries the list of files and the remarks through every
 * pass; a pass adds remarks and goes on, so that one run shows all errors. Internal to the engine.
 */
#ifndef CM_ENGINE_REMARK_H
#define CM_ENGINE_REMARK_H

#include "jurisdictions/engine/engine.h"

/* A place in one of the files. Its column is counted when somebody is told of it. */
struct cm_at {
	uint32_t file; /* index into the files being loaded */
	uint32_t line;
	uint32_t offset; /* bytes */
};

struct cm_loader {
	const struct cm_law_file *files; /* borrowed */
	size_t files_count;
	struct cm_remarks *remarks; /* borrowed */
	bool out_of_memory;
};

#define CM_MAX_REMARKS 1000 /* a load; after that many no more are kept, only counted */

/* Add one error or lint. A failed allocation marks the loader. */
void cm_error_add(struct cm_loader *loader, struct cm_at at, const char *code, const char *fmt, ...)
    CM_PRINTF(4, 5);
void cm_lint_add(struct cm_loader *loader, struct cm_at at, const char *code, const char *fmt, ...)
    CM_PRINTF(4, 5);

/* Put them in order of file, line and column. */
void cm_remarks_sort(struct cm_loader *loader);

#endif
