/* What somebody can hand over as an audit bundle: it decodes or is refused, what decodes encodes to the same, and
 * looking at it ends, whatever stands in it. */
#include <assert.h>
#include <string.h>

#include "protocol/audit/verify.h"
#include "protocol/seal/proof.h"

/* Believed by everybody, so that what lies behind a key is reached too. */
static bool is_key(void *data, const char *name, const uint8_t key[32], int64_t at_ms)
{
	(void)data;
	(void)key;
	return name[0] != 0 && at_ms != 0;
}

static void on_line(void *data, enum cm_audit_verdict verdict, const char *sentence)
{
	size_t *lines = data;

	(void)verdict;
	assert(sentence[0] != 0);
	(*lines)++;
}

static void try_proof(const uint8_t *data, size_t size)
{
	uint8_t again[CM_PROOF_MOST_BYTES];
	struct cm_signed_proof proof;
	struct cm_hash leaf = {{0}};
	struct cm_hash root;

	if (cm_signed_proof_decode(data, size, &proof, NULL) != CM_OK)
		return;
	assert(cm_signed_proof_encode(&proof, again) == size && memcmp(again, data, size) == 0);
	assert(cm_signed_proof_check(&proof, &leaf, &root, NULL) != CM_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cm_audit_keys keys = {NULL, is_key};
	struct cm_audit_sums sums;
	struct cm_bundle bundle;
	struct cm_arena arena;
	struct cm_buf again;
	struct cm_err err;
	size_t lines = 0;

	assert(cm_seal_start() == CM_OK);
	try_proof(data, size);
	cm_arena_init(&arena, 0);
	cm_buf_init(&again, 0);
	if (cm_bundle_decode(data, size, &arena, &bundle, &err) == CM_OK) {
		assert(cm_bundle_encode(&bundle, &again, &err) == CM_OK);
		assert(cm_audit_verify(&bundle, &keys, on_line, &lines, &sums) == CM_OK);
		assert(sums.held + sums.failed <= lines);
	}
	cm_buf_fini(&again);
	cm_arena_fini(&arena);
	assert(cm_alloc_live() == 0);
	return 0;
}
