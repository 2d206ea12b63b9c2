#include "jurisdictions/engine/parse.h"

#include <string.h>

static struct cm_expr *parse_expr(struct cm_parser *parser);
static struct cm_expr *parse_unit(struct cm_parser *parser);

static bool is_joint(const struct cm_parser *parser)
{
	return cm_parse_is_word(parser, "and") || cm_parse_is_word(parser, "or");
}

/* A value. `and` and `or` are none: somebody forgot a word before them. */
static bool parse_word(struct cm_parser *parser, const char *what, struct cm_word **out)
{
	if (!is_joint(parser))
		return cm_parse_name(parser, what, out);
	cm_parse_expected(parser, what);
	return false;
}

static bool ends_quantity(const struct cm_parser *parser)
{
	return parser->token.kind != CM_TOKEN_WORD || is_joint(parser) ||
	       cm_parse_is_word(parser, "expect") || cm_parse_is_word(parser, "end") ||
	       cm_parse_field_kind(parser) >= 0;
}

static bool parse_quantity(struct cm_parser *parser, struct cm_expr *atom)
{
	atom->value = CM_VALUE_QUANTITY;
	atom->value_at = parser->token.at;
	if (!cm_parse_int(parser, "a whole number", &atom->number))
		return false;
	if (ends_quantity(parser))
		return true;
	return cm_parse_id(parser, "a unit", &atom->unit);
}

/* One value, or in a test's facts several. */
static bool parse_value(struct cm_parser *parser, struct cm_expr *atom, bool given)
{
	struct cm_word **tail = &atom->words;

	atom->value_at = parser->token.at;
	if (parser->token.kind == CM_TOKEN_INT)
		return parse_quantity(parser, atom);
	if (parser->token.kind == CM_TOKEN_DATE) {
		atom->value = CM_VALUE_DAY;
		return cm_parse_day(parser, &atom->day);
	}
	atom->value = CM_VALUE_WORDS;
	do {
		if (!parse_word(parser, "a value", tail))
			return false;
		tail = &(*tail)->next;
	} while (given && cm_parse_take_mark(parser, ','));
	return true;
}

static bool parse_list(struct cm_parser *parser, struct cm_expr *atom)
{
	atom->value = CM_VALUE_WORDS;
	atom->value_at = parser->token.at;
	return cm_parse_names(parser, "a value", &atom->words);
}

/* `first of` after is/includes: a list follows. A value may be called "none", so look at both
 * words. */
static bool take_of(struct cm_parser *parser, const char *first)
{
	struct cm_lexer saved_lexer;
	struct cm_token saved;
	size_t saved_end;

	if (!cm_parse_is_word(parser, first))
		return false;
	saved_lexer = parser->lexer;
	saved = parser->token;
	saved_end = parser->end;
	cm_parse_advance(parser);
	if (cm_parse_take_word(parser, "of"))
		return true;
	/* Comments between the two words would be kept twice: forget the second copy. */
	parser->lexer = saved_lexer;
	*parser->lexer.comments_tail = NULL;
	parser->token = saved;
	parser->end = saved_end;
	return false;
}

static bool parse_is(struct cm_parser *parser, struct cm_expr *atom, bool given)
{
	bool negated = cm_parse_take_word(parser, "not");

	if (take_of(parser, "one")) {
		atom->op = negated ? CM_ATOM_NONE_OF : CM_ATOM_ONE_OF;
		atom->not_one_of = negated;
		return parse_list(parser, atom);
	}
	if (cm_parse_take_word(parser, "in")) {
		atom->op = negated ? CM_ATOM_NOT_IN : CM_ATOM_IN;
		atom->value = CM_VALUE_WORDS;
		atom->value_at = parser->token.at;
		return cm_parse_name(parser, "the name of a set", &atom->words);
	}
	if (!negated && take_of(parser, "none")) {
		atom->op = CM_ATOM_NONE_OF;
		return parse_list(parser, atom);
	}
	if (!negated && cm_parse_take_word(parser, "only")) {
		atom->op = CM_ATOM_ONLY;
		return parse_list(parser, atom);
	}
	if (given && !negated && cm_parse_take_word(parser, "unknown")) {
		atom->op = CM_ATOM_UNKNOWN;
		return true;
	}
	atom->op = negated ? CM_ATOM_IS_NOT : CM_ATOM_IS;
	return parse_value(parser, atom, given && !negated);
}

static bool parse_includes(struct cm_parser *parser, struct cm_expr *atom)
{
	static const struct {
		const char *word;
		enum cm_atom_op op;
	} lists[] = {{"any", CM_ATOM_INCLUDES_ANY}, {"all", CM_ATOM_INCLUDES_ALL},
	    {"none", CM_ATOM_INCLUDES_NONE}};

	for (size_t i = 0; i < 3; i++) {
		if (take_of(parser, lists[i].word)) {
			atom->op = lists[i].op;
			return parse_list(parser, atom);
		}
	}
	atom->op = CM_ATOM_INCLUDES;
	atom->value = CM_VALUE_WORDS;
	atom->value_at = parser->token.at;
	return parse_word(parser, "a value", &atom->words);
}

static bool parse_compared(struct cm_parser *parser, struct cm_expr *atom)
{
	static const char *const sides[] = {"least", "most"};
	int side;

	if (cm_parse_take_word(parser, "at")) {
		side = cm_parse_choice(parser, "`at least` or `at most`", sides, 2);
		if (side < 0)
			return false;
		atom->op = side == 0 ? CM_ATOM_AT_LEAST : CM_ATOM_AT_MOST;
		return parse_quantity(parser, atom);
	}
	atom->op = cm_parse_is_word(parser, "more") ? CM_ATOM_MORE : CM_ATOM_LESS;
	cm_parse_advance(parser);
	return cm_parse_want_word(parser, "than", "and a quantity") && parse_quantity(parser, atom);
}

/* A date, or a date fact with days added or taken away. */
static bool parse_moment(struct cm_parser *parser, struct cm_expr *atom)
{
	int64_t days = 0;
	bool minus;

	atom->value_at = parser->token.at;
	if (parser->token.kind == CM_TOKEN_DATE) {
		atom->value = CM_VALUE_DAY;
		return cm_parse_day(parser, &atom->day);
	}
	atom->value = CM_VALUE_WORDS;
	if (!cm_parse_name(parser, "a date or the name of a date", &atom->words))
		return false;
	minus = cm_parse_is_word(parser, "minus");
	if (!minus && !cm_parse_is_word(parser, "plus"))
		return true;
	cm_parse_advance(parser);
	if (parser->token.kind == CM_TOKEN_INT && parser->token.number > 100000) {
		cm_error_add(parser->loader, parser->token.at, "bound", "at most 100000 days");
		return false;
	}
	if (!cm_parse_int(parser, "a number of days", &days) ||
	    !cm_parse_want_word(parser, "days", "after the number"))
		return false;
	atom->offset_days = (int32_t)(minus ? -days : days);
	return true;
}

static bool parse_comparison(struct cm_parser *parser, struct cm_expr *atom, bool given)
{
	if (cm_parse_take_word(parser, "is"))
		return parse_is(parser, atom, given);
	if (cm_parse_take_word(parser, "includes"))
		return parse_includes(parser, atom);
	if (cm_parse_is_word(parser, "at") || cm_parse_is_word(parser, "more") ||
	    cm_parse_is_word(parser, "less"))
		return parse_compared(parser, atom);
	if (cm_parse_take_word(parser, "before")) {
		atom->op = CM_ATOM_BEFORE;
		return parse_moment(parser, atom);
	}
	if (cm_parse_take_word(parser, "on")) {
		atom->op = CM_ATOM_FROM;
		return cm_parse_want_word(parser, "or", "after `on`") &&
		       cm_parse_want_word(parser, "after", "after `on or`") &&
		       parse_moment(parser, atom);
	}
	if (cm_parse_take_word(parser, "cannot")) {
		atom->op = CM_ATOM_CANNOT;
		return cm_parse_want_word(parser, "be", "after `cannot`") &&
		       cm_parse_want_word(parser, "determined", "after `cannot be`");
	}
	atom->op = CM_ATOM_HOLDS;
	return true;
}

static struct cm_expr *expr_new(struct cm_parser *parser, enum cm_expr_kind kind)
{
	struct cm_expr *expr = cm_parse_node(parser, sizeof *expr);

	expr->kind = kind;
	expr->at = parser->token.at;
	expr->fact = -1;
	expr->other = -1;
	return expr;
}

static struct cm_expr *parse_atom(struct cm_parser *parser, bool given)
{
	struct cm_expr *atom = expr_new(parser, CM_EXPR_ATOM);
	const char *what = given ? "a fact" : "a condition";

	if (is_joint(parser)) {
		cm_parse_expected(parser, what);
		return NULL;
	}
	if (!cm_parse_id(parser, what, &atom->name))
		return NULL;
	if (++parser->conditions == CM_MAX_CONDITIONS + 1)
		cm_error_add(parser->loader, atom->at, "bound",
		    "more than %d conditions; name a part of them with a term", CM_MAX_CONDITIONS);
	return parse_comparison(parser, atom, given) ? atom : NULL;
}

/* `at least` is taken: INT of ( expr ; expr ... ) */
static struct cm_expr *parse_count(struct cm_parser *parser, struct cm_expr *count)
{
	struct cm_expr **tail = &count->first;
	struct cm_at at = parser->token.at;
	int64_t need = 0;

	if (!cm_parse_int(parser, "how many", &need) ||
	    !cm_parse_want_word(parser, "of", "and the conditions") ||
	    !cm_parse_want_mark(parser, '(', "before the conditions"))
		return NULL;
	do {
		*tail = parse_expr(parser);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
		count->size++;
	} while (cm_parse_take_mark(parser, ';'));
	if (need < 1 || need > count->size) {
		cm_error_add(parser->loader, at, "always-or-never",
		    "at least %lld of %u conditions is %s so", (long long)need,
		    (unsigned)count->size, need < 1 ? "always" : "never");
		need = 1;
	}
	count->need = (uint32_t)need;
	return cm_parse_want_mark(parser, ')', "behind the conditions, or `;`") ? count : NULL;
}

/* What begins with `not`, a bracket or `at least`. Recursion is bounded by the depth its caller
 * counts. */
static struct cm_expr *parse_nested(struct cm_parser *parser)
{
	struct cm_expr *expr;

	if (cm_parse_is_word(parser, "not")) {
		expr = expr_new(parser, CM_EXPR_NOT);
		cm_parse_advance(parser);
		expr->size = 1;
		expr->first = parse_unit(parser);
		return expr->first != NULL ? expr : NULL;
	}
	if (cm_parse_take_mark(parser, '(')) {
		expr = parse_expr(parser);
		return expr != NULL && cm_parse_want_mark(
					   parser, ')', "behind the condition, or `and`, `or`")
			   ? expr
			   : NULL;
	}
	expr = expr_new(parser, CM_EXPR_COUNT);
	cm_parse_advance(parser);
	return cm_parse_want_word(parser, "least", "after `at`") ? parse_count(parser, expr) : NULL;
}

static struct cm_expr *parse_unit(struct cm_parser *parser)
{
	struct cm_expr *expr;

	if (!cm_parse_is_word(parser, "not") && !cm_parse_is_mark(parser, '(') &&
	    !cm_parse_is_word(parser, "at"))
		return parse_atom(parser, false);
	if (parser->depth >= CM_MAX_NESTING) {
		cm_error_add(parser->loader, parser->token.at, "bound", "nested deeper than %d",
		    CM_MAX_NESTING);
		return NULL;
	}
	parser->depth++;
	expr = parse_nested(parser);
	parser->depth--;
	return expr;
}

static struct cm_expr *parse_expr(struct cm_parser *parser)
{
	struct cm_at start = parser->token.at;
	struct cm_expr *first = parse_unit(parser);
	struct cm_expr *all;
	struct cm_expr *last = first;
	bool is_or = cm_parse_is_word(parser, "or");
	bool mixed = false;

	if (first == NULL || (!is_or && !cm_parse_is_word(parser, "and")))
		return first;
	all = expr_new(parser, is_or ? CM_EXPR_OR : CM_EXPR_AND);
	all->at = start;
	all->first = first;
	all->size = 1;
	while (is_joint(parser)) {
		if (cm_parse_is_word(parser, "or") != is_or && !mixed) {
			mixed = true;
			cm_error_add(parser->loader, parser->token.at, "mixed-and-or",
			    "`and` and `or` are mixed; put brackets around what belongs together");
		}
		cm_parse_advance(parser);
		last->next = parse_unit(parser);
		if (last->next == NULL)
			return NULL;
		last = last->next;
		all->size++;
	}
	return all;
}

struct cm_expr *cm_parse_expr(struct cm_parser *parser)
{
	parser->conditions = 0;
	parser->depth = 0;
	return parse_expr(parser);
}

struct cm_expr *cm_parse_given(struct cm_parser *parser)
{
	struct cm_expr *first = NULL;
	struct cm_expr **tail = &first;

	parser->conditions = 0;
	do {
		struct cm_expr *not = NULL;

		if (cm_parse_is_word(parser, "not")) {
			not = expr_new(parser, CM_EXPR_NOT);
			cm_parse_advance(parser);
		}
		*tail = parse_atom(parser, true);
		if (*tail == NULL)
			return NULL;
		if (not != NULL) {
			not ->first = *tail;
			not ->size = 1;
			*tail = not ;
		}
		tail = &(*tail)->next;
	} while (cm_parse_take_word(parser, "and"));
	return first;
}
