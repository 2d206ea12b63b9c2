#include "nodes/cli/outcome_print.h"

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
    {"target", "ACCOUNT", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"category", "DATA", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"region", "WHERE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"disposition", "DISPOSITION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"why", "WHY", CM_ALIGN_LEFT, CM_FIT_WRAP},
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

static void print_term(const json_t *term, struct cm_buf *out)
{
	const char *due = text_of(term, "due");

	if (term == NULL) {
		cm_buf_text(out, "none fixed; act promptly");
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
	cm_buf_printf(out, " (%s: %s)", text_of(term, "act"), text_of(term, "counting"));
}

/* The policy's rule and sentence, then the law it rests on. */
static void print_why(const json_t *part, struct cm_buf *out)
{
	const json_t *ground = first_of(part, "grounds");

	cm_buf_text(out, text_of(part, "why"));
	if (text_of(part, "rule")[0] != 0)
		cm_buf_printf(out, " [%s]", text_of(part, "rule"));
	if (ground != NULL)
		cm_buf_printf(
		    out, " %s, %s", text_of(ground, "cite"), text_of(ground, "rule"));
}

static void add_row(struct cm_table *table, const json_t *part)
{
	const char *region = text_of(part, "region");
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_cell_number(table, (int64_t)number_of(part, "target"));
	cm_cell_text(table, text_of(part, "category"));
	cm_cell_text(table, region[0] != 0 ? region : "nowhere");
	cm_cell_text(table, text_of(part, "disposition"));
	cm_cell_tint(table, tint_of(text_of(part, "disposition")));
	print_why(part, &text);
	cm_cell_text(table, cm_buf_str(&text));
	cm_buf_clear(&text);
	print_term(first_of(part, "terms"), &text);
	cm_cell_text(table, cm_buf_str(&text));
	cm_cell_text(table, text_of(part, "who"));
	cm_buf_fini(&text);
}

enum cm_status cm_outcome_print(const json_t *outcome, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;
	size_t i;
	json_t *part;

	cm_table_init(&table, columns, sizeof columns / sizeof columns[0]);
	json_array_foreach(json_object_get(outcome, "parts"), i, part)
		add_row(&table, part);
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
	print_term(term, &text);
	put(out, cm_buf_str(&text));
	cm_buf_fini(&text);
}

static void put_step(const struct cm_output *out, const json_t *step)
{
	(void)fputs("    - ", out->data);
	put(out, text_of(step, "act"));
	(void)fputs(": ", out->data);
	put(out, text_of(step, "sentence"));
	if (text_of(step, "cite")[0] != 0) {
		(void)fputs(" (", out->data);
		put(out, text_of(step, "cite"));
		(void)fputs(")", out->data);
	}
	if (first_of(step, "terms") != NULL) {
		(void)fputs("; ", out->data);
		put_term(out, first_of(step, "terms"));
	}
	(void)fputs("; ", out->data);
	put(out, text_of(step, "who"));
	(void)fputc('\n', out->data);
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
		(void)fputs("    ? ", out->data);
		put(out, json_string_value(question));
		(void)fputc('\n', out->data);
	}
}

void cm_outcome_print_steps(const json_t *outcome, const struct cm_output *out)
{
	size_t i;
	json_t *part;

	(void)fputs("\nBeside it:\n", out->data);
	json_array_foreach(json_object_get(outcome, "parts"), i, part) {
		size_t j;
		json_t *step;

		(void)fputs("  ", out->data);
		put_part_title(out, part);
		json_array_foreach(json_object_get(part, "steps"), j, step)
			put_step(out, step);
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

void cm_outcome_print_why(const json_t *outcome, uint64_t target, const char *category,
    const struct cm_output *out)
{
	size_t i;
	json_t *part;

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
		json_array_foreach(json_object_get(part, "grounds"), j, item)
			put_ground(out, item);
		json_array_foreach(json_object_get(part, "steps"), j, item)
			put_step(out, item);
		put_questions(out, part);
		(void)fputc('\n', out->data);
	}
}
