/*
 * A disk that is slow and breaks: every process has fdatasync slowed down by 5 ms, and every 50th fails.
 * A failed sync ends the process with exit code 70, since nobody knows what is on the disk; somebody
 * starts it again. Every demand comes to one outcome.
 */
#include "tests/integration/fleet_help.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ACCOUNTS 20
#define MOST 600
#define FILERS 4
#define EXIT_BROKEN_DISK 70

static const char *const nodes[] = {"us", "ie", "de", "gb"};
static const char *const all[] = {"router", "central", "us", "ie", "de", "gb"};
static struct cm_fleet fleet;
static struct filed cases[MOST];
static unsigned demands;
static atomic_uint next_demand;
static atomic_uint filed;

static void start_on_a_bad_disk(const char *name)
{
	(void)setenv("SLOWSYNC_US", "5000", 1);
	process_start_shimmed(&fleet, name, "FAILSYNC_EVERY", "50");
	(void)unsetenv("SLOWSYNC_US");
}

/* ---- filing ---------------------------------------------------------------------------------- */

struct attempt {
	struct filed *out;
	char *text;
};

static bool is_taken(void *data)
{
	struct attempt *attempt = data;
	struct cm_err err;

	return file_demand(process_of(&fleet, attempt->out->node), attempt->text,
	           attempt->out->case_id, NULL, &err) == CM_OK;
}

/* A person who files again and again until it is taken. */
static void *file_on(void *data)
{
	unsigned number;

	(void)data;
	while ((number = atomic_fetch_add(&next_demand, 1)) < demands) {
		struct attempt attempt = {.out = &cases[number],
		    .text = demand_make(&fleet, ACCOUNTS, number, 1 + number % 3)};

		attempt.out->node = nodes[number % COUNT(nodes)];
		if (wait_until(is_taken, &attempt, PATIENCE_MS))
			(void)atomic_fetch_add(&filed, 1);
		cm_free(attempt.text);
	}
	return NULL;
}

/* ---- somebody who starts what has ended ------------------------------------------------------ */

static unsigned starts;
static unsigned wrong_ends;

static bool is_broken_disk(int how)
{
	return WIFEXITED(how) && WEXITSTATUS(how) == EXIT_BROKEN_DISK;
}

static void start_what_has_ended(void)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		struct cm_fleet_process *process = process_of(&fleet, all[i]);
		int how = 0;

		if (waitpid(process->pid, &how, WNOHANG) != process->pid)
			continue;
		wrong_ends += !is_broken_disk(how);
		start_on_a_bad_disk(all[i]);
		starts++;
	}
}

/* Whether the router has decided all, as far as it can be asked. */
static bool is_all_decided(void *data)
{
	struct cm_op op = {.name = "list"};
	struct cm_err err;
	json_t *rows = NULL;
	unsigned decided = 0;
	size_t i;
	json_t *row;

	(void)data;
	start_what_has_ended();
	if (atomic_load(&filed) < demands ||
	    ask(process_of(&fleet, "router"), &op, &rows, &err) != CM_OK)
		return false;
	json_array_foreach(rows, i, row)
		decided += strcmp(text_at(row, "state"), "decided") == 0;
	json_decref(rows);
	return decided == demands;
}

static void every_demand_outlives_a_disk_that_is_slow_and_breaks(void)
{
	pthread_t filers[FILERS];

	demands = is_long() ? MOST : 100;
	for (size_t i = 0; i < COUNT(all); i++) {
		process_stop_must(&fleet, all[i]);
		start_on_a_bad_disk(all[i]);
	}
	for (size_t i = 0; i < FILERS; i++)
		must(pthread_create(&filers[i], NULL, file_on, NULL) == 0, "a thread");
	expect(wait_until(is_all_decided, NULL, is_long() ? 5 * PATIENCE_MS : PATIENCE_MS),
	    "all are decided");
	for (size_t i = 0; i < FILERS; i++)
		(void)pthread_join(filers[i], NULL);
	(void)printf("  %u processes ended on a failed sync and were started again\n", starts);
	expect(filed == demands, "%u of %u demands are filed", filed, demands);
	expect(starts >= COUNT(all) / 2, "syncs failed");
	expect(wrong_ends == 0, "each with exit code 70; not so %u", wrong_ends);
}

static void on_a_good_disk_all_is_there(void)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		pid_t pid = process_of(&fleet, all[i])->pid;
		int how = 0;

		/* Its disk may break until the very last: then it has ended before the signal comes. */
		must(pid > 1 && kill(pid, SIGKILL) == 0, "end %s", all[i]);
		must(waitpid(pid, &how, 0) == pid, "%s ends", all[i]);
		must(is_broken_disk(how) || (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL),
		    "%s ends by a broken disk or by the signal", all[i]);
		process_start(&fleet, all[i]);
	}
	expect_decided(&fleet, cases, demands);
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, demands);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"every demand outlives a disk that is slow and breaks",
	        every_demand_outlives_a_disk_that_is_slow_and_breaks},
	    {"on a good disk all is there", on_a_good_disk_all_is_there},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("sync", trials, COUNT(trials));
}
