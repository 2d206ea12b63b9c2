/*
 * Demands about the same account: found by the blinded target, whoever filed them and whichever router has
 * them. Equal demands (of the same state, saying the same of themselves and of the target but for the day
 * of service) are to be decided alike.
 */
#include "router/docket.h"

#include <string.h>

#include "protocol/base/plant.h"

#define MOST_NAMED 16

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

/* ---- the index ------------------------------------------------------------------------------- */

static struct cm_docket_account *account_of(struct cm_docket *docket, struct cm_bytes blind)
{
	struct cm_id key = key_of(blind);
	struct cm_docket_account *account = cm_idmap_get(&docket->by_target, &key);

	if (account != NULL)
		return account;
	account = cm_arena_alloc(&docket->seen, 1, sizeof *account);
	if (account == NULL || cm_idmap_put(&docket->by_target, &key, account) != CM_OK)
		return NULL;
	account->key = key;
	return account;
}

/* A target where the case stands in the index already, or put to the front of its account and of the list;
 * NULL: no memory. */
static struct cm_docket_seen *see(struct cm_docket *docket, struct cm_bytes blind, uint32_t target,
    struct cm_docket_seen *there, struct cm_docket_seen **list)
{
	struct cm_docket_account *account = account_of(docket, blind);
	struct cm_docket_seen *seen;

	for (; account != NULL && there != NULL; there = there->next_of_case)
		if (there->account == account && there->target == target)
			return there;
	seen = account != NULL ? cm_arena_alloc(&docket->seen, 1, sizeof *seen) : NULL;
	if (seen == NULL)
		return NULL;
	*seen = (struct cm_docket_seen){.next = account->newest,
	    .next_of_case = *list,
	    .account = account,
	    .target = target};
	account->newest = seen;
	*list = seen;
	return seen;
}

enum cm_status cm_docket_index(
    struct cm_docket *docket, struct cm_case *c, const struct cm_demand *demand)
{
	struct cm_docket_kin *kin = cm_idmap_get(&docket->kin, &c->id);

	if (c->seen != NULL) /* it has come back */
		return CM_OK;
	c->seen = kin != NULL ? kin->seen : NULL;
	for (size_t i = 0; i < demand->targets_count; i++) {
		const struct cm_target *target = &demand->targets[i];
		struct cm_docket_seen *seen = see(docket, target->blind, target->index,
		    kin != NULL ? kin->seen : NULL, &c->seen);

		if (seen == NULL) {
			cm_docket_unindex(c);
			return CM_NO_MEMORY;
		}
		seen->c = c;
		seen->basis = basis_of(demand, target);
	}
	for (struct cm_docket_seen *s = c->seen; kin != NULL && s != NULL; s = s->next_of_case) {
		s->c = c;
		s->kin = kin;
	}
	if (kin != NULL)
		kin->seen = c->seen;
	return CM_OK;
}

/* What another router told of it stays. */
void cm_docket_unindex(struct cm_case *c)
{
	for (; c->seen != NULL; c->seen = c->seen->next_of_case) {
		if (c->seen->kin == NULL)
			c->seen->account->newest = c->seen->next;
		c->seen->c = NULL;
	}
}

/* Of a case that is here too the demand itself says what it is about. */
enum cm_status cm_docket_index_kin(
    struct cm_docket *docket, struct cm_docket_kin *kin, const struct cm_kin *told)
{
	struct cm_case *own = cm_docket_find(docket, &kin->id);

	if (own != NULL) {
		kin->seen = own->seen;
		for (struct cm_docket_seen *s = own->seen; s != NULL; s = s->next_of_case)
			s->kin = kin;
		return CM_OK;
	}
	for (size_t i = 0; i < told->targets_count; i++) {
		const struct cm_kin_target *target = &told->targets[i];
		struct cm_docket_seen *seen =
		    see(docket, target->blind, target->index, kin->seen, &kin->seen);

		if (seen == NULL)
			return CM_NO_MEMORY;
		seen->kin = kin;
		seen->basis = target->basis;
	}
	return CM_OK;
}

void cm_docket_unindex_kin(struct cm_docket_kin *kin)
{
	for (; kin->seen != NULL; kin->seen = kin->seen->next_of_case)
		kin->seen->account->newest = kin->seen->next;
}

/* ---- who speaks for a case ------------------------------------------------------------------- */

/* A case that has moved goes on elsewhere: until the new owner speaks, its words stand here. */
static bool has_ended(const struct cm_case *c)
{
	return c->state == CM_CASE_WITHDRAWN || c->state == CM_CASE_SUPERSEDED;
}

/* The router that spoke of it in the higher epoch. One that has taken a case over and not yet decided it
 * leaves the words of the one before as they are: a hold is not released by a hand-over. */
static bool is_told_by_kin(const struct cm_docket_seen *s)
{
	if (s->c == NULL || s->kin == NULL)
		return s->c == NULL;
	return s->kin->said_epoch > s->c->said_epoch;
}

static bool is_over(const struct cm_docket_seen *s)
{
	return is_told_by_kin(s) ? s->kin->has_ended : has_ended(s->c);
}

static const struct cm_case_said *words_of(const struct cm_docket_seen *s, size_t *count)
{
	bool is_kin = is_told_by_kin(s);

	*count = is_kin ? s->kin->said_count : s->c->said_count;
	return is_kin ? s->kin->said : s->c->said;
}

static bool is_same_case(const struct cm_docket_seen *a, const struct cm_docket_seen *b)
{
	return a->c != NULL ? a->c == b->c : a->kin == b->kin;
}

/* ---- what the plan of a case is told --------------------------------------------------------- */

struct listing {
	struct cm_related *items;
	size_t count;
	size_t named;
};

static const struct cm_id *id_of(const struct cm_docket_seen *s)
{
	return s->c != NULL ? &s->c->id : &s->kin->id;
}

static const char *state_of(const struct cm_docket_seen *s)
{
	return s->c != NULL ? s->c->issuing_state : s->kin->issuing_state;
}

static void name(struct listing *l, const struct cm_docket_seen *other, uint32_t target)
{
	if (l->named == MOST_NAMED || l->count == CM_MAX_RELATED)
		return;
	l->named++;
	l->items[l->count++] = (struct cm_related){.case_id = *id_of(other),
	    .issuing_state = state_of(other),
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
		l->items[l->count++] = (struct cm_related){.case_id = *id_of(other),
		    .issuing_state = state_of(other),
		    .target = target,
		    .part = said->part,
		    .disposition = said->disposition};
}

/* One other case: that it is there, and, if it is an equal demand, what it says. */
static void list_other(
    struct listing *l, const struct cm_docket_seen *own, const struct cm_docket_seen *other)
{
	size_t count;
	const struct cm_case_said *said = words_of(other, &count);

	name(l, other, own->target);
	for (size_t i = 0; other->basis == own->basis && i < count; i++)
		if (said[i].target == other->target)
			compare(l, other, own->target, &said[i]);
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
		    s != NULL && walked < CM_DOCKET_WALKED; s = s->next, walked++)
			if (s->c != c && !is_over(s))
				list_other(&l, own, s);
	}
	*out = l.items;
	*count = l.count;
	return CM_OK;
}

/* ---- deciding alike -------------------------------------------------------------------------- */

/* True if this target of a case is said to be something else there than here, in a part of it. */
static bool says_else(const struct cm_docket_seen *s, const struct cm_case_said *said)
{
	size_t count;
	const struct cm_case_said *words = words_of(s, &count);

	for (size_t i = 0; i < count; i++)
		if (words[i].target == s->target && words[i].part == said->part &&
		    strcmp(words[i].disposition, said->disposition) != 0)
			return true;
	return false;
}

static bool is_equal(const struct cm_docket_seen *a, const struct cm_docket_seen *b)
{
	return a->basis == b->basis && !is_same_case(a, b) && !is_over(b);
}

/* True if another router has the case by now: nothing is decided here any more. */
static bool is_overtaken(const struct cm_case *c)
{
	return c->seen != NULL && c->seen->kin != NULL && c->seen->kin->epoch > c->epoch;
}

/* True if some equal demand says something else of this part. */
static bool is_contradicted(const struct cm_case *c, const struct cm_case_said *said)
{
	for (const struct cm_docket_seen *own = c->seen; own != NULL; own = own->next_of_case) {
		size_t walked = 0;

		if (own->target != said->target)
			continue;
		for (const struct cm_docket_seen *s = own->account->newest;
		    s != NULL && walked < CM_DOCKET_WALKED; s = s->next, walked++)
			if (is_equal(own, s) && says_else(s, said))
				return true;
	}
	return false;
}

bool cm_docket_is_unsettled(const struct cm_case *c)
{
	if (c->state != CM_CASE_DECIDED || is_overtaken(c) || CM_PLANTED(UNLIKE))
		return false;
	/* Part by part: while one is held for a reason, another may have lost its reason, or have one now. */
	for (size_t i = 0; i < c->said_count; i++)
		if (is_contradicted(c, &c->said[i]) != c->said[i].is_held)
			return true;
	return false;
}

/* Nearly always they agree and nobody is held: that must cost little. */
static bool must_ring(
    const struct cm_docket_seen *changed, bool has_new_words, struct cm_docket_seen *s)
{
	bool may_change = false;

	if (s->c == NULL || s->c->state != CM_CASE_DECIDED || is_overtaken(s->c) ||
	    !is_equal(changed, s))
		return false;
	for (size_t i = 0; i < s->c->said_count; i++) {
		const struct cm_case_said *said = &s->c->said[i];
		bool differs = said->target == s->target && says_else(changed, said);

		may_change = may_change || differs || (said->target == s->target && said->is_held);
		s->c->is_outdated =
		    s->c->is_outdated || (has_new_words && differs && said->is_held);
	}
	return s->c->is_outdated || (may_change && cm_docket_is_unsettled(s->c));
}

static void ring(const struct cm_docket_seen *changed, bool has_new_words,
    const struct cm_input *input, struct cm_effects *effects)
{
	for (; changed != NULL; changed = changed->next_of_case) {
		size_t walked = 0;

		for (struct cm_docket_seen *s = changed->account->newest;
		    s != NULL && walked < CM_DOCKET_WALKED; s = s->next, walked++)
			if (must_ring(changed, has_new_words, s))
				cm_effect_arm(effects, &s->c->id, input->now.ms);
	}
}

void cm_docket_ring_equals(
    const struct cm_case *c, const struct cm_input *input, struct cm_effects *effects)
{
	ring(c->seen, c->has_new_words, input, effects);
}

void cm_docket_ring_kin(const struct cm_docket_kin *kin, bool has_new_words,
    const struct cm_input *input, struct cm_effects *effects)
{
	ring(kin->seen, has_new_words, input, effects);
}
