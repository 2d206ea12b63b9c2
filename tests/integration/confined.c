/*
 * What a daemon gives up before it reads a byte (protocol/post/confine.h): a node that tries what it has no
 * business with is refused or ended each time, and the shipped daemons are confined in all their threads.
 */
#include "tests/integration/fleet_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define IS_SANITIZED COMITY_IS_SANITIZED /* the reports need some of it: confine_parts.h */

struct trier {
	char folder[256];
	char config[320];
	char log[320];
	pid_t pid;
	char *said; /* owned: what it has said so far */
};

/* ---- a node that tries ----------------------------------------------------------------------- */

static void write_config(struct trier *t, const char *more)
{
	char text[1024];
	int len = snprintf(text, sizeof text,
	    "name = \"central\";\nrole = \"central\";\nlisten = \"ipc://%s/s.sock\";\n"
	    "ledger = \"ledger.db\";\npeers = ();\n%s",
	    t->folder, more);

	(void)snprintf(t->config, sizeof t->config, "%s/try.conf", t->folder);
	(void)snprintf(t->log, sizeof t->log, "%s/try.log", t->folder);
	must(len > 0 && (size_t)len < sizeof text, "a short configuration");
	file_write(t->config, text, (size_t)len);
	file_write(t->log, "", 0);
}

static void start(struct trier *t, const char *tries)
{
	t->said = NULL;
	t->pid = fork();
	must(t->pid >= 0, "fork");
	if (t->pid == 0) {
		int log = open(t->log, O_WRONLY | O_APPEND);

		(void)dup2(log, STDERR_FILENO);
		(void)setenv("COMITY_TRY", tries, 1);
		(void)execl(TRY_PATH, TRY_PATH, "-c", t->config, (char *)NULL);
		_exit(127);
	}
}

static bool has_tried(void *data)
{
	struct trier *t = data;

	cm_free(t->said);
	t->said = file_read(t->log, NULL);
	return t->said != NULL && strstr(t->said, "try: over") != NULL;
}

/* How it ended, as waitpid tells it. */
static int wait_end(struct trier *t)
{
	int how = -1;

	must(waitpid(t->pid, &how, 0) == t->pid, "it ends");
	(void)has_tried(t);
	must(t->said != NULL, "its log");
	return how;
}

static void make_folder(struct trier *t, const char *name)
{
	(void)snprintf(t->folder, sizeof t->folder, "%s", scratch_path(name));
	must(mkdir(t->folder, 0700) == 0, "mkdir %s", t->folder);
	write_config(t, "");
}

/* Does what stands there, in one process that lives on; it stops clean. */
static void try_and_stop(struct trier *t, const char *tries)
{
	int how;

	start(t, tries);
	must(wait_until(has_tried, t, PATIENCE_MS), "it tries all: %s", t->said);
	(void)kill(t->pid, SIGTERM);
	how = wait_end(t);
	expect(how == 0, "it stops clean: %d %s", how, t->said);
}

static void expect_said(const struct trier *t, const char *name, const char *what)
{
	char line[128];

	(void)snprintf(line, sizeof line, "try %s: %s\n", name, what);
	expect(strstr(t->said, line) != NULL, "\"%s\" stands in: %s", line, t->said);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void who_makes_a_call_of_no_business_is_ended_and_the_log_names_it(void)
{
	/* Where reports need the call, it is there. */
	static const struct {
		const char *name;
		const char *call;
		bool is_for_reports;
	} rows[] = {{"execve", "execve", false}, {"execveat", "execveat", false}, {"clone", "clone", true},
	    {"ptrace", "ptrace", true}, {"process_vm_readv", "process_vm_readv", true},
	    {"socket-inet", "socket", false}, {"socket-inet6", "socket", false},
	    {"socket-packet", "socket", false}, {"socket-netlink", "socket", false},
	    {"mount", "mount", false}, {"unshare", "unshare", false}, {"chroot", "chroot", false},
	    {"setresuid", "setresuid", false}, {"kill", "kill", true}, {"prctl", "prctl", true},
	    {"prlimit64", "prlimit64", false}, {"capset", "capset", false}, {"bpf", "bpf", false},
	    {"io_uring_setup", "io_uring_setup", false}, {"ioctl", "ioctl", false},
	    {"symlink", "symlink", false}};
	struct trier t;

	make_folder(&t, "ended");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[64];
		int how;

		if (IS_SANITIZED && rows[i].is_for_reports) {
			skip("%s: a sanitizer's reports need it", rows[i].name);
			continue;
		}
		file_write(t.log, "", 0);
		start(&t, rows[i].name);
		how = wait_end(&t);
		(void)snprintf(line, sizeof line, " name=%s\n", rows[i].call);
		expect(WIFSIGNALED(how) && WTERMSIG(how) == SIGSYS, "%s: ended by SIGSYS: %d %s",
		    rows[i].name, how, t.said);
		expect(strstr(t.said, "error process.forbidden_call number=") != NULL &&
			strstr(t.said, line) != NULL,
		    "%s: the log says which call: %s", rows[i].name, t.said);
		expect(strstr(t.said, "try ") == NULL, "%s: nothing came of it: %s", rows[i].name, t.said);
		cm_free(t.said);
	}
}

static void files_of_others_are_closed_and_its_own_are_open(void)
{
	struct trier t;

	make_folder(&t, "files");
	try_and_stop(&t, "shadow,passwd,cmdline,elsewhere,law,own-memory,ledger,zone,nothing");
	if (strstr(t.said, " files=0 ") != NULL) {
		skip("this kernel or build has no rules for files");
		cm_free(t.said);
		return;
	}
	if (IS_SANITIZED)
		skip("a sanitizer's reports read every file");
	else {
		expect_said(&t, "shadow", "refused: Permission denied");
		expect_said(&t, "passwd", "refused: Permission denied");
		expect_said(&t, "cmdline", "refused: Permission denied");
	}
	expect_said(&t, "elsewhere", "refused: Permission denied");
	expect(access("/tmp/comity-confined-try", F_OK) != 0, "no file was made");
	expect_said(&t, "law", "refused: Permission denied");
	expect_said(&t, "own-memory", "refused: Permission denied");
	expect_said(&t, "ledger", "done");
	expect_said(&t, "zone", "done");
	expect_said(&t, "nothing", "done");
	cm_free(t.said);
}

static void what_is_written_never_runs_and_no_socket_is_called_that_has_no_file(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "\0comity-confined"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct trier t;

	must(bind(fd, (const struct sockaddr *)&at, offsetof(struct sockaddr_un, sun_path) + 16) == 0 &&
		 listen(fd, 1) == 0,
	    "listen without a file");
	make_folder(&t, "memory");
	try_and_stop(&t, "mmap-exec,mprotect-exec,clone3,abstract");
	(void)close(fd);
	if (IS_SANITIZED)
		skip("a sanitizer maps what runs");
	else {
		expect_said(&t, "mmap-exec", "refused: Permission denied");
		expect_said(&t, "mprotect-exec", "refused: Permission denied");
	}
	expect_said(&t, "clone3", "refused: Function not implemented");
	if (strstr(t.said, " files=6") == NULL && strstr(t.said, " files=7") == NULL)
		skip("this kernel's landlock does not know of sockets without a file");
	else
		expect_said(&t, "abstract", "refused: Operation not permitted");
	cm_free(t.said);
}

static void the_check_for_leaks_works_in_a_confined_process(void)
{
	const char *kept = getenv("ASAN_OPTIONS");
	char options[320];
	char report[300];
	struct trier t;
	char *text;
	int how;

	if (!IS_SANITIZED) {
		skip("this build has no sanitizers");
		return;
	}
	make_folder(&t, "leak");
	(void)snprintf(options, sizeof options, "detect_leaks=1:log_path='%s/report'", t.folder);
	(void)setenv("ASAN_OPTIONS", options, 1);
	start(&t, "leak");
	must(kept == NULL ? unsetenv("ASAN_OPTIONS") == 0 : setenv("ASAN_OPTIONS", kept, 1) == 0, "memory");
	must(wait_until(has_tried, &t, PATIENCE_MS), "it tries all: %s", t.said);
	(void)kill(t.pid, SIGTERM);
	how = wait_end(&t);
	expect(WIFEXITED(how) && WEXITSTATUS(how) != 0, "it does not end well: %d", how);
	(void)snprintf(report, sizeof report, "%s/report.%ld", t.folder, (long)t.pid);
	text = file_read(report, NULL);
	must(text != NULL, "read %s", report);
	expect(strstr(text, " byte(s) leaked") != NULL && strstr(text, "lose_memory") != NULL,
	    "the leak is found, and named from the program: %s", text);
	cm_free(text);
	cm_free(t.said);
}

/* ---- the user -------------------------------------------------------------------------------- */

static void expect_refused(struct trier *t, const char *more, const char *sentence)
{
	int how;

	write_config(t, more);
	start(t, "nothing");
	how = wait_end(t);
	expect(WIFEXITED(how) && WEXITSTATUS(how) == 1 && strstr(t->said, sentence) != NULL,
	    "%s is refused with \"%s\": %d %s", more, sentence, how, t->said);
	cm_free(t->said);
}

static void a_user_that_is_none_is_no_reason_to_stay_root(void)
{
	struct trier t;

	make_folder(&t, "nobody");
	expect_refused(&t, "user = \"no-such-user\";\n", "user: there is no user no-such-user on this machine");
	if (geteuid() == 0)
		expect_refused(&t, "user = \"root\";\n", "user: root is root");
	else
		expect_refused(&t, "user = \"root\";\n", "become the user root: only root can");
}

static void expect_user(const struct trier *t, uid_t uid)
{
	char path[64];
	char line[96];
	char *status;

	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)t->pid);
	(void)snprintf(line, sizeof line, "Uid:\t%u\t%u\t%u\t%u\n", (unsigned)uid, (unsigned)uid, (unsigned)uid,
	    (unsigned)uid);
	status = file_read(path, NULL);
	must(status != NULL, "read %s", path);
	expect(strstr(status, line) != NULL, "%s in %s", line, status);
	expect(strstr(status, "CapPrm:\t0000000000000000\n") != NULL, "no capability: %s", status);
	cm_free(status);
}

/* What is in the memory of a process that can dump belongs to its user; else to root. */
static void expect_memory_closed(const struct trier *t)
{
	struct stat info;
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%ld/mem", (long)t->pid);
	must(stat(path, &info) == 0, "stat %s", path);
	expect(IS_SANITIZED || info.st_uid == 0, "its memory is closed to its own user: %u",
	    (unsigned)info.st_uid);
}

static void root_becomes_the_user_of_the_settings_for_good(void)
{
	struct trier t = {.folder = "/tmp/comity-user-XXXXXX"};
	const struct passwd *nobody = getpwnam("nobody");
	char command[300];
	int how;

	if (geteuid() != 0 || nobody == NULL) {
		skip("only root can become another user");
		return;
	}
	must(mkdtemp(t.folder) != NULL, "a folder");
	write_config(&t, "user = \"nobody\";\n");
	must(chown(t.folder, nobody->pw_uid, nobody->pw_gid) == 0, "chown");
	start(&t, "ledger,thread");
	must(wait_until(has_tried, &t, PATIENCE_MS), "it tries all: %s", t.said);
	expect_user(&t, nobody->pw_uid);
	expect_memory_closed(&t);
	(void)kill(t.pid, SIGTERM);
	how = wait_end(&t);
	expect(how == 0, "it stops clean: %d %s", how, t.said);
	expect_said(&t, "ledger", "done");
	if (!IS_SANITIZED)
		expect_said(&t, "thread", "refused: Resource temporarily unavailable");
	cm_free(t.said);
	(void)snprintf(command, sizeof command, "rm -rf %s", t.folder);
	must(system(command) == 0, "%s", command);
}

/* ---- the shipped daemons --------------------------------------------------------------------- */

static void expect_line(const char *text, const char *line, const char *where)
{
	expect(strstr(text, line) != NULL, "%s has \"%s\": %s", where, line, text);
}

static void expect_thread_confined(const char *path)
{
	char *status = file_read(path, NULL);

	if (status == NULL) /* it has ended meanwhile */
		return;
	expect_line(status, "NoNewPrivs:\t1\n", path);
	expect_line(status, "Seccomp:\t2\n", path);
	expect_line(status, "CapEff:\t0000000000000000\n", path);
	expect_line(status, "CapPrm:\t0000000000000000\n", path);
	cm_free(status);
}

static unsigned expect_threads_confined(long pid)
{
	char path[300];
	unsigned count = 0;
	struct dirent *entry;
	DIR *tasks;

	(void)snprintf(path, sizeof path, "/proc/%ld/task", pid);
	tasks = opendir(path);
	must(tasks != NULL, "open %s", path);
	while ((entry = readdir(tasks)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "/proc/%ld/task/%.20s/status", pid, entry->d_name);
		expect_thread_confined(path);
		count++;
	}
	(void)closedir(tasks);
	return count;
}

static void expect_limits(long pid)
{
	char path[64];
	char *limits;

	(void)snprintf(path, sizeof path, "/proc/%ld/limits", pid);
	limits = file_read(path, NULL);
	must(limits != NULL, "read %s", path);
	expect_line(limits, "Max core file size        0                    0  ", path);
	if (!IS_SANITIZED)
		expect_line(limits, "Max processes             0                    0  ", path);
	cm_free(limits);
}

static void all_threads_of_the_shipped_daemons_are_confined(void)
{
	struct cm_fleet fleet;

	fleet_begin(&fleet, "fleet", "us,ie");
	for (size_t i = 0; i < fleet.count; i++) {
		const struct cm_fleet_process *process = &fleet.processes[i];
		char *log = file_read(process->log, NULL);

		must(log != NULL, "the log of %s", process->name);
		expect(strstr(log, "process.confined") != NULL, "%s says so: %s", process->name, log);
		expect(strstr(log, " calls=1 ") != NULL, "%s: its calls: %s", process->name, log);
		expect(strstr(log, "process.unconfined") == NULL || strstr(log, " files=0 ") != NULL,
		    "%s: nothing is left out but what the kernel lacks: %s", process->name, log);
		expect(expect_threads_confined((long)process->pid) > 3, "%s has threads", process->name);
		expect_limits((long)process->pid);
		cm_free(log);
	}
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"who makes a call of no business is ended and the log names it",
		who_makes_a_call_of_no_business_is_ended_and_the_log_names_it},
	    {"files of others are closed and its own are open",
		files_of_others_are_closed_and_its_own_are_open},
	    {"what is written never runs and no socket is called that has no file",
		what_is_written_never_runs_and_no_socket_is_called_that_has_no_file},
	    {"the check for leaks works in a confined process",
		the_check_for_leaks_works_in_a_confined_process},
	    {"a user that is none is no reason to stay root",
		a_user_that_is_none_is_no_reason_to_stay_root},
	    {"root becomes the user of the settings for good",
		root_becomes_the_user_of_the_settings_for_good},
	    {"all threads of the shipped daemons are confined",
		all_threads_of_the_shipped_daemons_are_confined}};

	return trials_run("confined", trials, COUNT(trials));
}
