#include "protocol/seal/blind.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/id.h"
#include "protocol/base/text.h"

#define KEY_BYTES sizeof(((struct cm_blind_key *)0)->bytes)
#define KEY_TEXT_BYTES (2 * KEY_BYTES)

/* 16 bytes each, as BLAKE2b wants them: one key serves two purposes that can never meet. */
static const uint8_t blind_personal[16] = "comity.blind.v1";
static const uint8_t check_personal[16] = "comity.check.v1";

static_assert(KEY_BYTES == crypto_generichash_blake2b_KEYBYTES, "the key fits BLAKE2b");

static void keyed_hash(const struct cm_blind_key *key, const uint8_t personal[16],
    const void *bytes, size_t len, uint8_t *out, size_t out_len)
{
	int rc = crypto_generichash_blake2b_salt_personal(
	    out, out_len, bytes, len, key->bytes, KEY_BYTES, NULL, personal);

	assert(rc == 0);
	(void)rc;
}

/* ---- the key file ---------------------------------------------------------------------------- */

/* Up to `size` bytes from the start of the file; -1 with errno on failure. */
static ssize_t read_all(int fd, char *into, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, into + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

static enum cm_status check_file(int fd, const char *path, struct cm_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cm_err_set(err, CM_IO, "blind key %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cm_err_set(err, CM_BAD_INPUT, "blind key %s: not a regular file", path);
	if ((st.st_mode & 0177) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "blind key %s: its mode is %04o, it must be 0600 so that only its owner can "
		    "read it",
		    path, (unsigned)(st.st_mode & 07777));
	return CM_OK;
}

static enum cm_status load_from(
    int fd, const char *path, struct cm_blind_key *key, struct cm_err *err)
{
	char text[KEY_TEXT_BYTES + 2];
	enum cm_status status = check_file(fd, path, err);
	ssize_t got;

	if (status != CM_OK)
		return status;
	got = read_all(fd, text, sizeof text);
	if (got < 0)
		return cm_err_set(err, CM_IO, "blind key %s: %s", path, strerror(errno));
	if (got > 0 && text[got - 1] == '\n')
		got--;
	if (got != (ssize_t)KEY_TEXT_BYTES)
		status = cm_err_set(err, CM_BAD_INPUT,
		    "blind key %s: it must hold %zu hex digits (32 bytes), and holds %s", path,
		    KEY_TEXT_BYTES, got < (ssize_t)KEY_TEXT_BYTES ? "fewer" : "more");
	else if (!cm_hex_parse(text, KEY_TEXT_BYTES, key->bytes, KEY_BYTES))
		status = cm_err_set(
		    err, CM_BAD_INPUT, "blind key %s: a character is not a hex digit", path);
	sodium_memzero(text, sizeof text);
	return status;
}

enum cm_status cm_blind_key_load(const char *path, struct cm_blind_key *key, struct cm_err *err)
{
	/* O_NONBLOCK: a named pipe in the key's place must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum cm_status status;

	if (fd < 0)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO, "blind key %s: %s",
		    path, strerror(errno));
	status = load_from(fd, path, key, err);
	close(fd);
	if (status != CM_OK)
		cm_blind_key_wipe(key);
	return status;
}

static bool write_all(int fd, const char *from, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		from += put;
		len -= (size_t)put;
	}
	return true;
}

enum cm_status cm_blind_key_create(const char *path, struct cm_err *err)
{
	struct cm_blind_key key;
	char text[KEY_TEXT_BYTES + 2];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written;
	int why;

	if (fd < 0 && errno == EEXIST)
		return cm_err_set(err, CM_DUPLICATE,
		    "blind key %s: there is a file already; a key is never overwritten", path);
	if (fd < 0)
		return cm_err_set(err, CM_IO, "blind key %s: %s", path, strerror(errno));
	randombytes_buf(key.bytes, sizeof key.bytes);
	cm_hex_print(key.bytes, KEY_BYTES, text);
	text[KEY_TEXT_BYTES] = '\n';
	/* fchmod: an unusual umask may have taken the owner's own bits. */
	written =
	    fchmod(fd, 0600) == 0 && write_all(fd, text, KEY_TEXT_BYTES + 1) && fsync(fd) == 0;
	why = errno;
	sodium_memzero(text, sizeof text);
	cm_blind_key_wipe(&key);
	if (close(fd) != 0 && written) {
		written = false;
		why = errno;
	}
	if (written)
		return CM_OK;
	(void)unlink(path);
	return cm_err_set(
	    err, why == ENOSPC ? CM_DISK_FULL : CM_IO, "blind key %s: %s", path, strerror(why));
}

void cm_blind_key_wipe(struct cm_blind_key *key)
{
	sodium_memzero(key, sizeof *key);
}

/* ---- identifiers ----------------------------------------------------------------------------- */

static bool is_readable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < 0x20)
			return false;
	return cm_text_is_plain(text, len);
}

enum cm_status cm_identifier_normalise(const char *text, size_t len,
    char out[CM_MAX_IDENTIFIER_BYTES + 1], size_t *out_len, struct cm_err *err)
{
	while (len > 0 && text[0] == ' ') {
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len == 0)
		return cm_err_set(err, CM_BAD_INPUT, "the identifier is empty");
	if (len > CM_MAX_IDENTIFIER_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "the identifier is longer than %d bytes",
		    CM_MAX_IDENTIFIER_BYTES);
	if (!is_readable(text, len))
		return cm_err_set(err, CM_BAD_INPUT,
		    "the identifier holds a control or invisible character, or is not UTF-8");
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	out[len] = 0;
	*out_len = len;
	return CM_OK;
}

enum cm_status cm_blind(const struct cm_blind_key *key, const char *text, size_t len,
    uint8_t out[CM_BLIND_BYTES], struct cm_err *err)
{
	char plain[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t plain_len;
	enum cm_status status = cm_identifier_normalise(text, len, plain, &plain_len, err);

	if (status != CM_OK)
		return status;
	keyed_hash(key, blind_personal, plain, plain_len, out, CM_BLIND_BYTES);
	return CM_OK;
}

enum cm_status cm_blind_target(const struct cm_blind_key *key, const char *text, size_t len,
    uint8_t out[CM_BLIND_PAIR_BYTES], size_t *out_len, struct cm_err *err)
{
	char plain[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t plain_len;
	enum cm_status status = cm_identifier_normalise(text, len, plain, &plain_len, err);
	const char *domain;

	if (status != CM_OK)
		return status;
	keyed_hash(key, blind_personal, plain, plain_len, out, CM_BLIND_BYTES);
	*out_len = CM_BLIND_BYTES;
	domain = strrchr(plain, '@');
	if (domain == NULL || domain == plain || domain[1] == 0)
		return CM_OK;
	keyed_hash(
	    key, blind_personal, domain, strlen(domain), out + CM_BLIND_BYTES, CM_BLIND_BYTES);
	*out_len = CM_BLIND_PAIR_BYTES;
	return CM_OK;
}

void cm_blind_key_check(const struct cm_blind_key *key, uint8_t out[16])
{
	keyed_hash(key, check_personal, "", 0, out, 16);
}
