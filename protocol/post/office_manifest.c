/*
 * The fleet manifest on its way: every envelope tells the number of the sender's; who has a newer one sends it,
 * once on each connection. It is in no outbox: after a restart the numbers are compared again.
 */
#include "protocol/post/office_parts.h"

#include <string.h>

uint64_t cm_office_manifest_number(const struct cm_office *office)
{
	const struct cm_office_manifest *manifest = &office->manifest;

	return manifest->number != NULL ? manifest->number(manifest->self) : 0;
}

static struct cm_id next_id(struct cm_office *office)
{
	struct cm_input input = cm_office_input_of(office);
	struct cm_effects effects = {.ids_used = office->ids_used};
	struct cm_id id = cm_effects_id(&effects, &input);

	office->ids_used = effects.ids_used;
	return id;
}

void cm_office_hear_manifest(struct cm_office_peer *peer, uint64_t number)
{
	struct cm_office *office = peer->office;
	uint64_t own = cm_office_manifest_number(office);
	struct cm_bytes bytes;
	struct cm_id id;

	if (own <= number || peer->manifest_told == own)
		return;
	bytes = office->manifest.bytes(office->manifest.self);
	id = next_id(office);
	/* Without memory its next envelope is reason enough. */
	if (cm_office_queue_record(office, &(struct cm_letter){.peer = peer->settings->name,
	                                       .id = id,
	                                       .kind = CM_KIND_MANIFEST,
	                                       .body = bytes}) == CM_OK)
		peer->manifest_told = own;
}

enum cm_status cm_batch_take_manifest(
    struct cm_batch *batch, const char *sender, struct cm_bytes body, struct cm_err *err)
{
	static const struct cm_id no_case = {{0}};
	struct cm_office *office = batch->office;
	enum cm_status status;

	if (office->manifest.offer == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED, "this process has its peers from its settings");
	status = office->manifest.offer(office->manifest.self, body, err);
	if (status == CM_OK) {
		cm_effect_store(&batch->effects, CM_ROW_MANIFEST, &no_case, body);
		cm_office_log(office, CM_LOG_INFO, "manifest.taken", "from=%s number=%llu", sender,
		    (unsigned long long)cm_office_manifest_number(office));
	}
	return status;
}

/* The file may have been put back to an older one: the ledger knows of the newer, which is taken again. Those that
 * came before it are older than what is in use, and refused without a word. */
void cm_office_replay_manifest(struct cm_office *office, struct cm_bytes body)
{
	struct cm_err err = {.text = ""};

	if (office->manifest.offer != NULL &&
	    office->manifest.offer(office->manifest.self, body, &err) == CM_OK)
		cm_office_log(office, CM_LOG_WARN, "manifest.taken", "from=ledger number=%llu",
		    (unsigned long long)cm_office_manifest_number(office));
}

/* The number, and without a body the manifest itself in hex: an answer is JSON. */
static enum cm_status print(struct cm_batch *batch, bool with_bytes, struct cm_bytes *out)
{
	static const char digits[] = "0123456789abcdef";
	const struct cm_office_manifest *manifest = &batch->office->manifest;
	struct cm_bytes bytes = {NULL, 0};
	struct cm_buf buf;
	uint8_t *copy;

	if (with_bytes)
		bytes = manifest->bytes(manifest->self);
	cm_buf_init(&buf, 0);
	cm_buf_printf(&buf, "{\"number\":%llu,\"manifest\":\"",
	    (unsigned long long)manifest->number(manifest->self));
	for (size_t i = 0; i < bytes.len; i++) {
		cm_buf_byte(&buf, (uint8_t)digits[bytes.data[i] >> 4]);
		cm_buf_byte(&buf, (uint8_t)digits[bytes.data[i] & 15]);
	}
	cm_buf_text(&buf, "\"}");
	copy = buf.failed ? NULL : cm_arena_alloc(&batch->arena, buf.len, 1);
	if (copy != NULL)
		memcpy(copy, buf.data, buf.len);
	*out = (struct cm_bytes){copy, copy != NULL ? buf.len : 0};
	cm_buf_fini(&buf);
	return copy != NULL ? CM_OK : CM_NO_MEMORY;
}

enum cm_status cm_office_manifest_op(struct cm_batch *batch, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	if (op->body.len > 0 && batch->office->footing != CM_OFFICE_SERVING)
		return cm_err_set(err, CM_DISK_FULL, "the disk is full; nothing was stored");
	if (op->body.len > 0)
		status = cm_batch_take_manifest(batch, "operator", op->body, err);
	if (status == CM_DUPLICATE) /* it is as it was to be */
		status = CM_OK;
	if (status == CM_OK && print(batch, op->body.len == 0, &reply->body) != CM_OK)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for the answer");
	return status;
}
