#include "test_wire_tools.h"

#include <stdlib.h>
#include <string.h>

const struct cm_schema *const message_schemas[] = {
#define X(name, number, type, most) &type##_schema,
    CM_MESSAGE_TABLE(X)
#undef X
	&cm_manifest_schema,
	&cm_envelope_schema,
};
const size_t message_schemas_count = sizeof message_schemas / sizeof message_schemas[0];

uint64_t dice_next(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t dice_below(struct dice *dice, uint64_t bound)
{
	return dice_next(dice) % bound;
}

size_t nested_schemas(
    const struct cm_schema *schema, const struct cm_schema *out[MOST_SCHEMAS], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (out[i] == schema)
			return count;
	}
	if (count == MOST_SCHEMAS)
		abort();
	out[count++] = schema;
	for (size_t i = 0; i < schema->fields_count; i++) {
		if (schema->fields[i].nested != NULL)
			count = nested_schemas(schema->fields[i].nested, out, count);
	}
	return count;
}

/* ---- fill ------------------------------------------------------------------------------------ */

struct filler {
	enum fill fill;
	const struct twist *twist;
	struct dice *dice;
	struct cm_arena *arena;
};

static void fill_struct(
    struct filler *filler, const struct cm_schema *schema, enum fill fill, void *msg);

static void *need(void *block)
{
	if (block == NULL)
		abort();
	return block;
}

static char *some_text(struct filler *filler, size_t len)
{
	char *text = need(cm_arena_alloc(filler->arena, len + 1, 1));

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + dice_below(filler->dice, 26));
	return text;
}

static bool is_twisted(const struct filler *filler, const struct cm_field *field)
{
	return filler->twist != NULL && filler->twist->field == field;
}

/* How long a run or an array, or how large a number shall be. */
static uint64_t pick_size(struct filler *filler, const struct cm_field *field)
{
	uint64_t low = field->least > 0 ? field->least : 1;
	uint64_t high = field->most < low + 20 ? field->most : low + 20;

	if (is_twisted(filler, field) && !filler->twist->omit && filler->twist->each_bytes == 0)
		return filler->twist->size;
	if (filler->fill == FILL_BARE)
		return field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM ? field->least
										   : low;
	if (field->kind == CM_FIELD_STRUCTS || field->kind == CM_FIELD_TEXTS)
		return field->most > 1 ? 1 + dice_below(filler->dice, 2) : 1;
	return low + dice_below(filler->dice, high - low + 1);
}

static void fill_run(struct filler *filler, const struct cm_field *field, char *member)
{
	size_t len = (size_t)pick_size(filler, field);
	char *text = some_text(filler, len);
	struct cm_bytes bytes = {(const uint8_t *)text, len};

	if (field->kind == CM_FIELD_TEXT)
		memcpy(member, &text, sizeof text);
	else
		memcpy(member, &bytes, sizeof bytes);
}

static void fill_scalar(struct filler *filler, const struct cm_field *field, char *member)
{
	uint64_t wide = dice_next(filler->dice) >> dice_below(filler->dice, 63);
	bool is_narrow = field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM;
	uint32_t narrow = is_narrow ? (uint32_t)pick_size(filler, field) : 0;
	bool flag = true;

	if (field->kind == CM_FIELD_BOOL)
		memcpy(member, &flag, sizeof flag);
	else if (is_narrow)
		memcpy(member, &narrow, sizeof narrow);
	else
		memcpy(member, &wide, sizeof wide);
}

static void fill_id(struct filler *filler, char *member)
{
	struct cm_id id = {.bytes = {1}};

	for (size_t i = 1; i < sizeof id.bytes; i++)
		id.bytes[i] = (uint8_t)dice_next(filler->dice);
	memcpy(member, &id, sizeof id);
}

static void fill_array(struct filler *filler, const struct cm_field *field, void *msg)
{
	size_t count = (size_t)pick_size(filler, field);
	bool is_long = is_twisted(filler, field);
	size_t size = field->nested != NULL ? field->nested->size : sizeof(char *);
	char *block = need(cm_arena_alloc(filler->arena, count, size));
	size_t each = is_long && filler->twist->each_bytes != 0 ? filler->twist->each_bytes : 1;

	for (size_t i = 0; i < count; i++) {
		char *text;

		if (field->nested != NULL) {
			fill_struct(filler, field->nested, is_long ? FILL_BARE : filler->fill,
			    block + i * size);
			continue;
		}
		text = some_text(filler, each);
		memcpy(block + i * size, &text, sizeof text);
	}
	memcpy((char *)msg + field->offset, &block, sizeof block);
	memcpy((char *)msg + field->count_offset, &count, sizeof count);
}

static void fill_struct(
    struct filler *filler, const struct cm_schema *schema, enum fill fill, void *msg)
{
	enum fill before = filler->fill;

	filler->fill = fill;
	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];
		char *member = (char *)msg + field->offset;

		if (fill == FILL_BARE && !field->required)
			continue;
		if (field->kind == CM_FIELD_TEXT || field->kind == CM_FIELD_BYTES)
			fill_run(filler, field, member);
		else if (field->kind == CM_FIELD_ID)
			fill_id(filler, member);
		else if (field->kind == CM_FIELD_STRUCT)
			fill_struct(filler, field->nested, fill, member);
		else if (field->kind == CM_FIELD_TEXTS || field->kind == CM_FIELD_STRUCTS)
			fill_array(filler, field, msg);
		else
			fill_scalar(filler, field, member);
	}
	filler->fill = before;
}

void *fill_message(const struct cm_schema *schema, enum fill fill, const struct twist *twist,
    struct dice *dice, struct cm_arena *arena)
{
	struct filler filler = {.fill = fill, .twist = twist, .dice = dice, .arena = arena};
	void *msg = need(cm_arena_alloc(arena, 1, schema->size));

	fill_struct(&filler, schema, fill, msg);
	return msg;
}

/* ---- compare --------------------------------------------------------------------------------- */

size_t array_count(const struct cm_field *field, const void *msg)
{
	size_t count;

	memcpy(&count, (const char *)msg + field->count_offset, sizeof count);
	return count;
}

const char *text_of(const void *member)
{
	const char *text;

	memcpy(&text, member, sizeof text);
	return text != NULL ? text : "";
}

struct cm_bytes bytes_of(const void *member)
{
	struct cm_bytes bytes;

	memcpy(&bytes, member, sizeof bytes);
	return bytes;
}

const char *array_of(const void *member)
{
	const char *block;

	memcpy(&block, member, sizeof block);
	return block;
}

static size_t scalar_bytes(const struct cm_field *field)
{
	if (field->kind == CM_FIELD_BOOL)
		return sizeof(bool);
	if (field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM)
		return sizeof(uint32_t);
	return field->kind == CM_FIELD_ID ? sizeof(struct cm_id) : sizeof(uint64_t);
}

bool field_is_empty(const struct cm_field *field, const void *msg)
{
	static const char zeros[sizeof(struct cm_id)];
	const char *member = (const char *)msg + field->offset;

	if (field->kind == CM_FIELD_TEXT)
		return text_of(member)[0] == 0;
	if (field->kind == CM_FIELD_BYTES)
		return bytes_of(member).len == 0;
	if (field->kind == CM_FIELD_TEXTS || field->kind == CM_FIELD_STRUCTS)
		return array_count(field, msg) == 0;
	if (field->kind == CM_FIELD_STRUCT)
		return false;
	return memcmp(member, zeros, scalar_bytes(field)) == 0;
}

static bool arrays_equal(const struct cm_field *field, const void *a, const void *b)
{
	size_t count = array_count(field, a);
	const char *from_a = array_of((const char *)a + field->offset);
	const char *from_b = array_of((const char *)b + field->offset);
	size_t size = field->nested != NULL ? field->nested->size : sizeof(char *);

	if (count != array_count(field, b))
		return false;
	for (size_t i = 0; i < count; i++, from_a += size, from_b += size) {
		if (field->nested != NULL ? !messages_equal(field->nested, from_a, from_b)
					  : strcmp(text_of(from_a), text_of(from_b)) != 0)
			return false;
	}
	return true;
}

static bool fields_equal(const struct cm_field *field, const void *a, const void *b)
{
	const char *in_a = (const char *)a + field->offset;
	const char *in_b = (const char *)b + field->offset;
	struct cm_bytes bytes_a;
	struct cm_bytes bytes_b;

	if (field->kind == CM_FIELD_TEXT)
		return strcmp(text_of(in_a), text_of(in_b)) == 0;
	if (field->kind == CM_FIELD_STRUCT)
		return messages_equal(field->nested, in_a, in_b);
	if (field->kind == CM_FIELD_TEXTS || field->kind == CM_FIELD_STRUCTS)
		return arrays_equal(field, a, b);
	if (field->kind != CM_FIELD_BYTES)
		return memcmp(in_a, in_b, scalar_bytes(field)) == 0;
	bytes_a = bytes_of(in_a);
	bytes_b = bytes_of(in_b);
	return bytes_a.len == bytes_b.len &&
	       (bytes_a.len == 0 || memcmp(bytes_a.data, bytes_b.data, bytes_a.len) == 0);
}

bool messages_equal(const struct cm_schema *schema, const void *a, const void *b)
{
	for (size_t i = 0; i < schema->fields_count; i++) {
		if (!fields_equal(&schema->fields[i], a, b))
			return false;
	}
	return true;
}
