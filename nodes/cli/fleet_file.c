#include "nodes/cli/fleet_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CM_MAX_FLEET_JSON_BYTES (1024 * 1024)

static enum cm_status say_io(struct cm_err *err, const char *verb, const char *path)
{
	return cm_err_set(
	    err, errno == ENOSPC ? CM_DISK_FULL : CM_IO, "%s %s: %s", verb, path, strerror(errno));
}

static enum cm_status write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return CM_IO;
		bytes += done;
		len -= (size_t)done;
	}
	return CM_OK;
}

enum cm_status cm_file_replace(const char *path, const char *bytes, size_t len, struct cm_err *err)
{
	struct cm_arena arena;
	enum cm_status status;
	char *fresh;
	int fd;

	cm_arena_init(&arena, 0);
	fresh = cm_arena_printf(&arena, "%s.new", path);
	if (fresh == NULL) {
		status = cm_err_set(err, CM_NO_MEMORY, "write %s: out of memory", path);
		goto done;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	status = fd >= 0 ? write_all(fd, bytes, len) : CM_IO;
	if (status != CM_OK)
		status = say_io(err, "write", fresh);
	if (fd >= 0 && close(fd) != 0 && status == CM_OK)
		status = say_io(err, "write", fresh);
	if (status == CM_OK && rename(fresh, path) != 0)
		status = say_io(err, "write", path);
	if (status != CM_OK)
		(void)unlink(fresh);
done:
	cm_arena_fini(&arena);
	return status;
}

const char *cm_boot_id(struct cm_arena *arena)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	ssize_t len;

	if (fd >= 0) {
		len = read(fd, text, sizeof text - 1);
		text[len > 0 ? len : 0] = 0;
		text[strcspn(text, "\n")] = 0;
		(void)close(fd);
	}
	return cm_arena_text(arena, text);
}

/* ---- fleet.json ------------------------------------------------------------------------------ */

static const char *const role_names[] = {
    [CM_FLEET_ROUTER] = "router", [CM_FLEET_CENTRAL] = "central", [CM_FLEET_REGION] = "region"};

const char *cm_fleet_role_name(enum cm_fleet_role role)
{
	return role_names[role];
}

static json_t *process_to_json(const struct cm_fleet_process *process)
{
	bool is_region = process->role == CM_FLEET_REGION;

	/* s?: null for a NULL text. */
	return json_pack("{s:s, s:s, s:s?, s:s?, s:I, s:I, s:s, s:s, s:s, s:s, s:s?, s:s}", "name",
	    process->name, "role", cm_fleet_role_name(process->role), "region",
	    is_region ? process->region.name : NULL, "state",
	    is_region ? process->region.state : NULL, "pid", (json_int_t)process->pid, "started",
	    (json_int_t)process->started, "address", process->address, "program", process->program,
	    "config", process->config, "ledger", process->ledger, "residency", process->residency,
	    "log", process->log);
}

json_t *cm_fleet_to_json(const struct cm_fleet *fleet)
{
	json_t *processes = json_array();
	json_t *root;

	for (size_t i = 0; i < fleet->count; i++)
		if (json_array_append_new(processes, process_to_json(&fleet->processes[i])) != 0) {
			json_decref(processes);
			return NULL;
		}
	root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o}", "comity", 1, "dir", fleet->dir,
	    "sockets", fleet->sockets, "law", fleet->law_dir, "blind_key", fleet->blind_key, "boot",
	    fleet->boot, "processes", processes);
	return root;
}

static char *fleet_path(struct cm_arena *arena, const char *dir)
{
	return cm_arena_printf(arena, "%s/fleet.json", dir);
}

enum cm_status cm_fleet_save(const struct cm_fleet *fleet, struct cm_err *err)
{
	json_t *root = cm_fleet_to_json(fleet);
	char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
	enum cm_status status = CM_NO_MEMORY;
	struct cm_arena arena;
	char *path;

	cm_arena_init(&arena, 0);
	path = fleet_path(&arena, fleet->dir);
	if (text == NULL || path == NULL)
		(void)cm_err_set(err, status,
		    "write fleet.json: out of memory, or a path that is "
		    "not UTF-8");
	else
		status = cm_file_replace(path, text, strlen(text), err);
	cm_arena_fini(&arena);
	free(text);
	json_decref(root);
	return status;
}

/* A text of the file, copied into the arena; NULL where it is null or missing. */
static const char *take_text(struct cm_arena *arena, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? cm_arena_text(arena, text) : NULL;
}

static bool take_role(const char *name, enum cm_fleet_role *role)
{
	for (size_t i = 0; name != NULL && i < sizeof role_names / sizeof role_names[0]; i++)
		if (strcmp(role_names[i], name) == 0) {
			*role = (enum cm_fleet_role)i;
			return true;
		}
	return false;
}

static bool take_region(struct cm_fleet_process *process, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "region"));
	const char *state = json_string_value(json_object_get(object, "state"));

	if (process->role != CM_FLEET_REGION)
		return true;
	if (name == NULL || state == NULL || process->residency == NULL)
		return false;
	(void)snprintf(process->region.name, sizeof process->region.name, "%s", name);
	(void)snprintf(process->region.state, sizeof process->region.state, "%s", state);
	return true;
}

static bool take_process(
    struct cm_arena *arena, struct cm_fleet_process *process, const json_t *object)
{
	json_int_t pid = json_integer_value(json_object_get(object, "pid"));
	json_int_t started = json_integer_value(json_object_get(object, "started"));

	*process = (struct cm_fleet_process){
	    .name = take_text(arena, object, "name"),
	    .program = take_text(arena, object, "program"),
	    .address = take_text(arena, object, "address"),
	    .config = take_text(arena, object, "config"),
	    .ledger = take_text(arena, object, "ledger"),
	    .residency = take_text(arena, object, "residency"),
	    .log = take_text(arena, object, "log"),
	    .pid = (pid_t)pid,
	    .started = (uint64_t)started,
	    .exit_status = -1,
	};
	/* A pid below 2 in kill() would mean everybody, or the init process. */
	return process->name != NULL && process->program != NULL && process->address != NULL &&
	       process->config != NULL && process->ledger != NULL && process->log != NULL &&
	       (pid == 0 || (pid > 1 && pid <= INT32_MAX)) && started >= 0 &&
	       take_role(json_string_value(json_object_get(object, "role")), &process->role) &&
	       take_region(process, object);
}

static bool take_fleet(struct cm_fleet *fleet, const json_t *root)
{
	const json_t *processes = json_object_get(root, "processes");
	const char *boot = cm_boot_id(&fleet->arena);

	fleet->dir = take_text(&fleet->arena, root, "dir");
	fleet->sockets = take_text(&fleet->arena, root, "sockets");
	fleet->law_dir = take_text(&fleet->arena, root, "law");
	fleet->blind_key = take_text(&fleet->arena, root, "blind_key");
	fleet->boot = take_text(&fleet->arena, root, "boot");
	if (fleet->dir == NULL || fleet->sockets == NULL || fleet->law_dir == NULL ||
	    fleet->blind_key == NULL || fleet->boot == NULL || boot == NULL ||
	    !json_is_array(processes) || json_array_size(processes) > CM_MAX_FLEET_PROCESSES)
		return false;
	fleet->processes =
	    cm_arena_alloc(&fleet->arena, json_array_size(processes), sizeof *fleet->processes);
	for (size_t i = 0; fleet->processes != NULL && i < json_array_size(processes); i++) {
		if (!take_process(
			&fleet->arena, &fleet->processes[i], json_array_get(processes, i)))
			return false;
		if (strcmp(boot, fleet->boot) != 0)
			fleet->processes[i].pid = 0;
		fleet->count++;
	}
	return fleet->processes != NULL;
}

enum cm_status cm_fleet_load(const char *dir, struct cm_fleet *out, struct cm_err *err)
{
	json_error_t where;
	struct stat info;
	json_t *root;
	char *path;
	FILE *file;

	*out = (struct cm_fleet){0};
	cm_arena_init(&out->arena, CM_MAX_FLEET_JSON_BYTES * 4);
	path = fleet_path(&out->arena, dir);
	if (path == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	file = fopen(path, "re");
	if (file == NULL && errno == ENOENT)
		return cm_err_set(err, CM_NOT_FOUND, "no fleet runs in %s", dir);
	if (file == NULL)
		return say_io(err, "read", path);
	if (fstat(fileno(file), &info) == 0 && info.st_size > CM_MAX_FLEET_JSON_BYTES) {
		(void)fclose(file);
		return cm_err_set(err, CM_TOO_LARGE, "%s: more than %d bytes", path, CM_MAX_FLEET_JSON_BYTES);
	}
	root = json_loadf(file, 0, &where);
	(void)fclose(file);
	if (root == NULL)
		return cm_err_set(
		    err, CM_CORRUPT, "%s:%d:%d: %s", path, where.line, where.column, where.text);
	if (!take_fleet(out, root)) {
		json_decref(root);
		return cm_err_set(err, CM_CORRUPT, "%s: this is not the record of a fleet", path);
	}
	json_decref(root);
	return CM_OK;
}
