#include "tests/bench/route_fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nodes/residency/residency.h"
#include "protocol/ledger/reader.h"
#include "protocol/link/now.h"
#include "tests/bench/route_call.h"

#define GRACE_MS 20000

/* ---- residency maps -------------------------------------------------------------------------- */

static void print_account(const struct cm_region *region, unsigned number, char *out, size_t bytes)
{
	(void)snprintf(out, bytes, "mailbox-%u@%s.example", number, region->name);
}

/* Enterprises, consumers and public bodies in turn, so that the rules have different work. */
static void write_map(FILE *file, const struct cm_region *region)
{
	static const char *const kinds[] = {"enterprise", "consumer", "public_sector"};
	char account[64];

	(void)fprintf(file, "account,category,region,since,until,customer_kind,customer_seat,"
			    "nationality,residence,us_person,target_location,key_custody,"
			    "service_kind,personal_data,notify\n");
	for (unsigned i = 0; i < ROUTE_ACCOUNTS; i++) {
		const char *kind = kinds[i % 3];
		bool is_person = i % 3 == 1;

		print_account(region, i, account, sizeof account);
		(void)fprintf(file, "%s,*,%s,2020-10-05,,%s,%s,%s,%s,no,%s,provider,%s,yes,%s\n",
		    account, region->name, kind, is_person ? "" : region->state,
		    is_person ? region->state : "", is_person ? region->state : "",
		    is_person ? region->state : "", is_person ? "ecs" : "rcs", account);
	}
}

static enum cm_status import_map(
    const struct cm_fleet_process *host, const struct cm_blind_key *key, struct cm_err *err)
{
	static struct cm_residency_report report;
	struct cm_residency_options options = {.now = cm_wall_now()};
	struct cm_residency *map = NULL;
	FILE *file = tmpfile();
	enum cm_status status;

	if (file == NULL)
		return cm_err_set(err, CM_IO, "a temporary file: %s", strerror(errno));
	write_map(file, &host->region);
	rewind(file);
	status =
	    cm_residency_open(host->residency, host->region.name, CM_RESIDENCY_WRITE, &map, err);
	if (status == CM_OK)
		status = cm_residency_import(map, file, "bench.csv", key, &options, &report, err);
	cm_residency_close(map);
	(void)fclose(file);
	if (status == CM_OK && report.added != ROUTE_ACCOUNTS)
		status = cm_err_set(err, CM_INTERNAL, "the map of %s has %llu rows", host->name,
		    (unsigned long long)report.added);
	return status;
}

static enum cm_status import_maps(struct route_fleet *fleet, struct cm_err *err)
{
	struct cm_blind_key key;
	enum cm_status status = cm_blind_key_load(fleet->fleet.blind_key, &key, err);

	for (size_t i = 0; status == CM_OK && i < fleet->fleet.count; i++)
		if (fleet->fleet.processes[i].role == CM_FLEET_REGION)
			status = import_map(&fleet->fleet.processes[i], &key, err);
	cm_blind_key_wipe(&key);
	return status;
}

/* ---- up and down ----------------------------------------------------------------------------- */

static enum cm_status map_syncs(struct route_fleet *fleet, const char *folder, struct cm_err *err)
{
	int fd;

	(void)snprintf(fleet->syncs_path, sizeof fleet->syncs_path, "%s/syncs", folder);
	fd = open(fleet->syncs_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *fleet->syncs) != 0) {
		if (fd >= 0)
			(void)close(fd);
		return cm_err_set(err, CM_IO, "%s: %s", fleet->syncs_path, strerror(errno));
	}
	fleet->syncs = mmap(NULL, sizeof *fleet->syncs, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (fleet->syncs != MAP_FAILED)
		return CM_OK;
	fleet->syncs = NULL;
	return cm_err_set(err, CM_IO, "%s: %s", fleet->syncs_path, strerror(errno));
}

static enum cm_status sort_out(struct route_fleet *fleet, struct cm_err *err)
{
	if (fleet->fleet.count > ROUTE_MAX_PROCESSES)
		return cm_err_set(err, CM_TOO_LARGE, "at most %d processes", ROUTE_MAX_PROCESSES);
	for (size_t i = 0; i < fleet->fleet.count; i++) {
		const struct cm_fleet_process *process = &fleet->fleet.processes[i];

		route_steps_watch(process->pid, &fleet->steps[i]);
		if (process->role != CM_FLEET_REGION)
			continue;
		if (fleet->intake == NULL)
			fleet->intake = process;
		else
			fleet->hosts[fleet->hosts_count++] = process;
	}
	return fleet->hosts_count > 0 ? CM_OK
				      : cm_err_set(err, CM_BAD_INPUT,
					    "regions: one to take in and at least one to host");
}

enum cm_status route_fleet_up(
    struct route_fleet *out, const struct route_fleet_spec *spec, struct cm_err *err)
{
	char dir[256];
	const struct cm_fleet_spec fleet = {.dir = dir,
	    .regions = spec->regions,
	    .routers = spec->routers,
	    .law_dir = spec->law_dir,
	    .bin_dir = spec->bin_dir,
	    .tls = spec->tls,
	    .stop_fd = -1};
	enum cm_status status;

	*out = (struct route_fleet){0};
	(void)snprintf(
	    dir, sizeof dir, "%s/fleet-%u-%u", spec->folder, spec->routers, spec->slow_us);
	status = map_syncs(out, spec->folder, err);
	if (status != CM_OK)
		return status;
	route_preload_set(spec->folder, spec->slow_us, out->syncs_path);
	status = cm_fleet_up(&fleet, &out->fleet, err);
	route_preload_clear();
	out->is_up = status == CM_OK;
	if (status == CM_OK)
		status = sort_out(out, err);
	if (status == CM_OK)
		status = import_maps(out, err);
	return status;
}

enum cm_status route_fleet_down(struct route_fleet *fleet, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	if (fleet->is_up)
		status = cm_fleet_down(&fleet->fleet, GRACE_MS, err);
	for (size_t i = 0; i < fleet->fleet.count && i < ROUTE_MAX_PROCESSES; i++)
		route_steps_close(&fleet->steps[i]);
	cm_fleet_fini(&fleet->fleet);
	if (fleet->syncs != NULL)
		(void)munmap(fleet->syncs, sizeof *fleet->syncs);
	*fleet = (struct route_fleet){0};
	return status;
}

/* ---- looking --------------------------------------------------------------------------------- */

static double syncs_of(const struct route_fleet *fleet, pid_t pid)
{
	for (size_t i = 0; i < ROUTE_SYNC_SLOTS; i++)
		if (atomic_load(&fleet->syncs->slots[i].pid) == (int)pid)
			return (double)atomic_load(&fleet->syncs->slots[i].calls);
	return 0;
}

static void on_seal(const struct cm_ledger_seal *seal, void *data)
{
	*(double *)data = (double)seal->number;
}

/* The signatures of a ledger are numbered from 1 on: that of the newest row tells how many there were until then. */
static enum cm_status read_seals(
    const struct cm_fleet_process *process, double *out, struct cm_err *err)
{
	struct cm_reader *reader = NULL;
	struct cm_ledger_head head = {0};
	enum cm_status status = cm_reader_open(&reader, process->ledger, err);
	enum cm_status found = CM_NOT_FOUND;

	*out = 0;
	if (status == CM_OK && cm_reader_head(reader, &head) != CM_OK)
		status = cm_err_set(err, CM_IO, "the ledger of %s cannot be read", process->name);
	if (status == CM_OK)
		found = cm_reader_seal(reader, head.seq, on_seal, out);
	if (status == CM_OK && found != CM_OK && found != CM_NOT_FOUND)
		status = cm_err_set(err, found, "the signatures of %s cannot be read", process->name);
	cm_reader_close(reader);
	return status;
}

static enum cm_status usage_of(const struct route_fleet *fleet,
    const struct cm_fleet_process *process, struct route_usage *out, struct cm_err *err)
{
	static const struct cm_op op = {.name = "status"};
	struct route_call call;
	json_t *json = NULL;
	json_t *counters;
	enum cm_status status = route_call_open(process, &call, err);

	if (status == CM_OK)
		status = route_call_one(&call, &op, &json, NULL, err);
	route_call_close(&call);
	counters = json_object_get(json, "counters");
	*out = (struct route_usage){
	    .requests = (double)json_integer_value(json_object_get(counters, "envelopes_out")),
	    .records = (double)json_integer_value(json_object_get(counters, "records_out")),
	    .syncs = syncs_of(fleet, process->pid),
	    .cpu_ms = (double)route_cpu_us(process->pid) / 1000,
	    .kb = (double)route_bytes_written(process->pid) / 1024,
	    .cases = (double)json_integer_value(json_object_get(json, "cases"))};
	json_decref(json);
	return status == CM_OK ? read_seals(process, &out->seals, err) : status;
}

enum cm_status route_fleet_usage(
    struct route_fleet *fleet, struct route_usage *out, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < fleet->fleet.count; i++) {
		status = usage_of(fleet, &fleet->fleet.processes[i], &out[i], err);
		out[i].minstr = (double)route_steps_read(&fleet->steps[i]) / 1e6;
	}
	return status;
}

/* ---- demands --------------------------------------------------------------------------------- */

/* The facts of deploy/examples/us-warrant-four-accounts.json. */
static const char demand_head[] =
    "{\"comity\":1,\"reference\":\"bench-%u\",\"issuing_state\":\"%s\",\"facts\":{"
    "\"instrument\":\"warrant\",\"authority_kind\":\"judge\",\"channel\":\"direct\","
    "\"served_on\":\"2026-11-07\",\"issued_on\":\"2026-11-05\",\"compulsory\":true,"
    "\"judicial_approval\":true,\"specific_targets\":true,\"emergency\":false,"
    "\"offence\":\"fraud\",\"offence_max_months\":240,\"agreement_invoked\":false,"
    "\"da_certified\":false,\"served_entity_state\":\"%s\",\"possession_or_control\":true,"
    "\"secrecy_order\":true,\"secrecy_indefinite\":false,\"secrecy_days\":730,"
    "\"secrecy_ends_on\":\"2028-11-06\"},\"categories\":[\"content\"],\"targets\":[";

size_t route_demand_print(const struct route_fleet *fleet, unsigned number, char *out, size_t bytes)
{
	const char *state = fleet->intake->region.state;
	int used = snprintf(out, bytes, demand_head, number, state, state);

	for (size_t i = 0; i < fleet->hosts_count; i++) {
		char account[64];

		/* A stride without a common factor: all accounts in turn, neighbours far apart. */
		print_account(&fleet->hosts[i]->region,
		    (number * 7919u + (unsigned)i * 13u) % ROUTE_ACCOUNTS, account, sizeof account);
		used += snprintf(out + used, bytes - (size_t)used, "%s{\"identifier\":\"%s\"}",
		    i > 0 ? "," : "", account);
	}
	used += snprintf(out + used, bytes - (size_t)used, "]}");
	return (size_t)used;
}
