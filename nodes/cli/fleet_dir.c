#include "nodes/cli/fleet_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/text.h"

#define CM_MAX_SOCKET_DIR_BYTES 64 /* sun_path holds 107 bytes, a name here up to 38 */
#define LOCK_MS 60000
#define LOCK_LOOK_MS 50

static enum cm_status say_memory(struct cm_err *err)
{
	return cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

enum cm_status cm_fleet_dir_open(
    const char *dir, struct cm_arena *arena, const char **absolute, struct cm_err *err)
{
	char *path;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return cm_err_set(err, CM_IO, "make the folder %s: %s", dir, strerror(errno));
	path = realpath(dir, NULL); /* libc's memory */
	if (path == NULL)
		return cm_err_set(err, CM_IO, "%s: %s", dir, strerror(errno));
	*absolute = cm_arena_text(arena, path);
	free(path);
	if (*absolute == NULL)
		return say_memory(err);
	if (!cm_utf8_is_valid(*absolute, strlen(*absolute)))
		return cm_err_set(err, CM_BAD_INPUT, "the folder's path is not UTF-8");
	return CM_OK;
}

enum cm_status cm_fleet_dir_lock(const char *dir, int stop_fd, int *lock_fd, struct cm_err *err)
{
	char path[4096];
	struct pollfd stop = {.fd = stop_fd, .events = POLLIN};

	(void)snprintf(path, sizeof path, "%s/fleet.lock", dir);
	*lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock_fd < 0)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO, "lock %s: %s", path,
		    strerror(errno));
	for (int waited_ms = 0; flock(*lock_fd, LOCK_EX | LOCK_NB) != 0;
	     waited_ms += LOCK_LOOK_MS) {
		if (waited_ms > LOCK_MS || poll(&stop, 1, LOCK_LOOK_MS) > 0) {
			(void)close(*lock_fd);
			return cm_err_set(
			    err, CM_TRY_AGAIN, "another command works on the fleet in %s", dir);
		}
	}
	return CM_OK;
}

enum cm_status cm_sockets_make(struct cm_arena *arena, const char **out, struct cm_err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *parent = "/tmp";
	char *dir;

	if (runtime != NULL && *runtime == '/' && strlen(runtime) + 15 <= CM_MAX_SOCKET_DIR_BYTES &&
	    access(runtime, W_OK | X_OK) == 0)
		parent = runtime;
	dir = cm_arena_printf(arena, "%s/comity-XXXXXX", parent);
	if (dir == NULL)
		return say_memory(err);
	if (mkdtemp(dir) == NULL) /* mode 0700 */
		return cm_err_set(
		    err, CM_IO, "make a folder for sockets in %s: %s", parent, strerror(errno));
	*out = dir;
	return CM_OK;
}

void cm_sockets_remove(const char *path)
{
	const char *name = strrchr(path, '/');
	struct dirent *entry;
	struct stat file;
	DIR *dir;

	if (name == NULL || strncmp(name, "/comity-", 8) != 0)
		return;
	if (lstat(path, &file) != 0 || !S_ISDIR(file.st_mode) || file.st_uid != geteuid())
		return;
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISSOCK(file.st_mode))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(path);
}

void cm_fleet_record_remove(const char *dir)
{
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/fleet.json", dir);
	(void)unlink(path);
}
