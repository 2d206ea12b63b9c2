#include "protocol/post/confine_settings.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/link/address.h"

struct making {
	struct cm_arena *arena;
	struct cm_confine *confine;
	struct cm_confine_folder *folders;
	enum cm_confine_access access;
	bool failed;
};

static void add(struct making *m, const char *path, enum cm_confine_access access)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL   ? "."
			     : slash == path ? "/"
					     : cm_arena_text_n(m->arena, path, (size_t)(slash - path));

	if (folder == NULL || m->confine->folders_count == CM_CONFINE_FOLDERS) {
		m->failed = true;
		return;
	}
	for (size_t i = 0; i < m->confine->folders_count; i++)
		if (m->folders[i].access == access && strcmp(m->folders[i].path, folder) == 0)
			return;
	m->folders[m->confine->folders_count++] =
	    (struct cm_confine_folder){.path = folder, .access = access};
}

/* The folder a path is in, since a file that is replaced is another file; and where a link leads. */
static void add_path(void *data, const char *path)
{
	struct making *m = data;
	char *real = realpath(path, NULL);

	add(m, path, m->access);
	if (real != NULL)
		add(m, real, m->access);
	free(real);
}

static void add_address(struct making *m, const char *address)
{
	if (cm_address_path(address) == NULL)
		m->confine->has_tcp = true;
}

enum cm_status cm_confine_from(const struct cm_settings *settings, struct cm_arena *arena,
    struct cm_confine *out, struct cm_err *err)
{
	struct making m = {.arena = arena, .confine = out, .access = CM_CONFINE_READ};

	*out = (struct cm_confine){.user = settings->user};
	m.folders = cm_arena_alloc(arena, CM_CONFINE_FOLDERS, sizeof *m.folders);
	if (m.folders == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	out->folders = m.folders;
	cm_settings_each_path(settings, add_path, &m);
	m.access = CM_CONFINE_WRITE;
	add_path(&m, settings->ledger);
	if (settings->residency[0] != 0)
		add_path(&m, settings->residency);
	if (settings->manifest[0] != 0)
		add_path(&m, settings->manifest); /* a newer one is written in its place */
	if (cm_address_path(settings->listen) != NULL)
		add(&m, cm_address_path(settings->listen), CM_CONFINE_LISTEN);
	add_address(&m, settings->listen);
	/* Whoever can prove itself may be given peers on other machines at any time. */
	out->has_tcp = out->has_tcp || settings->identity[0] != 0;
	for (size_t i = 0; i < settings->peers_count; i++)
		add_address(&m, settings->peers[i].address);
	return m.failed ? cm_err_set(err, CM_TOO_LARGE, "the files of this process lie in more than %d folders",
			      CM_CONFINE_FOLDERS)
			: CM_OK;
}
