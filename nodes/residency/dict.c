#include "nodes/residency/store.h"

#include <assert.h>
#include <string.h>

/* ---- profiles by number ---------------------------------------------------------------------- */

static struct cm_profile *profile_read(sqlite3_stmt *stmt, int64_t id)
{
	struct cm_profile *profile;
	size_t bytes = 0;
	char *at;

	for (int i = 0; i < CM_PROFILE_FACTS; i++)
		bytes += (size_t)sqlite3_column_bytes(stmt, i) + 1;
	profile = cm_alloc(1, sizeof *profile + bytes);
	if (profile == NULL)
		return NULL;
	profile->id = id;
	at = profile->text;
	for (int i = 0; i < CM_PROFILE_FACTS; i++) {
		const unsigned char *text = sqlite3_column_text(stmt, i);
		size_t len = (size_t)sqlite3_column_bytes(stmt, i);

		if (len > 0 && text != NULL)
			memcpy(at, text, len);
		profile->facts[i] = at;
		at += len + 1;
	}
	return profile;
}

const struct cm_profile *cm_profile_get(
    struct cm_residency *map, int64_t id, enum cm_status *status)
{
	struct cm_profile **slot = &map->profiles[(uint64_t)id % CM_PROFILE_SLOTS];
	struct cm_profile *profile = NULL;
	sqlite3_stmt *stmt;
	int rc;

	*status = CM_OK;
	if (*slot != NULL && (*slot)->id == id)
		return *slot;
	stmt = cm_store_get(map, CM_STORE_PROFILE_BY_ID, status);
	if (stmt == NULL)
		return NULL;
	sqlite3_bind_int64(stmt, 1, id);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		profile = profile_read(stmt, id);
		*status = profile != NULL ? CM_OK : CM_NO_MEMORY;
	} else {
		*status = rc == SQLITE_DONE ? CM_CORRUPT : cm_store_status(rc);
	}
	(void)sqlite3_reset(stmt);
	if (profile == NULL)
		return NULL;
	cm_free(*slot);
	*slot = profile;
	return profile;
}

void cm_profile_forget(struct cm_residency *map)
{
	for (size_t i = 0; i < CM_PROFILE_SLOTS; i++) {
		cm_free(map->profiles[i]);
		map->profiles[i] = NULL;
	}
}

/* ---- texts to numbers ------------------------------------------------------------------------ */

enum cm_status cm_dict_init(struct cm_dict *dict, struct cm_residency *map,
    enum cm_store_statement find, enum cm_store_statement add)
{
	*dict = (struct cm_dict){.map = map, .find = find, .add = add};
	dict->slots = cm_alloc(CM_DICT_SLOTS, sizeof *dict->slots);
	return dict->slots != NULL ? CM_OK : CM_NO_MEMORY;
}

void cm_dict_fini(struct cm_dict *dict)
{
	if (dict->slots == NULL)
		return;
	for (size_t i = 0; i < CM_DICT_SLOTS; i++)
		cm_free(dict->slots[i].text);
	cm_free(dict->slots);
	*dict = (struct cm_dict){0};
}

/* FNV-1a. A file made to collide only makes the cache useless, never wrong. */
static uint64_t hash_of(const char *bytes, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static enum cm_status bind_and_step(struct cm_dict *dict, enum cm_store_statement which,
    const char *const *texts, size_t count, int64_t *id)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(dict->map, which, &status);
	int rc;

	if (stmt == NULL)
		return status;
	for (size_t i = 0; i < count; i++)
		sqlite3_bind_text(stmt, (int)i + 1, texts[i], -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*id = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	if (rc == SQLITE_DONE && which == dict->find)
		return CM_NOT_FOUND;
	return cm_store_status(rc);
}

#define MAX_KEY_BYTES 512

/* The texts end to end, each with its NUL. They are bounded by what a row may hold. */
static size_t join(const char *const *texts, size_t count, char out[MAX_KEY_BYTES])
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(texts[i]) + 1;

		assert(len <= MAX_KEY_BYTES - used);
		memcpy(out + used, texts[i], len);
		used += len;
	}
	return used;
}

enum cm_status cm_dict_id(struct cm_dict *dict, const char *const *texts, size_t count, int64_t *id)
{
	char key[MAX_KEY_BYTES];
	size_t len = join(texts, count, key);
	struct cm_dict_slot *slot;
	enum cm_status status;

	slot = &dict->slots[hash_of(key, len) % CM_DICT_SLOTS];
	if (slot->text != NULL && slot->len == len && memcmp(slot->text, key, len) == 0) {
		*id = slot->id;
		return CM_OK;
	}
	status = bind_and_step(dict, dict->find, texts, count, id);
	if (status == CM_NOT_FOUND) {
		status = bind_and_step(dict, dict->add, texts, count, id);
		*id = sqlite3_last_insert_rowid(dict->map->db);
	}
	if (status != CM_OK)
		return status;
	cm_free(slot->text);
	slot->text = cm_alloc(len, 1);
	if (slot->text == NULL)
		return CM_NO_MEMORY;
	memcpy(slot->text, key, len);
	slot->len = len;
	slot->id = *id;
	return CM_OK;
}
