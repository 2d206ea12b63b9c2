#include "protocol/ledger/ledger.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/ledger/clerk.h"
#include "protocol/ledger/lock.h"

#define LEDGER_MAGIC 0x4c454447u

struct cm_ledger {
	uint32_t magic;
	struct cm_ledger_options options; /* defaults filled in; path is ours */
	char *path;                       /* owned; absolute, without links */
	int lock;
	struct cm_writer writer;
	struct cm_reader *reader; /* owned; the loop thread's */
	struct cm_checkpointer checkpointer;
	struct cm_clerk clerk;
};

void cm_fatal_raise(const struct cm_fatal *fatal, const struct cm_err *err)
{
	if (fatal->on_fatal != NULL) {
		fatal->on_fatal(err, fatal->data);
		return;
	}
	cm_log(CM_LOG_ERROR, "ledger.fatal", "why=%s", err->text);
	_exit(CM_LEDGER_EXIT_CODE);
}

static size_t or_default(size_t value, size_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static void fill_options(struct cm_ledger *ledger, const struct cm_ledger_options *from)
{
	ledger->options = (struct cm_ledger_options){
	    .path = ledger->path,
	    .batch_most = or_default(from->batch_most, 256),
	    .jobs_most = or_default(from->jobs_most, 4096),
	    .bytes_most = or_default(from->bytes_most, (size_t)64 * 1024 * 1024),
	    .checkpoint_pages = or_default(from->checkpoint_pages, 250),
	    .tail_rows = or_default(from->tail_rows, 1000),
	    .pages_most = from->pages_most,
	    .on_fatal = from->on_fatal,
	    .data = from->data,
	    .sealer = from->sealer,
	};
}

/* Make the file if there is none, readable by its owner alone, and find its one true name: the lock
 * and SQLite's log lie beside that, however the path was written. An empty file is an empty
 * database. */
static enum cm_status find_file(struct cm_ledger *ledger, const char *path, struct cm_err *err)
{
	char name[PATH_MAX];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return cm_err_set(
		    err, errno == ENOSPC ? CM_DISK_FULL : CM_IO, "%s", strerror(errno));
	(void)close(fd);
	if (realpath(path, name) == NULL)
		return cm_err_set(err, CM_IO, "%s", strerror(errno));
	ledger->path = cm_strdup(name);
	return ledger->path != NULL ? CM_OK : cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

enum cm_status cm_ledger_open(
    struct cm_ledger **out, const struct cm_ledger_options *options, struct cm_err *err)
{
	struct cm_ledger *ledger = cm_alloc(1, sizeof *ledger);
	enum cm_status status;

	*out = NULL;
	if (ledger == NULL)
		return cm_err_set(
		    err, CM_NO_MEMORY, "open ledger %s: out of memory", options->path);
	ledger->magic = LEDGER_MAGIC;
	ledger->lock = -1;
	if (sodium_init() < 0)
		status = cm_err_set(err, CM_INTERNAL, "libsodium does not start");
	else
		status = find_file(ledger, options->path, err);
	if (status == CM_OK) {
		fill_options(ledger, options);
		status = cm_lock_take(ledger->path, &ledger->lock, err);
	}
	if (status == CM_OK)
		status = cm_writer_open(&ledger->writer, &ledger->options, err);
	if (status == CM_OK)
		status = cm_reader_open(&ledger->reader, ledger->path, err);
	if (status != CM_OK) {
		cm_ledger_close(ledger);
		(void)cm_err_wrap(err, "open ledger %s", options->path);
		return status;
	}
	*out = ledger;
	return CM_OK;
}

struct cm_reader *cm_ledger_reader(struct cm_ledger *ledger)
{
	assert(ledger->magic == LEDGER_MAGIC);
	return ledger->reader;
}

enum cm_status cm_ledger_start(
    struct cm_ledger *ledger, cm_ledger_done_cb on_done, void *data, struct cm_err *err)
{
	const struct cm_ledger_options *options = &ledger->options;
	const struct cm_fatal fatal = {options->on_fatal, options->data};
	enum cm_status status;

	assert(ledger->magic == LEDGER_MAGIC && !ledger->clerk.is_running);
	status = cm_checkpointer_start(
	    &ledger->checkpointer, ledger->path, options->checkpoint_pages, &fatal, err);
	if (status == CM_OK) {
		ledger->clerk = (struct cm_clerk){
		    .writer = &ledger->writer,
		    .checkpointer = &ledger->checkpointer,
		    .fatal = fatal,
		    .batch_most = options->batch_most,
		    .jobs_most = options->jobs_most,
		    .bytes_most = options->bytes_most,
		    .on_done = on_done,
		    .data = data,
		};
		status = cm_clerk_start(&ledger->clerk, err);
	}
	if (status != CM_OK) {
		cm_checkpointer_stop(&ledger->checkpointer);
		(void)cm_err_wrap(err, "start ledger %s", ledger->path);
	}
	return status;
}

enum cm_status cm_ledger_post(struct cm_ledger *ledger, struct cm_job *job)
{
	assert(ledger->magic == LEDGER_MAGIC);
	return cm_clerk_post(&ledger->clerk, job);
}

enum cm_status cm_ledger_gather(struct cm_ledger *ledger, struct cm_job *job)
{
	assert(ledger->magic == LEDGER_MAGIC);
	return cm_clerk_gather(&ledger->clerk, job);
}

void cm_ledger_wake(struct cm_ledger *ledger)
{
	assert(ledger->magic == LEDGER_MAGIC);
	cm_clerk_wake(&ledger->clerk);
}

enum cm_status cm_ledger_resume(struct cm_ledger *ledger)
{
	assert(ledger->magic == LEDGER_MAGIC);
	return cm_clerk_resume(&ledger->clerk);
}

size_t cm_ledger_depth(struct cm_ledger *ledger)
{
	assert(ledger->magic == LEDGER_MAGIC);
	return cm_clerk_depth(&ledger->clerk);
}

void cm_ledger_counters_get(struct cm_ledger *ledger, struct cm_ledger_counters *out)
{
	assert(ledger->magic == LEDGER_MAGIC);
	cm_clerk_counters(&ledger->clerk, out);
	out->checkpoints = cm_checkpointer_passes(&ledger->checkpointer);
}

void cm_ledger_stop(struct cm_ledger *ledger)
{
	assert(ledger->magic == LEDGER_MAGIC);
	cm_clerk_stop(&ledger->clerk);
	cm_checkpointer_stop(&ledger->checkpointer);
}

static void close_writer(struct cm_ledger *ledger)
{
	const struct cm_fatal fatal = {ledger->options.on_fatal, ledger->options.data};
	bool is_dead = ledger->clerk.is_dead || ledger->checkpointer.is_dead;
	struct cm_err err;
	enum cm_status status = cm_writer_close(&ledger->writer, is_dead, &err);

	if (status == CM_OK)
		return;
	(void)cm_err_wrap(&err, "fold the log back at the end");
	if (cm_sql_is_harmless(status))
		cm_log(CM_LOG_WARN, "ledger.checkpoint", "at=close why=%s", err.text);
	else
		cm_fatal_raise(&fatal, &err);
}

void cm_ledger_close(struct cm_ledger *ledger)
{
	if (ledger == NULL)
		return;
	cm_ledger_stop(ledger);
	cm_reader_close(ledger->reader);
	close_writer(ledger);
	cm_lock_drop(ledger->lock);
	cm_free(ledger->path);
	ledger->magic = 0;
	cm_free(ledger);
}
