#include "jurisdictions/engine/scope.h"
#include "jurisdictions/engine/sentence.h"
#include "jurisdictions/engine/trial.h"

#include <string.h>

/* The tests inside rules and terms, run against the compiled set. */
struct proof {
	struct cm_check *check;
	const struct cm_law *law;
	struct cm_scope scope;
	struct cm_facts *facts;
	struct cm_buf text; /* of the remark being made */
};

static const char *state_name(enum cm_rule_state state)
{
	switch (state) {
	case CM_RULE_SILENT:
		return "silent";
	case CM_RULE_HOLDS:
		return "applies";
	case CM_RULE_POSSIBLE:
		return "undetermined";
	case CM_RULE_DEFEATED:
		return "defeated";
	}
	return "";
}

/* False, with a remark: the test leaves a fact without a value. */
static bool facts_give(struct proof *proof, const struct cm_test_def *test, struct cm_day day,
    const struct cm_word *of)
{
	const struct cm_expr *impossible = cm_trial_give(proof->facts, test, day, of);

	if (impossible != NULL)
		cm_error_add(proof->check->loader, impossible->at, "test-given",
		    "test \"%s\": this leaves no value possible, or cannot be given this way",
		    test->name);
	return impossible == NULL;
}

/* ---- what came ---- */

static void names_print(struct proof *proof, const struct cm_needs *needs)
{
	for (size_t i = 0; i < needs->count; i++)
		cm_buf_printf(&proof->text, "%s%s", i == 0 ? "" : ", ",
		    proof->law->facts[needs->facts[i]].info.name);
	if (needs->count == 0)
		cm_buf_text(&proof->text, "no fact: the readings differ");
}

/* The first condition that is not met, for the reader. */
static const struct cm_expr *first_false(
    const struct proof *proof, const struct cm_expr *expr, int32_t day)
{
	if (expr->kind != CM_EXPR_AND)
		return expr;
	for (const struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		if (cm_expr_truth(proof->law, operand, day, proof->facts) == CM_NO)
			return first_false(proof, operand, day);
	return expr;
}

static void silence_print(struct proof *proof, const struct cm_rule_def *def, int32_t day)
{
	const struct cm_expr *expr = def->applies != NULL ? def->applies : def->readings->applies;
	bool in_force = false;

	for (const struct cm_span *span = def->spans; span != NULL; span = span->next)
		in_force = in_force || (span->from <= day && day < span->until);
	if (!in_force) {
		char text[CM_DAY_TEXT_BYTES];

		cm_day_print((struct cm_day){day}, text);
		cm_buf_printf(&proof->text, ": not in force on %s", text);
		return;
	}
	if (cm_expr_truth(proof->law, expr, day, proof->facts) != CM_NO) {
		cm_buf_text(&proof->text, ": the data given are none the effect is `of`");
		return;
	}
	expr = first_false(proof, expr, day);
	cm_buf_printf(&proof->text, ": line %u is not met: ", (unsigned)expr->at.line);
	cm_expr_print(expr, &proof->text);
}

static void came_print(struct proof *proof, size_t rule, enum cm_rule_state state, int32_t day,
    const struct cm_needs *needs)
{
	const struct cm_rule_code *code = &proof->law->code.rules[rule];

	cm_buf_text(&proof->text, state_name(state));
	if (state == CM_RULE_SILENT)
		silence_print(proof, proof->law->rules[rule].def, day);
	if (state == CM_RULE_POSSIBLE) {
		cm_buf_text(&proof->text, " needing ");
		names_print(proof, needs);
	}
	for (uint32_t i = 0; state == CM_RULE_DEFEATED && i < code->defeaters; i++) {
		uint32_t by = proof->law->code.defeaters[code->defeater + i];

		if (proof->scope.holds[by] == CM_CERTAIN)
			cm_buf_printf(&proof->text, " by %s", proof->law->rules[by].def->id);
	}
}

static void expected_print(struct proof *proof, const struct cm_test_def *test)
{
	static const char *const words[] = {
	    "applies", "silent", "undetermined", "defeated by ", "conflict with "};

	cm_buf_text(&proof->text, words[test->expect]);
	if (test->expect == CM_EXPECT_UNDETERMINED && test->names != NULL)
		cm_buf_text(&proof->text, " needing ");
	for (const struct cm_word *word = test->names; word != NULL; word = word->next)
		cm_buf_printf(&proof->text, "%s%s", word->text, word->next != NULL ? ", " : "");
}

static void remark_failure(struct proof *proof, const struct cm_test_def *test)
{
	if (proof->text.failed)
		proof->check->loader->out_of_memory = true;
	cm_error_add(proof->check->loader, test->at, "test-failed", "test \"%s\" expected %s",
	    test->name, cm_buf_str(&proof->text));
}

/* ---- judging ---- */

static bool names_fact(const struct cm_law *law, const struct cm_word *names, uint16_t fact)
{
	for (; names != NULL; names = names->next)
		if (cm_law_find_fact(law, names->text) == fact)
			return true;
	return false;
}

/*
 * `needing a, b`: each named fact must matter, and each fact that matters to the rule's own
 * conditions must be named. Facts that matter only through rules that defeat it may be named or
 * not: which of those are loaded differs from node to node.
 */
static bool needs_agree(const struct proof *proof, const struct cm_test_def *test,
    const struct cm_needs *all, const struct cm_needs *own)
{
	for (const struct cm_word *word = test->names; word != NULL; word = word->next)
		if (!cm_needs_have(all, cm_law_find_fact(proof->law, word->text)))
			return false;
	for (size_t i = 0; i < own->count; i++)
		if (cm_needs_have(all, own->facts[i]) &&
		    !names_fact(proof->law, test->names, own->facts[i]))
			return false;
	return true;
}

static bool defeated_by(const struct proof *proof, size_t rule, const char *id)
{
	const struct cm_rule_code *code = &proof->law->code.rules[rule];

	for (uint32_t i = 0; i < code->defeaters; i++) {
		uint32_t by = proof->law->code.defeaters[code->defeater + i];

		if (strcmp(proof->law->rules[by].def->id, id) == 0 &&
		    proof->scope.holds[by] == CM_CERTAIN)
			return true;
	}
	return false;
}

static bool shares_data(const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	if (a->of == NULL || b->of == NULL)
		return true;
	for (const struct cm_word *x = a->of; x != NULL; x = x->next)
		for (const struct cm_word *y = b->of; y != NULL; y = y->next)
			if (strcmp(x->text, y->text) == 0)
				return true;
	return false;
}

/* One sovereign requires what the other forbids. */
static bool collides(const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	bool opposed = (a->modality == CM_REQUIRES && b->modality == CM_FORBIDS) ||
		       (a->modality == CM_FORBIDS && b->modality == CM_REQUIRES);

	return opposed && strcmp(a->act->text, b->act->text) == 0 &&
	       strcmp(a->file->jurisdiction, b->file->jurisdiction) != 0 && shares_data(a, b);
}

static bool conflict_with(
    struct proof *proof, size_t rule, const char *id, const struct cm_moments *moments)
{
	size_t end = 0;
	int first = cm_law_rules_of(proof->law, id, &end);
	bool found = false;

	for (size_t other = first < 0 ? end : (size_t)first; other < end && !found; other++) {
		cm_scope_of(&proof->scope, other);
		found = cm_scope_decide(&proof->scope, proof->facts, moments) == CM_CERTAIN &&
			collides(proof->law->rules[rule].def, proof->law->rules[other].def);
	}
	cm_scope_of(&proof->scope, rule);
	(void)cm_scope_decide(&proof->scope, proof->facts, moments);
	return found;
}

static bool passes(struct proof *proof, const struct cm_test_def *test, size_t rule,
    enum cm_rule_state state, const struct cm_moments *moments, const struct cm_needs *all,
    const struct cm_needs *own)
{
	switch (test->expect) {
	case CM_EXPECT_APPLIES:
		return state == CM_RULE_HOLDS;
	case CM_EXPECT_SILENT:
		return state == CM_RULE_SILENT;
	case CM_EXPECT_UNDETERMINED:
		return state == CM_RULE_POSSIBLE &&
		       (test->names == NULL || needs_agree(proof, test, all, own));
	case CM_EXPECT_DEFEATED:
		return state == CM_RULE_DEFEATED && defeated_by(proof, rule, test->names->text);
	case CM_EXPECT_CONFLICT:
		return state == CM_RULE_HOLDS &&
		       conflict_with(proof, rule, test->names->text, moments);
	}
	return false;
}

/* The facts that needs_agree asks for: those that the test names and those of the rule's own. */
static enum cm_status needs_of(struct proof *proof, const struct cm_test_def *test,
    struct cm_day as_of, enum cm_rule_state state, struct cm_needs *all, struct cm_needs *own)
{
	struct cm_needs among;
	enum cm_status status;

	all->count = 0;
	own->count = 0;
	if (state != CM_RULE_POSSIBLE || test->expect != CM_EXPECT_UNDETERMINED || test->names == NULL)
		return CM_OK;
	status = cm_needs_find(&proof->scope, proof->facts, as_of, true, own);
	if (status != CM_OK)
		return status;
	among = *own;
	for (const struct cm_word *word = test->names; word != NULL; word = word->next) {
		int fact = cm_law_find_fact(proof->law, word->text);

		if (fact >= 0 && !cm_needs_have(&among, fact))
			among.facts[among.count++] = (uint16_t)fact;
	}
	return cm_needs_among(&proof->scope, proof->facts, as_of, false, &among, all);
}

/* What came instead, with all that matters. */
static enum cm_status tell_failure(struct proof *proof, const struct cm_test_def *test, size_t rule,
    struct cm_day as_of, enum cm_rule_state state, const struct cm_moments *moments)
{
	struct cm_needs all = {.count = 0};
	enum cm_status status = CM_OK;

	if (state == CM_RULE_POSSIBLE)
		status = cm_needs_find(&proof->scope, proof->facts, as_of, false, &all);
	if (status != CM_OK)
		return status;
	(void)cm_scope_decide(&proof->scope, proof->facts, moments);
	cm_buf_clear(&proof->text);
	expected_print(proof, test);
	cm_buf_text(&proof->text, ", came ");
	came_print(proof, rule, state, as_of.number, &all);
	remark_failure(proof, test);
	return CM_OK;
}

static enum cm_status test_run(struct proof *proof, size_t rule, const struct cm_test_def *test)
{
	struct cm_moments moments;
	struct cm_needs all;
	struct cm_needs own;
	struct cm_day as_of;
	enum cm_rule_state state;
	enum cm_status status;

	cm_scope_of(&proof->scope, rule);
	as_of = cm_trial_day(&proof->scope, rule, test);
	if (!facts_give(proof, test, as_of, proof->law->rules[rule].def->of))
		return CM_OK;
	cm_moments_of(proof->law, proof->facts, as_of, &moments);
	(void)cm_scope_decide(&proof->scope, proof->facts, &moments);
	state = cm_scope_state(&proof->scope, rule);
	status = needs_of(proof, test, as_of, state, &all, &own);
	if (status != CM_OK)
		return status;
	/* The search decided other cases in the same scope. */
	(void)cm_scope_decide(&proof->scope, proof->facts, &moments);
	if (passes(proof, test, rule, state, &moments, &all, &own))
		return CM_OK;
	return tell_failure(proof, test, rule, as_of, state, &moments);
}

/* ---- terms ---- */

static void notion_test_run(
    struct proof *proof, const struct cm_notion_def *notion, const struct cm_test_def *test)
{
	static const char *const names[] = {
	    [CM_NO] = "silent", [CM_POSSIBLE] = "undetermined", [CM_CERTAIN] = "applies"};
	struct cm_breaks breaks = {0};
	enum cm_truth truth;
	struct cm_day day = {notion->spans->from};

	for (const struct cm_span *span = notion->spans; span != NULL; span = span->next)
		day.number = span->from > day.number ? span->from : day.number;
	cm_breaks_of_expr(proof->law, notion->means, &breaks);
	for (size_t i = 0; i < breaks.count; i++)
		if (breaks.days[i] > day.number &&
		    cm_notion_on(proof->law, notion, breaks.days[i]) == notion)
			day.number = breaks.days[i];
	if (test->has_day)
		day = test->day;
	if (!facts_give(proof, test, day, NULL))
		return;
	truth = cm_notion_on(proof->law, notion, day.number) != notion
		    ? CM_NO
		    : cm_expr_truth(proof->law, notion->means, day.number, proof->facts);
	if ((test->expect == CM_EXPECT_APPLIES && truth == CM_CERTAIN) ||
	    (test->expect == CM_EXPECT_SILENT && truth == CM_NO) ||
	    (test->expect == CM_EXPECT_UNDETERMINED && truth == CM_POSSIBLE))
		return;
	cm_buf_clear(&proof->text);
	expected_print(proof, test);
	cm_buf_printf(&proof->text, ", came %s", names[truth]);
	remark_failure(proof, test);
}

static enum cm_status prove_all(struct proof *proof)
{
	struct cm_law *law = proof->check->law;

	for (size_t i = 0; i < law->notions_count; i++)
		for (const struct cm_test_def *test = law->notions[i]->tests; test != NULL;
		     test = test->next) {
			notion_test_run(proof, law->notions[i], test);
			law->tests_run++;
		}
	for (size_t i = 0; i < law->rules_count; i++)
		for (const struct cm_test_def *test = law->rules[i].def->tests; test != NULL;
		     test = test->next) {
			enum cm_status status;

			if (!cm_trial_can_run(law, test))
				continue;
			status = test_run(proof, i, test);
			if (status != CM_OK)
				return status;
			law->tests_run++;
		}
	return CM_OK;
}

enum cm_status cm_prove(struct cm_check *check)
{
	struct proof proof = {.check = check, .law = check->law};
	enum cm_status status = CM_NO_MEMORY;

	cm_buf_init(&proof.text, 4096);
	proof.facts = cm_facts_new(check->law);
	if (proof.facts != NULL && cm_scope_init(&proof.scope, check->law)) {
		status = prove_all(&proof);
		cm_scope_fini(&proof.scope);
	}
	cm_facts_free(proof.facts);
	cm_buf_fini(&proof.text);
	return status;
}
