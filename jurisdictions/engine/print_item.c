#include "jurisdictions/engine/print.h"

#include "jurisdictions/engine/sentence.h"

void cm_print_cite(struct cm_printer *printer, const struct cm_cite *cite, size_t indent)
{
	cm_print_string(printer, cite->text, indent);
	if (cite->url != NULL) {
		cm_buf_text(printer->out, printer->canonical ? " " : "\n    ");
		cm_buf_text(printer->out, "url ");
		cm_print_string(printer, cite->url, 8);
	}
	if (cite->has_retrieved) {
		cm_buf_text(printer->out, " retrieved ");
		cm_print_day(printer, cite->retrieved.number);
	}
	if (cite->sha256 != NULL)
		cm_buf_printf(
		    printer->out, "%ssha256 %s", printer->canonical ? " " : "\n    ", cite->sha256);
}

void cm_print_force(struct cm_printer *printer, const struct cm_span *span)
{
	cm_buf_text(printer->out, "in force from ");
	cm_print_day(printer, span->from);
	if (span->until != CM_FOREVER) {
		cm_buf_text(printer->out, " until ");
		cm_print_day(printer, span->until);
	}
	if (span->has_when)
		cm_buf_printf(printer->out, " by date of %s", cm_when_names[span->when]);
}

/* One operand, broken at blanks where it is too long. */
static void condition_print(
    struct cm_printer *printer, const struct cm_expr *expr, bool brackets, size_t indent)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	if (brackets)
		cm_buf_byte(&text, '(');
	cm_expr_print(expr, &text);
	if (brackets)
		cm_buf_byte(&text, ')');
	if (text.failed)
		printer->out->failed = true;
	cm_print_wrapped(printer, cm_buf_str(&text), indent);
	cm_buf_fini(&text);
}

static void line_begin(struct cm_printer *printer, size_t indent)
{
	while (indent-- > 0)
		cm_buf_byte(printer->out, ' ');
}

void cm_print_conditions(
    struct cm_printer *printer, const struct cm_expr *expr, size_t indent, size_t from, size_t to)
{
	bool joined = expr->kind == CM_EXPR_AND || expr->kind == CM_EXPR_OR;
	const char *word = expr->kind == CM_EXPR_AND ? "and " : "or ";

	if (!joined) {
		cm_print_comments(printer, from, to, indent);
		line_begin(printer, indent);
		condition_print(printer, expr, false, indent + 4);
		return;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL;
	     operand = operand->next) {
		size_t next = operand->next != NULL ? operand->next->at.offset : to;

		cm_print_comments(printer, from, operand->at.offset, indent);
		line_begin(printer, indent);
		if (operand != expr->first)
			cm_buf_text(printer->out, word);
		condition_print(printer, operand,
		    operand->kind == CM_EXPR_AND || operand->kind == CM_EXPR_OR, indent + 4);
		from = operand->at.offset;
		if (operand->next != NULL)
			cm_print_line_end(printer, operand->at.offset, next);
	}
}

static void names_print(struct cm_printer *printer, const char *lead, const struct cm_word *names)
{
	cm_buf_text(printer->out, lead);
	cm_print_words(printer, names, 11);
}

static void given_print(struct cm_printer *printer, const struct cm_expr *given)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	for (; given != NULL; given = given->next) {
		cm_expr_print(given, &text);
		if (given->next != NULL)
			cm_buf_text(&text, " and ");
	}
	if (text.failed)
		printer->out->failed = true;
	cm_print_wrapped(printer, cm_buf_str(&text), 11);
	cm_buf_fini(&text);
}

void cm_print_test(struct cm_printer *printer, const struct cm_test_def *test)
{
	static const char *const words[] = {
	    "applies", "silent", "undetermined", "defeated by ", "conflict with "};

	cm_print_string(printer, test->name, 7);
	if (test->real_case != NULL) {
		cm_buf_text(printer->out, " real case ");
		cm_print_string(printer, test->real_case, 4);
	}
	if (test->has_day) {
		cm_buf_text(printer->out, " on ");
		cm_print_day(printer, test->day.number);
	}
	cm_buf_text(printer->out, "\n    given  ");
	given_print(printer, test->given);
	cm_buf_printf(printer->out, "\n    expect %s", words[test->expect]);
	if (test->names != NULL)
		names_print(printer, test->expect == CM_EXPECT_UNDETERMINED ? " needing " : "",
		    test->names);
}

/* ---- items
 * -------------------------------------------------------------------------------------------------
 */

static void fact_print(struct cm_printer *printer, const struct cm_fact_def *fact)
{
	static const char *const types[] = {"yes-or-no", "judgment", "one of ", "set of ",
	    "number of ", "date", "country", "countries"};

	cm_buf_printf(printer->out, "fact %s is %s", fact->name, types[fact->type]);
	if (fact->unit != NULL)
		cm_buf_text(printer->out, fact->unit);
	cm_print_words(printer, fact->values, 2);
	cm_buf_text(printer->out, "\n  ");
	cm_print_string(printer, fact->title, 2);
	if (fact->asked_as != NULL) {
		cm_buf_text(printer->out, "\n  asked as ");
		cm_print_string(printer, fact->asked_as, 11);
	}
	if (fact->sensitive)
		cm_buf_text(printer->out, "\n  sensitive");
}

static void act_print(struct cm_printer *printer, const struct cm_act_def *act)
{
	cm_buf_printf(printer->out, "act %s ", act->name);
	cm_print_string(printer, act->title, 2);
	if (act->of_data)
		cm_buf_text(printer->out, " of data");
}

static void cites_print(struct cm_printer *printer, const struct cm_cite *cite)
{
	for (; cite != NULL; cite = cite->next) {
		cm_buf_text(printer->out, "\n  cite ");
		cm_print_cite(printer, cite, 7);
	}
}

static void set_print(struct cm_printer *printer, const struct cm_set_def *set)
{
	cm_buf_printf(printer->out, "set %s ", set->name);
	cm_print_string(printer, set->title, 2);
	cites_print(printer, set->cites);
	for (const struct cm_set_span *span = set->spans; span != NULL; span = span->next) {
		cm_print_line_end(printer, set->at.offset, span->at.offset);
		cm_print_comments(printer, set->at.offset, span->at.offset, 2);
		cm_buf_text(printer->out, "  from ");
		cm_print_day(printer, span->from);
		if (span->until != CM_FOREVER) {
			cm_buf_text(printer->out, " until ");
			cm_print_day(printer, span->until);
		}
		cm_buf_text(printer->out, span->codes == NULL ? " is nobody" : " is ");
		cm_print_words(printer, span->codes, 4);
	}
}

static void notion_print(struct cm_printer *printer, const struct cm_notion_def *notion, size_t end)
{
	size_t tests = notion->tests != NULL ? notion->tests->at.offset : end;

	cm_buf_printf(printer->out, "term %s ", notion->name);
	cm_print_string(printer, notion->title, 2);
	cites_print(printer, notion->cites);
	for (const struct cm_span *span = notion->spans; span != NULL; span = span->next) {
		cm_buf_text(printer->out, "\n  ");
		cm_print_force(printer, span);
	}
	cm_buf_text(printer->out, "\n  means");
	cm_print_line_end(printer, notion->at.offset, notion->means->at.offset);
	cm_print_conditions(printer, notion->means, 4, notion->at.offset, tests);
	for (const struct cm_test_def *test = notion->tests; test != NULL && !printer->canonical;
	     test = test->next) {
		cm_print_line_end(printer, notion->at.offset, test->at.offset);
		cm_print_comments(printer, notion->at.offset, test->at.offset, 2);
		cm_buf_text(printer->out, "  test ");
		cm_print_test(printer, test);
	}
}

static void calendar_print(struct cm_printer *printer, const struct cm_calendar_def *calendar)
{
	cm_buf_printf(
	    printer->out, "calendar %s of %s\n  weekend ", calendar->name, calendar->of->text);
	cm_print_words(printer, calendar->weekend, 4);
	for (const struct cm_holiday *holiday = calendar->holidays; holiday != NULL;
	     holiday = holiday->next) {
		cm_print_line_end(printer, calendar->at.offset, holiday->at.offset);
		cm_print_comments(printer, calendar->at.offset, holiday->at.offset, 2);
		cm_buf_text(printer->out, "  holiday ");
		cm_print_day(printer, holiday->day.number);
		cm_buf_byte(printer->out, ' ');
		cm_print_string(printer, holiday->name, 4);
	}
	cm_buf_printf(printer->out, "\n  rolls %s", calendar->rolls_back ? "back" : "forward");
}

void cm_print_item(struct cm_printer *printer, const struct cm_item *item)
{
	bool is_block = item->kind != CM_ITEM_FACT && item->kind != CM_ITEM_ACT;

	switch (item->kind) {
	case CM_ITEM_FACT:
		fact_print(printer, item->fact);
		break;
	case CM_ITEM_ACT:
		act_print(printer, item->act);
		break;
	case CM_ITEM_SET:
		set_print(printer, item->set);
		break;
	case CM_ITEM_NOTION:
		notion_print(printer, item->notion, item->end);
		break;
	case CM_ITEM_CALENDAR:
		calendar_print(printer, item->calendar);
		break;
	case CM_ITEM_RULE:
		cm_print_rule(printer, item->rule, item->at.offset, item->end);
		break;
	}
	if (!is_block)
		return;
	if (item->kind != CM_ITEM_RULE)
		cm_print_line_end(printer, item->at.offset, item->end);
	cm_print_comments(printer, item->at.offset, item->end, 2);
	cm_buf_text(printer->out, "end");
}
