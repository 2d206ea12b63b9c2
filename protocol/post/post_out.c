/*
 * What goes out: parcels to the links' cores, envelopes to the hub, acknowledged rows out of the outbox.
 */
#include <assert.h>
#include <string.h>

#include "protocol/base/log.h"
#include "protocol/link/now.h"
#include "protocol/post/post_parts.h"
#include "protocol/wire/codec.h"

struct cm_post_peer *cm_post_peer_find(struct cm_post *post, const char *name)
{
	for (size_t i = 0; i < post->peers_count; i++)
		if (strcmp(post->peers[i].settings->name, name) == 0)
			return &post->peers[i];
	return NULL;
}

/* ---- effects of a link's core ---------------------------------------------------------------- */

static void feed(struct cm_post_peer *peer, struct cm_peer_input *input);

/* A token as the hub sees it carries the generation, so that a reply to a core that is gone says
 * nothing to its successor. */
static uint64_t hub_token(const struct cm_post *post, uint64_t token)
{
	return (uint64_t)post->generation << 48 | (token & UINT64_C(0xffffffffffff));
}

static void fail_send(struct cm_post_peer *peer, uint64_t token, enum cm_status status)
{
	struct cm_peer_input input = {
	    .event = CM_PEER_FAILED, .now = cm_mono_now(), .token = token, .status = status};

	feed(peer, &input);
}

static void send_envelope(struct cm_post_peer *peer, const struct cm_peer_send *send)
{
	static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];   /* the loop thread's */
	static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	struct cm_post *post = peer->post;
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = post->settings->name,
	    .boot = post->boot,
	    .records = records,
	    .receipts = receipts};
	struct cm_err err = {.text = ""};
	struct cm_buf buf;
	enum cm_status status;

	cm_peer_fill(&peer->core, send->token, records, &envelope.records_count, receipts,
	    &envelope.receipts_count);
	cm_buf_init(&buf, CM_MAX_FRAME_BYTES);
	status = cm_envelope_encode(&envelope, &buf, &err);
	if (status == CM_OK)
		status = cm_hub_send(post->hub, peer->hub_index, buf.data, buf.len,
		    hub_token(post, send->token), send->timeout_ms);
	cm_buf_fini(&buf);
	if (status != CM_OK)
		fail_send(peer, send->token, status);
	else
		post->counters.envelopes_out++;
}

/* Without memory the row stays, is sent again after a restart, and comes back as a repetition. */
static void remember_settled(struct cm_post_peer *peer, const struct cm_id *id)
{
	struct cm_post *post = peer->post;

	if (post->settled_count == post->settled_cap) {
		size_t cap = post->settled_cap == 0 ? 64 : post->settled_cap * 2;
		struct cm_post_settled *grown = cm_realloc(post->settled, cap, sizeof *grown);

		if (grown == NULL)
			return;
		post->settled = grown;
		post->settled_cap = cap;
	}
	post->settled[post->settled_count++] = (struct cm_post_settled){peer, *id};
}

static void forget(struct cm_post_peer *peer, struct cm_parcel *parcel)
{
	struct cm_post *post = peer->post;
	const struct cm_receipt *verdict = &parcel->item.verdict;

	(void)cm_idmap_remove(&post->outbound, &parcel->item.record.id);
	peer->waiting--;
	if (verdict->status == CM_OK || verdict->status == CM_DUPLICATE) {
		post->counters.records_delivered++;
	} else {
		post->counters.records_undeliverable++;
		cm_log(CM_LOG_ERROR, "record.undeliverable", "to=%s kind=%u status=%s why=%s",
		    peer->settings->name, (unsigned)parcel->item.record.kind,
		    cm_status_name((enum cm_status)verdict->status),
		    verdict->reason != NULL ? verdict->reason : "");
	}
	remember_settled(peer, &parcel->item.record.id);
	cm_free(parcel);
}

static void free_notes(struct cm_list *told)
{
	struct cm_link_node *node;

	while ((node = cm_list_take(told)) != NULL)
		cm_free(CM_CONTAINER(node, struct cm_slip, note.node));
}

static void on_peer_timer(uv_timer_t *timer);

static void set_alarm(struct cm_post_peer *peer, struct cm_mono at)
{
	int64_t now = cm_mono_now().ms;

	if (peer->post->is_closing || at.ms == CM_PEER_NEVER)
		(void)uv_timer_stop(&peer->timer);
	else
		(void)uv_timer_start(
		    &peer->timer, on_peer_timer, at.ms > now ? (uint64_t)(at.ms - now) : 0, 0);
}

static void feed(struct cm_post_peer *peer, struct cm_peer_input *input)
{
	struct cm_peer_effects *effects = cm_alloc(1, sizeof *effects);
	struct cm_link_node *node;

	/* Without memory the core is not told; its own alarm makes up for it. */
	if (effects == NULL)
		return;
	if (cm_peer_step(&peer->core, input, effects) == CM_OK) {
		while ((node = cm_list_take(&effects->forgotten)) != NULL)
			forget(peer, CM_CONTAINER(node, struct cm_parcel, item.node));
		free_notes(&effects->told);
		if (effects->must_drop) {
			cm_log(CM_LOG_WARN, "link.dropped", "peer=%s why=%s", peer->settings->name,
			    "no heartbeat was answered");
			cm_hub_drop_pipe(peer->post->hub, peer->hub_index);
		}
		for (size_t i = 0; i < effects->sends_count; i++)
			send_envelope(peer, &effects->sends[i]);
		if (effects->has_alarm)
			set_alarm(peer, effects->alarm);
	}
	cm_free(effects);
}

static void on_peer_timer(uv_timer_t *timer)
{
	struct cm_post_peer *peer = timer->data;
	struct cm_peer_input input = {.event = CM_PEER_TICK, .now = cm_mono_now()};

	feed(peer, &input);
}

/* ---- from the post --------------------------------------------------------------------------- */

enum cm_status cm_post_queue(struct cm_post *post, const char *peer_name, const struct cm_id *id,
    uint32_t kind, const uint8_t *body, size_t body_len)
{
	struct cm_post_peer *peer = cm_post_peer_find(post, peer_name);
	struct cm_parcel *parcel;
	struct cm_peer_input input = {.event = CM_PEER_RECORD, .now = cm_mono_now()};

	if (cm_idmap_get(&post->outbound, id) != NULL)
		return CM_OK;
	if (peer == NULL) {
		cm_log(CM_LOG_ERROR, "record.unaddressed", "to=%s kind=%u", peer_name,
		    (unsigned)kind);
		return CM_OK;
	}
	parcel = cm_alloc(1, sizeof *parcel + body_len);
	if (parcel == NULL)
		return CM_NO_MEMORY;
	if (cm_idmap_put(&post->outbound, id, parcel) != CM_OK) {
		cm_free(parcel);
		return CM_NO_MEMORY;
	}
	if (body_len != 0)
		memcpy(parcel->body, body, body_len);
	parcel->peer = peer;
	parcel->item.record =
	    (struct cm_record){.id = *id, .kind = kind, .body = {parcel->body, body_len}};
	input.item = &parcel->item;
	post->counters.records_out++;
	peer->waiting++;
	peer->is_dirty = true;
	feed(peer, &input);
	return CM_OK;
}

void cm_post_note(struct cm_post_peer *peer, const struct cm_receipt *receipt)
{
	size_t reason_len = strlen(receipt->reason);
	struct cm_slip *slip = cm_alloc(1, sizeof *slip + reason_len + 1);
	struct cm_peer_input input = {.event = CM_PEER_RECEIPT, .now = cm_mono_now()};
	char *reason;

	if (slip == NULL)
		return;
	reason = (char *)(slip + 1);
	memcpy(reason, receipt->reason, reason_len);
	slip->note.receipt = *receipt;
	slip->note.receipt.reason = reason;
	input.note = &slip->note;
	peer->is_dirty = true;
	feed(peer, &input);
}

void cm_post_told(struct cm_post_peer *peer, const struct cm_envelope *envelope)
{
	struct cm_peer_input input = {.event = CM_PEER_TOLD,
	    .now = cm_mono_now(),
	    .receipts = envelope->receipts,
	    .receipts_count = envelope->receipts_count};

	feed(peer, &input);
}

size_t cm_post_ride(struct cm_post_peer *peer, struct cm_record *records, size_t room)
{
	struct cm_peer_input input = {.event = CM_PEER_RIDE, .now = cm_mono_now()};
	struct cm_peer_effects *effects = cm_alloc(1, sizeof *effects);
	size_t count = 0;

	if (effects == NULL)
		return 0;
	if (cm_peer_step(&peer->core, &input, effects) == CM_OK) {
		while (count < effects->rides_count && count < room) {
			records[count] = *effects->rides[count];
			count++;
		}
		if (effects->has_alarm)
			set_alarm(peer, effects->alarm);
	}
	cm_free(effects);
	return count;
}

void cm_post_turn_end(struct cm_post *post)
{
	for (size_t i = 0; i < post->peers_count; i++) {
		struct cm_peer_input input = {.event = CM_PEER_TICK, .now = cm_mono_now()};

		if (!post->peers[i].is_dirty)
			continue;
		post->peers[i].is_dirty = false;
		feed(&post->peers[i], &input);
	}
	if (post->settled_count >= CM_POST_LAZY_MOST)
		cm_post_flush_settled(post);
}

void cm_post_add_settled(struct cm_post *post, struct cm_job *job)
{
	for (size_t i = 0; i < post->settled_count; i++)
		cm_job_outbox_delete(
		    job, post->settled[i].peer->settings->name, &post->settled[i].id);
	post->settled_count = 0;
}

void cm_post_flush_settled(struct cm_post *post)
{
	struct cm_batch *batch;

	if (post->settled_count == 0 || post->footing != CM_POST_SERVING)
		return;
	batch = cm_batch_new(post, NULL, NULL);
	if (batch == NULL)
		return;
	if (cm_batch_need_job(batch))
		cm_batch_commit(batch);
	else
		cm_batch_free(batch);
}

/* ---- from the hub ---------------------------------------------------------------------------- */

void cm_post_on_peer(void *data, size_t index, bool is_up)
{
	struct cm_post *post = data;
	struct cm_post_peer *peer = &post->peers[index];
	struct cm_peer_input input = {
	    .event = is_up ? CM_PEER_PIPE_UP : CM_PEER_PIPE_DOWN, .now = cm_mono_now()};

	peer->is_up = is_up;
	cm_log(CM_LOG_INFO, is_up ? "link.up" : "link.down", "peer=%s waiting=%zu",
	    peer->settings->name, peer->waiting);
	feed(peer, &input);
}

static void take_reply(struct cm_post_peer *peer, uint64_t token, struct cm_bytes reply)
{
	struct cm_arena arena;
	struct cm_envelope envelope;
	struct cm_err err = {.text = ""};

	cm_arena_init(&arena, 0);
	if (cm_envelope_decode(reply.data, reply.len, &arena, &envelope, &err) != CM_OK) {
		cm_log(CM_LOG_WARN, "reply.refused", "peer=%s why=%s", peer->settings->name,
		    err.text);
		fail_send(peer, token, CM_BAD_INPUT);
	} else {
		struct cm_peer_input input = {.event = CM_PEER_REPLY,
		    .now = cm_mono_now(),
		    .token = token,
		    .receipts = envelope.receipts,
		    .receipts_count = envelope.receipts_count};

		feed(peer, &input);
		if (envelope.records_count > 0)
			cm_post_take_reply_records(peer, &envelope);
	}
	cm_arena_fini(&arena);
}

void cm_post_on_reply(void *data, size_t index, uint64_t token, enum cm_status status,
    struct cm_bytes reply)
{
	struct cm_post *post = data;
	struct cm_post_peer *peer = &post->peers[index];
	uint64_t own = token & UINT64_C(0xffffffffffff);

	if (token >> 48 != (post->generation & 0xffff) || post->is_closing)
		return;
	if (status == CM_OK)
		take_reply(peer, own, reply);
	else
		fail_send(peer, own, status);
}

/* ---- life ------------------------------------------------------------------------------------ */

enum cm_status cm_post_peers_open(struct cm_post *post, struct cm_err *err)
{
	for (size_t i = 0; i < post->peers_count; i++) {
		struct cm_post_peer *peer = &post->peers[i];
		enum cm_status status = cm_hub_add_peer(post->hub, peer->settings->name,
		    peer->settings->address, &peer->hub_index, err);

		if (status != CM_OK)
			return status;
		assert(peer->hub_index == i);
	}
	return CM_OK;
}

static void empty_core(struct cm_post_peer *peer)
{
	struct cm_peer_item *item;
	struct cm_peer_note *note;

	while ((item = cm_peer_take(&peer->core)) != NULL) {
		struct cm_parcel *parcel = CM_CONTAINER(item, struct cm_parcel, item);

		(void)cm_idmap_remove(&peer->post->outbound, &parcel->item.record.id);
		cm_free(parcel);
	}
	while ((note = cm_peer_take_note(&peer->core)) != NULL)
		cm_free(CM_CONTAINER(note, struct cm_slip, note));
	peer->waiting = 0;
}

void cm_post_peers_empty(struct cm_post *post)
{
	post->generation++;
	for (size_t i = 0; i < post->peers_count; i++) {
		struct cm_post_peer *peer = &post->peers[i];

		empty_core(peer);
		cm_peer_init(&peer->core, post->boot + i + ((uint64_t)post->generation << 32));
		if (peer->is_up) {
			struct cm_peer_input input = {
			    .event = CM_PEER_PIPE_UP, .now = cm_mono_now()};

			feed(peer, &input);
		}
	}
}

void cm_post_peers_free(struct cm_post *post)
{
	for (size_t i = 0; i < post->peers_count; i++)
		empty_core(&post->peers[i]);
	cm_free(post->peers);
	post->peers = NULL;
	post->peers_count = 0;
}
