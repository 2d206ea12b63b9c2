#include "protocol/people/token.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "protocol/seal/secret_file.h"

/* Of crypto_kdf: the numbers and the name are part of what is derived, and never change. */
#define DERIVED_PASS 1
#define DERIVED_SEED 2
#define DERIVED_FOR "cm-token"

static_assert(crypto_kdf_KEYBYTES == CM_TOKEN_SECRET_BYTES, "a token's secret is a kdf key");
static_assert(sizeof DERIVED_FOR == crypto_kdf_CONTEXTBYTES + 1, "a kdf context has 8 bytes");

/* In the file: the id's bytes, then the secret's. */
#define FILE_BYTES (CM_TOKEN_ID_BYTES + CM_TOKEN_SECRET_BYTES)

static void derive(const struct cm_token *token, uint64_t number, uint8_t out[32])
{
	int rc = crypto_kdf_derive_from_key(out, 32, number, DERIVED_FOR, token->secret);

	assert(rc == 0);
	(void)rc;
}

void cm_token_make(struct cm_token *token)
{
	uint8_t id[CM_TOKEN_ID_BYTES];

	randombytes_buf(id, sizeof id);
	cm_hex_print(id, sizeof id, token->id);
	crypto_kdf_keygen(token->secret);
}

void cm_token_wipe(struct cm_token *token)
{
	sodium_memzero(token, sizeof *token);
}

enum cm_status cm_token_save(const struct cm_token *token, const char *path, struct cm_err *err)
{
	uint8_t bytes[FILE_BYTES];
	enum cm_status status;
	bool is_hex = cm_hex_parse(token->id, 2 * CM_TOKEN_ID_BYTES, bytes, CM_TOKEN_ID_BYTES);

	assert(is_hex);
	(void)is_hex;
	memcpy(bytes + CM_TOKEN_ID_BYTES, token->secret, sizeof token->secret);
	status = cm_secret_create(path, "token", bytes, sizeof bytes, err);
	sodium_memzero(bytes, sizeof bytes);
	return status;
}

enum cm_status cm_token_load(const char *path, struct cm_token *token, struct cm_err *err)
{
	uint8_t bytes[FILE_BYTES];
	enum cm_status status = cm_secret_load(path, "token", bytes, sizeof bytes, err);

	cm_token_wipe(token);
	if (status == CM_OK) {
		cm_hex_print(bytes, CM_TOKEN_ID_BYTES, token->id);
		memcpy(token->secret, bytes + CM_TOKEN_ID_BYTES, sizeof token->secret);
	}
	sodium_memzero(bytes, sizeof bytes);
	return status;
}

void cm_token_pass_print(const struct cm_token *token, char out[CM_TOKEN_PASS_TEXT_BYTES])
{
	uint8_t pass[CM_TOKEN_PASS_BYTES];

	derive(token, DERIVED_PASS, pass);
	memcpy(out, token->id, CM_TOKEN_ID_TEXT_BYTES - 1);
	out[CM_TOKEN_ID_TEXT_BYTES - 1] = '.';
	cm_hex_print(pass, sizeof pass, out + CM_TOKEN_ID_TEXT_BYTES);
	sodium_memzero(pass, sizeof pass);
}

bool cm_token_pass_parse(const char *text, char id[CM_TOKEN_ID_TEXT_BYTES],
    uint8_t pass[CM_TOKEN_PASS_BYTES])
{
	uint8_t bytes[CM_TOKEN_ID_BYTES];

	if (strlen(text) != CM_TOKEN_PASS_TEXT_BYTES - 1 || text[CM_TOKEN_ID_TEXT_BYTES - 1] != '.')
		return false;
	if (!cm_hex_parse(text, 2 * CM_TOKEN_ID_BYTES, bytes, sizeof bytes) ||
	    !cm_hex_parse(text + CM_TOKEN_ID_TEXT_BYTES, 2 * CM_TOKEN_PASS_BYTES, pass,
	        CM_TOKEN_PASS_BYTES))
		return false;
	cm_hex_print(bytes, sizeof bytes, id);
	return true;
}

void cm_token_digest(const uint8_t pass[CM_TOKEN_PASS_BYTES], uint8_t out[CM_DIGEST_BYTES])
{
	/* 256 random bits cannot be guessed: a slow password hash would protect nothing. */
	cm_digest(pass, CM_TOKEN_PASS_BYTES, out);
}

void cm_token_digest_of(const struct cm_token *token, uint8_t out[CM_DIGEST_BYTES])
{
	uint8_t pass[CM_TOKEN_PASS_BYTES];

	derive(token, DERIVED_PASS, pass);
	cm_token_digest(pass, out);
	sodium_memzero(pass, sizeof pass);
}

bool cm_token_digest_equal(const uint8_t a[CM_DIGEST_BYTES], const uint8_t b[CM_DIGEST_BYTES])
{
	return sodium_memcmp(a, b, CM_DIGEST_BYTES) == 0;
}

void cm_token_identity(const struct cm_token *token, struct cm_identity *identity)
{
	uint8_t seed[32];

	derive(token, DERIVED_SEED, seed);
	cm_identity_from_seed(seed, identity);
	sodium_memzero(seed, sizeof seed);
}
