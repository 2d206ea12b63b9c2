#include "protocol/seal/seal.h"

#include <assert.h>
#include <sodium.h>

static_assert(sizeof(struct cm_digest_stream) >= sizeof(crypto_generichash_blake2b_state),
    "a digest stream must hold libsodium's state");
static_assert(_Alignof(struct cm_digest_stream) >= _Alignof(crypto_generichash_blake2b_state),
    "a digest stream must be aligned as libsodium's state");

enum cm_status cm_seal_start(void)
{
	return sodium_init() < 0 ? CM_INTERNAL : CM_OK;
}

void cm_random(void *into, size_t len)
{
	randombytes_buf(into, len);
}

struct cm_id cm_id_new(struct cm_wall now)
{
	uint8_t dice[10];

	randombytes_buf(dice, sizeof dice);
	return cm_id_make(now, dice);
}

static crypto_generichash_blake2b_state *state_of(struct cm_digest_stream *stream)
{
	return (crypto_generichash_blake2b_state *)(void *)stream->opaque;
}

void cm_digest_init(struct cm_digest_stream *stream)
{
	int rc = crypto_generichash_blake2b_init(state_of(stream), NULL, 0, CM_DIGEST_BYTES);

	assert(rc == 0);
	(void)rc;
}

void cm_digest_add(struct cm_digest_stream *stream, const void *bytes, size_t len)
{
	int rc = crypto_generichash_blake2b_update(state_of(stream), bytes, len);

	assert(rc == 0);
	(void)rc;
}

void cm_digest_end(struct cm_digest_stream *stream, uint8_t out[CM_DIGEST_BYTES])
{
	int rc = crypto_generichash_blake2b_final(state_of(stream), out, CM_DIGEST_BYTES);

	assert(rc == 0);
	(void)rc;
}

void cm_digest(const void *bytes, size_t len, uint8_t out[CM_DIGEST_BYTES])
{
	struct cm_digest_stream stream;

	cm_digest_init(&stream);
	cm_digest_add(&stream, bytes, len);
	cm_digest_end(&stream, out);
}

void cm_digest_keyed(const uint8_t key[32], const void *bytes, size_t len, uint8_t out[CM_DIGEST_BYTES])
{
	int rc = crypto_generichash_blake2b(out, CM_DIGEST_BYTES, bytes, len, key, 32);

	assert(rc == 0);
	(void)rc;
}
