/*
 * What of an audit bundle holds, by public keys alone: no ledger, no network, no clock.
 *
 * It is said in sentences, one for each thing that was looked at. Whose key was whose at a time is asked of the
 * caller, who has the fleet manifest under the root's signature, or keys that somebody handed over. Whether the
 * rule texts are those of the digests is the engine's to say, and so the caller's.
 */
#ifndef CM_AUDIT_VERIFY_H
#define CM_AUDIT_VERIFY_H

#include "protocol/audit/bundle.h"

enum cm_audit_verdict {
	CM_AUDIT_HOLDS,
	CM_AUDIT_FAILS,
	CM_AUDIT_NOTE, /* neither: what is not here */
};

struct cm_audit_keys {
	void *data; /* borrowed */
	bool (*is_key)(void *data, const char *name, const uint8_t key[32], int64_t at_ms);
};

typedef void (*cm_audit_line_cb)(void *data, enum cm_audit_verdict verdict, const char *sentence);

struct cm_audit_sums {
	size_t held;
	size_t failed;
};

/* CM_OK when all was looked at, whatever held; CM_NO_MEMORY. Needs cm_seal_start. */
enum cm_status cm_audit_verify(const struct cm_bundle *bundle, const struct cm_audit_keys *keys,
    cm_audit_line_cb on_line, void *data, struct cm_audit_sums *sums) CM_MUST_USE;

#endif
