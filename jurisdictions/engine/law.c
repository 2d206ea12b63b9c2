#include "jurisdictions/engine/table.h"

#include <assert.h>
#include <string.h>

void cm_law_free(struct cm_law *law)
{
	if (law == NULL)
		return;
	cm_free(law->code.instrs);
	cm_free(law->code.literals);
	cm_free(law->code.asking);
	cm_free(law->code.asking_first);
	cm_free(law->code.blank);
	cm_free(law->code.blank_answers);
	cm_free(law->code.masks);
	cm_free(law->code.variants);
	cm_free(law->code.segments);
	cm_free(law->code.rules);
	cm_free(law->code.quick);
	cm_free(law->code.defeaters);
	cm_tables_free(law->tables);
	cm_arena_fini(&law->arena);
	cm_free(law);
}

size_t cm_law_rule_count(const struct cm_law *law)
{
	return law->rules_count;
}

size_t cm_law_test_count(const struct cm_law *law)
{
	return law->tests_run;
}

const struct cm_rule_info *cm_law_rule(const struct cm_law *law, size_t index)
{
	assert(index < law->rules_count);
	return &law->rules[index].info;
}

size_t cm_law_fact_count(const struct cm_law *law)
{
	return law->facts_count;
}

const struct cm_fact_info *cm_law_fact(const struct cm_law *law, size_t index)
{
	assert(index < law->facts_count);
	return &law->facts[index].info;
}

size_t cm_law_jurisdiction_count(const struct cm_law *law)
{
	return law->jurisdictions_count;
}

const char *cm_law_jurisdiction(const struct cm_law *law, size_t index, uint8_t digest[32])
{
	assert(index < law->jurisdictions_count);
	memcpy(digest, law->jurisdictions[index].digest, 32);
	return law->jurisdictions[index].name;
}

void cm_law_digest(const struct cm_law *law, uint8_t digest[32])
{
	memcpy(digest, law->digest, 32);
}
