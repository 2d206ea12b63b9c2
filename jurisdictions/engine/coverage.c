/*
 * What the tests of a law really try.
 *
 * For each demand a rule meets (its own inline tests; every case given from outside) the truth of
 * each of its conditions is kept as one row. MC/DC is read off the rows: masking by turning one
 * condition over and looking whether the answer turns, unique cause by pairs of rows.
 */
#include <string.h>

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/engine/sentence.h"
#include "jurisdictions/engine/trial.h"

#define MAX_ROWS 512 /* different ones, a decision */

struct row {
	uint8_t truth[CM_MAX_CONDITIONS];
	uint8_t outcome;
};

/* One condition of `applies when` or of a reading, with all that was seen of it. */
struct decision_seen {
	const struct cm_expr *expr;
	const struct cm_expr *atoms[CM_MAX_CONDITIONS];
	size_t atoms_count;
	struct cm_covered_atom *out; /* borrowed: where its atoms are reported */
	bool shown_true[CM_MAX_CONDITIONS];
	bool shown_false[CM_MAX_CONDITIONS];
	struct row *rows; /* in the arena; different ones */
	size_t rows_count;
	size_t rows_cap;
	struct decision_seen *next;
};

struct coverer {
	const struct cm_law *law;
	struct cm_arena *arena;
	struct cm_arena rows;
	struct cm_facts *facts;       /* owned */
	struct cm_decision *decision; /* owned */
	struct cm_scope scope;
	struct decision_seen **seen; /* owned; per rule, a list */
	struct cm_coverage *out;
};

/* ---- evaluating a row ---- */

/* The tree over the truths of its atoms, taken in order. */
static enum cm_truth row_truth(const struct cm_expr *expr, const uint8_t *truth, size_t *at)
{
	uint32_t certain = 0;
	uint32_t possible = 0;
	uint32_t need = expr->kind == CM_EXPR_OR    ? 1
			: expr->kind == CM_EXPR_AND ? expr->size
						    : expr->need;

	if (expr->kind == CM_EXPR_ATOM)
		return (enum cm_truth)truth[(*at)++];
	if (expr->kind == CM_EXPR_NOT) {
		enum cm_truth inner = row_truth(expr->first, truth, at);

		return inner == CM_POSSIBLE ? inner : inner == CM_NO ? CM_CERTAIN : CM_NO;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL;
	     operand = operand->next) {
		enum cm_truth inner = row_truth(operand, truth, at);

		certain += inner == CM_CERTAIN;
		possible += inner != CM_NO;
	}
	return certain >= need ? CM_CERTAIN : possible >= need ? CM_POSSIBLE : CM_NO;
}

static enum cm_truth outcome_of(const struct decision_seen *seen, const uint8_t *truth)
{
	size_t at = 0;

	return row_truth(seen->expr, truth, &at);
}

static void masking_mark(struct decision_seen *seen, struct row *row)
{
	for (size_t i = 0; i < seen->atoms_count; i++) {
		uint8_t kept = row->truth[i];
		enum cm_truth turned;

		if (kept == CM_POSSIBLE || row->outcome == CM_POSSIBLE)
			continue;
		row->truth[i] = kept == CM_NO ? CM_CERTAIN : CM_NO;
		turned = outcome_of(seen, row->truth);
		row->truth[i] = kept;
		if (turned == row->outcome)
			continue;
		if (kept == CM_CERTAIN && row->outcome == CM_CERTAIN)
			seen->shown_true[i] = true;
		if (kept == CM_NO && row->outcome == CM_NO)
			seen->shown_false[i] = true;
		/* A condition that counts against the rule, as under `not`. */
		if (kept == CM_NO && row->outcome == CM_CERTAIN)
			seen->shown_true[i] = true;
		if (kept == CM_CERTAIN && row->outcome == CM_NO)
			seen->shown_false[i] = true;
	}
}

static bool row_keep(struct coverer *coverer, struct decision_seen *seen, const struct row *row)
{
	for (size_t i = 0; i < seen->rows_count; i++)
		if (memcmp(&seen->rows[i], row, sizeof *row) == 0)
			return true;
	if (seen->rows_count == MAX_ROWS) {
		coverer->out->exact = false;
		return true;
	}
	if (seen->rows_count == seen->rows_cap) {
		size_t more = seen->rows_cap == 0 ? 16 : seen->rows_cap * 2;
		struct row *grown = cm_arena_alloc(&coverer->rows, more, sizeof *grown);

		if (grown == NULL)
			return false;
		if (seen->rows_count != 0)
			memcpy(grown, seen->rows, seen->rows_count * sizeof *grown);
		seen->rows = grown;
		seen->rows_cap = more;
	}
	seen->rows[seen->rows_count++] = *row;
	return true;
}

static bool decision_see(struct coverer *coverer, struct decision_seen *seen, int32_t day)
{
	struct row row = {0};

	for (size_t i = 0; i < seen->atoms_count; i++) {
		row.truth[i] = (uint8_t)cm_expr_truth(
		    coverer->law, seen->atoms[i], day, coverer->facts);
		seen->out[i].seen_true += row.truth[i] == CM_CERTAIN;
		seen->out[i].seen_false += row.truth[i] == CM_NO;
		seen->out[i].seen_open += row.truth[i] == CM_POSSIBLE;
	}
	row.outcome = (uint8_t)outcome_of(seen, row.truth);
	masking_mark(seen, &row);
	return row_keep(coverer, seen, &row);
}

/* ---- one demand ---- */

static void state_count(struct cm_covered_rule *rule, enum cm_rule_state state)
{
	rule->holds += state == CM_RULE_HOLDS;
	rule->silent += state == CM_RULE_SILENT;
	rule->possible += state == CM_RULE_POSSIBLE;
	rule->defeated += state == CM_RULE_DEFEATED;
}

/* Conditions are seen on a day the rule is in force; on others they decide nothing. */
static bool conditions_see(struct coverer *coverer, size_t rule, struct cm_day as_of)
{
	struct cm_moments moments;

	cm_moments_of(coverer->law, coverer->facts, as_of, &moments);
	for (const struct cm_span *span = coverer->law->rules[rule].def->spans; span != NULL;
	     span = span->next) {
		int64_t day = moments.low[span->when];

		if (day < span->from || day >= span->until || moments.high[span->when] != day)
			continue;
		for (struct decision_seen *seen = coverer->seen[rule]; seen != NULL;
		     seen = seen->next)
			if (!decision_see(coverer, seen, (int32_t)day))
				return false;
		return true;
	}
	return true;
}

static bool test_see(struct coverer *coverer, size_t rule, const struct cm_test_def *test)
{
	struct cm_moments moments;
	struct cm_day as_of;

	if (!cm_trial_can_run(coverer->law, test) ||
	    !cm_trial_set(&coverer->scope, rule, test, coverer->facts, &as_of))
		return true;
	cm_moments_of(coverer->law, coverer->facts, as_of, &moments);
	(void)cm_scope_decide(&coverer->scope, coverer->facts, &moments);
	coverer->out->rules[rule].tests++;
	state_count(&coverer->out->rules[rule], cm_scope_state(&coverer->scope, rule));
	return conditions_see(coverer, rule, as_of);
}

static bool case_see(struct coverer *coverer, const struct cm_stored *stored)
{
	struct cm_err err;

	coverer->out->cases++;
	cm_facts_clear(coverer->facts);
	for (size_t i = 0; i < stored->facts_count; i++) {
		if (cm_facts_set(coverer->facts, &stored->facts[i], &err) != CM_OK) {
			coverer->out->refused++;
			return err.status != CM_NO_MEMORY;
		}
	}
	cm_decide(coverer->law, coverer->facts, stored->as_of, coverer->decision);
	for (size_t i = 0; i < coverer->law->rules_count; i++) {
		struct cm_covered_rule *rule = &coverer->out->rules[i];
		enum cm_rule_state state = cm_decision_state(coverer->decision, i);

		state_count(rule, state);
		rule->silent_cases += state == CM_RULE_SILENT;
		rule->real_cases += state != CM_RULE_SILENT;
		if (!conditions_see(coverer, i, stored->as_of))
			return false;
	}
	return true;
}

/* ---- what there is to see ---- */

static void atoms_list(struct decision_seen *seen, const struct cm_expr *expr)
{
	if (expr->kind == CM_EXPR_ATOM) {
		if (seen->atoms_count < CM_MAX_CONDITIONS)
			seen->atoms[seen->atoms_count++] = expr;
		return;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		atoms_list(seen, operand);
}

static bool decision_add(struct coverer *coverer, size_t rule, const struct cm_expr *expr)
{
	struct decision_seen *seen = cm_arena_alloc(&coverer->rows, 1, sizeof *seen);
	struct decision_seen **tail = &coverer->seen[rule];

	if (seen == NULL)
		return false;
	seen->expr = expr;
	atoms_list(seen, expr);
	coverer->out->rules[rule].atoms_count += seen->atoms_count;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = seen;
	return true;
}

static bool atom_name(struct coverer *coverer, const struct cm_expr *atom,
    struct cm_covered_atom *out)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_expr_print(atom, &text);
	out->line = atom->at.line;
	out->text = text.failed ? NULL
				: cm_arena_text_n(coverer->arena, cm_buf_str(&text), text.len);
	cm_buf_fini(&text);
	return out->text != NULL;
}

/* A set that is nobody's on every day makes `is in` false for good. */
static bool is_vacant(const struct cm_expr *atom)
{
	if (atom->fact < 0 || (atom->op != CM_ATOM_IN && atom->op != CM_ATOM_NOT_IN) ||
	    atom->words->set == NULL)
		return false;
	for (const struct cm_set_span *span = atom->words->set->spans; span != NULL;
	     span = span->next)
		if (span->codes != NULL)
			return false;
	return true;
}

/* What is decided whatever the other conditions are, and all that stands inside it, is idle. Depth
 * is bounded by the parser. */
static void idle_mark(struct decision_seen *seen, const struct cm_expr *expr,
    const uint8_t *truth, size_t first)
{
	size_t end = first;

	if (row_truth(expr, truth, &end) != CM_POSSIBLE) {
		for (size_t i = first; i < end; i++)
			seen->out[i].is_idle = true;
		return;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next) {
		end = first;
		(void)row_truth(operand, truth, &end);
		idle_mark(seen, operand, truth, first);
		first = end;
	}
}

/* True if the decision can never be met. */
static bool decision_idle(struct decision_seen *seen)
{
	uint8_t truth[CM_MAX_CONDITIONS];

	for (size_t i = 0; i < seen->atoms_count; i++)
		truth[i] = !is_vacant(seen->atoms[i])	       ? CM_POSSIBLE
			   : seen->atoms[i]->op == CM_ATOM_IN ? CM_NO
							      : CM_CERTAIN;
	idle_mark(seen, seen->expr, truth, 0);
	return outcome_of(seen, truth) == CM_NO;
}

static bool rule_begin(struct coverer *coverer, size_t rule)
{
	const struct cm_rule_def *def = coverer->law->rules[rule].def;
	struct cm_covered_rule *out = &coverer->out->rules[rule];
	size_t at = 0;

	out->rule = &coverer->law->rules[rule].info;
	if (def->applies != NULL && !decision_add(coverer, rule, def->applies))
		return false;
	for (const struct cm_reading *reading = def->readings; reading != NULL;
	     reading = reading->next)
		if (!decision_add(coverer, rule, reading->applies))
			return false;
	out->atoms = cm_arena_alloc(coverer->arena, out->atoms_count + 1, sizeof *out->atoms);
	if (out->atoms == NULL)
		return false;
	out->is_idle = true;
	for (struct decision_seen *seen = coverer->seen[rule]; seen != NULL; seen = seen->next) {
		seen->out = &out->atoms[at];
		for (size_t i = 0; i < seen->atoms_count; i++)
			if (!atom_name(coverer, seen->atoms[i], &out->atoms[at++]))
				return false;
		if (!decision_idle(seen))
			out->is_idle = false;
	}
	return true;
}

/* ---- what came of it ---- */

static bool differ_only_in(const struct decision_seen *seen, const struct row *a,
    const struct row *b, size_t atom)
{
	for (size_t i = 0; i < seen->atoms_count; i++)
		if ((a->truth[i] != b->truth[i]) != (i == atom))
			return false;
	return a->truth[atom] != CM_POSSIBLE && b->truth[atom] != CM_POSSIBLE &&
	       a->outcome != CM_POSSIBLE && b->outcome != CM_POSSIBLE && a->outcome != b->outcome;
}

static bool is_unique(const struct decision_seen *seen, size_t atom)
{
	for (size_t i = 0; i < seen->rows_count; i++)
		for (size_t j = i + 1; j < seen->rows_count; j++)
			if (differ_only_in(seen, &seen->rows[i], &seen->rows[j], atom))
				return true;
	return false;
}

static void rule_sum(struct coverer *coverer, size_t rule)
{
	struct cm_coverage *out = coverer->out;
	const struct cm_covered_rule *covered = &out->rules[rule];

	out->met += covered->holds + covered->defeated != 0;
	out->idle_rules += covered->is_idle;
	for (struct decision_seen *seen = coverer->seen[rule]; seen != NULL; seen = seen->next) {
		for (size_t i = 0; i < seen->atoms_count; i++) {
			struct cm_covered_atom *atom = &seen->out[i];

			atom->is_shown = seen->shown_true[i] && seen->shown_false[i];
			atom->is_unique = is_unique(seen, i);
			out->idle += atom->is_idle;
			if (atom->is_idle)
				continue;
			out->atoms++;
			out->both += atom->seen_true != 0 && atom->seen_false != 0;
			out->shown += atom->is_shown;
			out->unique += atom->is_unique;
		}
	}
}

static bool cover_all(struct coverer *coverer, cm_stored_cb next, void *context)
{
	struct cm_stored stored;

	for (size_t i = 0; i < coverer->law->rules_count; i++)
		if (!rule_begin(coverer, i))
			return false;
	for (size_t i = 0; i < coverer->law->rules_count; i++)
		for (const struct cm_test_def *test = coverer->law->rules[i].def->tests;
		     test != NULL; test = test->next)
			if (!test_see(coverer, i, test))
				return false;
	while (next != NULL && next(context, &stored))
		if (!case_see(coverer, &stored))
			return false;
	for (size_t i = 0; i < coverer->law->rules_count; i++)
		rule_sum(coverer, i);
	return true;
}

enum cm_status cm_law_coverage(const struct cm_law *law, cm_stored_cb next, void *context,
    struct cm_arena *arena, struct cm_coverage *out)
{
	struct coverer coverer = {.law = law, .arena = arena, .out = out};
	bool done = false;

	*out = (struct cm_coverage){.rules_count = law->rules_count, .exact = true};
	cm_arena_init(&coverer.rows, 0);
	coverer.facts = cm_facts_new(law);
	coverer.decision = cm_decision_new(law);
	coverer.seen = cm_alloc(law->rules_count + 1, sizeof(struct decision_seen *));
	out->rules = cm_arena_alloc(arena, law->rules_count + 1, sizeof *out->rules);
	if (coverer.facts != NULL && coverer.decision != NULL && coverer.seen != NULL &&
	    out->rules != NULL && cm_scope_init(&coverer.scope, law))
		done = cover_all(&coverer, next, context);
	cm_scope_fini(&coverer.scope);
	cm_free(coverer.seen);
	cm_decision_free(coverer.decision);
	cm_facts_free(coverer.facts);
	cm_arena_fini(&coverer.rows);
	return done ? CM_OK : CM_NO_MEMORY;
}

const char *cm_covered_remark(const struct cm_covered_rule *rule)
{
	if (rule->holds + rule->defeated != 0)
		return "";
	if (rule->is_idle)
		return "idle";
	return rule->possible != 0 && rule->silent == 0 ? "always undetermined" : "never met";
}
