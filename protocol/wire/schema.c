#include "protocol/wire/schema.h"

#include <string.h>

static const struct {
	enum cm_kind kind;
	const struct cm_schema *schema;
} kinds[] = {
#define X(name, number, type, most) {CM_KIND_##name, &type##_schema},
    CM_MESSAGE_TABLE(X)
#undef X
};

const struct cm_schema *cm_schema_of(enum cm_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].kind == kind)
			return kinds[i].schema;
	}
	return NULL;
}

const struct cm_schema *cm_schema_envelope(void)
{
	return &cm_envelope_schema;
}

const char *cm_kind_name(enum cm_kind kind)
{
	const struct cm_schema *schema = cm_schema_of(kind);

	return schema != NULL ? schema->name : "unknown";
}

bool cm_kind_parse(const char *name, enum cm_kind *out)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].schema->name, name) == 0) {
			*out = kinds[i].kind;
			return true;
		}
	}
	return false;
}

const char *cm_field_kind_name(enum cm_field_kind kind)
{
	switch (kind) {
	case CM_FIELD_TEXT:
		return "text";
	case CM_FIELD_BYTES:
		return "bytes";
	case CM_FIELD_ID:
		return "id";
	case CM_FIELD_U32:
		return "u32";
	case CM_FIELD_U64:
		return "u64";
	case CM_FIELD_I64:
		return "i64";
	case CM_FIELD_BOOL:
		return "bool";
	case CM_FIELD_ENUM:
		return "enum";
	case CM_FIELD_STRUCT:
		return "struct";
	case CM_FIELD_TEXTS:
		return "array of text";
	case CM_FIELD_STRUCTS:
		return "array of struct";
	}
	return "?";
}

const struct cm_field *cm_schema_field(const struct cm_schema *schema, uint64_t key)
{
	for (size_t i = 0; i < schema->fields_count; i++) {
		if (schema->fields[i].key == key)
			return &schema->fields[i];
	}
	return NULL;
}

const char *cm_field_choice_name(const struct cm_field *field, uint64_t number)
{
	if (field->choices == NULL || number < field->least || number > field->most)
		return "?";
	return field->choices[number - field->least].name;
}
