/* What a manifest must be, beyond the bounds of its tables, for the fleet that it describes to work. */
#include <string.h>

#include "protocol/base/text.h"
#include "protocol/seal/manifest.h"

_Static_assert(CM_MAX_MEMBERS == CM_MAX_PEERS + 1, "a process and its peers are a fleet");

static bool is_line(const char *text)
{
	return cm_text_is_plain(text, strlen(text)) && strpbrk(text, "\t\r\n") == NULL;
}

/* Names go into sentences, logs and files' names. */
static bool is_name(const char *text)
{
	static const char fit[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return text[0] != 0 && text[0] != '.' && text[0] != '-' && strlen(text) <= CM_MAX_NAME_BYTES &&
	       text[strspn(text, fit)] == 0;
}

/* A socket's path, or host:port over TLS: what a link may use (link/address.h has the rest). */
static bool is_address(const char *text)
{
	static const char ipc[] = "ipc:///";
	static const char tls[] = "tls+tcp://";
	const char *host = text + sizeof tls - 1;
	const char *colon;

	if (!is_line(text))
		return false;
	if (strncmp(text, ipc, sizeof ipc - 1) == 0)
		return true;
	if (strncmp(text, tls, sizeof tls - 1) != 0)
		return false;
	colon = strrchr(host, ':');
	return colon != NULL && colon > host && colon[1] != 0 &&
	       strspn(colon + 1, "0123456789") == strlen(colon + 1) && strpbrk(host, " /") == NULL;
}

static bool same_key(const struct cm_manifest_key *a, const struct cm_manifest_key *b)
{
	return a->public_key.len == b->public_key.len &&
	       memcmp(a->public_key.data, b->public_key.data, a->public_key.len) == 0;
}

static enum cm_status check_keys(const struct cm_manifest *manifest, const char *whose,
    const struct cm_manifest_key *keys, size_t count, struct cm_err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (keys[i].public_key.len != CM_PUBLIC_KEY_BYTES)
			return cm_err_set(err, CM_BAD_INPUT, "%s: a key has 32 bytes", whose);
		if (keys[i].until_ms <= keys[i].from_ms)
			return cm_err_set(
			    err, CM_BAD_INPUT, "%s: a key ends before it begins", whose);
		/* A link does not wait for it, so it must not lie ahead. */
		if (keys[i].revoked_ms < 0 || keys[i].revoked_ms > manifest->issued_ms)
			return cm_err_set(err, CM_BAD_INPUT,
			    "%s: a key is struck off when the manifest is issued, or was before", whose);
		for (size_t j = 0; j < i; j++)
			if (same_key(&keys[i], &keys[j]))
				return cm_err_set(err, CM_DUPLICATE, "%s: one key twice", whose);
	}
	return CM_OK;
}

/* A region has its place and its law, the others none. */
static enum cm_status check_place(const struct cm_manifest_member *m, struct cm_err *err)
{
	if (m->role != CM_MEMBER_REGION)
		return m->region[0] == 0 && m->state[0] == 0 && m->issuing_count == 0
			   ? CM_OK
			   : cm_err_set(err, CM_BAD_INPUT,
				 "%s: region, state and issuing belong to a member of role region", m->name);
	if (!is_name(m->region) || strlen(m->state) != 2)
		return cm_err_set(err, CM_BAD_INPUT,
		    "%s: a member of role region needs a region and a state of two letters", m->name);
	return CM_OK;
}

static enum cm_status check_member(
    const struct cm_manifest *manifest, const struct cm_manifest_member *m, struct cm_err *err)
{
	enum cm_status status;

	if (!is_name(m->name))
		return cm_err_set(err, CM_BAD_INPUT,
		    "the name of a member is of letters, digits, \"-\", \"_\" and \".\"");
	if (!is_address(m->address))
		return cm_err_set(err, CM_BAD_INPUT,
		    "%s: its address is tls+tcp://host:port, or ipc:///folder/socket on one machine", m->name);
	if (!is_line(m->zone))
		return cm_err_set(err, CM_BAD_INPUT, "%s: its zone cannot be read", m->name);
	for (size_t i = 0; i < m->issuing_count; i++)
		if (strlen(m->issuing[i]) != 2 || !is_line(m->issuing[i]))
			return cm_err_set(
			    err, CM_BAD_INPUT, "%s: a state has two letters", m->name);
	if (m->sealing_key.len != 0 && m->sealing_key.len != CM_SEALING_KEY_BYTES)
		return cm_err_set(err, CM_BAD_INPUT, "%s: a sealing key has 32 bytes", m->name);
	if (m->keys_count == 0)
		return cm_err_set(err, CM_BAD_INPUT, "%s: has no key", m->name);
	status = check_place(m, err);
	return status == CM_OK ? check_keys(manifest, m->name, m->keys, m->keys_count, err)
			       : status;
}

/* Two names are two processes, with keys of their own: whoever holds a key is one of them. */
static enum cm_status check_apart(const struct cm_manifest_member *a,
    const struct cm_manifest_member *b, struct cm_err *err)
{
	if (strcmp(a->name, b->name) == 0)
		return cm_err_set(err, CM_DUPLICATE, "two members are called %s", a->name);
	if (strcmp(a->address, b->address) == 0)
		return cm_err_set(
		    err, CM_DUPLICATE, "%s and %s have one address", a->name, b->name);
	if (a->role == CM_MEMBER_REGION && b->role == CM_MEMBER_REGION &&
	    strcmp(a->region, b->region) == 0)
		return cm_err_set(
		    err, CM_DUPLICATE, "%s and %s have one region", a->name, b->name);
	for (size_t i = 0; i < a->keys_count; i++)
		for (size_t j = 0; j < b->keys_count; j++)
			if (same_key(&a->keys[i], &b->keys[j]))
				return cm_err_set(
				    err, CM_DUPLICATE, "%s and %s have one key", a->name, b->name);
	return CM_OK;
}

static enum cm_status check_members(const struct cm_manifest *manifest, struct cm_err *err)
{
	size_t routers = 0;

	for (size_t i = 0; i < manifest->members_count; i++) {
		const struct cm_manifest_member *m = &manifest->members[i];
		enum cm_status status = check_member(manifest, m, err);

		for (size_t j = 0; status == CM_OK && j < i; j++)
			status = check_apart(m, &manifest->members[j], err);
		if (status != CM_OK)
			return status;
		routers += m->role == CM_MEMBER_ROUTER;
	}
	if (routers > CM_MAX_ROUTERS)
		return cm_err_set(
		    err, CM_TOO_LARGE, "a fleet has at most %d routers", CM_MAX_ROUTERS);
	return CM_OK;
}

static enum cm_status check_signers(const struct cm_manifest *manifest, struct cm_err *err)
{
	for (size_t i = 0; i < manifest->signers_count; i++) {
		const struct cm_law_signer *s = &manifest->signers[i];
		enum cm_status status;

		if (!is_name(s->jurisdiction))
			return cm_err_set(err, CM_BAD_INPUT, "the name of a jurisdiction is of letters, digits, "
							     "\"-\", \"_\" and \".\"");
		status = check_keys(manifest, s->jurisdiction, s->keys, s->keys_count, err);
		for (size_t j = 0; status == CM_OK && j < i; j++)
			if (strcmp(s->jurisdiction, manifest->signers[j].jurisdiction) == 0)
				status = cm_err_set(err, CM_DUPLICATE,
				    "the signers of %s are listed twice", s->jurisdiction);
		if (status != CM_OK)
			return status;
	}
	return CM_OK;
}

enum cm_status cm_manifest_check(const struct cm_manifest *manifest, struct cm_err *err)
{
	enum cm_status status;

	if (!is_name(manifest->fleet))
		return cm_err_set(err, CM_BAD_INPUT,
		    "the name of a fleet is of letters, digits, \"-\", \"_\" and \".\"");
	if (manifest->number == 0)
		return cm_err_set(err, CM_BAD_INPUT, "manifests are numbered from 1");
	if (manifest->until_ms <= manifest->issued_ms)
		return cm_err_set(err, CM_BAD_INPUT, "the manifest ends before it is issued");
	status = check_members(manifest, err);
	return status == CM_OK ? check_signers(manifest, err) : status;
}
