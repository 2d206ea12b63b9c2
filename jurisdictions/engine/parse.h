/*
 * From tokens to a tree. Every mistake is remarked and the parser goes on at the next field, `end`
 * or item, so one run shows them all. Knows the grammar; knows no name's meaning. One parser per
 * file.
 */
#ifndef CM_ENGINE_PARSE_H
#define CM_ENGINE_PARSE_H

#include <string.h>

#include "jurisdictions/engine/ast.h"

#define CM_NODE_BYTES 512 /* the largest node of the tree */

struct cm_parser {
	struct cm_lexer lexer;
	struct cm_token token; /* the next one */
	size_t end;            /* offset behind the token taken last */
	struct cm_loader *loader;
	struct cm_arena *arena;
	struct cm_unit_file *unit;
	unsigned conditions; /* in the expression being read */
	unsigned depth;
	/* Handed out when memory ends; the lexer then ends the file, so nobody walks what is in it.
	 */
	max_align_t spare[CM_NODE_BYTES / sizeof(max_align_t)];
};

/* Parse file number `file` of the loader. NULL: no memory, or its bytes are no text. */
struct cm_unit_file *cm_parse_file(struct cm_loader *loader, struct cm_arena *arena, uint32_t file);

/* ---- shared by the parser's files ---- */

/* A zeroed node of at most CM_NODE_BYTES; never NULL. */
void *cm_parse_node(struct cm_parser *parser, size_t size);

void cm_parse_advance(struct cm_parser *parser);

/* Inline: every token is held against many words, and of a literal the length is known then. */
static inline bool cm_parse_is_word(const struct cm_parser *parser, const char *word)
{
	const struct cm_token *token = &parser->token;

	return token->kind == CM_TOKEN_WORD && token->text[0] == word[0] &&
	       token->len == strlen(word) && memcmp(token->text, word, token->len) == 0;
}

static inline bool cm_parse_is_mark(const struct cm_parser *parser, char mark)
{
	return parser->token.kind == CM_TOKEN_MARK && parser->token.text[0] == mark;
}

/* Take the word or mark if it is next. */
static inline bool cm_parse_take_word(struct cm_parser *parser, const char *word)
{
	if (!cm_parse_is_word(parser, word))
		return false;
	cm_parse_advance(parser);
	return true;
}

static inline bool cm_parse_take_mark(struct cm_parser *parser, char mark)
{
	if (!cm_parse_is_mark(parser, mark))
		return false;
	cm_parse_advance(parser);
	return true;
}

/* Take it, or remark that it is missing. */
bool cm_parse_want_word(struct cm_parser *parser, const char *word, const char *where);
bool cm_parse_want_mark(struct cm_parser *parser, char mark, const char *where);

/* "expected WHAT, found ..." */
void cm_parse_expected(struct cm_parser *parser, const char *what);

/* Take a token of a kind; false (with a remark) if another is next. An id is a name of which
 * nothing but the text is wanted. */
bool cm_parse_id(struct cm_parser *parser, const char *what, const char **out);
bool cm_parse_name(struct cm_parser *parser, const char *what, struct cm_word **out);
bool cm_parse_string(struct cm_parser *parser, const char *what, const char **out);
bool cm_parse_day(struct cm_parser *parser, struct cm_day *out);
bool cm_parse_int(struct cm_parser *parser, const char *what, int64_t *out);
bool cm_parse_hash(struct cm_parser *parser, const char **out);
bool cm_parse_names(struct cm_parser *parser, const char *what, struct cm_word **out);

/* One word of a table; its index, or -1 with a remark that names the table's words. */
int cm_parse_choice(
    struct cm_parser *parser, const char *what, const char *const *table, size_t count);

/* Clauses that several items share. The first word is already taken. */
struct cm_cite *cm_parse_cite(struct cm_parser *parser);
struct cm_span *cm_parse_force(struct cm_parser *parser);

/* An expression; NULL after a mistake. Counts conditions from zero. */
struct cm_expr *cm_parse_expr(struct cm_parser *parser);

/* A list `given` of a test, linked; NULL after a mistake. */
struct cm_expr *cm_parse_given(struct cm_parser *parser);

/* A test; `test` is already taken. NULL after a mistake. */
struct cm_test_def *cm_parse_test(struct cm_parser *parser);

/* A rule; `rule` is already taken. */
struct cm_rule_def *cm_parse_rule(struct cm_parser *parser);

/* The field that begins with the next token, or -1. */
int cm_parse_field_kind(const struct cm_parser *parser);

/* Parse one field of `rule` of a kind; its first word is the next token. False after a mistake. */
bool cm_parse_field(
    struct cm_parser *parser, struct cm_rule_def *rule, enum cm_field_kind kind, void **value);

/* Read the item that begins with the next token; false after a mistake. */
bool cm_parse_item(struct cm_parser *parser, struct cm_item *item);

/* True if the next token begins an item of a file. */
bool cm_parse_at_item(const struct cm_parser *parser);

#endif
