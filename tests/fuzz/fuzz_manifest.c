/*
 * A manifest as a stranger may send it. The first byte says how: as it is, which ends at the signature;
 * or as the signed bytes themselves, signed here, so that what lies behind the signature is reached. What is
 * read can be signed again, compared and asked.
 */
#include <assert.h>
#include <string.h>

#include "protocol/seal/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct cm_manifest_held *held)
{
	const struct cm_manifest *m = &held->manifest;
	struct cm_err err;
	struct cm_buf out;

	cm_buf_init(&out, 0);
	cm_manifest_diff(NULL, m, &out);
	cm_buf_clear(&out);
	cm_manifest_diff(m, m, &out);
	assert(out.len == 0);
	for (size_t i = 0; i < m->members_count; i++)
		(void)cm_manifest_key_at(
		    m, m->members[i].name, m->members[i].keys[0].public_key.data, m->issued_ms);
	assert(cm_manifest_next_change(m, m->issued_ms) > m->issued_ms);
	assert(cm_manifest_may_follow(held, held, &err) == CM_DUPLICATE);
	cm_buf_fini(&out);
}

static void read_as_signed(const uint8_t *data, size_t size, const struct cm_identity *root)
{
	struct cm_manifest_held held;
	uint8_t signature[CM_SIGNATURE_BYTES];
	struct cm_signed_manifest outer = {
	    {data, size}, {root->public_key, CM_PUBLIC_KEY_BYTES}, {signature, sizeof signature}};
	struct cm_err err = {.text = ""};
	struct cm_buf bytes;

	cm_sign(root, CM_SIGN_MANIFEST, data, size, signature);
	cm_buf_init(&bytes, 0);
	if (cm_wire_encode(&cm_signed_manifest_schema, &outer, &bytes, &err) == CM_OK &&
	    cm_manifest_read(bytes.data, bytes.len, root->public_key, CM_MANIFEST_ANY_TIME, &held,
		&err) == CM_OK) {
		ask(&held);
		cm_buf_clear(&bytes);
		assert(cm_manifest_sign(&held.manifest, root, CM_SIGN_MANIFEST, &bytes, &err) == CM_OK);
		cm_manifest_fini(&held);
	}
	cm_buf_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[32] = {1};
	struct cm_manifest_held held;
	struct cm_identity root;
	struct cm_err err = {.text = ""};

	if (size == 0 || cm_seal_start() != CM_OK)
		return 0;
	cm_identity_from_seed(seed, &root);
	if (data[0] == 'B') {
		read_as_signed(data + 1, size - 1, &root);
	} else if (cm_manifest_read(data + 1, size - 1, root.public_key, CM_MANIFEST_ANY_TIME, &held,
		       &err) == CM_OK) {
		ask(&held);
		cm_manifest_fini(&held);
	} else if (cm_manifest_read_request(data + 1, size - 1, &held, &err) == CM_OK) {
		ask(&held);
		cm_manifest_fini(&held);
	}
	assert(cm_alloc_live() == 0);
	return 0;
}
