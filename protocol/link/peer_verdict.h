/*
 * What a peer's receipts do to the records they name: forget, or try again later. Internal to the
 * peer core.
 */
#ifndef CM_LINK_PEER_VERDICT_H
#define CM_LINK_PEER_VERDICT_H

#include "protocol/link/peer.h"

/* Take the receipts of `input`; `flight`, where their records most likely are, may be NULL. */
void cm_peer_settle(struct cm_peer *peer, const struct cm_peer_flight *flight,
    const struct cm_peer_input *input, struct cm_peer_effects *effects);

#endif
