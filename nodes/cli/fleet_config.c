/*
 * The configuration of each process, by libconfig, which escapes what stands in a path. A setting
 * that cannot be added means that memory ran out: it is asked once, at the end.
 */
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/cli/fleet_file.h"

struct writer {
	config_t config;
	bool failed;
};

static config_setting_t *add(
    struct writer *writer, config_setting_t *parent, const char *name, int type)
{
	config_setting_t *setting = parent != NULL ? config_setting_add(parent, name, type) : NULL;

	if (setting == NULL)
		writer->failed = true;
	return setting;
}

static void add_text(
    struct writer *writer, config_setting_t *parent, const char *name, const char *text)
{
	config_setting_t *setting = add(writer, parent, name, CONFIG_TYPE_STRING);

	if (setting != NULL && config_setting_set_string(setting, text) != CONFIG_TRUE)
		writer->failed = true;
}

static void add_texts(struct writer *writer, config_setting_t *parent, const char *name,
    const char *const *texts, size_t count)
{
	config_setting_t *list = add(writer, parent, name, CONFIG_TYPE_LIST);

	for (size_t i = 0; i < count; i++)
		add_text(writer, list, NULL, texts[i]);
}

static void add_issuing(
    struct writer *writer, config_setting_t *parent, const struct cm_region *region)
{
	const char *state = region->state;

	add_texts(writer, parent, "issuing", &state, region->is_issuing ? 1 : 0);
}

static void add_peer(
    struct writer *writer, config_setting_t *peers, const struct cm_fleet_process *peer)
{
	config_setting_t *group = add(writer, peers, NULL, CONFIG_TYPE_GROUP);

	add_text(writer, group, "name", peer->name);
	add_text(writer, group, "role", cm_fleet_role_name(peer->role));
	if (peer->role == CM_FLEET_REGION) {
		add_text(writer, group, "region", peer->region.name);
		add_text(writer, group, "state", peer->region.state);
		add_issuing(writer, group, &peer->region);
	}
	add_text(writer, group, "address", peer->address);
}

/* Each router knows everybody, the other routers too; everybody else knows the routers. A list that
 * left one out would lose the cases that an intake node hands to it. */
static void add_peers(struct writer *writer, config_setting_t *root, const struct cm_fleet *fleet,
    const struct cm_fleet_process *process)
{
	config_setting_t *peers = add(writer, root, "peers", CONFIG_TYPE_LIST);

	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *peer = &fleet->processes[i];

		if (peer == process)
			continue;
		if (process->role == CM_FLEET_ROUTER || peer->role == CM_FLEET_ROUTER)
			add_peer(writer, peers, peer);
	}
}

const char *cm_fleet_content_key(const struct cm_fleet *fleet, const struct cm_fleet_process *process,
    struct cm_arena *arena)
{
	return cm_arena_printf(arena, "%s/%s-content.key", fleet->dir, process->name);
}

static void add_region(struct writer *writer, config_setting_t *root, const struct cm_fleet *fleet,
    const struct cm_fleet_process *process, struct cm_arena *arena)
{
	const char *content_key = cm_fleet_content_key(fleet, process, arena);

	add_text(writer, root, "region", process->region.name);
	add_text(writer, root, "state", process->region.state);
	add_text(writer, root, "zone", process->region.zone);
	add_text(writer, root, "residency", process->residency);
	add_text(writer, root, "blind_key", fleet->blind_key);
	if (content_key != NULL)
		add_text(writer, root, "content_key", content_key);
	else
		writer->failed = true;
	add_issuing(writer, root, &process->region);
}

/* Who the others are stands in the manifest. */
static void add_trust(struct writer *writer, config_setting_t *root, const struct cm_fleet *fleet,
    const struct cm_fleet_process *process)
{
	add_text(writer, root, "listen_tls", process->link);
	add_text(writer, root, "identity", process->identity);
	add_text(writer, root, "manifest", process->manifest);
	add_text(writer, root, "root", fleet->root);
	if (process->role != CM_FLEET_CENTRAL)
		add_text(writer, root, "law_signatures", fleet->law_signatures);
}

static enum cm_status write_config(struct writer *writer, const char *path, struct cm_err *err)
{
	enum cm_status status = CM_NO_MEMORY;
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);

	if (memory != NULL) {
		config_write(&writer->config, memory);
		if (fclose(memory) == 0 && !writer->failed)
			status = cm_file_replace(path, text, len, err);
	}
	free(text); /* open_memstream's, not ours */
	return status == CM_NO_MEMORY ? cm_err_set(err, status, "write %s: out of memory", path)
				      : status;
}

enum cm_status cm_fleet_configure(
    const struct cm_fleet *fleet, const struct cm_fleet_process *process, struct cm_err *err)
{
	struct writer writer = {.failed = false};
	struct cm_paths laws = {0};
	struct cm_arena arena;
	config_setting_t *root;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_fleet_find_laws(fleet, process, &arena, &laws, err);
	if (status != CM_OK) {
		cm_arena_fini(&arena);
		return cm_err_wrap(err, "configure %s", process->name);
	}
	config_init(&writer.config);
	root = config_root_setting(&writer.config);
	add_text(&writer, root, "name", process->name);
	add_text(&writer, root, "role", cm_fleet_role_name(process->role));
	add_text(&writer, root, "listen", process->address);
	add_text(&writer, root, "ledger", process->ledger);
	add_text(&writer, root, "people", fleet->people);
	if (process->role == CM_FLEET_REGION)
		add_region(&writer, root, fleet, process, &arena);
	if (process->role != CM_FLEET_CENTRAL)
		add_texts(&writer, root, "law", laws.list, laws.count);
	if (process->link != NULL)
		add_trust(&writer, root, fleet, process);
	else
		add_peers(&writer, root, fleet, process);
	status = write_config(&writer, process->config, err);
	config_destroy(&writer.config);
	cm_arena_fini(&arena);
	return status;
}
