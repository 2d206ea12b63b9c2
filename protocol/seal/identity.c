#include "protocol/seal/identity.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/base/id.h"
#include "protocol/seal/secret_file.h"

#define PURPOSE_BYTES 16
#define SEED_BYTES 32
#define SIGNED_BYTES (PURPOSE_BYTES + CM_DIGEST_BYTES)

static_assert(crypto_sign_PUBLICKEYBYTES == CM_PUBLIC_KEY_BYTES, "an Ed25519 key");
static_assert(crypto_sign_BYTES == CM_SIGNATURE_BYTES, "an Ed25519 signature");
static_assert(crypto_sign_SEEDBYTES == SEED_BYTES, "an Ed25519 seed");
static_assert(crypto_sign_SECRETKEYBYTES == sizeof((struct cm_identity *)0)->secret, "its key pair");
#define X(name, text) static_assert(sizeof(text) == PURPOSE_BYTES + 1, "a purpose has 16 bytes");
CM_PURPOSES(X)
#undef X

static const char *const purposes[] = {
#define X(name, text) text,
    CM_PURPOSES(X)
#undef X
};

/* ---- the key --------------------------------------------------------------------------------- */

void cm_identity_from_seed(const uint8_t seed[SEED_BYTES], struct cm_identity *identity)
{
	int rc = crypto_sign_seed_keypair(identity->public_key, identity->secret, seed);

	assert(rc == 0);
	(void)rc;
}

void cm_identity_wipe(struct cm_identity *identity)
{
	sodium_memzero(identity, sizeof *identity);
}

enum cm_status cm_identity_load(
    const char *path, struct cm_identity *identity, struct cm_err *err)
{
	uint8_t seed[SEED_BYTES];
	enum cm_status status = cm_secret_load(path, "identity", seed, sizeof seed, err);

	if (status == CM_OK)
		cm_identity_from_seed(seed, identity);
	else
		cm_identity_wipe(identity);
	sodium_memzero(seed, sizeof seed);
	return status;
}

enum cm_status cm_identity_create(
    const char *path, struct cm_identity *identity, struct cm_err *err)
{
	uint8_t seed[SEED_BYTES];
	enum cm_status status;

	randombytes_buf(seed, sizeof seed);
	status = cm_secret_create(path, "identity", seed, sizeof seed, err);
	if (status == CM_OK)
		cm_identity_from_seed(seed, identity);
	else
		cm_identity_wipe(identity);
	sodium_memzero(seed, sizeof seed);
	return status;
}

void cm_fingerprint_print(
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], char out[CM_FINGERPRINT_TEXT_BYTES])
{
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
	size_t used = 0;

	cm_hex_print(public_key, CM_PUBLIC_KEY_BYTES, hex);
	for (size_t i = 0; hex[i] != 0; i++) {
		if (i > 0 && i % 4 == 0)
			out[used++] = ' ';
		out[used++] = hex[i];
	}
	out[used] = 0;
}

/* ---- signatures ------------------------------------------------------------------------------ */

static void put_together(
    enum cm_purpose purpose, const void *bytes, size_t len, uint8_t out[SIGNED_BYTES])
{
	assert(purpose < CM_PURPOSES_COUNT);
	memcpy(out, purposes[purpose], PURPOSE_BYTES);
	cm_digest(bytes, len, out + PURPOSE_BYTES);
}

void cm_sign(const struct cm_identity *identity, enum cm_purpose purpose, const void *bytes,
    size_t len, uint8_t out[CM_SIGNATURE_BYTES])
{
	uint8_t text[SIGNED_BYTES];
	int rc;

	put_together(purpose, bytes, len, text);
	rc = crypto_sign_detached(out, NULL, text, sizeof text, identity->secret);
	assert(rc == 0);
	(void)rc;
}

bool cm_verify(const uint8_t public_key[CM_PUBLIC_KEY_BYTES], enum cm_purpose purpose,
    const void *bytes, size_t len, const uint8_t signature[CM_SIGNATURE_BYTES])
{
	uint8_t text[SIGNED_BYTES];

	put_together(purpose, bytes, len, text);
	return crypto_sign_verify_detached(signature, text, sizeof text, public_key) == 0;
}
