/*
 * Brute force: every value that is possible is tried on each condition alone, every possible day on
 * each span; the answers are then combined as the manual says. Conditions are tried one by one, so
 * two that hang together by one open fact stay two open conditions: that is what the engine
 * documents.
 */
#include "oracle.h"

#include <stdlib.h>

#define MOST_DAYS 64

struct judge {
	const struct oracle_set *set;
	const struct oracle_demand *demand;
	int32_t day; /* what sets and terms mean */
};

/* The days a date may be. Of a date not known at all: the month in which things change, and days
 * long before and after. */
static size_t days_of(const struct oracle_known *known, int32_t days[MOST_DAYS])
{
	static const int32_t far[] = {7305, ORACLE_DAY - 100, ORACLE_DAY + 100, ORACLE_DAY + 130};
	size_t count = 0;

	if (!known->is_blank) {
		for (int32_t day = known->low; day <= known->high && count < MOST_DAYS; day++)
			days[count++] = day;
		return count;
	}
	for (size_t i = 0; i < sizeof far / sizeof *far; i++)
		days[count++] = far[i];
	for (int32_t day = ORACLE_DAY - 6; day < ORACLE_DAY + 42; day++)
		days[count++] = day;
	return count;
}

/* What a run of trials came to: -1 none yet, then 0 no, 2 yes, 1 both. */
static void tried(int *answer, bool is_true)
{
	int now = is_true ? 2 : 0;

	*answer = *answer < 0 || *answer == now ? now : 1;
}

static unsigned mask_of(const struct judge *judge, const struct oracle_node *atom)
{
	unsigned mask = atom->mask;

	for (unsigned i = 0; i < 3; i++)
		if ((atom->sets >> i & 1) != 0)
			mask |= oracle_set_on(i, judge->day);
	return mask;
}

/* ---- one condition with one value ---- */

static bool is_so_of_value(uint8_t op, unsigned value, unsigned mask)
{
	bool in = (mask >> value & 1) != 0;

	switch ((int)op) {
	case ATOM_YES:
		return value == 1;
	case ATOM_NO:
		return value == 0;
	case ATOM_IS:
	case ATOM_ONE_OF:
	case ATOM_IN:
		return in;
	default:
		return !in;
	}
}

static bool is_so_of_members(uint8_t op, unsigned members, unsigned mask)
{
	switch ((int)op) {
	case ATOM_ANY:
		return (members & mask) != 0;
	case ATOM_ALL:
		return (members & mask) == mask;
	case ATOM_LACKS_ALL:
		return (members & mask) == 0;
	default:
		return (members | mask) == mask;
	}
}

static bool is_so_of_number(uint8_t op, int32_t value, int32_t number)
{
	switch ((int)op) {
	case ATOM_AT_LEAST:
		return value >= number;
	case ATOM_LESS:
		return value < number;
	case ATOM_AT_MOST:
		return value <= number;
	case ATOM_MORE:
		return value > number;
	case ATOM_EQUAL:
		return value == number;
	default:
		return value != number;
	}
}

/* ---- one condition with all values ---- */

static int try_values(const struct judge *judge, const struct oracle_node *atom)
{
	const struct oracle_known *known = &judge->demand->facts[atom->fact];
	const struct oracle_known *other = &judge->demand->facts[atom->other];
	bool compares = atom->op == ATOM_SAME || atom->op == ATOM_DIFFERENT;
	unsigned mask = mask_of(judge, atom);
	int answer = -1;

	for (unsigned a = 0; a < ORACLE_MEMBERS; a++) {
		if ((known->may >> a & 1) == 0)
			continue;
		if (!compares)
			tried(&answer, is_so_of_value(atom->op, a, mask));
		for (unsigned b = 0; compares && b < ORACLE_MEMBERS; b++)
			if ((other->may >> b & 1) != 0)
				tried(&answer, (a == b) == (atom->op == ATOM_SAME));
	}
	return answer;
}

static int try_members(const struct judge *judge, const struct oracle_node *atom)
{
	const struct oracle_known *known = &judge->demand->facts[atom->fact];
	unsigned mask = mask_of(judge, atom);
	unsigned members = known->may;
	int answer = -1;

	tried(&answer, is_so_of_members(atom->op, members, mask));
	while (!known->exact && members != 0) {
		members = (members - 1) & known->may; /* the next subset */
		tried(&answer, is_so_of_members(atom->op, members, mask));
	}
	return answer;
}

static int try_days(const struct judge *judge, const struct oracle_node *atom)
{
	bool compares = atom->op == ATOM_AFTER_FACT || atom->op == ATOM_BEFORE_FACT;
	int32_t days[MOST_DAYS];
	int32_t others[MOST_DAYS];
	size_t count = days_of(&judge->demand->facts[atom->fact], days);
	size_t others_count = compares ? days_of(&judge->demand->facts[atom->other], others) : 0;
	int answer = -1;

	for (size_t i = 0; i < count; i++) {
		if (!compares)
			tried(&answer, is_so_of_number(atom->op, days[i], atom->number));
		for (size_t j = 0; j < others_count; j++)
			tried(&answer,
			    (days[i] >= others[j] + atom->number) == (atom->op == ATOM_AFTER_FACT));
	}
	return answer;
}

static int try_numbers(const struct judge *judge, const struct oracle_node *atom)
{
	const struct oracle_known *known = &judge->demand->facts[atom->fact];
	int32_t high = known->is_blank ? ORACLE_NUMBER_TOP : known->high;
	int answer = -1;

	for (int32_t number = known->is_blank ? 0 : known->low; number <= high; number++)
		tried(&answer, is_so_of_number(atom->op, number, atom->number));
	return answer;
}

static int expr_judge(const struct judge *judge, int16_t index);

static int atom_judge(const struct judge *judge, const struct oracle_node *atom)
{
	if (atom->op == ATOM_TERM || atom->op == ATOM_TERM_NO) {
		int version = oracle_term_on(atom->fact, judge->day);
		int answer = version < 0 ? 0 : expr_judge(judge, judge->set->terms[version]);

		return atom->op == ATOM_TERM ? answer : 2 - answer;
	}
	if (atom->op == ATOM_CANNOT)
		return judge->demand->facts[atom->fact].how == CM_CANNOT_TELL ? 2 : 0;
	switch (oracle_facts[atom->fact].type) {
	case ORACLE_SET_OF:
	case ORACLE_COUNTRIES:
		return try_members(judge, atom);
	case ORACLE_DATE:
		return try_days(judge, atom);
	case ORACLE_NUMBER:
		return try_numbers(judge, atom);
	case ORACLE_YES_NO:
	case ORACLE_ONE_OF:
	case ORACLE_COUNTRY:
		break;
	}
	return try_values(judge, atom);
}

/* At least n: the n-th greatest answer. All: the least one. One of them: the greatest. */
static int expr_judge(const struct judge *judge, int16_t index)
{
	const struct oracle_node *node = &judge->set->nodes[index];
	int seen[3] = {0};
	int count = 0;
	int need;

	if (node->kind == NODE_ATOM)
		return atom_judge(judge, node);
	for (int16_t at = node->first; at >= 0; at = judge->set->nodes[at].next) {
		seen[expr_judge(judge, at)]++;
		count++;
	}
	if (node->kind == NODE_NOT)
		return seen[2] != 0 ? 0 : seen[1] != 0 ? 1 : 2;
	need = node->kind == NODE_AND ? count : node->kind == NODE_OR ? 1 : node->need;
	return seen[2] >= need ? 2 : seen[2] + seen[1] >= need ? 1 : 0;
}

/* ---- rules ---- */

static int lesser(int a, int b)
{
	return a < b ? a : b;
}

/* What the rule says on a day in force. */
static int meaning_judge(struct judge *judge, const struct oracle_rule *rule, int32_t day)
{
	const struct oracle_node of = {.op = ATOM_ANY, .fact = FACT_DATA, .mask = rule->of};
	int answer;
	int about = 2;

	judge->day = day;
	if (rule->of != 0)
		about = try_members(judge, &of);
	answer = lesser(about, expr_judge(judge, rule->applies));
	if (rule->reading >= 0 && lesser(about, expr_judge(judge, rule->reading)) != answer)
		answer = 1;
	return answer;
}

/* All days a date may be against the spans that go by it: which answers occur, as bits. */
static unsigned answers_by(struct judge *judge, const struct oracle_rule *rule, unsigned when)
{
	int32_t days[MOST_DAYS] = {judge->demand->as_of};
	size_t count =
	    when == WHEN_DECISION ? 1 : days_of(&judge->demand->facts[FACT_SERVED + when], days);
	unsigned answers = 0;

	for (size_t i = 0; i < count; i++) {
		int answer = 0;

		for (unsigned j = 0; j < rule->spans_count; j++) {
			const struct oracle_span *span = &rule->spans[j];

			if (span->when == when && days[i] >= span->from && days[i] < span->until)
				answer = meaning_judge(judge, rule, days[i]);
		}
		answers |= 1u << answer;
	}
	return answers;
}

/* Over all combinations of the four dates: one span in force is enough. */
static uint8_t rule_judge(struct judge *judge, const struct oracle_rule *rule)
{
	unsigned all = 1; /* answers over combinations so far; at first there is no span */

	for (unsigned when = 0; when < ORACLE_WHENS; when++) {
		unsigned now = answers_by(judge, rule, when);
		unsigned both = 0;

		for (int a = 0; a < 3; a++)
			for (int b = 0; b < 3; b++)
				if ((all >> a & 1) != 0 && (now >> b & 1) != 0)
					both |= 1u << (a > b ? a : b);
		all = both;
	}
	return all == 1u << 2 ? 2 : all == 1u ? 0 : 1;
}

void oracle_judge(
    const struct oracle_set *set, const struct oracle_demand *demand, uint8_t applies[ORACLE_RULES])
{
	struct judge judge = {.set = set, .demand = demand};

	for (unsigned i = 0; i < set->rules_count; i++)
		applies[i] = set->rules[i].dropped ? 0 : rule_judge(&judge, &set->rules[i]);
}

/* ---- defeats ---- */

#define NOT_YET 3

/* A rule holds if it applies and none that defeats it holds. There are no circles. */
static uint8_t holds_of(const struct oracle_set *set, const uint8_t applies[ORACLE_RULES],
    uint8_t holds[ORACLE_RULES], unsigned rule)
{
	if (holds[rule] != NOT_YET)
		return holds[rule];
	holds[rule] = applies[rule];
	for (unsigned by = 0; by < set->rules_count; by++) {
		uint8_t left;

		if (set->rules[by].dropped || (set->rules[by].defeats >> rule & 1) == 0)
			continue;
		left = (uint8_t)(2 - holds_of(set, applies, holds, by));
		holds[rule] = left < holds[rule] ? left : holds[rule];
	}
	return holds[rule];
}

void oracle_states(
    const struct oracle_set *set, const uint8_t applies[ORACLE_RULES], uint8_t states[ORACLE_RULES])
{
	uint8_t holds[ORACLE_RULES];

	for (unsigned i = 0; i < ORACLE_RULES; i++)
		holds[i] = NOT_YET;
	for (unsigned i = 0; i < set->rules_count; i++) {
		uint8_t answer = holds_of(set, applies, holds, i);

		states[i] = applies[i] == 0 ? CM_RULE_SILENT
			    : answer == 2   ? CM_RULE_HOLDS
			    : answer == 1   ? CM_RULE_POSSIBLE
					    : CM_RULE_DEFEATED;
	}
}
