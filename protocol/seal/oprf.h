/*
 * An oblivious pseudorandom function: OPRF(ristretto255, SHA-512) of RFC 9497, mode 0.
 *
 * Two sides compute F(key, input) together. The client learns the output and not the key; the holder of the
 * key learns neither input nor output. So nobody but the holder and the client, together and one input at a time,
 * can test a guess, and whoever is shown an output can do nothing with it.
 *
 *	client             cm_oprf_blind(input) -> secret, blinded
 *	holder of the key  cm_oprf_evaluate(key, blinded) -> evaluated
 *	client             cm_oprf_finish(input, secret, evaluated) -> output
 *
 * Needs cm_seal_start. Any thread. Secrets are the caller's to wipe (sodium_memzero).
 */
#ifndef CM_SEAL_OPRF_H
#define CM_SEAL_OPRF_H

#include "protocol/seal/seal.h"

#define CM_OPRF_KEY_BYTES 32
#define CM_OPRF_ELEMENT_BYTES 32
#define CM_OPRF_OUTPUT_BYTES 64
#define CM_OPRF_MAX_INPUT_BYTES 65535 /* two bytes say its length */

struct cm_oprf_key {
	uint8_t bytes[CM_OPRF_KEY_BYTES]; /* a scalar, little-endian */
};

/* Fresh, and the one that RFC 9497, 3.2.1 derives from a seed and a text. CM_TOO_LARGE: `info` is longer than
 * 65535 bytes. */
void cm_oprf_key_make(struct cm_oprf_key *key);
enum cm_status cm_oprf_key_derive(const uint8_t seed[32], const void *info, size_t info_len,
    struct cm_oprf_key *key, struct cm_err *err) CM_MUST_USE;

/* A fresh `secret` for one question, and the question. CM_TOO_LARGE; CM_BAD_INPUT: the input hashes to the
 * neutral element, which nobody can find one to do. */
enum cm_status cm_oprf_blind(const void *input, size_t len, uint8_t secret[CM_OPRF_KEY_BYTES],
    uint8_t blinded[CM_OPRF_ELEMENT_BYTES], struct cm_err *err) CM_MUST_USE;

/* The same with a secret of the caller's, a scalar that is not zero: for test vectors. */
enum cm_status cm_oprf_blind_with(const void *input, size_t len,
    const uint8_t secret[CM_OPRF_KEY_BYTES], uint8_t blinded[CM_OPRF_ELEMENT_BYTES],
    struct cm_err *err) CM_MUST_USE;

/* Answer a question. CM_BAD_INPUT: it is no element of the group, or the neutral one. */
enum cm_status cm_oprf_evaluate(const struct cm_oprf_key *key,
    const uint8_t blinded[CM_OPRF_ELEMENT_BYTES], uint8_t evaluated[CM_OPRF_ELEMENT_BYTES],
    struct cm_err *err) CM_MUST_USE;

/* What the function gives. CM_BAD_INPUT: the answer is no element of the group, or the neutral one. */
enum cm_status cm_oprf_finish(const void *input, size_t len, const uint8_t secret[CM_OPRF_KEY_BYTES],
    const uint8_t evaluated[CM_OPRF_ELEMENT_BYTES], uint8_t out[CM_OPRF_OUTPUT_BYTES],
    struct cm_err *err) CM_MUST_USE;

#endif
