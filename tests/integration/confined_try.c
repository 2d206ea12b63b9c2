/*
 * A node that tries what it has no business with: comity-node's own desk in the same life of a daemon
 * (protocol/post/daemon.h), but once it listens it does what COMITY_TRY names, and says on standard error
 * what came of each: "try NAME: refused: SENTENCE" or "try NAME: done". What ends the process says nothing here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "nodes/desk/desk.h"
#include "protocol/post/daemon.h"

static const struct cm_settings *own; /* whose desk this is */

/* ---- what ends the process ------------------------------------------------------------------- */

static long run_program(void)
{
	char *argv[] = {"/bin/true", NULL};
	char *none[] = {NULL};

	return execve(argv[0], argv, none);
}

static long run_opened_program(void)
{
	char *argv[] = {"true", NULL};

	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 1, 0);
}

static long make_process(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long trace(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), 0, 0);
}

static long read_memory(void)
{
	return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static long speak_to_machines(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long speak_to_machines_6(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static long listen_to_wire(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long ask_kernel(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long mount_folder(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long leave_namespace(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

static long change_root(void)
{
	return chroot("/tmp");
}

static long become_root(void)
{
	return setresuid(0, 0, 0);
}

static long signal_others(void)
{
	return kill(getppid(), SIGTERM);
}

static long open_memory(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long raise_core(void)
{
	const struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};

	return setrlimit(RLIMIT_CORE, &most);
}

static long take_capability(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct all[_LINUX_CAPABILITY_U32S_3] = {{.effective = ~0u, .permitted = ~0u}};

	return syscall(SYS_capset, &head, all);
}

static long load_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long make_ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long type_into_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

static long link_symbolically(void)
{
	return symlink("/etc/shadow", "/tmp/x");
}

/* ---- what is refused ------------------------------------------------------------------------- */

static long read_secrets(void)
{
	return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static long read_users(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long read_command_lines(void)
{
	return open("/proc/1/cmdline", O_RDONLY | O_CLOEXEC);
}

static long write_elsewhere(void)
{
	return open("/tmp/comity-confined-try", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long change_law(void)
{
	return open(COMITY_SOURCE_DIR "/jurisdictions/law/us.law", O_WRONLY | O_CLOEXEC);
}

static long write_own_memory(void)
{
	return open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

static long run_written_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : 0;
}

static long make_memory_runnable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long make_process_unseen(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

/* The test listens there. */
static long call_unnamed_socket(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "\0comity-confined"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)&at, offsetof(struct sockaddr_un, sun_path) + 16);
}

static void *nothing(void *data)
{
	return data;
}

static long make_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, nothing, NULL);
	if (errno != 0)
		return -1;
	return pthread_join(thread, NULL);
}

/* ---- what it may ----------------------------------------------------------------------------- */

static long read_own_ledger(void)
{
	return open(own->ledger, O_RDWR | O_CLOEXEC);
}

static long read_zone(void)
{
	return open("/usr/share/zoneinfo/Europe/Dublin", O_RDONLY | O_CLOEXEC);
}

/* For a sanitizer to find. */
static long lose_memory(void)
{
	static void *volatile lost;

	/* A few: one of them may lie about on the stack. */
	for (int i = 0; i < 16; i++)
		lost = malloc(77);
	if (lost == NULL)
		return -1;
	lost = NULL;
	return 0;
}

static long nothing_at_all(void)
{
	return 0;
}

static const struct {
	const char *name;
	long (*run)(void);
} tries[] = {{"execve", run_program}, {"execveat", run_opened_program}, {"clone", make_process},
    {"ptrace", trace}, {"process_vm_readv", read_memory}, {"socket-inet", speak_to_machines},
    {"socket-inet6", speak_to_machines_6}, {"socket-packet", listen_to_wire}, {"socket-netlink", ask_kernel},
    {"mount", mount_folder}, {"unshare", leave_namespace}, {"chroot", change_root}, {"setresuid", become_root},
    {"kill", signal_others}, {"prctl", open_memory}, {"prlimit64", raise_core}, {"capset", take_capability},
    {"bpf", load_bpf}, {"io_uring_setup", make_ring}, {"ioctl", type_into_terminal},
    {"symlink", link_symbolically}, {"shadow", read_secrets}, {"passwd", read_users},
    {"cmdline", read_command_lines}, {"elsewhere", write_elsewhere}, {"law", change_law},
    {"own-memory", write_own_memory}, {"mmap-exec", run_written_memory}, {"mprotect-exec", make_memory_runnable},
    {"clone3", make_process_unseen}, {"abstract", call_unnamed_socket}, {"thread", make_thread},
    {"ledger", read_own_ledger}, {"zone", read_zone}, {"leak", lose_memory}, {"nothing", nothing_at_all}};

static void try(const char *name)
{
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		if (strcmp(tries[i].name, name) != 0)
			continue;
		errno = 0;
		if (tries[i].run() < 0)
			(void)fprintf(stderr, "try %s: refused: %s\n", name, strerror(errno));
		else
			(void)fprintf(stderr, "try %s: done\n", name);
		return;
	}
	(void)fprintf(stderr, "try %s: there is no such try\n", name);
}

/* "a,b,c", in this order; the last is the end of all. */
static void try_all(void)
{
	const char *given = getenv("COMITY_TRY");
	char names[256] = "";
	char *rest = NULL;

	(void)snprintf(names, sizeof names, "%s", given != NULL ? given : "");
	for (char *name = strtok_r(names, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
		try(name);
	(void)fprintf(stderr, "try: over\n");
}

/* ---- a node's life --------------------------------------------------------------------------- */

static enum cm_status open_desk(const struct cm_settings *settings, void **state,
    struct cm_machine *machine, struct cm_err *err)
{
	struct cm_desk *desk = cm_alloc(1, sizeof *desk);
	enum cm_status status = desk != NULL ? cm_desk_init(desk, settings, err) : CM_NO_MEMORY;

	if (status != CM_OK) {
		cm_free(desk);
		return status;
	}
	own = settings;
	*machine = cm_desk_machine(desk);
	*state = desk;
	return CM_OK;
}

static void opened(void *state, struct cm_post *post)
{
	struct cm_desk *desk = state;

	desk->post = post;
	try_all();
}

static void close_desk(void *state)
{
	cm_desk_fini(state);
	cm_free(state);
}

int main(int argc, char **argv)
{
	static const char *const roles[] = {"region", "central", NULL};
	static const struct cm_daemon daemon = {
	    "confined_try", roles, open_desk, opened, close_desk, NULL}; /* it has no manifest */

	return cm_daemon_run(&daemon, argc, argv);
}
