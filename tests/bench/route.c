/*
 * The bench of a demand's way: from filing at the intake node to its outcome stored there, through
 * real processes, beside what this machine could do at best, measured in the same run. README.md
 * says how to read it.
 */
#include "tests/bench/route.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/seal/seal.h"
#include "tests/bench/route_call.h"
#include "tests/bench/route_probe.h"

static const struct route_options defaults = {.seconds = 3,
    .rounds = 3,
    .windows = {1, 16, 64, 256},
    .windows_count = 4,
    .slow_count = 1,
    .routers = {1},
    .routers_count = 1,
    .regions = "us,ie,de",
    .bin_dir = COMITY_BINARY_DIR,
    .law_dir = COMITY_SOURCE_DIR "/jurisdictions/law"};

static int usage(FILE *to, int code)
{
	(void)fprintf(to,
	    "Usage: route [OPTION...]\n\n"
	    "Measure demand to outcome, and beside it the floor of this machine.\n\n"
	    "  --seconds S      of each measurement (3)\n"
	    "  --rounds N       floor, comity, floor; medians are printed (3)\n"
	    "  --window LIST    demands in flight (1,16,64,256)\n"
	    "  --regions LIST   the first takes in and issues, the others host (us,ie,de)\n"
	    "  --routers LIST   with so many routers, one fleet after the other (1)\n"
	    "  --tls            keys, a manifest, TLS between the processes and signed commits\n"
	    "  --slow-us LIST   again with each fdatasync so many microseconds slower\n"
	    "  --dir DIR        a folder on the file system to measure ($TMPDIR or /tmp)\n"
	    "  --bin DIR        the top of another build, or a folder with the programs\n"
	    "  --json           one JSON object on standard output instead of the table\n"
	    "  --smoke          two seconds, to see that the bench itself works\n");
	return code;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* "1,16,64" from `count` on; false for anything else or too many. */
static bool read_list(const char *text, unsigned most, unsigned *out, size_t *count, size_t room)
{
	while (*text != 0) {
		char *end;
		unsigned long value = strtoul(text, &end, 10);

		if (end == text || value == 0 || value > most || *count == room)
			return false;
		out[(*count)++] = (unsigned)value;
		if (*end != 0 && *end != ',')
			return false;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static void make_smoke(struct route_options *options)
{
	options->is_smoke = true;
	options->seconds = 1.0; /* a busy machine must finish a case in it */
	options->rounds = 1;
	options->windows[1] = 16;
	options->windows_count = 2;
}

static bool read_option(int c, struct route_options *options)
{
	switch (c) {
	case 's':
		options->seconds = strtod(optarg, NULL);
		return options->seconds > 0 && options->seconds <= 3600;
	case 'r':
		options->rounds = (unsigned)strtoul(optarg, NULL, 10);
		return options->rounds > 0 && options->rounds <= ROUTE_MAX_ROUNDS;
	case 'w':
		options->windows_count = 0;
		return read_list(
		    optarg, 4096, options->windows, &options->windows_count, ROUTE_MAX_WINDOWS);
	case 'n':
		options->routers_count = 0;
		return read_list(optarg, CM_MAX_ROUTERS, options->routers, &options->routers_count,
		    ROUTE_MAX_ROUTERS);
	case 'u':
		options->slow_count = 1;
		return read_list(
		    optarg, 1000000, options->slow_us, &options->slow_count, ROUTE_MAX_SLOW);
	case 'g':
		options->regions = optarg;
		return true;
	case 'd':
		options->dir = optarg;
		return true;
	case 'b':
		options->bin_dir = optarg;
		return true;
	case 't':
		options->is_tls = true;
		return true;
	case 'j':
		options->is_json = true;
		return true;
	case 'k':
		make_smoke(options);
		return true;
	default:
		return false;
	}
}

/* -1: go on; else the exit code. */
static int read_command_line(int argc, char **argv, struct route_options *options)
{
	static const struct option names[] = {{"seconds", required_argument, NULL, 's'},
	    {"rounds", required_argument, NULL, 'r'}, {"window", required_argument, NULL, 'w'},
	    {"routers", required_argument, NULL, 'n'}, {"slow-us", required_argument, NULL, 'u'},
	    {"regions", required_argument, NULL, 'g'}, {"tls", no_argument, NULL, 't'},
	    {"dir", required_argument, NULL, 'd'}, {"bin", required_argument, NULL, 'b'},
	    {"json", no_argument, NULL, 'j'}, {"smoke", no_argument, NULL, 'k'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	*options = defaults;
	options->dir = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	while ((c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout, 0);
		if (!read_option(c, options))
			return usage(stderr, 2);
	}
	return optind < argc || options->windows_count == 0 || options->routers_count == 0
		   ? usage(stderr, 2)
		   : -1;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static struct route_usage usage_between(
    const struct route_usage *a, const struct route_usage *b, double cases)
{
	return (struct route_usage){.requests = (b->requests - a->requests) / cases,
	    .records = (b->records - a->records) / cases,
	    .syncs = (b->syncs - a->syncs) / cases,
	    .cpu_ms = (b->cpu_ms - a->cpu_ms) / cases,
	    .kb = (b->kb - a->kb) / cases,
	    .minstr = (b->minstr - a->minstr) / cases,
	    .seals = (b->seals - a->seals) / cases,
	    .cases = (b->cases - a->cases) / cases};
}

static enum cm_status measure(struct route_fleet *fleet, const struct route_report *report,
    unsigned window, unsigned *number, struct route_measure *out, struct cm_err *err)
{
	struct route_usage before[ROUTE_MAX_PROCESSES];
	struct route_usage after[ROUTE_MAX_PROCESSES];
	uint64_t flushes = route_device_flushes(&report->device);
	int64_t own_us = route_cpu_own_us();
	enum cm_status status = route_fleet_usage(fleet, before, err);
	double cases;

	if (status == CM_OK)
		status = route_load_run(
		    fleet, window, report->options->seconds, number, &out->load, err);
	if (status == CM_OK)
		status = route_fleet_usage(fleet, after, err);
	if (status != CM_OK)
		return status;
	cases = out->load.outcomes > 0 ? (double)out->load.outcomes : 1;
	out->flushes = (double)(route_device_flushes(&report->device) - flushes) / cases;
	out->client_cpu_ms = (double)(route_cpu_own_us() - own_us) / 1000 / cases;
	for (size_t i = 0; i < fleet->fleet.count; i++) {
		out->usage[i] = usage_between(&before[i], &after[i], cases);
		out->syncs += out->usage[i].syncs;
		out->cpu_ms += out->usage[i].cpu_ms;
		out->kb += out->usage[i].kb;
		out->minstr += out->usage[i].minstr;
		out->seals += out->usage[i].seals;
	}
	return CM_OK;
}

static enum cm_status measure_all(struct route_fleet *fleet, const struct route_report *report,
    unsigned *number, struct route_round *round, struct cm_err *err)
{
	const struct route_options *options = report->options;
	uint64_t marks[ROUTE_MAX_PROCESSES];
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < options->windows_count; i++) {
		bool is_alone = options->windows[i] == 1;

		if (is_alone)
			status = route_hops_mark(fleet, marks, err);
		if (status == CM_OK)
			status = measure(
			    fleet, report, options->windows[i], number, &round->measures[i], err);
		if (status == CM_OK && is_alone) {
			status = route_hops_read(fleet, marks, &round->hops, err);
			round->has_hops = status == CM_OK && round->hops.cases > 0;
		}
		if (status == CM_OK)
			(void)fprintf(stderr, "  %4u in flight: %.1f cases/s, p50 %.2f ms\n",
			    options->windows[i], round->measures[i].load.rate,
			    round->measures[i].load.p50_ms);
	}
	return status;
}

static enum cm_status run_round(struct route_fleet *fleet, const char *folder, unsigned *number,
    const struct route_report *report, struct route_series *series, struct cm_err *err)
{
	struct route_round *round = &series->rounds[series->rounds_count];
	double seconds = report->options->seconds;
	struct route_floor before;
	struct route_floor after;
	enum cm_status status;

	(void)fprintf(
	    stderr, "round %zu, %u %s, syncs %u us slower\n", series->rounds_count + 1,
	    series->routers, series->routers == 1 ? "router" : "routers", series->slow_us);
	status = route_floor_probe(folder, seconds, series->slow_us, &before, err);
	if (status == CM_OK)
		status = measure_all(fleet, report, number, round, err);
	if (status == CM_OK)
		status = route_floor_probe(folder, seconds, series->slow_us, &after, err);
	if (status != CM_OK)
		return status;
	round->floor = route_floor_between(&before, &after);
	series->rounds_count++;
	return CM_OK;
}

/* Each part is hosted somewhere, and all nodes could check it. */
static enum cm_status check_parts(
    const struct route_fleet *fleet, const json_t *outcome, struct cm_err *err)
{
	const json_t *parts = json_object_get(outcome, "parts");
	const json_t *part;
	size_t i;

	if (json_array_size(parts) != fleet->hosts_count)
		return cm_err_set(err, CM_INTERNAL, "an outcome has %zu parts instead of %zu",
		    json_array_size(parts), fleet->hosts_count);
	json_array_foreach(parts, i, part)
	{
		const char *region = json_string_value(json_object_get(part, "region"));
		const char *why = json_string_value(json_object_get(part, "why"));

		if (region == NULL || region[0] == 0)
			return cm_err_set(err, CM_INTERNAL, "a part is hosted nowhere");
		if (why == NULL || strncmp(why, "Node ", 5) == 0)
			return cm_err_set(err, CM_INTERNAL, "a part is held: %s",
			    why != NULL ? why : "for no reason");
	}
	return CM_OK;
}

/* The bench is worth nothing if the demands come to nothing: look at the newest one's outcome. */
static enum cm_status check_one(struct route_fleet *fleet, struct cm_err *err)
{
	struct cm_arg arg = {.name = "case"};
	struct cm_op op = {.name = "list"};
	struct route_call call;
	json_t *list = NULL;
	json_t *json = NULL;
	enum cm_status status = route_call_open(fleet->intake, &call, err);

	if (status == CM_OK)
		status = route_call_one(&call, &op, &list, NULL, err);
	arg.value = json_string_value(json_object_get(json_array_get(list, 0), "case"));
	op = (struct cm_op){.name = "show", .args = &arg, .args_count = 1};
	if (status == CM_OK && arg.value == NULL)
		status = cm_err_set(err, CM_INTERNAL, "the intake node lists no case");
	if (status == CM_OK)
		status = route_call_one(&call, &op, &json, NULL, err);
	if (status == CM_OK)
		status = check_parts(fleet, json_object_get(json, "outcome"), err);
	json_decref(list);
	json_decref(json);
	route_call_close(&call);
	return status;
}

static enum cm_status run_series(const char *folder, unsigned slow_us, unsigned routers,
    struct route_report *report, struct cm_err *err)
{
	const struct route_options *options = report->options;
	struct route_series *series = &report->series[report->series_count++];
	const struct route_fleet_spec spec = {.folder = folder,
	    .regions = options->regions,
	    .bin_dir = options->bin_dir,
	    .law_dir = options->law_dir,
	    .routers = routers,
	    .tls = options->is_tls,
	    .slow_us = slow_us};
	static struct route_fleet fleet;
	struct cm_err unread;
	unsigned number = 1;
	enum cm_status ended;
	enum cm_status status;

	series->slow_us = slow_us;
	series->routers = routers;
	status = route_fleet_up(&fleet, &spec, err);
	for (size_t i = 0; status == CM_OK && i < fleet.fleet.count; i++)
		(void)snprintf(series->names[series->names_count++], sizeof series->names[0], "%s",
		    fleet.fleet.processes[i].name);
	for (unsigned i = 0; status == CM_OK && i < options->rounds; i++)
		status = run_round(&fleet, folder, &number, report, series, err);
	if (status == CM_OK)
		status = check_one(&fleet, err);
	ended = route_fleet_down(&fleet, status == CM_OK ? err : &unread);
	return status == CM_OK ? ended : status;
}

static enum cm_status run_all(const char *folder, struct route_report *report, struct cm_err *err)
{
	const struct route_options *options = report->options;
	size_t count = options->slow_count * options->routers_count;
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < count; i++)
		status = run_series(folder, options->slow_us[i / options->routers_count],
		    options->routers[i % options->routers_count], report, err);
	return status;
}

/* ---- the smoke run --------------------------------------------------------------------------- */

static unsigned passed;
static unsigned failed;

static void expect(bool holds, const char *what)
{
	if (holds) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED: %s\n", what);
}

static void expect_measure(const struct route_measure *measure, unsigned window, bool is_tls)
{
	const struct route_load *load = &measure->load;
	double least = window == 1 ? 3 : 0.01; /* with more in flight cases share their commits */

	expect(load->filed > 0, "demands were filed");
	expect(load->outcomes == load->filed, "each demand came to an outcome");
	expect(load->twice == 0, "no demand came to two outcomes");
	expect(load->p50_ms > 0 && load->p50_ms <= load->p99_ms, "p50 is at most p99");
	expect(measure->syncs >= least, "what was acknowledged was synced");
	if (is_tls)
		expect(measure->seals >= least, "what was committed was signed");
	else
		expect(measure->seals == 0, "without keys nothing was signed");
	expect(measure->cpu_ms > 0, "processor time was counted");
	expect(measure->kb >= 1, "what was written was counted");
}

/* Several routers share the cases: none is left without, and none has a case that another has. */
static void expect_spread(const struct route_series *series, const struct route_measure *measure)
{
	double all = 0;
	double least = 1;

	for (unsigned i = 0; i < series->routers; i++) {
		all += measure->usage[i].cases;
		if (measure->usage[i].cases < least)
			least = measure->usage[i].cases;
	}
	expect(all > 0.99 && all < 1.01, "each case has one router");
	expect(series->routers == 1 || measure->load.filed < 20 || least > 0,
	    "every router has some of the cases");
}

static int judge_smoke(
    const struct route_report *report, enum cm_status status, const struct cm_err *err)
{
	const struct route_round *round = &report->series[0].rounds[0];
	json_t *json = NULL;

	expect(status == CM_OK, status == CM_OK ? "" : err->text);
	if (status == CM_OK) {
		json = route_report_json(report);
		route_report_print(json);
		expect(
		    round->floor.f_lat_ms > 0 && round->floor.f_tput > 0, "the floor was probed");
		expect(round->has_hops && round->hops.whole_ms > 0, "the ledgers tell the way");
		for (size_t i = 0; i < report->options->windows_count; i++) {
			expect_measure(&round->measures[i], report->options->windows[i],
			    report->options->is_tls);
			expect_spread(&report->series[0], &round->measures[i]);
		}
	}
	json_decref(json);
	(void)printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}

/* ---- main ------------------------------------------------------------------------------------ */

static int report_result(
    const struct route_report *report, enum cm_status status, const struct cm_err *err)
{
	json_t *json;

	if (report->options->is_smoke)
		return judge_smoke(report, status, err);
	if (status != CM_OK) {
		(void)fprintf(stderr, "route: %s\n", err->text);
		return status == CM_STOPPED ? 130 : 1;
	}
	json = route_report_json(report);
	if (report->options->is_json) {
		(void)json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		(void)printf("\n");
	} else {
		route_report_print(json);
	}
	json_decref(json);
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct route_report report;
	struct route_options options;
	struct cm_err err = {.text = ""};
	char folder[200];
	int code;

	if (route_is_probe(argc, argv))
		return route_probe_main(argc, argv);
	code = read_command_line(argc, argv, &options);
	if (code >= 0)
		return code;
	(void)snprintf(folder, sizeof folder, "%s/comity-route-XXXXXX", options.dir);
	if (cm_seal_start() != CM_OK || mkdtemp(folder) == NULL) {
		(void)fprintf(stderr, "route: no folder in %s: %s\n", options.dir, strerror(errno));
		return 1;
	}
	route_watch_signals();
	report.options = &options;
	report.has_device = route_device_find(folder, &report.device);
	code = report_result(&report, run_all(folder, &report, &err), &err);
	route_remove(folder);
	return code;
}
