/*
 * Demands about the same account: found by the blinded target, whoever filed them. Equal demands (of the
 * same state, saying the same of themselves and of the target but for the day of service) are to be
 * decided alike.
 */
#include "router/docket.h"

#include <string.h>

#define MOST_NAMED 16
#define MOST_WALKED 64 /* demands about one account that are looked at: the newest */

static struct cm_id key_of(struct cm_bytes blind)
{
	struct cm_id id = {{0}};

	memcpy(id.bytes, blind.data, blind.len < sizeof id.bytes ? blind.len : sizeof id.bytes);
	return id;
}

static uint64_t mix(uint64_t hash, const char *text)
{
	for (; *text != 0; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* Facts by order do not matter; who said so does not either. */
static uint64_t mix_facts(uint64_t hash, const struct cm_fact_text *facts, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t one = mix(UINT64_C(14695981039346656037), facts[i].name);

		if (strcmp(facts[i].name, "served_on") == 0)
			continue;
		for (size_t j = 0; j < facts[i].values_count; j++)
			one = mix(one, facts[i].values[j]);
		sum += one ^ (uint64_t)facts[i].knowledge;
	}
	return (hash ^ sum) * UINT64_C(1099511628211);
}

static uint64_t basis_of(const struct cm_demand *demand, const struct cm_target *target)
{
	uint64_t hash = mix(UINT64_C(14695981039346656037), demand->issuing_state);

	hash = mix_facts(hash, demand->facts, demand->facts_count);
	return mix_facts(hash, target->facts, target->facts_count);
}

static struct cm_docket_account *account_of(struct cm_docket *docket, struct cm_bytes blind)
{
	struct cm_id key = key_of(blind);
	struct cm_docket_account *account = cm_idmap_get(&docket->by_target, &key);

	if (account != NULL)
		return account;
	account = cm_arena_alloc(&docket->seen, 1, sizeof *account);
	if (account == NULL || cm_idmap_put(&docket->by_target, &key, account) != CM_OK)
		return NULL;
	return account;
}

enum cm_status cm_docket_index(
    struct cm_docket *docket, struct cm_case *c, const struct cm_demand *demand)
{
	for (size_t i = 0; i < demand->targets_count; i++) {
		struct cm_docket_account *account = account_of(docket, demand->targets[i].blind);
		struct cm_docket_seen *seen = cm_arena_alloc(&docket->seen, 1, sizeof *seen);

		if (account == NULL || seen == NULL) {
			cm_docket_unindex(c);
			return CM_NO_MEMORY;
		}
		*seen = (struct cm_docket_seen){.next = account->newest,
		    .next_of_case = c->seen,
		    .account = account,
		    .c = c,
		    .target = demand->targets[i].index,
		    .basis = basis_of(demand, &demand->targets[i])};
		account->newest = seen;
		c->seen = seen;
	}
	return CM_OK;
}

void cm_docket_unindex(struct cm_case *c)
{
	for (; c->seen != NULL; c->seen = c->seen->next_of_case)
		c->seen->account->newest = c->seen->next;
}

static bool has_ended(const struct cm_case *c)
{
	return c->state == CM_CASE_WITHDRAWN || c->state == CM_CASE_SUPERSEDED ||
	       c->state == CM_CASE_MOVED;
}

/* ---- what the plan of a case is told --------------------------------------------------------- */

struct listing {
	struct cm_related *items;
	size_t count;
	size_t named;
};

static void name(struct listing *l, const struct cm_docket_seen *other, uint32_t target)
{
	if (l->named == MOST_NAMED || l->count == CM_MAX_RELATED)
		return;
	l->named++;
	l->items[l->count++] = (struct cm_related){.case_id = other->c->id,
	    .issuing_state = other->c->issuing_state,
	    .target = target,
	    .disposition = ""};
}

/* What an equal demand says of one part; the newest that says so is enough. */
static void compare(struct listing *l, const struct cm_docket_seen *other, uint32_t target,
    const struct cm_case_said *said)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].target == target && l->items[i].part == said->part &&
		    strcmp(l->items[i].disposition, said->disposition) == 0)
			return;
	if (l->count < CM_MAX_RELATED)
		l->items[l->count++] = (struct cm_related){.case_id = other->c->id,
		    .issuing_state = other->c->issuing_state,
		    .target = target,
		    .part = said->part,
		    .disposition = said->disposition};
}

enum cm_status cm_docket_relate(void *self, struct cm_case *c, struct cm_arena *arena,
    const struct cm_related **out, size_t *count)
{
	struct listing l = {.items = cm_arena_alloc(arena, CM_MAX_RELATED, sizeof *l.items)};

	(void)self;
	if (l.items == NULL)
		return CM_NO_MEMORY;
	for (const struct cm_docket_seen *own = c->seen; own != NULL; own = own->next_of_case) {
		size_t walked = 0;

		for (const struct cm_docket_seen *s = own->account->newest;
		    s != NULL && walked < MOST_WALKED; s = s->next, walked++) {
			if (s->c == c || has_ended(s->c))
				continue;
			name(&l, s, own->target);
			for (size_t i = 0; s->basis == own->basis && i < s->c->said_count; i++)
				if (s->c->said[i].target == s->target)
					compare(&l, s, own->target, &s->c->said[i]);
		}
	}
	*out = l.items;
	*count = l.count;
	return CM_OK;
}

/* ---- deciding alike -------------------------------------------------------------------------- */

/* True if two equal demands say different things of one part of the account. */
static bool is_unlike(const struct cm_docket_seen *a, const struct cm_docket_seen *b)
{
	for (size_t i = 0; i < a->c->said_count; i++) {
		const struct cm_case_said *said = &a->c->said[i];

		if (said->target != a->target)
			continue;
		for (size_t j = 0; j < b->c->said_count; j++)
			if (b->c->said[j].target == b->target && b->c->said[j].part == said->part &&
			    strcmp(b->c->said[j].disposition, said->disposition) != 0)
				return true;
	}
	return false;
}

static bool is_equal(const struct cm_docket_seen *a, const struct cm_docket_seen *b)
{
	return a->c != b->c && a->basis == b->basis && !has_ended(b->c);
}

bool cm_docket_is_unsettled(const struct cm_case *c)
{
	bool is_different = false;

	if (c->state != CM_CASE_DECIDED)
		return false;
	for (const struct cm_docket_seen *own = c->seen; own != NULL; own = own->next_of_case) {
		size_t walked = 0;

		for (const struct cm_docket_seen *s = own->account->newest;
		    s != NULL && walked < MOST_WALKED; s = s->next, walked++)
			is_different = is_different || (is_equal(own, s) && is_unlike(own, s));
	}
	return is_different != c->is_held_alike;
}

void cm_docket_ring_equals(
    const struct cm_case *c, const struct cm_input *input, struct cm_effects *effects)
{
	for (const struct cm_docket_seen *own = c->seen; own != NULL; own = own->next_of_case) {
		size_t walked = 0;

		for (const struct cm_docket_seen *s = own->account->newest;
		    s != NULL && walked < MOST_WALKED; s = s->next, walked++)
			/* Nearly always they agree and nobody is held: that must cost little. */
			if (is_equal(own, s) && is_unlike(own, s) != s->c->is_held_alike &&
			    cm_docket_is_unsettled(s->c))
				cm_effect_arm(effects, &s->c->id, input->now.ms);
	}
}
