/*
 * The residency map as a node lives it: 100,000 rows in seconds, readers at work while an import
 * runs, an importer killed in the middle. A plain program, since it forks and runs threads.
 *
 * With a number it measures instead: `test_residency_scale 10000000` imports that many accounts,
 * then looks them up cold and warm.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nodes/residency/residency.h"
#include "protocol/seal/seal.h"

static int passed;
static int failed;

static void check(bool is_true, const char *what)
{
	if (is_true)
		passed++;
	else
		failed++;
	if (!is_true)
		printf("FAILED: %s\n", what);
}

static char folder[64];
static char db[96];
static char csv[96];
static struct cm_blind_key key;

/* Of this process alone: what a bound is set for. How long it takes others decide. */
static double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#define HEADER                                                                                     \
	"account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"   \
	"us_person,target_location,key_custody,service_kind,personal_data,notify\n"

/* Rows like those of a provider: some enterprise, mostly consumers, a few dozen profiles. */
static void write_csv(uint64_t count, const char *kind)
{
	static const char *const seats[] = {"IE", "DE", "FR", "US", "GB", "NL", "ES"};
	FILE *out = fopen(csv, "w");

	(void)fputs(HEADER, out);
	for (uint64_t i = 0; i < count; i++) {
		const char *seat = seats[i % 7];

		if (i % 20 == 0)
			(void)fprintf(out,
			    "staff%" PRIu64 "@company%" PRIu64
			    ".example,*,ie,2021-05-01,,enterprise,%s,,,no,,customer,ecs,yes,legal@"
			    "company%" PRIu64 ".example\n",
			    i, i / 2000, seat, i / 2000);
		else
			(void)fprintf(out,
			    "person%" PRIu64
			    "@mail.example,*,ie,2019-0%d-01,,%s,,%s,%s,no,%s,provider,ecs,yes,\n",
			    i, (int)(i % 9) + 1, kind, seat, seat, seat);
	}
	(void)fclose(out);
}

static void account_of(uint64_t i, char out[64])
{
	if (i % 20 == 0)
		(void)snprintf(out, 64, "staff%" PRIu64 "@company%" PRIu64 ".example", i, i / 2000);
	else
		(void)snprintf(out, 64, "person%" PRIu64 "@mail.example", i);
}

static struct cm_residency *open_map(enum cm_residency_mode mode)
{
	struct cm_residency *map;
	struct cm_err err;

	if (cm_residency_open(db, "ie", mode, &map, &err) == CM_OK &&
	    cm_residency_set_contact_key(map, key.bytes, &err) == CM_OK)
		return map;
	printf("FAILED: %s\n", err.text);
	exit(1);
}

static struct cm_residency_report report;

static enum cm_status import(void)
{
	struct cm_residency *map = open_map(CM_RESIDENCY_WRITE);
	struct cm_residency_options options = {.now = {0}};
	struct cm_err err = {0};
	FILE *in = fopen(csv, "r");
	enum cm_status status =
	    cm_residency_import(map, in, "ie.csv", &key, &options, &report, &err);

	if (status != CM_OK)
		printf("%s\n", err.text);
	(void)fclose(in);
	cm_residency_close(map);
	return status;
}

static enum cm_status lookup(
    struct cm_residency *map, uint64_t i, struct cm_arena *arena, char kind[32])
{
	static const struct cm_day day = {20000};
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	struct cm_bytes bytes = {.data = blind};
	char account[64];
	struct cm_part part;
	enum cm_status status;

	account_of(i, account);
	status = cm_blind_target(&key, account, strlen(account), blind, &bytes.len, NULL);
	if (status == CM_OK)
		status = cm_residency_lookup(map, bytes, "content", day, arena, &part);
	if (status == CM_OK)
		(void)snprintf(kind, 32, "%s", part.facts_count > 0 ? part.facts[0].values[0] : "");
	return status;
}

/* ---- the speed of an import ------------------------------------------------------------------ */

static void test_a_hundred_thousand_rows_take_seconds(void)
{
	struct cm_residency_stats stats;
	struct cm_residency *map;
	double start;
	double first;
	double again;

	write_csv(100000, "consumer");
	start = cpu_s();
	check(import() == CM_OK, "100,000 rows are imported");
	first = cpu_s() - start;
	check(report.added == 100000, "all are new");
	start = cpu_s();
	check(import() == CM_OK, "and again");
	again = cpu_s() - start;
	check(report.unchanged == 100000, "and nothing changes");
	printf("100,000 rows: %.2f s (%.0f rows/s); the same again: %.2f s\n", first, 1e5 / first,
	    again);
	check(first < 30, "100,000 rows take seconds");
	map = open_map(CM_RESIDENCY_READ);
	check(cm_residency_stats(map, &stats) == CM_OK && stats.accounts == 100000,
	    "all are counted");
	cm_residency_close(map);
}

static double time_lookups(struct cm_residency *map, uint64_t accounts, int count, uint64_t step)
{
	struct cm_arena arena;
	char kind[32];
	double start = now_s();
	uint64_t i = 1;
	int found = 0;

	for (int n = 0; n < count; n++) {
		cm_arena_init(&arena, 0);
		found += lookup(map, i % accounts, &arena, kind) == CM_OK;
		cm_arena_fini(&arena);
		i += step;
	}
	check(found == count, "every account is found");
	return (now_s() - start) / count * 1e6;
}

static void test_a_warm_lookup_takes_microseconds(void)
{
	struct cm_residency *map = open_map(CM_RESIDENCY_READ);
	double start;
	double us;

	(void)time_lookups(map, 100000, 20000, 7919);
	start = cpu_s();
	(void)time_lookups(map, 100000, 20000, 7919);
	us = (cpu_s() - start) / 20000 * 1e6;
	printf("warm lookup with its blinds and facts: %.2f us\n", us);
	check(us < 1000, "a warm lookup takes microseconds");
	cm_residency_close(map);
}

/* ---- readers beside an import ---------------------------------------------------------------- */

static atomic_bool must_end;

struct reader {
	uint64_t lookups;
	uint64_t failures;
	uint64_t torn;
	_Atomic uint64_t before;
	_Atomic uint64_t after;
	double worst_s;
};

/* The new file turns every person from consumer to privileged. Once one is seen turned, a person
 * asked for later must be turned too: an import is seen whole or not at all. */
static void *read_on(void *data)
{
	struct reader *r = data;
	struct cm_residency *map = open_map(CM_RESIDENCY_READ);
	uint64_t i = 1;

	while (!atomic_load(&must_end)) {
		struct cm_arena arena;
		char kind[32] = "";
		double start = now_s();
		double took;

		cm_arena_init(&arena, 0);
		i = (i + 7919) % 100000;
		if (i % 20 == 0)
			i++;
		r->lookups++;
		r->failures += lookup(map, i, &arena, kind) != CM_OK;
		took = now_s() - start;
		r->worst_s = took > r->worst_s ? took : r->worst_s;
		if (strcmp(kind, "privileged") == 0)
			r->after++;
		else
			r->before++;
		r->torn += r->after > 0 && strcmp(kind, "consumer") == 0;
		cm_arena_fini(&arena);
	}
	cm_residency_close(map);
	return NULL;
}

static void wait_for(const _Atomic uint64_t *count)
{
	while (atomic_load(count) == 0)
		(void)usleep(1000); /* ctest has a limit */
}

static void test_readers_go_on_while_an_import_runs(void)
{
	struct reader readers[2] = {0};
	pthread_t threads[2];

	write_csv(100000, "privileged");
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, read_on, &readers[i]) != 0)
			exit(1);
	for (int i = 0; i < 2; i++)
		wait_for(&readers[i].before);
	check(import() == CM_OK, "an import runs beside readers");
	check(report.changed == 95000 && report.unchanged == 5000, "it changes all persons");
	for (int i = 0; i < 2; i++)
		wait_for(&readers[i].after);
	atomic_store(&must_end, true);
	for (int i = 0; i < 2; i++) {
		(void)pthread_join(threads[i], NULL);
		printf("reader %d: %" PRIu64 " lookups, slowest %.1f ms\n", i, readers[i].lookups,
		    readers[i].worst_s * 1e3);
		check(readers[i].failures == 0, "no reader is refused");
		check(readers[i].torn == 0, "no reader sees half an import");
		check(readers[i].before > 0 && readers[i].after > 0,
		    "readers see the map before and after");
	}
}

/* ---- an importer killed in the middle -------------------------------------------------------- */

static bool kill_myself(const struct cm_residency_progress *progress, void *data)
{
	const uint64_t *at = data;

	if (progress->is_merging && progress->rows >= *at)
		(void)kill(getpid(), SIGKILL);
	return true;
}

static void import_and_die(uint64_t at)
{
	struct cm_residency *map = open_map(CM_RESIDENCY_WRITE);
	struct cm_residency_options options = {.progress = kill_myself, .progress_data = &at};
	FILE *in = fopen(csv, "r");
	enum cm_status status =
	    cm_residency_import(map, in, "ie.csv", &key, &options, &report, NULL);

	_exit(status == CM_OK ? 0 : 1);
}

static void test_a_killed_importer_leaves_the_map_as_it_was(void)
{
	write_csv(100000, "eu_institution");
	for (uint64_t at = 10000; at <= 100000; at += 45000) {
		struct cm_residency *map;
		struct cm_arena arena;
		char kind[32] = "";
		int how = 0;
		pid_t child = fork();

		if (child == 0)
			import_and_die(at);
		(void)waitpid(child, &how, 0);
		check(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL, "the importer was killed");
		map = open_map(CM_RESIDENCY_READ);
		cm_arena_init(&arena, 0);
		check(lookup(map, 1, &arena, kind) == CM_OK, "the map can be read");
		check(strcmp(kind, "privileged") == 0, "and is as it was");
		cm_arena_fini(&arena);
		cm_residency_close(map);
	}
	check(import() == CM_OK && report.changed == 95000, "the next import works");
}

/* ---- measuring ------------------------------------------------------------------------------- */

static void drop_cache(void)
{
	FILE *out;

	sync();
	out = fopen("/proc/sys/vm/drop_caches", "w");
	if (out == NULL || fputs("3", out) < 0)
		printf("(the page cache could not be dropped: cold is not quite cold)\n");
	if (out != NULL)
		(void)fclose(out);
}

static void measure(uint64_t accounts)
{
	struct cm_residency *map;
	struct rusage usage;
	struct cm_arena arena;
	char kind[32];
	struct stat st;
	double start;

	write_csv(accounts, "consumer");
	(void)stat(csv, &st);
	printf("%" PRIu64 " rows, %.0f MB of CSV\n", accounts, (double)st.st_size / 1e6);
	start = now_s();
	check(import() == CM_OK, "the import works");
	(void)stat(db, &st);
	(void)getrusage(RUSAGE_SELF, &usage);
	printf(
	    "import: %.1f s, %.0f rows/s, map %.0f MB (%.1f bytes a row), peak %.0f MB of memory\n",
	    now_s() - start, (double)accounts / (now_s() - start), (double)st.st_size / 1e6,
	    (double)st.st_size / (double)accounts, (double)usage.ru_maxrss / 1e3);
	drop_cache();
	start = now_s();
	map = open_map(CM_RESIDENCY_READ);
	cm_arena_init(&arena, 0);
	check(lookup(map, accounts / 2, &arena, kind) == CM_OK, "the first lookup works");
	cm_arena_fini(&arena);
	printf("open and first lookup, cold: %.1f ms\n", (now_s() - start) * 1e3);
	printf(
	    "lookups at random, cooler: %.2f us\n", time_lookups(map, accounts, 200000, 7368787));
	printf("lookups at random, file in the page cache: %.2f us\n",
	    time_lookups(map, accounts, 200000, 7368787));
	printf("lookups of the same 100 accounts: %.2f us\n", time_lookups(map, 100, 200000, 7));
	cm_residency_close(map);
	start = now_s();
	check(import() == CM_OK, "the same import again works");
	printf("the same file again: %.1f s, %.0f rows/s\n", now_s() - start,
	    (double)accounts / (now_s() - start));
	write_csv(100000, "privileged");
	start = now_s();
	check(import() == CM_OK, "a small import works");
	printf("100,000 changed rows: %.1f s\n", now_s() - start);
}

int main(int argc, char **argv)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(folder, sizeof folder, "%.40s/comity-XXXXXX", base != NULL ? base : "/tmp");
	if (cm_seal_start() != CM_OK || mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(db, sizeof db, "%s/ie.db", folder);
	(void)snprintf(csv, sizeof csv, "%s/ie.csv", folder);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		measure(strtoull(argv[1], NULL, 10));
	} else {
		test_a_hundred_thousand_rows_take_seconds();
		test_a_warm_lookup_takes_microseconds();
		test_readers_go_on_while_an_import_runs();
		test_a_killed_importer_leaves_the_map_as_it_was();
	}
	check(cm_alloc_live() == 0, "no block is left");
	(void)unlink(csv);
	for (int i = 0; i < 3; i++) {
		char path[128];

		(void)snprintf(path, sizeof path, "%s%s", db,
		    i == 0   ? ""
		    : i == 1 ? "-wal"
			     : "-shm");
		(void)unlink(path);
	}
	(void)rmdir(folder);
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
