/*
 * Which system calls a process makes, by libseccomp: the list was read off runs of the integration tests
 * under strace, and the calls that the C library has as another way to the same thing stand beside them.
 * Whatever is not here ends the process, and the log says which call it was. (A call of one of nng's
 * threads, which take no signals, ends it without that line; the kernel's own log has it, if there is one.)
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/post/confine_parts.h"

#define CALLS_NAMED 512

static char *names[CALLS_NAMED]; /* for the last line, where no memory can be asked for */

static const char *const any_arguments[] = {
    /* memory: what is executable is looked at below */
    "brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock", "mincore",
    /* files: which ones is landlock's business */
    "open", "openat", "close", "close_range", "read", "readv", "pread64", "preadv", "write", "writev", "pwrite64",
    "pwritev", "lseek", "fsync", "fdatasync", "sync_file_range", "ftruncate", "fallocate", "flock",
    "fcntl", "dup", "dup2", "dup3", "stat", "lstat", "fstat", "newfstatat", "statx", "fstatfs", "statfs", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "unlink", "unlinkat", "rename",
    "renameat", "renameat2", "fchmod", "fchown", "fchown32", "umask", "fadvise64",
    /* threads and time */
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "sched_yield",
    "sched_getaffinity", "membarrier", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres",
    "gettimeofday", "time", "restart_syscall", "exit", "exit_group", "getpid", "gettid", "getppid",
    /* events and connections: of which family is looked at below */
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6",
    "eventfd2", "pipe", "pipe2", "timerfd_create", "timerfd_settime", "connect", "bind", "listen", "accept", "accept4",
    "shutdown", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "getsockopt", "setsockopt",
    "getsockname", "getpeername",
    /* signals, and what a process asks about itself */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigaltstack", "alarm", "setitimer",
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getrandom", "uname", "sysinfo", "getrlimit",
    "getrusage", "times", "getcpu",
    NULL};

/* The leak check: a process that shares all with this one stops its threads and reads them. */
static const char *const for_reports[] = {"ptrace", "wait4", "clone", "mmap", "mprotect", "prctl", "personality",
    "process_vm_readv", "arch_prctl", "getdents", "kill", NULL};

/* The signal's handler: on the thread that made the call, which was not made. */
static void on_forbidden(int number, siginfo_t *info, void *context)
{
	int call = info->si_syscall;

	(void)context;
	cm_log(CM_LOG_ERROR, "process.forbidden_call", "number=%d name=%s", call,
	    call >= 0 && call < CALLS_NAMED && names[call] != NULL ? names[call] : "?");
	(void)raise(number); /* SA_RESETHAND: the end */
}

static bool catch_forbidden(void)
{
	struct sigaction action = {
	    .sa_sigaction = on_forbidden, .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER)};

	for (int i = 0; i < CALLS_NAMED; i++)
		if (names[i] == NULL)
			names[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	return sigaction(SIGSYS, &action, NULL) == 0;
}

/* ---- the list -------------------------------------------------------------------------------- */

static int allow_all(scmp_filter_ctx filter, const char *const *list)
{
	int result = 0;

	for (size_t i = 0; result == 0 && list[i] != NULL; i++) {
		int call = seccomp_syscall_resolve_name(list[i]);

		if (call != __NR_SCMP_ERROR) /* older than the library, or another machine's */
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	return result;
}

/* One argument looked at: `op` of it and `a`, or of what the mask `a` leaves of it and `b`. */
static struct scmp_arg_cmp is(unsigned arg, enum scmp_compare op, scmp_datum_t a, scmp_datum_t b)
{
	return (struct scmp_arg_cmp){.arg = arg, .op = op, .datum_a = a, .datum_b = b};
}

static int add(scmp_filter_ctx filter, uint32_t action, int call, struct scmp_arg_cmp when)
{
	return seccomp_rule_add_array(filter, action, call, 1, &when);
}

/* Memory that is written is never executed. Refused and not the end: who looks up a host's name may load
 * a library for it, and does without. */
static int allow_memory(scmp_filter_ctx filter)
{
	static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	int result = 0;

	for (size_t i = 0; result == 0 && i < 2; i++) {
		result = add(filter, SCMP_ACT_ALLOW, calls[i], is(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (result == 0)
			result = add(filter, SCMP_ACT_ERRNO(EACCES), calls[i],
			    is(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	}
	return result;
}

/* Its own limits: to look at them all, and to let no thread come after the last. */
static int allow_limits(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp look[] = {is(0, SCMP_CMP_EQ, 0, 0), is(2, SCMP_CMP_EQ, 0, 0)};
	const struct scmp_arg_cmp lower[] = {is(0, SCMP_CMP_EQ, 0, 0), is(1, SCMP_CMP_EQ, RLIMIT_NPROC, 0)};
	int result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, look);

	return result != 0 ? result
			   : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, lower);
}

/* Threads of this process and no other process. What clone3 is asked for stands in memory that a filter
 * cannot see, so it is "not there", and the C library takes clone. */
static int allow_threads(scmp_filter_ctx filter)
{
	int result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
	    is(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (result == 0)
		result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), is(0, SCMP_CMP_EQ, PR_SET_NAME, 0));
	return result == 0 ? allow_limits(filter) : result;
}

/* Signals to itself: a crash is raised again once it is reported. */
static int allow_signals(scmp_filter_ctx filter)
{
	scmp_datum_t self = (scmp_datum_t)getpid();
	int result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), is(0, SCMP_CMP_EQ, self, 0));

	return result != 0 ? result : add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), is(0, SCMP_CMP_EQ, self, 0));
}

/* The look-up of a host's name asks the kernel for this machine's addresses, and does without. */
static int allow_sockets(scmp_filter_ctx filter, bool has_tcp)
{
	static const uint64_t others[] = {AF_INET, AF_INET6};
	int result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), is(0, SCMP_CMP_EQ, AF_UNIX, 0));

	if (result == 0)
		result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), is(0, SCMP_CMP_EQ, AF_UNIX, 0));
	for (size_t i = 0; result == 0 && has_tcp && i < 2; i++)
		result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), is(0, SCMP_CMP_EQ, others[i], 0));
	if (result == 0 && has_tcp)
		result = add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
		    is(0, SCMP_CMP_EQ, AF_NETLINK, 0));
	return result;
}

static int allow_devices(scmp_filter_ctx filter)
{
	static const uint64_t requests[] = {FIONREAD, FIONBIO, FIOCLEX, TCGETS};
	int result = 0;

	for (size_t i = 0; result == 0 && i < sizeof requests / sizeof requests[0]; i++)
		result = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), is(1, SCMP_CMP_EQ, requests[i], 0));
	return result;
}

static int add_rules(scmp_filter_ctx filter, const struct cm_confine *confine)
{
	int result = allow_all(filter, any_arguments);

	if (result == 0 && CM_CONFINE_SANITIZED)
		result = allow_all(filter, for_reports);
	if (result == 0 && !CM_CONFINE_SANITIZED)
		result = allow_memory(filter);
	if (result == 0)
		result = allow_threads(filter);
	if (result == 0)
		result = allow_signals(filter);
	if (result == 0)
		result = allow_sockets(filter, confine->has_tcp);
	if (result == 0)
		result = allow_devices(filter);
	return result;
}

int cm_confine_calls(const struct cm_confine *confine)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int result = filter == NULL ? -ENOMEM : catch_forbidden() ? 0 : -errno;

	if (result == 0)
		result = add_rules(filter, confine);
	if (result == 0) {
		/* One without this is a kernel before 4.14: the filter holds all the same. */
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
		result = seccomp_load(filter);
	}
	if (filter != NULL)
		seccomp_release(filter);
	if (result == 0)
		return 1;
	cm_log(CM_LOG_WARN, "process.unconfined", "without=\"rules for system calls (seccomp)\" why=\"%s\"",
	    strerror(-result));
	return 0;
}
