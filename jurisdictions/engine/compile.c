#include "jurisdictions/engine/emit.h"

#include <assert.h>
#include <string.h>

static uint16_t emit(struct cm_emitter *emitter, struct cm_instr instr)
{
	struct cm_code *code = emitter->code;
	size_t index = code->instrs_count - emitter->base;
	void *items = code->instrs;

	if (emitter->status != CM_OK)
		return 0;
	if (index >= CM_MAX_CODE || code->instrs_count >= CM_MAX_LAW_CODE) {
		emitter->status = CM_TOO_LARGE;
		return 0;
	}
	if (!cm_emit_grow(&items, code->instrs_count, &code->instrs_cap, sizeof *code->instrs)) {
		emitter->status = CM_NO_MEMORY;
		return 0;
	}
	code->instrs = items;
	code->instrs[code->instrs_count++] = instr;
	return (uint16_t)index;
}

/* ---- expressions ---- */

static uint16_t emit_expr(struct cm_emitter *emitter, const struct cm_expr *expr, bool negated,
    uint16_t on_true, uint16_t on_false);

uint32_t cm_emit_atom_literal(struct cm_emitter *emitter, const struct cm_expr *atom, bool negated)
{
	struct cm_literal literal;
	struct cm_mask mask;

	(void)cm_atom_code(emitter->law, atom, emitter->day, negated, &literal, mask.bits);
	return cm_emit_literal(emitter, literal, cm_op_is_wide(literal.op) ? &mask : NULL);
}

/* The same, kept for cm_emit_quick, which asks for the atoms of the newest variant again. */
static uint32_t literal_write(struct cm_emitter *emitter, const struct cm_expr *atom, bool negated)
{
	uint32_t literal = cm_emit_atom_literal(emitter, atom, negated);

	if (emitter->written_count < CM_MAX_CONDITIONS)
		emitter->written[emitter->written_count++] =
		    (struct cm_written){atom, literal, negated};
	return literal;
}

static uint16_t emit_atom(struct cm_emitter *emitter, const struct cm_expr *atom, bool negated,
    uint16_t on_true, uint16_t on_false)
{
	const struct cm_notion_def *notion;
	struct cm_literal literal;

	if (atom->notion == NULL) {
		uint32_t index = literal_write(emitter, atom, negated);

		return emit(emitter, (struct cm_instr){index, on_true, on_false});
	}
	if (atom->op != CM_ATOM_HOLDS)
		negated ^= (atom->words->value == 1) != (atom->op == CM_ATOM_IS);
	notion = cm_notion_on(emitter->law, atom->notion, emitter->day);
	if (notion != NULL)
		return emit_expr(emitter, notion->means, negated, on_true, on_false);
	literal = (struct cm_literal){.op = CM_OP_CONST, .arg = negated};
	return emit(
	    emitter, (struct cm_instr){cm_emit_literal(emitter, literal, NULL), on_true, on_false});
}

/* All operands for `and`, one of them for `or`. Siblings are linked forwards, code runs backwards.
 */
static uint16_t emit_chain(struct cm_emitter *emitter, const struct cm_expr *operand, bool negated,
    bool all, uint16_t on_true, uint16_t on_false)
{
	const struct cm_expr *operands[CM_MAX_CONDITIONS + 1];
	size_t count = 0;
	uint16_t entry = all ? on_true : on_false;

	for (; operand != NULL && count <= CM_MAX_CONDITIONS; operand = operand->next)
		operands[count++] = operand;
	while (count-- > 0)
		entry = all ? emit_expr(emitter, operands[count], negated, entry, on_false)
			    : emit_expr(emitter, operands[count], negated, on_true, entry);
	return entry;
}

/* At least `need` operands: a counter, raised after each that is true. */
static uint16_t emit_count(struct cm_emitter *emitter, const struct cm_expr *expr, bool negated,
    uint16_t on_true, uint16_t on_false)
{
	const struct cm_expr *operands[CM_MAX_CONDITIONS + 1];
	size_t count = 0;
	uint32_t need = negated ? expr->size - expr->need + 1 : expr->need;
	uint32_t counter = CM_COUNTER | (uint32_t)emitter->counters << 16;
	uint16_t entry = on_false;

	if (emitter->counters == CM_MAX_COUNTERS) {
		emitter->status = CM_TOO_LARGE;
		return 0;
	}
	emitter->counters++;
	for (const struct cm_expr *operand = expr->first;
	     operand != NULL && count <= CM_MAX_CONDITIONS; operand = operand->next)
		operands[count++] = operand;
	while (count-- > 0) {
		uint16_t next = entry;
		uint16_t raise = emit(emitter, (struct cm_instr){counter | need, on_true, next});

		entry = emit_expr(emitter, operands[count], negated, raise, next);
	}
	emitter->counters--;
	return emit(emitter, (struct cm_instr){counter, entry, entry});
}

/* Depth is bounded by the parser and by the search for circles among terms. */
static uint16_t emit_expr(struct cm_emitter *emitter, const struct cm_expr *expr, bool negated,
    uint16_t on_true, uint16_t on_false)
{
	if (emitter->status != CM_OK)
		return 0;
	switch (expr->kind) {
	case CM_EXPR_ATOM:
		return emit_atom(emitter, expr, negated, on_true, on_false);
	case CM_EXPR_NOT:
		return emit_expr(emitter, expr->first, !negated, on_true, on_false);
	case CM_EXPR_AND:
	case CM_EXPR_OR:
		return emit_chain(emitter, expr->first, negated,
		    (expr->kind == CM_EXPR_AND) != negated, on_true, on_false);
	case CM_EXPR_COUNT:
		break;
	}
	return emit_count(emitter, expr, negated, on_true, on_false);
}

bool cm_emit_of_atom(const struct cm_law *law, const struct cm_rule_def *rule, struct cm_expr *out)
{
	*out = (struct cm_expr){
	    .kind = CM_EXPR_ATOM, .op = CM_ATOM_INCLUDES_ANY, .value = CM_VALUE_WORDS, .other = -1};
	out->fact = law->data_fact;
	out->words = rule->of;
	return rule->of != NULL && law->data_fact >= 0;
}

static uint16_t emit_of(struct cm_emitter *emitter, const struct cm_rule_def *rule)
{
	struct cm_instr instr = {.on_true = CM_ACCEPT, .on_false = CM_REJECT};
	struct cm_expr of;

	if (!cm_emit_of_atom(emitter->law, rule, &of))
		return CM_ACCEPT;
	instr.literal = cm_emit_atom_literal(emitter, &of, false);
	return emit(emitter, instr);
}

static void emit_variant(
    struct cm_emitter *emitter, const struct cm_rule_def *rule, const struct cm_expr *expr)
{
	struct cm_code *code = emitter->code;
	void *items = code->variants;
	uint16_t entry;

	emitter->base = code->instrs_count;
	emitter->counters = 0;
	emitter->written_count = 0;
	emitter->written_day = emitter->day;
	entry = emit_expr(emitter, expr, false, emit_of(emitter, rule), CM_REJECT);
	if (emitter->status != CM_OK)
		return;
	if (!cm_emit_grow(
		&items, code->variants_count, &code->variants_cap, sizeof *code->variants)) {
		emitter->status = CM_NO_MEMORY;
		return;
	}
	code->variants = items;
	code->variants[code->variants_count++] =
	    (struct cm_variant){(uint32_t)emitter->base, entry};
}

/* The days of a segment as literals of the date it goes by. */
static void emit_span(struct cm_emitter *emitter, struct cm_segment *segment)
{
	int fact = emitter->law->when_fact[segment->when];
	struct cm_literal literal = {.fact = (uint8_t)fact};

	if (fact < 0)
		return;
	if (segment->from > CM_DAY_FIRST) {
		literal.op = CM_OP_GE;
		literal.arg = segment->from;
		segment->span_literals[0] = cm_emit_literal(emitter, literal, NULL);
	}
	if (segment->until <= CM_DAY_LAST) {
		literal.op = CM_OP_LT;
		literal.arg = segment->until;
		segment->span_literals[1] = cm_emit_literal(emitter, literal, NULL);
	}
}

static void emit_segment(
    struct cm_emitter *emitter, const struct cm_rule_def *rule, struct cm_segment segment)
{
	struct cm_code *code = emitter->code;
	void *items = code->segments;

	emitter->day = segment.from;
	emit_span(emitter, &segment);
	segment.variant = (uint32_t)code->variants_count;
	if (rule->applies != NULL)
		emit_variant(emitter, rule, rule->applies);
	for (const struct cm_reading *reading = rule->readings; reading != NULL;
	     reading = reading->next)
		emit_variant(emitter, rule, reading->applies);
	segment.variants = (uint16_t)(code->variants_count - segment.variant);
	if (emitter->status != CM_OK)
		return;
	if (!cm_emit_grow(
		&items, code->segments_count, &code->segments_cap, sizeof *code->segments)) {
		emitter->status = CM_NO_MEMORY;
		return;
	}
	code->segments = items;
	code->segments[code->segments_count++] = segment;
}

static void emit_rule(
    struct cm_emitter *emitter, const struct cm_rule_def *rule, struct cm_rule_code *out)
{
	struct cm_breaks breaks;

	out->segment = (uint32_t)emitter->code->segments_count;
	breaks.count = 0; /* the days need no clearing */
	breaks.full = false;
	cm_breaks_of_rule(emitter->law, rule, &breaks);
	cm_breaks_sort(&breaks);
	if (breaks.full)
		emitter->status = CM_TOO_LARGE;
	for (const struct cm_span *span = rule->spans; span != NULL && emitter->status == CM_OK;
	     span = span->next) {
		struct cm_segment segment = {.from = span->from, .when = (uint8_t)span->when};

		for (size_t i = 0; i < breaks.count; i++) {
			if (breaks.days[i] <= span->from || breaks.days[i] >= span->until)
				continue;
			segment.until = breaks.days[i];
			emit_segment(emitter, rule, segment);
			segment.from = segment.until;
		}
		segment.until = span->until;
		emit_segment(emitter, rule, segment);
	}
	out->segments = (uint16_t)(emitter->code->segments_count - out->segment);
	if (emitter->status == CM_TOO_LARGE)
		cm_error_add(emitter->check->loader, rule->at, "bound",
		    "rule %s becomes too large once its terms and sets are written out", rule->id);
}

/* ---- what a reader wants to know of a rule ---- */

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static void info_fill(struct cm_rule_entry *rule)
{
	const struct cm_rule_def *def = rule->def;
	enum cm_strength strength = def->has_strength ? def->strength : CM_STRENGTH_DEFAULT;

	rule->info = (struct cm_rule_info){
	    .id = def->id,
	    .jurisdiction = def->file->jurisdiction,
	    .title = def->title,
	    .source = cm_source_names[def->source],
	    .cite = def->cites->text,
	    .url = or_empty(def->cites->url),
	    .modality = def->modality,
	    .act = def->act->text,
	    .strength = cm_strength_names[strength],
	    .penalty = or_empty(def->penalty),
	    .ask = or_empty(def->ask),
	    .note = or_empty(def->note),
	    .path = def->file->path,
	    .line = def->at.line,
	};
}

/* ---- all rules, each gone to once ---- */

static enum cm_status rules_emit(struct cm_emitter *emitter)
{
	struct cm_law *law = emitter->law;
	size_t edge = 0;

	(void)cm_emit_literal(emitter, (struct cm_literal){.op = CM_OP_CONST, .arg = 1}, NULL);
	for (size_t i = 0; i < law->rules_count && emitter->status == CM_OK; i++) {
		struct cm_rule_code *rule = &law->code.rules[i];

		info_fill(&law->rules[i]);
		emit_rule(emitter, law->rules[i].def, rule);
		if (emitter->status == CM_OK)
			cm_emit_quick(emitter, law->rules[i].def, rule, &law->code.quick[i]);
		rule->defeater = (uint32_t)edge;
		for (; edge < law->edges_count && law->edges[edge].target == i; edge++)
			law->code.defeaters[edge] = law->edges[edge].by;
		rule->defeaters = (uint16_t)(edge - rule->defeater);
	}
	return emitter->status;
}

enum cm_status cm_compile(struct cm_check *check)
{
	struct cm_law *law = check->law;
	struct cm_emitter emitter = {.check = check, .law = law, .code = &law->code};
	enum cm_status status;

	law->code.rules = cm_alloc(law->rules_count, sizeof *law->code.rules);
	law->code.quick = cm_alloc(law->rules_count, sizeof *law->code.quick);
	law->code.defeaters = cm_alloc(law->edges_count, sizeof *law->code.defeaters);
	if (law->code.rules == NULL || law->code.quick == NULL || law->code.defeaters == NULL)
		return CM_NO_MEMORY;
	status = rules_emit(&emitter);
	cm_free(emitter.table);
	if (status == CM_OK)
		status = cm_emit_asking(law);
	if (status == CM_OK)
		status = cm_emit_blank(law);
	return status;
}
