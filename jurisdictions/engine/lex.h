/*
 * From text to tokens. Knows words, texts, dates, numbers and four marks; knows no keyword: what a
 * word means is the parser's business. Comments are kept aside for the formatter. Called by the
 * parser only; one lexer per file, on the caller's thread.
 */
#ifndef CM_ENGINE_LEX_H
#define CM_ENGINE_LEX_H

#include "jurisdictions/engine/remark.h"

enum cm_token_kind {
	CM_TOKEN_END,
	CM_TOKEN_WORD,
	CM_TOKEN_STRING,
	CM_TOKEN_DATE,
	CM_TOKEN_INT,
	CM_TOKEN_HEX,  /* begins with a digit, but is neither a number nor a date */
	CM_TOKEN_MARK, /* one of , ; ( ) */
};

struct cm_token {
	enum cm_token_kind kind;
	const char *text; /* borrowed from the file; of a string: without its quotes */
	size_t len;
	struct cm_at at;
	bool starts_line;
	size_t end; /* offset behind the token */
	int64_t number;
	struct cm_day day;
};

struct cm_comment {
	struct cm_comment *next;
	const char *text; /* with its #, without the line end */
	size_t offset;
	bool starts_line;
};

struct cm_lexer {
	struct cm_loader *loader;
	const char *text;
	size_t len;
	size_t offset;
	uint32_t file;
	uint32_t line;
	bool starts_line;
	struct cm_arena *arena; /* for comments */
	struct cm_comment *comments;
	struct cm_comment **comments_tail;
};

/* Begin a file. False if its bytes are no text (not UTF-8): then the reason is already remarked. */
bool cm_lex_init(
    struct cm_lexer *lexer, struct cm_loader *loader, struct cm_arena *arena, uint32_t file);

/* The next token. After the end, or once memory ran out: CM_TOKEN_END for ever. */
void cm_lex_next(struct cm_lexer *lexer, struct cm_token *token);

#endif
