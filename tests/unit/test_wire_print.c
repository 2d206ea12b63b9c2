#include "test_wire_print.h"

#include <inttypes.h>
#include <string.h>

#include "test_wire_tools.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_struct(
    const struct cm_schema *schema, const void *msg, int depth, struct cm_buf *out);

static void new_line(struct cm_buf *out, int depth)
{
	cm_buf_byte(out, '\n');
	for (int i = 0; i < depth; i++)
		cm_buf_byte(out, '\t');
}

static void json_text(const char *text, struct cm_buf *out)
{
	cm_buf_byte(out, '"');
	for (; *text != 0; text++) {
		if ((uint8_t)*text < 0x20)
			cm_buf_printf(out, "\\u%04x", (unsigned)*text);
		else if (*text == '"' || *text == '\\')
			cm_buf_printf(out, "\\%c", *text);
		else
			cm_buf_byte(out, (uint8_t)*text);
	}
	cm_buf_byte(out, '"');
}

static void json_hex(struct cm_bytes bytes, struct cm_buf *out)
{
	cm_buf_byte(out, '"');
	for (size_t i = 0; i < bytes.len; i++)
		cm_buf_printf(out, "%02x", bytes.data[i]);
	cm_buf_byte(out, '"');
}

static void json_array(const struct cm_field *field, const void *msg, int depth, struct cm_buf *out)
{
	size_t size = field->nested != NULL ? field->nested->size : sizeof(char *);
	size_t count = array_count(field, msg);
	const char *from;
	const char *text;

	memcpy(&from, (const char *)msg + field->offset, sizeof from);
	cm_buf_byte(out, '[');
	for (size_t i = 0; i < count; i++, from += size) {
		cm_buf_text(out, i != 0 ? "," : "");
		new_line(out, depth + 1);
		if (field->nested != NULL) {
			json_struct(field->nested, from, depth + 1, out);
			continue;
		}
		memcpy(&text, from, sizeof text);
		json_text(text, out);
	}
	new_line(out, depth);
	cm_buf_byte(out, ']');
}

static void json_number(const struct cm_field *field, const char *member, struct cm_buf *out)
{
	uint32_t narrow;
	uint64_t wide;

	if (field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM) {
		memcpy(&narrow, member, sizeof narrow);
		if (field->kind == CM_FIELD_ENUM)
			cm_buf_printf(out, "\"%s\"", cm_field_choice_name(field, narrow));
		else
			cm_buf_printf(out, "%" PRIu32, narrow);
		return;
	}
	memcpy(&wide, member, sizeof wide);
	if (field->kind == CM_FIELD_I64)
		cm_buf_printf(out, "\"%" PRId64 "\"", (int64_t)wide);
	else
		cm_buf_printf(out, "\"%" PRIu64 "\"", wide);
}

static void json_value(const struct cm_field *field, const void *msg, int depth, struct cm_buf *out)
{
	const char *member = (const char *)msg + field->offset;
	char id[CM_ID_TEXT_BYTES];
	struct cm_bytes bytes;
	const char *text;

	switch (field->kind) {
	case CM_FIELD_TEXT:
		memcpy(&text, member, sizeof text);
		json_text(text != NULL ? text : "", out);
		return;
	case CM_FIELD_BYTES:
		memcpy(&bytes, member, sizeof bytes);
		json_hex(bytes, out);
		return;
	case CM_FIELD_ID:
		cm_id_print((const struct cm_id *)member, id);
		cm_buf_printf(out, "\"%s\"", id);
		return;
	case CM_FIELD_BOOL:
		cm_buf_text(out, *member != 0 ? "true" : "false");
		return;
	case CM_FIELD_U32:
	case CM_FIELD_U64:
	case CM_FIELD_I64:
	case CM_FIELD_ENUM:
		json_number(field, member, out);
		return;
	case CM_FIELD_STRUCT:
		json_struct(field->nested, member, depth, out);
		return;
	case CM_FIELD_TEXTS:
	case CM_FIELD_STRUCTS:
		json_array(field, msg, depth, out);
		return;
	}
}

static void json_struct(
    const struct cm_schema *schema, const void *msg, int depth, struct cm_buf *out)
{
	const char *comma = "";

	cm_buf_byte(out, '{');
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];

		if (!field->required && field_is_empty(field, msg))
			continue;
		cm_buf_text(out, comma);
		comma = ",";
		new_line(out, depth + 1);
		cm_buf_printf(out, "\"%s\": ", field->name);
		json_value(field, msg, depth + 1, out);
	}
	new_line(out, depth);
	cm_buf_byte(out, '}');
}

void print_json(const struct cm_schema *schema, const void *msg, struct cm_buf *out)
{
	cm_buf_printf(out, "{\n\t\"message\": \"%s\",\n\t\"value\": ", schema->name);
	json_struct(schema, msg, 1, out);
	cm_buf_text(out, "\n}\n");
}

/* ---- Markdown -------------------------------------------------------------------------------- */

static void print_type(const struct cm_field *field, struct cm_buf *out)
{
	if (field->kind == CM_FIELD_STRUCT)
		cm_buf_printf(out, "%s", field->nested->name);
	else if (field->kind == CM_FIELD_STRUCTS)
		cm_buf_printf(out, "array of %s", field->nested->name);
	else
		cm_buf_printf(out, "%s", cm_field_kind_name(field->kind));
}

static void print_bounds(const struct cm_field *field, struct cm_buf *out)
{
	const char *unit =
	    field->kind == CM_FIELD_TEXT || field->kind == CM_FIELD_BYTES ? " bytes" : "";

	if (field->kind == CM_FIELD_ENUM) {
		for (uint64_t n = field->least; n <= field->most; n++)
			cm_buf_printf(out, "%s%" PRIu64 " %s", n != field->least ? ", " : "", n,
			    cm_field_choice_name(field, n));
	} else if (field->kind == CM_FIELD_STRUCTS) {
		cm_buf_printf(out, "up to %" PRIu64, field->most);
	} else if (field->kind == CM_FIELD_TEXTS) {
		cm_buf_printf(
		    out, "up to %" PRIu64 " of up to %zu bytes", field->most, field->most_each);
	} else if (field->kind == CM_FIELD_ID) {
		cm_buf_text(out, "16 bytes");
	} else if (field->most == field->least && field->most != 0) {
		cm_buf_printf(out, "%" PRIu64 "%s", field->most, unit);
	} else if (field->most != 0) {
		cm_buf_printf(out, "%" PRIu64 " to %" PRIu64 "%s", field->least, field->most, unit);
	}
}

static void print_table(const struct cm_schema *schema, struct cm_buf *out)
{
	cm_buf_printf(out, "\n#### %s\n\n", schema->name);
#define X(name_, number, type, most)                                                               \
	if (schema == &type##_schema)                                                              \
		cm_buf_printf(out, "Kind %d, at most %d bytes.\n\n", number, most);
	CM_MESSAGE_TABLE(X)
#undef X
	if (schema == &cm_envelope_schema)
		cm_buf_printf(out, "One nng message, at most %zu bytes.\n\n", schema->most_bytes);
	if (schema == &cm_manifest_schema)
		cm_buf_printf(out, "What a manifest has the signed bytes of, at most %zu bytes.\n\n",
		    schema->most_bytes);
	cm_buf_text(out, "| key | name | type | required | bounds | meaning |\n"
			 "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];

		cm_buf_printf(out, "| %u | %s | ", field->key, field->name);
		print_type(field, out);
		cm_buf_printf(out, " | %s | ", field->required ? "yes" : "");
		print_bounds(field, out);
		cm_buf_printf(out, " | %s |\n", field->meaning);
	}
}

void print_tables(struct cm_buf *out)
{
	const struct cm_schema *schemas[MOST_SCHEMAS];
	size_t count = nested_schemas(&cm_envelope_schema, schemas, 0);

	for (size_t i = 0; i < message_schemas_count; i++)
		count = nested_schemas(message_schemas[i], schemas, count);
	for (size_t i = 0; i < count; i++)
		print_table(schemas[i], out);
	cm_buf_byte(out, '\n');
}

void print_statuses(struct cm_buf *out)
{
	cm_buf_text(out, "\n| number | status | text |\n|---|---|---|\n");
#define X(name, number, text) cm_buf_printf(out, "| %d | %s | %s |\n", number, #name, text);
	CM_STATUS_TABLE(X)
#undef X
	cm_buf_byte(out, '\n');
}
