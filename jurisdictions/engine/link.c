#include "jurisdictions/engine/law.h"

#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/codes.h"

static const char *const yes_no[] = {"no", "yes"};

/* ---- collecting --------------------------------------------------------------------------------
 */

static bool tables_alloc(struct cm_law *law)
{
	struct cm_arena *arena = &law->arena;
	size_t counts[CM_ITEMS] = {0};
	size_t facts;

	for (size_t i = 0; i < law->units_count; i++)
		for (int kind = 0; kind < CM_ITEMS; kind++)
			counts[kind] += law->units[i]->counts[kind];
	facts = counts[CM_ITEM_FACT];
	law->facts = cm_arena_alloc(arena, facts, sizeof *law->facts);
	law->facts_by_name = cm_arena_alloc(arena, facts, sizeof *law->facts_by_name);
	law->acts = cm_arena_alloc(arena, counts[CM_ITEM_ACT], sizeof *law->acts);
	law->sets = cm_arena_alloc(arena, counts[CM_ITEM_SET], sizeof *law->sets);
	law->notions = cm_arena_alloc(arena, counts[CM_ITEM_NOTION], sizeof *law->notions);
	law->calendars = cm_arena_alloc(arena, counts[CM_ITEM_CALENDAR], sizeof *law->calendars);
	law->rules = cm_arena_alloc(arena, counts[CM_ITEM_RULE], sizeof *law->rules);
	return law->facts != NULL && law->facts_by_name != NULL && law->acts != NULL &&
	       law->sets != NULL && law->notions != NULL && law->calendars != NULL &&
	       law->rules != NULL && cm_names_init(&law->fact_names, arena, facts) &&
	       cm_names_init(&law->rule_names, arena, counts[CM_ITEM_RULE]);
}

/* The values of a fact as a plain table. False: no memory. */
static bool fact_fill(
    struct cm_check *check, struct cm_fact_entry *entry, const struct cm_fact_def *def)
{
	const char **values;
	uint32_t count = 0;

	*entry = (struct cm_fact_entry){.def = def};
	entry->info = (struct cm_fact_info){
	    .name = def->name,
	    .type = def->type,
	    .title = def->title,
	    .asked_as = def->asked_as != NULL ? def->asked_as : "",
	    .sensitive = def->sensitive,
	};
	entry->is_set = def->type == CM_FACT_SET_OF || def->type == CM_FACT_COUNTRIES;
	entry->is_finite = def->type != CM_FACT_NUMBER && def->type != CM_FACT_DATE;
	if (def->type == CM_FACT_YES_NO || def->type == CM_FACT_JUDGMENT) {
		entry->values = yes_no;
		entry->values_count = 2;
	} else if (def->type == CM_FACT_COUNTRY || def->type == CM_FACT_COUNTRIES) {
		entry->values = cm_countries;
		entry->values_count = CM_COUNTRIES;
	} else if (entry->is_finite) {
		for (const struct cm_word *word = def->values; word != NULL; word = word->next)
			count++;
		values = cm_arena_alloc(&check->law->arena, count, sizeof *values);
		if (values == NULL)
			return false;
		count = 0;
		for (const struct cm_word *word = def->values; word != NULL; word = word->next) {
			if (cm_word_find(word->text, values, count) >= 0)
				cm_error_add(check->loader, word->at, "duplicate",
				    "%s is listed twice", word->text);
			if (count == CM_MAX_VALUES)
				cm_error_add(check->loader, word->at, "bound",
				    "a fact has at most %d values", CM_MAX_VALUES);
			if (count < CM_MAX_VALUES)
				values[count++] = word->text;
		}
		entry->values = values;
		entry->values_count = count;
		entry->info.values = values;
		entry->info.values_count = count;
	}
	entry->words = (uint8_t)((entry->values_count + 63) / 64);
	return true;
}

static bool fact_add(struct cm_check *check, const struct cm_fact_def *def)
{
	struct cm_law *law = check->law;
	const struct cm_fact_def *first = law->facts_count != 0 ? law->facts[0].def : NULL;

	for (size_t i = 0; i < law->facts_count; i++) {
		if (strcmp(law->facts[i].def->name, def->name) == 0) {
			cm_error_add(check->loader, def->at, "duplicate",
			    "fact %s is declared twice", def->name);
			return true;
		}
	}
	if (first != NULL && first->at.file != def->at.file)
		cm_error_add(check->loader, def->at, "two-vocabularies",
		    "facts are declared in one file only, and that is %s",
		    check->loader->files[first->at.file].path);
	if (law->facts_count == CM_MAX_LAW_FACTS) {
		cm_error_add(check->loader, def->at, "bound", "at most %d facts", CM_MAX_LAW_FACTS);
		return true;
	}
	return fact_fill(check, &law->facts[law->facts_count++], def);
}

/* What decides the order of most rules without a look at them: the first 16 bytes of the id. */
struct rule_key {
	uint64_t prefix[2];
	struct cm_rule_def *def;
	uint32_t hash; /* of the id */
};

static struct rule_key rule_key_of(struct cm_rule_def *def)
{
	struct rule_key key = {.def = def, .hash = cm_name_hash(def->id)};

	for (size_t i = 0; i < 16 && def->id[i] != 0; i++)
		key.prefix[i / 8] |= (uint64_t)(uint8_t)def->id[i] << (56 - 8 * (i % 8));
	return key;
}

static void rule_add(struct cm_check *check, struct cm_rule_def *def, struct rule_key *keys)
{
	struct cm_law *law = check->law;

	if (law->rules_count == CM_MAX_LAW_RULES)
		cm_error_add(check->loader, def->at, "bound", "at most %d rules", CM_MAX_LAW_RULES);
	if (law->rules_count < CM_MAX_LAW_RULES)
		keys[law->rules_count++] = rule_key_of(def);
}

static bool item_add(struct cm_check *check, const struct cm_item *item, struct rule_key *keys)
{
	struct cm_law *law = check->law;

	switch (item->kind) {
	case CM_ITEM_FACT:
		return fact_add(check, item->fact);
	case CM_ITEM_ACT:
		law->acts[law->acts_count++] = item->act;
		return true;
	case CM_ITEM_SET:
		law->sets[law->sets_count++] = item->set;
		return true;
	case CM_ITEM_NOTION:
		law->notions[law->notions_count++] = item->notion;
		return true;
	case CM_ITEM_CALENDAR:
		law->calendars[law->calendars_count++] = item->calendar;
		return true;
	case CM_ITEM_RULE:
		rule_add(check, item->rule, keys);
		return true;
	}
	return true;
}

/* ---- ordering -----------------------------------------------------------------------------------
 */

static int at_compare(struct cm_at a, struct cm_at b)
{
	if (a.file != b.file)
		return a.file < b.file ? -1 : 1;
	return a.offset < b.offset ? -1 : a.offset > b.offset;
}

static int32_t first_day(const struct cm_span *spans)
{
	int32_t first = CM_FOREVER;

	for (; spans != NULL; spans = spans->next)
		if (spans->from < first)
			first = spans->from;
	return first;
}

static int compare_acts(const void *a, const void *b)
{
	const struct cm_act_def *x = *(const struct cm_act_def *const *)a;
	const struct cm_act_def *y = *(const struct cm_act_def *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : at_compare(x->at, y->at);
}

static int compare_sets(const void *a, const void *b)
{
	const struct cm_set_def *x = *(const struct cm_set_def *const *)a;
	const struct cm_set_def *y = *(const struct cm_set_def *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : at_compare(x->at, y->at);
}

static int compare_calendars(const void *a, const void *b)
{
	struct cm_calendar_def *x = *(struct cm_calendar_def *const *)a;
	struct cm_calendar_def *y = *(struct cm_calendar_def *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : at_compare(x->at, y->at);
}

static int compare_notions(const void *a, const void *b)
{
	const struct cm_notion_def *x = *(struct cm_notion_def *const *)a;
	const struct cm_notion_def *y = *(struct cm_notion_def *const *)b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	if (first_day(x->spans) != first_day(y->spans))
		return first_day(x->spans) < first_day(y->spans) ? -1 : 1;
	return at_compare(x->at, y->at);
}

static int compare_rules(const void *a, const void *b)
{
	const struct rule_key *one = a;
	const struct rule_key *two = b;
	const struct cm_rule_def *x = one->def;
	const struct cm_rule_def *y = two->def;
	int order;

	for (int i = 0; i < 2; i++)
		if (one->prefix[i] != two->prefix[i])
			return one->prefix[i] < two->prefix[i] ? -1 : 1;
	order = strcmp(x->id, y->id);
	if (order != 0)
		return order;
	if (first_day(x->spans) != first_day(y->spans))
		return first_day(x->spans) < first_day(y->spans) ? -1 : 1;
	return at_compare(x->at, y->at);
}

static int compare_facts(const void *a, const void *b)
{
	const struct cm_fact_entry *x = *(const struct cm_fact_entry *const *)a;
	const struct cm_fact_entry *y = *(const struct cm_fact_entry *const *)b;

	return strcmp(x->def->name, y->def->name);
}

static void facts_order(struct cm_law *law)
{
	const struct cm_fact_entry *sorted[CM_MAX_LAW_FACTS];

	for (size_t i = 0; i < law->facts_count; i++)
		sorted[i] = &law->facts[i];
	qsort(sorted, law->facts_count, sizeof *sorted, compare_facts);
	for (size_t i = 0; i < law->facts_count; i++) {
		law->facts_by_name[i] = (uint16_t)(sorted[i] - law->facts);
		cm_names_add(&law->fact_names, cm_name_hash(law->facts[i].def->name), i);
	}
}

/* ---- duplicates ---------------------------------------------------------------------------------
 */

#define MAX_VERSIONS 64 /* of one rule or term */

static void refuse_twice(
    struct cm_check *check, const char *what, const char *name, struct cm_at at)
{
	cm_error_add(check->loader, at, "duplicate", "%s %s is declared twice", what, name);
}

static bool spans_overlap(const struct cm_span *a, const struct cm_span *b)
{
	for (; a != NULL; a = a->next)
		for (const struct cm_span *other = b; other != NULL; other = other->next)
			if (a->from < other->until && other->from < a->until)
				return true;
	return false;
}

/* Versions of one rule or term may follow each other in time, never overlap. */
static void refuse_notion_overlap(struct cm_check *check, size_t index)
{
	const struct cm_notion_def *b = check->law->notions[index];

	for (size_t i = index; i-- > 0;) {
		const struct cm_notion_def *a = check->law->notions[i];

		if (strcmp(a->name, b->name) != 0)
			return;
		if (spans_overlap(a->spans, b->spans) || index - i >= MAX_VERSIONS) {
			cm_error_add(check->loader, b->at, "duplicate",
			    "term %s is already declared for some of these days (line %u of %s)",
			    b->name, (unsigned)a->at.line, check->loader->files[a->at.file].path);
			return;
		}
	}
}

static void refuse_rule_overlap(struct cm_check *check, size_t index)
{
	const struct cm_rule_def *b = check->law->rules[index].def;

	for (size_t i = index; i-- > 0;) {
		const struct cm_rule_def *a = check->law->rules[i].def;

		if (strcmp(a->id, b->id) != 0)
			return;
		if (strcmp(a->file->jurisdiction, b->file->jurisdiction) != 0) {
			cm_error_add(check->loader, b->at, "duplicate-id",
			    "rule %s belongs to jurisdiction %s already", b->id,
			    a->file->jurisdiction);
			return;
		}
		if (spans_overlap(a->spans, b->spans) || index - i >= MAX_VERSIONS) {
			cm_error_add(check->loader, b->at, "duplicate-id",
			    "rule %s is already in force on some of these days (line %u of %s)",
			    b->id, (unsigned)a->at.line, a->file->path);
			return;
		}
	}
}

/* Rules in order of their ids, each in its place. */
static void rules_order(struct cm_check *check, struct rule_key *keys)
{
	struct cm_law *law = check->law;

	qsort(keys, law->rules_count, sizeof *keys, compare_rules);
	for (uint32_t i = 0; i < law->rules_count; i++) {
		law->rules[i].def = keys[i].def;
		keys[i].def->index = i;
	}
	for (size_t i = 0; i < law->rules_count; i++) {
		bool is_first =
		    i == 0 ||
		    memcmp(keys[i].prefix, keys[i - 1].prefix, sizeof keys[i].prefix) != 0 ||
		    strcmp(keys[i].def->id, keys[i - 1].def->id) != 0;

		if (is_first)
			cm_names_add(&law->rule_names, keys[i].hash, i);
		else
			refuse_rule_overlap(check, i);
	}
}

static void refuse_duplicates(struct cm_check *check)
{
	struct cm_law *law = check->law;

	for (size_t i = 1; i < law->acts_count; i++)
		if (strcmp(law->acts[i - 1]->name, law->acts[i]->name) == 0)
			refuse_twice(check, "act", law->acts[i]->name, law->acts[i]->at);
	for (size_t i = 1; i < law->sets_count; i++)
		if (strcmp(law->sets[i - 1]->name, law->sets[i]->name) == 0)
			refuse_twice(check, "set", law->sets[i]->name, law->sets[i]->at);
	for (size_t i = 1; i < law->calendars_count; i++)
		if (strcmp(law->calendars[i - 1]->name, law->calendars[i]->name) == 0)
			refuse_twice(
			    check, "calendar", law->calendars[i]->name, law->calendars[i]->at);
	for (size_t i = 1; i < law->notions_count; i++)
		refuse_notion_overlap(check, i);
	for (size_t i = 0; i < law->notions_count; i++)
		if (cm_law_find_fact(law, law->notions[i]->name) >= 0)
			cm_error_add(check->loader, law->notions[i]->at, "duplicate",
			    "%s is a fact already", law->notions[i]->name);
}

/* One walk over all items; the rules are put in order at once, as long as their keys are there. */
static bool items_add(struct cm_check *check)
{
	struct cm_law *law = check->law;
	size_t rules = 0;
	struct rule_key *keys;
	bool fine;

	for (size_t i = 0; i < law->units_count; i++)
		rules += law->units[i]->counts[CM_ITEM_RULE];
	keys = cm_alloc(rules, sizeof *keys);
	fine = keys != NULL;
	for (size_t i = 0; i < law->units_count; i++)
		for (const struct cm_item *item = law->units[i]->items; fine && item != NULL;
		     item = item->next)
			fine = item_add(check, item, keys);
	if (fine)
		rules_order(check, keys);
	cm_free(keys);
	return fine;
}

bool cm_link(struct cm_check *check)
{
	static const char *const when_facts[CM_WHENS] = {
	    "served_on", "issued_on", "conduct_on", NULL};
	struct cm_law *law = check->law;

	if (!tables_alloc(law) || !items_add(check))
		return false;
	facts_order(law);
	qsort(law->acts, law->acts_count, sizeof *law->acts, compare_acts);
	qsort(law->sets, law->sets_count, sizeof *law->sets, compare_sets);
	qsort(law->notions, law->notions_count, sizeof *law->notions, compare_notions);
	qsort(law->calendars, law->calendars_count, sizeof *law->calendars, compare_calendars);
	refuse_duplicates(check);
	for (int i = 0; i < CM_WHENS; i++) {
		int fact = when_facts[i] != NULL ? cm_law_find_fact(law, when_facts[i]) : -1;

		law->when_fact[i] =
		    fact >= 0 && law->facts[fact].info.type == CM_FACT_DATE ? fact : -1;
	}
	law->data_fact = cm_law_find_fact(law, "data");
	if (law->data_fact >= 0 && law->facts[law->data_fact].info.type != CM_FACT_SET_OF)
		law->data_fact = -1;
	return true;
}
