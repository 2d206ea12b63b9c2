/*
 * Who a process is: an Ed25519 key pair (RFC 8032), made on its own machine and never leaving it.
 *
 * What is signed is 48 bytes: the purpose (16 bytes, below) and the BLAKE2b-256 of the bytes. So a
 * signature made for one purpose never stands for another, and everybody with an Ed25519 library and
 * BLAKE2b can check one. The same key makes the process's TLS certificate; TLS 1.3 signs behind 64 blanks
 * and a text of its own (RFC 8446, 4.4.3), which no purpose begins with.
 *
 * Any thread. Needs cm_seal_start.
 */
#ifndef CM_SEAL_IDENTITY_H
#define CM_SEAL_IDENTITY_H

#include "protocol/seal/seal.h"

#define CM_PUBLIC_KEY_BYTES 32
#define CM_SIGNATURE_BYTES 64
#define CM_FINGERPRINT_TEXT_BYTES 80 /* 16 groups of 4 hex digits, 15 blanks, NUL */

/* X(name, text): 16 bytes each. Assigned once and never reused. */
#define CM_PURPOSES(X)                                                                             \
	X(COMMIT, "comity.commit.v1")   /* the Merkle root of one commit's records */              \
	X(MANIFEST, "comity.fleet.v01") /* a fleet manifest, by the provider's root */             \
	X(ENROL, "comity.enrol.v01")    /* a process's request to be in the manifest */            \
	X(CHECKPOINT, "comity.check.v01") /* a ledger's head */                                    \
	X(LAW, "comity.law.v0001")      /* a jurisdiction's rule set, by its signer */             \
	X(SIGN_OFF, "comity.signoff01") /* a person's word over exact bytes */                     \
	X(TOKEN, "comity.token.v01")    /* a token for the command line */

enum cm_purpose {
#define X(name, text) CM_SIGN_##name,
	CM_PURPOSES(X)
#undef X
	    CM_PURPOSES_COUNT
};

struct cm_identity {
	uint8_t public_key[CM_PUBLIC_KEY_BYTES];
	uint8_t secret[64]; /* as libsodium keeps it: seed, public key */
};

/* The key whose seed a file holds (secret_file.h: statuses there). */
enum cm_status cm_identity_load(
    const char *path, struct cm_identity *identity, struct cm_err *err) CM_MUST_USE;

/* Make a fresh one in a new file, and load it. CM_DUPLICATE: there is one. */
enum cm_status cm_identity_create(
    const char *path, struct cm_identity *identity, struct cm_err *err) CM_MUST_USE;

/* From a seed, for tests and for keys kept elsewhere. */
void cm_identity_from_seed(const uint8_t seed[32], struct cm_identity *identity);

/* Overwrite it in memory. */
void cm_identity_wipe(struct cm_identity *identity);

void cm_sign(const struct cm_identity *identity, enum cm_purpose purpose, const void *bytes,
    size_t len, uint8_t out[CM_SIGNATURE_BYTES]);

/* False for a signature of another key, purpose or text, and for a key that is no point of the curve's
 * main group. */
bool cm_verify(const uint8_t public_key[CM_PUBLIC_KEY_BYTES], enum cm_purpose purpose,
    const void *bytes, size_t len, const uint8_t signature[CM_SIGNATURE_BYTES]);

/* What two people read to each other to compare a key: all 32 bytes of it in hex, in groups of four. */
void cm_fingerprint_print(
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], char out[CM_FINGERPRINT_TEXT_BYTES]);

#endif
