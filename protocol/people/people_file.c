#include "protocol/people/people_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/seal/durable.h"

static enum cm_status say_io(struct cm_err *err, const char *path)
{
	return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : errno == ENOSPC ? CM_DISK_FULL : CM_IO,
	    "users %s: %s", path, strerror(errno));
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum cm_status read_fd(int fd, const char *path, struct cm_buf *out, struct cm_err *err)
{
	struct stat st;
	char block[8192];
	ssize_t got;

	if (fstat(fd, &st) != 0)
		return say_io(err, path);
	if (!S_ISREG(st.st_mode))
		return cm_err_set(err, CM_BAD_INPUT, "users %s: not a regular file", path);
	/* Who can write it can let themselves in; who can read it learns who works on what. */
	if ((st.st_mode & 0177) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "users %s: its mode is %04o, it must be 0600 so that only its owner can change it", path,
		    (unsigned)(st.st_mode & 07777));
	while ((got = read(fd, block, sizeof block)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return say_io(err, path);
		cm_buf_add(out, block, (size_t)got);
		if (out->failed)
			return cm_err_set(err, CM_TOO_LARGE, "users %s: more than %d bytes", path,
			    CM_MAX_PEOPLE_BYTES);
	}
	return CM_OK;
}

enum cm_status cm_people_load(const char *path, struct cm_people *out,
    uint8_t digest[CM_DIGEST_BYTES], struct cm_err *err)
{
	/* O_NONBLOCK: a named pipe in the file's place must not hang the process. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct cm_buf text;
	enum cm_status status;

	cm_people_init(out);
	if (fd < 0)
		return say_io(err, path);
	cm_buf_init(&text, CM_MAX_PEOPLE_BYTES);
	status = read_fd(fd, path, &text, err);
	(void)close(fd);
	if (status == CM_OK && digest != NULL)
		cm_digest(text.data, text.len, digest);
	if (status == CM_OK) {
		status = cm_people_parse(cm_buf_str(&text), text.len, out, err);
		if (status != CM_OK)
			(void)cm_err_wrap(err, "users %s", path);
	}
	cm_buf_fini(&text);
	return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

enum cm_status cm_people_save(
    const struct cm_people *people, const char *path, struct cm_err *err)
{
	struct cm_buf text;
	enum cm_status status = CM_OK;

	cm_buf_init(&text, CM_MAX_PEOPLE_BYTES);
	cm_people_print(people, &text);
	if (text.failed)
		status = cm_err_set(err, CM_TOO_LARGE, "users %s: too many for one file", path);
	else if (!cm_durable_replace(path, 0600, text.data, text.len))
		status = say_io(err, path);
	cm_buf_fini(&text);
	return status;
}

enum cm_status cm_people_lock(const char *path, int *fd, struct cm_err *err)
{
	struct cm_buf lock;

	cm_buf_init(&lock, 0);
	cm_buf_printf(&lock, "%s.lock", path);
	*fd = open(cm_buf_str(&lock), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	cm_buf_fini(&lock);
	if (*fd < 0)
		return say_io(err, path);
	while (flock(*fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			(void)close(*fd);
			return say_io(err, path);
		}
	return CM_OK;
}

/* ---- has it changed -------------------------------------------------------------------------- */

struct cm_people_stamp cm_people_stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct cm_people_stamp){.inode = 0};
	/* The change time and not the one that a program may set; it moves with the mode too. */
	return (struct cm_people_stamp){.inode = (uint64_t)st.st_ino,
	    .size = (int64_t)st.st_size,
	    .changed_s = (int64_t)st.st_ctim.tv_sec,
	    .changed_ns = (int64_t)st.st_ctim.tv_nsec};
}

bool cm_people_stamp_equal(const struct cm_people_stamp *a, const struct cm_people_stamp *b)
{
	return a->inode == b->inode && a->size == b->size && a->changed_s == b->changed_s &&
	       a->changed_ns == b->changed_ns;
}
