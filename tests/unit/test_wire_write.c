#include "test_wire_tools.h"

#include <string.h>

static void write_big_endian(struct cm_buf *out, uint8_t lead, uint64_t number, int bytes)
{
	cm_buf_byte(out, lead);
	while (bytes-- > 0)
		cm_buf_byte(out, (uint8_t)(number >> (8 * bytes)));
}

/* A head of one byte up to `fix_most`, else the shortest of the widths from `lead` on. */
static void write_head(
    struct cm_buf *out, uint8_t fix, uint64_t fix_most, uint8_t lead, int bytes, uint64_t number)
{
	if (number <= fix_most) {
		cm_buf_byte(out, (uint8_t)(fix | number));
		return;
	}
	while (bytes < 8 && number >> (8 * bytes) != 0) {
		bytes *= 2;
		lead++;
	}
	write_big_endian(out, lead, number, bytes);
}

void write_unsigned(struct cm_buf *out, uint64_t number)
{
	write_head(out, 0x00, 0x7f, 0xcc, 1, number);
}

static void write_signed(struct cm_buf *out, int64_t number)
{
	if (number >= 0)
		write_unsigned(out, (uint64_t)number);
	else if (number >= -32)
		cm_buf_byte(out, (uint8_t)number);
	else if (number >= INT8_MIN)
		write_big_endian(out, 0xd0, (uint64_t)number, 1);
	else if (number >= INT16_MIN)
		write_big_endian(out, 0xd1, (uint64_t)number, 2);
	else if (number >= INT32_MIN)
		write_big_endian(out, 0xd2, (uint64_t)number, 4);
	else
		write_big_endian(out, 0xd3, (uint64_t)number, 8);
}

void write_text(struct cm_buf *out, const char *text, size_t len)
{
	write_head(out, 0xa0, 31, 0xd9, 1, len);
	cm_buf_add(out, text, len);
}

void write_bytes(struct cm_buf *out, const void *bytes, size_t len)
{
	if (len == 0)
		write_big_endian(out, 0xc4, 0, 1);
	else
		write_head(out, 0, 0, 0xc4, 1, len);
	cm_buf_add(out, bytes, len);
}

void write_array(struct cm_buf *out, size_t count)
{
	write_head(out, 0x90, 15, 0xdc, 2, count);
}

void write_map(struct cm_buf *out, size_t count)
{
	write_head(out, 0x80, 15, 0xde, 2, count);
}

static void write_elements(
    const struct cm_field *field, const void *msg, const struct twist *twist, struct cm_buf *out)
{
	size_t count = array_count(field, msg);
	const char *from = array_of((const char *)msg + field->offset);
	size_t size = field->nested != NULL ? field->nested->size : sizeof(char *);

	write_array(out, count);
	for (size_t i = 0; i < count; i++, from += size) {
		if (field->nested != NULL)
			write_message(field->nested, from, twist, out);
		else
			write_text(out, text_of(from), strlen(text_of(from)));
	}
}

static void write_scalar(const struct cm_field *field, const char *member, struct cm_buf *out)
{
	uint32_t narrow;
	uint64_t wide;

	if (field->kind == CM_FIELD_BOOL) {
		cm_buf_byte(out, *member != 0 ? 0xc3 : 0xc2);
	} else if (field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM) {
		memcpy(&narrow, member, sizeof narrow);
		write_unsigned(out, narrow);
	} else {
		memcpy(&wide, member, sizeof wide);
		if (field->kind == CM_FIELD_I64)
			write_signed(out, (int64_t)wide);
		else
			write_unsigned(out, wide);
	}
}

static void write_value(
    const struct cm_field *field, const void *msg, const struct twist *twist, struct cm_buf *out)
{
	const char *member = (const char *)msg + field->offset;

	if (field->kind == CM_FIELD_TEXT)
		write_text(out, text_of(member), strlen(text_of(member)));
	else if (field->kind == CM_FIELD_BYTES)
		write_bytes(out, bytes_of(member).data, bytes_of(member).len);
	else if (field->kind == CM_FIELD_ID)
		write_bytes(out, member, sizeof(struct cm_id));
	else if (field->kind == CM_FIELD_STRUCT)
		write_message(field->nested, member, twist, out);
	else if (field->kind == CM_FIELD_TEXTS || field->kind == CM_FIELD_STRUCTS)
		write_elements(field, msg, twist, out);
	else
		write_scalar(field, member, out);
}

static bool is_written(const struct cm_field *field, const void *msg, const struct twist *twist)
{
	if (twist != NULL && twist->field == field && (twist->omit || twist->raw != NULL))
		return !twist->omit;
	return field->required || !field_is_empty(field, msg);
}

void write_message(
    const struct cm_schema *schema, const void *msg, const struct twist *twist, struct cm_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < schema->fields_count; i++)
		count += is_written(&schema->fields[i], msg, twist);
	write_map(out, count);
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];

		if (!is_written(field, msg, twist))
			continue;
		write_unsigned(out, field->key);
		if (twist != NULL && twist->field == field && twist->raw != NULL)
			cm_buf_add(out, twist->raw, twist->raw_len);
		else
			write_value(field, msg, twist, out);
	}
}
