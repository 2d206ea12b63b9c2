/*
 * The docket after a restart: every row of the journal, then each case taken up where it slept; and the
 * first start of all, with nothing to take up.
 */
#include "router/docket_parts.h"

#include <string.h>

#include "protocol/wire/codec.h"

#define LOOK_EVERY_MS 5 /* one decided case after the other */

/* The first row of a ledger: its number. */
static enum cm_status replay_rebuild(struct cm_docket *docket, struct cm_bytes body)
{
	struct cm_rebuild rebuild;
	struct cm_arena arena;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_record_decode(CM_KIND_REBUILD, body, &arena, &rebuild, NULL);
	if (status == CM_OK)
		docket->env.ledger = rebuild.ledger;
	cm_arena_fini(&arena);
	return status;
}

enum cm_status cm_docket_replay(struct cm_docket *docket, uint32_t kind,
    const struct cm_id *case_id, int64_t at_ms, struct cm_bytes body)
{
	struct cm_case *c = cm_docket_find(docket, case_id);
	bool was_open;
	enum cm_status status;

	if (kind == CM_KIND_KIN)
		return cm_docket_replay_kin(docket, body);
	if (kind == CM_KIND_REBUILD)
		return replay_rebuild(docket, body);
	if (kind == CM_KIND_NOTICE) {
		status = cm_docket_replay_word(docket, case_id, body);
		if (status != CM_OK || c == NULL)
			return status;
	}
	if (c == NULL) {
		if (kind != CM_KIND_DEMAND)
			return CM_CORRUPT;
		c = cm_docket_new_case(docket, case_id);
		if (c == NULL)
			return CM_NO_MEMORY;
		status = cm_docket_add_case(docket, c);
		if (status != CM_OK) {
			cm_case_free(c);
			return status;
		}
	}
	/* A new case counts as open before its demand makes it so. */
	was_open = c->state == CM_CASE_NEW || cm_case_is_open(c);
	status = cm_case_replay(c, kind, at_ms, body);
	if (status == CM_OK)
		cm_docket_count_open(docket, c, was_open);
	if (status == CM_OK && kind == CM_ROW_MOVED)
		cm_case_note_moved(c, &docket->env, body);
	if (status == CM_OK && kind == CM_KIND_DEMAND && c->seen == NULL)
		status = cm_docket_index(docket, c, c->demand);
	if (status == CM_OK && kind == CM_KIND_DEMAND)
		status = cm_docket_note_replaced(docket, c->demand);
	return status;
}

/* Take one case up again. One that cannot go on must not keep the others from doing so. */
static enum cm_status resume_one(struct cm_docket *docket, const struct cm_input *input,
    struct cm_case *c, uint32_t *ids_used, cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	struct cm_effects effects;
	char id[CM_ID_TEXT_BYTES];
	enum cm_status status;

	cm_effects_init(&effects);
	effects.ids_used = *ids_used;
	status = cm_case_resume(c, &docket->env, input, &effects, err);
	if (status == CM_OK && effects.failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory to take cases up again");
	if (status == CM_OK) {
		cm_docket_count_open(docket, c, true);
		each(&effects, data);
	} else if (status != CM_NO_MEMORY) {
		effects.count = 0;
		cm_id_print(&c->id, id);
		cm_effect_tell(&effects, "case.stuck", &c->id, "case=%s why=%s", id,
		    err != NULL ? err->text : cm_status_text(status));
		each(&effects, data);
		status = CM_OK;
	}
	*ids_used = effects.ids_used;
	cm_effects_fini(&effects);
	return status;
}

/* The end of a pass over all cases: its effects, if there are any, go to the caller. */
static enum cm_status give_away(
    struct cm_effects *effects, cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	if (effects->failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory to take cases up again");
	else if (effects->count > 0)
		each(effects, data);
	cm_effects_fini(effects);
	return status;
}

/* The clocks of a decided case are in the ledger: after a restart each case is looked at once, which sets
 * its timer. One after the other, so that other work goes on; emergencies first, then the newest. */
static enum cm_status arm_looks(struct cm_docket *docket, const struct cm_input *input,
    cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	struct cm_effects effects;
	int64_t at_ms = input->now.ms;

	cm_effects_init(&effects);
	for (int emergencies = 1; emergencies >= 0; emergencies--)
		for (size_t i = docket->cases.count; i > 0; i--) {
			struct cm_case *c = docket->order[i - 1];

			if (c->state == CM_CASE_DECIDED && c->may_have_clocks &&
			    c->is_emergency == (emergencies == 1))
				cm_case_arm_look(c, at_ms += LOOK_EVERY_MS, &effects);
		}
	return give_away(&effects, each, data, err);
}

/* What was rung for before the restart is rung for again. */
static enum cm_status ring_unsettled(struct cm_docket *docket, const struct cm_input *input,
    cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	struct cm_effects effects;

	cm_effects_init(&effects);
	for (size_t i = 0; i < docket->cases.count; i++)
		if (cm_docket_is_unsettled(docket->order[i]))
			cm_effect_arm(&effects, &docket->order[i]->id, input->now.ms);
	return give_away(&effects, each, data, err);
}

/* Nothing is here: this router is new, or has lost its ledger. Whoever gave it a case gives it again. */
static enum cm_status ask_for_all(struct cm_docket *docket, const struct cm_input *input,
    cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	static const struct cm_id no_case = {{0}};
	const struct cm_roster *roster = docket->env.roster;
	struct cm_rebuild rebuild = {.router = docket->env.router, .at_ms = input->now.ms};
	struct cm_bytes body = {0};
	struct cm_effects effects;
	struct cm_id dice;
	enum cm_status status;

	cm_effects_init(&effects);
	dice = cm_effects_id(&effects, input);
	memcpy(&rebuild.ledger, &dice.bytes[8], sizeof rebuild.ledger);
	docket->env.ledger = rebuild.ledger;
	status = cm_effects_encode(&effects, CM_KIND_REBUILD, &rebuild, &body, err);
	for (size_t i = 0; status == CM_OK && i < roster->count; i++) {
		struct cm_id id = cm_effects_id(&effects, input);

		if (roster->members[i].role == CM_ROLE_REGION)
			cm_effect_send(
			    &effects, roster->members[i].name, CM_KIND_REBUILD, &no_case, &id, body);
	}
	cm_effect_store(&effects, CM_KIND_REBUILD, &no_case, body);
	if (status == CM_OK && effects.failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory to ask for cases");
	if (status == CM_OK)
		each(&effects, data);
	cm_effects_fini(&effects);
	return status;
}

enum cm_status cm_docket_resume(struct cm_docket *docket, const struct cm_input *input,
    cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	uint32_t ids_used = 0;

	if (docket->cases.count == 0 && docket->env.ledger == 0)
		return ask_for_all(docket, input, each, data, err);
	/* Emergencies overtake: what waits for a restart is the one queue that this router keeps. */
	for (int emergencies = 1; emergencies >= 0; emergencies--)
		for (size_t i = 0; i < docket->cases.count; i++) {
			struct cm_case *c = docket->order[i];
			enum cm_status status;

			if (!cm_case_is_open(c) || c->is_emergency != (emergencies == 1))
				continue;
			status = resume_one(docket, input, c, &ids_used, each, data, err);
			if (status != CM_OK)
				return status;
		}
	if (arm_looks(docket, input, each, data, err) != CM_OK)
		return CM_NO_MEMORY;
	return ring_unsettled(docket, input, each, data, err);
}
