/* The file: who may open it, which files are refused, what an older one becomes. */
#include "test_ledger_help.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/ledger/sql.h"

static void expect_refusal(const char *path, enum cm_status status, const char *part)
{
	struct cm_ledger_options options = {.path = path};
	struct cm_ledger *ledger = NULL;
	struct cm_err err = {0};

	CHECK(cm_ledger_open(&ledger, &options, &err) == status);
	CHECK(ledger == NULL);
	CHECK(strstr(err.text, part) != NULL);
	CHECK(strstr(err.text, path) != NULL);
	if (strstr(err.text, part) == NULL)
		printf("  %s\n", err.text);
}

static void a_second_opener_is_refused(void)
{
	const char *path = help_path("x.db");
	const char *link = help_path("link.db");
	struct cm_ledger *ledger = help_open(path, NULL);
	char sentence[64];
	int status = 0;
	pid_t child;

	(void)snprintf(sentence, sizeof sentence, "process %ld already serves", (long)getpid());
	expect_refusal(path, CM_NOT_ALLOWED, sentence);
	MUST(symlink(path, link) == 0);
	expect_refusal(link, CM_NOT_ALLOWED, sentence);
	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		struct cm_ledger_options options = {.path = path};
		struct cm_ledger *other = NULL;

		_exit(cm_ledger_open(&other, &options, NULL) == CM_NOT_ALLOWED ? 0 : 1);
	}
	MUST(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(help_chain_is_whole(path)); /* reading is not refused */
	cm_ledger_close(ledger);
	ledger = help_open(link, NULL);
	cm_ledger_close(ledger);
}

static void nothing_is_put_aside_in_files(void)
{
	const char *path = help_path("aside.db");
	sqlite3 *db = NULL;
	int64_t where = 0;

	cm_ledger_close(help_open(path, NULL));
	MUST(cm_sql_open(&db, path, SQLITE_OPEN_READWRITE, NULL) == CM_OK);
	CHECK(cm_sql_number(db, "PRAGMA temp_store", &where, NULL) == CM_OK && where == 2);
	(void)sqlite3_close(db);
}

static bool note_seq(const struct cm_journal_row *row, void *data)
{
	uint64_t *last = data;

	*last = row->seq;
	return true;
}

static bool is_old_record(const struct cm_outbox_row *row, void *data)
{
	size_t *count = data;

	(*count)++;
	CHECK(row->number == 41 && row->kind == 11);
	CHECK(row->body_len == 3 && memcmp(row->body, "old", 3) == 0);
	return true;
}

static void a_version_1_file_is_migrated(void)
{
	const char *path = help_path("old.db");
	struct cm_ledger *ledger;
	struct cm_id id = help_id(1);
	uint64_t last = 0;
	size_t waiting = 0;

	/* As version 1 wrote it: two rows, chained by hand. */
	help_sql(path,
	    "PRAGMA application_id = 1129139271; PRAGMA journal_mode = WAL;"
	    "CREATE TABLE journal(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
	    " kind INTEGER NOT NULL, case_id BLOB, sender TEXT NOT NULL, hash BLOB NOT NULL,"
	    " body BLOB NOT NULL) STRICT;"
	    "CREATE TABLE inbox(id BLOB NOT NULL, sender TEXT NOT NULL, status INTEGER NOT NULL,"
	    " reason TEXT NOT NULL, PRIMARY KEY(id, sender)) STRICT, WITHOUT ROWID;"
	    "CREATE TABLE outbox(number INTEGER PRIMARY KEY, id BLOB NOT NULL, peer TEXT NOT NULL,"
	    " kind INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
	    "CREATE UNIQUE INDEX outbox_id ON outbox(id, peer);"
	    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	    "INSERT INTO journal VALUES(1, 5, 10, x'01a0c4506c0170008000000000000001', 'us',"
	    " x'b40265a343f398fc609bafe3fadc260a2452a0560b917db624599c3ed72b89fb', x'616263');"
	    "INSERT INTO journal VALUES(2, 6, 12, NULL, 'ie', "
	    "x'f084037e43d1a3eb1bec7f50356f43d9115f4b31f406c0c9da4e669b37613b9a', x'');"
	    "INSERT INTO meta VALUES('head', "
	    "x'0000000000000002f084037e43d1a3eb1bec7f50356f43d9115f4b31f406c0c9da4e669b37613b9a');"
	    "INSERT INTO outbox VALUES(41, x'01a0c4506c0170008000000000000001', 'de', 11, "
	    "x'6f6c64');"
	    "PRAGMA user_version = 1;");
	ledger = help_open(path, NULL);
	CHECK(help_rows(ledger) == 2);
	CHECK(cm_reader_case(cm_ledger_reader(ledger), &id, 0, 0, note_seq, &last) == CM_OK);
	CHECK(last == 1);
	CHECK(cm_reader_outbox(cm_ledger_reader(ledger), "de", 0, 0, is_old_record, &waiting) ==
	      CM_OK);
	CHECK(waiting == 1);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
}

static void foreign_and_newer_files_are_refused(void)
{
	const char *path = help_path("x.db");
	struct cm_reader *reader = NULL;
	struct cm_err err = {0};
	FILE *file;

	cm_ledger_close(help_open(path, NULL));
	help_sql(path, "PRAGMA user_version = 99");
	expect_refusal(path, CM_VERSION, "a newer program made this ledger (version 99");
	CHECK(cm_reader_open(&reader, path, &err) == CM_VERSION);
	help_sql(path, "PRAGMA user_version = 2; PRAGMA application_id = 7");
	expect_refusal(path, CM_BAD_INPUT, "not a ledger of comity");

	path = help_path("text.db");
	file = fopen(path, "w");
	MUST(file != NULL);
	(void)fprintf(file, "name,region\n%01000d\n", 1);
	(void)fclose(file);
	expect_refusal(path, CM_BAD_INPUT, "file is not a database");
}

static void a_bad_path_is_named(void)
{
	struct cm_reader *reader = NULL;
	struct cm_err err = {0};
	uint64_t bad = 0;

	expect_refusal(help_path("no/such/x.db"), CM_IO, "No such file or directory");
	MUST(mkdir(help_path("folder"), 0700) == 0);
	expect_refusal(help_path("folder"), CM_IO, "Is a directory");
	CHECK(cm_reader_open(&reader, help_path("none.db"), &err) == CM_IO && reader == NULL);
	CHECK(strstr(err.text, "none.db") != NULL);
	CHECK(cm_ledger_verify(help_path("none.db"), &bad, &err) == CM_IO);
}

static void the_file_is_its_owners_alone(void)
{
	const char *path = help_path("x.db");
	char wal[300];
	struct stat st;
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger;

	(void)umask(0);
	ledger = help_serve(path, NULL, done);
	help_post(ledger, help_row_job(1, 10));
	help_wait(done, 1);
	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(stat(wal, &st) == 0 && (st.st_mode & 0777) == 0600);
	cm_ledger_close(ledger);
	CHECK(stat(wal, &st) != 0); /* a clean end leaves one whole file */
	help_done_free(done);
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"a second opener is refused with a sentence", a_second_opener_is_refused},
	    {"nothing is put aside in files", nothing_is_put_aside_in_files},
	    {"a version 1 file is migrated", a_version_1_file_is_migrated},
	    {"foreign and newer files are refused with a sentence",
		foreign_and_newer_files_are_refused},
	    {"a bad path is named", a_bad_path_is_named},
	    {"the file is its owner's alone", the_file_is_its_owners_alone},
	};

	return help_run(tests, sizeof tests / sizeof tests[0]);
}
