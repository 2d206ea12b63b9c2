#include <criterion/criterion.h>
#include <string.h>

#include "test_wire_tools.h"

Test(wire_codec, every_message_comes_back_as_it_went)
{
	for (size_t m = 0; m < message_schemas_count; m++) {
		for (uint64_t seed = 0; seed < 200; seed++) {
			const struct cm_schema *schema = message_schemas[m];
			struct dice dice = {seed};
			struct cm_arena arena;
			struct cm_buf out;
			struct cm_err err = {0};
			void *msg;
			void *back;

			cm_arena_init(&arena, 0);
			cm_buf_init(&out, 0);
			msg = fill_message(
			    schema, seed == 0 ? FILL_BARE : FILL_ALL, NULL, &dice, &arena);
			back = cm_arena_alloc(&arena, 1, schema->size);
			cr_assert_eq(
			    cm_wire_encode(schema, msg, &out, &err), CM_OK, "%s", err.text);
			cr_assert_eq(cm_wire_decode(schema, out.data, out.len, &arena, back, &err),
			    CM_OK, "%s", err.text);
			cr_assert(messages_equal(schema, msg, back), "%s, seed %llu", schema->name,
			    (unsigned long long)seed);
			cm_buf_fini(&out);
			cm_arena_fini(&arena);
		}
	}
}

Test(wire_codec, the_encoding_is_the_one_the_specification_gives)
{
	for (size_t m = 0; m < message_schemas_count; m++) {
		for (uint64_t seed = 0; seed < 100; seed++) {
			struct dice dice = {seed};
			struct cm_arena arena;
			struct cm_buf ours;
			struct cm_buf by_hand;
			void *msg;

			cm_arena_init(&arena, 0);
			cm_buf_init(&ours, 0);
			cm_buf_init(&by_hand, 0);
			msg = fill_message(message_schemas[m], FILL_ALL, NULL, &dice, &arena);
			write_message(message_schemas[m], msg, NULL, &by_hand);
			cr_assert_eq(cm_wire_encode(message_schemas[m], msg, &ours, NULL), CM_OK);
			cr_assert_eq(ours.len, by_hand.len);
			cr_assert_arr_eq(ours.data, by_hand.data, ours.len);
			cm_buf_fini(&ours);
			cm_buf_fini(&by_hand);
			cm_arena_fini(&arena);
		}
	}
}

Test(wire_codec, a_heartbeat_is_these_bytes)
{
	static const uint8_t wanted[] = {0x83, 1, 1, 2, 0xa2, 'i', 'e', 3, 0xcd, 0x01, 0x00};
	struct cm_envelope envelope = {.version = 1, .sender = "ie", .boot = 256};
	struct cm_buf out;

	cm_buf_init(&out, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &out, NULL), CM_OK);
	cr_assert_eq(out.len, sizeof wanted);
	cr_assert_arr_eq(out.data, wanted, sizeof wanted);
	cm_buf_fini(&out);
}

Test(wire_codec, texts_are_never_null_after_decoding)
{
	struct cm_arena arena;
	struct cm_op_reply reply;
	struct cm_event event;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_wire_decode(&cm_op_reply_schema, (const uint8_t *)"\x81\x01\x00", 3, &arena,
			 &reply, NULL),
	    CM_OK);
	cr_expect_str_eq(reply.sentence, "");
	cr_expect_null(reply.body.data);
	cr_assert_neq(
	    cm_wire_decode(&cm_event_schema, (const uint8_t *)"\x80", 1, &arena, &event, NULL),
	    CM_OK);
	cr_expect_str_eq(event.router, "");
	cr_expect_eq(event.outcomes_count, 0);
	cm_arena_fini(&arena);
}

Test(wire_codec, the_sentence_names_the_path)
{
	struct dice dice = {3};
	struct cm_arena arena;
	struct cm_err err;
	struct cm_demand *demand;
	struct cm_target targets[4];
	struct cm_buf out;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	demand = fill_message(&cm_demand_schema, FILL_BARE, NULL, &dice, &arena);
	for (size_t i = 0; i < 4; i++)
		targets[i] = demand->targets[0];
	targets[3].blind.len = 0;
	demand->targets = targets;
	demand->targets_count = 4;
	cr_expect_eq(cm_wire_encode(&cm_demand_schema, demand, &out, &err), CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "demand.targets[3].blind: must not be empty");
	write_message(&cm_demand_schema, demand, NULL, &out);
	cr_expect_eq(cm_wire_decode(&cm_demand_schema, out.data, out.len, &arena, demand, &err),
	    CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "demand.targets[3].blind: must not be empty");
	cr_expect_eq(
	    cm_wire_decode(&cm_demand_schema, out.data, 3, &arena, demand, &err), CM_TRUNCATED);
	cr_expect_str_eq(err.text, "demand: byte 0: 7 pairs announced, 2 bytes left");
	cr_expect_eq(
	    cm_wire_decode(&cm_demand_schema, (const uint8_t *)"\x90", 1, &arena, demand, &err),
	    CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "demand: must be a map, is an array");
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
}

Test(wire_codec, fields_of_a_newer_peer_are_passed_over)
{
	/* op_reply with keys 0, 5 and 300 that no table has, in and around those it has. */
	static const char bytes[] = "\x86\x00\x91\xc0\x01\x07\x02\xa2no\x03\x05\x05\x81\x01\xa1x"
				    "\xcd\x01\x2c\xcb\0\0\0\0\0\0\0\0";
	struct cm_op_reply reply;
	struct cm_arena arena;
	struct cm_err err = {0};

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_wire_decode(&cm_op_reply_schema, (const uint8_t *)bytes, sizeof bytes - 1,
			 &arena, &reply, &err),
	    CM_OK, "%s", err.text);
	cr_expect_eq(reply.status, 7);
	cr_expect_str_eq(reply.sentence, "no");
	cr_expect_eq(reply.offset, 5);
	cm_arena_fini(&arena);
}

Test(wire_codec, integers_may_be_wider_than_they_need)
{
	static const char bytes[] =
	    "\x82\xcc\x01\xce\0\0\0\x07\xcf\0\0\0\0\0\0\0\x03\xd3\0\0\0\0\0\0\0\x05";
	struct cm_op_reply reply;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_wire_decode(&cm_op_reply_schema, (const uint8_t *)bytes, sizeof bytes - 1,
			 &arena, &reply, NULL),
	    CM_OK);
	cr_expect_eq(reply.status, 7);
	cr_expect_eq(reply.offset, 5);
	cm_arena_fini(&arena);
}

Test(wire_codec, a_text_that_is_not_utf8_is_not_sent)
{
	struct cm_op op = {.name = "fi\xffle"};
	struct cm_arg arg = {"a", "\xc3"};
	struct cm_err err;
	struct cm_buf out;
	const char *needs[] = {"ok", "\x80"};
	struct cm_ruling ruling = {.rule = "r",
	    .jurisdiction = "j",
	    .state = 1,
	    .modality = 1,
	    .act = "a",
	    .needs = needs,
	    .needs_count = 2};
	struct cm_finding finding = {
	    .category = "c", .side = 1, .rulings = &ruling, .rulings_count = 1};
	struct cm_answer answer = {.case_id = {{1}},
	    .round = 1,
	    .node = "n",
	    .region = "r",
	    .findings = &finding,
	    .findings_count = 1};

	cm_buf_init(&out, 0);
	cr_expect_eq(cm_record_encode(CM_KIND_OP, &op, &out, &err), CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "op.name: must be UTF-8");
	op = (struct cm_op){.name = "file", .args = &arg, .args_count = 1};
	cr_expect_eq(cm_record_encode(CM_KIND_OP, &op, &out, &err), CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "op.args[0].value: must be UTF-8");
	cr_expect_eq(cm_record_encode(CM_KIND_ANSWER, &answer, &out, &err), CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "answer.findings[0].rulings[0].needs[1]: must be UTF-8");
	cr_expect_eq(out.len, 0);
	cm_buf_fini(&out);
}

/* ---- records and envelopes ------------------------------------------------------------------- */

Test(wire_codec, a_kind_not_known_here_has_its_own_status)
{
	struct cm_bytes body = {(const uint8_t *)"\x80", 1};
	struct cm_arena arena;
	struct cm_buf out;
	struct cm_err err;
	union {
		uint64_t space[64];
	} msg = {{0}};

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	cr_expect_eq(cm_record_decode(99, body, &arena, &msg, &err), CM_UNKNOWN_KIND);
	cr_expect_str_eq(err.text, "record: kind 99 is not known here");
	cr_expect_eq(cm_record_encode(99, &msg, &out, &err), CM_UNKNOWN_KIND);
	cr_expect_eq(cm_record_decode(0, body, &arena, &msg, &err), CM_UNKNOWN_KIND);
	cm_arena_fini(&arena);
}

Test(wire_codec, each_kind_has_its_own_size_limit){
#define X(name, number, type, most)                                                                \
	{                                                                                          \
		uint8_t *bytes = cm_alloc((most) + 1, 1);                                          \
		struct cm_bytes body = {bytes, (most) + 1};                                        \
		struct cm_arena arena;                                                             \
		struct cm_err err;                                                                 \
		struct type msg;                                                                   \
                                                                                                   \
		cm_arena_init(&arena, 0);                                                          \
		cr_expect_eq(cm_record_decode(number, body, &arena, &msg, &err), CM_TOO_LARGE);    \
		body.len--;                                                                        \
		cr_expect_eq(cm_record_decode(number, body, &arena, &msg, &err), CM_BAD_INPUT);    \
		cr_expect_eq(cm_alloc_live(), 1);                                                  \
		cm_free(bytes);                                                                    \
	}
    CM_MESSAGE_TABLE(X)
#undef X
}

Test(wire_codec, a_message_over_its_kinds_limit_is_not_encoded)
{
	static const uint8_t body[CM_MAX_RECORD_BYTES + 1];
	struct cm_record records[3];
	struct cm_envelope envelope = {
	    .version = 1, .sender = "ie", .records = records, .records_count = 2};
	struct cm_err err;
	struct cm_buf out;

	cm_buf_init(&out, 0);
	for (size_t i = 0; i < 3; i++)
		records[i] = (struct cm_record){
		    .id = {{1}}, .kind = 99, .body = {body, CM_MAX_RECORD_BYTES / 2}};
	cr_expect_eq(cm_envelope_encode(&envelope, &out, &err), CM_OK);
	cm_buf_clear(&out);
	records[0].body.len = CM_MAX_RECORD_BYTES;
	records[1].body.len = CM_MAX_RECORD_BYTES;
	cr_expect_eq(cm_envelope_encode(&envelope, &out, &err), CM_TOO_LARGE);
	cr_expect_not_null(strstr(err.text, "envelope: 12582979 bytes, at most 8388608"), "%s", err.text);
	records[0].body.len++;
	cr_expect_eq(cm_envelope_encode(&envelope, &out, &err), CM_TOO_LARGE);
	cr_expect_str_eq(err.text, "envelope.records[0].body: 6291457 bytes, at most 6291456");
	cm_buf_fini(&out);
}

Test(wire_codec, an_envelope_of_another_version_has_its_own_status)
{
	static const char bytes[] = "\x81\x01\x02";
	struct cm_envelope envelope;
	struct cm_arena arena;
	struct cm_err err;

	cm_arena_init(&arena, 0);
	cr_expect_eq(
	    cm_envelope_decode((const uint8_t *)bytes, 3, &arena, &envelope, &err), CM_VERSION);
	cr_expect_str_eq(err.text, "envelope.version: 2, only 1 is known here");
	cm_arena_fini(&arena);
}

Test(wire_codec, record_bodies_travel_untouched)
{
	/* A body with a field no table has, in a kind no table has: the bytes come out as they
	 * went. */
	static const uint8_t body[] = {0x82, 0x01, 0xa1, 'x', 0xcd, 0x03, 0xe8, 0xc3};
	struct cm_record record = {.id = {{9}}, .kind = 4711, .body = {body, sizeof body}};
	struct cm_envelope envelope = {
	    .version = 1, .sender = "ie", .boot = 1, .records = &record, .records_count = 1};
	struct cm_envelope back;
	struct cm_arena arena;
	struct cm_buf out;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &out, NULL), CM_OK);
	cr_assert_eq(cm_envelope_decode(out.data, out.len, &arena, &back, NULL), CM_OK);
	cm_buf_fini(&out); /* the decoded envelope does not need it */
	cr_assert_eq(back.records_count, 1);
	cr_expect_eq(back.records[0].kind, 4711);
	cr_assert_eq(back.records[0].body.len, sizeof body);
	cr_expect_arr_eq(back.records[0].body.data, body, sizeof body);
	cm_arena_fini(&arena);
}

Test(wire_codec, the_overheads_are_the_most_that_an_envelope_adds)
{
	static uint8_t body[CM_MAX_RECORD_BYTES - 8];
	char sender[CM_MAX_NAME_BYTES + 1] = {0};
	char reason[CM_MAX_REASON_BYTES + 1] = {0};
	struct cm_record records[16];
	struct cm_receipt receipts[16];
	struct cm_envelope envelope = {.version = 1,
	    .sender = sender,
	    .boot = UINT64_MAX,
	    .receipts = receipts,
	    .receipts_count = 16,
	    .records = records,
	    .records_count = 1};
	struct cm_buf out;

	memset(sender, 's', CM_MAX_NAME_BYTES);
	memset(reason, 'r', CM_MAX_REASON_BYTES);
	for (size_t i = 0; i < 16; i++) {
		records[i] = (struct cm_record){
		    .id = {{1}}, .kind = UINT32_MAX, .body = {body, 70000}};
		receipts[i] = (struct cm_receipt){.id = {{1}},
		    .status = UINT32_MAX,
		    .reason = reason,
		    .retry_ms = UINT32_MAX};
	}
	records[0].body.len = sizeof body;
	cm_buf_init(&out, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &out, NULL), CM_OK);
	cr_expect_leq(out.len, CM_ENVELOPE_OVERHEAD_BYTES + CM_RECORD_OVERHEAD_BYTES + sizeof body +
				   16 * (CM_RECEIPT_OVERHEAD_BYTES + CM_MAX_REASON_BYTES));
	/* No slack but the two bytes by which one record needs a shorter head than 16. */
	cr_expect_geq(out.len + 2, CM_ENVELOPE_OVERHEAD_BYTES + CM_RECORD_OVERHEAD_BYTES +
				       sizeof body +
				       16 * (CM_RECEIPT_OVERHEAD_BYTES + CM_MAX_REASON_BYTES));
	cm_buf_fini(&out);
}

/* ---- proofs ---------------------------------------------------------------------------------- */

static const uint8_t hashes[CM_MAX_PATH_BYTES] = {7};

static struct cm_stamp stamp_of(const uint8_t signature[64])
{
	return (struct cm_stamp){.at_ms = INT64_MAX,
	    .seq = UINT64_MAX,
	    .head = {hashes, 32},
	    .key = {hashes, 32},
	    .signature = {signature, 64}};
}

static struct cm_proof proof_of(const struct cm_stamp *by)
{
	return (struct cm_proof){.place = 65535, .leaves = 65536, .path = {hashes, sizeof hashes}, .by = by};
}

Test(wire_codec, each_signature_travels_once_and_each_record_finds_its_own)
{
	const uint8_t one[64] = {1};
	const uint8_t two[64] = {2};
	const struct cm_stamp first = stamp_of(one);
	const struct cm_stamp second = stamp_of(two);
	const struct cm_stamp again = stamp_of(one);
	const uint8_t body[] = {0x80};
	struct cm_record records[4];
	struct cm_receipt receipt = {.id = {{1}}, .proof = proof_of(&second)};
	struct cm_stamp stamps[CM_MAX_STAMPS];
	struct cm_envelope envelope = {.version = 1, .sender = "ie", .receipts = &receipt,
	    .receipts_count = 1, .records = records, .records_count = 4, .stamps = stamps};
	struct cm_envelope back;
	struct cm_arena arena;
	struct cm_buf out;

	for (size_t i = 0; i < 4; i++)
		records[i] = (struct cm_record){.id = {{2}}, .kind = 99, .body = {body, 1}};
	records[0].proof = proof_of(&first);
	records[1].proof = proof_of(&second);
	records[3].proof = proof_of(&again);
	envelope.stamps_count = cm_envelope_number(records, 4, &receipt, 1, stamps);
	cr_assert_eq(envelope.stamps_count, 2);
	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &out, NULL), CM_OK);
	cr_expect_leq(out.len, CM_ENVELOPE_OVERHEAD_BYTES + 4 * (CM_RECORD_OVERHEAD_BYTES + 1) +
				   CM_RECEIPT_OVERHEAD_BYTES + 5 * CM_PROOF_OVERHEAD_BYTES +
				   2 * CM_STAMP_OVERHEAD_BYTES);
	cr_assert_eq(cm_envelope_decode(out.data, out.len, &arena, &back, NULL), CM_OK);
	cm_buf_fini(&out);
	cr_assert_eq(back.stamps_count, 2);
	cr_expect_eq(back.records[0].proof.by, back.records[3].proof.by);
	cr_expect_eq(back.records[0].proof.by->signature.data[0], 1);
	cr_expect_eq(back.records[1].proof.by->signature.data[0], 2);
	cr_expect_eq(back.receipts[0].proof.by, back.records[1].proof.by);
	cr_expect_null(back.records[2].proof.by);
	cr_expect_eq(back.records[1].proof.place, 65535);
	cr_expect_eq(back.records[1].proof.leaves, 65536);
	cr_expect_eq(back.records[1].proof.path.len, sizeof hashes);
	cm_arena_fini(&arena);
}

Test(wire_codec, a_stamp_that_is_not_there_is_refused)
{
	const uint8_t body[] = {0x80};
	struct cm_record record = {.id = {{2}}, .kind = 99, .body = {body, 1}, .proof = {.stamp = 1}};
	struct cm_envelope envelope = {
	    .version = 1, .sender = "ie", .records = &record, .records_count = 1};
	struct cm_err err = {.text = ""};
	struct cm_arena arena;
	struct cm_buf out;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &out, NULL), CM_OK);
	cr_assert_eq(cm_envelope_decode(out.data, out.len, &arena, &envelope, &err), CM_BAD_INPUT);
	cr_expect_str_eq(err.text, "envelope.records[0].stamp: 1 of 0");
	cr_expect_eq(envelope.records_count, 0);
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
}
