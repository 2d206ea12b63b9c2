#include "manual_run.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/clock.h"

/* ---- reading a command line ---- */

/* The next word as a shell would cut it, in place; NULL at the end. */
static char *word_next(char **at)
{
	char *from = *at + strspn(*at, " \n\\");
	char *to = from;
	char *word = from;
	char quote = 0;

	if (*from == 0)
		return NULL;
	for (; *from != 0 && (quote != 0 || strchr(" \n", *from) == NULL); from++) {
		if (quote == 0 && (*from == '\'' || *from == '"'))
			quote = *from;
		else if (quote != 0 && *from == quote)
			quote = 0;
		else
			*to++ = *from;
	}
	*at = from + (*from != 0);
	*to = 0;
	return word;
}

static bool is_option(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

static char *word_want(char **at)
{
	char *word = word_next(at);

	if (word == NULL)
		abort();
	return word;
}

void manual_command_read(
    struct manual *manual, const struct manual_block *block, struct manual_command *out)
{
	char *at = cm_arena_text(&manual->arena, block->text);
	char *word;

	*out = (struct manual_command){.facts = "", .note = {.name = "", .of = ""}};
	if (at == NULL || strncmp(at, "comity rules explain ", 21) != 0)
		return;
	out->is_explain = true;
	(void)cm_day_parse("2026-11-07", 10, &out->as_of);
	at += 21;
	while ((word = word_next(&at)) != NULL) {
		if (is_option(word, "-f", "--facts")) {
			out->facts = word_want(&at);
		} else if (is_option(word, "-r", "--rule")) {
			out->rule = word_want(&at);
		} else if (is_option(word, "--as-of", "--as-of")) {
			word = word_want(&at);
			if (!cm_day_parse(word, strlen(word), &out->as_of))
				abort();
		} else if (out->note.with_count < MANUAL_MAX_WITH) {
			out->note.with[out->note.with_count++] = word;
		}
	}
}

/* ---- doing what it does ---- */

/* "name=value,value" as the command sets it. */
static bool fact_set(struct cm_facts *facts, char *text, struct cm_err *err)
{
	const char *values[64];
	struct cm_fact_text fact = {.source = "the command line", .values = values};
	char *save = NULL;
	char *rest = strchr(text, '=');

	if (rest == NULL)
		return false;
	*rest++ = 0;
	fact.name = text;
	for (char *word = strtok_r(rest, ",", &save); word != NULL && fact.values_count < 64;
	     word = strtok_r(NULL, ",", &save))
		values[fact.values_count++] = word;
	return cm_facts_set(facts, &fact, err) == CM_OK;
}

static bool explain(const struct manual_command *command, const struct cm_law *law, unsigned line,
    struct cm_buf *out)
{
	struct cm_facts *facts = cm_facts_new(law);
	struct cm_decision *decision = cm_decision_new(law);
	struct cm_err err = {.text = ""};
	char *save = NULL;
	bool fine = true;

	if (facts == NULL || decision == NULL)
		abort();
	for (char *word = strtok_r(command->facts, " ", &save); word != NULL && fine;
	     word = strtok_r(NULL, " ", &save))
		fine = fact_set(facts, word, &err);
	if (!fine)
		manual_fail(line, "these facts cannot be set: %s", err.text);
	cm_decide(law, facts, command->as_of, decision);
	if (fine && cm_decision_explain(law, facts, command->as_of, decision, command->rule, out) !=
			CM_OK) {
		manual_fail(line, "no rule of that id in these files");
		fine = false;
	}
	cm_decision_free(decision);
	cm_facts_free(facts);
	return fine;
}

bool manual_command_explain(const struct manual_command *command, unsigned line, struct cm_buf *out)
{
	struct manual_loaded loaded;
	bool fine = manual_load(&command->note, NULL, line, &loaded);

	if (fine && loaded.status != CM_OK) {
		manual_fail(line, "%s", manual_first_remark(&loaded));
		fine = false;
	}
	if (fine)
		fine = explain(command, loaded.law, line, out);
	manual_unload(&loaded);
	return fine;
}
