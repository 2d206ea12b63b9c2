#include "jurisdictions/engine/print.h"

#include <string.h>

#include "protocol/base/text.h"

static void day_more(struct cm_printer *printer, const char *word, int32_t day, size_t indent)
{
	char text[16 + CM_DAY_TEXT_BYTES];
	size_t len = strlen(word);

	memcpy(text, word, len);
	text[len] = ' ';
	cm_day_print((struct cm_day){day}, text + len + 1);
	cm_print_more(printer, text, indent);
}

/* A clause that has a line of its own, but not in a digest. */
static void clause_begin(struct cm_printer *printer, size_t indent)
{
	cm_buf_byte(printer->out, printer->canonical ? ' ' : '\n');
	if (!printer->canonical)
		cm_print_blanks(printer, indent);
}

void cm_print_cite(struct cm_printer *printer, const struct cm_cite *cite)
{
	cm_print_string(printer, cite->text);
	if (cite->url != NULL) {
		clause_begin(printer, 4);
		cm_buf_text(printer->out, "url ");
		cm_print_string(printer, cite->url);
	}
	if (cite->has_retrieved)
		day_more(printer, "retrieved", cite->retrieved.number, 4);
	if (cite->sha256 != NULL) {
		clause_begin(printer, 4);
		cm_buf_printf(printer->out, "sha256 %s", cite->sha256);
	}
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

/* ---- items ---- */

/* A clause of the fact that begins at `start`, with the word behind it: on the fact's first line if
 * all of it fits there, else on a line of its own, as always in a digest. */
static void fact_clause(struct cm_printer *printer, size_t start, const char *lead,
    const char *text, const char *behind)
{
	const char *begun = cm_buf_str(printer->out) + start;
	size_t columns = strlen(lead) + cm_text_columns(text, strlen(text)) + 2 + strlen(behind);
	bool fits = cm_print_column(printer) + 1 + columns <= CM_PRINT_COLUMNS &&
		    strchr(begun, '\n') == NULL;

	cm_buf_text(printer->out, fits && !printer->canonical ? " " : "\n  ");
	cm_buf_text(printer->out, lead);
	cm_print_string(printer, text);
	if (*behind != 0 && printer->canonical)
		cm_buf_printf(printer->out, "\n  %s", behind + 1);
	else if (*behind != 0)
		cm_print_more(printer, behind + 1, 2);
}

static void fact_print(struct cm_printer *printer, const struct cm_fact_def *fact)
{
	static const char *const types[] = {"yes-or-no", "judgment", "one of ", "set of ",
	    "number of ", "date", "country", "countries"};
	const char *sensitive = fact->sensitive ? " sensitive" : "";
	size_t start = printer->out->len;

	cm_buf_printf(printer->out, "fact %s is %s", fact->name, types[fact->type]);
	if (fact->unit != NULL)
		cm_buf_text(printer->out, fact->unit);
	cm_print_words(printer, fact->values, 4);
	fact_clause(printer, start, "", fact->title, fact->asked_as == NULL ? sensitive : "");
	if (fact->asked_as != NULL)
		fact_clause(printer, start, "asked as ", fact->asked_as, sensitive);
}

static void act_print(struct cm_printer *printer, const struct cm_act_def *act)
{
	cm_buf_printf(printer->out, "act %s", act->name);
	cm_print_phrase(printer, NULL, act->title, 2);
	if (act->of_data)
		cm_print_more(printer, "of data", 2);
}

static void cites_print(struct cm_printer *printer, const struct cm_cite *cite)
{
	for (; cite != NULL; cite = cite->next) {
		cm_print_line_end(printer, cite->at.offset, 2);
		cm_buf_text(printer->out, "  cite ");
		cm_print_cite(printer, cite);
	}
}

static void set_print(struct cm_printer *printer, const struct cm_set_def *set)
{
	cm_buf_printf(printer->out, "set %s", set->name);
	cm_print_phrase(printer, NULL, set->title, 2);
	cites_print(printer, set->cites);
	for (const struct cm_set_span *span = set->spans; span != NULL; span = span->next) {
		cm_print_line_end(printer, span->at.offset, 2);
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

static void notion_print(struct cm_printer *printer, const struct cm_notion_def *notion)
{
	cm_buf_printf(printer->out, "term %s", notion->name);
	cm_print_phrase(printer, NULL, notion->title, 2);
	cites_print(printer, notion->cites);
	for (const struct cm_span *span = notion->spans; span != NULL; span = span->next) {
		cm_print_line_end(printer, span->at.offset, 2);
		cm_buf_text(printer->out, "  ");
		cm_print_force(printer, span);
	}
	cm_print_line_end(printer, notion->means_at.offset, 2);
	cm_buf_text(printer->out, "  means");
	cm_print_conditions(printer, notion->means, 4, cm_print_last(notion->means)->at.offset);
	for (const struct cm_test_def *test = notion->tests; test != NULL && !printer->canonical;
	     test = test->next) {
		cm_print_line_end(printer, test->at.offset, 2);
		cm_buf_text(printer->out, "  test ");
		cm_print_test(printer, test);
	}
}

static void calendar_print(struct cm_printer *printer, const struct cm_calendar_def *calendar)
{
	cm_buf_printf(printer->out, "calendar %s of %s", calendar->name, calendar->of->text);
	cm_print_line_end(printer, calendar->weekend->at.offset, 2);
	cm_buf_text(printer->out, "  weekend ");
	cm_print_words(printer, calendar->weekend, 10);
	for (const struct cm_holiday *holiday = calendar->holidays; holiday != NULL;
	     holiday = holiday->next) {
		cm_print_line_end(printer, holiday->at.offset, 2);
		cm_buf_text(printer->out, "  holiday ");
		cm_print_day(printer, holiday->day.number);
		cm_buf_byte(printer->out, ' ');
		cm_print_string(printer, holiday->name);
	}
	cm_print_line_end(printer, calendar->rolls_at.offset, 2);
	cm_buf_printf(printer->out, "  rolls %s", calendar->rolls_back ? "back" : "forward");
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
		notion_print(printer, item->notion);
		break;
	case CM_ITEM_CALENDAR:
		calendar_print(printer, item->calendar);
		break;
	case CM_ITEM_RULE:
		cm_print_rule(printer, item->rule, item->end);
		break;
	}
	if (!is_block)
		return;
	if (item->kind != CM_ITEM_RULE)
		cm_print_line_end(printer, item->end, 2);
	cm_buf_text(printer->out, "end");
}
