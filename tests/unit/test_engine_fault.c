#include <criterion/criterion.h>
#include <string.h>

#include "test_engine_help.h"

static const char *const text =
    "law language 1 jurisdiction US \"x\" uses \"nothing.law\"\n"
    "set S \"t\" cite \"c\" from 2000-01-01 is GB end\n"
    "term grave \"t\" cite \"c\" in force from 2010-01-01 means offence_months at least 36 months "
    "test \"t\" given offence_months is 40 months expect applies end\n"
    "rule us.a title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "
    "(us_person or grave) and residence is in S\n"
    "  effect forbids disclose of content deadline 3 days from served_on calendar us_federal to "
    "quash explain \"{residence} {deadline}\" reviewed by nobody\n"
    "  test \"open\" given us_person and residence is one of GB, US expect undetermined needing "
    "residence end\n"
    "rule us.b title \"t\" source statute cite \"c\" in force from 2000-01-01 applies when "
    "emergency effect permits disclose defeats us.a because specialis reviewed by nobody end\n";

/* Load, decide, write rulings and an explanation; every request may fail. */
static enum cm_status everything(void)
{
	struct cm_law_file files[] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {"a.law", text, strlen(text)}};
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	struct cm_facts *facts = NULL;
	struct cm_decision *decision = NULL;
	struct cm_arena arena;
	struct cm_buf out;
	struct cm_ruling *rulings;
	size_t count;
	enum cm_status status;

	cm_remarks_init(&remarks);
	cm_arena_init(&arena, 0);
	cm_buf_init(&out, 0);
	status = cm_law_load(files, 2, &remarks, &law);
	if (status == CM_OK) {
		facts = cm_facts_new(law);
		decision = cm_decision_new(law);
		status = facts == NULL || decision == NULL ? CM_NO_MEMORY : CM_OK;
	}
	if (status == CM_OK)
		status = cm_facts_set_one(facts, "residence", "GB", "a source", NULL);
	if (status == CM_OK) {
		cm_decide(law, facts, help_day("2026-11-07"), decision);
		status = cm_decision_rulings(
		    law, facts, help_day("2026-11-07"), decision, &arena, &rulings, &count);
	}
	if (status == CM_OK)
		status =
		    cm_decision_explain(law, facts, help_day("2026-11-07"), decision, NULL, &out);
	cm_buf_clear(&out);
	if (status == CM_OK)
		status = cm_law_format(&files[1], &out);
	cm_buf_fini(&out);
	cm_arena_fini(&arena);
	cm_decision_free(decision);
	cm_facts_free(facts);
	cm_law_free(law);
	cm_remarks_fini(&remarks);
	return status;
}

static size_t failures(bool lasting)
{
	size_t nth = 0;

	for (;;) {
		enum cm_status status;

		cm_alloc_fail_at(++nth, lasting);
		status = everything();
		if (!cm_alloc_has_failed()) {
			cr_assert_eq(status, CM_OK);
			break;
		}
		cm_alloc_fail_at(0, false);
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu failed, and the answer was %s", nth,
		    cm_status_text(status));
		cr_assert_eq(cm_alloc_live(), 0, "request %zu failed, and %zu blocks live on", nth,
		    cm_alloc_live());
	}
	cm_alloc_fail_at(0, false);
	return nth;
}

Test(fault, each_failed_request_is_answered_and_leaves_nothing)
{
	cr_assert_gt(failures(false), 30);
	cr_assert_gt(failures(true), 30);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(fault, deciding_allocates_nothing)
{
	struct cm_law_file files[] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {"a.law", text, strlen(text)}};
	struct help_set set = help_load_files(files, 2);

	cm_alloc_fail_at(1, true);
	cm_decide(set.law, set.facts, help_day("2026-11-07"), set.decision);
	cr_assert(!cm_alloc_has_failed());
	cm_alloc_fail_at(0, false);
	help_free(&set);
}
