/*
 * Blinding: an account's identifier as 32 bytes that say nothing to whoever lacks the key.
 *
 * This keyed hash is the first form; the oblivious pseudo-random function comes with the
 * identities. Know its limit: whoever has the key can test guesses, one hash each, and identifiers
 * are easy to guess. So the key lives on intake and hosting nodes only, never on a router, never on
 * the central node, and every node of a fleet that hosts or files has the same one.
 *
 * Two spellings that differ in ASCII case or in blanks around them are one identifier. Nothing else
 * is folded: what lies outside ASCII is hashed as it stands.
 *
 * Callers: intake (the demand's targets), the residency map (each row), the CLI. Any thread.
 */
#ifndef CM_SEAL_BLIND_H
#define CM_SEAL_BLIND_H

#include "protocol/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CM_BLIND_BYTES 32
#define CM_BLIND_PAIR_BYTES 64      /* an account's blind, then its domain's */
#define CM_MAX_IDENTIFIER_BYTES 320 /* an e-mail address: 64 + "@" + 255 */

struct cm_blind_key {
	uint8_t bytes[32];
};

/* Read a key: 64 hex digits, with or without a line feed, in a regular file that only its owner can
 * read or write (mode 0600 or less). CM_NOT_FOUND, CM_NOT_ALLOWED (mode), CM_BAD_INPUT (content),
 * CM_IO; the sentence names the file. */
enum cm_status cm_blind_key_load(
    const char *path, struct cm_blind_key *key, struct cm_err *err) CM_MUST_USE;

/* Make a fresh key in a new file of mode 0600, on disk before this returns. CM_DUPLICATE if there
 * is a file already: a key is never overwritten, since all that was blinded with it would be lost.
 */
enum cm_status cm_blind_key_create(const char *path, struct cm_err *err) CM_MUST_USE;

/* Overwrite the key in memory. */
void cm_blind_key_wipe(struct cm_blind_key *key);

/* Write the normalised identifier (blanks at both ends cut, ASCII letters small) with a NUL behind
 * it; `out_len` without the NUL. CM_BAD_INPUT if nothing is left, or for bytes that are not UTF-8,
 * control and deceptive characters; CM_TOO_LARGE over CM_MAX_IDENTIFIER_BYTES. The sentence never
 * repeats the identifier. */
enum cm_status cm_identifier_normalise(const char *text, size_t len,
    char out[CM_MAX_IDENTIFIER_BYTES + 1], size_t *out_len, struct cm_err *err) CM_MUST_USE;

/* The blind of an identifier: BLAKE2b-256 keyed, personal string "comity.blind.v1", over the
 * normalised form. Statuses as above. */
enum cm_status cm_blind(const struct cm_blind_key *key, const char *text, size_t len,
    uint8_t out[CM_BLIND_BYTES], struct cm_err *err) CM_MUST_USE;

/* What a demand's target carries: the blind of the identifier and, if it has a domain behind its
 * last "@", the blind of "@domain" after it. `out_len` is 32 or 64. Statuses as above. */
enum cm_status cm_blind_target(const struct cm_blind_key *key, const char *text, size_t len,
    uint8_t out[CM_BLIND_PAIR_BYTES], size_t *out_len, struct cm_err *err) CM_MUST_USE;

/* 16 bytes that tell one key from another and give neither away: a file blinded with a key keeps
 * them, so that a wrong key is refused instead of finding nothing. */
void cm_blind_key_check(const struct cm_blind_key *key, uint8_t out[16]);

#endif
