#include "oracle.h"

#include <stdlib.h>

/* SE is never named by a condition: it stands for every other country. */
#define COUNTRIES {"AD", "FR", "GB", "IE", "US", "ZW", "SE"}, 6, 7

const struct oracle_fact oracle_facts[ORACLE_FACTS] = {
    [FACT_B1] = {"b1", ORACLE_YES_NO, {"no", "yes"}, 2, 2},
    [FACT_B2] = {"b2", ORACLE_YES_NO, {"no", "yes"}, 2, 2},
    [FACT_B3] = {"b3", ORACLE_YES_NO, {"no", "yes"}, 2, 2},
    [FACT_B4] = {"b4", ORACLE_YES_NO, {"no", "yes"}, 2, 2},
    [FACT_J] = {"j", ORACLE_YES_NO, {"no", "yes"}, 2, 2},
    [FACT_C1] = {"c1", ORACLE_ONE_OF, {"x", "y", "z", "w"}, 4, 4},
    [FACT_C2] = {"c2", ORACLE_ONE_OF, {"x", "y", "z", "w"}, 4, 4},
    [FACT_S] = {"s", ORACLE_SET_OF, {"p", "q", "r"}, 3, 3},
    [FACT_DATA] = {"data", ORACLE_SET_OF, {"content", "traffic", "subscriber"}, 3, 3},
    [FACT_N] = {"n", ORACLE_NUMBER, {NULL}, 0, 0},
    [FACT_SERVED] = {"served_on", ORACLE_DATE, {NULL}, 0, 0},
    [FACT_ISSUED] = {"issued_on", ORACLE_DATE, {NULL}, 0, 0},
    [FACT_CONDUCT] = {"conduct_on", ORACLE_DATE, {NULL}, 0, 0},
    [FACT_D] = {"d", ORACLE_DATE, {NULL}, 0, 0},
    [FACT_K1] = {"k1", ORACLE_COUNTRY, COUNTRIES},
    [FACT_K2] = {"k2", ORACLE_COUNTRY, COUNTRIES},
    [FACT_KS] = {"ks", ORACLE_COUNTRIES, COUNTRIES},
};

const int32_t oracle_breaks[] = {ORACLE_OLD, ORACLE_DAY + 2, ORACLE_DAY + 4, ORACLE_DAY + 9,
    ORACLE_DAY + 11, ORACLE_DAY + 14, ORACLE_DAY + 17, ORACLE_DAY + 19};
const size_t oracle_breaks_count = sizeof oracle_breaks / sizeof *oracle_breaks;

unsigned oracle_set_on(unsigned set, int32_t day)
{
	if (day < ORACLE_OLD)
		return 0;
	if (set == 0) /* S: GB, then GB, IE, ZW */
		return day < ORACLE_DAY + 9 ? 1u << 2 : 1u << 2 | 1u << 3 | 1u << 5;
	if (set == 1) /* T: FR, US, for a while */
		return day >= ORACLE_DAY + 4 && day < ORACLE_DAY + 19 ? 1u << 1 | 1u << 4 : 0;
	return day < ORACLE_DAY + 11 ? 1u : 3u; /* V: x, then x, y */
}

int oracle_term_on(unsigned term, int32_t day)
{
	if (term == 1)
		return day >= ORACLE_DAY + 2 && day < ORACLE_DAY + 14 ? 2 : -1;
	if (day >= ORACLE_DAY + 17)
		return 1;
	return day >= ORACLE_OLD && day < ORACLE_DAY + 11 ? 0 : -1;
}

unsigned oracle_roll(struct oracle_dice *dice, unsigned sides)
{
	if (dice->bytes != NULL) {
		if (dice->left == 0)
			return 0;
		dice->left--;
		return *dice->bytes++ % sides;
	}
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return (unsigned)((dice->state >> 11) % sides);
}

uint64_t oracle_seed(void)
{
	const char *text = getenv("COMITY_ORACLE_SEED");

	return text != NULL && *text != 0 ? strtoull(text, NULL, 10) : 20261121;
}

unsigned oracle_times(void)
{
	const char *text = getenv("COMITY_ORACLE_TIMES");
	unsigned long times = text != NULL ? strtoul(text, NULL, 10) : 1;

	return times == 0 || times > 100000 ? 1 : (unsigned)times;
}

unsigned oracle_share(unsigned count)
{
	const char *text = getenv("COMITY_ORACLE_PART");
	unsigned long part = text != NULL ? strtoul(text, NULL, 10) : 1;

	count *= oracle_times();
	if (part <= 1)
		return count;
	return part < count ? count / (unsigned)part : 1;
}

/* ---- conditions ---- */

struct maker {
	struct oracle_dice *dice;
	struct oracle_set *set;
	bool dated;
	unsigned atoms_left; /* of the condition being made */
	unsigned terms;      /* that it may name */
};

static unsigned roll(struct maker *maker, unsigned sides)
{
	return oracle_roll(maker->dice, sides);
}

static int16_t node_new(struct maker *maker)
{
	struct oracle_set *set = maker->set;

	if (set->nodes_count == ORACLE_NODES)
		abort();
	set->nodes[set->nodes_count] = (struct oracle_node){.first = -1, .next = -1};
	return (int16_t)set->nodes_count++;
}

/* Some values of a fact, never none; nor all, where the engine would call that empty talk. */
static uint16_t mask_some(struct maker *maker, const struct oracle_fact *fact, bool may_be_all)
{
	unsigned full = (1u << fact->named) - 1;
	unsigned mask = (1 + roll(maker, full)) & full;

	if (mask == 0)
		mask = 1;
	if (mask == full && !may_be_all && fact->named == fact->all)
		mask = 2;
	return (uint16_t)mask;
}

static void single_make(struct maker *maker, struct oracle_node *atom)
{
	const struct oracle_fact *fact = &oracle_facts[atom->fact];
	bool is_country = fact->type == ORACLE_COUNTRY;

	atom->op = (uint8_t)(ATOM_IS + roll(maker, ATOM_DIFFERENT - ATOM_IS + 1));
	atom->mask = (uint16_t)(1u << roll(maker, fact->named));
	if (atom->op == ATOM_ONE_OF || atom->op == ATOM_NONE_OF) {
		atom->mask = mask_some(maker, fact, false);
		if (is_country && maker->dated)
			atom->sets = (uint8_t)roll(maker, 4);
	}
	if (atom->op == ATOM_IN || atom->op == ATOM_NOT_IN) {
		atom->mask = 0;
		atom->sets = (uint8_t)(is_country ? 1u << roll(maker, 2) : 4u);
	}
	if (atom->op == ATOM_SAME || atom->op == ATOM_DIFFERENT) {
		unsigned a = is_country ? FACT_K1 : FACT_C1;

		atom->other = (uint8_t)(a + roll(maker, 2));
	}
}

static void several_make(struct maker *maker, struct oracle_node *atom)
{
	const struct oracle_fact *fact = &oracle_facts[atom->fact];

	atom->op = (uint8_t)(ATOM_ANY + roll(maker, ATOM_ONLY - ATOM_ANY + 1));
	atom->mask = mask_some(maker, fact, atom->op != ATOM_ONLY);
	if (fact->type == ORACLE_COUNTRIES && roll(maker, 3) == 0)
		atom->sets = (uint8_t)roll(maker, 4);
	if (atom->sets != 0 && roll(maker, 2) == 0)
		atom->mask = 0;
}

static void date_make(struct maker *maker, struct oracle_node *atom)
{
	static const uint8_t ops[] = {
	    ATOM_AT_LEAST, ATOM_LESS, ATOM_AFTER_FACT, ATOM_BEFORE_FACT, ATOM_EQUAL, ATOM_UNEQUAL};

	atom->op = ops[roll(maker, 6)];
	atom->number = ORACLE_DAY + (int32_t)roll(maker, 30);
	if (atom->op == ATOM_AFTER_FACT || atom->op == ATOM_BEFORE_FACT) {
		atom->other = (uint8_t)(FACT_SERVED + roll(maker, 4));
		atom->number = (int32_t)roll(maker, 11) - 5;
	}
}

static void atom_make(struct maker *maker, struct oracle_node *atom)
{
	unsigned term = roll(maker, 12);

	atom->kind = NODE_ATOM;
	atom->spelling = (uint8_t)roll(maker, 4);
	if (maker->terms > 0 && term > (maker->dated ? 8u : 10u)) {
		atom->op = roll(maker, 3) == 0 ? ATOM_TERM_NO : ATOM_TERM;
		atom->fact = (uint8_t)roll(maker, maker->terms);
		return;
	}
	atom->fact = (uint8_t)roll(maker, ORACLE_FACTS);
	if (roll(maker, 20) == 1) {
		atom->op = ATOM_CANNOT;
		return;
	}
	switch (oracle_facts[atom->fact].type) {
	case ORACLE_YES_NO:
		atom->op = roll(maker, 2) == 0 ? ATOM_YES : ATOM_NO;
		break;
	case ORACLE_ONE_OF:
	case ORACLE_COUNTRY:
		single_make(maker, atom);
		break;
	case ORACLE_SET_OF:
	case ORACLE_COUNTRIES:
		several_make(maker, atom);
		break;
	case ORACLE_NUMBER:
		atom->op = (uint8_t)(ATOM_AT_LEAST + roll(maker, ATOM_UNEQUAL - ATOM_AT_LEAST + 1));
		atom->number = 1 + (int32_t)roll(maker, 9);
		break;
	case ORACLE_DATE:
		date_make(maker, atom);
		break;
	}
}

/* Depth and atoms are bounded by what the caller wishes. */
static int16_t expr_make(struct maker *maker, unsigned depth)
{
	int16_t index = node_new(maker);
	struct oracle_node *node = &maker->set->nodes[index];
	unsigned choice = roll(maker, 8);
	unsigned count = 2 + roll(maker, 3);
	int16_t *tail = &node->first;

	if (maker->atoms_left > 0)
		maker->atoms_left--;
	if (depth == 0 || choice <= 1 || maker->atoms_left < 4) {
		atom_make(maker, node);
		return index;
	}
	node->kind = choice <= 3   ? NODE_AND
		     : choice <= 5 ? NODE_OR
		     : choice == 6 ? NODE_NOT
				   : NODE_COUNT;
	if (node->kind == NODE_NOT)
		count = 1;
	node->need = (uint8_t)(1 + roll(maker, count));
	for (unsigned i = 0; i < count; i++) {
		int16_t operand = expr_make(maker, depth - 1);

		*tail = operand;
		tail = &maker->set->nodes[operand].next;
	}
	return index;
}

static int16_t condition_make(struct maker *maker, unsigned depth, unsigned atoms, unsigned terms)
{
	maker->atoms_left = atoms;
	maker->terms = terms;
	return expr_make(maker, depth);
}

/* ---- rules ---- */

static void spans_make(struct maker *maker, struct oracle_rule *rule)
{
	unsigned shape = roll(maker, maker->dated ? 6 : 12);
	int32_t at = roll(maker, 2) == 0 ? ORACLE_OLD : ORACLE_DAY + (int32_t)roll(maker, 10);
	uint8_t when = maker->dated ? (uint8_t)roll(maker, ORACLE_WHENS) : WHEN_SERVICE;

	rule->spans_count = shape >= 1 && shape <= 3 ? (uint8_t)shape : 1;
	for (unsigned i = 0; i < rule->spans_count; i++) {
		struct oracle_span *span = &rule->spans[i];

		if (roll(maker, 3) == 0)
			when = (uint8_t)roll(maker, ORACLE_WHENS);
		span->when = when;
		span->from = shape >= 1 && shape <= 3 ? at : ORACLE_OLD;
		at = (at < ORACLE_DAY ? ORACLE_DAY : at) + 1 + (int32_t)roll(maker, 9);
		span->until = i + 1 < rule->spans_count || (shape == 1 && roll(maker, 2) == 0)
				  ? at
				  : ORACLE_FOREVER;
		at += (int32_t)roll(maker, 3);
	}
}

/* Defeats go forward in a random order of the rules, so there is no circle. */
static void defeats_make(struct maker *maker)
{
	struct oracle_set *set = maker->set;
	unsigned order[ORACLE_RULES];

	for (unsigned i = 0; i < set->rules_count; i++)
		order[i] = i;
	for (unsigned i = set->rules_count; i > 1; i--) {
		unsigned j = roll(maker, i);
		unsigned kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
	for (unsigned i = 0; i + 1 < set->rules_count; i++)
		for (unsigned j = i + 1; j < set->rules_count; j++) {
			struct oracle_rule *rule = &set->rules[order[i]];

			if (roll(maker, 4) != 1)
				continue;
			rule->defeats |= (uint16_t)(1u << order[j]);
			if (roll(maker, 3) == 0)
				rule->inverse |= (uint16_t)(1u << order[j]);
		}
}

void oracle_set_make(
    struct oracle_dice *dice, const struct oracle_wish *wish, struct oracle_set *out)
{
	struct maker maker = {.dice = dice, .set = out, .dated = wish->dated};

	*out = (struct oracle_set){.rules_count = wish->rules, .filler = wish->filler};
	out->terms[0] = condition_make(&maker, 2, 6, 0);
	out->terms[1] = condition_make(&maker, 1, 4, 0);
	out->terms[2] = condition_make(&maker, 2, 6, 1); /* t2 may name t1 */
	for (unsigned i = 0; i < wish->rules; i++) {
		struct oracle_rule *rule = &out->rules[i];

		spans_make(&maker, rule);
		rule->applies = condition_make(&maker, wish->depth, 24, 2);
		rule->reading = -1;
		if (roll(&maker, 10) == 1)
			rule->reading = condition_make(&maker, 1, 6, 2);
		if (roll(&maker, 6) == 1)
			rule->of = (uint8_t)mask_some(&maker, &oracle_facts[FACT_DATA], true);
	}
	defeats_make(&maker);
}
