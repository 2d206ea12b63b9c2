#include "protocol/seal/blind.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/base/text.h"
#include "protocol/seal/secret_file.h"

#define KEY_BYTES sizeof(((struct cm_blind_key *)0)->bytes)

/* 16 bytes each, as BLAKE2b wants them: one key serves two purposes that can never meet. */
static const uint8_t blind_personal[16] = "comity.blind.v1";
static const uint8_t check_personal[16] = "comity.check.v1";

static_assert(KEY_BYTES == crypto_generichash_blake2b_KEYBYTES, "the key fits BLAKE2b");

static void keyed_hash(const struct cm_blind_key *key, const uint8_t personal[16],
    const void *bytes, size_t len, uint8_t *out, size_t out_len)
{
	int rc = crypto_generichash_blake2b_salt_personal(
	    out, out_len, bytes, len, key->bytes, KEY_BYTES, NULL, personal);

	assert(rc == 0);
	(void)rc;
}

enum cm_status cm_blind_key_load(const char *path, struct cm_blind_key *key, struct cm_err *err)
{
	return cm_secret_load(path, "blind key", key->bytes, KEY_BYTES, err);
}

enum cm_status cm_blind_key_create(const char *path, struct cm_err *err)
{
	struct cm_blind_key key;
	enum cm_status status;

	randombytes_buf(key.bytes, sizeof key.bytes);
	status = cm_secret_create(path, "blind key", key.bytes, KEY_BYTES, err);
	cm_blind_key_wipe(&key);
	return status;
}

void cm_blind_key_wipe(struct cm_blind_key *key)
{
	sodium_memzero(key, sizeof *key);
}

/* ---- identifiers ----------------------------------------------------------------------------- */

static bool is_readable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < 0x20)
			return false;
	return cm_text_is_plain(text, len);
}

enum cm_status cm_identifier_normalise(const char *text, size_t len,
    char out[CM_MAX_IDENTIFIER_BYTES + 1], size_t *out_len, struct cm_err *err)
{
	while (len > 0 && text[0] == ' ') {
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len == 0)
		return cm_err_set(err, CM_BAD_INPUT, "the identifier is empty");
	if (len > CM_MAX_IDENTIFIER_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "the identifier is longer than %d bytes",
		    CM_MAX_IDENTIFIER_BYTES);
	if (!is_readable(text, len))
		return cm_err_set(err, CM_BAD_INPUT,
		    "the identifier holds a control or invisible character, or is not UTF-8");
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	out[len] = 0;
	*out_len = len;
	return CM_OK;
}

enum cm_status cm_blind(const struct cm_blind_key *key, const char *text, size_t len,
    uint8_t out[CM_BLIND_BYTES], struct cm_err *err)
{
	char plain[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t plain_len;
	enum cm_status status = cm_identifier_normalise(text, len, plain, &plain_len, err);

	if (status != CM_OK)
		return status;
	keyed_hash(key, blind_personal, plain, plain_len, out, CM_BLIND_BYTES);
	return CM_OK;
}

enum cm_status cm_blind_target(const struct cm_blind_key *key, const char *text, size_t len,
    uint8_t out[CM_BLIND_PAIR_BYTES], size_t *out_len, struct cm_err *err)
{
	char plain[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t plain_len;
	enum cm_status status = cm_identifier_normalise(text, len, plain, &plain_len, err);
	const char *domain;

	if (status != CM_OK)
		return status;
	keyed_hash(key, blind_personal, plain, plain_len, out, CM_BLIND_BYTES);
	*out_len = CM_BLIND_BYTES;
	domain = strrchr(plain, '@');
	if (domain == NULL || domain == plain || domain[1] == 0)
		return CM_OK;
	keyed_hash(
	    key, blind_personal, domain, strlen(domain), out + CM_BLIND_BYTES, CM_BLIND_BYTES);
	*out_len = CM_BLIND_PAIR_BYTES;
	return CM_OK;
}

void cm_blind_key_check(const struct cm_blind_key *key, uint8_t out[16])
{
	keyed_hash(key, check_personal, "", 0, out, 16);
}
