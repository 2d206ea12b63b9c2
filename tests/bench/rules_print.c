/* The conditions of the set in other languages: C, SQL and JSON logic. */
#include <string.h>

#include "jurisdictions/engine/codes.h"
#include "jurisdictions/engine/emit.h"
#include "tests/bench/rules.h"

/* A wide mask has its values renumbered to those the set uses. */
static uint64_t dense_mask(const int8_t dense[512], const uint64_t mask[4])
{
	uint64_t out = 0;

	for (size_t i = 0; i < CM_MAX_VALUES; i++)
		if ((mask[i / 64] >> (i % 64) & 1) != 0 && dense[i] >= 0)
			out |= UINT64_C(1) << dense[i];
	return out;
}

struct bench_literal bench_literal_of(
    const struct cm_law *law, const int8_t dense[512], const struct cm_expr *atom, bool negated)
{
	struct cm_literal literal;
	uint64_t mask[4];

	if (!cm_atom_code(law, atom, bench_today.number, negated, &literal, mask))
		bench_die("the set has no terms");
	if (cm_op_is_wide(literal.op)) {
		literal.op--;
		literal.arg = (int64_t)dense_mask(dense, mask);
	}
	return (struct bench_literal){literal.op, literal.fact, literal.arg};
}

/* ---- C and SQL ---- */

static void list_print(uint64_t mask, struct cm_buf *out)
{
	const char *before = "";

	for (unsigned i = 0; i < 64; i++)
		if ((mask >> i & 1) != 0) {
			cm_buf_printf(out, "%s%u", before, i);
			before = ", ";
		}
}

static void c_print(struct bench_literal in, struct cm_buf *out)
{
	unsigned long long mask = (unsigned long long)in.arg;

	switch ((int)in.op) {
	case CM_OP_IN:
		cm_buf_printf(out, "(0x%llxull >> v[%u] & 1) != 0", mask, in.fact);
		break;
	case CM_OP_ANY:
		cm_buf_printf(out, "((uint64_t)v[%u] & 0x%llxull) != 0", in.fact, mask);
		break;
	case CM_OP_NONE:
		cm_buf_printf(out, "((uint64_t)v[%u] & 0x%llxull) == 0", in.fact, mask);
		break;
	case CM_OP_ALL:
		cm_buf_printf(out, "(~(uint64_t)v[%u] & 0x%llxull) == 0", in.fact, mask);
		break;
	case CM_OP_LACKS:
		cm_buf_printf(out, "(~(uint64_t)v[%u] & 0x%llxull) != 0", in.fact, mask);
		break;
	default:
		cm_buf_printf(out, "v[%u] %s %lld", in.fact,
		    in.op == CM_OP_GE   ? ">="
		    : in.op == CM_OP_LT ? "<"
		    : in.op == CM_OP_EQ ? "=="
					: "!=",
		    (long long)in.arg);
		break;
	}
}

static void sql_print(struct bench_literal in, struct cm_buf *out)
{
	long long mask = (long long)in.arg;
	unsigned parameter = in.fact + 1u;

	switch ((int)in.op) {
	case CM_OP_IN:
		cm_buf_printf(out, "?%u IN (", parameter);
		list_print((uint64_t)in.arg, out);
		cm_buf_text(out, ")");
		break;
	case CM_OP_ANY:
	case CM_OP_NONE:
		cm_buf_printf(
		    out, "(?%u & %lld) %s 0", parameter, mask, in.op == CM_OP_ANY ? "<>" : "=");
		break;
	case CM_OP_ALL:
	case CM_OP_LACKS:
		cm_buf_printf(
		    out, "(~?%u & %lld) %s 0", parameter, mask, in.op == CM_OP_ALL ? "=" : "<>");
		break;
	default:
		cm_buf_printf(out, "?%u %s %lld", parameter,
		    in.op == CM_OP_GE   ? ">="
		    : in.op == CM_OP_LT ? "<"
		    : in.op == CM_OP_EQ ? "="
					: "<>",
		    mask);
		break;
	}
}

/* ---- JSON logic, on demands as they are ---- */

static const char *value_name(
    const struct cm_fact_entry *fact, const int8_t dense[512], unsigned value)
{
	if (fact->values != cm_countries)
		return fact->values[value];
	for (size_t i = 0; i < CM_COUNTRIES; i++)
		if (dense[i] == (int)value)
			return cm_countries[i];
	return "";
}

static void members_print(const struct cm_fact_entry *fact, const int8_t dense[512], uint64_t mask,
    const char *joined, struct cm_buf *out)
{
	const char *before = "";

	cm_buf_printf(out, "{\"%s\":[", joined);
	for (unsigned i = 0; i < 64; i++)
		if ((mask >> i & 1) != 0) {
			cm_buf_printf(out, "%s{\"in\":[\"%s\",{\"var\":\"%s\"}]}", before,
			    value_name(fact, dense, i), fact->info.name);
			before = ",";
		}
	cm_buf_text(out, "]}");
}

static void values_print(
    const struct cm_fact_entry *fact, const int8_t dense[512], uint64_t mask, struct cm_buf *out)
{
	const char *before = "";

	if (fact->info.type == CM_FACT_YES_NO) {
		cm_buf_printf(out, "{\"==\":[{\"var\":\"%s\"},%s]}", fact->info.name,
		    mask == 2 ? "true" : "false");
		return;
	}
	cm_buf_printf(out, "{\"in\":[{\"var\":\"%s\"},[", fact->info.name);
	for (unsigned i = 0; i < 64; i++)
		if ((mask >> i & 1) != 0 &&
		    (fact->values == cm_countries || i < fact->values_count)) {
			cm_buf_printf(out, "%s\"%s\"", before, value_name(fact, dense, i));
			before = ",";
		}
	cm_buf_text(out, "]]}");
}

static void json_print(
    const struct cm_law *law, const int8_t dense[512], struct bench_literal in, struct cm_buf *out)
{
	const struct cm_fact_entry *fact = &law->facts[in.fact];
	uint64_t mask = (uint64_t)in.arg;

	switch ((int)in.op) {
	case CM_OP_IN:
		values_print(fact, dense, mask, out);
		break;
	case CM_OP_ANY:
		members_print(fact, dense, mask, "or", out);
		break;
	case CM_OP_ALL:
		members_print(fact, dense, mask, "and", out);
		break;
	case CM_OP_NONE:
	case CM_OP_LACKS:
		cm_buf_text(out, "{\"!\":[");
		members_print(fact, dense, mask, in.op == CM_OP_NONE ? "or" : "and", out);
		cm_buf_text(out, "]}");
		break;
	default:
		cm_buf_printf(out, "{\"%s\":[{\"var\":\"%s\"},%lld]}",
		    in.op == CM_OP_GE   ? ">="
		    : in.op == CM_OP_LT ? "<"
		    : in.op == CM_OP_EQ ? "=="
					: "!=",
		    fact->info.name, (long long)in.arg);
		break;
	}
}

/* ---- expressions ---- */

struct printer {
	const struct cm_law *law;
	const int8_t *dense;
	enum bench_dialect dialect;
	struct cm_buf *out;
};

static void expr_print(const struct printer *printer, const struct cm_expr *expr, bool negated)
{
	static const char *const words[][2] = {[BENCH_C] = {" || ", " && "},
	    [BENCH_SQL] = {" OR ", " AND "},
	    [BENCH_JSON] = {",", ","}};
	bool all = (expr->kind == CM_EXPR_AND) != negated;
	struct bench_literal literal;

	if (expr->kind == CM_EXPR_NOT) {
		expr_print(printer, expr->first, !negated);
		return;
	}
	if (expr->kind == CM_EXPR_COUNT)
		bench_die("the set has no counts");
	if (expr->kind == CM_EXPR_ATOM) {
		literal = bench_literal_of(printer->law, printer->dense, expr, negated);
		if (printer->dialect == BENCH_JSON)
			json_print(printer->law, printer->dense, literal, printer->out);
		else if (printer->dialect == BENCH_SQL)
			sql_print(literal, printer->out);
		else
			c_print(literal, printer->out);
		return;
	}
	cm_buf_text(printer->out, printer->dialect != BENCH_JSON ? "("
				  : all                          ? "{\"and\":["
								 : "{\"or\":[");
	for (const struct cm_expr *at = expr->first; at != NULL; at = at->next) {
		if (at != expr->first)
			cm_buf_text(printer->out, words[printer->dialect][all]);
		expr_print(printer, at, negated);
	}
	cm_buf_text(printer->out, printer->dialect != BENCH_JSON ? ")" : "]}");
}

void bench_rule_print(const struct cm_law *law, const int8_t dense[512], size_t rule,
    enum bench_dialect dialect, struct cm_buf *out)
{
	struct printer printer = {law, dense, dialect, out};
	struct cm_expr whole = {.kind = CM_EXPR_AND, .first = law->rules[rule].def->applies};

	/* An `and` of one: brackets in every language. */
	if (whole.first->next != NULL || law->rules[rule].def->of != NULL)
		bench_die("the set's effects name no data");
	expr_print(&printer, &whole, false);
}

struct bench_answer bench_defeaters(const struct cm_law *law, size_t rule)
{
	const struct cm_rule_code *code = &law->code.rules[rule];
	struct bench_answer out = {{0}};

	for (uint32_t i = 0; i < code->defeaters; i++) {
		uint32_t by = law->code.defeaters[code->defeater + i];

		out.bits[by / 64] |= UINT64_C(1) << (by % 64);
	}
	return out;
}

struct bench_answer bench_defeat(const struct cm_law *law, struct bench_answer applies)
{
	for (size_t i = 0; i < law->contested_count; i++) {
		size_t rule = law->contested[i];
		struct bench_answer by = bench_defeaters(law, rule);

		if (((applies.bits[0] & by.bits[0]) | (applies.bits[1] & by.bits[1])) != 0)
			applies.bits[rule / 64] &= ~(UINT64_C(1) << (rule % 64));
	}
	return applies;
}
