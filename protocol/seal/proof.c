#include "protocol/seal/proof.h"

#include <string.h>

#define LEAF_HEAD_BYTES (1 + 16 + 4 + CM_DIGEST_BYTES)
#define NAME_MOST_BYTES 256
#define WORDS_BYTES (8 + 8 + CM_DIGEST_BYTES)

static uint8_t *put_number(uint8_t *out, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		out[i] = (uint8_t)value;
		value >>= 8;
	}
	return out + bytes;
}

static void leaf_of(uint8_t tag, const struct cm_id *id, uint32_t number,
    const uint8_t digest[CM_DIGEST_BYTES], const char *to, struct cm_hash *out)
{
	uint8_t text[LEAF_HEAD_BYTES + NAME_MOST_BYTES];
	size_t to_len = strnlen(to, NAME_MOST_BYTES);
	uint8_t *at = text;

	*at++ = tag;
	memcpy(at, id->bytes, sizeof id->bytes);
	at = put_number(at + sizeof id->bytes, number, 4);
	memcpy(at, digest, CM_DIGEST_BYTES);
	memcpy(at + CM_DIGEST_BYTES, to, to_len);
	cm_merkle_leaf(text, LEAF_HEAD_BYTES + to_len, out);
}

void cm_proof_leaf_record(const struct cm_id *id, uint32_t kind, const char *to,
    const uint8_t body_digest[CM_DIGEST_BYTES], struct cm_hash *out)
{
	leaf_of('R', id, kind, body_digest, to, out);
}

void cm_proof_leaf_receipt(const struct cm_id *id, uint32_t status, const char *to, const char *reason,
    struct cm_hash *out)
{
	uint8_t digest[CM_DIGEST_BYTES];

	cm_digest(reason, strlen(reason), digest);
	leaf_of('A', id, status, digest, to, out);
}

void cm_proof_leaf_row(uint64_t seq, const uint8_t hash[CM_DIGEST_BYTES], struct cm_hash *out)
{
	uint8_t text[1 + 8 + CM_DIGEST_BYTES] = {'J'};

	memcpy(put_number(text + 1, seq, 8), hash, CM_DIGEST_BYTES);
	cm_merkle_leaf(text, sizeof text, out);
}

static uint8_t *put_words(const struct cm_commit_words *words, uint8_t out[WORDS_BYTES])
{
	uint8_t *at = put_number(out, (uint64_t)words->at_ms, 8);

	at = put_number(at, words->seq, 8);
	memcpy(at, words->head, CM_DIGEST_BYTES);
	return at + CM_DIGEST_BYTES;
}

static void commit_text(const struct cm_commit_words *words, const struct cm_hash *root,
    uint8_t out[WORDS_BYTES + CM_DIGEST_BYTES])
{
	memcpy(put_words(words, out), root->bytes, sizeof root->bytes);
}

void cm_commit_sign(const struct cm_identity *identity, const struct cm_commit_words *words,
    const struct cm_hash *root, uint8_t out[CM_SIGNATURE_BYTES])
{
	uint8_t text[WORDS_BYTES + CM_DIGEST_BYTES];

	commit_text(words, root, text);
	cm_sign(identity, CM_SIGN_COMMIT, text, sizeof text, out);
}

bool cm_commit_verify(const uint8_t key[CM_PUBLIC_KEY_BYTES], const struct cm_commit_words *words,
    const struct cm_hash *root, const uint8_t signature[CM_SIGNATURE_BYTES])
{
	uint8_t text[WORDS_BYTES + CM_DIGEST_BYTES];

	commit_text(words, root, text);
	return cm_verify(key, CM_SIGN_COMMIT, text, sizeof text, signature);
}

void cm_checkpoint_sign(const struct cm_identity *identity, const struct cm_commit_words *words,
    uint8_t out[CM_SIGNATURE_BYTES])
{
	uint8_t text[WORDS_BYTES];

	(void)put_words(words, text);
	cm_sign(identity, CM_SIGN_CHECKPOINT, text, sizeof text, out);
}

bool cm_checkpoint_verify(const uint8_t key[CM_PUBLIC_KEY_BYTES], const struct cm_commit_words *words,
    const uint8_t signature[CM_SIGNATURE_BYTES])
{
	uint8_t text[WORDS_BYTES];

	(void)put_words(words, text);
	return cm_verify(key, CM_SIGN_CHECKPOINT, text, sizeof text, signature);
}

/* ---- a proof as bytes ------------------------------------------------------------------------ */

static uint64_t get_number(const uint8_t **at, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | *(*at)++;
	return value;
}

static void get_bytes(const uint8_t **at, uint8_t *out, size_t len)
{
	memcpy(out, *at, len);
	*at += len;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

size_t cm_signed_proof_encode(const struct cm_signed_proof *proof, uint8_t out[CM_PROOF_MOST_BYTES])
{
	uint8_t *at = put_words(&proof->words, out);

	at = put_bytes(at, proof->key, sizeof proof->key);
	at = put_bytes(at, proof->signature, sizeof proof->signature);
	at = put_number(at, proof->path.place, 4);
	at = put_number(at, proof->path.leaves, 4);
	at = put_bytes(at, proof->path.side, proof->path.steps * sizeof proof->path.side[0]);
	return (size_t)(at - out);
}

enum cm_status cm_signed_proof_decode(
    const uint8_t *bytes, size_t len, struct cm_signed_proof *out, struct cm_err *err)
{
	const uint8_t *at = bytes;

	*out = (struct cm_signed_proof){0};
	if (len < CM_PROOF_HEAD_BYTES || len > CM_PROOF_MOST_BYTES ||
	    (len - CM_PROOF_HEAD_BYTES) % sizeof out->path.side[0] != 0)
		return cm_err_set(err, CM_BAD_INPUT, "a proof has not %zu bytes", len);
	out->words.at_ms = (int64_t)get_number(&at, 8);
	out->words.seq = get_number(&at, 8);
	get_bytes(&at, out->words.head, sizeof out->words.head);
	get_bytes(&at, out->key, sizeof out->key);
	get_bytes(&at, out->signature, sizeof out->signature);
	out->path.place = (uint32_t)get_number(&at, 4);
	out->path.leaves = (uint32_t)get_number(&at, 4);
	out->path.steps = (uint32_t)((len - CM_PROOF_HEAD_BYTES) / sizeof out->path.side[0]);
	get_bytes(&at, out->path.side[0].bytes, len - CM_PROOF_HEAD_BYTES);
	return CM_OK;
}

enum cm_status cm_signed_proof_check(const struct cm_signed_proof *proof, const struct cm_hash *leaf,
    struct cm_hash *root, struct cm_err *err)
{
	enum cm_status status = cm_merkle_follow(leaf, &proof->path, root, err);

	if (status == CM_OK && !cm_commit_verify(proof->key, &proof->words, root, proof->signature))
		return cm_err_set(err, CM_NOT_ALLOWED, "the signature is of other bytes");
	return status;
}
