#include "protocol/audit/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/audit/verify_parts.h"

void cm_audit_say(struct cm_audit *audit, enum cm_audit_verdict verdict, const char *fmt, ...)
{
	char line[CM_AUDIT_LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	audit->sums->held += verdict == CM_AUDIT_HOLDS;
	audit->sums->failed += verdict == CM_AUDIT_FAILS;
	audit->on_line(audit->data, verdict, line);
}

enum cm_status cm_audit_prove(struct cm_audit *audit, const struct cm_bundle_ledger *holder,
    const char *signer, struct cm_bytes bytes, const struct cm_hash *leaf,
    struct cm_signed_proof *out, struct cm_err *err)
{
	struct cm_hash root;
	enum cm_status status = cm_signed_proof_decode(bytes.data, bytes.len, out, err);

	if (status == CM_OK)
		status = cm_signed_proof_check(out, leaf, &root, err);
	if (status == CM_OK &&
	    !audit->keys->is_key(audit->keys->data, signer, out->key, out->words.at_ms))
		status = cm_err_set(
		    err, CM_NOT_ALLOWED, "it is signed by a key that was not %s's", signer);
	if (status == CM_OK)
		cm_audit_head_add(
		    audit, signer, holder->name, out->words.seq, out->words.head);
	return status;
}

static void look_at_receipt(struct cm_audit *audit, const struct cm_bundle_ledger *ledger,
    const struct cm_bundle_receipt *receipt)
{
	struct cm_signed_proof proof;
	struct cm_err err = {.text = ""};
	struct cm_hash leaf;
	char id[CM_ID_TEXT_BYTES];

	cm_id_print(&receipt->id, id);
	cm_proof_leaf_receipt(&receipt->id, receipt->status, ledger->name, receipt->reason, &leaf);
	if (cm_audit_prove(audit, ledger, receipt->peer, receipt->proof, &leaf, &proof, &err) != CM_OK)
		cm_audit_say(audit, CM_AUDIT_FAILS, "%s: the receipt of %s for record %s: %s",
		    ledger->name, receipt->peer, id, err.text);
	else
		cm_audit_say(audit, CM_AUDIT_HOLDS, "%s: %s signed that it has record %s (%s)",
		    ledger->name, receipt->peer, id, cm_status_name((enum cm_status)receipt->status));
}

static void look_at_ledger(struct cm_audit *audit, const struct cm_bundle_ledger *ledger)
{
	if (ledger->broken_at != 0)
		cm_audit_say(audit, CM_AUDIT_FAILS,
		    "%s: the chain of its ledger was broken at row %llu when the bundle was made",
		    ledger->name, (unsigned long long)ledger->broken_at);
	cm_audit_rows(audit, ledger);
	for (size_t i = 0; i < ledger->receipts_count; i++)
		look_at_receipt(audit, ledger, &ledger->receipts[i]);
	cm_audit_checkpoints(audit, ledger);
}

enum cm_status cm_audit_verify(const struct cm_bundle *bundle, const struct cm_audit_keys *keys,
    cm_audit_line_cb on_line, void *data, struct cm_audit_sums *sums)
{
	struct cm_audit audit = {
	    .bundle = bundle, .keys = keys, .on_line = on_line, .data = data, .sums = sums};

	*sums = (struct cm_audit_sums){0};
	for (size_t i = 0; i < bundle->ledgers_count; i++) {
		for (size_t j = 0; j < i; j++)
			if (strcmp(bundle->ledgers[i].name, bundle->ledgers[j].name) == 0)
				cm_audit_say(&audit, CM_AUDIT_FAILS, "%s stands in the bundle twice",
				    bundle->ledgers[i].name);
		look_at_ledger(&audit, &bundle->ledgers[i]);
	}
	cm_audit_heads(&audit);
	cm_free(audit.heads);
	return audit.trouble;
}
