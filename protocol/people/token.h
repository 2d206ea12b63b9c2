/*
 * A token: what a person at the command line shows to be let in, and signs with.
 *
 * It is a random secret of 32 bytes in a file of mode 0600. Two things are derived from it (BLAKE2b by
 * libsodium's crypto_kdf) and neither gives the other away: the `pass`, which goes to the process with every
 * operation, and the seed of an Ed25519 key, which never leaves the person's machine. The process keeps the
 * digest of the pass and the public key: who reads its file of users can neither pass for anybody nor sign,
 * and the process itself, which sees passes, cannot sign for the person.
 *
 * Callers: the command line, the launcher of fleets, the gate. Any thread; needs cm_seal_start.
 */
#ifndef CM_PEOPLE_TOKEN_H
#define CM_PEOPLE_TOKEN_H

#include "protocol/seal/identity.h"

#define CM_TOKEN_ID_BYTES 8
#define CM_TOKEN_ID_TEXT_BYTES (2 * CM_TOKEN_ID_BYTES + 1)
#define CM_TOKEN_SECRET_BYTES 32
#define CM_TOKEN_PASS_BYTES 32
/* The id, a dot, the pass; with NUL. */
#define CM_TOKEN_PASS_TEXT_BYTES (CM_TOKEN_ID_TEXT_BYTES + 2 * CM_TOKEN_PASS_BYTES + 1)

struct cm_token {
	char id[CM_TOKEN_ID_TEXT_BYTES];
	uint8_t secret[CM_TOKEN_SECRET_BYTES];
};

/* A fresh one. */
void cm_token_make(struct cm_token *token);
void cm_token_wipe(struct cm_token *token);

/* Into a new file; CM_DUPLICATE if there is one. From a file: it must be the owner's alone (0600). */
enum cm_status cm_token_save(
    const struct cm_token *token, const char *path, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_token_load(
    const char *path, struct cm_token *token, struct cm_err *err) CM_MUST_USE;

/* What is shown to a process. */
void cm_token_pass_print(const struct cm_token *token, char out[CM_TOKEN_PASS_TEXT_BYTES]);

/* Read that; false if it is not of its form. */
bool cm_token_pass_parse(const char *text, char id[CM_TOKEN_ID_TEXT_BYTES],
    uint8_t pass[CM_TOKEN_PASS_BYTES]) CM_MUST_USE;

/* What a process keeps of it. */
void cm_token_digest(const uint8_t pass[CM_TOKEN_PASS_BYTES], uint8_t out[CM_DIGEST_BYTES]);
void cm_token_digest_of(const struct cm_token *token, uint8_t out[CM_DIGEST_BYTES]);

/* Compare two digests in a time that does not tell where they differ. */
bool cm_token_digest_equal(
    const uint8_t a[CM_DIGEST_BYTES], const uint8_t b[CM_DIGEST_BYTES]) CM_MUST_USE;

/* The key the person signs with; to be wiped. */
void cm_token_identity(const struct cm_token *token, struct cm_identity *identity);

#endif
