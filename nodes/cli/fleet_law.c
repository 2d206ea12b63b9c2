/* The law of a fleet: which files a process loads, and in a fleet with keys who stands for them. */
#include <string.h>

#include "jurisdictions/law_signed.h"
#include "nodes/cli/fleet_file.h"
#include "nodes/cli/keys_book.h"
#include "protocol/link/now.h"

enum cm_status cm_fleet_find_laws(const struct cm_fleet *fleet, const struct cm_fleet_process *process,
    struct cm_arena *arena, struct cm_paths *laws, struct cm_err *err)
{
	switch (process->role) {
	case CM_FLEET_ROUTER:
		return cm_router_laws(fleet->law_dir, arena, laws, err);
	case CM_FLEET_REGION:
		return cm_region_laws(&process->region, fleet->law_dir, arena, laws, err);
	case CM_FLEET_CENTRAL:
		break;
	}
	return CM_OK;
}

struct signing {
	struct cm_keys_book *book;
	struct cm_identity signer;
	struct cm_law_signatures list;
	struct cm_wall now;
};

static bool is_signed(const struct signing *s, const char *name, const uint8_t *digest)
{
	for (size_t i = 0; i < s->list.count; i++)
		if (strcmp(s->list.items[i].jurisdiction, name) == 0 &&
		    memcmp(s->list.items[i].digest, digest, CM_DIGEST_BYTES) == 0)
			return true;
	return false;
}

static enum cm_status sign_law(struct signing *s, const struct cm_law *law, struct cm_err *err)
{
	struct cm_wall until = {.ms = s->now.ms + CM_KEY_DAYS * CM_DAY_MS};
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < cm_law_jurisdiction_count(law); i++) {
		uint8_t digest[CM_DIGEST_BYTES];
		const char *name = cm_law_jurisdiction(law, i, digest);
		struct cm_law_signature made;

		if (is_signed(s, name, digest))
			continue;
		status = cm_law_signature_make(&s->signer, name, digest, s->now.ms, &made, err);
		if (status == CM_OK)
			status = cm_law_signatures_add(&s->list, &made, err);
		if (status == CM_OK)
			status = cm_keys_book_add_signer(
			    s->book, name, s->signer.public_key, s->now, until, err);
	}
	return status;
}

/* What this process will load: two of them may load more or less of one jurisdiction. */
static enum cm_status sign_process(struct signing *s, const struct cm_fleet *fleet,
    const struct cm_fleet_process *process, struct cm_err *err)
{
	struct cm_paths laws = {0};
	struct cm_law *law = NULL;
	struct cm_arena arena;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_fleet_find_laws(fleet, process, &arena, &laws, err);
	if (status == CM_OK && laws.count > 0) {
		status = cm_law_files_load(laws.list, laws.count, &law, err);
		if (status == CM_OK)
			status = sign_law(s, law, err);
	}
	cm_law_free(law);
	cm_arena_fini(&arena);
	return status;
}

enum cm_status cm_fleet_sign_law(struct cm_fleet *fleet, struct cm_keys_book *book, struct cm_err *err)
{
	const char *key = cm_arena_printf(&fleet->arena, "%s/law.key", fleet->dir);
	struct signing s = {.book = book, .now = cm_wall_now()};
	struct cm_buf text;
	enum cm_status status;

	fleet->law_signatures = cm_arena_printf(&fleet->arena, "%s/law.signatures", fleet->dir);
	if (key == NULL || fleet->law_signatures == NULL || !cm_law_signatures_init(&s.list))
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	cm_buf_init(&text, 0);
	status = cm_fleet_have_identity(key, &s.signer, err);
	for (size_t i = 0; status == CM_OK && i < fleet->count; i++)
		status = sign_process(&s, fleet, &fleet->processes[i], err);
	if (status == CM_OK) {
		cm_law_signatures_print(&s.list, &text);
		status = cm_file_replace(fleet->law_signatures, cm_buf_str(&text), text.len, err);
	}
	cm_identity_wipe(&s.signer);
	cm_law_signatures_fini(&s.list);
	cm_buf_fini(&text);
	return status;
}
