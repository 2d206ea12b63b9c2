#include <criterion/criterion.h>
#include <string.h>

#include "test_wire_tools.h"

static size_t all_schemas(const struct cm_schema *out[MOST_SCHEMAS])
{
	size_t count = 0;

	for (size_t i = 0; i < message_schemas_count; i++)
		count = nested_schemas(message_schemas[i], out, count);
	return count;
}

Test(wire_schema, keys_ascend_from_one_and_names_are_unique)
{
	const struct cm_schema *schemas[MOST_SCHEMAS];
	size_t count = all_schemas(schemas);

	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < schemas[s]->fields_count; i++) {
			const struct cm_field *field = &schemas[s]->fields[i];

			cr_expect_geq(field->key, i == 0 ? 1 : schemas[s]->fields[i - 1].key + 1,
			    "%s.%s", schemas[s]->name, field->name);
			cr_expect_lt(field->key, 128, "%s.%s", schemas[s]->name, field->name);
			for (size_t j = 0; j < i; j++)
				cr_expect_str_neq(field->name, schemas[s]->fields[j].name);
		}
		for (size_t t = 0; t < s; t++)
			cr_expect_str_neq(schemas[s]->name, schemas[t]->name);
	}
}

Test(wire_schema, every_member_of_a_struct_is_in_its_table)
{
	/* Members and the gaps that alignment leaves fill the struct: a member that is in no table
	 * would leave a gap of its own size, and the smallest has 4 bytes and the alignment of 4.
	 */
	static const size_t sizes[] = {
	    [CM_FIELD_TEXT] = sizeof(char *),
	    [CM_FIELD_BYTES] = sizeof(struct cm_bytes),
	    [CM_FIELD_ID] = sizeof(struct cm_id),
	    [CM_FIELD_U32] = 4,
	    [CM_FIELD_U64] = 8,
	    [CM_FIELD_I64] = 8,
	    [CM_FIELD_BOOL] = sizeof(bool),
	    [CM_FIELD_ENUM] = 4,
	    [CM_FIELD_TEXTS] = sizeof(char *) + sizeof(size_t),
	    [CM_FIELD_STRUCTS] = sizeof(char *) + sizeof(size_t),
	};
	const struct cm_schema *schemas[MOST_SCHEMAS];
	size_t count = all_schemas(schemas);

	for (size_t s = 0; s < count; s++) {
		size_t at = 0;
		/* What can be proved ends in a pointer that is not for the wire. */
		bool is_proved =
		    strcmp(schemas[s]->fields[schemas[s]->fields_count - 1].name, "path") == 0;

		for (size_t i = 0; i < schemas[s]->fields_count; i++) {
			const struct cm_field *field = &schemas[s]->fields[i];
			size_t gap = field->offset - at;

			/* The tables stand in the order of the struct. */
			cr_expect_geq(field->offset, at, "%s.%s", schemas[s]->name, field->name);
			cr_expect(gap == 0 || (gap == 4 && field->offset % 8 == 0 && at % 8 == 4),
			    "%s: a member before %s is in no table", schemas[s]->name, field->name);
			at =
			    field->offset + (field->nested != NULL && field->kind == CM_FIELD_STRUCT
						    ? field->nested->size
						    : sizes[field->kind]);
		}
		cr_expect_lt(schemas[s]->size - at, is_proved ? 8 + sizeof(void *) : 8, "%s: its last member is in no table",
		    schemas[s]->name);
	}
}

static void check_field(const struct cm_schema *schema, const struct cm_field *field)
{
	bool has_nested = field->kind == CM_FIELD_STRUCT || field->kind == CM_FIELD_STRUCTS;
	bool has_count = field->kind == CM_FIELD_TEXTS || field->kind == CM_FIELD_STRUCTS;
	bool is_bounded = field->kind == CM_FIELD_TEXT || field->kind == CM_FIELD_BYTES ||
			  has_count || field->kind == CM_FIELD_U32 || field->kind == CM_FIELD_ENUM;

	cr_expect_eq(field->nested != NULL, has_nested, "%s.%s", schema->name, field->name);
	cr_expect_eq(field->count_offset != 0, has_count, "%s.%s", schema->name, field->name);
	cr_expect_eq(field->most != 0, is_bounded, "%s.%s", schema->name, field->name);
	cr_expect_leq(field->least, field->most, "%s.%s", schema->name, field->name);
	cr_expect_eq(field->most_each != 0, field->kind == CM_FIELD_TEXTS, "%s.%s", schema->name,
	    field->name);
	cr_expect_eq(field->choices != NULL, field->kind == CM_FIELD_ENUM, "%s.%s", schema->name,
	    field->name);
	cr_expect(
	    field->kind != CM_FIELD_STRUCT || field->required, "%s.%s", schema->name, field->name);
	cr_expect_gt(strlen(field->meaning), 0, "%s.%s", schema->name, field->name);
	cr_expect_str_neq(cm_field_kind_name(field->kind), "?");
	for (uint64_t n = field->least; field->choices != NULL && n <= field->most; n++) {
		cr_expect_eq(
		    field->choices[n - field->least].number, n, "%s.%s", schema->name, field->name);
		cr_expect_str_neq(cm_field_choice_name(field, n), "?");
	}
	cr_expect_str_eq(cm_field_choice_name(field, field->most + 1), "?");
	cr_expect_eq(cm_schema_field(schema, field->key), field);
}

Test(wire_schema, every_field_has_the_bounds_its_kind_needs)
{
	const struct cm_schema *schemas[MOST_SCHEMAS];
	size_t count = all_schemas(schemas);

	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < schemas[s]->fields_count; i++)
			check_field(schemas[s], &schemas[s]->fields[i]);
		cr_expect_null(cm_schema_field(schemas[s], 0));
		cr_expect_null(cm_schema_field(schemas[s], 127));
	}
}

static size_t depth_of(const struct cm_schema *schema)
{
	size_t deepest = 0;

	for (size_t i = 0; i < schema->fields_count; i++) {
		const struct cm_field *field = &schema->fields[i];
		size_t own = field->kind == CM_FIELD_TEXTS || field->kind == CM_FIELD_STRUCTS;
		size_t depth = own + (field->nested != NULL ? depth_of(field->nested) : 0);

		deepest = depth > deepest ? depth : deepest;
	}
	return 1 + deepest;
}

Test(wire_schema, no_message_is_deeper_than_the_scan_allows)
{
	for (size_t i = 0; i < message_schemas_count; i++)
		cr_expect_leq(
		    depth_of(message_schemas[i]), CM_MAX_DEPTH, "%s", message_schemas[i]->name);
}

Test(wire_schema, every_kind_has_a_table_a_name_and_a_limit)
{
	enum cm_kind kind;

#define X(name_, number, type, most)                                                               \
	cr_expect_eq(cm_schema_of(number), &type##_schema);                                        \
	cr_expect_eq(cm_schema_of(number)->size, sizeof(struct type));                             \
	cr_expect_eq(cm_schema_of(number)->most_bytes, most);                                      \
	cr_expect_leq(cm_schema_of(number)->most_bytes, CM_MAX_RECORD_BYTES);                      \
	cr_expect(cm_kind_parse(cm_kind_name(number), &kind));                                     \
	cr_expect_eq(kind, CM_KIND_##name_);
	CM_MESSAGE_TABLE(X)
#undef X
	cr_expect_str_eq(cm_kind_name(CM_KIND_OP_REPLY), "op_reply");
	cr_expect_eq(cm_schema_envelope(), &cm_envelope_schema);
}

Test(wire_schema, a_kind_from_a_newer_peer_has_no_table)
{
	enum cm_kind kind;

	cr_expect_null(cm_schema_of((enum cm_kind)0));
	cr_expect_null(cm_schema_of((enum cm_kind)99));
	cr_expect_str_eq(cm_kind_name((enum cm_kind)99), "unknown");
	cr_expect(!cm_kind_parse("unknown", &kind));
}

/* ---- the dump -------------------------------------------------------------------------------- */

static void expect_dump(const struct cm_schema *schema, const void *bytes, size_t len,
    enum cm_status wanted, const char *dump)
{
	struct cm_buf out;

	cm_buf_init(&out, 0);
	cr_expect_eq(cm_wire_describe(schema, bytes, len, &out), wanted);
	cr_expect_str_eq(cm_buf_str(&out), dump);
	cm_buf_fini(&out);
}

#define EXPECT_DUMP(schema, bytes, wanted, dump)                                                   \
	expect_dump(schema, bytes, sizeof(bytes) - 1, wanted, dump)

Test(wire_schema, a_dump_names_fields_and_hides_bytes_and_guarded_texts)
{
	EXPECT_DUMP(&cm_op_schema,
	    "\x83\x01\xa9"
	    "residency\x02\x91\x82\x01\xa2"
	    "id\x02\xae"
	    "ops@example.ie\x03\xc4\x02{}",
	    CM_OK,
	    "op: 40 bytes\n"
	    "  name: \"residency\"\n"
	    "  args: (1 elements)\n"
	    "    [0] (a map)\n"
	    "      name: \"id\"\n"
	    "      value: (text of 14 bytes)\n"
	    "  body: (2 bytes)\n");
}

Test(wire_schema, a_dump_shows_nothing_that_stands_in_the_wrong_place)
{
	EXPECT_DUMP(&cm_op_schema,
	    "\x84\x01\x19\x02\x93\xa1x\x05\x81\x02\x07\x03\xa6secret\x09\xa6secret", CM_OK,
	    "op: 27 bytes\n"
	    "  name: (a number)\n"
	    "  args: (3 elements)\n"
	    "    [0] (text of 1 bytes)\n"
	    "    [1] (a number)\n"
	    "    [2] (a map)\n"
	    "      value: (a number)\n"
	    "  body: (text of 6 bytes)\n"
	    "  9: (a text, not known here)\n");
}

Test(wire_schema, a_dump_escapes_what_would_break_a_line)
{
	EXPECT_DUMP(&cm_op_schema,
	    "\x81\x01\xa5"
	    "a\n\"\\b",
	    CM_OK, "op: 8 bytes\n  name: \"a\\x0a\\x22\\x5cb\"\n");
}

Test(wire_schema, a_dump_of_bytes_that_are_no_message_is_the_sentence_of_the_scan)
{
	EXPECT_DUMP(&cm_op_schema, "\xdd\x0f\xff\xff\xff", CM_TRUNCATED,
	    "op: 5 bytes\n  (byte 0: 268435455 elements announced, 0 bytes left)\n");
	EXPECT_DUMP(&cm_op_schema, "\x90", CM_OK, "op: 1 bytes\n  (an array)\n");
}
