#include "protocol/wire/codec.h"

#include <assert.h>
#include <msgpack.h>
#include <string.h>

#include "protocol/base/text.h"
#include "protocol/wire/check.h"

struct writer {
	struct cm_buf *out; /* borrowed */
	struct cm_err *err; /* borrowed, may be NULL */
	bool over_limit;    /* of `out` */
	msgpack_packer packer;
};

static enum cm_status encode_struct(struct writer *writer, const struct cm_schema *schema,
    const void *msg, const struct cm_wire_path *path);

static int on_write(void *data, const char *bytes, size_t len)
{
	struct writer *writer = data;
	struct cm_buf *out = writer->out;

	if (out->limit != 0 && !out->failed && len > out->limit - out->len)
		writer->over_limit = true;
	cm_buf_add(out, bytes, len);
	return out->failed ? -1 : 0;
}

static struct cm_bytes text_bytes(const char *text)
{
	return (struct cm_bytes){
	    .data = (const uint8_t *)text,
	    .len = text != NULL ? strlen(text) : 0,
	};
}

/* A scalar field as one number, whatever its width. */
static uint64_t scalar(const struct cm_field *field, const void *member)
{
	uint32_t u32;
	uint64_t u64;
	bool flag;

	switch (field->kind) {
	case CM_FIELD_BOOL:
		memcpy(&flag, member, sizeof flag);
		return flag;
	case CM_FIELD_U32:
	case CM_FIELD_ENUM:
		memcpy(&u32, member, sizeof u32);
		return u32;
	case CM_FIELD_U64:
	case CM_FIELD_I64:
		memcpy(&u64, member, sizeof u64);
		return u64;
	case CM_FIELD_TEXT:
	case CM_FIELD_BYTES:
	case CM_FIELD_ID:
	case CM_FIELD_STRUCT:
	case CM_FIELD_TEXTS:
	case CM_FIELD_STRUCTS:
		break;
	}
	assert(false); /* only asked of scalar fields */
	return 0;
}

static struct cm_bytes run_of(const struct cm_field *field, const void *member)
{
	struct cm_bytes run;
	const char *text;

	if (field->kind == CM_FIELD_BYTES) {
		memcpy(&run, member, sizeof run);
		return run;
	}
	memcpy(&text, member, sizeof text);
	return text_bytes(text);
}

static size_t count_of(const struct cm_field *field, const void *msg)
{
	size_t count;

	memcpy(&count, (const char *)msg + field->count_offset, sizeof count);
	return count;
}

static bool is_empty(const struct cm_field *field, const void *msg)
{
	const void *member = (const char *)msg + field->offset;

	struct cm_bytes bytes;
	const char *text;

	switch (field->kind) {
	case CM_FIELD_TEXT:
		memcpy(&text, member, sizeof text);
		return text == NULL || text[0] == 0;
	case CM_FIELD_BYTES:
		memcpy(&bytes, member, sizeof bytes);
		return bytes.len == 0;
	case CM_FIELD_ID:
		return cm_id_is_zero(member);
	case CM_FIELD_U32:
	case CM_FIELD_U64:
	case CM_FIELD_I64:
	case CM_FIELD_BOOL:
	case CM_FIELD_ENUM:
		return scalar(field, member) == 0;
	case CM_FIELD_TEXTS:
	case CM_FIELD_STRUCTS:
		return count_of(field, msg) == 0;
	case CM_FIELD_STRUCT:
		break;
	}
	return false;
}

static enum cm_status encode_run(struct writer *writer, const struct cm_field *field,
    const void *member, const struct cm_wire_path *path)
{
	struct cm_bytes run = run_of(field, member);
	enum cm_status status = cm_wire_check_length(field, run.len, path, writer->err);

	if (status != CM_OK)
		return status;
	if (field->kind == CM_FIELD_BYTES) {
		(void)msgpack_pack_bin_with_body(&writer->packer, run.data, run.len);
		return CM_OK;
	}
	if (!cm_utf8_is_valid((const char *)run.data, run.len))
		return cm_wire_refuse(path, writer->err, CM_BAD_INPUT, "must be UTF-8");
	(void)msgpack_pack_str_with_body(&writer->packer, run.data, run.len);
	return CM_OK;
}

static enum cm_status encode_id(
    struct writer *writer, const struct cm_id *id, const struct cm_wire_path *path)
{
	if (cm_id_is_zero(id))
		return cm_wire_refuse(path, writer->err, CM_BAD_INPUT, "must not be empty");
	(void)msgpack_pack_bin_with_body(&writer->packer, id->bytes, sizeof id->bytes);
	return CM_OK;
}

static enum cm_status encode_scalar(struct writer *writer, const struct cm_field *field,
    const void *member, const struct cm_wire_path *path)
{
	uint64_t number = scalar(field, member);
	enum cm_status status = CM_OK;

	if (field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM)
		status = cm_wire_check_number(field, number, path, writer->err);
	if (status != CM_OK)
		return status;
	if (field->kind == CM_FIELD_BOOL)
		(void)(number != 0 ? msgpack_pack_true(&writer->packer)
				   : msgpack_pack_false(&writer->packer));
	else if (field->kind == CM_FIELD_I64)
		(void)msgpack_pack_int64(&writer->packer, (int64_t)number);
	else
		(void)msgpack_pack_uint64(&writer->packer, number);
	return CM_OK;
}

static enum cm_status encode_texts(struct writer *writer, const struct cm_field *field,
    const void *msg, const struct cm_wire_path *path)
{
	size_t count = count_of(field, msg);
	enum cm_status status = cm_wire_check_count(field, count, path, writer->err);
	const char *const *texts;

	if (status != CM_OK)
		return status;
	memcpy(&texts, (const char *)msg + field->offset, sizeof texts);
	assert(texts != NULL || count == 0);
	(void)msgpack_pack_array(&writer->packer, count);
	for (size_t i = 0; i < count; i++) {
		struct cm_wire_path here = {path->up, path->name, i};
		struct cm_bytes text = text_bytes(texts[i]);

		status = cm_wire_check_each(field, text.len, &here, writer->err);
		if (status != CM_OK)
			return status;
		if (!cm_utf8_is_valid(texts[i], text.len))
			return cm_wire_refuse(&here, writer->err, CM_BAD_INPUT, "must be UTF-8");
		(void)msgpack_pack_str_with_body(&writer->packer, text.data, text.len);
	}
	return CM_OK;
}

static enum cm_status encode_structs(struct writer *writer, const struct cm_field *field,
    const void *msg, const struct cm_wire_path *path)
{
	size_t count = count_of(field, msg);
	enum cm_status status = cm_wire_check_count(field, count, path, writer->err);
	const char *elements;

	if (status != CM_OK)
		return status;
	memcpy(&elements, (const char *)msg + field->offset, sizeof elements);
	assert(elements != NULL || count == 0);
	(void)msgpack_pack_array(&writer->packer, count);
	for (size_t i = 0; i < count && status == CM_OK; i++) {
		struct cm_wire_path here = {path->up, path->name, i};

		status =
		    encode_struct(writer, field->nested, elements + i * field->nested->size, &here);
	}
	return status;
}

static enum cm_status encode_field(struct writer *writer, const struct cm_field *field,
    const void *msg, const struct cm_wire_path *path)
{
	const void *member = (const char *)msg + field->offset;

	(void)msgpack_pack_uint32(&writer->packer, field->key);
	switch (field->kind) {
	case CM_FIELD_TEXT:
	case CM_FIELD_BYTES:
		return encode_run(writer, field, member, path);
	case CM_FIELD_ID:
		return encode_id(writer, member, path);
	case CM_FIELD_U32:
	case CM_FIELD_U64:
	case CM_FIELD_I64:
	case CM_FIELD_BOOL:
	case CM_FIELD_ENUM:
		return encode_scalar(writer, field, member, path);
	case CM_FIELD_STRUCT:
		return encode_struct(writer, field->nested, member, path);
	case CM_FIELD_TEXTS:
		return encode_texts(writer, field, msg, path);
	case CM_FIELD_STRUCTS:
		return encode_structs(writer, field, msg, path);
	}
	return cm_wire_refuse(
	    path, writer->err, CM_INTERNAL, "a table with an unknown kind of field");
}

/* Recursion goes as deep as the tables are nested and no deeper. */
static enum cm_status encode_struct(struct writer *writer, const struct cm_schema *schema,
    const void *msg, const struct cm_wire_path *path)
{
	size_t present = 0;

	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];

		present += field->required || !is_empty(field, msg);
	}
	(void)msgpack_pack_map(&writer->packer, present);
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];
		struct cm_wire_path here = {path, field->name, CM_WIRE_NO_INDEX};
		enum cm_status status;

		if (!field->required && is_empty(field, msg))
			continue;
		status = encode_field(writer, field, msg, &here);
		if (status != CM_OK)
			return status;
	}
	return CM_OK;
}

enum cm_status cm_wire_encode(
    const struct cm_schema *schema, const void *msg, struct cm_buf *out, struct cm_err *err)
{
	struct cm_wire_path root = {NULL, schema->name, CM_WIRE_NO_INDEX};
	struct writer writer = {.out = out, .err = err};
	size_t most = schema->most_bytes != 0 ? schema->most_bytes : CM_MAX_FRAME_BYTES;
	size_t start = out->len;
	enum cm_status status;

	msgpack_packer_init(&writer.packer, &writer, on_write);
	status = encode_struct(&writer, schema, msg, &root);
	if (status == CM_OK && out->failed)
		status = writer.over_limit
			     ? cm_wire_refuse(&root, err, CM_TOO_LARGE, "does not fit its buffer")
			     : cm_wire_refuse(&root, err, CM_NO_MEMORY, "no memory to encode it");
	if (status == CM_OK && out->len - start > most)
		status = cm_wire_refuse(
		    &root, err, CM_TOO_LARGE, "%zu bytes, at most %zu", out->len - start, most);
	if (status != CM_OK && out->data != NULL) {
		out->len = start;
		out->data[start] = 0;
	}
	return status;
}
