/*
 * The fleet manifest: who belongs to the fleet, by which keys and from when to when, signed by the provider's
 * root, whose key is made offline and stands in every process's settings.
 *
 * A manifest has a number that only rises: whoever holds one takes none that is older, nor another of the
 * same number. What was signed are exact bytes, which are kept and passed on as they came.
 *
 * Pure: bytes, keys and times in, a verdict out. It opens no file and reads no clock. Needs cm_seal_start. Any
 * thread.
 */
#ifndef CM_SEAL_MANIFEST_H
#define CM_SEAL_MANIFEST_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/seal/identity.h"
#include "protocol/wire/codec.h"

#define CM_SEALING_KEY_BYTES 32
#define CM_MANIFEST_EARLY_MS INT64_C(86400000) /* clocks may differ so much from the root's */
#define CM_MANIFEST_ANY_TIME INT64_MIN         /* what it says was so, whether or not it still stands */

/* A manifest that has been checked, with all it points to. */
struct cm_manifest_held {
	struct cm_arena arena;
	struct cm_manifest manifest;
	struct cm_bytes bytes;            /* the whole signed message, as it came: to be passed on */
	uint8_t digest[CM_DIGEST_BYTES]; /* of the signed bytes */
};

/* Read a signed manifest and check it: by whose key, of what form, at what time (CM_MANIFEST_ANY_TIME: at any).
 * On success the caller ends it with cm_manifest_fini. CM_BAD_INPUT, CM_TOO_LARGE, CM_TRUNCATED, CM_TOO_DEEP:
 * no manifest, or one that contradicts itself; CM_NOT_ALLOWED: the signature is not the root's; CM_TERM_OVER: it
 * has ended; CM_CONFLICT: it is issued after this clock's tomorrow; CM_NO_MEMORY. */
enum cm_status cm_manifest_read(const uint8_t *data, size_t len,
    const uint8_t root[CM_PUBLIC_KEY_BYTES], int64_t at_ms, struct cm_manifest_held *out,
    struct cm_err *err) CM_MUST_USE;
void cm_manifest_fini(struct cm_manifest_held *held);

/* Whether `next` may be put in the place of `now`. CM_OK: it is newer; CM_DUPLICATE: it is the same;
 * CM_NOT_ALLOWED: it is older, another of the same number, or another fleet's. */
enum cm_status cm_manifest_may_follow(const struct cm_manifest_held *now,
    const struct cm_manifest_held *next, struct cm_err *err) CM_MUST_USE;

/* Check the content alone, as cm_manifest_read does. */
enum cm_status cm_manifest_check(const struct cm_manifest *manifest, struct cm_err *err) CM_MUST_USE;

/* Append the signed message. `purpose` is CM_SIGN_MANIFEST by the root, or CM_SIGN_ENROL by a process that asks to
 * be in one, with itself as the only member. Statuses as cm_wire_encode and cm_manifest_check. */
enum cm_status cm_manifest_sign(const struct cm_manifest *manifest, const struct cm_identity *signer,
    enum cm_purpose purpose, struct cm_buf *out, struct cm_err *err) CM_MUST_USE;

/* Read a request to be in the manifest: one member with one key, and that key's own signature. Ended by
 * cm_manifest_fini. Statuses as cm_manifest_read. */
enum cm_status cm_manifest_read_request(const uint8_t *data, size_t len, struct cm_manifest_held *out,
    struct cm_err *err) CM_MUST_USE;

/* NULL: nobody of that name. */
const struct cm_manifest_member *cm_manifest_member(
    const struct cm_manifest *manifest, const char *name);

/* Whether a key stands at a time. */
bool cm_manifest_key_stands(const struct cm_manifest_key *key, int64_t at_ms);

/* The same for a live link: struck off is struck off, however far this machine's clock is behind the root's. */
bool cm_manifest_key_opens(const struct cm_manifest_key *key, int64_t at_ms);

/* Whether that key was that member's at that time: for judging what it signed. */
bool cm_manifest_key_at(const struct cm_manifest *manifest, const char *name,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], int64_t at_ms);

/* Whether that key could sign that jurisdiction's rules at that time. */
bool cm_manifest_signer_at(const struct cm_manifest *manifest, const char *jurisdiction,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], int64_t at_ms);

/* When, after `at_ms`, a key of a member begins or ends to stand or the whole ends: INT64_MAX for never. */
int64_t cm_manifest_next_change(const struct cm_manifest *manifest, int64_t at_ms);

/* What is different in `is`, a sentence a line; nothing if nothing is. `was` may be NULL. */
void cm_manifest_diff(
    const struct cm_manifest *was, const struct cm_manifest *is, struct cm_buf *out);

const char *cm_member_role_name(enum cm_member_role role);
bool cm_member_role_parse(const char *text, enum cm_member_role *out);

#endif
