#include "protocol/post/confine_parts.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/base/log.h"

#define CM_CONFINE_MOST_FILES 20000 /* open at once: connections that strangers hold, mostly */

/* ---- who it is ------------------------------------------------------------------------------- */

static enum cm_status refuse(const char *user, const char *what, struct cm_err *err)
{
	return cm_err_set(err, CM_NOT_ALLOWED, "become the user %s: %s: %s", user, what, strerror(errno));
}

/* The groups first: without root's privileges they can no longer be left. */
static enum cm_status become(const char *user, struct cm_err *err)
{
	struct passwd *entry;

	if (user[0] == 0)
		return CM_OK;
	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "user: there is no user %s on this machine", user);
	if (geteuid() == entry->pw_uid && getuid() == entry->pw_uid && entry->pw_uid != 0)
		return CM_OK;
	if (geteuid() != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "become the user %s: only root can; start as root or as that user", user);
	if (entry->pw_uid == 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "user: %s is root", user);
	if (initgroups(user, entry->pw_gid) != 0)
		return refuse(user, "leave root's groups", err);
	if (setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0)
		return refuse(user, "its group", err);
	if (setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
		return refuse(user, "its number", err);
	if (setresuid(0, 0, 0) == 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "become the user %s: root's number comes back", user);
	return CM_OK;
}

/* Also of a process that stays root: it keeps root's files and loses the right to everybody's. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0;
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Lower a limit, never raise it. */
static bool limit(int what, rlim_t most)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return false;
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
		most = now.rlim_max;
	if (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > most)
		now.rlim_cur = most;
	now.rlim_max = most;
	return setrlimit((__rlimit_resource_t)what, &now) == 0;
}

static void tell_without(bool works, const char *what)
{
	if (!works)
		cm_log(CM_LOG_WARN, "process.unconfined", "without=\"%s\" why=\"%s\"", what, strerror(errno));
}

/* A core file would hold what was in memory: cases and keys. The second stops also the pipe to a collector
 * of cores, which heeds no limit, and other processes of the same user that look into this one's memory. */
void cm_confine_memory(void)
{
	tell_without(limit(RLIMIT_CORE, 0), "no core files");
	tell_without(prctl(PR_SET_DUMPABLE, CM_CONFINE_SANITIZED ? 1 : 0, 0, 0, 0) == 0,
	    "memory closed to other processes");
}

/* ---- all ------------------------------------------------------------------------------------- */

enum cm_status cm_confine(const struct cm_confine *confine, struct cm_err *err)
{
	enum cm_status status = become(confine->user, err);
	int files;
	int calls;

	if (status != CM_OK)
		return status;
	tell_without(drop_capabilities(), "no capabilities");
	cm_confine_memory();
	tell_without(limit(RLIMIT_NOFILE, CM_CONFINE_MOST_FILES), "a limit of open files");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		tell_without(false, "no new privileges, and so no rules for files and calls");
		return CM_OK;
	}
	files = cm_confine_files(confine);
	calls = cm_confine_calls(confine);
	cm_log(CM_LOG_INFO, "process.confined", "uid=%u files=%d calls=%d tcp=%d", (unsigned)geteuid(), files,
	    calls, confine->has_tcp ? 1 : 0);
	return CM_OK;
}

void cm_confine_end_start(void)
{
	if (!CM_CONFINE_SANITIZED)
		tell_without(limit(RLIMIT_NPROC, 0), "no new threads");
}
