#include "protocol/post/membership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/id.h"
#include "protocol/seal/durable.h"

/* ---- files ----------------------------------------------------------------------------------- */

/* Through a call, so that EINTR and short counts are in one place each. */
static enum cm_status read_all(int fd, struct cm_buf *out)
{
	uint8_t block[4096];
	ssize_t got;

	while ((got = read(fd, block, sizeof block)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return CM_IO;
		cm_buf_add(out, block, (size_t)got);
		if (out->failed)
			return CM_TOO_LARGE;
	}
	return CM_OK;
}

static enum cm_status read_file(const char *path, struct cm_buf *out, struct cm_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum cm_status status;

	if (fd < 0)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO,
		    "the manifest %s cannot be opened: %s", path, strerror(errno));
	status = read_all(fd, out);
	if (status != CM_OK)
		(void)cm_err_set(err, status, "the manifest %s cannot be read: %s", path,
		    status == CM_IO ? strerror(errno) : "it is too large");
	(void)close(fd);
	return status;
}

static enum cm_status replace_file(const char *path, struct cm_bytes bytes, struct cm_err *err)
{
	if (cm_durable_replace(path, 0644, bytes.data, bytes.len))
		return CM_OK;
	return cm_err_set(err, errno == ENOSPC ? CM_DISK_FULL : CM_IO,
	    "the manifest %s cannot be written: %s", path, strerror(errno));
}

/* ---- the list of peers ----------------------------------------------------------------------- */

/* Routers speak with everybody, everybody else with routers. */
static bool is_peer(
    const struct cm_manifest_member *own, const struct cm_manifest_member *other)
{
	return strcmp(own->name, other->name) != 0 &&
	       (own->role == CM_MEMBER_ROUTER || other->role == CM_MEMBER_ROUTER);
}

static const char *keep_text(struct cm_arena *arena, const char *old, const char *text)
{
	return old != NULL && strcmp(old, text) == 0 ? old : cm_arena_text(arena, text);
}

/* Into memory of the settings' own: the manifest goes when the next one comes. */
static bool copy_member(struct cm_settings *s, const struct cm_manifest_member *member,
    struct cm_peer_settings *peer)
{
	const char **issuing =
	    cm_arena_alloc(&s->arena, member->issuing_count + 1, sizeof *issuing);
	struct cm_peer_settings copy = {
	    .name = keep_text(&s->arena, peer->name, member->name),
	    .role = cm_member_role_name(member->role),
	    .region = keep_text(&s->arena, peer->region, member->region),
	    .state = keep_text(&s->arena, peer->state, member->state),
	    .address = keep_text(&s->arena, peer->address, member->address),
	    .issuing = issuing,
	    .issuing_count = member->issuing_count,
	    .must_prove = strncmp(member->address, "ipc://", 6) != 0};

	if (issuing == NULL || copy.name == NULL || copy.region == NULL || copy.state == NULL ||
	    copy.address == NULL)
		return false;
	for (size_t i = 0; i < member->issuing_count; i++) {
		issuing[i] = cm_arena_text(&s->arena, member->issuing[i]);
		if (issuing[i] == NULL)
			return false;
	}
	*peer = copy;
	return true;
}

static struct cm_peer_settings *find_peer(struct cm_membership *m, const char *name)
{
	for (size_t i = 0; i < m->settings->peers_count; i++)
		if (strcmp(m->peers[i].name, name) == 0)
			return &m->peers[i];
	return NULL;
}

/* In two goes, so that without memory nothing has changed: first copies, then their places. */
static enum cm_status follow(
    struct cm_membership *m, const struct cm_manifest *manifest, struct cm_err *err)
{
	struct cm_settings *s = m->settings;
	const struct cm_manifest_member *own = cm_manifest_member(manifest, s->name);
	struct cm_peer_settings *fresh =
	    cm_alloc(manifest->members_count, sizeof *fresh);
	size_t count = s->peers_count;
	enum cm_status status = CM_OK;

	if (fresh == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	for (size_t i = 0; own != NULL && status == CM_OK && i < manifest->members_count; i++) {
		const struct cm_peer_settings *old = find_peer(m, manifest->members[i].name);

		if (!is_peer(own, &manifest->members[i]))
			continue;
		if (old != NULL)
			fresh[i] = *old;
		if (old == NULL && ++count > CM_MAX_PEERS)
			status = cm_err_set(err, CM_TOO_LARGE,
			    "more than %d peers since the start: a restart makes room", CM_MAX_PEERS);
		if (status == CM_OK && !copy_member(s, &manifest->members[i], &fresh[i]))
			status = cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	}
	for (size_t i = 0; status == CM_OK && i < manifest->members_count; i++) {
		struct cm_peer_settings *place;

		if (fresh[i].name == NULL)
			continue;
		place = find_peer(m, fresh[i].name);
		*(place != NULL ? place : &m->peers[s->peers_count++]) = fresh[i];
	}
	cm_free(fresh);
	return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool same_issuing(const struct cm_settings *s, const struct cm_manifest_member *own)
{
	if (s->issuing_count != own->issuing_count)
		return false;
	for (size_t i = 0; i < s->issuing_count; i++)
		if (strcmp(s->issuing[i], own->issuing[i]) != 0)
			return false;
	return true;
}

static bool is_own_open(const struct cm_membership *m, const struct cm_manifest *manifest, struct cm_wall now)
{
	const struct cm_manifest_member *own = cm_manifest_member(manifest, m->settings->name);

	for (size_t i = 0; own != NULL && i < own->keys_count; i++)
		if (memcmp(own->keys[i].public_key.data, m->identity.public_key, CM_PUBLIC_KEY_BYTES) == 0)
			return cm_manifest_key_opens(&own->keys[i], now.ms);
	return false;
}

/* What the settings say of the process itself, and what the manifest tells everybody else. */
static enum cm_status check_own(
    const struct cm_membership *m, struct cm_wall now, struct cm_err *err)
{
	const struct cm_settings *s = m->settings;
	const struct cm_manifest *manifest = &m->held.manifest;
	const struct cm_manifest_member *own = cm_manifest_member(manifest, s->name);
	char text[CM_FINGERPRINT_TEXT_BYTES];

	if (own == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "manifest %llu of %s has no member %s: \"comity keys enrol\" asks for it",
		    (unsigned long long)manifest->number, manifest->fleet, s->name);
	if (strcmp(cm_member_role_name(own->role), s->role) != 0 ||
	    strcmp(own->region, s->region) != 0 || strcmp(own->state, s->state) != 0 ||
	    !same_issuing(s, own))
		return cm_err_set(err, CM_CONFLICT,
		    "the manifest and %s differ on the role, region, state or issuing of %s", s->path,
		    s->name);
	if (!is_own_open(m, manifest, now)) {
		cm_fingerprint_print(m->identity.public_key, text);
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "in manifest %llu the key of this process does not stand as one of %s: %s",
		    (unsigned long long)manifest->number, s->name, text);
	}
	return CM_OK;
}

static enum cm_status load(struct cm_membership *m, struct cm_wall now, struct cm_err *err)
{
	struct cm_settings *s = m->settings;
	enum cm_status status = cm_identity_load(s->identity, &m->identity, err);
	struct cm_buf bytes;

	if (status != CM_OK)
		return status;
	if (!cm_hex_parse(s->root, strlen(s->root), m->root, sizeof m->root))
		return cm_err_set(err, CM_BAD_INPUT, "the root's key is 64 hex digits");
	cm_buf_init(&bytes, cm_signed_manifest_schema.most_bytes);
	status = read_file(s->manifest, &bytes, err);
	if (status == CM_OK) {
		status = cm_manifest_read(bytes.data, bytes.len, m->root, now.ms, &m->held, err);
		if (status != CM_OK)
			(void)cm_err_wrap(err, "%s", s->manifest);
	}
	cm_buf_fini(&bytes);
	if (status == CM_OK)
		status = check_own(m, now, err);
	return status == CM_OK ? follow(m, &m->held.manifest, err) : status;
}

enum cm_status cm_membership_open(struct cm_settings *settings, struct cm_wall now,
    struct cm_membership **out, struct cm_err *err)
{
	struct cm_membership *m;
	enum cm_status status;

	*out = NULL;
	if (settings->manifest[0] == 0)
		return CM_OK;
	m = cm_alloc(1, sizeof *m);
	if (m == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the manifest");
	m->settings = settings;
	cm_arena_init(&m->held.arena, 0);
	m->peers = cm_arena_alloc(&settings->arena, CM_MAX_PEERS, sizeof *m->peers);
	settings->peers = m->peers;
	settings->peers_count = 0;
	settings->peers_most = m->peers != NULL ? CM_MAX_PEERS : 0;
	status = m->peers != NULL ? load(m, now, err)
				  : cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	if (status != CM_OK) {
		cm_membership_free(m);
		return status;
	}
	*out = m;
	return CM_OK;
}

void cm_membership_free(struct cm_membership *m)
{
	if (m == NULL)
		return;
	cm_identity_wipe(&m->identity);
	cm_manifest_fini(&m->held);
	cm_free(m);
}

/* ---- a newer one ----------------------------------------------------------------------------- */

enum cm_status cm_membership_offer(struct cm_membership *m, struct cm_bytes bytes,
    struct cm_wall now, struct cm_buf *changes, struct cm_err *err)
{
	struct cm_manifest_held next;
	enum cm_status status =
	    cm_manifest_read(bytes.data, bytes.len, m->root, now.ms, &next, err);

	if (status != CM_OK)
		return status;
	status = cm_manifest_may_follow(&m->held, &next, err);
	if (status == CM_OK)
		status = replace_file(m->settings->manifest, next.bytes, err);
	if (status == CM_OK)
		status = follow(m, &next.manifest, err);
	if (status != CM_OK) {
		cm_manifest_fini(&next);
		return status;
	}
	cm_manifest_diff(&m->held.manifest, &next.manifest, changes);
	cm_manifest_fini(&m->held);
	m->held = next;
	if (m->on_newer != NULL)
		m->on_newer(m->on_newer_data);
	return CM_OK;
}

/* ---- who may speak --------------------------------------------------------------------------- */

static void add_keys(const struct cm_manifest_member *member, struct cm_wall now,
    struct cm_member_key *out, size_t *count)
{
	for (size_t i = 0; i < member->keys_count; i++) {
		struct cm_member_key *key = &out[*count];

		if (!cm_manifest_key_opens(&member->keys[i], now.ms))
			continue;
		(void)snprintf(key->name, sizeof key->name, "%s", member->name);
		memcpy(key->key, member->keys[i].public_key.data, sizeof key->key);
		(*count)++;
	}
}

size_t cm_membership_keys(
    const struct cm_membership *m, struct cm_wall now, struct cm_member_key *out)
{
	const struct cm_manifest *manifest = &m->held.manifest;
	size_t count = 0;

	if (now.ms >= manifest->until_ms)
		return 0;
	for (size_t i = 0; i < manifest->members_count; i++)
		if (strcmp(manifest->members[i].name, m->settings->name) != 0)
			add_keys(&manifest->members[i], now, out, &count);
	return count;
}

bool cm_membership_has_own(const struct cm_membership *m, struct cm_wall now)
{
	return now.ms < m->held.manifest.until_ms && is_own_open(m, &m->held.manifest, now);
}
