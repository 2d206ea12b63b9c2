#include "protocol/clocks/zone_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define DEEPEST 2 /* "America/Argentina/Buenos_Aires" */

/* Read up to `room` bytes. -1: not readable; `room` + 1: there is more. */
static ssize_t read_bytes(int fd, uint8_t *out, size_t room)
{
	size_t used = 0;

	for (;;) {
		uint8_t more;
		bool full = used == room;
		ssize_t got = full ? read(fd, &more, 1) : read(fd, out + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0 || full)
			return (ssize_t)(used + (size_t)got);
		used += (size_t)got;
	}
}

/* The file's bytes into `out`, which holds CM_MAX_ZONE_BYTES + 1. Only a plain file is opened: a
 * pipe would keep us waiting. */
static enum cm_status read_file(
    const char *path, const char *name, uint8_t *out, size_t *len, struct cm_err *err)
{
	struct stat info;
	int fd = -1;
	ssize_t got = -1;
	int why;

	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
		return cm_err_set(err, CM_UNKNOWN_NAME, "no time zone is named %s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		got = read_bytes(fd, out, CM_MAX_ZONE_BYTES);
	why = errno;
	if (fd >= 0)
		(void)close(fd);
	if (got < 0 && (why == ENOENT || why == ENOTDIR))
		return cm_err_set(err, CM_UNKNOWN_NAME,
		    "no time zone is named %s: there is no file %s", name, path);
	if (got < 0)
		return cm_err_set(
		    err, CM_IO, "read the time zone %s: %s: %s", name, path, strerror(why));
	*len = (size_t)got;
	return CM_OK;
}

struct walk {
	struct cm_zones *zones;
	const char *folder;
	uint8_t *bytes;   /* CM_MAX_ZONE_BYTES + 1 */
	bool skip_others; /* pass over files that are no zones */
	struct cm_err *err;
};

static enum cm_status read_one(struct walk *walk, const char *name)
{
	char path[PATH_BYTES];
	size_t len = 0;
	enum cm_status status;

	(void)snprintf(path, sizeof path, "%s/%s", walk->folder, name);
	status = read_file(path, name, walk->bytes, &len, walk->err);
	if (status != CM_OK)
		return status;
	if (walk->skip_others && (len < 4 || memcmp(walk->bytes, "TZif", 4) != 0))
		return CM_OK;
	return cm_zones_add(walk->zones, name, walk->bytes, len, walk->err);
}

enum cm_status cm_zone_file_read(
    struct cm_zones *zones, const char *folder, const char *name, struct cm_err *err)
{
	struct walk walk = {.zones = zones, .folder = folder, .err = err};
	enum cm_status status;

	if (!cm_zone_name_is_fine(name))
		return cm_err_set(
		    err, CM_UNKNOWN_NAME, "no time zone is named %s", name[0] != 0 ? name : "\"\"");
	walk.bytes = cm_alloc(CM_MAX_ZONE_BYTES + 1, 1);
	if (walk.bytes == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a time zone");
	status = read_one(&walk, name);
	cm_free(walk.bytes);
	return status;
}

static bool is_other_edition(const char *name)
{
	return strcmp(name, "posix") == 0 || strcmp(name, "right") == 0;
}

/* One folder; `below` is its name under the root with a "/" behind, or "". */
static enum cm_status read_folder(struct walk *walk, const char *below, int depth)
{
	char path[PATH_BYTES];
	DIR *dir;
	const struct dirent *entry;
	enum cm_status status = CM_OK;

	(void)snprintf(path, sizeof path, "%s/%s", walk->folder, below);
	dir = opendir(path);
	if (dir == NULL)
		return cm_err_set(
		    walk->err, CM_IO, "read the time zones: %s: %s", path, strerror(errno));
	while (status == CM_OK && (entry = readdir(dir)) != NULL) {
		char name[CM_MAX_ZONE_NAME_BYTES + 1];
		char full[PATH_BYTES + CM_MAX_ZONE_NAME_BYTES + 2];
		struct stat info;

		/* Also passes over ".", ".." and every name with a dot, like "zone.tab". */
		if (strlen(below) + strlen(entry->d_name) + 2 > sizeof name ||
		    !cm_zone_name_is_fine(entry->d_name))
			continue;
		(void)snprintf(
		    name, sizeof name, "%s%.*s", below, CM_MAX_ZONE_NAME_BYTES, entry->d_name);
		(void)snprintf(full, sizeof full, "%s/%s", walk->folder, name);
		if (stat(full, &info) != 0)
			continue; /* a link to nowhere names no zone */
		if (S_ISREG(info.st_mode)) {
			status = read_one(walk, name);
		} else if (S_ISDIR(info.st_mode) && depth < DEEPEST &&
			   !(depth == 0 && is_other_edition(name))) {
			memcpy(name + strlen(name), "/", 2);
			status = read_folder(walk, name, depth + 1);
		}
	}
	(void)closedir(dir);
	return status;
}

enum cm_status cm_zone_files_read(struct cm_zones *zones, const char *folder, struct cm_err *err)
{
	struct walk walk = {.zones = zones, .folder = folder, .skip_others = true, .err = err};
	size_t before = zones->count;
	enum cm_status status;

	walk.bytes = cm_alloc(CM_MAX_ZONE_BYTES + 1, 1);
	if (walk.bytes == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the time zones");
	status = read_folder(&walk, "", 0);
	cm_free(walk.bytes);
	if (status == CM_OK && zones->count == before)
		return cm_err_set(err, CM_NOT_FOUND, "no time zone is in %s", folder);
	return status;
}
