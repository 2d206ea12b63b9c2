/*
 * Notify addresses, which name people: sealed with the region's own key, so that neither the file, nor its log,
 * nor a copy of either says whom to notify. The same address is sealed alike, so that it is kept once.
 *
 * A map of before stands unsealed. The first program that opens it for writing with the key seals all of it in
 * one transaction, then has the file written anew and its log emptied; until that is through as well, it is
 * done again at each opening for writing.
 */
#include <assert.h>
#include <string.h>

#include "nodes/residency/store.h"
#include "protocol/seal/seal.h"

static const char name_of_check[] = "contact_key";

enum { IS_SEALED = 0, IS_CLEAN = 1 }; /* the last byte of the check */

#define CHECK_BYTES 17

static void make_check(const uint8_t key[CM_SEALED_KEY_BYTES], uint8_t state, uint8_t out[CHECK_BYTES])
{
	static const char text[] = "comity.contacts.v1";
	uint8_t digest[CM_DIGEST_BYTES];

	cm_digest_keyed(key, text, sizeof text - 1, digest);
	memcpy(out, digest, CHECK_BYTES - 1);
	out[CHECK_BYTES - 1] = state;
}

enum cm_status cm_contact_seal(
    const struct cm_residency *map, const char *address, char out[CM_CONTACT_TEXT_BYTES])
{
	size_t len = strlen(address);

	if (!map->has_contact_key)
		return CM_NOT_ALLOWED;
	if (len > CM_MAX_IDENTIFIER_BYTES)
		return CM_TOO_LARGE;
	cm_sealed_text_make(map->contact_key, CM_SEALED_CONTACT, map->region, strlen(map->region), address,
	    len, out, CM_CONTACT_TEXT_BYTES);
	return CM_OK;
}

enum cm_status cm_contact_open(
    const struct cm_residency *map, const char *sealed, struct cm_arena *arena, const char **address)
{
	char plain[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t len = 0;
	enum cm_status status;

	if (!map->has_contact_key)
		return CM_NOT_ALLOWED;
	status = cm_sealed_text_open(map->contact_key, CM_SEALED_CONTACT, map->region, strlen(map->region),
	    sealed, plain, CM_MAX_IDENTIFIER_BYTES, &len);
	if (status != CM_OK)
		return status;
	plain[len] = 0;
	*address = cm_arena_text(arena, plain);
	cm_wipe(plain, sizeof plain);
	return *address != NULL ? CM_OK : CM_NO_MEMORY;
}

/* ---- a map of before ------------------------------------------------------------------------- */

static enum cm_status seal_one(struct cm_residency *map, sqlite3_stmt *put, int64_t id, const char *address)
{
	char sealed[CM_CONTACT_TEXT_BYTES];
	enum cm_status status = cm_contact_seal(map, address, sealed);

	if (status != CM_OK)
		return status;
	sqlite3_bind_int64(put, 1, id);
	sqlite3_bind_text(put, 2, sealed, -1, SQLITE_STATIC);
	return cm_store_run(put);
}

/* By number, since sealing moves a row in the index over addresses. */
static enum cm_status seal_all(struct cm_residency *map)
{
	enum cm_status status = CM_OK;
	sqlite3_stmt *next = cm_store_get(map, CM_STORE_CONTACT_NEXT, &status);
	sqlite3_stmt *put = next != NULL ? cm_store_get(map, CM_STORE_CONTACT_PUT, &status) : NULL;
	int64_t id = 0;

	while (put != NULL && status == CM_OK) {
		char address[CM_CONTACT_TEXT_BYTES];
		const unsigned char *text;
		int rc;

		sqlite3_bind_int64(next, 1, id);
		rc = sqlite3_step(next);
		if (rc == SQLITE_ROW) {
			id = sqlite3_column_int64(next, 0);
			text = sqlite3_column_text(next, 1);
			(void)snprintf(address, sizeof address, "%s", text != NULL ? (const char *)text : "");
		}
		(void)sqlite3_reset(next);
		if (rc != SQLITE_ROW)
			return cm_store_status(rc);
		status = seal_one(map, put, id, address);
		cm_wipe(address, sizeof address);
	}
	return status;
}

static enum cm_status seal_map(struct cm_residency *map, struct cm_err *err)
{
	uint8_t check[CHECK_BYTES];
	enum cm_status status = cm_store_exec(map, "BEGIN IMMEDIATE", err, "seal the contacts");

	if (status != CM_OK)
		return status;
	make_check(map->contact_key, IS_SEALED, check);
	status = seal_all(map);
	if (status == CM_OK)
		status = cm_store_meta_put(map, name_of_check, check, sizeof check);
	if (status == CM_OK)
		status = cm_store_exec(map, "COMMIT", err, "seal the contacts");
	if (status != CM_OK)
		cm_store_rollback(map);
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "%s: seal the contacts: %s", map->source,
	                             cm_status_text(status));
}

/* A log that a reader still needs cannot be emptied: then it stays to be done. */
static enum cm_status clean_map(struct cm_residency *map, struct cm_err *err)
{
	uint8_t check[CHECK_BYTES];
	int left = 0;
	enum cm_status status = cm_store_exec(map, "VACUUM", err, "write the map anew");

	if (status != CM_OK)
		return status == CM_TRY_AGAIN ? CM_OK : status;
	if (sqlite3_wal_checkpoint_v2(map->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL) != SQLITE_OK ||
	    left != 0)
		return CM_OK;
	make_check(map->contact_key, IS_CLEAN, check);
	status = cm_store_meta_put(map, name_of_check, check, sizeof check);
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "%s: %s", map->source, cm_status_text(status));
}

enum cm_status cm_residency_set_contact_key(struct cm_residency *map,
    const uint8_t key[CM_SEALED_KEY_BYTES], struct cm_err *err)
{
	uint8_t stored[CHECK_BYTES];
	uint8_t wanted[CHECK_BYTES];
	size_t len = 0;
	bool writes = map->mode == CM_RESIDENCY_WRITE;
	enum cm_status status = cm_store_meta_get(map, name_of_check, stored, sizeof stored, &len);

	assert(map->magic == CM_RESIDENCY_MAGIC);
	if (status != CM_OK && status != CM_NOT_FOUND)
		return cm_err_set(err, status, "%s: %s", map->source, cm_status_text(status));
	make_check(key, IS_CLEAN, wanted);
	if (status == CM_OK && (len != CHECK_BYTES || memcmp(stored, wanted, CHECK_BYTES - 1) != 0))
		return cm_err_set(err, CM_CONFLICT,
		    "%s: its contacts are sealed with another key than this node's", map->source);
	if (status == CM_NOT_FOUND && !writes)
		return CM_OK; /* nothing is sealed in it yet, and nothing can be read of it */
	memcpy(map->contact_key, key, sizeof map->contact_key);
	map->has_contact_key = true;
	if (status == CM_NOT_FOUND)
		status = seal_map(map, err);
	else if (!writes || stored[CHECK_BYTES - 1] == IS_CLEAN)
		return CM_OK;
	return status == CM_OK ? clean_map(map, err) : status;
}
