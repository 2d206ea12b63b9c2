/*
 * The manual's grammar against the parser, both ways: its words are the parser's words, the parser
 * takes what it makes, every file of law follows from it, and where a token is dropped, doubled,
 * swapped or replaced, the two say yes or no together. COMITY_SEED=N tries other sentences.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manual_ebnf.h"
#include "manual_read.h"

#define SENTENCES 600
#define CHANGES 5 /* of each sentence */

/* ---- the words ---- */

struct words {
	const char *items[400];
	size_t count;
};

static bool has(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], word) == 0)
			return true;
	return false;
}

static void add(const char *word, void *data)
{
	struct words *words = data;

	if (word[0] < 'a' || word[0] > 'z' || has(words, word))
		return;
	if (words->count == sizeof words->items / sizeof *words->items)
		abort();
	words->items[words->count++] = word;
}

/* Texts of small letters, digits and dashes in a source are words of the language, but for codes of
 * remarks. */
static void source_words(const char *text, struct cm_arena *arena, struct words *words)
{
	const char *at = text;

	while ((at = strchr(at, '"')) != NULL) {
		size_t len = strcspn(at + 1, "\"");
		size_t small = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789-");

		if (small == len && len > 0 && at[-1] != '\\')
			add(cm_arena_text_n(arena, at + 1, len), words);
		at += len + 2;
	}
}

static void sources_words(struct cm_arena *arena, struct words *words)
{
	static const char *const files[] = {
	    "parse.c", "parse_expr.c", "parse_field.c", "parse_item.c", "parse_rule.c", "ast.c"};
	static const char *const fields[] = {
#define X(name, word, repeats) word,
	    CM_FIELD_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[1024];
		struct cm_buf text;

		(void)snprintf(
		    path, sizeof path, "%s/jurisdictions/engine/%s", COMITY_SOURCE_DIR, files[i]);
		cm_buf_init(&text, 0);
		if (!manual_file_read(path, &text))
			abort();
		source_words(cm_buf_str(&text), arena, words);
		cm_buf_fini(&text);
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		add(fields[i], words);
}

static void words_check(const struct manual *manual, const struct ebnf *ebnf, unsigned line)
{
	const struct manual_table *codes = manual_table(manual, "codes");
	static struct words sources;
	static struct words grammar;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	sources_words(&arena, &sources);
	ebnf_words(ebnf, add, &grammar);
	for (size_t i = 0; i < grammar.count; i++) {
		if (has(&sources, grammar.items[i]))
			manual_pass();
		else
			manual_fail(line, "no parser knows the word \"%s\"", grammar.items[i]);
	}
	for (size_t i = 0; i < sources.count; i++) {
		const char *word = sources.items[i];
		bool known = has(&grammar, word) || strcmp(word, "always") == 0 ||
			     strcmp(word, "never") == 0;

		for (size_t row = 0; row < codes->count; row++)
			known = known || strcmp(codes->rows[row].cells[0], word) == 0;
		if (known)
			manual_pass();
		else
			manual_fail(line, "the grammar lacks the word \"%s\"", word);
	}
	cm_arena_fini(&arena);
}

/* ---- verdicts ---- */

/* Complaints about the letters, not about what they mean. A brace inside a text is read later. */
static bool is_syntax(const struct cm_remark *remark)
{
	if (strcmp(remark->code, "syntax") == 0)
		return strncmp(remark->text, "a `{`", 5) != 0;
	return strcmp(remark->code, "mixed-and-or") == 0 || strcmp(remark->code, "encoding") == 0;
}

/* Whether the parser takes a text, whatever it may mean; else its first complaint. */
static bool parser_takes(const struct cm_law_file *file, char *why, size_t size)
{
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	bool takes = true;

	cm_remarks_init(&remarks);
	if (cm_law_load(file, 1, &remarks, &law) == CM_NO_MEMORY)
		abort();
	for (size_t i = 0; i < remarks.count && takes; i++) {
		const struct cm_remark *remark = &remarks.items[i];

		takes = !is_syntax(remark);
		if (!takes)
			(void)snprintf(why, size, "%u:%u: %s", (unsigned)remark->line,
			    (unsigned)remark->column, remark->text);
	}
	cm_law_free(law);
	cm_remarks_fini(&remarks);
	return takes;
}

static bool grammar_takes(
    const struct ebnf *ebnf, const struct cm_law_file *file, char *why, size_t size)
{
	struct ebnf_tokens tokens;
	struct cm_arena arena;
	size_t reached = 0;
	bool takes;

	cm_arena_init(&arena, 0);
	takes = ebnf_lex(file, &arena, &tokens) && ebnf_match(ebnf, &tokens, &reached);
	if (!takes)
		(void)snprintf(why, size, "line %u",
		    reached < tokens.count ? (unsigned)tokens.items[reached].at.line : 0);
	cm_arena_fini(&arena);
	return takes;
}

/* ---- the file that has them all ---- */

struct search {
	const struct ebnf_tokens *tokens;
	unsigned line;
};

static void token_find(const char *word, void *data)
{
	const struct search *search = data;

	for (size_t i = 0; i < search->tokens->count; i++) {
		const struct cm_token *token = &search->tokens->items[i];

		if ((token->kind == CM_TOKEN_WORD || token->kind == CM_TOKEN_MARK) &&
		    strlen(word) == token->len && memcmp(word, token->text, token->len) == 0) {
			manual_pass();
			return;
		}
	}
	manual_fail(search->line, "every_word.law lacks \"%s\"", word);
}

/* A good file in which every word of the grammar stands: what an editor must be able to colour. */
static void every_word_check(const struct ebnf *ebnf, unsigned line)
{
	struct cm_law_file file = {.path = "every_word.law"};
	struct ebnf_tokens tokens;
	struct search search = {&tokens, line};
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	struct cm_arena arena;
	struct cm_buf text;

	cm_arena_init(&arena, 0);
	cm_buf_init(&text, 0);
	cm_remarks_init(&remarks);
	if (!manual_file_read(COMITY_SOURCE_DIR "/tests/golden/manual/every_word.law", &text))
		abort();
	file.text = cm_buf_str(&text);
	file.len = text.len;
	if (cm_law_load(&file, 1, &remarks, &law) == CM_OK && remarks.count == 0)
		manual_pass();
	else
		manual_fail(line, "every_word.law: line %u: %s",
		    remarks.count != 0 ? (unsigned)remarks.items[0].line : 0,
		    remarks.count != 0 ? remarks.items[0].text : "not loaded");
	if (!ebnf_lex(&file, &arena, &tokens))
		abort();
	ebnf_words(ebnf, token_find, &search);
	cm_law_free(law);
	cm_remarks_fini(&remarks);
	cm_buf_fini(&text);
	cm_arena_fini(&arena);
}

/* ---- sentences ---- */

static void agree(const struct ebnf *ebnf, const char *text, unsigned line, bool must)
{
	struct cm_law_file file = {"made.law", text, strlen(text)};
	char why_not[300] = "";
	char grammar_why[64] = "";
	bool parser = parser_takes(&file, why_not, sizeof why_not);
	bool grammar = grammar_takes(ebnf, &file, grammar_why, sizeof grammar_why);

	if (parser == grammar && (parser || !must))
		manual_pass();
	else
		manual_fail(line, "the parser says %s %s, the grammar %s %s:\n%s",
		    parser ? "yes" : "no", why_not, grammar ? "yes" : "no", grammar_why, text);
}

/* The tokens of a sentence with one of them dropped, doubled, swapped or replaced. */
static void change(
    const struct ebnf_tokens *tokens, const struct words *words, uint64_t *seed, struct cm_buf *out)
{
	size_t at = ebnf_random(seed, (uint32_t)tokens->count);
	uint32_t how = ebnf_random(seed, 4);

	cm_buf_clear(out);
	for (size_t i = 0; i < tokens->count; i++) {
		size_t take = how == 2 && at + 1 < tokens->count && i == at       ? at + 1
			      : how == 2 && at + 1 < tokens->count && i == at + 1 ? at
										  : i;
		const struct cm_token *token = &tokens->items[take];
		const char *quote = token->kind == CM_TOKEN_STRING ? "\"" : "";

		if (i == at && how == 0)
			continue;
		if (i == at && how == 3) {
			cm_buf_printf(
			    out, "%s ", words->items[ebnf_random(seed, (uint32_t)words->count)]);
			continue;
		}
		for (int times = i == at && how == 1 ? 2 : 1; times > 0; times--)
			cm_buf_printf(out, "%s%.*s%s ", quote, (int)token->len, token->text, quote);
	}
}

static void sentences_check(const struct ebnf *ebnf, unsigned line, uint64_t seed)
{
	static struct words words;
	struct cm_buf text;
	struct cm_buf changed;

	ebnf_words(ebnf, add, &words);
	cm_buf_init(&text, 0);
	cm_buf_init(&changed, 0);
	for (int i = 0; i < SENTENCES; i++) {
		struct cm_law_file file = {.path = "made.law"};
		struct ebnf_tokens tokens;
		struct cm_arena arena;

		cm_buf_clear(&text);
		ebnf_make(ebnf, &seed, &text);
		agree(ebnf, cm_buf_str(&text), line, true);
		cm_arena_init(&arena, 0);
		file.text = cm_buf_str(&text);
		file.len = text.len;
		if (!ebnf_lex(&file, &arena, &tokens))
			abort();
		for (int j = 0; j < CHANGES; j++) {
			change(&tokens, &words, &seed, &changed);
			agree(ebnf, cm_buf_str(&changed), line, false);
		}
		cm_arena_fini(&arena);
	}
	cm_buf_fini(&changed);
	cm_buf_fini(&text);
}

/* ---- files ---- */

/* Files of law: both say yes to the shipped ones; of the golden ones they say the same. */
static void files_check(const struct ebnf *ebnf, const char *pattern, unsigned line, bool must)
{
	char path[1024];
	glob_t found;

	(void)snprintf(path, sizeof path, "%s/%s", COMITY_SOURCE_DIR, pattern);
	if (glob(path, 0, NULL, &found) != 0) {
		manual_fail(line, "no file is named %s", pattern);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct cm_buf text;
		struct cm_law_file file = {.path = found.gl_pathv[i]};
		char why_not[300] = "";
		char grammar_why[64] = "";
		bool parser;
		bool grammar;

		cm_buf_init(&text, 0);
		if (!manual_file_read(file.path, &text))
			abort();
		file.text = cm_buf_str(&text);
		file.len = text.len;
		parser = parser_takes(&file, why_not, sizeof why_not);
		grammar = grammar_takes(ebnf, &file, grammar_why, sizeof grammar_why);
		if (parser == grammar && (parser || !must))
			manual_pass();
		else
			manual_fail(line, "%s: the parser says %s %s, the grammar %s %s", file.path,
			    parser ? "yes" : "no", why_not, grammar ? "yes" : "no", grammar_why);
		cm_buf_fini(&text);
	}
	globfree(&found);
}

static void grammar_check(const struct manual *manual)
{
	const struct manual_block *block = NULL;
	const char *seed = getenv("COMITY_SEED");
	struct cm_arena arena;
	struct ebnf ebnf;

	for (size_t i = 0; i < manual->blocks_count; i++)
		if (strcmp(manual->blocks[i].lang, "ebnf") == 0)
			block = &manual->blocks[i];
	if (block == NULL) {
		manual_fail(1, "the manual has no grammar");
		return;
	}
	cm_arena_init(&arena, 0);
	if (ebnf_read(&ebnf, &arena, block->text)) {
		words_check(manual, &ebnf, block->line);
		every_word_check(&ebnf, block->line);
		files_check(&ebnf, "jurisdictions/law/*.law", block->line, true);
		files_check(&ebnf, "jurisdictions/law/*/*.law", block->line, true);
		files_check(&ebnf, "tests/golden/manual/*.law", block->line, true);
		files_check(&ebnf, "tests/golden/rules/*.law", block->line, false);
		sentences_check(&ebnf, block->line,
		    seed != NULL ? strtoull(seed, NULL, 10) | 1 : UINT64_C(0x5eed5eed5eed));
	} else {
		manual_fail(block->line, "the grammar cannot be read: %s", ebnf.trouble);
	}
	cm_arena_fini(&arena);
}

int main(void)
{
	struct manual manual;

	if (manual_read(&manual))
		grammar_check(&manual);
	else
		manual_fail(1, "the manual cannot be read");
	manual_free(&manual);
	return manual_finish();
}
