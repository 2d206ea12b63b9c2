#include "protocol/link/tls_certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "protocol/base/alloc.h"

#define SEED_BYTES 32
#define NOT_BEFORE "20200101000000Z"
#define NOT_AFTER "99991231235959Z"

/* ---- making ---------------------------------------------------------------------------------- */

static bool set_subject(X509 *certificate, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	return X509_NAME_add_entry_by_txt(
		   subject, "O", MBSTRING_UTF8, (const unsigned char *)"comity", -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_txt(
		   subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, subject) == 1;
}

/* One key, one certificate: the serial number is taken from the key. */
static bool set_serial(X509 *certificate, const uint8_t public_key[CM_PUBLIC_KEY_BYTES])
{
	uint8_t digest[CM_DIGEST_BYTES];
	BIGNUM *number;
	bool is_set;

	cm_digest(public_key, CM_PUBLIC_KEY_BYTES, digest);
	digest[0] &= 0x7f;
	number = BN_bin2bn(digest, 16, NULL);
	is_set = number != NULL &&
		 BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return is_set;
}

static X509 *make_certificate(const struct cm_identity *identity, const char *name, EVP_PKEY *key)
{
	X509 *certificate = X509_new();

	if (certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
	    set_serial(certificate, identity->public_key) && set_subject(certificate, name) &&
	    ASN1_TIME_set_string(X509_getm_notBefore(certificate), NOT_BEFORE) == 1 &&
	    ASN1_TIME_set_string(X509_getm_notAfter(certificate), NOT_AFTER) == 1 &&
	    X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, NULL) > 0)
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* What was written into a memory BIO as text of our own. */
static char *text_of(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = len > 0 ? cm_alloc((size_t)len + 1, 1) : NULL;

	if (text != NULL)
		memcpy(text, data, (size_t)len);
	if (len > 0)
		OPENSSL_cleanse(data, (size_t)len);
	return text;
}

static char *print_certificate(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1)
		text = text_of(bio);
	(void)BIO_free(bio);
	return text;
}

static char *print_key(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;

	if (bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		text = text_of(bio);
	(void)BIO_free(bio);
	return text;
}

enum cm_status cm_tls_pem_make(const struct cm_identity *identity, const char *name,
    char **certificate_out, char **key_out, struct cm_err *err)
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, identity->secret, SEED_BYTES);
	X509 *certificate = key != NULL ? make_certificate(identity, name, key) : NULL;

	*certificate_out = certificate != NULL ? print_certificate(certificate) : NULL;
	*key_out = key != NULL ? print_key(key) : NULL;
	X509_free(certificate);
	EVP_PKEY_free(key);
	if (*certificate_out != NULL && *key_out != NULL)
		return CM_OK;
	cm_tls_pem_free(*certificate_out);
	cm_tls_pem_free(*key_out);
	return cm_err_set(err, CM_INTERNAL, "no certificate can be made for %s", name);
}

void cm_tls_pem_free(char *pem)
{
	if (pem != NULL)
		OPENSSL_cleanse(pem, strlen(pem));
	cm_free(pem);
}

/* ---- looking at a peer's --------------------------------------------------------------------- */

int cm_tls_certificate_key(X509 *certificate, uint8_t out[CM_PUBLIC_KEY_BYTES])
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	size_t len = CM_PUBLIC_KEY_BYTES;

	if (key == NULL || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(key, out, &len) != 1 || len != CM_PUBLIC_KEY_BYTES)
		return X509_V_ERR_EE_KEY_TOO_SMALL;
	if (X509_verify(certificate, key) != 1)
		return X509_V_ERR_CERT_SIGNATURE_FAILURE;
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0)
		return X509_V_ERR_CERT_NOT_YET_VALID;
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
		return X509_V_ERR_CERT_HAS_EXPIRED;
	return X509_V_OK;
}
