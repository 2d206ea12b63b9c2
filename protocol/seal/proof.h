/*
 * What is signed of a commit, and how one record of it is proved.
 *
 * Every record and every receipt that leaves a process because of a commit, and every row that the commit adds to
 * its journal, is a leaf of that commit's Merkle tree (merkle.h). The process signs once: 80 bytes, of which the root is the last 32,
 *
 *	 8  when it was signed: milliseconds of wall time, two's complement
 *	 8  seq of the last journal row of the commit or before it
 *	32  the hash of the chain there
 *	32  the root
 *
 * with the purpose CM_SIGN_COMMIT; a checkpoint, which peers keep of each other, is the first 48 of them with CM_SIGN_CHECKPOINT. So a signature
 * also holds its signer to one history: two signatures for the same seq and different hashes are a fork, whoever
 * shows them.
 *
 * A leaf is, numbers big-endian and in this order,
 *
 *	 1  'R' a record, 'A' a receipt
 *	16  id of the record, or of the record that the receipt is for
 *	 4  the kind, or the receipt's status
 *	32  BLAKE2b-256 of the body as it travels, or of the receipt's reason
 *	    the name of the process it is for, to the end
 *
 * and for a row of the journal
 *
 *	 1  'J'
 *	 8  its seq
 *	32  the hash of the chain with it (protocol/ledger/chain.h)
 *
 * The body stands in it as its digest, so that a record can be proved to somebody who may not read it.
 *
 * Any thread. Needs cm_seal_start.
 */
#ifndef CM_SEAL_PROOF_H
#define CM_SEAL_PROOF_H

#include "protocol/seal/identity.h"
#include "protocol/seal/merkle.h"

/* What the signer says beside the root. */
struct cm_commit_words {
	int64_t at_ms;
	uint64_t seq;
	uint8_t head[CM_DIGEST_BYTES];
};

void cm_proof_leaf_record(const struct cm_id *id, uint32_t kind, const char *to,
    const uint8_t body_digest[CM_DIGEST_BYTES], struct cm_hash *out);
void cm_proof_leaf_receipt(const struct cm_id *id, uint32_t status, const char *to, const char *reason,
    struct cm_hash *out);

void cm_proof_leaf_row(uint64_t seq, const uint8_t hash[CM_DIGEST_BYTES], struct cm_hash *out);

void cm_commit_sign(const struct cm_identity *identity, const struct cm_commit_words *words,
    const struct cm_hash *root, uint8_t out[CM_SIGNATURE_BYTES]);
bool cm_commit_verify(const uint8_t key[CM_PUBLIC_KEY_BYTES], const struct cm_commit_words *words,
    const struct cm_hash *root, const uint8_t signature[CM_SIGNATURE_BYTES]);

void cm_checkpoint_sign(const struct cm_identity *identity, const struct cm_commit_words *words,
    uint8_t out[CM_SIGNATURE_BYTES]);
bool cm_checkpoint_verify(const uint8_t key[CM_PUBLIC_KEY_BYTES], const struct cm_commit_words *words,
    const uint8_t signature[CM_SIGNATURE_BYTES]);

/* All that proves one record or receipt but the record itself. As bytes, which ledgers keep: time 8, seq 8, head
 * 32, key 32, signature 64, the leaf's place 4, the number of leaves 4, then the hashes beside its way, 32 each. */
struct cm_signed_proof {
	struct cm_commit_words words;
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
	struct cm_merkle_path path;
};

#define CM_PROOF_HEAD_BYTES (8 + 8 + 32 + 32 + 64 + 4 + 4)
#define CM_PROOF_MOST_BYTES (CM_PROOF_HEAD_BYTES + 32 * CM_MERKLE_MOST_STEPS)

/* Returns how many bytes it took. */
size_t cm_signed_proof_encode(const struct cm_signed_proof *proof, uint8_t out[CM_PROOF_MOST_BYTES]);

/* CM_BAD_INPUT: those are no proof. */
enum cm_status cm_signed_proof_decode(
    const uint8_t *bytes, size_t len, struct cm_signed_proof *out, struct cm_err *err) CM_MUST_USE;

/* Whether the leaf is under that signature. CM_OK and the root; CM_BAD_INPUT: the path leads nowhere;
 * CM_NOT_ALLOWED: the signature is not of the root that it leads to by that key. */
enum cm_status cm_signed_proof_check(const struct cm_signed_proof *proof, const struct cm_hash *leaf,
    struct cm_hash *root, struct cm_err *err) CM_MUST_USE;

#endif
