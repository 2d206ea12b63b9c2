/*
 * What the ledger's tests share: a table of tests run by a plain main() (the ledger has threads,
 * which Criterion cannot hold under ThreadSanitizer), a private folder, a place that collects
 * finished jobs.
 */
#ifndef TEST_LEDGER_HELP_H
#define TEST_LEDGER_HELP_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "protocol/ledger/ledger.h"

struct help_test {
	const char *name; /* reads like a sentence */
	void (*run)(void);
};

/* Run all; each must leave no block behind. Prints "N passed, N failed"; the exit code of main().
 */
int help_run(const struct help_test *tests, size_t count);

/* Mark the running test as failed unless `is_true`, and go on. Returns `is_true`. */
bool help_check(bool is_true, const char *what, const char *file, int line);
#define CHECK(condition) help_check((condition), #condition, __FILE__, __LINE__)

/* The test cannot run here: the reason is printed, and it is counted as skipped if nothing in it fails. */
void help_skip(const char *why);

/* As CHECK, for what the rest of the program stands on: ends it. */
void help_must(bool is_true, const char *what, const char *file, int line);
#define MUST(condition) help_must((condition), #condition, __FILE__, __LINE__)

/* Make the folders below in memory where the system has a place for that: for tests that fake the
 * disk and live through thousands of files. */
void help_use_memory(void);

/* A path in this test's own empty folder, which help_run makes and removes. Four live at a time. */
const char *help_path(const char *name);

/* Finished jobs, in order. */
#define HELP_MAX_DONE 20000
struct help_done {
	pthread_mutex_t lock;
	pthread_cond_t more;
	size_t count;
	bool is_held; /* on_done waits while set: the clerk stands still and jobs gather */
	enum cm_status status[HELP_MAX_DONE];
	uint64_t first_seq[HELP_MAX_DONE];
	size_t tag[HELP_MAX_DONE]; /* the job's data, as a number */
};

struct help_done *help_done_new(void);
void help_done_free(struct help_done *done);
void help_on_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data);
void help_hold(struct help_done *done, bool is_held);
/* Wait until `count` jobs are back. */
void help_wait(struct help_done *done, size_t count);

/* Open and start with options that differ from the defaults only where `base` does. */
struct cm_ledger *help_open(const char *path, const struct cm_ledger_options *base);
struct cm_ledger *help_serve(
    const char *path, const struct cm_ledger_options *base, struct help_done *done);

/* Ids and jobs made from a number. A row job has one journal row whose body is help_body(number).
 */
struct cm_id help_id(size_t number);
size_t help_body(size_t number, size_t len, uint8_t *out); /* returns len */
struct cm_job *help_row_job(size_t number, size_t body_len);
void help_post(struct cm_ledger *ledger, struct cm_job *job);

uint64_t help_rows(struct cm_ledger *ledger);
/* Run SQL on a file behind the ledger's back. */
void help_sql(const char *path, const char *sql);
bool help_chain_is_whole(const char *path);

#endif
