#include "protocol/wire/codec.h"

#include "protocol/wire/fold.h"

enum cm_status cm_envelope_encode(
    const struct cm_envelope *envelope, struct cm_buf *out, struct cm_err *err)
{
	return cm_wire_encode(&cm_envelope_schema, envelope, out, err);
}

enum cm_status cm_envelope_decode(const uint8_t *data, size_t len, struct cm_arena *arena,
    struct cm_envelope *out, struct cm_err *err)
{
	return cm_wire_decode(&cm_envelope_schema, data, len, arena, out, err);
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
