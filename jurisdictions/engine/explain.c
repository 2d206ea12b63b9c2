#include "jurisdictions/engine/deadline.h"
#include "jurisdictions/engine/scope.h"
#include "jurisdictions/engine/sentence.h"

#include <string.h>

struct teller {
	const struct cm_law *law;
	const struct cm_facts *facts;
	struct cm_day as_of;
	const struct cm_decision *decision;
	struct cm_moments moments;
	struct cm_scope scope;
	struct cm_buf *out;
	int32_t day; /* on which the rule being told is read */
	const char *path;
};

static const char *truth_word(enum cm_truth truth)
{
	return truth == CM_CERTAIN ? "yes " : truth == CM_NO ? "no  " : "open";
}

static void indent(struct teller *teller, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		cm_buf_text(teller->out, "  ");
}

/* "served_on = 2026-11-07, from the order" */
static void fact_tell(struct teller *teller, int fact)
{
	const char *source = teller->facts->sources[fact];

	cm_buf_printf(teller->out, "%s = ", teller->law->facts[fact].info.name);
	cm_fact_print(teller->law, teller->facts, (size_t)fact, teller->out);
	if (teller->facts->knowledge[fact] == CM_DISPUTED)
		cm_buf_text(teller->out, ", disputed");
	if (source != NULL)
		cm_buf_printf(teller->out, ", from %s", source);
}

static void expr_tell(struct teller *teller, const struct cm_expr *expr, unsigned depth);

static void atom_tell(struct teller *teller, const struct cm_expr *atom, unsigned depth)
{
	const struct cm_notion_def *notion;

	cm_buf_printf(teller->out, "  %s:%u", teller->path, (unsigned)atom->at.line);
	if (atom->notion == NULL) {
		cm_buf_text(teller->out, "  (");
		fact_tell(teller, atom->fact);
		if (atom->other >= 0) {
			cm_buf_text(teller->out, "; ");
			fact_tell(teller, atom->other);
		}
		cm_buf_text(teller->out, ")\n");
		return;
	}
	cm_buf_byte(teller->out, '\n');
	notion = cm_notion_on(teller->law, atom->notion, teller->day);
	if (notion != NULL)
		expr_tell(teller, notion->means, depth + 1);
}

/* Depth is bounded by the parser and by the search for circles among terms. */
static void expr_tell(struct teller *teller, const struct cm_expr *expr, unsigned depth)
{
	enum cm_truth truth = cm_expr_truth(teller->law, expr, teller->day, teller->facts);

	indent(teller, depth);
	cm_buf_printf(teller->out, "%s ", truth_word(truth));
	switch (expr->kind) {
	case CM_EXPR_ATOM:
		cm_expr_print(expr, teller->out);
		atom_tell(teller, expr, depth);
		return;
	case CM_EXPR_AND:
		cm_buf_text(teller->out, "all of\n");
		break;
	case CM_EXPR_OR:
		cm_buf_text(teller->out, "one of\n");
		break;
	case CM_EXPR_NOT:
		cm_buf_text(teller->out, "not\n");
		break;
	case CM_EXPR_COUNT:
		cm_buf_printf(teller->out, "at least %u of\n", (unsigned)expr->need);
		break;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		expr_tell(teller, operand, depth + 1);
}

/* The conditions of a rule, one line each where they are joined by `and`. */
static void conditions_tell(struct teller *teller, const struct cm_expr *expr, unsigned depth)
{
	if (expr->kind != CM_EXPR_AND) {
		expr_tell(teller, expr, depth);
		return;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		expr_tell(teller, operand, depth);
}

/* ---- one rule ---- */

/* The day on which a rule is read, and the segment it falls in; NULL if none can match. */
static const struct cm_segment *segment_of(struct teller *teller, size_t rule)
{
	const struct cm_code *code = &teller->law->code;
	const struct cm_segment *found = NULL;

	for (uint32_t i = 0; i < code->rules[rule].segments; i++) {
		const struct cm_segment *segment = &code->segments[code->rules[rule].segment + i];

		if (teller->moments.low[segment->when] < segment->until &&
		    teller->moments.high[segment->when] >= segment->from &&
		    (found == NULL || found->from < segment->from))
			found = segment;
	}
	if (found != NULL)
		teller->day = found->from;
	return found;
}

static void force_tell(struct teller *teller, const struct cm_segment *segment)
{
	bool open = teller->moments.low[segment->when] < segment->from ||
		    teller->moments.high[segment->when] >= segment->until;

	cm_buf_printf(teller->out, "  %s in force by date of %s",
	    truth_word(open ? CM_POSSIBLE : CM_CERTAIN), cm_when_names[segment->when]);
	if (teller->law->when_fact[segment->when] >= 0) {
		cm_buf_text(teller->out, "  (");
		fact_tell(teller, teller->law->when_fact[segment->when]);
		cm_buf_byte(teller->out, ')');
	}
	cm_buf_byte(teller->out, '\n');
}

static void of_tell(struct teller *teller, const struct cm_rule_def *def)
{
	struct cm_expr of = {.kind = CM_EXPR_ATOM,
	    .op = CM_ATOM_INCLUDES_ANY,
	    .value = CM_VALUE_WORDS,
	    .other = -1,
	    .name = "data",
	    .at = {.line = def->act->at.line}};

	if (def->of == NULL || teller->law->data_fact < 0)
		return;
	of.fact = teller->law->data_fact;
	of.words = def->of;
	expr_tell(teller, &of, 1);
}

/* For a silent rule the first condition that is not met says enough. */
static void silence_tell(
    struct teller *teller, const struct cm_rule_def *def, const struct cm_segment *segment)
{
	const struct cm_expr *expr = def->applies != NULL ? def->applies : def->readings->applies;

	if (segment == NULL) {
		cm_buf_text(teller->out, "  no   in force on the date it goes by\n");
		return;
	}
	if (cm_expr_truth(teller->law, expr, teller->day, teller->facts) != CM_NO) {
		of_tell(teller, def);
		return;
	}
	while (expr->kind == CM_EXPR_AND) {
		const struct cm_expr *operand = expr->first;

		while (cm_expr_truth(teller->law, operand, teller->day, teller->facts) != CM_NO &&
		       operand->next != NULL)
			operand = operand->next;
		if (cm_expr_truth(teller->law, operand, teller->day, teller->facts) != CM_NO)
			break;
		expr = operand;
	}
	expr_tell(teller, expr, 1);
}

static enum cm_status needs_tell(struct teller *teller, size_t rule)
{
	struct cm_needs needs;
	enum cm_status status;

	cm_scope_of(&teller->scope, rule);
	status = cm_needs_find(&teller->scope, teller->facts, teller->as_of, false, &needs);
	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < needs.count; i++)
		cm_buf_printf(teller->out, "%s%s", i == 0 ? ", depends on " : ", ",
		    teller->law->facts[needs.facts[i]].info.name);
	return CM_OK;
}

static void defeats_tell(struct teller *teller, size_t rule)
{
	static const char *const words[] = {
	    [CM_NO] = "does not hold", [CM_POSSIBLE] = "may hold", [CM_CERTAIN] = "holds"};
	const struct cm_law *law = teller->law;

	for (size_t i = 0; i < law->edges_count; i++) {
		const struct cm_edge *edge = &law->edges[i];

		if (edge->target == rule)
			cm_buf_printf(teller->out, "  defeated by %s if that holds (%s): it %s\n",
			    law->rules[edge->by].info.id, cm_ground_names[edge->text->ground],
			    words[cm_decision_holds(teller->decision, edge->by)]);
	}
}

static void deadline_tell(
    struct teller *teller, const struct cm_rule_def *def, enum cm_rule_state state)
{
	struct cm_due due;
	char text[CM_DUE_TEXT_BYTES];

	if (def->deadline == NULL)
		return;
	cm_buf_printf(teller->out, "  deadline to %s: ", def->deadline->act->text);
	due = cm_deadline_of(teller->law, def->deadline, teller->facts, teller->out);
	cm_due_print(&due, text);
	cm_buf_printf(teller->out, ": %s%s\n",
	    state == CM_RULE_POSSIBLE ? "if it applies, by " : "by ",
	    *text != 0 ? text : "a day not known yet");
}

static enum cm_status rule_tell(struct teller *teller, size_t rule)
{
	static const char *const words[] = {"silent", "holds", "possible", "defeated"};
	const struct cm_rule_def *def = teller->law->rules[rule].def;
	enum cm_rule_state state = cm_decision_state(teller->decision, rule);
	const struct cm_segment *segment = segment_of(teller, rule);
	enum cm_status status = CM_OK;

	teller->path = def->file->path;
	cm_buf_printf(teller->out, "%s: %s", def->id, words[state]);
	if (state == CM_RULE_POSSIBLE)
		status = needs_tell(teller, rule);
	cm_buf_printf(teller->out, "\n  %s (%s)  %s:%u\n", def->title, def->cites->text,
	    teller->path, (unsigned)def->at.line);
	if (status != CM_OK)
		return status;
	if (state == CM_RULE_SILENT || segment == NULL) {
		silence_tell(teller, def, segment);
		return CM_OK;
	}
	force_tell(teller, segment);
	if (def->applies != NULL)
		conditions_tell(teller, def->applies, 1);
	of_tell(teller, def);
	for (const struct cm_reading *reading = def->readings; reading != NULL;
	     reading = reading->next) {
		cm_buf_printf(
		    teller->out, "  on the reading %s (%s)\n", reading->name, reading->title);
		conditions_tell(teller, reading->applies, 2);
	}
	defeats_tell(teller, rule);
	deadline_tell(teller, def, state);
	return CM_OK;
}

static enum cm_status rules_tell(struct teller *teller, const char *rule)
{
	const struct cm_law *law = teller->law;
	size_t end = law->rules_count;
	size_t at = 0;

	if (rule != NULL) {
		int first = cm_law_rules_of(law, rule, &end);

		if (first < 0)
			return CM_NOT_FOUND;
		at = (size_t)first;
	}
	for (; at < end; at++) {
		enum cm_status status = rule_tell(teller, at);

		if (status != CM_OK)
			return status;
	}
	return teller->out->failed ? CM_NO_MEMORY : CM_OK;
}

enum cm_status cm_decision_explain(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_decision *decision, const char *rule, struct cm_buf *out)
{
	struct teller teller = {
	    .law = law, .facts = facts, .as_of = as_of, .decision = decision, .out = out};
	enum cm_status status;

	if (!cm_scope_init(&teller.scope, law))
		return CM_NO_MEMORY;
	cm_moments_of(law, facts, as_of, &teller.moments);
	status = rules_tell(&teller, rule);
	cm_scope_fini(&teller.scope);
	return status;
}
