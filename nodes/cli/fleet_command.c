/*
 * Ctrl-C while a fleet starts must not leave half of it behind: the signals that end a command are
 * blocked and read from a descriptor, which starting watches beside its children.
 */
#include "nodes/cli/fleet_command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "nodes/cli/fleet.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- what the commands share ----------------------------------------------------------------- */

static const char *fleet_dir(const struct cm_cli *cli)
{
	const char *dir = cm_cli_text(cli, "dir");

	return dir != NULL ? dir : cm_cli_text(cli, "fleet");
}

static enum cm_exit finish(const struct cm_output *out, enum cm_status status, struct cm_err *err)
{
	return status == CM_OK ? CM_EXIT_OK : cm_complain(out, err);
}

static int open_signals(struct cm_err *err)
{
	sigset_t signals;
	int fd;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0)
		(void)cm_err_set(err, CM_IO, "signalfd: %s", strerror(errno));
	return fd;
}

static enum cm_status print_fleet(
    const struct cm_fleet *fleet, const struct cm_output *out, struct cm_err *err)
{
	json_t *root = cm_fleet_to_json(fleet);
	enum cm_status status;

	if (root == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "print the fleet: out of memory");
	status = cm_output_json(out, root, err);
	json_decref(root);
	return status == CM_OK ? cm_output_flush(out, err) : status;
}

static const struct cm_column columns[] = {
    {"name", "NAME", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"role", "ROLE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"region", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"running", "RUNNING", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"pid", "PROCESS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"address", "ADDRESS", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"log", "LOG", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static enum cm_status print_table(
    const struct cm_fleet *fleet, const struct cm_output *out, struct cm_err *err)
{
	enum cm_status status;
	struct cm_table table;

	cm_table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];
		bool runs = cm_fleet_is_running(process);

		cm_cell_text(&table, process->name);
		cm_cell_text(&table, cm_fleet_role_name(process->role));
		cm_cell_text(
		    &table, process->role == CM_FLEET_REGION ? process->region.name : NULL);
		cm_cell_bool(&table, runs);
		cm_cell_tint(&table, runs ? CM_TINT_GOOD : CM_TINT_BAD);
		if (runs)
			cm_cell_number(&table, process->pid);
		else
			cm_cell_none(&table);
		cm_cell_text(&table, process->address);
		cm_cell_text(&table, process->log);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

/* ---- up -------------------------------------------------------------------------------------- */

/* The folder of this very program, and what lies above it: PREFIX/bin -> PREFIX; in a build,
 * TOP/nodes/cli -> TOP. */
static bool own_folder(char *out, size_t bytes, unsigned levels)
{
	ssize_t len = readlink("/proc/self/exe", out, bytes - 1);

	if (len <= 0)
		return false;
	out[len] = 0;
	for (unsigned i = 0; i <= levels; i++) {
		char *slash = strrchr(out, '/');

		if (slash == NULL || slash == out)
			return false;
		*slash = 0;
	}
	return true;
}

static bool has_file(const char *dir, const char *name)
{
	char path[8192];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, R_OK) == 0;
}

static enum cm_status find_bin(
    const struct cm_cli *cli, char *out, size_t bytes, struct cm_err *err)
{
	const char *given = cm_cli_text(cli, "bin");

	if (given != NULL) {
		(void)snprintf(out, bytes, "%s", given);
		return CM_OK;
	}
	if (own_folder(out, bytes, 0) && has_file(out, "comity-router"))
		return CM_OK;
	if (own_folder(out, bytes, 2) && has_file(out, "router/comity-router"))
		return CM_OK;
	return cm_err_set(err, CM_NOT_FOUND,
	    "comity-router is not beside this program; say where it is with --bin");
}

static enum cm_status find_law(
    const struct cm_cli *cli, char *out, size_t bytes, struct cm_err *err)
{
	const char *given = cm_cli_text(cli, "law");

	if (given != NULL) {
		(void)snprintf(out, bytes, "%s", given);
		return CM_OK;
	}
	if (own_folder(out, bytes, 1) && strlen(out) + 32 < bytes) {
		(void)strcat(out, "/share/comity/law"); /* where the rules are installed */
		if (has_file(out, "vocabulary.law"))
			return CM_OK;
	}
	return cm_err_set(
	    err, CM_NOT_FOUND, "no rules are installed; say where they are with --law");
}

/* In the foreground we end with the program that started us, however it ends: a script that is
 * killed cannot clean up. */
static void end_with_parent(void)
{
	pid_t parent = getppid();

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it was faster */
		(void)raise(SIGTERM);
}

static void wait_for_signal(int stop_fd)
{
	struct pollfd stop = {.fd = stop_fd, .events = POLLIN};

	while (poll(&stop, 1, -1) < 0 && errno == EINTR)
		;
}

static enum cm_status up(const struct cm_cli *cli, const struct cm_output *out, int stop_fd,
    struct cm_fleet *fleet, struct cm_err *err)
{
	char bin_dir[4096];
	char law_dir[4096];
	struct cm_fleet_spec spec = {
	    .dir = fleet_dir(cli),
	    .regions = cm_cli_text(cli, "regions"),
	    .routers = (unsigned)cm_cli_count(cli, "routers"),
	    .bin_dir = bin_dir,
	    .law_dir = law_dir,
	    .tls = cm_cli_flag(cli, "tls"),
	    .wait_ms = (unsigned)cm_cli_count(cli, "wait") * 1000,
	    .stop_fd = stop_fd,
	};
	struct cm_err second;
	enum cm_status status = find_bin(cli, bin_dir, sizeof bin_dir, err);

	*fleet = (struct cm_fleet){0};
	if (status == CM_OK)
		status = find_law(cli, law_dir, sizeof law_dir, err);
	if (status == CM_OK)
		status = cm_fleet_up(&spec, fleet, err);
	if (status != CM_OK)
		return status;
	cm_note_more(out, "%zu processes run; their files are in %s", fleet->count, fleet->dir);
	/* A record for programs, unless somebody asks for the table. */
	if (cm_cli_times(cli, "output") > 0 && out->format == CM_FORMAT_TABLE)
		status = print_table(fleet, out, err);
	else
		status = print_fleet(fleet, out, err);
	if (status != CM_OK && cm_fleet_down(fleet, CM_FLEET_GRACE_MS, &second) != CM_OK)
		cm_note(out, "%s", second.text);
	return status;
}

static enum cm_exit run_up(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err;
	struct cm_fleet fleet;
	enum cm_exit code;
	enum cm_status status;
	int stop_fd = open_signals(&err);

	if (stop_fd < 0)
		return cm_complain(out, &err);
	if (cm_cli_flag(cli, "foreground"))
		end_with_parent();
	status = up(cli, out, stop_fd, &fleet, &err);
	code = finish(out, status, &err);
	if (status == CM_OK && cm_cli_flag(cli, "foreground")) {
		cm_note(out, "The fleet runs. Ctrl-C ends it.");
		wait_for_signal(stop_fd);
		code = finish(out, cm_fleet_down(&fleet, CM_FLEET_GRACE_MS, &err), &err);
	}
	cm_fleet_fini(&fleet);
	(void)close(stop_fd);
	return code;
}

#define DIR_OPTION                                                                                 \
	{                                                                                          \
		.name = "dir", .letter = 'd', .kind = CM_OPT_TEXT, .completes = CM_COMPLETES_DIR,  \
		.argument = "DIR", .help = "The fleet's folder, if it is not the one of --fleet.", \
	}

static const struct cm_opt_spec up_options[] = {
    DIR_OPTION,
    {.name = "regions",
	.letter = 'r',
	.kind = CM_OPT_TEXT,
	.argument = "LIST",
	.preset = "us,ie,de,gb",
	.help =
	    "The regions, with commas between: two-letter codes, NAME:STATE, or r1, r2, ... for "
	    "regions somewhere in the EU."},
    {.name = "routers",
	.kind = CM_OPT_COUNT,
	.argument = "N",
	.preset = "1",
	.least = 1,
	.most = CM_MAX_ROUTERS,
	.help = "How many routers share the cases: one is called router, several router1, router2, ... "
		"A case of an earlier run whose router is not among them is handed to another."},
    {.name = "tls",
	.help = "Link the processes over TCP and TLS by keys made for them, as processes on several "
		"machines are; the root's key is made beside them."},
    {.name = "law",
	.kind = CM_OPT_TEXT,
	.argument = "DIR",
	.completes = CM_COMPLETES_DIR,
	.help = "The folder with the rules, if it is not the installed one."},
    {.name = "bin",
	.kind = CM_OPT_TEXT,
	.argument = "DIR",
	.completes = CM_COMPLETES_DIR,
	.help = "The folder with comity-router and comity-node, or the top of a build; by default "
		"where this program is."},
    {.name = "wait",
	.kind = CM_OPT_COUNT,
	.argument = "SECONDS",
	.preset = "60",
	.least = 1,
	.most = 3600,
	.help = "How long the processes may take to start."},
    {.name = "foreground",
	.letter = 'f',
	.help =
	    "Stay until Ctrl-C, or until the program that started this ends, then take the fleet "
	    "down."},
    {.name = NULL},
};

static const char *const up_examples[] = {
    "comity fleet up", "comity fleet up --dir /tmp/drill --regions us,ie,r1,r2",
    "comity fleet up --routers 3", NULL};

const struct cm_command cm_command_fleet_up = {
    .name = "fleet up",
    .summary = "Start a fleet on this machine and print its record.",
    .about = "A router or several, one central node and one node for each region, each a process of "
	     "its own with its configuration, ledger and log in the fleet's folder. What is there "
	     "already from an earlier run is used again. Of several routers each case has one, and "
	     "another takes it over where that one is silent. The record is JSON unless -o table is "
	     "given.",
    .options = up_options,
    .run = run_up,
    .examples = up_examples,
};

/* ---- down, status ---------------------------------------------------------------------------- */

static enum cm_exit run_down(const struct cm_cli *cli, struct cm_output *out)
{
	unsigned grace_ms = (unsigned)cm_cli_count(cli, "grace") * 1000;
	struct cm_fleet fleet;
	struct cm_err err;
	enum cm_status status = cm_fleet_load(fleet_dir(cli), &fleet, &err);

	if (status == CM_OK)
		status = cm_fleet_down(&fleet, grace_ms, &err);
	cm_fleet_fini(&fleet);
	return finish(out, status, &err);
}

static const struct cm_opt_spec down_options[] = {
    DIR_OPTION,
    {.name = "grace",
	.kind = CM_OPT_COUNT,
	.argument = "SECONDS",
	.preset = "10",
	.most = 3600,
	.help = "How long a process may take to stop before it is killed."},
    {.name = NULL},
};

const struct cm_command cm_command_fleet_down = {
    .name = "fleet down",
    .summary = "End a fleet; its ledgers and logs stay.",
    .options = down_options,
    .run = run_down,
};

static enum cm_exit run_status(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_fleet fleet;
	struct cm_err err;
	enum cm_status status = cm_fleet_load(fleet_dir(cli), &fleet, &err);

	if (status == CM_OK)
		status = print_table(&fleet, out, &err);
	for (size_t i = 0; i < fleet.count && status == CM_OK; i++)
		if (!cm_fleet_is_running(&fleet.processes[i]))
			status = cm_err_set(
			    &err, CM_UNREACHABLE, "%s does not run", fleet.processes[i].name);
	cm_fleet_fini(&fleet);
	return finish(out, status, &err);
}

static const struct cm_opt_spec dir_options[] = {DIR_OPTION, {.name = NULL}};

const struct cm_command cm_command_fleet_status = {
    .name = "fleet status",
    .summary = "Show the processes of a fleet.",
    .about = "Exits with 6 if one of them does not run.",
    .options = dir_options,
    .run = run_status,
};

/* ---- one process ----------------------------------------------------------------------------- */

static const struct cm_arg_spec name_args[] = {
    {.name = "NAME", .help = "The process: router (of several: router1, router2, ...), central, or a region."}, {.name = NULL}};

static enum cm_exit run_kill(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_fleet fleet;
	struct cm_err err;
	enum cm_status status = cm_fleet_load(fleet_dir(cli), &fleet, &err);

	if (status == CM_OK)
		status = cm_fleet_kill(&fleet, cli->args[0], &err);
	cm_fleet_fini(&fleet);
	return finish(out, status, &err);
}

const struct cm_command cm_command_fleet_kill = {
    .name = "fleet kill",
    .summary = "Kill one process of a fleet at once, as a power cut would.",
    .args = name_args,
    .options = dir_options,
    .run = run_kill,
};

static enum cm_exit start(const struct cm_cli *cli, struct cm_output *out, bool stop_first)
{
	struct cm_err err;
	struct cm_fleet fleet;
	struct cm_fleet_spec spec = {.stop_fd = open_signals(&err)};
	enum cm_status status;

	if (spec.stop_fd < 0)
		return cm_complain(out, &err);
	status = cm_fleet_load(fleet_dir(cli), &fleet, &err);
	if (status == CM_OK && stop_first) {
		status = cm_fleet_stop(&fleet, cli->args[0], CM_FLEET_GRACE_MS, &err);
		if (status == CM_TIMED_OUT)
			cm_note(out, "%s", err.text);
		if (status == CM_NO_MEANING || status == CM_TIMED_OUT)
			status = CM_OK; /* it did not run, or does not any more */
	}
	if (status == CM_OK)
		status = cm_fleet_start(&fleet, cli->args[0], &spec, &err);
	cm_fleet_fini(&fleet);
	(void)close(spec.stop_fd);
	return finish(out, status, &err);
}

static enum cm_exit run_start(const struct cm_cli *cli, struct cm_output *out)
{
	return start(cli, out, false);
}

const struct cm_command cm_command_fleet_start = {
    .name = "fleet start",
    .summary = "Start one process of a fleet again, with its old ledger.",
    .args = name_args,
    .options = dir_options,
    .run = run_start,
};

static enum cm_exit run_restart(const struct cm_cli *cli, struct cm_output *out)
{
	return start(cli, out, true);
}

const struct cm_command cm_command_fleet_restart = {
    .name = "fleet restart",
    .summary = "Stop one process of a fleet cleanly and start it again.",
    .args = name_args,
    .options = dir_options,
    .run = run_restart,
};
