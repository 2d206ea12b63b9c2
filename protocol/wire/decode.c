#include "protocol/wire/codec.h"

#include <string.h>

#include "protocol/wire/check.h"
#include "protocol/wire/tree.h"

struct reader {
	struct cm_arena *arena; /* borrowed */
	struct cm_err *err;     /* borrowed, may be NULL */
};

static enum cm_status decode_struct(struct reader *reader, const struct cm_schema *schema,
    const msgpack_object *object, const struct cm_wire_path *path, void *out);

/* Make a struct empty as a decoded message is: all zero, texts "". */
static void clear_struct(const struct cm_schema *schema, void *out)
{
	static const char *const empty = "";

	memset(out, 0, schema->size);
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];
		char *member = (char *)out + field->offset;

		if (field->kind == CM_FIELD_TEXT)
			memcpy(member, &empty, sizeof empty);
		else if (field->kind == CM_FIELD_STRUCT)
			clear_struct(field->nested, member);
	}
}

static enum cm_status wrong_type(struct reader *reader, const char *wanted,
    const msgpack_object *object, const struct cm_wire_path *path)
{
	return cm_wire_refuse(path, reader->err, CM_BAD_INPUT, "must be %s, is %s", wanted,
	    cm_wire_object_name(object));
}

static enum cm_status no_memory(struct reader *reader, const struct cm_wire_path *path)
{
	return cm_wire_refuse(path, reader->err, CM_NO_MEMORY, "no memory to read it");
}

/*
 * The text of an object, ended by a NUL in place. The message lies in the arena as a private copy
 * with a spare byte behind it, and its tree is complete: the byte behind a text is the head of the
 * next value, which nobody reads again.
 */
static const char *end_text(const msgpack_object *object)
{
	char *text;

	if (object->via.str.size == 0)
		return "";
	memcpy(&text, &object->via.str.ptr, sizeof text);
	text[object->via.str.size] = 0;
	return text;
}

static enum cm_status decode_text(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, void *member)
{
	enum cm_status status;
	const char *text;

	if (object->type != MSGPACK_OBJECT_STR)
		return wrong_type(reader, "a text", object, path);
	status = cm_wire_check_length(field, object->via.str.size, path, reader->err);
	if (status != CM_OK)
		return status;
	text = end_text(object);
	memcpy(member, &text, sizeof text);
	return CM_OK;
}

static enum cm_status decode_bytes(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, void *member)
{
	struct cm_bytes bytes = {0};
	enum cm_status status;

	if (object->type != MSGPACK_OBJECT_BIN)
		return wrong_type(reader, "bytes", object, path);
	status = cm_wire_check_length(field, object->via.bin.size, path, reader->err);
	if (status != CM_OK)
		return status;
	if (object->via.bin.size != 0)
		bytes =
		    (struct cm_bytes){(const uint8_t *)object->via.bin.ptr, object->via.bin.size};
	memcpy(member, &bytes, sizeof bytes);
	return CM_OK;
}

static enum cm_status decode_id(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, struct cm_id *id)
{
	if (object->type != MSGPACK_OBJECT_BIN)
		return wrong_type(reader, "bytes", object, path);
	if (object->via.bin.size != sizeof id->bytes)
		return cm_wire_refuse(path, reader->err, CM_BAD_INPUT, "%u bytes, must be %zu",
		    object->via.bin.size, sizeof id->bytes);
	memcpy(id->bytes, object->via.bin.ptr, sizeof id->bytes);
	if (field->required && cm_id_is_zero(id))
		return cm_wire_refuse(path, reader->err, CM_BAD_INPUT, "must not be empty");
	return CM_OK;
}

static enum cm_status decode_unsigned(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, void *member)
{
	enum cm_status status;
	uint32_t narrow;

	if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
		return wrong_type(reader, "a number", object, path);
	if (field->kind == CM_FIELD_U64) {
		memcpy(member, &object->via.u64, sizeof object->via.u64);
		return CM_OK;
	}
	status = cm_wire_check_number(field, object->via.u64, path, reader->err);
	if (status != CM_OK)
		return status;
	narrow = (uint32_t)object->via.u64;
	memcpy(member, &narrow, sizeof narrow);
	return CM_OK;
}

static enum cm_status decode_signed(struct reader *reader, const msgpack_object *object,
    const struct cm_wire_path *path, void *member)
{
	if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER &&
	    object->type != MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return wrong_type(reader, "a number", object, path);
	if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 > INT64_MAX)
		return cm_wire_refuse(path, reader->err, CM_BAD_INPUT,
		    "%llu is over the largest number", (unsigned long long)object->via.u64);
	memcpy(member, &object->via.i64, sizeof object->via.i64);
	return CM_OK;
}

static enum cm_status decode_bool(struct reader *reader, const msgpack_object *object,
    const struct cm_wire_path *path, void *member)
{
	if (object->type != MSGPACK_OBJECT_BOOLEAN)
		return wrong_type(reader, "true or false", object, path);
	memcpy(member, &object->via.boolean, sizeof object->via.boolean);
	return CM_OK;
}

/* Check an array and give it room. `*block` stays NULL for an empty one. */
static enum cm_status open_array(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, size_t element_bytes,
    void **block)
{
	enum cm_status status;

	*block = NULL;
	if (object->type != MSGPACK_OBJECT_ARRAY)
		return wrong_type(reader, "an array", object, path);
	status = cm_wire_check_count(field, object->via.array.size, path, reader->err);
	if (status != CM_OK || object->via.array.size == 0)
		return status;
	*block = cm_arena_alloc(reader->arena, object->via.array.size, element_bytes);
	return *block != NULL ? CM_OK : no_memory(reader, path);
}

static void close_array(const struct cm_field *field, const void *block, size_t count, void *out)
{
	memcpy((char *)out + field->offset, &block, sizeof block);
	memcpy((char *)out + field->count_offset, &count, sizeof count);
}

static enum cm_status decode_texts(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, void *out)
{
	void *block;
	enum cm_status status = open_array(reader, field, object, path, sizeof(char *), &block);
	const char **texts = block;

	if (status != CM_OK)
		return status;
	for (uint32_t i = 0; i < object->via.array.size; i++) {
		const msgpack_object *element = &object->via.array.ptr[i];
		struct cm_wire_path here = {path->up, path->name, i};

		if (element->type != MSGPACK_OBJECT_STR)
			return wrong_type(reader, "a text", element, &here);
		status = cm_wire_check_each(field, element->via.str.size, &here, reader->err);
		if (status != CM_OK)
			return status;
		texts[i] = end_text(element);
	}
	close_array(field, texts, object->via.array.size, out);
	return CM_OK;
}

static enum cm_status decode_structs(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, void *out)
{
	size_t size = field->nested->size;
	void *block;
	enum cm_status status = open_array(reader, field, object, path, size, &block);

	if (status != CM_OK)
		return status;
	for (uint32_t i = 0; i < object->via.array.size; i++) {
		struct cm_wire_path here = {path->up, path->name, i};

		status = decode_struct(reader, field->nested, &object->via.array.ptr[i], &here,
		    (char *)block + i * size);
		if (status != CM_OK)
			return status;
	}
	close_array(field, block, object->via.array.size, out);
	return CM_OK;
}

static enum cm_status decode_field(struct reader *reader, const struct cm_field *field,
    const msgpack_object *object, const struct cm_wire_path *path, void *out)
{
	void *member = (char *)out + field->offset;

	switch (field->kind) {
	case CM_FIELD_TEXT:
		return decode_text(reader, field, object, path, member);
	case CM_FIELD_BYTES:
		return decode_bytes(reader, field, object, path, member);
	case CM_FIELD_ID:
		return decode_id(reader, field, object, path, member);
	case CM_FIELD_U32:
	case CM_FIELD_U64:
	case CM_FIELD_ENUM:
		return decode_unsigned(reader, field, object, path, member);
	case CM_FIELD_I64:
		return decode_signed(reader, object, path, member);
	case CM_FIELD_BOOL:
		return decode_bool(reader, object, path, member);
	case CM_FIELD_STRUCT:
		return decode_struct(reader, field->nested, object, path, member);
	case CM_FIELD_TEXTS:
		return decode_texts(reader, field, object, path, out);
	case CM_FIELD_STRUCTS:
		return decode_structs(reader, field, object, path, out);
	}
	return cm_wire_refuse(
	    path, reader->err, CM_INTERNAL, "a table with an unknown kind of field");
}

/* Fields and keys both ascend (the scan has seen to the keys), so one walk over both is enough.
 * Recursion goes as deep as the tables are nested and no deeper. */
static enum cm_status decode_struct(struct reader *reader, const struct cm_schema *schema,
    const msgpack_object *object, const struct cm_wire_path *path, void *out)
{
	const msgpack_object_kv *pair;
	const msgpack_object_kv *end;

	clear_struct(schema, out);
	if (object->type != MSGPACK_OBJECT_MAP)
		return wrong_type(reader, "a map", object, path);
	pair = object->via.map.ptr;
	end = pair + object->via.map.size;
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];
		struct cm_wire_path here = {path, field->name, CM_WIRE_NO_INDEX};
		enum cm_status status = CM_OK;

		while (pair < end && pair->key.via.u64 < field->key)
			pair++; /* a field from a newer peer */
		if (pair < end && pair->key.via.u64 == field->key)
			status = decode_field(reader, field, &pair->val, &here, out);
		else if (field->required)
			status = cm_wire_refuse(&here, reader->err, CM_BAD_INPUT, "missing");
		if (status != CM_OK)
			return status;
	}
	return CM_OK;
}

static enum cm_status decode_scanned(const struct cm_schema *schema, const uint8_t *data,
    size_t len, const struct cm_scan_counts *counts, struct reader *reader, void *msg_out)
{
	struct cm_wire_path root = {NULL, schema->name, CM_WIRE_NO_INDEX};
	char *copy = cm_arena_text_n(reader->arena, (const char *)data, len);
	struct cm_wire_tree tree;
	enum cm_status status;

	if (copy == NULL)
		return no_memory(reader, &root);
	status = cm_wire_tree_init(&tree, (const uint8_t *)copy, len, counts, reader->err);
	if (status == CM_OK)
		status = decode_struct(reader, schema, &tree.root, &root, msg_out);
	cm_wire_tree_fini(&tree);
	return status;
}

enum cm_status cm_wire_decode(const struct cm_schema *schema, const uint8_t *data, size_t len,
    struct cm_arena *arena, void *msg_out, struct cm_err *err)
{
	size_t most = schema->most_bytes != 0 ? schema->most_bytes : CM_MAX_FRAME_BYTES;
	struct reader reader = {.arena = arena, .err = err};
	struct cm_scan_counts counts;
	enum cm_status status = cm_wire_scan_count(data, len, most, &counts, err);

	if (status != CM_OK)
		(void)cm_err_wrap(err, "%s", schema->name);
	else
		status = decode_scanned(schema, data, len, &counts, &reader, msg_out);
	if (status != CM_OK)
		clear_struct(schema, msg_out);
	return status;
}

void cm_wire_clear(const struct cm_schema *schema, void *msg)
{
	clear_struct(schema, msg);
}
