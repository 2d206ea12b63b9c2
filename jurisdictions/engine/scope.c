#include "jurisdictions/engine/scope.h"

#include <assert.h>
#include <string.h>

bool cm_scope_init(struct cm_scope *scope, const struct cm_law *law)
{
	size_t count = law->rules_count;

	*scope = (struct cm_scope){.law = law};
	scope->rules = cm_alloc(count, sizeof *scope->rules);
	scope->stack = cm_alloc(count, sizeof *scope->stack);
	scope->next = cm_alloc(count, sizeof *scope->next);
	scope->epochs = cm_alloc(count, sizeof *scope->epochs);
	scope->applies = cm_alloc(count, 1);
	scope->holds = cm_alloc(count, 1);
	if (scope->rules != NULL && scope->stack != NULL && scope->next != NULL &&
	    scope->epochs != NULL && scope->applies != NULL && scope->holds != NULL)
		return true;
	cm_scope_fini(scope);
	return false;
}

void cm_scope_fini(struct cm_scope *scope)
{
	cm_free(scope->rules);
	cm_free(scope->stack);
	cm_free(scope->next);
	cm_free(scope->epochs);
	cm_free(scope->applies);
	cm_free(scope->holds);
	cm_search_free(scope->search);
	*scope = (struct cm_scope){0};
}

/* Depth first over the defeaters; a rule is written down when all that defeat it are. */
void cm_scope_of(struct cm_scope *scope, size_t rule)
{
	const struct cm_code *code = &scope->law->code;
	size_t depth = 0;

	scope->epoch++;
	scope->count = 0;
	scope->stack[depth++] = (uint32_t)rule;
	scope->epochs[rule] = scope->epoch;
	scope->next[rule] = 0;
	while (depth > 0) {
		uint32_t at = scope->stack[depth - 1];
		uint32_t by;

		if (scope->next[at] == code->rules[at].defeaters) {
			scope->rules[scope->count++] = at;
			depth--;
			continue;
		}
		by = code->defeaters[code->rules[at].defeater + scope->next[at]++];
		if (scope->epochs[by] == scope->epoch)
			continue;
		scope->epochs[by] = scope->epoch;
		scope->next[by] = 0;
		scope->stack[depth++] = by;
	}
}

enum cm_truth cm_scope_decide(
    struct cm_scope *scope, const struct cm_facts *facts, const struct cm_moments *moments)
{
	uint32_t self = scope->rules[scope->count - 1];

	for (size_t i = 0; i < scope->count; i++) {
		uint32_t rule = scope->rules[i];

		scope->applies[rule] = (uint8_t)cm_rule_applies(scope->law, rule, facts, moments);
		scope->holds[rule] =
		    (uint8_t)cm_rule_after_defeats(scope->law, rule, scope->applies, scope->holds);
	}
	return (enum cm_truth)scope->holds[self];
}

enum cm_rule_state cm_scope_state(const struct cm_scope *scope, size_t rule)
{
	if (scope->applies[rule] == CM_NO)
		return CM_RULE_SILENT;
	if (scope->holds[rule] == CM_CERTAIN)
		return CM_RULE_HOLDS;
	return scope->holds[rule] == CM_POSSIBLE ? CM_RULE_POSSIBLE : CM_RULE_DEFEATED;
}
