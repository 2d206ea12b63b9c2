/*
 * The happy path: lock the folder, lay the fleet out (paths, addresses, configurations, key), spawn
 * all, note each in fleet.json, wait until all listen.
 *
 * What can go wrong: anything, half-way. Then `undo` ends what was started and removes what points
 * at it, so that a failed start leaves a folder without a fleet and no process. If we are killed
 * half-way, fleet.json already names what runs: `fleet down` finds it.
 */
#include "nodes/cli/fleet.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/fleet_dir.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/fleet_process.h"
#include "protocol/base/text.h"

#define UNDO_GRACE_MS 3000

static enum cm_status say_memory(struct cm_err *err)
{
	return cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

/* ---- up -------------------------------------------------------------------------------------- */

/* CM_DUPLICATE if a process of the folder's last fleet lives; else its sockets are swept. */
static enum cm_status check_none_runs(const char *dir, struct cm_err *err)
{
	struct cm_err unread;
	struct cm_fleet old;
	enum cm_status status = cm_fleet_load(dir, &old, &unread);

	if (status == CM_OK)
		for (size_t i = 0; i < old.count && status == CM_OK; i++)
			if (cm_process_is_alive(&old.processes[i]))
				status = cm_err_set(err, CM_DUPLICATE,
				    "a fleet runs in %s: %s is process %ld; end it with "
				    "'comity fleet down' first",
				    dir, old.processes[i].name, (long)old.processes[i].pid);
	if (status == CM_OK)
		cm_sockets_remove(old.sockets);
	else if (status == CM_NOT_FOUND)
		status = CM_OK;
	else if (status != CM_DUPLICATE && err != NULL)
		*err = unread;
	cm_fleet_fini(&old);
	return status;
}

static enum cm_status start_all(
    struct cm_fleet *fleet, const struct cm_fleet_spec *spec, struct cm_err *err)
{
	struct cm_start *starts = cm_alloc(fleet->count, sizeof *starts);
	enum cm_status status = CM_OK;
	size_t count = 0;

	if (starts == NULL)
		return say_memory(err);
	while (count < fleet->count && status == CM_OK) {
		status =
		    cm_process_spawn(&fleet->processes[count], fleet->dir, &starts[count], err);
		count++;
		if (status == CM_OK)
			status = cm_fleet_save(fleet, err);
	}
	if (status == CM_OK)
		status = cm_process_wait(starts, count,
		    spec->wait_ms != 0 ? spec->wait_ms : CM_FLEET_WAIT_MS, spec->stop_fd, err);
	cm_process_forget(starts, count);
	cm_free(starts);
	return status;
}

static void undo(struct cm_fleet *fleet)
{
	(void)cm_process_end(fleet->processes, fleet->count, SIGTERM, UNDO_GRACE_MS);
	if (fleet->sockets != NULL)
		cm_sockets_remove(fleet->sockets);
	cm_fleet_record_remove(fleet->dir);
}

enum cm_status cm_fleet_up(
    const struct cm_fleet_spec *spec, struct cm_fleet *out, struct cm_err *err)
{
	enum cm_status status;
	int lock_fd;

	*out = (struct cm_fleet){0};
	cm_arena_init(&out->arena, 0);
	status = cm_fleet_dir_open(spec->dir, &out->arena, &out->dir, err);
	if (status == CM_OK)
		status = cm_fleet_dir_lock(out->dir, spec->stop_fd, &lock_fd, err);
	if (status != CM_OK)
		return status;
	status = check_none_runs(out->dir, err);
	if (status == CM_OK) {
		status = cm_fleet_lay_out(out, spec, err);
		if (status == CM_OK)
			status = start_all(out, spec, err);
		if (status != CM_OK)
			undo(out);
	}
	(void)close(lock_fd);
	return status;
}

void cm_fleet_fini(struct cm_fleet *fleet)
{
	cm_arena_fini(&fleet->arena);
	*fleet = (struct cm_fleet){0};
}

/* ---- one process, and the end ---------------------------------------------------------------- */

struct cm_fleet_process *cm_fleet_find(struct cm_fleet *fleet, const char *name, struct cm_err *err)
{
	const char *names[CM_MAX_FLEET_PROCESSES];
	const char *meant;

	for (size_t i = 0; i < fleet->count; i++) {
		if (strcmp(fleet->processes[i].name, name) == 0)
			return &fleet->processes[i];
		names[i] = fleet->processes[i].name;
	}
	meant = cm_text_suggest(name, names, fleet->count);
	(void)cm_err_set(err, CM_NOT_FOUND, "there is no '%s' in this fleet%s%s%s", name,
	    meant != NULL ? "; did you mean '" : "", meant != NULL ? meant : "",
	    meant != NULL ? "'?" : "");
	return NULL;
}

bool cm_fleet_is_running(const struct cm_fleet_process *process)
{
	return cm_process_is_alive(process);
}

/* Lock, and take over what another command has changed since the fleet was loaded. */
static enum cm_status begin_change(
    struct cm_fleet *fleet, int stop_fd, int *lock_fd, struct cm_err *err)
{
	struct cm_fleet now;
	enum cm_status status = cm_fleet_dir_lock(fleet->dir, stop_fd, lock_fd, err);

	if (status != CM_OK)
		return status;
	status = cm_fleet_load(fleet->dir, &now, err);
	for (size_t i = 0; i < now.count && i < fleet->count && status == CM_OK; i++) {
		if (strcmp(fleet->processes[i].name, now.processes[i].name) != 0)
			status = cm_err_set(
			    err, CM_CHANGED, "another fleet was started in %s", fleet->dir);
		else if (fleet->processes[i].pid != now.processes[i].pid) {
			fleet->processes[i].pid = now.processes[i].pid;
			fleet->processes[i].started = now.processes[i].started;
			fleet->processes[i].exit_status = -1;
		}
	}
	cm_fleet_fini(&now);
	if (status != CM_OK)
		(void)close(*lock_fd);
	return status;
}

static enum cm_status end_one(struct cm_fleet *fleet, const char *name, int signal_number,
    unsigned grace_ms, struct cm_err *err)
{
	struct cm_fleet_process *process = cm_fleet_find(fleet, name, err);
	enum cm_status status;
	size_t late;
	int lock_fd;

	if (process == NULL)
		return CM_NOT_FOUND;
	status = begin_change(fleet, -1, &lock_fd, err);
	if (status != CM_OK)
		return status;
	if (!cm_process_is_alive(process)) {
		status = cm_err_set(err, CM_NO_MEANING, "%s does not run", name);
	} else {
		late = cm_process_end(process, 1, signal_number, grace_ms);
		status = cm_fleet_save(fleet, err);
		if (status == CM_OK && late > 0 && signal_number != SIGKILL)
			status = cm_err_set(err, CM_TIMED_OUT,
			    "%s did not stop in %u ms and was killed", name, grace_ms);
	}
	(void)close(lock_fd);
	return status;
}

enum cm_status cm_fleet_kill(struct cm_fleet *fleet, const char *name, struct cm_err *err)
{
	return end_one(fleet, name, SIGKILL, CM_FLEET_GRACE_MS, err);
}

enum cm_status cm_fleet_stop(
    struct cm_fleet *fleet, const char *name, unsigned grace_ms, struct cm_err *err)
{
	return end_one(fleet, name, SIGTERM, grace_ms, err);
}

static enum cm_status start_one(struct cm_fleet *fleet, struct cm_fleet_process *process,
    const struct cm_fleet_spec *spec, struct cm_err *err)
{
	unsigned wait_ms = spec != NULL && spec->wait_ms != 0 ? spec->wait_ms : CM_FLEET_WAIT_MS;
	struct cm_start start;
	struct cm_err unsaved;
	enum cm_status status;

	(void)cm_process_end(process, 1, SIGTERM, 0); /* takes the exit status of a dead child */
	status = cm_process_spawn(process, fleet->dir, &start, err);
	if (status == CM_OK)
		status = cm_fleet_save(fleet, err);
	if (status == CM_OK)
		status =
		    cm_process_wait(&start, 1, wait_ms, spec != NULL ? spec->stop_fd : -1, err);
	cm_process_forget(&start, 1);
	if (status != CM_OK) {
		(void)cm_process_end(process, 1, SIGTERM, UNDO_GRACE_MS);
		if (cm_fleet_save(fleet, &unsaved) != CM_OK && err != NULL)
			(void)cm_err_wrap(err, "%s", unsaved.text);
	}
	return status;
}

enum cm_status cm_fleet_start(
    struct cm_fleet *fleet, const char *name, const struct cm_fleet_spec *spec, struct cm_err *err)
{
	struct cm_fleet_process *process = cm_fleet_find(fleet, name, err);
	enum cm_status status;
	int lock_fd;

	if (process == NULL)
		return CM_NOT_FOUND;
	status = begin_change(fleet, spec != NULL ? spec->stop_fd : -1, &lock_fd, err);
	if (status != CM_OK)
		return status;
	if (cm_process_is_alive(process))
		status = cm_err_set(err, CM_NO_MEANING, "%s runs already", name);
	else
		status = start_one(fleet, process, spec, err);
	(void)close(lock_fd);
	return status;
}

/* What a fleet's end has to tell: who was killed, who had ended by itself, which child failed. */
static enum cm_status judge_end(const struct cm_fleet *fleet, size_t late,
    const struct cm_fleet_process *early, struct cm_err *err)
{
	char how[96] = "had ended by itself";

	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];

		if (process->exit_status == 0 || (process->exit_status == -1 && process != early))
			continue;
		if (process->exit_status != -1)
			cm_exit_status_print(process->exit_status, how, sizeof how);
		return cm_err_set(err, late > 0 ? CM_TIMED_OUT : CM_INTERNAL,
		    "%s %s; its log is %s", process->name, how, process->log);
	}
	if (late > 0)
		return cm_err_set(err, CM_TIMED_OUT,
		    "%zu of %zu processes did not stop in time and were killed", late,
		    fleet->count);
	return CM_OK;
}

enum cm_status cm_fleet_down(struct cm_fleet *fleet, unsigned grace_ms, struct cm_err *err)
{
	const struct cm_fleet_process *early = NULL;
	enum cm_status status;
	size_t late;
	int lock_fd;

	status = begin_change(fleet, -1, &lock_fd, err);
	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < fleet->count; i++) {
		struct cm_fleet_process *process = &fleet->processes[i];

		if (process->pid == 0)
			process->exit_status = 0; /* stopped or killed on purpose */
		else if (!cm_process_is_alive(process))
			early = process;
	}
	late = cm_process_end(fleet->processes, fleet->count, SIGTERM, grace_ms);
	status = judge_end(fleet, late, early, err);
	cm_sockets_remove(fleet->sockets);
	cm_fleet_record_remove(fleet->dir);
	(void)close(lock_fd);
	return status;
}
