/*
 * Who may speak with this process and whom it dials, as the fleet manifest says it: at the start, when a
 * newer one comes, and when a key's time begins or ends.
 */
#include <assert.h>
#include <string.h>

#include "protocol/base/log.h"
#include "protocol/link/now.h"
#include "protocol/post/post_parts.h"

#define CM_MEMBERS_LOOK_MS INT64_C(3600000) /* wall clocks are set: an end is not slept over */

/* ---- keys ------------------------------------------------------------------------------------ */

static void on_time(uv_timer_t *timer);

static void arm(struct cm_post *post, struct cm_wall now)
{
	int64_t next = cm_manifest_next_change(&post->membership->held.manifest, now.ms);
	int64_t wait = next - now.ms < CM_MEMBERS_LOOK_MS ? next - now.ms : CM_MEMBERS_LOOK_MS;

	if (!post->is_closing)
		(void)uv_timer_start(&post->members_timer, on_time, (uint64_t)wait, 0);
}

/* What a person has to do something about. */
static void warn(const struct cm_post *post, struct cm_wall now)
{
	const struct cm_manifest *manifest = &post->membership->held.manifest;
	char until[CM_WALL_TEXT_BYTES];

	cm_wall_print((struct cm_wall){.ms = manifest->until_ms}, until);
	if (now.ms >= manifest->until_ms)
		cm_log(CM_LOG_ERROR, "manifest.ended", "number=%llu until=%s so=no link is open",
		    (unsigned long long)manifest->number, until);
	else if (manifest->until_ms - now.ms < CM_MANIFEST_WARN_MS)
		cm_log(CM_LOG_WARN, "manifest.ends", "number=%llu until=%s",
		    (unsigned long long)manifest->number, until);
	if (!cm_membership_has_own(post->membership, now))
		cm_log(CM_LOG_ERROR, "identity.ended",
		    "name=%s why=\"the key of this process stands no more in the manifest\"",
		    post->settings->name);
}

static enum cm_status set_members(struct cm_post *post, struct cm_err *err)
{
	struct cm_wall now = cm_wall_now();

	post->keys_count = cm_membership_keys(post->membership, now, post->keys);
	for (size_t i = 0; i < post->keys_count; i++) {
		memcpy(post->members[i].name, post->keys[i].name, sizeof post->members[i].name);
		memcpy(post->members[i].key, post->keys[i].key, sizeof post->members[i].key);
	}
	warn(post, now);
	arm(post, now);
	return cm_hub_set_members(post->hub, post->members, post->keys_count, err);
}

static void set_members_or_say(struct cm_post *post)
{
	struct cm_err err = {.text = ""};

	/* The timer is set: without memory now, the next look does it; who is struck off waits for that. */
	if (set_members(post, &err) == CM_OK)
		return;
	cm_log(CM_LOG_ERROR, "members.unset", "why=%s", err.text);
	(void)uv_timer_start(&post->members_timer, on_time, 1000, 0);
}

/* ---- dialling -------------------------------------------------------------------------------- */

static bool has_key(const struct cm_post *post, const char *name)
{
	for (size_t i = 0; i < post->keys_count; i++)
		if (strcmp(post->keys[i].name, name) == 0)
			return true;
	return false;
}

/* Whoever has no key that stands keeps a place and is not dialled: it would only be refused. */
static enum cm_status dial(struct cm_post *post, size_t i, struct cm_err *err)
{
	const struct cm_peer_settings *peer = &post->settings->peers[i];
	bool may_dial = !peer->must_prove || has_key(post, peer->name);
	enum cm_status status = CM_OK;
	size_t index = i;

	if (i == post->dialled_count) {
		status = cm_hub_add_peer(post->hub, peer->name, peer->address, &index, err);
		if (status != CM_OK)
			return status;
		assert(index == i);
		post->dialled_count++;
		post->dialled[i] = peer->address;
	}
	if (!may_dial && post->dialled[i] != NULL) {
		cm_hub_rest_peer(post->hub, i);
		post->dialled[i] = NULL;
	} else if (may_dial && post->dialled[i] != peer->address) { /* one that stays is the same text */
		status = cm_hub_move_peer(post->hub, i, peer->address, err);
		if (status == CM_OK)
			post->dialled[i] = peer->address;
	}
	return status;
}

/* A link that cannot be dialled is said, and comes with the next start: the others do not wait for it. */
static void dial_all(struct cm_post *post)
{
	struct cm_err err = {.text = ""};

	for (size_t i = 0; i < post->settings->peers_count; i++) {
		if (dial(post, i, &err) == CM_OK)
			continue;
		cm_log(CM_LOG_ERROR, "peer.undialled", "peer=%s why=%s", post->settings->peers[i].name,
		    err.text);
		if (i == post->dialled_count) /* those behind it would take its place */
			break;
	}
}

static void on_time(uv_timer_t *timer)
{
	struct cm_post *post = timer->data;

	if (post->hub == NULL || post->is_closing)
		return;
	set_members_or_say(post);
	dial_all(post);
}

enum cm_status cm_post_members_open(struct cm_post *post, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	if (post->membership != NULL)
		status = set_members(post, err);
	for (size_t i = 0; status == CM_OK && i < post->settings->peers_count; i++)
		status = dial(post, i, err);
	return status;
}

void cm_post_members_follow(struct cm_post *post)
{
	struct cm_office_input now;
	enum cm_status status;

	if (!post->has_new_members || post->is_closing || post->hub == NULL)
		return;
	post->has_new_members = false;
	set_members_or_say(post);
	dial_all(post);
	now = cm_post_input(CM_OFFICE_TURN);
	status = cm_office_follow_peers(post->office, &now);
	if (status != CM_OK)
		cm_log(CM_LOG_ERROR, "members.unset", "why=\"the new peers: %s\"", cm_status_text(status));
	cm_post_perform(post);
}

/* ---- what the office asks -------------------------------------------------------------------- */

uint64_t cm_post_manifest_number(const struct cm_post *post)
{
	return post->membership != NULL ? post->membership->held.manifest.number : 0;
}

static uint64_t number(void *self)
{
	return cm_post_manifest_number(self);
}

static struct cm_bytes bytes(void *self)
{
	const struct cm_post *post = self;

	return post->membership->held.bytes;
}

static void log_changes(const struct cm_buf *changes)
{
	const char *line = cm_buf_str(changes);

	while (*line != 0) {
		size_t len = strcspn(line, "\n");

		cm_log(CM_LOG_INFO, "manifest.change", "what=\"%.*s\"", (int)len, line);
		line += len + (line[len] != 0);
	}
}

static enum cm_status offer(void *self, struct cm_bytes given, struct cm_err *err)
{
	struct cm_post *post = self;
	struct cm_buf changes;
	enum cm_status status;

	cm_buf_init(&changes, 0);
	status = cm_membership_offer(post->membership, given, cm_wall_now(), &changes, err);
	if (status == CM_OK) {
		post->has_new_members = true;
		log_changes(&changes);
	}
	cm_buf_fini(&changes);
	return status;
}

struct cm_office_manifest cm_post_manifest(struct cm_post *post)
{
	if (post->membership == NULL)
		return (struct cm_office_manifest){.self = NULL};
	return (struct cm_office_manifest){post, number, bytes, offer};
}

/* ---- life ------------------------------------------------------------------------------------ */

enum cm_status cm_post_members_init(struct cm_post *post, struct cm_err *err)
{
	(void)uv_timer_init(post->loop, &post->members_timer);
	post->members_timer.data = post;
	post->handles_open++;
	if (post->membership == NULL)
		return CM_OK;
	post->keys = cm_alloc(CM_MAX_MEMBER_KEYS_NOW, sizeof *post->keys);
	post->members = cm_alloc(CM_MAX_MEMBER_KEYS_NOW, sizeof *post->members);
	return post->keys != NULL && post->members != NULL
		   ? CM_OK
		   : cm_err_set(err, CM_NO_MEMORY, "no memory for the members");
}

void cm_post_members_fini(struct cm_post *post)
{
	cm_free(post->keys);
	cm_free(post->members);
}
