/* Who a process is: keys in files, and signatures that stand for one purpose only. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/id.h"
#include "protocol/seal/identity.h"

static char path[256];

static void start(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
	(void)snprintf(path, sizeof path, "/tmp/comity-identity-%d", (int)getpid());
	(void)unlink(path);
}

static void end(void)
{
	(void)unlink(path);
}

TestSuite(identity, .init = start, .fini = end);

static struct cm_identity identity_of(uint8_t seed_byte)
{
	struct cm_identity identity;
	uint8_t seed[32];

	memset(seed, seed_byte, sizeof seed);
	cm_identity_from_seed(seed, &identity);
	return identity;
}

/* RFC 8032, section 7.1, TEST 1. */
Test(identity, a_public_key_is_the_one_of_the_rfc)
{
	struct cm_identity identity;
	uint8_t seed[32];
	char hex[65];

	cr_assert(cm_hex_parse("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64,
	    seed, sizeof seed));
	cm_identity_from_seed(seed, &identity);
	cm_hex_print(identity.public_key, 32, hex);
	cr_assert_str_eq(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

Test(identity, what_is_signed_is_the_purpose_and_the_digest)
{
	struct cm_identity identity = identity_of(7);
	uint8_t signature[CM_SIGNATURE_BYTES];
	uint8_t text[48] = "comity.commit.v1";

	cm_sign(&identity, CM_SIGN_COMMIT, "abc", 3, signature);
	cm_digest("abc", 3, text + 16);
	cr_assert_eq(
	    crypto_sign_verify_detached(signature, text, sizeof text, identity.public_key), 0);
}

Test(identity, a_signature_stands_for_its_key_purpose_and_text_alone)
{
	struct cm_identity identity = identity_of(1);
	struct cm_identity other = identity_of(2);
	uint8_t signature[CM_SIGNATURE_BYTES];

	for (int p = 0; p < CM_PURPOSES_COUNT; p++) {
		cm_sign(&identity, (enum cm_purpose)p, "text", 4, signature);
		for (int q = 0; q < CM_PURPOSES_COUNT; q++)
			cr_assert_eq(cm_verify(identity.public_key, (enum cm_purpose)q, "text", 4, signature),
			    p == q);
		cr_assert_not(cm_verify(other.public_key, (enum cm_purpose)p, "text", 4, signature));
		cr_assert_not(cm_verify(identity.public_key, (enum cm_purpose)p, "texu", 4, signature));
		cr_assert_not(cm_verify(identity.public_key, (enum cm_purpose)p, "text", 3, signature));
	}
}

Test(identity, every_changed_bit_of_a_signature_is_seen)
{
	struct cm_identity identity = identity_of(1);
	uint8_t signature[CM_SIGNATURE_BYTES];

	cm_sign(&identity, CM_SIGN_LAW, "text", 4, signature);
	for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_assert_not(cm_verify(identity.public_key, CM_SIGN_LAW, "text", 4, signature));
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	cr_assert(cm_verify(identity.public_key, CM_SIGN_LAW, "text", 4, signature));
}

/* With a key of small order, one signature would verify many texts. */
Test(identity, a_key_of_small_order_verifies_nothing)
{
	uint8_t neutral[32] = {1};
	uint8_t zero[32] = {0};
	uint8_t signature[CM_SIGNATURE_BYTES] = {1};

	cr_assert_not(cm_verify(neutral, CM_SIGN_LAW, "text", 4, signature));
	cr_assert_not(cm_verify(zero, CM_SIGN_LAW, "text", 4, signature));
}

Test(identity, a_made_identity_is_the_one_that_is_read)
{
	struct cm_identity made;
	struct cm_identity loaded;
	struct cm_err err;
	struct stat st;

	cr_assert_eq(cm_identity_create(path, &made, &err), CM_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(cm_identity_load(path, &loaded, &err), CM_OK);
	cr_assert_arr_eq(loaded.public_key, made.public_key, sizeof made.public_key);
	cr_assert_arr_eq(loaded.secret, made.secret, sizeof made.secret);
	cr_assert_eq(cm_identity_create(path, &made, &err), CM_DUPLICATE);
	cr_assert_not_null(strstr(err.text, path));
	cr_assert_not_null(strstr(err.text, "identity"));
}

Test(identity, what_others_may_read_is_refused_and_nothing_is_left_in_memory)
{
	struct cm_identity identity;
	struct cm_identity empty = {0};
	struct cm_err err;

	cr_assert_eq(cm_identity_create(path, &identity, &err), CM_OK);
	cr_assert_eq(chmod(path, 0640), 0);
	cr_assert_eq(cm_identity_load(path, &identity, &err), CM_NOT_ALLOWED);
	cr_assert_arr_eq(identity.secret, empty.secret, sizeof empty.secret);
	cr_assert_not_null(strstr(err.text, "0640"));
}

Test(identity, a_fingerprint_is_the_whole_key_in_groups)
{
	struct cm_identity identity = identity_of(1);
	char text[CM_FINGERPRINT_TEXT_BYTES];
	char hex[65];
	size_t at = 0;

	cm_fingerprint_print(identity.public_key, text);
	cm_hex_print(identity.public_key, 32, hex);
	cr_assert_eq(strlen(text), 64 + 15);
	for (size_t i = 0; text[i] != 0; i++)
		if (text[i] == ' ')
			cr_assert_eq(i % 5, 4);
		else
			cr_assert_eq(text[i], hex[at++]);
	cr_assert_eq(at, 64);
}
