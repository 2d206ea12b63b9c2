/*
 * Deciding by tables. Small sets keep all words in registers and run once through the columns.
 * Large ones put the columns that rule out most over all words first, and then look at the words
 * that are still alive only: for most demands these are the rules of two or three states.
 */
#include "jurisdictions/engine/table.h"

#include <assert.h>
#include <string.h>

#define SMALL_WORDS 8
#define FIRST_COLUMNS 3

static inline bool has_bit(const uint64_t *bits, size_t at)
{
	return (bits[at / 64] >> (at % 64) & 1) != 0;
}

static inline void clear_bit(uint64_t *bits, size_t at)
{
	bits[at / 64] &= ~(UINT64_C(1) << (at % 64));
}

static inline void set_bit(uint64_t *bits, size_t at)
{
	bits[at / 64] |= UINT64_C(1) << (at % 64);
}

static inline const uint64_t *row_of(
    const struct cm_tables *tables, const struct cm_view *view, uint16_t index)
{
	return (index & CM_ROW_OWN) != 0
		   ? view->own + (index & ~CM_ROW_OWN & 0xffffu) * tables->words
		   : tables->rows + index * tables->words;
}

/* ---- small sets ---- */

/* `words` is a constant where this is inlined, so that the compiler unrolls what depends on it. */
static inline __attribute__((always_inline)) void small_known(const struct cm_decision *out,
    const struct cm_tables *tables, const uint16_t *index, size_t words)
{
	const uint64_t *rows = tables->rows;
	size_t columns = tables->columns_count;
	uint64_t left[SMALL_WORDS];

	for (size_t w = 0; w < words; w++)
		left[w] = out->day_row[w];
	for (size_t i = 0; i < columns; i++)
		for (size_t w = 0; w < words; w++)
			left[w] &= rows[index[i] * words + w];
	for (size_t w = 0; w < words; w++)
		out->may[w] = left[w];
}

static inline __attribute__((always_inline)) void small_own(const struct cm_decision *out,
    const struct cm_tables *tables, const struct cm_view *view, size_t words)
{
	size_t columns = tables->columns_count;
	uint64_t left[SMALL_WORDS];

	for (size_t w = 0; w < words; w++)
		left[w] = out->day_row[w];
	for (size_t i = 0; i < columns; i++) {
		const uint64_t *row = row_of(tables, view, view->may[i]);

		for (size_t w = 0; w < words; w++)
			left[w] &= row[w];
	}
	for (size_t w = 0; w < words; w++)
		out->may[w] = left[w];
}

/* What is certain is possible, and more: only the open columns have more to say. */
static inline __attribute__((always_inline)) void small_must(const struct cm_decision *out,
    const struct cm_tables *tables, const struct cm_view *view, size_t words)
{
	size_t column_words = (tables->columns_count + 63) / 64;
	uint64_t left[SMALL_WORDS];

	for (size_t w = 0; w < words; w++)
		left[w] = out->may[w];
	for (size_t c = 0; c < column_words; c++)
		for (uint64_t open = view->open[c]; open != 0; open &= open - 1) {
			size_t column = c * 64 + (size_t)__builtin_ctzll(open);
			const uint64_t *row = row_of(tables, view, view->must[column]);

			for (size_t w = 0; w < words; w++)
				left[w] &= row[w];
		}
	for (size_t w = 0; w < words; w++)
		out->must[w] = left[w];
}

static inline __attribute__((always_inline)) void small_decide(const struct cm_decision *out,
    const struct cm_tables *tables, const struct cm_view *view, size_t words)
{
	if (view->own == NULL)
		small_known(out, tables, view->may, words);
	else
		small_own(out, tables, view, words);
	if (view->is_open)
		small_must(out, tables, view, words);
}

/* ---- large sets ---- */

static size_t alive_find(const struct cm_decision *out, const struct cm_tables *tables,
    const uint64_t *const rows[FIRST_COLUMNS])
{
	size_t count = 0;

	for (size_t w = 0; w < tables->words; w++)
		out->may[w] = out->day_row[w] & rows[0][w] & rows[1][w] & rows[2][w];
	for (size_t w = 0; w < tables->words; w++) {
		out->alive[count] = (uint16_t)w;
		count += out->may[w] != 0;
	}
	return count;
}

static void large_must(const struct cm_decision *out, const struct cm_tables *tables,
    const struct cm_view *view, size_t alive)
{
	size_t column_words = (tables->columns_count + 63) / 64;

	memcpy(out->must, out->may, tables->words * sizeof *out->must);
	for (size_t c = 0; c < column_words; c++)
		for (uint64_t open = view->open[c]; open != 0; open &= open - 1) {
			size_t column = c * 64 + (size_t)__builtin_ctzll(open);
			const uint64_t *row = row_of(tables, view, view->must[column]);

			for (size_t i = 0; i < alive; i++)
				out->must[out->alive[i]] &= row[out->alive[i]];
		}
}

/* The columns in the order to go through them: what rules out most first, but those of which
 * nothing is known rule out next to nothing and come last. */
static void columns_order(
    const struct cm_tables *tables, const struct cm_view *view, uint16_t order[CM_MAX_COLUMNS])
{
	size_t count = 0;

	for (int open = 0; open < 2; open++)
		for (size_t i = 0; i < tables->columns_count; i++)
			if (has_bit(view->open, i) == (open != 0))
				order[count++] = (uint16_t)i;
}

static void large_decide(
    const struct cm_decision *out, const struct cm_tables *tables, const struct cm_view *view)
{
	const uint64_t *rows[FIRST_COLUMNS];
	uint16_t order[CM_MAX_COLUMNS];
	size_t alive;

	columns_order(tables, view, order);
	for (size_t i = 0; i < FIRST_COLUMNS; i++)
		rows[i] = i < tables->columns_count ? row_of(tables, view, view->may[order[i]])
						    : out->day_row;
	alive = alive_find(out, tables, rows);
	for (size_t i = FIRST_COLUMNS; i < tables->columns_count && alive != 0; i++) {
		const uint64_t *row = row_of(tables, view, view->may[order[i]]);
		size_t kept = 0;

		for (size_t j = 0; j < alive; j++) {
			size_t word = out->alive[j];

			out->may[word] &= row[word];
			out->alive[kept] = (uint16_t)word;
			kept += out->may[word] != 0;
		}
		alive = kept;
	}
	if (view->is_open)
		large_must(out, tables, view, alive);
}

/* ---- terms to rules ---- */

static inline void fold(const struct cm_tables *tables, uint64_t *bits)
{
	const uint32_t *owner = tables->owner;

	for (size_t w = tables->rule_words; w < tables->words; w++, owner += 64)
		for (uint64_t left = bits[w]; left != 0; left &= left - 1)
			set_bit(bits, owner[__builtin_ctzll(left)]);
}

void cm_view_decide(struct cm_decision *out, const struct cm_view *view)
{
	const struct cm_tables *tables = out->law->tables;

	switch (tables->words) {
	case 1:
		small_decide(out, tables, view, 1);
		break;
	case 2:
		small_decide(out, tables, view, 2);
		break;
	case 4:
		small_decide(out, tables, view, 4);
		break;
	case 6:
		small_decide(out, tables, view, 6);
		break;
	case SMALL_WORDS:
		small_decide(out, tables, view, SMALL_WORDS);
		break;
	default:
		large_decide(out, tables, view);
		break;
	}
	fold(tables, out->may);
	if (view->is_open)
		fold(tables, out->must);
	else
		memcpy(out->must, out->may, tables->rule_words * sizeof *out->must);
}

/* ---- what tables cannot say ---- */

static void truth_put(uint64_t *may, uint64_t *must, size_t place, enum cm_truth truth)
{
	clear_bit(may, place);
	clear_bit(must, place);
	if (truth != CM_NO)
		set_bit(may, place);
	if (truth == CM_CERTAIN)
		set_bit(must, place);
}

void cm_view_put(struct cm_decision *out, size_t place, enum cm_truth applies)
{
	truth_put(out->may, out->must, place, applies);
}

void cm_decision_put(
    struct cm_decision *out, size_t place, enum cm_truth applies, enum cm_truth holds)
{
	truth_put(out->may, out->must, place, applies);
	truth_put(out->holds_may, out->holds_must, place, holds);
}

size_t cm_view_asked(const struct cm_decision *out, bool is_open, uint64_t *asked)
{
	const struct cm_tables *tables = out->law->tables;
	size_t count = 0;

	for (size_t w = 0; w < tables->rule_words; w++) {
		asked[w] = out->may[w] & tables->by_code[w];
		if (is_open)
			asked[w] |= out->may[w] & ~out->must[w] & tables->split[w];
		count += (size_t)__builtin_popcountll(asked[w]);
	}
	return count;
}

static void view_ask(
    struct cm_decision *out, const struct cm_facts *facts, struct cm_day as_of, bool is_open)
{
	const struct cm_tables *tables = out->law->tables;
	struct cm_moments moments;

	if (cm_view_asked(out, is_open, out->asked) == 0)
		return;
	cm_moments_of(out->law, facts, as_of, &moments);
	for (size_t w = 0; w < tables->rule_words; w++)
		for (uint64_t left = out->asked[w]; left != 0; left &= left - 1) {
			size_t place = w * 64 + (size_t)__builtin_ctzll(left);

			cm_view_put(out, place,
			    cm_rule_applies(out->law, tables->rule_at[place], facts, &moments));
		}
}

/* ---- defeats ---- */

static inline void contest_settle(
    struct cm_decision *out, const struct cm_tables *tables, uint32_t contest)
{
	const struct cm_contest *in = &tables->contests[contest];

	for (uint32_t i = 0; i < in->count; i++) {
		uint32_t by = tables->defeaters[in->first + i];

		if (!has_bit(out->holds_may, by))
			continue;
		clear_bit(out->holds_must, in->place);
		if (has_bit(out->holds_must, by)) {
			clear_bit(out->holds_may, in->place);
			return;
		}
	}
}

/* Defeaters first: the contests are in that order, the places are not. */
static void settle_in_order(struct cm_decision *out, const struct cm_tables *tables)
{
	size_t words = (tables->contests_count + 63) / 64;

	memset(out->pending, 0, words * sizeof *out->pending);
	for (size_t w = 0; w < tables->rule_words; w++)
		for (uint64_t left = out->may[w] & tables->contested[w]; left != 0;
		     left &= left - 1)
			set_bit(out->pending,
			    tables->contest_of[w * 64 + (size_t)__builtin_ctzll(left)]);
	for (size_t w = 0; w < words; w++)
		for (uint64_t left = out->pending[w]; left != 0; left &= left - 1)
			contest_settle(
			    out, tables, (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left));
}

void cm_view_settle(struct cm_decision *out)
{
	const struct cm_tables *tables = out->law->tables;

	for (size_t w = 0; w < tables->rule_words; w++) {
		out->holds_may[w] = out->may[w];
		out->holds_must[w] = out->must[w];
	}
	if (!tables->is_flat) {
		settle_in_order(out, tables);
		return;
	}
	for (size_t w = 0; w < tables->rule_words; w++)
		for (uint64_t left = out->may[w] & tables->contested[w]; left != 0;
		     left &= left - 1)
			contest_settle(out, tables,
			    tables->contest_of[w * 64 + (size_t)__builtin_ctzll(left)]);
}

/* ---- decisions ---- */

void cm_decision_on(struct cm_decision *out, struct cm_day as_of)
{
	if (out->day_row != NULL && out->day == as_of.number)
		return;
	out->day = as_of.number;
	out->day_row = cm_day_row(
	    out->law->tables, cm_day_class(out->law->tables, as_of.number), out->day_room);
}

void cm_decide(const struct cm_law *law, const struct cm_facts *facts, struct cm_day as_of,
    struct cm_decision *out)
{
	const struct cm_tables *tables = law->tables;
	const struct cm_rows *rows = facts->rows;
	struct cm_view view;

	assert(facts->law == law && out->law == law);
	if (rows == NULL || rows->of != facts) {
		cm_decide_by_code(law, facts, as_of, out);
		return;
	}
	cm_decision_on(out, as_of);
	view = (struct cm_view){.may = rows->may,
	    .must = rows->must,
	    .open = rows->open,
	    .own = rows->own_count != 0 ? rows->words : NULL,
	    .is_open = rows->open_count != 0};
	cm_view_decide(out, &view);
	if (tables->has_by_code || (tables->has_split && view.is_open))
		view_ask(out, facts, as_of, view.is_open);
	cm_view_settle(out);
}

static enum cm_truth truth_at(const uint64_t *may, const uint64_t *must, size_t place)
{
	return has_bit(must, place) ? CM_CERTAIN : has_bit(may, place) ? CM_POSSIBLE : CM_NO;
}

enum cm_truth cm_decision_applies(const struct cm_decision *decision, size_t rule)
{
	assert(rule < decision->law->rules_count);
	return truth_at(decision->may, decision->must, decision->law->tables->place_of[rule]);
}

enum cm_truth cm_decision_holds(const struct cm_decision *decision, size_t rule)
{
	assert(rule < decision->law->rules_count);
	return truth_at(
	    decision->holds_may, decision->holds_must, decision->law->tables->place_of[rule]);
}

enum cm_rule_state cm_decision_state(const struct cm_decision *decision, size_t rule)
{
	enum cm_truth holds = cm_decision_holds(decision, rule);

	if (holds == CM_CERTAIN)
		return CM_RULE_HOLDS;
	if (holds == CM_POSSIBLE)
		return CM_RULE_POSSIBLE;
	return cm_decision_applies(decision, rule) == CM_NO ? CM_RULE_SILENT : CM_RULE_DEFEATED;
}

/* All in one block: bits of rules, bits of terms, and what deciding scribbles on. */
struct cm_decision *cm_decision_new(const struct cm_law *law)
{
	const struct cm_tables *tables = law->tables;
	size_t pending = (tables->contests_count + 63) / 64;
	size_t words = 3 * tables->words + 3 * tables->rule_words + pending +
		       (tables->words + 3) / 4 + (2 * law->rules_count + 7) / 8;
	struct cm_decision *decision = cm_alloc(1, sizeof *decision + words * sizeof(uint64_t));

	if (decision == NULL)
		return NULL;
	decision->law = law;
	decision->may = (uint64_t *)(void *)(decision + 1);
	decision->must = decision->may + tables->words;
	decision->day_room = decision->must + tables->words;
	decision->holds_may = decision->day_room + tables->words;
	decision->holds_must = decision->holds_may + tables->rule_words;
	decision->asked = decision->holds_must + tables->rule_words;
	decision->pending = decision->asked + tables->rule_words;
	decision->alive = (uint16_t *)(void *)(decision->pending + pending);
	decision->truths = (uint8_t *)(decision->alive + (tables->words + 3) / 4 * 4);
	return decision;
}

void cm_decision_free(struct cm_decision *decision)
{
	cm_free(decision);
}
