/*
 * One process of a fleet: start it, know it again, end it. Only the fleet files call this.
 *
 * A process is known by its pid together with the clock tick it was started at, so that a pid the
 * kernel has given to somebody else is never signalled.
 */
#ifndef CM_CLI_FLEET_PROCESS_H
#define CM_CLI_FLEET_PROCESS_H

#include "nodes/cli/fleet.h"

/* A start under way. */
struct cm_start {
	struct cm_fleet_process *process; /* borrowed */
	int ready_fd;                     /* -1: ready, or not started */
	int64_t log_from;                 /* where this run's part of its log begins */
};

/* Start process->program in a session of its own, with `dir` as its folder, its output appended to
 * its log and no other descriptor of ours. Fills pid and started. Give the start to
 * cm_process_wait, or to cm_process_forget. */
enum cm_status cm_process_spawn(struct cm_fleet_process *process, const char *dir,
    struct cm_start *start, struct cm_err *err) CM_MUST_USE;

/* Wait until each of them says that it listens. CM_TIMED_OUT, CM_STOPPED (stop_fd became readable)
 * or CM_INTERNAL: one ended early; `err` quotes the end of its log. Ends nothing. */
enum cm_status cm_process_wait(struct cm_start *starts, size_t count, unsigned wait_ms, int stop_fd,
    struct cm_err *err) CM_MUST_USE;

/* Close what a start holds. */
void cm_process_forget(struct cm_start *starts, size_t count);

bool cm_process_is_alive(const struct cm_fleet_process *process);

/* Send `signal_number` to all that live, wait `grace_ms`, then SIGKILL and wait again. Afterwards
 * every pid is 0. Returns how many had to be killed although `signal_number` was another. */
size_t cm_process_end(
    struct cm_fleet_process *processes, size_t count, int signal_number, unsigned grace_ms);

/* "exited with status 3", "was ended by signal 11 (Segmentation fault)". */
void cm_exit_status_print(int status, char *out, size_t bytes);

#endif
