/*
 * Fail call 1, 2, 3 ... until the whole life of a ledger passes without meeting the failure; once
 * transient, once lasting. Whatever fails: what was acknowledged is there afterwards, what was
 * refused is not, the chain is whole, no block is left.
 */
#include "test_ledger_fault_vfs.h"
#include "test_ledger_help.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS 8

struct life {
	enum cm_status opened;
	size_t posted;
	size_t acked;
	size_t refused; /* with certainty: not on disk */
	size_t unknown; /* CM_IO: on disk or not */
	bool was_fatal;
	bool is_row[JOBS]; /* acknowledged */
};

static void note_fatal(const struct cm_err *err, void *data)
{
	atomic_bool *was_fatal = data;

	CHECK(err->text[0] != 0);
	atomic_store(was_fatal, true);
}

/* Some rows, inbox marks and outbox rows; enough of them that the log is folded back meanwhile. */
static struct cm_job *make_job(size_t i)
{
	struct cm_job *job = cm_job_new((void *)(uintptr_t)i);
	struct cm_id id = help_id(i);
	static uint8_t body[9000];

	if (job == NULL)
		return NULL;
	cm_job_journal(job, (struct cm_wall){(int64_t)i}, 12, &id, "ie", body,
	    help_body(i, i % 3 == 2 ? sizeof body : 900, body));
	cm_job_inbox_put(job, "ie", &id, CM_OK, "");
	cm_job_outbox_put(job, "de", &id, 11, "x", 1);
	return job;
}

static void post_one(struct cm_ledger *ledger, struct help_done *done, struct life *life, size_t i)
{
	struct cm_job *job = make_job(i);
	size_t before = done->count;

	if (job == NULL || cm_ledger_post(ledger, job) != CM_OK) {
		cm_job_free(job);
		life->refused++;
		return;
	}
	life->posted++;
	help_wait(done, before + 1);
	life->is_row[i] = done->status[before] == CM_OK;
	if (done->status[before] == CM_OK)
		life->acked++;
	else if (done->status[before] == CM_IO)
		life->unknown++;
	else
		life->refused++;
	if (done->status[before] != CM_OK && done->status[before] != CM_IO)
		CHECK(cm_ledger_resume(ledger) == CM_OK);
}

static void live(const char *path, struct help_done *done, struct life *life)
{
	atomic_bool was_fatal = false;
	struct cm_ledger_options options = {
	    .path = path, .checkpoint_pages = 6, .on_fatal = note_fatal, .data = &was_fatal};
	struct cm_ledger *ledger = NULL;
	struct cm_err err = {0};

	*life = (struct life){.opened = cm_ledger_open(&ledger, &options, &err)};
	CHECK((life->opened == CM_OK) == (err.text[0] == 0));
	if (life->opened != CM_OK)
		return;
	life->opened = cm_ledger_start(ledger, help_on_done, done, &err);
	for (size_t i = 0; i < JOBS && life->opened == CM_OK; i++)
		post_one(ledger, done, life, i);
	cm_ledger_close(ledger);
	life->was_fatal = atomic_load(&was_fatal);
}

/* What was acknowledged, in order, with nothing refused in between. */
static bool is_acked_row(const struct cm_journal_row *row, void *data)
{
	static uint8_t body[9000];
	struct life *life = data;
	size_t i = (size_t)row->at_ms;

	MUST(i < JOBS);
	CHECK(life->is_row[i] || life->unknown > 0);
	if (!life->is_row[i])
		life->unknown--;
	life->is_row[i] = false;
	CHECK(row->body_len == help_body(i, row->body_len, body));
	CHECK(memcmp(row->body, body, row->body_len) == 0);
	return true;
}

static bool count_outbox(const struct cm_outbox_row *row, void *data)
{
	size_t *count = data;

	(void)row;
	(*count)++;
	return true;
}

static void look_after(const char *path, struct life *life)
{
	struct cm_ledger *ledger = help_open(path, NULL);
	struct cm_reader *reader = cm_ledger_reader(ledger);
	uint64_t rows = help_rows(ledger);
	size_t outbox = 0;

	CHECK(rows >= life->acked && rows <= life->acked + life->unknown);
	CHECK(cm_reader_journal(reader, 0, 0, is_acked_row, life) == CM_OK);
	for (size_t i = 0; i < JOBS; i++)
		CHECK(!life->is_row[i]); /* each was found */
	CHECK(
	    cm_reader_outbox(reader, NULL, 0, 0, count_outbox, &outbox) == CM_OK && outbox == rows);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
}

static void loop(enum fault_call call, int code, bool is_lasting, enum cm_status expected)
{
	size_t nth = 0;
	size_t fatal = 0;
	bool has_failed = true;

	while (has_failed) {
		char name[32];
		struct help_done *done = help_done_new();
		struct life life;
		const char *path;

		(void)snprintf(name, sizeof name, "%zu.db", ++nth);
		path = help_path(name);
		fault_vfs_arm(call, nth, code, is_lasting);
		live(path, done, &life);
		has_failed = fault_vfs_has_failed();
		fault_vfs_arm(call, 0, 0, false);
		if (!has_failed)
			CHECK(life.acked == JOBS);
		if (life.opened != CM_OK)
			CHECK(life.opened == expected);
		fatal += life.was_fatal;
		if (expected == CM_DISK_FULL)
			CHECK(!life.was_fatal && life.unknown == 0);
		if (life.unknown > 0)
			CHECK(life.was_fatal);
		look_after(path, &life);
		help_done_free(done);
		MUST(nth < 2000);
	}
	/* The loop has reached opening, commits and checkpoints, or it proves nothing. */
	CHECK(nth > 10);
	CHECK((fatal > 0) == (expected == CM_IO));
}

static void a_full_disk_once(void)
{
	loop(FAULT_WRITE, SQLITE_FULL, false, CM_DISK_FULL);
}

static void a_full_disk_for_good(void)
{
	loop(FAULT_WRITE, SQLITE_FULL, true, CM_DISK_FULL);
}

static void a_failed_write_once(void)
{
	loop(FAULT_WRITE, SQLITE_IOERR_WRITE, false, CM_IO);
}

static void a_failed_write_for_good(void)
{
	loop(FAULT_WRITE, SQLITE_IOERR_WRITE, true, CM_IO);
}

static void a_failed_sync_once(void)
{
	loop(FAULT_SYNC, SQLITE_IOERR_FSYNC, false, CM_IO);
}

static void a_failed_sync_for_good(void)
{
	loop(FAULT_SYNC, SQLITE_IOERR_FSYNC, true, CM_IO);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void our_allocations(void)
{
	bool has_failed = true;

	for (size_t nth = 1; has_failed; nth++) {
		struct help_done *done = help_done_new();
		struct life life;
		const char *path = help_path("x.db");

		cm_alloc_fail_at(nth, false);
		live(path, done, &life);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		CHECK(life.opened == CM_OK || life.opened == CM_NO_MEMORY);
		CHECK(!life.was_fatal);
		if (life.opened == CM_OK)
			CHECK(life.acked == JOBS - (has_failed ? 1 : 0));
		else
			CHECK(has_failed);
		look_after(path, &life);
		(void)remove(path);
		help_done_free(done);
		MUST(nth < 200);
	}
}

static sqlite3_mem_methods real_memory;
static atomic_size_t memory_left; /* 0: off; 1: the next request fails */
static atomic_bool memory_has_failed;

static bool memory_fails(void)
{
	size_t left = atomic_load(&memory_left);

	while (left != 0 && !atomic_compare_exchange_weak(&memory_left, &left, left - 1))
		continue;
	if (left == 1)
		atomic_store(&memory_has_failed, true);
	return left == 1;
}

static void *on_malloc(int bytes)
{
	return memory_fails() ? NULL : real_memory.xMalloc(bytes);
}

static void *on_realloc(void *block, int bytes)
{
	return memory_fails() ? NULL : real_memory.xRealloc(block, bytes);
}

static void install_memory(void)
{
	static sqlite3_mem_methods memory;

	MUST(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) == SQLITE_OK);
	memory = real_memory;
	memory.xMalloc = on_malloc;
	memory.xRealloc = on_realloc;
	MUST(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK);
	/* Otherwise most small requests never come by. */
	MUST(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
}

/* SQLite's own: thousands of requests in one life. The first hundred one by one, then every 13th.
 */
static void sqlites_allocations(void)
{
	bool has_failed = true;

	for (size_t nth = 1; has_failed; nth += nth < 100 ? 1 : 13) {
		struct help_done *done = help_done_new();
		struct life life;
		const char *path = help_path("x.db");

		atomic_store(&memory_has_failed, false);
		atomic_store(&memory_left, nth);
		live(path, done, &life);
		has_failed = atomic_load(&memory_has_failed);
		atomic_store(&memory_left, 0);
		CHECK(life.opened == CM_OK || life.opened == CM_NO_MEMORY);
		if (!has_failed)
			CHECK(life.acked == JOBS);
		if (life.unknown > 0)
			CHECK(life.was_fatal);
		look_after(path, &life);
		(void)remove(path);
		help_done_free(done);
		MUST(nth < 50000);
	}
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"the Nth write finds the disk full, once", a_full_disk_once},
	    {"from the Nth write on the disk is full", a_full_disk_for_good},
	    {"the Nth write fails", a_failed_write_once},
	    {"from the Nth on every write fails", a_failed_write_for_good},
	    {"the Nth sync fails, and nothing is written after it", a_failed_sync_once},
	    {"from the Nth on every sync fails", a_failed_sync_for_good},
	    {"our Nth allocation fails", our_allocations},
	    {"SQLite's Nth allocation fails", sqlites_allocations},
	};

	help_use_memory();
	install_memory();
	fault_vfs_install();
	return help_run(tests, sizeof tests / sizeof tests[0]);
}
