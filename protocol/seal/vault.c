#include "protocol/seal/vault_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/seal/durable.h"

#define VAULT_MAGIC 0x7661756cu
#define MOST_MISSING (UINT64_C(1) << 20) /* places that an older copy of the file may lack */
#define MOST_TRIES 8 /* to open a file that a rotation may put another in the place of */

/* ---- making ---------------------------------------------------------------------------------- */

/* Fresh keys for the places from `first` on, on disk before this returns. */
static bool make_places(int fd, const uint8_t region_key[CM_SEALED_KEY_BYTES], const uint8_t name[16],
    uint64_t first, size_t count)
{
	uint8_t places[CM_VAULT_BATCH][CM_VAULT_PLACE_BYTES];
	uint8_t key[CM_SEALED_KEY_BYTES];

	assert(count <= CM_VAULT_BATCH);
	for (size_t i = 0; i < count; i++) {
		randombytes_buf(key, sizeof key);
		cm_vault_print_place(region_key, name, first + i, key, places[i]);
	}
	sodium_memzero(key, sizeof key);
	return cm_vault_write_at(fd, places, count * CM_VAULT_PLACE_BYTES, cm_vault_offset(first)) &&
	       fdatasync(fd) == 0;
}

/* A whole new file under its name, or nothing: two processes may be at it at once, and one of them wins. */
static enum cm_status make_file(
    const char *path, const uint8_t region_key[CM_SEALED_KEY_BYTES], struct cm_err *err)
{
	uint8_t header[CM_VAULT_PLACE_BYTES];
	uint8_t name[16];
	char making[4096];
	bool is_made;
	int fd;

	if (snprintf(making, sizeof making, "%s.%ld", path, (long)getpid()) >= (int)sizeof making) {
		errno = ENAMETOOLONG;
		return cm_vault_fail(err, path, "make it");
	}
	fd = open(making, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return cm_vault_fail(err, path, "make it");
	randombytes_buf(name, sizeof name);
	cm_vault_print_header(region_key, name, header);
	is_made = cm_vault_write_at(fd, header, sizeof header, 0) &&
	          make_places(fd, region_key, name, 0, CM_VAULT_CASES) &&
	          (renameat2(AT_FDCWD, making, AT_FDCWD, path, RENAME_NOREPLACE) == 0 || errno == EEXIST) &&
	          cm_durable_sync_folder(path);
	if (!is_made)
		(void)cm_vault_fail(err, path, "make it");
	(void)close(fd);
	(void)unlink(making);
	return is_made ? CM_OK : err->status;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum cm_status check_header(struct cm_vault *vault, struct cm_err *err)
{
	uint8_t header[CM_VAULT_PLACE_BYTES];
	uint8_t wanted[CM_VAULT_PLACE_BYTES];
	struct stat st;

	if (fstat(vault->fd, &st) != 0)
		return cm_vault_fail(err, vault->path, "look at it");
	if (!S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)((CM_VAULT_CASES + 1) * CM_VAULT_PLACE_BYTES))
		return cm_err_set(err, CM_CORRUPT, "vault %s: this is not a vault", vault->path);
	if (!cm_vault_read_at(vault->fd, header, sizeof header, 0))
		return cm_vault_fail(err, vault->path, "read it");
	memcpy(vault->name, header + 16, sizeof vault->name);
	cm_vault_print_header(vault->region_key, vault->name, wanted);
	if (memcmp(header, wanted, 16) != 0)
		return cm_err_set(err, CM_CORRUPT, "vault %s: this is not a vault", vault->path);
	if (sodium_memcmp(header, wanted, sizeof header) != 0)
		return cm_err_set(err, CM_CONFLICT,
		    "vault %s: its keys are sealed with another content key", vault->path);
	vault->count = (uint64_t)st.st_size / CM_VAULT_PLACE_BYTES - 1;
	vault->next = CM_VAULT_CASES;
	return CM_OK;
}

/* True if the file that is open is still the one of that name. */
static bool is_same_file(int fd, const char *path)
{
	struct stat mine;
	struct stat there;

	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

static enum cm_status open_file(struct cm_vault *vault, struct cm_err *err)
{
	bool writes = vault->mode == CM_VAULT_WRITE;

	for (int i = 0; i < MOST_TRIES; i++) {
		vault->fd =
		    open(vault->path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (vault->fd < 0 && errno == ENOENT && writes) {
			enum cm_status status = make_file(vault->path, vault->region_key, err);

			if (status != CM_OK)
				return status;
			continue;
		}
		if (vault->fd < 0)
			return cm_vault_fail(err, vault->path, "open it");
		if (!writes)
			return CM_OK;
		if (flock(vault->fd, LOCK_EX | LOCK_NB) != 0)
			break;
		if (is_same_file(vault->fd, vault->path))
			return CM_OK;
		(void)close(vault->fd);
		vault->fd = -1;
	}
	return cm_err_set(err, CM_TRY_AGAIN, "vault %s: another process has it open", vault->path);
}

enum cm_status cm_vault_open(const char *path, const uint8_t region_key[CM_SEALED_KEY_BYTES],
    enum cm_vault_mode mode, struct cm_vault **out, struct cm_err *err)
{
	struct cm_vault *vault = cm_alloc(1, sizeof *vault);
	enum cm_status status = CM_OK;
	struct cm_err inner;

	*out = NULL;
	if (vault == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "vault %s: out of memory", path);
	vault->magic = VAULT_MAGIC;
	vault->fd = -1;
	vault->mode = mode;
	memcpy(vault->region_key, region_key, CM_SEALED_KEY_BYTES);
	vault->path = cm_strdup(path);
	if (vault->path == NULL)
		status = cm_err_set(&inner, CM_NO_MEMORY, "vault %s: out of memory", path);
	if (status == CM_OK)
		status = open_file(vault, &inner);
	if (status == CM_OK)
		status = check_header(vault, &inner);
	if (status == CM_OK) {
		*out = vault;
		return CM_OK;
	}
	cm_vault_close(vault);
	return cm_err_set(err, status, "%s", inner.text);
}

struct cm_vault *cm_vault_new_derived(uint64_t seed)
{
	struct cm_vault *vault = cm_alloc(1, sizeof *vault);

	if (vault == NULL)
		return NULL;
	vault->magic = VAULT_MAGIC;
	vault->fd = -1;
	vault->mode = CM_VAULT_WRITE;
	memcpy(vault->region_key, &seed, sizeof seed);
	vault->count = UINT64_MAX;
	vault->next = CM_VAULT_CASES;
	return vault;
}

void cm_vault_close(struct cm_vault *vault)
{
	if (vault == NULL)
		return;
	assert(vault->magic == VAULT_MAGIC);
	if (vault->fd >= 0)
		(void)close(vault->fd);
	cm_free(vault->path);
	sodium_memzero(vault, sizeof *vault);
	cm_free(vault);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool is_derived(const struct cm_vault *vault)
{
	return vault->path == NULL;
}

enum cm_status cm_vault_key(struct cm_vault *vault, uint64_t place, uint8_t key[CM_SEALED_KEY_BYTES])
{
	uint8_t bytes[CM_VAULT_PLACE_BYTES];

	assert(vault->magic == VAULT_MAGIC);
	if (is_derived(vault)) {
		(void)crypto_generichash(key, CM_SEALED_KEY_BYTES, (const uint8_t *)&place, sizeof place,
		    vault->region_key, sizeof vault->region_key);
		return CM_OK;
	}
	memset(key, 0, CM_SEALED_KEY_BYTES);
	if (place >= vault->count)
		return CM_NOT_FOUND;
	if (!cm_vault_read_at(vault->fd, bytes, sizeof bytes, cm_vault_offset(place)))
		return CM_IO;
	return cm_vault_read_place(vault->region_key, vault->name, place, bytes, key);
}

/* A place that does not open is passed over: its making was interrupted, so nobody was given it. */
enum cm_status cm_vault_take(struct cm_vault *vault, uint64_t *place, struct cm_err *err)
{
	uint8_t key[CM_SEALED_KEY_BYTES];
	enum cm_status status;

	assert(vault->magic == VAULT_MAGIC);
	if (vault->mode != CM_VAULT_WRITE)
		return cm_err_set(err, CM_NOT_ALLOWED, "the vault was opened for reading");
	for (;;) {
		while (vault->next >= vault->count) {
			if (!make_places(vault->fd, vault->region_key, vault->name, vault->count,
			        CM_VAULT_BATCH))
				return cm_vault_fail(err, vault->path, "make keys");
			vault->count += CM_VAULT_BATCH;
		}
		*place = vault->next++;
		status = cm_vault_key(vault, *place, key);
		sodium_memzero(key, sizeof key);
		if (status == CM_OK)
			return CM_OK;
		if (status == CM_IO)
			return cm_vault_fail(err, vault->path, "read a key");
	}
}

bool cm_vault_note(struct cm_vault *vault, uint64_t place)
{
	assert(vault->magic == VAULT_MAGIC);
	if (place >= vault->count && place - vault->count > MOST_MISSING)
		return false;
	if (place >= vault->next && place < UINT64_MAX)
		vault->next = place + 1;
	return true;
}

enum cm_status cm_vault_destroy(struct cm_vault *vault, uint64_t place, struct cm_err *err)
{
	static const uint8_t zeros[CM_VAULT_PLACE_BYTES];
	uint8_t bytes[CM_VAULT_PLACE_BYTES];

	assert(vault->magic == VAULT_MAGIC);
	if (is_derived(vault) || vault->mode != CM_VAULT_WRITE || place < CM_VAULT_CASES)
		return cm_err_set(err, CM_NOT_ALLOWED, "the vault cannot destroy this key");
	if (place >= vault->count)
		return CM_OK;
	if (!cm_vault_read_at(vault->fd, bytes, sizeof bytes, cm_vault_offset(place)))
		return cm_vault_fail(err, vault->path, "destroy a key");
	if (sodium_is_zero(bytes, sizeof bytes))
		return CM_OK;
	if (!cm_vault_write_at(vault->fd, zeros, sizeof zeros, cm_vault_offset(place)) ||
	    fdatasync(vault->fd) != 0)
		return cm_vault_fail(err, vault->path, "destroy a key");
	return CM_OK;
}
