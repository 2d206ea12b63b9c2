#include "protocol/wire/codec.h"

#include "protocol/wire/tree.h"

static void describe_struct(
    const struct cm_schema *schema, const msgpack_object *object, int depth, struct cm_buf *out);

static void indent(struct cm_buf *out, int depth)
{
	for (int i = 0; i < depth; i++)
		cm_buf_text(out, "  ");
}

/* A text in quotes on one line; control characters and the quote itself as \xNN. */
static void describe_text(const msgpack_object *object, struct cm_buf *out)
{
	cm_buf_byte(out, '"');
	for (uint32_t i = 0; i < object->via.str.size; i++) {
		uint8_t byte = (uint8_t)object->via.str.ptr[i];

		if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\')
			cm_buf_printf(out, "\\x%02x", byte);
		else
			cm_buf_byte(out, byte);
	}
	cm_buf_byte(out, '"');
}

static void describe_id(const msgpack_object *object, struct cm_buf *out)
{
	char text[CM_ID_TEXT_BYTES];
	struct cm_id id;

	if (object->via.bin.size != sizeof id.bytes) {
		cm_buf_printf(out, "(%u bytes, not an id)", object->via.bin.size);
		return;
	}
	for (size_t i = 0; i < sizeof id.bytes; i++)
		id.bytes[i] = (uint8_t)object->via.bin.ptr[i];
	cm_id_print(&id, text);
	cm_buf_text(out, text);
}

static void describe_number(
    const struct cm_field *field, const msgpack_object *object, struct cm_buf *out)
{
	if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		cm_buf_printf(out, "%lld", (long long)object->via.i64);
	else
		cm_buf_printf(out, "%llu", (unsigned long long)object->via.u64);
	if (field->kind == CM_FIELD_ENUM)
		cm_buf_printf(out, " %s", cm_field_choice_name(field, object->via.u64));
}

/* Whether a value may be shown at all: of the type its field has, in a field that is not guarded.
 * Anything else could be content that strayed here. */
static bool may_show(const struct cm_field *field, const msgpack_object *object)
{
	bool is_text = field->kind == CM_FIELD_TEXT || field->kind == CM_FIELD_TEXTS;
	bool is_number = field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_U64 ||
			 field->kind == CM_FIELD_I64 || field->kind == CM_FIELD_ENUM;

	if (field->guarded)
		return false;
	switch (object->type) {
	case MSGPACK_OBJECT_STR:
		return is_text;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return is_number;
	case MSGPACK_OBJECT_BIN:
		return field->kind == CM_FIELD_ID;
	case MSGPACK_OBJECT_BOOLEAN:
		return field->kind == CM_FIELD_BOOL;
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
	case MSGPACK_OBJECT_ARRAY:
	case MSGPACK_OBJECT_MAP:
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return false;
}

/* What is said of a value that is not shown. What is in a container follows on lines of its own. */
static void describe_hidden(const msgpack_object *object, struct cm_buf *out)
{
	if (object->type == MSGPACK_OBJECT_ARRAY)
		cm_buf_printf(out, "(%u elements)", object->via.array.size);
	else if (object->type == MSGPACK_OBJECT_BIN)
		cm_buf_printf(out, "(%u bytes)", object->via.bin.size);
	else if (object->type == MSGPACK_OBJECT_STR)
		cm_buf_printf(out, "(text of %u bytes)", object->via.str.size);
	else
		cm_buf_printf(out, "(%s)", cm_wire_object_name(object));
}

static void describe_value(
    const struct cm_field *field, const msgpack_object *object, struct cm_buf *out)
{
	if (!may_show(field, object))
		describe_hidden(object, out);
	else if (object->type == MSGPACK_OBJECT_STR)
		describe_text(object, out);
	else if (object->type == MSGPACK_OBJECT_BIN)
		describe_id(object, out);
	else if (object->type == MSGPACK_OBJECT_BOOLEAN)
		cm_buf_text(out, object->via.boolean ? "true" : "false");
	else
		describe_number(field, object, out);
}

static void describe_elements(
    const struct cm_field *field, const msgpack_object *object, int depth, struct cm_buf *out)
{
	for (uint32_t i = 0; i < object->via.array.size; i++) {
		const msgpack_object *element = &object->via.array.ptr[i];

		indent(out, depth);
		cm_buf_printf(out, "[%u] ", i);
		describe_value(field, element, out);
		cm_buf_byte(out, '\n');
		if (field->nested != NULL && element->type == MSGPACK_OBJECT_MAP)
			describe_struct(field->nested, element, depth + 1, out);
	}
}

static void describe_field(
    const struct cm_field *field, const msgpack_object *object, int depth, struct cm_buf *out)
{
	indent(out, depth);
	cm_buf_printf(out, "%s: ", field->name);
	describe_value(field, object, out);
	cm_buf_byte(out, '\n');
	if (object->type == MSGPACK_OBJECT_ARRAY)
		describe_elements(field, object, depth + 1, out);
	else if (field->nested != NULL && object->type == MSGPACK_OBJECT_MAP)
		describe_struct(field->nested, object, depth + 1, out);
}

static void describe_struct(
    const struct cm_schema *schema, const msgpack_object *object, int depth, struct cm_buf *out)
{
	for (uint32_t i = 0; i < object->via.map.size; i++) {
		const msgpack_object_kv *pair = &object->via.map.ptr[i];
		const struct cm_field *field = cm_schema_field(schema, pair->key.via.u64);

		if (field != NULL) {
			describe_field(field, &pair->val, depth, out);
			continue;
		}
		indent(out, depth);
		cm_buf_printf(out, "%llu: (%s, not known here)\n",
		    (unsigned long long)pair->key.via.u64, cm_wire_object_name(&pair->val));
	}
}

enum cm_status cm_wire_describe(
    const struct cm_schema *schema, const uint8_t *data, size_t len, struct cm_buf *out)
{
	struct cm_scan_counts counts;
	struct cm_wire_tree tree;
	struct cm_err err;
	enum cm_status status = cm_wire_scan_count(data, len, CM_MAX_FRAME_BYTES, &counts, &err);

	cm_buf_printf(out, "%s: %zu bytes\n", schema->name, len);
	if (status == CM_OK)
		status = cm_wire_tree_init(&tree, data, len, &counts, &err);
	if (status != CM_OK) {
		cm_buf_printf(out, "  (%s)\n", err.text);
		return status;
	}
	if (tree.root.type == MSGPACK_OBJECT_MAP)
		describe_struct(schema, &tree.root, 1, out);
	else
		cm_buf_printf(out, "  (%s)\n", cm_wire_object_name(&tree.root));
	cm_wire_tree_fini(&tree);
	return out->failed ? CM_NO_MEMORY : CM_OK;
}
