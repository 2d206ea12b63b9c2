/*
 * Other cases about the same targets: the outcome names them, and an equal demand is decided alike or not
 * at all.
 */
#include "router/plan_internal.h"

#include <string.h>

#define MOST_NAMED 16 /* cases: the newest; the rest is found by `list` */

static uint32_t mix(uint32_t hash, const char *text)
{
	for (; *text != 0; text++)
		hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619);
	return (hash ^ 0xff) * UINT32_C(16777619);
}

uint32_t cm_plan_part_digest(const char *category, const char *region)
{
	uint32_t hash = mix(mix(UINT32_C(2166136261), category), region);

	return hash != 0 ? hash : 1;
}

static bool is_named(const struct cm_related *list, size_t count, const struct cm_related *r)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].target == r->target && cm_id_equal(&list[i].case_id, &r->case_id))
			return true;
	return false;
}

enum cm_status cm_plan_name_related(
    const struct cm_plan_input *input, struct cm_arena *arena, struct cm_outcome *out)
{
	struct cm_related *list;
	size_t count = 0;

	if (input->related_count == 0)
		return CM_OK;
	list = cm_arena_alloc(arena, MOST_NAMED, sizeof *list);
	if (list == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < input->related_count && count < MOST_NAMED; i++) {
		if (is_named(list, count, &input->related[i]))
			continue;
		list[count] = input->related[i];
		list[count].part = 0;
		list[count++].disposition = "";
	}
	out->related = list;
	out->related_count = count;
	return CM_OK;
}

/* An equal demand of the same state that says something else of this part, or NULL. */
static const struct cm_related *different(const struct cm_planning *p)
{
	const struct cm_part *part = p->part->part;
	uint32_t digest = cm_plan_part_digest(part->category, part->region);

	for (size_t i = 0; i < p->input->related_count; i++) {
		const struct cm_related *r = &p->input->related[i];

		if (r->target == part->target && r->part == digest &&
		    strcmp(r->disposition, p->out->disposition) != 0)
			return r;
	}
	return NULL;
}

/* What two cases would decide differently, neither does: both are held and name each other. */
void cm_plan_decide_alike(struct cm_planning *p)
{
	const struct cm_related *other = different(p);
	char id[CM_ID_TEXT_BYTES];

	if (other == NULL)
		return;
	cm_id_print(&other->case_id, id);
	p->out->alone = p->out->disposition;
	cm_plan_hold(p, cm_planned_text(p, cm_arena_printf(p->arena,
	            "Case %s, an equal demand about the same account, comes to %s by itself, and this one to "
	            "%s: they are decided alike.", id, other->disposition, p->out->alone)));
	cm_plan_add_question(p, cm_planned_text(p, cm_arena_printf(p->arena,
	            "Which of %s and %s is right, for this case and for %s?", p->out->alone,
	            other->disposition, id)));
}
