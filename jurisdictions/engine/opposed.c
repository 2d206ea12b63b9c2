#include "jurisdictions/engine/opposed.h"

#include <string.h>

#include "jurisdictions/engine/codes.h"

struct cm_data cm_rule_data(const struct cm_rule_def *rule)
{
	struct cm_data data = {.is_all = rule->of == NULL};

	for (const struct cm_word *word = rule->of; word != NULL; word = word->next)
		if (word->value >= 0)
			data.bits[word->value / 64] |= UINT64_C(1) << (word->value % 64);
	return data;
}

struct cm_data cm_data_meet(struct cm_data a, struct cm_data b)
{
	if (a.is_all)
		return b;
	for (int i = 0; i < 4 && !b.is_all; i++)
		a.bits[i] &= b.bits[i];
	return a;
}

bool cm_data_is_none(struct cm_data data)
{
	return !data.is_all && (data.bits[0] | data.bits[1] | data.bits[2] | data.bits[3]) == 0;
}

bool cm_data_names(const struct cm_law *law, const uint64_t bits[4], struct cm_arena *arena,
    const char *const **out, size_t *count)
{
	const struct cm_fact_entry *entry;
	const char **names;

	*out = NULL;
	*count = 0;
	if (law->data_fact < 0)
		return true;
	entry = &law->facts[law->data_fact];
	names = cm_arena_alloc(arena, entry->values_count + 1, sizeof *names);
	if (names == NULL)
		return false;
	for (size_t i = 0; i < entry->values_count; i++)
		if ((bits[i / 64] >> (i % 64) & 1) != 0)
			names[(*count)++] = entry->values[i];
	*out = names;
	return true;
}

static const char *owner(const struct cm_rule_def *rule)
{
	return rule->file->jurisdiction;
}

bool cm_rule_is_policy(const struct cm_rule_def *rule)
{
	return strcmp(owner(rule), "policy") == 0;
}

/* The rules say so: one of either defeats one of the other. */
static bool is_ordered(const struct cm_law *law, const char *a, const char *b)
{
	for (size_t i = 0; i < law->edges_count; i++) {
		const char *by = owner(law->rules[law->edges[i].by].def);
		const char *target = owner(law->rules[law->edges[i].target].def);

		if ((strcmp(by, a) == 0 && strcmp(target, b) == 0) ||
		    (strcmp(by, b) == 0 && strcmp(target, a) == 0))
			return true;
	}
	return false;
}

bool cm_rules_share_sovereign(
    const struct cm_law *law, const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	bool union_and_member =
	    (strcmp(owner(a), "EU") == 0 && cm_country_is_eu_member(owner(b))) ||
	    (strcmp(owner(b), "EU") == 0 && cm_country_is_eu_member(owner(a)));

	return strcmp(owner(a), owner(b)) == 0 ||
	       (union_and_member && is_ordered(law, owner(a), owner(b)));
}

bool cm_rules_meet(const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	return strcmp(a->act->text, b->act->text) == 0 &&
	       !cm_data_is_none(cm_data_meet(cm_rule_data(a), cm_rule_data(b)));
}
