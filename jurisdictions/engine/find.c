#include "jurisdictions/engine/law.h"

#include <string.h>

#include "jurisdictions/engine/codes.h"
#include "protocol/base/text.h"

/* ---- by hash: what is looked up most ---- */

/* FNV-1a. */
uint32_t cm_name_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != 0; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash ^ hash >> 15;
}

bool cm_names_init(struct cm_names *names, struct cm_arena *arena, size_t count)
{
	size_t size = 4;

	while (size <= count * 2)
		size *= 2;
	names->slots = cm_arena_alloc(arena, size, sizeof *names->slots);
	names->mask = (uint32_t)size - 1;
	return names->slots != NULL;
}

void cm_names_add(struct cm_names *names, uint32_t hash, size_t number)
{
	uint32_t at = hash & names->mask;

	while (names->slots[at] != 0)
		at = (at + 1) & names->mask;
	names->slots[at] = (uint32_t)number + 1;
}

int cm_law_find_fact(const struct cm_law *law, const char *name)
{
	const struct cm_names *names = &law->fact_names;

	for (uint32_t at = cm_name_hash(name) & names->mask; names->slots[at] != 0;
	     at = (at + 1) & names->mask)
		if (strcmp(law->facts[names->slots[at] - 1].def->name, name) == 0)
			return (int)names->slots[at] - 1;
	return -1;
}

int cm_law_find_rule(const struct cm_law *law, const char *id)
{
	const struct cm_names *names = &law->rule_names;

	for (uint32_t at = cm_name_hash(id) & names->mask; names->slots[at] != 0;
	     at = (at + 1) & names->mask)
		if (strcmp(law->rules[names->slots[at] - 1].def->id, id) == 0)
			return (int)names->slots[at] - 1;
	return -1;
}

/* ---- by order ---- */

/* Tables of pointers to a struct with a name: how to get it. */
typedef const char *(*name_cb)(const void *at);

static const char *act_name(const void *at)
{
	return (*(const struct cm_act_def *const *)at)->name;
}

static const char *set_name(const void *at)
{
	return (*(const struct cm_set_def *const *)at)->name;
}

static const char *notion_name(const void *at)
{
	return (*(struct cm_notion_def *const *)at)->name;
}

static const char *calendar_name(const void *at)
{
	return (*(struct cm_calendar_def *const *)at)->name;
}

/* The first entry of that name in a table in order of names, or -1. */
static int table_find(
    const void *table, size_t count, size_t size, name_cb name_of, const char *name)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(name_of((const char *)table + middle * size), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || strcmp(name_of((const char *)table + low * size), name) != 0)
		return -1;
	return (int)low;
}

int cm_law_find_act(const struct cm_law *law, const char *name)
{
	return table_find(law->acts, law->acts_count, sizeof *law->acts, act_name, name);
}

int cm_law_find_set(const struct cm_law *law, const char *name)
{
	return table_find(law->sets, law->sets_count, sizeof *law->sets, set_name, name);
}

int cm_law_find_notion(const struct cm_law *law, const char *name)
{
	return table_find(
	    law->notions, law->notions_count, sizeof *law->notions, notion_name, name);
}

int cm_law_find_calendar(const struct cm_law *law, const char *name)
{
	return table_find(
	    law->calendars, law->calendars_count, sizeof *law->calendars, calendar_name, name);
}

int cm_law_rules_of(const struct cm_law *law, const char *id, size_t *end)
{
	int first = cm_law_find_rule(law, id);

	if (first < 0)
		return -1;
	*end = (size_t)first + 1;
	while (*end < law->rules_count && strcmp(law->rules[*end].def->id, id) == 0)
		++*end;
	return first;
}

int cm_fact_value(const struct cm_fact_entry *fact, const char *text)
{
	if (fact->info.type == CM_FACT_COUNTRY || fact->info.type == CM_FACT_COUNTRIES)
		return cm_country_find(text);
	for (uint32_t i = 0; i < fact->values_count; i++)
		if (fact->values[i][0] == text[0] && strcmp(fact->values[i], text) == 0)
			return (int)i;
	return -1;
}

const char *cm_fact_suggest(const struct cm_fact_entry *fact, const char *typed)
{
	if (fact->values == cm_countries)
		return cm_country_suggest(typed);
	return cm_text_suggest(typed, fact->values, fact->values_count);
}

const char *cm_fact_kind(const struct cm_fact_entry *fact)
{
	static const char *const kinds[] = {"a yes-or-no fact", "a judgment", "one of a list",
	    "a set", "a number", "a date", "a country", "a set of countries"};

	return kinds[fact->info.type];
}
