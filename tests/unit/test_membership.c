/* What a process holds of the manifest: its file, its own place in it, and the list of peers that follows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/id.h"
#include "protocol/post/membership.h"

#define DAY INT64_C(86400000)
#define NOW (20000 * DAY)
#define MEMBERS 4

static char folder[64];
static char manifest_path[128];
static char identity_path[128];
static char root_hex[65];
static struct cm_identity root;
static struct cm_identity keys[MEMBERS];
static struct cm_settings settings;
static struct cm_membership *membership;
static struct cm_err err;

/* ---- a fleet: ie, de, router, central -------------------------------------------------------- */

static const char *const issuing[] = {"IE"};
static struct cm_manifest_key member_keys[MEMBERS];
static struct cm_manifest_member members[MEMBERS];
static struct cm_manifest manifest;

static void make_manifest(uint64_t number)
{
	static const char *const names[MEMBERS] = {"ie", "router", "de", "central"};
	static const enum cm_member_role roles[MEMBERS] = {
	    CM_MEMBER_REGION, CM_MEMBER_ROUTER, CM_MEMBER_REGION, CM_MEMBER_CENTRAL};
	static const char *const addresses[MEMBERS] = {
	    "tls+tcp://ie:1", "tls+tcp://router:1", "tls+tcp://de:1", "ipc:///run/central.sock"};

	for (size_t i = 0; i < MEMBERS; i++) {
		member_keys[i] = (struct cm_manifest_key){
		    {keys[i].public_key, CM_PUBLIC_KEY_BYTES}, NOW - DAY, NOW + 10 * DAY, 0};
		members[i] = (struct cm_manifest_member){.name = names[i],
		    .role = roles[i],
		    .region = roles[i] == CM_MEMBER_REGION ? names[i] : "",
		    .state = i == 0 ? "IE" : i == 2 ? "DE" : "",
		    .zone = "",
		    .address = addresses[i],
		    .keys = &member_keys[i],
		    .keys_count = 1};
	}
	members[0].issuing = issuing;
	members[0].issuing_count = 1;
	manifest = (struct cm_manifest){
	    "example", number, NOW - DAY, NOW + 5 * DAY, members, MEMBERS, NULL, 0};
}

static void sign(struct cm_buf *out)
{
	cm_buf_init(out, 0);
	cr_assert_eq(
	    cm_manifest_sign(&manifest, &root, CM_SIGN_MANIFEST, out, &err), CM_OK, "%s", err.text);
}

static void write_file(const struct cm_buf *bytes)
{
	FILE *file = fopen(manifest_path, "wb");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes->data, 1, bytes->len, file), bytes->len);
	cr_assert_eq(fclose(file), 0);
}

static void start(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
	(void)snprintf(folder, sizeof folder, "/tmp/comity-membership.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(manifest_path, sizeof manifest_path, "%s/fleet.manifest", folder);
	(void)snprintf(identity_path, sizeof identity_path, "%s/own.key", folder);
	for (uint8_t i = 0; i < MEMBERS; i++) {
		uint8_t seed[32];

		memset(seed, 10 + i, sizeof seed);
		cm_identity_from_seed(seed, &keys[i]);
	}
	cr_assert_eq(cm_identity_create(identity_path, &keys[0], &err), CM_OK);
	cm_identity_from_seed((uint8_t[32]){1}, &root);
	cm_hex_print(root.public_key, CM_PUBLIC_KEY_BYTES, root_hex);
	settings = (struct cm_settings){.path = "ie.conf",
	    .name = "ie",
	    .role = "region",
	    .region = "ie",
	    .state = "IE",
	    .issuing = issuing,
	    .issuing_count = 1,
	    .identity = identity_path,
	    .manifest = manifest_path,
	    .root = root_hex};
	cm_arena_init(&settings.arena, 0);
	make_manifest(3);
}

static void end(void)
{
	cm_membership_free(membership);
	membership = NULL;
	cm_arena_fini(&settings.arena);
	(void)unlink(manifest_path);
	(void)unlink(identity_path);
	cr_assert_eq(rmdir(folder), 0, "nothing else lies there");
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(membership, .init = start);

static enum cm_status open_it(void)
{
	struct cm_buf bytes;

	sign(&bytes);
	write_file(&bytes);
	cm_buf_fini(&bytes);
	err.text[0] = 0;
	return cm_membership_open(&settings, (struct cm_wall){.ms = NOW}, &membership, &err);
}

static enum cm_status offer_at(int64_t now)
{
	struct cm_buf bytes;
	struct cm_buf changes;
	enum cm_status status;

	sign(&bytes);
	cm_buf_init(&changes, 0);
	status = cm_membership_offer(membership, (struct cm_bytes){bytes.data, bytes.len},
	    (struct cm_wall){.ms = now}, &changes, &err);
	cr_expect(status == CM_OK || changes.len == 0);
	cm_buf_fini(&changes);
	cm_buf_fini(&bytes);
	return status;
}

/* The number of the manifest in the file. */
static uint64_t number_in_file(void)
{
	struct cm_manifest_held held;
	uint8_t bytes[8192];
	FILE *file = fopen(manifest_path, "rb");
	size_t len = fread(bytes, 1, sizeof bytes, file);
	uint64_t number;

	(void)fclose(file);
	cr_assert_eq(
	    cm_manifest_read(bytes, len, root.public_key, CM_MANIFEST_ANY_TIME, &held, &err), CM_OK);
	number = held.manifest.number;
	cm_manifest_fini(&held);
	return number;
}

/* ---- opening --------------------------------------------------------------------------------- */

Test(membership, a_node_has_the_routers_and_a_router_has_everybody)
{
	cr_assert_eq(open_it(), CM_OK, "%s", err.text);
	cr_assert_eq(settings.peers_count, 1);
	cr_expect_str_eq(settings.peers[0].name, "router");
	cr_expect_str_eq(settings.peers[0].role, "router");
	cr_expect_str_eq(settings.peers[0].address, "tls+tcp://router:1");
	cr_expect(settings.peers[0].must_prove);
	cm_membership_free(membership);
	settings.name = "router";
	settings.role = "router";
	settings.region = "";
	settings.state = "";
	settings.issuing_count = 0;
	cm_arena_fini(&settings.arena);
	cm_arena_init(&settings.arena, 0);
	member_keys[1].public_key = (struct cm_bytes){keys[0].public_key, CM_PUBLIC_KEY_BYTES};
	member_keys[0].public_key = (struct cm_bytes){keys[1].public_key, CM_PUBLIC_KEY_BYTES};
	cr_assert_eq(open_it(), CM_OK, "%s", err.text);
	cr_assert_eq(settings.peers_count, 3);
	cr_expect_str_eq(settings.peers[0].name, "ie");
	cr_expect_str_eq(settings.peers[0].region, "ie");
	cr_expect_str_eq(settings.peers[0].state, "IE");
	cr_expect_str_eq(settings.peers[0].issuing[0], "IE");
	cr_expect_str_eq(settings.peers[2].name, "central");
	cr_expect_not(settings.peers[2].must_prove, "over a Unix socket the folder keeps others out");
	end();
}

Test(membership, without_a_manifest_there_is_none)
{
	settings.manifest = "";
	cr_assert_eq(
	    cm_membership_open(&settings, (struct cm_wall){.ms = NOW}, &membership, &err), CM_OK);
	cr_expect_null(membership);
	end();
}

Test(membership, who_is_not_in_it_or_otherwise_does_not_start)
{
	cr_assert_eq(cm_membership_open(&settings, (struct cm_wall){.ms = NOW}, &membership, &err),
	    CM_NOT_FOUND, "no file");
	settings.name = "gb";
	cr_expect_eq(open_it(), CM_NOT_ALLOWED);
	cr_expect_not_null(strstr(err.text, "manifest 3 of example has no member gb"));
	settings.name = "ie";
	settings.state = "DE";
	cr_expect_eq(open_it(), CM_CONFLICT);
	settings.state = "IE";
	settings.issuing_count = 0;
	cr_expect_eq(open_it(), CM_CONFLICT);
	settings.issuing_count = 1;
	manifest.issued_ms = NOW + 1000; /* the root's clock is ahead */
	member_keys[0].revoked_ms = NOW + 1000;
	cr_expect_eq(open_it(), CM_NOT_ALLOWED);
	cr_expect_not_null(strstr(err.text, "the key of this process does not stand as one of ie"));
	make_manifest(3);
	manifest.until_ms = NOW;
	cr_expect_eq(open_it(), CM_TERM_OVER);
	make_manifest(3);
	root_hex[0] = root_hex[0] == '0' ? '1' : '0';
	cr_expect_eq(open_it(), CM_NOT_ALLOWED);
	cr_expect_not_null(strstr(err.text, "another key than the provider's root"));
	cr_expect_null(membership);
	end();
}

/* ---- a newer one ----------------------------------------------------------------------------- */

Test(membership, a_newer_one_is_on_disk_and_in_use)
{
	const struct cm_peer_settings *place;
	const char *address;

	cr_assert_eq(open_it(), CM_OK);
	place = &settings.peers[0];
	address = place->address;
	make_manifest(4);
	cr_expect_eq(offer_at(NOW), CM_OK, "%s", err.text);
	cr_expect_eq(number_in_file(), 4);
	cr_expect_eq(membership->held.manifest.number, 4);
	cr_expect_eq(settings.peers[0].address, address, "what is as it was is where it was");
	cr_expect_eq(offer_at(NOW), CM_DUPLICATE);
	make_manifest(5);
	members[1].address = "tls+tcp://router:2";
	members[2].role = CM_MEMBER_ROUTER;
	members[2].region = "";
	members[2].state = "";
	cr_expect_eq(offer_at(NOW), CM_OK);
	cr_assert_eq(settings.peers_count, 2);
	cr_expect_eq(&settings.peers[0], place);
	cr_expect_str_eq(settings.peers[0].address, "tls+tcp://router:2");
	cr_expect_str_eq(settings.peers[1].name, "de");
	end();
}

Test(membership, what_is_refused_changes_nothing)
{
	struct cm_identity own;

	cr_assert_eq(open_it(), CM_OK);
	make_manifest(2);
	cr_expect_eq(offer_at(NOW), CM_NOT_ALLOWED);
	make_manifest(3);
	manifest.until_ms++;
	cr_expect_eq(offer_at(NOW), CM_NOT_ALLOWED);
	make_manifest(4);
	cr_expect_eq(offer_at(manifest.until_ms), CM_TERM_OVER);
	own = root;
	root = keys[1];
	cr_expect_eq(offer_at(NOW), CM_NOT_ALLOWED);
	root = own;
	cr_expect_eq(number_in_file(), 3);
	cr_expect_eq(membership->held.manifest.number, 3);
	end();
}

Test(membership, what_cannot_be_written_is_not_used)
{
	char away[160];

	cr_assert_eq(open_it(), CM_OK);
	(void)snprintf(away, sizeof away, "%s/nowhere/fleet.manifest", folder);
	settings.manifest = away;
	make_manifest(4);
	cr_expect_eq(offer_at(NOW), CM_IO);
	cr_expect_eq(membership->held.manifest.number, 3);
	settings.manifest = manifest_path;
	cr_expect_eq(offer_at(NOW), CM_OK);
	end();
}

Test(membership, each_lack_of_memory_leaves_one_of_the_two)
{
	enum cm_status status = CM_NO_MEMORY;
	struct cm_buf bytes;
	struct cm_buf changes;

	cr_assert_eq(open_it(), CM_OK);
	make_manifest(4);
	members[2].role = CM_MEMBER_ROUTER;
	members[2].region = "";
	members[2].state = "";
	sign(&bytes);
	cm_buf_init(&changes, 0);
	for (size_t nth = 1; status == CM_NO_MEMORY; nth++) {
		cm_alloc_fail_at(nth, false);
		status = cm_membership_offer(membership, (struct cm_bytes){bytes.data, bytes.len},
		    (struct cm_wall){.ms = NOW}, &changes, &err);
		cm_alloc_fail_at(0, false);
		cr_assert(status == CM_OK || status == CM_NO_MEMORY, "%s", err.text);
		cr_expect_eq(membership->held.manifest.number, status == CM_OK ? 4 : 3);
		cr_expect_eq(settings.peers_count, status == CM_OK ? 2 : 1);
		cr_assert(status == CM_NO_MEMORY || nth > 3);
	}
	cm_buf_fini(&changes);
	cm_buf_fini(&bytes);
	end();
}

/* ---- who may speak --------------------------------------------------------------------------- */

Test(membership, the_keys_are_those_of_the_others_that_stand_now)
{
	struct cm_member_key *out = calloc(CM_MAX_MEMBER_KEYS_NOW, sizeof *out);

	cr_assert_not_null(out);
	cr_assert_eq(open_it(), CM_OK);
	cr_expect_eq(cm_membership_keys(membership, (struct cm_wall){.ms = NOW}, out), 3);
	cr_expect_str_eq(out[0].name, "router");
	cr_expect_eq(memcmp(out[0].key, keys[1].public_key, CM_PUBLIC_KEY_BYTES), 0);
	cr_expect(cm_membership_has_own(membership, (struct cm_wall){.ms = NOW}));
	make_manifest(4);
	manifest.issued_ms = NOW + 1000; /* the root's clock is ahead: struck off is struck off */
	member_keys[1].revoked_ms = NOW + 1000;
	member_keys[0].revoked_ms = NOW + 1000;
	cr_expect_eq(offer_at(NOW), CM_OK, "also one that strikes off the process itself");
	cr_expect_eq(cm_membership_keys(membership, (struct cm_wall){.ms = NOW}, out), 2);
	cr_expect_str_eq(out[0].name, "de");
	cr_expect_not(cm_membership_has_own(membership, (struct cm_wall){.ms = NOW}));
	cr_expect_eq(cm_membership_keys(membership, (struct cm_wall){.ms = manifest.until_ms}, out), 0,
	    "at its end nobody belongs to the fleet");
	free(out);
	end();
}
