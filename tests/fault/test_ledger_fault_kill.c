/* kill -9 at a random moment, 20 times on one file: every acknowledged row is there afterwards. */
#include "test_ledger_help.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 20
#define BODY_BYTES 700

static void tell_pipe(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	const int *fd = data;

	if (status != CM_OK ||
	    write(*fd, &first_seq, sizeof first_seq) != (ssize_t)sizeof first_seq)
		_exit(3);
	cm_job_free(job);
}

/* Post without end. Row n of the journal is help_body(n). */
static void run_child(const char *path, int fd)
{
	const struct cm_ledger_options often = {.path = path, .checkpoint_pages = 60};
	struct cm_ledger *ledger = NULL;
	struct cm_ledger_head head;
	struct cm_err err;

	if (cm_ledger_open(&ledger, &often, &err) != CM_OK ||
	    cm_reader_head(cm_ledger_reader(ledger), &head) != CM_OK ||
	    cm_ledger_start(ledger, tell_pipe, &fd, &err) != CM_OK) {
		(void)dprintf(2, "%s\n", err.text);
		_exit(2);
	}
	for (size_t number = head.seq + 1;; number++) {
		struct cm_job *job = help_row_job(number, BODY_BYTES);

		while (cm_ledger_post(ledger, job) == CM_TRY_AGAIN)
			(void)usleep(100);
	}
}

static uint64_t run_round(const char *path, uint64_t known)
{
	int ends[2];
	int status = 0;
	uint64_t acked = known;
	uint64_t seq;
	long enough = random() % 400;
	pid_t child;

	MUST(pipe(ends) == 0);
	(void)fflush(stdout);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		(void)close(ends[0]);
		run_child(path, ends[1]);
	}
	(void)close(ends[1]);
	while (enough-- > 0 && read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq)
		acked = seq;
	(void)usleep((useconds_t)(random() % 3000));
	MUST(kill(child, SIGKILL) == 0);
	while (read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq) {
		CHECK(seq == acked + 1);
		acked = seq;
	}
	(void)close(ends[0]);
	MUST(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return acked;
}

static bool is_expected_row(const struct cm_journal_row *row, void *data)
{
	uint8_t body[BODY_BYTES];
	uint64_t *next = data;

	CHECK(row->seq == *next);
	(*next)++;
	CHECK(row->body_len == help_body(row->seq, BODY_BYTES, body));
	CHECK(memcmp(row->body, body, row->body_len) == 0);
	return true;
}

static void every_acknowledged_row_is_there(void)
{
	const char *path = help_path("x.db");
	uint64_t known = 0;
	unsigned seed = (unsigned)getpid();

	printf("  seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t acked = run_round(path, known);
		uint64_t next = 1;
		struct cm_reader *reader = NULL;

		/* A close would fold the log back: in half the rounds the next child finds it as it
		 * is. */
		if (round % 2 == 0)
			cm_ledger_close(help_open(path, NULL));
		MUST(cm_reader_open(&reader, path, NULL) == CM_OK);
		CHECK(cm_reader_journal(reader, 0, 0, is_expected_row, &next) == CM_OK);
		cm_reader_close(reader);
		known = next - 1;
		CHECK(known >= acked);
		CHECK(help_chain_is_whole(path));
	}
	CHECK(known > ROUNDS);
	printf("  %llu rows after %d kills\n", (unsigned long long)known, ROUNDS);
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"every acknowledged row is there after kill -9", every_acknowledged_row_is_there},
	};

	return help_run(tests, sizeof tests / sizeof tests[0]);
}
