/*
 * How long a process takes to be there again with many open cases in its ledger, and how much memory it
 * holds. See README.md.
 *
 * A fleet is started; one hosting node is killed, so that no case comes to its outcome; demands are filed;
 * then each other process is killed and started again, one after the other. A start is from the fork until
 * the process says that it listens. Nothing is left behind.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/seal/seal.h"
#include "tests/bench/route_call.h"
#include "tests/bench/route_fleet.h"

#define FILE_MOST 64 /* demands in one envelope */
#define LATER_PAUSE_US 20000
#define SETTLE_MOST_US 120000000
#define STARTS 3 /* of each process: the middle one is told */

struct row {
	char name[64];
	double empty_ms; /* to start with an empty ledger */
	double empty_mb;
	double full_ms;
	double full_mb;
};

struct bench {
	unsigned open;
	char folder[256];
	struct route_fleet fleet;
	struct row rows[ROUTE_MAX_PROCESSES];
	size_t taken; /* of the demands */
	size_t batch_taken;
	struct cm_err trouble;
};

/* Resident memory of a process, in MB of 1,000,000 bytes; 0: it is gone. */
static double memory_of(pid_t pid)
{
	char path[64];
	char line[256];
	unsigned long kb = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = strtoul(line + 6, NULL, 10);
	if (file != NULL)
		(void)fclose(file);
	return (double)kb * 1024 / 1e6;
}

static bool is_silenced(const struct bench *bench, const struct cm_fleet_process *process)
{
	return process == bench->fleet.hosts[bench->fleet.hosts_count - 1];
}

static enum cm_status count_cases(
    const struct cm_fleet_process *process, uint64_t *cases, struct cm_err *err)
{
	static const struct cm_op op = {.name = "status"};
	struct route_call call;
	json_t *json = NULL;
	enum cm_status status = route_call_open(process->address, &call, err);

	if (status == CM_OK)
		status = route_call_one(&call, &op, &json, NULL, err);
	route_call_close(&call);
	*cases = (uint64_t)json_integer_value(json_object_get(json, "cases"));
	json_decref(json);
	return status == CM_TRY_AGAIN ? CM_OK : status; /* busy: none that is told of */
}

static enum cm_status await_cases(
    const struct bench *bench, const struct cm_fleet_process *process, struct cm_err *err)
{
	int64_t give_up = route_now_us() + SETTLE_MOST_US;
	uint64_t cases = 0;
	enum cm_status status = count_cases(process, &cases, err);

	while (status == CM_OK && cases < bench->open) {
		if (route_now_us() > give_up)
			return cm_err_set(err, CM_TIMED_OUT, "%s has %llu cases of %u", process->name,
			    (unsigned long long)cases, bench->open);
		route_sleep_us(50000);
		status = count_cases(process, &cases, err);
	}
	return status;
}

/* ---- starting -------------------------------------------------------------------------------- */

static enum cm_status start_once(struct bench *bench, const struct cm_fleet_process *process,
    double *ms, struct cm_err *err)
{
	int64_t from;
	enum cm_status status = cm_fleet_kill(&bench->fleet.fleet, process->name, err);

	if (status != CM_OK)
		return status;
	from = route_now_us();
	status = cm_fleet_start(&bench->fleet.fleet, process->name, NULL, err);
	*ms = (double)(route_now_us() - from) / 1000;
	return status;
}

static enum cm_status start_again(struct bench *bench, const struct cm_fleet_process *process,
    double *ms, double *mb, struct cm_err *err)
{
	double all[STARTS];
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < STARTS; i++) {
		status = start_once(bench, process, &all[i], err);
		route_sleep_us(200000); /* links come up, and what waited for them goes */
	}
	*ms = route_median(all, STARTS);
	*mb = memory_of(process->pid);
	return status;
}

static enum cm_status start_all(struct bench *bench, bool is_full, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < bench->fleet.fleet.count; i++) {
		const struct cm_fleet_process *process = &bench->fleet.fleet.processes[i];
		struct row *row = &bench->rows[i];

		(void)snprintf(row->name, sizeof row->name, "%s", process->name);
		if (is_silenced(bench, process))
			continue;
		status = start_again(bench, process, is_full ? &row->full_ms : &row->empty_ms,
		    is_full ? &row->full_mb : &row->empty_mb, err);
		if (status == CM_OK && is_full)
			status = await_cases(bench, process, err);
	}
	return status;
}

/* ---- filing ---------------------------------------------------------------------------------- */

static void on_filed(size_t index, enum cm_status status, const struct cm_op_reply *reply, void *data)
{
	struct bench *bench = data;

	if (status == CM_OK && index == bench->batch_taken)
		bench->batch_taken++;
	else if (status != CM_OK && status != CM_TRY_AGAIN && bench->trouble.status == CM_OK)
		(void)cm_err_set(&bench->trouble, status, "%s", reply->sentence);
}

/* What was told "later" is filed again: the same bytes are the same case. */
static enum cm_status file_some(struct bench *bench, struct route_call *call, struct cm_err *err)
{
	static char texts[FILE_MOST][2048];
	struct cm_op ops[FILE_MOST];
	size_t count = bench->open - bench->taken < FILE_MOST ? bench->open - bench->taken : FILE_MOST;
	enum cm_status status;

	for (size_t i = 0; i < count; i++) {
		size_t len = route_demand_print(
		    &bench->fleet, (unsigned)(bench->taken + i + 1), texts[i], sizeof texts[i]);

		ops[i] = (struct cm_op){.name = "file", .body = {(const uint8_t *)texts[i], len}};
	}
	bench->batch_taken = 0;
	status = route_call_run(call, ops, count, on_filed, bench, err);
	if (status == CM_OK && bench->trouble.status != CM_OK) {
		*err = bench->trouble;
		status = err->status;
	}
	if (bench->batch_taken < count)
		route_sleep_us(LATER_PAUSE_US);
	bench->taken += bench->batch_taken;
	return status;
}

static enum cm_status file_all(struct bench *bench, struct cm_err *err)
{
	struct route_call call;
	enum cm_status status = route_call_open(bench->fleet.intake->address, &call, err);

	while (status == CM_OK && bench->taken < bench->open)
		status = route_is_stopped() ? cm_err_set(err, CM_STOPPED, "stopped")
		                            : file_some(bench, &call, err);
	route_call_close(&call);
	return status;
}

/* Until every process but the silenced one has every case. */
static enum cm_status await_all(struct bench *bench, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < bench->fleet.fleet.count; i++)
		if (!is_silenced(bench, &bench->fleet.fleet.processes[i]))
			status = await_cases(bench, &bench->fleet.fleet.processes[i], err);
	return status;
}

/* ---------------------------------------------------------------------------------------------- */

static enum cm_status run(struct bench *bench, struct cm_err *err)
{
	const struct route_fleet_spec spec = {.folder = bench->folder,
	    .regions = "us,ie,de",
	    .bin_dir = COMITY_BINARY_DIR,
	    .law_dir = COMITY_SOURCE_DIR "/jurisdictions/law",
	    .routers = 1};
	struct cm_err unread;
	enum cm_status ended;
	enum cm_status status = route_fleet_up(&bench->fleet, &spec, err);

	if (status == CM_OK)
		status = start_all(bench, false, err);
	if (status == CM_OK)
		status = cm_fleet_kill(&bench->fleet.fleet,
		    bench->fleet.hosts[bench->fleet.hosts_count - 1]->name, err);
	if (status == CM_OK)
		status = file_all(bench, err);
	if (status == CM_OK)
		status = await_all(bench, err);
	if (status == CM_OK)
		status = start_all(bench, true, err);
	if (status == CM_OK) /* its end is looked at like the others' */
		status = cm_fleet_start(&bench->fleet.fleet,
		    bench->fleet.hosts[bench->fleet.hosts_count - 1]->name, NULL, err);
	ended = route_fleet_down(&bench->fleet, status == CM_OK ? err : &unread);
	return status == CM_OK ? ended : status;
}

static void print(const struct bench *bench)
{
	(void)printf("start until it listens, middle of %d, and resident memory; %u open cases (aims: 100 ms, "
	             "40 MB idle)\n\n",
	    STARTS, bench->open);
	(void)printf("  %-10s %10s %10s %12s %10s\n", "process", "empty ms", "empty MB", "recovered ms",
	    "then MB");
	for (size_t i = 0; i < ROUTE_MAX_PROCESSES && bench->rows[i].name[0] != 0; i++)
		if (bench->rows[i].full_ms > 0)
			(void)printf("  %-10s %10.1f %10.1f %12.1f %10.1f\n", bench->rows[i].name,
			    bench->rows[i].empty_ms, bench->rows[i].empty_mb, bench->rows[i].full_ms,
			    bench->rows[i].full_mb);
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
	    {"open", required_argument, NULL, 'o'}, {"smoke", no_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
	static struct bench bench = {.open = 10000};
	const char *base = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	bool is_smoke = false;
	struct cm_err err = {.text = ""};
	enum cm_status status;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'o')
			bench.open = (unsigned)strtoul(optarg, NULL, 10);
		is_smoke = is_smoke || c == 'k';
		if (c == '?') {
			(void)fprintf(stderr, "Usage: start [--open N] [--smoke]\n");
			return 2;
		}
	}
	if (is_smoke)
		bench.open = 200;
	(void)snprintf(bench.folder, sizeof bench.folder, "%s/comity-start-XXXXXX", base);
	if (bench.open == 0 || mkdtemp(bench.folder) == NULL || cm_seal_start() != CM_OK) {
		(void)fprintf(stderr, "start: cannot begin in %s\n", base);
		return 1;
	}
	route_watch_signals();
	status = run(&bench, &err);
	route_remove(bench.folder);
	if (status != CM_OK)
		(void)fprintf(stderr, "start: %s\n", err.text);
	else if (!is_smoke)
		print(&bench);
	if (is_smoke)
		(void)printf("%d passed, %d failed\n", status == CM_OK, status != CM_OK);
	return status == CM_OK ? 0 : 1;
}
