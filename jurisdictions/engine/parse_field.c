#include "jurisdictions/engine/parse.h"

#include <string.h>

static bool parse_source(struct cm_parser *parser, struct cm_rule_def *rule)
{
	int source;

	rule->source_at = parser->token.at;
	source = cm_parse_choice(parser, "a source", cm_source_names, CM_SOURCES);
	if (source < 0)
		return false;
	rule->has_source = true;
	rule->source = (enum cm_source)source;
	if (cm_parse_take_word(parser, "binding") &&
	    (!cm_parse_want_word(parser, "on", "after `binding`") ||
		!cm_parse_names(parser, "the code of a party", &rule->binding)))
		return false;
	if (!cm_parse_take_word(parser, "given"))
		return true;
	return cm_parse_want_word(parser, "effect", "after `given`") &&
	       cm_parse_want_word(parser, "by", "after `given effect`") &&
	       cm_parse_string(parser, "the act that gives effect", &rule->effect_by);
}

static bool parse_effect(struct cm_parser *parser, struct cm_rule_def *rule)
{
	int modality = cm_parse_choice(parser, "an effect", cm_modality_names, 4);

	if (modality < 0 || !cm_parse_name(parser, "the name of an act", &rule->act))
		return false;
	rule->has_effect = true;
	rule->modality = (enum cm_modality)(modality + 1);
	if (cm_parse_take_word(parser, "of") &&
	    !cm_parse_names(parser, "a category of data", &rule->of))
		return false;
	return !cm_parse_take_word(parser, "to") || cm_parse_id(parser, "to whom", &rule->party);
}

static struct cm_deadline *parse_deadline(struct cm_parser *parser)
{
	static const char *const sides[] = {"from", "before"};
	struct cm_deadline *deadline = cm_parse_node(parser, sizeof *deadline);
	int64_t count = 0;
	int choice;

	deadline->at = parser->token.at;
	if (!cm_parse_int(parser, "how many", &count))
		return NULL;
	if (count > 100000) {
		cm_error_add(parser->loader, deadline->at, "bound", "a deadline of at most 100000");
		count = 0;
	}
	deadline->count = (uint32_t)count;
	choice = cm_parse_choice(parser, "a unit", cm_unit_names, CM_UNITS);
	if (choice < 0)
		return NULL;
	deadline->unit = (enum cm_unit)choice;
	choice = cm_parse_choice(parser, "the side", sides, 2);
	if (choice < 0 || !cm_parse_name(parser, "the name of a date", &deadline->fact))
		return NULL;
	deadline->before = choice == 1;
	if (cm_parse_take_word(parser, "calendar") &&
	    !cm_parse_name(parser, "the name of a calendar", &deadline->calendar))
		return NULL;
	if (!cm_parse_want_word(parser, "to", "and an act") ||
	    !cm_parse_name(parser, "the name of an act", &deadline->act))
		return NULL;
	if (cm_parse_take_word(parser, "extendable") &&
	    !cm_parse_string(parser, "how it is extended", &deadline->extendable))
		return NULL;
	return deadline;
}

static struct cm_defeats *parse_defeats(struct cm_parser *parser, bool inverse)
{
	struct cm_defeats *defeats = cm_parse_node(parser, sizeof *defeats);
	int ground;

	defeats->at = parser->token.at;
	defeats->inverse = inverse;
	defeats->ground = CM_GROUND_SPECIALIS;
	if (!cm_parse_names(parser, "the id of a rule", &defeats->rules))
		return NULL;
	if (inverse)
		return defeats;
	if (!cm_parse_want_word(parser, "because", "and the ground"))
		return NULL;
	ground = cm_parse_choice(parser, "a ground", cm_ground_names, CM_GROUNDS);
	if (ground < 0)
		return NULL;
	defeats->ground = (enum cm_ground)ground;
	if (!cm_parse_take_word(parser, "given"))
		return defeats;
	if (!cm_parse_want_word(parser, "effect", "after `given`") ||
	    !cm_parse_want_word(parser, "by", "after `given effect`") ||
	    !cm_parse_string(parser, "the act that gives effect", &defeats->effect_by))
		return NULL;
	return defeats;
}

static struct cm_reading *parse_reading(struct cm_parser *parser)
{
	struct cm_reading *reading = cm_parse_node(parser, sizeof *reading);

	reading->at = parser->token.at;
	if (!cm_parse_id(parser, "the name of the reading", &reading->name) ||
	    !cm_parse_string(parser, "what the reading says, as a text", &reading->title) ||
	    !cm_parse_want_word(parser, "applies", "and `when`") ||
	    !cm_parse_want_word(parser, "when", "after `applies`"))
		return NULL;
	reading->applies = cm_parse_expr(parser);
	return reading->applies != NULL ? reading : NULL;
}

static struct cm_note *parse_note(struct cm_parser *parser, bool has_lang)
{
	struct cm_note *note = cm_parse_node(parser, sizeof *note);

	note->at = parser->token.at;
	if (has_lang && parser->token.kind == CM_TOKEN_WORD) {
		if (!cm_parse_id(parser, "a language", &note->lang))
			return NULL;
		note->at = parser->token.at;
	}
	return cm_parse_string(parser, "a text", &note->text) ? note : NULL;
}

static struct cm_review *parse_reviewed(struct cm_parser *parser)
{
	struct cm_review *review = cm_parse_node(parser, sizeof *review);

	review->at = parser->token.at;
	if (!cm_parse_want_word(parser, "by", "after `reviewed`"))
		return NULL;
	if (cm_parse_take_word(parser, "nobody"))
		return review;
	if (!cm_parse_string(parser, "`nobody` or who reviewed it", &review->by) ||
	    !cm_parse_want_word(parser, "on", "and the day of the review") ||
	    !cm_parse_day(parser, &review->day))
		return NULL;
	if (cm_parse_take_word(parser, "digest") && !cm_parse_hash(parser, &review->digest))
		return NULL;
	return review;
}

static bool parse_once(struct cm_parser *parser, struct cm_rule_def *rule, enum cm_field_kind kind)
{
	int choice;

	switch ((int)kind) {
	case CM_FIELD_TITLE:
		return cm_parse_string(parser, "the title", &rule->title);
	case CM_FIELD_SOURCE:
		return parse_source(parser, rule);
	case CM_FIELD_APPLIES:
		if (!cm_parse_want_word(parser, "when", "after `applies`"))
			return false;
		rule->applies = cm_parse_expr(parser);
		return rule->applies != NULL;
	case CM_FIELD_EFFECT:
		return parse_effect(parser, rule);
	case CM_FIELD_STRENGTH:
		choice = cm_parse_choice(parser, "a strength", cm_strength_names, CM_STRENGTHS);
		rule->has_strength = choice >= 0;
		rule->strength = choice >= 0 ? (enum cm_strength)choice : CM_STRENGTH_DEFAULT;
		return choice >= 0;
	case CM_FIELD_DEADLINE:
		rule->deadline = parse_deadline(parser);
		return rule->deadline != NULL;
	case CM_FIELD_PENALTY:
		return cm_parse_string(parser, "the penalty", &rule->penalty);
	case CM_FIELD_ASK:
		return cm_parse_string(parser, "the question", &rule->ask);
	case CM_FIELD_NOTE:
		return cm_parse_string(parser, "the note", &rule->note);
	case CM_FIELD_OWNER:
		return cm_parse_string(parser, "the owner", &rule->owner);
	default: /* review again by DATE */
		rule->has_review_again = true;
		return cm_parse_want_word(parser, "again", "after `review`") &&
		       cm_parse_want_word(parser, "by", "and a date") &&
		       cm_parse_day(parser, &rule->review_again);
	}
}

bool cm_parse_field(
    struct cm_parser *parser, struct cm_rule_def *rule, enum cm_field_kind kind, void **value)
{
	cm_parse_advance(parser);
	switch ((int)kind) {
	case CM_FIELD_CITE:
		*value = cm_parse_cite(parser);
		return *value != NULL;
	case CM_FIELD_TEXT:
		*value = parse_note(parser, false);
		return *value != NULL;
	case CM_FIELD_FORCE:
		*value = cm_parse_force(parser);
		return *value != NULL;
	case CM_FIELD_READING:
		*value = parse_reading(parser);
		return *value != NULL;
	case CM_FIELD_DEFEATS:
		*value = parse_defeats(parser, false);
		return *value != NULL;
	case CM_FIELD_SUBJECT:
		if (!cm_parse_want_word(parser, "to", "after `subject`"))
			return false;
		*value = parse_defeats(parser, true);
		return *value != NULL;
	case CM_FIELD_EXPLAIN:
		*value = parse_note(parser, true);
		return *value != NULL;
	case CM_FIELD_REVIEWED:
		*value = parse_reviewed(parser);
		return *value != NULL;
	case CM_FIELD_TEST:
		*value = cm_parse_test(parser);
		return *value != NULL;
	default:
		return parse_once(parser, rule, kind);
	}
}
