#include "protocol/wire/fold.h"

#include <string.h>

#define WORTH_BYTES 32 /* below this a ruling is left as it is */
#define HEAD_BYTES 4   /* what a text takes beside its bytes */

/* The texts of a ruling that may be those of another. */
static const size_t texts[] = {
    offsetof(struct cm_ruling, title),
    offsetof(struct cm_ruling, cite),
    offsetof(struct cm_ruling, url),
    offsetof(struct cm_ruling, explain),
    offsetof(struct cm_ruling, strength),
    offsetof(struct cm_ruling, penalty),
    offsetof(struct cm_ruling, defeated_by),
    offsetof(struct cm_ruling, ask),
};
#define TEXTS (sizeof texts / sizeof texts[0])

size_t cm_fold_most(uint32_t kind)
{
	const struct cm_schema *schema = cm_schema_of((enum cm_kind)kind);
	size_t slack = (size_t)(kind == CM_KIND_EVENT ? 128 : 64) * 1024;

	return schema != NULL ? schema->most_bytes + slack : 0;
}

/* ---- where rulings stand in a message --------------------------------------------------------- */

/* The findings of an answer, or the parts of an outcome: things with a list of rulings each. */
struct holders {
	char *first;
	size_t count;
	size_t size;
	size_t rulings; /* offsets */
	size_t rulings_count;
};

static void *mutable(const void *of_ours)
{
	void *same;

	memcpy(&same, &of_ours, sizeof same);
	return same;
}

static struct holders holders_of_outcome(const struct cm_outcome *outcome)
{
	return (struct holders){mutable(outcome->parts), outcome->parts_count,
	    sizeof(struct cm_part_outcome), offsetof(struct cm_part_outcome, grounds),
	    offsetof(struct cm_part_outcome, grounds_count)};
}

static struct holders holders_of(uint32_t kind, const void *msg)
{
	const struct cm_answer *answer = msg;
	const struct cm_event *event = msg;

	if (kind == CM_KIND_ANSWER)
		return (struct holders){mutable(answer->findings), answer->findings_count,
		    sizeof(struct cm_finding), offsetof(struct cm_finding, rulings),
		    offsetof(struct cm_finding, rulings_count)};
	if (kind == CM_KIND_OUTCOME)
		return holders_of_outcome(msg);
	if (kind == CM_KIND_EVENT && event->outcomes_count == 1)
		return holders_of_outcome(&event->outcomes[0]);
	return (struct holders){0};
}

static struct cm_ruling *rulings_at(const struct holders *h, size_t i, size_t *count)
{
	struct cm_ruling *rulings;

	memcpy(&rulings, h->first + i * h->size + h->rulings, sizeof rulings);
	memcpy(count, h->first + i * h->size + h->rulings_count, sizeof *count);
	return rulings;
}

static size_t count_all(const struct holders *h)
{
	size_t all = 0;
	size_t count;

	for (size_t i = 0; i < h->count; i++) {
		(void)rulings_at(h, i, &count);
		all += count;
	}
	return all;
}

/* ---- one ruling like another ------------------------------------------------------------------ */

static const char *text_of(const struct cm_ruling *ruling, size_t field)
{
	const char *text;

	memcpy(&text, (const char *)ruling + texts[field], sizeof text);
	return text != NULL ? text : "";
}

static void text_set(struct cm_ruling *ruling, size_t field, const char *text)
{
	memcpy((char *)ruling + texts[field], &text, sizeof text);
}

static bool has_same_needs(const struct cm_ruling *a, const struct cm_ruling *b)
{
	if (a->needs_count != b->needs_count)
		return false;
	for (size_t i = 0; i < a->needs_count; i++)
		if (strcmp(a->needs[i], b->needs[i]) != 0)
			return false;
	return true;
}

/* What an absent text means is one thing only: the other's. So a ruling without a text that the other has
 * cannot be like it. Returns what is saved, 0 for that. */
static size_t saved_by(const struct cm_ruling *ruling, const struct cm_ruling *other)
{
	size_t saved = 0;

	if (ruling->needs_count == 0 && other->needs_count != 0)
		return 0;
	for (size_t f = 0; f < TEXTS; f++) {
		const char *mine = text_of(ruling, f);
		const char *its = text_of(other, f);

		if (mine[0] == 0 && its[0] != 0)
			return 0;
		if (mine[0] != 0 && strcmp(mine, its) == 0)
			saved += strlen(mine) + HEAD_BYTES;
	}
	return saved;
}

static void leave_out(struct cm_ruling *ruling, const struct cm_ruling *other, size_t number)
{
	ruling->like = (uint32_t)number;
	for (size_t f = 0; f < TEXTS; f++)
		if (strcmp(text_of(ruling, f), text_of(other, f)) == 0)
			text_set(ruling, f, "");
	if (has_same_needs(ruling, other))
		ruling->needs_count = 0;
}

/* Returns what it adds to the message written out. */
static size_t fill_in(struct cm_ruling *ruling, const struct cm_ruling *other)
{
	size_t added = 0;

	for (size_t f = 0; f < TEXTS; f++)
		if (text_of(ruling, f)[0] == 0 && text_of(other, f)[0] != 0) {
			text_set(ruling, f, text_of(other, f));
			added += strlen(text_of(other, f)) + HEAD_BYTES;
		}
	if (ruling->needs_count == 0) {
		ruling->needs = other->needs;
		ruling->needs_count = other->needs_count;
	}
	ruling->like = 0;
	return added;
}

/* ---- folding ---------------------------------------------------------------------------------- */

/* The first ruling of each rule, by a hash of its id. */
struct firsts {
	uint32_t *numbers; /* from 1; 0: free */
	size_t mask;
};

static const char *rule_of(const struct cm_ruling *ruling)
{
	return ruling->rule != NULL ? ruling->rule : "";
}

static size_t hash_of(const char *rule)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *rule != 0; rule++)
		hash = (hash ^ (uint8_t)*rule) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

/* Its number, noted if it is the first. */
static size_t first_of(
    struct firsts *firsts, const struct cm_ruling *all, const char *rule, size_t number)
{
	size_t at = hash_of(rule) & firsts->mask;

	for (; firsts->numbers[at] != 0; at = (at + 1) & firsts->mask)
		if (strcmp(rule_of(&all[firsts->numbers[at] - 1]), rule) == 0)
			return firsts->numbers[at];
	firsts->numbers[at] = (uint32_t)number;
	return number;
}

/* The first of a rule is never changed, so that what it is compared with is whole. */
static void fold_all(struct cm_folded *out, struct cm_ruling *all, size_t count,
    struct firsts *firsts)
{
	for (size_t i = 0; i < count; i++) {
		size_t first = first_of(firsts, all, rule_of(&all[i]), i + 1);
		size_t saved = first <= i ? saved_by(&all[i], &all[first - 1]) : 0;

		if (saved < WORTH_BYTES)
			continue;
		leave_out(&all[i], &all[first - 1], first);
		out->saved_bytes += saved;
	}
}

/* A copy of the message whose holders and rulings are ours; NULL for a kind without any. */
static void *copy_head(uint32_t kind, const void *msg, struct cm_folded *out, char *holders)
{
	switch (kind) {
	case CM_KIND_ANSWER:
		out->copy.answer = *(const struct cm_answer *)msg;
		out->copy.answer.findings = (const struct cm_finding *)(void *)holders;
		return &out->copy.answer;
	case CM_KIND_OUTCOME:
		out->copy.outcome = *(const struct cm_outcome *)msg;
		out->copy.outcome.parts = (const struct cm_part_outcome *)(void *)holders;
		return &out->copy.outcome;
	default:
		out->copy.event = *(const struct cm_event *)msg;
		out->outcome = out->copy.event.outcomes[0];
		out->outcome.parts = (const struct cm_part_outcome *)(void *)holders;
		out->copy.event.outcomes = &out->outcome;
		return &out->copy.event;
	}
}

enum cm_status cm_fold(uint32_t kind, const void *msg, struct cm_folded *out)
{
	struct holders from = holders_of(kind, msg);
	size_t count = count_all(&from);
	size_t slots = 4;
	struct firsts firsts;
	struct cm_ruling *all;
	char *holders;

	*out = (struct cm_folded){.msg = msg};
	if (count < 2 || count >= UINT32_MAX / 4)
		return CM_OK;
	while (slots < 2 * count)
		slots *= 2;
	out->block = cm_alloc(
	    1, from.count * from.size + count * sizeof *all + slots * sizeof *firsts.numbers);
	if (out->block == NULL)
		return CM_NO_MEMORY;
	holders = out->block;
	all = (struct cm_ruling *)(void *)(holders + from.count * from.size);
	firsts = (struct firsts){(uint32_t *)(void *)(all + count), slots - 1};
	memcpy(holders, from.first, from.count * from.size);
	for (size_t i = 0, at = 0; i < from.count; i++) {
		size_t here;
		const struct cm_ruling *rulings = rulings_at(&from, i, &here);
		const struct cm_ruling *ours = all + at;

		if (here != 0)
			memcpy(all + at, rulings, here * sizeof *rulings);
		memcpy(holders + i * from.size + from.rulings, &ours, sizeof ours);
		at += here;
	}
	out->msg = copy_head(kind, msg, out, holders);
	fold_all(out, all, count, &firsts);
	return CM_OK;
}

void cm_folded_fini(struct cm_folded *folded)
{
	cm_free(folded->block);
	folded->block = NULL;
}

/* ---- unfolding -------------------------------------------------------------------------------- */

static bool is_folded(const struct holders *h)
{
	size_t count;

	for (size_t i = 0; i < h->count; i++) {
		const struct cm_ruling *rulings = rulings_at(h, i, &count);

		for (size_t j = 0; j < count; j++)
			if (rulings[j].like != 0)
				return true;
	}
	return false;
}

static enum cm_status unfold_all(const struct holders *h, const struct cm_ruling **all,
    size_t bytes, size_t most, struct cm_err *err)
{
	size_t at = 0;
	size_t count;

	for (size_t i = 0; i < h->count; i++) {
		struct cm_ruling *rulings = rulings_at(h, i, &count);

		for (size_t j = 0; j < count; j++) {
			uint32_t like = rulings[j].like;

			all[at++] = &rulings[j];
			if (like == 0)
				continue;
			if (like >= at || strcmp(all[like - 1]->rule, rulings[j].rule) != 0)
				return cm_err_set(err, CM_BAD_INPUT,
				    "ruling %zu: like: no ruling of this rule stands there", at);
			bytes += fill_in(&rulings[j], all[like - 1]);
			if (bytes > most)
				return cm_err_set(err, CM_TOO_LARGE,
				    "written out it has over %zu bytes", most);
		}
	}
	return CM_OK;
}

enum cm_status cm_unfold(
    uint32_t kind, void *msg, size_t len, struct cm_arena *arena, struct cm_err *err)
{
	struct holders h = holders_of(kind, msg);
	const struct cm_ruling **all;

	if (!is_folded(&h))
		return CM_OK;
	all = cm_arena_alloc(arena, count_all(&h), sizeof *all);
	if (all == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to read it");
	return unfold_all(&h, all, len, cm_fold_most(kind), err);
}
