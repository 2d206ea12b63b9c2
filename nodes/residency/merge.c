#include "nodes/residency/merge.h"

#include <assert.h>

struct merge {
	const struct cm_place *stored;
	size_t stored_count;
	const struct cm_place *fresh;
	size_t fresh_count;
	struct cm_merge_result *results;
};

static bool has_same_key(const struct cm_place *a, const struct cm_place *b)
{
	return a->category == b->category && a->since == b->since;
}

static bool do_overlap(const struct cm_place *a, const struct cm_place *b)
{
	return a->category == b->category && a->since < b->until && b->since < a->until;
}

static bool is_same(const struct cm_place *a, const struct cm_place *b)
{
	return a->until == b->until && a->profile == b->profile && a->contact == b->contact;
}

static bool is_in(const struct cm_merge_result *result)
{
	return result->verdict == CM_MERGE_ADDED || result->verdict == CM_MERGE_CHANGED ||
	       result->verdict == CM_MERGE_SAME;
}

static const struct cm_place *stored_at(const struct merge *m, const struct cm_place *place)
{
	for (size_t i = 0; i < m->stored_count; i++)
		if (has_same_key(&m->stored[i], place))
			return &m->stored[i];
	return NULL;
}

/* A changed row keeps its first day, so only its new end can reach into the next stored place. */
static const struct cm_place *stored_reached(const struct merge *m, const struct cm_place *place)
{
	for (size_t i = 0; i < m->stored_count; i++)
		if (!has_same_key(&m->stored[i], place) && do_overlap(&m->stored[i], place))
			return &m->stored[i];
	return NULL;
}

/* First those that speak of a stored key: what they say replaces what is stored, before any added
 * row is held against it. The others wait as ADDED. */
static void judge_known(struct merge *m)
{
	const struct cm_place *first = NULL;

	for (size_t i = 0; i < m->fresh_count; i++) {
		const struct cm_place *place = &m->fresh[i];
		const struct cm_place *old;

		m->results[i] = (struct cm_merge_result){.verdict = CM_MERGE_ADDED};
		if (first != NULL && has_same_key(first, place)) {
			m->results[i] = (struct cm_merge_result){CM_MERGE_TWICE, first};
			continue;
		}
		first = place;
		old = stored_at(m, place);
		if (old == NULL)
			continue;
		m->results[i].verdict = is_same(old, place) ? CM_MERGE_SAME : CM_MERGE_CHANGED;
	}
}

/* The stored place as it stands after the file's word on its key, if that word was accepted. */
static const struct cm_place *in_force(const struct merge *m, const struct cm_place *old)
{
	for (size_t i = 0; i < m->fresh_count; i++)
		if (has_same_key(&m->fresh[i], old) && is_in(&m->results[i]))
			return &m->fresh[i];
	return old;
}

static void judge_changed(struct merge *m, size_t i)
{
	const struct cm_place *hit = stored_reached(m, &m->fresh[i]);

	if (hit != NULL)
		m->results[i] = (struct cm_merge_result){CM_MERGE_OVERLAPS, hit};
}

static void judge_added(struct merge *m, const size_t *order, size_t position)
{
	size_t i = order[position];

	for (size_t s = 0; s < m->stored_count; s++) {
		const struct cm_place *old = in_force(m, &m->stored[s]);

		if (do_overlap(old, &m->fresh[i])) {
			m->results[i] = (struct cm_merge_result){CM_MERGE_OVERLAPS, old};
			return;
		}
	}
	for (size_t p = 0; p < position; p++) {
		size_t j = order[p];

		if (m->results[j].verdict == CM_MERGE_ADDED &&
		    do_overlap(&m->fresh[j], &m->fresh[i])) {
			m->results[i] = (struct cm_merge_result){CM_MERGE_OVERLAPS, &m->fresh[j]};
			return;
		}
	}
}

/* Insertion sort: nearly always one to five rows. */
static void sort_by_line(const struct merge *m, size_t *order)
{
	for (size_t i = 0; i < m->fresh_count; i++) {
		size_t at = i;

		while (at > 0 && m->fresh[order[at - 1]].line > m->fresh[i].line) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
}

void cm_merge(const struct cm_place *stored, size_t stored_count, const struct cm_place *fresh,
    size_t fresh_count, size_t *order, struct cm_merge_result *results)
{
	struct merge m = {stored, stored_count, fresh, fresh_count, results};

	assert(stored_count + fresh_count <= CM_MAX_ACCOUNT_PLACES);
	judge_known(&m);
	for (size_t i = 0; i < fresh_count; i++)
		if (results[i].verdict == CM_MERGE_CHANGED)
			judge_changed(&m, i);
	sort_by_line(&m, order);
	for (size_t p = 0; p < fresh_count; p++)
		if (results[order[p]].verdict == CM_MERGE_ADDED)
			judge_added(&m, order, p);
}
