#include "protocol/seal/sealed.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define NONCE_BYTES 24
#define TAG_BYTES 16

static_assert(NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "the nonce's size");
static_assert(TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "the tag's size");
static_assert(CM_SEALED_MORE_BYTES == NONCE_BYTES + TAG_BYTES, "what sealing adds");
static_assert(crypto_kdf_CONTEXTBYTES == 8, "a purpose is a context");
static_assert(crypto_kdf_KEYBYTES == CM_SEALED_KEY_BYTES, "a key is a master key");

enum { FOR_NONCE = 1, FOR_CIPHER = 2 };

/* The nonce covers the length of what is bound too, so that no byte can pass from one to the other. */
static void make_nonce(const uint8_t key[CM_SEALED_KEY_BYTES], const char *purpose, const void *bound,
    size_t bound_len, const void *plain, size_t len, uint8_t nonce[NONCE_BYTES])
{
	uint8_t subkey[CM_SEALED_KEY_BYTES];
	uint8_t length[8];
	crypto_generichash_state state;

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)bound_len >> (8 * (7 - i)));
	(void)crypto_kdf_derive_from_key(subkey, sizeof subkey, FOR_NONCE, purpose, key);
	(void)crypto_generichash_init(&state, subkey, sizeof subkey, NONCE_BYTES);
	(void)crypto_generichash_update(&state, length, sizeof length);
	(void)crypto_generichash_update(&state, bound, bound_len);
	(void)crypto_generichash_update(&state, plain, len);
	(void)crypto_generichash_final(&state, nonce, NONCE_BYTES);
	sodium_memzero(subkey, sizeof subkey);
	sodium_memzero(&state, sizeof state);
}

void cm_sealed_make(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8], const void *bound,
    size_t bound_len, const void *plain, size_t len, uint8_t *out)
{
	uint8_t subkey[CM_SEALED_KEY_BYTES];

	make_nonce(key, purpose, bound, bound_len, plain, len, out);
	(void)crypto_kdf_derive_from_key(subkey, sizeof subkey, FOR_CIPHER, purpose, key);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
	    out + NONCE_BYTES, NULL, plain, len, bound, bound_len, NULL, out, subkey);
	sodium_memzero(subkey, sizeof subkey);
}

enum cm_status cm_sealed_open(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8],
    const void *bound, size_t bound_len, const uint8_t *sealed, size_t sealed_len, uint8_t *out)
{
	uint8_t subkey[CM_SEALED_KEY_BYTES];
	int rc;

	if (sealed_len < CM_SEALED_MORE_BYTES)
		return CM_TRUNCATED;
	(void)crypto_kdf_derive_from_key(subkey, sizeof subkey, FOR_CIPHER, purpose, key);
	rc = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed + NONCE_BYTES,
	    sealed_len - NONCE_BYTES, bound, bound_len, sealed, subkey);
	sodium_memzero(subkey, sizeof subkey);
	if (rc == 0)
		return CM_OK;
	if (sealed_len > CM_SEALED_MORE_BYTES)
		memset(out, 0, sealed_len - CM_SEALED_MORE_BYTES);
	return CM_CORRUPT;
}

void cm_sealed_text_make(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8], const void *bound,
    size_t bound_len, const void *plain, size_t len, char *out, size_t size)
{
	uint8_t sealed[CM_SEALED_TEXT_MOST + CM_SEALED_MORE_BYTES];

	assert(len <= CM_SEALED_TEXT_MOST && size >= CM_SEALED_TEXT_BYTES(len));
	cm_sealed_make(key, purpose, bound, bound_len, plain, len, sealed);
	(void)sodium_bin2base64(
	    out, size, sealed, len + CM_SEALED_MORE_BYTES, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

enum cm_status cm_sealed_text_open(const uint8_t key[CM_SEALED_KEY_BYTES], const char purpose[8],
    const void *bound, size_t bound_len, const char *text, void *out, size_t most, size_t *len)
{
	uint8_t sealed[CM_SEALED_TEXT_MOST + CM_SEALED_MORE_BYTES];
	size_t sealed_len = 0;

	*len = 0;
	if (sodium_base642bin(sealed, sizeof sealed, text, strlen(text), NULL, &sealed_len, NULL,
	        sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
	    sealed_len < CM_SEALED_MORE_BYTES || sealed_len - CM_SEALED_MORE_BYTES > most)
		return CM_CORRUPT;
	*len = sealed_len - CM_SEALED_MORE_BYTES;
	return cm_sealed_open(key, purpose, bound, bound_len, sealed, sealed_len, out);
}

void cm_wipe(void *bytes, size_t len)
{
	sodium_memzero(bytes, len);
}
