/*
 * The clerk: the queue of posted jobs and the thread that stores them. It owns the writer from
 * start to stop. What a job holds and how it becomes rows is the writer's. Private to
 * protocol/ledger.
 */
#ifndef CM_LEDGER_CLERK_H
#define CM_LEDGER_CLERK_H

#include <pthread.h>

#include "protocol/ledger/checkpoint.h"
#include "protocol/ledger/writer.h"

struct cm_clerk {
	struct cm_writer *writer; /* borrowed from the ledger; the clerk thread's while it runs */
	struct cm_checkpointer *checkpointer; /* borrowed from the ledger */
	struct cm_fatal fatal;
	size_t batch_most;
	size_t jobs_most;
	size_t bytes_most;
	cm_ledger_done_cb on_done;
	void *data; /* borrowed; for on_done */
	pthread_t thread;
	bool is_running; /* the loop thread's */

	struct cm_job **batch; /* owned; the clerk thread's, as the next three */
	uint64_t wal_pages;
	uint64_t rests; /* times it folded the rest of the log */
	bool is_dead;   /* read by others only after the join */

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	struct cm_list queue;
	int64_t due_ms;         /* when the least patient job of the queue must go */
	size_t out;             /* posted and not yet back */
	enum cm_status refusal; /* why every job is refused, or CM_OK */
	bool is_stopping;
	struct cm_ledger_counters counters;
};

/* `clerk` comes filled up to `data`. */
enum cm_status cm_clerk_start(struct cm_clerk *clerk, struct cm_err *err) CM_MUST_USE;
void cm_clerk_stop(struct cm_clerk *clerk);

enum cm_status cm_clerk_gather(struct cm_clerk *clerk, struct cm_job *job) CM_MUST_USE;
void cm_clerk_wake(struct cm_clerk *clerk);
enum cm_status cm_clerk_post(struct cm_clerk *clerk, struct cm_job *job) CM_MUST_USE;
enum cm_status cm_clerk_resume(struct cm_clerk *clerk) CM_MUST_USE;
size_t cm_clerk_depth(struct cm_clerk *clerk);
void cm_clerk_counters(struct cm_clerk *clerk, struct cm_ledger_counters *out);

#endif
