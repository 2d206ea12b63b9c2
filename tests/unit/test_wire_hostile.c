#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "test_wire_tools.h"

/* A full message of the schema, encoded. */
static void encode_some(const struct cm_schema *schema, uint64_t seed, struct cm_buf *out)
{
	struct dice dice = {seed};
	struct cm_arena arena;
	void *msg;

	cm_arena_init(&arena, 0);
	msg = fill_message(schema, FILL_ALL, NULL, &dice, &arena);
	cr_assert_eq(cm_wire_encode(schema, msg, out, NULL), CM_OK);
	cm_arena_fini(&arena);
}

/* Decode a copy that ends where the bytes end. */
static enum cm_status decode_exact(const struct cm_schema *schema, const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len != 0 ? len : 1);
	struct cm_arena arena;
	enum cm_status status;
	struct cm_err err;
	void *msg;

	cr_assert_not_null(exact);
	memcpy(exact, bytes, len);
	cm_arena_init(&arena, 0);
	msg = cm_arena_alloc(&arena, 1, schema->size);
	cr_assert_not_null(msg);
	status = cm_wire_decode(schema, exact, len, &arena, msg, &err);
	cm_arena_fini(&arena);
	free(exact);
	return status;
}

Test(wire_hostile, a_message_cut_at_any_byte_ends_too_early)
{
	for (size_t m = 0; m < message_schemas_count; m++) {
		struct cm_buf whole;

		cm_buf_init(&whole, 0);
		encode_some(message_schemas[m], 11, &whole);
		for (size_t len = 0; len < whole.len; len++)
			cr_assert_eq(decode_exact(message_schemas[m], whole.data, len),
			    CM_TRUNCATED, "%s at %zu", message_schemas[m]->name, len);
		cr_assert_eq(decode_exact(message_schemas[m], whole.data, whole.len), CM_OK);
		cm_buf_fini(&whole);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

static void mutate(uint8_t *bytes, size_t len, struct dice *dice)
{
	static const uint8_t nasty[] = {0xdd, 0xdf, 0xdb, 0xc6, 0xc1, 0xd4, 0x80, 0x90, 0xff, 0x00};
	uint64_t times = 1 + dice_below(dice, 4);

	while (times-- > 0) {
		uint8_t *at = bytes + dice_below(dice, len);

		switch (dice_below(dice, 4)) {
		case 0:
			*at ^= (uint8_t)(1u << dice_below(dice, 8));
			break;
		case 1:
			*at = (uint8_t)dice_next(dice);
			break;
		case 2:
			*at = nasty[dice_below(dice, sizeof nasty)];
			break;
		default:
			memmove(at, bytes + dice_below(dice, len),
			    dice_below(dice, 8) % (size_t)(bytes + len - at));
		}
	}
}

Test(wire_hostile, a_hundred_thousand_mutations_crash_nothing, .timeout = 240)
{
	struct dice dice = {20260807};
	size_t refused = 0;
	size_t rounds = 100000;

	for (size_t m = 0; m < message_schemas_count; m++) {
		struct cm_buf whole;
		uint8_t *bytes;

		cm_buf_init(&whole, 0);
		encode_some(message_schemas[m], 5, &whole);
		bytes = malloc(whole.len + 8);
		cr_assert_not_null(bytes);
		memset(bytes, 0, whole.len + 8);
		for (size_t i = 0; i < rounds / message_schemas_count; i++) {
			memcpy(bytes, whole.data, whole.len);
			mutate(bytes, whole.len - 8, &dice);
			refused += decode_exact(message_schemas[m], bytes, whole.len) != CM_OK;
		}
		free(bytes);
		cm_buf_fini(&whole);
	}
	/* Most mutations hurt; some hit the inside of a text. Neither end would be a test. */
	cr_expect_gt(refused, rounds / 10);
	cr_expect_lt(refused, rounds);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(wire_hostile, what_decodes_after_a_mutation_encodes_and_decodes_again)
{
	struct dice dice = {77};
	const struct cm_schema *schema = &cm_answer_schema;
	struct cm_buf whole;
	size_t passed = 0;

	cm_buf_init(&whole, 0);
	encode_some(schema, 5, &whole);
	for (size_t i = 0; i < 5000; i++) {
		struct cm_answer first;
		struct cm_answer second;
		struct cm_arena arena;
		struct cm_buf again;

		cm_arena_init(&arena, 0);
		cm_buf_init(&again, 0);
		cm_buf_add(&again, whole.data, whole.len);
		mutate(again.data, again.len - 8, &dice);
		if (cm_wire_decode(schema, again.data, again.len, &arena, &first, NULL) == CM_OK) {
			passed++;
			cm_buf_clear(&again);
			cr_assert_eq(cm_wire_encode(schema, &first, &again, NULL), CM_OK);
			cr_assert_eq(
			    cm_wire_decode(schema, again.data, again.len, &arena, &second, NULL),
			    CM_OK);
			cr_assert(messages_equal(schema, &first, &second));
		}
		cm_buf_fini(&again);
		cm_arena_fini(&arena);
	}
	cr_expect_gt(passed, 100);
	cm_buf_fini(&whole);
}

Test(wire_hostile, the_five_bytes_cost_no_memory)
{
	static const uint8_t bytes[] = {0xdd, 0x0f, 0xff, 0xff, 0xff};
	struct cm_envelope envelope;
	struct cm_arena arena;
	struct cm_err err;

	cm_arena_init(&arena, 0);
	/* Any request for memory would fail and show as another status. */
	cm_alloc_fail_at(1, true);
	cr_expect_eq(
	    cm_envelope_decode(bytes, sizeof bytes, &arena, &envelope, &err), CM_TRUNCATED);
	cr_expect(!cm_alloc_has_failed());
	cm_alloc_fail_at(0, false);
	cr_expect_str_eq(err.text, "envelope: byte 0: 268435455 elements announced, 0 bytes left");
	cm_arena_fini(&arena);
}

Test(wire_hostile, every_failing_request_for_memory_refuses_the_decode_and_leaks_nothing)
{
	for (size_t m = 0; m < message_schemas_count; m++) {
		const struct cm_schema *schema = message_schemas[m];
		void *msg = malloc(schema->size);
		enum cm_status status = CM_NO_MEMORY;
		struct cm_buf whole;
		size_t live;
		size_t nth = 0;

		cr_assert_not_null(msg);
		cm_buf_init(&whole, 0);
		encode_some(schema, 3, &whole);
		live = cm_alloc_live();
		while (status != CM_OK) {
			struct cm_arena arena;
			struct cm_err err;

			cm_arena_init(&arena, 0);
			nth++;
			cm_alloc_fail_at(nth, nth % 2 == 0);
			status = cm_wire_decode(schema, whole.data, whole.len, &arena, msg, &err);
			cr_assert_eq(status, cm_alloc_has_failed() ? CM_NO_MEMORY : CM_OK);
			cm_alloc_fail_at(0, false);
			cm_arena_fini(&arena);
			cr_assert_eq(cm_alloc_live(), live);
		}
		cr_expect_gt(nth, 2, "%s", schema->name);
		cm_buf_fini(&whole);
		free(msg);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(wire_hostile, every_failing_request_for_memory_refuses_the_encode_and_leaks_nothing)
{
	for (size_t m = 0; m < message_schemas_count; m++) {
		const struct cm_schema *schema = message_schemas[m];
		enum cm_status status = CM_NO_MEMORY;
		struct dice dice = {3};
		struct cm_arena arena;
		size_t nth = 0;
		size_t live;
		void *msg;

		cm_arena_init(&arena, 0);
		msg = fill_message(schema, FILL_ALL, NULL, &dice, &arena);
		live = cm_alloc_live();
		while (status != CM_OK) {
			struct cm_buf out;
			struct cm_err err;

			cm_buf_init(&out, 0);
			cm_alloc_fail_at(++nth, false);
			status = cm_wire_encode(schema, msg, &out, &err);
			cr_assert_eq(status, cm_alloc_has_failed() ? CM_NO_MEMORY : CM_OK);
			cm_alloc_fail_at(0, false);
			cr_assert(status == CM_OK || out.len == 0);
			cm_buf_fini(&out);
			cr_assert_eq(cm_alloc_live(), live);
		}
		cr_expect_gt(nth, 1, "%s", schema->name);
		cm_arena_fini(&arena);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(wire_hostile, an_arena_with_a_limit_bounds_what_a_message_may_cost)
{
	struct cm_buf whole;
	struct cm_demand demand;
	struct cm_arena arena;
	struct cm_err err;

	cm_buf_init(&whole, 0);
	encode_some(&cm_demand_schema, 4, &whole);
	cm_arena_init(&arena, whole.len + 64);
	cr_expect_eq(
	    cm_wire_decode(&cm_demand_schema, whole.data, whole.len, &arena, &demand, &err),
	    CM_NO_MEMORY);
	cr_expect_not_null(strstr(err.text, "demand."), "%s", err.text);
	cm_arena_fini(&arena);
	cm_buf_fini(&whole);
}

Test(wire_hostile, a_full_buffer_is_told_from_missing_memory)
{
	struct cm_envelope envelope = {.version = 1, .sender = "node", .boot = 1};
	struct cm_buf out;
	struct cm_err err;

	for (size_t limit = 1; limit < 11; limit++) {
		cm_buf_init(&out, limit);
		cr_expect_eq(cm_envelope_encode(&envelope, &out, &err), CM_TOO_LARGE);
		cr_expect_str_eq(err.text, "envelope: does not fit its buffer");
		cr_expect_eq(out.len, 0);
		cm_buf_fini(&out);
	}
	cm_buf_init(&out, 11);
	cr_expect_eq(cm_envelope_encode(&envelope, &out, &err), CM_OK);
	cm_buf_fini(&out);
}
