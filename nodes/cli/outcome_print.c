#include "nodes/cli/outcome_print.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "protocol/base/clock.h"
#include "protocol/base/text.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static uint64_t number_of(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

static bool flag_of(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static const json_t *first_of(const json_t *object, const char *name)
{
	return json_array_get(json_object_get(object, name), 0);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct cm_column columns[] = {
    {"number", "NO", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"part", "PART", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"disposition", "DISPOSITION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"why", "WHY, AND ON WHAT IT RESTS", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"clock", "CLOCK", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"who", "WHO MUST ACT", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static enum cm_tint tint_of(const char *disposition)
{
	if (strcmp(disposition, "comply_limited") == 0)
		return CM_TINT_GOOD;
	if (strcmp(disposition, "reject") == 0 || strcmp(disposition, "challenge") == 0)
		return CM_TINT_BAD;
	if (strcmp(disposition, "hold_for_counsel") == 0)
		return CM_TINT_WARN;
	return CM_TINT_STRONG;
}

/* A due day as a reader wants it: "Monday 2026-11-23". */
static void print_due(const char *due, struct cm_buf *out)
{
	struct cm_day day;

	if (cm_day_parse(due, strlen(due), &day))
		cm_buf_printf(out, "%s %s", cm_weekday_name(cm_day_weekday(day)), due);
	else
		cm_buf_text(out, due);
}

/* Due day and zone in one line, what must be done and how it was counted in the next. */
static void print_term(const json_t *term, const char *between, struct cm_buf *out)
{
	const char *due = text_of(term, "due");

	if (term == NULL) {
		cm_buf_text(out, "no fixed term: act promptly");
		return;
	}
	if (flag_of(term, "conditional"))
		cm_buf_text(out, "if it applies: ");
	if (due[0] != 0)
		print_due(due, out);
	else
		cm_buf_text(out, "day not known yet");
	if (text_of(term, "zone")[0] != 0)
		cm_buf_printf(out, ", %s", text_of(term, "zone"));
	cm_buf_printf(out, "%s%s: %s", between, text_of(term, "act"), text_of(term, "counting"));
}

/* The law a part rests on: its first grounds, each with its source. A second one is shown where the
 * first is not itself the reason: a motion and the bar it rests on, a bar and the treaty beside it. */
#define CM_SHOWN_GROUNDS 2

static bool rests_on_the_same(const json_t *a, const json_t *b)
{
	static const char *const words[] = {"disposition", "why", "rule"};
	const json_t *left = json_object_get(a, "grounds");
	const json_t *right = json_object_get(b, "grounds");

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(text_of(a, words[i]), text_of(b, words[i])) != 0)
			return false;
	for (size_t i = 0; i < CM_SHOWN_GROUNDS; i++)
		if (strcmp(text_of(json_array_get(left, i), "rule"),
		        text_of(json_array_get(right, i), "rule")) != 0)
			return false;
	return true;
}

/* The first part before this one that is told with the same words, or NULL. */
static const json_t *told_before(const json_t *parts, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (rests_on_the_same(json_array_get(parts, i), json_array_get(parts, index)))
			return json_array_get(parts, i);
	return NULL;
}

static void cell_why(struct cm_table *table, const json_t *part)
{
	const json_t *grounds = json_object_get(part, "grounds");
	const char *lines[2 + CM_SHOWN_GROUNDS];
	struct cm_buf texts[CM_SHOWN_GROUNDS];
	size_t count = 0;

	lines[count++] = text_of(part, "why");
	for (size_t i = 0; i < CM_SHOWN_GROUNDS; i++) {
		const json_t *ground = json_array_get(grounds, i);

		cm_buf_init(&texts[i], 0);
		if (ground == NULL)
			continue;
		cm_buf_printf(&texts[i], "- %s [%s]", text_of(ground, "cite"), text_of(ground, "rule"));
		lines[count++] = cm_buf_str(&texts[i]);
	}
	if (text_of(part, "rule")[0] != 0)
		lines[count++] = text_of(part, "rule");
	cm_cell_list(table, lines, count);
	for (size_t i = 0; i < CM_SHOWN_GROUNDS; i++)
		cm_buf_fini(&texts[i]);
}

static void cell_clock(struct cm_table *table, const json_t *part)
{
	struct cm_buf text;
	char *second;

	cm_buf_init(&text, 0);
	print_term(first_of(part, "terms"), "\n", &text);
	second = text.data != NULL ? strchr((char *)text.data, '\n') : NULL;
	if (second != NULL) {
		const char *lines[2] = {(const char *)text.data, second + 1};

		*second = 0;
		cm_cell_list(table, lines, 2);
	} else {
		cm_cell_text(table, cm_buf_str(&text));
	}
	cm_buf_fini(&text);
}

static void add_row(struct cm_table *table, const json_t *parts, size_t index)
{
	const json_t *part = json_array_get(parts, index);
	const json_t *before = told_before(parts, index);
	const char *region = text_of(part, "region");

	cm_cell_number(table, (int64_t)number_of(part, "number"));
	cm_cell_printf(table, "%llu %s, %s", (unsigned long long)number_of(part, "target"),
	    text_of(part, "category"), region[0] != 0 ? region : "nowhere");
	cm_cell_text(table, text_of(part, "disposition"));
	cm_cell_tint(table, tint_of(text_of(part, "disposition")));
	if (before != NULL)
		cm_cell_printf(table, "as number %llu", (unsigned long long)number_of(before, "number"));
	else
		cell_why(table, part);
	cell_clock(table, part);
	cm_cell_text(table, text_of(part, "who"));
}

enum cm_status cm_outcome_print(const json_t *outcome, const struct cm_output *out,
    struct cm_err *err)
{
	const json_t *parts = json_object_get(outcome, "parts");
	struct cm_table table;
	enum cm_status status;

	cm_table_init(&table, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < json_array_size(parts); i++)
		add_row(&table, parts, i);
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Print a text that came from a process: control characters never reach a terminal. */
static void put(const struct cm_output *out, const char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		uint32_t cp = 0;
		size_t used = cm_utf8_next(text, left, &cp);

		if (used == 0 || cm_text_is_deceptive(cp)) {
			(void)fputc('?', out->data);
			used = used == 0 ? 1 : used;
		} else {
			(void)fwrite(text, 1, used, out->data);
		}
		text += used;
		left -= used;
	}
}

static void put_term(const struct cm_output *out, const json_t *term)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	print_term(term, "; ", &text);
	put(out, cm_buf_str(&text));
	cm_buf_fini(&text);
}

/* Print words over as many lines as the width takes: the first after the indent, the others below it. */
static void put_wrapped(const struct cm_output *out, const char *indent, const char *text)
{
	size_t width = out->columns > 40 ? out->columns : 40;
	size_t column = 0;

	while (*text != 0) {
		size_t word = strcspn(text, " ");
		size_t wide = cm_text_columns(text, word);
		char *copy;

		if (column == 0 || column + 1 + wide > width) {
			if (column == 0)
				(void)fputs(indent, out->data);
			else
				(void)fprintf(out->data, "\n%*s", (int)strlen(indent) + 2, "");
			column = strlen(indent) + (column == 0 ? 0 : 2);
		} else {
			(void)fputc(' ', out->data);
			column++;
		}
		copy = strndup(text, word);
		put(out, copy != NULL ? copy : "?");
		free(copy);
		column += wide;
		text += word;
		text += *text == ' ';
	}
	(void)fputc('\n', out->data);
}

static void put_step(const struct cm_output *out, const char *indent, const json_t *step)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_buf_printf(&text, "%s: %s", text_of(step, "act"), text_of(step, "sentence"));
	if (text_of(step, "cite")[0] != 0)
		cm_buf_printf(&text, " [%s]", text_of(step, "cite"));
	cm_buf_printf(&text, " - %s", text_of(step, "who"));
	if (first_of(step, "terms") != NULL) {
		cm_buf_text(&text, ", ");
		print_term(first_of(step, "terms"), "; ", &text);
	}
	put_wrapped(out, indent, cm_buf_str(&text));
	cm_buf_fini(&text);
}

static void put_part_title(const struct cm_output *out, const json_t *part)
{
	(void)fprintf(out->data, "account %llu, ", (unsigned long long)number_of(part, "target"));
	put(out, text_of(part, "category"));
	if (text_of(part, "region")[0] != 0) {
		(void)fputs(", ", out->data);
		put(out, text_of(part, "region"));
	}
	(void)fputs(": ", out->data);
	put(out, text_of(part, "disposition"));
	(void)fputc('\n', out->data);
}

static void put_questions(const struct cm_output *out, const json_t *part)
{
	size_t i;
	json_t *question;

	json_array_foreach(json_object_get(part, "questions"), i, question) {
		put_wrapped(out, "    ? ", json_string_value(question));
	}
}

/* A step that several parts share is printed once, with the parts it is for. */
static bool is_same_step(const json_t *a, const json_t *b)
{
	return strcmp(text_of(a, "act"), text_of(b, "act")) == 0 &&
	       strcmp(text_of(a, "sentence"), text_of(b, "sentence")) == 0 &&
	       strcmp(text_of(a, "cite"), text_of(b, "cite")) == 0;
}

static bool has_step(const json_t *part, const json_t *step)
{
	size_t i;
	json_t *other;

	json_array_foreach(json_object_get(part, "steps"), i, other)
		if (is_same_step(other, step))
			return true;
	return false;
}

static void put_step_parts(const struct cm_output *out, const json_t *parts, const json_t *step)
{
	const char *between = "";
	size_t i;
	json_t *part;

	(void)fputs("      for ", out->data);
	json_array_foreach(parts, i, part) {
		if (!has_step(part, step))
			continue;
		(void)fprintf(out->data, "%s%llu ", between,
		    (unsigned long long)number_of(part, "target"));
		put(out, text_of(part, "category"));
		between = ", ";
	}
	(void)fputc('\n', out->data);
}

static bool is_first_with(const json_t *parts, size_t index, const json_t *step)
{
	for (size_t i = 0; i < index; i++)
		if (has_step(json_array_get(parts, i), step))
			return false;
	return true;
}

void cm_outcome_print_steps(const json_t *outcome, const struct cm_output *out)
{
	const json_t *parts = json_object_get(outcome, "parts");
	bool has_title = false;
	size_t i;
	json_t *part;

	json_array_foreach(parts, i, part) {
		size_t j;
		json_t *step;

		json_array_foreach(json_object_get(part, "steps"), j, step) {
			if (!is_first_with(parts, i, step))
				continue;
			if (!has_title)
				(void)fputs("\nBeside it:\n", out->data);
			has_title = true;
			put_step(out, "  ", step);
			put_step_parts(out, parts, step);
		}
	}
	has_title = false;
	json_array_foreach(parts, i, part) {
		if (json_array_size(json_object_get(part, "questions")) == 0)
			continue;
		if (!has_title)
			(void)fputs("\nQuestions that would settle what is held:\n", out->data);
		has_title = true;
		(void)fputs("  ", out->data);
		put_part_title(out, part);
		put_questions(out, part);
	}
}

static void put_line(const struct cm_output *out, const char *label, const char *text)
{
	if (text[0] == 0)
		return;
	(void)fprintf(out->data, "        %-10s", label);
	put(out, text);
	(void)fputc('\n', out->data);
}

/* Rival readings, one a line: "narrow: silent - only grave crimes". */
static void put_readings(const struct cm_output *out, const json_t *ground)
{
	const char *label = "readings";
	size_t i;
	json_t *reading;

	json_array_foreach(json_object_get(ground, "readings"), i, reading) {
		const char *name = text_of(reading, "name");
		const char *title = text_of(reading, "title");
		struct cm_buf text;

		cm_buf_init(&text, 0);
		cm_buf_printf(&text, "%s: %s%s%s", name[0] != 0 ? name : "as written",
		    text_of(reading, "state"), title[0] != 0 ? " - " : "", title);
		put_line(out, label, cm_buf_str(&text));
		cm_buf_fini(&text);
		label = "";
	}
}

static void put_ground(const struct cm_output *out, const json_t *ground)
{
	size_t i;
	json_t *need;

	(void)fputs("    ", out->data);
	put(out, text_of(ground, "rule"));
	(void)fprintf(out->data, "  %s: %s ", text_of(ground, "state"), text_of(ground, "modality"));
	put(out, text_of(ground, "act"));
	(void)fputc('\n', out->data);
	put_line(out, "title", text_of(ground, "title"));
	put_line(out, "cite", text_of(ground, "cite"));
	put_line(out, "", text_of(ground, "explain"));
	put_readings(out, ground);
	put_line(out, "penalty", text_of(ground, "penalty"));
	put_line(out, "defeated", text_of(ground, "defeated_by"));
	json_array_foreach(json_object_get(ground, "needs"), i, need)
		put_line(out, "open", json_string_value(need));
	put_line(out, "ask", text_of(ground, "ask"));
	if (first_of(ground, "terms") != NULL) {
		(void)fputs("        clock     ", out->data);
		put_term(out, first_of(ground, "terms"));
		(void)fputc('\n', out->data);
	}
}

/* "by regional counsel, Dublin at ie, on revision 1, 2026-11-07T10:00:00Z: the reasons". */
static void put_amendment(const struct cm_output *out, const json_t *amendment)
{
	char when[CM_WALL_TEXT_BYTES];
	struct cm_buf text;
	size_t i;
	json_t *value;

	cm_wall_print((struct cm_wall){(int64_t)number_of(amendment, "at_ms")}, when);
	cm_buf_init(&text, 0);
	cm_buf_printf(&text, "%s %s:", text_of(amendment, "amends"), text_of(amendment, "subject"));
	if (text_of(amendment, "was")[0] != 0)
		cm_buf_printf(&text, " %s ->", text_of(amendment, "was"));
	json_array_foreach(json_object_get(amendment, "says"), i, value)
		cm_buf_printf(&text, "%s %s", i == 0 ? "" : ",", json_string_value(value));
	if (strcmp(text_of(amendment, "amends"), "disposition") == 0)
		cm_buf_printf(&text, " %s", text_of(amendment, "subject"));
	cm_buf_printf(&text, ", by %s at %s on revision %llu, %s: %s", text_of(amendment, "by"),
	    text_of(amendment, "node"), (unsigned long long)number_of(amendment, "revision"), when,
	    text_of(amendment, "reasons"));
	put_wrapped(out, "    ! ", cm_buf_str(&text));
	cm_buf_fini(&text);
}

void cm_outcome_print_links(const json_t *outcome, const struct cm_output *out)
{
	size_t i;
	json_t *other;

	if (text_of(outcome, "ended")[0] != 0) {
		(void)fprintf(out->data, "The case has ended: %s, by ", text_of(outcome, "ended"));
		put(out, text_of(outcome, "by"));
		(void)fputs(": ", out->data);
		put(out, text_of(outcome, "reasons"));
		(void)fputc('\n', out->data);
	}
	if (text_of(outcome, "successor")[0] != 0)
		(void)fprintf(out->data, "Replaced by case %s\n", text_of(outcome, "successor"));
	if (text_of(outcome, "predecessor")[0] != 0)
		(void)fprintf(out->data, "Replaces case %s\n", text_of(outcome, "predecessor"));
	json_array_foreach(json_object_get(outcome, "related"), i, other)
		(void)fprintf(out->data, "Account %llu is in case %s of %s too\n",
		    (unsigned long long)number_of(other, "target"), text_of(other, "case_id"),
		    text_of(other, "issuing_state"));
}

void cm_outcome_print_why(const json_t *outcome, uint64_t target, const char *category,
    const struct cm_output *out)
{
	size_t i;
	json_t *part;

	cm_outcome_print_links(outcome, out);
	json_array_foreach(json_object_get(outcome, "parts"), i, part) {
		size_t j;
		json_t *item;

		if ((target != 0 && number_of(part, "target") != target) ||
		    (category != NULL && strcmp(category, text_of(part, "category")) != 0))
			continue;
		put_part_title(out, part);
		put_line(out, "because", text_of(part, "why"));
		put_line(out, "policy", text_of(part, "rule"));
		put_line(out, "acts", text_of(part, "who"));
		json_array_foreach(json_object_get(part, "amendments"), j, item)
			put_amendment(out, item);
		json_array_foreach(json_object_get(part, "grounds"), j, item)
			put_ground(out, item);
		json_array_foreach(json_object_get(part, "steps"), j, item)
			put_step(out, "    ", item);
		put_questions(out, part);
		(void)fputc('\n', out->data);
	}
}
