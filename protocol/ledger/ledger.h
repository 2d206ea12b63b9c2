/*
 * The ledger: what this process knows, on disk, in order, so that nobody can change it unnoticed.
 *
 * One SQLite file. The journal holds the inputs of a pure core; replayed in order they give the
 *same state. Inbox, outbox and journal rows of one input are one job and one commit; a commit takes
 *all jobs that wait (group commit; a job waits for others only as long as it says it may). Nothing is acknowledged before `on_done` says CM_OK.
 *
 * The ledger does not know what a row means, who may write it, or what time it is. The loop thread
 * calls everything here; the clerk's thread, which alone writes, calls `on_done`, and whichever
 *thread meets a broken disk calls `on_fatal`.
 *
 *	open -> replay through cm_ledger_reader -> start -> post ... -> stop -> close
 *
 * A job that comes back with anything but CM_OK is not stored, nor is any job behind it: each job
 *is a step from the state the one before left, so a later one must not pass an earlier one. The
 *ledger then refuses everything until the caller, once its jobs are all back, has reloaded its
 *memory from the reader and calls cm_ledger_resume.
 */
#ifndef CM_LEDGER_LEDGER_H
#define CM_LEDGER_LEDGER_H

#include "protocol/ledger/job.h"
#include "protocol/ledger/reader.h"

#define CM_LEDGER_EXIT_CODE 70 /* EX_SOFTWARE: the disk broke its promise */

struct cm_ledger;

/* The disk failed: what it holds is known again only after a fresh start. Expected not to return;
 * if it does (tests), the ledger writes nothing more and every job comes back CM_IO, which says
 * nothing of whether it is on disk. */
typedef void (*cm_ledger_fatal_cb)(const struct cm_err *err, void *data);

/* A job's end, in the order of posting, on the clerk's thread: post it to a mailbox, no more. The
 *job is the callback's again and is to be freed with cm_job_free. `first_seq` is the job's first
 *journal row, 0 if it has none or was not stored. CM_OK         on disk CM_DISK_FULL  no room for
 *this one or one before it CM_NO_MEMORY  likewise CM_DUPLICATE  its inbox mark was already there
 *	CM_TRY_AGAIN  stands behind a job that was refused, or the file was locked from outside
 *	CM_IO         the disk failed, see on_fatal */
typedef void (*cm_ledger_done_cb)(
    struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data);

/* Signs commits, on the clerk's thread, between the last row and the COMMIT: `leaves_count` entries of these jobs
 * (cm_job_entry_is_leaf), in their order. It fills the place and the path of each, and in `seal` the stamp's time,
 * key and signature and the leaves, which must live until the next call; the number and the end of the chain stand
 * there already. CM_NO_MEMORY refuses the commit as a full memory would. */
struct cm_ledger_sealer {
	void *self; /* borrowed */
	enum cm_status (*seal)(void *self, struct cm_job *const *jobs, size_t jobs_count,
	    size_t leaves_count, struct cm_ledger_seal *seal);
};

/* A job has fewer entries than this; and a commit has not twice as many. */
#define CM_LEDGER_MAX_ENTRIES ((size_t)32768)

/* Zero means the default in brackets. */
struct cm_ledger_options {
	const char *path;            /* borrowed while opening */
	size_t batch_most;           /* jobs in one commit [256] */
	size_t jobs_most;            /* jobs waiting [4096] */
	size_t bytes_most;           /* bytes of bodies waiting [64 MiB] */
	size_t checkpoint_pages;     /* pages of 8 KiB in the log before it is folded back [250] */
	size_t tail_rows;            /* rows whose chain is checked at open [1000] */
	size_t pages_most;           /* pages of 8 KiB the file may grow to [no limit of ours] */
	cm_ledger_fatal_cb on_fatal; /* [log a line and _exit(CM_LEDGER_EXIT_CODE)] */
	void *data;                  /* borrowed; for on_fatal */
	struct cm_ledger_sealer sealer; /* [nothing is signed] */
};

/* X(name, unit, sentence) */
#define CM_LEDGER_COUNTER_TABLE(X)                                                                 \
	X(commits, "commits", "transactions committed")                                            \
	X(jobs, "jobs", "jobs stored")                                                             \
	X(jobs_refused, "jobs", "jobs that came back not stored")                                  \
	X(journal_rows, "rows", "rows appended to the journal")                                    \
	X(inbox_rows, "rows", "received records marked")                                           \
	X(outbox_rows, "rows", "records queued for peers")                                         \
	X(outbox_deletes, "rows", "receipts applied to the outbox")                                \
	X(commits_signed, "commits", "transactions with a signature")                              \
	X(leaves_signed, "records", "records and receipts under those signatures")                 \
	X(batch_jobs_most, "jobs", "most jobs in one commit")                                      \
	X(commit_us, "us", "time spent in commits, from BEGIN to the disk's answer")               \
	X(commit_us_most, "us", "longest commit")                                                  \
	X(queue_jobs, "jobs", "jobs waiting now")                                                  \
	X(queue_jobs_most, "jobs", "most jobs that waited")                                        \
	X(queue_bytes, "bytes", "bytes of bodies waiting now")                                     \
	X(queue_refused, "jobs", "posts refused because the queue was full")                       \
	X(wal_pages, "pages", "pages in the log after the last commit")                            \
	X(wal_pages_most, "pages", "most pages the log has had")                                   \
	X(checkpoints, "passes", "times the log was folded back beside the commits")               \
	X(checkpoints_finished, "passes", "times the clerk had to fold the rest of the log itself")

struct cm_ledger_counters {
#define X(name, unit, sentence) uint64_t name;
	CM_LEDGER_COUNTER_TABLE(X)
#undef X
};

/* Open or create the file, migrate it, check the end of its chain. Statuses, each with a sentence:
 * CM_NOT_ALLOWED another process has it open; CM_VERSION a newer program made it; CM_BAD_INPUT the
 * file is something else; CM_CORRUPT the chain is broken; CM_IO the path or the disk; CM_DISK_FULL;
 * CM_NO_MEMORY. */
enum cm_status cm_ledger_open(struct cm_ledger **out, const struct cm_ledger_options *options,
    struct cm_err *err) CM_MUST_USE;

/* The loop thread's reader. Borrowed from the ledger until close. */
struct cm_reader *cm_ledger_reader(struct cm_ledger *ledger);

/* Start the clerk. Once. */
enum cm_status cm_ledger_start(struct cm_ledger *ledger, cm_ledger_done_cb on_done, void *data,
    struct cm_err *err) CM_MUST_USE;

/* Hand over a job. On CM_OK it is the ledger's until on_done; on anything else it stays the
 * caller's: CM_TRY_AGAIN the queue is full; CM_NO_MEMORY or CM_TOO_LARGE the job is not whole;
 * CM_STOPPED; or why the ledger refuses since an earlier job failed. */
enum cm_status cm_ledger_post(struct cm_ledger *ledger, struct cm_job *job) CM_MUST_USE;

/* The same in two steps, for jobs that come in bunches: after `gather` the ledger may sleep on until
 * `wake`, which must follow before the loop sleeps. */
enum cm_status cm_ledger_gather(struct cm_ledger *ledger, struct cm_job *job) CM_MUST_USE;
void cm_ledger_wake(struct cm_ledger *ledger);

/* Serve again after a refusal; see the top. CM_TRY_AGAIN while jobs are still out. */
enum cm_status cm_ledger_resume(struct cm_ledger *ledger) CM_MUST_USE;

/* Jobs posted and not yet back. */
size_t cm_ledger_depth(struct cm_ledger *ledger);

void cm_ledger_counters_get(struct cm_ledger *ledger, struct cm_ledger_counters *out);

/* Store what waits, end the threads. Blocks until the last on_done has returned. May be repeated.
 */
void cm_ledger_stop(struct cm_ledger *ledger);

/* Stop if need be, fold the log back, free everything, readers included. NULL is allowed. */
void cm_ledger_close(struct cm_ledger *ledger);

/* Check the whole chain of the file at `path`, also while a process serves from it. CM_CORRUPT with
 * the first bad row in `*first_bad_seq` and a sentence; else the statuses of cm_reader_open. A
 * chain that was recomputed whole, head included, is consistent: only a checkpoint held by somebody
 * else can tell. */
enum cm_status cm_ledger_verify(
    const char *path, uint64_t *first_bad_seq, struct cm_err *err) CM_MUST_USE;

#endif
