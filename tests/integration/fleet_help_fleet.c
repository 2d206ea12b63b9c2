/* Fleets below the private folder, and what must be true when one goes down. */
#include "tests/integration/fleet_help.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/ledger/ledger.h"

void fleet_begin(struct cm_fleet *fleet, const char *name, const char *regions)
{
	fleet_begin_under(fleet, name, regions, LAW_PATH);
}

static void begin(struct cm_fleet *fleet, const char *name, const char *regions, unsigned routers,
    const char *law, bool tls)
{
	struct cm_err err = {.text = ""};
	struct cm_fleet_spec spec = {.dir = scratch_path(name),
	    .regions = regions,
	    .routers = routers,
	    .law_dir = law,
	    .bin_dir = COMITY_BINARY_DIR,
	    .tls = tls,
	    .wait_ms = PATIENCE_MS,
	    .stop_fd = -1};

	must(cm_fleet_up(&spec, fleet, &err) == CM_OK, "start a fleet: %s", err.text);
}

void fleet_begin_under(
    struct cm_fleet *fleet, const char *name, const char *regions, const char *law)
{
	begin(fleet, name, regions, 1, law, false);
}

void fleet_begin_routers(
    struct cm_fleet *fleet, const char *name, const char *regions, unsigned routers)
{
	begin(fleet, name, regions, routers, LAW_PATH, false);
}

void fleet_begin_tls(
    struct cm_fleet *fleet, const char *name, const char *regions, unsigned routers)
{
	begin(fleet, name, regions, routers, LAW_PATH, true);
}

struct cm_fleet_process *process_of(struct cm_fleet *fleet, const char *name)
{
	struct cm_err err = {.text = ""};
	struct cm_fleet_process *process = cm_fleet_find(fleet, name, &err);

	must(process != NULL, "%s", err.text);
	return process;
}

void process_kill(struct cm_fleet *fleet, const char *name)
{
	struct cm_err err = {.text = ""};

	must(cm_fleet_kill(fleet, name, &err) == CM_OK, "kill %s: %s", name, err.text);
}

void process_start(struct cm_fleet *fleet, const char *name)
{
	struct cm_err err = {.text = ""};

	must(cm_fleet_start(fleet, name, NULL, &err) == CM_OK, "start %s: %s", name, err.text);
}

void process_start_preloaded(struct cm_fleet *fleet, const char *name, const char *library)
{
	const char *options = getenv("ASAN_OPTIONS");
	char *kept = cm_strdup(options != NULL ? options : "");
	char more[1024];
	char shim[256];

	must(kept != NULL, "memory");
	/* The sanitizer wants to be the first library, and does not need to be. */
	(void)snprintf(more, sizeof more, "%s%sverify_asan_link_order=0", kept,
	    kept[0] != 0 ? ":" : "");
	(void)setenv("ASAN_OPTIONS", more, 1);
	/* A list of preloads ends at a blank, which the build's path may have. */
	(void)snprintf(shim, sizeof shim, "%s/shim.so", fleet->sockets);
	must(symlink(library, shim) == 0, "link the shim");
	(void)setenv("LD_PRELOAD", shim, 1);
	process_start(fleet, name);
	(void)unlink(shim); /* it is loaded */
	(void)unsetenv("LD_PRELOAD");
	if (kept[0] != 0)
		(void)setenv("ASAN_OPTIONS", kept, 1);
	else
		(void)unsetenv("ASAN_OPTIONS");
	cm_free(kept);
}

void process_start_shimmed(
    struct cm_fleet *fleet, const char *name, const char *setting, const char *value)
{
	(void)setenv(setting, value, 1);
	process_start_preloaded(fleet, name, SLOWSYNC);
	(void)unsetenv(setting);
}

void process_signal(struct cm_fleet *fleet, const char *name, int signal_number)
{
	struct cm_fleet now;
	struct cm_err err = {.text = ""};
	pid_t pid;

	must(cm_fleet_load(fleet->dir, &now, &err) == CM_OK, "%s", err.text);
	pid = process_of(&now, name)->pid;
	/* 0 and below would mean whole groups of processes, our own first. */
	must(pid > 1 && cm_fleet_is_running(process_of(&now, name)), "%s runs", name);
	must(kill(pid, signal_number) == 0, "signal %d to %s", signal_number, name);
	cm_fleet_fini(&now);
}

int process_stop(struct cm_fleet *fleet, const char *name)
{
	struct cm_err err = {.text = ""};

	must(cm_fleet_stop(fleet, name, PATIENCE_MS, &err) == CM_OK, "stop %s: %s", name,
	    err.text);
	return process_of(fleet, name)->exit_status;
}

void process_stop_must(struct cm_fleet *fleet, const char *name)
{
	int how = process_stop(fleet, name);

	must(how == 0, "%s stops with 0: %s %d", name, WIFSIGNALED(how) ? "signal" : "exit code",
	    WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
}

void fleet_import(struct cm_fleet *fleet, const char *node, const char *csv_path)
{
	struct ran ran;

	run_cli(&ran, fleet, "residency", "import", "--node", node, csv_path, NULL);
	must(ran.code == 0, "import %s into %s: %s", csv_path, node, ran.err);
	ran_free(&ran);
}

void fleet_import_examples(struct cm_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		const char *name = fleet->processes[i].name;
		char path[512];

		(void)snprintf(path, sizeof path, "%s/residency/%s.csv", EXAMPLES_PATH, name);
		if (fleet->processes[i].residency != NULL && access(path, R_OK) == 0)
			fleet_import(fleet, name, path);
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

static void expect_log_is_clean(const struct cm_fleet_process *process)
{
	static const char *const reports[] = {
	    "AddressSanitizer", "LeakSanitizer", "runtime error:", "crash: ", "Assertion"};
	char *log = file_read(process->log, NULL);
	const char *found = NULL;

	for (size_t i = 0; log != NULL && i < sizeof reports / sizeof reports[0]; i++)
		if (found == NULL)
			found = strstr(log, reports[i]);
	expect(log != NULL && found == NULL, "%s's log has no report: %.400s", process->name,
	    found != NULL ? found : "there is no log");
	cm_free(log);
}

static void expect_chain_is_whole(const struct cm_fleet_process *process)
{
	struct cm_err err = {.text = ""};
	uint64_t bad = 0;

	expect(cm_ledger_verify(process->ledger, &bad, &err) == CM_OK, "%s: row %llu: %s",
	    process->name, (unsigned long long)bad, err.text);
}

static void expect_outbox_is_empty(const struct cm_fleet_process *process)
{
	struct tales tales;

	tales_read(process, &tales);
	expect(tales.outbox == 0, "%s: %zu records are left in the outbox", process->name,
	    tales.outbox);
	tales_free(&tales);
}

static void end(struct cm_fleet *fleet, bool is_done)
{
	struct cm_err err = {.text = ""};

	expect(cm_fleet_down(fleet, PATIENCE_MS, &err) == CM_OK, "fleet down: %s",
	    err.text);
	expect(access(fleet->sockets, F_OK) != 0, "the sockets' folder %s is gone", fleet->sockets);
	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];

		expect(!cm_fleet_is_running(process), "%s is gone", process->name);
		expect_log_is_clean(process);
		expect_chain_is_whole(process);
		if (is_done)
			expect_outbox_is_empty(process);
	}
	cm_fleet_fini(fleet);
}

void fleet_end(struct cm_fleet *fleet)
{
	expect(wait_quiet(fleet), "everything is delivered");
	end(fleet, true);
}

void fleet_end_waiting(struct cm_fleet *fleet)
{
	end(fleet, false);
}
