#include "jurisdictions/engine/table.h"

#include <assert.h>
#include <string.h>

void cm_slot_clear(const struct cm_law *law, size_t fact, union cm_slot *slot)
{
	const struct cm_fact_entry *entry = &law->facts[fact];

	memset(slot, 0, sizeof *slot);
	if (!entry->is_finite) {
		bool is_date = entry->info.type == CM_FACT_DATE;

		slot->low = is_date ? CM_DAY_FIRST : 0;
		slot->high = is_date ? CM_DAY_LAST : CM_NUMBER_LAST;
		return;
	}
	for (uint32_t i = 0; i < entry->words; i++) {
		uint32_t left = entry->values_count - i * 64;

		slot->may[i] = left >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << left) - 1;
	}
}

bool cm_slot_is_known(const struct cm_law *law, size_t fact, const union cm_slot *slot)
{
	const struct cm_fact_entry *entry = &law->facts[fact];
	unsigned values = 0;

	if (!entry->is_finite)
		return slot->low == slot->high;
	if (entry->is_set)
		return memcmp(slot->may, slot->must, sizeof slot->may) == 0;
	for (int i = 0; i < 4; i++)
		values += (unsigned)__builtin_popcountll(slot->may[i]);
	return values == 1;
}

bool cm_facts_is_known(const struct cm_facts *facts, int fact)
{
	assert(fact >= 0 && (size_t)fact < facts->law->facts_count);
	return cm_slot_is_known(facts->law, (size_t)fact, &facts->slots[fact]);
}

void cm_facts_clear(struct cm_facts *facts)
{
	const struct cm_law *law = facts->law;

	for (size_t i = 0; i < law->facts_count; i++) {
		facts->slots[i] = law->code.blank[i];
		facts->knowledge[i] = CM_NOT_ASKED;
		cm_free(facts->sources[i]);
		facts->sources[i] = NULL;
	}
	if (law->code.literals_count != 0)
		memcpy(facts->answers, law->code.blank_answers, law->code.literals_count);
	if (facts->rows != NULL)
		cm_rows_clear(facts->rows, law->tables);
}

struct cm_facts *cm_facts_new(const struct cm_law *law)
{
	struct cm_facts *facts = cm_alloc(1, sizeof *facts);

	if (facts == NULL)
		return NULL;
	facts->law = law;
	facts->slots = cm_alloc(law->facts_count, sizeof *facts->slots);
	facts->answers = cm_alloc(law->code.literals_count, 1);
	facts->knowledge = cm_alloc(law->facts_count, sizeof *facts->knowledge);
	facts->sources = cm_alloc(law->facts_count, sizeof *facts->sources);
	facts->rows = law->tables != NULL ? cm_rows_new(facts) : NULL;
	if (facts->slots != NULL && facts->answers != NULL && facts->knowledge != NULL &&
	    facts->sources != NULL && (facts->rows != NULL || law->tables == NULL)) {
		cm_facts_clear(facts);
		return facts;
	}
	cm_free(facts->slots);
	cm_free(facts->answers);
	cm_free(facts->knowledge);
	cm_free(facts->sources);
	cm_free(facts->rows);
	cm_free(facts);
	return NULL;
}

void cm_facts_free(struct cm_facts *facts)
{
	if (facts == NULL)
		return;
	for (size_t i = 0; i < facts->law->facts_count; i++)
		cm_free(facts->sources[i]);
	cm_free(facts->slots);
	cm_free(facts->knowledge);
	cm_free(facts->sources);
	cm_free(facts->answers);
	cm_free(facts->rows);
	cm_free(facts);
}
