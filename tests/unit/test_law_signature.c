/* Who stands for a jurisdiction's rules: the file's one form, the exact bytes, and each way not to be signed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/id.h"
#include "protocol/seal/law_signature.h"

#define DAY INT64_C(86400000)
#define NOW (20000 * DAY)
#define HEAD "comity law signatures 1\n"

/* What protocol/README.md shows. */
#define VECTOR                                                                                     \
	"IE 0707070707070707070707070707070707070707070707070707070707070707 1767225600000 "         \
	"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c "                            \
	"5d231590ee03a74a6c917f9b3364d2b476d3126d417ba7044894955c53056ea0"                            \
	"24a1a1128030360f1897a623c46c093b64897d8e1169157c0086722ce7bad807"

static struct cm_identity ie, us, nobody;
static uint8_t digest[CM_DIGEST_BYTES];
static uint8_t other_digest[CM_DIGEST_BYTES];
static struct cm_law_signatures list;
static struct cm_err err;

static struct cm_identity identity_of(uint8_t byte)
{
	struct cm_identity identity;
	uint8_t seed[32];

	memset(seed, byte, sizeof seed);
	cm_identity_from_seed(seed, &identity);
	return identity;
}

static void start(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
	ie = identity_of(1);
	us = identity_of(2);
	nobody = identity_of(3);
	memset(digest, 7, sizeof digest);
	memset(other_digest, 8, sizeof other_digest);
	err = (struct cm_err){.text = ""};
	cr_assert(cm_law_signatures_init(&list));
}

static void end(void)
{
	cm_law_signatures_fini(&list);
	cr_expect_eq(cm_alloc_live(), 0);
}

TestSuite(law_signature, .init = start);

static void add(const struct cm_identity *by, const char *jurisdiction, const uint8_t *of)
{
	struct cm_law_signature made;

	cr_assert_eq(cm_law_signature_make(by, jurisdiction, of, NOW, &made, &err), CM_OK);
	cr_assert_eq(cm_law_signatures_add(&list, &made, &err), CM_OK);
}

static enum cm_status parse(const char *text)
{
	list.count = 0;
	err = (struct cm_err){.text = ""};
	return cm_law_signatures_parse(text, strlen(text), &list, &err);
}

/* ---- the file -------------------------------------------------------------------------------- */

Test(law_signature, is_over_the_line_before_it)
{
	static const char line[] =
	    "IE 0707070707070707070707070707070707070707070707070707070707070707 1767225600000 "
	    "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
	struct cm_law_signature made;
	struct cm_buf text;

	cr_assert_eq(
	    cm_law_signature_make(&ie, "IE", digest, INT64_C(1767225600000), &made, &err), CM_OK);
	cr_expect(cm_verify(ie.public_key, CM_SIGN_LAW, line, strlen(line), made.signature));
	cr_assert_eq(cm_law_signatures_add(&list, &made, &err), CM_OK);
	cm_buf_init(&text, 0);
	cm_law_signatures_print(&list, &text);
	cr_expect_str_eq(cm_buf_str(&text), HEAD VECTOR "\n");
	cm_buf_fini(&text);
	cr_assert_eq(parse(HEAD VECTOR "\n"), CM_OK, "%s", err.text);
	cr_assert_eq(list.count, 1);
	cr_expect_eq(memcmp(&list.items[0], &made, sizeof made), 0);
	end();
}

Test(law_signature, a_file_has_one_form)
{
	static const struct {
		const char *text;
		const char *says;
	} wrong[] = {
	    {"", "line 1 has no end"},
	    {"comity law signatures 1", "line 1 has no end"},
	    {"comity law signatures 2\n", "line 1 is not"},
	    {" " HEAD, "line 1 is not"},
	    {HEAD VECTOR, "line 2 has no end"},
	    {HEAD "\n", "line 2 is not"},
	    {HEAD VECTOR "\n\n", "line 3 is not"},
	    {HEAD VECTOR " \n", "line 2 is not"},
	    {HEAD VECTOR "00\n", "line 2 is not"},
	    {HEAD " " VECTOR "\n", "line 2 is not"},
	    {HEAD "-" VECTOR "\n", "line 2 is not"},
	    {HEAD "I/" VECTOR "\n", "line 2 is not"},
	    {HEAD "IE\n", "line 2 is not"},
	    {HEAD VECTOR "\r\n", "line 2 is not"},
	};

	cr_expect_eq(parse(HEAD), CM_OK);
	cr_expect_eq(list.count, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		cr_expect_eq(parse(wrong[i].text), CM_BAD_INPUT, "%zu", i);
		cr_expect(strstr(err.text, wrong[i].says) != NULL, "%zu: %s", i, err.text);
	}
	end();
}

/* Each word of a line, with one thing wrong. */
Test(law_signature, each_word_of_a_line_is_strict)
{
	static const char *const times[] = {"01767225600000", "+1", "-1", "1.5", "", "1234567890123456", "0x1", "00"};
	char text[1024];
	char whole[1024];

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		(void)snprintf(text, sizeof text, HEAD "IE %.64s %s%s\n", &VECTOR[3], times[i],
		    strchr(&VECTOR[68], ' '));
		cr_expect_eq(parse(text), CM_BAD_INPUT, "%s", times[i]);
	}
	(void)snprintf(text, sizeof text, HEAD "IE %.64s 0%s\n", &VECTOR[3], strchr(&VECTOR[68], ' '));
	cr_expect_eq(parse(text), CM_OK, "%s", err.text);
	/* No byte of a line may go or be a capital; a blank is one blank. */
	for (size_t at = 3; at < strlen(VECTOR); at++) {
		if (at >= 68 && at < 81) /* a time with another digit is another time */
			continue;
		(void)snprintf(whole, sizeof whole, HEAD VECTOR "\n");
		memmove(whole + strlen(HEAD) + at, whole + strlen(HEAD) + at + 1,
		    strlen(whole) - strlen(HEAD) - at);
		cr_expect_eq(parse(whole), CM_BAD_INPUT, "without byte %zu", at);
		(void)snprintf(whole, sizeof whole, HEAD VECTOR "\n");
		whole[strlen(HEAD) + at] = 'A';
		cr_expect_eq(parse(whole), CM_BAD_INPUT, "a capital at %zu", at);
	}
	end();
}

Test(law_signature, a_file_has_so_many_lines_and_no_more)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_buf_text(&text, HEAD);
	for (size_t i = 0; i < CM_MAX_LAW_SIGNATURES; i++)
		cm_buf_text(&text, VECTOR "\n");
	cr_expect_eq(parse(cm_buf_str(&text)), CM_OK, "%s", err.text);
	cr_expect_eq(list.count, CM_MAX_LAW_SIGNATURES);
	cm_buf_text(&text, VECTOR "\n");
	cr_expect_eq(parse(cm_buf_str(&text)), CM_TOO_LARGE);
	cm_buf_fini(&text);
	end();
}

Test(law_signature, a_name_and_a_time_that_no_line_holds_are_not_signed)
{
	char name[CM_MAX_NAME_BYTES + 2];
	struct cm_law_signature made;

	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = 0;
	cr_expect_eq(cm_law_signature_make(&ie, name, digest, NOW, &made, &err), CM_BAD_INPUT);
	name[CM_MAX_NAME_BYTES] = 0;
	cr_expect_eq(cm_law_signature_make(&ie, name, digest, INT64_C(999999999999999), &made, &err), CM_OK);
	cr_assert_eq(cm_law_signatures_add(&list, &made, &err), CM_OK);
	cr_expect_eq(cm_law_signature_make(&ie, "", digest, NOW, &made, &err), CM_BAD_INPUT);
	cr_expect_eq(cm_law_signature_make(&ie, "I E", digest, NOW, &made, &err), CM_BAD_INPUT);
	cr_expect_eq(cm_law_signature_make(&ie, "IE", digest, -1, &made, &err), CM_BAD_INPUT);
	cr_expect_eq(
	    cm_law_signature_make(&ie, "IE", digest, INT64_C(1000000000000000), &made, &err), CM_BAD_INPUT);
	end();
}

Test(law_signature, who_signs_again_takes_the_old_line_out_and_no_other)
{
	add(&ie, "IE", digest);
	add(&us, "IE", digest);
	add(&ie, "EU", digest);
	add(&ie, "IE", other_digest);
	cm_law_signatures_drop(&list, "IE", ie.public_key);
	cr_assert_eq(list.count, 2);
	cr_expect_eq(memcmp(list.items[0].key, us.public_key, CM_PUBLIC_KEY_BYTES), 0);
	cr_expect_str_eq(list.items[1].jurisdiction, "EU");
	end();
}

/* ---- whether it stands ----------------------------------------------------------------------- */

static struct cm_manifest_key ie_key, us_key;

/* The rules of IE by the key of IE, those of US by that of US. */
static enum cm_status check(const char *jurisdiction, const uint8_t *of)
{
	struct cm_law_signer signers[] = {{"IE", &ie_key, 1}, {"US", &us_key, 1}};
	struct cm_manifest manifest = {.number = 3, .signers = signers, .signers_count = 2};

	err = (struct cm_err){.text = ""};
	return cm_law_signatures_check(&list, &manifest, jurisdiction, of, NOW, &err);
}

static void list_keys(void)
{
	ie_key = (struct cm_manifest_key){{ie.public_key, CM_PUBLIC_KEY_BYTES}, NOW - DAY, NOW + DAY, 0};
	us_key = (struct cm_manifest_key){{us.public_key, CM_PUBLIC_KEY_BYTES}, NOW - DAY, NOW + DAY, 0};
}

#define expect_refused(jurisdiction, of, words)                                                    \
	do {                                                                                       \
		cr_expect_eq(check(jurisdiction, of), CM_NOT_ALLOWED);                             \
		cr_expect(strstr(err.text, words) != NULL, "%s", err.text);                        \
		cr_expect(strstr(err.text, jurisdiction) != NULL, "%s", err.text);                 \
	} while (0)

Test(law_signature, a_listed_signer_stands_for_exactly_these_rules)
{
	list_keys();
	expect_refused("IE", digest, "no line is of this jurisdiction");
	cr_expect(strstr(err.text, "0707070707") != NULL, "the digest is named: %s", err.text);
	add(&ie, "IE", digest);
	cr_expect_eq(check("IE", digest), CM_OK, "%s", err.text);
	expect_refused("IE", other_digest, "what was signed is another text");
	expect_refused("US", digest, "no line is of this jurisdiction");
	expect_refused("FR", digest, "lists no signer for the rules of FR");
	end();
}

Test(law_signature, another_key_does_not_count_nor_another_jurisdictions_signer)
{
	list_keys();
	add(&nobody, "IE", digest);
	expect_refused("IE", digest, "does not list for this jurisdiction");
	list.items[0].signature[0] ^= 1;
	expect_refused("IE", digest, "does not list for this jurisdiction");
	add(&us, "IE", digest);
	expect_refused("IE", digest, "does not list for this jurisdiction");
	add(&us, "US", digest);
	cr_expect_eq(check("US", digest), CM_OK);
	expect_refused("IE", digest, "does not list for this jurisdiction");
	add(&ie, "IE", digest);
	cr_expect_eq(check("IE", digest), CM_OK, "one line that stands is enough");
	end();
}

Test(law_signature, an_altered_line_does_not_fit)
{
	list_keys();
	add(&ie, "IE", other_digest);
	memcpy(list.items[0].digest, digest, sizeof digest);
	expect_refused("IE", digest, "does not fit its line");
	list.count = 0;
	add(&ie, "EU", digest);
	memcpy(list.items[0].jurisdiction, "IE", 3);
	expect_refused("IE", digest, "does not fit its line");
	list.count = 0;
	add(&ie, "IE", digest);
	list.items[0].at_ms++;
	expect_refused("IE", digest, "does not fit its line");
	list.items[0].at_ms--;
	cr_expect_eq(check("IE", digest), CM_OK);
	list.items[0].signature[63] ^= 1;
	expect_refused("IE", digest, "does not fit its line");
	/* A stranger's signature under the listed key's name. */
	list.count = 0;
	add(&nobody, "IE", digest);
	memcpy(list.items[0].key, ie.public_key, CM_PUBLIC_KEY_BYTES);
	expect_refused("IE", digest, "does not fit its line");
	end();
}

/* Whenever it says that it signed: that is the signer's own word. */
Test(law_signature, a_key_that_is_struck_off_or_out_of_its_time_does_not_count)
{
	list_keys();
	add(&ie, "IE", digest);
	ie_key.revoked_ms = NOW - 1;
	expect_refused("IE", digest, "was struck off");
	ie_key.revoked_ms = NOW + DAY; /* by a clock that is ahead of ours */
	expect_refused("IE", digest, "was struck off");
	ie_key.revoked_ms = 0;
	ie_key.until_ms = NOW;
	expect_refused("IE", digest, "is over, or not yet come");
	ie_key.until_ms = NOW + 1;
	cr_expect_eq(check("IE", digest), CM_OK);
	ie_key.from_ms = NOW + 1;
	ie_key.until_ms = NOW + 2;
	expect_refused("IE", digest, "is over, or not yet come");
	ie_key.from_ms = NOW;
	cr_expect_eq(check("IE", digest), CM_OK);
	end();
}
