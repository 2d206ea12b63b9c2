#include "jurisdictions/engine/law.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"

const char *cm_suggestion_of(struct cm_check *check, const char *near)
{
	const char *text = near == NULL ? NULL
					: cm_arena_printf(&check->loader->remarks->arena,
					      "; did you mean %s?", near);

	return text != NULL ? text : "";
}

const char *cm_suggestion(
    struct cm_check *check, const char *typed, const char *const *words, size_t count)
{
	return cm_suggestion_of(check, cm_text_suggest(typed, words, count));
}

/* Facts and terms are the names a condition may begin with. */
const char *cm_suggest_fact(struct cm_check *check, const char *typed)
{
	const struct cm_law *law = check->law;
	size_t count = 0;
	const char **words = cm_arena_alloc(
	    &check->loader->remarks->arena, law->facts_count + law->notions_count, sizeof *words);

	if (words == NULL)
		return "";
	for (size_t i = 0; i < law->facts_count; i++)
		words[count++] = law->facts[i].def->name;
	for (size_t i = 0; i < law->notions_count; i++)
		words[count++] = law->notions[i]->name;
	return cm_suggestion(check, typed, words, count);
}

static const char *suggest_set(struct cm_check *check, const char *typed)
{
	const struct cm_law *law = check->law;
	const char **words =
	    cm_arena_alloc(&check->loader->remarks->arena, law->sets_count, sizeof *words);

	if (words == NULL)
		return "";
	for (size_t i = 0; i < law->sets_count; i++)
		words[i] = law->sets[i]->name;
	return cm_suggestion(check, typed, words, law->sets_count);
}

static const struct cm_fact_entry *fact_of(const struct cm_check *check, const struct cm_expr *atom)
{
	return &check->law->facts[atom->fact];
}

static void refuse_kind(struct cm_check *check, const struct cm_expr *atom, const char *instead)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);

	cm_error_add(check->loader, atom->at, "type", "%s is %s: write %s", atom->name,
	    cm_fact_kind(fact), instead);
}

/* Every member of a set must be a value of the fact it is held against. */
static void check_set_for(
    struct cm_check *check, const struct cm_expr *atom, const struct cm_word *word)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);

	for (const struct cm_set_span *span = word->set->spans; span != NULL; span = span->next)
		for (const struct cm_word *code = span->codes; code != NULL; code = code->next)
			if (cm_fact_value(fact, code->text) < 0) {
				cm_error_add(check->loader, word->at, "type",
				    "set %s holds %s, which is no value of %s", word->text,
				    code->text, atom->name);
				return;
			}
}

/* A value of the atom's fact, or (if allowed) a set of them. */
static void check_word(
    struct cm_check *check, const struct cm_expr *atom, struct cm_word *word, bool set_allowed)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);
	int set;

	word->value = cm_fact_value(fact, word->text);
	if (word->value >= 0 && (atom->op == CM_ATOM_IN || atom->op == CM_ATOM_NOT_IN))
		cm_error_add(check->loader, word->at, "type",
		    "%s is a value, not a set: write `%s is %s`", word->text, atom->name,
		    word->text);
	if (word->value >= 0)
		return;
	set = cm_law_find_set(check->law, word->text);
	if (set >= 0 && set_allowed) {
		word->set = check->law->sets[set];
		check->names_facts = false;
		check_set_for(check, atom, word);
	} else if (set >= 0) {
		cm_error_add(check->loader, word->at, "type", "%s is a set: write `%s is in %s`",
		    word->text, atom->name, word->text);
	} else if (atom->op == CM_ATOM_IN || atom->op == CM_ATOM_NOT_IN) {
		cm_error_add(check->loader, word->at, "unknown-set", "no set is named %s%s",
		    word->text, suggest_set(check, word->text));
	} else {
		cm_error_add(check->loader, word->at, "unknown-value", "%s is no value of %s%s",
		    word->text, atom->name,
		    cm_suggestion_of(check, cm_fact_suggest(fact, word->text)));
	}
}

static void check_words(struct cm_check *check, struct cm_expr *atom, bool set_allowed)
{
	for (struct cm_word *word = atom->words; word != NULL; word = word->next) {
		check_word(check, atom, word, set_allowed);
		for (const struct cm_word *other = atom->words; other != word; other = other->next)
			if (other->value == word->value && strcmp(other->text, word->text) == 0) {
				cm_lint_add(check->loader, word->at, "duplicate",
				    "%s is listed twice", word->text);
				break;
			}
	}
}

static void check_quantity(struct cm_check *check, const struct cm_expr *atom)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);

	if (fact->info.type != CM_FACT_NUMBER) {
		cm_error_add(check->loader, atom->at, "type", "%s is %s, not a number", atom->name,
		    cm_fact_kind(fact));
		return;
	}
	if (atom->unit == NULL)
		cm_error_add(check->loader, atom->value_at, "type", "say the unit: %lld %s",
		    (long long)atom->number, fact->def->unit);
	else if (strcmp(atom->unit, fact->def->unit) != 0)
		cm_error_add(check->loader, atom->value_at, "type",
		    "%s is a number of %s, not of %s", atom->name, fact->def->unit, atom->unit);
}

static bool same_values(const struct cm_fact_entry *a, const struct cm_fact_entry *b)
{
	if (a->values_count != b->values_count)
		return false;
	for (uint32_t i = 0; i < a->values_count; i++)
		if (strcmp(a->values[i], b->values[i]) != 0)
			return false;
	return true;
}

/* X is [not] VALUE, or the name of another fact with the same values. */
static void check_is_word(struct cm_check *check, struct cm_expr *atom, bool given)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);
	enum cm_fact_type type = fact->info.type;
	int other = -1;

	if (!given && (type == CM_FACT_COUNTRY || type == CM_FACT_ONE_OF) &&
	    cm_fact_value(fact, atom->words->text) < 0)
		other = cm_law_find_fact(check->law, atom->words->text);
	if (other >= 0 && check->law->facts[other].info.type == type) {
		if (type == CM_FACT_ONE_OF && !same_values(fact, &check->law->facts[other]))
			cm_error_add(check->loader, atom->value_at, "type",
			    "%s and %s do not have the same values", atom->name, atom->words->text);
		atom->other = other;
		return;
	}
	check_words(check, atom, false);
}

static void check_is(struct cm_check *check, struct cm_expr *atom, bool given)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);

	if (atom->value == CM_VALUE_QUANTITY) {
		check_quantity(check, atom);
		return;
	}
	if (atom->value == CM_VALUE_DAY) {
		if (fact->info.type != CM_FACT_DATE)
			cm_error_add(check->loader, atom->at, "type", "%s is %s, not a date",
			    atom->name, cm_fact_kind(fact));
		return;
	}
	if (!fact->is_finite)
		refuse_kind(check, atom,
		    fact->info.type == CM_FACT_DATE
			? "`before` or `on or after`, or a date behind `is`"
			: "`at least`, `at most`, or a number behind `is`");
	else if (fact->is_set && !given)
		refuse_kind(check, atom, "`includes` or `is only`");
	else if (!fact->is_set && given && atom->words->next != NULL)
		refuse_kind(check, atom, "`is one of` for several");
	else
		check_is_word(check, atom, given);
}

static void check_moment(struct cm_check *check, struct cm_expr *atom, bool given)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);

	if (fact->info.type != CM_FACT_DATE) {
		cm_error_add(check->loader, atom->at, "type", "%s is %s, not a date", atom->name,
		    cm_fact_kind(fact));
		return;
	}
	if (atom->value == CM_VALUE_DAY)
		return;
	atom->other = cm_law_find_fact(check->law, atom->words->text);
	if (atom->other < 0)
		cm_error_add(check->loader, atom->words->at, "unknown-fact",
		    "no fact is named %s%s", atom->words->text,
		    cm_suggest_fact(check, atom->words->text));
	else if (given || check->law->facts[atom->other].info.type != CM_FACT_DATE)
		cm_error_add(check->loader, atom->words->at, "type",
		    given ? "a test gives dates, not comparisons with %s" : "%s is not a date",
		    atom->words->text);
}

/* A list that holds every value, or a threshold below or above all numbers, says nothing. */
static void refuse_empty_talk(struct cm_check *check, const struct cm_expr *atom)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);
	uint32_t listed = 0;

	for (const struct cm_word *word = atom->words; word != NULL; word = word->next)
		listed += word->value >= 0;
	if ((atom->op == CM_ATOM_ONE_OF || atom->op == CM_ATOM_NONE_OF ||
		atom->op == CM_ATOM_ONLY) &&
	    fact->is_finite && listed == fact->values_count && listed != 0)
		cm_error_add(check->loader, atom->at, "always-or-never",
		    "all values of %s are listed: this is %s so", atom->name,
		    atom->op == CM_ATOM_NONE_OF ? "never" : "always");
	if (atom->op == CM_ATOM_AT_LEAST && atom->number == 0)
		cm_error_add(check->loader, atom->at, "always-or-never", "%s is always at least 0",
		    atom->name);
	if (atom->op == CM_ATOM_LESS && atom->number == 0)
		cm_error_add(check->loader, atom->at, "always-or-never", "%s is never less than 0",
		    atom->name);
}

static void check_fact_atom(struct cm_check *check, struct cm_expr *atom, bool given)
{
	const struct cm_fact_entry *fact = fact_of(check, atom);

	switch (atom->op) {
	case CM_ATOM_HOLDS:
		if (fact->info.type != CM_FACT_YES_NO && fact->info.type != CM_FACT_JUDGMENT)
			refuse_kind(
			    check, atom, "what it is to be, with `is`, `includes` or a comparison");
		break;
	case CM_ATOM_IS:
	case CM_ATOM_IS_NOT:
		check_is(check, atom, given);
		break;
	case CM_ATOM_ONE_OF:
	case CM_ATOM_NONE_OF:
	case CM_ATOM_IN:
	case CM_ATOM_NOT_IN:
		if (!fact->is_finite)
			refuse_kind(check, atom, "a comparison");
		else if (fact->is_set)
			refuse_kind(
			    check, atom, "`includes any of`, `includes none of` or `is only`");
		else
			check_words(check, atom, true);
		break;
	case CM_ATOM_INCLUDES:
	case CM_ATOM_INCLUDES_ANY:
	case CM_ATOM_INCLUDES_ALL:
	case CM_ATOM_INCLUDES_NONE:
	case CM_ATOM_ONLY:
		if (!fact->is_set)
			refuse_kind(check, atom, "`is` or `is one of`");
		else
			check_words(check, atom, true);
		break;
	case CM_ATOM_AT_LEAST:
	case CM_ATOM_AT_MOST:
	case CM_ATOM_MORE:
	case CM_ATOM_LESS:
		check_quantity(check, atom);
		break;
	case CM_ATOM_BEFORE:
	case CM_ATOM_FROM:
		check_moment(check, atom, given);
		break;
	case CM_ATOM_CANNOT:
	case CM_ATOM_UNKNOWN:
		break;
	}
	if (!given)
		refuse_empty_talk(check, atom);
}

/* A term stands alone, or with `is yes`, `is no`. */
static void check_notion_atom(struct cm_check *check, struct cm_expr *atom)
{
	bool plain = atom->op == CM_ATOM_HOLDS;

	if ((atom->op == CM_ATOM_IS || atom->op == CM_ATOM_IS_NOT) &&
	    atom->value == CM_VALUE_WORDS) {
		atom->words->value = strcmp(atom->words->text, "yes") == 0  ? 1
				     : strcmp(atom->words->text, "no") == 0 ? 0
									    : -1;
		plain = atom->words->value >= 0;
	}
	if (!plain)
		cm_error_add(check->loader, atom->at, "type",
		    "%s is a term: write it alone, or with `is no`", atom->name);
}

static void check_atom(struct cm_check *check, struct cm_expr *atom, bool given)
{
	int notion;

	atom->fact = cm_law_find_fact(check->law, atom->name);
	if (atom->fact >= 0) {
		check_fact_atom(check, atom, given);
		return;
	}
	notion = cm_law_find_notion(check->law, atom->name);
	if (notion >= 0 && given) {
		cm_error_add(check->loader, atom->at, "type", "%s is a term; a test gives facts",
		    atom->name);
	} else if (notion >= 0) {
		atom->notion = check->law->notions[notion];
		check->names_facts = false;
		check_notion_atom(check, atom);
	} else {
		cm_error_add(check->loader, atom->at, "unknown-fact",
		    "no fact or term is named %s%s", atom->name,
		    cm_suggest_fact(check, atom->name));
	}
}

void cm_check_expr(struct cm_check *check, struct cm_expr *expr, bool given)
{
	/* The parser bounds the depth. */
	if (expr->kind == CM_EXPR_ATOM) {
		check_atom(check, expr, given);
		return;
	}
	for (struct cm_expr *operand = expr->first; operand != NULL; operand = operand->next)
		cm_check_expr(check, operand, given);
}
