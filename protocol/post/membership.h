/*
 * What a process holds of the fleet manifest: its own key, the root's public key, the newest manifest it has
 * seen, in memory and in its file; and the list of peers in its settings, which follows the manifest.
 *
 * A newer manifest is checked, written in the old one's place (a new file, synced, renamed) and only then
 * used. Peers keep their places in the list for as long as the process lives: who leaves the fleet keeps
 * theirs too, and no key opens it any more. Loop thread. It opens no link and knows no case.
 */
#ifndef CM_POST_MEMBERSHIP_H
#define CM_POST_MEMBERSHIP_H

#include "protocol/base/clock.h"
#include "protocol/post/settings.h"
#include "protocol/seal/manifest.h"

#define CM_MANIFEST_WARN_MS (INT64_C(30) * 86400000) /* before its end it is said that it ends */

struct cm_membership {
	struct cm_settings *settings; /* borrowed */
	struct cm_peer_settings *peers; /* the settings' list, in their arena */
	struct cm_identity identity;
	uint8_t root[CM_PUBLIC_KEY_BYTES];
	struct cm_manifest_held held; /* owned */
	void (*on_newer)(void *data); /* a newer one is in use; NULL: nobody asks */
	void *on_newer_data;
};

/* A key that stands now, and whose it is. */
struct cm_member_key {
	char name[CM_MAX_NAME_BYTES + 1];
	uint8_t key[CM_PUBLIC_KEY_BYTES];
};

#define CM_MAX_MEMBER_KEYS_NOW (CM_MAX_MEMBERS * CM_MAX_MEMBER_KEYS)

/* Read what the settings name and make the list of peers. `*out` is NULL if they name no manifest. A process
 * that the manifest does not have, or has otherwise, or with another key than its own does not start:
 * CM_NOT_ALLOWED, CM_CONFLICT. Else statuses of secret_file.h and cm_manifest_read. */
enum cm_status cm_membership_open(struct cm_settings *settings, struct cm_wall now,
    struct cm_membership **out, struct cm_err *err) CM_MUST_USE;
void cm_membership_free(struct cm_membership *membership); /* NULL is allowed */

/* Take a newer manifest. CM_OK: it is on disk and in use; what it changes is in `changes`, a sentence a line.
 * CM_DUPLICATE: it was already. CM_NOT_ALLOWED and the others of cm_manifest_read and cm_manifest_may_follow;
 * CM_DISK_FULL, CM_IO, CM_NO_MEMORY: all is as it was. */
enum cm_status cm_membership_offer(struct cm_membership *membership, struct cm_bytes bytes,
    struct cm_wall now, struct cm_buf *changes, struct cm_err *err) CM_MUST_USE;

/* Every other member's keys that stand at that time; none once the manifest has ended. `out` has
 * CM_MAX_MEMBER_KEYS_NOW places. */
size_t cm_membership_keys(
    const struct cm_membership *membership, struct cm_wall now, struct cm_member_key *out);

/* Whether this process's own key stands. */
bool cm_membership_has_own(const struct cm_membership *membership, struct cm_wall now);

#endif
