/*
 * Files that are on disk when a call returns: for keys, manifests, lists of users, vaults. The ledger and the
 * residency map have SQLite for it.
 *
 * A call that fails says so by false and errno, and its callers, who know what the file is, make the sentence.
 * Any thread.
 */
#ifndef CM_SEAL_DURABLE_H
#define CM_SEAL_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Write all of it at the descriptor's place, over short counts and EINTR. */
bool cm_durable_write(int fd, const void *bytes, size_t len);

/* Sync the folder in which `path` lies: a new name is on disk only when its folder is. */
bool cm_durable_sync_folder(const char *path);

/* Put a file of that content and mode in the place of `path`, whole or not at all: PATH.new is written, synced and
 * renamed. Afterwards there is no PATH.new. */
bool cm_durable_replace(const char *path, mode_t mode, const void *bytes, size_t len);

#endif
