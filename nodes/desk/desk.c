/*
 * The life of a desk: its law, its key and its residency map; and which of its files takes which record.
 */
#include "nodes/desk/desk.h"

#include <string.h>

#include "jurisdictions/law_files.h"
#include "nodes/desk/desk_central.h"
#include "nodes/desk/desk_content.h"
#include "nodes/desk/desk_ops.h"
#include "nodes/desk/desk_owner.h"
#include "nodes/desk/desk_parts.h"
#include "nodes/residency/residency.h"
#include "protocol/base/log.h"

/* ---- the residency map ----------------------------------------------------------------------- */

/* A node may be up before its first import: without a map it hosts nothing it knows of, and says so. */
static struct cm_residency *map_of(struct cm_desk *desk, struct cm_err *err)
{
	enum cm_status status;

	if (desk->map != NULL)
		return desk->map;
	status = cm_residency_open(desk->settings->residency, desk->settings->region,
	    CM_RESIDENCY_READ, &desk->map, err);
	if (status == CM_OK)
		status = cm_residency_check_key(desk->map, &desk->key, err);
	if (status != CM_OK) {
		cm_residency_close(desk->map);
		desk->map = NULL;
	}
	return desk->map;
}

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *arena, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	struct cm_desk *desk = data;
	struct cm_residency *map = map_of(desk, err);
	struct cm_part *part = cm_arena_alloc(arena, 1, sizeof *part);
	struct cm_day day;
	enum cm_status status;

	*count = 0;
	if (map == NULL) {
		/* The file's name is this machine's own business; what travels is what it means. */
		cm_log(CM_LOG_WARN, "map.missing", "why=%s", err->text);
		return cm_err_set(err, err->status, "%s",
		    err->status == CM_NOT_FOUND ? "no residency map has been imported yet"
		                                : "its residency map cannot be read");
	}
	if (part == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a lookup");
	if (!cm_day_parse(as_of, strlen(as_of), &day))
		return cm_err_set(err, CM_BAD_INPUT, "as_of: not a day");
	status = cm_residency_lookup(map, target->blind, category, day, arena, part);
	if (status == CM_NOT_FOUND)
		return CM_OK;
	if (status != CM_OK)
		return cm_err_set(
		    err, status, "look up the residency map: %s", cm_status_text(status));
	*parts = part;
	*count = 1;
	return CM_OK;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	const struct cm_desk *desk = self;

	return cm_ops_recall(desk->post, case_id, each, data);
}

static enum cm_status recall_all(
    void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	const struct cm_desk *desk = self;

	return cm_ops_recall_all(desk->post, case_id, each, data);
}

/* ---- life ------------------------------------------------------------------------------------ */

static enum cm_status init_region(struct cm_desk *desk, struct cm_err *err)
{
	const struct cm_settings *s = desk->settings;
	enum cm_status status = cm_law_files_load(s->law, s->law_count, &desk->law, err);

	if (status == CM_OK)
		status = cm_blind_key_load(s->blind_key, &desk->key, err);
	if (status == CM_OK) {
		status = cm_desk_open_vault(desk, err);
		if (status == CM_TRY_AGAIN) /* so has the ledger, which says who it is */
			status = CM_OK;
	}
	if (status != CM_OK)
		return status;
	if (map_of(desk, err) == NULL && err->status != CM_NOT_FOUND)
		return err->status;
	desk->check = (struct cm_check){.node = s->name,
	    .region = s->region,
	    .state = s->state,
	    .zone = s->zone,
	    .issuing = s->issuing,
	    .issuing_count = s->issuing_count,
	    .law = desk->law,
	    .lookup = look_up,
	    .lookup_data = desk};
	return cm_check_init(&desk->check) == CM_OK
	           ? CM_OK
	           : cm_err_set(err, CM_NO_MEMORY, "no memory for the local check");
}

enum cm_status cm_desk_init(struct cm_desk *desk, const struct cm_settings *settings,
    struct cm_err *err)
{
	enum cm_status status = CM_OK;

	*desk = (struct cm_desk){.settings = settings, .recall = {recall, desk}, .recall_all = {recall_all, desk}};
	cm_reviews_init(&desk->reviews);
	desk->is_central = strcmp(settings->role, "central") == 0;
	status = cm_desk_find_routers(desk, err);
	if (status == CM_OK && !desk->is_central)
		status = init_region(desk, err);
	if (status != CM_OK)
		cm_desk_fini(desk);
	return status;
}

void cm_desk_fini(struct cm_desk *desk)
{
	cm_reviews_fini(&desk->reviews);
	cm_check_fini(&desk->check);
	cm_law_free(desk->law);
	cm_residency_close(desk->map);
	cm_blind_key_wipe(&desk->key);
	cm_vault_close(desk->vault);
	desk->vault = NULL;
	desk->law = NULL;
	desk->map = NULL;
}

/* ---- records --------------------------------------------------------------------------------- */

static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_desk *desk = self;

	cm_desk_hear(desk, sender, input->now);
	if (desk->is_central && record->kind == CM_KIND_EVENT)
		return cm_desk_take_event(desk, sender, record, effects, err);
	if (desk->is_central && record->kind == CM_KIND_ASK)
		return cm_desk_take_central_ask(desk, input, sender, record, effects, err);
	if (!desk->is_central && record->kind == CM_KIND_REBUILD)
		return cm_desk_take_rebuild(desk, input, sender, record, effects, err);
	if (!desk->is_central && record->kind == CM_KIND_ASK)
		return cm_desk_take_ask(desk, input, sender, record, effects, err);
	if (!desk->is_central && record->kind == CM_KIND_OUTCOME)
		return cm_desk_take_outcome(desk, sender, record, effects, err);
	return cm_err_set(err, CM_UNKNOWN_KIND, "a %s node takes no message of kind %u",
	    desk->settings->role, (unsigned)record->kind);
}

/* ---- a restart ------------------------------------------------------------------------------- */

/* A node's waiting work is all in its outbox; but the cases of a router that is gone must go to another. */
static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	struct cm_desk *desk = self;
	enum cm_status status = cm_desk_resume_content(desk, err);

	cm_log(CM_LOG_INFO, "desk.resumed", "cases=%zu", cm_reviews_count(&desk->reviews));
	return status == CM_OK ? cm_desk_resume_owners(desk, input, each, data, err) : status;
}

static void on_reset(void *self)
{
	struct cm_desk *desk = self;

	cm_reviews_fini(&desk->reviews);
	cm_reviews_init(&desk->reviews);
	for (size_t i = 0; i < desk->routers_count; i++)
		desk->routers[i] = (struct cm_desk_router){.name = desk->routers[i].name};
}

struct cm_machine cm_desk_machine(struct cm_desk *desk)
{
	static const char *const storing[] = {"file", "override", "answer", "retract", "recheck", "withdraw",
	    "supersede", "settle", "sign", "approve", "content", "destroy", NULL};
	static const char *const opening[] = {"file", NULL};

	return (struct cm_machine){.self = desk,
	    .storing_ops = storing,
	    .opening_ops = opening,
	    .record = on_record,
	    .op = cm_desk_op,
	    .timer = cm_desk_on_timer,
	    .peer = cm_desk_on_peer,
	    .members = cm_desk_follow_routers,
	    .undeliverable = cm_desk_on_undeliverable,
	    .stored = cm_desk_on_stored,
	    .replay = cm_desk_on_replay,
	    .resume = on_resume,
	    .reset = on_reset};
}
