#include "nodes/residency/residency.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "nodes/residency/store.h"

#define BUSY_WAIT_WRITER_MS 5000
#define BUSY_WAIT_READER_MS 250

static_assert(CM_RESIDENCY_CATEGORIES == CM_CATEGORY_COUNT, "one count per category");
static_assert(CM_RESIDENCY_KINDS == CM_KIND_COUNT, "one count per kind");

/* SQLite would make the file with the umask's mode; its -wal and -shm follow the file's. */
static enum cm_status file_make(const char *path, struct cm_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return cm_err_set(err, errno == ENOSPC ? CM_DISK_FULL : CM_IO,
		    "residency map %s: %s", path, strerror(errno));
	close(fd);
	return CM_OK;
}

static enum cm_status connect(struct cm_residency *map, const char *path, struct cm_err *err)
{
	const bool writes = map->mode == CM_RESIDENCY_WRITE;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int rc;

	if (!writes && access(path, F_OK) != 0 && errno == ENOENT)
		return cm_err_set(err, CM_NOT_FOUND,
		    "residency map %s: there is no such file; an import makes it", path);
	if (writes) {
		enum cm_status status = file_make(path, err);
		if (status != CM_OK)
			return status;
	}
	rc = sqlite3_open_v2(path, &map->db, flags, NULL);
	if (rc != SQLITE_OK)
		return cm_store_fail(map, rc, err, path);
	(void)sqlite3_busy_timeout(map->db, writes ? BUSY_WAIT_WRITER_MS : BUSY_WAIT_READER_MS);
	return CM_OK;
}

/* A reader keeps 8 MiB of pages: the inner pages of some 10 million rows. */
static enum cm_status configure(struct cm_residency *map, const char *path, struct cm_err *err)
{
	enum cm_status status = cm_store_check_version(map, path, err);

	if (status != CM_OK)
		return status;
	if (map->mode == CM_RESIDENCY_READ)
		return cm_store_exec(map, "PRAGMA cache_size = -8192", err, path);
	status = cm_store_exec(map,
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
	    "PRAGMA secure_delete = ON",
	    err, path);
	return status == CM_OK ? cm_store_migrate(map, err) : status;
}

static enum cm_status check_region(struct cm_residency *map, const char *path, struct cm_err *err)
{
	char stored[CM_MAX_NAME_BYTES + 1] = "";
	size_t len = 0;
	enum cm_status status =
	    cm_store_meta_get(map, "region", (uint8_t *)stored, CM_MAX_NAME_BYTES, &len);

	if (status == CM_NOT_FOUND && map->mode == CM_RESIDENCY_WRITE)
		status = cm_store_meta_put(map, "region", map->region, strlen(map->region));
	else if (status == CM_OK && strcmp(stored, map->region) != 0)
		return cm_err_set(err, CM_CONFLICT,
		    "%s: this is the map of region \"%s\", not of \"%s\"", path, stored,
		    map->region);
	if (status != CM_OK)
		return cm_err_set(err, status, "%s: %s", path, cm_status_text(status));
	return CM_OK;
}

enum cm_status cm_residency_open(const char *path, const char *region, enum cm_residency_mode mode,
    struct cm_residency **out, struct cm_err *err)
{
	struct cm_residency *map;
	enum cm_status status;

	*out = NULL;
	if (region[0] == 0 || strlen(region) > CM_MAX_NAME_BYTES)
		return cm_err_set(err, CM_BAD_INPUT, "residency map %s: the region's name is %s",
		    path, region[0] == 0 ? "empty" : "too long");
	map = cm_alloc(1, sizeof *map);
	if (map == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "residency map %s: out of memory", path);
	map->magic = CM_RESIDENCY_MAGIC;
	map->mode = mode;
	(void)snprintf(map->region, sizeof map->region, "%s", region);
	(void)snprintf(map->source, sizeof map->source, "residency map %s", region);
	status = connect(map, path, err);
	if (status == CM_OK)
		status = configure(map, path, err);
	if (status == CM_OK)
		status = check_region(map, path, err);
	if (status == CM_OK)
		*out = map;
	else
		cm_residency_close(map);
	return status;
}

void cm_residency_close(struct cm_residency *map)
{
	int rc;

	if (map == NULL)
		return;
	assert(map->magic == CM_RESIDENCY_MAGIC);
	for (int i = 0; i < CM_STORE_COUNT; i++)
		(void)sqlite3_finalize(map->statements[i]);
	cm_profile_forget(map);
	rc = sqlite3_close(map->db);
	assert(rc == SQLITE_OK);
	(void)rc;
	map->magic = 0;
	cm_wipe(map->contact_key, sizeof map->contact_key);
	cm_free(map);
}

enum cm_status cm_residency_check_key(
    struct cm_residency *map, const struct cm_blind_key *key, struct cm_err *err)
{
	uint8_t mine[16];
	uint8_t stored[16];
	size_t len = 0;
	enum cm_status status = cm_store_meta_get(map, "key_check", stored, sizeof stored, &len);

	if (status == CM_NOT_FOUND)
		return CM_OK;
	if (status != CM_OK)
		return cm_err_set(err, status, "%s: %s", map->source, cm_status_text(status));
	cm_blind_key_check(key, mine);
	if (len != sizeof mine || memcmp(mine, stored, len) != 0)
		return cm_err_set(err, CM_CONFLICT,
		    "%s: its accounts were blinded with another key than this one", map->source);
	return CM_OK;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void count_row(struct cm_residency_stats *stats, int what, int number, int64_t count)
{
	uint64_t n = count > 0 ? (uint64_t)count : 0;

	if (what == CM_TALLY_ACCOUNTS)
		stats->accounts = n;
	else if (what == CM_TALLY_DOMAINS)
		stats->domains = n;
	else if (what == CM_TALLY_KIND && number >= 0 && number < CM_KIND_COUNT)
		stats->by_kind[number].rows = n;
	else if (what == CM_TALLY_CATEGORY && number >= 0 && number < CM_CATEGORY_COUNT) {
		stats->by_category[number].rows = n;
		stats->rows += n;
	}
}

static enum cm_status read_tallies(struct cm_residency *map, struct cm_residency_stats *stats)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(map, CM_STORE_TALLIES, &status);
	int rc;

	if (stmt == NULL)
		return status;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		count_row(stats, sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1),
		    sqlite3_column_int64(stmt, 2));
	(void)sqlite3_reset(stmt);
	return cm_store_status(rc);
}

static enum cm_status read_newest(struct cm_residency *map, struct cm_residency_stats *stats)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(map, CM_STORE_IMPORT_NEWEST, &status);
	const unsigned char *file;
	int rc;

	if (stmt == NULL)
		return status;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		stats->imports = (uint64_t)sqlite3_column_int64(stmt, 0);
		file = sqlite3_column_text(stmt, 1);
		(void)snprintf(stats->imported_file, sizeof stats->imported_file, "%s",
		    file != NULL ? (const char *)file : "");
		stats->imported_at.ms = sqlite3_column_int64(stmt, 2);
		stats->imported_rows = (uint64_t)sqlite3_column_int64(stmt, 3);
	}
	(void)sqlite3_reset(stmt);
	return cm_store_status(rc);
}

enum cm_status cm_residency_stats(struct cm_residency *map, struct cm_residency_stats *stats)
{
	enum cm_status status;
	sqlite3_stmt *begin;
	sqlite3_stmt *end;

	assert(map->magic == CM_RESIDENCY_MAGIC);
	*stats = (struct cm_residency_stats){0};
	for (int i = 0; i < CM_CATEGORY_COUNT; i++)
		stats->by_category[i].name = cm_category_names[i];
	for (int i = 0; i < CM_KIND_COUNT; i++)
		stats->by_kind[i].name = cm_kind_names[i];
	/* One snapshot for both tables. */
	begin = cm_store_get(map, CM_STORE_BEGIN_READ, &status);
	if (begin == NULL)
		return status;
	end = cm_store_get(map, CM_STORE_COMMIT, &status);
	if (end == NULL)
		return status;
	status = cm_store_run(begin);
	if (status != CM_OK)
		return status;
	status = read_tallies(map, stats);
	if (status == CM_OK)
		status = read_newest(map, stats);
	if (cm_store_run(end) != CM_OK) {
		cm_store_rollback(map);
		status = status == CM_OK ? CM_IO : status;
	}
	return status;
}
