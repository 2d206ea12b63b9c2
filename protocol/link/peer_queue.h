/*
 * The queues of the peer core: counted lists of items that know where they are. Nothing here decides
 * anything. Internal to peer.c and peer_queue.c.
 */
#ifndef CM_LINK_PEER_QUEUE_H
#define CM_LINK_PEER_QUEUE_H

#include "protocol/link/peer.h"

void cm_peer_queue_init(struct cm_peer_queue *queue);

/* NULL when empty. */
struct cm_peer_item *cm_peer_queue_first(const struct cm_peer_queue *queue);
struct cm_peer_item *cm_peer_queue_next(
    const struct cm_peer_queue *queue, const struct cm_peer_item *item);

/* Each takes the item out of the queue it is in, if any. */
void cm_peer_queue_leave(struct cm_peer_item *item);
void cm_peer_queue_append(struct cm_peer_queue *queue, struct cm_peer_item *item);
void cm_peer_queue_by_order(struct cm_peer_queue *queue, struct cm_peer_item *item);
void cm_peer_queue_by_order_late(struct cm_peer_queue *queue, struct cm_peer_item *item);
void cm_peer_queue_by_due(
    struct cm_peer_queue *queue, struct cm_peer_item *item, struct cm_mono due);

/* The item with this id, or NULL; in `ready`, only among those sent before. */
struct cm_peer_item *cm_peer_queue_find(const struct cm_peer_queue *queue, const struct cm_id *id);

struct cm_peer_note *cm_peer_notes_first(const struct cm_peer_queue *queue);
void cm_peer_notes_append(struct cm_peer_queue *queue, struct cm_peer_note *note);
struct cm_peer_note *cm_peer_notes_take(struct cm_peer_queue *queue);

/* Move all notes of `from` before those of `to`. */
void cm_peer_notes_give_back(struct cm_peer_queue *from, struct cm_peer_queue *to);

#endif
