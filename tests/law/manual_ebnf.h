/*
 * The manual's grammar as a thing to run: read from its text, it recognises the tokens of a file
 * and makes files of its own. Knows EBNF and the engine's tokens; nothing of the parser it is held
 * against.
 */
#ifndef TEST_MANUAL_EBNF_H
#define TEST_MANUAL_EBNF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jurisdictions/engine/ast.h"

#define EBNF_MAX_RULES 64

enum ebnf_kind {
	EBNF_SEQUENCE,
	EBNF_CHOICE,
	EBNF_OPTION,
	EBNF_REPEAT,
	EBNF_WORD,  /* "title", "," */
	EBNF_CLASS, /* NAME, TEXT, DATE ... */
	EBNF_RULE,  /* the name of another rule */
};

struct ebnf_node {
	enum ebnf_kind kind;
	const char *text; /* of a word, class or rule */
	int rule;         /* index, of a rule */
	struct ebnf_node *first;
	struct ebnf_node *next;
};

struct ebnf {
	struct cm_arena *arena; /* borrowed */
	struct {
		const char *name;
		struct ebnf_node *is;
		bool used;
		int height; /* of its lowest sentence: how many rules deep */
	} rules[EBNF_MAX_RULES];
	int count;
	const char *trouble; /* why it cannot be read, or NULL */
};

/* Read a grammar. False: `trouble` says why: not well-formed, a rule missing, doubled or never
 * used. */
bool ebnf_read(struct ebnf *ebnf, struct cm_arena *arena, const char *text);

/* Every quoted word of the grammar to `fn`; marks too. */
void ebnf_words(const struct ebnf *ebnf, void (*fn)(const char *word, void *data), void *data);

/* The tokens of a text, whole. */
struct ebnf_tokens {
	struct cm_token *items; /* in the arena; their texts borrowed from the file */
	size_t count;
};
/* False if a byte of the text cannot be a token. */
bool ebnf_lex(const struct cm_law_file *file, struct cm_arena *arena, struct ebnf_tokens *out);

/* Whether the tokens are a sentence of the first rule; `*reached`: how many of them began one. */
bool ebnf_match(const struct ebnf *ebnf, const struct ebnf_tokens *tokens, size_t *reached);

/* Append a random sentence of the first rule, one token behind another. `*seed` moves on. */
void ebnf_make(const struct ebnf *ebnf, uint64_t *seed, struct cm_buf *out);

/* The next random number below `below`. */
uint32_t ebnf_random(uint64_t *seed, uint32_t below);

#endif
