/* A full disk: by a limit on the file's pages, everywhere, and by a small file system where one may
 * be mounted. Refused with CM_DISK_FULL, nothing half-written, and it works again when there is
 * room. */
#include "test_ledger_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cm_ledger_options small_file = {.pages_most = 100};

/* Post rows one after the other until one is refused. Returns how many got in. */
static size_t fill(struct cm_ledger *ledger, struct help_done *done, size_t first, size_t body_len)
{
	size_t stored = 0;

	for (;;) {
		size_t before = done->count;

		help_post(ledger, help_row_job(first + stored, body_len));
		help_wait(done, before + 1);
		if (done->status[before] != CM_OK) {
			CHECK(done->status[before] == CM_DISK_FULL);
			CHECK(done->first_seq[before] == 0);
			return stored;
		}
		stored++;
		MUST(stored < HELP_MAX_DONE / 2);
	}
}

static void put_outbox(struct cm_ledger *ledger, struct help_done *done, size_t id)
{
	size_t before = done->count;
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id record = help_id(id);
	static const uint8_t body[20000];

	cm_job_outbox_put(job, "ie", &record, 11, body, sizeof body);
	help_post(ledger, job);
	help_wait(done, before + 1);
	CHECK(done->status[before] == CM_OK);
}

static void a_full_file_serves_again_when_receipts_free_it(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, &small_file, done);
	struct cm_id record = help_id(3);
	struct cm_job *job;
	size_t stored;
	size_t before;

	for (size_t i = 0; i < 5; i++)
		put_outbox(ledger, done, i);
	stored = fill(ledger, done, 0, 5000);
	CHECK(stored > 20);
	CHECK(help_rows(ledger) == stored);
	CHECK(help_chain_is_whole(path));

	/* Everything is refused, even what would fit, until the caller has read its state back. */
	job = cm_job_new(NULL);
	cm_job_outbox_delete(job, "ie", &record);
	CHECK(cm_ledger_post(ledger, job) == CM_DISK_FULL);
	CHECK(cm_ledger_resume(ledger) == CM_OK);
	before = done->count;
	help_post(ledger, job);
	help_wait(done, before + 1);
	CHECK(done->status[before] == CM_OK);
	help_post(ledger, help_row_job(stored, 5000));
	help_wait(done, before + 2);
	CHECK(done->status[before + 1] == CM_OK && done->first_seq[before + 1] == stored + 1);
	cm_ledger_close(ledger);

	ledger = help_open(path, NULL);
	CHECK(help_rows(ledger) == stored + 1);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
	help_done_free(done);
}

static void a_small_job_before_a_large_one_gets_in_and_none_behind_it(void)
{
	const char *path = help_path("x.db");
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, &small_file, done);
	struct cm_ledger_counters sum;

	help_hold(done, true);
	help_post(ledger, help_row_job(0, 10));
	help_wait(done, 1);
	help_post(ledger, help_row_job(1, 10));
	help_post(ledger, help_row_job(2, 10));
	help_post(ledger, help_row_job(3, 900000)); /* more than the file may hold */
	help_post(ledger, help_row_job(4, 10));
	help_hold(done, false);
	help_wait(done, 5);
	CHECK(done->status[1] == CM_OK && done->first_seq[1] == 2);
	CHECK(done->status[2] == CM_OK && done->first_seq[2] == 3);
	CHECK(done->status[3] == CM_DISK_FULL && done->first_seq[3] == 0);
	CHECK(done->status[4] == CM_DISK_FULL && done->first_seq[4] == 0);
	cm_ledger_counters_get(ledger, &sum);
	CHECK(sum.jobs == 3 && sum.jobs_refused == 2);
	CHECK(help_rows(ledger) == 3);
	CHECK(cm_ledger_resume(ledger) == CM_OK);
	help_post(ledger, help_row_job(4, 10));
	help_wait(done, 6);
	CHECK(done->status[5] == CM_OK && done->first_seq[5] == 4);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
	help_done_free(done);
}

static void a_file_that_may_not_grow_is_refused_at_birth(void)
{
	const char *path = help_path("x.db");
	const struct cm_ledger_options tiny = {.path = path, .pages_most = 2};
	struct cm_ledger *ledger = NULL;
	struct cm_err err = {0};

	CHECK(cm_ledger_open(&ledger, &tiny, &err) == CM_DISK_FULL);
	CHECK(strstr(err.text, "bring the tables to version 1: database or disk is full") != NULL);
	cm_ledger_close(help_open(path, NULL)); /* and is none the worse for it */
	CHECK(help_chain_is_whole(path));
}

/* ---- a real file system ---------------------------------------------------------------------- */

static void make_ballast(const char *path, size_t bytes)
{
	static const char block[4096];
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	MUST(fd >= 0);
	for (size_t done = 0; done < bytes; done += sizeof block)
		MUST(write(fd, block, sizeof block) == (ssize_t)sizeof block);
	(void)close(fd);
}

static void live_on_a_small_disk(const char *path, const char *ballast)
{
	const struct cm_ledger_options often = {.checkpoint_pages = 50};
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, &often, done);
	size_t stored = fill(ledger, done, 0, 3000);
	size_t before = done->count;

	CHECK(stored > 20);
	CHECK(help_rows(ledger) == stored);
	CHECK(help_chain_is_whole(path));
	CHECK(cm_ledger_resume(ledger) == CM_OK);
	help_post(ledger, help_row_job(stored, 3000)); /* still full */
	help_wait(done, before + 1);
	CHECK(done->status[before] == CM_DISK_FULL);

	MUST(remove(ballast) == 0);
	CHECK(cm_ledger_resume(ledger) == CM_OK);
	for (size_t i = 0; i < 20; i++)
		help_post(ledger, help_row_job(stored + i, 3000));
	help_wait(done, before + 21);
	for (size_t i = 1; i <= 20; i++)
		CHECK(
		    done->status[before + i] == CM_OK && done->first_seq[before + i] == stored + i);
	cm_ledger_close(ledger);
	ledger = help_open(path, NULL);
	CHECK(help_rows(ledger) == stored + 20);
	cm_ledger_close(ledger);
	CHECK(help_chain_is_whole(path));
	help_done_free(done);
}

static void a_full_file_system_serves_again_when_there_is_room(void)
{
	char folder[256];
	char path[300];
	char ballast[300];

	(void)snprintf(folder, sizeof folder, "%s", help_path("disk"));
	(void)snprintf(path, sizeof path, "%s/x.db", folder);
	(void)snprintf(ballast, sizeof ballast, "%s/ballast", folder);
	MUST(mkdir(folder, 0700) == 0);
	/* In a mount table of our own, so that it is gone with us however this ends. */
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=6m") != 0) {
		char why[128];

		(void)snprintf(why, sizeof why, "a tmpfs cannot be mounted here (%s)", strerror(errno));
		help_skip(why);
		return;
	}
	make_ballast(ballast, (size_t)3 * 1024 * 1024);
	live_on_a_small_disk(path, ballast);
	CHECK(umount(folder) == 0);
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"a full file serves again when receipts free it",
		a_full_file_serves_again_when_receipts_free_it},
	    {"a small job before a large one gets in, and none behind it",
		a_small_job_before_a_large_one_gets_in_and_none_behind_it},
	    {"a file that may not grow is refused at birth",
		a_file_that_may_not_grow_is_refused_at_birth},
	    {"a full file system serves again when there is room",
		a_full_file_system_serves_again_when_there_is_room},
	};

	return help_run(tests, sizeof tests / sizeof tests[0]);
}
