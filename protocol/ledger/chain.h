/*
 * The chain: each journal row's hash covers the row and the hash before it, so that a row cannot be
 * changed, taken out or moved without changing every hash behind it. Pure; private to
 *protocol/ledger.
 *
 * hash = BLAKE2b-256 over, numbers big-endian:
 *	32 bytes  hash of the row before, zeros before the first
 *	 8        seq
 *	 8        at_ms, two's complement
 *	 4        kind
 *	16        case id, zeros if none
 *	 4        length of the sender
 *	 8        length of the body
 *	          sender, body
 * The lengths stand before both texts, so that no two rows give the same bytes.
 */
#ifndef CM_LEDGER_CHAIN_H
#define CM_LEDGER_CHAIN_H

#include "protocol/ledger/reader.h"

/* The hash of `row` (whose own hash is not looked at) behind `before`. `out` may be `before`. */
void cm_chain_hash(const uint8_t before[CM_LEDGER_HASH_BYTES], const struct cm_journal_row *row,
    uint8_t out[CM_LEDGER_HASH_BYTES]);

/* A head as meta keeps it: seq, then the hash. */
#define CM_HEAD_BYTES (8 + CM_LEDGER_HASH_BYTES)
void cm_head_encode(const struct cm_ledger_head *head, uint8_t out[CM_HEAD_BYTES]);
bool cm_head_decode(const uint8_t *bytes, size_t len, struct cm_ledger_head *out);

#endif
