#include "jurisdictions/engine/table.h"

#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/emit.h"

/*
 * A condition in negation normal form can only gain by a literal becoming true. So each accepting
 * path through its code gives a term: the literals that were true on it. Those that were false can
 * be left out, and all such terms together say what the condition says.
 */

#define MAX_DEPTH 96   /* literals of a term */
#define MAX_STEPS 4096 /* instructions of all paths of a rule */

struct fork {
	uint16_t at;
	uint16_t count; /* literals true so far */
	uint8_t counters[CM_MAX_COUNTERS];
};

struct walker {
	const struct cm_law *law;
	struct cm_ways *ways;
	size_t rule;
	size_t most;
	size_t first_way; /* of the rule */
	size_t steps;
	bool full; /* too many */
	bool out_of_memory;
	uint32_t literals[MAX_DEPTH];
	struct fork forks[MAX_DEPTH];
};

void cm_ways_free(struct cm_ways *ways)
{
	cm_free(ways->items);
	cm_free(ways->literals);
	cm_free(ways->by_code);
	*ways = (struct cm_ways){0};
}

static int compare_literals(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* A way without literals is always open; where no way has any, there is no array to point into. */
static const uint32_t *literals_of(const struct cm_ways *ways, const struct cm_way *way)
{
	return way->count != 0 ? ways->literals + way->first : NULL;
}

static bool is_part(const uint32_t *part, size_t count, const uint32_t *of, size_t of_count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		while (at < of_count && of[at] < part[i])
			at++;
		if (at == of_count || of[at] != part[i])
			return false;
	}
	return true;
}

static bool way_push(
    struct walker *walker, const uint32_t *literals, size_t count, int32_t from, int32_t until)
{
	struct cm_ways *ways = walker->ways;
	void *items = ways->items;
	void *list;

	if (!cm_emit_grow(&items, ways->count, &ways->cap, sizeof *ways->items))
		return false;
	ways->items = items;
	for (size_t i = 0; i < count; i++) {
		list = ways->literals;
		if (!cm_emit_grow(
			&list, ways->literals_count, &ways->literals_cap, sizeof *ways->literals))
			return false;
		ways->literals = list;
		ways->literals[ways->literals_count++] = literals[i];
	}
	ways->items[ways->count++] = (struct cm_way){
	    .rule = (uint32_t)walker->rule,
	    .first = (uint32_t)(ways->literals_count - count),
	    .count = (uint32_t)count,
	    .from = from,
	    .until = until,
	};
	return true;
}

/* Keep a term unless a shorter one says it already; drop those it makes superfluous. */
static void way_add(
    struct walker *walker, uint32_t *literals, size_t count, int32_t from, int32_t until)
{
	struct cm_ways *ways = walker->ways;
	size_t kept = walker->first_way;

	if (count > 1)
		qsort(literals, count, sizeof *literals, compare_literals);
	for (size_t i = walker->first_way; i < ways->count; i++) {
		const struct cm_way *way = &ways->items[i];

		if (way->from <= from && until <= way->until &&
		    is_part(literals_of(ways, way), way->count, literals, count))
			return;
	}
	for (size_t i = walker->first_way; i < ways->count; i++) {
		const struct cm_way *way = &ways->items[i];

		if (way->from < from || until < way->until ||
		    !is_part(literals, count, literals_of(ways, way), way->count))
			ways->items[kept++] = *way;
	}
	ways->count = kept;
	if (ways->count - walker->first_way == walker->most)
		walker->full = true;
	else if (!way_push(walker, literals, count, from, until))
		walker->out_of_memory = true;
}

static bool is_among(const uint32_t *literals, size_t count, uint32_t literal)
{
	for (size_t i = 0; i < count; i++)
		if (literals[i] == literal)
			return true;
	return false;
}

/* One instruction. Returns where to go on; may leave a fork behind. */
static uint16_t step(
    struct walker *walker, const struct cm_instr *in, struct fork *now, size_t *depth)
{
	const struct cm_literal *literal;

	if ((in->literal & CM_COUNTER) != 0) {
		unsigned need = in->literal & 0xffff;
		uint8_t *counter = &now->counters[in->literal >> 16 & 0xff];

		*counter = need == 0 ? 0 : (uint8_t)(*counter + 1);
		return *counter >= need ? in->on_true : in->on_false;
	}
	literal = &walker->law->code.literals[in->literal];
	if (literal->op == CM_OP_CONST)
		return literal->arg != 0 ? in->on_true : in->on_false;
	if (is_among(walker->literals, now->count, in->literal))
		return in->on_true;
	if (now->count == MAX_DEPTH - 2 || (in->on_false != CM_REJECT && *depth == MAX_DEPTH)) {
		walker->full = true;
		return CM_REJECT;
	}
	if (in->on_false != CM_REJECT) {
		walker->forks[*depth] = *now;
		walker->forks[(*depth)++].at = in->on_false;
	}
	walker->literals[now->count++] = in->literal;
	return in->on_true;
}

/* All accepting paths of one reading, each with the literals of its segment's days before it. */
static void paths_walk(struct walker *walker, const struct cm_variant *variant,
    const struct cm_segment *segment, int32_t from, int32_t until)
{
	const struct cm_instr *base = walker->law->code.instrs + variant->base;
	struct fork now = {.at = variant->entry};
	uint32_t literals[MAX_DEPTH];
	size_t depth = 0;

	for (int i = 0; i < 2; i++)
		if (segment->span_literals[i] != CM_LITERAL_TRUE)
			walker->literals[now.count++] = segment->span_literals[i];
	for (;;) {
		while (now.at < CM_REJECT && !walker->full) {
			walker->full = walker->full || ++walker->steps > MAX_STEPS;
			now.at = step(walker, &base[now.at], &now, &depth);
		}
		if (walker->full)
			return;
		if (now.at == CM_ACCEPT) {
			memcpy(literals, walker->literals, now.count * sizeof *literals);
			way_add(walker, literals, now.count, from, until);
		}
		if (depth == 0 || walker->full || walker->out_of_memory)
			return;
		/* What the fork had is still there: literals are only written behind it. */
		now = walker->forks[--depth];
	}
}

static void rule_by_code(struct walker *walker)
{
	const struct cm_rule_code *rule = &walker->law->code.rules[walker->rule];
	const struct cm_quick *quick = &walker->law->code.quick[walker->rule];
	uint32_t literals[CM_QUICK_LITERALS];
	size_t count = 0;

	walker->ways->count = walker->first_way;
	walker->ways->by_code[walker->rule] = 1;
	for (size_t i = 0;
	     i < CM_QUICK_LITERALS && rule->segments == 1 && quick->from < quick->until; i++) {
		uint32_t literal = quick->literals[i];

		if (walker->law->code.literals[literal].op != CM_OP_CONST &&
		    !is_among(literals, count, literal))
			literals[count++] = literal;
	}
	if (!way_push(walker, literals, count, INT32_MIN, CM_FOREVER))
		walker->out_of_memory = true;
}

static void rule_walk(struct walker *walker)
{
	const struct cm_law *law = walker->law;
	const struct cm_rule_code *rule = &law->code.rules[walker->rule];

	walker->first_way = walker->ways->count;
	walker->steps = 0;
	walker->full = false;
	for (uint32_t i = 0; i < rule->segments && !walker->full && !walker->out_of_memory; i++) {
		const struct cm_segment *segment = &law->code.segments[rule->segment + i];
		bool is_fact = law->when_fact[segment->when] >= 0;

		if (segment->variants != 1)
			walker->full = true;
		else
			paths_walk(walker, &law->code.variants[segment->variant], segment,
			    is_fact ? INT32_MIN : segment->from,
			    is_fact ? CM_FOREVER : segment->until);
	}
	if (walker->full && !walker->out_of_memory)
		rule_by_code(walker);
}

bool cm_ways_find(const struct cm_law *law, size_t most, struct cm_ways *out)
{
	struct walker *walker = cm_alloc(1, sizeof *walker);
	bool fine;

	*out = (struct cm_ways){0};
	out->by_code = cm_alloc(law->rules_count, 1);
	fine = walker != NULL && out->by_code != NULL;
	if (fine) {
		walker->law = law;
		walker->ways = out;
		walker->most = most;
	}
	for (size_t i = 0; fine && i < law->rules_count; i++) {
		walker->rule = i;
		rule_walk(walker);
		fine = !walker->out_of_memory;
	}
	cm_free(walker);
	return fine;
}
