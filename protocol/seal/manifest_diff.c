/* What one manifest changes in another, for whoever is to sign it and for those who get it. */
#include <string.h>

#include "protocol/seal/manifest.h"

static const struct cm_manifest_key *find_key(
    const struct cm_manifest_key *keys, size_t count, const struct cm_manifest_key *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(keys[i].public_key.data, wanted->public_key.data, CM_PUBLIC_KEY_BYTES) == 0)
			return &keys[i];
	return NULL;
}

/* The beginning of a fingerprint, enough to find it in a list. */
static void print_key(const struct cm_manifest_key *key, struct cm_buf *out)
{
	char text[CM_FINGERPRINT_TEXT_BYTES];

	cm_fingerprint_print(key->public_key.data, text);
	cm_buf_add(out, text, 19);
}

static void diff_keys(const char *whose, const struct cm_manifest_key *was, size_t was_count,
    const struct cm_manifest_key *is, size_t is_count, struct cm_buf *out)
{
	for (size_t i = 0; i < is_count; i++) {
		const struct cm_manifest_key *old = find_key(was, was_count, &is[i]);
		const char *what = old == NULL ? "has the new key"
				   : old->revoked_ms != is[i].revoked_ms
				       ? (is[i].revoked_ms != 0 ? "loses by revocation the key"
								: "has again the key")
				   : old->from_ms != is[i].from_ms || old->until_ms != is[i].until_ms
				       ? "has for another time the key"
				       : NULL;

		if (what == NULL)
			continue;
		cm_buf_printf(out, "%s %s ", whose, what);
		print_key(&is[i], out);
		cm_buf_text(out, ".\n");
	}
	for (size_t i = 0; i < was_count; i++) {
		if (find_key(is, is_count, &was[i]) != NULL)
			continue;
		cm_buf_printf(out, "%s is listed no more with the key ", whose);
		print_key(&was[i], out);
		cm_buf_text(out, ".\n");
	}
}

static void diff_text(const char *whose, const char *what, const char *was, const char *is,
    struct cm_buf *out)
{
	if (strcmp(was, is) != 0)
		cm_buf_printf(out, "%s: %s is \"%s\", was \"%s\".\n", whose, what, is, was);
}

static bool same_texts(
    const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

static void diff_member(const struct cm_manifest_member *was, const struct cm_manifest_member *is,
    struct cm_buf *out)
{
	diff_text(is->name, "role", cm_member_role_name(was->role), cm_member_role_name(is->role), out);
	diff_text(is->name, "region", was->region, is->region, out);
	diff_text(is->name, "state", was->state, is->state, out);
	diff_text(is->name, "zone", was->zone, is->zone, out);
	diff_text(is->name, "address", was->address, is->address, out);
	if (!same_texts(was->issuing, was->issuing_count, is->issuing, is->issuing_count))
		cm_buf_printf(
		    out, "%s carries the law on demands of other states than before.\n", is->name);
	if (was->sealing_key.len != is->sealing_key.len ||
	    (is->sealing_key.len != 0 &&
		memcmp(was->sealing_key.data, is->sealing_key.data, is->sealing_key.len) != 0))
		cm_buf_printf(out, "%s has another sealing key.\n", is->name);
	diff_keys(is->name, was->keys, was->keys_count, is->keys, is->keys_count, out);
}

static void diff_members(
    const struct cm_manifest *was, const struct cm_manifest *is, struct cm_buf *out)
{
	static const struct cm_manifest_member nobody = {0};

	for (size_t i = 0; i < is->members_count; i++) {
		const struct cm_manifest_member *member = &is->members[i];
		const struct cm_manifest_member *old = cm_manifest_member(was, member->name);

		if (old != NULL) {
			diff_member(old, member, out);
			continue;
		}
		cm_buf_printf(out, "%s joins the fleet: %s at %s.\n", member->name,
		    cm_member_role_name(member->role), member->address);
		diff_keys(member->name, nobody.keys, 0, member->keys, member->keys_count, out);
	}
	for (size_t i = 0; i < was->members_count; i++)
		if (cm_manifest_member(is, was->members[i].name) == NULL)
			cm_buf_printf(out, "%s leaves the fleet.\n", was->members[i].name);
}

static const struct cm_law_signer *find_signer(
    const struct cm_manifest *manifest, const char *jurisdiction)
{
	for (size_t i = 0; i < manifest->signers_count; i++)
		if (strcmp(manifest->signers[i].jurisdiction, jurisdiction) == 0)
			return &manifest->signers[i];
	return NULL;
}

static void diff_signers(
    const struct cm_manifest *was, const struct cm_manifest *is, struct cm_buf *out)
{
	for (size_t i = 0; i < is->signers_count; i++) {
		const struct cm_law_signer *signer = &is->signers[i];
		const struct cm_law_signer *old = find_signer(was, signer->jurisdiction);

		if (old == NULL)
			cm_buf_printf(out, "The rules of %s must be signed from now on.\n",
			    signer->jurisdiction);
		diff_keys(signer->jurisdiction, old != NULL ? old->keys : NULL,
		    old != NULL ? old->keys_count : 0, signer->keys, signer->keys_count, out);
	}
	for (size_t i = 0; i < was->signers_count; i++)
		if (find_signer(is, was->signers[i].jurisdiction) == NULL)
			cm_buf_printf(out, "The rules of %s need no signature any more.\n",
			    was->signers[i].jurisdiction);
}

void cm_manifest_diff(
    const struct cm_manifest *was, const struct cm_manifest *is, struct cm_buf *out)
{
	static const struct cm_manifest none = {.fleet = ""};

	if (was == NULL)
		was = &none;
	else
		diff_text("The fleet", "its name", was->fleet, is->fleet, out);
	diff_members(was, is, out);
	diff_signers(was, is, out);
}
