/*
 * The second floor: bitmap tables written for these 100 rules alone, as little as they can be. No
 * dates, no knowledge in part, no rival readings; widths are constants. Rows of one fact with the
 * same bits are one row, so there are as few as possible.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/rules.h"

#define WORDS 4
#define MOST_TERMS (WORDS * 64 - 128 + BENCH_RULES)
#define MOST_LITERALS 16
#define MOST_ROWS 4096

struct term {
	struct bench_literal literals[MOST_LITERALS];
	size_t count;
	size_t rule;
};

struct row {
	uint64_t words[WORDS];
};

struct bench_floor {
	struct row rows[MOST_ROWS];
	size_t rows_count;
	uint16_t known[BENCH_DEMANDS][BENCH_FACTS];
	uint16_t may[BENCH_DEMANDS][BENCH_FACTS];
	uint16_t must[BENCH_DEMANDS][BENCH_FACTS];
	uint8_t owner[(WORDS - 2) * 64]; /* the rules of the terms behind the first ones */
	struct row all;                  /* terms there are */
	uint64_t contested[2];
	struct bench_answer defeaters[BENCH_RULES];
	uint8_t order[BENCH_RULES]; /* contested rules, defeaters first */
	size_t order_count;
	struct term *terms; /* while it is made; bit by bit */
	size_t bits[MOST_TERMS];
	size_t terms_count;
};

/* ---- terms ---- */

static void term_join(struct term *to, const struct term *from)
{
	for (size_t i = 0; i < from->count; i++) {
		if (to->count == MOST_LITERALS)
			bench_die("a term of the floor is too long");
		to->literals[to->count++] = from->literals[i];
	}
}

/* The terms of an expression, into `out`; how many. */
static size_t terms_of(const struct bench_set *set, const struct cm_expr *expr, bool negated,
    struct term *out, size_t most)
{
	bool all = (expr->kind == CM_EXPR_AND) != negated;
	size_t count = 1;

	if (most < 2)
		bench_die("the floor has no room for so many terms");
	out[0] = (struct term){.count = 0};
	if (expr->kind == CM_EXPR_NOT)
		return terms_of(set, expr->first, !negated, out, most);
	if (expr->kind == CM_EXPR_ATOM) {
		out[0].literals[out[0].count++] =
		    bench_literal_of(set->law, set->dense, expr, negated);
		return 1;
	}
	if (!all)
		count = 0;
	for (const struct cm_expr *at = expr->first; at != NULL; at = at->next) {
		struct term *more;
		size_t found;

		if (!all) {
			count += terms_of(set, at, negated, out + count, most - count);
			continue;
		}
		more = calloc(64, sizeof *more);
		if (more == NULL)
			bench_die("out of memory");
		found = terms_of(set, at, negated, more, 64);
		if (count * found > most)
			bench_die("the floor has no room for so many terms");
		for (size_t i = count * found; i-- > 0;) {
			struct term joined = out[i % count];

			term_join(&joined, &more[i / count]);
			out[i] = joined;
		}
		count *= found;
		free(more);
	}
	return count;
}

static void terms_find(struct bench_floor *floor, const struct bench_set *set)
{
	size_t behind = 128;

	floor->terms = calloc(MOST_TERMS + 64, sizeof *floor->terms);
	if (floor->terms == NULL)
		bench_die("out of memory");
	for (size_t rule = 0; rule < BENCH_RULES; rule++) {
		struct term *first = floor->terms + floor->terms_count;
		size_t count = terms_of(set, set->law->rules[rule].def->applies, false, first,
		    MOST_TERMS - floor->terms_count);

		for (size_t i = 0; i < count; i++) {
			size_t bit = i == 0 ? rule : behind;

			if (i > 0)
				floor->owner[behind++ - 128] = (uint8_t)rule;
			if (behind >= WORDS * 64)
				bench_die("the floor has no room for so many terms");
			floor->bits[floor->terms_count++] = bit;
			floor->all.words[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
}

/* ---- rows ---- */

static bool is_so(const struct bench_literal *in, int64_t value)
{
	uint64_t bits = (uint64_t)value;
	uint64_t mask = (uint64_t)in->arg;

	switch ((int)in->op) {
	case CM_OP_IN:
		return (mask >> value & 1) != 0;
	case CM_OP_ANY:
		return (bits & mask) != 0;
	case CM_OP_NONE:
		return (bits & mask) == 0;
	case CM_OP_ALL:
		return (mask & ~bits) == 0;
	case CM_OP_LACKS:
		return (mask & ~bits) != 0;
	case CM_OP_GE:
		return value >= in->arg;
	case CM_OP_LT:
		return value < in->arg;
	case CM_OP_EQ:
		return value == in->arg;
	default:
		return value != in->arg;
	}
}

static uint16_t row_find(struct bench_floor *floor, size_t fact, int64_t value, bool unknown_is)
{
	struct row row = floor->all;
	size_t at = 0;

	for (size_t i = 0; i < floor->terms_count; i++)
		for (size_t j = 0; j < floor->terms[i].count; j++) {
			const struct bench_literal *in = &floor->terms[i].literals[j];

			if (in->fact == fact &&
			    !(value == BENCH_UNKNOWN ? unknown_is : is_so(in, value)))
				row.words[floor->bits[i] / 64] &=
				    ~(UINT64_C(1) << (floor->bits[i] % 64));
		}
	while (at < floor->rows_count && memcmp(&floor->rows[at], &row, sizeof row) != 0)
		at++;
	if (at == MOST_ROWS)
		bench_die("the floor has no room for so many rows");
	if (at == floor->rows_count)
		floor->rows[floor->rows_count++] = row;
	return (uint16_t)at;
}

struct bench_floor *bench_floor_new(const struct bench_set *set)
{
	struct bench_floor *floor = calloc(1, sizeof *floor);

	if (floor == NULL)
		bench_die("out of memory");
	terms_find(floor, set);
	for (size_t i = 0; i < BENCH_DEMANDS; i++)
		for (size_t fact = 0; fact < BENCH_FACTS; fact++) {
			int64_t open = set->demands[1][i].values[fact];

			floor->known[i][fact] =
			    row_find(floor, fact, set->demands[0][i].values[fact], true);
			floor->may[i][fact] = row_find(floor, fact, open, true);
			floor->must[i][fact] = row_find(floor, fact, open, false);
		}
	for (size_t i = 0; i < set->law->contested_count; i++) {
		size_t rule = set->law->contested[i];

		floor->contested[rule / 64] |= UINT64_C(1) << (rule % 64);
		floor->defeaters[rule] = bench_defeaters(set->law, rule);
		floor->order[floor->order_count++] = (uint8_t)rule;
	}
	free(floor->terms);
	floor->terms = NULL;
	return floor;
}

void bench_floor_free(struct bench_floor *floor)
{
	free(floor);
}

/* ---- deciding ---- */

static inline struct bench_answer rows_meet(
    const struct bench_floor *floor, const uint16_t rows[BENCH_FACTS])
{
	struct row left = floor->rows[rows[0]];
	struct bench_answer out;

	for (size_t i = 1; i < BENCH_FACTS; i++)
		for (size_t w = 0; w < WORDS; w++)
			left.words[w] &= floor->rows[rows[i]].words[w];
	out = (struct bench_answer){{left.words[0], left.words[1]}};
	for (size_t w = 2; w < WORDS; w++)
		for (uint64_t more = left.words[w]; more != 0; more &= more - 1) {
			size_t rule = floor->owner[(w - 2) * 64 + (size_t)__builtin_ctzll(more)];

			out.bits[rule / 64] |= UINT64_C(1) << (rule % 64);
		}
	return out;
}

static inline bool meets(const struct bench_answer *a, const struct bench_answer *b)
{
	return ((a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1])) != 0;
}

struct bench_answer bench_floor_known(const struct bench_floor *floor, size_t demand)
{
	struct bench_answer out = rows_meet(floor, floor->known[demand]);
	struct bench_answer was = out;

	if (((out.bits[0] & floor->contested[0]) | (out.bits[1] & floor->contested[1])) == 0)
		return out;
	for (size_t i = 0; i < floor->order_count; i++) {
		size_t rule = floor->order[i];

		if ((was.bits[rule / 64] >> (rule % 64) & 1) != 0 &&
		    meets(&out, &floor->defeaters[rule]))
			out.bits[rule / 64] &= ~(UINT64_C(1) << (rule % 64));
	}
	return out;
}

void bench_floor_open(const struct bench_floor *floor, size_t demand, struct bench_answer after[2],
    struct bench_answer before[2])
{
	struct bench_answer may = rows_meet(floor, floor->may[demand]);
	struct bench_answer must = rows_meet(floor, floor->must[demand]);

	before[0] = must;
	before[1] = may;
	for (size_t i = 0; i < floor->order_count; i++) {
		size_t rule = floor->order[i];
		uint64_t bit = UINT64_C(1) << (rule % 64);

		if ((may.bits[rule / 64] & bit) == 0 || !meets(&may, &floor->defeaters[rule]))
			continue;
		if (meets(&must, &floor->defeaters[rule]))
			may.bits[rule / 64] &= ~bit;
		must.bits[rule / 64] &= ~bit;
	}
	after[0] = must;
	after[1] = may;
}
