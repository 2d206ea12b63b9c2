#include "protocol/seal/manifest.h"

#include <string.h>

/* ---- looking --------------------------------------------------------------------------------- */

static const char *const role_names[] = {
    [CM_MEMBER_REGION] = "region", [CM_MEMBER_CENTRAL] = "central", [CM_MEMBER_ROUTER] = "router"};

const char *cm_member_role_name(enum cm_member_role role)
{
	return role >= CM_MEMBER_REGION && role <= CM_MEMBER_ROUTER ? role_names[role] : "?";
}

bool cm_member_role_parse(const char *text, enum cm_member_role *out)
{
	for (unsigned i = CM_MEMBER_REGION; i <= CM_MEMBER_ROUTER; i++) {
		if (strcmp(role_names[i], text) != 0)
			continue;
		*out = (enum cm_member_role)i;
		return true;
	}
	return false;
}

const struct cm_manifest_member *cm_manifest_member(
    const struct cm_manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->members_count; i++)
		if (strcmp(manifest->members[i].name, name) == 0)
			return &manifest->members[i];
	return NULL;
}

bool cm_manifest_key_stands(const struct cm_manifest_key *key, int64_t at_ms)
{
	return at_ms >= key->from_ms && at_ms < key->until_ms &&
	       (key->revoked_ms == 0 || at_ms < key->revoked_ms);
}

bool cm_manifest_key_opens(const struct cm_manifest_key *key, int64_t at_ms)
{
	return key->revoked_ms == 0 && cm_manifest_key_stands(key, at_ms);
}

/* Keys are public: nothing is to be learnt from how long the search takes. */
static bool is_among(const struct cm_manifest_key *keys, size_t count,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], int64_t at_ms)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].public_key.len == CM_PUBLIC_KEY_BYTES &&
		    memcmp(keys[i].public_key.data, public_key, CM_PUBLIC_KEY_BYTES) == 0)
			return cm_manifest_key_stands(&keys[i], at_ms);
	return false;
}

bool cm_manifest_key_at(const struct cm_manifest *manifest, const char *name,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], int64_t at_ms)
{
	const struct cm_manifest_member *member = cm_manifest_member(manifest, name);

	return member != NULL && is_among(member->keys, member->keys_count, public_key, at_ms);
}

bool cm_manifest_signer_at(const struct cm_manifest *manifest, const char *jurisdiction,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], int64_t at_ms)
{
	for (size_t i = 0; i < manifest->signers_count; i++)
		if (strcmp(manifest->signers[i].jurisdiction, jurisdiction) == 0)
			return is_among(manifest->signers[i].keys, manifest->signers[i].keys_count,
			    public_key, at_ms);
	return false;
}

static void take_sooner(int64_t *next, int64_t at_ms, int64_t time)
{
	if (time > at_ms && time < *next)
		*next = time;
}

int64_t cm_manifest_next_change(const struct cm_manifest *manifest, int64_t at_ms)
{
	int64_t next = INT64_MAX;

	take_sooner(&next, at_ms, manifest->until_ms);
	for (size_t i = 0; i < manifest->members_count; i++) {
		const struct cm_manifest_member *member = &manifest->members[i];

		for (size_t j = 0; j < member->keys_count; j++) {
			take_sooner(&next, at_ms, member->keys[j].from_ms);
			take_sooner(&next, at_ms, member->keys[j].until_ms);
			take_sooner(&next, at_ms, member->keys[j].revoked_ms);
		}
	}
	return next;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The signed message, its body, and the bytes themselves, into the arena. */
static enum cm_status decode(const uint8_t *data, size_t len, struct cm_manifest_held *out,
    struct cm_signed_manifest *outer, struct cm_err *err)
{
	uint8_t *copy;
	enum cm_status status =
	    cm_wire_decode(&cm_signed_manifest_schema, data, len, &out->arena, outer, err);

	if (status != CM_OK)
		return status;
	copy = cm_arena_alloc(&out->arena, len, 1);
	if (copy == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the manifest");
	memcpy(copy, data, len);
	out->bytes = (struct cm_bytes){copy, len};
	cm_digest(outer->body.data, outer->body.len, out->digest);
	return CM_OK;
}

/* The signature first: nothing of what a stranger wrote is looked into. */
static enum cm_status open_signed(const uint8_t *data, size_t len, const uint8_t *signer,
    enum cm_purpose purpose, struct cm_manifest_held *out, struct cm_err *err)
{
	struct cm_signed_manifest outer;
	char text[CM_FINGERPRINT_TEXT_BYTES];
	enum cm_status status = decode(data, len, out, &outer, err);

	if (status != CM_OK)
		return status;
	if (signer != NULL && memcmp(outer.signer.data, signer, CM_PUBLIC_KEY_BYTES) != 0) {
		cm_fingerprint_print(outer.signer.data, text);
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the manifest is signed by another key than the provider's root: %s", text);
	}
	if (!cm_verify(outer.signer.data, purpose, outer.body.data, outer.body.len,
		outer.signature.data))
		return cm_err_set(err, CM_NOT_ALLOWED, "the signature does not fit: it was changed, or "
						       "signed for something else");
	status = cm_wire_decode(&cm_manifest_schema, outer.body.data, outer.body.len, &out->arena,
	    &out->manifest, err);
	return status == CM_OK ? cm_manifest_check(&out->manifest, err) : status;
}

static enum cm_status check_time(
    const struct cm_manifest *manifest, int64_t at_ms, struct cm_err *err)
{
	if (at_ms == CM_MANIFEST_ANY_TIME)
		return CM_OK;
	if (at_ms >= manifest->until_ms)
		return cm_err_set(err, CM_TERM_OVER,
		    "manifest %llu of %s has ended: the root's holder must issue a newer one",
		    (unsigned long long)manifest->number, manifest->fleet);
	if (manifest->issued_ms > at_ms && manifest->issued_ms - at_ms > CM_MANIFEST_EARLY_MS)
		return cm_err_set(err, CM_CONFLICT,
		    "manifest %llu of %s is issued more than a day after this machine's clock: one of the "
		    "two clocks is wrong",
		    (unsigned long long)manifest->number, manifest->fleet);
	return CM_OK;
}

enum cm_status cm_manifest_read(const uint8_t *data, size_t len,
    const uint8_t root[CM_PUBLIC_KEY_BYTES], int64_t at_ms, struct cm_manifest_held *out,
    struct cm_err *err)
{
	enum cm_status status;

	*out = (struct cm_manifest_held){0};
	cm_arena_init(&out->arena, 0);
	status = open_signed(data, len, root, CM_SIGN_MANIFEST, out, err);
	if (status == CM_OK)
		status = check_time(&out->manifest, at_ms, err);
	if (status != CM_OK)
		cm_manifest_fini(out);
	return status;
}

enum cm_status cm_manifest_read_request(
    const uint8_t *data, size_t len, struct cm_manifest_held *out, struct cm_err *err)
{
	struct cm_signed_manifest outer;
	enum cm_status status;

	*out = (struct cm_manifest_held){0};
	cm_arena_init(&out->arena, 0);
	status = open_signed(data, len, NULL, CM_SIGN_ENROL, out, err);
	if (status == CM_OK &&
	    (out->manifest.members_count != 1 || out->manifest.members[0].keys_count != 1))
		status = cm_err_set(
		    err, CM_BAD_INPUT, "a request is of one process, with one key");
	if (status == CM_OK)
		status = cm_wire_decode(
		    &cm_signed_manifest_schema, data, len, &out->arena, &outer, err);
	/* Whoever asks must hold the key that is asked for. */
	if (status == CM_OK && memcmp(outer.signer.data, out->manifest.members[0].keys[0].public_key.data,
				   CM_PUBLIC_KEY_BYTES) != 0)
		status = cm_err_set(
		    err, CM_NOT_ALLOWED, "the request is signed by another key than it asks for");
	if (status != CM_OK)
		cm_manifest_fini(out);
	return status;
}

void cm_manifest_fini(struct cm_manifest_held *held)
{
	cm_arena_fini(&held->arena);
	*held = (struct cm_manifest_held){0};
	cm_arena_init(&held->arena, 0);
}

enum cm_status cm_manifest_may_follow(const struct cm_manifest_held *now,
    const struct cm_manifest_held *next, struct cm_err *err)
{
	const struct cm_manifest *a = &now->manifest;
	const struct cm_manifest *b = &next->manifest;

	if (strcmp(a->fleet, b->fleet) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "the manifest is of the fleet %s, not of %s",
		    b->fleet, a->fleet);
	if (b->number < a->number)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "manifest %llu is older than the one in use, which is %llu: there is no way back",
		    (unsigned long long)b->number, (unsigned long long)a->number);
	if (b->number > a->number)
		return CM_OK;
	if (memcmp(now->digest, next->digest, CM_DIGEST_BYTES) == 0)
		return CM_DUPLICATE;
	return cm_err_set(err, CM_NOT_ALLOWED,
	    "another manifest with the number %llu is in use: a changed one needs a higher number",
	    (unsigned long long)b->number);
}

enum cm_status cm_manifest_sign(const struct cm_manifest *manifest, const struct cm_identity *signer,
    enum cm_purpose purpose, struct cm_buf *out, struct cm_err *err)
{
	struct cm_signed_manifest outer = {
	    .signer = {signer->public_key, CM_PUBLIC_KEY_BYTES}};
	uint8_t signature[CM_SIGNATURE_BYTES];
	enum cm_status status = cm_manifest_check(manifest, err);
	struct cm_buf body;

	cm_buf_init(&body, 0);
	if (status == CM_OK)
		status = cm_wire_encode(&cm_manifest_schema, manifest, &body, err);
	if (status == CM_OK) {
		cm_sign(signer, purpose, body.data, body.len, signature);
		outer.body = (struct cm_bytes){body.data, body.len};
		outer.signature = (struct cm_bytes){signature, sizeof signature};
		status = cm_wire_encode(&cm_signed_manifest_schema, &outer, out, err);
	}
	cm_buf_fini(&body);
	return status;
}
