/*
 * Several routers: what they tell each other of their cases, so that demands about one account are found
 * and decided alike whichever router has them.
 *
 * Happy path: a router that accepts a demand, and each time it has an outcome, sends a `kin` to every other
 * router. The other journals it, puts it into the index of accounts as it does its own cases, and rings for
 * those of its decided cases that now differ from it, or no longer do.
 *
 *   What can go wrong
 *   two decide at once      both outcomes stand for as long as a message takes; then each router rings for
 *                           its own, and both are held.
 *   late, doubled           what is not newer by epoch and revision than what is known is forgotten.
 *   the case moves          the new owner's word has a higher epoch. Until it has an outcome, the words of
 *                           the one before stand.
 *   a ledger is lost        the first word of a case, or of a case in a new epoch, is answered with what is
 *                           said here of the cases about the same accounts.
 */
#include "router/docket.h"

#include <stdio.h>
#include <string.h>

#include "protocol/wire/codec.h"

#define UNKNOWN_WORD "something not known here" /* of a newer router: it agrees with nothing */

void cm_docket_free_kin(struct cm_docket *docket)
{
	struct cm_id id;
	size_t at = 0;
	void *value;

	while (cm_idmap_next(&docket->kin, &at, &id, &value)) {
		cm_free(((struct cm_docket_kin *)value)->said);
		cm_free(value);
	}
	cm_idmap_fini(&docket->kin);
}

/* ---- telling --------------------------------------------------------------------------------- */

/* What the case says of one target: while a step is under way, what it says once that has succeeded. */
static enum cm_status tell_parts(const struct cm_case *c, uint32_t target, struct cm_arena *arena,
    struct cm_kin_target *out)
{
	const struct cm_case_said *said = c->has_said_next ? c->said_next : c->said;
	size_t count = c->has_said_next ? c->said_next_count : c->said_count;
	struct cm_kin_part *parts = cm_arena_alloc(arena, count + 1, sizeof *parts);

	if (parts == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		if (said[i].target == target)
			parts[out->parts_count++] = (struct cm_kin_part){said[i].part, said[i].disposition};
	out->parts = parts;
	return CM_OK;
}

static enum cm_status encode_kin(const struct cm_docket *docket, const struct cm_case *c,
    struct cm_effects *effects, struct cm_bytes *body, struct cm_err *err)
{
	struct cm_kin kin = {.case_id = c->id,
	    .router = docket->env.router,
	    .epoch = c->epoch,
	    .revision = c->revision,
	    .issuing_state = c->issuing_state,
	    .ended = c->state == CM_CASE_WITHDRAWN || c->state == CM_CASE_SUPERSEDED};
	struct cm_kin_target *targets;
	enum cm_status status = CM_OK;

	for (const struct cm_docket_seen *s = c->seen; s != NULL; s = s->next_of_case)
		kin.targets_count++;
	targets = cm_arena_alloc(&effects->arena, kin.targets_count, sizeof *targets);
	if (targets == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the other routers");
	kin.targets = targets;
	targets += kin.targets_count; /* the list begins with the last */
	for (const struct cm_docket_seen *s = c->seen; status == CM_OK && s != NULL; s = s->next_of_case) {
		*--targets = (struct cm_kin_target){.index = s->target,
		    .blind = {s->account->key.bytes, sizeof s->account->key.bytes},
		    .basis = s->basis};
		status = tell_parts(c, s->target, &effects->arena, targets);
	}
	if (status != CM_OK)
		return cm_err_set(err, status, "no memory for the other routers");
	return cm_effects_encode(effects, CM_KIND_KIN, &kin, body, err);
}

static bool is_other_router(const struct cm_docket *docket, const struct cm_member *m)
{
	return m->role == CM_ROLE_ROUTER && strcmp(m->name, docket->env.router) != 0;
}

enum cm_status cm_docket_tell_kin(
    void *self, const struct cm_case *c, struct cm_effects *effects, struct cm_err *err)
{
	const struct cm_docket *docket = self;
	const struct cm_roster *roster = docket->env.roster;
	struct cm_bytes body = {0};

	/* Before it stands in the index it has nothing to tell; open_case does so then. */
	for (size_t i = 0; c->seen != NULL && i < roster->count; i++) {
		const struct cm_member *m = &roster->members[i];
		char label[2 * CM_MAX_NAME_BYTES + 64];
		struct cm_id id;

		if (!is_other_router(docket, m))
			continue;
		if (body.data == NULL) {
			enum cm_status status = encode_kin(docket, c, effects, &body, err);

			if (status != CM_OK)
				return status;
		}
		(void)snprintf(label, sizeof label, "kin/%s/%s/%u/%u", docket->env.router, m->name,
		    (unsigned)c->epoch, (unsigned)c->revision);
		id = cm_id_derive(&c->id, label);
		cm_effect_send(effects, m->name, CM_KIND_KIN, &c->id, &id, body);
	}
	return CM_OK;
}

/* ---- answering ------------------------------------------------------------------------------- */

static bool is_sent(const struct cm_effects *effects, const struct cm_id *record_id)
{
	for (size_t i = 0; i < effects->count; i++)
		if (effects->items[i].kind == CM_EFFECT_SEND &&
		    cm_id_equal(&effects->items[i].record_id, record_id))
			return true;
	return false;
}

/* The word about one of our cases again, for a router that may have missed it. The record has an id of its
 * own for each word that it answers: one that is still in the outbox must not go there twice. */
static enum cm_status answer_with(const struct cm_docket *docket, const struct cm_case *c,
    const char *peer, const struct cm_kin *told, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_bytes body = {0};
	char label[2 * CM_MAX_NAME_BYTES + CM_ID_TEXT_BYTES + 64];
	char asking[CM_ID_TEXT_BYTES];
	struct cm_id id;
	enum cm_status status;

	cm_id_print(&told->case_id, asking);
	(void)snprintf(label, sizeof label, "kin/%s/%s/for/%s/%u", docket->env.router, peer, asking,
	    (unsigned)told->epoch);
	id = cm_id_derive(&c->id, label);
	if (is_sent(effects, &id)) /* it shares two accounts */
		return CM_OK;
	status = encode_kin(docket, c, effects, &body, err);
	if (status == CM_OK)
		cm_effect_send(effects, peer, CM_KIND_KIN, &c->id, &id, body);
	return status;
}

/* True if this router has the case, as far as it knows, and the case is not over. */
static bool is_live_here(const struct cm_docket_seen *s)
{
	return s->c != NULL && s->c->state != CM_CASE_WITHDRAWN && s->c->state != CM_CASE_SUPERSEDED &&
	       s->c->state != CM_CASE_MOVED && (s->kin == NULL || s->kin->epoch <= s->c->epoch);
}

static enum cm_status answer(const struct cm_docket *docket, const char *peer,
    const struct cm_kin *told, struct cm_effects *effects, struct cm_err *err)
{
	enum cm_status status = CM_OK;
	size_t most = CM_DOCKET_WALKED; /* of them all */

	for (size_t i = 0; i < told->targets_count; i++) {
		struct cm_docket_account *account;
		size_t walked = 0;
		struct cm_id key;

		memcpy(key.bytes, told->targets[i].blind.data, sizeof key.bytes);
		account = cm_idmap_get(&docket->by_target, &key);
		for (const struct cm_docket_seen *s = account != NULL ? account->newest : NULL;
		    status == CM_OK && s != NULL && walked < CM_DOCKET_WALKED && most > 0;
		    s = s->next, walked++) {
			if (!is_live_here(s) || cm_id_equal(&s->c->id, &told->case_id))
				continue;
			status = answer_with(docket, s->c, peer, told, effects, err);
			most--;
		}
	}
	return status;
}

/* ---- hearing --------------------------------------------------------------------------------- */

static bool is_news(const struct cm_docket_kin *kin, const struct cm_kin *told)
{
	return kin == NULL || told->epoch > kin->epoch ||
	       (told->epoch == kin->epoch && told->revision > kin->revision);
}

static enum cm_status words_of(
    const struct cm_kin *told, struct cm_case_said **out, size_t *count)
{
	*out = NULL;
	*count = 0;
	for (size_t i = 0; i < told->targets_count; i++)
		*count += told->targets[i].parts_count;
	if (*count == 0)
		return CM_OK;
	*out = cm_alloc(*count, sizeof **out);
	if (*out == NULL)
		return CM_NO_MEMORY;
	*count = 0;
	for (size_t i = 0; i < told->targets_count; i++)
		for (size_t j = 0; j < told->targets[i].parts_count; j++) {
			const struct cm_kin_part *p = &told->targets[i].parts[j];
			const char *word = cm_disposition_word(p->disposition);

			(*out)[(*count)++] = (struct cm_case_said){.target = told->targets[i].index,
			    .part = p->part,
			    .disposition = word != NULL ? word : UNKNOWN_WORD};
		}
	return CM_OK;
}

/* The one there is, or a new one; with its place in the index. */
static struct cm_docket_kin *need_kin(struct cm_docket *docket, const struct cm_kin *told)
{
	struct cm_docket_kin *kin = cm_idmap_get(&docket->kin, &told->case_id);

	if (kin != NULL)
		return cm_docket_index_kin(docket, kin, told) == CM_OK ? kin : NULL;
	kin = cm_alloc(1, sizeof *kin);
	if (kin == NULL)
		return NULL;
	kin->id = told->case_id;
	(void)snprintf(kin->issuing_state, sizeof kin->issuing_state, "%s", told->issuing_state);
	if (cm_idmap_put(&docket->kin, &kin->id, kin) != CM_OK) {
		cm_free(kin);
		return NULL;
	}
	if (cm_docket_index_kin(docket, kin, told) == CM_OK)
		return kin;
	(void)cm_idmap_remove(&docket->kin, &kin->id);
	cm_docket_unindex_kin(kin);
	cm_free(kin);
	return NULL;
}

/* CM_NO_MEMORY: nothing has changed that shows. */
static enum cm_status hear(struct cm_docket *docket, const struct cm_kin *told,
    struct cm_docket_kin **out, bool *has_new_words)
{
	struct cm_case_said *said;
	struct cm_docket_kin *kin;
	size_t count;
	enum cm_status status = words_of(told, &said, &count);

	if (status != CM_OK)
		return status;
	kin = need_kin(docket, told);
	if (kin == NULL) {
		cm_free(said);
		return CM_NO_MEMORY;
	}
	*has_new_words = told->revision > 0 &&
	                 !cm_case_said_same(kin->said, kin->said_count, said, count);
	kin->epoch = told->epoch;
	kin->revision = told->revision;
	if (told->revision > 0) {
		cm_free(kin->said);
		kin->said = said;
		kin->said_count = count;
		kin->said_epoch = told->epoch;
		kin->has_ended = told->ended;
	} else {
		cm_free(said); /* without an outcome there are none */
	}
	*out = kin;
	return CM_OK;
}

static enum cm_status check_voice(const struct cm_docket *docket, const char *sender,
    const struct cm_kin *told, struct cm_err *err)
{
	int member = cm_roster_find(docket->env.roster, sender);

	if (member < 0 || !is_other_router(docket, &docket->env.roster->members[member]))
		return cm_err_set(err, CM_NOT_ALLOWED, "%s is no other router: it tells of no cases",
		    sender);
	if (strcmp(told->router, sender) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s told of a case in the name of %s", sender,
		    told->router);
	return CM_OK;
}

enum cm_status cm_docket_take_kin(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_docket_kin *kin;
	bool has_new_words = false;
	struct cm_kin told;
	enum cm_status status =
	    cm_record_decode(CM_KIND_KIN, record->body, &effects->arena, &told, err);

	if (status == CM_OK)
		status = check_voice(docket, sender, &told, err);
	if (status != CM_OK)
		return status;
	kin = cm_idmap_get(&docket->kin, &told.case_id);
	if (!is_news(kin, &told))
		return cm_err_set(err, CM_NO_MEANING, "a newer word of this case is here");
	cm_effect_store(effects, CM_KIND_KIN, &told.case_id, record->body);
	if (kin == NULL || told.epoch > kin->epoch)
		status = answer(docket, sender, &told, effects, err);
	if (status == CM_OK && effects->failed)
		status = CM_NO_MEMORY;
	if (status == CM_OK)
		status = hear(docket, &told, &kin, &has_new_words);
	if (status != CM_OK)
		return cm_err_set(err, status, "no memory for another router's case");
	cm_docket_ring_kin(kin, has_new_words, input, effects);
	return CM_OK;
}

enum cm_status cm_docket_replay_kin(struct cm_docket *docket, struct cm_bytes body)
{
	struct cm_docket_kin *kin;
	bool has_new_words;
	struct cm_arena arena;
	struct cm_kin told;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_record_decode(CM_KIND_KIN, body, &arena, &told, NULL);
	if (status == CM_OK && is_news(cm_idmap_get(&docket->kin, &told.case_id), &told))
		status = hear(docket, &told, &kin, &has_new_words);
	cm_arena_fini(&arena);
	return status;
}
