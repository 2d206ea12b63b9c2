/*
 * Which files a process can open, by landlock. Made of raw system calls: the C library has no names for
 * them, and the header of a distribution knows fewer rights than a newer kernel, so what is missing there
 * stands here. A right is handled from the version of the interface on that brought it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/post/confine_parts.h"

#define FS_TRUNCATE (UINT64_C(1) << 14)    /* 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15)   /* 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)    /* 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1) /* 4 */
#define SCOPE_ABSTRACT_SOCKETS (UINT64_C(1) << 0) /* 6 */
#define SCOPE_SIGNALS (UINT64_C(1) << 1)          /* 6 */

#define FS_FIRST ((UINT64_C(1) << 13) - 1) /* all of version 1 */
#define FS_REFER LANDLOCK_ACCESS_FS_REFER  /* 2 */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                   \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                   \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE)
#define FS_LISTEN                                                                                  \
	(LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define FS_OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* As newer kernels have it; an older one takes as much of it as it knows. */
struct rules {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* What libraries read beside what the settings name. */
static const char *const everybody[] = {"/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom",
    "/dev/random", "/dev/null", "/sys/devices/system/cpu", "/proc/meminfo", "/proc/sys/vm/overcommit_memory",
    NULL};

/* And what TLS and the look-up of a host's name read. */
static const char *const with_tcp[] = {"/etc/ssl/openssl.cnf", "/etc/resolv.conf", "/etc/hosts",
    "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", NULL};

static struct rules handled_by(int version, const struct cm_confine *confine)
{
	struct rules rules = {.fs = FS_FIRST};

	if (version >= 2)
		rules.fs |= FS_REFER;
	if (version >= 3)
		rules.fs |= FS_TRUNCATE;
	if (version >= 4 && !confine->has_tcp)
		rules.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 5)
		rules.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		rules.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	return rules;
}

static size_t size_for(int version)
{
	if (version >= 6)
		return sizeof(struct rules);
	return version >= 4 ? offsetof(struct rules, scoped) : offsetof(struct rules, net);
}

/* What is not there can be left out: who wants it finds it missing. False: the rule was not taken. */
static bool add(int set, const struct rules *rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat file;
	bool added;

	if (beneath.parent_fd < 0)
		return true;
	if (fstat(beneath.parent_fd, &file) == 0 && !S_ISDIR(file.st_mode))
		access &= FS_OF_A_FILE;
	beneath.allowed_access = access & rules->fs;
	added = syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
	(void)close(beneath.parent_fd);
	return added;
}

static bool add_all(int set, const struct rules *rules, const char *const *paths)
{
	bool added = true;

	for (size_t i = 0; added && paths[i] != NULL; i++)
		added = add(set, rules, paths[i], FS_READ);
	return added;
}

/* A sanitizer's report reads the program, and may be told to write beside a path. */
static bool add_for_reports(int set, const struct rules *rules)
{
	static const char *const variables[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};
	bool added = add(set, rules, "/", FS_READ);

	for (size_t i = 0; added && i < sizeof variables / sizeof variables[0]; i++) {
		const char *options = getenv(variables[i]);
		const char *at = options != NULL ? strstr(options, "log_path=") : NULL;
		char path[4096];
		char *slash;

		if (at == NULL)
			continue;
		at += sizeof "log_path=" - 1;
		if (*at == '"' || *at == '\'')
			at++;
		(void)memset(path, 0, sizeof path);
		(void)memccpy(path, at, 0, sizeof path - 1);
		path[strcspn(path, ":\"'")] = 0;
		slash = strrchr(path, '/');
		if (slash != NULL)
			slash[slash == path ? 1 : 0] = 0;
		added = add(set, rules, slash != NULL ? path : ".", FS_WRITE);
	}
	return added;
}

static bool add_folders(int set, const struct rules *rules, const struct cm_confine *confine)
{
	static const uint64_t rights[] = {FS_READ, FS_WRITE, FS_LISTEN};
	bool added = true;

	for (size_t i = 0; added && i < confine->folders_count; i++)
		added = add(set, rules, confine->folders[i].path, rights[confine->folders[i].access]);
	added = added && add_all(set, rules, everybody);
	if (confine->has_tcp)
		added = added && add_all(set, rules, with_tcp);
	if (CM_CONFINE_SANITIZED)
		added = added && add_for_reports(set, rules);
	return added;
}

static int without(const char *why)
{
	cm_log(CM_LOG_WARN, "process.unconfined", "without=\"rules for files (landlock)\" why=\"%s\"", why);
	return 0;
}

int cm_confine_files(const struct cm_confine *confine)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct rules rules;
	int set;
	bool holds;

	if (CM_CONFINE_COUNTED)
		return without("this build writes counters of coverage where it was built");
	if (version < 1)
		return without(strerror(errno));
	rules = handled_by((int)version, confine);
	set = (int)syscall(SYS_landlock_create_ruleset, &rules, size_for((int)version), 0);
	if (set < 0)
		return without(strerror(errno));
	holds = add_folders(set, &rules, confine) && syscall(SYS_landlock_restrict_self, set, 0) == 0;
	if (!holds)
		version = without(strerror(errno));
	(void)close(set);
	return (int)version;
}
