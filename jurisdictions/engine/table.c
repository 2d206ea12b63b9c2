#include "jurisdictions/engine/table.h"

#include <stdlib.h>
#include <string.h>

void cm_tables_free(struct cm_tables *tables)
{
	if (tables == NULL)
		return;
	cm_free(tables->rows);
	cm_free(tables->columns);
	cm_free(tables->asked);
	cm_free(tables->bit_first);
	cm_free(tables->bits);
	cm_free(tables->classes_of);
	cm_free(tables->bounds);
	cm_free(tables->members);
	cm_free(tables->days);
	cm_free(tables->from);
	cm_free(tables->until);
	cm_free(tables->place_of);
	cm_free(tables->rule_at);
	cm_free(tables->owner);
	cm_free(tables->by_code);
	cm_free(tables->split);
	cm_free(tables->contested);
	cm_free(tables->contest_of);
	cm_free(tables->contests);
	cm_free(tables->defeaters);
	cm_free(tables);
}

/* ---- the order of rules ---- */

#define KEYS 3

/* Rules that ask the same of the columns that rule out most stand together, so that a demand
 * leaves few words of a row alive. */
struct rank {
	uint32_t keys[KEYS];
	uint32_t rule;
	uint32_t first; /* its ways */
	uint32_t count;
};

static int compare_ranks(const void *a, const void *b)
{
	const struct rank *x = a;
	const struct rank *y = b;

	for (int i = 0; i < KEYS; i++)
		if (x->keys[i] != y->keys[i])
			return x->keys[i] < y->keys[i] ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static uint16_t column_of(const struct cm_law *law, uint32_t literal)
{
	const struct cm_literal *in = &law->code.literals[literal];

	return in->op >= CM_OP_GE_FACT ? law->tables->loose : law->tables->column_of[in->fact];
}

static void rank_fill(const struct cm_law *law, const struct cm_ways *ways, struct rank *rank)
{
	const struct cm_way *way;

	for (int i = 0; i < KEYS; i++)
		rank->keys[i] = UINT32_MAX;
	if (rank->count == 0)
		return; /* a rule without a way to apply */
	way = &ways->items[rank->first];
	for (uint32_t i = 0; i < way->count; i++) {
		uint32_t literal = ways->literals[way->first + i];
		uint16_t column = column_of(law, literal);

		if (column < KEYS && rank->keys[column] == UINT32_MAX)
			rank->keys[column] = literal;
	}
}

static struct rank *ranks_new(const struct cm_law *law, const struct cm_ways *ways)
{
	struct rank *ranks = cm_alloc(law->rules_count, sizeof *ranks);
	size_t at = 0;

	if (ranks == NULL)
		return NULL;
	for (size_t i = 0; i < law->rules_count; i++) {
		ranks[i].rule = (uint32_t)i;
		ranks[i].first = (uint32_t)at;
		while (at < ways->count && ways->items[at].rule == i)
			at++;
		ranks[i].count = (uint32_t)at - ranks[i].first;
		rank_fill(law, ways, &ranks[i]);
	}
	qsort(ranks, law->rules_count, sizeof *ranks, compare_ranks);
	return ranks;
}

/* ---- bits ---- */

static bool bits_alloc(const struct cm_law *law)
{
	struct cm_tables *tables = law->tables;
	size_t places = tables->rule_words * 64;

	tables->place_of = cm_alloc(tables->rules, sizeof *tables->place_of);
	tables->rule_at = cm_alloc(places, sizeof *tables->rule_at);
	tables->owner = cm_alloc(tables->terms - places, sizeof *tables->owner);
	tables->from = cm_alloc(tables->terms, sizeof *tables->from);
	tables->until = cm_alloc(tables->terms, sizeof *tables->until);
	tables->bit_first = cm_alloc(law->code.literals_count + 2, sizeof *tables->bit_first);
	tables->by_code = cm_alloc(tables->rule_words, sizeof *tables->by_code);
	tables->split = cm_alloc(tables->rule_words, sizeof *tables->split);
	return tables->place_of != NULL && tables->rule_at != NULL && tables->owner != NULL &&
	       tables->from != NULL && tables->until != NULL && tables->bit_first != NULL &&
	       tables->by_code != NULL && tables->split != NULL;
}

#define NO_WAY UINT32_MAX

/* The way of each bit: `way_of`, by bit. */
static void bits_place(const struct cm_law *law, const struct cm_ways *ways,
    const struct rank *ranks, uint32_t *way_of)
{
	struct cm_tables *tables = law->tables;
	uint32_t behind = (uint32_t)tables->rule_words * 64;

	memset(way_of, 0xff, tables->terms * sizeof *way_of);
	for (uint32_t place = 0; place < tables->rules; place++) {
		const struct rank *rank = &ranks[place];
		uint64_t bit = UINT64_C(1) << (place % 64);

		tables->place_of[rank->rule] = place;
		tables->rule_at[place] = rank->rule;
		if (ways->by_code[rank->rule] != 0)
			tables->by_code[place / 64] |= bit;
		else if (law->code.rules[rank->rule].segments > 1)
			tables->split[place / 64] |= bit;
		for (uint32_t i = 0; i < rank->count; i++) {
			uint32_t at = i == 0 ? place : behind;

			if (i > 0)
				tables->owner[behind++ - tables->rule_words * 64] = place;
			way_of[at] = rank->first + i;
			tables->from[at] = ways->items[rank->first + i].from;
			tables->until[at] = ways->items[rank->first + i].until;
		}
	}
	for (size_t i = 0; i < tables->rule_words; i++) {
		tables->has_by_code = tables->has_by_code || tables->by_code[i] != 0;
		tables->has_split = tables->has_split || tables->split[i] != 0;
	}
}

/* A literal's terms stand together where they can, so they are kept by the word: `last` says, one
 * more than it is, in which word the literal was met last. */
static bool is_new_word(uint32_t *last, uint32_t word)
{
	bool is_new = *last != word + 1;

	*last = word + 1;
	return is_new;
}

/* Count, then place: the bits of each literal, in order. */
static bool bits_by_literal(
    const struct cm_law *law, const struct cm_ways *ways, const uint32_t *way_of, uint32_t *last)
{
	struct cm_tables *tables = law->tables;
	size_t literals = law->code.literals_count;
	uint32_t *first = tables->bit_first;

	for (uint32_t bit = 0; bit < tables->terms; bit++) {
		const struct cm_way *way;

		if (way_of[bit] == NO_WAY)
			continue;
		way = &ways->items[way_of[bit]];
		for (uint32_t i = 0; i < way->count; i++) {
			uint32_t literal = ways->literals[way->first + i];

			first[literal + 2u] += is_new_word(&last[literal], bit / 64);
		}
	}
	for (size_t i = 2; i < literals + 2; i++)
		first[i] += first[i - 1];
	tables->bits = cm_alloc(first[literals + 1], sizeof *tables->bits);
	if (tables->bits == NULL)
		return false;
	memset(last, 0, literals * sizeof *last);
	for (uint32_t bit = 0; bit < tables->terms; bit++) {
		const struct cm_way *way;

		if (way_of[bit] == NO_WAY)
			continue;
		way = &ways->items[way_of[bit]];
		for (uint32_t i = 0; i < way->count; i++) {
			uint32_t literal = ways->literals[way->first + i];
			uint32_t *end = &first[literal + 1u];

			*end += is_new_word(&last[literal], bit / 64);
			tables->bits[*end - 1].word = bit / 64;
			tables->bits[*end - 1].bits |= UINT64_C(1) << (bit % 64);
		}
	}
	return true;
}

static bool bits_make(const struct cm_law *law, const struct cm_ways *ways)
{
	struct rank *ranks = ranks_new(law, ways);
	uint32_t *way_of = cm_alloc(law->tables->terms, sizeof *way_of);
	uint32_t *last = cm_alloc(law->code.literals_count, sizeof *last);
	bool fine = ranks != NULL && way_of != NULL && last != NULL && bits_alloc(law);

	if (fine) {
		bits_place(law, ways, ranks, way_of);
		fine = bits_by_literal(law, ways, way_of, last);
	}
	cm_free(ranks);
	cm_free(way_of);
	cm_free(last);
	return fine;
}

/* ---- defeats ---- */

static bool contests_make(const struct cm_law *law)
{
	struct cm_tables *tables = law->tables;
	const struct cm_code *code = &law->code;

	tables->contested = cm_alloc(tables->rule_words, sizeof *tables->contested);
	tables->contest_of = cm_alloc(tables->rule_words * 64, sizeof *tables->contest_of);
	tables->contests = cm_alloc(law->contested_count, sizeof *tables->contests);
	tables->defeaters = cm_alloc(law->edges_count, sizeof *tables->defeaters);
	if (tables->contested == NULL || tables->contest_of == NULL || tables->contests == NULL ||
	    tables->defeaters == NULL)
		return false;
	for (size_t i = 0; i < law->edges_count; i++)
		tables->defeaters[i] = tables->place_of[code->defeaters[i]];
	for (uint32_t i = 0; i < law->contested_count; i++) {
		uint32_t place = tables->place_of[law->contested[i]];
		const struct cm_rule_code *rule = &code->rules[law->contested[i]];

		tables->contested[place / 64] |= UINT64_C(1) << (place % 64);
		tables->contest_of[place] = i;
		tables->contests[i] = (struct cm_contest){place, rule->defeater, rule->defeaters};
	}
	tables->contests_count = law->contested_count;
	tables->is_flat = true;
	for (size_t i = 0; i < law->edges_count; i++) {
		uint32_t place = tables->defeaters[i];

		if ((tables->contested[place / 64] >> (place % 64) & 1) != 0)
			tables->is_flat = false;
	}
	return true;
}

/* ---- days of decision ---- */

static int compare_days(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a;
	int32_t y = *(const int32_t *)b;

	return x < y ? -1 : x > y;
}

static bool days_make(struct cm_tables *tables, const struct cm_ways *ways)
{
	size_t count = 0;
	size_t kept = 0;

	tables->days = cm_alloc(ways->count * 2 + 1, sizeof *tables->days);
	if (tables->days == NULL)
		return false;
	tables->days[count++] = INT32_MIN;
	for (size_t i = 0; i < ways->count; i++) {
		const struct cm_way *way = &ways->items[i];

		if (way->from != INT32_MIN && way->from != tables->days[count - 1])
			tables->days[count++] = way->from;
		if (way->until != CM_FOREVER)
			tables->days[count++] = way->until;
	}
	qsort(tables->days, count, sizeof *tables->days, compare_days);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || tables->days[i] != tables->days[kept - 1])
			tables->days[kept++] = tables->days[i];
	tables->days_count = kept;
	return true;
}

/* ---- all of it ---- */

/* Rows of a few words take 4 or 8, which two or four wide instructions handle. */
static size_t words_for(size_t bits)
{
	size_t words = (bits + 63) / 64;

	return words <= 2 ? words : (words + 1) / 2 * 2;
}

static bool tables_fill(struct cm_law *law, const struct cm_ways *ways)
{
	struct cm_tables *tables = law->tables;
	size_t first_terms = 0;

	for (size_t i = 0; i < ways->count; i++)
		first_terms += i == 0 || ways->items[i].rule != ways->items[i - 1].rule;
	tables->rules = law->rules_count;
	tables->rule_words = (law->rules_count + 63) / 64;
	tables->terms = tables->rule_words * 64 + ways->count - first_terms;
	tables->words = words_for(tables->terms);
	return cm_columns_find(law, ways, tables->words) && bits_make(law, ways) &&
	       contests_make(law) && days_make(tables, ways) && cm_rows_make(law);
}

enum cm_status cm_tables_make(struct cm_law *law)
{
	struct cm_ways ways;
	bool fine = cm_ways_find(law, CM_MAX_TERMS, &ways);

	if (fine && ways.count > CM_MAX_LAW_TERMS) {
		cm_ways_free(&ways);
		fine = cm_ways_find(law, 1, &ways);
	}
	law->tables = cm_alloc(1, sizeof *law->tables);
	fine = fine && law->tables != NULL && tables_fill(law, &ways);
	cm_ways_free(&ways);
	return fine ? CM_OK : CM_NO_MEMORY;
}
