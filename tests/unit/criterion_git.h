/*
 * What Criterion calls of libgit2, by libgit2's own names: criterion_git.c stands before it.
 */
#ifndef TEST_CRITERION_GIT_H
#define TEST_CRITERION_GIT_H

#include <stddef.h>

int git_libgit2_init(void);
int git_libgit2_shutdown(void);
int git_diff_buffers(const void *was, size_t was_len, const char *was_path, const void *is,
    size_t is_len, const char *is_path, const void *options, const void *on_file,
    const void *on_binary, const void *on_hunk,
    int (*on_line)(const void *delta, const void *hunk, const void *line, void *data), void *data);

#endif
