/* A rule set in the rule language, and demands in words. */
#include "oracle.h"

static const char *const set_names[] = {"S", "T", "V"};
static const char *const term_names[] = {"t1", "t2"};
static const char *const when_names[] = {"service", "issue", "conduct", "decision"};

static const char *const head =
    "law language 1 jurisdiction US \"x\"\n"
    "fact b1 is yes-or-no \"t\" fact b2 is yes-or-no \"t\" fact b3 is yes-or-no \"t\"\n"
    "fact b4 is yes-or-no \"t\" fact j is judgment \"t\"\n"
    "fact c1 is one of x, y, z, w \"t\" fact c2 is one of x, y, z, w \"t\"\n"
    "fact s is set of p, q, r \"t\" fact data is set of content, traffic, subscriber \"t\"\n"
    "fact n is number of days \"t\" fact served_on is date \"t\" fact issued_on is date \"t\"\n"
    "fact conduct_on is date \"t\" fact d is date \"t\"\n"
    "fact k1 is country \"t\" fact k2 is country \"t\" fact ks is countries \"t\"\n"
    "act a \"t\" of data\n"
    "set S \"t\" cite \"c\" from 2000-01-01 until 2020-06-10 is GB from 2020-06-10 is GB, IE, ZW "
    "end\n"
    "set T \"t\" cite \"c\" from 2020-06-05 until 2020-06-20 is FR, US end\n"
    "set V \"t\" cite \"c\" from 2000-01-01 until 2020-06-12 is x from 2020-06-12 is x, y end\n";

static void day_print(int32_t day, struct cm_buf *out)
{
	char text[CM_DAY_TEXT_BYTES];

	cm_day_print((struct cm_day){day}, text);
	cm_buf_text(out, text);
}

static void values_print(
    const struct oracle_fact *fact, unsigned mask, unsigned sets, struct cm_buf *out)
{
	const char *between = " ";

	for (unsigned i = 0; i < ORACLE_MEMBERS; i++)
		if ((mask >> i & 1) != 0) {
			cm_buf_printf(out, "%s%s", between, fact->values[i]);
			between = ", ";
		}
	for (unsigned i = 0; i < 3; i++)
		if ((sets >> i & 1) != 0) {
			cm_buf_printf(out, "%s%s", between, set_names[i]);
			between = ", ";
		}
}

static void amount_print(
    const struct oracle_fact *fact, const struct oracle_node *atom, struct cm_buf *out)
{
	if (fact->type == ORACLE_DATE)
		day_print(atom->number, out);
	else
		cm_buf_printf(out, "%d days", (int)atom->number);
}

static void other_print(const struct oracle_node *atom, struct cm_buf *out)
{
	cm_buf_text(out, oracle_facts[atom->other].name);
	if (atom->number != 0 || atom->spelling == 1)
		cm_buf_printf(out, " %s %d days", atom->number < 0 ? "minus" : "plus",
		    atom->number < 0 ? -(int)atom->number : (int)atom->number);
}

static const char *words_of(const struct oracle_node *atom, bool is_date)
{
	static const char *const yes[] = {"", " is yes", " is not no", ""};
	static const char *const no[] = {" is no", " is not yes", " is no", " is no"};
	bool other = atom->spelling % 2 == 1;

	switch ((enum oracle_op)atom->op) {
	case ATOM_YES:
	case ATOM_TERM:
		return yes[atom->spelling];
	case ATOM_NO:
	case ATOM_TERM_NO:
		return no[atom->spelling];
	case ATOM_IS:
	case ATOM_SAME:
	case ATOM_EQUAL:
		return " is ";
	case ATOM_IS_NOT:
	case ATOM_DIFFERENT:
	case ATOM_UNEQUAL:
		return " is not ";
	case ATOM_ONE_OF:
		return " is one of ";
	case ATOM_NONE_OF:
		return other ? " is none of " : " is not one of ";
	case ATOM_IN:
		return " is in ";
	case ATOM_NOT_IN:
		return " is not in ";
	case ATOM_ANY:
		return " includes any of ";
	case ATOM_ALL:
		return " includes all of ";
	case ATOM_LACKS_ALL:
		return " includes none of ";
	case ATOM_ONLY:
		return " is only ";
	case ATOM_AT_LEAST:
		return is_date ? " on or after " : " at least ";
	case ATOM_LESS:
		return is_date ? " before " : " less than ";
	case ATOM_AT_MOST:
		return " at most ";
	case ATOM_MORE:
		return " more than ";
	case ATOM_AFTER_FACT:
		return " on or after ";
	case ATOM_BEFORE_FACT:
		return " before ";
	case ATOM_CANNOT:
		return " cannot be determined";
	}
	return "";
}

static bool is_single(unsigned mask)
{
	return mask != 0 && (mask & (mask - 1)) == 0;
}

static void atom_print(const struct oracle_node *atom, struct cm_buf *out)
{
	bool is_term = atom->op == ATOM_TERM || atom->op == ATOM_TERM_NO;
	const struct oracle_fact *fact = &oracle_facts[is_term ? FACT_B1 : atom->fact];

	cm_buf_text(out, is_term ? term_names[atom->fact] : fact->name);
	if ((atom->op == ATOM_ANY || atom->op == ATOM_ALL) && is_single(atom->mask) &&
	    atom->sets == 0 && atom->spelling != 0) {
		cm_buf_text(out, " includes");
		values_print(fact, atom->mask, 0, out);
		return;
	}
	cm_buf_text(out, words_of(atom, fact->type == ORACLE_DATE));
	if (atom->op == ATOM_SAME || atom->op == ATOM_DIFFERENT)
		cm_buf_text(out, oracle_facts[atom->other].name);
	else if (atom->op == ATOM_AFTER_FACT || atom->op == ATOM_BEFORE_FACT)
		other_print(atom, out);
	else if (atom->op >= ATOM_AT_LEAST && atom->op <= ATOM_UNEQUAL)
		amount_print(fact, atom, out);
	else if (atom->op >= ATOM_IS && atom->op <= ATOM_ONLY)
		values_print(fact, atom->mask, atom->sets, out);
}

/* Depth is bounded by the maker. */
static void expr_print(const struct oracle_set *set, int16_t index, bool bare, struct cm_buf *out)
{
	const struct oracle_node *node = &set->nodes[index];
	const char *between = node->kind == NODE_AND  ? " and "
			      : node->kind == NODE_OR ? " or "
						      : "; ";

	if (node->kind == NODE_ATOM) {
		atom_print(node, out);
		return;
	}
	if (node->kind == NODE_NOT) {
		cm_buf_text(out, "not ");
		expr_print(set, node->first, false, out);
		return;
	}
	if (node->kind == NODE_COUNT)
		cm_buf_printf(out, "at least %u of ", node->need);
	bare = bare && node->kind != NODE_COUNT;
	cm_buf_text(out, bare ? "" : "(");
	for (int16_t at = node->first; at >= 0; at = set->nodes[at].next) {
		cm_buf_text(out, at == node->first ? "" : between);
		expr_print(set, at, node->kind == NODE_COUNT, out);
	}
	cm_buf_text(out, bare ? "" : ")");
}

static void term_print(const struct oracle_set *set, const char *name, int16_t means,
    const char *force, struct cm_buf *out)
{
	cm_buf_printf(out, "term %s \"t\" cite \"c\" in force %s means ", name, force);
	expr_print(set, means, true, out);
	cm_buf_text(out, " end\n");
}

static void spans_print(const struct oracle_rule *rule, struct cm_buf *out)
{
	for (unsigned i = 0; i < rule->spans_count; i++) {
		const struct oracle_span *span = &rule->spans[i];

		cm_buf_text(out, " in force from ");
		day_print(span->from, out);
		if (span->until != ORACLE_FOREVER) {
			cm_buf_text(out, " until ");
			day_print(span->until, out);
		}
		if (span->when != WHEN_SERVICE)
			cm_buf_printf(out, " by date of %s", when_names[span->when]);
	}
}

static void defeats_print(const struct oracle_set *set, unsigned rule, struct cm_buf *out)
{
	for (unsigned i = 0; i < set->rules_count; i++) {
		unsigned own = set->rules[rule].defeats & ~(unsigned)set->rules[rule].inverse;

		if (set->rules[i].dropped)
			continue;
		if ((own >> i & 1) != 0)
			cm_buf_printf(out, " defeats us.r%u because specialis", i);
		if ((set->rules[i].inverse >> rule & 1) != 0)
			cm_buf_printf(out, " subject to us.r%u", i);
	}
}

static void rule_print(const struct oracle_set *set, unsigned index, struct cm_buf *out)
{
	const struct oracle_rule *rule = &set->rules[index];

	cm_buf_printf(
	    out, "rule us.r%u title \"t\" source statute cite \"c\" reviewed by nobody\n ", index);
	spans_print(rule, out);
	cm_buf_text(out, "\n  applies when ");
	expr_print(set, rule->applies, true, out);
	if (rule->reading >= 0) {
		cm_buf_text(out, "\n  reading other \"r\" applies when ");
		expr_print(set, rule->reading, true, out);
	}
	cm_buf_text(out, "\n  effect permits a");
	if (rule->of != 0) {
		cm_buf_text(out, " of");
		values_print(&oracle_facts[FACT_DATA], rule->of, 0, out);
	}
	defeats_print(set, index, out);
	cm_buf_text(out, " end\n");
}

/* Rules of many shapes that have nothing to do with those that are judged but their facts. */
static void filler_print(unsigned index, struct cm_buf *out)
{
	const struct oracle_fact *states = &oracle_facts[FACT_K1];
	const char *a = states->values[index % 6];
	const char *b = states->values[(index / 6 + 1 + index) % 6];

	cm_buf_printf(out,
	    "rule us.%c%u title \"t\" source statute cite \"c\" reviewed by nobody in force from "
	    "2000-01-01 applies when ",
	    index % 2 == 0 ? 'a' : 'z', index);
	if (index % 4 == 0)
		cm_buf_printf(out, "k1 is %s and k2 is %s", a, b);
	else if (index % 4 == 1)
		cm_buf_printf(
		    out, "ks includes %s and (b1 or n at least %u days)", a, 1 + index % 9);
	else if (index % 4 == 2)
		cm_buf_printf(
		    out, "k1 is not %s and served_on before 2020-06-%02u", a, 1 + index % 30);
	else
		cm_buf_printf(out, "at least 2 of (k2 is %s; k1 is %s; b2; c1 is x)", a, b);
	cm_buf_text(out, " effect permits a end\n");
}

void oracle_set_print(const struct oracle_set *set, const uint8_t *order, struct cm_buf *out)
{
	cm_buf_text(out, head);
	term_print(set, "t1", set->terms[0], "from 2000-01-01 until 2020-06-12", out);
	term_print(set, "t1", set->terms[1], "from 2020-06-18", out);
	term_print(set, "t2", set->terms[2], "from 2020-06-03 until 2020-06-15", out);
	for (unsigned i = 0; i < set->filler; i++)
		filler_print(i, out);
	for (unsigned i = 0; i < set->rules_count; i++) {
		unsigned rule = order != NULL ? order[i] : i;

		if (!set->rules[rule].dropped)
			rule_print(set, rule, out);
	}
}

/* ---- demands in words ---- */

void oracle_known_print(unsigned fact, const struct oracle_known *known, struct cm_buf *out)
{
	static const char *const how[] = {"", "not asked", "cannot tell", "disputed"};

	cm_buf_printf(out, "%s = %s", oracle_facts[fact].name, how[known->how]);
	if (known->is_blank)
		return;
	if (oracle_facts[fact].all != 0) {
		values_print(&oracle_facts[fact], known->may, 0, out);
	} else if (oracle_facts[fact].type == ORACLE_DATE) {
		cm_buf_text(out, " ");
		day_print(known->low, out);
		cm_buf_text(out, known->low != known->high ? ", " : "");
		if (known->low != known->high)
			day_print(known->high, out);
	} else {
		cm_buf_printf(out, " %d, %d", (int)known->low, (int)known->high);
	}
}

void oracle_demand_print(const struct oracle_demand *demand, struct cm_buf *out)
{
	cm_buf_text(out, "decided on ");
	day_print(demand->as_of, out);
	for (unsigned i = 0; i < ORACLE_FACTS; i++) {
		if (demand->facts[i].is_blank && demand->facts[i].how == CM_NOT_ASKED)
			continue;
		cm_buf_text(out, "\n");
		oracle_known_print(i, &demand->facts[i], out);
	}
	cm_buf_text(out, "\n");
}

void oracle_case_print(
    const struct oracle_set *set, const struct oracle_demand *demand, struct cm_buf *out)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	oracle_set_print(set, NULL, &text);
	cm_buf_text(out, cm_buf_str(&text));
	cm_buf_text(out, "---- demand (what is not named was not asked):\n");
	oracle_demand_print(demand, out);
	cm_buf_fini(&text);
}
