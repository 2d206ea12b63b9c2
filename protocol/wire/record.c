#include "protocol/wire/codec.h"

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

	return schema != NULL ? cm_wire_encode(schema, msg, out, err) : unknown_kind(kind, err);
}

enum cm_status cm_record_decode(
    uint32_t kind, struct cm_bytes body, struct cm_arena *arena, void *out, struct cm_err *err)
{
	const struct cm_schema *schema = cm_schema_of((enum cm_kind)kind);

	if (schema == NULL)
		return unknown_kind(kind, err);
	return cm_wire_decode(schema, body.data, body.len, arena, out, err);
}
