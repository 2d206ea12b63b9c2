#include "jurisdictions/engine/parse.h"

#include <string.h>

/* ---- tests ------------------------------------------------------------------------------------
 */

static bool parse_expected(struct cm_parser *parser, struct cm_test_def *test)
{
	static const char *const words[] = {
	    "applies", "silent", "undetermined", "defeated", "conflict"};
	int expect = cm_parse_choice(parser, "what is expected", words, 5);

	if (expect < 0)
		return false;
	test->expect = (enum cm_expectation)expect;
	if (test->expect == CM_EXPECT_UNDETERMINED && cm_parse_take_word(parser, "needing"))
		return cm_parse_names(parser, "the name of a fact", &test->names);
	if (test->expect == CM_EXPECT_DEFEATED)
		return cm_parse_want_word(parser, "by", "and a rule") &&
		       cm_parse_name(parser, "the id of a rule", &test->names);
	if (test->expect == CM_EXPECT_CONFLICT)
		return cm_parse_want_word(parser, "with", "and a rule") &&
		       cm_parse_name(parser, "the id of a rule", &test->names);
	return true;
}

static bool parse_real_case(struct cm_parser *parser, struct cm_test_def *test)
{
	if (!cm_parse_want_word(parser, "case", "after `real`"))
		return false;
	if (parser->token.kind == CM_TOKEN_STRING)
		return cm_parse_string(parser, "the case", &test->real_case);
	return cm_parse_id(parser, "the id of a case", &test->real_case);
}

struct cm_test_def *cm_parse_test(struct cm_parser *parser)
{
	struct cm_test_def *test = cm_parse_node(parser, sizeof *test);

	test->at = parser->token.at;
	if (!cm_parse_string(parser, "the name of the test", &test->name))
		return NULL;
	if (cm_parse_take_word(parser, "real") && !parse_real_case(parser, test))
		return NULL;
	if (cm_parse_take_word(parser, "on")) {
		test->has_day = true;
		if (!cm_parse_day(parser, &test->day))
			return NULL;
	}
	if (!cm_parse_want_word(parser, "given", "and the facts"))
		return NULL;
	test->given = cm_parse_given(parser);
	if (test->given == NULL || !cm_parse_want_word(parser, "expect", "or `and`") ||
	    !parse_expected(parser, test))
		return NULL;
	test->end = parser->end;
	return test;
}

/* ---- the rule ---------------------------------------------------------------------------------
 */

static const struct {
	const char *word;
	bool repeats;
} fields[CM_FIELDS] = {
#define X(name, word, repeats) {word, repeats},
    CM_FIELD_TABLE(X)
#undef X
};

int cm_parse_field_kind(const struct cm_parser *parser)
{
	for (int i = 0; i < CM_FIELDS; i++)
		if (cm_parse_is_word(parser, fields[i].word))
			return i;
	return -1;
}

/* After a mistake: go on where a line begins with a field, `end` or an item. */
static void skip_to_field(struct cm_parser *parser)
{
	while (parser->token.kind != CM_TOKEN_END) {
		if (parser->token.starts_line &&
		    (cm_parse_field_kind(parser) >= 0 || cm_parse_is_word(parser, "end") ||
			cm_parse_at_item(parser)))
			return;
		cm_parse_advance(parser);
	}
}

static void field_not_expected(struct cm_parser *parser)
{
	cm_parse_expected(parser, "a field of the rule, or `end`");
	cm_parse_advance(parser);
	skip_to_field(parser);
}

/* Read one field into the rule and the list at `*tail`. */
static void field_read(struct cm_parser *parser, struct cm_rule_def *rule, enum cm_field_kind kind,
    uint32_t *seen, struct cm_field ***tail)
{
	struct cm_field *field = cm_parse_node(parser, sizeof *field);

	field->kind = kind;
	field->at = parser->token.at;
	if (!fields[kind].repeats && (*seen >> kind & 1) != 0)
		cm_error_add(parser->loader, field->at, "duplicate-field", "rule %s has `%s` twice",
		    rule->id, fields[kind].word);
	*seen |= UINT32_C(1) << kind;
	if (!cm_parse_field(parser, rule, kind, &field->value)) {
		rule->broken = true;
		skip_to_field(parser);
		return;
	}
	field->end = parser->end;
	**tail = field;
	*tail = &field->next;
}

/* The repeated fields as lists of their own, in the order they were written. */
static void fields_link(struct cm_rule_def *rule)
{
	struct cm_cite **cites = &rule->cites;
	struct cm_note **texts = &rule->texts;
	struct cm_note **explains = &rule->explains;
	struct cm_span **spans = &rule->spans;
	struct cm_reading **readings = &rule->readings;
	struct cm_defeats **defeats = &rule->defeats;
	struct cm_review **reviews = &rule->reviews;
	struct cm_test_def **tests = &rule->tests;

	for (struct cm_field *field = rule->fields; field != NULL; field = field->next) {
		switch ((int)field->kind) {
		case CM_FIELD_CITE:
			*cites = field->value;
			cites = &(*cites)->next;
			break;
		case CM_FIELD_TEXT:
			*texts = field->value;
			texts = &(*texts)->next;
			break;
		case CM_FIELD_EXPLAIN:
			*explains = field->value;
			explains = &(*explains)->next;
			break;
		case CM_FIELD_FORCE:
			*spans = field->value;
			spans = &(*spans)->next;
			break;
		case CM_FIELD_READING:
			*readings = field->value;
			readings = &(*readings)->next;
			break;
		case CM_FIELD_DEFEATS:
		case CM_FIELD_SUBJECT:
			*defeats = field->value;
			defeats = &(*defeats)->next;
			break;
		case CM_FIELD_REVIEWED:
			*reviews = field->value;
			reviews = &(*reviews)->next;
			break;
		case CM_FIELD_TEST:
			*tests = field->value;
			tests = &(*tests)->next;
			break;
		default:
			break;
		}
	}
}

struct cm_rule_def *cm_parse_rule(struct cm_parser *parser)
{
	struct cm_rule_def *rule = cm_parse_node(parser, sizeof *rule);
	struct cm_field **tail = &rule->fields;
	uint32_t seen = 0;

	rule->at = parser->token.at;
	if (!cm_parse_id(parser, "the id of a rule", &rule->id))
		return NULL;
	rule->file = parser->unit;
	for (;;) {
		int kind = cm_parse_field_kind(parser);

		if (kind >= 0) {
			field_read(parser, rule, (enum cm_field_kind)kind, &seen, &tail);
		} else if (cm_parse_take_word(parser, "end")) {
			break;
		} else if (parser->token.kind == CM_TOKEN_END || cm_parse_at_item(parser)) {
			cm_parse_expected(parser, "`end` of the rule");
			rule->broken = true;
			break;
		} else {
			rule->broken = true;
			field_not_expected(parser);
		}
	}
	if (!parser->loader->out_of_memory)
		fields_link(rule);
	return rule;
}
