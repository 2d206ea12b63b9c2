/*
 * A secret of a fixed size in a file of its own: hex digits and a line feed, readable by its owner alone.
 *
 * Callers: the blind key, a process's identity, the root's key. `what` names the secret in sentences
 * ("blind key"); no sentence ever repeats a byte of it.
 */
#ifndef CM_SEAL_SECRET_FILE_H
#define CM_SEAL_SECRET_FILE_H

#include "protocol/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CM_SECRET_MOST_BYTES 64

/* Read `len` bytes (at most CM_SECRET_MOST_BYTES) from 2 * len hex digits, with or without a line feed, in
 * a regular file of mode 0600 or less. CM_NOT_FOUND, CM_NOT_ALLOWED (mode), CM_BAD_INPUT (content), CM_IO;
 * the sentence names the file. After a failure `out` is zeros. */
enum cm_status cm_secret_load(const char *path, const char *what, uint8_t *out, size_t len,
    struct cm_err *err) CM_MUST_USE;

/* The same from the folder of credentials that the service manager gives a process: the group may be able to
 * read it. */
enum cm_status cm_secret_load_given(const char *path, const char *what, uint8_t *out, size_t len,
    struct cm_err *err) CM_MUST_USE;

/* Write it into a new file of mode 0600, on disk with its name before this returns. CM_DUPLICATE if there is
 * a file already: a secret is never overwritten. CM_DISK_FULL, CM_IO: nothing is left behind. */
enum cm_status cm_secret_create(const char *path, const char *what, const uint8_t *bytes, size_t len,
    struct cm_err *err) CM_MUST_USE;

#endif
