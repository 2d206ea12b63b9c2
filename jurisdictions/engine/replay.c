#include "jurisdictions/engine/replay.h"

#include <assert.h>
#include <string.h>

#include "jurisdictions/engine/emit.h"
#include "jurisdictions/engine/table.h"

/* In an open column: the row of what is certain. */
struct certain {
	uint16_t column;
	uint16_t row;
};

/* What the jump code said of a rule when the demand was packed. */
struct fix {
	uint32_t place;
	uint32_t applies;
};

/* Where a demand's own entries end. */
struct ends {
	uint32_t certains;
	uint32_t fixes;
};

struct cm_replay {
	const struct cm_law *law;    /* borrowed */
	struct cm_decision *scratch; /* owned */
	uint16_t *rows;              /* owned; a demand's: of its day, then by column */
	size_t rows_count;
	size_t rows_cap;
	struct ends *ends; /* owned; per demand, one before the first */
	size_t count;
	size_t ends_cap;
	struct certain *certains; /* owned */
	size_t certains_count;
	size_t certains_cap;
	struct fix *fixes; /* owned */
	size_t fixes_count;
	size_t fixes_cap;
	uint64_t *pool; /* owned; rows that are not the law's, each once */
	size_t pool_count;
	size_t pool_cap;
	uint16_t *found; /* owned; pool by hash, number + 1 */
	size_t found_size;
};

struct cm_replay *cm_replay_new(const struct cm_law *law)
{
	struct cm_replay *replay = cm_alloc(1, sizeof *replay);

	if (replay == NULL)
		return NULL;
	replay->law = law;
	replay->found_size = 2 * (CM_MAX_TABLE_ROWS + 1);
	replay->found = cm_alloc(replay->found_size, sizeof *replay->found);
	replay->scratch = cm_decision_new(law);
	replay->ends = cm_alloc(64, sizeof *replay->ends);
	replay->ends_cap = 64;
	if (replay->found != NULL && replay->scratch != NULL && replay->ends != NULL)
		return replay;
	cm_replay_free(replay);
	return NULL;
}

void cm_replay_free(struct cm_replay *replay)
{
	if (replay == NULL)
		return;
	cm_decision_free(replay->scratch);
	cm_free(replay->rows);
	cm_free(replay->ends);
	cm_free(replay->certains);
	cm_free(replay->fixes);
	cm_free(replay->pool);
	cm_free(replay->found);
	cm_free(replay);
}

size_t cm_replay_count(const struct cm_replay *replay)
{
	return replay->count;
}

size_t cm_replay_bytes(const struct cm_replay *replay)
{
	return replay->rows_count * sizeof *replay->rows + replay->count * sizeof *replay->ends +
	       replay->certains_count * sizeof *replay->certains +
	       replay->fixes_count * sizeof *replay->fixes +
	       replay->pool_count * replay->law->tables->words * sizeof *replay->pool;
}

/* ---- packing ---- */

static uint64_t row_hash(const uint64_t *row, size_t words)
{
	uint64_t hash = words;

	for (size_t i = 0; i < words; i++) {
		hash = (hash ^ row[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

static enum cm_status pool_put(struct cm_replay *replay, const uint64_t *row, uint16_t *index)
{
	size_t words = replay->law->tables->words;
	size_t at = row_hash(row, words) & (replay->found_size - 1);
	void *pool = replay->pool;

	for (; replay->found[at] != 0; at = (at + 1) & (replay->found_size - 1)) {
		*index = (uint16_t)(CM_ROW_OWN | (replay->found[at] - 1u));
		if (memcmp(replay->pool + (replay->found[at] - 1u) * words, row,
			words * sizeof *row) == 0)
			return CM_OK;
	}
	if (replay->pool_count == CM_MAX_TABLE_ROWS)
		return CM_TOO_LARGE;
	if (!cm_emit_grow(&pool, replay->pool_count, &replay->pool_cap, words * sizeof *row))
		return CM_NO_MEMORY;
	replay->pool = pool;
	memcpy(replay->pool + replay->pool_count * words, row, words * sizeof *row);
	*index = (uint16_t)(CM_ROW_OWN | replay->pool_count);
	replay->found[at] = (uint16_t)++replay->pool_count;
	return CM_OK;
}

/* A row of the demand becomes a row of the pool; one of the law stays. */
static enum cm_status row_put(
    struct cm_replay *replay, const struct cm_facts *facts, uint16_t row, uint16_t *index)
{
	*index = row;
	if ((row & CM_ROW_OWN) == 0)
		return CM_OK;
	return pool_put(replay,
	    facts->rows->words + (row & ~CM_ROW_OWN & 0xffffu) * replay->law->tables->words, index);
}

static enum cm_status day_put(struct cm_replay *replay, struct cm_day as_of, uint16_t *index)
{
	const struct cm_tables *tables = replay->law->tables;

	cm_decision_on(replay->scratch, as_of);
	if (replay->scratch->day_row == replay->scratch->day_room)
		return pool_put(replay, replay->scratch->day_room, index);
	*index = (uint16_t)((size_t)(replay->scratch->day_row - tables->rows) / tables->words);
	return CM_OK;
}

static enum cm_status rows_put(
    struct cm_replay *replay, const struct cm_facts *facts, struct cm_day as_of)
{
	size_t columns = replay->law->tables->columns_count;
	void *rows = replay->rows;
	enum cm_status status;

	while (replay->rows_count + columns + 1 > replay->rows_cap) {
		if (!cm_emit_grow(&rows, replay->rows_cap, &replay->rows_cap, sizeof *replay->rows))
			return CM_NO_MEMORY;
		replay->rows = rows;
	}
	status = day_put(replay, as_of, &replay->rows[replay->rows_count]);
	for (size_t i = 0; i < columns && status == CM_OK; i++)
		status = row_put(
		    replay, facts, facts->rows->may[i], &replay->rows[replay->rows_count + 1 + i]);
	return status;
}

static enum cm_status certain_put(
    struct cm_replay *replay, const struct cm_facts *facts, size_t column)
{
	void *items = replay->certains;
	struct certain *certain;

	if (replay->certains_count == UINT32_MAX)
		return CM_TOO_LARGE;
	if (!cm_emit_grow(
		&items, replay->certains_count, &replay->certains_cap, sizeof *replay->certains))
		return CM_NO_MEMORY;
	replay->certains = items;
	certain = &replay->certains[replay->certains_count++];
	certain->column = (uint16_t)column;
	return row_put(replay, facts, facts->rows->must[column], &certain->row);
}

static bool bit_of(const uint64_t *bits, size_t at)
{
	return (bits[at / 64] >> (at % 64) & 1) != 0;
}

static enum cm_status fix_put(struct cm_replay *replay, size_t place, enum cm_truth applies)
{
	void *items = replay->fixes;

	if (replay->fixes_count == UINT32_MAX)
		return CM_TOO_LARGE;
	if (!cm_emit_grow(&items, replay->fixes_count, &replay->fixes_cap, sizeof *replay->fixes))
		return CM_NO_MEMORY;
	replay->fixes = items;
	replay->fixes[replay->fixes_count++] = (struct fix){(uint32_t)place, (uint32_t)applies};
	return CM_OK;
}

/* What only the jump code knows is asked once, now. */
static enum cm_status fixes_put(
    struct cm_replay *replay, const struct cm_facts *facts, struct cm_day as_of, bool is_open)
{
	const struct cm_tables *tables = replay->law->tables;
	struct cm_decision *scratch = replay->scratch;
	struct cm_view view = {.may = facts->rows->may,
	    .must = facts->rows->must,
	    .open = facts->rows->open,
	    .own = facts->rows->words,
	    .is_open = is_open};
	enum cm_status status = CM_OK;
	struct cm_moments moments;

	if (!tables->has_by_code && !(tables->has_split && is_open))
		return CM_OK;
	cm_view_decide(scratch, &view);
	if (cm_view_asked(scratch, is_open, scratch->asked) == 0)
		return CM_OK;
	cm_moments_of(replay->law, facts, as_of, &moments);
	for (size_t place = 0; place < tables->rules && status == CM_OK; place++)
		if (bit_of(scratch->asked, place))
			status = fix_put(replay, place,
			    cm_rule_applies(replay->law, tables->rule_at[place], facts, &moments));
	return status;
}

enum cm_status cm_replay_add(
    struct cm_replay *replay, const struct cm_facts *facts, struct cm_day as_of)
{
	size_t columns = replay->law->tables->columns_count;
	struct ends before = replay->ends[replay->count];
	void *ends = replay->ends;
	bool is_open = false;
	enum cm_status status;

	assert(facts->law == replay->law && facts->rows->of == facts);
	if (!cm_emit_grow(&ends, replay->count + 1, &replay->ends_cap, sizeof *replay->ends))
		return CM_NO_MEMORY;
	replay->ends = ends;
	status = rows_put(replay, facts, as_of);
	for (size_t i = 0; i < columns && status == CM_OK; i++) {
		if (!bit_of(facts->rows->open, i))
			continue;
		is_open = true;
		status = certain_put(replay, facts, i);
	}
	if (status == CM_OK)
		status = fixes_put(replay, facts, as_of, is_open);
	if (status != CM_OK) {
		replay->certains_count = before.certains;
		replay->fixes_count = before.fixes;
		return status;
	}
	replay->rows_count += columns + 1;
	replay->ends[++replay->count] =
	    (struct ends){(uint32_t)replay->certains_count, (uint32_t)replay->fixes_count};
	return CM_OK;
}

/* ---- deciding ---- */

void cm_replay_decide(const struct cm_replay *replay, size_t demand, struct cm_decision *out)
{
	const struct cm_tables *tables = replay->law->tables;
	const uint16_t *rows = replay->rows + demand * (tables->columns_count + 1);
	const struct ends *ends = &replay->ends[demand];
	uint16_t must[CM_MAX_COLUMNS];
	uint64_t open[CM_COLUMN_WORDS] = {0};
	struct cm_view view = {.may = rows + 1,
	    .must = must,
	    .open = open,
	    .own = replay->pool,
	    .is_open = ends[0].certains != ends[1].certains};

	assert(demand < replay->count && out->law == replay->law);
	for (uint32_t i = ends[0].certains; i < ends[1].certains; i++) {
		const struct certain *certain = &replay->certains[i];

		must[certain->column] = certain->row;
		open[certain->column / 64] |= UINT64_C(1) << (certain->column % 64);
	}
	out->day_row = (rows[0] & CM_ROW_OWN) != 0
			   ? replay->pool + (rows[0] & ~CM_ROW_OWN & 0xffffu) * tables->words
			   : tables->rows + rows[0] * tables->words;
	cm_view_decide(out, &view);
	for (uint32_t i = ends[0].fixes; i < ends[1].fixes; i++)
		cm_view_put(out, replay->fixes[i].place, (enum cm_truth)replay->fixes[i].applies);
	cm_view_settle(out);
	out->day_row = NULL; /* of no day the decision remembers */
}

/* ---- comparing ---- */

#define NOWHERE UINT32_MAX

/* For each place of one law the place of the same rule in the other. */
static uint32_t *places_map(const struct cm_law *from, const struct cm_law *to)
{
	uint32_t *map = cm_alloc(from->tables->rule_words * 64, sizeof *map);
	size_t version = 0;

	for (size_t i = 0; map != NULL && i < from->rules_count; i++) {
		const char *id = from->rules[i].def->id;
		size_t end = 0;
		int first = cm_law_rules_of(to, id, &end);

		version = i > 0 && strcmp(from->rules[i - 1].def->id, id) == 0 ? version + 1 : 0;
		map[from->tables->place_of[i]] = first >= 0 && (size_t)first + version < end
						     ? to->tables->place_of[(size_t)first + version]
						     : NOWHERE;
	}
	return map;
}

/* The same rules, under the map: each of one is in the other, and there are equally many. */
static bool is_same(
    const uint64_t *a, size_t a_words, const uint64_t *b, size_t b_words, const uint32_t *map)
{
	size_t count = 0;

	for (size_t w = 0; w < b_words; w++)
		count += (size_t)__builtin_popcountll(b[w]);
	for (size_t w = 0; w < a_words; w++)
		for (uint64_t left = a[w]; left != 0; left &= left - 1) {
			uint32_t place = map[w * 64 + (size_t)__builtin_ctzll(left)];

			if (place == NOWHERE || !bit_of(b, place) || count-- == 0)
				return false;
		}
	return count == 0;
}

static bool is_changed(
    const struct cm_decision *a, const struct cm_decision *b, const uint32_t *map)
{
	size_t a_words = a->law->tables->rule_words;
	size_t b_words = b->law->tables->rule_words;

	return !is_same(a->may, a_words, b->may, b_words, map) ||
	       !is_same(a->holds_may, a_words, b->holds_may, b_words, map) ||
	       !is_same(a->holds_must, a_words, b->holds_must, b_words, map);
}

enum cm_status cm_replay_compare(const struct cm_replay *before, const struct cm_replay *after,
    cm_replay_cb on_change, void *arg, size_t *changed)
{
	struct cm_decision *was;
	struct cm_decision *is;
	uint32_t *map;
	enum cm_status status = CM_NO_MEMORY;

	*changed = 0;
	if (before->count != after->count)
		return CM_BAD_INPUT;
	was = cm_decision_new(before->law);
	is = cm_decision_new(after->law);
	map = places_map(before->law, after->law);
	if (was != NULL && is != NULL && map != NULL) {
		for (size_t i = 0; i < before->count; i++) {
			cm_replay_decide(before, i, was);
			cm_replay_decide(after, i, is);
			if (!is_changed(was, is, map))
				continue;
			++*changed;
			if (on_change != NULL)
				on_change(arg, i, was, is);
		}
		status = CM_OK;
	}
	cm_decision_free(was);
	cm_decision_free(is);
	cm_free(map);
	return status;
}
