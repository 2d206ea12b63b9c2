/*
 * Where everything of a fleet is: programs, paths, addresses, keys, configurations. After this,
 * starting is only starting.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nodes/cli/fleet_dir.h"
#include "nodes/cli/fleet_file.h"
#include "protocol/seal/blind.h"
#include "protocol/seal/vault_key.h"

static enum cm_status say_memory(struct cm_err *err)
{
	return cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

/* Programs lie side by side where they are installed, and in folders of a build. */
static enum cm_status find_program(struct cm_arena *arena, const char *bin_dir, const char *name,
    const char **out, struct cm_err *err)
{
	static const char *const folders[] = {"", "/bin", "/router", "/nodes", "/nodes/node"};

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		char *path = cm_arena_printf(arena, "%s%s/%s", bin_dir, folders[i], name);
		struct stat file;

		if (path == NULL)
			return say_memory(err);
		if (stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0) {
			char *absolute = realpath(path, NULL);

			*out = absolute != NULL ? cm_arena_text(arena, absolute) : NULL;
			free(absolute);
			return *out != NULL ? CM_OK : say_memory(err);
		}
	}
	return cm_err_set(err, CM_NOT_FOUND, "there is no program %s in %s", name, bin_dir);
}

static enum cm_status lay_out_process(struct cm_fleet *fleet, struct cm_fleet_process *process,
    const char *program, struct cm_err *err)
{
	struct cm_arena *arena = &fleet->arena;
	const char *dir = fleet->dir;
	const char *name = process->name;

	process->program = program;
	process->exit_status = -1;
	process->address = cm_arena_printf(arena, "ipc://%s/%s.sock", fleet->sockets, name);
	process->config = cm_arena_printf(arena, "%s/%s.conf", dir, name);
	process->ledger = cm_arena_printf(arena, "%s/%s.db", dir, name);
	process->log = cm_arena_printf(arena, "%s/%s.log", dir, name);
	if (process->role == CM_FLEET_REGION)
		process->residency = cm_arena_printf(arena, "%s/%s-residency.db", dir, name);
	if (process->address == NULL || process->config == NULL || process->ledger == NULL ||
	    process->log == NULL ||
	    (process->role == CM_FLEET_REGION && process->residency == NULL))
		return say_memory(err);
	return CM_OK;
}

/* A single router is "router": of several none is the first, so each has a number. */
static enum cm_status name_routers(struct cm_fleet *fleet, unsigned routers, struct cm_err *err)
{
	for (unsigned i = 0; i < routers; i++) {
		const char *name =
		    routers == 1 ? "router" : cm_arena_printf(&fleet->arena, "router%u", i + 1);

		if (name == NULL)
			return say_memory(err);
		fleet->processes[i] =
		    (struct cm_fleet_process){.name = name, .role = CM_FLEET_ROUTER};
	}
	return CM_OK;
}

static enum cm_status lay_out_processes(struct cm_fleet *fleet, const struct cm_fleet_spec *spec,
    const struct cm_region *regions, size_t count, struct cm_err *err)
{
	unsigned routers = spec->routers != 0 ? spec->routers : 1;
	struct cm_fleet_process *others;
	const char *router;
	const char *node;
	enum cm_status status;

	if (routers > CM_MAX_ROUTERS)
		return cm_err_set(err, CM_TOO_LARGE, "at most %d routers", CM_MAX_ROUTERS);
	status = find_program(&fleet->arena, spec->bin_dir, "comity-router", &router, err);
	if (status == CM_OK)
		status = find_program(&fleet->arena, spec->bin_dir, "comity-node", &node, err);
	if (status != CM_OK)
		return status;
	fleet->processes =
	    cm_arena_alloc(&fleet->arena, routers + 1 + count, sizeof *fleet->processes);
	if (fleet->processes == NULL)
		return say_memory(err);
	status = name_routers(fleet, routers, err);
	if (status != CM_OK)
		return status;
	fleet->count = routers + 1 + count;
	others = &fleet->processes[routers];
	others[0] = (struct cm_fleet_process){.name = "central", .role = CM_FLEET_CENTRAL};
	for (size_t i = 0; i < count; i++)
		others[1 + i] = (struct cm_fleet_process){
		    .name = regions[i].name, .role = CM_FLEET_REGION, .region = regions[i]};
	for (size_t i = 0; i < fleet->count && status == CM_OK; i++)
		status = lay_out_process(
		    fleet, &fleet->processes[i], i < routers ? router : node, err);
	return status;
}

/* A region's content key is its own, and as its vault it outlives a start. */
static enum cm_status make_content_key(
    struct cm_fleet *fleet, const struct cm_fleet_process *process, struct cm_err *err)
{
	struct cm_vault_site *site = cm_arena_alloc(&fleet->arena, 1, sizeof *site);
	const char *key = cm_fleet_content_key(fleet, process, &fleet->arena);
	bool is_made;
	enum cm_status status;

	if (site == NULL || key == NULL)
		return say_memory(err);
	status = cm_vault_site_find(key, process->ledger, site, err);
	return status == CM_OK ? cm_vault_site_make_key(site, &is_made, err) : status;
}

static enum cm_status make_key(struct cm_fleet *fleet, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	/* One key for the whole fleet, and for its whole life: it is made once. */
	if (access(fleet->blind_key, F_OK) != 0)
		status = cm_blind_key_create(fleet->blind_key, err);
	for (size_t i = 0; i < fleet->count && status == CM_OK; i++)
		if (fleet->processes[i].role == CM_FLEET_REGION)
			status = make_content_key(fleet, &fleet->processes[i], err);
	return status;
}

enum cm_status cm_fleet_lay_out(
    struct cm_fleet *fleet, const struct cm_fleet_spec *spec, struct cm_err *err)
{
	struct cm_region *regions;
	size_t count;
	char *law_dir = realpath(spec->law_dir, NULL);
	enum cm_status status;

	if (law_dir == NULL)
		return cm_err_set(
		    err, CM_NOT_FOUND, "law folder %s: %s", spec->law_dir, strerror(errno));
	fleet->law_dir = cm_arena_text(&fleet->arena, law_dir);
	free(law_dir);
	fleet->blind_key = cm_arena_printf(&fleet->arena, "%s/blind.key", fleet->dir);
	fleet->people = cm_arena_printf(&fleet->arena, "%s/people.json", fleet->dir);
	fleet->boot = cm_boot_id(&fleet->arena);
	if (fleet->law_dir == NULL || fleet->blind_key == NULL || fleet->people == NULL || fleet->boot == NULL)
		return say_memory(err);
	status =
	    cm_regions_parse(spec->regions, fleet->law_dir, &fleet->arena, &regions, &count, err);
	if (status != CM_OK)
		return status;
	status = cm_sockets_make(&fleet->arena, &fleet->sockets, err);
	if (status == CM_OK)
		status = lay_out_processes(fleet, spec, regions, count, err);
	if (status == CM_OK)
		status = make_key(fleet, err);
	if (status == CM_OK && spec->tls)
		status = cm_fleet_make_keys(fleet, err);
	if (status == CM_OK)
		status = cm_fleet_make_people(fleet, err);
	for (size_t i = 0; i < fleet->count && status == CM_OK; i++)
		status = cm_fleet_configure(fleet, &fleet->processes[i], err);
	return status;
}
