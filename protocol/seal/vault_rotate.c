/*
 * The region's key is changed: every data key is sealed anew, into a new file that takes the old one's place.
 *
 *   What can go wrong
 *   stopped before the rename   the old vault is there, whole; what was begun is written over next time.
 *   stopped after it            the new vault is there, whole. The old one's bytes may not all be overwritten:
 *                               they have no name any more, and the old key that opens them is to go anyway.
 */
#include "protocol/seal/vault_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/seal/durable.h"

/* One place under the new key. */
static void turn(const struct cm_vault *vault, const uint8_t new_key[CM_SEALED_KEY_BYTES], uint64_t number,
    uint8_t place[CM_VAULT_PLACE_BYTES], struct cm_vault_tally *tally)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	enum cm_status status = cm_vault_read_place(vault->region_key, vault->name, number, place, key);

	if (status == CM_OK) {
		cm_vault_print_place(new_key, vault->name, number, key, place);
		tally->sealed++;
	} else {
		memset(place, 0, CM_VAULT_PLACE_BYTES);
		tally->destroyed += status == CM_NOT_FOUND;
		tally->unreadable += status != CM_NOT_FOUND;
	}
	sodium_memzero(key, sizeof key);
}

static bool copy_places(const struct cm_vault *vault, const uint8_t new_key[CM_SEALED_KEY_BYTES], int to,
    struct cm_vault_tally *tally)
{
	uint8_t places[CM_VAULT_BATCH][CM_VAULT_PLACE_BYTES];

	cm_vault_print_header(new_key, vault->name, places[0]);
	if (!cm_vault_write_at(to, places[0], CM_VAULT_PLACE_BYTES, 0))
		return false;
	for (uint64_t first = 0; first < vault->count; first += CM_VAULT_BATCH) {
		uint64_t left = vault->count - first;
		size_t count = left < CM_VAULT_BATCH ? (size_t)left : CM_VAULT_BATCH;
		size_t len = count * CM_VAULT_PLACE_BYTES;

		if (!cm_vault_read_at(vault->fd, places, len, cm_vault_offset(first)))
			return false;
		for (size_t i = 0; i < count; i++)
			turn(vault, new_key, first + i, places[i], tally);
		if (!cm_vault_write_at(to, places, len, cm_vault_offset(first)))
			return false;
	}
	return fsync(to) == 0;
}

/* The file that has lost its name. */
static bool overwrite(const struct cm_vault *vault)
{
	static const uint8_t zeros[CM_VAULT_BATCH * CM_VAULT_PLACE_BYTES];
	uint64_t end = cm_vault_offset(vault->count);

	for (uint64_t at = 0; at < end; at += sizeof zeros) {
		size_t len = end - at < sizeof zeros ? (size_t)(end - at) : sizeof zeros;

		if (!cm_vault_write_at(vault->fd, zeros, len, at))
			return false;
	}
	return fsync(vault->fd) == 0;
}

static enum cm_status replace(const struct cm_vault *vault,
    const uint8_t new_key[CM_SEALED_KEY_BYTES], struct cm_vault_tally *tally, struct cm_err *err)
{
	char path[4096];
	bool is_done;
	int to;

	if (snprintf(path, sizeof path, "%s.new", vault->path) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return cm_vault_fail(err, vault->path, "rotate");
	}
	(void)unlink(path); /* of a time before: the lock says that nobody is at it */
	to = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return cm_vault_fail(err, vault->path, "rotate");
	is_done = copy_places(vault, new_key, to, tally) && rename(path, vault->path) == 0 &&
	          cm_durable_sync_folder(vault->path) && overwrite(vault);
	if (!is_done) {
		(void)cm_vault_fail(err, vault->path, "rotate");
		(void)unlink(path);
	}
	(void)close(to);
	return is_done ? CM_OK : err->status;
}

enum cm_status cm_vault_rotate(const char *path, const uint8_t old_key[CM_SEALED_KEY_BYTES],
    const uint8_t new_key[CM_SEALED_KEY_BYTES], struct cm_vault_tally *tally, struct cm_err *err)
{
	struct cm_vault *vault = NULL;
	struct cm_err inner;
	enum cm_status status;

	*tally = (struct cm_vault_tally){0};
	status = cm_vault_open(path, old_key, CM_VAULT_WRITE, &vault, &inner);
	if (status == CM_OK) {
		status = replace(vault, new_key, tally, &inner);
	} else if (status == CM_CONFLICT) {
		status = cm_vault_open(path, new_key, CM_VAULT_WRITE, &vault, &inner);
	}
	cm_vault_close(vault);
	return status == CM_OK ? CM_OK : cm_err_set(err, status, "%s", inner.text);
}
