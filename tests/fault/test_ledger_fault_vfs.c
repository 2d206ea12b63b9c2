#include "test_ledger_fault_vfs.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct, in the same block */
};

static struct {
	pthread_mutex_t lock;
	enum fault_call call;
	size_t left; /* 0: off; 1: the next one fails */
	int code;
	bool is_lasting;
	bool has_failed;
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER};

static sqlite3_vfs *real_vfs;

void fault_vfs_arm(enum fault_call call, size_t nth, int code, bool is_lasting)
{
	(void)pthread_mutex_lock(&fault.lock);
	fault.call = call;
	fault.left = nth;
	fault.code = code;
	fault.is_lasting = is_lasting;
	fault.has_failed = false;
	(void)pthread_mutex_unlock(&fault.lock);
}

bool fault_vfs_has_failed(void)
{
	bool has;

	(void)pthread_mutex_lock(&fault.lock);
	has = fault.has_failed;
	(void)pthread_mutex_unlock(&fault.lock);
	return has;
}

static int outcome(enum fault_call call)
{
	int code = SQLITE_OK;

	(void)pthread_mutex_lock(&fault.lock);
	if (fault.left == 1 && fault.call == call) {
		code = fault.code;
		fault.has_failed = true;
		if (!fault.is_lasting)
			fault.left = 0;
	} else if (fault.left > 1 && fault.call == call) {
		fault.left--;
	}
	(void)pthread_mutex_unlock(&fault.lock);
	return code;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct fault_file *)(void *)file)->real;
}

static int on_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int on_read(sqlite3_file *file, void *to, int bytes, sqlite3_int64 at)
{
	int code = outcome(FAULT_READ);

	return code != SQLITE_OK ? code
				 : real_of(file)->pMethods->xRead(real_of(file), to, bytes, at);
}

/* A disk that runs full takes part of it. */
static int on_write(sqlite3_file *file, const void *from, int bytes, sqlite3_int64 at)
{
	int code = outcome(FAULT_WRITE);

	if (code != SQLITE_OK) {
		(void)real_of(file)->pMethods->xWrite(real_of(file), from, bytes / 2, at);
		return code;
	}
	return real_of(file)->pMethods->xWrite(real_of(file), from, bytes, at);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int code = outcome(FAULT_TRUNCATE);

	return code != SQLITE_OK ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	int code = outcome(FAULT_SYNC);

	return code != SQLITE_OK ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int on_reserved(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int on_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int on_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int on_traits(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int on_shm_unmap(sqlite3_file *file, int remove)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_traits,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct fault_file *mine = (struct fault_file *)(void *)file;
	int code;

	(void)vfs;
	mine->real = (sqlite3_file *)(void *)(mine + 1);
	code = real_vfs->xOpen(real_vfs, name, mine->real, flags, out);
	mine->base.pMethods = mine->real->pMethods != NULL ? &methods : NULL;
	return code;
}

void fault_vfs_install(void)
{
	static sqlite3_vfs vfs;
	int code;

	real_vfs = sqlite3_vfs_find(NULL);
	assert(real_vfs != NULL);
	vfs = *real_vfs; /* all but the opening of files is the real one's */
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
	vfs.xOpen = on_open;
	code = sqlite3_vfs_register(&vfs, 1);
	assert(code == SQLITE_OK);
}
