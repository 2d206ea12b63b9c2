/*
 * A fleet manifest as its root's holder writes it: read the last one, change it, sign the next one.
 *
 * Callers: `comity keys`, and `comity fleet up --tls`, which is root's holder and every machine in one. One
 * thread. It knows files and keys, no terminal and no link.
 */
#ifndef CM_CLI_KEYS_BOOK_H
#define CM_CLI_KEYS_BOOK_H

#include "protocol/base/clock.h"
#include "protocol/seal/manifest.h"

#define CM_KEY_DAYS 400       /* how long a key and a manifest stand unless told otherwise */
#define CM_KEY_OVERLAP_DAYS 7 /* how long an old key stands beside its successor */
#define CM_DAY_MS INT64_C(86400000)
#define CM_KEY_EARLY_MS INT64_C(3600000) /* a new key stands since an hour: clocks differ */

struct cm_keys_book {
	struct cm_arena arena;
	struct cm_identity root;
	struct cm_manifest manifest; /* its lists are the two below */
	struct cm_manifest_member members[CM_MAX_MEMBERS];
	struct cm_manifest_key keys[CM_MAX_MEMBERS][CM_MAX_MEMBER_KEYS]; /* by member */
	struct cm_law_signer signers[CM_MAX_LAW_SIGNERS];
	struct cm_manifest_key signer_keys[CM_MAX_LAW_SIGNERS][CM_MAX_MEMBER_KEYS];
	struct cm_manifest_held before; /* number 0: there was none */
};

/* Open the book of a root's holder: the secret of the root, and the last manifest. With `fleet` a manifest that is
 * not there is a new fleet of that name; without it CM_NOT_FOUND. Ended by cm_keys_book_close, also after a failure.
 * Statuses of secret_file.h and cm_manifest_read. */
enum cm_status cm_keys_book_open(struct cm_keys_book *book, const char *root_path,
    const char *manifest_path, const char *fleet, struct cm_err *err) CM_MUST_USE;
void cm_keys_book_close(struct cm_keys_book *book);

/* Let a member in with one key, or describe a member that is in it otherwise. A key that is new to it gets
 * `until`; its older ones end when the overlap does. CM_TOO_LARGE: too many members, or keys of one. */
enum cm_status cm_keys_book_admit(struct cm_keys_book *book, const struct cm_manifest_member *member,
    struct cm_wall now, struct cm_wall until, int64_t overlap_ms, struct cm_err *err) CM_MUST_USE;

/* Strike off every standing key of a member, or those whose hex begins with `prefix` if it is not NULL. The
 * number of keys. CM_NOT_FOUND: no such member or key. */
enum cm_status cm_keys_book_revoke(struct cm_keys_book *book, const char *name, const char *prefix,
    struct cm_wall now, size_t *count, struct cm_err *err) CM_MUST_USE;

/* Let a key sign the rules of a jurisdiction. */
enum cm_status cm_keys_book_add_signer(struct cm_keys_book *book, const char *jurisdiction,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], struct cm_wall now, struct cm_wall until,
    struct cm_err *err) CM_MUST_USE;

/* Strike off the signers of a jurisdiction whose key's hex begins so, or all. CM_NOT_FOUND: none stands. */
enum cm_status cm_keys_book_revoke_signer(struct cm_keys_book *book, const char *jurisdiction,
    const char *prefix, struct cm_wall now, struct cm_err *err) CM_MUST_USE;

/* Sign the next manifest and write it in the last one's place. */
enum cm_status cm_keys_book_write(struct cm_keys_book *book, const char *path, struct cm_wall now,
    struct cm_wall until, struct cm_err *err) CM_MUST_USE;

/* The bytes of a manifest's or a request's file. `out` is empty before. CM_NOT_FOUND, CM_IO, CM_TOO_LARGE. */
enum cm_status cm_keys_read_file(const char *path, struct cm_buf *out, struct cm_err *err) CM_MUST_USE;

#endif
