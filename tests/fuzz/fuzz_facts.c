/* Any bytes as facts of a demand: lines "name=value,value", a first ? ! ~ for not asked, cannot be
 * determined, disputed. Then decide, and write what came of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/engine.h"

#define MOST_VALUES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char law_text[] =
    "law language 1 jurisdiction US \"x\" fact b is yes-or-no \"t\" fact c is one of x, y, z \"t\" "
    "fact k is country \"t\"\n"
    "fact ks is countries \"t\" fact s is set of p, q \"t\" fact n is number of days \"t\" fact "
    "served_on is date \"t\" act a \"t\"\n"
    "calendar w of US weekend Sunday holiday 2026-01-01 \"n\" rolls forward end\n"
    "rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01 until 2030-01-01 "
    "applies when (b or c is x) and k is not US and\n"
    "at least 2 of (s includes p; n at least 3 days; ks includes any of FR, DE) effect permits a "
    "deadline 3 business-days from served_on\n"
    "calendar w to a explain \"{b} {c} {k} {ks} {s} {n} {served_on} {deadline}\" reviewed by "
    "nobody end\n"
    "rule us.b title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when k "
    "cannot be determined or served_on before 2020-01-01\n"
    "effect forbids a defeats us.a because specialis reviewed by nobody end\n";

static void line_set(struct cm_facts *facts, char *line)
{
	const char *values[MOST_VALUES];
	struct cm_fact_text text = {.values = values, .source = "fuzz"};
	char *value = strchr(line, '=');
	char *rest = NULL;
	struct cm_err err;

	text.knowledge = *line == '?'   ? CM_NOT_ASKED
			 : *line == '!' ? CM_CANNOT_TELL
			 : *line == '~' ? CM_DISPUTED
					: CM_KNOWN;
	text.name = text.knowledge != CM_KNOWN ? line + 1 : line;
	if (value == NULL)
		return;
	*value++ = 0;
	for (char *at = strtok_r(value, ",", &rest); at != NULL && text.values_count < MOST_VALUES;
	     at = strtok_r(NULL, ",", &rest))
		values[text.values_count++] = at;
	(void)!cm_facts_set(facts, &text, &err);
}

static void facts_use(
    const struct cm_law *law, const struct cm_facts *facts, struct cm_decision *decision)
{
	struct cm_day today = {20000};
	struct cm_arena arena;
	struct cm_ruling *rulings;
	struct cm_buf out;
	size_t count;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	cm_decide(law, facts, today, decision);
	(void)!cm_decision_rulings(law, facts, today, decision, &arena, &rulings, &count);
	(void)!cm_decision_explain(law, facts, today, decision, NULL, &out);
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cm_law *law;
	static struct cm_facts *facts;
	static struct cm_decision *decision;
	char *text = malloc(size + 1);
	char *rest = NULL;

	if (law == NULL) {
		struct cm_law_file file = {
		    .path = "a.law", .text = law_text, .len = sizeof law_text - 1};
		struct cm_remarks remarks;

		cm_remarks_init(&remarks);
		if (cm_law_load(&file, 1, &remarks, &law) != CM_OK)
			abort();
		cm_remarks_fini(&remarks);
		facts = cm_facts_new(law);
		decision = cm_decision_new(law);
	}
	if (text == NULL || facts == NULL || decision == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	cm_facts_clear(facts);
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		line_set(facts, line);
	facts_use(law, facts, decision);
	free(text);
	return 0;
}
