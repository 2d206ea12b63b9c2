#include "tests/bench/route.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_NONE (-1.0)

/* ---- medians --------------------------------------------------------------------------------- */

/* The median over the rounds of whatever number the rounds have at this place. */
static double median_at(const struct route_series *series, size_t offset)
{
	double values[ROUTE_MAX_ROUNDS];

	for (size_t i = 0; i < series->rounds_count; i++)
		memcpy(&values[i], (const char *)(const void *)&series->rounds[i] + offset,
		    sizeof values[i]);
	return route_median(values, series->rounds_count);
}

#define MEDIAN(series, field) median_at(series, offsetof(struct route_round, field))

static void set(json_t *object, const char *name, double value)
{
	(void)json_object_set_new(object, name, json_real(value));
}

static json_t *floor_json(const struct route_series *series)
{
	json_t *floor = json_object();

	set(floor, "rtt1_us", MEDIAN(series, floor.rtt1_us));
	set(floor, "r_msg", MEDIAN(series, floor.r_msg));
	set(floor, "commit_us", MEDIAN(series, floor.commit_us));
	set(floor, "r_row", MEDIAN(series, floor.r_row));
	set(floor, "f_lat_ms", MEDIAN(series, floor.f_lat_ms));
	set(floor, "f_tput", MEDIAN(series, floor.f_tput));
	return floor;
}

static json_t *usage_json(const struct route_series *series, size_t window)
{
	json_t *array = json_array();

	for (size_t i = 0; i < series->names_count; i++) {
		size_t at = offsetof(struct route_round, measures) +
			    window * sizeof(struct route_measure) +
			    offsetof(struct route_measure, usage) + i * sizeof(struct route_usage);
		json_t *one = json_pack("{s:s}", "name", series->names[i]);

		set(one, "requests",
		    median_at(series, at + offsetof(struct route_usage, requests)));
		set(one, "records", median_at(series, at + offsetof(struct route_usage, records)));
		set(one, "syncs", median_at(series, at + offsetof(struct route_usage, syncs)));
		set(one, "cpu_ms", median_at(series, at + offsetof(struct route_usage, cpu_ms)));
		set(one, "cases", median_at(series, at + offsetof(struct route_usage, cases)));
		set(one, "kb", median_at(series, at + offsetof(struct route_usage, kb)));
		set(one, "minstr", median_at(series, at + offsetof(struct route_usage, minstr)));
		set(one, "signed", median_at(series, at + offsetof(struct route_usage, seals)));
		(void)json_array_append_new(array, one);
	}
	return array;
}

/* Ratios are taken within a round and then their median: the machine's mood cancels out. */
static double ratio(const struct route_series *series, size_t window, bool is_latency)
{
	double values[ROUTE_MAX_ROUNDS];

	for (size_t i = 0; i < series->rounds_count; i++) {
		const struct route_round *round = &series->rounds[i];
		const struct route_load *load = &round->measures[window].load;

		values[i] = is_latency
				? (load->p50_ms > 0 ? round->floor.f_lat_ms / load->p50_ms : 0)
				: load->rate / round->floor.f_tput;
	}
	return route_median(values, series->rounds_count);
}

static json_t *window_json(
    const struct route_report *report, const struct route_series *series, size_t window)
{
	size_t at = offsetof(struct route_round, measures) + window * sizeof(struct route_measure);
	json_t *json = json_object();

#define SET(name, field)                                                                           \
	set(json, name, median_at(series, at + offsetof(struct route_measure, field)))
	(void)json_object_set_new(
	    json, "in_flight", json_integer((json_int_t)report->options->windows[window]));
	SET("cases_s", load.rate);
	SET("p50_ms", load.p50_ms);
	SET("p99_ms", load.p99_ms);
	SET("mean_ms", load.mean_ms);
	SET("poll_ms", load.poll_ms);
	if (report->has_device)
		SET("flushes", flushes);
	SET("syncs", syncs);
	SET("cpu_ms", cpu_ms);
	SET("kb", kb);
	SET("minstr", minstr);
	SET("signed", seals);
	SET("client_cpu_ms", client_cpu_ms);
#undef SET
	set(json, "rho_t", ratio(series, window, false));
	if (report->options->windows[window] == 1)
		set(json, "rho_l", ratio(series, window, true));
	(void)json_object_set_new(json, "processes", usage_json(series, window));
	return json;
}

static json_t *hops_json(const struct route_series *series)
{
	json_t *hops = json_object();

#define X(name, sentence) set(hops, sentence, MEDIAN(series, hops.name));
	ROUTE_HOPS(X)
#undef X
	return json_pack("{s:o, s:f, s:f}", "hops_ms", hops, "whole_ms",
	    MEDIAN(series, hops.whole_ms), "router_ms", MEDIAN(series, hops.router_ms));
}

static json_t *series_json(const struct route_report *report, const struct route_series *series)
{
	json_t *windows = json_array();
	json_t *json = json_pack("{s:I, s:I, s:o, s:o}", "slow_us", (json_int_t)series->slow_us,
	    "routers", (json_int_t)series->routers, "floor", floor_json(series), "windows", windows);

	for (size_t i = 0; i < report->options->windows_count; i++)
		(void)json_array_append_new(windows, window_json(report, series, i));
	if (series->rounds_count > 0 && series->rounds[0].has_hops)
		(void)json_object_set_new(json, "way", hops_json(series));
	return json;
}

json_t *route_report_json(const struct route_report *report)
{
	const struct route_options *options = report->options;
	json_t *series = json_array();
	json_t *json = json_pack("{s:s, s:b, s:I, s:I, s:s, s:f, s:I, s:o}", "regions",
	    options->regions, "tls", options->is_tls,
	    "router_numbers", (json_int_t)options->routers_count,
	    "processors", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "device",
	    report->has_device ? report->device.name : "", "seconds", options->seconds, "rounds",
	    (json_int_t)options->rounds, "series", series);

	for (size_t i = 0; i < report->series_count; i++)
		(void)json_array_append_new(series, series_json(report, &report->series[i]));
	return json;
}

/* ---- the table ------------------------------------------------------------------------------- */

static double get(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : FLUSH_NONE;
}

static void print_floor(const json_t *series)
{
	const json_t *floor = json_object_get(series, "floor");

	(void)printf("  floor   RTT1 %.0f us, R_msg %.1f k/s, C1 %.0f us, R_row %.1f k/s, beside %.0f %s\n",
	    get(floor, "rtt1_us"), get(floor, "r_msg") / 1000, get(floor, "commit_us"),
	    get(floor, "r_row") / 1000, get(series, "routers"),
	    get(series, "routers") > 1 ? "routers" : "router");
	(void)printf("          F_lat = 2 RTT1 + 3 C1 = %.2f ms;  "
		     "F_tput = 1 / (3/R_msg + 8/(2 R_row)) = %.0f cases/s\n",
	    get(floor, "f_lat_ms"), get(floor, "f_tput"));
}

/* The processor time of a case in the process that has most of it: what limits the rate where each process
 * has a processor of its own. */
static double busiest_ms(const json_t *w)
{
	const json_t *p;
	double most = 0;
	size_t i;

	json_array_foreach(json_object_get(w, "processes"), i, p)
		most = get(p, "cpu_ms") > most ? get(p, "cpu_ms") : most;
	return most;
}

/* The fewest and the most that one of the routers has of the cases: of 4 that share evenly, 25 and 25. */
static void print_spread(const json_t *w, double routers)
{
	const json_t *processes = json_object_get(w, "processes");
	double least = 1;
	double most = 0;

	for (size_t i = 0; i < (size_t)routers; i++) {
		double cases = get(json_array_get(processes, i), "cases");

		least = cases < least ? cases : least;
		most = cases > most ? cases : most;
	}
	(void)printf("  %3.0f to %.0f %%", 100 * least, 100 * most);
}

static void print_windows(const json_t *series, const json_t *first)
{
	const json_t *w;
	size_t i;
	double routers = get(series, "routers");

	json_array_foreach(json_object_get(series, "windows"), i, w)
	{
		bool is_alone = get(w, "rho_l") >= 0;
		const json_t *one = json_array_get(json_object_get(first, "windows"), i);

		(void)printf("  %7.0f %9.0f %9.1f %9.2f %9.2f", routers, get(w, "in_flight"),
		    get(w, "cases_s"), get(w, "p50_ms"), get(w, "p99_ms"));
		if (get(w, "flushes") >= 0)
			(void)printf(" %9.1f", get(w, "flushes"));
		else
			(void)printf(" %9s", "-");
		(void)printf(" %9.1f %9.1f %9.0f %9.2f %9.2f %9.2f   %s %.3f", get(w, "syncs"),
		    get(w, "signed"), get(w, "kb"), get(w, "minstr"), get(w, "cpu_ms"),
		    busiest_ms(w), is_alone ? "rho_l" : "rho_t", get(w, is_alone ? "rho_l" : "rho_t"));
		if (series != first)
			(void)printf("  %6.2f", get(w, is_alone ? "rho_l" : "rho_t") /
			    get(one, is_alone ? "rho_l" : "rho_t"));
		if (routers > 1)
			print_spread(w, routers);
		(void)printf("\n");
	}
}

static void print_titles(bool has_several)
{
	(void)printf("\n  %7s %9s %9s %9s %9s %9s %9s %9s %9s %9s %9s %9s %12s%s\n", "routers",
	    "in flight", "cases/s", "p50 ms", "p99 ms", "flushes", "syncs", "signed", "KiB", "Minstr", "cpu ms", "busiest", "ratio",
	    has_several ? "  of the first  a router's cases" : "");
}

static void print_processes(const json_t *windows)
{
	const json_t *w;
	const json_t *p;
	size_t i;
	size_t j;

	(void)printf("  %9s  %-10s %9s %9s %9s %9s %9s %9s %9s %9s\n", "in flight", "process",
	    "cases", "requests", "records", "syncs", "signed", "KiB", "Minstr", "cpu ms");
	json_array_foreach(windows, i, w)
	{
		json_array_foreach(json_object_get(w, "processes"), j, p)(void)
		    printf("  %9.0f  %-10s %9.2f %9.1f %9.1f %9.1f %9.1f %9.0f %9.2f %9.2f\n",
			get(w, "in_flight"), json_string_value(json_object_get(p, "name")),
			get(p, "cases"), get(p, "requests"), get(p, "records"), get(p, "syncs"),
			get(p, "signed"), get(p, "kb"), get(p, "minstr"), get(p, "cpu_ms"));
		(void)printf("  %9.0f  %-10s %9s %9s %9s %9s %9s %9s %9s %9.2f\n", get(w, "in_flight"),
		    "this bench", "", "", "", "", "", "", "", get(w, "client_cpu_ms"));
	}
	(void)printf("\n");
}

static void print_way(const json_t *way, const json_t *windows)
{
	const json_t *alone = json_array_get(windows, 0);
	const char *name;
	json_t *value;

	if (way == NULL)
		return;
	(void)printf(
	    "  where a case spends its time, one in flight (mean of the ledgers' times)\n");
	json_object_foreach(json_object_get(way, "hops_ms"), name, value)(void)
	    printf("    %-46s %7.2f ms\n", name, json_number_value(value));
	(void)printf("    %-46s %7.2f ms\n", "filing, last commit, until a poll saw it",
	    get(alone, "mean_ms") - get(way, "whole_ms"));
	(void)printf(
	    "    the router's share: %.2f of %.2f ms (%.0f %%); one poll apart: %.2f ms\n\n",
	    get(way, "router_ms"), get(alone, "mean_ms"),
	    100 * get(way, "router_ms") / get(alone, "mean_ms"), get(alone, "poll_ms"));
}

/* What is left of the best rate when each sync takes longer. */
static void print_slowdown(const json_t *first, const json_t *series)
{
	const json_t *a;
	size_t i;

	if (first == series)
		return;
	(void)printf("  of the rate with the disk as it is:");
	json_array_foreach(json_object_get(first, "windows"), i, a)(void)
	    printf("  %.0f in flight %.0f %%", get(a, "in_flight"),
		100 * get(json_array_get(json_object_get(series, "windows"), i), "cases_s") /
		    get(a, "cases_s"));
	(void)printf("\n\n");
}

/* `count` fleets over one disk, from `at` on: their floors, one table, then each by itself. */
static void print_disk(const json_t *all, size_t at, size_t count)
{
	const json_t *first = json_array_get(all, at);
	double slow_us = get(first, "slow_us");

	if (slow_us > 0)
		(void)printf("EACH SYNC %.0f us SLOWER\n", slow_us);
	else
		(void)printf("THE DISK AS IT IS\n");
	for (size_t i = 0; i < count; i++)
		print_floor(json_array_get(all, at + i));
	print_titles(count > 1);
	for (size_t i = 0; i < count; i++)
		print_windows(json_array_get(all, at + i), first);
	(void)printf("\n");
	for (size_t i = 0; i < count; i++) {
		const json_t *series = json_array_get(all, at + i);
		const json_t *windows = json_object_get(series, "windows");

		(void)printf("  a case's share of each process, %.0f %s\n", get(series, "routers"),
		    get(series, "routers") > 1 ? "routers" : "router");
		print_processes(windows);
		print_slowdown(json_array_get(all, i), series);
		print_way(json_object_get(series, "way"), windows);
	}
}

void route_report_print(json_t *report)
{
	const json_t *all = json_object_get(report, "series");
	const char *device = json_string_value(json_object_get(report, "device"));
	size_t count = (size_t)get(report, "router_numbers");
	size_t i;

	(void)printf("comity, demand to outcome: regions %s (the first takes in), %s, "
		     "medians of %.0f rounds of %.1f s, %.0f processors\n",
	    json_string_value(json_object_get(report, "regions")),
	    json_is_true(json_object_get(report, "tls")) ? "TLS, signed" : "ipc", get(report, "rounds"),
	    get(report, "seconds"), get(report, "processors"));
	if (device[0] != 0)
		(void)printf("flushes a case: of %s, all processes of the machine; "
			     "syncs a case: fdatasync calls of the fleet, counted by a preload\n\n",
		    device);
	else
		(void)printf(
		    "this folder's device counts no flushes; "
		    "syncs a case: fdatasync calls of the fleet, counted by a preload\n\n");
	for (i = 0; i < json_array_size(all); i += count)
		print_disk(all, i, count);
}
