#include "protocol/seal/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool cm_durable_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t put = write(fd, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

bool cm_durable_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	bool is_synced;
	int fd;

	if (len >= sizeof folder) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (len > 0) {
		memcpy(folder, path, len);
		folder[len] = 0;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_synced = fsync(fd) == 0;
	(void)close(fd);
	return is_synced;
}

bool cm_durable_replace(const char *path, mode_t mode, const void *bytes, size_t len)
{
	char fresh[4096];
	int printed = snprintf(fresh, sizeof fresh, "%s.new", path);
	bool is_done;
	int why;
	int fd;

	if (printed < 0 || (size_t)printed >= sizeof fresh) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return false;
	/* fchmod: an unusual umask may have taken the owner's own bits, and an older PATH.new have others. */
	is_done = fchmod(fd, mode) == 0 && cm_durable_write(fd, bytes, len) && fsync(fd) == 0;
	why = errno;
	if (close(fd) != 0 && is_done) {
		is_done = false;
		why = errno;
	}
	if (is_done && rename(fresh, path) == 0 && cm_durable_sync_folder(path))
		return true;
	if (is_done)
		why = errno;
	(void)unlink(fresh);
	errno = why;
	return false;
}
