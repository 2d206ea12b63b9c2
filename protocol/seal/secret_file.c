#include "protocol/seal/secret_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/id.h"
#include "protocol/seal/durable.h"

#define TEXT_MOST (2 * CM_SECRET_MOST_BYTES)

/* ---- reading --------------------------------------------------------------------------------- */

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

/* The folder of credentials lets one user in by an access list: its mask shows where a group's bits stand. */
#define MODE_OF_OWN 0177
#define MODE_OF_GIVEN 0137

static enum cm_status check_file(
    int fd, const char *path, const char *what, unsigned forbidden, struct cm_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cm_err_set(err, CM_IO, "%s %s: %s", what, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cm_err_set(err, CM_BAD_INPUT, "%s %s: not a regular file", what, path);
	if ((st.st_mode & forbidden) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s %s: its mode is %04o, it must be 0600 so that only its owner can read it", what,
		    path, (unsigned)(st.st_mode & 07777));
	return CM_OK;
}

static enum cm_status load_from(int fd, const char *path, const char *what, unsigned forbidden,
    uint8_t *out, size_t len, struct cm_err *err)
{
	char text[TEXT_MOST + 2];
	enum cm_status status = check_file(fd, path, what, forbidden, err);
	ssize_t got;

	if (status != CM_OK)
		return status;
	got = read_all(fd, text, 2 * len + 2);
	if (got < 0)
		return cm_err_set(err, CM_IO, "%s %s: %s", what, path, strerror(errno));
	if (got > 0 && text[got - 1] == '\n')
		got--;
	if (got != (ssize_t)(2 * len))
		status = cm_err_set(err, CM_BAD_INPUT,
		    "%s %s: it must hold %zu hex digits (%zu bytes), and holds %s", what, path, 2 * len,
		    len, got < (ssize_t)(2 * len) ? "fewer" : "more");
	else if (!cm_hex_parse(text, 2 * len, out, len))
		status = cm_err_set(
		    err, CM_BAD_INPUT, "%s %s: a character is not a hex digit", what, path);
	sodium_memzero(text, sizeof text);
	return status;
}

static enum cm_status load(const char *path, const char *what, unsigned forbidden, uint8_t *out,
    size_t len, struct cm_err *err)
{
	/* O_NONBLOCK: a named pipe in the file's place must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum cm_status status;

	assert(len > 0 && len <= CM_SECRET_MOST_BYTES);
	sodium_memzero(out, len);
	if (fd < 0)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO, "%s %s: %s", what, path,
		    strerror(errno));
	status = load_from(fd, path, what, forbidden, out, len, err);
	(void)close(fd);
	if (status != CM_OK)
		sodium_memzero(out, len);
	return status;
}

enum cm_status cm_secret_load(
    const char *path, const char *what, uint8_t *out, size_t len, struct cm_err *err)
{
	return load(path, what, MODE_OF_OWN, out, len, err);
}

enum cm_status cm_secret_load_given(
    const char *path, const char *what, uint8_t *out, size_t len, struct cm_err *err)
{
	return load(path, what, MODE_OF_GIVEN, out, len, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

enum cm_status cm_secret_create(
    const char *path, const char *what, const uint8_t *bytes, size_t len, struct cm_err *err)
{
	char text[TEXT_MOST + 2];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written;
	int why;

	assert(len > 0 && len <= CM_SECRET_MOST_BYTES);
	if (fd < 0 && errno == EEXIST)
		return cm_err_set(err, CM_DUPLICATE,
		    "%s %s: there is a file already; a key is never overwritten", what, path);
	if (fd < 0)
		return cm_err_set(err, CM_IO, "%s %s: %s", what, path, strerror(errno));
	cm_hex_print(bytes, len, text);
	text[2 * len] = '\n';
	/* fchmod: an unusual umask may have taken the owner's own bits. */
	written = fchmod(fd, 0600) == 0 && cm_durable_write(fd, text, 2 * len + 1) &&
	          fsync(fd) == 0 && cm_durable_sync_folder(path);
	why = errno;
	sodium_memzero(text, sizeof text);
	if (close(fd) != 0 && written) {
		written = false;
		why = errno;
	}
	if (written)
		return CM_OK;
	(void)unlink(path);
	return cm_err_set(
	    err, why == ENOSPC ? CM_DISK_FULL : CM_IO, "%s %s: %s", what, path, strerror(why));
}
