#include "protocol/post/dossier.h"

#include <string.h>

void cm_dossier_init(struct cm_dossier *dossier, struct cm_arena *arena)
{
	dossier->arena = arena;
	dossier->count = 0;
	dossier->failed = false;
	dossier->is_full = false;
}

static bool is_silent(const struct cm_fact_text *fact)
{
	return fact->values_count == 0 &&
	       (fact->knowledge == CM_NOT_ASKED || fact->knowledge == CM_KNOWN);
}

static bool has_value(const struct cm_fact_text *fact, const char *value)
{
	for (size_t i = 0; i < fact->values_count; i++)
		if (strcmp(fact->values[i], value) == 0)
			return true;
	return false;
}

static bool is_within(const struct cm_fact_text *a, const struct cm_fact_text *b)
{
	for (size_t i = 0; i < a->values_count; i++)
		if (!has_value(b, a->values[i]))
			return false;
	return true;
}

static bool is_same(const struct cm_fact_text *a, const struct cm_fact_text *b)
{
	return is_within(a, b) && is_within(b, a) &&
	       (b->knowledge != CM_DISPUTED || a->knowledge == CM_DISPUTED);
}

/* Two sources differ: keep every value either of them names. */
static void dispute(struct cm_dossier *dossier, struct cm_fact_text *known,
    const struct cm_fact_text *other)
{
	size_t most = known->values_count + other->values_count;
	const char **values = cm_arena_alloc(dossier->arena, most, sizeof *values);
	size_t count = 0;

	if (values == NULL) {
		dossier->failed = true;
		return;
	}
	for (size_t i = 0; i < known->values_count; i++)
		values[count++] = known->values[i];
	for (size_t i = 0; i < other->values_count; i++)
		if (!has_value(known, other->values[i]))
			values[count++] = other->values[i];
	known->values = values;
	known->values_count = count;
	known->knowledge = CM_DISPUTED;
	known->source = cm_arena_printf(dossier->arena, "%s; %s", known->source, other->source);
	if (known->source == NULL)
		dossier->failed = true;
}

static struct cm_fact_text *find(struct cm_dossier *dossier, const char *name)
{
	for (size_t i = 0; i < dossier->count; i++)
		if (strcmp(dossier->facts[i].name, name) == 0)
			return &dossier->facts[i];
	return NULL;
}

void cm_dossier_add(struct cm_dossier *dossier, const struct cm_fact_text *fact)
{
	struct cm_fact_text *known = find(dossier, fact->name);

	if (known == NULL) {
		if (dossier->count == sizeof dossier->facts / sizeof dossier->facts[0]) {
			dossier->is_full = true;
			return;
		}
		dossier->facts[dossier->count++] = *fact;
		return;
	}
	if (is_silent(fact))
		return;
	if (is_silent(known) || (known->values_count == 0 && fact->values_count > 0)) {
		*known = *fact;
		return;
	}
	if (is_same(known, fact))
		return;
	if (fact->values_count == 0)
		return; /* "cannot tell" says nothing against one who could */
	dispute(dossier, known, fact);
}

void cm_dossier_add_all(struct cm_dossier *dossier, const struct cm_fact_text *facts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cm_dossier_add(dossier, &facts[i]);
}

void cm_dossier_know(struct cm_dossier *dossier, const char *name, const char *value,
    const char *source)
{
	const char **values = cm_arena_alloc(dossier->arena, 1, sizeof *values);

	if (values == NULL) {
		dossier->failed = true;
		return;
	}
	values[0] = value;
	cm_dossier_add(dossier, &(struct cm_fact_text){.name = name,
	                            .values = values,
	                            .values_count = 1,
	                            .knowledge = CM_KNOWN,
	                            .source = source});
}

const struct cm_fact_text *cm_dossier_find(const struct cm_dossier *dossier, const char *name)
{
	for (size_t i = 0; i < dossier->count; i++)
		if (strcmp(dossier->facts[i].name, name) == 0)
			return &dossier->facts[i];
	return NULL;
}

const char *cm_dossier_value(const struct cm_dossier *dossier, const char *name)
{
	const struct cm_fact_text *fact = cm_dossier_find(dossier, name);

	return fact != NULL && fact->values_count == 1 && fact->knowledge == CM_KNOWN
	           ? fact->values[0]
	           : NULL;
}

const struct cm_target *cm_demand_target(const struct cm_demand *demand, uint32_t index)
{
	for (size_t i = 0; i < demand->targets_count; i++)
		if (demand->targets[i].index == index)
			return &demand->targets[i];
	return NULL;
}

bool cm_demand_is_emergency(const struct cm_demand *demand)
{
	for (size_t i = 0; i < demand->facts_count; i++) {
		const struct cm_fact_text *f = &demand->facts[i];
		bool says = f->values_count == 1 && f->knowledge == CM_KNOWN;

		if (says && ((strcmp(f->name, "emergency") == 0 && strcmp(f->values[0], "yes") == 0) ||
		                (strcmp(f->name, "instrument") == 0 &&
		                    strcmp(f->values[0], "emergency_request") == 0)))
			return true;
	}
	return false;
}

void cm_dossier_gather(struct cm_dossier *dossier, const struct cm_demand *demand,
    const struct cm_target *target, const struct cm_part *part, const char *category)
{
	cm_dossier_add_all(dossier, demand->facts, demand->facts_count);
	cm_dossier_know(dossier, "issuing_state", demand->issuing_state, "the demand");
	cm_dossier_know(dossier, "data", category, "the demand");
	if (target != NULL)
		cm_dossier_add_all(dossier, target->facts, target->facts_count);
	if (part == NULL)
		return;
	cm_dossier_add_all(dossier, part->facts, part->facts_count);
	cm_dossier_know(dossier, "hosting_state", part->hosting_state, "residency map");
}
