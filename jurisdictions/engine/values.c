#include "jurisdictions/engine/analysis.h"

#include <string.h>

#include "protocol/wire/limits.h"

static enum cm_status answer_set(struct cm_facts *facts, const struct cm_fact_value *answer,
    const char *source, char *room, struct cm_err *err)
{
	const char *values[CM_MAX_FACT_VALUES];
	struct cm_fact_text text = {.name = answer->fact, .values = values, .source = source};

	for (char *save = NULL, *word = strtok_r(room, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		if (text.values_count == CM_MAX_FACT_VALUES)
			return cm_err_set(
			    err, CM_TOO_LARGE, "fact %.64s: too many values", answer->fact);
		values[text.values_count++] = word;
	}
	return cm_facts_set(facts, &text, err);
}

enum cm_status cm_fact_values_set(struct cm_facts *facts, const struct cm_fact_value *answers, size_t count,
    const char *source, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; i < count && status == CM_OK; i++) {
		char *room = cm_strdup(answers[i].value);

		if (room == NULL)
			return cm_err_set(err, CM_NO_MEMORY, "out of memory");
		status = answer_set(facts, &answers[i], source, room, err);
		cm_free(room);
	}
	return status;
}
