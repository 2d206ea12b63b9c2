/*
 * Disks: full ones, by ledgers on small file systems, and one that breaks its promise.
 * A full disk refuses with a sentence and stores nothing by halves; the others go on; when there is
 * room again the same process serves again and what waited completes.
 *
 * The file systems are mounted in a mount table of our own, so that they are gone with us.
 */
#include "tests/integration/fleet_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACCOUNTS 20
#define MOST 400 /* demands until a disk without a free block must be full */
#define EXIT_BROKEN_DISK 70

static struct cm_fleet fleet;
static unsigned next_demand;
static unsigned accepted; /* in all */
static bool may_mount;

/* ---- small file systems ---------------------------------------------------------------------- */

static const char *disk_path(const char *node, const char *file)
{
	char name[80];

	(void)snprintf(name, sizeof name, "disk-%s/%s", node, file);
	return scratch_path(name);
}

/* Move a node's ledger, which is still empty, to a small disk of its own. */
static bool give_small_disk(const char *node)
{
	static char ledgers[4][256]; /* live as long as the fleet */
	static unsigned next;
	struct cm_fleet_process *process = process_of(&fleet, node);
	char *ledger = ledgers[next++];
	char *config = file_read(process->config, NULL);
	char *found = strstr(config, process->ledger);
	struct cm_buf changed;

	(void)snprintf(ledger, sizeof ledgers[0], "%s", disk_path(node, "ledger.db"));
	must(mkdir(disk_path(node, ""), 0700) == 0, "a folder for a disk");
	if (mount("tmpfs", disk_path(node, ""), "tmpfs", 0, "size=32m,mode=0700") != 0)
		return false;
	must(found != NULL, "%s names its ledger", process->config);
	process_stop_must(&fleet, node);
	cm_buf_init(&changed, 0);
	cm_buf_add(&changed, config, (size_t)(found - config));
	cm_buf_text(&changed, ledger);
	cm_buf_text(&changed, found + strlen(process->ledger));
	file_write(process->config, changed.data, changed.len);
	process->ledger = ledger;
	process_start(&fleet, node);
	cm_buf_fini(&changed);
	cm_free(config);
	return true;
}

static void fill_disk(const char *node)
{
	static const char block[4096];
	int fd = open(disk_path(node, "ballast"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	size_t blocks = 0;

	must(fd >= 0, "a file that fills the disk");
	while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
		blocks++;
	must(errno == ENOSPC && blocks > 100, "%zu blocks, then: %s", blocks, strerror(errno));
	(void)close(fd);
}

static void free_disk(const char *node)
{
	must(unlink(disk_path(node, "ballast")) == 0, "free the disk of %s", node);
}

/* ---- filing ---------------------------------------------------------------------------------- */

/* File the next demand, once. */
static enum cm_status file_next(const char *node, char case_id[CM_ID_TEXT_BYTES], struct cm_err *err)
{
	char *text = demand_make(&fleet, ACCOUNTS, next_demand, 3);
	enum cm_status status = file_demand(process_of(&fleet, node), text, case_id, NULL, err);

	cm_free(text);
	if (status == CM_OK) {
		accepted++;
		next_demand++;
	}
	return status;
}

static void file_and_wait(const char *node)
{
	char case_id[CM_ID_TEXT_BYTES];
	struct cm_err err = {.text = ""};
	json_t *shown;

	must(file_next(node, case_id, &err) == CM_OK, "%s takes a demand: %s", node, err.text);
	shown = wait_outcome(&fleet, node, case_id);
	expect(shown != NULL, "a demand filed at %s has its outcome", node);
	json_decref(shown);
}

static size_t cases_at(const char *node)
{
	json_t *rows = ask_must(&fleet, node, "list", NULL);
	size_t count = json_array_size(rows);

	json_decref(rows);
	return count;
}

struct question {
	const char *node;
	const char *op;
	enum cm_status status;
	struct cm_err err;
};

static bool is_answered(void *data)
{
	struct question *q = data;
	struct cm_op op = {.name = q->op};
	json_t *json = NULL;

	q->status = ask(process_of(&fleet, q->node), &op, &json, &q->err);
	json_decref(json);
	return q->status != CM_TRY_AGAIN; /* "later" while the memory is being rebuilt is an answer */
}

/* A full disk is no reason not to answer what stores nothing. */
static void expect_questions_answered(const char *node)
{
	static const char *const ops[] = {"list", "status", "events"};
	struct question q = {.node = node};
	unsigned refused = 0;

	for (unsigned i = 0; i < 30; i++) {
		q.op = ops[i % 3];
		(void)wait_until(is_answered, &q, PATIENCE_MS);
		refused += q.status != CM_OK;
		pause_us(10000);
	}
	expect(refused == 0, "%s answers while its disk is full; not %u of 30: %s", node, refused,
	    q.err.text);
}

struct awaited {
	const char *case_id;
	const char *nodes;
};

static bool waits_for(void *data)
{
	const struct awaited *awaited = data;
	json_t *rows = ask_must(&fleet, "router", "list", NULL);
	bool waits = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "case"), awaited->case_id) == 0)
			waits = strcmp(text_at(row, "waits_for"), awaited->nodes) == 0;
	json_decref(rows);
	return waits;
}

/* ---- the intake node's disk ------------------------------------------------------------------ */

static void refuse_by_the_command_line(void)
{
	const char *path = scratch_path("demand.json");
	char *text = demand_make(&fleet, ACCOUNTS, next_demand, 3);
	struct ran ran;

	file_write(path, text, strlen(text));
	run_cli(&ran, &fleet, "file", "--node", "us", path, NULL);
	expect(ran.code == 1 &&
	           strcmp(ran.err, "comity: the disk is full; nothing was stored\n") == 0,
	    "exit 1 and a sentence: %d %s", ran.code, ran.err);
	ran_free(&ran);
	cm_free(text);
}

static void an_intake_node_with_a_full_disk_refuses_and_recovers(void)
{
	pid_t pid = process_of(&fleet, "us")->pid;
	unsigned before = accepted;
	char case_id[CM_ID_TEXT_BYTES];
	struct awaited us = {case_id, "us"};
	struct cm_err err = {.text = ""};
	enum cm_status status = CM_OK;
	json_t *shown;

	if (!may_mount)
		return;
	file_and_wait("us");
	fill_disk("us");
	while (status == CM_OK && accepted - before < MOST)
		status = file_next("us", case_id, &err);
	expect(status == CM_DISK_FULL && strcmp(err.text, "the disk is full; nothing was stored") == 0,
	    "refused after %u demands: %s \"%s\"", accepted - before, cm_status_name(status),
	    err.text);
	refuse_by_the_command_line();
	expect_questions_answered("us");
	expect(cases_at("us") == accepted, "it knows what it accepted and no more: %zu of %u",
	    cases_at("us"), accepted);
	expect(counter_of(&fleet, "us", "reloads") >= 1, "its memory came back from the ledger");
	must(file_next("ie", case_id, &err) == CM_OK, "ie takes a demand: %s", err.text);
	expect(wait_until(waits_for, &us, PATIENCE_MS), "the router waits for us alone");
	free_disk("us");
	shown = wait_outcome(&fleet, "ie", case_id);
	expect(shown != NULL, "with room the waiting case completes");
	json_decref(shown);
	file_and_wait("us");
	expect(process_of(&fleet, "us")->pid == pid && cm_fleet_is_running(process_of(&fleet, "us")),
	    "by the same process");
}

/* ---- the router's disk ----------------------------------------------------------------------- */

static void a_router_with_a_full_disk_keeps_nobody_from_filing(void)
{
	pid_t pid = process_of(&fleet, "router")->pid;
	unsigned before = accepted;
	char case_id[CM_ID_TEXT_BYTES] = "";
	struct cm_err err = {.text = ""};
	json_t *shown;

	if (!may_mount)
		return;
	expect(wait_quiet(&fleet), "quiet before");
	fill_disk("router");
	while (counter_of(&fleet, "router", "reloads") == 0 && accepted - before < MOST)
		must(file_next("gb", case_id, &err) == CM_OK, "gb takes a demand: %s", err.text);
	expect(counter_of(&fleet, "router", "reloads") > 0, "full after %u demands", accepted - before);
	must(file_next("de", case_id, &err) == CM_OK, "de takes a demand: %s", err.text);
	expect_questions_answered("router");
	expect(cases_at("de") > 0 && cases_at("router") < accepted,
	    "a node has it, the router has not: %zu of %u", cases_at("router"), accepted);
	free_disk("router");
	shown = wait_outcome(&fleet, "de", case_id);
	expect(shown != NULL, "with room the waiting case completes");
	json_decref(shown);
	file_and_wait("gb");
	expect(process_of(&fleet, "router")->pid == pid &&
	           cm_fleet_is_running(process_of(&fleet, "router")),
	    "by the same process");
}

/* ---- a broken promise ------------------------------------------------------------------------ */

static bool is_gone(void *data)
{
	return !cm_fleet_is_running(data);
}

/* Nobody knows what a failed sync has left on disk: the process must end, not try again. */
static void a_disk_that_fails_to_sync_ends_the_process(void)
{
	struct cm_fleet_process *process = process_of(&fleet, "de");
	unsigned before = accepted;
	char case_id[CM_ID_TEXT_BYTES];
	struct cm_err err = {.text = ""};
	enum cm_status status = CM_OK;
	int how = 0;

	process_stop_must(&fleet, "de");
	process_start_shimmed(&fleet, "de", "FAILSYNC_EVERY", "30");
	while (status == CM_OK && accepted - before < MOST)
		status = file_next("de", case_id, &err);
	expect(status == CM_UNREACHABLE || status == CM_TIMED_OUT, "de says nothing more: %s \"%s\"",
	    cm_status_name(status), err.text);
	must(wait_until(is_gone, process, PATIENCE_MS), "de is gone");
	must(waitpid(process->pid, &how, 0) == process->pid, "de was our child");
	expect(WIFEXITED(how) && WEXITSTATUS(how) == EXIT_BROKEN_DISK, "with exit code 70: %d", how);
	process_start(&fleet, "de");
	file_and_wait("de"); /* the one that was not taken, or was taken without a word */
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	int why = 0;

	may_mount = unshare(CLONE_NEWNS) == 0 &&
	            mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	why = errno;
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
	if (may_mount && !(give_small_disk("us") && give_small_disk("router"))) {
		may_mount = false;
		why = errno;
	}
	if (!may_mount)
		skip("a file system cannot be mounted here: %s", strerror(why));
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, accepted);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"an intake node with a full disk refuses and recovers",
	        an_intake_node_with_a_full_disk_refuses_and_recovers},
	    {"a router with a full disk keeps nobody from filing",
	        a_router_with_a_full_disk_keeps_nobody_from_filing},
	    {"a disk that fails to sync ends the process", a_disk_that_fails_to_sync_ends_the_process},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("full disk", trials, sizeof trials / sizeof trials[0]);
}
