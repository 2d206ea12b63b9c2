/*
 * The happy path. The loop thread posts jobs; the clerk takes all that wait, up to a number and a
 * size, stores them in one transaction and calls on_done for each in order. While the disk works on
 * one batch the next one gathers, so a slow disk makes larger batches and not a longer line.
 *
 * A commit costs the same pages whether one job is in it or thirty: the ends of the tables and of their
 * indexes, and a sync. So jobs are let gather where nobody loses by it. Those of one turn of the loop are
 * only queued, and the clerk is woken when the turn ends. A job with patience is one that nobody waits for
 * (the answer of one node of three): it goes with the next that somebody does wait for, or when its time
 * is over, or when there are MANY. Order stays: patience never lets a job pass another.
 *
 * What can go wrong.
 *
 * No room. The batch is undone and tried again job by job, in order, so that small jobs in front of
 * a large one still get in. The first that does not fit comes back CM_DISK_FULL, and so does
 * everything behind it, even what would fit: each job was made from the state that the jobs before
 * it led to, and a journal with a hole would replay into a state that never was. From then on all
 * jobs are refused until the loop thread has thrown its memory away, read it back from the disk and
 * called resume. Running out of memory before COMMIT, a file locked from outside, and an inbox mark
 * that is already there go the same way.
 *
 * The disk fails: a sync, a read, a write for any other reason. The kernel may have dropped the
 * pages and call the next sync a success, so nothing is retried: on_fatal, which ends the process.
 * The next start reads what is really there. The jobs of the batch were never acknowledged,
 * whatever became of them.
 *
 * The queue is full. Posting says CM_TRY_AGAIN, the caller keeps its job and tells its own caller.
 */
#include "protocol/ledger/clerk.h"

#include <time.h>

/* Enough for the sync to be a small part of the commit; above it memory and the log only grow. */
#define BATCH_MAX_BYTES ((size_t)8 * 1024 * 1024)

/* So much is a good batch: nothing is gained by waiting for more. */
#define MANY_JOBS 64
#define MANY_BYTES ((size_t)512 * 1024)

#define NEVER_MS INT64_MAX

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What the jobs behind a refused one are told, and those posted later. */
static enum cm_status behind(enum cm_status refusal)
{
	return refusal == CM_DUPLICATE ? CM_TRY_AGAIN : refusal;
}

static int on_commit(void *data, sqlite3 *db, const char *name, int pages)
{
	struct cm_clerk *clerk = data;

	(void)db;
	(void)name;
	clerk->wal_pages = (uint64_t)pages;
	return SQLITE_OK;
}

static void refuse_from_now(struct cm_clerk *clerk, enum cm_status refusal)
{
	(void)pthread_mutex_lock(&clerk->lock);
	clerk->refusal = refusal;
	(void)pthread_mutex_unlock(&clerk->lock);
}

static void die(struct cm_clerk *clerk, struct cm_err *err)
{
	clerk->is_dead = true;
	(void)cm_err_wrap(err, "write to the ledger");
	cm_fatal_raise(&clerk->fatal, err);
}

/* Nobody writes now, so a passive pass gets to the end of the log, and the next commit starts it
 * anew. What it cannot do for lack of room or locks is left to the next pass. */
static void fold_rest(struct cm_clerk *clerk)
{
	sqlite3 *db = clerk->writer->db;
	int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	enum cm_status status = cm_sql_status(code);
	struct cm_err err;

	clerk->rests++;
	cm_checkpointer_rest_done(clerk->checkpointer);
	if (status == CM_OK || cm_sql_is_harmless(status))
		return;
	(void)cm_sql_err(&err, db, code);
	die(clerk, &err);
}

/* One transaction, with its numbers noted. Same results as cm_writer_apply. */
static enum cm_status commit(struct cm_clerk *clerk, struct cm_job *const *jobs, size_t count,
    size_t *stored, struct cm_err *err)
{
	struct cm_ledger_counters *sum = &clerk->counters;
	const struct cm_writer_tally *tally = &clerk->writer->tally;
	uint64_t started = now_us();
	enum cm_status status = cm_writer_apply(clerk->writer, jobs, count, stored, err);
	uint64_t took = now_us() - started;

	if (*stored == 0)
		return status;
	(void)pthread_mutex_lock(&clerk->lock);
	sum->commits++;
	sum->jobs += *stored;
	sum->journal_rows += tally->journal;
	sum->inbox_rows += tally->inbox;
	sum->outbox_rows += tally->outbox;
	sum->outbox_deletes += tally->deletes;
	sum->commits_signed += tally->leaves > 0;
	sum->leaves_signed += tally->leaves;
	sum->batch_jobs_most = larger(sum->batch_jobs_most, *stored);
	sum->commit_us += took;
	sum->commit_us_most = larger(sum->commit_us_most, took);
	sum->wal_pages = clerk->wal_pages;
	sum->wal_pages_most = larger(sum->wal_pages_most, clerk->wal_pages);
	sum->checkpoints_finished = clerk->rests;
	(void)pthread_mutex_unlock(&clerk->lock);
	cm_checkpointer_note(clerk->checkpointer, clerk->wal_pages);
	return status;
}

/* Store what can be stored of the batch: returns how many, and in `*why` what became of the next.
 */
static size_t store(struct cm_clerk *clerk, size_t count, enum cm_status *why)
{
	struct cm_err err;
	size_t stored = 0;
	size_t one = 1;

	*why = commit(clerk, clerk->batch, count, &stored, &err);
	if ((*why == CM_DISK_FULL || *why == CM_NO_MEMORY) && count > 1) {
		do {
			*why = commit(clerk, clerk->batch + stored, 1, &one, &err);
			stored += one;
		} while (*why == CM_OK && stored < count);
	}
	if (*why != CM_OK && *why != CM_DUPLICATE && !cm_sql_is_harmless(*why)) {
		die(clerk, &err);
		*why = CM_IO;
	}
	return stored;
}

static void give_back(struct cm_clerk *clerk, struct cm_job *job, enum cm_status status)
{
	uint64_t seq = status == CM_OK ? job->first_seq : 0;

	job->status = status;
	job->first_seq = seq;
	(void)pthread_mutex_lock(&clerk->lock);
	clerk->out--;
	if (status != CM_OK)
		clerk->counters.jobs_refused++;
	(void)pthread_mutex_unlock(&clerk->lock);
	clerk->on_done(job, status, seq, clerk->data);
}

static void serve(struct cm_clerk *clerk, size_t count, enum cm_status refusal)
{
	enum cm_status why = refusal;
	size_t stored = 0;

	if (refusal == CM_OK && !clerk->is_dead && cm_checkpointer_wants_rest(clerk->checkpointer))
		fold_rest(clerk);
	if (clerk->is_dead || cm_checkpointer_is_dead(clerk->checkpointer)) {
		clerk->is_dead = true;
		why = CM_IO;
	} else if (refusal == CM_OK) {
		stored = store(clerk, count, &why);
	}
	if (why != CM_OK)
		refuse_from_now(clerk, behind(why));
	for (size_t i = 0; i < stored; i++)
		give_back(clerk, clerk->batch[i], CM_OK);
	for (size_t i = stored; i < count; i++)
		give_back(clerk, clerk->batch[i], i == stored ? why : behind(why));
}

/* Take what waits, up to the limits of one commit. With the lock held. */
static size_t take_batch(struct cm_clerk *clerk)
{
	size_t count = 0;
	size_t bytes = 0;
	size_t entries = 0; /* each may be a leaf of the commit's tree, which has an end */

	while (count < clerk->batch_most && bytes < BATCH_MAX_BYTES &&
	       entries < CM_LEDGER_MAX_ENTRIES) {
		struct cm_link_node *node = cm_list_take(&clerk->queue);

		if (node == NULL)
			break;
		clerk->batch[count] = CM_CONTAINER(node, struct cm_job, link);
		bytes += clerk->batch[count]->bytes;
		entries += clerk->batch[count]->entries_count;
		count++;
	}
	clerk->counters.queue_jobs -= count;
	clerk->counters.queue_bytes -= bytes;
	clerk->due_ms = cm_list_is_empty(&clerk->queue) ? NEVER_MS : 0;
	return count;
}

/* Sleep until there is a batch to store, or the end. With the lock held. */
static void await_batch(struct cm_clerk *clerk)
{
	while (!clerk->is_stopping) {
		bool is_many = clerk->counters.queue_jobs >= MANY_JOBS ||
			       clerk->counters.queue_bytes >= MANY_BYTES;
		struct timespec until = {.tv_sec = clerk->due_ms / 1000,
		    .tv_nsec = clerk->due_ms % 1000 * 1000000};

		if (cm_list_is_empty(&clerk->queue))
			(void)pthread_cond_wait(&clerk->wake, &clerk->lock);
		else if (!is_many && clerk->due_ms > (int64_t)(now_us() / 1000))
			(void)pthread_cond_timedwait(&clerk->wake, &clerk->lock, &until);
		else
			return;
	}
}

static void *run(void *data)
{
	struct cm_clerk *clerk = data;

	(void)pthread_mutex_lock(&clerk->lock);
	for (;;) {
		enum cm_status refusal;
		size_t count;

		await_batch(clerk);
		count = take_batch(clerk);
		if (count == 0)
			break;
		refusal = clerk->refusal;
		(void)pthread_mutex_unlock(&clerk->lock);
		serve(clerk, count, refusal);
		(void)pthread_mutex_lock(&clerk->lock);
	}
	(void)pthread_mutex_unlock(&clerk->lock);
	return NULL;
}

/* ---- the loop thread's side ------------------------------------------------------------------ */

enum cm_status cm_clerk_start(struct cm_clerk *clerk, struct cm_err *err)
{
	pthread_condattr_t steady;

	clerk->batch = cm_alloc(clerk->batch_most, sizeof *clerk->batch);
	if (clerk->batch == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the clerk");
	cm_list_init(&clerk->queue);
	(void)pthread_mutex_init(&clerk->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&clerk->wake, &steady);
	(void)pthread_condattr_destroy(&steady);
	clerk->due_ms = NEVER_MS;
	(void)sqlite3_wal_hook(clerk->writer->db, on_commit, clerk);
	if (pthread_create(&clerk->thread, NULL, run, clerk) != 0) {
		(void)pthread_cond_destroy(&clerk->wake);
		(void)pthread_mutex_destroy(&clerk->lock);
		cm_free(clerk->batch);
		clerk->batch = NULL;
		return cm_err_set(err, CM_NO_MEMORY, "no thread for the clerk");
	}
	clerk->is_running = true;
	return CM_OK;
}

void cm_clerk_stop(struct cm_clerk *clerk)
{
	if (!clerk->is_running)
		return;
	(void)pthread_mutex_lock(&clerk->lock);
	clerk->is_stopping = true;
	(void)pthread_cond_signal(&clerk->wake);
	(void)pthread_mutex_unlock(&clerk->lock);
	(void)pthread_join(clerk->thread, NULL);
	clerk->is_running = false;
	(void)pthread_cond_destroy(&clerk->wake);
	(void)pthread_mutex_destroy(&clerk->lock);
	cm_free(clerk->batch);
	clerk->batch = NULL;
}

static enum cm_status may_post(struct cm_clerk *clerk, const struct cm_job *job)
{
	const struct cm_ledger_counters *now = &clerk->counters;

	if (clerk->refusal != CM_OK)
		return clerk->refusal;
	/* A job larger than the whole limit still gets in alone. */
	if (now->queue_jobs >= clerk->jobs_most ||
	    (now->queue_jobs > 0 && now->queue_bytes + job->bytes > clerk->bytes_most)) {
		clerk->counters.queue_refused++;
		return CM_TRY_AGAIN;
	}
	return CM_OK;
}

enum cm_status cm_clerk_gather(struct cm_clerk *clerk, struct cm_job *job)
{
	struct cm_ledger_counters *sum = &clerk->counters;
	enum cm_status status;

	if (!clerk->is_running)
		return CM_STOPPED;
	if (job->trouble != CM_OK)
		return job->trouble;
	(void)pthread_mutex_lock(&clerk->lock);
	status = may_post(clerk, job);
	if (status == CM_OK) {
		job->due_ms = (int64_t)(now_us() / 1000) + job->patience_ms;
		if (job->due_ms < clerk->due_ms)
			clerk->due_ms = job->due_ms;
		cm_list_append(&clerk->queue, &job->link);
		clerk->out++;
		sum->queue_jobs++;
		sum->queue_bytes += job->bytes;
		sum->queue_jobs_most = larger(sum->queue_jobs_most, sum->queue_jobs);
	}
	(void)pthread_mutex_unlock(&clerk->lock);
	return status;
}

void cm_clerk_wake(struct cm_clerk *clerk)
{
	if (!clerk->is_running)
		return;
	(void)pthread_mutex_lock(&clerk->lock);
	if (!cm_list_is_empty(&clerk->queue))
		(void)pthread_cond_signal(&clerk->wake);
	(void)pthread_mutex_unlock(&clerk->lock);
}

enum cm_status cm_clerk_post(struct cm_clerk *clerk, struct cm_job *job)
{
	enum cm_status status = cm_clerk_gather(clerk, job);

	cm_clerk_wake(clerk);
	return status;
}

enum cm_status cm_clerk_resume(struct cm_clerk *clerk)
{
	enum cm_status status = CM_OK;

	if (!clerk->is_running)
		return CM_STOPPED;
	(void)pthread_mutex_lock(&clerk->lock);
	if (clerk->refusal == CM_IO)
		status = CM_IO;
	else if (clerk->out != 0)
		status = CM_TRY_AGAIN;
	else
		clerk->refusal = CM_OK;
	(void)pthread_mutex_unlock(&clerk->lock);
	return status;
}

size_t cm_clerk_depth(struct cm_clerk *clerk)
{
	size_t out;

	if (!clerk->is_running)
		return 0;
	(void)pthread_mutex_lock(&clerk->lock);
	out = clerk->out;
	(void)pthread_mutex_unlock(&clerk->lock);
	return out;
}

void cm_clerk_counters(struct cm_clerk *clerk, struct cm_ledger_counters *out)
{
	if (!clerk->is_running) {
		*out = clerk->counters;
		return;
	}
	(void)pthread_mutex_lock(&clerk->lock);
	*out = clerk->counters;
	(void)pthread_mutex_unlock(&clerk->lock);
}
