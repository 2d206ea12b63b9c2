/*
 * Which open facts matter to a rule.
 *
 * Fact f matters if the other open facts can be completed so that two values of f give the rule
 * different answers. The search sets f to each of its candidates: values no condition of the scope
 * tells apart are one candidate. If two candidates give "no" and "certain", f matters. If all give
 * the same settled answer, no completion can change that (a settled answer stays settled), so the
 * branch is cut. Otherwise one other open fact is completed and the search goes on. The number of
 * decisions is bounded: past the bound f is reported as needed, which is never an omission.
 */
#include "jurisdictions/engine/search.h"

#include <assert.h>
#include <string.h>

#define MAX_DECISIONS 2000 /* a fact */

/* ---- what the scope speaks of ---- */

static bool names_value(uint8_t op)
{
	return op < CM_OP_CANNOT;
}

/* Note that a condition asks for a fact, if that is open. False: no memory. */
static bool ask_for(struct cm_search *search, size_t fact, const struct cm_literal *literal)
{
	uint32_t number = (uint32_t)(literal - search->law->code.literals);
	struct cm_asking *first = search->asking[fact];
	struct cm_asking *node;

	if (search->mentioned[fact] == NULL || (first != NULL && first->literal == number))
		return true;
	node = cm_arena_alloc(&search->arena, 1, sizeof *node);
	if (node == NULL)
		return false;
	*node = (struct cm_asking){.next = first, .literal = number};
	search->asking[fact] = node;
	return true;
}

/* Note that a rule names a fact, if that is open. False: no memory. */
static bool mention(struct cm_search *search, size_t fact, size_t rule)
{
	struct cm_mention *first = search->mentioned[fact];
	struct cm_mention *node;

	if (cm_slot_is_known(search->law, fact, &search->before->slots[fact]) ||
	    (first != NULL && first->rule == rule))
		return true;
	node = cm_arena_alloc(&search->arena, 1, sizeof *node);
	if (node == NULL)
		return false;
	*node = (struct cm_mention){.next = first, .rule = (uint32_t)rule};
	search->mentioned[fact] = node;
	return true;
}

static bool mention_literal(struct cm_search *search, const struct cm_literal *literal, size_t rule)
{
	if (!names_value(literal->op))
		return true;
	if (!mention(search, literal->fact, rule) || !ask_for(search, literal->fact, literal))
		return false;
	if (!cm_literal_is_pair(literal))
		return true;
	if (!mention(search, literal->other, rule) || !ask_for(search, literal->other, literal))
		return false;
	if (literal->op == CM_OP_SAME || literal->op == CM_OP_DIFFERENT) {
		search->paired[literal->fact] = true;
		search->paired[literal->other] = true;
	}
	if ((literal->op == CM_OP_GE_FACT || literal->op == CM_OP_LT_FACT) &&
	    search->mentioned[literal->fact] != NULL && search->mentioned[literal->other] != NULL)
		search->tangled = true;
	return true;
}

static bool mention_rule(struct cm_search *search, size_t rule)
{
	const struct cm_code *code = &search->law->code;
	struct cm_code_range range = cm_code_range_of(search->law, rule);

	for (const struct cm_instr *instr = range.at; instr < range.end; instr++) {
		const struct cm_literal *literal = cm_literal_of(search->law, instr);

		if (literal != NULL && !mention_literal(search, literal, rule))
			return false;
	}
	for (uint32_t i = 0; i < code->rules[rule].segments; i++) {
		int when =
		    search->law->when_fact[code->segments[code->rules[rule].segment + i].when];

		if (when >= 0 && !mention(search, (size_t)when, rule))
			return false;
	}
	return true;
}

/* ---- the search ---- */

static enum cm_truth answer_now(struct cm_search *search, struct cm_moments *moments)
{
	struct cm_scope *scope = search->scope;

	search->decisions++;
	cm_moments_of(search->law, &search->facts, search->as_of, moments);
	if (search->own)
		return cm_rule_applies(
		    search->law, scope->rules[scope->count - 1], &search->facts, moments);
	return cm_scope_decide(scope, &search->facts, moments);
}

/*
 * An open fact that keeps the answer from being settled, or -1. First of the rule itself, which
 * must apply for anything to matter; then of the rules that name the fact in question, which must
 * stay alive for it to matter; then of the rest.
 */
static int open_now(const struct cm_search *search, size_t fact, const struct cm_moments *moments)
{
	const struct cm_scope *scope = search->scope;
	uint32_t self = scope->rules[scope->count - 1];
	int open = cm_rule_open_fact(search->law, self, &search->facts, moments);

	for (const struct cm_mention *mention = search->mentioned[fact];
	     mention != NULL && open < 0; mention = mention->next)
		open = cm_rule_open_fact(search->law, mention->rule, &search->facts, moments);
	for (size_t i = search->own ? 0 : scope->count - 1; i-- > 0 && open < 0;)
		open = cm_rule_open_fact(search->law, scope->rules[i], &search->facts, moments);
	return open;
}

/* Only the scope's own conditions hear of it: no other is asked in this search. */
static void slot_put(struct cm_search *search, size_t fact, const union cm_slot *slot)
{
	const struct cm_code *code = &search->law->code;

	search->facts.slots[fact] = *slot;
	for (const struct cm_asking *a = search->asking[fact]; a != NULL; a = a->next)
		search->facts.answers[a->literal] = (uint8_t)cm_literal_truth(
		    &code->literals[a->literal], code->masks, &search->facts);
}

static const union cm_slot *candidate_at(const struct cm_search *search, size_t fact, size_t i)
{
	return &search->slots[search->candidates[fact].first + i];
}

enum verdict { SAME, DIFFERS, GO_ON };

/* Does any rule that names the fact feel which value it has? */
static void tally_rules(
    const struct cm_search *search, size_t fact, bool is_first, uint8_t *first, bool *is_felt)
{
	size_t at = 0;

	for (const struct cm_mention *mention = search->mentioned[fact]; mention != NULL;
	     mention = mention->next, at++) {
		uint8_t applies = search->scope->applies[mention->rule];

		if (is_first)
			first[at] = applies;
		*is_felt = *is_felt || applies == CM_POSSIBLE || applies != first[at];
	}
}

/* Try every candidate of `fact` with the others as they are. GO_ON sets `*branch`. */
static enum verdict probe(struct cm_search *search, size_t fact, int *branch)
{
	const struct cm_candidates *candidates = &search->candidates[fact];
	union cm_slot kept = search->facts.slots[fact];
	bool seen[4] = {false};
	bool is_felt = search->own;

	*branch = -1;
	for (size_t i = 0; i < candidates->count; i++) {
		struct cm_moments moments;
		enum cm_truth answer;

		slot_put(search, fact, candidate_at(search, fact, i));
		answer = answer_now(search, &moments);
		seen[answer] = true;
		if (!search->own)
			tally_rules(search, fact, i == 0, search->first_said, &is_felt);
		if (answer == CM_POSSIBLE && *branch < 0)
			*branch = open_now(search, fact, &moments);
	}
	slot_put(search, fact, &kept);
	if (seen[CM_NO] && seen[CM_CERTAIN])
		return DIFFERS;
	/* The rules that name it are settled and say the same to every value: it cannot matter
	 * here, whatever else is open. */
	if (!is_felt)
		return SAME;
	if (*branch >= 0)
		return GO_ON;
	/* Nothing is open any more: "possible" is then what rival readings leave. */
	return seen[CM_POSSIBLE] && (seen[CM_NO] || seen[CM_CERTAIN]) ? DIFFERS : SAME;
}

struct level {
	size_t fact;
	size_t next; /* candidate to try */
};

static bool matters(struct cm_search *search, size_t fact)
{
	struct level stack[CM_MAX_LAW_FACTS];
	size_t depth = 0;
	int branch = -1;
	enum verdict verdict;

	search->decisions = 0;
	verdict = probe(search, fact, &branch);
	for (;;) {
		struct level *top;

		if (verdict == DIFFERS || search->decisions > MAX_DECISIONS)
			break;
		if (verdict == GO_ON &&
		    (!search->candidates[branch].whole || depth == CM_MAX_LAW_FACTS)) {
			verdict = DIFFERS;
			search->decisions = MAX_DECISIONS + 1;
			break;
		}
		if (verdict == GO_ON)
			stack[depth++] = (struct level){.fact = (size_t)branch};
		/* Go to the next candidate of the deepest level that has one. */
		while (depth > 0 &&
		       stack[depth - 1].next == search->candidates[stack[depth - 1].fact].count) {
			depth--;
			slot_put(
			    search, stack[depth].fact, &search->before->slots[stack[depth].fact]);
		}
		if (depth == 0)
			return false;
		top = &stack[depth - 1];
		slot_put(search, top->fact, candidate_at(search, top->fact, top->next++));
		verdict = probe(search, fact, &branch);
	}
	while (depth-- > 0)
		slot_put(search, stack[depth].fact, &search->before->slots[stack[depth].fact]);
	return true;
}

bool cm_needs_have(const struct cm_needs *needs, int fact)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->facts[i] == fact)
			return true;
	return false;
}

/* Open, spoken of, and asked for. */
static bool is_in_question(
    const struct cm_search *search, const struct cm_needs *among, size_t fact)
{
	return search->mentioned[fact] != NULL && (among == NULL || cm_needs_have(among, (int)fact));
}

/* Where the search cannot be exact: every open fact the rules still in question mention. */
static void all_mentioned(
    const struct cm_search *search, const struct cm_needs *among, struct cm_needs *out)
{
	out->exact = false;
	for (size_t fact = 0; fact < search->law->facts_count; fact++)
		if (is_in_question(search, among, fact))
			out->facts[out->count++] = (uint16_t)fact;
}

/* `among` NULL: all. */
static enum cm_status search_run(
    struct cm_search *search, const struct cm_needs *among, struct cm_needs *out)
{
	struct cm_moments moments;

	if (answer_now(search, &moments) != CM_POSSIBLE)
		return CM_OK;
	for (size_t i = search->own ? search->scope->count - 1 : 0; i < search->scope->count; i++)
		if (!mention_rule(search, search->scope->rules[i]))
			return CM_NO_MEMORY;
	search->first_said = cm_arena_alloc(&search->arena, search->scope->count, 1);
	if (search->first_said == NULL)
		return CM_NO_MEMORY;
	if (search->tangled) {
		all_mentioned(search, among, out);
		return CM_OK;
	}
	for (size_t fact = 0; fact < search->law->facts_count; fact++)
		search->paired_open += search->paired[fact] && search->mentioned[fact] != NULL;
	for (size_t fact = 0; fact < search->law->facts_count; fact++)
		if (search->mentioned[fact] != NULL && !cm_candidates_find(search, fact))
			return CM_NO_MEMORY;
	for (size_t fact = 0; fact < search->law->facts_count; fact++) {
		if (!is_in_question(search, among, fact))
			continue;
		if (!search->candidates[fact].whole || matters(search, fact))
			out->facts[out->count++] = (uint16_t)fact;
		if (!search->candidates[fact].whole || search->decisions > MAX_DECISIONS)
			out->exact = false;
	}
	return CM_OK;
}

/* The scope's search, made when it is first needed. NULL: no memory. */
static struct cm_search *search_of(struct cm_scope *scope)
{
	struct cm_search *search = scope->search;

	if (search != NULL)
		return search;
	search = cm_alloc(1, sizeof *search);
	if (search == NULL)
		return NULL;
	scope->search = search;
	search->facts.slots = cm_alloc(scope->law->facts_count, sizeof *search->facts.slots);
	search->facts.answers = cm_alloc(scope->law->code.literals_count, 1);
	if (search->facts.slots != NULL && search->facts.answers != NULL)
		return search;
	cm_search_free(search);
	scope->search = NULL;
	return NULL;
}

void cm_search_free(struct cm_search *search)
{
	if (search == NULL)
		return;
	cm_free(search->facts.slots);
	cm_free(search->facts.answers);
	cm_free(search->slots);
	cm_free(search);
}

/* A fresh search, in memory that is there already. */
static void search_begin(struct cm_search *search, struct cm_scope *scope,
    const struct cm_facts *facts, struct cm_day as_of, bool own)
{
	union cm_slot *slots = search->facts.slots;
	uint8_t *answers = search->facts.answers;
	struct cm_search fresh = {.scope = scope,
	    .law = scope->law,
	    .facts = *facts,
	    .before = facts,
	    .as_of = as_of,
	    .own = own,
	    .slots = search->slots,
	    .slots_cap = search->slots_cap};

	memcpy(answers, facts->answers, scope->law->code.literals_count);
	memcpy(slots, facts->slots, scope->law->facts_count * sizeof *slots);
	*search = fresh;
	search->facts.slots = slots;
	search->facts.answers = answers;
	cm_arena_init(&search->arena, 0);
}

enum cm_status cm_needs_find(struct cm_scope *scope, const struct cm_facts *facts,
    struct cm_day as_of, bool own, struct cm_needs *out)
{
	return cm_needs_among(scope, facts, as_of, own, NULL, out);
}

enum cm_status cm_needs_among(struct cm_scope *scope, const struct cm_facts *facts,
    struct cm_day as_of, bool own, const struct cm_needs *among, struct cm_needs *out)
{
	struct cm_search *search = search_of(scope);
	enum cm_status status;

	out->count = 0;
	out->exact = true;
	if (search == NULL)
		return CM_NO_MEMORY;
	search_begin(search, scope, facts, as_of, own);
	status = search_run(search, among, out);
	cm_arena_fini(&search->arena);
	return status;
}
