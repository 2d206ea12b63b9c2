#include "protocol/seal/oprf.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define HASH_BYTES crypto_hash_sha512_BYTES
#define BLOCK_BYTES 128 /* SHA-512's */

/* contextString of RFC 9497, 3.1: "OPRFV1-", the mode, "-", the suite. */
#define CONTEXT "OPRFV1-\0-ristretto255-SHA512"
static const char group_tag[] = "HashToGroup-" CONTEXT;
static const char scalar_tag[] = "DeriveKeyPair" CONTEXT;
static const char finish_tag[] = "Finalize";

static_assert(CM_OPRF_ELEMENT_BYTES == crypto_core_ristretto255_BYTES, "an element's size");
static_assert(CM_OPRF_KEY_BYTES == crypto_core_ristretto255_SCALARBYTES, "a scalar's size");
static_assert(CM_OPRF_OUTPUT_BYTES == HASH_BYTES, "the output is a SHA-512");
static_assert(HASH_BYTES == crypto_core_ristretto255_HASHBYTES, "one block is enough for the group");

/* ---- hashing to the group -------------------------------------------------------------------- */

struct piece {
	const void *bytes;
	size_t len;
};

/* expand_message_xmd of RFC 9380, 5.3.1, to 64 bytes: one block of SHA-512. */
static void expand(const struct piece *pieces, size_t count, const char *tag, size_t tag_len,
    uint8_t out[HASH_BYTES])
{
	static const uint8_t zeros[BLOCK_BYTES];
	static const uint8_t out_len_and_zero[3] = {0, HASH_BYTES, 0};
	static const uint8_t one = 1;
	const uint8_t tag_len_byte = (uint8_t)tag_len;
	crypto_hash_sha512_state state;
	uint8_t first[HASH_BYTES];

	assert(tag_len < 256);
	(void)crypto_hash_sha512_init(&state);
	(void)crypto_hash_sha512_update(&state, zeros, sizeof zeros);
	for (size_t i = 0; i < count; i++)
		(void)crypto_hash_sha512_update(&state, pieces[i].bytes, pieces[i].len);
	(void)crypto_hash_sha512_update(&state, out_len_and_zero, sizeof out_len_and_zero);
	(void)crypto_hash_sha512_update(&state, (const uint8_t *)tag, tag_len);
	(void)crypto_hash_sha512_update(&state, &tag_len_byte, 1);
	(void)crypto_hash_sha512_final(&state, first);
	(void)crypto_hash_sha512_init(&state);
	(void)crypto_hash_sha512_update(&state, first, sizeof first);
	(void)crypto_hash_sha512_update(&state, &one, 1);
	(void)crypto_hash_sha512_update(&state, (const uint8_t *)tag, tag_len);
	(void)crypto_hash_sha512_update(&state, &tag_len_byte, 1);
	(void)crypto_hash_sha512_final(&state, out);
	sodium_memzero(first, sizeof first);
	sodium_memzero(&state, sizeof state);
}

static void hash_to_group(const void *input, size_t len, uint8_t element[CM_OPRF_ELEMENT_BYTES])
{
	struct piece piece = {input, len};
	uint8_t wide[HASH_BYTES];

	expand(&piece, 1, group_tag, sizeof group_tag - 1, wide);
	(void)crypto_core_ristretto255_from_hash(element, wide);
	sodium_memzero(wide, sizeof wide);
}

/* ---- keys ------------------------------------------------------------------------------------ */

void cm_oprf_key_make(struct cm_oprf_key *key)
{
	do
		crypto_core_ristretto255_scalar_random(key->bytes);
	while (sodium_is_zero(key->bytes, sizeof key->bytes));
}

static void put_len(size_t len, uint8_t out[2])
{
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
}

enum cm_status cm_oprf_key_derive(const uint8_t seed[32], const void *info, size_t info_len,
    struct cm_oprf_key *key, struct cm_err *err)
{
	uint8_t len[2];
	uint8_t counter = 0;
	uint8_t wide[HASH_BYTES];
	struct piece pieces[] = {{seed, 32}, {len, 2}, {info, info_len}, {&counter, 1}};

	if (info_len > CM_OPRF_MAX_INPUT_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "a key's text has at most %d bytes",
		    CM_OPRF_MAX_INPUT_BYTES);
	put_len(info_len, len);
	do {
		expand(pieces, sizeof pieces / sizeof pieces[0], scalar_tag, sizeof scalar_tag - 1, wide);
		crypto_core_ristretto255_scalar_reduce(key->bytes, wide);
		counter++; /* zero comes once in 2^252 */
	} while (sodium_is_zero(key->bytes, sizeof key->bytes));
	sodium_memzero(wide, sizeof wide);
	return CM_OK;
}

/* ---- the three steps ------------------------------------------------------------------------- */

/* libsodium refuses the neutral element as a result, which with a scalar that is not zero only comes of the
 * neutral element, and what is no encoding of an element. */
static bool multiply(uint8_t out[CM_OPRF_ELEMENT_BYTES], const uint8_t scalar[CM_OPRF_KEY_BYTES],
    const uint8_t element[CM_OPRF_ELEMENT_BYTES])
{
	return crypto_scalarmult_ristretto255(out, scalar, element) == 0;
}

static enum cm_status check_len(size_t len, struct cm_err *err)
{
	return len <= CM_OPRF_MAX_INPUT_BYTES
	           ? CM_OK
	           : cm_err_set(err, CM_TOO_LARGE, "an input has at most %d bytes, this has %zu",
	                 CM_OPRF_MAX_INPUT_BYTES, len);
}

enum cm_status cm_oprf_blind_with(const void *input, size_t len,
    const uint8_t secret[CM_OPRF_KEY_BYTES], uint8_t blinded[CM_OPRF_ELEMENT_BYTES],
    struct cm_err *err)
{
	uint8_t element[CM_OPRF_ELEMENT_BYTES];
	enum cm_status status = check_len(len, err);

	if (status != CM_OK)
		return status;
	hash_to_group(input, len, element);
	if (!multiply(blinded, secret, element))
		status = cm_err_set(err, CM_BAD_INPUT, "the input has no place in the group");
	sodium_memzero(element, sizeof element);
	return status;
}

enum cm_status cm_oprf_blind(const void *input, size_t len, uint8_t secret[CM_OPRF_KEY_BYTES],
    uint8_t blinded[CM_OPRF_ELEMENT_BYTES], struct cm_err *err)
{
	struct cm_oprf_key fresh;
	enum cm_status status;

	cm_oprf_key_make(&fresh);
	memcpy(secret, fresh.bytes, CM_OPRF_KEY_BYTES);
	sodium_memzero(&fresh, sizeof fresh);
	status = cm_oprf_blind_with(input, len, secret, blinded, err);
	if (status != CM_OK)
		sodium_memzero(secret, CM_OPRF_KEY_BYTES);
	return status;
}

enum cm_status cm_oprf_evaluate(const struct cm_oprf_key *key,
    const uint8_t blinded[CM_OPRF_ELEMENT_BYTES], uint8_t evaluated[CM_OPRF_ELEMENT_BYTES],
    struct cm_err *err)
{
	return multiply(evaluated, key->bytes, blinded)
	           ? CM_OK
	           : cm_err_set(err, CM_BAD_INPUT, "the question is no element of the group");
}

enum cm_status cm_oprf_finish(const void *input, size_t len, const uint8_t secret[CM_OPRF_KEY_BYTES],
    const uint8_t evaluated[CM_OPRF_ELEMENT_BYTES], uint8_t out[CM_OPRF_OUTPUT_BYTES],
    struct cm_err *err)
{
	static const uint8_t element_len[2] = {0, CM_OPRF_ELEMENT_BYTES};
	uint8_t inverse[CM_OPRF_KEY_BYTES];
	uint8_t element[CM_OPRF_ELEMENT_BYTES];
	crypto_hash_sha512_state state;
	uint8_t input_len[2];
	enum cm_status status = check_len(len, err);

	if (status != CM_OK)
		return status;
	if (crypto_core_ristretto255_scalar_invert(inverse, secret) != 0 ||
	    !multiply(element, inverse, evaluated)) {
		status = cm_err_set(err, CM_BAD_INPUT, "the answer is no element of the group");
	} else {
		put_len(len, input_len);
		(void)crypto_hash_sha512_init(&state);
		(void)crypto_hash_sha512_update(&state, input_len, sizeof input_len);
		(void)crypto_hash_sha512_update(&state, input, len);
		(void)crypto_hash_sha512_update(&state, element_len, sizeof element_len);
		(void)crypto_hash_sha512_update(&state, element, sizeof element);
		(void)crypto_hash_sha512_update(&state, (const uint8_t *)finish_tag, sizeof finish_tag - 1);
		(void)crypto_hash_sha512_final(&state, out);
		sodium_memzero(&state, sizeof state);
	}
	sodium_memzero(inverse, sizeof inverse);
	sodium_memzero(element, sizeof element);
	return status;
}
