#include "router/docket_parts.h"

#include <string.h>

#include "protocol/wire/codec.h"

void cm_docket_init(struct cm_docket *docket, const struct cm_case_env *env)
{
	*docket = (struct cm_docket){.env = *env};
	docket->env.relate = cm_docket_relate;
	docket->env.relate_self = docket;
	docket->env.tell_kin = cm_docket_tell_kin;
	cm_idmap_init(&docket->cases);
	cm_idmap_init(&docket->by_target);
	cm_idmap_init(&docket->kin);
	cm_idmap_init(&docket->words);
	cm_idmap_init(&docket->replaced);
	cm_arena_init(&docket->seen, 0);
}

void cm_docket_fini(struct cm_docket *docket)
{
	for (size_t i = 0; i < docket->cases.count; i++)
		cm_case_free(docket->order[i]);
	cm_free(docket->order);
	cm_idmap_fini(&docket->cases);
	cm_idmap_fini(&docket->by_target);
	cm_docket_free_kin(docket);
	cm_idmap_fini(&docket->words);
	cm_idmap_fini(&docket->replaced);
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

struct cm_case *cm_docket_new_case(const struct cm_docket *docket, const struct cm_id *id)
{
	struct cm_case *c = cm_case_new(id);

	if (c != NULL)
		c->events = cm_docket_count_words(docket, id);
	return c;
}

enum cm_status cm_docket_add_case(struct cm_docket *docket, struct cm_case *c)
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
void cm_docket_count_open(struct cm_docket *docket, const struct cm_case *c, bool was_open)
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

/* The other routers hear that it is here; unless it has an outcome already, with which they have heard. */
static enum cm_status tell_begun(struct cm_docket *docket, const struct cm_case *c,
    struct cm_effects *effects, struct cm_err *err)
{
	return c->revision > 0 ? CM_OK : cm_docket_tell_kin(docket, c, effects, err);
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
	fresh->seen = c->seen; /* as it will be */
	status = cm_case_demand(fresh, &docket->env, input, body, effects, err);
	if (status == CM_OK)
		status = cm_docket_end_if_said(docket, input, fresh, effects, err);
	if (status == CM_OK)
		status = tell_begun(docket, fresh, effects, err);
	if (status == CM_OK) /* the last that can fail: the other case is not taken back */
		status = cm_docket_end_predecessor(docket, input, demand, effects, err);
	if (status == CM_OK) {
		cm_case_become(c, fresh);
		cm_docket_count_open(docket, c, was_open);
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
	/* It was on its way to the ledger that this router had before, which may have decided it under the numbers
	 * that would be given out here. In the next epoch it is another matter. */
	if (demand.ledger != 0 && docket->env.ledger != 0 && demand.ledger != docket->env.ledger)
		return cm_err_set(err, CM_CHANGED, "changed meanwhile: the ledger of this router is new");
	c = cm_docket_find(docket, &demand.case_id);
	if (c != NULL)
		return take_over(docket, c, input, &demand, record->body, effects, err);
	c = cm_docket_new_case(docket, &demand.case_id);
	if (c == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	status = cm_case_demand(c, &docket->env, input, record->body, effects, err);
	if (status == CM_OK)
		status = cm_docket_add_case(docket, c);
	if (status == CM_OK) {
		status = cm_docket_index(docket, c, &demand);
		if (status == CM_OK)
			status = cm_docket_end_if_replaced(docket, input, c, &demand, effects, err);
		if (status == CM_OK)
			status = cm_docket_end_if_said(docket, input, c, effects, err);
		if (status == CM_OK)
			status = tell_begun(docket, c, effects, err);
		if (status == CM_OK) /* the last that can fail: the other case is not taken back */
			status = cm_docket_end_predecessor(docket, input, &demand, effects, err);
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
	struct cm_case_heard heard;
	struct cm_case *c;
	bool was_open;
	enum cm_status status = cm_case_hear(&heard, record->body, err);

	if (status != CM_OK)
		return status;
	c = cm_docket_find(docket, &heard.answer.case_id);
	if (c == NULL) {
		status = cm_err_set(err, CM_NOT_FOUND, "no such case on this router");
	} else {
		was_open = cm_case_is_open(c);
		status = cm_case_answer(c, &docket->env, input, sender, &heard, effects, err);
		cm_docket_count_open(docket, c, was_open);
		if (status == CM_OK && !cm_case_is_open(c))
			cm_docket_ring_equals(c, input, effects);
	}
	cm_case_heard_fini(&heard);
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
	if (c == NULL || (c->state == CM_CASE_MOVED && cm_docket_is_ending(&notice)))
		return cm_docket_take_early(docket, c, sender, &notice, record->body, effects, err);
	was_open = cm_case_is_open(c);
	status = cm_case_notice(c, &docket->env, input, sender, &notice, record->body, effects, err);
	cm_docket_count_open(docket, c, was_open);
	if (status == CM_OK)
		cm_docket_ring_equals(c, input, effects);
	if (status == CM_OK && cm_docket_is_ending(&notice) &&
	    cm_docket_keep_word(docket, &notice.case_id, sender, record->body) != CM_OK)
		effects->failed = true; /* the memory is rebuilt from the ledger */
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
	case CM_KIND_KIN:
		return cm_docket_take_kin(docket, input, sender, record, effects, err);
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
	cm_docket_count_open(docket, c, was_open);
	cm_docket_ring_equals(c, input, effects);
}
