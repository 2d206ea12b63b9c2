#include "protocol/link/peer_queue.h"

#include <assert.h>

void cm_peer_queue_init(struct cm_peer_queue *queue)
{
	cm_list_init(&queue->list);
	queue->count = 0;
}

static struct cm_peer_item *item_at(const struct cm_peer_queue *queue, struct cm_link_node *node)
{
	return node == &queue->list.head ? NULL : CM_CONTAINER(node, struct cm_peer_item, node);
}

struct cm_peer_item *cm_peer_queue_first(const struct cm_peer_queue *queue)
{
	return item_at(queue, queue->list.head.next);
}

struct cm_peer_item *cm_peer_queue_next(
    const struct cm_peer_queue *queue, const struct cm_peer_item *item)
{
	return item_at(queue, item->node.next);
}

void cm_peer_queue_leave(struct cm_peer_item *item)
{
	if (item->queue == NULL)
		return;
	assert(item->queue->count > 0);
	item->queue->count--;
	item->queue = NULL;
	cm_list_remove(&item->node);
}

/* Before `next`, which may be the head. */
static void insert_before(
    struct cm_peer_queue *queue, struct cm_link_node *next, struct cm_peer_item *item)
{
	item->node.prev = next->prev;
	item->node.next = next;
	next->prev->next = &item->node;
	next->prev = &item->node;
	item->queue = queue;
	queue->count++;
}

void cm_peer_queue_append(struct cm_peer_queue *queue, struct cm_peer_item *item)
{
	cm_peer_queue_leave(item);
	insert_before(queue, &queue->list.head, item);
}

/* From the front: what comes back is old and belongs near it. */
void cm_peer_queue_by_order(struct cm_peer_queue *queue, struct cm_peer_item *item)
{
	struct cm_peer_item *other;

	cm_peer_queue_leave(item);
	for (other = cm_peer_queue_first(queue); other != NULL;
	     other = cm_peer_queue_next(queue, other))
		if (other->order > item->order)
			break;
	insert_before(queue, other != NULL ? &other->node : &queue->list.head, item);
}

/* From the back: what has only waited a moment is younger than nearly all. */
void cm_peer_queue_by_order_late(struct cm_peer_queue *queue, struct cm_peer_item *item)
{
	struct cm_link_node *before;

	cm_peer_queue_leave(item);
	for (before = queue->list.head.prev; before != &queue->list.head; before = before->prev)
		if (item_at(queue, before)->order < item->order)
			break;
	insert_before(queue, before->next, item);
}

/* From the back: most terms are alike, so the new one is mostly the last. */
void cm_peer_queue_by_due(
    struct cm_peer_queue *queue, struct cm_peer_item *item, struct cm_mono due)
{
	struct cm_link_node *before;

	cm_peer_queue_leave(item);
	item->due = due;
	for (before = queue->list.head.prev; before != &queue->list.head; before = before->prev)
		if (item_at(queue, before)->due.ms <= due.ms)
			break;
	insert_before(queue, before->next, item);
}

struct cm_peer_item *cm_peer_queue_find(const struct cm_peer_queue *queue, const struct cm_id *id)
{
	struct cm_peer_item *item;

	for (item = cm_peer_queue_first(queue); item != NULL;
	     item = cm_peer_queue_next(queue, item)) {
		if (item->sends_count == 0)
			return NULL; /* and so are all behind it */
		if (cm_id_equal(&item->record.id, id))
			return item;
	}
	return NULL;
}

struct cm_peer_note *cm_peer_notes_first(const struct cm_peer_queue *queue)
{
	struct cm_link_node *node = queue->list.head.next;

	return node == &queue->list.head ? NULL : CM_CONTAINER(node, struct cm_peer_note, node);
}

void cm_peer_notes_append(struct cm_peer_queue *queue, struct cm_peer_note *note)
{
	cm_list_append(&queue->list, &note->node);
	queue->count++;
}

struct cm_peer_note *cm_peer_notes_take(struct cm_peer_queue *queue)
{
	struct cm_link_node *node = cm_list_take(&queue->list);

	if (node == NULL)
		return NULL;
	queue->count--;
	return CM_CONTAINER(node, struct cm_peer_note, node);
}

void cm_peer_notes_give_back(struct cm_peer_queue *from, struct cm_peer_queue *to)
{
	struct cm_link_node *first = to->list.head.next;
	struct cm_peer_note *note;

	while ((note = cm_peer_notes_take(from)) != NULL) {
		note->node.prev = first->prev;
		note->node.next = first;
		first->prev->next = &note->node;
		first->prev = &note->node;
		to->count++;
	}
}
