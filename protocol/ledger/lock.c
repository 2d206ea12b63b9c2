#include "protocol/ledger/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum cm_status refuse(int fd, struct cm_err *err)
{
	char text[24] = "";
	ssize_t len = pread(fd, text, sizeof text - 1, 0);
	long holder = len > 0 ? strtol(text, NULL, 10) : 0;

	if (holder > 0)
		return cm_err_set(
		    err, CM_NOT_ALLOWED, "process %ld already serves this ledger", holder);
	return cm_err_set(err, CM_NOT_ALLOWED, "another process already serves this ledger");
}

enum cm_status cm_lock_take(const char *path, int *fd, struct cm_err *err)
{
	char name[PATH_MAX];
	char text[24];
	int len = snprintf(name, sizeof name, "%s.lock", path);
	int file;

	if (len < 0 || (size_t)len >= sizeof name)
		return cm_err_set(err, CM_TOO_LARGE, "the path is longer than %d bytes", PATH_MAX);
	file = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return cm_err_set(err, CM_IO, "%s: %s", name, strerror(errno));
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		enum cm_status status = errno == EWOULDBLOCK ? refuse(file, err)
							     : cm_err_set(err, CM_IO, "lock %s: %s",
								   name, strerror(errno));

		(void)close(file);
		return status;
	}
	/* Only for the sentence above: a full disk may leave it out. */
	len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (ftruncate(file, 0) == 0 && len > 0)
		(void)!pwrite(file, text, (size_t)len, 0);
	*fd = file;
	return CM_OK;
}

void cm_lock_drop(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}
