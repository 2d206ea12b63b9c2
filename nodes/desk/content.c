#include "nodes/desk/content.h"

#include <string.h>

#define FORM 1
#define HEAD_BYTES 9
#define BOUND_BYTES (sizeof(struct cm_id) + 8)

static void put_place(uint64_t place, uint8_t out[8])
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(place >> (8 * (7 - i)));
}

static void bind_case(const struct cm_id *case_id, uint64_t place, uint8_t out[BOUND_BYTES])
{
	memcpy(out, case_id->bytes, sizeof case_id->bytes);
	put_place(place, out + sizeof case_id->bytes);
}

enum cm_status cm_content_seal(struct cm_vault *vault, const struct cm_id *case_id, struct cm_bytes content,
    struct cm_arena *arena, uint64_t *place, struct cm_bytes *row, struct cm_err *err)
{
	size_t len = HEAD_BYTES + content.len + CM_SEALED_MORE_BYTES;
	uint8_t *out = cm_arena_alloc(arena, len, 1);
	uint8_t key[CM_SEALED_KEY_BYTES];
	uint8_t bound[BOUND_BYTES];
	enum cm_status status;

	if (out == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a demand");
	status = cm_vault_take(vault, place, err);
	if (status == CM_OK) {
		status = cm_vault_key(vault, *place, key);
		if (status != CM_OK)
			(void)cm_err_set(err, status, "a key cannot be read from the vault");
	}
	if (status != CM_OK)
		return status;
	out[0] = FORM;
	put_place(*place, out + 1);
	bind_case(case_id, *place, bound);
	cm_sealed_make(
	    key, CM_SEALED_ORDER, bound, sizeof bound, content.data, content.len, out + HEAD_BYTES);
	cm_wipe(key, sizeof key);
	*row = (struct cm_bytes){out, len};
	return CM_OK;
}

bool cm_content_place(struct cm_bytes row, uint64_t *place)
{
	*place = 0;
	if (row.len < HEAD_BYTES + CM_SEALED_MORE_BYTES || row.data[0] != FORM)
		return false;
	for (int i = 0; i < 8; i++)
		*place = *place << 8 | row.data[1 + i];
	return true;
}

enum cm_status cm_content_open(struct cm_vault *vault, const struct cm_id *case_id, struct cm_bytes row,
    struct cm_bytes *content)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	uint8_t bound[BOUND_BYTES];
	uint64_t place;
	uint8_t *out;
	enum cm_status status;

	*content = (struct cm_bytes){0};
	if (!cm_content_place(row, &place))
		return CM_CORRUPT;
	status = cm_vault_key(vault, place, key);
	if (status != CM_OK)
		return status;
	out = cm_alloc(row.len - HEAD_BYTES - CM_SEALED_MORE_BYTES + 1, 1);
	if (out == NULL) {
		cm_wipe(key, sizeof key);
		return CM_NO_MEMORY;
	}
	bind_case(case_id, place, bound);
	status = cm_sealed_open(key, CM_SEALED_ORDER, bound, sizeof bound, row.data + HEAD_BYTES,
	    row.len - HEAD_BYTES, out);
	cm_wipe(key, sizeof key);
	if (status != CM_OK) {
		cm_free(out);
		return status;
	}
	*content = (struct cm_bytes){out, row.len - HEAD_BYTES - CM_SEALED_MORE_BYTES};
	return CM_OK;
}

void cm_content_free(struct cm_bytes *content)
{
	if (content->data != NULL)
		cm_wipe((uint8_t *)(uintptr_t)content->data, content->len);
	cm_free((void *)(uintptr_t)content->data);
	*content = (struct cm_bytes){0};
}
