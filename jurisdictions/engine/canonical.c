#include "jurisdictions/engine/law.h"
#include "jurisdictions/engine/sentence.h"

/*
 * What a digest is taken of: one item in canonical order, white space normalised, without comments,
 * tests, reviews and owner. Fixed for ever: a changed byte is another digest of the same law. So it
 * is written here, and not by the formatter, whose layout may change. Names are as in the grammar.
 */

static void day_put(struct cm_buf *out, const char *lead, int32_t day)
{
	char text[CM_DAY_TEXT_BYTES];

	cm_day_print((struct cm_day){day}, text);
	cm_buf_text(out, lead);
	cm_buf_text(out, text);
}

/* A text in its quotes, behind what leads to it; nothing where there is none. */
static inline void text_put(struct cm_buf *out, const char *lead, const char *text)
{
	if (text == NULL)
		return;
	cm_buf_text(out, lead);
	cm_buf_byte(out, '"');
	cm_buf_text(out, text);
	cm_buf_byte(out, '"');
}

static inline void word_put(struct cm_buf *out, const char *lead, const char *word)
{
	if (word == NULL)
		return;
	cm_buf_text(out, lead);
	cm_buf_text(out, word);
}

static void words_put(struct cm_buf *out, const char *lead, const struct cm_word *words)
{
	for (; words != NULL; words = words->next) {
		word_put(out, lead, words->text);
		lead = ", ";
	}
}

/* ---- clauses that several items share ---- */

static void cite_put(struct cm_buf *out, const char *lead, const struct cm_cite *cite)
{
	text_put(out, lead, cite->text);
	text_put(out, " url ", cite->url);
	if (cite->has_retrieved)
		day_put(out, " retrieved ", cite->retrieved.number);
	word_put(out, " sha256 ", cite->sha256);
}

static void days_put(struct cm_buf *out, const char *lead, int32_t from, int32_t until)
{
	day_put(out, lead, from);
	if (until != CM_FOREVER)
		day_put(out, " until ", until);
}

static void force_put(struct cm_buf *out, const struct cm_span *span)
{
	days_put(out, "in force from ", span->from, span->until);
	if (span->has_when)
		word_put(out, " by date of ", cm_when_names[span->when]);
}

/* A condition; of those joined by and/or, each on a line. */
static void condition_put(struct cm_buf *out, const char *indent, const struct cm_expr *expr)
{
	bool joined = expr->kind == CM_EXPR_AND || expr->kind == CM_EXPR_OR;

	if (!joined) {
		cm_buf_text(out, indent);
		cm_expr_print(expr, out);
		return;
	}
	for (const struct cm_expr *operand = expr->first; operand != NULL;
	     operand = operand->next) {
		bool brackets = operand->kind == CM_EXPR_AND || operand->kind == CM_EXPR_OR;

		cm_buf_text(out, indent);
		if (operand != expr->first)
			cm_buf_text(out, expr->kind == CM_EXPR_AND ? "and " : "or ");
		if (brackets)
			cm_buf_byte(out, '(');
		cm_expr_print(operand, out);
		if (brackets)
			cm_buf_byte(out, ')');
	}
}

/* ---- items ---- */

static void fact_put(struct cm_buf *out, const struct cm_fact_def *fact)
{
	static const char *const types[] = {"yes-or-no", "judgment", "one of ", "set of ",
	    "number of ", "date", "country", "countries"};

	word_put(out, "fact ", fact->name);
	word_put(out, " is ", types[fact->type]);
	word_put(out, "", fact->unit);
	words_put(out, "", fact->values);
	text_put(out, "\n  ", fact->title);
	text_put(out, "\n  asked as ", fact->asked_as);
	if (fact->sensitive)
		cm_buf_text(out, "\n  sensitive");
}

static void act_put(struct cm_buf *out, const struct cm_act_def *act)
{
	word_put(out, "act ", act->name);
	text_put(out, " ", act->title);
	if (act->of_data)
		cm_buf_text(out, " of data");
}

static void cites_put(struct cm_buf *out, const struct cm_cite *cite)
{
	for (; cite != NULL; cite = cite->next)
		cite_put(out, "\n  cite ", cite);
}

static void set_put(struct cm_buf *out, const struct cm_set_def *set)
{
	word_put(out, "set ", set->name);
	text_put(out, " ", set->title);
	cites_put(out, set->cites);
	for (const struct cm_set_span *span = set->spans; span != NULL; span = span->next) {
		days_put(out, "\n  from ", span->from, span->until);
		if (span->codes == NULL)
			cm_buf_text(out, " is nobody");
		else
			words_put(out, " is ", span->codes);
	}
	cm_buf_text(out, "\nend");
}

static void notion_put(struct cm_buf *out, const struct cm_notion_def *notion)
{
	word_put(out, "term ", notion->name);
	text_put(out, " ", notion->title);
	cites_put(out, notion->cites);
	for (const struct cm_span *span = notion->spans; span != NULL; span = span->next) {
		cm_buf_text(out, "\n  ");
		force_put(out, span);
	}
	cm_buf_text(out, "\n  means");
	condition_put(out, "\n    ", notion->means);
	cm_buf_text(out, "\nend");
}

static void calendar_put(struct cm_buf *out, const struct cm_calendar_def *calendar)
{
	word_put(out, "calendar ", calendar->name);
	word_put(out, " of ", calendar->of->text);
	words_put(out, "\n  weekend ", calendar->weekend);
	for (const struct cm_holiday *holiday = calendar->holidays; holiday != NULL;
	     holiday = holiday->next) {
		day_put(out, "\n  holiday ", holiday->day.number);
		text_put(out, " ", holiday->name);
	}
	cm_buf_text(out, calendar->rolls_back ? "\n  rolls back\nend" : "\n  rolls forward\nend");
}

/* ---- the rule, field by field in canonical order ---- */

static void source_put(struct cm_buf *out, const struct cm_rule_def *rule)
{
	word_put(out, "\n  source   ", cm_source_names[rule->source]);
	words_put(out, " binding on ", rule->binding);
	text_put(out, " given effect by ", rule->effect_by);
}

static void effect_put(struct cm_buf *out, const struct cm_rule_def *rule)
{
	word_put(out, "\n  effect   ", cm_modality_names[rule->modality - 1]);
	word_put(out, " ", rule->act->text);
	words_put(out, " of ", rule->of);
	word_put(out, " to ", rule->party);
}

static void deadline_put(struct cm_buf *out, const struct cm_deadline *deadline)
{
	cm_buf_printf(out, "\n  deadline %u", (unsigned)deadline->count);
	word_put(out, " ", cm_unit_names[deadline->unit]);
	word_put(out, deadline->before ? " before " : " from ", deadline->fact->text);
	if (deadline->calendar != NULL)
		word_put(out, " calendar ", deadline->calendar->text);
	word_put(out, " to ", deadline->act->text);
	text_put(out, " extendable ", deadline->extendable);
}

/* `defeats`, then `subject to`. */
static void defeats_put(struct cm_buf *out, const struct cm_defeats *defeats, bool inverse)
{
	for (; defeats != NULL; defeats = defeats->next) {
		if (defeats->inverse != inverse)
			continue;
		words_put(out, inverse ? "\n  subject to " : "\n  defeats  ", defeats->rules);
		if (inverse)
			continue;
		word_put(out, " because ", cm_ground_names[defeats->ground]);
		text_put(out, " given effect by ", defeats->effect_by);
	}
}

static void conditions_put(struct cm_buf *out, const struct cm_rule_def *rule)
{
	if (rule->applies != NULL) {
		cm_buf_text(out, "\n  applies when");
		condition_put(out, "\n    ", rule->applies);
	}
	for (const struct cm_reading *reading = rule->readings; reading != NULL;
	     reading = reading->next) {
		word_put(out, "\n  reading  ", reading->name);
		text_put(out, " ", reading->title);
		cm_buf_text(out, " applies when");
		condition_put(out, "\n      ", reading->applies);
	}
}

static void explains_put(struct cm_buf *out, const struct cm_note *note)
{
	for (; note != NULL; note = note->next) {
		cm_buf_text(out, "\n  explain  ");
		word_put(out, "", note->lang);
		text_put(out, note->lang != NULL ? " " : "", note->text);
	}
}

static void rule_put(struct cm_buf *out, const struct cm_rule_def *rule)
{
	word_put(out, "rule ", rule->id);
	text_put(out, "\n  title    ", rule->title);
	source_put(out, rule);
	for (const struct cm_cite *cite = rule->cites; cite != NULL; cite = cite->next)
		cite_put(out, "\n  cite     ", cite);
	for (const struct cm_note *note = rule->texts; note != NULL; note = note->next)
		text_put(out, "\n  text     ", note->text);
	for (const struct cm_span *span = rule->spans; span != NULL; span = span->next) {
		cm_buf_text(out, "\n  ");
		force_put(out, span);
	}
	conditions_put(out, rule);
	effect_put(out, rule);
	if (rule->has_strength)
		word_put(out, "\n  strength ", cm_strength_names[rule->strength]);
	if (rule->deadline != NULL)
		deadline_put(out, rule->deadline);
	text_put(out, "\n  penalty  ", rule->penalty);
	defeats_put(out, rule->defeats, false);
	defeats_put(out, rule->defeats, true);
	text_put(out, "\n  ask      ", rule->ask);
	explains_put(out, rule->explains);
	text_put(out, "\n  note     ", rule->note);
	cm_buf_text(out, "\nend");
}

void cm_canonical_put(const struct cm_item *item, struct cm_buf *out)
{
	switch (item->kind) {
	case CM_ITEM_FACT:
		fact_put(out, item->fact);
		break;
	case CM_ITEM_ACT:
		act_put(out, item->act);
		break;
	case CM_ITEM_SET:
		set_put(out, item->set);
		break;
	case CM_ITEM_NOTION:
		notion_put(out, item->notion);
		break;
	case CM_ITEM_CALENDAR:
		calendar_put(out, item->calendar);
		break;
	case CM_ITEM_RULE:
		rule_put(out, item->rule);
		break;
	}
}
