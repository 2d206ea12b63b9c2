#include "jurisdictions/engine/emit.h"

#include <string.h>

bool cm_emit_grow(void **items, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *grown;

	if (count < *cap)
		return true;
	grown = cm_realloc(*items, more, size);
	if (grown == NULL)
		return false;
	*items = grown;
	*cap = more;
	return true;
}

bool cm_op_is_wide(uint8_t op)
{
	return op == CM_OP_IN_WIDE || op == CM_OP_ANY_WIDE || op == CM_OP_NONE_WIDE ||
	       op == CM_OP_ALL_WIDE || op == CM_OP_LACKS_WIDE;
}

static uint32_t mask_add(struct cm_emitter *emitter, const struct cm_mask *mask)
{
	struct cm_code *code = emitter->code;
	void *items = code->masks;

	if (!cm_emit_grow(&items, code->masks_count, &code->masks_cap, sizeof *code->masks)) {
		emitter->status = CM_NO_MEMORY;
		return 0;
	}
	code->masks = items;
	code->masks[code->masks_count] = *mask;
	return (uint32_t)code->masks_count++;
}

/* ---- literals: one of each ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t literal_hash(const struct cm_literal *literal, const struct cm_mask *mask)
{
	uint64_t hash =
	    mix((uint64_t)literal->op << 24 | (uint64_t)literal->fact << 16 | literal->other,
		(uint64_t)literal->arg);

	for (int i = 0; mask != NULL && i < 4; i++)
		hash = mix(hash, mask->bits[i]);
	return hash;
}

static bool literal_is(const struct cm_code *code, uint32_t index, const struct cm_literal *literal,
    const struct cm_mask *mask)
{
	const struct cm_literal *other = &code->literals[index];

	return other->op == literal->op && other->fact == literal->fact &&
	       other->other == literal->other && other->arg == literal->arg &&
	       (mask == NULL || memcmp(&code->masks[other->mask], mask, sizeof *mask) == 0);
}

static bool table_grow(struct cm_emitter *emitter)
{
	const struct cm_code *code = emitter->code;
	size_t size = emitter->table_size == 0 ? 256 : emitter->table_size * 2;
	uint32_t *table;

	if (code->literals_count * 2 < emitter->table_size)
		return true;
	table = cm_alloc(size, sizeof *table);
	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < code->literals_count; i++) {
		const struct cm_literal *literal = &code->literals[i];
		const struct cm_mask *mask =
		    cm_op_is_wide(literal->op) ? &code->masks[literal->mask] : NULL;
		size_t at = literal_hash(literal, mask) & (size - 1);

		while (table[at] != 0)
			at = (at + 1) & (size - 1);
		table[at] = i + 1;
	}
	cm_free(emitter->table);
	emitter->table = table;
	emitter->table_size = size;
	return true;
}

uint32_t cm_emit_literal(
    struct cm_emitter *emitter, struct cm_literal literal, const struct cm_mask *mask)
{
	struct cm_code *code = emitter->code;
	void *items = code->literals;
	size_t at;

	if (!table_grow(emitter) || !cm_emit_grow(&items, code->literals_count, &code->literals_cap,
					sizeof *code->literals)) {
		emitter->status = CM_NO_MEMORY;
		return 0;
	}
	code->literals = items;
	at = literal_hash(&literal, mask) & (emitter->table_size - 1);
	while (emitter->table[at] != 0) {
		if (literal_is(code, emitter->table[at] - 1, &literal, mask))
			return emitter->table[at] - 1;
		at = (at + 1) & (emitter->table_size - 1);
	}
	if (mask != NULL)
		literal.mask = mask_add(emitter, mask);
	code->literals[code->literals_count] = literal;
	emitter->table[at] = (uint32_t)code->literals_count + 1;
	return (uint32_t)code->literals_count++;
}

/* ---- which literals ask of which fact ---- */

static bool asks_two(const struct cm_literal *literal)
{
	return (literal->op == CM_OP_GE_FACT || literal->op == CM_OP_LT_FACT ||
		   literal->op == CM_OP_SAME || literal->op == CM_OP_DIFFERENT) &&
	       literal->other != literal->fact;
}

/* Count, then place: literals in order of the facts they ask of. */
enum cm_status cm_emit_asking(struct cm_law *law)
{
	struct cm_code *code = &law->code;
	uint32_t *first = cm_alloc(law->facts_count + 2, sizeof *first);

	code->asking = cm_alloc(code->literals_count * 2, sizeof *code->asking);
	code->asking_first = first;
	if (code->asking == NULL || first == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < code->literals_count; i++) {
		if (code->literals[i].op == CM_OP_CONST)
			continue;
		first[code->literals[i].fact + 2u]++;
		if (asks_two(&code->literals[i]))
			first[code->literals[i].other + 2u]++;
	}
	for (size_t i = 2; i < law->facts_count + 2; i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < code->literals_count; i++) {
		if (code->literals[i].op == CM_OP_CONST)
			continue;
		code->asking[first[code->literals[i].fact + 1u]++] = i;
		if (asks_two(&code->literals[i]))
			code->asking[first[code->literals[i].other + 1u]++] = i;
	}
	return CM_OK;
}

/* What is so of a demand of which nothing is known: where every set of facts begins. */
enum cm_status cm_emit_blank(struct cm_law *law)
{
	struct cm_code *code = &law->code;
	uint8_t knowledge[CM_MAX_LAW_FACTS];
	struct cm_facts facts = {.law = law, .knowledge = knowledge};

	code->blank = cm_alloc(law->facts_count, sizeof *code->blank);
	code->blank_answers = cm_alloc(code->literals_count, 1);
	if (code->blank == NULL || code->blank_answers == NULL)
		return CM_NO_MEMORY;
	memset(knowledge, CM_NOT_ASKED, sizeof knowledge);
	facts.slots = code->blank;
	for (size_t i = 0; i < law->facts_count; i++)
		cm_slot_clear(law, i, &code->blank[i]);
	for (size_t i = 0; i < code->literals_count; i++)
		code->blank_answers[i] =
		    (uint8_t)cm_literal_truth(&code->literals[i], code->masks, &facts);
	return CM_OK;
}
