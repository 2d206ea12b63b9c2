#include "jurisdictions/engine/print.h"

static void effect_print(struct cm_printer *printer, const struct cm_rule_def *rule)
{
	cm_buf_text(printer->out, cm_modality_names[rule->modality - 1]);
	cm_buf_byte(printer->out, ' ');
	cm_buf_text(printer->out, rule->act->text);
	if (rule->of != NULL) {
		cm_buf_text(printer->out, " of ");
		cm_print_words(printer, rule->of, 11);
	}
	if (rule->party != NULL)
		cm_buf_printf(printer->out, " to %s", rule->party);
}

static void given_effect_print(struct cm_printer *printer, const char *text)
{
	if (text == NULL)
		return;
	cm_buf_text(printer->out, " given effect by ");
	cm_print_string(printer, text, 11);
}

static void source_print(struct cm_printer *printer, const struct cm_rule_def *rule)
{
	cm_buf_text(printer->out, cm_source_names[rule->source]);
	if (rule->binding != NULL) {
		cm_buf_text(printer->out, " binding on ");
		cm_print_words(printer, rule->binding, 11);
	}
	given_effect_print(printer, rule->effect_by);
}

static void deadline_print(struct cm_printer *printer, const struct cm_deadline *deadline)
{
	cm_buf_printf(printer->out, "%u %s %s %s", (unsigned)deadline->count,
	    cm_unit_names[deadline->unit], deadline->before ? "before" : "from",
	    deadline->fact->text);
	if (deadline->calendar != NULL)
		cm_buf_printf(printer->out, " calendar %s", deadline->calendar->text);
	cm_buf_printf(printer->out, " to %s", deadline->act->text);
	if (deadline->extendable != NULL) {
		cm_buf_text(
		    printer->out, printer->canonical ? " extendable " : "\n    extendable ");
		cm_print_string(printer, deadline->extendable, 15);
	}
}

static void defeats_print(struct cm_printer *printer, const struct cm_defeats *defeats)
{
	cm_print_words(printer, defeats->rules, 11);
	if (defeats->inverse)
		return;
	cm_buf_text(printer->out, " because ");
	cm_buf_text(printer->out, cm_ground_names[defeats->ground]);
	given_effect_print(printer, defeats->effect_by);
}

static void reviewed_print(struct cm_printer *printer, const struct cm_review *review)
{
	if (review->by == NULL) {
		cm_buf_text(printer->out, "nobody");
		return;
	}
	cm_print_string(printer, review->by, 14);
	cm_buf_text(printer->out, " on ");
	cm_print_day(printer, review->day.number);
	if (review->digest != NULL)
		cm_buf_printf(printer->out, " digest %s", review->digest);
}

static void explain_print(struct cm_printer *printer, const struct cm_note *note)
{
	if (note->lang != NULL)
		cm_buf_printf(printer->out, "%s ", note->lang);
	cm_print_string(printer, note->text, 11);
}

/* What a field holds, behind its label. [from, to) is where its comments may stand. */
static void value_print(struct cm_printer *printer, const struct cm_rule_def *rule,
    const struct cm_field *field, size_t to)
{
	const struct cm_reading *reading = field->value;
	size_t from = field->at.offset;

	switch (field->kind) {
	case CM_FIELD_TITLE:
		cm_print_string(printer, rule->title, 11);
		break;
	case CM_FIELD_SOURCE:
		source_print(printer, rule);
		break;
	case CM_FIELD_CITE:
		cm_print_cite(printer, field->value, 11);
		break;
	case CM_FIELD_FORCE:
		cm_print_force(printer, field->value);
		break;
	case CM_FIELD_APPLIES:
		cm_print_line_end(printer, from, rule->applies->at.offset);
		cm_print_conditions(printer, rule->applies, 4, from, to);
		break;
	case CM_FIELD_READING:
		cm_buf_printf(printer->out, "%s ", reading->name);
		cm_print_string(printer, reading->title, 11);
		cm_buf_text(
		    printer->out, printer->canonical ? " applies when" : "\n    applies when");
		cm_print_line_end(printer, from, reading->applies->at.offset);
		cm_print_conditions(printer, reading->applies, 6, from, to);
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
		cm_print_string(printer, rule->penalty, 11);
		break;
	case CM_FIELD_DEFEATS:
	case CM_FIELD_SUBJECT:
		defeats_print(printer, field->value);
		break;
	case CM_FIELD_ASK:
		cm_print_string(printer, rule->ask, 11);
		break;
	case CM_FIELD_TEXT:
	case CM_FIELD_EXPLAIN:
		explain_print(printer, field->value);
		break;
	case CM_FIELD_NOTE:
		cm_print_string(printer, rule->note, 11);
		break;
	case CM_FIELD_OWNER:
		cm_print_string(printer, rule->owner, 11);
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
    [CM_FIELD_EXPLAIN] = "explain  ",
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

void cm_print_rule(
    struct cm_printer *printer, const struct cm_rule_def *rule, size_t from, size_t to)
{
	const struct cm_field *first = rule->fields;
	uint32_t present = 0;

	for (const struct cm_field *field = first; field != NULL; field = field->next)
		present |= UINT32_C(1) << field->kind;
	cm_buf_text(printer->out, "rule ");
	cm_buf_text(printer->out, rule->id);
	cm_print_line_end(printer, from, first != NULL ? first->at.offset : to);
	for (int kind = 0; kind < CM_FIELDS; kind++) {
		size_t before = from;

		if ((present >> kind & 1) == 0)
			continue;
		for (const struct cm_field *field = first; field != NULL;
		     before = field->end, field = field->next) {
			size_t next = field->next != NULL ? field->next->at.offset : to;

			if ((int)field->kind != kind ||
			    (printer->canonical && !is_law(field->kind)))
				continue;
			cm_print_comments(printer, before, field->at.offset, 2);
			if (field->kind != CM_FIELD_APPLIES && field->kind != CM_FIELD_READING)
				cm_print_comments(printer, field->at.offset, field->end, 2);
			cm_buf_text(printer->out, "  ");
			cm_buf_text(printer->out, labels[kind]);
			value_print(printer, rule, field, field->end);
			cm_print_line_end(printer, field->at.offset, next);
		}
	}
}
