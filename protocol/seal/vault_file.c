#include "protocol/seal/vault_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static const char mark[16] = "comity.vault.v1";

bool cm_vault_read_at(int fd, void *into, size_t len, uint64_t offset)
{
	uint8_t *at = into;

	while (len > 0) {
		ssize_t got = pread(fd, at, len, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return false;
		at += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return true;
}

bool cm_vault_write_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t put = pwrite(fd, at, len, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		offset += (uint64_t)put;
		len -= (size_t)put;
	}
	return true;
}

enum cm_status cm_vault_fail(struct cm_err *err, const char *path, const char *doing)
{
	enum cm_status status = errno == ENOSPC || errno == EDQUOT ? CM_DISK_FULL
	                        : errno == ENOENT                  ? CM_NOT_FOUND
	                                                           : CM_IO;

	return cm_err_set(err, status, "vault %s: %s: %s", path, doing, strerror(errno));
}

void cm_vault_print_header(
    const uint8_t key[CM_SEALED_KEY_BYTES], const uint8_t name[16], uint8_t out[CM_VAULT_PLACE_BYTES])
{
	memset(out, 0, CM_VAULT_PLACE_BYTES);
	memcpy(out, mark, sizeof mark);
	memcpy(out + 16, name, 16);
	(void)crypto_generichash_blake2b_salt_personal(out + 32, 16, out, 32, key, CM_SEALED_KEY_BYTES, NULL,
	    (const uint8_t *)"comity.vault.key");
}

/* What a place's key is bound to: it cannot be moved to another place, nor to another file. */
static void bind_place(const uint8_t name[16], uint64_t number, uint8_t out[24])
{
	memcpy(out, name, 16);
	for (int i = 0; i < 8; i++)
		out[16 + i] = (uint8_t)(number >> (8 * (7 - i)));
}

void cm_vault_print_place(const uint8_t region_key[CM_SEALED_KEY_BYTES], const uint8_t name[16],
    uint64_t number, const uint8_t key[CM_SEALED_KEY_BYTES], uint8_t out[CM_VAULT_PLACE_BYTES])
{
	uint8_t bound[24];

	bind_place(name, number, bound);
	memset(out, 0, CM_VAULT_PLACE_BYTES);
	cm_sealed_make(
	    region_key, CM_SEALED_VAULT, bound, sizeof bound, key, CM_SEALED_KEY_BYTES, out);
}

enum cm_status cm_vault_read_place(const uint8_t region_key[CM_SEALED_KEY_BYTES], const uint8_t name[16],
    uint64_t number, const uint8_t place[CM_VAULT_PLACE_BYTES], uint8_t key[CM_SEALED_KEY_BYTES])
{
	uint8_t bound[24];

	if (sodium_is_zero(place, CM_VAULT_PLACE_BYTES))
		return CM_NOT_FOUND;
	bind_place(name, number, bound);
	return cm_sealed_open(region_key, CM_SEALED_VAULT, bound, sizeof bound, place,
	    CM_VAULT_SEALED_BYTES, key);
}
