/* The disk under the preload shim: a failed sync ends the process, unacknowledged; a slow one makes
 * larger batches and no longer line. This program is its own child: `--child PATH ROWS OUT`, with
 * at most OUT jobs out at a time. */
#include "test_ledger_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROWS 600
#define ROWS_TEXT "600"

static void tell_stdout(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	(void)data;
	if (status == CM_OK && write(1, &first_seq, sizeof first_seq) != (ssize_t)sizeof first_seq)
		_exit(3);
	cm_job_free(job);
}

static int run_child(const char *path, size_t rows, size_t out)
{
	const struct cm_ledger_options options = {.path = path};
	struct cm_ledger *ledger = NULL;
	struct cm_ledger_counters sum;
	struct cm_err err = {0};

	if (cm_ledger_open(&ledger, &options, &err) != CM_OK) {
		(void)dprintf(2, "%s\n", err.text);
		return err.status == CM_IO ? 4 : 2;
	}
	if (cm_ledger_start(ledger, tell_stdout, NULL, &err) != CM_OK)
		return 2;
	for (size_t i = 0; i < rows; i++) {
		while (cm_ledger_depth(ledger) >= out)
			(void)usleep(50);
		if (cm_ledger_post(ledger, help_row_job(i, 100)) != CM_OK)
			return 2;
	}
	cm_ledger_stop(ledger);
	cm_ledger_counters_get(ledger, &sum);
	(void)dprintf(2, "%llu %llu\n", (unsigned long long)sum.commits,
	    (unsigned long long)(sum.commit_us / sum.commits));
	cm_ledger_close(ledger);
	return 0;
}

struct result {
	int exit_code;
	uint64_t acked;
	char said[512]; /* on standard error */
};

/* A list of preloads ends at a blank, which the build's path may have: so by a link of our own. */
static char shim_folder[] = "/tmp/comity-sync-XXXXXX";
static char shim[64];

static void shim_make(void)
{
	MUST(mkdtemp(shim_folder) != NULL);
	(void)snprintf(shim, sizeof shim, "%s/shim.so", shim_folder);
	MUST(symlink(SLOWSYNC, shim) == 0);
}

static void shim_remove(void)
{
	(void)unlink(shim);
	(void)rmdir(shim_folder);
}

static void exec_child(const char *path, const char *out_most, int out, int err)
{
	(void)dup2(out, 1);
	(void)dup2(err, 2);
	/* The sanitizer wants to be first in the list of libraries; the shim needs nothing of it.
	 */
	(void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
	(void)setenv("LD_PRELOAD", shim, 1);
	(void)execl("/proc/self/exe", "child", "--child", path, ROWS_TEXT, out_most, (char *)NULL);
	_exit(127);
}

static struct result run(const char *path, const char *out_most)
{
	struct result result = {0};
	int out[2];
	int err[2];
	int status = 0;
	ssize_t len;
	pid_t child;

	MUST(pipe(out) == 0 && pipe(err) == 0);
	(void)fflush(stdout);
	child = fork();
	MUST(child >= 0);
	if (child == 0)
		exec_child(path, out_most, out[1], err[1]);
	(void)close(out[1]);
	(void)close(err[1]);
	for (uint64_t seq = 0; read(out[0], &seq, sizeof seq) == (ssize_t)sizeof seq;) {
		CHECK(seq == result.acked + 1);
		result.acked = seq;
	}
	len = read(err[0], result.said, sizeof result.said - 1);
	result.said[len > 0 ? len : 0] = 0;
	(void)close(out[0]);
	(void)close(err[0]);
	MUST(waitpid(child, &status, 0) == child);
	result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (result.exit_code != 0 && result.exit_code != CM_LEDGER_EXIT_CODE &&
	    result.exit_code != 4)
		printf("  exit %d: %s\n", result.exit_code, result.said);
	return result;
}

static void a_failed_sync_ends_the_process_with_70(void)
{
	int ended = 0;
	int refused = 0;

	for (int every = 1; every <= 24; every++) {
		char name[32];
		char number[16];
		struct result result;
		struct cm_ledger *ledger;
		const char *path;

		(void)snprintf(name, sizeof name, "%d.db", every);
		(void)snprintf(number, sizeof number, "%d", every);
		path = help_path(name);
		MUST(setenv("FAILSYNC_EVERY", number, 1) == 0);
		result = run(path, "16");
		(void)unsetenv("FAILSYNC_EVERY");
		/* While opening it is a sentence and an ordinary failure to start. */
		CHECK(result.exit_code == CM_LEDGER_EXIT_CODE || result.exit_code == 4);
		ended += result.exit_code == CM_LEDGER_EXIT_CODE;
		refused += result.exit_code == 4;
		CHECK(result.acked < ROWS);
		CHECK(result.exit_code != 4 || strstr(result.said, "open ledger") != NULL);
		ledger = help_open(path, NULL);
		CHECK(help_rows(ledger) >= result.acked);
		cm_ledger_close(ledger);
		CHECK(help_chain_is_whole(path));
	}
	CHECK(ended > 5 && refused > 1);
}

static void a_slow_sync_makes_larger_batches(void)
{
	unsigned long long commits = 0;
	unsigned long long mean_us = 0;
	struct result result;

	MUST(setenv("SLOWSYNC_US", "20000", 1) == 0);
	result = run(help_path("x.db"), "2000");
	(void)unsetenv("SLOWSYNC_US");
	CHECK(result.exit_code == 0 && result.acked == ROWS);
	CHECK(sscanf(result.said, "%llu %llu", &commits, &mean_us) == 2);
	CHECK(mean_us >= 20000); /* a durable commit waits for the disk */
	CHECK(commits < 100);
}

static void without_faults_the_shim_changes_nothing(void)
{
	struct result result = run(help_path("x.db"), "100");

	CHECK(result.exit_code == 0 && result.acked == ROWS);
}

int main(int argc, char **argv)
{
	static const struct help_test tests[] = {
	    {"a failed sync ends the process with 70 and nothing is acknowledged after it",
		a_failed_sync_ends_the_process_with_70},
	    {"a slow sync makes larger batches", a_slow_sync_makes_larger_batches},
	    {"without faults the shim changes nothing", without_faults_the_shim_changes_nothing},
	};
	int failed;

	if (argc == 5 && strcmp(argv[1], "--child") == 0)
		return run_child(argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	shim_make();
	failed = help_run(tests, sizeof tests / sizeof tests[0]);
	shim_remove();
	return failed;
}
