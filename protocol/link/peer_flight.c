#include "protocol/link/peer_flight.h"

#include <assert.h>
#include <string.h>

#include "protocol/link/peer_queue.h"

#define BEAT_FLIGHT CM_PEER_WINDOW

/* What one record or receipt adds to an envelope around its body, from above. */
#define RECORD_OVERHEAD_BYTES 64
#define RECEIPT_OVERHEAD_BYTES 64

struct cm_peer_flight *cm_peer_flight_of(const struct cm_peer *peer, uint64_t token)
{
	for (size_t i = 0; token != 0 && i < CM_PEER_FLIGHTS; i++)
		if (peer->flights[i].token == token)
			return (struct cm_peer_flight *)&peer->flights[i];
	return NULL;
}

struct cm_peer_flight *cm_peer_flight_of_beat(const struct cm_peer *peer)
{
	return (struct cm_peer_flight *)&peer->flights[BEAT_FLIGHT];
}

size_t cm_peer_cost(const struct cm_peer_item *item)
{
	return item->record.body.len + item->record.proof.path.len + RECORD_OVERHEAD_BYTES;
}

/* Receipts first: they free the peer's outbox. At most a batch of them, so that even with the largest
 * record behind them the envelope stays under CM_MAX_FRAME_BYTES. */
static size_t load_notes(struct cm_peer *peer, struct cm_peer_flight *flight)
{
	const struct cm_peer_note *note;
	size_t used = 0;

	while ((note = cm_peer_notes_first(&peer->notes)) != NULL &&
	       flight->notes.count < CM_MAX_ENVELOPE_RECORDS) {
		const char *reason = note->receipt.reason;
		size_t cost = (reason != NULL ? strlen(reason) : 0) +
			      note->receipt.proof.path.len + RECEIPT_OVERHEAD_BYTES;

		if (used != 0 && used + cost > CM_PEER_BATCH_BYTES)
			break;
		used += cost;
		cm_peer_notes_append(&flight->notes, cm_peer_notes_take(&peer->notes));
	}
	return used;
}

static void load_items(struct cm_peer *peer, struct cm_peer_flight *flight, size_t used)
{
	struct cm_peer_item *item;

	while ((item = cm_peer_queue_first(&peer->ready)) != NULL &&
	       flight->items.count < CM_MAX_ENVELOPE_RECORDS) {
		if (flight->items.count != 0 && used + cm_peer_cost(item) > CM_PEER_BATCH_BYTES)
			return;
		used += cm_peer_cost(item);
		item->sends_count++;
		cm_peer_queue_append(&flight->items, item);
	}
}

static void launch(struct cm_peer *peer, struct cm_peer_flight *flight, unsigned timeout_ms,
    struct cm_mono now, struct cm_peer_effects *effects)
{
	flight->token = peer->next_token++;
	if (peer->beat_at.ms < now.ms + CM_PEER_BEAT_MS)
		peer->beat_at.ms = now.ms + CM_PEER_BEAT_MS;
	effects->sends[effects->sends_count++] = (struct cm_peer_send){flight->token, timeout_ms};
}

/* A place for one more envelope, or NULL. After a failure one at a time, until one succeeds. */
static struct cm_peer_flight *free_flight(const struct cm_peer *peer)
{
	const struct cm_peer_flight *found = NULL;
	size_t busy = 0;

	for (size_t i = 0; i < CM_PEER_WINDOW; i++) {
		if (peer->flights[i].token != 0)
			busy++;
		else if (found == NULL)
			found = &peer->flights[i];
	}
	return peer->failures > 0 && busy > 0 ? NULL : (struct cm_peer_flight *)found;
}

/* Receipts alone may wait: all they do is free the peer's outbox. */
static bool has_content(const struct cm_peer *peer, struct cm_mono now)
{
	return peer->ready.count != 0 || peer->notes.count >= CM_PEER_COMPANY ||
	       (peer->notes.count != 0 && peer->notes_due.ms <= now.ms);
}

struct cm_mono cm_peer_flight_due(const struct cm_peer *peer, struct cm_mono now)
{
	if ((peer->ready.count == 0 && peer->notes.count == 0) || free_flight(peer) == NULL)
		return (struct cm_mono){CM_PEER_NEVER};
	return has_content(peer, now) ? now : peer->notes_due;
}

/* Their leisure is over: an envelope goes anyway, or must. They stand where they came in. */
void cm_peer_flight_join(struct cm_peer *peer)
{
	struct cm_peer_item *item;

	while ((item = cm_peer_queue_first(&peer->leisure)) != NULL)
		cm_peer_queue_by_order_late(&peer->ready, item);
}

void cm_peer_flight_send(struct cm_peer *peer, struct cm_mono now, struct cm_peer_effects *effects)
{
	struct cm_peer_flight *flight;

	if (has_content(peer, now) && free_flight(peer) != NULL)
		cm_peer_flight_join(peer);
	while (has_content(peer, now) && (flight = free_flight(peer)) != NULL) {
		size_t used = load_notes(peer, flight);

		load_items(peer, flight, used);
		launch(peer, flight, CM_PEER_SEND_TIMEOUT_MS, now, effects);
	}
}

void cm_peer_flight_beat(struct cm_peer *peer, struct cm_mono now, struct cm_peer_effects *effects)
{
	struct cm_peer_flight *flight = &peer->flights[BEAT_FLIGHT];

	if (flight->token == 0 && now.ms >= peer->beat_at.ms)
		launch(peer, flight, CM_PEER_BEAT_MS, now, effects);
}

void cm_peer_fill(const struct cm_peer *peer, uint64_t token, struct cm_record *records,
    size_t *records_count, struct cm_receipt *receipts, size_t *receipts_count)
{
	const struct cm_peer_flight *flight = cm_peer_flight_of(peer, token);
	const struct cm_link_node *node;
	size_t n = 0;

	assert(flight != NULL);
	for (node = flight->items.list.head.next; node != &flight->items.list.head;
	     node = node->next)
		records[n++] = CM_CONTAINER(node, struct cm_peer_item, node)->record;
	*records_count = n;
	n = 0;
	for (node = flight->notes.list.head.next; node != &flight->notes.list.head;
	     node = node->next)
		receipts[n++] = CM_CONTAINER(node, struct cm_peer_note, node)->receipt;
	*receipts_count = n;
}
