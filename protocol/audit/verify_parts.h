/* What the files of the verification share. Private to protocol/audit. */
#ifndef CM_AUDIT_VERIFY_PARTS_H
#define CM_AUDIT_VERIFY_PARTS_H

#include "protocol/audit/verify.h"
#include "protocol/seal/proof.h"

#define CM_AUDIT_LINE_BYTES 1024

/* Somebody's signature on the end of their chain, wherever in the bundle it was found. */
struct cm_audit_head {
	char signer[CM_MAX_NAME_BYTES + 1]; /* a copy: it may be told by a row that was decoded in passing */
	const char *holder;                 /* borrowed from the bundle: in whose ledger it lies */
	uint64_t seq;
	uint8_t hash[CM_DIGEST_BYTES];
};

struct cm_audit {
	const struct cm_bundle *bundle;
	const struct cm_audit_keys *keys;
	cm_audit_line_cb on_line;
	void *data;
	struct cm_audit_sums *sums;
	struct cm_audit_head *heads; /* owned */
	size_t heads_count;
	size_t heads_cap;
	enum cm_status trouble; /* CM_NO_MEMORY */
};

void cm_audit_say(struct cm_audit *audit, enum cm_audit_verdict verdict, const char *fmt, ...)
    CM_PRINTF(3, 4);

/* verify_heads.c */
void cm_audit_head_add(struct cm_audit *audit, const char *signer, const char *holder, uint64_t seq,
    const uint8_t hash[CM_DIGEST_BYTES]);
void cm_audit_checkpoints(struct cm_audit *audit, const struct cm_bundle_ledger *ledger);
void cm_audit_heads(struct cm_audit *audit); /* all of them beside each other, and beside the ledgers */

/* verify_row.c */
void cm_audit_rows(struct cm_audit *audit, const struct cm_bundle_ledger *ledger);

/* verify.c: whether `bytes` prove that leaf by a key of `signer`; its head is noted. */
enum cm_status cm_audit_prove(struct cm_audit *audit, const struct cm_bundle_ledger *holder,
    const char *signer, struct cm_bytes bytes, const struct cm_hash *leaf,
    struct cm_signed_proof *out, struct cm_err *err) CM_MUST_USE;

#endif
