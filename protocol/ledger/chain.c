#include "protocol/ledger/chain.h"

#include <sodium.h>
#include <string.h>

#define HEADER_BYTES (CM_LEDGER_HASH_BYTES + 8 + 8 + 4 + 16 + 4 + 8)

static uint8_t *put_number(uint8_t *out, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		out[i] = (uint8_t)value;
		value >>= 8;
	}
	return out + bytes;
}

static uint8_t *put_bytes(uint8_t *out, const uint8_t *bytes, size_t len)
{
	memcpy(out, bytes, len);
	return out + len;
}

void cm_chain_hash(const uint8_t before[CM_LEDGER_HASH_BYTES], const struct cm_journal_row *row,
    uint8_t out[CM_LEDGER_HASH_BYTES])
{
	uint8_t header[HEADER_BYTES];
	size_t sender_len = strlen(row->sender);
	crypto_generichash_state state;
	uint8_t *at = header;

	at = put_bytes(at, before, CM_LEDGER_HASH_BYTES);
	at = put_number(at, row->seq, 8);
	at = put_number(at, (uint64_t)row->at_ms, 8);
	at = put_number(at, row->kind, 4);
	at = put_bytes(at, row->case_id.bytes, sizeof row->case_id.bytes);
	at = put_number(at, sender_len, 4);
	(void)put_number(at, row->body_len, 8);

	(void)crypto_generichash_init(&state, NULL, 0, CM_LEDGER_HASH_BYTES);
	(void)crypto_generichash_update(&state, header, sizeof header);
	(void)crypto_generichash_update(&state, (const uint8_t *)row->sender, sender_len);
	if (row->body_len != 0)
		(void)crypto_generichash_update(&state, row->body, row->body_len);
	(void)crypto_generichash_final(&state, out, CM_LEDGER_HASH_BYTES);
}

void cm_head_encode(const struct cm_ledger_head *head, uint8_t out[CM_HEAD_BYTES])
{
	(void)put_bytes(put_number(out, head->seq, 8), head->hash, sizeof head->hash);
}

bool cm_head_decode(const uint8_t *bytes, size_t len, struct cm_ledger_head *out)
{
	if (bytes == NULL || len != CM_HEAD_BYTES)
		return false;
	out->seq = 0;
	for (int i = 0; i < 8; i++)
		out->seq = out->seq << 8 | bytes[i];
	memcpy(out->hash, bytes + 8, sizeof out->hash);
	return true;
}
