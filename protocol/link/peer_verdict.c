#include "protocol/link/peer_verdict.h"

#include "protocol/link/peer_queue.h"

static bool is_final(const struct cm_receipt *receipt)
{
	return receipt->status != CM_TRY_AGAIN && receipt->status != CM_DISK_FULL;
}

static int64_t retry_ms(const struct cm_receipt *receipt)
{
	if (receipt->retry_ms < CM_PEER_RETRY_MIN_MS)
		return CM_PEER_RETRY_MIN_MS;
	return receipt->retry_ms < CM_PEER_RETRY_MAX_MS ? receipt->retry_ms : CM_PEER_RETRY_MAX_MS;
}

static struct cm_peer_item *find_item(
    const struct cm_peer *peer, const struct cm_peer_flight *flight, const struct cm_id *id)
{
	struct cm_peer_item *item = flight != NULL ? cm_peer_queue_find(&flight->items, id) : NULL;

	if (item == NULL)
		item = cm_peer_queue_find(&peer->riding, id);
	for (size_t i = 0; item == NULL && i < CM_PEER_WINDOW; i++)
		item = cm_peer_queue_find(&peer->flights[i].items, id);
	if (item == NULL)
		item = cm_peer_queue_find(&peer->waiting, id);
	if (item == NULL)
		item = cm_peer_queue_find(&peer->ready, id);
	return item;
}

/* Wherever a record is by now, its receipt counts: it is the peer's durable word. */
void cm_peer_settle(struct cm_peer *peer, const struct cm_peer_flight *flight,
    const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	for (size_t i = 0; i < input->receipts_count; i++) {
		const struct cm_receipt *receipt = &input->receipts[i];
		struct cm_peer_item *item = find_item(peer, flight, &receipt->id);

		if (item == NULL) {
			peer->strays_count++;
			continue;
		}
		if (!is_final(receipt)) {
			cm_peer_queue_by_due(&peer->waiting, item,
			    (struct cm_mono){input->now.ms + retry_ms(receipt)});
			continue;
		}
		item->verdict = *receipt;
		cm_peer_queue_leave(item);
		peer->items_count--;
		cm_list_append(&effects->forgotten, &item->node);
	}
}
