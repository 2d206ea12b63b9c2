/*
 * Chains and trees of defeats up to six long, with every combination of yes, no and open: a
 * defeated defeater restores. Each rule hangs on a fact of its own, so trying all completions is
 * exact.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_engine_help.h"

#define LONGEST 6

/* us.c0 is defeated by us.c1, that by us.c2 ...; us.ci applies when f<i>. With `branching` us.ci is
 * defeated by us.c(2i+1) and us.c(2i+2). The odd ones say it from the other side. */
static unsigned defeater_of(unsigned target, unsigned which, bool branching)
{
	return branching ? 2 * target + 1 + which : which == 0 ? target + 1 : LONGEST;
}

static void chain_print(unsigned length, bool branching, struct cm_buf *out)
{
	cm_buf_text(out, "law language 1 jurisdiction US \"x\" act a \"t\"\n");
	for (unsigned i = 0; i < length; i++)
		cm_buf_printf(out, "fact f%u is yes-or-no \"t\"\n", i);
	for (unsigned i = 0; i < length; i++) {
		cm_buf_printf(out,
		    "rule us.c%u" RULE_HEAD
		    "in force from 2000-01-01 applies when f%u effect permits a",
		    i, i);
		for (unsigned other = 0; other < length; other++)
			for (unsigned which = 0; which < 2; which++) {
				if (other % 2 == 0 && defeater_of(other, which, branching) == i)
					cm_buf_printf(
					    out, " defeats us.c%u because specialis", other);
				if (i % 2 == 1 && defeater_of(i, which, branching) == other)
					cm_buf_printf(out, " subject to us.c%u", other);
			}
		cm_buf_text(out, " end\n");
	}
}

static bool chain_holds(unsigned rule, unsigned length, bool branching, unsigned applies)
{
	if ((applies >> rule & 1) == 0)
		return false;
	for (unsigned which = 0; which < 2; which++) {
		unsigned by = defeater_of(rule, which, branching);

		if (by < length && chain_holds(by, length, branching, applies))
			return false;
	}
	return true;
}

/* Each fact decides one rule, so trying all completions of the open ones is exact. */
static enum cm_rule_state chain_state(
    unsigned rule, unsigned length, bool branching, unsigned yes, unsigned open)
{
	bool ever = false;
	bool always = true;
	unsigned more = open;

	for (;;) {
		bool now = chain_holds(rule, length, branching, yes | more);

		ever = ever || now;
		always = always && now;
		if (more == 0)
			break;
		more = (more - 1) & open;
	}
	if (((yes | open) >> rule & 1) == 0)
		return CM_RULE_SILENT;
	return always ? CM_RULE_HOLDS : ever ? CM_RULE_POSSIBLE : CM_RULE_DEFEATED;
}

static void chain_demand(
    struct help_set *set, unsigned length, bool branching, unsigned yes, unsigned open)
{
	cm_facts_clear(set->facts);
	for (unsigned i = 0; i < length; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "f%u", i);
		if ((open >> i & 1) == 0)
			cr_assert_eq(cm_facts_set_one(set->facts, name,
					 (yes >> i & 1) != 0 ? "yes" : "no", "test", NULL),
			    CM_OK);
	}
	cm_decide(set->law, set->facts, help_day("2026-11-07"), set->decision);
	for (unsigned i = 0; i < length; i++)
		cr_assert_eq(cm_decision_state(set->decision, i),
		    chain_state(i, length, branching, yes, open),
		    "length %u%s, yes %x, open %x: us.c%u", length, branching ? ", branching" : "",
		    yes, open, i);
}

Test(properties, a_defeated_defeater_restores_however_long_the_chain)
{
	for (unsigned turn = 0; turn < 2 * LONGEST; turn++) {
		unsigned length = 1 + turn / 2;
		bool branching = turn % 2 == 1;
		struct cm_law_file file = {.path = "a.law"};
		struct help_set set;
		struct cm_buf text;

		cm_buf_init(&text, 0);
		chain_print(length, branching, &text);
		file.text = cm_buf_str(&text);
		file.len = text.len;
		set = help_load_files(&file, 1);
		cr_assert_not_null(set.law, "%s", file.text);
		for (unsigned yes = 0; yes < 1u << length; yes++)
			for (unsigned open = 0; open < 1u << length; open++)
				if ((yes & open) == 0)
					chain_demand(&set, length, branching, yes, open);
		help_free(&set);
		cm_buf_fini(&text);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}
