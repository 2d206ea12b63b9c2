/*
 * The power fails everywhere at once: the whole fleet lies on one small disk, an image mounted through
 * a loop device. While people file demands, every process is frozen, the image is copied as it is, and
 * the fleet is killed. The copy has what was flushed and nothing else, as a disk after a power cut. It
 * is mounted, the fleet starts from it, and every demand that anybody was told is taken must be there.
 *
 * The last trial has a disk that says "flushed" and does not: then demands are lost, and the test must
 * see it. Otherwise it could see nothing.
 *
 * Needs root, loop devices and ext4; the mount table is our own, and what is in it ends with us.
 */
#include "tests/integration/fleet_help.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 20000
#define FILERS 3
#define IMAGE "400M"

static const char *const nodes[] = {"us", "ie", "de"};
static const char *const all[] = {"router", "central", "us", "ie", "de"};
static struct cm_fleet fleet;
static unsigned next_demand;
static bool may_cut;
static bool lies; /* the disk */
static char image[256];
static char copy[256];

/* A demand, and the case if somebody was told of it. */
struct told {
	const char *node;
	unsigned number;
	char case_id[CM_ID_TEXT_BYTES];
};

static struct told told[MOST];
static atomic_uint told_count;
static atomic_bool must_end;
static pthread_t filers[FILERS];
static unsigned numbers[FILERS]; /* the next demand of each, so that no two are alike */

/* ---- the disk -------------------------------------------------------------------------------- */

static bool run(const char *fmt, ...) CM_PRINTF(1, 2);
static bool run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	return system(command) == 0;
}

/* Nothing reaches the image unasked: the file system's own commit is five minutes away. */
static bool mount_image(const char *path)
{
	return run("mount -o loop,commit=300 '%s' '%s' 2>/dev/null", path, scratch_path("disk"));
}

/* This disk alone: others may be trying theirs at this moment. */
static void flush_disk(void)
{
	int fd = open(scratch_path("disk"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0 && syncfs(fd) == 0, "flush the disk: %s", strerror(errno));
	(void)close(fd);
}

static bool make_disk(void)
{
	if (geteuid() != 0) {
		skip("the power cannot be cut here: mounting a disk needs root");
		return false;
	}
	(void)snprintf(image, sizeof image, "%s", scratch_path("image"));
	(void)snprintf(copy, sizeof copy, "%s", scratch_path("copy"));
	must(mkdir(scratch_path("disk"), 0700) == 0, "a place for a disk");
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		skip("the power cannot be cut here: no mount table of our own: %s", strerror(errno));
		return false;
	}
	if (!run("truncate -s " IMAGE " '%s' && mkfs.ext4 -q -F '%s' 2>/dev/null", image, image) ||
	    !mount_image(image)) {
		skip("the power cannot be cut here: no ext4 on a loop device");
		return false;
	}
	return true;
}

/* ---- people ---------------------------------------------------------------------------------- */

static void *file_on(void *data)
{
	unsigned *number = data;

	while (!atomic_load(&must_end)) {
		struct told one = {.node = nodes[*number % COUNT(nodes)], .number = *number};
		char *text = demand_make(&fleet, ACCOUNTS, one.number, 1 + one.number % 3);
		struct cm_err err;
		enum cm_status status = file_demand(
		    process_of(&fleet, one.node), text, one.case_id, NULL, &err);

		cm_free(text);
		if (status == CM_OK) {
			unsigned at = atomic_fetch_add(&told_count, 1);

			must(at < MOST, "at most %d demands", MOST);
			told[at] = one;
		}
		*number += FILERS;
	}
	return NULL;
}

static void people_come(void)
{
	atomic_store(&must_end, false);
	for (unsigned i = 0; i < FILERS; i++) {
		numbers[i] = next_demand + i;
		must(pthread_create(&filers[i], NULL, file_on, &numbers[i]) == 0, "a thread");
	}
}

static bool was_told_more(void *data)
{
	return atomic_load(&told_count) > *(unsigned *)data;
}

/* Until somebody was told of a demand, and then up to some random moment of the others. */
static void people_are_busy(unsigned before, unsigned most_us)
{
	must(wait_until(was_told_more, &before, PATIENCE_MS), "demands are acknowledged");
	pause_us(dice(most_us));
}

static void people_go(void)
{
	for (unsigned i = 0; i < FILERS; i++) {
		(void)pthread_join(filers[i], NULL);
		if (numbers[i] >= next_demand)
			next_demand = numbers[i] + FILERS;
	}
}

/* ---- the cut --------------------------------------------------------------------------------- */

static void start_all(void)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		if (lies)
			process_start_shimmed(&fleet, all[i], "SKIPSYNC", "1");
		else
			process_start(&fleet, all[i]);
	}
}

/* Freeze all, copy the disk as it is, kill all, go on from the copy. Whoever was told anything was told
 * before the freeze. */
static void cut_power(void)
{
	for (size_t i = 0; i < COUNT(all); i++)
		process_signal(&fleet, all[i], SIGSTOP);
	must(run("cp --sparse=always '%s' '%s'", image, copy), "copy the image");
	atomic_store(&must_end, true);
	for (size_t i = 0; i < COUNT(all); i++)
		process_kill(&fleet, all[i]);
	people_go();
	must(run("umount '%s'", scratch_path("disk")), "unmount the disk");
	must(run("mv '%s' '%s'", copy, image) && mount_image(image), "mount the copy");
}

static unsigned count_found(unsigned count)
{
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++) {
		struct cm_arg arg = {"case", told[i].case_id};
		struct cm_op op = {.name = "show", .args = &arg, .args_count = 1};
		json_t *json = NULL;
		struct cm_err err = {.text = ""};
		enum cm_status status;

		do
			status = ask(process_of(&fleet, told[i].node), &op, &json, &err);
		while (status == CM_TRY_AGAIN || status == CM_TIMED_OUT);
		found += status == CM_OK;
		if (status != CM_OK && found == i)
			(void)printf("  demand %u, case %s at %s: %s\n", told[i].number,
			    told[i].case_id, told[i].node, err.text);
		json_decref(json);
	}
	return found;
}

static void expect_all_decided(unsigned from, unsigned to)
{
	unsigned decided = 0;

	for (unsigned i = from; i < to; i++) {
		json_t *shown = wait_outcome(&fleet, told[i].node, told[i].case_id);

		decided += number_at(shown, "outcome.revision") == 1;
		json_decref(shown);
	}
	expect(decided == to - from, "%u of %u demands have their outcome", decided, to - from);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void every_acknowledged_demand_outlives_the_power(void)
{
	unsigned cuts = is_long() ? 30 : 2;

	if (!may_cut)
		return;
	for (unsigned i = 0; i < cuts; i++) {
		unsigned before = atomic_load(&told_count);
		unsigned after;

		people_come();
		people_are_busy(before, 300000);
		cut_power();
		after = atomic_load(&told_count);
		start_all();
		(void)printf("  cut %u: %u demands acknowledged since the last\n", i + 1, after - before);
		expect(after > before, "demands were acknowledged before the cut");
		expect(count_found(after) == after, "all %u acknowledged demands are found", after);
		expect_all_decided(before, after);
	}
}

/* Everybody's second filing of the same bytes is the same case; ledgers agree about all. */
static void the_ledgers_agree_and_the_fleet_ends(void)
{
	size_t known;
	json_t *status;

	if (!may_cut)
		return;
	expect(wait_quiet(&fleet), "everything is delivered");
	status = ask_must(&fleet, "router", "status", NULL);
	known = (size_t)number_at(status, "cases"); /* also those that nobody was told of in time */
	json_decref(status);
	expect(known >= atomic_load(&told_count), "the router knows %zu cases, %u were acknowledged",
	    known, atomic_load(&told_count));
	expect_ledgers_agree(&fleet, known);
	fleet_end(&fleet);
	must(run("umount '%s'", scratch_path("disk")), "unmount the disk");
}

static void the_fleet_starts_on_a_disk_of_its_own(void)
{
	may_cut = make_disk();
	if (!may_cut)
		return;
	fleet_begin(&fleet, "disk/fleet", "us,ie,de");
	accounts_import(&fleet, ACCOUNTS);
	flush_disk();
}

static void a_disk_that_lies_is_found_out(void)
{
	unsigned found;
	unsigned count;

	if (!may_cut)
		return;
	must(run("mkfs.ext4 -q -F '%s' 2>/dev/null", image) && mount_image(image), "a fresh disk");
	atomic_store(&told_count, 0);
	fleet_begin(&fleet, "disk/fleet", "us,ie,de");
	accounts_import(&fleet, ACCOUNTS);
	for (size_t i = 0; i < COUNT(all); i++)
		process_stop_must(&fleet, all[i]);
	flush_disk(); /* up to here the disk is honest */
	lies = true;
	start_all();
	people_come();
	people_are_busy(0, 200000);
	cut_power();
	lies = false;
	start_all();
	count = atomic_load(&told_count);
	found = count_found(count);
	(void)printf("  %u of %u acknowledged demands are found\n", found, count);
	expect(count > 0 && found < count, "demands are lost on a disk that lies");
	fleet_end_waiting(&fleet);
	must(run("umount '%s'", scratch_path("disk")), "unmount the disk");
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts on a disk of its own", the_fleet_starts_on_a_disk_of_its_own},
	    {"every acknowledged demand outlives the power",
	        every_acknowledged_demand_outlives_the_power},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	    {"a disk that lies is found out", a_disk_that_lies_is_found_out},
	};

	return trials_run("power", trials, COUNT(trials));
}
