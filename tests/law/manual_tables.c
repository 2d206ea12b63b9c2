#include "manual_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manual_rule.h"
#include "protocol/base/clock.h"

#define DAY "2026-11-07"

/* ---- what is known of a fact, in words ---- */

/* "US", "US or GB", "US and GB", "disputed: US or GB", "not known", "cannot be determined" */
static bool known_set(struct cm_facts *facts, char *name, char *what, struct cm_err *err)
{
	const char *values[16];
	struct cm_fact_text fact = {.name = name, .values = values, .source = "the manual"};
	char *at = what;

	if (strcmp(what, "not known") == 0) {
		fact.knowledge = CM_NOT_ASKED;
		return cm_facts_set(facts, &fact, err) == CM_OK;
	}
	if (strcmp(what, "cannot be determined") == 0) {
		fact.knowledge = CM_CANNOT_TELL;
		return cm_facts_set(facts, &fact, err) == CM_OK;
	}
	if (strncmp(at, "disputed: ", 10) == 0) {
		fact.knowledge = CM_DISPUTED;
		at += 10;
	}
	while (at != NULL && fact.values_count < 16) {
		char *both = strstr(at, " and ");
		char *either = strstr(at, " or ");
		char *stop = both != NULL ? both : either;

		values[fact.values_count++] = at;
		if (stop != NULL)
			*stop = 0;
		at = stop == NULL ? NULL : stop + (both != NULL ? 5 : 4);
	}
	return cm_facts_set(facts, &fact, err) == CM_OK;
}

/* "residence: US; data: content" */
static bool all_known_set(struct cm_facts *facts, const char *cell, unsigned line)
{
	char room[512];
	struct cm_err err = {.text = ""};
	char *save = NULL;

	(void)snprintf(room, sizeof room, "%s", cell);
	for (char *part = strtok_r(room, ";", &save); part != NULL;
	     part = strtok_r(NULL, ";", &save)) {
		char *what = strstr(part, ": ");

		part += strspn(part, " ");
		if (what == NULL) {
			manual_fail(line, "\"%s\" does not say FACT: WHAT", part);
			return false;
		}
		*what = 0;
		if (!known_set(facts, part, what + 2, &err)) {
			manual_fail(line, "%s", err.text);
			return false;
		}
	}
	return true;
}

/* ---- tables of answers ---- */

static const char *answer_of(enum cm_rule_state state)
{
	switch (state) {
	case CM_RULE_HOLDS:
		return "yes";
	case CM_RULE_POSSIBLE:
		return "open";
	case CM_RULE_SILENT:
		return "no";
	case CM_RULE_DEFEATED:
		break;
	}
	return "defeated";
}

/* What the one rule written says for the facts of a row. */
static void answer_check(const struct manual_row *row, const struct cm_law *law)
{
	struct cm_facts *facts = cm_facts_new(law);
	struct cm_decision *decision = cm_decision_new(law);
	int rule = cm_law_find_rule(law, MANUAL_RULE);
	const char *answer;
	struct cm_err err;
	struct cm_day day;

	if (facts == NULL || decision == NULL || rule < 0 || !cm_day_parse(DAY, 10, &day) ||
	    cm_facts_set_one(facts, "served_on", DAY, NULL, &err) != CM_OK)
		abort();
	if (all_known_set(facts, row->cells[1], row->line)) {
		cm_decide(law, facts, day, decision);
		answer = answer_of(cm_decision_state(decision, (size_t)rule));
		if (strcmp(answer, row->cells[2]) == 0)
			manual_pass();
		else
			manual_fail(row->line, "%s with %s: the answer is %s", row->cells[0],
			    row->cells[1], answer);
	}
	cm_decision_free(decision);
	cm_facts_free(facts);
}

/* A row's first cell is a field, or a condition. */
static void answer_row(const struct manual_table *table, const struct manual_row *row)
{
	struct manual_note note = table->note;
	struct manual_loaded loaded;
	char field[512];
	char text[2048];

	(void)snprintf(field, sizeof field, "%s%s",
	    strncmp(row->cells[0], "in force", 8) == 0 ? "" : "applies when ", row->cells[0]);
	manual_rule_write(field, text, sizeof text);
	note.name = "row.law";
	note.of = "US";
	if (manual_load(&note, text, row->line, &loaded)) {
		if (loaded.law != NULL)
			answer_check(row, loaded.law);
		else
			manual_fail(row->line, "%s", manual_first_remark(&loaded));
	}
	manual_unload(&loaded);
}

/* ---- deadlines ---- */

static void due_check(const struct manual_row *row, const struct cm_law *law)
{
	struct cm_facts *facts = cm_facts_new(law);
	struct cm_decision *decision = cm_decision_new(law);
	struct cm_ruling *rulings = NULL;
	struct cm_arena arena;
	struct cm_err err;
	struct cm_day day;
	size_t count = 0;
	const char *due = "";

	cm_arena_init(&arena, 0);
	if (facts == NULL || decision == NULL || !cm_day_parse(DAY, 10, &day) ||
	    cm_facts_set_one(facts, "emergency", "yes", NULL, &err) != CM_OK)
		abort();
	if (all_known_set(facts, row->cells[1], row->line)) {
		cm_decide(law, facts, day, decision);
		if (cm_decision_rulings(law, facts, day, decision, &arena, &rulings, &count) !=
		    CM_OK)
			abort();
		if (count == 1 && rulings[0].terms_count == 1)
			due = *rulings[0].terms[0].due != 0 ? rulings[0].terms[0].due : "not known";
		if (strcmp(due, row->cells[2]) == 0)
			manual_pass();
		else
			manual_fail(row->line, "%s: it is due %s", row->cells[0], due);
	}
	cm_arena_fini(&arena);
	cm_decision_free(decision);
	cm_facts_free(facts);
}

static void due_row(const struct manual_table *table, const struct manual_row *row)
{
	struct manual_note note = table->note;
	struct manual_loaded loaded;
	char field[256];
	char text[2048];

	(void)snprintf(field, sizeof field, "deadline %s to motion_to_quash", row->cells[0]);
	manual_rule_write(field, text, sizeof text);
	note.name = "row.law";
	note.of = "US";
	if (manual_load(&note, text, row->line, &loaded)) {
		if (loaded.law != NULL)
			due_check(row, loaded.law);
		else
			manual_fail(row->line, "%s", manual_first_remark(&loaded));
	}
	manual_unload(&loaded);
}

/* ---- who may defeat whom ---- */

/* Cells: whose law and which source defeats, with which words; whose law and which source is
 * defeated; "yes" or why not. */
static void defeat_row(const struct manual_table *table, const struct manual_row *row)
{
	struct manual_note note = table->note;
	bool inverse = strncmp(row->cells[2], "subject to", 10) == 0;
	struct manual_loaded loaded;
	char defeats[256];
	char text[2048];
	const char *why = "yes";

	(void)snprintf(defeats, sizeof defeats, "defeats b.b %s", row->cells[2]);
	manual_defeat_write(
	    row->cells[0], row->cells[1], "a.a", inverse ? "" : defeats, text, sizeof text);
	note.name = "a.law";
	manual_example_add(&note, cm_arena_text(table->arena, text));
	manual_defeat_write(row->cells[3], row->cells[4], "b.b", inverse ? "subject to a.a" : "",
	    text, sizeof text);
	note.name = "b.law";
	note.with[note.with_count++] = "a.law";
	if (manual_load(&note, text, row->line, &loaded)) {
		if (loaded.remarks.count != 0)
			why = strstr(loaded.remarks.items[0].text, "): ");
		if (why != NULL && *why == ')')
			why += 3;
		if (why != NULL && strcmp(why, row->cells[5]) == 0 && loaded.remarks.count <= 1)
			manual_pass();
		else
			manual_fail(row->line, "%s", manual_first_remark(&loaded));
	}
	manual_unload(&loaded);
}

/* ---- remarks ---- */

/* Equal, with "..." in the manual for what is not worth printing. */
static bool is_message(const char *wanted, const char *came)
{
	const char *gap = strstr(wanted, "...");
	size_t before = gap == NULL ? 0 : (size_t)(gap - wanted);

	if (gap == NULL)
		return strcmp(wanted, came) == 0;
	return strncmp(wanted, came, before) == 0 && strlen(came) >= strlen(wanted) - 3 &&
	       strcmp(gap + 3, came + strlen(came) - strlen(gap + 3)) == 0;
}

static void remark_check(const struct manual_row *row, const struct manual_loaded *loaded)
{
	const struct cm_remark *remark = loaded->remarks.items;
	const char *kind;

	if (loaded->remarks.count != 1) {
		manual_fail(row->line, "%s gives %zu remarks, the first: %s", row->cells[2],
		    loaded->remarks.count, manual_first_remark(loaded));
		return;
	}
	kind = remark->kind == CM_REMARK_ERROR ? "error" : "lint";
	if (strcmp(remark->code, row->cells[0]) == 0 && strcmp(kind, row->cells[1]) == 0 &&
	    is_message(row->cells[3], remark->text))
		manual_pass();
	else
		manual_fail(row->line, "came the %s %s", kind, manual_first_remark(loaded));
}

/* What is written is a file, an item, or a field of a rule. */
static void remark_row(const struct manual_table *table, const struct manual_row *row)
{
	static const char *const items[] = {"fact ", "act ", "set ", "term ", "calendar ", "rule "};
	struct manual_note note = table->note;
	const char *written = row->cells[2];
	struct manual_loaded loaded;
	char text[4096];
	bool is_item = false;

	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		is_item = is_item || strncmp(written, items[i], strlen(items[i])) == 0;
	note.name = "row.law";
	note.of = strncmp(written, "law ", 4) == 0 ? "" : "US";
	(void)snprintf(text, sizeof text, "%s", written);
	if (*note.of != 0 && !is_item)
		manual_rule_write(written, text, sizeof text);
	if (manual_load(&note, text, row->line, &loaded))
		remark_check(row, &loaded);
	manual_unload(&loaded);
}

/* ---- all ---- */

void manual_tables_run(const struct manual *manual)
{
	static const struct {
		const char *name;
		void (*run)(const struct manual_table *table, const struct manual_row *row);
	} kinds[] = {{"conditions", answer_row}, {"dates", answer_row}, {"deadlines", due_row},
	    {"defeats", defeat_row}, {"codes", remark_row}};

	for (size_t i = 0; i < manual->tables_count; i++) {
		const struct manual_table *table = &manual->tables[i];

		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			for (size_t row = 0;
			     strcmp(kinds[k].name, table->note.name) == 0 && row < table->count;
			     row++)
				kinds[k].run(table, &table->rows[row]);
	}
}
