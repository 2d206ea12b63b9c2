/*
 * Any bytes as the certificate a peer shows: OpenSSL reads it, and what has passed cm_tls_certificate_key is of an
 * Ed25519 key, which is the one in it.
 */
#include <assert.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

#include "protocol/link/tls_certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	X509 *certificate = d2i_X509(NULL, &at, (long)size);
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	uint8_t again[CM_PUBLIC_KEY_BYTES];
	size_t len = sizeof again;

	if (certificate == NULL)
		return 0;
	if (cm_tls_certificate_key(certificate, key) == X509_V_OK) {
		EVP_PKEY *held = X509_get0_pubkey(certificate);

		assert(held != NULL && EVP_PKEY_id(held) == EVP_PKEY_ED25519);
		assert(EVP_PKEY_get_raw_public_key(held, again, &len) == 1 && len == sizeof again);
		assert(memcmp(key, again, sizeof key) == 0);
		assert(X509_verify(certificate, held) == 1);
	}
	X509_free(certificate);
	return 0;
}
