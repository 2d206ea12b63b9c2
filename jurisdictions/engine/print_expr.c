#include "jurisdictions/engine/print.h"

#include <string.h>

#include "jurisdictions/engine/sentence.h"
#include "protocol/base/text.h"

/* One conjunct a line. What does not fit on its line is opened: each operand on a line of its own,
 * two columns further in. */

const struct cm_expr *cm_print_last(const struct cm_expr *expr)
{
	while (expr->kind != CM_EXPR_ATOM) {
		expr = expr->first;
		while (expr->next != NULL)
			expr = expr->next;
	}
	return expr;
}

static bool is_joined(const struct cm_expr *expr)
{
	return expr->kind == CM_EXPR_AND || expr->kind == CM_EXPR_OR;
}

/* Where the last operand begins that can stand on a line of its own; 0: none can. A comment before
 * it keeps the lines apart. */
static size_t last_line(const struct cm_expr *expr)
{
	size_t place = 0;

	while (expr->kind != CM_EXPR_ATOM) {
		const struct cm_expr *first = expr->first;

		for (expr = first; expr->next != NULL;)
			expr = expr->next;
		if (expr != first)
			place = expr->at.offset;
	}
	return place;
}

/* The comments that come before an operand's line. If it is the last and has none inside, all that
 * are left: behind it there is no place for them. */
static size_t comments_before(
    const struct cm_printer *printer, const struct cm_expr *operand, size_t end)
{
	size_t i = cm_print_comment_from(printer, operand->at.offset);
	bool has_inside = i < printer->stop && printer->comments[i]->offset < last_line(operand);

	return operand->next == NULL && !has_inside ? end : operand->at.offset;
}

static void text_of(struct cm_printer *printer, const struct cm_expr *expr, struct cm_buf *text)
{
	cm_buf_init(text, 0);
	if (printer->canonical)
		cm_expr_print(expr, text);
	else
		cm_expr_print_written(expr, text);
	if (text->failed)
		printer->out->failed = true;
}

static void operand_print(struct cm_printer *printer, const struct cm_expr *expr, bool brackets,
    size_t indent, size_t tail, size_t end);

/* Operands on lines of their own, the first where we are. `mark` ends each line but the last,
 * `word` begins each but the first. */
static void operands_print(struct cm_printer *printer, const struct cm_expr *first,
    const char *mark, const char *word, size_t indent, size_t tail, size_t end)
{
	for (const struct cm_expr *operand = first; operand != NULL; operand = operand->next) {
		bool last = operand->next == NULL;

		if (operand != first) {
			cm_print_line_end(printer, comments_before(printer, operand, end), indent);
			cm_print_blanks(printer, indent);
			cm_buf_text(printer->out, word);
		}
		operand_print(printer, operand, *mark == 0 && is_joined(operand), indent,
		    last ? tail : strlen(mark), last ? end : cm_print_last(operand)->at.offset);
		if (!last)
			cm_buf_text(printer->out, mark);
	}
}

/* What is too long for its line, or has comments inside. */
static void operand_open(
    struct cm_printer *printer, const struct cm_expr *expr, size_t indent, size_t tail, size_t end)
{
	switch (expr->kind) {
	case CM_EXPR_ATOM:
		break;
	case CM_EXPR_NOT:
		cm_buf_text(printer->out, "not ");
		operand_print(printer, expr->first, is_joined(expr->first), indent, tail, end);
		break;
	case CM_EXPR_COUNT:
		cm_buf_printf(printer->out, "at least %u of (", (unsigned)expr->need);
		operands_print(printer, expr->first, ";", "", indent + 2, tail + 1, end);
		cm_buf_byte(printer->out, ')');
		break;
	case CM_EXPR_AND:
		operands_print(printer, expr->first, "", "and ", indent + 2, tail, end);
		break;
	case CM_EXPR_OR:
		operands_print(printer, expr->first, "", "or ", indent + 2, tail, end);
		break;
	}
}

/* On this line if it fits. `indent` is that of the line, `tail` columns follow. */
static void operand_print(struct cm_printer *printer, const struct cm_expr *expr, bool brackets,
    size_t indent, size_t tail, size_t end)
{
	struct cm_buf text;
	size_t columns;

	text_of(printer, expr, &text);
	columns = cm_text_columns(cm_buf_str(&text), text.len);
	if (brackets) {
		cm_buf_byte(printer->out, '(');
		tail++;
	}
	if (printer->canonical || expr->kind == CM_EXPR_ATOM ||
	    (cm_print_column(printer) + columns + tail <= CM_PRINT_COLUMNS &&
		!cm_print_has_comment(printer, last_line(expr))))
		cm_print_wrapped(printer, cm_buf_str(&text), indent + 4, tail);
	else
		operand_open(printer, expr, indent, tail, end);
	if (brackets)
		cm_buf_byte(printer->out, ')');
	cm_buf_fini(&text);
}

void cm_print_conditions(
    struct cm_printer *printer, const struct cm_expr *expr, size_t indent, size_t end)
{
	const struct cm_expr *first = is_joined(expr) ? expr->first : expr;
	const char *word = expr->kind == CM_EXPR_AND ? "and " : "or ";

	cm_print_line_end(printer, comments_before(printer, first, end), indent);
	cm_print_blanks(printer, indent);
	if (is_joined(expr))
		operands_print(printer, first, "", word, indent, 0, end);
	else
		operand_print(printer, expr, false, indent, 0, end);
}

/* ---- tests ---- */

/* Facts fill their lines; no fact is torn. */
static void given_print(struct cm_printer *printer, const struct cm_expr *given)
{
	for (const struct cm_expr *fact = given; fact != NULL; fact = fact->next) {
		struct cm_buf text;
		size_t columns;

		text_of(printer, fact, &text);
		columns = cm_text_columns(cm_buf_str(&text), text.len);
		if (fact != given) {
			if (cm_print_has_comment(printer, fact->at.offset) ||
			    cm_print_column(printer) + strlen(" and ") + columns >
				CM_PRINT_COLUMNS) {
				cm_print_line_end(printer, fact->at.offset, CM_PRINT_VALUE);
				cm_print_blanks(printer, CM_PRINT_VALUE);
			} else {
				cm_buf_byte(printer->out, ' ');
			}
			cm_buf_text(printer->out, "and ");
		}
		cm_print_wrapped(printer, cm_buf_str(&text), CM_PRINT_VALUE + 4, 0);
		cm_buf_fini(&text);
	}
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Is the text one word of the language? */
static bool is_word(const char *text)
{
	if (!is_word_char(*text) || (*text >= '0' && *text <= '9'))
		return false;
	for (; *text != 0; text++)
		if (!is_word_char(*text) &&
		    !((*text == '.' || *text == '-') && is_word_char(text[1])))
			return false;
	return true;
}

static void real_case_print(struct cm_printer *printer, const char *id)
{
	if (!is_word(id)) {
		cm_print_phrase(printer, "real case", id, 7);
		return;
	}
	cm_print_more(printer, "real case", 7);
	cm_print_more(printer, id, 7);
}

void cm_print_test(struct cm_printer *printer, const struct cm_test_def *test)
{
	static const char *const words[] = {
	    "applies", "silent", "undetermined", "defeated by ", "conflict with "};
	char on[CM_DAY_TEXT_BYTES + 3] = "on ";

	cm_print_string(printer, test->name);
	if (test->real_case != NULL)
		real_case_print(printer, test->real_case);
	if (test->has_day) {
		cm_day_print(test->day, on + 3);
		cm_print_more(printer, on, 7);
	}
	cm_print_line_end(printer, test->given->at.offset, 4);
	cm_buf_text(printer->out, "    given  ");
	given_print(printer, test->given);
	cm_print_line_end(printer, test->end, 4);
	cm_buf_printf(printer->out, "    expect %s", words[test->expect]);
	if (test->names != NULL && test->expect == CM_EXPECT_UNDETERMINED)
		cm_buf_text(printer->out, " needing ");
	cm_print_words(printer, test->names, CM_PRINT_VALUE);
}
