#include "manual_ebnf.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/text.h"

bool ebnf_lex(const struct cm_law_file *file, struct cm_arena *arena, struct ebnf_tokens *out)
{
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = file, .files_count = 1, .remarks = &remarks};
	struct cm_lexer lexer;
	size_t cap = file->len + 1;
	bool fine;

	cm_remarks_init(&remarks);
	*out = (struct ebnf_tokens){.items = cm_arena_alloc(arena, cap, sizeof *out->items)};
	if (out->items == NULL)
		abort();
	fine = cm_lex_init(&lexer, &loader, arena, 0);
	while (fine && out->count < cap) {
		cm_lex_next(&lexer, &out->items[out->count]);
		if (out->items[out->count].kind == CM_TOKEN_END)
			break;
		out->count++;
	}
	/* A day that does not exist is a date all the same; a strange character is no token. */
	for (size_t i = 0; i < remarks.count; i++)
		fine = fine && strcmp(remarks.items[i].code, "no-such-day") == 0;
	cm_remarks_fini(&remarks);
	return fine;
}

/* ---- classes of words ---- */

static bool is_text(const struct cm_token *token, const char *text)
{
	return strlen(text) == token->len && memcmp(token->text, text, token->len) == 0;
}

static bool is_one_of(const struct cm_token *token, const char *const *words)
{
	for (; *words != NULL; words++)
		if (is_text(token, *words))
			return true;
	return false;
}

static bool is_hash(const struct cm_token *token)
{
	uint8_t bytes[32];

	return (token->kind == CM_TOKEN_WORD || token->kind == CM_TOKEN_HEX ||
		   token->kind == CM_TOKEN_INT) &&
	       cm_hex_parse(token->text, token->len, bytes, sizeof bytes);
}

/* A value is read with an eye on the word before it. */
static bool is_value(const struct cm_token *token, const struct cm_token *before)
{
	static const char *const joints[] = {"and", "or", NULL};
	static const char *const behind_is[] = {"in", "not", "only", NULL};

	if (is_one_of(token, joints) || (is_text(before, "is") && is_one_of(token, behind_is)))
		return false;
	return !is_text(before, "not") || !is_text(token, "in");
}

/* `token` is not the first of its file. */
static bool is_class(const struct cm_token *token, const char *name)
{
	static const char *const not_subject[] = {"and", "or", "not", "at", NULL};
	static const char *const not_unit[] = {"and", "or", "expect", "end",
#define X(name, word, repeats) word,
	    CM_FIELD_TABLE(X)
#undef X
		NULL};

	if (strcmp(name, "TEXT") == 0)
		return token->kind == CM_TOKEN_STRING && token->len != 0;
	if (strcmp(name, "DATE") == 0)
		return token->kind == CM_TOKEN_DATE;
	if (strcmp(name, "INT") == 0)
		return token->kind == CM_TOKEN_INT;
	if (strcmp(name, "HASH") == 0)
		return is_hash(token);
	if (token->kind != CM_TOKEN_WORD)
		return false;
	if (strcmp(name, "SUBJECT") == 0)
		return !is_one_of(token, not_subject);
	if (strcmp(name, "VALUE") == 0)
		return is_value(token, token - 1);
	if (strcmp(name, "MEMBER") == 0)
		return is_value(token, token - 1) && !is_text(token, "unknown");
	if (strcmp(name, "UNIT") == 0)
		return !is_one_of(token, not_unit);
	if (strcmp(name, "NAME") != 0)
		abort();
	return true;
}

/* ---- matching: all places where what begins at one place may end ---- */

struct ends {
	uint32_t *at; /* in the arena; each once */
	size_t count;
	size_t cap;
};

struct matcher {
	const struct ebnf *ebnf;
	const struct ebnf_tokens *tokens;
	struct cm_arena arena;
	size_t reached;
};

static void ends_add(struct matcher *matcher, struct ends *ends, uint32_t at)
{
	for (size_t i = ends->count; i-- > 0;)
		if (ends->at[i] == at)
			return;
	if (ends->count == ends->cap) {
		size_t cap = ends->cap == 0 ? 4 : ends->cap * 2;
		uint32_t *grown = cm_arena_alloc(&matcher->arena, cap, sizeof *grown);

		if (grown == NULL)
			abort();
		for (size_t i = 0; i < ends->count; i++)
			grown[i] = ends->at[i];
		ends->at = grown;
		ends->cap = cap;
	}
	ends->at[ends->count++] = at;
}

static struct ends match(struct matcher *matcher, const struct ebnf_node *node, uint32_t at);

static struct ends match_sequence(
    struct matcher *matcher, const struct ebnf_node *node, uint32_t at)
{
	struct ends now = {0};

	ends_add(matcher, &now, at);
	for (const struct ebnf_node *part = node->first; part != NULL; part = part->next) {
		struct ends next = {0};

		for (size_t i = 0; i < now.count; i++) {
			struct ends ends = match(matcher, part, now.at[i]);

			for (size_t j = 0; j < ends.count; j++)
				ends_add(matcher, &next, ends.at[j]);
		}
		now = next;
	}
	return now;
}

static struct ends match_repeat(struct matcher *matcher, const struct ebnf_node *node, uint32_t at)
{
	struct ends all = {0};

	ends_add(matcher, &all, at);
	for (size_t i = 0; i < all.count; i++) {
		struct ends ends = match(matcher, node->first, all.at[i]);

		for (size_t j = 0; j < ends.count; j++)
			ends_add(matcher, &all, ends.at[j]);
	}
	return all;
}

static struct ends match_token(struct matcher *matcher, const struct ebnf_node *node, uint32_t at)
{
	const struct cm_token *token = &matcher->tokens->items[at];
	struct ends ends = {0};
	bool fits;

	if (at == matcher->tokens->count)
		return ends;
	if (node->kind == EBNF_CLASS)
		fits = is_class(token, node->text);
	else
		fits = (token->kind == CM_TOKEN_WORD || token->kind == CM_TOKEN_MARK) &&
		       is_text(token, node->text);
	if (!fits)
		return ends;
	if (at + 1 > matcher->reached)
		matcher->reached = at + 1;
	ends_add(matcher, &ends, at + 1);
	return ends;
}

static struct ends match(struct matcher *matcher, const struct ebnf_node *node, uint32_t at)
{
	struct ends all = {0};

	switch (node->kind) {
	case EBNF_SEQUENCE:
		return match_sequence(matcher, node, at);
	case EBNF_REPEAT:
		return match_repeat(matcher, node, at);
	case EBNF_RULE:
		return match(matcher, matcher->ebnf->rules[node->rule].is, at);
	case EBNF_WORD:
	case EBNF_CLASS:
		return match_token(matcher, node, at);
	case EBNF_OPTION:
		ends_add(matcher, &all, at);
		break;
	case EBNF_CHOICE:
		break;
	}
	for (const struct ebnf_node *part = node->first; part != NULL; part = part->next) {
		struct ends ends = match(matcher, part, at);

		for (size_t i = 0; i < ends.count; i++)
			ends_add(matcher, &all, ends.at[i]);
	}
	return all;
}

bool ebnf_match(const struct ebnf *ebnf, const struct ebnf_tokens *tokens, size_t *reached)
{
	struct matcher matcher = {.ebnf = ebnf, .tokens = tokens};
	struct ends ends;
	bool whole = false;

	cm_arena_init(&matcher.arena, 0);
	ends = match(&matcher, ebnf->rules[0].is, 0);
	for (size_t i = 0; i < ends.count; i++)
		whole = whole || ends.at[i] == tokens->count;
	*reached = matcher.reached;
	cm_arena_fini(&matcher.arena);
	return whole;
}
