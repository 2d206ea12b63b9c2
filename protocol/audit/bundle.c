#include "protocol/audit/bundle.h"

#include <stddef.h>

/* clang-format off */
#define FIELD(k, s, m, field_kind, need, low, high, says)                                          \
	{.key = (k), .name = #m, .kind = (field_kind), .required = (need),                         \
	    .offset = offsetof(struct s, m), .least = (low), .most = (high), .meaning = (says)}
#define LIST(k, s, m, need, high, says)                                                            \
	{.key = (k), .name = #m, .kind = CM_FIELD_STRUCTS, .required = (need),                     \
	    .offset = offsetof(struct s, m), .count_offset = offsetof(struct s, m##_count),        \
	    .most = (high), .nested = &s##_##m##_schema, .meaning = (says)}
#define SCHEMA(title, s, table, bytes)                                                             \
	{.name = (title), .size = sizeof(struct s), .most_bytes = (bytes), .fields = (table),      \
	    .fields_count = sizeof(table) / sizeof(table)[0]}

#define HASH 32
#define PROOF_LEAST 152 /* protocol/seal/proof.h */
#define PROOF_MOST (PROOF_LEAST + CM_MAX_PATH_BYTES)

static const struct cm_field row_fields[] = {
    FIELD(1, cm_bundle_row, seq, CM_FIELD_U64, true, 0, 0, "place in the journal"),
    FIELD(2, cm_bundle_row, at_ms, CM_FIELD_I64, true, 0, 0, "wall time of what it is about"),
    FIELD(3, cm_bundle_row, kind, CM_FIELD_U32, true, 0, UINT32_MAX, "number of the kind"),
    FIELD(4, cm_bundle_row, sender, CM_FIELD_TEXT, false, 1, 256, "whose message caused it"),
    FIELD(5, cm_bundle_row, before, CM_FIELD_BYTES, true, HASH, HASH, "the chain before it"),
    FIELD(6, cm_bundle_row, hash, CM_FIELD_BYTES, true, HASH, HASH, "and with it"),
    FIELD(7, cm_bundle_row, body, CM_FIELD_BYTES, false, 1, 8 * 1024 * 1024, "its bytes"),
    FIELD(8, cm_bundle_row, withheld, CM_FIELD_BOOL, false, 0, 0, "its bytes are not here"),
    FIELD(9, cm_bundle_row, kept, CM_FIELD_BYTES, false, PROOF_LEAST, PROOF_MOST, "the keeper's proof"),
    FIELD(10, cm_bundle_row, id, CM_FIELD_ID, false, 0, 0, "of the record that it is"),
    FIELD(11, cm_bundle_row, said, CM_FIELD_BYTES, false, PROOF_LEAST, PROOF_MOST, "the sender's proof"),
};
static const struct cm_schema cm_bundle_ledger_rows_schema = SCHEMA("row", cm_bundle_row, row_fields, 0);

static const struct cm_field receipt_fields[] = {
    FIELD(1, cm_bundle_receipt, peer, CM_FIELD_TEXT, true, 1, 256, "who received it"),
    FIELD(2, cm_bundle_receipt, id, CM_FIELD_ID, true, 0, 0, "which record"),
    FIELD(3, cm_bundle_receipt, status, CM_FIELD_U32, true, 0, UINT32_MAX, "what was answered"),
    FIELD(4, cm_bundle_receipt, reason, CM_FIELD_TEXT, false, 1, CM_MAX_REASON_BYTES, "in a sentence"),
    FIELD(5, cm_bundle_receipt, proof, CM_FIELD_BYTES, true, PROOF_LEAST, PROOF_MOST, "its proof"),
};
static const struct cm_schema cm_bundle_ledger_receipts_schema =
    SCHEMA("bundle_receipt", cm_bundle_receipt, receipt_fields, 0);

static const struct cm_field checkpoint_fields[] = {
    FIELD(1, cm_bundle_checkpoint, peer, CM_FIELD_TEXT, true, 1, 256, "whose chain"),
    FIELD(2, cm_bundle_checkpoint, at_ms, CM_FIELD_I64, true, 0, 0, "when it was signed"),
    FIELD(3, cm_bundle_checkpoint, seq, CM_FIELD_U64, true, 0, 0, "its end"),
    FIELD(4, cm_bundle_checkpoint, head, CM_FIELD_BYTES, true, HASH, HASH, "the hash there"),
    FIELD(5, cm_bundle_checkpoint, key, CM_FIELD_BYTES, true, 32, 32, "the signer's public key"),
    FIELD(6, cm_bundle_checkpoint, signature, CM_FIELD_BYTES, true, 64, 64, "Ed25519"),
};
static const struct cm_schema cm_bundle_ledger_checkpoints_schema =
    SCHEMA("checkpoint", cm_bundle_checkpoint, checkpoint_fields, 0);

static const struct cm_field mark_fields[] = {
    FIELD(1, cm_bundle_mark, seq, CM_FIELD_U64, true, 0, 0, "a row"),
    FIELD(2, cm_bundle_mark, hash, CM_FIELD_BYTES, true, HASH, HASH, "the chain with it"),
};
static const struct cm_schema cm_bundle_ledger_marks_schema = SCHEMA("mark", cm_bundle_mark, mark_fields, 0);

static const struct cm_field ledger_fields[] = {
    FIELD(1, cm_bundle_ledger, name, CM_FIELD_TEXT, true, 1, CM_MAX_NAME_BYTES, "its keeper"),
    FIELD(2, cm_bundle_ledger, end, CM_FIELD_U64, true, 0, 0, "seq of its last row"),
    FIELD(3, cm_bundle_ledger, end_hash, CM_FIELD_BYTES, true, HASH, HASH, "the chain there"),
    LIST(4, cm_bundle_ledger, rows, false, CM_BUNDLE_MOST_ROWS, "of the case"),
    LIST(5, cm_bundle_ledger, receipts, false, CM_BUNDLE_MOST_ROWS, "for what was sent about it"),
    LIST(6, cm_bundle_ledger, checkpoints, false, CM_BUNDLE_MOST_MARKS, "of peers"),
    LIST(7, cm_bundle_ledger, marks, false, CM_BUNDLE_MOST_MARKS, "where others hold its signature"),
    FIELD(8, cm_bundle_ledger, broken_at, CM_FIELD_U64, false, 0, 0, "its chain broke here at the export"),
};
static const struct cm_schema cm_bundle_ledgers_schema =
    SCHEMA("ledger", cm_bundle_ledger, ledger_fields, 0);

static const struct cm_field law_fields[] = {
    FIELD(1, cm_bundle_law, path, CM_FIELD_TEXT, true, 1, CM_MAX_TEXT_BYTES, "name of the file"),
    FIELD(2, cm_bundle_law, text, CM_FIELD_TEXT, false, 1, CM_BUNDLE_MOST_LAW_BYTES, "all of it"),
};
static const struct cm_schema cm_bundle_law_schema = SCHEMA("law", cm_bundle_law, law_fields, 0);

static const struct cm_field bundle_fields[] = {
    {.key = 1, .name = "version", .kind = CM_FIELD_U32, .required = true,
	.offset = offsetof(struct cm_bundle, version), .least = CM_BUNDLE_VERSION,
	.most = CM_BUNDLE_VERSION, .refuse = CM_VERSION, .meaning = "of this form"},
    FIELD(2, cm_bundle, case_id, CM_FIELD_ID, true, 0, 0, "the case"),
    FIELD(3, cm_bundle, made_ms, CM_FIELD_I64, true, 0, 0, "when it was made"),
    LIST(4, cm_bundle, ledgers, true, CM_BUNDLE_MOST_LEDGERS, "what each of them holds"),
    LIST(5, cm_bundle, law, false, CM_BUNDLE_MOST_LAW_FILES, "the rules that were loaded"),
    FIELD(6, cm_bundle, manifest, CM_FIELD_BYTES, false, 1, CM_MAX_RECORD_BYTES, "signed by the root"),
};
/* clang-format on */

const struct cm_schema cm_bundle_schema =
    SCHEMA("bundle", cm_bundle, bundle_fields, CM_BUNDLE_MOST_BYTES);

enum cm_status cm_bundle_encode(
    const struct cm_bundle *bundle, struct cm_buf *out, struct cm_err *err)
{
	return cm_wire_encode(&cm_bundle_schema, bundle, out, err);
}

enum cm_status cm_bundle_decode(const uint8_t *data, size_t len, struct cm_arena *arena,
    struct cm_bundle *out, struct cm_err *err)
{
	return cm_wire_decode(&cm_bundle_schema, data, len, arena, out, err);
}
