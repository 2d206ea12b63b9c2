/*
 * The bench of the residency map: so many accounts in one node's map, imported, asked for cold and warm,
 * and changed while questions go on. README.md says how to read it.
 *
 * What has a cost in memory runs in a process of its own, so that its peak is its own.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/seal/seal.h"
#include "tests/bench/residency_ask.h"

#define SMOKE_ACCOUNTS 200000
#define SMOKE_ASKS 20000

struct options {
	uint64_t accounts;
	uint64_t asks;
	const char *dir;
	bool is_smoke;
};

/* What a child measures; shared memory. */
struct result {
	enum cm_status status;
	char text[256];
	double seconds;
	double open_ms;
	double first_ms;
	double cpu_seconds; /* of the child, in the kernel too */
	double kernel_share; /* of that */
	long peak_kb;
	uint64_t rows;
	uint64_t changed;
	bool is_right;
};

static struct options options = {.accounts = 1000000, .asks = 200000};
static struct result *result; /* shared with the children */
static struct cm_blind_key key;
static char folder[200];
static unsigned passed;
static unsigned failed;

static void expect(bool holds, const char *what)
{
	passed += holds;
	failed += !holds;
	if (!holds)
		(void)printf("FAILED: %s\n", what);
}

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void path_of(const char *name, const char *end, char out[256])
{
	(void)snprintf(out, 256, "%s/%s%s", folder, name, end);
}

static double megabytes_of(const char *name, const char *end)
{
	struct stat file;
	char path[256];

	path_of(name, end, path);
	return stat(path, &file) == 0 ? (double)file.st_size / 1e6 : 0;
}

static struct cm_residency *open_map(enum gen_map map, enum cm_residency_mode mode)
{
	struct cm_residency *opened = NULL;
	struct cm_err err = {.text = ""};
	char path[256];

	path_of(gen_regions[map], ".db", path);
	if (cm_residency_open(path, gen_regions[map], mode, &opened, &err) == CM_OK)
		return opened;
	(void)fprintf(stderr, "residency: %s\n", err.text);
	exit(1);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Run something in a process of its own; its peak of memory is noted. */
static void run_apart(void (*run)(void *data), void *data)
{
	struct rusage usage;
	int how = -1;
	pid_t pid;

	(void)fflush(stdout);
	*result = (struct result){.status = CM_INTERNAL};
	pid = fork();
	if (pid == 0) {
		run(data);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, &how, 0, &usage) != pid || how != 0) {
		(void)fprintf(stderr, "residency: a process of the bench ended badly: %d\n", how);
		exit(1);
	}
	result->peak_kb = usage.ru_maxrss;
	result->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	result->kernel_share = seconds_of(usage.ru_stime) / result->cpu_seconds;
}

/* ---- files ----------------------------------------------------------------------------------- */

static uint64_t write_file(const char *name, enum gen_map map, bool only_turned)
{
	char path[256];
	FILE *out;
	uint64_t rows;

	path_of(name, ".csv", path);
	out = fopen(path, "we");
	rows = out != NULL ? gen_write(out, map, options.accounts, only_turned) : 0;
	if (out == NULL || fclose(out) != 0) {
		(void)fprintf(stderr, "residency: cannot write %s\n", path);
		exit(1);
	}
	return rows;
}

/* ---- import ---------------------------------------------------------------------------------- */

struct job {
	enum gen_map map;
	const char *file;
};

static void import_file(void *data)
{
	static struct cm_residency_report report;
	const struct job *job = data;
	struct cm_residency_options import = {.now = {0}};
	struct cm_err err = {.text = ""};
	struct cm_residency *map;
	char path[256];
	double began;
	FILE *in;

	path_of(job->file, ".csv", path);
	in = fopen(path, "re");
	if (in == NULL)
		_exit(1);
	map = open_map(job->map, CM_RESIDENCY_WRITE);
	began = now_s();
	result->status = cm_residency_import(map, in, job->file, &key, &import, &report, &err);
	result->seconds = now_s() - began;
	result->rows = report.rows;
	result->changed = report.added + report.changed;
	(void)snprintf(result->text, sizeof result->text, "%.255s", err.text);
	cm_residency_close(map);
	(void)fclose(in);
}

static void import_apart(enum gen_map map, const char *file, uint64_t changed, const char *what)
{
	struct job job = {map, file};

	run_apart(import_file, &job);
	if (result->status != CM_OK)
		(void)printf("%s: %s\n", file, result->text);
	expect(result->status == CM_OK && result->changed == changed, what);
	(void)printf("  %-38s %8.2f s %7.0f rows/s; of processor time %.2f s, %.0f rows/s; "
	             "peak %.0f MB\n",
	    what, result->seconds, (double)result->rows / result->seconds, result->cpu_seconds,
	    (double)result->rows / result->cpu_seconds, (double)result->peak_kb / 1e3);
}

/* ---- questions ------------------------------------------------------------------------------- */

static struct ask ask_open(void)
{
	return (struct ask){
	    .maps = {open_map(GEN_HERE, CM_RESIDENCY_READ), open_map(GEN_THERE, CM_RESIDENCY_READ)},
	    .key = &key,
	    .accounts = options.accounts,
	    .dice = 88172645463325252u};
}

static void ask_close(struct ask *ask)
{
	for (size_t i = 0; i < 2; i++)
		cm_residency_close(ask->maps[i]);
}

static void ask_first(void *data)
{
	double began = now_s();
	struct ask ask = ask_open();

	(void)data;
	result->open_ms = (now_s() - began) * 1e3;
	result->is_right = ask_once(&ask, ASK_person);
	result->first_ms = (now_s() - began) * 1e3;
	ask_close(&ask);
}

/* True if the page cache is empty now: else cold is not quite cold. */
static bool drop_cache(void)
{
	FILE *out;
	bool is_dropped;

	sync();
	out = fopen("/proc/sys/vm/drop_caches", "we");
	is_dropped = out != NULL && fputs("3", out) >= 0;
	return out != NULL && fclose(out) == 0 && is_dropped;
}

static void measure_start(void)
{
	/* The smoke run leaves the machine's cache alone: others work here. */
	bool is_cold = !options.is_smoke && drop_cache();

	run_apart(ask_first, NULL);
	expect(result->is_right, "the first answer is right");
	(void)printf("  open, then the first answer            %8.2f ms, %.2f ms of it to open%s\n",
	    result->first_ms, result->open_ms, is_cold ? ", page cache dropped" : ", page cache kept");
}

static void print_latency(const char *what, const struct ask_latency *latency)
{
	(void)printf("  %-38s p50 %6.2f us  p99 %7.2f us  slowest %9.1f us  (%" PRIu64 ")\n", what,
	    latency->p50_us, latency->p99_us, latency->worst_us, latency->count);
}

static void ask_all(void *data)
{
	struct ask ask = ask_open();
	uint64_t wrong = 0;

	(void)data;
	for (enum ask_kind kind = 0; kind < ASK_KIND_COUNT; kind++) {
		struct ask_latency latency = ask_many(&ask, kind, options.asks, NULL);

		if (kind == ASK_any) {
			print_latency("anybody, first pass", &latency);
			wrong += latency.wrong;
			latency = ask_many(&ask, kind, options.asks, NULL);
		}
		print_latency(ask_sentence(kind), &latency);
		wrong += latency.wrong;
	}
	result->changed = wrong;
	ask_close(&ask);
	(void)fflush(stdout);
}

/* ---- a change while questions go on ---------------------------------------------------------- */

/* Shared memory. */
struct asker {
	atomic_bool must_end;
	struct ask_latency meanwhile;
	struct ask_latency after;
	bool has_seen_change;
};

/* A process of its own and no thread: the importer is forked, and a child of a process with threads may
 * find SQLite's locks taken for ever. */
static void ask_on(struct asker *asker)
{
	struct ask ask = ask_open();

	ask.may_be_changed = true;
	asker->meanwhile = ask_many(&ask, ASK_any, 0, &asker->must_end);
	ask.is_changed = true;
	asker->after = ask_many(&ask, ASK_any, options.asks, NULL);
	asker->has_seen_change = ask.has_seen_change;
	ask_close(&ask);
}

static void measure_change(void)
{
	struct asker *asker = mmap(
	    NULL, sizeof *asker, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t rows = write_file("turned", GEN_HERE, true);
	int how = -1;
	pid_t pid;

	(void)fflush(stdout);
	pid = asker != MAP_FAILED ? fork() : -1;
	if (pid < 0)
		exit(1);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would tell it to end */
		ask_on(asker);
		_exit(0);
	}
	import_apart(GEN_HERE, "turned", rows, "1 row in 100 changed, beside a reader");
	atomic_store(&asker->must_end, true);
	expect(waitpid(pid, &how, 0) == pid && how == 0, "the reader ends well");
	print_latency("that reader meanwhile", &asker->meanwhile);
	expect(asker->meanwhile.wrong == 0, "every answer beside the import is right");
	expect(asker->after.wrong == 0 && asker->has_seen_change, "the same reader sees the change");
	print_latency("and after", &asker->after);
	(void)munmap(asker, sizeof *asker);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void measure(void)
{
	uint64_t here;
	uint64_t there;
	double began = now_s();

	here = write_file("ie", GEN_HERE, false);
	there = write_file("de", GEN_THERE, false);
	(void)printf("residency: %" PRIu64 " rows in the map that is measured, %" PRIu64
	             " in the other region's\n"
	             "  %.0f MB of CSV, written in %.1f s\n",
	    here, there, megabytes_of("ie", ".csv"), now_s() - began);
	import_apart(GEN_HERE, "ie", here, "import into an empty map");
	(void)printf("  %-38s %9.1f MB, %.1f bytes a row\n", "the map's file", megabytes_of("ie", ".db"),
	    megabytes_of("ie", ".db") * 1e6 / (double)here);
	import_apart(GEN_THERE, "de", there, "the other region's");
	measure_start();
	run_apart(ask_all, NULL);
	(void)printf("  %-38s %9.1f MB at most, both maps open; %.0f %% of its time in the kernel\n",
	    "a reader's memory", (double)result->peak_kb / 1e3, 100 * result->kernel_share);
	expect(result->changed == 0, "every answer is right");
	if (!options.is_smoke)
		import_apart(GEN_HERE, "ie", 0, "the same file again");
	measure_change();
}

static int usage(FILE *to, int code)
{
	(void)fprintf(to, "Usage: comity-bench-residency [OPTION...]\n\n"
	                  "Fill a residency map and measure it; every answer is checked.\n\n"
	                  "  --accounts N   rows of the map (1000000)\n"
	                  "  --asks N       questions of each kind (200000)\n"
	                  "  --dir DIR      a folder on the file system to measure ($TMPDIR or /tmp)\n"
	                  "  --smoke        200,000 rows: to see that all answers are right\n");
	return code;
}

/* -1: go on; else the exit code. */
static int read_command_line(int argc, char **argv)
{
	static const struct option names[] = {{"accounts", required_argument, NULL, 'a'},
	    {"asks", required_argument, NULL, 'q'}, {"dir", required_argument, NULL, 'd'},
	    {"smoke", no_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	options.dir = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	while ((c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (c == 'a')
			options.accounts = strtoull(optarg, NULL, 10);
		else if (c == 'q')
			options.asks = strtoull(optarg, NULL, 10);
		else if (c == 'd')
			options.dir = optarg;
		else if (c == 's')
			options = (struct options){SMOKE_ACCOUNTS, SMOKE_ASKS, options.dir, true};
		else
			return usage(c == 'h' ? stdout : stderr, c == 'h' ? 0 : 2);
	}
	/* Whole cycles, so that everybody's tenant is there. */
	options.accounts -= options.accounts % GEN_CYCLE;
	return optind < argc || options.accounts == 0 || options.asks == 0 ? usage(stderr, 2) : -1;
}

static void remove_all(void)
{
	static const char *const names[] = {"ie", "de", "turned"};
	static const char *const ends[] = {".csv", ".db", ".db-wal", ".db-shm"};

	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 4; j++) {
			char path[256];

			path_of(names[i], ends[j], path);
			(void)unlink(path);
		}
	(void)rmdir(folder);
}

int main(int argc, char **argv)
{
	int code = read_command_line(argc, argv);

	if (code >= 0)
		return code;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)snprintf(folder, sizeof folder, "%.150s/comity-residency-XXXXXX", options.dir);
	if (result == MAP_FAILED || cm_seal_start() != CM_OK || mkdtemp(folder) == NULL) {
		(void)fprintf(stderr, "residency: no folder in %s\n", options.dir);
		return 1;
	}
	(void)atexit(remove_all);
	measure();
	(void)printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
