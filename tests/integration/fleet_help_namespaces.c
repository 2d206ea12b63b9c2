/*
 * Networks of their own for the regions of a fleet. In pictures, with N the region's number:
 *
 *     hub: router, central, relay                         ie: node, relay
 *     router --unix-- relay [cableN 10.77.N.1] ===== [cable 10.77.N.2] relay --unix-- node
 *
 * A packet vanishes without a filter and without a sign: the sender is told a neighbour's hardware
 * address that is nobody's, so that the far end takes the frame for another's and drops it. The far
 * end counts these ("otherhost"), which shows that the fault has struck.
 */
#include "tests/integration/fleet_help_namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/integration/fleet_help_relay.h"

#define NETNS_DIR "/var/run/netns"
#define NOBODY "02:00:00:00:00:01"
#define PORT 7000
#define MAX_REGIONS 8
#define NAME_BYTES 80
#define LINK_BYTES 64 /* "net:[4026532512]" */

/* One namespace. The hub is number 0, the regions follow. */
struct network {
	char region[CM_MAX_REGION_NAME_BYTES + 1];
	char name[NAME_BYTES];  /* of the namespace */
	char inode[LINK_BYTES]; /* what /proc/PID/ns/net says of a process in it */
	unsigned number;
	struct relay relay;
};

static struct network networks[1 + MAX_REGIONS];
static size_t networks_count;

const char *cut_meaning(enum cut cut)
{
	static const char *const meanings[] = {
#define X(name, meaning) meaning,
	    CUTS(X)
#undef X
	};

	return meanings[cut];
}

/* ---- ip -------------------------------------------------------------------------------------- */

/* Run a command of the shell; what it said is `ran`'s. */
static bool run_shell(struct ran *ran, const char *fmt, va_list ap)
{
	char command[512];
	const char *argv[] = {"/bin/sh", "-c", command, NULL};

	(void)vsnprintf(command, sizeof command, fmt, ap);
	run_program(ran, argv, NULL);
	ran->err[strcspn(ran->err, "\n")] = 0;
	return ran->code == 0;
}

/* Run it to see whether it may be done here: if not, the sentence with its reason is skipped. */
static bool may_run(const char *why, const char *fmt, ...) CM_PRINTF(2, 3);
static bool may_run(const char *why, const char *fmt, ...)
{
	struct ran ran;
	va_list ap;
	bool may;

	va_start(ap, fmt);
	may = run_shell(&ran, fmt, ap);
	va_end(ap);
	if (!may)
		skip("no networks of their own here: %s: %s", why, ran.err);
	ran_free(&ran);
	return may;
}

static void ip_must(const char *fmt, ...) CM_PRINTF(1, 2);
static void ip_must(const char *fmt, ...)
{
	struct ran ran;
	va_list ap;

	va_start(ap, fmt);
	must(run_shell(&ran, fmt, ap), "%s: %s", fmt, ran.err);
	va_end(ap);
	ran_free(&ran);
}

/* ---- namespaces ------------------------------------------------------------------------------ */

static void read_inode(pid_t pid, char out[LINK_BYTES])
{
	char path[64];
	ssize_t len;

	(void)snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	len = readlink(path, out, LINK_BYTES - 1);
	out[len > 0 ? len : 0] = 0;
}

/* Go into a namespace, until `leave` of what comes back. */
static int enter(const struct network *network)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[sizeof NETNS_DIR + NAME_BYTES];
	int there;

	(void)snprintf(path, sizeof path, NETNS_DIR "/%s", network->name);
	there = open(path, O_RDONLY | O_CLOEXEC);
	must(home >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0, "enter %s: %s",
	    network->name, strerror(errno));
	(void)close(there);
	return home;
}

static void leave(int home)
{
	must(setns(home, CLONE_NEWNET) == 0, "come home: %s", strerror(errno));
	(void)close(home);
}

static struct network *network_of(const char *region)
{
	for (size_t i = 1; i < networks_count; i++)
		if (strcmp(networks[i].region, region) == 0)
			return &networks[i];
	return &networks[0]; /* router, central */
}

static void name_network(struct network *network, const char *region)
{
	(void)snprintf(network->region, sizeof network->region, "%s", region);
	(void)snprintf(network->name, sizeof network->name, "comity-%d-%s", (int)getpid(), region);
}

static void add_network(const char *region)
{
	struct network *network = &networks[networks_count];
	int home;

	must(networks_count < 1 + MAX_REGIONS, "at most %d regions", MAX_REGIONS);
	*network = (struct network){.number = (unsigned)networks_count};
	name_network(network, region);
	networks_count++;
	ip_must("ip netns add %s", network->name);
	home = enter(network);
	read_inode(gettid(), network->inode);
	leave(home);
}

/* Where `ip netns` keeps its names: a place that nobody else sees and that goes with us. Its folder stays
 * on the machine, empty, as after any use of `ip netns`: another copy of us may stand on it. */
static bool hide_names(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		skip("no networks of their own here: no mount table of our own: %s",
		    strerror(errno));
		return false;
	}
	if ((mkdir(NETNS_DIR, 0755) != 0 && errno != EEXIST) ||
	    mount("none", NETNS_DIR, "tmpfs", 0, "size=1m") != 0) {
		skip("no networks of their own here: mount " NETNS_DIR ": %s", strerror(errno));
		return false;
	}
	return true;
}

/* Packets for others are counted since Linux 5.19. */
static bool may_count(void)
{
	struct utsname name;
	unsigned major = 0;
	unsigned minor = 0;

	if (uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	    (major > 5 || (major == 5 && minor >= 19)))
		return true;
	skip("no networks of their own here: this kernel does not count what vanishes");
	return false;
}

bool namespaces_may(void)
{
	struct network try = {0};

	if (geteuid() != 0) {
		skip("no networks of their own here: that needs root");
		return false;
	}
	name_network(&try, "try");
	return may_count() && may_run("there is no iproute2", "ip -V") && hide_names() &&
	       may_run("no network namespace", "ip netns add %s", try.name) &&
	       may_run("no virtual cable", "ip -n %s link add cable type veth peer name end",
		   try.name) &&
	       may_run("nobody can go into it", "ip netns exec %s true", try.name) &&
	       may_run("it cannot be removed", "ip netns del %s", try.name);
}

/* ---- cables ---------------------------------------------------------------------------------- */

static void lay_cable(const struct network *region)
{
	const char *hub = networks[0].name;
	unsigned n = region->number;

	ip_must(
	    "ip -n %s link add cable%u type veth peer name cable netns %s", hub, n, region->name);
	ip_must("ip -n %s addr add 10.77.%u.1/30 dev cable%u", hub, n, n);
	ip_must("ip -n %s addr add 10.77.%u.2/30 dev cable", region->name, n);
	ip_must("ip -n %s link set cable%u up", hub, n);
	ip_must("ip -n %s link set cable up", region->name);
}

/* To the region, or from it: send into the void, or to the right one again. */
static void set_vanish(const struct network *region, bool is_to, bool must_vanish)
{
	char where[2 * NAME_BYTES];

	if (is_to)
		(void)snprintf(
		    where, sizeof where, "10.77.%u.2 dev cable%u", region->number, region->number);
	else
		(void)snprintf(where, sizeof where, "10.77.%u.1 dev cable", region->number);
	if (must_vanish)
		ip_must("ip -n %s neigh replace %s lladdr " NOBODY " nud permanent",
		    is_to ? networks[0].name : region->name, where);
	else
		ip_must("ip -n %s neigh del %s", is_to ? networks[0].name : region->name, where);
}

static void set_cut(const char *name, enum cut cut, bool is_cut)
{
	const struct network *region = network_of(name);

	must(region->number > 0, "%s is a region", name);
	if (cut == CUT_DOWN)
		ip_must("ip -n %s link set cable %s", region->name, is_cut ? "down" : "up");
	if (cut == CUT_TO || cut == CUT_BOTH)
		set_vanish(region, true, is_cut);
	if (cut == CUT_FROM || cut == CUT_BOTH)
		set_vanish(region, false, is_cut);
}

void region_cut(const char *region, enum cut cut)
{
	set_cut(region, cut, true);
}

void region_heal(const char *region, enum cut cut)
{
	set_cut(region, cut, false);
}

static int64_t strangers_at(const char *network, const char *cable)
{
	char command[256];
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	struct ran ran;
	json_t *shown;
	int64_t count;

	(void)snprintf(
	    command, sizeof command, "ip -n %s -s -s -j link show dev %s", network, cable);
	run_program(&ran, argv, NULL);
	shown = json_loads(ran.out, 0, NULL);
	must(at(shown, "0.stats64.rx") != NULL, "ip counts packets: %s%s", ran.out, ran.err);
	count = number_at(shown, "0.stats64.rx.otherhost"); /* not told as long as it is 0 */
	json_decref(shown);
	ran_free(&ran);
	return count > 0 ? count : 0;
}

int64_t region_vanished(const char *name)
{
	const struct network *region = network_of(name);
	char cable[16];

	(void)snprintf(cable, sizeof cable, "cable%u", region->number);
	return strangers_at(networks[0].name, cable) + strangers_at(region->name, "cable");
}

int64_t region_messages(const char *region)
{
	return relay_count(&network_of(region)->relay, "messages");
}

/* ---- links ----------------------------------------------------------------------------------- */

/* A link from one process to another: caller, its relay, the cable, the callee's relay, callee. */
static void lay_link(const struct cm_fleet *fleet, const struct cm_fleet_process *caller,
    const struct cm_fleet_process *callee)
{
	struct network *from = network_of(caller->name);
	struct network *to = network_of(callee->name);
	bool is_to_region = to->number > 0;
	char path[RELAY_PLACE_BYTES];
	char between[RELAY_PLACE_BYTES];

	relay_path(fleet, caller, callee, path);
	relay_redirect(caller, callee, path);
	(void)snprintf(between, sizeof between, "tcp:10.77.%u.%d:%d",
	    is_to_region ? to->number : from->number, is_to_region ? 2 : 1, PORT);
	relay_link(&from->relay, caller, callee, path, between);
	relay_link(&to->relay, caller, callee, between, relay_target(callee));
}

static void start_relays(void)
{
	for (size_t i = 0; i < networks_count; i++) {
		int home = enter(&networks[i]);

		relay_start(&networks[i].relay);
		leave(home);
	}
}

void namespaces_start(struct cm_fleet *fleet, const char *name)
{
	int home = enter(network_of(name));

	process_start(fleet, name);
	leave(home);
}

void namespaces_begin(struct cm_fleet *fleet)
{
	const struct cm_fleet_process *router = process_of(fleet, "router");

	for (size_t i = 0; i < fleet->count; i++)
		process_stop_must(fleet, fleet->processes[i].name);
	add_network("hub");
	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];

		if (process->role != CM_FLEET_REGION)
			continue;
		add_network(process->name);
		lay_cable(network_of(process->name));
		lay_link(fleet, router, process);
		lay_link(fleet, process, router);
	}
	start_relays();
	for (size_t i = 0; i < fleet->count; i++)
		namespaces_start(fleet, fleet->processes[i].name);
}

/* ---- what must be true ----------------------------------------------------------------------- */

static void expect_in(pid_t pid, const char *name, const struct network *network)
{
	char inode[LINK_BYTES];

	read_inode(pid, inode);
	expect(strcmp(inode, network->inode) == 0, "%s is in %s: %s, %s", name, network->name,
	    inode, network->inode);
}

void expect_namespaces_hold(const struct cm_fleet *fleet)
{
	char home[LINK_BYTES];

	read_inode(getpid(), home);
	for (size_t i = 0; i < networks_count; i++) {
		expect(strcmp(networks[i].inode, home) != 0, "%s is not the test's own network",
		    networks[i].name);
		for (size_t n = 0; n < i; n++)
			expect(strcmp(networks[i].inode, networks[n].inode) != 0,
			    "%s and %s are two networks", networks[i].name, networks[n].name);
		expect_in(networks[i].relay.pid, "its relay", &networks[i]);
	}
	for (size_t i = 0; i < fleet->count; i++)
		if (cm_fleet_is_running(&fleet->processes[i]))
			expect_in(fleet->processes[i].pid, fleet->processes[i].name,
			    network_of(fleet->processes[i].name));
}

/* No process is in one of the namespaces. */
static void expect_empty(const struct network *network)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		char inode[LINK_BYTES];
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0)
			continue;
		read_inode(pid, inode);
		expect(strcmp(inode, network->inode) != 0, "nobody is left in %s: process %d",
		    network->name, (int)pid);
	}
	if (proc != NULL)
		(void)closedir(proc);
}

/* Nor did anybody else ever see its name: neither our parent nor the first process. */
static void expect_hidden(const struct network *network)
{
	const pid_t others[] = {getppid(), 1};
	char dir[PATH_MAX];
	char path[PATH_MAX + 2 * NAME_BYTES];

	/* Without symbolic links: they would be followed in our own mount table. */
	must(realpath(NETNS_DIR, dir) != NULL, "realpath " NETNS_DIR);
	(void)snprintf(path, sizeof path, "%s/%s", dir, network->name);
	expect(access(path, F_OK) == 0, "%s is here", path);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		(void)snprintf(
		    path, sizeof path, "/proc/%d/root%s/%s", (int)others[i], dir, network->name);
		expect(access(path, F_OK) != 0, "%s is not there", path);
	}
}

void namespaces_end(void)
{
	for (size_t i = 0; i < networks_count; i++) {
		relay_end(&networks[i].relay);
		expect_empty(&networks[i]);
		expect_hidden(&networks[i]);
		ip_must("ip netns del %s", networks[i].name);
	}
	networks_count = 0;
}
