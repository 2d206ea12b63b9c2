#include "manual_run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- law ---- */

static void law_run(const struct manual_block *block)
{
	struct manual_loaded loaded;

	if (!manual_load(&block->note, block->text, block->line, &loaded)) {
		manual_unload(&loaded);
		return;
	}
	if (loaded.status != CM_OK || loaded.remarks.count != 0)
		manual_fail(block->line, "%s: %s", block->note.name, manual_first_remark(&loaded));
	else if (cm_law_test_count(loaded.law) != loaded.tests)
		manual_fail(block->line, "%s: %zu inline tests of %zu were run", block->note.name,
		    cm_law_test_count(loaded.law), loaded.tests);
	else
		manual_pass();
	manual_unload(&loaded);
}

/* ---- what is printed ---- */

/* Hold what came against the block of text behind an example. */
static void text_check(struct manual_run *run, size_t index, const struct cm_buf *came)
{
	const struct manual *manual = run->manual;
	const struct manual_block *text = &manual->blocks[index + 1];

	if (index + 1 == manual->blocks_count || strcmp(text->lang, "text") != 0) {
		manual_fail(manual->blocks[index].line, "no block of text follows; it is\n%s",
		    cm_buf_str(came));
		return;
	}
	if (strcmp(text->text, cm_buf_str(came)) == 0) {
		manual_pass();
		return;
	}
	if (run->writes)
		manual_rewrite(run, text, cm_buf_str(came));
	else
		manual_fail(text->line, "came\n%s", cm_buf_str(came));
}

static void error_run(struct manual_run *run, size_t index)
{
	const struct manual_block *block = &run->manual->blocks[index];
	struct manual_loaded loaded;
	struct cm_buf came;

	if (manual_load(&block->note, block->text, block->line, &loaded)) {
		cm_buf_init(&came, 0);
		manual_remarks_print(&loaded, &came);
		text_check(run, index, &came);
		cm_buf_fini(&came);
	}
	manual_unload(&loaded);
}

static void command_run(struct manual_run *run, size_t index)
{
	const struct manual_block *block = &run->manual->blocks[index];
	struct manual_command command;
	struct cm_buf came;

	manual_command_read(run->manual, block, &command);
	if (!command.is_explain)
		return;
	cm_buf_init(&came, 0);
	if (manual_command_explain(&command, block->line, &came))
		text_check(run, index, &came);
	cm_buf_fini(&came);
}

/* ---- judgments ---- */

/* A judgment as the intake reads it: who made it and why become its source. */
static void judgment_set(
    const struct manual_block *block, struct cm_facts *facts, const char *name, json_t *judgment)
{
	const char *value = json_is_true(json_object_get(judgment, "value")) ? "yes" : "no";
	const char *by = json_string_value(json_object_get(judgment, "by"));
	const char *reasons = json_string_value(json_object_get(judgment, "reasons"));
	char source[512];
	struct cm_err err = {.text = ""};

	(void)snprintf(
	    source, sizeof source, "%s: %s", by != NULL ? by : "", reasons != NULL ? reasons : "");
	if (by != NULL && reasons != NULL &&
	    cm_facts_set_one(facts, name, value, source, &err) == CM_OK)
		manual_pass();
	else
		manual_fail(block->line, "%s: %s", name, err.text);
}

static void judgments_run(const struct manual_block *block)
{
	json_t *root = json_loads(block->text, 0, NULL);
	struct manual_loaded loaded;
	struct cm_facts *facts;
	const char *name;
	json_t *judgment;

	if (!json_is_object(root) || !manual_load(&block->note, NULL, block->line, &loaded))
		abort();
	facts = loaded.law != NULL ? cm_facts_new(loaded.law) : NULL;
	if (facts == NULL)
		abort();
	json_object_foreach(root, name, judgment) judgment_set(block, facts, name, judgment);
	cm_facts_free(facts);
	manual_unload(&loaded);
	json_decref(root);
}

/* ---- all ---- */

/* A block that no rule of the manual covers is a mistake: nothing in it would be tried. */
static void block_refuse(const struct manual *manual, size_t index)
{
	const struct manual_block *block = &manual->blocks[index];
	const char *before = index > 0 ? manual->blocks[index - 1].lang : "";

	if (strcmp(block->lang, "ebnf") == 0)
		return;
	if (strcmp(block->lang, "text") != 0)
		manual_fail(block->line, "what is a block of \"%s\"?", block->lang);
	else if (strcmp(before, "law-error") != 0 && strcmp(before, "sh") != 0)
		manual_fail(block->line, "this text follows nothing that was run");
}

void manual_blocks_run(struct manual_run *run)
{
	for (size_t i = 0; i < run->manual->blocks_count; i++) {
		const struct manual_block *block = &run->manual->blocks[i];
		bool is_law = strcmp(block->lang, "law") == 0;
		bool is_error = strcmp(block->lang, "law-error") == 0;

		if ((is_law || is_error) && *block->note.name == 0)
			manual_fail(block->line, "no comment before this example names it");
		else if (is_law)
			law_run(block);
		else if (is_error)
			error_run(run, i);
		else if (strcmp(block->lang, "sh") == 0)
			command_run(run, i);
		else if (strcmp(block->lang, "json") == 0)
			judgments_run(block);
		else
			block_refuse(run->manual, i);
		if (is_law)
			manual_example_add(&block->note, block->text);
	}
}
