/* The oblivious pseudorandom function against RFC 9497, appendix A.1.1, and against itself. */
#include <criterion/criterion.h>
#include <string.h>

#include "protocol/base/id.h"
#include "protocol/seal/oprf.h"

static void start(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
}

TestSuite(oprf, .init = start);

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	cr_assert(cm_hex_parse(hex, 2 * len, out, len));
	return len;
}

static void expect_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	char text[2 * 64 + 1];

	cm_hex_print(bytes, len, text);
	cr_assert_str_eq(text, hex);
}

static struct cm_oprf_key key_of_the_rfc(void)
{
	struct cm_oprf_key key;
	uint8_t seed[32];

	memset(seed, 0xa3, sizeof seed);
	cr_assert_eq(cm_oprf_key_derive(seed, "test key", 8, &key, NULL), CM_OK);
	return key;
}

Test(oprf, a_derived_key_is_the_one_of_the_rfc)
{
	struct cm_oprf_key key = key_of_the_rfc();

	expect_hex(key.bytes, sizeof key.bytes,
	    "5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e");
}

Test(oprf, every_step_is_the_one_of_the_rfc)
{
	static const char secret_hex[] = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";
	static const struct {
		const char *input, *blinded, *evaluated, *output;
	} vectors[] = {
	    {"00", "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c",
	        "7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e",
	        "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"
	        "ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6"},
	    {"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
	        "da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418",
	        "b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25",
	        "f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4"
	        "f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73"},
	};
	struct cm_oprf_key key = key_of_the_rfc();
	uint8_t secret[32];

	(void)from_hex(secret_hex, secret);
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		uint8_t input[64];
		size_t len = from_hex(vectors[i].input, input);
		uint8_t blinded[CM_OPRF_ELEMENT_BYTES];
		uint8_t evaluated[CM_OPRF_ELEMENT_BYTES];
		uint8_t output[CM_OPRF_OUTPUT_BYTES];

		cr_assert_eq(cm_oprf_blind_with(input, len, secret, blinded, NULL), CM_OK);
		expect_hex(blinded, sizeof blinded, vectors[i].blinded);
		cr_assert_eq(cm_oprf_evaluate(&key, blinded, evaluated, NULL), CM_OK);
		expect_hex(evaluated, sizeof evaluated, vectors[i].evaluated);
		cr_assert_eq(cm_oprf_finish(input, len, secret, evaluated, output, NULL), CM_OK);
		expect_hex(output, sizeof output, vectors[i].output);
	}
}

static void compute(const struct cm_oprf_key *key, const char *input,
    uint8_t blinded[CM_OPRF_ELEMENT_BYTES], uint8_t out[CM_OPRF_OUTPUT_BYTES])
{
	uint8_t secret[32];
	uint8_t evaluated[CM_OPRF_ELEMENT_BYTES];

	cr_assert_eq(cm_oprf_blind(input, strlen(input), secret, blinded, NULL), CM_OK);
	cr_assert_eq(cm_oprf_evaluate(key, blinded, evaluated, NULL), CM_OK);
	cr_assert_eq(cm_oprf_finish(input, strlen(input), secret, evaluated, out, NULL), CM_OK);
}

/* The holder of the key sees another question each time, and the client gets the same answer. */
Test(oprf, questions_differ_and_answers_are_the_same)
{
	struct cm_oprf_key key;
	uint8_t questions[2][CM_OPRF_ELEMENT_BYTES];
	uint8_t answers[2][CM_OPRF_OUTPUT_BYTES];
	uint8_t other[CM_OPRF_OUTPUT_BYTES];

	cm_oprf_key_make(&key);
	compute(&key, "account@example.test", questions[0], answers[0]);
	compute(&key, "account@example.test", questions[1], answers[1]);
	cr_assert_arr_neq(questions[0], questions[1], CM_OPRF_ELEMENT_BYTES);
	cr_assert_arr_eq(answers[0], answers[1], CM_OPRF_OUTPUT_BYTES);
	compute(&key, "accounu@example.test", questions[1], other);
	cr_assert_arr_neq(answers[0], other, CM_OPRF_OUTPUT_BYTES);
	cm_oprf_key_make(&key);
	compute(&key, "account@example.test", questions[1], other);
	cr_assert_arr_neq(answers[0], other, CM_OPRF_OUTPUT_BYTES);
}

/* What is no element must not be multiplied with the key: the result could tell of it. */
Test(oprf, what_is_no_element_is_refused)
{
	struct cm_oprf_key key = key_of_the_rfc();
	uint8_t secret[32] = {1};
	uint8_t wrong[3][CM_OPRF_ELEMENT_BYTES] = {{0}, {1}};
	uint8_t out[CM_OPRF_OUTPUT_BYTES];
	struct cm_err err;

	memset(wrong[2], 0xff, sizeof wrong[2]);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(cm_oprf_evaluate(&key, wrong[i], out, &err), CM_BAD_INPUT, "%zu", i);
		cr_assert_not_null(strstr(err.text, "question"));
		cr_assert_eq(cm_oprf_finish("x", 1, secret, wrong[i], out, &err), CM_BAD_INPUT, "%zu", i);
		cr_assert_not_null(strstr(err.text, "answer"));
	}
}

Test(oprf, an_input_has_a_limit)
{
	static uint8_t input[CM_OPRF_MAX_INPUT_BYTES + 1];
	uint8_t secret[32];
	uint8_t blinded[CM_OPRF_ELEMENT_BYTES];
	uint8_t out[CM_OPRF_OUTPUT_BYTES];
	struct cm_oprf_key key;

	cr_assert_eq(cm_oprf_blind(input, sizeof input - 1, secret, blinded, NULL), CM_OK);
	cr_assert_eq(cm_oprf_blind(input, sizeof input, secret, blinded, NULL), CM_TOO_LARGE);
	cr_assert_eq(cm_oprf_finish(input, sizeof input, secret, blinded, out, NULL), CM_TOO_LARGE);
	cr_assert_eq(cm_oprf_key_derive(input, input, sizeof input, &key, NULL), CM_TOO_LARGE);
}
