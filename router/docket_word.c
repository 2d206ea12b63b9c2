/*
 * What intake says of the end of a case, in whatever order it comes: a withdrawal or a corrected demand may
 * overtake the demand, and it may come to a router that no longer has the case.
 */
#include "router/docket_parts.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

/* A corrected demand whose predecessor is not here yet: that one will end when it comes. */
enum cm_status cm_docket_note_replaced(struct cm_docket *docket, const struct cm_demand *demand)
{
	struct cm_docket_replaced *replaced;

	if (cm_id_is_zero(&demand->supersedes) ||
	    cm_docket_find(docket, &demand->supersedes) != NULL)
		return CM_OK;
	replaced = cm_arena_alloc(&docket->seen, 1, sizeof *replaced);
	if (replaced == NULL)
		return CM_NO_MEMORY;
	replaced->next = cm_idmap_get(&docket->replaced, &demand->supersedes);
	replaced->successor = demand->case_id;
	(void)snprintf(replaced->intake, sizeof replaced->intake, "%s", demand->intake);
	return cm_idmap_put(&docket->replaced, &demand->supersedes, replaced);
}

/* A demand that came after the one which replaces it ends as it begins. */
enum cm_status cm_docket_end_if_replaced(struct cm_docket *docket, const struct cm_input *input,
    struct cm_case *c, const struct cm_demand *demand, struct cm_effects *effects, struct cm_err *err)
{
	const struct cm_docket_replaced *replaced = cm_idmap_get(&docket->replaced, &c->id);
	struct cm_demand successor;

	while (replaced != NULL && strcmp(replaced->intake, demand->intake) != 0)
		replaced = replaced->next;
	if (replaced == NULL)
		return CM_OK;
	successor =
	    (struct cm_demand){.case_id = replaced->successor, .intake = replaced->intake};
	return cm_case_supersede(c, &docket->env, input, &successor, effects, err);
}

/* End the case that a corrected demand replaces. One that has ended needs no end. */
enum cm_status cm_docket_end_predecessor(struct cm_docket *docket, const struct cm_input *input,
    const struct cm_demand *demand, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case *old = cm_docket_find(docket, &demand->supersedes);
	bool was_open;
	enum cm_status status;

	if (cm_id_is_zero(&demand->supersedes) || CM_PLANTED(LIVE_CORRECTED))
		return CM_OK;
	if (old == NULL) {
		status = cm_docket_note_replaced(docket, demand);
		return status == CM_OK ? CM_OK : cm_err_set(err, status, "no memory for a case");
	}
	if (cm_case_next(old->state, CM_CASE_SUPERSEDE) < 0)
		return CM_OK;
	was_open = cm_case_is_open(old);
	status = cm_case_supersede(old, &docket->env, input, demand, effects, err);
	cm_docket_count_open(docket, old, was_open);
	if (status == CM_OK)
		cm_docket_ring_equals(old, input, effects);
	return status;
}

bool cm_docket_is_ending(const struct cm_notice *notice)
{
	return notice->what == CM_NOTICE_WITHDRAW || notice->what == CM_NOTICE_SUPERSEDE;
}

enum cm_status cm_docket_keep_word(struct cm_docket *docket, const struct cm_id *case_id,
    const char *sender, struct cm_bytes body)
{
	struct cm_docket_word *word = cm_arena_alloc(&docket->seen, 1, sizeof *word);
	uint8_t *copy = cm_arena_alloc(&docket->seen, body.len + 1, 1);

	if (word == NULL || copy == NULL)
		return CM_NO_MEMORY;
	memcpy(copy, body.data, body.len);
	word->next = cm_idmap_get(&docket->words, case_id);
	word->body = (struct cm_bytes){copy, body.len};
	(void)snprintf(word->sender, sizeof word->sender, "%s", sender);
	return cm_idmap_put(&docket->words, case_id, word);
}

size_t cm_docket_count_words(const struct cm_docket *docket, const struct cm_id *case_id)
{
	const struct cm_docket_word *word = cm_idmap_get(&docket->words, case_id);
	size_t count = 0;

	for (; word != NULL; word = word->next)
		count++;
	return count;
}

/* The words of one sender about cases that are not here; `all`: of everybody. */
static size_t count_early(const struct cm_docket *docket, const char *sender, size_t *all)
{
	size_t count = 0;
	size_t at = 0;
	struct cm_id id;
	void *value;

	*all = 0;
	while (cm_idmap_next(&docket->words, &at, &id, &value)) {
		if (cm_docket_find(docket, &id) != NULL)
			continue;
		for (const struct cm_docket_word *word = value; word != NULL; word = word->next) {
			(*all)++;
			count += strcmp(word->sender, sender) == 0;
		}
	}
	return count;
}

/* A demand comes moments after the word that has overtaken it. Who says more than CM_DOCKET_EARLY_MOST of cases
 * that never come waits, and nobody else does. `early_most` spares the counting: at most so many have come. */
static enum cm_status make_early_room(
    struct cm_docket *docket, const char *sender, struct cm_err *err)
{
	if (docket->early_most >= CM_DOCKET_EARLY_MOST &&
	    count_early(docket, sender, &docket->early_most) >= CM_DOCKET_EARLY_MOST)
		return cm_err_set(err, CM_TRY_AGAIN,
		    "%s has said of %d cases that they end, and none of them is here; try again later",
		    sender, CM_DOCKET_EARLY_MOST);
	docket->early_most++;
	return CM_OK;
}

/* A case that has just begun ends if intake said so before. */
enum cm_status cm_docket_end_if_said(struct cm_docket *docket, const struct cm_input *input,
    struct cm_case *c, struct cm_effects *effects, struct cm_err *err)
{
	const struct cm_docket_word *word = cm_idmap_get(&docket->words, &c->id);

	for (; word != NULL && cm_case_is_open(c) && !CM_PLANTED(FORGET_WORD); word = word->next) {
		struct cm_notice notice;
		enum cm_status status =
		    cm_record_decode(CM_KIND_NOTICE, word->body, &effects->arena, &notice, err);

		if (status == CM_OK)
			status = cm_case_notice(
			    c, &docket->env, input, word->sender, &notice, word->body, effects, err);
		if (status != CM_OK && status != CM_NOT_ALLOWED) /* it was not intake that said so */
			return status;
	}
	return CM_OK;
}

/* A word about a case that is not here, or here no more. That it ends must not be lost. */
enum cm_status cm_docket_take_early(struct cm_docket *docket, struct cm_case *c, const char *sender,
    const struct cm_notice *notice, struct cm_bytes body, struct cm_effects *effects,
    struct cm_err *err)
{
	if (c == NULL && notice->what == CM_NOTICE_MOVED)
		return cm_err_set(err, CM_NO_MEANING, "the case never came here");
	if (!cm_docket_is_ending(notice))
		return cm_err_set(err, CM_NOT_FOUND, "no such case on this router");
	if (strcmp(notice->node, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s sent a notice in the name of %s", sender,
		    notice->node);
	if (c == NULL && make_early_room(docket, sender, err) != CM_OK)
		return CM_TRY_AGAIN;
	cm_effect_store(effects, CM_KIND_NOTICE, &notice->case_id, body);
	if (effects->failed || cm_docket_keep_word(docket, &notice->case_id, sender, body) != CM_OK)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a notice");
	if (c != NULL)
		c->events++; /* a row of it, which central does not hear of: another router tells it */
	return CM_OK;
}

/* What ends a case is remembered, whether the case is here or not. */
enum cm_status cm_docket_replay_word(
    struct cm_docket *docket, const struct cm_id *case_id, struct cm_bytes body)
{
	struct cm_notice notice;
	struct cm_arena arena;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_record_decode(CM_KIND_NOTICE, body, &arena, &notice, NULL);
	if (status == CM_OK && cm_docket_is_ending(&notice))
		status = cm_docket_keep_word(docket, case_id, notice.node, body);
	docket->early_most += cm_docket_find(docket, case_id) == NULL;
	cm_arena_fini(&arena);
	return status;
}
