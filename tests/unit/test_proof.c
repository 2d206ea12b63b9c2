/* What is signed of a commit: byte for byte, and what is refused in its place. */
#include <criterion/criterion.h>
#include <string.h>

#include "protocol/base/id.h"
#include "protocol/seal/proof.h"

static struct cm_identity signer;
static struct cm_hash leaves[3];
static struct cm_signed_proof proof;

static const struct cm_id id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void leaf_of(uint32_t kind, const char *to, const char *body, struct cm_hash *out)
{
	uint8_t digest[CM_DIGEST_BYTES];

	cm_digest(body, strlen(body), digest);
	cm_proof_leaf_record(&id, kind, to, digest, out);
}

static void start(void)
{
	uint8_t seed[32];
	struct cm_hash root;

	cr_assert_eq(cm_seal_start(), CM_OK);
	for (uint8_t i = 0; i < sizeof seed; i++)
		seed[i] = i;
	cm_identity_from_seed(seed, &signer);
	leaf_of(12, "router", "finding", &leaves[0]);
	cm_proof_leaf_receipt(&id, 0, "router", "", &leaves[1]);
	leaf_of(14, "central", "event", &leaves[2]);
	proof = (struct cm_signed_proof){.words = {.at_ms = 1793836800000, .seq = 17}};
	memset(proof.words.head, 0xab, sizeof proof.words.head);
	memcpy(proof.key, signer.public_key, sizeof proof.key);
	cm_merkle_root(leaves, 3, &root);
	cm_commit_sign(&signer, &proof.words, &root, proof.signature);
	cm_merkle_path(leaves, 3, 1, &proof.path);
}

TestSuite(proof, .init = start);

static void expect_hex(const void *bytes, size_t len, const char *hex)
{
	char text[2 * CM_PROOF_MOST_BYTES + 1];

	cm_hex_print(bytes, len, text);
	cr_expect_str_eq(text, hex);
}

/* Made by another program, with the hash and the signatures of other libraries: protocol/README.md has it. */
Test(proof, the_vector_of_the_manual)
{
	struct cm_hash root;

	expect_hex(signer.public_key, 32,
	    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
	expect_hex(&leaves[0], 32,
	    "f4fa09c7fb4e743adc4b9445fecafd984cb18800f333671a8ffb3e39de095ee5");
	expect_hex(&leaves[1], 32,
	    "7ac391427ca81de8682568a652716644f2e0e5ae19386e242c1487b5810b9652");
	expect_hex(&leaves[2], 32,
	    "127d5b07c8cd672773be172ad7afbbc305ec1d52875b21ceae24cda9ea41aaf5");
	cm_merkle_root(leaves, 3, &root);
	expect_hex(&root, 32,
	    "8390e293157ee84b17839f0180a168cd2e8a6a5117b0e660d9d4c64a58ee08fb");
	expect_hex(proof.signature, 64,
	    "31bb8e350029437bc45d4db5625fb38bec0acd5c8cf29c8539fbcf037e68db19"
	    "9c9eb2c79dc9d20711d14c3dafbc96d9b5f5ebccab045fd28a8474fd10924a0b");
}

static enum cm_status check(const struct cm_hash *leaf)
{
	struct cm_hash root;

	return cm_signed_proof_check(&proof, leaf, &root, NULL);
}

Test(proof, a_leaf_is_proved_and_nothing_else_is)
{
	struct cm_hash other;

	cr_expect_eq(check(&leaves[1]), CM_OK);
	cr_expect_eq(check(&leaves[0]), CM_NOT_ALLOWED);
	cm_proof_leaf_receipt(&id, 1, "router", "", &other);
	cr_expect_eq(check(&other), CM_NOT_ALLOWED, "another status");
	cm_proof_leaf_receipt(&id, 0, "routes", "", &other);
	cr_expect_eq(check(&other), CM_NOT_ALLOWED, "somebody else's");
	cm_proof_leaf_receipt(&id, 0, "router", "no", &other);
	cr_expect_eq(check(&other), CM_NOT_ALLOWED, "another reason");
}

Test(proof, every_word_beside_the_root_is_signed)
{
	const struct cm_signed_proof good = proof;

	for (size_t byte = 0; byte < offsetof(struct cm_signed_proof, path); byte++) {
		proof = good;
		((uint8_t *)&proof)[byte] ^= 1;
		cr_expect_eq(check(&leaves[1]), CM_NOT_ALLOWED, "byte %zu", byte);
	}
}

Test(proof, a_commits_signature_is_no_checkpoint)
{
	uint8_t signature[CM_SIGNATURE_BYTES];

	cm_checkpoint_sign(&signer, &proof.words, signature);
	cr_expect(cm_checkpoint_verify(signer.public_key, &proof.words, signature));
	cr_expect_not(cm_checkpoint_verify(signer.public_key, &proof.words, proof.signature));
	proof.words.seq++;
	cr_expect_not(cm_checkpoint_verify(signer.public_key, &proof.words, signature));
}

Test(proof, bytes_and_back)
{
	uint8_t bytes[CM_PROOF_MOST_BYTES + 1] = {0};
	struct cm_signed_proof back;
	size_t len = cm_signed_proof_encode(&proof, bytes);

	cr_assert_eq(len, CM_PROOF_HEAD_BYTES + 2 * 32);
	cr_assert_eq(cm_signed_proof_decode(bytes, len, &back, NULL), CM_OK);
	cr_expect_eq(back.words.at_ms, proof.words.at_ms);
	cr_expect_eq(back.words.seq, proof.words.seq);
	cr_expect_arr_eq(back.words.head, proof.words.head, 32);
	cr_expect_arr_eq(back.key, proof.key, 32);
	cr_expect_arr_eq(back.signature, proof.signature, 64);
	cr_expect_eq(back.path.place, 1);
	cr_expect_eq(back.path.leaves, 3);
	cr_expect_eq(back.path.steps, 2);
	for (size_t bad = 0; bad <= CM_PROOF_MOST_BYTES + 1; bad++) {
		bool fits = bad >= CM_PROOF_HEAD_BYTES && bad <= CM_PROOF_MOST_BYTES &&
			    (bad - CM_PROOF_HEAD_BYTES) % 32 == 0;

		cr_expect_eq(cm_signed_proof_decode(bytes, bad, &back, NULL),
		    fits ? CM_OK : CM_BAD_INPUT, "%zu bytes", bad);
	}
}
