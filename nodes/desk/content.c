#include "nodes/desk/content.h"

#include <assert.h>
#include <string.h>

#define FORM 1
#define HEAD_BYTES 11
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

static void put_row(uint64_t place, const uint8_t key[CM_SEALED_KEY_BYTES], const struct cm_id *case_id,
    const char *label, struct cm_bytes content, uint8_t *out)
{
	size_t label_len = strlen(label);
	size_t sealed_len = label_len + CM_SEALED_MORE_BYTES;
	uint8_t bound[BOUND_BYTES];

	out[0] = FORM;
	put_place(place, out + 1);
	out[9] = (uint8_t)(sealed_len >> 8);
	out[10] = (uint8_t)sealed_len;
	bind_case(case_id, place, bound);
	cm_sealed_make(
	    key, CM_SEALED_LABEL, bound, sizeof bound, label, label_len, out + HEAD_BYTES);
	cm_sealed_make(key, CM_SEALED_ORDER, bound, sizeof bound, content.data, content.len,
	    out + HEAD_BYTES + sealed_len);
}

enum cm_status cm_content_seal(struct cm_vault *vault, const struct cm_id *case_id, const char *label,
    struct cm_bytes content, struct cm_arena *arena, uint64_t *place, struct cm_bytes *row,
    struct cm_err *err)
{
	size_t len = HEAD_BYTES + strlen(label) + content.len + (size_t)2 * CM_SEALED_MORE_BYTES;
	uint8_t *out = cm_arena_alloc(arena, len, 1);
	uint8_t key[CM_SEALED_KEY_BYTES];
	enum cm_status status;

	assert(strlen(label) <= CM_CONTENT_LABEL_BYTES);
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
	put_row(*place, key, case_id, label, content, out);
	cm_wipe(key, sizeof key);
	*row = (struct cm_bytes){out, len};
	return CM_OK;
}

/* A row taken apart; the two parts are sealed. */
struct parts {
	uint64_t place;
	struct cm_bytes label;
	struct cm_bytes content;
};

static bool take_apart(struct cm_bytes row, struct parts *out)
{
	size_t label_len;

	*out = (struct parts){0};
	if (row.len < HEAD_BYTES || row.data[0] != FORM)
		return false;
	for (int i = 0; i < 8; i++)
		out->place = out->place << 8 | row.data[1 + i];
	label_len = (size_t)row.data[9] << 8 | row.data[10];
	if (label_len < CM_SEALED_MORE_BYTES || label_len > CM_CONTENT_LABEL_BYTES + CM_SEALED_MORE_BYTES ||
	    row.len - HEAD_BYTES < label_len + CM_SEALED_MORE_BYTES)
		return false;
	out->label = (struct cm_bytes){row.data + HEAD_BYTES, label_len};
	out->content = (struct cm_bytes){
	    row.data + HEAD_BYTES + label_len, row.len - HEAD_BYTES - label_len};
	return true;
}

bool cm_content_place(struct cm_bytes row, uint64_t *place)
{
	struct parts parts;
	bool is_row = take_apart(row, &parts);

	*place = parts.place;
	return is_row;
}

/* Open one part into `out`. */
static enum cm_status open_part(struct cm_vault *vault, const struct cm_id *case_id, uint64_t place,
    const char *purpose, struct cm_bytes sealed, uint8_t *out)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	uint8_t bound[BOUND_BYTES];
	enum cm_status status = cm_vault_key(vault, place, key);

	bind_case(case_id, place, bound);
	if (status == CM_OK)
		status = cm_sealed_open(key, purpose, bound, sizeof bound, sealed.data, sealed.len, out);
	cm_wipe(key, sizeof key);
	return status;
}

enum cm_status cm_content_label(struct cm_vault *vault, const struct cm_id *case_id, struct cm_bytes row,
    char label[CM_CONTENT_LABEL_BYTES + 1])
{
	struct parts parts;
	enum cm_status status = CM_CORRUPT;

	label[0] = 0;
	if (take_apart(row, &parts))
		status = open_part(
		    vault, case_id, parts.place, CM_SEALED_LABEL, parts.label, (uint8_t *)label);
	if (status == CM_OK)
		label[parts.label.len - CM_SEALED_MORE_BYTES] = 0;
	return status;
}

enum cm_status cm_content_open(struct cm_vault *vault, const struct cm_id *case_id, struct cm_bytes row,
    struct cm_bytes *content)
{
	struct parts parts;
	uint8_t *out;
	enum cm_status status;

	*content = (struct cm_bytes){0};
	if (!take_apart(row, &parts))
		return CM_CORRUPT;
	out = cm_alloc(parts.content.len - CM_SEALED_MORE_BYTES + 1, 1);
	if (out == NULL)
		return CM_NO_MEMORY;
	status = open_part(vault, case_id, parts.place, CM_SEALED_ORDER, parts.content, out);
	if (status != CM_OK) {
		cm_free(out);
		return status;
	}
	*content = (struct cm_bytes){out, parts.content.len - CM_SEALED_MORE_BYTES};
	return CM_OK;
}

void cm_content_free(struct cm_bytes *content)
{
	if (content->data != NULL)
		cm_wipe((uint8_t *)(uintptr_t)content->data, content->len);
	cm_free((void *)(uintptr_t)content->data);
	*content = (struct cm_bytes){0};
}
