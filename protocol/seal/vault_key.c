#include "protocol/seal/vault_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/seal/durable.h"
#include "protocol/seal/secret_file.h"
#include "protocol/seal/vault_parts.h"

#define WHAT "content key"

enum cm_status cm_vault_site_find(
    const char *content_key, const char *ledger, struct cm_vault_site *out, struct cm_err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t len = folder != NULL ? strlen(folder) : 0;
	const size_t most = CM_VAULT_KEY_PATH_BYTES;

	*out = (struct cm_vault_site){.is_given = len > 0 && strncmp(content_key, folder, len) == 0 &&
	                                          content_key[len] == '/'};
	if (content_key[0] == 0)
		return cm_err_set(err, CM_NOT_FOUND,
		    "content_key: missing: no file is named, and the service manager gives none "
		    "(no CREDENTIALS_DIRECTORY)");
	if (snprintf(out->key, most, "%s", content_key) >= (int)most ||
	    snprintf(out->next, most, "%s.next", content_key) >= (int)most ||
	    snprintf(out->vault, most, "%s.vault", ledger) >= (int)most)
		return cm_err_set(err, CM_TOO_LARGE, "content_key: the path is too long");
	return CM_OK;
}

static enum cm_status load(const struct cm_vault_site *site, const char *path,
    uint8_t key[CM_SEALED_KEY_BYTES], struct cm_err *err)
{
	return site->is_given ? cm_secret_load_given(path, WHAT, key, CM_SEALED_KEY_BYTES, err)
	                      : cm_secret_load(path, WHAT, key, CM_SEALED_KEY_BYTES, err);
}

static enum cm_status make(const char *path, struct cm_err *err)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	enum cm_status status;

	randombytes_buf(key, sizeof key);
	status = cm_secret_create(path, WHAT, key, sizeof key, err);
	sodium_memzero(key, sizeof key);
	return status;
}

enum cm_status cm_vault_site_make_key(const struct cm_vault_site *site, bool *is_made, struct cm_err *err)
{
	*is_made = false;
	if (site->is_given || access(site->key, F_OK) == 0)
		return CM_OK;
	*is_made = true;
	return make(site->key, err);
}

/* The next key takes the old one's place; then the old one's bytes, which no name leads to any more, go. */
static enum cm_status replace_key(const struct cm_vault_site *site, struct cm_err *err)
{
	static const char zeros[2 * CM_SEALED_KEY_BYTES + 1];
	int old = open(site->key, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool is_done = old >= 0 && fstat(old, &st) == 0 && rename(site->next, site->key) == 0 &&
	               cm_durable_sync_folder(site->key);

	if (is_done)
		is_done = cm_vault_write_at(old, zeros,
		              st.st_size < (off_t)sizeof zeros ? (size_t)st.st_size : sizeof zeros, 0) &&
		          fsync(old) == 0;
	if (!is_done)
		(void)cm_err_set(err, CM_IO, WHAT " %s: put the next one in its place: %s", site->key,
		    strerror(errno));
	if (old >= 0)
		(void)close(old);
	return is_done ? CM_OK : CM_IO;
}

/* The vault is not the key's. Was a change of the key interrupted? Else `err` stays as it is. */
static enum cm_status open_with_next(const struct cm_vault_site *site, enum cm_vault_mode mode,
    struct cm_vault **out, struct cm_err *err)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	enum cm_status status = load(site, site->next, key, NULL);

	if (status == CM_OK)
		status = cm_vault_open(site->vault, key, mode, out, NULL);
	sodium_memzero(key, sizeof key);
	return status == CM_OK ? CM_OK : err->status;
}

enum cm_status cm_vault_site_open(const struct cm_vault_site *site, enum cm_vault_mode mode,
    struct cm_vault **out, struct cm_err *err)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	struct cm_err inner = {.status = CM_OK, .text = ""};
	enum cm_status status = load(site, site->key, key, &inner);

	*out = NULL;
	if (status == CM_OK)
		status = cm_vault_open(site->vault, key, mode, out, &inner);
	sodium_memzero(key, sizeof key);
	if (status == CM_CONFLICT)
		status = open_with_next(site, mode, out, &inner);
	return status == CM_OK ? CM_OK : cm_err_set(err, status, "%s", inner.text);
}

enum cm_status cm_vault_site_key(const struct cm_vault_site *site, uint64_t place,
    uint8_t key[CM_SEALED_KEY_BYTES], struct cm_err *err)
{
	struct cm_vault *vault = NULL;
	enum cm_status status = CM_OK;

	if (access(site->vault, F_OK) != 0)
		status = cm_vault_site_open(site, CM_VAULT_WRITE, &vault, err);
	/* The node may have been quicker, and has it. */
	if (status == CM_TRY_AGAIN || (status == CM_OK && vault == NULL))
		status = cm_vault_site_open(site, CM_VAULT_READ, &vault, err);
	if (status == CM_OK) {
		status = cm_vault_key(vault, place, key);
		if (status != CM_OK)
			(void)cm_err_set(err, status, "vault %s: a key cannot be read", site->vault);
	}
	cm_vault_close(vault);
	return status;
}

enum cm_status cm_vault_site_rotate(
    const struct cm_vault_site *site, struct cm_vault_tally *tally, struct cm_err *err)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	uint8_t next[CM_SEALED_KEY_BYTES];
	struct cm_err inner = {.status = CM_OK, .text = ""};
	enum cm_status status = load(site, site->key, key, &inner);

	*tally = (struct cm_vault_tally){0};
	if (status == CM_OK && !site->is_given && access(site->next, F_OK) != 0)
		status = make(site->next, &inner);
	if (status == CM_OK)
		status = load(site, site->next, next, &inner);
	if (status == CM_OK)
		status = cm_vault_rotate(site->vault, key, next, tally, &inner);
	sodium_memzero(key, sizeof key);
	sodium_memzero(next, sizeof next);
	if (status == CM_OK && !site->is_given)
		status = replace_key(site, &inner);
	return status == CM_OK ? CM_OK : cm_err_set(err, status, "%s", inner.text);
}
