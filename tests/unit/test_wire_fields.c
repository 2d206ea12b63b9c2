#include <criterion/criterion.h>
#include <string.h>

#include "test_wire_tools.h"

/* ---- one walk for the table tests: each field of each struct that each message can hold --------
 */

struct place {
	const struct cm_schema *message;
	const struct cm_schema *schema;
	const struct cm_field *field;
};

static void for_every_field(void (*check)(const struct place *place))
{
	for (size_t m = 0; m < message_schemas_count; m++) {
		const struct cm_schema *schemas[MOST_SCHEMAS];
		size_t count = nested_schemas(message_schemas[m], schemas, 0);

		for (size_t s = 0; s < count; s++) {
			for (size_t f = 0; f < schemas[s]->fields_count; f++)
				check(&(struct place){
				    message_schemas[m], schemas[s], &schemas[s]->fields[f]});
		}
	}
}

/* Encode a message made with the twist: refused with `wanted`, or passed and equal. */
static void expect_encode(
    const struct place *place, const struct twist *twist, enum cm_status wanted)
{
	struct dice dice = {7};
	struct cm_err err = {0};
	struct cm_arena arena;
	struct cm_buf out;
	enum cm_status status;
	void *msg;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	cm_buf_text(&out, "before");
	msg = fill_message(place->message, FILL_ALL, twist, &dice, &arena);
	status = cm_wire_encode(place->message, msg, &out, &err);
	cr_expect_eq(status, wanted, "%s: %s.%s: %s: %s", place->message->name, place->schema->name,
	    place->field->name, cm_status_name(status), err.text);
	if (wanted != CM_OK) {
		cr_expect_not_null(strstr(err.text, place->field->name), "%s", err.text);
		cr_expect_str_eq(cm_buf_str(&out), "before");
	}
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
}

/* Decode a message written by hand with the twist. */
static void expect_decode(
    const struct place *place, const struct twist *twist, enum cm_status wanted, const char *words)
{
	struct dice dice = {7};
	struct cm_err err = {0};
	struct cm_arena arena;
	struct cm_buf out;
	enum cm_status status;
	void *msg;
	void *back;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	msg = fill_message(place->message, FILL_ALL, twist, &dice, &arena);
	back = cm_arena_alloc(&arena, 1, place->message->size);
	cr_assert_not_null(back);
	write_message(place->message, msg, twist, &out);
	status = cm_wire_decode(place->message, out.data, out.len, &arena, back, &err);
	cr_expect_eq(status, wanted, "%s: %s.%s: %s: %s", place->message->name, place->schema->name,
	    place->field->name, cm_status_name(status), err.text);
	if (wanted != CM_OK) {
		cr_expect_not_null(strstr(err.text, place->field->name), "%s", err.text);
		cr_expect_not_null(strstr(err.text, words), "%s lacks '%s'", err.text, words);
	} else if (twist->raw == NULL && !twist->omit) {
		cr_expect(messages_equal(place->message, msg, back), "%s: %s.%s",
		    place->message->name, place->schema->name, place->field->name);
	}
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
}

static void check_missing(const struct place *place)
{
	struct twist twist = {.field = place->field, .omit = true};

	if (place->field->required)
		expect_decode(place, &twist, CM_BAD_INPUT, ": missing");
	else
		expect_decode(place, &twist, CM_OK, "");
}

Test(wire_fields, a_missing_field_is_refused_if_required_and_empty_if_not)
{
	for_every_field(check_missing);
}

/* One value of each form, and the kinds of field that may take it. */
static const struct {
	const char *bytes;
	size_t len;
	unsigned takes; /* bit per enum cm_field_kind */
} forms[] = {
#define TAKES(kind) (1u << CM_FIELD_##kind)
    {"\xc0", 1, 0},
    {"\xc3", 1, TAKES(BOOL)},
    {"\x01", 1, TAKES(U32) | TAKES(U64) | TAKES(I64) | TAKES(ENUM)},
    {"\xff", 1, TAKES(I64)},
    {"\xca\x3f\x80\x00\x00", 5, 0},
    {"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", 9, 0},
    {"\xa2zz", 3, TAKES(TEXT)},
    {"\xc4\x02zz", 4, TAKES(BYTES) | TAKES(ID)},
    {"\x91\xc0", 2, TAKES(TEXTS) | TAKES(STRUCTS)},
    {"\x81\x7f\xc0", 3, TAKES(STRUCT)},
#undef TAKES
};

static void check_types(const struct place *place)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct twist twist = {
		    .field = place->field,
		    .raw = (const uint8_t *)forms[i].bytes,
		    .raw_len = forms[i].len,
		};

		if ((forms[i].takes & 1u << place->field->kind) == 0)
			expect_decode(place, &twist, CM_BAD_INPUT, "must be ");
	}
}

Test(wire_fields, a_value_of_the_wrong_type_is_refused_in_every_field)
{
	for_every_field(check_types);
}

static void check_elements(const struct place *place)
{
	struct twist twist = {
	    .field = place->field, .raw = (const uint8_t *)"\x91\x01", .raw_len = 2};

	if (place->field->kind == CM_FIELD_TEXTS || place->field->kind == CM_FIELD_STRUCTS)
		expect_decode(place, &twist, CM_BAD_INPUT, "[0]: must be ");
}

Test(wire_fields, an_element_of_the_wrong_type_is_refused_in_every_array)
{
	for_every_field(check_elements);
}

/* Lengths and counts. */
static void check_most(const struct place *place)
{
	const struct cm_field *field = place->field;
	struct twist at = {.field = field, .size = field->most};
	struct twist over = {.field = field, .size = field->most + 1};

	if (field->kind != CM_FIELD_TEXT && field->kind != CM_FIELD_BYTES &&
	    field->kind != CM_FIELD_TEXTS && field->kind != CM_FIELD_STRUCTS)
		return;
	/* Two long ones of these fill a message: the walk over messages that hold one is enough. */
	if (field->most >= CM_MAX_BODY_BYTES &&
	    place->message->most_bytes < 2 * field->most + 4096 && place->schema != place->message)
		return;
	expect_decode(place, &at, CM_OK, "");
	expect_encode(place, &at, CM_OK);
	expect_decode(place, &over, CM_TOO_LARGE, "at most");
	expect_encode(place, &over, CM_TOO_LARGE);
}

Test(wire_fields, each_length_and_count_passes_at_its_limit_and_not_one_over, .timeout = 120)
{
	for_every_field(check_most);
}

static void check_least(const struct place *place)
{
	const struct cm_field *field = place->field;
	struct twist at = {.field = field, .size = field->least};
	struct twist under = {.field = field, .size = field->least - 1};

	if ((field->kind != CM_FIELD_TEXT && field->kind != CM_FIELD_BYTES) || field->least < 2)
		return;
	expect_decode(place, &at, CM_OK, "");
	expect_encode(place, &at, CM_OK);
	expect_decode(place, &under, CM_BAD_INPUT, "at least");
	expect_encode(place, &under, CM_BAD_INPUT);
}

Test(wire_fields, each_length_passes_at_its_lower_limit_and_not_one_under)
{
	for_every_field(check_least);
}

static void check_each(const struct place *place)
{
	const struct cm_field *field = place->field;
	struct twist at = {.field = field, .each_bytes = field->most_each};
	struct twist over = {.field = field, .each_bytes = field->most_each + 1};
	struct twist none = {.field = field, .raw = (const uint8_t *)"\x91\xa0", .raw_len = 2};

	if (field->kind != CM_FIELD_TEXTS)
		return;
	expect_decode(place, &at, CM_OK, "");
	expect_encode(place, &at, CM_OK);
	expect_decode(place, &over, CM_TOO_LARGE, "[0]: ");
	expect_encode(place, &over, CM_TOO_LARGE);
	expect_decode(place, &none, CM_BAD_INPUT, "[0]: must not be empty");
}

Test(wire_fields, each_text_of_an_array_has_its_limit)
{
	for_every_field(check_each);
}

static void check_empty(const struct place *place)
{
	const struct cm_field *field = place->field;
	const char *raw = field->kind == CM_FIELD_TEXT    ? "\xa0"
			  : field->kind == CM_FIELD_BYTES ? "\xc4\x00"
			  : field->kind == CM_FIELD_ID ? "\xc4\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
						       : "\x90";
	size_t lens[] = {[CM_FIELD_TEXT] = 1,
	    [CM_FIELD_BYTES] = 2,
	    [CM_FIELD_ID] = 18,
	    [CM_FIELD_TEXTS] = 1,
	    [CM_FIELD_STRUCTS] = 1};
	struct twist twist = {.field = field, .raw = (const uint8_t *)raw};

	if (field->kind >= sizeof lens / sizeof lens[0] || lens[field->kind] == 0)
		return;
	twist.raw_len = lens[field->kind];
	if (field->required)
		expect_decode(place, &twist, CM_BAD_INPUT, "must not be empty");
	else
		expect_decode(place, &twist, CM_OK, "");
	twist = (struct twist){.field = field, .size = 0};
	if (field->kind != CM_FIELD_ID)
		expect_encode(place, &twist, field->required ? CM_BAD_INPUT : CM_OK);
}

Test(wire_fields, a_required_field_may_not_be_empty)
{
	for_every_field(check_empty);
}

static void check_number(const struct place *place)
{
	const struct cm_field *field = place->field;
	enum cm_status refused = field->refuse != CM_OK ? field->refuse : CM_BAD_INPUT;
	struct twist low = {.field = field, .size = field->least};
	struct twist high = {.field = field, .size = field->most};
	struct twist under = {.field = field, .size = field->least - 1};
	struct twist over = {.field = field, .size = field->most + 1};

	if (field->kind != CM_FIELD_U32 && field->kind != CM_FIELD_ENUM)
		return;
	expect_decode(place, &low, CM_OK, "");
	expect_encode(place, &low, CM_OK);
	expect_decode(place, &high, CM_OK, "");
	expect_encode(place, &high, CM_OK);
	/* A bound of the type itself cannot be crossed by a struct. */
	if (field->least > 0 && (field->required || field->least > 1)) {
		expect_decode(place, &under, refused, "");
		expect_encode(place, &under, refused);
	}
	if (field->most < UINT32_MAX) {
		expect_decode(place, &over, refused, "");
		expect_encode(place, &over, refused);
	}
	over = (struct twist){
	    .field = field, .raw = (const uint8_t *)"\xcf\0\0\0\1\0\0\0\0", .raw_len = 9};
	expect_decode(place, &over, refused, "");
}

Test(wire_fields, a_number_or_enum_out_of_bounds_is_refused)
{
	for_every_field(check_number);
}

static void check_signed(const struct place *place)
{
	struct twist twist = {
	    .field = place->field,
	    .raw = (const uint8_t *)"\xcf\x80\0\0\0\0\0\0\0",
	    .raw_len = 9,
	};

	if (place->field->kind == CM_FIELD_I64)
		expect_decode(place, &twist, CM_BAD_INPUT, "over the largest number");
}

Test(wire_fields, an_unsigned_number_that_no_signed_one_can_hold_is_refused)
{
	for_every_field(check_signed);
}
