#include "jurisdictions/engine/parse.h"

/* ---- clauses that several items share ---- */

struct cm_cite *cm_parse_cite(struct cm_parser *parser)
{
	struct cm_cite *cite = cm_parse_node(parser, sizeof *cite);

	cite->at = parser->token.at;
	if (!cm_parse_string(parser, "the citation", &cite->text))
		return NULL;
	if (cm_parse_take_word(parser, "url") &&
	    !cm_parse_string(parser, "the address", &cite->url))
		return NULL;
	if (cm_parse_take_word(parser, "retrieved")) {
		cite->has_retrieved = true;
		if (!cm_parse_day(parser, &cite->retrieved))
			return NULL;
	}
	if (cm_parse_take_word(parser, "sha256") && !cm_parse_hash(parser, &cite->sha256))
		return NULL;
	return cite;
}

/* `from` DATE [ `until` DATE ] */
static bool from_until(struct cm_parser *parser, int32_t *from, int32_t *until)
{
	struct cm_at at = parser->token.at;
	struct cm_day day = {0};

	*until = CM_FOREVER;
	if (!cm_parse_want_word(parser, "from", "and a date") || !cm_parse_day(parser, &day))
		return false;
	*from = day.number;
	if (!cm_parse_take_word(parser, "until"))
		return true;
	if (!cm_parse_day(parser, &day))
		return false;
	*until = day.number;
	if (*until <= *from)
		cm_error_add(parser->loader, at, "bad-span",
		    "this ends before it begins (until is exclusive)");
	return true;
}

struct cm_span *cm_parse_force(struct cm_parser *parser)
{
	struct cm_span *span = cm_parse_node(parser, sizeof *span);
	int when;

	span->at = parser->token.at;
	if (!cm_parse_want_word(parser, "force", "after `in`") ||
	    !from_until(parser, &span->from, &span->until))
		return NULL;
	if (!cm_parse_take_word(parser, "by"))
		return span;
	if (!cm_parse_want_word(parser, "date", "after `by`") ||
	    !cm_parse_want_word(parser, "of", "after `by date`"))
		return NULL;
	when = cm_parse_choice(parser, "the date it goes by", cm_when_names, CM_WHENS);
	if (when < 0)
		return NULL;
	span->when = (enum cm_when)when;
	span->has_when = true;
	return span;
}

/* ---- items ------------------------------------------------------------------------------------
 */

static bool parse_values(struct cm_parser *parser, struct cm_fact_def *fact)
{
	return cm_parse_want_word(parser, "of", "and the values") &&
	       cm_parse_names(parser, "a value", &fact->values);
}

static bool parse_type(struct cm_parser *parser, struct cm_fact_def *fact)
{
	static const char *const words[] = {
	    "yes-or-no", "judgment", "one", "set", "number", "date", "country", "countries"};
	int choice = cm_parse_choice(parser, "a type", words, sizeof words / sizeof *words);

	if (choice < 0)
		return false;
	fact->type = (enum cm_fact_type)choice;
	if (fact->type == CM_FACT_ONE_OF || fact->type == CM_FACT_SET_OF)
		return parse_values(parser, fact);
	if (fact->type == CM_FACT_NUMBER) {
		if (!cm_parse_want_word(parser, "of", "and a unit"))
			return false;
		fact->unit_at = parser->token.at;
		if (!cm_parse_id(parser, "a unit", &fact->unit))
			return false;
	}
	return true;
}

static struct cm_fact_def *parse_fact(struct cm_parser *parser)
{
	struct cm_fact_def *fact = cm_parse_node(parser, sizeof *fact);

	fact->at = parser->token.at;
	if (!cm_parse_id(parser, "the name of a fact", &fact->name))
		return NULL;
	if (!cm_parse_want_word(parser, "is", "and a type") || !parse_type(parser, fact) ||
	    !cm_parse_string(parser, "what the fact means, as a text", &fact->title))
		return NULL;
	if (cm_parse_take_word(parser, "asked") &&
	    (!cm_parse_want_word(parser, "as", "after `asked`") ||
		!cm_parse_string(parser, "the question", &fact->asked_as)))
		return NULL;
	fact->sensitive = cm_parse_take_word(parser, "sensitive");
	return fact;
}

static struct cm_act_def *parse_act(struct cm_parser *parser)
{
	struct cm_act_def *act = cm_parse_node(parser, sizeof *act);

	act->at = parser->token.at;
	if (!cm_parse_id(parser, "the name of an act", &act->name))
		return NULL;
	if (!cm_parse_string(parser, "what the act means, as a text", &act->title))
		return NULL;
	if (cm_parse_take_word(parser, "of")) {
		act->of_data = true;
		if (!cm_parse_want_word(parser, "data", "after `of`"))
			return NULL;
	}
	return act;
}

static bool parse_holiday(struct cm_parser *parser, struct cm_holiday ***tail)
{
	struct cm_holiday *holiday = cm_parse_node(parser, sizeof *holiday);

	holiday->at = parser->token.at;
	if (!cm_parse_day(parser, &holiday->day) ||
	    !cm_parse_string(parser, "the name of the holiday", &holiday->name))
		return false;
	**tail = holiday;
	*tail = &holiday->next;
	return true;
}

static struct cm_calendar_def *parse_calendar(struct cm_parser *parser)
{
	static const char *const ways[] = {"forward", "back"};
	struct cm_calendar_def *calendar = cm_parse_node(parser, sizeof *calendar);
	struct cm_holiday **tail = &calendar->holidays;
	int way;

	calendar->at = parser->token.at;
	if (!cm_parse_id(parser, "the name of a calendar", &calendar->name))
		return NULL;
	if (!cm_parse_want_word(parser, "of", "and a code") ||
	    !cm_parse_name(parser, "a code", &calendar->of) ||
	    !cm_parse_want_word(parser, "weekend", "and its days") ||
	    !cm_parse_names(parser, "a day of the week", &calendar->weekend))
		return NULL;
	while (cm_parse_take_word(parser, "holiday"))
		if (!parse_holiday(parser, &tail))
			return NULL;
	calendar->rolls_at = parser->token.at;
	if (!cm_parse_want_word(parser, "rolls", "or `holiday`"))
		return NULL;
	way = cm_parse_choice(parser, "a direction", ways, 2);
	calendar->rolls_back = way == 1;
	if (way < 0 || !cm_parse_want_word(parser, "end", "of the calendar"))
		return NULL;
	return calendar;
}

static bool parse_cites(struct cm_parser *parser, struct cm_cite **tail)
{
	while (cm_parse_take_word(parser, "cite")) {
		*tail = cm_parse_cite(parser);
		if (*tail == NULL)
			return false;
		tail = &(*tail)->next;
	}
	return true;
}

/* `nobody`, or the members. A set that has none today says so: a line left out stays an error. */
static bool parse_members(struct cm_parser *parser, struct cm_word **members)
{
	*members = NULL;
	return cm_parse_take_word(parser, "nobody") ||
	       cm_parse_names(parser, "a member, or `nobody`", members);
}

static struct cm_set_def *parse_set(struct cm_parser *parser)
{
	struct cm_set_def *set = cm_parse_node(parser, sizeof *set);
	struct cm_set_span **tail = &set->spans;

	set->at = parser->token.at;
	if (!cm_parse_id(parser, "the name of a set", &set->name))
		return NULL;
	if (!cm_parse_string(parser, "what the set means, as a text", &set->title) ||
	    !parse_cites(parser, &set->cites))
		return NULL;
	while (cm_parse_is_word(parser, "from")) {
		struct cm_set_span *span = cm_parse_node(parser, sizeof *span);

		span->at = parser->token.at;
		if (!from_until(parser, &span->from, &span->until) ||
		    !cm_parse_want_word(parser, "is", "and the members") ||
		    !parse_members(parser, &span->codes))
			return NULL;
		*tail = span;
		tail = &span->next;
	}
	if (!cm_parse_want_word(parser, "end", "of the set"))
		return NULL;
	return set;
}

static struct cm_notion_def *parse_notion(struct cm_parser *parser)
{
	struct cm_notion_def *notion = cm_parse_node(parser, sizeof *notion);
	struct cm_span **tail = &notion->spans;
	struct cm_test_def **tests = &notion->tests;

	notion->at = parser->token.at;
	if (!cm_parse_id(parser, "the name of a term", &notion->name))
		return NULL;
	if (!cm_parse_string(parser, "what the term means, as a text", &notion->title) ||
	    !parse_cites(parser, &notion->cites))
		return NULL;
	while (cm_parse_take_word(parser, "in")) {
		*tail = cm_parse_force(parser);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
	}
	notion->means_at = parser->token.at;
	if (!cm_parse_want_word(parser, "means", "and a condition"))
		return NULL;
	notion->means = cm_parse_expr(parser);
	if (notion->means == NULL)
		return NULL;
	while (cm_parse_take_word(parser, "test")) {
		*tests = cm_parse_test(parser);
		if (*tests == NULL)
			return NULL;
		tests = &(*tests)->next;
	}
	if (!cm_parse_want_word(parser, "end", "of the term"))
		return NULL;
	return notion;
}

static const char *const item_words[] = {"fact", "act", "set", "term", "calendar", "rule"};
#define ITEM_WORDS (sizeof item_words / sizeof *item_words)

bool cm_parse_at_item(const struct cm_parser *parser)
{
	for (size_t i = 0; i < ITEM_WORDS; i++)
		if (cm_parse_is_word(parser, item_words[i]))
			return true;
	return false;
}

bool cm_parse_item(struct cm_parser *parser, struct cm_item *item)
{
	item->at = parser->token.at;
	for (size_t i = 0; i < ITEM_WORDS; i++)
		if (cm_parse_is_word(parser, item_words[i]))
			item->kind = (enum cm_item_kind)i;
	cm_parse_advance(parser);
	switch (item->kind) {
	case CM_ITEM_FACT:
		item->fact = parse_fact(parser);
		break;
	case CM_ITEM_ACT:
		item->act = parse_act(parser);
		break;
	case CM_ITEM_SET:
		item->set = parse_set(parser);
		break;
	case CM_ITEM_NOTION:
		item->notion = parse_notion(parser);
		break;
	case CM_ITEM_CALENDAR:
		item->calendar = parse_calendar(parser);
		break;
	case CM_ITEM_RULE:
		item->rule = cm_parse_rule(parser);
		break;
	}
	item->end = parser->end;
	return item->any != NULL;
}
