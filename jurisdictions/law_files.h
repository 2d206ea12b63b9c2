/*
 * Law files from disk into the engine, which reads none itself. Callers: the daemons at start, the CLI.
 */
#ifndef CM_LAW_FILES_H
#define CM_LAW_FILES_H

#include "jurisdictions/engine/engine.h"

/* The texts of some files, for cm_law_load and cm_remark_print. */
struct cm_law_texts {
	struct cm_arena arena;
	struct cm_law_file *files;
	size_t count;
};

/* Read files whole, at most 1 MiB each. CM_NOT_FOUND, CM_TOO_LARGE, CM_IO, CM_NO_MEMORY with a sentence
 * that names the file. The caller ends it with cm_law_texts_fini whatever comes back. */
enum cm_status cm_law_texts_read(const char *const *paths, size_t count,
    struct cm_law_texts *out, struct cm_err *err) CM_MUST_USE;
void cm_law_texts_fini(struct cm_law_texts *texts);

/* Read and load a rule set. On CM_BAD_INPUT the sentence is the first error and how many there are. */
enum cm_status cm_law_files_load(const char *const *paths, size_t count, struct cm_law **out,
    struct cm_err *err) CM_MUST_USE;

#endif
