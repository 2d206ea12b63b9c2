/*
 * The envelopes of the peer core: what goes into one, how many may travel. It decides the content of
 * an envelope and never the state of the link. Internal to the peer core.
 */
#ifndef CM_LINK_PEER_FLIGHT_H
#define CM_LINK_PEER_FLIGHT_H

#include "protocol/link/peer.h"

/* Bytes a record takes in an envelope, from above. */
size_t cm_peer_cost(const struct cm_peer_item *item);

/* The envelope under way with this token, or NULL. */
struct cm_peer_flight *cm_peer_flight_of(const struct cm_peer *peer, uint64_t token);

/* The one place reserved for heartbeats. */
struct cm_peer_flight *cm_peer_flight_of_beat(const struct cm_peer *peer);

/* When the next envelope is to go: `now` if there is content and a place for it, later if only receipts
 * wait, CM_PEER_NEVER without either. */
struct cm_mono cm_peer_flight_due(const struct cm_peer *peer, struct cm_mono now);

/* Make ready what came with leisure. */
void cm_peer_flight_join(struct cm_peer *peer);

/* Send all that is ready as far as the window allows. */
void cm_peer_flight_send(struct cm_peer *peer, struct cm_mono now, struct cm_peer_effects *effects);

/* Send a heartbeat if it is time and none travels. */
void cm_peer_flight_beat(struct cm_peer *peer, struct cm_mono now, struct cm_peer_effects *effects);

#endif
