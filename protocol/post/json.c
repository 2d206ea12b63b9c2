#include "protocol/post/json.h"

#include <string.h>

#include "protocol/base/alloc.h"

static json_t *hex_of(const struct cm_bytes *bytes)
{
	char *text = cm_alloc(bytes->len * 2 + 1, 1);
	json_t *json;

	if (text == NULL)
		return NULL;
	cm_hex_print(bytes->data, bytes->len, text);
	json = json_string(text);
	cm_free(text);
	return json;
}

static json_t *texts_of(const struct cm_field *field, const char *base)
{
	const char *const *texts = *(const char *const *const *)(const void *)(base + field->offset);
	size_t count = *(const size_t *)(const void *)(base + field->count_offset);
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < count; i++)
		if (json_array_append_new(array, json_string(texts[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *structs_of(const struct cm_field *field, const char *base)
{
	const char *items = *(const char *const *)(const void *)(base + field->offset);
	size_t count = *(const size_t *)(const void *)(base + field->count_offset);
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < count; i++)
		if (json_array_append_new(
		        array, cm_json_of(field->nested, items + i * field->nested->size)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *id_of(const struct cm_id *id)
{
	char text[CM_ID_TEXT_BYTES];

	cm_id_print(id, text);
	return json_string(text);
}

static json_t *value_of(const struct cm_field *field, const char *base)
{
	const void *at = base + field->offset;
	const char *text;

	switch (field->kind) {
	case CM_FIELD_TEXT:
		text = *(const char *const *)at;
		return json_string(text != NULL ? text : "");
	case CM_FIELD_BYTES:
		return hex_of(at);
	case CM_FIELD_ID:
		return id_of(at);
	case CM_FIELD_U32:
		return json_integer(*(const uint32_t *)at);
	case CM_FIELD_U64:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case CM_FIELD_I64:
		return json_integer(*(const int64_t *)at);
	case CM_FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case CM_FIELD_ENUM:
		return json_string(cm_field_choice_name(field, *(const uint32_t *)at));
	case CM_FIELD_STRUCT:
		return cm_json_of(field->nested, at);
	case CM_FIELD_TEXTS:
		return texts_of(field, base);
	case CM_FIELD_STRUCTS:
		return structs_of(field, base);
	}
	return NULL;
}

/* Lists stay, empty or not: a reader counts them. What the wire leaves out otherwise is left out here too: empty
 * optional texts, zero ids, and optional numbers that are zero. */
static bool is_absent(const struct cm_field *field, const char *base)
{
	const void *at = base + field->offset;
	const char *text;

	if (field->required)
		return false;
	switch (field->kind) {
	case CM_FIELD_TEXT:
		text = *(const char *const *)at;
		return text == NULL || text[0] == 0;
	case CM_FIELD_BYTES:
		return ((const struct cm_bytes *)at)->len == 0;
	case CM_FIELD_ID:
		return cm_id_is_zero(at);
	case CM_FIELD_U32:
		return *(const uint32_t *)at == 0;
	case CM_FIELD_U64:
	case CM_FIELD_I64:
	case CM_FIELD_BOOL:
	case CM_FIELD_ENUM:
	case CM_FIELD_STRUCT:
	case CM_FIELD_TEXTS:
	case CM_FIELD_STRUCTS:
		return false;
	}
	return false;
}

json_t *cm_json_of(const struct cm_schema *schema, const void *msg)
{
	json_t *object = json_object();

	for (size_t i = 0; object != NULL && i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];

		if (is_absent(field, msg))
			continue;
		if (json_object_set_new(object, field->name, value_of(field, msg)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}
