#include "test_ledger_help.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_failed;
static bool is_skipped;
static const char *parent = "/tmp";
static char folder[64];

bool help_check(bool is_true, const char *what, const char *file, int line)
{
	if (!is_true) {
		printf("  %s:%d: not true: %s\n", file, line, what);
		is_failed = true;
	}
	return is_true;
}

void help_skip(const char *why)
{
	printf("  left out: %s\n", why);
	is_skipped = true;
}

void help_must(bool is_true, const char *what, const char *file, int line)
{
	if (help_check(is_true, what, file, line))
		return;
	(void)fflush(stdout);
	_exit(1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static bool run_one(const struct help_test *test)
{
	is_failed = false;
	(void)snprintf(folder, sizeof folder, "%s/comity-ledger-XXXXXX", parent);
	MUST(mkdtemp(folder) != NULL);
	test->run();
	CHECK(cm_alloc_live() == 0);
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("%s %s\n", is_failed ? "FAIL" : "ok  ", test->name);
	(void)fflush(stdout);
	return !is_failed;
}

int help_run(const struct help_test *tests, size_t count)
{
	size_t passed = 0;
	size_t skipped = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_good;

		is_skipped = false;
		is_good = run_one(&tests[i]);
		skipped += is_good && is_skipped;
		passed += is_good && !is_skipped;
	}
	printf("%zu passed, %zu failed", passed, count - passed - skipped);
	if (skipped > 0)
		printf(", %zu skipped", skipped);
	printf("\n");
	return passed + skipped == count ? 0 : 1;
}

void help_use_memory(void)
{
	if (access("/dev/shm", W_OK | X_OK) == 0)
		parent = "/dev/shm";
}

const char *help_path(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

struct help_done *help_done_new(void)
{
	struct help_done *done = cm_alloc(1, sizeof *done);

	MUST(done != NULL);
	(void)pthread_mutex_init(&done->lock, NULL);
	(void)pthread_cond_init(&done->more, NULL);
	return done;
}

void help_done_free(struct help_done *done)
{
	(void)pthread_cond_destroy(&done->more);
	(void)pthread_mutex_destroy(&done->lock);
	cm_free(done);
}

void help_on_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	struct help_done *done = data;

	(void)pthread_mutex_lock(&done->lock);
	MUST(done->count < HELP_MAX_DONE);
	done->status[done->count] = status;
	done->first_seq[done->count] = first_seq;
	done->tag[done->count] = (size_t)(uintptr_t)job->data;
	done->count++;
	(void)pthread_cond_broadcast(&done->more);
	while (done->is_held)
		(void)pthread_cond_wait(&done->more, &done->lock);
	(void)pthread_mutex_unlock(&done->lock);
	cm_job_free(job);
}

void help_hold(struct help_done *done, bool is_held)
{
	(void)pthread_mutex_lock(&done->lock);
	done->is_held = is_held;
	(void)pthread_cond_broadcast(&done->more);
	(void)pthread_mutex_unlock(&done->lock);
}

void help_wait(struct help_done *done, size_t count)
{
	(void)pthread_mutex_lock(&done->lock);
	while (done->count < count)
		(void)pthread_cond_wait(&done->more, &done->lock);
	(void)pthread_mutex_unlock(&done->lock);
}

struct cm_ledger *help_open(const char *path, const struct cm_ledger_options *base)
{
	struct cm_ledger_options options = base != NULL ? *base : (struct cm_ledger_options){0};
	struct cm_ledger *ledger = NULL;
	struct cm_err err = {0};

	options.path = path;
	if (cm_ledger_open(&ledger, &options, &err) != CM_OK)
		printf("  %s\n", err.text);
	MUST(ledger != NULL);
	return ledger;
}

struct cm_ledger *help_serve(
    const char *path, const struct cm_ledger_options *base, struct help_done *done)
{
	struct cm_ledger *ledger = help_open(path, base);
	struct cm_err err = {0};

	MUST(cm_ledger_start(ledger, help_on_done, done, &err) == CM_OK);
	return ledger;
}

struct cm_id help_id(size_t number)
{
	uint8_t random[10] = {0};

	for (int i = 0; i < 8; i++)
		random[9 - i] = (uint8_t)(number >> 8 * i);
	return cm_id_make((struct cm_wall){1790000000000 + (int64_t)number}, random);
}

size_t help_body(size_t number, size_t len, uint8_t *out)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8));
	return len;
}

struct cm_job *help_row_job(size_t number, size_t body_len)
{
	struct cm_job *job = cm_job_new((void *)(uintptr_t)number);
	struct cm_id id = help_id(number);
	uint8_t *body = malloc(body_len + 1);

	MUST(job != NULL && body != NULL);
	cm_job_journal(job, (struct cm_wall){(int64_t)number}, 12, &id, "ie", body,
	    help_body(number, body_len, body));
	free(body);
	return job;
}

void help_post(struct cm_ledger *ledger, struct cm_job *job)
{
	MUST(cm_ledger_post(ledger, job) == CM_OK);
}

static bool count_row(const struct cm_journal_row *row, void *data)
{
	uint64_t *count = data;

	(void)row;
	(*count)++;
	return true;
}

uint64_t help_rows(struct cm_ledger *ledger)
{
	uint64_t count = 0;

	CHECK(cm_reader_journal(cm_ledger_reader(ledger), 0, 0, count_row, &count) == CM_OK);
	return count;
}

void help_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	MUST(sqlite3_open(path, &db) == SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		printf("  %s: %s\n", sql, why);
	MUST(why == NULL);
	(void)sqlite3_close(db);
}

bool help_chain_is_whole(const char *path)
{
	struct cm_err err = {0};
	uint64_t bad = 0;
	enum cm_status status = cm_ledger_verify(path, &bad, &err);

	if (status != CM_OK)
		printf("  %s\n", err.text);
	return status == CM_OK && bad == 0;
}
