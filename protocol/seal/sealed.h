/*
 * Sealed bytes: what only the holder of a key can read, and nobody can change unnoticed.
 *
 * XChaCha20-Poly1305 with a nonce that is made of the key, the bytes and what they are bound to. So no counter
 * has to be kept over a crash, and a key that is used twice gives nothing away but that the same was sealed
 * twice, which a table that looks its rows up by their sealed form relies on.
 *
 * What is bound (a case's id, a place's number) is not kept in the sealed bytes: opening asks for it again, so
 * that sealed bytes cannot be moved to another case.
 *
 * Needs cm_seal_start. Any thread; allocates nothing.
 */
#ifndef CM_SEAL_SEALED_H
#define CM_SEAL_SEALED_H

#include "protocol/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CM_SEALED_KEY_BYTES 32
#define CM_SEALED_MORE_BYTES 40 /* sealed bytes are longer by this: a nonce of 24, a tag of 16 */

/* Purposes, 8 characters each: one key sealed for two of them is as good as two keys. */
#define CM_SEALED_ORDER "cm.order"
#define CM_SEALED_LABEL "cm.label"
#define CM_SEALED_CONTACT "cm.notif"
#define CM_SEALED_VAULT "cm.vault"

/* Seal `len` bytes into `out`, which has room for len + CM_SEALED_MORE_BYTES. */
void cm_sealed_make(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8], const void *bound,
    size_t bound_len, const void *plain, size_t len, uint8_t *out);

/* Open them into `out`, which has room for sealed_len - CM_SEALED_MORE_BYTES. CM_TRUNCATED: too short to be
 * sealed bytes. CM_CORRUPT: another key, purpose or binding, or they were changed; `out` is zeros then. */
enum cm_status cm_sealed_open(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8],
    const void *bound, size_t bound_len, const uint8_t *sealed, size_t sealed_len,
    uint8_t *out) CM_MUST_USE;

/* The same as text: base64 without padding, with a NUL behind it, in `out` of `size` bytes, which is enough for
 * CM_SEALED_TEXT_BYTES of `len`. */
#define CM_SEALED_TEXT_BYTES(len) (((len) + CM_SEALED_MORE_BYTES + 2) / 3 * 4 + 1)
void cm_sealed_text_make(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8], const void *bound,
    size_t bound_len, const void *plain, size_t len, char *out, size_t size);

/* Open it into `out` of `most` bytes. CM_CORRUPT as above, and if it is no such text or a longer one. */
enum cm_status cm_sealed_text_open(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8],
    const void *bound, size_t bound_len, const char *text, void *out, size_t most,
    size_t *len) CM_MUST_USE;

#define CM_SEALED_TEXT_MOST 1024 /* bytes that may be sealed as text */

/* Overwrite what was secret; the compiler does not leave it out. */
void cm_wipe(void *bytes, size_t len);

#endif
