/*
 * What goes out: parcels to the links' cores, envelopes to the peers, acknowledged rows out of the outbox.
 */
#include "protocol/post/office_parts.h"

#include <string.h>

struct cm_office_peer *cm_office_peer_find(struct cm_office *office, const char *name)
{
	for (size_t i = 0; i < office->peers_count; i++)
		if (strcmp(office->peers[i].settings->name, name) == 0)
			return &office->peers[i];
	return NULL;
}

/* ---- effects of a link's core ---------------------------------------------------------------- */

/* A token as the shell sees it carries the generation, so that a reply to a core that is gone says
 * nothing to its successor. */
#define TOKEN_BITS 48
#define TOKEN_MASK ((UINT64_C(1) << TOKEN_BITS) - 1)

static uint64_t token_out(const struct cm_office *office, uint64_t token)
{
	return (uint64_t)office->generation << TOKEN_BITS | (token & TOKEN_MASK);
}

/* A bug put in on purpose: settle a record that is still under way. */
static void settle_early(struct cm_office_peer *peer, const struct cm_id *id)
{
	struct cm_parcel *parcel = cm_alloc(1, sizeof *parcel);

	if (parcel == NULL)
		return;
	parcel->peer = peer;
	parcel->item.record.id = *id;
	cm_office_settle(parcel);
}

/* What an envelope will take, or little more: head, ids, heads of bodies. */
static size_t usual_bytes(const struct cm_envelope *envelope)
{
	size_t bytes = 512 + 80 * (envelope->records_count + envelope->receipts_count);

	for (size_t i = 0; i < envelope->records_count; i++)
		bytes += envelope->records[i].body.len + envelope->records[i].proof.path.len;
	for (size_t i = 0; i < envelope->receipts_count; i++)
		bytes += envelope->receipts[i].proof.path.len;
	return bytes;
}

static enum cm_status send_envelope(struct cm_office_peer *peer, const struct cm_peer_send *send)
{
	struct cm_office *office = peer->office;
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = office->settings->name,
	    .boot = office->boot,
	    .records = office->records,
	    .receipts = office->receipts,
	    .manifest = cm_office_manifest_number(office)};
	struct cm_err err = {.text = ""};
	struct cm_office_stamp checkpoint;
	struct cm_office_entry *entry;
	struct cm_buf buf;
	enum cm_status status;

	cm_peer_fill(&peer->core, send->token, office->records, &envelope.records_count,
	    office->receipts, &envelope.receipts_count);
	cm_buf_init(&buf, CM_MAX_FRAME_BYTES);
	cm_buf_expect(&buf, usual_bytes(&envelope));
	cm_office_tell_checkpoint(peer, &envelope, &checkpoint);
	envelope.stamps = office->stamps;
	envelope.stamps_count = cm_envelope_number(office->records, envelope.records_count,
	    office->receipts, envelope.receipts_count, office->stamps);
	status = cm_envelope_encode(&envelope, &buf, &err);
	if (status != CM_OK) {
		cm_buf_fini(&buf);
		return status;
	}
	entry = cm_office_put(office, CM_OFFICE_DO_SEND);
	entry->effect.peer = peer->index;
	entry->effect.token = token_out(office, send->token);
	entry->effect.timeout_ms = send->timeout_ms;
	entry->bytes = buf;
	office->counters.envelopes_out++;
	for (size_t i = 0; CM_PLANTED(EARLY_DELETE) && i < envelope.records_count; i++)
		settle_early(peer, &office->records[i].id);
	return CM_OK;
}

/* The machine is told at the end of this turn, in a job that deletes the row with what comes of it. Without
 * memory for the reason it is told without. */
static void keep_refused(struct cm_office *office, struct cm_parcel *parcel)
{
	const char *reason = parcel->item.verdict.reason;
	size_t bytes = reason != NULL ? strlen(reason) + 1 : 0;

	parcel->reason = bytes > 0 ? cm_alloc(bytes, 1) : NULL;
	if (parcel->reason != NULL)
		memcpy(parcel->reason, reason, bytes);
	cm_list_append(&office->refused, &parcel->item.node);
}

/* "Changed meanwhile" is part of every hand-over to another router, and no fault. */
static void say_refused(struct cm_office *office, const struct cm_parcel *parcel)
{
	const struct cm_receipt *verdict = &parcel->item.verdict;
	enum cm_log_level level = verdict->status == CM_CHANGED ? CM_LOG_INFO : CM_LOG_ERROR;

	cm_office_log(office, level, "record.undeliverable", "to=%s kind=%u status=%s why=%s",
	    parcel->peer->settings->name, (unsigned)parcel->item.record.kind,
	    cm_status_name((enum cm_status)verdict->status),
	    verdict->reason != NULL ? verdict->reason : "");
}

static void forget(struct cm_office_peer *peer, struct cm_parcel *parcel)
{
	struct cm_office *office = peer->office;
	const struct cm_receipt *verdict = &parcel->item.verdict;

	peer->waiting--;
	peer->waiting_bytes -= parcel->item.record.body.len;
	if (verdict->status == CM_OK || verdict->status == CM_DUPLICATE) {
		office->counters.records_delivered++;
	} else {
		office->counters.records_undeliverable++;
		say_refused(office, parcel);
		if (office->machine.undeliverable != NULL) {
			keep_refused(office, parcel);
			return; /* its row is there until then: the same record is not put beside it */
		}
	}
	(void)cm_idmap_remove(&office->outbound, &parcel->item.record.id);
	if (CM_PLANTED(KEEP_OUTBOX))
		cm_parcel_free(parcel);
	else
		cm_office_settle(parcel);
}

static void free_notes(struct cm_list *told)
{
	struct cm_link_node *node;

	while ((node = cm_list_take(told)) != NULL)
		cm_free(CM_CONTAINER(node, struct cm_slip, note.node));
}

static void set_alarm(struct cm_office_peer *peer, struct cm_mono at)
{
	cm_office_arm(peer->office, CM_OFFICE_LINK + peer->index,
	    peer->office->is_closing ? CM_OFFICE_NEVER : at.ms);
}

static void feed(struct cm_office_peer *peer, struct cm_peer_input *input);

/* Tell the core of envelopes that could not be made. */
static void fail_sends(struct cm_office_peer *peer, const uint64_t *tokens, size_t count,
    enum cm_status status)
{
	if (count > 0)
		peer->checkpoint_told = 0; /* it may have been with one of them */
	for (size_t i = 0; i < count; i++) {
		struct cm_peer_input input = {.event = CM_PEER_FAILED,
		    .now = peer->office->input->mono,
		    .token = tokens[i],
		    .status = status};

		feed(peer, &input);
	}
}

static void feed(struct cm_office_peer *peer, struct cm_peer_input *input)
{
	struct cm_office *office = peer->office;
	struct cm_peer_effects *effects = &office->link_effects;
	uint64_t failed[CM_PEER_FLIGHTS];
	size_t failed_count = 0;
	enum cm_status why = CM_OK;
	struct cm_link_node *node;

	if (cm_peer_step(&peer->core, input, effects) != CM_OK)
		return;
	while ((node = cm_list_take(&effects->forgotten)) != NULL)
		forget(peer, CM_CONTAINER(node, struct cm_parcel, item.node));
	free_notes(&effects->told);
	if (effects->must_drop) {
		cm_office_log(office, CM_LOG_WARN, "link.dropped", "peer=%s why=%s",
		    peer->settings->name, "no heartbeat was answered");
		cm_office_put(office, CM_OFFICE_DO_BREAK)->effect.peer = peer->index;
	}
	for (size_t i = 0; i < effects->sends_count; i++) {
		enum cm_status status = send_envelope(peer, &effects->sends[i]);

		if (status == CM_OK)
			continue;
		failed[failed_count++] = effects->sends[i].token;
		why = status;
	}
	if (effects->has_alarm)
		set_alarm(peer, effects->alarm);
	fail_sends(peer, failed, failed_count, why);
}

void cm_office_on_link_alarm(struct cm_office *office, size_t index)
{
	struct cm_peer_input input = {.event = CM_PEER_TICK, .now = office->input->mono};

	feed(&office->peers[index], &input);
}

/* ---- from the office ------------------------------------------------------------------------- */

static struct cm_parcel *new_parcel(struct cm_office_peer *peer, const struct cm_letter *letter)
{
	size_t path_len = letter->stamp != NULL ? letter->proof.path.len : 0;
	struct cm_parcel *parcel = cm_alloc(1, sizeof *parcel + letter->body.len + path_len);

	if (parcel == NULL)
		return NULL;
	if (letter->body.len != 0)
		memcpy(parcel->body, letter->body.data, letter->body.len);
	parcel->peer = peer;
	parcel->case_id = letter->case_id;
	parcel->item.leisure_ms = letter->leisure_ms;
	parcel->item.record = (struct cm_record){
	    .id = letter->id, .kind = letter->kind, .body = {parcel->body, letter->body.len}};
	if (letter->stamp == NULL)
		return parcel;
	cm_office_stamp_fill(&parcel->stamp, letter->stamp);
	if (path_len != 0)
		memcpy(parcel->body + letter->body.len, letter->proof.path.data, path_len);
	parcel->item.record.proof = letter->proof;
	parcel->item.record.proof.path.data = parcel->body + letter->body.len;
	parcel->item.record.proof.by = &parcel->stamp.wire;
	return parcel;
}

enum cm_status cm_office_queue_record(struct cm_office *office, const struct cm_letter *letter)
{
	struct cm_office_peer *peer = cm_office_peer_find(office, letter->peer);
	struct cm_parcel *parcel;
	struct cm_peer_input input = {.event = CM_PEER_RECORD, .now = office->input->mono};

	if (cm_idmap_get(&office->outbound, &letter->id) != NULL)
		return CM_OK;
	if (peer == NULL) {
		cm_office_log(office, CM_LOG_ERROR, "record.unaddressed", "to=%s kind=%u",
		    letter->peer, (unsigned)letter->kind);
		return CM_OK;
	}
	parcel = new_parcel(peer, letter);
	if (parcel == NULL)
		return CM_NO_MEMORY;
	if (cm_idmap_put(&office->outbound, &letter->id, parcel) != CM_OK) {
		cm_parcel_free(parcel);
		return CM_NO_MEMORY;
	}
	input.item = &parcel->item;
	office->counters.records_out++;
	peer->waiting++;
	peer->waiting_bytes += letter->body.len;
	peer->is_dirty = true;
	feed(peer, &input);
	return CM_OK;
}

void cm_office_note(struct cm_office_peer *peer, const struct cm_receipt *receipt)
{
	size_t reason_len = strlen(receipt->reason);
	size_t path_len = receipt->proof.path.len;
	struct cm_slip *slip = cm_alloc(1, sizeof *slip + path_len + reason_len + 1);
	struct cm_peer_input input = {.event = CM_PEER_RECEIPT, .now = peer->office->input->mono};

	if (slip == NULL)
		return;
	if (path_len != 0)
		memcpy(slip->rest, receipt->proof.path.data, path_len);
	memcpy(slip->rest + path_len, receipt->reason, reason_len);
	slip->note.receipt = *receipt;
	slip->note.receipt.reason = (const char *)slip->rest + path_len;
	slip->note.receipt.proof.path.data = slip->rest;
	if (receipt->proof.by != NULL) {
		cm_office_stamp_copy(&slip->stamp, receipt->proof.by);
		slip->note.receipt.proof.by = &slip->stamp.wire;
	}
	input.note = &slip->note;
	peer->is_dirty = true;
	feed(peer, &input);
}

void cm_office_told(struct cm_office_peer *peer, const struct cm_envelope *envelope)
{
	struct cm_peer_input input = {.event = CM_PEER_TOLD,
	    .now = peer->office->input->mono,
	    .receipts = envelope->receipts,
	    .receipts_count = envelope->receipts_count};

	feed(peer, &input);
}

size_t cm_office_ride(struct cm_office_peer *peer, struct cm_record *records, size_t room)
{
	struct cm_office *office = peer->office;
	struct cm_peer_input input = {.event = CM_PEER_RIDE, .now = office->input->mono};
	struct cm_peer_effects *effects = &office->link_effects;
	size_t count = 0;

	if (cm_peer_step(&peer->core, &input, effects) != CM_OK)
		return 0;
	while (count < effects->rides_count && count < room) {
		records[count] = *effects->rides[count];
		count++;
	}
	if (effects->has_alarm)
		set_alarm(peer, effects->alarm);
	return count;
}

void cm_office_links_turn(struct cm_office *office)
{
	for (size_t i = 0; i < office->peers_count; i++) {
		struct cm_peer_input input = {.event = CM_PEER_TICK, .now = office->input->mono};

		if (!office->peers[i].is_dirty)
			continue;
		office->peers[i].is_dirty = false;
		feed(&office->peers[i], &input);
	}
	if (office->settled_count >= CM_POST_LAZY_MOST)
		cm_office_flush_settled(office);
}

/* ---- from the network ------------------------------------------------------------------------ */

void cm_office_on_peer(struct cm_office *office, size_t index, bool is_up)
{
	struct cm_office_peer *peer = &office->peers[index];
	struct cm_peer_input input = {
	    .event = is_up ? CM_PEER_PIPE_UP : CM_PEER_PIPE_DOWN, .now = office->input->mono};

	peer->is_up = is_up;
	peer->manifest_told = 0;
	cm_office_log(office, CM_LOG_INFO, is_up ? "link.up" : "link.down", "peer=%s waiting=%zu",
	    peer->settings->name, peer->waiting);
	if (office->machine.peer != NULL)
		office->machine.peer(
		    office->machine.self, office->input->wall, peer->settings->name, is_up);
	feed(peer, &input);
}

void cm_office_tell_peers(struct cm_office *office)
{
	for (size_t i = 0; office->machine.peer != NULL && i < office->peers_count; i++)
		if (office->peers[i].is_up)
			office->machine.peer(office->machine.self, office->input->wall,
			    office->peers[i].settings->name, true);
}

static void take_reply(struct cm_office_peer *peer, uint64_t token, struct cm_bytes reply)
{
	struct cm_office *office = peer->office;
	struct cm_arena arena;
	struct cm_envelope envelope;
	struct cm_err err = {.text = ""};

	cm_arena_init(&arena, 0);
	if (cm_envelope_decode(reply.data, reply.len, &arena, &envelope, &err) != CM_OK) {
		cm_office_log(office, CM_LOG_WARN, "reply.refused", "peer=%s why=%s",
		    peer->settings->name, err.text);
		fail_sends(peer, &token, 1, CM_BAD_INPUT);
	} else {
		struct cm_peer_input input = {
		    .event = CM_PEER_REPLY, .now = office->input->mono, .token = token};

		cm_office_check_receipts(peer, &envelope);
		input.receipts = envelope.receipts;
		input.receipts_count = envelope.receipts_count;
		feed(peer, &input);
		cm_office_hear_manifest(peer, envelope.manifest);
		if (envelope.records_count > 0)
			cm_office_take_reply_records(peer, &envelope);
	}
	cm_arena_fini(&arena);
}

void cm_office_on_reply(struct cm_office *office, const struct cm_office_input *input)
{
	struct cm_office_peer *peer = &office->peers[input->peer];
	uint64_t token = input->token & TOKEN_MASK;

	if (input->token >> TOKEN_BITS != (office->generation & 0xffff) || office->is_closing)
		return;
	if (input->status == CM_OK)
		take_reply(peer, token, input->bytes);
	else
		fail_sends(peer, &token, 1, input->status);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void empty_core(struct cm_office_peer *peer)
{
	struct cm_peer_item *item;
	struct cm_peer_note *note;

	while ((item = cm_peer_take(&peer->core)) != NULL) {
		struct cm_parcel *parcel = CM_CONTAINER(item, struct cm_parcel, item);

		(void)cm_idmap_remove(&peer->office->outbound, &parcel->item.record.id);
		cm_parcel_free(parcel);
	}
	while ((note = cm_peer_take_note(&peer->core)) != NULL)
		cm_free(CM_CONTAINER(note, struct cm_slip, note));
	peer->waiting = 0;
	peer->waiting_bytes = 0;
}

void cm_office_peers_empty(struct cm_office *office)
{
	office->generation++;
	for (size_t i = 0; i < office->peers_count; i++) {
		struct cm_office_peer *peer = &office->peers[i];

		empty_core(peer);
		peer->manifest_told = 0; /* it may have been among what is dropped, and is in no outbox */
		cm_peer_init(&peer->core, office->boot + i + ((uint64_t)office->generation << 32));
		if (peer->is_up) {
			struct cm_peer_input input = {
			    .event = CM_PEER_PIPE_UP, .now = office->input->mono};

			feed(peer, &input);
		}
	}
}

void cm_office_peers_free(struct cm_office *office)
{
	for (size_t i = 0; i < office->peers_count; i++)
		empty_core(&office->peers[i]);
	cm_free(office->peers);
	office->peers = NULL;
	office->peers_count = 0;
}
