#include "protocol/wire/codec.h"

#include <string.h>

#include "protocol/wire/fold.h"

static bool is_same(const struct cm_bytes *a, const struct cm_bytes *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Records of one commit mostly stand together: the last is looked at first. */
static uint32_t number_of(const struct cm_stamp *by, struct cm_stamp *stamps, size_t *count)
{
	if (by == NULL)
		return 0;
	for (size_t i = *count; i > 0; i--)
		if (is_same(&stamps[i - 1].signature, &by->signature))
			return (uint32_t)i;
	stamps[(*count)++] = *by;
	return (uint32_t)*count;
}

size_t cm_envelope_number(struct cm_record *records, size_t records_count,
    struct cm_receipt *receipts, size_t receipts_count, struct cm_stamp *stamps)
{
	size_t count = 0;

	for (size_t i = 0; i < receipts_count; i++)
		receipts[i].proof.stamp = number_of(receipts[i].proof.by, stamps, &count);
	for (size_t i = 0; i < records_count; i++)
		records[i].proof.stamp = number_of(records[i].proof.by, stamps, &count);
	return count;
}

static enum cm_status find_stamp(const struct cm_envelope *envelope, const char *what, size_t place,
    struct cm_proof *proof, struct cm_err *err)
{
	if (proof->stamp > envelope->stamps_count)
		return cm_err_set(err, CM_BAD_INPUT, "envelope.%s[%zu].stamp: %u of %zu", what, place,
		    (unsigned)proof->stamp, envelope->stamps_count);
	proof->by = proof->stamp > 0 ? &envelope->stamps[proof->stamp - 1] : NULL;
	return CM_OK;
}

/* The arrays were just decoded, and nobody else has them. */
static enum cm_status find_stamps(struct cm_envelope *envelope, struct cm_err *err)
{
	struct cm_record *records = (struct cm_record *)envelope->records;
	struct cm_receipt *receipts = (struct cm_receipt *)envelope->receipts;
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < envelope->receipts_count; i++)
		status = find_stamp(envelope, "receipts", i, &receipts[i].proof, err);
	for (size_t i = 0; status == CM_OK && i < envelope->records_count; i++)
		status = find_stamp(envelope, "records", i, &records[i].proof, err);
	return status;
}

enum cm_status cm_envelope_encode(
    const struct cm_envelope *envelope, struct cm_buf *out, struct cm_err *err)
{
	return cm_wire_encode(&cm_envelope_schema, envelope, out, err);
}

enum cm_status cm_envelope_decode(const uint8_t *data, size_t len, struct cm_arena *arena,
    struct cm_envelope *out, struct cm_err *err)
{
	enum cm_status status = cm_wire_decode(&cm_envelope_schema, data, len, arena, out, err);

	if (status == CM_OK)
		status = find_stamps(out, err);
	if (status != CM_OK)
		cm_wire_clear(&cm_envelope_schema, out);
	return status;
}

static enum cm_status unknown_kind(uint32_t kind, struct cm_err *err)
{
	return cm_err_set(err, CM_UNKNOWN_KIND, "record: kind %u is not known here", kind);
}

enum cm_status cm_record_encode(
    uint32_t kind, const void *msg, struct cm_buf *out, struct cm_err *err)
{
	const struct cm_schema *schema = cm_schema_of((enum cm_kind)kind);
	size_t start = out->len;
	struct cm_folded folded;
	enum cm_status status;
	size_t whole;

	if (schema == NULL)
		return unknown_kind(kind, err);
	status = cm_fold(kind, msg, &folded);
	if (status != CM_OK)
		(void)cm_err_set(err, status, "%s: no memory to encode it", schema->name);
	else
		status = cm_wire_encode(schema, folded.msg, out, err);
	whole = out->len - start + folded.saved_bytes;
	if (status == CM_OK && whole > cm_fold_most(kind)) {
		out->len = start;
		out->data[start] = 0;
		status = cm_err_set(err, CM_TOO_LARGE, "%s: %zu bytes written out, at most %zu",
		    schema->name, whole, cm_fold_most(kind));
	}
	cm_folded_fini(&folded);
	return status;
}

enum cm_status cm_record_decode(
    uint32_t kind, struct cm_bytes body, struct cm_arena *arena, void *out, struct cm_err *err)
{
	const struct cm_schema *schema = cm_schema_of((enum cm_kind)kind);
	enum cm_status status;

	if (schema == NULL)
		return unknown_kind(kind, err);
	status = cm_wire_decode(schema, body.data, body.len, arena, out, err);
	if (status != CM_OK)
		return status;
	status = cm_unfold(kind, out, body.len, arena, err);
	if (status != CM_OK) {
		(void)cm_err_wrap(err, "%s", schema->name);
		cm_wire_clear(schema, out);
	}
	return status;
}

struct cm_id cm_notice_name(const struct cm_id *case_id, struct cm_bytes body)
{
	return cm_id_derive_bytes(case_id, body.data, body.len);
}
