#include "protocol/post/daemon.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/clocks/zone_files.h"
#include "protocol/link/address.h"
#include "protocol/link/now.h"
#include "protocol/people/gate.h"
#include "protocol/seal/seal.h"
#include "protocol/post/confine_settings.h"

#define CM_EXIT_LATE_S 20 /* how long a clean stop may take before the process gives up */

struct running {
	const struct cm_daemon *daemon;
	struct cm_settings settings;
	struct cm_membership *membership; /* owned; NULL: its peers are in its settings */
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_work_t first_work;
	struct cm_post *post;
	struct cm_gate gate; /* before the machine: no operation comes past it */
	void *state;
	bool is_stopping;
};

struct command_line {
	const char *config;
	long ready_fd;
	bool check_only;
	bool print;
	bool is_quiet;
};

/* ---- log ------------------------------------------------------------------------------------- */

static void to_stderr(enum cm_log_level level, const char *line, void *data)
{
	(void)level;
	(void)data;
	(void)fprintf(stderr, "%s\n", line);
}

static void on_crash(int number)
{
	static const char head[] = "crash: the last lines of every level follow\n";

	/* Not all of this is allowed in a signal handler; the process is lost anyway, and a report that
	 * is mostly whole is worth more than none. */
	(void)!write(STDERR_FILENO, head, sizeof head - 1);
	cm_log_replay(to_stderr, NULL);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* ---- signals and stopping -------------------------------------------------------------------- */

static void on_signal_closed(uv_handle_t *handle)
{
	(void)handle;
}

static void on_post_closed(void *data)
{
	struct running *run = data;

	run->post = NULL;
	for (size_t i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&run->signals[i], on_signal_closed);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct running *run = handle->data;

	if (run->is_stopping)
		return;
	run->is_stopping = true;
	cm_log(CM_LOG_INFO, "process.stops", "signal=%d", number);
	(void)alarm(CM_EXIT_LATE_S);
	cm_post_close(run->post, on_post_closed, run);
}

static void catch_signals(struct running *run)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < 2; i++) {
		(void)uv_signal_init(&run->loop, &run->signals[i]);
		run->signals[i].data = run;
		(void)uv_signal_start(&run->signals[i], on_signal, numbers[i]);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGSEGV, on_crash);
	(void)signal(SIGABRT, on_crash);
}

/* ---- the command line ------------------------------------------------------------------------ */

static int usage(const struct cm_daemon *daemon, FILE *to, int code)
{
	(void)fprintf(to,
	    "Usage: %s -c FILE [-n | -nv] [--ready-fd N] [-q]\n\n"
	    "  -c, --config FILE  the configuration of this process\n"
	    "  -n, --check        check the configuration and exit\n"
	    "  -v, --print        with -n: print it in its canonical form\n"
	    "  -q, --quiet        log warnings and errors only\n"
	    "      --ready-fd N   write one byte to this descriptor once the process listens\n"
	    "  -h, --help         this text\n"
	    "  -V, --version      the version\n",
	    daemon->program);
	return code;
}

/* -1: go on; else the exit code. */
static int read_command_line(const struct cm_daemon *daemon, int argc, char **argv,
    struct command_line *out)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
	    {"check", no_argument, NULL, 'n'}, {"print", no_argument, NULL, 'v'},
	    {"quiet", no_argument, NULL, 'q'}, {"ready-fd", required_argument, NULL, 'r'},
	    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0}};
	int c;

	*out = (struct command_line){.ready_fd = -1};
	while ((c = getopt_long(argc, argv, "c:nvqhV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			out->config = optarg;
			break;
		case 'n':
			out->check_only = true;
			break;
		case 'v':
			out->print = true;
			break;
		case 'q':
			out->is_quiet = true;
			break;
		case 'r':
			out->ready_fd = strtol(optarg, NULL, 10);
			break;
		case 'h':
			return usage(daemon, stdout, 0);
		case 'V':
			(void)printf("%s %s\n", daemon->program, COMITY_VERSION);
			return 0;
		default:
			return usage(daemon, stderr, 2);
		}
	}
	if (out->config == NULL || optind < argc)
		return usage(daemon, stderr, 2);
	return -1;
}

static bool plays(const struct cm_daemon *daemon, const char *role)
{
	for (size_t i = 0; daemon->roles[i] != NULL; i++)
		if (strcmp(daemon->roles[i], role) == 0)
			return true;
	return false;
}

/* What a start would refuse an address for without looking at the folder it lies in. */
static enum cm_status check_addresses(const struct cm_settings *settings, struct cm_err *err)
{
	const char *tls = settings->listen_tls;
	unsigned allow = settings->identity[0] != 0 ? CM_ADDRESS_TLS : 0;

	if (cm_address_is_tls(settings->listen))
		return cm_err_set(err, CM_BAD_INPUT,
		    "%s: listen: the command line comes by a Unix socket; an address of TLS stands in listen_tls",
		    settings->path);
	if (tls[0] != 0 && !cm_address_is_tls(tls))
		return cm_err_set(err, CM_BAD_INPUT,
		    "%s: listen_tls: tls+tcp://host:port is wanted; Unix sockets stand in listen",
		    settings->path);
	if (tls[0] != 0 && cm_address_check(tls, allow, err) != CM_OK)
		return cm_err_wrap(err, "%s: listen_tls", settings->path);
	for (size_t i = 0; i <= settings->peers_count; i++) {
		const char *address =
		    i == 0 ? settings->listen : settings->peers[i - 1].address;
		const char *whose = i == 0 ? "listen" : settings->peers[i - 1].name;

		if (cm_address_path(address) == NULL &&
		    cm_address_check(address, i == 0 ? 0 : allow, err) != CM_OK)
			return cm_err_wrap(err, "%s: %s", settings->path, whose);
	}
	return CM_OK;
}

/* The zone of a desk is one of the system's tz database. Where there is no database nothing can be said of it:
 * with -n that is told, and a process starts all the same, since those who count without a zone take each
 * day for the shorter. */
static enum cm_status check_zone(const struct cm_settings *settings, bool must_know, struct cm_err *err)
{
	const struct cm_zone *zone;
	struct cm_zones zones;
	enum cm_status status;

	if (settings->zone[0] == 0)
		return CM_OK;
	cm_zones_init(&zones);
	status = cm_zone_file_read(&zones, CM_ZONES_FOLDER, settings->zone, err);
	/* All of them only for a suggestion, or to see that there are none. */
	if (status == CM_UNKNOWN_NAME) {
		status = cm_zone_files_read(&zones, CM_ZONES_FOLDER, err);
		if (status == CM_OK)
			status = cm_zones_get(&zones, settings->zone, &zone, err);
		else if (!must_know)
			status = CM_OK;
	}
	cm_zones_fini(&zones);
	return status == CM_OK ? CM_OK : cm_err_wrap(err, "%s: zone", settings->path);
}

/* What only the start can tell: the check is run by hand, where the service manager gives nothing. */
static void note_unnamed_key(const struct cm_daemon *daemon, const struct cm_settings *settings)
{
	if (settings->region[0] != 0 && settings->content_key[0] == 0)
		(void)fprintf(stderr,
		    "%s: %s: content_key: no file is named; it starts only where the service manager gives "
		    "the credential content_key\n",
		    daemon->program, settings->path);
}

static int print_settings(const struct cm_settings *settings, bool print)
{
	struct cm_buf buf;

	if (!print)
		return 0;
	cm_buf_init(&buf, 0);
	cm_settings_print(settings, &buf);
	(void)fputs(cm_buf_str(&buf), stdout);
	cm_buf_fini(&buf);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int fail(const struct cm_daemon *daemon, const struct cm_err *err)
{
	(void)fprintf(stderr, "%s: %s\n", daemon->program, err->text);
	return 1;
}

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

static void on_nothing_done(uv_work_t *work, int status)
{
	(void)work;
	(void)status;
}

/* libuv makes its threads for the first work that is queued, which would be at the end, when the hub's
 * sockets are closed: so one is queued now. One thread will do. */
static void end_start(struct running *run)
{
	(void)uv_queue_work(&run->loop, &run->first_work, do_nothing, on_nothing_done);
	cm_confine_end_start();
}

/* What is loaded, and not what a file may say by now. */
static enum cm_status check_law(const struct running *run, struct cm_err *err)
{
	if (run->membership == NULL)
		return CM_OK;
	return run->daemon->check_law(
	    &run->settings, run->state, &run->membership->held.manifest, cm_wall_now(), err);
}

/* A signer was struck off, or a key. Cases are open, so the process goes on, and does not start so again. */
static void on_newer_manifest(void *data)
{
	const struct running *run = data;
	struct cm_err err = {.text = ""};

	if (check_law(run, &err) != CM_OK)
		cm_log(CM_LOG_ERROR, "law.unsigned", "why=\"%s\" so=this process will not start again",
		    err.text);
}

/* Before anything is opened that the settings name, and before the first thread. */
static enum cm_status confine(const struct cm_settings *settings, struct cm_err *err)
{
	struct cm_confine own;
	struct cm_arena arena;
	enum cm_status status;

	(void)setenv("UV_THREADPOOL_SIZE", "1", 1);
	cm_arena_init(&arena, 0);
	status = cm_confine_from(settings, &arena, &own, err);
	if (status == CM_OK)
		status = cm_confine(&own, err);
	cm_arena_fini(&arena);
	return status;
}

static int serve(struct running *run, long ready_fd)
{
	struct cm_machine machine = {0};
	struct cm_machine gated;
	struct cm_err err = {.text = ""};
	enum cm_status status = confine(&run->settings, &err);
	int left;

	if (status == CM_OK)
		status = run->daemon->open(&run->settings, &run->state, &machine, &err);
	if (status == CM_OK) {
		status = check_law(run, &err);
		if (status != CM_OK)
			run->daemon->close(run->state);
	}
	if (status != CM_OK) {
		(void)uv_loop_close(&run->loop);
		return fail(run->daemon, &err);
	}
	if (run->membership != NULL) {
		run->membership->on_newer = on_newer_manifest;
		run->membership->on_newer_data = run;
	}
	catch_signals(run);
	cm_gate_init(&run->gate, &machine, run->settings.name, run->settings.region,
	    run->settings.people);
	cm_gate_look(&run->gate);
	gated = cm_gate_machine(&run->gate);
	status = cm_post_open(&run->settings, run->membership, &run->loop, &gated, &run->post, &err);
	if (status == CM_OK) {
		end_start(run);
		run->daemon->opened(run->state, run->post);
		cm_log(CM_LOG_INFO, "process.listens", "name=%s role=%s", run->settings.name,
		    run->settings.role);
		if (ready_fd >= 0) {
			(void)!write((int)ready_fd, "R", 1);
			(void)close((int)ready_fd);
		}
	} else {
		on_post_closed(run);
	}
	(void)uv_run(&run->loop, UV_RUN_DEFAULT);
	cm_gate_fini(&run->gate);
	run->daemon->close(run->state);
	left = uv_loop_close(&run->loop);
	if (status != CM_OK)
		return fail(run->daemon, &err);
	return left == 0 ? 0 : 3;
}

int cm_daemon_run(const struct cm_daemon *daemon, int argc, char **argv)
{
	struct running run = {.daemon = daemon};
	struct command_line line;
	struct cm_err err = {.text = ""};
	int code = read_command_line(daemon, argc, argv, &line);

	if (code >= 0)
		return code;
	if (cm_settings_read(line.config, &run.settings, &err) != CM_OK)
		return fail(daemon, &err);
	if (!plays(daemon, run.settings.role)) {
		(void)cm_err_set(&err, CM_BAD_INPUT, "%s: role: %s does not play \"%s\"",
		    line.config, daemon->program, run.settings.role);
		code = fail(daemon, &err);
	} else if (cm_seal_start() != CM_OK) {
		code = 1;
	} else if (cm_membership_open(&run.settings, cm_wall_now(), &run.membership, &err) != CM_OK) {
		code = fail(daemon, &err);
	} else if (check_addresses(&run.settings, &err) != CM_OK) {
		code = fail(daemon, &err);
	} else if (check_zone(&run.settings, line.check_only, &err) != CM_OK) {
		code = fail(daemon, &err);
	} else if (line.check_only && check_law(&run, &err) != CM_OK) {
		code = fail(daemon, &err);
	} else if (line.check_only) {
		note_unnamed_key(daemon, &run.settings);
		code = print_settings(&run.settings, line.print);
	} else {
		cm_log_open(to_stderr, NULL, cm_wall_now, line.is_quiet ? CM_LOG_WARN : CM_LOG_INFO);
		code = uv_loop_init(&run.loop) == 0 ? serve(&run, line.ready_fd) : 1;
	}
	cm_membership_free(run.membership);
	cm_settings_fini(&run.settings);
	return code;
}
