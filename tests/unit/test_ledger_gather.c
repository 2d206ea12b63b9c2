/*
 * What makes commits fewer and smaller: jobs that gather, jobs with patience, bodies kept once.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "protocol/base/alloc.h"
#include "test_ledger_help.h"

#define LONG_MS 600000 /* no test waits so long */

/* ---- gathering ------------------------------------------------------------------------------- */

static void sleep_ms(long ms)
{
	struct timespec ts = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&ts, NULL);
}

static size_t count_of(struct help_done *done)
{
	size_t count;

	(void)pthread_mutex_lock(&done->lock);
	count = done->count;
	(void)pthread_mutex_unlock(&done->lock);
	return count;
}

/* True if the ledger slept on while twenty jobs gathered, and stored them together when woken. One that
 * was not asleep yet takes what it finds, and is asked again. */
static bool try_to_gather(struct cm_ledger *ledger, struct help_done *done)
{
	size_t before = count_of(done);
	struct cm_ledger_counters was;
	struct cm_ledger_counters is;
	bool has_slept;

	sleep_ms(10);
	cm_ledger_counters_get(ledger, &was);
	for (size_t i = 0; i < 20; i++)
		MUST(cm_ledger_gather(ledger, help_row_job(before + i, 100)) == CM_OK);
	sleep_ms(30);
	has_slept = count_of(done) == before;
	cm_ledger_wake(ledger);
	help_wait(done, before + 20);
	cm_ledger_counters_get(ledger, &is);
	return has_slept && is.commits == was.commits + 1;
}

static void gathered_jobs_are_one_commit(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	bool has_gathered = false;

	for (int i = 0; i < 100 && !has_gathered; i++)
		has_gathered = try_to_gather(ledger, done);
	CHECK(has_gathered);
	cm_ledger_wake(ledger); /* nothing waits */
	cm_ledger_close(ledger);
	help_done_free(done);
}

static struct cm_job *patient_job(size_t number, unsigned patience_ms)
{
	struct cm_job *job = help_row_job(number, 100);

	job->patience_ms = patience_ms;
	return job;
}

static void a_patient_job_goes_with_the_next_that_is_not(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_ledger_counters sum;

	for (size_t i = 0; i < 5; i++)
		help_post(ledger, patient_job(i, LONG_MS));
	sleep_ms(30);
	CHECK(count_of(done) == 0);
	help_post(ledger, help_row_job(5, 100));
	help_wait(done, 6);
	for (size_t i = 0; i < 6; i++)
		CHECK(done->tag[i] == i && done->first_seq[i] == i + 1);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.commits == 1);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void patience_ends(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_ledger_counters sum;

	help_post(ledger, patient_job(0, LONG_MS));
	help_post(ledger, patient_job(1, 20)); /* the least patient takes the other along */
	help_wait(done, 2);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.commits == 1);
	help_post(ledger, patient_job(2, LONG_MS)); /* nothing is left of the first term */
	sleep_ms(60);
	CHECK(count_of(done) == 2);
	cm_ledger_stop(ledger);
	CHECK(count_of(done) == 3); /* stopping waits for nobody */
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void many_patient_jobs_go_at_once(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_job *job = help_row_job(64, 600000);

	for (size_t i = 0; i < 64; i++)
		MUST(cm_ledger_gather(ledger, patient_job(i, LONG_MS)) == CM_OK);
	cm_ledger_wake(ledger);
	help_wait(done, 64);
	job->patience_ms = LONG_MS;
	help_post(ledger, job); /* much is as good as many */
	help_wait(done, 65);
	cm_ledger_close(ledger);
	help_done_free(done);
}

/* ---- bodies kept once ------------------------------------------------------------------------ */

#define BODY 3000

static bool is_the_body(const struct cm_outbox_row *row, void *data)
{
	size_t *count = data;
	uint8_t body[BODY];

	(*count)++;
	CHECK(row->body_len == help_body(row->number <= 2 ? 1 : 2, BODY, body));
	CHECK(row->body_len == BODY && memcmp(row->body, body, BODY) == 0);
	return true;
}

/* One journal row, two records with its body and one with another. */
static struct cm_job *job_with_records(void)
{
	struct cm_job *job = cm_job_new(NULL);
	uint8_t body[BODY];
	struct cm_id id = help_id(1);

	(void)help_body(1, BODY, body);
	cm_job_journal(job, (struct cm_wall){1}, 12, &id, "us", body, BODY);
	cm_job_journal(job, (struct cm_wall){1}, 12, &id, "us", "small", 5);
	cm_job_outbox_put(job, "ie", &id, 12, body, BODY);
	cm_job_outbox_put(job, "de", &id, 12, body, BODY);
	(void)help_body(2, BODY, body); /* the caller's memory is the caller's again */
	cm_job_outbox_put(job, "fr", &id, 12, body, BODY);
	CHECK(job->bytes < 3 * BODY && job->bytes >= 2 * BODY);
	return job;
}

static uint64_t number_in(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	uint64_t number;

	MUST(sqlite3_open(path, &db) == SQLITE_OK);
	MUST(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK);
	MUST(sqlite3_step(stmt) == SQLITE_ROW);
	number = (uint64_t)sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return number;
}

static void a_body_in_the_journal_is_not_written_twice(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, NULL, done);
	size_t count = 0;

	help_post(ledger, help_row_job(0, 700)); /* so that rows and records have different numbers */
	help_post(ledger, job_with_records());
	help_wait(done, 2);
	CHECK(cm_reader_outbox(cm_ledger_reader(ledger), NULL, 0, 0, is_the_body, &count) == CM_OK);
	CHECK(count == 3);
	cm_ledger_close(ledger);
	CHECK(number_in(path, "SELECT sum(length(body)) FROM outbox") == BODY);
	CHECK(number_in(path, "SELECT journal_seq FROM outbox WHERE peer = 'de'") == 2);

	ledger = help_open(path, NULL);
	count = 0;
	CHECK(cm_reader_outbox(cm_ledger_reader(ledger), "ie", 0, 0, is_the_body, &count) == CM_OK);
	CHECK(count == 1);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void a_record_whose_body_is_nowhere_is_damage(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, NULL, done);
	size_t count = 0;

	help_post(ledger, job_with_records());
	help_wait(done, 1);
	cm_ledger_close(ledger);
	help_sql(path, "UPDATE outbox SET journal_seq = 77 WHERE peer = 'ie'");
	ledger = help_open(path, NULL);
	CHECK(cm_reader_outbox(cm_ledger_reader(ledger), NULL, 0, 0, is_the_body, &count) ==
	      CM_CORRUPT);
	CHECK(count == 0);
	cm_ledger_close(ledger);
	help_done_free(done);
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"gathered jobs are one commit", gathered_jobs_are_one_commit},
	    {"a patient job goes with the next that is not",
		a_patient_job_goes_with_the_next_that_is_not},
	    {"patience ends", patience_ends},
	    {"many patient jobs go at once", many_patient_jobs_go_at_once},
	    {"a body in the journal is not written twice",
		a_body_in_the_journal_is_not_written_twice},
	    {"a record whose body is nowhere is damage", a_record_whose_body_is_nowhere_is_damage},
	};

	return help_run(tests, sizeof tests / sizeof tests[0]);
}
