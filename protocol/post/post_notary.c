/*
 * The post's notary: a process in a fleet with a manifest signs what it says with its identity, and believes
 * nobody whose key the manifest does not have. A process without one neither signs nor asks.
 */
#include "protocol/link/now.h"
#include "protocol/post/post_parts.h"

static bool is_key(void *data, const char *name, const uint8_t key[CM_PUBLIC_KEY_BYTES], int64_t at_ms)
{
	const struct cm_post *post = data;

	return cm_manifest_key_at(&post->membership->held.manifest, name, key, at_ms);
}

static enum cm_status head(void *data, struct cm_ledger_head *out)
{
	const struct cm_post *post = data;

	return cm_reader_head(post->reader, out);
}

void cm_post_notary_open(struct cm_post *post)
{
	const struct cm_membership *membership = post->membership;

	cm_notary_init(&post->notary,
	    &(struct cm_notary_options){.name = post->settings->name,
	        .identity = membership != NULL ? &membership->identity : NULL,
	        .is_key = membership != NULL ? is_key : NULL,
	        .data = post,
	        .now = cm_wall_now,
	        .head = head});
}

struct outbox {
	struct cm_post *post;
	cm_outbox_cb on_row;
	void *data;
	enum cm_status status;
};

static bool with_path(const struct cm_outbox_row *row, void *data)
{
	struct outbox *outbox = data;
	struct cm_outbox_row found = *row;

	outbox->status = cm_notary_find_path(&outbox->post->notary, &found);
	return outbox->status == CM_OK && outbox->on_row(&found, outbox->data);
}

enum cm_status cm_post_read_outbox(void *self, cm_outbox_cb on_row, void *data)
{
	struct outbox outbox = {.post = self, .on_row = on_row, .data = data};
	enum cm_status status =
	    cm_reader_outbox(outbox.post->reader, NULL, 0, 0, with_path, &outbox);

	return status == CM_OK ? outbox.status : status;
}
