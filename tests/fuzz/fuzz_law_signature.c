/*
 * Any bytes as a file of signatures of law: refused with a sentence, or a list that prints as the very same bytes,
 * and of which no line stands by a key that signed nothing.
 */
#include <assert.h>
#include <string.h>

#include "protocol/seal/law_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct cm_law_signatures *list)
{
	struct cm_manifest_key key = {.from_ms = 0, .until_ms = 2};
	struct cm_law_signer signer = {.keys = &key, .keys_count = 1};
	struct cm_manifest manifest = {.signers = &signer, .signers_count = 1};
	struct cm_identity nobody;
	struct cm_err err;

	cm_identity_from_seed((const uint8_t[32]){42}, &nobody);
	key.public_key = (struct cm_bytes){nobody.public_key, CM_PUBLIC_KEY_BYTES};
	for (size_t i = 0; i < list->count; i++) {
		signer.jurisdiction = list->items[i].jurisdiction;
		assert(cm_law_signatures_check(list, &manifest, signer.jurisdiction,
			   list->items[i].digest, 1, &err) == CM_NOT_ALLOWED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_law_signatures list;
	struct cm_err err = {.text = ""};
	struct cm_buf text;
	enum cm_status status;

	if (cm_seal_start() != CM_OK || !cm_law_signatures_init(&list))
		return 0;
	status = cm_law_signatures_parse((const char *)data, size, &list, &err);
	assert((status == CM_OK) == (err.text[0] == 0));
	if (status == CM_OK) {
		cm_buf_init(&text, 0);
		cm_law_signatures_print(&list, &text);
		assert(text.len == size && memcmp(text.data, data, size) == 0);
		cm_buf_fini(&text);
		ask(&list);
	}
	cm_law_signatures_fini(&list);
	assert(cm_alloc_live() == 0);
	return 0;
}
