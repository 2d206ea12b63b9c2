/* The fleet manifest: whose signature, which numbers, whose key at what time, and what it may not say. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/seal/manifest.h"

#define DAY INT64_C(86400000)
#define NOW (20000 * DAY)

static struct cm_identity root;
static struct cm_identity stranger;
static struct cm_identity own[3];

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
	root = identity_of(1);
	stranger = identity_of(2);
	for (uint8_t i = 0; i < 3; i++)
		own[i] = identity_of((uint8_t)(10 + i));
}

TestSuite(manifest, .init = start);

/* A fleet of a region and a router, the region with an old key and a new one. */
struct fleet {
	struct cm_manifest_key ie[2];
	struct cm_manifest_key router[1];
	struct cm_manifest_member members[2];
	struct cm_law_signer signers[1];
	struct cm_manifest manifest;
};

static struct cm_manifest_key key_of(const struct cm_identity *identity, int64_t from, int64_t until)
{
	return (struct cm_manifest_key){
	    {identity->public_key, CM_PUBLIC_KEY_BYTES}, from, until, 0};
}

static const char *const issuing[] = {"IE"};

static void make(struct fleet *f, uint64_t number)
{
	*f = (struct fleet){
	    .ie = {key_of(&own[0], NOW - 10 * DAY, NOW + DAY), key_of(&own[1], NOW, NOW + 100 * DAY)},
	    .router = {key_of(&own[2], NOW - 10 * DAY, NOW + 100 * DAY)}};
	f->members[0] = (struct cm_manifest_member){"ie", CM_MEMBER_REGION, "ie", "IE", "Europe/Dublin",
	    issuing, 1, "tls+tcp://ie.example:7447", f->ie, 2, {NULL, 0}};
	f->members[1] = (struct cm_manifest_member){"router", CM_MEMBER_ROUTER, "", "", "", NULL, 0,
	    "tls+tcp://router.example:7447", f->router, 1, {NULL, 0}};
	f->signers[0] = (struct cm_law_signer){"IE", f->router, 1};
	f->manifest = (struct cm_manifest){
	    "example", number, NOW - DAY, NOW + 50 * DAY, f->members, 2, f->signers, 1};
}

static void sign(const struct cm_manifest *manifest, const struct cm_identity *by,
    enum cm_purpose purpose, struct cm_buf *out)
{
	struct cm_err err = {.text = ""};

	cm_buf_init(out, 0);
	cr_assert_eq(cm_manifest_sign(manifest, by, purpose, out, &err), CM_OK, "%s", err.text);
}

static enum cm_status read_at(const struct cm_buf *bytes, int64_t at_ms, struct cm_err *err)
{
	struct cm_manifest_held held;
	enum cm_status status =
	    cm_manifest_read(bytes->data, bytes->len, root.public_key, at_ms, &held, err);

	cr_expect_eq(status == CM_OK, err->text[0] == 0);
	if (status == CM_OK)
		cm_manifest_fini(&held);
	return status;
}

Test(manifest, what_the_root_signed_is_read_and_passed_on_as_it_came)
{
	struct fleet f;
	struct cm_buf bytes;
	struct cm_manifest_held held;
	struct cm_err err = {.text = ""};

	make(&f, 7);
	sign(&f.manifest, &root, CM_SIGN_MANIFEST, &bytes);
	cr_assert_eq(
	    cm_manifest_read(bytes.data, bytes.len, root.public_key, NOW, &held, &err), CM_OK);
	cr_expect_eq(held.manifest.number, 7);
	cr_expect_eq(held.manifest.members_count, 2);
	cr_expect_str_eq(cm_manifest_member(&held.manifest, "ie")->issuing[0], "IE");
	cr_expect_null(cm_manifest_member(&held.manifest, "de"));
	cr_expect_eq(held.bytes.len, bytes.len);
	cr_expect_eq(memcmp(held.bytes.data, bytes.data, bytes.len), 0);
	cm_manifest_fini(&held);
	cm_buf_fini(&bytes);
	cr_expect_eq(cm_alloc_live(), 0);
}

Test(manifest, another_key_another_purpose_and_a_changed_byte_are_refused)
{
	struct fleet f;
	struct cm_buf bytes;
	struct cm_err err = {.text = ""};

	make(&f, 7);
	sign(&f.manifest, &stranger, CM_SIGN_MANIFEST, &bytes);
	cr_expect_eq(read_at(&bytes, NOW, &err), CM_NOT_ALLOWED);
	cr_expect_not_null(strstr(err.text, "another key than the provider's root"));
	cm_buf_fini(&bytes);
	sign(&f.manifest, &root, CM_SIGN_ENROL, &bytes);
	cr_expect_eq(read_at(&bytes, NOW, &err), CM_NOT_ALLOWED);
	cm_buf_fini(&bytes);
	sign(&f.manifest, &root, CM_SIGN_MANIFEST, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 1;
		cr_expect_neq(read_at(&bytes, NOW, &err), CM_OK, "byte %zu", i);
		bytes.data[i] ^= 1;
		err.text[0] = 0;
	}
	for (size_t len = 0; len < bytes.len; len++) {
		struct cm_buf part = {.data = bytes.data, .len = len};

		cr_expect_neq(read_at(&part, NOW, &err), CM_OK, "%zu bytes", len);
		err.text[0] = 0;
	}
	cr_expect_eq(read_at(&bytes, NOW, &err), CM_OK);
	cm_buf_fini(&bytes);
	cr_expect_eq(cm_alloc_live(), 0);
}

Test(manifest, it_stands_until_its_end_and_not_before_yesterday)
{
	struct fleet f;
	struct cm_buf bytes;
	struct cm_err err = {.text = ""};

	make(&f, 7);
	sign(&f.manifest, &root, CM_SIGN_MANIFEST, &bytes);
	cr_expect_eq(read_at(&bytes, f.manifest.until_ms - 1, &err), CM_OK);
	cr_expect_eq(read_at(&bytes, f.manifest.until_ms, &err), CM_TERM_OVER);
	err.text[0] = 0;
	cr_expect_eq(read_at(&bytes, f.manifest.issued_ms - DAY, &err), CM_OK);
	cr_expect_eq(read_at(&bytes, f.manifest.issued_ms - DAY - 1, &err), CM_CONFLICT);
	err.text[0] = 0;
	cr_expect_eq(read_at(&bytes, CM_MANIFEST_ANY_TIME, &err), CM_OK);
	cm_buf_fini(&bytes);
}

static enum cm_status follow(struct fleet *now, struct fleet *next, struct cm_err *err)
{
	struct cm_manifest_held a;
	struct cm_manifest_held b;
	struct cm_buf bytes;
	enum cm_status status;

	sign(&now->manifest, &root, CM_SIGN_MANIFEST, &bytes);
	cr_assert_eq(cm_manifest_read(bytes.data, bytes.len, root.public_key, NOW, &a, err), CM_OK);
	cm_buf_fini(&bytes);
	sign(&next->manifest, &root, CM_SIGN_MANIFEST, &bytes);
	cr_assert_eq(cm_manifest_read(bytes.data, bytes.len, root.public_key, NOW, &b, err), CM_OK);
	cm_buf_fini(&bytes);
	status = cm_manifest_may_follow(&a, &b, err);
	cm_manifest_fini(&a);
	cm_manifest_fini(&b);
	return status;
}

Test(manifest, there_is_no_way_back)
{
	struct fleet now;
	struct fleet next;
	struct cm_err err = {.text = ""};

	make(&now, 7);
	make(&next, 8);
	cr_expect_eq(follow(&now, &next, &err), CM_OK);
	cr_expect_eq(follow(&next, &now, &err), CM_NOT_ALLOWED);
	cr_expect_not_null(strstr(err.text, "manifest 7 is older than the one in use, which is 8"));
	cr_expect_eq(follow(&now, &now, &err), CM_DUPLICATE);
	make(&next, 7);
	next.manifest.until_ms++;
	cr_expect_eq(follow(&now, &next, &err), CM_NOT_ALLOWED);
	cr_expect_not_null(strstr(err.text, "another manifest with the number 7"));
	make(&next, 8);
	next.manifest.fleet = "other";
	cr_expect_eq(follow(&now, &next, &err), CM_NOT_ALLOWED);
	cr_expect_eq(cm_alloc_live(), 0);
}

Test(manifest, whose_key_it_was_at_what_time)
{
	struct fleet f;
	const struct cm_manifest *m = &f.manifest;

	make(&f, 1);
	cr_expect_not(cm_manifest_key_at(m, "ie", own[0].public_key, NOW - 10 * DAY - 1));
	cr_expect(cm_manifest_key_at(m, "ie", own[0].public_key, NOW - 10 * DAY));
	cr_expect(cm_manifest_key_at(m, "ie", own[0].public_key, NOW + DAY - 1));
	cr_expect_not(cm_manifest_key_at(m, "ie", own[0].public_key, NOW + DAY));
	/* For a day both stand. */
	cr_expect(cm_manifest_key_at(m, "ie", own[1].public_key, NOW));
	cr_expect_not(cm_manifest_key_at(m, "ie", own[1].public_key, NOW - 1));
	cr_expect_not(cm_manifest_key_at(m, "ie", own[2].public_key, NOW));
	cr_expect_not(cm_manifest_key_at(m, "de", own[0].public_key, NOW));
	cr_expect_not(cm_manifest_key_at(m, "router", own[0].public_key, NOW));
	f.ie[0].revoked_ms = NOW - DAY;
	cr_expect(cm_manifest_key_at(m, "ie", own[0].public_key, NOW - DAY - 1));
	cr_expect_not(cm_manifest_key_at(m, "ie", own[0].public_key, NOW - DAY));
	cr_expect(cm_manifest_key_stands(&f.ie[0], NOW - DAY - 1));
	cr_expect_not(cm_manifest_key_opens(&f.ie[0], NOW - DAY - 1), "a link does not look at the clock");
	cr_expect(cm_manifest_signer_at(m, "IE", own[2].public_key, NOW));
	cr_expect_not(cm_manifest_signer_at(m, "IE", own[0].public_key, NOW - 2 * DAY));
	cr_expect_not(cm_manifest_signer_at(m, "US", own[2].public_key, NOW));
}

Test(manifest, the_next_change_is_the_soonest_begin_or_end)
{
	struct fleet f;
	int64_t at = NOW - 20 * DAY;
	static const int64_t wanted[] = {NOW - 10 * DAY, NOW, NOW + DAY / 2, NOW + DAY, NOW + 50 * DAY,
	    NOW + 100 * DAY, INT64_MAX};

	make(&f, 1);
	f.router[0].revoked_ms = NOW + DAY / 2;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		at = cm_manifest_next_change(&f.manifest, at);
		cr_expect_eq(at, wanted[i], "%zu: day %lld", i, (long long)(at / DAY));
	}
}

/* Each of these makes a good manifest one that cannot be: returns its sentence's words, NULL after the last. */
static const char *spoil(struct fleet *f, unsigned number)
{
	switch (number) {
	case 0:
		f->manifest.number = 0;
		return "numbered from 1";
	case 1:
		f->manifest.until_ms = f->manifest.issued_ms;
		return "ends before it is issued";
	case 2:
		f->members[1].name = "ie";
		return "two members are called ie";
	case 3:
		f->members[1].address = f->members[0].address;
		return "have one address";
	case 4:
		f->router[0].public_key.data = own[0].public_key;
		return "have one key";
	case 5:
		f->ie[1].public_key.data = own[0].public_key;
		return "one key twice";
	case 6:
		f->ie[1].until_ms = f->ie[1].from_ms;
		return "ends before it begins";
	case 7:
		f->members[0].state = "";
		return "needs a region and a state";
	case 8:
		f->members[1].issuing = issuing;
		f->members[1].issuing_count = 1;
		return "belong to a member of role region";
	case 9:
		f->members[0].name = "../ie";
		return "the name of a member";
	case 10:
		f->members[0].address = "tls+tcp://a\nb:1";
		return "its address is";
	case 11:
		f->members[0].keys_count = 0;
		return "has no key";
	case 12:
		f->members[0].sealing_key = (struct cm_bytes){own[0].public_key, 31};
		return "a sealing key has 32 bytes";
	case 13:
		f->manifest.fleet = "";
		return "the name of a fleet";
	case 14:
		f->signers[0].jurisdiction = "I E";
		return "the name of a jurisdiction";
	case 15:
		f->ie[0].public_key.len = 31;
		return "a key has 32 bytes";
	case 16:
		f->ie[0].revoked_ms = f->manifest.issued_ms + 1;
		return "struck off when the manifest is issued";
	case 17:
		f->members[0].address = "tcp://ie.example:7447";
		return "its address is";
	case 18:
		f->members[0].address = "tls+tcp://ie.example";
		return "its address is";
	case 19:
		f->members[0].address = "tls+tcp://:7447";
		return "its address is";
	case 20:
		f->members[0].address = "tls+tcp://ie.example:74a";
		return "its address is";
	case 21:
		f->members[0].address = "ipc://run/ie.sock";
		return "its address is";
	case 22:
		f->members[0].zone = "Europe\nDublin";
		return "its zone";
	default:
		return NULL;
	}
}

Test(manifest, what_cannot_be_is_neither_signed_nor_read)
{
	const char *words;
	struct fleet f;

	for (unsigned i = 0;; i++) {
		struct cm_err err = {.text = ""};
		struct cm_buf out;

		make(&f, 7);
		words = spoil(&f, i);
		if (words == NULL)
			break;
		cm_buf_init(&out, 0);
		cr_expect_neq(cm_manifest_sign(&f.manifest, &root, CM_SIGN_MANIFEST, &out, &err), CM_OK);
		cr_expect_not_null(strstr(err.text, words), "%u: %s", i, err.text);
		cr_expect_eq(out.len, 0);
		cm_buf_fini(&out);
	}
	cr_expect_eq(cm_alloc_live(), 0);
}

Test(manifest, nine_routers_and_two_nodes_of_a_region_are_refused)
{
	struct cm_identity many[9];
	struct cm_manifest_key keys[9];
	struct cm_manifest_member members[9];
	char names[9][2][32];
	struct cm_manifest manifest = {"example", 1, 1, 2, members, 9, NULL, 0};
	struct cm_err err = {.text = ""};

	for (size_t i = 0; i < 9; i++) {
		many[i] = identity_of((uint8_t)(100 + i));
		keys[i] = key_of(&many[i], 1, 2);
		(void)snprintf(names[i][0], 32, "r%zu", i);
		(void)snprintf(names[i][1], 32, "tls+tcp://r%zu:1", i);
		members[i] = (struct cm_manifest_member){names[i][0], CM_MEMBER_ROUTER, "", "", "", NULL,
		    0, names[i][1], &keys[i], 1, {NULL, 0}};
	}
	cr_expect_eq(cm_manifest_check(&manifest, &err), CM_TOO_LARGE);
	manifest.members_count = 8;
	cr_expect_eq(cm_manifest_check(&manifest, &err), CM_OK);
	for (size_t i = 0; i < 2; i++) {
		members[i].role = CM_MEMBER_REGION;
		members[i].region = "ie";
		members[i].state = "IE";
	}
	cr_expect_eq(cm_manifest_check(&manifest, &err), CM_DUPLICATE);
}

Test(manifest, a_request_is_signed_by_the_key_it_asks_for)
{
	struct fleet f;
	struct cm_buf bytes;
	struct cm_manifest_held held;
	struct cm_err err = {.text = ""};

	make(&f, 1);
	f.manifest.members_count = 1;
	f.members[0].keys_count = 1;
	sign(&f.manifest, &own[0], CM_SIGN_ENROL, &bytes);
	cr_assert_eq(cm_manifest_read_request(bytes.data, bytes.len, &held, &err), CM_OK);
	cr_expect_str_eq(held.manifest.members[0].name, "ie");
	cm_manifest_fini(&held);
	cm_buf_fini(&bytes);
	sign(&f.manifest, &stranger, CM_SIGN_ENROL, &bytes);
	cr_expect_eq(cm_manifest_read_request(bytes.data, bytes.len, &held, &err), CM_NOT_ALLOWED);
	cm_buf_fini(&bytes);
	sign(&f.manifest, &own[0], CM_SIGN_MANIFEST, &bytes);
	cr_expect_eq(cm_manifest_read_request(bytes.data, bytes.len, &held, &err), CM_NOT_ALLOWED);
	cm_buf_fini(&bytes);
	f.manifest.members_count = 2;
	sign(&f.manifest, &own[0], CM_SIGN_ENROL, &bytes);
	cr_expect_eq(cm_manifest_read_request(bytes.data, bytes.len, &held, &err), CM_BAD_INPUT);
	cm_buf_fini(&bytes);
	cr_expect_eq(cm_alloc_live(), 0);
}

Test(manifest, what_is_different_is_said_in_sentences)
{
	struct fleet was;
	struct fleet is;
	struct cm_buf out;

	make(&was, 1);
	make(&is, 2);
	cm_buf_init(&out, 0);
	cm_manifest_diff(&was.manifest, &is.manifest, &out);
	cr_expect_str_eq(cm_buf_str(&out), "");
	is.ie[0].revoked_ms = NOW;
	is.members[0].address = "tls+tcp://other.example:1";
	is.members[1].name = "router2";
	is.manifest.signers_count = 0;
	cm_manifest_diff(&was.manifest, &is.manifest, &out);
	cr_expect_not_null(strstr(cm_buf_str(&out), "ie loses by revocation the key "));
	cr_expect_not_null(strstr(cm_buf_str(&out),
	    "ie: address is \"tls+tcp://other.example:1\", was \"tls+tcp://ie.example:7447\".\n"));
	cr_expect_not_null(strstr(cm_buf_str(&out),
	    "router2 joins the fleet: router at tls+tcp://router.example:7447.\n"));
	cr_expect_not_null(strstr(cm_buf_str(&out), "router leaves the fleet.\n"));
	cr_expect_not_null(
	    strstr(cm_buf_str(&out), "The rules of IE need no signature any more.\n"));
	cm_buf_clear(&out);
	cm_manifest_diff(NULL, &was.manifest, &out);
	cr_expect_not_null(strstr(cm_buf_str(&out), "The rules of IE must be signed from now on.\n"));
	cm_buf_fini(&out);
}

Test(manifest, each_lack_of_memory_is_said)
{
	struct fleet f;
	struct cm_buf bytes;
	struct cm_manifest_held held;
	struct cm_err err = {.text = ""};
	enum cm_status status = CM_NO_MEMORY;

	make(&f, 7);
	sign(&f.manifest, &root, CM_SIGN_MANIFEST, &bytes);
	for (size_t nth = 1; status == CM_NO_MEMORY; nth++) {
		size_t before = cm_alloc_live();

		cm_alloc_fail_at(nth, false);
		status = cm_manifest_read(bytes.data, bytes.len, root.public_key, NOW, &held, &err);
		cm_alloc_fail_at(0, false);
		cr_assert(status == CM_OK || status == CM_NO_MEMORY);
		if (status == CM_OK)
			cm_manifest_fini(&held);
		cr_assert_eq(cm_alloc_live(), before);
		cr_assert(status == CM_NO_MEMORY || nth > 3);
	}
	cm_buf_fini(&bytes);
}
