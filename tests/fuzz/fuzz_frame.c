/* What a peer can send: scan, envelope, and each record by its kind; what decodes must encode. */
#include <assert.h>

#include "protocol/wire/codec.h"

static void try_record(const struct cm_record *record, struct cm_arena *arena)
{
	const struct cm_schema *schema = cm_schema_of((enum cm_kind)record->kind);
	void *msg = schema != NULL ? cm_arena_alloc(arena, 1, schema->size) : NULL;
	struct cm_buf again;
	struct cm_err err;

	cm_buf_init(&again, 0);
	if (msg != NULL && cm_record_decode(record->kind, record->body, arena, msg, &err) == CM_OK)
		assert(cm_record_encode(record->kind, msg, &again, &err) == CM_OK);
	(void)cm_wire_describe(
	    schema != NULL ? schema : &cm_op_schema, record->body.data, record->body.len, &again);
	cm_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_envelope envelope;
	struct cm_arena arena;
	struct cm_err err;

	cm_arena_init(&arena, 0);
	if (cm_envelope_decode(data, size, &arena, &envelope, &err) == CM_OK) {
		for (size_t i = 0; i < envelope.records_count; i++)
			try_record(&envelope.records[i], &arena);
	}
	/* The same bytes as the body of a record, so that bodies are reached without an envelope.
	 */
	for (uint32_t kind = CM_KIND_DEMAND; kind <= CM_KIND_OP_REPLY; kind++)
		try_record(&(struct cm_record){.kind = kind, .body = {data, size}}, &arena);
	cm_arena_fini(&arena);
	assert(cm_alloc_live() == 0);
	return 0;
}
