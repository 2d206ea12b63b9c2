#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/limits.h"
#include "protocol/wire/scan.h"

/* Scan a copy that ends where the bytes end, so that ASan sees one byte too far. */
static enum cm_status scan(const void *bytes, size_t len, struct cm_err *err)
{
	uint8_t *exact = malloc(len != 0 ? len : 1);
	enum cm_status status;

	cr_assert_not_null(exact);
	memcpy(exact, bytes, len);
	status = cm_wire_scan(exact, len, CM_MAX_FRAME_BYTES, err);
	free(exact);
	return status;
}

static void expect(const void *bytes, size_t len, enum cm_status wanted, const char *sentence)
{
	struct cm_err err = {0};
	enum cm_status status = scan(bytes, len, &err);

	cr_expect_eq(status, wanted, "%s instead of %s: %s", cm_status_name(status),
	    cm_status_name(wanted), err.text);
	if (sentence != NULL)
		cr_expect_str_eq(err.text, sentence);
}

#define EXPECT(bytes, wanted, sentence) expect(bytes, sizeof(bytes) - 1, wanted, sentence)

Test(wire_scan, one_value_of_every_form_passes)
{
	EXPECT("\x00", CM_OK, NULL);
	EXPECT("\x7f", CM_OK, NULL);
	EXPECT("\xe0", CM_OK, NULL);
	EXPECT("\xff", CM_OK, NULL);
	EXPECT("\xc0", CM_OK, NULL);
	EXPECT("\xc2", CM_OK, NULL);
	EXPECT("\xc3", CM_OK, NULL);
	EXPECT("\xcc\x80", CM_OK, NULL);
	EXPECT("\xcd\x80\x80", CM_OK, NULL);
	EXPECT("\xce\x80\x80\x80\x80", CM_OK, NULL);
	EXPECT("\xcf\x80\x80\x80\x80\x80\x80\x80\x80", CM_OK, NULL);
	EXPECT("\xd0\x80", CM_OK, NULL);
	EXPECT("\xd1\x80\x80", CM_OK, NULL);
	EXPECT("\xd2\x80\x80\x80\x80", CM_OK, NULL);
	EXPECT("\xd3\x80\x80\x80\x80\x80\x80\x80\x80", CM_OK, NULL);
	EXPECT("\xca\x80\x80\x80\x80", CM_OK, NULL);
	EXPECT("\xcb\x80\x80\x80\x80\x80\x80\x80\x80", CM_OK, NULL);
	EXPECT("\xa0", CM_OK, NULL);
	EXPECT("\xa3"
	       "abc",
	    CM_OK, NULL);
	EXPECT("\xd9\x01"
	       "a",
	    CM_OK, NULL);
	EXPECT("\xda\x00\x01"
	       "a",
	    CM_OK, NULL);
	EXPECT("\xdb\x00\x00\x00\x01"
	       "a",
	    CM_OK, NULL);
	EXPECT("\xc4\x02\x00\xff", CM_OK, NULL);
	EXPECT("\xc5\x00\x02\x00\xff", CM_OK, NULL);
	EXPECT("\xc6\x00\x00\x00\x02\x00\xff", CM_OK, NULL);
	EXPECT("\x90", CM_OK, NULL);
	EXPECT("\x92\x01\xc0", CM_OK, NULL);
	EXPECT("\xdc\x00\x01\x01", CM_OK, NULL);
	EXPECT("\xdd\x00\x00\x00\x01\x01", CM_OK, NULL);
	EXPECT("\x80", CM_OK, NULL);
	EXPECT("\x82\x01\xc0\x02\xa0", CM_OK, NULL);
	EXPECT("\xde\x00\x01\x01\x01", CM_OK, NULL);
	EXPECT("\xdf\x00\x00\x00\x01\x01\x01", CM_OK, NULL);
}

Test(wire_scan, five_bytes_that_announce_gigabytes_are_refused)
{
	EXPECT("\xdd\x0f\xff\xff\xff", CM_TRUNCATED,
	    "byte 0: 268435455 elements announced, 0 bytes left");
	EXPECT("\xdf\x0f\xff\xff\xff", CM_TRUNCATED,
	    "byte 0: 268435455 pairs announced, 0 bytes left");
	EXPECT("\xdb\xff\xff\xff\xff", CM_TRUNCATED, "byte 0: 4294967295 bytes announced, 0 left");
	EXPECT("\xc6\xff\xff\xff\xff", CM_TRUNCATED, "byte 0: 4294967295 bytes announced, 0 left");
	EXPECT("\x91\xdd\xff\xff\xff\xff\x01", CM_TRUNCATED,
	    "byte 1: 4294967295 elements announced, 1 bytes left");
}

Test(wire_scan, a_map_needs_two_bytes_for_each_pair)
{
	EXPECT("\x82\x01\x01\x02", CM_TRUNCATED, "byte 0: 2 pairs announced, 3 bytes left");
}

Test(wire_scan, an_empty_message_and_a_cut_value_end_too_early)
{
	EXPECT("", CM_TRUNCATED, "byte 0: the message ends too early");
	EXPECT("\xcd\x01", CM_TRUNCATED, "byte 0: the message ends too early");
	EXPECT("\x92\xcd\x01\x01\xcf", CM_TRUNCATED, "byte 4: the message ends too early");
	EXPECT("\x92\x91\x01", CM_TRUNCATED, "byte 3: the message ends too early");
	EXPECT("\xa5"
	       "abcd",
	    CM_TRUNCATED, "byte 0: 5 bytes announced, 4 left");
}

Test(wire_scan, nothing_may_follow_the_message)
{
	EXPECT("\x01\x02", CM_BAD_INPUT, "byte 1: 1 bytes behind the message");
	EXPECT("\x81\x01\x02\x90\x90", CM_BAD_INPUT, "byte 3: 2 bytes behind the message");
}

Test(wire_scan, extension_types_and_c1_are_refused)
{
	static const uint8_t leads[] = {0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};

	EXPECT("\xc1", CM_BAD_INPUT, "byte 0: c1 is not MessagePack");
	for (size_t i = 0; i < sizeof leads; i++) {
		uint8_t bytes[24] = {0x91, leads[i]};

		expect(bytes, sizeof bytes, CM_BAD_INPUT,
		    "byte 1: extension types are not part of the protocol");
	}
}

Test(wire_scan, texts_must_be_utf8_without_nul)
{
	EXPECT("\xa2\xc3\xa9", CM_OK, NULL);
	EXPECT("\xb2"
	       "plain text \xe2\x82\xac ok",
	    CM_TRUNCATED, NULL);
	EXPECT("\xb1"
	       "plain text \xe2\x82\xac ok",
	    CM_OK, NULL);
	EXPECT("\xa2\xc0\x80", CM_BAD_INPUT, "byte 0: a text must be UTF-8 without NUL");
	EXPECT("\xa3\xed\xa0\x80", CM_BAD_INPUT, NULL);
	EXPECT("\xa1\xff", CM_BAD_INPUT, NULL);
	EXPECT("\xa3"
	       "a\0b",
	    CM_BAD_INPUT, NULL);
	EXPECT("\xa1\0", CM_BAD_INPUT, NULL);
	EXPECT("\xa9"
	       "eight by\x80",
	    CM_BAD_INPUT, NULL);
	EXPECT("\xa8"
	       "ei\x80ht by",
	    CM_BAD_INPUT, NULL);
	EXPECT("\xa2\xe2\x82", CM_BAD_INPUT, NULL);
	EXPECT("\xc4\x03\xff\x00\xfe", CM_OK, NULL);
}

Test(wire_scan, map_keys_are_unsigned_numbers_in_ascending_order)
{
	EXPECT("\x81\xa1"
	       "a\x01",
	    CM_BAD_INPUT, "byte 1: a map key must be an unsigned integer");
	EXPECT("\x81\xff\x01", CM_BAD_INPUT, "byte 1: a map key must be an unsigned integer");
	EXPECT("\x81\xc0\x01", CM_BAD_INPUT, NULL);
	EXPECT("\x81\xd0\x01\x01", CM_BAD_INPUT, NULL);
	EXPECT("\x81\x80\x01", CM_BAD_INPUT, NULL);
	EXPECT("\x82\x01\x01\x01\x01", CM_BAD_INPUT,
	    "byte 3: map keys must ascend and stand once each");
	EXPECT("\x82\x02\x01\x01\x01", CM_BAD_INPUT,
	    "byte 3: map keys must ascend and stand once each");
	EXPECT("\x82\x02\x01\xcc\x02\x01", CM_BAD_INPUT, NULL);
	EXPECT("\x82\x02\x82\x00\x01\x01\x01\x03\x01", CM_OK, NULL);
	EXPECT("\x82\x01\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01", CM_OK, NULL);
	EXPECT(
	    "\x82\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	    CM_BAD_INPUT, "byte 11: map keys must ascend and stand once each");
}

Test(wire_scan, sixteen_containers_deep_pass_and_seventeen_do_not)
{
	uint8_t arrays[100000];
	uint8_t maps[100];

	memset(arrays, 0x91, sizeof arrays);
	arrays[16] = 0xc0;
	expect(arrays, 17, CM_OK, NULL);
	arrays[15] = 0x90;
	expect(arrays, 16, CM_OK, NULL);
	arrays[15] = 0x91;
	arrays[16] = 0x90;
	expect(arrays, 17, CM_TOO_DEEP, "byte 16: more than 16 containers deep");
	memset(arrays, 0x91, sizeof arrays);
	expect(arrays, sizeof arrays, CM_TOO_DEEP, "byte 16: more than 16 containers deep");
	for (size_t i = 0; i < sizeof maps; i += 2) {
		maps[i] = 0x81;
		maps[i + 1] = 0x01;
	}
	expect(maps, sizeof maps, CM_TOO_DEEP, "byte 32: more than 16 containers deep");
}

Test(wire_scan, closed_containers_do_not_count_as_depth)
{
	uint8_t bytes[1 + 100] = {0xdc, 0, 98};

	memset(bytes + 3, 0x90, sizeof bytes - 3);
	expect(bytes, sizeof bytes, CM_OK, NULL);
}

Test(wire_scan, a_message_over_its_limit_is_not_walked)
{
	uint8_t bytes[3] = {0xa2, 'a', 'b'};
	struct cm_err err;

	cr_expect_eq(cm_wire_scan(bytes, 3, 3, &err), CM_OK);
	cr_expect_eq(cm_wire_scan(bytes, 3, 2, &err), CM_TOO_LARGE);
	cr_expect_str_eq(err.text, "3 bytes, at most 2");
	cr_expect_eq(cm_wire_scan(bytes, 3, 2, NULL), CM_TOO_LARGE);
}

Test(wire_scan, elements_and_pairs_are_counted)
{
	static const uint8_t bytes[] = {0x93, 0x92, 1, 2, 0x82, 1, 0x90, 2, 0x81, 9, 9, 0x80};
	struct cm_scan_counts counts;

	cr_assert_eq(cm_wire_scan_count(bytes, sizeof bytes, 100, &counts, NULL), CM_OK);
	cr_expect_eq(counts.elements, 5);
	cr_expect_eq(counts.pairs, 3);
}

Test(wire_scan, every_pair_of_bytes_gets_an_answer)
{
	for (unsigned a = 0; a < 256; a++) {
		for (unsigned b = 0; b < 256; b++) {
			uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
			struct cm_err err;

			(void)scan(bytes, 2, &err);
			(void)scan(bytes, 1, &err);
		}
	}
}
