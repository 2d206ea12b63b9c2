/* Somebody changes the file behind the ledger's back: each kind of change is found, and named. */
#include "test_ledger_help.h"

#include <stdio.h>
#include <string.h>

#include "protocol/ledger/chain.h"

#define ROWS 40

/* A closed ledger of ROWS rows. */
static const char *make_ledger(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, NULL, done);

	for (size_t i = 0; i < ROWS; i++)
		help_post(ledger, help_row_job(i, 100 + 300 * i));
	cm_ledger_close(ledger);
	CHECK(done->count == ROWS);
	CHECK(help_chain_is_whole(path));
	help_done_free(done);
	return path;
}

static void expect_bad(const char *path, uint64_t seq, const char *part)
{
	struct cm_err err = {0};
	uint64_t bad = 0;

	CHECK(cm_ledger_verify(path, &bad, &err) == CM_CORRUPT);
	CHECK(bad == seq);
	CHECK(strstr(err.text, part) != NULL && strstr(err.text, path) != NULL);
	if (bad != seq || strstr(err.text, part) == NULL)
		printf("  %llu: %s\n", (unsigned long long)bad, err.text);
}

/* The program does not start on it either, when the damage is in the tail it checks. */
static void expect_no_start(const char *path, size_t tail_rows)
{
	struct cm_ledger_options options = {.path = path, .tail_rows = tail_rows};
	struct cm_ledger *ledger = NULL;
	struct cm_err err = {0};

	CHECK(cm_ledger_open(&ledger, &options, &err) == CM_CORRUPT);
	CHECK(ledger == NULL);
}

static void a_changed_byte_is_found(void)
{
	static const char *const changes[] = {
	    "UPDATE journal SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE seq = 17",
	    "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 17",
	    "UPDATE journal SET kind = 13 WHERE seq = 17",
	    "UPDATE journal SET sender = 'de' WHERE seq = 17",
	    "UPDATE journal SET case_id = NULL WHERE seq = 17",
	    "UPDATE journal SET case_id = zeroblob(16) WHERE seq = 17",
	    "UPDATE journal SET hash = zeroblob(32) WHERE seq = 17",
	    "UPDATE journal SET hash = randomblob(32) WHERE seq = 17",
	};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const char *path = make_ledger();

		help_sql(path, changes[i]);
		expect_bad(path, 17, "journal row 17 was changed");
		expect_no_start(path, ROWS - 10);
		(void)remove(path);
	}
}

static void a_row_that_cannot_be_ours_is_found(void)
{
	static const char *const changes[] = {
	    "UPDATE journal SET hash = x'00' WHERE seq = 9",
	    "UPDATE journal SET case_id = x'0011' WHERE seq = 9",
	    "UPDATE journal SET kind = -1 WHERE seq = 9",
	    "UPDATE journal SET sender = 'i' || char(0) || 'e' WHERE seq = 9",
	};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const char *path = make_ledger();

		help_sql(path, changes[i]);
		expect_bad(path, 9, "journal row 9 is not what the ledger wrote");
		(void)remove(path);
	}
}

static void a_missing_row_is_found(void)
{
	const char *path = make_ledger();

	help_sql(path, "DELETE FROM journal WHERE seq = 20");
	expect_bad(path, 20, "journal row 20 is missing");
	expect_no_start(path, 30);
	help_sql(path, "UPDATE journal SET seq = seq - 1 WHERE seq > 20");
	expect_bad(path, 20, "journal row 20 was changed");
}

static void the_first_row_missing_is_found(void)
{
	const char *path = make_ledger();

	help_sql(path, "DELETE FROM journal WHERE seq = 1");
	expect_bad(path, 1, "journal row 1 is missing");
}

static void swapped_rows_are_found(void)
{
	const char *path = make_ledger();

	help_sql(path, "UPDATE journal SET seq = 999 WHERE seq = 11;"
		       "UPDATE journal SET seq = 11 WHERE seq = 12;"
		       "UPDATE journal SET seq = 12 WHERE seq = 999");
	expect_bad(path, 11, "journal row 11 was changed");
}

static void a_cut_tail_is_found(void)
{
	const char *path = make_ledger();

	help_sql(path, "DELETE FROM journal WHERE seq > 33");
	expect_bad(path, 34, "the journal was cut short");
	expect_no_start(path, 5);
	expect_no_start(path, 1000);
	help_sql(path, "DELETE FROM journal");
	expect_bad(path, 1, "the journal was cut short");
}

static void a_lost_head_is_found(void)
{
	const char *path = make_ledger();

	help_sql(path, "DELETE FROM meta");
	expect_bad(path, 0, "the head of the journal is missing");
	expect_no_start(path, 5);
}

static void a_row_behind_the_head_is_found(void)
{
	const char *path = make_ledger();

	help_sql(
	    path, "UPDATE meta SET value = CAST(x'0000000000000026' || substr(value, 9) AS BLOB)");
	expect_bad(path, 39, "lies behind the recorded end");
}

struct rewrite {
	sqlite3 *db;
	uint8_t hash[CM_LEDGER_HASH_BYTES];
};

/* Chain the rows from `seq` on anew, as somebody would who knows how it is done. */
static bool rewrite_row(const struct cm_journal_row *row, void *data)
{
	struct rewrite *rewrite = data;
	sqlite3_stmt *stmt = NULL;

	cm_chain_hash(rewrite->hash, row, rewrite->hash);
	MUST(sqlite3_prepare_v2(rewrite->db, "UPDATE journal SET hash = ? WHERE seq = ?", -1, &stmt,
		 NULL) == SQLITE_OK);
	MUST(sqlite3_bind_blob(stmt, 1, rewrite->hash, sizeof rewrite->hash, SQLITE_STATIC) ==
	     SQLITE_OK);
	MUST(sqlite3_bind_int64(stmt, 2, (int64_t)row->seq) == SQLITE_OK);
	MUST(sqlite3_step(stmt) == SQLITE_DONE);
	(void)sqlite3_finalize(stmt);
	return true;
}

static void a_tail_written_anew_is_found(void)
{
	const char *path = make_ledger();
	struct rewrite rewrite = {0};
	struct cm_reader *reader = NULL;

	help_sql(path, "UPDATE journal SET sender = 'nobody' WHERE seq = 25");
	MUST(sqlite3_open(path, &rewrite.db) == SQLITE_OK);
	MUST(cm_reader_open(&reader, path, NULL) == CM_OK);
	CHECK(cm_reader_journal(reader, 0, 0, rewrite_row, &rewrite) == CM_OK);
	cm_reader_close(reader);
	(void)sqlite3_close(rewrite.db);
	expect_bad(path, ROWS, "the rows before it were written anew");
	expect_no_start(path, 5);
}

static void the_tail_check_reads_only_the_tail(void)
{
	const char *path = make_ledger();
	const struct cm_ledger_options few = {.tail_rows = 10};

	help_sql(path, "UPDATE journal SET sender = 'nobody' WHERE seq = 3");
	cm_ledger_close(help_open(path, &few));
	expect_no_start(path, 1000);
	expect_bad(path, 3, "journal row 3 was changed");
}

static void an_empty_ledger_is_whole(void)
{
	const char *path = help_path("x.db");

	cm_ledger_close(help_open(path, NULL));
	CHECK(help_chain_is_whole(path));
}

static void a_serving_ledger_is_verified_beside_it(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, NULL, done);

	for (size_t i = 0; i < 300; i++) {
		help_post(ledger, help_row_job(i, 500));
		if (i % 30 == 0)
			CHECK(help_chain_is_whole(path));
	}
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
	help_done_free(done);
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"a changed byte is found wherever it is", a_changed_byte_is_found},
	    {"a row that cannot be ours is found", a_row_that_cannot_be_ours_is_found},
	    {"a missing row is found, also with the rest moved up", a_missing_row_is_found},
	    {"a missing first row is found", the_first_row_missing_is_found},
	    {"swapped rows are found", swapped_rows_are_found},
	    {"a cut tail is found", a_cut_tail_is_found},
	    {"a lost head is found", a_lost_head_is_found},
	    {"a row behind the head is found", a_row_behind_the_head_is_found},
	    {"a tail chained anew under the old head is found", a_tail_written_anew_is_found},
	    {"the check at start reads only the tail", the_tail_check_reads_only_the_tail},
	    {"an empty ledger is whole", an_empty_ledger_is_whole},
	    {"a serving ledger can be verified beside it", a_serving_ledger_is_verified_beside_it},
	};

	return help_run(tests, sizeof tests / sizeof tests[0]);
}
