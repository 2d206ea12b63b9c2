#include "router/docket.h"

#include <string.h>

#include "protocol/wire/codec.h"

void cm_docket_init(struct cm_docket *docket, const struct cm_case_env *env)
{
	*docket = (struct cm_docket){.env = *env};
	docket->env.relate = cm_docket_relate;
	docket->env.relate_self = docket;
	cm_idmap_init(&docket->cases);
	cm_idmap_init(&docket->by_target);
	cm_arena_init(&docket->seen, 0);
}

void cm_docket_fini(struct cm_docket *docket)
{
	for (size_t i = 0; i < docket->cases.count; i++)
		cm_case_free(docket->order[i]);
	cm_free(docket->order);
	cm_idmap_fini(&docket->cases);
	cm_idmap_fini(&docket->by_target);
	cm_arena_fini(&docket->seen);
	docket->order = NULL;
	docket->order_cap = 0;
	docket->open_count = 0;
}

struct cm_case *cm_docket_find(const struct cm_docket *docket, const struct cm_id *case_id)
{
	return cm_idmap_get(&docket->cases, case_id);
}

size_t cm_docket_count(const struct cm_docket *docket)
{
	return docket->cases.count;
}

struct cm_case *cm_docket_at(const struct cm_docket *docket, size_t index)
{
	return index < docket->cases.count ? docket->order[index] : NULL;
}

static enum cm_status add_case(struct cm_docket *docket, struct cm_case *c)
{
	enum cm_status status;

	if (docket->cases.count == docket->order_cap) {
		size_t cap = docket->order_cap == 0 ? 64 : docket->order_cap * 2;
		struct cm_case **grown = cm_realloc(docket->order, cap, sizeof *grown);

		if (grown == NULL)
			return CM_NO_MEMORY;
		docket->order = grown;
		docket->order_cap = cap;
	}
	status = cm_idmap_put(&docket->cases, &c->id, c);
	if (status == CM_OK) {
		docket->order[docket->cases.count - 1] = c;
		docket->open_count++;
	}
	return status;
}

/* A step may close a case, and a revision may open it again. */
static void count_open(struct cm_docket *docket, const struct cm_case *c, bool was_open)
{
	docket->open_count += cm_case_is_open(c);
	docket->open_count -= was_open;
}

static void remove_last(struct cm_docket *docket, struct cm_case *c)
{
	cm_docket_unindex(c);
	(void)cm_idmap_remove(&docket->cases, &c->id);
	docket->open_count--;
}

/* End the case that a corrected demand replaces. One that is not here, or has ended, needs no end. */
static enum cm_status end_predecessor(struct cm_docket *docket, const struct cm_input *input,
    const struct cm_demand *demand, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case *old = cm_docket_find(docket, &demand->supersedes);
	bool was_open;
	enum cm_status status;

	if (cm_id_is_zero(&demand->supersedes) || old == NULL ||
	    cm_case_next(old->state, CM_CASE_SUPERSEDE) < 0)
		return CM_OK;
	was_open = cm_case_is_open(old);
	status = cm_case_supersede(old, &docket->env, input, demand, effects, err);
	count_open(docket, old, was_open);
	if (status == CM_OK)
		cm_docket_ring_equals(old, input, effects);
	return status;
}

/* The case was here before, and is given to this router again: begin anew, and put it in its place. */
static enum cm_status take_over(struct cm_docket *docket, struct cm_case *c,
    const struct cm_input *input, const struct cm_demand *demand, struct cm_bytes body,
    struct cm_effects *effects, struct cm_err *err)
{
	bool was_open = cm_case_is_open(c);
	struct cm_case *fresh;
	enum cm_status status;

	if (cm_epoch_of(demand->epoch) == c->epoch)
		return cm_err_set(err, CM_DUPLICATE, "the case is already here");
	if (cm_epoch_of(demand->epoch) < c->epoch)
		return cm_err_set(err, CM_CHANGED, "changed meanwhile: the case is here in epoch %u",
		    (unsigned)c->epoch);
	fresh = cm_case_new_after(c);
	if (fresh == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	status = cm_case_demand(fresh, &docket->env, input, body, effects, err);
	if (status == CM_OK)
		status = end_predecessor(docket, input, demand, effects, err);
	if (status == CM_OK) {
		cm_case_become(c, fresh);
		count_open(docket, c, was_open);
		cm_docket_ring_equals(c, input, effects);
	}
	cm_case_free(fresh);
	return status;
}

static enum cm_status open_case(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_demand demand;
	struct cm_case *c;
	enum cm_status status =
	    cm_record_decode(CM_KIND_DEMAND, record->body, &effects->arena, &demand, err);

	if (status != CM_OK)
		return status;
	if (strcmp(demand.intake, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s sent a demand in the name of %s", sender,
		    demand.intake);
	c = cm_docket_find(docket, &demand.case_id);
	if (c != NULL)
		return take_over(docket, c, input, &demand, record->body, effects, err);
	c = cm_case_new(&demand.case_id);
	if (c == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	status = cm_case_demand(c, &docket->env, input, record->body, effects, err);
	if (status == CM_OK)
		status = add_case(docket, c);
	if (status == CM_OK) {
		status = cm_docket_index(docket, c, &demand);
		if (status == CM_OK)
			status = end_predecessor(docket, input, &demand, effects, err);
		if (status != CM_OK)
			remove_last(docket, c);
	}
	if (status != CM_OK) {
		cm_case_free(c);
		return status;
	}
	if (!cm_case_is_open(c))
		docket->open_count--;
	return CM_OK;
}

static enum cm_status take_answer(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_answer answer;
	struct cm_case *c;
	bool was_open;
	enum cm_status status =
	    cm_record_decode(CM_KIND_ANSWER, record->body, &effects->arena, &answer, err);

	if (status != CM_OK)
		return status;
	c = cm_docket_find(docket, &answer.case_id);
	if (c == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "no such case on this router");
	was_open = cm_case_is_open(c);
	status = cm_case_answer(c, &docket->env, input, sender, &answer, record->body, effects, err);
	count_open(docket, c, was_open);
	if (status == CM_OK && !cm_case_is_open(c))
		cm_docket_ring_equals(c, input, effects);
	return status;
}

static enum cm_status take_notice(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_notice notice;
	struct cm_case *c;
	bool was_open;
	enum cm_status status =
	    cm_record_decode(CM_KIND_NOTICE, record->body, &effects->arena, &notice, err);

	if (status != CM_OK)
		return status;
	c = cm_docket_find(docket, &notice.case_id);
	if (c == NULL && notice.what == CM_NOTICE_MOVED)
		return cm_err_set(err, CM_NO_MEANING, "the case never came here");
	if (c == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "no such case on this router");
	was_open = cm_case_is_open(c);
	status = cm_case_notice(c, &docket->env, input, sender, &notice, record->body, effects, err);
	count_open(docket, c, was_open);
	if (status == CM_OK)
		cm_docket_ring_equals(c, input, effects);
	return status;
}

enum cm_status cm_docket_record(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err)
{
	switch (record->kind) {
	case CM_KIND_DEMAND:
		return open_case(docket, input, sender, record, effects, err);
	case CM_KIND_ANSWER:
		return take_answer(docket, input, sender, record, effects, err);
	case CM_KIND_NOTICE:
		return take_notice(docket, input, sender, record, effects, err);
	default:
		return cm_err_set(err, CM_UNKNOWN_KIND, "a router takes no message of kind %u",
		    (unsigned)record->kind);
	}
}

/* Which case a refused record was about, and in which epoch it was said. */
static bool read_refused(const struct cm_record *record, struct cm_arena *arena, struct cm_id *case_id,
    uint32_t *epoch)
{
	struct cm_ask ask;
	struct cm_outcome outcome;
	struct cm_event event;

	if (record->kind == CM_KIND_ASK &&
	    cm_record_decode(CM_KIND_ASK, record->body, arena, &ask, NULL) == CM_OK) {
		*case_id = ask.case_id;
		*epoch = cm_epoch_of(ask.demand.epoch);
		return true;
	}
	if (record->kind == CM_KIND_OUTCOME &&
	    cm_record_decode(CM_KIND_OUTCOME, record->body, arena, &outcome, NULL) == CM_OK) {
		*case_id = outcome.case_id;
		*epoch = cm_epoch_of(outcome.epoch);
		return true;
	}
	if (record->kind == CM_KIND_EVENT &&
	    cm_record_decode(CM_KIND_EVENT, record->body, arena, &event, NULL) == CM_OK) {
		*case_id = event.case_id;
		*epoch = cm_epoch_of(event.epoch);
		return true;
	}
	return false;
}

void cm_docket_undeliverable(struct cm_docket *docket, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	struct cm_notice moved = {.node = peer,
	    .what = CM_NOTICE_MOVED,
	    .at_ms = input->now.ms,
	    .by = peer,
	    .reasons = reason[0] != 0 ? reason : cm_status_text(status),
	    .router = ""};
	struct cm_bytes body = {0};
	struct cm_case *c;
	uint32_t epoch;
	bool was_open;

	if (status != CM_CHANGED || !read_refused(record, &effects->arena, &moved.case_id, &epoch))
		return;
	c = cm_docket_find(docket, &moved.case_id);
	if (c == NULL || c->epoch != epoch || cm_case_next(c->state, CM_CASE_MOVE) < 0)
		return;
	moved.epoch = epoch + 1; /* or later: the refusal is a sentence for people */
	was_open = cm_case_is_open(c);
	status = cm_effects_encode(effects, CM_KIND_NOTICE, &moved, &body, NULL);
	if (status == CM_OK)
		status = cm_case_move_away(c, &docket->env, input, &moved, body, effects, NULL);
	if (status != CM_OK) {
		effects->failed = true; /* the row is still there, and this is told again */
		return;
	}
	count_open(docket, c, was_open);
	cm_docket_ring_equals(c, input, effects);
}

#define RECALL_RETRY_MS 200 /* while what a case stored is on its way to the disk */

/* A decided case was rung for by an equal demand. */
static enum cm_status reconsider(struct cm_docket *docket, struct cm_case *c,
    const struct cm_input *input, struct cm_effects *effects)
{
	enum cm_status status;

	if (!cm_docket_is_unsettled(c))
		return CM_NO_MEANING;
	status = cm_case_reconsider(c, &docket->env, input, effects, NULL);
	if (status == CM_OK) {
		docket->open_count += cm_case_is_open(c);
		cm_docket_ring_equals(c, input, effects);
	}
	if (status == CM_TRY_AGAIN) {
		effects->count = 0;
		cm_effect_arm(effects, &c->id, input->now.ms + RECALL_RETRY_MS);
		status = CM_OK;
	}
	return status;
}

void cm_docket_timer(struct cm_docket *docket, const struct cm_input *input,
    const struct cm_id *case_id, struct cm_effects *effects)
{
	struct cm_case *c = cm_docket_find(docket, case_id);
	enum cm_status status = CM_NO_MEANING;

	if (c != NULL)
		status = c->state == CM_CASE_DECIDED ? reconsider(docket, c, input, effects)
		                                     : cm_case_overdue(c, &docket->env, input, effects);
	if (status != CM_OK)
		effects->count = 0;
	/* A timer that could not be set again must not be lost in silence. */
	if (status != CM_OK && status != CM_NO_MEANING)
		effects->failed = true;
}

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

	if (kind == CM_KIND_REBUILD)
		return replay_rebuild(docket, body);
	if (c == NULL) {
		if (kind != CM_KIND_DEMAND)
			return CM_CORRUPT;
		c = cm_case_new(case_id);
		if (c == NULL)
			return CM_NO_MEMORY;
		status = add_case(docket, c);
		if (status != CM_OK) {
			cm_case_free(c);
			return status;
		}
	}
	/* A new case counts as open before its demand makes it so. */
	was_open = c->state == CM_CASE_NEW || cm_case_is_open(c);
	status = cm_case_replay(c, kind, at_ms, body);
	if (status == CM_OK)
		count_open(docket, c, was_open);
	if (status == CM_OK && kind == CM_ROW_MOVED)
		cm_case_note_moved(c, &docket->env, body);
	if (status == CM_OK && kind == CM_KIND_DEMAND && c->seen == NULL)
		status = cm_docket_index(docket, c, c->demand);
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
		count_open(docket, c, true);
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

/* What was rung for before the restart is rung for again. */
static enum cm_status ring_unsettled(struct cm_docket *docket, const struct cm_input *input,
    cm_docket_effects_cb each, void *data, struct cm_err *err)
{
	struct cm_effects effects;
	enum cm_status status = CM_OK;

	cm_effects_init(&effects);
	for (size_t i = 0; i < docket->cases.count; i++)
		if (cm_docket_is_unsettled(docket->order[i]))
			cm_effect_arm(&effects, &docket->order[i]->id, input->now.ms);
	if (effects.failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory to take cases up again");
	else if (effects.count > 0)
		each(&effects, data);
	cm_effects_fini(&effects);
	return status;
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
	return ring_unsettled(docket, input, each, data, err);
}
