#include "test_ledger_help.h"

#include <stdio.h>
#include <string.h>

/* test_ledger_bench.c: `--bench` prints what the ledger does a second on this disk. */
int bench_ledger(void);

/* ---- journal --------------------------------------------------------------------------------- */

static const size_t sizes[] = {0, 1, 31, 1024, 8192, 9000, 300000};
#define SIZES_COUNT (sizeof sizes / sizeof sizes[0])

static bool is_expected_row(const struct cm_journal_row *row, void *data)
{
	static uint8_t body[300000];
	size_t *next = data;
	size_t number = (*next)++;
	struct cm_id id = help_id(number);

	CHECK(row->seq == number + 1);
	CHECK(row->at_ms == (int64_t)number);
	CHECK(row->kind == 12);
	CHECK(cm_id_equal(&row->case_id, &id));
	CHECK(strcmp(row->sender, "ie") == 0);
	MUST(number < SIZES_COUNT);
	CHECK(row->body_len == help_body(number, sizes[number], body));
	CHECK(memcmp(row->body, body, row->body_len) == 0);
	return true;
}

static void rows_come_back(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, NULL, done);
	struct cm_ledger_head first;
	struct cm_ledger_head again;
	size_t next = 0;

	for (size_t i = 0; i < SIZES_COUNT; i++)
		help_post(ledger, help_row_job(i, sizes[i]));
	help_wait(done, SIZES_COUNT);
	for (size_t i = 0; i < SIZES_COUNT; i++)
		CHECK(done->status[i] == CM_OK && done->first_seq[i] == i + 1);
	CHECK(cm_reader_head(cm_ledger_reader(ledger), &first) == CM_OK);
	cm_ledger_close(ledger);

	ledger = help_open(path, NULL);
	CHECK(cm_reader_journal(cm_ledger_reader(ledger), 0, 0, is_expected_row, &next) == CM_OK);
	CHECK(next == SIZES_COUNT);
	CHECK(cm_reader_head(cm_ledger_reader(ledger), &again) == CM_OK);
	CHECK(first.seq == SIZES_COUNT && memcmp(&first, &again, sizeof first) == 0);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
	help_done_free(done);
}

static bool note_seq(const struct cm_journal_row *row, void *data)
{
	uint64_t *seqs = data;

	seqs[++seqs[0]] = row->seq;
	return seqs[0] < 8;
}

static void a_job_without_a_case_has_no_case(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id none = {{0}};
	uint64_t seqs[9] = {0};

	cm_job_journal(job, (struct cm_wall){-5}, UINT32_MAX, NULL, "", "a\0b", 3);
	help_post(ledger, job);
	help_wait(done, 1);
	CHECK(cm_reader_case(cm_ledger_reader(ledger), &none, 0, 0, note_seq, seqs) == CM_OK);
	CHECK(seqs[0] == 0);
	CHECK(help_rows(ledger) == 1);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void reads_are_by_case_and_by_page(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_reader *reader = cm_ledger_reader(ledger);
	struct cm_id id = help_id(1);
	uint64_t seqs[9] = {0};

	for (size_t i = 0; i < 12; i++)
		help_post(ledger, help_row_job(i % 3, 10));
	help_wait(done, 12);
	CHECK(cm_reader_case(reader, &id, 0, 0, note_seq, seqs) == CM_OK);
	CHECK(seqs[0] == 4 && seqs[1] == 2 && seqs[2] == 5 && seqs[3] == 8 && seqs[4] == 11);
	seqs[0] = 0;
	CHECK(cm_reader_case(reader, &id, 5, 1, note_seq, seqs) == CM_OK);
	CHECK(seqs[0] == 1 && seqs[1] == 8);
	seqs[0] = 0;
	CHECK(cm_reader_journal(reader, 9, 2, note_seq, seqs) == CM_OK);
	CHECK(seqs[0] == 2 && seqs[1] == 10 && seqs[2] == 11);
	seqs[0] = 0;
	CHECK(cm_reader_journal(reader, UINT64_MAX, 0, note_seq, seqs) == CM_OK);
	CHECK(seqs[0] == 0);
	/* Ended by the callback after 8 rows; the statement is free for the next read. */
	CHECK(cm_reader_journal(reader, 0, 0, note_seq, seqs) == CM_OK);
	CHECK(seqs[0] == 8);
	CHECK(help_rows(ledger) == 12);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void an_oversized_body_is_refused_before_it_is_posted(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_job *job = help_row_job(1, CM_LEDGER_MAX_BODY_BYTES + 1);

	CHECK(cm_ledger_post(ledger, job) == CM_TOO_LARGE);
	cm_job_free(job);
	help_post(ledger, help_row_job(1, CM_LEDGER_MAX_BODY_BYTES));
	cm_ledger_close(ledger);
	CHECK(done->count == 1 && done->status[0] == CM_OK);
	help_done_free(done);
}

/* ---- inbox, outbox --------------------------------------------------------------------------- */

static struct cm_job *receive_job(
    size_t number, const char *sender, size_t id, enum cm_status answer)
{
	struct cm_job *job = help_row_job(number, 64);
	struct cm_id record = help_id(id);

	cm_job_inbox_put(job, sender, &record, answer, answer == CM_OK ? "" : "no such region");
	return job;
}

static bool count_inbox(const struct cm_inbox_row *row, void *data)
{
	size_t *count = data;

	(void)row;
	(*count)++;
	return true;
}

static void a_record_received_twice_is_stored_once(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_reader *reader = cm_ledger_reader(ledger);
	struct cm_id id = help_id(500);
	enum cm_status answer = CM_INTERNAL;
	char reason[64] = "";
	size_t count = 0;

	help_post(ledger, receive_job(0, "ie", 500, CM_UNKNOWN_NAME));
	help_wait(done, 1);
	help_post(ledger, receive_job(1, "ie", 500, CM_OK));
	help_wait(done, 2);
	CHECK(
	    done->status[0] == CM_OK && done->status[1] == CM_DUPLICATE && done->first_seq[1] == 0);
	CHECK(help_rows(ledger) == 1);
	CHECK(cm_reader_answer(reader, "ie", &id, &answer, reason, sizeof reason) == CM_OK);
	CHECK(answer == CM_UNKNOWN_NAME && strcmp(reason, "no such region") == 0);

	CHECK(cm_ledger_resume(ledger) == CM_OK);
	help_post(ledger, receive_job(2, "de", 500, CM_OK)); /* another sender's record */
	help_wait(done, 3);
	CHECK(done->status[2] == CM_OK && done->first_seq[2] == 2);
	CHECK(cm_reader_answer(reader, "gb", &id, &answer, NULL, 0) == CM_NOT_FOUND);
	CHECK(cm_reader_inbox(reader, count_inbox, &count) == CM_OK && count == 2);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void nothing_passes_a_refused_job(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_job *late = help_row_job(9, 10);

	help_hold(done, true);
	help_post(ledger, receive_job(0, "ie", 7, CM_OK));
	help_wait(done, 1); /* the clerk stands still: the rest becomes one batch */
	help_post(ledger, help_row_job(1, 10));
	help_post(ledger, receive_job(2, "ie", 7, CM_OK));
	help_post(ledger, help_row_job(3, 10));
	CHECK(cm_ledger_depth(ledger) == 3);
	help_hold(done, false);
	help_wait(done, 4);
	CHECK(done->status[1] == CM_OK && done->first_seq[1] == 2);
	CHECK(done->status[2] == CM_DUPLICATE);
	CHECK(done->status[3] == CM_TRY_AGAIN);
	CHECK(cm_ledger_post(ledger, late) == CM_TRY_AGAIN);
	CHECK(help_rows(ledger) == 2);
	CHECK(cm_ledger_resume(ledger) == CM_OK);
	help_post(ledger, late);
	help_wait(done, 5);
	CHECK(done->status[4] == CM_OK && done->first_seq[4] == 3);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static bool note_outbox(const struct cm_outbox_row *row, void *data)
{
	char *text = data;
	size_t used = strlen(text);

	(void)snprintf(text + used, 200 - used, "%s%llu:%.*s ", row->peer,
	    (unsigned long long)row->number, (int)row->body_len, (const char *)row->body);
	return true;
}

static void put_outbox(struct cm_ledger *ledger, const char *peer, size_t id, const char *body)
{
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id record = help_id(id);

	cm_job_outbox_put(job, peer, &record, 11, body, strlen(body));
	help_post(ledger, job);
}

static void delete_outbox(struct cm_ledger *ledger, const char *peer, size_t id)
{
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id record = help_id(id);

	cm_job_outbox_delete(job, peer, &record);
	help_post(ledger, job);
}

static void the_outbox_keeps_its_order(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_reader *reader = cm_ledger_reader(ledger);
	struct cm_ledger_counters sum;
	char text[200] = "";

	put_outbox(ledger, "ie", 9, "a");
	put_outbox(ledger, "de", 9, "a");
	put_outbox(ledger, "ie", 3, "b");
	put_outbox(ledger, "ie", 5, "");
	delete_outbox(ledger, "de", 9);
	delete_outbox(ledger, "ie", 5);
	delete_outbox(ledger, "ie", 77); /* a receipt that comes twice */
	put_outbox(ledger, "ie", 4, "d");
	help_wait(done, 8);
	CHECK(cm_reader_outbox(reader, NULL, 0, 0, note_outbox, text) == CM_OK);
	CHECK(strcmp(text, "ie1:a ie3:b ie5:d ") == 0); /* 4 was the last, and is not used again */
	text[0] = 0;
	CHECK(cm_reader_outbox(reader, "ie", 1, 1, note_outbox, text) == CM_OK);
	CHECK(strcmp(text, "ie3:b ") == 0);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.outbox_rows == 5 && sum.outbox_deletes == 2);
	cm_ledger_close(ledger);

	ledger = help_open(help_path("x.db"), NULL);
	text[0] = 0;
	CHECK(cm_reader_outbox(cm_ledger_reader(ledger), NULL, 0, 0, note_outbox, text) == CM_OK);
	CHECK(strcmp(text, "ie1:a ie3:b ie5:d ") == 0);
	cm_ledger_close(ledger);
	help_done_free(done);
}

/* ---- the clerk ------------------------------------------------------------------------------- */

static void a_thousand_jobs_take_few_commits(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_ledger_counters sum;

	help_hold(done, true);
	help_post(ledger, help_row_job(0, 100));
	help_wait(done, 1);
	for (size_t i = 1; i < 1000; i++)
		help_post(ledger, help_row_job(i, 100));
	help_hold(done, false);
	help_wait(done, 1000);
	for (size_t i = 0; i < 1000; i++)
		CHECK(done->status[i] == CM_OK && done->tag[i] == i && done->first_seq[i] == i + 1);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.jobs == 1000 && sum.journal_rows == 1000);
	CHECK(sum.commits == 5); /* the first, then 999 in batches of at most 256 */
	CHECK(sum.batch_jobs_most == 256);
	CHECK(sum.queue_jobs == 0 && sum.queue_jobs_most == 999 && sum.queue_bytes == 0);
	CHECK(help_rows(ledger) == 1000);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void a_full_queue_says_try_again(void)
{
	const struct cm_ledger_options small = {.jobs_most = 3, .bytes_most = 2000};
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), &small, done);
	struct cm_ledger_counters sum;
	struct cm_job *job = help_row_job(9, 2000);

	help_hold(done, true);
	help_post(ledger, help_row_job(0, 10));
	help_wait(done, 1);
	help_post(ledger, help_row_job(1, 10));
	CHECK(cm_ledger_post(ledger, job) == CM_TRY_AGAIN); /* bytes */
	help_post(ledger, help_row_job(2, 10));
	help_post(ledger, help_row_job(3, 10));
	cm_job_free(job);
	job = help_row_job(9, 1);
	CHECK(cm_ledger_post(ledger, job) == CM_TRY_AGAIN); /* jobs */
	cm_job_free(job);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.queue_refused == 2 && sum.queue_jobs == 3);
	help_hold(done, false);
	help_wait(done, 4);
	help_post(ledger, help_row_job(4, 5000)); /* larger than the limit, but alone */
	help_wait(done, 5);
	CHECK(help_rows(ledger) == 5);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void stopping_stores_what_waits(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);
	struct cm_job *late = help_row_job(1, 10);

	for (size_t i = 0; i < 500; i++)
		help_post(ledger, help_row_job(i, 200));
	cm_ledger_stop(ledger);
	CHECK(done->count == 500 && done->status[499] == CM_OK);
	CHECK(cm_ledger_depth(ledger) == 0);
	CHECK(cm_ledger_post(ledger, late) == CM_STOPPED);
	CHECK(cm_ledger_resume(ledger) == CM_STOPPED);
	cm_job_free(late);
	CHECK(help_rows(ledger) == 500);
	cm_ledger_stop(ledger);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void an_empty_job_is_a_barrier(void)
{
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), NULL, done);

	help_post(ledger, cm_job_new((void *)5));
	help_wait(done, 1);
	CHECK(done->status[0] == CM_OK && done->first_seq[0] == 0 && done->tag[0] == 5);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(help_path("x.db")));
	help_done_free(done);
}

static void the_log_stays_bounded_under_constant_load(void)
{
	const struct cm_ledger_options small = {.checkpoint_pages = 20, .batch_most = 4};
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(help_path("x.db"), &small, done);
	struct cm_ledger_counters sum;
	const size_t jobs = 3000;

	for (size_t i = 0; i < jobs; i++) {
		if (i >= 64)
			help_wait(done, i - 64); /* never empty, never full */
		help_post(ledger, help_row_job(i, 2000));
	}
	help_wait(done, jobs);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.checkpoints > 3);
	/* The rows alone are 750 pages; without checkpoints each commit would add to the log. A
	 * pass beside the commits never reaches the end of it, so the clerk has folded the rest now
	 * and then. */
	CHECK(sum.wal_pages_most < 400);
	CHECK(sum.checkpoints_finished > 0);
	CHECK(help_rows(ledger) == jobs);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(help_path("x.db")));
	help_done_free(done);
}

int main(int argc, char **argv)
{
	static const struct help_test tests[] = {
	    {"appended rows come back the same and in order after reopening", rows_come_back},
	    {"a job without a case has no case", a_job_without_a_case_has_no_case},
	    {"reads are by case and by page", reads_are_by_case_and_by_page},
	    {"an oversized body is refused before it is posted",
		an_oversized_body_is_refused_before_it_is_posted},
	    {"a record received twice is stored once and keeps its first answer",
		a_record_received_twice_is_stored_once},
	    {"nothing passes a refused job until the ledger is told to resume",
		nothing_passes_a_refused_job},
	    {"the outbox keeps its order and forgets on receipt", the_outbox_keeps_its_order},
	    {"a thousand jobs take few commits and come back in order",
		a_thousand_jobs_take_few_commits},
	    {"a full queue says try again", a_full_queue_says_try_again},
	    {"stopping stores what waits", stopping_stores_what_waits},
	    {"an empty job is a barrier", an_empty_job_is_a_barrier},
	    {"the log stays bounded under constant load",
		the_log_stays_bounded_under_constant_load},
	};

	if (argc == 2 && strcmp(argv[1], "--bench") == 0)
		return bench_ledger();
	return help_run(tests, sizeof tests / sizeof tests[0]);
}
