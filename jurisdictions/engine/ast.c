#include "jurisdictions/engine/ast.h"

#include <string.h>

const char *const cm_source_names[CM_SOURCES] = {
    "constitution", "treaty", "statute", "regulation", "case", "guidance", "contract", "policy"};
const char *const cm_ground_names[CM_GROUNDS] = {
    "superior", "specialis", "posterior", "derogation", "treaty", "reciprocity"};
const char *const cm_strength_names[CM_STRENGTHS] = {"absolute", "default", "discretionary"};
const char *const cm_unit_names[CM_UNITS] = {"days", "hours", "business-days", "months"};
const char *const cm_when_names[CM_WHENS] = {"service", "issue", "conduct", "decision"};
const char *const cm_modality_names[4] = {"permits", "requires", "forbids", "needs-human"};

int cm_word_find(const char *word, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, table[i]) == 0)
			return (int)i;
	return -1;
}
