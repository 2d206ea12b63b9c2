/* What the ledger does a second on this disk, and whether checkpoints show in a commit's time. */
#include "test_ledger_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BODY_BYTES 1024

int bench_ledger(void);

static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

/* Keep `out` jobs out until `rows` are stored; times are from post to on_done of each `out`th. */
static void measure(const char *name, size_t rows, size_t out, size_t checkpoint_pages)
{
	const struct cm_ledger_options options = {
	    .checkpoint_pages = checkpoint_pages, .batch_most = out};
	const char *path = help_path(name);
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, &options, done);
	double *times = calloc(rows / out, sizeof *times);
	struct cm_ledger_counters sum;
	double began = now_us();
	double took;
	size_t count = 0;

	MUST(times != NULL);
	for (size_t posted = 0; posted + out <= rows; posted += out) {
		double start = now_us();

		for (size_t i = 0; i < out; i++)
			help_post(ledger, help_row_job(posted + i, BODY_BYTES));
		help_wait(done, posted + out);
		times[count++] = now_us() - start;
	}
	took = now_us() - began;
	cm_ledger_counters_get(ledger, &sum);
	qsort(times, count, sizeof *times, compare);
	printf("  %-34s %8.0f rows/s %7llu commits  p50 %6.0f  p99 %6.0f  max %6.0f us"
	       "  log %llu pages, %llu passes, %llu by the clerk\n",
	    name, (double)(count * out) / took * 1e6, (unsigned long long)sum.commits,
	    times[count / 2], times[count * 99 / 100], times[count - 1],
	    (unsigned long long)sum.wal_pages_most, (unsigned long long)sum.checkpoints,
	    (unsigned long long)sum.checkpoints_finished);
	free(times);
	cm_ledger_close(ledger);
	help_done_free(done);
}

static void all(void)
{
	static const size_t never = 100000000;

	measure("1 out", 10000, 1, 0);
	measure("1 out, no checkpoint", 10000, 1, never);
	measure("64 out", 19968, 64, 0);
	measure("64 out, no checkpoint", 19968, 64, never);
	measure("256 out", 19968, 256, 0);
}

int bench_ledger(void)
{
	static const struct help_test benches[] = {{"measured, 1 KiB rows", all}};

	return help_run(benches, 1);
}
