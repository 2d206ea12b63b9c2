/*
 * A rule set as one SELECT: a row per rule, and SQLite's NULL for what is not known. A demand is
 * bound to parameters: one per plain fact, one per member of a set, one that says "somebody looked
 * and it cannot be determined", and the day of the decision.
 */
#include "oracle.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define PARAMETERS 16 /* per fact */
#define CANNOT 15
#define AS_OF ((int)ORACLE_FACTS * PARAMETERS + 1)

static int parameter(unsigned fact, unsigned member)
{
	return (int)(fact * PARAMETERS + member) + 1;
}

struct writer {
	const struct oracle_set *set;
	struct cm_buf *out;
	int32_t day; /* what sets and terms mean */
};

static bool is_several(unsigned fact)
{
	return oracle_facts[fact].type == ORACLE_SET_OF ||
	       oracle_facts[fact].type == ORACLE_COUNTRIES;
}

/* Values named by an atom on the day, members of its sets among them. */
static unsigned mask_of(const struct writer *writer, const struct oracle_node *atom)
{
	unsigned mask = atom->mask;

	for (unsigned i = 0; i < 3; i++)
		if ((atom->sets >> i & 1) != 0)
			mask |= oracle_set_on(i, writer->day);
	return mask;
}

static void in_write(struct writer *writer, const struct oracle_node *atom, bool negated)
{
	unsigned mask = mask_of(writer, atom);
	const char *between = "";

	cm_buf_printf(writer->out, "?%d %sIN (", parameter(atom->fact, 0), negated ? "NOT " : "");
	for (unsigned i = 0; i < ORACLE_MEMBERS; i++)
		if ((mask >> i & 1) != 0) {
			cm_buf_printf(writer->out, "%s%u", between, i);
			between = ", ";
		}
	cm_buf_text(writer->out, ")");
}

/* The members of the mask, joined; `none` stands for no member at all. */
static void members_write(
    struct writer *writer, unsigned fact, unsigned mask, const char *between, const char *none)
{
	bool first = true;

	cm_buf_text(writer->out, "(");
	for (unsigned i = 0; i < ORACLE_MEMBERS; i++)
		if ((mask >> i & 1) != 0) {
			cm_buf_printf(
			    writer->out, "%s?%d", first ? "" : between, parameter(fact, i));
			first = false;
		}
	cm_buf_text(writer->out, first ? none : "");
	cm_buf_text(writer->out, ")");
}

static void several_write(struct writer *writer, const struct oracle_node *atom)
{
	unsigned mask = mask_of(writer, atom);
	unsigned all = (1u << oracle_facts[atom->fact].all) - 1;

	if (atom->op == ATOM_LACKS_ALL || atom->op == ATOM_ONLY)
		cm_buf_text(writer->out, "NOT ");
	if (atom->op == ATOM_ALL)
		members_write(writer, atom->fact, mask, " AND ", "1");
	else
		members_write(
		    writer, atom->fact, atom->op == ATOM_ONLY ? all & ~mask : mask, " OR ", "0");
}

static const char *sign_of(uint8_t op)
{
	switch ((enum oracle_op)op) {
	case ATOM_IS:
	case ATOM_SAME:
	case ATOM_EQUAL:
		return "=";
	case ATOM_IS_NOT:
	case ATOM_DIFFERENT:
	case ATOM_UNEQUAL:
		return "<>";
	case ATOM_AT_LEAST:
	case ATOM_AFTER_FACT:
		return ">=";
	case ATOM_LESS:
	case ATOM_BEFORE_FACT:
		return "<";
	case ATOM_AT_MOST:
		return "<=";
	case ATOM_MORE:
		return ">";
	case ATOM_YES:
	case ATOM_NO:
	case ATOM_ONE_OF:
	case ATOM_NONE_OF:
	case ATOM_IN:
	case ATOM_NOT_IN:
	case ATOM_ANY:
	case ATOM_ALL:
	case ATOM_LACKS_ALL:
	case ATOM_ONLY:
	case ATOM_CANNOT:
	case ATOM_TERM:
	case ATOM_TERM_NO:
		break;
	}
	abort();
}

static void expr_write(struct writer *writer, int16_t index);

static void term_write(struct writer *writer, const struct oracle_node *atom)
{
	int version = oracle_term_on(atom->fact, writer->day);

	cm_buf_text(writer->out, atom->op == ATOM_TERM_NO ? "NOT " : "");
	if (version < 0)
		cm_buf_text(writer->out, "0");
	else
		expr_write(writer, writer->set->terms[version]);
}

static void atom_write(struct writer *writer, const struct oracle_node *atom)
{
	int self = parameter(atom->fact, 0);
	int value = 0;

	while (value < ORACLE_MEMBERS - 1 && (atom->mask >> value & 1) == 0)
		value++;
	switch ((enum oracle_op)atom->op) {
	case ATOM_YES:
	case ATOM_NO:
		cm_buf_printf(writer->out, "%s?%d", atom->op == ATOM_NO ? "NOT " : "", self);
		return;
	case ATOM_ONE_OF:
	case ATOM_IN:
	case ATOM_NONE_OF:
	case ATOM_NOT_IN:
		in_write(writer, atom, atom->op == ATOM_NONE_OF || atom->op == ATOM_NOT_IN);
		return;
	case ATOM_ANY:
	case ATOM_ALL:
	case ATOM_LACKS_ALL:
	case ATOM_ONLY:
		several_write(writer, atom);
		return;
	case ATOM_CANNOT:
		cm_buf_printf(writer->out, "?%d", parameter(atom->fact, CANNOT));
		return;
	case ATOM_TERM:
	case ATOM_TERM_NO:
		term_write(writer, atom);
		return;
	case ATOM_IS:
	case ATOM_IS_NOT:
		cm_buf_printf(writer->out, "?%d %s %d", self, sign_of(atom->op), value);
		return;
	case ATOM_SAME:
	case ATOM_DIFFERENT:
		cm_buf_printf(
		    writer->out, "?%d %s ?%d", self, sign_of(atom->op), parameter(atom->other, 0));
		return;
	case ATOM_AFTER_FACT:
	case ATOM_BEFORE_FACT:
		cm_buf_printf(writer->out, "?%d %s ?%d + (%d)", self, sign_of(atom->op),
		    parameter(atom->other, 0), (int)atom->number);
		return;
	case ATOM_AT_LEAST:
	case ATOM_LESS:
	case ATOM_AT_MOST:
	case ATOM_MORE:
	case ATOM_EQUAL:
	case ATOM_UNEQUAL:
		cm_buf_printf(writer->out, "?%d %s %d", self, sign_of(atom->op), (int)atom->number);
		return;
	}
}

static void sum_write(struct writer *writer, const struct oracle_node *node, int unknown)
{
	for (int16_t at = node->first; at >= 0; at = writer->set->nodes[at].next) {
		cm_buf_text(writer->out, at == node->first ? "coalesce(" : " + coalesce(");
		expr_write(writer, at);
		cm_buf_printf(writer->out, ", %d)", unknown);
	}
}

/* At least so many: sure if those that are true suffice, impossible if those not false do not. */
static void count_write(struct writer *writer, const struct oracle_node *node)
{
	cm_buf_text(writer->out, "CASE WHEN ");
	sum_write(writer, node, 0);
	cm_buf_printf(writer->out, " >= %u THEN 1 WHEN ", node->need);
	sum_write(writer, node, 1);
	cm_buf_printf(writer->out, " < %u THEN 0 END", node->need);
}

/* Depth is bounded by the maker. */
static void expr_write(struct writer *writer, int16_t index)
{
	const struct oracle_node *node = &writer->set->nodes[index];

	cm_buf_text(writer->out, node->kind == NODE_NOT ? "(NOT " : "(");
	if (node->kind == NODE_ATOM)
		atom_write(writer, node);
	else if (node->kind == NODE_COUNT)
		count_write(writer, node);
	for (int16_t at = node->first; node->kind != NODE_COUNT && at >= 0;
	     at = writer->set->nodes[at].next) {
		if (at != node->first)
			cm_buf_text(writer->out, node->kind == NODE_AND ? " AND " : " OR ");
		expr_write(writer, at);
	}
	cm_buf_text(writer->out, ")");
}

/* What a rule says on a day in force. Rival readings: yes or no only where they agree. */
static void meaning_write(struct writer *writer, const struct oracle_rule *rule)
{
	cm_buf_text(writer->out, "(");
	if (rule->reading < 0) {
		expr_write(writer, rule->applies);
	} else {
		cm_buf_text(writer->out, "CASE WHEN ");
		expr_write(writer, rule->applies);
		cm_buf_text(writer->out, " AND ");
		expr_write(writer, rule->reading);
		cm_buf_text(writer->out, " THEN 1 WHEN NOT (");
		expr_write(writer, rule->applies);
		cm_buf_text(writer->out, " OR ");
		expr_write(writer, rule->reading);
		cm_buf_text(writer->out, ") THEN 0 END");
	}
	cm_buf_text(writer->out, ")");
	if (rule->of != 0) {
		cm_buf_text(writer->out, " AND ");
		members_write(writer, FACT_DATA, rule->of, " OR ", "0");
	}
}

static void stretch_write(struct writer *writer, const struct oracle_rule *rule, uint8_t when,
    int32_t from, int32_t until)
{
	int date = when == WHEN_DECISION ? AS_OF : parameter(FACT_SERVED + when, 0);

	cm_buf_printf(writer->out, " OR (?%d >= %d", date, (int)from);
	if (until != ORACLE_FOREVER)
		cm_buf_printf(writer->out, " AND ?%d < %d", date, (int)until);
	cm_buf_text(writer->out, " AND ");
	writer->day = from;
	meaning_write(writer, rule);
	cm_buf_text(writer->out, ")");
}

static bool is_dated(const struct oracle_set *set, int16_t index)
{
	const struct oracle_node *node = &set->nodes[index];
	bool dated = node->kind == NODE_ATOM && (node->sets != 0 || node->op >= ATOM_TERM);

	for (int16_t at = node->first; at >= 0; at = set->nodes[at].next)
		dated = dated || is_dated(set, at);
	return dated;
}

/* In force, cut at the days on which what it uses changes. */
static void rule_write(struct writer *writer, const struct oracle_rule *rule)
{
	bool dated = is_dated(writer->set, rule->applies) ||
		     (rule->reading >= 0 && is_dated(writer->set, rule->reading));

	cm_buf_text(writer->out, "0");
	for (unsigned i = 0; i < rule->spans_count; i++) {
		const struct oracle_span *span = &rule->spans[i];
		int32_t from = span->from;

		for (size_t j = 0; dated && j < oracle_breaks_count; j++) {
			if (oracle_breaks[j] <= from || oracle_breaks[j] >= span->until)
				continue;
			stretch_write(writer, rule, span->when, from, oracle_breaks[j]);
			from = oracle_breaks[j];
		}
		stretch_write(writer, rule, span->when, from, span->until);
	}
}

void oracle_sql_text(const struct oracle_set *set, struct cm_buf *out)
{
	struct writer writer = {.set = set, .out = out};

	for (unsigned i = 0; i < set->rules_count; i++) {
		cm_buf_printf(out, "%sSELECT %u, CASE (", i == 0 ? "" : "\nUNION ALL ", i);
		if (set->rules[i].dropped)
			cm_buf_text(out, "0");
		else
			rule_write(&writer, &set->rules[i]);
		/* NULL is like neither. */
		cm_buf_text(out, ") WHEN 1 THEN 2 WHEN 0 THEN 0 ELSE 1 END");
	}
}

struct sqlite3_stmt *oracle_sql_prepare(struct sqlite3 *db, const struct oracle_set *set)
{
	struct sqlite3_stmt *select = NULL;
	struct cm_buf text;

	cm_buf_init(&text, 0);
	oracle_sql_text(set, &text);
	if (sqlite3_prepare_v2(db, cm_buf_str(&text), -1, &select, NULL) != SQLITE_OK) {
		(void)fprintf(stderr, "%s\n%s\n", sqlite3_errmsg(db), cm_buf_str(&text));
		abort();
	}
	cm_buf_fini(&text);
	return select;
}

/* A parameter that the statement does not have is out of range, which is no matter. */
static void bind(struct sqlite3_stmt *select, int index, bool known, int value)
{
	(void)(known ? sqlite3_bind_int(select, index, value) : sqlite3_bind_null(select, index));
}

void oracle_sql_bind(struct sqlite3_stmt *select, unsigned fact, const struct oracle_known *known)
{
	int value = known->low;

	(void)sqlite3_reset(select);
	bind(select, parameter(fact, CANNOT), true, known->how == CM_CANNOT_TELL);
	for (unsigned i = 0; is_several(fact) && i < oracle_facts[fact].all; i++)
		bind(select, parameter(fact, i), known->is_whole, known->may >> i & 1);
	if (is_several(fact))
		return;
	for (int i = 0; i < ORACLE_MEMBERS && oracle_facts[fact].all != 0; i++)
		if ((known->may >> i & 1) != 0)
			value = i;
	bind(select, parameter(fact, 0), known->is_whole, value);
}

void oracle_sql_judge(
    struct sqlite3_stmt *select, const struct oracle_demand *demand, uint8_t applies[ORACLE_RULES])
{
	int rows = 0;

	(void)sqlite3_reset(select);
	bind(select, AS_OF, true, demand->as_of);
	while (sqlite3_step(select) == SQLITE_ROW) {
		applies[sqlite3_column_int(select, 0)] = (uint8_t)sqlite3_column_int(select, 1);
		rows++;
	}
	if (rows == 0)
		abort();
	(void)sqlite3_reset(select);
}
