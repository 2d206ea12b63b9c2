/*
 * Writing code: what the files of the compiler share. An emitter lives while one set is compiled;
 * the code it fills belongs to the law. Internal.
 */
#ifndef CM_ENGINE_EMIT_H
#define CM_ENGINE_EMIT_H

#include "jurisdictions/engine/law.h"

/* The literal of an atom, as it was written last. */
struct cm_written {
	const struct cm_expr *atom;
	uint32_t literal;
	bool negated;
};

/* Code is written backwards: what an instruction jumps to is always there already. */
struct cm_emitter {
	struct cm_check *check;
	struct cm_law *law;
	struct cm_code *code;
	int32_t day;       /* sets and terms as they stand on this day */
	size_t base;       /* first instruction of the variant */
	unsigned counters; /* in use around the expression being written */
	uint32_t *table;   /* owned; literals by hash, number + 1; 0: free */
	size_t table_size; /* a power of two, more than half of it free */
	struct cm_written written[CM_MAX_CONDITIONS]; /* of the variant, the first of them */
	size_t written_count;
	int32_t written_day;
	enum cm_status status;
};

/* Room for one more in a growing table. */
bool cm_emit_grow(void **items, size_t count, size_t *cap, size_t size);

/* True for operations on facts of more than 64 values. */
bool cm_op_is_wide(uint8_t op);

/* The number of a literal, new or known. `mask` is NULL for narrow operations. */
uint32_t cm_emit_literal(
    struct cm_emitter *emitter, struct cm_literal literal, const struct cm_mask *mask);

/* The number of the literal of an atom that names a fact, on the emitter's day. */
uint32_t cm_emit_atom_literal(struct cm_emitter *emitter, const struct cm_expr *atom, bool negated);

/* `effect ... of content, traffic` speaks only of demands for one of these: the condition this
 * makes. False: of all. */
bool cm_emit_of_atom(const struct cm_law *law, const struct cm_rule_def *rule, struct cm_expr *out);

/* The short way of a rule whose segments are written. */
void cm_emit_quick(struct cm_emitter *emitter, const struct cm_rule_def *rule,
    const struct cm_rule_code *own, struct cm_quick *out);

/* When all rules are written: which literals ask of which fact, and what is so when nothing is
 * known. */
enum cm_status cm_emit_asking(struct cm_law *law) CM_MUST_USE;
enum cm_status cm_emit_blank(struct cm_law *law) CM_MUST_USE;

#endif
