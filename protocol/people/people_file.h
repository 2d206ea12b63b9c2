/*
 * The file of users on disk: of mode 0600, replaced whole, watched by the process that rests on it.
 *
 * Whoever may write this file says who may do what: it is the operator's on that machine, and that is how a
 * fresh process gets its first user. The process reads it again when it has changed, so that a revocation
 * counts from the next operation on. No file means no users, and nobody is let in.
 */
#ifndef CM_PEOPLE_PEOPLE_FILE_H
#define CM_PEOPLE_PEOPLE_FILE_H

#include "protocol/people/people.h"

/* CM_NOT_FOUND: there is none. CM_NOT_ALLOWED: others can read or write it. Else as cm_people_parse; the
 * sentence names the file. `digest` (may be NULL) takes the digest of its bytes. */
enum cm_status cm_people_load(const char *path, struct cm_people *out,
    uint8_t digest[CM_DIGEST_BYTES], struct cm_err *err) CM_MUST_USE;

/* Put it in the old one's place, on disk before this returns. */
enum cm_status cm_people_save(
    const struct cm_people *people, const char *path, struct cm_err *err) CM_MUST_USE;

/* Take turns with others who change the file: holds until the descriptor is closed. */
enum cm_status cm_people_lock(const char *path, int *fd, struct cm_err *err) CM_MUST_USE;

/* What tells one content of a path from the next without reading it. */
struct cm_people_stamp {
	uint64_t inode;
	int64_t size;
	int64_t changed_s;
	int64_t changed_ns;
};

/* All zeros where there is no file. */
struct cm_people_stamp cm_people_stamp_of(const char *path);
bool cm_people_stamp_equal(const struct cm_people_stamp *a, const struct cm_people_stamp *b);

#endif
