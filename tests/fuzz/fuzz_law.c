/* Any bytes as a file of law: load, format, decide on nothing known, explain. The formatted text
 * formats to itself, and where the file loads, it is the same law. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void law_use(const struct cm_law *law)
{
	struct cm_facts *facts = cm_facts_new(law);
	struct cm_decision *decision = cm_decision_new(law);
	struct cm_day today = {20000};
	struct cm_arena arena;
	struct cm_ruling *rulings;
	struct cm_buf out;
	size_t count;

	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 1 << 20);
	if (facts != NULL && decision != NULL) {
		cm_decide(law, facts, today, decision);
		(void)!cm_decision_rulings(law, facts, today, decision, &arena, &rulings, &count);
		(void)!cm_decision_explain(law, facts, today, decision, NULL, &out);
	}
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
	cm_decision_free(decision);
	cm_facts_free(facts);
}

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* `law` was loaded from what was formatted: the formatted text must say the same. */
static void same_law(const struct cm_law *law, const struct cm_law_file *formatted)
{
	struct cm_remarks remarks;
	struct cm_law *again = NULL;
	uint8_t before[32];
	uint8_t after[32];

	cm_remarks_init(&remarks);
	demand(cm_law_load(formatted, 1, &remarks, &again) == CM_OK);
	cm_law_digest(law, before);
	cm_law_digest(again, after);
	demand(memcmp(before, after, sizeof before) == 0);
	cm_law_free(again);
	cm_remarks_fini(&remarks);
}

static void format_twice(const struct cm_law_file *file, const struct cm_law *law)
{
	struct cm_law_file formatted = {.path = "b.law"};
	struct cm_buf once;
	struct cm_buf twice;

	cm_buf_init(&once, 0);
	cm_buf_init(&twice, 0);
	if (cm_law_format(file, &once) == CM_OK && once.len <= 1024 * 1024) {
		formatted.text = cm_buf_str(&once);
		formatted.len = once.len;
		demand(cm_law_format(&formatted, &twice) == CM_OK);
		demand(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
		if (law != NULL)
			same_law(law, &formatted);
	}
	cm_buf_fini(&once);
	cm_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_law_file file = {.path = "a.law", .text = (const char *)data, .len = size};
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	struct cm_buf out;

	cm_remarks_init(&remarks);
	cm_buf_init(&out, 0);
	if (cm_law_load(&file, 1, &remarks, &law) == CM_OK)
		law_use(law);
	for (size_t i = 0; i < remarks.count; i++)
		cm_remark_print(&remarks.items[i], &file, 1, &out);
	format_twice(&file, law);
	cm_buf_fini(&out);
	cm_law_free(law);
	cm_remarks_fini(&remarks);
	if (cm_alloc_live() != 0)
		abort();
	return 0;
}
