/* A manifest as its root's holder writes it: who is let in, how long old keys stand, what is struck off. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/keys_book.h"
#include "protocol/base/id.h"

#define NOW (20000 * CM_DAY_MS)
#define UNTIL (NOW + 400 * CM_DAY_MS)
#define OVERLAP (7 * CM_DAY_MS)

static char folder[64];
static char root_path[128];
static char manifest_path[128];
static struct cm_keys_book *book;
static struct cm_err err;

static void start(void)
{
	struct cm_identity root;

	cr_assert_eq(cm_seal_start(), CM_OK);
	(void)snprintf(folder, sizeof folder, "/tmp/comity-book.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(root_path, sizeof root_path, "%s/root.key", folder);
	(void)snprintf(manifest_path, sizeof manifest_path, "%s/fleet.manifest", folder);
	cr_assert_eq(cm_identity_create(root_path, &root, &err), CM_OK);
	book = cm_alloc(1, sizeof *book);
	cr_assert_not_null(book);
}

static void end(void)
{
	cm_keys_book_close(book);
	cm_free(book);
	(void)unlink(root_path);
	(void)unlink(manifest_path);
	cr_assert_eq(rmdir(folder), 0, "nothing else lies there");
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(keys_book, .init = start);

static enum cm_status open_book(const char *fleet)
{
	return cm_keys_book_open(book, root_path, manifest_path, fleet, &err);
}

static enum cm_status write_at(int64_t now)
{
	return cm_keys_book_write(book, manifest_path, (struct cm_wall){.ms = now},
	    (struct cm_wall){.ms = now + 400 * CM_DAY_MS}, &err);
}

/* The key that begins with `seed` asks for `name`. */
static enum cm_status admit_at(const char *name, uint8_t seed, int64_t now)
{
	struct cm_identity identity;
	uint8_t bytes[32] = {seed};
	char address[64];
	struct cm_manifest_key key = {.public_key = {identity.public_key, CM_PUBLIC_KEY_BYTES}};
	struct cm_manifest_member member = {.name = name,
	    .role = CM_MEMBER_CENTRAL,
	    .region = "",
	    .state = "",
	    .zone = "",
	    .address = address,
	    .keys = &key,
	    .keys_count = 1};

	cm_identity_from_seed(bytes, &identity);
	(void)snprintf(address, sizeof address, "tls+tcp://%s:1", name);
	return cm_keys_book_admit(book, &member, (struct cm_wall){.ms = now},
	    (struct cm_wall){.ms = now + 400 * CM_DAY_MS}, OVERLAP, &err);
}

Test(keys_book, the_first_manifest_needs_a_name_and_the_next_goes_on)
{
	cr_expect_eq(open_book(NULL), CM_NOT_FOUND);
	cm_keys_book_close(book);
	cr_assert_eq(open_book("example"), CM_OK);
	cr_assert_eq(admit_at("a", 1, NOW), CM_OK);
	cr_assert_eq(write_at(NOW), CM_OK, "%s", err.text);
	cm_keys_book_close(book);
	cr_assert_eq(open_book(NULL), CM_OK, "%s", err.text);
	cr_expect_str_eq(book->manifest.fleet, "example");
	cr_expect_eq(book->manifest.number, 1);
	cr_assert_eq(admit_at("b", 2, NOW), CM_OK);
	cr_assert_eq(write_at(NOW + 1), CM_OK, "%s", err.text);
	cm_keys_book_close(book);
	cr_assert_eq(open_book("another"), CM_OK);
	cr_expect_str_eq(book->manifest.fleet, "example", "it has its name");
	cr_expect_eq(book->manifest.number, 2);
	cr_expect_eq(book->manifest.members_count, 2);
	end();
}

Test(keys_book, of_another_root_it_is_not_opened)
{
	struct cm_identity other;

	cr_assert_eq(open_book("example"), CM_OK);
	cr_assert_eq(admit_at("a", 1, NOW), CM_OK);
	cr_assert_eq(write_at(NOW), CM_OK);
	cm_keys_book_close(book);
	(void)unlink(root_path);
	cr_assert_eq(cm_identity_create(root_path, &other, &err), CM_OK);
	cr_expect_eq(open_book("example"), CM_NOT_ALLOWED);
	end();
}

Test(keys_book, an_older_key_stands_for_the_overlap_and_no_longer)
{
	cr_assert_eq(open_book("example"), CM_OK);
	cr_assert_eq(admit_at("a", 1, NOW), CM_OK);
	cr_expect_eq(book->keys[0][0].from_ms, NOW - CM_KEY_EARLY_MS);
	cr_expect_eq(book->keys[0][0].until_ms, UNTIL);
	cr_assert_eq(admit_at("a", 1, NOW + 1), CM_OK, "asked again it is as it was");
	cr_expect_eq(book->members[0].keys_count, 1);
	cr_expect_eq(book->keys[0][0].until_ms, UNTIL);
	cr_assert_eq(admit_at("a", 2, NOW), CM_OK);
	cr_expect_eq(book->manifest.members_count, 1);
	cr_assert_eq(book->members[0].keys_count, 2);
	cr_expect_eq(book->keys[0][0].until_ms, NOW + OVERLAP);
	cr_expect_eq(book->keys[0][1].until_ms, UNTIL);
	cr_assert_eq(admit_at("a", 3, NOW + 30 * CM_DAY_MS), CM_OK);
	cr_expect_eq(book->keys[0][0].until_ms, NOW + OVERLAP, "what has ended is not made longer");
	end();
}

Test(keys_book, a_member_has_so_many_keys_and_no_more)
{
	cr_assert_eq(open_book("example"), CM_OK);
	for (uint8_t i = 0; i < CM_MAX_MEMBER_KEYS; i++)
		cr_assert_eq(admit_at("a", (uint8_t)(1 + i), NOW), CM_OK);
	cr_expect_eq(admit_at("a", 100, NOW), CM_TOO_LARGE);
	cr_expect_eq(write_at(NOW), CM_OK, "%s", err.text);
	end();
}

Test(keys_book, a_fleet_has_so_many_members_and_no_more)
{
	char name[16];

	cr_assert_eq(open_book("example"), CM_OK);
	for (unsigned i = 0; i < CM_MAX_MEMBERS; i++) {
		(void)snprintf(name, sizeof name, "m%u", i);
		cr_assert_eq(admit_at(name, (uint8_t)(1 + i), NOW), CM_OK);
	}
	cr_expect_eq(admit_at("more", 200, NOW), CM_TOO_LARGE);
	cr_expect_eq(write_at(NOW), CM_OK, "%s", err.text);
	end();
}

Test(keys_book, what_is_revoked_is_all_that_stands_or_what_is_named)
{
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
	size_t count;

	cr_assert_eq(open_book("example"), CM_OK);
	for (uint8_t i = 1; i <= 3; i++)
		cr_assert_eq(admit_at("a", i, NOW), CM_OK);
	cm_hex_print(book->keys[0][1].public_key.data, CM_PUBLIC_KEY_BYTES, hex);
	hex[8] = 0;
	cr_expect_eq(
	    cm_keys_book_revoke(book, "b", NULL, (struct cm_wall){.ms = NOW}, &count, &err), CM_NOT_FOUND);
	cr_expect_eq(cm_keys_book_revoke(book, "a", hex, (struct cm_wall){.ms = NOW}, &count, &err), CM_OK);
	cr_expect_eq(count, 1);
	cr_expect_eq(book->keys[0][0].revoked_ms, 0);
	cr_expect_eq(book->keys[0][1].revoked_ms, NOW);
	cr_expect_eq(cm_keys_book_revoke(book, "a", hex, (struct cm_wall){.ms = NOW}, &count, &err),
	    CM_NOT_FOUND, "it stands no more");
	/* The first one has ended by then. */
	cr_expect_eq(cm_keys_book_revoke(
	                 book, "a", NULL, (struct cm_wall){.ms = NOW + 8 * CM_DAY_MS}, &count, &err),
	    CM_OK);
	cr_expect_eq(count, 1);
	cr_expect_eq(book->keys[0][0].revoked_ms, 0);
	cr_expect_eq(book->keys[0][1].revoked_ms, NOW);
	cr_expect_eq(book->keys[0][2].revoked_ms, NOW + 8 * CM_DAY_MS);
	end();
}

Test(keys_book, signers_of_rules_are_listed_by_jurisdiction)
{
	struct cm_identity identity;
	struct cm_wall now = {.ms = NOW};
	struct cm_wall until = {.ms = UNTIL};

	cm_identity_from_seed((uint8_t[32]){9}, &identity);
	cr_assert_eq(open_book("example"), CM_OK);
	cr_assert_eq(admit_at("a", 1, NOW), CM_OK);
	cr_expect_eq(cm_keys_book_add_signer(book, "IE", identity.public_key, now, until, &err), CM_OK);
	cr_expect_eq(cm_keys_book_add_signer(book, "IE", identity.public_key, now, until, &err), CM_OK);
	cr_expect_eq(cm_keys_book_add_signer(book, "US", identity.public_key, now, until, &err), CM_OK);
	cr_assert_eq(write_at(NOW), CM_OK, "%s", err.text);
	cm_keys_book_close(book);
	cr_assert_eq(open_book(NULL), CM_OK);
	cr_assert_eq(book->manifest.signers_count, 2);
	cr_expect_eq(book->manifest.signers[0].keys_count, 1);
	cr_expect(cm_manifest_signer_at(&book->manifest, "US", identity.public_key, NOW));
	cr_expect_eq(cm_keys_book_revoke_signer(book, "FR", NULL, now, &err), CM_NOT_FOUND);
	cr_expect_eq(cm_keys_book_revoke_signer(book, "US", "0", now, &err), CM_NOT_FOUND, "%s", err.text);
	cr_expect_eq(cm_keys_book_revoke_signer(book, "US", NULL, now, &err), CM_OK);
	cr_expect_eq(cm_keys_book_revoke_signer(book, "US", NULL, now, &err), CM_NOT_FOUND, "it stands no more");
	cr_expect(!cm_manifest_signer_at(&book->manifest, "US", identity.public_key, NOW));
	cr_expect(cm_manifest_signer_at(&book->manifest, "IE", identity.public_key, NOW), "it is IE's still");
	end();
}
