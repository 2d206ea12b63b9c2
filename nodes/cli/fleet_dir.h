/*
 * The folders a fleet lives in: its own, and a private one with a short path for its sockets (the
 * path of a Unix socket holds 107 bytes). Only the fleet files call this.
 */
#ifndef CM_CLI_FLEET_DIR_H
#define CM_CLI_FLEET_DIR_H

#include "protocol/base/alloc.h"

/* Make the folder, mode 0700, if it is not there; its absolute path, in the arena. */
enum cm_status cm_fleet_dir_open(
    const char *dir, struct cm_arena *arena, const char **absolute, struct cm_err *err) CM_MUST_USE;

/* Take turns with other commands on the same folder: CM_TRY_AGAIN after a minute, or when `stop_fd`
 * (-1: none) becomes readable. The lock ends when the caller closes the descriptor. */
enum cm_status cm_fleet_dir_lock(
    const char *dir, int stop_fd, int *lock_fd, struct cm_err *err) CM_MUST_USE;

/* A fresh folder for sockets, mode 0700, below $XDG_RUNTIME_DIR or /tmp. */
enum cm_status cm_sockets_make(
    struct cm_arena *arena, const char **out, struct cm_err *err) CM_MUST_USE;

/* Remove such a folder with the sockets in it, and nothing that is not one. */
void cm_sockets_remove(const char *path);

/* Remove DIR/fleet.json. */
void cm_fleet_record_remove(const char *dir);

#endif
