/*
 * The files of a fleet's folder: fleet.json and the configurations. Only the fleet files call this.
 */
#ifndef CM_CLI_FLEET_FILE_H
#define CM_CLI_FLEET_FILE_H

#include <jansson.h>

#include "nodes/cli/fleet.h"

/* Put `len` bytes at `path`, mode 0600: the old content or the new, never a part of it. */
enum cm_status cm_file_replace(
    const char *path, const char *bytes, size_t len, struct cm_err *err) CM_MUST_USE;

/* The fleet as the JSON that fleet.json holds and `fleet up` prints. NULL: out of memory. */
json_t *cm_fleet_to_json(const struct cm_fleet *fleet);

enum cm_status cm_fleet_save(const struct cm_fleet *fleet, struct cm_err *err) CM_MUST_USE;

/* Make the fleet's users and their tokens, if it has none yet. */
enum cm_status cm_fleet_make_people(struct cm_fleet *fleet, struct cm_err *err) CM_MUST_USE;

/* Write the configuration of one process, with all others as its peers where it is the router. */
/* fleet_tls.c: a port for each process, a key for each and for the root where there is none yet, and the next
 * manifest of the fleet, in a file for each. */
enum cm_status cm_fleet_make_keys(struct cm_fleet *fleet, struct cm_err *err) CM_MUST_USE;

/* fleet_law.c: sign what its processes load by a key of the fleet's own, and list that key in the book for each
 * jurisdiction. The folder of law is only read. */
struct cm_keys_book;
struct cm_identity;
/* The key in that file, made if there is none yet. Statuses of secret_file.h. */
enum cm_status cm_fleet_have_identity(
    const char *path, struct cm_identity *out, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_fleet_sign_law(
    struct cm_fleet *fleet, struct cm_keys_book *book, struct cm_err *err) CM_MUST_USE;

/* The files of law of one process: none of central. */
enum cm_status cm_fleet_find_laws(const struct cm_fleet *fleet, const struct cm_fleet_process *process,
    struct cm_arena *arena, struct cm_paths *laws, struct cm_err *err) CM_MUST_USE;

enum cm_status cm_fleet_configure(const struct cm_fleet *fleet,
    const struct cm_fleet_process *process, struct cm_err *err) CM_MUST_USE;

/* The file of a region's content key, in the arena; NULL: no memory. */
const char *cm_fleet_content_key(const struct cm_fleet *fleet, const struct cm_fleet_process *process,
    struct cm_arena *arena);

/* Fill everything of a fleet but its processes' pids: find the programs, make the folder of sockets
 * and, where there are none yet, the keys, write the configurations. */
enum cm_status cm_fleet_lay_out(
    struct cm_fleet *fleet, const struct cm_fleet_spec *spec, struct cm_err *err) CM_MUST_USE;

/* The machine's boot, so that a fleet.json from before it names no process; "" if not told. */
const char *cm_boot_id(struct cm_arena *arena);

#endif
