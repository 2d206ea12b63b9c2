#include "jurisdictions/engine/print.h"

static void effect_print(struct cm_printer *printer, const struct cm_rule_def *rule)
{
	cm_buf_text(printer->out, cm_modality_names[rule->modality - 1]);
	cm_buf_byte(printer->out, ' ');
	cm_buf_text(printer->out, rule->act->text);
	if (rule->of != NULL) {
		cm_buf_text(printer->out, " of ");
		cm_print_words(printer, rule->of, CM_PRINT_VALUE);
	}
	if (rule->party != NULL) {
		cm_print_more(printer, "to", CM_PRINT_VALUE);
		cm_print_more(printer, rule->party, CM_PRINT_VALUE);
	}
}

static void given_effect_print(struct cm_printer *printer, const char *text)
{
	if (text != NULL)
		cm_print_phrase(printer, "given effect by", text, CM_PRINT_VALUE);
}

static void source_print(struct cm_printer *printer, const struct cm_rule_def *rule)
{
	cm_buf_text(printer->out, cm_source_names[rule->source]);
	if (rule->binding != NULL) {
		cm_buf_text(printer->out, " binding on ");
		cm_print_words(printer, rule->binding, CM_PRINT_VALUE);
	}
	given_effect_print(printer, rule->effect_by);
}

static void deadline_print(struct cm_printer *printer, const struct cm_deadline *deadline)
{
	cm_buf_printf(printer->out, "%u %s %s", (unsigned)deadline->count,
	    cm_unit_names[deadline->unit], deadline->before ? "before" : "from");
	cm_print_more(printer, deadline->fact->text, CM_PRINT_VALUE);
	if (deadline->calendar != NULL) {
		cm_print_more(printer, "calendar", CM_PRINT_VALUE);
		cm_print_more(printer, deadline->calendar->text, CM_PRINT_VALUE);
	}
	cm_print_more(printer, "to", CM_PRINT_VALUE);
	cm_print_more(printer, deadline->act->text, CM_PRINT_VALUE);
	if (deadline->extendable != NULL)
		cm_print_phrase(printer, "extendable", deadline->extendable, 4);
}

static void defeats_print(struct cm_printer *printer, const struct cm_defeats *defeats)
{
	/* The label of the inverse is wider than its column. */
	cm_print_words(printer, defeats->rules, defeats->inverse ? 4 : CM_PRINT_VALUE);
	if (defeats->inverse)
		return;
	cm_print_more(printer, "because", CM_PRINT_VALUE);
	cm_print_more(printer, cm_ground_names[defeats->ground], CM_PRINT_VALUE);
	given_effect_print(printer, defeats->effect_by);
}

static void reviewed_print(struct cm_printer *printer, const struct cm_review *review)
{
	char on[CM_DAY_TEXT_BYTES + 3] = "on ";

	if (review->by == NULL) {
		cm_buf_text(printer->out, "nobody");
		return;
	}
	cm_print_string(printer, review->by);
	cm_day_print(review->day, on + 3);
	cm_print_more(printer, on, 4);
	if (review->digest != NULL) {
		cm_print_more(printer, "digest", 4);
		cm_print_more(printer, review->digest, 4);
	}
}

static void explain_print(struct cm_printer *printer, const struct cm_note *note)
{
	if (note->lang != NULL)
		cm_buf_printf(printer->out, "%s%s ", printer->canonical ? "  " : " ", note->lang);
	else
		cm_buf_text(printer->out, "  ");
	cm_print_string(printer, note->text);
}

static void reading_print(struct cm_printer *printer, const struct cm_reading *reading, size_t end)
{
	cm_buf_text(printer->out, reading->name);
	cm_buf_byte(printer->out, ' ');
	cm_print_string(printer, reading->title);
	cm_buf_text(printer->out, printer->canonical ? " " : "\n    ");
	cm_buf_text(printer->out, "applies when");
	cm_print_conditions(printer, reading->applies, 6, end);
}

/* What a field holds, behind its label. */
static void value_print(
    struct cm_printer *printer, const struct cm_rule_def *rule, const struct cm_field *field)
{
	switch (field->kind) {
	case CM_FIELD_TITLE:
		cm_print_string(printer, rule->title);
		break;
	case CM_FIELD_SOURCE:
		source_print(printer, rule);
		break;
	case CM_FIELD_CITE:
		cm_print_cite(printer, field->value);
		break;
	case CM_FIELD_FORCE:
		cm_print_force(printer, field->value);
		break;
	case CM_FIELD_APPLIES:
		cm_print_conditions(printer, rule->applies, 4, field->end);
		break;
	case CM_FIELD_READING:
		reading_print(printer, field->value, field->end);
		break;
	case CM_FIELD_EFFECT:
		effect_print(printer, rule);
		break;
	case CM_FIELD_STRENGTH:
		cm_buf_text(printer->out, cm_strength_names[rule->strength]);
		break;
	case CM_FIELD_DEADLINE:
		deadline_print(printer, rule->deadline);
		break;
	case CM_FIELD_PENALTY:
		cm_print_string(printer, rule->penalty);
		break;
	case CM_FIELD_DEFEATS:
	case CM_FIELD_SUBJECT:
		defeats_print(printer, field->value);
		break;
	case CM_FIELD_ASK:
		cm_print_string(printer, rule->ask);
		break;
	case CM_FIELD_TEXT:
		cm_print_string(printer, ((const struct cm_note *)field->value)->text);
		break;
	case CM_FIELD_EXPLAIN:
		explain_print(printer, field->value);
		break;
	case CM_FIELD_NOTE:
		cm_print_string(printer, rule->note);
		break;
	case CM_FIELD_OWNER:
		cm_print_string(printer, rule->owner);
		break;
	case CM_FIELD_REVIEWED:
		reviewed_print(printer, field->value);
		break;
	case CM_FIELD_REVIEW:
		cm_print_day(printer, rule->review_again.number);
		break;
	case CM_FIELD_TEST:
		cm_print_test(printer, field->value);
		break;
	case CM_FIELDS:
		break;
	}
}

static const char *const labels[CM_FIELDS] = {
    [CM_FIELD_TITLE] = "title    ",
    [CM_FIELD_SOURCE] = "source   ",
    [CM_FIELD_CITE] = "cite     ",
    [CM_FIELD_TEXT] = "text     ",
    [CM_FIELD_FORCE] = "",
    [CM_FIELD_APPLIES] = "applies when",
    [CM_FIELD_READING] = "reading  ",
    [CM_FIELD_EFFECT] = "effect   ",
    [CM_FIELD_STRENGTH] = "strength ",
    [CM_FIELD_DEADLINE] = "deadline ",
    [CM_FIELD_PENALTY] = "penalty  ",
    [CM_FIELD_DEFEATS] = "defeats  ",
    [CM_FIELD_SUBJECT] = "subject to ",
    [CM_FIELD_ASK] = "ask      ",
    [CM_FIELD_EXPLAIN] = "explain",
    [CM_FIELD_NOTE] = "note     ",
    [CM_FIELD_OWNER] = "owner    ",
    [CM_FIELD_REVIEWED] = "reviewed by ",
    [CM_FIELD_REVIEW] = "review again by ",
    [CM_FIELD_TEST] = "test ",
};

/* What a digest leaves out: who looked at the rule, and how it is tried. */
static bool is_law(enum cm_field_kind kind)
{
	return kind != CM_FIELD_REVIEWED && kind != CM_FIELD_REVIEW && kind != CM_FIELD_TEST &&
	       kind != CM_FIELD_OWNER;
}

/* Where its inner comments have places of their own. */
static bool has_lines(enum cm_field_kind kind)
{
	return kind == CM_FIELD_APPLIES || kind == CM_FIELD_READING || kind == CM_FIELD_TEST;
}

static void field_print(
    struct cm_printer *printer, const struct cm_rule_def *rule, const struct cm_field *field)
{
	cm_print_before(printer, has_lines(field->kind) ? field->at.offset : field->end, 2);
	cm_buf_text(printer->out, "  ");
	cm_buf_text(printer->out, labels[field->kind]);
	value_print(printer, rule, field);
	cm_print_line_end(printer, SIZE_MAX, 2);
}

/* The fields of one kind. Each brings the comments that were written from the field before it to
 * the end of its own line, wherever it goes. Returns the index behind the last field's comments. */
static size_t kind_print(struct cm_printer *printer, const struct cm_rule_def *rule,
    enum cm_field_kind kind, size_t first_comment, size_t end)
{
	size_t from = first_comment;

	for (const struct cm_field *field = rule->fields; field != NULL; field = field->next) {
		size_t next = field->next != NULL ? field->next->at.offset : end;
		size_t to = cm_print_comment_end(printer, field->end, next);

		if (field->kind == kind) {
			printer->next = from;
			printer->stop = to;
			field_print(printer, rule, field);
		}
		from = to;
	}
	return from;
}

void cm_print_rule(struct cm_printer *printer, const struct cm_rule_def *rule, size_t end)
{
	const struct cm_field *first = rule->fields;
	uint32_t present = 0;
	size_t comments;
	size_t last;
	size_t stop = printer->stop;

	for (const struct cm_field *field = first; field != NULL; field = field->next)
		present |= UINT32_C(1) << field->kind;
	cm_buf_text(printer->out, "rule ");
	cm_buf_text(printer->out, rule->id);
	cm_print_behind(printer, first != NULL ? first->at.offset : end);
	cm_buf_byte(printer->out, '\n');
	comments = printer->next;
	last = comments;
	for (int kind = 0; kind < CM_FIELDS; kind++)
		if ((present >> kind & 1) != 0 &&
		    !(printer->canonical && !is_law((enum cm_field_kind)kind)))
			last = kind_print(printer, rule, (enum cm_field_kind)kind, comments, end);
	printer->next = last;
	printer->stop = stop;
	cm_print_before(printer, end, 2);
}
