/*
 * Dice, ids and digests: the small sealing helpers every process needs, over libsodium.
 *
 * Knows no key, no message and no peer: blinding is in blind.h, identities and signatures come with
 * the fleet manifest. Any thread may call these once cm_seal_start has returned; they allocate
 * nothing.
 */
#ifndef CM_SEAL_SEAL_H
#define CM_SEAL_SEAL_H

#include "protocol/base/id.h"

/* Make libsodium ready. Call first in every main, before threads start; harmless when repeated.
 * CM_INTERNAL if the machine offers no randomness. */
enum cm_status cm_seal_start(void) CM_MUST_USE;

/* Fill `len` bytes from the kernel's generator. */
void cm_random(void *into, size_t len);

/* A fresh UUID version 7 for the wall time `now`. */
struct cm_id cm_id_new(struct cm_wall now);

#define CM_DIGEST_BYTES 32

/* BLAKE2b-256 without key or personal string: what `b2sum -l 256` prints for the same bytes. */
void cm_digest(const void *bytes, size_t len, uint8_t out[CM_DIGEST_BYTES]);

/* The same with a key: who has not got it can neither make nor test one. */
void cm_digest_keyed(
    const uint8_t key[32], const void *bytes, size_t len, uint8_t out[CM_DIGEST_BYTES]);

/* The same as cm_digest in pieces: init, add any number of times, then end once. Plain memory, nothing to free.
 */
struct cm_digest_stream {
	_Alignas(64) uint8_t opaque[384];
};

void cm_digest_init(struct cm_digest_stream *stream);
void cm_digest_add(struct cm_digest_stream *stream, const void *bytes, size_t len);
void cm_digest_end(struct cm_digest_stream *stream, uint8_t out[CM_DIGEST_BYTES]);

#endif
