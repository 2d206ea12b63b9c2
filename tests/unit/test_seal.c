#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/seal/blind.h"
#include "protocol/seal/seal.h"

static void start(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
}

TestSuite(seal, .init = start);
TestSuite(blind, .init = start);

static struct cm_blind_key counting_key(void)
{
	struct cm_blind_key key;

	for (size_t i = 0; i < sizeof key.bytes; i++)
		key.bytes[i] = (uint8_t)i;
	return key;
}

static const char *hex(const uint8_t *bytes, size_t len)
{
	static char text[2 * 64 + 1];

	cm_hex_print(bytes, len, text);
	return text;
}

Test(seal, a_digest_is_what_b2sum_prints)
{
	uint8_t out[CM_DIGEST_BYTES];

	cm_digest("abc", 3, out); /* printf abc | b2sum -l 256 */
	cr_assert_str_eq(hex(out, sizeof out),
	    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

Test(seal, a_digest_in_pieces_is_the_digest_of_the_whole)
{
	char text[1000];
	uint8_t whole[CM_DIGEST_BYTES];
	uint8_t pieces[CM_DIGEST_BYTES];
	struct cm_digest_stream stream;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7);
	cm_digest(text, sizeof text, whole);
	for (size_t step = 1; step < 200; step += 13) {
		cm_digest_init(&stream);
		for (size_t at = 0; at < sizeof text; at += step)
			cm_digest_add(
			    &stream, text + at, at + step < sizeof text ? step : sizeof text - at);
		cm_digest_end(&stream, pieces);
		cr_assert_arr_eq(pieces, whole, sizeof whole);
	}
}

Test(seal, ids_of_one_moment_differ_and_sort_by_time)
{
	struct cm_id first = cm_id_new((struct cm_wall){1000});
	struct cm_id second = cm_id_new((struct cm_wall){1000});
	struct cm_id later = cm_id_new((struct cm_wall){1001});

	cr_assert(!cm_id_equal(&first, &second));
	cr_assert_lt(cm_id_compare(&first, &later), 0);
	cr_assert_lt(cm_id_compare(&second, &later), 0);
	cr_assert_eq(first.bytes[6] >> 4, 7);
}

Test(seal, random_bytes_fill_exactly_what_was_asked)
{
	uint8_t bytes[34] = {0};
	int zeros = 0;

	cm_random(bytes + 1, 32);
	for (size_t i = 1; i <= 32; i++)
		zeros += bytes[i] == 0;
	cr_assert_eq(bytes[0], 0);
	cr_assert_eq(bytes[33], 0);
	cr_assert_lt(zeros, 16);
}

/* Vectors from Python: hashlib.blake2b(text, digest_size=32, key=bytes(range(32)),
 * person=b"comity.blind.v1\0"). */
Test(blind, a_blind_is_keyed_blake2b_with_its_personal_string)
{
	struct cm_blind_key key = counting_key();
	uint8_t out[CM_BLIND_BYTES];

	cr_assert_eq(cm_blind(&key, "ops@example.ie", 14, out, NULL), CM_OK);
	cr_assert_str_eq(hex(out, sizeof out),
	    "0998aa1b872b3a47ee8ec4d82a42b1afd2a3553739c5c21b6ae4ec046a606205");
}

Test(blind, a_target_carries_the_blind_of_its_domain_too)
{
	struct cm_blind_key key = counting_key();
	uint8_t out[CM_BLIND_PAIR_BYTES];
	size_t len = 0;

	cr_assert_eq(cm_blind_target(&key, " Ops@Example.IE ", 16, out, &len, NULL), CM_OK);
	cr_assert_eq(len, 64);
	cr_assert_str_eq(hex(out, 64),
	    "0998aa1b872b3a47ee8ec4d82a42b1afd2a3553739c5c21b6ae4ec046a606205"
	    "fd4567067a5fb4380039408afd6e6b451317aac6a34659a20bb5306e4840538d");
}

Test(blind, a_target_without_a_domain_carries_one_blind)
{
	struct cm_blind_key key = counting_key();
	static const char *const texts[] = {"+353 1 555 0100", "@example.ie", "account-77", "odd@"};
	uint8_t out[CM_BLIND_PAIR_BYTES];
	size_t len;

	for (size_t i = 0; i < 4; i++) {
		len = 0;
		cr_assert_eq(
		    cm_blind_target(&key, texts[i], strlen(texts[i]), out, &len, NULL), CM_OK);
		cr_assert_eq(len, 32, "%s", texts[i]);
	}
}

Test(blind, case_and_outer_blanks_do_not_matter_and_all_else_does)
{
	struct cm_blind_key key = counting_key();
	struct cm_blind_key other = counting_key();
	uint8_t a[CM_BLIND_BYTES];
	uint8_t b[CM_BLIND_BYTES];

	cr_assert_eq(cm_blind(&key, "ops@example.ie", 14, a, NULL), CM_OK);
	cr_assert_eq(cm_blind(&key, "  OPS@example.ie", 16, b, NULL), CM_OK);
	cr_assert_arr_eq(a, b, sizeof a);
	cr_assert_eq(cm_blind(&key, "o ps@example.ie", 15, b, NULL), CM_OK);
	cr_assert_arr_neq(a, b, sizeof a);
	other.bytes[31] ^= 1;
	cr_assert_eq(cm_blind(&other, "ops@example.ie", 14, b, NULL), CM_OK);
	cr_assert_arr_neq(a, b, sizeof a);
}

Test(blind, letters_outside_ascii_are_hashed_as_they_stand)
{
	char out[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t len;

	cr_assert_eq(cm_identifier_normalise("\xc3\x84RGER@x", 8, out, &len, NULL), CM_OK);
	cr_assert_str_eq(out, "\xc3\x84rger@x");
	cr_assert_eq(len, 8);
}

static void refused(const char *text, size_t len, enum cm_status status, const char *sentence)
{
	struct cm_blind_key key = counting_key();
	uint8_t out[CM_BLIND_BYTES];
	struct cm_err err;

	cr_assert_eq(cm_blind(&key, text, len, out, &err), status, "%s", text);
	cr_assert_str_eq(err.text, sentence);
}

Test(blind, what_is_no_identifier_is_refused_with_a_sentence)
{
	const char *odd = "the identifier holds a control or invisible character, or is not UTF-8";
	char longest[CM_MAX_IDENTIFIER_BYTES + 3];

	memset(longest, 'x', sizeof longest);
	refused("", 0, CM_BAD_INPUT, "the identifier is empty");
	refused("    ", 4, CM_BAD_INPUT, "the identifier is empty");
	refused(longest, CM_MAX_IDENTIFIER_BYTES + 1, CM_TOO_LARGE,
	    "the identifier is longer than 320 bytes");
	refused("a\tb", 3, CM_BAD_INPUT, odd);
	refused("a\n", 2, CM_BAD_INPUT, odd);
	refused("a\0b", 3, CM_BAD_INPUT, odd);
	refused("a\x7f", 2, CM_BAD_INPUT, odd);
	refused("a\xe2\x80\xae"
		"b",
	    5, CM_BAD_INPUT, odd);                      /* right-to-left override */
	refused("a\xe2\x80\x8b", 4, CM_BAD_INPUT, odd); /* zero width space */
	refused("a\xff", 2, CM_BAD_INPUT, odd);
}

Test(blind, an_identifier_of_the_greatest_length_is_taken)
{
	struct cm_blind_key key = counting_key();
	uint8_t out[CM_BLIND_BYTES];
	char longest[CM_MAX_IDENTIFIER_BYTES + 2];

	memset(longest, 'x', sizeof longest);
	longest[0] = longest[CM_MAX_IDENTIFIER_BYTES + 1] = ' ';
	cr_assert_eq(cm_blind(&key, longest, sizeof longest, out, NULL), CM_OK);
}

/* ---- key files ------------------------------------------------------------------------------- */

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void folder_make(void)
{
	start();
	(void)snprintf(folder, sizeof folder, "/tmp/comity-seal-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void folder_drop(void)
{
	(void)unlink(in_folder("key"));
	(void)rmdir(folder);
}

TestSuite(key_file, .init = folder_make, .fini = folder_drop);

static void write_file(const char *text, mode_t mode)
{
	FILE *out = fopen(in_folder("key"), "w");

	cr_assert_not_null(out);
	cr_assert_geq(fputs(text, out), 0);
	cr_assert_eq(fclose(out), 0);
	cr_assert_eq(chmod(in_folder("key"), mode), 0);
}

static void load_fails(enum cm_status status, const char *sentence)
{
	struct cm_blind_key key;
	struct cm_err err;
	static const struct cm_blind_key zero;

	memset(&key, 7, sizeof key);
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &key, &err), status, "%s", err.text);
	cr_assert_not_null(strstr(err.text, sentence), "%s", err.text);
	cr_assert_not_null(strstr(err.text, in_folder("key")));
	if (status != CM_NOT_FOUND)
		cr_assert_arr_eq(&key, &zero, sizeof key);
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1"

Test(key_file, a_made_key_can_be_read_back_and_only_by_its_owner)
{
	struct cm_blind_key a;
	struct cm_blind_key b;
	struct cm_err err;
	struct stat st;
	mode_t before = umask(0777);

	cr_assert_eq(cm_blind_key_create(in_folder("key"), &err), CM_OK, "%s", err.text);
	(void)umask(before);
	cr_assert_eq(stat(in_folder("key"), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &a, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &b, &err), CM_OK);
	cr_assert_arr_eq(&a, &b, sizeof a);
}

Test(key_file, a_key_is_never_overwritten)
{
	struct cm_blind_key a;
	struct cm_blind_key b;
	struct cm_err err;

	cr_assert_eq(cm_blind_key_create(in_folder("key"), &err), CM_OK);
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &a, &err), CM_OK);
	cr_assert_eq(cm_blind_key_create(in_folder("key"), &err), CM_DUPLICATE);
	cr_assert_not_null(strstr(err.text, "a key is never overwritten"));
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &b, &err), CM_OK);
	cr_assert_arr_eq(&a, &b, sizeof a);
}

Test(key_file, a_key_with_and_without_line_feed_is_read)
{
	struct cm_blind_key expected = counting_key();
	struct cm_blind_key key;

	write_file(DIGITS "f", 0600);
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &key, NULL), CM_OK);
	cr_assert_arr_eq(&key, &expected, sizeof key);
	write_file(DIGITS "F\n", 0400);
	cr_assert_eq(cm_blind_key_load(in_folder("key"), &key, NULL), CM_OK);
	cr_assert_arr_eq(&key, &expected, sizeof key);
}

Test(key_file, every_mode_that_lets_others_in_is_refused)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0620, 0602, 0610, 0601, 0700, 0666};

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		write_file(DIGITS "f\n", modes[i]);
		load_fails(CM_NOT_ALLOWED, "it must be 0600 so that only its owner can read it");
	}
}

Test(key_file, wrong_content_is_refused_with_a_sentence)
{
	write_file("", 0600);
	load_fails(CM_BAD_INPUT, "it must hold 64 hex digits (32 bytes), and holds fewer");
	write_file(DIGITS "\n", 0600);
	load_fails(CM_BAD_INPUT, "and holds fewer");
	write_file(DIGITS "f\n\n", 0600);
	load_fails(CM_BAD_INPUT, "and holds more");
	write_file(DIGITS "f0", 0600);
	load_fails(CM_BAD_INPUT, "and holds more");
	write_file(DIGITS "g\n", 0600);
	load_fails(CM_BAD_INPUT, "a character is not a hex digit");
}

Test(key_file, a_missing_file_and_a_folder_are_named)
{
	struct cm_blind_key key;
	struct cm_err err;

	load_fails(CM_NOT_FOUND, "No such file or directory");
	cr_assert_eq(cm_blind_key_load(folder, &key, &err), CM_BAD_INPUT);
	cr_assert_not_null(strstr(err.text, "not a regular file"));
}

Test(key_file, a_named_pipe_does_not_hang_the_start)
{
	cr_assert_eq(mkfifo(in_folder("key"), 0600), 0);
	load_fails(CM_BAD_INPUT, "not a regular file");
}

Test(key_file, the_check_bytes_tell_keys_apart_and_are_not_the_blind_of_nothing)
{
	struct cm_blind_key key = counting_key();
	uint8_t a[16];
	uint8_t b[16];

	cm_blind_key_check(&key, a);
	cr_assert_str_eq(hex(a, 16), "d1887b7b942e9ef3dbe6455d34948c95");
	key.bytes[0] ^= 1;
	cm_blind_key_check(&key, b);
	cr_assert_arr_neq(a, b, 16);
	cr_assert_eq(cm_alloc_live(), 0);
}
