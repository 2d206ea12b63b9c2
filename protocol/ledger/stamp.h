/*
 * A stamp: what the signer of a commit says, and its signature. The ledger keeps it and never reads it; what the
 * bytes under a signature are is protocol/seal/proof.h's. Plain data.
 */
#ifndef CM_LEDGER_STAMP_H
#define CM_LEDGER_STAMP_H

#include <stdint.h>

#define CM_LEDGER_HASH_BYTES 32
#define CM_LEDGER_KEY_BYTES 32
#define CM_LEDGER_SIGNATURE_BYTES 64

struct cm_ledger_stamp {
	int64_t at_ms; /* wall time of signing */
	uint64_t seq;  /* the end of the chain with this commit, or at a checkpoint */
	uint8_t head[CM_LEDGER_HASH_BYTES];
	uint8_t key[CM_LEDGER_KEY_BYTES]; /* the signer's public one */
	uint8_t signature[CM_LEDGER_SIGNATURE_BYTES];
};

/* A commit that was signed: its stamp, and the leaves under it. */
struct cm_ledger_seal {
	struct cm_ledger_stamp stamp;
	uint64_t number;       /* among the signed commits, from 1 */
	uint32_t leaves_count; /* 0: there is no seal */
	const uint8_t *leaves; /* so many hashes; borrowed */
};

#endif
